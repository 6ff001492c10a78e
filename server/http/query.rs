//! Filters as they stand in an address: the same names for pages, API and exports.

use std::collections::HashSet;

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};

use super::{contract::params, table, whole, within};
use crate::{
    domain::{
        assess,
        plan::{ActionSet, action},
        verdict::{Impact, Standing},
    },
    error::Problem,
    store::{
        id_lists::IdKind,
        model::{Excepted, Filter, Freshness, Order},
    },
    views::{columns::ListColumn, links::NO_SITE},
    wire::FieldError,
};

/// Rows of a page of a list when nothing else is asked for.
pub const DEFAULT_LIMIT: usize = 100;
/// Rows of a page at most.
pub const MAX_LIMIT: usize = 1_000;

/// A list as asked for: filter, place, length, format.
#[derive(Clone, Debug, Default)]
pub struct ListQuery {
    /// Which clients.
    pub filter: Filter,
    /// The address named at least one standing, or `all`.
    pub standing_given: bool,
    /// Where to start.
    pub cursor: Option<String>,
    /// Rows of a page.
    pub limit: usize,
    /// In which order.
    pub order: Order,
    /// The columns of a page, when chosen.
    pub columns: Option<Vec<ListColumn>>,
    /// The fields of a download, when chosen; empty: all of them.
    pub fields: Vec<&'static str>,
    /// The form, when asked for in so many words.
    pub format: Option<String>,
    /// Each row of a download says the cursor that leads on behind it.
    pub cursors: bool,
    /// Of which id a list of ids is made, when chosen.
    pub ids: Option<IdKind>,
    /// CSV with a byte-order mark, for spreadsheets.
    pub bom: bool,
    /// How many rows came on the pages before; for display only.
    pub before: i64,
}

impl<S: Send + Sync> FromRequestParts<S> for ListQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut query = parse(parts.uri.query().unwrap_or_default()).map_err(Problem::Invalid)?;
        query.filter.within = within::of(parts)?;
        Ok(query)
    }
}

/// The one name in a route's path. What is no text is the name of nothing.
#[derive(Clone, Debug)]
pub struct Named(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Path::from_request_parts(parts, state)
            .await
            .map(|Path(name)| Self(name))
            .map_err(|_| Problem::NotFound("There is nothing at this address.".to_owned()))
    }
}

fn parse(text: &str) -> Result<ListQuery, Vec<FieldError>> {
    let mut query = ListQuery {
        limit: DEFAULT_LIMIT,
        ..ListQuery::default()
    };
    let mut every_standing = false;
    each(text, Once::of_a_list(), Empty::MeansAny, |name, value| {
        // Beside `all` the others say nothing more.
        every_standing |= name == "standing" && value.split(',').any(|code| code.trim() == "all");
        apply(&mut query, name, value)
    })?;
    if every_standing {
        query.filter.standings.clear();
    }
    Ok(query)
}

/// What an empty parameter means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Empty {
    /// Nothing was asked: so forms send the fields that nobody has filled.
    MeansAny,
    /// A variable was not set, and without it the answer would be about everybody.
    IsRefused,
}

/// Hands out each parameter of an address and gathers what is wrong, each with its name.
pub(super) fn each(
    text: &str,
    mut once: Once,
    empty: Empty,
    mut take: impl FnMut(&str, String) -> Result<(), String>,
) -> Result<(), Vec<FieldError>> {
    let mut errors = Vec::new();
    for (name, value) in form_pairs(text) {
        let taken = match (value.is_empty(), empty) {
            // Also of an empty one and another that is not, nobody could say which was meant.
            (true, Empty::MeansAny) => once.check(&name),
            (true, Empty::IsRefused) => {
                Err("is empty; leave it out to ask about everybody".to_owned())
            }
            (false, _) if value.contains('\0') => {
                Err("a NUL character cannot be looked for".to_owned())
            }
            (false, _) => once.check(&name).and_then(|()| take(&name, value)),
        };
        if let Err(detail) = taken {
            errors.push(FieldError {
                pointer: format!("?{name}"),
                detail,
            });
        }
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors)
    }
}

/// Which parameters were given already. Of two values of a filter one would be dropped in silence, and what it asked for
/// with it.
#[derive(Debug, Default)]
pub(super) struct Once {
    seen: HashSet<String>,
    adding_up: bool,
}

impl Once {
    /// Where a list of clients is asked for, some parameters add up, as forms with boxes to tick send them.
    fn of_a_list() -> Self {
        Self {
            adding_up: true,
            ..Self::default()
        }
    }

    /// Notes a parameter that says something.
    pub(super) fn check(&mut self, name: &str) -> Result<(), String> {
        let adds_up = matches!(name, "standing" | "reason" | "columns" | "fields");
        if self.adding_up && adds_up || self.seen.insert(name.to_owned()) {
            return Ok(());
        }
        Err("is given twice; give it once".to_owned())
    }
}

