//! Every route of the face, on one screen.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, StatusCode, header};
use axum::middleware::{from_fn_with_state, map_response};
use axum::routing::get;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::{Any, CorsLayer};
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;

use crate::bounds::{ACTION_BYTES_MAX, MULTIPART_OVERHEAD_BYTES_MAX, QUERY_BYTES_MAX};
use crate::problem::{self, Problem};
use crate::registry::Registry;
use crate::settings::Settings;
use crate::{
    action, endorsers, entries, federation, headers, health, home, images, metadata, query, sparql, style, tags, tidy,
    trace,
};

/// What every handler works with.
#[derive(Clone)]
pub(crate) struct Face<R> {
    pub(crate) registry: R,
    pub(crate) settings: Arc<Settings>,
}

/// The face of a node over `registry`.
pub fn router<R: Registry>(registry: R, settings: Settings) -> Router {
    let settings = Arc::new(settings);
    let face = Face { registry, settings: Arc::clone(&settings) };
    let upload_bytes_max = settings.document_bytes_max.saturating_add(MULTIPART_OVERHEAD_BYTES_MAX);

    let resources = Router::new()
        .route("/", get(home::show))
        .route("/metadata", get(metadata::list::show).post(metadata::post))
        .route("/metadata/{a}", get(metadata::list::show).post(metadata::datatables::post))
        .route("/metadata/{a}/{b}", get(metadata::list::show).post(metadata::datatables::post))
        .route("/metadata/{identifier}/{email}/{created}", get(metadata::entry::show))
        .route("/entries/{entry}", get(entries::show))
        .route("/entries/{entry}/admissions", get(entries::admissions))
        .route("/entries/{entry}/explanation", get(entries::explanation))
        .route("/endorsers", get(endorsers::list))
        .route("/endorsers/{email}", get(endorsers::show))
        .route("/endorsers/{email}/tags", get(tags::list))
        .route("/tag/{email}/{tag}", get(tags::newest))
        .route("/images/{identifier}", get(images::show))
        .route("/upload", get(metadata::upload::form))
        .route("/federation", get(federation::show))
        .route("/federation/nodes", get(federation::nodes))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/static/style.css", get(style::show))
        .layer(DefaultBodyLimit::max(upload_bytes_max))
        .layer(readable_by_any_site());

    let queries = Router::new()
        .route("/query", get(query::get).post(query::post))
        .route("/sparql", get(sparql::get).post(sparql::post))
        .layer(DefaultBodyLimit::max(QUERY_BYTES_MAX * 2))
        .layer(readable_by_any_site().allow_headers([header::CONTENT_TYPE, header::ACCEPT]));

    // Not readable by other sites: the addresses are secrets of their readers.
    let actions = Router::new()
        .route("/action/{token}/{command}", get(action::show).post(action::act))
        .layer(DefaultBodyLimit::max(ACTION_BYTES_MAX));

    let routes = resources.merge(queries).merge(actions).fallback(unknown).with_state(face);
    Router::new().fallback_service(
        ServiceBuilder::new()
            .layer(TraceLayer::new_for_http().make_span_with(trace::span))
            .layer(CompressionLayer::new())
            .layer(map_response(headers::secure))
            .layer(from_fn_with_state(Arc::clone(&settings), problem::render))
            .layer(CatchPanicLayer::custom(panicked))
            .layer(TimeoutLayer::with_status_code(
                StatusCode::REQUEST_TIMEOUT,
                Duration::from_millis(settings.request_ms_max),
            ))
            .layer(from_fn_with_state(settings, tidy::tidy))
            .service(routes),
    )
}

/// Scripts of other sites may read; they may send no header that a raw upload would need.
fn readable_by_any_site() -> CorsLayer {
    CorsLayer::new().allow_origin(Any).allow_methods([Method::GET, Method::HEAD, Method::POST])
}

async fn unknown(uri: axum::http::Uri) -> Problem {
    Problem::not_found(format!("nothing stands at {}", uri.path()))
}

fn panicked(_: Box<dyn std::any::Any + Send>) -> axum::response::Response {
    tracing::error!("a handler panicked");
    axum::response::IntoResponse::into_response(Problem::internal())
}
