//! What several of these pages show: fates in numbers, criteria, names.

use crate::{
    domain::{
        access::Sites,
        assess::os_label,
        cutover::{
            criteria::{Criterion, Held},
            difference::{Difference, Who, Worse},
            tally::{Fates, Tally},
            whatif::Fate,
        },
        time::Timestamp,
    },
    views::{
        links::{SUSPICIONS, client_url, encode},
        text::{Moment, clients, counted, number},
        words,
    },
};

/// A number with the list behind it.
#[derive(Clone, Debug)]
pub struct Linked {
    /// The number.
    pub text: String,
    /// What it counts.
    pub label: &'static str,
    /// Where the names are; `None`: nowhere, or there are none.
    pub href: Option<String>,
    /// Whether it is bad news when it is not zero.
    pub bad: bool,
}

/// A line of a table by OS version or site.
#[derive(Clone, Debug)]
pub struct PlaceLine {
    /// What it is called.
    pub name: String,
    /// Everybody.
    pub total: String,
    /// By fate.
    pub fates: Vec<Linked>,
}

/// A run in numbers.
#[derive(Clone, Debug)]
pub struct Blast {
    /// By fate.
    pub fates: Vec<Linked>,
    /// As if there were no exceptions.
    pub without: Vec<Linked>,
    /// By OS version.
    pub by_os: Vec<PlaceLine>,
    /// By site.
    pub by_site: Vec<PlaceLine>,
    /// Why, of those that are not safe: the words and the number.
    pub reasons: Vec<(&'static str, Linked)>,
    /// The range in a sentence.
    pub range: String,
    /// Everybody in the scope.
    pub total: String,
}

fn linked(fate: Fate, n: i64, href: Option<String>) -> Linked {
    Linked {
        text: number(n),
        label: fate.words(),
        href: href.filter(|_| n > 0 && fate != Fate::Safe),
        bad: n > 0 && matches!(fate, Fate::WillLose | Fate::MayLose | Fate::CannotSay),
    }
}

impl Blast {
    /// Of a tally, for somebody who may see these sites; `run` is the address of the run with the names, empty where there is none.
    pub fn new(tally: &Tally, run: &str, sites: &Sites) -> Self {
        let address = |query: String| (!run.is_empty()).then(|| format!("{run}?{query}"));
        let line = |name: String, fates: &Fates, place: String| PlaceLine {
            name,
            total: number(fates.total()),
            fates: Fate::ALL
                .into_iter()
                .map(|fate| {
                    linked(
                        fate,
                        fates.of(fate),
                        address(format!("{place}&fate={}", fate.code())),
                    )
                })
                .collect(),
        };
        let mut by_os: Vec<_> = tally.by_os.iter().collect();
        by_os.sort_by_key(|(key, fates)| (std::cmp::Reverse((fates.most(), fates.total())), *key));
        // Who left for a site that somebody may not see counts here, without its code.
        let (seen, unseen): (Vec<_>, Vec<_>) = tally
            .by_site
            .iter()
            .partition(|(key, _)| key.is_empty() || sites.holds(key));
        let mut elsewhere = Fates::default();
        for (_, fates) in &unseen {
            elsewhere.join(**fates);
        }
        let elsewhere = (elsewhere.total() > 0).then(|| PlaceLine {
            name: "sites that you do not see".to_owned(),
            total: number(elsewhere.total()),
            fates: Fate::ALL
                .into_iter()
                .map(|fate| linked(fate, elsewhere.of(fate), None))
                .collect(),
        });
        let mut by_site = seen;
        by_site
            .sort_by_key(|(key, fates)| (std::cmp::Reverse((fates.most(), fates.total())), *key));
        Self {
            fates: Fate::ALL
                .into_iter()
                .map(|fate| {
                    linked(
                        fate,
                        tally.fates.of(fate),
                        address(format!("fate={}", fate.code())),
                    )
                })
                .collect(),
            without: Fate::ALL
                .into_iter()
                .map(|fate| linked(fate, tally.without.of(fate), None))
                .collect(),
            by_os: by_os
                .into_iter()
                .map(|(key, fates)| line(os_label(key), fates, format!("os={}", encode(key))))
                .collect(),
            by_site: by_site
                .into_iter()
                .map(|(key, fates)| {
                    let site = if key.is_empty() { "none" } else { key.as_str() };
                    line(words::site(key), fates, format!("site={}", encode(site)))
                })
                .chain(elsewhere)
                .collect(),
            reasons: tally
                .reasons()
                .into_iter()
                .map(|(because, n)| {
                    let href = address(format!("because={}", because.code()));
                    let number = Linked {
                        text: number(n),
                        label: "Clients",
                        href,
                        bad: true,
                    };
                    (because.words(), number)
                })
                .collect(),
            range: range(&tally.fates),
            total: number(tally.fates.total()),
        }
    }
}

/// From the least to the most that would be lost, in a sentence.
pub fn range(fates: &Fates) -> String {
    if fates.total() == 0 {
        return "Nobody is in this scope. That proves nothing: look at its sites and its filter."
            .to_owned();
    }
    let range = format!(
        "Of {} at least {} would lose contact; if all that may, and all of whom nobody can say, are bad, {} would.",
        clients(fates.total()),
        number(fates.least()),
        number(fates.most())
    );
    // An exception makes nobody safe, so those are never left unsaid.
    match fates.of(Fate::Accepted) {
        0 => range,
        1 => format!(
            "{range} One more is under an exception and would or may lose contact too, unless it is served in another way."
        ),
        several => format!(
            "{range} {} more are under an exception and would or may lose contact too, unless they are served in another way.",
            number(several)
        ),
    }
}

/// A criterion, dressed.
#[derive(Clone, Debug)]
pub struct CriterionLine {
    /// Its code.
    pub code: &'static str,
    /// What is asked.
    pub title: &'static str,
    /// The limit in words; empty for those that people mark.
    pub limit: String,
    /// The limit as a number, to be edited.
    pub value: i64,
    /// Who set it.
    pub set: String,
    /// Why; empty: nobody had to say.
    pub why: String,
    /// What is there.
    pub says: String,
    /// Whether it is met.
    pub met: bool,
    /// What a person has to say for it; empty: it is computed.
    pub asks: &'static str,
    /// What was said.
    pub note: String,
    /// A link that can be followed.
    pub link: Option<String>,
    /// Where what is not met can be looked at, and what it is called there.
    pub look: Option<(&'static str, &'static str)>,
    /// When it was said or set.
    pub at: Option<Moment>,
}

impl CriterionLine {
    /// Of what was held.
    pub fn new(held: &Held, now: Timestamp) -> Self {
        let criterion = held.criterion;
        let computed = criterion.asks().is_none();
        let bound = if criterion == Criterion::Coverage {
            "at least"
        } else {
            "at most"
        };
        let at = held.mark.as_ref().map(|mark| mark.at);
        let at = at.or(held.set.as_ref().map(|set| set.at));
        Self {
            code: criterion.code(),
            title: criterion.title(),
            limit: if computed {
                format!("{bound} {}", criterion.figure(held.limit))
            } else {
                "marked by a person".to_owned()
            },
            value: held.limit,
            set: held.set.as_ref().map_or_else(
                || "usual".to_owned(),
                |set| {
                    let usual = criterion.figure(criterion.usual());
                    format!("usually {usual}; set by {}", set.by)
                },
            ),
            why: held
                .set
                .as_ref()
                .map(|set| set.why.clone())
                .unwrap_or_default(),
            says: held.says.clone(),
            met: held.met,
            asks: criterion.asks().unwrap_or_default(),
            note: held
                .mark
                .as_ref()
                .map(|mark| mark.note.clone())
                .unwrap_or_default(),
            link: held
                .mark
                .as_ref()
                .map(|mark| mark.link.clone())
                .filter(|link| link.starts_with("https://") || link.starts_with("http://")),
            look: (criterion == Criterion::Suspicious && !held.met)
                .then_some((SUSPICIONS, "Suspicions")),
            at: at.map(|at| Moment::new(at, now)),
        }
    }
}

/// A name that leads to its client.
#[derive(Clone, Debug)]
pub struct Name {
    /// Name; what it is called where the reader may not see it.
    pub name: String,
    /// Its page; `None`: the reader may not see it.
    pub href: Option<String>,
}

impl Name {
    /// Of a client, for somebody who may see these sites. A client whose site is not known may belong to a scope, and is
    /// nobody's to see who may see some sites only.
    pub fn seen(id: &str, name: &str, site: &str, sites: &Sites) -> Self {
        if sites.holds(site) {
            Self {
                name: name.to_owned(),
                href: Some(client_url(id)),
            }
        } else {
            Self {
                name: "a client whose site is not known".to_owned(),
                href: None,
            }
        }
    }
}

/// A number with its sign; none has no sign.
fn signed(sign: char, n: usize) -> String {
    let plain = number(i64::try_from(n).unwrap_or(i64::MAX));
    if n == 0 {
        plain
    } else {
        format!("{sign}{plain}")
    }
}

/// What moved, dressed.
#[derive(Clone, Debug)]
pub struct Moved {
    /// `+3 / −11`.
    pub short: String,
    /// Who came.
    pub more: Vec<Name>,
    /// Who went.
    pub fewer: Vec<Name>,
    /// Who was not safe and is worse off now, with what would have happened and what would.
    pub worse: Vec<(Name, &'static str, &'static str)>,
    /// That nobody moved, in a sentence; empty: somebody did.
    pub nobody: &'static str,
    /// What is not shown, in a sentence; empty: all is.
    pub cut: String,
}

impl Moved {
    /// Of a difference, for somebody who may see these sites.
    pub fn new(difference: &Difference, sites: &Sites) -> Self {
        let names = |side: &[Who]| {
            side.iter()
                .map(|who| Name::seen(&who.id, &who.name, &who.site, sites))
                .collect()
        };
        let (more, fewer) = (&difference.more, &difference.fewer);
        let worse = difference.worse.as_deref().unwrap_or_default();
        let cut = difference.more_count > more.len()
            || difference.fewer_count > fewer.len()
            || difference.worse_count > worse.len();
        let mut short = format!(
            "{} / {}",
            signed('+', difference.more_count),
            signed('−', difference.fewer_count)
        );
        if difference.worse_count > 0 {
            let worse = i64::try_from(difference.worse_count).unwrap_or(i64::MAX);
            short.push_str(&format!(", {} worse off", number(worse)));
        }
        // Runs of before this was looked at say nothing of who is worse off.
        let nobody = match (&difference.worse, difference.is_nothing()) {
            (_, false) => "",
            (Some(_), true) => "Nobody became safe or stopped being so, and nobody is worse off.",
            (None, true) => "Nobody became safe or stopped being so.",
        };
        Self {
            short,
            nobody,
            worse: worse
                .iter()
                .map(|Worse { who, was, is }| {
                    let name = Name::seen(&who.id, &who.name, &who.site, sites);
                    (name, was.words(), is.words())
                })
                .collect(),
            more: names(more),
            fewer: names(fewer),
            cut: if cut {
                format!(
                    "Only the first {} of each kind are shown.",
                    counted(
                        i64::try_from(more.len().max(fewer.len()).max(worse.len()))
                            .unwrap_or(i64::MAX),
                        "name",
                        "names"
                    )
                )
            } else {
                String::new()
            },
        }
    }
}
