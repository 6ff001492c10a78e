//! Reports made to hurt: whatever stands in a field, the answer is a verdict or a refusal, never a failure.

use std::fmt::Write as _;

use cutover::store::Store;
use reqwest::{Client, StatusCode, Url};
use serde_json::Value;
use sqlx::{Connection as _, PgConnection, SqliteConnection};

use super::{check, load::Rounds};
use crate::support::{
    postgres::Database,
    process::{Home, Server},
};

/// Values as they stand in JSON.
const HOSTILE: &[&str] = &[
    r#""\u0000""#,
    r#""a\u0000b""#,
    r#""\ud800""#,
    r#""\udfff\ud800 x""#,
    r#""\uffff\ufffe""#,
    r#""\u202eevil\u2028\u2029""#,
    r#""\u0001\u001f\u007f\u0085""#,
    r#""\r\n\t""#,
    r#""'; DROP TABLE clients; --""#,
    r#""$1 ? :1 %s {} %00 \\x00 \\0""#,
    r#""%_\\""#,
    r#"",,,""#,
    r#""{\"a\",NULL}""#,
    r#""<script>alert(1)</script>""#,
    r#""""#,
    r#"" ""#,
    "0",
    "-1",
    "-0.0",
    "2147483648",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "99999999999999999999999999",
    "1e400",
    "1e308",
    "null",
    "true",
    "[]",
    "{}",
    r#"["\u0000",null,{"name":"\u0000"},[[]]]"#,
    r#"{"value":"\u0000","type":"REG_SZ","data":"\u0000"}"#,
    r#"{"type":"\u0000","data":[0,-1,"\u0000"]}"#,
    r#""9999-12-31T23:59:59.999999999Z""#,
    r#""-009999-01-02T01:59:59Z""#,
    r#""0000-01-01T00:00:00Z""#,
    r#""/Date(253402300799999)/""#,
    r#""/Date(-377705023201000)/""#,
    r#""/Date(9223372036854775807)/""#,
];

/// Values that are hostile by their length: as long as an id may be, and longer, in wide characters.
fn long() -> Vec<String> {
    let text = |c: char, n: usize| format!("\"{}\"", c.to_string().repeat(n));
    vec![
        text('\u{10FFFF}', 256),
        text('İ', 256),
        text('ß', 257),
        text('x', 32 * 1024),
        text('x', 40 * 1024),
    ]
}

/// Where a value stands in the report; of a list, the first place.
fn places(value: &Value, here: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                places(value, &format!("{here}/{name}"), found);
            }
        }
        Value::Array(items) => {
            if let Some(first) = items.first() {
                places(first, &format!("{here}/0"), found);
            }
        }
        _ => {}
    }
    found.push(here.to_owned());
}

/// A report with everything in it.
fn full() -> Value {
    let (_, text) = (0..500)
        .filter_map(|number| Rounds::new(29, 500).report(number))
        .max_by_key(|(_, text)| text.len())
        .expect("a report");
    let mut report: Value = serde_json::from_slice(&text).expect("JSON");
    let client = &mut report["client"];
    client["serial_number"] = "SER-1".into();
    client["ip_addresses"] = serde_json::json!(["192.0.2.1"]);
    client["management_point"] = "mp.example".into();
    client["client_version"] = "5.00.9088.1000".into();
    client["communication"] = "https".into();
    client["roles"] = serde_json::json!(["management_point"]);
    report["hotfixes_cut"] = false.into();
    report["os"]["registry_build"] = 19_045.into();
    report["unknown"] = "to this server".into();
    report
}

/// The report with `hostile` in one place, byte for byte.
fn poisoned(report: &Value, place: &str, hostile: &str) -> String {
    const MARK: &str = "\"@poison@\"";
    let mut report = report.clone();
    let slot = report.pointer_mut(place).expect("a place of this report");
    *slot = Value::String("@poison@".to_owned());
    report.to_string().replace(MARK, hostile)
}

async fn send(client: &Client, url: &Url, body: String) -> (StatusCode, String) {
    let answer = client
        .post(url.clone())
        .body(body)
        .send()
        .await
        .expect("an answer");
    (answer.status(), answer.text().await.expect("a body"))
}

async fn hostile_values_are_taken_or_refused(home: &Home, server: &Server) {
    let (client, url) = server.client(Some(&home.welcome().ingest_token), "reports");
    let report = full();
    let mut all = Vec::new();
    places(&report, "", &mut all);
    let long = long();
    let values: Vec<&str> = HOSTILE
        .iter()
        .copied()
        .chain(long.iter().map(String::as_str))
        .collect();
    let mut failed = String::new();
    let mut sent = 0;
    for place in all.iter().filter(|place| !place.is_empty()) {
        let records: Vec<String> = values
            .iter()
            .map(|value| poisoned(&report, place, value))
            .collect();
        sent += records.len();
        let (status, answer) = send(&client, &url, records.join("\n")).await;
        if status == StatusCode::OK {
            continue;
        }
        writeln!(failed, "{place}: {status} {answer}").expect("a string takes it");
        for (value, record) in values.iter().zip(records) {
            let (status, _) = send(&client, &url, record).await;
            if !matches!(status.as_u16(), 200 | 400 | 422) {
                let value: String = value.chars().take(60).collect();
                writeln!(failed, "    {value}: {status}").expect("a string takes it");
            }
        }
    }
    assert!(failed.is_empty(), "{failed}\n{}", home.log());
    println!("{sent} hostile reports: none made the server fail");

    let token = home.token("read");
    for address in [
        "summary",
        "clients?limit=1000",
        "clients?format=csv",
        "blockers?standing=all&format=ndjson",
        "rejects",
    ] {
        let (reader, url) = server.client(Some(&token), "x");
        let url = url.join(address).expect("an address");
        let answer = reader.get(url).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "{address}");
        answer.bytes().await.expect("all of it");
    }
    let store = Store::open(&home.database_url()).await.expect("a store");
    check::counts_agree(&store).await;
    let (reader, url) = server.client(Some(&token), "x");
    for row in check::rows(&store).await {
        let url = url
            .join(&format!("clients/{}", row.id))
            .expect("an address");
        let answer = reader.get(url).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "{row:?}\n{}", home.log());
        let text = answer.bytes().await.expect("all of it");
        let shown: Result<Value, _> = serde_json::from_slice(&text);
        assert!(shown.is_ok(), "{}", String::from_utf8_lossy(&text));
    }
    store.close().await;
}

