//! Certificate revocation lists (RFC 5280 section 5), read from their bytes.

use openssl::x509::X509Crl;

use crate::bounds;
use crate::crypto::certificate::BadCertificate;
use crate::crypto::der::{self, Reader};
use crate::crypto::extensions::{Criticality, ExtensionReader};
use crate::crypto::x509::{time, without_leading_zeros};
use crate::digest::Sha256Digest;
use crate::timestamp::Timestamp;

use super::chain::RevocationReason;

/// What one list says; whoever holds it has verified the signature.
pub(super) struct RevocationList {
    pub(super) file: String,
    pub(super) this_update: Timestamp,
    pub(super) next_update: Timestamp,
    /// The number's octets; none where the list has none.
    number: Vec<u8>,
    digest: Sha256Digest,
    /// Sorted by serial number, then by what weighs most.
    entries: Vec<Entry>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    serial_number: Box<[u8]>,
    lenience: Lenience,
    revocation: Revocation,
}

/// One revocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Revocation {
    pub(super) revoked: Timestamp,
    pub(super) reason: RevocationReason,
}

/// Whether documents that were created before the revocation stay good, the strictest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Lenience {
    /// Another may hold the key and sign any date, or the certificate counts for nothing while it is on hold.
    Never,
    /// The owner did nothing wrong until then.
    BeforeRevocation,
}

/// Why a list cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRevocationList {
    /// The bytes are not the DER of a list.
    #[error("the revocation list is not DER-encoded X.509")]
    Encoding,
    /// Nobody could tell when it is overdue.
    #[error("the revocation list does not say when the next one is due")]
    NoNextUpdate,
    /// A critical extension changes what the list covers.
    #[error("the revocation list has the critical extension {0}, which is not known here")]
    Critical(String),
    /// It only says what changed since another one.
    #[error("the revocation list is a delta list; the complete list is needed")]
    Delta,
    /// It lists certificates of other authorities than its issuer.
    #[error("the revocation list is indirect: it lists certificates of other authorities than its issuer")]
    Indirect,
    /// It covers a part of the certificates only.
    #[error("the revocation list covers only a part of its issuer's certificates; the complete list is needed")]
    Partial,
    /// It lists more than is kept.
    #[error("the revocation lists together have more than {} entries", bounds::REVOCATIONS_MAX)]
    TooMany,
    /// The issuer's certificate is not among the anchors.
    #[error("no authority among the trust anchors has the name of the revocation list's issuer")]
    UnknownIssuer,
    /// It is forged, or of another key of its issuer.
    #[error("the signature of the revocation list does not verify with the key of {0}")]
    Signature(String),
}

impl From<BadCertificate> for BadRevocationList {
    fn from(_: BadCertificate) -> Self {
        Self::Encoding
    }
}

const CRL_NUMBER: &[u8] = &[0x55, 0x1D, 20];
const REASON_CODE: &[u8] = &[0x55, 0x1D, 21];
const DELTA_INDICATOR: &[u8] = &[0x55, 0x1D, 27];
const ISSUING_DISTRIBUTION_POINT: &[u8] = &[0x55, 0x1D, 28];
const CERTIFICATE_ISSUER: &[u8] = &[0x55, 0x1D, 29];

const ENUMERATED: u8 = 0x0A;
const EXTENSIONS: u8 = 0xA0;

impl RevocationList {
    /// The list with these bytes, of at most `entries_max` entries; its signature is still to be verified.
    pub(super) fn read(der: &[u8], file: &str, entries_max: usize) -> Result<(Self, X509Crl), BadRevocationList> {
        let fields = Fields::read(der).ok_or(BadRevocationList::Encoding)?;
        let mut number = Vec::new();
        for extension in ExtensionReader::of(fields.extensions) {
            let extension = extension.ok_or(BadRevocationList::Encoding)?;
            match extension.identifier {
                CRL_NUMBER => {
                    let content =
                        Reader::new(extension.value).expect(der::INTEGER).ok_or(BadRevocationList::Encoding)?;
                    number = without_leading_zeros(content).to_vec();
                }
                DELTA_INDICATOR => return Err(BadRevocationList::Delta),
                ISSUING_DISTRIBUTION_POINT => return Err(partiality(extension.value)),
                other => other_extension(other, extension.criticality)?,
            }
        }
        let entries = entries(fields.revoked, entries_max)?;
        let next_update = fields.next_update.ok_or(BadRevocationList::NoNextUpdate)?;
        // Only now, when what is in it is bounded, for openssl needs many times the bytes.
        let openssl = X509Crl::from_der(der).map_err(|_| BadRevocationList::Encoding)?;
        let list = Self {
            file: file.to_owned(),
            this_update: fields.this_update,
            next_update,
            number,
            digest: Sha256Digest::of(der),
            entries,
        };
        Ok((list, openssl))
    }

    /// How many certificates it lists.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The revocation of the certificate with this serial number; where it is listed twice, what weighs most.
    pub(super) fn find(&self, serial_number: &[u8]) -> Option<Revocation> {
        let at = self.entries.partition_point(|entry| *entry.serial_number < *serial_number);
        self.entries.get(at).filter(|entry| *entry.serial_number == *serial_number).map(|entry| entry.revocation)
    }

    /// Whether this list takes the place of `other`, of the same issuer: by number, then by date, then by content.
    pub(super) fn supersedes(&self, other: &Self) -> bool {
        let rank = |list: &Self| (list.number.len(), list.number.clone(), list.this_update, list.digest);
        rank(self) > rank(other)
    }
}

impl Revocation {
    /// Whether a document counts that the owner of the revoked certificate signed at `created`.
    pub(super) fn allows(self, created: Timestamp) -> bool {
        self.lenience() == Lenience::BeforeRevocation && created < self.revoked
    }

