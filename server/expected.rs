//! An expected list on its way in: bytes → rows → store; and on its way out. Page and API come through here.

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::{
    domain::{access::Sites, assess, audit::Because, facts::OsFacts, lists, time::Timestamp},
    error::Problem,
    store::{
        self, Store, admission,
        membership::Consent,
        model::Listing,
        population::{Expected, ExpectedList},
    },
    wire::{
        FieldError, decode,
        population::{self, PopulationList, PopulationRow, RowError},
        population_names,
    },
};

/// What a new list changed, and what of it was not understood.
#[derive(Clone, Debug, Serialize)]
pub struct ListAnswer {
    /// Name of the list.
    pub list: String,
    /// What the file was taken for.
    pub kind: &'static str,
    /// Rows understood.
    pub rows: i64,
    /// Clients not known before.
    pub new: i64,
    /// Clients of the earlier list of this name that this one does not name.
    pub gone: i64,
    /// Clients known before.
    pub matched: i64,
    /// Rows about a client that another row has named.
    pub duplicate: i64,
    /// Rows marked obsolete or decommissioned: not counted.
    pub left_out: i64,
    /// Clients counted before, and now, of the sites that the sender may list.
    pub population: (i64, i64),
    /// How many rows were not understood.
    pub rejected_count: i64,
    /// The first of them: line and reason.
    pub rejected: Vec<RejectedRow>,
    /// Columns understood.
    pub columns: Vec<String>,
    /// Columns nobody looked at.
    pub ignored: Vec<String>,
    /// Nothing was changed: the list hides clients, and somebody has to say that this is meant.
    #[serde(skip)]
    pub needs_confirmation: Option<String>,
    /// The number that a program has to name then.
    #[serde(skip)]
    pub number: Option<i64>,
    /// SHA-256 of the file, in hexadecimal digits.
    pub file_hash: String,
    /// What a confirmation of this upload says, see [`Confirmed::ForUpload`].
    #[serde(skip)]
    pub confirmation: String,
}

/// What taking a list out of force changed, or would change.
#[derive(Clone, Debug, Serialize)]
pub struct WithdrawnAnswer {
    /// Name of the list.
    pub list: String,
    /// Clients that it named.
    pub gone: i64,
    /// Clients counted before, and now, of the sites that the sender may list.
    pub population: (i64, i64),
    /// Nothing was changed: somebody has to say that this is meant.
    #[serde(skip)]
    pub needs_confirmation: Option<String>,
    /// The number that a program has to name then.
    #[serde(skip)]
    pub number: Option<i64>,
}

/// Whether somebody has said that a list may hide clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confirmed {
    /// Nobody has.
    No,
    /// As programs do, see [`Consent::ByNumber`].
    ByNumber(Agreed),
    /// Yes, for this file under this name: another file, or another name, needs a confirmation of its own.
    ForUpload(String),
}

/// What a program has agreed to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Agreed {
    /// To what hides clients.
    pub confirmed: bool,
    /// To so many that go.
    pub shrink: Option<i64>,
}

impl Agreed {
    /// What the store makes of it.
    pub const fn consent(self, by: &Because) -> Consent {
        Consent::ByNumber {
            confirmed: self.confirmed,
            shrink: self.shrink,
            reasoned: by.why.is_some(),
        }
    }
}

/// What a program has to send beside the same request, when what it wants needs a confirmation; `number`: it has to name it.
pub fn remedy(number: Option<i64>) -> String {
    match number {
        Some(number) => format!(
            "Send it again with ?confirm_shrink={number} and why=, a reason that is kept in the audit log."
        ),
        None => "Send it again with ?confirm=1.".to_owned(),
    }
}

/// The number that a program has to name to have this done.
fn number(would: &store::population::Replaced) -> Option<i64> {
    would.needs_number.then(|| would.number())
}

/// A row that was not understood.
#[derive(Clone, Debug, Serialize)]
pub struct RejectedRow {
    /// Line in the file, from 1.
    pub line: u64,
    /// Why.
    pub detail: String,
}

/// Who puts a list in force or takes it out, for which sites, and why.
#[derive(Clone, Debug)]
pub struct Planning<'p> {
    /// Name of the person or token.
    pub name: &'p str,
    /// Sites that the list may speak of.
    pub sites: &'p Sites,
    /// Who it is for the audit log, and why.
    pub because: Because,
}

