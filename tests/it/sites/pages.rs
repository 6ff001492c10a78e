//! One server has the clients of several sites, and shows somebody one of them; another has only the clients of this one.
//! Every page and every answer of the two is the same, and nothing of the other sites is in any.

use std::time::Duration;

use axum::{
    Extension, Router,
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use cutover::{
    domain::{assess::Policy, time::DAY},
    http::{self, pacing::Pacer, routes::table, within::AtMost},
    ingest::Judge,
    state::{App, Reached},
    store::Store,
};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::{Sites, only};
use crate::{
    people::matrix::address,
    support::{
        answer::Answer,
        app::TestApp,
        report::{HOUR, Report},
    },
};

/// What stands in names, owners and codes of sites that nobody here may see.
const HIDDEN: [&str; 3] = ["HIDDEN", "Q77", "Q78"];
/// Another name and owner for each site.
const PLACES: [(&str, &str, &str); 3] = [
    ("P01", "OPEN", "Open Office"),
    ("Q77", "HIDDEN-A", "HIDDEN Lab"),
    ("Q78", "HIDDEN-B", "HIDDEN Plant"),
];

/// A server on the database of another, where nobody who asks sees more than some sites.
struct Narrowed {
    router: Router,
    cookie: String,
    token: String,
}

/// An answer as far as it matters here.
struct Said {
    status: StatusCode,
    tag: String,
    text: String,
}

impl Narrowed {
    async fn of(app: &TestApp, sites: Sites) -> Self {
        let store = Store::open(app.database_url()).await.expect("the database");
        let metrics = metrics_exporter_prometheus::PrometheusBuilder::new()
            .build_recorder()
            .handle();
        let judge = Judge::new(Policy::default(), 14 * DAY);
        let reached = Reached {
            secure_cookies: true,
            ..Reached::default()
        };
        let narrowed = App::new(store, judge, metrics, Pacer::new(0, 0), reached);
        Self {
            router: http::router(narrowed).layer(Extension(AtMost(sites))),
            cookie: app.sign_in().await,
            token: app.token("read").to_owned(),
        }
    }

    async fn ask(&self, path: &str, known: &str) -> Said {
        let request = Request::get(path).header(header::IF_NONE_MATCH, known);
        let request = if path.starts_with("/api/v1/uploads")
            || path.starts_with("/api/v1/audit")
            || !is_for_programs(path)
        {
            request.header(header::COOKIE, &self.cookie)
        } else {
            request.header(header::AUTHORIZATION, format!("Bearer {}", self.token))
        };
        self.send(request.body(Body::empty()).expect("a request"))
            .await
    }

    async fn send(&self, request: Request<Body>) -> Said {
        let answer = self.router.clone().oneshot(request).await;
        let answer = answer.expect("an answer");
        let status = answer.status();
        let tag = answer.headers().get(header::ETAG);
        let tag = tag.map(|tag| tag.to_str().expect("a tag").to_owned());
        let bytes = answer
            .into_body()
            .collect()
            .await
            .expect("a body")
            .to_bytes();
        Said {
            status,
            tag: tag.unwrap_or_default(),
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    async fn get(&self, path: &str) -> String {
        let said = self.ask(path, "").await;
        assert_eq!(said.status, 200, "{path}: {}", said.text);
        said.text
    }
}

fn is_for_programs(path: &str) -> bool {
    path.starts_with("/api/v1/") || path == "/metrics"
}

/// What machines of a site say: ready, blocking and unknown ones, some of them site systems.
fn reports(app: &TestApp, (site, name, _): (&str, &str, &str)) -> Vec<String> {
    (0..9)
        .map(|n| {
            let report = app.report(&format!("{name}-{n}"));
            let report: Report<'_> = match n % 3 {
                0 => report.windows7_untouched(),
                1 => report.without_registry(),
                _ => report,
            };
            let roles = if n == 4 {
                json!(["management_point"])
            } else {
                json!([])
            };
            report
                .at_site(site)
                .set("/client/roles", roles)
                .collected(-HOUR * (n + 1))
                .line()
        })
        .collect()
}

/// A list that expects them, two more who never report, and leaves one out.
fn list((site, name, owner): (&str, &str, &str)) -> String {
    (0..12)
        .filter(|n| *n != 2)
        .map(|n| {
            let obsolete = u8::from(n == 11);
            format!("{name}-{n},{site},{owner},{obsolete}\n")
        })
        .collect()
}

async fn fill(app: &TestApp, lines: &[Vec<String>], places: &[(&str, &str, &str)]) {
    let rows: String = places.iter().map(|place| list(*place)).collect();
    let csv = format!("Name,SiteCode,Owner,Obsolete\n{rows}");
    app.put_population("?confirm=1", csv).await.ok("a list");
    for lines in lines {
        let sent = app.send(lines.join("\n")).await.ok("reports").json();
        assert_eq!(sent["stored"], lines.len(), "{sent}");
    }
    for (number, place) in places.iter().enumerate() {
        let token = format!("Bearer {}", app.token("import"));
        let request = app
            .request(Method::POST, "/api/v1/observations")
            .header(header::AUTHORIZATION, token)
            .header(header::CONTENT_TYPE, "application/json")
            .body(log(*place, number).to_string());
        Answer::to(request).await.ok("what was seen");
    }
}

/// What the log of a site's system says: of a machine that says who it is, of addresses that machines of it had, and of one
/// that nobody knows.
fn log((site, name, _): (&str, &str, &str), number: usize) -> Value {
    let day = cutover::clock::now().plus(-DAY).to_string()[..10].to_owned();
    let time = |hour: u8| format!("{day}T{hour:02}:00:00Z");
    let seen = |address: u8, machine: Value, protocol: &str| {
        json!({"address": format!("10.{number}.0.{address}"), "machine": machine, "protocol": protocol,
               "first_at": time(8), "last_at": time(9), "count": 3})
    };
    let had = |address: u8, n: u8| json!({"address": format!("10.{number}.0.{address}"), "name": format!("{name}-{n}"), "from": time(0), "until": time(23)});
    json!({"system": format!("{name}-mp"), "site_code": site,
           "observations": [seen(1, json!(format!("{name}-0")), "tls1.0"), seen(2, Value::Null, "tls1.2"),
                            seen(3, Value::Null, "tls1.0"), seen(4, Value::Null, "tls1.1"), seen(5, Value::Null, "tls1.2")],
           "coverage": [{"hour": time(8), "lines": 20, "told": 15}],
           "leases": [had(2, 1), had(3, 2), had(5, 3), had(5, 4)]})
}

/// Two servers and what somebody sees who may see the first site only: of all clients, and where there are no others.
async fn both() -> Vec<(TestApp, TestApp, Narrowed, Narrowed)> {
    let mut found = Vec::new();
    for (whole, part) in TestApp::each().await.into_iter().zip(TestApp::each().await) {
        let lines: Vec<Vec<String>> = PLACES.iter().map(|place| reports(&whole, *place)).collect();
        fill(&whole, &lines, &PLACES).await;
        fill(&part, &lines[..1], &PLACES[..1]).await;
        let limited = Narrowed::of(&whole, only(&["P01"])).await;
        let alone = Narrowed::of(&part, Sites::all()).await;
        found.push((whole, part, limited, alone));
    }
    found
}

/// The words of a page's content without the moments in it, and without what says that there is a limit.
fn words(html: &str) -> Vec<String> {
    let main = html.split_once("<main").expect("content").1;
    let main = main.split_once("</main>").expect("content").0;
    let main = main.replace(
        "<p class=\"notice\">You see the site P01 only; all numbers count this one.</p>",
        "",
    );
    let mut text = String::new();
    for (at, part) in main.split("<time").enumerate() {
        let part = if at == 0 {
            part
        } else {
            part.split_once("</time>").expect("its end").1
        };
        let mut inside = at == 0;
        for letter in part.chars() {
            match letter {
                '<' => inside = true,
                '>' => inside = false,
                letter if !inside => text.push(letter),
                _ => {}
            }
            if letter == '>' {
                text.push(' ');
            }
        }
    }
    text.split_whitespace().map(moment).collect()
}

/// A word, or that it is a time of day.
fn moment(word: &str) -> String {
    let is_time = word.contains(':') && word.contains(|letter: char| letter.is_ascii_digit());
    if is_time {
        "TIME".to_owned()
    } else {
        word.to_owned()
    }
}

/// An answer without the moments in it, and without what says that there is a limit.
fn plain(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            // What a gate counts beyond the limit has no list for whoever is limited.
            let criterion = fields.get("criterion").and_then(Value::as_str);
            let beyond = matches!(criterion, Some("stopped_feeds" | "unplaced"));
            fields
                .into_iter()
                .filter(|(name, value)| {
                    let limit = name == "sites" && value == &json!(["P01"]);
                    !(limit || beyond && name == "list")
                })
                .map(|(name, value)| (name, plain(value)))
                .collect()
        }
        Value::Array(items) => items.into_iter().map(plain).collect(),
        Value::String(text) => {
            let words: Vec<String> = text.split_whitespace().map(moment).collect();
            words.join(" ").into()
        }
        other => other,
    }
}

