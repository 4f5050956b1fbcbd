//! Changes of prefixes and of what they are bound to.

use std::ops::Range;

use super::super::random::Random;
use super::super::scan::{self, Kind, spliced};
use super::markup::insert_attribute;
use super::{Mutation, Way};

pub(crate) const MUTATIONS: &[Mutation] = &[
    ("namespace rebound", Way::Text(rebound)),
    ("namespace undeclared", Way::Text(undeclared)),
    ("namespace moved", Way::Text(moved)),
    ("namespace removed", Way::Text(removed)),
    ("namespace changed", Way::Text(changed)),
    ("prefix renamed everywhere", Way::Text(prefix_renamed)),
    ("prefix changed on one tag", Way::Text(prefix_changed)),
    ("prefix made the default", Way::Text(prefix_dropped)),
    ("prefix reserved", Way::Text(prefix_reserved)),
];

/// What is signed well nonetheless, if it is signed afterwards or canonicalised exclusively.
pub(crate) const NEUTRAL: &[Mutation] =
    &[("namespace declared", Way::Text(declared)), ("namespace declared again", Way::Text(declared_again))];

/// The declarations of a document.
fn declarations(text: &str) -> Vec<Range<usize>> {
    let pieces = scan::pieces(text);
    let tags = pieces.iter().filter(|piece| matches!(piece.kind, Kind::Start | Kind::Empty));
    let all = tags.flat_map(|tag| scan::attributes(text, tag));
    all.filter(|attribute| scan::attribute_name(text, attribute).starts_with("xmlns")).collect()
}

fn any_declaration(random: &mut Random, text: &str) -> Option<Range<usize>> {
    random.one(&declarations(text)).cloned()
}

/// A prefix that some declaration binds; never the default.
fn any_prefix(random: &mut Random, text: &str) -> Option<String> {
    let declared = declarations(text);
    let names = declared.iter().filter_map(|one| scan::attribute_name(text, one).strip_prefix("xmlns:"));
    let names: Vec<&str> = names.collect();
    random.one(&names).map(|name| (*name).to_owned())
}

fn declared(random: &mut Random, text: &str) -> Option<String> {
    let declaration = random.pick([
        " xmlns:u='urn:u'",
        " xmlns:A='urn:u' xmlns:Z='urn:z' xmlns:a='urn:a'",
        " xmlns='urn:default'",
        " xmlns:ds='http://www.w3.org/2000/09/xmldsig#'",
        " xmlns:é='urn:u'",
        " xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'",
        " xmlns:u='http://example.org/%7Ea'",
        " xmlns:u='http://example.org:8080/a;b?c=d&amp;e#f'",
    ]);
    insert_attribute(random, text, declaration)
}

fn declared_again(random: &mut Random, text: &str) -> Option<String> {
    let declaration = text[any_declaration(random, text)?].to_owned();
    insert_attribute(random, text, &declaration)
}

fn rebound(random: &mut Random, text: &str) -> Option<String> {
    let prefix = any_prefix(random, text)?;
    let namespace = random.pick(["urn:other", "http://www.w3.org/2000/09/xmldsig#", "http://purl.org/dc/terms/"]);
    insert_attribute(random, text, &format!(" xmlns:{prefix}='{namespace}'"))
}

fn undeclared(random: &mut Random, text: &str) -> Option<String> {
    let declaration = match any_prefix(random, text) {
        Some(prefix) if random.percent(40) => format!(" xmlns:{prefix}=''"),
        _ => " xmlns=\"\"".to_owned(),
    };
    insert_attribute(random, text, &declaration)
}

fn moved(random: &mut Random, text: &str) -> Option<String> {
    let range = any_declaration(random, text)?;
    let declaration = text[range.clone()].to_owned();
    insert_attribute(random, &spliced(text, range, ""), &declaration)
}

fn removed(random: &mut Random, text: &str) -> Option<String> {
    let range = any_declaration(random, text)?;
    Some(spliced(text, range, ""))
}

