//! Who is configured well and was seen using an old protocol after its report is in conflict; whatever comes in which order.

use cutover::{
    domain::{
        access::Sites,
        assess::{CONTRADICTS_FOR, SeenOld, standing_at},
        audit::{Actor, Author},
        lists::ListOrigin,
        observed::{Observation, Protocol, Via},
        time::{DAY, HOUR, Timestamp},
        verdict::Standing,
    },
    store::{
        Store,
        incoming::Incoming,
        membership::Consent,
        model::{Filter, Listing},
        observed::Logged,
        population::{Expected, ExpectedList},
    },
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::SliceRandom as _};

use crate::{
    store::numbers_equal_the_lists,
    support::stores::{NOON, TestStore, blocking, report},
};

async fn log(store: &Store, n: u32, protocol: Protocol, at: Timestamp) {
    let seen = Observation {
        system: "mp01".to_owned(),
        address: "10.0.0.1".to_owned(),
        machine: format!("pc-{n}"),
        via: Via::Direct,
        protocol,
        first: at,
        last: at,
        count: 1,
    };
    let logged = Logged {
        system: "mp01".to_owned(),
        observations: vec![seen],
        ..Logged::default()
    };
    let ann = Author::new(Actor::Person("ann".to_owned()), None);
    let added = store.add_observations(logged, "ann".to_owned(), ann, NOON);
    added.await.expect("added");
}

async fn send_at(store: &Store, report: Incoming, now: Timestamp) {
    let sent = store.writer().reports(vec![report], now, true).await;
    sent.expect("stored");
}

async fn send(store: &Store, report: Incoming) {
    send_at(store, report, NOON).await;
}

/// The same client, of which nobody can say.
fn open(n: u32, at: Timestamp, version: u8) -> Incoming {
    Incoming {
        verdict: Standing::Undetermined,
        ..report(n, at, version)
    }
}

/// What stands of a client after these reports, in the order of their arrival: its verdict, the time of the newest, and since
/// when it is said to be ready, without a word against it.
fn kept(arrived: &[Incoming]) -> (Standing, Timestamp, Timestamp) {
    let mut reports = arrived.iter();
    let first = reports.next().expect("a report");
    let said = |since: Option<Timestamp>, report: &Incoming| match report.verdict {
        Standing::Ready => Some(since.unwrap_or(report.seen_at)),
        Standing::Undetermined => since,
        _ => None,
    };
    let (mut newest, mut since) = (first, said(None, first));
    for report in reports {
        if (report.seen_at, report.content_hash) > (newest.seen_at, newest.content_hash) {
            since = said(since, report);
            newest = report;
        }
    }
    (
        newest.verdict,
        newest.seen_at,
        since.unwrap_or(newest.seen_at),
    )
}

async fn standing(store: &Store, n: u32, now: Timestamp) -> Standing {
    let page = store.list(&Filter::default(), None, 100, now).await;
    let rows = page.expect("a page").items;
    let name = format!("PC-{n}");
    let row = rows.iter().find(|row| row.name == name).expect("a client");
    row.standing
}

