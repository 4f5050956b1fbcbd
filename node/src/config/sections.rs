//! The sections of `marketplace.toml`, key by key.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use proto::digest::Sha256Digest;
use proto::email::Email;
use proto::signature::Algorithms;
use proto::trust::BareEntries;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use tracing_subscriber::EnvFilter;

use super::reader::{Finding, Findings, Misread, Section};
use super::values::{DAY_MS, boolean, choice, duration_ms, key_digest, list, mistyped, number, parsed, text};
use super::{Config, EmailConfirmation, GraphStorage, LogFormat, PeerEntry, Uploads, federation, hooks, http, mail};
use crate::bounds;

/// A century, which opens a window wide enough for any archive.
const WINDOW_MS: RangeInclusive<u64> = 0..=36_525 * DAY_MS;

type Value<'text> = Spanned<DeValue<'text>>;

/// Reads a whole file; everything that is wrong is found at once.
pub(super) fn read(text: &str) -> Result<Config, Vec<Finding>> {
    read_by(text, |reading| reading.read())
}

/// Reads `[node]` alone, whatever the other sections say.
pub(super) fn read_node(text: &str) -> Result<Config, Vec<Finding>> {
    read_by(text, |mut reading| {
        let mut config = Config::default();
        reading.section("node", &mut config, node);
        config
    })
}

fn read_by(text: &str, read: impl FnOnce(Reading<'_, '_>) -> Config) -> Result<Config, Vec<Finding>> {
    let mut findings = Findings::of(text);
    let root = match DeTable::parse(text) {
        Ok(root) => root.into_inner(),
        Err(error) => {
            findings.add(error.span().map_or(0, |span| span.start), error.message().to_owned());
            return Err(findings.into_sorted());
        }
    };
    let config = read(Reading { root: Section::of("", 0, root), findings: &mut findings });
    match findings.into_sorted() {
        found if found.is_empty() => Ok(config),
        found => Err(found),
    }
}

struct Reading<'text, 'findings> {
    root: Section<'text>,
    findings: &'findings mut Findings<'text>,
}

impl<'text> Reading<'text, '_> {
    fn read(mut self) -> Config {
        let mut config = Config::default();
        self.section("node", &mut config, node);
        self.section("http", &mut config, http::read);
        self.section("federation", &mut config, federation::read);
        config.peers = self.peers();
        config.hooks = hooks::read(&mut self.root, self.findings);
        self.section("mail", &mut config, mail::read);
        self.section("admission", &mut config, admission);
        self.section("trust", &mut config, trust);
        self.section("query", &mut config, query);
        self.section("log", &mut config, log);
        self.section("storage", &mut config, storage);
        self.root.finish(self.findings);
        config
    }

    fn section(
        &mut self,
        name: &'static str,
        config: &mut Config,
        read: impl FnOnce(&mut Section<'text>, &mut Findings<'text>, &mut Config),
    ) {
        let Some((at, value)) = self.root.take(name) else { return };
        let DeValue::Table(table) = value.into_inner() else {
            self.findings.add(at.start, format!("{name} must be a section, write [{name}]"));
            return;
        };
        let mut section = Section::of(format!("[{name}]"), at.start, table);
        read(&mut section, self.findings, config);
        section.finish(self.findings);
    }

    fn peers(&mut self) -> Vec<PeerEntry> {
        let Some((at, value)) = self.root.take("peer") else { return Vec::new() };
        let DeValue::Array(array) = value.into_inner() else {
            self.findings.add(at.start, "peer must be a list of sections, write [[peer]]".to_owned());
            return Vec::new();
        };
        let mut seen = BTreeSet::new();
        let mut peers = Vec::new();
        for value in array {
            let at = value.span().start;
            let Some(entry) = federation::peer(value, self.findings) else { continue };
            if !seen.insert(entry.id) {
                self.findings.add(at, format!("the peer {} is listed twice", entry.id));
            }
            peers.push(entry);
        }
        if peers.len() > bounds::PEERS_MAX {
            self.findings
                .add(at.start, format!("{} peers are listed, at most {} can be", peers.len(), bounds::PEERS_MAX));
        }
        peers
    }
}

fn node<'text>(section: &mut Section<'text>, findings: &mut Findings<'text>, config: &mut Config) {
    let node = &mut config.node;
    section.read(findings, "name", &mut node.name, short_text);
    section.read(findings, "data_dir", &mut node.data_dir, |value| path(value).map(Into::into));
    section.read(findings, "public_url", &mut node.public_url, |value| parsed(value).map(Some));
}

