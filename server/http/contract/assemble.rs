//! The document, put together from the table of calls.

use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, schema::Schema};

use super::{
    super::{auth, media},
    call::{Call, Content, Tag, Who},
    codes,
    examples::{self, example},
    failures::{common, headers, name_of, problem, problems, rate_limit},
    params::{self, Param, Takes},
    said, schemas,
};

/// What the document says before the calls.
const ABOUT: &str = include_str!("../../../static/contract/about.md");

/// The whole document.
pub(super) fn document(calls: &[Call]) -> Value {
    let mut paths = Map::new();
    for call in calls {
        let path = paths.entry(call.path).or_insert_with(|| json!({}));
        path[call.method] = operation(call);
    }
    json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://spec.openapis.org/oas/3.1/dialect/base",
        "info": {
            "title": "cutover",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Which Configuration Manager clients block switching TLS 1.0/1.1 off, why, and what fixes them.",
            "description": ABOUT,
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "The server that this document comes from."}],
        "tags": Tag::ALL.map(|tag| json!({"name": tag.name(), "description": tag.says()})),
        "paths": paths,
        "components": {
            "schemas": all_schemas(calls),
            "responses": problems(),
            "headers": headers(),
            "parameters": {"IfNoneMatch": {
                "name": "If-None-Match",
                "in": "header",
                "description": "The `ETag` of an earlier answer. While that still holds, the answer is 304 without a body.",
                "required": false,
                "schema": {"type": "string"},
                "example": "W/\"0123456789abcdef01234567\"",
            }},
            "securitySchemes": security_schemes(),
        },
    })
}

fn operation(call: &Call) -> Value {
    let mut operation = json!({
        "operationId": call.id,
        "tags": [call.tag.name()],
        "summary": call.title,
        "security": security(call.who),
        "responses": responses(call),
    });
    if !call.says.is_empty() {
        operation["description"] = json!(call.says);
    }
    let path = call
        .path_params
        .iter()
        .map(|param| parameter(param, "path"));
    let query = call.params.iter().map(|param| parameter(param, "query"));
    let mut parameters: Vec<Value> = path.chain(query).collect();
    if call.polled {
        parameters.push(json!({"$ref": "#/components/parameters/IfNoneMatch"}));
    }
    if !parameters.is_empty() {
        operation["parameters"] = json!(parameters);
    }
    if let Some(body) = &call.body {
        let request = format!("{}.request", call.id);
        operation["requestBody"] = json!({
            "description": body.says,
            "required": true,
            "content": contents(&request, &body.contents),
        });
    }
    operation
}

fn security(who: Who) -> Vec<Value> {
    who.schemes()
        .iter()
        .map(|name| json!({*name: []}))
        .collect()
}

fn security_schemes() -> Value {
    let token = |purpose: &str, may: &str| {
        json!({
            "type": "http",
            "scheme": "bearer",
            "description": format!("A token for `{purpose}`: {may} Make one with `cutover token create --purpose {purpose}`."),
        })
    };
    json!({
        "readToken": token("read", "it reads, and changes nothing."),
        "ingestToken": token("ingest", "it sends reports, and reads nothing. It may be on every client."),
        "importToken": token("import", "it brings files and reports that its holder vouches for."),
        "populationToken": token("population", "it replaces expected lists."),
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": auth::SECURE_COOKIE,
            "description": "A person who has signed in with a browser. What changes something is taken from pages of this server only.",
        },
    })
}

fn parameter(param: &Param, place: &str) -> Value {
    let (schema, several) = schema_of(param);
    let needed = place == "path" || matches!(param.takes, Takes::NeededList);
    let mut parameter = json!({
        "name": param.name,
        "in": place,
        "description": param.says,
        "required": needed,
        "schema": schema,
    });
    if place == "query" && !needed {
        // As good as none.
        parameter["allowEmptyValue"] = json!(true);
    }
    if several {
        // Several with commas between, as people write them.
        parameter["style"] = json!("form");
        parameter["explode"] = json!(false);
    }
    if let Some(value) = example_of(param, several) {
        parameter["example"] = value;
    }
    parameter
}

fn example_of(param: &Param, several: bool) -> Option<Value> {
    match param.name {
        "id" if param.says.contains("client") => return Some(json!(examples::CLIENT)),
        "id" => return Some(json!(examples::UPLOAD)),
        "entry" => return Some(json!(examples::ENTRY)),
        _ if param.example.is_empty() => return None,
        _ => {}
    }
    if several {
        return Some(param.example.split(',').collect());
    }
    Some(match param.takes {
        Takes::Number(..) => param
            .example
            .parse::<i64>()
            .map_or(Value::Null, Value::from),
        _ => json!(param.example),
    })
}

/// What a list may be called.
const LIST_NAME: &str = "^[\\p{L}\\p{N}._-][\\p{L}\\p{N} ._-]{0,63}$";

/// Words without control characters.
fn plain() -> Value {
    json!({"type": "string", "maxLength": 1_000, "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"})
}

