//! Certificates, keys and digests. The home of openssl; its types do not leave this module.

mod anchors;
mod bounded_cache;
mod certificate;
mod certificate_cache;
mod der;
mod extensions;
mod hash;
mod name;
mod node_key;
mod public_key;
mod random;
#[cfg(test)]
pub(crate) mod samples;
mod self_signed;
mod signing_key;
mod slash_name;
mod x509;

pub use anchors::{
    AnchorFile, AnchorFinding, AnchorReport, BadAnchor, BadNamespaces, BadRevocationList, BadSigningPolicy, Chain,
    ChainError, ListAge, NamespaceReport, RevocationReason, RevocationReport, TrustAnchors,
};
pub use certificate::{BadCertificate, Certificate, CertificateRole};
pub(crate) use certificate_cache::decode_cached;
pub use extensions::ProxyKind;
pub use hash::Hash;
pub(crate) use hash::sha256;
pub use node_key::{NodeKey, verify_node_signature};
pub use public_key::{KeyKind, PublicKey, Scheme, Verification};
pub use random::random_secret;
pub use self_signed::{NewKey, SelfSigned, SelfSignedError, self_signed_pkcs12};
pub use signing_key::{BadSigningKey, SigningKey};
pub use slash_name::SlashName;
