//! The real program on a real database behind real HTTPS, one for each test and engine.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::OnceLock,
    thread,
};

use reqwest::{Method, RequestBuilder, header};

use super::{answer::Answer, postgres::Database, report::Report};

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_cutover");

/// A command of the program that no setting of this machine reaches.
pub fn program() -> Command {
    untouched(Command::new(PROGRAM))
}

fn untouched(mut command: Command) -> Command {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CUTOVER_") {
            command.env_remove(name);
        }
    }
    command
}

/// Tests ask faster than anybody else.
const UNLIMITED: &[&str] = &["--rate-limit", "0"];

/// A running server; it ends with this value.
pub struct TestApp {
    pub engine: &'static str,
    /// `127.0.0.1:PORT`
    pub address: String,
    pub password: String,
    ingest_token: String,
    read_token: OnceLock<String>,
    population_token: OnceLock<String>,
    import_token: OnceLock<String>,
    session: OnceLock<String>,
    client: OnceLock<reqwest::Client>,
    child: Child,
    database_url: String,
    directory: tempfile::TempDir,
    _database: Option<Database>,
}

impl TestApp {
    /// One on each engine: SQLite always, PostgreSQL where there is one.
    pub async fn each() -> Vec<Self> {
        let mut apps = vec![Self::one()];
        if let Some(database) = Database::fresh().await {
            apps.push(Self::start("postgres", Some(database), UNLIMITED));
        }
        apps
    }

    /// One on each engine with more settings.
    pub async fn each_with(arguments: &[&str]) -> Vec<Self> {
        let mut apps = vec![Self::with(arguments)];
        if let Some(database) = Database::fresh().await {
            apps.push(Self::start("postgres", Some(database), arguments));
        }
        apps
    }

    /// One on SQLite, where the engine cannot matter.
    pub fn one() -> Self {
        Self::start("sqlite", None, UNLIMITED)
    }

    /// One on SQLite with more settings.
    pub fn with(arguments: &[&str]) -> Self {
        Self::start("sqlite", None, arguments)
    }

    /// One on SQLite that logs what this filter lets through.
    pub fn with_logging(filter: &str, arguments: &[&str]) -> Self {
        let mut command = program();
        command.env("RUST_LOG", filter);
        Self::start_by(command, "sqlite", None, arguments)
    }

    /// One on SQLite that the system lets have so many files open.
    pub fn with_few_files(files: u32) -> Self {
        let mut shell = Command::new("sh");
        shell
            .args(["-c", "ulimit -n \"$0\" && exec \"$@\""])
            .arg(files.to_string())
            .arg(PROGRAM);
        Self::start_by(untouched(shell), "sqlite", None, UNLIMITED)
    }

    fn start(engine: &'static str, database: Option<Database>, arguments: &[&str]) -> Self {
        Self::start_by(program(), engine, database, arguments)
    }

