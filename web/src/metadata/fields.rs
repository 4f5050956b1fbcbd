//! The triples of an entry as the rows of a table.

use proto::rdf::{Subject, Term, Triple};
use proto::vocabulary::{DCTERMS, RDF, SLREQ, SLTERMS};

use crate::bounds::{FIELD_DEPTH_MAX, FIELDS_MAX};
use crate::urls;

/// One row: a property with its value, or a group whose rows follow one step deeper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    /// How deep the row stands, from 0.
    pub(crate) depth: usize,
    /// The property as people read it.
    pub(crate) label: String,
    /// The property's IRI.
    pub(crate) predicate: String,
    /// The value; none for a group.
    pub(crate) value: Option<String>,
    /// The link that the value is, where it is safe to follow.
    pub(crate) link: Option<String>,
}

/// Every property of the image in document order, without what the page shows elsewhere.
pub(crate) fn of(triples: &[Triple]) -> Vec<Field> {
    let mut fields = Vec::new();
    if let Some(image) = triples.iter().find(|triple| matches!(triple.subject, Subject::Iri(_))) {
        collect(triples, &image.subject, 0, &mut fields);
    }
    fields
}

/// Algorithm and value of every checksum, in document order.
pub(crate) fn checksums(triples: &[Triple]) -> Vec<(String, String)> {
    let nodes = triples.iter().filter(|triple| is(triple, SLREQ, "checksum")).filter_map(|triple| node(&triple.object));
    let pair = |node: Subject| {
        let value = |name| {
            let found = triples.iter().find(|triple| triple.subject == node && is(triple, SLREQ, name))?;
            Some(shown(&found.object))
        };
        Some((value("algorithm")?, value("value")?))
    };
    nodes.filter_map(pair).collect()
}

fn collect(triples: &[Triple], subject: &Subject, depth: usize, fields: &mut Vec<Field>) {
    for triple in triples.iter().filter(|triple| triple.subject == *subject) {
        if fields.len() >= FIELDS_MAX || depth == 0 && is_shown_elsewhere(triple) {
            continue;
        }
        let group = node(&triple.object).filter(|_| matches!(triple.object, Term::Blank(_)) && depth < FIELD_DEPTH_MAX);
        fields.push(field(triple, depth, group.is_none()));
        if let Some(group) = group {
            collect(triples, &group, depth + 1, fields);
        }
    }
}

fn is_shown_elsewhere(triple: &Triple) -> bool {
    is(triple, SLREQ, "checksum") || is(triple, SLTERMS, "location") || is(triple, RDF, "type")
}

fn field(triple: &Triple, depth: usize, has_value: bool) -> Field {
    let value = has_value.then(|| shown(&triple.object));
    let link = value.as_deref().and_then(urls::safe_link).map(str::to_owned);
    Field { depth, label: label(&triple.predicate), predicate: triple.predicate.clone(), value, link }
}

fn is(triple: &Triple, namespace: &str, name: &str) -> bool {
    triple.predicate.strip_prefix(namespace) == Some(name)
}

fn node(term: &Term) -> Option<Subject> {
    match term {
        Term::Iri(iri) => Some(Subject::Iri(iri.clone())),
        Term::Blank(node) => Some(Subject::Blank(*node)),
        Term::Literal { .. } => None,
    }
}

fn shown(term: &Term) -> String {
    match term {
        Term::Iri(iri) => iri.clone(),
        Term::Blank(node) => format!("_:b{}", node.index()),
        Term::Literal { value, .. } => value.clone(),
    }
}

/// The last part of the IRI in words: `os-arch` is "Os arch"; for names outside the original's vocabulary the page
/// shows the IRI beside it.
fn label(predicate: &str) -> String {
    let name = predicate.rsplit(['#', '/']).find(|part| !part.is_empty()).unwrap_or(predicate);
    let is_known = [DCTERMS, SLREQ, SLTERMS].iter().any(|namespace| predicate.starts_with(namespace));
    let known = match name {
        "os" => "Operating system",
        "os-version" => "Operating system version",
        "os-arch" => "Architecture",
        "alternative" => "Tag",
        "valid" => "Valid until",
        "bytes" => "Size in bytes",
        "created" => "Endorsed",
        "email" => "E-mail",
        _ => "",
    };
    if is_known && !known.is_empty() {
        return known.to_owned();
    }
    let words = name.replace(['-', '_'], " ");
    let mut characters = words.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_have_labels_for_people() {
        assert_eq!(label("http://mp.stratuslab.eu/slterms#os-arch"), "Architecture");
        assert_eq!(label("http://mp.stratuslab.eu/slterms#serial-number"), "Serial number");
        assert_eq!(label("http://example.org/bio/tool/"), "Tool");
        assert_eq!(label("http://example.org/other#os"), "Os");
    }
}
