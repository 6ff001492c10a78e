//! Handshakes that fail: read from their bytes, noted from named networks only, kept within bounds, never a verdict.

use std::{process::Stdio, time::Duration};

use cutover::{
    domain::{
        handshake::{Offer, P256, TLS10, TLS11, TLS12, TLS13, X25519},
        sightings::{Failure, MOST, Offered, Sighting},
        time::Timestamp,
    },
    wire::hello::{First, LONGEST, read},
};
use proptest::prelude::*;
use serde_json::Value;

use crate::support::{
    answer::Answer,
    app::TestApp,
    hello::{Answer as Said, hello, say, say_from},
    stores::{NOON, TestStore},
};

const OLD: Offer<'static> = Offer {
    versions: &[TLS10],
    suites: &[(0x002F, &[]), (0x0035, &[]), (0x000A, &[])],
    curves: &[P256],
};
const CBC_ONLY: Offer<'static> = Offer {
    versions: &[TLS12, TLS11],
    suites: &[(0xC028, &[]), (0xC027, &[])],
    curves: &[P256],
};
const NEW: Offer<'static> = Offer {
    versions: &[TLS13, TLS12],
    suites: &[(0x1A1A, &[]), (0x1301, &[]), (0xC02B, &[])],
    curves: &[X25519, P256],
};

fn parsed(bytes: &[u8]) -> cutover::wire::hello::Hello {
    match read(bytes) {
        First::Hello(hello) => hello,
        other => panic!("{other:?}"),
    }
}

#[test]
fn hellos_tell_versions_suites_and_name() {
    let old = parsed(&hello(&OLD, Some("collector.corp.example")));
    assert_eq!((old.highest, old.tls12), (TLS10, false));
    assert_eq!(old.suites, [0x002F, 0x0035, 0x000A]);
    assert_eq!(old.server_name, "collector.corp.example");
    let middle = parsed(&hello(&CBC_ONLY, None));
    assert_eq!((middle.highest, middle.tls12), (TLS12, true));
    let new = parsed(&hello(&NEW, Some("x")));
    assert_eq!((new.highest, new.tls12), (TLS13, true));
    assert_eq!(new.suites, [0x1301, 0xC02B], "GREASE means nothing");
    let only_13 = Offer {
        versions: &[TLS13],
        ..NEW
    };
    let only_13 = parsed(&hello(&only_13, None));
    assert_eq!((only_13.highest, only_13.tls12), (TLS13, false));
}

#[test]
fn names_are_cut_and_made_printable() {
    let long = parsed(&hello(&OLD, Some(&"a".repeat(5_000))));
    assert_eq!(long.server_name.len(), 255);
    let odd = parsed(&hello(&OLD, Some("a\u{0}b\u{1b}[31m<i>é")));
    assert_eq!(odd.server_name, "a?b?[31m<i>??");
}

#[test]
fn what_is_no_hello_is_told_apart() {
    let whole = hello(&OLD, Some("x"));
    assert_eq!(read(b""), First::Nothing);
    assert_eq!(read(b"GET / HTTP/1.1\r\n"), First::NotTls);
    assert_eq!(read(&whole[..whole.len() - 1]), First::Broken);
    assert_eq!(read(&whole[..5]), First::Broken);
    // Cut into two records it is the same hello.
    let body = &whole[5..];
    let mut cut = Vec::new();
    for part in [&body[..20], &body[20..]] {
        cut.extend([0x16, 0x03, 0x01, 0]);
        cut.push(u8::try_from(part.len()).expect("short"));
        cut.extend(part);
    }
    assert_eq!(read(&cut), read(&whole));
    // As Windows XP with SSL 2.0 switched on begins: TLS 1.0 in the old form.
    let old_form = [
        0x80, 0x1F, 0x01, 0x03, 0x01, 0x00, 0x06, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x2F, 0x07,
        0x00, 0xC0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
    ];
    let hello = parsed(&old_form);
    assert_eq!((hello.highest, hello.tls12), (TLS10, false));
    assert_eq!(hello.suites, [0x002F]);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..2_000),
        place in 0_usize..300,
        value in any::<u8>(),
        cut in 0_usize..300,
    ) {
        let _ = read(&bytes);
        let _ = read(&[&[0x16, 0x03, 0x01][..], &bytes].concat());
        let _ = read(&[&[0x80, 0x2E, 0x01, 0x03, 0x01][..], &bytes].concat());
        for offer in [&OLD, &CBC_ONLY, &NEW] {
            let mut changed = hello(offer, Some("collector"));
            if let Some(byte) = changed.get_mut(place) {
                *byte = value;
            }
            let _ = read(&changed);
            changed.truncate(cut);
            let _ = read(&changed);
        }
    }
}

