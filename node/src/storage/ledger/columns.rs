//! How the domain's values are written in columns and read from them.

use std::error::Error;
use std::str::FromStr;

use proto::admission::{AdmissionId, Confirmation};
use proto::checksum::Checksum;
use proto::digest::Sha256Digest;
use proto::email::Email;
use proto::entry::EntryId;
use proto::identifier::ImageIdentifier;
use proto::node_id::NodeId;
use proto::standing::{CertificateEmail, Certification, Standing};
use proto::timestamp::{Instant, Timestamp};
use rusqlite::types::Type;
use rusqlite::{Row, RowIndex};
use web::registry::{ChangeKind, Coordinates, Relation, Scope, Summary};

use super::candidate::OriginRule;

/// A stored number stands for nothing.
#[derive(Debug, thiserror::Error)]
#[error("{value} is no {of}")]
struct NoSuchValue {
    of: &'static str,
    value: i64,
}

/// What [`summary`] reads, in this order.
pub(super) const SUMMARY: &str = "id, image, email, created, standing, superseded_by, deprecated, valid, title, \
     description, kind, os, os_version, os_arch, version, bytes, locations, tags, scope";

pub(super) fn summary(row: &Row<'_>) -> rusqlite::Result<Summary> {
    let at = Coordinates { image: image(row, 1)?, email: email(row, 2)?, created: timestamp(row, 3)? };
    Ok(Summary {
        entry: entry_id(row, 0)?,
        at,
        standing: standing(row, 4)?,
        superseded_by: row.get::<_, Option<[u8; 32]>>(5)?.map(to_entry_id),
        deprecated: row.get(6)?,
        valid: optional_timestamp(row, 7)?,
        title: row.get(8)?,
        description: row.get(9)?,
        kind: row.get(10)?,
        os: row.get(11)?,
        os_version: row.get(12)?,
        os_arch: row.get(13)?,
        version: row.get(14)?,
        bytes: row.get::<_, Option<i64>>(15)?.map(i64::cast_unsigned),
        locations: texts(row, 16)?,
        tags: texts(row, 17)?,
        scope: scope(row, 18)?,
    })
}

pub(super) const fn to_entry_id(bytes: [u8; 32]) -> EntryId {
    EntryId::from_digest(Sha256Digest::from_bytes(bytes))
}

pub(super) fn entry_id(row: &Row<'_>, at: impl RowIndex) -> rusqlite::Result<EntryId> {
    digest(row, at).map(EntryId::from_digest)
}

pub(super) fn admission_id(row: &Row<'_>, at: impl RowIndex) -> rusqlite::Result<AdmissionId> {
    digest(row, at).map(AdmissionId::from_digest)
}

pub(super) fn digest(row: &Row<'_>, at: impl RowIndex) -> rusqlite::Result<Sha256Digest> {
    row.get(at).map(Sha256Digest::from_bytes)
}

pub(super) fn node(row: &Row<'_>, at: impl RowIndex) -> rusqlite::Result<NodeId> {
    row.get(at).map(NodeId::from_public_key)
}

pub(super) fn image(row: &Row<'_>, at: impl RowIndex) -> rusqlite::Result<ImageIdentifier> {
    row.get(at).map(ImageIdentifier::from_sha1)
}

pub(super) fn email(row: &Row<'_>, at: usize) -> rusqlite::Result<Email> {
    parsed(row, at)
}

