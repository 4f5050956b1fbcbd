//! What the extensions of a certificate say of its holder (RFC 5280 section 4.2).

use super::certificate::BadCertificate;
use super::der::{self, Reader};

/// The extensions that are looked at.
#[derive(Debug, Default)]
pub(super) struct Extensions {
    /// Each rfc822Name of the subject alternative name, in order.
    pub(super) emails: Vec<String>,
    /// Whether basicConstraints say CA:TRUE.
    pub(super) is_authority: bool,
    /// Whether keyUsage, where there is any, has digitalSignature or nonRepudiation.
    pub(super) forbids_signing: bool,
    pub(super) proxy: Option<ProxyKind>,
}

/// By which of the three ways a certificate is a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyKind {
    /// The proxyCertInfo of RFC 3820.
    Rfc3820,
    /// The proxyCertInfo of the draft before it, under Globus's own identifier.
    Draft,
    /// No extension: the subject is the issuer with `CN=proxy` or `CN=limited proxy` (Globus Toolkit 2).
    Legacy,
}

const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1D, 19];
const KEY_USAGE: &[u8] = &[0x55, 0x1D, 15];
const SUBJECT_ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1D, 17];
/// 1.3.6.1.5.5.7.1.14 (RFC 3820 section 3.8).
const PROXY_CERT_INFO: &[u8] = &[0x2B, 6, 1, 5, 5, 7, 1, 14];
/// 1.3.6.1.4.1.3536.1.222.
const PROXY_CERT_INFO_DRAFT: &[u8] = &[0x2B, 6, 1, 4, 1, 0x9B, 0x50, 1, 0x81, 0x5E];

impl Extensions {
    /// Reads the content of the SEQUENCE of extensions, each of which may stand once.
    pub(super) fn read(content: &[u8]) -> Result<Self, BadCertificate> {
        let mut read = Self::default();
        let mut seen: Vec<&[u8]> = Vec::new();
        for extension in ExtensionReader::of(content) {
            let Extension { identifier, value, .. } = extension.ok_or(BadCertificate::Encoding)?;
            let Some(name) = name(identifier) else { continue };
            if seen.contains(&identifier) || read.add(identifier, value).is_none() {
                return Err(BadCertificate::Extension(name));
            }
            seen.push(identifier);
        }
        Ok(read)
    }

    fn add(&mut self, identifier: &[u8], value: &[u8]) -> Option<()> {
        match identifier {
            SUBJECT_ALTERNATIVE_NAME => self.emails = emails(value)?,
            BASIC_CONSTRAINTS => self.is_authority = is_authority(value)?,
            KEY_USAGE => self.forbids_signing = forbids_signing(value)?,
            PROXY_CERT_INFO => self.proxy = Some(ProxyKind::Rfc3820),
            _ => self.proxy = self.proxy.or(Some(ProxyKind::Draft)),
        }
        Some(())
    }
}

/// The name of an extension that is looked at.
fn name(identifier: &[u8]) -> Option<&'static str> {
    match identifier {
        SUBJECT_ALTERNATIVE_NAME => Some("subject alternative name"),
        BASIC_CONSTRAINTS => Some("basicConstraints"),
        KEY_USAGE => Some("keyUsage"),
        PROXY_CERT_INFO | PROXY_CERT_INFO_DRAFT => Some("proxyCertInfo"),
        _ => None,
    }
}

/// One extension of a certificate, a revocation list or an entry of one.
pub(super) struct Extension<'a> {
    pub(super) identifier: &'a [u8],
    pub(super) criticality: Criticality,
    pub(super) value: &'a [u8],
}

/// Whether whoever does not know the extension must refuse the whole.
#[derive(Clone, Copy)]
pub(super) enum Criticality {
    Optional,
    Critical,
}

/// Reads extensions one after another; `None` once where they are malformed, and then ends.
pub(super) struct ExtensionReader<'a>(Reader<'a>);

impl<'a> ExtensionReader<'a> {
    /// `content` is that of the SEQUENCE of extensions.
    pub(super) const fn of(content: &'a [u8]) -> Self {
        Self(Reader::new(content))
    }

    fn read(&mut self) -> Option<Extension<'a>> {
        let mut extension = Reader::new(self.0.expect(der::SEQUENCE)?);
        let identifier = extension.object_identifier()?;
        let mut criticality = Criticality::Optional;
        if extension.peek()? == der::BOOLEAN {
            match extension.expect(der::BOOLEAN)? {
                [0] => (),
                [_] => criticality = Criticality::Critical,
                _ => return None,
            }
        }
        let value = extension.only(der::OCTET_STRING)?;
        Some(Extension { identifier, criticality, value })
    }
}

impl<'a> Iterator for ExtensionReader<'a> {
    type Item = Option<Extension<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_at_end() {
            return None;
        }
        let extension = self.read();
        if extension.is_none() {
            self.0 = Reader::new(&[]);
        }
        Some(extension)
    }
}

/// Section 4.2.1.6; an address that is not printable ASCII spoils the whole.
fn emails(value: &[u8]) -> Option<Vec<String>> {
    const RFC822_NAME: u8 = 0x81;
    let mut emails = Vec::new();
    let mut names = Reader::new(Reader::new(value).expect(der::SEQUENCE)?);
    while !names.is_at_end() {
        let name = names.next()?;
        if name.tag == RFC822_NAME {
            let email = String::from_utf8(name.content.to_vec()).ok()?;
            emails.push(email.bytes().all(|byte| byte.is_ascii_graphic()).then_some(email)?);
        }
    }
    Some(emails)
}

/// Section 4.2.1.9.
fn is_authority(value: &[u8]) -> Option<bool> {
    let mut constraints = Reader::new(Reader::new(value).expect(der::SEQUENCE)?);
    if constraints.is_at_end() {
        return Some(false);
    }
    let first = constraints.next()?;
    Some(first.tag == der::BOOLEAN && first.content != [0])
}

/// Section 4.2.1.3: bits are counted from the most significant one, after an octet with the number of unused ones.
fn forbids_signing(value: &[u8]) -> Option<bool> {
    const DIGITAL_SIGNATURE: u8 = 0x80;
    const NON_REPUDIATION: u8 = 0x40;
    let bits = Reader::new(value).expect(der::BIT_STRING)?.split_first()?.1;
    Some(bits.first().is_none_or(|bits| bits & (DIGITAL_SIGNATURE | NON_REPUDIATION) == 0))
}

/// Whether the subject is the issuer with one more common name that Globus gave to proxies; both are contents of their
/// SEQUENCE.
pub(super) fn is_legacy_proxy(subject: &[u8], issuer: &[u8]) -> bool {
    const COMMON_NAME: &[u8] = &[0x55, 4, 3];
    let added = || {
        let mut names = Reader::new(subject.strip_prefix(issuer)?);
        let mut last = Reader::new(Reader::new(names.expect(der::SET)?).expect(der::SEQUENCE)?);
        let identifier = last.expect(der::OBJECT_IDENTIFIER)?;
        (names.is_at_end() && identifier == COMMON_NAME).then_some(last.next()?.content)
    };
    matches!(added(), Some(b"proxy" | b"limited proxy"))
}
