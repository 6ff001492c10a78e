//! What somebody sees who is limited to some sites: the pieces of statements that say so, and what no count is kept of.

use super::{
    ESTATE,
    db::{Composed, Tx},
    error::Result,
    model::{Filter, ListInfo},
    narrowing::{Growing, Value, text},
    summary::{self, LISTS, ListRow},
};
use crate::domain::access::Sites;

/// A client is a suspected duplicate for whoever sees the other record, too. The same condition as that of the mark.
const TWIN: &str =
    "EXISTS (SELECT 1 FROM suspects s JOIN clients o ON o.estate = s.estate AND o.id = s.other_id
  WHERE s.estate = clients.estate AND s.client_id = clients.id AND s.settled_at IS NULL
    AND o.listing NOT IN ('obsolete', 'decommissioned')";

/// What the lists in force say of the clients that somebody sees.
const NAMED: &str = "SELECT m.list_name AS name, CAST(COUNT(*) AS BIGINT) AS members,
  CAST(SUM(CASE WHEN m.listing = 'expected' THEN 0 ELSE 1 END) AS BIGINT) AS left_out
FROM clients c JOIN members m ON m.estate = c.estate AND m.client_id = c.id WHERE c.estate = ?";

/// Those whose verdict is by other rules. No count is kept of them by site, but one of them all.
const TO_REJUDGE: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM clients WHERE estate = ? AND ruleset <> '' AND ruleset <> ?";

#[derive(sqlx::FromRow)]
struct Named {
    name: String,
    members: i64,
    left_out: i64,
}

impl Growing {
    /// Only what is of these sites: `start` is a condition up to the bracket of its list, such as ` AND site IN (`.
    /// Without a limit it says nothing; whoever may see no site gets nobody.
    pub(super) fn one_of(&mut self, start: &'static str, within: &Sites) {
        let Some(codes) = within.limit() else {
            return;
        };
        if codes.is_empty() {
            self.grouped(" AND 1 = 0");
            return;
        }
        self.grouped(start);
        for (index, code) in codes.iter().enumerate() {
            self.and(if index == 0 { "?" } else { ", ?" }, [text(code)]);
        }
        self.grouped(")");
    }

    /// Those of a filter's site, or of all that may be seen. With `apart` it is written so that no index fits it.
    pub(super) fn sites(&mut self, filter: &Filter, apart: bool) {
        match filter.one_site() {
            Some(site) if filter.within.holds(site) => self.and(
                if apart {
                    " AND site || '' = ?"
                } else {
                    " AND site = ?"
                },
                [text(site)],
            ),
            Some(_) => self.grouped(" AND 1 = 0"),
            None => self.one_of(
                if apart {
                    " AND site || '' IN ("
                } else {
                    " AND site IN ("
                },
                &filter.within,
            ),
        }
    }

    /// Only clients of the filter's OS version and sites.
    pub(super) fn place(&mut self, filter: &Filter) {
        if let Some(os) = &filter.os {
            self.and(" AND os_key = ?", [text(os)]);
        }
        self.sites(filter, false);
    }

    /// Only those of which another record is suspected that may be seen, too.
    pub(super) fn with_twin(&mut self, within: &Sites) {
        if within.is_limited() {
            self.grouped(" AND ");
            self.grouped(TWIN);
            self.one_of(" AND o.site IN (", within);
            self.grouped(")");
        }
    }

    /// The beginning of a statement that reads clients as somebody sees them: `columns` ends before the last column,
    /// which is the mark of suspected duplicates.
    pub(super) fn seen(columns: &'static str, within: &Sites) -> Self {
        let mut growing = Self::without_values(Composed::default());
        growing.grouped(columns);
        growing.grouped(if within.is_limited() {
            "(duplicate AND "
        } else {
            "duplicate"
        });
        if within.is_limited() {
            growing.grouped(TWIN);
            growing.one_of(" AND o.site IN (", within);
            growing.grouped(")) AS duplicate");
        }
        growing.and(" FROM clients WHERE estate = ?", [Value::Int(ESTATE)]);
        growing
    }
}

/// The expected lists in force as somebody sees them: without a limit all; with one, those that name a client of its
/// sites, and their numbers are of these clients alone.
pub(super) async fn lists(tx: &mut Tx, within: &Sites) -> Result<Vec<ListInfo>> {
    let rows: Vec<ListRow> = tx.sql(LISTS).bind(ESTATE).all().await?;
    let all: Result<Vec<ListInfo>> = rows.into_iter().map(ListRow::info).collect();
    let mut all = all?;
    if !within.is_limited() || all.is_empty() {
        return Ok(all);
    }
    let mut growing = Growing::starting(NAMED);
    growing.one_of(" AND c.site IN (", within);
    growing.grouped(" GROUP BY m.list_name");
    let named: Vec<Named> = growing.statement(tx).all().await?;
    all.retain_mut(|list| {
        let found = named.iter().find(|named| named.name == list.name);
        if let Some(found) = found {
            list.rows = found.members;
            list.left_out = found.left_out;
        }
        found.is_some()
    });
    Ok(all)
}

/// How many reports that somebody sees are still judged by another ruleset than this.
pub(super) async fn to_rejudge(tx: &mut Tx, ruleset: &str, within: &Sites) -> Result<i64> {
    let all = summary::to_rejudge(tx, ruleset).await?;
    if !within.is_limited() || all == 0 {
        return Ok(all);
    }
    let mut growing = Growing::starting(TO_REJUDGE);
    growing.and("", [text(ruleset)]);
    growing.one_of(" AND site IN (", within);
    growing.statement(tx).scalar().await
}
