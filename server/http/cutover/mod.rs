//! The cutover decision, for people and for programs.

pub mod api;
pub mod decisions;
pub mod forms;
pub mod pages;

use std::net::IpAddr;

use axum::{extract::FromRequestParts, http::request::Parts};

use super::{
    auth::Person,
    from_where::FromWhere,
    query::{form_pairs, unknown},
};
use crate::{
    clock,
    domain::{
        access::{Permission, Sites},
        audit::{Actor, Entry},
        cutover::scope::Scope,
    },
    error::Problem,
    state::App,
    store::model::Filter,
};

/// From which address it came, where that is known.
#[derive(Clone, Copy, Debug)]
pub struct From(pub Option<IpAddr>);

impl<S: Send + Sync> FromRequestParts<S> for From {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let known = parts.extensions.get::<FromWhere>();
        Ok(Self(known.map(|FromWhere(address)| *address)))
    }
}

/// What a scope's filter means. Only what names clients narrows it: the ready ones alone would always pass.
pub(super) fn base(text: &str) -> Result<Filter, String> {
    let mut filter = Filter::default();
    let mut seen = Vec::new();
    for (name, value) in form_pairs(text) {
        if value.is_empty() || value.contains(char::is_control) {
            return Err(format!("{name} is empty or holds a control character"));
        }
        if seen.contains(&name) {
            return Err(format!("{name} is given twice; give it once"));
        }
        match name.as_str() {
            "os" => filter.os = Some(value),
            "role" => filter.role = Some(value.to_lowercase()),
            "owner" => filter.owner = Some(value),
            _ => return Err(unknown(&name, &["os", "role", "owner"])),
        }
        seen.push(name);
    }
    Ok(filter)
}

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

/// A decision is about whole scopes, with clients whose site nobody knows, so whoever is limited to sites has no part in it.
pub(super) fn sees_all(sites: &Sites) -> Result<(), Problem> {
    if sites.limit().is_none() {
        return Ok(());
    }
    Err(Problem::Forbidden(
        "Cutover decisions count clients of all sites, and those whose site is not known. Your account is limited to some sites; ask somebody whose account is not.".to_owned(),
    ))
}

/// Whether a person may edit scopes: who feeds, and who decides.
pub(super) fn may_edit(person: &Person) -> bool {
    person.role.may(Permission::Feed) || person.role.may(Permission::Decide)
}

pub(super) fn editor(person: &Person) -> Result<(), Problem> {
    sees_all(&person.sites)?;
    if may_edit(person) {
        return Ok(());
    }
    Err(Problem::Forbidden(
        "Only an operator, an approver or an administrator may change this.".to_owned(),
    ))
}

pub(super) fn decider(person: &Person) -> Result<(), Problem> {
    sees_all(&person.sites)?;
    if person.role.may(Permission::Decide) {
        return Ok(());
    }
    Err(Problem::Forbidden(
        "Only an approver or an administrator may decide.".to_owned(),
    ))
}

pub(super) async fn scope(app: &App, id: &str) -> Result<Scope, Problem> {
    let found = app.store().scope(id).await?;
    found.ok_or_else(|| Problem::NotFound("There is no scope at this address.".to_owned()))
}

pub(super) fn entry(person: &Person, from: From, deed: &'static str, subject: &str) -> Entry {
    Entry::new(
        clock::now(),
        Actor::Person(person.name.clone()),
        deed,
        subject,
    )
    .from(from.0)
}