    const fn lenience(self) -> Lenience {
        match self.reason {
            RevocationReason::AffiliationChanged
            | RevocationReason::Superseded
            | RevocationReason::CessationOfOperation
            | RevocationReason::PrivilegeWithdrawn => Lenience::BeforeRevocation,
            RevocationReason::Unspecified
            | RevocationReason::KeyCompromise
            | RevocationReason::AuthorityCompromise
            | RevocationReason::AttributeAuthorityCompromise
            | RevocationReason::CertificateHold => Lenience::Never,
        }
    }
}

/// The content of the issuer's SEQUENCE, where the bytes look like a list.
pub(super) fn issuer(der: &[u8]) -> Option<&[u8]> {
    Fields::read(der).map(|fields| fields.issuer)
}

struct Fields<'a> {
    issuer: &'a [u8],
    this_update: Timestamp,
    next_update: Option<Timestamp>,
    /// The content of the SEQUENCE of entries.
    revoked: &'a [u8],
    /// The content of the SEQUENCE of extensions.
    extensions: &'a [u8],
}

impl<'a> Fields<'a> {
    /// RFC 5280 section 5.1.
    fn read(der: &'a [u8]) -> Option<Self> {
        let mut outside = Reader::new(der);
        let mut list = Reader::new(outside.expect(der::SEQUENCE)?);
        let mut fields = Reader::new(list.expect(der::SEQUENCE)?);
        let mut algorithm = fields.next()?;
        if algorithm.tag == der::INTEGER {
            algorithm = fields.next()?;
        }
        let issuer = fields.expect(der::SEQUENCE).filter(|_| algorithm.tag == der::SEQUENCE && outside.is_at_end())?;
        let this_update = time(fields.next()?)?;
        let mut read = Self { issuer, this_update, next_update: None, revoked: &[], extensions: &[] };
        while !fields.is_at_end() {
            let field = fields.next()?;
            match field.tag {
                der::UTC_TIME | der::GENERALIZED_TIME if read.next_update.is_none() => {
                    read.next_update = Some(time(field)?)
                }
                der::SEQUENCE if read.revoked.is_empty() => read.revoked = field.content,
                EXTENSIONS => read.extensions = Reader::new(field.content).expect(der::SEQUENCE)?,
                _ => return None,
            }
        }
        Some(read)
    }
}

fn entries(content: &[u8], entries_max: usize) -> Result<Vec<Entry>, BadRevocationList> {
    let mut entries = Vec::new();
    let mut reader = Reader::new(content);
    while !reader.is_at_end() {
        if entries.len() == entries_max {
            return Err(BadRevocationList::TooMany);
        }
        let mut entry = reader.expect(der::SEQUENCE).map(Reader::new).ok_or(BadRevocationList::Encoding)?;
        let serial_number = entry.expect(der::INTEGER).ok_or(BadRevocationList::Encoding)?;
        let revoked = entry.next().and_then(time).ok_or(BadRevocationList::Encoding)?;
        let extensions = if entry.is_at_end() { Some(&[][..]) } else { entry.expect(der::SEQUENCE) };
        if let Some(reason) = reason(extensions.ok_or(BadRevocationList::Encoding)?)? {
            let revocation = Revocation { revoked, reason };
            let serial_number = without_leading_zeros(serial_number).into();
            entries.push(Entry { serial_number, lenience: revocation.lenience(), revocation });
        }
    }
    entries.sort_unstable();
    Ok(entries)
}

/// Why an entry is listed; `None` for one that says that the certificate is good again.
fn reason(extensions: &[u8]) -> Result<Option<RevocationReason>, BadRevocationList> {
    let mut reason = Some(RevocationReason::Unspecified);
    for extension in ExtensionReader::of(extensions) {
        let extension = extension.ok_or(BadRevocationList::Encoding)?;
        match extension.identifier {
            REASON_CODE => {
                let code = Reader::new(extension.value).expect(ENUMERATED).ok_or(BadRevocationList::Encoding)?;
                reason = match code {
                    [1] => Some(RevocationReason::KeyCompromise),
                    [2] => Some(RevocationReason::AuthorityCompromise),
                    [3] => Some(RevocationReason::AffiliationChanged),
                    [4] => Some(RevocationReason::Superseded),
                    [5] => Some(RevocationReason::CessationOfOperation),
                    [6] => Some(RevocationReason::CertificateHold),
                    [8] => None,
                    [9] => Some(RevocationReason::PrivilegeWithdrawn),
                    [10] => Some(RevocationReason::AttributeAuthorityCompromise),
                    _ => Some(RevocationReason::Unspecified),
                };
            }
            CERTIFICATE_ISSUER => return Err(BadRevocationList::Indirect),
            other => other_extension(other, extension.criticality)?,
        }
    }
    Ok(reason)
}

/// Extensions that only add to what is said are passed over.
fn other_extension(identifier: &[u8], criticality: Criticality) -> Result<(), BadRevocationList> {
    match criticality {
        Criticality::Optional => Ok(()),
        Criticality::Critical => {
            Err(BadRevocationList::Critical(der::dotted(identifier).unwrap_or_else(|| "of no number".to_owned())))
        }
    }
}

/// RFC 5280 section 5.2.5: such a list is one of several, or indirect.
fn partiality(point: &[u8]) -> BadRevocationList {
    const INDIRECT: u8 = 0x84;
    let Some(content) = Reader::new(point).expect(der::SEQUENCE) else { return BadRevocationList::Encoding };
    let mut fields = Reader::new(content);
    while let Some(field) = fields.next() {
        if field.tag == INDIRECT && field.content == [0xFF] {
            return BadRevocationList::Indirect;
        }
    }
    BadRevocationList::Partial
}
