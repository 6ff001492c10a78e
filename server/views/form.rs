//! The filters of a list: what its form offers, what is chosen, and how to take a choice back.

use super::{
    links::ListKind,
    tables::title,
    words::{self, Badge},
};
use crate::{
    domain::{assess, verdict::Standing},
    store::model::Filter,
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

/// A filter with one value: what it is called, its value in words, and how to take it back.
type Single = (&'static str, Option<String>, fn(&mut Filter));

/// Every active filter with the list it would be without.
pub fn chips(kind: ListKind, filter: &Filter) -> Vec<Chip> {
    let mut chips = standing_chips(kind, filter);
    let taken_back: [Single; 8] = [
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
        ("Reason", filter.reason.as_deref().map(title), |filter| {
            filter.reason = None;
        }),
        ("Fix", filter.fix.as_deref().map(fix_title), |filter| {
            filter.fix = None;
        }),
        (
            "Needs only",
            (!filter.only_fixes.is_empty()).then(|| {
                let titles: Vec<String> = filter.only_fixes.iter().map(|c| fix_title(c)).collect();
                titles.join(" + ")
            }),
            |filter| filter.only_fixes.clear(),
        ),
        ("Search", filter.q.clone(), |filter| filter.q = None),
    ];
    let mut chip = |name, value, without: &Filter| {
        chips.push(Chip {
            name,
            value,
            without: kind.url(without),
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
            _ => without.left_out = false,
        }
        chip("Only", flag.label.to_lowercase(), &without);
    }
    chips
}

/// One chip per standing. On the blockers page, taking back the last one shows all that are not cleared,
/// and those together are one chip.
fn standing_chips(kind: ListKind, filter: &Filter) -> Vec<Chip> {
    let chip = |value: &str, standings: Vec<Standing>| Chip {
        name: "Standing",
        value: value.to_owned(),
        without: kind.url(&Filter {
            standings,
            ..filter.clone()
        }),
    };
    if kind == ListKind::Blockers && filter.standings.len() == kind.standings().len() {
        return vec![chip("any that is not cleared", Vec::new())];
    }
    filter
        .standings
        .iter()
        .map(|standing| {
            let mut others = filter.standings.clone();
            others.retain(|other| other != standing);
            if others.is_empty() && kind == ListKind::Blockers {
                others = kind.standings().to_vec();
            }
            chip(words::standing(*standing).word, others)
        })
        .collect()
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
    use super::*;

    fn without(kind: ListKind, standings: &[Standing]) -> Vec<String> {
        let filter = Filter {
            standings: standings.to_vec(),
            os: Some("6.1.7601-client".to_owned()),
            ..Filter::default()
        };
        chips(kind, &filter)
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
