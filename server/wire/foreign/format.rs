//! Which format a file has, told by its name and its beginning.

use super::{
    cmpivot, health_checker, hotfix_json, hotfix_list, inspec, mapping::Mapping, meaning::Meaning,
    osquery, powershell_json, reg_export, reg_query, run_scripts, systeminfo, table::Table, wide,
};

/// As many bytes of a file's text as [`recognise`] has to see.
pub const HEAD: usize = 64 * 1024;

/// A format that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Report documents of our own: one object, a list, or one object a line.
    Report,
    /// A result of CMPivot.
    CmPivot,
    /// A table with a column for each fact.
    Table,
    /// Results of Configuration Manager's Run Scripts.
    RunScripts,
    /// A registry export.
    RegExport,
    /// The output of `reg query`, or of the collector kit for cmd.
    RegQuery,
    /// The output of `systeminfo`.
    SystemInfo,
    /// The output of `wmic qfe` or `Get-HotFix`.
    HotfixList,
    /// Rows of osquery's tables.
    Osquery,
    /// A JSON report of InSpec.
    InSpec,
    /// CLIXML: the Exchange HealthChecker, or what `Export-Clixml` wrote.
    HealthChecker,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 11] = [
        Self::Report,
        Self::CmPivot,
        Self::Table,
        Self::RunScripts,
        Self::RegExport,
        Self::RegQuery,
        Self::SystemInfo,
        Self::HotfixList,
        Self::Osquery,
        Self::InSpec,
        Self::HealthChecker,
    ];

    /// The name that programs use; it never changes.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::CmPivot => "cmpivot",
            Self::Table => "table",
            Self::RunScripts => "run-scripts",
            Self::RegExport => "reg-export",
            Self::RegQuery => "reg-query",
            Self::SystemInfo => "systeminfo",
            Self::HotfixList => "hotfix-list",
            Self::Osquery => "osquery",
            Self::InSpec => "inspec",
            Self::HealthChecker => "health-checker",
        }
    }

    /// The name that people read.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Report => "Reports of the collector (JSON)",
            Self::CmPivot => "Result of CMPivot",
            Self::Table => "Table with a column for each fact (CSV)",
            Self::RunScripts => "Results of Run Scripts",
            Self::RegExport => "Registry export (.reg)",
            Self::RegQuery => "Output of reg query or of cutover-collect.cmd",
            Self::SystemInfo => "Output of systeminfo",
            Self::HotfixList => "List of updates (wmic qfe, Get-HotFix)",
            Self::Osquery => "Rows of osquery (JSON)",
            Self::InSpec => "Report of InSpec (JSON)",
            Self::HealthChecker => "CLIXML (Exchange HealthChecker, Export-Clixml)",
        }
    }

    /// The format with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.code() == code)
    }

    /// Whether it is a table, so that somebody may say what its columns mean.
    pub const fn is_table(self) -> bool {
        matches!(self, Self::CmPivot | Self::Table | Self::RunScripts)
    }

    /// How a table is read whose columns mean this.
    pub(super) fn by_mapping(mapping: &Mapping) -> Self {
        let long = mapping
            .columns
            .iter()
            .any(|column| column.meaning.is_long());
        if mapping.has(&Meaning::ScriptOutput) {
            Self::RunScripts
        } else if long {
            Self::CmPivot
        } else {
            Self::Table
        }
    }
}

/// Which format a file has; `None`: none that is read, or a table whose heading says too little.
///
/// `name`: without folders. `head`: the beginning of its text, see [`head`].
pub fn recognise(name: &str, head: &str) -> Option<Format> {
    if is_json(head) {
        return Some(json(name, head));
    }
    type Recognises = fn(&str, &str) -> bool;
    let readers: [(Format, Recognises); 5] = [
        (Format::HealthChecker, health_checker::recognises),
        (Format::RegExport, reg_export::recognises),
        (Format::RegQuery, reg_query::recognises),
        (Format::SystemInfo, systeminfo::recognises),
        // Before tables: their column of numbers could be of any table. One that says when it was read is a table.
        (Format::HotfixList, |name, head| {
            hotfix_list::recognises(name, head) && !says_when(head)
        }),
    ];
    let known = readers
        .into_iter()
        .find(|(_, recognises)| recognises(name, head));
    known
        .map(|(format, _)| format)
        .or_else(|| table(head))
        .or_else(|| behind_words(name, head))
}

/// The beginning of a text that [`recognise`] looks at.
pub fn head(text: &str) -> &str {
    text.get(..text.floor_char_boundary(HEAD)).unwrap_or(text)
}

/// Whether a text is JSON by its first letter. The heading of a registry key begins with a bracket, too.
pub(super) fn is_json(head: &str) -> bool {
    let head = head.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}');
    match head.strip_prefix('[') {
        Some(inner) => {
            let inner = inner.trim_start().trim_start_matches('-');
            let root = inner.get(..2).unwrap_or_default();
            !root.eq_ignore_ascii_case("HK")
        }
        None => head.starts_with('{'),
    }
}

/// JSON is ours when nobody else knows it: our reader then says what it lacks.
fn json(name: &str, head: &str) -> Format {
    if is_report(head) {
        Format::Report
    } else if osquery::recognises(name, head) {
        Format::Osquery
    } else if inspec::recognises(name, head) {
        Format::InSpec
    } else if hotfix_json::recognises(head) {
        Format::HotfixList
    } else {
        Format::Report
    }
}

/// Whether a table has a column for the time at which its facts were read.
fn says_when(head: &str) -> bool {
    Table::open(head).is_ok_and(|table| Mapping::guess(table.heading()).has(&Meaning::CollectedAt))
}

fn is_report(head: &str) -> bool {
    head.contains("\"schema_version\"")
}

fn table(head: &str) -> Option<Format> {
    let table = Table::open(head).ok()?;
    let heading = table.heading();
    if run_scripts::recognises(heading) {
        Some(Format::RunScripts)
    } else if cmpivot::recognises(heading) {
        Some(Format::CmPivot)
    } else {
        wide::recognises(heading).then_some(Format::Table)
    }
}

/// JSON with words in front of it, such as warnings.
fn behind_words(name: &str, head: &str) -> Option<Format> {
    if osquery::recognises(name, head) {
        Some(Format::Osquery)
    } else {
        (powershell_json::looks_like(head) && is_report(head)).then_some(Format::Report)
    }
}
