//! The commented configuration that `init` writes: every key with its default.

/// A file that says nothing but the defaults, and explains them.
pub const EXAMPLE: &str = r#"# Configuration of a marketplace node. Every key shows its default; a key may be left out.
# An option of the command line comes before its MARKETPLACE_ variable, that before this file.
# Durations are written 250ms, 2s, 10m, 1h or 7d. `marketplace config check` says what is wrong here.

[node]
# How operators and pages call this node.
name = "marketplace"
# Where the node keeps everything, beside this file unless it is an absolute path.
data_dir = "marketplace-data"
# Where people reach the node, base path included.
# public_url = "https://marketplace.example.org"

[http]
# Address and port of REST, SPARQL and pages.
listen = "127.0.0.1:8080"
# The path that all routes stand under, for a node behind a proxy: "/marketplace".
base_path = ""
# Largest upload in bytes.
max_document_bytes = 262144
# TLS by these files in PEM, beside this file unless absolute: the certificate with those that lead to its authority, and
# the key. They are read again on SIGHUP.
# tls_certificate = "certificate.pem"
# tls_key = "key.pem"
# Addresses of proxies whose Forwarded, X-Forwarded-For, -Proto and -Host and X-Request-Id count: ["127.0.0.1", "10.0.0.0/8"]
trusted_proxies = []
# Connections at once, in all and of one address, and the largest head of a request in bytes.
max_connections = 1024
max_connections_per_address = 128
max_header_bytes = 32768
# How long a client may take for the head of a request, for all of it until the answer begins, and for the next byte of
# its answer.
header_timeout = "30s"
request_timeout = "1m"
stall_timeout = "30s"
# Requests and uploads of one address in a minute; 0 for any number. This machine's own are not counted.
requests_per_minute = 6000
uploads_per_minute = 600
# Uploads that one key may sign in a minute, from whatever address; 0 for any number.
uploads_per_minute_by_endorser = 0
# Uploads that are verified and written at once; more are told to come again.
max_uploads = 256
# Clients that follow /changes at once.
max_followers = 256

[federation]
# The name that all nodes of one federation share: letters, digits and . _ -
name = "marketplace"
# Where the node listens for peers.
listen = ["/ip4/0.0.0.0/udp/4040/quic-v1", "/ip4/0.0.0.0/tcp/4040"]
# Where peers reach it, where that differs: ["/dns4/marketplace.example.org/udp/4040/quic-v1"].
external = []
# "closed": listed peers only. "open": anyone may connect; what unlisted nodes admitted proves nothing.
membership = "closed"
# Pause between two full comparisons with a peer; new entries spread at once.
sync_interval = "1m"
# Whose signatures make a list of members the federation's roster, and how many of them it needs (more than half,
# unless said). A roster spreads by itself: its members need no [[peer]] section. marketplace federation roster --help
roster_keys = []
# roster_threshold = 2
# Nodes that were members, and until when: { "12D3KooW..." = "2026-01-01T00:00:00Z" }. marketplace peer remove adds them.
former_members = {}
# An outer wall: without the key in this file no connection comes about. It needs TCP addresses only.
# preshared_key_file = "swarm.key"

# One section for each peer, or: marketplace peer add ADDRESS/p2p/ID
# [[peer]]
# id = "12D3KooW..."
# address = ["/dns4/other.example.org/udp/4040/quic-v1"]
# name = "other site"
# # Where people reach it, for those who look for the nearest node.
# url = "https://marketplace.example.net"
# # Whether its own admissions count.
# member = true
# # Whether its word is taken that it confirmed an e-mail address.
# confirms_email = false

[admission]
# How old an endorsement may be when it is uploaded, and how far ahead of this node's clock.
created_max_age = "7d"
created_max_ahead = "10m"
# Refuse uploads; what peers bring is taken all the same.
read_only = false
# Ask the owner of the endorser's address by e-mail before an upload is published; it needs [mail] and public_url.
email_confirmation = false
# What the links of those mails begin with, where it is not public_url.
# confirm_url_base = "https://marketplace.example.org"

[trust]
# Authorities whose certificates make an endorser "certified": files and folders, beside this file unless absolute.
# PEM and DER certificates, revocation lists (.r0, .crl), and folders as the grid's distributions lay them out, with
# signing_policy and namespaces files: ["/etc/grid-security/certificates", "our-ca.pem"]. They are read again every
# ten minutes and on SIGHUP. What they certify counts at this node only.
anchors = []
# Admit rsa-sha1, dsa-sha1 and small keys, for archives and old tools.
legacy_algorithms = false
# Hold entries that only their own certificate speaks for, marked as what they are.
accept_bare = true
# Keys that you know to be an endorser's: { "jane@example.org" = ["sha256:..."] }
endorser_keys = {}
# Where this is not empty, only these endorsers; never those. An endorser is named by "jane@example.org",
# "@example.org" (this very domain), a subject ("CN=Jane,O=Grid,C=UK" or "/C=UK/O=Grid/CN=Jane"), or "sha256:..." (a key).
endorsers_allow = []
endorsers_deny = []
# Images that are not held, by checksum ("SHA-256:9f86d0...", any algorithm) or by identifier.
checksums_deny = []
images_deny = []
# Endorsers whose uploads need no confirmation by e-mail, named as above. Addresses and subjects count for those only whom
# the anchors certify with them, or whose keys endorser_keys has.
confirm_waived_for = []

