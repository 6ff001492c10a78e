//! Tokens for programs: one purpose each, stored hashed, shown once.

use std::net::IpAddr;

use ipnet::IpNet;
use subtle::ConstantTimeEq as _;

use super::{
    ESTATE, Store,
    access::{hashed, random_secret},
    accounts::{sites_of, sites_text, take_turn},
    audit,
    db::Conn,
    error::Result,
};
use crate::domain::{
    access::Sites,
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
    /// All of them, in the order they are offered.
    pub const ALL: [Self; 4] = [Self::Ingest, Self::Read, Self::Population, Self::Import];

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
        Self::ALL.into_iter().find(|known| known.code() == code)
    }
}

/// A token that is to be made.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// What it may do.
    pub purpose: Purpose,
    /// What it is called.
    pub name: String,
    /// When it ends; `None`: never.
    pub expires_at: Option<Timestamp>,
    /// Which sites it holds for.
    pub sites: Sites,
    /// From where it may be used; none: from anywhere.
    pub networks: Vec<IpNet>,
    /// New clients that it may make known in an hour; `None`: as the server is set, 0: no limit.
    pub new_ids_per_hour: Option<u32>,
}

impl NewToken {
    /// A token without a limit.
    pub fn new(purpose: Purpose, name: &str) -> Self {
        Self {
            purpose,
            name: name.to_owned(),
            expires_at: None,
            sites: Sites::all(),
            networks: Vec::new(),
            new_ids_per_hour: None,
        }
    }

