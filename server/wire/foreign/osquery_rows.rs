//! Rows of osquery's tables and lines of its logs, as they are written: every value of a row is a text.

use serde::Deserialize;

use super::{
    super::{
        document::{Data, Value},
        fields::{MAX_TEXT, dword},
        key_paths::looks_misspelt,
        raw::Scalar,
        shapes::{Many, Object},
    },
    naming,
};
use crate::domain::facts::Key;

/// Most rows of one line of a log.
const MAX_ROWS: usize = 20_000;

/// A row of any table, with the columns that are read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Row<'a> {
    #[serde(borrow)]
    key: Scalar<'a>,
    #[serde(borrow)]
    name: Scalar<'a>,
    #[serde(borrow)]
    r#type: Scalar<'a>,
    #[serde(borrow)]
    data: Scalar<'a>,
    #[serde(borrow)]
    mtime: Scalar<'a>,
    #[serde(borrow)]
    hotfix_id: Scalar<'a>,
    #[serde(borrow)]
    csname: Scalar<'a>,
    #[serde(borrow)]
    version: Scalar<'a>,
    #[serde(borrow)]
    build: Scalar<'a>,
    #[serde(borrow)]
    platform: Scalar<'a>,
    #[serde(borrow)]
    arch: Scalar<'a>,
    #[serde(borrow)]
    hostname: Scalar<'a>,
    #[serde(borrow)]
    computer_name: Scalar<'a>,
    #[serde(borrow)]
    uuid: Scalar<'a>,
    #[serde(borrow)]
    hardware_serial: Scalar<'a>,
}

/// What a row says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fact {
    Registry {
        /// As written.
        key: String,
        name: String,
        /// `Err`: it is there, but what it holds cannot be said in a report.
        value: Result<Value, String>,
        /// The key's last write; a value has none of its own.
        written: Option<i64>,
    },
    /// A row of a key that no rule reads.
    OtherKey,
    Update {
        number: String,
        device: Option<String>,
    },
    System {
        caption: Option<String>,
        version: String,
        build: Option<String>,
        architecture: Option<String>,
        windows: bool,
    },
    Machine {
        name: Option<String>,
        uuid: Option<String>,
        serial: Option<String>,
    },
}

fn text<'s>(value: &'s Scalar<'_>) -> Option<&'s str> {
    value.text().map(str::trim).filter(|text| !text.is_empty())
}

impl Row<'_> {
    /// `None`: a row of a table that is not read.
    pub(super) fn fact(&self) -> Option<Fact> {
        if let Some(number) = text(&self.hotfix_id) {
            return Some(Fact::Update {
                number: number.chars().take(64).collect(),
                device: text(&self.csname).and_then(naming::device),
            });
        }
        if let (Some(key), Some(kind)) = (text(&self.key), text(&self.r#type)) {
            return Some(self.registry(key, kind));
        }
        if let (Some(version), Some(platform)) = (text(&self.version), text(&self.platform)) {
            return Some(Fact::System {
                caption: text(&self.name).and_then(naming::plain),
                version: version.chars().take(64).collect(),
                build: text(&self.build).map(|build| build.chars().take(64).collect()),
                architecture: text(&self.arch).and_then(naming::plain),
                windows: platform.eq_ignore_ascii_case("windows"),
            });
        }
        let name = text(&self.computer_name).or_else(|| text(&self.hostname));
        let more = [&self.uuid, &self.hardware_serial, &self.computer_name];
        (name.is_some() && more.iter().any(|value| !value.is_blank())).then(|| Fact::Machine {
            name: name.and_then(naming::device),
            uuid: text(&self.uuid).and_then(naming::plain),
            serial: text(&self.hardware_serial).and_then(naming::plain),
        })
    }

    fn registry(&self, key: &str, kind: &str) -> Fact {
        let known = Key::from_path(key).is_some() || looks_misspelt(key);
        let name = text(&self.name).and_then(naming::plain);
        let (true, Some(name)) = (known && !kind.eq_ignore_ascii_case("subkey"), name) else {
            return Fact::OtherKey;
        };
        // No report may hold a control character in a path. With a mark in its place the path stays a misspelt one.
        let key = key.replace(char::is_control, "\u{FFFD}");
        Fact::Registry {
            value: value(kind, self.data.text().unwrap_or_default())
                .map_err(|()| format!("{name} in {key}")),
            key,
            name,
            written: dword(&self.mtime).map(i64::from).filter(|at| *at > 0),
        }
    }
}

