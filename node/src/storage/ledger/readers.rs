//! The connections that only read, lent one at a time to tasks that may block.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, Transaction};
use tokio::sync::Semaphore;

use super::error::LedgerError;
use super::schema;
use crate::bounds::{LEDGER_READERS_MAX, LEDGER_STEPS_AT_ONCE};

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
        self.lend(|connection| snapshot(connection, work)).await
    }

    /// The same for work that ends with [`LedgerError::TooMuch`] after so many steps of SQLite's machine.
    pub(super) async fn read_at_most<T: Send + 'static>(
        &self,
        steps: u32,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        self.lend(move |connection| metered(connection, steps, work)).await
    }

    async fn lend<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| LedgerError::Closed)?;
        let idle = Arc::clone(&self.idle);
        let reading = tokio::task::spawn_blocking(move || {
            // The task may be the last to know of the read; so the permit goes with it.
            let _permit = permit;
            let mut connection = pop(&idle).ok_or(LedgerError::Closed)?;
            let result = work(&mut connection);
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

fn metered<T>(
    connection: &mut Connection,
    steps: u32,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, LedgerError>,
) -> Result<T, LedgerError> {
    let at_once = LEDGER_STEPS_AT_ONCE.cast_signed();
    let mut left = steps / LEDGER_STEPS_AT_ONCE;
    let meter = move || {
        left = left.saturating_sub(1);
        left == 0
    };
    connection.progress_handler(at_once, Some(meter))?;
    let result = snapshot(connection, work);
    connection.progress_handler(0, None::<fn() -> bool>)?;
    result
}

fn pop(idle: &Mutex<Vec<Connection>>) -> Option<Connection> {
    idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
}

fn push(idle: &Mutex<Vec<Connection>>, connection: Connection) {
    idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
}

#[cfg(test)]
mod tests {
    use super::super::FILE;
    use super::*;

    const ENDLESS: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n";

    #[tokio::test]
    async fn a_read_of_too_many_steps_ends_and_the_connection_reads_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        drop(schema::open_writer(&path).unwrap());
        let readers = Readers::open(&path).unwrap();
        let read = |sql: &'static str| {
            move |snapshot: &Transaction<'_>| Ok(snapshot.query_row(sql, (), |row| row.get::<_, i64>(0))?)
        };
        let steps = 10 * LEDGER_STEPS_AT_ONCE;
        for _ in 0..=LEDGER_READERS_MAX {
            assert_eq!(readers.read_at_most(steps, read(ENDLESS)).await, Err(LedgerError::TooMuch));
        }
        assert_eq!(readers.read_at_most(steps, read("SELECT COUNT(*) FROM entry")).await, Ok(0));
        // What is not bounded may take longer.
        let long =
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000000) SELECT COUNT(*) FROM n";
        assert_eq!(readers.read(read(long)).await, Ok(1_000_000));
    }
}
