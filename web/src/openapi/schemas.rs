//! The objects of JSON that operations answer with.

use serde_json::{Map, Value, json};

use super::describe::schema;

/// Every object by its name.
pub(super) fn all() -> Value {
    json!({
        "Problem": object(&[
            ("type", text()), ("title", text()), ("status", count()), ("rule", text()), ("detail", text()),
        ], &[("see", text())]),
        "Home": object(&[
            ("version", text()), ("entries", count()), ("valid", count()), ("deprecated", count()),
            ("expired", count()), ("superseded", count()), ("contested", count()), ("images", count()),
            ("endorsers", count()), ("refused", count()),
        ], &[]),
        "Item": item(&[]),
        "Image": object(&[
            ("identifier", text()), ("at", or_null(moment())), ("current", list(schema("Item"))),
            ("timeline", list(item(&[("conflict", json!({ "type": "boolean" }))]))),
            ("replaced_by", list(schema("Related"))), ("replaces", list(schema("Related"))),
            ("version_of", list(schema("Related"))), ("versions", list(schema("Related"))),
            ("tags", list(object(&[("email", text()), ("tag", text())], &[]))),
        ], &[]),
        "Related": object(&[
            ("identifier", text()), ("url", text()), ("steps", count()), ("said_by", text()), ("standing", standing()),
            ("entry", digest()),
        ], &[]),
        "Tags": object(&[("items", list(schema("Tag"))), ("next", or_null(text()))], &[]),
        "Tag": object(&[("tag", text()), ("entries", count()), ("latest", moment()), ("url", text())], &[]),
        "List": object(&[("total", count()), ("items", list(schema("Item"))), ("next", or_null(text()))], &[]),
        "Receipt": object(&[
            ("origin", text()), ("admitted", moment()), ("document", digest()),
            ("confirmation", choice(&["confirmed", "unconfirmed"])),
        ], &[]),
        "Explanation": object(&[
            ("standing", or_null(standing())), ("reason", text()), ("listed", json!({ "type": "boolean" })),
            ("listing", text()), ("superseded_by", or_null(digest())), ("supersedes", list(digest())),
            ("documents", list(schema("Evidence"))), ("valid_at", moment()), ("revocations_at", moment()),
        ], &[]),
        "Evidence": object(&[
            ("document", digest()), ("certificates", list(text())), ("chain", or_null(list(text()))),
            ("no_chain", or_null(text())), ("legacy", or_null(text())),
        ], &[]),
        "Endorser": object(&[
            ("email", text()), ("name", text()), ("subject", text()), ("issuer", text()), ("standing", standing()),
            ("entries", count()), ("current", count()), ("latest", moment()), ("url", text()),
        ], &[]),
        "Endorsers": object(&[("items", list(schema("Endorser"))), ("next", or_null(text()))], &[]),
        "Uploaded": object(&[
            ("result", text()), ("entry", digest()), ("url", text()), ("entry_url", text()), ("standing", standing()),
        ], &[]),
        "Awaiting": object(&[
            ("result", text()), ("detail", text()), ("entry", digest()), ("email", text()), ("expires", moment()),
        ], &[]),
        "Change": object(&[
            ("change", count()),
            ("event", choice(&["entry_admitted", "entry_superseded", "entry_moved", "entry_withdrawn"])),
            ("at", moment()), ("entry", digest()), ("url", text()),
        ], &[("item", schema("Item"))]),
        "Changes": object(&[("items", list(schema("Change"))), ("next", or_null(text()))], &[]),
        "Nodes": object(&[
            ("federation", text()),
            ("in_sync", json!({ "type": "object" })),
            ("roster", json!({ "type": ["object", "null"] })),
            ("refusals", json!({ "type": "object", "additionalProperties": count() })),
            ("nodes", list(schema("Node"))),
        ], &[]),
        "Node": node(),
    })
}

/// What lists show of an entry, with these members besides.
fn item(besides: &[(&str, Value)]) -> Value {
    let members = [
        ("entry", digest()),
        ("identifier", text()),
        ("email", text()),
        ("created", moment()),
        ("url", text()),
        ("standing", standing()),
        ("state", choice(&["valid", "expired", "deprecated", "superseded"])),
        ("superseded_by", or_null(digest())),
        ("deprecated", or_null(text())),
        ("valid", or_null(moment())),
        ("title", or_null(text())),
        ("description", or_null(text())),
        ("kind", or_null(text())),
        ("os", or_null(text())),
        ("os_version", or_null(text())),
        ("os_arch", or_null(text())),
        ("version", or_null(text())),
        ("bytes", or_null(count())),
        ("locations", list(text())),
        ("tags", list(text())),
        ("scope", choice(&["federated", "local"])),
    ];
    object(&[&members, besides].concat(), &[])
}

fn node() -> Value {
    object(
        &[
            ("id", text()),
            ("name", text()),
            ("is_self", json!({ "type": "boolean" })),
            ("is_member", json!({ "type": "boolean" })),
            ("listed_by", or_null(choice(&["operator", "roster"]))),
            ("public_url", or_null(text())),
            ("version", or_null(text())),
            ("feature_level", or_null(count())),
            ("roster_version", or_null(count())),
            ("faults", count()),
            ("bytes_received", count()),
            ("bytes_sent", count()),
            ("connected_since", or_null(moment())),
            ("disconnected_since", or_null(moment())),
            ("round_trip_ms", or_null(count())),
            ("last_sync", or_null(moment())),
            ("lag", or_null(count())),
            ("lacked_by_peer", or_null(count())),
            ("last_error", or_null(text())),
            ("next_attempt", or_null(moment())),
        ],
        &[],
    )
}

fn object(required: &[(&str, Value)], optional: &[(&str, Value)]) -> Value {
    let member = |(name, schema): &(&str, Value)| ((*name).to_owned(), schema.clone());
    let properties: Map<_, _> = required.iter().chain(optional).map(member).collect();
    let names: Vec<_> = required.iter().map(|(name, _)| *name).collect();
    json!({ "type": "object", "required": names, "properties": properties, "additionalProperties": false })
}

fn list(item: Value) -> Value {
    json!({ "type": "array", "items": item })
}

fn or_null(schema: Value) -> Value {
    json!({ "anyOf": [schema, { "type": "null" }] })
}

fn choice(words: &[&str]) -> Value {
    json!({ "type": "string", "enum": words })
}

fn standing() -> Value {
    choice(&["certified", "confirmed", "bare", "contested"])
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn count() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn moment() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

/// SHA-256 in hexadecimal.
fn digest() -> Value {
    json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" })
}
