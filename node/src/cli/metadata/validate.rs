//! `marketplace metadata validate`: what a node would say of documents.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args, ValueEnum};
use proto::document::{Strength, check_draft};
use proto::intake::{Refusal, examine_as};
use proto::rules::{self, Finding};
use proto::signature::Algorithms;
use serde::Serialize;

use super::super::Verdict;
use super::super::output::{Output, visible};
use super::read;

/// Options of `metadata validate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Prints `valid` or `invalid: RULE: REASON` for each file; the status is 1 where one is invalid.

Examples:
  marketplace metadata validate signed.xml
  marketplace metadata validate --explain signed.xml
  marketplace metadata validate --unsigned --rules strict draft.xml")]
pub(in crate::cli) struct Validate {
    /// The documents
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Check documents that are still to be signed
    #[arg(
        long,
        action = ArgAction::SetTrue,
        value_parser = BoolishValueParser::new(),
        env = "MARKETPLACE_UNSIGNED",
        hide_env = true
    )]
    unsigned: bool,
    /// Admit the old signature algorithms
    #[arg(
        long,
        action = ArgAction::SetTrue,
        value_parser = BoolishValueParser::new(),
        env = "MARKETPLACE_LEGACY",
        hide_env = true
    )]
    legacy: bool,
    /// Whether the original's schema counts, too
    #[arg(long, value_enum, default_value_t, env = "MARKETPLACE_RULES", hide_env = true)]
    rules: Rules,
    /// Print every rule with its verdict; docs/rules.md is the same table
    #[arg(
        long,
        action = ArgAction::SetTrue,
        value_parser = BoolishValueParser::new(),
        env = "MARKETPLACE_EXPLAIN",
        hide_env = true
    )]
    explain: bool,
}

/// Which rules count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Rules {
    /// Those of every node
    #[default]
    Server,
    /// Those of the original's schema in addition: the order of elements, and their types
    Strict,
}

/// What is said of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Judgement {
    file: String,
    valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rules: Vec<Explained>,
}

/// A rule and what was found of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Explained {
    number: u16,
    name: &'static str,
    stage: String,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    statement: &'static str,
}

impl From<Finding> for Explained {
    fn from(finding: Finding) -> Self {
        let (verdict, reason) = match finding.verdict {
            rules::Verdict::Kept => ("kept", None),
            rules::Verdict::Broken { reason } => ("BROKEN", Some(reason)),
            rules::Verdict::NotReached => ("not reached", None),
            rules::Verdict::NotAsked => ("not asked", None),
        };
        let rule = finding.rule;
        Self {
            number: rule.number,
            name: rule.name,
            stage: rule.stage.to_string(),
            verdict,
            reason,
            statement: rule.statement.trim_start(),
        }
    }
}

impl Validate {
    pub(super) fn run(self, output: Output) -> anyhow::Result<Verdict> {
        let mut judged = Vec::new();
        for file in &self.files {
            let judgement = self.judge(&read(file)?);
            judged.push(Judgement { file: file.display().to_string(), ..judgement });
        }
        output.result(|| describe(&judged), &judged)?;
        Ok(if judged.iter().all(|judged| judged.valid) { Verdict::Yes } else { Verdict::No })
    }

    fn judge(&self, document: &[u8]) -> Judgement {
        let strength = match self.rules {
            Rules::Server => Strength::Server,
            Rules::Strict => Strength::Strict,
        };
        let algorithms = if self.legacy { Algorithms::Legacy } else { Algorithms::Modern };
        if self.explain {
            return self.explain(document, algorithms, strength);
        }
        if self.unsigned {
            return match check_draft(document, strength) {
                Ok(()) => valid(None),
                Err(violation) => invalid(violation.rule.name(), violation.reason),
            };
        }
        match examine_as(document, algorithms, strength) {
            Ok(entry) => valid(Some(entry.id().to_string())),
            Err(Refusal::Invalid { rule, reason }) => invalid(rule, reason),
            Err(Refusal::Policy(refusal)) => invalid(refusal.rule(), refusal.to_string()),
        }
    }

