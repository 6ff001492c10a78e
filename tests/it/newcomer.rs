//! What people hand in who read no manual: exports as consoles make them, by the ways that the pages describe.

use std::fs;

use cutover::{
    domain::{
        assess,
        facts::{OsFacts, OsVersion},
        verdict::{Impact, Standing},
    },
    store::{incoming::Incoming, model::Filter},
};
use reqwest::{Method, header};
use serde_json::json;

use crate::support::{
    answer::Answer,
    app::TestApp,
    stores::{NOON, TestStore, report},
};

#[tokio::test]
async fn a_device_list_of_the_console_says_which_windows_silent_clients_run() {
    for app in TestApp::each().await {
        let list = "Name,Resource ID,Site Code,Operating System Name and Version\n\
            NEW-1,16777301,P01,Microsoft Windows NT Workstation 10.0\n\
            NEW-2,16777302,P01,Microsoft Windows NT Workstation 10.0 (Tablet Edition)\n\
            NEW-3,16777303,P01,Microsoft Windows NT Workstation 6.1\n\
            NEW-4,16777304,P01,Microsoft Windows NT Advanced Server 6.3\n\
            NEW-5,16777305,P01,Windows 11 Enterprise\n\
            NEW-6,16777306,P01,Microsoft Windows NT Advanced Server 10.0\n\
            NEW-7,16777307,P01,something else\n";
        app.put_population("", list).await.ok("a list");
        let summary = app.json("/api/v1/summary").await;
        let mut lines: Vec<(String, String, i64)> = summary["by_os"]
            .as_array()
            .expect("lines")
            .iter()
            .map(|line| {
                let text = |name: &str| line["os"][name].as_str().expect("text").to_owned();
                (
                    text("key"),
                    text("name"),
                    line["total"].as_i64().expect("a number"),
                )
            })
            .collect();
        lines.sort_unstable();
        let lines: Vec<(&str, &str, i64)> = lines
            .iter()
            .map(|(key, name, n)| (&**key, &**name, *n))
            .collect();
        assert_eq!(
            lines,
            [
                ("10.0-client", "Windows 10 or 11, build not known", 3),
                (
                    "10.0-server",
                    "Windows Server 2016 or later, build not known",
                    1
                ),
                ("6.1-client", "Windows 7, build not known", 1),
                ("6.3-server", "Windows Server 2012 R2, build not known", 1),
                ("unknown", "Unknown Windows version", 1),
            ],
            "{}",
            app.engine
        );
        let listed = app.json("/api/v1/clients?os=10.0-client").await;
        assert_eq!(listed["total"], 3);
    }
}

#[test]
fn one_version_has_one_line_whether_or_not_somebody_said_that_it_is_a_client() {
    let key = |build: u32, product_type: Option<u32>| {
        let facts = OsFacts {
            version: Some(OsVersion {
                major: 10,
                minor: 0,
                build,
            }),
            product_type,
            ..OsFacts::default()
        };
        assess::os_identity(&facts).key
    };
    assert_eq!(key(19_045, None), key(19_045, Some(1)));
    assert_eq!(key(20_348, None), key(20_348, Some(3)));
    // Where both exist, the line stays apart and its label names both.
    assert_eq!(key(17_763, None), "10.0.17763");
    let label = assess::os_label("10.0.17763");
    assert!(label.contains("1809") && label.contains("2019"), "{label}");
}

#[tokio::test]
async fn what_blocks_is_named_and_not_what_is_merely_unknown() {
    let bit = |code: &str| 1_i64 << assess::reason(code).expect("a reason").bit;
    let blocks = assess::REASONS
        .iter()
        .find(|reason| reason.impact.is_some())
        .expect("one that blocks")
        .code;
    let unknown: Vec<&str> = assess::REASONS
        .iter()
        .filter(|reason| reason.impact.is_none())
        .map(|reason| reason.code)
        .take(2)
        .collect();
    for test in TestStore::each().await {
        let store = &test.store;
        let one = |n: u32, os: &str, standing: Standing, reasons: i64| Incoming {
            os_key: os.to_owned(),
            verdict: standing,
            impact: (standing == Standing::Blocking).then_some(Impact::Orphan),
            reasons,
            ..report(n, NOON, 1)
        };
        let mut reports: Vec<Incoming> = (0..5)
            .map(|n| {
                let also = if n == 0 { bit(blocks) } else { 0 };
                one(n, "a", Standing::Blocking, bit(unknown[0]) | also)
            })
            .collect();
        reports.push(one(10, "b", Standing::Undetermined, bit(unknown[1])));
        reports.push(one(11, "a", Standing::Undetermined, bit(unknown[1])));
        store
            .writer()
            .reports(reports, NOON, true)
            .await
            .expect("kept");
        let everybody = store.summary("test", NOON).await.expect("a summary");
        let filter = Filter {
            site: Some("P01".to_owned()),
            ..Filter::default()
        };
        let some = store.selection(&filter, "test", NOON).await;
        for summary in [everybody, some.expect("a selection")] {
            let top = |os: &str| {
                let line = summary.by_os.iter().find(|line| line.os_key == os);
                line.and_then(|line| line.top_reason.clone())
                    .map(|top| (top.reason, top.clients, top.of))
            };
            assert_eq!(
                top("a"),
                Some((blocks.to_owned(), 1, Standing::Blocking)),
                "{}",
                test.engine
            );
            assert_eq!(
                top("b"),
                Some((unknown[1].to_owned(), 1, Standing::Undetermined))
            );
            assert_eq!(summary.reasons[0].reason, blocks, "what blocks comes first");
        }
    }
}

