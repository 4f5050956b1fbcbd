//! One entry in its representations: the exact bytes, RDF/JSON, Turtle, JSON-LD and a page.

use std::time::{Duration, UNIX_EPOCH};

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use proto::admission::Confirmation;
use proto::crypto::Chain;
use proto::timestamp::{Instant, Timestamp};

use super::fields::{self, Field};
use crate::asked::Asked;
use crate::bounds::TIMELINE_MAX;
use crate::media::Media;
use crate::page::{self, Frame, Section};
use crate::problem::Problem;
use crate::registry::{DocumentEvidence, Explained, Record, Registry, Summary};
use crate::router::Face;
use crate::summary::{self, Row};
use crate::{filter, rdf, text, urls};

const OFFERED: [Media; 5] = [Media::RdfXml, Media::Json, Media::Turtle, Media::JsonLd, Media::Html];

/// How long what stands at an address stays the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Permanence {
    /// For ever: the address is the content's digest.
    Immutable,
    /// Until the node learns of another entry for the same coordinates.
    Revalidated,
}

/// Answers with the entry at these coordinates.
pub(crate) async fn show<R: Registry>(
    State(face): State<Face<R>>,
    Path((identifier, email, created)): Path<(String, String, String)>,
    asked: Asked,
) -> Result<Response, Problem> {
    let at = filter::coordinates(&identifier, &email, &created)?;
    let record = face.registry.entry_at(at).await?;
    let record = record.ok_or_else(|| Problem::not_found("metadata entry not found"))?;
    represent(&face, &asked, &record, Permanence::Revalidated).await
}

/// Answers with this entry in the representation that is asked for.
pub(crate) async fn represent<R: Registry>(
    face: &Face<R>,
    asked: &Asked,
    record: &Record,
    permanence: Permanence,
) -> Result<Response, Problem> {
    let media = asked.choose(&OFFERED)?;
    if media == Media::Html {
        return html(face, record).await;
    }
    let etag = etag(record, media);
    let mut response = (disposition(record, media), body(record, media)).into_response();
    let lifetime = match permanence {
        Permanence::Immutable => "public, max-age=31536000, immutable",
        Permanence::Revalidated => "no-cache",
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(lifetime));
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    headers.extend(etag.parse().ok().map(|etag| (header::ETAG, etag)));
    let modified = record.admissions.first().map(|admission| http_date(admission.receipt().admitted));
    headers.extend(modified.and_then(|date| date.parse().ok()).map(|date| (header::LAST_MODIFIED, date)));
    Ok(response)
}

/// A moment as HTTP writes it, up to its second.
fn http_date(moment: Instant) -> String {
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(moment.unix_ms()))
}

/// Weak, as compressed and plain answers share it; the bytes take part, as an earlier admission may bring others.
fn etag(record: &Record, media: Media) -> String {
    let entry = record.summary.entry;
    match media {
        Media::RdfXml => format!("W/\"{entry}-{}\"", record.entry.raw_sha256()),
        _ => format!("W/\"{entry}-{}\"", media.short_name()),
    }
}

fn disposition(record: &Record, media: Media) -> [(header::HeaderName, String); 2] {
    let suffix = if media == Media::RdfXml { "xml" } else { media.short_name() };
    let file = format!("attachment; filename=\"{}.{suffix}\"", record.summary.at.image);
    [(header::CONTENT_TYPE, media.content_type().to_owned()), (header::CONTENT_DISPOSITION, file)]
}

fn body(record: &Record, media: Media) -> bytes::Bytes {
    let triples = record.entry.document().triples();
    match media {
        Media::Json => rdf::json::write(triples).into(),
        Media::JsonLd => rdf::json_ld::write(triples).into(),
        Media::Turtle => rdf::turtle::write(triples).into(),
        _ => record.raw.clone(),
    }
}

#[derive(Template)]
#[template(path = "entry.html")]
struct EntryPage<'a> {
    frame: Frame<'a>,
    row: Row<'a>,
    image: String,
    description: Option<&'a str>,
    standing_reason: &'static str,
    why: Option<Why>,
    validity: Option<String>,
    locations: Vec<Location<'a>>,
    checksums: Vec<(String, String)>,
    fields: Vec<Field>,
    signature: Signature<'a>,
    admissions: Vec<AdmissionRow>,
    timeline: Vec<TimelineRow<'a>>,
}