    /// What it may do, for the audit log.
    fn words(&self) -> String {
        let mut words = format!("for {}", self.purpose.code());
        if let Some(sites) = self.sites.limit() {
            words.push_str(&format!(", sites {}", sites.join(",")));
        }
        if !self.networks.is_empty() {
            words.push_str(&format!(", from {}", joined(&self.networks)));
        }
        if let Some(at) = self.expires_at {
            words.push_str(&format!(", until {at}"));
        }
        if let Some(limit) = self.new_ids_per_hour {
            words.push_str(&format!(", new clients an hour: {limit}"));
        }
        words
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
    /// By whom; empty: nobody knows any more.
    pub created_by: String,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// Which sites it holds for.
    pub sites: Sites,
    /// From where it may be used; none: from anywhere.
    pub networks: Vec<IpNet>,
    /// New clients that it may make known in an hour.
    pub new_ids_per_hour: Option<i64>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// From which address that was.
    pub last_used_from: Option<String>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl Token {
    /// Whether it has ended by itself.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    /// Whether it may be used from there. Without an address nobody can say so, where it matters.
    pub fn holds_from(&self, from: Option<IpAddr>) -> bool {
        self.networks.is_empty()
            || from.is_some_and(|from| {
                let from = from.to_canonical();
                self.networks.iter().any(|network| network.contains(&from))
            })
    }
}

#[derive(sqlx::FromRow)]
struct Stored {
    id: String,
    purpose: String,
    name: String,
    secret_hash: Vec<u8>,
    created_at: i64,
    created_by: String,
    expires_at: Option<i64>,
    sites: String,
    networks: String,
    new_ids_per_hour: Option<i64>,
    last_used_at: Option<i64>,
    last_used_from: Option<String>,
    revoked_at: Option<i64>,
}

impl Stored {
    fn into_token(self) -> Option<Token> {
        Some(Token {
            purpose: Purpose::from_code(&self.purpose)?,
            sites: sites_of(&self.sites),
            // What can no longer be read must not open what was closed: then the token holds nowhere.
            networks: self
                .networks
                .split(',')
                .filter(|word| !word.is_empty())
                .map(str::parse)
                .collect::<std::result::Result<_, _>>()
                .ok()?,
            id: self.id,
            name: self.name,
            created_at: Timestamp(self.created_at),
            created_by: self.created_by,
            expires_at: self.expires_at.map(Timestamp),
            new_ids_per_hour: self.new_ids_per_hour,
            last_used_at: self.last_used_at.map(Timestamp),
            last_used_from: self.last_used_from,
            revoked_at: self.revoked_at.map(Timestamp),
        })
    }
}

fn joined(networks: &[IpNet]) -> String {
    let words: Vec<String> = networks.iter().map(ToString::to_string).collect();
    words.join(",")
}

const ONE: &str =
    "SELECT id, purpose, name, secret_hash, created_at, created_by, expires_at, sites, networks,
  new_ids_per_hour, last_used_at, last_used_from, revoked_at
FROM tokens WHERE estate = $1 AND id = $2";
const ALL: &str =
    "SELECT id, purpose, name, secret_hash, created_at, created_by, expires_at, sites, networks,
  new_ids_per_hour, last_used_at, last_used_from, revoked_at
FROM tokens WHERE estate = $1 ORDER BY created_at DESC, id";
const INSERT: &str =
    "INSERT INTO tokens (estate, id, purpose, name, secret_hash, created_at, created_by, expires_at, sites,
  networks, new_ids_per_hour)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
const REVOKE: &str = "UPDATE tokens SET revoked_at = $3
WHERE estate = $1 AND id = $2 AND revoked_at IS NULL RETURNING name, purpose";
const NAME: &str = "SELECT name FROM tokens WHERE estate = $1 AND id = $2";
const HOW_MANY: &str = "SELECT COUNT(*) FROM tokens WHERE estate = $1";
const USED: &str =
    "UPDATE tokens SET last_used_at = $3, last_used_from = $4 WHERE estate = $1 AND id = $2";
/// Of how many clients a token sent the report in force.
const RESTING: &str = "SELECT detail AS id, CAST(SUM(n) AS BIGINT) AS n FROM counts
WHERE estate = $1 AND kind = 'token' GROUP BY detail HAVING SUM(n) <> 0 ORDER BY detail";

#[derive(sqlx::FromRow)]
struct Revoked {
    name: String,
    purpose: String,
}

#[derive(sqlx::FromRow)]
struct Named {
    name: String,
}

#[derive(sqlx::FromRow)]
struct Resting {
    id: String,
    n: i64,
}

/// The public part of a token's text, `cut_PURPOSE_ID_SECRET`.
fn public_part(text: &str) -> Option<&str> {
    text.strip_prefix("cut_")?.split('_').nth(1)
}

/// A new token's id and text.
fn made_up(purpose: Purpose) -> (String, String) {
    let id = random_secret()[..12].to_owned();
    let text = format!("cut_{}_{id}_{}", purpose.code(), random_secret());
    (id, text)
}

/// How the audit log names a token: by what it is called and its id.
fn shown(name: &str, id: &str) -> String {
    format!("{name} ({id})")
}

/// The same of a token of which the id alone is known.
pub(super) async fn subject(conn: &mut Conn, id: &str) -> Result<String> {
    let found: Option<Named> = conn
        .sql(NAME)
        .bind(ESTATE)
        .bind(id.to_owned())
        .optional()
        .await?;
    Ok(found.map_or_else(|| id.to_owned(), |found| shown(&found.name, id)))
}

async fn add(
    conn: &mut Conn,
    id: String,
    new: NewToken,
    hash: Vec<u8>,
    author: Author,
    now: Timestamp,
) -> Result<()> {
    let by = author.by.name();
    let entry = author
        .entry(now, "token.create", shown(&new.name, &id))
        .change(None, Some(new.words()));
    conn.sql(INSERT)
        .bind(ESTATE)
        .bind(id)
        .bind(new.purpose.code())
        .bind(new.name)
        .bind(hash)
        .bind(now.0)
        .bind(by)
        .bind(new.expires_at.map(|at| at.0))
        .bind(sites_text(&new.sites))
        .bind(joined(&new.networks))
        .bind(new.new_ids_per_hour.map(i64::from))
        .execute()
        .await?;
    audit::note(conn, &entry).await
}

impl Store {
    /// Makes a token and answers its text, which is shown once and never stored.
    pub async fn create_token(
        &self,
        new: NewToken,
        author: Author,
        now: Timestamp,
    ) -> Result<String> {
        let (id, text) = made_up(new.purpose);
        let hash = hashed(&text);
        self.writer
            .run(move |conn| Box::pin(add(conn, id, new, hash, author, now)))
            .await?;
        Ok(text)
    }

