//! What is remembered of sign-ins that have begun, and the accounts that come of them, in the store alone.

use cutover::{
    domain::{
        access::{Role, Sites},
        audit::{Actor, Author},
        time::Timestamp,
    },
    store::{
        accounts::By,
        sessions::Lasting,
        single_sign_on::{Begun, HOLDS, Vouched, Welcomed},
    },
};

use crate::support::stores::{NOON, TestStore};

fn begun(next: &str) -> Begun {
    Begun {
        nonce: "nonce".to_owned(),
        verifier: "verifier".to_owned(),
        next: next.to_owned(),
    }
}

fn by() -> By {
    By {
        at: NOON,
        author: Author::new(Actor::Server, None),
    }
}

#[tokio::test]
async fn a_sign_in_can_be_finished_for_ten_minutes_and_once() {
    for test in TestStore::each().await {
        let begin = async |state: &str, at: Timestamp| {
            let network = "net".to_owned();
            let store = &test.store;
            store
                .begin_sign_in(state, "browser", begun(state), network, at)
                .await
                .expect("remembered");
        };
        let take = async |state: &str, browser: &str, at: Timestamp| {
            let taken = test.store.take_sign_in(state, browser, at).await;
            taken.expect("an answer").map(|begun| begun.next)
        };
        begin("one", NOON).await;
        begin("two", NOON).await;
        assert_eq!(take("one", "another", NOON).await, None);
        let late = NOON.plus(HOLDS - 1);
        assert_eq!(take("one", "browser", late).await.as_deref(), Some("one"));
        assert_eq!(take("one", "browser", late).await, None, "{}", test.engine);
        assert_eq!(take("two", "browser", NOON.plus(HOLDS)).await, None);
        // One network pushes nobody else out.
        begin("mine", NOON.plus(HOLDS)).await;
        for n in 0..520 {
            let at = NOON.plus(HOLDS + 1 + n);
            let state = format!("flood {n}");
            test.store
                .begin_sign_in(&state, "browser", begun(""), "flood".to_owned(), at)
                .await
                .expect("remembered");
        }
        let at = NOON.plus(HOLDS + 600);
        assert_eq!(take("flood 0", "browser", at).await, None);
        assert!(take("flood 519", "browser", at).await.is_some());
        assert_eq!(take("mine", "browser", at).await.as_deref(), Some("mine"));
    }
}

#[tokio::test]
async fn the_first_account_is_an_administrators_also_here() {
    for test in TestStore::each().await {
        let who = |name: &str| Vouched {
            issuer: "https://login.corp.example".to_owned(),
            subject: name.to_owned(),
            called: name.to_owned(),
            host: "login.corp.example".to_owned(),
        };
        let sign_in = async |name: &str, role| {
            let rights = (role, Sites::all());
            test.store
                .sign_in_vouched(
                    who(name),
                    rights,
                    None,
                    String::new(),
                    Lasting::default(),
                    by(),
                )
                .await
                .expect("an answer")
        };
        let key = test.store.make_setup_link(NOON).await.expect("a link");
        assert!(key.is_some());
        assert_eq!(sign_in("vera", Role::Viewer).await, Welcomed::NotSetUp);
        assert!(test.store.accounts().await.expect("accounts").is_empty());
        let Welcomed::In(secret) = sign_in("ada", Role::Administrator).await else {
            panic!("not in on {}", test.engine);
        };
        let holder = test
            .store
            .session_holder(&secret, Lasting::default(), NOON)
            .await;
        let holder = holder.expect("an answer").expect("a session");
        assert_eq!(
            (holder.name.as_str(), holder.role),
            ("ada", Role::Administrator)
        );
        assert!(matches!(
            sign_in("vera", Role::Viewer).await,
            Welcomed::In(_)
        ));
        // Their rights are settled there, also where nobody is left who administrates.
        assert!(matches!(
            sign_in("ada", Role::Viewer).await,
            Welcomed::In(_)
        ));
        let accounts = test.store.accounts().await.expect("accounts");
        assert!(accounts.iter().all(|account| account.role == Role::Viewer));
        let issuers = accounts.iter().map(|account| account.issuer.as_str());
        assert!(
            issuers
                .into_iter()
                .all(|issuer| issuer == "https://login.corp.example")
        );
        assert!(
            test.store
                .password_hash("ada")
                .await
                .expect("an answer")
                .is_none()
        );
    }
}
