//! What each column of a table means: guessed from the headings, changed by people, kept under a name.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::{
    headings::{Guess, guess},
    local_time::Dates,
    meaning::Meaning,
    table::MAX_COLUMNS,
};

/// What each column means.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// In the order of the table.
    pub columns: Vec<Assigned>,
    /// Somebody vouches that each registry column was read from the view that its meaning names: native ones as a
    /// 64-bit program sees them. A table cannot say that itself, and without it native values of 64-bit Windows decide
    /// nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub explicit_views: bool,
    /// In what order somebody says that dates are written; `None`: as far as the table shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dates: Option<Dates>,
}

/// One column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assigned {
    /// As written in the table.
    pub heading: String,
    /// What it means.
    pub meaning: Meaning,
    /// Why it is not read, where that is not plain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Mapping {
    /// What the headings probably mean. No meaning is given twice: where two columns could have it, neither is read,
    /// except that of several ids of a device, and of several times of reading, the better known heading is taken. The
    /// others say so in their notes. Times of reading that are known as well are all read.
    pub fn guess<H: AsRef<str>>(headings: impl IntoIterator<Item = H>) -> Self {
        let mut columns = Vec::new();
        let mut ranks = Vec::new();
        for heading in headings.into_iter().take(MAX_COLUMNS) {
            let heading = heading.as_ref().trim().to_owned();
            let (meaning, rank, note) = match guess(&heading) {
                Guess::Meaning(meaning, rank) => (meaning, rank, None),
                Guess::Unclear(note) => (Meaning::Ignored, 0, Some(note)),
                Guess::Nothing => (Meaning::Ignored, 0, None),
            };
            columns.push(Assigned {
                heading,
                meaning,
                note,
            });
            ranks.push(rank);
        }
        let mut mapping = Self {
            columns,
            ..Self::default()
        };
        mapping.drop_what_lacks_company();
        mapping.tell_apart(&ranks);
        mapping
    }

    /// Headings that mean something only beside others.
    fn drop_what_lacks_company(&mut self) {
        let has = |meaning: &Meaning| self.columns.iter().any(|column| column.meaning == *meaning);
        let long = has(&Meaning::LongProperty) && has(&Meaning::LongValue);
        let updates = has(&Meaning::Updates);
        let system = !updates
            && [
                Meaning::OsCaption,
                Meaning::OsBuild,
                Meaning::OsProductType,
                Meaning::OsDiscovered,
                Meaning::OsArchitecture,
            ]
            .iter()
            .any(has);
        let versioned = has(&Meaning::OsVersion);
        let output = has(&Meaning::ScriptOutput);
        for column in &mut self.columns {
            let plain = column.heading.trim_end_matches('0').to_lowercase();
            let reads = !matches!(column.meaning, Meaning::Ignored | Meaning::ScriptOutput);
            let note = if output && reads && !column.meaning.is_identity() {
                "The output of the script is a whole report, so nothing else of the row is read."
            } else if column.meaning.is_long() && !long {
                "This means something only beside a column for the name and one for the content of a registry value."
            } else if column.meaning == Meaning::OsVersion && plain == "version" && !system {
                "This table does not say of what this is the version. Choose the meaning yourself if it is that of Windows."
            } else if column.meaning == Meaning::OsCaption && plain == "caption" && updates {
                "In a list of updates this is no name of Windows."
            } else if column.meaning == Meaning::OsBuild && !versioned {
                "A build alone is no version; add a column such as Version0 (10.0.19045)."
            } else {
                continue;
            };
            column.meaning = Meaning::Ignored;
            column.note = Some(note.to_owned());
        }
    }

    /// Leaves each meaning at most one column.
    fn tell_apart(&mut self, ranks: &[u8]) {
        let mut groups: HashMap<Meaning, Vec<usize>> = HashMap::new();
        for (index, column) in self.columns.iter().enumerate() {
            if column.meaning != Meaning::Ignored {
                let group = groups.entry(column.meaning.clone()).or_default();
                group.push(index);
            }
        }
        let rank = |index: usize| ranks.get(index).copied().unwrap_or(u8::MAX);
        let heading = |columns: &[Assigned], index: usize| {
            columns.get(index).map(|column| column.heading.clone())
        };
        for (meaning, group) in groups.into_iter().filter(|(_, group)| group.len() > 1) {
            let best = group.iter().map(|index| rank(*index)).min();
            let mut leading = group.iter().filter(|index| Some(rank(**index)) == best);
            let winner = match (leading.next(), leading.next()) {
                // Of each row the oldest of several times counts.
                (Some(winner), _) if meaning == Meaning::CollectedAt => Some(*winner),
                (Some(winner), None) if meaning.is_identity() => Some(*winner),
                _ => None,
            };
            let stays = |index: usize| {
                Some(index) == winner
                    || (meaning == Meaning::CollectedAt && Some(rank(index)) == best)
            };
            let names: Vec<String> = group
                .iter()
                .filter_map(|index| heading(&self.columns, *index))
                .map(|name| format!("`{name}`"))
                .collect();
            for index in group.iter().filter(|index| !stays(**index)) {
                let note = match winner.and_then(|winner| heading(&self.columns, winner)) {
                    Some(winner) => format!("`{winner}` is read for this instead."),
                    None => format!(
                        "{} could each be \"{}\", so none of them is read. Choose one.",
                        names.join(" and "),
                        meaning.title()
                    ),
                };
                if let Some(column) = self.columns.get_mut(*index) {
                    column.meaning = Meaning::Ignored;
                    column.note = Some(note);
                }
            }
        }
    }

    /// Whether the combination makes sense.
    ///
    /// # Errors
    /// Everything that is wrong with it, as sentences.
    pub fn check(&self) -> Result<(), Vec<String>> {
        let mut wrong = Vec::new();
        let has = |meaning: &Meaning| self.has(meaning);
        let any = |test: &dyn Fn(&Meaning) -> bool| {
            self.columns.iter().any(|column| test(&column.meaning))
        };
        if self.columns.len() > MAX_COLUMNS {
            wrong.push(format!(
                "There are more than {MAX_COLUMNS} columns, the most that is taken."
            ));
        }
        let names = [
            Meaning::Name,
            Meaning::Fqdn,
            Meaning::SmsGuid,
            Meaning::ResourceId,
        ];
        if !names.iter().any(has) {
            wrong.push(
                "No column says which device a row is about. Give one of them the meaning device name, fully qualified name, Configuration Manager GUID or resource id."
                    .to_owned(),
            );
        }
        if !any(&|meaning| !meaning.is_identity() && *meaning != Meaning::Ignored) {
            wrong.push(
                "No column says anything about a device beside its name. Give at least one column such a meaning."
                    .to_owned(),
            );
        }
        let long = any(&Meaning::is_long);
        if long && !(has(&Meaning::LongProperty) && has(&Meaning::LongValue)) {
            wrong.push(
                "A table with one registry value a row needs a column for the name of the value and one for its content."
                    .to_owned(),
            );
        }
        if long && any(&|meaning| matches!(meaning, Meaning::Registry { .. })) {
            wrong.push(
                "A table has either one registry value a row or one column for each value, not both."
                    .to_owned(),
            );
        }
        let output = has(&Meaning::ScriptOutput);
        if output
            && any(&|meaning| {
                !meaning.is_identity()
                    && !matches!(meaning, Meaning::Ignored | Meaning::ScriptOutput)
            })
        {
            wrong.push(
                "The output of a script is a whole report, so nothing else of the row is read. Set the other columns to \"Not read\"."
                    .to_owned(),
            );
        }
        if has(&Meaning::OsBuild) && !has(&Meaning::OsVersion) {
            wrong.push(
                "A Windows build without a version says too little; give a column the meaning Windows version, or do not read the build."
                    .to_owned(),
            );
        }
        self.check_each(&mut wrong);
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    fn check_each(&self, wrong: &mut Vec<String>) {
        // Names of registry values compare without case, and so do headings.
        let mut meanings: HashMap<String, &str> = HashMap::new();
        let mut headings: HashSet<String> = HashSet::new();
        for column in &self.columns {
            let Assigned {
                heading, meaning, ..
            } = column;
            if *meaning == Meaning::Ignored {
                continue;
            }
            if !headings.insert(heading.trim().to_lowercase()) && *meaning != Meaning::CollectedAt {
                wrong.push(format!(
                    "Two columns are called `{heading}`. Name them apart, or read neither."
                ));
            }
            // Several columns may say when facts were read; the oldest time counts.
            if *meaning == Meaning::CollectedAt {
                continue;
            }
            if let Some(first) = meanings.insert(meaning.code().to_lowercase(), heading) {
                wrong.push(format!(
                    "`{first}` and `{heading}` both mean \"{}\". Only one column can.",
                    meaning.title()
                ));
            }
            if meaning.code().parse().as_ref() != Ok(meaning) {
                wrong.push(format!(
                    "The meaning of `{heading}` (\"{}\") cannot be read: a registry value needs a key under HKLM, without `!` in it, and the name of a value.",
                    meaning.title()
                ));
            }
        }
    }

    /// Whether a column has this meaning.
    pub fn has(&self, meaning: &Meaning) -> bool {
        self.columns.iter().any(|column| column.meaning == *meaning)
    }
}
