//! Decisions in both databases: numbered once, and changed by nothing.

use std::{io::Cursor, sync::Arc};

use aws_lc_rs::signature::Ed25519KeyPair;
use cutover::{
    cutovers::deciding::Refused,
    domain::{
        access::Sites,
        audit::{Actor, Entry},
        cutover::{
            record::{Decided, Ground, close},
            scope::Scope,
        },
    },
    store::{
        Store,
        cutover::{
            changing::Changed,
            decisions::NewDecision,
            scopes::{REQUEST, Said},
        },
    },
};
use serde_json::{Value, json};

use crate::support::stores::{NOON, TestStore};

fn site() -> Scope {
    Scope {
        id: "s".to_owned(),
        name: "Site P01".to_owned(),
        sites: vec!["P01".to_owned()],
        freshness_days: 14,
        ..Scope::default()
    }
}

async fn scope(store: &Store) {
    let entry = Entry::new(
        NOON,
        Actor::Person("ada".to_owned()),
        "scope.create",
        "Site P01",
    );
    let added = store.add_scope(site(), "ada".to_owned(), entry).await;
    assert!(added.expect("asked"));
}

async fn decided(store: &Store, key: Arc<Ed25519KeyPair>) -> i64 {
    let head = json!({"lines": {"count": 0, "sha256": ""}});
    made(store, key, "no_go", head).await
}

async fn made(store: &Store, key: Arc<Ed25519KeyPair>, code: &'static str, head: Value) -> i64 {
    // Who is put off, because another server decided meanwhile, looks again.
    loop {
        let stamp = store.scope_stamp("s").await.expect("read");
        let new = NewDecision {
            scope: site(),
            stamp: stamp.expect("it is there"),
            decided: code,
            by: "ada".to_owned(),
            entry: Entry::new(
                NOON,
                Actor::Person("ada".to_owned()),
                "decision.make",
                "Site P01",
            ),
        };
        let lines = Cursor::new(vec![7_u8; 600 << 10]);
        let (head, key) = (head.clone(), Arc::clone(&key));
        let made = store.add_decision(new, lines, move |number, before| {
            close(head, number, before, &key)
        });
        match made.await {
            Ok(number) => return number,
            Err(error) => assert!(error.to_string().contains("meanwhile"), "{error}"),
        }
    }
}

#[tokio::test]
async fn two_servers_make_no_two_records_with_one_number() {
    let key = Arc::new(Ed25519KeyPair::generate().expect("a key"));
    for test in TestStore::each().await {
        let other = Store::open(&test.url).await.expect("a second server");
        scope(&test.store).await;
        let stores = [test.store.clone(), other.clone()];
        let each = (0..12).map(|n| decided(&stores[n % 2], Arc::clone(&key)));
        let mut numbers = futures::future::join_all(each).await;
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=12).collect::<Vec<i64>>(), "{}", test.engine);
        // Each names the one before.
        let mut before = String::new();
        for number in numbers {
            let decision = test
                .store
                .decision(number)
                .await
                .expect("read")
                .expect("it");
            let head: serde_json::Value = serde_json::from_str(&decision.head).expect("JSON");
            assert_eq!(head["before"], before.as_str(), "{number}");
            before = decision.hash;
        }
        let newest = test.store.newest_decision().await.expect("read");
        assert_eq!(newest, Some((12, before)));
        let mut bytes = 0;
        for part in 0.. {
            let Some(piece) = test.store.decision_part(1, part).await.expect("read") else {
                break;
            };
            bytes += piece.len();
        }
        assert_eq!(bytes, 600 << 10);
        other.close().await;
    }
}

#[tokio::test]
async fn the_database_refuses_to_change_a_decision() {
    let key = Arc::new(Ed25519KeyPair::generate().expect("a key"));
    for test in TestStore::each().await {
        scope(&test.store).await;
        decided(&test.store, Arc::clone(&key)).await;
        for text in [
            "UPDATE decisions SET decided = 'go'",
            "DELETE FROM decisions",
            "UPDATE decision_parts SET part = 9",
            "DELETE FROM decision_parts",
        ] {
            let refused = if test.engine == "sqlite" {
                let pool = sqlx::SqlitePool::connect(&test.url)
                    .await
                    .expect("a connection");
                sqlx::query(text).execute(&pool).await.map(drop)
            } else {
                let pool = sqlx::PgPool::connect(&test.url)
                    .await
                    .expect("a connection");
                sqlx::query(text).execute(&pool).await.map(drop)
            };
            let why = refused.expect_err(text).to_string();
            assert!(
                why.contains("never changed"),
                "{text} on {}: {why}",
                test.engine
            );
        }
    }
}

