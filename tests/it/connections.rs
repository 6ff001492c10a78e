//! Connections: how many each door takes, in all and from one address, over real sockets.

use std::net::IpAddr;

use reqwest::{Client, ClientBuilder};

use crate::{
    client_certificates::{self, Authority},
    signed_http,
    support::{answer::Answer, app::TestApp},
};

/// So often somebody who was sent away comes again, until a connection that ended is noticed.
const AGAIN: usize = 2_000;

/// Somebody at this address; what was opened once stays open, because HTTP/2 is spoken.
fn at(builder: ClientBuilder, address: &str) -> Client {
    let address: IpAddr = address.parse().expect("an address");
    builder
        .local_address(address)
        .http2_prior_knowledge()
        .build()
        .expect("a client")
}

/// Whether the door lets them in.
async fn gets_in(client: &Client, door: &str) -> bool {
    match client.get(format!("{door}/healthz")).send().await {
        Ok(answer) => answer.status() == 200,
        Err(_) => false,
    }
}

/// Comes again and again until there is a place.
async fn gets_in_later(make: impl Fn() -> Client, door: &str) -> Option<Client> {
    for _ in 0..AGAIN {
        let client = make();
        if gets_in(&client, door).await {
            return Some(client);
        }
    }
    None
}

/// Two places for each address, three in all: what happens at one door, whoever makes the clients.
async fn crowd(make: impl Fn(&str) -> Client, door: &str) {
    // Who came before may just be going.
    let first = gets_in_later(|| make("127.0.0.1"), door).await;
    let second = gets_in_later(|| make("127.0.0.1"), door).await;
    let (first, _second) = first.zip(second).expect("two places");
    assert!(!gets_in(&make("127.0.0.1"), door).await, "one too many");
    let other = make("127.0.0.2");
    assert!(gets_in(&other, door).await, "another address at {door}");
    assert!(gets_in(&first, door).await, "who is inside stays");
    assert!(!gets_in(&make("127.0.0.3"), door).await, "too many in all");
    drop(first);
    let again = gets_in_later(|| make("127.0.0.1"), door).await;
    assert!(again.is_some(), "a place was given back at {door}");
    assert!(!gets_in(&make("127.0.0.1"), door).await, "and taken");
}

#[tokio::test]
async fn each_door_takes_so_many_from_one_address_and_in_all() {
    let authority = Authority::new();
    let directory = tempfile::tempdir().expect("a directory");
    let ca = directory.path().join("ca.pem");
    std::fs::write(&ca, &authority.pem).expect("written");
    let ca = ca.display().to_string();
    let app = TestApp::with(&[
        "--max-connections-per-address",
        "2",
        "--max-connections",
        "3",
        "--mtls-listen",
        "127.0.0.1:0",
        "--mtls-ca",
        &ca,
        "--signed-http-listen",
        "127.0.0.1:0",
    ]);
    let identity = authority.client(&["pc-1.corp.example"], "ignored");
    let identity = || reqwest::Identity::from_pem(&identity).expect("an identity");
    let main = format!("https://{}", app.address);
    // One after the other on the same server: a crowd at one door takes nothing from another.
    let inside: Vec<Client> = ["127.0.0.1", "127.0.0.1", "127.0.0.2"]
        .map(|address| at(app.client_builder(), address))
        .into();
    for client in &inside {
        assert!(gets_in(client, &main).await);
    }
    crowd(
        |from| at(app.client_builder().identity(identity()), from),
        &client_certificates::door(&app).await,
    )
    .await;
    crowd(
        |from| at(Client::builder(), from),
        &signed_http::door(&app).await,
    )
    .await;

    // What the metrics say of it, asked by one who is inside.
    let asked = inside[2]
        .get(format!("{main}/metrics"))
        .bearer_auth(app.token("read"));
    let metrics = Answer::to(asked).await.ok("metrics").text();
    assert!(
        metrics.contains("cutover_connections{door=\"main\"} 3"),
        "{metrics}"
    );
    for (door, why) in [
        ("certificates", "address"),
        ("certificates", "all"),
        ("signed", "address"),
        ("signed", "all"),
    ] {
        let counted = metrics.lines().find_map(|line| {
            line.strip_prefix("cutover_connections_refused_total")
                .filter(|line| line.contains(&format!("door=\"{door}\"")))
                .filter(|line| line.contains(&format!("why=\"{why}\"")))?
                .rsplit(' ')
                .next()?
                .parse::<u64>()
                .ok()
        });
        assert!(counted.is_some_and(|n| n > 0), "{door}, {why}: {metrics}");
    }
    drop(inside);
    crowd(|from| at(app.client_builder(), from), &main).await;
    // However many were sent away, each door has said so once in this minute, or twice where it took longer.
    let told = app.log().matches("a connection was closed at once").count();
    assert!((3..=9).contains(&told), "{told}: {}", app.log());
}

#[tokio::test]
async fn a_door_without_tls_counts_too_and_a_trusted_proxy_is_not_one_sender() {
    let app = TestApp::with(&[
        "--plain-http",
        "--max-connections-per-address",
        "1",
        "--max-connections",
        "4",
        "--trusted-proxies",
        "127.0.0.4",
    ]);
    let door = format!("http://{}", app.address);
    // reqwest wants a provider although nothing is encrypted.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let make = |from: &str| at(Client::builder(), from);
    let one = make("127.0.0.1");
    assert!(gets_in(&one, &door).await);
    assert!(!gets_in(&make("127.0.0.1"), &door).await);
    let behind: Vec<Client> = (0..3).map(|_| make("127.0.0.4")).collect();
    for client in &behind {
        assert!(gets_in(client, &door).await, "the proxy");
    }
    assert!(
        !gets_in(&make("127.0.0.4"), &door).await,
        "as many as there may be in all"
    );
    drop(behind);
    assert!(gets_in_later(|| make("127.0.0.2"), &door).await.is_some());
}

#[tokio::test]
async fn a_system_that_gives_few_files_is_told_of_and_kept_to() {
    let app = TestApp::with_few_files(400);
    assert!(app.log().contains("400 files open"), "{}", app.log());
    app.report("PC-1").send().await.ok("served all the same");
}
