//! What honest machines seldom do: noted for the one report that shows it, for no honest fleet, and never a verdict.

mod excepted;
mod lost;
mod newcomers;
mod roles;
pub mod sites;

use cutover::{
    clock,
    domain::{
        evidence::Trust,
        suspicions::{After, Before, Kind, Traits, is_settled, many_addresses, odd, turns},
        time::{DAY, HOUR, MINUTE, Timestamp},
        verdict::Standing,
    },
    sim::Fleet,
};
use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::support::{
    answer::Answer,
    app::{TestApp, encoded},
    report::Report,
};

const BEHIND_A_PROXY: [&str; 4] = ["--rate-limit", "0", "--trusted-proxies", "127.0.0.1/32"];

fn key(text: &str) -> Option<&str> {
    Some(text).filter(|text| *text != "-")
}

/// SMBIOS, serial, OS key, token, address; `-`: none.
fn traits(text: &str) -> Traits<'_> {
    let mut words = text.split_whitespace();
    let mut next = || words.next().expect("five words");
    let (smbios, serial, os, token, from) = (next(), next(), next(), next(), next());
    Traits {
        smbios_guid: key(smbios),
        serial_number: key(serial),
        os_key: os,
        token: key(token).unwrap_or_default(),
        from: key(from).unwrap_or_default(),
    }
}

/// What was known, what it was judged as; what came, what it made of the client; what is odd.
const TABLE: &[(&str, &str, &str)] = &[
    ("A S 10.0.1-c t 1 blocking", "A S 10.0.1-c t 1 blocking", ""),
    // The turn to ready, by the same sender and by others.
    ("A S 10.0.1-c t 1 blocking", "A S 10.0.1-c t 1 ready", ""),
    (
        "A S 10.0.1-c t 1 blocking",
        "A S 10.0.1-c u 1 ready",
        "sender",
    ),
    (
        "A S 10.0.1-c t 1 blocking",
        "A S 10.0.1-c t 2 ready",
        "sender",
    ),
    (
        "A S 10.0.1-c t 1 undetermined",
        "A S 10.0.1-c t 2 ready",
        "sender",
    ),
    (
        "A S 10.0.1-c t 1 conflict",
        "A S 10.0.1-c t 2 ready",
        "sender",
    ),
    (
        "A S 10.0.1-c t 1 blocking",
        "A S 10.0.1-c t 2 restart_pending",
        "sender",
    ),
    (
        "A S 10.0.1-c t 1 restart_pending",
        "A S 10.0.1-c t 2 ready",
        "",
    ),
    ("A S 10.0.1-c t 1 ready", "A S 10.0.1-c u 2 ready", ""),
    ("A S 10.0.1-c t 1 ready", "A S 10.0.1-c u 2 blocking", ""),
    ("A S 10.0.1-c t 1 blocking", "A S 10.0.1-c u 2 blocking", ""),
    ("A S 10.0.1-c - - blocking", "A S 10.0.1-c t 2 ready", ""),
    ("A S 10.0.1-c t 1 blocking", "A S 10.0.1-c - - ready", ""),
    // Hardware: another, not newly known, however it is written.
    (
        "A S 10.0.1-c t 1 ready",
        "B S 10.0.1-c t 1 ready",
        "hardware",
    ),
    (
        "A S 10.0.1-c t 1 ready",
        "A T 10.0.1-c t 1 ready",
        "hardware",
    ),
    ("A S 10.0.1-c t 1 ready", "A s 10.0.1-c t 1 ready", ""),
    ("- - 10.0.1-c t 1 ready", "B T 10.0.1-c t 1 ready", ""),
    ("A S 10.0.1-c t 1 ready", "- - 10.0.1-c t 1 ready", ""),
    // An older Windows, unless the machine is another one.
    (
        "A S 10.0.2-c t 1 ready",
        "A S 10.0.1-c t 1 ready",
        "older_windows",
    ),
    (
        "A S 10.0.10-c t 1 ready",
        "A S 10.0.9-c t 1 ready",
        "older_windows",
    ),
    ("A S 10.0.9-c t 1 ready", "A S 10.0.10-c t 1 ready", ""),
    (
        "A S 10.0.2-c t 1 ready",
        "A S 6.1.7601-c t 1 blocking",
        "older_windows",
    ),
    ("A S 10.0.2-c t 1 ready", "A S unknown t 1 blocking", ""),
    ("A S macos t 1 ready", "A S 10.0.1-c t 1 ready", ""),
    (
        "A S 10.0.2-c t 1 ready",
        "A S 10.0.1 t 1 ready",
        "older_windows",
    ),
    (
        "A S 10.0.2-c t 1 ready",
        "B S 10.0.1-c t 1 ready",
        "hardware",
    ),
    (
        "A S 10.0.2-c t 1 blocking",
        "B S 10.0.1-c t 2 ready",
        "hardware sender",
    ),
];

