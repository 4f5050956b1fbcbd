//! The files that trust anchors are read from: single files, and directories in the layout of the grid.

use std::collections::BTreeSet;
use std::ffi::OsString;
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
        if !path.is_dir() {
            return self.add_file(path);
        }
        match names(path) {
            Ok(names) => names.iter().for_each(|name| self.add_file(&path.join(name))),
            Err(error) => self.files.push(AnchorFile::unread(path.display().to_string(), error.to_string())),
        }
    }

    fn add_file(&mut self, path: &Path) {
        if !self.seen.insert(path.to_owned()) {
            return;
        }
        let name = path.display().to_string();
        // As many are read as count; the others still keep out what they may restrict.
        let read = match self.files.len() {
            0..ANCHOR_FILES_MAX => read(path, self.bytes_left),
            _ => Ok(Some(Vec::new())),
        };
        match read {
            Ok(Some(bytes)) => {
                self.bytes_left -= bytes.len();
                self.files.push(AnchorFile::new(name, bytes));
            }
            Ok(None) => (),
            Err(error) => self.files.push(AnchorFile::unread(name, error.to_string())),
        }
    }
}

/// The names in a directory, sorted; a directory with more than are read is not listed at all, for what is left out of
/// it might be a revocation list.
fn names(folder: &Path) -> io::Result<BTreeSet<OsString>> {
    let entries = fs::read_dir(folder)?.take(ANCHOR_FILES_MAX + 1);
    let names: BTreeSet<_> = entries.map(|entry| entry.map(|entry| entry.file_name())).collect::<Result<_, _>>()?;
    if names.len() > ANCHOR_FILES_MAX {
        return Err(io::Error::other(format!("it holds more than {ANCHOR_FILES_MAX} files")));
    }
    Ok(names)
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
    if metadata.len() > u64::try_from(bytes_left).unwrap_or(u64::MAX) {
        let reason = format!("all files of trust anchors together have more than {ANCHOR_BYTES_MAX} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
    }
    files::read(path, ANCHOR_FILE_BYTES_MAX.min(bytes_left)).map(Some)
}

#[cfg(test)]
mod tests;
