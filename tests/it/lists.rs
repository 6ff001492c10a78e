//! Several expected lists side by side: a client counts as long as one of them expects it, on both engines.

use std::collections::{BTreeMap, BTreeSet};

use cutover::domain::audit::Author;
use cutover::{
    domain::{
        identity::ClientIds,
        lists::ListOrigin,
        time::{DAY, HOUR, Timestamp},
        verdict::Standing,
    },
    store::{
        Error, Store,
        incoming::Incoming,
        membership::Consent,
        model::{Filter, Listing, Population},
        population::{Expected, ExpectedList, Replaced},
    },
};

use crate::support::{
    postgres::Database,
    stores::{EVERYWHERE, NOON, TestStore, blocking, report},
};

fn row(n: u32, listing: Listing, owner: Option<&str>) -> Expected {
    Expected {
        ids: report(n, NOON, 1).ids,
        os_key: "10.0.19045-client".to_owned(),
        roles: Vec::new(),
        owner: owner.map(str::to_owned),
        last_contact: None,
        listing,
    }
}

fn rows(numbers: impl IntoIterator<Item = u32>) -> Vec<Expected> {
    numbers
        .into_iter()
        .map(|n| row(n, Listing::Expected, None))
        .collect()
}

async fn put(
    store: &Store,
    name: &str,
    rows: Vec<Expected>,
    confirmed: bool,
    now: Timestamp,
) -> Result<Replaced, Error> {
    let list = ExpectedList {
        name: name.to_owned(),
        kind: ListOrigin::Names,
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
    };
    store.replace_population(&EVERYWHERE, list, now).await
}

async fn send(store: &Store, reports: Vec<Incoming>, now: Timestamp) {
    store
        .writer()
        .reports(reports, now, true)
        .await
        .expect("kept");
}

async fn population(store: &Store) -> Population {
    store
        .population(&EVERYWHERE, NOON)
        .await
        .expect("a population")
}

/// Every client by its name, with what it is listed as.
async fn listings(store: &Store) -> BTreeMap<String, &'static str> {
    let mut found = BTreeMap::new();
    for left_out in [false, true] {
        let filter = Filter {
            left_out,
            ..Filter::default()
        };
        let mut walk = store.walk(filter, NOON).await.expect("a walk");
        while let Some(piece) = walk.next().await.expect("a piece") {
            found.extend(piece.into_iter().map(|row| (row.name, row.listing.code())));
        }
    }
    found
}

#[tokio::test]
async fn one_list_is_replaced_and_the_others_stay() {
    for test in TestStore::each().await {
        let store = &test.store;
        put(store, "sites", rows(1..=20), false, NOON)
            .await
            .expect("the first");
        let added = put(store, "ad", rows(11..=30), false, NOON)
            .await
            .expect("a second");
        assert_eq!(
            (added.new, added.matched, added.gone),
            (10, 10, 0),
            "{}",
            test.engine
        );
        assert_eq!((added.before, added.after), (20, 30));
        // 21 to 30 are named by this list alone, 11 to 20 by the other too.
        let replaced = put(store, "ad", rows(11..=29), false, NOON)
            .await
            .expect("shorter");
        assert_eq!((replaced.gone, replaced.after), (1, 29));
        let replaced = put(store, "sites", rows(1..=19), false, NOON)
            .await
            .expect("shorter");
        assert_eq!(
            (replaced.gone, replaced.after),
            (1, 29),
            "the other still expects it"
        );
        let population = population(store).await;
        let lists: Vec<_> = population
            .lists
            .iter()
            .map(|list| (list.name.as_str(), list.rows))
            .collect();
        assert_eq!(lists, [("ad", 19), ("sites", 19)]);
        assert_eq!(population.lists[0].kind, ListOrigin::Names);
        assert_eq!(
            population.newest_list().map(|list| list.name.as_str()),
            Some("sites")
        );
    }
}