fn admission<'text>(section: &mut Section<'text>, findings: &mut Findings<'text>, config: &mut Config) {
    let admission = &mut config.admission;
    let uploads = |value: &Value<'text>| {
        boolean(value).map(|is_read_only| if is_read_only { Uploads::Refused } else { Uploads::Accepted })
    };
    section.read(findings, "created_max_age", &mut admission.created_ms_max_age, duration_ms(WINDOW_MS));
    section.read(findings, "created_max_ahead", &mut admission.created_ms_max_ahead, duration_ms(WINDOW_MS));
    section.read(findings, "read_only", &mut admission.uploads, uploads);
    let confirmation_at = section.place_of("email_confirmation").unwrap_or_else(|| section.place());
    let confirmation = |value: &Value<'text>| {
        boolean(value).map(|is_on| if is_on { EmailConfirmation::Required } else { EmailConfirmation::Off })
    };
    section.read(findings, "email_confirmation", &mut admission.email_confirmation, confirmation);
    section.read(findings, "confirm_url_base", &mut admission.confirm_url_base, |value| parsed(value).map(Some));
    mail::check_confirmation(confirmation_at, findings, config);
}

fn trust<'text>(section: &mut Section<'text>, findings: &mut Findings<'text>, config: &mut Config) {
    let trust = &mut config.trust;
    let policy = &mut trust.policy;
    let algorithms = |value: &Value<'text>| {
        boolean(value).map(|is_legacy| if is_legacy { Algorithms::Legacy } else { Algorithms::Modern })
    };
    let bare = |value: &Value<'text>| {
        boolean(value).map(|is_accepted| if is_accepted { BareEntries::Accepted } else { BareEntries::Refused })
    };
    let anchors = |value: &Value<'text>| list(value, |value| path(value).map(Into::into));
    section.read(findings, "anchors", &mut trust.anchors, anchors);
    section.read(findings, "legacy_algorithms", &mut trust.algorithms, algorithms);
    section.read(findings, "accept_bare", &mut policy.bare, bare);
    section.read(findings, "endorser_keys", &mut trust.endorser_keys, endorser_keys);
    section.read(findings, "endorsers_allow", &mut policy.endorsers_allow, |value| list(value, parsed));
    section.read(findings, "endorsers_deny", &mut policy.endorsers_deny, |value| list(value, parsed));
    section.read(findings, "checksums_deny", &mut policy.checksums_deny, |value| list(value, parsed));
    section.read(findings, "images_deny", &mut policy.images_deny, |value| list(value, parsed));
    section.read(findings, "confirm_waived_for", &mut trust.confirm_waived_for, |value| list(value, parsed));
}

fn query<'text>(section: &mut Section<'text>, findings: &mut Findings<'text>, config: &mut Config) {
    let query = &mut config.query;
    section.read(findings, "timeout", &mut query.timeout_ms, duration_ms(100..=600_000));
    section.read(findings, "max_rows", &mut query.rows_max, number(1..=bounds::QUERY_ROWS_MOST));
    section.read(findings, "max_concurrent", &mut query.concurrent_max, number(1..=bounds::QUERIES_MOST));
}

fn log<'text>(section: &mut Section<'text>, findings: &mut Findings<'text>, config: &mut Config) {
    let formats = [("text", LogFormat::Text), ("json", LogFormat::Json)];
    section.read(findings, "filter", &mut config.log.filter, log_filter);
    section.read(findings, "format", &mut config.log.format, choice(&formats));
}

fn storage<'text>(section: &mut Section<'text>, findings: &mut Findings<'text>, config: &mut Config) {
    let places = [("disk", GraphStorage::Disk), ("memory", GraphStorage::Memory)];
    section.read(findings, "graph", &mut config.storage.graph, choice(&places));
}

pub(super) fn short_text(value: &Value<'_>) -> Result<String, Misread> {
    let given = text(value)?;
    let is_fit = given.chars().count() <= bounds::NAME_CHARACTERS_MAX && !given.chars().any(char::is_control);
    let reason = || format!("it must be at most {} characters on one line", bounds::NAME_CHARACTERS_MAX);
    is_fit.then_some(given).ok_or_else(|| Misread::new(value, reason()))
}

pub(super) fn path(value: &Value<'_>) -> Result<String, Misread> {
    let given = text(value)?;
    let is_path = !given.is_empty() && !given.contains('\0');
    is_path.then_some(given).ok_or_else(|| Misread::new(value, "it must name a file or folder"))
}

