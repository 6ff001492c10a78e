//! One line of a list of clients, dressed.

use super::{
    exceptions::last_day,
    links,
    text::{Moment, counted, time_given},
    words::{self, Badge},
};
use crate::{
    domain::{
        assess,
        time::Timestamp,
        verdict::{Impact, Standing},
    },
    store::model::{ClientRow, Listing},
};

/// How many reasons a line shows before it says how many more there are.
const SHOWN: usize = 3;

/// One line of a list of clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowView {
    /// The client's page.
    pub href: String,
    /// Its name.
    pub name: String,
    /// What its FQDN says beyond the name: the domain, or all of it when it begins otherwise.
    pub fqdn: Option<String>,
    /// The page of its OS version.
    pub os_href: String,
    /// Its OS version.
    pub os: String,
    /// Its standing now.
    pub badge: Badge,
    /// A second, smaller line below the standing.
    pub standing_note: Option<String>,
    /// Why: the deciding reason first.
    pub reasons: Vec<&'static str>,
    /// `and 2 more`.
    pub more: Option<String>,
    /// What mends it, each once.
    pub fixes: Vec<&'static str>,
    /// Site.
    pub site: String,
    /// Owner.
    pub owner: Option<String>,
    /// When the facts were read.
    pub collected: Option<Moment>,
    /// Last contact in ConfigMgr.
    pub last_contact: Option<String>,
    /// Since when the verdict has been what it is.
    pub since: Option<Moment>,
    /// Site system roles, in words.
    pub roles: String,
    /// ConfigMgr GUID.
    pub guid: Option<String>,
    /// Resource id.
    pub resource: Option<String>,
    /// The whole FQDN.
    pub whole_fqdn: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// How it stands to the expected lists.
    pub listing: &'static str,
    /// The exception in force: until when, and where it is.
    pub exception: Option<(String, String)>,
    /// Things to know about this line.
    pub flags: Vec<String>,
}

impl RowView {
    /// Dresses a line.
    pub fn new(row: &ClientRow, now: Timestamp) -> Self {
        let (reasons, fixes) = reasons(row.reasons, row.deciding.as_deref());
        let hidden = reasons.len().saturating_sub(SHOWN);
        let fqdn = row
            .ids
            .fqdn
            .as_deref()
            .and_then(|fqdn| domain(fqdn, &row.name));
        Self {
            href: links::client_url(&row.id),
            name: row.name.clone(),
            fqdn,
            os_href: links::os_url(&row.os_key),
            os: assess::os_label(&row.os_key),
            badge: words::standing(row.standing),
            standing_note: standing_note(row),
            more: (hidden > 0).then(|| format!("and {hidden} more")),
            reasons: reasons.into_iter().take(SHOWN).collect(),
            fixes,
            site: row.ids.site_code.clone().unwrap_or_else(|| "–".to_owned()),
            owner: row.owner.clone(),
            collected: row.collected_at.map(|at| Moment::new(at, now)),
            last_contact: row.last_contact.as_deref().map(time_given),
            since: row.since.map(|at| Moment::new(at, now)),
            roles: words::roles(&row.roles),
            guid: row.ids.sms_guid.as_ref().map(|guid| format!("GUID:{guid}")),
            resource: row.ids.resource_id.map(|id| id.to_string()),
            whole_fqdn: row.ids.fqdn.clone(),
            serial: row.ids.serial_number.clone(),
            listing: words::listing(row.listing),
            exception: row.exception.as_ref().map(|exception| {
                let until = last_day(exception.until);
                (
                    format!("Exception until {until}"),
                    links::exception_url(&exception.id),
                )
            }),
            flags: flags(row),
        }
    }
}

/// `corp.example` of `pc-0042.corp.example` when the client is called `PC-0042`.
fn domain(fqdn: &str, name: &str) -> Option<String> {
    let rest = match fqdn.split_once('.') {
        Some((host, domain)) if host.eq_ignore_ascii_case(name) => domain,
        _ if fqdn.eq_ignore_ascii_case(name) => return None,
        _ => fqdn,
    };
    Some(rest.to_owned())
}

/// What the standing alone does not say: the impact, what was last known, warnings.
fn standing_note(row: &ClientRow) -> Option<String> {
    match (row.standing, row.verdict) {
        (Standing::Blocking, _) => row.impact.map(|impact| words::impact(impact).to_owned()),
        (Standing::Stale | Standing::Conflict, Some(verdict)) => {
            let impact = row.impact.filter(|_| verdict == Standing::Blocking);
            Some(last_known(verdict, impact))
        }
        (Standing::Ready, _) if row.warnings > 0 => {
            Some(counted(row.warnings, "warning", "warnings"))
        }
        _ => None,
    }
}

/// What was known before it went stale: `last known: blocking, orphaned`.
pub fn last_known(verdict: Standing, impact: Option<Impact>) -> String {
    let word = words::standing(verdict).word.to_lowercase();
    match impact {
        None => format!("last known: {word}"),
        Some(Impact::Orphan) => format!("last known: {word}, orphaned"),
        Some(impact) => format!("last known: {word}, {}", words::impact(impact)),
    }
}

/// Titles of the reasons in a mask, the deciding one first, and their fixes, each once.
pub fn reasons(mask: i64, deciding: Option<&str>) -> (Vec<&'static str>, Vec<&'static str>) {
    let mut infos: Vec<&assess::ReasonInfo> = assess::reasons_in(mask).collect();
    // Failures before what is only missing; the deciding one before all.
    infos.sort_by_key(|info| (deciding != Some(info.code), info.impact.is_none()));
    let mut fixes: Vec<&'static str> = Vec::new();
    for info in &infos {
        if !fixes.contains(&info.fix_title) {
            fixes.push(info.fix_title);
        }
    }
    (infos.into_iter().map(|info| info.title).collect(), fixes)
}

fn flags(row: &ClientRow) -> Vec<String> {
    let mut flags = Vec::new();
    if row.duplicate {
        flags.push("suspected duplicate".to_owned());
    }
    if row.future {
        flags.push("clock ahead".to_owned());
    }
    match row.listing {
        Listing::Expected => {}
        Listing::Unlisted => flags.push("unlisted".to_owned()),
        Listing::Obsolete => flags.push("left out: obsolete".to_owned()),
        Listing::Decommissioned => flags.push("left out: decommissioned".to_owned()),
        Listing::Returned => flags.push("returned".to_owned()),
    }
    flags.extend(row.roles.iter().map(|role| words::role(role)));
    flags
}
