//! The real program in a process of its own: started, asked over HTTPS, killed, and never left behind.

use std::{
    env,
    fs::{self, OpenOptions},
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{OnceLock, mpsc},
    thread,
    time::Duration,
};

use cutover::{
    cli::load::{Plan, Trust, connect},
    clock,
    sim::Fleet,
};
use reqwest::{Client, Url};

/// How long a start may take on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_mins(1);

/// What lasts from one start of a server to the next: its data, its database, its first words.
pub struct Home {
    directory: tempfile::TempDir,
    data: PathBuf,
    database: Option<String>,
    welcome: OnceLock<Welcome>,
}

/// What a first start says.
#[derive(Clone, Debug)]
pub struct Welcome {
    pub ingest_token: String,
}

impl Home {
    /// A server on SQLite.
    pub fn sqlite() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let data = directory.path().join("data");
        Self::with(directory, data, None)
    }

    /// A server on SQLite whose data lie in `data`.
    pub fn sqlite_in(data: &Path) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        Self::with(directory, data.to_owned(), None)
    }

    /// A server on PostgreSQL.
    pub fn postgres(url: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let data = directory.path().join("data");
        Self::with(directory, data, Some(url.to_owned()))
    }

    fn with(directory: tempfile::TempDir, data: PathBuf, database: Option<String>) -> Self {
        Self {
            directory,
            data,
            database,
            welcome: OnceLock::new(),
        }
    }

    /// The database, for a second look at it.
    pub fn database_url(&self) -> String {
        self.database
            .clone()
            .unwrap_or_else(|| format!("sqlite://{}", self.data.join("cutover.db").display()))
    }

    /// What the first start said.
    pub fn welcome(&self) -> &Welcome {
        self.welcome.get().expect("a server that was started")
    }

    /// Everything the servers of this home logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    fn log_file(&self) -> PathBuf {
        self.directory.path().join("log")
    }

    /// A command of the program on this home's database, not run yet.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cutover"));
        // Settings of whoever runs the tests are not the tests' business.
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("CUTOVER_") || name == "RUST_LOG" {
                command.env_remove(name);
            }
        }
        command.args(words).arg("--data-dir").arg(&self.data);
        if let Some(url) = &self.database {
            command.arg("--database-url").arg(url);
        }
        command.stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().expect("run cutover")
    }

    /// Makes a token beside whatever is running.
    pub fn token(&self, purpose: &str) -> String {
        let output = self.run(&["token", "create", "--purpose", purpose, "--name", "a test"]);
        assert!(
            output.status.success(),
            "token create: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Starts the server and waits until it takes connections.
    pub fn start(&self) -> Server {
        self.launch().ready(self)
    }

    /// Starts the server without waiting for it.
    pub fn launch(&self) -> Starting {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log_file())
            .expect("a log file");
        let mut child = self
            .command(&["serve", "--listen", "127.0.0.1:0", "--rate-limit", "0"])
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("start cutover");
        let out = BufReader::new(child.stdout.take().expect("a pipe"));
        let (said, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if said.send(line).is_err() {
                    break;
                }
            }
        });
        Starting {
            server: Server {
                child,
                address: String::new(),
            },
            lines,
        }
    }
}

/// A server that has not said yet where it listens.
pub struct Starting {
    server: Server,
    lines: mpsc::Receiver<String>,
}

impl Starting {
    /// Waits until the server takes connections, and keeps what it says the first time.
    pub fn ready(mut self, home: &Home) -> Server {
        loop {
            let line = self.lines.recv_timeout(PATIENCE).unwrap_or_else(|_| {
                panic!("the server did not start. Its log:\n{}", home.log());
            });
            if let Some(address) = line.strip_prefix("cutover is listening on ") {
                address.clone_into(&mut self.server.address);
                // Somebody who is there already was told before.
                if home.welcome.get().is_some() {
                    return self.server;
                }
            } else if let Some(text) = line.trim().strip_prefix("ingest token:") {
                let welcome = Welcome {
                    ingest_token: text.trim().to_owned(),
                };
                home.welcome.get_or_init(|| welcome);
                return self.server;
            }
        }
    }

    /// Waits until the server takes connections and has said by which link the first administrator is made.
    pub fn with_setup_link(mut self, home: &Home) -> (Server, String) {
        loop {
            let line = self.lines.recv_timeout(PATIENCE).unwrap_or_else(|_| {
                panic!("the server told no link. Its log:\n{}", home.log());
            });
            if let Some(address) = line.strip_prefix("cutover is listening on ") {
                address.clone_into(&mut self.server.address);
            } else if let Some(rest) = line.trim().strip_prefix("set up:") {
                let address = rest.trim().to_owned();
                // A full pipe would hold up the server.
                thread::spawn(move || self.lines.iter().for_each(drop));
                return (self.server, address);
            }
        }
    }

    /// Waits until the server takes connections, where another one on the same database may have been first.
    pub fn ready_beside(mut self, home: &Home) -> (Server, Option<Welcome>) {
        loop {
            // What is said at all is said in one piece, so silence after the address is the end of it.
            let patience = if self.server.address.is_empty() {
                PATIENCE
            } else {
                Duration::from_millis(500)
            };
            let Ok(line) = self.lines.recv_timeout(patience) else {
                assert!(
                    !self.server.address.is_empty(),
                    "the server did not start. Its log:\n{}",
                    home.log()
                );
                return (self.server, None);
            };
            if let Some(address) = line.strip_prefix("cutover is listening on ") {
                address.clone_into(&mut self.server.address);
            } else if let Some(text) = line.trim().strip_prefix("ingest token:") {
                let welcome = Welcome {
                    ingest_token: text.trim().to_owned(),
                };
                return (self.server, Some(welcome));
            }
        }
    }
}

/// A running server; killed with this value.
pub struct Server {
    child: Child,
    address: String,
}

impl Server {
    /// `https://127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// A client with a token (or none), and the address of the API's `call`.
    pub fn client(&self, token: Option<&str>, call: &str) -> (Client, Url) {
        let mut plan = Plan::new(self.address(), Fleet::new(0, 1), clock::now());
        plan.trust = Trust::Anything;
        plan.token = token.and_then(|token| token.parse().ok());
        connect(&plan, call).expect("a client")
    }

    /// Ends it as a crash does.
    pub fn kill(mut self) -> ExitStatus {
        self.child.kill().expect("kill the server");
        self.child.wait().expect("wait for the server")
    }

    /// Ends it as an administrator does.
    #[cfg(unix)]
    pub fn stop(mut self) -> ExitStatus {
        let told = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        assert!(told.is_ok_and(|status| status.success()), "told to stop");
        self.child.wait().expect("wait for the server")
    }

    /// Whether the process is still the one that was started.
    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().expect("ask for the server").is_none()
    }

    /// The most memory it ever had, in MB; `None` where the system does not say.
    pub fn most_memory(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kilobytes / 1024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only for a process that has ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
