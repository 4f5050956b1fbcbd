//! Section 1.5: single entries and tags.

use super::row::{get, get_json, hold};
use super::world::{
    A, BROWSER, EXPIRED, GONE, JANE, JIM, OLD, WEB, by_jane, documents, empty, identifier, library, of_jane, template,
    upload,
};

#[test]
fn an_entry_is_its_signed_document() {
    let sites = library();
    let (image, web) = (identifier("web"), of_jane("web", WEB));
    let attached = |suffix| format!("attachment; filename=\"{image}.{suffix}\"");
    let missing = "metadata entry not found";
    hold(
        &sites.http(A),
        [
            get("1.5: the signed document, byte by byte", web.as_str())
                .is(200)
                .media("application/rdf+xml")
                .header("content-disposition", attached("xml"))
                .body(documents().remove(1)),
            get_json("1.5: RDF/JSON, without the signature", web.as_str())
                .is(200)
                .media("application/json")
                .header("content-disposition", attached("json"))
                .has("http://mp.stratuslab.eu/")
                .json("/_:b0/http:~1~1mp.stratuslab.eu~1slreq#algorithm/0/type", "literal")
                .has_not("Signature"),
            get("1.5: a page with both forms to fetch", web.as_str())
                .accept(BROWSER)
                .is(200)
                .media("text/html")
                .has("?media=xml")
                .has("?media=json")
                .has("Serves &#60;pages&#62;"),
            get("1.5: what is missing", of_jane("web", "2014-03-08T14:23:19Z")).is(404).has(missing),
            get("1.5: of another endorser", format!("/metadata/{image}/{JIM}/{WEB}")).is(404).has(missing),
            get("1.5: malformed coordinates", "/metadata/x/y/z").is(404).has(missing),
            get("1.5: a superseded entry is readable", of_jane("web", OLD)).is(200).body(documents().remove(0)),
            get("1.5: a deprecated one", of_jane("gone", GONE)).is(200).has("a hole in it"),
            get("1.5: an expired one", of_jane("expired", EXPIRED)).is(200).media("application/rdf+xml"),
        ],
    );
    // 1.5: parsed with the base of the original, so that the subject is the image.
    let json = sites.http(A).get(&web, "application/json").json();
    let about = format!("http://mp.stratuslab.eu/#{image}");
    assert_eq!(json[&about]["http://purl.org/dc/terms/identifier"][0]["value"], image.to_string(), "{json}");
}

#[test]
fn a_tag_is_the_newest_image_of_its_endorser() {
    let sites = empty();
    let http = sites.http(A);
    let tagged = |image: &str, title: &str, tags: &[&str]| {
        let mut template = template(image, title);
        template.tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        template
    };
    upload(&http, &by_jane(&tagged("one", "first", &["stable", "my tag", "a/b"]), "2014-02-01T00:00:00Z"));
    upload(&http, &by_jane(&tagged("two", "second", &["stable"]), "2014-03-01T00:00:00Z"));
    upload(&http, &by_jane(&tagged("three", "third", &["testing"]), "2014-04-01T00:00:00Z"));
    let mut withdrawn = tagged("three", "third withdrawn", &["testing"]);
    withdrawn.deprecated = Some("a hole in it".to_owned());
    upload(&http, &by_jane(&withdrawn, "2014-05-01T00:00:00Z"));
    let mut expired = tagged("four", "fourth", &["old"]);
    expired.valid = Some(tests::sites::moment("2014-06-01T00:00:00Z"));
    upload(&http, &by_jane(&expired, "2014-05-01T00:00:00Z"));
    upload(&http, &by_jane(&tagged("five", "fifth", &["moved"]), "2014-06-01T00:00:00Z"));
    upload(&http, &by_jane(&tagged("five", "fifth untagged", &[]), "2014-07-01T00:00:00Z"));
    let tag = |name: &str| format!("/tag/{JANE}/{name}");
    hold(
        &http,
        [
            get("1.5: the newest image under a tag", tag("stable"))
                .is(200)
                .media("application/rdf+xml")
                .lists(["second"]),
            get("1.5: by the other route", format!("/metadata/{JANE}?tag=stable")).is(200).lists(["second"]),
            get("1.5: in JSON", tag("stable")).accept("application/json").media("application/json").has("second"),
            get("1.5: as a page", tag("stable")).accept(BROWSER).is(200).media("text/html").has("second"),
            get("1.5: a tag is decoded", tag("my%20tag")).is(200).lists(["first"]),
            get("1.5: its quotation marks do not count", tag("%22my%20tag%22")).is(200).lists(["first"]),
            get("1.5: also among the parameters", format!("/metadata/{JANE}?tag=%22my+tag%22"))
                .is(200)
                .lists(["first"]),
            get("1.5: with a slash in it", tag("a%2Fb")).is(200).lists(["first"]),
            get("1.5: a deprecated image is dropped", tag("testing")).is(404).has("metadata entry not found"),
            get("1.5: an expired one is not", tag("old")).is(200).lists(["fourth"]),
            get("1.5: a superseded entry holds its tag", tag("moved")).is(200).lists(["fifth"]),
            get("1.5: of another endorser", format!("/tag/{JIM}/stable")).is(404).has("metadata entry not found"),
            get("1.5: an unknown tag", tag("nonesuch")).is(404).has("metadata entry not found"),
            get("1.5: tags of all times", format!("/endorsers/{JANE}/tags"))
                .is(200)
                .media("application/xml")
                .has("<variable name=\"tag\"/>")
                .has("<literal>moved</literal>")
                .has("<literal>testing</literal>"),
            get_json("1.5: in JSON", format!("/endorsers/{JANE}/tags"))
                .otherwise("new (W35)")
                .json("/items/0/tag", "a/b")
                .json("/items/1/tag", "moved"),
        ],
    );
}
