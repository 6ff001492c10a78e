//! Exceptions end by themselves: when their time is over, and when the client is not what they were asked for any more.

use super::{
    ESTATE, Store, audit,
    db::Conn,
    error::Result,
    exceptions::{in_sight, subject_of, unchanged},
};
use crate::domain::{
    assess,
    audit::{Author, Entry},
    time::Timestamp,
};

/// Which open ones are over. A request lapses like an approved one: nobody could approve it any more, and it would be in
/// the way of another.
const OVER: &str = concat!(
    "SELECT x.id, x.decision, c.name, CASE WHEN x.expires_at <= $2 THEN 'expired' ELSE 'lapsed' END AS why,
  CASE WHEN x.verdict = '' THEN 'never reported' ELSE x.verdict END AS verdict, x.reasons, x.os_key,
  COALESCE(c.standing, 'gone') AS standing, COALESCE(c.verdict, 'never reported') AS now_verdict,
  COALESCE(c.reasons, 0) AS now_reasons, COALESCE(c.os_key, '') AS now_os_key,
  CASE WHEN c.id IS NOT NULL AND NOT ",
    in_sight!(),
    " THEN c.site END AS unseen
FROM exceptions x LEFT JOIN clients c ON c.estate = x.estate AND c.id = x.client_id
WHERE x.estate = $1 AND x.ended_at IS NULL AND (x.decision IS NULL OR x.decision = 'approved')
  AND (x.expires_at <= $2 OR c.id IS NULL OR NOT (",
    unchanged!(),
    ")) ORDER BY x.id LIMIT $3"
);
const END: &str =
    "UPDATE exceptions SET ended_at = $3, ended_by = 'server', ended_why = $4, ended_note = $5
WHERE estate = $1 AND id = $2 AND ended_at IS NULL";
/// Ended in one transaction.
const PORTION: i64 = 200;

#[derive(sqlx::FromRow)]
struct Over {
    id: String,
    decision: Option<String>,
    name: Option<String>,
    why: String,
    verdict: String,
    reasons: i64,
    os_key: String,
    standing: String,
    now_verdict: String,
    now_reasons: i64,
    now_os_key: String,
    /// Where the client is, when whoever approved it cannot see that, or not where it came from.
    unseen: Option<String>,
}

impl Store {
    /// Ends every exception that is over by `now`, and notes each. Called every second by the server; until then no query
    /// counts them.
    pub async fn end_exceptions(&self, now: Timestamp) -> Result<u64> {
        let mut ended = 0;
        loop {
            let mut tx = self.db.read().await?;
            let waiting: Vec<Over> = tx
                .sql(OVER)
                .bind(ESTATE)
                .bind(now.0)
                .bind(1_i64)
                .all()
                .await?;
            drop(tx);
            if waiting.is_empty() {
                return Ok(ended);
            }
            ended += self
                .writer
                .run(move |conn| Box::pin(async move { end(conn, now).await }))
                .await?;
        }
    }
}

async fn end(conn: &mut Conn, now: Timestamp) -> Result<u64> {
    let over: Vec<Over> = conn
        .sql(OVER)
        .bind(ESTATE)
        .bind(now.0)
        .bind(PORTION)
        .all()
        .await?;
    let mut ended = 0;
    for one in over {
        let written = conn
            .sql(END)
            .bind(ESTATE)
            .bind(one.id.clone())
            .bind(now.0)
            .bind(one.why.clone())
            .bind(one.because())
            .execute()
            .await?;
        // Another server may have been first.
        if written > 0 {
            ended += written;
            audit::note(conn, &one.entry(now)).await?;
        }
    }
    Ok(ended)
}

/// What reasons are called.
fn titles(reasons: i64) -> String {
    let titles: Vec<&str> = assess::reasons_in(reasons)
        .map(|reason| reason.title)
        .collect();
    titles.join(", ")
}

impl Over {
    fn entry(&self, now: Timestamp) -> Entry {
        let deed = if self.why == "expired" {
            "exception.expire"
        } else {
            "exception.lapse"
        };
        let why = self.because();
        let name = self.name.as_deref().unwrap_or_default();
        let before = if self.decision.is_some() {
            "active"
        } else {
            "requested"
        };
        Author::server()
            .entry(now, deed, subject_of(name, &self.id))
            .change(Some(before.to_owned()), Some(self.why.clone()))
            .why(Some(why))
    }

    /// Why it ends, in words.
    fn because(&self) -> String {
        if self.why == "expired" {
            "its time is over".to_owned()
        } else {
            self.what_changed()
        }
    }

    fn what_changed(&self) -> String {
        let mut parts = Vec::new();
        if self.standing == "gone" {
            parts.push("the client is gone".to_owned());
        } else if self.standing == "ready" {
            parts.push("the client is ready".to_owned());
        }
        if self.verdict != self.now_verdict {
            parts.push(format!("verdict {} → {}", self.verdict, self.now_verdict));
        }
        let added = titles(self.now_reasons & !self.reasons);
        if !added.is_empty() {
            parts.push(format!("new reasons: {added}"));
        }
        let gone = titles(self.reasons & !self.now_reasons);
        if !gone.is_empty() {
            parts.push(format!("reasons that are gone: {gone}"));
        }
        if self.os_key != self.now_os_key {
            parts.push(format!(
                "OS version {} → {}",
                assess::os_label(&self.os_key),
                assess::os_label(&self.now_os_key)
            ));
        }
        if self.unseen.is_some() {
            parts.push(
                "the client went from one site to another, of which whoever approved it does not see both"
                    .to_owned(),
            );
        }
        parts.join("; ")
    }
}
