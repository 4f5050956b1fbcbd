//! The connections that only read, lent one at a time to tasks that may block.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, Transaction};
use tokio::sync::Semaphore;

use super::error::LedgerError;
use super::schema;
use crate::bounds::LEDGER_READERS_MAX;

/// As many connections as reads may run at once; a permit stands for an idle connection.
#[derive(Debug, Clone)]
pub(super) struct Readers {
    idle: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn open(path: &Path) -> Result<Self, LedgerError> {
        let connections: Vec<_> =
            (0..LEDGER_READERS_MAX).map(|_| schema::open_reader(path)).collect::<Result<_, _>>()?;
        let permits = Arc::new(Semaphore::new(connections.len()));
        Ok(Self { idle: Arc::new(Mutex::new(connections)), permits })
    }

    /// Runs `work` on one snapshot of the ledger, on a thread that may block.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| LedgerError::Closed)?;
        let idle = Arc::clone(&self.idle);
        let reading = tokio::task::spawn_blocking(move || {
            // The task may be the last to know of the read; so the permit goes with it.
            let _permit = permit;
            let mut connection = pop(&idle).ok_or(LedgerError::Closed)?;
            let result = snapshot(&mut connection, work);
            push(&idle, connection);
            result
        });
        reading.await.map_err(|error| LedgerError::Machine(error.to_string()))?
    }

    /// Refuses further reads; those that run end by themselves.
    pub(super) fn close(&self) {
        self.permits.close();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

fn snapshot<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, LedgerError>,
) -> Result<T, LedgerError> {
    work(&connection.transaction()?)
}

fn pop(idle: &Mutex<Vec<Connection>>) -> Option<Connection> {
    idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
}

fn push(idle: &Mutex<Vec<Connection>>, connection: Connection) {
    idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
}
