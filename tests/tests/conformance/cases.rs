//! Section 1.10, S1 to S36: the original's test cases, each with a node of its own, with documents that are made here and
//! with the original's own where they are.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use proto::document::Template;
use proto::intake::examine;
use proto::signature::Algorithms;
use tests::sites::{Sites, moment, wait_until};

use super::row::{Row, form, get, get_json, hold, post};
use super::world::{A, BROWSER, CLOCK, JANE, OLD, WEB, WINDOW, by_jane, node, template};

/// Reads a document by its name.
type Read = dyn Fn(&str) -> Vec<u8>;
/// Settings under which the documents of these names are admitted.
type Settings = dyn Fn(&[&str]) -> String;

/// Documents of the original's test cases, by the names of its files, without the suffix.
struct Documents {
    read: Box<Read>,
    settings: Box<Settings>,
}

const INDATE: &str = "valid-indate-signature";
const NEWER: &str = "valid-indate-newer-signature";
const TWO_LOCATIONS: &str = "valid-two-locations";
const EXPIRED: &str = "valid-expired-signature";
const ALTERNATIVE: &str = "valid-alternative";
const NEW_IMAGE: &str = "valid-alternative-newid";
const WITHDRAWN: &str = "valid-alternative-deprecated";
const DEPRECATED: &str = "valid-indate-deprecated";

/// The same statements, signed here.
fn made() -> Documents {
    let settings = |_: &[&str]| WINDOW.to_owned();
    Documents { read: Box::new(make), settings: Box::new(settings) }
}

fn make(name: &str) -> Vec<u8> {
    let changed = |image: &str, change: &dyn Fn(&mut Template), created: &str| {
        let mut template = template(image, name);
        change(&mut template);
        by_jane(&template, created)
    };
    let tagged = |template: &mut Template| template.tags = vec!["Alternative".to_owned()];
    match name {
        INDATE => changed("image", &|_| {}, OLD),
        NEWER => changed("image", &|_| {}, WEB),
        TWO_LOCATIONS => changed(
            "image",
            &|template| {
                template.locations = ["http://a.example.org/", "http://b.example.org/"].map(str::to_owned).into()
            },
            WEB,
        ),
        EXPIRED => changed("image", &|template| template.valid = Some(moment("2014-09-10T00:00:00Z")), WEB),
        DEPRECATED => changed("image", &|template| template.deprecated = Some("a hole in it".to_owned()), WEB),
        ALTERNATIVE => changed("image", &tagged, "2014-08-13T10:00:00Z"),
        NEW_IMAGE => changed("new image", &tagged, "2014-08-14T10:00:00Z"),
        WITHDRAWN => {
            let withdrawn = |template: &mut Template| {
                tagged(template);
                template.deprecated = Some("a hole in it".to_owned());
            };
            changed("image", &withdrawn, "2014-08-15T10:00:00Z")
        }
        _ => panic!("{name} is not made here"),
    }
}

/// The original's own documents, with settings that admit them; none where they are absent.
fn own() -> Option<Documents> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let shared = std::env::var_os("MARKETPLACE_SHARED").map_or_else(beside, PathBuf::from);
    let folder = shared.join("fixtures/legacy");
    if !folder.is_dir() {
        eprintln!("skipped: no ../shared/fixtures");
        return None;
    }
    let read = move |name: &str| {
        std::fs::read(folder.join(name).with_extension("xml")).unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    let keys = read.clone();
    let settings = move |names: &[&str]| {
        let key = |name: &&str| {
            let entry = examine(&keys(name), Algorithms::Legacy).unwrap_or_else(|error| panic!("{name}: {error}"));
            format!("\"sha256:{}\"", entry.certificate().key_sha256())
        };
        let pinned: BTreeSet<String> = names.iter().map(key).collect();
        let pinned = pinned.into_iter().collect::<Vec<_>>().join(", ");
        format!("{WINDOW}\n[trust]\nlegacy_algorithms = true\nendorser_keys = {{ \"{JANE}\" = [{pinned}] }}\n")
    };
    Some(Documents { read: Box::new(read), settings: Box::new(settings) })
}

/// What a document is about and when it was endorsed.
struct Facts {
    image: String,
    created: String,
}

impl Documents {
    fn facts(&self, name: &str) -> Facts {
        let entry = examine(&(self.read)(name), Algorithms::Legacy).unwrap_or_else(|error| panic!("{name}: {error}"));
        Facts { image: entry.document().identifier().to_string(), created: entry.document().created().to_string() }
    }

