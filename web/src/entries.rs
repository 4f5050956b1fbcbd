//! `GET /entries/{sha256}`: the exact address of an entry, its receipts, and why it stands where it does.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use proto::admission::{Admission, Confirmation};
use proto::crypto::Certificate;
use proto::standing::Standing;
use serde::Serialize;

use crate::asked::Asked;
use crate::metadata::entry::{Permanence, represent};
use crate::problem::Problem;
use crate::registry::{DocumentEvidence, Explained, Listing, Record, Registry};
use crate::router::Face;
use crate::text;

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

#[derive(Serialize)]
struct Explanation {
    standing: Option<&'static str>,
    reason: String,
    listed: bool,
    listing: String,
    superseded_by: Option<String>,
    supersedes: Vec<String>,
    documents: Vec<Evidence>,
    valid_at: String,
    revocations_at: String,
}

#[derive(Serialize)]
struct Evidence {
    document: String,
    certificates: Vec<String>,
    chain: Option<Vec<String>>,
    no_chain: Option<String>,
    legacy: Option<String>,
}

/// Answers with why the entry stands where it does by this node's settings, and why it is listed or not.
pub(crate) async fn explanation<R: Registry>(
    State(face): State<Face<R>>,
    Path(entry): Path<String>,
) -> Result<Response, Problem> {
    let entry = entry.parse().map_err(|error| Problem::not_found(format!("metadata entry not found: {error}")))?;
    let explained = face.registry.explain(entry).await?;
    let explained = explained.ok_or_else(|| Problem::not_found("metadata entry not found"))?;
    let no_cache = [(header::CACHE_CONTROL, "no-cache")];
    Ok((no_cache, axum::Json(explain(&explained))).into_response())
}

fn explain(explained: &Explained) -> Explanation {
    Explanation {
        standing: explained.standing.standing.map(Standing::as_str),
        reason: text::reason(&explained.standing.reason),
        listed: explained.listing == Listing::Listed,
        listing: text::listing(explained.listing),
        superseded_by: explained.superseded_by.map(|by| by.to_string()),
        supersedes: explained.supersedes.iter().map(ToString::to_string).collect(),
        documents: explained.documents.iter().map(evidence).collect(),
        valid_at: explained.created.to_string(),
        revocations_at: explained.now.to_string(),
    }
}

fn evidence(evidence: &DocumentEvidence) -> Evidence {
    let subjects = |certificates: &[Certificate]| certificates.iter().map(|one| one.subject().to_owned()).collect();
    Evidence {
        document: evidence.document.to_string(),
        certificates: subjects(&evidence.certificates),
        chain: evidence.chain.as_ref().ok().map(|chain| subjects(chain.certificates())),
        no_chain: evidence.chain.as_ref().err().map(ToString::to_string),
        legacy: evidence.legacy.clone(),
    }
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
