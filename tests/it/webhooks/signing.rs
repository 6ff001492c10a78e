//! Signatures, against the values that other implementations of the specification are tested with.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cutover::{
    domain::webhooks::{Event, WAITS, next_attempt},
    store::webhooks::Secret,
    webhooks::sign,
};

use super::receiver::hmac;
use crate::support::stores::NOON;

#[test]
fn a_signature_is_what_the_specification_says() {
    let secret = STANDARD
        .decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        .expect("base64");
    let secret = Secret::from_bytes(secret);
    assert_eq!(
        sign::shown(&secret),
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    );
    let (id, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", "{\"test\": 2432232314}");
    let signed = sign::signature(&[&secret], id, 1_614_265_330, body);
    assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    let text = format!("{id}.1614265330.{body}");
    let ours = STANDARD.encode(hmac(secret.bytes(), text.as_bytes()));
    assert_eq!(signed, format!("v1,{ours}"));
    // Two secrets, while one takes the place of the other.
    let other = Secret::from_bytes(vec![7; 32]);
    let both = sign::signature(&[&other, &secret], id, 1_614_265_330, body);
    let (first, second) = both.split_once(' ').expect("two");
    assert_eq!(second, signed);
    assert!(first.starts_with("v1,") && first != signed);
    // The test of RFC 4231 that has a short key.
    let known = [
        0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e, 0x6a, 0x04, 0x24, 0x26, 0x08, 0x95, 0x75,
        0xc7, 0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27, 0x39, 0x83, 0x9d, 0xec, 0x58, 0xb9, 0x64, 0xec,
        0x38, 0x43,
    ];
    assert_eq!(hmac(b"Jefe", b"what do ya want for nothing?"), known);
}

#[test]
fn a_secret_is_long_never_the_same_and_never_printed() {
    let (one, other) = (Secret::new(), Secret::new());
    assert_eq!(one.bytes().len(), 32);
    assert!(one != other);
    assert!(sign::shown(&one).starts_with("whsec_"));
    assert_eq!(format!("{one:?}"), "Secret");
}

#[test]
fn waits_grow_and_end_and_a_target_can_ask_for_more() {
    for (attempts, wait) in (1..).zip(WAITS) {
        assert_eq!(
            next_attempt(attempts, NOON, None, 0.0),
            Some(NOON.plus(wait))
        );
        let latest = next_attempt(attempts, NOON, None, 1.0).expect("again");
        assert_eq!(latest, NOON.plus(wait + wait / 5), "a fifth more by chance");
    }
    assert_eq!(next_attempt(10, NOON, None, 0.5), None);
    assert_eq!(next_attempt(i64::MAX, NOON, None, 0.5), None);
    assert_eq!(next_attempt(0, NOON, None, 0.5), None);
    let asked = |millis| {
        next_attempt(1, NOON, Some(millis), 0.0)
            .expect("again")
            .since(NOON)
    };
    assert_eq!(asked(1_000), 5_000, "no sooner than it would be anyway");
    assert_eq!(asked(120_000), 120_000);
    assert_eq!(asked(i64::MAX), 86_400_000, "a day at most");
    assert_eq!(asked(-5), 5_000);
    let days: i64 = WAITS.iter().sum();
    assert!(days > 3 * 86_400_000);
}

#[test]
fn events_are_named_by_their_codes() {
    use Event::{Blocking, Cleared, FeedStopped};
    for (text, events) in [
        ("blocking", vec![Blocking]),
        (
            " feed-stopped, blocking ,blocking",
            vec![Blocking, FeedStopped],
        ),
        (
            "blocking,cleared,feed-stopped",
            vec![Blocking, Cleared, FeedStopped],
        ),
    ] {
        assert_eq!(Event::list(text), Ok(events), "{text}");
    }
    assert_eq!(Event::codes(&Event::ALL), "blocking,cleared,feed-stopped");
    assert!(Event::list("blocked").is_err_and(|said| said.contains("\"blocked\"")));
    assert!(Event::list(" , ").is_err());
}
