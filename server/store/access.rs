//! Which programs may come in: tokens. Secrets are stored hashed.

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::{ESTATE, Store, accounts::take_turn, audit, db::Conn, error::Result};
use crate::domain::{
    audit::{Author, Because},
    time::Timestamp,
};

/// What a token may be used for; it can do nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Send reports, and read nothing.
    Ingest,
    /// Read, and change nothing.
    Read,
    /// Replace the expected list.
    Population,
    /// Bring in files and reports that its holder vouches for.
    Import,
}

impl Purpose {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Read => "read",
            Self::Population => "population",
            Self::Import => "import",
        }
    }

    /// The purpose a code names.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Ingest, Self::Read, Self::Population, Self::Import]
            .into_iter()
            .find(|known| known.code() == code)
    }
}

/// A token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Public part, also the prefix of the secret text.
    pub id: String,
    /// What it may do.
    pub purpose: Purpose,
    /// What it is called.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct StoredToken {
    id: String,
    purpose: String,
    name: String,
    secret_hash: Vec<u8>,
    created_at: i64,
    last_used_at: Option<i64>,
    revoked_at: Option<i64>,
}

impl StoredToken {
    fn into_token(self) -> Option<Token> {
        Some(Token {
            purpose: Purpose::from_code(&self.purpose)?,
            id: self.id,
            name: self.name,
            created_at: Timestamp(self.created_at),
            last_used_at: self.last_used_at.map(Timestamp),
            revoked_at: self.revoked_at.map(Timestamp),
        })
    }
}

const TOKEN: &str = "SELECT id, purpose, name, secret_hash, created_at, last_used_at, revoked_at
FROM tokens WHERE estate = $1 AND id = $2";

#[derive(sqlx::FromRow)]
struct Revoked {
    name: String,
    purpose: String,
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

/// The public part of a token's text, `cut_PURPOSE_ID_SECRET`.
fn token_id(text: &str) -> Option<&str> {
    text.strip_prefix("cut_")?.split('_').nth(1)
}

/// A new token's id and text.
fn new_token(purpose: Purpose) -> (String, String) {
    let id = random_secret()[..12].to_owned();
    let text = format!("cut_{}_{id}_{}", purpose.code(), random_secret());
    (id, text)
}

async fn insert_token(
    conn: &mut Conn,
    id: String,
    purpose: Purpose,
    name: String,
    hash: Vec<u8>,
    author: Author,
    now: Timestamp,
) -> Result<()> {
    let entry = author
        .entry(now, "token.create", format!("{name} ({id})"))
        .change(None, Some(format!("for {}", purpose.code())));
    conn.sql(
        "INSERT INTO tokens (estate, id, purpose, name, secret_hash, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(ESTATE)
    .bind(id)
    .bind(purpose.code())
    .bind(name)
    .bind(hash)
    .bind(now.0)
    .execute()
    .await?;
    audit::note(conn, &entry).await
}

impl Store {
    /// Makes a token and answers its text, which is shown once and never stored.
    pub async fn create_token(
        &self,
        purpose: Purpose,
        name: String,
        author: Author,
        now: Timestamp,
    ) -> Result<String> {
        let (id, text) = new_token(purpose);
        let hash = hashed(&text);
        self.writer
            .run(move |conn| Box::pin(insert_token(conn, id, purpose, name, hash, author, now)))
            .await?;
        Ok(text)
    }

    /// The token a text belongs to, if it is right and not revoked. Unknown ids cost the same comparison.
    pub async fn token(&self, text: &str) -> Result<Option<Token>> {
        let presented = hashed(text);
        let id = token_id(text).unwrap_or_default().to_owned();
        let stored: Option<StoredToken> = self
            .db
            .read()
            .await?
            .sql(TOKEN)
            .bind(ESTATE)
            .bind(id)
            .optional()
            .await?;
        let nobody = vec![0_u8; presented.len()];
        let expected = stored
            .as_ref()
            .map_or(&nobody, |stored| &stored.secret_hash);
        let right: bool = presented.ct_eq(expected).into();
        Ok(stored
            .filter(|stored| right && stored.revoked_at.is_none())
            .and_then(StoredToken::into_token))
    }

    /// Notes that a token was used.
    pub async fn token_used(&self, id: String, now: Timestamp) -> Result<()> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    conn.sql("UPDATE tokens SET last_used_at = $3 WHERE estate = $1 AND id = $2")
                        .bind(ESTATE)
                        .bind(id)
                        .bind(now.0)
                        .execute()
                        .await
                        .map(drop)
                })
            })
            .await
    }

    /// All tokens, newest first.
    pub async fn tokens(&self) -> Result<Vec<Token>> {
        let rows: Vec<StoredToken> = self
            .db
            .read()
            .await?
            .sql(
                "SELECT id, purpose, name, secret_hash, created_at, last_used_at, revoked_at
                 FROM tokens WHERE estate = $1 ORDER BY created_at DESC, id",
            )
            .bind(ESTATE)
            .all()
            .await?;
        Ok(rows
            .into_iter()
            .filter_map(StoredToken::into_token)
            .collect())
    }

    /// Revokes a token; false when there is none of that id that still held.
    pub async fn revoke_token(&self, id: String, by: Because, now: Timestamp) -> Result<bool> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    let revoked: Option<Revoked> = conn
                        .sql(
                            "UPDATE tokens SET revoked_at = $3
                             WHERE estate = $1 AND id = $2 AND revoked_at IS NULL RETURNING name, purpose",
                        )
                        .bind(ESTATE)
                        .bind(id.clone())
                        .bind(now.0)
                        .optional()
                        .await?;
                    let Some(revoked) = revoked else {
                        return Ok(false);
                    };
                    let entry = by
                        .entry(now, "token.revoke", format!("{} ({id})", revoked.name))
                        .change(Some(format!("for {}", revoked.purpose)), None);
                    audit::note(conn, &entry).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// Makes the first ingest token; `None` where there was ever one, also when another server was quicker by a moment.
    pub async fn first_token(&self, now: Timestamp) -> Result<Option<String>> {
        let (id, text) = new_token(Purpose::Ingest);
        let hash = hashed(&text);
        let is_first = self
            .writer
            .run(move |conn| {
                Box::pin(async move {
                    take_turn(conn).await?;
                    let tokens: i64 = conn
                        .sql("SELECT COUNT(*) FROM tokens WHERE estate = $1")
                        .bind(ESTATE)
                        .scalar()
                        .await?;
                    if tokens > 0 {
                        return Ok(false);
                    }
                    let (name, author) = ("first".to_owned(), Author::server());
                    insert_token(conn, id, Purpose::Ingest, name, hash, author, now).await?;
                    Ok(true)
                })
            })
            .await?;
        Ok(is_first.then_some(text))
    }
}
