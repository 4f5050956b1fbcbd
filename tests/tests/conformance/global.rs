//! Section 1.1: what holds at every address.

use super::row::{form, get, get_json, hold, post, request};
use super::world::{
    A, BROWSER, CLOCK, JANE, WEB, WINDOW, by_jane, empty, identifier, library, node, of_jane, template,
};

#[test]
fn the_representation_is_negotiated_and_xml_where_nothing_is_asked() {
    let sites = library();
    let web = of_jane("web", WEB);
    let by_shape = "the choice is by Accept alone: every browser of today asks for HTML";
    hold(
        &sites.http(A),
        [
            get("1.1: a list is XML where Accept is absent", "/metadata").is(200).media("application/xml"),
            get("1.1: and where it is */*", "/metadata").accept("*/*").is(200).media("application/xml"),
            get("1.1: text/xml asks for it", "/metadata").accept("text/xml").is(200).media("application/xml"),
            get("1.1: application/xml too", "/metadata").accept("application/xml").media("application/xml"),
            get("1.1: a single entry is RDF/XML", web.as_str()).is(200).media("application/rdf+xml"),
            get("1.1: also for text/xml", web.as_str()).accept("text/xml").media("application/rdf+xml"),
            get("1.1: and for RDF/XML", web.as_str()).accept("application/rdf+xml").media("application/rdf+xml"),
            get("1.1: media=xml overrides Accept", "/metadata?media=xml").accept(BROWSER).media("application/xml"),
            get("1.1: media=json overrides Accept", "/metadata?media=json").accept(BROWSER).media("application/json"),
            get("1.1: media=html overrides Accept", "/metadata?media=html").accept("text/xml").media("text/html"),
            get("1.1: media= of an entry", format!("{web}?media=html")).accept("text/xml").media("text/html"),
            get("1.1: browsers get HTML though they accept XML", "/metadata").accept(BROWSER).media("text/html"),
            get("1.1: agents of browsers get HTML", "/metadata")
                .otherwise(by_shape)
                .accept("*/*")
                .with("user-agent", "Mozilla/5.0")
                .media("application/xml"),
            get("1.1: what is not offered is refused", "/metadata").accept("image/png").is(406).has("media=json"),
        ],
    );
}

#[test]
fn errors_are_written_for_their_reader() {
    let sites = empty();
    let missing = "/metadata?search=%3Cscript%3E&media=xml";
    let problem = "a problem of RFC 9457, not an object with the status as its only key (interfaces.md)";
    hold(
        &sites.http(A),
        [
            get("1.1: an error is <error> for XML, with a declaration", "/metadata")
                .accept("application/xml")
                .is(404)
                .media("application/xml")
                .body("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<error>no metadata matching query found</error>\n"),
            get("1.1: and for RDF/XML", "/metadata")
                .accept("application/rdf+xml")
                .media("application/xml")
                .has("<error>"),
            get("1.1: its message is not escaped", missing).otherwise("it is (W9)").is(404).has_not("<script>"),
            get("1.1: the message is escaped", "/metadata?created=%3Cb%3E&media=xml").is(400).has("&lt;b&gt;"),
            get_json("1.1: for JSON an object with the message", "/metadata/nonsense")
                .otherwise(problem)
                .is(404)
                .media("application/problem+json")
                .json("/status", 404)
                .json("/rule", "not-found"),
            get("1.1: a page for browsers", "/metadata/nonsense").accept(BROWSER).is(404).media("text/html"),
            get("1.1: a page where nothing is asked", "/metadata/nonsense")
                .otherwise("text (interfaces.md)")
                .is(404)
                .media("text/plain"),
        ],
    );
}

#[test]
fn messages_of_success_are_text_or_a_page() {
    let sites = empty();
    let document = by_jane(&template("a", "a"), WEB);
    let claim = "1.1: a message is a page where HTML comes first";
    hold(
        &sites.http(A),
        [
            post("1.1: a message is text", "/metadata", "application/xml", document.clone())
                .is(201)
                .media("text/plain")
                .body("metadata entry created\n"),
            post(claim, "/metadata", "application/xml", document).accept(BROWSER).is(200).media("text/html"),
        ],
    );
}

#[test]
fn unknown_addresses_and_methods_are_refused_and_nobody_needs_an_account() {
    let sites = library();
    let web = of_jane("web", WEB);
    let unknown = "404 with the navigation of the home page (interfaces.md, W34)";
    let counted = "promised by the original's paper, and there";
    hold(
        &sites.http(A),
        [
            get("1.1: an unknown path is the home page", "/nowhere")
                .otherwise(unknown)
                .accept(BROWSER)
                .is(404)
                .has("/metadata"),
            get("1.1: below a known one too", "/metadata/a/b/c/d").otherwise(unknown).is(404),
            get("1.1: the home page leads to metadata", "/")
                .accept(BROWSER)
                .is(200)
                .media("text/html")
                .has("/metadata"),
            request("1.1: PUT is nowhere", "PUT", web.as_str()).is(405).header("allow", "GET,HEAD"),
            request("1.1: DELETE is nowhere", "DELETE", web.as_str()).is(405),
            request("1.1: PATCH is nowhere", "PATCH", "/metadata").is(405).header("allow", "GET,HEAD,POST"),
            request("1.1: OPTIONS tells counts", "OPTIONS", "/metadata").otherwise(counted).is(200).json("/entries", 8),
            request("1.1: HEAD has the head of GET", "HEAD", "/metadata").otherwise(counted).is(200).body(""),
            form("1.1: queries are posted", "/query", "query=SELECT+*+%7B+%3Fa+a+%3Fb+%7D").otherwise(counted).is(200),
            get("1.1: reading needs no account", "/metadata").is(200),
        ],
    );
}

#[test]
fn paths_are_tidied_and_decoded() {
    let sites = library();
    let (image, web) = (identifier("web"), of_jane("web", WEB));
    let encoded = web.replace('@', "%40").replace(':', "%3A");
    let decoded = "found: segments are decoded (W34)";
    hold(
        &sites.http(A),
        [
            get("1.1: // is /", "//metadata").is(200).lists(["bare", "nowhere", "both", "disk", "web"]),
            get("1.1: at every place", format!("/metadata//{image}///{JANE}")).is(200).lists(["web"]),
            get("1.2: a slash may stand at the end", "/metadata/").is(200).media("application/xml"),
            get("1.5: not after an entry", format!("{web}/")).otherwise(decoded).is(200).media("application/rdf+xml"),
            get("1.5: not escaped", encoded).otherwise(decoded).is(200).media("application/rdf+xml"),
            get("1.3: escapes in lists are decoded", "/metadata/jane.tester%40example.org")
                .is(200)
                .lists(["disk", "web"]),
        ],
    );
}

#[test]
fn an_invalid_configuration_keeps_the_node_from_starting() {
    // 1.1: the original then served one page with an error; ours says which line and key are wrong, and ends.
    let mut sites = tests::sites::Sites::prepare(1, WINDOW);
    sites.sites[A].set_http("no_such_key = 1\n").expect("written");
    let (status, _, messages) = sites.command(A, &["serve", CLOCK[0], CLOCK[1]]);
    assert_eq!(status, 2, "{messages}");
    assert!(messages.contains("no_such_key"), "{messages}");
    let sites = node(WINDOW, "");
    assert_eq!(sites.http(A).get("/healthz", "").status, 200);
}
