//! Settings: wrong ones stop the start and are named, and each way of setting beats the next.

use std::{
    fs,
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::support::{
    answer::Answer,
    app::{TestApp, program},
};

/// Runs a command that ends by itself; one that does not is ended and fails.
fn ended(command: &mut Command) -> Output {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let deadline = Instant::now() + Duration::from_mins(1);
    while child.try_wait().expect("a status").is_none() {
        if Instant::now() > deadline {
            let _ = child.kill();
            panic!("still running: {:?}", child.wait_with_output());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.wait_with_output().expect("an end")
}

/// The sentence with which a start is refused.
fn refused(arguments: &[&str], environment: &[(&str, &str)], toml: Option<&str>) -> (i32, String) {
    let directory = tempfile::tempdir().expect("a directory");
    let mut command = program();
    command.args(["serve", "--listen", "127.0.0.1:0"]);
    command.env("CUTOVER_DATA_DIR", directory.path().join("data"));
    if let Some(toml) = toml {
        let file = directory.path().join("cutover.toml");
        fs::write(&file, toml).expect("a file");
        command.arg("--config").arg(file);
    }
    // The address is replaced by one given here.
    if arguments.contains(&"--listen") {
        command = program();
        command
            .arg("serve")
            .env("CUTOVER_DATA_DIR", directory.path().join("data"));
    }
    let output = ended(command.args(arguments).envs(environment.iter().copied()));
    let said = String::from_utf8(output.stderr).expect("text");
    assert!(output.stdout.is_empty(), "nothing was served");
    let said = said.replace(&directory.path().display().to_string(), "[directory]");
    (output.status.code().expect("a code"), said)
}

#[expect(clippy::too_many_lines, reason = "a table of settings")]
#[test]
fn a_wrong_setting_stops_the_start_and_is_named() {
    for (arguments, environment, toml, word) in [
        (&["--listen", "nonsense"][..], &[][..], None, "listen"),
        (&["--listen", "127.0.0.1:99999"], &[], None, "listen"),
        (
            &["--listen", "0.0.0.0:0", "--plain-http"],
            &[],
            None,
            "plain_http",
        ),
        (
            &["--listen", "[::]:0", "--plain-http"],
            &[],
            None,
            "plain_http",
        ),
        (
            &["--database-url", "mysql://x/y"],
            &[],
            None,
            "database_url",
        ),
        (&["--tls-cert", "a.pem"], &[], None, "tls-key"),
        (
            &["--tls-cert", "/none/a.pem", "--tls-key", "/none/b.pem"],
            &[],
            None,
            "/none/a.pem",
        ),
        (&["--freshness-days", "0"], &[], None, "freshness_days"),
        (&["--freshness-days", "400"], &[], None, "freshness_days"),
        (&["--freshness-days", "two"], &[], None, "freshness-days"),
        (&["--keep-changes", "0"], &[], None, "keep_changes"),
        (
            &["--session-idle-minutes", "4"],
            &[],
            None,
            "session_idle_minutes",
        ),
        (&["--session-hours", "169"], &[], None, "session_hours"),
        (&[], &[], Some("session_hours = 0"), "session_hours"),
        (
            &["--require-second-factor", "administrator,owner"],
            &[],
            None,
            "require_second_factor",
        ),
        (
            &["--first-admin-password-file", "/none/password"],
            &[],
            None,
            "/none/password",
        ),
        (
            &["--oidc-client-id", "a"],
            &[],
            None,
            "oidc_issuer is missing",
        ),
        (
            &["--oidc-issuer", "http://login.corp.example"],
            &[],
            None,
            "oidc_issuer",
        ),
        (
            &["--oidc-issuer", "https://login.corp.example"],
            &[],
            None,
            "oidc_client_id is missing",
        ),
        (
            &[],
            &[("CUTOVER_OIDC_ROLES", "a=viewer")],
            None,
            "oidc_roles",
        ),
        (
            &[],
            &[],
            Some(
                "oidc_issuer = \"https://login.corp.example\"\noidc_client_id = \"a\"\noidc_roles = \"a=owner\"",
            ),
            "oidc_roles: \"a=owner\"",
        ),
        (
            &[],
            &[],
            Some(
                "oidc_issuer = \"https://login.corp.example\"\noidc_client_id = \"a\"\noidc_roles = \"a=viewer\"",
            ),
            "public_url is missing",
        ),
        (
            &["--public-url", "https://cutover.corp.example"],
            &[],
            Some(
                "oidc_issuer = \"https://login.corp.example\"\noidc_client_id = \"a\"\noidc_roles = \"a=viewer\"",
            ),
            "CUTOVER_OIDC_CLIENT_SECRET",
        ),
        (
            &[
                "--public-url",
                "https://cutover.corp.example",
                "--oidc-client-secret-file",
                "/none/secret",
            ],
            &[],
            Some(
                "oidc_issuer = \"https://login.corp.example\"\noidc_client_id = \"a\"\noidc_roles = \"a=viewer\"",
            ),
            "/none/secret",
        ),
        (
            &["--public-url", "http://cutover.corp.example"],
            &[],
            None,
            "public_url",
        ),
        (
            &[
                "--oidc-ca",
                "/none/ca.pem",
                "--public-url",
                "https://cutover.corp.example",
            ],
            &[("CUTOVER_OIDC_CLIENT_SECRET", "s")],
            Some(
                "oidc_issuer = \"https://login.corp.example\"\noidc_client_id = \"a\"\noidc_roles = \"a=viewer\"",
            ),
            "/none/ca.pem",
        ),
        (&["--keep-changes", "4000"], &[], None, "keep_changes"),
        (&["--keep-audit", "89"], &[], None, "keep_audit"),
        (&["--keep-observed", "29"], &[], None, "keep_observed"),
        (&["--watch-minutes", "361"], &[], None, "watch_minutes"),
        (&["--rate-limit", "1000001"], &[], None, "rate_limit"),
        (
            &[],
            &[("CUTOVER_RATE_LIMIT_SENDING", "2000000")],
            None,
            "rate_limit_sending",
        ),
        (&["--rate-limit", "many"], &[], None, "rate-limit"),
        (&["--dotnet", "ignore"], &[], None, "dotnet"),
        (
            &["--group-b-schannel-absent", "pass"],
            &[],
            None,
            "group_b_schannel_absent",
        ),
        (
            &["--min-dotnet-release", "1"],
            &[],
            None,
            "min_dotnet_release",
        ),
        (&["--server-suites", "AES"], &[], None, "server_suites"),
        (&["--log-format", "xml"], &[], None, "log_format"),
        (
            &["--config", "/none/cutover.toml"],
            &[],
            None,
            "/none/cutover.toml",
        ),
        (&["--nonsense"], &[], None, "--nonsense"),
        (&[], &[("CUTOVER_DOTNET", "ignore")], None, "dotnet"),
        (&[], &[("CUTOVER_DATABASE_URL", "x")], None, "database_url"),
        (&[], &[("CUTOVER_TLS_CERT", "a.pem")], None, "tls"),
        (&[], &[], Some("dotnet = \"ignore\""), "dotnet"),
        (&[], &[], Some("freshness_day = 3"), "freshness_day"),
        (&[], &[], Some("plain_http = \"yes\""), "plain_http"),
        (&[], &[], Some("tls_key = \"k.pem\""), "tls_cert"),
        (&[], &[], Some("not toml"), "cutover.toml"),
    ] {
        let (code, said) = refused(arguments, environment, toml);
        assert!(
            said.contains(word),
            "{arguments:?} {environment:?} {toml:?}: {said}"
        );
        assert!(matches!(code, 1 | 2), "{code}: {said}");
        assert!(!said.contains("panicked"), "{said}");
    }
}

#[test]
fn an_address_in_use_a_closed_directory_and_a_dead_database_are_said_in_a_sentence() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let (code, said) = refused(&["--listen", &address], &[], None);
    assert_eq!(code, 1);
    assert!(
        said.contains(&format!("cannot listen on {address}")),
        "{said}"
    );
    let (code, said) = refused(&["--data-dir", "/proc/none"], &[], None);
    assert!(
        matches!(code, 1 | 2) && said.contains("/proc/none"),
        "{said}"
    );
    let nobody = format!("postgres://somebody:s3cret-canary@{address}/none");
    drop(taken);
    let (code, said) = refused(&["--database-url", &nobody], &[], None);
    assert_eq!(code, 1, "{said}");
    assert!(
        !said.contains("s3cret-canary"),
        "the password is not said: {said}"
    );
}

#[test]
fn half_a_certificate_is_not_replaced() {
    let directory = tempfile::tempdir().expect("a directory");
    fs::write(directory.path().join("cert.pem"), "half").expect("a file");
    let mut command = program();
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(directory.path());
    let output = ended(&mut command);
    let said = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("only one is there"), "{said}");
    assert_eq!(
        fs::read_to_string(directory.path().join("cert.pem")).expect("the file"),
        "half"
    );
}

/// The ruleset names every switch of the rules, so it shows which setting won.
async fn ruleset(arguments: &[&str]) -> String {
    let app = TestApp::with(arguments);
    let summary = app.json("/api/v1/summary").await;
    summary["ruleset"].as_str().expect("a name").to_owned()
}

#[tokio::test]
async fn a_flag_beats_the_environment_and_that_beats_the_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("cutover.toml");
    fs::write(
        &file,
        "dotnet = \"warn\"\nmin_dotnet_release = 379893\nfreshness_days = 30\n",
    )
    .expect("a file");
    let path = file.display().to_string();
    assert!(!ruleset(&[]).await.contains('+'));
    let from_file = ruleset(&["--config", &path]).await;
    assert!(
        from_file.contains("+dotnet=warn") && from_file.contains("+min_dotnet_release=379893"),
        "{from_file}"
    );
    let flagged = ruleset(&["--config", &path, "--dotnet", "block"]).await;
    assert!(
        !flagged.contains("dotnet=warn") && flagged.contains("=379893"),
        "{flagged}"
    );
    // The environment, through the command that judges offline with the same switches.
    let report = directory.path().join("report.json");
    fs::write(&report, TestApp::one().report("PC-1").line()).expect("a file");
    let offline = |arguments: &[&str], environment: &[(&str, &str)]| -> String {
        let mut command = program();
        command
            .args(["assess", "--format", "json"])
            .args(arguments)
            .arg(&report);
        let output = ended(command.envs(environment.iter().copied()));
        let verdict: Value = serde_json::from_slice(&output.stdout).expect("a verdict");
        verdict["ruleset"].as_str().expect("a name").to_owned()
    };
    let environment = [("CUTOVER_DOTNET", "warn")];
    assert!(offline(&[], &environment).ends_with("+dotnet=warn"));
    assert!(!offline(&["--dotnet", "block"], &environment).contains('+'));
}