fn changed(random: &mut Random, text: &str) -> Option<String> {
    let declaration = any_declaration(random, text)?;
    let value = scan::value(text, &declaration);
    let old = &text[value.clone()];
    let new = match random.below(6) {
        0 => format!("{old}x"),
        1 => old.to_uppercase(),
        2 => old.replacen('h', "&#104;", 1),
        3 => format!("{old}{}", "x".repeat(random.pick([200, 250, 256, 257, 300]))),
        _ => random
            .pick([
                "x",
                "",
                " urn:x",
                "urn:x ",
                "urn:é",
                "http://[",
                "http://[::1]/",
                "http://[v1.a]/",
                "a:b c",
                "http://a b/",
                "//x",
                "urn:",
                "http://example.org:port/",
                "http://user@host:1/",
                "http://a/%",
                "http://a/%zz",
                "a:%41",
                "1a:b",
                "a+b.c-d:e",
                "urn:\"",
                "urn:{x}",
                "urn:a|b",
                "urn:a\\b",
                "urn:a^b`",
                "urn:a#b#c",
                "urn:&lt;&gt;",
                "http://www.w3.org/2000/xmlns/",
                "http://www.w3.org/XML/1998/namespace",
                "#",
                "?",
                ".",
                "a:",
                ":a",
                "http:///",
                "file:a",
                "http://a:/",
                "http://a:99999999999/",
                "http://%41/",
                "urn:&#9;x",
                "urn:[x]",
                "a://b@c@d/",
            ])
            .to_owned(),
    };
    Some(spliced(text, value, &new))
}

/// Replaces `from:` by `to` where it begins a name, and what the declarations call it.
fn with_prefix(text: &str, from: &str, to: &str) -> String {
    let colon = if to.is_empty() { "" } else { ":" };
    let mut out = text.to_owned();
    for before in ["<", "</", " ", "\n", "\t"] {
        out = out.replace(&format!("{before}{from}:"), &format!("{before}{to}{colon}"));
    }
    out.replace(&format!("xmlns:{from}="), &format!("xmlns{}{to}=", if to.is_empty() { "" } else { ":" }))
}

fn prefix_renamed(random: &mut Random, text: &str) -> Option<String> {
    let prefix = any_prefix(random, text)?;
    Some(with_prefix(text, &prefix, random.pick(["z", "é", "A", "_x-1.2", "rdf", "p", "xml2"])))
}

fn prefix_changed(random: &mut Random, text: &str) -> Option<String> {
    let pieces = scan::pieces(text);
    let openings = scan::openings(&pieces);
    let index = *random.one(&openings)?;
    let whole = scan::element(&pieces, index)?;
    let old = scan::name(text, &pieces[index]);
    let local = old.rsplit(':').next()?;
    let prefix = any_prefix(random, text).unwrap_or_else(|| "rdf".to_owned());
    let inner = text[whole.clone()].replacen(&format!("<{old}"), &format!("<{prefix}:{local}"), 1);
    let inner = match inner.strip_suffix(&format!("</{old}>")) {
        Some(start) => format!("{start}</{prefix}:{local}>"),
        None => inner,
    };
    Some(spliced(text, whole, &inner))
}

fn prefix_dropped(random: &mut Random, text: &str) -> Option<String> {
    let prefix = any_prefix(random, text)?;
    Some(with_prefix(text, &prefix, ""))
}

fn prefix_reserved(random: &mut Random, text: &str) -> Option<String> {
    let declaration = random.pick([
        " xmlns:xml='http://www.w3.org/XML/1998/namespace'",
        " xmlns:xml='urn:x'",
        " xmlns:xmlns='urn:x'",
        " xmlns:xmlns='http://www.w3.org/2000/xmlns/'",
        " xmlns:p='http://www.w3.org/XML/1998/namespace'",
        " xmlns='http://www.w3.org/XML/1998/namespace'",
        " xmlns='http://www.w3.org/2000/xmlns/'",
        " xmlns:p='http://www.w3.org/2000/xmlns/'",
        " xmlns:='urn:x'",
        " xmlns:xmlp='urn:x' xmlp:a=''",
        " xmlns:1='urn:x'",
        " xmlns:a:b='urn:x'",
    ]);
    insert_attribute(random, text, declaration)
}
