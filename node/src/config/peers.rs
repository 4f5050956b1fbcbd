//! Changes the `[[peer]]` sections of a configuration file; comments and order are kept.

use std::io;
use std::path::{Path, PathBuf};

use proto::federation::Membership;
use proto::node_id::NodeId;
use proto::timestamp::Timestamp;
use proto::trust::Confirmations;
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, value};

use super::{Config, ConfigError, PeerEntry, load};
use crate::files;

/// Why the peers of a file were not changed.
#[derive(Debug, thiserror::Error)]
pub enum PeersFileError {
    /// The file is not good as it is.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The peer is listed already.
    #[error("{0} is listed already in {1}")]
    Listed(NodeId, PathBuf),
    /// The peer is not listed.
    #[error("{0} is not listed in {1}")]
    NotListed(NodeId, PathBuf),
    /// `peer` is written in a way that cannot be edited: `peer = [{…}]`.
    #[error("the peers in {0} are not written as [[peer]] sections; edit the file by hand")]
    Inline(PathBuf),
    /// The machine does not write the file.
    #[error("cannot write {path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

/// Lists a peer in the file; it is a former member no more.
pub fn add_peer(path: &Path, peer: &PeerEntry) -> Result<(), PeersFileError> {
    edit(path, |listed, document| {
        if listed.peers.iter().any(|listed| listed.id == peer.id) {
            return Err(PeersFileError::Listed(peer.id, path.to_owned()));
        }
        sections(document, path)?.push(table(peer));
        if listed.federation.former_members.contains_key(&peer.id) {
            former(document, path)?.remove(&peer.id.to_string());
        }
        Ok(())
    })
}

/// Takes a peer out of the file; one that was a member is kept among the former ones, until `now`.
pub fn remove_peer(path: &Path, peer: NodeId, now: Timestamp) -> Result<(), PeersFileError> {
    edit(path, |listed, document| {
        // The file was read before: its peers stand in the order of its sections.
        let at = listed.peers.iter().position(|listed| listed.id == peer);
        let at = at.ok_or_else(|| PeersFileError::NotListed(peer, path.to_owned()))?;
        sections(document, path)?.remove(at);
        if listed.peers[at].membership == Membership::Member {
            former(document, path)?.insert(&peer.to_string(), value(now.to_string()));
        }
        Ok(())
    })
}

fn edit(
    path: &Path,
    change: impl FnOnce(&Config, &mut DocumentMut) -> Result<(), PeersFileError>,
) -> Result<(), PeersFileError> {
    let listed = load(Some(path))?;
    let file_error = |error| PeersFileError::File { path: path.to_owned(), error };
    let text = std::fs::read_to_string(path).map_err(file_error)?;
    let mut document: DocumentMut =
        text.parse().map_err(|error| file_error(io::Error::new(io::ErrorKind::InvalidData, error)))?;
    change(&listed, &mut document)?;
    files::replace(path, document.to_string().as_bytes()).map_err(file_error)
}

fn sections<'a>(document: &'a mut DocumentMut, path: &Path) -> Result<&'a mut ArrayOfTables, PeersFileError> {
    let item = document.entry("peer").or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
    item.as_array_of_tables_mut().ok_or_else(|| PeersFileError::Inline(path.to_owned()))
}

/// The table of former members, made where there is none.
fn former<'a>(document: &'a mut DocumentMut, path: &Path) -> Result<&'a mut dyn TableLike, PeersFileError> {
    let federation = document.entry("federation").or_insert(Item::Table(Table::new()));
    let federation = federation.as_table_like_mut().ok_or_else(|| PeersFileError::Inline(path.to_owned()))?;
    let former = federation.entry("former_members").or_insert(value(InlineTable::new()));
    former.as_table_like_mut().ok_or_else(|| PeersFileError::Inline(path.to_owned()))
}

