//! The description of every route.

use serde_json::{Value, json};

use super::describe::{Operation, schema};
use crate::bounds::{CHANGES_LIMIT_MAX, CHANGES_WAIT_S_MAX, LIST_LIMIT_MAX};

const HTML: &str = "text/html";
const JSON: &str = "application/json";
const XML: &str = "application/xml";
const TEXT: &str = "text/plain";
const RDF: &str = "application/rdf+xml";
const NOT_FOUND: (u16, &str) = (404, "there is none");
const TOO_BROAD: (u16, &str) = (422, "more would be read for it than a list may read");

/// Every operation, in the order of the page that shows them.
pub(super) fn all() -> Vec<Operation> {
    [reading(), tables(), entries(), endorsers(), writing(), querying(), following(), operating()]
        .into_iter()
        .flatten()
        .collect()
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn any() -> Value {
    json!({})
}

fn number(least: usize, most: usize) -> Value {
    json!({ "type": "integer", "minimum": least, "maximum": most })
}

/// The identity of an entry, SHA-256 in hexadecimal.
fn entry_id() -> Value {
    json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" })
}

fn page() -> [(&'static str, Value); 1] {
    [(HTML, text())]
}

fn reading() -> Vec<Operation> {
    let list = |path, id, summary| {
        Operation::get(path, id, summary)
            .asks("status", "valid where it is not said, expired, deprecated, or another word for all", text())
            .asks("identifier", "only of this image", text())
            .asks("email", "only of this endorser", text())
            .asks("created", "only endorsed at this moment; it opens the history", text())
            .asks(
                "standing",
                "only of this standing",
                json!({ "type": "string", "enum": ["certified", "confirmed", "bare", "contested"] }),
            )
            .asks("os", "only with this operating system", text())
            .asks("os-version", "only with this version of it", text())
            .asks("os-arch", "only for this architecture", text())
            .asks("kind", "only of this kind", text())
            .asks("location", "only those that can be fetched there", text())
            .asks("tag", "with an endorser: the newest image under this tag instead", text())
            .asks("search", "words that are all parts of title, description, kind, system, endorser or tags", text())
            .asks("at", "what was current and valid at this moment, RFC 3339", text())
            .asks("sort", "a column; created where it is not said", text())
            .asks("order", "asc or desc", text())
            .asks("limit", "entries of a page", number(1, LIST_LIMIT_MAX))
            .asks("after", "the place that a page's next link names", text())
            .media(&["xml", "json", "html"])
            .gives(200, "a page of entries, newest first", &[(XML, any()), (JSON, schema("List")), (HTML, text())])
            .refuses(&[NOT_FOUND, TOO_BROAD])
    };
    vec![
        Operation::get("/", "home", "What this node holds").media(&["html", "json"]).gives(
            200,
            "the home page, or the counts",
            &[(HTML, text()), (JSON, schema("Home"))],
        ),
        list("/metadata", "listMetadata", "Current entries"),
        list("/metadata/{a}", "listMetadataBy", "Current entries of an image or an endorser").at(
            "a",
            "an identifier, an e-mail address or a moment",
            text(),
        ),
        list("/metadata/{a}/{b}", "listMetadataByTwo", "Current entries by two of image, endorser and moment")
            .at("a", "an identifier, an e-mail address or a moment", text())
            .at("b", "another of them", text()),
        Operation::get("/images/{identifier}", "image", "An image: its endorsers, its timeline, and what replaces it")
            .at("identifier", "the image", text())
            .asks("at", "as it stood at this moment, RFC 3339", text())
            .media(&["xml", "json", "html"])
            .gives(200, "the image", &[(XML, any()), (JSON, schema("Image")), (HTML, text())])
            .refuses(&[NOT_FOUND]),
    ]
}

/// The form in which the original's pages asked for lists (DataTables 1.9).
fn tables() -> Vec<Operation> {
    let table = |path, id| {
        let form = json!({ "type": "object", "properties": { "sEcho": number(0, i32::MAX as usize) } });
        Operation::post(path, id, "A page of a table, as DataTables 1.9 asks for it")
            .body("application/x-www-form-urlencoded", form)
            .gives(200, "the rows", &[(JSON, any())])
            .refuses(&[NOT_FOUND, (413, "the form is too long"), (415, "the body has another type"), TOO_BROAD])
    };
    vec![
        table("/metadata/{a}", "tableBy").at("a", "an identifier, an e-mail address or a moment", text()),
        table("/metadata/{a}/{b}", "tableByTwo").at("a", "an identifier, an e-mail address or a moment", text()).at(
            "b",
            "another of them",
            text(),
        ),
    ]
}

fn entries() -> Vec<Operation> {
    let entry = |operation: Operation| {
        operation
            .media(&["rdf", "json", "ttl", "jsonld", "html"])
            .gives(
                200,
                "the exact bytes that were signed, or their triples",
                &[
                    (RDF, text()),
                    (JSON, any()),
                    ("text/turtle", text()),
                    ("application/ld+json", any()),
                    (HTML, text()),
                ],
            )
            .refuses(&[NOT_FOUND])
    };
    let id = "the identity of the entry, SHA-256 in hexadecimal";
    vec![
        entry(Operation::get("/metadata/{identifier}/{email}/{created}", "entryAt", "The entry at these coordinates"))
            .at("identifier", "the image", text())
            .at("email", "its endorser", text())
            .at("created", "when it was endorsed, RFC 3339", text()),
        entry(Operation::get("/tag/{email}/{tag}", "tagged", "The newest image under a tag"))
            .at("email", "the endorser", text())
            .at("tag", "the tag", text()),
        entry(Operation::get("/entries/{entry}", "entry", "Exactly this entry, for ever")).at("entry", id, entry_id()),
        Operation::get("/entries/{entry}/admissions", "admissions", "The receipts of an entry, earliest first")
            .at("entry", id, entry_id())
            .gives(200, "the receipts", &[(JSON, json!({ "type": "array", "items": schema("Receipt") }))])
            .refuses(&[NOT_FOUND]),
        Operation::get("/entries/{entry}/explanation", "explanation", "Why an entry stands where it does")
            .at("entry", id, entry_id())
            .gives(200, "the reasons and the evidence", &[(JSON, schema("Explanation"))])
            .refuses(&[NOT_FOUND]),
    ]
}

fn endorsers() -> Vec<Operation> {
    vec![
        Operation::get("/endorsers", "endorsers", "Who endorses, by address")
            .asks("limit", "endorsers of a page", number(1, LIST_LIMIT_MAX))
            .asks("after", "the address after which the page begins", text())
            .media(&["xml", "json", "html"])
            .gives(200, "the endorsers", &[(XML, any()), (JSON, schema("Endorsers")), (HTML, text())]),
        Operation::get("/endorsers/{email}", "endorser", "What an endorser says, or said in some days")
            .at("email", "its address", text())
            .asks("range", "of so many days, not only what is current; 30 in XML", number(0, u32::MAX as usize))
            .asks("limit", "entries of a page", number(1, LIST_LIMIT_MAX))
            .media(&["xml", "json", "html"])
            .gives(200, "a page of entries", &[(XML, any()), (JSON, schema("List")), (HTML, text())])
            .refuses(&[NOT_FOUND]),
        Operation::get("/endorsers/{email}/tags", "tags", "The tags of an endorser by name")
            .at("email", "its address", text())
            .asks("limit", "tags of a page", number(1, LIST_LIMIT_MAX))
            .asks("after", "the tag after which the page begins", text())
            .media(&["xml", "json", "html"])
            .gives(200, "the tags", &[(XML, any()), (JSON, schema("Tags")), (HTML, text())])
            .refuses(&[NOT_FOUND]),
    ]
}

fn writing() -> Vec<Operation> {
    let form = json!({
        "type": "object",
        "properties": { "file": { "type": "string", "contentMediaType": RDF } },
        "required": ["file"],
    });
    let uploaded = || [(TEXT, text()), (JSON, schema("Uploaded")), (HTML, text())];
    vec![
        Operation::post("/metadata", "upload", "Add a signed document")
            .asks("scope", "local keeps it at this node", json!({ "type": "string", "enum": ["federated", "local"] }))
            .body(RDF, text())
            .body(XML, any())
            .body("multipart/form-data", form)
            .body("application/x-www-form-urlencoded", json!({ "type": "object", "properties": { "sEcho": text() } }))
            .gives(200, "this very entry is held already", &uploaded())
            .gives(201, "it is on disk and can be queried", &uploaded())
            .gives(
                202,
                "the owner of the address was asked by e-mail",
                &[(TEXT, text()), (JSON, schema("Awaiting")), (HTML, text())],
            )
            .refuses(&[
                (403, "this node does not take it, or another site posted the form"),
                (409, "the endorser said something newer already"),
                (413, "it is too large"),
                (415, "the body has another type"),
            ]),
        Operation::get("/upload", "uploadForm", "The form that uploads").gives(200, "the form", &page()),
        Operation::get("/action/{token}/{command}", "showAction", "What a mailed link is about")
            .at("token", "the secret of the link", text())
            .at("command", "confirm, abort or abuse", text())
            .gives(200, "what it is about", &[(TEXT, text()), (JSON, any()), (HTML, text())])
            .refuses(&[(404, "the link is unknown, used or expired")]),
        Operation::post("/action/{token}/{command}", "act", "Do what a mailed link is about")
            .at("token", "the secret of the link", text())
            .at("command", "confirm, abort or abuse", text())
            .gives(200, "it is done", &[(TEXT, text()), (JSON, any()), (HTML, text())])
            .gives(201, "the entry is published", &[(TEXT, text()), (JSON, any()), (HTML, text())])
            .refuses(&[
                (403, "another site posted the form"),
                (404, "the link is unknown, used or expired"),
                (409, "the endorser said something newer already"),
                (413, "the body is too large"),
            ]),
    ]
}

fn querying() -> Vec<Operation> {
    let query = "a query of SPARQL 1.1";
    let results = || {
        vec![
            ("application/sparql-results+xml", any()),
            ("application/sparql-results+json", any()),
            ("text/csv", text()),
            ("text/tab-separated-values", text()),
            (HTML, text()),
        ]
    };
    let graphs = || {
        let graphs =
            [("text/turtle", text()), ("application/n-triples", text()), (RDF, text()), ("application/ld+json", any())];
        [results(), graphs.to_vec()].concat()
    };
    let posted = |operation: Operation| {
        let form = json!({ "type": "object", "properties": { "query": text() } });
        operation
            .body("application/sparql-query", text())
            .body("application/x-www-form-urlencoded", form)
            .refuses(&[(413, "the query is too long"), (415, "the body has another type")])
    };
    let empty = |operation: Operation| operation.gives(204, "there is no query", &[]);
    vec![
        empty(Operation::get("/query", "queryOriginal", "Ask SELECT as of the original"))
            .asks("query", query, text())
            .gives(200, "the results, or the form", &results()),
        empty(posted(Operation::post("/query", "postQueryOriginal", "Ask SELECT as of the original"))).gives(
            200,
            "the results",
            &results(),
        ),
        Operation::get("/sparql", "query", "Ask any query, or for the description of the service")
            .asks("query", query, text())
            .gives(200, "results, a graph, or the description", &graphs()),
        posted(Operation::post("/sparql", "postQuery", "Ask any query")).gives(200, "results or a graph", &graphs()),
    ]
}

fn following() -> Vec<Operation> {
    let change = || json!({ "type": "integer", "minimum": 0, "maximum": i64::MAX });
    vec![
        Operation::get("/changes", "changes", "What happened to entries; Accept: text/event-stream follows them")
            .asks("before", "the changes before this one, newest first", change())
            .asks("after", "the changes after this one, oldest first", change())
            .asks("limit", "changes of a page", number(1, CHANGES_LIMIT_MAX))
            .asks(
                "wait",
                "with after: seconds to wait for a change",
                json!({ "type": "integer", "minimum": 0, "maximum": CHANGES_WAIT_S_MAX }),
            )
            .media(&["json", "atom"])
            .gives(
                200,
                "a page of changes, a feed, or every change as it happens",
                &[(JSON, schema("Changes")), ("application/atom+xml", any()), ("text/event-stream", text())],
            ),
    ]
}

fn operating() -> Vec<Operation> {
    let page = |path, id, summary| Operation::get(path, id, summary).gives(200, "a page", &page());
    let plain = |path, id, summary| Operation::get(path, id, summary).gives(200, "it does", &[(TEXT, text())]);
    let nodes = |operation: Operation| operation.gives(200, "the nodes, this one first", &[(JSON, schema("Nodes"))]);
    vec![
        Operation::get("/federation", "federation", "This node and its peers").media(&["html", "json"]).gives(
            200,
            "the nodes",
            &[(HTML, text()), (JSON, schema("Nodes"))],
        ),
        nodes(Operation::get("/federation/nodes", "nodes", "The nodes, for clients that look for the nearest")),
        plain("/healthz", "alive", "Whether the process answers"),
        plain("/readyz", "ready", "Whether the registry answers"),
        Operation::get("/metrics", "metrics", "Figures for Prometheus").gives(
            200,
            "the figures",
            &[("application/openmetrics-text", text())],
        ),
        Operation::get("/openapi.json", "openapi", "This description").gives(200, "OpenAPI 3.1", &[(JSON, any())]),
        page("/docs", "docs", "This description as a page"),
        Operation::get("/static/style.css", "style", "The style of the pages").gives(
            200,
            "CSS",
            &[("text/css", text())],
        ),
    ]
}
