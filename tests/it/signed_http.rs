//! The door for clients that cannot do TLS 1.2: what is taken there, from whom, and how far it is believed.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cutover::{domain::enrolment::Master, enrolment};
use serde_json::{Value, json};

use crate::support::{answer::Answer, app::TestApp};

/// The address of the door, from the log.
pub async fn door(app: &TestApp) -> String {
    for _ in 0..100 {
        if let Some(rest) = app.log().split("plain HTTP at ").nth(1) {
            return rest.split("/api/").next().expect("an address").to_owned();
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{}", app.log());
}

/// Gives machines keys, and returns those in the order of the names.
fn enrol(app: &TestApp, names: &[&str]) -> Vec<Vec<u8>> {
    let mut words = vec!["enrol", "--why", "cannot do TLS 1.2 yet"];
    words.extend(names);
    let said = app.command(&words, "");
    assert!(said.status.success(), "{said:?}");
    let text = String::from_utf8(said.stdout).expect("text");
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("name,key"));
    let keys = lines.map(|line| {
        let (_, key) = line.split_once(',').expect("two columns");
        STANDARD.decode(key).expect("base64")
    });
    keys.collect()
}

/// As the collector signs, by an implementation of its own.
fn signature(key: &[u8], name: &str, body: &str) -> String {
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, key);
    let text = format!("cutover report 1\n{name}\n{body}");
    STANDARD.encode(aws_lc_rs::hmac::sign(&key, text.as_bytes()))
}

fn line(app: &TestApp, name: &str, blocks: bool) -> String {
    let mut report: Value = serde_json::from_str(&app.report(name).line()).expect("a report");
    report["client"] =
        json!({"name": name, "fqdn": format!("{}.corp.example", name.to_lowercase())});
    if blocks {
        report["registry"] = json!([{
            "key": "HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Client",
            "exists": true, "values": {"Enabled": {"type": "REG_DWORD", "data": 0}}
        }]);
    }
    report.to_string()
}

struct Door {
    address: String,
    client: reqwest::Client,
}

impl Door {
    async fn send(&self, name: &str, signature: &str, body: &str) -> Answer {
        let request = self
            .client
            .post(format!("{}/api/v1/reports", self.address))
            .header("content-type", "application/json")
            .header("cutover-machine", name)
            .header("cutover-signature", signature)
            .body(body.to_owned());
        Answer::to(request).await
    }
}

#[tokio::test]
async fn a_signed_report_is_taken_of_its_own_machine_only_and_clears_nothing() {
    for app in TestApp::each_with(&["--signed-http-listen", "127.0.0.1:0"]).await {
        let door = Door {
            address: door(&app).await,
            client: TestApp::client_without_tls(),
        };
        let (pc1, pc2) = ("pc-1.corp.example", "pc-2.corp.example");
        let keys = enrol(&app, &["PC-1.corp.example", pc2]);
        let good = line(&app, "PC-1", false);
        let own = signature(&keys[0], pc1, &good);

        // Taken, and nothing is told.
        let answer = door
            .send("PC-1.Corp.Example", &own, &good)
            .await
            .ok("its own");
        assert_eq!(answer.json(), json!({"taken": true}), "{}", app.engine);
        // What is sent again says nothing new.
        door.send(pc1, &own, &good).await.ok("again");
        assert_eq!(app.json("/api/v1/summary").await["population"]["total"], 1);

        // Of another machine, with another key, changed on the way, or with none.
        let other = line(&app, "PC-2", false);
        for (what, name, signature, body) in [
            ("another key", pc1, signature(&keys[1], pc1, &good), &good),
            ("another name", pc2, own.clone(), &good),
            ("another body", pc1, own.clone(), &other),
            ("nobody", "pc-9.corp.example", own.clone(), &good),
            ("no signature", pc1, String::new(), &good),
        ] {
            let status = door.send(name, &signature, body).await.status;
            assert_eq!(status, 403, "{what} on {}", app.engine);
        }
        let forged = signature(&keys[0], pc1, &other);
        let refused = door.send(pc1, &forged, &other).await.problem(422);
        assert_eq!(refused["errors"][0]["pointer"], "/client/fqdn", "{refused}");
        for (header, value, status) in [
            ("content-encoding", "gzip", 415),
            ("content-type", "text/csv", 415),
            ("cutover-machine", "pc 1", 400),
        ] {
            let mut request = door
                .client
                .post(format!("{}/api/v1/reports", door.address))
                .header("cutover-signature", &own)
                .body(good.clone());
            if header != "cutover-machine" {
                request = request.header("cutover-machine", pc1);
            }
            let answer = Answer::to(request.header(header, value)).await;
            assert_eq!(answer.status, status, "{header}: {}", answer.text());
        }
        assert_eq!(app.json("/api/v1/summary").await["population"]["total"], 1);

        // A token opens nothing here, and nothing can be read.
        let with_token = door
            .client
            .post(format!("{}/api/v1/reports", door.address))
            .bearer_auth(app.token("ingest"))
            .body(good.clone());
        assert_eq!(Answer::to(with_token).await.status, 400);
        for path in [
            "/",
            "/api/v1/summary",
            "/sign-in",
            "/metrics",
            "/kit/cutover-collect.ps1",
        ] {
            let request = door.client.get(format!("{}{path}", door.address));
            let answer = Answer::to(request.bearer_auth(app.token("read"))).await;
            assert_eq!(answer.status, 404, "{path}");
        }
    }
}

