//! What an operator sees of the trust anchors.

use crate::digest::Sha256Digest;
use crate::timestamp::Timestamp;

/// One authority among the trust anchors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnchorReport {
    /// Its name as Java writes it.
    pub subject: String,
    /// Its name in the slash form of the grid.
    pub subject_slash: String,
    /// The digest of its certificate.
    pub fingerprint: Sha256Digest,
    /// The last moment of its validity.
    pub not_after: Timestamp,
    /// The file that it was read from; the first by name.
    pub file: String,
    /// Which names it may certify.
    pub namespace: NamespaceReport,
    /// What is known of revocations by it.
    pub revocations: RevocationReport,
}

/// Which names an authority may certify.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamespaceReport {
    /// Any name, for no file restricts it.
    Unrestricted,
    /// Those of a `signing_policy` file.
    SigningPolicy {
        /// The file.
        file: String,
    },
    /// Those of a `namespaces` file.
    Namespaces {
        /// The file.
        file: String,
    },
    /// None, for its file cannot be read.
    Unusable {
        /// The file.
        file: String,
    },
}

/// What is known of revocations by an authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RevocationReport {
    /// There is no list, and its certificates are accepted unchecked.
    None,
    /// There is a list that cannot be used, and its certificates are refused.
    Unusable {
        /// The file.
        file: String,
    },
    /// There is a list.
    List {
        /// The file.
        file: String,
        /// When it was made.
        this_update: Timestamp,
        /// When the next one is due.
        next_update: Timestamp,
        /// How many certificates it lists.
        entries: usize,
        /// Whether the next one is due.
        age: ListAge,
    },
}

/// How old a revocation list is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListAge {
    /// The next one is not due yet.
    Current,
    /// The next one is due; this one counts for some days more.
    Due,
    /// The next one is so long overdue that certificates of this authority are refused.
    Overdue,
}
