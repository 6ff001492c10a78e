//! Clients that show their own certificate: they report for themselves, and for nobody else.

use cutover::domain::{bound::Bound, identity::ClientIds};
use serde_json::{Value, json};

use crate::support::{answer::Answer, app::TestApp};

fn ids(name: Option<&str>, fqdn: Option<&str>) -> ClientIds {
    ClientIds {
        sms_guid: Some("11111111-2222-3333-4444-555555555555".to_owned()),
        resource_id: Some(16_777_220),
        site_code: Some("P01".to_owned()),
        name: name.map(str::to_owned),
        fqdn: fqdn.map(str::to_owned),
        ..ClientIds::default()
    }
}

#[test]
fn only_what_the_certificate_names_is_taken() {
    let full = &["PC-1.corp.example"][..];
    let long = &["a-very-long-computer-name.corp.example"][..];
    let two = &["pc-1.corp.example", "pc-2.corp.example"][..];
    for (names, name, fqdn, expected) in [
        (
            full,
            Some("PC-1"),
            Some("pc-1.corp.example"),
            Ok(Some("pc-1.corp.example")),
        ),
        (full, Some("PC-1"), None, Ok(Some("pc-1.corp.example"))),
        (
            full,
            None,
            Some("pc-1.corp.example"),
            Ok(Some("pc-1.corp.example")),
        ),
        (full, None, None, Ok(Some("pc-1.corp.example"))),
        (
            full,
            Some("pc-1.corp.example"),
            None,
            Ok(Some("pc-1.corp.example")),
        ),
        (
            full,
            Some("PC-2"),
            Some("pc-1.corp.example"),
            Err("/client/name"),
        ),
        (
            full,
            Some("PC-1"),
            Some("pc-1.other.example"),
            Err("/client/fqdn"),
        ),
        (
            full,
            Some("PC-1"),
            Some("pc-2.corp.example"),
            Err("/client/fqdn"),
        ),
        (full, Some("PC-2"), None, Err("/client/name")),
        (full, Some("PC-11"), None, Err("/client/name")),
        (full, Some(""), None, Err("/client/name")),
        (
            long,
            Some("A-VERY-LONG-COM"),
            None,
            Ok(Some("a-very-long-computer-name.corp.example")),
        ),
        (two, Some("PC-2"), None, Ok(Some("pc-2.corp.example"))),
        (
            two,
            Some("PC-1"),
            Some("pc-2.corp.example"),
            Err("/client/name"),
        ),
        (&["PC-1"], Some("PC-1"), None, Ok(None)),
        (
            &["PC-1"],
            Some("PC-1"),
            Some("pc-1.corp.example"),
            Err("/client/fqdn"),
        ),
    ] {
        let bound = Bound::to(names.iter().map(|&name| name.to_owned())).expect("bound");
        let held = bound.hold(ids(name, fqdn));
        match (held, expected) {
            (Ok(held), Ok(fqdn)) => {
                assert_eq!(held.fqdn.as_deref(), fqdn, "{names:?} {name:?}");
                assert!(held.name.is_some());
                assert_eq!(
                    (held.sms_guid, held.resource_id),
                    (None, None),
                    "not proven"
                );
                assert_eq!(held.site_code.as_deref(), Some("P01"));
            }
            (Err((pointer, _)), Err(expected)) => assert_eq!(pointer, expected),
            (held, expected) => panic!("{names:?} {name:?} {fqdn:?}: {held:?}, not {expected:?}"),
        }
    }
    for names in [&[][..], &["*.corp.example"], &[" ", "."]] {
        assert_eq!(Bound::to(names.iter().map(|&name| name.to_owned())), None);
    }
}

/// A certificate authority, and clients of it.
pub struct Authority {
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
    pub pem: String,
}

impl Authority {
    pub fn new() -> Self {
        let key = rcgen::KeyPair::generate().expect("a key");
        let mut params = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self {
            issuer: rcgen::Issuer::new(params, key),
            pem,
        }
    }

    /// Certificate and key of a client with these DNS names and this common name, as PEM.
    pub fn client(&self, names: &[&str], common: &str) -> Vec<u8> {
        let key = rcgen::KeyPair::generate().expect("a key");
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = rcgen::CertificateParams::new(names).expect("parameters");
        params.distinguished_name = rcgen::DistinguishedName::new();
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, common);
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
        let made = params.signed_by(&key, &self.issuer).expect("a certificate");
        format!("{}{}", made.pem(), key.serialize_pem()).into_bytes()
    }
}

