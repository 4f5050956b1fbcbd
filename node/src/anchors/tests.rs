//! Claims about which files are read as trust anchors.

use std::fs::File;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

use proto::crypto::{AnchorReport, NamespaceReport, RevocationReport};
use proto::timestamp::Timestamp;

use super::*;

/// An authority named `/C=CH/CN=Example Root`, self-signed.
const ROOT: &str = "\
-----BEGIN CERTIFICATE-----
MIIBezCCASGgAwIBAgIBATAKBggqhkjOPQQDAjAkMQswCQYDVQQGEwJDSDEVMBMG
A1UEAwwMRXhhbXBsZSBSb290MCAXDTI2MTEyMjE4MjY1N1oYDzIxMjYxMDI5MTgy
NjU3WjAkMQswCQYDVQQGEwJDSDEVMBMGA1UEAwwMRXhhbXBsZSBSb290MFkwEwYH
KoZIzj0CAQYIKoZIzj0DAQcDQgAETMqduR6/WNvJBmftFTEPgIeVYb7Pf3cYPECf
G6EJXOjM7XKryrX8pbMICxiYblYx3eiHoBUIbpJ00156OTt+46NCMEAwDwYDVR0T
AQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAQYwHQYDVR0OBBYEFE8YSfYY4mp4aMq6
BKyD2rsLGqzlMAoGCCqGSM49BAMCA0gAMEUCIQC7o5S7QyFiNHa/gh+a0InVMFXO
gD1fw3lbk/wT+m5RpQIgX53COrRwUfkQetgFldDu9neJtOB9xZVTIU67Lorw5oM=
-----END CERTIFICATE-----
";

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).expect("it is written");
    path
}

fn loaded(paths: &[&Path]) -> (Vec<AnchorReport>, Vec<String>) {
    let paths: Vec<PathBuf> = paths.iter().map(|path| path.to_path_buf()).collect();
    let (anchors, findings) = load(&paths, Algorithms::Modern);
    let now = "2026-01-01T00:00:00Z".parse::<Timestamp>().expect("a moment");
    (anchors.report(now), findings.iter().map(ToString::to_string).collect())
}

/// The only finding, without the folder's name in it.
fn finding(folder: &Path, findings: &[String]) -> String {
    let [finding] = findings else { panic!("{findings:?}") };
    finding.replace(&folder.display().to_string(), "FOLDER")
}

#[test]
fn a_file_is_read_as_it_is() {
    let folder = folder();
    let path = write(folder.path(), "anything", ROOT);
    let (report, findings) = loaded(&[&path]);
    assert_eq!((report.len(), findings.len()), (1, 0));
    assert_eq!((report[0].subject_slash.as_str(), Path::new(&report[0].file)), ("/C=CH/CN=Example Root", &*path));
}

#[test]
fn of_a_directory_all_files_directly_in_it_are_read() {
    let folder = folder();
    fs::create_dir(folder.path().join("below")).expect("a folder");
    write(&folder.path().join("below"), "root.pem", "not read");
    write(folder.path(), "root.pem", ROOT);
    write(folder.path(), "notes", "garbage");
    let (report, findings) = loaded(&[folder.path()]);
    assert_eq!(report.len(), 1);
    let text = "FOLDER/notes: the file holds neither certificates nor revocation lists in PEM or DER";
    assert_eq!(finding(folder.path(), &findings), text);
}

#[test]
fn hashed_names_are_links_to_the_files_of_one_authority() {
    let folder = folder();
    let text = "TO Issuer SELF PERMIT Subject \"/C=CH/.*\"\n";
    write(folder.path(), "root.pem", ROOT);
    write(folder.path(), "root.namespaces", text);
    symlink("root.pem", folder.path().join("0a1b2c3d.0")).expect("a link");
    symlink("root.namespaces", folder.path().join("0a1b2c3d.namespaces")).expect("a link");
    let (report, findings) = loaded(&[folder.path()]);
    assert_eq!((report.len(), findings.len()), (1, 0));
    let file = folder.path().join("0a1b2c3d.namespaces").display().to_string();
    assert_eq!(report[0].namespace, NamespaceReport::Namespaces { file });
}

