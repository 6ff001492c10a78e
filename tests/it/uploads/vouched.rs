//! A word on who read the registry, where files do not say it: given with the upload, lost nowhere, and how rows stand by
//! themselves before anything is stored.

use std::fs;

use reqwest::{Method, header};
use serde_json::{Value, json};

use super::{id, rows, stored};
use crate::support::{answer::Answer, app::TestApp, report::from_now};

/// Joined results of CMPivot: one that is ready when its values are the native ones, one that blocks then, and one that
/// blocks whoever read it.
pub const RUN: &str = "Device,Caption,Version,BuildNumber,ProductType,OSArchitecture,Asked_WinHttpNative,Asked_WinHttpWow64,Asked_Tls12ClientEnabled,Asked_Tls12ClientDisabledByDefault,Asked_NetRelease,Asked_NetV4NativeSystemDefaultTlsVersions,Asked_NetV4NativeSchUseStrongCrypto,Asked_NetV4Wow64SystemDefaultTlsVersions,Asked_NetV4Wow64SchUseStrongCrypto\r\n\
TAB-01,Microsoft Windows 10 Pro,10.0.19045,19045,1,64-bit,2720,2720,1,0,533320,1,1,1,1\r\n\
TAB-02,Microsoft Windows 10 Pro,10.0.19045,19045,1,64-bit,128,2720,1,0,533320,1,1,1,1\r\n\
TAB-03,Microsoft Windows 10 Pro,10.0.19045,19045,1,64-bit,2720,128,1,0,533320,1,1,1,1\r\n";

const OPEN: &str = "These values were read by 64-bit programs: read again";

fn query(more: &str) -> String {
    format!("?name=run.csv&collected_at={}{more}", from_now(-3_600_000))
}

async fn page(app: &TestApp, cookie: &str, path: &str) -> String {
    let asked = app
        .request(Method::GET, path)
        .header(header::COOKIE, cookie);
    Answer::to(asked).await.ok(path).text()
}

async fn press(app: &TestApp, cookie: &str, upload: &Value, what: &str, form: String) -> String {
    let request = app
        .request(Method::POST, &format!("/uploads/{}/{what}", id(upload)))
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form);
    let answer = Answer::to(request).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("location").clone()
}

async fn standings(app: &TestApp) -> [Value; 3] {
    let summary = app.json("/api/v1/summary").await;
    ["ready", "blocking", "undetermined"].map(|name| summary["standings"][name].clone())
}

#[tokio::test]
async fn the_preview_says_how_rows_stand_and_one_button_says_who_read_them() {
    for app in TestApp::each().await {
        let cookie = app.sign_in().await;
        let preview = app.upload(&query(""), RUN).await;
        assert_eq!(
            preview["by_itself"],
            json!({"blocking": 1, "undetermined": 2}),
            "{preview}"
        );
        assert_eq!(preview["lacks"], json!({"view": 2}));
        let own = format!("/uploads/{}", id(&preview));
        let html = page(&app, &cookie, &own).await;
        for words in [
            OPEN,
            "1 blocking</a>",
            "0 ready</a>",
            "2 undetermined</a>",
            "of <a href=\"",
            ">2 rows</a>. Without that word they stay undetermined",
            "as if nothing else were known",
        ] {
            assert!(html.contains(words), "{words}: {html}");
        }
        // Every number is a link to the list behind it, and the API has the same one.
        for (filter, expected) in [
            ("by_itself=undetermined", &["TAB-01", "TAB-02"][..]),
            ("by_itself=blocking", &["TAB-03"]),
            ("by_itself=ready", &[]),
            ("lacks=view", &["TAB-01", "TAB-02"]),
        ] {
            let asked = app.uploads(Method::GET, &format!("/{}/rows?{filter}", id(&preview)));
            let list = Answer::to(asked).await.ok(filter).json();
            let names: Vec<&str> = list["items"]
                .as_array()
                .expect("items")
                .iter()
                .map(|row| row["name"].as_str().expect("a name"))
                .collect();
            assert_eq!(names, expected, "{filter} on {}", app.engine);
            let html = page(&app, &cookie, &format!("{own}?{filter}")).await;
            for name in ["TAB-01", "TAB-02", "TAB-03"] {
                let listed = html.contains(&format!("<bdi>{name}</bdi>"));
                assert_eq!(listed, expected.contains(&name), "{filter}: {html}");
            }
        }
        let place = press(&app, &cookie, &preview, "vouch", String::new()).await;
        assert_eq!(place, own);
        let vouched = app.settled(id(&preview)).await;
        assert_eq!(vouched["options"]["read_by_64_bit"], json!(true));
        assert_eq!(vouched["collected_at"], preview["collected_at"]);
        assert_eq!(
            vouched["by_itself"],
            json!({"blocking": 2, "ready": 1}),
            "{vouched}"
        );
        assert_eq!(vouched["lacks"], json!({"view": 0}));
        let html = page(&app, &cookie, &own).await;
        assert!(!html.contains(OPEN), "{html}");
        assert!(html.contains("It was said with this upload"), "{html}");
        let done = stored(&app, &vouched).await;
        for row in rows(&app, &done).await {
            assert_eq!(row["standing"], row["by_itself"], "{row}");
        }
        assert_eq!(standings(&app).await, [1, 2, 0].map(|n| json!(n)));
        let html = page(&app, &cookie, &own).await;
        assert!(html.contains("It was said with this upload"), "{html}");
    }
}

