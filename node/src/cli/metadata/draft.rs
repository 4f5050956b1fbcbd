//! What a document says before it is signed, for its endorser to see.

use proto::rdf::{self, Term};
use proto::vocabulary::{BASE, DCTERMS};
use proto::xml;

/// The first title and image identifier of a document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Draft {
    pub(super) title: Option<String>,
    pub(super) identifier: Option<String>,
}

impl Draft {
    /// Reads what can be read; whether the document is good is judged elsewhere.
    pub(super) fn read(document: &[u8]) -> Self {
        let triples = xml::parse(document).ok().and_then(|tree| rdf::read(&tree, BASE).ok()).unwrap_or_default();
        let first = |name: &str| {
            let is_it = |predicate: &str| predicate.strip_prefix(DCTERMS) == Some(name);
            triples.iter().find(|triple| is_it(&triple.predicate)).and_then(|triple| match &triple.object {
                Term::Literal { value, .. } => Some(value.clone()),
                _ => None,
            })
        };
        Self { title: first("title"), identifier: first("identifier") }
    }
}

#[cfg(test)]
mod tests {
    use proto::document::Template;
    use proto::identifier::ImageIdentifier;

    use super::*;

    #[test]
    fn the_title_and_the_image_are_read() {
        let image = ImageIdentifier::from_sha1([7; 20]);
        let template = Template { title: Some("CentOS".to_owned()), ..Template::new(image, 10, "machine") };
        let draft = Draft::read(template.to_xml().as_bytes());
        assert_eq!(draft, Draft { title: Some("CentOS".to_owned()), identifier: Some(image.to_string()) });
    }

    #[test]
    fn what_is_no_document_says_nothing() {
        assert_eq!(Draft::read(b"<a"), Draft::default());
    }
}