# How the node sends mail: confirmations, reports of abuse, reminders.
# [mail]
# # The relay, and its port (587 for starttls, 465 for implicit, 25 for none).
# host = "smtp.example.org"
# port = 587
# # "starttls" and "implicit" send nothing without TLS; "none" is for a relay on this machine.
# tls = "starttls"
# # Authorities in addition to the machine's, in PEM.
# tls_ca = "/etc/marketplace/smtp-ca.pem"
# # Who the node is to the relay; the password is the first line of the file, which is read for every mail.
# user = "marketplace"
# password_file = "/etc/marketplace/smtp-password"
# from = "marketplace@example.org"
# # Who is told when the owner of an address reports an abuse of it.
# admin = "admin@example.org"
# # Remind endorsers every 30 days of what they endorse here, and 3 days before an entry's validity ends.
# reminders = false

# A program that is started, or an address that is posted to, on what happens here; the event comes as JSON, as
# marketplace events --format json shows it. Without events, on all of them.
# [[hook]]
# events = ["entry_admitted", "entry_superseded"]
# command = ["/usr/local/bin/deprecated-images"]
# timeout = "30s"

[query]
# The limits of one SPARQL query, and how many run at once.
timeout = "10s"
max_rows = 10000
max_concurrent = 4

[log]
# Which messages: error, warn, info, debug, trace; also by module, "info,node::network=debug". Requests are told as
# "access" with method, path, status and time, and without addresses; "info,access=off" leaves them out.
filter = "info"
# "text" or "json", on standard error.
format = "text"

[storage]
# The graph that SPARQL sees: "disk", or "memory", rebuilt at every start.
graph = "disk"
"#;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Config, parse};
    use super::*;

    #[test]
    fn the_example_says_the_defaults() {
        assert_eq!(parse(EXAMPLE), Ok(Config::default()));
    }

    #[test]
    fn the_example_shows_every_key() {
        // What is commented out is there to be uncommented.
        let mut text = String::new();
        for line in EXAMPLE.lines() {
            let bare = line.trim_start_matches("# ");
            let is_key = bare.starts_with('[') || bare.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
            text.push_str(if is_key { bare } else { line });
            text.push('\n');
        }
        let text = text.replace("12D3KooW...", &proto::node_id::NodeId::from_public_key([7; 32]).to_string());
        // A pre-shared key has no place in QUIC.
        let text = text.replace("\"/ip4/0.0.0.0/udp/4040/quic-v1\", ", "");
        let config = parse(&text).expect("it is good when all is uncommented");
        assert!(config.node.public_url.is_some() && config.http.tls.is_some());
        assert_eq!(config.peers.len(), 1);
        assert!(config.mail.is_some_and(|mail| mail.admin.is_some()));
    }

    /// An edit of a file: what is cut out at a place, and what is written there.
    fn edit() -> impl Strategy<Value = (prop::sample::Index, usize, String)> {
        let written = prop_oneof![
            "[\\[\\]{}=\"'#.,a-z0-9_ \n-]{0,12}",
            prop::sample::select(vec![
                "[[peer]]\n",
                "[[hook]]\n",
                "= []\n",
                "= {}\n",
                "\"\"\"",
                "1e999",
                "é\u{0}",
                "= \"12D3\"\n"
            ])
            .prop_map(str::to_owned),
        ];
        (any::<prop::sample::Index>(), 0_usize..40, written)
    }

    proptest! {
        #[test]
        fn an_edited_file_is_good_or_its_findings_name_lines_that_are_there(edits in prop::collection::vec(edit(), 1..5)) {
            let mut text = EXAMPLE.replace("\n# ", "\n");
            for (place, cut, written) in edits {
                let places: Vec<_> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
                let start = places[place.index(places.len())];
                let end = places.iter().copied().find(|at| *at >= start + cut).unwrap_or(text.len());
                text.replace_range(start..end, &written);
            }
            for finding in parse(&text).err().into_iter().flatten() {
                prop_assert!(finding.line >= 1 && finding.line <= text.matches('\n').count() + 1, "{finding:?}");
                prop_assert!(finding.column >= 1 && !finding.message.is_empty(), "{finding:?}");
            }
        }
    }
}
