//! The commands beside the server: judging offline, tokens, backups.

use std::fs;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::stores::EVERYWHERE;
use crate::support::{
    answer::{Answer, hidden},
    app::TestApp,
};

#[test]
fn assess_judges_files_and_standard_input_without_a_server() {
    let app = TestApp::one();
    let directory = tempfile::tempdir().expect("a directory");
    let file = |name: &str, text: String| {
        let path = directory.path().join(name);
        fs::write(&path, text).expect("a file");
        path.display().to_string()
    };
    let blocks = app.report("PC-1").windows7_untouched();
    let good = file("good.json", blocks.line());
    let lines = file(
        "lines.ndjson",
        format!("{}\n{{}}\n", app.report("PC-2").line()),
    );
    // A blocking client is a result, not a failure.
    let output = app.command(&["assess", "--format", "json", &good], "");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let verdict: Value = serde_json::from_slice(&output.stdout).expect("one object");
    assert_eq!(
        (&verdict["standing"], &verdict["cleared"]),
        (&json!("blocking"), &json!(false))
    );
    assert!(
        verdict["checks"]
            .as_array()
            .is_some_and(|checks| checks.len() > 5)
    );
    // Standard input says the same.
    let piped = app.command(&["assess", "--format", "json", "-"], &blocks.line());
    let mut from_pipe: Value = serde_json::from_slice(&piped.stdout).expect("one object");
    from_pipe["file"] = verdict["file"].clone();
    assert_eq!(from_pipe, verdict);
    // One line that cannot be judged: the others are, and the exit code says it.
    let output = app.command(&["assess", "--format", "json", &good, &lines], "");
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).expect("text");
    let verdicts: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(verdicts.len(), 3);
    assert_eq!(verdicts[1]["standing"], "ready");
    let mut rejected = verdicts[2].clone();
    rejected["file"] = json!("[file]");
    insta::assert_snapshot!("assess_rejected", hidden(rejected));
    // A table for people; wrong usage; a missing file.
    let table = app.command(&["assess", &good], "");
    let text = String::from_utf8(table.stdout).expect("text");
    assert!(
        table.status.success() && text.contains("PC-1") && text.contains("fix:"),
        "{text}"
    );
    assert_eq!(app.command(&["assess"], "").status.code(), Some(2));
    assert_eq!(
        app.command(&["assess", "--format", "xml", &good], "")
            .status
            .code(),
        Some(2)
    );
    assert_eq!(
        app.command(&["assess", "/none/report.json"], "")
            .status
            .code(),
        Some(1)
    );
    assert_eq!(
        app.command(&["assess", "--dotnet", "ignore", &good], "")
            .status
            .code(),
        Some(2)
    );
}

#[tokio::test]
async fn assess_and_the_server_say_the_same() {
    for app in TestApp::each().await {
        for report in [
            app.report("PC-1"),
            app.report("PC-2").windows7_untouched(),
            app.report("PC-3").without_registry(),
        ] {
            let offline = app.command(&["assess", "--format", "json", "-"], &report.line());
            let offline: Value = serde_json::from_slice(&offline.stdout).expect("a verdict");
            let id = report.stored().await;
            let client = app.json(&format!("/api/v1/clients/{id}")).await;
            for name in [
                "standing", "cleared", "verdict", "impact", "deciding", "warnings", "checks",
                "notes",
            ] {
                assert_eq!(offline[name], client[name], "{name} on {}", app.engine);
            }
        }
    }
}