/// What decides about the entry at this node.
struct Why {
    reason: String,
    listing: String,
    chains: Vec<String>,
}

struct Location<'a> {
    text: &'a str,
    link: Option<&'a str>,
}

struct Signature<'a> {
    algorithm: &'a str,
    subject: &'a str,
    issuer: &'a str,
    email: Option<&'a str>,
    not_before: String,
    not_after: String,
    key: String,
    certificate: String,
    raw: String,
}

struct AdmissionRow {
    origin: String,
    admitted: String,
    is_confirmed: bool,
}

struct TimelineRow<'a> {
    row: Row<'a>,
    is_this: bool,
    is_conflict: bool,
}

async fn html<R: Registry>(face: &Face<R>, record: &Record) -> Result<Response, Problem> {
    let now = face.registry.now().timestamp();
    let timeline = face.registry.timeline(record.summary.at.image, None, TIMELINE_MAX).await?;
    let triples = record.entry.document().triples();
    let title = summary::title(&record.summary);
    let mut response = page::html(&EntryPage {
        frame: Frame::new(&face.settings, &title, Section::Metadata),
        row: Row::of(&record.summary, now),
        image: urls::image(record.summary.at.image),
        description: record.summary.description.as_deref(),
        standing_reason: text::standing_reason(record.summary.standing),
        why: face.registry.explain(record.summary.entry).await?.as_ref().map(why),
        validity: record.summary.valid.map(|valid| validity(valid, now)),
        locations: record.summary.locations.iter().map(|text| Location { text, link: urls::safe_link(text) }).collect(),
        checksums: fields::checksums(triples),
        fields: fields::of(triples),
        signature: signature(record),
        admissions: admissions(record),
        timeline: timeline.iter().map(|summary| timeline_row(summary, &timeline, record, now)).collect(),
    })?;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

fn why(explained: &Explained) -> Why {
    let subjects = |chain: &Chain| chain.certificates().iter().map(|one| one.subject().to_owned()).collect::<Vec<_>>();
    let chain = |evidence: &DocumentEvidence| match &evidence.chain {
        Ok(chain) => format!("chain: {}", subjects(chain).join(" ← ")),
        Err(error) => format!("no chain to an authority of this node: {error}"),
    };
    let mut chains: Vec<String> = explained.documents.iter().map(chain).collect();
    chains.dedup();
    Why { reason: text::reason(&explained.standing.reason), listing: text::listing(explained.listing), chains }
}

fn validity(valid: Timestamp, now: Timestamp) -> String {
    let verb = if valid <= now { "expired" } else { "valid until" };
    format!("{verb} {} ({})", text::moment(valid), text::distance(now, valid))
}

fn signature(record: &Record) -> Signature<'_> {
    let certificate = record.entry.certificate();
    Signature {
        algorithm: record.entry.signature_algorithm(),
        subject: certificate.subject(),
        issuer: certificate.issuer(),
        email: certificate.email(),
        not_before: text::moment(certificate.not_before()),
        not_after: text::moment(certificate.not_after()),
        key: certificate.key_sha256().to_string(),
        certificate: certificate.fingerprint().to_string(),
        raw: record.entry.raw_sha256().to_string(),
    }
}

fn admissions(record: &Record) -> Vec<AdmissionRow> {
    let row = |admission: &proto::admission::Admission| AdmissionRow {
        origin: admission.receipt().origin.to_string(),
        admitted: text::instant(admission.receipt().admitted),
        is_confirmed: admission.receipt().confirmation == Confirmation::Confirmed,
    };
    record.admissions.iter().map(row).collect()
}

/// A conflict is another entry at the same coordinates.
fn timeline_row<'a>(summary: &'a Summary, all: &[Summary], record: &Record, now: Timestamp) -> TimelineRow<'a> {
    let is_conflict = all.iter().any(|other| other.entry != summary.entry && other.at == summary.at);
    TimelineRow { row: Row::of(summary, now), is_this: summary.entry == record.summary.entry, is_conflict }
}
