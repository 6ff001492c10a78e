//! How files are to be read, and what they say of themselves, in the words that are kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    domain::verdict::Standing,
    store::upload_model::Lack,
    wire::foreign::{
        any_file::{self, Options},
        format::Format,
        local_time::Dates,
        mapping::Mapping,
    },
};

/// How somebody wants files read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Chosen {
    /// Code of a format; `None`: recognised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// What the columns of tables mean; `None`: guessed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mapping: Option<Mapping>,
    /// Whom the files are about, where they do not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Which registry key was asked, where the files do not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Which query each file answers, by its name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub queries: BTreeMap<String, String>,
    /// Code of the order in which dates are written; `None`: as far as tables show it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dates: Option<String>,
    /// The files are answers of one run, so that what one of them lacks another may prove absent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub one_run: bool,
    /// Somebody vouches that 64-bit programs read the registry values, where the files do not say how they read them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub read_by_64_bit: bool,
    /// How many devices were asked, where the files do not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<u32>,
}

impl Chosen {
    /// What was kept. What can no longer be read is nothing in particular.
    pub fn of(text: &str) -> Self {
        read(text)
    }

    /// As the reader takes it.
    pub(super) fn options(&self) -> Options {
        Options {
            format: self.format.as_deref().and_then(Format::from_code),
            mapping: self.mapping.clone(),
            device: self.device.clone(),
            key: self.key.clone(),
            queries: self.queries.clone(),
            dates: self.dates.as_deref().and_then(Dates::from_code),
            one_run: self.one_run,
            read_by_64_bit: self.read_by_64_bit,
        }
    }
}

/// What a file says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Told {
    /// Its name.
    pub name: String,
    /// Code of its format; empty: it cannot be read.
    pub format: String,
    /// How its letters were read.
    pub encoding: String,
    /// Whole sentences.
    pub notes: Vec<String>,
    /// Devices that were asked.
    pub asked: Option<u64>,
    /// Devices that answered.
    pub answered: Option<u64>,
    /// What its columns mean, when it is a table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mapping: Option<Mapping>,
    /// Which query it answers, as far as that can be guessed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// Why it cannot be read as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

impl From<any_file::Told> for Told {
    fn from(told: any_file::Told) -> Self {
        Self {
            name: told.name,
            format: told.format.code().to_owned(),
            encoding: told.encoding,
            notes: told.notes,
            asked: told.asked,
            answered: told.answered,
            mapping: told.mapping,
            query: told.query,
            problem: None,
        }
    }
}

/// How many rows of an upload stand how by themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ByItself {
    /// By the code of the standing.
    pub standings: BTreeMap<String, i64>,
    /// Undetermined ones that lack a word on which registry view was read.
    pub lacking_view: i64,
}

impl ByItself {
    /// One more row.
    pub(super) fn count(&mut self, standing: Option<Standing>, lacks: Option<Lack>) {
        if let Some(standing) = standing {
            *self
                .standings
                .entry(standing.code().to_owned())
                .or_default() += 1;
        }
        self.lacking_view += i64::from(lacks == Some(Lack::View));
    }

    /// How many stand so.
    pub fn of(&self, standing: Standing) -> i64 {
        self.standings.get(standing.code()).copied().unwrap_or(0)
    }
}

/// How many rows of an upload stand how by themselves; of one whose rows were not judged, none.
pub fn by_itself_of(text: &str) -> ByItself {
    if text.is_empty() {
        return ByItself::default();
    }
    read(text)
}

/// What the files of an upload say of themselves.
pub fn told_of(text: &str) -> Vec<Told> {
    read(text)
}

/// Of how many devices the files were to speak, and of how many they do, as they say it themselves. Files of one run
/// repeat each other, and others need not be about the same devices, so nothing is added up: of several files that one
/// counts in which the most devices said nothing.
pub(super) fn completeness(told: &[Told]) -> Option<(i64, i64)> {
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    told.iter()
        .filter_map(|told| Some((number(told.asked?), number(told.answered?))))
        .max_by_key(|(asked, answered)| (asked.saturating_sub(*answered), *asked))
}

/// The names of an upload's files.
pub fn names_of(text: &str) -> Vec<String> {
    read(text)
}

fn read<T: DeserializeOwned + Default>(text: &str) -> T {
    serde_json::from_str(text).unwrap_or_else(|error| {
        tracing::warn!(%error, "what was kept of an upload can no longer be read");
        T::default()
    })
}

/// As it is kept.
pub(super) fn written<T: Serialize>(value: &T) -> String {
    // Nothing in here can fail to be written: no maps with keys that are no text.
    serde_json::to_string(value).unwrap_or_default()
}
