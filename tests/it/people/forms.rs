//! Every form of every page, sent as it stands there with one field more: refused for that field and no other, so a form takes
//! what its page has, and nothing else. A form in a template that no page here shows fails, too.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cutover::http::routes::{Needs, table};
use reqwest::{Method, header};
use serde_json::json;

use super::second_factor::{password, set_up};
use crate::{
    support::{
        answer::Answer,
        app::TestApp,
        forms::{Form, body, links, of_templates, posted},
        report::{HOUR, from_now},
    },
    uploads::RUN,
};

const PASSWORD: &str = "brown horse, 4 legs";
/// What somebody might add who wants more than a form gives.
const MORE: &str = "is_administrator";
/// Pages of one kind that are read: some of them show other forms than others.
const OF_A_KIND: usize = 12;

/// Forms of states that come and go too quickly, or never on a server that is set up: where they stand, what their button
/// says, and how they are sent.
const RARE: [(&str, &str, &str, &str); 3] = [
    (
        "setup.html",
        "Make the account and sign in",
        "/setup",
        "key=0&user=x&password=x&again=x&",
    ),
    // While the files are being read or stored.
    ("upload_one.html", "Stop", "/uploads/{id}/cancel", ""),
    // When the files are gone and the rows are not.
    ("upload_one.html", "", "/uploads/{id}/commit", ""),
];

async fn ask(app: &TestApp, cookie: &str, method: Method, path: &str, form: &str) -> Answer {
    let request = app
        .request(method, path)
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form.to_owned());
    Answer::to(request).await
}

/// Sends a form that is taken; answers where it leads.
async fn post(app: &TestApp, cookie: &str, path: &str, form: &str) -> String {
    let answer = ask(app, cookie, Method::POST, path, form).await;
    assert_eq!(answer.status, 303, "{path}: {}", answer.text());
    answer.header("location")
}

/// A form and who sees it.
struct Seen {
    page: String,
    cookie: String,
    form: Form,
}

fn note(seen: &mut Vec<Seen>, page: &str, cookie: &str, html: &str) {
    let forms = posted(html).into_iter();
    seen.extend(forms.map(|form| Seen {
        page: page.to_owned(),
        cookie: cookie.to_owned(),
        form,
    }));
}

/// Whether an address is one of this route.
fn is_of(route: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (route.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) if wanted == given || wanted.starts_with('{') => {}
            _ => return false,
        }
    }
}

/// The route of an address; one that is written out goes before one with a name in it.
fn route(method: &Method, address: &str) -> Option<&'static str> {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let routes = table().into_iter().filter(|route| route.method == *method);
    let fitting = routes.map(|route| route.path).filter(|of| is_of(of, path));
    fitting.min_by_key(|of| of.matches('{').count())
}

/// What a page is: its route, and which parameters it has.
fn kind(address: &str) -> Option<String> {
    let route = route(&Method::GET, address)?;
    let query = address.split_once('?').map_or("", |(_, query)| query);
    let names = query.split('&').filter_map(|pair| pair.split('=').next());
    let names: BTreeSet<&str> = names.collect();
    Some(format!("{route} {names:?}"))
}

/// Reads the pages that somebody gets to.
async fn crawl(app: &TestApp, cookie: &str, seen: &mut Vec<Seen>) {
    let routes = table().into_iter();
    let mut waiting: VecDeque<String> = routes
        .filter(|route| route.method == Method::GET && !route.path.contains('{'))
        .map(|route| route.path.to_owned())
        .collect();
    let mut known: BTreeSet<String> = waiting.iter().cloned().collect();
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    while let Some(href) = waiting.pop_front() {
        let Some(kind) = kind(&href) else {
            continue;
        };
        if kind.starts_with("/api/") || kind.contains("\"format\"") {
            continue;
        }
        // Filters of a list change what is in it, and no form.
        let most = if kind.ends_with("{}") { OF_A_KIND } else { 2 };
        let n = kinds.entry(kind).or_default();
        if *n == most {
            continue;
        }
        *n += 1;
        let page = ask(app, cookie, Method::GET, &href, "").await;
        if page.status != 200 || !page.header("content-type").starts_with("text/html") {
            continue;
        }
        let html = page.text();
        note(seen, &href, cookie, &html);
        for href in links(&html) {
            let (href, _) = href.split_once('#').unwrap_or((&href, ""));
            if href.starts_with('/') && known.insert(href.to_owned()) {
                waiting.push_back(href.to_owned());
            }
        }
    }
}

