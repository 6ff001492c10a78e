//! What in a newer document breaks programs that were made for an older one.
//!
//! What may change within v1 stands in the document itself (`static/contract/about.md`). Everything else is told here in
//! a sentence.

use std::collections::BTreeSet;

use serde_json::Value;

/// Which way a schema travels.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Programs read it: nothing may go away.
    Answered,
    /// Programs send it: nothing may become needed, and nothing may be refused that was taken.
    Sent,
}

/// Everything in `new` that breaks what `old` promised.
pub fn breaks(old: &Value, new: &Value) -> Vec<String> {
    let mut found = Breaks {
        old,
        new,
        found: Vec::new(),
        seen: BTreeSet::new(),
    };
    for (path, methods) in fields(&old["paths"]) {
        for (method, call) in fields(methods) {
            let name = format!("{} {path}", method.to_uppercase());
            match new["paths"][path].get(method) {
                None => found.say(format!("{name} is gone")),
                Some(now) => found.call(&name, call, now),
            }
        }
    }
    found.found
}

struct Breaks<'d> {
    old: &'d Value,
    new: &'d Value,
    found: Vec<String>,
    /// Pairs of named schemas that were compared, because they may hold themselves.
    seen: BTreeSet<(String, String, bool)>,
}

fn fields(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn texts(value: &Value) -> BTreeSet<String> {
    let all = match value {
        Value::Array(all) => all.as_slice(),
        Value::Null => &[],
        one => std::slice::from_ref(one),
    };
    all.iter().map(ToString::to_string).collect()
}

fn at<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    let place = value["$ref"].as_str().map(|place| &place[1..]);
    place
        .and_then(|place| document.pointer(place))
        .unwrap_or(value)
}

impl<'d> Breaks<'d> {
    fn say(&mut self, sentence: String) {
        if !self.found.contains(&sentence) {
            self.found.push(sentence);
        }
    }

    fn call(&mut self, name: &str, old: &'d Value, new: &'d Value) {
        if old["operationId"] != new["operationId"] {
            self.say(format!(
                "{name} has another operationId than {}",
                old["operationId"]
            ));
        }
        for scheme in texts(&old["security"]).difference(&texts(&new["security"])) {
            self.say(format!("{name} no longer takes {scheme}"));
        }
        if texts(&old["security"]).is_empty() && !texts(&new["security"]).is_empty() {
            self.say(format!("{name} asks for a token now"));
        }
        self.params(name, old, new);
        let (before, now) = (&old["requestBody"], &new["requestBody"]);
        if before.is_null() && now["required"] == true {
            self.say(format!("{name} has to be sent with a body now"));
        }
        self.forms(
            &format!("the body of {name}"),
            &before["content"],
            &now["content"],
            Way::Sent,
        );
        for (status, response) in fields(&old["responses"]) {
            let response = at(self.old, response);
            match new["responses"].get(status) {
                None if status.starts_with('2') => {
                    self.say(format!("{name} no longer answers {status}"));
                }
                None => {}
                Some(now) => {
                    let now = at(self.new, now);
                    let place = format!("answer {status} of {name}");
                    for (header, _) in fields(&response["headers"]) {
                        if now["headers"].get(header).is_none() {
                            self.say(format!("{place} has no {header} any more"));
                        }
                    }
                    self.forms(&place, &response["content"], &now["content"], Way::Answered);
                }
            }
        }
    }

