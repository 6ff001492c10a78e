//! The recipes on the page of the API, each taken from where a reader copies it and run against a server.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Output},
};

use reqwest::{Method, header};
use serde_json::Value;

use crate::{
    routes::summary_get::fleet,
    support::{answer::Answer, app::TestApp},
};

/// The text of each recipe by its name, as the page shows it.
async fn shown(app: &TestApp) -> BTreeMap<String, String> {
    let page = app.request(Method::GET, "/api");
    let page = page.header(header::COOKIE, app.sign_in().await);
    let page = Answer::to(page).await.ok("the page").text();
    let mut found = BTreeMap::new();
    for part in page.split("<h3 id=\"recipe-").skip(1) {
        let (id, rest) = part.split_once('"').expect("a name");
        let (_, rest) = rest.split_once("<code class=\"recipe ").expect("a text");
        let (_, rest) = rest.split_once('>').expect("its beginning");
        let (text, _) = rest.split_once("</code>").expect("its end");
        let mut text = text.to_owned();
        for (code, letter) in [
            ("&#60;", "<"),
            ("&#62;", ">"),
            ("&#34;", "\""),
            ("&#39;", "'"),
            ("&#38;", "&"),
        ] {
            text = text.replace(code, letter);
        }
        found.insert(id.to_owned(), text);
    }
    assert!(found.len() >= 8, "{:?}", found.keys());
    found
}

/// Whether a program is here. In the tests that stand between a change and its landing it has to be: `tests/run` brings it.
fn is_here(program: &str) -> bool {
    let here = Command::new(program).arg("--version").output().is_ok();
    assert!(
        here || std::env::var_os("CI").is_none(),
        "{program} is missing"
    );
    if !here {
        eprintln!("NOT RUN: {program} is missing");
    }
    here
}

fn run(app: &TestApp, program: &str, text: &str, folder: &Path) -> Output {
    Command::new(program)
        .args(["-c", text])
        .current_dir(folder)
        .env("CUTOVER_URL", format!("https://{}", app.address))
        .env("CUTOVER_TOKEN", app.token("read"))
        .env("CUTOVER_CA", app.certificate())
        .env("CUTOVER_SITE", "P01")
        .output()
        .expect("it runs")
}

#[track_caller]
fn ran(app: &TestApp, program: &str, text: &str, folder: &Path) -> String {
    let output = run(app, program, text, folder);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{text}");
    String::from_utf8(output.stdout).expect("text")
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).expect("a file")
}

#[tokio::test]
async fn commands_do_what_they_say() {
    if !is_here("curl") || !is_here("bash") {
        return;
    }
    let app = TestApp::one();
    fleet(&app).await;
    let recipes = shown(&app).await;
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let recipe = |name: &str| recipes[name].as_str();

    ran(&app, "bash", recipe("curl-csv"), folder);
    let csv = app
        .get("/api/v1/blockers?format=csv&standing=all")
        .await
        .text();
    assert_eq!(read(folder, "blockers.csv"), csv);

    // A smaller page makes more of them.
    let pages = recipe("curl-pages").replace("limit=1000", "limit=2");
    for text in [recipe("curl-pages"), &pages] {
        ran(&app, "bash", text, folder);
        let mut found = Vec::new();
        for line in read(folder, "pages.ndjson").lines() {
            let page: Value = serde_json::from_str(line).expect("a page");
            found.extend(page["items"].as_array().expect("items").clone());
        }
        let list = app.json("/api/v1/blockers?limit=1000").await;
        assert_eq!(list["items"], Value::from(found));
    }

    let whole = "/api/v1/blockers?format=ndjson&cursors=1";
    let whole = app.get(whole).await.text();
    for kept in [0, 1, whole.len() / 2, whole.len() - 1, whole.len()] {
        fs::write(folder.join("blockers.ndjson"), &whole.as_bytes()[..kept]).expect("a part");
        ran(&app, "bash", recipe("curl-resume"), folder);
        assert_eq!(read(folder, "blockers.ndjson"), whole, "{kept}");
    }

    ran(&app, "bash", recipe("collection"), folder);
    let script = read(folder, "blockers.ps1");
    assert!(script.starts_with('\u{FEFF}') && script.contains("$listSite = 'P01'"));

    ran(&app, "bash", recipe("servicenow"), folder);
    let table = read(folder, "cutover_ci.csv");
    assert!(table.starts_with("id,name,fqdn,serial_number,os,site_code,resource_id,standing,"));
    let total = app.json("/api/v1/clients").await["total"].to_string();
    assert_eq!((table.lines().count() - 1).to_string(), total);

    if let Some(changes) = recipes.get("curl-changes") {
        ran(&app, "bash", changes, folder);
        app.report("NEWLY-1").windows7_untouched().stored().await;
        ran(&app, "bash", changes, folder);
        assert!(read(folder, "changes.ndjson").contains("NEWLY-1"));
    }

    // Nobody else's server is believed, and what fails is seen to fail.
    for (name, text) in &recipes {
        assert!(
            !text.contains("-k ") && !text.contains("insecure"),
            "{name}"
        );
    }
    let elsewhere = TestApp::one();
    let strange = recipe("curl-csv").replace(
        "$CUTOVER_CA",
        &elsewhere.certificate().display().to_string(),
    );
    fs::remove_file(folder.join("blockers.csv")).expect("it is there");
    assert!(!run(&app, "bash", &strange, folder).status.success());
    assert!(!folder.join("blockers.csv").exists());
}