fn assert_hides(path: &str, text: &str) {
    for word in HIDDEN {
        let at = text.find(word);
        let around = at.map(|at| &text[at.saturating_sub(60)..(at + 60).min(text.len())]);
        assert_eq!(around, None, "{path} says {word}");
    }
}

/// Addresses of pages and answers that are about clients.
const PAGES: [&str; 19] = [
    "/",
    "/?standing=blocking",
    "/?q=OPEN-1",
    "/?left_out=1",
    "/blockers",
    "/clients",
    "/clients?sort=-since&standing=all",
    "/clients?left_out=1",
    "/clients?q=OPEN",
    "/fixes",
    "/fixes/restart-computer",
    "/trend",
    "/trend?site=P01",
    "/sites/P01",
    "/roles/management_point",
    "/os/6.1.7601-client",
    "/views",
    "/method",
    "/components",
];
const ANSWERS: [&str; 16] = [
    "/observations",
    "/observations?box=ready_legacy&limit=1",
    "/summary",
    "/summary?standing=blocking",
    "/clients",
    "/clients?limit=3",
    "/clients?q=corp.example",
    "/blockers?standing=all",
    "/clients?left_out=1",
    "/fixes",
    "/fixes?site=P01",
    "/gate",
    "/gate?site=P01",
    "/trend?days=2",
    "/regressed",
    "/blockers?site=P01",
];

