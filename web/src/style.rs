//! The one style sheet.

use axum::http::header;
use axum::response::IntoResponse;

const STYLE: &str = include_str!("style/style.css");

/// Answers with the style sheet, which changes only with the program.
pub(crate) async fn show() -> impl IntoResponse {
    let headers = [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=3600")];
    (headers, STYLE)
}
