//! Which Windows agrees with which certificate, held against the real server; and certificates that are replaced.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use cutover::{
    clock,
    domain::{
        handshake::{
            Agreed, Auth, Certificate, KeyKind, Offer, P256, P384, Refused, Server, TLS12, TLS13,
            WINDOWS, X25519, agree, suite,
        },
        time::{DAY, Timestamp},
    },
    http::tls,
    transport::PairFiles,
};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::support::{
    answer::Answer,
    app::TestApp,
    hello::{self, Answer as Said},
    stores::TestStore,
};

/// A folder with pairs of certificate and key.
struct Pairs {
    directory: tempfile::TempDir,
}

impl Pairs {
    fn new() -> Self {
        Self {
            directory: tempfile::tempdir().expect("a directory"),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// Writes `NAME.pem` and `NAME-key.pem`; answers the certificate.
    fn make(
        &self,
        name: &str,
        algorithm: &'static rcgen::SignatureAlgorithm,
        common: &str,
        days: i64,
    ) -> rustls::pki_types::CertificateDer<'static> {
        let key = rcgen::KeyPair::generate_for(algorithm).expect("a key");
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut params = rcgen::CertificateParams::new(names).expect("names");
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, common);
        let until = clock::now().plus(days * DAY).to_string();
        let part = |range: std::ops::Range<usize>| until[range].parse::<u8>().expect("a number");
        params.not_after =
            rcgen::date_time_ymd(until[..4].parse().expect("a year"), part(5..7), part(8..10));
        let made = params.self_signed(&key).expect("a certificate");
        // As tools do that mean well: beside it, and then in its place.
        for (file, text) in [
            (format!("{name}.pem"), made.pem()),
            (format!("{name}-key.pem"), key.serialize_pem()),
        ] {
            fs::write(self.path("new"), text).expect("written");
            fs::rename(self.path("new"), self.path(&file)).expect("in its place");
        }
        made.der().clone()
    }

