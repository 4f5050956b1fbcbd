//! `GET /metrics`: the figures of the node for Prometheus.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use crate::problem::Problem;
use crate::registry::{Listed, Registry};
use crate::router::Face;

const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Answers with the figures as they are now.
pub(crate) async fn show<R: Registry>(State(face): State<Face<R>>) -> Result<Response, Problem> {
    let counts = face.registry.counts().await?;
    let federation = face.registry.federation().await?;
    let listed = || federation.peers.iter().filter(|peer| peer.listed != Listed::Stranger);
    let connected = federation.peers.iter().filter(|peer| peer.connected_since.is_some()).count() as u64;
    let lag = listed().filter_map(|peer| peer.lag).max().unwrap_or_default();
    let read = [
        ("entries", "Entries that are held", counts.entries),
        ("entries_valid", "Current entries, neither deprecated nor expired", counts.valid),
        ("entries_deprecated", "Current entries that are deprecated", counts.deprecated),
        ("entries_expired", "Current entries that are expired", counts.expired),
        ("entries_superseded", "Superseded entries", counts.superseded),
        ("entries_contested", "Contested entries", counts.contested),
        ("images", "Images", counts.images),
        ("endorsers", "Endorsers", counts.endorsers),
        ("entries_refused", "Entries that local policy refused", counts.refused),
        ("peers_listed", "Peers of the configuration and the roster", listed().count() as u64),
        ("peers_connected", "Peers that are connected", connected),
        ("peers_in_sync", "Peers that hold what this node holds", federation.in_sync().peers as u64),
        ("entries_lacked", "Most entries that this node lacked of a peer at the last comparison", lag),
    ];
    let written = face.doors.metrics().write(&read).map_err(|error| {
        tracing::error!(%error, "the figures cannot be written");
        Problem::internal()
    })?;
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE), (header::CACHE_CONTROL, "no-store")], written).into_response())
}
