//! Accounts of people: what each is for, and whether it still holds. Every change is in the audit log, and none leaves the
//! server without an administrator.

use super::{ESTATE, Store, audit, db::Conn, error::Result, second_factor};
use crate::domain::{
    access::{Role, Sites},
    audit::{Author, Entry},
    time::Timestamp,
};

/// Of several servers one at a time looks at accounts and changes them; the row is held until the transaction ends.
const TURN: &str = "INSERT INTO people_turn (estate, changes) VALUES ($1, 1)
ON CONFLICT (estate) DO UPDATE SET changes = people_turn.changes + 1";
const LIST: &str =
    "SELECT name, role, sites, disabled_at, created_at, created_by, last_sign_in_at, must_change, issuer,
  CASE WHEN totp_secret IS NULL THEN FALSE ELSE TRUE END AS second_factor
FROM users WHERE estate = $1 ORDER BY name";
const ONE: &str =
    "SELECT name, role, sites, disabled_at, created_at, created_by, last_sign_in_at, must_change, issuer,
  CASE WHEN totp_secret IS NULL THEN FALSE ELSE TRUE END AS second_factor
FROM users WHERE estate = $1 AND name = $2";
// Two names that differ in case only would be taken for one another. The first account is an administrator's.
const ADD: &str = "INSERT INTO users (estate, name, password_hash, created_at, role, sites, created_by, must_change)
SELECT $1, $2, $3, $4, $5, $6, $7, $8
WHERE NOT EXISTS (SELECT 1 FROM users WHERE estate = $1 AND lower(name) = lower($2))
  AND ($5 = 'administrator' OR EXISTS (SELECT 1 FROM users
    WHERE estate = $1 AND role = 'administrator' AND disabled_at IS NULL))";
// Each of these three changes nothing where it would take the last administrator away.
const SET_ROLE: &str = "UPDATE users SET role = $3, sites = $4 WHERE estate = $1 AND name = $2 AND issuer = ''
  AND ($3 = 'administrator' OR EXISTS (SELECT 1 FROM users other WHERE other.estate = $1 AND other.name <> $2
    AND other.role = 'administrator' AND other.disabled_at IS NULL))";
const DISABLE: &str =
    "UPDATE users SET disabled_at = $3 WHERE estate = $1 AND name = $2 AND disabled_at IS NULL
  AND EXISTS (SELECT 1 FROM users other WHERE other.estate = $1 AND other.name <> $2
    AND other.role = 'administrator' AND other.disabled_at IS NULL)";
const REMOVE: &str = "DELETE FROM users WHERE estate = $1 AND name = $2
  AND EXISTS (SELECT 1 FROM users other WHERE other.estate = $1 AND other.name <> $2
    AND other.role = 'administrator' AND other.disabled_at IS NULL)";
const ENABLE: &str = "UPDATE users SET disabled_at = NULL
WHERE estate = $1 AND name = $2 AND disabled_at IS NOT NULL";
const SET_PASSWORD: &str = "UPDATE users SET password_hash = $3, must_change = $4
WHERE estate = $1 AND name = $2 AND issuer = ''";
const END_SESSIONS: &str = "DELETE FROM sessions WHERE estate = $1 AND user_name = $2";

/// Characters of a name at most.
const LONGEST_NAME: usize = 100;

/// Who changes something, from where, and when.
#[derive(Clone, Debug)]
pub struct By {
    /// When.
    pub at: Timestamp,
    /// Who, and from where.
    pub author: Author,
}

impl By {
    /// A command of this program.
    pub const fn command(at: Timestamp) -> Self {
        Self {
            at,
            author: Author::command(),
        }
    }

    /// An entry of the audit log for what is done.
    pub fn entry(&self, deed: &'static str, subject: impl Into<String>) -> Entry {
        self.author.clone().entry(self.at, deed, subject)
    }
}

/// An account, without its password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// What it is called, and signs in as.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// Which sites it may see.
    pub sites: Sites,
    /// When it was disabled, while it is.
    pub disabled_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom; empty where nobody wrote that down.
    pub created_by: String,
    /// When somebody last signed in with it.
    pub last_sign_in_at: Option<Timestamp>,
    /// It has a one-time password, and has to choose its own.
    pub must_change: bool,
    /// The server that vouches for it; empty where it has a password here.
    pub issuer: String,
    /// A code is asked for after the password.
    pub second_factor: bool,
}

#[derive(sqlx::FromRow)]
struct Row {
    name: String,
    role: String,
    sites: String,
    disabled_at: Option<i64>,
    created_at: i64,
    created_by: String,
    last_sign_in_at: Option<i64>,
    must_change: bool,
    issuer: String,
    second_factor: bool,
}

