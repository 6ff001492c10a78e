//! Lists and objects as senders really write them.
//!
//! [`Many`] takes one thing where a list belongs (PowerShell 5.1 unwraps lists of one); [`Object`] takes
//! objects and nothing else (a derived struct alone would also take a list of its fields in order).

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{
        Error, IgnoredAny, IntoDeserializer, MapAccess, SeqAccess, Visitor,
        value::{BorrowedStrDeserializer, MapAccessDeserializer},
    },
};

use super::raw::Name;

/// An object, or nothing for `null`; never a list.
#[derive(Debug)]
pub(super) struct Object<T>(pub(super) Option<T>);

impl<T> Default for Object<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Any<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Any<T> {
            type Value = Object<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(Object(None))
            }
            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Self::Value, M::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(|value| Object(Some(value)))
            }
        }
        input.deserialize_any(Any(PhantomData))
    }
}

/// A list, one thing instead of a list of one, or nothing for `null`; at most `LIMIT` elements.
#[derive(Debug)]
pub(super) struct Many<T, const LIMIT: usize> {
    /// `None`: `null` or missing.
    pub(super) items: Option<Vec<T>>,
    /// The sender wrote the one element without a list round it.
    pub(super) unwrapped: bool,
}

impl<T, const LIMIT: usize> Default for Many<T, LIMIT> {
    fn default() -> Self {
        Self {
            items: None,
            unwrapped: false,
        }
    }
}

impl<'de, T: Deserialize<'de>, const LIMIT: usize> Deserialize<'de> for Many<T, LIMIT> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Any<T, const LIMIT: usize>(PhantomData<T>);
        impl<T, const LIMIT: usize> Any<T, LIMIT> {
            fn one<E>(item: Result<T, E>) -> Result<Many<T, LIMIT>, E> {
                item.map(|item| Many {
                    items: Some(vec![item]),
                    unwrapped: true,
                })
            }
        }
        impl<'de, T: Deserialize<'de>, const LIMIT: usize> Visitor<'de> for Any<T, LIMIT> {
            type Value = Many<T, LIMIT>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(Many::default())
            }
            fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
                Self::one(T::deserialize(value.into_deserializer()))
            }
            fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
                Self::one(T::deserialize(value.into_deserializer()))
            }
            fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
                Self::one(T::deserialize(value.into_deserializer()))
            }
            fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
                Self::one(T::deserialize(value.into_deserializer()))
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Self::one(T::deserialize(BorrowedStrDeserializer::new(text)))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Self::one(T::deserialize(text.into_deserializer()))
            }
            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Self::Value, M::Error> {
                Self::one(T::deserialize(MapAccessDeserializer::new(map)))
            }
            fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<Self::Value, S::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    if items.len() == LIMIT {
                        return Err(S::Error::custom(format_args!(
                            "this list has more than {LIMIT} entries, the most that is taken"
                        )));
                    }
                    items.push(item);
                }
                Ok(Many {
                    items: Some(items),
                    unwrapped: false,
                })
            }
        }
        input.deserialize_any(Any(PhantomData))
    }
}

/// Names with values in the order sent, doubled names included; an empty list counts as no entries.
#[derive(Debug)]
pub(super) struct Pairs<'a, T, const LIMIT: usize>(pub(super) Option<Vec<(Cow<'a, str>, T)>>);

impl<T, const LIMIT: usize> Default for Pairs<'_, T, LIMIT> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>, const LIMIT: usize> Deserialize<'de>
    for Pairs<'a, T, LIMIT>
{
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Any<T, const LIMIT: usize>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>, const LIMIT: usize> Visitor<'de> for Any<T, LIMIT> {
            type Value = Pairs<'de, T, LIMIT>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of names and values")
            }
            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(Pairs(None))
            }
            fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<Self::Value, S::Error> {
                if seq.next_element::<IgnoredAny>()?.is_some() {
                    return Err(S::Error::custom(
                        "expected an object of names and values, found a list",
                    ));
                }
                Ok(Pairs(Some(Vec::new())))
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut entries = Vec::new();
                while let Some(Name(key)) = map.next_key()? {
                    if entries.len() == LIMIT {
                        return Err(M::Error::custom(format_args!(
                            "this object has more than {LIMIT} entries, the most that is taken"
                        )));
                    }
                    entries.push((key, map.next_value()?));
                }
                Ok(Pairs(Some(entries)))
            }
        }
        input.deserialize_any(Any(PhantomData))
    }
}
