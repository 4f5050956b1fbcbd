//! The span of a request in the log, without the secrets that its address may hold.

use std::borrow::Cow;

use axum::http::Request;
use tracing::Span;

/// A span that names method and path.
pub(crate) fn span<B>(request: &Request<B>) -> Span {
    tracing::debug_span!("request", method = %request.method(), path = %without_secret(request.uri().path()))
}

/// The links that are mailed have their secret in the path.
fn without_secret(path: &str) -> Cow<'_, str> {
    const SECRET_AFTER: &str = "/action/";
    match path.find(SECRET_AFTER) {
        Some(at) => Cow::Owned(format!("{}{SECRET_AFTER}…", &path[..at])),
        None => Cow::Borrowed(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_of_a_mailed_link_is_not_logged() {
        assert_eq!(without_secret("/base/action/secret/confirm"), "/base/action/…");
        assert_eq!(without_secret("/metadata/a"), "/metadata/a");
    }
}
