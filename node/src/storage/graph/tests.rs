//! The graph's claims over hand-made entries.

mod following;
mod here;
mod hostile;
mod make;
mod queries;
mod w3c;

/// Not a test: the process that evaluates the tests' queries.
#[test]
#[ignore = "it is started by the tests that ask queries"]
fn answers_queries() {
    super::answer_queries().unwrap();
}
