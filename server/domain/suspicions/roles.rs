//! A site system that says that it is none.

use super::{Found, Kind};
use crate::domain::assess::{carries_contact, is_site_system};

/// What is odd about a report, whoever sent it, after which a site system is none any more, or carries the management channel of
/// its site's clients no more: it would be asked for less, and they would be safe whatever becomes of it. `after`: what the client
/// is with the report, and what lists in force call it.
pub fn dropped<'r>(
    before: impl IntoIterator<Item = &'r str>,
    after: impl IntoIterator<Item = &'r str>,
) -> Option<Found> {
    let before: Vec<&str> = before.into_iter().collect();
    let after: Vec<&str> = after.into_iter().collect();
    let lost = |has: fn(&[&str]) -> bool| has(&before) && !has(&after);
    let odd = lost(|roles| is_site_system(roles.iter().copied()))
        || lost(|roles| carries_contact(roles.iter().copied()));
    odd.then(|| Found {
        kind: Kind::Roles,
        was: before.join(", "),
        became: after.join(", "),
    })
}
