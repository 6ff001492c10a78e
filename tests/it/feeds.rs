//! Who feeds the server: counted with the reports themselves, and missed when it falls silent.

use std::sync::Arc;

use cutover::{
    domain::{
        feeds::{Feed, FeedState, SpokenDays, day_of},
        time::{DAY, HOUR, Timestamp},
    },
    store::{
        Store,
        incoming::{Incoming, Sender, Way},
    },
};

use crate::support::stores::{EVERYWHERE, NOON, TestStore, report};

/// A feed that last spoke this many hours ago, on these days before that.
fn feed(hours: i64, days: &[u32]) -> Feed {
    let last_at = NOON.plus(-hours * HOUR);
    Feed {
        last_at,
        days: SpokenDays {
            last: day_of(last_at),
            mask: days.iter().fold(0, |mask, day| mask | 1 << day),
        },
        ..Feed::default()
    }
}

#[test]
fn who_spoke_regularly_and_falls_silent_has_stopped() {
    use FeedState::{Ended, Speaking, Stopped};
    let daily: Vec<u32> = (0..30).collect();
    // Monday to Friday, last on a Friday.
    let working: Vec<u32> = (0..28).filter(|day| day % 7 < 5).collect();
    let weekly = [0, 7, 14, 21];
    for (what, feed, expected) in [
        ("daily, an hour ago", feed(1, &daily), Speaking),
        ("daily, two days ago", feed(48, &daily), Speaking),
        (
            "daily, a little more than two days ago",
            feed(49, &daily),
            Stopped,
        ),
        ("daily, nine days ago", feed(9 * 24, &daily), Stopped),
        ("on three days of seven", feed(4 * 24, &[0, 1, 2]), Stopped),
        ("on two days of seven", feed(9 * 24, &[0, 1]), Speaking),
        (
            "on working days, over a weekend",
            feed(65, &working),
            Speaking,
        ),
        (
            "on working days, a Monday without",
            feed(97, &working),
            Stopped,
        ),
        ("weekly, eight days ago", feed(8 * 24, &weekly), Speaking),
        ("weekly, twenty days ago", feed(20 * 24, &weekly), Speaking),
        (
            "weekly, twenty-two days ago",
            feed(22 * 24, &weekly),
            Stopped,
        ),
        ("once, long ago", feed(40 * 24, &[0]), Speaking),
        ("daily, two months ago", feed(61 * 24, &daily), Ended),
        ("never", feed(61 * 24, &[]), Ended),
        ("from the future", feed(-50, &daily), Speaking),
    ] {
        assert_eq!(feed.state(NOON), expected, "{what}");
    }
    assert_eq!(feed(0, &weekly).days.usual_gap(), Some(7));
    assert_eq!(feed(0, &[0, 7]).days.usual_gap(), None);
}

#[test]
fn days_of_several_servers_go_together() {
    let days = |last, mask| SpokenDays { last, mask };
    for (a, b, expected) in [
        (days(10, 0b1), days(10, 0b101), days(10, 0b101)),
        (days(12, 0b1), days(10, 0b11), days(12, 0b1101)),
        (days(100, 0b1), days(10, 0b11), days(100, 0b1)),
        (days(0, 0), days(5, 0b1), days(5, 0b1)),
    ] {
        assert_eq!(a.and(b), expected);
        assert_eq!(b.and(a), expected);
    }
    assert!(days(10, 0b101).has(8) && !days(10, 0b101).has(9) && !days(10, 0b101).has(11));
}

fn from(n: u32, at: Timestamp, site: &str, sender: &str, way: Way) -> Incoming {
    let mut report = report(n, at, u8::try_from(n % 250).expect("small"));
    report.ids.site_code = Some(site.to_owned());
    report.sender = Sender {
        name: Arc::from(sender),
        way,
        ..report.sender
    };
    report
}

async fn send(store: &Store, reports: Vec<Incoming>, now: Timestamp) {
    store
        .writer()
        .reports(reports, now, true)
        .await
        .expect("kept");
}

