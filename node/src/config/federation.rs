//! `[federation]` and `[[peer]]`.

use std::collections::BTreeMap;

use proto::bounds::ROSTER_SIGNATURES_MAX;
use proto::federation::{Admittance, Membership};
use proto::node_id::NodeId;
use proto::timestamp::Timestamp;
use proto::trust::Confirmations;
use toml::Spanned;
use toml::de::DeValue;

use super::reader::{Findings, Misread, Section};
use super::sections::short_text;
use super::values::{DAY_MS, boolean, choice, duration_ms, list, mistyped, multiaddress, number, parsed, text};
use super::{Config, PeerEntry};
use crate::bounds;

type Value<'text> = Spanned<DeValue<'text>>;

pub(super) fn read<'text>(section: &mut Section<'text>, findings: &mut Findings<'text>, config: &mut Config) {
    let federation = &mut config.federation;
    let admittances = [("closed", Admittance::Closed), ("open", Admittance::Open)];
    let addresses = |value: &Value<'text>| list(value, multiaddress);
    section.read(findings, "name", &mut federation.name, federation_name);
    section.read(findings, "listen", &mut federation.listen, addresses);
    section.read(findings, "external", &mut federation.external, addresses);
    section.read(findings, "membership", &mut federation.admittance, choice(&admittances));
    section.read(findings, "sync_interval", &mut federation.sync_interval_ms, duration_ms(1_000..=DAY_MS));
    section.read(findings, "roster_keys", &mut federation.roster_keys, |value| list(value, parsed));
    let threshold = number(1..=ROSTER_SIGNATURES_MAX);
    section.read(findings, "roster_threshold", &mut federation.roster_threshold, |value| threshold(value).map(Some));
    section.read(findings, "former_members", &mut federation.former_members, former_members);
    section.read(findings, "preshared_key_file", &mut federation.preshared_key_file, |value| {
        text(value).map(|file| Some(file.into()))
    });
    let is_quic = |address: &&String| address.contains("/quic");
    if let (true, Some(quic)) = (federation.preshared_key_file.is_some(), federation.listen.iter().find(is_quic)) {
        let at = section.place_of("listen").unwrap_or(section.place());
        findings.add(at, format!("listen in [federation]: {quic} is QUIC, which has no place for a pre-shared key; name TCP addresses only"));
    }
    let (keys, wanted) = (federation.roster_keys.len(), federation.roster_threshold.unwrap_or(0));
    if wanted > keys && keys > 0 {
        let at = section.place_of("roster_threshold").unwrap_or(section.place());
        findings.add(at, format!("roster_threshold in [federation]: {wanted} of {keys} roster_keys can never sign"));
    }
}

/// Nodes and the moments until which they were members.
fn former_members(value: &Value<'_>) -> Result<BTreeMap<NodeId, Timestamp>, Misread> {
    let table = value.get_ref().as_table().ok_or_else(|| mistyped(value, "a table of peer ids and moments"))?;
    let former = table.iter().map(|(id, until)| {
        let node = id.get_ref().parse::<NodeId>().map_err(|error| Misread::at(id.span(), error.to_string()))?;
        Ok((node, parsed(until)?))
    });
    former.collect()
}

/// The name is a part of the protocols' names on the wire.
fn federation_name(value: &Value<'_>) -> Result<String, Misread> {
    let given = text(value)?;
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let is_name = (1..=bounds::NAME_CHARACTERS_MAX).contains(&given.len()) && given.chars().all(is_allowed);
    let reason = || format!("{given:?} is not 1 to {} letters, digits and . _ -", bounds::NAME_CHARACTERS_MAX);
    if is_name { Ok(given) } else { Err(Misread::new(value, reason())) }
}

