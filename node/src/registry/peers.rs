//! How the state of a peer is shown.

use proto::federation::{LinkStatus, ListedBy, Membership, PeerStatus};
use proto::timestamp::Instant;
use web::registry::{Listed, Peer};

use super::Identity;
use crate::network::Status;

pub(super) fn shown(peer: &PeerStatus, status: &Status, identity: &Identity) -> Peer {
    let facts = status.facts.get(&peer.node).cloned().unwrap_or_default();
    let link = link(&peer.link, facts.dial_error.as_deref());
    let failure = peer.sync.last_failure.map(|failure| format!("the last sync failed: {failure}"));
    let known = identity.peers.get(&peer.node).cloned().unwrap_or_default();
    Peer {
        node: peer.node,
        name: known.name,
        public_url: known.public_url,
        listed: match peer.listed_by {
            Some(ListedBy::Operator) => Listed::ByOperator,
            Some(ListedBy::Roster) => Listed::ByRoster,
            None => Listed::Stranger,
        },
        is_member: peer.membership == Some(Membership::Member),
        version: facts.version,
        feature_level: peer.feature_level,
        roster_version: peer.roster.map(|roster| roster.version),
        faults: peer.faults,
        bytes_received: facts.bytes_received,
        bytes_sent: facts.bytes_sent,
        connected_since: link.connected_since,
        disconnected_since: link.disconnected_since,
        round_trip_ms: facts.round_trip_ms,
        last_sync: peer.sync.last.map(|(finished, _)| finished),
        lag: lag(peer),
        lacked_by_peer: peer.sync.last.and_then(|(_, summary)| u64::try_from(summary.lacked_by_peer).ok()),
        last_error: link.error.or(failure),
        next_attempt: link.next_attempt,
    }
}

/// How many entries this node lacked of the peer's when they were last compared, and lacks still.
fn lag(peer: &PeerStatus) -> Option<u64> {
    let lacked = match peer.sync.running.filter(|running| running.needed > 0) {
        Some(running) => running.needed.saturating_sub(running.fetched + running.refused + running.invalid),
        // What did not come by this sync and was not withheld came by another way.
        None => peer.sync.last?.1.withheld,
    };
    u64::try_from(lacked).ok()
}

#[derive(Default)]
struct Link {
    connected_since: Option<Instant>,
    disconnected_since: Option<Instant>,
    error: Option<String>,
    next_attempt: Option<Instant>,
}

fn link(link: &LinkStatus, dial_error: Option<&str>) -> Link {
    match link {
        LinkStatus::Connected { since } => Link { connected_since: Some(*since), ..Link::default() },
        LinkStatus::Dialling { apart_since, failures } => {
            let error = Some(apart(*apart_since, *failures, dial_error));
            Link { disconnected_since: *apart_since, error, ..Link::default() }
        }
        LinkStatus::Apart { since, failures, next_dial: None } if *failures == 0 => {
            let when = since.map_or_else(|| "never connected".to_owned(), |since| format!("gone since {since}"));
            let error = Some(format!("{when}; it has no address here and is waited for"));
            Link { disconnected_since: *since, error, ..Link::default() }
        }
        LinkStatus::Apart { since, failures, next_dial } => {
            let error = Some(apart(*since, *failures, dial_error));
            Link { disconnected_since: *since, error, next_attempt: *next_dial, ..Link::default() }
        }
        LinkStatus::Expelled { until } => {
            let error = "expelled for its faults".to_owned();
            Link { error: Some(error), next_attempt: Some(*until), ..Link::default() }
        }
    }
}

fn apart(since: Option<Instant>, failures: u32, dial_error: Option<&str>) -> String {
    let when = since.map_or_else(|| "never connected".to_owned(), |since| format!("gone since {since}"));
    let why = dial_error.filter(|_| failures > 0).map_or_else(String::new, |error| format!(": {error}"));
    format!("{when}; failed attempts: {failures}{why}")
}
