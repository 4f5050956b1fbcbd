//! Distinguished names in the slash form that OpenSSL and the grid write: `/C=UK/O=eScience/CN=jane doe`.

use std::convert::Infallible;
use std::fmt::{self, Write as _};
use std::str::FromStr;

use openssl::asn1::Asn1Object;
use openssl::nid::Nid;

use super::der::{self, Reader, Value};

/// A name as `X509_NAME_oneline` of OpenSSL 3 writes it, with one spelling of each keyword.
///
/// It is for comparing with what operators and signing policies write, not for taking apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlashName(String);

/// Keywords that tools write in place of OpenSSL's, in lower case.
const SPELLINGS: [(&str, &str); 4] =
    [("e", "emailAddress"), ("email", "emailAddress"), ("emailaddress", "emailAddress"), ("userid", "UID")];

impl SlashName {
    /// The name, given the content of its SEQUENCE; `None` where that is not a name.
    pub(super) fn from_der(content: &[u8]) -> Option<Self> {
        let mut text = String::new();
        let mut names = Reader::new(content);
        while !names.is_at_end() {
            let mut separator = '/';
            let mut attributes = Reader::new(names.expect(der::SET)?);
            while !attributes.is_at_end() {
                let mut pair = Reader::new(attributes.expect(der::SEQUENCE)?);
                text.push(separator);
                append(&mut text, &der::dotted(pair.expect(der::OBJECT_IDENTIFIER)?)?, pair.next()?);
                separator = '+';
            }
        }
        Some(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SlashName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for SlashName {
    type Err = Infallible;

    /// What somebody wrote, brought into the one spelling: Globus and OpenSSL 1 do not escape a slash or a plus sign
    /// in a value, and write `Email`, `E` and `USERID`.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        let mut name = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(['/', '+']) {
            let (before, from) = rest.split_at(at);
            let (separator, after) = from.split_at(1);
            name.push_str(before);
            rest = after;
            match keyword(after) {
                _ if before.ends_with('\\') => name.push_str(separator),
                Some(written) => {
                    let known = SPELLINGS.iter().find(|(spelling, _)| spelling.eq_ignore_ascii_case(written));
                    name.push_str(separator);
                    name.push_str(known.map_or(written, |(_, keyword)| keyword));
                    rest = &after[written.len()..];
                }
                None => name.extend(["\\", separator]),
            }
        }
        name.push_str(rest);
        Ok(Self(name))
    }
}

/// What stands before the equals sign, where it is a keyword or dotted numbers.
fn keyword(text: &str) -> Option<&str> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '.';
    let rest = text.trim_start_matches(is_part);
    let keyword = &text[..text.len() - rest.len()];
    (!keyword.is_empty() && rest.starts_with('=')).then_some(keyword)
}

fn append(text: &mut String, identifier: &str, value: Value<'_>) {
    let nid = Asn1Object::from_str(identifier).map_or(Nid::UNDEF, |object| object.nid());
    let keyword = if nid == Nid::UNDEF { identifier } else { nid.short_name().unwrap_or(identifier) };
    text.push_str(keyword);
    text.push('=');
    let shown = shown_columns(value);
    for (index, octet) in value.content.iter().enumerate() {
        match octet {
            _ if !shown[index % 4] => {}
            b'/' | b'+' => text.extend(['\\', char::from(*octet)]),
            b' '..=b'~' => text.push(char::from(*octet)),
            _ => write!(text, "\\x{octet:02X}").unwrap_or_default(),
        }
    }
}

/// Which octets of each four are written: OpenSSL takes a GeneralString of zeros in threes for one of 32-bit letters.
fn shown_columns(value: Value<'_>) -> [bool; 4] {
    const GENERAL_STRING: u8 = 0x1B;
    let is_wide = value.tag == GENERAL_STRING
        && value.content.len().is_multiple_of(4)
        && value.content.chunks_exact(4).all(|letter| letter.starts_with(&[0, 0, 0]));
    [!is_wide, !is_wide, !is_wide, true]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name of one common name with a value of this type.
    fn common_name(tag: u8, value: &[u8]) -> String {
        let wrap = |tag: u8, content: &[u8]| {
            let length = u8::try_from(content.len()).expect("a short value");
            [&[tag, length], content].concat()
        };
        let pair = [wrap(der::OBJECT_IDENTIFIER, &[0x55, 4, 3]), wrap(tag, value)].concat();
        let name = wrap(der::SET, &wrap(der::SEQUENCE, &pair));
        SlashName::from_der(&name).expect("a name").to_string()
    }

    #[test]
    fn octets_beyond_ascii_are_written_in_hexadecimal_whatever_the_type() {
        assert_eq!(common_name(0x0C, "né\t".as_bytes()), "/CN=n\\xC3\\xA9\\x09");
        assert_eq!(common_name(0x14, &[b'n', 0xE9]), "/CN=n\\xE9");
        assert_eq!(common_name(0x1E, &[0, b'J', 0, b'a']), "/CN=\\x00J\\x00a");
    }

    #[test]
    fn a_general_string_of_32_bit_letters_is_written_without_its_zeros() {
        assert_eq!(common_name(0x1B, &[0, 0, 0, b'J', 0, 0, 0, b'a']), "/CN=Ja");
        assert_eq!(common_name(0x1B, &[0, 0, 1, b'J']), "/CN=\\x00\\x00\\x01J");
        assert_eq!(common_name(0x1B, b"Ja"), "/CN=Ja");
    }

    #[test]
    fn any_text_is_brought_into_one_spelling_once() {
        for text in ["", "/", "//", "+", "no name", "/CN", "/=x", "/CN=a\\/b", "/CN=a/b+c/E=d", "/CN=é/E=é"] {
            let once = SlashName::from_str(text).expect("it cannot fail");
            assert_eq!(once.as_str().parse(), Ok(once.clone()), "{text}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for content in [&[0x31][..], &[0x31, 1], &[0x31, 2, 0x30, 0], &[0x30, 0]] {
            assert_eq!(SlashName::from_der(content), None, "{content:?}");
        }
    }
}
