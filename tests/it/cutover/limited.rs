//! Whoever may see some sites only sees scopes that lie wholly in them, and no name of anybody else.

use reqwest::{Method, header};

use super::served::{moved, page, post, scope};
use crate::support::{answer::Answer, app::TestApp, report::HOUR};

const PASSWORD: &str = "brown horse, 4 legs";

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one step after the other")]
async fn scopes_of_other_sites_are_not_there_and_nobody_else_is_named() {
    for app in TestApp::each().await {
        app.report("OURS-1").windows7_untouched().stored().await;
        app.report("THEIRS-1")
            .windows7_untouched()
            .at_site("P02")
            .stored()
            .await;
        let admin = app.sign_in().await;
        let add = ["user", "add", "pat", "--role", "approver", "--sites", "P01"];
        assert!(app.command(&add, "").status.success());
        let set = app.command(&["user", "set-password", "pat"], &format!("{PASSWORD}\n"));
        assert!(set.status.success(), "{set:?}");
        let pat = app.sign_in_as("pat", PASSWORD).await;
        let token = app.command(
            &[
                "token",
                "create",
                "--purpose",
                "read",
                "--name",
                "p01",
                "--sites",
                "P01",
            ],
            "",
        );
        let token = String::from_utf8(token.stdout)
            .expect("text")
            .trim()
            .to_owned();
        let by_token = async |path: &str| {
            let request = app
                .request(Method::GET, path)
                .header(header::AUTHORIZATION, format!("Bearer {token}"));
            Answer::to(request).await
        };
        let mut decisions = Vec::new();
        for (name, sites) in [("Ours", "P01"), ("Both", "P01%2C+P02"), ("All", "")] {
            let form = format!("name={name}&sites={sites}&tls10=1&freshness_days=14");
            let made = post(&app, &admin, "/cutover", &form).await;
            assert_eq!(made.status, 303, "{}", made.text());
            let scope = made.header("location");
            let id = scope.rsplit('/').next().expect("an id").to_owned();
            let run = post(&app, &admin, &format!("{scope}/run"), "").await;
            let run = run.header("location");
            let most = &app.json(&format!("/api/v1/scopes/{id}/what-if")).await["most"];
            let form = format!("decided=no_go&seen_go=0&seen_most={most}&why=Too+early");
            let made = post(&app, &admin, &format!("{scope}/decide"), &form).await;
            decisions.push((name, scope, run, made.header("location")));
        }
        for (name, scope, run, decision) in &decisions {
            let seen = *name == "Ours";
            let board = scope.replace("/cutover/", "/board/");
            for path in [
                scope.clone(),
                board,
                run.clone(),
                format!("{run}/names.csv"),
                decision.clone(),
                format!("{decision}/after"),
                format!("{decision}/record"),
                format!("{decision}/sheet"),
            ] {
                let request = app.request(Method::GET, &path).header(header::COOKIE, &pat);
                let answer = Answer::to(request).await;
                assert_eq!(
                    answer.status,
                    if seen { 200 } else { 404 },
                    "{name} {path}: {}",
                    answer.text()
                );
                assert!(!answer.text().contains("THEIRS-1"), "{path}");
            }
            let id = scope.rsplit('/').next().expect("an id");
            let number = decision.rsplit('/').next().expect("a number");
            for path in [
                format!("/api/v1/scopes/{id}/what-if"),
                format!("/api/v1/decisions/{number}"),
                format!("/api/v1/decisions/{number}/after"),
            ] {
                let answer = by_token(&path).await;
                assert_eq!(answer.status, if seen { 200 } else { 404 }, "{name} {path}");
            }
            for (deed, form) in [
                ("run", ""),
                ("decide", "why=because"),
                ("say", "note=because"),
                ("limits", "why=because"),
            ] {
                let answer = post(&app, &pat, &format!("{scope}/{deed}"), form).await;
                assert_eq!(
                    answer.status == 404,
                    !seen,
                    "{name} {deed}: {}",
                    answer.text()
                );
            }
        }
        let list = page(&app, &pat, "/cutover").await;
        assert!(
            list.contains("Ours") && !list.contains("Both") && !list.contains("P02"),
            "{list}"
        );
        for (path, length) in [("/api/v1/scopes", 1), ("/api/v1/decisions", 1)] {
            let items = by_token(path).await.ok(path).json();
            assert_eq!(
                items["items"].as_array().map(Vec::len),
                Some(length),
                "{items}"
            );
        }
        // Nobody makes a scope that reaches further than they see.
        for sites in ["", "P02", "P01%2CP02"] {
            let form = format!("name=Mine&sites={sites}&tls10=1&freshness_days=14");
            let made = post(&app, &pat, "/cutover", &form).await;
            assert_eq!(made.status, 422, "{sites}: {}", made.text());
        }
        // A client whose site is not known may belong to it: it counts, and is not named.
        app.report("LOST-1")
            .windows7_untouched()
            .set("/client/site_code", serde_json::Value::Null)
            .set("/client/resource_id", serde_json::Value::Null)
            .stored()
            .await;
        let (_, scope, ..) = &decisions[0];
        let run = post(&app, &pat, &format!("{scope}/run"), "").await;
        assert_eq!(run.status, 303, "{}", run.text());
        let run = run.header("location");
        let id = scope.rsplit('/').next().expect("an id");
        let now = by_token(&format!("/api/v1/scopes/{id}/what-if")).await;
        let now = now.ok("what if").json();
        assert_eq!(now["tally"]["because"]["unplaced"], 1, "{now}");
        let form = format!(
            "decided=no_go&seen_go=0&seen_most={}&why=Too+early",
            now["most"]
        );
        let made = post(&app, &pat, &format!("{scope}/decide"), &form).await;
        assert_eq!(made.status, 303, "{}", made.text());
        let decision = made.header("location");
        for path in [
            scope.clone(),
            format!("{run}/names.csv"),
            run,
            decision.clone(),
            format!("{decision}/after"),
        ] {
            let text = page(&app, &pat, &path).await;
            assert!(!text.contains("LOST-1"), "{path}: {text}");
            assert!(
                page(&app, &admin, &path).await.contains("LOST-1") || path.ends_with("after"),
                "{path}"
            );
        }
        for part in ["record", "sheet"] {
            let path = format!("{decision}/{part}");
            for (cookie, status) in [(&pat, 403), (&admin, 200)] {
                let request = app
                    .request(Method::GET, &path)
                    .header(header::COOKIE, cookie);
                assert_eq!(Answer::to(request).await.status, status, "{path}");
            }
        }
        // What has changed since is compared without a name of somebody else.
        app.report("LOST-2")
            .windows7_untouched()
            .set("/client/site_code", serde_json::Value::Null)
            .set("/client/resource_id", serde_json::Value::Null)
            .stored()
            .await;
        let text = page(&app, &pat, &decision).await;
        assert!(
            text.contains("+1 / 0") && !text.contains("LOST-2"),
            "{text}"
        );
        assert!(page(&app, &admin, &decision).await.contains("LOST-2"));
        // A scope that was wider shows nothing of what it was then.
        let (_, both, run, record) = &decisions[1];
        let id = both.rsplit('/').next().expect("an id");
        moved(&app, id, "sites = 'P01'").await;
        let board = page(&app, &pat, both).await;
        let number = record.rsplit('/').next().expect("a number");
        assert!(
            !board.contains(run.as_str()) && !board.contains(&format!("Record {number}")),
            "{board}"
        );
        assert!(page(&app, &admin, both).await.contains(run.as_str()));
        let request = app.request(Method::GET, run).header(header::COOKIE, &pat);
        assert_eq!(Answer::to(request).await.status, 404);
    }
}