    /// Makes the first ingest token; `None` where there was ever one, also when another server was quicker by a moment.
    pub async fn first_token(&self, now: Timestamp) -> Result<Option<String>> {
        let new = NewToken::new(Purpose::Ingest, "first");
        let (id, text) = made_up(new.purpose);
        let hash = hashed(&text);
        let is_first = self
            .writer
            .run(move |conn| {
                Box::pin(async move {
                    take_turn(conn).await?;
                    let tokens: i64 = conn.sql(HOW_MANY).bind(ESTATE).scalar().await?;
                    if tokens > 0 {
                        return Ok(false);
                    }
                    add(conn, id, new, hash, Author::server(), now).await?;
                    Ok(true)
                })
            })
            .await?;
        Ok(is_first.then_some(text))
    }

    /// The token a text belongs to, if it is right and not revoked; it may have expired. Unknown ids cost the same
    /// comparison.
    pub async fn token(&self, text: &str) -> Result<Option<Token>> {
        let presented = hashed(text);
        let id = public_part(text).unwrap_or_default().to_owned();
        let stored = self.stored_token(id).await?;
        let nobody = vec![0_u8; presented.len()];
        let expected = stored
            .as_ref()
            .map_or(&nobody, |stored| &stored.secret_hash);
        let right: bool = presented.ct_eq(expected).into();
        Ok(stored
            .filter(|stored| right && stored.revoked_at.is_none())
            .and_then(Stored::into_token))
    }

    /// The token with this id, whether it still holds or not.
    pub async fn token_by_id(&self, id: &str) -> Result<Option<Token>> {
        let stored = self.stored_token(id.to_owned()).await?;
        Ok(stored.and_then(Stored::into_token))
    }

    async fn stored_token(&self, id: String) -> Result<Option<Stored>> {
        let mut tx = self.db.read().await?;
        tx.sql(ONE).bind(ESTATE).bind(id).optional().await
    }

    /// Notes that a token was used.
    pub async fn token_used(&self, id: String, from: Option<IpAddr>, now: Timestamp) -> Result<()> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    conn.sql(USED)
                        .bind(ESTATE)
                        .bind(id)
                        .bind(now.0)
                        .bind(from.map(|from| from.to_string()))
                        .execute()
                        .await
                        .map(drop)
                })
            })
            .await
    }

    /// All tokens, newest first.
    pub async fn tokens(&self) -> Result<Vec<Token>> {
        let mut tx = self.db.read().await?;
        let rows: Vec<Stored> = tx.sql(ALL).bind(ESTATE).all().await?;
        Ok(rows.into_iter().filter_map(Stored::into_token).collect())
    }

    /// For each token that sent the report in force of any client: its id, and of how many.
    pub async fn resting_on_tokens(&self) -> Result<Vec<(String, i64)>> {
        let mut tx = self.db.read().await?;
        let rows: Vec<Resting> = tx.sql(RESTING).bind(ESTATE).all().await?;
        Ok(rows.into_iter().map(|row| (row.id, row.n)).collect())
    }

    /// Revokes a token; false when there is none of that id that still held.
    pub async fn revoke_token(&self, id: String, by: Because, now: Timestamp) -> Result<bool> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    let revoked: Option<Revoked> = conn
                        .sql(REVOKE)
                        .bind(ESTATE)
                        .bind(id.clone())
                        .bind(now.0)
                        .optional()
                        .await?;
                    let Some(revoked) = revoked else {
                        return Ok(false);
                    };
                    let entry = by
                        .entry(now, "token.revoke", shown(&revoked.name, &id))
                        .change(Some(format!("for {}", revoked.purpose)), None);
                    audit::note(conn, &entry).await?;
                    Ok(true)
                })
            })
            .await
    }
}
