//! That the way of a site's clients is not ready: a management point there, or what one needs.

use super::{
    links,
    text::counted,
    words::{self, Badge},
};
use crate::{
    domain::{assess::carries_contact, verdict::Standing},
    store::model::{ClientRow, Filter, ListPage},
};

/// So many site systems are named.
const NAMED: usize = 3;

/// A site system that is not ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WayRow {
    /// Name.
    pub name: String,
    /// Its page.
    pub href: String,
    /// Its roles.
    pub roles: String,
    /// How it stands.
    pub badge: Badge,
}

/// The site systems on which the way of a site's clients hangs, where they are not ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The first of them, by name.
    pub rows: Vec<WayRow>,
    /// How many more there are; empty: none.
    pub more: String,
}

impl Way {
    /// Which site systems of a site are looked through.
    pub fn asked(site: &str) -> Filter {
        Filter {
            systems: true,
            site: Some(site.to_owned()),
            standings: Standing::not_cleared(),
            ..Filter::default()
        }
    }

    /// Of what was found by that; `None`: nothing on which the way hangs is among them.
    pub fn new(found: &ListPage) -> Option<Self> {
        let carries = |row: &&ClientRow| carries_contact(row.roles.iter().map(String::as_str));
        let all: Vec<&ClientRow> = found.items.iter().filter(carries).collect();
        let further = i64::try_from(all.len().saturating_sub(NAMED)).unwrap_or(i64::MAX);
        let more = match (further, &found.next_cursor) {
            (0, None) => String::new(),
            (0, Some(_)) => ", and perhaps others".to_owned(),
            (further, None) => format!(", and {}", counted(further, "other", "others")),
            (further, Some(_)) => format!(", and at least {}", counted(further, "other", "others")),
        };
        let rows = all.into_iter().take(NAMED).map(|row| WayRow {
            name: row.name.clone(),
            href: links::client_url(&row.id),
            roles: words::roles(&row.roles),
            badge: words::standing(row.standing),
        });
        let rows: Vec<WayRow> = rows.collect();
        (!rows.is_empty()).then_some(Self { rows, more })
    }
}
