//! Changes of text, and what stands between tags.

use super::super::random::Random;
use super::super::scan::{self, Kind, Piece, spliced};
use super::{Mutation, Way};

pub(crate) const MUTATIONS: &[Mutation] = &[
    ("comment malformed", Way::Text(comment_malformed)),
    ("instruction", Way::Text(instruction)),
    ("reference", Way::Text(inserted_reference)),
    ("blank inserted", Way::Text(blank)),
    ("text changed", Way::Text(changed)),
    ("text removed", Way::Text(removed)),
    ("odd character", Way::Text(odd_character)),
    ("section end in text", Way::Text(section_end)),
    ("document type", Way::Text(doctype)),
    ("text outside of the root", Way::Text(outside)),
    ("declaration", Way::Text(declaration)),
];

/// What changes no canonical form without comments, if the place is right.
pub(crate) const NEUTRAL: &[Mutation] = &[
    ("section around text", Way::Text(section)),
    ("character referenced", Way::Text(referenced)),
    ("line ends", Way::Text(line_ends)),
    ("comment", Way::Text(comment)),
    ("comment around the root", Way::Text(around)),
    ("blanks around the root", Way::Text(blanks_around)),
];

/// A text that is not blank alone.
fn any_text(random: &mut Random, text: &str) -> Option<Piece> {
    let pieces = scan::pieces(text);
    let is_full = |piece: &&Piece| piece.kind == Kind::Text && !text[piece.range.clone()].trim().is_empty();
    let texts: Vec<&Piece> = pieces.iter().filter(is_full).collect();
    random.one(&texts).map(|piece| (*piece).clone())
}

/// A place between tags: inside of a text, or at the edge of any piece.
fn any_place(random: &mut Random, text: &str) -> Option<usize> {
    if random.percent(50) {
        let piece = any_text(random, text)?;
        return Some(piece.range.start + random.place(&text[piece.range]));
    }
    let pieces = scan::pieces(text);
    random.one(&pieces).map(|piece| piece.range.end)
}

fn insert(random: &mut Random, text: &str, inserted: &str) -> Option<String> {
    let at = any_place(random, text)?;
    Some(spliced(text, at..at, inserted))
}

/// A character reference, decimal or hexadecimal, with or without zeros before it.
pub(crate) fn reference(random: &mut Random, character: char) -> String {
    let number = u32::from(character);
    match random.below(4) {
        0 => format!("&#{number};"),
        1 => format!("&#x{number:x};"),
        2 => format!("&#x{number:08X};"),
        _ => format!("&#{number:012};"),
    }
}

fn comment(random: &mut Random, text: &str) -> Option<String> {
    let comment = random.pick(["<!---->", "<!-- c -->", "<!--&x;<b>-->", "<!-- é\r\n-->", "<!--->-->", "<!-- - - -->"]);
    insert(random, text, comment)
}

fn comment_malformed(random: &mut Random, text: &str) -> Option<String> {
    let comment = random.pick([
        "<!-- -- -->",
        "<!-- --->",
        "<!--->",
        "<!-->",
        "<!- c -->",
        "<!-- c --",
        "<!-- c -- >",
        "<! -- c -->",
    ]);
    insert(random, text, comment)
}

fn instruction(random: &mut Random, text: &str) -> Option<String> {
    let instruction = random.pick([
        "<?p?>",
        "<?p d?>",
        "<?xml version='1.0'?>",
        "<?XML x?>",
        "<?xml-stylesheet href='x'?>",
        "<? p?>",
        "<??>",
        "<?p",
        "<?p:q?>",
        "<?p ?",
        "<?p\u{85}?>",
        "<?p ?x?>",
        "<?é ü?>",
        "<?1?>",
    ]);
    insert(random, text, instruction)
}

fn inserted_reference(random: &mut Random, text: &str) -> Option<String> {
    let reference = random.pick([
        "&amp;",
        "&lt;",
        "&gt;",
        "&apos;",
        "&quot;",
        "&nbsp;",
        "&AMP;",
        "&",
        "&;",
        "&#;",
        "&#x;",
        "&#13;",
        "&#10;",
        "&#9;",
        "&#xD;&#xA;",
        "&#0;",
        "&#8;",
        "&#x1F;",
        "&#x7F;",
        "&#x80;",
        "&#xD800;",
        "&#xDFFF;",
        "&#xFFFE;",
        "&#xFFFF;",
        "&#x10FFFF;",
        "&#x110000;",
        "&#99999999999;",
        "&#xFFFFFFFF1;",
        "&#X41;",
        "&#+65;",
        "&# 65;",
        "&#65 ;",
        "&amp ;",
        "& amp;",
        "&#x4 1;",
        "&#65",
        "&lt",
        "&a:b;",
        "&1;",
        "%x;",
        "&#x20;",
    ]);
    insert(random, text, reference)
}