#[tokio::test]
async fn a_log_contradicts_reports_until_a_better_one() {
    for test in TestStore::each().await {
        let store = &test.store;
        let stands = async || standing(store, 1, NOON).await;
        let settle = async || store.settle_observed(NOON).await.expect("settled");
        send(store, report(1, NOON.plus(-5 * HOUR), 1)).await;
        assert_eq!(settle().await, 0);
        log(store, 1, Protocol::Tls12, NOON.plus(-2 * HOUR)).await;
        log(store, 1, Protocol::Tls10, NOON.plus(-6 * HOUR)).await;
        settle().await;
        assert_eq!(stands().await, Standing::Ready, "seen before the report");
        log(store, 1, Protocol::Tls11, NOON.plus(-3 * HOUR)).await;
        assert_eq!(settle().await, 1);
        assert_eq!(stands().await, Standing::Conflict, "{}", test.engine);
        assert_eq!(settle().await, 0, "it is settled");
        // Neither the same facts nor others from before it clear anything.
        send(store, report(1, NOON.plus(-4 * HOUR), 1)).await;
        assert_eq!(stands().await, Standing::Conflict);
        send(store, report(1, NOON.plus(-3 * HOUR), 2)).await;
        assert_eq!(stands().await, Standing::Conflict);
        // Nor does one that says once more what the log contradicts.
        send(store, report(1, NOON.plus(-2 * HOUR - 2), 2)).await;
        assert_eq!(stands().await, Standing::Conflict, "the same again");
        send(store, report(1, NOON.plus(-2 * HOUR - 1), 4)).await;
        assert_eq!(stands().await, Standing::Conflict, "just as good");
        send(store, blocking(1, NOON.plus(-2 * HOUR), 3)).await;
        assert_eq!(stands().await, Standing::Blocking);
        send(store, report(1, NOON.plus(-HOUR), 2)).await;
        assert_eq!(stands().await, Standing::Ready, "mended after it");
        log(store, 1, Protocol::Tls10, NOON.plus(-HOUR)).await;
        settle().await;
        assert_eq!(stands().await, Standing::Conflict, "the same moment");
        numbers_equal_the_lists(store, NOON).await;
        let later = NOON.plus(15 * DAY);
        assert_eq!(standing(store, 1, later).await, Standing::Stale);
        // That the log is too old to be asked takes nothing back: time alone makes nobody ready.
        let settled = store.settle_observed(NOON.plus(31 * DAY)).await;
        assert_eq!(settled.expect("settled"), 0);
        assert_eq!(stands().await, Standing::Stale);
        assert_eq!(standing(store, 1, later).await, Standing::Stale);
        // A report that comes so much later does.
        let early = NOON.plus(-HOUR + CONTRADICTS_FOR - 1);
        send_at(store, report(1, early, 2), early).await;
        assert_eq!(standing(store, 1, early).await, Standing::Conflict);
        let late = early.plus(1);
        send_at(store, report(1, late, 2), late).await;
        assert_eq!(standing(store, 1, late).await, Standing::Ready);
    }
}

#[tokio::test]
async fn a_log_that_comes_in_days_later_contradicts_daily_reports() {
    for test in TestStore::each().await {
        let store = &test.store;
        for days in 0..9 {
            send(store, report(1, NOON.plus((days - 9) * DAY), 1)).await;
        }
        log(store, 1, Protocol::Tls10, NOON.plus(-5 * DAY - HOUR)).await;
        assert_eq!(store.settle_observed(NOON).await.expect("settled"), 1);
        assert_eq!(standing(store, 1, NOON).await, Standing::Conflict);
        // Neither a report that changes what decides nothing ends it, nor one that leaves it open in between.
        send(store, report(1, NOON.plus(-2 * HOUR), 2)).await;
        assert_eq!(standing(store, 1, NOON).await, Standing::Conflict);
        send(store, open(1, NOON.plus(-HOUR), 3)).await;
        assert_eq!(standing(store, 1, NOON).await, Standing::Undetermined);
        send(store, report(1, NOON, 2)).await;
        assert_eq!(standing(store, 1, NOON).await, Standing::Conflict);
    }
}

