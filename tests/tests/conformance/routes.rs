//! Section 1.2: every route, with and without a slash at its end, in each of its representations.

use super::row::{Row, form, get, hold, post, request};
use super::world::{A, BROWSER, JANE, WEB, by_jane, identifier, library, of_jane, template};

const HTML: &str = "text/html";
const XML: &str = "application/xml";
const JSON: &str = "application/json";
const RDF: &str = "application/rdf+xml";

/// A route of the original, and what it answers to `?media=`.
fn routes() -> Vec<(String, Vec<(&'static str, &'static str)>)> {
    let (image, web) = (identifier("web"), of_jane("web", WEB));
    let list = || vec![("html", HTML), ("xml", XML), ("json", JSON)];
    let entry = || vec![("html", HTML), ("xml", RDF), ("json", JSON)];
    vec![
        ("/".to_owned(), vec![("html", HTML)]),
        ("/metadata".to_owned(), list()),
        (format!("/metadata/{image}"), list()),
        (format!("/metadata/{image}/{JANE}"), list()),
        (web, entry()),
        (format!("/tag/{JANE}/Alternative"), entry()),
        ("/endorsers".to_owned(), vec![("html", HTML), ("xml", XML)]),
        (format!("/endorsers/{JANE}"), vec![("html", HTML), ("xml", XML)]),
        (format!("/endorsers/{JANE}/tags"), vec![("html", HTML), ("xml", XML)]),
        ("/query".to_owned(), vec![("html", HTML)]),
        ("/upload".to_owned(), vec![("html", HTML)]),
    ]
}

#[test]
fn every_route_answers_in_its_representations_also_with_a_slash_at_its_end() {
    let sites = library();
    let asked = |path: &str, media: &'static str, media_type| {
        get("1.2: a route in one of its representations", format!("{path}?media={media}")).is(200).media(media_type)
    };
    let rows = routes().into_iter().flat_map(|(path, offered)| {
        let both =
            |(media, media_type)| [asked(&path, media, media_type), asked(&format!("{path}/"), media, media_type)];
        offered.into_iter().flat_map(both).collect::<Vec<Row>>()
    });
    hold(&sites.http(A), rows);
}

#[test]
fn parameters_choose_the_route_as_they_did() {
    let sites = library();
    let web = of_jane("web", WEB);
    hold(
        &sites.http(A),
        [
            get("1.2: the parameter query of /metadata is not used", "/metadata?query=SELECT")
                .is(200)
                .lists(["bare", "nowhere", "both", "disk", "web"]),
            get("1.2: tag= of an address is the entry", format!("/metadata/{JANE}?tag=Alternative"))
                .is(200)
                .media(RDF)
                .header("content-disposition", format!("attachment; filename=\"{}.xml\"", identifier("web"))),
            form("1.2: a form is a list for DataTables", "/metadata", "sEcho=1").is(200).media(JSON).json("/sEcho", 1),
            form("1.2: with path arguments too", format!("/metadata/{JANE}"), "sEcho=1").is(200).lists(["disk", "web"]),
            form("1.2: with two", format!("/metadata/{}/{JANE}", identifier("web")), "").is(200).lists(["web"]),
            post("1.2: nothing is posted to an entry", web, "application/xml", by_jane(&template("x", "x"), WEB))
                .is(405),
            request("1.2: nothing is posted to /upload", "POST", "/upload").is(405),
            get("1.2: /upload is a form with a file", "/upload").accept(BROWSER).has("multipart/form-data"),
            get("1.2: an action without a command", "/action/0b5c").is(404).has("invalid action"),
            get("1.2: an action with more", "/action/a/b/c").is(404).has("invalid action"),
            get("1.2: style, script and image files of the class path", "/css/style.css")
                .otherwise("/static/style.css; pages need no script")
                .is(404),
            get("1.2: the style sheet", "/static/style.css").is(200).media("text/css"),
        ],
    );
}