    fn params(&mut self, name: &str, old: &'d Value, new: &'d Value) {
        let list = |call: &'d Value, document: &'d Value| -> Vec<&'d Value> {
            let all = call["parameters"].as_array().map_or(&[][..], Vec::as_slice);
            all.iter().map(|param| at(document, param)).collect()
        };
        let (before, now) = (list(old, self.old), list(new, self.new));
        let same =
            |one: &Value, other: &Value| one["name"] == other["name"] && one["in"] == other["in"];
        for param in &before {
            let Some(other) = now.iter().find(|other| same(param, other)) else {
                self.say(format!(
                    "{name} no longer takes the parameter {}",
                    param["name"]
                ));
                continue;
            };
            let place = format!("parameter {} of {name}", param["name"]);
            if param["required"] != true && other["required"] == true {
                self.say(format!("{place} has to be there now"));
            }
            if param["schema"]["default"] != other["schema"]["default"] {
                self.say(format!(
                    "{place} has another default than {}",
                    param["schema"]["default"]
                ));
            }
            self.schema(&place, &param["schema"], &other["schema"], Way::Sent);
        }
        for param in now {
            if param["required"] == true && !before.iter().any(|other| same(param, other)) {
                self.say(format!("{name} needs the new parameter {}", param["name"]));
            }
        }
    }

    fn forms(&mut self, place: &str, old: &'d Value, new: &'d Value, way: Way) {
        for (media, form) in fields(old) {
            match new.get(media) {
                None => self.say(format!("{place} does not come as {media} any more")),
                Some(now) => self.schema(place, &form["schema"], &now["schema"], way),
            }
        }
    }

    fn schema(&mut self, place: &str, old: &'d Value, new: &'d Value, way: Way) {
        let named = |value: &Value| {
            value["$ref"]
                .as_str()
                .and_then(|r| r.rsplit('/').next())
                .map(str::to_owned)
        };
        let mut place = place.to_owned();
        if let (Some(before), Some(now)) = (named(old), named(new)) {
            if !self.seen.insert((before.clone(), now, way == Way::Sent)) {
                return;
            }
            place = before;
        }
        let (old, new) = (at(self.old, old), at(self.new, new));
        let (before, now) = (texts(&old["type"]), texts(&new["type"]));
        let fits = match way {
            // An answer may say less than it could, and what is sent may say more than it could.
            Way::Answered => now.is_subset(&before),
            Way::Sent => before.is_subset(&now),
        };
        if !(fits || before.is_empty() || now.is_empty()) {
            let list =
                |all: &BTreeSet<String>| all.iter().cloned().collect::<Vec<_>>().join(" or ");
            self.say(format!(
                "{place} is {} and was {}",
                list(&now),
                list(&before)
            ));
        }
        for code in texts(&old["enum"]).difference(&texts(&new["enum"])) {
            self.say(format!("{place} has no code {code} any more"));
        }
        if way == Way::Sent {
            self.narrower(&place, old, new);
        }
        let (before, now) = (texts(&old["required"]), texts(&new["required"]));
        match way {
            Way::Answered => {
                for name in before.difference(&now) {
                    self.say(format!(
                        "{place}: the field {name} was always there and may be missing now"
                    ));
                }
            }
            Way::Sent => {
                for name in now.difference(&before) {
                    self.say(format!("{place}: the field {name} has to be sent now"));
                }
            }
        }
        for (name, field) in fields(&old["properties"]) {
            match new["properties"].get(name) {
                None => self.say(format!("{place} has no field {name:?} any more")),
                Some(now) => self.schema(&format!("{place}.{name}"), field, now, way),
            }
        }
        if old.get("items").is_some() {
            self.schema(&format!("{place}[]"), &old["items"], &new["items"], way);
        }
        for word in ["allOf", "oneOf", "anyOf"] {
            let (Some(before), Some(now)) = (old[word].as_array(), new[word].as_array()) else {
                if old[word].is_array() {
                    self.say(format!("{place} is put together in another way"));
                }
                continue;
            };
            for (at, part) in before.iter().enumerate() {
                match now.get(at) {
                    None => self.say(format!("{place} has fewer forms")),
                    Some(other) => self.schema(&place, part, other, way),
                }
            }
        }
    }

    fn narrower(&mut self, place: &str, old: &Value, new: &Value) {
        let n = |value: &Value| value.as_f64();
        for word in ["maximum", "maxLength", "maxItems", "maxProperties"] {
            match (n(&old[word]), n(&new[word])) {
                (Some(before), Some(now)) if now < before => {
                    self.say(format!("{place}: {word} is {now} and was {before}"));
                }
                (None, Some(now)) => {
                    self.say(format!("{place}: {word} is {now} and was without limit"));
                }
                _ => {}
            }
        }
        for word in ["minimum", "minLength", "minItems"] {
            match (n(&old[word]), n(&new[word])) {
                (Some(before), Some(now)) if now > before => {
                    self.say(format!("{place}: {word} is {now} and was {before}"));
                }
                (None, Some(now)) if now > 0.0 => {
                    self.say(format!("{place}: {word} is {now} and was without limit"));
                }
                _ => {}
            }
        }
    }
}