/// Reads a list (CSV, JSON array or plain names) and puts it in force in place of the one called `name`.
///
/// # Errors
/// 400 or 422 when it cannot be understood.
pub async fn replace(
    store: &Store,
    name: &str,
    bytes: Vec<u8>,
    by: Planning<'_>,
    confirmed: &Confirmed,
    now: Timestamp,
) -> Result<ListAnswer, Problem> {
    let name = list_name(name)?;
    let file_hash = Sha256::digest(&bytes).to_vec();
    let shown_hash: String = file_hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let confirmation = format!("{shown_hash} {name}");
    let consent = match confirmed {
        Confirmed::ForUpload(given) if *given == confirmation => Consent::Given,
        Confirmed::No | Confirmed::ForUpload(_) => Consent::IfHarmless,
        Confirmed::ByNumber(agreed) => agreed.consent(&by.because),
    };
    let mut list = tokio::task::spawn_blocking(move || read(&bytes))
        .await
        .map_err(|_| Problem::Internal)??;
    keep_own_sites(&mut list, by.sites)?;
    keep_own_clients(store, &mut list, by.sites).await?;
    own_list(store, &name, by.sites).await?;
    if list.rows.is_empty() {
        return Err(Problem::invalid(
            "",
            "The list names no client. An empty list would make an empty fleet look complete, so it is refused.",
        ));
    }
    if list
        .rows
        .iter()
        .all(|row| row.obsolete || row.decommissioned)
    {
        return Err(Problem::invalid(
            "",
            "The list marks every client obsolete or decommissioned, so it expects nobody. That would make an empty fleet look complete, so it is refused.",
        ));
    }
    let refused = i64::try_from(list.rejected_count).unwrap_or(i64::MAX);
    let duplicate = i64::try_from(list.duplicate_count).unwrap_or(i64::MAX);
    let rejected: Vec<RejectedRow> = list
        .rejected
        .into_iter()
        .map(|row| RejectedRow {
            line: row.line,
            detail: row.detail,
        })
        .collect();
    let result = store
        .replace_population(
            by.sites,
            ExpectedList {
                name: name.clone(),
                kind: list.kind,
                rows: list.rows.into_iter().map(expected).collect(),
                rejected: refused,
                file_hash,
                uploaded_by: by.name.to_owned(),
                by: by.because,
                consent,
            },
            now,
        )
        .await;
    let (replaced, needs_confirmation) = match result {
        Ok(replaced) => (replaced, None),
        Err(store::Error::NeedsConfirmation(why, would)) => (would, Some(why)),
        Err(error) => return Err(error.into()),
    };
    Ok(ListAnswer {
        list: name,
        kind: list.kind.code(),
        rows: replaced.rows,
        new: replaced.new,
        gone: replaced.gone,
        matched: replaced.matched,
        duplicate: replaced.duplicate + duplicate,
        left_out: replaced.left_out,
        population: (replaced.before, replaced.after),
        rejected_count: refused,
        rejected,
        columns: list.recognised,
        ignored: list.ignored,
        number: number(&replaced),
        needs_confirmation,
        file_hash: shown_hash,
        confirmation,
    })
}

/// Takes the list called `name` out of force.
///
/// # Errors
/// 404 when there is none of this name, 422 when no list can be called so.
pub async fn withdraw(
    store: &Store,
    name: &str,
    by: Planning<'_>,
    consent: Consent,
    now: Timestamp,
) -> Result<WithdrawnAnswer, Problem> {
    let name = list_name(name)?;
    own_list(store, &name, by.sites).await?;
    let result = store
        .withdraw_population(by.sites, &name, by.name, by.because, consent, now)
        .await;
    let (withdrawn, needs_confirmation) = match result {
        Ok(Some(withdrawn)) => (withdrawn, None),
        Ok(None) => {
            return Err(Problem::NotFound(format!(
                "No list called {name} is in force."
            )));
        }
        Err(store::Error::NeedsConfirmation(why, would)) => (would, Some(why)),
        Err(error) => return Err(error.into()),
    };
    Ok(WithdrawnAnswer {
        list: name,
        gone: withdrawn.gone,
        population: (withdrawn.before, withdrawn.after),
        number: number(&withdrawn),
        needs_confirmation,
    })
}

/// Takes out the rows that whoever is limited to some sites may not put on a list; each is said.
fn keep_own_sites(list: &mut PopulationList, sites: &Sites) -> Result<(), Problem> {
    let Some(codes) = sites.limit() else {
        return Ok(());
    };
    let before = list.rows.len();
    let mut refused = Vec::new();
    list.rows.retain(|row| {
        let site = row.ids.site_code.as_deref();
        let own = site.is_some_and(|site| sites.holds(site));
        if !own && list.rejected.len() + refused.len() < population::MAX_LISTED {
            let says = site.map_or_else(|| "no site".to_owned(), |site| format!("site {site}"));
            refused.push(RowError {
                line: row.line,
                detail: format!(
                    "{}: you may list clients of {} only, and this row says {says}",
                    row.ids.display_name(),
                    codes.join(", ")
                ),
            });
        }
        own
    });
    list.rejected_count += (before - list.rows.len()) as u64;
    list.rejected.append(&mut refused);
    some_left(list, before, codes)
}