    /// A node to which these are uploaded in their order, the last one by a row that claims `claim`.
    fn posted(&self, claim: &'static str, names: &[&str], expected: impl FnOnce(Row) -> Row) -> Sites {
        let sites = node(&(self.settings)(names), "");
        let (last, before) = names.split_last().expect("there is one");
        for name in before {
            super::world::upload(&sites.http(A), &(self.read)(name));
        }
        let row = post(claim, "/metadata", "application/rdf+xml", (self.read)(last));
        hold(&sites.http(A), [expected(row)]);
        sites
    }
}

impl Facts {
    fn path(&self) -> String {
        format!("/metadata/{}/{JANE}/{}", self.image, self.created)
    }

    fn named(&self) -> String {
        format!("<dcterms:identifier>{}<", self.image)
    }

    fn endorsed(&self) -> String {
        format!(">{}<", self.created)
    }
}

/// S2 to S11, S14, S15, S17 to S21 and S30 to S35, which need what is among the fixtures.
fn cases(documents: &Documents) {
    let facts = documents.facts(INDATE);
    let (path, image, created) = (facts.path(), &facts.image, &facts.created);
    let sites = documents.posted("S2 testValidPostSignature", &[INDATE], |row| row.is(201));
    let html = get("S17 testGetHtml", path.as_str()).accept(BROWSER);
    hold(
        &sites.http(A),
        [
            get("S3 testGetMetadataEntry", path.as_str()).is(200),
            get("S4 testGetMetadataEntryByIdentifier", format!("/metadata/{image}")).is(200),
            get("S5 testIdentifierQueryString", format!("/metadata?identifier={image}")).is(200).has(facts.named()),
            get("S6 testIdentifierEmailQueryString", format!("/metadata?identifier={image}&email={JANE}"))
                .has(facts.named()),
            get(
                "S7 testIdentifierUnknownEmailQueryString",
                format!("/metadata?identifier={image}&email=j.tester@example.org"),
            )
            .is(404),
            get("S8 testCreatedQuery", format!("/metadata?created={created}")).is(200).has(facts.named()),
            html.is(200).media("text/html"),
            get("S18 testGetXml", path.as_str()).accept("text/xml").is(200).media("application/rdf+xml"),
            get_json("S19 testGetJson", path.as_str()).is(200).media("application/json"),
            get("S25 testValidSparQl", queried(SELECT)).is(200).has(image.as_str()),
            get("S33 testGetEndorsers", format!("/endorsers/{JANE}?range=1460")).is(200).has(image.as_str()),
            get("S34 testGetEndorsers", "/endorsers").is(200).has(JANE),
        ],
    );

    let newer = documents.facts(NEWER);
    let sites = documents.posted("S9 testIdentifierReturnsLatest", &[INDATE, NEWER], |row| row.is(201));
    let latest = get("S9 testIdentifierReturnsLatest", format!("/metadata?identifier={image}"));
    hold(&sites.http(A), [latest.is(200).has(newer.endorsed()).has_not(facts.endorsed())]);

    let two = documents.facts(TWO_LOCATIONS);
    let sites = documents.posted("S10 testDuplicateMetadataFields", &[TWO_LOCATIONS], |row| row.is(201));
    let once = get_json("S10 testDuplicateMetadataFields", format!("/metadata?identifier={}", two.image));
    hold(&sites.http(A), [once.is(200).json("/total", 1)]);
    let text = sites.http(A).get(&format!("/metadata?identifier={}", two.image), "").text();
    assert_eq!(text.matches("<rdf:RDF").count(), 1, "S10: {text}");

    documents.posted("S11 testUploadingOlderMetadataFails", &[NEWER, INDATE], |row| {
        row.otherwise("409 (interfaces.md)").is(409).has("invalid metadata: older than latest entry")
    });

    let expired = documents.facts(EXPIRED);
    let sites = documents.posted("S14 testExpiredNotInList", &[EXPIRED], |row| row.is(201));
    hold(
        &sites.http(A),
        [
            get("S14 testExpiredNotInList", format!("/metadata/{}", expired.image)).is(404),
            get("S15 testExpiredStillAvailable", format!("{}?status=expired", expired.path())).is(200),
        ],
    );

    let tagged = documents.facts(ALTERNATIVE);
    let sites = documents.posted("S20 testGetTag", &[ALTERNATIVE], |row| row.is(201));
    let found = |row: Row| row.is(200).has(tagged.named()).has("Alternative</dcterms:alternative>");
    hold(
        &sites.http(A),
        [
            found(get("S20 testGetTag", format!("/metadata/{JANE}?tag=Alternative"))),
            found(get("S21 testGetTagOtherRoute", format!("/tag/{JANE}/Alternative"))),
            get("S35 testGetEndorserTags", format!("/endorsers/{JANE}/tags")).is(200).has("Alternative"),
        ],
    );
}