#[tokio::test]
async fn somebody_sees_what_there_were_without_the_other_sites() {
    for (app, _part, limited, alone) in both().await {
        let engine = app.engine;
        for path in PAGES {
            let html = limited.get(path).await;
            assert_hides(path, &html);
            let says = "You see the site P01 only; all numbers count this one.";
            assert!(html.contains(says), "{path} does not say that it is a part");
            for href in ["/feeds", "/upload", "/population", "/webhooks"] {
                let link = format!("href=\"{href}\"");
                assert!(
                    path == "/method" || !html.contains(&link),
                    "{path} leads to {href}"
                );
            }
            let other = alone.get(path).await;
            assert_eq!(words(&html), words(&other), "{path} on {engine}");
        }
        for path in ANSWERS {
            let path = format!("/api/v1{path}");
            let text = limited.get(&path).await;
            assert_hides(&path, &text);
            let read = |text: &str| plain(serde_json::from_str(text).expect("JSON"));
            assert_eq!(
                read(&text),
                read(&alone.get(&path).await),
                "{path} on {engine}"
            );
        }
        let html = limited.get("/observed").await;
        assert!(!html.to_lowercase().contains("hidden-"), "{html}");
        assert!(!html.contains("type=\"file\""), "addresses are of no site");
        for form in ["csv", "ndjson", "ids", "ids&ids=name", "powershell"] {
            let path = format!("/api/v1/clients?format={form}");
            let text = limited.get(&path).await;
            assert_hides(&path, &text);
            let lines = |text: &str| -> Vec<String> {
                let words = text.split([' ', ',', '\n', '"']).map(moment);
                words.filter(|word| word != "TIME").collect()
            };
            assert_eq!(
                lines(&text),
                lines(&alone.get(&path).await),
                "{path} on {engine}"
            );
        }
        let summary: Value =
            serde_json::from_str(&limited.get("/api/v1/summary").await).expect("JSON");
        assert_eq!(summary["population"]["sites"], json!(["P01"]));
        let summary: Value =
            serde_json::from_str(&alone.get("/api/v1/summary").await).expect("JSON");
        assert_eq!(summary["population"].get("sites"), None);
    }
}

/// Sends a form as somebody.
async fn form(app: &TestApp, cookie: &str, path: &str, body: &str) -> String {
    let request = app
        .request(Method::POST, path)
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(body.to_owned());
    let answer = Answer::to(request).await;
    assert_eq!(answer.status, 303, "{path}: {}", answer.text());
    answer.header("location")
}

/// An operator asks for all that block, and every second one is approved.
async fn except(app: &TestApp) {
    let admin = app.sign_in().await;
    app.add_user("otto", "operator", "brown horse, 4 legs");
    let otto = app.sign_in_as("otto", "brown horse, 4 legs").await;
    let day = &crate::support::report::from_now(20 * 24 * HOUR)[..10];
    let list = app.json("/api/v1/blockers?limit=1000").await;
    for (n, row) in list["items"].as_array().expect("rows").iter().enumerate() {
        let site = row["site_code"].as_str().unwrap_or("none");
        let fields = format!("kind=grace&reason=a&control=b&owner=Owner+of+{site}&until={day}");
        let id = row["id"].as_str().expect("an id");
        let one = form(app, &otto, &format!("/clients/{id}/exceptions"), &fields).await;
        if n % 2 == 0 {
            form(app, &admin, &format!("{one}/approve"), "note=yes").await;
        }
    }
}

