//! Threads that evaluate queries, or look after them while their processes do.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::error::GraphError;
use crate::bounds::QUERY_HERE_STACK_BYTES;

/// As many threads as jobs may run at once; they live until they are closed, or are spent.
pub(super) struct Threads {
    /// Nothing queues here: who sends a job holds the permit of a thread.
    jobs: Mutex<Option<Sender<Job>>>,
    waiting: Arc<Mutex<Receiver<Job>>>,
    handles: Mutex<Vec<JoinHandle<()>>>,
    /// How many are missing to as many as jobs may run at once.
    missing: AtomicUsize,
}

type Job = Box<dyn FnOnce() -> Afterwards + Send>;

/// What becomes of a thread after a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Afterwards {
    Reusable,
    /// Its priority was lowered, which cannot be undone.
    Spent,
}

/// Whether every job has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Jobs {
    Ended,
    Running,
}

impl Threads {
    pub(super) fn start(count: usize) -> Result<Self, GraphError> {
        let (jobs, waiting) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        let threads = Self { jobs: Mutex::new(Some(jobs)), waiting, handles: Mutex::default(), missing: count.into() };
        threads.fill()?;
        Ok(threads)
    }

    pub(super) fn run(&self, job: impl FnOnce() -> Afterwards + Send + 'static) -> Result<(), GraphError> {
        self.fill()?;
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let jobs = jobs.as_ref().ok_or(GraphError::Closed)?;
        jobs.send(Box::new(job)).map_err(|_| GraphError::Closed)
    }

    /// Says that the thread of a job will be spent, before its place is given up.
    pub(super) fn lose_one(&self) {
        self.missing.fetch_add(1, Ordering::SeqCst);
    }

    /// Starts threads in the place of those that are spent; not from one of them, whose priority they would inherit.
    fn fill(&self) -> Result<(), GraphError> {
        let mut handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
        handles.retain(|handle| !handle.is_finished());
        while self.missing.load(Ordering::SeqCst) > 0 {
            let waiting = Arc::clone(&self.waiting);
            let thread = std::thread::Builder::new().name("query".to_owned()).stack_size(QUERY_HERE_STACK_BYTES);
            let started = thread.spawn(move || work(&waiting));
            handles.push(started.map_err(|error| GraphError::Machine(error.to_string()))?);
            self.missing.fetch_sub(1, Ordering::SeqCst);
        }
        Ok(())
    }

    /// Ends the threads that are idle; those whose job cannot be stopped are left to the end of the process.
    pub(super) fn close(&self, jobs: Jobs) {
        drop(self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take());
        let handles = std::mem::take(&mut *self.handles.lock().unwrap_or_else(PoisonError::into_inner));
        for handle in handles {
            if jobs == Jobs::Running {
                std::mem::forget(handle);
            } else if handle.join().is_err() {
                tracing::error!("a query's thread panicked");
            }
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.close(Jobs::Running);
    }
}

fn work(waiting: &Mutex<Receiver<Job>>) {
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match next.map(|job| job()) {
            Ok(Afterwards::Reusable) => {}
            Ok(Afterwards::Spent) | Err(_) => return,
        }
    }
}
