//! What is told of a document that breaks another, and what is let pass.

use serde_json::{Value, json};

use super::breaking::breaks;

const GET: &str = "/paths/~1things/get";
const SCHEMAS: &str = "/components/schemas";

fn document() -> Value {
    json!({"paths": {"/things": {"get": {
        "operationId": "listThings",
        "security": [{"readToken": []}],
        "parameters": [
            {"name": "size", "in": "query", "required": false, "schema": {"type": "integer", "maximum": 10, "default": 5}},
            {"name": "kind", "in": "query", "schema": {"$ref": "#/components/schemas/Kind"}},
        ],
        "responses": {"200": {
            "headers": {"ETag": {}},
            "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/Things"}},
                "text/csv": {"schema": {"type": "string"}},
            },
        }},
    }, "post": {
        "operationId": "addThing",
        "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NewThing"}}}},
        "responses": {"200": {"content": {}}},
    }}},
    "components": {"schemas": {
        "Kind": {"type": "string", "enum": ["a", "b"]},
        "Things": {"type": "object", "required": ["items"], "properties": {
            "items": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}},
        }},
        "Thing": {"type": "object", "required": ["name"], "properties": {
            "name": {"type": "string"}, "size": {"type": ["integer", "null"]},
        }},
        "NewThing": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "size": {"type": "integer"}}},
    }}})
}

/// A place in the document, what stands there now, and what is told.
fn changes() -> Vec<(String, Value, &'static str)> {
    vec![
        (
            "/paths/~1things".to_owned(),
            json!({}),
            "GET /things is gone",
        ),
        (
            format!("{GET}/parameters/1"),
            json!({"name": "x", "in": "query"}),
            "GET /things no longer takes the parameter \"kind\"",
        ),
        (
            format!("{GET}/parameters/0/required"),
            json!(true),
            "parameter \"size\" of GET /things has to be there now",
        ),
        (
            format!("{GET}/parameters/0/schema/maximum"),
            json!(9),
            "parameter \"size\" of GET /things: maximum is 9 and was 10",
        ),
        (
            format!("{GET}/parameters/0/schema/default"),
            json!(6),
            "parameter \"size\" of GET /things has another default than 5",
        ),
        (
            format!("{GET}/security"),
            json!([{"session": []}]),
            "GET /things no longer takes {\"readToken\":[]}",
        ),
        (
            format!("{GET}/operationId"),
            json!("things"),
            "GET /things has another operationId than \"listThings\"",
        ),
        (
            format!("{GET}/responses"),
            json!({}),
            "GET /things no longer answers 200",
        ),
        (
            format!("{GET}/responses/200/headers"),
            json!({}),
            "answer 200 of GET /things has no ETag any more",
        ),
        (
            format!("{SCHEMAS}/Kind/enum"),
            json!(["a", "c"]),
            "Kind has no code \"b\" any more",
        ),
        (
            format!("{SCHEMAS}/Thing/properties"),
            json!({"name": {"type": "string"}}),
            "Thing has no field \"size\" any more",
        ),
        (
            format!("{SCHEMAS}/Thing/properties/name/type"),
            json!("integer"),
            "Thing.name is \"integer\" and was \"string\"",
        ),
        (
            format!("{SCHEMAS}/Thing/properties/name/type"),
            json!(["string", "null"]),
            "Thing.name is \"null\" or \"string\" and was \"string\"",
        ),
        (
            format!("{SCHEMAS}/Thing/required"),
            json!([]),
            "Thing: the field \"name\" was always there and may be missing now",
        ),
        (
            format!("{SCHEMAS}/NewThing/required"),
            json!(["name", "size"]),
            "NewThing: the field \"size\" has to be sent now",
        ),
    ]
}

#[test]
fn what_breaks_is_told_in_a_sentence() {
    let old = document();
    assert_eq!(breaks(&old, &old), Vec::<String>::new());
    for (place, value, said) in changes() {
        let mut new = document();
        *new.pointer_mut(&place).expect(&place) = value;
        let found = breaks(&old, &new);
        assert!(
            found.iter().any(|sentence| sentence == said),
            "{place}: {found:?}"
        );
    }
    let mut new = document();
    new.pointer_mut(&format!("{GET}/responses/200/content"))
        .expect("forms")
        .as_object_mut()
        .expect("forms")
        .remove("text/csv");
    assert_eq!(
        breaks(&old, &new),
        ["answer 200 of GET /things does not come as text/csv any more"]
    );
}

#[test]
fn what_may_change_is_let_pass() {
    let old = document();
    // What may change.
    let mut new = document();
    new["paths"]["/more"] = json!({"get": {}});
    let parameters = &mut new["paths"]["/things"]["get"]["parameters"];
    parameters
        .as_array_mut()
        .expect("a list")
        .push(json!({"name": "new", "in": "query"}));
    new["paths"]["/things"]["get"]["parameters"][0]["schema"]["maximum"] = json!(20);
    new["components"]["schemas"]["Kind"]["enum"] = json!(["a", "b", "c"]);
    new["components"]["schemas"]["Thing"]["properties"]["new"] = json!({"type": "string"});
    new["components"]["schemas"]["Thing"]["properties"]["size"]["type"] = json!("integer");
    new["components"]["schemas"]["NewThing"]["properties"]["new"] = json!({"type": "string"});
    assert_eq!(breaks(&old, &new), Vec::<String>::new());
}
