//! Who comes in, as what, and who does not.

use serde_json::json;

use super::{Fake, SECRET, Trip, entries, page, servers, session, sign_in, users};

#[tokio::test]
async fn groups_say_what_somebody_may_and_say_it_anew_each_time() {
    let fake = Fake::start();
    for app in servers(&fake, &["--oidc-name", "Corp <login>"]).await {
        let asked = page(&app, "", "/sign-in?next=%2Ftrend").await;
        let text = asked.ok("the door").text();
        assert!(
            text.contains("Sign in with <bdi>Corp &#60;login&#62;</bdi>"),
            "{text}"
        );
        assert!(
            text.contains("href=\"/sign-in/oidc?next=%2Ftrend\""),
            "{text}"
        );

        let back = sign_in(&app, &fake, "ada@corp.example", &["north", "readers"]).await;
        assert_eq!(back.header("location"), "/clients");
        let ada = session(&back);
        let text = page(&app, &ada, "/account").await.ok("the account").text();
        assert!(text.contains("has the role operator"), "{text}");
        assert!(text.contains("It sees these sites only: P01"), "{text}");
        assert!(!text.contains("Change the password"), "{text}");
        assert_eq!(page(&app, &ada, "/people").await.status, 403);

        // Other groups, the same person: another name there changes nothing.
        let trip = Trip::begin(&app, "").await;
        let mut claims = trip.claims(&fake, "ada@corp.example", &["bosses"]);
        claims["preferred_username"] = json!("ada.new@corp.example");
        let back = trip.finish(&app, &fake, claims).await;
        assert_eq!(back.header("location"), "/");
        let boss = session(&back);
        page(&app, &boss, "/people").await.ok("for administrators");
        // The session from before has the rights of now.
        let text = page(&app, &ada, "/people").await.ok("now, too").text();
        assert!(text.contains("ada@corp.example") && text.contains("single sign-on"));
        assert!(!text.contains("ada.new"), "{text}");
        let text = page(&app, &boss, "/people/ada%40corp.example").await.text();
        assert!(
            text.contains("They come from the groups of the person at"),
            "{text}"
        );
        assert!(!text.contains("New password for once"), "{text}");

        // Fewer rights, although nobody else there administrates: the groups decide.
        session(&sign_in(&app, &fake, "ada@corp.example", &["readers"]).await);
        assert_eq!(page(&app, &ada, "/people").await.status, 403);

        // There is no password, and none can be given.
        let given = app.command(
            &["user", "set-password", "ada@corp.example"],
            "brown horse, 4 legs\n",
        );
        assert!(!given.status.success());
        let said = String::from_utf8_lossy(&given.stderr).into_owned();
        assert!(said.contains("signs in with single sign-on"), "{said}");
        let role = app.command(
            &["user", "set-role", "ada@corp.example", "administrator"],
            "",
        );
        assert!(!role.status.success());
        for password in ["", "x", "brown horse, 4 legs"] {
            let form = format!(
                "user=ada%40corp.example&password={}",
                crate::support::app::encoded(password)
            );
            assert_eq!(app.post_form("/sign-in", &form).await.status, 401);
        }

        // Signing out ends the session here; the account can be shut like any other.
        let out = app
            .request(reqwest::Method::POST, "/sign-out")
            .header("cookie", &boss);
        assert_eq!(crate::support::answer::Answer::to(out).await.status, 303);
        assert_eq!(page(&app, &boss, "/clients").await.status, 303);
        let shut = app.command(&["user", "disable", "ada@corp.example"], "");
        assert!(shut.status.success());
        let back = sign_in(&app, &fake, "ada@corp.example", &["bosses"]).await;
        assert_eq!(back.status, 403);
        assert!(
            back.text().contains("is disabled on this server"),
            "{}",
            back.text()
        );

        let deeds = entries(&app).await;
        let deed = |deed: &str, new: &str| {
            let found = deeds.iter().any(|entry| {
                entry["deed"] == deed
                    && entry["subject"] == "ada@corp.example"
                    && entry["new"].as_str().unwrap_or_default() == new
            });
            assert!(found, "{deed} {new}: {deeds:#?}");
        };
        deed("account.add", "operator for P01");
        deed("account.role", "administrator");
        deed("account.role", "viewer");
        deed("session.start", "");
        deed("session.refused", "");
        assert!(!app.log().contains(SECRET), "the secret is in no log");
        assert!(!app.log().contains("the-code"), "nor is a code");
    }
}

