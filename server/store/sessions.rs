//! Sessions of people in browsers. The secret of each is stored hashed, and what it may do is looked up at every request.

use super::{
    ESTATE, Store,
    access::{hashed, random_secret},
    accounts::{By, end_sessions, role_of, sites_of, take_turn},
    audit,
    db::Conn,
    error::Result,
};
use crate::domain::{
    access::{Role, Sites},
    time::{HOUR, Timestamp},
};

/// Characters kept of what a browser says of itself.
const LONGEST_AGENT: usize = 300;

const CLEAR: &str =
    "DELETE FROM sessions WHERE estate = $1 AND (last_used_at < $2 OR created_at < $3)";
// Only for the password that was checked, and while the account holds: both may have changed since.
const START: &str = "INSERT INTO sessions (estate, secret_hash, user_name, created_at, last_used_at, id, address, agent)
SELECT $1, $2, name, $3, $3, $4, $5, $6 FROM users
WHERE estate = $1 AND name = $7 AND password_hash = $8 AND disabled_at IS NULL";
const SIGNED_IN: &str = "UPDATE users SET last_sign_in_at = $3 WHERE estate = $1 AND name = $2";
const HOLDER: &str =
    "SELECT s.id, s.user_name, s.created_at, s.last_used_at, u.role, u.sites, u.must_change,
  CASE WHEN u.issuer = '' AND u.totp_secret IS NULL THEN TRUE ELSE FALSE END AS password_only
FROM sessions s JOIN users u ON u.estate = s.estate AND u.name = s.user_name
WHERE s.estate = $1 AND s.secret_hash = $2 AND u.disabled_at IS NULL";
const USED: &str = "UPDATE sessions SET last_used_at = $3 WHERE estate = $1 AND secret_hash = $2";
const END: &str = "DELETE FROM sessions WHERE estate = $1 AND secret_hash = $2 RETURNING user_name";
const OF_ONE: &str = "SELECT id, created_at, last_used_at, address, agent FROM sessions
WHERE estate = $1 AND user_name = $2 AND last_used_at >= $3 AND created_at >= $4
ORDER BY last_used_at DESC, id";
const END_ONE: &str = "DELETE FROM sessions WHERE estate = $1 AND user_name = $2 AND id = $3";
const ANOTHER_SECRET: &str =
    "UPDATE sessions SET secret_hash = $4 WHERE estate = $1 AND user_name = $2 AND id = $3";
const END_OTHERS: &str = "DELETE FROM sessions WHERE estate = $1 AND user_name = $2 AND id <> $3";
// Whom another server vouches for has none, and no password fits.
const HASH: &str = "SELECT name, password_hash FROM users
WHERE estate = $1 AND name = $2 AND disabled_at IS NULL AND issuer = ''";
const OWN_PASSWORD: &str = "UPDATE users SET password_hash = $4, must_change = FALSE
WHERE estate = $1 AND name = $2 AND password_hash = $3 AND disabled_at IS NULL";

/// How long sessions last.
#[derive(Clone, Copy, Debug)]
pub struct Lasting {
    /// One that was not used for so many milliseconds has ended.
    pub idle: i64,
    /// However much it is used, it ends after so many.
    pub whole: i64,
}

impl Default for Lasting {
    fn default() -> Self {
        Self {
            idle: HOUR,
            whole: 12 * HOUR,
        }
    }
}

/// A name whose password was right.
#[derive(Clone)]
pub struct Checked {
    /// The account's name.
    pub name: String,
    /// The hash that the password was checked against.
    pub password_hash: String,
}

/// The hash is nobody's business.
impl std::fmt::Debug for Checked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Checked")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Whose session it is, and what that person may do now.
#[derive(Clone, Debug)]
pub struct Holder {
    /// Public id of the session.
    pub session: String,
    /// Name of the account.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// Which sites it may see.
    pub sites: Sites,
    /// It has a one-time password, and has to choose its own.
    pub must_change: bool,
    /// A password is all that it takes.
    pub password_only: bool,
}

/// A session as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct OwnSession {
    /// Public id.
    pub id: String,
    /// When it started; milliseconds since 1970.
    pub created_at: i64,
    /// When it was last used, to the minute.
    pub last_used_at: i64,
    /// From which address it started; may be empty.
    pub address: String,
    /// What the browser said of itself; may be empty.
    pub agent: String,
}

