//! Prints what this machine measures: `bench [verify|uploads|join|federation|http]… [--entries N]`; called by scripts/bench.

use anyhow::{Context as _, bail};
use node::clock::Clock;
use tests::bench::{Suite, facts};

fn main() -> anyhow::Result<()> {
    let suites = chosen(std::env::args().skip(1))?;
    let own = std::env::current_exe().context("the program does not know its own path")?;
    let program = own.with_file_name("marketplace");
    say(&facts()?);
    for suite in suites {
        let report = suite.measure(&program, &Clock::system()).with_context(|| suite.name())?;
        say(&format!("\n{report}"));
    }
    Ok(())
}

/// The suites that the arguments name; all where they name none.
fn chosen(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<Vec<Suite>> {
    let (mut names, mut entries) = (Vec::new(), None);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--entries" => {
                let number = arguments.next().context("--entries needs a number")?;
                let number = number.parse().ok().filter(|entries| *entries > 0);
                entries = Some(number.context("--entries needs a number above 0")?);
            }
            name if Suite::all(None).iter().any(|suite| suite.name() == name) => names.push(argument),
            other => {
                bail!("{other} is no suite; there are verify, uploads, join, federation and http, and --entries N")
            }
        }
    }
    let is_chosen = |suite: &Suite| names.is_empty() || names.iter().any(|name| name == suite.name());
    Ok(Suite::all(entries).into_iter().filter(is_chosen).collect())
}

#[expect(clippy::print_stdout, reason = "this is what the program is for")]
fn say(text: &str) {
    println!("{text}");
}