const SELECT: &str = "SELECT ?identifier WHERE { ?x <http://purl.org/dc/terms/identifier> ?identifier }";

/// The address of a query.
pub(crate) fn queried(query: &str) -> String {
    let encoded: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("/query?query={encoded}")
}

#[test]
fn documents_that_are_made_here() {
    cases(&made());
}

#[test]
fn documents_of_the_original() {
    if let Some(documents) = own() {
        cases(&documents);
    }
}

#[test]
fn an_unsigned_document_is_refused_and_odd_texts_are_written_as_json() {
    let sites = node(WINDOW, "");
    let unsigned = template("image", "unsigned").to_xml();
    let mut odd = template("odd", "odd");
    odd.description = Some("quotes \" \\ and ' <tags> & \u{2028} \u{1F427} \t tabs".to_owned());
    let fields = "sEcho=1&iDisplayStart=0&iDisplayLength=10&iSortCol_0=6&sSortDir_0=desc&sSearch=";
    hold(
        &sites.http(A),
        [
            post("S1 testInvalidPostNoSignature", "/metadata", "application/rdf+xml", unsigned)
                .is(400)
                .has("invalid metadata: no signature"),
            post("S16 testCreatesValidJson: the document", "/metadata", "application/rdf+xml", by_jane(&odd, WEB))
                .is(201),
            form("S16 testCreatesValidJson", "/metadata", fields)
                .accept("application/json")
                .is(200)
                .media("application/json")
                .json("/aaData/0/9", odd.description.clone().expect("it was given")),
        ],
    );
}

#[test]
fn a_deprecated_image_is_listed_on_request_only() {
    let documents = made();
    let facts = documents.facts(DEPRECATED);
    let sites = documents.posted("S12 testDeprecatedNotInList", &[INDATE, DEPRECATED], |row| row.is(201));
    hold(
        &sites.http(A),
        [
            get("S12 testDeprecatedNotInList", format!("/metadata/{}", facts.image)).is(404),
            get("S13 testDeprecatedFlag", format!("{}?status=deprecated", facts.path())).is(200),
        ],
    );
}

#[test]
fn a_tag_is_of_the_newest_image_that_is_not_deprecated() {
    let documents = made();
    let newest = documents.facts(NEW_IMAGE);
    for (claim, names) in [
        ("S22 testGetTagReturnsLatest", vec![ALTERNATIVE, NEW_IMAGE]),
        ("S23 testGetTagReturnsLatestWithDeprecatedEntry", vec![ALTERNATIVE, NEW_IMAGE, WITHDRAWN]),
    ] {
        let sites = documents.posted(claim, &names, |row| row.is(201));
        let tag = get(claim, format!("/tag/{JANE}/Alternative")).is(200);
        hold(&sites.http(A), [tag.has(newest.named()).has(newest.endorsed()).has("Alternative</dcterms:alternative>")]);
    }
}

#[test]
fn queries_are_empty_valid_misspelt_or_not_allowed() {
    let sites = node(WINDOW, "");
    let refused = |claim, query: &str| get(claim, queried(query)).is(400).has("query not allowed.");
    let xml = "application/sparql-results+xml";
    let json = "application/sparql-results+json";
    hold(
        &sites.http(A),
        [
            get("S24 testEmptyQuery", "/query?query=").is(204),
            get("S26 testInvalidSparlQl", "/query?query=selct+%3Fx+where+%7B%7D").is(400),
            refused("S27 testFromNotAllowed", "select ?a from <http://a> where {?a ?b ?c}"),
            refused("S28 testFromNamedNotAllowed", "select ?a from named <http://a> where {?a ?b ?c}"),
            refused("S29 testGraphNotAllowed", "select ?a where {graph ?g {?a ?b ?c}}"),
            get("S30 testGetHtml", "/query").accept("text/html").is(200).media("text/html"),
            get("S31 testGetXml", "/query").accept("text/xml").is(204).media(xml),
            get("S32 testGetJson", "/query").accept("application/json").is(204).media(json),
        ],
    );
}

#[test]
fn a_replicated_document_is_found() {
    let sites = Sites::start_with(2, WINDOW, &CLOCK);
    let path = super::world::upload(&sites.http(A), &make(INDATE));
    let other = sites.http(1);
    wait_until("the entry arrives", || other.get(&path, "").status == 200);
    hold(&other, [get("S36 testProcessEntry", path).is(200).body(make(INDATE))]);
}
