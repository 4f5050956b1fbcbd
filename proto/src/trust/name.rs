//! Distinguished names as text, read into their attributes so that two spellings of one name are equal.

use std::fmt;
use std::str::FromStr;

/// A distinguished name, attribute by attribute in the order of the certificate.
///
/// It reads what documents carry (RFC 2253 as Java writes it, `CN=Jane,O=Grid,C=UK`) and what grid sites write
/// (`/C=UK/O=Grid/CN=Jane`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DistinguishedName(Vec<Attribute>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Attribute {
    /// The object identifier in dotted numbers.
    identifier: String,
    value: String,
}

/// The text is no distinguished name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no subject such as CN=Jane,O=Grid,C=UK or /C=UK/O=Grid/CN=Jane")]
pub struct NotAName(String);

/// The types that have a keyword, with the one that is written first: RFC 4519, and what OpenSSL and Globus write.
const TYPES: [(&str, &str); 17] = [
    ("CN", "2.5.4.3"),
    ("C", "2.5.4.6"),
    ("L", "2.5.4.7"),
    ("ST", "2.5.4.8"),
    ("STREET", "2.5.4.9"),
    ("O", "2.5.4.10"),
    ("OU", "2.5.4.11"),
    ("DC", "0.9.2342.19200300.100.1.25"),
    ("UID", "0.9.2342.19200300.100.1.1"),
    ("emailAddress", "1.2.840.113549.1.9.1"),
    ("Email", "1.2.840.113549.1.9.1"),
    ("E", "1.2.840.113549.1.9.1"),
    ("SN", "2.5.4.4"),
    ("GN", "2.5.4.42"),
    ("serialNumber", "2.5.4.5"),
    ("title", "2.5.4.12"),
    ("USERID", "0.9.2342.19200300.100.1.1"),
];

/// The tags of strings whose octets Java reads as UTF-8: UTF8, Printable, T61, IA5, General and BMP.
const STRINGS: [u8; 6] = [0x0C, 0x13, 0x14, 0x16, 0x1B, 0x1E];

impl FromStr for DistinguishedName {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let attributes = match text.strip_prefix('/') {
            Some(slashed) => read_slashed(slashed),
            None => read_rfc2253(text),
        };
        match attributes {
            Some(attributes) if !attributes.is_empty() => Ok(Self(attributes)),
            _ => Err(NotAName(text.chars().take(200).collect())),
        }
    }
}

/// Writes the name as RFC 2253 does, which no value can be mistaken in.
impl fmt::Display for DistinguishedName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Attribute { identifier, value }) in self.0.iter().rev().enumerate() {
            let keyword = TYPES.iter().find(|(_, known)| known == identifier).map_or(&**identifier, |(word, _)| word);
            write!(formatter, "{}{keyword}=", if index == 0 { "" } else { "," })?;
            for character in value.chars() {
                if ",+\"\\<>;=#".contains(character) {
                    formatter.write_str("\\")?;
                }
                write!(formatter, "{character}")?;
            }
        }
        Ok(())
    }
}

/// A slash ends a value only where a type follows it, for values have slashes too: `/CN=host/www.example.org`.
fn read_slashed(text: &str) -> Option<Vec<Attribute>> {
    let mut attributes: Vec<Attribute> = Vec::new();
    for part in text.split('/') {
        match part.split_once('=').and_then(|(word, value)| Some((identifier(word)?, value))) {
            Some((identifier, value)) => attributes.push(Attribute { identifier, value: value.to_owned() }),
            None => {
                let last = attributes.last_mut()?;
                last.value.push('/');
                last.value.push_str(part);
            }
        }
    }
    Some(attributes)
}

/// RFC 2253 writes the last part of the name first; within one part (`CN=a+OU=b`) the order stays.
fn read_rfc2253(text: &str) -> Option<Vec<Attribute>> {
    let mut parts: Vec<Vec<Attribute>> = vec![Vec::new()];
    let mut rest = text;
    loop {
        let (word, after) = rest.split_once('=')?;
        let identifier = identifier(word.trim_matches(' '))?;
        let (value, end, after) = read_value(after)?;
        parts.last_mut()?.push(Attribute { identifier, value });
        match end {
            None => break,
            Some(',') => parts.push(Vec::new()),
            Some(_) => (),
        }
        rest = after;
    }
    Some(parts.into_iter().rev().flatten().collect())
}

