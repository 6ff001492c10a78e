//! Ids, one a line, and the script that makes a collection.

use cutover::http::{collection::SCRIPT, powershell::literal};
use proptest::prelude::*;
use serde_json::json;

use crate::support::app::TestApp;

const NAMES: [&str; 3] = ["PC-1", "it's $(calc) \u{2019};x\u{2018}", "B\u{fc}ro-7"];

/// Three blocking clients of one site, of which two have a resource id, and a ready one of another.
async fn fleet(app: &TestApp) {
    let mut lines = Vec::new();
    for (at, name) in NAMES.iter().enumerate() {
        let id = if at == 1 {
            json!(null)
        } else {
            json!(16_777_219 + at)
        };
        let report = app.report(&format!("PC-{at}")).windows7_untouched();
        let report = report.set("/client/name", json!(name));
        lines.push(report.set("/client/resource_id", id).line());
    }
    let elsewhere = app.report("PC-9").at_site("P02");
    lines.push(
        elsewhere
            .set("/client/resource_id", json!(16_777_219))
            .line(),
    );
    let answer = app.send(lines.join("\n")).await.ok("a fleet").json();
    assert_eq!(answer["rejected"], 0, "{answer}");
}

#[tokio::test]
async fn ids_come_one_a_line_and_say_who_is_left_out() {
    for app in TestApp::each().await {
        fleet(&app).await;
        let answer = app.get("/api/v1/blockers?format=ids").await.ok("ids");
        assert_eq!(
            answer.text(),
            "# 2 of 3 clients; without resource_id from 1 to 2147483647, and left out: 1\n16777221\n16777219\n"
                .replace("16777221\n16777219", &in_order(&app, "resource_id").await)
        );
        assert_eq!(answer.header("x-left-out"), "1");
        assert_eq!(answer.header("x-total-count"), "3");
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        for kind in ["id", "name", "fqdn", "sms_guid"] {
            let path = format!("/api/v1/clients?format=ids&ids={kind}&standing=blocking");
            let answer = app.get(&path).await.ok(kind);
            let (head, rest) = answer
                .text()
                .split_once('\n')
                .map(|(a, b)| (a.to_owned(), b.to_owned()))
                .expect("a head");
            assert_eq!(
                head,
                format!("# 3 of 3 clients; without {kind}, and left out: 0")
            );
            assert_eq!(rest.trim_end(), in_order(&app, kind).await, "{kind}");
        }
        // The same number is another device elsewhere.
        for format in ["ids", "powershell"] {
            let problem = app
                .get(&format!("/api/v1/clients?format={format}"))
                .await
                .problem(422);
            assert_eq!(problem["errors"][0]["pointer"], "?site");
            let detail = problem["detail"].as_str().expect("words");
            assert!(detail.contains("P01") && detail.contains("P02"), "{detail}");
            let path = format!("/api/v1/clients?format={format}&site=P02");
            let one = app.get(&path).await.ok(&path);
            assert!(one.text().contains("\n16777219"), "{}", one.text());
            assert_eq!(one.header("x-left-out"), "0");
        }
    }
}

/// The ids of the blocking clients in the order of their list.
async fn in_order(app: &TestApp, kind: &str) -> String {
    let list = app.json("/api/v1/blockers").await;
    let items = list["items"].as_array().expect("items").iter();
    let ids = items.filter_map(|item| match &item[kind] {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    });
    ids.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn the_script_holds_the_list_and_nothing_else_from_outside() {
    for app in TestApp::each().await {
        fleet(&app).await;
        let path = "/api/v1/blockers?format=powershell&q=";
        let answer = app.get(path).await.ok("a script");
        assert_eq!(
            answer.header("content-disposition"),
            "attachment; filename=\"blockers.ps1\""
        );
        assert_eq!(answer.header("x-left-out"), "1");
        let text = answer.text();
        let text = text.strip_prefix('\u{FEFF}').expect("a byte-order mark");
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
        let text = text.replace("\r\n", "\n");
        let (before, rest) = SCRIPT.split_once("# <list>").expect("a mark");
        let (_, after) = rest.split_once("# </list>").expect("a mark");
        let list = text.strip_prefix(before).expect("the script's beginning");
        let list = list.strip_suffix(after).expect("the script's end");
        let mut lines = list.lines();
        let head = lines.next().expect("a line");
        assert!(
            head.starts_with(
                "# The list: /api/v1/blockers?format=powershell&standing=blocking of 2"
            ),
            "{head}"
        );
        assert!(head.ends_with("Z, 3 clients."), "{head}");
        assert_eq!(lines.next(), Some("$listSite = 'P01'"));
        let made = lines.next().expect("a line");
        assert!(
            made.starts_with("$listMade = '2")
                && made.len() == "$listMade = '2026-11-24T08:15:00Z'".len(),
            "{made}"
        );
        let ids = in_order(&app, "resource_id").await;
        let rest = format!(
            "$listCount = 2\n$listText = @'\n{ids}\n'@\n$withoutCount = 1\n$withoutNames = @(\n    'it''s $(calc) \u{2019}\u{2019};x\u{2018}\u{2018}'\n)"
        );
        assert_eq!(
            lines.collect::<Vec<_>>().join("\n"),
            rest,
            "on {}",
            app.engine
        );
        // Somebody who asks for nobody gets an empty list, where the site is said.
        let nobody = "/api/v1/blockers?format=powershell&q=nobody-at-all";
        app.get(nobody).await.problem(422);
        let nobody = app
            .get(&format!("{nobody}&site=P01"))
            .await
            .ok("an empty list");
        let text = nobody.text().replace("\r\n", "\n");
        assert!(
            text.contains(
                "$listCount = 0\n$listText = ''\n$withoutCount = 0\n$withoutNames = @()\n"
            ),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_list_page_offers_it_where_the_ids_mean_something() {
    let app = TestApp::one();
    fleet(&app).await;
    let cookie = app.sign_in().await;
    for (path, offered) in [("/blockers", false), ("/blockers?site=P01", true)] {
        let request = app.request(reqwest::Method::GET, path);
        let request = request.header(reqwest::header::COOKIE, &cookie);
        let page = crate::support::answer::Answer::to(request)
            .await
            .ok(path)
            .text();
        assert_eq!(page.contains("format=powershell"), offered, "{path}");
        assert_eq!(page.contains("choose a site"), !offered, "{path}");
    }
}

/// Reads a single-quoted literal as PowerShell does; `None`: it does not end where it ends.
fn read(text: &str) -> Option<String> {
    let quote = |letter: &char| "'\u{2018}\u{2019}\u{201A}\u{201B}".contains(*letter);
    let mut letters = text.strip_prefix('\'')?.chars().peekable();
    let mut meant = String::new();
    while let Some(letter) = letters.next() {
        if quote(&letter) && letters.next_if(quote).is_none() {
            return letters.next().is_none().then_some(meant);
        }
        meant.push(letter);
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_literal_is_one_text_on_one_line(text in "(\\PC|['\u{2018}\u{2019}\u{201A}\u{201B}\r\n\u{2028}\u{202E}\u{0}$`\"]){0,40}") {
        let made = literal(&text);
        let breaks = |letter: char| letter.is_control() || "\u{2028}\u{2029}".contains(letter);
        prop_assert!(!made.contains(breaks));
        let meant = read(&made);
        prop_assert!(meant.is_some(), "{made}");
        let meant = meant.unwrap_or_default();
        prop_assert_eq!(meant.chars().count(), text.chars().count());
        for (before, after) in text.chars().zip(meant.chars()) {
            prop_assert!(before == after || after == '?');
        }
    }
}
