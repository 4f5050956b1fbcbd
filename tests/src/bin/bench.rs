//! Prints what this machine measures: `bench [verify|uploads|join]… [--entries N]`; called by scripts/bench.

use anyhow::{Context as _, bail};
use node::clock::Clock;
use tests::bench::{ENTRIES_USUAL, Suite, facts};

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
    let (mut names, mut entries) = (Vec::new(), ENTRIES_USUAL);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--entries" => {
                let number = arguments.next().context("--entries needs a number")?;
                entries = number.parse().ok().filter(|entries| *entries > 0).context("--entries needs a number")?;
            }
            name if Suite::all(1).iter().any(|suite| suite.name() == name) => names.push(argument),
            other => bail!("{other} is no suite; there are verify, uploads and join, and --entries N"),
        }
    }
    let is_chosen = |suite: &Suite| names.is_empty() || names.iter().any(|name| name == suite.name());
    Ok(Suite::all(entries).into_iter().filter(is_chosen).collect())
}

#[expect(clippy::print_stdout, reason = "this is what the program is for")]
fn say(text: &str) {
    println!("{text}");
}
