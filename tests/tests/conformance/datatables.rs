//! Section 1.3: lists in the form of DataTables 1.x.

use serde_json::json;

use super::row::{Row, form, get, get_json, hold};
use super::world::{A, JIM, WEB, WINDOW, by_jane, identifier, library, node, template, upload};

#[test]
fn an_answer_has_its_keys_and_eleven_columns() {
    let sites = library();
    let (web, bare) = (identifier("web").to_string(), identifier("bare").to_string());
    let row = json!([
        "",
        "CentOS",
        "6.5",
        "x86_64",
        super::world::JANE,
        "machine",
        WEB,
        web,
        "https://images.example.org/web.img",
        "Serves <pages> & \"more\"",
        "web",
    ]);
    let unsaid =
        json!(["", "null", "null", "null", JIM, "machine", "2014-12-15T10:00:00Z", bare, "null", "null", "bare",]);
    let never = "only where nothing was found (W35)";
    hold(
        &sites.http(A),
        [
            get("1.3: a row is eleven texts", format!("/metadata/{web}?sEcho=7"))
                .is(200)
                .media("application/json")
                .json("/sEcho", 7)
                .json("/iTotalRecords", 5)
                .json("/iTotalDisplayRecords", 1)
                .json("/aaData", json!([row])),
            get("1.3: what is not said is \"null\"", "/metadata?sEcho=1&sSearch=bare").json("/aaData/0", unsaid),
            get("1.3: rMsg is always the text of nothing found", "/metadata?sEcho=1")
                .otherwise(never)
                .json("/rMsg", ""),
            get("1.3: nothing is 200, not 404", "/metadata?sEcho=1&email=j.tester@example.org")
                .is(200)
                .json("/iTotalRecords", 5)
                .json("/iTotalDisplayRecords", 0)
                .json("/rMsg", "no metadata matching query found")
                .json("/aaData", json!([])),
            get("1.3: sEcho is echoed as a number", "/metadata?sEcho=42").json("/sEcho", 42),
            form("1.3: it is 0 by default", "/metadata", "").json("/sEcho", 0),
            get("1.3: what is no number breaks", "/metadata?sEcho=x").otherwise("400 names it").is(400).has("sEcho"),
            get_json("1.3: JSON is always in this form", "/metadata")
                .otherwise("objects, unless sEcho is there or a form is posted (interfaces.md)")
                .json("/total", 5),
        ],
    );
}

#[test]
fn totals_are_of_the_state_and_of_all_filters() {
    let sites = library();
    let of = |claim, query: &str, total: u64, shown: u64| {
        get(claim, format!("/metadata?sEcho=1&{query}"))
            .json("/iTotalRecords", total)
            .json("/iTotalDisplayRecords", shown)
    };
    hold(
        &sites.http(A),
        [
            of("1.3: all", "", 5, 5),
            of("1.3: the state counts in both", "status=all", 7, 7),
            of("1.3: the place in one", "location=pdisk", 5, 2),
            of("1.3: the search in one", "sSearch=x86_64", 5, 3),
            of("1.3: the search of a column in one", "sSearch_1=debian", 5, 1),
            of("1.3: the coordinates in one", &format!("email={JIM}"), 5, 3),
            of("1.3: the page in neither", "iDisplayStart=0&iDisplayLength=1", 5, 5),
        ],
    );
}

#[test]
fn rows_are_paged() {
    let sites = library();
    let page = |claim, query: &str| get(claim, format!("/metadata?sEcho=1&{query}")).is(200);
    hold(
        &sites.http(A),
        [
            page("1.3: start and length", "iDisplayStart=2&iDisplayLength=2").lists(["both", "disk"]),
            page("1.3: past the end", "iDisplayStart=9&iDisplayLength=2").lists([]),
            page("1.3: all where only one is given", "iDisplayStart=2")
                .lists(["bare", "nowhere", "both", "disk", "web"]),
            page("1.3: -1 is all", "iDisplayStart=0&iDisplayLength=-1")
                .lists(["bare", "nowhere", "both", "disk", "web"]),
            get("1.3: what is no number breaks", "/metadata?sEcho=1&iDisplayStart=x").is(400).has("iDisplayStart"),
        ],
    );
}

