//! JSON-LD 1.1 in the expanded and flattened form, which any processor reads without fetching a context.

use std::collections::BTreeMap;

use proto::rdf::{Subject, Term, Triple};
use serde_json::{Value, json};

const TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";

/// A node object for each subject; a triple that stands twice in the document is written once.
pub(crate) fn write(triples: &[Triple]) -> Vec<u8> {
    let mut nodes = BTreeMap::<String, BTreeMap<&str, Vec<Value>>>::new();
    for triple in triples {
        let (key, object) = property(triple);
        let objects = nodes.entry(name(&triple.subject)).or_default().entry(key).or_default();
        if !objects.contains(&object) {
            objects.push(object);
        }
    }
    let node = |(name, properties): (String, BTreeMap<&str, Vec<Value>>)| {
        let mut node = serde_json::Map::from_iter([("@id".to_owned(), Value::String(name))]);
        node.extend(properties.into_iter().map(|(key, objects)| (key.to_owned(), Value::Array(objects))));
        Value::Object(node)
    };
    serde_json::to_vec_pretty(&nodes.into_iter().map(node).collect::<Vec<_>>()).unwrap_or_default()
}

/// Types have a keyword of their own, whose values are names and not objects.
fn property(triple: &Triple) -> (&str, Value) {
    match (&*triple.predicate, &triple.object) {
        (TYPE, Term::Iri(iri)) => ("@type", json!(iri)),
        (predicate, Term::Iri(iri)) => (predicate, json!({ "@id": iri })),
        (predicate, Term::Blank(node)) => (predicate, json!({ "@id": format!("_:b{}", node.index()) })),
        (predicate, Term::Literal { value, language: Some(language), .. }) => {
            (predicate, json!({ "@value": value, "@language": language }))
        }
        (predicate, Term::Literal { value, datatype: Some(datatype), .. }) => {
            (predicate, json!({ "@value": value, "@type": datatype }))
        }
        (predicate, Term::Literal { value, .. }) => (predicate, json!({ "@value": value })),
    }
}

fn name(subject: &Subject) -> String {
    match subject {
        Subject::Iri(iri) => iri.clone(),
        Subject::Blank(node) => format!("_:b{}", node.index()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_a_node_object_with_its_types_values_and_references() {
        let literal = |language: Option<&str>, datatype: Option<&str>| Term::Literal {
            value: "v".to_owned(),
            language: language.map(str::to_owned),
            datatype: datatype.map(str::to_owned),
        };
        let triple = |predicate: &str, object| Triple {
            subject: Subject::Iri("http://a/#x".to_owned()),
            predicate: predicate.to_owned(),
            object,
        };
        let triples = [
            triple(TYPE, Term::Iri("http://a/T".to_owned())),
            triple("http://a/p", literal(Some("en"), None)),
            triple("http://a/p", literal(None, Some("http://a/d"))),
            triple("http://a/p", literal(None, None)),
            triple("http://a/p", literal(None, None)),
            triple("http://a/q", Term::Iri("http://a/y".to_owned())),
        ];
        let written: Value = serde_json::from_slice(&write(&triples)).expect("what is written is JSON");
        let expected = json!([{
            "@id": "http://a/#x",
            "@type": ["http://a/T"],
            "http://a/p": [
                { "@value": "v", "@language": "en" },
                { "@value": "v", "@type": "http://a/d" },
                { "@value": "v" },
            ],
            "http://a/q": [{ "@id": "http://a/y" }],
        }]);
        assert_eq!(written, expected);
    }
}
