//! What one token sent is set aside: the state is exactly that of a store which never got it, and lifting gives back the
//! first one.

use std::sync::Arc;

use cutover::{
    clock,
    domain::{
        assess::Policy,
        audit::Author,
        time::{DAY, HOUR, Timestamp},
    },
    ingest::Judge,
    store::{
        Store,
        incoming::{ReadsAgain, Sender, Way},
        quarantine::Step,
        quarantine_model::Span,
    },
};
use serde_json::Value;

use crate::{
    evidence::machine::{
        Dice, LASTS, Letter, State, by_chance, claimed, empty, expected, found, pairs, send, whole,
    },
    store::numbers_equal_the_lists,
    support::{large, stores::TestStore},
};

/// Random histories on each engine, of which a usual run takes a part.
const HISTORIES: u64 = 120;

/// The same facts, read at another time.
fn again(letter: &Letter, at: Timestamp) -> Letter {
    let mut body: Value = serde_json::from_slice(&letter.body).expect("JSON");
    body["collected_at"] = Value::String(at.to_string());
    Letter {
        body: serde_json::to_vec(&body).expect("JSON"),
        ..letter.clone()
    }
}

fn with_token(letter: &Letter, token: &str) -> Letter {
    Letter {
        sender: letter.sender.clone().with_token(token),
        ..letter.clone()
    }
}

/// A history by chance: both tokens say some of the same things, at other times and more than once.
fn history(dice: &mut Dice, now: Timestamp) -> Vec<Letter> {
    let facts: Vec<Letter> = (0..2 + dice.below(6))
        .map(|_| {
            let client = dice.below(3);
            if dice.below(3) == 0 {
                // As an agent does: a whole report each time.
                let bad: &[(&str, usize)] = if dice.below(2) == 0 {
                    &[]
                } else {
                    &[("schannel", 1)]
                };
                whole(client, now.plus(-DAY), bad, &claimed())
            } else {
                by_chance(dice, client, now)
            }
        })
        .collect();
    let mut letters = Vec::new();
    for _ in 0..3 + dice.below(14) {
        let days = i64::try_from(dice.below(21)).expect("small");
        let at = now.plus(-days * DAY - HOUR);
        let token = ["aaaa", "bbbb"][dice.below(2)];
        let facts = &facts[dice.below(facts.len())];
        letters.push(with_token(&again(facts, at), token));
    }
    letters
}

async fn send_all(
    store: &Store,
    judge: &Judge,
    letters: &[Letter],
    dice: &mut Dice,
    now: Timestamp,
) {
    let mut rest = letters;
    while !rest.is_empty() {
        let (group, later) = rest.split_at(1 + dice.below(rest.len()));
        send(store, judge, group, now).await;
        rest = later;
    }
}

/// Works until nothing is left to judge anew.
async fn finish(store: &Store, judge: &Judge, now: Timestamp) {
    let reader: Arc<dyn ReadsAgain> = Arc::new(judge.clone());
    for _ in 0..1_000 {
        if store
            .quarantine_step(Arc::clone(&reader), now)
            .await
            .expect("a step")
            == Step::Done
        {
            return;
        }
    }
    panic!("it never ends");
}

fn all_of(token: &str, now: Timestamp) -> Span {
    Span {
        token: token.to_owned(),
        since: Timestamp(0),
        until: now,
    }
}

fn same(found: &State, wanted: &State, what: &str) {
    for key in found.keys().chain(wanted.keys()) {
        assert_eq!(found.get(key), wanted.get(key), "{what}: {key}");
    }
}

