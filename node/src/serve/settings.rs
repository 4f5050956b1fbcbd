//! What the configuration means to each part of the node.

use proto::crypto::TrustAnchors;
use proto::federation::{self, ListedBy, Settings};
use proto::node_id::NodeId;

use crate::address_book::AddressBook;
use crate::config::{Config, EmailConfirmation, PeerEntry, Reminders};
use crate::intake::{EmailRule, Rules};
use crate::mail::Links;
use crate::registry::{Identity, PeerIdentity};
use crate::terms::Terms;

/// What the node says of itself and calls its peers.
pub(super) fn identity(terms: &Terms, node: NodeId) -> Identity {
    let config = &terms.config;
    Identity {
        node,
        name: config.node.name.clone(),
        public_url: config.node.public_url.as_ref().map(|url| url.as_str().to_owned()),
        federation: config.federation.name.clone(),
        peers: terms.peers(node).into_iter().map(|(peer, _)| known(terms, peer)).collect(),
        roster: terms.roster.clone(),
    }
}

fn known(terms: &Terms, peer: PeerEntry) -> (NodeId, PeerIdentity) {
    let of_roster = || terms.roster()?.members.get(&peer.id)?.url.clone();
    let public_url = peer.public_url.as_ref().map(|url| url.as_str().to_owned()).or_else(of_roster);
    (peer.id, PeerIdentity { name: peer.name, public_url })
}

/// The rules of intake.
pub(crate) fn rules(terms: &Terms, node: NodeId, anchors: TrustAnchors) -> Rules {
    let config = &terms.config;
    Rules {
        trust: terms.trust(node),
        admittance: config.federation.admittance,
        anchors,
        document_bytes_max: config.http.document_bytes_max,
        created_ms_max_age: config.admission.created_ms_max_age,
        created_ms_max_ahead: config.admission.created_ms_max_ahead,
        uploads: config.admission.uploads,
        uploads_of_endorser_per_minute: config.http.uploads_of_endorser_per_minute,
        uploads_max: config.http.uploads_max,
        confirmation: confirmation(config),
    }
}

/// A configuration that asks for confirmation has all that it needs; one without it has not to.
fn confirmation(config: &Config) -> Option<EmailRule> {
    if config.admission.email_confirmation == EmailConfirmation::Off {
        return None;
    }
    Some(EmailRule {
        links: Links::below(config.confirmation_base()?.clone()),
        admin: config.mail.as_ref()?.admin.clone()?,
        waived: config.trust.confirm_waived_for.clone(),
    })
}

/// What the links of reminders begin with; none where endorsers are not reminded.
pub(super) fn reminders(config: &Config) -> Option<Links> {
    let is_on = config.mail.as_ref().is_some_and(|mail| mail.reminders == Reminders::Sent);
    config.node.public_url.clone().filter(|_| is_on).map(Links::below)
}

/// The settings of the state machine; its pauses are jittered by the node's own name.
pub(super) fn machine(terms: &Terms, node: NodeId, book: &AddressBook) -> Settings {
    let peer = |(entry, listed_by): (PeerEntry, ListedBy)| federation::Peer {
        node: entry.id,
        membership: entry.membership,
        addresses: entry.addresses,
        learned: book.addresses(&entry.id),
        listed_by,
    };
    let (seed, _) = node.public_key().split_first_chunk::<8>().expect("a public key has 32 bytes");
    Settings {
        node,
        admittance: terms.config.federation.admittance,
        peers: terms.peers(node).into_iter().map(peer).collect(),
        sync_interval_ms: terms.config.federation.sync_interval_ms,
        seed: u64::from_be_bytes(*seed),
        roster_authority: terms.config.roster_authority(),
        roster: terms.roster.clone(),
    }
}

/// The settings of the face.
pub(super) fn face(config: &Config) -> web::Settings {
    web::Settings {
        base_path: config.http.base_path.clone(),
        public_url: config.node.public_url.clone(),
        document_bytes_max: config.http.document_bytes_max,
        trusted_proxies: config.http.trusted_proxies.clone(),
        limits: config.http.limits,
        ..web::Settings::default()
    }
}
