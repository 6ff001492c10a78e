//! What a form of a page sends, read in one way: which fields it has is said where it is read, and one that has another is
//! refused. A field that is passed over today may mean something tomorrow, and whoever sent it believes that it was heard.

use std::collections::HashSet;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{StatusCode, header},
};
use serde::{
    Deserializer,
    de::{DeserializeOwned, IntoDeserializer, MapAccess, Visitor, value},
    forward_to_deserialize_any,
};

use super::query::form_pairs;
use crate::error::Problem;

/// Letters of a name that is refused that are said again.
const SAID: usize = 40;

/// Names and values, in the order of the form.
pub type Pairs = Vec<(String, String)>;

/// A field that a form has.
#[derive(Clone, Copy, Debug)]
pub enum Field {
    /// It is there once.
    Once(&'static str),
    /// It is there once for each box that is ticked.
    Often(&'static str),
    /// Several, each with this before its number: `key-` is `key-0`, `key-1` and so on.
    Numbered(&'static str),
}

impl Field {
    fn is(self, name: &str) -> bool {
        match self {
            Self::Once(known) | Self::Often(known) => name == known,
            Self::Numbered(start) => name.strip_prefix(start).is_some_and(|number| {
                let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
                // Two ways to write one number would be one field twice.
                digits && (number == "0" || !number.starts_with('0'))
            }),
        }
    }
}

/// Says that a form has no such field; also of one that is sent in parts.
pub(super) fn unknown(name: &str) -> Problem {
    wrong(
        name,
        "this form has no such field, so nothing was done; open the page anew and send its form as it stands",
    )
}

fn missing(name: &str) -> Problem {
    wrong(
        name,
        "is missing, so nothing was done; open the page anew and send its whole form",
    )
}

fn twice(name: &str) -> Problem {
    wrong(name, "is given twice; give it once")
}

fn wrong(name: &str, detail: &str) -> Problem {
    let said: String = name.chars().take(SAID).collect();
    Problem::invalid(&format!("/{said}"), detail)
}

/// What was sent, of which nobody has said yet what it may be.
#[derive(Clone, Debug)]
pub struct Sent(Pairs);

impl Sent {
    /// The fields of a form that has these.
    ///
    /// # Errors
    /// 422: it has another one, or one twice.
    pub fn only(self, has: &[Field]) -> Result<Pairs, Problem> {
        let mut seen = HashSet::new();
        for (name, _) in &self.0 {
            let Some(field) = has.iter().find(|field| field.is(name)) else {
                return Err(unknown(name));
            };
            if !matches!(field, Field::Often(_)) && !seen.insert(name) {
                return Err(twice(name));
            }
        }
        Ok(self.0)
    }
}

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let is_form = kind
            .and_then(|kind| kind.to_str().ok())
            .and_then(|kind| kind.split(';').next())
            .is_some_and(|kind| {
                kind.trim()
                    .eq_ignore_ascii_case("application/x-www-form-urlencoded")
            });
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|broken| {
                if broken.status() == StatusCode::PAYLOAD_TOO_LARGE {
                    Problem::TooLarge(
                        "This is more than the form takes, so nothing was done; send less."
                            .to_owned(),
                    )
                } else {
                    Problem::Malformed(
                        "The form broke off before its end; send it again.".to_owned(),
                    )
                }
            })?;
        // A button alone sends nothing, and programs do not say of nothing what it is.
        if !is_form && !body.is_empty() {
            return Err(Problem::Malformed(
                "This is no form; send it as its page does, as application/x-www-form-urlencoded."
                    .to_owned(),
            ));
        }
        Ok(Self(form_pairs(&String::from_utf8_lossy(&body))))
    }
}

/// A form that has the fields of this struct. It is read after it was asked who is there; a handler that looks for something
/// first takes a `Result` of it.
#[derive(Clone, Copy, Debug)]
pub struct Form<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let sent = Sent::from_request(request, state).await?;
        T::deserialize(Pieces(sent.0))
            .map(Self)
            .map_err(|Wrong(problem)| problem)
    }
}

/// A form without fields: a button alone.
#[derive(Clone, Copy, Debug)]
pub struct Button;

impl<S: Send + Sync> FromRequest<S> for Button {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let sent = Sent::from_request(request, state).await?;
        sent.only(&[]).map(|_| Self)
    }
}

/// What is wrong with a form, where it is read into a struct.
#[derive(Debug)]
struct Wrong(Problem);

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.detail())
    }
}