const SYSTEMS: &str = "Device,Caption,Version,BuildNumber,ProductType,OSArchitecture\n\
    PIV-01,Microsoft Windows 7 Enterprise,6.1.7601,7601,1,64-bit\n\
    PIV-02,Microsoft Windows 7 Enterprise,6.1.7601,7601,1,64-bit\n";
const VALUES: &str = "Device,Property,Value\nPIV-02,DefaultSecureProtocols,2720\n";
const QUERY: &str = r"Registry('hklm:\\SOFTWARE\\Wow6432Node\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\\WinHttp')";
const SCHANNEL: &str = "Device,Property,Value\nPIV-02,Enabled,1\nPIV-02,DisabledByDefault,0\n";

#[tokio::test]
async fn a_run_of_cmpivot_comes_in_together_with_one_query_a_file() {
    for app in TestApp::each().await {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).expect("a file");
            path.display().to_string()
        };
        let files = [
            file("os.csv", SYSTEMS),
            file("winhttp32.csv", VALUES),
            file("schannel.csv", SCHANNEL),
        ];
        let server = format!("https://{}", app.address);
        let certificate = app.certificate().display().to_string();
        let schannel = r"Registry('hklm:\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Client')";
        let said = [
            "--one-run",
            "--query-of",
            &files[1],
            QUERY,
            "--query-of",
            &files[2],
            schannel,
        ];
        let names: Vec<&str> = files.iter().map(String::as_str).collect();
        // Without the queries nobody knows which keys the values are of.
        let output = app.command(&[&["import", "--one-run"], &names[..]].concat(), "");
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let judged = app.command(
            &[&["assess", "--format", "json"], &said[..], &names[..]].concat(),
            "",
        );
        assert_eq!(judged.status.code(), Some(0), "{judged:?}");
        let through = [
            "--server",
            &server,
            "--ca",
            &certificate,
            "--token",
            app.token("import"),
        ];
        for more in [&[][..], &through[..]] {
            let words = [&["import"], &said[..], more, &names[..]].concat();
            let output = app.command(&words, "");
            assert_eq!(output.status.code(), Some(0), "{output:?}");
        }
        let found = app.json("/api/v1/clients?q=PIV-01").await;
        let id = found["items"][0]["id"].as_str().expect("an id").to_owned();
        let raw = app.get(&format!("/api/v1/clients/{id}/raw")).await;
        let raw = raw.ok("the report").text();
        assert!(
            !raw.contains("\"exists\":false") && !raw.contains("Wow6432Node"),
            "what has no row is not collected, for it may have gone offline in between: {raw}"
        );
        let wrong = app.command(&["import", "--query-of", "other.csv", QUERY, &files[0]], "");
        assert_eq!(wrong.status.code(), Some(2));
    }
}

