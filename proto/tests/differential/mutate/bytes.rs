//! Changes below the level of characters: encodings, and damage.

use super::super::random::Random;
use super::{Mutation, Way};

pub(crate) const MUTATIONS: &[Mutation] = &[
    ("byte order mark", Way::Bytes(byte_order_mark)),
    ("UTF-16", Way::Bytes(utf_16)),
    ("UTF-32", Way::Bytes(utf_32)),
    ("ISO-8859-1", Way::Bytes(latin_1)),
    ("not UTF-8", Way::Bytes(not_utf_8)),
    ("truncated", Way::Bytes(truncated)),
    ("byte changed", Way::Bytes(changed)),
    ("bytes removed", Way::Bytes(removed)),
    ("bytes repeated", Way::Bytes(repeated)),
    ("byte inserted", Way::Bytes(inserted)),
];

fn replaced(bytes: &[u8], from: usize, to: usize, with: &[u8]) -> Vec<u8> {
    [&bytes[..from], with, &bytes[to..]].concat()
}

fn byte_order_mark(random: &mut Random, bytes: &[u8]) -> Option<Vec<u8>> {
    let marks: &[u8] =
        random.pick([b"\xEF\xBB\xBF".as_slice(), b"\xEF\xBB\xBF\xEF\xBB\xBF", b"\xFF\xFE", b"\xFE\xFF", b"\xEF\xBB"]);
    Some([marks, bytes].concat())
}

/// In words of 16 bits, with its declaration, if it has one, as it was.
fn utf_16(random: &mut Random, bytes: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let text = if random.percent(50) { text.replacen("UTF-8", "UTF-16", 1) } else { text.to_owned() };
    let mark = random.pick([Some(0xFEFF_u16), Some(0xFEFF), None]);
    let words = mark.into_iter().chain(text.encode_utf16());
    let is_little = random.percent(50);
    Some(words.flat_map(|word| if is_little { word.to_le_bytes() } else { word.to_be_bytes() }).collect())
}

fn utf_32(random: &mut Random, bytes: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let is_little = random.percent(50);
    let numbers = text.chars().map(u32::from);
    Some(numbers.flat_map(|number| if is_little { number.to_le_bytes() } else { number.to_be_bytes() }).collect())
}

fn latin_1(random: &mut Random, bytes: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let bytes: Vec<u8> = text.chars().map(|character| u8::try_from(u32::from(character)).unwrap_or(b'?')).collect();
    let declaration: &[u8] = b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>";
    Some(if random.percent(70) { [declaration, &bytes].concat() } else { bytes })
}

fn not_utf_8(random: &mut Random, bytes: &[u8]) -> Option<Vec<u8>> {
    let at = random.below(bytes.len());
    let sequence: &[u8] = random.pick([
        b"\xE9".as_slice(),
        b"\x80",
        b"\xC0\x80",
        b"\xC1\xBF",
        b"\xE0\x80\xBC",
        b"\xED\xA0\x80",
        b"\xED\xA0\x80\xED\xB0\x80",
        b"\xF4\x90\x80\x80",
        b"\xF8\x88\x80\x80\x80",
        b"\xFE",
        b"\xFF",
        b"\xE2\x82",
        b"\xF0\x9F\x98",
    ]);
    Some(replaced(bytes, at, at, sequence))
}

fn truncated(random: &mut Random, bytes: &[u8]) -> Option<Vec<u8>> {
    let length =
        if random.percent(50) { random.below(bytes.len()) } else { bytes.len().checked_sub(1 + random.below(40))? };
    Some(bytes[..length].to_vec())
}

fn changed(random: &mut Random, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = bytes.to_vec();
    let at = random.below(bytes.len());
    *bytes.get_mut(at)? ^= 1 << random.below(8);
    Some(bytes)
}

fn removed(random: &mut Random, bytes: &[u8]) -> Option<Vec<u8>> {
    let from = random.below(bytes.len());
    let most = random.pick([1, 8, 200]);
    let to = (from + 1 + random.below(most)).min(bytes.len());
    Some(replaced(bytes, from, to, &[]))
}

fn repeated(random: &mut Random, bytes: &[u8]) -> Option<Vec<u8>> {
    let from = random.below(bytes.len());
    let most = random.pick([1, 8, 400]);
    let to = (from + 1 + random.below(most)).min(bytes.len());
    let at = if random.percent(50) { from } else { random.below(bytes.len()) };
    Some(replaced(bytes, at, at, &bytes[from..to]))
}

fn inserted(random: &mut Random, bytes: &[u8]) -> Option<Vec<u8>> {
    let at = random.below(bytes.len() + 1);
    let byte = random.pick(*b"<>&;'\"=/!?-[]: \n\r\t#x0a\0\x7F");
    Some(replaced(bytes, at, at, &[byte]))
}
