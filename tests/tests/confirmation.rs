//! Confirmation by e-mail and reminders, with real nodes and a real relay.

use std::process::Command;

use proto::crypto::SigningKey;
use proto::signature::{SignRequest, SigningHash, sign};
use tests::http::Http;
use tests::relay::{Caught, Relay};
use tests::sites::{JANE, Sites, moment, template, wait_until};

const A: usize = 0;
const B: usize = 1;
const C: usize = 2;

const WINDOW: &str = "[admission]\ncreated_max_age = \"36500d\"\n";

fn mail(relay: &Relay) -> String {
    let port = relay.port();
    format!(
        "\n[mail]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nfrom = \"mp@node.example.org\"\n\
         admin = \"admin@node.example.org\"\n"
    )
}

/// Has the node of site A ask for confirmations from now on.
fn ask_at_a(sites: &mut Sites, relay: &Relay) {
    let base = sites.http(A).base().to_owned();
    let confirmation = format!("email_confirmation = true\nconfirm_url_base = \"{base}\"\n");
    sites.sites[A].set(&[WINDOW, &confirmation, &mail(relay)].concat()).expect("written");
    assert!(sites.stop(A));
    sites.restart(A);
}

fn signed(name: &str) -> Vec<u8> {
    JANE.sign(&template(name), moment("2026-02-01T10:00:00Z")).expect("signed")
}

fn mail_to(relay: &Relay, to: &str, number: usize) -> Caught {
    let to_them = || relay.caught().into_iter().filter(|caught| caught.to == to).collect::<Vec<_>>();
    wait_until("a mail arrives", || to_them().len() > number);
    to_them().remove(number)
}

fn path_of(link: &str, http: &Http) -> String {
    link.strip_prefix(http.base()).expect("the link leads to the node").to_owned()
}

fn standing(http: &Http, entry: &str) -> Option<String> {
    let list = http.get("/metadata?standing=bare", "application/json").json();
    let confirmed = http.get("/metadata?standing=confirmed", "application/json").json();
    let items = [list, confirmed].into_iter().flat_map(|list| list["items"].as_array().cloned().unwrap_or_default());
    let found = items.into_iter().find(|item| item["entry"] == entry);
    found.and_then(|item| item["standing"].as_str().map(str::to_owned))
}

#[test]
fn a_confirmed_entry_is_confirmed_where_its_node_is_believed_and_bare_elsewhere() {
    let relay = Relay::start(&[]);
    let mut sites = Sites::start(3);
    let a = sites.sites[A].clone();
    sites.sites[B].believe(&a).expect("written");
    sites.hang_up(B);
    ask_at_a(&mut sites, &relay);

    let file = sites.sites[A].folder().join("signed.xml");
    std::fs::write(&file, signed("debian")).expect("written");
    let http = sites.http(A);
    let file = file.display().to_string();
    let (status, output, messages) = sites.command(A, &["metadata", "upload", &file, "--node", http.base()]);
    assert_eq!(status, 0, "{messages}");
    assert!(output.contains("awaiting confirmation") && output.contains("jane@example.org"), "{output}");
    assert!(sites.held(A).is_empty(), "it is published before it is confirmed");

    let asked = mail_to(&relay, "jane@example.org", 0);
    assert!(asked.text.contains("Subject: StratusLab Marketplace Message"), "{}", asked.text);
    assert!(asked.text.contains(&template("debian").identifier.to_string()), "{}", asked.text);
    let path = path_of(&asked.link("confirm"), &http);
    let shown = http.get(&path, "text/html");
    assert_eq!(shown.status, 200, "{}", shown.text());
    assert!(sites.held(A).is_empty(), "a look at the link published it");

    let confirmed = http.post(&path, "application/x-www-form-urlencoded", b"");
    assert_eq!(confirmed.status, 201, "{}", confirmed.text());
    assert_eq!(confirmed.json()["standing"], "confirmed");
    let location = confirmed.location_path();
    assert_eq!(http.get(&location, "application/rdf+xml").body, signed("debian"));
    assert_eq!(http.post(&path, "application/x-www-form-urlencoded", b"").status, 404);

    let entry = confirmed.json()["entry"].as_str().expect("an id").to_owned();
    for (site, expected) in [(A, "confirmed"), (B, "confirmed"), (C, "bare")] {
        wait_until("the entry arrives", || sites.held(site).len() == 1);
        assert_eq!(standing(&sites.http(site), &entry).as_deref(), Some(expected), "site {site}");
    }
}

