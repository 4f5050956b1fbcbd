//! The content of an element as RDF/XML distinguishes it.

use super::error::RdfError;
use crate::xml::{Element, Node};

/// What stands inside a property element.
#[derive(Debug)]
pub(super) enum Content<'a> {
    /// Nothing, not even a blank.
    Empty,
    /// Text alone.
    Text(String),
    /// One node element, perhaps among blanks.
    Node(&'a Element<'a>),
}

/// Sorts the content of a property element; comments and instructions are not content.
pub(super) fn of_property<'a>(element: &'a Element<'a>) -> Result<Content<'a>, RdfError> {
    let mut elements = element.elements();
    match (elements.next(), elements.next()) {
        (Some(_), Some(_)) => Err(RdfError::TwoNodes((&element.name).into())),
        (Some(node), None) => blank_around(element).map(|()| Content::Node(node)),
        (None, _) => {
            let text: String = texts(element).collect();
            Ok(if text.is_empty() { Content::Empty } else { Content::Text(text) })
        }
    }
}

/// The child elements of `element`, which has no text but blanks.
pub(super) fn only_elements<'a>(element: &'a Element<'a>) -> Result<impl Iterator<Item = &'a Element<'a>>, RdfError> {
    blank_around(element)?;
    Ok(element.elements())
}

fn blank_around(element: &Element<'_>) -> Result<(), RdfError> {
    let is_blank = |text: &&str| text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
    match texts(element).find(|text| !is_blank(text)) {
        None => Ok(()),
        Some(text) => Err(RdfError::MixedContent { element: (&element.name).into(), text: text.into() }),
    }
}

fn texts<'a>(element: &'a Element<'a>) -> impl Iterator<Item = &'a str> {
    element.children.iter().filter_map(|child| match child {
        Node::Text(text) => Some(&**text),
        _ => None,
    })
}