#[tokio::test]
async fn plain_http_is_for_loopback_and_sets_no_secure_cookie() {
    let app = TestApp::with(&["--plain-http"]);
    let request = TestApp::client_without_tls().get(format!("http://{}/healthz", app.address));
    let answer = Answer::to(request).await.ok("plain HTTP");
    assert!(answer.header("strict-transport-security").is_empty());
}

#[cfg(unix)]
#[tokio::test]
async fn files_that_hold_secrets_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().expect("a directory");
    let inner = directory.path().join("made");
    let app = TestApp::with(&["--tls-names", "cutover.corp.example"]);
    let mode =
        |path: &std::path::Path| fs::metadata(path).expect("a file").permissions().mode() & 0o077;
    assert_eq!(mode(&app.data_dir().join("key.pem")), 0);
    let mut command = program();
    command.args(["migrate", "--data-dir"]).arg(&inner);
    assert!(ended(&mut command).status.success());
    assert_eq!(mode(&inner), 0, "the directory is closed to others");
    // A directory that others may enter was made by somebody else; what lies in it is theirs no more for that.
    let open = directory.path().join("open");
    fs::create_dir(&open).expect("a directory");
    fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).expect("its rights");
    let mut command = program();
    command.args(["migrate", "--data-dir"]).arg(&open);
    assert!(ended(&mut command).status.success());
    let files: Vec<_> = fs::read_dir(&open).expect("a directory").collect();
    assert!(!files.is_empty());
    for file in files {
        let path = file.expect("a file").path();
        assert_eq!(mode(&path), 0, "{} is closed to others", path.display());
    }
}
