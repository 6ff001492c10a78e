//! The filters of a list: what its form offers, what is chosen, and how to take a choice back.

use super::{
    links::ListKind,
    tables::title,
    words::{self, Badge},
};
use crate::{domain::assess, store::model::Filter};

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

/// Options of a select: those that occur, and the chosen one even if it does not occur.
pub fn choices_of(
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
pub fn reasons(filter: &Filter) -> (Vec<Choice>, Vec<Choice>) {
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

/// Every fix, by its words.
pub fn fixes(filter: &Filter) -> Vec<Choice> {
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

/// The yes/no filters.
pub fn flags(filter: &Filter) -> Vec<Flag> {
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
pub fn chips(kind: ListKind, filter: &Filter) -> Vec<Chip> {
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
