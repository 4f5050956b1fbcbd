//! `[http]`: where and how the node answers, and what clients may take.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use toml::Spanned;
use toml::de::DeValue;

use super::reader::{Findings, Misread, Section};
use super::sections::{path, socket_address};
use super::values::{duration_ms, list, number, parsed};
use super::{Config, TlsFiles};
use crate::bounds;

type Value<'text> = Spanned<DeValue<'text>>;

/// Reads the section.
pub(super) fn read<'text>(section: &mut Section<'text>, findings: &mut Findings<'text>, config: &mut Config) {
    let http = &mut config.http;
    let bytes = number(bounds::DOCUMENT_BYTES_MAX_LEAST..=proto::bounds::DOCUMENT_BYTES_MAX);
    section.read(findings, "listen", &mut http.listen, socket_address);
    section.read(findings, "base_path", &mut http.base_path, parsed);
    section.read(findings, "max_document_bytes", &mut http.document_bytes_max, bytes);
    section.read(findings, "trusted_proxies", &mut http.trusted_proxies, |value| list(value, parsed));
    tls(section, findings, config);
    limits(section, findings, config);
}

/// One file is of no use without the other.
fn tls<'text>(section: &mut Section<'text>, findings: &mut Findings<'text>, config: &mut Config) {
    let (mut certificate, mut key) = (None, None);
    let at = section.place_of("tls_certificate").or_else(|| section.place_of("tls_key"));
    let file = |value: &Value<'text>| path(value).map(|path| Some(PathBuf::from(path)));
    section.read(findings, "tls_certificate", &mut certificate, file);
    section.read(findings, "tls_key", &mut key, file);
    match (certificate, key) {
        (Some(certificate), Some(key)) => config.http.tls = Some(TlsFiles { certificate, key }),
        (None, None) => {}
        _ => findings
            .add(at.unwrap_or_default(), "tls_certificate and tls_key in [http]: one needs the other".to_owned()),
    }
}

/// From a site that tests to one that a whole federation reads.
const TIME_MS: RangeInclusive<u64> = 100..=3_600_000;

fn limits<'text>(section: &mut Section<'text>, findings: &mut Findings<'text>, config: &mut Config) {
    let limits = &mut config.http.limits;
    let rate = |value: &Value<'text>| -> Result<u32, Misread> {
        let read = number(0..=bounds::RATE_PER_MINUTE_MOST)(value)?;
        u32::try_from(read).map_err(|_| Misread::new(value, "it is too large"))
    };
    section.read(findings, "max_connections", &mut limits.connections_max, number(1..=bounds::CONNECTIONS_MOST));
    let of_address = &mut limits.connections_of_address_max;
    section.read(findings, "max_connections_per_address", of_address, number(1..=bounds::CONNECTIONS_MOST));
    // Hyper needs room for 8 KiB.
    section.read(findings, "max_header_bytes", &mut limits.header_bytes_max, number(8_192..=1_048_576));
    section.read(findings, "header_timeout", &mut limits.header_ms_max, duration_ms(TIME_MS));
    section.read(findings, "request_timeout", &mut limits.request_ms_max, duration_ms(TIME_MS));
    section.read(findings, "stall_timeout", &mut limits.stall_ms_max, duration_ms(TIME_MS));
    section.read(findings, "requests_per_minute", &mut limits.requests_per_minute, rate);
    section.read(findings, "uploads_per_minute", &mut limits.uploads_per_minute, rate);
    section.read(findings, "max_followers", &mut limits.followers_max, number(0..=bounds::CONNECTIONS_MOST));
    let of_endorser = &mut config.http.uploads_of_endorser_per_minute;
    section.read(findings, "uploads_per_minute_by_endorser", of_endorser, rate);
    section.read(findings, "max_uploads", &mut config.http.uploads_max, number(1..=bounds::UPLOADS_WAITING_MOST));
}

#[cfg(test)]
mod tests {
    use super::super::parse;

    fn findings(text: &str) -> Vec<String> {
        let found = parse(&format!("[http]\n{text}\n")).expect_err("it is wrong");
        found.into_iter().map(|finding| format!("{}: {}", finding.line, finding.message)).collect()
    }

    #[test]
    fn one_file_of_tls_needs_the_other() {
        let one = "2: tls_certificate and tls_key in [http]: one needs the other";
        assert_eq!(findings("tls_key = \"key.pem\""), [one]);
        assert_eq!(findings("tls_certificate = \"certificate.pem\""), [one]);
    }

    #[test]
    fn files_of_tls_are_looked_for_beside_the_configuration() {
        let text = "[http]\ntls_certificate = \"a.pem\"\ntls_key = \"/etc/b.pem\"\n";
        let config = parse(text).expect("it is good").at("/srv/mp/marketplace.toml".as_ref());
        let tls = config.http.tls.expect("it has TLS");
        assert_eq!((tls.certificate.to_str(), tls.key.to_str()), (Some("/srv/mp/a.pem"), Some("/etc/b.pem")));
    }

    #[test]
    fn a_limit_has_a_range() {
        assert_eq!(findings("max_connections = 0"), ["2: max_connections in [http]: 0 is not within 1 to 65536"]);
        assert_eq!(
            findings("header_timeout = \"1ms\""),
            ["2: header_timeout in [http]: 1ms is not within 100ms to 1h"]
        );
        assert!(findings("trusted_proxies = [\"proxy\"]")[0].contains("\"proxy\" is not an address or a range"));
    }
}
