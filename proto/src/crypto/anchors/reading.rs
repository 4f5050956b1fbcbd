//! How files become trust anchors: certificates first, then the rules and lists that speak of them.

use std::collections::BTreeMap;

use openssl::x509::X509Name;

use crate::bounds;
use crate::crypto::certificate::BadCertificate;
use crate::crypto::x509::Parts;
use crate::digest::Sha256Digest;

use super::authority::{Authority, NotAuthority, Revocations};
use super::names::NameRules;
use super::namespaces::BadNamespaces;
use super::pem::{self, Object};
use super::revocations::{self, BadRevocationList, RevocationList};
use super::signing_policy::BadSigningPolicy;

/// A file that trust anchors are read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnchorFile {
    name: String,
    content: Result<Vec<u8>, String>,
}

impl AnchorFile {
    /// A file with its path, which messages name and whose last part says what it holds.
    #[must_use]
    pub const fn new(name: String, bytes: Vec<u8>) -> Self {
        Self { name, content: Ok(bytes) }
    }

    /// A file that is there but could not be read. What it might have restricted is refused.
    #[must_use]
    pub const fn unread(name: String, reason: String) -> Self {
        Self { name, content: Err(reason) }
    }

    /// A digest of the name and the content.
    fn digest(&self) -> Sha256Digest {
        let (kind, content) = match &self.content {
            Ok(bytes) => (b"read", bytes.as_slice()),
            Err(reason) => (b"none", reason.as_bytes()),
        };
        let digests = [Sha256Digest::of(self.name.as_bytes()), Sha256Digest::of(content)];
        Sha256Digest::of_parts(&[kind, digests[0].as_bytes(), digests[1].as_bytes()])
    }
}

/// Something about a file that the operator should know; the rest of the files counts all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {problem}")]
pub struct AnchorFinding {
    /// The path of the file.
    pub file: String,
    /// What is wrong with it.
    pub problem: BadAnchor,
}

/// What is wrong with a file of trust anchors; the operator's matter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadAnchor {
    /// The machine did not read it.
    #[error("the file cannot be read: {0}")]
    Unread(String),
    /// There are too many files.
    #[error("the file is not read: there are more than {} files of trust anchors", bounds::ANCHOR_FILES_MAX)]
    TooManyFiles,
    /// The file is too large, or all of them are.
    #[error(
        "the file is not read: a file of trust anchors has at most {} bytes, all of them together at most {}",
        bounds::ANCHOR_FILE_BYTES_MAX,
        bounds::ANCHOR_BYTES_MAX
    )]
    TooLarge,
    /// There are too many certificates.
    #[error("a certificate is passed over: there are more than {} authorities", bounds::ANCHORS_MAX)]
    TooManyAuthorities,
    /// It holds nothing that belongs here.
    #[error("the file holds neither certificates nor revocation lists in PEM or DER")]
    Nothing,
    /// An object that is something else.
    #[error("the file holds a {0}, which is no certificate or revocation list")]
    Label(String),
    /// A certificate with trust settings of OpenSSL, which this program does not follow.
    #[error("the file holds a TRUSTED CERTIFICATE; write it anew by `openssl x509 -in FILE -out FILE.pem`")]
    Trusted,
    /// An object that cannot be decoded.
    #[error("the file holds a {0} that does not end, or is not base64")]
    Damaged(String),
    /// A certificate that cannot be read.
    #[error(transparent)]
    Certificate(#[from] BadCertificate),
    /// A certificate of a person or a proxy.
    #[error("{0} is no authority and is not trusted; to trust its key, pin it by endorser_keys in [trust]")]
    NotAuthority(String),
    /// A revocation list that cannot be used; certificates of its issuer are refused unless there is another.
    #[error(transparent)]
    RevocationList(#[from] BadRevocationList),
    /// A `signing_policy` that cannot be used; certificates of its authority are refused.
    #[error("the signing policy {0}")]
    SigningPolicy(#[from] BadSigningPolicy),
    /// A `namespaces` file that cannot be used; certificates of its authority are refused.
    #[error("the namespaces file {0}")]
    Namespaces(#[from] BadNamespaces),
}

impl BadAnchor {
    fn of_label(label: String) -> Self {
        if label == "TRUSTED CERTIFICATE" { Self::Trusted } else { Self::Label(label) }
    }
}

/// What all files together say.
pub(super) struct Reading {
    pub(super) authorities: BTreeMap<Sha256Digest, Authority>,
    pub(super) rules: NameRules,
    /// Issuers of lists without a certificate here, with the file of the list.
    pub(super) strangers: Vec<(X509Name, String)>,
    /// The digests of all files that count.
    pub(super) digests: Vec<Sha256Digest>,
    pub(super) findings: Vec<AnchorFinding>,
    /// Files and bytes of lists that cannot be used.
    unusable: Vec<(String, Vec<u8>)>,
}

/// What a file holds, by the end of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Certificates or revocation lists.
    Objects,
    /// A revocation list, in the grid's layout.
    RevocationList,
    SigningPolicy,
    Namespaces,
    /// What other programs use: where to fetch lists, whom to ask.
    Ignored,
}

impl Kind {
    fn of(name: &str) -> Self {
        match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
            "signing_policy" => Self::SigningPolicy,
            "namespaces" => Self::Namespaces,
            "info" | "crl_url" => Self::Ignored,
            "crl" => Self::RevocationList,
            extension => match extension.strip_prefix('r') {
                Some(number) if !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit()) => {
                    Self::RevocationList
                }
                _ => Self::Objects,
            },
        }
    }
}

