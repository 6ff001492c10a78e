//! The second factor of accounts with a password: a secret that an app makes codes of, and codes for when it is lost. The
//! secret has to be known to check a code, so it stands in the database as it is; recovery codes are hashed.

use super::{
    ESTATE, Store,
    access::{hashed, random_secret},
    accounts::{By, take_turn},
    audit,
    db::Conn,
    error::Result,
    sessions::{self, Checked, Ended, Lasting},
};
use crate::domain::{
    audit::Actor,
    time::{HOUR, MINUTE, Timestamp},
    totp::{self, RECOVERY_CODES, SECRET},
};

/// How long a code is waited for.
pub const AWAITED: i64 = 5 * MINUTE;
/// Wrong codes for one sign-in.
const TRIES: i64 = 5;
/// Wrong codes for one account in an hour, from everywhere: whoever tries has the password already.
const TRIES_AN_HOUR: i64 = 30;

const STATE: &str = "SELECT totp_secret, totp_offered, totp_step, password_hash, disabled_at
FROM users WHERE estate = $1 AND name = $2 AND issuer = ''";
const LEFT: &str = "SELECT COUNT(*) FROM recovery_codes WHERE estate = $1 AND user_name = $2";
const OFFER: &str = "UPDATE users SET totp_offered = $3
WHERE estate = $1 AND name = $2 AND issuer = '' AND totp_secret IS NULL";
const CONFIRM: &str =
    "UPDATE users SET totp_secret = totp_offered, totp_offered = NULL, totp_step = $3
WHERE estate = $1 AND name = $2 AND totp_offered IS NOT NULL";
const REMOVE: &str = "UPDATE users SET totp_secret = NULL, totp_offered = NULL
WHERE estate = $1 AND name = $2 AND totp_secret IS NOT NULL";
const USED: &str =
    "UPDATE users SET totp_step = $3 WHERE estate = $1 AND name = $2 AND totp_step < $3";
const KEEP_CODE: &str =
    "INSERT INTO recovery_codes (estate, user_name, code_hash) VALUES ($1, $2, $3)";
const USE_CODE: &str =
    "DELETE FROM recovery_codes WHERE estate = $1 AND user_name = $2 AND code_hash = $3";
const DROP_CODES: &str = "DELETE FROM recovery_codes WHERE estate = $1 AND user_name = $2";
const TIDY: &str = "DELETE FROM codes_awaited WHERE estate = $1 AND begun_at < $2";
const AWAIT: &str = "INSERT INTO codes_awaited (estate, secret_hash, user_name, password_hash, next, tries, begun_at)
VALUES ($1, $2, $3, $4, $5, 0, $6)";
const WHOSE: &str = "SELECT user_name, password_hash, next, tries FROM codes_awaited
WHERE estate = $1 AND secret_hash = $2 AND begun_at > $3";
const TRIED: &str =
    "UPDATE codes_awaited SET tries = tries + 1 WHERE estate = $1 AND secret_hash = $2";
const LATELY: &str = "SELECT CAST(COALESCE(SUM(tries), 0) AS BIGINT) FROM codes_awaited
WHERE estate = $1 AND user_name = $2 AND begun_at > $3";
const ARRIVED: &str = "DELETE FROM codes_awaited WHERE estate = $1 AND user_name = $2";

/// How the second factor of an account stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Factor {
    /// There is none.
    None,
    /// This secret was shown, and no code of it has come yet.
    Offered(Vec<u8>),
    /// There is one, and so many recovery codes are left.
    Holds(i64),
    /// Another server vouches for the account, or there is none of this name.
    Elsewhere,
}

/// What came of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Code {
    /// It was right: the secret of a session, and where to go.
    Right(String, String),
    /// It was wrong, and another may be tried.
    Wrong,
    /// Nobody waits for it any more: too late, too often, or the account has changed.
    Over,
    /// Too many were wrong for this account lately, from wherever.
    TooMany,
}

