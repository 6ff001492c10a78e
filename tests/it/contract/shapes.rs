//! Holds answers against the schemas of the document: what is missing fails, and so does what is not described.

use std::collections::BTreeSet;

use cutover::http::contract::contract;
use serde_json::{Map, Value, json};

use super::filled::{Call, calls, resolved};
use crate::support::answer::Answer;

/// Schemas that may hold more than they say: what is sent, and documents of others.
const OPEN: &[&str] = &["OpenApi", "ReportAsItCame"];

/// The schemas of the document, closed: a field that is not described is an error.
fn closed() -> Value {
    let all = contract().value["components"]["schemas"].as_object();
    let all = all.expect("schemas");
    let sent: Value = serde_json::from_str(include_str!("../../../static/contract/sent.json"))
        .expect("the schemas of what is sent");
    let mut made = Map::new();
    for (name, schema) in all {
        // What another schema is put together of cannot be closed by itself.
        made.insert(format!("{name}.open"), schema.clone());
        let mut schema = schema.clone();
        if sent.get(name).is_none() && !OPEN.contains(&name.as_str()) {
            close(&mut schema, true);
        }
        made.insert(name.clone(), schema);
    }
    Value::Object(made)
}

fn close(schema: &mut Value, whole: bool) {
    match schema {
        Value::Array(all) => all.iter_mut().for_each(|one| close(one, true)),
        Value::Object(object) => {
            let puts_together = object.contains_key("allOf");
            for (name, part) in object.iter_mut() {
                if name == "allOf" {
                    for one in part.as_array_mut().expect("a list") {
                        if let Some(place) = one["$ref"].as_str() {
                            one["$ref"] = json!(format!("{place}.open"));
                        } else {
                            close(one, false);
                        }
                    }
                } else if name == "properties" {
                    for one in part.as_object_mut().expect("fields").values_mut() {
                        close(one, true);
                    }
                } else if matches!(name.as_str(), "items" | "oneOf" | "anyOf") {
                    close(part, true);
                }
            }
            if whole && (puts_together || object.contains_key("properties")) {
                object.insert("unevaluatedProperties".to_owned(), json!(false));
            }
        }
        _ => {}
    }
}

/// What is wrong with a value, as far as this schema can say.
pub fn errors(schema: &Value, value: &Value) -> Vec<String> {
    let mut root = schema.clone();
    root["components"] = json!({"schemas": closed()});
    let validator = jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .should_validate_formats(true)
        .build(&root)
        .expect("a schema");
    let found = validator.iter_errors(value);
    found
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// Holds an answer against what the document says of it: status, media type, headers, schema.
#[track_caller]
pub fn fits(call: &Call, answer: &Answer, what: &str) {
    let what = format!("{} {} ({what})", call.method, call.path);
    let status = answer.status;
    let Some(response) = call.response(status) else {
        panic!(
            "{what}: status {status} is not in the document: {}",
            answer.text()
        );
    };
    for (name, header) in response["headers"].as_object().expect("headers") {
        if resolved(header)["required"] != true {
            continue;
        }
        assert!(!answer.header(name).is_empty(), "{what}: {name} is missing");
    }
    let Some(content) = response["content"].as_object() else {
        assert!(answer.body.is_empty(), "{what}: {}", answer.text());
        return;
    };
    let kind = answer.header("content-type");
    let media = kind.split(';').next().unwrap_or_default();
    let Some(content) = content.get(media) else {
        panic!("{what}: {status} as {media} is not in the document");
    };
    if media.ends_with("json") && media != "application/x-ndjson" {
        let found = errors(&content["schema"], &answer.json());
        assert!(found.is_empty(), "{what}: {found:#?}\n{}", answer.text());
    } else if media.starts_with("text/") {
        assert!(std::str::from_utf8(&answer.body).is_ok(), "{what}");
    }
}

#[test]
fn every_example_fits_its_schema() {
    let mut missing = Vec::new();
    let hold = |name: &str, content: &Value| {
        for (media, form) in content.as_object().into_iter().flatten() {
            match form.get("example") {
                Some(example) if media.ends_with("json") && media != "application/x-ndjson" => {
                    let found = errors(&form["schema"], example);
                    assert!(found.is_empty(), "{name} {media}: {found:#?}");
                }
                Some(example) => assert!(example.is_string(), "{name} {media}"),
                // Bytes have no text.
                None if form["schema"]["contentMediaType"].is_string() => {}
                None if media.starts_with("multipart/") => {}
                None => missing.push(format!("{name} {media}")),
            }
        }
    };
    let mut hold = hold;
    for call in calls() {
        hold(call.id(), &call.says["requestBody"]["content"]);
        for (status, response) in call.says["responses"].as_object().expect("responses") {
            hold(
                &format!("{} {status}", call.id()),
                &resolved(response)["content"],
            );
        }
        for param in call.params("query").into_iter().chain(call.params("path")) {
            let name = format!("{} ?{}", call.id(), param["name"]);
            if let Some(example) = param.get("example") {
                let found = errors(&param["schema"], example);
                assert!(found.is_empty(), "{name}: {found:#?}");
            }
            assert!(
                param["description"]
                    .as_str()
                    .is_some_and(|says| says.len() > 10),
                "{name}"
            );
        }
    }
    assert!(missing.is_empty(), "without an example: {missing:#?}");
}

#[test]
fn everything_that_is_named_is_there_and_said() {
    let document = &contract().value;
    let mut names = BTreeSet::new();
    let mut references = BTreeSet::new();
    walk(document, &mut |value| {
        if let Some(place) = value["$ref"].as_str() {
            references.insert(place.to_owned());
        }
    });
    for place in &references {
        let found = document.pointer(&place[1..]);
        assert!(found.is_some(), "{place} leads nowhere");
    }
    for kind in ["schemas", "responses", "parameters", "headers"] {
        for (name, part) in document["components"][kind].as_object().expect("parts") {
            let place = format!("#/components/{kind}/{name}");
            assert!(references.contains(&place), "{place} is used nowhere");
            if kind == "schemas" {
                let says = part["description"].as_str().unwrap_or_default();
                assert!(says.len() > 10, "{name} says nothing");
                for (field, schema) in part["properties"].as_object().into_iter().flatten() {
                    let says = schema["description"].is_string() || schema["$ref"].is_string();
                    let either = schema["oneOf"].is_array()
                        || schema["anyOf"].is_array()
                        || schema["items"]["$ref"].is_string();
                    assert!(says || either, "{name}.{field} says nothing");
                }
            }
        }
    }
    for call in calls() {
        assert!(names.insert(call.id()), "{} stands twice", call.id());
        assert!(
            call.says["summary"]
                .as_str()
                .is_some_and(|title| !title.ends_with('.'))
        );
    }
}

fn walk(value: &Value, see: &mut impl FnMut(&Value)) {
    see(value);
    match value {
        Value::Array(all) => all.iter().for_each(|one| walk(one, see)),
        Value::Object(all) => all.values().for_each(|one| walk(one, see)),
        _ => {}
    }
}

#[test]
fn a_shape_is_held_in_both_directions() {
    let place = json!({"$ref": "#/components/schemas/ErrorPlace"});
    assert!(errors(&place, &json!({"pointer": "", "detail": "x"})).is_empty());
    assert!(!errors(&place, &json!({"detail": "x"})).is_empty());
    assert!(!errors(&place, &json!({"pointer": "", "detail": "x", "more": 1})).is_empty());
    assert!(!errors(&place, &json!({"pointer": null, "detail": "x"})).is_empty());
}
