//! The site systems of a scope, by what they report: how many are not ready, and at which sites the way of the clients hangs on
//! one of these.

use std::collections::HashMap;

use super::running;
use crate::{
    domain::{
        assess::{carries_contact, is_site_system},
        cutover::{
            criteria::Systems,
            scope::Scope,
            whatif::{Fate, judge},
        },
        time::Timestamp,
        verdict::Standing,
    },
    store::{Result, Store, model::Filter},
};

/// The site systems of a scope.
#[derive(Clone, Debug, Default)]
pub struct SiteSystems {
    /// How many, and how many of them are not ready.
    pub sums: Systems,
    /// How the worst of those stands on which the way of a site's clients hangs, by site; none: all of them are ready.
    ways: HashMap<String, Standing>,
    /// The first of those that are not ready and stand at sites of the scope.
    names: Vec<String>,
}

/// So many are named.
const NAMED: usize = 5;

impl SiteSystems {
    /// How the way of the clients of a site stands, where it is not ready. Of a site that nobody knows nothing is said.
    pub fn way(&self, site: &str) -> Option<Standing> {
        self.ways.get(site).copied()
    }

    /// The first of those that are not ready, by name: of sites of the scope only, because whoever reads that may see these.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// At so many sites the way of the clients is not ready.
    pub fn sites_without_way(&self) -> usize {
        self.ways.len()
    }
}

/// Whether it is known that a machine is not ready; else nobody can say.
const fn fails(standing: Standing) -> bool {
    matches!(
        standing,
        Standing::Blocking | Standing::Conflict | Standing::RestartPending
    )
}

/// The site systems of a scope's sites with the roles that are switched, whatever else narrows its clients. Each is asked as much as
/// a client is before it is called safe; and one that a report turned ready about which a suspicion is open is not. Those count too
/// that are not ready and left these sites by a report that nobody has looked at, that lists leave out although they are heard, or
/// whose site nobody knows: they may stand there.
///
/// # Errors
/// The store failed.
pub async fn of(
    store: &Store,
    scope: &Scope,
    ruleset: &str,
    now: Timestamp,
) -> Result<SiteSystems> {
    let mut found = SiteSystems::default();
    let none = SiteSystems::default();
    let mut walk = store
        .walk_systems(running::filters(scope, &Filter::default()), now)
        .await?;
    while let Some(portion) = walk.next().await? {
        for client in portion {
            let roles = || client.row.roles.iter().map(String::as_str);
            let switched = scope.roles.is_empty()
                || roles().any(|role| scope.roles.iter().any(|switched| switched == role));
            if !switched || !is_site_system(roles()) {
                continue;
            }
            let known = running::known(&client, scope, &none, ruleset, now);
            found.sums.known += 1;
            if judge(&known).fate == Fate::Safe && !known.suspected {
                continue;
            }
            found.sums.not_ready += 1;
            let here = scope.sites.is_empty() || scope.sites.contains(&known.site);
            if here && found.names.len() < NAMED {
                found.names.push(known.name.clone());
            }
            if !carries_contact(roles()) {
                continue;
            }
            let sites: &[String] = if known.site.is_empty() {
                &[]
            } else if here {
                std::slice::from_ref(&known.site)
            } else {
                // Which of them it left is not told here; it may have been any.
                &scope.sites
            };
            let standing = match known.standing {
                Standing::Ready => Standing::Undetermined,
                other => other,
            };
            for site in sites {
                let way = found.ways.entry(site.clone()).or_insert(standing);
                if fails(standing) && !fails(*way) {
                    *way = standing;
                }
            }
        }
    }
    Ok(found)
}