#[tokio::test]
async fn tokens_are_made_listed_and_taken_back_beside_a_running_server() {
    for app in TestApp::each().await {
        let token = app.make_token("read", "a name");
        assert!(token.starts_with("cut_read_"), "{token}");
        let id = app.token_id("a name");
        assert_eq!(
            app.command(&["token", "revoke", &id], "").status.code(),
            Some(0)
        );
        assert_eq!(
            app.command(&["token", "revoke", &id], "").status.code(),
            Some(1),
            "it holds no longer"
        );
        assert_eq!(
            app.command(&["token", "revoke", "none"], "").status.code(),
            Some(1)
        );
        let list = String::from_utf8(app.command(&["token", "list"], "").stdout).expect("text");
        let line = list
            .lines()
            .find(|line| line.starts_with(&id))
            .expect("the token");
        assert!(
            line.contains("\tread\ta name\t") && !line.contains("revoked -"),
            "{line}"
        );
        assert!(!list.contains(&token), "the secret is shown once");
        for wrong in [
            &["--purpose", "admin"][..],
            &["--purpose", "read", "--name", ""],
            &["--purpose", "read", "--name", "a\nb"],
            &[],
        ] {
            let output = app.command(&[&["token", "create"], wrong].concat(), "");
            assert_eq!(output.status.code(), Some(2), "{wrong:?}");
            assert!(output.stdout.is_empty());
        }
        let short = app.command(&["user", "set-password", "admin"], "short\n");
        assert_eq!(short.status.code(), Some(1));
    }
}

#[tokio::test]
async fn a_backup_of_a_running_server_opens_and_has_everything() {
    let app = TestApp::one();
    app.report("PC-1").stored().await;
    app.report("PC-2").windows7_untouched().stored().await;
    let file = app.data_dir().join("backup.db").display().to_string();
    let output = app.command(&["backup", &file], "");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(
        app.command(&["backup", &file], "").status.code(),
        Some(1),
        "never over a file that is there"
    );
    let store = cutover::store::Store::open(&format!("sqlite://{file}"))
        .await
        .expect("the backup opens");
    let population = store
        .population(&EVERYWHERE, cutover::clock::now())
        .await
        .expect("its numbers");
    assert_eq!(population.total, 2);
    store.close().await;
    app.report("PC-3").send().await.ok("the server goes on");
    let health = app.request(Method::GET, "/readyz");
    Answer::to(health).await.ok("ready");
}

#[tokio::test]
async fn a_postgres_database_is_not_backed_up_by_half() {
    for app in TestApp::each()
        .await
        .into_iter()
        .filter(|app| app.engine == "postgres")
    {
        let file = app.data_dir().join("backup.db").display().to_string();
        let output = app.command(&["backup", &file], "");
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stderr).expect("text");
        assert!(said.contains("pg_dump"), "{said}");
    }
}

#[tokio::test]
async fn import_stores_files_of_any_format_by_either_way() {
    for app in TestApp::each().await {
        let directory = tempfile::tempdir().expect("a directory");
        let file = |name: &str, text: String| {
            let path = directory.path().join(name);
            fs::write(&path, text).expect("a file");
            path.display().to_string()
        };
        let reports = file(
            "reports.ndjson",
            format!("{}\n{{}}\n", app.report("PC-1").windows7_untouched().line()),
        );
        let table = file(
            "systems.csv",
            "Device,Caption,Version,ProductType,OSArchitecture\nTAB-01,Windows 10,10.0.19045,1,64-bit\n"
                .to_owned(),
        );
        let lines = |output: std::process::Output, code: i32| -> Vec<Vec<String>> {
            assert_eq!(output.status.code(), Some(code), "{output:?}");
            let text = String::from_utf8(output.stdout).expect("text");
            let cells = |line: &str| line.split('\t').map(str::to_owned).collect();
            // The summaries are no rows.
            let rows = text.lines().filter(|line| line.contains('\t'));
            rows.filter(|line| !line.starts_with("note\t"))
                .map(cells)
                .collect()
        };
        // Straight into the database, beside the running server.
        let direct = lines(
            app.command(&["import", "--verbose", &reports, &table], ""),
            1,
        );
        assert_eq!(direct.len(), 3, "{direct:?}");
        assert_eq!(
            (&*direct[0][1], &*direct[0][2], &*direct[0][4]),
            ("0", "stored", "blocking")
        );
        assert_eq!(
            (&*direct[1][1], &*direct[1][2], &*direct[1][3]),
            ("1", "rejected", "-")
        );
        assert_eq!(&*direct[2][2], "stored", "dated by the file: {direct:?}");
        // Through the server it is the same again.
        let server = format!("https://{}", app.address);
        let certificate = app.certificate().display().to_string();
        let through = [
            "import",
            "--verbose",
            "--server",
            &server,
            "--ca",
            &certificate,
            "--token",
            app.token("import"),
            &table,
        ];
        let again = lines(app.command(&through, ""), 0);
        assert_eq!(&*again[0][2], "unchanged", "{again:?}");
        assert_eq!(again[0][3], direct[2][3], "the same client");
        let wrong = app.command(&["import", "--format", "excel", &table], "");
        assert_eq!(wrong.status.code(), Some(2));
    }
}

