//! Files that are whole or absent: written beside their place, synced, and moved there.

use std::fs::{self, File, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;

use tempfile::NamedTempFile;

/// Who may read a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Its owner alone (0600).
    Owner,
    /// Everyone (0644).
    Everyone,
}

/// Writes a file that does not exist; fails with [`io::ErrorKind::AlreadyExists`] where it does.
pub fn create(path: &Path, bytes: &[u8], readers: Readers) -> io::Result<()> {
    let file = write_beside(path, bytes, permissions(readers))?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    sync_folder(path)
}

/// Writes a file in place of the one that may be there; the permissions of that one are kept.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Through a symbolic link the file is replaced, not the link.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let permissions = match fs::metadata(path) {
        Ok(metadata) => metadata.permissions(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => permissions(Readers::Everyone),
        Err(error) => return Err(error),
    };
    let file = write_beside(path, bytes, permissions)?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(path)
}

/// Reads a file of at most `bytes_max` bytes.
pub fn read(path: &Path, bytes_max: usize) -> io::Result<Vec<u8>> {
    let bytes = read_start(path, bytes_max.saturating_add(1))?;
    if bytes.len() > bytes_max {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {bytes_max} bytes")));
    }
    Ok(bytes)
}

/// Reads the first `bytes_max` bytes of a file.
pub fn read_start(path: &Path, bytes_max: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(u64::try_from(bytes_max).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Makes a folder that only its owner may enter, with the folders above it; one that is there stays as it is.
pub fn create_private_folder(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn permissions(readers: Readers) -> Permissions {
    Permissions::from_mode(match readers {
        Readers::Owner => 0o600,
        Readers::Everyone => 0o644,
    })
}

fn write_beside(path: &Path, bytes: &[u8], permissions: Permissions) -> io::Result<NamedTempFile> {
    let mut file = NamedTempFile::new_in(folder(path))?;
    file.write_all(bytes)?;
    file.as_file().set_permissions(permissions)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Makes the new name itself durable.
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder(path))?.sync_all()
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("the file is there").permissions().mode() & 0o777
    }

    #[test]
    fn a_created_file_is_never_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        create(&path, b"first", Readers::Owner).expect("it is written");
        let second = create(&path, b"second", Readers::Owner).expect_err("it exists");
        assert_eq!(second.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).expect("it is there"), b"first");
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn a_replaced_file_keeps_its_mode() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        create(&path, b"first", Readers::Owner).expect("it is written");
        fs::set_permissions(&path, Permissions::from_mode(0o640)).expect("the mode is set");
        replace(&path, b"second").expect("it is replaced");
        assert_eq!(fs::read(&path).expect("it is there"), b"second");
        assert_eq!(mode(&path), 0o640);
    }

    #[test]
    fn a_file_past_the_bound_is_not_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        create(&path, b"12345", Readers::Everyone).expect("it is written");
        assert_eq!(read(&path, 5).expect("it fits"), b"12345");
        assert_eq!(read(&path, 4).expect_err("it is larger").kind(), io::ErrorKind::FileTooLarge);
    }
}
