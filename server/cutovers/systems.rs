//! The site systems of a scope, by what they report: how many are not ready, and at which sites the way of the clients hangs on
//! one of these.

use std::collections::HashMap;

use super::running;
use crate::{
    domain::{
        assess::{asks_less, carries_contact, is_site_system},
        cutover::{
            carrier::Carrier,
            criteria::Systems,
            scope::Scope,
            whatif::{Fate, Membership, judge},
        },
        time::Timestamp,
        verdict::Standing,
    },
    store::{Result, Store, cutover::walk::InScope, model::Filter},
};

/// The site systems of a scope.
#[derive(Clone, Debug, Default)]
pub struct SiteSystems {
    /// How many, and how many of them are not ready.
    pub sums: Systems,
    /// How the worst of those stands on which the way of a site's clients hangs, by site; none: all of them are ready.
    ways: HashMap<String, Standing>,
    /// The same of those that may stand at any site, in a scope of all.
    everywhere: Option<Standing>,
    /// The first of those that are not ready and stand at sites of the scope.
    names: Vec<String>,
    /// The first of [`Self::carriers`].
    carriers: Vec<Carrier>,
    /// How many there are of those.
    carriers_known: i64,
}

/// So many are named.
const NAMED: usize = 5;

impl SiteSystems {
    /// How the way of the clients of a site stands, where it is not ready. Of a site that nobody knows nothing is said.
    pub fn way(&self, site: &str) -> Option<Standing> {
        match (self.ways.get(site).copied(), self.everywhere) {
            (Some(here), Some(any)) => Some(worse(here, any)),
            (here, any) => here.or(any),
        }
    }

    /// The first of those that are not ready, by name: of sites of the scope only, because whoever reads that may see these.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The first of those that are not ready and on which the way of a site's clients hangs; of sites of the scope only, too.
    pub fn carriers(&self) -> &[Carrier] {
        &self.carriers
    }

    /// How many of them there are, also those of which it is not told where they stand now.
    pub const fn carriers_known(&self) -> i64 {
        self.carriers_known
    }

    /// Whether one that is not ready may stand at any site.
    pub const fn anywhere(&self) -> bool {
        self.everywhere.is_some()
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

/// The one of two that says more against a way.
const fn worse(one: Standing, other: Standing) -> Standing {
    if fails(other) && !fails(one) {
        other
    } else {
        one
    }
}

/// A site system as it counts: by what it reports, by what lists in force say of it, and by what it was before a report that dropped
/// its role, as long as nobody has looked at that.
struct System<'c> {
    client: &'c InScope,
    roles: Vec<&'c str>,
    /// The sites of the scope where it stands, or may stand.
    sites: Vec<&'c str>,
    /// It may stand at any site, and the scope is of all.
    everywhere: bool,
    /// It was judged with the roles that it has.
    asked: bool,
}

impl<'c> System<'c> {
    /// `None`: it is none of the scope's.
    fn of(client: &'c InScope, scope: &'c Scope) -> Option<Self> {
        let reported = || client.row.roles.iter().map(String::as_str);
        let told = client.told.as_ref();
        let mut roles: Vec<&str> = reported().collect();
        for role in told.iter().flat_map(|told| &told.roles) {
            if !roles.contains(&role.as_str()) {
                roles.push(role);
            }
        }
        let switched = scope.roles.is_empty()
            || scope
                .roles
                .iter()
                .any(|role| roles.contains(&role.as_str()));
        if !switched || !is_site_system(roles.iter().copied()) {
            return None;
        }
        let in_scope =
            |site: &&str| scope.sites.is_empty() || scope.sites.iter().any(|own| own == site);
        let own = client.row.ids.site_code.as_deref().unwrap_or_default();
        let listed = told.iter().flat_map(|told| &told.sites).map(String::as_str);
        let mut sites: Vec<&str> = listed.filter(in_scope).collect();
        if !own.is_empty() && in_scope(&own) && !sites.contains(&own) {
            sites.push(own);
        }
        let anywhere = told.is_some_and(|told| told.anywhere);
        if anywhere {
            for site in &scope.sites {
                if !sites.contains(&site.as_str()) {
                    sites.push(site);
                }
            }
        }
        if sites.is_empty() {
            let came_by_a_list_only =
                client.membership == Membership::Named && !own.is_empty() && !in_scope(&own);
            if came_by_a_list_only {
                return None;
            }
            // It is not told which of them it left; it may have been any.
            if !own.is_empty() {
                sites.extend(scope.sites.iter().map(String::as_str));
            }
        }
        let less = asks_less(roles.iter().copied(), reported());
        Some(Self {
            client,
            asked: !less && !told.is_some_and(|told| told.dropped),
            everywhere: anywhere && scope.sites.is_empty(),
            roles,
            sites,
        })
    }
}

/// The site systems of a scope's sites with the roles that are switched, whatever else narrows its clients. Each is asked as much as
/// a client is before it is called safe; and one that a report turned ready about which a suspicion is open is not. Nor is one that
/// was not judged as the site system that a list calls it, or that it was before a report dropped the role. Those count too that
/// are not ready and left these sites by a report that nobody has looked at, that lists leave out although they are heard, or whose
/// site nobody knows: they may stand there.
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
        for system in portion
            .iter()
            .filter_map(|client| System::of(client, scope))
        {
            let known = running::known(system.client, scope, &none, ruleset, now);
            found.sums.known += 1;
            if judge(&known).fate == Fate::Safe && !known.suspected && system.asked {
                continue;
            }
            found.sums.not_ready += 1;
            let here = scope.sites.is_empty() || scope.sites.contains(&known.site);
            if here && found.names.len() < NAMED {
                found.names.push(known.name.clone());
            }
            if !carries_contact(system.roles.iter().copied()) {
                continue;
            }
            // Of one that is at no known site nobody can say whose way hangs on it.
            found.carriers_known += i64::from(!system.sites.is_empty());
            if here && found.carriers.len() < NAMED {
                found.carriers.push(Carrier {
                    id: known.id,
                    name: known.name,
                    roles: system.roles.iter().map(|role| (*role).to_owned()).collect(),
                    standing: known.standing,
                    asked: system.asked,
                });
            }
            let standing = match known.standing {
                Standing::Ready => Standing::Undetermined,
                other => other,
            };
            if system.everywhere {
                let known = found.everywhere.unwrap_or(standing);
                found.everywhere = Some(worse(known, standing));
            }
            for site in system.sites {
                let way = found.ways.entry(site.to_owned()).or_insert(standing);
                *way = worse(*way, standing);
            }
        }
    }
    Ok(found)
}