/// Lists know it without reading records, and no words of people are taken for it.
#[tokio::test]
async fn on_which_ground_a_decision_stands_is_told_in_lists() {
    let key = Arc::new(Ed25519KeyPair::generate().expect("a key"));
    for test in TestStore::each().await {
        scope(&test.store).await;
        let head = |overruled: bool, loosened: i64, why: &str| {
            json!({
                "lines": {"count": 0, "sha256": ""},
                "recommendation": {"go": true, "loosened": loosened, "open": 0, "says": "Go"},
                "decision": {"overruled": overruled, "why": why},
            })
        };
        let claims = "\"loosened\":3,\"open\":0 \"overruled\":true \"loosened\":0,";
        for (head, wanted) in [
            (head(false, 0, claims), Ground::Criteria),
            (head(false, 2, claims), Ground::Loosened),
            (head(false, 10, ""), Ground::Loosened),
            (head(true, 2, ""), Ground::Overruled),
            // As records were before anybody counted that.
            (
                json!({"lines": {"count": 0, "sha256": ""}}),
                Ground::Criteria,
            ),
        ] {
            let number = made(&test.store, Arc::clone(&key), "go", head).await;
            let one = test.store.decision(number).await.expect("read");
            assert_eq!(one.expect("it").ground(), wanted, "{}", test.engine);
            let list = test.store.decisions("s", i64::MAX, 1).await.expect("read");
            assert_eq!(list[0].ground(), wanted, "{}", test.engine);
            let watched = test.store.decisions_watched(&Sites::all()).await;
            let watched = watched.expect("read");
            assert_eq!(watched[&number].ground, wanted, "{}", test.engine);
        }
        assert_eq!(
            Decided::Go.said(Ground::Loosened),
            "Go, by a limit that somebody loosened"
        );
    }
}

/// Whoever looked at a scope decides on that one, and no change comes in between.
#[tokio::test]
async fn a_scope_that_changed_meanwhile_is_not_decided_on_and_a_decided_one_does_not_move() {
    let key = Arc::new(Ed25519KeyPair::generate().expect("a key"));
    for test in TestStore::each().await {
        let entry = |deed| Entry::new(NOON, Actor::Person("ada".to_owned()), deed, "Site P01");
        let change = |scope: Scope| {
            test.store
                .change_scope(scope, "ada".to_owned(), entry("scope.change"))
        };
        scope(&test.store).await;
        let other = Scope {
            sites: vec!["P02".to_owned()],
            ..site()
        };
        let done = change(other.clone()).await.expect("asked");
        assert_eq!(done, Changed::Done, "{}", test.engine);
        let stamp = test.store.scope_stamp("s").await.expect("read");
        let new = NewDecision {
            scope: site(),
            stamp: stamp.expect("it is there"),
            decided: "no_go",
            by: "ada".to_owned(),
            entry: entry("decision.make"),
        };
        let closer = Arc::clone(&key);
        let made = test
            .store
            .add_decision(new, std::io::empty(), move |number, before| {
                close(json!({}), number, before, &closer)
            });
        let refused = made.await.expect_err("it is another one").to_string();
        assert!(refused.contains("changed meanwhile"), "{refused}");
        assert_eq!(change(site()).await.expect("asked"), Changed::Done);
        assert_eq!(decided(&test.store, Arc::clone(&key)).await, 1);
        assert_eq!(
            change(other).await.expect("asked"),
            Changed::Decided(1),
            "{}",
            test.engine
        );
        let named = Scope {
            name: "The mill".to_owned(),
            ..site()
        };
        assert_eq!(change(named).await.expect("asked"), Changed::Done);
        let kept = test.store.scope("s").await.expect("read").expect("it");
        assert_eq!(
            (kept.name.as_str(), &kept.sites[0][..]),
            ("The mill", "P01")
        );
    }
}

/// What was set or said while a decision ran is not what it was made by.
#[tokio::test]
async fn nothing_is_decided_by_what_has_changed_during_the_run() {
    for test in TestStore::each().await {
        let store = &test.store;
        scope(store).await;
        let entry = |deed| Entry::new(NOON, Actor::Person("ada".to_owned()), deed, "Site P01");
        let stamp = async || {
            let stamp = store.scope_stamp("s").await.expect("read");
            stamp.expect("it is there")
        };
        let refused = async |stamp, what: &str| {
            let new = NewDecision {
                scope: site(),
                stamp,
                decided: "go",
                by: "ada".to_owned(),
                entry: entry("decision.make"),
            };
            let key = Ed25519KeyPair::generate().expect("a key");
            let made = store.add_decision(new, std::io::empty(), move |number, before| {
                close(json!({}), number, before, &key)
            });
            // Not something wrong in what was sent: somebody was faster.
            let Refused::Changed(refused) = made.await.expect_err(what).into() else {
                panic!("{what}: not told as a change");
            };
            let wanted = "set or said something of this scope meanwhile";
            assert!(refused.contains(wanted), "{what}: {refused}");
        };
        let before = stamp().await;
        let said = |holds, at: i64| Said {
            kind: REQUEST.to_owned(),
            holds,
            note: String::new(),
            link: String::new(),
            about: String::new(),
            marked_by: "ben".to_owned(),
            marked_at: NOON.0 + at,
        };
        let asks = store.say("s".to_owned(), said(true, 0), entry("scope.say"));
        asks.await.expect("said");
        refused(before, "somebody asks").await;
        let before = stamp().await;
        let back = store.say("s".to_owned(), said(false, 1), entry("scope.say"));
        back.await.expect("said");
        refused(before, "somebody takes that back").await;
        let before = stamp().await;
        let key = Arc::new(Ed25519KeyPair::generate().expect("a key"));
        assert_eq!(decided(store, key).await, 1, "on {}", test.engine);
        refused(before, "somebody decides").await;
        assert_eq!(kept(store).await, 1, "and nothing else was kept");
    }
}

async fn kept(store: &Store) -> usize {
    let all = store.decisions("s", i64::MAX, 10).await;
    all.expect("read").len()
}
