//! Accounts: made, changed, shut and removed, and never without an administrator.

use cutover::{
    domain::{
        access::{Role, Sites},
        audit::{Actor, Author},
        time::{HOUR, MINUTE},
    },
    http::door::hash_password,
    store::{
        Store,
        accounts::{By, Changed, NewAccount},
        sessions::Lasting,
    },
};
use reqwest::{Method, header};

use crate::support::{
    answer::Answer,
    app::{TestApp, encoded},
    stores::{NOON, TestStore},
};

const PASSWORD: &str = "brown horse, 4 legs";

fn new(name: &str, role: Role) -> NewAccount {
    NewAccount {
        name: name.to_owned(),
        role,
        sites: Sites::all(),
        password_hash: "not a hash".to_owned(),
        must_change: false,
    }
}

fn by() -> By {
    By::command(NOON)
}

#[tokio::test]
async fn the_last_administrator_stays() {
    for test in TestStore::each().await {
        let store = &test.store;
        let add = async |name, role| store.add_account(new(name, role), by()).await;
        // The first account is an administrator's.
        let first = add("vera", Role::Viewer).await.expect("an answer");
        assert_eq!(first, Changed::LastAdministrator, "{}", test.engine);
        assert_eq!(
            add("ada", Role::Administrator).await.expect("added"),
            Changed::Done
        );
        assert_eq!(
            add("Ada", Role::Viewer).await.expect("an answer"),
            Changed::Taken
        );
        assert_eq!(
            add("vera", Role::Viewer).await.expect("added"),
            Changed::Done
        );
        let ada = || "ada".to_owned();
        for step in 0..2 {
            let last = Changed::LastAdministrator;
            let viewer = store
                .set_role(ada(), Role::Viewer, Sites::all(), by())
                .await;
            assert_eq!(viewer.expect("an answer"), last);
            let disabled = store.disable_account(ada(), by()).await;
            assert_eq!(disabled.expect("an answer"), last);
            let removed = store.remove_account(ada(), by(), None).await;
            assert_eq!(removed.expect("an answer"), last);
            // One who is disabled does not count.
            if step == 0 {
                add("bert", Role::Administrator).await.expect("added");
                let shut = store.disable_account("bert".to_owned(), by()).await;
                assert_eq!(shut.expect("an answer"), Changed::Done);
            }
        }
        let open = store.enable_account("bert".to_owned(), by()).await;
        assert_eq!(open.expect("an answer"), Changed::Done);
        let removed = store.remove_account(ada(), by(), None).await;
        assert_eq!(removed.expect("an answer"), Changed::Done);
        let none = store.disable_account(ada(), by()).await;
        assert_eq!(none.expect("an answer"), Changed::Nothing);
        let names: Vec<_> = store.accounts().await.expect("accounts");
        let names: Vec<_> = names.iter().map(|account| account.name.as_str()).collect();
        assert_eq!(names, ["bert", "vera"]);
    }
}

#[tokio::test]
async fn two_servers_at_once_leave_an_administrator() {
    for test in TestStore::each().await {
        let other = Store::open(&test.url).await.expect("a second server");
        for name in ["ada", "bert"] {
            let added = test
                .store
                .add_account(new(name, Role::Administrator), by())
                .await;
            assert_eq!(added.expect("added"), Changed::Done);
        }
        for round in 0..12 {
            let (one, two) = tokio::join!(
                test.store.disable_account("ada".to_owned(), by()),
                other.disable_account("bert".to_owned(), by()),
            );
            let done = [one.expect("an answer"), two.expect("an answer")];
            let shut = done.iter().filter(|done| **done == Changed::Done).count();
            assert_eq!(shut, 1, "{done:?} in round {round} on {}", test.engine);
            for name in ["ada", "bert"] {
                test.store
                    .enable_account(name.to_owned(), by())
                    .await
                    .expect("enabled");
            }
        }
        other.close().await;
    }
}

