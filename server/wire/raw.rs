//! Single JSON values as senders really write them: borrowed, of any shape, strict about doubled keys.
//!
//! [`Scalar`] takes any JSON value in place of a number, a text or a time, so that a wrong one becomes an
//! error with its pointer instead of the end of reading.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor, value::SeqAccessDeserializer},
};

/// Most elements of a list inside a single value that are kept; a longer one is marked as cut.
const MAX_ITEMS: usize = 4_096;

/// One value of any shape, with texts borrowed from the record.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Scalar<'a> {
    /// `null`, or the key is missing.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Whole(i64),
    /// A whole number above the range of [`Scalar::Whole`].
    Large(u64),
    /// A number with a fraction or an exponent.
    Fraction(f64),
    /// A text.
    Text(Cow<'a, str>),
    /// A list; `cut` when something of it is missing here.
    List { items: Vec<Self>, cut: bool },
    /// An object, of which only the keys that any reader asks for are kept.
    Object(Vec<(Facet, Self)>),
}

/// The keys of objects that stand where a plain value is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Facet {
    /// `value`: a PowerShell date with added members.
    Value,
    /// `Name`: a cipher suite, a product.
    Name,
    /// `DisplayName`: a product.
    DisplayName,
    /// `Version`: a product.
    Version,
    /// `DisplayVersion`: a product.
    DisplayVersion,
    /// `HotFixID`: an update.
    HotFixId,
}

impl Facet {
    fn named(key: &str) -> Option<Self> {
        [
            ("value", Self::Value),
            ("name", Self::Name),
            ("displayname", Self::DisplayName),
            ("version", Self::Version),
            ("displayversion", Self::DisplayVersion),
            ("hotfixid", Self::HotFixId),
        ]
        .into_iter()
        .find_map(|(known, facet)| known.eq_ignore_ascii_case(key).then_some(facet))
    }
}

impl Scalar<'_> {
    /// The value under one key of an object.
    pub(super) fn facet(&self, wanted: Facet) -> Option<&Self> {
        match self {
            Self::Object(entries) => entries
                .iter()
                .find_map(|(facet, value)| (*facet == wanted).then_some(value)),
            _ => None,
        }
    }

    /// The text, when it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it says nothing: `null`, missing, or empty text.
    pub(super) fn is_blank(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) => text.trim().is_empty(),
            _ => false,
        }
    }
}

/// For messages and for values that cannot be used: the value as it came, shortened.
impl fmt::Display for Scalar<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 64;
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Whole(value) => write!(f, "{value}"),
            Self::Large(value) => write!(f, "{value}"),
            Self::Fraction(value) => write!(f, "{value:?}"),
            Self::Text(text) => match text.char_indices().nth(SHOWN) {
                Some((end, _)) => write!(f, "{}…", &text[..end]),
                None => f.write_str(text),
            },
            Self::List { items, cut } => {
                f.write_str("[")?;
                for (index, item) in items.iter().take(SHOWN).enumerate() {
                    write!(f, "{}{item}", if index == 0 { "" } else { "," })?;
                }
                f.write_str(if *cut || items.len() > SHOWN {
                    ",…]"
                } else {
                    "]"
                })
            }
            Self::Object(_) => f.write_str("{…}"),
        }
    }
}

macro_rules! plain_values {
    ($wrap:expr) => {
        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok($wrap(Scalar::Null))
        }
        fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
            Ok($wrap(Scalar::Bool(value)))
        }
        fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
            Ok($wrap(Scalar::Whole(value)))
        }
        fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
            Ok($wrap(match i64::try_from(value) {
                Ok(value) => Scalar::Whole(value),
                Err(_) => Scalar::Large(value),
            }))
        }
        fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
            Ok($wrap(Scalar::Fraction(value)))
        }
        fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
            Ok($wrap(Scalar::Text(Cow::Borrowed(text))))
        }
        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            Ok($wrap(Scalar::Text(Cow::Owned(text.to_owned()))))
        }
    };
}

fn any_value(f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("a value")
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Scalar<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                any_value(f)
            }
            plain_values!(|value| value);
            fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<Self::Value, S::Error> {
                let mut items = Vec::new();
                let mut cut = false;
                while let Some(Flat(item)) = seq.next_element()? {
                    if items.len() < MAX_ITEMS {
                        items.push(item);
                    } else {
                        cut = true;
                    }
                }
                Ok(Scalar::List { items, cut })
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut entries = Vec::new();
                while let Some(Name(key)) = map.next_key()? {
                    match Facet::named(&key) {
                        None => {
                            map.next_value::<IgnoredAny>()?;
                        }
                        Some(facet) if entries.iter().any(|(known, _)| *known == facet) => {
                            return Err(twice(&key));
                        }
                        Some(facet) => entries.push((facet, map.next_value()?)),
                    }
                }
                Ok(Scalar::Object(entries))
            }
        }
        input.deserialize_any(Any)
    }
}

/// An element of a list inside a value: nothing nested is kept, so that memory stays in proportion.
struct Flat<'a>(Scalar<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Flat<'a> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Flat<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                any_value(f)
            }
            plain_values!(Flat);
            fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<Self::Value, S::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Flat(Scalar::List {
                    items: Vec::new(),
                    cut: true,
                }))
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Flat(Scalar::Object(Vec::new())))
            }
        }
        input.deserialize_any(Any)
    }
}

/// A registry value as sent: bare, or with its type beside it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum RawRegValue<'a> {
    /// Only data: the source has no types.
    Bare(Scalar<'a>),
    /// `{"type": …, "data": …}`; `None` where the key is missing.
    Typed {
        kind: Option<Scalar<'a>>,
        data: Option<Scalar<'a>>,
    },
}

impl<'de: 'a, 'a> Deserialize<'de> for RawRegValue<'a> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = RawRegValue<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a registry value")
            }
            plain_values!(RawRegValue::Bare);
            fn visit_seq<S: SeqAccess<'de>>(self, seq: S) -> Result<Self::Value, S::Error> {
                Scalar::deserialize(SeqAccessDeserializer::new(seq)).map(RawRegValue::Bare)
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let (mut kind, mut data) = (None, None);
                while let Some(Name(key)) = map.next_key()? {
                    let slot = if key.eq_ignore_ascii_case("type") {
                        &mut kind
                    } else if key.eq_ignore_ascii_case("data") {
                        &mut data
                    } else {
                        map.next_value::<IgnoredAny>()?;
                        continue;
                    };
                    if slot.replace(map.next_value()?).is_some() {
                        return Err(twice(&key));
                    }
                }
                Ok(RawRegValue::Typed { kind, data })
            }
        }
        input.deserialize_any(Any)
    }
}

fn twice<E: Error>(key: &str) -> E {
    E::custom(format_args!("duplicate field `{key}`"))
}

/// The name of an entry, borrowed where the JSON has no escapes in it.
pub(super) struct Name<'a>(pub(super) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Name<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(text)))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }
        }
        input.deserialize_str(Any)
    }
}