fn standing(text: &str) -> Standing {
    let word = text.split_whitespace().last().expect("a standing");
    Standing::from_code(word).expect("a standing")
}

fn before(text: &str) -> Before<'_> {
    Before {
        traits: traits(text),
        verdict: standing(text),
        seen_at: Timestamp(100 * DAY),
    }
}

fn after(text: &str) -> After<'_> {
    After {
        traits: traits(text),
        verdict: standing(text),
        collected_at: Timestamp(101 * DAY),
        future: false,
        holds: 14 * DAY,
        trust: Trust::Claimed,
        counts: true,
        settled: false,
        newcomer: None,
    }
}

fn kinds(before: &Before<'_>, after: &After<'_>) -> Vec<&'static str> {
    let found = odd(before, after).into_iter();
    found.map(|found| found.kind.code()).collect()
}

#[test]
fn what_is_odd_is_odd_and_nothing_else() {
    for (was, came, wanted) in TABLE {
        let (before, mut after) = (before(was), after(came));
        // Who never moved has settled.
        after.settled = before.traits.from == after.traits.from;
        let wanted: Vec<&str> = wanted.split_whitespace().collect();
        assert_eq!(kinds(&before, &after), wanted, "{was} -> {came}");
        // A token that is new to the client is another sender where it turns somebody ready, and nowhere else.
        let new = After {
            newcomer: Some(Timestamp(101 * DAY)),
            ..after
        };
        let turned = new.turned(&before);
        assert_eq!(
            kinds(&before, &new).contains(&"sender"),
            turned,
            "{came}, by a newcomer"
        );
        let vouched = After {
            trust: Trust::Vouched,
            ..after
        };
        assert!(odd(&before, &vouched).is_empty(), "{came}, vouched for");
        let late = After {
            counts: false,
            ..after
        };
        assert!(odd(&before, &late).is_empty(), "{came}, late");
        // A machine with its own certificate may speak from anywhere; its hardware is its hardware all the same.
        let proven = After {
            trust: Trust::Proven,
            ..after
        };
        let wanted: Vec<&str> = wanted
            .into_iter()
            .filter(|kind| *kind != "sender")
            .collect();
        assert_eq!(kinds(&before, &proven), wanted, "{came}, proven");
    }
}

#[test]
fn a_clock_is_odd_when_it_goes_back_far_or_runs_ahead() {
    let known = before("A S 10.0.1-c t 1 ready");
    let came = after("A S 10.0.1-c t 1 ready");
    for (days, odd) in [
        (101, false),
        (100, false),
        (86, false),
        (85, true),
        (1, true),
    ] {
        for counts in [true, false] {
            let came = After {
                collected_at: Timestamp(days * DAY),
                counts,
                ..came
            };
            assert_eq!(kinds(&known, &came) == ["clock"], odd, "{days} {counts}");
        }
    }
    let ahead = After {
        future: true,
        ..came
    };
    assert_eq!(kinds(&known, &ahead), ["clock"]);
}

#[test]
fn an_address_is_new_for_a_day() {
    let now = Timestamp(100 * DAY);
    for (since, same, settled) in [
        (None, true, true),
        (None, false, false),
        (Some(0), false, true),
        (Some(99 * DAY - 1), true, true),
        (Some(99 * DAY), true, false),
        (Some(100 * DAY), true, false),
    ] {
        let since = since.map(Timestamp);
        assert_eq!(is_settled(since, same, now), settled, "{since:?} {same}");
    }
    assert!(many_addresses(6).is_none());
    assert_eq!(many_addresses(7).expect("odd").kind, Kind::Addresses);
    // Whoever goes in two steps is seen at the first.
    let mut count = 0;
    for before in Standing::ALL {
        for after in Standing::ALL {
            let cleared = matches!(after, Standing::Ready | Standing::RestartPending);
            let open = matches!(
                before,
                Standing::Blocking | Standing::Undetermined | Standing::Conflict
            );
            assert_eq!(turns(before, after), cleared && open);
            count += usize::from(turns(before, after));
        }
    }
    assert_eq!(count, 6);
    for kind in Kind::ALL {
        assert_eq!(Kind::from_code(kind.code()), Some(kind));
    }
}

