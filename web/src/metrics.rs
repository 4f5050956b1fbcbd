//! `GET /metrics`: the figures of the node for Prometheus.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use prometheus_client::metrics::gauge::Gauge;

use crate::doors::Bounded;
use crate::problem::Problem;
use crate::registry::{Listed, Load, Registry};
use crate::router::Face;

const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Answers with the figures as they are now.
pub(crate) async fn show<R: Registry>(State(face): State<Face<R>>) -> Result<Response, Problem> {
    let counts = face.registry.counts().await?;
    let federation = face.registry.federation().await?;
    let load = face.registry.load().await?;
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
        ("uploads_running", "Uploads that are being verified and written", load.uploads.now),
        ("uploads_running_most", "Uploads past which further ones are refused", load.uploads.most),
        ("queries_begun", "Queries that have begun and are not long yet", load.short_queries.now),
        ("queries_begun_most", "Places for queries that begin", load.short_queries.most),
        ("queries_waiting", "Queries that wait for a place to begin", load.waiting_queries),
        ("queries_long", "Queries that run for longer", load.long_queries.now),
        ("changes_behind", "Changes that queries do not show yet", load.changes_behind),
        ("entries_lacked", "Most entries that this node lacked of a peer at the last comparison", lag),
    ];
    let bounded = bounded(&face, &load);
    let written = face.doors.metrics().write(&read, &bounded).map_err(|error| {
        tracing::error!(%error, "the figures cannot be written");
        Problem::internal()
    })?;
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE), (header::CACHE_CONTROL, "no-store")], written).into_response())
}

/// Every limit of `[http]` and `[query]`, by its key.
fn bounded<R>(face: &Face<R>, load: &Load) -> Vec<Bounded> {
    let limits = face.doors.limits();
    let taken = |gauge: &Gauge| u64::try_from(gauge.get()).unwrap_or_default();
    let (connections, followers) = (&face.doors.metrics().connections, &face.doors.metrics().followers);
    let of_each = |setting, most| Bounded { setting, most, now: None };
    let number = |setting, most: u64, now| Bounded { setting, most: as_figure(most), now };
    let time = |setting, ms: u64| of_each(setting, as_figure(ms) / 1_000.0);
    vec![
        number("http.max_connections", limits.connections_max as u64, Some(taken(connections))),
        number("http.max_connections_per_address", limits.connections_of_address_max as u64, None),
        number("http.max_header_bytes", limits.header_bytes_max as u64, None),
        number("http.max_document_bytes", face.settings.document_bytes_max as u64, None),
        time("http.header_timeout", limits.header_ms_max),
        time("http.request_timeout", limits.request_ms_max),
        time("http.stall_timeout", limits.stall_ms_max),
        of_each("http.requests_per_minute", f64::from(limits.requests_per_minute)),
        of_each("http.uploads_per_minute", f64::from(limits.uploads_per_minute)),
        of_each("http.uploads_per_minute_by_endorser", f64::from(load.uploads_of_endorser_per_minute)),
        number("http.max_uploads", load.uploads.most, Some(load.uploads.now)),
        number("http.max_followers", limits.followers_max as u64, Some(taken(followers))),
        number("query.max_concurrent", load.long_queries.most, Some(load.long_queries.now)),
        number("query.max_rows", load.query_rows_max, None),
        time("query.timeout", load.query_ms_max),
    ]
}

#[expect(clippy::cast_precision_loss, reason = "no limit is so large")]
const fn as_figure(number: u64) -> f64 {
    number as f64
}
