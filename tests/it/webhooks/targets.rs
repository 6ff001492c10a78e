//! Where messages go and where they never do: names that mean an address inside, redirects, answers without end.

use std::{
    io,
    net::IpAddr,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use cutover::{
    http::tls,
    store::webhooks::{Secret, Signing},
    transport::PairFiles,
    webhooks::{
        address::Allowed,
        names::{Names, SystemNames},
        settings::WebhookSettings,
        target::{Courier, Said},
    },
};
use futures::future::BoxFuture;
use tokio::net::TcpListener;

use super::{
    courier, courier_with,
    receiver::{Receiver, Reply},
};
use crate::support::stores::NOON;

/// Sends one message to an address.
async fn sent(courier: &Courier, url: &str) -> Said {
    let signing = Signing {
        url: url.to_owned(),
        secrets: vec![Secret::new()],
        disabled: false,
    };
    courier.send(&signing, "msg_1", "{}", NOON).await
}

/// A name that means another address each time somebody asks.
struct Changing {
    answers: Mutex<Vec<Vec<IpAddr>>>,
    asked: AtomicUsize,
}

impl Changing {
    fn new(answers: &[&[&str]]) -> Arc<Self> {
        let parsed = |list: &&[&str]| {
            list.iter()
                .map(|text| text.parse().expect("an address"))
                .collect()
        };
        let mut answers: Vec<Vec<IpAddr>> = answers.iter().map(parsed).collect();
        answers.reverse();
        Arc::new(Self {
            answers: Mutex::new(answers),
            asked: AtomicUsize::new(0),
        })
    }
}

impl Names for Changing {
    fn addresses(&self, _: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = self
            .answers
            .lock()
            .expect("alive")
            .pop()
            .unwrap_or_default();
        Box::pin(async move { Ok(answer) })
    }
}

/// Counts who connects, and hangs up.
async fn counter(address: &str) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(address).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    (port, count)
}

