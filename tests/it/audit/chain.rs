//! Whether the chain shows what somebody did to it, in memory and in both databases.

use cutover::{
    domain::{
        audit::Author,
        audit_chain::{Chain, Fault, Found, Link, Numbered, hex, noted as noted_hash},
        time::{DAY, Timestamp},
    },
    store::Store,
    store::audit_log::AuditFilter,
};

use super::{by_hand, entry, noted, unguard};
use crate::support::stores::TestStore;

fn made(length: i64) -> Vec<Numbered> {
    let mut before = Vec::new();
    (1..=length)
        .map(|seq| {
            let written = entry(seq).written();
            let hash = written.hash(seq, &before);
            before.clone_from(&hash);
            Numbered { seq, written, hash }
        })
        .collect()
}

fn link(entries: &[Numbered], seq: usize) -> Link {
    seq.checked_sub(1).map_or_else(Link::default, |at| Link {
        seq: entries[at].seq,
        hash: entries[at].hash.clone(),
    })
}

fn read(behind: Link, entries: &[Numbered], head: &Link) -> Found {
    let mut chain = Chain::behind(behind);
    for entry in entries {
        chain.take(entry);
    }
    chain.end(head)
}

type Change = (&'static str, fn(&mut Numbered));

const CHANGES: [Change; 10] = [
    ("at", |entry| entry.written.at += 1),
    ("kind", |entry| entry.written.kind.push('x')),
    ("actor", |entry| entry.written.actor.push('x')),
    ("address", |entry| entry.written.address.push('x')),
    ("deed", |entry| entry.written.deed.push('x')),
    ("subject", |entry| entry.written.subject.push('x')),
    ("old", |entry| entry.written.old = None),
    ("new", |entry| entry.written.new = Some(String::new())),
    ("why", |entry| entry.written.why = Some("x".to_owned())),
    ("hash", |entry| entry.hash[0] ^= 1),
];

#[test]
fn whatever_is_changed_of_one_of_a_thousand_is_named() {
    let entries = made(1_000);
    let head = link(&entries, 1_000);
    let found = read(Link::default(), &entries, &head);
    assert_eq!((found.entries, found.faults), (1_000, Vec::new()));
    for at in 0..entries.len() {
        // Whether an entry is named depends on itself and its neighbours only.
        let (from, to) = (at.saturating_sub(1), (at + 2).min(entries.len()));
        let window = &entries[from..to];
        for (column, change) in CHANGES {
            let mut window = window.to_vec();
            change(&mut window[at - from]);
            let found = read(link(&entries, from), &window, &link(&entries, to));
            let seq = entries[at].seq;
            let expected = match column {
                "hash" => Fault::HashChanged(seq),
                _ => Fault::Changed(seq),
            };
            let named = found.faults.first();
            assert_eq!(named, Some(&expected), "{column} of {seq}");
            // The newest one's hash is what the log says of it, too.
            let more = usize::from(column == "hash" && to == at + 1);
            assert_eq!(found.faults.len(), 1 + more, "{column} of {seq}: {found:?}");
        }
    }
}

#[test]
fn what_is_missing_moved_or_added_is_named() {
    let entries = made(20);
    let head = link(&entries, 20);
    let with = |change: &dyn Fn(&mut Vec<Numbered>)| {
        let mut entries = entries.clone();
        change(&mut entries);
        read(Link::default(), &entries, &head).faults
    };
    assert_eq!(
        with(&|all| drop(all.remove(4))),
        [Fault::Missing(5, 5)],
        "one"
    );
    assert_eq!(
        with(&|all| drop(all.drain(4..9))),
        [Fault::Missing(5, 9)],
        "some"
    );
    assert_eq!(
        with(&|all| drop(all.drain(..3))),
        [Fault::Missing(1, 3)],
        "the first"
    );
    assert_eq!(
        with(&|all| all.truncate(18)),
        [Fault::Missing(19, 20)],
        "the newest"
    );
    assert_eq!(with(&|all| all.clear()), [Fault::Missing(1, 20)], "all");
    assert_eq!(
        with(&|all| all.swap(4, 5)),
        [Fault::Missing(5, 5), Fault::OutOfOrder(5),],
        "two"
    );
    assert_eq!(
        with(&|all| all.insert(5, all[2].clone())),
        [Fault::OutOfOrder(3)],
        "one twice"
    );
    let more = made(22);
    assert_eq!(
        with(&|all| all.extend_from_slice(&more[20..])),
        [Fault::Added(21, 22)],
        "two more"
    );
    let renumbered = with(&|all| {
        all.remove(4);
        for (seq, entry) in (1..).zip(all) {
            entry.seq = seq;
        }
    });
    assert_eq!(renumbered[0], Fault::Changed(5), "renumbered");
    assert!(renumbered.len() > 14, "{renumbered:?}");
}

#[test]
fn a_noted_hash_is_read_as_people_write_it() {
    let digits = "00112233445566778899AABBCCDDEEFF";
    let spaced = "0011 2233-4455 6677 8899 AABB CCDD EEFF\n";
    let plain = digits.to_lowercase();
    assert_eq!(noted_hash(digits), Ok(plain.clone()));
    assert_eq!(noted_hash(spaced), Ok(plain));
    for wrong in [
        "",
        "0011",
        &digits[1..],
        &digits.replace('0', "g"),
        &digits.repeat(3),
    ] {
        assert!(noted_hash(wrong).is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn every_column_is_guarded_in_both_databases() {
    for test in TestStore::each().await {
        noted(&test, 30).await;
        let whole = test.store.verify_audit(None).await.expect("read");
        assert_eq!((whole.entries, &whole.faults), (30, &Vec::new()));
        unguard(&test).await;
        let byte = if test.engine == "sqlite" {
            "x'00'"
        } else {
            "'\\x00'"
        };
        let columns = [
            "at", "kind", "actor", "address", "deed", "subject", "old", "new", "why",
        ];
        for (seq, column) in (4..).step_by(2).zip(columns) {
            let value = if column == "at" { "1" } else { "'other'" };
            let sql = format!("UPDATE audit SET {column} = {value} WHERE seq = {seq}");
            by_hand(&test.url, sql).await.expect("changed");
            let found = test.store.verify_audit(None).await.expect("read");
            assert_eq!(
                found.faults.last(),
                Some(&Fault::Changed(seq)),
                "{column} on {}",
                test.engine
            );
        }
        let sql = format!("UPDATE audit SET hash = {byte} WHERE seq = 26");
        by_hand(&test.url, sql).await.expect("changed");
        let found = test.store.verify_audit(None).await.expect("read");
        assert_eq!(found.faults.last(), Some(&Fault::HashChanged(26)));
        by_hand(
            &test.url,
            "UPDATE audit SET seq = 99 WHERE seq = 28".to_owned(),
        )
        .await
        .expect("changed");
        let found = test.store.verify_audit(None).await.expect("read");
        assert!(found.faults.contains(&Fault::Missing(28, 28)));
        assert!(found.faults.contains(&Fault::Added(31, 99)));
        test.store.close().await;
    }
}

#[tokio::test]
async fn whoever_takes_the_newest_entries_out_is_found_by_a_noted_hash() {
    for test in TestStore::each().await {
        noted(&test, 12).await;
        let noted = hex(&test.store.verify_audit(None).await.expect("read").head.hash);
        super::noted(&test, 3).await;
        let found = test.store.verify_audit(Some(noted.clone())).await;
        let found = found.expect("read");
        assert_eq!((found.noted_at, found.faults), (Some(12), Vec::new()));
        unguard(&test).await;
        // The log is cut off before it, and its newest entry said to be another one: nothing in it tells.
        let sql = "DELETE FROM audit WHERE seq > 10; UPDATE audit_head SET seq = 10, hash = (SELECT hash FROM audit WHERE seq = 10)";
        by_hand(&test.url, sql.to_owned()).await.expect("cut");
        let found = test.store.verify_audit(None).await.expect("read");
        assert_eq!(found.faults, []);
        let found = test.store.verify_audit(Some(noted[..32].to_owned())).await;
        assert_eq!(found.expect("read").faults, [Fault::NotedMissing]);
        test.store.close().await;
    }
}

#[tokio::test]
async fn no_sql_changes_or_deletes_an_entry() {
    for test in TestStore::each().await {
        noted(&test, 5).await;
        let now = "CAST(9999999999999 AS BIGINT)";
        let mut refused = vec![
            "UPDATE audit SET subject = 'x' WHERE seq = 2".to_owned(),
            "UPDATE audit SET at = at".to_owned(),
            "DELETE FROM audit WHERE seq = 5".to_owned(),
            "DELETE FROM audit".to_owned(),
            "DELETE FROM audit_head".to_owned(),
            "UPDATE audit_head SET seq = 4".to_owned(),
            // No entry has this hash.
            "INSERT INTO audit_anchor (estate, seq, hash) SELECT 1, 9, hash FROM audit WHERE seq = 5".to_owned(),
            // Too young: written by a clock that is not the database's.
            format!("UPDATE audit SET at = {now} WHERE seq = 1"),
        ];
        if test.engine == "sqlite" {
            refused
                .push("INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE seq = 2".to_owned());
        } else {
            refused.push("TRUNCATE audit".to_owned());
            refused.push("TRUNCATE audit_head".to_owned());
        }
        for sql in refused {
            let done = by_hand(&test.url, sql.clone()).await;
            let told = done.map_or_else(|error| error.to_string(), |rows| rows.to_string());
            assert!(
                told.contains("audit log"),
                "{sql} on {}: {told}",
                test.engine
            );
        }
        let found = test.store.verify_audit(None).await.expect("read");
        assert_eq!((found.entries, found.faults), (5, Vec::new()));
        test.store.close().await;
    }
}

/// An entry by the clock of this machine, so many days ago.
async fn days_ago(store: &Store, days: i64) {
    let at = cutover::clock::now().plus(-days * DAY);
    let entry = Author::command().entry(at, "test.deed", format!("{days} days ago"));
    store.note(entry).await.expect("noted");
}

#[tokio::test]
async fn what_is_old_enough_goes_and_the_rest_still_hangs_together() {
    for test in TestStore::each().await {
        let store = &test.store;
        let now: Timestamp = cutover::clock::now();
        for days in [400, 300, 200, 100, 50] {
            days_ago(store, days).await;
        }
        store.tidy_audit(1_095, now).await.expect("nothing to do");
        assert_eq!(store.verify_audit(None).await.expect("read").entries, 5);
        store.tidy_audit(250, now).await.expect("tidied");
        let found = store.verify_audit(None).await.expect("read");
        assert_eq!((found.entries, &found.faults), (4, &Vec::new()));
        assert_eq!(found.head.seq, 6, "the tidying is noted");
        let at_anchor = store
            .walk_audit(AuditFilter::default())
            .await
            .expect("a walk");
        assert_eq!(at_anchor.anchor.seq, 2);
        let noted = hex(&at_anchor.anchor.hash);
        drop(at_anchor);
        let found = store.verify_audit(Some(noted)).await.expect("read");
        assert_eq!((found.noted_at, found.faults), (Some(2), Vec::new()));
        store.tidy_audit(250, now).await.expect("nothing to do");
        store.tidy_audit(150, now).await.expect("tidied again");
        let found = store.verify_audit(None).await.expect("read");
        assert_eq!((found.entries, found.faults), (4, Vec::new()));
        // What is younger than 90 days stays, whoever asks.
        let young = store.tidy_audit(20, now).await;
        assert!(young.is_err(), "{}", test.engine);
        for sql in [
            "UPDATE audit_anchor SET seq = 5, hash = (SELECT hash FROM audit WHERE seq = 5)",
            "UPDATE audit_anchor SET seq = 1",
            "DELETE FROM audit_anchor",
            "DELETE FROM audit",
        ] {
            assert!(
                by_hand(&test.url, sql.to_owned()).await.is_err(),
                "{sql} on {}",
                test.engine
            );
        }
        let found = store.verify_audit(None).await.expect("read");
        assert_eq!((found.entries, found.faults), (4, Vec::new()));
        store.close().await;
    }
}

#[tokio::test]
async fn servers_that_write_at_once_make_one_chain() {
    for test in TestStore::each().await {
        let other = Store::open(&test.url).await.expect("a second server");
        let writing = (1..=60).map(|n| {
            let store = if n % 2 == 0 { &test.store } else { &other };
            store.note(entry(n))
        });
        for done in futures::future::join_all(writing).await {
            done.expect("noted");
        }
        let found = test.store.verify_audit(None).await.expect("read");
        assert_eq!((found.entries, found.faults), (60, Vec::new()));
        other.close().await;
        test.store.close().await;
    }
}
