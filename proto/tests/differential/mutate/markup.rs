//! Changes of tags and attributes.

use std::ops::Range;

use super::super::random::Random;
use super::super::scan::{self, Kind, Piece, spliced};
use super::{Mutation, Way};

pub(crate) const MUTATIONS: &[Mutation] = &[
    ("attribute blanks", Way::Text(blanks)),
    ("attribute added", Way::Text(added)),
    ("attribute removed", Way::Text(removed)),
    ("attribute twice", Way::Text(twice)),
    ("attribute twice by two prefixes", Way::Text(twice_by_prefix)),
    ("attribute value changed", Way::Text(value_changed)),
    ("attribute without blank or quotes", Way::Text(malformed)),
    ("tag blanks", Way::Text(tag_blanks)),
    ("tag renamed", Way::Text(renamed)),
];

/// What changes no canonical form.
pub(crate) const NEUTRAL: &[Mutation] = &[
    ("attribute order", Way::Text(order)),
    ("attribute quotes", Way::Text(quotes)),
    ("attribute character referenced", Way::Text(referenced)),
    ("tag emptied or opened", Way::Text(emptied)),
];

/// A tag that opens an element and has at least `least` attributes.
pub(crate) fn any_tag(random: &mut Random, text: &str, least: usize) -> Option<(Piece, Vec<Range<usize>>)> {
    let pieces = scan::pieces(text);
    let tags = pieces.into_iter().filter(|piece| matches!(piece.kind, Kind::Start | Kind::Empty));
    let tags: Vec<_> =
        tags.map(|tag| (scan::attributes(text, &tag), tag)).filter(|(found, _)| found.len() >= least).collect();
    random.one(&tags).map(|(attributes, tag)| (tag.clone(), attributes.clone()))
}

pub(crate) fn any_attribute(random: &mut Random, text: &str) -> Option<Range<usize>> {
    let (_, attributes) = any_tag(random, text, 1)?;
    random.one(&attributes).cloned()
}

/// Puts ` name="value"` somewhere into a tag.
pub(crate) fn insert_attribute(random: &mut Random, text: &str, attribute: &str) -> Option<String> {
    let (tag, attributes) = any_tag(random, text, 0)?;
    let last = attributes.last().map_or_else(|| scan::end_of_name(text, &tag), |last| last.end);
    let at = random.one(&attributes).map_or(last, |one| one.start);
    Some(spliced(text, at..at, attribute))
}

fn order(random: &mut Random, text: &str) -> Option<String> {
    let (_, attributes) = any_tag(random, text, 2)?;
    let mut shuffled: Vec<&str> = attributes.iter().map(|range| &text[range.clone()]).collect();
    random.shuffle(&mut shuffled);
    Some(spliced(text, attributes.first()?.start..attributes.last()?.end, &shuffled.concat()))
}

fn quotes(random: &mut Random, text: &str) -> Option<String> {
    let attribute = any_attribute(random, text)?;
    let value = scan::value(text, &attribute);
    let other = if text[value.end..].starts_with('"') { '\'' } else { '"' };
    let quoted = text[value.clone()].replace(other, if other == '"' { "&quot;" } else { "&apos;" });
    Some(spliced(text, value.start - 1..value.end + 1, &format!("{other}{quoted}{other}")))
}

fn blanks(random: &mut Random, text: &str) -> Option<String> {
    let attribute = any_attribute(random, text)?;
    let equals = attribute.start + text[attribute.clone()].find('=')?;
    let blank = random.pick([" ", "\n", "\t", "\r\n", "\r", "  ", "\u{A0}", "\u{C}"]);
    match random.below(3) {
        0 => Some(spliced(text, equals..equals + 1, &format!("{blank}={blank}"))),
        1 => Some(spliced(text, attribute.start..attribute.start, blank)),
        _ => Some(spliced(text, attribute.end..attribute.end, blank)),
    }
}

fn added(random: &mut Random, text: &str) -> Option<String> {
    let attribute = random.pick([
        " x=\"1\"",
        " xml:lang=\"fr\"",
        " xml:lang=\"\"",
        " xml:space='preserve'",
        " xml:space='other'",
        " xml:base=\"http://other.example/a/\"",
        " xml:base='../b'",
        " xml:id='i'",
        " xml:id=' 1 i '",
        " xml:other='x'",
        " xsi:type='y' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'",
        " Id='x'",
        " ID='x'",
        " rdf:ID='x'",
        " Id=''",
        " p:x='1'",
        " é='1'",
        " xmlnsx='1'",
        " XML:lang='x'",
        " xmls:a='1'",
        " a:b:c='1'",
        " :a='1'",
        " 1a='1'",
        " a.b-c_d='1'",
        " Algorithm='x'",
        " URI=''",
    ]);
    insert_attribute(random, text, attribute)
}

fn removed(random: &mut Random, text: &str) -> Option<String> {
    let attribute = any_attribute(random, text)?;
    Some(spliced(text, attribute, ""))
}

