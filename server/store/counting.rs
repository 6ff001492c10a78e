//! What the maintained counts can say of a filter, without a look at any client.

use super::{
    db::Composed,
    model::Filter,
    narrowing::{Asked, Growing, carried, names_few, text},
    searching::searched,
};
use crate::domain::{assess, verdict::Standing};

/// Signatures are counted by their mask as a text. `CASE` keeps a database from reading other kinds' details as numbers.
const OF_COUNTS: Asked = Asked {
    some: "detail <> '0'",
    carries: "(CASE WHEN kind = 'signature' THEN CAST(detail AS BIGINT) ELSE 0 END & ?) <> 0",
    lacks: "(CASE WHEN kind = 'signature' THEN CAST(detail AS BIGINT) ELSE 0 END & ?) = 0",
};

/// The standings whose clients need something, and so are counted by what they need: all but ready and silent.
const SIGNED: [Standing; 5] = [
    Standing::Blocking,
    Standing::Undetermined,
    Standing::Conflict,
    Standing::RestartPending,
    Standing::Stale,
];

/// The statements that read a filter's clients from the maintained counts, put together by what they have in common:
/// by signature, and the standings that have none by impact. Those the counts cannot tell are left for a look at the
/// clients themselves. `None`: the counts cannot say anything of this filter.
pub(super) fn groups_from_counts(filter: &Filter) -> Option<(Vec<Growing>, Vec<Standing>)> {
    if filter.role.is_some()
        || filter.owner.is_some()
        || filter.duplicates
        || filter.future
        || filter.regressed
        || filter.suspicious
        || filter.left.is_some()
        || filter.elsewhere.is_some()
        || filter.systems
        || filter.told_systems
        || filter.unchanged.is_some()
        || filter.excepted.is_some()
        || searched(filter).is_some()
    {
        return None;
    }
    let (signed, others): (Vec<Standing>, Vec<Standing>) = filter
        .possible_standings()
        .into_iter()
        .partition(|standing| SIGNED.contains(standing));
    let mut statements = Vec::new();
    if !signed.is_empty() {
        let mut start = Composed::default();
        start.push(
            "SELECT listing, site, os_key, standing, '' AS impact, CAST(detail AS BIGINT) AS reasons, '' AS roles,
 CAST(SUM(n) AS BIGINT) AS n FROM counts WHERE estate = ? AND kind = 'signature'",
        );
        let mut growing = Growing::new(start);
        growing.reasons(filter, &OF_COUNTS);
        growing.listed(filter);
        growing.any_of(&signed);
        growing.place(filter);
        growing.grouped(" GROUP BY listing, site, os_key, standing, detail HAVING SUM(n) <> 0");
        statements.push(growing);
    }
    if carried(filter).next().is_some() || !filter.only_fixes.is_empty() {
        return Some((statements, others));
    }
    if !others.is_empty() {
        let mut start = Composed::default();
        start.push(
            "SELECT listing, site, os_key, standing, detail AS impact, CAST(0 AS BIGINT) AS reasons, '' AS roles,
 CAST(SUM(n) AS BIGINT) AS n FROM counts WHERE estate = ? AND kind = 'client'",
        );
        let mut growing = Growing::new(start);
        growing.listed(filter);
        growing.any_of(&others);
        growing.place(filter);
        growing.grouped(" GROUP BY listing, site, os_key, standing, detail HAVING SUM(n) <> 0");
        statements.push(growing);
    }
    Some((statements, Vec::new()))
}

/// The statement that reads what the clients of a filter need, by standing, with their number; `None` where the filter asks
/// for no need, or where another of its conditions leaves fewer clients.
pub(super) fn signatures(filter: &Filter) -> Option<Growing> {
    let asks = carried(filter).next().is_some() || !filter.only_fixes.is_empty();
    if !asks || searched(filter).is_some() || names_few(filter) {
        return None;
    }
    let mut start = Composed::default();
    start.push(
        "SELECT standing, CAST(detail AS BIGINT) AS reasons, CAST(SUM(n) AS BIGINT) AS n FROM counts
 WHERE estate = ? AND kind = 'signature'",
    );
    let mut growing = Growing::new(start);
    growing.reasons(filter, &OF_COUNTS);
    growing.listed(filter);
    growing.any_of(&SIGNED);
    growing.place(filter);
    growing.grouped(" GROUP BY standing, detail HAVING SUM(n) > 0");
    Some(growing)
}

/// The statement that reads a list's length from the maintained counts, when these can say it.
pub(super) fn from_counts(filter: &Filter) -> Option<Growing> {
    let standings = filter.possible_standings();
    let by_mask =
        filter.fix.is_some() || !filter.only_fixes.is_empty() || filter.reasons().count() > 1;
    // Signatures are counted for the two standings whose clients need something.
    let signed = by_mask && standings.iter().all(|standing| SIGNED.contains(standing));
    let special = [
        filter.reason.is_some() || signed,
        filter.impact.is_some(),
        filter.duplicates,
        filter.future,
    ];
    if by_mask && !signed
        || filter.role.is_some()
        || filter.owner.is_some()
        // Who has a second record that somebody may see is not counted by who may see it.
        || filter.duplicates && filter.within.is_limited()
        || standings.is_empty()
        || filter.regressed
        || filter.suspicious
        || filter.left.is_some()
        || filter.elsewhere.is_some()
        || filter.systems
        || filter.told_systems
        || filter.unchanged.is_some()
        || filter.excepted.is_some()
        || searched(filter).is_some()
        || special.iter().filter(|set| **set).count() > 1
    {
        return None;
    }
    let mut start = Composed::default();
    start.push("SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) FROM counts WHERE estate = ?");
    let mut growing = Growing::new(start);
    let detail = |detail: String| [text(&detail)];
    if signed {
        growing.grouped(" AND kind = 'signature'");
        growing.reasons(filter, &OF_COUNTS);
    } else if let Some(reason) = &filter.reason {
        let bit = assess::reason(reason).map_or_else(|| "none".to_owned(), |r| r.bit.to_string());
        growing.and(" AND kind = 'reason' AND detail = ?", detail(bit));
    } else if filter.duplicates {
        growing.grouped(" AND kind = 'flag' AND detail = 'duplicate'");
    } else if filter.future {
        growing.grouped(" AND kind = 'flag' AND detail = 'future'");
    } else if let Some(impact) = filter.impact {
        let code = impact.code().to_owned();
        growing.and(" AND kind = 'client' AND detail = ?", detail(code));
    } else {
        growing.grouped(" AND kind = 'client'");
    }
    growing.listed(filter);
    if standings.len() < Standing::ALL.len() {
        growing.any_of(&standings);
    }
    growing.place(filter);
    Some(growing)
}
