//! Whether anybody is what a scope's filter asks for: a word that no client has would make a scope of nobody, in silence.

use super::{super::query::form_pairs, base};
use crate::{
    clock,
    domain::{access::Sites, cutover::scope::Scope, nearest::nearest},
    error::Problem,
    state::App,
    store::model::Filter,
    views::text::alternatives,
};

/// So many words are offered instead.
const OFFERED: usize = 4;

/// Refuses what no client has that somebody with these sites may see; what stood in the scope before stays.
pub(super) async fn check(
    app: &App,
    scope: &Scope,
    old: Option<&Scope>,
    sites: &Sites,
) -> Result<(), Problem> {
    let before = old.map(|old| form_pairs(&old.filter)).unwrap_or_default();
    let asked = form_pairs(&scope.filter);
    for (name, value) in asked.iter().filter(|pair| !before.contains(pair)) {
        let one = format!("{name}={}", crate::views::links::encode(value));
        let filter = base(&one).map_err(|detail| Problem::invalid("/filter", detail))?;
        let filter = Filter {
            within: sites.clone(),
            ..filter
        };
        if app.store().length(&filter, clock::now()).await? == 0 {
            let known = words(app, name, sites).await?;
            return Err(Problem::invalid("/filter", refusal(name, value, &known)));
        }
    }
    Ok(())
}

async fn words(app: &App, name: &str, sites: &Sites) -> Result<Vec<String>, Problem> {
    if name == "owner" {
        return Ok(app.store().owners(sites).await?);
    }
    let (os, _, roles) = app.store().occurring(sites).await?;
    Ok(if name == "os" { os } else { roles })
}

fn refusal(name: &str, value: &str, known: &[String]) -> String {
    let value: String = value.chars().take(60).collect();
    let what = match name {
        "os" => "OS version",
        other => other,
    };
    let near: Vec<String> = nearest(&value, known, OFFERED)
        .into_iter()
        .map(|word| format!("{name}={word}"))
        .collect();
    if !near.is_empty() {
        return format!(
            "no client has the {what} {value:?}; the nearest that is known is {}",
            alternatives(&near)
        );
    }
    let some: Vec<String> = known.iter().take(OFFERED).cloned().collect();
    if some.is_empty() {
        return format!("no client has the {what} {value:?}, and no other is known yet");
    }
    format!(
        "no client has the {what} {value:?}, and none that is known is like it; known are {}",
        some.join(", ")
    )
}

/// What of a scope nobody is in, in sentences: sites may come later, and so may what has a role.
pub(super) async fn nobody(app: &App, scope: &Scope) -> Result<Vec<String>, Problem> {
    let within = if scope.sites.is_empty() {
        Sites::all()
    } else {
        Sites::only(scope.sites.clone())
    };
    let (_, sites, roles) = app.store().occurring(&within).await?;
    let missing = |asked: &[String], known: &[String]| -> Vec<String> {
        let asked = asked.iter().filter(|code| !known.contains(code));
        asked.cloned().collect()
    };
    let mut says = Vec::new();
    match missing(&scope.sites, &sites).as_slice() {
        [] => {}
        [one] => says.push(format!(
            "No client of site {one} is known, so nobody of it is in this scope. That proves nothing: look whether the code is right, and whether its clients report."
        )),
        several => says.push(format!(
            "No client of the sites {} is known, so nobody of them is in this scope. That proves nothing: look whether the codes are right, and whether their clients report.",
            several.join(", ")
        )),
    }
    match missing(&scope.roles, &roles).as_slice() {
        [] => {}
        [one] => says.push(format!(
            "No site system with the role {one} has reported here."
        )),
        several => says.push(format!(
            "No site systems with the roles {} have reported here.",
            several.join(", ")
        )),
    }
    Ok(says)
}
