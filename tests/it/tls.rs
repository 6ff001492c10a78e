//! TLS and connections: which versions, which certificate, and clients that are slow on purpose.

use std::{
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use rustls::{
    ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
    version::{TLS12, TLS13},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::support::app::TestApp;

/// The server's limits are 10 s; a connection that is there after this was not closed by them.
const PATIENCE: Duration = Duration::from_secs(30);

fn certificate(app: &TestApp) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(app.certificate()).expect("a certificate")
}

async fn connect(
    app: &TestApp,
    versions: &[&'static SupportedProtocolVersion],
    protocols: &[&str],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate(app)).expect("a certificate");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols
        .iter()
        .map(|name| name.as_bytes().to_vec())
        .collect();
    let tcp = TcpStream::connect(&app.address).await?;
    let name = ServerName::try_from("localhost").expect("a name");
    TlsConnector::from(Arc::new(config))
        .connect(name, tcp)
        .await
}

#[tokio::test]
async fn tls_1_2_and_1_3_are_spoken_with_both_http_versions() {
    let app = TestApp::one();
    for (version, code) in [
        (&TLS12, ProtocolVersion::TLSv1_2),
        (&TLS13, ProtocolVersion::TLSv1_3),
    ] {
        for (offered, chosen) in [
            (&["h2", "http/1.1"][..], Some("h2")),
            (&["http/1.1"], Some("http/1.1")),
            (&["http/1.1", "h2"], Some("h2")),
            (&[], None),
        ] {
            let stream = connect(&app, &[version], offered)
                .await
                .expect("a handshake");
            let (_, connection) = stream.get_ref();
            assert_eq!(connection.protocol_version(), Some(code));
            assert_eq!(
                connection.alpn_protocol(),
                chosen.map(str::as_bytes),
                "{offered:?}"
            );
        }
    }
    assert!(
        connect(&app, &[&TLS13], &["spdy/1"]).await.is_err(),
        "a protocol nobody speaks"
    );
}

#[tokio::test]
async fn the_made_certificate_is_ecdsa_p256_for_this_machine_and_made_once() {
    let app = TestApp::with(&["--tls-names", "cutover.corp.example, 192.0.2.7"]);
    let leaf = certificate(&app);
    let (_, parsed) = x509_parser::parse_x509_certificate(&leaf).expect("a certificate");
    let key = parsed.public_key();
    assert_eq!(
        key.algorithm.algorithm.to_id_string(),
        "1.2.840.10045.2.1",
        "an EC key"
    );
    let curve = key
        .algorithm
        .parameters
        .as_ref()
        .expect("a curve")
        .as_oid()
        .expect("its name");
    assert_eq!(curve.to_id_string(), "1.2.840.10045.3.1.7", "P-256");
    let names = parsed
        .subject_alternative_name()
        .expect("names")
        .expect("names");
    let names = format!("{:?}", names.value.general_names);
    for name in ["localhost", "cutover.corp.example"] {
        assert!(names.contains(name), "{names}");
    }
    assert!(parsed.validity().is_valid());
    assert!(!app.log().contains("RSA"), "{}", app.log());
}

/// Whether this machine's openssl can try old versions; says so when it cannot.
fn openssl() -> bool {
    let found = Command::new("openssl")
        .arg("version")
        .output()
        .is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("NOT RUN: openssl is not installed");
    }
    found
}

#[test]
fn older_versions_are_refused() {
    if !openssl() {
        return;
    }
    let app = TestApp::one();
    let spoken = |version: &str| {
        let output = Command::new("openssl")
            .args([
                "s_client",
                version,
                "-cipher",
                "ALL:@SECLEVEL=0",
                "-connect",
                &app.address,
            ])
            .stdin(Stdio::null())
            .output()
            .expect("openssl ends");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        (
            output.status.success() && !text.contains("Cipher is (NONE)"),
            error,
        )
    };
    for version in ["-tls1", "-tls1_1"] {
        let (spoken, error) = spoken(version);
        assert!(!spoken, "{version}");
        // Refused by the server, not by an openssl that will not try.
        assert!(
            error.contains("alert") || error.contains("handshake"),
            "{version}: {error}"
        );
    }
    assert!(
        spoken("-tls1_2").0,
        "the same question about 1.2 is answered"
    );
}