#[tokio::test]
async fn a_session_ends_by_itself_and_with_what_its_account_may() {
    for test in TestStore::each().await {
        let store = &test.store;
        let mut ada = new("ada", Role::Administrator);
        ada.password_hash = hash_password(PASSWORD).expect("a hash");
        store.add_account(ada, by()).await.expect("added");
        store
            .add_account(new("bert", Role::Administrator), by())
            .await
            .expect("added");
        let lasting = Lasting {
            idle: HOUR,
            whole: 12 * HOUR,
        };
        let start = async |at: i64| {
            let who = store
                .password_hash("ada")
                .await
                .expect("read")
                .expect("ada");
            let by = By {
                at: NOON.plus(at),
                author: Author::new(Actor::Person("ada".to_owned()), "192.0.2.7".parse().ok()),
            };
            let agent = format!("Brow\nser {}", "x".repeat(1_000));
            let secret = store.start_session(who, None, agent, lasting, by).await;
            secret.expect("started").expect("a session")
        };
        let holds = async |secret: &str, at: i64| {
            let holder = store.session_holder(secret, lasting, NOON.plus(at)).await;
            holder.expect("an answer").map(|holder| holder.role)
        };
        let secret = start(0).await;
        let own = store
            .own_sessions("ada", lasting, NOON)
            .await
            .expect("sessions");
        assert_eq!((own.len(), own[0].address.as_str()), (1, "192.0.2.7"));
        assert_eq!(own[0].agent.chars().count(), 300);
        assert!(own[0].agent.starts_with("Browser x"));
        assert_eq!(holds(&secret, HOUR - 1).await, Some(Role::Administrator));
        assert_eq!(holds(&secret, 2 * HOUR - 1).await, None, "{}", test.engine);
        // However much it is used.
        let secret = start(0).await;
        for step in 0..24 {
            assert!(holds(&secret, step * 30 * MINUTE).await.is_some(), "{step}");
        }
        assert_eq!(holds(&secret, 12 * HOUR).await, None);
        // Whatever is said anew of the account ends its sessions.
        let ada = || "ada".to_owned();
        let secret = start(0).await;
        store
            .set_role(ada(), Role::Auditor, Sites::only(["P01".to_owned()]), by())
            .await
            .expect("changed");
        assert_eq!(holds(&secret, 1).await, None);
        let secret = start(0).await;
        assert_eq!(holds(&secret, 1).await, Some(Role::Auditor));
        let sites = store
            .account("ada")
            .await
            .expect("read")
            .expect("ada")
            .sites;
        assert!(sites.holds("P01") && !sites.holds("P02"));
        let hash = hash_password(PASSWORD).expect("a hash");
        store
            .set_password(ada(), hash, true, by())
            .await
            .expect("set");
        assert_eq!(holds(&secret, 1).await, None);
        let secret = start(0).await;
        store.disable_account(ada(), by()).await.expect("disabled");
        assert_eq!(holds(&secret, 1).await, None);
        assert!(store.password_hash("ada").await.expect("read").is_none());
    }
}

#[tokio::test]
async fn a_session_starts_only_for_the_password_that_was_checked() {
    for test in TestStore::each().await {
        let store = &test.store;
        store
            .add_account(new("ada", Role::Administrator), by())
            .await
            .expect("added");
        let who = store
            .password_hash("ada")
            .await
            .expect("read")
            .expect("ada");
        let set = store.set_password("ada".to_owned(), "another".to_owned(), false, by());
        set.await.expect("set");
        let late = store
            .start_session(who, None, String::new(), Lasting::default(), by())
            .await;
        assert_eq!(late.expect("an answer"), None, "{}", test.engine);
    }
}

/// A form from somebody who has signed in.
async fn post(app: &TestApp, cookie: &str, path: &str, form: &str) -> Answer {
    let request = app
        .request(Method::POST, path)
        .header(header::COOKIE, cookie)
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form.to_owned());
    Answer::to(request).await
}

async fn get(app: &TestApp, cookie: &str, path: &str) -> Answer {
    let request = app
        .request(Method::GET, path)
        .header(header::COOKIE, cookie)
        .header(header::ACCEPT, "text/html");
    Answer::to(request).await
}

