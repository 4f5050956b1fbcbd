//! New documents: written in the original's order and with its prefixes, ready to be signed.

use std::fmt::Display;

use crate::checksum::{Checksum, ChecksumAlgorithm};
use crate::identifier::ImageIdentifier;
use crate::timestamp::Timestamp;
use crate::vocabulary::{BASE, DCTERMS, RDF, SLREQ, SLTERMS};

/// What a new document is to say; its SHA-1 checksum is that of the identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The image's name.
    pub identifier: ImageIdentifier,
    /// The image's size.
    pub bytes: u64,
    /// Further checksums; a SHA-1 among them is passed over, the identifier gives it.
    pub checksums: Vec<Checksum>,
    /// `dcterms:type`.
    pub kind_of_resource: String,
    /// `slterms:kind`.
    pub kind: Option<String>,
    /// The operating system.
    pub os: Option<String>,
    /// The version of the operating system.
    pub os_version: Option<String>,
    /// The processor architecture.
    pub os_arch: Option<String>,
    /// The version of the image.
    pub version: Option<String>,
    /// The serial number.
    pub serial_number: Option<u64>,
    /// The compression of the image file.
    pub compression: Option<String>,
    /// Where the image can be downloaded; IRIs or relative references.
    pub locations: Vec<String>,
    /// The format of the image file.
    pub format: Option<String>,
    /// The creator.
    pub creator: Option<String>,
    /// The publisher.
    pub publisher: Option<String>,
    /// When the description was made.
    pub document_created: Option<Timestamp>,
    /// The moment until which the endorser vouches for the image.
    pub valid: Option<Timestamp>,
    /// The title.
    pub title: Option<String>,
    /// The description.
    pub description: Option<String>,
    /// Tags, `dcterms:alternative`.
    pub tags: Vec<String>,
    /// The hypervisors it runs on.
    pub hypervisors: Vec<String>,
    /// The bus that disks are attached to.
    pub disks_bus: Option<String>,
    /// Ports that it serves on.
    pub inbound_ports: Vec<u16>,
    /// Ports that it connects to.
    pub outbound_ports: Vec<u16>,
    /// ICMP types that it needs.
    pub icmp: Vec<u8>,
    /// Images that this one replaces.
    pub replaces: Vec<String>,
    /// Images that replace this one.
    pub is_replaced_by: Vec<String>,
    /// Images that this one is a version of.
    pub is_version_of: Vec<String>,
    /// Why the image should no longer be used.
    pub deprecated: Option<String>,
    /// Elements of other vocabularies.
    pub extension: Vec<Extension>,
}

/// A text element of a foreign vocabulary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// The prefix to write; an XML name without a colon.
    pub prefix: String,
    /// Its namespace; an absolute URI without an ampersand.
    pub namespace: String,
    /// The element's name; an XML name without a colon.
    pub local: String,
    /// Its text.
    pub value: String,
}

impl Template {
    /// A template that says what the schema requires and nothing else.
    #[must_use]
    pub fn new(identifier: ImageIdentifier, bytes: u64, kind_of_resource: &str) -> Self {
        Self {
            identifier,
            bytes,
            checksums: Vec::new(),
            kind_of_resource: kind_of_resource.to_owned(),
            kind: None,
            os: None,
            os_version: None,
            os_arch: None,
            version: None,
            serial_number: None,
            compression: None,
            locations: Vec::new(),
            format: None,
            creator: None,
            publisher: None,
            document_created: None,
            valid: None,
            title: None,
            description: None,
            tags: Vec::new(),
            hypervisors: Vec::new(),
            disks_bus: None,
            inbound_ports: Vec::new(),
            outbound_ports: Vec::new(),
            icmp: Vec::new(),
            replaces: Vec::new(),
            is_replaced_by: Vec::new(),
            is_version_of: Vec::new(),
            deprecated: None,
            extension: Vec::new(),
        }
    }