impl Reading {
    pub(super) fn of(mut files: Vec<AnchorFile>) -> Self {
        files.retain(|file| Kind::of(&file.name) != Kind::Ignored);
        files.sort_by(|one, other| one.name.cmp(&other.name));
        let mut reading = Self {
            authorities: BTreeMap::new(),
            rules: NameRules::default(),
            strangers: Vec::new(),
            digests: files.iter().map(AnchorFile::digest).collect(),
            findings: Vec::new(),
            unusable: Vec::new(),
        };
        reading.digests.sort_unstable();
        let files = reading.readable(files);
        let lists = reading.read_objects(&files);
        reading.read_rules(&files);
        reading.read_lists(lists);
        reading
    }

    /// The files with their bytes; `None` for those that are not read, with a finding.
    fn readable(&mut self, files: Vec<AnchorFile>) -> Vec<(String, Option<Vec<u8>>)> {
        let mut bytes_left = bounds::ANCHOR_BYTES_MAX;
        let mut readable = Vec::new();
        for (index, AnchorFile { name, content }) in files.into_iter().enumerate() {
            let read = match content {
                _ if index >= bounds::ANCHOR_FILES_MAX => Err(BadAnchor::TooManyFiles),
                Ok(bytes) if bytes.len() > bytes_left.min(bounds::ANCHOR_FILE_BYTES_MAX) => Err(BadAnchor::TooLarge),
                Ok(bytes) => Ok(bytes),
                Err(reason) => Err(BadAnchor::Unread(reason)),
            };
            let bytes = read.map_err(|problem| self.find(&name, problem)).ok();
            bytes_left -= bytes.as_ref().map_or(0, Vec::len);
            readable.push((name, bytes));
        }
        readable
    }

    /// Reads all certificates; returns the lists, for which these are needed.
    fn read_objects(&mut self, files: &[(String, Option<Vec<u8>>)]) -> Vec<(String, Vec<u8>)> {
        let mut lists = Vec::new();
        for (name, bytes) in files {
            let kind = Kind::of(name);
            if !matches!(kind, Kind::Objects | Kind::RevocationList) {
                continue;
            }
            let objects = bytes.as_ref().map(|bytes| pem::objects(bytes)).unwrap_or_default();
            if objects.is_empty() {
                if bytes.is_some() {
                    self.find(name, BadAnchor::Nothing);
                }
                if kind == Kind::RevocationList {
                    self.unusable.push((name.clone(), Vec::new()));
                }
            }
            for object in objects {
                match object {
                    Object::Der(der) if kind == Kind::RevocationList || revocations::issuer(&der).is_some() => {
                        lists.push((name.clone(), der));
                    }
                    Object::RevocationList(der) => lists.push((name.clone(), der)),
                    Object::Certificate(der) | Object::Der(der) => self.read_certificate(&der, name),
                    Object::Other(label) => self.find(name, BadAnchor::of_label(label)),
                    Object::Damaged(label) => {
                        self.find(name, BadAnchor::Damaged(label));
                        self.unusable.push((name.clone(), Vec::new()));
                    }
                }
            }
        }
        lists
    }

    fn read_certificate(&mut self, der: &[u8], name: &str) {
        let fingerprint = Sha256Digest::of(der);
        if !self.authorities.contains_key(&fingerprint) {
            if self.authorities.len() == bounds::ANCHORS_MAX {
                return self.find(name, BadAnchor::TooManyAuthorities);
            }
            match Authority::read(der, name) {
                Ok(authority) => {
                    self.authorities.insert(fingerprint, authority);
                }
                Err(NotAuthority::Unreadable(bad)) => return self.find(name, bad.into()),
                Err(NotAuthority::Role(subject)) => return self.find(name, BadAnchor::NotAuthority(subject)),
            }
        }
        // A hashed name and the file that it points to are one certificate with two names.
        if let Some(authority) = self.authorities.get_mut(&fingerprint) {
            authority.stems.insert(stem(name).to_owned());
        }
    }

