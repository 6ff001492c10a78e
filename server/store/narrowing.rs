//! A filter as a statement: fixed pieces of SQL and bound values, shaped so that an index serves each.

use super::{
    ESTATE,
    cursor::{Mark, Times},
    db::{Composed, Engine, Statement, Tx},
    exceptions::{IN_FORCE, IN_FORCE_AND_SOON_OVER, NOT_IN_FORCE},
    model::{Excepted, Filter, Listing, Order},
    moves::{MOVED_BACK, NEWS},
    searching::{Search, inside, searched},
};
use crate::domain::{
    assess,
    exceptions::SOON,
    plan::{ActionSet, Only},
    time::{DAY, Timestamp},
    verdict::Standing,
};

/// A value to bind.
pub(super) enum Value {
    Text(String),
    Int(i64),
    Bytes(Vec<u8>),
}

pub(super) fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
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

/// Masks of which a client has to carry a bit.
pub(super) fn carried(filter: &Filter) -> impl Iterator<Item = i64> {
    let fix = filter.fix.as_deref().map(fix_mask);
    filter.reasons().map(reason_mask).chain(fix)
}

fn only(filter: &Filter) -> Option<Only> {
    let codes = filter.only_fixes.iter().map(String::as_str);
    (!filter.only_fixes.is_empty()).then(|| Only::these(ActionSet::of_codes(codes)))
}

/// How a mask of reasons is asked for: in the list of clients, or in the counts.
pub(super) struct Asked {
    /// There is a reason.
    pub(super) some: &'static str,
    /// One of these is among them.
    pub(super) carries: &'static str,
    /// None of these is.
    pub(super) lacks: &'static str,
}

const OF_CLIENTS: Asked = Asked {
    some: "reasons <> 0",
    carries: "(reasons & ?) <> 0",
    lacks: "(reasons & ?) = 0",
};

/// Site systems. Every name is `>= ''`: said, because then the index of those that have roles fits better than any other,
/// where a planner knows nothing of how many there are. The same is said below for the same reason.
const WITH_ROLES: &str = " AND roles <> '' AND sort_key >= ''";

/// A part of a list that one index range holds in the list's order. A list is the merge of its pieces, so that no
/// combination of standings, OS version and search has to look through the whole fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    standing: Option<Standing>,
    pub(super) search: Search,
    listed: Listed,
}

/// How a list names those of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listed {
    /// As the filter says.
    AsAsked,
    /// Like this, which is one of the ways that the filter says.
    Thus(Listing),
    /// However it does.
    Anyhow,
}

impl Piece {
    /// The standing it is of; `None`: of all that the filter lists.
    pub(super) const fn standing(self) -> Option<Standing> {
        self.standing
    }

    /// The same, with those that the filter's listing leaves out.
    pub(super) const fn of_everybody(self) -> Self {
        Self {
            listed: Listed::Anyhow,
            ..self
        }
    }
}

/// Whether a condition of this filter leaves few clients and has an index of its own.
pub(super) const fn names_few(filter: &Filter) -> bool {
    filter.regressed
        || filter.is_noted()
        || filter.role.is_some()
        || filter.systems
        || filter.duplicates
        || filter.future
        || filter.left_out
        || filter.needs_exception()
}

