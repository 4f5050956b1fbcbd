//! `GET /entries/{sha256}`: the exact address of an entry, and its receipts.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use proto::admission::{Admission, Confirmation};
use serde::Serialize;

use crate::asked::Asked;
use crate::metadata::entry::{Permanence, represent};
use crate::problem::Problem;
use crate::registry::{Record, Registry};
use crate::router::Face;

/// Answers with the entry of this identity.
pub(crate) async fn show<R: Registry>(
    State(face): State<Face<R>>,
    Path(entry): Path<String>,
    asked: Asked,
) -> Result<Response, Problem> {
    let record = record(&face, &entry).await?;
    represent(&face, &asked, &record, Permanence::Immutable).await
}

#[derive(Serialize)]
struct Receipt {
    origin: String,
    admitted: String,
    document: String,
    confirmation: &'static str,
}

/// Answers with the receipts of the entry, earliest first.
pub(crate) async fn admissions<R: Registry>(
    State(face): State<Face<R>>,
    Path(entry): Path<String>,
) -> Result<Response, Problem> {
    let record = record(&face, &entry).await?;
    Ok(axum::Json(record.admissions.iter().map(receipt).collect::<Vec<_>>()).into_response())
}

fn receipt(admission: &Admission) -> Receipt {
    let receipt = admission.receipt();
    Receipt {
        origin: receipt.origin.to_string(),
        admitted: receipt.admitted.to_string(),
        document: receipt.document.to_string(),
        confirmation: match receipt.confirmation {
            Confirmation::Confirmed => "confirmed",
            Confirmation::Unconfirmed => "unconfirmed",
        },
    }
}

async fn record<R: Registry>(face: &Face<R>, entry: &str) -> Result<Record, Problem> {
    let entry = entry.parse().map_err(|error| Problem::not_found(format!("metadata entry not found: {error}")))?;
    let record = face.registry.entry(entry).await?;
    record.ok_or_else(|| Problem::not_found("metadata entry not found"))
}
