//! Pages that call a client ready say where the way to its site is not.

use serde_json::json;

use super::served::page;
use crate::support::app::TestApp;

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
