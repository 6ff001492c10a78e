//! One OS version: how its clients stand, why, and who they are.

use askama::Template;

use super::{
    Layout,
    bar::{self, Segment},
    links,
    rows::RowView,
    tables::{Folded, WhyRow, fold},
    text::{clients, counted, number},
};
use crate::{
    domain::{
        assess,
        facts::{OsFacts, OsVersion},
        time::Timestamp,
        verdict::Standing,
    },
    store::model::{Filter, ListPage, OsLine, ReasonLine},
};

/// The page of one OS version.
#[derive(Debug, Template)]
#[template(path = "os.html", whitespace = "minimize")]
pub struct OsPage {
    /// The frame.
    pub layout: Layout,
    /// Its name.
    pub name: String,
    /// Its key.
    pub key: String,
    /// Where it stands, in one sentence.
    pub sentence: String,
    /// `support ended 2020-01-14`.
    pub support_ended: Option<String>,
    /// The bar and its table.
    pub segments: Vec<Segment>,
    /// Why blocked, among these clients.
    pub why: Vec<WhyRow>,
    /// Rarer reasons.
    pub more_why: Folded<WhyRow>,
    /// The first rows of its list, those in the way first.
    pub rows: Vec<RowView>,
    /// What these rows are.
    pub caption: String,
    /// The whole list.
    pub list_href: String,
}

impl OsPage {
    /// The page of an OS version. `reasons` counts only its clients; `rows` is the first page of the
    /// list that `filter` describes (its OS, perhaps narrowed to what blocks).
    pub fn new(
        layout: Layout,
        line: &OsLine,
        reasons: &[ReasonLine],
        filter: &Filter,
        rows: &ListPage,
    ) -> Self {
        let of_os = Filter {
            os: Some(line.os_key.clone()),
            ..Filter::default()
        };
        let shown = i64::try_from(rows.items.len()).unwrap_or(0);
        let why = reasons
            .iter()
            .map(|line| WhyRow::new(line, &of_os))
            .collect();
        let (why, more_why) = fold(why, 20, "reasons");
        Self {
            name: assess::os_label(&line.os_key),
            key: line.os_key.clone(),
            sentence: sentence(line),
            support_ended: support_ended(&line.os_key, layout.now),
            segments: bar::segments(&line.standings, &of_os),
            why,
            more_why,
            rows: rows
                .items
                .iter()
                .map(|row| RowView::new(row, layout.now))
                .collect(),
            caption: if shown < rows.total {
                format!(
                    "The first {} of {}, by name.",
                    number(shown),
                    clients(rows.total)
                )
            } else {
                format!("{}, by name.", clients(rows.total))
            },
            list_href: links::list_url(filter),
            layout,
        }
    }
}

fn sentence(line: &OsLine) -> String {
    let parts: Vec<String> = [
        (line.of(Standing::Blocking), "blocks", "block"),
        (line.no_verdict(), "cannot be judged", "cannot be judged"),
        (
            line.of(Standing::RestartPending),
            "waits for a restart",
            "wait for a restart",
        ),
        (line.of(Standing::Ready), "is ready", "are ready"),
    ]
    .into_iter()
    .filter(|(n, _, _)| *n > 0)
    .map(|(n, one, many)| counted(n, one, many))
    .collect();
    if parts.is_empty() {
        return "No client with this OS version is counted.".to_owned();
    }
    format!(
        "Of {}, {}.",
        clients(line.total),
        super::text::joined(&parts)
    )
}

/// Says so when general support of an OS version had ended by `now`: `support ended 2020-01-14`. Paid and
/// long-term support is not counted, because a key does not tell editions apart.
pub fn support_ended(key: &str, now: Timestamp) -> Option<String> {
    let (numbers, kind) = key.split_once('-')?;
    let mut parts = numbers.split('.').map(|part| part.parse().ok());
    let version = OsVersion {
        major: parts.next()??,
        minor: parts.next()??,
        build: parts.next()??,
    };
    let facts = OsFacts {
        version: Some(version),
        product_type: Some(if kind == "server" { 3 } else { 1 }),
        suite_mask: (kind == "embedded").then_some(0x40),
        ..OsFacts::default()
    };
    let end = assess::os_identity(&facts).end_of_support?;
    (end < now.to_string().get(..10)?).then(|| format!("support ended {end}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn support_ends_by_the_calendar_of_the_page() {
        let at = |text| Timestamp::parse(text).expect("a time");
        assert_eq!(
            support_ended("6.1.7601-client", at("2026-11-23T08:00:00Z")).as_deref(),
            Some("support ended 2020-01-14")
        );
        assert_eq!(
            support_ended("6.1.7601-client", at("2020-01-14T08:00:00Z")),
            None
        );
        assert_eq!(support_ended("unknown", at("2026-11-23T08:00:00Z")), None);
        assert_eq!(
            support_ended("windows-mdm", at("2026-11-23T08:00:00Z")),
            None
        );
    }
}