/// A value up to an unescaped comma or plus, that character, and the text after it.
fn read_value(text: &str) -> Option<(String, Option<char>, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    let mut end = None;
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => {
                let (_, escaped) = characters.next()?;
                if escaped == '0' && characters.as_str().starts_with('0') {
                    characters.next();
                    value.push('\0');
                } else {
                    value.push(escaped);
                }
            }
            ',' | '+' => {
                end = Some((at, character));
                break;
            }
            other => value.push(other),
        }
    }
    // An escaped number sign is text; a bare one in front announces the encoded value.
    let value = match text.strip_prefix('#') {
        Some(_) => decoded(&value),
        None => value,
    };
    let after = end.map_or("", |(at, _)| &text[at + 1..]);
    Some((value, end.map(|(_, character)| character), after))
}

/// The text of `#` and an encoded string; what is no string stays as it is.
fn decoded(value: &str) -> String {
    let digits = value.trim_start_matches('#').as_bytes();
    let digit = |digit: &u8| char::from(*digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let octet = |pair: &[u8]| Some(digit(pair.first()?)? * 16 + digit(pair.get(1)?)?);
    let octets: Option<Vec<u8>> = digits.chunks(2).map(octet).collect();
    match octets.as_deref() {
        // Strings of more than 127 octets have a longer length, and are compared by their digits.
        Some([tag, length, content @ ..]) if STRINGS.contains(tag) && usize::from(*length) == content.len() => {
            String::from_utf8_lossy(content).into_owned()
        }
        _ => value.to_ascii_lowercase(),
    }
}

/// The object identifier of a keyword or of dotted numbers.
fn identifier(word: &str) -> Option<String> {
    let is_dotted = word.contains('.') && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let known = TYPES.iter().find(|(keyword, _)| keyword.eq_ignore_ascii_case(word));
    known.map(|(_, identifier)| (*identifier).to_owned()).or_else(|| is_dotted.then(|| word.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> DistinguishedName {
        text.parse().expect("a name")
    }

    #[test]
    fn both_spellings_of_a_name_are_equal() {
        let pairs = [
            ("CN=Jane Tester,OU=Physics,O=Grid,C=UK", "/C=UK/O=Grid/OU=Physics/CN=Jane Tester"),
            ("CN=host/www.example.org,DC=grid", "/DC=grid/CN=host/www.example.org"),
            ("CN=a\\,b\\=c\\+d,O=\\#x", "/O=#x/CN=a,b=c+d"),
            ("C=EU,CN=A+OU=B", "/CN=A/OU=B/C=EU"),
            ("1.2.840.113549.1.9.1=#16046a406578,C=UK", "/C=UK/emailAddress=j@ex"),
            ("CN=\\ a\\ ", "/CN= a "),
            ("2.5.4.5=#130178", "/serialNumber=x"),
        ];
        for (rfc2253, slashed) in pairs {
            assert_eq!(name(rfc2253), name(slashed), "{rfc2253}");
            assert_eq!(name(rfc2253).to_string().parse(), Ok(name(rfc2253)), "{rfc2253}");
        }
    }

    #[test]
    fn a_value_that_looks_like_a_type_is_not_one() {
        assert_ne!(name("CN=x/CN=Jane,C=UK"), name("/C=UK/CN=x/CN=Jane"));
    }

    #[test]
    fn other_orders_values_and_cases_are_other_names() {
        for other in ["/O=Grid/C=UK/CN=Jane", "/C=UK/O=Grid/CN=jane", "/C=UK/O=Grid", "/C=UK/O=Grid/CN=Jane/CN=proxy"] {
            assert_ne!(name("CN=Jane,O=Grid,C=UK"), name(other), "{other}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in ["", "/", "Jane", "/Jane", "CN", "XYZ=1", "CN=a,", "CN=a\\", "=a", "/=a", "CN=a,b"] {
            assert!(text.parse::<DistinguishedName>().is_err(), "{text}");
        }
    }
}
