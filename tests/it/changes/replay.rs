//! Whatever happens in which order: who follows the feed has what the list has, in every field.

use crate::support::stores::EVERYWHERE;
use std::collections::BTreeMap;

use cutover::domain::audit::Author;
use cutover::{
    domain::{
        access::Sites,
        changes::Kind,
        time::{DAY, HOUR, Timestamp},
        verdict::{Impact, Standing},
    },
    store::{
        Store,
        changes::{Change, Shown},
        incoming::Incoming,
        membership::Consent,
        model::Listing,
    },
};
use proptest::prelude::*;

use super::{Follower, put, row, send, the_list};
use crate::support::stores::{NOON, TestStore, blocking, report};

/// Clients of the fleet.
const CLIENTS: u32 = 8;

/// Something that happens.
#[derive(Clone, Debug)]
enum Step {
    /// Reports: the client, which facts, and how many hours ago they were read.
    Reports(Vec<(u32, u8, i64)>),
    /// An expected list: of each client whether and how it is named.
    List(Vec<u8>),
    /// The list is taken out of force.
    Withdraw,
    /// So many days pass.
    Days(i64),
    /// The limit of age is another.
    Freshness(i64),
    /// A follower asks for a page of this length; another may have begun anew.
    Poll(usize, usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let reports = prop::collection::vec((1..=CLIENTS, 0..12_u8, 0..3_i64), 1..12);
    let step = prop_oneof![
        6 => reports.prop_map(Step::Reports),
        2 => prop::collection::vec(0..6_u8, CLIENTS as usize).prop_map(Step::List),
        1 => Just(Step::Withdraw),
        2 => (1..9_i64).prop_map(Step::Days),
        1 => (5..20_i64).prop_map(Step::Freshness),
        5 => (0..7_usize, 1..6_usize).prop_map(|(who, limit)| Step::Poll(who, limit)),
    ];
    prop::collection::vec(step, 1..40)
}

/// A report by its facts: a third blocks, in different ways.
fn made(n: u32, facts: u8, at: Timestamp) -> Incoming {
    let mut one = match facts {
        0..=6 => blocking(n, at, facts),
        _ => report(n, at, facts),
    };
    match facts {
        1 => one.reasons = 3,
        2 => one.impact = Some(Impact::Degraded),
        3 => one.deciding = Some("schannel.disabled"),
        4 | 10 => one.ruleset = "other".into(),
        5 => one.ids.site_code = Some("P02".to_owned()),
        6 => "6.1.7601-client".clone_into(&mut one.os_key),
        8 => one.verdict = Standing::RestartPending,
        9 => one.verdict = Standing::Undetermined,
        _ => {}
    }
    one
}

/// What somebody makes of the feed.
#[derive(Default)]
struct Copy {
    list: BTreeMap<String, Shown>,
    read: i64,
    /// It has the list of a later moment than that of its cursor, so it meets what it has already.
    late: bool,
}

impl Copy {
    fn take(&mut self, changes: Vec<Change>) {
        for change in changes {
            assert!(change.seq > self.read, "each once, in order: {change:?}");
            self.read = change.seq;
            let known = self.list.get(&change.client_id);
            // Whoever has everything from the beginning finds what was before as it says.
            let was = change.was.filter(Shown::is_in_the_list);
            assert!(self.late || known == was.as_ref(), "{known:?} {was:?}");
            match change.kind {
                Kind::Added | Kind::Changed => {
                    assert_ne!(Some(&change.is), was.as_ref(), "something is other");
                    self.list.insert(change.client_id, change.is);
                }
                Kind::Cleared => drop(self.list.remove(&change.client_id)),
            }
        }
    }
}

async fn carried_out(store: &Store, step: &Step, now: &mut Timestamp) {
    // No two reports are of one time: none of them would be the newer.
    *now = now.plus(10_000);
    match step {
        Step::Reports(all) => {
            let reports = (0..).zip(all);
            let reports = reports
                .map(|(place, &(n, facts, hours))| made(n, facts, now.plus(place - hours * HOUR)));
            send(store, reports.collect(), now.plus(1_000)).await;
        }
        Step::List(all) => {
            let rows = (1..).zip(all).filter_map(|(n, how)| {
                Some(match how {
                    0 => return None,
                    1 => row(n, Listing::Obsolete, None),
                    2 => row(n, Listing::Decommissioned, None),
                    3 => row(n, Listing::Expected, Some("IT")),
                    _ => row(n, Listing::Expected, None),
                })
            });
            put(store, rows.collect(), *now).await;
        }
        Step::Withdraw => {
            let done = store.withdraw_population(
                &EVERYWHERE,
                "default",
                "a test",
                Author::server().into(),
                Consent::Given,
                *now,
            );
            done.await.expect("taken out of force, or not there");
        }
        Step::Days(days) => *now = now.plus(days * DAY),
        Step::Freshness(days) => {
            store
                .apply_freshness(days * DAY, Author::server(), *now)
                .await
                .expect("a limit");
        }
        Step::Poll(..) => {}
    }
}

async fn replayed(test: &TestStore, steps: &[Step]) {
    let store = &test.store;
    // On PostgreSQL a second server writes, too.
    let second = Store::open(&test.url).await.expect("a second server");
    let mut now = NOON;
    let mut followers = Vec::new();
    for _ in 0..3 {
        followers.push((Follower::new(store, now).await, Copy::default()));
    }
    // Whoever may see some sites only, of which clients come and go.
    for codes in [&["P01"][..], &["P02"], &["P01", "P02"], &[]] {
        let within = Sites::only(codes.iter().map(|code| (*code).to_owned()));
        let follower = Follower::within(within, store, now).await;
        followers.push((follower, Copy::default()));
    }
    let middle = steps.len() / 2;
    let mut latecomer = None;
    for (place, step) in steps.iter().enumerate() {
        // The cursor first; the list some time after that.
        if place == middle {
            latecomer = Some(Follower::new(&second, now).await);
        }
        if place == middle + 3
            && let Some(follower) = latecomer.take()
        {
            let copy = Copy {
                list: the_list(store, now).await,
                late: true,
                ..Copy::default()
            };
            followers.push((follower, copy));
        }
        if let Step::Poll(who, limit) = step {
            let (follower, copy) = &mut followers[*who];
            copy.take(follower.page(store, *limit, now).await.items);
            continue;
        }
        let writer = if place % 2 == 0 { store } else { &second };
        carried_out(writer, step, &mut now).await;
    }
    let wanted = the_list(store, now).await;
    for (mut follower, mut copy) in followers {
        loop {
            let page = follower.page(&second, 2, now).await;
            copy.take(page.items);
            if !page.more {
                break;
            }
        }
        let mut wanted = wanted.clone();
        wanted.retain(|_, shown| follower.within.holds(&shown.site));
        assert_eq!(
            copy.list, wanted,
            "{}, {:?}: {steps:#?}",
            test.engine, follower.within
        );
    }
}

#[test]
fn who_follows_the_feed_has_what_the_list_has() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    // A database for each case takes its time.
    let cases = ProptestConfig {
        cases: 16,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(cases, |(steps in steps())| {
        runtime.block_on(async {
            for test in TestStore::each().await {
                replayed(&test, &steps).await;
            }
        });
    });
}
