//! Changing a scope: what it is about stays, once somebody decided on it or asks for a decision.

use super::{
    super::{ESTATE, Store, audit, db::Conn, error::Result},
    scopes::{REQUEST, SAID, SWITCHED_OFF, Said, StoredScope, write, write_down},
};
use crate::domain::{
    audit::Entry,
    cutover::{after::Watching, scope::Scope},
    time::Timestamp,
};

/// Holds the row until the transaction ends, so that of a change and a decision on several servers one comes after the other.
const TAKE: &str = "UPDATE scopes SET name = name WHERE estate = $1 AND id = $2
RETURNING id, name, sites, roles, filter, protocols, planned, freshness_days, two_people";
const NEWEST: &str = "SELECT MAX(number) AS number FROM decisions WHERE estate = $1 AND scope = $2";
const CHANGE: &str = "UPDATE scopes SET name = $3, sites = $4, roles = $5, filter = $6, protocols = $7, planned = $8,
  freshness_days = $9, two_people = $10, changed_by = $11, changed_at = $12
WHERE estate = $1 AND id = $2 AND NOT EXISTS (SELECT 1 FROM scopes AS other WHERE other.estate = $1 AND other.name = $3 AND other.id <> $2)";
const UNSET: &str =
    "DELETE FROM scope_limits WHERE estate = $1 AND scope = $2 AND criterion NOT IN ($3, $4)";

#[derive(sqlx::FromRow)]
struct Newest {
    number: Option<i64>,
}

/// What came of the wish to change a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It was changed, or is the same.
    Done,
    /// It is gone, or another has its name.
    Named,
    /// It would be about something else, and this record speaks of what it was about.
    Decided(i64),
    /// It would be about something else, and this person asks for a decision on what it is about.
    Requested(String),
}

/// A scope as it is, held for the transaction; `None`: it is gone.
pub(super) async fn held(conn: &mut Conn, id: &str) -> Result<Option<Scope>> {
    let row = conn.sql(TAKE).bind(ESTATE).bind(id.to_owned());
    let row: Option<StoredScope> = row.optional().await?;
    Ok(row.map(StoredScope::scope))
}

/// What people said last of a scope.
async fn said(conn: &mut Conn, scope: &str) -> Result<Vec<Said>> {
    conn.sql(SAID)
        .bind(ESTATE)
        .bind(scope.to_owned())
        .all()
        .await
}

/// Why a scope has to stay about the same; `None`: nothing speaks against it.
async fn against(conn: &mut Conn, scope: &str) -> Result<Option<Changed>> {
    let newest = conn.sql(NEWEST).bind(ESTATE).bind(scope.to_owned());
    let newest: Option<Newest> = newest.optional().await?;
    if let Some(number) = newest.and_then(|newest| newest.number) {
        return Ok(Some(Changed::Decided(number)));
    }
    let said = said(conn, scope).await?;
    let request = said
        .into_iter()
        .find(|one| one.kind == REQUEST && one.holds);
    Ok(request.map(|request| Changed::Requested(request.marked_by)))
}

impl Store {
    /// Changes a scope. About which one something was decided, or is asked to be, stays about the same clients and protocols: else its
    /// history would speak of something else. Where it becomes another one, what people said of it holds no more: they said it
    /// of other clients. And whoever asked for a decision asked for one by the scope as it was.
    pub async fn change_scope(&self, scope: Scope, by: String, entry: Entry) -> Result<Changed> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    let Some(old) = held(conn, &scope.id).await? else {
                        return Ok(Changed::Named);
                    };
                    let another = !scope.is_about_the_same(&old);
                    if another && let Some(against) = against(conn, &scope.id).await? {
                        return Ok(against);
                    }
                    if !write(conn, CHANGE, &scope, &by, entry.at, None).await? {
                        return Ok(Changed::Named);
                    }
                    if scope != old {
                        take_back(conn, &scope.id, another, &by, entry.at).await?;
                    }
                    audit::note(conn, &entry).await?;
                    Ok(Changed::Done)
                })
            })
            .await
    }
}

/// Takes back that somebody asks for a decision, and of a scope that became another one also what else was said, and what its
/// criteria may hold besides what is usual. That something was switched off stays, and what is watched for since.
async fn take_back(
    conn: &mut Conn,
    scope: &str,
    another: bool,
    by: &str,
    at: Timestamp,
) -> Result<()> {
    let why = if another {
        "Taken back, because the scope became another one."
    } else {
        "Taken back, because the scope was changed."
    };
    let holding = said(conn, scope)
        .await?
        .into_iter()
        .filter(|mark| mark.holds);
    let goes =
        |mark: &Said| mark.kind == REQUEST || another && !mark.kind.starts_with(SWITCHED_OFF);
    for mark in holding.filter(goes) {
        let gone = Said {
            holds: false,
            note: why.to_owned(),
            marked_by: by.to_owned(),
            marked_at: at.0,
            ..mark
        };
        write_down(conn, scope.to_owned(), gone).await?;
    }
    if !another {
        return Ok(());
    }
    conn.sql(UNSET)
        .bind(ESTATE)
        .bind(scope.to_owned())
        .bind(Watching::TRIGGER)
        .bind(Watching::HOURS)
        .execute()
        .await
        .map(drop)
}
