//! Signing in is slowed where it fails, and nowhere else.

use reqwest::{Method, header};

use crate::support::{
    answer::Answer,
    app::{TestApp, encoded},
};

const PASSWORD: &str = "brown horse, 4 legs";

/// Tries to sign in, as if from an address.
async fn attempt(app: &TestApp, from: &str, name: &str, password: &str) -> Answer {
    let form = format!("user={}&password={}", encoded(name), encoded(password));
    let request = app
        .request(Method::POST, "/sign-in")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("x-forwarded-for", from)
        .body(form);
    Answer::to(request).await
}

#[tokio::test]
async fn who_fails_waits_and_keeps_nobody_else_out() {
    let arguments = ["--rate-limit", "0", "--trusted-proxies", "127.0.0.1/32"];
    for app in TestApp::each_with(&arguments).await {
        app.add_user("ines", "viewer", PASSWORD);
        for _ in 0..3 {
            let wrong = attempt(&app, "203.0.113.9", "admin", "not the one").await;
            assert_eq!(wrong.status, 401, "{}", app.engine);
        }
        // Right or wrong: nothing is looked at now.
        let slowed = attempt(&app, "203.0.113.9", "admin", &app.password).await;
        assert_eq!(slowed.status, 429, "{}", slowed.text());
        let wait: u64 = slowed.header("retry-after").parse().expect("seconds");
        assert!((1..=5).contains(&wait), "{wait}");
        assert!(
            slowed
                .text()
                .contains("Too many attempts from this address failed. Wait ")
        );
        // Somebody else from there, and the same person from elsewhere.
        assert_eq!(
            attempt(&app, "203.0.113.9", "ines", PASSWORD).await.status,
            303
        );
        assert_eq!(
            attempt(&app, "198.51.100.2", "admin", &app.password)
                .await
                .status,
            303
        );
        // Names that nobody has are slowed alike.
        for _ in 0..3 {
            let wrong = attempt(&app, "203.0.113.77", "nobody", "not the one").await;
            assert_eq!(wrong.status, 401);
        }
        let slowed = attempt(&app, "203.0.113.77", "nobody", "not the one").await;
        assert_eq!(slowed.status, 429);
        // The bucket of an address, whatever the names.
        for n in 0..5 {
            let wrong = attempt(&app, "203.0.113.88", &format!("n{n}"), "not the one").await;
            assert_eq!(wrong.status, 401);
        }
        let slowed = attempt(&app, "203.0.113.88", "n9", "not the one").await;
        assert_eq!(slowed.status, 429);
        // Programs go on.
        app.report("PC-1").send().await.ok("a report");
    }
}

#[tokio::test]
async fn a_storm_of_sign_ins_is_told_to_come_back() {
    let arguments = ["--rate-limit", "0", "--trusted-proxies", "127.0.0.1/32"];
    let app = TestApp::with(&arguments);
    let tries = (0..60).map(|n| {
        let app = &app;
        async move {
            let from = format!("203.0.113.{n}");
            let answer = attempt(app, &from, "admin", "not the one").await;
            (answer.status, answer.header("retry-after"))
        }
    });
    let answers = futures::future::join_all(tries).await;
    let mut full = 0;
    for (status, after) in answers {
        match status {
            401 => {}
            503 => {
                assert_eq!(after, "5");
                full += 1;
            }
            other => panic!("{other}"),
        }
    }
    assert!(full > 0, "sixty at once are more than eighteen");
    // It was never looked at, so it costs nothing.
    app.sign_in().await;
}
