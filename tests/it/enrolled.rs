//! The pages of machines that sign their reports.

use reqwest::{Method, header};

use crate::support::{
    answer::Answer,
    app::{TestApp, encoded},
};

const PASSWORD: &str = "brown horse, 4 legs";

async fn ask(app: &TestApp, cookie: &str, method: Method, path: &str, form: &str) -> Answer {
    let request = app
        .request(method, path)
        .header(header::COOKIE, cookie)
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form.to_owned());
    Answer::to(request).await
}

async fn page(app: &TestApp, cookie: &str, path: &str) -> String {
    ask(app, cookie, Method::GET, path, "")
        .await
        .ok(path)
        .text()
}

/// The names on a page of the list, in order.
fn names(page: &str) -> Vec<String> {
    let links = page.split("<a href=\"/enrolled/").skip(1);
    links
        .filter_map(|rest| {
            Some(
                rest.split_once("<bdi>")?
                    .1
                    .split_once("</bdi>")?
                    .0
                    .to_owned(),
            )
        })
        .collect()
}

fn enrol(app: &TestApp, names: &str) {
    let file = app.data_dir().join("names.txt");
    std::fs::write(&file, names).expect("written");
    let file = file.display().to_string();
    let given = app.command(&["enrol", "--names-from", &file, "--why", "too old"], "");
    assert!(given.status.success(), "{given:?}");
}

#[expect(clippy::too_many_lines, reason = "one story")]
#[tokio::test]
async fn machines_are_found_page_by_page_and_one_is_revoked_with_a_reason() {
    for app in TestApp::each().await {
        let cookie = app.sign_in().await;
        let none = page(&app, &cookie, "/enrolled").await;
        assert!(
            none.contains("There is none yet.") && none.contains("cutover enrol"),
            "{none}"
        );
        let many: Vec<String> = (0..230)
            .map(|n| format!("PC-{n:03}.corp.example"))
            .collect();
        enrol(&app, &many.join("\n"));
        enrol(&app, "till_9\ntillx9\npc-007.corp.example\n");
        assert!(
            page(&app, &cookie, "/tokens")
                .await
                .contains("href=\"/enrolled\"")
        );

        // Everybody once, in order, over three pages.
        let mut all = Vec::new();
        let mut path = "/enrolled".to_owned();
        for _ in 0..3 {
            let text = page(&app, &cookie, &path).await;
            assert!(text.contains("232 keys of 232 machines hold."), "{text}");
            all.extend(names(&text));
            let next = text.split("rel=\"next\" href=\"").nth(1);
            path = next
                .and_then(|rest| rest.split('"').next())
                .unwrap_or_default()
                .replace("&#38;", "&")
                .replace("&amp;", "&");
        }
        assert_eq!((all.len(), path.as_str()), (232, ""), "on {}", app.engine);
        assert!(
            all.is_sorted() && all[7] == "pc-007.corp.example",
            "{all:?}"
        );

        // Parts of names are meant as they are written, in any case.
        let found =
            async |query: &str| names(&page(&app, &cookie, &format!("/enrolled?{query}")).await);
        assert_eq!(found("q=LL_").await, ["till_9"]);
        assert_eq!(found("q=%25").await, Vec::<String>::new());
        assert_eq!(found("q=pc-22").await.len(), 10);
        let wrong = ask(&app, &cookie, Method::GET, "/enrolled?nonsense=1", "").await;
        assert_eq!(wrong.status, 422, "{}", wrong.text());

        // One of them, which has its second key.
        let one = "/enrolled/pc-007.corp.example";
        let text = page(&app, &cookie, one).await;
        assert!(text.contains("Signs with its key 2"), "{text}");
        let revoke = format!("{one}/revoke");
        for form in ["", "why=it+was+scrapped"] {
            let asked = ask(&app, &cookie, Method::POST, &revoke, form).await;
            assert!(asked.ok("asked first").text().contains("Make its key void"));
        }
        let bare = ask(&app, &cookie, Method::POST, &revoke, "confirm=1&why=").await;
        assert_eq!(bare.status, 422, "{}", bare.text());
        assert_eq!(found("state=void").await, Vec::<String>::new());
        let form = format!("confirm=1&why={}", encoded("it was scrapped <b>"));
        let done = ask(&app, &cookie, Method::POST, &revoke, &form).await;
        assert_eq!((done.status, done.header("location").as_str()), (303, one));
        assert_eq!(found("state=void").await, ["pc-007.corp.example"]);
        assert_eq!(found("state=holds&q=pc-007").await, Vec::<String>::new());
        let text = page(&app, &cookie, one).await;
        assert!(
            text.contains("Its key 2 is void") && !text.contains("/revoke"),
            "{text}"
        );
        let path = "/api/v1/audit?deed=machine.revoke";
        let log = ask(&app, &cookie, Method::GET, path, "").await;
        let log = log.ok("the log").json();
        let entry = &log["items"][0];
        assert_eq!(
            (&entry["subject"], &entry["why"]),
            (&"pc-007.corp.example".into(), &"it was scrapped <b>".into()),
            "{log}"
        );
        let unknown = ask(&app, &cookie, Method::GET, "/enrolled/nobody", "").await;
        assert_eq!(unknown.status, 404);

        // Who looks after others reads and changes nothing; who may see one site only does not even read.
        app.add_user("aude", "auditor", PASSWORD);
        let aude = app.sign_in_as("aude", PASSWORD).await;
        assert!(
            page(&app, &aude, "/audit")
                .await
                .contains("href=\"/enrolled\"")
        );
        assert_eq!(names(&page(&app, &aude, "/enrolled").await).len(), 100);
        let other = "/enrolled/till_9";
        assert!(!page(&app, &aude, other).await.contains("/revoke"));
        let refused = ask(&app, &aude, Method::POST, &format!("{other}/revoke"), &form).await;
        assert_eq!(refused.status, 403);
        let limited = [
            "user",
            "add",
            "lim",
            "--role",
            "auditor",
            "--sites",
            "P01",
            "--password-stdin",
        ];
        assert!(
            app.command(&limited, &format!("{PASSWORD}\n"))
                .status
                .success()
        );
        let limited = app.sign_in_as("lim", PASSWORD).await;
        for path in ["/enrolled", other] {
            assert_eq!(ask(&app, &limited, Method::GET, path, "").await.status, 403);
        }
    }
}
