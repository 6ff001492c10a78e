//! What stands beside the numbers of a scope because none of them counts it: a planned day that has gone by, site systems that are
//! not ready, clients of the same sites that a filter leaves out, other scopes about the same sites. A record keeps these sentences,
//! too.

use super::systems::SiteSystems;
use crate::{
    domain::{
        access::Sites,
        counted::{counted, counted_len, number},
        cutover::{record::Decided, scope::Scope},
        feeds::day_of,
        forecast::day_named,
        time::Timestamp,
        verdict::Standing,
    },
    store::{Result, Store, model::Filter},
};

/// So many other scopes are named.
const NAMED: usize = 5;

/// The sites of a scope as a limit.
fn sites_of(scope: &Scope) -> Sites {
    if scope.sites.is_empty() {
        Sites::all()
    } else {
        Sites::only(scope.sites.clone())
    }
}

/// What the numbers of a scope leave out although the switch is about it, in sentences. Scopes are named to whoever may see
/// `sites`; of others only their number is said.
///
/// # Errors
/// The store failed.
pub async fn sentences(
    store: &Store,
    scope: &Scope,
    base: &Filter,
    systems: &SiteSystems,
    sites: &Sites,
    now: Timestamp,
) -> Result<Vec<String>> {
    let mut says = Vec::new();
    says.extend(gone_by(scope, now));
    says.extend(not_ready(systems));
    if !scope.filter.is_empty() {
        says.extend(left_out(store, scope, base, now).await?);
    }
    says.extend(others(store, scope, sites).await?);
    Ok(says)
}

fn gone_by(scope: &Scope, now: Timestamp) -> Option<String> {
    let planned = scope.planned.as_deref()?;
    (day_named(planned)? < day_of(now)).then(|| format!("The planned day, {planned}, has gone by."))
}

fn not_ready(systems: &SiteSystems) -> Option<String> {
    let sums = systems.sums;
    (sums.not_ready > 0).then(|| {
        let of = counted(
            sums.known,
            "site system of this scope that reports",
            "site systems of this scope that report",
        );
        let ways = match systems.sites_without_way() {
            0 if !systems.anywhere() => "Whoever depends on them may lose a part of what they give, and none of the numbers counts that.".to_owned(),
            n => format!(
                "At {} that is a management point, or what one needs: clients that are ready there count as ones that may lose contact, or of whom nobody can say. What others give may be lost, too, and no number counts that.",
                if systems.anywhere() { "any site".to_owned() } else { counted_len(n, "site", "sites") }
            ),
        };
        let names = systems.names();
        let shown = i64::try_from(names.len()).unwrap_or(i64::MAX);
        let names = match sums.not_ready - shown {
            _ if names.is_empty() => String::new(),
            0 => format!(": {}", names.join(", ")),
            more => format!(": {}, and {} more", names.join(", "), number(more)),
        };
        format!(
            "Of {of}, {} not ready{names}. {ways}",
            counted(sums.not_ready, "is", "are")
        )
    })
}

async fn left_out(
    store: &Store,
    scope: &Scope,
    base: &Filter,
    now: Timestamp,
) -> Result<Option<String>> {
    let within = sites_of(scope);
    let whole = Filter {
        standings: Standing::not_cleared(),
        ..Filter::of(&within)
    };
    let named = Filter {
        within,
        standings: Standing::not_cleared(),
        ..base.clone()
    };
    let others = store.length(&whole, now).await? - store.length(&named, now).await?;
    Ok((others > 0).then(|| {
        format!(
            "{} not ready, and left out by the filter of this scope. They depend on the same site systems, and none of the numbers counts them.",
            counted(
                others,
                "other client of the same sites is",
                "other clients of the same sites are"
            )
        )
    }))
}

/// Other scopes about site systems of the same sites: who decides here should know what is decided there.
async fn others(store: &Store, scope: &Scope, sites: &Sites) -> Result<Vec<String>> {
    let mut same = store.scopes().await?;
    same.retain(|other| other.id != scope.id && other.shares_a_site(scope));
    let total = same.len();
    same.retain(|other| other.lies_within(sites));
    let mut says = Vec::new();
    for other in same.iter().take(NAMED) {
        let last = store.decisions(&other.id, i64::MAX, 1).await?;
        let decided = last.first().map_or_else(
            || "nothing has been decided there".to_owned(),
            |last| {
                let made = Decided::from_code(&last.decided)
                    .map_or("not known", |made| made.said(last.ground()));
                format!("decided there last was: {made} (record {})", last.number)
            },
        );
        let off = !store.said_of_scope(&other.id).await?.switched.is_empty();
        let off = if off {
            ", and somebody has said that it is switched off"
        } else {
            ""
        };
        says.push(format!(
            "Another scope is about site systems of the same sites: {}; {decided}{off}.",
            other.name
        ));
    }
    let more = total - says.len();
    if more > 0 {
        says.push(format!(
            "{} about site systems of the same sites, too.",
            counted_len(more, "other scope is", "other scopes are")
        ));
    }
    Ok(says)
}
