//! The name and the attributes in a start tag.

use std::borrow::Cow;

use super::characters::{is_blank, is_name_without_colon, normalize_line_ends, resolve_reference};
use super::error::excerpt;

/// A prefix (empty where there is none) and a local part.
pub(super) type QualifiedName<'a> = (&'a str, &'a str);

/// Splits what stands between `<` and `>` or `/>` into the element's name and the rest.
pub(super) fn split_name(content: &str) -> Result<(QualifiedName<'_>, &str), String> {
    let end = content.bytes().position(|byte| is_blank(char::from(byte))).unwrap_or(content.len());
    let (name, rest) = content.split_at(end);
    Ok((qualified_name(name)?, rest))
}

/// Takes the next attribute off `rest`; `None` when only blanks are left.
pub(super) fn next_attribute<'a>(rest: &mut &'a str) -> Result<Option<(QualifiedName<'a>, Cow<'a, str>)>, String> {
    let text = rest.trim_start_matches(is_blank);
    if text.is_empty() {
        return Ok(None);
    }
    if text.len() == rest.len() {
        return Err(format!("a blank is missing before {:?}", excerpt(text)));
    }
    let (name, text) = text.split_once('=').ok_or_else(|| format!("{:?} has no value", excerpt(text)))?;
    let name = qualified_name(name.trim_end_matches(is_blank))?;
    let text = text.trim_start_matches(is_blank);
    let quote = text.chars().next().filter(|quote| matches!(quote, '"' | '\''));
    let quote = quote.ok_or_else(|| format!("the value {:?} is not quoted", excerpt(text)))?;
    let (value, text) = text[1..].split_once(quote).ok_or_else(|| format!("{:?} is not closed", excerpt(text)))?;
    *rest = text;
    Ok(Some((name, attribute_value(value)?)))
}

fn qualified_name(name: &str) -> Result<QualifiedName<'_>, String> {
    let colon = name.bytes().position(|byte| byte == b':');
    let (prefix, local) = colon.map_or(("", name), |colon| (&name[..colon], &name[colon + 1..]));
    if is_name_without_colon(local) && (colon.is_none() || is_name_without_colon(prefix)) {
        Ok((prefix, local))
    } else {
        Err(format!("{:?} is not a qualified name", excerpt(name)))
    }
}

/// Normalises as XML 1.0 section 3.3.3 says for CDATA: literal blanks become spaces, referenced ones are kept.
fn attribute_value(raw: &str) -> Result<Cow<'_, str>, String> {
    if !raw.bytes().any(|byte| matches!(byte, b'<' | b'&' | b'\t' | b'\n' | b'\r')) {
        return Ok(Cow::Borrowed(raw));
    }
    if raw.contains('<') {
        return Err(format!("'<' stands in the attribute value {:?}", excerpt(raw)));
    }
    let raw = normalize_line_ends(raw);
    let mut value = String::with_capacity(raw.len());
    let mut parts = raw.split('&');
    push_with_spaces(&mut value, parts.next().unwrap_or_default());
    for part in parts {
        let resolved = part.split_once(';').and_then(|(name, text)| Some((resolve_reference(name)?, text)));
        let (character, text) = resolved.ok_or_else(|| format!("'&{}' is not a known reference", excerpt(part)))?;
        value.push(character);
        push_with_spaces(&mut value, text);
    }
    Ok(Cow::Owned(value))
}

fn push_with_spaces(value: &mut String, text: &str) {
    value.extend(text.chars().map(|character| if is_blank(character) { ' ' } else { character }));
}