pub(super) fn socket_address(value: &Value<'_>) -> Result<std::net::SocketAddr, Misread> {
    let given = text(value)?;
    given
        .parse()
        .map_err(|_| Misread::new(value, format!("{given:?} is not an address and port such as 127.0.0.1:8080")))
}

fn endorser_keys(value: &Value<'_>) -> Result<BTreeMap<Email, BTreeSet<Sha256Digest>>, Misread> {
    let table = value.get_ref().as_table().ok_or_else(|| mistyped(value, "a table of addresses with their keys"))?;
    let entry = |(email, keys): (&Spanned<_>, &Value<'_>)| {
        let email: &std::borrow::Cow<'_, str> = email.get_ref();
        let parsed = email.parse().map_err(|error: proto::email::NotAnEmail| Misread::new(keys, error.to_string()));
        Ok((parsed?, list(keys, key_digest)?))
    };
    table.iter().map(entry).collect()
}

fn log_filter(value: &Value<'_>) -> Result<String, Misread> {
    let given = text(value)?;
    EnvFilter::try_new(&given).map_err(|error| Misread::new(value, error.to_string()))?;
    Ok(given)
}

#[cfg(test)]
mod tests {
    use super::super::{MailTls, Reminders};
    use proto::federation::{Admittance, Membership};
    use proto::node_id::NodeId;
    use proto::trust::Confirmations;

    use super::*;

    fn findings(text: &str) -> Vec<String> {
        let place = |Finding { line, column, message }| format!("{line}:{column}: {message}");
        read(text).expect_err("something is wrong").into_iter().map(place).collect()
    }

    fn peer_id() -> NodeId {
        NodeId::from_public_key([7; 32])
    }

    #[test]
    fn every_key_is_read() {
        let id = peer_id();
        let digest = "ab".repeat(32);
        let text = format!(
            r#"
            [node]
            name = "Site A"
            data_dir = "/var/lib/marketplace"
            public_url = "https://mp.example.org/marketplace"
            [http]
            listen = "0.0.0.0:80"
            base_path = "/marketplace"
            max_document_bytes = 100_000
            [federation]
            name = "grid"
            listen = ["/ip4/127.0.0.1/tcp/0"]
            external = ["/dns4/mp.example.org/tcp/4040"]
            membership = "open"
            sync_interval = "5s"
            [[peer]]
            id = "{id}"
            address = ["/ip4/10.0.0.2/udp/4040/quic-v1/p2p/{id}", "/ip4/10.0.0.2/tcp/4040"]
            name = "Site B"
            confirms_email = true
            [admission]
            created_max_age = "36500d"
            created_max_ahead = "0s"
            read_only = true
            email_confirmation = true
            confirm_url_base = "https://confirm.example.org"
            [trust]
            anchors = ["/etc/grid-security/certificates", "ca.pem"]
            legacy_algorithms = true
            accept_bare = false
            endorser_keys = {{ "jane@example.org" = ["sha256:{digest}"] }}
            endorsers_allow = ["jane@example.org"]
            endorsers_deny = ["eve@example.org", "@example.net", "/C=UK/O=Grid/CN=Eve"]
            checksums_deny = ["SHA-1:c319bbd5afc0a22ba3eaed0507c39383ec28eeff"]
            images_deny = ["MMZu9WvwKIro-rtBQfDk4PsKO7_"]
            confirm_waived_for = ["robot@example.org"]
            [mail]
            host = "smtp.example.org"
            port = 2525
            tls = "implicit"
            tls_ca = "ca.pem"
            user = "mp"
            password_file = "password"
            from = "mp@example.org"
            admin = "admin@example.org"
            reminders = true
            [query]
            timeout = "250ms"
            max_rows = 5
            max_concurrent = 1
            [log]
            filter = "info,node=debug"
            format = "json"
            [storage]
            graph = "memory"
            "#
        );
        let config = read(&text).expect("every key is good");
        assert_eq!((config.node.name.as_str(), config.http.listen.port()), ("Site A", 80));
        assert_eq!((config.federation.admittance, config.federation.sync_interval_ms), (Admittance::Open, 5_000));
        assert_eq!(config.peers[0].addresses, ["/ip4/10.0.0.2/udp/4040/quic-v1", "/ip4/10.0.0.2/tcp/4040"]);
        assert_eq!(
            (config.peers[0].membership, config.peers[0].confirmations),
            (Membership::Member, Confirmations::Believed)
        );
        assert_eq!((config.admission.created_ms_max_ahead, config.admission.uploads), (0, Uploads::Refused));
        assert_eq!(config.trust.anchors.len(), 2);
        assert_eq!((config.trust.algorithms, config.trust.policy.bare), (Algorithms::Legacy, BareEntries::Refused));
        assert_eq!((config.trust.endorser_keys.len(), config.trust.policy.checksums_deny.len()), (1, 1));
        assert_eq!((config.query.timeout_ms, config.query.rows_max, config.query.concurrent_max), (250, 5, 1));
        assert_eq!(config.admission.email_confirmation, EmailConfirmation::Required);
        assert_eq!(config.confirmation_base().map(|base| base.as_str()), Some("https://confirm.example.org"));
        assert_eq!(config.trust.confirm_waived_for.len(), 1);
        let mail = config.mail.as_ref().expect("there is mail");
        assert_eq!((mail.port(), mail.tls, mail.reminders), (2525, MailTls::Implicit, Reminders::Sent));
        assert_eq!((config.log.format, config.storage.graph), (LogFormat::Json, GraphStorage::Memory));
    }

