//! Reads single values: texts, numbers, durations, lists and choices, each within its range.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use proto::digest::Sha256Digest;
use proto::node_id::NodeId;
use toml::Spanned;
use toml::de::DeValue;

use super::reader::Misread;
use crate::network;

/// A day.
pub(super) const DAY_MS: u64 = 86_400_000;

/// Units from the longest, so that a duration is written in the longest that fits.
const UNITS: [(&str, u64); 5] = [("d", DAY_MS), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// The text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a duration such as 250ms, 2s, 10m, 1h or 7d")]
pub struct NotADuration(String);

type Value<'text> = Spanned<DeValue<'text>>;

/// Reads `250ms`, `2s`, `10m`, `1h` or `7d` as milliseconds.
pub fn parse_duration_ms(text: &str) -> Result<u64, NotADuration> {
    let parse = || {
        let digits = text.find(|c: char| !c.is_ascii_digit())?;
        let (_, unit_ms) = UNITS.into_iter().find(|(unit, _)| *unit == &text[digits..])?;
        text[..digits].parse::<u64>().ok()?.checked_mul(unit_ms)
    };
    parse().ok_or_else(|| NotADuration(text.chars().take(80).collect()))
}

/// Writes a duration in the longest unit that expresses it.
fn write_duration(ms: u64) -> String {
    let unit = UNITS.into_iter().find(|(_, unit_ms)| ms.is_multiple_of(*unit_ms));
    let (unit, unit_ms) = unit.unwrap_or(("ms", 1));
    format!("{}{unit}", ms / unit_ms)
}

/// Reads a multiaddress that ends in `/p2p/` and the identity of a peer.
pub fn parse_peer_address(text: &str) -> Result<(NodeId, String), String> {
    network::split_peer_address(text).map_err(|error| error.to_string())
}

pub(super) fn text(value: &Value<'_>) -> Result<String, Misread> {
    let text = value.get_ref().as_str().ok_or_else(|| mistyped(value, "a text in quotes"))?;
    Ok(text.to_owned())
}

/// A text that its type reads.
pub(super) fn parsed<T>(value: &Value<'_>) -> Result<T, Misread>
where
    T: FromStr,
    T::Err: Display,
{
    text(value)?.parse().map_err(|error: T::Err| Misread::new(value, error.to_string()))
}

pub(super) fn boolean(value: &Value<'_>) -> Result<bool, Misread> {
    value.get_ref().as_bool().ok_or_else(|| mistyped(value, "true or false"))
}

pub(super) fn number(range: RangeInclusive<usize>) -> impl Fn(&Value<'_>) -> Result<usize, Misread> {
    move |value| {
        let integer = value.get_ref().as_integer().ok_or_else(|| mistyped(value, "a number"))?;
        let number = usize::from_str_radix(integer.as_str(), integer.radix()).ok().filter(|n| range.contains(n));
        let (least, most) = (range.start(), range.end());
        number.ok_or_else(|| Misread::new(value, format!("{} is not within {least} to {most}", integer.as_str())))
    }
}

pub(super) fn duration_ms(range: RangeInclusive<u64>) -> impl Fn(&Value<'_>) -> Result<u64, Misread> {
    move |value| {
        let given = text(value)?;
        let ms = parse_duration_ms(&given).map_err(|error| Misread::new(value, error.to_string()))?;
        let (least, most) = (write_duration(*range.start()), write_duration(*range.end()));
        match range.contains(&ms) {
            true => Ok(ms),
            false => Err(Misread::new(value, format!("{given} is not within {least} to {most}"))),
        }
    }
}

/// One of some words, each with its meaning.
pub(super) fn choice<T: Copy>(words: &[(&'static str, T)]) -> impl Fn(&Value<'_>) -> Result<T, Misread> {
    move |value| {
        let given = text(value)?;
        let chosen = words.iter().find(|(word, _)| *word == given).map(|(_, meaning)| *meaning);
        let names = || words.iter().map(|(word, _)| format!("{word:?}")).collect::<Vec<_>>().join(" or ");
        chosen.ok_or_else(|| Misread::new(value, format!("{given:?} is not {}", names())))
    }
}

/// A list, each element of which `each` reads.
pub(super) fn list<'text, C, T>(
    value: &Value<'text>,
    each: impl Fn(&Value<'text>) -> Result<T, Misread>,
) -> Result<C, Misread>
where
    C: FromIterator<T>,
{
    let array = value.get_ref().as_array().ok_or_else(|| mistyped(value, "a list in brackets"))?;
    array.iter().map(each).collect()
}

/// A multiaddress of a kind that the network knows.
pub(super) fn multiaddress(value: &Value<'_>) -> Result<String, Misread> {
    let given = text(value)?;
    network::check_address(&given).map_err(|error| Misread::new(value, error.to_string()))?;
    Ok(given)
}

/// `sha256:` and the digest of a key.
pub(super) fn key_digest(value: &Value<'_>) -> Result<Sha256Digest, Misread> {
    let given = text(value)?;
    let digits = given.strip_prefix("sha256:").ok_or_else(|| Misread::new(value, not_a_key(&given)))?;
    digits.parse().map_err(|_| Misread::new(value, not_a_key(&given)))
}

fn not_a_key(given: &str) -> String {
    format!("{given:?} is not sha256: and the 64 hexadecimal digits of a key's SubjectPublicKeyInfo")
}

pub(super) fn mistyped(value: &Value<'_>, wanted: &str) -> Misread {
    Misread::new(value, format!("it must be {wanted}, not {}", article(value.get_ref().type_str())))
}

fn article(kind: &str) -> String {
    let article = if kind.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {kind}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_in_every_unit() {
        let known = [("250ms", 250), ("2s", 2_000), ("10m", 600_000), ("1h", 3_600_000), ("7d", 7 * DAY_MS), ("0s", 0)];
        for (text, ms) in known {
            assert_eq!(parse_duration_ms(text), Ok(ms), "{text}");
        }
        assert_eq!(parse_duration_ms("36500d"), Ok(36_500 * DAY_MS));
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in ["", "7", "d", "7 d", "-7d", "1.5h", "7w", "7D", "99999999999999999999d", "18446744073709551615d"] {
            assert!(parse_duration_ms(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_duration_is_written_in_the_longest_unit_that_expresses_it() {
        for text in ["250ms", "90s", "10m", "1h", "7d"] {
            assert_eq!(parse_duration_ms(text).map(write_duration).as_deref(), Ok(text));
        }
    }
}