fn blank(random: &mut Random, text: &str) -> Option<String> {
    let blank = random.pick([" ", "\n", "\t", "\r", "\r\n", "    ", "\n\n"]);
    insert(random, text, blank)
}

fn changed(random: &mut Random, text: &str) -> Option<String> {
    let piece = any_text(random, text)?;
    let at = piece.range.start + random.place(&text[piece.range.clone()]);
    let character = text[at..piece.range.end].chars().next()?;
    let new = random.pick(["x", "A", "0", "é", "", "=", "/"]);
    Some(spliced(text, at..at + character.len_utf8(), new))
}

fn removed(random: &mut Random, text: &str) -> Option<String> {
    let piece = any_text(random, text)?;
    Some(spliced(text, piece.range, ""))
}

fn odd_character(random: &mut Random, text: &str) -> Option<String> {
    let character = random.pick([
        "\u{0}",
        "\u{1}",
        "\u{8}",
        "\u{B}",
        "\u{C}",
        "\u{1F}",
        "\u{7F}",
        "\u{80}",
        "\u{85}",
        "\u{A0}",
        "\u{2028}",
        "\u{FEFF}",
        "\u{FFFD}",
        "\u{FFFE}",
        "\u{FFFF}",
        "\u{1FFFE}",
        "\u{E000}",
        "\u{10FFFF}",
        "a\u{300}",
        "\u{D7FF}",
    ]);
    if random.percent(80) {
        return insert(random, text, character);
    }
    let at = random.place(text);
    Some(spliced(text, at..at, character))
}

fn section_end(random: &mut Random, text: &str) -> Option<String> {
    let end = random.pick([
        "]]>",
        "]]&gt;",
        "]]",
        "]]]>",
        "<![CDATA[",
        "<![CDATA[]]>",
        "<![cdata[x]]>",
        "<![CDATA [x]]>",
        "<![CDATA[ ]]]]>",
    ]);
    insert(random, text, end)
}

fn doctype(random: &mut Random, text: &str) -> Option<String> {
    let doctype = random.pick([
        "<!DOCTYPE rdf:RDF>",
        "<!DOCTYPE rdf:RDF []>",
        "<!DOCTYPE rdf:RDF [<!ENTITY e 'x'>]>",
        "<!DOCTYPE rdf:RDF [<!ENTITY e SYSTEM 'file:///etc/hostname'>]>",
        "<!DOCTYPE rdf:RDF SYSTEM 'urn:none'>",
        "<!DOCTYPE rdf:RDF [<!ATTLIST rdf:RDF xml:lang CDATA 'en' a NMTOKEN ' b '>]>",
        "<!DOCTYPE rdf:RDF [<!ATTLIST Object Id ID #IMPLIED>]>",
        "<!DOCTYPE rdf:RDF [<!ENTITY % p '<!ENTITY e \"x\">'>%p;]>",
        "<!DOCTYPE",
        "<!doctype x>",
        "<!ELEMENT a ANY>",
    ]);
    let pieces = scan::pieces(text);
    let root = *scan::openings(&pieces).first()?;
    let at = if random.percent(80) { pieces[root].range.start } else { any_place(random, text)? };
    let text = spliced(text, at..at, doctype);
    if random.percent(50) { insert(random, &text, "&e;") } else { Some(text) }
}

/// The text with something before its first tag, behind its declaration, or after its end.
fn beside(random: &mut Random, text: &str, inserted: &str) -> Option<String> {
    let pieces = scan::pieces(text);
    let root = *scan::openings(&pieces).first()?;
    let at = random.pick([pieces[root].range.start, scan::element(&pieces, root)?.end, text.len(), 0]);
    Some(spliced(text, at..at, inserted))
}

