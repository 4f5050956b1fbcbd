//! What a node tells its operator, as it stands in JSON.

use std::collections::BTreeMap;

use proto::federation::Membership;
use proto::node_id::NodeId;
use proto::trust::Confirmations;
use serde::{Deserialize, Serialize};
use web::registry::Listed;

use crate::config::PeerEntry;
use crate::storage::ledger::{MailCounts, Reevaluation};

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
    /// Why that file was not re-read when it was last to be; the settings from before count on.
    pub config_fault: Option<String>,
    /// The node's present moment.
    pub now: String,
    /// The clock, where it is not the system's.
    pub clock: Option<ClockReport>,
    /// Entries by state.
    pub counts: CountsReport,
    /// How far the stores have come.
    pub storage: StorageReport,
    /// How many of the listed peers hold what this node holds.
    pub in_sync: InSyncReport,
    /// The list of members in force.
    pub roster: Option<RosterReport>,
    /// Every peer, connected or not.
    pub peers: Vec<PeerReport>,
    /// Refused entries by the rule that refused them.
    pub refusals: BTreeMap<String, u64>,
    /// Whom the node trusts, and what a change of that changed.
    pub trust: TrustReport,
    /// Mails and confirmations.
    pub mail: MailReport,
}

/// How many of the listed peers hold what this node holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct InSyncReport {
    /// So many.
    pub peers: usize,
    /// Of so many.
    pub of: usize,
    /// The oldest comparison that this is known by.
    pub as_of: Option<String>,
}

/// The list of members in force.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RosterReport {
    /// Its version.
    pub version: u64,
    /// How many members it has.
    pub members: usize,
    /// When it was written.
    pub issued: String,
    /// When a new one is due.
    pub expires: String,
    /// Whether that is over.
    pub is_expired: bool,
}

/// Whom a node trusts, and what a change of that changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrustReport {
    /// How many authorities chains may end at.
    pub anchors: usize,
    /// When their files were read.
    pub anchors_read: String,
    /// What is wrong with the files.
    pub anchor_findings: Vec<String>,
    /// Files of revocation lists that are so old that nothing of their authorities is accepted.
    pub overdue_revocation_lists: Vec<String>,
    /// What the judging anew that is under way has changed so far.
    pub reevaluation_running: Option<Reevaluation>,
    /// What the last one changed.
    pub reevaluation_last: Option<Reevaluation>,
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
    /// Where people reach it.
    pub url: Option<String>,
    /// Who listed it: `operator` or `roster`; none for a stranger.
    pub listed_by: Option<String>,
    /// Whether its admissions count.
    pub member: bool,
    /// What program it runs, in its own words.
    pub version: Option<String>,
    /// What it understands of the protocol.
    pub feature_level: Option<u8>,
    /// The version of the roster that it has.
    pub roster_version: Option<u64>,
    /// Its faults that are not forgiven yet.
    pub faults: u32,
    /// Bytes of messages that it sent.
    pub bytes_received: u64,
    /// Bytes of messages that were sent to it.
    pub bytes_sent: u64,
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
    /// How many entries it lacked then.
    pub lacked_by_peer: Option<u64>,
    /// Why it is not connected, or its last sync failed.
    pub last_error: Option<String>,
    /// When it is dialled next.
    pub next_attempt: Option<String>,
}

/// An entry that this node refuses.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RefusedReport {
    /// Its place in the order of refusals.
    pub place: u64,
    /// The identity of its admission.
    pub item: String,
    /// Its own identity.
    pub entry: String,
    /// The node that admitted it.
    pub origin: String,
    /// The image's identifier.
    pub image: String,
    /// The endorser's address.
    pub email: String,
    /// When it was endorsed.
    pub created: String,
    /// The rule that refused it.
    pub rule: String,
    /// Why.
    pub reason: String,
    /// When.
    pub refused: String,
    /// The document, where one was asked for.
    pub document: Option<String>,
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
    /// Where people reach it.
    #[serde(default)]
    pub url: Option<String>,
    /// Whether its admissions count.
    pub member: bool,
    /// Whether its word is taken that it confirmed an e-mail address.
    pub confirms_email: bool,
}

impl From<web::registry::InSync> for InSyncReport {
    fn from(in_sync: web::registry::InSync) -> Self {
        let web::registry::InSync { peers, of, as_of } = in_sync;
        Self { peers, of, as_of: as_of.map(|moment| moment.to_string()) }
    }
}

impl From<&web::registry::Roster> for RosterReport {
    fn from(roster: &web::registry::Roster) -> Self {
        Self {
            version: roster.version,
            members: roster.members,
            issued: roster.issued.to_string(),
            expires: roster.expires.to_string(),
            is_expired: roster.is_expired,
        }
    }
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
            url: peer.public_url.clone(),
            listed_by: match peer.listed {
                Listed::ByOperator => Some("operator".to_owned()),
                Listed::ByRoster => Some("roster".to_owned()),
                Listed::Stranger => None,
            },
            member: peer.is_member,
            version: peer.version.clone(),
            feature_level: peer.feature_level,
            roster_version: peer.roster_version,
            faults: peer.faults,
            bytes_received: peer.bytes_received,
            bytes_sent: peer.bytes_sent,
            addresses: Vec::new(),
            connected_since: peer.connected_since.map(|moment| moment.to_string()),
            round_trip_ms: peer.round_trip_ms,
            last_sync: peer.last_sync.map(|moment| moment.to_string()),
            lag: peer.lag,
            lacked_by_peer: peer.lacked_by_peer,
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
            url: peer.public_url.as_ref().map(|url| url.as_str().to_owned()),
            member: peer.membership == Membership::Member,
            confirms_email: peer.confirmations == Confirmations::Believed,
        }
    }
}

impl From<PeerChange> for PeerEntry {
    fn from(change: PeerChange) -> Self {
        let membership = if change.member { Membership::Member } else { Membership::Courier };
        let confirmations = if change.confirms_email { Confirmations::Believed } else { Confirmations::Disregarded };
        // The command has checked it; without one the peer is as good a peer.
        let public_url = change.url.and_then(|url| url.parse().ok());
        Self { id: change.id, addresses: change.addresses, name: change.name, public_url, membership, confirmations }
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