    fn explain(&self, document: &[u8], algorithms: Algorithms, strength: Strength) -> Judgement {
        let (findings, entry) = match self.unsigned {
            true => (rules::explain_draft(document, strength), None),
            false => rules::explain(document, algorithms, strength),
        };
        let broken = findings.iter().find_map(|finding| match &finding.verdict {
            rules::Verdict::Broken { reason } => Some((finding.rule.name, reason.clone())),
            _ => None,
        });
        let judgement = match broken {
            None => valid(entry.map(|entry| entry.id().to_string())),
            Some((rule, reason)) => invalid(rule, reason),
        };
        Judgement { rules: findings.into_iter().map(Explained::from).collect(), ..judgement }
    }
}

const fn valid(entry: Option<String>) -> Judgement {
    Judgement { file: String::new(), valid: true, entry, rule: None, reason: None, rules: Vec::new() }
}

const fn invalid(rule: &'static str, reason: String) -> Judgement {
    Judgement {
        file: String::new(),
        valid: false,
        entry: None,
        rule: Some(rule),
        reason: Some(reason),
        rules: Vec::new(),
    }
}

/// A line for each file; the file is named where there are several.
fn describe(judged: &[Judgement]) -> String {
    let line = |verdict: &Judgement| {
        let file = if judged.len() > 1 { format!("{}: ", verdict.file) } else { String::new() };
        let verdict_line = match (verdict.rule, &verdict.reason) {
            (Some(rule), Some(reason)) => format!("{file}invalid: {rule}: {}", visible(reason)),
            _ => format!("{file}valid"),
        };
        std::iter::once(verdict_line).chain(verdict.rules.iter().map(describe_rule)).collect::<Vec<_>>().join("\n")
    };
    judged.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn describe_rule(rule: &Explained) -> String {
    let said = rule.reason.as_deref().unwrap_or(rule.statement);
    format!("  {}  {:11}  {:22}  {}", rule.number, rule.verdict, rule.name, visible(said))
}

#[cfg(test)]
mod tests {
    use proto::document::Template;
    use proto::identifier::ImageIdentifier;

    use super::*;

    fn validate(rules: Rules) -> Validate {
        Validate { files: Vec::new(), unsigned: true, legacy: false, rules, explain: false }
    }

    #[test]
    fn a_draft_is_judged_without_its_signature() {
        let draft = Template::new(ImageIdentifier::from_sha1([7; 20]), 10, "machine").to_xml();
        assert_eq!(validate(Rules::Server).judge(draft.as_bytes()), valid(None));
        let signed = Validate { unsigned: false, ..validate(Rules::Server) };
        assert_eq!(signed.judge(draft.as_bytes()).rule, Some("no-signature"));
    }

    #[test]
    fn an_invalid_document_names_its_rule_and_its_file() {
        let judged = [
            Judgement { file: "a".to_owned(), ..valid(None) },
            Judgement { file: "b".to_owned(), ..invalid("one-type", "2 of them".to_owned()) },
        ];
        assert_eq!(describe(&judged), "a: valid\nb: invalid: one-type: 2 of them");
        assert_eq!(describe(&judged[1..]), "invalid: one-type: 2 of them");
    }

    #[test]
    fn an_explanation_gives_every_rule_its_verdict() {
        let draft = Template::new(ImageIdentifier::from_sha1([7; 20]), 10, "machine").to_xml();
        let explaining = Validate { explain: true, unsigned: false, ..validate(Rules::Server) };
        let judged = explaining.judge(draft.as_bytes());
        assert_eq!(judged.rule, Some("no-signature"));
        let verdict = |name: &str| judged.rules.iter().find(|rule| rule.name == name).map(|rule| rule.verdict);
        assert_eq!(verdict("doctype"), Some("kept"));
        assert_eq!(verdict("no-signature"), Some("BROKEN"));
        assert_eq!(verdict("digest-mismatch"), Some("not reached"));
        assert_eq!(verdict("plain-text"), Some("not asked"));
        assert_eq!(judged.rules.len(), rules::all().count());
        assert_eq!(describe(&[judged]).lines().count(), 1 + rules::all().count());
    }
}