pub(super) fn peer<'text>(value: Value<'text>, findings: &mut Findings<'text>) -> Option<PeerEntry> {
    let at = value.span().start;
    let DeValue::Table(table) = value.into_inner() else {
        findings.add(at, "a peer must be a section, write [[peer]]".to_owned());
        return None;
    };
    let mut section = Section::of("[[peer]]", at, table);
    let mut id: Option<NodeId> = None;
    let mut addresses = Vec::new();
    let mut name = String::new();
    let mut public_url = None;
    let mut is_member = true;
    let mut confirms_email = false;
    let is_named = section.has("id");
    section.read(findings, "id", &mut id, |value| parsed(value).map(Some));
    section.read(findings, "address", &mut addresses, one_or_many_addresses);
    section.read(findings, "name", &mut name, short_text);
    section.read(findings, "url", &mut public_url, |value| parsed(value).map(Some));
    section.read(findings, "member", &mut is_member, boolean);
    section.read(findings, "confirms_email", &mut confirms_email, boolean);
    section.finish(findings);
    if !is_named {
        findings.add(at, "a [[peer]] needs an id, the peer id that marketplace init printed there".to_owned());
    }
    if confirms_email && !is_member {
        findings.add(at, "confirms_email in [[peer]]: only a member's confirmations can be believed".to_owned());
    }
    let membership = if is_member { Membership::Member } else { Membership::Courier };
    let confirmations = if confirms_email { Confirmations::Believed } else { Confirmations::Disregarded };
    id.map(|id| PeerEntry { id, addresses, name, public_url, membership, confirmations })
}

fn one_or_many_addresses(value: &Value<'_>) -> Result<Vec<String>, Misread> {
    match value.get_ref() {
        DeValue::Array(_) => list(value, peer_address),
        _ => peer_address(value).map(|address| vec![address]),
    }
}

/// A peer's address; it may come with the peer's own `/p2p/` part, as `init` prints it.
fn peer_address(value: &Value<'_>) -> Result<String, Misread> {
    let address = multiaddress(value)?;
    let bare = address.rsplit_once("/p2p/").map(|(bare, _)| bare.to_owned());
    Ok(bare.unwrap_or(address))
}

#[cfg(test)]
mod tests {
    use super::super::parse;

    fn finding(text: &str) -> String {
        parse(text).expect_err("something is wrong").remove(0).message
    }

    #[test]
    fn a_threshold_that_cannot_be_reached_is_found_wrong() {
        let id = proto::node_id::NodeId::from_public_key([7; 32]);
        let text = format!("[federation]\nroster_keys = [\"{id}\"]\nroster_threshold = 2\n");
        assert!(finding(&text).contains("2 of 1 roster_keys can never sign"));
        let authority = parse(&text.replace("= 2", "= 1")).expect("it is good").roster_authority();
        assert_eq!(authority.map(|authority| authority.threshold), Some(1));
    }

    #[test]
    fn more_than_half_of_the_keys_must_sign_unless_said() {
        let ids: Vec<_> = (1..=4).map(|byte| proto::node_id::NodeId::from_public_key([byte; 32]).to_string()).collect();
        let config = parse(&format!("[federation]\nroster_keys = {ids:?}\n")).expect("it is good");
        assert_eq!(config.roster_authority().map(|authority| authority.threshold), Some(3));
    }

    #[test]
    fn a_pre_shared_key_needs_tcp_addresses() {
        assert!(finding("[federation]\npreshared_key_file = \"k\"\n").contains("QUIC"));
        let tcp = "[federation]\npreshared_key_file = \"k\"\nlisten = [\"/ip4/0.0.0.0/tcp/4040\"]\n";
        assert!(parse(tcp).expect("it is good").federation.preshared_key_file.is_some());
    }

    #[test]
    fn former_members_are_read() {
        let id = proto::node_id::NodeId::from_public_key([7; 32]);
        let text = format!("[federation]\nformer_members = {{ \"{id}\" = \"2026-01-01T00:00:00Z\" }}\n");
        assert!(parse(&text).expect("it is good").federation.former_members.contains_key(&id));
        assert!(finding("[federation]\nformer_members = { x = \"2026-01-01T00:00:00Z\" }\n").contains("peer id"));
    }
}
