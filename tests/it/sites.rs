//! Whoever may see some sites only: every number, list and change is what it were if there were no other sites.

mod pages;

use std::collections::{BTreeMap, BTreeSet};

use cutover::{
    domain::{
        access::Sites,
        time::{DAY, HOUR},
        verdict::Standing,
    },
    store::{
        Error, Store,
        changes::Change,
        id_lists::IdKind,
        incoming::Incoming,
        model::{ClientRow, Filter, Listing, Order},
        trend::Slice,
    },
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use crate::{
    selection::{SITES, all, by_hand, filled, filter, of_summary},
    support::stores::{EVERYWHERE, NOON, TestStore, blocking, report},
};

fn only(codes: &[&str]) -> Sites {
    Sites::only(codes.iter().map(|code| (*code).to_owned()))
}

fn limits() -> [Sites; 5] {
    [
        only(&["P01"]),
        only(&["P02"]),
        only(&["P01", "P02"]),
        only(&["P02", "ZZZ"]),
        only(&[]),
    ]
}

fn seen(rows: &[ClientRow], within: &Sites) -> Vec<ClientRow> {
    let site = |row: &&ClientRow| within.holds(row.ids.site_code.as_deref().unwrap_or_default());
    rows.iter().filter(site).cloned().collect()
}

async fn send(store: &Store, reports: Vec<Incoming>) {
    let kept = store.writer().reports(reports, NOON, true).await;
    kept.expect("kept");
}

#[test]
fn two_limits_leave_what_both_let_be_seen() {
    let (one, two) = (only(&["P01", "P02"]), only(&["P02", "P03"]));
    assert_eq!(one.and(&two), only(&["P02"]));
    assert_eq!(one.and(&EVERYWHERE), one);
    assert_eq!(EVERYWHERE.and(&one), one);
    assert_eq!(only(&["P01"]).and(&two), only(&[]));
    assert!(!only(&[]).holds("") && !one.holds("") && EVERYWHERE.holds(""));
}

#[tokio::test]
async fn every_list_is_the_part_of_the_whole_that_is_of_these_sites() {
    for test in TestStore::each().await {
        let mut random = StdRng::seed_from_u64(61);
        filled(&test.store, &mut random).await;
        let mut somebody = 0;
        for round in 0..60 {
            let asked = if round < 2 {
                Filter {
                    left_out: round == 1,
                    ..Filter::default()
                }
            } else {
                filter(&mut random)
            };
            let order = Order::ALL[random.random_range(0..4)];
            let (everybody, _) = all(&test.store, &asked, order, 1_000).await;
            for within in limits() {
                let limited = Filter {
                    within: within.clone(),
                    ..asked.clone()
                };
                let what = format!("{}, {order:?}: {limited:?}", test.engine);
                let wanted = seen(&everybody, &within);
                let (rows, total) = all(&test.store, &limited, order, 7).await;
                let ids = |rows: &[ClientRow]| -> Vec<String> {
                    rows.iter().map(|row| row.id.clone()).collect()
                };
                assert_eq!(ids(&rows), ids(&wanted), "{what}");
                let length = i64::try_from(rows.len()).expect("a length");
                assert_eq!(total, length, "{what}");
                let counted = test.store.length(&limited, NOON).await;
                assert_eq!(counted.expect("a length"), length, "{what}");
                let summary = test.store.selection(&limited, "test", NOON).await;
                let summary = summary.expect("a selection");
                assert_eq!(of_summary(&summary), by_hand(&rows), "{what}");
                let sites: BTreeSet<&str> =
                    summary.by_site.iter().map(|(site, _)| &**site).collect();
                assert!(sites.iter().all(|site| within.holds(site)), "{what}");
                let walk = test.store.walk_by(limited.clone(), order, NOON).await;
                let mut walk = walk.expect("a walk");
                let known = walk.known(IdKind::Id).await.expect("numbers");
                assert_eq!((known.everybody, known.known), (length, length), "{what}");
                somebody += i64::from(length > 0);
            }
        }
        assert!(somebody > 60, "only {somebody} lists have anybody");
    }
}

#[tokio::test]
async fn what_is_offered_and_counted_beside_is_of_these_sites() {
    for test in TestStore::each().await {
        let mut random = StdRng::seed_from_u64(62);
        filled(&test.store, &mut random).await;
        let store = &test.store;
        let (mut everybody, _) = all(store, &Filter::default(), Order::Name, 1_000).await;
        let left_out = Filter {
            left_out: true,
            ..Filter::default()
        };
        let (gone, _) = all(store, &left_out, Order::Name, 1_000).await;
        assert!(!gone.is_empty());
        let whole = store.summary("test", NOON).await.expect("a summary");
        let by_all = store.selection(&Filter::default(), "test", NOON).await;
        assert_eq!(by_all.expect("a summary"), whole);
        for within in limits() {
            let population = store.population(&within, NOON).await.expect("a population");
            let counted = seen(&everybody, &within);
            let n = |wanted: &dyn Fn(&&ClientRow) -> bool| {
                i64::try_from(counted.iter().filter(wanted).count()).expect("a number")
            };
            assert_eq!(population.total, n(&|_| true));
            assert_eq!(
                population.expected,
                n(&|row| row.listing == Listing::Expected)
            );
            assert_eq!(population.future_reports, n(&|row| row.future));
            assert_eq!(population.suspected_duplicates, 0);
            assert_eq!(
                usize::try_from(population.left_out).ok(),
                Some(seen(&gone, &within).len())
            );
            assert_eq!(population.within, within);
            let named = n(&|row| row.listing != Listing::Unlisted) + population.left_out;
            match population.lists.as_slice() {
                [list] => assert_eq!(list.rows, named, "{}", test.engine),
                lists => assert!(lists.is_empty() && named == 0, "{lists:?}"),
            }
            let mut rows = counted.clone();
            rows.extend(seen(&gone, &within));
            let texts = |of: &dyn Fn(&ClientRow) -> Vec<String>| -> Vec<String> {
                let all: BTreeSet<String> = rows.iter().flat_map(of).collect();
                all.into_iter().collect()
            };
            let (mut os, sites, roles) = store.occurring(&within).await.expect("choices");
            os.sort();
            assert_eq!(
                os,
                texts(&|row| vec![row.os_key.clone()]),
                "{}",
                test.engine
            );
            assert_eq!(
                sites,
                texts(&|row| row.ids.site_code.clone().into_iter().collect())
            );
            assert_eq!(roles, texts(&|row| row.roles.clone()));
            let mut owners = store.owners(&within).await.expect("owners");
            owners.sort();
            assert_eq!(
                owners,
                texts(&|row| row.owner.clone().into_iter().collect())
            );
            let by_role = store.by_role(&Filter::of(&within), NOON).await;
            for (role, standings) in by_role.expect("roles") {
                let of_role = n(&|row| row.roles.contains(&role));
                assert_eq!(standings.values().sum::<i64>(), of_role);
            }
            let signatures = store.signatures(&Filter::of(&within), NOON).await;
            let signatures = signatures.expect("signatures");
            let blocking: i64 = signatures.blocking.iter().map(|one| one.clients).sum();
            assert_eq!(blocking, n(&|row| row.standing == Standing::Blocking));
        }
        everybody.extend(gone);
        for row in &everybody {
            let site = row.ids.site_code.as_deref().unwrap_or_default();
            for within in limits() {
                let detail = store.client(&row.id, &within, NOON).await.expect("read");
                assert_eq!(detail.is_some(), within.holds(site), "{site} {within:?}");
                let whole = store.client(&row.id, &EVERYWHERE, NOON).await;
                let whole = whole.expect("read").expect("a client");
                for entry in &whole.history {
                    let report = store.report(&row.id, &entry.entry, &within).await;
                    assert_eq!(report.expect("read").is_some(), within.holds(site));
                }
            }
        }
    }
}

#[tokio::test]
async fn days_are_those_of_these_sites() {
    for test in TestStore::each().await {
        let mut random = StdRng::seed_from_u64(63);
        filled(&test.store, &mut random).await;
        let store = &test.store;
        let evening = NOON.plus(DAY);
        let written = store
            .keep_day("test", 400, NOON.plus(-DAY), evening)
            .await
            .expect("written");
        let day = written.expect("a day was due");
        for within in limits() {
            let summary = store
                .selection(&Filter::of(&within), "test", evening)
                .await
                .expect("a selection");
            let now = store.slice_now(&Slice::of(&within), evening).await;
            let some = |standings: &BTreeMap<Standing, i64>| -> BTreeMap<Standing, i64> {
                let some = standings.iter().filter(|(_, n)| **n > 0);
                some.map(|(standing, n)| (*standing, *n)).collect()
            };
            assert_eq!(
                now.expect("numbers"),
                some(&summary.population.standings),
                "{}",
                test.engine
            );
            let days = store.trend(&Slice::of(&within), day, day).await;
            let days = days.expect("days");
            assert_eq!(
                some(&days[0].standings),
                some(&summary.population.standings)
            );
            assert_eq!(days[0].head.total, summary.population.total);
            assert!(days[0].head.partial && days[0].head.expected <= 1);
            let past = store.past_day(day, &within).await.expect("a day");
            let past = past.expect("kept");
            assert_eq!(past.by_site, summary.by_site);
            assert_eq!(
                some(&past.head.standings),
                some(&summary.population.standings)
            );
            let systems = store.systems_of_day(day, &within).await.expect("a day");
            let systems: i64 = systems
                .expect("kept")
                .values()
                .flat_map(BTreeMap::values)
                .sum();
            assert_eq!(systems, summary.population.total);
            for site in SITES {
                let slice = Slice {
                    site: Some(site.to_owned()),
                    ..Slice::of(&within)
                };
                let days = store.trend(&slice, day, day).await.expect("days");
                let n: i64 = days[0].standings.values().sum();
                assert_eq!(n > 0, within.holds(site), "{site} {within:?}");
            }
        }
    }
}

/// Two records of one machine, in two sites.
async fn twins(store: &Store) -> [String; 2] {
    let mut one = report(1, NOON.plus(-HOUR), 1);
    one.ids.smbios_guid = Some("0000AAAA-1111-4000-8000-000000000000".to_owned());
    let mut other = blocking(2, NOON.plus(-HOUR), 2);
    other.ids.smbios_guid.clone_from(&one.ids.smbios_guid);
    other.ids.site_code = Some("P02".to_owned());
    send(store, vec![one]).await;
    send(store, vec![other]).await;
    let page = store.list(&Filter::default(), None, 10, NOON).await;
    let items = page.expect("a page").items;
    assert!(items.iter().all(|row| row.duplicate), "{items:#?}");
    [items[0].id.clone(), items[1].id.clone()]
}

#[tokio::test]
async fn a_second_record_in_another_site_is_neither_named_nor_counted() {
    for test in TestStore::each().await {
        let store = &test.store;
        let [one, _] = twins(store).await;
        let duplicates = |within: &Sites| Filter {
            duplicates: true,
            ..Filter::of(within)
        };
        for (within, pairs) in [
            (EVERYWHERE.clone(), true),
            (only(&["P01", "P02"]), true),
            (only(&["P01"]), false),
        ] {
            let detail = store.client(&one, &within, NOON).await.expect("read");
            let detail = detail.expect("a client");
            assert_eq!(detail.row.duplicate, pairs, "{} {within:?}", test.engine);
            assert_eq!(detail.suspects.len(), usize::from(pairs));
            assert_eq!(detail.more_suspects, 0);
            let population = store.population(&within, NOON).await.expect("numbers");
            assert_eq!(population.suspected_duplicates, if pairs { 2 } else { 0 });
            let length = store.length(&duplicates(&within), NOON).await;
            assert_eq!(length.expect("a length"), if pairs { 2 } else { 0 });
            let (rows, _) = all(store, &Filter::of(&within), Order::Name, 10).await;
            assert!(rows.iter().all(|row| row.duplicate == pairs));
        }
    }
}

/// What happened since a cursor, and the next one.
async fn news(store: &Store, cursor: &str, within: &Sites) -> (Vec<Change>, String) {
    let page = store.changes(Some(cursor), 100, within, NOON).await;
    let page = page.expect("the feed");
    assert!(!page.more);
    (page.items, page.next_cursor)
}

#[tokio::test]
async fn who_moves_to_another_site_is_gone_and_nothing_else_is_told_of_it() {
    for test in TestStore::each().await {
        let store = &test.store;
        let (here, there) = (only(&["P01"]), only(&["P02"]));
        send(store, vec![blocking(1, NOON.plus(-2 * HOUR), 1)]).await;
        let start = async |within: &Sites| {
            let start = store
                .changes(None, 1, within, NOON)
                .await
                .expect("a cursor");
            start.next_cursor
        };
        let (left, met) = (start(&here).await, start(&there).await);
        // What happens elsewhere is not to be seen, not even as another cursor.
        let mut elsewhere = blocking(2, NOON.plus(-2 * HOUR), 2);
        elsewhere.ids.site_code = Some("P03".to_owned());
        send(store, vec![elsewhere]).await;
        let (items, cursor) = news(store, &left, &here).await;
        assert_eq!((items, &cursor), (Vec::new(), &left), "{}", test.engine);
        assert_eq!(start(&here).await, left);

        let mut moved = blocking(1, NOON.plus(-HOUR), 3);
        moved.ids.site_code = Some("P02".to_owned());
        send(store, vec![moved]).await;
        let (items, cursor) = news(store, &left, &here).await;
        let [change] = items.as_slice() else {
            panic!("{}: {items:#?}", test.engine);
        };
        assert_eq!(
            (
                change.kind.code(),
                change.why.map(cutover::domain::changes::Why::code)
            ),
            ("cleared", Some("gone"))
        );
        assert_eq!(change.is.site, "P01", "where it went is not told");
        assert_ne!(cursor, left);
        let (items, _) = news(store, &met, &there).await;
        let [change] = items.as_slice() else {
            panic!("{}: {items:#?}", test.engine);
        };
        assert_eq!((change.kind.code(), &change.was), ("added", &None));
        assert_eq!(change.is.site, "P02");

        // A cursor is for its sites alone.
        let whole = store.changes(None, 1, &EVERYWHERE, NOON).await;
        let whole = whole.expect("a cursor").next_cursor;
        for (cursor, within) in [(&left, &there), (&left, &EVERYWHERE), (&whole, &here)] {
            let refused = store.changes(Some(cursor), 10, within, NOON).await;
            assert!(matches!(refused, Err(Error::Gone(_))), "{refused:?}");
        }
        let mut forged = left.clone();
        forged.replace_range(40..41, if &left[40..41] == "0" { "1" } else { "0" });
        for cursor in [forged.as_str(), "s", "s00", "x"] {
            let refused = store.changes(Some(cursor), 10, &here, NOON).await;
            assert!(refused.is_err(), "{cursor}");
        }
    }
}
