//! Very many sites: a few dozen beside other numbers, with a word about the others, and all of them on their page.

use reqwest::{Method, header};

use crate::support::{answer::Answer, app::TestApp};

async fn page(app: &TestApp, cookie: &str, path: &str) -> String {
    let request = app
        .request(Method::GET, path)
        .header(header::COOKIE, cookie)
        .header(header::ACCEPT, "text/html");
    Answer::to(request).await.ok(path).text()
}

fn links(text: &str) -> usize {
    text.matches("<a href=\"/sites/S").count()
}

#[tokio::test]
async fn more_sites_than_a_page_holds_are_counted_and_have_a_page_of_their_own() {
    for app in TestApp::each().await {
        let mut list = "name,site\r\n".to_owned();
        for n in 0..450 {
            list.push_str(&format!("PC-{n},S{n:03}\r\n"));
        }
        // The last one has most that nobody has heard, and one has nobody left.
        list.push_str("MORE-1,S449\r\nMORE-2,S449\r\n");
        app.put_population("", list).await.ok("a list");
        app.report("PC-7").at_site("S007").stored().await;
        let cookie = app.sign_in().await;
        let home = page(&app, &cookie, "/").await;
        assert_eq!(links(&home), 40, "on {}", app.engine);
        assert!(
            home.contains(
                "<a href=\"/sites\">410 further sites, with fewer clients left than these</a>"
            ),
            "{home}"
        );
        assert!(home.contains("/sites/S449") && !home.contains("/sites/S007"));
        for path in ["/", "/clients", "/trend", "/fixes", "/exceptions"] {
            let text = page(&app, &cookie, path).await;
            let (_, choice) = text.split_once("<select name=\"site\">").expect(path);
            let (choice, _) = choice.split_once("</select>").expect(path);
            assert_eq!(choice.matches("<option").count(), 41, "{path}");
            assert!(
                text.contains("The choice has the 40 sites with most clients left; there are 410 further sites"),
                "{path}: {text}"
            );
        }
        // One that is chosen is there, whatever is left of it.
        let chosen = page(&app, &cookie, "/clients?site=S007").await;
        assert!(
            chosen.contains("<option value=\"S007\" selected>"),
            "{chosen}"
        );
        // All of them, page by page.
        let mut path = "/sites".to_owned();
        let mut seen = 0;
        for wanted in [200, 200, 50] {
            let text = page(&app, &cookie, &path).await;
            assert_eq!(links(&text), wanted, "{path}");
            seen += wanted;
            let next = format!("/sites?before={seen}");
            assert_eq!(
                text.contains(&format!("href=\"{next}\"")),
                seen < 450,
                "{path}"
            );
            path = next;
        }
        let text = page(&app, &cookie, "/sites").await;
        assert!(
            text.contains("450 sites, those with most clients left first; these are 1 to 200."),
            "{text}"
        );
        let first = text.find("/sites/S449").expect("the worst");
        assert!(first < text.find("/sites/S000").expect("another"));
        let behind = page(&app, &cookie, "/sites?before=400").await;
        assert!(behind.contains("/sites/S007") && !behind.contains("rel=\"next\""));
        // Somebody limited sees the sites of the limit only.
        let add = [
            "user",
            "add",
            "otto",
            "--role",
            "viewer",
            "--sites",
            "P01",
            "--password-stdin",
        ];
        let password = "brown horse, 4 legs";
        assert!(app.command(&add, &format!("{password}\n")).status.success());
        let otto = app.sign_in_as("otto", password).await;
        let text = page(&app, &otto, "/sites").await;
        assert!(
            text.contains("No site to list here.") && links(&text) == 0,
            "{text}"
        );
    }
}
