//! Signatures are counted in the transaction that moves a client: always what a scan would say.

use std::collections::BTreeMap;

use crate::support::stores::{NOON, TestStore, report, run};
use cutover::{
    domain::{
        assess::REASONS,
        plan::{ActionSet, Only, Signature, actions, plan},
        time::{MINUTE, Timestamp},
        verdict::Standing,
    },
    store::{
        Store,
        incoming::Incoming,
        model::{ClientRow, Filter, Signatures},
    },
};

const BOTH: [Standing; 2] = [Standing::Blocking, Standing::Undetermined];

type Counted = BTreeMap<(Standing, String, i64), i64>;

fn maintained(found: &Signatures) -> Counted {
    let mut counted = Counted::new();
    for (standing, list) in [
        (Standing::Blocking, &found.blocking),
        (Standing::Undetermined, &found.undetermined),
    ] {
        for Signature {
            os_key,
            reasons,
            clients,
        } in list
        {
            *counted
                .entry((standing, os_key.clone(), *reasons))
                .or_insert(0) += clients;
        }
    }
    counted
}

async fn rows(store: &Store, now: Timestamp) -> Vec<ClientRow> {
    let mut walk = store.walk(Filter::default(), now).await.expect("a walk");
    let mut rows = Vec::new();
    while let Some(piece) = walk.next().await.expect("a piece") {
        rows.extend(piece);
    }
    rows
}

/// Fails unless the counted signatures, and the lists that the plan leads to, are what a scan finds.
pub async fn signatures_equal_the_lists(store: &Store, now: Timestamp) {
    let rows = rows(store, now).await;
    let mut places = vec![Filter::default()];
    for row in rows.iter().take(1) {
        places.push(Filter {
            os: Some(row.os_key.clone()),
            ..Filter::default()
        });
        places.push(Filter {
            site: row.ids.site_code.clone(),
            ..Filter::default()
        });
    }
    for place in places {
        let here = |row: &&ClientRow| {
            let site = row.ids.site_code.clone().unwrap_or_default();
            BOTH.contains(&row.standing)
                && place.os.as_ref().is_none_or(|os| *os == row.os_key)
                && place.site.as_ref().is_none_or(|code| *code == site)
        };
        let mut scanned = Counted::new();
        for row in rows.iter().filter(here) {
            *scanned
                .entry((row.standing, row.os_key.clone(), row.reasons))
                .or_insert(0) += 1;
        }
        let found = store.signatures(&place, now).await.expect("signatures");
        assert_eq!(maintained(&found), scanned, "{place:?}");
        for (standing, list) in [
            (Standing::Blocking, &found.blocking),
            (Standing::Undetermined, &found.undetermined),
        ] {
            for step in plan(list).steps.iter().take(3) {
                let codes = step.actions.with_restart().codes();
                let filter = Filter {
                    standings: vec![standing],
                    only_fixes: codes.into_iter().map(str::to_owned).collect(),
                    ..place.clone()
                };
                let page = store.list(&filter, None, 1_000, now).await.expect("a list");
                assert_eq!(page.total, step.clients, "{filter:?}");
                assert_eq!(
                    page.items.len(),
                    usize::try_from(step.clients.min(1_000)).expect("few"),
                    "{filter:?}"
                );
            }
        }
    }
}

/// Numbers from nowhere in particular, the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % u64::try_from(sides).expect("few")).expect("few")
    }
}

fn random(dice: &mut Dice, at: Timestamp) -> Incoming {
    const SYSTEMS: [&str; 4] = [
        "10.0.19045-client",
        "6.1.7601-client",
        "6.2.9200-client",
        "5.1.2600-client",
    ];
    let version = u8::try_from(dice.roll(200)).expect("small");
    let n = u32::try_from(dice.roll(40)).expect("small");
    let verdict = [
        Standing::Blocking,
        Standing::Blocking,
        Standing::Undetermined,
        Standing::Ready,
        Standing::RestartPending,
    ][dice.roll(5)];
    // A restart alone never blocks, and never leaves undecided.
    let always = i64::from(BOTH.contains(&verdict)) << REASONS[dice.roll(40)].bit;
    let reasons = if verdict == Standing::Ready {
        0
    } else {
        (0..=dice.roll(3)).fold(always, |mask, _| {
            mask | 1 << REASONS[dice.roll(REASONS.len())].bit
        })
    };
    let mut one = report(n, at, version);
    one.ids.site_code = Some(["P01", "P02"][dice.roll(2)].to_owned());
    SYSTEMS[dice.roll(4)].clone_into(&mut one.os_key);
    Incoming {
        verdict,
        reasons,
        ..one
    }
}

async fn send(store: &Store, reports: Vec<Incoming>, now: Timestamp) {
    store
        .writer()
        .reports(reports, now, true)
        .await
        .expect("kept");
}

