//! Exceptions: who may do what with them, what ends them, and that they never move a number.

use crate::support::stores::EVERYWHERE;
use std::collections::BTreeMap;

use cutover::{
    domain::{
        access::{Role, Sites},
        audit::{Actor, Author},
        exceptions::{Asked, Kind, State, Step, may_ask},
        identity::ClientIds,
        lists::ListOrigin,
        time::{DAY, HOUR, SECOND, Timestamp},
        verdict::Standing,
    },
    store::{
        Store,
        exception_list::{Exception, ExceptionPage, Which},
        exceptions::{Answer, Doer, Taken},
        identify::ClientId,
        incoming::Incoming,
        membership::Consent,
        model::{Excepted, Filter, Listing, Order},
        population::{Expected, ExpectedList},
    },
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use reqwest::{Method, header};

use crate::support::{
    answer::Answer as Said,
    app::TestApp,
    stores::{NOON, TestStore, blocking, report},
};

fn someone(name: &str, decides: bool) -> Doer {
    Doer {
        name: name.to_owned(),
        decides,
        sites: Sites::all(),
        author: Author::new(Actor::Person(name.to_owned()), None),
    }
}

fn asked(days: i64) -> Asked {
    Asked {
        kind: Kind::Mitigated,
        reason: "the ward cannot stop".to_owned(),
        control: "a management point of its own".to_owned(),
        owner: "Ward 7".to_owned(),
        until: NOON.plus(days * DAY),
    }
}

async fn keep(store: &Store, reports: Vec<Incoming>, now: Timestamp) {
    let kept = store.writer().reports(reports, now, true).await;
    kept.expect("kept");
}

async fn client(store: &Store, n: u32, now: Timestamp) -> ClientId {
    let filter = Filter {
        q: Some(format!("pc-{n}.corp.example")),
        ..Filter::default()
    };
    let found = store.list(&filter, None, 2, now).await.expect("a list");
    found.items[0].id.parse().expect("an id")
}

async fn ask(store: &Store, n: u32, by: &str, days: i64, now: Timestamp) -> Answer {
    let id = client(store, n, now).await;
    let answers = store.ask_for_exceptions(vec![id], asked(days), someone(by, false), now);
    answers.await.expect("answers").remove(0)
}

async fn requested(store: &Store, n: u32, by: &str, days: i64, now: Timestamp) -> String {
    match ask(store, n, by, days, now).await {
        Answer::Requested(id) => id,
        other => panic!("PC-{n} was not asked for: {other:?}"),
    }
}

async fn step(store: &Store, id: &str, step: Step, by: Doer, now: Timestamp) -> Taken {
    let taken = store.step_exception(id.to_owned(), step, "as discussed".to_owned(), by, now);
    taken.await.expect("an answer")
}

async fn approved(store: &Store, n: u32, days: i64, now: Timestamp) -> String {
    let id = requested(store, n, "olga", days, now).await;
    let taken = step(store, &id, Step::Approve, someone("anna", true), now).await;
    assert_eq!(taken, Taken::Done);
    id
}

async fn one(store: &Store, id: &str, now: Timestamp) -> Exception {
    let found = store.exception(id, &Sites::all(), now).await;
    found.expect("an answer").expect("an exception")
}

async fn list_of(
    store: &Store,
    which: &Which,
    cursor: Option<&str>,
    limit: usize,
    now: Timestamp,
) -> ExceptionPage {
    let everywhere = Sites::all();
    let page = store.exceptions(which, &everywhere, cursor, limit, now);
    page.await.expect("a page")
}

#[test]
fn every_role_may_take_the_steps_that_are_for_it() {
    // Role; asks; decides on those of others; takes back those of others.
    let table = [
        (Role::Viewer, false, false, false),
        (Role::Operator, true, false, false),
        (Role::Approver, true, true, true),
        (Role::Administrator, true, true, true),
        (Role::Auditor, false, false, false),
    ];
    assert_eq!(table.map(|(role, ..)| role), Role::ALL);
    for (role, asks, decides, takes_back) in table {
        assert_eq!(may_ask(role), asks, "{role:?}");
        for step in [Step::Approve, Step::Reject] {
            assert_eq!(step.is_for(role, false), decides, "{step:?} {role:?}");
            assert!(!step.is_for(role, true), "nobody decides on their own");
        }
        assert_eq!(Step::Withdraw.is_for(role, false), takes_back, "{role:?}");
        assert_eq!(Step::Withdraw.is_for(role, true), asks, "{role:?}");
    }
}

#[test]
fn what_is_asked_is_bounded_and_whole() {
    let good = ["grace", "why", "control", "owner", "2026-12-31"];
    let now = Timestamp::parse("2026-11-23T08:15:00Z").expect("a time");
    let read = Asked::read(good, now).expect("whole");
    assert_eq!(read.until.to_string(), "2027-01-01T00:00:00Z");
    let long = "x".repeat(1_001);
    for (at, bad) in [
        (0, "green"),
        (0, ""),
        (1, " \n"),
        (1, &long),
        (2, ""),
        (2, &long),
        (3, "\u{7}"),
        (3, &long[..101]),
        (4, ""),
        (4, "tomorrow"),
        (4, "2026-11-22"),
        (4, "2026-02-30"),
        (4, "2027-12-29"),
        (4, "2026-12-31T00"),
    ] {
        let mut fields = good;
        fields[at] = bad;
        let wrong = Asked::read(fields, now).expect_err(bad);
        assert_eq!(wrong.len(), 1, "{bad:?}: {wrong:?}");
    }
    assert!(Asked::read(["grace", "a", "b", "c", "2026-11-23"], now).is_ok());
    assert!(Asked::read(["grace", "a", "b", "c", "2027-12-27"], now).is_ok());
    assert_eq!(Asked::read([""; 5], now).expect_err("nothing").len(), 5);
}

/// Brings one exception into a state.
async fn in_state(store: &Store, n: u32, state: State) -> String {
    keep(store, vec![blocking(n, NOON.plus(-HOUR), 1)], NOON).await;
    let id = match state {
        State::Active | State::Expired | State::Lapsed => approved(store, n, 1, NOON).await,
        _ => requested(store, n, "olga", 1, NOON).await,
    };
    let other = || someone("anna", true);
    match state {
        State::Requested | State::Active => {}
        State::Expired => {
            store.end_exceptions(NOON.plus(DAY)).await.expect("ended");
        }
        State::Lapsed => {
            keep(store, vec![report(n, NOON.plus(-1), 2)], NOON).await;
            store.end_exceptions(NOON).await.expect("ended");
        }
        State::Withdrawn => {
            let taken = step(store, &id, Step::Withdraw, someone("olga", false), NOON).await;
            assert_eq!(taken, Taken::Done);
        }
        State::Rejected => {
            assert_eq!(
                step(store, &id, Step::Reject, other(), NOON).await,
                Taken::Done
            );
        }
    }
    assert_eq!(one(store, &id, NOON).await.state, state);
    id
}

#[tokio::test]
async fn every_step_from_every_state_by_every_role_does_what_the_domain_says() {
    for test in TestStore::each().await {
        let store = &test.store;
        let mut n = 0;
        for state in State::ALL {
            for way in Step::ALL {
                for decides in [false, true] {
                    for own in [false, true] {
                        n += 1;
                        let id = in_state(store, n, state).await;
                        let by = someone(if own { "olga" } else { "otto" }, decides);
                        let role = if decides {
                            Role::Approver
                        } else {
                            Role::Operator
                        };
                        let allowed = way.is_for(role, own);
                        let taken = step(store, &id, way, by, NOON).await;
                        let says = format!("{} {state:?} {way:?} {role:?} own {own}", test.engine);
                        let after = state.after(way).filter(|_| allowed);
                        assert_eq!(taken == Taken::Done, after.is_some(), "{says}: {taken:?}");
                        let now = one(store, &id, NOON).await.state;
                        assert_eq!(now, after.unwrap_or(state), "{says}");
                        // Whatever was open is in nobody's way.
                        if now.is_open() {
                            let taken =
                                step(store, &id, Step::Withdraw, someone("olga", false), NOON);
                            assert_eq!(taken.await, Taken::Done, "{says}");
                        }
                    }
                }
            }
        }
        assert_eq!(
            step(store, "nothing", Step::Approve, someone("anna", true), NOON).await,
            Taken::Nothing
        );
    }
}

/// What is different in a later report.
type Change = fn(&mut Incoming);

#[tokio::test]
async fn whatever_changes_about_a_client_ends_its_exception() {
    for test in TestStore::each().await {
        let store = &test.store;
        let changed: [(&str, Change); 5] = [
            ("ready", |new| {
                new.verdict = Standing::Ready;
                new.impact = None;
                new.reasons = 0;
            }),
            ("verdict", |new| new.verdict = Standing::Undetermined),
            ("reasons", |new| new.reasons = 3),
            ("fewer reasons", |new| new.reasons = 0),
            ("OS version", |new| {
                new.os_key = "10.0.26100-client".to_owned();
            }),
        ];
        for (n, (what, change)) in (1..).zip(changed) {
            let later = NOON.plus(SECOND);
            for (n, approve) in [(n, true), (n + 100, false)] {
                keep(store, vec![blocking(n, NOON.plus(-HOUR), 1)], NOON).await;
                let id = requested(store, n, "olga", 30, NOON).await;
                if approve {
                    step(store, &id, Step::Approve, someone("anna", true), NOON).await;
                }
                // The same again, and nothing is lost.
                keep(store, vec![blocking(n, NOON.plus(-HOUR / 2), 1)], NOON).await;
                assert_eq!(store.end_exceptions(NOON).await.expect("none"), 0, "{what}");
                let mut new = blocking(n, NOON, 2);
                change(&mut new);
                keep(store, vec![new], later).await;
                // Nobody counts it, although no pass has been.
                assert_eq!(one(store, &id, later).await.state, State::Lapsed, "{what}");
                let listed = Filter {
                    q: Some(format!("pc-{n}.corp.example")),
                    excepted: Some(Excepted::Yes),
                    ..Filter::default()
                };
                assert_eq!(
                    store.length(&listed, later).await.expect("a length"),
                    0,
                    "{what}"
                );
                if !approve {
                    let taken = step(store, &id, Step::Approve, someone("anna", true), later).await;
                    assert_ne!(taken, Taken::Done, "{what}");
                }
                store.end_exceptions(later).await.expect("ended");
                let ended = one(store, &id, later).await;
                assert_eq!(ended.ended_by.as_deref(), Some("server"), "{what}");
                assert!(ended.ended_at.is_some(), "{what}");
            }
        }
    }
}

#[tokio::test]
async fn one_client_has_one_open_exception_and_ready_ones_none() {
    for test in TestStore::each().await {
        let store = &test.store;
        keep(
            store,
            vec![
                blocking(1, NOON.plus(-HOUR), 1),
                report(2, NOON.plus(-HOUR), 1),
            ],
            NOON,
        )
        .await;
        let first = requested(store, 1, "olga", 30, NOON).await;
        assert_eq!(ask(store, 1, "otto", 30, NOON).await, Answer::OpenAlready);
        assert_eq!(ask(store, 2, "otto", 30, NOON).await, Answer::Ready);
        step(store, &first, Step::Reject, someone("anna", true), NOON).await;
        let second = approved(store, 1, 2, NOON).await;
        assert_eq!(ask(store, 1, "otto", 30, NOON).await, Answer::OpenAlready);
        // Whoever may not see the site knows of nobody there.
        let elsewhere = Sites::only(["P02".to_owned()]);
        let stranger = Doer {
            sites: elsewhere.clone(),
            ..someone("anna", true)
        };
        assert_eq!(
            step(store, &second, Step::Withdraw, stranger, NOON).await,
            Taken::Nothing
        );
        assert_eq!(
            store
                .exception(&second, &elsewhere, NOON)
                .await
                .expect("an answer"),
            None
        );
        // When its time is over, another can be asked for.
        let later = NOON.plus(2 * DAY);
        assert_eq!(one(store, &second, later).await.state, State::Expired);
        requested(store, 1, "otto", 30, later).await;
        let all = Which::default();
        let list = list_of(store, &all, None, 2, later).await;
        assert_eq!((list.total, list.items.len()), (3, 2));
        let cursor = list.next_cursor.as_deref();
        let rest = list_of(store, &all, cursor, 2, later).await;
        assert_eq!(rest.items[0].id, first);
    }
}

fn of(standings: &[Standing], excepted: Option<Excepted>) -> Filter {
    Filter {
        standings: standings.to_vec(),
        excepted,
        ..Filter::default()
    }
}

#[expect(
    clippy::too_many_lines,
    reason = "one story that every step looks back on"
)]
#[tokio::test]
async fn an_exception_never_moves_a_standing_and_every_number_is_the_length_of_its_list() {
    let mut random = StdRng::seed_from_u64(7);
    for test in TestStore::each().await {
        let store = &test.store;
        let mut reports = Vec::new();
        for n in 1..=60 {
            let age = if n % 7 == 0 { 20 * DAY } else { HOUR };
            let mut one = if n % 3 == 0 {
                report(n, NOON.plus(-age), 1)
            } else {
                blocking(n, NOON.plus(-age), 1)
            };
            if n % 5 == 1 {
                one.verdict = Standing::Undetermined;
                one.impact = None;
                one.reasons = 2;
            }
            one.ids.site_code = Some(["P01", "P02"][random.random_range(0..2)].to_owned());
            reports.push(one);
        }
        keep(store, reports, NOON).await;
        let before = store.summary("test", NOON).await.expect("a summary");
        for n in 1..=60 {
            if random.random_bool(0.6) && n % 3 != 0 {
                let id = requested(store, n, "olga", if n % 2 == 0 { 10 } else { 90 }, NOON).await;
                if random.random_bool(0.7) {
                    step(store, &id, Step::Approve, someone("anna", true), NOON).await;
                }
            }
        }
        let mut after = store.summary("test", NOON).await.expect("a summary");
        let excepted = std::mem::take(&mut after.excepted);
        assert!(excepted.values().sum::<i64>() > 5, "{excepted:?}");
        assert_eq!(before, after, "{}", test.engine);
        let places = [None, Some("P01".to_owned()), Some("P02".to_owned())];
        for site in places {
            for standings in [
                vec![],
                vec![Standing::Blocking],
                vec![Standing::Stale, Standing::Undetermined],
            ] {
                let mut lengths = BTreeMap::new();
                for how in [
                    None,
                    Some(Excepted::Yes),
                    Some(Excepted::No),
                    Some(Excepted::Soon),
                ] {
                    let filter = Filter {
                        site: site.clone(),
                        ..of(&standings, how)
                    };
                    let mut seen = Vec::new();
                    for order in Order::ALL {
                        let (mut rows, mut cursor) = (Vec::new(), None);
                        loop {
                            let page = store.list_by(&filter, order, cursor.as_deref(), 7, NOON);
                            let page = page.await.expect("a page");
                            rows.extend(page.items);
                            cursor = page.next_cursor;
                            if cursor.is_none() {
                                break;
                            }
                        }
                        let length = i64::try_from(rows.len()).expect("a number");
                        assert_eq!(
                            store.length(&filter, NOON).await.expect("a length"),
                            length,
                            "{filter:?}"
                        );
                        for row in &rows {
                            let under = row.exception.is_some();
                            assert!(!(how == Some(Excepted::No) && under), "{filter:?}");
                            assert!(under || !filter.needs_exception(), "{filter:?}");
                        }
                        seen.push(length);
                    }
                    let summary = store
                        .selection(&filter, "test", NOON)
                        .await
                        .expect("a selection");
                    assert_eq!(summary.population.total, seen[0], "{filter:?}");
                    assert!(
                        summary.by_os.iter().all(|line| line.total > 0),
                        "{filter:?}"
                    );
                    let by_site: i64 = summary.by_site.iter().flat_map(|(_, of)| of.values()).sum();
                    assert_eq!(by_site, seen[0], "{filter:?}");
                    let under: i64 = summary.excepted.values().sum();
                    lengths.insert(how.map(Excepted::code), (seen[0], under));
                }
                let n = |how: Option<&str>| lengths[&how].0;
                assert_eq!(n(None), n(Some("yes")) + n(Some("no")), "{standings:?}");
                assert_eq!(lengths[&None].1, n(Some("yes")), "{standings:?}");
                assert!(n(Some("soon")) <= n(Some("yes")));
            }
        }
        let pile = store
            .exception_pile(&Sites::all(), NOON)
            .await
            .expect("a pile");
        let under_one = store
            .length(&of(&[], Some(Excepted::Yes)), NOON)
            .await
            .expect("a length");
        assert_eq!(pile.active, under_one);
        let block = of(&[Standing::Blocking], Some(Excepted::Yes));
        assert_eq!(
            pile.blocking,
            store.length(&block, NOON).await.expect("a length")
        );
        let numbers = [
            (pile.total, Which::default()),
            (
                pile.active,
                Which {
                    state: Some(State::Active),
                    ..Which::default()
                },
            ),
            (
                pile.requested,
                Which {
                    state: Some(State::Requested),
                    ..Which::default()
                },
            ),
            (
                pile.soon,
                Which {
                    soon: true,
                    ..Which::default()
                },
            ),
            (
                pile.lapsed,
                Which {
                    lately: true,
                    ..Which::default()
                },
            ),
            (
                pile.waiting,
                Which {
                    waiting: true,
                    ..Which::default()
                },
            ),
            (
                pile.unowned,
                Which {
                    unowned: true,
                    ..Which::default()
                },
            ),
        ];
        for (n, which) in numbers {
            let page = list_of(store, &which, None, 100, NOON).await;
            assert_eq!(page.total, n, "{which:?}");
        }
        assert!(pile.soon > 0 && pile.unowned > 0 && pile.requested > 0);
    }
}

