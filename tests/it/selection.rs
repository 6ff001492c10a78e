//! What a filter counts and what it lists are the same, for every filter, in every order, on both engines.

use crate::support::stores::EVERYWHERE;
use std::collections::BTreeMap;

use cutover::domain::audit::Author;
use cutover::store::membership::Consent;
use cutover::{
    domain::{
        assess,
        lists::ListOrigin,
        time::{DAY, HOUR, Timestamp},
        verdict::{Impact, Standing},
    },
    store::{
        Store,
        incoming::Incoming,
        model::{ClientRow, Filter, Freshness, Listing, Order, Summary},
        population::{Expected, ExpectedList},
    },
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use crate::support::stores::{NOON, TestStore, report};

const SYSTEMS: [&str; 3] = ["10.0.19045-client", "6.1.7601-client", "10.0.17763-server"];
pub const SITES: [&str; 3] = ["P01", "P02", ""];
const OWNERS: [&str; 3] = ["Branch IT", "Lab, \"old\"", "Änne"];
const ROLES: [&str; 2] = ["management_point", "distribution_point"];

fn random(n: u32, random: &mut StdRng) -> Incoming {
    let mut incoming = report(
        n,
        NOON.plus(-i64::from(random.random_range(1..20_u32)) * DAY - i64::from(n)),
        1,
    );
    SYSTEMS[random.random_range(0..3)].clone_into(&mut incoming.os_key);
    let site = SITES[random.random_range(0..3)];
    incoming.ids.site_code = Some(site.to_owned()).filter(|site| !site.is_empty());
    if site.is_empty() {
        incoming.ids.resource_id = None;
    }
    incoming.roles = ROLES
        .iter()
        .filter(|_| random.random_bool(0.1))
        .map(|role| (*role).to_owned())
        .collect();
    incoming.future = random.random_bool(0.1);
    match random.random_range(0..4) {
        0 => {
            incoming.verdict = Standing::Blocking;
            // As the rules do it: the worst impact of the failed checks, beside reasons that only leave something open.
            let bits = [0, 4, 14, 16, 29, 39];
            incoming.reasons =
                1 << bits[random.random_range(0..6)] | 1 << bits[random.random_range(0..6)] | 2;
            incoming.impact = assess::reasons_in(incoming.reasons)
                .filter_map(|reason| reason.impact)
                .min();
        }
        1 => {
            incoming.verdict = Standing::Undetermined;
            incoming.reasons = 1 << [1, 2, 3, 6][random.random_range(0..4)];
        }
        2 => incoming.verdict = Standing::RestartPending,
        _ => {}
    }
    incoming
}

pub async fn filled(store: &Store, random: &mut StdRng) {
    let rows = (1..=160)
        .filter(|n| n % 10 < 7)
        .map(|n| Expected {
            ids: report(n, NOON, 1).ids,
            os_key: SYSTEMS[0].to_owned(),
            roles: Vec::new(),
            owner: random
                .random_bool(0.5)
                .then(|| OWNERS[n as usize % 3].to_owned()),
            last_contact: None,
            listing: if n % 17 == 0 {
                Listing::Obsolete
            } else {
                Listing::Expected
            },
        })
        .collect();
    let list = ExpectedList {
        name: "all".to_owned(),
        kind: ListOrigin::Names,
        rows,
        rejected: 0,
        file_hash: vec![1],
        uploaded_by: "a test".to_owned(),
        by: Author::server().into(),
        consent: Consent::Given,
    };
    store
        .replace_population(&EVERYWHERE, list, NOON.plus(-HOUR))
        .await
        .expect("a list");
    let reports = (40..=200).map(|n| self::random(n, random)).collect();
    store
        .writer()
        .reports(reports, NOON, true)
        .await
        .expect("kept");
}

pub fn filter(random: &mut StdRng) -> Filter {
    let mut some = |chance: f64| random.random_bool(chance);
    let (standings, impact, os, site) = (some(0.5), some(0.2), some(0.4), some(0.4));
    let (role, reason, fix, owner) = (some(0.15), some(0.25), some(0.15), some(0.2));
    let (fresh, q, flags) = (some(0.2), some(0.15), some(0.1));
    let mut pick = |n: usize| random.random_range(0..n);
    Filter {
        standings: if standings {
            let mut all = vec![Standing::ALL[pick(7)], Standing::ALL[pick(7)]];
            all.dedup();
            all
        } else {
            Vec::new()
        },
        impact: impact.then(|| Impact::ALL[pick(3)]),
        os: os.then(|| SYSTEMS[pick(3)].to_owned()),
        site: site.then(|| SITES[pick(3)].to_owned()),
        role: role.then(|| ROLES[pick(2)].to_owned()),
        reason: reason.then(|| {
            let code = |bit: usize| assess::REASONS[bit].code;
            let some = [0, 1, 4, 14, 16, 29, 39];
            if pick(3) == 0 {
                format!("{},{}", code(1), code(some[pick(7)]))
            } else {
                code(some[pick(7)]).to_owned()
            }
        }),
        fix: fix.then(|| assess::REASONS[[0, 1, 4, 14, 29][pick(5)]].fix.to_owned()),
        only_fixes: if pick(8) == 0 {
            vec![
                assess::REASONS[1].fix.to_owned(),
                assess::REASONS[[4, 14, 29][pick(3)]].fix.to_owned(),
            ]
        } else {
            Vec::new()
        },
        owner: owner.then(|| OWNERS[pick(3)].to_owned()),
        freshness: fresh.then(|| Freshness::ALL[pick(3)]),
        q: q.then(|| "1".to_owned()),
        duplicates: flags && pick(2) == 0,
        future: flags,
        ..Filter::default()
    }
}

pub async fn all(
    store: &Store,
    filter: &Filter,
    order: Order,
    limit: usize,
) -> (Vec<ClientRow>, i64) {
    let mut rows = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = store
            .list_by(filter, order, cursor.as_deref(), limit, NOON)
            .await
            .expect("a page");
        rows.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            return (rows, page.total);
        }
    }
}

