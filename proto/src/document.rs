//! Documents: what one endorser says about one image, read from the canonical octets and held to the rules.

mod constraints;
mod properties;
mod rule;
mod schema;
mod shape;
mod template;
mod terms;

use crate::checksum::Checksum;
use crate::email::Email;
use crate::identifier::ImageIdentifier;
use crate::rdf::{self, Subject, Triple};
use crate::timestamp::Timestamp;
use crate::vocabulary::{BASE, XMLDSIG};
use crate::xml::{self, Tree};
use constraints::{Endorsement, Image};
use properties::Properties;

pub use rule::{Rule, Strength, Violation};
pub use template::{Extension, Template};

/// A document that keeps the rules. Its fields are read from its triples, so they say what a query sees.
///
/// Of optional texts an empty one counts as none; where one may stand twice the first counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    identifier: ImageIdentifier,
    kind_of_resource: String,
    checksums: Vec<Checksum>,
    bytes: Option<u64>,
    valid: Option<Timestamp>,
    endorsement: Endorsement,
    descriptive: Descriptive,
    triples: Vec<Triple>,
}

/// What a document may say, under no rule but the schema's.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Descriptive {
    kind: Option<String>,
    os: Option<String>,
    os_version: Option<String>,
    os_arch: Option<String>,
    version: Option<String>,
    serial_number: Option<String>,
    deprecated: Option<String>,
    locations: Vec<String>,
    title: Option<String>,
    description: Option<String>,
    publisher: Option<String>,
    creator: Option<String>,
    document_created: Option<String>,
    format: Option<String>,
    compression: Option<String>,
    tags: Vec<String>,
    hypervisors: Vec<String>,
    disks_bus: Option<String>,
    inbound_ports: Vec<u16>,
    outbound_ports: Vec<u16>,
    icmp: Vec<u8>,
    replaces: Vec<String>,
    is_replaced_by: Vec<String>,
    is_version_of: Vec<String>,
}

/// Whether the endorsement is part of what is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Endorsing {
    /// The document is endorsed.
    Required,
    /// It will be: signing replaces the endorsement, whatever it holds.
    Pending,
}

/// Checks a document before it is signed: as [`Document::read`], without the rules on the endorsement, and without its
/// signatures, which signing replaces.
pub fn check_draft(octets: &[u8], strength: Strength) -> Result<(), Violation> {
    let endorsed_later = |properties: &Properties<'_>, image: &Image| {
        properties.at_most_one(&image.subject, terms::ENDORSEMENT, Rule::OneEndorsement).map(|_| ())
    };
    let mut tree = parse(octets)?;
    tree.root.strip(XMLDSIG, "Signature");
    check(&tree, strength, Endorsing::Pending, endorsed_later).map(|_| ())
}

fn parse(octets: &[u8]) -> Result<Tree<'_>, Violation> {
    xml::parse(octets).map_err(|error| Violation::new(Rule::WellFormedXml, error))
}