/// The pieces of a filter's list; they share no client.
pub(super) fn pieces(filter: &Filter, order: Order) -> Vec<Piece> {
    let possible = filter.possible_standings();
    let standings: Vec<Option<Standing>> = if possible.is_empty() {
        Vec::new()
    } else if names_few(filter) {
        // What few there are is looked through once.
        vec![None]
    } else if possible.len() < Standing::ALL.len()
        || filter.os.is_some()
        || filter.one_site().is_some()
        || order.by_since()
    {
        // The indexes by OS version and by site go on with the standing; that by time begins with it.
        possible.into_iter().map(Some).collect()
    } else {
        vec![None]
    };
    let searches: &[Search] = if searched(filter).is_some() {
        &[Search::Name, Search::Id]
    } else {
        &[Search::None]
    };
    // The index by listing holds one of them in order.
    let listings: &[Listed] = if filter.left_out {
        &[
            Listed::Thus(Listing::Obsolete),
            Listed::Thus(Listing::Decommissioned),
        ]
    } else if filter.unlisted {
        &[
            Listed::Thus(Listing::Unlisted),
            Listed::Thus(Listing::Returned),
        ]
    } else {
        &[Listed::AsAsked]
    };
    let mut pieces = Vec::new();
    for standing in standings {
        for &listed in listings {
            pieces.extend(searches.iter().map(|&search| Piece {
                standing,
                search,
                listed,
            }));
        }
    }
    pieces
}

/// Which filter is to lead to the rows, where two have an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lead {
    /// There is no choice to make.
    Either,
    /// The OS version.
    Os,
    /// The site.
    Site,
    /// The parts of the text that is looked for.
    Parts(Engine),
}

impl Lead {
    /// The engine whose index finds the names, where few have the parts of the text that is looked for.
    const fn by_parts(self) -> Option<Engine> {
        match self {
            Self::Parts(engine) => Some(engine),
            Self::Either | Self::Os | Self::Site => None,
        }
    }
}

/// A statement that grows with the filter, and the values it binds.
pub(super) struct Growing {
    text: Composed,
    values: Vec<Value>,
    /// One condition leaves few clients and has an index of its own: the others are written so that no index fits them.
    few: bool,
    /// Few clients are named by their ids, so that these are looked up and then put in order.
    by_ids: bool,
}

impl Growing {
    /// Starts with a text whose one `?` is the estate.
    pub(super) fn new(text: Composed) -> Self {
        Self {
            values: vec![Value::Int(ESTATE)],
            ..Self::without_values(text)
        }
    }

    /// Starts with a text whose first `?` is the estate.
    pub(super) fn starting(text: &'static str) -> Self {
        let mut start = Composed::default();
        start.push(text);
        Self::new(start)
    }

    /// Starts with a text that binds nothing.
    pub(super) const fn without_values(text: Composed) -> Self {
        Self {
            text,
            values: Vec::new(),
            few: false,
            by_ids: false,
        }
    }

    pub(super) fn and(&mut self, piece: &'static str, values: impl IntoIterator<Item = Value>) {
        self.text.push(piece);
        self.values.extend(values);
    }