#[tokio::test]
async fn what_is_signed_adds_a_blocker_and_takes_none_away() {
    for app in TestApp::each_with(&["--signed-http-listen", "127.0.0.1:0"]).await {
        let door = Door {
            address: door(&app).await,
            client: TestApp::client_without_tls(),
        };
        let name = "pc-1.corp.example";
        let key = enrol(&app, &[name]).remove(0);
        let standing = async || {
            let list = app.json("/api/v1/clients").await;
            list["items"][0]["standing"]
                .as_str()
                .expect("one")
                .to_owned()
        };
        let say = async |blocks: bool| {
            let body = line(&app, "PC-1", blocks);
            let signature = signature(&key, name, &body);
            door.send(name, &signature, &body).await.ok("taken");
        };
        // The token of all clients, which may be anybody, is believed more.
        app.send(line(&app, "PC-1", true)).await.ok("it blocks");
        say(false).await;
        assert_eq!(standing().await, "blocking", "{}", app.engine);
        app.send(line(&app, "PC-1", false)).await.ok("mended");
        let mended = standing().await;
        assert_ne!(mended, "blocking", "{}", app.engine);
        say(true).await;
        assert_eq!(standing().await, "blocking", "{}", app.engine);
        let id = app.json("/api/v1/clients").await["items"][0]["id"].clone();
        let id = id.as_str().expect("an id");
        let client = app.json(&format!("/api/v1/clients/{id}")).await;
        let trusts: Vec<&str> = client["sources"]
            .as_array()
            .expect("sources")
            .iter()
            .filter_map(|source| source["trust"].as_str())
            .collect();
        assert!(trusts.contains(&"signed"), "{client}");
    }
}