    /// The document, with an empty endorsement for the signer to fill.
    ///
    /// It passes [`super::check_draft`] where locations and extensions are what their fields say.
    #[must_use]
    pub fn to_xml(&self) -> String {
        let identifier = self.identifier;
        let mut out = Writer(format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <rdf:RDF xmlns:dcterms=\"{DCTERMS}\" xmlns:rdf=\"{RDF}\" xmlns:slreq=\"{SLREQ}\" \
             xmlns:slterms=\"{SLTERMS}\" xml:base=\"{BASE}\">\n\n  <rdf:Description rdf:about=\"#{identifier}\">\n"
        ));
        self.write_required(&mut out);
        self.write_image(&mut out);
        self.write_provenance(&mut out);
        self.write_use(&mut out);
        self.extension.iter().for_each(|extension| out.extension(extension));
        out.0.push_str("  </rdf:Description>\n\n</rdf:RDF>\n");
        out.0
    }

    fn write_required(&self, out: &mut Writer) {
        out.one("dcterms:identifier", self.identifier);
        out.one("slreq:bytes", self.bytes);
        let sha1: String = self.identifier.sha1().iter().map(|byte| format!("{byte:02x}")).collect();
        out.checksum(ChecksumAlgorithm::Sha1.as_str(), &sha1);
        let further = self.checksums.iter().filter(|checksum| *checksum.algorithm() != ChecksumAlgorithm::Sha1);
        further.for_each(|checksum| out.checksum(checksum.algorithm().as_str(), checksum.value()));
        out.0.push_str("    <slreq:endorsement rdf:parseType=\"Resource\"></slreq:endorsement>\n");
        out.one("dcterms:type", &self.kind_of_resource);
    }

    fn write_image(&self, out: &mut Writer) {
        out.all("slterms:kind", &self.kind);
        out.all("slterms:os", &self.os);
        out.all("slterms:os-version", &self.os_version);
        out.all("slterms:os-arch", &self.os_arch);
        out.all("slterms:version", &self.version);
        out.all("slterms:serial-number", self.serial_number);
        out.all("dcterms:compression", &self.compression);
        out.all("slterms:location", &self.locations);
        out.all("dcterms:format", &self.format);
    }

    fn write_provenance(&self, out: &mut Writer) {
        out.all("dcterms:creator", &self.creator);
        out.all("dcterms:created", self.document_created);
        out.all("dcterms:valid", self.valid);
        out.all("dcterms:title", &self.title);
        out.all("dcterms:description", &self.description);
        out.all("dcterms:alternative", &self.tags);
        out.all("dcterms:publisher", &self.publisher);
    }

    fn write_use(&self, out: &mut Writer) {
        out.all("slterms:hypervisor", &self.hypervisors);
        out.all("slterms:disks-bus", &self.disks_bus);
        out.all("slterms:inbound-port", &self.inbound_ports);
        out.all("slterms:outbound-port", &self.outbound_ports);
        out.all("slterms:icmp", &self.icmp);
        out.all("dcterms:replaces", &self.replaces);
        out.all("dcterms:isReplacedBy", &self.is_replaced_by);
        out.all("dcterms:isVersionOf", &self.is_version_of);
        out.all("slterms:deprecated", &self.deprecated);
    }
}

/// The text so far; names are ours, values are escaped.
struct Writer(String);

impl Writer {
    fn one(&mut self, name: &str, value: impl Display) {
        self.0.extend(["    <", name, ">"]);
        self.escaped(&value.to_string());
        self.0.extend(["</", name, ">\n"]);
    }

    fn all<V: Display>(&mut self, name: &str, values: impl IntoIterator<Item = V>) {
        values.into_iter().for_each(|value| self.one(name, value));
    }

    fn checksum(&mut self, algorithm: &str, value: &str) {
        self.0.push_str("    <slreq:checksum rdf:parseType=\"Resource\">\n");
        self.one("slreq:algorithm", algorithm);
        self.one("slreq:value", value);
        self.0.push_str("    </slreq:checksum>\n");
    }

    /// The declaration stands on the element itself, so no prefix can take another's place.
    fn extension(&mut self, extension: &Extension) {
        let Extension { prefix, namespace, local, value } = extension;
        self.0.extend(["    <", prefix, ":", local, " xmlns:", prefix, "=\""]);
        self.escaped(namespace);
        self.0.push_str("\">");
        self.escaped(value);
        self.0.extend(["</", prefix, ":", local, ">\n"]);
    }

    /// Writes `value` as character data; what XML 1.0 cannot say becomes U+FFFD.
    fn escaped(&mut self, value: &str) {
        for character in value.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\r' => self.0.push_str("&#xD;"),
                '\t' | '\n' => self.0.push(character),
                '\0'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => self.0.push('\u{FFFD}'),
                other => self.0.push(other),
            }
        }
    }
}
