//! The files that trust anchors are read from: single files, and directories in the layout of the grid.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use proto::bounds::{ANCHOR_BYTES_MAX, ANCHOR_FILE_BYTES_MAX, ANCHOR_FILES_MAX};
use proto::crypto::{AnchorFile, AnchorFinding, TrustAnchors};
use proto::signature::Algorithms;

use crate::files;

/// Reads the trust anchors in `paths`: files as they are, of a directory all files directly in it. It blocks.
///
/// What cannot be read becomes a finding, and what it might have restricted is refused.
#[must_use]
pub fn load(paths: &[PathBuf], algorithms: Algorithms) -> (TrustAnchors, Vec<AnchorFinding>) {
    let mut reader = Reader { files: Vec::new(), seen: BTreeSet::new(), bytes_left: ANCHOR_BYTES_MAX };
    for path in paths {
        reader.add(path);
    }
    TrustAnchors::read(reader.files, algorithms)
}

struct Reader {
    files: Vec<AnchorFile>,
    /// The paths that were read, so that a path that is listed twice counts once.
    seen: BTreeSet<PathBuf>,
    bytes_left: usize,
}

impl Reader {
    fn add(&mut self, path: &Path) {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => match names(path) {
                Ok(names) => names.iter().for_each(|name| self.add_file(&path.join(name))),
                Err(error) => self.unread(path, error.to_string()),
            },
            Ok(_) => self.add_file(path),
            Err(error) => self.unread(path, error.to_string()),
        }
    }

    fn add_file(&mut self, path: &Path) {
        // The reading of trust anchors says that there are too many, by name, for as many as one may list.
        if self.files.len() > ANCHOR_FILES_MAX || !self.seen.insert(path.to_owned()) {
            return;
        }
        match read(path, self.bytes_left) {
            Ok(Some(bytes)) => {
                self.bytes_left -= bytes.len();
                self.files.push(AnchorFile::new(path.display().to_string(), bytes));
            }
            Ok(None) => (),
            Err(error) => self.unread(path, error.to_string()),
        }
    }

    fn unread(&mut self, path: &Path, reason: String) {
        self.files.push(AnchorFile::unread(path.display().to_string(), reason));
    }
}

/// The names in a directory, sorted; more than are ever read are not even listed.
fn names(folder: &Path) -> io::Result<BTreeSet<std::ffi::OsString>> {
    let entries = fs::read_dir(folder)?.take(ANCHOR_FILES_MAX + 1);
    entries.map(|entry| entry.map(|entry| entry.file_name())).collect()
}

/// The bytes of a regular file, through symbolic links; `None` for a directory.
fn read(path: &Path, bytes_left: usize) -> io::Result<Option<Vec<u8>>> {
    let metadata = fs::metadata(path)?;
    if metadata.is_dir() {
        return Ok(None);
    }
    // Opening a pipe would wait for its other end.
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let bytes = files::read(path, ANCHOR_FILE_BYTES_MAX)?;
    if bytes.len() > bytes_left {
        let reason = format!("all files of [trust] anchors together have more than {ANCHOR_BYTES_MAX} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
    }
    Ok(Some(bytes))
}
