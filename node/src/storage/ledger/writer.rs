//! The one thread that writes: it commits what waits together, and lets no command harm another.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use proto::admission::AdmissionId;
use proto::email::Email;
use proto::standing::Address;
use rusqlite::Connection;
use tokio::sync::{Notify, mpsc, oneshot};

use super::command::{self, Command, Failed};
use super::error::LedgerError;
use super::judge::Judge;
use super::listing::INDEX_TEXTS;
use crate::bounds::{FULL_BATCHES_MAX, LEDGER_ADDRESSES_MAX, LEDGER_BATCH_MAX, LEDGER_QUEUE_MAX};

/// What the writing thread owns.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) connection: Connection,
    pub(super) judge: Judge,
    /// What the commit under way tells the rest of the node.
    unsaid: Said,
    tidings: Arc<Tidings>,
    /// Batches since the texts of entries were last written to their index.
    full_batches: usize,
    /// The fold of each address that was touched lately; always what the committed claims and the trust give.
    addresses: BTreeMap<Email, Address>,
}

/// Whether a transaction writes the index of texts at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Texts {
    Index,
    /// What is due stays noted.
    Leave,
}

/// What was committed and others have to do with.
#[derive(Debug, Default)]
pub(super) struct Tidings {
    said: Mutex<Said>,
    /// Rung when there is something to do in the background.
    work: Notify,
    commits: AtomicU64,
}

/// Bounded by what was held: each withdrawn item stands here once until the federation is told.
#[derive(Debug, Default)]
struct Said {
    withdrawn: Vec<AdmissionId>,
    has_work: bool,
}

impl Said {
    fn add(&mut self, mut other: Self) {
        self.withdrawn.append(&mut other.withdrawn);
        self.has_work |= other.has_work;
    }
}

impl Tidings {
    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::SeqCst)
    }

    fn count_commit(&self) {
        self.commits.fetch_add(1, Ordering::SeqCst);
    }

    /// Takes the items that were withdrawn since the last time.
    pub(super) fn take_withdrawn(&self) -> Vec<AdmissionId> {
        std::mem::take(&mut lock(&self.said).withdrawn)
    }

    /// Returns when there is work; at once where there was some since the last time.
    pub(super) async fn work(&self) {
        self.work.notified().await;
    }

    fn say(&self, mut unsaid: Said) {
        let has_work = unsaid.has_work || !unsaid.withdrawn.is_empty();
        lock(&self.said).withdrawn.append(&mut unsaid.withdrawn);
        if has_work {
            self.work.notify_one();
        }
    }
}