/// Sends a body from an address, with a token.
async fn from(app: &TestApp, token: &str, address: &str, body: String) -> Answer {
    let request = app
        .request(Method::POST, "/api/v1/reports")
        .bearer_auth(token)
        .header("x-forwarded-for", address)
        .header(header::CONTENT_TYPE, "application/json")
        .body(body);
    Answer::to(request).await.ok(address)
}

/// The open suspicions: which kinds, in order of their names.
async fn open(app: &TestApp) -> Vec<String> {
    let list = app.json("/api/v1/suspicions?limit=1000").await;
    let items = list["items"].as_array().expect("items");
    assert_eq!(list["total"], items.len(), "{list}");
    let mut kinds: Vec<String> = items
        .iter()
        .map(|item| item["kind"].as_str().expect("a kind").to_owned())
        .collect();
    kinds.sort();
    kinds
}

#[tokio::test]
async fn an_honest_fleet_raises_none() {
    for app in TestApp::each_with(&BEHIND_A_PROXY).await {
        let start = clock::now().plus(-5 * DAY);
        let fleet = Fleet::new(11, 150).changing(0.4).anchored(start);
        let token = app.token("ingest");
        let mut ready = Vec::new();
        for round in 0..5 {
            let at = start.plus(i64::try_from(round).expect("few") * DAY);
            for client in fleet.clients().filter(|client| client.reports_in(round)) {
                let report = String::from_utf8(client.report(at, round)).expect("text");
                let address = format!("10.7.{}.{}", client.index() / 200, client.index() % 200 + 1);
                from(&app, token, &address, report).await;
            }
            let summary = app.json("/api/v1/clients?standing=ready").await;
            ready.push(summary["total"].as_i64().expect("a number"));
        }
        assert!(ready.first() < ready.last(), "some were mended: {ready:?}");
        let open = open(&app).await;
        assert!(open.iter().all(|kind| kind == "clock"), "{open:?}");
        assert_eq!(app.json("/api/v1/clients?suspicious=1").await["total"], 0);
    }
}

