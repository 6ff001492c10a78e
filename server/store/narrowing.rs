//! A filter as a statement: fixed pieces of SQL and bound values, shaped so that an index serves each.

use super::{
    ESTATE,
    db::{Composed, Statement, Tx},
    model::Filter,
    moves::{MOVED_BACK, NEWS},
};
use crate::domain::{
    assess,
    time::{DAY, Timestamp},
    verdict::Standing,
};

/// A value to bind.
enum Value {
    Text(String),
    Int(i64),
    Bytes(Vec<u8>),
}

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

/// A pattern for "somewhere in it".
fn inside(part: &str) -> Value {
    let escaped = part
        .replace('!', "!!")
        .replace('%', "!%")
        .replace('_', "!_");
    Value::Text(format!("%{escaped}%"))
}

/// The bit of a reason; no bit for a code nobody knows, so that an unknown reason lists nobody.
fn reason_mask(code: &str) -> i64 {
    assess::reason(code).map_or(0, |reason| 1 << reason.bit)
}

/// The bits of every reason this fix mends.
fn fix_mask(fix: &str) -> i64 {
    assess::REASONS
        .iter()
        .filter(|reason| reason.fix == fix)
        .fold(0, |mask, reason| mask | 1 << reason.bit)
}

/// How a searched text is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Search {
    /// Not at all.
    None,
    /// As the beginning of a name.
    Name,
    /// Further inside a name.
    Inside,
    /// As a whole id, or the beginning of an FQDN; without those whose name holds it.
    Id,
}

/// A part of a list that one index range holds in the list's order. A list is the merge of its pieces, so that no
/// combination of standings, OS version and search has to look through the whole fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    standing: Option<Standing>,
    search: Search,
}

/// The pieces of a filter's list; they share no client.
pub(super) fn pieces(filter: &Filter) -> Vec<Piece> {
    let standings: Vec<Option<Standing>> = if !filter.standings.is_empty() {
        filter.standings.iter().copied().map(Some).collect()
    } else if filter.unchanged.is_some() {
        Standing::ALL
            .into_iter()
            .filter(|standing| !standing.is_cleared())
            .map(Some)
            .collect()
    } else if filter.os.is_some() {
        // The index by OS version goes on with the standing.
        Standing::ALL.into_iter().map(Some).collect()
    } else {
        vec![None]
    };
    let searches: &[Search] = if searched(filter).is_some() {
        &[Search::Name, Search::Inside, Search::Id]
    } else {
        &[Search::None]
    };
    standings
        .into_iter()
        .flat_map(|standing| {
            searches.iter().map(move |search| Piece {
                standing,
                search: *search,
            })
        })
        .collect()
}

fn searched(filter: &Filter) -> Option<&str> {
    filter.q.as_deref().map(str::trim).filter(|q| !q.is_empty())
}

/// A statement that grows with the filter, and the values it binds.
pub(super) struct Growing {
    text: Composed,
    values: Vec<Value>,
    /// Few clients are named by their ids, so that these are looked up and then put in order.
    by_ids: bool,
}

impl Growing {
    /// Starts with a text whose one `?` is the estate.
    pub(super) fn new(text: Composed) -> Self {
        Self {
            text,
            values: vec![Value::Int(ESTATE)],
            by_ids: false,
        }
    }

    fn and(&mut self, piece: &'static str, values: impl IntoIterator<Item = Value>) {
        self.text.push(piece);
        self.values.extend(values);
    }