#[tokio::test]
async fn who_is_in_no_group_with_a_role_is_told_whom_to_ask() {
    let fake = Fake::start();
    for app in servers(&fake, &[]).await {
        let eve = session(&sign_in(&app, &fake, "eve", &["readers"]).await);
        page(&app, &eve, "/clients").await.ok("so far");
        let none = sign_in(&app, &fake, "eve", &["visitors", "Readers"]).await;
        assert_eq!(none.status, 403);
        assert!(
            none.text()
                .contains("Ask the administrator of cutover which group to be put in."),
            "{}",
            none.text()
        );
        // What let the older session begin is not so any more.
        assert_eq!(page(&app, &eve, "/clients").await.status, 303);
        for (claims, words) in [
            (json!({"groups": null}), "the claim groups is missing"),
            (
                json!({"groups": null, "_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://graph.example"}}}),
                "is in so many groups that",
            ),
            (json!({"groups": []}), "in no group that has a role here"),
        ] {
            let trip = Trip::begin(&app, "").await;
            let mut said = trip.claims(&fake, "mallory", &[]);
            for (name, value) in claims.as_object().expect("claims") {
                said[name] = value.clone();
            }
            let answer = trip.finish(&app, &fake, said).await;
            assert_eq!(answer.status, 403);
            assert!(answer.text().contains(words), "{words}: {}", answer.text());
        }
        assert!(!users(&app).contains("mallory"));
        let deeds = entries(&app).await;
        let refused = deeds
            .iter()
            .filter(|entry| entry["deed"] == "session.refused");
        let said: Vec<String> = refused.map(ToString::to_string).collect();
        assert_eq!(said.len(), 4, "{said:?}");
        assert!(
            said.iter().any(|entry| entry.contains("1 sessions ended")),
            "{said:?}"
        );
        assert!(
            said.iter()
                .any(|entry| entry.contains("mallory (127.0.0.1)")),
            "{said:?}"
        );
    }
}

#[tokio::test]
async fn a_name_that_somebody_has_here_is_never_taken_over() {
    let fake = Fake::start();
    for app in servers(&fake, &[]).await {
        let theirs = session(&sign_in(&app, &fake, "Admin", &["readers"]).await);
        let text = page(&app, &theirs, "/account").await.text();
        assert!(
            text.contains("<bdi>Admin (127.0.0.1)</bdi> has the role viewer"),
            "{text}"
        );
        assert_eq!(page(&app, &theirs, "/people").await.status, 403);
        // The local one signs in as ever, and is what it was.
        let admin = app.sign_in().await;
        page(&app, &admin, "/people")
            .await
            .ok("still for the administrator");
        // Another one of that name there.
        let trip = Trip::begin(&app, "").await;
        let mut claims = trip.claims(&fake, "admin", &["readers"]);
        claims["sub"] = json!("somebody else");
        session(&trip.finish(&app, &fake, claims).await);
        let list = users(&app);
        assert!(list.contains("admin (127.0.0.1) 2\tviewer"), "{list}");
    }
}

