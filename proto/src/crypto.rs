//! Certificates, keys and digests. The home of openssl; its types do not leave this module.

mod anchors;
mod certificate;
mod certificate_cache;
mod der;
mod hash;
mod name;
mod node_key;
mod random;
#[cfg(test)]
pub(crate) mod samples;
mod self_signed;
mod signing_key;

pub use anchors::{
    AnchorFile, AnchorFinding, AnchorReport, BadAnchor, Chain, ChainError, ListAge, NamespaceReport, RevocationReason,
    RevocationReport, TrustAnchors,
};
pub use certificate::{BadCertificate, Certificate, KeyKind};
pub(crate) use certificate_cache::decode_cached;
pub use hash::Hash;
pub use node_key::{NodeKey, verify_node_signature};
pub use random::random_secret;
pub use self_signed::{RsaSize, SelfSigned, SelfSignedError, self_signed_pkcs12};
pub use signing_key::{BadSigningKey, SigningKey};
