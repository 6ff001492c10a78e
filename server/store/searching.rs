//! A text that somebody looks for, as conditions.

use super::{
    ESTATE,
    db::{Engine, Tx},
    error::Result,
    model::Filter,
    narrowing::{Growing, Value, text},
};

/// Up to so many names that have all parts of a text are looked at through these parts. Where there are more, a walk through
/// all names costs less than to look up each that has them.
const FEW: i64 = 5_000;
/// Shorter texts have no part that an index holds.
const PART: usize = 3;

/// The sign keeps SQLite, which knows nothing of how many there are, from going through all names of the estate.
const WITH_PARTS: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM names WHERE +estate = ?";

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

/// A pattern for "somewhere in it".
pub(super) fn inside(part: &str) -> Value {
    Value::Text(inside_text(part))
}

/// The same as a text.
pub(super) fn inside_text(part: &str) -> String {
    let escaped = part
        .replace('!', "!!")
        .replace('%', "!%")
        .replace('_', "!_");
    format!("%{escaped}%")
}

/// The engine, where the parts of a text leave few names.
pub(super) async fn names_few_by_parts(tx: &mut Tx, filter: &Filter) -> Result<Option<Engine>> {
    let engine = tx.engine();
    let Some(lower) = searched(filter).map(str::to_lowercase) else {
        return Ok(None);
    };
    if lower.chars().count() < PART {
        return Ok(None);
    }
    let mut growing = Growing::starting(WITH_PARTS);
    growing.with_parts(&lower, engine);
    growing.and(" LIMIT ?) AS found", [Value::Int(FEW + 1)]);
    let found: i64 = growing.statement(tx).scalar().await?;
    Ok((found <= FEW).then_some(engine))
}

/// How many names hold a text, whoever is called so: from the names alone, which are a tenth of what stands of a client. `None`
/// where a filter says more than a text.
pub(super) fn names_with(filter: &Filter) -> Option<Growing> {
    let lower = searched(filter)?.to_lowercase();
    let more = Filter {
        q: None,
        ..filter.clone()
    };
    if more != Filter::default() {
        return None;
    }
    // The sign keeps a planner from looking up in an index what stands in each row.
    let mut growing = Growing::starting("SELECT COUNT(*) FROM names WHERE +estate = ?");
    growing.and(" AND name LIKE ? ESCAPE '!'", [inside(&lower)]);
    Some(growing)
}

/// A text as a query of SQLite's index: each three signs of it, in quotes.
fn as_match(lower: &str) -> String {
    let signs: Vec<char> = lower.chars().collect();
    let parts = signs.windows(PART).map(|part| {
        let part: String = part.iter().collect();
        format!("\"{}\"", part.replace('"', "\"\""))
    });
    parts.collect::<Vec<_>>().join(" AND ")
}

impl Growing {
    /// Only names that have all parts of a text, though maybe not one behind the other.
    fn with_parts(&mut self, lower: &str, engine: Engine) {
        match engine {
            Engine::Sqlite => self.and(
                " AND n IN (SELECT rowid FROM name_parts WHERE name_parts MATCH ?)",
                [Value::Text(as_match(lower))],
            ),
            Engine::Postgres => self.and(
                " AND parts_of_name(name) @> parts_of_name(?)",
                [text(lower)],
            ),
        }
    }

    /// Only clients whose name holds a text, found by the parts of it.
    fn search_by_parts(&mut self, lower: &str, engine: Engine) {
        self.and(
            " AND id IN (SELECT client_id FROM names WHERE +estate = ?",
            [Value::Int(ESTATE)],
        );
        self.with_parts(lower, engine);
        self.and(" AND name LIKE ? ESCAPE '!')", [inside(lower)]);
    }

    /// Only clients that a text finds.
    pub(super) fn search(&mut self, q: &str, how: Search, by_parts: Option<Engine>) {
        let lower = q.to_lowercase();
        let upper = q.to_uppercase();
        let guid = upper.strip_prefix("GUID:").unwrap_or(&upper);
        let end = |start: &str| text(&format!("{start}\u{10FFFF}"));
        match how {
            Search::None => {}
            Search::Name => match by_parts {
                Some(engine) => self.search_by_parts(&lower, engine),
                // No index finds it, but the names alone are looked through, not the fleet.
                None => self.and(
                    " AND sort_key >= '' AND sort_key LIKE ? ESCAPE '!'",
                    [inside(&lower)],
                ),
            },
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
                self.grouped(")");
            }
        }
    }
}
