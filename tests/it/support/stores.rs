//! Stores on fresh databases, on both engines.

use std::sync::Arc;

use cutover::{
    domain::{
        access::Sites,
        evidence::Coverage,
        identity::ClientIds,
        time::{DAY, Timestamp},
        verdict::{Impact, Standing},
    },
    store::{
        Store, evidence,
        incoming::{Incoming, Jointly, JudgesJointly, Said, Sender},
    },
};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqlSafeStr as _, SqliteConnection};

use super::postgres::Database;

/// Noon of some day; tests count from here.
pub const NOON: Timestamp = Timestamp(1_790_000_000_000);

/// No limit to some sites.
pub static EVERYWHERE: Sites = Sites::all();

/// A store and the database under it, which goes with it.
pub struct TestStore {
    pub store: Store,
    pub url: String,
    pub engine: &'static str,
    _directory: tempfile::TempDir,
    _database: Option<Database>,
}

impl TestStore {
    /// One on each engine: SQLite always, PostgreSQL where there is one.
    pub async fn each() -> Vec<Self> {
        let mut stores = Vec::new();
        let directory = tempfile::tempdir().expect("a directory");
        let url = format!("sqlite://{}", directory.path().join("test.db").display());
        stores.push(Self {
            store: Store::open(&url).await.expect("an SQLite store"),
            url,
            engine: "sqlite",
            _directory: directory,
            _database: None,
        });
        if let Some(database) = Database::fresh().await {
            let url = database.url();
            stores.push(Self {
                store: Store::open(&url).await.expect("a PostgreSQL store"),
                url,
                engine: "postgres",
                _directory: tempfile::tempdir().expect("a directory"),
                _database: Some(database),
            });
        }
        stores
    }
}

/// For reports that are judged already and never meet other sources.
#[derive(Debug)]
struct NoJudge;

impl JudgesJointly for NoJudge {
    fn jointly(&self, _: &[Said], _: Timestamp) -> Jointly {
        panic!("these reports have one source each");
    }
}

/// A report about `PC-n`, judged ready, with facts that `version` tells apart.
pub fn report(n: u32, at: Timestamp, version: u8) -> Incoming {
    let raw = format!("{{\"client\":{n},\"version\":{version}}}");
    let (dictionary, packed) = evidence::packed(raw.as_bytes());
    Incoming {
        ids: ClientIds {
            sms_guid: Some(format!("{n:08X}-0000-4000-8000-000000000000")),
            resource_id: Some(i64::from(n) + 1_000),
            site_code: Some("P01".to_owned()),
            name: Some(format!("PC-{n}")),
            fqdn: Some(format!("pc-{n}.corp.example")),
            smbios_guid: Some(format!("{n:08X}-1111-4000-8000-000000000000")),
            serial_number: Some(format!("SER{n}")),
        },
        name: format!("PC-{n}"),
        os_key: "10.0.19045-client".to_owned(),
        roles: Vec::new(),
        report_id: Some(format!("{n}-{version}-{}", at.0)),
        collected_at: at,
        received_at: at,
        seen_at: at,
        stale_at: at.plus(14 * DAY),
        future: false,
        time_open: false,
        content_hash: [version; 16],
        verdict: Standing::Ready,
        impact: None,
        deciding: None,
        reasons: 0,
        warnings: 0,
        ruleset: "test".into(),
        sender: Sender::claimed("a test"),
        // As a whole report of an agent: it leaves nothing of an older one.
        coverage: Coverage {
            touched: 1,
            whole: 1,
        },
        judge: Arc::new(NoJudge),
        dictionary,
        raw: packed,
    }
}

/// The same client, blocking.
pub fn blocking(n: u32, at: Timestamp, version: u8) -> Incoming {
    Incoming {
        verdict: Standing::Blocking,
        impact: Some(Impact::Orphan),
        deciding: Some("winhttp.tls12_bit_missing"),
        reasons: 1,
        ..report(n, at, version)
    }
}

/// Runs statements on a database, beside the store.
pub async fn run(url: &str, text: &str) {
    let text = AssertSqlSafe(text.to_owned()).into_sql_str();
    if url.starts_with("sqlite:") {
        let mut conn = SqliteConnection::connect(url).await.expect("connect");
        sqlx::raw_sql(text).execute(&mut conn).await.map(drop)
    } else {
        let mut conn = PgConnection::connect(url).await.expect("connect");
        sqlx::raw_sql(text).execute(&mut conn).await.map(drop)
    }
    .expect("a statement");
}
