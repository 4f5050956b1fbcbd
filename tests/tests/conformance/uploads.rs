//! Section 1.4: uploads.

use proto::signature::{SignRequest, SigningHash, sign};
use tests::relay::Relay;

use super::row::{Row, get, hold, post};
use super::world::{
    A, BROWSER, JANE, JANE_SIGNS, OLD, WEB, WINDOW, by_jane, documents, empty, identifier, library, node, of_jane,
    template,
};

const RDF: &str = "application/rdf+xml";
const BOUNDARY: &str = "multipart/form-data; boundary=XX";

/// A part of a form.
fn part(name: &str, file: Option<&str>, content: &[u8]) -> Vec<u8> {
    let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
    let head = format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
    [head.as_bytes(), content, b"\r\n"].concat()
}

fn multipart(claim: &'static str, parts: &[Vec<u8>]) -> Row {
    post(claim, "/metadata", BOUNDARY, [parts.concat(), b"--XX--\r\n".to_vec()].concat())
}

#[test]
fn a_raw_document_is_published_at_once() {
    let sites = empty();
    let raw = |claim, media_type, name: &str| post(claim, "/metadata", media_type, by_jane(&template(name, name), WEB));
    let again = "200: this very document is held (interfaces.md)";
    hold(
        &sites.http(A),
        [
            raw("1.4: 201, text and Location", RDF, "a")
                .with("host", "mp.example.org")
                .is(201)
                .media("text/plain")
                .header("location", format!("http://mp.example.org{}", of_jane("a", WEB)))
                .body("metadata entry created\n"),
            raw("1.4: as application/xml", "application/xml", "b").is(201),
            raw("1.4: with a charset", "application/rdf+xml; charset=UTF-8", "c").is(201),
            raw("1.4: it can be read at once", RDF, "d").is(201),
            get("1.4: and is", of_jane("d", WEB)).is(200).body(by_jane(&template("d", "d"), WEB)),
            raw("1.10: an identical upload is not refused", RDF, "d").otherwise(again).is(200),
            raw("1.4: a page for browsers", RDF, "e").accept(BROWSER).is(201).media("text/html"),
            raw("1.4: in JSON", RDF, "f").accept("application/json").is(201).json("/result", "created"),
            raw("1.4: any other type", "text/turtle", "g").otherwise("415 (interfaces.md)").is(415),
        ],
    );
}

#[test]
fn a_form_s_first_file_is_the_document() {
    let sites = empty();
    let document = |name: &str| by_jane(&template(name, name), WEB);
    let text = part("comment", None, b"not a file");
    let none = "no valid file uploaded";
    hold(
        &sites.http(A),
        [
            multipart("1.4: a file of a form", &[part("Metadata File", Some("a.xml"), &document("a"))]).is(201),
            multipart(
                "1.4: the first one",
                &[text.clone(), part("f", Some("b.xml"), &document("b")), part("g", Some("c.xml"), b"<x/>")],
            )
            .is(201)
            .header("location", format!("http://127.0.0.1{}", of_jane("b", WEB)))
            .with("host", "127.0.0.1"),
            multipart("1.4: a page for browsers", &[part("f", Some("d.xml"), &document("d"))])
                .accept(BROWSER)
                .is(201)
                .media("text/html"),
            multipart("1.4: no part is a file", &[text]).is(400).has(none),
            multipart("1.4: no part at all", &[]).is(400).has(none),
            post("1.4: no form at all", "/metadata", "multipart/form-data", "x").is(400).has(none),
            multipart("1.4: an empty file", &[part("f", Some("e.xml"), b"")]).is(400).has("post with null entity"),
        ],
    );
}

#[test]
fn what_is_wrong_with_a_document_is_said() {
    let sites = empty();
    let raw = |claim, body: Vec<u8>| post(claim, "/metadata", RDF, body);
    let unsigned = template("a", "a").to_xml().into_bytes();
    let signed = String::from_utf8(by_jane(&template("a", "a"), WEB)).expect("text");
    let other = identifier("b").to_string();
    let forged = signed.replacen("<dcterms:title>a<", "<dcterms:title>b<", 1);
    let inconsistent = signed_with(&unsigned, &identifier("a").to_string(), &other);
    hold(
        &sites.http(A),
        [
            raw("1.4: an empty body", Vec::new()).is(400).has("post with null entity"),
            raw("1.4: no XML", b"metadata".to_vec()).is(400).has("unable to parse metadata: "),
            raw("1.4: XML is read first", b"<a><b></a>".to_vec()).is(400).has("unable to parse metadata: "),
            raw("1.4: then the signature: there is none", unsigned).is(400).has("invalid metadata: no signature"),
            raw("1.4: a document that was altered", forged.into_bytes()).is(400).has("invalid metadata: "),
            raw("1.4: another identifier than its checksum's", inconsistent)
                .is(400)
                .has("invalid metadata: ")
                .has("identifier"),
            raw("W5: a DOCTYPE", b"<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>".to_vec()).is(400),
            get("1.4: nothing of it is held", "/metadata?status=all").is(404),
        ],
    );
}

