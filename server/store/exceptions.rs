//! What people do with exceptions: ask for them, decide on them, take them back. Every condition stands in the statement
//! that writes, so that nothing that happens in between lets one through.

use super::{
    ESTATE, Store, audit,
    db::Conn,
    error::Result,
    identify::{self, ClientId},
    model::Listing,
};
use crate::domain::{
    access::Sites,
    audit::Author,
    days::date_of,
    exceptions::{Asked, State, Step},
    time::{DAY, Timestamp},
    verdict::Standing,
};

/// Whoever approved the exception `x` could see where the client `c` is, and every site that it left by what was reported, as long
/// as nobody has looked at that: else people of the site that it went to would answer for it at the one that waits for it. The
/// text is asked for by replacing it, because a site may have signs that `LIKE` reads in another way.
macro_rules! in_sight {
    () => {
        "(x.decided_within = '' OR REPLACE(x.decided_within, ',' || c.site || ',', '') <> x.decided_within
    AND NOT EXISTS (SELECT 1 FROM suspicions s WHERE s.estate = c.estate AND s.client_id = c.id AND s.closed_at IS NULL
      AND s.kind = 'site' AND REPLACE(x.decided_within, ',' || s.was || ',', '') = x.decided_within))"
    };
}
pub(super) use in_sight;

/// The client `c` is still what the exception `x` was asked for, where whoever approved it can tell. Who is ready needs none.
macro_rules! unchanged {
    () => {
        concat!(
            "c.standing <> 'ready' AND x.verdict = COALESCE(c.verdict, '') AND x.reasons = c.reasons AND x.os_key = c.os_key
    AND ",
            in_sight!()
        )
    };
}
pub(super) use unchanged;

macro_rules! in_force {
    ($how:literal, $more:literal) => {
        concat!(
            " AND id ",
            $how,
            " (SELECT x.client_id FROM exceptions x
  JOIN clients c ON c.estate = x.estate AND c.id = x.client_id
  WHERE x.estate = ? AND x.ended_at IS NULL AND x.decision = 'approved' AND x.expires_at > ?",
            $more,
            " AND ",
            unchanged!(),
            ")"
        )
    };
}

/// Clients under an exception in force.
pub(super) const IN_FORCE: &str = in_force!("IN", "");
/// All others.
pub(super) const NOT_IN_FORCE: &str = in_force!("NOT IN", "");
/// Clients under one that ends by then.
pub(super) const IN_FORCE_AND_SOON_OVER: &str = in_force!("IN", " AND x.expires_at <= ?");

/// So many are asked for in one transaction, so that reports do not wait long.
const PORTION: usize = 100;

const WHO: &str = "SELECT name, site, standing, listing FROM clients WHERE estate = $1 AND id = $2";
const ASK: &str = "INSERT INTO exceptions (estate, id, client_id, kind, reason, control, owner, expires_at,
  verdict, reasons, os_key, requested_by, requested_at)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, COALESCE(c.verdict, ''), c.reasons, c.os_key, $9, $10 FROM clients c