#[test]
fn a_flood_of_empty_records_ends() {
    let empty = [0x16, 0x03, 0x01, 0x00, 0x00].repeat(LONGEST / 5);
    assert_eq!(read(&empty), First::Broken);
}

/// The list, once it has so many rows.
async fn list(app: &TestApp, rows: i64) -> Value {
    for _ in 0..100 {
        let list = app.json("/api/v1/sightings").await;
        if list["total"] == rows {
            return list;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{}: {}", app.engine, app.json("/api/v1/sightings").await);
}

#[tokio::test]
async fn failures_are_noted_with_what_was_offered_and_change_no_verdict() {
    for app in TestApp::each_with(&["--sightings-from", "127.0.0.0/8,::1"]).await {
        let client = app.report("PC-1").stored().await;
        let before = app.json("/api/v1/summary").await;
        let old = hello(&OLD, Some("localhost"));
        for _ in 0..3 {
            assert!(matches!(say(&app.address, &old).await, Said::Alert(_)));
        }
        assert!(matches!(
            say(&app.address, &hello(&CBC_ONLY, None)).await,
            Said::Alert(_)
        ));
        say(&app.address, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
        // Said nothing, and is not noted.
        drop(
            tokio::net::TcpStream::connect(&app.address)
                .await
                .expect("a connection"),
        );
        let list = list(&app, 3).await;
        assert_eq!(list["noting"], true);
        assert_eq!(list["dropped"], 0);
        let of = |failure: &str| {
            let items = list["items"].as_array().expect("items");
            let found = items.iter().find(|item| item["failure"] == failure);
            found
                .unwrap_or_else(|| panic!("{}: {failure}: {list}", app.engine))
                .clone()
        };
        let no_tls12 = of("no_tls12");
        assert_eq!(no_tls12["address"], "127.0.0.1");
        assert_eq!(no_tls12["times"], 3);
        assert_eq!(no_tls12["highest_version"], "TLS 1.0");
        assert_eq!(no_tls12["offered_tls12"], false);
        assert_eq!(no_tls12["suites"], 3);
        assert_eq!(no_tls12["shared_suites"], 0);
        assert_eq!(no_tls12["server_name"], "localhost");
        assert_eq!(
            no_tls12["client_id"],
            client.as_str(),
            "who was heard last from there"
        );
        let nothing_shared = of("no_shared_suite");
        assert_eq!(nothing_shared["offered_tls12"], true);
        assert_eq!(nothing_shared["server_name"], Value::Null);
        assert_eq!(of("not_tls")["highest_version"], Value::Null);
        let after = app.json("/api/v1/summary").await;
        assert_eq!(before["standings"], after["standings"], "never a verdict");
        // Two behind one address are nobody.
        app.report("PC-2").stored().await;
        let list = app.json("/api/v1/sightings").await;
        assert_eq!(list["items"][0]["client_id"], Value::Null, "{}", app.engine);

        // Pages of two, without a gap.
        let first = app.json("/api/v1/sightings?limit=2").await;
        let cursor = first["next_cursor"].as_str().expect("a cursor");
        let rest = app
            .json(&format!("/api/v1/sightings?limit=2&cursor={cursor}"))
            .await;
        let mut paged = first["items"].as_array().expect("items").clone();
        paged.extend(rest["items"].as_array().expect("items").clone());
        assert_eq!(Value::from(paged), list["items"], "{}", app.engine);
        assert_eq!(rest["next_cursor"], Value::Null);
        let foreign = app.get("/api/v1/sightings?cursor=sx").await;
        assert_eq!(foreign.status, 400, "{}", foreign.text());

        let cookie = app.sign_in().await;
        for (path, words) in [
            (
                "/sightings",
                &["127.0.0.1", "never a verdict", "TLS 1.0 at most"][..],
            ),
            ("/", &["1 address could not agree on TLS"]),
        ] {
            let asked = app
                .request(reqwest::Method::GET, path)
                .header(reqwest::header::COOKIE, &cookie);
            let text = Answer::to(asked).await.ok(path).text();
            for word in words {
                assert!(text.contains(word), "{path}: {word}: {text}");
            }
        }
    }
}

#[tokio::test]
async fn an_old_openssl_is_seen_for_what_it_is() {
    let app = TestApp::with(&["--sightings-from", "127.0.0.1"]);
    for version in ["-tls1", "-tls1_1"] {
        let said = std::process::Command::new("openssl")
            .args([
                "s_client",
                version,
                "-cipher",
                "ALL:@SECLEVEL=0",
                "-servername",
                "old.example",
            ])
            .args(["-connect", &app.address])
            .stdin(Stdio::null())
            .output();
        if said.is_err() {
            eprintln!("NOT RUN: openssl is not installed");
            return;
        }
        let list = list(&app, 1).await;
        assert_eq!(list["items"][0]["failure"], "no_tls12", "{version}: {list}");
        assert_eq!(list["items"][0]["server_name"], "old.example");
    }
}

#[tokio::test]
async fn nothing_is_noted_unless_its_network_is_named() {
    let old = hello(&OLD, None);
    let app = TestApp::one();
    say(&app.address, &old).await;
    let list_of_none = app.json("/api/v1/sightings").await;
    // There is nothing that could note it.
    assert_eq!(
        (&list_of_none["total"], &list_of_none["noting"]),
        (&0.into(), &false.into())
    );
    // Notes are written in the order in which they come: once the later one is there, an earlier one would be.
    let app = TestApp::with(&["--sightings-from", "127.0.0.2/32"]);
    assert!(matches!(say(&app.address, &old).await, Said::Alert(_)));
    assert!(matches!(
        say_from("127.0.0.2", &app.address, &old).await,
        Said::Alert(_)
    ));
    let list = list(&app, 1).await;
    assert_eq!(list["items"][0]["address"], "127.0.0.2", "{list}");
    assert_eq!(
        (&list["items"][0]["times"], &list["noting"]),
        (&1.into(), &true.into())
    );
}

fn sighting(number: i64, at: Timestamp) -> Sighting {
    Sighting {
        address: format!("10.{}.{}.{}", number >> 16, number >> 8 & 255, number & 255),
        failure: Failure::NoTls12,
        offered: Offered {
            highest: Some(TLS10),
            suites: 3,
            ..Offered::default()
        },
        first_at: at,
        last_at: at,
        times: 1,
    }
}

#[tokio::test]
async fn the_oldest_go_first_and_the_rest_can_be_paged() {
    for test in TestStore::each().await {
        let store = &test.store;
        let mut gone = 0;
        for part in 0..11 {
            let some = (0..1_000).map(|n| {
                let number = part * 1_000 + n;
                sighting(number, NOON.plus(number / 7))
            });
            gone += store.add_sightings(some.collect()).await.expect("kept");
        }
        assert_eq!(gone, 1_000, "{}", test.engine);
        let again = sighting(10_999, NOON.plus(-5));
        store.add_sightings(vec![again]).await.expect("kept");
        let mut seen = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let page = store
                .sightings(cursor.as_deref(), 997)
                .await
                .expect("a page");
            assert_eq!(page.total, MOST, "{}", test.engine);
            seen.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), 10_000, "{}", test.engine);
        assert!(seen.is_sorted_by(|a, b| a.last_at >= b.last_at));
        let distinct: std::collections::BTreeSet<_> = seen.iter().map(|one| &one.address).collect();
        assert_eq!(distinct.len(), 10_000, "each once");
        let twice = seen
            .iter()
            .find(|one| one.times == 2)
            .expect("the one that came again");
        assert_eq!(
            (twice.first_at, twice.last_at),
            (NOON.plus(-5), NOON.plus(10_999 / 7))
        );
        let refused = store.refused_addresses(NOON).await.expect("a count");
        assert_eq!(refused, 10_000);
    }
}
