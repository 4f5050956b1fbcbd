//! Distinguished names in the slash form that OpenSSL and the grid write: `/C=UK/O=eScience/CN=jane doe`.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use openssl::asn1::Asn1Object;
use openssl::nid::Nid;

use super::der::{self, Reader, Value};

/// A name as `X509_NAME_oneline` of OpenSSL 3 writes it, with one spelling of each keyword, and with `\x5C` for a
/// backslash: OpenSSL writes that as it is, and so makes one name of two.
///
/// It is for comparing with what operators and signing policies write, not for taking apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlashName(String);

/// Keywords that tools write in place of OpenSSL's, in lower case.
const SPELLINGS: [(&str, &str); 5] = [
    ("e", "emailAddress"),
    ("email", "emailAddress"),
    ("emailaddress", "emailAddress"),
    ("s", "ST"),
    ("userid", "UID"),
];

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

    /// What somebody wrote.
    pub(super) fn of(text: &str) -> Self {
        let Ok(name) = text.parse();
        name
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text as Globus and OpenSSL 1 write it, in which several names may look alike.
    pub(super) fn without_backslashes(&self) -> String {
        self.0.replace("\\/", "/").replace("\\+", "+")
    }

    /// [`Self::without_backslashes`], where that can be no other name's: `None` where a value has what looks like a
    /// further part.
    pub(super) fn plain(&self) -> Option<String> {
        let text = self.without_backslashes();
        (Self::of(&text) == *self).then_some(text)
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
    /// in a value, and write `Email`, `E` and `USERID`; people write letters, and not their octets.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        let mut name = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let (letter, after) = rest.split_at(first.len_utf8());
            let taken = match (letter, after.as_bytes()) {
                ("/" | "+", _) => {
                    let keyword = keyword(after).unwrap_or_default();
                    name.extend([if keyword.is_empty() { "\\" } else { "" }, letter, one_spelling(keyword)]);
                    keyword.len()
                }
                ("\\", [b'/' | b'+', ..]) => {
                    name.extend(["\\", &after[..1]]);
                    1
                }
                ("\\", [b'x', high, low, ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                    name.extend(["\\x", &after[1..3].to_ascii_uppercase()]);
                    3
                }
                _ => {
                    letter.bytes().for_each(|octet| append_octet(&mut name, octet));
                    0
                }
            };
            rest = &after[taken..];
        }
        Ok(Self(name))
    }
}

/// The one of several keywords of the same meaning that names here have.
pub(super) fn one_spelling(keyword: &str) -> &str {
    let known = SPELLINGS.iter().find(|(other, _)| other.eq_ignore_ascii_case(keyword));
    known.map_or(keyword, |(_, spelling)| *spelling)
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
            other => append_octet(text, *other),
        }
    }
}

fn append_octet(text: &mut String, octet: u8) {
    match octet {
        b'\\' | ..b' ' | 0x7F.. => text.push_str(&format!("\\x{octet:02X}")),
        printable => text.push(char::from(printable)),
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
        let pair = [der::encode(der::OBJECT_IDENTIFIER, &[0x55, 4, 3]), der::encode(tag, value)].concat();
        let name = der::encode(der::SET, &der::encode(der::SEQUENCE, &pair));
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
    fn a_backslash_makes_no_other_name() {
        let names =
            [&b"a\\/CN=b"[..], b"a/CN=b", b"a\\\\/CN=b", b"Jos\\xC3\\xA9", "José".as_bytes(), b"a\\x5Cb", b"a\\b"];
        let texts: std::collections::BTreeSet<_> = names.iter().map(|value| common_name(0x0C, value)).collect();
        assert_eq!(texts.len(), names.len());
        assert_eq!(common_name(0x0C, b"a\\b"), "/CN=a\\x5Cb");
        assert_eq!(SlashName::of("/CN=a\\b").as_str(), "/CN=a\\x5Cb");
    }

    #[test]
    fn letters_that_somebody_wrote_are_the_octets_of_the_certificate() {
        let name = common_name(0x0C, "né\t+".as_bytes());
        for written in ["/CN=né\t+", "/CN=n\\xC3\\xA9\\x09\\+", "/CN=n\\xc3\\xa9\t+"] {
            assert_eq!(SlashName::of(written).as_str(), name, "{written}");
        }
        assert_ne!(SlashName::of("/CN=n\\xC3\\xA8\t+").as_str(), name);
    }

    #[test]
    fn a_name_is_plain_where_its_text_without_backslashes_is_no_other_name() {
        for (name, plain) in [
            ("/O=Grid/CN=host\\/x", Some("/O=Grid/CN=host/x")),
            ("/CN=C\\+\\+", Some("/CN=C++")),
            ("/CN=a\\b", Some("/CN=a\\x5Cb")),
            ("/O=Grid\\/CN=Jane", None),
            ("/O=Grid\\+CN=Jane", None),
            ("/CN=a\\/1.2.3=b", None),
        ] {
            assert_eq!(SlashName::of(name).plain().as_deref(), plain, "{name}");
        }
    }

    #[test]
    fn any_text_is_brought_into_one_spelling_once() {
        for text in [
            "",
            "/",
            "//",
            "+",
            "no name",
            "/CN",
            "/=x",
            "/CN=a\\/b",
            "/CN=a/b+c/E=d",
            "/CN=é/E=é",
            "\\",
            "\\\\/",
            "\\x",
            "\\xe",
            "\\xe9",
        ] {
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
