//! Section 1.3: lists as XML and JSON.

use super::row::{get, get_json, hold};
use super::world::{A, GONE, JANE, JIM, OLD, WEB, by_jane, empty, identifier, library, template, upload};

const VALID: [&str; 5] = ["bare", "nowhere", "both", "disk", "web"];
const ALL: [&str; 7] = ["gone", "bare", "expired", "nowhere", "both", "disk", "web"];

#[test]
fn path_arguments_are_known_by_their_shape_in_any_order() {
    let sites = library();
    let web = identifier("web");
    hold(
        &sites.http(A),
        [
            get("1.3: an identifier", format!("/metadata/{web}")).is(200).lists(["web"]),
            get("1.3: an address", format!("/metadata/{JANE}")).is(200).lists(["disk", "web"]),
            get("1.3: a moment", format!("/metadata/{WEB}")).is(200).lists(["web"]),
            get("1.3: an identifier and an address", format!("/metadata/{web}/{JANE}")).is(200).lists(["web"]),
            get("1.3: an address and an identifier", format!("/metadata/{JANE}/{web}")).is(200).lists(["web"]),
            get("1.3: a moment and an address", format!("/metadata/{WEB}/{JANE}")).is(200).lists(["web"]),
            get("1.3: null is no argument", format!("/metadata/null/{JIM}")).is(200).lists(["bare", "nowhere", "both"]),
            get("1.3: an address that endorsed nothing", "/metadata/j.tester@example.org").is(404),
            get("1.3: anything else is an identifier", "/metadata/nonsense").is(404).has("nonsense"),
        ],
    );
}

#[test]
fn parameters_narrow_lists() {
    let sites = library();
    let web = identifier("web");
    let by_name = "by its name: 400 names the parameter (W34)";
    hold(
        &sites.http(A),
        [
            get("1.3: identifier=", format!("/metadata?identifier={web}")).is(200).lists(["web"]),
            get("1.3: email=", format!("/metadata?email={JANE}")).is(200).lists(["disk", "web"]),
            get("1.3: created=", format!("/metadata?created={WEB}")).is(200).lists(["web"]),
            get("1.3: all of them", format!("/metadata?identifier={web}&email={JANE}&created={WEB}")).lists(["web"]),
            get("1.3: with path arguments", format!("/metadata/{web}?email={JANE}")).is(200).lists(["web"]),
            get("1.3: an empty one is none", "/metadata?identifier=&email=&created=").is(200).lists(VALID),
            get("1.3: null is none", "/metadata?identifier=null&email=null").is(200).lists(VALID),
            get("1.3: a parameter is known by its value", format!("/metadata?identifier={JANE}"))
                .otherwise(by_name)
                .is(400),
            get("1.3: one that matches nothing", format!("/metadata?identifier={web}&email={JIM}")).is(404),
            get("1.3: a parameter overwrites the path", format!("/metadata/{JANE}?email={JIM}"))
                .otherwise("400: two different addresses are asked for")
                .is(400),
        ],
    );
}

#[test]
fn a_moment_opens_the_history() {
    let sites = library();
    let web = identifier("web");
    hold(
        &sites.http(A),
        [
            get("1.3: superseded entries are not listed", format!("/metadata/{web}?status=all")).lists(["web"]),
            get("1.3: a date in the path opens the history", format!("/metadata/{web}/{OLD}")).is(200).lists(["old"]),
            get("1.3: a date among the parameters too", format!("/metadata?created={OLD}")).is(200).lists(["old"]),
            get("1.3: its state counts still", format!("/metadata?created={GONE}")).is(404),
            get("1.3: unless all are asked for", format!("/metadata?created={GONE}&status=all"))
                .is(200)
                .lists(["gone"]),
        ],
    );
}

#[test]
fn status_and_location_choose() {
    let sites = library();
    hold(
        &sites.http(A),
        [
            get("1.3: status is valid by default", "/metadata").is(200).lists(VALID),
            get("1.3: status=valid", "/metadata?status=valid").is(200).lists(VALID),
            get("1.3: status=expired", "/metadata?status=expired").is(200).lists(["expired"]),
            get("1.3: status=deprecated", "/metadata?status=deprecated").is(200).lists(["gone"]),
            get("1.3: status=all", "/metadata?status=all").is(200).lists(ALL),
            get("1.3: any other value is no filter", "/metadata?status=whatever").is(200).lists(ALL),
            get("1.3: location is all by default", "/metadata?location=all").is(200).lists(VALID),
            get("1.3: location=web", "/metadata?location=web").is(200).lists(["bare", "nowhere", "both", "web"]),
            get("1.3: location=pdisk", "/metadata?location=pdisk").is(200).lists(["both", "disk"]),
            get("1.3: any other location is no filter", "/metadata?location=moon").is(200).lists(VALID),
        ],
    );
}

