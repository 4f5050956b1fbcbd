//! The rules about what the triples say (docs/original.md 3), and the values they vouch for.

use super::properties::{self, Properties, Property, literal_of, subject_of, text_of};
use super::rule::{Rule, Violation};
use super::terms;
use crate::checksum::{Checksum, ChecksumAlgorithm};
use crate::email::Email;
use crate::identifier::ImageIdentifier;
use crate::rdf::{Subject, Term, Triple};
use crate::timestamp::Timestamp;
use crate::vocabulary::{BASE, DCTERMS, RDF};
use crate::xml::Element;

/// What the rules about the image vouch for.
#[derive(Debug)]
pub(super) struct Image {
    pub(super) identifier: ImageIdentifier,
    pub(super) subject: Subject,
    pub(super) kind_of_resource: String,
    pub(super) checksums: Vec<Checksum>,
    pub(super) bytes: Option<u64>,
    pub(super) valid: Option<Timestamp>,
}

/// What the rules about the endorsement vouch for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endorsement {
    pub(super) created: Timestamp,
    pub(super) email: Email,
    pub(super) subject: String,
    pub(super) issuer: String,
}

/// Checks the rules from `one-identifier` to `bytes-number`.
pub(super) fn image(
    description: &Element<'_>,
    triples: &[Triple],
    properties: &Properties<'_>,
) -> Result<Image, Violation> {
    let (identifier, subject) = identity(description, properties)?;
    one_subject(triples, &subject)?;
    let kind_of_resource = kind_of_resource(description, properties, &subject)?;
    let checksums = checksums(properties, &subject)?;
    let sha1 = one_sha1(&checksums)?;
    at_most_one_each(properties, &subject)?;
    sha1_is_identifier(sha1, &identifier)?;
    let valid = valid(properties, &subject)?;
    let bytes = bytes(properties, &subject)?;
    Ok(Image { identifier, subject, kind_of_resource, checksums, bytes, valid })
}

/// Checks the rules from `one-endorsement` to `email-form`.
pub(super) fn endorsement(properties: &Properties<'_>, image: &Subject) -> Result<Endorsement, Violation> {
    let endorsement = node(properties, image, terms::ENDORSEMENT, Rule::OneEndorsement)?;
    let created = properties.one(&endorsement, terms::CREATED, Rule::OneCreated)?;
    let created = date(created, terms::CREATED, Rule::CreatedDate)?;
    let endorser = node(properties, &endorsement, terms::ENDORSER, Rule::OneEndorser)?;
    let text = |property| {
        let term = properties.one(&endorser, property, Rule::EndorserForm)?;
        let text = literal_of(term).filter(|text| !text.trim().is_empty());
        text.ok_or_else(|| Violation::new(Rule::EndorserForm, format_args!("{property} is not a text")))
    };
    let (email, subject, issuer) = (text(terms::EMAIL)?, text(terms::SUBJECT)?, text(terms::ISSUER)?);
    let email = email.parse().map_err(|error| Violation::new(Rule::EmailForm, error))?;
    Ok(Endorsement { created, email, subject: subject.to_owned(), issuer: issuer.to_owned() })
}

/// The identifier, and the image as the subject of triples.
fn identity(description: &Element<'_>, properties: &Properties<'_>) -> Result<(ImageIdentifier, Subject), Violation> {
    let Some(about) = description.attribute(RDF, "about") else {
        return Err(Violation::new(Rule::SameIdentifier, "rdf:Description has no rdf:about"));
    };
    // The base is fixed and `about` becomes "#" and the identifier below: this is what the reader resolved it to.
    let subject = Subject::Iri(format!("{BASE}{about}"));
    let in_elements = description.elements().filter(|child| child.name.is(DCTERMS, "identifier")).count();
    let term = match properties.all(&subject, terms::IDENTIFIER) {
        // Where rdf:about is no fragment the reader resolved it to something else, and nothing is found.
        [] if in_elements == 1 => return Err(inconsistent(about, "the identifier")),
        _ => properties.one(&subject, terms::IDENTIFIER, Rule::OneIdentifier)?,
    };
    let text = literal_of(term).unwrap_or_default();
    let identifier = text.parse().map_err(|error| Violation::new(Rule::IdentifierForm, error))?;
    if about.strip_prefix('#') != Some(text) {
        return Err(inconsistent(about, text));
    }
    Ok((identifier, subject))
}

fn inconsistent(about: &str, identifier: &str) -> Violation {
    let about: String = about.chars().take(80).collect();
    Violation::new(Rule::SameIdentifier, format_args!("rdf:about is {about:?}, not # and {identifier}"))
}

/// Blank nodes need no look: under one description each hangs beneath its subject, by how RDF/XML is nested.
fn one_subject(triples: &[Triple], image: &Subject) -> Result<(), Violation> {
    let is_foreign = |triple: &&Triple| matches!(triple.subject, Subject::Iri(_)) && triple.subject != *image;
    match triples.iter().find(is_foreign) {
        None => Ok(()),
        Some(triple) => {
            let shown: String = match &triple.subject {
                Subject::Iri(iri) => iri.chars().take(160).collect(),
                Subject::Blank(_) => "a blank node".to_owned(),
            };
            Err(Violation::new(Rule::OneSubject, format_args!("{shown} is described too")))
        }
    }
}

