//! The one thread that writes: it commits what waits together, and lets no command harm another.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use proto::email::Email;
use proto::standing::Address;
use proto::trust::Trust;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::error::LedgerError;
use crate::bounds::{LEDGER_ADDRESSES_MAX, LEDGER_BATCH_MAX, LEDGER_QUEUE_MAX};

/// What the writing thread owns.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) connection: Connection,
    pub(super) trust: Trust,
    /// The fold of each address that was touched lately; always what the committed claims and the trust give.
    addresses: BTreeMap<Email, Address>,
}

/// The way to the writing thread.
#[derive(Debug)]
pub(super) struct Writer {
    commands: Mutex<Option<mpsc::Sender<Command>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// Runs within a savepoint; what it returns is called after the commit.
type Command = Box<dyn FnOnce(&mut Session) -> Reply + Send>;
type Reply = Box<dyn FnOnce(Result<(), LedgerError>) + Send>;

impl Writer {
    pub(super) fn start(session: Session) -> Result<Self, LedgerError> {
        let (commands, waiting) = mpsc::channel(LEDGER_QUEUE_MAX);
        let thread = std::thread::Builder::new()
            .name("ledger-writer".to_owned())
            .spawn(move || run(session, waiting))
            .map_err(|error| LedgerError::Machine(error.to_string()))?;
        Ok(Self { commands: Mutex::new(Some(commands)), thread: Mutex::new(Some(thread)) })
    }

    /// Runs `work` in a savepoint of its own and answers once it is committed; an error undoes all that it wrote.
    pub(super) async fn write<T, E>(
        &self,
        work: impl FnOnce(&mut Session) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<LedgerError> + Send + 'static,
    {
        let commands = lock(&self.commands).clone().ok_or(LedgerError::Closed)?;
        let (answer, answered) = oneshot::channel();
        let command: Command = Box::new(move |session| {
            let result = session.in_savepoint(work);
            Box::new(move |committed| {
                // The asker may have left; what was committed stays.
                let _ = answer.send(committed.map_err(E::from).and(result));
            })
        });
        commands.send(command).await.map_err(|_| LedgerError::Closed)?;
        drop(commands);
        answered.await.map_err(|_| LedgerError::Closed)?
    }

    /// Commits what waits and ends the thread; blocks until it has ended.
    pub(super) fn close(&self) {
        drop(lock(&self.commands).take());
        if let Some(thread) = lock(&self.thread).take()
            && thread.join().is_err()
        {
            tracing::error!("the ledger's writer panicked");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run(mut session: Session, mut waiting: mpsc::Receiver<Command>) {
    while let Some(first) = waiting.blocking_recv() {
        let mut batch = vec![first];
        // What waits already shares one commit; nothing is waited for, since the next batch gathers during this one.
        while batch.len() < LEDGER_BATCH_MAX
            && let Ok(next) = waiting.try_recv()
        {
            batch.push(next);
        }
        session.commit(batch);
    }
    if let Err(error) = session.connection.pragma_update(None, "wal_checkpoint", "TRUNCATE") {
        tracing::warn!(%error, "the ledger was closed without a checkpoint");
    }
}

impl Session {
    /// A session whose placements are those that `trust` gives.
    pub(super) fn open(connection: Connection, trust: Trust) -> Result<Self, LedgerError> {
        let mut session = Self { connection, trust: Trust::default(), addresses: BTreeMap::new() };
        session.connection.execute_batch("BEGIN IMMEDIATE")?;
        session.retrust(trust)?;
        session.connection.execute_batch("COMMIT")?;
        Ok(session)
    }

    fn commit(&mut self, batch: Vec<Command>) {
        let begun = self.connection.execute_batch("BEGIN IMMEDIATE").map_err(LedgerError::from);
        let replies: Vec<Reply> = batch.into_iter().map(|command| command(self)).collect();
        let committed = begun.and_then(|()| Ok(self.connection.execute_batch("COMMIT")?));
        if let Err(error) = &committed {
            tracing::error!(%error, "the ledger could not commit");
            self.forget();
        }
        for reply in replies {
            reply(committed.clone());
        }
    }

    /// Drops an unfinished transaction and all that was concluded from it.
    fn forget(&mut self) {
        self.addresses.clear();
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "the ledger could not roll back");
        }
    }

    fn in_savepoint<T, E: From<LedgerError>>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        // Outside of a transaction a savepoint would commit by itself.
        if self.connection.is_autocommit() {
            return Err(LedgerError::Machine("no transaction could be begun".to_owned()).into());
        }
        self.execute("SAVEPOINT command")?;
        let result = work(self);
        if result.is_err() {
            self.execute("ROLLBACK TO command")?;
        }
        self.execute("RELEASE command")?;
        result
    }

    fn execute(&mut self, statement: &str) -> Result<(), LedgerError> {
        self.connection.execute_batch(statement).map_err(|error| {
            self.addresses.clear();
            LedgerError::from(error)
        })
    }

    pub(super) fn known_address(&self, email: &Email) -> Option<Address> {
        self.addresses.get(email).cloned()
    }

    /// Keeps the fold of an address; to be called when nothing of the command can fail any more.
    pub(super) fn keep_address(&mut self, email: &Email, address: Address) {
        if self.addresses.len() >= LEDGER_ADDRESSES_MAX {
            self.addresses.clear();
        }
        self.addresses.insert(email.clone(), address);
    }

    pub(super) fn replace_trust(&mut self, trust: Trust) {
        self.trust = trust;
        self.addresses.clear();
    }
}