fn table(peer: &PeerEntry) -> Table {
    let mut table = Table::new();
    table.insert("id", value(peer.id.to_string()));
    if !peer.addresses.is_empty() {
        table.insert("address", value(peer.addresses.iter().collect::<Array>()));
    }
    if !peer.name.is_empty() {
        table.insert("name", value(&peer.name));
    }
    if let Some(url) = &peer.public_url {
        table.insert("url", value(url.as_str()));
    }
    table.insert("member", value(peer.membership == Membership::Member));
    table.insert("confirms_email", value(peer.confirmations == Confirmations::Believed));
    table
}

#[cfg(test)]
mod tests {
    use super::super::EXAMPLE;
    use super::*;

    fn peer(byte: u8) -> PeerEntry {
        let address = "/ip4/10.0.0.2/tcp/4040".to_owned();
        PeerEntry { name: "b".to_owned(), ..PeerEntry::member(NodeId::from_public_key([byte; 32]), vec![address]) }
    }

    fn now() -> Timestamp {
        "2026-01-01T00:00:00Z".parse().expect("a moment")
    }

    fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("marketplace.toml");
        std::fs::write(&path, text).expect("it is written");
        (folder, path)
    }

    #[test]
    fn an_added_peer_is_listed_and_the_rest_stays() {
        let (_folder, path) = file(EXAMPLE);
        add_peer(&path, &peer(1)).expect("it is added");
        add_peer(&path, &peer(2)).expect("it is added");
        assert_eq!(load(Some(&path)).expect("it is good").peers, [peer(1), peer(2)]);
        let text = std::fs::read_to_string(&path).expect("it is there");
        assert!(EXAMPLE.lines().all(|line| text.lines().any(|kept| kept == line)), "{text}");
    }

    #[test]
    fn a_removed_peer_leaves_the_others() {
        let (_folder, path) = file("# first\n[node]\nname = \"a\" # here\n");
        for byte in 1..=3 {
            add_peer(&path, &peer(byte)).expect("it is added");
        }
        remove_peer(&path, peer(2).id, now()).expect("it is removed");
        let config = load(Some(&path)).expect("it is good");
        assert_eq!(config.peers, [peer(1), peer(3)]);
        assert_eq!(config.federation.former_members, [(peer(2).id, now())].into());
        assert!(
            std::fs::read_to_string(&path).expect("it is there").starts_with("# first\n[node]\nname = \"a\" # here\n")
        );
    }

    #[test]
    fn a_member_that_comes_back_is_no_former_member() {
        let (_folder, path) = file(EXAMPLE);
        add_peer(&path, &peer(1)).expect("it is added");
        remove_peer(&path, peer(1).id, now()).expect("it is removed");
        add_peer(&path, &peer(1)).expect("it is added again");
        let config = load(Some(&path)).expect("it is good");
        assert_eq!((config.peers.len(), config.federation.former_members.len()), (1, 0));
    }

    #[test]
    fn a_courier_leaves_no_trace() {
        let (_folder, path) = file(EXAMPLE);
        add_peer(&path, &PeerEntry { membership: Membership::Courier, ..peer(1) }).expect("it is added");
        remove_peer(&path, peer(1).id, now()).expect("it is removed");
        assert!(load(Some(&path)).expect("it is good").federation.former_members.is_empty());
    }

    #[test]
    fn the_last_peer_can_be_removed() {
        let (_folder, path) = file("");
        add_peer(&path, &peer(1)).expect("it is added");
        remove_peer(&path, peer(1).id, now()).expect("it is removed");
        assert!(load(Some(&path)).expect("it is good").peers.is_empty());
    }

    #[test]
    fn a_peer_is_listed_once() {
        let (_folder, path) = file("");
        add_peer(&path, &peer(1)).expect("it is added");
        assert!(matches!(add_peer(&path, &peer(1)), Err(PeersFileError::Listed(..))));
        assert!(matches!(remove_peer(&path, peer(2).id, now()), Err(PeersFileError::NotListed(..))));
    }

    #[test]
    fn a_file_with_a_fault_is_not_edited() {
        let (_folder, path) = file("[nod]\n");
        assert!(matches!(add_peer(&path, &peer(1)), Err(PeersFileError::Config(_))));
        assert_eq!(std::fs::read_to_string(&path).expect("it is there"), "[nod]\n");
    }
}
