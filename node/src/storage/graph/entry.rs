//! What the graph shows of an entry, and where it reads it.

use proto::digest::Sha256Digest;
use proto::entry::EntryId;
use proto::node_id::NodeId;
use proto::rdf::Triple;
use proto::standing::Standing;
use proto::timestamp::Instant;
use proto::view::Placement;
use web::registry::Scope;

/// Where the graph reads what it shows; it is called on the graph's own thread and may block.
pub trait Source: Send + 'static {
    /// The last change; 0 where there is none.
    fn last_change(&self) -> Result<u64, SourceError>;

    /// At most `limit` changes after the change `after`, in order: their places and entries.
    fn changes_after(&self, after: u64, limit: usize) -> Result<Vec<(u64, EntryId)>, SourceError>;

    /// What is to be shown of these entries now, in this order, none for those that are not held any more; as many as
    /// fit the bounds of the source, but at least one.
    fn entries(&self, entries: &[EntryId]) -> Result<Vec<Option<GraphEntry>>, SourceError>;
}

/// The source cannot be read now; its own words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SourceError(pub String);

/// An entry as the graph shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphEntry {
    /// Its identity; its subject is made of it.
    pub id: EntryId,
    /// What its triples call the image; the entry's subject takes its place.
    pub image_iri: String,
    /// What its document says.
    pub triples: Vec<Triple>,
    /// The digest of the raw bytes that are served.
    pub document: Sha256Digest,
    /// How well its endorser is known.
    pub standing: Standing,
    /// Which graph shows it.
    pub placement: GraphPlacement,
    /// Whether it may leave this node.
    pub scope: Scope,
    /// Who admitted it, and when.
    pub provenance: Vec<Provenance>,
}

/// Which graph shows an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GraphPlacement {
    /// The default graph.
    Current,
    /// The graph of superseded entries.
    Superseded,
    /// The graph of contested entries, superseded ones among them.
    Contested,
}

/// One admission, as the provenance graph tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// The node that admitted.
    pub origin: NodeId,
    /// When it did.
    pub admitted: Instant,
}

impl GraphPlacement {
    pub(super) const ALL: [Self; 3] = [Self::Current, Self::Superseded, Self::Contested];

    /// The word for it in the provenance graph.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Superseded => "superseded",
            Self::Contested => "contested",
        }
    }
}

impl From<Placement> for GraphPlacement {
    fn from(placement: Placement) -> Self {
        match (placement.standing, placement.superseded_by) {
            (Standing::Contested, _) => Self::Contested,
            (_, Some(_)) => Self::Superseded,
            (_, None) => Self::Current,
        }
    }
}
