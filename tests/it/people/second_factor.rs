//! A code after the password: set up, asked for, lost, and demanded.

use cutover::{
    domain::{
        access::{Role, Sites},
        audit::{Actor, Author},
        time::{MINUTE, Timestamp},
        totp,
    },
    store::{
        accounts::{By, NewAccount},
        second_factor::{AWAITED, Code, Factor},
        sessions::{Checked, Lasting},
    },
};
use hmac::Mac as _;
use reqwest::{Method, header};

use crate::support::{
    answer::Answer,
    app::{TestApp, encoded},
    stores::{NOON, TestStore},
};

const PASSWORD: &str = "brown horse, 4 legs";

/// What an app shows for a secret, so many steps from a time.
fn shown(secret: &[u8], at: Timestamp, off: i64) -> String {
    let step = at.0 / 30_000 + off;
    let mac = hmac::Hmac::<sha1::Sha1>::new_from_slice(secret).expect("any key");
    let hash = mac.chain_update(step.to_be_bytes()).finalize().into_bytes();
    let at = usize::from(hash[19] & 15);
    let four: [u8; 4] = hash[at..at + 4].try_into().expect("four");
    format!(
        "{:06}",
        (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000
    )
}

/// A secret as it is written for apps.
fn secret_of(text: &str) -> Vec<u8> {
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut bits, mut held, mut bytes) = (0_u32, 0, Vec::new());
    for letter in text.chars().filter(|c| !c.is_whitespace()) {
        let five = letters.find(letter).expect("a letter of the alphabet");
        bits = (bits << 5) | u32::try_from(five).expect("small");
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 255).expect("a byte"));
        }
    }
    bytes
}

async fn get(app: &TestApp, path: &str, cookie: &str) -> Answer {
    let request = app
        .request(Method::GET, path)
        .header(header::COOKIE, cookie)
        .header(header::ACCEPT, "text/html");
    Answer::to(request).await
}

/// Sends a form, as if from an address.
async fn post(app: &TestApp, path: &str, cookie: &str, form: String, from: &str) -> Answer {
    let request = app
        .request(Method::POST, path)
        .header(header::COOKIE, cookie)
        .header(header::ACCEPT, "text/html")
        .header("x-forwarded-for", from)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form);
    Answer::to(request).await
}

/// The cookie of this name that an answer sets.
fn cookie(answer: &Answer, name: &str) -> Option<String> {
    let all = answer.headers.get_all(header::SET_COOKIE).iter();
    all.map(|value| value.to_str().expect("text"))
        .filter_map(|value| value.split(';').next())
        .find(|value| value.starts_with(&format!("{name}=")) && !value.ends_with('='))
        .map(str::to_owned)
}

/// Sets the second factor of somebody up; answers the secret and the recovery codes.
/// Answers the secret, the recovery codes, and the cookie of the session, which has another secret from then on.
pub(super) async fn set_up(app: &TestApp, session: &str) -> (Vec<u8>, Vec<String>, String) {
    const PAGE: &str = "/account/second-factor";
    let begun = post(app, PAGE, session, String::new(), "203.0.113.1").await;
    assert_eq!(begun.header("location"), PAGE);
    let text = get(app, PAGE, session).await.ok("the offer").text();
    assert!(text.contains("<svg class=\"qr\"") && text.contains("otpauth://totp/cutover:"));
    let (_, rest) = text
        .split_once("<pre class=\"command\" tabindex=\"0\"><code>")
        .expect("the secret");
    let secret = secret_of(rest.split('<').next().expect("its end"));
    assert_eq!(secret.len(), 20);
    let confirm = "/account/second-factor/confirm";
    let wrong = post(
        app,
        confirm,
        session,
        "code=000000".to_owned(),
        "203.0.113.1",
    )
    .await;
    assert_eq!(wrong.status, 422, "{}", wrong.text());
    let code = format!("code={}", shown(&secret, cutover::clock::now(), 0));
    let done = post(app, confirm, session, code, "203.0.113.1").await;
    let cookie = cookie(&done, "__Host-cutover").expect("another secret");
    let text = done.ok("the recovery codes").text();
    let (_, rest) = text.split_once("tabindex=\"0\"><code>").expect("the codes");
    let codes = rest
        .split('<')
        .next()
        .expect("their end")
        .split_whitespace();
    let codes: Vec<String> = codes.map(str::to_owned).collect();
    assert_eq!(codes.len(), 10);
    (secret, codes, cookie)
}