/// The address of the second door, from the log.
pub async fn door(app: &TestApp) -> String {
    for _ in 0..100 {
        let log = app.log();
        let found = log.split("own certificate report to ").nth(1);
        if let Some(rest) = found {
            return rest.split("/api/").next().expect("an address").to_owned();
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{}", app.log());
}

fn with(app: &TestApp, identity: Option<&[u8]>) -> reqwest::Client {
    let mut builder = app.client_builder();
    if let Some(pem) = identity {
        builder = builder.identity(reqwest::Identity::from_pem(pem).expect("an identity"));
    }
    builder.build().expect("a client")
}

#[tokio::test]
async fn a_certificate_speaks_for_its_own_machine_and_stands_between_token_and_person() {
    let authority = Authority::new();
    let directory = tempfile::tempdir().expect("a directory");
    let ca = directory.path().join("ca.pem");
    std::fs::write(&ca, &authority.pem).expect("written");
    let ca = ca.display().to_string();
    for app in TestApp::each_with(&[
        "--mtls-listen",
        "127.0.0.1:0",
        "--mtls-ca",
        &ca,
        "--rate-limit",
        "0",
    ])
    .await
    {
        let door = door(&app).await;
        let own = with(
            &app,
            Some(&authority.client(&["pc-1.corp.example"], "ignored")),
        );
        let by_common_name = with(&app, Some(&authority.client(&[], "pc-1.corp.example")));
        let line = |name: &str, blocks: bool| {
            let mut report: Value =
                serde_json::from_str(&app.report(name).line()).expect("a report");
            report["client"] =
                json!({"name": name, "fqdn": format!("{}.corp.example", name.to_lowercase())});
            if blocks {
                report["registry"] = json!([{
                    "key": "HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Client",
                    "exists": true, "values": {"Enabled": {"type": "REG_DWORD", "data": 0}}
                }]);
            }
            report.to_string()
        };
        let send = async |client: &reqwest::Client, body: String| {
            let request = client
                .post(format!("{door}/api/v1/reports"))
                .header("content-type", "application/json")
                .body(body);
            Answer::to(request).await
        };
        for client in [&own, &by_common_name] {
            let answer = send(client, line("PC-1", false)).await.ok("its own").json();
            assert_eq!(answer["rejected"], 0, "{}: {answer}", app.engine);
        }
        let other = send(&own, line("PC-2", false)).await.problem(422);
        assert_eq!(other["errors"][0]["pointer"], "/client/fqdn", "{other}");
        let both = format!("[{},{}]", line("PC-2", false), line("PC-1", false));
        let both = send(&own, both).await.ok("one of them").json();
        assert_eq!(
            (&both["rejected"], &both["stored"]),
            (&json!(1), &json!(1)),
            "{both}"
        );
        assert_eq!(app.json("/api/v1/summary").await["population"]["total"], 1);

        // Nothing else is behind this door.
        for path in ["/", "/api/v1/summary", "/sign-in", "/metrics"] {
            let answer = Answer::to(own.get(format!("{door}{path}"))).await;
            assert_eq!(answer.status, 404, "{path}");
        }
        Answer::to(own.get(format!("{door}/healthz")))
            .await
            .ok("alive");
        // Nobody comes in without a certificate of that authority.
        let stranger = Authority::new().client(&["pc-1.corp.example"], "x");
        for client in [with(&app, None), with(&app, Some(&stranger))] {
            assert!(client.get(format!("{door}/healthz")).send().await.is_err());
        }
        let star = with(&app, Some(&authority.client(&["*.corp.example"], "x")));
        assert_eq!(send(&star, line("PC-1", false)).await.status, 403);

        // What the machine itself says is not taken away by the token that all have.
        let blocks = send(&own, line("PC-1", true)).await.ok("worse").json();
        let id = blocks["results"][0]["client_id"]
            .as_str()
            .expect("an id")
            .to_owned();
        let standing =
            async || app.json(&format!("/api/v1/clients/{id}")).await["standing"].clone();
        assert_eq!(standing().await, "blocking", "{}", app.engine);
        app.send(line("PC-1", false)).await.ok("with the token");
        assert_eq!(standing().await, "blocking", "{}", app.engine);
        // The machine itself may say that it was mended.
        send(&own, line("PC-1", false)).await.ok("mended");
        assert_ne!(standing().await, "blocking", "{}", app.engine);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn the_authorities_are_read_again_when_they_are_replaced() {
    let (first, second) = (Authority::new(), Authority::new());
    let directory = tempfile::tempdir().expect("a directory");
    let ca = directory.path().join("ca.pem");
    std::fs::write(&ca, &first.pem).expect("written");
    let ca_name = ca.display().to_string();
    for app in TestApp::each_with(&["--mtls-listen", "127.0.0.1:0", "--mtls-ca", &ca_name]).await {
        std::fs::write(&ca, &first.pem).expect("written");
        let door = door(&app).await;
        let one = first.client(&["pc-1.corp.example"], "x");
        let other = second.client(&["pc-2.corp.example"], "x");
        // Each time anew, so that a connection from before helps nobody.
        let gets_in = async |identity: &[u8]| {
            let asked = with(&app, Some(identity)).get(format!("{door}/healthz"));
            asked
                .send()
                .await
                .is_ok_and(|answer| answer.status() == 200)
        };
        let told = async |times: usize, words: &str| {
            let kill = std::process::Command::new("kill")
                .args(["-HUP", &app.pid().to_string()])
                .status();
            assert!(kill.expect("kill").success());
            for _ in 0..600 {
                if app.log().matches(words).count() >= times {
                    return;
                }
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            panic!("{words:?} is not {times} times in {}", app.log());
        };
        let anew = "authorities of client certificates were read anew";
        let refused = "replaced by a file that cannot be used, so the old ones stay";
        assert!(gets_in(&one).await && !gets_in(&other).await);
        // Two for a while, and then the new one alone.
        std::fs::write(&ca, format!("{}{}", first.pem, second.pem)).expect("written");
        told(1, anew).await;
        assert!(
            gets_in(&one).await && gets_in(&other).await,
            "{}",
            app.engine
        );
        std::fs::write(&ca, &second.pem).expect("written");
        told(2, anew).await;
        assert!(
            !gets_in(&one).await && gets_in(&other).await,
            "{}",
            app.engine
        );
        // What cannot be used changes nothing, and is said.
        std::fs::write(&ca, "no certificate").expect("written");
        told(1, refused).await;
        assert!(
            !gets_in(&one).await && gets_in(&other).await,
            "{}",
            app.engine
        );
        assert!(
            app.log()
                .contains(&format!("mtls_ca {ca_name} cannot be used"))
        );
        let cookie = app.sign_in().await;
        let log = app
            .request(
                reqwest::Method::GET,
                "/api/v1/audit?deed=certificate.replace",
            )
            .header("cookie", &cookie);
        let log = Answer::to(log).await.ok("the log").json();
        let subjects: Vec<&str> = log["items"]
            .as_array()
            .expect("entries")
            .iter()
            .filter_map(|entry| entry["subject"].as_str())
            .collect();
        assert_eq!(subjects, ["authorities of client certificates"; 2], "{log}");
    }
}

#[test]
fn half_a_setting_is_refused() {
    for (arguments, words) in [
        (&["--mtls-listen", "127.0.0.1:0"][..], "belong together"),
        (
            &[
                "--mtls-listen",
                "127.0.0.1:0",
                "--mtls-ca",
                "x",
                "--plain-http",
            ],
            "needs TLS",
        ),
        (
            &[
                "--mtls-listen",
                "127.0.0.1:0",
                "--mtls-ca",
                "/nowhere/ca.pem",
            ],
            "mtls_ca /nowhere/ca.pem",
        ),
        (
            &["--sightings-from", "10.0.0.0/8", "--plain-http"],
            "sightings_from needs TLS",
        ),
        (
            &["--mtls-listen", "nonsense", "--mtls-ca", "x"],
            "mtls_listen must be HOST:PORT",
        ),
    ] {
        let directory = tempfile::tempdir().expect("a directory");
        let said = crate::support::app::program()
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(directory.path())
            .args(arguments)
            .output()
            .expect("it ends");
        let text = String::from_utf8_lossy(&said.stderr).into_owned();
        assert!(
            !said.status.success() && text.contains(words),
            "{arguments:?}: {text}"
        );
    }
}
