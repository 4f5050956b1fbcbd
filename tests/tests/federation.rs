//! Federations of real nodes in a line A–B–C, where A and C are no peers.

use std::collections::BTreeSet;

use node::demo::endorser::forge;
use tests::sites::{JANE, Sites, endorser, moment, template, wait_until};

const A: usize = 0;
const B: usize = 1;
const C: usize = 2;

const TALK_FIRST: &str = "PREFIX dcterms: <http://purl.org/dc/terms/> \
    PREFIX slterms: <http://mp.stratuslab.eu/slterms#> \
    select distinct ?os ?identifier where { ?x dcterms:identifier ?identifier . ?x slterms:os ?os }";

fn talk_second(email: &str) -> String {
    format!(
        "PREFIX dcterms: <http://purl.org/dc/terms/> PREFIX slreq: <http://mp.stratuslab.eu/slreq#> \
         select distinct ?identifier ?email ?created where {{ \
         ?x dcterms:identifier ?identifier; slreq:endorsement ?endorsement . \
         ?endorsement slreq:endorser ?endorser; dcterms:created ?created . \
         ?endorser slreq:email ?email . FILTER (?email = \"{email}\") }}"
    )
}

fn signed(name: &str, created: &str) -> Vec<u8> {
    JANE.sign(&template(name), moment(created)).expect("signed")
}

#[test]
fn an_upload_is_served_byte_for_byte_and_queried_at_a_peers_peer() {
    let sites = Sites::start(3);
    let document = signed("debian", "2026-02-01T10:00:00Z");
    let uploaded = sites.http(A).upload(&document);
    assert_eq!(uploaded.status, 201, "{}", uploaded.text());
    let path = uploaded.location_path();
    assert!(path.ends_with("/jane@example.org/2026-02-01T10:00:00Z"), "{path}");

    // Acknowledged means queryable, here at once.
    let identifier = template("debian").identifier.to_string();
    let expected = vec![vec!["Debian".to_owned(), identifier.clone()]];
    assert_eq!(sites.http(A).select(TALK_FIRST), expected);

    wait_until("C holds the entry", || sites.http(C).get(&path, "application/rdf+xml").status == 200);
    for site in [A, B, C] {
        let served = sites.http(site).get(&path, "application/rdf+xml");
        assert_eq!((served.status, served.media_type.as_str()), (200, "application/rdf+xml"));
        assert_eq!(served.body, document, "site {site} serves other bytes");
    }
    wait_until("C answers the talk's first query", || sites.http(C).select(TALK_FIRST) == expected);
    let row = ["jane@example.org", "2026-02-01T10:00:00Z"].map(str::to_owned);
    let expected = vec![[vec![identifier], row.to_vec()].concat()];
    assert_eq!(sites.http(C).select(&talk_second("jane@example.org")), expected);
    assert!(sites.http(C).select(&talk_second("nobody@example.org")).is_empty());
}

#[test]
fn a_refused_document_is_named_with_its_rule_and_hides_nothing() {
    let sites = Sites::start(1);
    let http = sites.http(A);
    let good = signed("debian", "2026-02-01T10:00:00Z");
    assert_eq!(http.upload(&good).status, 201);
    let text = String::from_utf8(good.clone()).expect("UTF-8");
    let unsigned = template("debian").to_xml();
    let wrapped = text.replace("</rdf:RDF>", "<extra/></rdf:RDF>");
    let doctype = text.replacen("<rdf:RDF", "<!DOCTYPE rdf:RDF [<!ENTITY x \"y\">]>\n<rdf:RDF", 1);
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let cases: [(&str, Vec<u8>, u16, &str); 7] = [
        ("altered", forge(&good).expect("forged"), 400, "digest-mismatch"),
        ("unsigned", unsigned.into_bytes(), 400, "no-signature"),
        ("wrapped", wrapped.into_bytes(), 400, "signature-last"),
        ("DOCTYPE", doctype.into_bytes(), 400, "doctype"),
        ("not XML", b"hello".to_vec(), 400, "xml"),
        ("wrongly encoded", utf16, 400, "xml"),
        ("oversized", vec![b' '; proto::bounds::DOCUMENT_BYTES_MAX + 1], 413, ""),
    ];
    for (what, document, status, rule) in cases {
        let answer = http.upload(&document);
        assert_eq!(answer.status, status, "{what}: {}", answer.text());
        assert!(answer.text().contains(rule), "{what}: {}", answer.text());
    }
    assert_eq!(http.get("/metadata", "application/json").json()["total"], 1);
}

