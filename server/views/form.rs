//! The filters of a list: what its form offers, what is chosen, and how to take a choice back.

use super::{
    columns::ListColumn,
    links::{NO_SITE, Screen},
    sites::further_sites,
    tables::title,
    text::counted,
    words::{self, Badge},
};
use crate::{
    domain::{
        assess,
        verdict::{Impact, Standing},
    },
    store::{
        model::{Excepted, Filter, Freshness, Order},
        selection::OWNERS_OFFERED,
    },
};

/// What the selects of the form offer, apart from what is fixed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    /// OS keys that occur.
    pub os: Vec<String>,
    /// Site codes that occur; the empty one for clients without a known site.
    pub sites: Vec<String>,
    /// How many further ones there are.
    pub further_sites: usize,
    /// Roles that occur.
    pub roles: Vec<String>,
    /// Owners that occur; more than [`OWNERS_OFFERED`]: too many to choose from.
    pub owners: Vec<String>,
}

/// The form above a screen: every filter, what can be chosen, and what is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterForm {
    /// Which path it sends to.
    pub action: &'static str,
    /// Search text.
    pub q: String,
    /// Standings.
    pub standings: Vec<StandingChoice>,
    /// OS versions.
    pub systems: Vec<Choice>,
    /// Impacts.
    pub impacts: Vec<Choice>,
    /// Sites.
    pub sites: Vec<Choice>,
    /// That there are more, where they are not all offered.
    pub further_sites: Option<String>,
    /// Roles.
    pub roles: Vec<Choice>,
    /// Reasons that make a client block.
    pub reasons_failed: Vec<Choice>,
    /// Reasons that leave it undecided.
    pub reasons_unknown: Vec<Choice>,
    /// Fixes.
    pub fixes: Vec<Choice>,
    /// How old the knowledge is.
    pub freshness: Vec<Choice>,
    /// How clients stand to exceptions.
    pub exceptions: Vec<Choice>,
    /// Owners; `None`: too many, so the name is typed.
    pub owners: Option<Vec<Choice>>,
    /// The owner that was asked for.
    pub owner: String,
    /// Yes/no filters.
    pub flags: Vec<Flag>,
    /// Columns to choose from; none on screens without a list.
    pub columns: Vec<ColumnChoice>,
    /// The order, to be kept when the form is sent; empty: the usual one.
    pub sort: &'static str,
    /// Filters that the form has no field for, to be kept when it is sent.
    pub kept: Vec<(&'static str, String)>,
    /// Whether a filter of the folded part is active.
    pub more_open: bool,
    /// Active filters.
    pub chips: Vec<Chip>,
    /// The screen without any filter.
    pub reset: String,
}

/// A column to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnChoice {
    /// What is sent.
    pub code: &'static str,
    /// What it is called.
    pub label: &'static str,
    /// Whether it is shown.
    pub chosen: bool,
}

impl FilterForm {
    /// The form of a screen with a filter on it.
    pub fn new(screen: &Screen, filter: &Filter, choices: &Choices) -> Self {
        let (reasons_failed, reasons_unknown) = reasons(filter);
        let (columns, sort) = match screen {
            Screen::Overview => (Vec::new(), ""),
            Screen::List(_, shown) => (
                ListColumn::ALL
                    .into_iter()
                    .map(|column| ColumnChoice {
                        code: column.code(),
                        label: column.label(),
                        chosen: shown.columns.contains(&column),
                    })
                    .collect(),
                if shown.order == Order::default() {
                    ""
                } else {
                    shown.order.code()
                },
            ),
        };
        Self {
            action: screen.path(),
            q: filter.q.clone().unwrap_or_default(),
            standings: screen
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
            further_sites: further_sites(choices.further_sites),
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
            freshness: Freshness::ALL
                .into_iter()
                .map(|freshness| Choice {
                    value: freshness.code().to_owned(),
                    label: words::freshness(freshness).to_owned(),
                    chosen: filter.freshness == Some(freshness),
                })
                .collect(),
            exceptions: Excepted::ALL
                .map(|how| Choice {
                    value: how.code().to_owned(),
                    label: words::excepted(how).to_owned(),
                    chosen: filter.excepted == Some(how),
                })
                .into(),
            owners: (choices.owners.len() <= OWNERS_OFFERED).then(|| {
                choices_of(&choices.owners, filter.owner.as_deref(), |owner| {
                    (owner.to_owned(), owner.to_owned())
                })
            }),
            owner: filter.owner.clone().unwrap_or_default(),
            flags: flags(filter),
            columns,
            sort,
            kept: kept(filter),
            more_open: !Filter {
                standings: Vec::new(),
                os: None,
                site: None,
                q: None,
                ..filter.clone()
            }
            .is_everybody(),
            chips: chips(screen, filter),
            reset: screen.url(&Filter::default()),
        }
    }
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

fn kept(filter: &Filter) -> Vec<(&'static str, String)> {
    let mut kept = Vec::new();
    if !filter.only_fixes.is_empty() {
        kept.push(("only_fixes", filter.only_fixes.join(",")));
    }
    if let Some(days) = filter.unchanged {
        kept.push(("unchanged", days.to_string()));
    }
    if filter.reasons().count() > 1
        && let Some(codes) = &filter.reason
    {
        kept.push(("reason", codes.clone()));
    }
    kept
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
                // Several together stand in a hidden field.
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
        (
            "regressed",
            "Was ready in the last 30 days",
            filter.regressed,
        ),
        (
            "suspicious",
            "Turned ready under an open suspicion",
            filter.suspicious,
        ),
        ("left_out", "Left out of the population", filter.left_out),
    ]
    .map(|(name, label, chosen)| Flag {
        name,
        label,
        chosen,
    })
    .into()
}

