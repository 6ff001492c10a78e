//! The forms of pages, as a browser would send them; and as they stand in the templates, with `*` where a value comes.

use std::{fs, path::Path};

use super::app::encoded;

/// A form that is posted.
#[derive(Clone, Debug, Default)]
pub struct Form {
    id: String,
    posted: bool,
    pub action: String,
    /// It is sent in parts, because there is a file in it.
    pub in_parts: bool,
    /// Its fields with what stands in them, boxes that are not ticked, too.
    pub fields: Vec<(String, String)>,
    pub buttons: Vec<Button>,
}

/// A button that sends a form.
#[derive(Clone, Debug)]
pub struct Button {
    pub words: String,
    /// To another address than its form says.
    pub action: Option<String>,
    /// What it says itself.
    pub field: Option<(String, String)>,
}

impl Form {
    /// Each way to send it: the address, and the names and values.
    pub fn ways(&self) -> Vec<(String, Vec<(String, String)>)> {
        let ways = self.buttons.iter().map(|button| {
            let action = button.action.as_ref().unwrap_or(&self.action);
            let fields = self.fields.iter().chain(&button.field);
            (action.clone(), fields.cloned().collect())
        });
        ways.collect()
    }

    /// Whether it was made from this one of a template.
    pub fn is_of(&self, template: &Self) -> bool {
        let known = |(name, _): &(String, String)| {
            let mut names = template.fields.iter();
            names.any(|(pattern, _)| fits(pattern, name))
        };
        let says = |words: &str| {
            let mut buttons = template.buttons.iter();
            buttons.any(|button| words.starts_with(&button.words))
        };
        // An address that is a value alone says nothing of which form it is.
        let told = template.action != "*" || template.fields.is_empty() || !self.fields.is_empty();
        self.in_parts == template.in_parts
            && fits(&template.action, &self.action)
            && told
            && self.fields.iter().all(known)
            && self.buttons.iter().all(|button| says(&button.words))
    }
}

/// Names and values as they are sent.
pub fn body(fields: &[(String, String)]) -> String {
    let pairs = fields
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// Whether a text is like a pattern, in which `*` is whatever.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        match text.split_once(part) {
            Some((_, behind)) => text = behind,
            None => return false,
        }
    }
    text.ends_with(last)
}

/// A tag with what stands behind it: its name, its attributes, the text.
struct Tag<'t> {
    name: &'t str,
    attributes: Vec<(String, String)>,
    text: &'t str,
}

impl Tag<'_> {
    fn get(&self, name: &str) -> Option<String> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone())
    }
}

fn tags(html: &str) -> impl Iterator<Item = Tag<'_>> {
    html.split('<').skip(1).filter_map(|piece| {
        let (tag, text) = piece.split_once('>')?;
        let (name, rest) = tag
            .split_once(char::is_whitespace)
            .unwrap_or((tag.trim_end_matches('/'), ""));
        Some(Tag {
            name,
            attributes: attributes(rest),
            text,
        })
    })
}

fn attributes(mut rest: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start();
        let end = rest.find(|c: char| c == '=' || c.is_whitespace());
        let end = end.unwrap_or(rest.len());
        let (name, behind) = rest.split_at(end);
        if name.is_empty() {
            return found;
        }
        let quoted = behind
            .strip_prefix("=\"")
            .and_then(|text| text.split_once('"'));
        let (value, behind) = quoted.unwrap_or(("", behind.trim_start_matches('=')));
        found.push((name.to_owned(), decoded(value)));
        rest = behind;
    }
}

/// A text without the escapes of HTML.
fn decoded(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("&#") {
        out.push_str(before);
        let code = behind.split_once(';');
        let letter = code.and_then(|(code, _)| char::from_u32(code.parse().ok()?));
        let (letter, behind) = letter
            .zip(code)
            .map_or(('&', behind), |(letter, (_, behind))| (letter, behind));
        out.push(letter);
        rest = behind;
    }
    out.push_str(rest);
    out.replace("&amp;", "&")
}

/// Where the links of a page lead.
pub fn links(html: &str) -> Vec<String> {
    tags(html)
        .filter(|tag| tag.name == "a")
        .filter_map(|tag| tag.get("href"))
        .collect()
}