/// What was filled in.
struct Filled {
    /// An upload that waits.
    upload: String,
    /// Pages that are read in any case.
    pages: Vec<String>,
}

/// Clients, lists, tokens, people and files, such that each page has everything on it.
async fn fill(app: &TestApp, cookie: &str) -> Filled {
    app.report("READY-1").stored().await;
    app.report("OLD-1").windows7_untouched().stored().await;
    let old = app.report("OLD-2").windows7_untouched().stored().await;
    let twin = app.report("TWIN-1");
    let board = twin.value()["client"]["smbios_guid"].clone();
    twin.stored().await;
    let twin = app.report("TWIN-2").at_site("P02");
    let twin = twin.set("/client/smbios_guid", board).stored().await;
    // Turned ready by another token than before.
    let odd = app.report("ODD-1").windows7_untouched();
    odd.collected(-HOUR).stored().await;
    for (token, name) in [("another", "ODD-1"), ("aside", "AWAY-1")] {
        let token = app.make_token("ingest", token);
        let report = app.request(Method::POST, "/api/v1/reports");
        let report = report.bearer_auth(token).body(app.report(name).line());
        Answer::to(report).await.ok("a report");
    }
    let list = "name,site\r\nREADY-1,P01\r\nOLD-1,P01\r\nOLD-2,P01\r\n";
    app.put_population("", list).await.ok("a list");
    app.put_agreed("?list=lab", "LAB-1\nLAB-2\n")
        .await
        .ok("lab");
    let given = app.command(&["enrol", "--why", "too old", "OLD-9"], "");
    assert!(given.status.success(), "{given:?}");

    app.add_user("otto", "operator", PASSWORD);
    let otto = app.sign_in_as("otto", PASSWORD).await;
    let day = &from_now(20 * 24 * HOUR)[..10];
    let form = format!("kind=grace&reason=a&control=b&owner=c&until={day}");
    post(app, &otto, &format!("/clients/{old}/exceptions"), &form).await;
    app.add_user("dora", "viewer", PASSWORD);
    let disabled = app.command(&["user", "disable", "dora"], "");
    assert!(disabled.status.success());
    post(app, cookie, "/views", "name=Old&address=/blockers").await;

    // Two of one scope, after one of which it was switched off.
    let scope = crate::cutover::decided(app).await;
    let now = app.json(&format!("/api/v1/scopes/{scope}/what-if")).await;
    let form = format!(
        "decided=no_go&seen_go=0&seen_most={}&why=Still+too+early",
        now["most"]
    );
    post(app, cookie, &format!("/cutover/{scope}/decide"), &form).await;
    post(
        app,
        cookie,
        "/cutover/decisions/1/switched",
        "why=It+was+done+in+the+night",
    )
    .await;
    for name in ["Asked", "Open"] {
        let form = format!("name={name}&sites=P01&tls10=1&freshness_days=14&two_people=1");
        let scope = post(app, cookie, "/cutover", &form).await;
        let say = format!("{scope}/say");
        let form = format!(
            "kind=rehearsal&note=Seen+and+timed&about={}",
            crate::cutover::lately()
        );
        post(app, cookie, &say, &form).await;
        post(app, cookie, &format!("{scope}/run"), "").await;
        if name == "Asked" {
            // By somebody else, so that it can be decided.
            post(app, &otto, &say, "kind=request").await;
        }
    }

    let at = from_now(-HOUR);
    let query = format!("?name=run.csv&collected_at={at}");
    app.upload(&query, RUN).await;
    let query = format!("?name=own.csv&format=table&collected_at={at}&key-0=CCM");
    let upload = app
        .upload(&query, "Kasten;Windows\nTAB-9;10.0.19045\n")
        .await;
    let upload = upload["id"].as_str().expect("an id").to_owned();
    let form = format!(
        "format=table&collected_at={at}&key-0=CCM&meaning-0=device.name&meaning-1=os.version&save_as=Ours"
    );
    post(app, cookie, &format!("/uploads/{upload}/again"), &form).await;
    app.settled(&upload).await;

    let aside = format!("/tokens/{}", app.token_id("aside"));
    let quarantine = format!("{aside}/quarantine");
    post(app, cookie, &quarantine, "why=a+drill&confirm=1").await;
    let pages = vec![format!("/clients/{twin}"), aside];
    Filled { upload, pages }
}

