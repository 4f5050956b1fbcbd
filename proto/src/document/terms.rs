//! The properties of the original's vocabulary that documents are read by.

use super::properties::Property;
use crate::vocabulary::{DCTERMS, SLREQ, SLTERMS};

const fn dcterms(local: &'static str) -> Property {
    Property { prefix: "dcterms", namespace: DCTERMS, local }
}

const fn slreq(local: &'static str) -> Property {
    Property { prefix: "slreq", namespace: SLREQ, local }
}

const fn slterms(local: &'static str) -> Property {
    Property { prefix: "slterms", namespace: SLTERMS, local }
}

pub(super) const IDENTIFIER: Property = dcterms("identifier");
pub(super) const TYPE: Property = dcterms("type");
pub(super) const VALID: Property = dcterms("valid");
pub(super) const CREATED: Property = dcterms("created");
pub(super) const TITLE: Property = dcterms("title");
pub(super) const DESCRIPTION: Property = dcterms("description");
pub(super) const PUBLISHER: Property = dcterms("publisher");
pub(super) const CREATOR: Property = dcterms("creator");
pub(super) const FORMAT: Property = dcterms("format");
pub(super) const COMPRESSION: Property = dcterms("compression");
pub(super) const ALTERNATIVE: Property = dcterms("alternative");
pub(super) const REPLACES: Property = dcterms("replaces");
pub(super) const IS_REPLACED_BY: Property = dcterms("isReplacedBy");
pub(super) const IS_VERSION_OF: Property = dcterms("isVersionOf");

pub(super) const BYTES: Property = slreq("bytes");
pub(super) const CHECKSUM: Property = slreq("checksum");
pub(super) const ALGORITHM: Property = slreq("algorithm");
pub(super) const VALUE: Property = slreq("value");
pub(super) const ENDORSEMENT: Property = slreq("endorsement");
pub(super) const ENDORSER: Property = slreq("endorser");
pub(super) const EMAIL: Property = slreq("email");
pub(super) const SUBJECT: Property = slreq("subject");
pub(super) const ISSUER: Property = slreq("issuer");

pub(super) const KIND: Property = slterms("kind");
pub(super) const OS: Property = slterms("os");
pub(super) const OS_ARCH: Property = slterms("os-arch");
pub(super) const OS_VERSION: Property = slterms("os-version");
pub(super) const VERSION: Property = slterms("version");
pub(super) const SERIAL_NUMBER: Property = slterms("serial-number");
pub(super) const DEPRECATED: Property = slterms("deprecated");
pub(super) const LOCATION: Property = slterms("location");
pub(super) const HYPERVISOR: Property = slterms("hypervisor");
pub(super) const DISKS_BUS: Property = slterms("disks-bus");
pub(super) const INBOUND_PORT: Property = slterms("inbound-port");
pub(super) const OUTBOUND_PORT: Property = slterms("outbound-port");
pub(super) const ICMP: Property = slterms("icmp");
