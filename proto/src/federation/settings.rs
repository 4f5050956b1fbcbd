//! What the operator decided about the federation.

use crate::node_id::NodeId;
use crate::roster::{RosterAuthority, VerifiedRoster};

/// Where a peer can be dialled, in the words of the network (a multiaddress); opaque here.
pub type Address = String;

/// The settings of a node's part in the federation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// This node.
    pub node: NodeId,
    /// Who may connect.
    pub admittance: Admittance,
    /// The listed peers.
    pub peers: Vec<Peer>,
    /// Pause in ms between two syncs with one peer when nothing else calls for one.
    pub sync_interval_ms: u64,
    /// Where the jitter of pauses comes from; different on every node.
    pub seed: u64,
    /// Who may sign the federation's roster; rosters are neither asked for nor taken where it is `None`.
    pub roster_authority: Option<RosterAuthority>,
    /// The roster in force; its members are among the peers.
    pub roster: Option<VerifiedRoster>,
}

/// Who may connect to the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admittance {
    /// Listed peers only.
    Closed,
    /// Anyone. What a stranger's admissions prove is for the intake to judge.
    Open,
}

/// A listed peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Who it is.
    pub node: NodeId,
    /// Whether its own admissions count.
    pub membership: Membership,
    /// Where to dial it, in turn; a peer without an address is waited for.
    pub addresses: Vec<Address>,
    /// Where it said that it is reached when it was last connected; dialled after the others.
    pub learned: Vec<Address>,
    /// Who listed it.
    pub listed_by: ListedBy,
}

impl Peer {
    /// Every address to dial, in turn, each once.
    pub fn dialled(&self) -> impl Iterator<Item = &Address> {
        let more = self.learned.iter().filter(|address| !self.addresses.contains(address));
        self.addresses.iter().chain(more)
    }
}

/// Who listed a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListedBy {
    /// This node's operator, who wants a connection to it.
    Operator,
    /// The roster alone: some connections to such peers suffice.
    Roster,
}

/// Whether a peer's own admissions count; for the intake and the status, connections do not depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// Its admissions count.
    Member,
    /// It only carries what others admitted.
    Courier,
}
