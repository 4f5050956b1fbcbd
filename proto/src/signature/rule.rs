//! The rules of signed XML, each with its number, its stable name and its source.

use crate::rules::{Published, Stage};

macro_rules! rules {
    ($($(#[doc = $doc:literal])+ $number:literal $rule:ident = $name:literal;)+) => {
        /// A rule of signed XML; the first broken one is reported.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum SignatureRule {
            $($(#[doc = $doc])+ $rule,)+
        }

        impl SignatureRule {
            /// Every rule, in the order in which they are looked at.
            pub const ALL: &[Self] = &[$(Self::$rule),+];

            /// Its number in the published table, its name and what it asks for.
            #[must_use]
            pub const fn published(self) -> Published {
                match self {
                    $(Self::$rule => Published {
                        number: $number,
                        name: $name,
                        stage: Stage::Signature,
                        statement: concat!($($doc),+),
                    }),+
                }
            }
        }
    };
}

rules! {
    /// The document has at most 256 KiB (W30).
    101 DocumentSize = "document-size";
    /// There is no document type declaration, and so no entity but the five of XML (W5).
    102 Doctype = "doctype";
    /// The bytes are well-formed XML 1.0 in UTF-8 with namespaces, within the bounds of depth, attributes, declarations
    /// and nodes.
    103 Xml = "xml";
    /// There is no processing instruction: nothing reads it, so nobody can mean it (ours).
    104 Instruction = "processing-instruction";
    /// The root is `rdf:RDF` (ours).
    105 Root = "root";
    /// There is one signature (XML Signature section 4.2; W2).
    106 NoSignature = "no-signature";
    /// There is no second signature (W2).
    107 ManySignatures = "many-signatures";
    /// The signature is a child of the root, and no part of one stands elsewhere: signatures are not wrapped (W2).
    108 Wrapped = "signature-wrapped";
    /// The signature is the last child of the root, only blanks follow (ours).
    109 Last = "signature-last";
    /// Signature, SignedInfo, Reference and KeyInfo hold what the profile says, once and in order, and texts that no
    /// comment splits (XML Signature section 4).
    110 Structure = "signature-structure";
    /// Every algorithm is one of the profile, and not of old unless this node admits it (RFC 9231; W10).
    111 Algorithm = "algorithm";
    /// The one Reference has `URI=""`: it covers the whole document (W2).
    112 Reference = "reference";
    /// The transforms are enveloped-signature and at most one canonicalisation (XML Signature section 6.6.4).
    113 Transforms = "transforms";
    /// KeyInfo is one X509Data of one to eight certificates, the first the signer's, and nothing beside (W1).
    114 KeyInfo = "key-info";
    /// The digest is that of the canonical form of the document without its signature (XML Signature section 3.2.1).
    115 Digest = "digest-mismatch";
    /// Every certificate is DER-encoded X.509 (RFC 5280 section 4.1).
    116 Certificate = "certificate";
    /// The signer's certificate is no proxy (RFC 3820, and those of Globus before it).
    117 ProxyCertificate = "proxy-certificate";
    /// The signer's certificate is no authority's: authorities endorse nothing (RFC 5280 section 4.2.1.9).
    118 CaCertificate = "ca-certificate";
    /// The signer's certificate lets its key sign, where it states a use (RFC 5280 section 4.2.1.3).
    119 KeyUsage = "key-usage";
    /// The certificate's key is of the kind that the signature algorithm asks for.
    120 KeyKind = "key-kind";
    /// An RSA-PSS key's own parameters are those of the algorithm (RFC 4055 section 3.1).
    121 KeyRestricted = "key-restricted";
    /// The key has at least 2048 bits where it is RSA, and not so many that it costs too much.
    122 WeakKey = "weak-key";
    /// This machine's OpenSSL does the algorithm; the operator's matter where it does not.
    123 Unavailable = "algorithm-unavailable";
    /// The signature value is the certified key's over the canonical form of SignedInfo (XML Signature section 3.2.2).
    124 Signature = "signature-mismatch";
}