/// Pages that come of a form, and those of other people.
async fn more(app: &TestApp, cookie: &str, seen: &mut Vec<Seen>) {
    let token = format!("/tokens/{}", app.token_id("reader"));
    for (path, form) in [
        (format!("{token}/revoke"), ""),
        (format!("{token}/quarantine"), "why=a+drill"),
        ("/people/otto/remove".to_owned(), ""),
        ("/population/withdraw".to_owned(), "list=lab"),
    ] {
        let page = ask(app, cookie, Method::POST, &path, form).await;
        note(seen, &path, cookie, &page.ok(&path).text());
    }
    let factor = "/account/second-factor";
    let page = async |cookie: &str, path: &str| {
        ask(app, cookie, Method::GET, path, "")
            .await
            .ok(path)
            .text()
    };
    post(app, cookie, factor, "").await;
    note(seen, factor, cookie, &page(cookie, factor).await);
    app.add_user("vera", "viewer", PASSWORD);
    let vera = app.sign_in_as("vera", PASSWORD).await;
    let (.., vera) = set_up(app, &vera).await;
    note(seen, factor, &vera, &page(&vera, factor).await);
    let waits = password(app, "vera", PASSWORD, "203.0.113.1").await;
    let code = "/sign-in/code";
    note(seen, code, &waits, &page(&waits, code).await);
    note(seen, "vera", cookie, &page(cookie, "/people/vera").await);
}

/// The place of the only error for which a form was refused, or what came instead.
fn refused(answer: &Answer) -> String {
    let text = answer.text();
    if answer.status != 422 || !answer.header("content-type").contains("problem+json") {
        return format!("{}: {}", answer.status, text.get(..300).unwrap_or(&text));
    }
    match answer.problem(422)["errors"].as_array().map(Vec::as_slice) {
        Some([one]) => one["pointer"].as_str().expect("a place").to_owned(),
        _ => text,
    }
}

/// The number of the newest entry of the audit log.
async fn deeds(app: &TestApp, cookie: &str) -> serde_json::Value {
    let log = ask(app, cookie, Method::GET, "/api/v1/audit?limit=1", "").await;
    log.ok("the log").json()["items"][0]["seq"].clone()
}

/// Forms of the templates that no page showed.
fn unseen(templates: &[(String, Form)], seen: &[Seen]) -> Vec<String> {
    let rare = |file: &str, form: &Form| {
        let says = |words: &str| form.buttons.iter().any(|button| button.words == words);
        RARE.iter().any(|(place, words, path, _)| {
            let end = path.rsplit('/').next().unwrap_or_default();
            *place == file && form.action.ends_with(end) && says(words)
        })
    };
    let shown = |form: &Form| seen.iter().any(|one| one.form.is_of(form));
    templates
        .iter()
        .filter(|(file, form)| !rare(file, form) && !shown(form))
        .map(|(file, form)| format!("no page shows the form {} of {file}", form.action))
        .collect()
}