#[test]
fn rows_are_sorted_by_ten_columns_in_both_directions() {
    let sites = library();
    let newest = ["bare", "nowhere", "both", "disk", "web"];
    let sorted = |claim, query: &str, titles: [&'static str; 5]| {
        get(claim, format!("/metadata?sEcho=1&{query}")).is(200).lists(titles)
    };
    let mut rows = vec![
        sorted("1.3: by moment where nothing is said", "", newest),
        sorted("1.3: by moment where the column has no name", "iSortCol_0=0&sSortDir_0=desc", newest),
        get("1.3: without a direction the query is malformed", "/metadata?sEcho=1&iSortCol_0=10")
            .otherwise("texts from their start, moments from the newest")
            .is(200)
            .lists(["bare", "both", "disk", "nowhere", "web"]),
        get("1.3: a direction stands verbatim in the query", "/metadata?sEcho=1&sSortDir_0=up")
            .otherwise("400 (W7)")
            .is(400),
    ];
    // Entries that are equal in a column follow each other by moment, in the same direction.
    let ascending = [
        ("iSortCol_0=1", ["bare", "web", "both", "nowhere", "disk"]),
        ("iSortCol_0=2", ["bare", "disk", "nowhere", "web", "both"]),
        ("iSortCol_0=3", ["bare", "disk", "web", "both", "nowhere"]),
        ("iSortCol_0=4", ["web", "disk", "both", "nowhere", "bare"]),
        ("iSortCol_0=5", ["disk", "web", "both", "nowhere", "bare"]),
        ("iSortCol_0=6", ["web", "disk", "both", "nowhere", "bare"]),
        ("iSortCol_0=8", ["nowhere", "bare", "both", "web", "disk"]),
        ("iSortCol_0=9", ["disk", "both", "bare", "nowhere", "web"]),
        ("iSortCol_0=10", ["bare", "both", "disk", "nowhere", "web"]),
    ];
    let by_identifier = {
        let mut titles = newest;
        titles.sort_by_key(|title| identifier(title).sha1().to_vec());
        ("iSortCol_0=7", titles)
    };
    for (column, mut titles) in ascending.into_iter().chain([by_identifier]) {
        rows.push(sorted("1.3: a column, the least first", &format!("{column}&sSortDir_0=asc"), titles));
        titles.reverse();
        rows.push(sorted("1.3: a column, the greatest first", &format!("{column}&sSortDir_0=desc"), titles));
    }
    hold(&sites.http(A), rows);
}

#[test]
fn rows_are_searched() {
    let sites = library();
    let found = |claim, query: &str| get(claim, format!("/metadata?sEcho=1&{query}")).is(200);
    let texts = "title, description, system, kind, endorser and tags (interfaces.md)";
    hold(
        &sites.http(A),
        [
            found("1.3: a term in any column", "sSearch=debian").lists(["nowhere", "both"]),
            found("1.3: in any case", "sSearch=FEDORA").lists(["nowhere"]),
            found("1.3: every term, apart by blanks", "sSearch=debian+fedora").lists(["nowhere"]),
            found("1.3: terms in different columns", "sSearch=jane+ubuntu").lists(["disk"]),
            found("1.3: part of a word", "sSearch=bunt").lists(["disk"]),
            found("1.3: nothing", "sSearch=nonesuch").lists([]),
            found("1.3: moments, identifiers and locations are searched", "sSearch=4567").otherwise(texts).lists([]),
            found("1.3: a term is a regular expression", "sSearch=deb.an").otherwise("a text (W7)").lists([]),
            found("1.3: sSearch_1 is the system", "sSearch_1=cent").lists(["web"]),
            found("1.3: sSearch_2 its version", "sSearch_2=12.0").lists(["disk"]),
            found("1.3: sSearch_3 the architecture", "sSearch_3=i6").lists(["disk"]),
            found("1.3: sSearch_4 the address", "sSearch_4=jim").lists(["bare", "nowhere", "both"]),
            found("1.3: sSearch_5 the kind", "sSearch_5=disk").lists(["disk"]),
            found("1.3: all of them count", "sSearch_3=x86&sSearch_4=jim").lists(["nowhere", "both"]),
            found("1.3: with the search of all", "sSearch=debian&sSearch_1=deb").lists(["both"]),
            found("1.3: other columns are passed over", "sSearch_10=web&sSearch_0=x")
                .lists(["bare", "nowhere", "both", "disk", "web"]),
            found("1.3: a column is a regular expression", "sSearch_1=^Cent").otherwise("a text (W7)").lists([]),
        ],
    );
}

#[test]
fn a_posted_form_takes_the_place_of_the_parameters() {
    let sites = library();
    let posted =
        |claim, path: &str, fields: &str| -> Row { form(claim, path, fields).is(200).media("application/json") };
    hold(
        &sites.http(A),
        [
            posted("1.2: the form replaces the query string", "/metadata?status=all&sSearch=web", "sEcho=3")
                .lists(["bare", "nowhere", "both", "disk", "web"]),
            posted("1.2: its fields are the parameters", "/metadata", "sEcho=3&status=expired").lists(["expired"]),
            posted(
                "1.2: all of them",
                "/metadata",
                "sEcho=1&iDisplayStart=0&iDisplayLength=1&iSortCol_0=10&sSortDir_0=desc",
            )
            .lists(["web"]),
            posted("1.2: path arguments stay", &format!("/metadata/{JIM}"), "sEcho=1&sSearch_1=deb").lists(["both"]),
        ],
    );
}

#[test]
fn one_page_has_a_thousand_rows_at_most() {
    let sites = node(WINDOW, "");
    let http = sites.http(A);
    upload(&http, &by_jane(&template("one", "one"), WEB));
    let most = "1000 (interfaces.md)";
    hold(
        &http,
        [
            get("1.3: as many rows as are asked for", "/metadata?sEcho=1&iDisplayStart=0&iDisplayLength=100000")
                .otherwise(most)
                .is(200)
                .lists(["one"]),
            get("1.3: a start that no list has", "/metadata?sEcho=1&iDisplayStart=99999999&iDisplayLength=1").lists([]),
        ],
    );
}