    fn read_rules(&mut self, files: &[(String, Option<Vec<u8>>)]) {
        for (name, bytes) in files {
            let beside = |is_beside: &dyn Fn(&str) -> bool| {
                let authorities = self.authorities.values();
                let beside = authorities.filter(|authority| authority.stems.iter().any(|stem| is_beside(stem)));
                beside.map(|authority| authority.certificate.subject_slash().clone()).collect::<Vec<_>>()
            };
            let added = match (Kind::of(name), bytes) {
                (Kind::SigningPolicy, Some(bytes)) => {
                    self.rules.add_signing_policy(name, bytes).map_err(|bad| Some(bad.into()))
                }
                (Kind::Namespaces, Some(bytes)) => {
                    let beside = beside(&|other| other == stem(name));
                    self.rules.add_namespaces(name, bytes, &beside).map_err(|bad| Some(bad.into()))
                }
                (Kind::SigningPolicy | Kind::Namespaces, None) => Err(None),
                _ => Ok(()),
            };
            if let Err(problem) = added {
                // Of any folder, for it might have restricted them.
                for authority in beside(&|other| are_beside(other, stem(name))) {
                    self.rules.mark_unusable(&authority, name);
                }
                problem.into_iter().for_each(|problem| self.find(name, problem));
            }
        }
    }

    fn read_lists(&mut self, lists: Vec<(String, Vec<u8>)>) {
        let mut entries_left = bounds::REVOCATIONS_MAX;
        for (name, der) in lists {
            match self.read_list(&der, &name, entries_left) {
                Ok(entries) => entries_left -= entries,
                Err(bad) => {
                    self.find(&name, bad.into());
                    self.unusable.push((name, der));
                }
            }
        }
        for (name, der) in std::mem::take(&mut self.unusable) {
            let issuer = revocations::issuer(&der);
            let may_be_beside = issuer.is_none() || Kind::of(&name) == Kind::RevocationList;
            for authority in self.authorities.values_mut() {
                let parts = Parts::read(authority.certificate.der());
                let is_issuer = issuer.is_some() && parts.map(|parts| parts.subject) == issuer;
                let is_beside = may_be_beside && authority.stems.iter().any(|other| are_beside(other, stem(&name)));
                if (is_issuer || is_beside) && matches!(authority.revocations, Revocations::None) {
                    authority.revocations = Revocations::Unusable(name.clone());
                }
            }
        }
    }

    /// Gives a list to the authorities that signed it; returns how many entries it has.
    fn read_list(&mut self, der: &[u8], name: &str, entries_max: usize) -> Result<usize, BadRevocationList> {
        let (list, signed) = RevocationList::read(der, name, entries_max)?;
        let entries = list.len();
        let mut namesake = None;
        let mut holders = Vec::new();
        for (fingerprint, authority) in &self.authorities {
            if authority.x509.subject_name().try_cmp(signed.issuer_name()).is_ok_and(std::cmp::Ordering::is_eq) {
                namesake = Some(authority.certificate.subject().to_owned());
                if signed.verify(authority.certificate.key().openssl()).unwrap_or(false) {
                    holders.push(*fingerprint);
                }
            }
        }
        let Some(namesake) = namesake else {
            let issuer = signed.issuer_name().to_owned().map_err(|_| BadRevocationList::Encoding)?;
            self.strangers.push((issuer, name.to_owned()));
            return Err(BadRevocationList::UnknownIssuer);
        };
        if holders.is_empty() {
            return Err(BadRevocationList::Signature(namesake));
        }
        let list = std::sync::Arc::new(list);
        for holder in holders {
            if let Some(authority) = self.authorities.get_mut(&holder) {
                authority.take(&list);
            }
        }
        Ok(entries)
    }

    fn find(&mut self, file: &str, problem: BadAnchor) {
        self.findings.push(AnchorFinding { file: file.to_owned(), problem });
    }
}

/// The path without the last extension of its last part.
fn stem(path: &str) -> &str {
    let at = path.len() - last_part(path).len();
    match path[at..].rfind('.') {
        Some(dot) if dot > 0 => &path[..at + dot],
        _ => path,
    }
}

/// Whether two files have the same name but for the last extension, in whatever folder.
fn are_beside(stem: &str, other: &str) -> bool {
    last_part(stem) == last_part(other)
}

fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