    fn app(&self, names: &[&str], more: &[&str]) -> TestApp {
        let mut arguments: Vec<String> = more.iter().map(|&word| word.to_owned()).collect();
        for name in names {
            arguments.extend(["--tls-cert".to_owned(), self.text(&format!("{name}.pem"))]);
            arguments.extend([
                "--tls-key".to_owned(),
                self.text(&format!("{name}-key.pem")),
            ]);
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let app = TestApp::with(&arguments);
        // What the client of the tests trusts.
        fs::copy(self.path(&format!("{}.pem", names[0])), app.certificate()).expect("copied");
        app
    }
}

fn hang_up(app: &TestApp) {
    let pid = app.pid().to_string();
    let told = std::process::Command::new("kill")
        .args(["-HUP", &pid])
        .status()
        .expect("kill");
    assert!(told.success());
}

async fn until_logged(app: &TestApp, words: &str) {
    for _ in 0..200 {
        if app.log().contains(words) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{words:?} is not in the log: {}", app.log());
}

/// The certificate that is shown to a client that trusts these.
async fn shown(
    address: &str,
    trusted: &[rustls::pki_types::CertificateDer<'static>],
) -> std::io::Result<Vec<u8>> {
    let mut roots = RootCertStore::empty();
    for one in trusted {
        roots.add(one.clone()).expect("a certificate");
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tcp = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").expect("a name");
    let stream = TlsConnector::from(Arc::new(config))
        .connect(name, tcp)
        .await?;
    let (_, connection) = stream.get_ref();
    Ok(connection.peer_certificates().expect("a chain")[0].to_vec())
}

#[tokio::test]
async fn the_table_of_the_self_test_is_what_the_server_does() {
    let pairs = Pairs::new();
    pairs.make("ecdsa", &rcgen::PKCS_ECDSA_P256_SHA256, "ecdsa", 90);
    pairs.make("p384", &rcgen::PKCS_ECDSA_P384_SHA384, "p384", 90);
    pairs.make("rsa", &rcgen::PKCS_RSA_SHA256, "rsa", 90);
    let (suites, curves) = tls::taken();
    for (names, keys) in [
        (&["ecdsa"][..], &[KeyKind::Ecdsa(P256)][..]),
        (&["p384"], &[KeyKind::Ecdsa(P384)]),
        (&["rsa"], &[KeyKind::Rsa(2_048)]),
        // Given the other way round, so that the order of the settings does not matter.
        (
            &["rsa", "ecdsa"],
            &[KeyKind::Rsa(2_048), KeyKind::Ecdsa(P256)],
        ),
    ] {
        let app = pairs.app(names, &[]);
        let server = Server {
            suites,
            curves,
            keys,
        };
        for windows in WINDOWS {
            let bytes = hello::hello(&windows.offer, Some("localhost"));
            let said = hello::say(&app.address, &bytes).await;
            let (name, state) = (windows.name, windows.state);
            match agree(&windows.offer, &server) {
                Ok(agreed) => {
                    assert_eq!(
                        said,
                        Said::Suite(agreed.suite),
                        "{names:?}: {name}, {state}"
                    );
                }
                Err(_) => assert!(
                    matches!(said, Said::Alert(_)),
                    "{names:?}: {name}, {state}: {said:?}"
                ),
            }
        }
    }
}

#[test]
fn what_is_agreed_follows_from_offer_and_keys() {
    let (suites, curves) = tls::taken();
    let agreed = |offer: &Offer<'_>, keys: &[KeyKind]| {
        agree(
            offer,
            &Server {
                suites,
                curves,
                keys,
            },
        )
    };
    let (ecdsa, rsa) = (KeyKind::Ecdsa(P256), KeyKind::Rsa(2_048));
    let of = |name: &str, state: &str| {
        let found = WINDOWS
            .iter()
            .find(|one| one.name.contains(name) && one.state.contains(state));
        found.expect("a Windows").offer
    };
    let said = |version, suite, key| {
        Ok(Agreed {
            version,
            suite,
            key,
        })
    };
    for (name, state, keys, expected) in [
        (
            "Windows 7",
            "as installed",
            &[ecdsa][..],
            Err(Refused::NoTls12),
        ),
        (
            "Windows 7",
            "with KB3042058",
            &[ecdsa],
            said(TLS12, 0xC02B, ecdsa),
        ),
        (
            "Windows 7",
            "without KB3042058",
            &[ecdsa],
            said(TLS12, 0xC02B, ecdsa),
        ),
        (
            "Windows 7",
            "with KB3042058",
            &[rsa],
            Err(Refused::NoSharedSuite),
        ),
        (
            "Windows 7",
            "with KB3042058",
            &[rsa, ecdsa],
            said(TLS12, 0xC02B, ecdsa),
        ),
        (
            "Server 2008 SP2",
            "",
            &[rsa, ecdsa],
            Err(Refused::NoSharedSuite),
        ),
        (
            "2012 R2",
            "with KB2919355",
            &[rsa],
            Err(Refused::NoSharedSuite),
        ),
        (
            "2012 R2",
            "with KB2919355",
            &[ecdsa],
            said(TLS12, 0xC02B, ecdsa),
        ),
        ("1507", "", &[rsa], said(TLS12, 0xC02F, rsa)),
        ("22H2", "", &[rsa, ecdsa], said(TLS12, 0xC02B, ecdsa)),
        ("2025", "", &[rsa], said(TLS13, 0x1302, rsa)),
        ("2025", "", &[rsa, ecdsa], said(TLS13, 0x1302, ecdsa)),
    ] {
        assert_eq!(
            agreed(&of(name, state), keys),
            expected,
            "{name}, {state}, {keys:?}"
        );
    }
    // The suite goes with P-384 only, and P-256 is what both would use.
    let only_384 = Offer {
        versions: &[TLS12],
        suites: &[(0xC02C, &[P384])],
        curves: &[P256, P384],
    };
    assert_eq!(agreed(&only_384, &[ecdsa]), Err(Refused::NoSharedSuite));
    // A client that does not know the certificate's curve is shown the other one.
    let no_p256 = Offer {
        versions: &[TLS12],
        suites: &[(0xC02B, &[]), (0xC02F, &[])],
        curves: &[X25519],
    };
    assert_eq!(agreed(&no_p256, &[ecdsa, rsa]), said(TLS12, 0xC02F, rsa));
}

#[test]
fn every_suite_and_source_of_the_table_is_known() {
    for windows in WINDOWS {
        assert!(!windows.sources.is_empty(), "{}", windows.name);
        for (id, curves) in windows.offer.suites {
            let known = suite(*id).expect("a known suite");
            assert!(
                curves.is_empty() || known.name.contains("ECDHE"),
                "{}: only ECDHE goes with a curve",
                known.name
            );
        }
    }
    let (taken, _) = tls::taken();
    for id in taken {
        let known = suite(*id).expect("a known suite");
        assert!(known.name.contains("GCM") || known.name.contains("CHACHA20"));
        assert!(*id >> 8 == 0x13 || matches!(known.auth, Some(Auth::Ecdsa | Auth::Rsa)));
    }
}

#[test]
fn a_certificate_covers_what_it_names() {
    let certificate = Certificate {
        file: "cert.pem".to_owned(),
        key: KeyKind::Ecdsa(P256),
        subject: "CN=x".to_owned(),
        issuer: "CN=x".to_owned(),
        names: vec![
            "collector.corp.example".to_owned(),
            "*.corp.example".to_owned(),
        ],
        addresses: vec!["192.0.2.7".to_owned(), "2001:db8::7".to_owned()],
        not_before: Timestamp(0),
        not_after: Timestamp(0),
        made_here: false,
    };
    for (host, covered) in [
        ("collector.corp.example", true),
        ("COLLECTOR.corp.example.", true),
        ("other.corp.example", true),
        ("a.b.corp.example", false),
        (".corp.example", false),
        ("corp.example", false),
        ("192.0.2.7", true),
        ("192.0.2.8", false),
        ("2001:db8::7", true),
        ("localhost", false),
    ] {
        assert_eq!(certificate.covers(host), covered, "{host}");
    }
}

#[tokio::test]
async fn a_pair_is_replaced_under_load_and_a_broken_one_is_refused() {
    let pairs = Pairs::new();
    let ecdsa = &rcgen::PKCS_ECDSA_P256_SHA256;
    let mut trusted = vec![pairs.make("own", ecdsa, "first", 90)];
    let app = pairs.app(&["own"], &[]);
    assert_eq!(
        shown(&app.address, &trusted).await.expect("first"),
        trusted[0].to_vec()
    );
    // Made before the load, so that those who connect know what to trust.
    let spare = Pairs::new();
    for round in 0..5 {
        trusted.push(spare.make(
            &format!("spare{round}"),
            ecdsa,
            &format!("spare {round}"),
            90,
        ));
    }
    let connections = (0..200_u64).map(|number| {
        let (address, trusted) = (app.address.clone(), trusted.clone());
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(number * 20)).await;
            shown(&address, &trusted).await
        })
    });
    let connections: Vec<_> = connections.collect();
    for round in 0..5 {
        for ending in [".pem", "-key.pem"] {
            let from = spare.path(&format!("spare{round}{ending}"));
            fs::copy(from, pairs.path("new")).expect("copied");
            fs::rename(pairs.path("new"), pairs.path(&format!("own{ending}"))).expect("moved");
            // Once with the halves of two pairs, too.
            hang_up(&app);
        }
        tokio::time::sleep(Duration::from_millis(700)).await;
    }
    let mut seen = std::collections::BTreeSet::new();
    for connection in connections {
        seen.insert(
            connection
                .await
                .expect("no panic")
                .expect("no connection fails"),
        );
    }
    assert!(
        seen.len() > 2,
        "several certificates were shown: {}",
        seen.len()
    );
    let last = trusted.last().expect("a certificate").to_vec();
    assert_eq!(shown(&app.address, &trusted).await.expect("the last"), last);

