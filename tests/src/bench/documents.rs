//! Documents to measure with: signed ones of the usual size, and hostile ones of the greatest.

use std::num::NonZero;

use node::demo::endorser::{Endorser, fresh_template};
use proto::bounds::DOCUMENT_BYTES_MAX;
use proto::document::Template;
use proto::timestamp::Instant;

/// The size that real documents have.
pub(super) const USUAL_BYTES: usize = 5_000;

/// Endorsers of many documents, so that no single one signs a whole registry.
const ENDORSERS: usize = 8;

/// Signs `count` documents of the usual size about as many images, on all cores.
pub(super) fn signed(count: usize, now: Instant) -> anyhow::Result<Vec<Vec<u8>>> {
    let endorsers = (0..ENDORSERS.min(count))
        .map(|number| Endorser::create("Bench Tester", &format!("bench{number}@example.org"), now.timestamp()))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let padding = padding(&endorsers[0], now)?;
    let sign = |number: usize| {
        let endorser = &endorsers[number % endorsers.len()];
        endorser.sign(&template(now.plus_ms(number as u64), padding), now.timestamp())
    };
    let numbers: Vec<usize> = (0..count).collect();
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    std::thread::scope(|scope| {
        let sign_all = |share: &[usize]| share.iter().map(|number| sign(*number)).collect::<anyhow::Result<Vec<_>>>();
        let workers: Vec<_> =
            numbers.chunks(count.div_ceil(cores)).map(|share| scope.spawn(move || sign_all(share))).collect();
        let shares = workers.into_iter().map(|worker| worker.join().expect("signing does not panic"));
        Ok(shares.collect::<anyhow::Result<Vec<_>>>()?.concat())
    })
}

/// Characters of description that bring a document to the usual size.
fn padding(endorser: &Endorser, now: Instant) -> anyhow::Result<usize> {
    Ok(USUAL_BYTES.saturating_sub(endorser.sign(&template(now, 0), now.timestamp())?.len()))
}

/// A description of another image at each moment.
fn template(moment: Instant, padding: usize) -> Template {
    let words = "a paragraph about what is installed in this image, ".chars().cycle();
    Template { description: Some(words.take(padding).collect()), ..fresh_template(moment) }
}

/// Unsigned documents with as much as the bounds of XML admit, each with what it costs a reader.
pub(super) fn hostile() -> Vec<(&'static str, String)> {
    let namespace = format!("xmlns:e=\"http://example.org/{}\"", "n".repeat(200));
    let own_names = filled(8_000, |number| format!("<e:p{number}>x</e:p{number}>"));
    vec![
        ("thousands of properties", filled(8_000, |_| "<e:p>x</e:p>".to_owned())),
        ("thousands of properties, each of its own name", own_names),
        ("thousands of blank nodes", filled(8_000, |_| "<e:p rdf:parseType=\"Resource\"/>".to_owned())),
        (
            "thousands of statements about statements",
            filled(5_400, |number| format!("<e:p rdf:ID=\"i{number}\">x</e:p>")),
        ),
        (
            "a long namespace in every triple",
            filled(16_000, |_| "<e:p/>".to_owned()).replacen("xmlns:e=\"http://e/\"", &namespace, 1),
        ),
        ("one text of the greatest length", filled(1, |_| format!("<e:p>{}</e:p>", "&amp;".repeat(52_000)))),
    ]
}

const START: &str = concat!(
    r##"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dcterms="http://purl.org/dc/terms/" "##,
    r##"xmlns:e="http://e/" xml:base="http://mp.stratuslab.eu/"><rdf:Description rdf:about="#MMZu9WvwKIro-rtBQfDk4PsKO7_">"##,
    "<dcterms:identifier>MMZu9WvwKIro-rtBQfDk4PsKO7_</dcterms:identifier>",
);
const END: &str = "</rdf:Description></rdf:RDF>";

/// A document with `count` numbered elements, or as many as its bytes admit.
fn filled(count: usize, element: impl Fn(usize) -> String) -> String {
    let mut text = START.to_owned();
    for next in (0..count).map(element) {
        if text.len() + next.len() + END.len() > DOCUMENT_BYTES_MAX {
            break;
        }
        text += &next;
    }
    text + END
}

#[cfg(test)]
mod tests {
    use proto::document::{Document, Rule, Strength};
    use proto::signature::Algorithms;

    use super::*;

    #[test]
    fn documents_to_measure_with_are_good_and_of_the_usual_size() {
        let now = Instant::from("2026-03-01T12:00:00Z".parse::<proto::timestamp::Timestamp>().expect("a moment"));
        let documents = signed(3, now).expect("they are signed");
        let identifiers: std::collections::BTreeSet<_> = documents
            .iter()
            .map(|document| proto::intake::examine(document, Algorithms::Modern).expect("it is good"))
            .map(|entry| entry.document().identifier())
            .collect();
        assert_eq!(identifiers.len(), 3);
        assert!(documents.iter().all(|document| document.len().abs_diff(USUAL_BYTES) < 20));
    }

    #[test]
    fn hostile_documents_are_large_and_read_to_their_end() {
        for (name, text) in hostile() {
            assert!(text.len() > DOCUMENT_BYTES_MAX / 4 && text.len() <= DOCUMENT_BYTES_MAX, "{name}: {}", text.len());
            let violation = Document::read(text.as_bytes(), Strength::Server).expect_err("it has no endorsement");
            assert_ne!(violation.rule, Rule::WellFormedXml, "{name}: {violation}");
        }
    }
}
