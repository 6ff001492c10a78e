//! The expected lists: which are in force, how to put one in force or out of it, and what that changed.

use askama::Template;

use super::{
    Layout, rule,
    text::{Count, Moment, number},
    words,
};
use crate::{
    domain::lists::{DEFAULT_NAME, ListOrigin},
    store::model::{Filter, ListInfo, Population},
};

/// No more refused rows than this are listed.
const LISTED: usize = 200;

/// What an upload of an expected list did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PopulationOutcome {
    /// Name of the list.
    pub list: String,
    /// What the file was taken for.
    pub kind: ListOrigin,
    /// Rows that were read.
    pub rows: u64,
    /// Clients that were not expected before.
    pub new: u64,
    /// Clients that are no longer expected.
    pub gone: u64,
    /// Rows that fit a client that has reported.
    pub matched: u64,
    /// Rows that say the same as another row.
    pub duplicate: u64,
    /// Rows marked obsolete or decommissioned.
    pub left_out: u64,
    /// How many rows were refused.
    pub rejected_count: u64,
    /// The first refused rows: line number, and why.
    pub rejected: Vec<(u64, String)>,
    /// Columns that were understood.
    pub columns: Vec<String>,
    /// Columns that were not used.
    pub ignored: Vec<String>,
    /// Why nothing was changed yet: a sentence. The upload has to be repeated with `confirm`.
    pub needs_confirmation: Option<String>,
    /// What tells this file from another: a confirmation holds for it alone.
    pub file_hash: String,
}

/// What taking a list out of force did, or would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// Name of the list.
    pub list: String,
    /// Clients that it named.
    pub gone: i64,
    /// Clients counted before, and after.
    pub population: (i64, i64),
    /// Why nothing was changed yet: a sentence.
    pub needs_confirmation: Option<String>,
}

/// A withdrawal, dressed.
#[derive(Clone, Debug)]
pub struct WithdrawalView {
    /// Name of the list.
    pub list: String,
    /// What happened, or would.
    pub words: String,
    /// Number of the upload that a confirmation holds for; `None`: it is done.
    pub confirm: Option<i64>,
}

/// One number of an outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// What it is.
    pub label: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// How many.
    pub text: String,
}

/// An outcome, dressed.
#[derive(Clone, Debug)]
pub struct OutcomeView {
    /// Done, or not yet.
    pub heading: &'static str,
    /// Name of the list.
    pub list: String,
    /// What the file was taken for.
    pub kind: &'static str,
    /// Why it has to be confirmed.
    pub confirm: Option<String>,
    /// What the confirmation holds for.
    pub file_hash: String,
    /// The numbers.
    pub tiles: Vec<Tile>,
    /// Refused rows.
    pub rejected: Vec<(String, String)>,
    /// How many more were refused.
    pub hidden: Option<String>,
    /// Columns that were understood.
    pub columns: String,
    /// Columns that were not used.
    pub ignored: Option<String>,
}

/// A list in force, dressed.
#[derive(Clone, Debug)]
pub struct ListRow {
    /// Its name.
    pub name: String,
    /// What it was made from.
    pub kind: &'static str,
    /// When it was uploaded.
    pub uploaded: Moment,
    /// By whom.
    pub by: String,
    /// Rows in it.
    pub rows: String,
    /// Rows that it marks obsolete or decommissioned.
    pub left_out: String,
}

/// A column that is understood.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Names it may have; the first is the one we would choose.
    pub names: &'static str,
    /// What it holds.
    pub meaning: &'static str,
}

/// The columns that are understood.
const COLUMNS: &[Column] = &[
    Column {
        names: "resource_id with site_code",
        meaning: "Resource id and the code of its site; also ResourceID, MachineID, SMS_Assigned_Sites",
    },
    Column {
        names: "sms_guid",
        meaning: "ConfigMgr client GUID, with or without GUID:; also SMS_Unique_Identifier, SMSID",
    },
    Column {
        names: "name",
        meaning: "NetBIOS name; also Name0, Netbios_Name, Device, Computer",
    },
    Column {
        names: "fqdn",
        meaning: "Fully qualified domain name; also Resource_Names, or domain beside the name",
    },
    Column {
        names: "smbios_guid, serial_number",
        meaning: "Hardware ids, to recognise rebuilt machines",
    },
    Column {
        names: "os, os_version, build_number",
        meaning: "Windows version, for clients that never reported; also Operating_System_Name_and, Build01",
    },
    Column {
        names: "last_contact",
        meaning: "Last contact in Configuration Manager; also LastActiveTime, LastOnline, LastLogonDate",
    },
    Column {
        names: "owner",
        meaning: "Who looks after it; also Primary_User, Last_Logon_User_Name",
    },
    Column {
        names: "roles",
        meaning: "Site system roles",
    },
    Column {
        names: "obsolete, decommissioned",
        meaning: "Yes, true or 1 leaves the client out of every count, unless another list expects it, until it reports again",
    },
    Column {
        names: "enabled",
        meaning: "In a computer list of Active Directory (with DistinguishedName or ObjectGUID): False counts as decommissioned",
    },
];

