//! What the certificates of an entry's documents prove.

use std::collections::BTreeMap;

use proto::crypto::Certificate;
use proto::digest::Sha256Digest;
use proto::email::Email;
use proto::standing::{CertificateEmail, Certification};
use proto::timestamp::Timestamp;
use rusqlite::{Connection, Row};

use super::candidate::Candidate;
use super::columns;
use super::error::LedgerError;
use super::judge::Judge;
use super::writer::Session;

impl Judge {
    /// What the chain of the first certificate vouches for.
    pub(crate) fn certify(
        &self,
        certificates: &[Certificate],
        certificate_email: CertificateEmail,
        created: Timestamp,
        now: Timestamp,
    ) -> Certification {
        let Some((signer, hints)) = certificates.split_first() else { return Certification::Unchained };
        match self.anchors.verify(signer, hints, created, now) {
            Ok(_) => Certification::of_chained(certificate_email),
            Err(_) => Certification::Unchained,
        }
    }
}

impl Session {
    pub(super) fn certify(&self, candidate: &Candidate) -> Certification {
        let (email, created) = (candidate.certificate_email, candidate.at.created);
        self.judge.certify(&candidate.certificates, email, created, candidate.now)
    }

    /// Keeps a document with its certificates, unless it is kept.
    pub(super) fn keep_document(&self, candidate: &Candidate, certification: Certification) -> Result<(), LedgerError> {
        let sha256 = candidate.receipt.receipt.document;
        let kept = self
            .connection
            .prepare_cached(
                "INSERT OR IGNORE INTO document (sha256, raw, legacy, certificate_email, certification)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute((
                sha256.as_bytes(),
                &candidate.raw[..],
                &candidate.legacy,
                columns::certificate_email_column(candidate.certificate_email),
                columns::certification_column(certification),
            ))?;
        if kept == 0 {
            return Ok(());
        }
        for (place, certificate) in (0_i64..).zip(&candidate.certificates) {
            let fingerprint = certificate.fingerprint();
            self.connection
                .prepare_cached("INSERT OR IGNORE INTO certificate (sha256, der) VALUES (?1, ?2)")?
                .execute((fingerprint.as_bytes(), certificate.der()))?;
            self.connection
                .prepare_cached("INSERT INTO document_certificate (document, place, certificate) VALUES (?1, ?2, ?3)")?
                .execute((sha256.as_bytes(), place, fingerprint.as_bytes()))?;
        }
        Ok(())
    }

    /// Forgets a document that no admission binds, and the certificates that no other carries.
    pub(super) fn forget_unbound_document(&self, sha256: &[u8; 32]) -> Result<(), LedgerError> {
        let is_bound: bool = self
            .connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM admission WHERE document = ?1)")?
            .query_row((sha256,), |row| row.get(0))?;
        if is_bound {
            return Ok(());
        }
        let certificates: Vec<[u8; 32]> = self
            .connection
            .prepare_cached("DELETE FROM document_certificate WHERE document = ?1 RETURNING certificate")?
            .query_map((sha256,), |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        self.connection.prepare_cached("DELETE FROM document WHERE sha256 = ?1")?.execute((sha256,))?;
        for certificate in certificates {
            self.connection
                .prepare_cached(
                    "DELETE FROM certificate WHERE sha256 = ?1
                     AND NOT EXISTS (SELECT 1 FROM document_certificate WHERE certificate = certificate.sha256)",
                )?
                .execute((certificate,))?;
        }
        Ok(())
    }

    /// An entry's evidence is the most that any of its documents has: the first copy decides nothing.
    pub(super) fn gather_evidence(&self, seq: i64) -> Result<(), LedgerError> {
        self.connection
            .prepare_cached(
                "UPDATE entry SET (certificate_email, certification) =
                 (SELECT MAX(document.certificate_email), MAX(document.certification)
                  FROM admission JOIN document ON document.sha256 = admission.document WHERE admission.entry = ?1)
                 WHERE seq = ?1",
            )?
            .execute((seq,))?;
        Ok(())
    }

    /// Verifies the chains of all documents of an address again.
    pub(super) fn recertify(&self, email: &Email) -> Result<(), LedgerError> {
        let mut decoded = BTreeMap::new();
        for document in documents_of(&self.connection, email)? {
            let certificates = certificates(&self.connection, &document.sha256, &mut decoded)?;
            let (stated, created) = (document.certificate_email, document.created);
            let certification = self.judge.certify(&certificates, stated, created, self.judge.now);
            if certification != document.certification {
                self.connection
                    .prepare_cached("UPDATE document SET certification = ?2 WHERE sha256 = ?1")?
                    .execute((document.sha256.as_bytes(), columns::certification_column(certification)))?;
                self.gather_evidence(document.entry)?;
            }
        }
        Ok(())
    }
}

struct CertifiedDocument {
    sha256: Sha256Digest,
    entry: i64,
    created: Timestamp,
    certificate_email: CertificateEmail,
    certification: Certification,
}

fn documents_of(connection: &Connection, email: &Email) -> rusqlite::Result<Vec<CertifiedDocument>> {
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT document.sha256, entry.seq, entry.created, document.certificate_email, document.certification
         FROM entry JOIN admission ON admission.entry = entry.seq JOIN document ON document.sha256 = admission.document
         WHERE entry.email = ?1",
    )?;
    let read = |row: &Row<'_>| {
        Ok(CertifiedDocument {
            sha256: columns::digest(row, 0)?,
            entry: row.get(1)?,
            created: columns::timestamp(row, 2)?,
            certificate_email: columns::certificate_email(row, 3)?,
            certification: columns::certification(row, 4)?,
        })
    };
    statement.query_map((email.as_str(),), read)?.collect()
}

/// The certificates of a document in their order; each is decoded once for all that share `decoded`.
pub(super) fn certificates(
    connection: &Connection,
    document: &Sha256Digest,
    decoded: &mut BTreeMap<Sha256Digest, Certificate>,
) -> Result<Vec<Certificate>, LedgerError> {
    let mut statement = connection.prepare_cached(
        "SELECT certificate.sha256, der FROM document_certificate
         JOIN certificate ON certificate.sha256 = document_certificate.certificate WHERE document = ?1 ORDER BY place",
    )?;
    let mut rows = statement.query((document.as_bytes(),))?;
    let mut certificates = Vec::new();
    while let Some(row) = rows.next()? {
        let sha256 = columns::digest(row, 0)?;
        let certificate = match decoded.get(&sha256) {
            Some(certificate) => certificate.clone(),
            None => Certificate::from_der(row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?)
                .map_err(|error| LedgerError::Corrupt(format!("certificate {sha256}: {error}")))?,
        };
        decoded.insert(sha256, certificate.clone());
        certificates.push(certificate);
    }
    Ok(certificates)
}