/// Checks all rules in order; `rest` checks those between the image's and the schema's, and reads what it wants.
fn check<Rest>(
    tree: &Tree<'_>,
    strength: Strength,
    endorsing: Endorsing,
    rest: impl FnOnce(&Properties<'_>, &Image) -> Result<Rest, Violation>,
) -> Result<(Image, Rest, Vec<Triple>), Violation> {
    let description = shape::description(tree)?;
    let triples = rdf::read(tree, BASE).map_err(|error| Violation::new(Rule::RdfModel, error))?;
    let properties = Properties::of(&triples);
    let image = constraints::image(description, &triples, &properties)?;
    let rest = rest(&properties, &image)?;
    if strength == Strength::Strict {
        schema::check(description, endorsing)?;
    }
    Ok((image, rest, triples))
}

impl Document {
    /// Reads a document from its canonical octets, the `Signature` left out; the first broken rule is reported.
    pub fn read(octets: &[u8], strength: Strength) -> Result<Self, Violation> {
        Self::read_tree(&parse(octets)?, strength)
    }

    /// Reads a document from the tree of its canonical octets.
    pub fn read_tree(tree: &Tree<'_>, strength: Strength) -> Result<Self, Violation> {
        let rest = |properties: &Properties<'_>, image: &Image| {
            let endorsement = constraints::endorsement(properties, &image.subject)?;
            Ok((endorsement, Descriptive::of(properties, &image.subject)))
        };
        let (image, (endorsement, descriptive), triples) = check(tree, strength, Endorsing::Required, rest)?;
        let Image { identifier, kind_of_resource, checksums, bytes, valid, subject: _ } = image;
        Ok(Self { identifier, kind_of_resource, checksums, bytes, valid, endorsement, descriptive, triples })
    }

    /// The image's name.
    #[must_use]
    pub fn identifier(&self) -> ImageIdentifier {
        self.identifier
    }

    /// The image's size, to check a download by; the rules of the server do not require it.
    #[must_use]
    pub fn bytes(&self) -> Option<u64> {
        self.bytes
    }

    /// All checksums in document order, exactly one of them SHA-1.
    #[must_use]
    pub fn checksums(&self) -> &[Checksum] {
        &self.checksums
    }

    /// When it was endorsed.
    #[must_use]
    pub fn created(&self) -> Timestamp {
        self.endorsement.created
    }

    /// The endorser's address.
    #[must_use]
    pub fn email(&self) -> &Email {
        &self.endorsement.email
    }

    /// The endorser's name, as the document states it.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.endorsement.subject
    }

    /// The name of the endorser's issuer, as the document states it.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.endorsement.issuer
    }

    /// The text of `dcterms:type`; may be empty.
    #[must_use]
    pub fn kind_of_resource(&self) -> &str {
        &self.kind_of_resource
    }

    /// The moment until which the endorser vouches for the image.
    #[must_use]
    pub fn valid(&self) -> Option<Timestamp> {
        self.valid
    }

    /// Why the image should no longer be used; an empty reason is one too.
    #[must_use]
    pub fn deprecated(&self) -> Option<&str> {
        self.descriptive.deprecated.as_deref()
    }

    /// `slterms:kind`, the original's machine or disk.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        self.descriptive.kind.as_deref()
    }

    /// The operating system.
    #[must_use]
    pub fn os(&self) -> Option<&str> {
        self.descriptive.os.as_deref()
    }

    /// The version of the operating system.
    #[must_use]
    pub fn os_version(&self) -> Option<&str> {
        self.descriptive.os_version.as_deref()
    }

    /// The processor architecture.
    #[must_use]
    pub fn os_arch(&self) -> Option<&str> {
        self.descriptive.os_arch.as_deref()
    }

    /// The version of the image.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.descriptive.version.as_deref()
    }

    /// The serial number as it is written; a number under [`Strength::Strict`] only.
    #[must_use]
    pub fn serial_number(&self) -> Option<&str> {
        self.descriptive.serial_number.as_deref()
    }

    /// The title.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        self.descriptive.title.as_deref()
    }

    /// The description.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.descriptive.description.as_deref()
    }

    /// The publisher.
    #[must_use]
    pub fn publisher(&self) -> Option<&str> {
        self.descriptive.publisher.as_deref()
    }

    /// The creator.
    #[must_use]
    pub fn creator(&self) -> Option<&str> {
        self.descriptive.creator.as_deref()
    }

    /// `dcterms:created` of the image itself, as it is written; under no rule.
    #[must_use]
    pub fn document_created(&self) -> Option<&str> {
        self.descriptive.document_created.as_deref()
    }

    /// The format of the image file.
    #[must_use]
    pub fn format(&self) -> Option<&str> {
        self.descriptive.format.as_deref()
    }

    /// The compression of the image file.
    #[must_use]
    pub fn compression(&self) -> Option<&str> {
        self.descriptive.compression.as_deref()
    }

    /// The bus that disks are attached to.
    #[must_use]
    pub fn disks_bus(&self) -> Option<&str> {
        self.descriptive.disks_bus.as_deref()
    }

    /// Where the image can be downloaded.
    #[must_use]
    pub fn locations(&self) -> &[String] {
        &self.descriptive.locations
    }

    /// `dcterms:alternative`, the names an endorser moves from image to image.
    #[must_use]
    pub fn tags(&self) -> &[String] {
        &self.descriptive.tags
    }

    /// The hypervisors it runs on.
    #[must_use]
    pub fn hypervisors(&self) -> &[String] {
        &self.descriptive.hypervisors
    }

    /// Ports that it serves on; what is no port is left out.
    #[must_use]
    pub fn inbound_ports(&self) -> &[u16] {
        &self.descriptive.inbound_ports
    }

    /// Ports that it connects to; what is no port is left out.
    #[must_use]
    pub fn outbound_ports(&self) -> &[u16] {
        &self.descriptive.outbound_ports
    }

    /// ICMP types that it needs; what is none is left out.
    #[must_use]
    pub fn icmp(&self) -> &[u8] {
        &self.descriptive.icmp
    }

    /// `dcterms:replaces`: identifiers by custom, under no rule.
    #[must_use]
    pub fn replaces(&self) -> &[String] {
        &self.descriptive.replaces
    }

    /// `dcterms:isReplacedBy`: identifiers by custom, under no rule.
    #[must_use]
    pub fn is_replaced_by(&self) -> &[String] {
        &self.descriptive.is_replaced_by
    }

    /// `dcterms:isVersionOf`: identifiers by custom, under no rule.
    #[must_use]
    pub fn is_version_of(&self) -> &[String] {
        &self.descriptive.is_version_of
    }

    /// Every triple in document order, those of foreign vocabularies included.
    #[must_use]
    pub fn triples(&self) -> &[Triple] {
        &self.triples
    }

    /// What the triples call the image: `http://mp.stratuslab.eu/#` and the identifier.
    #[must_use]
    pub fn image_iri(&self) -> String {
        format!("{BASE}#{}", self.identifier)
    }
}

impl Descriptive {
    fn of(properties: &Properties<'_>, image: &Subject) -> Self {
        let text = |property| properties.text(image, property);
        let texts = |property| properties.texts(image, property);
        let deprecated = properties.all(image, terms::DEPRECATED).first();
        Self {
            kind: text(terms::KIND),
            os: text(terms::OS),
            os_version: text(terms::OS_VERSION),
            os_arch: text(terms::OS_ARCH),
            version: text(terms::VERSION),
            serial_number: text(terms::SERIAL_NUMBER),
            deprecated: deprecated.map(|term| properties::text_of(term).unwrap_or_default().to_owned()),
            locations: texts(terms::LOCATION),
            title: text(terms::TITLE),
            description: text(terms::DESCRIPTION),
            publisher: text(terms::PUBLISHER),
            creator: text(terms::CREATOR),
            document_created: text(terms::CREATED),
            format: text(terms::FORMAT),
            compression: text(terms::COMPRESSION),
            tags: texts(terms::ALTERNATIVE),
            hypervisors: texts(terms::HYPERVISOR),
            disks_bus: text(terms::DISKS_BUS),
            inbound_ports: properties.numbers(image, terms::INBOUND_PORT),
            outbound_ports: properties.numbers(image, terms::OUTBOUND_PORT),
            icmp: properties.numbers(image, terms::ICMP),
            replaces: texts(terms::REPLACES),
            is_replaced_by: texts(terms::IS_REPLACED_BY),
            is_version_of: texts(terms::IS_VERSION_OF),
        }
    }
}
