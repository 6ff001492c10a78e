//! Pages that call a client ready say where the way to its site is not.

use serde_json::json;

use super::served::{page, post};
use crate::support::{app::TestApp, report::HOUR};

const SAYS: &str = "Clients of this site that are ready may lose contact all the same";

#[tokio::test]
async fn who_is_ready_behind_a_site_system_that_is_not_is_told_so() {
    for app in TestApp::each().await {
        let cookie = app.sign_in().await;
        let ready = app.report("PC-1").stored().await;
        let old = app.report("PC-2").windows7_untouched().stored().await;
        let elsewhere = app.report("PC-3").at_site("P02").stored().await;
        let system = |name: &str, role: &str| {
            let report = app.report(name).without_registry();
            report.set("/client/roles", json!([role]))
        };
        // Content may be lost with it, and not the way.
        system("DP-1", "distribution_point").stored().await;
        for path in [format!("/clients/{ready}"), "/sites/P01".to_owned()] {
            let text = page(&app, &cookie, &path).await;
            assert!(!text.contains(SAYS), "{path}: {text}");
        }
        let home = page(&app, &cookie, "/").await;
        assert!(!home.contains("may lose contact"), "{home}");
        let point = system("MP-1", "management_point").stored().await;
        let named = format!("<a href=\"/clients/{point}\"><bdi>MP-1</bdi></a> (management point; ");
        for (path, told) in [
            (format!("/clients/{ready}"), true),
            ("/sites/P01".to_owned(), true),
            // It blocks, and says so itself.
            (format!("/clients/{old}"), false),
            (format!("/clients/{elsewhere}"), false),
            ("/sites/P02".to_owned(), false),
        ] {
            let text = page(&app, &cookie, &path).await;
            assert_eq!(text.contains(SAYS), told, "{path}: {text}");
            assert_eq!(text.contains(&named), told, "{path}: {text}");
        }
        let home = page(&app, &cookie, "/").await;
        let line = "1 machine of the role management point is not ready, or nobody can say: clients that are ready and depend on it may lose contact</a>";
        assert!(home.contains(line), "{home}");
        // The number is the length of its list.
        let (before, _) = home.split_once(line).expect("the line");
        let (_, href) = before.rsplit_once("href=\"").expect("a link");
        let path = href
            .trim_end_matches("\">")
            .replace("&#38;", "&")
            .replace("&amp;", "&");
        let list = page(&app, &cookie, &path).await;
        assert!(list.contains("MP-1") && !list.contains("DP-1"), "{list}");
    }
}

#[tokio::test]
async fn a_machine_that_only_a_list_calls_a_management_point_is_in_the_way_until_it_was_judged_as_one()
 {
    for app in TestApp::each().await {
        let cookie = app.sign_in().await;
        let ready = app.report("PC-1").stored().await;
        app.report("PC-3").at_site("P02").stored().await;
        // Ready as a client: nobody asked what it is.
        let point = app.report("MP-1").stored().await;
        let pages = [format!("/clients/{ready}"), "/sites/P01".to_owned()];
        for path in &pages {
            assert!(!page(&app, &cookie, path).await.contains(SAYS), "{path}");
        }
        let list = "name,site,roles\r\nPC-1,P01,\r\nPC-3,P02,\r\nMP-1,P01,SMS Management Point\r\n";
        app.put_agreed("", list).await.ok("a list");
        let named = format!(
            "<a href=\"/clients/{point}\"><bdi>MP-1</bdi></a> (management point; ready, but not judged with that role)"
        );
        for path in &pages {
            let text = page(&app, &cookie, path).await;
            assert!(text.contains(SAYS), "{path} on {}: {text}", app.engine);
            assert!(text.contains(&named), "{path} on {}: {text}", app.engine);
        }
        let other = page(&app, &cookie, "/sites/P02").await;
        assert!(!other.contains(SAYS), "{other}");
        // It says that it went elsewhere: the list has it here.
        let away = app.report("MP-1").at_site("Q99").collected(HOUR / 60);
        away.stored().await;
        for path in &pages {
            let text = page(&app, &cookie, path).await;
            let somewhere = "does not count as ready: 1 machine that may stand here.";
            assert!(text.contains(somewhere), "{path} on {}: {text}", app.engine);
            assert!(!text.contains("<bdi>MP-1</bdi>"), "{path}: {text}");
        }
        // Nor does a list that follows it there take it out of the way here, before somebody has looked.
        let followed = list.replace("MP-1,P01", "MP-1,Q99");
        app.put_agreed("", followed).await.ok("a list");
        for path in &pages {
            let text = page(&app, &cookie, path).await;
            let somewhere = "does not count as ready: 1 machine that may stand here.";
            assert!(text.contains(somewhere), "{path} on {}: {text}", app.engine);
        }
    }
}

#[tokio::test]
async fn a_planned_day_that_has_gone_by_is_told() {
    let says = |day: &str| format!("The planned day, {day}, has gone by.");
    for app in TestApp::each().await {
        let cookie = app.sign_in().await;
        app.report("PC-1").stored().await;
        for (day, told) in [("2026-01-31", true), ("9998-01-31", false)] {
            let form = format!("name=On+{day}&sites=P01&tls10=1&freshness_days=14&planned={day}");
            let made = post(&app, &cookie, "/cutover", &form).await;
            assert_eq!(made.status, 303, "{}", made.text());
            let text = page(&app, &cookie, &made.header("location")).await;
            assert_eq!(text.contains(&says(day)), told, "{day}: {text}");
        }
    }
}