WHERE c.estate = $1 AND c.id = $3 AND c.standing <> 'ready' AND c.listing NOT IN ('obsolete', 'decommissioned')
ON CONFLICT DO NOTHING";
const APPROVE: &str = concat!(
    "UPDATE exceptions AS x SET decision = 'approved', decided_by = $3, decided_at = $4, decision_note = $5, decided_within = $6
WHERE x.estate = $1 AND x.id = $2 AND x.decision IS NULL AND x.ended_at IS NULL AND x.requested_by <> $3
  AND x.expires_at > $4
  AND EXISTS (SELECT 1 FROM clients c WHERE c.estate = x.estate AND c.id = x.client_id AND ",
    unchanged!(),
    ")"
);
const REJECT: &str = "UPDATE exceptions SET decision = 'rejected', decided_by = $3, decided_at = $4, decision_note = $5,
  ended_at = $4, ended_by = $3
WHERE estate = $1 AND id = $2 AND decision IS NULL AND ended_at IS NULL AND requested_by <> $3";
const WITHDRAW: &str =
    "UPDATE exceptions SET ended_at = $4, ended_by = $3, ended_why = 'withdrawn', ended_note = $6
WHERE estate = $1 AND id = $2 AND ended_at IS NULL AND (requested_by = $3 OR $5 = 1)";
const SUBJECT: &str =
    "SELECT x.client_id, x.requested_by, x.decision, x.ended_at, c.name, COALESCE(c.site, '') AS site
FROM exceptions x LEFT JOIN clients c ON c.estate = x.estate AND c.id = x.client_id
WHERE x.estate = $1 AND x.id = $2";

/// Where clients were from which reports took them away, as long as nobody has looked at that; empty: no known site.
const LEFT: &str = "SELECT was FROM suspicions WHERE estate = $1 AND client_id = $2 AND kind = 'site' AND closed_at IS NULL";

/// Who does it: the account, whether it may decide, its sites, and who it is for the audit log.
#[derive(Clone, Debug)]
pub struct Doer {
    /// Name of the account.
    pub name: String,
    /// It may decide.
    pub decides: bool,
    /// The sites that it may see.
    pub sites: Sites,
    /// Who it is for the audit log.
    pub author: Author,
}

/// What came of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It waits for somebody else, under this id.
    Requested(String),
    /// There is no such client.
    Nobody,
    /// The client is ready.
    Ready,
    /// Lists leave the client out, so it is not counted.
    LeftOut,
    /// There is an open one.
    OpenAlready,
    /// It went from a site that whoever asks does not see, and nobody has looked at that.
    LeftAnother,
}

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is done.
    Done,
    /// There is no such exception.
    Nothing,
    /// Whoever asked may not decide, or only whoever asked may do this.
    NotYours,
    /// It is not in a state for that any more.
    Over,
    /// The client is not what it was when the exception was asked for.
    Changed,
    /// The client went from a site that whoever decides does not see, and nobody has looked at that.
    LeftAnother,
}

#[derive(sqlx::FromRow)]
struct Left {
    was: String,
}

#[derive(sqlx::FromRow)]
struct Whom {
    name: String,
    site: String,
    standing: String,
    listing: String,
}

#[derive(sqlx::FromRow)]
struct Subject {
    client_id: Vec<u8>,
    requested_by: String,
    decision: Option<String>,
    ended_at: Option<i64>,
    name: Option<String>,
    site: String,
}

impl Store {
    /// Asks for an exception for each of these clients; one answer each, in their order.
    pub async fn ask_for_exceptions(
        &self,
        clients: Vec<ClientId>,
        asked: Asked,
        by: Doer,
        now: Timestamp,
    ) -> Result<Vec<Answer>> {
        self.sweep(now).await?;
        self.end_exceptions(now).await?;
        let mut answers = Vec::with_capacity(clients.len());
        for portion in clients.chunks(PORTION) {
            let (portion, asked, by) = (portion.to_vec(), asked.clone(), by.clone());
            let some = self.writer.run(move |conn| {
                Box::pin(async move {
                    let mut answers = Vec::with_capacity(portion.len());
                    for id in portion {
                        answers.push(ask(conn, id, &asked, &by, now).await?);
                    }
                    Ok(answers)
                })
            });
            answers.extend(some.await?);
        }
        Ok(answers)
    }

    /// Takes a step with an exception.
    pub async fn step_exception(
        &self,
        id: String,
        step: Step,
        note: String,
        by: Doer,
        now: Timestamp,
    ) -> Result<Taken> {
        self.sweep(now).await?;
        self.end_exceptions(now).await?;
        self.writer
            .run(move |conn| Box::pin(async move { take(conn, id, step, note, &by, now).await }))
            .await
    }
}

