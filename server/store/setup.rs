//! The first start: nobody has an account, and one link makes the first administrator.

use subtle::ConstantTimeEq as _;

use super::{
    ESTATE, Store,
    access::{hashed, random_secret},
    accounts::{self, By, NewAccount, take_turn},
    db::Conn,
    error::Result,
    sessions::{self, Checked},
};
use crate::domain::time::Timestamp;

/// How long a link holds.
pub const HOLDS: i64 = 60 * 60_000;

const COUNT: &str = "SELECT COUNT(*) FROM users WHERE estate = $1";
const KEEP: &str = "INSERT INTO setup_link (estate, secret_hash, made_at) VALUES ($1, $2, $3)
ON CONFLICT (estate) DO UPDATE SET secret_hash = excluded.secret_hash, made_at = excluded.made_at";
const LINK: &str = "SELECT secret_hash, made_at FROM setup_link WHERE estate = $1";
const FORGET: &str = "DELETE FROM setup_link WHERE estate = $1";

/// How a link stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// It may be used.
    Holds,
    /// It is not the newest one, too old, or none at all.
    Void,
    /// Somebody has an account.
    Done,
}

#[derive(sqlx::FromRow)]
struct LinkRow {
    secret_hash: Vec<u8>,
    made_at: i64,
}

fn judged(row: Option<LinkRow>, presented: &[u8], now: Timestamp) -> Link {
    let holds = row.is_some_and(|row| {
        let right: bool = row.secret_hash.as_slice().ct_eq(presented).into();
        right && (0..HOLDS).contains(&(now.0 - row.made_at))
    });
    if holds { Link::Holds } else { Link::Void }
}

async fn nobody(conn: &mut Conn) -> Result<bool> {
    let accounts: i64 = conn.sql(COUNT).bind(ESTATE).scalar().await?;
    Ok(accounts == 0)
}

impl Store {
    /// Whether anyone has an account yet.
    pub async fn has_users(&self) -> Result<bool> {
        let mut tx = self.db.read().await?;
        let accounts: i64 = tx.sql(COUNT).bind(ESTATE).scalar().await?;
        Ok(accounts > 0)
    }

    /// Makes the secret of a new link while nobody has an account; an older link is void then.
    pub async fn make_setup_link(&self, now: Timestamp) -> Result<Option<String>> {
        let secret = random_secret();
        let hash = hashed(&secret);
        let made = self
            .writer
            .run(move |conn| {
                Box::pin(async move {
                    take_turn(conn).await?;
                    if !nobody(conn).await? {
                        return Ok(false);
                    }
                    conn.sql(KEEP)
                        .bind(ESTATE)
                        .bind(hash)
                        .bind(now.0)
                        .execute()
                        .await?;
                    Ok(true)
                })
            })
            .await?;
        Ok(made.then_some(secret))
    }

    /// How a link stands.
    pub async fn setup_link(&self, secret: &str, now: Timestamp) -> Result<Link> {
        let presented = hashed(secret);
        let mut tx = self.db.read().await?;
        let accounts: i64 = tx.sql(COUNT).bind(ESTATE).scalar().await?;
        if accounts > 0 {
            return Ok(Link::Done);
        }
        let row: Option<LinkRow> = tx.sql(LINK).bind(ESTATE).optional().await?;
        Ok(judged(row, &presented, now))
    }

    /// Makes the first account, an administrator's, and signs it in: answers the secret of its session, or `None` where the
    /// link does not hold or somebody was quicker. The link is gone then.
    pub async fn set_up(
        &self,
        key: &str,
        new: NewAccount,
        agent: String,
        by: By,
    ) -> Result<Option<String>> {
        let presented = hashed(key);
        let secret = random_secret();
        let hash = hashed(&secret);
        let done = self
            .writer
            .run(move |conn| {
                Box::pin(async move {
                    take_turn(conn).await?;
                    if !nobody(conn).await? {
                        return Ok(false);
                    }
                    let row: Option<LinkRow> = conn.sql(LINK).bind(ESTATE).optional().await?;
                    if judged(row, &presented, by.at) != Link::Holds
                        || !accounts::insert(conn, &new, &by).await?
                    {
                        return Ok(false);
                    }
                    conn.sql(FORGET).bind(ESTATE).execute().await?;
                    let who = Checked {
                        name: new.name,
                        password_hash: new.password_hash,
                    };
                    sessions::start(conn, &who, hash, &agent, &by).await
                })
            })
            .await?;
        Ok(done.then_some(secret))
    }

    /// Makes the first account without a link; false where somebody has one already.
    pub async fn first_account(&self, new: NewAccount, by: By) -> Result<bool> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    take_turn(conn).await?;
                    if !nobody(conn).await? {
                        return Ok(false);
                    }
                    conn.sql(FORGET).bind(ESTATE).execute().await?;
                    accounts::insert(conn, &new, &by).await
                })
            })
            .await
    }
}