#[tokio::test]
async fn the_page_asks_which_query_each_file_answers_and_guesses_it() {
    let app = TestApp::one();
    let cookie = app.sign_in().await;
    let parts = [
        ("os.csv", SYSTEMS),
        ("winhttp32.csv", VALUES),
        ("schannel.csv", SCHANNEL),
    ];
    let mut body = String::from(
        "--x\r\ncontent-disposition: form-data; name=\"one_run\"\r\n\r\n1\r\n--x\r\ncontent-disposition: form-data; name=\"collected_at\"\r\n\r\n2026-11-20T08:00:00Z\r\n",
    );
    for (name, text) in parts {
        body.push_str(&format!(
            "--x\r\ncontent-disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\r\n{text}\r\n"
        ));
    }
    body.push_str("--x--\r\n");
    let sent = app
        .request(Method::POST, "/upload")
        .header(header::COOKIE, &cookie)
        .header(header::ORIGIN, format!("https://{}", app.address))
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
        .body(body);
    let answer = Answer::to(sent).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let page = answer.header("location");
    app.settled_as(&cookie, &page).await;
    let shown = |path: String| {
        let request = app
            .request(Method::GET, &path)
            .header(header::COOKIE, &cookie);
        async { Answer::to(request).await.ok("the page").text() }
    };
    let text = shown(page.clone()).await;
    for field in ["key-1", "key-2"] {
        assert!(
            text.contains(&format!("name=\"{field}\"")),
            "{field}: {text}"
        );
    }
    assert!(
        text.contains("Wow6432Node") && text.contains("guessed") && text.contains("SCHANNEL"),
        "{text}"
    );
    let form = format!(
        "collected_at=2026-11-20T08%3A00%3A00Z&key-1={}&key-2={}",
        encoded(QUERY),
        encoded(
            r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Client"
        )
    );
    let again = app
        .request(Method::POST, &format!("{page}/again"))
        .header(header::COOKIE, &cookie)
        .header(header::ORIGIN, format!("https://{}", app.address))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form);
    assert_eq!(Answer::to(again).await.status, 303);
    let upload = app.settled_as(&cookie, &page).await;
    assert_eq!(upload["rejected"], json!(0), "{upload}");
    let text = shown(page).await;
    assert!(!text.contains(">guessed<"), "it was said: {text}");
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn a_client_found_by_a_strong_id_under_another_name_says_so() {
    for app in TestApp::each().await {
        let line = |name: &str, at: &str| {
            json!({
                "schema_version": 1, "collected_at": at,
                "client": {"name": name, "fqdn": format!("{}.corp.example", name.to_lowercase()),
                           "site_code": "P01", "resource_id": 16_777_345},
                "os": {"version": "10.0.19045", "product_type": 1, "architecture": "64-bit"},
            })
            .to_string()
        };
        app.send(line("REAL-1", "2026-11-19T08:00:00Z"))
            .await
            .ok("one");
        app.send(line("SAMPLE-1", "2026-11-20T08:00:00Z"))
            .await
            .ok("two");
        let found = app.json("/api/v1/clients?q=SAMPLE-1").await;
        assert_eq!(found["total"], 1, "{}", app.engine);
        let id = found["items"][0]["id"].as_str().expect("an id").to_owned();
        let cookie = app.sign_in().await;
        let request = app
            .request(Method::GET, &format!("/clients/{id}"))
            .header(header::COOKIE, &cookie);
        let page = Answer::to(request).await.ok("the page").text();
        assert!(
            page.contains("Known as REAL-1, real-1.corp.example before"),
            "{page}"
        );
    }
}

#[tokio::test]
async fn dates_that_can_be_two_days_are_taken_when_somebody_says_the_order() {
    let app = TestApp::one();
    let table = |date: &str, other: &str| {
        format!(
            "Device,Caption,Version,ProductType,OSArchitecture,CollectedAt\n\
             DAT-1,Windows 10,10.0.19045,1,64-bit,{date}\nDAT-2,Windows 10,10.0.19045,1,64-bit,{other}\n"
        )
    };
    let read = async |query: &str, text: String| {
        let upload = app
            .upload(
                &format!("?name=t.csv&collected_at=2026-11-23T08:00:00Z{query}"),
                text,
            )
            .await;
        let id = upload["id"].as_str().expect("an id").to_owned();
        let rows = app.uploads(Method::GET, &format!("/{id}/rows"));
        let rows = Answer::to(rows).await.ok("rows").json();
        (upload, rows)
    };
    let told = |upload: &serde_json::Value| upload["told"][0]["notes"].to_string();
    let (upload, _) = read("", table("11/10/2026 07:10", "10/11/2026 07:10")).await;
    assert!(told(&upload).contains("day or the month"), "{upload}");
    for (dates, text) in [
        ("us", table("11/10/2026 7:10 AM", "11/9/2026 7:10 AM")),
        ("european", table("10/11/2026 07:10", "09/11/2026 07:10")),
    ] {
        let (upload, rows) = read(&format!("&dates={dates}"), text).await;
        assert!(
            !told(&upload).contains("day or the month"),
            "{dates}: {upload}"
        );
        assert_eq!(upload["rejected"], json!(0), "{dates}: {upload} {rows}");
    }
    // Points prove it, and so does a day after the twelfth.
    let (upload, _) = read("", table("10.11.2026 07:10", "09.11.2026 07:10")).await;
    assert!(!told(&upload).contains("day or the month"), "{upload}");
    // Who says it wrongly is not believed.
    let (upload, _) = read("&dates=us", table("20/11/2026 07:10", "10/11/2026 07:10")).await;
    assert!(
        told(&upload).contains("some rows write the day first"),
        "{upload}"
    );
    let wrong = app.uploads(Method::POST, "?dates=american").body("x");
    assert_eq!(Answer::to(wrong).await.status, 422);
}