impl std::error::Error for Wrong {}

impl serde::de::Error for Wrong {
    fn custom<T: std::fmt::Display>(why: T) -> Self {
        // Fields are texts, and what they say is judged by whoever asked for them.
        tracing::error!(%why, "a form is read into something that is not made of texts");
        Self(Problem::Internal)
    }

    fn missing_field(field: &'static str) -> Self {
        Self(missing(field))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self(twice(field))
    }
}

/// What was sent, to be read into a struct. That says itself which fields it has, so none is read without looking for others.
struct Pieces(Pairs);

impl<'de> Deserializer<'de> for Pieces {
    type Error = Wrong;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        let other = self
            .0
            .iter()
            .find(|(name, _)| !fields.contains(&name.as_str()));
        if let Some((name, _)) = other {
            return Err(Wrong(unknown(name)));
        }
        visitor.visit_map(Fields {
            rest: self.0.into_iter(),
            value: String::new(),
        })
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Wrong> {
        Err(serde::de::Error::custom("a form needs a struct"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct seq
        tuple tuple_struct map enum identifier ignored_any
    }
}

struct Fields {
    rest: std::vec::IntoIter<(String, String)>,
    value: String,
}

impl<'de> MapAccess<'de> for Fields {
    type Error = Wrong;

    fn next_key_seed<K: serde::de::DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Wrong> {
        let Some((name, value)) = self.rest.next() else {
            return Ok(None);
        };
        self.value = value;
        let name: value::StringDeserializer<Wrong> = name.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: serde::de::DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, Wrong> {
        seed.deserialize(Value(std::mem::take(&mut self.value)))
    }
}

/// A field's text; that it is there is enough for one that need not be.
struct Value(String);

impl<'de> Deserializer<'de> for Value {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_string(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Closed {
        why: String,
        #[serde(default)]
        sites: String,
        confirm: Option<String>,
    }

    fn refused(text: &str) -> String {
        let Wrong(problem) = Closed::deserialize(Pieces(form_pairs(text))).expect_err(text);
        assert_eq!(problem.status(), StatusCode::UNPROCESSABLE_ENTITY);
        problem.detail()
    }

    #[test]
    fn a_struct_takes_its_fields_and_no_other() {
        let form = Closed::deserialize(Pieces(form_pairs("why=given+up&confirm=")));
        let wanted = Closed {
            why: "given up".to_owned(),
            sites: String::new(),
            confirm: Some(String::new()),
        };
        assert_eq!(form.expect("a form"), wanted);
        assert_eq!(
            refused("why=x&role=administrator"),
            "/role: this form has no such field, so nothing was done; open the page anew and send its form as it stands"
        );
        assert_eq!(refused("why=x&why=y"), "/why: is given twice; give it once");
        assert_eq!(
            refused("confirm=1"),
            "/why: is missing, so nothing was done; open the page anew and send its whole form"
        );
        assert!(refused("=x").starts_with("/: this form has no such field"));
        // Nobody gets a page of what was sent.
        assert!(refused(&"x".repeat(10_000)).len() < 200);
    }

    #[test]
    fn pairs_are_those_that_the_form_has() {
        let has = [
            Field::Once("why"),
            Field::Often("id"),
            Field::Numbered("key-"),
        ];
        for (text, wrong) in [
            ("", None),
            ("id=1&id=2&why=x", None),
            ("key-0=a&key-12=b", None),
            ("why=x&why=x", Some("/why: is given twice")),
            ("key-1=a&key-1=b", Some("/key-1: is given twice")),
            ("key-=a", Some("/key-: this form has no such field")),
            ("key=a", Some("/key: this form has no such field")),
            ("key-00=a", Some("/key-00: this form has no such field")),
            ("key-0x=a", Some("/key-0x: this form has no such field")),
            ("key--1=a", Some("/key--1: this form has no such field")),
            ("why=x&WHY=x", Some("/WHY: this form has no such field")),
            (
                "id=1&made_by=me",
                Some("/made_by: this form has no such field"),
            ),
        ] {
            let found = Sent(form_pairs(text)).only(&has);
            let said = found.as_ref().err().map(Problem::detail);
            match (wrong, said) {
                (None, None) => assert_eq!(found.expect("pairs"), form_pairs(text)),
                (Some(wrong), Some(said)) => assert!(said.starts_with(wrong), "{text}: {said}"),
                (wrong, said) => panic!("{text}: {wrong:?}, {said:?}"),
            }
        }
    }
}
