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

/// The slash form of a name, given the content of its SEQUENCE; `None` where that is not a name, or where a value
/// holds a control character, with which a name could look like another.
pub(super) fn slash(content: &[u8]) -> Option<String> {
    let mut text = String::new();
    let mut names = Reader::new(content);
    while !names.is_at_end() {
        let mut pairs = Reader::new(names.expect(der::SET)?);
        let mut separator = '/';
        while !pairs.is_at_end() {
            let mut pair = Reader::new(pairs.expect(der::SEQUENCE)?);
            let identifier = pair.expect(der::OBJECT_IDENTIFIER)?;
            let value = string(pair.next()?).filter(|value| !value.chars().any(char::is_control))?;
            let keyword = KEYWORDS.iter().find(|(known, _)| *known == identifier).map(|(_, keyword)| *keyword);
            let keyword = keyword.map_or_else(|| der::dotted(identifier), |keyword| Some(keyword.to_owned()))?;
            text.push(separator);
            text.push_str(&keyword);
            text.push('=');
            text.push_str(&value);
            // OpenSSL joins the parts of a relative name of several with a plus sign.
            separator = '+';
        }
    }
    Some(text)
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
