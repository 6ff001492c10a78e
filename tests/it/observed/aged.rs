//! What was seen is let go of by its age, however much of it there is, and no younger thing goes with it.

use cutover::{
    domain::{
        audit::{Actor, Author},
        observed::{Lease, Observation, Protocol, Via},
        time::{DAY, HOUR, Timestamp},
    },
    store::observed::{Logged, Noted},
};

use crate::{
    evidence::machine::pairs,
    support::stores::{NOON, TestStore},
};

const KEPT: &str = "SELECT 'seen', CAST(COUNT(*) AS TEXT) || ' from ' || CAST(MIN(day) AS TEXT) FROM observations
UNION ALL SELECT 'leases', CAST(COUNT(*) AS TEXT) || ' until ' || CAST(MIN(until_at) AS TEXT) FROM leases
UNION ALL SELECT 'hours', CAST(COUNT(*) AS TEXT) || ' from ' || CAST(MIN(hour) AS TEXT) FROM observed_hours
ORDER BY 1";

fn logged(file: u8, at: Timestamp, addresses: u32) -> Logged {
    let address = |n: u32| format!("10.0.{}.{}", n / 250, n % 250);
    Logged {
        system: "mp01".to_owned(),
        file: Some((format!("{file}.log"), vec![file; 32], 0, true)),
        observations: (0..addresses)
            .map(|n| Observation {
                system: "mp01".to_owned(),
                address: address(n),
                machine: String::new(),
                via: Via::Direct,
                protocol: Protocol::Tls10,
                first: at,
                last: at,
                count: 1,
            })
            .collect(),
        hours: vec![(at.0.div_euclid(HOUR), 10, 10)],
        leases: (0..addresses)
            .map(|n| Lease {
                address: address(n),
                ident: format!("n:pc-{n}"),
                from: at.plus(-HOUR),
                until: at,
                hearsay: false,
            })
            .collect(),
        ..Logged::default()
    }
}

#[tokio::test]
async fn what_is_too_old_goes_and_nothing_else() {
    for test in TestStore::each().await {
        let store = &test.store;
        let add = async |logged: Logged| {
            let ann = Author::new(Actor::Person("ann".to_owned()), None);
            let added = store.add_observations(logged, "ann".to_owned(), ann, NOON);
            added.await.expect("added")
        };
        let first_day = NOON.plus(-40 * DAY);
        // More than one portion of one time, some of another, and what is just young enough.
        let old = logged(1, NOON.plus(-90 * DAY), 4_500);
        assert_eq!(add(old.clone()).await, Noted::Added);
        add(logged(2, NOON.plus(-41 * DAY), 300)).await;
        add(logged(3, first_day, 7)).await;
        add(logged(4, NOON, 5)).await;
        store.tidy_observed(40, NOON).await.expect("tidied");
        let wanted = [
            ("hours", format!("2 from {}", first_day.0.div_euclid(HOUR))),
            ("leases", format!("12 until {}", first_day.0)),
            ("seen", format!("12 from {}", first_day.0.div_euclid(DAY))),
        ];
        let found = pairs(&test.url, KEPT).await;
        let found: Vec<(&str, String)> = found
            .iter()
            .map(|(what, kept)| (what.as_str(), kept.clone()))
            .collect();
        assert_eq!(found, wanted, "{}", test.engine);
        // The file stays known.
        assert_eq!(add(old).await, Noted::KnownFile);
    }
}