#[tokio::test]
async fn the_python_lists_everybody() {
    if !is_here("python3") {
        return;
    }
    let app = TestApp::one();
    fleet(&app).await;
    let text = shown(&app).await["python"].clone();
    let folder = tempfile::tempdir().expect("a folder");
    let list = app.json("/api/v1/blockers?standing=all&limit=1000").await;
    let items = list["items"].as_array().expect("items");
    let wanted: Vec<String> = items
        .iter()
        .map(|item| {
            let reasons = item["reasons"].as_array().expect("reasons").iter();
            let reasons: Vec<&str> = reasons.filter_map(Value::as_str).collect();
            let text = |name: &str| item[name].as_str().expect("text").to_owned();
            format!(
                "{}\t{}\t{}",
                text("name"),
                text("standing"),
                reasons.join(",")
            )
        })
        .collect();
    assert!(wanted.len() > 5);
    for text in [text.clone(), text.replace("limit=1000", "limit=2")] {
        let said = ran(&app, "python3", &text, folder.path());
        assert_eq!(said.lines().collect::<Vec<_>>(), wanted);
    }
}

/// What cannot be run here asks for what there is: its addresses answer, and the fields that it names are there.
#[tokio::test]
async fn power_query_and_powershell_ask_for_what_there_is() {
    let app = TestApp::one();
    fleet(&app).await;
    let recipes = shown(&app).await;
    let first = app.json("/api/v1/blockers?standing=all&limit=1000").await;
    let item = first["items"][0].as_object().expect("a client");

    let query = &recipes["excel"];
    assert!(balanced(query), "{query}");
    assert!(query.contains("RelativePath = \"api/v1/blockers\""));
    assert!(query.contains("[standing = \"all\", limit = \"1000\"]"));
    for name in ["next_cursor", "items"] {
        assert!(
            query.contains(&format!("[{name}]")) && first.get(name).is_some(),
            "{name}"
        );
    }
    let (_, chosen) = query.split_once("Table.FromRecords(").expect("columns");
    let (_, chosen) = chosen.split_once('{').expect("columns");
    let (chosen, _) = chosen.split_once('}').expect("their end");
    let chosen: Vec<&str> = chosen
        .split(", ")
        .map(|name| name.trim_matches('"'))
        .collect();
    assert!(chosen.len() > 8, "{chosen:?}");
    for name in &chosen {
        assert!(item.contains_key(*name), "{name}");
    }
    // Each type is that of a column.
    for part in query.split("{\"").skip(2) {
        let (name, _) = part.split_once('"').expect("a name");
        assert!(chosen.contains(&name), "{name}");
    }
    assert!(item["os"].get("name").is_some());

    let script = &recipes["powershell"];
    assert!(script.contains("/api/v1/blockers?standing=all&limit=1000\""));
    for name in ["items", "next_cursor"] {
        assert!(script.contains(&format!("$page.{name}")));
    }
    let used: Vec<&str> = script
        .split("$client.")
        .skip(1)
        .filter_map(|rest| {
            rest.split(|letter: char| letter != '_' && !letter.is_alphanumeric())
                .next()
        })
        .collect();
    assert!(used.len() >= 5, "{used:?}");
    for name in used {
        assert!(item.contains_key(name), "{name}");
    }
}

/// Whether all that is opened is closed in turn, outside of texts and comments.
fn balanced(text: &str) -> bool {
    let mut open = Vec::new();
    for line in text.lines() {
        // In turns outside and inside of quotes; an address in quotes has // too.
        for (at, piece) in line.split('"').enumerate() {
            if at % 2 == 1 {
                continue;
            }
            let code = piece.split("//").next().unwrap_or_default();
            for letter in code.chars() {
                match letter {
                    '(' => open.push(')'),
                    '[' => open.push(']'),
                    '{' => open.push('}'),
                    ')' | ']' | '}' if open.pop() != Some(letter) => return false,
                    _ => {}
                }
            }
            if code.len() < piece.len() {
                break;
            }
        }
    }
    open.is_empty()
}
