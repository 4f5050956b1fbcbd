//! What a node tells its operator, as it stands in JSON.

use std::collections::BTreeMap;

use proto::federation::Membership;
use proto::node_id::NodeId;
use proto::trust::Confirmations;
use serde::{Deserialize, Serialize};

use crate::config::PeerEntry;
use crate::storage::ledger::MailCounts;

/// What a node is and holds, and how its peers are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StatusReport {
    /// The version of the program.
    pub version: String,
    /// The node's identity.
    pub peer_id: String,
    /// The operator's name for it.
    pub name: String,
    /// The name of its federation.
    pub federation: String,
    /// Where people reach it.
    pub public_url: Option<String>,
    /// Where it answers over HTTP.
    pub http: String,
    /// Where peers reach it.
    pub p2p: Vec<String>,
    /// The configuration that it runs with; none where it has only defaults and options.
    pub config: Option<String>,
    /// The node's present moment.
    pub now: String,
    /// The clock, where it is not the system's.
    pub clock: Option<ClockReport>,
    /// Entries by state.
    pub counts: CountsReport,
    /// How far the stores have come.
    pub storage: StorageReport,
    /// Every peer, connected or not.
    pub peers: Vec<PeerReport>,
    /// Refused entries by the rule that refused them.
    pub refusals: BTreeMap<String, u64>,
    /// Mails and confirmations.
    pub mail: MailReport,
}

/// What waits to be sent or confirmed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MailReport {
    /// Mails that wait to be sent.
    pub queued: u64,
    /// Mails that were sent lately.
    pub sent: u64,
    /// Mails that were given up lately.
    pub failed: u64,
    /// What went wrong last with one that is not sent.
    pub last_error: Option<String>,
    /// Entries that await their confirmation.
    pub awaiting_confirmation: u64,
}

/// A clock that an operator started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClockReport {
    /// Where it was started.
    pub started_at: String,
}

/// Entries by state, as `web::registry::Counts`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CountsReport {
    /// All.
    pub entries: u64,
    /// Current, not contested, neither deprecated nor expired.
    pub valid: u64,
    /// Current, not contested, deprecated.
    pub deprecated: u64,
    /// Current, not contested, expired.
    pub expired: u64,
    /// Superseded, not contested.
    pub superseded: u64,
    /// Contested.
    pub contested: u64,
    /// Images.
    pub images: u64,
    /// Endorsers.
    pub endorsers: u64,
    /// Entries that local policy refused.
    pub refused: u64,
}

/// How far the stores have come; the graph follows the ledger.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StorageReport {
    /// The last change in the ledger.
    pub ledger_position: u64,
    /// The last change that the graph shows.
    pub graph_position: u64,
}

/// A peer as the node sees it; moments are RFC 3339.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PeerReport {
    /// Its identity.
    pub id: String,
    /// The operator's name for it.
    pub name: String,
    /// Whether its admissions count.
    pub member: bool,
    /// Where it is dialled.
    pub addresses: Vec<String>,
    /// Since when it is connected; none where it is not.
    pub connected_since: Option<String>,
    /// The last measured round trip.
    pub round_trip_ms: Option<u64>,
    /// When the last sync with it ended.
    pub last_sync: Option<String>,
    /// How many entries this node lacked then.
    pub lag: Option<u64>,
    /// Why it is not connected, or its last sync failed.
    pub last_error: Option<String>,
    /// When it is dialled next.
    pub next_attempt: Option<String>,
}

/// A peer to work with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerChange {
    /// Its identity.
    #[serde(with = "as_text")]
    pub id: NodeId,
    /// Where to dial it, as multiaddresses.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// The operator's name for it.
    #[serde(default)]
    pub name: String,
    /// Whether its admissions count.
    pub member: bool,
    /// Whether its word is taken that it confirmed an e-mail address.
    pub confirms_email: bool,
}

impl From<web::registry::Counts> for CountsReport {
    fn from(counts: web::registry::Counts) -> Self {
        Self {
            entries: counts.entries,
            valid: counts.valid,
            deprecated: counts.deprecated,
            expired: counts.expired,
            superseded: counts.superseded,
            contested: counts.contested,
            images: counts.images,
            endorsers: counts.endorsers,
            refused: counts.refused,
        }
    }
}

impl From<MailCounts> for MailReport {
    fn from(counts: MailCounts) -> Self {
        let MailCounts { queued, sent, failed, last_error, pending } = counts;
        Self { queued, sent, failed, last_error, awaiting_confirmation: pending }
    }
}

/// The addresses are the network's to tell; they stay empty.
impl From<&web::registry::Peer> for PeerReport {
    fn from(peer: &web::registry::Peer) -> Self {
        Self {
            id: peer.node.to_string(),
            name: peer.name.clone(),
            member: peer.is_member,
            addresses: Vec::new(),
            connected_since: peer.connected_since.map(|moment| moment.to_string()),
            round_trip_ms: peer.round_trip_ms,
            last_sync: peer.last_sync.map(|moment| moment.to_string()),
            lag: peer.lag,
            last_error: peer.last_error.clone(),
            next_attempt: peer.next_attempt.map(|moment| moment.to_string()),
        }
    }
}

/// A peer of the configuration, of which no node knows more.
impl From<&PeerEntry> for PeerReport {
    fn from(peer: &PeerEntry) -> Self {
        Self {
            id: peer.id.to_string(),
            name: peer.name.clone(),
            member: peer.membership == Membership::Member,
            addresses: peer.addresses.clone(),
            ..Self::default()
        }
    }
}

impl From<&PeerEntry> for PeerChange {
    fn from(peer: &PeerEntry) -> Self {
        Self {
            id: peer.id,
            addresses: peer.addresses.clone(),
            name: peer.name.clone(),
            member: peer.membership == Membership::Member,
            confirms_email: peer.confirmations == Confirmations::Believed,
        }
    }
}

impl From<PeerChange> for PeerEntry {
    fn from(change: PeerChange) -> Self {
        let membership = if change.member { Membership::Member } else { Membership::Courier };
        let confirmations = if change.confirms_email { Confirmations::Believed } else { Confirmations::Disregarded };
        Self { id: change.id, addresses: change.addresses, name: change.name, membership, confirmations }
    }
}

/// A value by the text that it displays and parses.
pub(super) mod as_text {
    use std::borrow::Cow;
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(in super::super) fn serialize<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(in super::super) fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
    where
        T: FromStr,
        T::Err: Display,
        D: Deserializer<'de>,
    {
        Cow::<'_, str>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_survives_its_change() {
        let id = NodeId::from_public_key([7; 32]);
        let peer = PeerEntry { name: "b".to_owned(), ..PeerEntry::member(id, vec!["/ip4/10.0.0.2/tcp/1".to_owned()]) };
        let text = serde_json::to_string(&PeerChange::from(&peer)).expect("it is JSON");
        let read: PeerChange = serde_json::from_str(&text).expect("it reads its own JSON");
        assert_eq!(PeerEntry::from(read), peer);
    }

    #[test]
    fn a_status_of_a_later_version_is_read() {
        let read: StatusReport = serde_json::from_str(r#"{"name":"a","more":1}"#).expect("it is read");
        assert_eq!(read.name, "a");
    }
}
