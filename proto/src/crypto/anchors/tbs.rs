//! The fields of a certificate that decide its role in a chain, read from its bytes.

use crate::crypto::der::{self, Reader};

/// What a certificate is for, as far as a chain is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It may issue certificates.
    Authority,
    /// It speaks for another certificate's owner for a short while (RFC 3820 and its predecessors).
    Proxy,
    /// It names a person or a service.
    EndEntity,
}

/// The parts of a certificate that are looked at here.
pub(super) struct Fields<'a> {
    /// The content of the serial number, without leading zeros.
    #[expect(dead_code, reason = "revocation lists name it")]
    pub(super) serial_number: &'a [u8],
    /// The content of the issuer's SEQUENCE.
    pub(super) issuer: &'a [u8],
    /// The content of the subject's SEQUENCE.
    pub(super) subject: &'a [u8],
    /// Whether there is a version field, without which no extension can say what the certificate is for.
    has_version: bool,
    /// The content of the SEQUENCE of extensions; empty where there are none.
    extensions: &'a [u8],
}

const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1D, 19];
const KEY_USAGE: &[u8] = &[0x55, 0x1D, 15];
/// RFC 3820 section 3.8, and the number that Globus used before.
const PROXY_CERTIFICATE: [&[u8]; 2] = [&[0x2B, 6, 1, 5, 5, 7, 1, 14], &[0x2B, 6, 1, 4, 1, 0x9B, 0x50, 1, 0x81, 0x5E]];
const COMMON_NAME: &[u8] = &[0x55, 4, 3];

const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;

impl<'a> Fields<'a> {
    /// RFC 5280 section 4.1.
    pub(super) fn read(der: &'a [u8]) -> Option<Self> {
        const VERSION: u8 = 0xA0;
        const EXTENSIONS: u8 = 0xA3;
        let mut certificate = Reader::new(Reader::new(der).expect(der::SEQUENCE)?);
        let mut fields = Reader::new(certificate.expect(der::SEQUENCE)?);
        let mut first = fields.next()?;
        let has_version = first.tag == VERSION;
        if has_version {
            first = fields.next()?;
        }
        let serial_number = (first.tag == INTEGER).then(|| without_leading_zeros(first.content))?;
        fields.expect(der::SEQUENCE)?;
        let issuer = fields.expect(der::SEQUENCE)?;
        fields.expect(der::SEQUENCE)?;
        let subject = fields.expect(der::SEQUENCE)?;
        fields.expect(der::SEQUENCE)?;
        let mut extensions: &[u8] = &[];
        while !fields.is_at_end() {
            let field = fields.next()?;
            if field.tag == EXTENSIONS {
                extensions = Reader::new(field.content).expect(der::SEQUENCE)?;
            }
        }
        Some(Self { serial_number, issuer, subject, has_version, extensions })
    }

    /// What the certificate is for; one that is both a proxy and an authority is a proxy, for it can be neither.
    pub(super) fn role(&self) -> Role {
        let is_proxy = PROXY_CERTIFICATE.iter().any(|identifier| self.extension(identifier).is_some());
        if is_proxy || self.is_old_proxy() {
            Role::Proxy
        } else if self.is_authority() {
            Role::Authority
        } else {
            Role::EndEntity
        }
    }

    /// Whether the key usage, where it is stated, allows to sign documents (RFC 5280 section 4.2.1.3).
    pub(super) fn may_sign(&self) -> bool {
        const DIGITAL_SIGNATURE_OR_NON_REPUDIATION: u8 = 0b1100_0000;
        let Some(usage) = self.extension(KEY_USAGE) else { return true };
        let bits = Reader::new(usage).expect(BIT_STRING).and_then(|bits| bits.get(1));
        bits.is_some_and(|bits| bits & DIGITAL_SIGNATURE_OR_NON_REPUDIATION != 0)
    }

    /// A certificate without extensions that names itself as its issuer is how authorities were made before X.509 v3;
    /// openssl takes it for one, too.
    fn is_authority(&self) -> bool {
        match self.extension(BASIC_CONSTRAINTS) {
            Some(constraints) => {
                let first =
                    Reader::new(constraints).expect(der::SEQUENCE).and_then(|content| Reader::new(content).next());
                first.is_some_and(|first| first.tag == BOOLEAN && first.content == [0xFF])
            }
            None => !self.has_version && self.issuer == self.subject,
        }
    }

    /// Proxies of Globus 2 have no extension; their name is their issuer's with one more common name.
    fn is_old_proxy(&self) -> bool {
        let last = || {
            let added = self.subject.strip_prefix(self.issuer)?;
            let mut pairs = Reader::new(Reader::new(added).expect(der::SET)?);
            let mut pair = Reader::new(pairs.expect(der::SEQUENCE)?);
            (pair.expect(der::OBJECT_IDENTIFIER)? == COMMON_NAME).then(|| pair.next())?
        };
        last().is_some_and(|value| matches!(value.content, b"proxy" | b"limited proxy"))
    }

    /// The value of the first extension with this identifier.
    fn extension(&self, wanted: &[u8]) -> Option<&'a [u8]> {
        let mut extensions = Reader::new(self.extensions);
        while !extensions.is_at_end() {
            let mut extension = Reader::new(extensions.expect(der::SEQUENCE)?);
            if extension.expect(der::OBJECT_IDENTIFIER)? == wanted {
                let value = extension.next()?;
                return if value.tag == BOOLEAN { extension.expect(der::OCTET_STRING) } else { Some(value.content) };
            }
        }
        None
    }
}

/// Serial numbers are compared by value: the same one stands in certificates and in revocation lists.
pub(super) fn without_leading_zeros(integer: &[u8]) -> &[u8] {
    let zeros = integer.iter().take_while(|octet| **octet == 0).count();
    integer.get(zeros..).unwrap_or_default()
}
