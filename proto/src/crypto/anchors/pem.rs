//! What a file of trust anchors holds: DER, or PEM (RFC 7468) with text around it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// One encoded object of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Object {
    /// A certificate or a revocation list in DER, without anything that says which.
    Der(Vec<u8>),
    /// A certificate.
    Certificate(Vec<u8>),
    /// A revocation list.
    RevocationList(Vec<u8>),
    /// Something else, by its PEM label.
    Other(String),
    /// A PEM object that does not end, or is not base64; its label.
    Damaged(String),
}

const BEGIN: &str = "-----BEGIN ";
const DASHES: &str = "-----";

/// The objects of a file; none where it is neither PEM nor a DER sequence.
pub(super) fn objects(bytes: &[u8]) -> Vec<Object> {
    const SEQUENCE: u8 = 0x30;
    if bytes.first() == Some(&SEQUENCE) {
        return vec![Object::Der(bytes.to_vec())];
    }
    // Text around the objects may be in any encoding; what matters is ASCII.
    let text = String::from_utf8_lossy(bytes);
    let mut rest = text.as_ref();
    let mut objects = Vec::new();
    while let Some(found) = rest.find(BEGIN) {
        rest = &rest[found + BEGIN.len()..];
        let line = rest.lines().next().unwrap_or_default();
        let Some((label, _)) = line.split_once(DASHES) else { continue };
        let body = &rest[label.len() + DASHES.len()..];
        let (object, after) = object(label, body);
        objects.push(object);
        rest = after;
    }
    objects
}

/// One object, and the text after it.
fn object<'a>(label: &str, body: &'a str) -> (Object, &'a str) {
    let end = format!("-----END {label}-----");
    let Some(length) = body.find(&end) else {
        return (Object::Damaged(shorten(label)), body);
    };
    let (encoded, after) = (&body[..length], &body[length + end.len()..]);
    if encoded.contains(BEGIN) {
        return (Object::Damaged(shorten(label)), body);
    }
    let object = match label {
        "CERTIFICATE" | "X509 CERTIFICATE" => decode(encoded).map(Object::Certificate),
        "X509 CRL" => decode(encoded).map(Object::RevocationList),
        other => Some(Object::Other(shorten(other))),
    };
    (object.unwrap_or_else(|| Object::Damaged(shorten(label))), after)
}

fn decode(encoded: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = encoded.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    STANDARD.decode(digits).ok()
}

fn shorten(label: &str) -> String {
    label.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_around_the_objects_does_not_matter() {
        let text = "subject= /C=XX\n-----BEGIN CERTIFICATE-----\r\nAQID\r\n-----END CERTIFICATE-----\r\n caf\u{e9}\n\
                    -----BEGIN X509 CRL-----\nBAUG\n-----END X509 CRL-----";
        assert_eq!(
            objects(text.as_bytes()),
            [Object::Certificate(vec![1, 2, 3]), Object::RevocationList(vec![4, 5, 6])]
        );
    }

    #[test]
    fn an_object_that_does_not_end_does_not_hide_the_next() {
        let text = "-----BEGIN CERTIFICATE-----\nAQID\n-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n";
        assert_eq!(
            objects(text.as_bytes()),
            [Object::Damaged("CERTIFICATE".to_owned()), Object::Certificate(vec![1, 2, 3])]
        );
    }

    #[test]
    fn what_is_not_base64_is_damaged() {
        let text = "-----BEGIN X509 CRL-----\n!!!!\n-----END X509 CRL-----\n";
        assert_eq!(objects(text.as_bytes()), [Object::Damaged("X509 CRL".to_owned())]);
    }

    #[test]
    fn other_objects_are_told_by_their_label() {
        let text = "-----BEGIN TRUSTED CERTIFICATE-----\nAQID\n-----END TRUSTED CERTIFICATE-----\n";
        assert_eq!(objects(text.as_bytes()), [Object::Other("TRUSTED CERTIFICATE".to_owned())]);
    }

    #[test]
    fn a_file_without_objects_has_none() {
        for text in ["", "plain text", "-----BEGIN ", "-----BEGIN x", "-----BEGIN -----"] {
            assert!(!objects(text.as_bytes()).iter().any(|object| !matches!(object, Object::Damaged(_))), "{text}");
        }
    }
}
