//! `GET /federation`: this node and its peers.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use proto::timestamp::{Instant, Timestamp};
use serde::Serialize;

use crate::asked::Asked;
use crate::media::Media;
use crate::page::{self, Frame, Section};
use crate::problem::Problem;
use crate::registry::{Federation, InSync, Listed, Peer, Registry};
use crate::router::Face;
use crate::text;

/// Answers with a page, or with the nodes as JSON.
pub(crate) async fn show<R: Registry>(State(face): State<Face<R>>, asked: Asked) -> Result<Response, Problem> {
    let federation = face.registry.federation().await?;
    match asked.choose(&[Media::Html, Media::Json])? {
        Media::Html => html(&face, &federation),
        _ => Ok(json(&federation)),
    }
}

/// Answers with the nodes as JSON, this one first.
pub(crate) async fn nodes<R: Registry>(State(face): State<Face<R>>) -> Result<Response, Problem> {
    Ok(json(&face.registry.federation().await?))
}

#[derive(Serialize)]
struct Nodes<'a> {
    federation: &'a str,
    in_sync: Equal,
    roster: Option<Members>,
    refusals: &'a BTreeMap<String, u64>,
    nodes: Vec<Node<'a>>,
}

/// How many peers hold what this node holds.
#[derive(Serialize)]
struct Equal {
    peers: usize,
    of: usize,
    as_of: Option<String>,
}

#[derive(Serialize)]
struct Members {
    version: u64,
    members: usize,
    issued: String,
    expires: String,
    is_expired: bool,
}

#[derive(Serialize)]
struct Node<'a> {
    id: String,
    name: &'a str,
    is_self: bool,
    is_member: bool,
    listed_by: Option<&'static str>,
    public_url: Option<&'a str>,
    version: Option<&'a str>,
    feature_level: Option<u8>,
    roster_version: Option<u64>,
    faults: u32,
    bytes_received: u64,
    bytes_sent: u64,
    connected_since: Option<String>,
    disconnected_since: Option<String>,
    round_trip_ms: Option<u64>,
    last_sync: Option<String>,
    lag: Option<u64>,
    lacked_by_peer: Option<u64>,
    last_error: Option<&'a str>,
    next_attempt: Option<String>,
}

fn json(federation: &Federation) -> Response {
    let own = Node {
        id: federation.node.to_string(),
        name: &federation.node_name,
        is_self: true,
        is_member: true,
        listed_by: None,
        public_url: federation.public_url.as_deref(),
        version: Some(concat!("marketplace/", env!("CARGO_PKG_VERSION"))),
        feature_level: Some(proto::wire::FEATURE_LEVEL),
        roster_version: federation.roster.as_ref().map(|roster| roster.version),
        faults: 0,
        bytes_received: 0,
        bytes_sent: 0,
        connected_since: None,
        disconnected_since: None,
        round_trip_ms: None,
        last_sync: None,
        lag: None,
        lacked_by_peer: None,
        last_error: None,
        next_attempt: None,
    };
    let nodes = std::iter::once(own).chain(federation.peers.iter().map(node)).collect();
    let InSync { peers, of, as_of } = federation.in_sync();
    let in_sync = Equal { peers, of, as_of: as_of.map(|moment| moment.to_string()) };
    let roster = federation.roster.as_ref().map(|roster| Members {
        version: roster.version,
        members: roster.members,
        issued: roster.issued.to_string(),
        expires: roster.expires.to_string(),
        is_expired: roster.is_expired,
    });
    let refusals = &federation.refusals;
    axum::Json(Nodes { federation: &federation.name, in_sync, roster, refusals, nodes }).into_response()
}

fn node(peer: &Peer) -> Node<'_> {
    let moment = |instant: Option<Instant>| instant.map(|instant| instant.to_string());
    Node {
        id: peer.node.to_string(),
        name: &peer.name,
        is_self: false,
        is_member: peer.is_member,
        listed_by: listed_by(peer.listed),
        public_url: peer.public_url.as_deref(),
        version: peer.version.as_deref(),
        feature_level: peer.feature_level,
        roster_version: peer.roster_version,
        faults: peer.faults,
        bytes_received: peer.bytes_received,
        bytes_sent: peer.bytes_sent,
        connected_since: moment(peer.connected_since),
        disconnected_since: moment(peer.disconnected_since),
        round_trip_ms: peer.round_trip_ms,
        last_sync: moment(peer.last_sync),
        lag: peer.lag,
        lacked_by_peer: peer.lacked_by_peer,
        last_error: peer.last_error.as_deref(),
        next_attempt: moment(peer.next_attempt),
    }
}

fn listed_by(listed: Listed) -> Option<&'static str> {
    match listed {
        Listed::ByOperator => Some("operator"),
        Listed::ByRoster => Some("roster"),
        Listed::Stranger => None,
    }
}

struct Row<'a> {
    peer: &'a Peer,
    id: String,
    traffic: String,
    speaks: Option<String>,
    connected: Option<String>,
    disconnected: Option<String>,
    last_sync: Option<String>,
    next_attempt: Option<String>,
}

#[derive(Template)]
#[template(path = "federation.html")]
struct FederationPage<'a> {
    frame: Frame<'a>,
    federation: &'a Federation,
    id: String,
    in_sync: InSync,
    as_of: Option<String>,
    expires: Option<String>,
    rows: Vec<Row<'a>>,
}

fn html<R: Registry>(face: &Face<R>, federation: &Federation) -> Result<Response, Problem> {
    let now = face.registry.now().timestamp();
    page::html(&FederationPage {
        frame: Frame::new(&face.settings, "Federation", Section::Federation),
        federation,
        id: federation.node.to_string(),
        in_sync: federation.in_sync(),
        as_of: federation.in_sync().as_of.map(|as_of| text::distance(now, as_of.timestamp())),
        expires: federation.roster.as_ref().map(|roster| text::moment(roster.expires)),
        rows: federation.peers.iter().map(|peer| row(peer, now)).collect(),
    })
}

fn row(peer: &Peer, now: Timestamp) -> Row<'_> {
    let distance = |instant: Option<Instant>| instant.map(|instant| text::distance(now, instant.timestamp()));
    Row {
        peer,
        id: peer.node.to_string(),
        traffic: format!("{} in, {} out", text::size(peer.bytes_received), text::size(peer.bytes_sent)),
        speaks: peer.feature_level.map(|level| format!("level {level}")),
        connected: distance(peer.connected_since),
        disconnected: distance(peer.disconnected_since),
        last_sync: distance(peer.last_sync),
        next_attempt: distance(peer.next_attempt),
    }
}