fn parsed<T>(row: &Row<'_>, at: usize) -> rusqlite::Result<T>
where
    T: FromStr<Err: Error + Send + Sync + 'static>,
{
    let text = row.get_ref(at)?.as_str()?;
    text.parse().map_err(|error: T::Err| unreadable(at, Type::Text, error))
}

pub(super) fn timestamp(row: &Row<'_>, at: usize) -> rusqlite::Result<Timestamp> {
    to_timestamp(at, row.get(at)?)
}

fn optional_timestamp(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<Timestamp>> {
    row.get::<_, Option<i64>>(at)?.map(|seconds| to_timestamp(at, seconds)).transpose()
}

fn to_timestamp(at: usize, seconds: i64) -> rusqlite::Result<Timestamp> {
    Timestamp::from_unix_seconds(seconds).ok_or_else(|| no_such("moment", at, seconds))
}

pub(super) fn instant(row: &Row<'_>, at: impl RowIndex) -> rusqlite::Result<Instant> {
    row.get::<_, i64>(at).map(|ms| Instant::from_unix_ms(ms.cast_unsigned()))
}

/// Instants are stored by their bits, so that a foreign one of any size is kept; the database never orders by them.
pub(super) const fn instant_column(instant: Instant) -> i64 {
    instant.unix_ms().cast_signed()
}

/// A count as the database compares it.
pub(super) fn count_column(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

const STANDINGS: [Standing; 4] = [Standing::Contested, Standing::Bare, Standing::Confirmed, Standing::Certified];

/// Standings are stored in their order, so that the database compares them as the domain does.
pub(super) const fn standing_column(standing: Standing) -> i64 {
    match standing {
        Standing::Contested => 0,
        Standing::Bare => 1,
        Standing::Confirmed => 2,
        Standing::Certified => 3,
    }
}

pub(super) fn standing(row: &Row<'_>, at: usize) -> rusqlite::Result<Standing> {
    of_number(row, at, "standing", &STANDINGS)
}

pub(super) const fn scope_column(scope: Scope) -> i64 {
    match scope {
        Scope::Federated => 0,
        Scope::Local => 1,
    }
}

pub(super) fn scope(row: &Row<'_>, at: usize) -> rusqlite::Result<Scope> {
    of_number(row, at, "scope", &[Scope::Federated, Scope::Local])
}

const CHANGE_KINDS: [ChangeKind; 4] =
    [ChangeKind::Admitted, ChangeKind::Superseded, ChangeKind::Moved, ChangeKind::Withdrawn];

pub(super) const fn change_kind_column(kind: ChangeKind) -> i64 {
    match kind {
        ChangeKind::Admitted => 0,
        ChangeKind::Superseded => 1,
        ChangeKind::Moved => 2,
        ChangeKind::Withdrawn => 3,
    }
}

pub(super) fn change_kind(row: &Row<'_>, at: usize) -> rusqlite::Result<ChangeKind> {
    of_number(row, at, "kind of change", &CHANGE_KINDS)
}

const RELATIONS: [Relation; 4] = [Relation::Replaced, Relation::Replacing, Relation::Original, Relation::Version];

pub(super) const fn relation_column(relation: Relation) -> i64 {
    match relation {
        Relation::Replaced => 0,
        Relation::Replacing => 1,
        Relation::Original => 2,
        Relation::Version => 3,
    }
}

pub(super) fn relation(row: &Row<'_>, at: usize) -> rusqlite::Result<Relation> {
    of_number(row, at, "relation", &RELATIONS)
}

pub(super) const fn certificate_email_column(certificate_email: CertificateEmail) -> i64 {
    match certificate_email {
        CertificateEmail::Absent => 0,
        CertificateEmail::Stated => 1,
    }
}

pub(super) fn certificate_email(row: &Row<'_>, at: usize) -> rusqlite::Result<CertificateEmail> {
    of_number(row, at, "certificate_email", &[CertificateEmail::Absent, CertificateEmail::Stated])
}

pub(super) const fn certification_column(certification: Certification) -> i64 {
    match certification {
        Certification::Unchained => 0,
        Certification::Subject => 1,
        Certification::Email => 2,
    }
}

pub(super) fn certification(row: &Row<'_>, at: usize) -> rusqlite::Result<Certification> {
    let values = [Certification::Unchained, Certification::Subject, Certification::Email];
    of_number(row, at, "certification", &values)
}

pub(super) const fn origin_rule_column(origin_rule: OriginRule) -> i64 {
    match origin_rule {
        OriginRule::Applies => 0,
        OriginRule::Waived => 1,
    }
}

pub(super) fn origin_rule(row: &Row<'_>, at: usize) -> rusqlite::Result<OriginRule> {
    of_number(row, at, "origin rule", &[OriginRule::Applies, OriginRule::Waived])
}

pub(super) fn checksums_column(checksums: &[Checksum]) -> String {
    texts_column(&checksums.iter().map(Checksum::to_string).collect::<Vec<_>>())
}

/// Stored as documents write them, algorithm and all, so they are not read as an operator's are.
pub(super) fn checksums(row: &Row<'_>, at: usize) -> rusqlite::Result<Vec<Checksum>> {
    let read = |text: String| {
        let (algorithm, value) = text.rsplit_once(':').unwrap_or(("", &text));
        Checksum::new(algorithm.into(), value).map_err(|error| unreadable(at, Type::Text, error))
    };
    texts(row, at)?.into_iter().map(read).collect()
}

pub(super) const fn confirmation_column(confirmation: Confirmation) -> i64 {
    match confirmation {
        Confirmation::Unconfirmed => 0,
        Confirmation::Confirmed => 1,
    }
}

pub(super) fn confirmation(row: &Row<'_>, at: usize) -> rusqlite::Result<Confirmation> {
    of_number(row, at, "confirmation", &[Confirmation::Unconfirmed, Confirmation::Confirmed])
}

pub(super) fn of_number<T: Copy>(row: &Row<'_>, at: usize, of: &'static str, values: &[T]) -> rusqlite::Result<T> {
    let number: i64 = row.get(at)?;
    let index = usize::try_from(number).ok();
    index.and_then(|index| values.get(index)).copied().ok_or_else(|| no_such(of, at, number))
}

pub(super) fn texts_column(texts: &[String]) -> String {
    serde_json::Value::from(texts).to_string()
}

fn texts(row: &Row<'_>, at: usize) -> rusqlite::Result<Vec<String>> {
    serde_json::from_str(row.get_ref(at)?.as_str()?).map_err(|error| unreadable(at, Type::Text, error))
}

fn no_such(of: &'static str, at: usize, value: i64) -> rusqlite::Error {
    unreadable(at, Type::Integer, NoSuchValue { of, value })
}

fn unreadable(at: usize, column: Type, error: impl Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(at, column, Box::new(error))
}
