//! Who else this may be, who names it, and what speaks for "retired" or for "chase": enough to decide.

use super::{
    rows::RowView,
    text::{Moment, counted, joined, span, time_given},
    words,
};
use crate::{
    domain::{
        time::{DAY, Timestamp},
        verdict::Standing,
    },
    store::model::{ClientDetail, ClientRow, ListedAs, Listing, Suspect},
};

/// Heard of within this time, a machine exists.
const LATELY: i64 = 30 * DAY;
/// Not heard of for this time, it probably does not.
const LONG_AGO: i64 = 90 * DAY;

/// One line of two records side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideBySide {
    /// What it is.
    pub name: &'static str,
    /// What this record says.
    pub this: String,
    /// What the other one says.
    pub other: String,
    /// Both say the same.
    pub same: bool,
}

/// A record that may be the same machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuspectView {
    /// Our id of it.
    pub id: String,
    /// Its line.
    pub row: RowView,
    /// What they share, in words.
    pub shares: String,
    /// Since when this is suspected.
    pub since: Moment,
    /// Both records.
    pub lines: Vec<SideBySide>,
}

/// What one expected list says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListView {
    /// Its name.
    pub name: String,
    /// What it was made from.
    pub kind: &'static str,
    /// As what it names the client.
    pub names_it: &'static str,
    /// Owner.
    pub owner: Option<String>,
    /// Last contact.
    pub last_contact: Option<String>,
    /// When the upload came in.
    pub uploaded: Moment,
    /// By whom.
    pub by: String,
}

/// What speaks for either.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dossier {
    /// When it was heard of last, in words.
    pub last_words: String,
    /// Speaks for a machine that is there.
    pub chase: Vec<String>,
    /// Speaks for one that is gone.
    pub retired: Vec<String>,
    /// What nobody knows.
    pub unknown: Vec<String>,
}

impl SuspectView {
    /// Dresses a suspicion.
    pub fn new(this: &ClientRow, suspect: &Suspect, now: Timestamp) -> Self {
        let other = &suspect.row;
        let shares: Vec<String> = suspect.shares.iter().map(|code| shared(code)).collect();
        let time = |at: Option<Timestamp>| at.map(|at| Moment::new(at, now).absolute);
        let lines = [
            ("Name", Some(this.name.clone()), Some(other.name.clone())),
            ("FQDN", this.ids.fqdn.clone(), other.ids.fqdn.clone()),
            (
                "ConfigMgr GUID",
                this.ids.sms_guid.clone(),
                other.ids.sms_guid.clone(),
            ),
            (
                "Resource id",
                this.ids.resource_id.map(|id| id.to_string()),
                other.ids.resource_id.map(|id| id.to_string()),
            ),
            (
                "SMBIOS id",
                this.ids.smbios_guid.clone(),
                other.ids.smbios_guid.clone(),
            ),
            (
                "Serial number",
                this.ids.serial_number.clone(),
                other.ids.serial_number.clone(),
            ),
            (
                "Windows",
                Some(crate::domain::assess::os_label(&this.os_key)),
                Some(crate::domain::assess::os_label(&other.os_key)),
            ),
            (
                "Standing",
                Some(words::standing(this.standing).word.to_owned()),
                Some(words::standing(other.standing).word.to_owned()),
            ),
            (
                "Last report",
                time(this.received_at).or_else(|| Some("never".to_owned())),
                time(other.received_at).or_else(|| Some("never".to_owned())),
            ),
            (
                "Last contact in ConfigMgr",
                this.last_contact.as_deref().map(time_given),
                other.last_contact.as_deref().map(time_given),
            ),
            (
                "Expected lists",
                Some(words::listing(this.listing).to_owned()),
                Some(words::listing(other.listing).to_owned()),
            ),
        ];
        Self {
            id: other.id.clone(),
            row: RowView::new(other, now),
            shares: joined(&shares),
            since: Moment::new(suspect.since, now),
            lines: lines
                .into_iter()
                .filter(|(_, this, other)| this.is_some() || other.is_some())
                .map(|(name, this, other)| SideBySide {
                    name,
                    same: match (&this, &other) {
                        (Some(this), Some(other)) => this.eq_ignore_ascii_case(other),
                        _ => false,
                    },
                    this: this.unwrap_or_else(|| "not known".to_owned()),
                    other: other.unwrap_or_else(|| "not known".to_owned()),
                })
                .collect(),
        }
    }
}

fn shared(code: &str) -> String {
    match code {
        "smbios" => "same SMBIOS id",
        "name" => "same name",
        "fqdn" => "same FQDN",
        "serial" => "same serial number",
        other => other,
    }
    .to_owned()
}

