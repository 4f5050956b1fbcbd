//! The parts of a certificate, read from its DER (RFC 5280 section 4.1).
//!
//! OpenSSL 3.0 takes three times as long for the same, most of it to find a decoder for the key; whoever builds chains
//! with a certificate has OpenSSL read it there. Whatever is read here OpenSSL reads alike, which a test holds.

use crate::timestamp::Timestamp;

use super::der::{self, Reader, Value};

/// The parts that are looked at.
pub(super) struct Parts<'a> {
    pub(super) version: u8,
    /// The content of the INTEGER, without leading zeros.
    pub(super) serial_number: &'a [u8],
    /// The content of the name's SEQUENCE.
    pub(super) issuer: &'a [u8],
    /// The content of the name's SEQUENCE.
    pub(super) subject: &'a [u8],
    pub(super) not_before: Value<'a>,
    pub(super) not_after: Value<'a>,
    /// The SubjectPublicKeyInfo.
    pub(super) key: Value<'a>,
    /// The content of the SEQUENCE of extensions; empty where there are none.
    pub(super) extensions: &'a [u8],
}

impl<'a> Parts<'a> {
    /// `None` where the bytes are not exactly one certificate.
    pub(super) fn read(der: &'a [u8]) -> Option<Self> {
        let mut outermost = Reader::new(der);
        let mut certificate = Reader::new(outermost.expect(der::SEQUENCE)?);
        let mut fields = Reader::new(certificate.expect(der::SEQUENCE)?);
        let algorithm = certificate.expect(der::SEQUENCE)?;
        certificate.expect(der::BIT_STRING)?.first().filter(|unused| **unused == 0)?;
        if !outermost.is_at_end() || !certificate.is_at_end() {
            return None;
        }
        let version = version(&mut fields)?;
        let serial_number = without_leading_zeros(integer(fields.expect(der::INTEGER)?)?);
        // Section 4.1.1.2: the same algorithm stands within and without.
        if fields.expect(der::SEQUENCE)? != algorithm {
            return None;
        }
        let issuer = name(fields.expect(der::SEQUENCE)?)?;
        let mut validity = Reader::new(fields.expect(der::SEQUENCE)?);
        let (not_before, not_after) = (validity.next()?, validity.next()?);
        let subject = name(fields.expect(der::SEQUENCE)?)?;
        let key = fields.next().filter(|key| key.tag == der::SEQUENCE && validity.is_at_end())?;
        let extensions = extensions(&mut fields, version)?;
        Some(Self { version, serial_number, issuer, subject, not_before, not_after, key, extensions })
    }
}

/// The version, 1 where none is stated; its number is one less.
fn version(fields: &mut Reader<'_>) -> Option<u8> {
    const VERSION: u8 = 0xA0;
    if fields.peek()? != VERSION {
        return Some(1);
    }
    let mut explicit = Reader::new(fields.expect(VERSION)?);
    match explicit.expect(der::INTEGER)? {
        [number @ 1..=2] if explicit.is_at_end() => Some(number + 1),
        _ => None,
    }
}

/// What follows the key: the unique identifiers, which nobody uses, and the extensions of version 3.
fn extensions<'a>(fields: &mut Reader<'a>, version: u8) -> Option<&'a [u8]> {
    const ISSUER_UNIQUE_ID: u8 = 0x81;
    const SUBJECT_UNIQUE_ID: u8 = 0x82;
    const EXTENSIONS: u8 = 0xA3;
    for unique in [ISSUER_UNIQUE_ID, SUBJECT_UNIQUE_ID] {
        if fields.peek() == Some(unique) && version >= 2 {
            fields.next()?.content.first().filter(|unused| **unused == 0)?;
        }
    }
    if fields.is_at_end() {
        return Some(&[]);
    }
    let mut explicit = Reader::new(fields.expect(EXTENSIONS).filter(|_| version == 3)?);
    let extensions = explicit.expect(der::SEQUENCE)?;
    (explicit.is_at_end() && fields.is_at_end()).then_some(extensions)
}

/// The content of a name all of whose values are strings (section 4.1.2.4).
fn name(content: &[u8]) -> Option<&[u8]> {
    let mut name = Reader::new(content);
    while !name.is_at_end() {
        let mut relative = Reader::new(name.expect(der::SET)?);
        while !relative.is_at_end() {
            let mut attribute = Reader::new(relative.expect(der::SEQUENCE)?);
            attribute.object_identifier()?;
            if !is_string(attribute.next()?) || !attribute.is_at_end() {
                return None;
            }
        }
    }
    Some(content)
}

