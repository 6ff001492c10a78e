//! The gate in words, and the lists behind its figures.

use super::{
    columns::Shown,
    links::{FEEDS_API, ListKind},
    text,
};
use crate::{
    domain::{
        gate::{Criterion, Held, Limit},
        verdict::Standing,
    },
    store::model::Filter,
};

/// What no gate can see. Whoever lets a pipeline decide has to know it.
pub const NOT_COVERED: [&str; 3] = [
    "What clients and others really negotiate with the site systems: look at their logs.",
    "The site systems' own settings: the first screen shows them by role.",
    "Rehearsal, way back, exceptions and dates: people decide on those.",
];

/// A criterion in short words.
pub const fn title(criterion: Criterion) -> &'static str {
    match criterion {
        Criterion::Clients => "Clients in scope",
        Criterion::Blocking => "Blocking",
        Criterion::NoVerdict => "No verdict that holds now",
        Criterion::Silent => "Never reported",
        Criterion::RestartPending => "Ready only after a restart",
        Criterion::ToRejudge => "Not yet judged by the rules of today",
        Criterion::ListAge => "Days since the oldest expected list came",
        Criterion::StoppedFeeds => "Feeds that stopped",
        Criterion::Regressed => "Ready within 30 days and not any more",
        Criterion::Duplicates => "Suspected second records",
    }
}

/// What was found and what may be there, in a sentence.
pub fn says(held: &Held, clients: i64) -> String {
    let title = title(held.criterion);
    let Some(figure) = held.figure else {
        return format!("{title}: there is no list, so nobody knows who is missing. Upload one.");
    };
    let figure = if held.criterion.counts_clients() {
        format!("{} of {}", text::number(figure), text::clients(clients))
    } else {
        text::number(figure)
    };
    let may = match held.limit {
        Limit::AtMost(most) => format!("at most {} may be", text::number(most)),
        Limit::Share(_) => format!("at most {} may be", held.limit),
        Limit::AtLeast(least) => format!("at least {} must be", text::number(least)),
        Limit::Any => "not asked".to_owned(),
    };
    format!("{title}: {figure}; {may}.")
}

/// Where programs find those that were counted; `None`: there is no list of them.
pub fn list(criterion: Criterion, scope: &Filter) -> Option<String> {
    let mut filter = scope.clone();
    let standings = |wanted: fn(Standing) -> bool| -> Vec<Standing> {
        Standing::ALL
            .into_iter()
            .filter(|standing| wanted(*standing))
            .collect()
    };
    match criterion {
        Criterion::Clients => {}
        Criterion::Blocking => filter.standings = vec![Standing::Blocking],
        Criterion::NoVerdict => filter.standings = standings(Standing::is_no_verdict),
        Criterion::Silent => filter.standings = vec![Standing::Silent],
        Criterion::RestartPending => filter.standings = vec![Standing::RestartPending],
        Criterion::Regressed => filter.regressed = true,
        Criterion::Duplicates => filter.duplicates = true,
        // That list is of the whole estate.
        Criterion::StoppedFeeds => return scope.site.is_none().then(|| FEEDS_API.to_owned()),
        Criterion::ToRejudge | Criterion::ListAge => return None,
    }
    Some(ListKind::of(&filter).download_url(&filter, &Shown::default(), "json"))
}
