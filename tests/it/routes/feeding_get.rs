//! `GET /feeding` and `GET /kit/{name}`: the page links every file of the kit, and each file arrives as it lies in the
//! repository.

use std::{collections::BTreeSet, fs, path::Path};

use cutover::{
    domain::facts::{Key, Reading},
    views::feeding::{CMPIVOT, CMPIVOT_SAMPLE},
};
use reqwest::{Method, header};

use crate::{
    foreign_files::read_text,
    support::{answer::Answer, app::TestApp},
};

/// Names of the files in `static/kit`.
fn kit() -> BTreeSet<String> {
    fs::read_dir(folder())
        .expect("the kit")
        .map(|entry| entry.expect("an entry").file_name())
        .map(|name| name.to_string_lossy().into_owned())
        .collect()
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("static/kit")
}

async fn asked(app: &TestApp, path: &str, cookie: &str, more: &[(&str, &str)]) -> Answer {
    let mut request = app
        .request(Method::GET, path)
        .header(header::COOKIE, cookie);
    for (name, value) in more {
        request = request.header(*name, *value);
    }
    Answer::to(request).await
}

#[tokio::test]
async fn every_file_of_the_kit_is_listed_and_comes_as_it_is() {
    let app = TestApp::one();
    let cookie = app.sign_in().await;
    let page = asked(&app, "/feeding", &cookie, &[]).await.ok("/feeding");
    assert!(kit().contains("cutover-collect.ps1"));
    for name in kit() {
        let path = format!("/kit/{name}");
        assert!(
            page.text().contains(&format!("href=\"{path}\"")),
            "{name} is linked"
        );
        let file = asked(&app, &path, &cookie, &[]).await.ok(&path);
        let on_disk = fs::read(folder().join(&name)).expect("a file");
        assert_eq!(file.body, on_disk, "{name}");
        for (header, value) in [
            ("content-type", "text/plain; charset=utf-8".to_owned()),
            (
                "content-disposition",
                format!("attachment; filename=\"{name}\""),
            ),
            ("x-content-type-options", "nosniff".to_owned()),
            ("cache-control", "private, no-cache".to_owned()),
        ] {
            assert_eq!(file.header(header), value, "{name}");
        }
    }
}

/// Where the page leads inside the kit and itself.
#[tokio::test]
async fn the_page_leads_nowhere_that_is_not_there() {
    let app = TestApp::one();
    let cookie = app.sign_in().await;
    let page = asked(&app, "/feeding", &cookie, &[]).await.text();
    let links: BTreeSet<&str> = page
        .split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|href| href.starts_with('/') && !href.starts_with("/static/"))
        .collect();
    assert!(links.len() > 8, "{links:?}");
    for href in links {
        asked(&app, href, &cookie, &[]).await.ok(href);
    }
}

#[tokio::test]
async fn a_file_that_is_known_is_not_sent_again() {
    let app = TestApp::one();
    let cookie = app.sign_in().await;
    let path = "/kit/cutover-collect.ps1";
    let tag = asked(&app, path, &cookie, &[]).await.header("etag");
    assert!(tag.starts_with("W/\""), "{tag}");
    let both = format!("\"another\", {tag}");
    for known in [tag.as_str(), "*", both.as_str()] {
        let answer = asked(&app, path, &cookie, &[("if-none-match", known)]).await;
        assert_eq!((answer.status, answer.body.len()), (304, 0), "{known}");
        assert_eq!(answer.header("etag"), tag);
    }
    let other = asked(&app, path, &cookie, &[("if-none-match", "W/\"other\"")]).await;
    assert_eq!(other.status, 200);
}

#[tokio::test]
async fn nothing_but_the_kit_is_there() {
    let app = TestApp::one();
    let cookie = app.sign_in().await;
    for path in [
        "/kit/none.ps1",
        "/kit/..%2Fapp.css",
        "/kit/CUTOVER-COLLECT.PS1",
    ] {
        let answer = asked(&app, path, &cookie, &[]).await;
        assert_eq!(answer.status, 404, "{path}");
    }
}

/// The sample has the columns that the query beside it asks for, and is read as the page says.
#[test]
fn the_sample_of_cmpivot_is_what_its_query_gives() {
    let query = CMPIVOT.first().expect("a query").text;
    let columns = query.split("project Device, ").skip(1).flat_map(|rest| {
        let end = rest.find([')', '\n']).unwrap_or(rest.len());
        let names = rest[..end].split(", ");
        names.map(|name| name.split(" = ").next().unwrap_or(name).trim())
    });
    let columns: Vec<&str> = std::iter::once("Device").chain(columns).collect();
    let heading = CMPIVOT_SAMPLE.lines().next().expect("a heading");
    assert_eq!(heading.split(',').collect::<Vec<_>>(), columns);
    let read = read_text("sample.csv", CMPIVOT_SAMPLE);
    assert_eq!(
        (read.readings.len(), read.refused.len()),
        (2, 0),
        "{read:#?}"
    );
    let value = |at: usize| {
        let facts = read.readings[at].report().facts;
        match facts
            .registry
            .value(Key::WinHttpWow64, "DefaultSecureProtocols")
        {
            Reading::Value(value) => format!("{:?}", value.data),
            Reading::Absent => "absent".to_owned(),
            Reading::NotCollected => "not collected".to_owned(),
        }
    };
    assert_eq!([value(0), value(1)], ["absent", "Number(2720)"]);
}
