//! The cutover decision, for people and for programs.

pub mod after;
pub mod api;
pub mod calendar;
pub mod decisions;
pub mod decisions_api;
pub mod downloads;
pub mod forms;
mod kept;
mod known;
pub mod names;
pub mod pages;
pub mod said;

use serde_json::Value;

use super::query::{form_pairs, unknown};
use crate::{
    cutovers::running::Narrowed,
    domain::{access::Sites, cutover::scope::Scope},
    error::Problem,
    state::App,
    store::{cutover::decisions::Decision, model::Filter},
    views::Layout,
};

/// What a scope's filter means. Only what names clients narrows it: the ready ones alone would always pass.
///
/// # Errors
/// In a sentence, what of it is not known or given twice.
pub fn base(text: &str) -> Result<Filter, String> {
    let mut narrowed = Narrowed::default();
    let mut seen = Vec::new();
    for (name, value) in form_pairs(text) {
        if value.is_empty() || value.contains(char::is_control) {
            return Err(format!("{name} is empty or holds a control character"));
        }
        if seen.contains(&name) {
            return Err(format!("{name} is given twice; give it once"));
        }
        match name.as_str() {
            "os" => narrowed.os = Some(value),
            "role" => narrowed.role = Some(value.to_lowercase()),
            "owner" => narrowed.owner = Some(value),
            _ => return Err(unknown(&name, &["os", "role", "owner"])),
        }
        seen.push(name);
    }
    Ok(narrowed.filter())
}

/// The same of a scope that is kept. It is about all of its clients, whoever looks: whoever may see some sites only sees
/// scopes that lie wholly in them.
pub(super) fn base_of(scope: &Scope) -> Result<Filter, Problem> {
    base(&scope.filter).map_err(|detail| {
        tracing::error!(
            scope = scope.id,
            detail,
            "the filter of a scope cannot be read"
        );
        Problem::Internal
    })
}

/// Whether the reader may edit scopes: who feeds, and who decides.
pub(super) fn may_edit(layout: &Layout) -> bool {
    layout.may.feed() || layout.may.decide()
}

/// A scope that whoever asks may see.
pub(super) async fn scope(app: &App, id: &str, sites: &Sites) -> Result<Scope, Problem> {
    // What is no id of ours is the name of nothing.
    let found = match id.parse::<uuid::Uuid>() {
        Ok(_) => app.store().scope(id).await?,
        Err(_) => None,
    };
    found
        .filter(|scope| scope.lies_within(sites))
        .ok_or_else(|| Problem::NotFound("There is no scope at this address.".to_owned()))
}

/// A decision that whoever asks may see, with its head as JSON.
pub(super) async fn decision(
    app: &App,
    number: &str,
    sites: &Sites,
) -> Result<(Decision, Value), Problem> {
    let nothing = || Problem::NotFound("There is no decision of this number.".to_owned());
    let number: i64 = number.parse().map_err(|_| nothing())?;
    let found = app.store().decision(number).await?;
    let decision = found
        .filter(|decision| decision.is_seen(sites))
        .ok_or_else(nothing)?;
    let head = serde_json::from_str(&decision.head).map_err(|error| {
        tracing::error!(%error, number, "the head of a decision cannot be read");
        Problem::Internal
    })?;
    Ok((decision, head))
}

/// Refuses to hand a whole record to somebody who may not see every client in it: those whose site is not known may
/// belong to a scope, and to other sites.
pub(super) fn whole_record(head: &Value, sites: &Sites) -> Result<(), Problem> {
    let mut codes = head["tally"]["by_site"].as_object().into_iter().flatten();
    if codes.all(|(code, _)| sites.holds(code)) {
        return Ok(());
    }
    Err(Problem::Forbidden(
        "This record also names clients whose site is not known, and you may see some sites only; ask somebody who may see them all."
            .to_owned(),
    ))
}
