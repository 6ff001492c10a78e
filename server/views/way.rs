//! That the way of a site's clients is not ready: a management point there, or what one needs.

use super::{links, text::counted, words};
use crate::domain::cutover::carrier::Carrier;

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
    /// How it stands, in words.
    pub stands: &'static str,
}

/// The site systems on which the way of a site's clients hangs, where they are not ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The first of them.
    pub rows: Vec<WayRow>,
    /// How many more there are; empty: none.
    pub more: String,
}

/// How one stands that does not count as ready.
fn stands(carrier: &Carrier) -> &'static str {
    if carrier.standing.is_cleared() && !carrier.asked {
        "ready, but not judged with that role"
    } else if carrier.standing.is_cleared() {
        "ready, but that is in doubt"
    } else {
        words::standing(carrier.standing).word
    }
}

impl Way {
    /// Of those of one site that do not count as ready: the first of them, and how many there are; `None`: none.
    pub fn new(carriers: &[Carrier], known: i64) -> Option<Self> {
        let row = |carrier: &Carrier| WayRow {
            name: carrier.name.clone(),
            href: links::client_url(&carrier.id),
            roles: words::roles(&carrier.roles),
            stands: stands(carrier),
        };
        let named = carriers.iter().take(NAMED);
        let rows: Vec<WayRow> = named.map(row).collect();
        let named = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let further = known.saturating_sub(named);
        let more = match (further, rows.is_empty()) {
            (0, _) => String::new(),
            (further, true) => counted(
                further,
                "machine that may stand here",
                "machines that may stand here",
            ),
            (further, false) => format!(", and {}", counted(further, "other", "others")),
        };
        (known > 0).then_some(Self { rows, more })
    }
}
