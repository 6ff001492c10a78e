//! A token that says first what is known of a client, and then that it is ready: told by when the server heard it first.

use cutover::{
    domain::{
        suspicions::{Kind, newcomer},
        time::{DAY, HOUR, Timestamp},
        verdict::Standing,
    },
    store::{
        incoming::{Incoming, Sender},
        suspicion_list::Which,
    },
};

use crate::support::stores::{EVERYWHERE, NOON, TestStore, report, run};

#[test]
fn a_token_is_new_for_a_week_unless_it_was_the_first() {
    let now = Timestamp(100 * DAY);
    for (first, others, is_new) in [
        (100 * DAY, None, false),
        (100 * DAY, Some(1), true),
        (100 * DAY, Some(100 * DAY), true),
        (93 * DAY + 1, Some(1), true),
        (93 * DAY, Some(1), false),
        (99 * DAY, Some(99 * DAY + 1), false),
    ] {
        let (first, others) = (Timestamp(first), others.map(Timestamp));
        let wanted = is_new.then_some(first);
        assert_eq!(newcomer(first, others, now), wanted, "{first} {others:?}");
    }
}

/// Hours since the first noon when the server hears it, how many hours before that it is dated, the token, and what it says.
type Word = (i64, i64, &'static str, Standing);

use Standing::{Blocking, Ready, RestartPending, Undetermined};

const MONTH: i64 = 30 * 24;
const WEEK: i64 = 7 * 24;

/// What is said of a client, and whether the last of it is by another sender.
const CASES: &[(&str, &[Word], bool)] = &[
    (
        "mended",
        &[(0, 0, "a", Blocking), (24, 0, "a", Ready)],
        false,
    ),
    (
        "in two steps",
        &[
            (0, 0, "a", Blocking),
            (MONTH, 0, "u", Blocking),
            (MONTH + 1, 0, "u", Ready),
        ],
        true,
    ),
    (
        "in two steps, by a restart",
        &[
            (0, 0, "a", Blocking),
            (MONTH, 0, "u", Blocking),
            (MONTH + 1, 0, "u", RestartPending),
        ],
        true,
    ),
    (
        "by what leaves it open",
        &[
            (0, 0, "a", Blocking),
            (MONTH, 0, "u", Undetermined),
            (MONTH + 1, 0, "u", Ready),
        ],
        true,
    ),
    (
        "dated back",
        &[
            (0, 0, "a", Blocking),
            (MONTH - 1, 0, "a", Blocking),
            (MONTH, 10 * 24, "u", Blocking),
            (MONTH + 1, 0, "u", Blocking),
            (MONTH + 2, 0, "u", Ready),
        ],
        true,
    ),
    (
        "after six days",
        &[
            (0, 0, "a", Blocking),
            (MONTH, 0, "u", Blocking),
            (MONTH + 24, 0, "a", Blocking),
            (MONTH + WEEK - 2, 0, "u", Blocking),
            (MONTH + WEEK - 1, 0, "u", Ready),
        ],
        true,
    ),
    (
        "after a week",
        &[
            (0, 0, "a", Blocking),
            (MONTH, 0, "u", Blocking),
            (MONTH + WEEK, 0, "u", Ready),
        ],
        false,
    ),
    (
        "after a week of silence between",
        &[
            (0, 0, "a", Blocking),
            (1, 0, "u", Blocking),
            (MONTH, 0, "a", Blocking),
            (MONTH + 1, 0, "u", Ready),
        ],
        // Known for long, but not the one that was heard last.
        true,
    ),
    (
        "restarted",
        &[(0, 0, "a", RestartPending), (1, 0, "a", Ready)],
        false,
    ),
    (
        "restarted by another one's word",
        &[(0, 0, "a", RestartPending), (1, 0, "u", Ready)],
        true,
    ),
    (
        "back after a month",
        &[(0, 0, "a", Ready), (MONTH, 0, "a", Ready)],
        false,
    ),
    (
        "kept alive by another one's word",
        &[(0, 0, "a", Ready), (MONTH, 0, "u", Ready)],
        true,
    ),
    (
        "kept alive by who repeated it just before",
        &[
            (0, 0, "a", Ready),
            (13 * 24, 13 * 24, "u", Ready),
            (15 * 24, 0, "u", Ready),
        ],
        true,
    ),
    (
        "another token for who is heard",
        &[(0, 0, "a", Ready), (24, 0, "u", Ready)],
        false,
    ),
    (
        "the first of all",
        &[(0, 0, "u", Blocking), (1, 0, "u", Ready)],
        false,
    ),
    (
        "after what a person brought",
        &[
            (0, 0, "", Blocking),
            (1, 0, "u", Blocking),
            (2, 0, "u", Ready),
        ],
        false,
    ),
];

fn said(client: u32, word: &Word) -> (Incoming, Timestamp) {
    let (hour, before, token, verdict) = *word;
    let now = NOON.plus(hour * HOUR);
    let version = match verdict {
        Blocking => 1,
        Undetermined => 2,
        RestartPending => 3,
        _ => 4,
    };
    let report = Incoming {
        verdict,
        received_at: now,
        sender: Sender::claimed("a test").with_token(token),
        ..report(client, now.plus(-before * HOUR), version)
    };
    (report, now)
}

async fn noted(test: &TestStore) -> Vec<String> {
    let of_senders = Which {
        kind: Some(Kind::Sender),
        ..Which::default()
    };
    let page = test
        .store
        .suspicions(&of_senders, &EVERYWHERE, None, 100)
        .await
        .expect("a list");
    let mut rows: Vec<String> = page
        .items
        .iter()
        .map(|item| format!("{}: {}, {}", item.kind.code(), item.was, item.became))
        .collect();
    rows.sort();
    rows
}

#[tokio::test]
async fn who_repeats_what_is_known_before_it_says_ready_is_another_sender_for_a_week() {
    for test in TestStore::each().await {
        let mut wanted = 0;
        for (n, (what, words, is_odd)) in (1..).zip(CASES) {
            for word in *words {
                let before = noted(&test).await;
                assert_eq!(before.len(), wanted, "{what}, {word:?}: {before:?}");
                let (report, now) = said(n, word);
                let kept = test.store.writer().reports(vec![report], now, true).await;
                kept.expect("kept");
                if word == words.last().expect("a word") {
                    wanted += usize::from(*is_odd);
                }
            }
            let after = noted(&test).await;
            assert_eq!(after.len(), wanted, "{what} on {}: {after:?}", test.engine);
        }
        let first = NOON.plus(MONTH * HOUR);
        let all = noted(&test).await;
        let told = format!("sender: another token, token u, first heard {first}");
        let so_told = all.iter().filter(|row| **row == told).count();
        assert_eq!(so_told, 5, "on {}: {all:?}", test.engine);
    }
}

#[tokio::test]
async fn what_is_set_aside_made_nobody_known_and_nobody_new() {
    for test in TestStore::each().await {
        for (client, aside, wanted) in [(1, "a", 0), (2, "u", 1)] {
            let words = [
                (0, 0, "a", Blocking),
                (24, 0, "a", Blocking),
                (25, 0, "u", Blocking),
            ];
            for word in words {
                let (report, now) = said(client, &word);
                let kept = test.store.writer().reports(vec![report], now, true).await;
                kept.expect("kept");
            }
            for table in ["history", "echoes"] {
                let text = format!("UPDATE {table} SET aside = 'q' WHERE sent_token = '{aside}'");
                run(&test.url, &text).await;
            }
            let at = if aside == "u" { MONTH } else { 26 };
            let (report, now) = said(client, &(at, 0, "u", Ready));
            let kept = test.store.writer().reports(vec![report], now, true).await;
            kept.expect("kept");
            assert_eq!(
                noted(&test).await.len(),
                wanted,
                "{aside} on {}",
                test.engine
            );
        }
    }
}