#[tokio::test]
async fn without_one_token_everything_is_as_if_it_had_never_come_and_lifting_brings_it_back() {
    let judge = Judge::new(Policy::default(), LASTS);
    for test in TestStore::each().await {
        for seed in 0..large(HISTORIES) {
            let what = format!("{} history {seed}", test.engine);
            let now = clock::now();
            let later = now.plus(2 * 60_000);
            let mut dice = Dice::new(seed);
            let letters = history(&mut dice, now);
            let of = |token: &str| -> Vec<Letter> {
                let own = letters
                    .iter()
                    .filter(|letter| &*letter.sender.token == token);
                own.cloned().collect()
            };
            empty(&test.url).await;
            send_all(&test.store, &judge, &letters, &mut dice, now).await;
            same(
                &found(&test.url).await,
                &expected(&letters, &judge, later),
                &what,
            );
            let first = found(&test.url).await;
            let quarantined = test
                .store
                .set_aside(
                    all_of("aaaa", now),
                    "a drill".to_owned(),
                    Author::server(),
                    now,
                )
                .await
                .expect("set aside");
            finish(&test.store, &judge, later).await;
            let left = expected(&of("bbbb"), &judge, later);
            same(
                &found(&test.url).await,
                &left,
                &format!("{what} without aaaa"),
            );
            numbers_equal_the_lists(&test.store, later).await;
            let lifted = test
                .store
                .lift_quarantine(
                    quarantined,
                    "it was a drill".to_owned(),
                    Author::server(),
                    now,
                )
                .await
                .expect("lifted");
            assert!(lifted);
            finish(&test.store, &judge, later).await;
            same(&found(&test.url).await, &first, &format!("{what} lifted"));
            numbers_equal_the_lists(&test.store, later).await;
        }
    }
}

const SINCE: &str =
    "SELECT COALESCE(sms_guid, '') || ' ' || name || ' ' || site || ' ' || listing || ' '
  || CAST(touched AS TEXT) || ' ' || CAST(trust AS TEXT) || ' ' || sent_token || ' '
  || COALESCE(CAST(oldest_at AS TEXT), ''), COALESCE(CAST(verdict_since AS TEXT), '') FROM clients";

#[tokio::test]
async fn in_the_order_of_time_the_rest_is_the_same_too_and_no_since_is_too_early() {
    let judge = Judge::new(Policy::default(), LASTS);
    for test in TestStore::each().await {
        let (mut all, mut later) = (0, 0);
        for seed in 1_000..1_000 + HISTORIES / 2 {
            let what = format!("{} history {seed}", test.engine);
            let now = clock::now();
            let mut dice = Dice::new(seed);
            let mut letters = history(&mut dice, now);
            letters.sort_by_key(|letter| {
                let body: Value = serde_json::from_slice(&letter.body).expect("JSON");
                body["collected_at"].as_str().map(str::to_owned)
            });
            let one_by_one = async |letters: &[Letter]| {
                for letter in letters {
                    send(&test.store, &judge, std::slice::from_ref(letter), now).await;
                }
            };
            let only_b: Vec<Letter> = letters
                .iter()
                .filter(|letter| &*letter.sender.token == "bbbb")
                .cloned()
                .collect();
            empty(&test.url).await;
            one_by_one(&only_b).await;
            let mut wanted = pairs(&test.url, SINCE).await;
            empty(&test.url).await;
            one_by_one(&letters).await;
            test.store
                .set_aside(
                    all_of("aaaa", now),
                    "a drill".to_owned(),
                    Author::server(),
                    now,
                )
                .await
                .expect("set aside");
            finish(&test.store, &judge, now.plus(2 * 60_000)).await;
            let mut left = pairs(&test.url, SINCE).await;
            wanted.sort();
            left.sort();
            let rest = |rows: &[(String, String)]| -> Vec<String> {
                rows.iter().map(|(rest, _)| rest.clone()).collect()
            };
            assert_eq!(rest(&left), rest(&wanted), "{what}");
            for ((_, found), (_, wanted)) in left.iter().zip(&wanted) {
                all += 1;
                // Of what one token said again and again beside other sources only the first and the last time is kept.
                // Where the verdict turned between them, it stands since the last.
                assert!(found >= wanted, "{what}: since {found}, not {wanted}");
                later += usize::from(found != wanted);
            }
        }
        assert!(later * 20 <= all, "{later} of {all} on {}", test.engine);
    }
}

