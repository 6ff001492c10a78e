//! How suspicions are closed: by people, each with a reason, and by a quarantine of what they are about.

use super::{ESTATE, Store, audit, db::Conn, error::Result, quarantine_model::Span};
use crate::domain::{
    access::Sites,
    audit::Author,
    suspicions::{Kind, may_close},
    time::Timestamp,
};

const SUBJECT: &str =
    "SELECT s.kind, s.token, s.about, s.was, s.became, COALESCE(c.name, '') AS name, COALESCE(c.site, '') AS site,
  CAST((SELECT COUNT(*) FROM suspicions o WHERE o.estate = s.estate AND o.client_id = s.client_id AND o.kind = 'site'
    AND o.closed_at IS NULL) AS BIGINT) AS moves
FROM suspicions s LEFT JOIN clients c ON c.estate = s.estate AND c.id = s.client_id
WHERE s.estate = $1 AND s.id = $2 AND s.closed_at IS NULL";
const CLOSE: &str = "UPDATE suspicions SET closed_at = $3, closed_by = $4, closed_why = $5
WHERE estate = $1 AND id = $2 AND closed_at IS NULL";
/// All of it lies in the span: what else was noted before or since still has to be looked at.
const SET_ASIDE: &str = "UPDATE suspicions SET closed_at = $5, closed_by = $6, closed_why = $7, quarantine = $8
WHERE estate = $1 AND token = $2 AND token <> '' AND first_at >= $3 AND last_at <= $4 AND closed_at IS NULL";
/// Where the same was noted anew meanwhile, that one is open.
const COUNT_AGAIN: &str = "UPDATE suspicions SET closed_at = NULL, closed_by = NULL, closed_why = NULL, quarantine = NULL
WHERE estate = $1 AND quarantine = $2 AND NOT EXISTS (SELECT 1 FROM suspicions o WHERE o.estate = suspicions.estate
  AND o.client_id = suspicions.client_id AND o.kind = suspicions.kind AND o.token = suspicions.token
  AND o.about = suspicions.about AND (o.closed_at IS NULL OR (o.quarantine = $2 AND o.id > suspicions.id)))";
/// What somebody closed of that which a board or a gate waits for; a burst is about nobody's site.
const CLOSED_BY: &str =
    "SELECT s.kind, COALESCE(c.name, '') AS name, COALESCE(c.site, '') AS site, s.was
FROM suspicions s LEFT JOIN clients c ON c.estate = s.estate AND c.id = s.client_id
WHERE s.estate = $1 AND s.closed_by = $2 AND s.closed_at > $3 AND s.quarantine IS NULL
  AND (s.turned OR s.kind IN ('verdict_lost', 'site', 'roles', 'burst'))
ORDER BY s.closed_at DESC, s.id";

#[derive(sqlx::FromRow)]
struct ClosedBy {
    kind: String,
    name: String,
    site: String,
    was: String,
}

#[derive(sqlx::FromRow)]
struct Subject {
    kind: String,
    token: String,
    about: String,
    was: String,
    became: String,
    name: String,
    site: String,
    /// That it went to another site is open, too.
    moves: i64,
}

impl Subject {
    /// Whether somebody with these sites may see it.
    fn is_seen_by(&self, sites: &Sites) -> bool {
        !sites.is_limited() || self.kind != Kind::Burst.code() && sites.holds(&self.site)
    }

    fn may_be_closed_by(&self, sites: &Sites) -> bool {
        let Some(kind) = Kind::from_code(&self.kind) else {
            return false;
        };
        // What it was is for the site to look at where it was that.
        let left = self.moves > 0 && matches!(kind, Kind::Roles | Kind::VerdictLost);
        !(left && sites.is_limited()) && may_close(kind, sites, &self.site, &self.was, &self.became)
    }
}

/// What became of a wish to close some suspicions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// So many are closed; the others were already, or are not there for whoever asked.
    Done(usize),
    /// Nothing was closed: so many are about clients that went from one site to another, of which whoever asked does not see both.
    NotBothSites(usize),
}

