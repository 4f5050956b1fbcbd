//! The parser beside quick-xml, which finds tokens in its own way: whatever the parser reads, both read alike.

use proptest::prelude::*;
use proto::xml::{Element, Node, parse};
use quick_xml::events::Event;

/// Documents to alter, with every kind of token.
const DOCUMENTS: [&str; 3] = [
    "<?xml version=\"1.0\"?>\n<a xmlns='urn:x' b=\"1 > 0\"><!-- - --><c d='&lt;&#10;'/>t<![CDATA[<x>]]>&amp;<?p q?></a>\n",
    "<r:R xmlns:r=\"urn:r\" xmlns:s='urn:s'><s:e r:a=\"x\ty\">1</s:e><s:e></s:e ><r:f\n g = 'h' /></r:R>",
    "<a>\u{e9}<b>]] ></b><!----><?x?><b/>&#x1F600;</a><!-- after -->",
];

/// Names of elements as they are written, in document order.
fn names(element: &Element<'_>, names: &mut Vec<String>) {
    names.push(qualified(element));
    for node in &element.children {
        if let Node::Element(child) = node {
            self::names(child, names);
        }
    }
}

fn qualified(element: &Element<'_>) -> String {
    let (prefix, local) = (&element.name.prefix, &element.name.local);
    if prefix.is_empty() { local.to_string() } else { format!("{prefix}:{local}") }
}

/// The same by quick-xml; `None` where it does not read the document.
fn names_by_quick_xml(text: &str) -> Option<Vec<String>> {
    let mut reader = quick_xml::Reader::from_str(text);
    let mut names = Vec::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) | Event::Empty(start) => {
                names.push(std::str::from_utf8(start.name().as_ref().as_ref()).ok()?.to_owned());
            }
            Event::Eof => return Some(names),
            _ => (),
        }
    }
}

fn check(text: &str) -> Result<bool, TestCaseError> {
    let Ok(tree) = parse(text.as_bytes()) else { return Ok(false) };
    let mut ours = Vec::new();
    names(&tree.root, &mut ours);
    prop_assert_eq!(Some(ours), names_by_quick_xml(text), "{}", text);
    Ok(true)
}

#[test]
fn the_documents_to_alter_are_read() {
    for document in DOCUMENTS {
        assert!(check(document).expect("both read it alike"), "{document}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn what_is_read_has_the_elements_that_quick_xml_finds(
        document in prop::sample::select(DOCUMENTS.as_slice()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), "[<>/!?\\[\\]'\"= a-b&;:-]{0,3}", 0_usize..3), 1..4),
    ) {
        let mut text = document.to_owned();
        for (place, inserted, removed) in changes {
            let places: Vec<_> = text.char_indices().map(|(at, _)| at).collect();
            let start = places[place.index(places.len())];
            let end = places.iter().copied().find(|at| *at >= start + removed).unwrap_or(text.len());
            text.replace_range(start..end, &inserted);
        }
        check(&text)?;
    }
}
