//! Work on the graph that goes behind all else that runs: bulk loads, and the store's own merging of files.

use rustix::process::nice;

use super::error::GraphError;

/// Does `work` on a thread of its own, at this priority as `nice` counts it; threads that it starts inherit that, and a
/// priority that was lowered cannot be raised again.
pub(super) fn behind<T: Send>(
    name: &str,
    priority: i32,
    work: impl FnOnce() -> Result<T, GraphError> + Send,
) -> Result<T, GraphError> {
    std::thread::scope(|scope| {
        let work = move || {
            // Linux counts a thread as a process where priorities are concerned (nice(2)).
            if let Err(error) = nice(priority) {
                tracing::warn!(%error, "work on the graph keeps its priority");
            }
            work()
        };
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn_scoped(scope, work);
        let thread = thread.map_err(|error| GraphError::Machine(error.to_string()))?;
        thread.join().map_err(|_| GraphError::Machine(format!("the thread {name} panicked")))?
    })
}