fn apply(query: &mut ListQuery, name: &str, value: String) -> Result<(), String> {
    let filter = &mut query.filter;
    match name {
        "standing" => {
            query.standing_given = true;
            for code in value.split(',').map(str::trim) {
                if code == "all" {
                    continue;
                }
                let standing = Standing::from_code(code)
                    .ok_or_else(|| unknown(code, &Standing::ALL.map(Standing::code)))?;
                if !filter.standings.contains(&standing) {
                    filter.standings.push(standing);
                }
            }
        }
        "impact" => {
            filter.impact = Some(
                Impact::from_code(&value)
                    .ok_or_else(|| unknown(&value, &Impact::ALL.map(Impact::code)))?,
            );
        }
        "os" => filter.os = Some(value),
        "site" => filter.site = Some(site_code(&value)?),
        "role" => filter.role = Some(value.to_lowercase()),
        "reason" => {
            // A misspelt code would list nobody, and nobody is what everybody hopes for.
            for code in value.split(',').map(str::trim) {
                if assess::reason(code).is_none() {
                    return Err(unknown(code, &codes_of_reasons()));
                }
                *filter = filter.with_reason(code);
            }
        }
        "fix" => {
            if action(&value).is_none() {
                return Err(unknown(&value, &ActionSet::all().codes()));
            }
            filter.fix = Some(value);
        }
        "owner" => filter.owner = Some(value),
        "freshness" => {
            filter.freshness = Some(
                Freshness::from_code(&value)
                    .ok_or_else(|| unknown(&value, &Freshness::ALL.map(Freshness::code)))?,
            );
        }
        "only_fixes" => {
            let codes: Vec<&str> = value.split(',').map(str::trim).collect();
            for code in &codes {
                if action(code).is_none() {
                    return Err(unknown(code, &ActionSet::all().codes()));
                }
            }
            // In the order of the table, each once, however they were written.
            let set = ActionSet::of_codes(codes);
            filter.only_fixes = set.codes().into_iter().map(str::to_owned).collect();
        }
        "q" => filter.q = Some(value),
        "duplicates" => filter.duplicates = yes(&value)?,
        "left_out" => filter.left_out = yes(&value)?,
        "unlisted" => filter.unlisted = yes(&value)?,
        "future" => filter.future = yes(&value)?,
        "regressed" => filter.regressed = yes(&value)?,
        "suspicious" => filter.suspicious = yes(&value)?,
        "unchanged" => filter.unchanged = Some(days(&value)?),
        "excepted" => {
            filter.excepted = Some(
                Excepted::from_code(&value)
                    .ok_or_else(|| unknown(&value, &Excepted::ALL.map(Excepted::code)))?,
            );
        }
        _ => return show(query, name, value),
    }
    Ok(())
}

/// What is not a filter: place, length, order, columns, format.
fn show(query: &mut ListQuery, name: &str, value: String) -> Result<(), String> {
    match name {
        "cursor" => query.cursor = Some(value),
        "limit" => {
            query.limit = value
                .parse()
                .ok()
                .filter(|limit| (1..=MAX_LIMIT).contains(limit))
                .ok_or_else(|| format!("must be a number from 1 to {MAX_LIMIT}"))?;
        }
        "format" => {
            if !whole::codes().contains(&value.as_str()) {
                return Err(unknown(&value, &whole::codes()));
            }
            query.format = Some(value);
        }
        "sort" => {
            query.order = Order::from_code(&value)
                .ok_or_else(|| unknown(&value, &Order::ALL.map(Order::code)))?;
        }
        "columns" => {
            let columns = query.columns.get_or_insert_default();
            for code in value.split(',') {
                let column = ListColumn::from_code(code)
                    .ok_or_else(|| unknown(code, &ListColumn::ALL.map(ListColumn::code)))?;
                if !columns.contains(&column) {
                    columns.push(column);
                }
            }
        }
        "fields" => {
            for name in value.split(',') {
                let known = table::choices();
                let found = known.iter().find(|known| **known == name);
                let field = *found.ok_or_else(|| unknown(name, &known))?;
                if !query.fields.contains(&field) {
                    query.fields.push(field);
                }
            }
        }
        "bom" => query.bom = yes(&value)?,
        "cursors" => query.cursors = yes(&value)?,
        "ids" => {
            query.ids = Some(
                IdKind::from_code(&value)
                    .ok_or_else(|| unknown(&value, &IdKind::ALL.map(IdKind::code)))?,
            );
        }
        "before" => query.before = value.parse().map_err(|_| "must be a number".to_owned())?,
        _ => return Err(unknown(name, &params::names_of_lists())),
    }
    Ok(())
}

/// A site code as it is stored: in capitals; empty: the site is not known, which has to be said in so many words.
pub(super) fn site_code(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err(format!(
            "is blank; give a site code, or {NO_SITE} for clients whose site is not known"
        )),
        NO_SITE => Ok(String::new()),
        code => Ok(code.to_ascii_uppercase()),
    }
}

/// A request that takes no parameters. One that is given would be passed over in silence.
#[derive(Clone, Copy, Debug)]
pub struct Nothing;

impl<S: Send + Sync> FromRequestParts<S> for Nothing {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let errors: Vec<FieldError> = form_pairs(query)
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, _)| FieldError {
                pointer: format!("?{name}"),
                detail: "is not known here; this address takes no parameters".to_owned(),
            })
            .collect();
        if errors.is_empty() {
            Ok(Self)
        } else {
            Err(Problem::Invalid(errors))
        }
    }
}

/// The codes of all reasons.
pub(super) fn codes_of_reasons() -> Vec<&'static str> {
    assess::REASONS.iter().map(|reason| reason.code).collect()
}

fn days(value: &str) -> Result<i64, String> {
    value
        .parse()
        .ok()
        .filter(|days| (1..=3_650).contains(days))
        .ok_or_else(|| "must be a number of days from 1 to 3650".to_owned())
}

pub(super) fn yes(value: &str) -> Result<bool, String> {
    match value {
        "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        _ => Err("must be 1 or 0".to_owned()),
    }
}

pub(super) fn unknown(given: &str, allowed: &[&str]) -> String {
    let given: String = given.chars().take(40).collect();
    format!(
        "{given:?} is not known here; use one of {}",
        allowed.join(", ")
    )
}

/// The pairs of a query string or a plain form, decoded.
pub fn form_pairs(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        })
        .collect()
}

fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(byte) = hex {
            out.push(byte);
            at += 3;
        } else {
            out.push(if bytes[at] == b'+' { b' ' } else { bytes[at] });
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