#[derive(sqlx::FromRow)]
struct HashRow {
    name: String,
    password_hash: String,
}

#[derive(sqlx::FromRow)]
struct NameRow {
    user_name: String,
}

#[derive(sqlx::FromRow)]
struct HolderRow {
    id: String,
    user_name: String,
    created_at: i64,
    last_used_at: i64,
    role: String,
    sites: String,
    must_change: bool,
    password_only: bool,
}

/// What a browser says of itself, short and without control characters.
fn plain(agent: &str) -> String {
    let seen = agent.chars().filter(|c| !c.is_control());
    seen.take(LONGEST_AGENT).collect()
}

/// Ends the session that a browser had before, and clears away those that have ended.
pub(super) async fn make_way(
    conn: &mut Conn,
    old: Option<Vec<u8>>,
    lasting: Lasting,
    now: Timestamp,
) -> Result<()> {
    conn.sql(CLEAR)
        .bind(ESTATE)
        .bind(now.0 - lasting.idle)
        .bind(now.0 - lasting.whole)
        .execute()
        .await?;
    if let Some(old) = old {
        let _: Option<NameRow> = conn.sql(END).bind(ESTATE).bind(old).optional().await?;
    }
    Ok(())
}

/// Starts a session, in a transaction that has the turn; false where the account does not hold any more.
pub(super) async fn start(
    conn: &mut Conn,
    who: &Checked,
    secret_hash: Vec<u8>,
    agent: &str,
    by: &By,
) -> Result<bool> {
    let id = random_secret().chars().take(16).collect::<String>();
    let address = by
        .author
        .from
        .map(|from| from.to_string())
        .unwrap_or_default();
    let started = conn
        .sql(START)
        .bind(ESTATE)
        .bind(secret_hash)
        .bind(by.at.0)
        .bind(id)
        .bind(address)
        .bind(plain(agent))
        .bind(who.name.clone())
        .bind(who.password_hash.clone())
        .execute()
        .await?;
    if started == 0 {
        return Ok(false);
    }
    conn.sql(SIGNED_IN)
        .bind(ESTATE)
        .bind(who.name.clone())
        .bind(by.at.0)
        .execute()
        .await?;
    audit::note(conn, &by.entry("session.start", who.name.clone())).await?;
    Ok(true)
}

/// What became of the sessions of an account whose way in has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// How many others ended; where there is none that stays, how many there were.
    pub others: u64,
    /// The new secret of the one that stays; `None`: none does, or it has ended meanwhile.
    pub secret: Option<String>,
}

/// Ends all sessions of an account but the one with this public id, which gets another secret: whoever has the old one is out.
/// It ends when it would have ended.
pub(super) async fn only(conn: &mut Conn, name: &str, id: &str) -> Result<Ended> {
    let secret = random_secret();
    let others = conn
        .sql(END_OTHERS)
        .bind(ESTATE)
        .bind(name.to_owned())
        .bind(id.to_owned())
        .execute()
        .await?;
    let stays = conn
        .sql(ANOTHER_SECRET)
        .bind(ESTATE)
        .bind(name.to_owned())
        .bind(id.to_owned())
        .bind(hashed(&secret))
        .execute()
        .await?;
    Ok(Ended {
        others,
        secret: (stays > 0).then_some(secret),
    })
}

impl Store {
    /// The stored password hash of an account that holds.
    pub async fn password_hash(&self, name: &str) -> Result<Option<Checked>> {
        let row: Option<HashRow> = self
            .db
            .read()
            .await?
            .sql(HASH)
            .bind(ESTATE)
            .bind(name.to_owned())
            .optional()
            .await?;
        Ok(row.map(|row| Checked {
            name: row.name,
            password_hash: row.password_hash,
        }))
    }

    /// Starts a session and answers its secret for the cookie; `None` where the account changed since its password was
    /// checked. The session that the browser had before, `old`, ends, and those that have ended are cleared away.
    pub async fn start_session(
        &self,
        who: Checked,
        old: Option<&str>,
        agent: String,
        lasting: Lasting,
        by: By,
    ) -> Result<Option<String>> {
        let secret = random_secret();
        let hash = hashed(&secret);
        let old = old.map(hashed);
        let started = self
            .writer
            .run(move |conn| {
                Box::pin(async move {
                    take_turn(conn).await?;
                    make_way(conn, old, lasting, by.at).await?;
                    start(conn, &who, hash, &agent, &by).await
                })
            })
            .await?;
        Ok(started.then_some(secret))
    }