#[test]
fn a_link_works_after_the_node_was_killed_and_the_same_upload_sends_no_second_mail() {
    let relay = Relay::start(&[]);
    let mut sites = Sites::start(1);
    ask_at_a(&mut sites, &relay);
    let document = signed("debian");
    for _ in 0..2 {
        let answer = sites.http(A).upload(&document);
        assert_eq!((answer.status, answer.location.clone()), (202, None), "{}", answer.text());
    }
    let path = path_of(&mail_to(&relay, "jane@example.org", 0).link("confirm"), &sites.http(A));
    sites.kill(A);
    sites.restart(A);
    assert_eq!(sites.http(A).upload(&document).status, 202);
    assert_eq!(sites.http(A).post(&path, "text/plain", b"").status, 201);
    assert_eq!(sites.http(A).upload(&document).status, 200);
    assert!(sites.stop(A));
    assert_eq!(relay.caught().len(), 1);
}

#[test]
fn an_upload_is_discarded_or_reported_by_its_link() {
    let relay = Relay::start(&[]);
    let mut sites = Sites::start(1);
    ask_at_a(&mut sites, &relay);
    let http = sites.http(A);
    let link = |number, name, command| {
        assert_eq!(http.upload(&signed(name)).status, 202);
        path_of(&mail_to(&relay, "jane@example.org", number).link(command), &http)
    };
    let abort = link(0, "first", "abort");
    let aborted = http.post(&abort, "text/plain", b"");
    assert_eq!(aborted.json()["result"], "aborted addition of metadata entry", "{}", aborted.text());

    let abuse = link(1, "second", "abuse");
    let reported = http.post(&abuse, "text/plain", b"");
    assert_eq!(reported.json()["result"], "administrators have been notified", "{}", reported.text());
    let told = mail_to(&relay, "admin@node.example.org", 0);
    for fact in ["jane@example.org", "CN=Jane Tester", &template("second").identifier.to_string()] {
        assert!(told.text.contains(fact), "{fact}: {}", told.text);
    }
    let again = http.upload(&signed("second"));
    assert_eq!((again.status, again.json()["rule"].as_str()), (403, Some("reported-abuse")), "{}", again.text());
    for gone in [abort, abuse] {
        assert_eq!(http.get(&gone, "text/html").status, 404);
    }
    assert!(sites.held(A).is_empty());
}

#[test]
fn what_became_older_than_the_latest_while_it_waited_is_a_conflict() {
    let relay = Relay::start(&[]);
    let mut sites = Sites::start(1);
    ask_at_a(&mut sites, &relay);
    let http = sites.http(A);
    let newer = JANE.sign(&template("debian"), moment("2026-02-02T10:00:00Z")).expect("signed");
    let mut paths = Vec::new();
    for (number, document) in [signed("debian"), newer].into_iter().enumerate() {
        assert_eq!(http.upload(&document).status, 202);
        paths.push(path_of(&mail_to(&relay, "jane@example.org", number).link("confirm"), &http));
    }
    assert_eq!(http.post(&paths[1], "text/plain", b"").status, 201);
    let stale = http.post(&paths[0], "text/plain", b"");
    assert_eq!(stale.status, 409, "{}", stale.text());
    assert!(stale.text().contains("2026-02-02T10:00:00Z"), "{}", stale.text());
    assert_eq!(sites.held(A).len(), 1);
}

#[test]
fn a_certificate_without_an_address_is_bound_to_it_by_the_confirmation() {
    let relay = Relay::start(&[]);
    let mut sites = Sites::start(1);
    let request = SignRequest {
        created: moment("2026-02-01T10:00:00Z"),
        email: Some("grid@example.org".parse().expect("an address")),
        hash: SigningHash::Sha256,
    };
    let document = sign(template("debian").to_xml().as_bytes(), &key_without_address(), &request).expect("signed");
    let refused = sites.http(A).upload(&document);
    assert_eq!((refused.status, refused.json()["rule"].as_str()), (403, Some("unbound-email")), "{}", refused.text());

    ask_at_a(&mut sites, &relay);
    let http = sites.http(A);
    assert_eq!(http.upload(&document).status, 202);
    let path = path_of(&mail_to(&relay, "grid@example.org", 0).link("confirm"), &http);
    let confirmed = http.post(&path, "text/plain", b"");
    assert_eq!((confirmed.status, confirmed.json()["standing"].as_str()), (201, Some("confirmed")));
}

