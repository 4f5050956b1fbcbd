//! The address book: where listed peers were reached, kept over restarts.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use proto::bounds::{ADDRESS_BYTES_MAX, ADDRESSES_LEARNED_MAX};
use proto::federation::Address;
use proto::node_id::NodeId;

use crate::bounds::PEERS_MAX;
use crate::files;

/// The file in the data folder.
const FILE: &str = "addresses.json";

/// Largest book: every peer with its addresses, and the marks of JSON.
const BYTES_MAX: usize = 2 * PEERS_MAX * (ADDRESSES_LEARNED_MAX + 1) * ADDRESS_BYTES_MAX;

/// Where peers said that they are reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddressBook {
    path: PathBuf,
    addresses: BTreeMap<NodeId, Vec<Address>>,
}

impl AddressBook {
    /// The book of a data folder. One that cannot be read is begun anew: peers say again where they are.
    #[must_use]
    pub fn load(data_dir: &Path) -> Self {
        let path = data_dir.join(FILE);
        let addresses = read(&path).unwrap_or_else(|error| {
            tracing::warn!(%error, path = %path.display(), "the address book is begun anew");
            BTreeMap::new()
        });
        Self { path, addresses }
    }

    /// Where a peer was reached.
    #[must_use]
    pub fn addresses(&self, peer: &NodeId) -> Vec<Address> {
        self.addresses.get(peer).cloned().unwrap_or_default()
    }

    /// Notes where a peer is reached and forgets who is not among `listed`; it blocks.
    pub fn note(&mut self, peer: NodeId, addresses: Vec<Address>, listed: &[NodeId]) -> io::Result<()> {
        self.addresses.insert(peer, addresses);
        self.addresses.retain(|peer, _| listed.contains(peer));
        let named: BTreeMap<_, _> = self.addresses.iter().map(|(peer, known)| (peer.to_string(), known)).collect();
        files::replace(&self.path, &serde_json::to_vec_pretty(&named)?)
    }
}

fn read(path: &Path) -> io::Result<BTreeMap<NodeId, Vec<Address>>> {
    let bytes = match files::read(path, BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(error),
    };
    let named: BTreeMap<String, Vec<Address>> = serde_json::from_slice(&bytes)?;
    let known = |(peer, addresses): (String, Vec<Address>)| Some((peer.parse().ok()?, addresses));
    Ok(named.into_iter().filter_map(known).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(number: u8) -> NodeId {
        NodeId::from_public_key([number; 32])
    }

    #[test]
    fn addresses_outlive_the_node_and_unlisted_peers_are_forgotten() {
        let folder = tempfile::tempdir().expect("a folder");
        let address = |name: &str| vec![format!("/dns4/{name}/tcp/4040")];
        let mut book = AddressBook::load(folder.path());
        book.note(node(1), address("a"), &[node(1), node(2)]).expect("it is written");
        book.note(node(2), address("b"), &[node(2)]).expect("it is written");
        let book = AddressBook::load(folder.path());
        assert_eq!((book.addresses(&node(1)), book.addresses(&node(2))), (Vec::new(), address("b")));
    }

    #[test]
    fn a_broken_book_is_begun_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join(FILE), "{").expect("it is written");
        assert_eq!(AddressBook::load(folder.path()).addresses(&node(1)), Vec::<Address>::new());
    }
}