#[test]
fn an_older_upload_is_refused_and_the_same_again_is_located() {
    let sites = Sites::start(1);
    let http = sites.http(A);
    let newer = signed("debian", "2026-02-02T10:00:00Z");
    let first = http.upload(&newer);
    assert_eq!(first.status, 201);
    let again = http.upload(&newer);
    assert_eq!((again.status, again.location), (200, first.location));
    let older = http.upload(&signed("debian", "2026-02-01T10:00:00Z"));
    assert_eq!(older.status, 409, "{}", older.text());
    assert!(older.text().contains("2026-02-02T10:00:00Z"), "{}", older.text());
}

#[test]
fn a_newer_endorsement_supersedes_everywhere_and_history_stays() {
    let sites = Sites::start(3);
    let old = sites.http(A).upload(&signed("debian", "2026-02-01T10:00:00Z")).location_path();
    let new = sites.http(A).upload(&signed("debian", "2026-02-02T10:00:00Z")).location_path();
    let current = "SELECT ?created WHERE { ?x <http://mp.stratuslab.eu/slreq#endorsement> ?e . \
                   ?e <http://purl.org/dc/terms/created> ?created }";
    let history = "SELECT ?created WHERE { GRAPH <http://mp.stratuslab.eu/history> { \
                   ?x <http://mp.stratuslab.eu/slreq#endorsement> ?e . ?e <http://purl.org/dc/terms/created> ?created } }";
    wait_until("C holds both", || sites.held(C).len() == 2);
    for site in [A, B, C] {
        let http = sites.http(site);
        assert_eq!(http.select(current), [["2026-02-02T10:00:00Z"]], "site {site}");
        assert_eq!(http.select(history), [["2026-02-01T10:00:00Z"]], "site {site}");
        for path in [&old, &new] {
            assert_eq!(http.get(path, "application/rdf+xml").status, 200, "site {site}: {path}");
        }
    }
}

#[test]
fn a_strangers_key_is_contested_and_hides_nothing() {
    let sites = Sites::start(2);
    let first = sites.http(A).upload(&signed("debian", "2026-02-01T10:00:00Z"));
    let id = first.json()["entry"].as_str().expect("an id").to_owned();
    let stranger = endorser("Mallory", "jane@example.org");
    let mut says = template("debian");
    says.deprecated = Some("because I say so".to_owned());
    let claimed = stranger.sign(&says, moment("2026-03-01T10:00:00Z")).expect("signed");
    let answer = sites.http(A).upload(&claimed);
    assert_eq!((answer.status, answer.json()["standing"].as_str()), (201, Some("contested")), "{}", answer.text());
    wait_until("B holds both", || sites.held(B).len() == 2);
    for site in [A, B] {
        let list = sites.http(site).get("/metadata", "application/json").json();
        assert_eq!(list["total"], 1, "site {site}: {list}");
        assert_eq!(list["items"][0]["entry"].as_str(), Some(id.as_str()), "site {site}: {list}");
        let deprecated = sites.http(site).get("/metadata?status=deprecated", "application/json").json();
        assert_eq!(deprecated["total"], 0, "site {site}: {deprecated}");
    }
}

#[test]
fn a_node_that_joins_late_and_empty_holds_everything() {
    let mut sites = Sites::start(3);
    for number in 0..40 {
        let site = number % 3;
        let answer = sites.http(site).upload(&signed(&format!("image-{number}"), "2026-02-01T10:00:00Z"));
        assert_eq!(answer.status, 201, "{}", answer.text());
    }
    let late = sites.add("late", C);
    // The others learn of the new member without a restart.
    for site in [A, B, C] {
        sites.hang_up(site);
    }
    sites.restart(late);
    wait_until("D holds all 40", || sites.held(late).len() == 40);
    assert_eq!(sites.held(late), sites.held(A));
}