#[tokio::test]
async fn an_exception_of_another_site_is_as_good_as_none() {
    for (app, part, limited, alone) in both().await {
        except(&app).await;
        except(&part).await;
        let engine = app.engine;
        for path in [
            "/",
            "/blockers",
            "/blockers?excepted=yes",
            "/clients?excepted=no",
            "/exceptions",
            "/exceptions?state=active",
            "/exceptions?soon=1",
            "/exceptions?unowned=1",
            "/exceptions/new?standing=blocking",
        ] {
            let html = limited.get(path).await;
            assert_hides(path, &html);
            assert_eq!(
                words(&html),
                words(&alone.get(path).await),
                "{path} on {engine}"
            );
        }
        for path in [
            "/summary",
            "/gate?criteria=blocking_without_exception:0,exceptions_expiring:0",
        ] {
            let path = format!("/api/v1{path}");
            let read = |text: &str| plain(serde_json::from_str(text).expect("JSON"));
            let (mine, other) = (limited.get(&path).await, alone.get(&path).await);
            assert_eq!(read(&mine), read(&other), "{path} on {engine}");
        }
        let text = limited.get("/api/v1/exceptions").await;
        assert_hides("the list", &text);
        let read = |text: &str| -> Value { serde_json::from_str(text).expect("JSON") };
        let total = read(&text)["total"].as_i64().expect("a number");
        assert_eq!(total, read(&alone.get("/api/v1/exceptions").await)["total"]);
        let list = app.json("/api/v1/exceptions?limit=1000").await;
        let items = list["items"].as_array().expect("items");
        let mut seen = 0;
        for item in items {
            let id = item["id"].as_str().expect("an id");
            let said = limited.ask(&format!("/exceptions/{id}"), "").await;
            if item["site_code"] == "P01" {
                seen += 1;
                assert_eq!(said.status, 200, "{}", said.text);
                continue;
            }
            assert_eq!(said.status, 404);
            for way in ["approve", "reject", "withdraw"] {
                let request = Request::post(format!("/exceptions/{id}/{way}"))
                    .header(header::COOKIE, &limited.cookie)
                    .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .body(Body::from("note=no"));
                let said = limited.send(request.expect("a request")).await;
                assert_eq!(said.status, 404, "{way}: {}", said.text);
            }
        }
        assert_eq!(total, seen);
        assert!(seen > 0 && items.len() > 2, "{list}");
    }
}

#[tokio::test]
async fn a_client_of_another_site_is_as_good_as_none() {
    for (app, _part, limited, alone) in both().await {
        let list = app.json("/api/v1/clients?limit=1000").await;
        let items = list["items"].as_array().expect("items").clone();
        let id = |name: &str| {
            let found = items.iter().find(|item| item["name"] == name);
            found.expect(name)["id"].as_str().expect("an id").to_owned()
        };
        let (own, foreign) = (id("OPEN-0"), id("HIDDEN-A-0"));
        let unknown = uuid::Uuid::from_u128(7).to_string();
        for path in [
            "/clients/{}",
            "/api/v1/clients/{}",
            "/api/v1/clients/{}/raw",
        ] {
            let html = limited.get(&path.replace("{}", &own)).await;
            assert_hides(path, &html);
            let mut answers = Vec::new();
            for id in [&foreign, &unknown] {
                let said = limited.ask(&path.replace("{}", id), "").await;
                assert_eq!(said.status, 404, "{path}");
                assert_hides(path, &said.text);
                answers.push((said.text.len(), said.tag));
            }
            assert_eq!(answers[0], answers[1], "{path}");
        }
        let page = |html: &str| words(html);
        let path = format!("/clients/{own}");
        assert_eq!(
            page(&limited.get(&path).await),
            page(&alone.get(&path).await)
        );
        let detail = app.json(&format!("/api/v1/clients/{foreign}")).await;
        let report = detail["history"][0]["report_url"].as_str().expect("a path");
        assert_eq!(limited.ask(report, "").await.status, 404);

        // A filter finds nobody there, and says no more than of a site that is not there.
        for query in ["site=Q77", "q=HIDDEN-A-0", "owner=HIDDEN+Lab"] {
            let path = format!("/api/v1/clients?{query}");
            let answer: Value = serde_json::from_str(&limited.get(&path).await).expect("JSON");
            assert_eq!(answer["total"], 0, "{path}");
        }
        assert_eq!(limited.ask("/sites/Q77", "").await.status, 404);
        assert_eq!(limited.ask("/sites/X99", "").await.status, 404);
    }
}

