//! A server that takes files as the contract says, and misbehaves as told.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::{
    collections::{HashMap, VecDeque},
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path as Segment, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};

use crate::support::app::program;

/// One file as it came.
#[derive(Clone, Debug)]
pub struct Sent {
    pub query: HashMap<String, String>,
    pub body: Bytes,
}

/// Answers that are given once each.
#[derive(Default)]
pub struct Refusals(Mutex<VecDeque<(u16, Value)>>);

impl<const N: usize> From<[(u16, Value); N]> for Refusals {
    fn from(all: [(u16, Value); N]) -> Self {
        Self(Mutex::new(all.into()))
    }
}

/// What happens while a file is with the server.
type Meanwhile = Box<dyn Fn(&str) + Send + Sync>;

#[derive(Default)]
pub struct Desk {
    pub sent: Mutex<Vec<Sent>>,
    /// Answers to the next files, instead of taking them.
    pub refusals: Refusals,
    /// The same answer to every file.
    pub always: Option<u16>,
    /// How it ends for files of these names; for others it ends well.
    pub ends: HashMap<&'static str, Value>,
    /// What is said about refused records.
    pub rows: Value,
    /// Told the name of a file before its end is told.
    pub meanwhile: Option<Meanwhile>,
    /// Files never come to an end.
    pub slow: AtomicBool,
    pub asked: Mutex<HashMap<usize, u32>>,
}

type Shared = Arc<Desk>;

fn is_known(headers: &HeaderMap) -> bool {
    headers
        .get("authorization")
        .is_some_and(|value| value == "Bearer right")
}

fn refused(status: u16, body: Value) -> Response {
    (
        StatusCode::from_u16(status).unwrap(),
        [("retry-after", "0")],
        Json(body),
    )
        .into_response()
}

async fn take(
    State(desk): State<Shared>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !is_known(&headers) {
        return refused(401, json!({"detail": "no such token"}));
    }
    let number = {
        let mut sent = desk.sent.lock().unwrap();
        sent.push(Sent { query, body });
        sent.len() - 1
    };
    if let Some(status) = desk.always {
        return refused(status, json!({"detail": "always so"}));
    }
    if let Some((status, body)) = desk.refusals.0.lock().unwrap().pop_front() {
        return refused(status, body);
    }
    let place = [("location", format!("/api/v1/uploads/u{number}"))];
    let body = Json(
        json!({"id": format!("u{number}"), "state": "reading", "problem": null,
        "stored": {"new": 0, "changed": 0, "unchanged": 0, "late": 0}, "rejected": 0}),
    );
    (StatusCode::ACCEPTED, place, body).into_response()
}

async fn look(
    State(desk): State<Shared>,
    Segment(id): Segment<String>,
    headers: HeaderMap,
) -> Response {
    assert!(is_known(&headers));
    let number: usize = id.strip_prefix('u').unwrap().parse().unwrap();
    let name = desk.sent.lock().unwrap()[number].query["name"].clone();
    let asked = {
        let mut asked = desk.asked.lock().unwrap();
        let times = asked.entry(number).or_default();
        *times += 1;
        *times
    };
    if asked == 1 || desk.slow.load(Ordering::Relaxed) {
        return Json(json!({"id": id, "state": "committing"})).into_response();
    }
    if let Some(meanwhile) = &desk.meanwhile {
        meanwhile(&name);
    }
    let mut end = desk.ends.get(name.as_str()).cloned().unwrap_or_else(|| {
        json!({"state": "done", "problem": null,
            "stored": {"new": 1, "changed": 0, "unchanged": 0, "late": 0}, "rejected": 0})
    });
    end["id"] = json!(id);
    Json(end).into_response()
}

async fn rows(
    State(desk): State<Shared>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    assert!(is_known(&headers));
    assert_eq!(
        (query["status"].as_str(), query["limit"].as_str()),
        ("rejected", "100")
    );
    Json(desk.rows.clone()).into_response()
}

impl Desk {
    pub async fn start(self) -> Sweep {
        let desk = Arc::new(self);
        let service = Router::new()
            .route("/api/v1/uploads", post(take))
            .route("/api/v1/uploads/{id}", get(look))
            .route("/api/v1/uploads/{id}/rows", get(rows))
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::clone(&desk));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async { axum::serve(listener, service).await });
        Sweep {
            desk,
            server,
            folder: tempfile::tempdir().unwrap(),
        }
    }
}

/// A folder, and the server that its files are brought to.
pub struct Sweep {
    pub desk: Shared,
    server: String,
    folder: tempfile::TempDir,
}

impl Sweep {
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn put(&self, name: impl AsRef<Path>, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name))
            .unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// What lies in a folder, in order; `.` is the folder itself, without the two below.
    pub fn names(&self, folder: &str) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.path().join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .filter(|name| folder != "." || !["done", "failed"].contains(&name.as_str()))
            .collect();
        names.sort_unstable();
        names
    }

    /// Names of the files as they were sent.
    pub fn sent(&self) -> Vec<String> {
        let sent = self.desk.sent.lock().unwrap();
        sent.iter().map(|sent| sent.query["name"].clone()).collect()
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = program();
        command
            .arg("sweep")
            .arg(self.path())
            .args(["--server", &self.server])
            .args(more)
            .env("CUTOVER_TOKEN", "right")
            .stdin(Stdio::null());
        command
    }

    /// One pass without a wait.
    pub async fn once(&self) -> Said {
        self.run(&["--once", "--settle", "0"]).await
    }

    pub async fn run(&self, more: &[&str]) -> Said {
        let mut command = self.command(more);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap())
            .await
            .unwrap();
        output.into()
    }

    /// Runs beside the test, until it is ended.
    pub fn begin(&self, more: &[&str]) -> Running {
        let said = tempfile::NamedTempFile::new().unwrap();
        let child = self
            .command(more)
            .stdout(File::options().append(true).open(said.path()).unwrap())
            .stderr(File::options().append(true).open(said.path()).unwrap())
            .spawn()
            .unwrap();
        Running { child, said }
    }
}

/// What the program said, and how it ended.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Said {
    /// The line about a file, as it is shown.
    pub fn line(&self, name: &str) -> &str {
        self.out
            .lines()
            .find(|line| line.split('\t').nth(1) == Some(name))
            .unwrap_or_else(|| panic!("nothing about {name}: {self:?}"))
    }
}

/// A sweep that goes on; it ends with this value.
pub struct Running {
    child: Child,
    said: tempfile::NamedTempFile,
}

impl Running {
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.said.path()).unwrap()
    }

    /// Waits until that is so.
    pub async fn until(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let deadline = Instant::now() + Duration::from_mins(1);
        while !is_so() {
            assert!(
                Instant::now() < deadline,
                "never: {what}. It said:\n{}",
                self.said()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop as a service manager does; answers its exit code.
    #[cfg(unix)]
    pub async fn terminate(&mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        let deadline = Instant::now() + Duration::from_mins(1);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(Instant::now() < deadline, "it does not stop");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("the sweep said:\n{}", self.said());
        }
    }
}
