//! What does not hold: states that were made up, proofs that say something else, keys that are not the provider's.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    Fake, Trip, page,
    provider::{CLIENT, Signed, now},
    servers, session, sign_in, users,
};

#[tokio::test]
async fn a_sign_in_is_finished_once_in_the_browser_that_began_it() {
    let fake = Fake::start();
    for app in servers(&fake, &[]).await {
        let before = fake.codes();
        let trip = Trip::begin(&app, "").await;
        let other = Trip::begin(&app, "").await;
        fake.expect(&trip, trip.claims(&fake, "ada", &["readers"]));
        let (state, cookie) = (&trip.state, &trip.cookie);
        for (query, cookies) in [
            // A link that somebody else has planted.
            (format!("code=the-code&state={state}"), ""),
            (
                format!("code=the-code&state={state}"),
                other.cookie.as_str(),
            ),
            (
                format!("code=the-code&state={state}"),
                "__Host-cutover-sign-in=x",
            ),
            (format!("code=the-code&state={}", other.state), cookie),
            (format!("code=the-code&state={state}x"), cookie),
            ("code=the-code&state=".to_owned(), cookie),
            ("code=the-code".to_owned(), cookie),
            (String::new(), cookie),
        ] {
            let answer = Trip::back(&app, &query, cookies).await;
            assert_eq!(answer.status, 400, "{query} {cookies}: {}", answer.text());
            assert!(answer.text().contains("did not begin in this browser"));
            assert!(answer.headers.get("set-cookie").is_none());
        }
        assert_eq!(fake.codes(), before, "the provider was not asked");
        // None of that has used it up.
        let first = session(&trip.come_back(&app, &fake).await);
        let again = trip.come_back(&app, &fake).await;
        assert_eq!(again.status, 400, "it was used");
        page(&app, &first, "/clients").await.ok("signed in once");
        // Two tabs of one browser.
        let request = app
            .request(reqwest::Method::GET, "/sign-in/oidc")
            .header("cookie", &other.cookie);
        let second = crate::support::answer::Answer::to(request).await;
        assert!(second.header("set-cookie").starts_with(&other.cookie));
        // An answer that another provider has given.
        let query = format!(
            "code=the-code&state={}&iss=https%3A%2F%2Fevil.example",
            other.state
        );
        let answer = Trip::back(&app, &query, &other.cookie).await;
        assert_eq!(answer.status, 403);
        // The provider let nobody in.
        for (error, words) in [
            ("access_denied", "was cancelled there"),
            ("login_required", "gave the code login_required"),
            ("%3Cb%3E", "let nobody in. Start again"),
            ("", "sent nobody back"),
        ] {
            let trip = Trip::begin(&app, "").await;
            let query = format!("error={error}&state={}", trip.state);
            let answer = Trip::back(&app, &query, &trip.cookie).await;
            assert_eq!(answer.status, 403, "{error}");
            assert!(answer.text().contains(words), "{}", answer.text());
        }
    }
}

/// Claims with one changed; `null`: without it.
fn but(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    if claims[name].is_null() {
        claims.as_object_mut().expect("claims").remove(name);
    }
    claims
}

#[tokio::test]
async fn a_proof_that_does_not_hold_lets_nobody_in() {
    let fake = Fake::start();
    // Each attempt from an address of its own, so that none is slowed.
    let more = ["--trusted-proxies", "127.0.0.1/32"];
    for app in servers(&fake, &more).await {
        let mut from = 0;
        let mut refused = async |what: &str, signed: Signed, name: &str, value: Value| {
            let trip = Trip::begin(&app, "").await;
            let claims = trip.claims(&fake, "mallory", &["bosses"]);
            fake.sign(signed);
            fake.expect(&trip, but(claims, name, value));
            from += 1;
            let request = app
                .request(
                    reqwest::Method::GET,
                    &format!("/sign-in/oidc/return?code=the-code&state={}", trip.state),
                )
                .header("cookie", &trip.cookie)
                .header("x-forwarded-for", format!("203.0.113.{from}"));
            let answer = crate::support::answer::Answer::to(request).await;
            fake.sign(Signed::Well);
            assert_eq!(
                answer.status,
                403,
                "{what} on {}: {}",
                app.engine,
                answer.text()
            );
            assert!(answer.text().contains("does not hold"), "{what}");
            assert!(answer.headers.get("set-cookie").is_none(), "{what}");
        };
        let same = || json!(["bosses"]);
        for (what, name, value) in [
            ("another nonce", "nonce", json!("another")),
            ("no nonce", "nonce", Value::Null),
            ("for another", "aud", json!("another")),
            ("for another, too", "aud", json!([CLIENT, "another"])),
            ("for nobody", "aud", json!([])),
            ("by another's hand", "azp", json!("another")),
            ("by another", "iss", json!("https://evil.example")),
            (
                "by one with a slash",
                "iss",
                json!(format!("{}/", fake.issuer)),
            ),
            ("too old", "exp", json!(now() - 1)),
            ("without an end", "exp", Value::Null),
            ("of nobody", "sub", Value::Null),
        ] {
            refused(what, Signed::Well, name, value).await;
        }
        refused("signed by another", Signed::ByAnother, "groups", same()).await;
        refused("not signed", Signed::Not, "groups", same()).await;
        refused("with the secret", Signed::WithTheSecret, "groups", same()).await;
        refused("no proof", Signed::Missing, "groups", same()).await;
        assert!(!users(&app).contains("mallory"));
        session(&sign_in(&app, &fake, "ada", &["readers"]).await);
    }
}

#[tokio::test]
async fn who_makes_codes_up_is_slowed() {
    let fake = Fake::start();
    let app = servers(&fake, &[]).await.remove(0);
    let mut last = 0;
    for _ in 0..4 {
        let trip = Trip::begin(&app, "").await;
        let query = format!("code=made-up&state={}", trip.state);
        last = Trip::back(&app, &query, &trip.cookie).await.status;
    }
    assert_eq!(last, 429);
    // Passwords go on.
    app.sign_in().await;
}

#[tokio::test]
async fn keys_change_and_the_provider_can_be_away() {
    let fake = Fake::start();
    for app in servers(&fake, &[]).await {
        session(&sign_in(&app, &fake, "ada", &["readers"]).await);
        tokio::time::sleep(Duration::from_millis(3_200)).await;
        // Another name, and later the same name for another key.
        for name in ["second", "second"] {
            fake.rotate(name);
            session(&sign_in(&app, &fake, "ada", &["readers"]).await);
            tokio::time::sleep(Duration::from_millis(3_200)).await;
        }
        fake.rotate("first");
    }
    fake.down(true);
    // A server that starts meanwhile does start.
    for app in servers(&fake, &[]).await {
        let answer = page(&app, "", "/sign-in/oidc?next=%2Ftrend").await;
        assert_eq!(answer.status, 503, "{}", answer.text());
        assert_eq!(answer.header("retry-after"), "60");
        assert!(
            answer
                .text()
                .contains("cannot be reached from this server now")
        );
        assert!(answer.text().contains("name=\"next\" value=\"/trend\""));
        app.sign_in().await;
        fake.down(false);
        tokio::time::sleep(Duration::from_millis(5_200)).await;
        session(&sign_in(&app, &fake, "ada", &["readers"]).await);
        fake.down(true);
    }
}
