//! Follows what happens at a node, as `marketplace events` tells it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use node::events::{Event, Happening};

use crate::sites::{Sites, program};

/// A running `marketplace events`; it ends when this is dropped.
#[derive(Debug)]
pub struct Follower {
    child: Child,
    told: Arc<Mutex<Vec<Event>>>,
}

impl Follower {
    /// Follows a site's node from a change on.
    ///
    /// # Panics
    /// Where the program does not start.
    #[must_use]
    pub fn start(sites: &Sites, index: usize, after: u64) -> Self {
        let mut child = Command::new(program())
            .args(["events", "--format", "json", "--after", &after.to_string(), "--config"])
            .arg(sites.sites[index].config())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let lines = BufReader::new(child.stdout.take().expect("standard output is piped")).lines();
        let told = Arc::new(Mutex::new(Vec::new()));
        let events = Arc::clone(&told);
        // It ends with the program's output.
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let event = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
                events.lock().unwrap_or_else(PoisonError::into_inner).push(event);
            }
        });
        Self { child, told }
    }

    /// What was told so far.
    #[must_use]
    pub fn told(&self) -> Vec<Event> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether something was told of which this holds.
    pub fn has_told(&self, is_it: impl Fn(&Happening) -> bool) -> bool {
        self.told().iter().any(|event| is_it(&event.happening))
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        // An error says that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