/// Clients by standing, by OS version, and by reason among those that block or are undetermined.
pub type Sums = (
    BTreeMap<Standing, i64>,
    BTreeMap<String, i64>,
    BTreeMap<String, i64>,
);

/// What a page would add up from the list itself.
pub fn by_hand(rows: &[ClientRow]) -> Sums {
    let mut standings: BTreeMap<Standing, i64> = Standing::ALL.map(|standing| (standing, 0)).into();
    let mut systems = BTreeMap::new();
    let mut reasons = BTreeMap::new();
    for row in rows {
        *standings.entry(row.standing).or_insert(0) += 1;
        *systems.entry(row.os_key.clone()).or_insert(0) += 1;
        if matches!(row.standing, Standing::Blocking | Standing::Undetermined) {
            for reason in assess::reasons_in(row.reasons) {
                *reasons.entry(reason.code.to_owned()).or_insert(0) += 1;
            }
        }
    }
    (standings, systems, reasons)
}

pub fn of_summary(summary: &Summary) -> Sums {
    (
        summary.population.standings.clone(),
        summary
            .by_os
            .iter()
            .map(|line| (line.os_key.clone(), line.total))
            .collect(),
        summary
            .reasons
            .iter()
            .map(|line| (line.reason.clone(), line.blocking + line.undetermined))
            .collect(),
    )
}

#[tokio::test]
async fn every_filter_counts_what_it_lists() {
    for test in TestStore::each().await {
        let mut random = StdRng::seed_from_u64(11);
        filled(&test.store, &mut random).await;
        let mut somebody = 0;
        for _ in 0..150 {
            let filter = filter(&mut random);
            let (rows, total) = all(&test.store, &filter, Order::Name, 1_000).await;
            let length = i64::try_from(rows.len()).expect("a length");
            assert_eq!(length, total, "{}: {filter:?}", test.engine);
            let summary = test
                .store
                .selection(&filter, "test", NOON)
                .await
                .expect("a selection");
            let sums = by_hand(&rows);
            assert_eq!(of_summary(&summary), sums, "{}: {filter:?}", test.engine);
            assert_eq!(summary.population.total, total);
            let sites: i64 = summary
                .by_site
                .iter()
                .flat_map(|(_, line)| line.values())
                .sum();
            assert_eq!(sites, total);
            somebody += i64::from(total > 0);
        }
        assert!(somebody > 40, "only {somebody} filters list anybody");
    }
}

