//! The description of the interface, held against what the face answers.

use serde_json::Value;

use super::*;

/// What of `value` is not as `schema` says.
fn deviations(document: &Value, schema: &Value, value: &Value, place: &str) -> Vec<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let named = document.pointer(reference.trim_start_matches('#')).expect("the schema is there");
        return deviations(document, named, value, place);
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let fits = any.iter().any(|one| deviations(document, one, value, place).is_empty());
        return if fits { Vec::new() } else { vec![format!("{place}: {value} fits none")] };
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let mut found = Vec::new();
    let types = &schema["type"];
    if !types.is_null() && types != kind && !types.as_array().is_some_and(|types| types.contains(&kind.into())) {
        found.push(format!("{place}: {value} is no {types}"));
    }
    if schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
        found.push(format!("{place}: {value} is not among {}", schema["enum"]));
    }
    for required in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.get(required).is_none() {
            found.push(format!("{place}: {required} is missing"));
        }
    }
    for (name, member) in value.as_object().into_iter().flatten() {
        match schema["properties"].get(name) {
            Some(described) => found.extend(deviations(document, described, member, &format!("{place}.{name}"))),
            None if schema["additionalProperties"] == false => found.push(format!("{place}: {name} is not described")),
            None => {}
        }
    }
    for item in value.as_array().into_iter().flatten() {
        found.extend(deviations(document, &schema["items"], item, &format!("{place}[]")));
    }
    found
}

#[tokio::test]
async fn answers_have_the_members_that_are_described() {
    let fake = several(2);
    let document = get(&fake, "/openapi.json", "").await.json();
    let entry = fake.records()[0].summary.entry;
    let image = fake.records()[0].summary.at.image;
    let asked = [
        ("/", "/".to_owned()),
        ("/metadata", "/metadata?limit=1".to_owned()),
        ("/endorsers", "/endorsers?limit=1".to_owned()),
        ("/endorsers/{email}", "/endorsers/jane+tester@example.org".to_owned()),
        ("/entries/{entry}/admissions", format!("/entries/{entry}/admissions")),
        ("/entries/{entry}/explanation", format!("/entries/{entry}/explanation")),
        ("/images/{identifier}", format!("/images/{image}")),
        ("/endorsers/{email}/tags", "/endorsers/jane+tester@example.org/tags".to_owned()),
        ("/changes", "/changes?limit=1".to_owned()),
        ("/federation", "/federation".to_owned()),
        ("/federation/nodes", "/federation/nodes".to_owned()),
    ];
    for (path, address) in asked {
        let answer = get(&fake, &address, "application/json").await;
        let schema = &document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        assert!(!schema.is_null(), "{path} has no schema");
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(deviations(&document, schema, &answer.json(), path), Vec::<String>::new());
    }
}

#[tokio::test]
async fn refusals_and_uploads_are_as_described() {
    let fake = Fake::default();
    let document = get(&fake, "/openapi.json", "").await.json();
    let schema = |name: &str| document["components"]["schemas"][name].clone();
    let refusal = get(&fake, "/nowhere", "application/json").await;
    assert_eq!(deviations(&document, &schema("Problem"), &refusal.json(), "refusal"), Vec::<String>::new());
    let headers = [("content-type", "application/rdf+xml"), ("accept", "application/json")];
    let uploaded = post(&fake, "/metadata", &headers, signed(&template(1), CREATED)).await;
    assert_eq!(deviations(&document, &schema("Uploaded"), &uploaded.json(), "upload"), Vec::<String>::new());
    let awaiting = post(&Fake::asking(), "/metadata", &headers, signed(&template(1), CREATED)).await;
    assert_eq!(deviations(&document, &schema("Awaiting"), &awaiting.json(), "upload"), Vec::<String>::new());
}

#[tokio::test]
async fn the_interface_is_readable_without_scripts_or_other_hosts() {
    let page = get(&several(1), "/docs", BROWSER).await;
    assert_eq!(page.status, StatusCode::OK);
    let text = page.text();
    assert!(text.contains("GET /metadata/{identifier}/{email}/{created}") && text.contains("POST /sparql"));
    assert!(!text.contains("<script") && !text.contains("style=\"") && !text.contains("src=\"http"));
}
