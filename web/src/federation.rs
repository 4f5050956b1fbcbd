//! `GET /federation`: this node and its peers.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use proto::timestamp::{Instant, Timestamp};
use serde::Serialize;

use crate::asked::Asked;
use crate::media::Media;
use crate::page::{self, Frame, Section};
use crate::problem::Problem;
use crate::registry::{Federation, Peer, Registry};
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
    nodes: Vec<Node<'a>>,
}

#[derive(Serialize)]
struct Node<'a> {
    id: String,
    name: &'a str,
    is_self: bool,
    is_member: bool,
    public_url: Option<&'a str>,
    connected_since: Option<String>,
    round_trip_ms: Option<u64>,
    last_sync: Option<String>,
    lag: Option<u64>,
    last_error: Option<&'a str>,
    next_attempt: Option<String>,
}

fn json(federation: &Federation) -> Response {
    let own = Node {
        id: federation.node.to_string(),
        name: &federation.node_name,
        is_self: true,
        is_member: true,
        public_url: federation.public_url.as_deref(),
        connected_since: None,
        round_trip_ms: None,
        last_sync: None,
        lag: None,
        last_error: None,
        next_attempt: None,
    };
    let nodes = std::iter::once(own).chain(federation.peers.iter().map(node)).collect();
    axum::Json(Nodes { federation: &federation.name, nodes }).into_response()
}

fn node(peer: &Peer) -> Node<'_> {
    let moment = |instant: Option<Instant>| instant.map(|instant| instant.to_string());
    Node {
        id: peer.node.to_string(),
        name: &peer.name,
        is_self: false,
        is_member: peer.is_member,
        public_url: None,
        connected_since: moment(peer.connected_since),
        round_trip_ms: peer.round_trip_ms,
        last_sync: moment(peer.last_sync),
        lag: peer.lag,
        last_error: peer.last_error.as_deref(),
        next_attempt: moment(peer.next_attempt),
    }
}

struct Row<'a> {
    peer: &'a Peer,
    id: String,
    connected: Option<String>,
    last_sync: Option<String>,
    next_attempt: Option<String>,
}

#[derive(Template)]
#[template(path = "federation.html")]
struct FederationPage<'a> {
    frame: Frame<'a>,
    federation: &'a Federation,
    id: String,
    rows: Vec<Row<'a>>,
}

fn html<R: Registry>(face: &Face<R>, federation: &Federation) -> Result<Response, Problem> {
    let now = face.registry.now().timestamp();
    page::html(&FederationPage {
        frame: Frame::new(&face.settings, "Federation", Section::Federation),
        federation,
        id: federation.node.to_string(),
        rows: federation.peers.iter().map(|peer| row(peer, now)).collect(),
    })
}

fn row(peer: &Peer, now: Timestamp) -> Row<'_> {
    let distance = |instant: Option<Instant>| instant.map(|instant| text::distance(now, instant.timestamp()));
    Row {
        peer,
        id: peer.node.to_string(),
        connected: distance(peer.connected_since),
        last_sync: distance(peer.last_sync),
        next_attempt: distance(peer.next_attempt),
    }
}