async fn ask(
    conn: &mut Conn,
    client: ClientId,
    asked: &Asked,
    by: &Doer,
    now: Timestamp,
) -> Result<Answer> {
    let whom: Option<Whom> = conn
        .sql(WHO)
        .bind(ESTATE)
        .bind(identify::bytes(client))
        .optional()
        .await?;
    let Some(whom) = whom.filter(|whom| by.sites.holds(&whom.site)) else {
        return Ok(Answer::Nobody);
    };
    if left_another(conn, identify::bytes(client), &by.sites).await? {
        return Ok(Answer::LeftAnother);
    }
    let id = uuid::Uuid::now_v7().simple().to_string();
    let written = conn
        .sql(ASK)
        .bind(ESTATE)
        .bind(id.clone())
        .bind(identify::bytes(client))
        .bind(asked.kind.code())
        .bind(asked.reason.clone())
        .bind(asked.control.clone())
        .bind(asked.owner.clone())
        .bind(asked.until.0)
        .bind(by.name.clone())
        .bind(now.0)
        .execute()
        .await?;
    if written == 0 {
        let counted = Listing::from_code(&whom.listing).is_none_or(Listing::is_counted);
        return Ok(if !counted {
            Answer::LeftOut
        } else if whom.standing == Standing::Ready.code() {
            Answer::Ready
        } else {
            Answer::OpenAlready
        });
    }
    let new = format!(
        "{}, {} until {}, owner {}, control: {}",
        State::Requested.code(),
        asked.kind.code(),
        date_of(asked.until.plus(-1).0.div_euclid(DAY)),
        asked.owner,
        asked.control
    );
    let entry = by
        .author
        .clone()
        .entry(now, "exception.request", subject_of(&whom.name, &id))
        .change(None, Some(new))
        .why(Some(asked.reason.clone()));
    audit::note(conn, &entry).await?;
    Ok(Answer::Requested(id))
}

async fn take(
    conn: &mut Conn,
    id: String,
    step: Step,
    note: String,
    by: &Doer,
    now: Timestamp,
) -> Result<Taken> {
    let subject: Option<Subject> = conn
        .sql(SUBJECT)
        .bind(ESTATE)
        .bind(id.clone())
        .optional()
        .await?;
    let Some(subject) = subject.filter(|subject| by.sites.holds(&subject.site)) else {
        return Ok(Taken::Nothing);
    };
    let text = match step {
        Step::Approve => APPROVE,
        Step::Reject => REJECT,
        Step::Withdraw => WITHDRAW,
    };
    if step != Step::Withdraw && !by.decides {
        return Ok(Taken::NotYours);
    }
    if step != Step::Withdraw && left_another(conn, subject.client_id.clone(), &by.sites).await? {
        return Ok(Taken::LeftAnother);
    }
    let statement = conn.sql(text).bind(ESTATE).bind(id.clone());
    let statement = statement.bind(by.name.clone()).bind(now.0);
    let written = match step {
        Step::Withdraw => statement.bind(i64::from(by.decides)).bind(note.clone()),
        Step::Approve => statement.bind(note.clone()).bind(within(&by.sites)),
        Step::Reject => statement.bind(note.clone()),
    };
    let own = subject.requested_by == by.name;
    if written.execute().await? == 0 {
        return Ok(match (subject.ended_at, subject.decision, step) {
            (None, _, Step::Withdraw) => Taken::NotYours,
            (Some(_), ..) | (None, Some(_), _) => Taken::Over,
            (None, None, _) if own => Taken::NotYours,
            (None, None, _) => Taken::Changed,
        });
    }
    let before = if subject.decision.is_some() {
        State::Active
    } else {
        State::Requested
    };
    let deed = match step {
        Step::Approve => "exception.approve",
        Step::Reject => "exception.reject",
        Step::Withdraw => "exception.withdraw",
    };
    let after = before.after(step).map(|state| state.code().to_owned());
    let name = subject.name.as_deref().unwrap_or_default();
    let entry = by
        .author
        .clone()
        .entry(now, deed, subject_of(name, &id))
        .change(Some(before.code().to_owned()), after)
        .why(Some(note));
    audit::note(conn, &entry).await?;
    Ok(Taken::Done)
}

/// Whether a report took a client away from a site that somebody with these does not see, and nobody has looked at that. Those who
/// see both look first: an answer for the client would be one for the site that waits for it, too.
async fn left_another(conn: &mut Conn, client: Vec<u8>, sites: &Sites) -> Result<bool> {
    if !sites.is_limited() {
        return Ok(false);
    }
    let left: Vec<Left> = conn.sql(LEFT).bind(ESTATE).bind(client).all().await?;
    Ok(left.iter().any(|left| !sites.holds(&left.was)))
}

/// A limit to sites as it is kept beside a decision. Whoever may see no site decides on nothing.
fn within(sites: &Sites) -> String {
    let codes = sites.limit();
    codes.map_or_else(String::new, |codes| format!(",{},", codes.join(",")))
}

/// How the audit log names an exception.
pub(super) fn subject_of(client: &str, id: &str) -> String {
    format!("{client} (exception {id})")
}
