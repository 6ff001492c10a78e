//! Sign-ins that another server vouches for: what is remembered while somebody is there, and the account that comes of it.

use super::{
    ESTATE, Store,
    access::{hashed, random_secret},
    accounts::{By, end_sessions, name_fits, role_of, said, sites_of, sites_text, take_turn},
    audit,
    db::Conn,
    error::Result,
    sessions::{self, Checked, Lasting},
    setup,
};
use crate::domain::{
    access::{Role, Sites},
    audit::Actor,
    time::{MINUTE, Timestamp},
};

/// How long a sign-in that has begun can be finished.
pub const HOLDS: i64 = 10 * MINUTE;
/// So many from one network are remembered, and the oldest go.
const OF_ONE_NETWORK: i64 = 500;
/// The same from everywhere.
const OF_ALL: i64 = 5_000;

const TIDY: &str = "DELETE FROM sign_ins_begun WHERE estate = $1 AND begun_at < $2";
const BEGIN: &str = "INSERT INTO sign_ins_begun (estate, state_hash, browser_hash, nonce, verifier, next, network, begun_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
// Nothing is older than nothing: where there are fewer, none goes.
const FEWER_OF_NETWORK: &str =
    "DELETE FROM sign_ins_begun WHERE estate = $1 AND network = $2 AND begun_at <= (
  SELECT begun_at FROM sign_ins_begun WHERE estate = $1 AND network = $2 ORDER BY begun_at DESC LIMIT 1 OFFSET $3)";
const FEWER: &str = "DELETE FROM sign_ins_begun WHERE estate = $1 AND begun_at <= (
  SELECT begun_at FROM sign_ins_begun WHERE estate = $1 ORDER BY begun_at DESC LIMIT 1 OFFSET $2)";
const THERE: &str = "SELECT COUNT(*) FROM sign_ins_begun
WHERE estate = $1 AND state_hash = $2 AND browser_hash = $3 AND begun_at > $4";
const TAKE: &str = "DELETE FROM sign_ins_begun
WHERE estate = $1 AND state_hash = $2 AND browser_hash = $3 AND begun_at > $4
RETURNING nonce, verifier, next";
const KNOWN: &str = "SELECT name, role, sites, disabled_at FROM users
WHERE estate = $1 AND issuer = $2 AND subject = $3";
const TAKEN: &str = "SELECT COUNT(*) FROM users WHERE estate = $1 AND lower(name) = lower($2)";
const ADD: &str = "INSERT INTO users (estate, name, password_hash, created_at, role, sites, created_by, must_change, issuer, subject)
VALUES ($1, $2, '', $3, $4, $5, $6, FALSE, $7, $8)";
// The groups decide, also where that takes the last administrator away: a right that was taken there is not kept here.
const SETTLE: &str =
    "UPDATE users SET role = $3, sites = $4 WHERE estate = $1 AND name = $2 AND issuer <> ''";

/// What is remembered of a sign-in that has begun.
#[derive(Clone, sqlx::FromRow)]
pub struct Begun {
    /// Stands in the proof that comes back.
    pub nonce: String,
    /// Shows that whoever finishes is who began.
    pub verifier: String,
    /// Where to go afterwards.
    pub next: String,
}

/// Secrets are for one place only.
impl std::fmt::Debug for Begun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Begun").finish_non_exhaustive()
    }
}

/// Somebody whom another server vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vouched {
    /// That server, exactly as it names itself.
    pub issuer: String,
    /// What it calls the person, for ever.
    pub subject: String,
    /// What the person is called there now.
    pub called: String,
    /// The host of that server, for telling accounts of one name apart.
    pub host: String,
}

/// What became of a sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Welcomed {
    /// A session with this secret.
    In(String),
    /// The account is disabled.
    Disabled,
    /// Nobody has an account yet, and the first one has to be an administrator's.
    NotSetUp,
}

#[derive(sqlx::FromRow)]
struct Row {
    name: String,
    role: String,
    sites: String,
    disabled_at: Option<i64>,
}

async fn known(conn: &mut Conn, who: &Vouched) -> Result<Option<Row>> {
    conn.sql(KNOWN)
        .bind(ESTATE)
        .bind(who.issuer.clone())
        .bind(who.subject.clone())
        .optional()
        .await
}

/// A name that nobody has: the person's own, or else with the host behind it.
async fn free_name(conn: &mut Conn, who: &Vouched) -> Result<String> {
    let with_host = format!("{} ({})", who.called, who.host);
    let numbered = (2..10).map(|n| format!("{with_host} {n}"));
    let wished = [who.called.clone(), with_host.clone()];
    for name in wished.into_iter().chain(numbered) {
        if !name_fits(&name) {
            continue;
        }
        let taken: i64 = conn
            .sql(TAKEN)
            .bind(ESTATE)
            .bind(name.clone())
            .scalar()
            .await?;
        if taken == 0 {
            return Ok(name);
        }
    }
    let short: String = who.called.chars().take(40).collect();
    let unlike: String = random_secret().chars().take(12).collect();
    Ok(format!("{} {unlike}", short.trim()))
}