#[derive(sqlx::FromRow)]
struct StateRow {
    totp_secret: Option<Vec<u8>>,
    totp_offered: Option<Vec<u8>>,
    totp_step: i64,
    password_hash: String,
    disabled_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct AwaitedRow {
    user_name: String,
    password_hash: String,
    next: String,
    tries: i64,
}

async fn state(conn: &mut Conn, name: &str) -> Result<Option<StateRow>> {
    conn.sql(STATE)
        .bind(ESTATE)
        .bind(name.to_owned())
        .optional()
        .await
}

/// Takes what belongs to the second factor of an account away with it.
pub(super) async fn forget(conn: &mut Conn, name: &str) -> Result<()> {
    for statement in [DROP_CODES, ARRIVED] {
        conn.sql(statement)
            .bind(ESTATE)
            .bind(name.to_owned())
            .execute()
            .await?;
    }
    Ok(())
}

/// Whether a code of the app or a recovery code is right; it is used up then.
async fn takes(conn: &mut Conn, name: &str, row: &StateRow, typed: &str, by: &By) -> Result<bool> {
    let Some(secret) = &row.totp_secret else {
        return Ok(false);
    };
    if let Some(step) = totp::accepted(secret, typed, by.at, row.totp_step) {
        let used = conn
            .sql(USED)
            .bind(ESTATE)
            .bind(name.to_owned())
            .bind(step)
            .execute()
            .await?;
        return Ok(used == 1);
    }
    let Some(code) = totp::typed_recovery_code(typed) else {
        return Ok(false);
    };
    let used = conn
        .sql(USE_CODE)
        .bind(ESTATE)
        .bind(name.to_owned())
        .bind(hashed(&code))
        .execute()
        .await?;
    if used == 0 {
        return Ok(false);
    }
    let left: i64 = conn
        .sql(LEFT)
        .bind(ESTATE)
        .bind(name.to_owned())
        .scalar()
        .await?;
    let entry = by.entry("account.recovery-code", name);
    let entry = entry.change(None, Some(format!("{left} left")));
    audit::note(conn, &entry).await?;
    Ok(true)
}

/// `session`: the public id of the one that stays; empty: none does.
async fn take_off(conn: &mut Conn, name: String, session: &str, by: &By) -> Result<Option<Ended>> {
    let done = conn
        .sql(REMOVE)
        .bind(ESTATE)
        .bind(name.clone())
        .execute()
        .await?;
    if done == 0 {
        return Ok(None);
    }
    forget(conn, &name).await?;
    let ended = sessions::only(conn, &name, session).await?;
    let entry = by.entry("account.second-factor", name);
    let entry = entry.change(Some("set up".into()), Some(with_sessions("none", &ended)));
    audit::note(conn, &entry).await?;
    Ok(Some(ended))
}

/// How the second factor stands, and what became of sessions, as the audit log has it.
fn with_sessions(now: &str, ended: &Ended) -> String {
    format!("{now}; {} sessions ended", ended.others)
}

/// Makes recovery codes up, and keeps their hashes.
async fn new_codes(conn: &mut Conn, name: &str) -> Result<Vec<String>> {
    let mut codes = Vec::new();
    for _ in 0..RECOVERY_CODES {
        let code = totp::recovery_code(rand::random());
        let plain = totp::typed_recovery_code(&code).unwrap_or_default();
        conn.sql(KEEP_CODE)
            .bind(ESTATE)
            .bind(name.to_owned())
            .bind(hashed(&plain))
            .execute()
            .await?;
        codes.push(code);
    }
    Ok(codes)
}

impl Store {
    /// How the second factor of an account stands.
    pub async fn factor(&self, name: &str) -> Result<Factor> {
        let mut tx = self.db.read().await?;
        let row: Option<StateRow> = tx
            .sql(STATE)
            .bind(ESTATE)
            .bind(name.to_owned())
            .optional()
            .await?;
        Ok(match row {
            None => Factor::Elsewhere,
            Some(row) if row.totp_secret.is_some() => {
                let left = tx.sql(LEFT).bind(ESTATE).bind(name.to_owned());
                Factor::Holds(left.scalar().await?)
            }
            Some(row) => row.totp_offered.map_or(Factor::None, Factor::Offered),
        })
    }

    /// Makes a secret up for an account that has no second factor; one that was shown before is void. False where there is
    /// one, or cannot be.
    pub async fn offer_factor(&self, name: String) -> Result<bool> {
        let secret: [u8; SECRET] = rand::random();
        let offered = self
            .writer
            .run(move |conn| {
                Box::pin(async move {
                    conn.sql(OFFER)
                        .bind(ESTATE)
                        .bind(name)
                        .bind(secret.to_vec())
                        .execute()
                        .await
                })
            })
            .await?;
        Ok(offered == 1)
    }