/// A value with its type. An error: a number that is none, or a text that is too long for a report.
fn value(kind: &str, data: &str) -> Result<Value, ()> {
    const KINDS: &[&str] = &[
        "REG_DWORD",
        "REG_QWORD",
        "REG_SZ",
        "REG_EXPAND_SZ",
        "REG_MULTI_SZ",
        "REG_BINARY",
    ];
    // A type that is not told apart counts as "something else".
    let kind = KINDS
        .iter()
        .find(|known| known.eq_ignore_ascii_case(kind))
        .copied()
        .unwrap_or("REG_NONE");
    if data.len() > MAX_TEXT {
        return Err(());
    }
    let data = if kind == "REG_DWORD" {
        let number = dword(&Scalar::Text(data.into())).ok_or(())?;
        Data::Number(u64::from(number))
    } else {
        Data::Text(data.to_owned())
    };
    Ok(Value::Typed { r#type: kind, data })
}

/// A line of a log.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Record<'a> {
    #[serde(borrow)]
    host_identifier: Scalar<'a>,
    #[serde(borrow)]
    pub(super) name: Scalar<'a>,
    #[serde(borrow)]
    pub(super) unix_time: Scalar<'a>,
    #[serde(borrow)]
    action: Scalar<'a>,
    #[serde(borrow)]
    columns: Object<Row<'a>>,
    #[serde(borrow)]
    snapshot: Many<Object<Row<'a>>, MAX_ROWS>,
    #[serde(borrow)]
    diff_results: Object<Changes<'a>>,
    #[serde(borrow)]
    decorations: Object<Decorations<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Changes<'a> {
    #[serde(borrow)]
    added: Many<Object<Row<'a>>, MAX_ROWS>,
    #[serde(borrow)]
    removed: Many<Object<Row<'a>>, MAX_ROWS>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Decorations<'a> {
    #[serde(borrow)]
    hostname: Scalar<'a>,
    #[serde(borrow)]
    computer_name: Scalar<'a>,
}

fn rows<'s, 'a>(
    list: Option<&'s Many<Object<Row<'a>>, MAX_ROWS>>,
) -> impl Iterator<Item = &'s Row<'a>> {
    list.and_then(|list| list.items.as_ref())
        .into_iter()
        .flatten()
        .filter_map(|Object(row)| row.as_ref())
}

impl<'a> Record<'a> {
    /// Who wrote the line: a name or a UUID, by the host's settings.
    pub(super) fn host(&self) -> Option<&str> {
        text(&self.host_identifier)
    }

    /// The host's name, when the log carries it beside an identifier.
    pub(super) fn host_name(&self) -> Option<&str> {
        let decorations = self.decorations.0.as_ref()?;
        text(&decorations.computer_name).or_else(|| text(&decorations.hostname))
    }

    pub(super) fn has_rows(&self) -> bool {
        self.columns.0.is_some() || self.snapshot.items.is_some() || self.diff_results.0.is_some()
    }

    pub(super) fn is_snapshot(&self) -> bool {
        self.snapshot.items.is_some()
            || text(&self.action).is_some_and(|action| action.eq_ignore_ascii_case("snapshot"))
    }

    /// What a snapshot says; the columns of one row alone are its row.
    pub(super) fn snapshot_rows(&self) -> Vec<Fact> {
        rows(Some(&self.snapshot))
            .chain(self.columns.0.as_ref())
            .filter_map(Row::fact)
            .collect()
    }

    fn is_removal(&self) -> bool {
        text(&self.action).is_some_and(|action| action.eq_ignore_ascii_case("removed"))
    }

    pub(super) fn added(&self) -> impl Iterator<Item = &Row<'a>> {
        let single = self.columns.0.as_ref().filter(|_| !self.is_removal());
        rows(self.diff_results.0.as_ref().map(|changes| &changes.added)).chain(single)
    }

    pub(super) fn removed(&self) -> impl Iterator<Item = &Row<'a>> {
        let single = self.columns.0.as_ref().filter(|_| self.is_removal());
        rows(self.diff_results.0.as_ref().map(|changes| &changes.removed)).chain(single)
    }
}