#[tokio::test]
async fn counts_equal_a_scan_after_random_writes_and_lists_equal_counts() {
    for test in TestStore::each().await {
        let mut dice = Dice(2_026);
        for round in 0..12 {
            let now = NOON.plus(round * MINUTE);
            // Each at a time of its own: of two at one time none would be the newer.
            let reports = (0..15).map(|n| random(&mut dice, now.plus(n))).collect();
            send(&test.store, reports, now).await;
            signatures_equal_the_lists(&test.store, now).await;
        }
        let now = NOON.plus(12 * MINUTE);
        let rows = rows(&test.store, now).await;
        for _ in 0..60 {
            let codes: Vec<&str> = (0..=dice.roll(5))
                .map(|_| actions()[dice.roll(actions().len())].code)
                .collect();
            let set = ActionSet::of_codes(codes.iter().copied());
            let only = Only::these(set);
            for standings in [
                vec![],
                vec![Standing::Blocking],
                BOTH.to_vec(),
                vec![Standing::RestartPending],
            ] {
                let fix = (dice.roll(3) == 0).then(|| codes[0].to_owned());
                let filter = Filter {
                    standings: standings.clone(),
                    fix: fix.clone(),
                    only_fixes: set.codes().into_iter().map(str::to_owned).collect(),
                    ..Filter::default()
                };
                let asked = fix
                    .and_then(|code| cutover::domain::plan::action(&code))
                    .map(|action| action.reasons);
                let meant = rows
                    .iter()
                    .filter(|row| standings.is_empty() || standings.contains(&row.standing))
                    .filter(|row| asked.is_none_or(|mask| row.reasons & mask != 0))
                    .filter(|row| only.holds(&row.os_key, row.reasons))
                    .count();
                let page = test
                    .store
                    .list(&filter, None, 1_000, now)
                    .await
                    .expect("a list");
                assert_eq!(page.items.len(), meant, "{filter:?} on {}", test.engine);
                assert_eq!(
                    usize::try_from(page.total),
                    Ok(meant),
                    "{filter:?} on {}",
                    test.engine
                );
            }
        }
    }
}

#[tokio::test]
async fn a_database_from_before_gets_its_counts_by_the_migration() {
    for test in TestStore::each().await {
        let mut dice = Dice(7);
        let reports = (0..60).map(|n| random(&mut dice, NOON.plus(n))).collect();
        send(&test.store, reports, NOON).await;
        test.store.close().await;
        // As it was before.
        let drops = if test.engine == "sqlite" {
            "DROP TRIGGER clients_signed_insert; DROP TRIGGER clients_signed_update; DROP TRIGGER clients_signed_delete;"
        } else {
            "DROP FUNCTION count_signatures CASCADE;"
        };
        run(&test.url, &format!("{drops} DELETE FROM counts WHERE kind = 'signature'; DELETE FROM _sqlx_migrations WHERE version = 9;")).await;
        let store = Store::open(&test.url).await.expect("opened again");
        signatures_equal_the_lists(&store, NOON).await;
        let reports = (0..60)
            .map(|n| random(&mut dice, NOON.plus(MINUTE + n)))
            .collect();
        send(&store, reports, NOON.plus(MINUTE)).await;
        signatures_equal_the_lists(&store, NOON.plus(MINUTE)).await;
        store.close().await;
    }
}

#[tokio::test]
async fn an_unchanged_report_writes_no_signature() {
    for test in TestStore::each().await {
        let first = crate::support::stores::blocking(1, NOON, 1);
        send(&test.store, vec![first], NOON).await;
        let guard = if test.engine == "sqlite" {
            "CREATE TRIGGER no_touch BEFORE UPDATE ON counts WHEN NEW.kind = 'signature' BEGIN SELECT RAISE(ABORT, 'touched'); END;
             CREATE TRIGGER no_new BEFORE INSERT ON counts WHEN NEW.kind = 'signature' BEGIN SELECT RAISE(ABORT, 'touched'); END;"
        } else {
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'touched'; END $$;
             CREATE TRIGGER no_touch BEFORE INSERT OR UPDATE ON counts FOR EACH ROW WHEN (NEW.kind = 'signature') EXECUTE FUNCTION refuse();"
        };
        run(&test.url, guard).await;
        for minutes in 1..4 {
            let at = NOON.plus(minutes * MINUTE);
            send(
                &test.store,
                vec![crate::support::stores::blocking(1, at, 1)],
                at,
            )
            .await;
        }
        // The same reasons by new facts move nothing either.
        let at = NOON.plus(5 * MINUTE);
        send(
            &test.store,
            vec![crate::support::stores::blocking(1, at, 2)],
            at,
        )
        .await;
        test.store.close().await;
    }
}