#[tokio::test]
async fn who_says_groups_only_when_asked_is_asked() {
    let fake = Fake::start();
    for app in servers(
        &fake,
        &["--oidc-groups-claim", "https://corp.example/roles"],
    )
    .await
    {
        let trip = Trip::begin(&app, "").await;
        let mut claims = trip.claims(&fake, "ada", &[]);
        let silent = claims.as_object_mut().expect("claims");
        silent.remove("groups");
        silent.remove("preferred_username");
        fake.says(json!({"sub": claims["sub"], "https://corp.example/roles": "south", "preferred_username": "ada.l"}));
        session(&trip.finish(&app, &fake, claims.clone()).await);
        let list = users(&app);
        assert!(list.contains("ada.l\toperator\tP02"), "{list}");
        // It has to speak of the same person.
        let trip = Trip::begin(&app, "").await;
        claims["nonce"] = json!(trip.nonce);
        fake.says(json!({"sub": "another", "https://corp.example/roles": "bosses"}));
        let answer = trip.finish(&app, &fake, claims).await;
        assert_eq!(answer.status, 403);
        assert!(answer.text().contains("does not hold"));
    }
}

#[tokio::test]
async fn signing_in_leads_to_a_page_of_this_server_and_never_elsewhere() {
    let fake = Fake::start();
    let app = super::servers(&fake, &[]).await.remove(0);
    for (next, to) in [
        ("%2Fclients%3Fq%3Da", "/clients?q=a"),
        ("https%3A%2F%2Fevil.example", "/"),
        ("%2F%2Fevil.example", "/"),
        ("%2F%5Cevil.example", "/"),
        ("%2F.%2F%2Fevil.example", "/"),
        ("%2F%09%2Fevil.example", "/"),
        ("", "/"),
    ] {
        let trip = Trip::begin(&app, &format!("?next={next}")).await;
        let claims = trip.claims(&fake, "ada", &["readers"]);
        let back = trip.finish(&app, &fake, claims).await;
        assert_eq!(back.header("location"), to, "{next}");
    }
    let long = "a".repeat(3_000);
    let trip = Trip::begin(&app, &format!("?next=/{long}")).await;
    let claims = trip.claims(&fake, "ada", &["readers"]);
    let back = trip.finish(&app, &fake, claims).await;
    assert_eq!(back.header("location"), "/");
}

#[tokio::test]
async fn without_single_sign_on_there_is_no_button_and_no_way() {
    let app = crate::support::app::TestApp::one();
    let text = page(&app, "", "/sign-in").await.ok("the door").text();
    assert!(!text.contains("/sign-in/oidc"), "{text}");
    for path in ["/sign-in/oidc", "/sign-in/oidc/return?code=a&state=b"] {
        let answer = page(&app, "", path).await;
        assert_eq!(answer.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_provider_of_ones_own_authority_is_trusted_where_it_is_named_and_nowhere_else() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("made");
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("made");
    let directory = tempfile::tempdir().expect("a directory");
    let file = |name: &str, pem: String| {
        let path = directory.path().join(name);
        std::fs::write(&path, pem).expect("written");
        path.display().to_string()
    };
    let right = file("right.pem", made.cert.pem());
    let both = file(
        "both.pem",
        format!("{}{}", other.cert.pem(), made.cert.pem()),
    );
    let wrong = file("wrong.pem", other.cert.pem());
    let fake = Fake::start_with(made.cert.pem(), made.signing_key.serialize_pem()).await;
    for (more, trusted) in [
        (&["--oidc-ca", right.as_str()][..], true),
        (&["--oidc-ca", &both], true),
        (&["--oidc-ca", &wrong], false),
        (&[], false),
    ] {
        for app in servers(&fake, more).await {
            if trusted {
                let back = sign_in(&app, &fake, "ada@corp.example", &["readers"]).await;
                assert_eq!(
                    back.header("location"),
                    "/clients",
                    "{more:?} on {}",
                    app.engine
                );
            } else {
                let answer = page(&app, "", "/sign-in/oidc").await;
                assert_eq!(answer.status, 503, "{more:?}: {}", answer.text());
                assert!(app.log().contains("certificate"), "why not: {}", app.log());
            }
        }
    }
}