    /// The statement with its values bound.
    pub(super) fn statement(self, tx: &mut Tx) -> Statement<'_> {
        let mut statement = tx.composed(self.text);
        for value in self.values {
            statement = match value {
                Value::Text(value) => statement.bind(value),
                Value::Int(value) => statement.bind(value),
                Value::Bytes(value) => statement.bind(value),
            };
        }
        statement
    }

    /// Only what comes behind this name and id.
    pub(super) fn after(&mut self, sort_key: &str, id: &[u8]) {
        let piece = if self.by_ids {
            " AND (sort_key || '', id) > (?, ?)"
        } else {
            " AND (sort_key, id) > (?, ?)"
        };
        self.and(piece, [text(sort_key), Value::Bytes(id.to_vec())]);
    }

    /// The first rows, in the list's order.
    pub(super) fn first(&mut self, rows: i64) {
        // No index is in the order of an expression, so none is walked through for the sake of its order.
        let piece = if self.by_ids {
            " ORDER BY sort_key || '', id LIMIT ?"
        } else {
            " ORDER BY sort_key, id LIMIT ?"
        };
        self.and(piece, [Value::Int(rows)]);
    }

    /// Everything a filter says of the `clients` table at `now`, for one of its pieces.
    pub(super) fn narrow(&mut self, filter: &Filter, piece: Piece, now: Timestamp) {
        self.by_ids = filter.regressed;
        // Negated, so that no planner takes these for a way to find the few.
        let (standing, os_key) = if self.by_ids {
            (" AND NOT (standing <> ?)", " AND NOT (os_key <> ?)")
        } else {
            (" AND standing = ?", " AND os_key = ?")
        };
        if let Some(wanted) = piece.standing {
            self.and(standing, [text(wanted.code())]);
        }
        if let Some(os) = &filter.os {
            self.and(os_key, [text(os)]);
        }
        if let Some(site) = &filter.site {
            self.and(" AND site = ?", [text(site)]);
        }
        self.listed(filter);
        if let Some(impact) = filter.impact {
            self.and(" AND impact = ?", [text(impact.code())]);
        }
        if let Some(role) = &filter.role {
            let whole = inside(&format!(",{role},"));
            self.and(" AND roles <> '' AND roles LIKE ? ESCAPE '!'", [whole]);
        }
        for mask in [
            filter.reason.as_deref().map(reason_mask),
            filter.fix.as_deref().map(fix_mask),
        ]
        .into_iter()
        .flatten()
        {
            self.and(" AND (reasons & ?) <> 0", [Value::Int(mask)]);
        }
        if filter.duplicates {
            self.text.push(" AND duplicate");
        }
        if filter.future {
            self.text.push(" AND future");
        }
        if filter.regressed {
            self.and(
                MOVED_BACK,
                [Value::Int(ESTATE), Value::Int(now.plus(-NEWS).0)],
            );
        }
        if let Some(days) = filter.unchanged {
            // Who was ready until its report grew too old has not been ready since then only.
            let since = now.plus(days.saturating_mul(-DAY)).0;
            self.and(
                " AND standing <> 'ready' AND verdict_since <= ? AND (verdict <> 'ready' OR stale_at <= ?)",
                [Value::Int(since), Value::Int(since)],
            );
        }
        if let Some(q) = searched(filter) {
            self.search(q, piece.search);
        }
    }

    /// In the population, or left out of it, or in it without being expected.
    fn listed(&mut self, filter: &Filter) {
        self.text.push(if filter.left_out {
            " AND listing IN ('obsolete', 'decommissioned')"
        } else if filter.unlisted {
            " AND listing IN ('unlisted', 'returned')"
        } else {
            " AND listing NOT IN ('obsolete', 'decommissioned')"
        });
    }

    fn search(&mut self, q: &str, how: Search) {
        let lower = q.to_lowercase();
        let upper = q.to_uppercase();
        let guid = upper.strip_prefix("GUID:").unwrap_or(&upper);
        let end = |start: &str| text(&format!("{start}\u{10FFFF}"));
        match how {
            Search::None => {}
            Search::Name => self.and(
                " AND sort_key >= ? AND sort_key < ?",
                [text(&lower), end(&lower)],
            ),
            // No index helps here, but the names alone are looked through, not the fleet.
            Search::Inside => self.and(
                " AND NOT (sort_key >= ? AND sort_key < ?) AND sort_key LIKE ? ESCAPE '!'",
                [text(&lower), end(&lower), inside(&lower)],
            ),
            Search::Id => {
                self.and(
                    " AND sort_key NOT LIKE ? ESCAPE '!' AND id IN (
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
                self.text.push(")");
            }
        }
    }

    fn any_of(&mut self, standings: &[Standing]) {
        if standings.is_empty() {
            return;
        }
        self.text.push(" AND standing IN (");
        for (index, standing) in standings.iter().enumerate() {
            let piece = if index == 0 { "?" } else { ", ?" };
            self.and(piece, [text(standing.code())]);
        }
        self.text.push(")");
    }
}

/// The statement that reads a list's length from the maintained counts, when these can say it.
pub(super) fn from_counts(filter: &Filter) -> Option<Growing> {
    let special = [
        filter.reason.is_some(),
        filter.impact.is_some(),
        filter.duplicates,
        filter.future,
    ];
    if filter.role.is_some()
        || filter.fix.is_some()
        || filter.regressed
        || filter.unchanged.is_some()
        || searched(filter).is_some()
        || special.iter().filter(|set| **set).count() > 1
    {
        return None;
    }
    let mut text = Composed::default();
    text.push("SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) FROM counts WHERE estate = ?");
    let mut growing = Growing::new(text);
    let detail = |detail: String| [Value::Text(detail)];
    if let Some(reason) = &filter.reason {
        let bit = assess::reason(reason).map_or_else(|| "none".to_owned(), |r| r.bit.to_string());
        growing.and(" AND kind = 'reason' AND detail = ?", detail(bit));
    } else if filter.duplicates {
        growing
            .text
            .push(" AND kind = 'flag' AND detail = 'duplicate'");
    } else if filter.future {
        growing
            .text
            .push(" AND kind = 'flag' AND detail = 'future'");
    } else if let Some(impact) = filter.impact {
        let code = impact.code().to_owned();
        growing.and(" AND kind = 'client' AND detail = ?", detail(code));
    } else {
        growing.text.push(" AND kind = 'client'");
    }
    growing.listed(filter);
    growing.any_of(&filter.standings);
    for (piece, value) in [
        (" AND os_key = ?", &filter.os),
        (" AND site = ?", &filter.site),
    ] {
        if let Some(value) = value {
            growing.and(piece, [self::text(value)]);
        }
    }
    Some(growing)
}