fn twice(random: &mut Random, text: &str) -> Option<String> {
    let (_, attributes) = any_tag(random, text, 1)?;
    let attribute = random.one(&attributes)?;
    let at = random.one(&attributes)?.end;
    Some(spliced(text, at..at, &text[attribute.clone()]))
}

fn twice_by_prefix(random: &mut Random, text: &str) -> Option<String> {
    let attributes = random.pick([
        " xmlns:k1='urn:k' xmlns:k2='urn:k' k1:a='' k2:a=''",
        " xmlns:k1='urn:k' k1:a='' a=''",
        " xmlns:k1='urn:k' xmlns:k2='urn:K' k1:a='' k2:a=''",
        " k1:a='' xmlns:k1='urn:k&amp;' k2:a='' xmlns:k2='urn:k&#38;'",
        " xmlns:r2='http://www.w3.org/1999/02/22-rdf-syntax-ns#' r2:about='' rdf:about=''",
    ]);
    insert_attribute(random, text, attributes)
}

fn value_changed(random: &mut Random, text: &str) -> Option<String> {
    let attribute = any_attribute(random, text)?;
    let value = scan::value(text, &attribute);
    let at = value.start + random.place(&text[value]);
    let inserted = random.pick([
        "\t",
        "\n",
        "\r",
        "\r\n",
        "&#9;",
        "&#10;",
        "&#13;",
        "&#xD;&#xA;",
        "&amp;",
        "<",
        "&",
        "&lt;",
        "é",
        " ",
        "&#32;",
        "\"",
        "'",
        "&quot;",
        "&undefined;",
        "&#0;",
        "&#xD800;",
        "&#xFFFE;",
        "]]>",
        ">",
        "x",
        "\u{85}",
        "&#x85;",
        "--",
        "<!-- -->",
        "&apos;&gt;",
    ]);
    Some(spliced(text, at..at, inserted))
}

fn referenced(random: &mut Random, text: &str) -> Option<String> {
    let attribute = any_attribute(random, text)?;
    let value = scan::value(text, &attribute);
    let at = value.start + random.place(&text[value.clone()]);
    let character = text[at..value.end].chars().next().filter(|character| *character != '&')?;
    Some(spliced(text, at..at + character.len_utf8(), &super::content::reference(random, character)))
}

fn malformed(random: &mut Random, text: &str) -> Option<String> {
    let attribute = any_attribute(random, text)?;
    let value = scan::value(text, &attribute);
    let whole = &text[attribute.clone()];
    let changed = match random.below(5) {
        0 => whole.trim_start().to_owned(),
        1 => whole.replace(['"', '\''], ""),
        2 => whole.replacen('=', "", 1),
        3 => whole.replacen('=', "==", 1),
        _ => format!("{} ", &whole[..value.end - attribute.start]),
    };
    Some(spliced(text, attribute, &changed))
}

fn tag_blanks(random: &mut Random, text: &str) -> Option<String> {
    let pieces = scan::pieces(text);
    let tags: Vec<&Piece> =
        pieces.iter().filter(|piece| matches!(piece.kind, Kind::Start | Kind::Empty | Kind::End)).collect();
    let tag = random.one(&tags)?;
    let blank = random.pick([" ", "\n", "\t", "\r\n", "\u{85}", "\u{3000}"]);
    let at = match random.below(6) {
        0 => tag.range.start + 1,
        1 if tag.kind == Kind::Empty => tag.range.end - 1,
        _ => tag.range.end - if tag.kind == Kind::Empty { 2 } else { 1 },
    };
    Some(spliced(text, at..at, blank))
}

fn emptied(random: &mut Random, text: &str) -> Option<String> {
    let pieces = scan::pieces(text);
    let openings = scan::openings(&pieces);
    let index = *random.one(&openings)?;
    let tag = &pieces[index];
    let name = scan::name(text, tag);
    if tag.kind == Kind::Empty {
        let start = &text[tag.range.start..tag.range.end - 2];
        return Some(spliced(text, tag.range.clone(), &format!("{start}></{name}>")));
    }
    let end = pieces.get(index + 1).filter(|next| next.kind == Kind::End)?;
    let start = &text[tag.range.start..tag.range.end - 1];
    Some(spliced(text, tag.range.start..end.range.end, &format!("{start}/>")))
}

fn renamed(random: &mut Random, text: &str) -> Option<String> {
    let pieces = scan::pieces(text);
    let openings = scan::openings(&pieces);
    let index = *random.one(&openings)?;
    let whole = scan::element(&pieces, index)?;
    let name = scan::name(text, &pieces[index]);
    let new =
        random.pick(["x", "rdf:x", "é", "a:b:c", ":a", "a:", "1", "xmlns", "xml:a", "xmlns:a", "Signature", "\u{D7}"]);
    let inner = &text[whole.clone()];
    let renamed = inner.strip_prefix('<')?.strip_prefix(name)?;
    let renamed = match renamed.strip_suffix(&format!("</{name}>")) {
        Some(content) if random.percent(90) => format!("<{new}{content}</{new}>"),
        _ => format!("<{new}{renamed}"),
    };
    Some(spliced(text, whole, &renamed))
}
