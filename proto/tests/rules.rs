//! The published table of rules is the one of the program.

use std::fmt::Write as _;
use std::path::Path;

use proto::document::{Rule, Strength};
use proto::rules::{Published, Stage, all};

const FILE: &str = "docs/rules.md";

const HEAD: &str = "\
# Rules

Every rule that a document can break by itself, in the order in which they are looked at. A document is refused at the
first one it breaks, by every node alike; answers and messages name the rule and say what was wrong, with the value.
Numbers never change. `marketplace metadata validate --explain FILE` says of each rule whether a document keeps it.

K-numbers are the constraints of the original and W-numbers its weaknesses that a rule answers; \"schema\" is the
original's XML Schema (docs/original.md), \"ours\" a rule that it did not have. Rules marked *strict* are asked for by
`--rules strict` alone.

What a node may refuse beyond them is its operator's decision and stands in [trust.md](trust.md).
";

fn table() -> String {
    let mut text = HEAD.to_owned();
    for (stage, title) in [
        (Stage::Signature, "The XML and its signature"),
        (Stage::Document, "What the signed octets say"),
        (Stage::Endorser, "Signer and endorser"),
    ] {
        let _ = write!(text, "\n## {title}\n\n| number | name | asks for |\n|---|---|---|\n");
        for rule in all().filter(|rule| rule.stage == stage) {
            let strict = if is_strict(&rule) { " *(strict)*" } else { "" };
            let _ = writeln!(text, "| {} | `{}` | {}{strict} |", rule.number, rule.name, rule.statement.trim());
        }
    }
    text
}

fn is_strict(rule: &Published) -> bool {
    Rule::ALL.iter().any(|one| one.name() == rule.name && one.strength() == Strength::Strict)
}

#[test]
fn the_published_table_is_that_of_the_program() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(FILE);
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    if published != table() {
        let made = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rules.md");
        std::fs::write(&made, table()).expect("the test's folder is writable");
        panic!("{FILE} is not the table of the program; it should be as {}", made.display());
    }
}
