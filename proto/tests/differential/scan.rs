//! Where the pieces of a document are, well-formed or not: what mutations aim at.

use std::ops::Range;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Start,
    Empty,
    End,
    Text,
    Comment,
    Section,
    Instruction,
    Doctype,
}

#[derive(Debug, Clone)]
pub(crate) struct Piece {
    pub(crate) kind: Kind,
    pub(crate) range: Range<usize>,
}

/// The pieces of a text in order; what fits nothing is text.
pub(crate) fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let (kind, length) = next(&text[at..]);
        pieces.push(Piece { kind, range: at..at + length });
        at += length;
    }
    pieces
}

fn next(text: &str) -> (Kind, usize) {
    const MARKS: [(&str, &str, Kind); 5] = [
        ("<!--", "-->", Kind::Comment),
        ("<![CDATA[", "]]>", Kind::Section),
        ("<!", ">", Kind::Doctype),
        ("<?", "?>", Kind::Instruction),
        ("</", ">", Kind::End),
    ];
    for (start, end, kind) in MARKS {
        if let Some(inner) = text.strip_prefix(start) {
            return match inner.find(end) {
                Some(found) => (kind, start.len() + found + end.len()),
                None => (Kind::Text, text.len()),
            };
        }
    }
    if text.starts_with('<') {
        return match end_of_tag(text) {
            Some(length) if text[..length].ends_with("/>") => (Kind::Empty, length),
            Some(length) => (Kind::Start, length),
            None => (Kind::Text, text.len()),
        };
    }
    (Kind::Text, text.find('<').unwrap_or(text.len()))
}

fn end_of_tag(text: &str) -> Option<usize> {
    let mut quote = None;
    for (index, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(index + 1),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

/// The name in a start, empty or end tag.
pub(crate) fn name<'a>(text: &'a str, tag: &Piece) -> &'a str {
    let inner = text[tag.range.clone()].trim_start_matches(['<', '/']);
    inner.split([' ', '\t', '\r', '\n', '/', '>']).next().unwrap_or_default()
}

/// Where the name in a tag ends.
pub(crate) fn end_of_name(text: &str, tag: &Piece) -> usize {
    let skipped = text[tag.range.clone()].len() - text[tag.range.clone()].trim_start_matches(['<', '/']).len();
    tag.range.start + skipped + name(text, tag).len()
}

/// The attributes in a tag, each with the blanks before it.
pub(crate) fn attributes(text: &str, tag: &Piece) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = end_of_name(text, tag);
    while let Some(equals) = text[at..tag.range.end].find('=') {
        let Some(quote) = text[at + equals..tag.range.end].find(['"', '\'']) else { break };
        let value = at + equals + quote + 1;
        let mark = char::from(text.as_bytes()[value - 1]);
        let Some(length) = text[value..tag.range.end].find(mark) else { break };
        found.push(at..value + length + 1);
        at = value + length + 1;
    }
    found
}

/// The name of an attribute that [`attributes`] found.
pub(crate) fn attribute_name<'a>(text: &'a str, attribute: &Range<usize>) -> &'a str {
    text[attribute.clone()].split('=').next().unwrap_or_default().trim()
}

/// Where the value of an attribute stands, without its quotes.
pub(crate) fn value(text: &str, attribute: &Range<usize>) -> Range<usize> {
    let quote = text[attribute.clone()].find(['"', '\'']).map_or(attribute.end, |found| attribute.start + found + 1);
    quote..(attribute.end - 1).max(quote)
}

/// The whole element that the start or empty tag at `index` opens.
pub(crate) fn element(pieces: &[Piece], index: usize) -> Option<Range<usize>> {
    let mut depth = 0_usize;
    for piece in &pieces[index..] {
        match piece.kind {
            Kind::Start => depth += 1,
            Kind::End => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return Some(pieces[index].range.start..piece.range.end);
        }
    }
    None
}

/// The indices of the tags that open elements.
pub(crate) fn openings(pieces: &[Piece]) -> Vec<usize> {
    let opens = |index: &usize| matches!(pieces[*index].kind, Kind::Start | Kind::Empty);
    (0..pieces.len()).filter(opens).collect()
}

/// The indices of the tags that open elements of this local name, whatever the prefix.
pub(crate) fn openings_of(text: &str, pieces: &[Piece], local: &str) -> Vec<usize> {
    let is_it = |index: &usize| name(text, &pieces[*index]).rsplit(':').next() == Some(local);
    openings(pieces).into_iter().filter(is_it).collect()
}

/// The text with `range` replaced.
pub(crate) fn spliced(text: &str, range: Range<usize>, with: &str) -> String {
    let mut out = String::with_capacity(text.len() + with.len());
    out.push_str(&text[..range.start]);
    out.push_str(with);
    out.push_str(&text[range.end..]);
    out
}