    fn start_by(
        mut command: Command,
        engine: &'static str,
        database: Option<Database>,
        arguments: &[&str],
    ) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let database_url = database.as_ref().map_or_else(
            || format!("sqlite://{}", directory.path().join("cutover.db").display()),
            Database::url,
        );
        let log = fs::File::create(directory.path().join("stderr.log")).expect("a log");
        let password = format!("first-of-a-test-{}", std::process::id());
        let password_file = directory.path().join("first-password");
        fs::write(&password_file, format!("{password}\n")).expect("a file");
        let mut child = command
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(directory.path())
            .args(["--database-url", &database_url])
            .arg("--first-admin-password-file")
            .arg(&password_file)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut found = |start: &str| loop {
            let Some(Ok(line)) = lines.next() else {
                let log = fs::read_to_string(directory.path().join("stderr.log"));
                panic!("the server on {engine} ended before it said {start:?}: {log:?}");
            };
            if let Some(rest) = line.trim_start().strip_prefix(start) {
                return rest.trim().to_owned();
            }
        };
        let listening = found("cutover is listening on ");
        let ingest_token = found("ingest token:");
        // A full pipe would hold up the server.
        thread::spawn(move || lines.for_each(drop));
        let address = listening.split_once("//").expect("an address").1.to_owned();
        Self {
            engine,
            address,
            password,
            ingest_token,
            read_token: OnceLock::new(),
            population_token: OnceLock::new(),
            import_token: OnceLock::new(),
            session: OnceLock::new(),
            client: OnceLock::new(),
            child,
            database_url,
            directory,
            _database: database,
        }
    }

    /// Where it keeps its files.
    pub fn data_dir(&self) -> &Path {
        self.directory.path()
    }

    /// The database that it keeps everything in.
    pub fn database_url(&self) -> &str {
        &self.database_url
    }

    /// The certificate that it made.
    pub fn certificate(&self) -> PathBuf {
        self.data_dir().join("cert.pem")
    }

    /// What it has written to standard error so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.data_dir().join("stderr.log")).expect("the log")
    }

    /// The process, for signals.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Runs a command of the program on the same database, with this on its standard input.
    pub fn command(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = program()
            .args(arguments)
            .env("CUTOVER_DATABASE_URL", &self.database_url)
            .env("CUTOVER_DATA_DIR", self.data_dir())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stdin = child.stdin.take().expect("its input");
        // A command that reads nothing may be gone already.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        child.wait_with_output().expect("the program ends")
    }

    /// Makes a token.
    pub fn make_token(&self, purpose: &str, name: &str) -> String {
        let made = self.command(
            &["token", "create", "--purpose", purpose, "--name", name],
            "",
        );
        assert!(made.status.success(), "{made:?}");
        String::from_utf8(made.stdout)
            .expect("text")
            .trim()
            .to_owned()
    }

    /// A token for `ingest`, `read`, `import` or `population`.
    pub fn token(&self, purpose: &str) -> &str {
        match purpose {
            "ingest" => &self.ingest_token,
            "read" => self
                .read_token
                .get_or_init(|| self.make_token("read", "reader")),
            "import" => self
                .import_token
                .get_or_init(|| self.make_token("import", "importer")),
            _ => self
                .population_token
                .get_or_init(|| self.make_token("population", "planner")),
        }
    }

    /// Id of the token with this name, as `token list` shows it.
    pub fn token_id(&self, name: &str) -> String {
        let listed = self.command(&["token", "list"], "");
        let text = String::from_utf8(listed.stdout).expect("text");
        let line = text
            .lines()
            .find(|line| line.contains(&format!("\t{name}\t")));
        let (id, _) = line.expect("the token").split_once('\t').expect("columns");
        id.to_owned()
    }

    /// A client that trusts the certificate, follows nothing and keeps no cookies.
    pub fn client(&self) -> &reqwest::Client {
        self.client
            .get_or_init(|| self.client_builder().build().expect("a client"))
    }

    /// The same, to be changed.
    pub fn client_builder(&self) -> reqwest::ClientBuilder {
        // Another test may have been first.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let pem = fs::read(self.certificate()).expect("the certificate");
        let certificate = reqwest::Certificate::from_pem(&pem).expect("a certificate");
        reqwest::Client::builder()
            .tls_certs_only([certificate])
            .redirect(reqwest::redirect::Policy::none())
            .timeout(std::time::Duration::from_mins(2))
    }

    /// A client for a server that speaks plain HTTP.
    pub fn client_without_tls() -> reqwest::Client {
        // reqwest wants a provider although nothing is encrypted.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        reqwest::Client::new()
    }

    /// A request from nobody.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client()
            .request(method, format!("https://{}{path}", self.address))
    }

    /// Asks with the read token.
    pub async fn get(&self, path: &str) -> Answer {
        let request = self.request(Method::GET, path);
        Answer::to(request.bearer_auth(self.token("read"))).await
    }

    /// Asks with the read token and gets JSON with status 200.
    pub async fn json(&self, path: &str) -> serde_json::Value {
        self.get(path).await.ok(path).json()
    }

    /// A body for `POST /reports`, with the ingest token.
    pub fn reports(&self, body: impl Into<reqwest::Body>) -> RequestBuilder {
        self.request(Method::POST, "/api/v1/reports")
            .bearer_auth(self.token("ingest"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(body)
    }

    /// Sends a body to `POST /reports`.
    pub async fn send(&self, body: impl Into<reqwest::Body>) -> Answer {
        Answer::to(self.reports(body)).await
    }

    /// Sends a body to `PUT /population`.
    pub async fn put_population(&self, query: &str, body: impl Into<reqwest::Body>) -> Answer {
        let request = self
            .request(Method::PUT, &format!("/api/v1/population{query}"))
            .bearer_auth(self.token("population"))
            .header(header::CONTENT_TYPE, "text/csv")
            .body(body);
        Answer::to(request).await
    }

    /// The same, whatever the list does to the population.
    pub async fn put_agreed(&self, query: &str, body: impl Into<bytes::Bytes>) -> Answer {
        let body = body.into();
        let sign = if query.is_empty() { '?' } else { '&' };
        let query = format!("{query}{sign}confirm=1");
        let answer = self.put_population(&query, body.clone()).await;
        let text = answer.text();
        let Some((_, number)) = text.split_once("confirm_shrink=") else {
            return answer;
        };
        let number: String = number.chars().take_while(char::is_ascii_digit).collect();
        let query = format!("{query}&confirm_shrink={number}&why=a+test");
        self.put_population(&query, body).await
    }

    /// A call about uploads, with the import token.
    pub fn uploads(&self, method: Method, path: &str) -> RequestBuilder {
        self.request(method, &format!("/api/v1/uploads{path}"))
            .bearer_auth(self.token("import"))
    }

    /// Sends a file to `POST /uploads`, waits until the server is done with it, and answers what it says of it then.
    pub async fn upload(&self, query: &str, body: impl Into<reqwest::Body>) -> serde_json::Value {
        let sent = self.uploads(Method::POST, query).body(body);
        let answer = Answer::to(sent).await;
        assert_eq!(answer.status, 202, "{}", answer.text());
        let upload = answer.json();
        let id = upload["id"].as_str().expect("an id");
        assert_eq!(answer.header("location"), format!("/api/v1/uploads/{id}"));
        self.settled(id).await
    }

    /// An upload, once the server is done with it.
    pub async fn settled(&self, id: &str) -> serde_json::Value {
        loop {
            let asked = self.uploads(Method::GET, &format!("/{id}?wait=30"));
            let upload = Answer::to(asked).await.ok("an upload").json();
            if upload["state"] != "reading" && upload["state"] != "committing" {
                return upload;
            }
        }
    }

    /// Waits until the server is done with an upload that a person sent; `page` is its page.
    pub async fn settled_as(&self, cookie: &str, page: &str) -> serde_json::Value {
        loop {
            let asked = self
                .request(Method::GET, &format!("/api/v1{page}?wait=30"))
                .header(header::COOKIE, cookie);
            let upload = Answer::to(asked).await.ok("an upload").json();
            if upload["state"] != "reading" && upload["state"] != "committing" {
                return upload;
            }
        }
    }

    /// Uploads a file and has it stored; answers its id.
    pub async fn uploaded(&self, name: &str, body: impl Into<reqwest::Body>) -> String {
        let upload = self
            .upload(&format!("?commit=true&name={name}"), body)
            .await;
        assert_eq!(upload["state"], "done", "{upload}");
        upload["id"].as_str().expect("an id").to_owned()
    }

    /// A report about a machine of this name: Windows 10 and ready, unless told otherwise.
    pub fn report(&self, name: &str) -> Report<'_> {
        Report::about(self, name)
    }

    /// Signs `admin` in; answers the cookie as a browser would send it.
    pub async fn sign_in(&self) -> String {
        self.sign_in_as("admin", &self.password).await
    }

    /// Makes an account with a role.
    pub fn add_user(&self, name: &str, role: &str, password: &str) {
        let added = ["user", "add", name, "--role", role, "--password-stdin"];
        let added = self.command(&added, &format!("{password}\n"));
        assert!(added.status.success(), "{added:?}");
    }

    /// Signs somebody in.
    pub async fn sign_in_as(&self, name: &str, password: &str) -> String {
        let form = format!(
            "user={}&password={}&next=%2F",
            encoded(name),
            encoded(password)
        );
        let answer = self.post_form("/sign-in", &form).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        let cookie = answer.header("set-cookie");
        let cookie = cookie.split(';').next().expect("a cookie").to_owned();
        // The first one stays good for whoever asks later.
        let _ = self.session.set(cookie.clone());
        cookie
    }

    /// The cookie of the first who signed in.
    pub fn session(&self) -> Option<&str> {
        self.session.get().map(String::as_str)
    }

    /// Sends a form from nobody.
    pub async fn post_form(&self, path: &str, form: &str) -> Answer {
        let request = self
            .request(Method::POST, path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "text/html")
            .body(form.to_owned());
        Answer::to(request).await
    }

    /// The most memory it ever took, in MiB; `None` where the system does not say.
    pub fn peak_memory(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kib / 1024)
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("the server on {} said:\n{}", self.engine, self.log());
        }
    }
}

/// A value of a form.
pub fn encoded(value: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    let part = |b: u8| {
        if plain(b) {
            char::from(b).to_string()
        } else {
            format!("%{b:02X}")
        }
    };
    value.bytes().map(part).collect()
}

/// The first rows of an upload.
pub async fn stored_rows(app: &TestApp, id: &str) -> serde_json::Value {
    let asked = app.uploads(Method::GET, &format!("/{id}/rows"));
    Answer::to(asked).await.ok("rows").json()
}
