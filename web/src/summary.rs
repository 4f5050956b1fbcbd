//! An entry of a list: as JSON and as a row of a page.

use proto::timestamp::Timestamp;
use serde::Serialize;

use crate::asked::Asked;
use crate::registry::{Scope, Summary};
use crate::{text, urls};

/// What an entry is at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Valid,
    Expired,
    Deprecated,
    Superseded,
}

impl State {
    /// The state of an entry at `now`; what is superseded is no longer anything else.
    pub(crate) fn of(summary: &Summary, now: Timestamp) -> Self {
        if summary.superseded_by.is_some() {
            Self::Superseded
        } else if summary.deprecated.is_some() {
            Self::Deprecated
        } else if summary.valid.is_some_and(|valid| valid <= now) {
            Self::Expired
        } else {
            Self::Valid
        }
    }

    /// The word that pages and JSON use, and the class of the style sheet.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Expired => "expired",
            Self::Deprecated => "deprecated",
            Self::Superseded => "superseded",
        }
    }
}

/// An entry as an object of a JSON list.
#[derive(Serialize)]
pub(crate) struct Item<'a> {
    entry: String,
    identifier: String,
    email: &'a str,
    created: String,
    url: String,
    standing: &'static str,
    state: &'static str,
    superseded_by: Option<String>,
    deprecated: Option<&'a str>,
    valid: Option<String>,
    title: Option<&'a str>,
    description: Option<&'a str>,
    kind: Option<&'a str>,
    os: Option<&'a str>,
    os_version: Option<&'a str>,
    os_arch: Option<&'a str>,
    version: Option<&'a str>,
    bytes: Option<u64>,
    locations: &'a [String],
    tags: &'a [String],
    scope: &'static str,
}

impl<'a> Item<'a> {
    /// The object of this entry; its address is the one that the client reaches.
    pub(crate) fn of(summary: &'a Summary, asked: &Asked, now: Timestamp) -> Self {
        Self {
            entry: summary.entry.to_string(),
            identifier: summary.at.image.to_string(),
            email: summary.at.email.as_str(),
            created: summary.at.created.to_string(),
            url: asked.absolute(&urls::coordinates(&summary.at)),
            standing: summary.standing.as_str(),
            state: State::of(summary, now).word(),
            superseded_by: summary.superseded_by.map(|entry| entry.to_string()),
            deprecated: summary.deprecated.as_deref(),
            valid: summary.valid.map(|valid| valid.to_string()),
            title: summary.title.as_deref(),
            description: summary.description.as_deref(),
            kind: summary.kind.as_deref(),
            os: summary.os.as_deref(),
            os_version: summary.os_version.as_deref(),
            os_arch: summary.os_arch.as_deref(),
            version: summary.version.as_deref(),
            bytes: summary.bytes,
            locations: &summary.locations,
            tags: &summary.tags,
            scope: match summary.scope {
                Scope::Federated => "federated",
                Scope::Local => "local",
            },
        }
    }
}

impl Item<'_> {
    /// What XML shows of the entry, by name.
    pub(crate) fn attributes(&self) -> [(&'static str, &str); 7] {
        [
            ("entry", &self.entry),
            ("email", self.email),
            ("created", &self.created),
            ("standing", self.standing),
            ("state", self.state),
            ("url", &self.url),
            ("scope", self.scope),
        ]
    }

    /// The title of the entry.
    pub(crate) const fn title(&self) -> Option<&str> {
        self.title
    }
}

/// An entry as a row of a page.
pub(crate) struct Row<'a> {
    pub(crate) summary: &'a Summary,
    pub(crate) state: State,
    /// The exact address.
    pub(crate) exact: String,
    /// The address by coordinates.
    pub(crate) address: String,
    /// The title, else what the image is, else when it was endorsed.
    pub(crate) title: String,
    /// When it was endorsed.
    pub(crate) created: String,
    /// How long ago that was.
    pub(crate) age: String,
    /// The size with a unit.
    pub(crate) size: Option<String>,
}

impl<'a> Row<'a> {
    /// The row of this entry at `now`.
    pub(crate) fn of(summary: &'a Summary, now: Timestamp) -> Self {
        Self {
            summary,
            state: State::of(summary, now),
            exact: urls::entry(summary.entry),
            address: urls::coordinates(&summary.at),
            title: title(summary),
            created: text::moment(summary.at.created),
            age: text::distance(now, summary.at.created),
            size: summary.bytes.map(text::size),
        }
    }

    /// Whether it does not leave this node.
    pub(crate) fn is_local(&self) -> bool {
        self.summary.scope == Scope::Local
    }

    /// The operating system with its version and architecture.
    pub(crate) fn system(&self) -> String {
        system(self.summary)
    }
}

/// The title, else what the image is, else when it was endorsed.
pub(crate) fn title(summary: &Summary) -> String {
    let filled = |text: &str| (!text.trim().is_empty()).then(|| text.to_owned());
    let by_title = summary.title.as_deref().and_then(filled);
    by_title.or_else(|| filled(&system(summary))).unwrap_or_else(|| text::moment(summary.at.created))
}

fn system(summary: &Summary) -> String {
    let parts = [&summary.os, &summary.os_version, &summary.os_arch];
    parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ")
}
