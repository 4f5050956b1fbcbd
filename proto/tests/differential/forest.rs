//! Random well-formed XML, as strange as the bounds of documents allow.

use std::fmt::Write as _;

use super::random::Random;

const LOCALS: [&str; 8] = ["a", "b", "description", "Ünï", "x-1.y", "Signature", "_", "要素"];
const PREFIXES: [&str; 6] = ["", "p", "q", "rdf", "n0", "é"];
const NAMESPACES: [&str; 8] = [
    "urn:p",
    "urn:q",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "http://example.org/a?b&amp;c#d",
    "http://example.org/%C3%A9",
    "HTTP://example.org/",
    "http://www.w3.org/2001/XMLSchema-instance",
    "x:",
];
const TEXTS: [&str; 20] = [
    "text",
    " ",
    "\n\t",
    "\r\n",
    "\r",
    "&amp;",
    "&lt;&gt;",
    "&quot;&apos;",
    "&#13;",
    "&#x9;&#10;",
    "&#x1F600;",
    "é\u{85}\u{2028}",
    "\u{FEFF}",
    "\u{7F}\u{80}",
    "\u{10000}\u{10FFFF}",
    "]]",
    "]>",
    "a\u{301}",
    "&#x00041;",
    "'\"",
];
const VALUES: [&str; 12] = [
    "",
    " ",
    "v",
    "a  b",
    "x\ty",
    "x\ny",
    "x\r\ny",
    "&#9;&#xA;&#13;",
    "&lt;&amp;>",
    "&quot;&apos;",
    "é\u{10000}",
    "]]>",
];

/// Bindings in scope, the innermost last.
type Scope = Vec<(&'static str, &'static str)>;

/// A whole document.
pub(crate) fn document(random: &mut Random) -> String {
    let mut out = String::new();
    out.push_str(random.pick([
        "",
        "",
        "\u{FEFF}",
        "<?xml version=\"1.0\"?>",
        "<?xml version='1.0' encoding='utf-8' ?>\r\n",
    ]));
    around(random, &mut out);
    let mut budget = 4 + random.below(60);
    element(random, &mut Scope::new(), &mut budget, &mut out);
    around(random, &mut out);
    out
}

fn around(random: &mut Random, out: &mut String) {
    for _ in 0..random.below(3) {
        out.push_str(random.pick(["\n", " ", "<!--c-->", "<!-- \r\n -->", "<?p?>", "<?p  d ?>\n", "\r"]));
    }
}

/// Some content for an element where `scope` is bound.
pub(crate) fn content(random: &mut Random, scope: &mut Scope, budget: &mut usize, out: &mut String) {
    while *budget > 0 && random.percent(80) {
        *budget -= 1;
        match random.below(10) {
            0..4 => element(random, scope, budget, out),
            4..7 => out.push_str(random.pick(TEXTS)),
            7 => out.push_str(random.pick(["<!---->", "<!-- c -->", "<!--&amp;<a>-->", "<!--\r-->"])),
            8 => out.push_str(random.pick(["<![CDATA[]]>", "<![CDATA[<&>\r\n]]]>", "<![CDATA[]]]]><![CDATA[>]]>"])),
            _ => out.push_str(random.pick(["<?p?>", "<?p d?>", "<?p  \n d ? >?>", "<?p-é \"?>"])),
        }
    }
}

fn element(random: &mut Random, scope: &mut Scope, budget: &mut usize, out: &mut String) {
    let outer = scope.len();
    let mut parts = declarations(random, scope);
    let prefix = bound(random, scope);
    attributes(random, scope, &mut parts);
    random.shuffle(&mut parts);
    let local = random.pick(LOCALS);
    let name = if prefix.is_empty() { local.to_owned() } else { format!("{prefix}:{local}") };
    out.push('<');
    out.push_str(&name);
    for part in parts {
        out.push_str(random.pick([" ", " ", "\n", "\t ", "\r\n"]));
        out.push_str(&part);
    }
    out.push_str(random.pick(["", "", " ", "\n"]));
    if *budget == 0 || random.percent(20) {
        out.push_str("/>");
    } else {
        out.push('>');
        content(random, scope, budget, out);
        let _ = write!(out, "</{name}{}>", random.pick(["", "", " ", "\r\n"]));
    }
    scope.truncate(outer);
}

/// New bindings, each prefix once.
fn declarations(random: &mut Random, scope: &mut Scope) -> Vec<String> {
    let mut parts = Vec::new();
    let outer = scope.len();
    for _ in 0..random.pick([0, 0, 1, 2, 4]) {
        let prefix = random.pick(PREFIXES);
        if scope[outer..].iter().any(|(known, _)| *known == prefix) {
            continue;
        }
        let undoes = prefix.is_empty() && random.percent(30);
        let namespace = if undoes { "" } else { random.pick(NAMESPACES) };
        scope.push((prefix, namespace));
        let name = if prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{prefix}") };
        parts.push(quoted(random, &name, namespace));
    }
    if random.percent(3) {
        parts.push("xmlns:xml='http://www.w3.org/XML/1998/namespace'".to_owned());
    }
    parts
}

fn bound(random: &mut Random, scope: &Scope) -> &'static str {
    let candidates: Vec<&'static str> = scope.iter().map(|(prefix, _)| *prefix).chain([""]).collect();
    random.one(&candidates).copied().unwrap_or_default()
}

/// Attributes whose names, resolved, differ.
fn attributes(random: &mut Random, scope: &Scope, parts: &mut Vec<String>) {
    let mut names: Vec<(&str, &str)> = Vec::new();
    for _ in 0..random.pick([0, 0, 1, 2, 3, 6]) {
        let prefix = if random.percent(25) { "xml" } else { bound(random, scope) };
        let local =
            if prefix == "xml" { random.pick(["lang", "space", "base", "id", "a"]) } else { random.pick(LOCALS) };
        let innermost = scope.iter().rev().find(|(known, _)| *known == prefix);
        let namespace = match prefix {
            "" => "",
            "xml" => "xml",
            _ => innermost.map_or("", |(_, namespace)| namespace),
        };
        if names.contains(&(namespace, local)) {
            continue;
        }
        names.push((namespace, local));
        let name = if prefix.is_empty() { local.to_owned() } else { format!("{prefix}:{local}") };
        let value = random.pick(VALUES);
        parts.push(quoted(random, &name, value));
    }
}

fn quoted(random: &mut Random, name: &str, value: &str) -> String {
    let (equals, quote) = (random.pick(["=", "=", " = ", "\n="]), random.pick(['"', '\'']));
    format!("{name}{equals}{quote}{value}{quote}")
}
