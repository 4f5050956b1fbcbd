//! Bytes to a tree, with every check that XML 1.0 and Namespaces in XML ask for.

use std::borrow::Cow;

use crate::bounds;

use super::characters::{
    any_byte, is_all_blank, is_blank, is_character, is_name_without_colon, normalize_line_ends, resolve_reference,
};
use super::error::{XmlError, excerpt};
use super::namespaces::{Namespaces, Refused};
use super::tag;
use super::token::{Token, Tokens};
use super::tree::{Attribute, Element, Name, NamespaceDeclaration, Node, Tree};

/// Reads a whole document; UTF-8 only, no document type declaration, within the bounds of [`crate::bounds`].
pub fn parse(bytes: &[u8]) -> Result<Tree<'_>, XmlError> {
    if bytes.len() > bounds::DOCUMENT_BYTES_MAX {
        return Err(XmlError::TooLarge { length: bytes.len() });
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| XmlError::NotUtf8 { offset: error.valid_up_to() })?;
    let mut parser = Parser::new(text);
    match parser.run() {
        Ok(tree) => Ok(tree),
        Err(fault) => Err(fault.at(line_of(text, parser.position))),
    }
}

/// The line of a position; lines end as XML 1.0 section 2.11 says.
fn line_of(text: &str, position: usize) -> usize {
    let mut previous = 0;
    let is_end = |byte: u8| {
        let is_end = byte == b'\r' || byte == b'\n' && previous != b'\r';
        previous = byte;
        is_end
    };
    1 + text.bytes().take(position).map(is_end).filter(|is_end| *is_end).count()
}

/// An error before its line is known; the line costs a pass over the text, so it is counted only once.
enum Fault {
    TooDeep,
    TooManyAttributes,
    TooManyNodes,
    TooManyNamespaces,
    Doctype,
    Declaration(String),
    Malformed(String),
    Namespace(String),
}

impl Fault {
    fn at(self, line: usize) -> XmlError {
        match self {
            Self::TooDeep => XmlError::TooDeep { line },
            Self::TooManyAttributes => XmlError::TooManyAttributes { line },
            Self::TooManyNodes => XmlError::TooManyNodes { line },
            Self::TooManyNamespaces => XmlError::TooManyNamespaces { line },
            Self::Doctype => XmlError::Doctype { line },
            Self::Declaration(text) => XmlError::Declaration(text),
            Self::Malformed(reason) => XmlError::Malformed { line, reason },
            Self::Namespace(reason) => XmlError::Namespace { line, reason },
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    /// Where the token that is being read starts.
    position: usize,
    namespaces: Namespaces<'a>,
    /// Elements whose end tag has not come yet, the root first.
    open: Vec<Element<'a>>,
    nodes: usize,
    before: Vec<Node<'a>>,
    root: Option<Element<'a>>,
    after: Vec<Node<'a>>,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            position: 0,
            namespaces: Namespaces::default(),
            open: Vec::new(),
            nodes: 0,
            before: Vec::new(),
            root: None,
            after: Vec::new(),
        }
    }

