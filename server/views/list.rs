//! A list of clients with its filters: `/blockers` and `/clients`.

use askama::Template;

pub use super::form::Choices;
use super::{
    Layout,
    columns::{ListColumn, Shown, Sortable},
    form::FilterForm,
    headline::Piece,
    links::{self, ListKind, Screen},
    rows::RowView,
    text::{alternatives, clients, number},
    words,
};
use crate::{
    domain::verdict::Standing,
    store::model::{Filter, ListPage, Order},
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
    /// `1–100 of 214`, or that there is nothing.
    pub range: String,
    /// The whole list in words.
    pub caption: String,
    /// How many block, under exceptions and not; empty: nobody is under one.
    pub excepted: Vec<Piece>,
    /// Where exceptions for all of them are asked for; `None`: nobody is listed.
    pub ask_url: Option<String>,
    /// Address of this very view.
    pub view_address: String,
    /// The filters.
    pub form: FilterForm,
    /// The columns besides the name.
    pub columns: Vec<ListColumn>,
    /// The head of the names.
    pub by_name: Option<Sortable>,
    /// The head of the time of the verdict.
    pub by_since: Option<Sortable>,
    /// The rows.
    pub rows: Vec<RowView>,
    /// The next page.
    pub next: Option<String>,
    /// The first page, when this is another.
    pub first: Option<String>,
    /// The list as files.
    pub downloads: Vec<Download>,
    /// It is of one site, so that its resource ids mean something.
    pub of_one_site: bool,
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
        shown: &Shown,
        page: &ListPage,
        before: i64,
        choices: &Choices,
    ) -> Self {
        let before = before.clamp(0, page.total);
        let here = i64::try_from(page.items.len()).unwrap_or(0);
        let address = layout.address.clone();
        let of_one_site = match (filter.site.as_deref(), choices.sites.as_slice()) {
            (Some(site), _) => !site.is_empty(),
            (None, [site]) => !site.is_empty(),
            (None, _) => false,
        };
        Self {
            heading: match kind {
                ListKind::Blockers => "Blockers",
                ListKind::Clients => "All clients",
            },
            range: range(before, here, page.total),
            caption: caption(kind, filter, shown.order, page.total),
            excepted: Vec::new(),
            ask_url: (kind == ListKind::Blockers && page.total > 0)
                .then(|| links::ask_for_all_url(filter)),
            form: FilterForm::new(&Screen::List(kind, shown.clone()), filter, choices),
            view_address: kind.shown_url(filter, shown),
            columns: shown.columns.clone(),
            by_name: Some(Sortable::name(kind, filter, shown)),
            by_since: Some(Sortable::since(kind, filter, shown)),
            rows: page
                .items
                .iter()
                .map(|row| RowView::new(row, layout.now))
                .collect(),
            next: page
                .next_cursor
                .as_deref()
                .map(|cursor| kind.next_url(filter, shown, cursor, before + here)),
            first: (before > 0).then(|| kind.shown_url(filter, shown)),
            downloads: [
                ("CSV", "csv"),
                ("Excel", "xlsx"),
                ("NDJSON", "ndjson"),
                ("JSON", "json"),
                ("Resource ids", "ids"),
                ("Collection script", "powershell"),
            ]
            .into_iter()
            // Resource ids are those of one site.
            .filter(|(_, format)| of_one_site || !matches!(*format, "ids" | "powershell"))
            .map(|(label, format)| Download {
                label,
                href: kind.download_url(filter, shown, format),
            })
            .collect(),
            of_one_site,
            api_url: format!("{address}{}", kind.download_url(filter, shown, "json")),
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
fn caption(kind: ListKind, filter: &Filter, order: Order, total: i64) -> String {
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
    format!("{}, {which}. {}.", clients(total), words::order(order))
}
