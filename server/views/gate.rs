//! The gate in words, and the lists behind its figures.

use super::{
    columns::Shown,
    links::{FEEDS_API, ListKind},
    text,
};
use crate::{
    domain::{
        access::Sites,
        gate::{Criterion, Figures, Held, Limit},
        verdict::Standing,
    },
    store::model::{Excepted, Filter, Freshness},
};

/// The OS key of clients of which nobody said what they run.
const UNKNOWN_OS: &str = "unknown";

/// What no gate can see. Whoever lets a pipeline decide has to know it.
pub const NOT_COVERED: [&str; 3] = [
    "What clients and others really negotiate with the site systems: look at their logs.",
    "The site systems' own settings: the first screen shows them by role.",
    "Rehearsal, way back and dates: people decide on those. Whether an exception was granted with good reason, too.",
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
        Criterion::Unplaced => "Not ready, and perhaps in scope: site or OS version not known",
        Criterion::LeftOutHeard => {
            "Left out by the expected lists, yet heard lately and not ready, or ready by a suspected report"
        }
        Criterion::FutureReports => "Last report with a time to come",
        Criterion::Regressed => "Ready within 30 days and not any more",
        Criterion::Duplicates => "Suspected second records",
        Criterion::BlockingWithoutException => "Blocking, and under no exception in force",
        Criterion::ExceptionsExpiring => "Under an exception that is over within 30 days",
        Criterion::Suspicious => {
            "Turned ready, or left without a verdict, by a report about which a suspicion is open"
        }
    }
}

/// The site that is asked about and that whoever asks may not see.
fn unseen(scope: &Filter) -> Option<&str> {
    let site = scope.site.as_deref()?;
    (!site.is_empty() && !scope.within.holds(site)).then_some(site)
}

/// What was found and what may be there, in a sentence.
pub fn says(held: &Held, figures: &Figures, scope: &Filter) -> String {
    let title = title(held.criterion);
    let Some(figure) = held.figure else {
        if let Some(site) = unseen(scope) {
            return format!(
                "{title}: whoever asks may not see site {site}, so nobody knows here who is missing there. Ask with a token that may see it."
            );
        }
        return format!(
            "{title}: no list in force expects anybody in scope, so nobody knows who is missing. Upload one."
        );
    };
    let figure = if held.criterion.counts_clients() {
        format!(
            "{} of {}",
            text::number(figure),
            text::clients(figures.clients)
        )
    } else {
        text::number(figure)
    };
    let may = match held.limit {
        Limit::AtMost(most) => format!("at most {} may be", text::number(most)),
        Limit::Share(_) => {
            let but = match figures.elsewhere {
                0 => String::new(),
                n => format!(", without {} expected at another site,", text::clients(n)),
            };
            format!(
                "at most {} of those whom a list expects{but} may be",
                held.limit
            )
        }
        Limit::AtLeast(least) => format!("at least {} must be", text::number(least)),
        Limit::Any => "not asked".to_owned(),
    };
    format!("{title}: {figure}; {may}.")
}

/// Who is not ready and may belong to the scope: who left its sites, or named the first one, by what a report said, and the same
/// scope with what it names not known, one or both. A limit to sites is such a scope, too: clients of no known site may be of these,
/// and are counted, though nobody is shown them.
pub fn unplaced(scope: &Filter) -> Vec<Filter> {
    let known = Filter {
        standings: Standing::not_cleared(),
        ..scope.clone()
    };
    let mut found = Vec::new();
    // Also who is ready by now: the report that took it away may be the one that turned it.
    // And whom a list of the other site leaves out since, although it is heard.
    if let Some(left) = left(scope) {
        found.push(Filter {
            freshness: Some(Freshness::Fresh),
            left_out: true,
            ..left.clone()
        });
        found.push(left);
    }
    found.extend(nowhere(scope, &known));
    found
}

/// Those of them that are heard lately and that lists leave out.
pub fn left_out_unplaced(scope: &Filter) -> Vec<Filter> {
    nowhere(scope, &left_out_heard(scope))
}

