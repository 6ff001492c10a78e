//! Clients that lists, tables and machines call by different ids: who is who by a name, and who is not.

use cutover::domain::audit::Author;
use cutover::store::membership::Consent;
use cutover::{
    domain::{
        evidence::Trust,
        identity::ClientIds,
        lists::ListOrigin,
        time::{HOUR, Timestamp},
        verdict::Standing,
    },
    store::{
        Store,
        forecast::Saying,
        incoming::{Incoming, Kept, Sender, Way},
        model::{Filter, Listing},
        population::{Expected, ExpectedList},
    },
};

use crate::{
    store::numbers_equal_the_lists,
    support::stores::{EVERYWHERE, NOON, TestStore, blocking, report},
    support::{answer::Answer, app::stored_rows},
};

async fn send(store: &Store, reports: Vec<Incoming>) -> Vec<Kept> {
    let now = reports
        .iter()
        .map(|report| report.received_at)
        .max()
        .unwrap_or(NOON);
    store
        .writer()
        .reports(reports, now, true)
        .await
        .expect("kept")
        .into_iter()
        .map(|receipt| receipt.kept)
        .collect()
}

/// Only these ids of a report, and the FQDN in this domain.
fn called(mut report: Incoming, domain: Option<&str>) -> Incoming {
    report.ids = ClientIds {
        fqdn: domain.map(|domain| format!("{}.{domain}", report.name.to_lowercase())),
        name: Some(report.name.clone()),
        ..ClientIds::default()
    };
    report
}

/// A row of a table that somebody dropped on a share.
fn dropped(mut report: Incoming) -> Incoming {
    report.sender = Sender::brought("a test", Way::Share);
    report
}

/// A row as a device list without FQDN has it.
fn row(n: u32, resource: i64, listing: Listing) -> Expected {
    Expected {
        ids: ClientIds {
            name: Some(format!("PC-{n}")),
            resource_id: Some(resource),
            site_code: Some("P01".to_owned()),
            ..ClientIds::default()
        },
        os_key: "unknown".to_owned(),
        roles: Vec::new(),
        owner: None,
        last_contact: None,
        listing,
    }
}

async fn put(store: &Store, rows: Vec<Expected>) {
    let list = ExpectedList {
        name: "all".to_owned(),
        kind: ListOrigin::Devices,
        rows,
        rejected: 0,
        file_hash: vec![1; 32],
        uploaded_by: "a test".to_owned(),
        by: Author::server().into(),
        consent: Consent::Given,
    };
    store
        .replace_population(&EVERYWHERE, list, NOON)
        .await
        .expect("a list");
}

/// `total expected duplicates`, and the standings in the order of the ids.
async fn found(store: &Store) -> (i64, i64, i64, Vec<&'static str>) {
    let now = NOON.plus(9 * HOUR);
    numbers_equal_the_lists(store, now).await;
    let population = store
        .population(&EVERYWHERE, now)
        .await
        .expect("a population");
    let page = store.list(&Filter::default(), None, 100, now).await;
    let mut standings: Vec<&str> = page
        .expect("a list")
        .items
        .iter()
        .map(|row| row.standing.code())
        .collect();
    standings.sort_unstable();
    (
        population.total,
        population.expected,
        population.suspected_duplicates,
        standings,
    )
}

fn at(hours: i64) -> Timestamp {
    NOON.plus(hours * HOUR)
}

#[tokio::test]
async fn a_bare_name_from_a_share_finds_the_one_client_and_clears_nothing_that_is_trusted_more() {
    for test in TestStore::each().await {
        let store = &test.store;
        put(store, vec![row(1, 1, Listing::Expected)]).await;
        let mut told = blocking(1, at(1), 1);
        told.ids.resource_id = Some(1);
        send(store, vec![told]).await;
        let bare = dropped(called(blocking(1, at(2), 2), None));
        send(store, vec![bare]).await;
        assert_eq!(
            found(store).await,
            (1, 1, 0, vec!["blocking"]),
            "{}",
            test.engine
        );
        // The same words as a report of a machine about itself stay apart.
        send(store, vec![called(report(1, at(3), 3), None)]).await;
        let (total, _, duplicates, standings) = found(store).await;
        assert_eq!((total, duplicates), (2, 2));
        assert!(standings.contains(&"blocking"), "{standings:?}");
        assert_eq!(Sender::brought("x", Way::Share).trust, Trust::Claimed);
    }
}

