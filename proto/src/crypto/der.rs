//! A reader of DER, for the parts of a certificate that openssl would give in its own words.

/// One value: its tag, its content, and both with the length as encoded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    pub(super) encoded: &'a [u8],
}

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// Reads values that follow one another.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) const fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    /// The next value; `None` where the bytes are not DER with one-byte tags.
    pub(super) fn next(&mut self) -> Option<Value<'a>> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7F => (usize::from(first), rest),
            0x81..=0x83 => {
                let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
                // DER writes a length in the fewest octets (X.690 section 10.1).
                if matches!(octets, [0, ..] | [0..=0x7F]) {
                    return None;
                }
                (octets.iter().fold(0, |length, octet| length << 8 | usize::from(*octet)), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        let encoded = self.0.get(..self.0.len() - rest.len())?;
        self.0 = rest;
        (tag & 0x1F != 0x1F).then_some(Value { tag, content, encoded })
    }

    /// The content of the next value, an object identifier all of whose numbers are of the fewest octets and end.
    pub(super) fn object_identifier(&mut self) -> Option<&'a [u8]> {
        let content = self.expect(OBJECT_IDENTIFIER)?;
        let ends = |octet: &u8| octet & 0x80 == 0;
        let starts_with_nothing = content.split_inclusive(ends).any(|number| number.first() == Some(&0x80));
        (content.last().is_some_and(ends) && !starts_with_nothing).then_some(content)
    }

    /// The tag of the next value.
    pub(super) fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// The content of the one value that is left, which must have this tag.
    pub(super) fn only(mut self, tag: u8) -> Option<&'a [u8]> {
        self.expect(tag).filter(|_| self.is_at_end())
    }

    /// The content of the next value, which must have this tag.
    pub(super) fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|value| value.tag == tag).map(|value| value.content)
    }
}

/// A value of this tag; content of at most 16 MiB.
pub(super) fn encode(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant = &length[length.iter().take_while(|byte| **byte == 0).count()..];
    let mut encoded = vec![tag];
    match significant {
        [] => encoded.push(0),
        [short @ 0..=0x7F] => encoded.push(*short),
        long => {
            // A length of at most 16 MiB has three octets.
            encoded.push(0x80 | u8::try_from(long.len()).unwrap_or(0x7F));
            encoded.extend_from_slice(long);
        }
    }
    encoded.extend_from_slice(content);
    encoded
}

/// An object identifier in dotted numbers, from its content octets.
pub(super) fn dotted(content: &[u8]) -> Option<String> {
    let mut numbers: Vec<u64> = Vec::new();
    let mut number: u64 = 0;
    for octet in content {
        number = number.checked_mul(128)? | u64::from(octet & 0x7F);
        if octet & 0x80 == 0 {
            numbers.push(number);
            number = 0;
        }
    }
    let (&first, others) = numbers.split_first()?;
    if content.last()? & 0x80 != 0 {
        return None;
    }
    let root = (first / 40).min(2);
    let mut text = format!("{root}.{}", first - root * 40);
    for number in others {
        text.push('.');
        text.push_str(&number.to_string());
    }
    Some(text)
}