#[tokio::test]
async fn who_is_expected_by_one_list_is_never_left_out_by_another() {
    use Listing::{Decommissioned, Expected, Obsolete};
    for test in TestStore::each().await {
        let store = &test.store;
        let base = || rows(100..=140);
        let with = |listing| {
            let mut rows = base();
            rows.push(row(1, listing, None));
            rows
        };
        for (first, second, expected) in [
            (Expected, Decommissioned, "expected"),
            (Obsolete, Expected, "expected"),
            (Obsolete, Obsolete, "obsolete"),
            (Obsolete, Decommissioned, "decommissioned"),
            (Decommissioned, Obsolete, "decommissioned"),
        ] {
            put(store, "sites", with(first), true, NOON)
                .await
                .expect("a list");
            put(store, "ad", with(second), true, NOON)
                .await
                .expect("a list");
            let listings = listings(store).await;
            assert_eq!(
                listings["PC-1"], expected,
                "{first:?} {second:?} on {}",
                test.engine
            );
            let population = population(store).await;
            assert_eq!(population.left_out, i64::from(expected != "expected"));
            assert_eq!(
                population.decommissioned,
                i64::from(expected == "decommissioned")
            );
        }
    }
}

#[tokio::test]
async fn owners_come_from_the_newest_list_that_knows_one() {
    for test in TestStore::each().await {
        let store = &test.store;
        let owner = || async {
            let page = store
                .list(&Filter::default(), None, 10, NOON)
                .await
                .expect("a list");
            page.items[0].owner.clone()
        };
        let one = |owner| vec![row(1, Listing::Expected, owner)];
        put(store, "sites", one(Some("Finance")), false, NOON)
            .await
            .expect("a list");
        put(store, "ad", one(None), false, NOON)
            .await
            .expect("a list");
        assert_eq!(owner().await.as_deref(), Some("Finance"), "{}", test.engine);
        put(store, "ad", one(Some("Hall 3")), false, NOON)
            .await
            .expect("a list");
        assert_eq!(owner().await.as_deref(), Some("Hall 3"));
        put(store, "ad", one(None), false, NOON)
            .await
            .expect("a list");
        assert_eq!(owner().await.as_deref(), Some("Finance"));
        put(store, "sites", one(None), false, NOON)
            .await
            .expect("a list");
        assert_eq!(owner().await, None);
    }
}

#[tokio::test]
async fn a_list_taken_out_of_force_hides_nobody_unasked() {
    for test in TestStore::each().await {
        let store = &test.store;
        put(store, "sites", rows(1..=40), false, NOON)
            .await
            .expect("a list");
        put(store, "ad", rows(30..=60), false, NOON)
            .await
            .expect("a list");
        send(
            store,
            vec![blocking(1, NOON, 1), blocking(60, NOON, 1)],
            NOON,
        )
        .await;
        let before = population(store).await;
        let withdraw = |name: &'static str, consent| {
            store.withdraw_population(
                &EVERYWHERE,
                name,
                "a test",
                Author::server().into(),
                consent,
                NOON,
            )
        };
        for consent in [Consent::IfHarmless, Consent::Ask, Consent::ForUpload(7)] {
            let refused = withdraw("ad", consent).await;
            let Err(Error::NeedsConfirmation(why, would)) = refused else {
                panic!("{}: {refused:?}", test.engine);
            };
            assert!(why.contains("19 of 60"), "{why}");
            assert_eq!((would.gone, would.after), (31, 41));
            assert_eq!(population(store).await, before, "nothing was changed");
        }
        assert_eq!(
            withdraw("nobody", Consent::Given).await.expect("an answer"),
            None
        );
        let id = before
            .lists
            .iter()
            .find(|list| list.name == "ad")
            .expect("the list")
            .id;
        let done = withdraw("ad", Consent::ForUpload(id))
            .await
            .expect("an answer")
            .expect("a list");
        // The one that reported counts on, without being expected.
        assert_eq!((done.before, done.after), (60, 41));
        assert_eq!(listings(store).await["PC-60"], "unlisted");
        assert_eq!(
            withdraw("ad", Consent::Given).await.expect("an answer"),
            None,
            "it is gone"
        );
        // Without the last list nothing could be called ready, so that is asked too.
        put(
            store,
            "sites",
            vec![row(1, Listing::Expected, None)],
            true,
            NOON,
        )
        .await
        .expect("short");
        let refused = withdraw("sites", Consent::IfHarmless).await;
        assert!(
            matches!(refused, Err(Error::NeedsConfirmation(..))),
            "{refused:?}"
        );
        withdraw("sites", Consent::Given)
            .await
            .expect("an answer")
            .expect("a list");
        let after = population(store).await;
        assert!(after.lists.is_empty());
        assert_eq!((after.total, after.unlisted, after.expected), (2, 2, 0));
    }
}