#[test]
fn what_says_no_end_is_valid() {
    let sites = empty();
    let mut endless = template("endless", "endless");
    endless.valid = None;
    let address = upload(&sites.http(A), &by_jane(&endless, WEB));
    let never = "it does not expire";
    hold(
        &sites.http(A),
        [
            get("1.3: without dcterms:valid an entry is not listed", "/metadata")
                .otherwise(never)
                .is(200)
                .lists(["endless"]),
            get("1.3: nor among the expired", "/metadata?status=expired").is(404),
            get("1.3: but with all", "/metadata?status=all").is(200).lists(["endless"]),
            get("1.5: and has its own address", address).is(200),
        ],
    );
}

#[test]
fn a_list_in_xml_holds_the_signed_documents() {
    let sites = library();
    let text = sites.http(A).get("/metadata", "").text();
    assert!(text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<metadata>\n"), "{text}");
    assert!(text.ends_with("</metadata>\n"), "{text}");
    // 1.3: without their XML declarations, with their signatures, and once each whatever locations they have.
    let counted = ["<?xml", "<rdf:RDF", "</rdf:RDF>", "</Signature>", "<dcterms:title>both<"]
        .map(|part| text.matches(part).count());
    assert_eq!(counted, [1, 5, 5, 5, 1], "{text}");
    let document = &super::world::documents()[1];
    let document = String::from_utf8_lossy(document);
    let (_, body) = document.split_once("?>").expect("a declaration");
    assert!(text.contains(body.trim()), "{text}");
}

#[test]
fn a_list_without_entries_is_404_in_xml_and_empty_elsewhere() {
    let sites = empty();
    hold(
        &sites.http(A),
        [
            get("1.3: nothing matches", format!("/metadata?email={JANE}"))
                .is(404)
                .has("no metadata matching query found"),
            get("1.3: nor without a filter [I]", "/metadata").is(404).has("no metadata matching query found"),
            get_json("1.3: JSON is always 200", "/metadata").is(200).json("/total", 0),
            get("1.3: the page is a shell", "/metadata").accept("text/html").is(200).has("No entry matches"),
        ],
    );
}

#[test]
fn lists_are_paged() {
    let sites = library();
    let paged = "100 entries a page, at most 1000 (W32, interfaces.md)";
    hold(
        &sites.http(A),
        [
            get_json("1.3: a list is unpaged", "/metadata?status=all").otherwise(paged).json("/total", 7).lists(ALL),
            get_json("1.3: a page", "/metadata?limit=2").json("/total", 5).lists(["bare", "nowhere"]),
            get("1.3: no page is longer than 1000", "/metadata?limit=1001").is(400).has("1001"),
        ],
    );
    let http = sites.http(A);
    let page = http.get("/metadata?limit=3", "application/json").json();
    let next = page["next"].as_str().and_then(|next| next.strip_prefix(http.base())).expect("there is more").to_owned();
    hold(
        &http,
        [get_json("1.3: the next page follows", next).lists(["disk", "web"]).json("/next", serde_json::Value::Null)],
    );
}

#[test]
fn the_original_s_parameters_of_rows_count_in_every_representation() {
    let sites = library();
    hold(
        &sites.http(A),
        [
            get("1.3: iDisplayStart and iDisplayLength in XML", "/metadata?iDisplayStart=1&iDisplayLength=2")
                .is(200)
                .lists(["nowhere", "both"]),
            get("1.3: one alone does nothing", "/metadata?iDisplayStart=1").is(200).lists(VALID),
            get("1.3: the other alone neither", "/metadata?iDisplayLength=1").is(200).lists(VALID),
            get("1.3: iSortCol_0 in XML", "/metadata?iSortCol_0=10&sSortDir_0=asc")
                .is(200)
                .lists(["bare", "both", "disk", "nowhere", "web"]),
            get("1.3: sSearch in XML", "/metadata?sSearch=fedora").is(200).lists(["nowhere"]),
            get("1.3: sSearch_1 in XML", "/metadata?sSearch_1=cent").is(200).lists(["web"]),
            get("1.3: a search that finds nothing is 404", "/metadata?sSearch=nonesuch").is(404),
        ],
    );
    let http = sites.http(A);
    let page = http.get("/metadata?sSearch_3=86&limit=2", "application/json").json();
    let next = page["next"].as_str().and_then(|next| next.strip_prefix(http.base())).expect("there is more").to_owned();
    hold(&http, [get_json("1.3: the next page is narrowed as the first", next).lists(["disk", "web"])]);
}
