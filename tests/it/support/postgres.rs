//! PostgreSQL for tests: a database of one's own on the shared server, or a server of one's own to crash.

use std::{
    env,
    path::PathBuf,
    process::Command,
    sync::{
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqlSafeStr as _};

/// Where the server is that `tests/run` started. `None` without it; in CI that is a failure, so that a missing server
/// cannot pass for a green run.
pub fn server_url() -> Option<String> {
    let url = env::var("CUTOVER_TEST_POSTGRES_URL")
        .ok()
        .filter(|url| !url.is_empty());
    if url.is_none() {
        assert!(
            env::var_os("CI").is_none(),
            "CUTOVER_TEST_POSTGRES_URL is not set: in CI every test runs on PostgreSQL too (start them with tests/run)"
        );
        eprintln!(
            "NOT RUN on PostgreSQL: CUTOVER_TEST_POSTGRES_URL is not set (tests/run sets it)"
        );
    }
    url
}

/// An empty database, dropped with this value.
pub struct Database {
    server: String,
    name: String,
}

impl Database {
    /// Makes one on the shared server, if there is a server.
    pub async fn fresh() -> Option<Self> {
        let server = server_url()?;
        Some(Self::on(&server).await)
    }

    /// Makes one on `server`.
    pub async fn on(server: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "cutover_test_{}_{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        tell(server, format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"))
            .await
            .expect("create a database");
        Self {
            server: server.to_owned(),
            name,
        }
    }

    /// The URL to give to the program.
    pub fn url(&self) -> String {
        let (front, options) = self
            .server
            .split_once('?')
            .map_or((self.server.as_str(), None), |(a, b)| (a, Some(b)));
        let authority = front.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        let options = options
            .map(|options| format!("?{options}"))
            .unwrap_or_default();
        format!("{authority}/{}{options}", self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (server, statement) = (
            self.server.clone(),
            format!("DROP DATABASE {} WITH (FORCE)", self.name),
        );
        // A drop may happen inside a runtime, which cannot wait; a thread of its own can. It is not waited for without end:
        // when that runtime is in the middle of signing a connection in, it cannot go on before this returns, and the server
        // lets no database go before every sign-in has ended (a barrier, PostgreSQL 15 and newer), if need be after its
        // `authentication_timeout` of a minute. Returning ends the runtime, its connection, and with it the wait.
        let (done, dropped) = mpsc::channel();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            done.send(runtime.block_on(tell(&server, statement))).ok();
        });
        if let Ok(Err(error)) = dropped.recv_timeout(Duration::from_secs(1)) {
            eprintln!("database {} was not dropped: {error}", self.name);
        }
    }
}

async fn tell(url: &str, statement: String) -> sqlx::Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    sqlx::raw_sql(AssertSqlSafe(statement).into_sql_str())
        .execute(&mut connection)
        .await?;
    connection.close().await
}

/// A server that belongs to one test, which may crash it; stopped with this value.
pub struct OwnServer {
    directory: tempfile::TempDir,
    url: String,
}

impl OwnServer {
    /// Starts one, if PostgreSQL is used at all in this run.
    pub fn start() -> Option<Self> {
        server_url()?;
        let directory = tempfile::tempdir().expect("a directory");
        let url = control("start", &directory).trim().to_owned();
        Some(Self { directory, url })
    }

    /// Its own database, and the role that may do everything.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Ends it without a shutdown, as a crash does, and starts it again at the same address.
    pub fn crash_and_restart(&self) {
        control("restart", &self.directory);
    }

    /// Takes it away; [`OwnServer::resume`] brings it back.
    pub fn stop(&self) {
        control("stop", &self.directory);
    }

    /// Brings it back after [`OwnServer::stop`].
    pub fn resume(&self) {
        control("resume", &self.directory);
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        control("stop", &self.directory);
    }
}

fn control(action: &str, directory: &tempfile::TempDir) -> String {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/support/postgres");
    let output = Command::new(script)
        .arg(action)
        .arg(directory.path())
        .output()
        .expect("run tests/support/postgres");
    assert!(
        output.status.success(),
        "postgres {action}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}
