//! What is asked for again and again: not sent while it is the same, and never kept beyond that.

use reqwest::header;
use serde_json::json;

use super::filled::{Call, calls, filled};
use crate::support::{answer::Answer, app::TestApp};

async fn again(call: &Call, app: &TestApp, address: &str, tag: &str) -> Answer {
    let request = call
        .request(app, address)
        .header(header::IF_NONE_MATCH, tag);
    Answer::to(request).await
}

#[tokio::test]
async fn the_same_is_not_sent_again() {
    for app in TestApp::each().await {
        let filled = filled(&app).await;
        for call in calls().iter().filter(|call| call.response(304).is_some()) {
            let mut addresses = vec![call.address(&filled)];
            if call.path.ends_with("/trend") {
                addresses.push(format!("{}?format=csv", call.path));
            }
            for address in addresses {
                let first = Answer::to(call.request(&app, &address)).await.ok(&address);
                let tag = first.header("etag");
                assert!(tag.starts_with("W/\""), "{address}: {tag}");
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                for known in [tag.clone(), format!("\"another\", {tag}"), "*".to_owned()] {
                    let answer = again(call, &app, &address, &known).await;
                    assert_eq!(answer.status, 304, "{address} {known}: {}", answer.text());
                    assert!(answer.body.is_empty(), "{address}");
                    assert_eq!(answer.header("etag"), tag, "{address}");
                    assert_eq!(answer.header("cache-control"), "private, no-cache");
                    assert!(!answer.header("date").is_empty());
                }
                let answer = again(call, &app, &address, "\"another\"").await;
                assert_eq!(answer.status, 200, "{address}");
            }
        }
    }
}

/// A thing that happens, and the calls that have something new to say then.
type Event<'a> = (&'a str, &'a [&'a str]);

#[tokio::test]
async fn whatever_changes_is_sent() {
    const NUMBERS: &[&str] = &[
        "getSummary",
        "listClients",
        "getFixPlan",
        "getTrend",
        "listFeeds",
    ];
    let events: [Event<'_>; 5] = [
        ("a new client", NUMBERS),
        ("the same again", &["listClients", "getClient", "listFeeds"]),
        (
            "it blocks",
            &[
                "getSummary",
                "listBlockers",
                "listChanges",
                "listClients",
                "getClient",
                "getFixPlan",
                "listRegressed",
                "getTrend",
            ],
        ),
        (
            "a list",
            &[
                "getSummary",
                "listClients",
                "listBlockers",
                "getClient",
                "getFixPlan",
                "getTrend",
            ],
        ),
        ("a refusal", &["listRejects"]),
    ];
    for app in TestApp::each().await {
        let mut filled = filled(&app).await;
        let other = app.report("PC-0500").collected(-7_200_000);
        filled.client = other.clone().stored().await;
        for (event, sayers) in events {
            let all = calls();
            let polled = all.iter().filter(|call| sayers.contains(&call.id()));
            let mut tags = Vec::new();
            for call in polled {
                let address = call.address(&filled);
                let answer = Answer::to(call.request(&app, &address)).await.ok(&address);
                tags.push((call, address, answer.header("etag")));
            }
            assert_eq!(tags.len(), sayers.len(), "{event}");
            match event {
                "a new client" => drop(app.report("PC-0501").stored().await),
                "the same again" => {
                    let again = other.clone().collected(-3_600_000);
                    let answer = again.send().await.ok(event).json();
                    assert_eq!(answer["unchanged"], 1, "{answer}");
                }
                "it blocks" => {
                    let id = other
                        .clone()
                        .windows7_untouched()
                        .collected(-60_000)
                        .stored()
                        .await;
                    assert_eq!(id, filled.client);
                }
                "a list" => {
                    let list = "Name,Owner,Obsolete\nPC-0500,Finance,0\nNEW-1,,0\n";
                    drop(app.put_agreed("?list=more", list).await.ok(event));
                }
                _ => {
                    let wrong = app
                        .report("PC-9")
                        .set("/os/version", json!("x"))
                        .send()
                        .await;
                    assert_eq!(wrong.status, 422);
                }
            }
            for (call, address, tag) in tags {
                let answer = again(call, &app, &address, &tag).await;
                assert_eq!(
                    answer.status, 200,
                    "{address} after {event} on {}",
                    app.engine
                );
                assert_ne!(answer.header("etag"), tag, "{address} after {event}");
            }
        }
    }
}
