//! Reads the document of the API into what its page shows.

use serde_json::Value;

use super::{
    api::{CallRow, Code, Form, Group, Kind, Row, SchemaRow, Status, prose},
    json,
};

/// Longer examples are cut on the page; the document has all of it.
const SHOWN: usize = 2_400;

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// With a capital letter in front.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}

/// Reads the document.
pub(super) struct Reader<'d> {
    /// The document.
    pub document: &'d Value,
    /// How people reach this server.
    pub address: &'d str,
}

impl<'d> Reader<'d> {
    /// What a reference leads to, or the value itself.
    fn at(&self, value: &'d Value) -> &'d Value {
        let place = value["$ref"]
            .as_str()
            .and_then(|place| place.strip_prefix('#'));
        place
            .and_then(|place| self.document.pointer(place))
            .unwrap_or(value)
    }

    /// Its calls, by what they are for.
    pub(super) fn groups(&self) -> Vec<Group> {
        let mut groups: Vec<Group> = list(&self.document["tags"])
            .iter()
            .map(|tag| Group {
                id: text(&tag["name"]).replace(' ', "-"),
                name: text(&tag["name"]).to_owned(),
                title: capital(text(&tag["name"])),
                says: prose(text(&tag["description"])),
                calls: Vec::new(),
            })
            .collect();
        let paths = self.document["paths"].as_object();
        for (path, methods) in paths.into_iter().flatten() {
            for (method, call) in methods.as_object().into_iter().flatten() {
                let tag = text(&call["tags"][0]);
                if let Some(group) = groups.iter_mut().find(|group| group.name == tag) {
                    group.calls.push(self.call(method, path, call));
                }
            }
        }
        groups
    }

    fn call(&self, method: &str, path: &str, call: &'d Value) -> CallRow {
        let (mut answer, mut forms, mut others) = (None, Vec::new(), Vec::new());
        for (code, response) in call["responses"].as_object().into_iter().flatten() {
            let response = self.at(response);
            let status = Status {
                code: code.clone(),
                says: prose(text(&response["description"])),
            };
            if code.starts_with('2') {
                forms = Self::forms(&response["content"]);
                answer = Some(status);
            } else {
                others.push(status);
            }
        }
        CallRow {
            id: text(&call["operationId"]).to_owned(),
            method: method.to_uppercase(),
            path: path.to_owned(),
            title: text(&call["summary"]).to_owned(),
            says: prose(text(&call["description"])),
            who: Self::who(call),
            params: list(&call["parameters"])
                .iter()
                .map(|param| Self::param(self.at(param)))
                .collect(),
            body_says: prose(text(&call["requestBody"]["description"])),
            bodies: Self::forms(&call["requestBody"]["content"]),
            answer: answer.unwrap_or(Status {
                code: String::new(),
                says: Vec::new(),
            }),
            forms,
            others,
            command: self.command(method, path, call),
        }
    }

    fn who(call: &Value) -> String {
        let purposes: Vec<&str> = list(&call["security"])
            .iter()
            .filter_map(|scheme| scheme.as_object()?.keys().next())
            .filter_map(|name| name.strip_suffix("Token"))
            .collect();
        if purposes.is_empty() {
            return "Anybody, without a token.".to_owned();
        }
        format!(
            "A token for {}, or a person who has signed in.",
            purposes.join(" or ")
        )
    }

    fn param(param: &Value) -> Row {
        let schema = &param["schema"];
        let place = match text(&param["in"]) {
            "path" => " (in the path)",
            "header" => " (a header)",
            _ => "",
        };
        let usual = match &schema["default"] {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        Row {
            name: format!("{}{place}", text(&param["name"])),
            kind: kind_of(schema, param["explode"] == false),
            says: prose(text(&param["description"])),
            needed: param["required"] == true,
            usual,
        }
    }

    fn forms(content: &Value) -> Vec<Form> {
        let forms = content.as_object().into_iter().flatten();
        forms
            .map(|(media, form)| {
                let example = match &form["example"] {
                    Value::Null => String::new(),
                    Value::String(text) => text.clone(),
                    other => format!("{other:#}"),
                };
                let (shown, cut) = json::cut(&example, SHOWN);
                Form {
                    media: media.clone(),
                    kind: kind_of(&form["schema"], false),
                    says: prose(text(&form["schema"]["description"])),
                    example: shown.to_owned(),
                    cut,
                }
            })
            .collect()
    }

    /// Its schemas, by name.
    pub(super) fn schemas(&self) -> Vec<SchemaRow> {
        let all = self.document["components"]["schemas"].as_object();
        all.into_iter()
            .flatten()
            .map(|(name, schema)| {
                // What is put together of another schema and more.
                let parts = list(&schema["allOf"]).iter().map(|part| self.at(part));
                let parts: Vec<&Value> = [schema].into_iter().chain(parts).collect();
                SchemaRow {
                    name: name.clone(),
                    says: prose(text(&schema["description"])),
                    fields: parts.iter().flat_map(|part| self.fields(part)).collect(),
                    codes: codes(schema),
                }
            })
            .collect()
    }

    fn fields(&self, schema: &'d Value) -> Vec<Row> {
        let required = list(&schema["required"]);
        let fields = schema["properties"].as_object().into_iter().flatten();
        fields
            .map(|(name, field)| {
                let either = list(&field["oneOf"]).iter().chain(list(&field["anyOf"]));
                let mut places = [field].into_iter().chain(either).chain([self.at(field)]);
                let says = places.find_map(|place| place["description"].as_str());
                Row {
                    name: name.clone(),
                    kind: kind_of(field, false),
                    says: prose(says.unwrap_or_default()),
                    needed: required.iter().any(|known| known == name),
                    usual: String::new(),
                }
            })
            .collect()
    }

    /// A command that does the call on this server.
    fn command(&self, method: &str, path: &str, call: &'d Value) -> String {
        let mut words = vec!["curl --fail-with-body --cacert cert.pem".to_owned()];
        if !list(&call["security"]).is_empty() {
            words.push("-H \"Authorization: Bearer $TOKEN\"".to_owned());
        }
        if method != "get" {
            words.push(format!("-X {}", method.to_uppercase()));
        }
        let media = call["requestBody"]["content"].as_object();
        let media = media.and_then(|all| all.keys().find(|media| !media.starts_with("multipart")));
        if let Some(media) = media {
            words.push(format!("-H \"Content-Type: {media}\" --data-binary @FILE"));
        }
        let mut path = path.to_owned();
        let mut query = String::new();
        for param in list(&call["parameters"]) {
            let param = self.at(param);
            let name = text(&param["name"]);
            let example = match &param["example"] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            if param["in"] == "path" {
                path = path.replace(&format!("{{{name}}}"), &example);
            } else if param["in"] == "query"
                && (param["required"] == true || ["limit", "os", "days"].contains(&name))
            {
                let join = if query.is_empty() { '?' } else { '&' };
                query.push_str(&format!("{join}{name}={example}"));
            }
        }
        words.push(format!("\"{}{path}{query}\"", self.address));
        words.join(" ")
    }
}

/// What a schema is in words. `commas`: several stand in one text.
fn kind_of(schema: &Value, commas: bool) -> Kind {
    if let Some(name) = schema["$ref"]
        .as_str()
        .and_then(|place| place.rsplit('/').next())
    {
        return Kind {
            schema: name.to_owned(),
            ..Kind::default()
        };
    }
    let either = ["oneOf", "anyOf"]
        .into_iter()
        .flat_map(|word| list(&schema[word]));
    if let Some(one) = either.clone().find(|one| one["type"] != "null") {
        let mut kind = kind_of(one, commas);
        if either.into_iter().any(|one| one["type"] == "null") {
            kind.behind.push_str(", or null");
        }
        return kind;
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.iter().map(text).collect(),
        other => vec![text(other)],
    };
    let mut kind = Kind::default();
    match types.first().copied().unwrap_or_default() {
        "array" => {
            kind = kind_of(&schema["items"], false);
            let several = if commas {
                "several, with commas between: "
            } else {
                "list of "
            };
            kind.words.insert_str(0, several);
        }
        "integer" | "number" => {
            kind.words = match (&schema["minimum"], &schema["maximum"]) {
                (Value::Number(least), Value::Number(most)) => {
                    format!("number from {least} to {most}")
                }
                _ => "number".to_owned(),
            };
        }
        "boolean" => "true or false".clone_into(&mut kind.words),
        "object" => "object".clone_into(&mut kind.words),
        _ => {
            let word = match text(&schema["format"]) {
                "date-time" => "time",
                "date" => "day",
                "uuid" => "UUID",
                _ if schema["enum"].is_array() => "",
                _ => "text",
            };
            kind.words.push_str(word);
            let codes: Vec<&str> = list(&schema["enum"]).iter().map(text).collect();
            kind.words.push_str(&codes.join(", "));
        }
    }
    if types.contains(&"null") {
        kind.behind.push_str(", or null");
    }
    kind
}

fn codes(schema: &Value) -> Vec<Code> {
    let words = &schema["x-enumDescriptions"];
    let codes = list(&schema["enum"]).iter().filter_map(Value::as_str);
    codes
        .map(|code| Code {
            code: code.to_owned(),
            says: prose(text(&words[code])),
        })
        .collect()
}
