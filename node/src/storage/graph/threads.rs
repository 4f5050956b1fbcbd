//! Threads that look after queries while their processes evaluate them.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::error::GraphError;

/// As many threads as jobs may run at once; they live until they are closed.
pub(super) struct Threads {
    /// Nothing queues here: who sends a job holds the permit of a thread.
    jobs: Mutex<Option<Sender<Job>>>,
    handles: Mutex<Vec<JoinHandle<()>>>,
}

type Job = Box<dyn FnOnce() + Send>;

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
        let spawn = |_| {
            let waiting = Arc::clone(&waiting);
            std::thread::Builder::new()
                .name("query".to_owned())
                .spawn(move || work(&waiting))
                .map_err(|error| GraphError::Machine(error.to_string()))
        };
        let handles = (0..count).map(spawn).collect::<Result<_, _>>()?;
        Ok(Self { jobs: Mutex::new(Some(jobs)), handles: Mutex::new(handles) })
    }

    pub(super) fn run(&self, job: impl FnOnce() + Send + 'static) -> Result<(), GraphError> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let jobs = jobs.as_ref().ok_or(GraphError::Closed)?;
        jobs.send(Box::new(job)).map_err(|_| GraphError::Closed)
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
        match next {
            Ok(job) => job(),
            Err(_) => return,
        }
    }
}
