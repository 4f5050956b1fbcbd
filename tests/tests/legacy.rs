//! The original's own documents, through a federation at their time; read from `../shared` where it is present.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use proto::intake::examine;
use proto::signature::Algorithms;
use tests::sites::{Sites, wait_until};

const A: usize = 0;
const C: usize = 2;

/// The signed files that the original accepts, oldest endorsement first.
const ACCEPTED: [&str; 6] = [
    "valid-full-signature.xml",
    "valid-expired-signature.xml",
    "valid-indate-signature.xml",
    "valid-indate-newer-signature.xml",
    "valid-two-locations.xml",
    "valid-alternative.xml",
];

const CLOCK: [&str; 2] = ["--clock", "2015-01-01T00:00:00Z"];
const TALK_FIRST: &str = "PREFIX dcterms: <http://purl.org/dc/terms/> \
    PREFIX slterms: <http://mp.stratuslab.eu/slterms#> \
    select distinct ?os ?identifier where { ?x dcterms:identifier ?identifier . ?x slterms:os ?os }";
const TALK_SECOND: &str = "PREFIX dcterms: <http://purl.org/dc/terms/> \
    PREFIX slreq: <http://mp.stratuslab.eu/slreq#> \
    select distinct ?identifier ?email ?created where { \
    ?x dcterms:identifier ?identifier; slreq:endorsement ?endorsement . \
    ?endorsement slreq:endorser ?endorser; dcterms:created ?created . \
    ?endorser slreq:email ?email . FILTER (?email = \"jane.tester@example.org\") }";

fn fixtures() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let shared = std::env::var_os("MARKETPLACE_SHARED").map_or_else(beside, PathBuf::from);
    let folder = shared.join("fixtures/legacy");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no ../shared/fixtures");
    None
}

fn read(folder: &Path, name: &str) -> Vec<u8> {
    std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Settings that admit the original's algorithms and pin the keys of these files to their endorser.
fn settings(folder: &Path, pinned: &[&str]) -> String {
    let key = |name: &&str| {
        let entry = examine(&read(folder, name), Algorithms::Legacy).unwrap_or_else(|error| panic!("{name}: {error}"));
        format!("\"sha256:{}\"", entry.certificate().key_sha256())
    };
    let keys: BTreeSet<String> = pinned.iter().map(key).collect();
    let keys = keys.into_iter().collect::<Vec<_>>().join(", ");
    format!(
        "[admission]\ncreated_max_age = \"36500d\"\n\n[trust]\nlegacy_algorithms = true\n\
         endorser_keys = {{ \"jane.tester@example.org\" = [{keys}] }}\n"
    )
}

#[test]
fn each_of_the_originals_documents_is_accepted_and_found_at_a_peers_peer() {
    let Some(folder) = fixtures() else { return };
    let sites = Sites::start_with(3, &settings(&folder, &ACCEPTED), &CLOCK);
    for name in ACCEPTED {
        let document = read(&folder, name);
        let answer = sites.http(A).upload(&document);
        assert_eq!(answer.status, 201, "{name}: {}", answer.text());
        let path = answer.location_path();
        let entry = examine(&document, Algorithms::Legacy).expect("it was accepted");
        let facts = entry.document();
        let [identifier, created] = [facts.identifier().to_string(), facts.created().to_string()];
        let first = vec![facts.os().unwrap_or_default().to_owned(), identifier.clone()];
        let second = vec![identifier.clone(), "jane.tester@example.org".to_owned(), created.clone()];
        for site in [A, C] {
            let http = sites.http(site);
            wait_until("the entry is there", || http.get(&path, "application/rdf+xml").status == 200);
            assert_eq!(http.get(&path, "application/rdf+xml").body, document, "{name} at site {site}");
            let list = http.get(&format!("/metadata?identifier={identifier}&status=all"), "application/json").json();
            assert_eq!(list["items"][0]["created"], created.as_str(), "{name} at site {site}: {list}");
            wait_until("the talk's first query finds it", || http.select(TALK_FIRST).contains(&first));
            wait_until("the talk's second query finds it", || http.select(TALK_SECOND).contains(&second));
        }
    }
}

#[test]
fn newer_supersedes_and_the_expired_entry_is_not_listed() {
    let Some(folder) = fixtures() else { return };
    let sites = Sites::start_with(3, &settings(&folder, &["valid-indate-signature.xml"]), &CLOCK);
    let old = sites.http(A).upload(&read(&folder, "valid-indate-signature.xml"));
    let new = sites.http(A).upload(&read(&folder, "valid-indate-newer-signature.xml"));
    assert_eq!((old.status, new.status), (201, 201), "{} {}", old.text(), new.text());
    let again = sites.http(A).upload(&read(&folder, "valid-indate-signature.xml"));
    assert_eq!(again.status, 200, "{}", again.text());
    wait_until("C holds both", || sites.held(C).len() == 2);
    let list = sites.http(C).get("/metadata/BEE8-MMAw-Lk_IgsEExAy3d9R8h", "application/json").json();
    assert_eq!((&list["total"], &list["items"][0]["created"]), (&1.into(), &"2014-03-08T14:23:18Z".into()), "{list}");

    // The expired one is by a certificate that states its address, with another key: alone it has a standing of its own.
    let expired = Sites::start_with(1, &settings(&folder, &[]), &CLOCK);
    let answer = expired.http(A).upload(&read(&folder, "valid-expired-signature.xml"));
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(expired.http(A).get("/metadata", "application/json").json()["total"], 0);
    assert_eq!(expired.http(A).get("/metadata?status=expired", "application/json").json()["total"], 1);
    assert_eq!(expired.http(A).get(&answer.location_path(), "application/rdf+xml").status, 200);
}

#[test]
fn without_the_pin_a_certificate_without_an_address_is_refused_with_that_reason() {
    let Some(folder) = fixtures() else { return };
    let sites = Sites::start_with(1, &settings(&folder, &[]), &CLOCK);
    let answer = sites.http(A).upload(&read(&folder, "valid-indate-signature.xml"));
    assert_eq!(answer.status, 403, "{}", answer.text());
    assert!(answer.text().contains("unbound-email"), "{}", answer.text());
}

#[test]
fn without_legacy_algorithms_the_originals_signatures_are_refused_with_that_reason() {
    let Some(folder) = fixtures() else { return };
    let sites = Sites::start_with(1, "[admission]\ncreated_max_age = \"36500d\"\n", &CLOCK);
    let answer = sites.http(A).upload(&read(&folder, "valid-alternative.xml"));
    assert_eq!(answer.status, 403, "{}", answer.text());
    assert!(answer.text().contains("legacy-algorithm"), "{}", answer.text());
}
