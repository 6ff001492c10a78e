//! A site system that says that it is less than it was.

use super::{Found, Kind};
use crate::domain::assess::{asks_less, is_site_system};

/// What is odd about a report, whoever sent it, after which a site system is none any more, is asked for less than before, or carries
/// the management channel of its site's clients no more: they would be safe whatever becomes of it. `after`: what the client is with
/// the report.
pub fn dropped<'r>(
    before: impl IntoIterator<Item = &'r str>,
    after: impl IntoIterator<Item = &'r str>,
) -> Option<Found> {
    let before: Vec<&str> = before.into_iter().collect();
    let after: Vec<&str> = after.into_iter().collect();
    if !asks_less(before.iter().copied(), after.iter().copied()) {
        return None;
    }
    // What makes no site system says nothing, and may be long.
    let told = |roles: Vec<&str>| {
        let systems = roles.into_iter().filter(|role| is_site_system([*role]));
        systems.collect::<Vec<&str>>().join(", ")
    };
    Some(Found {
        kind: Kind::Roles,
        was: told(before),
        became: told(after),
    })
}