/// The password, from an address; answers the cookie that waits for a code.
pub(super) async fn password(app: &TestApp, name: &str, password: &str, from: &str) -> String {
    let form = format!("user={name}&password={}&next=%2Ftrend", encoded(password));
    let answer = post(app, "/sign-in", "", form, from).await;
    assert_eq!(
        answer.header("location"),
        "/sign-in/code",
        "{}",
        answer.text()
    );
    assert_eq!(cookie(&answer, "__Host-cutover"), None, "no session yet");
    cookie(&answer, "__Host-cutover-code").expect("a code is awaited")
}

#[tokio::test]
async fn after_the_password_a_code_is_asked_for_and_each_is_good_once() {
    let arguments = ["--rate-limit", "0", "--trusted-proxies", "127.0.0.1/32"];
    for app in TestApp::each_with(&arguments).await {
        let session = app.sign_in().await;
        let (secret, codes, session) = set_up(&app, &session).await;
        let used = shown(&secret, cutover::clock::now(), 0);
        let text = get(&app, "/account/second-factor", &session).await.text();
        assert!(text.contains("You have 10 recovery codes") && !text.contains(&codes[0]));
        let mut n = 1;
        let mut code = async |waits: &str, code: &str| {
            n += 1;
            let form = format!("code={}", encoded(code));
            post(
                &app,
                "/sign-in/code",
                waits,
                form,
                &format!("198.51.100.{n}"),
            )
            .await
        };
        let waits = password(&app, "admin", &app.password, "203.0.113.2").await;
        get(&app, "/sign-in/code", &waits)
            .await
            .ok("the page that asks");
        assert_eq!(
            get(&app, "/clients", &waits).await.status,
            303,
            "it opens nothing"
        );
        for wrong in ["000000", &used, "", "aaaa-aaaa-aaaa-aaaa"] {
            let answer = code(&waits, wrong).await;
            assert_eq!(answer.status, 401, "{wrong} on {}", app.engine);
            assert_eq!(cookie(&answer, "__Host-cutover"), None);
        }
        let answer = code(&waits, &codes[0].to_uppercase()).await;
        assert_eq!(answer.header("location"), "/trend", "{}", answer.text());
        let session = cookie(&answer, "__Host-cutover").expect("a session");
        get(&app, "/clients", &session).await.ok("signed in");
        // It waits no more, and no recovery code is good twice.
        assert_eq!(code(&waits, &codes[1]).await.status, 401);
        let waits = password(&app, "admin", &app.password, "203.0.113.2").await;
        assert_eq!(code(&waits, &codes[0]).await.status, 401);
        let next = shown(&secret, cutover::clock::now(), 1);
        assert_eq!(code(&waits, &next).await.status, 303);
        // The same code, for another sign-in.
        let waits = password(&app, "admin", &app.password, "203.0.113.2").await;
        for _ in 0..4 {
            assert_eq!(code(&waits, &next).await.status, 401);
        }
        let over = code(&waits, "123456").await;
        assert!(over.text().contains("Sign in once more"), "{}", over.text());
        assert_eq!(code(&waits, &codes[2]).await.status, 401, "five were wrong");
        assert_eq!(get(&app, "/sign-in/code", &waits).await.status, 303);
        // Nobody without the cookie.
        assert_eq!(code("", &codes[2]).await.status, 401);

        // It is taken off with a code, and reset without one.
        let remove = "/account/second-factor/remove";
        let wrong = post(&app, remove, &session, "code=1".to_owned(), "203.0.113.3").await;
        assert_eq!(wrong.status, 422);
        let form = format!("code={}", codes[3]);
        let off = post(&app, remove, &session, form, "203.0.113.3").await;
        assert_eq!(off.status, 303);
        let session = app.sign_in().await;
        let (.., session) = set_up(&app, &session).await;
        let reset = app.command(&["user", "reset-second-factor", "admin"], "");
        assert!(reset.status.success(), "{reset:?}");
        assert_eq!(
            get(&app, "/clients", &session).await.status,
            303,
            "sessions end"
        );
        let session = app.sign_in().await;
        let log = get(&app, "/api/v1/audit?limit=200", &session).await.text();
        for part in [
            "account.second-factor",
            "account.recovery-code",
            "9 left",
            "the code was wrong",
        ] {
            assert!(log.contains(part), "{part}: {log}");
        }
        assert!(!log.contains(&codes[0]), "no code is in the log");
    }
}

