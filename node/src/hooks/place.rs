//! How far a hook came in the ledger's log, kept over restarts.

use std::io;
use std::path::{Path, PathBuf};

use proto::digest::Sha256Digest;

use super::Action;
use crate::bounds::HOOK_PASSED_MAX;
use crate::files;
use crate::storage::ledger::Ledger;

/// The folder within the data folder; each hook has a file there, named after what it does.
const FOLDER: &str = "hooks";

/// Largest file: a number and a line feed.
const BYTES_MAX: usize = 21;

/// The last change that a hook was told, or passed over.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    change: u64,
    /// What the file says.
    kept: Option<u64>,
}

impl Place {
    /// Where a hook was when the node last ran; one that is new begins with what happens from now on.
    pub(super) async fn find(data_dir: &Path, action: &Action, ledger: &Ledger) -> Self {
        let folder = data_dir.join(FOLDER);
        // The text of an action is complete; that it may change between versions lets a hook begin anew.
        let path = folder.join(Sha256Digest::of(format!("{action:?}").as_bytes()).to_string());
        let last = ledger.last_change().await.unwrap_or_else(|error| {
            tracing::error!(%error, "the last change is not known");
            0
        });
        let kept = read(&path).unwrap_or_else(|error| {
            tracing::warn!(hook = ?action, %error, path = %path.display(), "a hook begins with what happens from now on");
            None
        });
        if kept.is_some_and(|kept| kept > last) {
            tracing::warn!(hook = ?action, "the ledger is another one: a hook begins with what happens from now on");
        }
        let mut place = Self { path, change: kept.filter(|kept| *kept <= last).unwrap_or(last), kept };
        if let Err(error) = files::create_private_folder(&folder) {
            tracing::error!(%error, folder = %folder.display(), "where hooks are is not kept");
        }
        place.keep(place.change).await;
        place
    }

    /// The last change that need not be told.
    pub(super) const fn change(&self) -> u64 {
        self.change
    }

    /// Goes on, mostly without a word to the disk: what a hook does not want can be passed over again.
    pub(super) async fn pass(&mut self, change: u64) {
        self.change = change;
        if change.saturating_sub(self.kept.unwrap_or_default()) >= HOOK_PASSED_MAX {
            self.keep(change).await;
        }
    }

    /// Goes on, also where the node ends at once.
    pub(super) async fn keep(&mut self, change: u64) {
        self.change = change;
        if self.kept == Some(change) {
            return;
        }
        let path = self.path.clone();
        let written =
            tokio::task::spawn_blocking(move || files::replace(&path, format!("{change}\n").as_bytes())).await;
        match written.unwrap_or_else(|error| Err(io::Error::other(error))) {
            Ok(()) => self.kept = Some(change),
            Err(error) => {
                tracing::error!(%error, path = %self.path.display(), "a hook may be told again what it was told")
            }
        }
    }
}

fn read(path: &Path) -> io::Result<Option<u64>> {
    match files::read(path, BYTES_MAX) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).trim().parse().map(Some).map_err(io::Error::other),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