/// The account of somebody, made or brought up to date. `None`: it is disabled.
async fn settle(
    conn: &mut Conn,
    who: &Vouched,
    role: Role,
    sites: &Sites,
    by: &mut By,
) -> Result<Option<String>> {
    let now = said(role, sites);
    let Some(row) = known(conn, who).await? else {
        let name = free_name(conn, who).await?;
        conn.sql(ADD)
            .bind(ESTATE)
            .bind(name.clone())
            .bind(by.at.0)
            .bind(role.code())
            .bind(sites_text(sites))
            .bind(who.host.clone())
            .bind(who.issuer.clone())
            .bind(who.subject.clone())
            .execute()
            .await?;
        by.author.by = Actor::Person(name.clone());
        let entry = by
            .entry("account.add", name.clone())
            .change(None, Some(now));
        audit::note(conn, &entry.why(Some(reason(who)))).await?;
        return Ok(Some(name));
    };
    by.author.by = Actor::Person(row.name.clone());
    if row.disabled_at.is_some() {
        let entry = by.entry("session.refused", row.name);
        let why = "the account is disabled".to_owned();
        audit::note(conn, &entry.why(Some(why))).await?;
        return Ok(None);
    }
    let before = said(role_of(&row.role), &sites_of(&row.sites));
    if before != now {
        conn.sql(SETTLE)
            .bind(ESTATE)
            .bind(row.name.clone())
            .bind(role.code())
            .bind(sites_text(sites))
            .execute()
            .await?;
        let entry = by
            .entry("account.role", row.name.clone())
            .change(Some(before), Some(now));
        audit::note(conn, &entry.why(Some(reason(who)))).await?;
    }
    Ok(Some(row.name))
}

fn reason(who: &Vouched) -> String {
    format!("by the groups at {}", who.host)
}

impl Store {
    /// Remembers a sign-in that begins. `state` comes back with the person, `browser` stays in the cookie.
    pub async fn begin_sign_in(
        &self,
        state: &str,
        browser: &str,
        begun: Begun,
        network: String,
        now: Timestamp,
    ) -> Result<()> {
        let (state, browser) = (hashed(state), hashed(browser));
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    conn.sql(TIDY)
                        .bind(ESTATE)
                        .bind(now.0 - HOLDS)
                        .execute()
                        .await?;
                    conn.sql(BEGIN)
                        .bind(ESTATE)
                        .bind(state)
                        .bind(browser)
                        .bind(begun.nonce)
                        .bind(begun.verifier)
                        .bind(begun.next)
                        .bind(network.clone())
                        .bind(now.0)
                        .execute()
                        .await?;
                    conn.sql(FEWER_OF_NETWORK)
                        .bind(ESTATE)
                        .bind(network)
                        .bind(OF_ONE_NETWORK)
                        .execute()
                        .await?;
                    conn.sql(FEWER)
                        .bind(ESTATE)
                        .bind(OF_ALL)
                        .execute()
                        .await
                        .map(drop)
                })
            })
            .await
    }

    /// What was remembered of a sign-in, once; `None` where it did not begin in this browser, or too long ago, or was
    /// finished already.
    pub async fn take_sign_in(
        &self,
        state: &str,
        browser: &str,
        now: Timestamp,
    ) -> Result<Option<Begun>> {
        let (state, browser) = (hashed(state), hashed(browser));
        let oldest = now.0 - HOLDS;
        // Whoever makes states up does not keep the writer busy.
        let there: i64 = self
            .db
            .read()
            .await?
            .sql(THERE)
            .bind(ESTATE)
            .bind(state.clone())
            .bind(browser.clone())
            .bind(oldest)
            .scalar()
            .await?;
        if there == 0 {
            return Ok(None);
        }
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    conn.sql(TAKE)
                        .bind(ESTATE)
                        .bind(state)
                        .bind(browser)
                        .bind(oldest)
                        .optional()
                        .await
                })
            })
            .await
    }

    /// Signs somebody in whom another server vouches for: the account is made where there is none, its role and sites are
    /// settled anew, and a session starts. The session that the browser had before, `old`, ends. Whoever `by` is: the
    /// entries of the audit log are that person's own.
    pub async fn sign_in_vouched(
        &self,
        who: Vouched,
        rights: (Role, Sites),
        old: Option<&str>,
        agent: String,
        lasting: Lasting,
        by: By,
    ) -> Result<Welcomed> {
        let secret = random_secret();
        let hash = hashed(&secret);
        let old = old.map(hashed);
        let became = self
            .writer
            .run(move |conn| {
                let mut by = by;
                Box::pin(async move {
                    take_turn(conn).await?;
                    let (role, sites) = rights;
                    if setup::nobody(conn).await? {
                        if role != Role::Administrator {
                            return Ok(Welcomed::NotSetUp);
                        }
                        setup::forget_link(conn).await?;
                    }
                    let Some(name) = settle(conn, &who, role, &sites, &mut by).await? else {
                        return Ok(Welcomed::Disabled);
                    };
                    sessions::make_way(conn, old, lasting, by.at).await?;
                    let who = Checked {
                        name,
                        password_hash: String::new(),
                    };
                    let started = sessions::start(conn, &who, hash, &agent, &by).await?;
                    Ok(if started {
                        Welcomed::In(String::new())
                    } else {
                        Welcomed::Disabled
                    })
                })
            })
            .await?;
        Ok(match became {
            Welcomed::In(_) => Welcomed::In(secret),
            other => other,
        })
    }

    /// Writes down that somebody was turned away whom another server vouches for. Where there is an account from before, its
    /// sessions end: what let them begin is not so any more.
    pub async fn turn_away(&self, who: Vouched, why: String, by: By) -> Result<()> {
        self.writer
            .run(move |conn| {
                let mut by = by;
                Box::pin(async move {
                    take_turn(conn).await?;
                    let mut ended = 0;
                    let subject = match known(conn, &who).await? {
                        Some(row) => {
                            ended = end_sessions(conn, &row.name).await?;
                            by.author.by = Actor::Person(row.name.clone());
                            row.name
                        }
                        None => format!("{} ({})", who.called, who.host),
                    };
                    let mut entry = by.entry("session.refused", subject).why(Some(why));
                    if ended > 0 {
                        entry = entry.change(None, Some(format!("{ended} sessions ended")));
                    }
                    audit::note(conn, &entry).await
                })
            })
            .await
    }
}