#[tokio::test]
async fn a_bare_name_of_a_file_means_the_counted_client_and_not_the_obsolete_one() {
    for test in TestStore::each().await {
        let store = &test.store;
        let rows = vec![row(1, 1, Listing::Obsolete), row(1, 2, Listing::Expected)];
        put(store, rows).await;
        let bare = dropped(called(report(1, at(1), 1), None));
        send(store, vec![bare]).await;
        assert_eq!(found(store).await, (1, 1, 0, vec!["ready"]));
        // Of two counted ones it means neither.
        let rows = vec![row(1, 1, Listing::Expected), row(1, 2, Listing::Expected)];
        put(store, rows).await;
        let bare = dropped(called(report(1, at(1), 1), None));
        let saying = Saying {
            ids: bare.ids,
            content_hash: bare.content_hash,
            seen_at: bare.seen_at,
            coverage: bare.coverage,
        };
        let mut matcher = store.matcher().await.expect("a matcher");
        let looked = matcher.look(&[saying], &bare.sender).await;
        let whom = format!("{:?}", looked.expect("an answer"));
        assert!(whom.contains("Several"), "{whom}");
    }
}

#[tokio::test]
async fn a_report_with_an_fqdn_is_the_only_listed_client_of_its_name_whoever_comes_first() {
    for list_first in [true, false] {
        for test in TestStore::each().await {
            let store = &test.store;
            let rows = || vec![row(1, 1, Listing::Expected), row(2, 2, Listing::Expected)];
            let full = || called(report(1, at(1), 1), Some("a.example"));
            if list_first {
                put(store, rows()).await;
                send(store, vec![full()]).await;
            } else {
                send(store, vec![full()]).await;
                put(store, rows()).await;
            }
            let place = format!("{} {list_first}", test.engine);
            let after = (2, 2, 0, vec!["ready", "silent"]);
            assert_eq!(found(store).await, after, "{place}");
            // All of it again changes nothing.
            put(store, rows()).await;
            assert_eq!(send(store, vec![full()]).await, [Kept::Unchanged]);
            assert_eq!(found(store).await, after, "{place}");
            let filter = Filter {
                q: Some("pc-1.a.example".to_owned()),
                ..Filter::default()
            };
            let page = store.list(&filter, None, 10, at(9)).await.expect("a list");
            let client = &page.items[0];
            assert_eq!(client.ids.resource_id, Some(1), "{place}");
            let detail = store
                .client(&client.id, &EVERYWHERE, at(9))
                .await
                .expect("a client");
            let detail = detail.expect("the client");
            assert_eq!(detail.by_name.as_deref(), Some("pc-1.a.example"), "{place}");
            // A second machine of that name is a client of its own, and both are marked.
            let second = called(blocking(1, at(2), 2), Some("b.example"));
            send(store, vec![second]).await;
            assert_eq!(
                found(store).await,
                (3, 2, 2, vec!["blocking", "ready", "silent"]),
                "{place}"
            );
        }
    }
}

#[tokio::test]
async fn a_late_report_names_its_client_fully_as_well() {
    for test in TestStore::each().await {
        let store = &test.store;
        put(store, vec![row(1, 1, Listing::Expected)]).await;
        let mut newest = report(1, at(3), 3);
        newest.ids.fqdn = None;
        newest.ids.sms_guid = None;
        newest.ids.resource_id = Some(1);
        let late = called(report(1, at(1), 1), Some("a.example"));
        assert_eq!(send(store, vec![newest, late]).await.len(), 2);
        let other = called(blocking(1, at(2), 2), Some("b.example"));
        send(store, vec![other]).await;
        let (total, _, duplicates, _) = found(store).await;
        assert_eq!((total, duplicates), (2, 2), "{}", test.engine);
    }
}