#[test]
fn a_path_that_is_not_there_is_found_and_spoils_nothing() {
    let folder = folder();
    let root = write(folder.path(), "root.pem", ROOT);
    let (report, findings) = loaded(&[&folder.path().join("missing"), &root]);
    assert_eq!(report.len(), 1);
    let text = "FOLDER/missing: the file cannot be read: No such file or directory (os error 2)";
    assert_eq!(finding(folder.path(), &findings), text);
}

#[test]
fn a_link_to_no_revocation_list_keeps_its_authority_out() {
    let folder = folder();
    write(folder.path(), "root.0", ROOT);
    let list = folder.path().join("root.r0");
    symlink("gone.r0", &list).expect("a link");
    let (report, findings) = loaded(&[folder.path()]);
    assert_eq!(report[0].revocations, RevocationReport::Unusable { file: list.display().to_string() });
    assert_eq!(findings.len(), 1);
}

#[test]
fn what_is_no_regular_file_is_not_opened() {
    let folder = folder();
    let socket = UnixListener::bind(folder.path().join("socket")).expect("a socket");
    let (report, findings) = loaded(&[folder.path()]);
    assert!(report.is_empty());
    let text = "FOLDER/socket: the file cannot be read: it is not a regular file";
    assert_eq!(finding(folder.path(), &findings), text);
    drop(socket);
}

#[test]
fn a_file_past_the_bound_is_not_read() {
    let folder = folder();
    let length = u64::try_from(ANCHOR_FILE_BYTES_MAX).expect("a length") + 1;
    File::create(folder.path().join("large")).and_then(|file| file.set_len(length)).expect("a large file");
    let (_, findings) = loaded(&[folder.path()]);
    let text = "FOLDER/large: the file cannot be read: it is larger than 16777216 bytes";
    assert_eq!(finding(folder.path(), &findings), text);
}

#[test]
fn files_past_the_bound_of_all_together_are_not_read() {
    let folder = folder();
    let most = u64::try_from(ANCHOR_FILE_BYTES_MAX).expect("a length");
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    for name in names {
        File::create(folder.path().join(name)).and_then(|file| file.set_len(most)).expect("a large file");
    }
    let (_, findings) = loaded(&[folder.path()]);
    let is_past = |finding: &&String| finding.ends_with("together have more than 134217728 bytes");
    let past: Vec<_> = findings.iter().filter(is_past).collect();
    assert_eq!((findings.len(), past.len()), (names.len(), 1));
    assert!(past[0].starts_with(&folder.path().join("i").display().to_string()));
}

#[test]
fn a_directory_with_too_many_files_is_not_read_in_part() {
    let folder = folder();
    write(folder.path(), "root.pem", ROOT);
    for index in 0..ANCHOR_FILES_MAX {
        File::create(folder.path().join(index.to_string())).expect("a file");
    }
    let (report, findings) = loaded(&[folder.path()]);
    assert!(report.is_empty());
    assert_eq!(finding(folder.path(), &findings), "FOLDER: the file cannot be read: it holds more than 8192 files");
}

#[test]
fn the_order_of_the_paths_and_their_repetition_play_no_part() {
    let (one, other) = (folder(), folder());
    let root = write(one.path(), "root.pem", ROOT);
    write(other.path(), "notes", "garbage");
    let paths = |paths: &[&Path]| paths.iter().map(|path| path.to_path_buf()).collect::<Vec<_>>();
    let load = |paths: &[PathBuf]| load(paths, Algorithms::Modern).0;
    let once = load(&paths(&[one.path(), other.path()]));
    assert_eq!(once, load(&paths(&[other.path(), one.path(), &root])));
    assert_ne!(once, load(&paths(&[one.path()])));
}