    fn run(&mut self) -> Result<Tree<'a>, Fault> {
        self.check_characters()?;
        let mut tokens = Tokens::new(self.text);
        while let Some(token) = tokens.read().map_err(Fault::Malformed)? {
            self.handle(token)?;
            self.position = tokens.position();
        }
        if !self.open.is_empty() {
            return Err(Fault::Malformed(format!("{} elements are not closed", self.open.len())));
        }
        let root = self.root.take().ok_or_else(|| Fault::Malformed("there is no root element".to_owned()))?;
        Ok(Tree { before: std::mem::take(&mut self.before), root, after: std::mem::take(&mut self.after) })
    }

    fn check_characters(&mut self) -> Result<(), Fault> {
        // All but a few documents are done after this pass over bytes.
        let is_suspect = |byte: u8| (byte < b' ') & (byte != b'\t') & (byte != b'\n') & (byte != b'\r') | (byte > 0x7F);
        if !any_byte(self.text, is_suspect) {
            return Ok(());
        }
        let illegal = self.text.char_indices().find(|(_, character)| !is_character(*character));
        illegal.map_or(Ok(()), |(position, character)| {
            self.position = position;
            Err(Fault::Malformed(format!("the character U+{:04X} is not allowed", u32::from(character))))
        })
    }

    fn handle(&mut self, token: Token<'a>) -> Result<(), Fault> {
        match token {
            Token::Start(content) => {
                let element = self.start(content)?;
                self.open.push(element);
                Ok(())
            }
            Token::Empty(content) => {
                let element = self.start(content)?;
                self.end(element);
                Ok(())
            }
            Token::End(name) => self.close(name.trim_end_matches(is_blank)),
            Token::Text(text) => self.text(text),
            Token::CharacterData(text) => self.add_text(normalize_line_ends(text)),
            Token::Reference(name) => self.reference(name),
            Token::Comment(comment) => self.comment(comment),
            Token::Instruction(content) if is_declaration(content) => self.declaration(content),
            Token::Instruction(content) => self.instruction(content),
            Token::Doctype => Err(Fault::Doctype),
        }
    }

    /// The element of a start tag, without children yet.
    fn start(&mut self, content: &'a str) -> Result<Element<'a>, Fault> {
        if self.open.is_empty() && self.root.is_some() {
            return Err(Fault::Malformed(format!("a second root element {:?}", excerpt(content))));
        }
        if self.open.len() == bounds::XML_DEPTH_MAX {
            return Err(Fault::TooDeep);
        }
        self.count_node()?;
        let ((prefix, local), rest) = tag::split_name(content).map_err(Fault::Malformed)?;
        let (declarations, mut attributes) = self.read_attributes(rest)?;
        self.namespaces.enter(&declarations).map_err(|refused| match refused {
            Refused::TooMany => Fault::TooManyNamespaces,
            Refused::Unbindable(reason) => Fault::Namespace(reason),
        })?;
        let name = self.namespaces.element_name(prefix, local).map_err(Fault::Namespace)?;
        self.resolve_attributes(&mut attributes)?;
        Ok(Element { name, declarations, attributes, children: Vec::new() })
    }

    /// The declarations of a start tag, and its attributes, whose namespaces are not known yet.
    fn read_attributes(
        &mut self,
        mut rest: &'a str,
    ) -> Result<(Vec<NamespaceDeclaration<'a>>, Vec<Attribute<'a>>), Fault> {
        let mut declarations = Vec::new();
        let mut attributes = Vec::new();
        while let Some(((prefix, local), value)) = tag::next_attribute(&mut rest).map_err(Fault::Malformed)? {
            self.count_node()?;
            if declarations.len() + attributes.len() == bounds::XML_ATTRIBUTES_MAX {
                return Err(Fault::TooManyAttributes);
            }
            let declared = match (prefix, local) {
                ("", "xmlns") => Some(""),
                ("xmlns", prefix) => Some(prefix),
                _ => None,
            };
            match declared {
                Some(prefix) => declarations.push(NamespaceDeclaration { prefix: prefix.into(), namespace: value }),
                None => {
                    let name = Name { prefix: prefix.into(), local: local.into(), namespace: Cow::default() };
                    attributes.push(Attribute { name, value });
                }
            }
        }
        Ok((declarations, attributes))
    }

    fn resolve_attributes(&self, attributes: &mut [Attribute<'a>]) -> Result<(), Fault> {
        for index in 0..attributes.len() {
            let (resolved, rest) = attributes.split_at_mut(index);
            let name = &mut rest[0].name;
            name.namespace = self.namespaces.of_attribute(&name.prefix).map_err(Fault::Namespace)?;
            if resolved.iter().any(|other| other.name.is(&name.namespace, &name.local)) {
                return Err(Fault::Malformed(format!("the attribute {:?} stands twice", excerpt(&name.local))));
            }
        }
        Ok(())
    }

    fn close(&mut self, name: &str) -> Result<(), Fault> {
        match self.open.pop() {
            Some(element) if element.name.is_written(name) => {
                self.end(element);
                Ok(())
            }
            Some(element) => {
                let (name, local) = (excerpt(name), excerpt(&element.name.local));
                Err(Fault::Malformed(format!("the end tag {name:?} stands where {local:?} is open")))
            }
            None => Err(Fault::Malformed(format!("the end tag {:?} has no start tag", excerpt(name)))),
        }
    }

    /// Gives an element that is complete to its parent.
    fn end(&mut self, element: Element<'a>) {
        self.namespaces.leave();
        match self.open.last_mut() {
            Some(parent) => parent.children.push(Node::Element(element)),
            None => self.root = Some(element),
        }
    }

    fn text(&mut self, text: &'a str) -> Result<(), Fault> {
        if self.open.is_empty() && is_all_blank(text) {
            return Ok(());
        }
        // Most texts are blanks between tags.
        if !any_byte(text, |byte| (byte == b']') | (byte == b'\r')) {
            return self.add_text(Cow::Borrowed(text));
        }
        if text.contains("]]>") {
            return Err(Fault::Malformed("']]>' stands in text".to_owned()));
        }
        self.add_text(normalize_line_ends(text))
    }

    fn reference(&mut self, name: &str) -> Result<(), Fault> {
        match resolve_reference(name) {
            Some(character) => self.add_text(Cow::Owned(character.into())),
            None => Err(Fault::Malformed(format!("'&{};' is not a known reference", excerpt(name)))),
        }
    }

    fn add_text(&mut self, text: Cow<'a, str>) -> Result<(), Fault> {
        let Some(parent) = self.open.last_mut() else {
            return Err(Fault::Malformed("text stands outside of the root element".to_owned()));
        };
        if let Some(Node::Text(known)) = parent.children.last_mut() {
            known.to_mut().push_str(&text);
        } else if !text.is_empty() {
            parent.children.push(Node::Text(text));
            self.count_node()?;
        }
        Ok(())
    }

    fn comment(&mut self, comment: &'a str) -> Result<(), Fault> {
        if comment.contains("--") || comment.ends_with('-') {
            return Err(Fault::Malformed("'--' stands in a comment".to_owned()));
        }
        self.add(Node::Comment(normalize_line_ends(comment)))
    }

    fn instruction(&mut self, content: &'a str) -> Result<(), Fault> {
        let (target, data) = content.split_once(is_blank).unwrap_or((content, ""));
        if !is_name_without_colon(target) || target.eq_ignore_ascii_case("xml") {
            let target = excerpt(target);
            return Err(Fault::Malformed(format!("{target:?} is not a target of a processing instruction")));
        }
        let data = normalize_line_ends(data.trim_start_matches(is_blank));
        self.add(Node::Instruction { target: target.into(), data })
    }

    fn add(&mut self, node: Node<'a>) -> Result<(), Fault> {
        self.count_node()?;
        match (self.open.last_mut(), &self.root) {
            (Some(parent), _) => parent.children.push(node),
            (None, None) => self.before.push(node),
            (None, Some(_)) => self.after.push(node),
        }
        Ok(())
    }

    fn declaration(&self, content: &str) -> Result<(), Fault> {
        if self.position != 0 {
            return Err(Fault::Malformed("the XML declaration does not stand first".to_owned()));
        }
        let encodings = if self.text.is_ascii() { &["utf-8", "us-ascii"][..] } else { &["utf-8"] };
        is_good_declaration(content, encodings).then_some(()).ok_or_else(|| Fault::Declaration(excerpt(content)))
    }

    fn count_node(&mut self) -> Result<(), Fault> {
        self.nodes += 1;
        if self.nodes > bounds::XML_NODES_MAX { Err(Fault::TooManyNodes) } else { Ok(()) }
    }
}

/// Whether a processing instruction is none, but the XML declaration.
fn is_declaration(content: &str) -> bool {
    content.strip_prefix("xml").is_some_and(|rest| rest.is_empty() || rest.starts_with(is_blank))
}

/// Production 23 of XML 1.0, restricted to version 1.0 and some encodings; `content` starts with `xml`.
fn is_good_declaration(content: &str, encodings: &[&str]) -> bool {
    let rest = content.strip_prefix("xml").unwrap_or_default();
    let Some(rest) = pseudo_attribute(rest, "version", |value| value == "1.0") else { return false };
    let is_known = |value: &str| encodings.iter().any(|encoding| value.eq_ignore_ascii_case(encoding));
    let rest = pseudo_attribute(rest, "encoding", is_known).unwrap_or(rest);
    let rest = pseudo_attribute(rest, "standalone", |value| matches!(value, "yes" | "no")).unwrap_or(rest);
    is_all_blank(rest)
}

/// What follows ` name="value"`; `None` where something else stands there or the value is not accepted.
fn pseudo_attribute<'a>(text: &'a str, name: &str, accepts: impl Fn(&str) -> bool) -> Option<&'a str> {
    let rest = text.strip_prefix(is_blank)?.trim_start_matches(is_blank).strip_prefix(name)?;
    let rest = rest.trim_start_matches(is_blank).strip_prefix('=')?.trim_start_matches(is_blank);
    let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let (value, rest) = rest[1..].split_once(quote)?;
    accepts(value).then_some(rest)
}

#[cfg(test)]
mod tests;