impl Row {
    fn into_account(self) -> Account {
        Account {
            role: role_of(&self.role),
            sites: sites_of(&self.sites),
            name: self.name,
            disabled_at: self.disabled_at.map(Timestamp),
            created_at: Timestamp(self.created_at),
            created_by: self.created_by,
            last_sign_in_at: self.last_sign_in_at.map(Timestamp),
            must_change: self.must_change,
            issuer: self.issuer,
            second_factor: self.second_factor,
        }
    }
}

/// A stored role. One that is not known (of a newer program) may do least.
pub(super) fn role_of(code: &str) -> Role {
    Role::from_code(code).unwrap_or(Role::Viewer)
}

/// Stored sites.
pub(super) fn sites_of(text: &str) -> Sites {
    if text.is_empty() {
        Sites::all()
    } else {
        Sites::only(text.split(',').map(str::to_owned))
    }
}

/// Sites as they are stored, and as the audit log says them.
pub fn sites_text(sites: &Sites) -> String {
    sites.limit().unwrap_or_default().join(",")
}

/// An account to be made.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Its name, which [`fits`](name_fits).
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// Which sites it may see.
    pub sites: Sites,
    /// Argon2id hash of its password.
    pub password_hash: String,
    /// The password is for once.
    pub must_change: bool,
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It is done.
    Done,
    /// There is no such account, or it stands so already.
    Nothing,
    /// It would leave nobody who administrates.
    LastAdministrator,
    /// An account of that name is there, perhaps in other case.
    Taken,
    /// Another server vouches for the account: it has no password here, and its role comes from its groups there.
    Elsewhere,
}

/// Whether an account may have this name: 1 to 100 characters that can be seen, without space around.
pub fn name_fits(name: &str) -> bool {
    !name.is_empty()
        && name.trim() == name
        && name.chars().count() <= LONGEST_NAME
        && !name.contains(char::is_control)
}

/// Takes the turn at accounts.
pub(super) async fn take_turn(conn: &mut Conn) -> Result<()> {
    conn.sql(TURN).bind(ESTATE).execute().await.map(drop)
}

async fn one(conn: &mut Conn, name: &str) -> Result<Option<Account>> {
    let row: Option<Row> = conn
        .sql(ONE)
        .bind(ESTATE)
        .bind(name.to_owned())
        .optional()
        .await?;
    Ok(row.map(Row::into_account))
}

pub(super) async fn end_sessions(conn: &mut Conn, name: &str) -> Result<u64> {
    conn.sql(END_SESSIONS)
        .bind(ESTATE)
        .bind(name.to_owned())
        .execute()
        .await
}

/// What the audit log says of an account.
pub(super) fn said(role: Role, sites: &Sites) -> String {
    match sites_text(sites) {
        text if text.is_empty() => role.code().to_owned(),
        text => format!("{} for {text}", role.code()),
    }
}

/// Makes an account, in a transaction that has the turn; false where the name is taken or an administrator comes first.
pub(super) async fn insert(conn: &mut Conn, new: &NewAccount, by: &By) -> Result<bool> {
    let added = conn
        .sql(ADD)
        .bind(ESTATE)
        .bind(new.name.clone())
        .bind(new.password_hash.clone())
        .bind(by.at.0)
        .bind(new.role.code())
        .bind(sites_text(&new.sites))
        .bind(by.author.by.name())
        .bind(new.must_change)
        .execute()
        .await?;
    if added == 0 {
        return Ok(false);
    }
    let entry = by.entry("account.add", new.name.clone());
    let entry = entry.change(None, Some(said(new.role, &new.sites)));
    audit::note(conn, &entry).await?;
    Ok(true)
}

impl Store {
    /// Every account, by name.
    pub async fn accounts(&self) -> Result<Vec<Account>> {
        let mut tx = self.db.read().await?;
        let rows: Vec<Row> = tx.sql(LIST).bind(ESTATE).all().await?;
        Ok(rows.into_iter().map(Row::into_account).collect())
    }

    /// One account.
    pub async fn account(&self, name: &str) -> Result<Option<Account>> {
        let mut tx = self.db.read().await?;
        let row: Option<Row> = tx
            .sql(ONE)
            .bind(ESTATE)
            .bind(name.to_owned())
            .optional()
            .await?;
        Ok(row.map(Row::into_account))
    }

