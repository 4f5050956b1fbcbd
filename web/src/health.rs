//! `GET /healthz` and `/readyz`: for those who restart nodes and those who send requests to them.

use axum::extract::State;

use crate::problem::Problem;
use crate::registry::Registry;
use crate::router::Face;

/// The process answers.
pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

/// The registry answers too.
pub(crate) async fn ready<R: Registry>(State(face): State<Face<R>>) -> Result<&'static str, Problem> {
    face.registry.load().await?;
    Ok("ready\n")
}