#[tokio::test]
async fn a_name_that_is_not_alone_finds_nobody() {
    for test in TestStore::each().await {
        let store = &test.store;
        // Two rows of one name: neither is the machine that reports.
        let rows = || vec![row(1, 1, Listing::Expected), row(1, 2, Listing::Expected)];
        put(store, rows()).await;
        let full = called(report(1, at(1), 1), Some("a.example"));
        send(store, vec![full]).await;
        assert_eq!(found(store).await.3, ["ready", "silent", "silent"]);
        put(store, rows()).await;
        assert_eq!(
            found(store).await.3,
            ["ready", "silent", "silent"],
            "{}: nor when the list comes later",
            test.engine
        );
        // Other ids that differ, another host than the name, and records that a list gave up.
        let rows = vec![
            row(3, 3, Listing::Expected),
            row(4, 4, Listing::Obsolete),
            row(5, 5, Listing::Expected),
        ];
        put(store, rows).await;
        let mut other_id = called(report(3, at(1), 1), Some("a.example"));
        (other_id.ids.resource_id, other_id.ids.site_code) = (Some(33), Some("P01".to_owned()));
        let given_up = called(report(4, at(1), 1), Some("a.example"));
        let mut other_host = called(report(5, at(1), 1), Some("a.example"));
        other_host.ids.fqdn = Some("srv-5.a.example".to_owned());
        send(store, vec![other_id, given_up, other_host]).await;
        let (_, expected, _, standings) = found(store).await;
        assert_eq!(expected, 2, "{}", test.engine);
        let silent = standings
            .iter()
            .filter(|code| **code == Standing::Silent.code());
        assert_eq!(silent.count(), 2, "{standings:?}");
    }
}

#[tokio::test]
async fn two_servers_give_one_name_to_one_machine() {
    for test in TestStore::each().await {
        if test.engine == "sqlite" {
            continue;
        }
        let other = Store::open(&test.url).await.expect("a second server");
        put(
            &test.store,
            (0..40)
                .map(|n| row(n, i64::from(n), Listing::Expected))
                .collect(),
        )
        .await;
        let batch = |domain: &str| -> Vec<Incoming> {
            let one = |n| called(report(n, at(1), 1), Some(domain));
            (0..40).map(one).collect()
        };
        let mut backwards = batch("b.example");
        backwards.reverse();
        let (a, b) = tokio::join!(
            test.store.writer().reports(batch("a.example"), at(1), true),
            other.writer().reports(backwards, at(1), true)
        );
        assert!(a.is_ok() && b.is_ok(), "{a:?} {b:?}");
        let (total, expected, duplicates, _) = found(&test.store).await;
        assert_eq!((total, expected, duplicates), (80, 40, 80));
    }
}

#[tokio::test]
async fn two_machines_are_told_apart_until_they_share_something_new() {
    for test in TestStore::each().await {
        let store = &test.store;
        let one = called(report(1, at(1), 1), Some("a.example"));
        let two = called(blocking(1, at(1), 2), Some("b.example"));
        send(store, vec![one.clone(), two.clone()]).await;
        assert_eq!(found(store).await.2, 2, "{}", test.engine);
        let page = store.list(&Filter::default(), None, 10, at(9)).await;
        let ids: Vec<_> = page
            .expect("a list")
            .items
            .iter()
            .map(|row| row.id.parse().expect("an id"))
            .collect();
        let settle = || {
            store.settle_as_two(
                ids[0],
                ids[1],
                "a person".to_owned(),
                Author::server().into(),
                at(2),
            )
        };
        assert!(settle().await.expect("kept"));
        assert!(!settle().await.expect("kept"), "said once");
        assert_eq!(found(store).await, (2, 0, 0, vec!["blocking", "ready"]));
        for (id, other) in [(ids[0], ids[1]), (ids[1], ids[0])] {
            let detail = store
                .client(&id.to_string(), &EVERYWHERE, at(9))
                .await
                .expect("a client");
            let detail = detail.expect("the client");
            assert!(detail.suspects.is_empty());
            assert_eq!(detail.settled.len(), 1);
            assert_eq!(detail.settled[0].id, other.to_string());
            assert_eq!(detail.settled[0].by, "a person");
        }
        // The same again, and a list of both, change nothing; a serial number that both have does.
        put(store, vec![row(2, 2, Listing::Expected)]).await;
        send(store, vec![one.clone(), two.clone()]).await;
        assert_eq!(found(store).await.2, 0);
        let share = |mut report: Incoming, hash: u8| {
            report.ids.serial_number = Some("SAME-1".to_owned());
            report.content_hash = [hash; 16];
            report.seen_at = at(3);
            report
        };
        send(store, vec![share(one, 8)]).await;
        send(store, vec![share(two, 9)]).await;
        assert_eq!(found(store).await.2, 2, "{}", test.engine);
    }
}

