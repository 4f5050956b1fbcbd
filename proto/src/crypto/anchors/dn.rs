//! Distinguished names in the slash form that the grid's policy files are written in.

use crate::crypto::der::{self, Reader, Value};

/// The types that have a short name, by the content octets of their object identifier.
const KEYWORDS: [(&[u8], &str); 11] = [
    (&[0x55, 4, 3], "CN"),
    (&[0x55, 4, 5], "serialNumber"),
    (&[0x55, 4, 6], "C"),
    (&[0x55, 4, 7], "L"),
    (&[0x55, 4, 8], "ST"),
    (&[0x55, 4, 9], "street"),
    (&[0x55, 4, 10], "O"),
    (&[0x55, 4, 11], "OU"),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xF2, 0x2C, 0x64, 1, 25], "DC"),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xF2, 0x2C, 0x64, 1, 1], "UID"),
    (&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9, 1], "emailAddress"),
];

const T61_STRING: u8 = 0x14;
const UNIVERSAL_STRING: u8 = 0x1C;
const BMP_STRING: u8 = 0x1E;
/// UTF8String, NumericString, PrintableString, IA5String, VisibleString and GeneralString.
const UTF8_STRINGS: [u8; 6] = [0x0C, 0x12, 0x13, 0x16, 0x1A, 0x1B];

/// A name in slash form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SlashName {
    pub(super) text: String,
    /// Whether no value makes the text look like another name's.
    clarity: Clarity,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Clarity {
    Plain,
    Misleading,
}

impl SlashName {
    /// The name whose SEQUENCE has this content; `None` where that is not a name.
    pub(super) fn read(content: &[u8]) -> Option<Self> {
        let mut name = Self { text: String::new(), clarity: Clarity::Plain };
        let mut names = Reader::new(content);
        while !names.is_at_end() {
            let mut pairs = Reader::new(names.expect(der::SET)?);
            while !pairs.is_at_end() {
                let mut pair = Reader::new(pairs.expect(der::SEQUENCE)?);
                let identifier = pair.expect(der::OBJECT_IDENTIFIER)?;
                let value = pair.next()?;
                let keyword = KEYWORDS.iter().find(|(known, _)| *known == identifier);
                let keyword = keyword.map_or_else(|| der::dotted(identifier), |(_, text)| Some((*text).to_owned()))?;
                name.push(&keyword, string(value).as_deref());
            }
        }
        Some(name)
    }

    /// The text, where it can only be this name's.
    pub(super) fn plain(&self) -> Option<&str> {
        (self.clarity == Clarity::Plain).then_some(self.text.as_str())
    }

    /// OpenSSL and Globus write several parts of one relative name as they write several names, too.
    fn push(&mut self, keyword: &str, value: Option<&str>) {
        let clarity = value.map_or(Clarity::Misleading, clarity);
        self.clarity = self.clarity.max(clarity);
        self.text.push('/');
        self.text.push_str(keyword);
        self.text.push('=');
        self.text.push_str(value.unwrap_or("?"));
    }
}

/// Control characters, and what looks like one more part of the name, mislead.
fn clarity(value: &str) -> Clarity {
    let is_label = |part: &str| {
        part.split_once('=').is_some_and(|(label, _)| {
            !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.')
        })
    };
    let is_misleading = value.chars().any(char::is_control) || value.split('/').skip(1).any(is_label);
    if is_misleading { Clarity::Misleading } else { Clarity::Plain }
}

fn string(value: Value<'_>) -> Option<String> {
    match value.tag {
        T61_STRING => Some(value.content.iter().copied().map(char::from).collect()),
        BMP_STRING => {
            let (units, rest) = value.content.as_chunks::<2>();
            let units: Vec<u16> = units.iter().copied().map(u16::from_be_bytes).collect();
            rest.is_empty().then(|| String::from_utf16(&units).ok()).flatten()
        }
        UNIVERSAL_STRING => {
            let (units, rest) = value.content.as_chunks::<4>();
            rest.is_empty()
                .then(|| units.iter().copied().map(u32::from_be_bytes).map(char::from_u32).collect())
                .flatten()
        }
        tag if UTF8_STRINGS.contains(&tag) => String::from_utf8(value.content.to_vec()).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use openssl::x509::X509Name;

    use super::*;

    fn name(parts: &[(&str, &str)]) -> SlashName {
        let mut builder = X509Name::builder().expect("a name");
        for (label, value) in parts {
            builder.append_entry_by_text(label, value).expect("a part");
        }
        read(&builder.build())
    }

    fn read(name: &X509Name) -> SlashName {
        let encoded = name.to_der().expect("DER");
        SlashName::read(Reader::new(&encoded).expect(der::SEQUENCE).expect("a name")).expect("a name")
    }

    #[test]
    fn names_are_written_as_openssl_writes_them() {
        let parts =
            [("DC", "org"), ("C", "CH"), ("O", "Ex, Ltd"), ("UID", "7"), ("CN", "Jos\u{e9}"), ("emailAddress", "a@b")];
        assert_eq!(name(&parts).plain(), Some("/DC=org/C=CH/O=Ex, Ltd/UID=7/CN=Jos\u{e9}/emailAddress=a@b"));
        assert_eq!(name(&[("CN", "host/node.example.org")]).plain(), Some("/CN=host/node.example.org"));
        assert_eq!(name(&[("title", "Dr")]).plain(), Some("/2.5.4.12=Dr"));
        assert_eq!(name(&[]).plain(), Some(""));
    }

    #[test]
    fn every_kind_of_string_is_read() {
        let vectors: [(&[u8], Option<&str>); 6] = [
            (&[0x1E, 4, 0, b'J', 0, 0xE9], Some("J\u{e9}")),
            (&[0x1C, 4, 0, 0, 0, b'J'], Some("J")),
            (&[0x14, 2, b'J', 0xE9], Some("J\u{e9}")),
            (&[0x1E, 1, 0], None),
            (&[0x0C, 1, 0xFF], None),
            (&[0x02, 1, 1], None),
        ];
        for (encoded, text) in vectors {
            let value = Reader::new(encoded).next().expect("a value");
            assert_eq!(string(value).as_deref(), text);
        }
    }

    #[test]
    fn a_value_that_looks_like_more_parts_is_not_plain() {
        for value in ["DE/O=Grid", "x/1.2.3=y", "a\nb"] {
            assert_eq!(name(&[("CN", value)]).plain(), None, "{value}");
        }
    }
}
