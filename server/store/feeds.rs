//! Who feeds the server: kept by the writer with each group of reports, so that no page looks through the history.

use std::{
    collections::BTreeMap,
    hash::{BuildHasher as _, Hasher as _, RandomState},
    sync::LazyLock,
};

use super::{ESTATE, Store, db::Conn, error::Result, incoming::Incoming, rows::Rows};
use crate::domain::{
    access::Sites,
    feeds::{Completeness, Feed, SpokenDays, day_of},
    time::Timestamp,
};

const COMPLETE: &str = include_str!("sql/complete_feed.sql");
const HEARD: &str = include_str!("sql/heard.sql");
const ALL: &str = "SELECT site, sender, way, first_at, last_at, reports, day, spoke,
  n0, n1, n2, n3, n4, n5, n6, n7, asked, answered, asked_at FROM feeds WHERE estate = $1
ORDER BY site, sender, way, last_at";

/// Days that are counted one by one: places in a row.
const PLACES: i64 = 8;
/// Rows of its own for each of so many servers on one database.
const SHARDS: u64 = 16;

/// Which rows this server writes. By chance: two that draw the same wait for each other for a moment, no more.
static SHARD: LazyLock<i64> = LazyLock::new(|| {
    let drawn = RandomState::new().build_hasher().finish() % SHARDS;
    i64::try_from(drawn).unwrap_or(0)
});

/// What a group of reports says about one feed.
struct Heard {
    first_at: Timestamp,
    last_at: Timestamp,
    reports: i64,
}

#[derive(sqlx::FromRow)]
struct Site {
    #[sqlx(rename = "site")]
    _site: String,
}

/// Notes who sent a group of reports, in one statement. The rows are in the order of their key, so that servers never
/// wait for each other in a circle; it is the group's last statement, so that none waits while another still works.
pub(super) async fn heard(conn: &mut Conn, reports: &[Incoming]) -> Result<()> {
    let mut heard: BTreeMap<(&str, &str, &'static str), Heard> = BTreeMap::new();
    for report in reports {
        let key = (site(report), &*report.sender.name, report.sender.way.code());
        let at = report.received_at;
        let feed = heard.entry(key).or_insert(Heard {
            first_at: at,
            last_at: at,
            reports: 0,
        });
        feed.first_at = feed.first_at.min(at);
        feed.last_at = feed.last_at.max(at);
        feed.reports += 1;
    }
    let day = |feed: &Heard| day_of(feed.last_at);
    let mut rows = Rows::default()
        .text(heard.keys().map(|(site, ..)| Some(*site)))
        .text(heard.keys().map(|(_, sender, _)| Some(*sender)))
        .text(heard.keys().map(|(.., way)| Some(*way)))
        .int(heard.values().map(|feed| Some(feed.first_at.0)))
        .int(heard.values().map(|feed| Some(feed.last_at.0)))
        .int(heard.values().map(|feed| Some(feed.reports)))
        .int(heard.values().map(|feed| Some(day(feed))));
    for place in 0..PLACES {
        rows = rows.int(heard.values().map(|feed| {
            let here = day(feed).rem_euclid(PLACES) == place;
            Some(if here { feed.reports } else { 0 })
        }));
    }
    let _: Vec<Site> = conn.many(HEARD, &[ESTATE, *SHARD], &rows).await?;
    Ok(())
}

/// The site that all of these reports name; empty: none or several. `None`: there is no report.
pub(super) fn one_site(reports: &[Incoming]) -> Option<String> {
    let mut sites = reports.iter().map(site);
    let first = sites.next()?;
    let one = sites.all(|other| other == first);
    Some(if one { first } else { "" }.to_owned())
}

/// Notes of how many devices an upload was to speak, and of how many it does. The rows of an upload that speaks of
/// several sites cannot be told apart by this, so it is noted with what names no site.
pub(super) async fn complete(
    conn: &mut Conn,
    site: String,
    sender: String,
    way: String,
    (asked, answered): (i64, i64),
    at: Timestamp,
) -> Result<()> {
    conn.sql(COMPLETE)
        .bind(ESTATE)
        .bind(site)
        .bind(sender)
        .bind(way)
        .bind(*SHARD)
        .bind(at.0)
        .bind(day_of(at))
        .bind(asked)
        .bind(answered)
        .execute()
        .await
        .map(drop)
}

/// The site a report names. Site codes have three letters or digits; whatever else stands there makes no feed of its
/// own, so that no sender can fill the table.
fn site(report: &Incoming) -> &str {
    report
        .ids
        .site_code
        .as_deref()
        .filter(|code| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        .unwrap_or_default()
}

#[derive(sqlx::FromRow)]
struct FeedRow {
    site: String,
    sender: String,
    way: String,
    first_at: i64,
    last_at: i64,
    reports: i64,
    day: i64,
    spoke: i64,
    n0: i64,
    n1: i64,
    n2: i64,
    n3: i64,
    n4: i64,
    n5: i64,
    n6: i64,
    n7: i64,
    asked: Option<i64>,
    answered: Option<i64>,
    asked_at: Option<i64>,
}

impl FeedRow {
    /// What one server kept of a feed, seen on the day `today`.
    fn feed(self, today: i64) -> Feed {
        let days = SpokenDays {
            last: self.day,
            mask: self.spoke,
        };
        let places = [
            self.n0, self.n1, self.n2, self.n3, self.n4, self.n5, self.n6, self.n7,
        ];
        let on = |day: i64| {
            let place = usize::try_from(day.rem_euclid(PLACES)).unwrap_or(0);
            let kept = days.has(day) && days.last - day < PLACES;
            places.get(place).filter(|_| kept).copied().unwrap_or(0)
        };
        Feed {
            site: self.site,
            sender: self.sender,
            way: self.way,
            first_at: Timestamp(self.first_at),
            last_at: Timestamp(self.last_at),
            reports: self.reports,
            since_yesterday: on(today) + on(today - 1),
            week: (0..7).map(|back| on(today - back)).sum(),
            days,
            completeness: self
                .asked
                .zip(self.answered)
                .map(|(asked, answered)| Completeness {
                    asked,
                    answered,
                    at: Timestamp(self.asked_at.unwrap_or(self.last_at)),
                }),
        }
    }
}

impl Store {
    /// Every feed about these sites: those that stopped first, then by site, sender and way. Whoever is limited sees
    /// none that names no site.
    pub async fn feeds(&self, within: &Sites, now: Timestamp) -> Result<Vec<Feed>> {
        let rows: Vec<FeedRow> = self.db.read().await?.sql(ALL).bind(ESTATE).all().await?;
        let mut feeds: Vec<Feed> = Vec::new();
        for row in rows.into_iter().filter(|row| within.holds(&row.site)) {
            let feed = row.feed(day_of(now));
            match feeds.last_mut() {
                Some(last) if last.is(&feed) => last.add(feed),
                _ => feeds.push(feed),
            }
        }
        let place = |feed: &Feed| (feed.state(now), feed.site.clone(), feed.sender.clone());
        feeds.sort_by_cached_key(place);
        Ok(feeds)
    }
}
