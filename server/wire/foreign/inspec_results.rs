//! The results of an InSpec report, read one after another and kept only where they are evidence.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::{
    super::{
        document::{Data, Value},
        raw::{Name, Scalar},
        sentence,
        shapes::Object,
    },
    inspec_sentence::{Claim, claim, got},
};
use crate::domain::{facts::Key, time::Timestamp};

/// Most values of one key.
const MAX_VALUES: usize = 500;

/// Everything of use in a report.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) platform: Platform,
    pub(super) version: Option<String>,
    pub(super) keys: BTreeMap<Key, KeyFound>,
    /// The earliest start of a test that was used.
    pub(super) since: Option<Timestamp>,
    pub(super) results: u64,
    /// Crashed or skipped.
    pub(super) no_evidence: u64,
    pub(super) not_understood: u64,
}

/// What was seen of one key.
#[derive(Debug, Default)]
pub(super) struct KeyFound {
    /// A test saw it.
    pub(super) there: Option<()>,
    /// A test looked for it in vain.
    pub(super) gone: bool,
    /// By name, as the first test wrote it.
    pub(super) values: BTreeMap<String, Reading>,
}

/// What was seen of one value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reading {
    There(Value),
    Absent,
    Contradictory,
}

impl Reading {
    pub(super) const fn is_there(&self) -> bool {
        matches!(self, Self::There(_))
    }
}

/// What the report says of the machine.
#[derive(Debug, Default)]
pub(super) struct Platform {
    pub(super) name: Option<String>,
    pub(super) release: Option<String>,
    pub(super) arch: Option<String>,
    pub(super) target: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawPlatform<'a> {
    #[serde(borrow)]
    name: Scalar<'a>,
    #[serde(borrow)]
    release: Scalar<'a>,
    #[serde(borrow)]
    arch: Scalar<'a>,
    #[serde(borrow)]
    target: Scalar<'a>,
    #[serde(borrow)]
    target_id: Scalar<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawResult<'a> {
    #[serde(borrow)]
    status: Scalar<'a>,
    #[serde(borrow)]
    code_desc: Scalar<'a>,
    #[serde(borrow)]
    message: Scalar<'a>,
    #[serde(borrow)]
    exception: Scalar<'a>,
    #[serde(borrow)]
    start_time: Scalar<'a>,
}

/// Reads a report. An error is what is wrong with the JSON.
pub(super) fn walk(json: &str) -> Result<Found, String> {
    let mut found = Found::default();
    let mut input = serde_json::Deserializer::from_str(json);
    let read = Part::Report.of(&mut found).deserialize(&mut input);
    read.and_then(|()| input.end())
        .map_err(|error| sentence::json(&error))?;
    Ok(found)
}

/// How far down a report has been gone into.
#[derive(Clone, Copy)]
enum Part {
    Report,
    Profile,
    Control,
    Result,
}

struct At<'f> {
    part: Part,
    found: &'f mut Found,
}

impl Part {
    const fn of(self, found: &mut Found) -> At<'_> {
        At { part: self, found }
    }

    /// The part whose list stands under this name.
    fn under(self, name: &str) -> Option<Self> {
        match (self, name) {
            (Self::Report, "profiles") => Some(Self::Profile),
            // The reporter "json-min" lists results under this name, without profiles.
            (Self::Report | Self::Profile, "controls") => Some(Self::Control),
            (Self::Control, "results") => Some(Self::Result),
            _ => None,
        }
    }
}

