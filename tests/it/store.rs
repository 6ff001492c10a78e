//! What the store promises, the same asserts on both engines.

use cutover::domain::audit::Author;
use cutover::store::membership::Consent;
use cutover::{
    domain::{
        identity::ClientIds,
        lists::ListOrigin,
        time::{DAY, HOUR, Timestamp},
        verdict::Standing,
    },
    store::{
        Error, Store,
        incoming::{Incoming, Kept},
        model::{Filter, Listing},
        population::{Expected, ExpectedList},
    },
};

use crate::support::stores::{EVERYWHERE, NOON, TestStore, blocking, report};

async fn send(store: &Store, reports: Vec<Incoming>, now: Timestamp) -> Vec<Kept> {
    store
        .writer()
        .reports(reports, now, true)
        .await
        .expect("kept")
        .into_iter()
        .map(|receipt| receipt.kept)
        .collect()
}

async fn standing(store: &Store, name: &str, now: Timestamp) -> Standing {
    let filter = Filter {
        q: Some(name.to_owned()),
        ..Filter::default()
    };
    let page = store.list(&filter, None, 10, now).await.expect("a list");
    page.items
        .iter()
        .find(|row| row.name == name)
        .expect("the client")
        .standing
}

fn count(rows: usize) -> i64 {
    i64::try_from(rows).expect("few")
}

/// Every number of the summary, recounted from the list of everybody.
pub async fn numbers_equal_the_lists(store: &Store, now: Timestamp) {
    crate::fixes::signatures_equal_the_lists(store, now).await;
    let summary = store.summary("test", now).await.expect("a summary");
    let mut rows = Vec::new();
    let mut walk = store.walk(Filter::default(), now).await.expect("a walk");
    while let Some(piece) = walk.next().await.expect("a piece") {
        rows.extend(piece);
    }
    let population = &summary.population;
    assert_eq!(population.total, count(rows.len()));
    for standing in Standing::ALL {
        let n = count(rows.iter().filter(|row| row.standing == standing).count());
        assert_eq!(population.standings[&standing], n, "{standing:?}");
        let filter = Filter {
            standings: vec![standing],
            ..Filter::default()
        };
        let page = store.list(&filter, None, 1_000, now).await.expect("a list");
        assert_eq!(page.total, n, "total of {standing:?}");
        // One page holds no more.
        assert_eq!(
            count(page.items.len()),
            n.min(1_000),
            "rows of {standing:?}"
        );
    }
    for line in &summary.by_os {
        let of_os = || rows.iter().filter(|row| row.os_key == line.os_key);
        assert_eq!(line.total, count(of_os().count()), "{}", line.os_key);
        for (standing, n) in &line.standings {
            let listed = of_os().filter(|row| row.standing == *standing).count();
            assert_eq!(*n, count(listed), "{} {standing:?}", line.os_key);
        }
    }
    let duplicates = count(rows.iter().filter(|row| row.duplicate).count());
    assert_eq!(population.suspected_duplicates, duplicates);
}