#[tokio::test]
async fn who_left_for_another_site_counts_and_nothing_is_told_of_that_site() {
    for app in TestApp::each().await {
        let old = || app.report("OLD-1").windows7_untouched();
        app.report("PC-1").stored().await;
        old().collected(-HOUR).stored().await;
        old().at_site("P02").stored().await;
        let list = "name,site,owner\r\nPC-1,P01,Ward\r\nOLD-1,P02,Foundry\r\n";
        app.put_agreed("", list).await.ok("a list");
        let admin = app.sign_in().await;
        let scope = scope(&app, &admin, "").await;
        let run = post(&app, &admin, &format!("{scope}/run"), "").await;
        let run = run.header("location");
        let words = [
            "user",
            "add",
            "pat",
            "--role",
            "approver",
            "--sites",
            "P01",
            "--password-stdin",
        ];
        let added = app.command(&words, &format!("{PASSWORD}\n"));
        assert!(added.status.success(), "{added:?}");
        let pat = app.sign_in_as("pat", PASSWORD).await;
        let id = scope.rsplit('/').next().expect("an id");
        let api = format!("/api/v1/scopes/{id}/what-if");
        for path in [
            scope.clone(),
            scope.replace("/cutover/", "/board/"),
            run.clone(),
            format!("{run}/names.csv"),
            api,
        ] {
            let told = page(&app, &admin, &path).await;
            assert!(told.contains("P02"), "{path} on {}: {told}", app.engine);
            let text = page(&app, &pat, &path).await;
            for secret in ["P02", "OLD-1", "Foundry"] {
                assert!(
                    !text.contains(secret),
                    "{secret} in {path} on {}: {text}",
                    app.engine
                );
            }
        }
        let text = page(&app, &pat, &run).await;
        assert!(text.contains("sites that you do not see"), "{text}");
    }
}
