//! The site systems of a scope, by what they report: how many are not ready, and at which sites the way of the clients hangs on
//! one of these.

use std::collections::HashMap;

use crate::{
    domain::{
        assess::{carries_contact, is_site_system},
        cutover::{criteria::Systems, scope::Scope},
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
}

impl SiteSystems {
    /// How the way of the clients of a site stands, where it is not ready. Of a site that nobody knows nothing is said.
    pub fn way(&self, site: &str) -> Option<Standing> {
        self.ways.get(site).copied()
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

/// The site systems of a scope's sites with the roles that are switched, whatever else narrows its clients. Of those whose site
/// nobody knows, the ones that are not ready count too: they may stand there.
///
/// # Errors
/// The store failed.
pub async fn of(store: &Store, scope: &Scope, now: Timestamp) -> Result<SiteSystems> {
    let mut sites: Vec<Option<String>> = scope.sites.iter().cloned().map(Some).collect();
    if sites.is_empty() {
        sites.push(None);
    } else {
        sites.push(Some(String::new()));
    }
    sites.sort();
    sites.dedup();
    let mut found = SiteSystems::default();
    for site in sites {
        let nowhere = site.as_deref() == Some("");
        let filter = Filter {
            site,
            ..Filter::default()
        };
        for alike in store.systems(&filter, now).await? {
            let roles = || alike.roles.split(',');
            let switched = scope.roles.is_empty()
                || roles().any(|role| scope.roles.iter().any(|switched| switched == role));
            if !switched || !is_site_system(roles()) {
                continue;
            }
            let ready = alike.standing == Standing::Ready;
            if !(nowhere && ready) {
                found.sums.known += alike.n;
            }
            if ready {
                continue;
            }
            found.sums.not_ready += alike.n;
            if !alike.site.is_empty() && carries_contact(roles()) {
                let way = found.ways.entry(alike.site).or_insert(alike.standing);
                if fails(alike.standing) && !fails(*way) {
                    *way = alike.standing;
                }
            }
        }
    }
    Ok(found)
}