#[tokio::test]
async fn a_client_that_only_those_reports_made_known_goes_and_an_expected_one_is_silent_again() {
    let judge = Judge::new(Policy::default(), LASTS);
    for test in TestStore::each().await {
        let now = clock::now();
        let list = "Name,SMS GUID,Site Code\nPC-0,GUID:00000000-0000-4000-8000-000000000000,P01\n";
        let sites = cutover::domain::access::Sites::all();
        let by = cutover::expected::Planning {
            name: "a test",
            sites: &sites,
            because: Author::server().into(),
        };
        let confirmed = cutover::expected::Confirmed::ByNumber(cutover::expected::Agreed {
            confirmed: true,
            shrink: None,
        });
        cutover::expected::replace(&test.store, "default", list.into(), by, &confirmed, now)
            .await
            .expect("a list");
        let forged = Sender::claimed("thief").with_token("aaaa");
        let letters = [
            whole(0, now.plus(-HOUR), &[], &forged),
            whole(7, now.plus(-HOUR), &[], &forged),
        ];
        send(&test.store, &judge, &letters, now).await;
        let span = all_of("aaaa", now);
        let preview = test
            .store
            .preview_quarantine(&span, &judge, now)
            .await
            .expect("a preview");
        assert_eq!(
            (preview.reports, preview.clients, preview.judged),
            (2, 2, 2)
        );
        let changes: Vec<String> = preview
            .changes
            .iter()
            .map(|((from, to), n)| {
                let to = to.map_or("gone", cutover::domain::verdict::Standing::code);
                format!("{} {to} {n}", from.code())
            })
            .collect();
        assert_eq!(
            changes,
            ["ready gone 1", "ready silent 1"],
            "{}",
            test.engine
        );
        let before = found(&test.url).await;
        let id = test
            .store
            .set_aside(span, "stolen".to_owned(), Author::server(), now)
            .await
            .expect("set aside");
        let summary = test
            .store
            .summary(&judge.ruleset, now)
            .await
            .expect("a summary");
        assert_eq!(summary.to_rejudge, 2, "it is said while it goes on");
        finish(&test.store, &judge, now.plus(2 * 60_000)).await;
        let left = found(&test.url).await;
        assert_eq!(left.len(), 1, "{left:?}");
        assert!(left["PC-0"].contains("standing=silent"), "{left:?}");
        let summary = test
            .store
            .summary(&judge.ruleset, now)
            .await
            .expect("a summary");
        assert_eq!(summary.to_rejudge, 0);
        assert_eq!(summary.population.total, 1);
        numbers_equal_the_lists(&test.store, now).await;
        let lifted = test
            .store
            .lift_quarantine(id, "found".to_owned(), Author::server(), now);
        assert!(lifted.await.expect("lifted"));
        finish(&test.store, &judge, now.plus(2 * 60_000)).await;
        same(&found(&test.url).await, &before, test.engine);
    }
}

#[tokio::test]
async fn two_servers_that_do_the_same_work_do_it_once() {
    let judge = Judge::new(Policy::default(), LASTS);
    for test in TestStore::each().await {
        let other = Store::open(&test.url).await.expect("a second server");
        let now = clock::now();
        let thief = Sender::claimed("thief").with_token("aaaa");
        let honest = Sender::vouched("a person", Way::Upload);
        let mut letters = Vec::new();
        for client in 0..450 {
            letters.push(whole(
                client,
                now.plus(-2 * HOUR),
                &[("schannel", 1)],
                &honest,
            ));
            letters.push(whole(client, now.plus(-HOUR), &[], &thief));
        }
        send(&test.store, &judge, &letters, now).await;
        let span = all_of("aaaa", now);
        test.store
            .set_aside(span, "stolen".to_owned(), Author::server(), now)
            .await
            .expect("set aside");
        let later = now.plus(2 * 60_000);
        tokio::join!(
            finish(&test.store, &judge, later),
            finish(&other, &judge, later)
        );
        let quarantine = &test.store.quarantines().await.expect("listed")[0];
        assert!(!quarantine.working);
        assert_eq!(quarantine.judged, 450, "{}", test.engine);
        let honest: Vec<Letter> = letters
            .into_iter()
            .filter(|letter| letter.sender.token.is_empty())
            .collect();
        same(
            &found(&test.url).await,
            &expected(&honest, &judge, later),
            test.engine,
        );
        numbers_equal_the_lists(&test.store, later).await;
        other.close().await;
    }
}
