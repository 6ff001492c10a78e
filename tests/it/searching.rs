//! A part of a name finds every client whose name holds it and nobody else, whichever way the database takes.

use crate::support::stores::EVERYWHERE;
use cutover::{
    domain::{
        audit::Author,
        identity::ClientIds,
        lists::ListOrigin,
        time::{HOUR, Timestamp},
    },
    store::{
        Store,
        membership::Consent,
        model::{Filter, Listing, Order},
        population::{Expected, ExpectedList},
    },
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use crate::support::stores::{NOON, TestStore, report};

/// What names and texts are put together from: few signs, so that texts meet names, and those that some language reads.
const SIGNS: [&str; 14] = [
    "a", "b", "A", "-", "1", "2", "%", "_", "!", "\"", "'", "é", "ß", "日",
];

fn some_text(random: &mut StdRng, signs: std::ops::Range<usize>) -> String {
    let count = random.random_range(signs);
    (0..count)
        .map(|_| SIGNS[random.random_range(0..SIGNS.len())])
        .collect()
}

/// Report of a machine that its GUID tells, under some name.
async fn named(store: &Store, n: u32, name: &str, at: Timestamp) {
    let mut report = report(n, at, 1);
    report.ids = ClientIds {
        sms_guid: report.ids.sms_guid,
        name: Some(name.to_owned()),
        ..ClientIds::default()
    };
    name.clone_into(&mut report.name);
    store
        .writer()
        .reports(vec![report], at, true)
        .await
        .expect("kept");
}

fn of(text: &str) -> Filter {
    Filter {
        q: Some(text.to_owned()),
        ..Filter::default()
    }
}

async fn names(store: &Store, filter: &Filter, order: Order) -> (Vec<String>, i64) {
    let page = store
        .list_by(filter, order, None, 1_000, NOON)
        .await
        .expect("a list");
    let names = page.items.into_iter().map(|row| row.name).collect();
    (names, page.total)
}

#[tokio::test]
async fn a_part_of_a_name_finds_exactly_the_names_that_hold_it() {
    for test in TestStore::each().await {
        let mut random = StdRng::seed_from_u64(3);
        let store = &test.store;
        for step in 0..240_u32 {
            // Later steps call some of the same machines otherwise.
            let machine = random.random_range(0..120);
            let name = format!("{}x", some_text(&mut random, 1..9));
            named(store, machine, &name, NOON.plus(i64::from(step) * 1_000)).await;
        }
        let (all, _) = names(store, &Filter::default(), Order::Name).await;
        assert!(all.len() > 80, "{} names", all.len());
        let mut met = 0;
        for _ in 0..300 {
            let text = if random.random_bool(0.5) {
                some_text(&mut random, 1..6)
            } else {
                let name: Vec<char> = all[random.random_range(0..all.len())].chars().collect();
                let from = random.random_range(0..name.len());
                name[from..random.random_range(from + 1..=name.len())]
                    .iter()
                    .collect()
            };
            let holding: Vec<String> = all
                .iter()
                .filter(|name| name.to_lowercase().contains(&text.to_lowercase()))
                .cloned()
                .collect();
            met += usize::from(!holding.is_empty() && text.chars().count() > 2);
            let (mut found, total) = names(store, &of(&text), Order::Name).await;
            assert_eq!(found, holding, "{text:?} on {}", test.engine);
            assert_eq!(
                usize::try_from(total),
                Ok(holding.len()),
                "{text:?} on {}",
                test.engine
            );
            let (down, _) = names(store, &of(&text), Order::NameDown).await;
            found.reverse();
            assert_eq!(down, found, "{text:?} on {}", test.engine);
        }
        assert!(
            met > 25,
            "only {met} texts of three signs and more were found"
        );
    }
}

/// Names as a list gives them; nobody of them has reported.
async fn expected(store: &Store, prefix: &str, count: u32) {
    let rows = (0..count).map(|n| Expected {
        ids: ClientIds {
            name: Some(format!("{prefix}-{n:05}")),
            ..ClientIds::default()
        },
        os_key: "unknown".to_owned(),
        roles: Vec::new(),
        owner: None,
        last_contact: None,
        listing: Listing::Expected,
    });
    let list = ExpectedList {
        name: prefix.to_owned(),
        kind: ListOrigin::Names,
        rows: rows.collect(),
        rejected: 0,
        file_hash: vec![1],
        uploaded_by: "a test".to_owned(),
        by: Author::server().into(),
        consent: Consent::Given,
    };
    store
        .replace_population(&EVERYWHERE, list, NOON)
        .await
        .expect("a list");
}

#[tokio::test]
async fn what_thousands_of_names_hold_is_counted_as_what_few_do() {
    for test in TestStore::each().await {
        let store = &test.store;
        // As many as are looked up by the parts of a text, and more than that.
        expected(store, "few", 5_000).await;
        expected(store, "many", 5_001).await;
        for (text, length, first) in [
            ("few", 5_000, "few-00000"),
            ("many", 5_001, "many-00000"),
            ("w-0499", 10, "few-04990"),
            ("-0050", 20, "few-00500"),
            ("-05000", 1, "many-05000"),
        ] {
            let page = store
                .list(&of(text), None, 3, NOON.plus(HOUR))
                .await
                .expect("a list");
            assert_eq!(page.total, length, "{text} on {}", test.engine);
            assert_eq!(page.items[0].name, first, "{text} on {}", test.engine);
            let mut rows = 0_usize;
            let mut walk = store.walk(of(text), NOON.plus(HOUR)).await.expect("a walk");
            while let Some(part) = walk.next().await.expect("a part") {
                rows += part.len();
            }
            assert_eq!(i64::try_from(rows), Ok(length), "{text} on {}", test.engine);
        }
    }
}