#[tokio::test]
async fn each_sender_is_counted_for_each_site_it_speaks_of() {
    for test in TestStore::each().await {
        let store = &test.store;
        assert!(
            store
                .feeds(&EVERYWHERE, NOON)
                .await
                .expect("feeds")
                .is_empty()
        );
        for day in 0..12 {
            let at = NOON.plus(day * DAY);
            let mut group = vec![
                from(1, at, "P01", "token a", Way::Report),
                from(2, at, "P01", "token a", Way::Report),
                from(3, at, "P02", "token a", Way::Report),
            ];
            if day < 5 {
                group.push(from(4, at, "P01", "ann", Way::Upload));
                group.push(from(5, at, "no site code", "ann", Way::Upload));
            }
            send(store, group, at).await;
        }
        // The same again says nothing new, and yet somebody spoke.
        let now = NOON.plus(11 * DAY + HOUR);
        send(
            store,
            vec![from(1, now, "P01", "token a", Way::Report)],
            now,
        )
        .await;
        let feeds = store.feeds(&EVERYWHERE, now).await.expect("feeds");
        let seen: Vec<_> = feeds
            .iter()
            .map(|feed| {
                let who = (feed.site.as_str(), feed.sender.as_str(), feed.way.as_str());
                (
                    who,
                    feed.state(now).code(),
                    feed.reports,
                    feed.since_yesterday,
                    feed.week,
                )
            })
            .collect();
        assert_eq!(
            seen,
            [
                (("", "ann", "upload"), "stopped", 5, 0, 0),
                (("P01", "ann", "upload"), "stopped", 5, 0, 0),
                (("P01", "token a", "report"), "speaking", 25, 5, 15),
                (("P02", "token a", "report"), "speaking", 12, 2, 7),
            ],
            "{}",
            test.engine
        );
        assert_eq!(feeds[2].first_at, NOON);
        assert_eq!(feeds[2].last_at, now);
        assert_eq!(feeds[2].days.mask, 0xFFF);
        assert_eq!(feeds[1].days.mask, 0x1F);
        // Two days on, today's and yesterday's counts are those of days that were.
        let later = store
            .feeds(&EVERYWHERE, now.plus(2 * DAY))
            .await
            .expect("feeds");
        let of_p01 = later
            .iter()
            .find(|feed| feed.site == "P01" && feed.sender == "token a");
        let of_p01 = of_p01.expect("it is kept");
        assert_eq!((of_p01.since_yesterday, of_p01.week), (0, 11));
    }
}

#[tokio::test]
async fn long_pauses_and_clocks_that_go_back_do_no_harm() {
    for test in TestStore::each().await {
        let store = &test.store;
        for (n, days) in [(1, 0), (2, 100), (3, 130), (4, 129), (5, 20)] {
            let at = NOON.plus(days * DAY);
            send(store, vec![from(n, at, "P01", "token a", Way::Report)], at).await;
        }
        let feeds = store
            .feeds(&EVERYWHERE, NOON.plus(130 * DAY))
            .await
            .expect("feeds");
        let [feed] = &feeds[..] else {
            panic!("{feeds:?}");
        };
        assert_eq!(feed.days.last, day_of(NOON) + 130, "{}", test.engine);
        assert_eq!(feed.days.mask, 1 << 30 | 0b11);
        assert_eq!((feed.first_at, feed.last_at), (NOON, NOON.plus(130 * DAY)));
        assert_eq!((feed.reports, feed.since_yesterday), (5, 2));
    }
}

#[tokio::test]
async fn a_refused_group_counts_nothing() {
    for test in TestStore::each().await {
        let store = &test.store;
        let mut bad = from(1, NOON, "P01", "token a", Way::Report);
        bad.name = "a\u{0}b".to_owned();
        bad.ids.name = None;
        bad.ids.fqdn = None;
        bad.ids.sms_guid = None;
        bad.ids.resource_id = None;
        let refused = store.writer().reports(vec![bad], NOON, true).await;
        assert!(refused.is_err());
        assert!(
            store
                .feeds(&EVERYWHERE, NOON)
                .await
                .expect("feeds")
                .is_empty(),
            "{}",
            test.engine
        );
    }
}

#[tokio::test]
async fn servers_that_hear_the_same_senders_do_not_block_each_other() {
    for test in TestStore::each().await {
        if test.engine == "sqlite" {
            continue;
        }
        let other = Store::open(&test.url).await.expect("a second server");
        let batch = |first: u32, back: bool| -> Vec<Incoming> {
            let mut reports: Vec<_> = (first..first + 60)
                .map(|n| from(n, NOON, &format!("P{:02}", n % 20), "token a", Way::Report))
                .collect();
            if back {
                reports.reverse();
            }
            reports
        };
        for round in 0..10_u32 {
            let (a, b) = tokio::join!(
                test.store
                    .writer()
                    .reports(batch(round * 120, false), NOON, true),
                other
                    .writer()
                    .reports(batch(round * 120 + 60, true), NOON, true)
            );
            assert!(a.is_ok() && b.is_ok(), "{a:?} {b:?}");
        }
        let feeds = other.feeds(&EVERYWHERE, NOON).await.expect("feeds");
        assert_eq!(feeds.len(), 20);
        assert_eq!(feeds.iter().map(|feed| feed.reports).sum::<i64>(), 1_200);
    }
}
