//! Who is configured well and was seen using an old protocol after its report is in conflict; whatever comes in which order.

use cutover::{
    domain::{
        assess::standing_at,
        audit::{Actor, Author},
        observed::{Observation, Protocol, Via},
        time::{DAY, HOUR, Timestamp},
        verdict::Standing,
    },
    store::{Store, incoming::Incoming, model::Filter, observed::Logged},
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

async fn send(store: &Store, report: Incoming) {
    let sent = store.writer().reports(vec![report], NOON, true).await;
    sent.expect("stored");
}

async fn standing(store: &Store, n: u32, now: Timestamp) -> Standing {
    let page = store.list(&Filter::default(), None, 100, now).await;
    let rows = page.expect("a page").items;
    let name = format!("PC-{n}");
    let row = rows.iter().find(|row| row.name == name).expect("a client");
    row.standing
}

#[tokio::test]
async fn a_log_contradicts_a_report_until_a_newer_one() {
    for test in TestStore::each().await {
        let store = &test.store;
        let stands = async || standing(store, 1, NOON).await;
        let settle = async || store.settle_conflicts(NOON).await.expect("settled");
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
        send(store, blocking(1, NOON.plus(-2 * HOUR), 3)).await;
        assert_eq!(stands().await, Standing::Blocking);
        send(store, report(1, NOON.plus(-HOUR), 2)).await;
        assert_eq!(stands().await, Standing::Ready, "a report after it");
        log(store, 1, Protocol::Tls10, NOON.plus(-HOUR)).await;
        settle().await;
        assert_eq!(stands().await, Standing::Conflict, "the same moment");
        numbers_equal_the_lists(store, NOON).await;
        let later = NOON.plus(15 * DAY);
        assert_eq!(standing(store, 1, later).await, Standing::Stale);
        // That the log is too old to be asked takes nothing back: time alone makes nobody ready.
        let settled = store.settle_conflicts(NOON.plus(31 * DAY)).await;
        assert_eq!(settled.expect("settled"), 0);
        assert_eq!(stands().await, Standing::Stale);
        assert_eq!(standing(store, 1, later).await, Standing::Stale);
    }
}

#[tokio::test]
async fn the_order_of_logs_and_reports_does_not_matter() {
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
                let at = hours(&mut random);
                let judged = if random.random_bool(0.8) {
                    report(n, at, version)
                } else {
                    blocking(n, at, version)
                };
                events.push(Event::Report(judged));
            }
            for _ in 0..random.random_range(0..4) {
                let protocol = [Protocol::Tls10, Protocol::Tls11, Protocol::Tls12];
                let protocol = protocol[random.random_range(0..3)];
                events.push(Event::Log(protocol, hours(&mut random)));
                events.push(Event::Settle);
            }
            let newest = events
                .iter()
                .filter_map(|event| match event {
                    Event::Report(report) => Some(report),
                    _ => None,
                })
                .max_by_key(|report| (report.seen_at, report.content_hash))
                .map(|report| (report.verdict, report.seen_at))
                .expect("a report");
            let old = events
                .iter()
                .filter_map(|event| match event {
                    Event::Log(Protocol::Tls10 | Protocol::Tls11, at) => Some(*at),
                    _ => None,
                })
                .max();
            events.shuffle(&mut random);
            for event in events {
                match event {
                    Event::Report(report) => send(store, report).await,
                    Event::Log(protocol, at) => log(store, n, protocol, at).await,
                    Event::Settle => drop(store.settle_conflicts(NOON).await.expect("settled")),
                }
            }
            store.settle_conflicts(NOON).await.expect("settled");
            let wanted = standing_at(newest.0, newest.1, old, 14 * DAY, NOON);
            let found = standing(store, n, NOON).await;
            assert_eq!(found, wanted, "client {n} on {}", test.engine);
        }
        numbers_equal_the_lists(store, NOON).await;
    }
}