#[test]
fn an_rsa_certificate_is_taken_with_a_warning_that_names_who_is_shut_out() {
    if !openssl() {
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let path = |name: &str| directory.path().join(name).display().to_string();
    let (cert, key) = (path("rsa.pem"), path("rsa-key.pem"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
        ])
        .args(["-keyout", &key, "-out", &cert])
        .output()
        .expect("openssl ends");
    assert!(made.status.success(), "{made:?}");
    let app = TestApp::with(&["--tls-cert", &cert, "--tls-key", &key]);
    let log = app.log();
    for word in ["RSA", "Windows 7", "8.1", "2012 R2", "P-256"] {
        assert!(log.contains(word), "{word}: {log}");
    }
    assert!(
        !app.certificate().exists(),
        "no certificate is made beside the operator's own"
    );
}

/// Waits until the server closes; whatever it says before is its business.
async fn is_closed(mut stream: impl tokio::io::AsyncRead + Unpin) -> bool {
    let mut rest = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut rest))
        .await
        .is_ok()
}

#[tokio::test]
async fn connections_that_only_wait_are_closed_and_others_are_served_meanwhile() {
    let app = TestApp::one();
    let silent = TcpStream::connect(&app.address)
        .await
        .expect("a connection");
    let handshaken = connect(&app, &[&TLS13], &["http/1.1"])
        .await
        .expect("a handshake");
    let silent_h2 = connect(&app, &[&TLS12], &["h2"])
        .await
        .expect("a handshake");
    let mut half = connect(&app, &[&TLS12], &["http/1.1"])
        .await
        .expect("a handshake");
    half.write_all(b"POST /api/v1/reports HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        .await
        .expect("half a header");
    let mut preface = connect(&app, &[&TLS13], &["h2"])
        .await
        .expect("a handshake");
    preface
        .write_all(b"PRI * HTTP/2.0\r\n")
        .await
        .expect("half a preface");
    let meanwhile = app.report("PC-1");
    let (silent, handshaken, silent_h2, half, preface, answer) = tokio::join!(
        is_closed(silent),
        is_closed(handshaken),
        is_closed(silent_h2),
        is_closed(half),
        is_closed(preface),
        meanwhile.send()
    );
    answer.ok("others are served");
    assert!(silent, "silent");
    assert!(
        handshaken && silent_h2,
        "silent after TLS: {handshaken}, {silent_h2}"
    );
    assert!(half && preface, "half a header: {half}, {preface}");
    app.report("PC-2").send().await.ok("afterwards");
}

#[tokio::test]
async fn one_request_is_never_read_as_two() {
    let app = TestApp::one();
    let token = app.token("read").to_owned();
    let shapes = [
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "Content-Length: +4\r\n\r\nabcd",
        "Content-Length: 0x4\r\n\r\nabcd",
    ];
    for shape in shapes {
        let mut stream = connect(&app, &[&TLS13], &["http/1.1"])
            .await
            .expect("a handshake");
        let smuggled = format!(
            "GET /api/v1/summary HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        );
        let request = format!(
            "POST /api/v1/reports HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n{shape}{smuggled}"
        );
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = Vec::new();
        // Closing without TLS's goodbye is an error here and no matter.
        let _ = timeout(PATIENCE, stream.read_to_end(&mut answer))
            .await
            .expect("an end");
        let text = String::from_utf8_lossy(&answer);
        assert!(
            !text.contains("\"by_os\"") || text.matches("HTTP/1.1 ").count() <= 2,
            "{shape:?}: {text}"
        );
        let first = text.lines().next().unwrap_or_default();
        assert!(first.starts_with("HTTP/1.1 4"), "{shape:?}: {first}");
    }
}
