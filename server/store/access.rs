//! Who may come in: the administrator and browser sessions. Secrets are stored hashed. Tokens are in `tokens`.

use sha2::{Digest as _, Sha256};

use super::{
    ESTATE, Store,
    error::Result,
    tokens::{self, NewToken, Purpose},
};
use crate::domain::time::{DAY, HOUR, Timestamp};

/// A session that was not used for this long has ended.
pub const SESSION_IDLE: i64 = 12 * HOUR;
/// However much it is used, a session ends after this.
pub const SESSION_LIFE: i64 = 7 * DAY;

#[derive(sqlx::FromRow)]
struct UserRow {
    name: String,
    password_hash: String,
}

#[derive(sqlx::FromRow)]
struct SessionRow {
    user_name: String,
    created_at: i64,
    last_used_at: i64,
}

/// 32 random bytes as 64 hexadecimal digits.
pub fn random_secret() -> String {
    let bytes: [u8; 32] = rand::random();
    hex(&bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn hashed(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

impl Store {
    /// Makes the first user and the first ingest token, both or neither; `None` when somebody can sign in
    /// already, also when another server was quicker by a moment.
    pub async fn first_start(
        &self,
        user: &str,
        password_hash: String,
        now: Timestamp,
    ) -> Result<Option<String>> {
        let user = user.to_owned();
        let (id, text) = tokens::made_up(Purpose::Ingest);
        let hash = hashed(&text);
        let is_first = self
            .writer
            .run(move |conn| {
                Box::pin(async move {
                    // Whoever comes second waits for the first here, and then adds nothing.
                    let added = conn
                        .sql(
                            "INSERT INTO users (estate, name, password_hash, created_at)
                             SELECT $1, $2, $3, $4 WHERE NOT EXISTS (SELECT 1 FROM users WHERE estate = $1)
                             ON CONFLICT (estate, name) DO NOTHING",
                        )
                        .bind(ESTATE)
                        .bind(user)
                        .bind(password_hash)
                        .bind(now.0)
                        .execute()
                        .await?;
                    if added == 0 {
                        return Ok(false);
                    }
                    let first = NewToken::new(Purpose::Ingest, "first");
                    tokens::insert(conn, id, first, hash, now).await?;
                    Ok(true)
                })
            })
            .await?;
        Ok(is_first.then_some(text))
    }

    /// Whether anyone can sign in yet.
    pub async fn has_users(&self) -> Result<bool> {
        let users: i64 = self
            .db
            .read()
            .await?
            .sql("SELECT COUNT(*) FROM users WHERE estate = $1")
            .bind(ESTATE)
            .scalar()
            .await?;
        Ok(users > 0)
    }

    /// Adds a user or sets a new password; sessions of that user end.
    pub async fn set_password(
        &self,
        name: String,
        password_hash: String,
        now: Timestamp,
    ) -> Result<()> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    conn.sql(
                        "INSERT INTO users (estate, name, password_hash, created_at) VALUES ($1, $2, $3, $4)
                         ON CONFLICT (estate, name) DO UPDATE SET password_hash = excluded.password_hash",
                    )
                    .bind(ESTATE)
                    .bind(name.clone())
                    .bind(password_hash)
                    .bind(now.0)
                    .execute()
                    .await?;
                    conn.sql("DELETE FROM sessions WHERE estate = $1 AND user_name = $2")
                        .bind(ESTATE)
                        .bind(name)
                        .execute()
                        .await
                        .map(drop)
                })
            })
            .await
    }

    /// The stored password hash of a user.
    pub async fn password_hash(&self, name: &str) -> Result<Option<(String, String)>> {
        let row: Option<UserRow> = self
            .db
            .read()
            .await?
            .sql("SELECT name, password_hash FROM users WHERE estate = $1 AND name = $2")
            .bind(ESTATE)
            .bind(name.to_owned())
            .optional()
            .await?;
        Ok(row.map(|row| (row.name, row.password_hash)))
    }

    /// Starts a session and answers its secret for the cookie. Ended sessions are cleared away.
    pub async fn start_session(&self, user: String, now: Timestamp) -> Result<String> {
        let secret = random_secret();
        let hash = hashed(&secret);
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    conn.sql(
                        "DELETE FROM sessions WHERE estate = $1 AND (last_used_at < $2 OR created_at < $3)",
                    )
                    .bind(ESTATE)
                    .bind(now.0 - SESSION_IDLE)
                    .bind(now.0 - SESSION_LIFE)
                    .execute()
                    .await?;
                    conn.sql(
                        "INSERT INTO sessions (estate, secret_hash, user_name, created_at, last_used_at)
                         VALUES ($1, $2, $3, $4, $4)",
                    )
                    .bind(ESTATE)
                    .bind(hash)
                    .bind(user)
                    .bind(now.0)
                    .execute()
                    .await
                    .map(drop)
                })
            })
            .await?;
        Ok(secret)
    }

    /// The user a session secret belongs to, if the session still holds. Its use is noted once a minute.
    pub async fn session_user(&self, secret: &str, now: Timestamp) -> Result<Option<String>> {
        let hash = hashed(secret);
        let row: Option<SessionRow> = self
            .db
            .read()
            .await?
            .sql(
                "SELECT user_name, created_at, last_used_at FROM sessions
                 WHERE estate = $1 AND secret_hash = $2",
            )
            .bind(ESTATE)
            .bind(hash.clone())
            .optional()
            .await?;
        let Some(row) = row.filter(|row| {
            now.0 - row.last_used_at < SESSION_IDLE && now.0 - row.created_at < SESSION_LIFE
        }) else {
            return Ok(None);
        };
        if now.0 - row.last_used_at > 60_000 {
            self.writer
                .run(move |conn| {
                    Box::pin(async move {
                        conn.sql(
                            "UPDATE sessions SET last_used_at = $3 WHERE estate = $1 AND secret_hash = $2",
                        )
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
        Ok(Some(row.user_name))
    }

    /// Ends a session.
    pub async fn end_session(&self, secret: &str) -> Result<()> {
        let hash = hashed(secret);
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    conn.sql("DELETE FROM sessions WHERE estate = $1 AND secret_hash = $2")
                        .bind(ESTATE)
                        .bind(hash)
                        .execute()
                        .await
                        .map(drop)
                })
            })
            .await
    }
}
