//! Distinguished names in the slash form that OpenSSL and the grid write: `/C=UK/O=eScience/CN=jane doe`.

use std::convert::Infallible;
use std::fmt::{self, Write as _};
use std::str::FromStr;

use openssl::asn1::Asn1Object;
use openssl::nid::Nid;

use super::der::{self, Reader, Value};

/// A name as OpenSSL's `X509_NAME_oneline` writes it, with one spelling of each keyword.
///
/// It is for comparing with what operators and signing policies write, not for taking apart: a slash in a value is
/// not escaped.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlashName(String);

/// Keywords that tools write in place of OpenSSL's, in lower case.
const SPELLINGS: [(&str, &str); 4] =
    [("e=", "emailAddress="), ("email=", "emailAddress="), ("emailaddress=", "emailAddress="), ("userid=", "UID=")];

impl SlashName {
    /// The name, given the content of its SEQUENCE; `None` where that is not a name.
    pub(super) fn from_der(content: &[u8]) -> Option<Self> {
        let mut text = String::new();
        let mut names = Reader::new(content);
        while !names.is_at_end() {
            let mut attributes = Reader::new(names.expect(der::SET)?);
            while !attributes.is_at_end() {
                let mut pair = Reader::new(attributes.expect(der::SEQUENCE)?);
                append(&mut text, &der::dotted(pair.expect(der::OBJECT_IDENTIFIER)?)?, pair.next()?);
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

    /// What somebody wrote, whose `/Email=`, `/E=` and `/USERID=` are OpenSSL's `/emailAddress=` and `/UID=`.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        let mut parts = text.split('/');
        let mut name = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let is_spelt = |(spelling, _): &&(&str, &str)| {
                part.get(..spelling.len()).is_some_and(|start| start.eq_ignore_ascii_case(spelling))
            };
            let (keyword, value) = match SPELLINGS.iter().find(is_spelt) {
                Some((spelling, keyword)) => (*keyword, &part[spelling.len()..]),
                None => ("", part),
            };
            name.push('/');
            name.push_str(keyword);
            name.push_str(value);
        }
        Ok(Self(name))
    }
}

fn append(text: &mut String, identifier: &str, value: Value<'_>) {
    let nid = Asn1Object::from_str(identifier).map_or(Nid::UNDEF, |object| object.nid());
    let keyword = if nid == Nid::UNDEF { identifier } else { nid.short_name().unwrap_or(identifier) };
    text.push('/');
    text.push_str(keyword);
    text.push('=');
    let shown = shown_columns(value);
    for (index, octet) in value.content.iter().enumerate() {
        match octet {
            _ if !shown[index % 4] => {}
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
