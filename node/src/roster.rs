//! The roster in force, as the node keeps it in its data folder.

use std::io;
use std::path::{Path, PathBuf};

use proto::bounds::ROSTER_BYTES_MAX;
use proto::roster::{BadRoster, RosterAuthority, RosterRefusal, SignedRoster, VerifiedRoster};

use crate::files;

/// The file in the data folder.
const FILE: &str = "roster.json";

/// Why a roster is not taken from a file, or not kept in one.
#[derive(Debug, thiserror::Error)]
pub enum RosterError {
    /// The machine does not read or write it.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// It is none.
    #[error("{path}: {error}")]
    Bad {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: BadRoster,
    },
    /// It does not count here.
    #[error(transparent)]
    Refused(#[from] RosterRefusal),
    /// The operator has named nobody who may sign one.
    #[error("nobody may sign rosters here: name the operators' keys in roster_keys of [federation]")]
    NoAuthority,
}

impl RosterError {
    /// The node stops while it keeps a roster.
    pub(crate) fn stopped(error: &tokio::task::JoinError) -> Self {
        Self::File { path: PathBuf::from(FILE), error: io::Error::other(error.to_string()) }
    }
}

/// Where the roster in force is kept.
#[must_use]
pub fn path(data_dir: &Path) -> PathBuf {
    data_dir.join(FILE)
}

/// Reads a file that somebody gives.
pub fn read(path: &Path) -> Result<SignedRoster, RosterError> {
    let bytes =
        files::read(path, ROSTER_BYTES_MAX).map_err(|error| RosterError::File { path: path.to_owned(), error })?;
    SignedRoster::read(&bytes).map_err(|error| RosterError::Bad { path: path.to_owned(), error })
}

/// The roster in force; none where there is no authority or no roster.
///
/// One that was kept and does not count any more, because the operator named other keys, is reported and stays where
/// it is: the keys may come back.
pub fn load(data_dir: &Path, authority: Option<&RosterAuthority>) -> Result<Option<VerifiedRoster>, RosterError> {
    let (Some(authority), path) = (authority, path(data_dir)) else { return Ok(None) };
    match read(&path) {
        Ok(signed) => Ok(Some(signed.verify(authority)?)),
        Err(RosterError::File { error, .. }) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Keeps a roster durably in place of the one in force.
pub fn keep(data_dir: &Path, roster: &VerifiedRoster) -> Result<(), RosterError> {
    let path = path(data_dir);
    files::replace(&path, &roster.signed().to_bytes()).map_err(|error| RosterError::File { path, error })
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proto::crypto::NodeKey;
    use proto::roster::Roster;

    use super::*;

    fn authority(number: u8) -> RosterAuthority {
        let keys = BTreeSet::from([NodeKey::from_seed([number; 32]).node_id()]);
        RosterAuthority { federation: "grid".to_owned(), keys, threshold: 1 }
    }

    fn roster(version: u64) -> VerifiedRoster {
        let roster = Roster {
            federation: "grid".to_owned(),
            version,
            issued: "2026-01-01T00:00:00Z".parse().expect("a moment"),
            expires: "2027-01-01T00:00:00Z".parse().expect("a moment"),
            members: BTreeMap::new(),
            former: BTreeMap::new(),
        };
        let mut signed = SignedRoster::unsigned(&roster).expect("within bounds");
        signed.sign(&NodeKey::from_seed([1; 32]));
        signed.verify(&authority(1)).expect("signed")
    }

    #[test]
    fn what_is_kept_is_loaded_and_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(load(folder.path(), Some(&authority(1))).expect("there is none").is_none());
        for version in [1, 2] {
            keep(folder.path(), &roster(version)).expect("it is kept");
            let loaded = load(folder.path(), Some(&authority(1))).expect("it is good");
            assert_eq!(loaded, Some(roster(version)));
        }
    }

    #[test]
    fn a_kept_roster_of_other_operators_does_not_count_and_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        keep(folder.path(), &roster(1)).expect("it is kept");
        assert!(matches!(load(folder.path(), Some(&authority(2))), Err(RosterError::Refused(_))));
        assert!(load(folder.path(), None).expect("nobody asks for one").is_none());
        assert!(path(folder.path()).exists());
    }

    #[test]
    fn a_broken_file_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(path(folder.path()), "{").expect("it is written");
        let error = load(folder.path(), Some(&authority(1))).expect_err("it is broken");
        assert!(error.to_string().contains("roster.json"), "{error}");
    }
}