/// The columns of the kit's inventory class.
const INVENTORY: &str = "Name0,SMS_Unique_Identifier0,Caption0,Version0,BuildNumber0,ProductType0,SystemType0,LastHWScan,KeyName0,WinHttpNative0,WinHttpWow640,Tls12ClientEnabled0,Tls12ClientDisabledByDefault0,NetRelease0,NetV4NativeSystemDefaultTlsVersions0,NetV4Wow64SystemDefaultTlsVersions0,NetV4NativeSchUseStrongCrypto0,NetV4Wow64SchUseStrongCrypto0\n";

/// A row of the class about a Windows 10, with these values of WinHTTP.
fn inventory(name: &str, guid: &str, hours_ago: i64, winhttp: u32) -> String {
    let at = cutover::clock::now().plus(-hours_ago * HOUR);
    format!(
        "{INVENTORY}{name},GUID:{guid},Microsoft Windows 10 Enterprise,10.0.19045,19045,1,x64-based PC,{at},cutover,{winhttp},{winhttp},1,0,528372,1,1,1,1\n"
    )
}

const FIRST: &str = "00000001-9785-F4F8-3554-ADA87AE85484";
const SECOND: &str = "00000002-9785-F4F8-3554-ADA87AE85484";

#[tokio::test]
async fn a_row_with_the_guid_of_one_listed_device_and_the_name_of_another_is_refused() {
    for app in crate::support::app::TestApp::each().await {
        let list = format!("Name,SMS Unique Identifier\nTWO-1,GUID:{FIRST}\nTWO-2,GUID:{SECOND}\n");
        app.put_population("", list).await.ok("a list");
        app.uploaded("a.csv", inventory("TWO-1", FIRST, 48, 160))
            .await;
        let names = async || {
            let clients = app.json("/api/v1/clients").await;
            let mut names: Vec<String> = clients["items"]
                .as_array()
                .expect("clients")
                .iter()
                .map(|client| format!("{} {}", client["name"], client["standing"]))
                .collect();
            names.sort_unstable();
            names
        };
        let before = [
            "\"TWO-1\" \"blocking\"".to_owned(),
            "\"TWO-2\" \"silent\"".to_owned(),
        ];
        assert_eq!(names().await, before);
        let id = app
            .uploaded("b.csv", inventory("two-2", FIRST, 24, 2720))
            .await;
        assert_eq!(names().await, before, "{}", app.engine);
        let rows = stored_rows(&app, &id).await;
        let row = &rows["items"][0];
        assert_eq!(row["status"], "rejected", "{rows}");
        let problem = row["problem"].as_str().expect("a problem");
        for part in ["TWO-1", "TWO-2", "GUID", "expected list"] {
            assert!(problem.contains(part), "{problem}");
        }
        // Nobody else is called so: it was renamed.
        app.uploaded("c.csv", inventory("TWO-3", FIRST, 12, 160))
            .await;
        let renamed = [
            "\"TWO-2\" \"silent\"".to_owned(),
            "\"TWO-3\" \"blocking\"".to_owned(),
        ];
        assert_eq!(names().await, renamed, "{}", app.engine);
        // The remedy that the sentence names.
        let list = format!(
            "Name,SMS Unique Identifier,Obsolete\nTWO-3,GUID:{FIRST},No\nTWO-2,GUID:{SECOND},Yes\n"
        );
        app.put_agreed("", list).await.ok("a list");
        app.uploaded("d.csv", inventory("TWO-2", FIRST, 6, 2720))
            .await;
        let now = ["\"TWO-2\" \"ready\"".to_owned()];
        assert_eq!(names().await, now, "{}", app.engine);
    }
}

/// The world moves between the preview and the moment when somebody says that the rows are to be stored.
#[tokio::test]
async fn a_row_that_has_come_to_name_two_machines_is_refused_when_it_is_stored() {
    for app in crate::support::app::TestApp::each().await {
        app.uploaded("a.csv", inventory("TWO-1", FIRST, 48, 160))
            .await;
        let preview = app
            .upload("?name=b.csv", inventory("TWO-2", FIRST, 24, 2720))
            .await;
        let id = preview["id"].as_str().expect("an id");
        app.uploaded("c.csv", inventory("TWO-2", SECOND, 24, 160))
            .await;
        let commit = app.uploads(reqwest::Method::POST, &format!("/{id}/commit"));
        Answer::to(commit).await;
        let done = app.settled(id).await;
        assert_eq!(done["state"], "done", "{done}");
        assert_eq!(done["rejected"], 1, "{done}");
        let ready = app.json("/api/v1/clients?standing=ready").await;
        assert_eq!(ready["items"].as_array().map(Vec::len), Some(0), "{ready}");
    }
}