    fs::write(pairs.path("own-key.pem"), "this is no key").expect("written");
    hang_up(&app);
    until_logged(&app, "so the old one stays").await;
    assert_eq!(shown(&app.address, &trusted).await.expect("still"), last);
    fs::copy(spare.path("spare4.pem"), app.certificate()).expect("copied");
    let cookie = app.sign_in().await;
    for page in ["/tls", "/"] {
        let asked = app
            .request(reqwest::Method::GET, page)
            .header(reqwest::header::COOKIE, &cookie);
        let text = Answer::to(asked).await.ok(page).text();
        assert!(
            text.contains("cannot be used, so the old certificate"),
            "{page}: {text}"
        );
    }

    // Without a signal it is noticed by itself.
    trusted.push(pairs.make("own", ecdsa, "by itself", 90));
    let last = trusted.last().expect("a certificate").to_vec();
    for _ in 0..150 {
        if shown(&app.address, &trusted).await.expect("a connection") == last {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("not noticed within 15 s: {}", app.log());
}

#[tokio::test]
async fn what_expires_soon_is_said_on_pages_and_in_metrics() {
    let pairs = Pairs::new();
    pairs.make("ecdsa", &rcgen::PKCS_ECDSA_P256_SHA256, "soon", 20);
    pairs.make("rsa", &rcgen::PKCS_RSA_SHA256, "later", 300);
    let app = pairs.app(&["ecdsa", "rsa"], &[]);
    let cookie = app.sign_in().await;
    let page = async |path: &str, host: Option<&str>| {
        let mut asked = app
            .request(reqwest::Method::GET, path)
            .header(reqwest::header::COOKIE, &cookie);
        if let Some(host) = host {
            asked = asked.header(reqwest::header::HOST, host);
        }
        Answer::to(asked).await.ok(path).text()
    };
    let (home, own) = (page("/", None).await, page("/tls", None).await);
    for text in [&home, &own] {
        assert!(
            text.contains("CN=soon (ECDSA P-256) expires in 19 days")
                || text.contains("CN=soon (ECDSA P-256) expires in 20 days"),
            "{text}"
        );
        assert!(
            !text.contains("CN=later (RSA, 2048 bits) expires in"),
            "{text}"
        );
    }
    assert!(!own.contains("does not name"), "{own}");
    let elsewhere = page("/tls", Some("other.corp.example:8443")).await;
    assert!(
        elsewhere.contains("You came to other.corp.example, which the certificate does not name"),
        "{elsewhere}"
    );
    let metrics = app.get("/metrics").await.ok("metrics").text();
    let of = |key: &str| {
        let line = metrics.lines().find(|line| {
            line.starts_with("cutover_tls_certificate_expires_seconds")
                && line.contains(&format!("key=\"{key}\""))
        });
        let (_, value) = line.expect("a line").rsplit_once(' ').expect("a value");
        value.parse::<f64>().expect("a number") / 86_400.0
    };
    assert!((18.0..=20.0).contains(&of("ecdsa")), "{metrics}");
    assert!((298.0..=300.0).contains(&of("rsa")), "{metrics}");
    assert!(!app.log().contains("RSA key"), "an ECDSA one is there");
}

#[tokio::test]
async fn the_self_made_certificate_is_made_anew_before_it_expires() {
    let pairs = Pairs::new();
    let files = PairFiles {
        cert: pairs.path("cert.pem"),
        key: pairs.path("key.pem"),
    };
    let names = vec!["localhost".to_owned()];
    let long_ago = clock::now().plus(-(2 * 365 - 10) * DAY);
    let (certificates, made) =
        tls::Certificates::open(vec![files.clone()], Some(names), long_ago).expect("made");
    assert!(made);
    let key = fs::read(&files.key).expect("a key");
    let old = certificates.state().certificates[0].clone();
    assert!(old.made_here && old.expires_soon(clock::now()), "{old:?}");
    let test = TestStore::each().await.remove(0);
    let keeping = tokio::spawn(tls::keep_fresh(
        Arc::clone(&certificates),
        test.store.clone(),
    ));
    let mut new = old.clone();
    for _ in 0..100 {
        new = certificates.state().certificates[0].clone();
        if new != old {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    keeping.abort();
    assert!(!new.expires_soon(clock::now()), "{new:?}");
    assert_eq!(new.names, old.names);
    assert_eq!(fs::read(&files.key).expect("a key"), key, "the same key");
}
