//! A form that was refused: what was typed into it stays there, and what is wrong stands at its field and on top.

use std::borrow::Borrow;

/// A form that was refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    form: &'static str,
    fields: Vec<(String, String)>,
    wrong: Vec<(String, String)>,
}

/// A form as a page shows it: as it was typed where it was refused, and else as it usually is.
#[derive(Clone, Debug)]
pub struct Typed<'r> {
    form: &'r str,
    refused: Option<&'r Refused>,
}

/// A line on top: what is wrong, and the field it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongLine {
    /// The field; `None`: it is about no field.
    pub href: Option<String>,
    /// What is wrong.
    pub text: String,
}

/// What a field is called in a message.
fn label(name: &str) -> String {
    let words = match name {
        "tls10" | "tls11" => "Protocols",
        "freshness_days" => "Days for which a report counts",
        "planned" => "Planned day",
        "about" => "Day that it is about",
        "kind" => "Kind",
        "note" => "What you write",
        "until" => "Last day",
        "control" => "Compensating control",
        "file" => "Log",
        "decided" => "Decision",
        "id" => "Ticks",
        _ => "",
    };
    if !words.is_empty() {
        return words.to_owned();
    }
    let plain = name.replace(['_', '-'], " ");
    let mut letters = plain.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

fn sentence((name, detail): &(String, String)) -> String {
    if name.is_empty() {
        return detail.clone();
    }
    format!("{}: {detail}", label(name))
}

impl Refused {
    /// A form of this name with what was typed; `wrong` are fields, an empty one for the whole, and what is wrong with each.
    pub const fn new(
        form: &'static str,
        fields: Vec<(String, String)>,
        wrong: Vec<(String, String)>,
    ) -> Self {
        Self {
            form,
            fields,
            wrong,
        }
    }

    /// What stands on top of the page.
    pub fn lines(&self) -> Vec<WrongLine> {
        self.wrong
            .iter()
            .map(|wrong| WrongLine {
                // What a page sends by itself is no field of it.
                href: (self.fields.iter().any(|(name, _)| *name == wrong.0)
                    || wrong.0 == "tls10"
                    || wrong.0 == "file")
                    .then(|| format!("#{}-{}", self.form, wrong.0)),
                text: sentence(wrong),
            })
            .collect()
    }
}

impl<'r> Typed<'r> {
    /// The form of this name, on a page that shows what was refused, if anything was.
    pub fn of(form: &'r str, refused: Option<&'r Refused>) -> Self {
        Self {
            form,
            refused: refused.filter(|refused| refused.form == form),
        }
    }

    /// Whether this form was refused.
    pub const fn is_refused(&self) -> bool {
        self.refused.is_some()
    }

    /// What stands in a field.
    pub fn value<'v>(&'v self, name: &str, usual: &'v str) -> &'v str {
        let Some(refused) = self.refused else {
            return usual;
        };
        let found = refused.fields.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// Whether a box is ticked, or this value chosen.
    pub fn has(&self, name: &str, value: &str, usual: impl Borrow<bool>) -> bool {
        self.refused.map_or(*usual.borrow(), |refused| {
            let mut fields = refused.fields.iter();
            fields.any(|(known, typed)| known == name && typed.trim() == value)
        })
    }

    /// The id of a field.
    pub fn id(&self, name: &str) -> String {
        format!("{}-{name}", self.form)
    }

    /// What is wrong with a field.
    pub fn wrong(&self, name: &str) -> Option<String> {
        let wrong = &self.refused?.wrong;
        wrong.iter().find(|(place, _)| place == name).map(sentence)
    }

    /// The ids of what describes a field: what is wrong with it, and its hint, which ends in `hint`, where it has one.
    pub fn described(&self, name: &str, hint: &str) -> String {
        let id = self.id(name);
        match (self.wrong(name).is_some(), !hint.is_empty()) {
            (true, true) => format!("{id}-wrong {id}-{hint}"),
            (true, false) => format!("{id}-wrong"),
            (false, true) => format!("{id}-{hint}"),
            (false, false) => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_stays_in_its_own_form_only() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let fields = vec![pair("name", "Site <P01>"), pair("tls10", "1")];
        let wrong = vec![pair("name", "is taken"), pair("seen_go", "is missing")];
        let refused = Refused::new("scope", fields, wrong);
        let typed = Typed::of("scope", Some(&refused));
        assert_eq!(typed.value("name", "usual"), "Site <P01>");
        assert_eq!(typed.value("planned", "usual"), "", "it was emptied");
        assert!(typed.has("tls10", "1", false) && !typed.has("tls11", "1", true));
        assert_eq!(typed.wrong("name").as_deref(), Some("Name: is taken"));
        assert_eq!(
            typed.described("name", "help"),
            "scope-name-wrong scope-name-help"
        );
        let other = Typed::of("limits", Some(&refused));
        assert_eq!(other.value("name", "usual"), "usual");
        assert!(other.has("x", "1", true) && other.wrong("name").is_none());
        let hrefs: Vec<_> = refused.lines().into_iter().map(|line| line.href).collect();
        assert_eq!(hrefs, [Some("#scope-name".to_owned()), None]);
    }
}
