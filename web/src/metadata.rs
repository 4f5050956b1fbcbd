//! The metadata: lists, single entries, and uploads.

pub(crate) mod datatables;
pub(crate) mod entry;
pub(crate) mod list;
pub(crate) mod upload;

mod fields;

use axum::extract::{Request, State};
use axum::response::Response;

use crate::asked::Asked;
use crate::media;
use crate::problem::Problem;
use crate::registry::Registry;
use crate::router::Face;

/// Takes what is posted: fields of a form ask for a list, anything else is an upload.
pub(crate) async fn post<R: Registry>(
    face: State<Face<R>>,
    asked: Asked,
    request: Request,
) -> Result<Response, Problem> {
    if media::of_body(request.headers()) == "application/x-www-form-urlencoded" {
        datatables::post(face, None, asked, request).await
    } else {
        upload::accept(face, asked, request).await
    }
}
