//! Image identifiers: a SHA-1 written in 27 characters (docs/original.md 1).

use std::fmt;
use std::str::FromStr;

/// The name of an image: its SHA-1 as an unsigned 160-bit number in radix 64, most significant digit first.
///
/// This is not RFC 4648 base64url, which aligns to the left. It names the image; integrity is never judged by it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageIdentifier([u8; 20]);

/// The text does not name an image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnIdentifier {
    /// The number of characters is not 27.
    #[error("{text:?} has {length} characters, an image identifier has 27")]
    Length {
        /// The start of the text.
        text: String,
        /// Its characters.
        length: usize,
    },
    /// A character is not of the alphabet.
    #[error("{character:?} in {text:?} is not of the alphabet A-Z a-z 0-9 - _")]
    Character {
        /// The text.
        text: String,
        /// The first foreign character.
        character: char,
    },
    /// The number does not fit 160 bits: the first character is past P.
    #[error("{text:?} is more than 160 bits, its first character must be of A-P")]
    Range {
        /// The text.
        text: String,
    },
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const CHARACTERS: usize = 27;

impl ImageIdentifier {
    /// The identifier of the image with this SHA-1.
    #[must_use]
    pub const fn from_sha1(sha1: [u8; 20]) -> Self {
        Self(sha1)
    }

    /// The SHA-1 that the identifier spells.
    #[must_use]
    pub const fn sha1(&self) -> &[u8; 20] {
        &self.0
    }
}

impl fmt::Display for ImageIdentifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // 27 digits are 162 bits: two zero bits stand before the 160 of the number.
        let bit = |index: usize| index.checked_sub(2).map_or(0, |i| (self.0[i / 8] >> (7 - i % 8)) & 1);
        (0..CHARACTERS).try_for_each(|digit| {
            let value = (0..6).fold(0, |value, i| value << 1 | bit(digit * 6 + i));
            write!(formatter, "{}", char::from(ALPHABET[usize::from(value)]))
        })
    }
}

impl fmt::Debug for ImageIdentifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ImageIdentifier({self})")
    }
}

impl FromStr for ImageIdentifier {
    type Err = NotAnIdentifier;

    fn from_str(text: &str) -> Result<Self, NotAnIdentifier> {
        let shown = || text.chars().take(80).collect();
        let length = text.chars().count();
        if length != CHARACTERS {
            return Err(NotAnIdentifier::Length { text: shown(), length });
        }
        let mut sha1 = [0; 20];
        for (digit, character) in text.chars().enumerate() {
            let value = ALPHABET
                .iter()
                .position(|&of_alphabet| char::from(of_alphabet) == character)
                .ok_or_else(|| NotAnIdentifier::Character { text: shown(), character })?;
            for i in (0..6).filter(|i| value >> (5 - i) & 1 == 1) {
                let bit = (digit * 6 + i).checked_sub(2).ok_or_else(|| NotAnIdentifier::Range { text: shown() })?;
                sha1[bit / 8] |= 1 << (7 - bit % 8);
            }
        }
        Ok(Self(sha1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of_hex(hex: &str) -> ImageIdentifier {
        let byte = |i: usize| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).expect("a vector is hexadecimal");
        ImageIdentifier::from_sha1(std::array::from_fn(byte))
    }

    #[test]
    fn the_originals_vectors_hold_both_ways() {
        let vectors = [
            ("c319bbd5afc0a22ba3eaed0507c39383ec28eeff", "MMZu9WvwKIro-rtBQfDk4PsKO7_"),
            ("0000000000000000000000000000000000000000", "AAAAAAAAAAAAAAAAAAAAAAAAAAA"),
            ("0000000000000000000000000000000000000001", "AAAAAAAAAAAAAAAAAAAAAAAAAAB"),
            ("ffffffffffffffffffffffffffffffffffffffff", "P__________________________"),
            ("1104f3e30c030f8b93f220b04131032dddf51f21", "BEE8-MMAw-Lk_IgsEExAy3d9R8h"),
            ("024a8581d43fbf76d96ae3ec53b260bcddddad46", "AJKhYHUP7922Wrj7FOyYLzd3a1G"),
            ("0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33", "Avux7XqPw_byV0N1H88W8J12ooz"),
        ];
        for (hex, text) in vectors {
            assert_eq!(of_hex(hex).to_string(), text);
            assert_eq!(text.parse(), Ok(of_hex(hex)));
        }
    }

    #[test]
    fn another_length_alphabet_or_range_is_refused() {
        for text in ["", "A", &"A".repeat(26), &"A".repeat(28), &"é".repeat(27)] {
            assert!(text.parse::<ImageIdentifier>().is_err(), "{text}");
        }
        for foreign in ['!', '/', '.', ':', '+', '=', ' '] {
            let text = format!("{}{foreign}", "A".repeat(26));
            assert!(matches!(text.parse::<ImageIdentifier>(), Err(NotAnIdentifier::Character { .. })), "{text}");
        }
        let text = format!("Q{}", "A".repeat(26));
        assert!(matches!(text.parse::<ImageIdentifier>(), Err(NotAnIdentifier::Range { .. })));
    }

    proptest! {
        #[test]
        fn every_sha1_survives_its_identifier(sha1: [u8; 20]) {
            let identifier = ImageIdentifier::from_sha1(sha1);
            prop_assert_eq!(identifier.to_string().parse(), Ok(identifier));
        }
    }
}