/// The schema of a parameter, and whether it takes several values.
fn schema_of(param: &Param) -> (Value, bool) {
    let codes = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let schema = match param.takes {
        Takes::One(name, "") => codes(name),
        Takes::One(name, usual) => {
            let mut schema = codes(name);
            schema["default"] = json!(usual);
            schema
        }
        Takes::Several(name) => {
            return (
                json!({"type": "array", "items": codes(name), "minItems": 1}),
                true,
            );
        }
        Takes::Text => json!({"type": "string", "pattern": "^[^\\u0000]*$"}),
        Takes::NeededList => json!({"type": "string", "pattern": LIST_NAME}),
        Takes::ListOr(usual) => json!({"type": "string", "pattern": LIST_NAME, "default": usual}),
        Takes::Plain => plain(),
        Takes::PlainOr(usual) => {
            let mut schema = plain();
            schema["default"] = json!(usual);
            schema
        }
        Takes::Flag => {
            json!({"type": "string", "enum": ["1", "0", "true", "false"], "default": "0"})
        }
        Takes::Number(least, most, usual) => {
            let mut schema = json!({"type": "integer", "minimum": least, "maximum": most});
            if let Some(usual) = usual {
                schema["default"] = json!(usual);
            }
            schema
        }
        Takes::Day => json!({"type": "string", "format": "date"}),
        Takes::Moment => json!({"type": "string", "format": "date-time"}),
        Takes::Id => json!({"type": "string", "format": "uuid"}),
        Takes::Entry => json!({"type": "string", "pattern": "^[0-9a-f]{48}$"}),
    };
    (schema, false)
}

fn contents(name: &str, contents: &[Content]) -> Value {
    let mut all = Map::new();
    for content in contents {
        let media = content.media();
        let schema = match content {
            Content::Json(shape) => {
                json!({"$ref": format!("#/components/schemas/{}", (shape.name)())})
            }
            Content::Named(_, schema) => json!({"$ref": format!("#/components/schemas/{schema}")}),
            Content::Text(_, says) => json!({"type": "string", "description": says}),
            Content::Bytes(media, says) => json!({"contentMediaType": media, "description": says}),
        };
        let mut entry = json!({"schema": schema});
        if let Some(example) = example(name, media) {
            entry["example"] = example;
        }
        all.insert(media.to_owned(), entry);
    }
    Value::Object(all)
}

fn responses(call: &Call) -> Value {
    let (status, says) = call.answer;
    let mut headers = json!({"X-Request-Id": {"$ref": "#/components/headers/RequestId"}});
    if call.who != Who::Anyone {
        rate_limit(&mut headers);
    }
    let streams = call
        .contents
        .iter()
        .any(|content| content.media() == media::NDJSON);
    if call.polled && streams {
        headers["ETag"] = json!({
            "description": "As with other answers; a whole list as a table has none.",
            "schema": {"type": "string"},
        });
    } else if call.polled {
        headers["ETag"] = json!({"$ref": "#/components/headers/ETag"});
    }
    if let Some((name, says)) = call.header {
        headers[name] =
            json!({"description": says, "required": true, "schema": {"type": "string"}});
    }
    let mut all = Map::new();
    all.insert(
        status.to_string(),
        json!({
            "description": says,
            "headers": headers,
            "content": contents(call.id, &call.contents),
        }),
    );
    if call.polled {
        all.insert(
            "304".to_owned(),
            json!({
                "description": "What the caller has still holds at the time of the header `Date`.",
                "headers": {"ETag": {"$ref": "#/components/headers/ETag"}},
            }),
        );
    }
    for status in common(call) {
        if let Some(name) = name_of(status) {
            let usual = json!({"$ref": format!("#/components/responses/{name}")});
            all.insert(status.to_string(), usual);
        }
    }
    for (status, says) in &call.errors {
        let mut special = problem(*status);
        special["description"] = json!(says);
        all.insert(status.to_string(), special);
    }
    Value::Object(all)
}

/// Every schema that is used, by name.
fn all_schemas(calls: &[Call]) -> Value {
    let mut found: Vec<(String, RefOr<Schema>)> = codes::all();
    let shapes = calls.iter().flat_map(|call| &call.contents);
    for content in shapes {
        if let Content::Json(shape) = content {
            (shape.collect)(&mut found);
        }
    }
    let problem = super::call::Shape::of::<said::Problem>();
    (problem.collect)(&mut found);
    let mut all = Map::new();
    for (name, schema) in found {
        let schema = serde_json::to_value(schema).unwrap_or(Value::Null);
        all.insert(name, schemas::made_plain(schema));
    }
    all.extend(schemas::by_hand());
    // What may be said in the address may also be said in the form.
    for param in params::FILES.iter().chain([&params::UPLOAD_WAY]) {
        let (mut field, _) = schema_of(param);
        field["description"] = json!(param.says);
        all["UploadForm"]["properties"][param.name] = field;
    }
    Value::Object(all)
}