/// Addresses with what no database can look for.
async fn hostile_questions_are_answered(home: &Home, server: &Server) {
    let (reader, base) = server.client(Some(&home.token("read")), "x");
    let nul = format!("1{}00", "00".repeat(16));
    let cursor = format!("clients?cursor={nul}");
    for address in [
        "clients?q=%00",
        "clients?q=%FF%FE",
        "clients?site=%00",
        "clients?os=a%00",
        "clients?role=%25%00",
        "clients?limit=99999999999999999999",
        "clients?cursor=%00",
        &cursor,
        "clients/%00",
        "clients/%FF",
        "clients/x/raw",
        "/os/%00",
        "/static/%00",
    ] {
        let url = base.join(address).expect("an address");
        let status = reader.get(url).send().await.expect("an answer").status();
        assert!(
            !status.is_server_error(),
            "{address}: {status}\n{}",
            home.log()
        );
    }
    for token in [
        "cut_ingest__",
        "cut_\u{e9}",
        "cut_ingest_%00_%00",
        &"x".repeat(4_000),
    ] {
        let (client, url) = server.client(None, "reports");
        let request = client
            .post(url)
            .header("authorization", format!("Bearer {token}"));
        let status = request.body("{}").send().await.expect("an answer").status();
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{token}");
    }
    let (browser, sign_in) = server.client(None, "x");
    let sign_in = sign_in.join("/sign-in").expect("an address");
    let form = browser
        .post(sign_in.clone())
        .header("content-type", "application/x-www-form-urlencoded");
    let status = form
        .body("user=%00&password=%00&next=%00")
        .send()
        .await
        .expect("an answer")
        .status();
    assert!(
        !status.is_server_error(),
        "signing in: {status}\n{}",
        home.log()
    );
}

/// A record that the database itself refuses is refused; whoever shared a group with it is not.
async fn one_refused_record_spoils_no_other(home: &Home, server: &Server) {
    let (client, url) = server.client(Some(&home.welcome().ingest_token), "reports");
    let named = |name: &str| {
        format!(
            r#"{{"schema_version":1,"collected_at":"2026-01-01T00:00:00Z","client":{{"name":"{name}"}},"os":{{"version":"10.0.19045"}}}}"#
        )
    };
    let mut senders = tokio::task::JoinSet::new();
    for number in 0..200 {
        let is_poison = number % 20 == 7;
        let name = if is_poison {
            "POISON".to_owned()
        } else {
            format!("GOOD-{number}")
        };
        let (client, url, body) = (client.clone(), url.clone(), named(&name));
        senders.spawn(async move { (is_poison, send(&client, &url, body).await) });
    }
    while let Some(answer) = senders.join_next().await {
        let (is_poison, (status, text)) = answer.expect("a sender");
        let wanted = if is_poison {
            StatusCode::UNPROCESSABLE_ENTITY
        } else {
            StatusCode::OK
        };
        assert_eq!(status, wanted, "{text}\n{}", home.log());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_reports_never_make_the_server_fail_on_sqlite() {
    let home = Home::sqlite();
    let mut server = home.start();
    hostile_values_are_taken_or_refused(&home, &server).await;
    hostile_questions_are_answered(&home, &server).await;
    let mut conn = SqliteConnection::connect(&home.database_url())
        .await
        .expect("connect");
    sqlx::query(
        "CREATE TRIGGER poison BEFORE INSERT ON clients WHEN NEW.name = 'POISON'
         BEGIN SELECT RAISE(ABORT, 'poison'); END",
    )
    .execute(&mut conn)
    .await
    .expect("a trigger");
    one_refused_record_spoils_no_other(&home, &server).await;
    assert!(server.is_alive());
    assert!(!home.log().contains("panicked"), "{}", home.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_reports_never_make_the_server_fail_on_postgres() {
    let Some(database) = Database::fresh().await else {
        return;
    };
    let home = Home::postgres(&database.url());
    let mut server = home.start();
    hostile_values_are_taken_or_refused(&home, &server).await;
    hostile_questions_are_answered(&home, &server).await;
    let mut conn = PgConnection::connect(&database.url())
        .await
        .expect("connect");
    sqlx::query("ALTER TABLE clients ADD CONSTRAINT poison CHECK (name <> 'POISON')")
        .execute(&mut conn)
        .await
        .expect("a constraint");
    conn.close().await.expect("close");
    one_refused_record_spoils_no_other(&home, &server).await;
    assert!(server.is_alive());
    assert!(!home.log().contains("panicked"), "{}", home.log());
}