#[test]
fn after_a_kill_in_a_stream_of_uploads_all_nodes_answer_alike() {
    let mut sites = Sites::start(3);
    let documents: Vec<Vec<u8>> =
        (0..60).map(|number| signed(&format!("image-{number}"), "2026-02-01T10:00:00Z")).collect();
    for (number, document) in documents.iter().enumerate() {
        let answer = sites.http(A).upload(document);
        assert_eq!(answer.status, 201, "{}", answer.text());
        if number == 25 {
            sites.kill(B);
        }
    }
    sites.restart(B);
    for site in [A, B, C] {
        wait_until("all 60 are held", || sites.held(site).len() == documents.len());
    }
    let list = |site| {
        let http = sites.http(site);
        // The addresses in a list are those of the node that was asked.
        http.get("/metadata?limit=1000", "application/json").text().replace(http.base(), "")
    };
    let lists: BTreeSet<String> = [A, B, C].map(list).into();
    assert_eq!(lists.len(), 1, "the nodes list differently");
    let all = "SELECT ?s ?p ?o WHERE { ?s ?p ?o FILTER(!isBlank(?s) && !isBlank(?o)) }";
    let answers: BTreeSet<Vec<Vec<String>>> = [A, B, C].map(|site| sites.http(site).select(all)).into();
    assert_eq!(answers.len(), 1, "the nodes answer SPARQL differently");
    for site in [A, B, C] {
        assert!(sites.stop(site), "site {site} did not stop gracefully");
        let (status, output, messages) = sites.command(site, &["ledger", "verify"]);
        assert_eq!(status, 0, "site {site}: {output}{messages}");
    }
}

#[test]
fn entries_of_an_origin_that_is_not_listed_are_refused_and_remembered() {
    let mut sites = Sites::start(2);
    // C is a member for B alone: B carries its entries, A does not take them.
    let stranger = sites.add("stranger", B);
    sites.restart(stranger);
    sites.hang_up(B);
    let answer = sites.http(stranger).upload(&signed("debian", "2026-02-01T10:00:00Z"));
    assert_eq!(answer.status, 201, "{}", answer.text());
    wait_until("B holds it", || sites.held(B).len() == 1);
    let refused = || sites.http(A).get("/federation/nodes", "application/json").json();
    wait_until("A has refused it", || {
        let (_, status, _) = sites.command(A, &["status", "--format", "json"]);
        status.contains("unlisted-origin")
    });
    assert!(sites.held(A).is_empty(), "{}", refused());

    // Once the operator lists the origin, the refusal is reconsidered.
    sites.hang_up(A);
    wait_until("A holds it", || sites.held(A).len() == 1);
}

fn status(sites: &Sites, site: usize) -> serde_json::Value {
    let (_, status, messages) = sites.command(site, &["status", "--format", "json"]);
    serde_json::from_str(&status).unwrap_or_else(|error| panic!("{error}: {status}{messages}"))
}

#[test]
fn trust_anchors_are_read_again_on_a_hang_up_and_a_faulty_file_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let anchors = folder.path().join("anchors");
    std::fs::create_dir(&anchors).expect("made");
    let sites = Sites::start_with(1, &format!("[trust]\nanchors = [{:?}]\n", anchors.display().to_string()), &[]);
    assert_eq!(status(&sites, A)["trust"]["anchors"], 0);

    let authority = include_bytes!("../../node/src/storage/ledger/tests/certificates/ca.der");
    std::fs::write(anchors.join("ca.der"), authority).expect("written");
    std::fs::write(anchors.join("other.pem"), "no certificate").expect("written");
    sites.hang_up(A);
    wait_until("A has read them", || status(&sites, A)["trust"]["anchors"] == 1);
    let (_, text, _) = sites.command(A, &["status"]);
    assert!(text.contains("other.pem"), "{text}");
}