impl ListView {
    /// Dresses what a list says.
    pub fn new(listed: &ListedAs, now: Timestamp) -> Self {
        Self {
            name: listed.list.clone(),
            kind: words::list_kind(listed.kind),
            names_it: match listed.listing {
                Listing::Obsolete => "obsolete",
                Listing::Decommissioned => "decommissioned",
                _ => "expected",
            },
            owner: listed.owner.clone(),
            last_contact: listed.last_contact.as_deref().map(time_given),
            uploaded: Moment::new(listed.uploaded_at, now),
            by: listed.uploaded_by.clone(),
        }
    }
}

/// The dossier of a client that does not speak; `None`: it does.
pub fn dossier(client: &ClientDetail, now: Timestamp) -> Option<Dossier> {
    let row = &client.row;
    if !matches!(row.standing, Standing::Silent | Standing::Stale) {
        return None;
    }
    let mut dossier = Dossier {
        last_words: last_words(client, now),
        ..Dossier::default()
    };
    contacts(client, now, &mut dossier);
    for suspect in &client.suspects {
        let other = &suspect.row;
        let newer = other.received_at > row.received_at;
        if let (true, Some(at)) = (newer, other.received_at) {
            dossier.retired.push(format!(
                "{}, which may be the same machine, reported {}: perhaps this one was rebuilt or joined anew.",
                other.name,
                Moment::new(at, now).relative
            ));
        }
    }
    let left_out: Vec<String> = client
        .lists
        .iter()
        .filter(|listed| !listed.listing.is_counted())
        .map(|listed| listed.list.clone())
        .collect();
    if !left_out.is_empty() {
        dossier.retired.push(format!(
            "Marked obsolete or decommissioned in: {}.",
            joined(&left_out)
        ));
    }
    if client.lists.is_empty() {
        dossier
            .unknown
            .push("No expected list in force names it.".to_owned());
    } else if client.lists.len() > 1 && left_out.is_empty() {
        dossier.chase.push(format!(
            "{} expected lists name it as expected.",
            client.lists.len()
        ));
    }
    Some(dossier)
}

fn last_words(client: &ClientDetail, now: Timestamp) -> String {
    let row = &client.row;
    let (Some(received), Some(collected)) = (row.received_at, row.collected_at) else {
        return "It has never reported.".to_owned();
    };
    let came = Moment::new(received, now).relative;
    let mut text = if received.since(collected) < DAY {
        format!("Its last report came {came}.")
    } else {
        format!(
            "Its last report came {came}, and says what was read {}.",
            Moment::new(collected, now).relative
        )
    };
    // The newest that was not late; reports that repeat it leave no entry.
    if let Some(entry) = client.history.iter().find(|entry| !entry.late) {
        text.push_str(&format!(
            " What is known was sent by {} ({}).",
            entry.sent_by,
            words::way(&entry.way)
        ));
    }
    text
}

/// When ConfigMgr heard from it last, as each list says.
fn contacts(client: &ClientDetail, now: Timestamp, dossier: &mut Dossier) {
    let mut given: Vec<&str> = client
        .lists
        .iter()
        .filter_map(|listed| listed.last_contact.as_deref())
        .chain(client.row.last_contact.as_deref())
        .collect();
    given.dedup();
    let newest = given.iter().filter_map(|text| day(text)).max();
    match (newest, given.first()) {
        (Some(at), _) => {
            let age = now.since(at);
            if age <= LATELY {
                dossier.chase.push(format!(
                    "ConfigMgr heard from it {}: it exists, so its collector does not run or does not reach this server.",
                    Moment::new(at, now).relative
                ));
            } else if age >= LONG_AGO {
                dossier.retired.push(format!(
                    "ConfigMgr has not heard from it for {}.",
                    span(age)
                ));
            } else {
                dossier.unknown.push(format!(
                    "ConfigMgr heard from it last {}: too long for a machine in daily use, too short to call it gone.",
                    Moment::new(at, now).relative
                ));
            }
        }
        (None, Some(text)) => dossier.unknown.push(format!(
            "The last contact in ConfigMgr is given as “{text}”, which is no date that can be read here."
        )),
        (None, None) => dossier.unknown.push(
            "No list says when ConfigMgr heard from it last. Lists with a column for the last contact tell more."
                .to_owned(),
        ),
    }
}

/// The day a text begins with, `2026-08-02`.
fn day(text: &str) -> Option<Timestamp> {
    let day = text.trim().get(..10)?;
    Timestamp::parse(&format!("{day}T00:00:00Z")).ok()
}

/// How old the last word is, in days, once it is a day: `23 days`.
pub fn silent_for(row: &ClientRow, now: Timestamp) -> Option<String> {
    let days = days_silent(row, now)?;
    (days > 0).then(|| counted(days, "day", "days"))
}

/// Whole days since the last word was read, or came in where its clock is ahead; `None`: it never spoke.
pub fn days_silent(row: &ClientRow, now: Timestamp) -> Option<i64> {
    let seen = row.collected_at?.min(row.received_at?);
    Some(now.since(seen).max(0) / DAY)
}
