//! The rules of documents, each with a stable name and its source.

use std::fmt;

use crate::rules::{Published, Stage};

/// How much of the original's checks a document has to pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strength {
    /// What a node asks of every document: the original server's rules, and those that make a document unambiguous.
    Server,
    /// The original's published schema in addition (docs/original.md 4), which its command line asked for.
    Strict,
}

/// A broken rule, and with what value; always the sender's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{rule}: {reason}")]
pub struct Violation {
    /// The rule.
    pub rule: Rule,
    /// What is wrong.
    pub reason: String,
}

impl Violation {
    /// `rule` is broken because of `reason`.
    pub fn new(rule: Rule, reason: impl fmt::Display) -> Self {
        Self { rule, reason: reason.to_string() }
    }
}

macro_rules! rules {
    ($($(#[doc = $doc:literal])+ $number:literal $rule:ident = $name:literal, $strength:ident;)+) => {
        /// A rule of documents. They are checked in this order, the first broken one is reported.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $($(#[doc = $doc])+ $rule,)+
        }

        impl Rule {
            /// Every rule, in order.
            pub const ALL: &[Self] = &[$(Self::$rule),+];

            /// Its stable name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$rule => $name),+ }
            }

            /// Its number in the published table, its name and what it asks for.
            #[must_use]
            pub const fn published(self) -> Published {
                match self {
                    $(Self::$rule => Published {
                        number: $number,
                        name: $name,
                        stage: Stage::Document,
                        statement: concat!($($doc),+),
                    }),+
                }
            }

            /// The weakest strength that includes it.
            #[must_use]
            pub const fn strength(self) -> Strength {
                match self { $(Self::$rule => Strength::$strength),+ }
            }
        }
    };
}

rules! {
    /// The bytes are XML of the accepted profile: UTF-8, no document type, within the bounds (W5, ours).
    201 WellFormedXml = "well-formed-xml", Server;
    /// No processing instruction: nothing reads it, so nobody can mean it (ours).
    202 NoInstruction = "no-instruction", Server;
    /// The root is `rdf:RDF` (schema).
    203 RdfRoot = "rdf-root", Server;
    /// The root has `xml:base="http://mp.stratuslab.eu/"` (K1).
    204 XmlBase = "xml-base", Server;
    /// No other element has an `xml:base`: it would give the same text another meaning (ours).
    205 OneBase = "one-base", Server;
    /// The root holds one `rdf:Description` and nothing else (schema; W4).
    206 OneDescription = "one-description", Server;
    /// The document is RDF/XML (docs/original.md 5).
    207 RdfModel = "rdf-model", Server;
    /// There is one `dcterms:identifier` (schema).
    208 OneIdentifier = "one-identifier", Server;
    /// The identifier is 27 characters that spell 160 bits (docs/original.md 1; W29).
    209 IdentifierForm = "identifier-form", Server;
    /// `rdf:about` is `#` and the identifier (K11).
    210 SameIdentifier = "same-identifier", Server;
    /// Every triple speaks about the image or a blank node beneath it (W4, ours).
    211 OneSubject = "one-subject", Server;
    /// There is one `dcterms:type` (K2).
    212 OneType = "one-type", Server;
    /// `dcterms:type` has no child element (K3).
    213 PlainType = "plain-type", Server;
    /// Every checksum has one algorithm and one value of hexadecimal digits (schema; denials rely on it).
    214 ChecksumForm = "checksum-form", Server;
    /// There is one checksum with the algorithm `SHA-1` (K4).
    215 OneSha1 = "one-sha1", Server;
    /// At most one `slterms:serial-number` (K5).
    216 OneSerialNumber = "one-serial-number", Server;
    /// At most one `slterms:version` (K6).
    217 OneVersion = "one-version", Server;
    /// At most one `slterms:deprecated` (K7).
    218 OneDeprecated = "one-deprecated", Server;
    /// At most one `slterms:os` (K8).
    219 OneOs = "one-os", Server;
    /// At most one `slterms:os-arch` (K9).
    220 OneOsArch = "one-os-arch", Server;
    /// At most one `slterms:os-version` (K10).
    221 OneOsVersion = "one-os-version", Server;
    /// The identifier is the SHA-1 as a number (K12).
    222 Sha1IsIdentifier = "sha1-is-identifier", Server;
    /// At most one `dcterms:valid`, as it decides what is offered (ours).
    223 OneValid = "one-valid", Server;
    /// `dcterms:valid` is empty or a real moment (K13).
    224 ValidDate = "valid-date", Server;
    /// At most one `slreq:bytes`, as downloads are checked against it (ours).
    225 OneBytes = "one-bytes", Server;
    /// `slreq:bytes` is a number from 0 to 2^64-1 (schema).
    226 BytesNumber = "bytes-number", Server;
    /// There is one endorsement (schema; W28).
    227 OneEndorsement = "one-endorsement", Server;
    /// The endorsement has one `dcterms:created` (schema; W28).
    228 OneCreated = "one-created", Server;
    /// `dcterms:created` of the endorsement is a real moment (K13).
    229 CreatedDate = "created-date", Server;
    /// The endorsement has one endorser (schema).
    230 OneEndorser = "one-endorser", Server;
    /// The endorser has one e-mail, one subject and one issuer, each a text (schema; ours).
    231 EndorserForm = "endorser-form", Server;
    /// The endorser's e-mail is an address (schema; W6).
    232 EmailForm = "email-form", Server;
    /// Checksum, endorsement and endorser have attributes of RDF only, the description `rdf:about` only (schema).
    233 RdfAttributes = "rdf-attributes", Strict;
    /// `slreq:bytes` is present (schema).
    234 BytesPresent = "bytes-present", Strict;
    /// The required elements stand in the order of the schema; those inside checksum, endorsement and endorser
    /// directly, so that another `rdf:parseType` than `Resource` is refused by the rules on their content.
    235 ElementOrder = "element-order", Strict;
    /// Elements of Dublin Core and the typed ones of `slterms` hold text alone (schema).
    236 PlainText = "plain-text", Strict;
    /// `slterms:serial-number` is a number from 0 (schema).
    237 SerialNumber = "serial-number", Strict;
    /// `slterms:inbound-port` is a number from 0 to 65535 (schema).
    238 InboundPort = "inbound-port", Strict;
    /// `slterms:outbound-port` is a number from 0 to 65535 (schema).
    239 OutboundPort = "outbound-port", Strict;
    /// `slterms:icmp` is a number from 0 to 255 (schema).
    240 Icmp = "icmp", Strict;
    /// `slterms:location` is an IRI or a relative reference (schema).
    241 Location = "location", Strict;
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_rule_has_a_name_of_its_own_in_kebab_case() {
        let names: BTreeSet<_> = Rule::ALL.iter().map(|rule| rule.name()).collect();
        assert_eq!(names.len(), Rule::ALL.len());
        let is_kebab =
            |name: &&str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        assert!(names.iter().all(is_kebab));
    }

    #[test]
    fn the_rules_of_the_server_come_first() {
        assert!(Rule::ALL.is_sorted_by_key(|rule| rule.strength()));
    }

    #[test]
    fn a_violation_names_its_rule() {
        assert_eq!(Violation::new(Rule::OneType, "none").to_string(), "one-type: none");
    }
}