impl<'de> DeserializeSeed<'de> for At<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<(), D::Error> {
        input.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for At<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a part of an InSpec report")
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<(), S::Error> {
        while seq.next_element_seed(self.part.of(self.found))?.is_some() {}
        Ok(())
    }
    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        let mut result = RawResult::default();
        let mut is_result = matches!(self.part, Part::Result);
        while let Some(Name(name)) = map.next_key()? {
            if let Some(part) = self.part.under(&name) {
                map.next_value_seed(part.of(self.found))?;
                continue;
            }
            match (self.part, &*name) {
                (Part::Report, "platform") => {
                    let Object(platform) = map.next_value::<Object<RawPlatform<'de>>>()?;
                    self.found.platform = Platform::of(&platform.unwrap_or_default());
                }
                (Part::Report, "version") => {
                    let version: Scalar<'de> = map.next_value()?;
                    self.found.version = version.text().and_then(super::naming::plain);
                }
                (Part::Control | Part::Result, "status") => result.status = map.next_value()?,
                (Part::Control | Part::Result, "code_desc") => {
                    is_result = true;
                    result.code_desc = map.next_value()?;
                }
                (Part::Control | Part::Result, "message") => result.message = map.next_value()?,
                (Part::Control | Part::Result, "exception") => {
                    result.exception = map.next_value()?;
                }
                (Part::Control | Part::Result, "start_time") => {
                    result.start_time = map.next_value()?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        if is_result {
            self.found.result(&result);
        }
        Ok(())
    }
}

impl Platform {
    fn of(raw: &RawPlatform<'_>) -> Self {
        let text = |value: &Scalar<'_>| {
            value
                .text()
                .map(str::trim)
                .filter(|text| !text.is_empty())
                .map(|text| text.chars().take(256).collect::<String>())
        };
        Self {
            name: text(&raw.name),
            release: text(&raw.release),
            arch: text(&raw.arch),
            target: text(&raw.target).or_else(|| text(&raw.target_id)),
        }
    }
}

impl Found {
    fn result(&mut self, raw: &RawResult<'_>) {
        self.results += 1;
        let status = raw.status.text().unwrap_or_default();
        let crashed = !raw.exception.is_blank();
        if crashed || !matches!(status, "passed" | "failed") {
            self.no_evidence += 1;
            return;
        }
        let Some((key, claim)) = raw.code_desc.text().and_then(claim) else {
            return;
        };
        if self.evidence(key, claim, status == "passed", raw.message.text()) {
            let at = raw
                .start_time
                .text()
                .and_then(|at| Timestamp::parse(at).ok());
            self.since = match (self.since, at) {
                (Some(known), Some(at)) => Some(known.min(at)),
                (known, at) => known.or(at),
            };
        } else {
            self.not_understood += 1;
        }
    }

    /// Takes what a result proves; says whether it proves anything.
    fn evidence(&mut self, key: Key, claim: Claim, passed: bool, message: Option<&str>) -> bool {
        let number = |number: u32| Reading::There(Value::Bare(Data::Number(u64::from(number))));
        match claim {
            Claim::KeyExists { not } => {
                let known = self.keys.entry(key).or_default();
                if passed == not {
                    known.gone = true;
                } else {
                    known.there = Some(());
                }
                true
            }
            Claim::ValueExists { name, not } => {
                // That a value is there does not say what it is.
                if passed != not {
                    return false;
                }
                self.put(key, name, Reading::Absent)
            }
            Claim::ValueIs {
                name,
                wanted,
                typed,
                not,
            } => {
                let seen = match (passed, not, wanted) {
                    (true, false, Some(wanted)) if typed => Reading::There(Value::Typed {
                        r#type: "REG_DWORD",
                        data: Data::Number(u64::from(wanted)),
                    }),
                    (true, false, Some(wanted)) => number(wanted),
                    _ => match message.and_then(got) {
                        Some(Some(got)) if !passed => number(got),
                        Some(None) if !passed => Reading::Absent,
                        _ => return false,
                    },
                };
                self.put(key, name, seen)
            }
            Claim::ValueIsNil { name, not } => {
                let seen = match message.and_then(got) {
                    _ if passed != not => Reading::Absent,
                    Some(Some(got)) if !passed => number(got),
                    _ => return false,
                };
                self.put(key, name, seen)
            }
            Claim::Other => false,
        }
    }

    fn put(&mut self, key: Key, name: String, seen: Reading) -> bool {
        let known = self.keys.entry(key).or_default();
        let full = known.values.len() == MAX_VALUES;
        let told = known
            .values
            .iter_mut()
            .find(|(told, _)| told.eq_ignore_ascii_case(&name));
        match told {
            Some((_, before)) if same(before, &seen) => {}
            Some((_, before)) => *before = Reading::Contradictory,
            None if full => return false,
            None => {
                known.values.insert(name, seen);
            }
        }
        true
    }
}

/// Whether two readings agree; one with a type says no other number than one without.
fn same(one: &Reading, other: &Reading) -> bool {
    let number = |reading: &Reading| match reading {
        Reading::There(
            Value::Bare(Data::Number(number))
            | Value::Typed {
                data: Data::Number(number),
                ..
            },
        ) => Some(*number),
        _ => None,
    };
    match (number(one), number(other)) {
        (Some(one), Some(other)) => one == other,
        _ => one == other && *one != Reading::Contradictory,
    }
}