/// The same clients with what the scope names of place not known: the site, the OS version, or both.
fn nowhere(scope: &Filter, of: &Filter) -> Vec<Filter> {
    let without_site = scope
        .site
        .as_deref()
        .map_or(scope.within.is_limited(), |site| !site.is_empty());
    let without_os = scope.os.as_deref().is_some_and(|os| os != UNKNOWN_OS);
    let no_site = |filter: &Filter| Filter {
        site: Some(String::new()),
        within: Sites::all(),
        ..filter.clone()
    };
    let mut found = Vec::new();
    if without_site {
        found.push(no_site(of));
    }
    if without_os {
        let no_os = Filter {
            os: Some(UNKNOWN_OS.to_owned()),
            ..of.clone()
        };
        if without_site {
            found.push(no_site(&no_os));
        }
        found.push(no_os);
    }
    found
}

/// Those of a scope that lists in force expect at other sites, which their reports do not say; `None`: it names no site.
pub fn expected_elsewhere(scope: &Filter) -> Option<Filter> {
    own_sites(scope).map(|own| Filter {
        elsewhere: Some(own),
        ..scope.clone()
    })
}

/// The known sites that a scope names, or is limited to.
fn own_sites(scope: &Filter) -> Option<Sites> {
    match &scope.site {
        Some(site) => {
            (!site.is_empty() && scope.within.holds(site)).then(|| Sites::only([site.clone()]))
        }
        None => scope.within.is_limited().then(|| scope.within.clone()),
    }
}

/// Who left the sites of a scope by what a report said, and nobody has looked at that; `None`: it names no site.
fn left(scope: &Filter) -> Option<Filter> {
    own_sites(scope).map(|own| Filter {
        site: None,
        left: Some(own),
        within: Sites::all(),
        ..scope.clone()
    })
}

/// Who would be in scope, is not ready although heard lately, and is left out by the lists.
pub fn left_out_heard(scope: &Filter) -> Filter {
    Filter {
        standings: Standing::not_cleared(),
        freshness: Some(Freshness::Fresh),
        left_out: true,
        ..scope.clone()
    }
}

/// Who is left out by the lists, was heard lately, and is ready by a report about which a suspicion is open: before it, the other
/// filter may have found it.
pub fn left_out_suspected(scope: &Filter) -> Filter {
    let cleared = Standing::ALL.into_iter().filter(|one| one.is_cleared());
    Filter {
        standings: cleared.collect(),
        freshness: Some(Freshness::Fresh),
        left_out: true,
        suspicious: true,
        ..scope.clone()
    }
}

/// Where programs find those that were counted; `None`: there is no list of them.
pub fn list(criterion: Criterion, scope: &Filter, figures: &Figures) -> Option<String> {
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
        Criterion::Unplaced => match &unplaced(scope)[..] {
            [only] if !scope.within.is_limited() => filter = only.clone(),
            _ => return None,
        },
        Criterion::LeftOutHeard => {
            let (suspected, unplaced) = (figures.left_out_suspected, figures.left_out_unplaced);
            filter = match (figures.left_out_heard, suspected, unplaced) {
                (_, 0, 0) => left_out_heard(scope),
                (0, _, 0) => left_out_suspected(scope),
                // No list has two kinds of them, and none those who may belong to the sites that somebody is limited to.
                (0, 0, _) if !scope.within.is_limited() => match &left_out_unplaced(scope)[..] {
                    [only] => only.clone(),
                    _ => return None,
                },
                _ => return None,
            }
        }
        Criterion::FutureReports => filter.future = true,
        Criterion::Regressed => filter.regressed = true,
        Criterion::Duplicates => filter.duplicates = true,
        Criterion::BlockingWithoutException => {
            filter.standings = vec![Standing::Blocking];
            filter.excepted = Some(Excepted::No);
        }
        Criterion::ExceptionsExpiring => filter.excepted = Some(Excepted::Soon),
        Criterion::Suspicious => filter.suspicious = true,
        // That list is of the whole estate.
        Criterion::StoppedFeeds => {
            let whole = scope.site.is_none() && !scope.within.is_limited();
            return whole.then(|| FEEDS_API.to_owned());
        }
        Criterion::ToRejudge | Criterion::ListAge => return None,
    }
    Some(ListKind::of(&filter).download_url(&filter, &Shown::default(), "json"))
}