#[tokio::test]
async fn setting_it_up_and_taking_it_off_ends_the_other_sessions() {
    for app in TestApp::each_with(&["--rate-limit", "0"]).await {
        let is_in = async |session: &str| get(&app, "/clients", session).await.status == 200;
        app.add_user("vera", "viewer", PASSWORD);
        let vera = app.sign_in_as("vera", PASSWORD).await;
        // Somebody who has the password is signed in, too, before there is a second factor.
        let thief = app.sign_in_as("admin", &app.password).await;
        let other = app.sign_in_as("admin", &app.password).await;
        let mine = app.sign_in_as("admin", &app.password).await;
        let text = get(&app, "/account/second-factor", &mine).await.text();
        assert!(
            text.contains("your sessions in all other browsers end"),
            "{text}"
        );
        let ids = async |session: &str| {
            let text = get(&app, "/account", session).await.text();
            text.matches("/account/sessions/").count()
        };
        let before = ids(&mine).await;
        let (secret, codes, rotated) = set_up(&app, &mine).await;
        assert_ne!(mine, rotated);
        for gone in [&thief, &other, &mine] {
            assert!(!is_in(gone).await, "on {}", app.engine);
        }
        assert!(
            is_in(&rotated).await && is_in(&vera).await,
            "on {}",
            app.engine
        );
        assert!(ids(&rotated).await < before);

        // With a code another one comes in, and goes when the second factor does.
        let waits = password(&app, "admin", &app.password, "").await;
        let next = shown(&secret, cutover::clock::now(), 1);
        let second = post(&app, "/sign-in/code", &waits, format!("code={next}"), "").await;
        let second = cookie(&second, "__Host-cutover").expect("a session");
        let remove = "/account/second-factor/remove";
        let wrong = post(&app, remove, &rotated, "code=1".to_owned(), "").await;
        assert_eq!(cookie(&wrong, "__Host-cutover"), None);
        assert!(
            is_in(&second).await && is_in(&rotated).await,
            "a wrong code ends none"
        );
        let text = get(&app, "/account/second-factor", &rotated).await.text();
        assert!(text.contains("Taking it off ends your sessions"), "{text}");
        let form = format!("code={}", codes[0]);
        let off = post(&app, remove, &rotated, form, "").await;
        assert_eq!(off.status, 303, "{}", off.text());
        let last = cookie(&off, "__Host-cutover").expect("another secret");
        assert!(
            !is_in(&second).await && !is_in(&rotated).await,
            "on {}",
            app.engine
        );
        assert!(is_in(&last).await && is_in(&vera).await);
        let log = get(&app, "/api/v1/audit?deed=account.second-factor", &last).await;
        let log = log.text();
        for part in ["set up; 2 sessions ended", "none; 1 sessions ended"] {
            assert!(log.contains(part), "{part} on {}: {log}", app.engine);
        }
    }
}

#[tokio::test]
async fn a_role_can_need_one_and_then_nothing_else_opens_before() {
    let arguments = [
        "--rate-limit",
        "0",
        "--require-second-factor",
        "administrator, approver",
    ];
    for app in TestApp::each_with(&arguments).await {
        app.add_user("vera", "viewer", PASSWORD);
        let vera = app.sign_in_as("vera", PASSWORD).await;
        get(&app, "/clients", &vera).await.ok("a viewer needs none");
        let admin = app.sign_in().await;
        for path in ["/", "/people", "/people/vera"] {
            let led = get(&app, path, &admin).await;
            assert_eq!(led.header("location"), "/account/second-factor", "{path}");
        }
        let refused = get(&app, "/api/v1/summary", &admin).await;
        assert_eq!(refused.status, 403);
        let refused = post(&app, "/people/vera/disable", &admin, String::new(), "").await;
        assert_eq!(refused.status, 403);
        get(&app, "/account", &admin).await.ok("one's own page");
        let (_, codes, admin) = set_up(&app, &admin).await;
        get(&app, "/people/vera", &admin).await.ok("now");
        // An administrator resets that of somebody else.
        set_up(&app, &vera).await;
        let text = get(&app, "/people/vera", &admin).await.text();
        assert!(text.contains("Reset the second factor"), "{text}");
        let reset = post(
            &app,
            "/people/vera/second-factor",
            &admin,
            String::new(),
            "",
        )
        .await;
        assert_eq!(reset.status, 303);
        app.sign_in_as("vera", PASSWORD).await;
        // Without it, no other page opens again.
        let form = format!("code={}", codes[0]);
        let off = post(&app, "/account/second-factor/remove", &admin, form, "").await;
        let admin = cookie(&off, "__Host-cutover").expect("another secret");
        let led = get(&app, "/people", &admin).await;
        assert_eq!(led.header("location"), "/account/second-factor");
    }
}