/// A key whose certificate has a subject and no subjectAltName.
fn key_without_address() -> SigningKey {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (key, certificate) = (path("key.pem"), path("certificate.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", "/O=Grid/CN=Robot"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", &key, "-out", &certificate])
        .output()
        .expect("openssl runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let pem = [key, certificate].map(|path| std::fs::read(path).expect("it was made")).concat();
    SigningKey::from_pem(&pem, None).expect("a key with its certificate")
}

#[test]
fn an_endorser_that_the_operator_exempts_is_not_asked() {
    let relay = Relay::start(&[]);
    let mut sites = Sites::start(1);
    ask_at_a(&mut sites, &relay);
    let config = std::fs::read_to_string(sites.sites[A].config()).expect("it is there");
    let key = JANE.key().certificate().key_sha256();
    let exempt = format!("{config}\n[trust]\nconfirm_waived_for = [\"sha256:{key}\"]\n");
    std::fs::write(sites.sites[A].config(), exempt).expect("written");
    sites.hang_up(A);
    wait_until("the exemption counts", || sites.http(A).upload(&signed("debian")).status != 202);
    assert_eq!(sites.http(A).upload(&signed("debian")).status, 200);
}

#[test]
fn a_mail_that_the_relay_refuses_for_good_shows_in_the_status() {
    let relay = Relay::start(&["--answers", "550"]);
    let mut sites = Sites::start(1);
    ask_at_a(&mut sites, &relay);
    assert_eq!(sites.http(A).upload(&signed("debian")).status, 202);
    let status = || {
        let (_, output, _) = sites.command(A, &["status", "--format", "json"]);
        serde_json::from_str::<serde_json::Value>(&output).unwrap_or_default()["mail"].clone()
    };
    wait_until("the mail has failed", || status()["failed"] == 1);
    let mail = status();
    assert_eq!((mail["queued"].as_u64(), mail["awaiting_confirmation"].as_u64()), (Some(0), Some(1)));
    let error = mail["last_error"].as_str().expect("there is one");
    assert!(error.contains("550") && !error.contains("jane@"), "{error}");
    let (_, text, _) = sites.command(A, &["status"]);
    assert!(text.contains("mails failed") && text.contains("550"), "{text}");
    let log = std::fs::read_to_string(node::demo::log_of(sites.sites[A].folder())).expect("a log");
    assert!(log.contains("a mail was given up") && !log.contains("jane@example.org"), "{log}");
}

#[test]
fn an_endorser_is_reminded_once_a_month_across_restarts() {
    let relay = Relay::start(&[]);
    let mut sites = Sites::start_with(1, WINDOW, &["--clock", "2026-02-01T12:00:00Z"]);
    let settings = [WINDOW, &mail(&relay), "reminders = true\n"].concat();
    sites.sites[A].set(&settings).expect("written");
    let config = std::fs::read_to_string(sites.sites[A].config()).expect("it is there");
    let config = config.replacen("[node]\n", "[node]\npublic_url = \"https://mp.example.org\"\n", 1);
    std::fs::write(sites.sites[A].config(), config).expect("written");
    assert!(sites.stop(A));
    sites.restart(A);
    let uploaded = sites.http(A).upload(&signed("debian"));
    assert_eq!(uploaded.status, 201, "{}", uploaded.text());
    let days = [("2026-02-02", 0), ("2026-03-03", 0), ("2026-03-05", 1), ("2026-03-06", 1), ("2026-04-10", 2)];
    for (day, reminders) in days.into_iter().chain([("2026-04-11", 2), ("2026-04-12", 2)]) {
        // A node that stops has done what was due at its start.
        assert!(sites.stop(A));
        sites.set_arguments(&["--clock", &format!("{day}T12:00:00Z")]);
        sites.restart(A);
        wait_until(day, || relay.caught().len() >= reminders);
        assert_eq!(relay.caught().len(), reminders, "{day}");
    }
    let reminder = mail_to(&relay, "jane@example.org", 0);
    assert!(reminder.text.contains("marketplace metadata deprecate"), "{}", reminder.text);
}