#[tokio::test]
async fn the_order_of_logs_among_reports_does_not_matter() {
    #[expect(clippy::large_enum_variant, reason = "a handful of them")]
    enum Event {
        Report(Incoming),
        Log(Protocol, Timestamp),
        Settle,
    }
    for test in TestStore::each().await {
        let store = &test.store;
        for n in 1..=60_u32 {
            let mut random = StdRng::seed_from_u64(u64::from(n));
            let mut events = Vec::new();
            let hours = |random: &mut StdRng| NOON.plus(-HOUR * random.random_range(1..200));
            for version in 1..=random.random_range(1..5_u8) {
                // Each at a time of its own: of two at one time none would be the newer.
                let at = hours(&mut random).plus(i64::from(version));
                let judged = match random.random_range(0..10) {
                    0 | 1 => blocking(n, at, version),
                    2 | 3 => open(n, at, version),
                    _ => report(n, at, version),
                };
                events.push(Event::Report(judged));
            }
            for _ in 0..random.random_range(0..4) {
                let protocol = [Protocol::Tls10, Protocol::Tls11, Protocol::Tls12];
                let protocol = protocol[random.random_range(0..3)];
                events.push(Event::Log(protocol, hours(&mut random)));
                events.push(Event::Settle);
            }
            let old = events
                .iter()
                .filter_map(|event| match event {
                    Event::Log(Protocol::Tls10 | Protocol::Tls11, at) => Some(*at),
                    _ => None,
                })
                .max();
            events.shuffle(&mut random);
            let arrived: Vec<Incoming> = events
                .iter()
                .filter_map(|event| match event {
                    Event::Report(report) => Some(report.clone()),
                    _ => None,
                })
                .collect();
            let (verdict, seen_at, since) = kept(&arrived);
            for event in events {
                match event {
                    Event::Report(report) => send(store, report).await,
                    Event::Log(protocol, at) => log(store, n, protocol, at).await,
                    Event::Settle => drop(store.settle_observed(NOON).await.expect("settled")),
                }
            }
            store.settle_observed(NOON).await.expect("settled");
            let old = old.map(|last| SeenOld { last, since });
            let wanted = standing_at(verdict, seen_at, old, 14 * DAY, NOON);
            let found = standing(store, n, NOON).await;
            assert_eq!(found, wanted, "client {n} on {}", test.engine);
        }
        numbers_equal_the_lists(store, NOON).await;
    }
}

/// PC-1 and PC-2; the first of them is scrapped, if somebody says so.
fn list_of_two(scrapped: bool, consent: Consent) -> ExpectedList {
    let row = |n: u32| Expected {
        ids: report(n, NOON, 1).ids,
        os_key: "unknown".to_owned(),
        roles: Vec::new(),
        owner: None,
        last_contact: None,
        listing: if scrapped && n == 1 {
            Listing::Obsolete
        } else {
            Listing::Expected
        },
    };
    ExpectedList {
        name: "default".to_owned(),
        kind: ListOrigin::Devices,
        rows: [1, 2].map(row).to_vec(),
        rejected: 0,
        file_hash: vec![1],
        uploaded_by: "a test".to_owned(),
        by: Author::command().into(),
        consent,
    }
}

#[tokio::test]
async fn a_list_that_drops_who_is_in_conflict_is_asked_about_also_when_that_is_long_ago() {
    for test in TestStore::each().await {
        let (store, everywhere) = (&test.store, Sites::all());
        for n in [1, 2] {
            send(store, report(n, NOON.plus(-2 * HOUR), 1)).await;
        }
        let put = async |scrapped, consent, now| {
            let list = list_of_two(scrapped, consent);
            store.replace_population(&everywhere, list, now).await
        };
        put(false, Consent::Given, NOON).await.expect("a list");
        log(store, 1, Protocol::Tls10, NOON.plus(-HOUR)).await;
        store.settle_observed(NOON).await.expect("settled");
        for (now, stands, words) in [
            (NOON, Standing::Conflict, "1 seen using old protocols"),
            (
                NOON.plus(20 * DAY),
                Standing::Stale,
                "1 not ready when last heard",
            ),
        ] {
            assert_eq!(standing(store, 1, now).await, stands);
            let refused = put(true, Consent::IfHarmless, now).await.expect_err("asks");
            let said = refused.to_string();
            assert!(
                said.contains(&format!("With this list 1 blocker ({words}")),
                "on {}: {said}",
                test.engine
            );
        }
    }
}
