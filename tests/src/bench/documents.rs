//! Documents to measure with: signed ones of the usual size, and hostile ones of the greatest.

use std::num::NonZero;

use anyhow::Context as _;
use node::demo::endorser::{Endorser, fresh_template};
use proto::bounds::{DOCUMENT_BYTES_MAX, XML_NODES_MAX};
use proto::document::Template;
use proto::signature::{SignRequest, SigningHash, sign};
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
    let sign_one = |number: usize| {
        let endorser = &endorsers[number % endorsers.len()];
        endorser.sign(&template(now.plus_ms(number as u64), padding), now.timestamp())
    };
    let numbers: Vec<usize> = (0..count).collect();
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    std::thread::scope(|scope| {
        let sign_all =
            |share: &[usize]| share.iter().map(|number| sign_one(*number)).collect::<anyhow::Result<Vec<_>>>();
        let workers: Vec<_> =
            numbers.chunks(count.div_ceil(cores)).map(|share| scope.spawn(move || sign_all(share))).collect();
        let shares = workers.into_iter().map(|worker| worker.join().expect("signing does not panic"));
        Ok(shares.collect::<anyhow::Result<Vec<_>>>()?.concat())
    })
}

/// A document of the usual size, signed by `sign`.
pub(super) fn of_usual_size(
    sign: impl Fn(&Template) -> anyhow::Result<Vec<u8>>,
    now: Instant,
) -> anyhow::Result<Vec<u8>> {
    let padding = USUAL_BYTES.saturating_sub(sign(&template(now, 0))?.len());
    sign(&template(now, padding))
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

/// Documents with as much as the bounds of XML admit, each with what it costs a reader, and signed: whoever has a key can
/// have a node read them to their end.
pub(super) fn hostile(now: Instant) -> anyhow::Result<Vec<(&'static str, Vec<u8>)>> {
    let endorser = Endorser::create("Bench Tester", "bench@example.org", now.timestamp())?;
    let draft = template(now, 0).to_xml();
    let sign = |(name, filling): (&'static str, Filling)| {
        let draft = filling.fill(&draft).context("the sample has no description")?;
        let request = SignRequest { created: now.timestamp(), email: None, hash: SigningHash::Sha256 };
        Ok((name, sign(draft.as_bytes(), endorser.key(), &request)?))
    };
    fillings().into_iter().map(sign).collect()
}

/// What is put into a description, as often as its bound admits.
struct Filling {
    namespace: String,
    count: usize,
    element: Box<dyn Fn(usize) -> String>,
}

impl Filling {
    fn new(count: usize, element: impl Fn(usize) -> String + 'static) -> Self {
        Self { namespace: "http://e/".to_owned(), count, element: Box::new(element) }
    }

    fn fill(&self, draft: &str) -> Option<String> {
        let draft = draft.replacen("<rdf:RDF ", &format!("<rdf:RDF xmlns:e=\"{}\" ", self.namespace), 1);
        let (start, end) = draft.split_at(draft.find("</rdf:Description>")?);
        let room = DOCUMENT_BYTES_MAX.checked_sub(start.len() + end.len() + SIGNING_BYTES)?;
        let mut filling = String::with_capacity(room);
        for next in (0..self.count).map(&self.element) {
            if filling.len() + next.len() > room {
                break;
            }
            filling += &next;
        }
        Some([start, &filling, end].concat())
    }
}

/// Room for the endorsement and the signature, with what their canonical form adds.
const SIGNING_BYTES: usize = 8 * 1024;

/// Properties with a text or an attribute, two nodes each, as many as the bound on nodes admits.
const MANY: usize = XML_NODES_MAX / 2 - 200;

fn fillings() -> Vec<(&'static str, Filling)> {
    let many = |element: &'static str| Filling::new(MANY, move |_| element.to_owned());
    let nested = |start: &str, end: &str| {
        let unit = format!("{}{}", start.repeat(50), end.repeat(50));
        Filling::new(MANY / 50, move |_| unit.clone())
    };
    let long = Filling { namespace: format!("http://example.org/{}", "n".repeat(200)), ..many("<e:p/>") };
    let declarations: String = (0..60).map(|number| format!(" xmlns:a{number}='urn:a'")).collect();
    vec![
        ("thousands of properties", many("<e:p>x</e:p>")),
        ("thousands of properties, each of its own name", Filling::new(MANY, |n| format!("<e:p{n}>x</e:p{n}>"))),
        ("thousands of blank nodes", many("<e:p rdf:parseType=\"Resource\"/>")),
        (
            "thousands of statements about statements",
            Filling::new(MANY * 2 / 3, |n| format!("<e:p rdf:ID=\"i{n}\">x</e:p>")),
        ),
        ("a long namespace in every triple", long),
        ("thousands of comments", Filling::new(2 * MANY, |_| "<!---->".to_owned())),
        ("deep blank nodes", nested("<e:p rdf:parseType=\"Resource\">", "</e:p>")),
        ("deep XML literals", nested("<e:p rdf:parseType=\"Literal\">", "</e:p>")),
        (
            "thousands of namespace declarations",
            Filling::new(100, move |_| format!("<e:p rdf:parseType=\"Literal\"><e:b{declarations}/></e:p>")),
        ),
        ("one text of the greatest length", Filling::new(1, |_| format!("<e:p>{}</e:p>", "&amp;".repeat(45_000)))),
    ]
}

#[cfg(test)]
mod tests {
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
    fn hostile_documents_are_large_and_verify() {
        let now = Instant::from("2026-03-01T12:00:00Z".parse::<proto::timestamp::Timestamp>().expect("a moment"));
        for (name, document) in hostile(now).expect("they are signed") {
            assert!(document.len() > 30 * 1024 && document.len() <= DOCUMENT_BYTES_MAX, "{name}: {}", document.len());
            let verified = proto::signature::verify(&document, Algorithms::Modern);
            assert!(verified.is_ok(), "{name}: {verified:?}");
        }
    }
}