    /// Whose session a secret belongs to, if the session and the account still hold. Its use is noted once a minute.
    pub async fn session_holder(
        &self,
        secret: &str,
        lasting: Lasting,
        now: Timestamp,
    ) -> Result<Option<Holder>> {
        let hash = hashed(secret);
        let row: Option<HolderRow> = self
            .db
            .read()
            .await?
            .sql(HOLDER)
            .bind(ESTATE)
            .bind(hash.clone())
            .optional()
            .await?;
        let Some(row) = row.filter(|row| {
            now.0 - row.last_used_at < lasting.idle && now.0 - row.created_at < lasting.whole
        }) else {
            return Ok(None);
        };
        if now.0 - row.last_used_at > 60_000 {
            self.writer
                .run(move |conn| {
                    Box::pin(async move {
                        conn.sql(USED)
                            .bind(ESTATE)
                            .bind(hash)
                            .bind(now.0)
                            .execute()
                            .await
                            .map(drop)
                    })
                })
                .await?;
        }
        Ok(Some(Holder {
            session: row.id,
            name: row.user_name,
            role: role_of(&row.role),
            sites: sites_of(&row.sites),
            must_change: row.must_change,
            password_only: row.password_only,
        }))
    }

    /// Ends a session by its secret; whose it was is the actor of the entry in the audit log.
    pub async fn end_session(
        &self,
        secret: &str,
        by: impl Fn(String) -> By + Send + 'static,
    ) -> Result<()> {
        let hash = hashed(secret);
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    let ended: Option<NameRow> =
                        conn.sql(END).bind(ESTATE).bind(hash).optional().await?;
                    let Some(NameRow { user_name }) = ended else {
                        return Ok(());
                    };
                    let entry = by(user_name.clone()).entry("session.end", user_name);
                    audit::note(conn, &entry).await
                })
            })
            .await
    }

    /// The sessions of somebody that hold, newest use first.
    pub async fn own_sessions(
        &self,
        name: &str,
        lasting: Lasting,
        now: Timestamp,
    ) -> Result<Vec<OwnSession>> {
        let mut tx = self.db.read().await?;
        tx.sql(OF_ONE)
            .bind(ESTATE)
            .bind(name.to_owned())
            .bind(now.0 - lasting.idle)
            .bind(now.0 - lasting.whole)
            .all()
            .await
    }

    /// Ends a session of somebody by its public id, or all but that one; answers how many ended.
    pub async fn revoke_sessions(
        &self,
        name: String,
        id: String,
        others: bool,
        by: By,
    ) -> Result<u64> {
        let statement = if others { END_OTHERS } else { END_ONE };
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    let ended = conn
                        .sql(statement)
                        .bind(ESTATE)
                        .bind(name.clone())
                        .bind(id)
                        .execute()
                        .await?;
                    if ended > 0 {
                        let entry = by.entry("session.revoke", name);
                        let entry = entry.change(None, Some(format!("{ended} sessions ended")));
                        audit::note(conn, &entry).await?;
                    }
                    Ok(ended)
                })
            })
            .await
    }

    /// Somebody chooses another password: all sessions end, and a new one starts, whose secret is answered. `None` where the
    /// account changed since its old password was checked.
    pub async fn change_own_password(
        &self,
        who: Checked,
        new_hash: String,
        agent: String,
        by: By,
    ) -> Result<Option<String>> {
        let secret = random_secret();
        let hash = hashed(&secret);
        let done = self
            .writer
            .run(move |conn| {
                Box::pin(async move {
                    take_turn(conn).await?;
                    let done = conn
                        .sql(OWN_PASSWORD)
                        .bind(ESTATE)
                        .bind(who.name.clone())
                        .bind(who.password_hash)
                        .bind(new_hash.clone())
                        .execute()
                        .await?;
                    if done == 0 {
                        return Ok(false);
                    }
                    let ended = end_sessions(conn, &who.name).await?;
                    let entry = by.entry("account.password", who.name.clone());
                    let entry = entry.change(None, Some(format!("{ended} sessions ended")));
                    audit::note(conn, &entry).await?;
                    let now = Checked {
                        name: who.name,
                        password_hash: new_hash,
                    };
                    start(conn, &now, hash, &agent, &by).await
                })
            })
            .await?;
        Ok(done.then_some(secret))
    }
}