/// A filter with one value: what it is called, its value in words, and how to take it back.
type Single = (&'static str, Option<String>, fn(&mut Filter));

/// Every active filter with the list it would be without.
fn chips(screen: &Screen, filter: &Filter) -> Vec<Chip> {
    let mut chips = standing_chips(screen, filter);
    let unchanged = filter
        .unchanged
        .map(|days| format!("for {} or longer", counted(days, "day", "days")));
    let excepted = filter.excepted.map(|how| words::excepted(how).to_owned());
    let taken_back: [Single; 12] = [
        (
            "Impact",
            filter.impact.map(|impact| words::impact(impact).to_owned()),
            |filter| filter.impact = None,
        ),
        ("OS", filter.os.as_deref().map(assess::os_label), |filter| {
            filter.os = None;
        }),
        ("Site", filter.site.as_deref().map(words::site), |filter| {
            filter.site = None;
        }),
        ("Role", filter.role.as_deref().map(words::role), |filter| {
            filter.role = None;
        }),
        ("Reason", reason_titles(filter), |filter| {
            filter.reason = None;
        }),
        ("Fix", filter.fix.as_deref().map(fix_title), |filter| {
            filter.fix = None;
        }),
        ("Owner", filter.owner.clone(), |filter| filter.owner = None),
        (
            "Knowledge",
            filter
                .freshness
                .map(|freshness| words::freshness(freshness).to_owned()),
            |filter| filter.freshness = None,
        ),
        (
            "Needs only",
            (!filter.only_fixes.is_empty()).then(|| {
                let titles: Vec<String> = filter.only_fixes.iter().map(|c| fix_title(c)).collect();
                titles.join(" + ")
            }),
            |filter| filter.only_fixes.clear(),
        ),
        ("Search", filter.q.clone(), |filter| filter.q = None),
        ("Exception", excepted, |filter| filter.excepted = None),
        ("Not ready, unchanged", unchanged, |filter| {
            filter.unchanged = None;
        }),
    ];
    let mut chip = |name, value, without: &Filter| {
        chips.push(Chip {
            name,
            value,
            without: screen.url(without),
        });
    };
    for (name, value, take_back) in taken_back {
        if let Some(value) = value {
            let mut without = filter.clone();
            take_back(&mut without);
            chip(name, value, &without);
        }
    }
    for flag in flags(filter).into_iter().filter(|flag| flag.chosen) {
        let mut without = filter.clone();
        match flag.name {
            "duplicates" => without.duplicates = false,
            "unlisted" => without.unlisted = false,
            "future" => without.future = false,
            "regressed" => without.regressed = false,
            "suspicious" => without.suspicious = false,
            _ => without.left_out = false,
        }
        chip("Only", flag.label.to_lowercase(), &without);
    }
    chips
}

/// One chip per standing. On the blockers page, taking back the last one shows all that are not cleared,
/// and those together are one chip.
fn standing_chips(screen: &Screen, filter: &Filter) -> Vec<Chip> {
    let chip = |value: &str, standings: Vec<Standing>| Chip {
        name: "Standing",
        value: value.to_owned(),
        without: screen.url(&Filter {
            standings,
            ..filter.clone()
        }),
    };
    if screen.is_blockers() && filter.standings.len() == screen.standings().len() {
        return vec![chip("any that is not cleared", Vec::new())];
    }
    filter
        .standings
        .iter()
        .map(|standing| {
            let mut others = filter.standings.clone();
            others.retain(|other| other != standing);
            if others.is_empty() && screen.is_blockers() {
                others = screen.standings().to_vec();
            }
            chip(words::standing(*standing).word, others)
        })
        .collect()
}

/// Short words for the reasons that are asked for.
fn reason_titles(filter: &Filter) -> Option<String> {
    let titles: Vec<String> = filter.reasons().map(title).collect();
    (!titles.is_empty()).then(|| super::text::joined(&titles))
}

/// Short words for a fix; its code when this version does not know it.
fn fix_title(code: &str) -> String {
    assess::REASONS
        .iter()
        .find(|info| info.fix == code)
        .map_or_else(|| code.to_owned(), |info| info.fix_title.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::{columns::Shown, links::ListKind};
    use super::*;

    fn without(kind: ListKind, standings: &[Standing]) -> Vec<String> {
        let filter = Filter {
            standings: standings.to_vec(),
            os: Some("6.1.7601-client".to_owned()),
            ..Filter::default()
        };
        chips(&Screen::List(kind, Shown::default()), &filter)
            .into_iter()
            .map(|chip| format!("{} {}: {}", chip.name, chip.value, chip.without))
            .collect()
    }

    #[test]
    fn a_chip_takes_back_one_filter_and_leaves_the_others() {
        assert_eq!(
            without(ListKind::Clients, &[Standing::Stale, Standing::Ready]),
            [
                "Standing Stale: /clients?standing=ready&os=6.1.7601-client",
                "Standing Ready: /clients?standing=stale&os=6.1.7601-client",
                "OS Windows 7 SP1: /clients?standing=stale,ready",
            ]
        );
    }

    #[test]
    fn taking_back_the_last_standing_of_blockers_shows_all_that_are_not_cleared() {
        let all = "blocking,undetermined,conflict,restart_pending,stale,silent";
        assert_eq!(
            without(ListKind::Blockers, &[Standing::Blocking])[0],
            format!("Standing Blocking: /blockers?standing={all}&os=6.1.7601-client")
        );
        assert_eq!(
            without(ListKind::Blockers, ListKind::Blockers.standings())[0],
            "Standing any that is not cleared: /blockers?os=6.1.7601-client"
        );
    }
}