#[tokio::test]
async fn import_sums_up_and_says_plainly_why_a_server_is_not_reached() {
    let app = TestApp::one();
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("reports.ndjson");
    let text = format!("{}\n{{}}\n", app.report("PC-1").line());
    fs::write(&path, text).expect("a file");
    let file = path.display().to_string();
    let output = app.command(&["import", &file], "");
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(
        text.contains("1 of 2 rows understood: 1 new clients, 0 changed, 0 unchanged")
            && text.contains("1 refused. Stored by cutover import."),
        "{text}"
    );
    assert_eq!(
        text.lines().count(),
        2,
        "what was refused, and the sum: {text}"
    );
    let through = |server: &str, more: &[&str]| {
        let words = [
            "import",
            &file,
            "--server",
            server,
            "--token",
            app.token("import"),
        ];
        let output = app.command(&[&words[..], more].concat(), "");
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8(output.stderr).expect("text")
    };
    let server = format!("https://{}", app.address);
    let certificate = app.certificate().display().to_string();
    let strange = through(&server, &[]);
    assert!(
        strange.contains("not trusted") && strange.contains("--ca FILE"),
        "{strange}"
    );
    let port = through("https://127.0.0.1:9", &["--ca", &certificate]);
    assert!(
        port.contains("nothing listens at 127.0.0.1:9") && port.contains("check the port"),
        "{port}"
    );
    let host = through("https://no-such-host.invalid:8443", &["--ca", &certificate]);
    assert!(host.contains("is not known here"), "{host}");
}

#[test]
fn a_token_is_not_made_where_there_is_no_database() {
    let directory = tempfile::tempdir().expect("a directory");
    let output = crate::support::app::program()
        .args(["token", "create", "--purpose", "import"])
        .current_dir(directory.path())
        .output()
        .expect("the program runs");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).expect("text");
    assert!(
        said.contains("there is no database at") && said.contains("--data-dir"),
        "{said}"
    );
    let mut left = fs::read_dir(directory.path()).expect("the folder");
    assert!(left.next().is_none(), "nothing is made");
}

/// Whoever looks around with the demo tries commands beside it, and settings of the real server.
#[test]
fn the_demo_tells_what_commands_beside_it_need() {
    use std::io::{BufRead as _, BufReader};

    let folder = tempfile::tempdir().expect("a folder");
    let mut demo = crate::support::app::program()
        .args([
            "demo",
            "--clients",
            "3",
            "--days",
            "1",
            "--listen",
            "127.0.0.1:0",
        ])
        .args([
            "--plain-http",
            "--freshness-days",
            "30",
            "--session-hours",
            "2",
        ])
        .env("TMPDIR", folder.path())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the program starts");
    let lines = BufReader::new(demo.stderr.take().expect("its messages")).lines();
    let (mut url, mut said) = (None, String::new());
    for line in lines.map_while(Result::ok) {
        if let Some((_, rest)) = line.split_once("--database-url ") {
            url = Some(rest.trim().to_owned());
        }
        said.push_str(&line);
        if line.contains("The demo fleet is there") || line.contains("could not be sent") {
            break;
        }
    }
    let url = url.unwrap_or_else(|| panic!("no database is told: {said}"));
    let made = crate::support::app::program()
        .args(["token", "create", "--purpose", "read", "--name", "beside"])
        .args(["--database-url", &url])
        .output();
    demo.kill().expect("it is killed");
    demo.wait().expect("it ends");
    let made = made.expect("the program ends");
    assert!(made.status.success(), "{made:?}");
    assert!(made.stdout.starts_with(b"cut_read_"), "{made:?}");
    assert!(
        said.contains("The demo fleet is there: 3 reports"),
        "{said}"
    );
}
