//! Every route of the face, on one screen.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, Method, StatusCode, header};
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::routing::get;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::{Any, CorsLayer};
use tower_http::timeout::TimeoutLayer;

use crate::bounds::{ACTION_BYTES_MAX, MULTIPART_OVERHEAD_BYTES_MAX, QUERY_BYTES_MAX};
use crate::doors::{self, Doors};
use crate::kept::{self, Kept};
use crate::problem::{self, Problem};
use crate::registry::Registry;
use crate::settings::Settings;
use crate::{
    action, changes, conditional, endorsers, entries, federation, headers, health, home, images, metadata, metrics,
    openapi, options, query, sparql, style, tags, tidy, trace,
};

/// What every handler works with; clones, of which each request takes some, are the same.
pub(crate) struct Face<R>(Arc<Works<R>>);

/// See [`Face`].
pub(crate) struct Works<R> {
    pub(crate) registry: R,
    pub(crate) settings: Arc<Settings>,
    pub(crate) doors: Doors,
    pub(crate) kept: Kept,
}

impl<R> Clone for Face<R> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<R> Deref for Face<R> {
    type Target = Works<R>;

    fn deref(&self) -> &Works<R> {
        &self.0
    }
}

/// The face of a node over `registry`, which the server lets clients to through the same `doors`.
pub fn router<R: Registry>(registry: R, settings: Settings, doors: Doors) -> Router {
    let settings = Arc::new(settings);
    let face = Face(Arc::new(Works { registry, settings: Arc::clone(&settings), doors, kept: Kept::default() }));
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
        .route("/endorsers/{email}", get(endorsers::entries::show))
        .route("/endorsers/{email}/tags", get(tags::list))
        .route("/tag/{email}/{tag}", get(tags::newest))
        .route("/images/{identifier}", get(images::show))
        .route("/upload", get(metadata::upload::form))
        .route("/changes", get(changes::show))
        .route("/federation", get(federation::show))
        .route("/federation/nodes", get(federation::nodes))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics::show))
        .route("/openapi.json", get(openapi::show))
        .route("/docs", get(openapi::docs))
        .route("/static/style.css", get(style::show))
        .layer(DefaultBodyLimit::max(upload_bytes_max))
        .layer(readable_by_any_site());

    let queries = Router::new()
        .route("/query", get(query::get).post(query::post))
        .route("/sparql", get(sparql::get).post(sparql::post))
        .layer(DefaultBodyLimit::max(QUERY_BYTES_MAX * 2))
        .layer(
            readable_by_any_site()
                .allow_headers(CONDITIONS.into_iter().chain([header::CONTENT_TYPE]).collect::<Vec<_>>()),
        );

    // Not readable by other sites: the addresses are secrets of their readers.
    let actions = Router::new()
        .route("/action/{token}/{command}", get(action::show).post(action::act))
        .layer(DefaultBodyLimit::max(ACTION_BYTES_MAX));

    let routes = resources.merge(queries).merge(actions).route_layer(from_fn(trace::note_route));
    let routes = routes.fallback(unknown).with_state(face.clone());
    Router::new().fallback_service(
        ServiceBuilder::new()
            .layer(from_fn_with_state(face.clone(), trace::trace::<R>))
            .layer(from_fn(conditional::head))
            .layer(CompressionLayer::new())
            .layer(from_fn(conditional::answer))
            .layer(map_response(headers::secure))
            .layer(from_fn_with_state(Arc::clone(&settings), problem::render))
            .layer(CatchPanicLayer::custom(panicked))
            .layer(from_fn_with_state(face.clone(), doors::guard::<R>))
            .layer(TimeoutLayer::with_status_code(
                StatusCode::REQUEST_TIMEOUT,
                Duration::from_millis(settings.limits.request_ms_max),
            ))
            .layer(from_fn_with_state(settings, tidy::tidy))
            .layer(from_fn_with_state(face.clone(), kept::answer::<R>))
            .layer(from_fn_with_state(face, options::answer::<R>))
            .service(routes),
    )
}

/// What scripts of other sites may say of what they want and hold.
const CONDITIONS: [HeaderName; 4] =
    [header::ACCEPT, header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE, HeaderName::from_static(changes::LAST_EVENT_ID)];

/// Scripts of other sites may read; they may send no header that a raw upload would need.
fn readable_by_any_site() -> CorsLayer {
    let told = [header::ETAG, header::LAST_MODIFIED, header::LINK, header::LOCATION, header::RETRY_AFTER];
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::HEAD, Method::POST])
        .allow_headers(CONDITIONS)
        .expose_headers(told)
        // Every site is answered alike, so that caches need not keep an answer for each.
        .vary(Vec::<HeaderName>::new())
}

async fn unknown(uri: axum::http::Uri) -> Problem {
    let what = if uri.path().starts_with("/action/") { "invalid action:" } else { "nothing stands at" };
    Problem::not_found(format!("{what} {}", uri.path()))
}

fn panicked(_: Box<dyn std::any::Any + Send>) -> axum::response::Response {
    tracing::error!("a handler panicked");
    axum::response::IntoResponse::into_response(Problem::internal())
}
