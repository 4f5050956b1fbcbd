//! `marketplace metadata show`: fetches entries and verifies them here.

use std::str::FromStr;

use anyhow::bail;
use clap::Args;
use proto::email::Email;
use proto::entry::EntryId;
use proto::identifier::ImageIdentifier;
use proto::timestamp::Timestamp;
use serde::Deserialize;
use web::PublicUrl;

use super::super::Verdict;
use super::super::output::Output;
use super::evidence::{Evidence, Explanation, Hearsay};
use super::upload::Nodes;
use crate::bounds;
use crate::client::{self, Client, ClientError};
use crate::clock::Clock;

/// Options of `metadata show`.
#[derive(Debug, Args)]
#[command(after_help = "\
The signature is verified here; the endorser's standing is the node's word, and is marked so.
Status 1 where nothing is found or a document does not verify.

Examples:
  marketplace metadata show MMZu9WvwKIro-rtBQfDk4PsKO7_
  marketplace metadata show MMZu9WvwKIro-rtBQfDk4PsKO7_/jane@example.org/2014-03-08T14:10:40Z
  marketplace metadata show https://marketplace.example.org/entries/SHA256")]
pub(in crate::cli) struct Show {
    /// An image with endorser and moment, the SHA-256 of an entry, or the URL of either
    #[arg(value_name = "IDENTIFIER[/EMAIL[/CREATED]]|SHA256|URL")]
    what: Wanted,
    #[command(flatten)]
    nodes: Nodes,
}

/// What is to be shown, and where a URL says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    node: Option<PublicUrl>,
    target: Target,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    Entry(EntryId),
    Image { image: ImageIdentifier, email: Option<Email>, created: Option<Timestamp> },
}

#[derive(Deserialize)]
struct List {
    items: Vec<Hearsay>,
}

impl Show {
    pub(super) fn run(self, output: Output) -> anyhow::Result<Verdict> {
        let now = Clock::system().now().timestamp();
        let nodes = self.what.node.map_or(self.nodes.nodes, |node| vec![node]);
        let shown = client::first_answer(&nodes, |client| fetch(client, &self.what.target, now))?;
        if shown.is_empty() {
            output.result(|| "not found".to_owned(), &shown)?;
            return Ok(Verdict::No);
        }
        output.result(|| shown.iter().map(Evidence::describe).collect::<Vec<_>>().join("\n"), &shown)?;
        Ok(if shown.iter().all(Evidence::is_verified) { Verdict::Yes } else { Verdict::No })
    }
}

/// The entries, verified; none where the node has none.
fn fetch(client: &Client, target: &Target, now: Timestamp) -> Result<Vec<Evidence>, ClientError> {
    let fetched = match target {
        Target::Entry(entry) => fetch_entry(client, *entry, None, now).map(|evidence| vec![evidence]),
        Target::Image { image, email, created } => {
            let list: List = client.json(&list_path(*image, email.as_ref(), *created))?;
            list.items.into_iter().map(|said| fetch_listed(client, said, now)).collect()
        }
    };
    match fetched {
        Err(ClientError::Refused { status: 404, .. }) => Ok(Vec::new()),
        fetched => fetched,
    }
}

fn fetch_listed(client: &Client, said: Hearsay, now: Timestamp) -> Result<Evidence, ClientError> {
    let entry = said.entry.parse().map_err(|error: proto::digest::NotADigest| ClientError::Answer {
        node: client.node().to_owned(),
        reason: error.to_string(),
    })?;
    fetch_entry(client, entry, Some(said), now)
}

fn fetch_entry(
    client: &Client,
    entry: EntryId,
    said: Option<Hearsay>,
    now: Timestamp,
) -> Result<Evidence, ClientError> {
    let document = client.document(&format!("/entries/{entry}"))?;
    Ok(Evidence::of(&document, Some(entry), Some(explained(client, entry, said)), now))
}

/// What the node says of the entry, with its reasons where it gives any; an older node has none to give.
fn explained(client: &Client, entry: EntryId, said: Option<Hearsay>) -> Hearsay {
    let explanation: Option<Explanation> = client.json(&format!("/entries/{entry}/explanation")).ok();
    let standing = explanation.as_ref().and_then(|explanation| explanation.standing.clone());
    let said = said.unwrap_or_else(|| Hearsay {
        entry: entry.to_string(),
        standing: standing.unwrap_or_else(|| "standing not told".to_owned()),
        state: "state not told".to_owned(),
        explanation: None,
    });
    Hearsay { explanation, ..said }
}

/// Current entries in whatever state; with a moment the history, too.
fn list_path(image: ImageIdentifier, email: Option<&Email>, created: Option<Timestamp>) -> String {
    let mut path = format!("/metadata?status=all&limit={}&identifier={image}", bounds::SHOWN_ENTRIES_MAX);
    path.extend(email.map(|email| format!("&email={}", client::encode(email.as_str()))));
    path.extend(created.map(|created| format!("&created={created}")));
    path
}

impl FromStr for Wanted {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        if !text.starts_with("http://") && !text.starts_with("https://") {
            return Ok(Self { node: None, target: text.parse()? });
        }
        for resource in ["/metadata/", "/entries/"] {
            if let Some((node, target)) = text.split_once(resource) {
                let target = target.replace("%40", "@").replace("%3A", ":");
                return Ok(Self { node: Some(node.parse()?), target: target.trim_end_matches('/').parse()? });
            }
        }
        bail!("{text:?} is not the URL of an entry or of an image's entries")
    }
}

impl FromStr for Target {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        if let Ok(entry) = text.parse() {
            return Ok(Self::Entry(entry));
        }
        let mut parts = text.split('/');
        let image = parts.next().unwrap_or_default().parse()?;
        let email = parts.next().map(str::parse).transpose()?;
        let created = parts.next().map(str::parse).transpose()?;
        match parts.next() {
            None => Ok(Self::Image { image, email, created }),
            Some(more) => bail!("{more:?} is too much: an entry is IDENTIFIER/EMAIL/CREATED"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: &str = "MMZu9WvwKIro-rtBQfDk4PsKO7_";

    #[test]
    fn an_image_an_entry_and_their_urls_are_told_apart() {
        let entry = EntryId::from_digest(proto::digest::Sha256Digest::of(b"a"));
        let of = |text: &str| text.parse::<Wanted>().expect("it is good");
        assert_eq!(of(&entry.to_string()).target, Target::Entry(entry));
        let image = Target::Image { image: IMAGE.parse().expect("an image"), email: None, created: None };
        assert_eq!(of(IMAGE).target, image);
        let url = of(&format!("http://h/base/metadata/{IMAGE}/jane%40example.org/2014-03-08T14:10:40Z"));
        assert_eq!(url.node.map(|node| node.to_string()).as_deref(), Some("http://h/base"));
        assert!(matches!(url.target, Target::Image { email: Some(_), created: Some(_), .. }));
        assert_eq!(of(&format!("https://h/entries/{entry}")).target, Target::Entry(entry));
    }

    #[test]
    fn what_names_no_entry_is_refused() {
        for text in ["", "a", "MMZu", &format!("{IMAGE}/nobody"), &format!("{IMAGE}/a@b/now"), "http://h/endorsers/a"] {
            assert!(text.parse::<Wanted>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_list_is_of_every_state() {
        let image = IMAGE.parse().expect("an image");
        let email = "a+b@c".parse().ok();
        let path = list_path(image, email.as_ref(), None);
        assert_eq!(path, format!("/metadata?status=all&limit=100&identifier={IMAGE}&email=a%2Bb@c"));
    }
}