#[tokio::test]
async fn a_report_is_stored_then_unchanged_then_changed_and_a_late_one_changes_nothing() {
    for test in TestStore::each().await {
        let store = &test.store;
        let first = report(1, NOON, 1);
        assert_eq!(send(store, vec![first.clone()], NOON).await, [Kept::Stored]);
        assert_eq!(
            send(store, vec![first.clone()], NOON).await,
            [Kept::Unchanged],
            "sent again"
        );
        let same = report(1, NOON.plus(HOUR), 1);
        assert_eq!(
            send(store, vec![same.clone()], NOON.plus(HOUR)).await,
            [Kept::Unchanged]
        );
        assert_eq!(
            send(store, vec![first.clone()], NOON).await,
            [Kept::Unchanged],
            "an absorbed one again"
        );
        let worse = blocking(1, NOON.plus(2 * HOUR), 2);
        assert_eq!(
            send(store, vec![worse], NOON.plus(2 * HOUR)).await,
            [Kept::Stored]
        );
        assert_eq!(
            standing(store, "PC-1", NOON.plus(2 * HOUR)).await,
            Standing::Blocking
        );
        let late = report(1, NOON.plus(HOUR + 1), 3);
        assert_eq!(
            send(store, vec![late.clone()], NOON.plus(3 * HOUR)).await,
            [Kept::Late]
        );
        assert_eq!(
            send(store, vec![late], NOON.plus(3 * HOUR)).await,
            [Kept::Unchanged],
            "late, again"
        );
        assert_eq!(
            standing(store, "PC-1", NOON.plus(3 * HOUR)).await,
            Standing::Blocking,
            "{}",
            test.engine
        );
        assert_eq!(
            send(store, vec![first, same], NOON).await,
            [Kept::Unchanged, Kept::Unchanged]
        );
        let id = store
            .list(&Filter::default(), None, 10, NOON)
            .await
            .expect("a list")
            .items[0]
            .id
            .clone();
        let detail = store
            .client(&id, &EVERYWHERE, NOON)
            .await
            .expect("a client")
            .expect("found");
        assert_eq!(detail.history.len(), 3);
        assert_eq!(detail.history.iter().filter(|entry| entry.late).count(), 1);
        assert_eq!(
            detail.raw.as_deref(),
            Some(&br#"{"client":1,"version":2}"#[..])
        );
        numbers_equal_the_lists(store, NOON.plus(3 * HOUR)).await;
    }
}

#[tokio::test]
async fn any_order_of_arrival_ends_the_same() {
    let reports: Vec<Incoming> = vec![
        report(1, NOON, 1),
        blocking(1, NOON.plus(HOUR), 2),
        report(1, NOON.plus(2 * HOUR), 3),
        // Of the same time they would be judged together.
        blocking(1, NOON.plus(2 * HOUR + 1), 4),
        report(1, NOON.plus(90), 5),
    ];
    for test in TestStore::each().await {
        let mut ends = Vec::new();
        for (client, order) in permutations(5).into_iter().enumerate() {
            let client = u32::try_from(client).expect("small") + 10;
            for index in order {
                let mut one = reports[index].clone();
                let named = report(client, NOON, 1);
                one.ids = named.ids;
                one.name = named.name;
                send(&test.store, vec![one], NOON.plus(DAY)).await;
            }
            ends.push(standing(&test.store, &format!("PC-{client}"), NOON.plus(DAY)).await);
        }
        assert_eq!(ends.len(), 120);
        assert!(
            ends.iter().all(|end| *end == Standing::Blocking),
            "{}: {ends:?}",
            test.engine
        );
        numbers_equal_the_lists(&test.store, NOON.plus(DAY)).await;
    }
}

fn permutations(n: usize) -> Vec<Vec<usize>> {
    if n == 0 {
        return vec![Vec::new()];
    }
    permutations(n - 1)
        .into_iter()
        .flat_map(|shorter| {
            (0..=shorter.len()).map(move |at| {
                let mut longer = shorter.clone();
                longer.insert(at, n - 1);
                longer
            })
        })
        .collect()
}

#[tokio::test]
async fn many_reports_in_one_group_each_get_their_own_receipt() {
    for test in TestStore::each().await {
        // Several reports of the same client in one group, and clients in every chunk size.
        let mut reports = Vec::new();
        for n in 0..345 {
            reports.push(report(n, NOON, 1));
            if n % 10 == 0 {
                reports.push(blocking(n, NOON.plus(HOUR), 2));
                reports.push(report(n, NOON.plus(-HOUR), 3));
            }
        }
        let kept = send(&test.store, reports, NOON.plus(HOUR)).await;
        assert_eq!(kept.len(), 345 + 2 * 35);
        assert!(
            kept.iter().all(|kept| *kept == Kept::Stored),
            "{}",
            test.engine
        );
        numbers_equal_the_lists(&test.store, NOON.plus(HOUR)).await;
        let summary = test
            .store
            .summary("test", NOON.plus(HOUR))
            .await
            .expect("a summary");
        assert_eq!(summary.population.total, 345);
        assert_eq!(summary.population.standings[&Standing::Blocking], 35);
    }
}

#[tokio::test]
async fn pages_of_a_list_join_without_gap_or_repeat() {
    for test in TestStore::each().await {
        send(
            &test.store,
            (0..50).map(|n| report(n, NOON, 1)).collect(),
            NOON,
        )
        .await;
        let mut names = Vec::new();
        let mut cursor = None;
        loop {
            let page = test
                .store
                .list(&Filter::default(), cursor.as_deref(), 7, NOON)
                .await
                .expect("a page");
            assert_eq!(page.total, 50);
            names.extend(page.items.into_iter().map(|row| row.name.to_lowercase()));
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        let mut sorted = names.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(names, sorted);
        assert_eq!(names.len(), 50);
        let foreign = test
            .store
            .list(&Filter::default(), Some("nonsense"), 7, NOON)
            .await;
        assert!(matches!(foreign, Err(Error::Input(_))));
    }
}

#[tokio::test]
async fn time_alone_makes_a_client_stale_and_a_report_brings_it_back() {
    for test in TestStore::each().await {
        let store = &test.store;
        send(store, vec![report(1, NOON, 1), blocking(2, NOON, 1)], NOON).await;
        let just_before = NOON.plus(14 * DAY - 1);
        assert_eq!(standing(store, "PC-1", just_before).await, Standing::Ready);
        let after = NOON.plus(14 * DAY);
        assert_eq!(standing(store, "PC-1", after).await, Standing::Stale);
        assert_eq!(standing(store, "PC-2", after).await, Standing::Stale);
        numbers_equal_the_lists(store, after).await;
        // The same facts again make it fresh again, whichever way it takes.
        assert_eq!(
            send(store, vec![report(1, after, 1)], after).await,
            [Kept::Unchanged]
        );
        assert_eq!(standing(store, "PC-1", after).await, Standing::Ready);
        numbers_equal_the_lists(store, after).await;
        // A report in between moves the day on which it becomes stale.
        send(store, vec![report(1, after.plus(DAY), 1)], after.plus(DAY)).await;
        assert_eq!(
            standing(store, "PC-1", after.plus(14 * DAY)).await,
            Standing::Ready
        );
        assert_eq!(
            standing(store, "PC-1", after.plus(15 * DAY)).await,
            Standing::Stale
        );
        // An old report of an unknown client never looks fresh.
        send(store, vec![report(3, NOON, 1)], after.plus(15 * DAY)).await;
        assert_eq!(
            standing(store, "PC-3", after.plus(15 * DAY)).await,
            Standing::Stale
        );
        numbers_equal_the_lists(store, after.plus(15 * DAY)).await;
    }
}

#[tokio::test]
async fn another_freshness_limit_moves_everybody() {
    for test in TestStore::each().await {
        let store = &test.store;
        store
            .apply_freshness(14 * DAY, Author::server(), NOON)
            .await
            .expect("a limit");
        send(store, vec![report(1, NOON, 1)], NOON).await;
        let later = NOON.plus(20 * DAY);
        assert_eq!(standing(store, "PC-1", later).await, Standing::Stale);
        store
            .apply_freshness(30 * DAY, Author::server(), later)
            .await
            .expect("a limit");
        assert_eq!(standing(store, "PC-1", later).await, Standing::Ready);
        store
            .apply_freshness(7 * DAY, Author::server(), later)
            .await
            .expect("a limit");
        assert_eq!(standing(store, "PC-1", later).await, Standing::Stale);
        numbers_equal_the_lists(store, later).await;
    }
}

#[tokio::test]
async fn a_rebuilt_machine_is_a_suspected_duplicate_and_never_merged() {
    for test in TestStore::each().await {
        let store = &test.store;
        send(store, vec![blocking(1, NOON, 1)], NOON).await;
        let mut rebuilt = report(1, NOON.plus(DAY), 2);
        rebuilt.ids.sms_guid = Some("FFFFFFF0-0000-4000-8000-000000000000".to_owned());
        rebuilt.ids.resource_id = Some(77);
        assert_eq!(
            send(store, vec![rebuilt], NOON.plus(DAY)).await,
            [Kept::Stored]
        );
        let summary = store
            .summary("test", NOON.plus(DAY))
            .await
            .expect("a summary");
        assert_eq!(summary.population.total, 2, "{}: both count", test.engine);
        assert_eq!(
            summary.population.standings[&Standing::Blocking],
            1,
            "the old verdict stands"
        );
        assert_eq!(summary.population.suspected_duplicates, 2, "and it is said");
        let filter = Filter {
            duplicates: true,
            ..Filter::default()
        };
        let page = store
            .list(&filter, None, 10, NOON.plus(DAY))
            .await
            .expect("a list");
        assert_eq!((page.total, page.items.len()), (2, 2));
        let detail = store
            .client(&page.items[0].id, &EVERYWHERE, NOON)
            .await
            .expect("a client")
            .expect("found");
        assert_eq!(detail.suspects.len(), 1);
        numbers_equal_the_lists(store, NOON.plus(DAY)).await;
    }
}

#[tokio::test]
async fn weaker_ids_find_the_client_that_stronger_ones_made() {
    for test in TestStore::each().await {
        let store = &test.store;
        send(store, vec![report(1, NOON, 1)], NOON).await;
        for (hours, ids) in [
            (
                1,
                ClientIds {
                    resource_id: Some(1_001),
                    site_code: Some("P01".to_owned()),
                    ..ClientIds::default()
                },
            ),
            (
                2,
                ClientIds {
                    fqdn: Some("pc-1.corp.example".to_owned()),
                    ..ClientIds::default()
                },
            ),
        ] {
            let mut weak = blocking(
                1,
                NOON.plus(hours * HOUR),
                1 + u8::try_from(hours).expect("small"),
            );
            weak.ids = ids;
            send(store, vec![weak], NOON.plus(hours * HOUR)).await;
            let summary = store
                .summary("test", NOON.plus(DAY))
                .await
                .expect("a summary");
            assert_eq!(summary.population.total, 1, "{}", test.engine);
        }
        // The ids that the weak reports did not carry are still there.
        let page = store
            .list(&Filter::default(), None, 10, NOON.plus(DAY))
            .await
            .expect("a list");
        assert_eq!(
            page.items[0].ids.sms_guid.as_deref(),
            Some("00000001-0000-4000-8000-000000000000")
        );
    }
}

#[tokio::test]
async fn a_report_from_the_future_counts_once_however_often_it_is_sent() {
    for test in TestStore::each().await {
        let store = &test.store;
        let ahead = |received: Timestamp| {
            let mut one = report(1, received, 1);
            one.collected_at = NOON.plus(400 * DAY);
            one.future = true;
            one
        };
        send(store, vec![ahead(NOON)], NOON).await;
        assert_eq!(standing(store, "PC-1", NOON).await, Standing::Ready);
        let (later, again) = (NOON.plus(HOUR), NOON.plus(2 * HOUR));
        send(store, vec![blocking(1, later, 2)], later).await;
        assert_eq!(
            send(store, vec![ahead(again)], again).await,
            [Kept::Unchanged]
        );
        assert_eq!(
            standing(store, "PC-1", again).await,
            Standing::Blocking,
            "{}",
            test.engine
        );
        // Nor does it keep anything fresh.
        let much_later = later.plus(15 * DAY);
        send(store, vec![ahead(much_later)], much_later).await;
        assert_eq!(standing(store, "PC-1", much_later).await, Standing::Stale);
    }
}

#[tokio::test]
async fn a_bare_name_never_clears_a_client_that_has_better_ids() {
    for test in TestStore::each().await {
        let store = &test.store;
        send(store, vec![blocking(9, NOON, 1)], NOON).await;
        let mut named = report(9, NOON.plus(HOUR), 2);
        named.ids = ClientIds {
            name: named.ids.name,
            ..ClientIds::default()
        };
        send(store, vec![named.clone()], NOON.plus(HOUR)).await;
        let population = store
            .population(&EVERYWHERE, NOON.plus(HOUR))
            .await
            .expect("a population");
        assert_eq!(
            population.standings[&Standing::Blocking],
            1,
            "{}",
            test.engine
        );
        assert_eq!((population.total, population.suspected_duplicates), (2, 2));
        // The same name again is the same record, and a list that knows names only adds no third.
        named.content_hash = [3; 16];
        named.seen_at = NOON.plus(2 * HOUR);
        send(store, vec![named], NOON.plus(2 * HOUR)).await;
        assert_eq!(
            store
                .population(&EVERYWHERE, NOON.plus(2 * HOUR))
                .await
                .expect("a population")
                .total,
            2
        );
    }
}

#[tokio::test]
async fn a_list_of_names_finds_the_clients_that_reported() {
    for test in TestStore::each().await {
        let store = &test.store;
        send(store, vec![report(1, NOON, 1), blocking(2, NOON, 1)], NOON).await;
        let rows = (1..=3)
            .map(|n| {
                let mut row = expected(n, Listing::Expected);
                row.ids = ClientIds {
                    name: row.ids.name,
                    ..ClientIds::default()
                };
                row
            })
            .collect();
        let replaced = store
            .replace_population(&EVERYWHERE, list(rows, false), NOON)
            .await
            .expect("a list");
        assert_eq!((replaced.new, replaced.matched), (1, 2), "{}", test.engine);
        // And who is silent is found once it reports with everything it has.
        send(store, vec![report(3, NOON, 1)], NOON).await;
        let population = store
            .population(&EVERYWHERE, NOON)
            .await
            .expect("a population");
        assert_eq!((population.total, population.expected), (3, 3));
        assert_eq!(population.standings[&Standing::Silent], 0);
        numbers_equal_the_lists(store, NOON).await;
    }
}

#[tokio::test]
async fn a_client_found_by_name_first_is_the_same_once_its_guid_is_known() {
    for test in TestStore::each().await {
        let store = &test.store;
        let mut bare = blocking(5, NOON, 1);
        bare.ids = ClientIds {
            fqdn: bare.ids.fqdn,
            ..ClientIds::default()
        };
        send(store, vec![bare], NOON).await;
        send(store, vec![report(5, NOON.plus(HOUR), 2)], NOON.plus(HOUR)).await;
        send(
            store,
            vec![report(5, NOON.plus(2 * HOUR), 3)],
            NOON.plus(2 * HOUR),
        )
        .await;
        let summary = store
            .summary("test", NOON.plus(DAY))
            .await
            .expect("a summary");
        assert_eq!(summary.population.total, 1, "{}", test.engine);
        assert_eq!(summary.population.standings[&Standing::Ready], 1);
    }
}

fn expected(n: u32, listing: Listing) -> Expected {
    Expected {
        ids: report(n, NOON, 1).ids,
        os_key: "10.0.19045-client".to_owned(),
        roles: Vec::new(),
        owner: Some("Finance".to_owned()),
        last_contact: Some("yesterday".to_owned()),
        listing,
    }
}

fn list(rows: Vec<Expected>, confirmed: bool) -> ExpectedList {
    ExpectedList {
        name: "default".to_owned(),
        kind: ListOrigin::Devices,
        rows,
        rejected: 0,
        file_hash: vec![1],
        uploaded_by: "a test".to_owned(),
        by: Author::server().into(),
        consent: if confirmed {
            Consent::Given
        } else {
            Consent::IfHarmless
        },
    }
}

#[tokio::test]
async fn the_expected_list_shows_who_is_silent_and_replaces_itself_in_one_step() {
    for test in TestStore::each().await {
        let store = &test.store;
        send(store, vec![report(1, NOON, 1), blocking(2, NOON, 1)], NOON).await;
        let rows = (1..=30)
            .filter(|n| *n != 2)
            .map(|n| expected(n, Listing::Expected))
            .chain([
                expected(1, Listing::Expected),
                expected(40, Listing::Obsolete),
            ])
            .collect();
        let replaced = store
            .replace_population(&EVERYWHERE, list(rows, false), NOON)
            .await
            .expect("a list");
        assert_eq!(
            (
                replaced.new,
                replaced.matched,
                replaced.duplicate,
                replaced.left_out
            ),
            (29, 1, 1, 1)
        );
        let population = store
            .population(&EVERYWHERE, NOON)
            .await
            .expect("a population");
        assert_eq!(
            (population.total, population.expected, population.unlisted),
            (30, 29, 1)
        );
        assert_eq!(population.standings[&Standing::Silent], 28);
        assert_eq!(population.left_out, 1);
        numbers_equal_the_lists(store, NOON).await;
        // A silent client that reports is silent no longer, and stays expected.
        send(store, vec![report(7, NOON, 1)], NOON).await;
        let population = store
            .population(&EVERYWHERE, NOON)
            .await
            .expect("a population");
        assert_eq!(population.standings[&Standing::Silent], 27);
        assert_eq!(population.expected, 29);
        // One marked obsolete that reports is counted again.
        send(store, vec![blocking(40, NOON, 1)], NOON).await;
        let population = store
            .population(&EVERYWHERE, NOON)
            .await
            .expect("a population");
        assert_eq!((population.left_out, population.total), (0, 31));
        // A much shorter list needs a confirmation and changes nothing without it.
        let short = || {
            (1..=5)
                .map(|n| expected(n, Listing::Expected))
                .collect::<Vec<_>>()
        };
        let refused = store
            .replace_population(&EVERYWHERE, list(short(), false), NOON)
            .await;
        assert!(
            matches!(refused, Err(Error::NeedsConfirmation(..))),
            "{}: {refused:?}",
            test.engine
        );
        assert_eq!(
            store
                .population(&EVERYWHERE, NOON)
                .await
                .expect("a population")
                .total,
            31
        );
        let replaced = store
            .replace_population(&EVERYWHERE, list(short(), true), NOON)
            .await
            .expect("a list");
        // Who has reported stays, listed or not: 1 to 5, 7 and 40.
        assert_eq!(replaced.after, 7);
        numbers_equal_the_lists(store, NOON).await;
    }
}

#[tokio::test]
async fn a_list_that_hides_a_blocking_client_needs_a_confirmation() {
    for test in TestStore::each().await {
        let store = &test.store;
        let everybody = (0..100).map(|n| {
            if n == 3 {
                blocking(n, NOON, 1)
            } else {
                report(n, NOON, 1)
            }
        });
        send(store, everybody.collect(), NOON).await;
        let rows = || {
            (0..100)
                .map(|n| {
                    expected(
                        n,
                        if n == 3 {
                            Listing::Decommissioned
                        } else {
                            Listing::Expected
                        },
                    )
                })
                .collect::<Vec<_>>()
        };
        let refused = store
            .replace_population(&EVERYWHERE, list(rows(), false), NOON)
            .await;
        assert!(
            matches!(refused, Err(Error::NeedsConfirmation(..))),
            "{}: {refused:?}",
            test.engine
        );
        store
            .replace_population(&EVERYWHERE, list(rows(), true), NOON)
            .await
            .expect("a list");
        let population = store
            .population(&EVERYWHERE, NOON)
            .await
            .expect("a population");
        assert_eq!((population.total, population.left_out), (99, 1));
        let filter = Filter {
            left_out: true,
            ..Filter::default()
        };
        let page = store.list(&filter, None, 10, NOON).await.expect("a list");
        assert_eq!((page.total, page.items.len()), (1, 1));
        numbers_equal_the_lists(store, NOON).await;
    }
}

#[tokio::test]
async fn two_servers_on_one_database_agree_about_a_new_machine() {
    for test in TestStore::each().await {
        if test.engine == "sqlite" {
            continue;
        }
        let other = Store::open(&test.url).await.expect("a second server");
        for round in 0..20_u32 {
            let batch = |version: u8| -> Vec<Incoming> {
                (0..40)
                    .map(|n| report(round * 40 + n, NOON.plus(i64::from(version)), version))
                    .collect()
            };
            let (now, mut backwards) = (NOON.plus(100), batch(2));
            backwards.reverse();
            let (a, b) = tokio::join!(
                test.store.writer().reports(batch(1), now, true),
                other.writer().reports(backwards, now, true)
            );
            assert!(a.is_ok() && b.is_ok(), "{a:?} {b:?}");
        }
        let now = NOON.plus(100);
        numbers_equal_the_lists(&test.store, now).await;
        let summary = test.store.summary("test", now).await.expect("a summary");
        assert_eq!(summary.population.total, 800);
        let page = test
            .store
            .list(&Filter::default(), None, 1_000, now)
            .await
            .expect("a list");
        assert!(
            page.items
                .iter()
                .all(|row| row.collected_at == Some(NOON.plus(2)))
        );
    }
}
