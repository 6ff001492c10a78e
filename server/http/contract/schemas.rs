//! Schemas: those of answers made plain, and those of what is sent, which stand in files.

use serde_json::{Map, Value, json};

/// What is sent: reports and lists.
const SENT: &str = include_str!("../../../static/contract/sent.json");

/// Says what the server promises beyond what a type says: a field that may be null is always there.
pub(super) fn made_plain(mut schema: Value) -> Value {
    walk(&mut schema);
    schema
}

fn walk(schema: &mut Value) {
    match schema {
        Value::Array(all) => all.iter_mut().for_each(walk),
        Value::Object(object) => {
            object.values_mut().for_each(walk);
            // A name that nobody needs, and a number's size that JSON does not know.
            if object.get("format").is_some_and(is_a_size) {
                object.remove("format");
            }
            require_what_may_be_null(object);
        }
        _ => {}
    }
}

fn is_a_size(format: &Value) -> bool {
    matches!(format.as_str(), Some("int32" | "int64" | "double"))
}

fn require_what_may_be_null(object: &mut Map<String, Value>) {
    let Some(Value::Object(properties)) = object.get("properties") else {
        return;
    };
    let nullable: Vec<String> = properties
        .iter()
        .filter(|(_, schema)| may_be_null(schema))
        .map(|(name, _)| name.clone())
        .collect();
    if nullable.is_empty() {
        return;
    }
    let required = object.entry("required").or_insert_with(|| json!([]));
    let mut names: Vec<String> = serde_json::from_value(required.take()).unwrap_or_default();
    names.extend(nullable);
    names.sort();
    names.dedup();
    *required = json!(names);
}

fn may_be_null(schema: &Value) -> bool {
    let null = json!("null");
    let of_type = &schema["type"];
    let listed = of_type
        .as_array()
        .is_some_and(|types| types.contains(&null));
    let one_of = schema["oneOf"].as_array();
    listed || one_of.is_some_and(|all| all.iter().any(|one| one["type"] == null))
}

/// The schemas that stand in files, and those of what has none of its own.
pub(super) fn by_hand() -> Map<String, Value> {
    let mut all = match serde_json::from_str(SENT) {
        Ok(Value::Object(all)) => all,
        // The tests read the document, so this is never met outside of them.
        _ => Map::new(),
    };
    all.insert(
        "OpenApi".to_owned(),
        json!({
            "type": "object",
            "description": "A document of OpenAPI 3.1.",
            "required": ["openapi", "info", "paths"],
            "properties": {
                "openapi": {"type": "string", "description": "Version of OpenAPI."},
                "info": {"type": "object", "description": "What the API is."},
                "paths": {"type": "object", "description": "The calls by path."},
            },
        }),
    );
    all.insert(
        "ReportAsItCame".to_owned(),
        json!({
            "type": "object",
            "description": "A report as its sender wrote it, or as the server wrote it for a row of a file: see `Report`.",
        }),
    );
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_may_be_null_is_always_there() {
        let schema = json!({"properties": {
            "a": {"type": ["string", "null"]},
            "b": {"oneOf": [{"type": "null"}, {"$ref": "#/x"}]},
            "c": {"type": "string"},
        }, "required": ["c"]});
        assert_eq!(made_plain(schema)["required"], json!(["a", "b", "c"]));
    }
}
