//! The node's identity: its Ed25519 key in the data folder.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use proto::crypto::NodeKey;

use crate::files::{self, Readers};

/// Why there is no identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The data folder has no key yet.
    #[error("{0} does not exist; marketplace init makes it")]
    Missing(PathBuf),
    /// A key is never overwritten: it is the node's name in its federation.
    #[error("{0} exists already and is not overwritten: it is the identity of a node")]
    Exists(PathBuf),
    /// Others than the owner may read the key.
    #[error("{path} is open to other users (mode {mode:04o}); chmod 600 it, or make a new identity if it was read")]
    Exposed {
        /// The key file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The file is something else than a key.
    #[error("{0} is not a node key: it must hold 64 hexadecimal digits or 32 bytes")]
    NotAKey(PathBuf),
    /// The machine does not read or write the file.
    #[error("cannot {action} {path}: {error}")]
    File {
        /// What was tried.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

const FILE_NAME: &str = "node.key";
/// 64 digits with a line end in any convention, and some blanks that an editor may have left.
const FILE_BYTES_MAX: usize = 80;

/// Where the key of a data folder is.
#[must_use]
pub fn path(data_dir: &Path) -> PathBuf {
    data_dir.join(FILE_NAME)
}

/// The key of a data folder.
pub fn load(data_dir: &Path) -> Result<NodeKey, IdentityError> {
    load_file(&path(data_dir))
}

/// The key of a file that only its owner can read.
pub fn load_file(path: &Path) -> Result<NodeKey, IdentityError> {
    let path = path.to_owned();
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => IdentityError::Missing(path.clone()),
        io::ErrorKind::FileTooLarge => IdentityError::NotAKey(path.clone()),
        _ => IdentityError::File { action: "read", path: path.clone(), error },
    };
    let mode = fs::metadata(&path).map_err(failed)?.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(IdentityError::Exposed { path, mode });
    }
    let bytes = files::read(&path, FILE_BYTES_MAX).map_err(failed)?;
    seed(&bytes).map(NodeKey::from_seed).ok_or(IdentityError::NotAKey(path))
}

/// Makes the key of a data folder, and the folder; a key that is there is never overwritten.
pub fn create(data_dir: &Path) -> Result<NodeKey, IdentityError> {
    files::create_private_folder(data_dir).map_err(|error| IdentityError::File {
        action: "make the folder",
        path: data_dir.to_owned(),
        error,
    })?;
    create_file(&path(data_dir))
}

/// Makes a key in a file; a file that is there is never overwritten.
pub fn create_file(path: &Path) -> Result<NodeKey, IdentityError> {
    let path = path.to_owned();
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => IdentityError::Exists(path.clone()),
        _ => IdentityError::File { action: "write", path: path.clone(), error },
    };
    let key = NodeKey::generate();
    let text = key.seed().iter().map(|byte| format!("{byte:02x}")).collect::<String>() + "\n";
    files::create(&path, text.as_bytes(), Readers::Owner).map_err(failed)?;
    Ok(key)
}

/// The key of a data folder, made where there is none.
pub fn load_or_create(data_dir: &Path) -> Result<NodeKey, IdentityError> {
    match load(data_dir) {
        Err(IdentityError::Missing(_)) => create(data_dir),
        loaded => loaded,
    }
}

/// The seed in a file: 32 bytes as they are, or in hexadecimal digits.
fn seed(bytes: &[u8]) -> Option<[u8; 32]> {
    if let Ok(seed) = bytes.try_into() {
        return Some(seed);
    }
    let digits = bytes.trim_ascii();
    let mut seed = [0; 32];
    if digits.len() != seed.len() * 2 {
        return None;
    }
    for (byte, pair) in seed.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16);
        *byte = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
    }
    Some(seed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &[u8]) -> (tempfile::TempDir, Result<NodeKey, IdentityError>) {
        let folder = tempfile::tempdir().expect("a folder");
        files::create(&path(folder.path()), text, Readers::Owner).expect("it is written");
        let loaded = load(folder.path());
        (folder, loaded)
    }

    #[test]
    fn a_key_that_was_made_is_loaded_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let data_dir = folder.path().join("data");
        let made = load_or_create(&data_dir).expect("it is made");
        let loaded = load_or_create(&data_dir).expect("it is there");
        assert_eq!(made.node_id(), loaded.node_id());
    }

    #[test]
    fn a_key_is_never_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        create(folder.path()).expect("it is made");
        assert!(matches!(create(folder.path()), Err(IdentityError::Exists(_))));
    }

    #[test]
    fn a_missing_key_is_told_apart() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(matches!(load(folder.path()), Err(IdentityError::Missing(_))));
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        create(folder.path()).expect("it is made");
        fs::set_permissions(path(folder.path()), fs::Permissions::from_mode(0o640)).expect("the mode is set");
        let error = load(folder.path()).expect_err("it is exposed");
        assert!(error.to_string().contains("mode 0640"), "{error}");
    }

    #[test]
    fn raw_bytes_and_hexadecimal_digits_are_the_same_key() {
        let (_raw_folder, raw) = written(&[7; 32]);
        let (_folder, digits) = written(format!("{}\r\n", "07".repeat(32)).as_bytes());
        assert_eq!(raw.expect("32 bytes").node_id(), digits.expect("64 digits").node_id());
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "07", &"07".repeat(31), &"zz".repeat(32), &"07".repeat(400)] {
            let (_folder, loaded) = written(text.as_bytes());
            assert!(matches!(loaded, Err(IdentityError::NotAKey(_))), "{text}");
        }
    }
}