impl Store {
    /// Closes what is open of these, with a reason: all that somebody with these sites sees, or nothing.
    pub async fn close_suspicions(
        &self,
        ids: Vec<String>,
        why: String,
        author: Author,
        sites: Sites,
        now: Timestamp,
    ) -> Result<Closing> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    let mut seen = Vec::new();
                    for id in ids {
                        let subject: Option<Subject> = conn
                            .sql(SUBJECT)
                            .bind(ESTATE)
                            .bind(id.clone())
                            .optional()
                            .await?;
                        let subject = subject.filter(|subject| subject.is_seen_by(&sites));
                        seen.extend(subject.map(|subject| (id, subject)));
                    }
                    let foreign = seen
                        .iter()
                        .filter(|(_, subject)| !subject.may_be_closed_by(&sites))
                        .count();
                    if foreign > 0 {
                        return Ok(Closing::NotBothSites(foreign));
                    }
                    let mut closed = 0;
                    for (id, subject) in seen {
                        if close(conn, id, subject, &why, &author, now).await? {
                            closed += 1;
                        }
                    }
                    Ok(Closing::Done(closed))
                })
            })
            .await
    }
}

impl Store {
    /// Whom the last suspicion was about that somebody closed since then, of those that a cutover of these sites waits for; none:
    /// all sites. A client that went from one site to another is of both.
    pub async fn closed_suspicion(
        &self,
        by: &str,
        since: Timestamp,
        sites: &[String],
    ) -> Result<Option<String>> {
        let mut tx = self.db.read().await?;
        let closed = tx.sql(CLOSED_BY).bind(ESTATE).bind(by.to_owned());
        let closed: Vec<ClosedBy> = closed.bind(since.0).all().await?;
        let of_scope = |one: &ClosedBy| {
            // Where a site system stood when that was closed is not kept, and it may be elsewhere by now; they are few.
            if one.kind == Kind::Roles.code() {
                return true;
            }
            let left = one.kind == Kind::Site.code() && sites.contains(&one.was);
            sites.is_empty() || one.site.is_empty() || sites.contains(&one.site) || left
        };
        Ok(closed.into_iter().find(of_scope).map(|one| {
            if one.kind == Kind::Burst.code() {
                "many that turned ready at once".to_owned()
            } else {
                one.name
            }
        }))
    }
}

async fn close(
    conn: &mut Conn,
    id: String,
    subject: Subject,
    why: &str,
    author: &Author,
    now: Timestamp,
) -> Result<bool> {
    let written = conn
        .sql(CLOSE)
        .bind(ESTATE)
        .bind(id.clone())
        .bind(now.0)
        .bind(author.by.name())
        .bind(why.to_owned())
        .execute()
        .await?;
    if written == 0 {
        return Ok(false);
    }
    let burst = subject.kind == Kind::Burst.code();
    let whom = match (burst, subject.token.is_empty()) {
        (false, _) => subject.name,
        (true, false) => format!("token {}", subject.token),
        (true, true) => format!("address {}", subject.about),
    };
    let entry = author
        .clone()
        .because(Some(why.to_owned()))
        .entry(now, "suspicion.close", format!("{whom} (suspicion {id})"))
        .change(Some(subject.kind), None);
    audit::note(conn, &entry).await?;
    Ok(true)
}

/// Closes what was noted of reports that a quarantine sets aside.
pub(super) async fn set_aside(
    conn: &mut Conn,
    span: &Span,
    quarantine: &str,
    by: &str,
    why: &str,
    now: Timestamp,
) -> Result<()> {
    conn.sql(SET_ASIDE)
        .bind(ESTATE)
        .bind(span.token.clone())
        .bind(span.since.0)
        .bind(span.until.0)
        .bind(now.0)
        .bind(by.to_owned())
        .bind(why.to_owned())
        .bind(quarantine.to_owned())
        .execute()
        .await
        .map(drop)
}

/// Opens again what a quarantine closed: its reports count again.
pub(super) async fn count_again(conn: &mut Conn, quarantine: &str) -> Result<()> {
    conn.sql(COUNT_AGAIN)
        .bind(ESTATE)
        .bind(quarantine.to_owned())
        .execute()
        .await
        .map(drop)
}
