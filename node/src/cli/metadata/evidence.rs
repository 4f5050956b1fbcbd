//! What was verified here of a document that a node served.

use std::fmt::Write as _;

use proto::entry::{Entry, EntryId};
use proto::intake::{Refusal, examine};
use proto::signature::Algorithms;
use proto::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::output;

/// What a node says of an entry beside its document; nothing of it can be verified by a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hearsay {
    pub(super) entry: String,
    pub(super) standing: String,
    pub(super) state: String,
    /// Why it stands and is listed so.
    #[serde(default)]
    pub(super) explanation: Option<Explanation>,
}

/// Why an entry stands where it does by the settings of the node that says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Explanation {
    pub(super) standing: Option<String>,
    reason: String,
    listed: bool,
    listing: String,
    superseded_by: Option<String>,
    supersedes: Vec<String>,
    documents: Vec<Chains>,
}

/// What a node found of the certificates of one document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Chains {
    document: String,
    chain: Option<Vec<String>>,
    no_chain: Option<String>,
}

impl Explanation {
    fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = vec![("because", self.reason.clone()), ("listing", self.listing.clone())];
        for document in &self.documents {
            pairs.extend(document.chain.as_ref().map(|chain| ("chain", chain.join(" < "))));
            pairs.extend(document.no_chain.as_ref().map(|why| ("no chain", why.clone())));
        }
        pairs.extend(self.superseded_by.as_ref().map(|by| ("superseded by", by.clone())));
        pairs.extend(self.supersedes.iter().map(|one| ("supersedes", one.clone())));
        pairs
    }
}

/// A document as it was served, judged here.
#[derive(Debug, Serialize)]
pub(super) struct Evidence {
    verified: bool,
    /// Why not, or by what old means.
    #[serde(skip_serializing_if = "Option::is_none")]
    caution: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Content>,
    /// The node's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    node_says: Option<Hearsay>,
}

/// What the signed octets say.
#[derive(Debug, Serialize)]
struct Content {
    entry: String,
    identifier: String,
    email: String,
    created: String,
    title: Option<String>,
    state: &'static str,
    valid: Option<String>,
    deprecated: Option<String>,
    os: Option<String>,
    os_version: Option<String>,
    os_arch: Option<String>,
    bytes: Option<u64>,
    checksums: Vec<String>,
    locations: Vec<String>,
    tags: Vec<String>,
    subject: String,
    key: String,
    algorithm: String,
}

impl Evidence {
    /// Judges a document that was served where `wanted` was asked for.
    pub(super) fn of(document: &[u8], wanted: Option<EntryId>, hearsay: Option<Hearsay>, now: Timestamp) -> Self {
        let (entry, caution) = match examine(document, Algorithms::Modern) {
            Err(Refusal::Policy(refusal)) => (examine(document, Algorithms::Legacy), Some(refusal.to_string())),
            examined => (examined, None),
        };
        let (content, caution) = match entry {
            Ok(entry) if wanted.is_some_and(|wanted| wanted != entry.id()) => {
                (None, Some(format!("the node served the entry {} in place of the one asked for", entry.id())))
            }
            Ok(entry) => (Some(Content::of(&entry, now)), caution),
            Err(refusal) => (None, Some(refusal.to_string())),
        };
        Self { verified: content.is_some(), caution, content, node_says: hearsay }
    }

    /// Whether the signature is good and what was asked for was served.
    pub(super) const fn is_verified(&self) -> bool {
        self.verified
    }

    pub(super) fn describe(&self) -> String {
        let mut pairs = self.content.as_ref().map(Content::pairs).unwrap_or_default();
        let caution = self.caution.as_deref();
        let signature = match &self.content {
            Some(content) => format!("verified here, {}, by {}", content.algorithm, content.subject),
            None => format!("NOT VERIFIED: {}", caution.unwrap_or("unknown")),
        };
        pairs.push(("signature", signature));
        pairs.extend(caution.filter(|_| self.verified).map(|caution| ("caution", caution.to_owned())));
        let hearsay =
            self.node_says.as_ref().map_or("not told".to_owned(), |said| format!("{}, {}", said.standing, said.state));
        pairs.push(("node says", format!("{hearsay} (not verified here)")));
        let explanation = self.node_says.as_ref().and_then(|said| said.explanation.as_ref());
        pairs.extend(explanation.map(Explanation::pairs).unwrap_or_default());
        output::pairs(&pairs)
    }
}

impl Content {
    fn of(entry: &Entry, now: Timestamp) -> Self {
        let document = entry.document();
        let text = |text: Option<&str>| text.map(str::to_owned);
        let is_expired = document.valid().is_some_and(|valid| valid <= now);
        Self {
            entry: entry.id().to_string(),
            identifier: document.identifier().to_string(),
            email: document.email().to_string(),
            created: document.created().to_string(),
            title: text(document.title()),
            state: match document.deprecated() {
                Some(_) => "deprecated",
                None if is_expired => "expired",
                None => "not expired",
            },
            valid: document.valid().map(|valid| valid.to_string()),
            deprecated: text(document.deprecated()),
            os: text(document.os()),
            os_version: text(document.os_version()),
            os_arch: text(document.os_arch()),
            bytes: document.bytes(),
            checksums: document.checksums().iter().map(ToString::to_string).collect(),
            locations: document.locations().to_vec(),
            tags: document.tags().to_vec(),
            subject: entry.certificate().subject().to_owned(),
            key: format!("sha256:{}", entry.certificate().key_sha256()),
            algorithm: algorithm_name(entry.signature_algorithm()).to_owned(),
        }
    }

    fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut state = self.state.to_owned();
        // Writing to a String does not fail.
        if let Some(reason) = self.deprecated.as_deref().filter(|reason| !reason.is_empty()) {
            let _ = write!(state, ": {reason}");
        }
        let os: Vec<_> = [&self.os, &self.os_version, &self.os_arch].into_iter().flatten().cloned().collect();
        let mut pairs = vec![
            ("title", self.title.clone().unwrap_or_else(|| "-".to_owned())),
            ("image", self.identifier.clone()),
            ("endorser", self.email.clone()),
            ("created", self.created.clone()),
            ("state", state),
        ];
        pairs.extend(self.valid.iter().map(|valid| ("valid until", valid.clone())));
        pairs.extend((!os.is_empty()).then(|| ("os", os.join(" "))));
        pairs.extend(self.bytes.map(|bytes| ("bytes", bytes.to_string())));
        pairs.extend(self.checksums.iter().map(|checksum| ("checksum", checksum.clone())));
        pairs.extend(self.locations.iter().map(|location| ("location", location.clone())));
        pairs.extend(self.tags.iter().map(|tag| ("tag", tag.clone())));
        pairs.push(("entry", self.entry.clone()));
        pairs.push(("key", self.key.clone()));
        pairs
    }
}

/// The part of an algorithm's URI that people know it by.
fn algorithm_name(uri: &str) -> &str {
    uri.rsplit_once('#').map_or(uri, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_verify_is_marked() {
        let hearsay = Hearsay { entry: "ab".into(), standing: "bare".into(), state: "valid".into(), explanation: None };
        let now = Timestamp::from_unix_seconds(0).expect("a moment");
        let evidence = Evidence::of(b"<a/>", None, Some(hearsay), now);
        assert!(!evidence.is_verified());
        let text = evidence.describe();
        assert!(text.contains("NOT VERIFIED: ") && text.contains("bare, valid (not verified here)"), "{text}");
    }

    #[test]
    fn an_algorithm_is_called_by_the_end_of_its_uri() {
        assert_eq!(algorithm_name("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"), "rsa-sha256");
    }
}