/// The password for once that a page shows.
fn once(page: &Answer) -> String {
    let text = page.text();
    let (_, rest) = text
        .split_once("<pre class=\"command\"")
        .expect("a password");
    let (_, rest) = rest.split_once("<code>").expect("its beginning");
    rest.split('<').next().expect("its end").to_owned()
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one step after the other")]
async fn an_administrator_adds_somebody_who_chooses_a_password_and_is_changed_and_removed() {
    for app in TestApp::each().await {
        let admin = app.sign_in().await;
        let name = "ines <b>/o'kafor";
        let form = format!("name={}&role=operator&sites=p01", encoded(name));
        let added = post(&app, &admin, "/people", &form).await;
        assert_eq!(added.status, 201, "{}", added.text());
        let password = once(&added);
        assert_eq!(password.len(), 24);
        for (form, status) in [
            (form.clone(), 409),
            (form.replace("%3Cb", "%3CB"), 409),
            ("name=&role=viewer".to_owned(), 422),
            ("name=x&role=owner".to_owned(), 422),
            ("name=x&role=administrator&sites=P01".to_owned(), 422),
            ("name=x".to_owned(), 422),
        ] {
            let answer = post(&app, &admin, "/people", &form).await;
            assert_eq!(answer.status, status, "{form}: {}", answer.text());
        }
        let list = get(&app, &admin, "/people").await.ok("the list").text();
        assert!(
            list.contains("has to choose a password") && list.contains("P01"),
            "{list}"
        );
        assert!(!list.contains("<b>/o") && !list.contains(&password));

        let ines = app.sign_in_as(name, &password).await;
        let first = get(&app, &ines, "/").await;
        assert_eq!(
            (first.status, first.header("location").as_str()),
            (303, "/account")
        );
        get(&app, &ines, "/account").await.ok("the account");
        for (old, new, again) in [
            ("wrong", PASSWORD, PASSWORD),
            (&password, "short", "short"),
            (&password, PASSWORD, "brown horse, 5 legs"),
            (&password, "Password1234", "Password1234"),
            (&password, &password, &password),
        ] {
            let form = format!(
                "old={}&new={}&again={}",
                encoded(old),
                encoded(new),
                encoded(again)
            );
            let answer = post(&app, &ines, "/account/password", &form).await;
            assert_eq!(answer.status, 422, "{form}: {}", answer.text());
        }
        let form = format!("old={password}&new={0}&again={0}", encoded(PASSWORD));
        let changed = post(&app, &ines, "/account/password", &form).await;
        assert_eq!(changed.status, 303, "{}", changed.text());
        let cookie = changed.header("set-cookie");
        let fresh = cookie.split(';').next().expect("a cookie").to_owned();
        assert_ne!(fresh, ines);
        assert_eq!(
            get(&app, &ines, "/account").await.status,
            303,
            "the old one is dead"
        );
        get(&app, &fresh, "/clients").await.ok("a list of the site");
        // Files are of the whole estate, whatever the role.
        assert_eq!(get(&app, &fresh, "/upload").await.status, 403);

        // Two places: one is ended from the other.
        let elsewhere = app.sign_in_as(name, PASSWORD).await;
        let page = get(&app, &fresh, "/account").await.ok("sessions").text();
        assert_eq!(page.matches("/end\"").count(), 1, "{page}");
        assert!(page.contains("127.0.0.1") && page.contains("this one"));
        let others = post(&app, &fresh, "/account/sessions/end-others", "").await;
        assert_eq!(others.status, 303);
        assert_eq!(get(&app, &elsewhere, "/account").await.status, 303);
        get(&app, &fresh, "/account").await.ok("this one goes on");

        // The change holds on the next request.
        let url = format!("/people/{}", encoded(name));
        let shown = get(&app, &admin, &url).await.ok("the person").text();
        assert!(shown.contains("value=\"P01\""), "{shown}");
        let role = post(&app, &admin, &format!("{url}/role"), "role=viewer&sites=").await;
        assert_eq!(role.status, 303, "{}", role.text());
        let gone = get(&app, &fresh, "/upload").await;
        assert!(gone.header("location").starts_with("/sign-in"));
        let again = app.sign_in_as(name, PASSWORD).await;
        assert_eq!(get(&app, &again, "/upload").await.status, 403);
        let disabled = post(&app, &admin, &format!("{url}/disable"), "").await;
        assert_eq!(disabled.status, 303);
        assert_eq!(get(&app, &again, "/account").await.status, 303);
        let enabled = post(&app, &admin, &format!("{url}/enable"), "").await;
        assert_eq!(enabled.status, 303);
        let reset = post(&app, &admin, &format!("{url}/password"), "").await;
        app.sign_in_as(name, &once(&reset.ok("a password"))).await;
        // The button asks first; a reason and a tick remove it.
        let remove = format!("{url}/remove");
        let asked = post(&app, &admin, &remove, "").await.ok("what it would do");
        assert!(
            asked.text().contains("What removing would do"),
            "{}",
            asked.text()
        );
        get(&app, &admin, &url).await.ok("it is still there");
        let bare = post(&app, &admin, &remove, "why=x&confirm=1").await;
        assert_eq!(bare.status, 422, "{}", bare.text());
        let removed = post(&app, &admin, &remove, "why=has+left+us&confirm=1").await;
        assert_eq!(removed.header("location"), "/people");
        let log = get(&app, &admin, "/audit?deed=account.remove").await;
        assert!(log.text().contains("has left us"), "{}", log.text());
        assert_eq!(get(&app, &admin, &url).await.status, 404);
        // Oneself, the last one: not.
        for (deed, form) in [
            ("disable", ""),
            ("remove", "why=has+left+us&confirm=1"),
            ("role", "role=viewer"),
        ] {
            let path = format!("/people/admin/{deed}");
            let answer = post(&app, &admin, &path, form).await;
            assert_eq!(answer.status, 409, "{deed}: {}", answer.text());
        }
        get(&app, &admin, "/people").await.ok("still there");
    }
}

#[tokio::test]
async fn the_command_line_manages_accounts_too() {
    for app in TestApp::each().await {
        let run = |words: &[&str], input: &str| {
            let output = app.command(&[&["user"], words].concat(), input);
            let out = String::from_utf8(output.stdout).expect("text");
            let err = String::from_utf8(output.stderr).expect("text");
            (output.status.code().expect("a code"), out, err)
        };
        let (code, out, _) = run(
            &["add", "ines", "--role", "approver", "--sites", "P01,P02"],
            "",
        );
        assert_eq!((code, out.trim().len()), (0, 24));
        assert_eq!(
            run(
                &["add", "otto", "--role", "operator", "--password-stdin"],
                "a long enough one\n"
            )
            .0,
            0
        );
        let (_, list, _) = run(&["list"], "");
        let lines: Vec<&str> = list.lines().collect();
        assert_eq!(lines.len(), 3, "{list}");
        assert!(
            lines[1].starts_with("ines\tapprover\tP01,P02\thas to choose a password\t"),
            "{list}"
        );
        assert!(
            lines[2].starts_with("otto\toperator\tall sites\tenabled\tlast signed in -"),
            "{list}"
        );
        for (words, input, code, word) in [
            (&["add", "otto", "--role", "viewer"][..], "", 1, "already"),
            (&["add", "x", "--role", "owner"], "", 2, "role"),
            (&["add", " x", "--role", "viewer"], "", 2, "name"),
            (
                &["add", "x", "--role", "viewer", "--password-stdin"],
                "short\n",
                1,
                "at least 12",
            ),
            (
                &["set-role", "admin", "viewer"],
                "",
                1,
                "only administrator",
            ),
            (&["disable", "admin"], "", 1, "only administrator"),
            (&["remove", "admin"], "", 1, "only administrator"),
            (&["remove", "nobody"], "", 1, "user list"),
            (
                &["set-password", "nobody"],
                "a long enough one\n",
                1,
                "user add",
            ),
            (&["set-role", "otto", "auditor"], "", 0, "auditor"),
            (&["disable", "otto"], "", 0, "disabled"),
            (&["enable", "otto"], "", 0, "enabled"),
            (&["remove", "otto"], "", 0, "removed"),
        ] {
            let (got, _, said) = run(words, input);
            assert_eq!(got, code, "{words:?}: {said}");
            assert!(said.contains(word), "{words:?}: {said}");
        }
    }
}