/// The page of the expected lists.
#[derive(Debug, Template)]
#[template(path = "population.html", whitespace = "minimize")]
pub struct PopulationPage {
    /// The frame.
    pub layout: Layout,
    /// What is counted, in one sentence.
    pub rule: String,
    /// The lists in force.
    pub lists: Vec<ListRow>,
    /// Numbers that follow from them.
    pub lines: Vec<(&'static str, Count)>,
    /// What became of the upload just made.
    pub outcome: Option<OutcomeView>,
    /// What became of the list just taken out of force.
    pub withdrawal: Option<WithdrawalView>,
    /// The name that the form begins with.
    pub name: String,
    /// The columns that are understood.
    pub columns: &'static [Column],
    uploads: Vec<(String, i64)>,
}

impl PopulationPage {
    /// The page; `outcome` belongs to an upload just made.
    pub fn new(
        layout: Layout,
        population: &Population,
        outcome: Option<&PopulationOutcome>,
    ) -> Self {
        let mut page = Self {
            rule: rule::denominator(population),
            lists: population
                .lists
                .iter()
                .map(|list| ListRow::new(list, &layout))
                .collect(),
            lines: lines(population),
            outcome: None,
            withdrawal: None,
            name: DEFAULT_NAME.to_owned(),
            columns: COLUMNS,
            uploads: population
                .lists
                .iter()
                .map(|list| (list.name.clone(), list.id))
                .collect(),
            layout,
        };
        if let Some(outcome) = outcome {
            page.say_outcome(outcome);
        }
        page
    }

    /// Says what an upload did, or would do.
    pub fn say_outcome(&mut self, outcome: &PopulationOutcome) {
        self.outcome = Some(OutcomeView::new(outcome));
        self.name.clone_from(&outcome.list);
    }

    /// Says what taking a list out of force did, or would do.
    pub fn say_withdrawal(&mut self, withdrawal: Withdrawal) {
        let (before, after) = withdrawal.population;
        let upload = self
            .uploads
            .iter()
            .find(|(name, _)| *name == withdrawal.list);
        let (words, confirm) = match withdrawal.needs_confirmation {
            Some(why) => (why, upload.map(|(_, id)| *id)),
            None => (
                format!(
                    "It named {} clients. {} clients were counted before, {} are now.",
                    number(withdrawal.gone),
                    number(before),
                    number(after)
                ),
                None,
            ),
        };
        self.withdrawal = Some(WithdrawalView {
            list: withdrawal.list,
            words,
            confirm,
        });
    }
}

impl ListRow {
    fn new(list: &ListInfo, layout: &Layout) -> Self {
        Self {
            name: list.name.clone(),
            kind: words::list_kind(list.kind),
            uploaded: Moment::new(list.uploaded_at, layout.now),
            by: list.uploaded_by.clone(),
            rows: number(list.rows),
            left_out: number(list.left_out),
        }
    }
}

fn lines(population: &Population) -> Vec<(&'static str, Count)> {
    let silent = crate::domain::verdict::Standing::Silent;
    let everybody = Filter::default();
    vec![
        (
            "Left out as obsolete or decommissioned",
            Count::new(
                population.left_out,
                &Filter {
                    left_out: true,
                    ..everybody.clone()
                },
            ),
        ),
        (
            "Expected, but never reported",
            Count::new(
                population.standings.get(&silent).copied().unwrap_or(0),
                &Filter {
                    standings: vec![silent],
                    ..everybody.clone()
                },
            ),
        ),
        (
            "Reported without being on a list",
            Count::new(
                population.unlisted,
                &Filter {
                    unlisted: true,
                    ..everybody
                },
            ),
        ),
    ]
}

impl OutcomeView {
    fn new(outcome: &PopulationOutcome) -> Self {
        let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let rejected = outcome
            .rejected_count
            .max(u64::try_from(outcome.rejected.len()).unwrap_or(u64::MAX));
        let tile = |label, meaning, n: u64| Tile {
            label,
            meaning,
            text: number(signed(n)),
        };
        let pending = outcome.needs_confirmation.is_some();
        let shown = outcome.rejected.len().min(LISTED);
        let hidden = usize::try_from(rejected)
            .unwrap_or(usize::MAX)
            .saturating_sub(shown);
        Self {
            heading: if pending {
                "Nothing was changed yet"
            } else {
                "The list is in force"
            },
            list: outcome.list.clone(),
            kind: words::list_kind(outcome.kind),
            confirm: outcome.needs_confirmation.clone(),
            file_hash: outcome.file_hash.clone(),
            tiles: vec![
                tile("Rows", "read from the file", outcome.rows),
                tile("New", "not expected before", outcome.new),
                tile("Gone", "no longer expected", outcome.gone),
                tile("Matched", "have reported", outcome.matched),
                tile("Left out", "obsolete or decommissioned", outcome.left_out),
                tile(
                    "Duplicate",
                    "say the same as another row",
                    outcome.duplicate,
                ),
                tile("Refused", "not understood, see below", rejected),
            ],
            rejected: outcome
                .rejected
                .iter()
                .take(LISTED)
                .map(|(line, why)| (number(signed(*line)), why.clone()))
                .collect(),
            hidden: (hidden > 0).then(|| {
                format!(
                    "{} more rows were refused and are not listed here.",
                    number(i64::try_from(hidden).unwrap_or(0))
                )
            }),
            columns: outcome.columns.join(", "),
            ignored: (!outcome.ignored.is_empty()).then(|| outcome.ignored.join(", ")),
        }
    }
}
