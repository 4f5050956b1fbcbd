//! What other nodes may have of the ledger: federated entries only.

use proto::admission::AdmissionId;
use proto::reconcile::Item;
use rusqlite::{Connection, OptionalExtension as _};

use super::candidate::Envelope;
use super::columns;
use super::error::LedgerError;

/// Every admission of every federated entry.
pub(super) fn items(connection: &Connection) -> Result<Vec<Item>, LedgerError> {
    let mut statement = connection.prepare_cached(
        "SELECT admitted, admission.id FROM admission JOIN entry ON entry.seq = admission.entry WHERE scope = 0",
    )?;
    let rows = statement
        .query_map((), |row| Ok(Item { admitted: columns::instant(row, 0)?, id: columns::admission_id(row, 1)? }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The envelopes of these admissions in this order, as many as fit `bytes_max` but at least one.
///
/// Those that are not held, and those of local entries, are left out.
pub(super) fn envelopes(
    connection: &Connection,
    admissions: &[AdmissionId],
    bytes_max: usize,
) -> Result<Vec<Envelope>, LedgerError> {
    let mut envelopes = Vec::new();
    let mut bytes = 0;
    for id in admissions {
        let Some(envelope) = envelope(connection, *id)? else { continue };
        bytes += envelope.document.len() + envelope.admission.len();
        if bytes > bytes_max && !envelopes.is_empty() {
            break;
        }
        envelopes.push(envelope);
    }
    Ok(envelopes)
}

fn envelope(connection: &Connection, id: AdmissionId) -> Result<Option<Envelope>, LedgerError> {
    let mut statement = connection.prepare_cached(
        "SELECT raw, admission.bytes FROM admission
         JOIN entry ON entry.seq = admission.entry
         JOIN document ON document.sha256 = admission.document
         WHERE admission.id = ?1 AND scope = 0",
    )?;
    let found = statement.query_row((id.as_bytes(),), |row| {
        let (document, admission): (Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?);
        Ok(Envelope { id, document: document.into(), admission: admission.into() })
    });
    Ok(found.optional()?)
}