/// A document that says another identifier and is well signed, as no tool of ours would.
fn signed_with(document: &[u8], was: &str, is: &str) -> Vec<u8> {
    let document = String::from_utf8_lossy(document).replace(was, is);
    let request = SignRequest { created: WEB.parse().expect("a moment"), email: None, hash: SigningHash::Sha256 };
    sign(document.as_bytes(), JANE_SIGNS.key(), &request).expect("it is signed")
}

#[test]
fn an_older_document_than_the_latest_is_refused() {
    let sites = library();
    let conflict = "409, and what to look at (interfaces.md)";
    let older = by_jane(&template("web", "older"), "2014-03-08T14:23:17Z");
    let same = by_jane(&template("web", "same moment"), WEB);
    let others = super::world::by_jim(&template("web", "by Jim"), OLD);
    let kept = "both are held, and which is shown is the same everywhere (W13)";
    let web = of_jane("web", WEB);
    hold(
        &sites.http(A),
        [
            post("1.4: strictly older is 400", "/metadata", RDF, older)
                .otherwise(conflict)
                .is(409)
                .has("invalid metadata: older than latest entry"),
            post("1.4: of another endorser it is not", "/metadata", RDF, others).is(201),
            post("1.4: an equal moment is accepted", "/metadata", RDF, same).is(201),
            get("1.4: and overwrites", format!("{web}?media=html")).otherwise(kept).is(200).has("conflict"),
        ],
    );
}

#[test]
fn what_the_operator_does_not_want_is_refused() {
    let document = by_jane(&template("a", "a"), WEB);
    let raw = |claim, document: &[u8]| post(claim, "/metadata", RDF, document);
    let read_only = node(&format!("{WINDOW}read_only = true\n"), "");
    hold(
        &read_only.http(A),
        [
            raw("1.4: a replica is read-only", &document).is(403).has("read-only repository"),
            get("1.2: its form is there", "/upload").is(200),
        ],
    );
    let mut long = template("long", "long");
    long.description = Some("long".repeat(1_024));
    let long = by_jane(&long, WEB);
    let small = node(WINDOW, "max_document_bytes = 4096\n");
    hold(
        &small.http(A),
        [
            raw("1.4: there is no limit of size", &long).otherwise("413 (W30)").is(413).has("4096"),
            multipart("1.4: nor of a form", &[part("f", Some("a.xml"), &long)]).otherwise("413 (W30)").is(413),
        ],
    );
    let windowed = node("", "");
    let future = by_jane(&template("b", "b"), "2015-02-01T00:00:00Z");
    let near = "400: seven days back, ten minutes ahead (W15)";
    hold(
        &windowed.http(A),
        [
            raw("1.4: any date is plausible", &document).otherwise(near).is(400).has(WEB),
            raw("1.4: of the future too", &future).otherwise(near).is(400).has("2015-02-01T00:00:00Z"),
        ],
    );
}

#[test]
fn an_upload_may_await_its_confirmation() {
    let relay = Relay::start(&[]);
    let sites = super::actions::asking(&relay, "");
    let document = by_jane(&template("a", "a"), WEB);
    hold(
        &sites.http(A),
        [
            post("1.4: 202 and no Location", "/metadata", RDF, document)
                .is(202)
                .media("text/plain")
                .header("location", "")
                .body("confirmation email sent for new metadata entry\n"),
            get("1.4: it is not published yet", format!("/metadata?email={JANE}&status=all")).is(404),
        ],
    );
    // 1.4: the original answered so where the mail could not be sent, too; ours keeps it and tries again (W36).
    let unreachable = super::actions::asking_at(9, "");
    hold(
        &unreachable.http(A),
        [post("1.4: a relay that is away", "/metadata", RDF, documents().remove(1)).is(202).has("confirmation email")],
    );
}
