//! Forms with fields that they do not have: refused, whoever sends them, and nothing is changed.

use std::{collections::BTreeSet, fs, path::Path};

use cutover::http::{forms::fields, routes::table};
use reqwest::{Method, header};

use super::matrix::address;
use crate::support::{answer::Answer, app::TestApp};

/// What somebody might try who wants more than a form gives.
const MORE: [&str; 4] = ["is_admin", "made_by", "approved", "key-0x"];
/// Forms that are sent in parts, because a file is in them.
const IN_PARTS: [&str; 3] = ["/upload", "/population", "/observed"];

fn pointers(problem: &serde_json::Value) -> Vec<String> {
    let errors = problem["errors"].as_array().expect("errors");
    let pointers = errors.iter().filter_map(|error| error["pointer"].as_str());
    pointers.map(str::to_owned).collect()
}

#[tokio::test]
async fn a_field_that_a_form_does_not_have_is_refused_and_changes_nothing() {
    let app = TestApp::one();
    let id = app.report("PC-1").stored().await;
    let upload = app.uploaded("pc-1.json", app.report("PC-1").line()).await;
    let cookie = app.sign_in().await;
    let log = async || {
        let log = app.request(Method::GET, "/api/v1/audit?limit=1");
        let log = Answer::to(log.header(header::COOKIE, &cookie)).await;
        log.ok("the log").json()["items"][0]["seq"].clone()
    };
    let before = log().await;
    let mut tried = 0;
    for route in table().iter().filter(|route| route.is_form()) {
        let path = address(route.path, &id, &upload);
        for more in MORE {
            // All that the form has, and one thing more.
            let sent = fields(route.path).iter().chain([&more]);
            let sent: Vec<String> = sent.map(|name| format!("{name}=1")).collect();
            for kind in ["application/x-www-form-urlencoded", "text/plain"] {
                let request = app
                    .request(Method::POST, &path)
                    .header(header::COOKIE, &cookie)
                    .header(header::CONTENT_TYPE, kind)
                    .body(sent.join("&"));
                let problem = Answer::to(request).await.problem(422);
                let found = pointers(&problem);
                assert!(found.contains(&format!("/{more}")), "{path}: {problem}");
            }
            tried += 1;
        }
        if IN_PARTS.contains(&route.path) {
            let file = "--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.json\"\r\n\r\n{}\r\n";
            let part = format!(
                "{file}--x\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n1\r\n--x--\r\n",
                MORE[0]
            );
            let request = app
                .request(Method::POST, &path)
                .header(header::COOKIE, &cookie)
                .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
                .body(part);
            let problem = Answer::to(request).await.problem(422);
            let found = pointers(&problem).join(" ");
            assert!(found.contains(MORE[0]), "{path}: {problem}");
        }
    }
    assert!(tried > 100, "{tried}");
    assert_eq!(log().await, before, "nothing was changed");
}

/// A field that a page has and the table has not would be refused to whoever uses the page.
#[test]
fn every_field_of_a_page_is_in_the_table() {
    let mut known: BTreeSet<&str> = table()
        .iter()
        .flat_map(|route| fields(route.path))
        .copied()
        .collect();
    // Those of forms that are sent in parts.
    known.extend([
        "file",
        "files",
        "list",
        "system",
        "site",
        "proxies",
        "another_system",
        "one_run",
    ]);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut seen = 0;
    for entry in fs::read_dir(folder).expect("the templates") {
        let path = entry.expect("an entry").path();
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        for form in text.split("<form ").skip(1) {
            let (form, _) = form.split_once("</form>").expect("its end");
            if !form.starts_with("method=\"post\"")
                && !form.starts_with("class=\"beside\" method=\"post\"")
            {
                continue;
            }
            for name in form.split(" name=\"").skip(1) {
                let (name, _) = name.split_once('"').expect("its end");
                let name = name.split("{{").next().expect("a start");
                assert!(
                    name.is_empty() || known.contains(name),
                    "{} has the field {name:?}, which is in no form of http/forms.rs",
                    path.display()
                );
                seen += 1;
            }
        }
    }
    assert!(seen > 60, "{seen}");
}