/// Takes out the rows about clients that are known at a site of others, whatever the row says: else a list would take them there,
/// and nobody at their own site would miss them.
async fn keep_own_clients(
    store: &Store,
    list: &mut PopulationList,
    sites: &Sites,
) -> Result<(), Problem> {
    let Some(codes) = sites.limit() else {
        return Ok(());
    };
    let before = list.rows.len();
    let ids = list.rows.iter().map(|row| row.ids.clone()).collect();
    let elsewhere = store.known_elsewhere(ids, sites).await?;
    let mut refused = Vec::new();
    let mut known = elsewhere.into_iter();
    list.rows.retain(|row| {
        let own = !known.next().unwrap_or(false);
        if !own && list.rejected.len() + refused.len() < population::MAX_LISTED {
            refused.push(RowError {
                line: row.line,
                detail: format!(
                    "{}: {}",
                    row.ids.display_name(),
                    admission::Refusal::OtherSite.words()
                ),
            });
        }
        own
    });
    list.rejected_count += (before - list.rows.len()) as u64;
    list.rejected.append(&mut refused);
    some_left(list, before, codes)
}

fn some_left(list: &PopulationList, before: usize, codes: &[String]) -> Result<(), Problem> {
    if list.rows.is_empty() && before > 0 {
        return Err(Problem::invalid(
            "",
            format!(
                "No row of the list is of a site that you may list clients of: {}. Each row has to say its site, and to be about a client that is not known at another.",
                codes.join(", ")
            ),
        ));
    }
    Ok(())
}

/// Whoever is limited to some sites touches no list that names clients of others: without it those would be missed.
async fn own_list(store: &Store, name: &str, sites: &Sites) -> Result<(), Problem> {
    if sites.limit().is_none() {
        return Ok(());
    }
    let listed = store.sites_on_list(name).await?;
    if listed.iter().all(|site| sites.holds(site)) {
        return Ok(());
    }
    Err(Problem::Forbidden(format!(
        "The list {name} names clients of other sites, too. Use a list of your own name for your sites."
    )))
}

fn list_name(given: &str) -> Result<String, Problem> {
    lists::list_name(given).map_err(|detail| Problem::invalid("?list", detail))
}

fn read(bytes: &[u8]) -> Result<PopulationList, Problem> {
    let text = decode::to_utf8(bytes).map_err(|error| Problem::Malformed(error.to_string()))?;
    let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
    let list: Result<PopulationList, Vec<FieldError>> = if first == Some(&b'[') {
        population::parse_json(&text)
    } else if population_names::is_names(&text) {
        population_names::parse_names(&text)
    } else {
        population::parse_csv(&text)
    };
    list.map_err(Problem::Invalid)
}

fn expected(row: PopulationRow) -> Expected {
    let os = OsFacts {
        version: row.os_version,
        caption: row.os_caption.clone(),
        product_type: product_type(row.os_caption.as_deref()),
        ..OsFacts::default()
    };
    let server = os.product_type.map(|kind| kind != 1);
    let family = || {
        let (major, minor) = family(row.os_caption.as_deref()?)?;
        assess::os_family_key(major, minor, server?)
    };
    let os_key = match os.version {
        Some(_) => assess::os_identity(&os).key,
        None => family().unwrap_or_else(|| assess::os_identity(&os).key),
    };
    Expected {
        os_key,
        roles: row.roles,
        owner: row.owner,
        last_contact: row.last_contact,
        listing: if row.decommissioned {
            Listing::Decommissioned
        } else if row.obsolete {
            Listing::Obsolete
        } else {
            Listing::Expected
        },
        ids: row.ids,
    }
}

/// The family that a name tells: Configuration Manager writes `Microsoft Windows NT Workstation 10.0`, and Active
/// Directory `Windows 10 Pro`. The build is in neither.
fn family(caption: &str) -> Option<(u32, u32)> {
    const NAMES: &[(&str, (u32, u32))] = &[
        ("windows xp", (5, 1)),
        ("windows vista", (6, 0)),
        ("windows 7", (6, 1)),
        ("windows 8.1", (6, 3)),
        ("windows 8", (6, 2)),
        ("windows 10", (10, 0)),
        ("windows 11", (10, 0)),
        ("server 2003", (5, 2)),
        ("server 2008 r2", (6, 1)),
        ("server 2008", (6, 0)),
        ("server 2012 r2", (6, 3)),
        ("server 2012", (6, 2)),
        ("server 2016", (10, 0)),
        ("server 2019", (10, 0)),
        ("server 2022", (10, 0)),
        ("server 2025", (10, 0)),
    ];
    let caption = caption
        .to_lowercase()
        .replace(['\u{ae}', '\u{2122}'], "")
        .replace("(r)", "");
    if let Some((_, behind)) = caption.split_once("windows nt ") {
        // `workstation 10.0 (tablet edition)`, `advanced server 6.3`
        return behind.split_whitespace().find_map(|word| {
            let (major, minor) = word.split_once('.')?;
            Some((major.parse().ok()?, minor.parse().ok()?))
        });
    }
    let known = NAMES.iter().find(|(name, _)| caption.contains(name));
    known.map(|(_, family)| *family)
}

/// ConfigMgr says "Workstation" or "Server" in its operating system names; without it nobody guesses.
fn product_type(caption: Option<&str>) -> Option<u32> {
    let caption = caption?.to_lowercase();
    if caption.contains("server") {
        Some(3)
    } else if caption.contains("workstation") || caption.contains("windows") {
        Some(1)
    } else {
        None
    }
}