/// A field or a button, and the id of its form where it names one.
enum Control {
    Field(String, Option<String>),
    Button(Button),
}

/// The forms of a page that are posted.
pub fn posted(html: &str) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::new();
    // With the id of a form, or its place.
    let mut controls: Vec<(Result<usize, String>, Control)> = Vec::new();
    let mut open = None;
    for tag in tags(html) {
        match tag.name {
            "form" => {
                open = Some(forms.len());
                forms.push(Form {
                    id: tag.get("id").unwrap_or_default(),
                    posted: tag.get("method").as_deref() == Some("post"),
                    action: tag.get("action").unwrap_or_default(),
                    in_parts: tag.get("enctype").as_deref() == Some("multipart/form-data"),
                    ..Form::default()
                });
            }
            "/form" => open = None,
            "option" => {
                let given = tag.get("value").unwrap_or_else(|| decoded(tag.text.trim()));
                if let Some((_, Control::Field(_, value))) = controls.last_mut()
                    && (value.is_none() || tag.get("selected").is_some())
                {
                    *value = Some(given);
                }
            }
            "input" | "select" | "textarea" | "button" => {
                let owner = tag.get("form").map(Err).or(open.map(Ok));
                let Some(owner) = owner else {
                    continue;
                };
                if let Some(control) = control(&tag) {
                    controls.push((owner, control));
                }
            }
            _ => {}
        }
    }
    for (owner, control) in controls {
        let form = match owner {
            Ok(at) => forms.get_mut(at),
            Err(id) => forms.iter_mut().find(|form| form.id == id),
        };
        let form = form.expect("a form of this id");
        match control {
            Control::Field(name, value) => form.fields.push((name, value.unwrap_or_default())),
            Control::Button(button) => form.buttons.push(button),
        }
    }
    forms.retain(|form| form.posted);
    forms
}

fn control(tag: &Tag<'_>) -> Option<Control> {
    let kind = tag.get("type").unwrap_or_default();
    let name = tag.get("name");
    let value = tag.get("value");
    match tag.name {
        "button" if kind == "button" => None,
        "button" => Some(Control::Button(Button {
            words: decoded(tag.text.split('*').next().unwrap_or_default()),
            action: tag.get("formaction"),
            field: name.map(|name| (name, value.unwrap_or_default())),
        })),
        "select" => Some(Control::Field(name?, None)),
        "textarea" => Some(Control::Field(name?, Some(decoded(tag.text)))),
        _ => {
            let usual = if matches!(kind.as_str(), "checkbox" | "radio") {
                "on"
            } else {
                ""
            };
            let value = value.unwrap_or_else(|| usual.to_owned());
            Some(Control::Field(name?, Some(value)))
        }
    }
}

/// Every form that is posted in the templates, with the file that it stands in.
pub fn of_templates() -> Vec<(String, Form)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let (mut found, mut folders) = (Vec::new(), vec![folder.clone()]);
    while let Some(part) = folders.pop() {
        for entry in fs::read_dir(&part).expect("the templates") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let file = path.file_name().expect("a name").to_string_lossy();
            let text = fs::read_to_string(&path).expect("readable");
            let said = text.matches("method=\"post\"").count();
            let forms = posted(&plain(&folder, &text));
            assert_eq!(forms.len(), said, "forms of {file}");
            found.extend(forms.into_iter().map(|form| (file.to_string(), form)));
        }
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found
}

/// A template with the parts that it takes in, `*` for each value, and without conditions.
fn plain(folder: &Path, text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        out.push_str(before);
        let (end, value) = match behind.chars().next() {
            Some('{') => ("}}", true),
            Some('%') => ("%}", false),
            Some('#') => ("#}", false),
            _ => {
                out.push('{');
                rest = behind;
                continue;
            }
        };
        let (inside, behind) = behind.split_once(end).expect("its end");
        if value {
            out.push('*');
        } else if let Some((_, part)) = inside.split_once("include \"") {
            let part = part.split('"').next().expect("a name");
            let part = fs::read_to_string(folder.join(part)).expect("a part");
            // A form in a part is counted where the part is.
            if !part.contains("<form") {
                out.push_str(&plain(folder, &part));
            }
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}