    /// The secret that was shown counts from now on, if the code is one of it; answers the recovery codes, once. Sessions
    /// that began without it end, but for the one with the public id `session`, which gets another secret.
    pub async fn confirm_factor(
        &self,
        name: String,
        typed: String,
        session: String,
        by: By,
    ) -> Result<Option<(Vec<String>, Ended)>> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    take_turn(conn).await?;
                    let offered = state(conn, &name).await?.and_then(|row| row.totp_offered);
                    let step = offered.and_then(|secret| totp::accepted(&secret, &typed, by.at, 0));
                    let Some(step) = step else {
                        return Ok(None);
                    };
                    conn.sql(CONFIRM)
                        .bind(ESTATE)
                        .bind(name.clone())
                        .bind(step)
                        .execute()
                        .await?;
                    forget(conn, &name).await?;
                    let codes = new_codes(conn, &name).await?;
                    let ended = sessions::only(conn, &name, &session).await?;
                    let entry = by.entry("account.second-factor", name);
                    let set_up = with_sessions("set up", &ended);
                    let entry = entry.change(Some("none".into()), Some(set_up));
                    audit::note(conn, &entry).await?;
                    Ok(Some((codes, ended)))
                })
            })
            .await
    }

    /// Takes the second factor off, for whoever has a code of it, and ends the sessions but the one with the public id
    /// `session`, which gets another secret. `None`: the code is wrong.
    pub async fn remove_factor(
        &self,
        name: String,
        typed: String,
        session: String,
        by: By,
    ) -> Result<Option<Ended>> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    take_turn(conn).await?;
                    let Some(row) = state(conn, &name).await? else {
                        return Ok(None);
                    };
                    if !takes(conn, &name, &row, &typed, &by).await? {
                        return Ok(None);
                    }
                    take_off(conn, name, &session, &by).await
                })
            })
            .await
    }

    /// Takes the second factor off without a code; the sessions of the account end. False: there was none.
    pub async fn reset_factor(&self, name: String, by: By) -> Result<bool> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    take_turn(conn).await?;
                    // No session has this id.
                    Ok(take_off(conn, name, "", &by).await?.is_some())
                })
            })
            .await
    }

    /// The password was right, and a code is waited for; answers the secret for the cookie.
    pub async fn await_code(&self, who: Checked, next: String, now: Timestamp) -> Result<String> {
        let secret = random_secret();
        let hash = hashed(&secret);
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    conn.sql(TIDY)
                        .bind(ESTATE)
                        .bind(now.0 - HOUR)
                        .execute()
                        .await?;
                    conn.sql(AWAIT)
                        .bind(ESTATE)
                        .bind(hash)
                        .bind(who.name)
                        .bind(who.password_hash)
                        .bind(next)
                        .bind(now.0)
                        .execute()
                        .await
                        .map(drop)
                })
            })
            .await?;
        Ok(secret)
    }

    /// Whose code is waited for in a browser.
    pub async fn awaited(&self, secret: &str, now: Timestamp) -> Result<Option<String>> {
        let mut tx = self.db.read().await?;
        let row: Option<AwaitedRow> = tx
            .sql(WHOSE)
            .bind(ESTATE)
            .bind(hashed(secret))
            .bind(now.0 - AWAITED)
            .optional()
            .await?;
        Ok(row.filter(|row| row.tries < TRIES).map(|row| row.user_name))
    }

    /// Finishes a sign-in with a code. The session that the browser had before, `old`, ends. Whoever `by` is: the entries of
    /// the audit log are that person's own.
    pub async fn finish_with_code(
        &self,
        secret: &str,
        typed: String,
        old: Option<&str>,
        agent: String,
        lasting: Lasting,
        by: By,
    ) -> Result<Code> {
        let awaited = hashed(secret);
        let session = random_secret();
        let hash = hashed(&session);
        let old = old.map(hashed);
        let became = self
            .writer
            .run(move |conn| {
                let mut by = by;
                Box::pin(async move {
                    take_turn(conn).await?;
                    let row: Option<AwaitedRow> = conn
                        .sql(WHOSE)
                        .bind(ESTATE)
                        .bind(awaited.clone())
                        .bind(by.at.0 - AWAITED)
                        .optional()
                        .await?;
                    let Some(row) = row.filter(|row| row.tries < TRIES) else {
                        return Ok(Code::Over);
                    };
                    by.author.by = Actor::Person(row.user_name.clone());
                    match tried(conn, &row, awaited, &typed, &by).await? {
                        Code::Right(..) => {}
                        other => return Ok(other),
                    }
                    sessions::make_way(conn, old, lasting, by.at).await?;
                    let who = Checked {
                        name: row.user_name,
                        password_hash: row.password_hash,
                    };
                    let started = sessions::start(conn, &who, hash, &agent, &by).await?;
                    Ok(if started {
                        Code::Right(String::new(), row.next)
                    } else {
                        Code::Over
                    })
                })
            })
            .await?;
        Ok(match became {
            Code::Right(_, next) => Code::Right(session, next),
            other => other,
        })
    }
}

/// What comes of a code for whom it is waited for, in a transaction that has the turn.
async fn tried(
    conn: &mut Conn,
    row: &AwaitedRow,
    awaited: Vec<u8>,
    typed: &str,
    by: &By,
) -> Result<Code> {
    let name = &row.user_name;
    let account = state(conn, name).await?.filter(|account| {
        account.disabled_at.is_none()
            && account.totp_secret.is_some()
            && account.password_hash == row.password_hash
    });
    let Some(account) = account else {
        return Ok(Code::Over);
    };
    let lately: i64 = conn
        .sql(LATELY)
        .bind(ESTATE)
        .bind(name.clone())
        .bind(by.at.0 - HOUR)
        .scalar()
        .await?;
    if lately >= TRIES_AN_HOUR {
        return Ok(Code::TooMany);
    }
    if takes(conn, name, &account, typed, by).await? {
        conn.sql(ARRIVED)
            .bind(ESTATE)
            .bind(name.clone())
            .execute()
            .await?;
        return Ok(Code::Right(String::new(), String::new()));
    }
    conn.sql(TRIED).bind(ESTATE).bind(awaited).execute().await?;
    let entry = by.entry("session.refused", name.clone());
    let entry = entry.why(Some("the code was wrong".to_owned()));
    audit::note(conn, &entry).await?;
    let more = row.tries + 1 < TRIES;
    Ok(if more { Code::Wrong } else { Code::Over })
}
