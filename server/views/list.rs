//! A list of clients with its filters: `/blockers` and `/clients`.

use askama::Template;

use super::{
    Layout,
    home::title,
    links::{ListKind, NO_SITE},
    rows::RowView,
    text::{clients, number},
    words::{self, Badge},
};
use crate::{
    domain::{
        assess,
        verdict::{Impact, Standing},
    },
    store::model::{Filter, ListPage},
};

/// What the selects of the form offer, apart from what is fixed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    /// OS keys that occur.
    pub os: Vec<String>,
    /// Site codes that occur; the empty one for clients without a known site.
    pub sites: Vec<String>,
    /// Roles that occur.
    pub roles: Vec<String>,
}

/// One option of a select.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is shown.
    pub label: String,
    /// Whether it is chosen.
    pub chosen: bool,
}

/// One standing of the form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingChoice {
    /// Shape and word; its code is what is sent.
    pub badge: Badge,
    /// Whether it is ticked.
    pub chosen: bool,
}

/// One yes/no filter of the form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// Parameter name.
    pub name: &'static str,
    /// What it says.
    pub label: &'static str,
    /// Whether it is ticked.
    pub chosen: bool,
}

/// An active filter, and the list without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chip {
    /// Which filter.
    pub name: &'static str,
    /// Its value in words.
    pub value: String,
    /// The same list without this filter.
    pub without: String,
}

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
        (shown, total) => format!(
            "{}–{} of {}",
            number(before + 1),
            number(before + shown),
            clients(total)
        ),
    }
}

fn caption(kind: ListKind, filter: &Filter, total: i64) -> String {
    let of = |standings: &[Standing]| -> String {
        standings
            .iter()
            .map(|standing| words::standing(*standing).word.to_lowercase())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let which = if filter.standings.is_empty() || filter.standings.len() == Standing::ALL.len() {
        "of any standing".to_owned()
    } else if kind == ListKind::Blockers && filter.standings.len() == kind.standings().len() {
        "that are not cleared".to_owned()
    } else {
        format!("that are {}", of(&filter.standings))
    };
    format!("{} {which}, by name", clients(total))
}

/// Options of a select: those that occur, and the chosen one even if it does not occur.
fn choices_of(
    known: &[String],
    chosen: Option<&str>,
    dress: impl Fn(&str) -> (String, String),
) -> Vec<Choice> {
    let missing = chosen.filter(|chosen| !known.iter().any(|value| value == chosen));
    known
        .iter()
        .map(String::as_str)
        .chain(missing)
        .map(|raw| {
            let (value, label) = dress(raw);
            Choice {
                value,
                label,
                chosen: chosen == Some(raw),
            }
        })
        .collect()
}

/// Reasons that block, and reasons that leave undecided.
fn reasons(filter: &Filter) -> (Vec<Choice>, Vec<Choice>) {
    let (failed, unknown): (Vec<_>, Vec<_>) = assess::REASONS
        .iter()
        .partition(|info| info.impact.is_some());
    let dress = |infos: Vec<&assess::ReasonInfo>| -> Vec<Choice> {
        infos
            .into_iter()
            .map(|info| Choice {
                value: info.code.to_owned(),
                label: info.title.to_owned(),
                chosen: filter.reason.as_deref() == Some(info.code),
            })
            .collect()
    };
    (dress(failed), dress(unknown))
}

fn fixes(filter: &Filter) -> Vec<Choice> {
    let mut fixes: Vec<Choice> = Vec::new();
    for info in assess::REASONS {
        if !fixes.iter().any(|known| known.value == info.fix) {
            fixes.push(Choice {
                value: info.fix.to_owned(),
                label: info.fix_title.to_owned(),
                chosen: filter.fix.as_deref() == Some(info.fix),
            });
        }
    }
    fixes.sort_by(|a, b| a.label.cmp(&b.label));
    fixes
}

fn flags(filter: &Filter) -> Vec<Flag> {
    [
        ("duplicates", "Suspected duplicates", filter.duplicates),
        ("unlisted", "Not on the expected list", filter.unlisted),
        ("future", "Clock ahead", filter.future),
        ("left_out", "Left out of the population", filter.left_out),
    ]
    .map(|(name, label, chosen)| Flag {
        name,
        label,
        chosen,
    })
    .into()
}

/// Every active filter with the list it would be without.
fn chips(kind: ListKind, filter: &Filter) -> Vec<Chip> {
    let mut chips = Vec::new();
    let mut chip = |name: &'static str, value: String, without: Filter| {
        chips.push(Chip {
            name,
            value,
            without: kind.url(&without),
        });
    };
    let all = filter.standings.len() == kind.standings().len();
    if all && kind == ListKind::Blockers {
        let without = Filter {
            standings: Vec::new(),
            ..filter.clone()
        };
        chip("Standing", "any that is not cleared".to_owned(), without);
    } else {
        for standing in &filter.standings {
            let mut without = filter.clone();
            without.standings.retain(|other| other != standing);
            if without.standings.is_empty() && kind == ListKind::Blockers {
                without.standings = kind.standings().to_vec();
            }
            chip(
                "Standing",
                words::standing(*standing).word.to_owned(),
                without,
            );
        }
    }
    if let Some(impact) = filter.impact {
        chip(
            "Impact",
            words::impact(impact).to_owned(),
            Filter {
                impact: None,
                ..filter.clone()
            },
        );
    }
    if let Some(os) = &filter.os {
        chip(
            "OS",
            assess::os_label(os),
            Filter {
                os: None,
                ..filter.clone()
            },
        );
    }
    if let Some(site) = &filter.site {
        chip(
            "Site",
            words::site(site),
            Filter {
                site: None,
                ..filter.clone()
            },
        );
    }
    if let Some(role) = &filter.role {
        chip(
            "Role",
            words::role(role),
            Filter {
                role: None,
                ..filter.clone()
            },
        );
    }
    if let Some(reason) = &filter.reason {
        chip(
            "Reason",
            title(reason),
            Filter {
                reason: None,
                ..filter.clone()
            },
        );
    }
    if let Some(fix) = &filter.fix {
        let label = assess::REASONS
            .iter()
            .find(|info| info.fix == fix)
            .map_or(fix.as_str(), |info| info.fix_title);
        chip(
            "Fix",
            label.to_owned(),
            Filter {
                fix: None,
                ..filter.clone()
            },
        );
    }
    if let Some(q) = &filter.q {
        chip(
            "Search",
            q.clone(),
            Filter {
                q: None,
                ..filter.clone()
            },
        );
    }
    for flag in flags(filter).into_iter().filter(|flag| flag.chosen) {
        let mut without = filter.clone();
        match flag.name {
            "duplicates" => without.duplicates = false,
            "unlisted" => without.unlisted = false,
            "future" => without.future = false,
            _ => without.left_out = false,
        }
        chip("Only", flag.label.to_lowercase(), without);
    }
    chips
}