#[tokio::test]
async fn every_form_takes_the_fields_of_its_page_and_no_other() {
    for app in TestApp::each().await {
        let cookie = app.sign_in().await;
        let Filled { upload, pages } = fill(&app, &cookie).await;
        let mut seen = Vec::new();
        for path in pages {
            let page = ask(&app, &cookie, Method::GET, &path, "").await;
            note(&mut seen, &path, &cookie, &page.ok(&path).text());
        }
        crawl(&app, &cookie, &mut seen).await;
        more(&app, &cookie, &mut seen).await;
        // What no page shows is not tried, so every form of the templates has to be seen.
        let templates = of_templates();
        assert!(templates.len() > 50, "{}", templates.len());
        let mut wrong = unseen(&templates, &seen);

        let before = deeds(&app, &cookie).await;
        let (mut tried, mut reached) = (BTreeSet::new(), BTreeSet::new());
        for one in &seen {
            let of = templates.iter().position(|(_, form)| one.form.is_of(form));
            if of.is_none() {
                wrong.push(format!("{} has no template: {:?}", one.page, one.form));
            }
            for (way, (action, mut fields)) in one.form.ways().into_iter().enumerate() {
                let Some(route) = route(&Method::POST, &action) else {
                    wrong.push(format!("{} leads to {action}, which is nothing", one.page));
                    continue;
                };
                reached.insert(route);
                let names: BTreeSet<_> = fields.iter().map(|(name, _)| name.clone()).collect();
                // Forms with files are sent in parts, and tried by themselves.
                if one.form.in_parts || !tried.insert((of, way, route, names)) {
                    continue;
                }
                fields.push((MORE.to_owned(), "1".to_owned()));
                let sent = body(&fields);
                let answer = ask(&app, &one.cookie, Method::POST, &action, &sent).await;
                let came = refused(&answer);
                if came != format!("/{MORE}") {
                    wrong.push(format!("{action} of {} with {sent}: {came}", one.page));
                }
            }
        }
        for (_, _, path, fields) in RARE {
            let path = path.replace("{id}", &upload);
            reached.extend(route(&Method::POST, &path));
            let sent = format!("{fields}{MORE}=1");
            let answer = ask(&app, &cookie, Method::POST, &path, &sent).await;
            assert_eq!(refused(&answer), format!("/{MORE}"), "{path}");
        }
        // And every address that a form can be sent to has a form.
        let unreached = table().into_iter().filter(|route| {
            route.method == Method::POST
                && !route.path.starts_with("/api/")
                && !reached.contains(route.path)
        });
        wrong.extend(unreached.map(|route| format!("no form leads to {}", route.path)));
        assert!(wrong.is_empty(), "on {}: {wrong:#?}", app.engine);
        assert!(tried.len() > 50, "{} were tried", tried.len());
        assert_eq!(deeds(&app, &cookie).await, before, "nothing was done");
        let account = ask(&app, &cookie, Method::GET, "/account", "").await;
        account.ok("nobody was signed out");
    }
}