/// The way to the writing thread.
#[derive(Debug)]
pub(super) struct Writer {
    commands: Mutex<Option<mpsc::Sender<Box<dyn Command>>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

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
        self.ask(|answer| command::once(work, answer)).await
    }

    /// The same for work that may be done again: it goes without the savepoint unless some work of its commit fails
    /// when it has written already.
    pub(super) async fn write_repeatably<T, E>(
        &self,
        work: impl Fn(&mut Session) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<LedgerError> + Send + 'static,
    {
        self.ask(|answer| command::repeatable(work, answer)).await
    }

    async fn ask<T, E: From<LedgerError>>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, E>>) -> Box<dyn Command>,
    ) -> Result<T, E> {
        let commands = lock(&self.commands).clone().ok_or(LedgerError::Closed)?;
        let (answer, answered) = oneshot::channel();
        commands.send(command(answer)).await.map_err(|_| LedgerError::Closed)?;
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

fn run(mut session: Session, mut waiting: mpsc::Receiver<Box<dyn Command>>) {
    while let Some(first) = waiting.blocking_recv() {
        let mut batch = vec![first];
        // What waits already shares one commit; nothing is waited for, since the next batch gathers during this one.
        while batch.len() < LEDGER_BATCH_MAX
            && let Ok(next) = waiting.try_recv()
        {
            batch.push(next);
        }
        session.commit(batch);
        if waiting.is_empty() {
            session.index_texts();
        }
    }
    if let Err(error) = session.connection.pragma_update(None, "wal_checkpoint", "TRUNCATE") {
        tracing::warn!(%error, "the ledger was closed without a checkpoint");
    }
}

impl Session {
    /// A session that judges by `judge`; what other settings judged waits to be judged anew.
    pub(super) fn open(connection: Connection, judge: Judge, tidings: Arc<Tidings>) -> Result<Self, LedgerError> {
        let mut session = Self {
            connection,
            judge: judge.clone(),
            unsaid: Said::default(),
            tidings,
            full_batches: 0,
            addresses: BTreeMap::new(),
        };
        session.begin()?;
        session.rejudge(judge)?;
        session.end_transaction(Texts::Index)?;
        // Whoever does the work in the background looks once for what an earlier end left.
        session.tidings.say(Said { has_work: true, ..Said::default() });
        Ok(session)
    }

    fn commit(&mut self, mut batch: Vec<Box<dyn Command>>) {
        // Where more waits than fits, the texts of several batches are written to their index together.
        let is_full = batch.len() >= LEDGER_BATCH_MAX && self.full_batches < FULL_BATCHES_MAX;
        let texts = if is_full { Texts::Leave } else { Texts::Index };
        let is_done = batch.iter().all(|command| command.is_repeatable()) && self.run_together(&mut batch);
        let begun = if is_done { Ok(()) } else { self.begin() };
        if !is_done {
            batch.iter_mut().for_each(|command| self.run_alone(command.as_mut()));
        }
        let committed = begun.and_then(|()| self.end_transaction(texts));
        if let Err(error) = &committed {
            tracing::error!(%error, "the ledger could not commit");
            self.forget();
        }
        self.tidings.count_commit();
        self.tidings.say(std::mem::take(&mut self.unsaid));
        for command in batch {
            command.tell(committed.clone());
        }
    }

    fn begin(&mut self) -> Result<(), LedgerError> {
        Ok(self.connection.execute_batch("BEGIN IMMEDIATE")?)
    }

    /// Runs commands without a savepoint for each, which would keep each page that a command changes; whether all went
    /// well. Where one failed after it had written, all that was written is undone.
    fn run_together(&mut self, batch: &mut [Box<dyn Command>]) -> bool {
        let is_well = self.begin().is_ok() && batch.iter_mut().all(|command| self.run_unguarded(command.as_mut()));
        if !is_well {
            self.forget();
        }
        is_well
    }

    /// Runs a command; whether nothing is left to undo where it failed.
    fn run_unguarded(&mut self, command: &mut dyn Command) -> bool {
        let written = self.connection.total_changes();
        let before = std::mem::take(&mut self.unsaid);
        let outcome = command.work(self);
        let unsaid = std::mem::replace(&mut self.unsaid, before);
        match outcome {
            Ok(()) => self.unsaid.add(unsaid),
            // Some errors end the transaction.
            Err(_) => return self.connection.total_changes() == written && !self.connection.is_autocommit(),
        }
        true
    }

    fn run_alone(&mut self, command: &mut dyn Command) {
        if let Err(Failed(Some(error))) = self.in_savepoint(|session| command.work(session)) {
            command.fail(error);
        }
    }

    fn end_transaction(&mut self, texts: Texts) -> Result<(), LedgerError> {
        if texts == Texts::Index {
            INDEX_TEXTS.into_iter().try_for_each(|statement| self.execute(statement))?;
        }
        self.connection.execute_batch("COMMIT")?;
        self.full_batches = if texts == Texts::Index { 0 } else { self.full_batches + 1 };
        Ok(())
    }

    /// Writes the texts to their index that full batches have left.
    fn index_texts(&mut self) {
        if self.full_batches == 0 {
            return;
        }
        let indexed = self.begin().and_then(|()| self.end_transaction(Texts::Index));
        if let Err(error) = indexed {
            tracing::error!(%error, "texts could not be indexed; the next upload tries again");
            self.forget();
        }
    }

    /// Drops an unfinished transaction and all that was concluded from it.
    fn forget(&mut self) {
        self.addresses.clear();
        self.unsaid = Said::default();
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
        let before = std::mem::take(&mut self.unsaid);
        let result = work(self);
        let unsaid = std::mem::replace(&mut self.unsaid, before);
        match &result {
            Ok(_) => self.unsaid.add(unsaid),
            Err(_) => self.execute("ROLLBACK TO command")?,
        }
        self.execute("RELEASE command")?;
        result
    }

    fn execute(&mut self, statement: &str) -> Result<(), LedgerError> {
        let executed = self.connection.prepare_cached(statement).and_then(|mut statement| statement.execute(()));
        executed.map(|_| ()).map_err(|error| {
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

    /// Forgets the fold of an address, which is then read from the tables.
    pub(super) fn forget_address(&mut self, email: &Email) {
        self.addresses.remove(email);
    }

    pub(super) fn replace_judge(&mut self, judge: Judge) {
        self.judge = judge;
        self.addresses.clear();
    }

    /// Has the federation told, once it is committed, that these items are not held any more.
    pub(super) fn tell_withdrawn(&mut self, items: impl Iterator<Item = AdmissionId>) {
        self.unsaid.withdrawn.extend(items);
    }

    /// Wakes who works in the background, once it is committed.
    pub(super) const fn tell_work(&mut self) {
        self.unsaid.has_work = true;
    }
}