#[tokio::test]
async fn a_key_ends_with_a_new_one_and_when_it_is_revoked_and_the_log_says_so() {
    for app in TestApp::each_with(&["--signed-http-listen", "127.0.0.1:0"]).await {
        let door = Door {
            address: door(&app).await,
            client: TestApp::client_without_tls(),
        };
        let name = "pc-1.corp.example";
        let body = line(&app, "PC-1", false);
        let first = enrol(&app, &[name]).remove(0);
        let second = enrol(&app, &[name]).remove(0);
        assert_ne!(first, second);
        let with = async |key: &[u8]| {
            door.send(name, &signature(key, name, &body), &body)
                .await
                .status
        };
        assert_eq!(with(&first).await, 403, "an older key");
        assert_eq!(with(&second).await, 200, "{}", app.engine);
        let revoked = app.command(
            &["enrol", "revoke", "PC-1.corp.example", "--why", "mended"],
            "",
        );
        assert!(revoked.status.success(), "{revoked:?}");
        assert_eq!(with(&second).await, 403, "a key that was revoked");
        let again = app.command(&["enrol", "revoke", name, "--why", "mended"], "");
        assert!(!again.status.success());
        let list = app.command(&["enrol", "list"], "");
        let list = String::from_utf8(list.stdout).expect("text");
        assert!(
            list.starts_with("pc-1.corp.example\tkey 2\t") && list.contains("void since"),
            "{list}"
        );
        let cookie = app.sign_in().await;
        let log = app
            .request(reqwest::Method::GET, "/audit")
            .header("cookie", &cookie);
        let log = Answer::to(log).await.ok("the log").text();
        for words in [
            "Gave a machine a key to sign with",
            "Made the key of a machine void",
        ] {
            assert!(log.contains(words), "{words}");
        }
        // Nobody reads the server's own key but the server.
        let file = app.data_dir().join("enrolment.key");
        assert_eq!(std::fs::read(&file).expect("the key").len(), 32);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&file).expect("the key").permissions();
            assert_eq!(mode.mode() & 0o077, 0);
        }
    }
}

#[tokio::test]
async fn while_it_is_open_every_page_says_so_and_else_none() {
    for (arguments, said) in [
        (&["--signed-http-listen", "127.0.0.1:0"][..], true),
        (&[], false),
    ] {
        let app = TestApp::with(arguments);
        let cookie = app.sign_in().await;
        for path in ["/", "/blockers", "/method", "/account"] {
            let request = app
                .request(reqwest::Method::GET, path)
                .header("cookie", &cookie);
            let page = Answer::to(request).await.ok(path).text();
            assert_eq!(
                page.contains("Signed reports are taken without TLS at 127.0.0.1:"),
                said,
                "{path}"
            );
        }
        // Who has not signed in is told that it is so, and not where.
        let page = Answer::to(app.request(reqwest::Method::GET, "/sign-in")).await;
        let page = page.ok("the sign-in page").text();
        assert_eq!(
            page.contains("Signed reports are taken without TLS, for"),
            said
        );
    }
}

#[tokio::test]
async fn who_sends_too_often_is_told_to_wait() {
    let app = TestApp::with(&["--signed-http-listen", "127.0.0.1:0"]);
    let door = Door {
        address: door(&app).await,
        client: TestApp::client_without_tls(),
    };
    let name = "pc-1.corp.example";
    let key = enrol(&app, &[name]).remove(0);
    let body = line(&app, "PC-1", false);
    let right = signature(&key, name, &body);
    // Nobody else can use up what a machine may send.
    for _ in 0..20 {
        assert_eq!(door.send(name, "AAAA", &body).await.status, 403);
    }
    for _ in 0..6 {
        door.send(name, &right, &body).await.ok("within its quota");
    }
    assert_eq!(door.send(name, &right, &body).await.status, 429);
}

#[test]
fn a_key_that_is_none_stops_the_start_with_a_sentence() {
    let directory = tempfile::tempdir().expect("a directory");
    let short = directory.path().join("short");
    std::fs::write(&short, [1; 31]).expect("written");
    let refused = enrolment::open(&short).expect_err("too short");
    assert!(refused.contains("it has 31 bytes"), "{refused}");
    let long = directory.path().join("long");
    std::fs::write(&long, vec![1; 5_000]).expect("written");
    assert!(enrolment::open(&long).is_err());
    assert!(enrolment::open(&directory.path().join("none")).is_err());
    let made = directory.path().join("made");
    let key = |master: &Master| *master.key_of("pc-1", 1).bytes();
    let first = enrolment::open_or_make(&made).expect("made");
    let again = enrolment::open_or_make(&made).expect("read");
    assert_eq!(key(&first), key(&again), "the same from then on");
}
