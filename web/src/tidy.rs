//! Paths as the routes know them: without the base path, doubled slashes and a slash at the end.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;
use crate::settings::Settings;

/// Tidies the path before the routes see it; what stands outside the base path is not found.
pub(crate) async fn tidy(State(settings): State<Arc<Settings>>, mut request: Request, next: Next) -> Response {
    let base = settings.base_path.as_str();
    let Some(path) = tidied(request.uri().path(), base) else {
        return outside(request.uri().path(), base);
    };
    match with_path(request.uri(), &path) {
        Some(uri) => *request.uri_mut() = uri,
        None => return Problem::bad_request("path", "the path cannot be read").into_response(),
    }
    next.run(request).await
}

/// The root of a host whose marketplace stands under a base path leads there.
fn outside(path: &str, base: &str) -> Response {
    if path == "/" {
        let status = axum::http::StatusCode::FOUND;
        return (status, [(header::LOCATION, format!("{base}/"))]).into_response();
    }
    Problem::not_found(format!("all addresses of this node begin with {base}")).into_response()
}

fn tidied(path: &str, base: &str) -> Option<String> {
    let mut single = String::with_capacity(path.len());
    for character in path.chars() {
        if character != '/' || !single.ends_with('/') {
            single.push(character);
        }
    }
    let rest = single.strip_prefix(base).filter(|rest| rest.is_empty() || rest.starts_with('/'))?;
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    Some(if rest.is_empty() { "/".to_owned() } else { rest.to_owned() })
}

fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    let path_and_query = uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path_and_query.parse::<PathAndQuery>().ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubled_slashes_and_the_last_one_do_not_count() {
        assert_eq!(tidied("//metadata///a//", "").as_deref(), Some("/metadata/a"));
        assert_eq!(tidied("/", "").as_deref(), Some("/"));
    }

    #[test]
    fn the_base_path_is_taken_off_at_a_slash_only() {
        assert_eq!(tidied("/marketplace/metadata/", "/marketplace").as_deref(), Some("/metadata"));
        assert_eq!(tidied("/marketplace", "/marketplace").as_deref(), Some("/"));
        assert_eq!(tidied("/marketplaces", "/marketplace"), None);
        assert_eq!(tidied("/metadata", "/marketplace"), None);
    }
}
