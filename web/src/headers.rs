//! Headers that every answer has.

use axum::http::header::{self, HeaderName, HeaderValue};
use axum::response::Response;

/// No script, no foreign host, no frame: whatever markup an entry smuggled onto a page could do nothing there.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

const ALWAYS: [(HeaderName, &str); 3] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// Other sites learn nothing; this one gets a true `Origin` with its forms, which `no-referrer` would make `null`
/// (Fetch standard, section 3.2).
const REFERRER_POLICY: &str = "same-origin";

/// Adds what browsers need to keep an answer harmless.
pub(crate) async fn secure(mut response: Response) -> Response {
    for (name, value) in ALWAYS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    let policy = response.headers_mut().entry(header::REFERRER_POLICY);
    policy.or_insert(HeaderValue::from_static(REFERRER_POLICY));
    response
}
