//! Signing in and out, and tokens that are taken back.

use std::time::{Duration, Instant};

use reqwest::{Method, header};

use crate::support::{
    answer::{Answer, assert_reveals_nothing},
    app::TestApp,
};

#[tokio::test]
async fn a_failed_sign_in_does_not_say_what_was_wrong() {
    for app in TestApp::each().await {
        let unknown = app
            .post_form("/sign-in", "user=nobody&password=0123456789ab&next=")
            .await;
        let wrong = app
            .post_form("/sign-in", "user=admin&password=0123456789ab&next=")
            .await;
        assert_eq!((unknown.status, wrong.status), (401, 401), "{}", app.engine);
        // The frame says what time it is.
        let main = |answer: &Answer| {
            let text = answer.text();
            let (_, main) = text.split_once("<main").expect("the page");
            main.split("</main>").next().expect("its end").to_owned()
        };
        assert_eq!(main(&unknown).replace("nobody", "admin"), main(&wrong));
        assert!(wrong.header("set-cookie").is_empty());
        // An address has five attempts at once; what no account can have costs none.
        for form in [
            "user=&password=&next=".to_owned(),
            "user=admin%00&password=x&next=".to_owned(),
            format!("user=admin&password={}&next=", "x".repeat(2_000)),
            format!("user={}&password=x&next=", "x".repeat(2_000)),
            "user=admin%27%20OR%201%3D1--&password=x&next=".to_owned(),
        ] {
            let answer = app.post_form("/sign-in", &form).await;
            assert_eq!(answer.status, 401, "{form:.60}: {}", answer.text());
        }
        // What is no such form, and what is far too large for one.
        for (form, statuses) in [
            ("user=admin".to_owned(), [400, 422]),
            (String::new(), [400, 422]),
            (
                format!("user=admin&password={}", "x".repeat(1 << 20)),
                [413, 413],
            ),
        ] {
            let answer = app.post_form("/sign-in", &form).await;
            assert!(
                statuses.contains(&answer.status),
                "{form:.60}: {}",
                answer.status
            );
            assert_reveals_nothing(&answer.text());
        }
    }
}

#[tokio::test]
async fn a_session_starts_fresh_is_well_guarded_and_ends_when_it_is_told_to() {
    for app in TestApp::each().await {
        let planted = "__Host-cutover=planted-by-somebody";
        let signing_in = app
            .request(Method::POST, "/sign-in")
            .header(header::COOKIE, planted)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(format!(
                "user=admin&password={}&next=//evil.example",
                app.password
            ));
        let answer = Answer::to(signing_in).await;
        assert_eq!(
            (answer.status, answer.header("location").as_str()),
            (303, "/"),
            "{}",
            app.engine
        );
        let set = answer.header("set-cookie");
        for word in [
            "__Host-cutover=",
            "HttpOnly",
            "Secure",
            "SameSite=Lax",
            "Path=/",
        ] {
            assert!(set.contains(word), "{word}: {set}");
        }
        let cookie = set.split(';').next().expect("a cookie");
        assert_ne!(cookie, planted);
        let status = async |cookie: &str| {
            let request = app
                .request(Method::GET, "/method")
                .header(header::COOKIE, cookie);
            Answer::to(request).await.status
        };
        assert_eq!((status(cookie).await, status(planted).await), (200, 401));
        let other = app.sign_in().await;
        let out = app
            .request(Method::POST, "/sign-out")
            .header(header::COOKIE, cookie);
        assert_eq!(Answer::to(out).await.status, 303);
        assert_eq!(
            (status(cookie).await, status(&other).await),
            (401, 200),
            "only that session ended"
        );
        // A new password ends the others.
        let set = app.command(
            &["user", "set-password", "admin"],
            "another password, longer\n",
        );
        assert!(set.status.success(), "{set:?}");
        assert_eq!(status(&other).await, 401);
    }
}

#[tokio::test]
async fn a_token_that_is_revoked_stops_working_within_seconds() {
    for app in TestApp::each().await {
        let token = app.make_token("ingest", "stolen");
        let id = app.token_id("stolen");
        let report = app.report("PC-1").line();
        let send = async || {
            let request = app
                .request(Method::POST, "/api/v1/reports")
                .bearer_auth(&token)
                .body(report.clone());
            Answer::to(request).await.status
        };
        assert_eq!(send().await, 200);
        let revoked = app.command(&["token", "revoke", &id], "");
        assert!(revoked.status.success(), "{revoked:?}");
        let deadline = Instant::now() + Duration::from_secs(30);
        while send().await != 401 {
            assert!(
                Instant::now() < deadline,
                "a revoked token still works on {}",
                app.engine
            );
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        app.report("PC-2").send().await.ok("the others still work");
    }
}
