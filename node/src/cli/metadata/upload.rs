//! `marketplace metadata upload`: hands documents to a node.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use web::PublicUrl;

use super::super::Verdict;
use super::super::output::{Output, visible};
use super::read;
use crate::client::{self, ClientError, Scope, Uploaded};

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

#[derive(Serialize)]
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
            Ok(uploaded) => Ok(taken(file, uploaded)),
            // 429 asks for patience, and 5xx is the node's own trouble: neither is a word on the document.
            Err(ClientError::Refused { status: 400..=428 | 430..=499, rule, detail }) => {
                Ok(refused(file, rule, detail))
            }
            Err(error) => Err(anyhow::Error::new(error).context(format!("{file} is not uploaded"))),
        }
    }
}

fn taken(file: String, uploaded: Uploaded) -> Sent {
    Sent {
        file,
        taken: true,
        result: uploaded.result,
        url: Some(uploaded.url),
        entry: Some(uploaded.entry),
        standing: Some(uploaded.standing),
        rule: None,
    }
}

fn refused(file: String, rule: String, detail: String) -> Sent {
    Sent { file, taken: false, result: detail, url: None, entry: None, standing: None, rule: Some(rule) }
}

fn describe(sent: &Sent) -> String {
    match (&sent.url, &sent.standing, &sent.rule) {
        (Some(url), Some(standing), _) => {
            format!("{}: {}, {}\n  {}", sent.file, visible(&sent.result), visible(standing), visible(url))
        }
        (_, _, rule) => {
            // Some nodes name the rule within the sentence.
            let rule = rule.as_deref().filter(|rule| !sent.result.contains(rule));
            let rule = rule.map_or(String::new(), |rule| format!("{}: ", visible(rule)));
            format!("{}: refused: {rule}{}", sent.file, visible(&sent.result))
        }
    }
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
}
