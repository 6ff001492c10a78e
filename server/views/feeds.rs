//! Who feeds the server: when each sender last spoke for each site, and which of them have stopped.

use askama::Template;

use super::{
    Layout,
    text::{self, Moment, counted, number},
    words,
};
use crate::domain::{
    feeds::{Feed, FeedState},
    time::Timestamp,
};

/// So many feeds are listed on a page; real estates have fewer.
const LISTED: usize = 1_000;
/// So many stopped feeds are named on the first screen.
const NAMED: usize = 10;

/// One feed, dressed.
#[derive(Clone, Debug)]
pub struct FeedRow {
    /// Site code, or that there is none.
    pub site: String,
    /// Who sends.
    pub sender: String,
    /// By which way.
    pub way: &'static str,
    /// Class and word of how it stands.
    pub state: (&'static str, &'static str),
    /// When it last spoke.
    pub last: Moment,
    /// When it first spoke.
    pub first: Moment,
    /// Reports since yesterday's midnight.
    pub since_yesterday: String,
    /// Reports of the last seven days.
    pub week: String,
    /// How often it usually speaks.
    pub rhythm: String,
    /// Of how many devices its last upload spoke that says so, and when that was; a dash where none does.
    pub completeness: String,
}

/// The page of the feeds.
#[derive(Debug, Template)]
#[template(path = "feeds.html", whitespace = "minimize")]
pub struct FeedsPage {
    /// The frame.
    pub layout: Layout,
    /// In one sentence.
    pub summary: String,
    /// Stopped ones first.
    pub feeds: Vec<FeedRow>,
    /// How many are not listed.
    pub hidden: Option<String>,
}

impl FeedsPage {
    /// The page; `feeds` come with those that stopped first.
    pub fn new(layout: Layout, feeds: &[Feed]) -> Self {
        let hidden = feeds.len().saturating_sub(LISTED);
        Self {
            summary: summary(feeds, layout.now),
            feeds: feeds
                .iter()
                .take(LISTED)
                .map(|feed| FeedRow::new(feed, layout.now))
                .collect(),
            hidden: (hidden > 0).then(|| {
                format!(
                    "{} more are not listed here; GET /api/v1/feeds has them all.",
                    number(count(hidden))
                )
            }),
            layout,
        }
    }
}

impl FeedRow {
    fn new(feed: &Feed, now: Timestamp) -> Self {
        Self {
            site: if feed.site.is_empty() {
                "none named".to_owned()
            } else {
                feed.site.clone()
            },
            sender: feed.sender.clone(),
            way: words::way(&feed.way),
            state: match feed.state(now) {
                FeedState::Stopped => ("stopped", "Stopped"),
                FeedState::Speaking => ("speaking", "Speaking"),
                FeedState::Ended => ("ended", "Ended"),
            },
            last: Moment::new(feed.last_at, now),
            first: Moment::new(feed.first_at, now),
            since_yesterday: number(feed.since_yesterday),
            week: number(feed.week),
            rhythm: match feed.days.usual_gap() {
                Some(1) => "daily".to_owned(),
                Some(days) => format!("every {}", counted(days, "day", "days")),
                None => "not known yet".to_owned(),
            },
            completeness: feed.completeness.map_or_else(
                || "–".to_owned(),
                |told| {
                    let when = Moment::new(told.at, now).relative;
                    format!("{} ({when})", text::answered(told.asked, told.answered))
                },
            ),
        }
    }
}

/// What a feed did last, in one sentence without its full stop: `Site P01 by token sccm-export: last heard 9 days ago`.
pub fn sentence(feed: &Feed, now: Timestamp) -> String {
    let site = if feed.site.is_empty() {
        "Without a site,".to_owned()
    } else {
        format!("Site {}", feed.site)
    };
    let way = if feed.way == "report" {
        String::new()
    } else {
        format!(", {}", words::way(&feed.way))
    };
    format!(
        "{site} by {}{way}: last heard {}",
        feed.sender,
        Moment::new(feed.last_at, now).relative
    )
}

/// How the feeds stand together.
pub fn summary(feeds: &[Feed], now: Timestamp) -> String {
    if feeds.is_empty() {
        return "Nothing has fed this server yet.".to_owned();
    }
    let n = |wanted| {
        feeds
            .iter()
            .filter(|feed| feed.state(now) == wanted)
            .count()
    };
    let stopped = match n(FeedState::Stopped) {
        0 => "none has stopped".to_owned(),
        1 => "one has stopped".to_owned(),
        n => format!("{} have stopped", number(count(n))),
    };
    let ended = match n(FeedState::Ended) {
        0 => String::new(),
        n => format!(
            "; {} silent for more than 60 days and no longer waited for",
            counted(count(n), "is", "are")
        ),
    };
    format!(
        "{}: {stopped}{ended}.",
        counted(count(feeds.len()), "feed", "feeds")
    )
}

/// The sentences for the first screen: a line for each feed that stopped.
pub fn attention(feeds: &[Feed], now: Timestamp) -> Vec<String> {
    let stopped: Vec<&Feed> = feeds
        .iter()
        .filter(|feed| feed.state(now) == FeedState::Stopped)
        .collect();
    let mut lines: Vec<String> = stopped
        .iter()
        .take(NAMED)
        .map(|feed| sentence(feed, now))
        .collect();
    if stopped.len() > NAMED {
        lines.push(format!(
            "{} have stopped too",
            counted(count(stopped.len() - NAMED), "more feed", "more feeds")
        ));
    }
    lines
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