/// A list that names the owner of one client, who is of the second site.
async fn owned(store: &Store, n: u32) {
    let list = ExpectedList {
        name: "lab".to_owned(),
        kind: ListOrigin::Names,
        rows: vec![Expected {
            ids: ClientIds {
                site_code: Some("P02".to_owned()),
                ..blocking(n, NOON, 1).ids
            },
            os_key: "unknown".to_owned(),
            roles: Vec::new(),
            owner: Some("Ward 7".to_owned()),
            last_contact: None,
            listing: Listing::Expected,
        }],
        rejected: 0,
        file_hash: vec![1],
        uploaded_by: "ann".to_owned(),
        by: Author::command().into(),
        consent: Consent::Given,
    };
    let put = store.replace_population(&EVERYWHERE, list, NOON);
    put.await.expect("in force");
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one number after the other")]
async fn whoever_may_see_some_sites_sees_no_exception_of_another() {
    const PLACES: [Option<&str>; 3] = [Some("P01"), Some("P02"), None];
    for test in TestStore::each().await {
        let store = &test.store;
        let mut reports = Vec::new();
        for n in 0..12_u32 {
            let mut one = blocking(n, NOON.plus(-HOUR), 1);
            one.ids.site_code = PLACES[n as usize % 3].map(str::to_owned);
            reports.push(one);
        }
        keep(store, reports, NOON).await;
        owned(store, 1).await;
        for n in 0..9 {
            let id = requested(store, n, "olga", 10, NOON).await;
            if n > 2 {
                let way = if n < 6 { Step::Approve } else { Step::Reject };
                let taken = step(store, &id, way, someone("anna", true), NOON).await;
                assert_eq!(taken, Taken::Done);
            }
        }
        let ways = |state| Which {
            state,
            ..Which::default()
        };
        let mut whiches = vec![ways(None)];
        whiches.extend(State::ALL.map(|state| ways(Some(state))));
        whiches.push(Which {
            soon: true,
            ..Which::default()
        });
        let everything = list_of(store, &ways(None), None, 100, NOON).await.items;
        assert_eq!(everything.len(), 9);
        for codes in [&[][..], &["P01"], &["P02"], &["P01", "P02"], &["ZZZ"]] {
            let sites = Sites::only(codes.iter().map(|code| (*code).to_owned()));
            let of = |which: Which| {
                let sites = sites.clone();
                async move {
                    let page = store.exceptions(&which, &sites, None, 100, NOON).await;
                    let page = page.expect("a page");
                    let length = i64::try_from(page.items.len()).expect("few");
                    assert_eq!(page.total, length, "{which:?}");
                    page.items
                }
            };
            let says = format!("{codes:?} on {}", test.engine);
            for which in &whiches {
                let mut whole = list_of(store, which, None, 100, NOON).await.items;
                whole.retain(|one| codes.contains(&one.site.as_str()));
                assert_eq!(of(which.clone()).await, whole, "{which:?} {says}");
            }
            let pile = store.exception_pile(&sites, NOON).await.expect("a pile");
            let seen = i64::try_from(codes.iter().filter(|code| **code != "ZZZ").count());
            let seen = seen.expect("few");
            let numbers = [
                pile.total,
                pile.requested,
                pile.active,
                pile.blocking,
                pile.soon,
            ];
            assert_eq!(numbers, [3 * seen, seen, seen, seen, seen], "{says}");
            // Whose owner a list names is seen by whoever sees a client of this owner.
            let unowned = Which {
                unowned: true,
                ..Which::default()
            };
            let unowned = of(unowned).await.len();
            assert_eq!(pile.unowned, i64::try_from(unowned).expect("few"), "{says}");
            assert_eq!(unowned, if codes == ["P01"] { 2 } else { 0 }, "{says}");
            let owners = store.exception_owners(&sites, NOON).await.expect("owners");
            assert_eq!(owners.len(), usize::from(seen > 0), "{says}");
            let filter = Filter::of(&sites);
            let summary = store.selection(&filter, "test", NOON).await;
            let summary = summary.expect("a selection");
            let under: i64 = summary.excepted.values().sum();
            assert_eq!(under, seen, "{says}");
            for (how, n) in [(Excepted::Yes, 1), (Excepted::No, 3), (Excepted::Soon, 1)] {
                let filter = Filter {
                    excepted: Some(how),
                    ..filter.clone()
                };
                let length = store.length(&filter, NOON).await.expect("a length");
                assert_eq!(length, n * seen, "{how:?} {says}");
            }
            // Of what is not seen, nothing can be done and nothing is told.
            for one in &everything {
                let there = codes.contains(&one.site.as_str());
                let found = store.exception(&one.id, &sites, NOON).await;
                assert_eq!(found.expect("an answer").is_some(), there, "{says}");
                if there {
                    continue;
                }
                let by = || Doer {
                    sites: sites.clone(),
                    ..someone("otto", true)
                };
                for way in Step::ALL {
                    assert_eq!(step(store, &one.id, way, by(), NOON).await, Taken::Nothing);
                }
                let client = one.client_id.parse().expect("an id");
                let answers = store.ask_for_exceptions(vec![client], asked(30), by(), NOON);
                assert_eq!(answers.await.expect("answers"), [Answer::Nobody]);
            }
        }
    }
}

async fn form(app: &TestApp, cookie: &str, path: &str, body: &str) -> Said {
    let request = app
        .request(Method::POST, path)
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(body.to_owned());
    Said::to(request).await
}

async fn page(app: &TestApp, cookie: &str, path: &str) -> String {
    let request = app
        .request(Method::GET, path)
        .header(header::COOKIE, cookie)
        .header(header::ACCEPT, "text/html");
    Said::to(request).await.ok(path).text()
}

#[tokio::test]
async fn one_is_asked_for_on_pages_and_read_by_programs() {
    for app in TestApp::each().await {
        let id = app.report("PC-1").windows7_untouched().stored().await;
        app.report("PC-2").windows7_untouched().stored().await;
        let cookie = app.sign_in().await;
        let day = &crate::support::report::from_now(40 * 24 * HOUR)[..10];
        let fields = format!("kind=grace&reason=a%20<b>&control=watched&owner=Ward&until={day}");
        let ask = format!("/clients/{id}/exceptions");
        assert_eq!(form(&app, &cookie, &ask, "kind=grace").await.status, 422);
        let asked = form(&app, &cookie, &ask, &fields).await;
        assert_eq!(asked.status, 303, "{}", asked.text());
        let address = asked.header("location");
        assert_eq!(form(&app, &cookie, &ask, &fields).await.status, 409);
        let text = page(&app, &cookie, &address).await;
        assert!(text.contains("somebody else has to decide"), "{text}");
        assert!(!text.contains("a <b>"), "what people write is text");
        // Nobody approves what they asked for.
        let own = form(&app, &cookie, &format!("{address}/approve"), "note=yes").await;
        assert_eq!(own.status, 403, "{}", own.text());
        let list = app.json("/api/v1/exceptions?state=requested").await;
        assert_eq!(list["total"], 1);
        assert_eq!(list["items"][0]["client_name"], "PC-1");
        assert_eq!(app.get("/api/v1/exceptions?state=green").await.status, 422);
        assert_eq!(app.get("/api/v1/exceptions?cursor=x").await.status, 400);
        // Until it is approved, nothing says that anybody answers for it.
        let blockers = app.json("/api/v1/blockers?excepted=yes").await;
        assert_eq!(blockers["total"], 0);
        let gate = app
            .json("/api/v1/gate?criteria=blocking:any,blocking_without_exception:0")
            .await;
        let bare = gate["failed"].as_array().expect("codes").iter();
        assert!(
            bare.clone()
                .any(|code| code == "blocking_without_exception"),
            "{gate}"
        );
        let new = page(&app, &cookie, "/exceptions/new?standing=blocking").await;
        assert!(new.contains("PC-1") && new.contains("PC-2"), "{new}");
        let ids = app.json("/api/v1/blockers").await;
        let ids: Vec<&str> = ids["items"]
            .as_array()
            .expect("rows")
            .iter()
            .map(|row| row["id"].as_str().expect("an id"))
            .collect();
        let all = format!("{fields}&clients={}", ids.join("%2C"));
        let bulk = form(&app, &cookie, "/exceptions/new", &all).await;
        assert_eq!(
            bulk.header("location"),
            "/exceptions?state=requested&what=asked&done=1&open=1"
        );
        let many = vec![id.as_str(); 1_001].join("%2C");
        let many = form(
            &app,
            &cookie,
            "/exceptions/new",
            &format!("{fields}&clients={many}"),
        )
        .await;
        assert_eq!(many.status, 422);
        let told = "1 exception was asked for</a>";
        let linked = page(&app, &cookie, &bulk.header("location")).await;
        assert!(!linked.contains(told), "a link tells nothing: {linked}");
        let led = app
            .request(Method::GET, &bulk.header("location"))
            .header("sec-fetch-site", "same-origin")
            .header(header::COOKIE, &cookie);
        let shown = Said::to(led).await.ok("the list").text();
        assert!(
            shown.contains(
                "<a href=\"/exceptions?state=requested\">1 exception was asked for</a>. 1 client was not: 1 has an open exception already."
            ),
            "{shown}"
        );
        let back = form(
            &app,
            &cookie,
            &format!("{address}/withdraw"),
            "note=no+need",
        )
        .await;
        assert_eq!(back.status, 303, "{}", back.text());
        for path in [
            "/exceptions",
            "/exceptions?soon=1",
            "/blockers",
            "/",
            &format!("/clients/{id}"),
        ] {
            page(&app, &cookie, path).await;
        }
    }
}

#[tokio::test]
async fn why_an_exception_ended_stands_with_it() {
    for test in TestStore::each().await {
        let store = &test.store;
        keep(
            store,
            vec![blocking(1, NOON, 1), blocking(2, NOON, 1)],
            NOON,
        )
        .await;
        let first = approved(store, 1, 30, NOON).await;
        let ends = approved(store, 2, 1, NOON).await;
        assert_eq!(one(store, &first, NOON).await.ended_note, None);
        let later = NOON.plus(HOUR);
        keep(store, vec![report(1, later, 2)], later).await;
        store.end_exceptions(later).await.expect("ended");
        let gone = one(store, &first, later).await;
        let note = gone.ended_note.expect("why");
        assert!(
            note.starts_with("the client is ready; verdict blocking → ready"),
            "{note}"
        );
        // Reasons have names, and no numbers.
        assert!(
            !note
                .chars()
                .any(|c| c.is_ascii_digit() && c != '1' && c != '2'),
            "{note}"
        );
        let over = NOON.plus(3 * DAY);
        keep(store, vec![blocking(2, over, 2)], over).await;
        store.end_exceptions(over).await.expect("ended");
        let over = one(store, &ends, over).await.ended_note;
        assert_eq!(over.as_deref(), Some("its time is over"));
        let again = NOON.plus(3 * DAY);
        let back = requested(store, 2, "olga", 30, again).await;
        let taken = step(store, &back, Step::Withdraw, someone("olga", false), again).await;
        assert_eq!(taken, Taken::Done);
        let withdrawn = one(store, &back, again).await;
        assert_eq!(withdrawn.ended_note.as_deref(), Some("as discussed"));
    }
}

/// Whoever answers for a site system sees that it is one: others depend on it.
#[tokio::test]
async fn an_exception_for_a_site_system_says_that_it_is_one() {
    for app in TestApp::each().await {
        let point = app.report("MP-1").windows7_untouched();
        let point = point.set("/client/roles", serde_json::json!(["management_point"]));
        point.stored().await;
        app.report("PC-1").windows7_untouched().stored().await;
        let cookie = app.sign_in().await;
        let rows = app.json("/api/v1/blockers").await;
        for row in rows["items"].as_array().expect("items") {
            let id = row["id"].as_str().expect("an id");
            let until = &cutover::clock::now().plus(9 * DAY).to_string()[..10];
            let asked = format!("kind=grace&reason=a&control=b&owner=c&until={until}");
            let path = format!("/clients/{id}/exceptions");
            let made = form(&app, &cookie, &path, &asked).await;
            assert_eq!(made.status, 303, "{}", made.text());
            let text = page(&app, &cookie, &made.header("location")).await;
            let is_system = row["name"] == "MP-1";
            assert_eq!(
                text.contains("Site system: management point."),
                is_system,
                "{text}"
            );
        }
        let list = page(&app, &cookie, "/exceptions").await;
        assert_eq!(list.matches("Site system: ").count(), 1, "{list}");
    }
}
