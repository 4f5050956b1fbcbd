//! The JSON of a roster, and what it must keep to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Member, Roster};
use crate::bounds::{
    ROSTER_ADDRESSES_MAX, ROSTER_BYTES_MAX, ROSTER_MEMBERS_MAX, ROSTER_SIGNATURES_MAX, ROSTER_TEXT_BYTES_MAX,
};
use crate::node_id::NodeId;
use crate::timestamp::Timestamp;

/// Why bytes are not a roster; always their maker's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRoster {
    /// More bytes than any federation needs.
    #[error("the roster has {length} bytes, the most is {ROSTER_BYTES_MAX}")]
    TooLarge {
        /// How many there are.
        length: usize,
    },
    /// It is not the JSON of a roster or its envelope.
    #[error("not the JSON of a roster: {0}")]
    Json(String),
    /// The envelope is around something else.
    #[error("the envelope holds {0:?}, not a roster")]
    PayloadType(String),
    /// The payload is not base64.
    #[error("the payload of the envelope is not base64")]
    Payload,
    /// A signature cannot be read.
    #[error("a signature cannot be read: {0}")]
    Signature(String),
    /// There are too many of something.
    #[error("the roster has more than {max} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The most.
        max: usize,
    },
    /// A text is empty, too long, or has control characters.
    #[error("{what} {text:?} is empty, longer than {ROSTER_TEXT_BYTES_MAX} bytes, or holds control characters")]
    Text {
        /// What it is.
        what: &'static str,
        /// The text, cut.
        text: String,
    },
    /// A node is listed twice, or as member and as former member.
    #[error("{0} is listed twice")]
    Twice(NodeId),
    /// It ends before it begins.
    #[error("the roster expires at {expires}, before it was issued at {issued}")]
    Validity {
        /// When it was issued.
        issued: Timestamp,
        /// When it expires.
        expires: Timestamp,
    },
    /// Version 0 means that there is none.
    #[error("the version of a roster is at least 1")]
    Version,
}

impl From<serde_json::Error> for BadRoster {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error.to_string())
    }
}

/// Fields that a later version adds are passed over: nodes that do not know them must not be left behind.
#[derive(Serialize, Deserialize)]
struct Payload {
    federation: String,
    version: u64,
    issued: String,
    expires: String,
    members: Vec<Listed>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    former: Vec<Former>,
}

#[derive(Serialize, Deserialize)]
struct Listed {
    id: String,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(default)]
    addresses: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    contact: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Former {
    id: String,
    until: String,
}

pub(super) fn read(bytes: &[u8]) -> Result<Roster, BadRoster> {
    if bytes.len() > ROSTER_BYTES_MAX {
        return Err(BadRoster::TooLarge { length: bytes.len() });
    }
    let payload: Payload = serde_json::from_slice(bytes)?;
    if payload.version == 0 {
        return Err(BadRoster::Version);
    }
    if payload.members.len() + payload.former.len() > ROSTER_MEMBERS_MAX {
        return Err(BadRoster::TooMany { what: "members", max: ROSTER_MEMBERS_MAX });
    }
    let (issued, expires) = (moment(&payload.issued)?, moment(&payload.expires)?);
    if expires <= issued {
        return Err(BadRoster::Validity { issued, expires });
    }
    let mut roster = Roster {
        federation: text("the federation", payload.federation)?,
        version: payload.version,
        issued,
        expires,
        members: BTreeMap::new(),
        former: BTreeMap::new(),
    };
    for listed in payload.members {
        let node = node(&listed.id)?;
        if roster.members.insert(node, member(listed)?).is_some() {
            return Err(BadRoster::Twice(node));
        }
    }
    for former in payload.former {
        let node = node(&former.id)?;
        if roster.former.insert(node, moment(&former.until)?).is_some() || roster.members.contains_key(&node) {
            return Err(BadRoster::Twice(node));
        }
    }
    Ok(roster)
}

pub(super) fn write(roster: &Roster) -> Vec<u8> {
    let listed = |(node, member): (&NodeId, &Member)| Listed {
        id: node.to_string(),
        name: member.name.clone(),
        url: member.url.clone(),
        addresses: member.addresses.clone(),
        contact: member.contact.clone(),
    };
    let former = |(node, until): (&NodeId, &Timestamp)| Former { id: node.to_string(), until: until.to_string() };
    let payload = Payload {
        federation: roster.federation.clone(),
        version: roster.version,
        issued: roster.issued.to_string(),
        expires: roster.expires.to_string(),
        members: roster.members.iter().map(listed).collect(),
        former: roster.former.iter().map(former).collect(),
    };
    let mut text = serde_json::to_vec_pretty(&payload).expect("texts are JSON");
    text.push(b'\n');
    text
}

fn member(listed: Listed) -> Result<Member, BadRoster> {
    if listed.addresses.len() > ROSTER_ADDRESSES_MAX {
        return Err(BadRoster::TooMany { what: "addresses of one member", max: ROSTER_ADDRESSES_MAX });
    }
    Ok(Member {
        name: text("the name", listed.name)?,
        url: listed.url.map(|url| text("the URL", url)).transpose()?,
        addresses: listed
            .addresses
            .into_iter()
            .map(|address| text("the address", address))
            .collect::<Result<_, _>>()?,
        contact: listed.contact.map(|contact| text("the contact", contact)).transpose()?,
    })
}

fn text(what: &'static str, text: String) -> Result<String, BadRoster> {
    if text.is_empty() || text.len() > ROSTER_TEXT_BYTES_MAX || text.chars().any(char::is_control) {
        return Err(BadRoster::Text { what, text: text.chars().take(80).collect() });
    }
    Ok(text)
}

fn node(text: &str) -> Result<NodeId, BadRoster> {
    text.parse::<NodeId>().map_err(|error| BadRoster::Json(error.to_string()))
}

fn moment(text: &str) -> Result<Timestamp, BadRoster> {
    text.parse::<Timestamp>().map_err(|error| BadRoster::Json(error.to_string()))
}

// A roster with every signature still fits into one response.
const _: () = assert!(ROSTER_BYTES_MAX + ROSTER_SIGNATURES_MAX * 256 < crate::bounds::RESPONSE_FRAME_BYTES_MAX);
