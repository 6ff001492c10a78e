//! A list of clients with its filters: `/blockers` and `/clients`.

use askama::Template;

pub use super::form::Choices;
use super::{
    Layout,
    form::{Chip, Choice, Flag, StandingChoice, chips, choices_of, fixes, flags, reasons},
    links::{ListKind, NO_SITE},
    rows::RowView,
    text::{alternatives, clients, number},
    words,
};
use crate::{
    domain::{
        assess,
        verdict::{Impact, Standing},
    },
    store::model::{Filter, ListPage},
};

/// A file with exactly this list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    /// Name of the format.
    pub label: &'static str,
    /// Where it is.
    pub href: String,
}

/// A list of clients.
#[derive(Debug, Template)]
#[template(path = "list.html", whitespace = "minimize")]
pub struct ClientsPage {
    /// The frame.
    pub layout: Layout,
    /// `Blockers` or `All clients`.
    pub heading: &'static str,
    /// Which path the form sends to.
    pub action: &'static str,
    /// `1–100 of 214`, or that there is nothing.
    pub range: String,
    /// The whole list in words.
    pub caption: String,
    /// Search text.
    pub q: String,
    /// Standings of the form.
    pub standings: Vec<StandingChoice>,
    /// OS versions of the form.
    pub systems: Vec<Choice>,
    /// Impacts of the form.
    pub impacts: Vec<Choice>,
    /// Sites of the form.
    pub sites: Vec<Choice>,
    /// Roles of the form.
    pub roles: Vec<Choice>,
    /// Reasons of the form that make a client block.
    pub reasons_failed: Vec<Choice>,
    /// Reasons of the form that leave it undecided.
    pub reasons_unknown: Vec<Choice>,
    /// Fixes of the form.
    pub fixes: Vec<Choice>,
    /// Yes/no filters of the form.
    pub flags: Vec<Flag>,
    /// Whether a filter of the folded part is active.
    pub more_open: bool,
    /// Active filters.
    pub chips: Vec<Chip>,
    /// The list without any filter.
    pub reset: &'static str,
    /// The rows.
    pub rows: Vec<RowView>,
    /// The next page.
    pub next: Option<String>,
    /// The first page, when this is another.
    pub first: Option<String>,
    /// The list as files.
    pub downloads: Vec<Download>,
    /// The list as a command.
    pub api_url: String,
}

impl ClientsPage {
    /// A page of a list. `filter` is what was applied, defaults included; `before` says how many rows
    /// came on earlier pages (parameter `before`, for display only).
    pub fn new(
        layout: Layout,
        kind: ListKind,
        filter: &Filter,
        page: &ListPage,
        before: i64,
        choices: &Choices,
    ) -> Self {
        let before = before.clamp(0, page.total);
        let shown = i64::try_from(page.items.len()).unwrap_or(0);
        let (reasons_failed, reasons_unknown) = reasons(filter);
        let address = layout.address.clone();
        Self {
            heading: match kind {
                ListKind::Blockers => "Blockers",
                ListKind::Clients => "All clients",
            },
            action: kind.path(),
            range: range(before, shown, page.total),
            caption: caption(kind, filter, page.total),
            q: filter.q.clone().unwrap_or_default(),
            standings: kind
                .standings()
                .iter()
                .map(|standing| StandingChoice {
                    badge: words::standing(*standing),
                    chosen: filter.standings.contains(standing),
                })
                .collect(),
            systems: choices_of(&choices.os, filter.os.as_deref(), |key| {
                (key.to_owned(), assess::os_label(key))
            }),
            impacts: Impact::ALL
                .into_iter()
                .map(|impact| Choice {
                    value: impact.code().to_owned(),
                    label: words::impact(impact).to_owned(),
                    chosen: filter.impact == Some(impact),
                })
                .collect(),
            sites: choices_of(&choices.sites, filter.site.as_deref(), |code| {
                let value = if code.is_empty() { NO_SITE } else { code };
                (value.to_owned(), words::site(code))
            }),
            roles: choices_of(&choices.roles, filter.role.as_deref(), |role| {
                (role.to_owned(), words::role(role))
            }),
            reasons_failed,
            reasons_unknown,
            fixes: fixes(filter),
            flags: flags(filter),
            more_open: Filter {
                standings: Vec::new(),
                os: None,
                q: None,
                ..filter.clone()
            } != Filter::default(),
            chips: chips(kind, filter),
            reset: kind.path(),
            rows: page
                .items
                .iter()
                .map(|row| RowView::new(row, layout.now))
                .collect(),
            next: page
                .next_cursor
                .as_deref()
                .map(|cursor| kind.next_url(filter, cursor, before + shown)),
            first: (before > 0).then(|| kind.url(filter)),
            downloads: [("CSV", "csv"), ("NDJSON", "ndjson"), ("JSON", "json")]
                .map(|(label, format)| Download {
                    label,
                    href: kind.download_url(filter, format),
                })
                .into(),
            api_url: format!("{address}{}", kind.download_url(filter, "json")),
            layout,
        }
    }
}

/// Which part of the list this is.
fn range(before: i64, shown: i64, total: i64) -> String {
    match (shown, total) {
        (0, 0) => "No client".to_owned(),
        (0, total) => format!("None of {} on this page", number(total)),
        (shown, total) if shown >= total => clients(total),
        (1, total) => format!("{} of {}", number(before + 1), clients(total)),
        (shown, total) => format!(
            "{}–{} of {}",
            number(before + 1),
            number(before + shown),
            clients(total)
        ),
    }
}

/// What the table holds, in words.
fn caption(kind: ListKind, filter: &Filter, total: i64) -> String {
    let words: Vec<String> = filter
        .standings
        .iter()
        .map(|standing| words::standing(*standing).word.to_lowercase())
        .collect();
    let which = if words.is_empty() || words.len() == Standing::ALL.len() {
        "of any standing".to_owned()
    } else if kind == ListKind::Blockers && words.len() == kind.standings().len() {
        "not cleared".to_owned()
    } else {
        alternatives(&words)
    };
    format!("{}, {which}. In order of name.", clients(total))
}
