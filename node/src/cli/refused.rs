//! `marketplace refused`: what a running node refuses by its policy.

use std::path::Path;

use anyhow::bail;
use clap::{Args, Subcommand};
use proto::digest::Sha256Digest;

use super::output::{self, Output, visible};
use super::{Global, Verdict};
use crate::control::{self, Answer, RefusedReport, Request};

/// Commands on refused entries.
#[derive(Debug, Subcommand)]
pub(super) enum Refused {
    /// List what is refused, and by which rule
    List(List),
    /// Show a refused document
    Show(Show),
    /// Try again what is refused
    Retry(Retry),
}

/// Options of `refused list`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  marketplace refused list --rule endorser-denied
What is refused is not listed, queried or passed on. It is tried again by itself when [trust] changes.")]
pub(super) struct List {
    /// Only what this rule refused
    #[arg(long, value_name = "RULE", env = "MARKETPLACE_RULE", hide_env = true)]
    rule: Option<String>,
}

/// Options of `refused show`.
#[derive(Debug, Args)]
pub(super) struct Show {
    /// The identity of the admission or of the entry
    #[arg(value_name = "SHA256")]
    identity: Sha256Digest,
}

/// Options of `refused retry`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  marketplace refused retry --all")]
pub(super) struct Retry {
    /// The identity of the admission or of the entry
    #[arg(value_name = "SHA256", required_unless_present = "all", conflicts_with = "all")]
    identity: Option<Sha256Digest>,
    /// Everything, in the background
    #[arg(
        long,
        action = clap::ArgAction::SetTrue,
        value_parser = clap::builder::BoolishValueParser::new(),
        env = "MARKETPLACE_ALL",
        hide_env = true
    )]
    all: bool,
}

impl Refused {
    pub(super) fn run(self, global: &Global, output: Output) -> anyhow::Result<Verdict> {
        let data_dir = global.data_dir()?;
        match self {
            Self::List(list) => {
                let mut found = all(&data_dir)?;
                found.retain(|refusal| list.rule.as_ref().is_none_or(|rule| *rule == refusal.rule));
                output.result(|| table(&found), &found)?;
            }
            Self::Show(show) => {
                let found = told(control::ask(&data_dir, &Request::FindRefused { identity: show.identity })?)?;
                output.result(|| found.iter().map(describe).collect::<Vec<_>>().join("\n"), &found)?;
            }
            Self::Retry(retry) => {
                let identity = retry.identity.map(|identity| identity.to_string());
                match control::ask(&data_dir, &Request::RetryRefused { identity })? {
                    Answer::Retried { outcomes } => output.result(|| outcomes.join("\n"), &outcomes)?,
                    Answer::Refused { reason } => bail!("{reason}"),
                    other => bail!("the node answers {other:?} when asked to try again"),
                }
            }
        }
        Ok(Verdict::Yes)
    }
}

/// Every refusal, page by page.
fn all(data_dir: &Path) -> anyhow::Result<Vec<RefusedReport>> {
    let mut found: Vec<RefusedReport> = Vec::new();
    loop {
        let after = found.last().map_or(0, |last| last.place);
        let page = told(control::ask(data_dir, &Request::ListRefused { after })?)?;
        if page.is_empty() {
            return Ok(found);
        }
        found.extend(page);
    }
}

fn told(answer: Answer) -> anyhow::Result<Vec<RefusedReport>> {
    match answer {
        Answer::Refusals { refusals } => Ok(refusals),
        Answer::Refused { reason } => bail!("{reason}"),
        other => bail!("the node answers {other:?} when asked what it refuses"),
    }
}

fn table(found: &[RefusedReport]) -> String {
    if found.is_empty() {
        return "nothing is refused".to_owned();
    }
    let row = |refusal: &RefusedReport| {
        let RefusedReport { item, rule, image, email, created, refused, .. } = refusal;
        [item, rule, image, email, created, refused].map(|text| visible(text)).to_vec()
    };
    let rows: Vec<_> = found.iter().map(row).collect();
    output::table(&["ADMISSION", "RULE", "IMAGE", "ENDORSER", "CREATED", "REFUSED"], &rows)
}

fn describe(refusal: &RefusedReport) -> String {
    let pairs = [
        ("admission", refusal.item.clone()),
        ("entry", refusal.entry.clone()),
        ("admitted by", refusal.origin.clone()),
        ("image", visible(&refusal.image)),
        ("endorser", visible(&refusal.email)),
        ("created", visible(&refusal.created)),
        ("rule", refusal.rule.clone()),
        ("reason", visible(&refusal.reason)),
        ("refused", refusal.refused.clone()),
    ];
    // A document has lines; what else could steer a terminal is shown as an escape.
    let document = refusal.document.as_deref().unwrap_or_default();
    let lines: Vec<_> = document.lines().map(visible).collect();
    format!("{}\n{}\n", output::pairs(&pairs), lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_shown_with_its_rule_and_cannot_steer_the_terminal() {
        let refusal = RefusedReport {
            rule: "endorser-denied".to_owned(),
            document: Some("<a>\u{1b}[2J</a>\n".to_owned()),
            ..RefusedReport::default()
        };
        assert!(table(std::slice::from_ref(&refusal)).contains("endorser-denied"));
        assert!(describe(&refusal).contains("<a>\\u{1b}[2J</a>"), "{}", describe(&refusal));
        assert_eq!(table(&[]), "nothing is refused");
    }
}
