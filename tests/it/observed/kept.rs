//! What the store makes of observations: the same as placing all of them at once, though it reads a few addresses at a time.

use std::collections::BTreeMap;

use cutover::{
    domain::{
        access::Sites,
        audit::{Actor, Author},
        observed::{
            Doubt, Evidence, Lease, Named, OWN_SERVER, Observation, OfClient, Protocol, Quadrant,
            Seen, Via, place,
        },
        sightings::{Failure, Offered, Sighting},
        time::{DAY, HOUR, MINUTE, Timestamp},
        verdict::Standing,
    },
    store::{
        Store,
        audit_log::AuditFilter,
        identify::ClientId,
        model::Filter,
        observed::{Logged, Noted},
        observed_model::{Observed, ObservedLegacy, Window},
    },
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use crate::support::stores::{EVERYWHERE, NOON, TestStore, blocking, report};

const WINDOW: Window = Window {
    days: 30,
    quadrant: None,
    after: None,
    limit: 1_000,
};

fn ann() -> Author {
    Author::new(Actor::Person("ann".to_owned()), None)
}

fn log(system: &str, site: &str) -> Logged {
    Logged {
        system: system.to_owned(),
        site: site.to_owned(),
        ..Logged::default()
    }
}

async fn add(store: &Store, logged: Logged) -> Noted {
    let added = store.add_observations(logged, "ann".to_owned(), ann(), NOON);
    added.await.expect("added")
}

async fn ids(store: &Store) -> BTreeMap<String, ClientId> {
    let page = store.list(&Filter::default(), None, 100, NOON).await;
    let rows = page.expect("a page").items.into_iter();
    rows.map(|row| (row.name.to_lowercase(), row.id.parse().expect("an id")))
        .collect()
}

async fn observed(store: &Store, sites: &Sites, window: Window) -> Observed {
    let found = store.observed(sites, window, NOON).await;
    found.expect("what was seen")
}

fn seen(
    system: &str,
    address: &str,
    machine: &str,
    protocol: Protocol,
    (from, until): (i64, i64),
) -> Observation {
    Observation {
        system: system.to_owned(),
        address: address.to_owned(),
        machine: machine.to_owned(),
        via: Via::Direct,
        protocol,
        first: Timestamp(from),
        last: Timestamp(until),
        count: 1,
    }
}

/// A machine that used TLS 1.0 just now.
fn one_line(address: &str, machine: &str) -> Logged {
    let line = seen("mp01", address, machine, Protocol::Tls10, (NOON.0, NOON.0));
    Logged {
        observations: vec![line],
        ..log("mp01", "P01")
    }
}

fn had(address: &str, ident: &str, from: i64, until: i64) -> Lease {
    Lease {
        address: address.to_owned(),
        ident: ident.to_owned(),
        from: Timestamp(from),
        until: Timestamp(until),
        hearsay: false,
    }
}

#[expect(clippy::too_many_lines, reason = "one story of many addresses")]
#[tokio::test]
async fn reading_by_addresses_is_placing_everything_at_once() {
    for test in TestStore::each().await {
        let store = &test.store;
        let mut random = StdRng::seed_from_u64(71);
        let reports = (1..=6).map(|n| {
            if n % 2 == 0 {
                report(n, NOON.plus(-HOUR), 1)
            } else {
                blocking(n, NOON.plus(-HOUR), 1)
            }
        });
        let sent = store.writer().reports(reports.collect(), NOON, true).await;
        sent.expect("stored");
        let known = ids(store).await;
        let today = NOON.0.div_euclid(DAY);
        let mut evidence = Evidence::default();
        for _ in 0..400 {
            let day = today - random.random_range(0..20);
            let first = day * DAY + random.random_range(0..20) * HOUR;
            let machine = match random.random_range(0..12) {
                n @ 1..=6 => format!("pc-{n}"),
                7 => "gone".to_owned(),
                _ => String::new(),
            };
            let address = format!("10.0.0.{}", random.random_range(1..12));
            let protocol = Protocol::ALL[random.random_range(0..7)];
            let until = first + random.random_range(0..4) * HOUR;
            let system = format!("mp0{}", random.random_range(1..3));
            let mut line = seen(&system, &address, &machine, protocol, (first, until));
            line.via = Via::ALL[random.random_range(0..4)];
            evidence.observations.push(line);
        }
        for _ in 0..30 {
            let from = NOON.0 - random.random_range(0..20 * 24) * HOUR;
            let until = from + random.random_range(1..200) * HOUR;
            let address = format!("10.0.0.{}", random.random_range(1..9));
            let n = random.random_range(1..9);
            let ident = match random.random_range(0..4) {
                0 => format!("n:pc-{n}"),
                1 => format!("r:P01/{}", n + 1_000),
                2 => format!("i:{}", n + 1_000),
                _ => format!("f:pc-{n}.corp.example"),
            };
            evidence.leases.push(had(&address, &ident, from, until));
        }
        for part in evidence.observations.chunks(37) {
            for system in ["mp01", "mp02"] {
                let of_system = part.iter().filter(|line| line.system == system);
                let logged = Logged {
                    observations: of_system.cloned().collect(),
                    ..log(system, "P01")
                };
                assert_eq!(add(store, logged).await, Noted::Added);
            }
        }
        for part in evidence.leases.chunks(7) {
            let logged = Logged {
                leases: part.to_vec(),
                ..Logged::default()
            };
            add(store, logged).await;
        }
        let mut named: Named<ClientId> = Named::new();
        for n in 1..=6 {
            let id = known[&format!("pc-{n}")];
            for ident in [
                format!("n:pc-{n}"),
                format!("f:pc-{n}.corp.example"),
                format!("r:P01/{}", n + 1_000),
                format!("i:{}", n + 1_000),
            ] {
                named.insert(ident, vec![id]);
            }
        }
        // As rows of the store hold them: by day, and names as idents.
        for line in &mut evidence.observations {
            if !line.machine.is_empty() {
                line.machine = format!("n:{}", line.machine);
            }
        }
        let wanted = place(&evidence, &named);
        let found = observed(store, &EVERYWHERE, WINDOW).await;
        let clients: BTreeMap<ClientId, OfClient> = found
            .clients
            .iter()
            .map(|client| (client.id, client.seen.clone().expect("something")))
            .collect();
        assert_eq!(clients, wanted.clients, "{}", test.engine);
        assert_eq!(found.ambiguous.total, wanted.ambiguous.len());
        for (who, doubt, known) in &found.ambiguous.worst {
            let key = (who.clone(), *doubt);
            assert_eq!(Some(known), wanted.ambiguous.get(&key), "{key:?}");
        }
        let risky = wanted.ambiguous.values();
        let risky = risky.filter(|known| known.seen >= Seen::Unclear).count();
        assert_eq!(found.ambiguous.risky, risky);
        assert_eq!(found.boxes.values().sum::<i64>(), 6);
        // Each box lists as many as it counts, page by page, and each client once.
        let mut all = 0;
        for quadrant in Quadrant::ALL {
            let mut window = Window {
                quadrant: Some(quadrant),
                limit: 1,
                ..WINDOW
            };
            let mut listed = 0;
            loop {
                let page = observed(store, &EVERYWHERE, window).await;
                assert_eq!(page.total, found.count(quadrant));
                listed += i64::try_from(page.clients.len()).expect("few");
                assert!(page.clients.iter().all(|one| one.quadrant == quadrant));
                window.after = page.clients.last().map(|client| client.id);
                if !page.more {
                    break;
                }
            }
            assert_eq!(listed, found.count(quadrant), "{quadrant:?}");
            all += listed;
        }
        assert_eq!(all, 6, "{}", test.engine);
        for (id, wanted) in &wanted.clients {
            let one = store
                .observed_of(&id.to_string(), &EVERYWHERE, 30, NOON)
                .await;
            assert_eq!(one.expect("read").as_ref(), Some(wanted), "{}", test.engine);
        }
        store.settle_observed(NOON).await.expect("settled");
        let before = told(store, 30).await;
        assert_eq!(before, told(store, 31).await, "{}", test.engine);
        // The counts move with the clients; everybody stands otherwise now.
        let reports = (1..=6).map(|n| {
            if n % 2 == 0 {
                blocking(n, NOON, 2)
            } else {
                report(n, NOON, 2)
            }
        });
        let sent = store.writer().reports(reports.collect(), NOON, true).await;
        sent.expect("stored");
        let moved = told(store, 30).await;
        assert_eq!(moved, told(store, 31).await, "{}", test.engine);
        assert_ne!(moved, before);
        // What comes in is told at once, and once it was looked at.
        add(store, one_line("10.0.9.9", "pc-1")).await;
        let more = told(store, 30).await;
        assert_eq!(more, told(store, 31).await, "{}", test.engine);
        store.settle_observed(NOON).await.expect("settled");
        assert_eq!(told(store, 30).await, told(store, 31).await);
        // Of whom a log spoke before anybody knew of it, it is told at once, too, and somebody looks soon.
        add(store, one_line("10.0.9.10", "pc-77")).await;
        store.settle_observed(NOON).await.expect("settled");
        assert!(
            !store.has_seen_more().await.expect("an answer") || {
                // Once for what this server read itself.
                !store.has_seen_more().await.expect("an answer")
            }
        );
        let unknown = told(store, 30).await;
        let late = vec![blocking(77, NOON.plus(-HOUR), 1)];
        let sent = store.writer().reports(late, NOON, true).await;
        sent.expect("stored");
        assert!(store.has_seen_more().await.expect("an answer"));
        let known = told(store, 30).await;
        assert_ne!(known, unknown, "{}", test.engine);
        assert_eq!(known, told(store, 31).await, "{}", test.engine);
        store.settle_observed(NOON).await.expect("settled");
        assert!(!store.has_seen_more().await.expect("an answer"));
        assert_eq!(known, told(store, 30).await, "{}", test.engine);
        // What nobody has looked at for hours is no answer.
        for (minutes, kept) in [(59, true), (61, false)] {
            let later = NOON.plus(minutes * MINUTE);
            let found = store.observed(&EVERYWHERE, WINDOW, later).await;
            let as_of = found.expect("what was seen").as_of;
            assert_eq!(as_of, if kept { NOON } else { later });
        }
        // What is too old is forgotten, and only then.
        let later = NOON.plus(25 * DAY);
        store.settle_observed(later).await.expect("settled");
        let found = store.observed(&EVERYWHERE, WINDOW, later).await;
        let found = found.expect("what was seen");
        assert_eq!(found.as_of, later);
        assert!(found.total >= 1, "the last line is young enough");
        let later = NOON.plus(60 * DAY);
        store.settle_observed(later).await.expect("settled");
        let found = store.observed(&EVERYWHERE, WINDOW, later).await;
        let found = found.expect("what was seen");
        assert_eq!((found.total, found.ambiguous.total), (0, 0), "{found:?}");
    }
}

/// Everything that is told of a window: boxes, lists page by page, doubts, systems, and what decisions ask. Of 30 days it is what
/// was worked out in the background, where that was done; of 31 it is looked at anew.
async fn told(store: &Store, days: i64) -> Vec<String> {
    let mut told = Vec::new();
    for quadrant in Quadrant::ALL.into_iter().map(Some).chain([None]) {
        let mut window = Window {
            days,
            quadrant,
            limit: 2,
            after: None,
        };
        loop {
            let page = observed(store, &EVERYWHERE, window).await;
            let boxes: Vec<i64> = Quadrant::ALL.iter().map(|one| page.count(*one)).collect();
            let legacy: Vec<_> = page
                .systems
                .iter()
                .map(|one| (&one.system, one.legacy))
                .collect();
            told.push(format!(
                "{quadrant:?} {boxes:?} {} {} {legacy:?} {:?} {:?}",
                page.total, page.more, page.without, page.ambiguous
            ));
            told.extend(page.clients.iter().map(|client| format!("{client:?}")));
            window.after = page.clients.last().map(|client| client.id);
            if !page.more {
                break;
            }
        }
    }
    let of = |site: Option<&str>, standings: &[Standing]| Filter {
        site: site.map(str::to_owned),
        standings: standings.to_vec(),
        ..Filter::default()
    };
    for scope in [
        of(None, &[]),
        of(Some("P01"), &[]),
        of(Some("P09"), &[]),
        of(None, &[Standing::Blocking, Standing::Conflict]),
        Filter {
            os: Some("10.0.19045-client".to_owned()),
            ..Filter::default()
        },
    ] {
        let asked = store
            .observed_legacy(&scope, NOON.plus((1 - days) * DAY), NOON)
            .await;
        let asked = asked.expect("an answer");
        told.push(format!("{} {}", asked.devices, asked.ambiguous_addresses));
    }
    told
}

fn refused(address: &str, at: Timestamp) -> Sighting {
    Sighting {
        address: address.to_owned(),
        failure: Failure::NoTls12,
        offered: Offered {
            highest: Some(0x0301),
            ..Offered::default()
        },
        first_at: at.plus(-DAY),
        last_at: at,
        times: 7,
    }
}

#[tokio::test]
async fn handshakes_that_offered_no_tls12_are_evidence_against_the_one_client_there() {
    for test in TestStore::each().await {
        let store = &test.store;
        let mut reports: Vec<_> = (1..=9).map(|n| report(n, NOON.plus(-HOUR), 1)).collect();
        // One alone, two at one address, six behind a gateway.
        for (at, address) in ["10.0.0.1", "10.0.0.2", "10.0.0.2"].into_iter().enumerate() {
            reports[at].sender.from = address.into();
        }
        for report in &mut reports[3..] {
            report.sender.from = "10.0.0.3".into();
        }
        let sent = store.writer().reports(reports, NOON, true).await;
        sent.expect("stored");
        let known = ids(store).await;
        let mut failed: Vec<Sighting> = (1..=4)
            .map(|n| refused(&format!("10.0.0.{n}"), NOON.plus(-HOUR)))
            .collect();
        // What failed for another reason says nothing of protocols.
        failed.push(Sighting {
            failure: Failure::NoSharedSuite,
            ..refused("10.0.0.1", NOON)
        });
        store.add_sightings(failed).await.expect("kept");
        // New protocols from there clear nobody: that a report came from an address says not who else did.
        let line = seen("mp01", "10.0.0.1", "", Protocol::Tls12, (NOON.0, NOON.0));
        let logged = Logged {
            observations: vec![line],
            ..log("mp01", "P01")
        };
        add(store, logged).await;
        let found = observed(store, &EVERYWHERE, WINDOW).await;
        let of = |n: u32| {
            let id = known[&format!("pc-{n}")];
            let client = found.clients.iter().find(|client| client.id == id);
            client.and_then(|client| client.seen.clone())
        };
        let first = of(1).expect("seen");
        assert_eq!(first.seen, Seen::Legacy, "{}", test.engine);
        let lines: Vec<_> = first.lines.iter().collect();
        let [((system, protocol), line)] = lines.as_slice() else {
            panic!("{lines:?}");
        };
        assert_eq!((system.as_str(), *protocol), (OWN_SERVER, Protocol::Tls10));
        assert_eq!(line.count, 7);
        for n in [2, 3] {
            let seen = of(n).expect("suspected");
            assert_eq!(seen.seen, Seen::Unclear);
            assert!(seen.suspected && seen.lines.is_empty());
        }
        assert!(of(4).is_none(), "a crowd is nobody");
        let doubts: Vec<(&str, Doubt)> = found
            .ambiguous
            .worst
            .iter()
            .map(|(who, doubt, _)| (who.as_str(), *doubt))
            .collect();
        assert_eq!(
            doubts,
            [
                ("10.0.0.2", Doubt::Several),
                ("10.0.0.3", Doubt::Shared),
                ("10.0.0.4", Doubt::UnknownAddress),
                ("10.0.0.1", Doubt::UnknownAddress),
            ],
            "{}",
            test.engine
        );
        // Whoever may see some sites only is told of its clients, and of no address that only this server met.
        let limited = observed(store, &Sites::only(["P01".to_owned()]), WINDOW).await;
        assert_eq!(limited.boxes, found.boxes);
        assert_eq!(limited.ambiguous.total, 1);
        let nowhere = observed(store, &Sites::only([]), WINDOW).await;
        assert_eq!(nowhere.boxes.values().sum::<i64>(), 0);
        assert_eq!((nowhere.total, nowhere.ambiguous.total), (0, 0));
        assert_eq!((nowhere.systems.len(), nowhere.without.len()), (0, 0));
        let scope = Filter::default();
        let asked = store
            .observed_legacy(&scope, NOON.plus(-5 * DAY), NOON)
            .await;
        let asked = asked.expect("an answer");
        assert_eq!((asked.devices, asked.ambiguous_addresses), (1, 3));
    }
}

#[tokio::test]
async fn a_decision_is_told_of_its_scope() {
    for test in TestStore::each().await {
        let store = &test.store;
        let mut reports: Vec<_> = (1..=3).map(|n| report(n, NOON.plus(-HOUR), 1)).collect();
        reports[1].ids.site_code = Some("P02".to_owned());
        reports[2].roles = vec!["management_point".to_owned()];
        let sent = store.writer().reports(reports, NOON, true).await;
        sent.expect("stored");
        let today = NOON.0.div_euclid(DAY);
        for (system, site, n) in [("mp01", "P01", 1), ("mp02", "P02", 2)] {
            let machine = format!("pc-{n}");
            let days = (0..n).map(|ago| (today - ago) * DAY + HOUR);
            let logged = Logged {
                observations: days
                    .clone()
                    .map(|at| seen(system, "10.0.0.9", &machine, Protocol::Tls11, (at, at)))
                    .collect(),
                hours: days.map(|at| (at / HOUR, 10, 9)).collect(),
                ..log(system, site)
            };
            add(store, logged).await;
        }
        let of = |site: &str| Filter {
            site: Some(site.to_owned()),
            ..Filter::default()
        };
        let answer = |devices, covered_days, systems| ObservedLegacy {
            devices,
            ambiguous_addresses: 0,
            covered_days,
            systems,
        };
        let ready = Filter {
            standings: vec![Standing::Blocking],
            ..Filter::default()
        };
        for (what, scope, since, wanted) in [
            ("all", Filter::default(), 10, answer(2, 1, (2, 3))),
            ("P01", of("P01"), 10, answer(1, 1, (1, 2))),
            ("P02", of("P02"), 10, answer(1, 2, (1, 1))),
            ("today", of("P02"), 0, answer(1, 1, (1, 1))),
            ("nobody", of("P03"), 10, answer(0, 0, (0, 0))),
            ("no blocking", ready, 10, answer(0, 1, (2, 3))),
        ] {
            let found = store
                .observed_legacy(&scope, NOON.plus(-since * DAY), NOON)
                .await;
            assert_eq!(
                found.expect("an answer"),
                wanted,
                "{what} on {}",
                test.engine
            );
        }
    }
}

#[tokio::test]
async fn a_file_is_told_of_once_and_whoever_goes_on_with_it_once_more() {
    for test in TestStore::each().await {
        let store = &test.store;
        let portion = |n: i64| Logged {
            file: Some(("u.log".to_owned(), vec![7; 32], n, n == 3)),
            ..log("mp01", "P01")
        };
        let total = async || {
            let page = store.audit_page(&AuditFilter::default(), None, 1).await;
            page.expect("a page").total
        };
        for (n, by, noted, entries) in [
            (0, "ann", Noted::Added, 1),
            (0, "ann", Noted::Known, 1),
            (1, "ann", Noted::Added, 1),
            (3, "ann", Noted::Gap(2), 1),
            (2, "bob", Noted::Added, 2),
            (3, "ann", Noted::Added, 2),
            (3, "bob", Noted::KnownFile, 2),
        ] {
            let author = Author::new(Actor::Person(by.to_owned()), None);
            let added = store.add_observations(portion(n), by.to_owned(), author, NOON);
            assert_eq!(added.await.expect("asked"), noted, "{n} by {by}");
            assert_eq!(total().await, entries, "{n} by {by} on {}", test.engine);
        }
    }
}
