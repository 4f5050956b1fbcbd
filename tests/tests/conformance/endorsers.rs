//! Section 1.6: who endorses, and what each has endorsed.

use super::row::{get, get_json, hold};
use super::world::{A, BROWSER, GONE, JANE, JIM, OLD, endorser, identifier, library, template, upload};

#[test]
fn endorsers_are_sparql_results() {
    let sites = library();
    let subject = "CN=Jane Tester,O=Marketplace demonstration";
    let binding = |name: &str, value: &str| format!("<binding name=\"{name}\"><literal>{value}</literal></binding>");
    hold(
        &sites.http(A),
        [
            get("1.6: SPARQL results served as XML", "/endorsers")
                .is(200)
                .media("application/xml")
                .has("<sparql xmlns=\"http://www.w3.org/2005/sparql-results#\">")
                .has("<variable name=\"email\"/><variable name=\"subject\"/><variable name=\"issuer\"/>")
                .has(binding("email", JANE))
                .has(binding("subject", subject))
                .has(binding("issuer", subject))
                .has(binding("email", JIM)),
            get("1.6: a page with their names", "/endorsers").accept(BROWSER).is(200).has("<td>Jane Tester"),
            get_json("1.6: no JSON", "/endorsers")
                .otherwise("there is (W35)")
                .is(200)
                .json("/items/0/name", "Jane Tester"),
        ],
    );
    // 1.6: each once, whatever they have endorsed.
    let text = sites.http(A).get("/endorsers", "").text();
    assert_eq!(text.matches("<result>").count(), 2, "{text}");
}

#[test]
fn an_address_with_two_certificates_is_one_endorser() {
    let sites = library();
    let second = endorser("Jane Tester at home", JANE);
    let document = second.sign(&template("home", "home"), "2014-12-21T10:00:00Z".parse().expect("a moment"));
    upload(&sites.http(A), &document.expect("signed"));
    let text = sites.http(A).get("/endorsers", "").text();
    assert_eq!(text.matches("<result>").count(), 2, "{text}");
    hold(
        &sites.http(A),
        [get("1.6: a row for each certificate", "/endorsers")
            .otherwise("a row for each address, by its strongest certificate")
            .is(200)
            .has("CN=Jane Tester,")
            .has_not("CN=Jane Tester at home,")],
    );
}

#[test]
fn an_endorser_s_history_is_of_so_many_days() {
    let sites = library();
    let all = format!("/endorsers/{JANE}?range=1460");
    let gone = format!(
        "<result><binding name=\"identifier\"><literal>{}</literal></binding>\
         <binding name=\"created\"><literal>{GONE}</literal></binding>\
         <binding name=\"deprecated\"><literal>a hole in it</literal></binding>\
         <binding name=\"email\"><literal>{JANE}</literal></binding></result>",
        identifier("gone")
    );
    let now = "what is current where no range is asked for; XML is the last 30 days";
    hold(
        &sites.http(A),
        [
            get("1.6: SPARQL results served as XML", all.as_str())
                .is(200)
                .media("application/xml")
                .has("<variable name=\"identifier\"/><variable name=\"created\"/><variable name=\"description\"/>")
                .has("<variable name=\"location\"/><variable name=\"deprecated\"/><variable name=\"email\"/>")
                .has(gone.as_str())
                .has("<literal>Serves &lt;pages&gt; &amp; &quot;more&quot;</literal>")
                .has("<literal>https://images.example.org/web.img</literal>")
                .has(OLD),
            get("1.6: 30 days by default", format!("/endorsers/{JANE}")).is(200).has(gone.as_str()).has_not(OLD),
            get("1.6: by when it was endorsed", format!("/endorsers/{JANE}?range=11")).is(200).has_not(GONE),
            get("1.6: up to a day", format!("/endorsers/{JANE}?range=12")).is(200).has(GONE),
            get("1.6: what is no number is 30", format!("/endorsers/{JANE}?range=x")).otherwise("400 names it").is(400),
            get("1.6: nobody has an empty history", "/endorsers/j.tester@example.org").is(200).has_not("<result>"),
            get("1.6: a page of 90 days", format!("/endorsers/{JANE}?range=90"))
                .accept(BROWSER)
                .is(200)
                .has(">gone</a>")
                .has_not(OLD),
            get("1.6: pages are of 30, 60 or 90 days", format!("/endorsers/{JANE}"))
                .otherwise(now)
                .accept(BROWSER)
                .is(200)
                .has("?range=30")
                .has("?range=90")
                .has(format!("/endorsers/{JANE}/tags")),
            get_json("1.6: no JSON", format!("/endorsers/{JANE}?range=1460"))
                .otherwise("there is, of the same days")
                .is(200)
                .lists(["gone", "expired", "disk", "web", "old"]),
            get_json("1.6: no JSON", format!("/endorsers/{JANE}"))
                .otherwise(now)
                .lists(["gone", "expired", "disk", "web"]),
        ],
    );
    let http = sites.http(A);
    let page = http.get(&format!("/endorsers/{JANE}?range=1460&limit=3"), "application/json").json();
    let next = page["next"].as_str().and_then(|next| next.strip_prefix(http.base())).expect("there is more").to_owned();
    hold(&http, [get_json("1.6: the history is paged", next).lists(["web", "old"]).json("/total", 5)]);
}
