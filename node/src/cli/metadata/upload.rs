//! `marketplace metadata upload`: hands documents to a node.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use web::PublicUrl;

use super::super::Verdict;
use super::super::output::{Output, visible};
use super::read;
use crate::client::{self, Awaited, ClientError, Scope, Taken, Uploaded};

/// Options of `metadata upload`.
#[derive(Debug, Args)]
#[command(after_help = "\
Status 1 where the node refuses a document; 2 where no node answers.

Example:
  marketplace metadata upload signed.xml --node https://marketplace.example.org")]
pub(in crate::cli) struct Upload {
    /// The signed documents
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    nodes: Nodes,
    /// Whether the entries leave the node
    #[arg(long, value_enum, default_value_t, env = "MARKETPLACE_SCOPE", hide_env = true)]
    scope: Scope,
}

/// Which nodes a client asks.
#[derive(Debug, Args)]
pub(super) struct Nodes {
    /// A node to ask; of several the next where one does not answer
    #[arg(
        long = "node",
        value_name = "URL",
        default_value = "http://127.0.0.1:8080",
        value_delimiter = ',',
        env = "MARKETPLACE_NODE"
    )]
    pub(super) nodes: Vec<PublicUrl>,
}

#[derive(Default, Serialize)]
struct Sent {
    file: String,
    taken: bool,
    result: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    standing: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asked: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
}

impl Upload {
    pub(super) fn run(self, output: Output) -> anyhow::Result<Verdict> {
        let mut sent = Vec::new();
        for file in &self.files {
            sent.push(self.send(file)?);
        }
        output.result(|| sent.iter().map(describe).collect::<Vec<_>>().join("\n"), &sent)?;
        Ok(if sent.iter().all(|sent| sent.taken) { Verdict::Yes } else { Verdict::No })
    }

    fn send(&self, file: &Path) -> anyhow::Result<Sent> {
        let document = read(file)?;
        let file = file.display().to_string();
        match client::first_answer(&self.nodes.nodes, |client| client.upload_as(&document, self.scope)) {
            Ok(Taken::Held(uploaded)) => Ok(held(file, uploaded)),
            Ok(Taken::Awaiting(awaited)) => Ok(awaiting(file, awaited)),
            // 429 asks for patience, and 5xx is the node's own trouble: neither is a word on the document.
            Err(ClientError::Refused { status: 400..=428 | 430..=499, rule, detail }) => {
                Ok(refused(file, rule, detail))
            }
            Err(error) => Err(anyhow::Error::new(error).context(format!("{file} is not uploaded"))),
        }
    }
}

fn held(file: String, uploaded: Uploaded) -> Sent {
    Sent {
        file,
        taken: true,
        result: uploaded.result,
        url: Some(uploaded.url),
        entry: Some(uploaded.entry),
        standing: Some(uploaded.standing),
        ..Sent::default()
    }
}

fn awaiting(file: String, awaited: Awaited) -> Sent {
    let Awaited { result, entry, email, expires } = awaited;
    Sent {
        file,
        taken: true,
        result,
        entry: Some(entry),
        asked: Some(email),
        expires: Some(expires),
        ..Sent::default()
    }
}

fn refused(file: String, rule: String, detail: String) -> Sent {
    Sent { file, result: detail, rule: Some(rule), ..Sent::default() }
}

fn describe(sent: &Sent) -> String {
    let (file, result) = (&sent.file, visible(&sent.result));
    if let Some((url, standing)) = sent.url.as_ref().zip(sent.standing.as_ref()) {
        return format!("{file}: {result}, {}\n  {}", visible(standing), visible(url));
    }
    if let Some((asked, expires)) = sent.asked.as_ref().zip(sent.expires.as_ref()) {
        let (asked, expires) = (visible(asked), visible(expires));
        return format!(
            "{file}: {result}\n  a mail was sent to {asked}; open its link and confirm before {expires}, \
             nothing is published until then"
        );
    }
    // Some nodes name the rule within the sentence.
    let rule = sent.rule.as_deref().filter(|rule| !sent.result.contains(rule));
    let rule = rule.map_or(String::new(), |rule| format!("{}: ", visible(rule)));
    format!("{file}: refused: {rule}{result}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_document_is_said_with_its_rule() {
        let sent = refused("a.xml".to_owned(), "one-type".to_owned(), "2 of them".to_owned());
        assert_eq!(describe(&sent), "a.xml: refused: one-type: 2 of them");
        let sent =
            refused("a.xml".to_owned(), "one-type".to_owned(), "invalid metadata: one-type: 2 of them".to_owned());
        assert_eq!(describe(&sent), "a.xml: refused: invalid metadata: one-type: 2 of them");
    }

    #[test]
    fn an_upload_that_awaits_its_confirmation_says_what_to_do() {
        let (result, entry) = ("awaiting confirmation".to_owned(), "ab".to_owned());
        let (email, expires) = ("jane@example.org".to_owned(), "2026-03-08T12:00:00Z".to_owned());
        let sent = awaiting("a.xml".to_owned(), Awaited { result, entry, email, expires });
        assert!(sent.taken);
        let text = describe(&sent);
        for told in ["a.xml: awaiting confirmation", "jane@example.org", "before 2026-03-08T12:00:00Z"] {
            assert!(text.contains(told), "{told}: {text}");
        }
    }
}
