//! The character classes of XML 1.0 (fifth edition) and Namespaces in XML 1.0.

use std::borrow::Cow;

/// XML 1.0 section 2.11.
pub(super) fn normalize_line_ends(text: &str) -> Cow<'_, str> {
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n").into() } else { text.into() }
}

/// Whether any byte is one of those, without a branch for each, so that many are looked at at once.
pub(super) fn any_byte(text: &str, is_one: impl Fn(u8) -> bool) -> bool {
    text.bytes().fold(0, |found, byte| found | u8::from(is_one(byte))) != 0
}

/// Production 2, `Char`.
pub(super) const fn is_character(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// Production 3, `S`, of one character.
pub(super) const fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

/// Whether `text` consists of blanks alone.
pub(super) fn is_all_blank(text: &str) -> bool {
    text.bytes().all(|byte| is_blank(char::from(byte)))
}

/// Production 4 of Namespaces in XML, `NCName`.
pub(super) fn is_name_without_colon(text: &str) -> bool {
    // Nearly all names are ASCII, and there are hundreds in a document.
    let mut bytes = text.bytes();
    let is_ascii_start = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    if bytes.next().is_some_and(is_ascii_start) && bytes.all(|byte| IN_ASCII_NAME[usize::from(byte)]) {
        return true;
    }
    let mut characters = text.chars();
    characters.next().is_some_and(is_name_start) && characters.all(is_name_character)
}

/// Whether a byte may stand in an ASCII name, after its start.
const IN_ASCII_NAME: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128_u8 {
        table[byte as usize] = is_name_character(byte as char);
        byte += 1;
    }
    table
};

/// Production 4 of XML, `NameStartChar`, without the colon.
const fn is_name_start(character: char) -> bool {
    matches!(character,
        'a'..='z' | 'A'..='Z' | '_' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}')
}

/// Production 4a, `NameChar`, without the colon.
const fn is_name_character(character: char) -> bool {
    is_name_start(character)
        || matches!(character,
            '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// The character that a reference stands for, given what is between `&` and `;` (productions 66 and 68).
pub(super) fn resolve_reference(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "apos" => Some('\''),
        "quot" => Some('"'),
        _ => resolve_number(name.strip_prefix('#')?),
    }
}

fn resolve_number(number: &str) -> Option<char> {
    let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |digits| (digits, 16));
    // `from_str_radix` would take a sign.
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    let character = char::from_u32(u32::from_str_radix(digits, radix).ok()?)?;
    is_character(character).then_some(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_to_legal_characters_are_resolved() {
        for (name, character) in
            [("amp", '&'), ("#38", '&'), ("#x26", '&'), ("#x10FFFF", '\u{10FFFF}'), ("#0000000000009", '\t')]
        {
            assert_eq!(resolve_reference(name), Some(character), "{name}");
        }
    }

    #[test]
    fn other_references_are_refused() {
        for name in ["", "nbsp", "AMP", "#", "#x", "#X26", "#+38", "#x-1", "#0", "#xB", "#xD800", "#xFFFE", "#x110000"]
        {
            assert_eq!(resolve_reference(name), None, "{name}");
        }
    }

    #[test]
    fn names_follow_the_fifth_edition() {
        for name in ["a", "_", "é", "a-b.c1", "a\u{B7}"] {
            assert!(is_name_without_colon(name), "{name}");
        }
        for name in ["", "1a", "-a", ".a", "a:b", "a b", "\u{D7}", "\u{2028}"] {
            assert!(!is_name_without_colon(name), "{name}");
        }
    }
}