#[tokio::test]
async fn what_is_ticked_and_not_read_yet_is_not_dropped_by_storing() {
    for app in TestApp::each().await {
        let cookie = app.sign_in().await;
        let preview = app.upload(&query(""), RUN).await;
        let at = preview["collected_at"].as_str().expect("a time");
        let form = |more: &str| {
            format!(
                "format=&collected_at={at}&dates=&device=&key=&asked=&save_as=&meaning-0=device.name{more}"
            )
        };
        let place = press(&app, &cookie, &preview, "commit", form("&read_by_64_bit=1")).await;
        assert!(place.ends_with("?again=1"), "{place}");
        let read = app.settled(id(&preview)).await;
        assert_eq!(read["state"], "preview", "read and shown first: {read}");
        assert_eq!(read["by_itself"], json!({"blocking": 2, "ready": 1}));
        let html = page(&app, &cookie, &place).await;
        assert!(
            html.contains("read once more instead of being stored"),
            "{html}"
        );
        // A form that says what was read stores it, and so does none.
        let place = press(&app, &cookie, &preview, "commit", form("&read_by_64_bit=1")).await;
        assert!(!place.contains('?'), "{place}");
        let done = app.settled(id(&preview)).await;
        assert_eq!(done["state"], "done", "{done}");
        assert_eq!(standings(&app).await, [1, 2, 0].map(|n| json!(n)));
        // Taken back before storing, it is not vouched for.
        let other = app.upload(&query("&read_by_64_bit=true"), RUN).await;
        press(&app, &cookie, &other, "commit", form("")).await;
        let read = app.settled(id(&other)).await;
        assert_eq!(
            (&read["state"], &read["lacks"]["view"]),
            (&json!("preview"), &json!(2))
        );
        press(&app, &cookie, &other, "commit", String::new()).await;
        assert_eq!(app.settled(id(&other)).await["state"], "done");
    }
}

#[tokio::test]
async fn reading_in_another_way_keeps_the_word_and_saved_meanings_do_not_hold_it() {
    let app = TestApp::one();
    let cookie = app.sign_in().await;
    let preview = app.upload(&query("&read_by_64_bit=true"), RUN).await;
    let form = format!(
        "collected_at={}&read_by_64_bit=1&save_as=ours",
        from_now(-3_600_000)
    );
    press(&app, &cookie, &preview, "again", form).await;
    let read = app.settled(id(&preview)).await;
    assert_eq!(
        read["by_itself"],
        json!({"blocking": 2, "ready": 1}),
        "{read}"
    );
    let by_name = app.upload(&query("&mapping=ours"), RUN).await;
    assert_eq!(by_name["lacks"], json!({"view": 2}), "{by_name}");
}

#[tokio::test]
async fn programs_and_commands_can_say_it_and_what_lies_on_a_share_only_when_told() {
    for app in TestApp::each().await {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("run.csv");
        fs::write(&file, RUN).expect("written");
        let file = file.display().to_string();
        let url = format!("https://{}", app.address);
        let ca = app.certificate().display().to_string();
        let through = [
            "--server",
            &url,
            "--ca",
            &ca,
            "--token",
            app.token("import"),
        ];
        let drop_box = folder.path().join("share");
        fs::create_dir(&drop_box).expect("a folder");
        let sweep = |more: &[&str]| {
            fs::write(drop_box.join("run.csv"), RUN).expect("written");
            let place = drop_box.display().to_string();
            let mut command = vec!["sweep", &place, "--once", "--settle", "0"];
            command.extend(through);
            command.extend(more);
            let output = app.command(&command, "");
            assert!(output.status.success(), "{output:?}");
        };
        sweep(&[]);
        assert_eq!(standings(&app).await, [0, 1, 2].map(|n| json!(n)));
        sweep(&["--read-by-64-bit"]);
        assert_eq!(standings(&app).await, [1, 2, 0].map(|n| json!(n)));
        for ways in [&[][..], &through] {
            for more in [&[][..], &["--read-by-64-bit"]] {
                let mut command = vec!["import", &file];
                command.extend(ways);
                command.extend(more);
                let output = app.command(&command, "");
                assert!(output.status.success(), "{output:?}");
                let list = app.uploads(Method::GET, "?limit=1");
                let list = Answer::to(list).await.ok("a list").json();
                if !ways.is_empty() {
                    let said = &list["items"][0]["options"]["read_by_64_bit"];
                    assert_eq!(
                        *said,
                        if more.is_empty() {
                            json!(null)
                        } else {
                            json!(true)
                        }
                    );
                }
            }
        }
        assert_eq!(standings(&app).await, [1, 2, 0].map(|n| json!(n)));
        let wrong = app.uploads(Method::POST, &query("&read_by_64_bit=perhaps"));
        Answer::to(wrong.body(RUN)).await.problem(422);
    }
}

#[tokio::test]
async fn the_parts_of_a_preview_are_filters_one_at_a_time() {
    let app = TestApp::one();
    let preview = app.upload(&query(""), RUN).await;
    for wrong in [
        "by_itself=good",
        "lacks=everything",
        "lacks=view&by_itself=ready",
    ] {
        let asked = app.uploads(Method::GET, &format!("/{}/rows?{wrong}", id(&preview)));
        Answer::to(asked).await.problem(422);
    }
}