#[test]
fn a_faulty_file_changes_nothing_at_a_hang_up_and_the_status_says_why() {
    let open = "[admission]\ncreated_max_age = \"36500d\"\n";
    let mut sites = Sites::start_with(2, open, &[]);
    wait_until("A and B are connected", || sites.is_connected(A, B));
    sites.set(A, &format!("{open}[trust]\nendorsers_deny = 7\n"));
    sites.hang_up(A);
    wait_until("A has read it", || sites.status(A).config_fault.is_some());
    let (_, text, _) = sites.command(A, &["status"]);
    assert!(text.contains("config fault") && text.contains("endorsers_deny"), "{text}");
    assert_eq!(sites.http(A).upload(&signed("debian", "2026-02-01T10:00:00Z")).status, 201);
    wait_until("A spreads it", || sites.held(B).len() == 1);

    sites.set(A, &format!("{open}[trust]\nendorsers_deny = [\"@example.org\"]\n"));
    sites.hang_up(A);
    wait_until("A has read the mended file", || sites.status(A).config_fault.is_none());
    wait_until("A holds nothing more", || sites.held(A).is_empty());
}

#[test]
fn what_an_operator_denies_leaves_that_node_alone_and_comes_back_when_it_is_allowed() {
    let open = "[admission]\ncreated_max_age = \"36500d\"\n";
    let mut sites = Sites::start_with(2, open, &[]);
    let answer = sites.http(B).upload(&signed("debian", "2026-02-01T10:00:00Z"));
    assert_eq!(answer.status, 201, "{}", answer.text());
    let local =
        sites.http(B).post("/metadata?scope=local", "application/rdf+xml", &signed("private", "2026-02-01T10:00:00Z"));
    assert_eq!(local.status, 201, "{}", local.text());
    wait_until("A holds the federated one", || sites.held(A).len() == 1);
    let before = sites.held(B);

    sites.set(B, &format!("{open}[trust]\nendorsers_deny = [\"@example.org\"]\n"));
    sites.hang_up(B);
    wait_until("B holds neither", || sites.held(B).is_empty());
    assert_eq!(sites.http(B).get(&answer.location_path(), "application/rdf+xml").status, 404);
    let withdrawn = |rule: &str| status(&sites, B)["trust"]["reevaluation_last"]["withdrawn"][rule].clone();
    wait_until("B has judged everything", || withdrawn("endorser-denied") == 2);
    // B hears of A's next entry and still does not take back what it refused.
    let next = sites.http(A).upload(&signed("other", "2026-02-02T10:00:00Z"));
    assert_eq!(next.status, 201, "{}", next.text());
    wait_until("B has refused the next one too", || status(&sites, B)["refusals"]["endorser-denied"] == 3);
    assert!(sites.held(B).is_empty() && sites.held(A).len() == 2);

    sites.set(B, open);
    sites.hang_up(B);
    wait_until("B holds all three", || sites.held(B).len() == 3);
    assert!(sites.held(B).is_superset(&before));
    assert_eq!(sites.http(B).get(&answer.location_path(), "application/rdf+xml").status, 200);
    wait_until("B has judged everything again", || sites.command(B, &["status"]).1.contains("0 withdrawn, 3 admitted"));
    assert_eq!(sites.held(A).len(), 2, "the local one stays at B");
}

#[test]
fn a_local_upload_stays_at_its_node() {
    let sites = Sites::start(2);
    let local = signed("private", "2026-02-01T10:00:00Z");
    let answer = sites.http(A).post("/metadata?scope=local", "application/rdf+xml", &local);
    assert_eq!(answer.status, 201, "{}", answer.text());
    let public = sites.http(A).upload(&signed("public", "2026-02-01T10:00:00Z"));
    assert_eq!(public.status, 201);
    wait_until("B holds the public one", || sites.held(B).len() == 1);
    assert_eq!(sites.held(A).len(), 2);
    assert_eq!(sites.http(B).get(&answer.location_path(), "application/rdf+xml").status, 404);
}