#[tokio::test]
async fn a_blocking_client_is_not_hidden_by_taking_away_the_list_that_expects_it() {
    for test in TestStore::each().await {
        let store = &test.store;
        let mut marked = rows(100..=140);
        marked.push(row(1, Listing::Decommissioned, None));
        put(store, "sites", rows(1..=1), false, NOON)
            .await
            .expect("a list");
        send(store, vec![blocking(1, NOON, 1)], NOON).await;
        put(store, "ad", marked, false, NOON.plus(HOUR))
            .await
            .expect("it is still expected");
        let refused = store
            .withdraw_population(
                &EVERYWHERE,
                "sites",
                "a test",
                Author::server().into(),
                Consent::IfHarmless,
                NOON,
            )
            .await;
        let Err(Error::NeedsConfirmation(why, _)) = refused else {
            panic!("{}: {refused:?}", test.engine);
        };
        assert!(why.contains("1 blocking"), "{why}");
        // What was read before that list came in, and is brought later, does not bring it back.
        let old = NOON.plus(HOUR / 2);
        send(store, vec![blocking(1, old, 3)], NOON.plus(2 * HOUR - 1)).await;
        let refused = store
            .withdraw_population(
                &EVERYWHERE,
                "sites",
                "a test",
                Author::server().into(),
                Consent::IfHarmless,
                NOON,
            )
            .await;
        assert!(refused.is_err(), "{}", test.engine);
        // One that has reported since the list came in that leaves it out is back.
        let later = NOON.plus(2 * HOUR);
        send(store, vec![blocking(1, later, 2)], later).await;
        store
            .withdraw_population(
                &EVERYWHERE,
                "sites",
                "a test",
                Author::server().into(),
                Consent::IfHarmless,
                later,
            )
            .await
            .expect("nobody is hidden");
        assert_eq!(listings(store).await["PC-1"], "returned");
    }
}

/// Whatever is uploaded and withdrawn in whatever order, the database says what the lists say.
#[tokio::test]
async fn any_order_of_lists_ends_as_the_lists_say() {
    for test in TestStore::each().await {
        let store = &test.store;
        let mut lists: BTreeMap<&str, BTreeMap<u32, Listing>> = BTreeMap::new();
        let mut dice = 7_u64;
        let mut roll = |sides: u64| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (dice >> 33) % sides
        };
        for step in 0..24_i64 {
            let now = NOON.plus(step);
            let name = ["a", "b", "c"][usize::try_from(roll(3)).expect("small")];
            if roll(4) == 0 {
                store
                    .withdraw_population(
                        &EVERYWHERE,
                        name,
                        "a test",
                        Author::server().into(),
                        Consent::Given,
                        now,
                    )
                    .await
                    .expect("an answer");
                lists.remove(name);
            } else {
                let mut members = BTreeMap::from([(99, Listing::Expected)]);
                for n in 0..12 {
                    match roll(4) {
                        0 => {}
                        1 => drop(members.insert(n, Listing::Obsolete)),
                        2 => drop(members.insert(n, Listing::Decommissioned)),
                        _ => drop(members.insert(n, Listing::Expected)),
                    }
                }
                let given = members
                    .iter()
                    .map(|(n, listing)| row(*n, *listing, None))
                    .collect();
                put(store, name, given, true, now).await.expect("a list");
                lists.insert(name, members);
            }
            let mut wanted = BTreeMap::new();
            let all: BTreeSet<u32> = lists.values().flat_map(BTreeMap::keys).copied().collect();
            for n in all {
                let said: Vec<Listing> = lists
                    .values()
                    .filter_map(|list| list.get(&n))
                    .copied()
                    .collect();
                let word = if said.contains(&Listing::Expected) {
                    "expected"
                } else if said.contains(&Listing::Decommissioned) {
                    "decommissioned"
                } else {
                    "obsolete"
                };
                wanted.insert(format!("PC-{n}"), word);
            }
            assert_eq!(
                listings(store).await,
                wanted,
                "step {step} on {}",
                test.engine
            );
            let population = population(store).await;
            let expected = wanted.values().filter(|word| **word == "expected").count();
            assert_eq!(population.expected, i64::try_from(expected).expect("few"));
            assert_eq!(population.lists.len(), lists.len());
        }
    }
}

