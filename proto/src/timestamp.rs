//! Moments in UTC: whole seconds in documents, milliseconds in admissions.

use std::fmt;
use std::str::FromStr;

use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time};

/// A moment in whole seconds, written `2014-03-08T14:10:40Z` and in no other way (docs/original.md rule K13).
///
/// The order of timestamps is the order of their texts, as the original compared them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The moment that the program works with: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(u64);

/// The text is not a real moment in the one accepted shape.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a moment of the form 2014-03-08T14:10:40Z")]
pub struct NotATimestamp(String);

impl Timestamp {
    /// The moment `seconds` after 1970-01-01T00:00:00Z; `None` before year 0 or after year 9999.
    #[must_use]
    pub fn from_unix_seconds(seconds: i64) -> Option<Self> {
        let moment = OffsetDateTime::from_unix_timestamp(seconds).ok()?;
        (0..=9999).contains(&moment.year()).then_some(Self(seconds))
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn unix_seconds(self) -> i64 {
        self.0
    }
}

impl Instant {
    /// The moment `ms` milliseconds after 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn from_unix_ms(ms: u64) -> Self {
        Self(ms)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn unix_ms(self) -> u64 {
        self.0
    }

    /// This moment with the milliseconds cut off; the latest timestamp where it lies past year 9999.
    #[must_use]
    pub fn timestamp(self) -> Timestamp {
        let latest = Timestamp(253_402_300_799);
        i64::try_from(self.0 / 1000).ok().and_then(Timestamp::from_unix_seconds).unwrap_or(latest)
    }

    /// This moment and `ms` milliseconds.
    #[must_use]
    pub const fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// The moment `ms` milliseconds earlier, or the first one.
    #[must_use]
    pub const fn minus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_sub(ms))
    }

    /// Milliseconds from `earlier` to this moment; zero where `earlier` is later.
    #[must_use]
    pub const fn ms_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl From<Timestamp> for Instant {
    fn from(timestamp: Timestamp) -> Self {
        Self(u64::try_from(timestamp.0).unwrap_or(0).saturating_mul(1000))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = OffsetDateTime::from_unix_timestamp(self.0).expect("a timestamp is only made from a valid moment");
        let (year, month, day) = moment.to_calendar_date();
        let (hour, minute, second) = moment.to_hms();
        write!(formatter, "{year:04}-{:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z", u8::from(month))
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.timestamp().to_string();
        write!(formatter, "{}.{:03}Z", text.trim_end_matches('Z'), self.0 % 1000)
    }
}

impl FromStr for Timestamp {
    type Err = NotATimestamp;

    fn from_str(text: &str) -> Result<Self, NotATimestamp> {
        parse(text).ok_or_else(|| NotATimestamp(text.chars().take(80).collect()))
    }
}

fn parse(text: &str) -> Option<Timestamp> {
    const SHAPE: &[u8; 20] = b"0000-00-00T00:00:00Z";
    let bytes = text.as_bytes();
    let shaped = bytes.len() == SHAPE.len()
        && bytes.iter().zip(SHAPE).all(|(byte, shape)| match shape {
            b'0' => byte.is_ascii_digit(),
            _ => byte == shape,
        });
    if !shaped {
        return None;
    }
    let number = |from: usize, to: usize| text[from..to].parse::<u16>().ok();
    let small = |from: usize| u8::try_from(number(from, from + 2)?).ok();
    let date = Date::from_calendar_date(number(0, 4)?.into(), Month::try_from(small(5)?).ok()?, small(8)?).ok()?;
    let time = Time::from_hms(small(11)?, small(14)?, small(17)?).ok()?;
    Some(Timestamp(PrimitiveDateTime::new(date, time).assume_utc().unix_timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_real_moment_survives_its_own_text() {
        for text in ["2014-03-08T14:10:40Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2012-02-29T00:00:00Z"] {
            assert_eq!(text.parse::<Timestamp>().map(|moment| moment.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn what_is_no_moment_of_the_shape_is_refused() {
        let texts = [
            "",
            "2014-03-08",
            "2014-03-08t14:10:40z",
            "2014-03-08 14:10:40Z",
            " 2014-03-08T14:10:40Z",
            "2014-03-08T14:10:40Z ",
            "2014-13-08T14:10:40Z",
            "2014-02-30T14:10:40Z",
            "2014-03-08T14:10:60Z",
            "2014-03-08T99:10:40Z",
            "2014-03-08T14:10:40+00:00",
            "2014-03-08T14:10:40.5Z",
            "9999-99-99T99:99:99Z",
            "2014-03-08T24:00:00Z",
            "２014-03-08T14:10:40",
        ];
        for text in texts {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_instant_keeps_its_milliseconds() {
        assert_eq!(Instant::from_unix_ms(1_394_287_840_007).to_string(), "2014-03-08T14:10:40.007Z");
    }
}