/// A report more, and how it comes.
type Forged = (
    &'static str,
    fn(Report<'_>) -> Report<'_>,
    &'static str,
    &'static str,
);

/// A name for the case; the honest report; the forged one, its token and address; what comes of it.
type Case = (
    &'static str,
    fn(Report<'_>) -> Report<'_>,
    &'static [Forged],
    &'static [&'static str],
);

const MINE: &str = "10.0.0.1";
const OTHER: &str = "203.0.113.9";

fn as_it_is(report: Report<'_>) -> Report<'_> {
    report.collected(-5 * MINUTE)
}

fn w7(report: Report<'_>) -> Report<'_> {
    report.windows7_untouched()
}

fn w7_again(report: Report<'_>) -> Report<'_> {
    as_it_is(report.windows7_untouched())
}

fn other_board(report: Report<'_>) -> Report<'_> {
    let other = json!("0BADBEEF-5555-4666-8777-000000000000");
    as_it_is(report.set("/client/smbios_guid", other))
}

const CASES: &[Case] = &[
    (
        "same again",
        |r| r,
        &[("same", as_it_is, "ingest", MINE)],
        &[],
    ),
    ("mended", w7, &[("ready", as_it_is, "ingest", MINE)], &[]),
    (
        "board",
        |r| r,
        &[("forged", other_board, "ingest", MINE)],
        &["hardware"],
    ),
    (
        "serial",
        |r| r,
        &[(
            "forged",
            |r| as_it_is(r.set("/client/serial_number", json!("OTHER"))),
            "ingest",
            MINE,
        )],
        &["hardware"],
    ),
    (
        "back",
        |r| r,
        &[("forged", w7_again, "ingest", MINE)],
        &["older_windows"],
    ),
    (
        "rebuilt",
        |r| r,
        &[(
            "forged",
            |r| other_board(r.windows7_untouched()),
            "ingest",
            MINE,
        )],
        &["hardware"],
    ),
    (
        "address",
        w7,
        &[("forged", as_it_is, "ingest", OTHER)],
        &["sender"],
    ),
    (
        "token",
        w7,
        &[("forged", as_it_is, "second", MINE)],
        &["sender"],
    ),
    (
        "nothing known",
        |r| r.without_registry(),
        &[("forged", as_it_is, "ingest", OTHER)],
        &["sender"],
    ),
    (
        "in two steps",
        w7,
        &[
            (
                "still blocking",
                |r| w7_again(r).collected(-8 * MINUTE),
                "ingest",
                OTHER,
            ),
            ("forged", as_it_is, "ingest", OTHER),
        ],
        &["sender"],
    ),
    (
        "in two steps by a token",
        w7,
        &[
            (
                "still blocking",
                |r| w7_again(r).collected(-8 * MINUTE),
                "second",
                MINE,
            ),
            ("forged", as_it_is, "second", MINE),
        ],
        &["sender"],
    ),
    (
        "moved and still blocking",
        w7,
        &[("same", w7_again, "second", OTHER)],
        &[],
    ),
    (
        "imported",
        w7,
        &[("vouched", as_it_is, "import", OTHER)],
        &[],
    ),
    (
        "ahead",
        |r| r,
        &[(
            "forged",
            |r| r.without_registry().collected(HOUR),
            "ingest",
            MINE,
        )],
        &["clock"],
    ),
    (
        "long ago",
        |r| r,
        &[(
            "forged",
            |r| r.without_registry().collected(-20 * DAY),
            "ingest",
            MINE,
        )],
        &["clock"],
    ),
];

#[tokio::test]
async fn each_kind_is_raised_by_the_one_report_that_shows_it() {
    for app in TestApp::each_with(&BEHIND_A_PROXY).await {
        let second = app.make_token("ingest", "second");
        let token = |name: &str| match name {
            "second" => second.as_str(),
            other => app.token(other),
        };
        let mut all = Vec::new();
        for (what, honest, forged, wanted) in CASES {
            let name = format!("PC-{}", what.replace(' ', "-").to_uppercase());
            let first = honest(app.report(&name)).line();
            let said = from(&app, token("ingest"), MINE, first).await.json();
            let client = said["results"][0]["client_id"]
                .as_str()
                .expect("an id")
                .to_owned();
            for (step, change, sender, address) in *forged {
                let body = change(app.report(&name)).line();
                let said = from(&app, token(sender), address, body).await.json();
                assert_eq!(said["rejected"], 0, "{what}, {step}: {said}");
            }
            let path = format!("/api/v1/suspicions?client={client}");
            let list = app.json(&path).await;
            let found: Vec<&str> = list["items"]
                .as_array()
                .expect("items")
                .iter()
                .map(|item| item["kind"].as_str().expect("a kind"))
                .collect();
            assert_eq!(found, *wanted, "{what} on {}: {list}", app.engine);
            all.extend(found.into_iter().map(str::to_owned));
        }
        all.sort();
        assert_eq!(open(&app).await, all);
    }
}

#[tokio::test]
async fn a_client_that_is_everywhere_within_a_day_is_odd() {
    for app in TestApp::each_with(&BEHIND_A_PROXY).await {
        let token = app.token("ingest");
        for n in 1..=8 {
            assert_eq!(open(&app).await, [""; 0], "{n} on {}", app.engine);
            let report = app.report("PC-1").collected((n - 20) * MINUTE);
            from(&app, token, &format!("10.0.0.{}", n.min(6)), report.line()).await;
        }
        // It says what is known; only where from is new.
        let report = app.report("PC-1").collected(-5 * MINUTE).line();
        from(&app, token, "10.0.0.7", report).await;
        assert_eq!(open(&app).await, ["addresses"], "on {}", app.engine);
        for n in 8..40 {
            let report = app.report("PC-1").collected(-4 * MINUTE + n * 1_000).line();
            from(&app, token, &format!("10.0.1.{n}"), report).await;
        }
        let list = app.json("/api/v1/suspicions").await;
        assert_eq!(list["total"], 1, "{list}");
        assert!(list["items"][0]["times"].as_i64() > Some(30), "{list}");
    }
}

const BLOCKERS: usize = 50;

fn name(n: usize) -> String {
    format!("OLD-{n:03}")
}

/// Fifty blockers with an address each, all of them expected, and a thief who has their token.
async fn robbed(app: &TestApp) -> String {
    let token = app.token("ingest");
    let mut list = "name,site\r\n".to_owned();
    for n in 0..BLOCKERS {
        let site = if n % 2 == 0 { "P01" } else { "P02" };
        list.push_str(&format!("{},{site}\r\n", name(n)));
        let report = app.report(&name(n)).windows7_untouched().at_site(site);
        from(app, token, &format!("10.0.0.{}", n + 1), report.line()).await;
    }
    app.put_population("", list).await.ok("a list");
    assert_eq!(open(app).await, [""; 0]);
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    let between = clock::now().to_string();
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    let forged: Vec<String> = (0..BLOCKERS)
        .map(|n| {
            let site = if n % 2 == 0 { "P01" } else { "P02" };
            as_it_is(app.report(&name(n))).at_site(site).line()
        })
        .collect();
    from(app, token, OTHER, forged.join("\n")).await;
    between
}

async fn page(app: &TestApp, cookie: &str, path: &str) -> String {
    let request = app
        .request(Method::GET, path)
        .header(header::COOKIE, cookie);
    Answer::to(request).await.ok(path).text()
}

async fn close(app: &TestApp, cookie: &str, form: &str) -> Answer {
    let request = app
        .request(Method::POST, "/suspicions/close")
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form.to_owned());
    Answer::to(request).await
}

async fn gate(app: &TestApp) -> Value {
    let gate = app.json("/api/v1/gate").await;
    let held = gate["criteria"].as_array().expect("criteria");
    let held = held.iter().find(|one| one["criterion"] == "suspicious");
    let held = held.expect("the criterion").clone();
    let list = app.json(held["list"].as_str().expect("a list")).await;
    assert_eq!(list["total"], held["figure"], "{list}");
    assert_eq!(gate["pass"], held["met"], "{gate}");
    held
}

fn arguments(more: &[&'static str]) -> Vec<&'static str> {
    BEHIND_A_PROXY.iter().chain(more).copied().collect()
}

#[tokio::test]
async fn a_thief_of_the_shared_token_is_seen_on_every_page_and_fails_the_gate() {
    for app in TestApp::each_with(&arguments(&["--burst", "20"])).await {
        robbed(&app).await;
        // They do stand as ready: a suspicion is no verdict.
        assert_eq!(
            app.json("/api/v1/clients?standing=ready").await["total"],
            BLOCKERS
        );
        let mut wanted = vec!["burst".to_owned()];
        wanted.resize(BLOCKERS + 1, "sender".to_owned());
        assert_eq!(open(&app).await, wanted, "on {}", app.engine);
        let burst = app.json("/api/v1/suspicions?kind=burst").await;
        let burst = &burst["items"][0];
        assert_eq!(burst["times"], BLOCKERS, "{burst}");
        assert_eq!(burst["client"], Value::Null);
        assert_eq!(
            (&burst["sent_from"], &burst["turned_ready"]),
            (&json!(OTHER), &json!(true))
        );

        let cookie = app.sign_in().await;
        let first = page(&app, &cookie, "/").await;
        assert!(first.contains("51 suspicions are open"), "{first}");
        let list = page(&app, &cookie, "/suspicions").await;
        assert!(list.contains("51 suspicions"), "{list}");
        let one = app.json("/api/v1/suspicions?kind=sender&limit=1").await;
        let (id, client) = (&one["items"][0]["id"], &one["items"][0]["client"]["id"]);
        let (id, client) = (id.as_str().expect("an id"), client.as_str().expect("an id"));
        let of_client = format!("/clients/{client}");
        let html = page(&app, &cookie, &of_client).await;
        assert!(
            html.contains("Turned ready by another sender") && html.contains(OTHER),
            "{html}"
        );

        let held = gate(&app).await;
        assert_eq!(
            (&held["figure"], &held["met"]),
            (&json!(BLOCKERS), &json!(false))
        );
        let server = format!("https://{}", app.address);
        let ca = app.certificate().display().to_string();
        let asked = [
            "gate",
            "--server",
            &server,
            "--ca",
            &ca,
            "--token",
            app.token("read"),
        ];
        let said = app.command(&asked, "");
        assert_eq!(said.status.code(), Some(3), "{said:?}");
        assert!(String::from_utf8_lossy(&said.stdout).contains("a suspicion is open: 50 of 50"));

        let burst = burst["id"].as_str().expect("an id");
        looked_at(&app, &cookie, burst, id, client).await;
    }
}

/// One suspicion and the burst are looked at. Without a reason nothing is closed, and what is closed stays readable.
async fn looked_at(app: &TestApp, cookie: &str, burst: &str, id: &str, client: &str) {
    assert_eq!(
        close(app, cookie, &format!("id={id}&why=")).await.status,
        422
    );
    assert_eq!(close(app, cookie, "why=a+new+mainboard").await.status, 422);
    let why = encoded("we rolled the fix out");
    let done = close(
        app,
        cookie,
        &format!("id={burst}&id={id}&id=nothing&why={why}"),
    )
    .await;
    assert_eq!(
        (done.status, done.header("location").as_str()),
        (303, "/suspicions?done=some")
    );
    assert_eq!(open(app).await.len(), BLOCKERS - 1);
    assert_eq!(gate(app).await["figure"], BLOCKERS - 1);
    let closed = app.json("/api/v1/suspicions?state=closed").await;
    assert_eq!(closed["total"], 2);
    assert_eq!(closed["items"][0]["closed"]["why"], "we rolled the fix out");
    assert_eq!(closed["items"][0]["closed"]["by"], "admin");
    assert!(
        page(app, cookie, &format!("/clients/{client}"))
            .await
            .contains("we rolled the fix out")
    );
    let log = page(app, cookie, "/audit?deed=suspicion.close").await;
    assert!(log.contains("we rolled the fix out"), "{log}");

    // Only a new report brings it back: blocking once more, and "ready" from elsewhere.
    let mut rows = closed["items"].as_array().expect("items").iter();
    let who = rows.find_map(|item| item["client"]["name"].as_str());
    let who = who.expect("a name").to_owned();
    let site = if who.ends_with(['0', '2', '4', '6', '8']) {
        "P01"
    } else {
        "P02"
    };
    let token = app.token("ingest");
    let blocking = app.report(&who).windows7_untouched().at_site(site);
    from(
        app,
        token,
        "10.0.9.9",
        blocking.collected(-3 * MINUTE).line(),
    )
    .await;
    assert_eq!(
        app.json(&format!("/api/v1/suspicions?client={client}&kind=sender"))
            .await["total"],
        0
    );
    let ready = app.report(&who).at_site(site).collected(-2 * MINUTE);
    from(app, token, OTHER, ready.line()).await;
    let again = app
        .json(&format!(
            "/api/v1/suspicions?client={client}&kind=sender&state=any"
        ))
        .await;
    assert_eq!(again["total"], 2, "{again}");
    assert_eq!(again["items"][0]["closed"], Value::Null);
}

#[tokio::test]
async fn a_quarantine_of_the_token_closes_what_is_noted_of_it_and_lifting_opens_it() {
    for app in TestApp::each_with(&arguments(&["--burst", "20"])).await {
        let between = robbed(&app).await;
        let tokens = app.command(&["token", "list"], "");
        let tokens = String::from_utf8(tokens.stdout).expect("text");
        let id = tokens.lines().find(|line| line.contains("\tingest\t"));
        let id = id
            .expect("the token")
            .split('\t')
            .next()
            .expect("an id")
            .to_owned();
        let command = [
            "quarantine",
            &id,
            "--since",
            &between,
            "--why",
            "found on a stick",
        ];
        let said = app.command(&command, "");
        assert!(said.status.success(), "{said:?}");
        assert_eq!(open(&app).await, [""; 0], "on {}", app.engine);
        let closed = app.json("/api/v1/suspicions?state=closed&limit=1000").await;
        assert_eq!(closed["total"], BLOCKERS + 1);
        for item in closed["items"].as_array().expect("items") {
            assert_eq!(item["closed"]["set_aside"], true, "{item}");
            assert_eq!(item["closed"]["why"], "found on a stick");
        }
        for _ in 0..200 {
            if app.json("/api/v1/blockers").await["total"] == BLOCKERS {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        assert_eq!(app.json("/api/v1/blockers").await["total"], BLOCKERS);
        assert_eq!(app.json("/api/v1/clients?suspicious=1").await["total"], 0);
        let list = app.command(&["quarantine", "list"], "");
        let list = String::from_utf8(list.stdout).expect("text");
        let quarantine = list
            .lines()
            .last()
            .expect("one")
            .split('\t')
            .next()
            .expect("an id");
        let said = app.command(&["quarantine", "lift", quarantine, "--why", "a drill"], "");
        assert!(said.status.success(), "{said:?}");
        assert_eq!(open(&app).await.len(), BLOCKERS + 1, "on {}", app.engine);
    }
}

#[tokio::test]
async fn who_sees_one_site_sees_and_closes_no_other() {
    for app in TestApp::each_with(&arguments(&["--burst", "20"])).await {
        robbed(&app).await;
        let password = "brown horse, 4 legs";
        let add = [
            "user",
            "add",
            "otto",
            "--role",
            "operator",
            "--sites",
            "P01",
            "--password-stdin",
        ];
        let added = app.command(&add, &format!("{password}\n"));
        assert!(added.status.success(), "{added:?}");
        let otto = app.sign_in_as("otto", password).await;
        let list = page(&app, &otto, "/suspicions").await;
        assert!(list.contains("25 suspicions"), "{list}");
        assert!(
            !list.contains("P02")
                && !list.contains(&name(1))
                && !list.contains("Many turned ready at once</strong>")
        );
        assert!(
            page(&app, &otto, "/")
                .await
                .contains("25 suspicions are open")
        );
        let all = app.json("/api/v1/suspicions?limit=1000").await;
        let items = all["items"].as_array().expect("items");
        let foreign = items
            .iter()
            .filter(|item| item["client"]["site_code"] != "P01");
        let foreign: Vec<String> = foreign
            .map(|item| format!("id={}", item["id"].as_str().expect("an id")))
            .collect();
        assert_eq!(foreign.len(), 26);
        let done = close(&app, &otto, &format!("{}&why=not+mine", foreign.join("&"))).await;
        assert_eq!(
            done.header("location"),
            "/suspicions?done=none",
            "on {}",
            app.engine
        );
        assert_eq!(open(&app).await.len(), BLOCKERS + 1);
    }
}

#[tokio::test]
async fn many_that_one_address_turned_by_several_tokens_are_a_burst_and_each_page_says_so() {
    for app in TestApp::each_with(&arguments(&["--burst", "20"])).await {
        let mine = app.token("ingest");
        for n in 0..25 {
            let report = app.report(&name(n)).windows7_untouched();
            from(&app, mine, &format!("10.0.0.{}", n + 1), report.line()).await;
        }
        // Five tokens, none of which turns more than may be; the last client turns by itself.
        for thief in 0..4 {
            let token = app.make_token("ingest", &format!("thief {thief}"));
            let forged = (0..6).map(|n| as_it_is(app.report(&name(thief * 6 + n))).line());
            let forged: Vec<String> = forged.collect();
            from(&app, &token, OTHER, forged.join("\n")).await;
        }
        let honest = as_it_is(app.report(&name(24))).line();
        from(&app, mine, "10.0.0.25", honest).await;
        let bursts = app.json("/api/v1/suspicions?kind=burst").await;
        assert_eq!(bursts["total"], 1, "{bursts}");
        let burst = &bursts["items"][0];
        assert_eq!(
            (&burst["address"], &burst["token"], &burst["times"]),
            (&json!(OTHER), &json!(""), &json!(24)),
            "on {}: {burst}",
            app.engine
        );
        let cookie = app.sign_in().await;
        for (n, belongs) in [(0, true), (23, true), (24, false)] {
            let found = app.json(&format!("/api/v1/clients?q={}", name(n))).await;
            let id = found["items"][0]["id"].as_str().expect("an id").to_owned();
            let html = page(&app, &cookie, &format!("/clients/{id}")).await;
            assert_eq!(
                html.contains("<strong>Many turned ready at once</strong>"),
                belongs,
                "{n} on {}",
                app.engine
            );
            let of_it = app
                .json(&format!("/api/v1/suspicions?kind=burst&client={id}"))
                .await;
            assert_eq!(of_it["total"], i64::from(belongs), "{of_it}");
        }
        // What was closed stays readable there.
        let id = burst["id"].as_str().expect("an id");
        close(&app, &cookie, &format!("id={id}&why=a+roll-out")).await;
        let found = app.json(&format!("/api/v1/clients?q={}", name(0))).await;
        let client = found["items"][0]["id"].as_str().expect("an id");
        let html = page(&app, &cookie, &format!("/clients/{client}")).await;
        assert!(
            html.contains("Many turned ready at once <small") && html.contains("a roll-out"),
            "{html}"
        );
    }
}