fn by(at: Timestamp) -> By {
    By {
        at,
        author: Author::new(Actor::Server, None),
    }
}

#[expect(
    clippy::too_many_lines,
    reason = "one story of one sign-in after the other"
)]
#[tokio::test]
async fn codes_are_awaited_for_five_minutes_and_guessed_thirty_times_an_hour() {
    for test in TestStore::each().await {
        let store = &test.store;
        let name = || "ada".to_owned();
        let ada = NewAccount {
            name: name(),
            role: Role::Administrator,
            sites: Sites::all(),
            password_hash: "a hash".to_owned(),
            must_change: false,
        };
        store.add_account(ada, by(NOON)).await.expect("added");
        assert!(store.offer_factor(name()).await.expect("an answer"));
        let Factor::Offered(secret) = store.factor("ada").await.expect("an answer") else {
            panic!("nothing is offered on {}", test.engine);
        };
        let confirmed = store
            .confirm_factor(name(), shown(&secret, NOON, 0), String::new(), by(NOON))
            .await;
        assert_eq!(
            confirmed.expect("an answer").map(|(codes, _)| codes.len()),
            Some(10)
        );
        assert!(
            !store.offer_factor(name()).await.expect("an answer"),
            "there is one"
        );
        assert_eq!(
            store.factor("ada").await.expect("an answer"),
            Factor::Holds(10)
        );
        assert_eq!(
            store.factor("nobody").await.expect("an answer"),
            Factor::Elsewhere
        );
        let wait = async |hash: &str, at: Timestamp| {
            let who = Checked {
                name: name(),
                password_hash: hash.to_owned(),
            };
            store
                .await_code(who, "/".to_owned(), at)
                .await
                .expect("awaited")
        };
        let finish = async |waits: &str, code: String, at: Timestamp| {
            store
                .finish_with_code(waits, code, None, String::new(), Lasting::default(), by(at))
                .await
                .expect("an answer")
        };
        // Too late; and a password that is another one by now.
        let waits = wait("a hash", NOON).await;
        let late = NOON.plus(AWAITED);
        assert_eq!(
            finish(&waits, shown(&secret, late, 0), late).await,
            Code::Over
        );
        let waits = wait("another hash", late).await;
        assert_eq!(
            finish(&waits, shown(&secret, late, 0), late).await,
            Code::Over
        );
        // Thirty wrong ones, five a sign-in.
        let at = NOON.plus(10 * MINUTE);
        for n in 0..6 {
            let waits = wait("a hash", at).await;
            for try_of in 0..5 {
                let came = finish(&waits, "000000".to_owned(), at).await;
                let expected = if try_of < 4 { Code::Wrong } else { Code::Over };
                assert_eq!(came, expected, "{n} {try_of}");
            }
        }
        let waits = wait("a hash", at).await;
        let right = shown(&secret, at, 0);
        assert_eq!(finish(&waits, right.clone(), at).await, Code::TooMany);
        // Also with the right password an hour later.
        let at = at.plus(61 * MINUTE);
        let waits = wait("a hash", at).await;
        assert_eq!(finish(&waits, right, at).await, Code::Wrong, "an old code");
        let came = finish(&waits, shown(&secret, at, -1), at).await;
        assert!(matches!(came, Code::Right(..)), "{came:?}");
        // A removed account leaves nothing for the next of its name.
        let again = NewAccount {
            name: "bert".to_owned(),
            role: Role::Administrator,
            sites: Sites::all(),
            password_hash: "a hash".to_owned(),
            must_change: false,
        };
        store
            .add_account(again.clone(), by(at))
            .await
            .expect("added");
        store
            .remove_account(name(), by(at), None)
            .await
            .expect("removed");
        store
            .add_account(
                NewAccount {
                    name: name(),
                    ..again
                },
                by(at),
            )
            .await
            .expect("added");
        assert_eq!(store.factor("ada").await.expect("an answer"), Factor::None);
        assert!(totp::typed_recovery_code("000000").is_none());
    }
}