    /// Makes an account. Where there is none yet, only an administrator's.
    pub async fn add_account(&self, new: NewAccount, by: By) -> Result<Changed> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    take_turn(conn).await?;
                    if insert(conn, &new, &by).await? {
                        return Ok(Changed::Done);
                    }
                    let accounts: i64 = conn
                        .sql("SELECT COUNT(*) FROM users WHERE estate = $1")
                        .bind(ESTATE)
                        .scalar()
                        .await?;
                    Ok(if accounts == 0 {
                        Changed::LastAdministrator
                    } else {
                        Changed::Taken
                    })
                })
            })
            .await
    }

    /// Says anew what an account is for; its sessions end.
    pub async fn set_role(
        &self,
        name: String,
        role: Role,
        sites: Sites,
        by: By,
    ) -> Result<Changed> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    take_turn(conn).await?;
                    let Some(before) = one(conn, &name).await? else {
                        return Ok(Changed::Nothing);
                    };
                    if !before.issuer.is_empty() {
                        return Ok(Changed::Elsewhere);
                    }
                    let done = conn
                        .sql(SET_ROLE)
                        .bind(ESTATE)
                        .bind(name.clone())
                        .bind(role.code())
                        .bind(sites_text(&sites))
                        .execute()
                        .await?;
                    if done == 0 {
                        return Ok(Changed::LastAdministrator);
                    }
                    end_sessions(conn, &name).await?;
                    let old = said(before.role, &before.sites);
                    let entry = by.entry("account.role", name);
                    let entry = entry.change(Some(old), Some(said(role, &sites)));
                    audit::note(conn, &entry).await?;
                    Ok(Changed::Done)
                })
            })
            .await
    }

    /// Shuts an account; its sessions end.
    pub async fn disable_account(&self, name: String, by: By) -> Result<Changed> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    take_turn(conn).await?;
                    match one(conn, &name).await? {
                        Some(account) if account.disabled_at.is_none() => {}
                        _ => return Ok(Changed::Nothing),
                    }
                    let done = conn
                        .sql(DISABLE)
                        .bind(ESTATE)
                        .bind(name.clone())
                        .bind(by.at.0)
                        .execute()
                        .await?;
                    if done == 0 {
                        return Ok(Changed::LastAdministrator);
                    }
                    end_sessions(conn, &name).await?;
                    let entry = by.entry("account.disable", name);
                    let entry = entry.change(Some("enabled".into()), Some("disabled".into()));
                    audit::note(conn, &entry).await?;
                    Ok(Changed::Done)
                })
            })
            .await
    }

    /// Opens a disabled account again.
    pub async fn enable_account(&self, name: String, by: By) -> Result<Changed> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    take_turn(conn).await?;
                    let done = conn
                        .sql(ENABLE)
                        .bind(ESTATE)
                        .bind(name.clone())
                        .execute()
                        .await?;
                    if done == 0 {
                        return Ok(Changed::Nothing);
                    }
                    let entry = by.entry("account.enable", name);
                    let entry = entry.change(Some("disabled".into()), Some("enabled".into()));
                    audit::note(conn, &entry).await?;
                    Ok(Changed::Done)
                })
            })
            .await
    }

    /// Removes an account; its sessions end, and what it did stays under its name.
    pub async fn remove_account(
        &self,
        name: String,
        by: By,
        why: Option<String>,
    ) -> Result<Changed> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    take_turn(conn).await?;
                    let Some(before) = one(conn, &name).await? else {
                        return Ok(Changed::Nothing);
                    };
                    let done = conn
                        .sql(REMOVE)
                        .bind(ESTATE)
                        .bind(name.clone())
                        .execute()
                        .await?;
                    if done == 0 {
                        return Ok(Changed::LastAdministrator);
                    }
                    end_sessions(conn, &name).await?;
                    second_factor::forget(conn, &name).await?;
                    let entry = by
                        .entry("account.remove", name)
                        .change(Some(said(before.role, &before.sites)), None)
                        .why(why);
                    audit::note(conn, &entry).await?;
                    Ok(Changed::Done)
                })
            })
            .await
    }

    /// Gives an account another password; all its sessions end. `once`: whoever signs in with it has to choose an own one.
    pub async fn set_password(
        &self,
        name: String,
        password_hash: String,
        once: bool,
        by: By,
    ) -> Result<Changed> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    take_turn(conn).await?;
                    let done = conn
                        .sql(SET_PASSWORD)
                        .bind(ESTATE)
                        .bind(name.clone())
                        .bind(password_hash)
                        .bind(once)
                        .execute()
                        .await?;
                    if done == 0 {
                        let there = one(conn, &name).await?;
                        return Ok(there.map_or(Changed::Nothing, |_| Changed::Elsewhere));
                    }
                    let ended = end_sessions(conn, &name).await?;
                    let entry = by.entry("account.password", name);
                    let entry = entry.change(None, Some(format!("{ended} sessions ended")));
                    audit::note(conn, &entry).await?;
                    Ok(Changed::Done)
                })
            })
            .await
    }
}
