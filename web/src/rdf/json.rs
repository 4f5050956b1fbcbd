//! RDF/JSON (W3C Note "RDF 1.1 JSON Alternate Serialization"), as the original gave it.

use std::collections::BTreeMap;

use proto::rdf::{Subject, Term, Triple};
use serde::Serialize;

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Object<'a> {
    value: String,
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    lang: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    datatype: Option<&'a str>,
}

/// Subject, predicate, list of objects; a triple that stands twice in the document is written once.
pub(crate) fn write(triples: &[Triple]) -> Vec<u8> {
    let mut graph = BTreeMap::<String, BTreeMap<&str, Vec<Object<'_>>>>::new();
    for triple in triples {
        let objects = graph.entry(name(&triple.subject)).or_default().entry(&triple.predicate).or_default();
        let object = Object::of(&triple.object);
        if !objects.contains(&object) {
            objects.push(object);
        }
    }
    serde_json::to_vec_pretty(&graph).unwrap_or_default()
}

fn name(subject: &Subject) -> String {
    match subject {
        Subject::Iri(iri) => iri.clone(),
        Subject::Blank(node) => format!("_:b{}", node.index()),
    }
}

impl<'a> Object<'a> {
    fn of(term: &'a Term) -> Self {
        match term {
            Term::Iri(iri) => Self { value: iri.clone(), r#type: "uri", lang: None, datatype: None },
            Term::Blank(node) => {
                Self { value: format!("_:b{}", node.index()), r#type: "bnode", lang: None, datatype: None }
            }
            Term::Literal { value, language, datatype } => Self {
                value: value.clone(),
                r#type: "literal",
                lang: language.as_deref(),
                datatype: datatype.as_deref(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_triple_is_an_object_under_its_subject_and_predicate() {
        let triple = Triple {
            subject: Subject::Iri("http://a/#x".to_owned()),
            predicate: "http://a/p".to_owned(),
            object: Term::Literal { value: "\"<é".to_owned(), language: Some("en".to_owned()), datatype: None },
        };
        let written: serde_json::Value =
            serde_json::from_slice(&write(&[triple.clone(), triple])).expect("what is written is JSON");
        let object = serde_json::json!([{"value": "\"<é", "type": "literal", "lang": "en"}]);
        assert_eq!(written, serde_json::json!({"http://a/#x": {"http://a/p": object}}));
    }
}
