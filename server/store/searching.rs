//! A text that somebody looks for, as conditions.

use super::{
    ESTATE,
    model::Filter,
    narrowing::{Growing, Value, inside, text},
};

/// How a searched text is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Search {
    /// Not at all.
    None,
    /// Somewhere in a name.
    Name,
    /// As a whole id, or the beginning of an FQDN; without those whose name holds it.
    Id,
}

/// The text that a filter looks for.
pub(super) fn searched(filter: &Filter) -> Option<&str> {
    filter.q.as_deref().map(str::trim).filter(|q| !q.is_empty())
}

impl Growing {
    /// Only clients that a text finds.
    pub(super) fn search(&mut self, q: &str, how: Search) {
        let lower = q.to_lowercase();
        let upper = q.to_uppercase();
        let guid = upper.strip_prefix("GUID:").unwrap_or(&upper);
        let end = |start: &str| text(&format!("{start}\u{10FFFF}"));
        match how {
            Search::None => {}
            // No index finds it, but the names alone are looked through, not the fleet.
            Search::Name => self.and(
                " AND sort_key >= '' AND sort_key LIKE ? ESCAPE '!'",
                [inside(&lower)],
            ),
            // Every name is `>= ''`, and no index holds it: so nobody counts these by walking through an index.
            Search::Id => {
                self.and(
                    " AND name >= '' AND sort_key NOT LIKE ? ESCAPE '!' AND id IN (
                     SELECT client_id FROM identities WHERE estate = ? AND ident IN (?, ?, ?, ?, ?, ?)",
                    [
                        inside(&lower),
                        Value::Int(ESTATE),
                        text(&format!("g:{guid}")),
                        text(&format!("s:{guid}")),
                        text(&format!("x:{lower}")),
                        text(&format!("i:{lower}")),
                        text(&format!("r:{upper}")),
                        text(&format!("f:{lower}")),
                    ],
                );
                // The first label of an FQDN is the name; what goes on behind a dot is looked for here.
                if lower.contains('.') {
                    let start = format!("f:{lower}");
                    self.and(
                        " UNION SELECT client_id FROM identities
                         WHERE estate = ? AND ident >= ? AND ident < ?",
                        [Value::Int(ESTATE), text(&start), end(&start)],
                    );
                }
                if let Ok(own) = uuid::Uuid::parse_str(&lower) {
                    self.and(
                        " UNION SELECT id FROM clients WHERE estate = ? AND id = ?",
                        [Value::Int(ESTATE), Value::Bytes(own.as_bytes().to_vec())],
                    );
                }
                self.and(")", []);
            }
        }
    }
}