/// DirectoryString, IA5String and NumericString, and the BIT STRING of a unique identifier.
fn is_string(value: Value<'_>) -> bool {
    const UTF8: u8 = 0x0C;
    const NUMERIC_PRINTABLE_TELETEX_IA5: [u8; 4] = [0x12, 0x13, 0x14, 0x16];
    const UNIVERSAL: u8 = 0x1C;
    const BMP: u8 = 0x1E;
    let content = value.content;
    match value.tag {
        der::BIT_STRING => content.first().is_some_and(|unused| *unused == 0),
        UTF8 => std::str::from_utf8(content).is_ok(),
        UNIVERSAL => content.len().is_multiple_of(4),
        BMP => content.len().is_multiple_of(2),
        tag => NUMERIC_PRINTABLE_TELETEX_IA5.contains(&tag),
    }
}

/// An INTEGER of the fewest octets (X.690 section 8.3.2).
fn integer(content: &[u8]) -> Option<&[u8]> {
    match content {
        [] | [0, 0..=0x7F, ..] | [0xFF, 0x80..=0xFF, ..] => None,
        _ => Some(content),
    }
}

/// Serial numbers are compared by value: the same one stands in certificates and in revocation lists.
pub(super) fn without_leading_zeros(integer: &[u8]) -> &[u8] {
    let zeros = integer.iter().take_while(|octet| **octet == 0).count();
    integer.get(zeros..).unwrap_or_default()
}

/// UTCTime or GeneralizedTime as section 4.1.2.5 restricts them: with seconds, in UTC.
pub(super) fn time(value: Value<'_>) -> Option<Timestamp> {
    let digits = std::str::from_utf8(value.content).ok().filter(|digits| digits.is_ascii())?;
    let digits = match (value.tag, digits.len()) {
        // Years from 50 on are of the century before.
        (der::UTC_TIME, 13) if digits >= "50" => format!("19{digits}"),
        (der::UTC_TIME, 13) => format!("20{digits}"),
        (der::GENERALIZED_TIME, 15) => digits.to_owned(),
        _ => return None,
    };
    let (day, hour) = digits.split_at(8);
    let text = format!("{}-{}-{}T{}:{}:{}", &day[..4], &day[4..6], &day[6..], &hour[..2], &hour[2..4], &hour[4..]);
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use openssl::asn1::Asn1Time;
    use openssl::x509::X509;
    use proptest::prelude::*;

    use super::*;
    use crate::crypto::{Certificate, NewKey, samples};

    fn check_time(tag: u8, text: &str, expected: Option<&str>) {
        let value = Value { tag, content: text.as_bytes(), encoded: &[] };
        assert_eq!(time(value).map(|moment| moment.to_string()).as_deref(), expected, "{text}");
    }

    #[test]
    fn times_are_those_of_the_profile() {
        check_time(0x17, "500101000000Z", Some("1950-01-01T00:00:00Z"));
        check_time(0x17, "491231235959Z", Some("2049-12-31T23:59:59Z"));
        check_time(0x18, "20500101000000Z", Some("2050-01-01T00:00:00Z"));
    }

    #[test]
    fn other_times_are_refused() {
        for text in ["", "5001010000Z", "500101000000+0100", "501301000000Z", "500101000060Z", "50010100000éZ"] {
            check_time(0x17, text, None);
        }
        for text in ["20500101000000.5Z", "500101000000Z", "2050010100000Z", "20500101000000+"] {
            check_time(0x18, text, None);
        }
    }

    /// What is read here is what OpenSSL reads; what OpenSSL refuses is not read here.
    fn check_beside_openssl(der: &[u8]) -> Result<(), TestCaseError> {
        let Ok(ours) = Certificate::from_der(der) else { return Ok(()) };
        let theirs = X509::from_der(der).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(theirs.to_der().expect("it was decoded"), der);
        let epoch = Asn1Time::from_unix(0).expect("the epoch");
        let seconds = |moment| epoch.diff(moment).map(|span| i64::from(span.days) * 86_400 + i64::from(span.secs));
        prop_assert_eq!(seconds(theirs.not_before()).ok(), Some(ours.not_before().unix_seconds()));
        prop_assert_eq!(seconds(theirs.not_after()).ok(), Some(ours.not_after().unix_seconds()));
        let key = theirs.public_key().map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert!(key.public_eq(ours.key().openssl()));
        Ok(())
    }

    #[test]
    fn certificates_of_every_kind_of_key_are_read() {
        for kind in [NewKey::Rsa2048, NewKey::EcP256, NewKey::EcP384, NewKey::Ed25519] {
            let key = samples::key_of(kind);
            check_beside_openssl(key.certificate().der()).expect("read alike");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn altered_certificates_are_read_as_openssl_reads_them_or_refused(
            kind in prop_oneof![Just(NewKey::Rsa2048), Just(NewKey::EcP256), Just(NewKey::Ed25519)],
            changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..3),
            cut in any::<prop::sample::Index>(),
            is_cut in proptest::bool::weighted(0.1),
        ) {
            let mut der = samples::key_of(kind).certificate().der().to_vec();
            for (place, byte) in changes {
                let place = place.index(der.len());
                der[place] = byte;
            }
            if is_cut {
                der.truncate(cut.index(der.len()));
            }
            check_beside_openssl(&der)?;
        }
    }
}