/// A form with one part more; and what programs send.
#[tokio::test]
async fn parts_and_programs_say_no_more_than_there_is_to_say() {
    let app = TestApp::one();
    let cookie = app.sign_in().await;
    let token = app.token("import");
    let before = deeds(&app, &cookie).await;
    for (path, name, place) in [
        ("/upload", "files", format!("?{MORE}")),
        ("/population", "file", format!("/{MORE}")),
        ("/observed", "file", format!("/{MORE}")),
    ] {
        let part = |name: &str, text: &str| {
            format!("--x\r\nContent-Disposition: form-data; name={name}\r\n\r\n{text}\r\n")
        };
        let file = part(&format!("\"{name}\"; filename=\"a.txt\""), "PC-1");
        let sent = format!("{}{file}--x--\r\n", part(&format!("\"{MORE}\""), "1"));
        let request = app
            .request(Method::POST, path)
            .header(header::COOKIE, &cookie)
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
            .body(sent);
        assert_eq!(refused(&Answer::to(request).await), place, "{path}");
    }
    let request = app
        .request(Method::POST, "/api/v1/observations")
        .bearer_auth(token)
        .header(header::CONTENT_TYPE, "application/json");
    let request = request.body(json!({"leases": [], MORE: true}).to_string());
    let problem = Answer::to(request).await.problem(422);
    assert!(problem.to_string().contains(MORE), "{problem}");
    assert_eq!(deeds(&app, &cookie).await, before, "nothing was done");
    // Whoever adds a call that administrates has to see to it that its body has no field more.
    let calls = table().into_iter().filter(|route| {
        route.method != Method::GET
            && route.path.starts_with("/api/")
            && matches!(route.rule.needs, Needs::Administer | Needs::Decide)
    });
    assert_eq!(calls.count(), 0, "try their bodies here");
}

#[tokio::test]
async fn who_may_not_is_told_that_and_not_what_is_wrong_with_the_form() {
    let app = TestApp::one();
    app.add_user("vera", "viewer", PASSWORD);
    let vera = app.sign_in_as("vera", PASSWORD).await;
    let form = format!("name=x&role=administrator&{MORE}=1");
    let answer = ask(&app, &vera, Method::POST, "/people", &form).await;
    answer.problem(403);
    let nobody = ask(&app, "", Method::POST, "/people", &form).await;
    nobody.problem(401);
    let admin = app.sign_in().await;
    let problem = ask(&app, &admin, Method::POST, "/people", &form).await;
    insta::assert_snapshot!(
        "a_field_that_a_form_does_not_have",
        crate::support::answer::hidden(problem.problem(422))
    );
    // What is no form, and what is none of it.
    let request = app
        .request(Method::POST, "/people")
        .header(header::COOKIE, &admin)
        .header(header::CONTENT_TYPE, "text/plain")
        .body("name=x&role=viewer");
    let problem = Answer::to(request).await.problem(400);
    assert!(
        problem["detail"]
            .as_str()
            .expect("words")
            .starts_with("This is no form;")
    );
    for (form, place) in [
        ("name=x", "/role"),
        ("name=x&role=viewer&role=auditor", "/role"),
    ] {
        let answer = ask(&app, &admin, Method::POST, "/people", form).await;
        assert_eq!(refused(&answer), place, "{form}");
    }
    let long = format!("name={}", "x".repeat(20_000));
    let answer = ask(&app, &admin, Method::POST, "/people", &long).await;
    answer.problem(413);
    // Of another account, which was signed in when the page was opened.
    let form = "user=vera&old=x&new=brown+horse,+5+legs&again=brown+horse,+5+legs";
    let answer = ask(&app, &admin, Method::POST, "/account/password", form).await;
    answer.problem(409);
}

#[tokio::test]
async fn a_form_without_a_file_has_no_room_for_one() {
    let app = TestApp::one();
    let cookie = app.sign_in().await;
    let long = "x".repeat(300 << 10);
    for (path, form) in [
        ("/suspicions/close", format!("id=1&why={long}")),
        ("/population/withdraw", format!("list={long}")),
        ("/exceptions/new", format!("reason={long}")),
        ("/cutover", format!("name={long}")),
    ] {
        let answer = ask(&app, &cookie, Method::POST, path, &form).await;
        assert_eq!(answer.status, 413, "{path}: {}", answer.text());
    }
    // A long reason has.
    let form = format!("id=1&why={}", "x".repeat(30 << 10));
    let answer = ask(&app, &cookie, Method::POST, "/suspicions/close", &form).await;
    assert_eq!(answer.status, 422, "{}", answer.text());
}