    #[test]
    fn everything_wrong_is_found_at_once_in_order() {
        let found =
            findings("[http]\nlisten = \"nowhere\"\n[storag]\ngraph = \"disk\"\n[federation]\nmembership = 1\n");
        assert_eq!(
            found,
            [
                "2:10: listen in [http]: \"nowhere\" is not an address and port such as 127.0.0.1:8080",
                "3:2: unknown section \"storag\"; did you mean \"storage\"?",
                "6:14: membership in [federation]: it must be a text in quotes, not an integer",
            ]
        );
    }

    #[test]
    fn values_past_their_range_are_refused() {
        let found = findings("[query]\ntimeout = \"1ms\"\nmax_rows = 0\nmax_concurrent = -1\n");
        assert_eq!(found[0], "2:11: timeout in [query]: 1ms is not within 100ms to 10m");
        assert!(found[1].starts_with("3:12: max_rows in [query]: 0 is not within 1 to"), "{found:?}");
        assert!(found[2].starts_with("4:18: max_concurrent in [query]: -1 is not within 1 to"), "{found:?}");
    }

    #[test]
    fn a_choice_names_its_words() {
        let found = findings("[federation]\nmembership = \"opne\"\n");
        assert_eq!(found, ["2:14: membership in [federation]: \"opne\" is not \"closed\" or \"open\""]);
    }

    #[test]
    fn a_bad_element_of_a_list_is_found_where_it_stands() {
        let found = findings("[trust]\nendorsers_deny = [\n  \"a@b\",\n  \"nobody\",\n]\n");
        assert_eq!(
            found,
            [
                "4:3: endorsers_deny in [trust]: \"nobody\" names no endorsers; write an e-mail address, @ and a domain, a subject such as \
              CN=Jane,O=Grid,C=UK or /C=UK/O=Grid/CN=Jane, or sha256: and the 64 hexadecimal digits of a key"
            ]
        );
    }

    #[test]
    fn a_peer_needs_an_identity_that_is_listed_once() {
        assert!(findings("[[peer]]\nname = \"b\"\n")[0].contains("a [[peer]] needs an id"));
        let id = peer_id();
        let found = findings(&format!("[[peer]]\nid = \"{id}\"\n[[peer]]\nid = \"{id}\"\n"));
        assert_eq!(found, [format!("3:1: the peer {id} is listed twice")]);
    }

    #[test]
    fn only_a_member_can_confirm() {
        let found = findings(&format!("[[peer]]\nid = \"{}\"\nmember = false\nconfirms_email = true\n", peer_id()));
        assert!(found[0].contains("only a member's confirmations"), "{found:?}");
    }

    #[test]
    fn text_that_is_no_toml_is_found_where_it_ends() {
        assert!(findings("[node]\nname = \n")[0].starts_with("2:"));
    }

    #[test]
    fn a_pinned_key_needs_its_prefix_and_64_digits() {
        for key in ["ab", "sha256:ab", &"ab".repeat(32)] {
            let found = findings(&format!("[trust]\nendorser_keys = {{ \"a@b\" = [\"{key}\"] }}\n"));
            assert!(found[0].contains("is not sha256: and the 64"), "{found:?}");
        }
    }
}