#[tokio::test]
async fn answers_are_tagged_by_what_somebody_may_see() {
    for (app, _part, limited, _) in both().await {
        let whole = Narrowed::of(&app, Sites::all()).await;
        for path in ["summary", "clients", "trend", "regressed", "gate"] {
            let path = format!("/api/v1/{path}");
            let mine = limited.ask(&path, "").await.tag;
            assert_ne!(mine, whole.ask(&path, "").await.tag, "{path}");
            assert_eq!(limited.ask(&path, &mine).await.status, 304, "{path}");
        }
        let before = limited.ask("/api/v1/summary", "").await.tag;
        let change = limited.ask("/api/v1/blockers/changes", "").await.tag;
        // The list of the same name is unchanged; what comes is of a site that is not seen.
        app.report("HIDDEN-A-99")
            .windows7_untouched()
            .at_site("Q77")
            .stored()
            .await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(limited.ask("/api/v1/summary", &before).await.status, 304);
        assert_eq!(
            limited
                .ask("/api/v1/blockers/changes", &change)
                .await
                .status,
            304
        );
    }
}

/// What is of the whole estate: refused for whoever may see some sites only.
const WHOLE: [&str; 23] = [
    "/tokens",
    "/tokens/{token}",
    "/enrolled",
    "/enrolled/{machine}",
    "/audit",
    "/audit/log.csv",
    "/audit/log.ndjson",
    "/api/v1/audit",
    "/sightings",
    "/api/v1/sightings",
    "/feeds",
    "/webhooks",
    "/people",
    "/people/{person}",
    "/upload",
    "/uploads/{id}",
    "/population",
    "/metrics",
    "/api/v1/feeds",
    "/api/v1/rejects",
    "/api/v1/uploads",
    "/api/v1/uploads/{id}",
    "/api/v1/uploads/{id}/rows",
];

#[tokio::test]
async fn every_address_keeps_to_the_limit_or_is_refused() {
    for (app, _part, limited, _) in both().await {
        let list = app.json("/api/v1/clients?q=HIDDEN-A-0").await;
        let foreign = list["items"][0]["id"].as_str().expect("an id");
        app.post_form("/views", "name=HIDDEN+view&address=%2Fsites%2FQ77")
            .await;
        for route in table() {
            let (method, route) = (route.method, route.path);
            let path = address(route, foreign, "01890000-0000-7000-8000-000000000000");
            let path = path.replace("/sites/P01", "/sites/Q77");
            if method != Method::GET {
                continue;
            }
            let said = limited.ask(&path, "").await;
            let refused = WHOLE.contains(&route) || route.ends_with("/rejected");
            assert_eq!(said.status == 403, refused, "{path}: {}", said.status);
            assert_hides(&path, &said.text);
            if refused {
                assert!(
                    said.text.contains("you may see some of its sites only"),
                    "{path}"
                );
            }
        }
        for path in [
            "/api/v1/reports",
            "/api/v1/uploads",
            "/upload",
            "/population",
        ] {
            let request = Request::post(path)
                .header(header::COOKIE, &limited.cookie)
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from("{}"));
            let said = limited.send(request.expect("a request")).await;
            assert_eq!(said.status, 403, "{path}: {}", said.text);
        }
    }
}

#[tokio::test]
async fn an_account_with_sites_is_held_to_them() {
    for (app, _part, _, alone) in both().await {
        // Whoever reads the other server may ask for exceptions, too.
        let add = ["user", "add", "pat", "--role", "approver", "--sites", "P01"];
        assert!(app.command(&add, "").status.success());
        let set = app.command(&["user", "set-password", "pat"], "brown horse, 4 legs\n");
        assert!(set.status.success(), "{set:?}");
        let mut limited = Narrowed::of(&app, Sites::all()).await;
        limited.cookie = app.sign_in_as("pat", "brown horse, 4 legs").await;
        for path in PAGES {
            let html = limited.get(path).await;
            assert_hides(path, &html);
            assert_eq!(words(&html), words(&alone.get(path).await), "{path}");
        }
        assert_eq!(limited.ask("/feeds", "").await.status, 403);
    }
}