#[tokio::test]
async fn addresses_inside_are_refused_however_they_are_written() {
    let (port, connected) = counter("127.0.0.1:0").await;
    let nothing = courier_with("", Arc::new(SystemNames));
    for host in [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "127.1",
        "[::ffff:127.0.0.1]",
        "[::1]",
        "0",
    ] {
        let said = sent(&nothing, &format!("https://{host}:{port}/")).await;
        assert_eq!(said.status, None);
        assert!(
            said.words.starts_with("not sent: the address ")
                && said.words.contains("--webhook-allow"),
            "{host}: {}",
            said.words
        );
    }
    for host in [
        "10.0.0.1",
        "169.254.169.254",
        "192.168.1.1",
        "[fe80::1]",
        "[fd00::1]",
        "100.64.0.1",
    ] {
        let said = sent(&nothing, &format!("https://{host}:{port}/")).await;
        assert!(
            said.words.starts_with("not sent: the address "),
            "{host}: {}",
            said.words
        );
    }
    assert_eq!(connected.load(Ordering::SeqCst), 0);
    // HTTP goes to a loopback address in numbers only, whatever is allowed.
    let all = courier_with("0.0.0.0/0,::/0", Arc::new(SystemNames));
    let said = sent(&all, &format!("http://localhost:{port}/")).await;
    assert!(
        said.words.starts_with("not sent: ") && said.words.contains("HTTPS only"),
        "{}",
        said.words
    );
    assert_eq!(connected.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_name_is_asked_for_once_and_what_was_looked_at_is_connected_to() {
    // The good address and the bad one have the same port.
    let (port, good) = counter("127.0.0.2:0").await;
    let (_, bad) = counter(&format!("127.0.0.1:{port}")).await;
    let names = Changing::new(&[
        &["127.0.0.2"],
        &["127.0.0.1"],
        &["127.0.0.1", "127.0.0.2"],
        &[],
    ]);
    let courier = courier_with("127.0.0.2", Arc::clone(&names) as Arc<dyn Names>);
    let url = format!("https://hooks.example:{port}/");
    let first = sent(&courier, &url).await;
    assert_eq!(
        (first.status, good.load(Ordering::SeqCst)),
        (None, 1),
        "{}",
        first.words
    );
    assert_eq!(names.asked.load(Ordering::SeqCst), 1);
    let second = sent(&courier, &url).await;
    assert!(
        second.words.contains("127.0.0.1 is loopback"),
        "{}",
        second.words
    );
    // Of several addresses only those are tried that may be.
    sent(&courier, &url).await;
    assert_eq!(good.load(Ordering::SeqCst), 2);
    let none = sent(&courier, &url).await;
    assert!(none.words.contains("not known here"), "{}", none.words);
    assert_eq!(
        bad.load(Ordering::SeqCst),
        0,
        "the address inside was never connected to"
    );
    assert_eq!(names.asked.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let (elsewhere, receiver) = (Receiver::start().await, Receiver::start().await);
    for status in [301, 302, 303, 307, 308] {
        receiver.answers([Reply {
            headers: vec![("location", elsewhere.url())],
            ..Reply::status(status)
        }]);
        let said = sent(&courier(), &receiver.url()).await;
        assert_eq!(said.status, Some(status));
        assert!(
            !said.taken() && said.words.contains("redirects are not followed"),
            "{}",
            said.words
        );
    }
    assert_eq!((receiver.taken().len(), elsewhere.taken().len()), (5, 0));
}

#[tokio::test]
async fn only_the_beginning_of_an_answer_is_kept_and_none_of_the_address() {
    let receiver = Receiver::start().await;
    receiver.answers([Reply {
        body: "é\u{7}\n".repeat(3 << 20),
        ..Reply::status(500)
    }]);
    let said = sent(&courier(), &receiver.url()).await;
    assert_eq!(said.words.chars().count(), 200);
    assert!(!said.words.contains(char::is_control));
    // Nobody there: the sentence leaves out the path, which can be a secret.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = closed.local_addr().expect("an address");
    drop(closed);
    let said = sent(
        &courier(),
        &format!("http://{address}/secret-path?key=secret"),
    )
    .await;
    assert!(
        said.words.contains("nothing listens there") && !said.words.contains("secret"),
        "{}",
        said.words
    );
}

/// An HTTPS receiver with a certificate that no machine trusts, and that certificate.
fn with_own_certificate(directory: &Path) -> (Receiver, Vec<u8>) {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let (cert, key) = (directory.join("cert.pem"), directory.join("key.pem"));
    let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
    let files = vec![PairFiles {
        cert: cert.clone(),
        key,
    }];
    let (certificates, _) =
        tls::Certificates::open(files, Some(names), cutover::clock::now()).expect("a certificate");
    let config = tls::config(&certificates).expect("a configuration");
    let config = rustls::ServerConfig::clone(&config);
    (
        Receiver::start_with(config),
        std::fs::read(cert).expect("readable"),
    )
}

#[tokio::test]
async fn a_certificate_has_to_be_trusted_and_the_administrator_can_say_which_is() {
    let directory = tempfile::tempdir().expect("a directory");
    let (receiver, certificate) = with_own_certificate(directory.path());
    let url = format!("https://localhost:{}/hook", receiver.address.port());
    let said = sent(&courier(), &url).await;
    assert!(said.words.contains("--webhook-ca"), "{}", said.words);
    assert!(receiver.taken().is_empty());
    let settings = WebhookSettings {
        allowed: Allowed::parse("127.0.0.0/8,::1").expect("networks"),
        authorities: certificate,
    };
    let courier = Courier::new(settings, Arc::new(SystemNames)).expect("a courier");
    let said = sent(&courier, &url).await;
    assert_eq!(said.status, Some(204), "{}", said.words);
    assert_eq!(receiver.taken()[0].path, "/hook");
}