/// A database as it was before there were several lists.
async fn before_lists(url: &str, own: sqlx::migrate::Migrator) {
    let shared = sqlx::migrate!("./migrations");
    let old = shared
        .iter()
        .chain(own.iter())
        .filter(|migration| migration.version < 4)
        .cloned()
        .collect();
    let migrator = sqlx::migrate::Migrator::with_migrations(old);
    let client = |n: u8, listing: &str, list: i64, verdict: &str| {
        let (standing, at) = if verdict == "NULL" {
            ("silent", "NULL")
        } else {
            ("ready", "1000")
        };
        let id = format!("{n:032X}");
        let id = if url.starts_with("sqlite") {
            format!("x'{id}'")
        } else {
            format!("'\\x{id}'")
        };
        format!(
            "INSERT INTO clients (estate, id, name, sort_key, site, roles, owner, listing, list_id, os_key, standing, verdict, \
             reasons, warnings, ruleset, received_at, future, duplicate) VALUES (1, {id}, 'PC-{n}', 'pc-{n}', 'P01', '', 'Ann', \
             '{listing}', {list}, 'unknown', '{standing}', {verdict}, 0, 0, '', {at}, FALSE, FALSE)"
        )
    };
    let upload = |id: i64| {
        let hash = if url.starts_with("sqlite") {
            "x'01'"
        } else {
            "'\\x01'"
        };
        format!("INSERT INTO lists VALUES (1, {id}, {id}, 'ann', {hash}, 3, 0, 0, 0, 0, 0, 0)")
    };
    let statements = [
        upload(10),
        upload(20),
        client(1, "expected", 20, "NULL"),
        client(2, "obsolete", 20, "NULL"),
        client(3, "returned", 20, "'ready'"),
        client(4, "unlisted", 10, "'ready'"),
        client(5, "unlisted", 0, "'ready'"),
    ]
    .join(";");
    if url.starts_with("sqlite") {
        use sqlx::Connection as _;
        let mut conn = sqlx::SqliteConnection::connect(&format!("{url}?mode=rwc"))
            .await
            .expect("a file");
        migrator
            .run_direct(None, &mut conn, false)
            .await
            .expect("the old tables");
        sqlx::raw_sql(sqlx::AssertSqlSafe(statements))
            .execute(&mut conn)
            .await
            .expect("old rows");
        conn.close().await.expect("closed");
    } else {
        use sqlx::Connection as _;
        let mut conn = sqlx::PgConnection::connect(url).await.expect("a database");
        migrator
            .run_direct(None, &mut conn, false)
            .await
            .expect("the old tables");
        sqlx::raw_sql(sqlx::AssertSqlSafe(statements))
            .execute(&mut conn)
            .await
            .expect("old rows");
    }
}

#[tokio::test]
async fn what_was_one_list_is_the_list_default() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = format!("sqlite://{}", directory.path().join("old.db").display());
    before_lists(&file, sqlx::migrate!("./migrations/sqlite")).await;
    let database = Database::fresh().await;
    let mut urls = vec![file];
    if let Some(database) = &database {
        before_lists(&database.url(), sqlx::migrate!("./migrations/postgres")).await;
        urls.push(database.url());
    }
    for url in urls {
        let store = Store::open(&url).await.expect("brought up to date");
        let all = |word: [&'static str; 5]| -> BTreeMap<String, &'static str> {
            (1..).map(|n| format!("PC-{n}")).zip(word).collect()
        };
        let before = ["expected", "obsolete", "returned", "unlisted", "unlisted"];
        assert_eq!(listings(&store).await, all(before), "{url}");
        let population = population(&store).await;
        let list = population.newest_list().expect("a list");
        assert_eq!(
            (list.name.as_str(), list.id, list.kind),
            ("default", 20, ListOrigin::Devices)
        );
        assert_eq!(population.lists.len(), 1);
        // Its members are known: taking it away leaves those that have reported.
        let done = store
            .withdraw_population(
                &EVERYWHERE,
                "default",
                "a test",
                Author::server().into(),
                Consent::Given,
                NOON,
            )
            .await
            .expect("an answer")
            .expect("the list");
        assert_eq!((done.gone, done.before, done.after), (3, 4, 3));
        assert_eq!(
            listings(&store).await.into_values().collect::<Vec<_>>(),
            ["unlisted"; 3]
        );
    }
}