#[tokio::test]
async fn every_order_shows_everybody_once_whatever_the_length_of_a_page() {
    for test in TestStore::each().await {
        let mut random = StdRng::seed_from_u64(12);
        filled(&test.store, &mut random).await;
        let filters = [
            Filter::default(),
            Filter {
                os: Some(SYSTEMS[0].to_owned()),
                site: Some("P01".to_owned()),
                ..Filter::default()
            },
            Filter {
                standings: vec![Standing::Silent, Standing::Blocking, Standing::Stale],
                ..Filter::default()
            },
        ];
        for filter in &filters {
            let (by_name, total) = all(&test.store, filter, Order::Name, 1_000).await;
            assert!(total > 10, "{total}");
            for order in Order::ALL {
                let (whole, _) = all(&test.store, filter, order, 1_000).await;
                let (paged, _) = all(&test.store, filter, order, 7).await;
                assert_eq!(whole, paged, "{} {order:?}", test.engine);
                let mut ids: Vec<_> = whole.iter().map(|row| row.id.clone()).collect();
                let mut expected: Vec<_> = by_name.iter().map(|row| row.id.clone()).collect();
                ids.sort();
                expected.sort();
                assert_eq!(ids, expected, "{} {order:?}", test.engine);
                let times: Vec<Option<Timestamp>> = whole.iter().map(|row| row.since).collect();
                if order.by_since() {
                    let known: Vec<_> = times.iter().flatten().collect();
                    assert!(
                        times[known.len()..].iter().all(Option::is_none),
                        "none in between"
                    );
                    let mut sorted = known.clone();
                    sorted.sort();
                    if order.is_down() {
                        sorted.reverse();
                    }
                    assert_eq!(known, sorted, "{} {order:?}", test.engine);
                }
            }
        }
    }
}

#[tokio::test]
async fn a_cursor_leads_on_only_in_its_own_order() {
    let test = TestStore::each().await.swap_remove(0);
    filled(&test.store, &mut StdRng::seed_from_u64(13)).await;
    let page = test
        .store
        .list_by(&Filter::default(), Order::Since, None, 5, NOON)
        .await
        .expect("a page");
    let cursor = page.next_cursor.expect("a cursor");
    let refused = test
        .store
        .list_by(&Filter::default(), Order::Name, Some(&cursor), 5, NOON)
        .await
        .expect_err("another order");
    assert!(
        refused.to_string().contains("start again without a cursor"),
        "{refused}"
    );
}

#[tokio::test]
async fn views_are_kept_under_their_names_and_forgotten() {
    for test in TestStore::each().await {
        let save = |name: &str, address: &str| {
            test.store.save_view(
                name.to_owned(),
                address.to_owned(),
                "ines".to_owned(),
                Author::server(),
                NOON,
            )
        };
        assert!(save("Zoo", "/clients?q=zoo").await.expect("kept"));
        assert!(save("Berlin", "/blockers?site=P02").await.expect("kept"));
        let views = test.store.saved_views(None).await.expect("views");
        let names: Vec<_> = views.iter().map(|view| view.name.as_str()).collect();
        assert_eq!(names, ["Berlin", "Zoo"]);
        assert!(
            test.store
                .delete_view(views[0].id.clone(), Author::server(), NOON)
                .await
                .expect("gone")
        );
        assert!(
            !test
                .store
                .delete_view(views[0].id.clone(), Author::server(), NOON)
                .await
                .expect("gone already")
        );
        assert_eq!(test.store.saved_views(None).await.expect("views").len(), 1);
    }
}