    /// What it says so far.
    pub(super) fn into_text(self) -> String {
        self.text.into_text()
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

    /// The first rows in the list's order, behind a mark.
    pub(super) fn onwards(&mut self, order: Order, times: Times, after: Option<&Mark>, rows: i64) {
        if order.by_since() {
            self.text.push(match times {
                Times::Known => " AND verdict_since IS NOT NULL",
                Times::Missing => " AND verdict_since IS NULL",
            });
        }
        let (by_ids, down) = (self.by_ids, order.is_down());
        match after {
            None => {}
            Some(Mark::Name { sort_key, id }) => self.and(
                match (by_ids, down) {
                    (false, false) => " AND (sort_key, id) > (?, ?)",
                    (false, true) => " AND (sort_key, id) < (?, ?)",
                    (true, false) => " AND (sort_key || '', id) > (?, ?)",
                    (true, true) => " AND (sort_key || '', id) < (?, ?)",
                },
                [text(sort_key), Value::Bytes(id.clone())],
            ),
            Some(Mark::Since { since, id }) => self.and(
                match (by_ids, down) {
                    (false, false) => " AND (verdict_since, id) > (?, ?)",
                    (false, true) => " AND (verdict_since, id) < (?, ?)",
                    (true, false) => " AND (verdict_since + 0, id) > (?, ?)",
                    (true, true) => " AND (verdict_since + 0, id) < (?, ?)",
                },
                [Value::Int(*since), Value::Bytes(id.clone())],
            ),
            Some(Mark::NoTime { id }) => self.and(" AND id > ?", [Value::Bytes(id.clone())]),
        }
        // No index is in the order of an expression, so none is walked through for the sake of its order.
        self.text.push(match (order, times, by_ids) {
            (Order::Name, _, false) => " ORDER BY sort_key, id",
            (Order::NameDown, _, false) => " ORDER BY sort_key DESC, id DESC",
            (Order::Name, _, true) => " ORDER BY sort_key || '', id",
            (Order::NameDown, _, true) => " ORDER BY sort_key || '' DESC, id DESC",
            (_, Times::Missing, _) => " ORDER BY id",
            (Order::Since, Times::Known, false) => " ORDER BY verdict_since, id",
            (Order::SinceDown, Times::Known, false) => " ORDER BY verdict_since DESC, id DESC",
            (Order::Since, Times::Known, true) => " ORDER BY verdict_since + 0, id",
            (Order::SinceDown, Times::Known, true) => " ORDER BY verdict_since + 0 DESC, id DESC",
        });
        self.and(" LIMIT ?", [Value::Int(rows)]);
    }

    /// Only site systems; the index of those that have roles serves it. Said before anything else.
    pub(super) fn with_roles(&mut self) {
        self.few = true;
        self.text.push(WITH_ROLES);
    }

    /// Only clients that were seen using an old protocol when somebody looked last; the index of those of which something was
    /// seen serves it. Said before anything else.
    pub(super) fn seen_old(&mut self) {
        self.few = true;
        self.by_ids = true;
        self.text.push(" AND seen <> '' AND seen = 'legacy'");
    }

    /// The same for those of a piece that need one of these things, which are few: found by that, and then put in order.
    pub(super) fn narrow_by_need(
        &mut self,
        filter: &Filter,
        piece: Piece,
        masks: &[i64],
        now: Timestamp,
    ) {
        self.few = true;
        self.by_ids = true;
        if let Some(standing) = piece.standing {
            self.and(" AND standing = ?", [text(standing.code())]);
        }
        self.text.push(" AND reasons <> 0 AND reasons IN (");
        for (index, &mask) in masks.iter().enumerate() {
            let piece = if index == 0 { "?" } else { ", ?" };
            self.and(piece, [Value::Int(mask)]);
        }
        self.text.push(")");
        self.narrow(filter, piece, Lead::Either, now);
    }

    /// Everything a filter says of the `clients` table at `now`, for one of its pieces.
    pub(super) fn narrow(&mut self, filter: &Filter, piece: Piece, lead: Lead, now: Timestamp) {
        let by_parts = lead.by_parts();
        if filter.systems {
            self.with_roles();
        }
        self.by_ids |= filter.regressed
            || filter.is_noted()
            || filter.needs_exception()
            || piece.search == Search::Id
            || piece.search == Search::Name && by_parts.is_some();
        self.few |= self.by_ids || names_few(filter);
        if let Some(standing) = piece.standing {
            // Negated, so that no planner takes it for a way to find the few.
            let piece = if self.few {
                " AND NOT (standing <> ?)"
            } else {
                " AND standing = ?"
            };
            self.and(piece, [text(standing.code())]);
        } else if names_few(filter) {
            for standing in Standing::ALL {
                if !filter.possible_standings().contains(&standing) {
                    self.and(" AND standing <> ?", [text(standing.code())]);
                }
            }
        }
        // What narrows less is written so that no index fits it.
        if let Some(os) = &filter.os {
            let piece = if self.few || lead == Lead::Site {
                " AND os_key || '' = ?"
            } else {
                " AND os_key = ?"
            };
            self.and(piece, [text(os)]);
        }
        // Several sites are in no index in order, so another filter that has one leads.
        let another =
            filter.one_site().is_none() && (filter.os.is_some() || filter.owner.is_some());
        self.sites(filter, self.few || lead == Lead::Os || another);
        if let Some(owner) = &filter.owner {
            let piece = if self.few {
                " AND owner || '' = ?"
            } else {
                " AND owner = ?"
            };
            self.and(piece, [text(owner)]);
        }
        match piece.listed {
            Listed::AsAsked => self.listed(filter),
            Listed::Thus(listing) => {
                // Of site systems there are few, and of those left out there may be many.
                let piece = if self.by_ids || filter.systems {
                    " AND NOT (listing <> ?)"
                } else {
                    " AND listing <> 'expected' AND listing = ?"
                };
                self.and(piece, [text(listing.code())]);
            }
            Listed::Anyhow => {}
        }
        if let Some(impact) = filter.impact {
            self.and(" AND impact = ?", [text(impact.code())]);
        }
        if let Some(role) = &filter.role {
            let whole = inside(&format!(",{role},"));
            self.text.push(WITH_ROLES);
            self.and(" AND roles LIKE ? ESCAPE '!'", [whole]);
        }
        self.reasons(filter, &OF_CLIENTS);
        if filter.duplicates {
            self.text.push(" AND duplicate AND sort_key >= ''");
            self.with_twin(&filter.within);
        }
        if filter.future {
            self.text.push(" AND future AND sort_key >= ''");
        }
        if filter.regressed {
            let news = now.plus(-NEWS).0;
            self.and(MOVED_BACK, [ESTATE, news].map(Value::Int));
        }
        self.noted(filter);
        match filter.excepted {
            None => {}
            Some(Excepted::Yes) => self.and(IN_FORCE, [Value::Int(ESTATE), Value::Int(now.0)]),
            Some(Excepted::No) => self.and(NOT_IN_FORCE, [Value::Int(ESTATE), Value::Int(now.0)]),
            Some(Excepted::Soon) => self.and(
                IN_FORCE_AND_SOON_OVER,
                [
                    Value::Int(ESTATE),
                    Value::Int(now.0),
                    Value::Int(now.plus(SOON * DAY).0),
                ],
            ),
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
            self.search(q, piece.search, by_parts);
        }
    }

    /// How the rows are put together, at the end.
    pub(super) fn grouped(&mut self, piece: &'static str) {
        self.text.push(piece);
    }

    /// What the reasons must be: those of a reason or fix asked for, and nothing beyond some actions.
    pub(super) fn reasons(&mut self, filter: &Filter, asked: &Asked) {
        for mask in carried(filter) {
            self.text.push(" AND ");
            self.and(asked.carries, [Value::Int(mask)]);
        }
        let Some(only) = only(filter) else {
            return;
        };
        self.text.push(" AND ");
        self.text.push(asked.some);
        self.text.push(if only.replaces {
            " AND ("
        } else {
            " AND NOT ("
        });
        self.and(asked.carries, [Value::Int(only.replaced)]);
        for (os, bits) in &only.impossible {
            self.and(" OR os_key = ? AND ", [text(os)]);
            self.and(asked.carries, [Value::Int(*bits)]);
        }
        self.text
            .push(if only.replaces { " OR " } else { ") AND " });
        self.and(asked.lacks, [Value::Int(!only.covered)]);
        if only.replaces {
            self.text.push(")");
        }
    }

    /// In the population, or left out of it, or in it without being expected.
    pub(super) fn listed(&mut self, filter: &Filter) {
        self.text.push(if filter.left_out {
            " AND listing IN ('obsolete', 'decommissioned')"
        } else if filter.unlisted {
            " AND listing IN ('unlisted', 'returned')"
        } else {
            " AND listing NOT IN ('obsolete', 'decommissioned')"
        });
    }

    pub(super) fn any_of(&mut self, standings: &[Standing]) {
        self.text.push(" AND standing IN (");
        for (index, standing) in standings.iter().enumerate() {
            let piece = if index == 0 { "?" } else { ", ?" };
            self.and(piece, [text(standing.code())]);
        }
        self.text.push(")");
    }
}