#[tokio::test]
async fn machines_of_two_lists_meet_by_what_both_know() {
    for test in TestStore::each().await {
        let store = &test.store;
        put(store, "sites", rows(1..=2), false, NOON)
            .await
            .expect("a list");
        let ad = |n: u32, fqdn: bool| Expected {
            ids: ClientIds {
                name: Some(format!("PC-{n}")),
                fqdn: fqdn.then(|| format!("pc-{n}.corp.example")),
                ..ClientIds::default()
            },
            os_key: "unknown".to_owned(),
            ..row(n, Listing::Expected, None)
        };
        let added = put(store, "ad", vec![ad(1, true), ad(2, false)], false, NOON)
            .await
            .expect("a list");
        assert_eq!((added.new, added.matched), (0, 2), "{}", test.engine);
        // A list that knows less takes away nothing that is known.
        let page = store
            .list(&Filter::default(), None, 10, NOON)
            .await
            .expect("a list");
        assert!(
            page.items
                .iter()
                .all(|row| row.os_key == "10.0.19045-client"
                    && row.ids.site_code.as_deref() == Some("P01")
                    && row.standing == Standing::Silent)
        );
    }
}

/// Big lists go in statements of many rows: a second one beside the first, and out again.
#[tokio::test]
async fn lists_of_thousands_go_in_and_out() {
    for test in TestStore::each().await {
        let store = &test.store;
        let started = std::time::Instant::now();
        put(store, "sites", rows(0..4_000), false, NOON)
            .await
            .expect("a list");
        put(store, "ad", rows(2_000..6_000), false, NOON)
            .await
            .expect("a list");
        put(store, "ad", rows(2_000..6_000), false, NOON.plus(DAY))
            .await
            .expect("again");
        let done = store
            .withdraw_population(
                &EVERYWHERE,
                "ad",
                "a test",
                Author::server().into(),
                Consent::Given,
                NOON,
            )
            .await
            .expect("an answer");
        assert_eq!(
            done.map(|done| (done.gone, done.after)),
            Some((4_000, 4_000)),
            "{}",
            test.engine
        );
        eprintln!(
            "four changes of 4,000 rows on {}: {:?}",
            test.engine,
            started.elapsed()
        );
    }
}

#[tokio::test]
async fn small_steps_add_up_for_thirty_days_and_no_longer() {
    for test in TestStore::each().await {
        let store = &test.store;
        put(store, "sites", rows(1..=100), false, NOON)
            .await
            .expect("a list");
        let less = async |n: u32, day: i64| {
            put(store, "sites", rows(n..=100), false, NOON.plus(day * DAY)).await
        };
        for (n, day) in [(3, 1), (5, 2)] {
            let done = less(n, day).await.expect("a little less");
            assert_eq!((done.leaving, done.needs_number), (2, false));
        }
        // Two more are six in a month, of a hundred.
        let refused = less(7, 20).await;
        let Err(Error::NeedsConfirmation(why, would)) = refused else {
            panic!("{}: {refused:?}", test.engine);
        };
        assert_eq!((would.leaving, would.lately, would.number()), (2, 4, 6));
        assert!(why.contains("2 of 96"), "{why}");
        // A refused list has not moved anybody, and after a month the first are forgotten.
        let done = less(7, 31).await.expect("four in a month");
        assert_eq!((done.leaving, done.lately), (2, 2), "{}", test.engine);
        // Taking a list out of force counts along, too.
        put(store, "lab", rows(200..=201), false, NOON.plus(32 * DAY))
            .await
            .expect("another list");
        let refused = store
            .withdraw_population(
                &EVERYWHERE,
                "lab",
                "a test",
                Author::server().into(),
                Consent::IfHarmless,
                NOON.plus(33 * DAY),
            )
            .await;
        assert!(refused.is_ok(), "{}: {refused:?}", test.engine);
        let refused = less(9, 34).await;
        assert!(
            matches!(refused, Err(Error::NeedsConfirmation(_, would)) if would.lately == 4),
            "{}: {refused:?}",
            test.engine
        );
    }
}