fn outside(random: &mut Random, text: &str) -> Option<String> {
    let junk = random.pick([
        "x",
        "&amp;",
        "&#32;",
        "<![CDATA[]]>",
        "<![CDATA[ ]]>",
        "<a/>",
        "</a>",
        "\u{FEFF}",
        "\u{85}",
        "\0",
        "]]>",
        "<",
        "<!-- c --",
    ]);
    beside(random, text, junk)
}

fn around(random: &mut Random, text: &str) -> Option<String> {
    let inserted = random.pick(["<!-- c -->", "<!---->", "<!--\n--> ", "\n<!-- <a>&b; -->"]);
    beside(random, text, inserted)
}

fn blanks_around(random: &mut Random, text: &str) -> Option<String> {
    let inserted = random.pick([" ", "\n", "\r\n\t", "\n\n\n"]);
    beside(random, text, inserted)
}

fn declaration(random: &mut Random, text: &str) -> Option<String> {
    let declaration = random.pick([
        "",
        "<?xml version=\"1.0\"?>",
        "<?xml version='1.0' encoding='UTF-8'?>",
        "<?xml version='1.0' encoding='utf-8'?>\n",
        "<?xml version='1.0' encoding='utf8'?>",
        "<?xml version='1.0' encoding='US-ASCII'?>",
        "<?xml version='1.0' encoding='ASCII'?>",
        "<?xml version='1.0' encoding='ISO-8859-1'?>",
        "<?xml version='1.0' encoding='UTF-16'?>",
        "<?xml version='1.1'?>",
        "<?xml version='1.2'?>",
        "<?xml version='2.0'?>",
        "<?xml version='1.0' standalone='yes'?>",
        "<?xml version='1.0' standalone='no' ?>",
        "<?xml version='1.0' standalone='maybe'?>",
        "<?xml version='1.0'encoding='UTF-8'?>",
        "<?xml encoding='UTF-8'?>",
        "<?xml?>",
        "<?xml ?>",
        "<?xml version=1.0?>",
        "<?xml version='1.0' ? >",
        "<?XML version='1.0'?>",
        "<?xml version='1.0' encoding=''?>",
        "<?xml version='1.0' encoding='none'?>",
        "<?xml version='1.0' x='y'?>",
        "<?xml\tversion='1.0'\nencoding='UTF-8'\r\nstandalone='yes'\t?>",
        "<?xml version='1.0' standalone='yes' encoding='UTF-8'?>",
        "<?xml version='&#49;.0'?>",
        "<?xml  version = '1.0'?>",
        " <?xml version='1.0'?>",
        "<?xml version='1.0'>",
        "<?xml version='1.0' encoding='UTF-8\"?>",
        "<?xml version=\"1.0\" encoding=\"UTF-8 \"?>",
        "<?xml version='1.00'?>",
        "<?xml Version='1.0'?>",
        "<?xml version='1.0' encoding='UTF-8' encoding='UTF-8'?>",
        "<?xml version='1.0' encoding='UCS-4'?>",
    ]);
    let known =
        scan::pieces(text).first().filter(|piece| piece.kind == Kind::Instruction).map_or(0, |one| one.range.end);
    Some(spliced(text, 0..known, declaration))
}

fn section(random: &mut Random, text: &str) -> Option<String> {
    let piece = any_text(random, text)?;
    let inner = &text[piece.range.clone()];
    let (one, other) = (random.place(inner), random.place(inner));
    let range = piece.range.start + one.min(other)..piece.range.start + one.max(other);
    let wrapped = format!("<![CDATA[{}]]>", &text[range.clone()]);
    Some(spliced(text, range, &wrapped))
}

fn referenced(random: &mut Random, text: &str) -> Option<String> {
    let piece = any_text(random, text)?;
    let at = piece.range.start + random.place(&text[piece.range.clone()]);
    let character = text[at..piece.range.end].chars().next()?;
    Some(spliced(text, at..at + character.len_utf8(), &reference(random, character)))
}

fn line_ends(random: &mut Random, text: &str) -> Option<String> {
    let end = random.pick(["\r\n", "\r\n", "\r", "\n\r", "\u{85}", "\u{2028}", "&#13;&#10;"]);
    if random.percent(50) {
        return Some(text.replace('\n', end));
    }
    let from = random.place(text);
    let at = from + text[from..].find('\n')?;
    Some(spliced(text, at..at + 1, end))
}