fn kind_of_resource(
    description: &Element<'_>,
    properties: &Properties<'_>,
    image: &Subject,
) -> Result<String, Violation> {
    let term = properties.one(image, terms::TYPE, Rule::OneType)?;
    let has_child = |element: &Element<'_>| element.name.is(DCTERMS, "type") && element.elements().next().is_some();
    match text_of(term) {
        Some(text) if !description.elements().any(has_child) => Ok(text.to_owned()),
        _ => Err(Violation::new(Rule::PlainType, "dcterms:type cannot have child elements")),
    }
}

fn checksums(properties: &Properties<'_>, image: &Subject) -> Result<Vec<Checksum>, Violation> {
    let rule = Rule::ChecksumForm;
    let text = |node: &Subject, property| {
        let term = properties.one(node, property, rule)?;
        literal_of(term).ok_or_else(|| Violation::new(rule, format_args!("{property} is not a text")))
    };
    let checksum = |term: &&Term| {
        let node = subject_of(term).ok_or_else(|| Violation::new(rule, "a checksum has no algorithm and value"))?;
        let algorithm = ChecksumAlgorithm::from(text(&node, terms::ALGORITHM)?);
        Checksum::new(algorithm, text(&node, terms::VALUE)?).map_err(|error| Violation::new(rule, error))
    };
    properties.all(image, terms::CHECKSUM).iter().map(checksum).collect()
}

fn one_sha1(checksums: &[Checksum]) -> Result<&Checksum, Violation> {
    let mut of_sha1 = checksums.iter().filter(|checksum| *checksum.algorithm() == ChecksumAlgorithm::Sha1);
    match (of_sha1.next(), of_sha1.count()) {
        (Some(only), 0) => Ok(only),
        (first, others) => {
            let found = usize::from(first.is_some()) + others;
            Err(Violation::new(Rule::OneSha1, format_args!("exactly 1 SHA-1 checksum is required, not {found}")))
        }
    }
}

fn at_most_one_each(properties: &Properties<'_>, image: &Subject) -> Result<(), Violation> {
    let single = [
        (terms::SERIAL_NUMBER, Rule::OneSerialNumber),
        (terms::VERSION, Rule::OneVersion),
        (terms::DEPRECATED, Rule::OneDeprecated),
        (terms::OS, Rule::OneOs),
        (terms::OS_ARCH, Rule::OneOsArch),
        (terms::OS_VERSION, Rule::OneOsVersion),
    ];
    single.into_iter().try_for_each(|(property, rule)| properties.at_most_one(image, property, rule).map(|_| ()))
}

/// Numbers are compared, so the digits may be of either case and have leading zeros.
fn sha1_is_identifier(sha1: &Checksum, identifier: &ImageIdentifier) -> Result<(), Violation> {
    let of_identifier: String = identifier.sha1().iter().map(|byte| format!("{byte:02x}")).collect();
    if sha1.value().trim_start_matches('0') == of_identifier.trim_start_matches('0') {
        return Ok(());
    }
    let shown: String = sha1.value().chars().take(80).collect();
    let reason = format_args!("the SHA-1 of {identifier} is {of_identifier}, not {shown}");
    Err(Violation::new(Rule::Sha1IsIdentifier, reason))
}

fn valid(properties: &Properties<'_>, image: &Subject) -> Result<Option<Timestamp>, Violation> {
    match properties.at_most_one(image, terms::VALID, Rule::OneValid)? {
        Some(term) if literal_of(term) != Some("") => date(term, terms::VALID, Rule::ValidDate).map(Some),
        _ => Ok(None),
    }
}

fn bytes(properties: &Properties<'_>, image: &Subject) -> Result<Option<u64>, Violation> {
    let Some(term) = properties.at_most_one(image, terms::BYTES, Rule::OneBytes)? else { return Ok(None) };
    let text = literal_of(term).unwrap_or_default();
    let not_a_number = || {
        let shown: String = text.chars().take(80).collect();
        Violation::new(Rule::BytesNumber, format_args!("{shown:?} is not a number from 0 to {}", u64::MAX))
    };
    properties::number(text).map(Some).ok_or_else(not_a_number)
}

fn date(term: &Term, property: Property, rule: Rule) -> Result<Timestamp, Violation> {
    let text = literal_of(term).ok_or_else(|| Violation::new(rule, format_args!("{property} is not a text")))?;
    text.parse().map_err(|error| Violation::new(rule, format_args!("{property}: {error}")))
}

fn node(properties: &Properties<'_>, of: &Subject, property: Property, rule: Rule) -> Result<Subject, Violation> {
    let term = properties.one(of, property, rule)?;
    subject_of(term).ok_or_else(|| Violation::new(rule, format_args!("{property} has no properties")))
}
