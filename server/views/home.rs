//! The first screen: where the estate stands, what holds it up, and what is not known.

use std::collections::BTreeMap;

use askama::Template;

use super::{
    Layout,
    attention::{self, Attention},
    bar::{self, Loss, Segment},
    change::{self, Change, ChangeCell, Systems},
    cutover::lately,
    exceptions_words, feeds,
    form::{Choices, FilterForm},
    headline::{Headline, Piece},
    links::{self, Screen},
    readiness::ReadinessLine,
    rule,
    tables::{Columns, FewSites, Folded, OsRow, SiteRow, WhyRow, fold},
    text::{Count, Moment, clients, counted, number, share},
    trend::TrendSection,
    words,
};
use crate::{
    domain::{
        feeds::Feed,
        handshake::Certificate,
        verdict::{Impact, Standing},
    },
    store::{
        cutover::watched::Watched,
        exception_list::Pile,
        model::{Filter, Summary},
        webhooks::Webhook,
    },
};

/// So many OS versions are shown before the others are folded away; those with most trouble come first.
const OS_SHOWN: usize = 12;
/// So many reasons and sites are shown before the others are folded away.
const SHOWN: usize = 8;

/// The rules that numbers are counted by, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counting {
    /// Reports older than this many days are stale.
    pub freshness_days: i64,
    /// Ruleset in force.
    pub ruleset: String,
    /// One sentence per switch that the organisation has decided for itself.
    pub policy: Vec<String>,
}

/// A line of the freshness block.
#[derive(Clone, Debug)]
pub struct FreshLine {
    /// What it is.
    pub label: &'static str,
    /// What that means.
    pub meaning: String,
    /// How many.
    pub count: Count,
}

/// The first screen.
#[derive(Debug, Template)]
#[template(path = "home.html", whitespace = "minimize")]
pub struct HomePage {
    /// The frame.
    pub layout: Layout,
    /// The sentence.
    pub headline: Headline,
    /// Nothing came in and nobody is expected.
    pub empty: bool,
    /// These are not the numbers of everybody.
    pub selection: bool,
    /// How many block, under exceptions and not; empty: nobody is under one.
    pub excepted: Vec<Piece>,
    /// The filters.
    pub form: FilterForm,
    /// The same numbers from the API.
    pub api_url: String,
    /// Address of this very view.
    pub view_address: String,
    /// By role of the site systems.
    pub roles: Vec<SiteRow>,
    /// Whether there is an expected list.
    pub listed: bool,
    /// What the number of expected clients means.
    pub denominator: String,
    /// What somebody should look at: sentences.
    pub attention: Vec<Attention>,
    /// How the feeds stand; `None`: nothing has fed this server yet.
    pub feeds: Option<String>,
    /// Further small sentences below the headline.
    pub fine_print: Vec<String>,
    /// How many are ready at least and at most; `None`: nobody is counted.
    pub readiness: Option<ReadinessLine>,
    /// The last 90 days; `None`: not asked for.
    pub trend: Option<TrendSection>,
    /// How everybody changed within a week.
    pub all_change: Option<ChangeCell>,
    /// What changes are counted from.
    pub changed_since: Option<String>,
    /// The bar and its table.
    pub segments: Vec<Segment>,
    /// What the bar says, for those who do not see it.
    pub bar_text: String,
    /// Everybody.
    pub all: Columns,
    /// By OS version.
    pub systems: Vec<OsRow>,
    /// OS versions with less trouble.
    pub more_systems: Folded<OsRow>,
    /// Why blocked.
    pub why: Vec<WhyRow>,
    /// Rarer reasons.
    pub more_why: Folded<WhyRow>,
    /// By site.
    pub sites: Vec<SiteRow>,
    /// Further sites.
    pub more_sites: Folded<SiteRow>,
    /// That there are still more, and where.
    pub further_sites: Option<(String, String)>,
    /// How old the knowledge is.
    pub freshness: Vec<FreshLine>,
    /// The rules of counting.
    pub counting: Counting,
    /// When the numbers were true.
    pub as_of: Moment,
}

impl HomePage {
    /// The first screen of a summary.
    pub fn new(layout: Layout, summary: &Summary, counting: &Counting, base: &Filter) -> Self {
        let population = &summary.population;
        let mut segments = bar::segments(&population.standings, base);
        if let Some(blocking) = segments.first_mut() {
            blocking.losses = losses(summary, base);
        }
        let systems = summary
            .by_os
            .iter()
            .map(|line| OsRow::new(line, base, layout.now));
        let (systems, more_systems) = fold(systems.collect(), OS_SHOWN, "OS versions");
        let why = summary.reasons.iter().map(|line| WhyRow::new(line, base));
        let (why, more_why) = fold(why.collect(), SHOWN, "reasons");
        let sites = FewSites::of(&summary.by_site, base, SHOWN);
        let whole = base.is_everybody();
        Self {
            headline: Headline::of(summary, base),
            excepted: exceptions_words::excepted(
                population
                    .standings
                    .get(&Standing::Blocking)
                    .copied()
                    .unwrap_or(0),
                &summary.excepted,
                base,
            ),
            empty: whole && population.total == 0 && population.lists.is_empty(),
            selection: !whole,
            form: FilterForm::new(&Screen::Overview, base, &Choices::default()),
            api_url: format!("{}{}", layout.address, links::summary_url(base)),
            view_address: links::overview_url(base),
            roles: Vec::new(),
            listed: !population.lists.is_empty(),
            denominator: if whole {
                rule::denominator(population)
            } else {
                rule::selection(population)
            },
            attention: Vec::new(),
            feeds: None,
            readiness: ReadinessLine::of(population, base),
            trend: None,
            all_change: None,
            changed_since: None,
            fine_print: fine_print(summary, counting),
            bar_text: bar_text(&segments, population.total),
            segments,
            all: Columns::new(&population.standings, base),
            systems,
            more_systems,
            why,
            more_why,
            sites: sites.shown,
            more_sites: sites.folded,
            further_sites: sites.further,
            freshness: freshness(summary, counting, base),
            counting: counting.clone(),
            as_of: Moment::new(summary.as_of, layout.now),
            layout,
        }
    }

    /// Says what can be chosen, and how the site systems stand.
    pub fn say_choices(
        &mut self,
        base: &Filter,
        choices: &Choices,
        roles: &[(String, BTreeMap<Standing, i64>)],
    ) {
        self.form = FilterForm::new(&Screen::Overview, base, choices);
        // Under one role, the lines of others would count machines that have both, and no list says that.
        if base.role.is_none() {
            self.roles = roles
                .iter()
                .map(|(role, standings)| SiteRow::of_role(role, standings, base))
                .collect();
        }
    }

    /// Says how the feeds stand.
    pub fn say_feeds(&mut self, feeds: &[Feed]) {
        self.feeds = (!feeds.is_empty()).then(|| feeds::summary(feeds, self.layout.now));
    }

    /// Says what somebody should look at; `regressed` is the length of the list with that filter.
    pub fn say_attention(&mut self, summary: &Summary, feeds: &[Feed], regressed: i64) {
        self.attention = attention::lines(summary, feeds, regressed, self.layout.now);
        if !self.layout.may.administer() {
            for line in &mut self.attention {
                line.href = line.href.take().filter(|href| href != links::TOKENS);
            }
        }
        if !self.layout.whole_estate() {
            // The page of the feeds is of the whole estate.
            for line in &mut self.attention {
                line.href = line.href.take().filter(|href| href != links::FEEDS);
            }
        }
        self.say_feeds(feeds);
    }

    /// Says which exceptions somebody should look at.
    pub fn say_exceptions(&mut self, pile: &Pile) {
        self.attention.extend(attention::exceptions(pile));
    }

    /// Says how many suspicions nobody has looked at.
    pub fn say_suspicions(&mut self, open: i64) {
        self.attention.extend(attention::suspicions(open));
    }

    /// Says how many requests for a decision wait.
    pub fn say_requests(&mut self, waiting: usize) {
        self.attention.extend(attention::requests(waiting));
    }

    /// Says which decisions to switch off do not stand as they were made.
    pub fn say_decisions<'w>(&mut self, watched: impl IntoIterator<Item = &'w Watched>) {
        let lines = lately::attention(watched, self.layout.now);
        // Before all else: somebody may be about to switch off by it.
        self.attention.splice(..0, lines);
    }

    /// Says which site systems block.
    pub fn say_systems(&mut self, roles: &[(String, BTreeMap<Standing, i64>)]) {
        self.attention.extend(attention::systems(roles));
    }

    /// Says which webhooks do not reach anybody.
    pub fn say_webhooks(&mut self, webhooks: &[Webhook]) {
        self.attention.extend(attention::webhooks(webhooks));
    }

    /// Says what is wrong with the certificates, and how many addresses could not agree on TLS.
    pub fn say_doors(
        &mut self,
        certificates: &[Certificate],
        trouble: Option<&str>,
        refused_addresses: i64,
    ) {
        let now = self.layout.now;
        self.attention
            .extend(attention::certificates(certificates, trouble, now));
        self.attention
            .extend(attention::sightings(refused_addresses));
    }

    /// Says how the OS versions changed since `day`; `None`: no numbers were kept on it.
    pub fn say_changes(&mut self, summary: &Summary, day: i64, then: Option<&Systems>) {
        self.changed_since = Some(change::since(day, then.is_some()));
        let Some(then) = then else {
            return;
        };
        self.all_change = Some(Change::of_all(then, &summary.population.standings).into());
        let rows = self.systems.iter_mut().chain(&mut self.more_systems.rows);
        for (row, line) in rows.zip(&summary.by_os) {
            row.change = Some(Change::new(then.get(&line.os_key), &line.standings).into());
        }
    }
}

fn fine_print(summary: &Summary, counting: &Counting) -> Vec<String> {
    let population = &summary.population;
    let mut lines = Vec::new();
    match population.suspected_duplicates {
        0 => {}
        1 => lines
            .push("1 client is a suspected duplicate: a machine that is counted twice until somebody settles it.".to_owned()),
        n => lines.push(format!(
            "{} clients are suspected duplicates: such a machine is counted twice until somebody settles it.",
            number(n)
        )),
    }
    lines.push(format!(
        "Reports older than {} count as stale.",
        counted(counting.freshness_days, "day", "days")
    ));
    lines.push(format!("Ruleset {}.", counting.ruleset));
    let by_others = summary.to_rejudge - summary.anew;
    if by_others > 0 {
        lines.push(format!(
            "{} still judged by an earlier ruleset; this is being done now.",
            counted(by_others, "report is", "reports are")
        ));
    }
    if summary.anew > 0 {
        lines.push(format!(
            "{} being judged anew, because reports about them were set aside or count again.",
            counted(summary.anew, "client is", "clients are")
        ));
    }
    lines
}

fn bar_text(segments: &[Segment], total: i64) -> String {
    let parts: Vec<String> = segments
        .iter()
        .filter(|segment| segment.count.n > 0)
        .map(|segment| {
            format!(
                "{} {}",
                segment.count.text,
                segment.badge.word.to_lowercase()
            )
        })
        .collect();
    format!("Of {}: {}.", clients(total), parts.join(", "))
}

/// Blocking clients by impact.
fn losses(summary: &Summary, base: &Filter) -> Vec<Loss> {
    Impact::ALL
        .into_iter()
        .filter_map(|impact| {
            let n = summary.impacts.get(&impact).copied().filter(|n| *n > 0)?;
            let filter = Filter {
                standings: vec![Standing::Blocking],
                impact: Some(impact),
                ..base.clone()
            };
            Some(Loss {
                word: words::impact(impact),
                meaning: words::impact_meaning(impact),
                count: Count::new(n, &filter),
                share: share(n, summary.population.total),
            })
        })
        .collect()
}

fn freshness(summary: &Summary, counting: &Counting, base: &Filter) -> Vec<FreshLine> {
    let population = &summary.population;
    let days = counted(counting.freshness_days, "day", "days");
    let standing = |wanted: Standing| population.standings.get(&wanted).copied().unwrap_or(0);
    let standings = |standings: &[Standing]| base.among(standings);
    // Silent and stale are decided before anything else, so all other standings rest on a fresh report.
    let fresh: Vec<Standing> = Standing::ALL
        .into_iter()
        .filter(|standing| !matches!(standing, Standing::Stale | Standing::Silent))
        .collect();
    let line = |label, meaning: &str, n, filter: &Filter| FreshLine {
        label,
        meaning: meaning.to_owned(),
        count: Count::new(n, filter),
    };
    let mut lines = vec![
        line(
            "Fresh",
            &format!("last report at most {days} old"),
            population.fresh,
            &standings(&fresh),
        ),
        line(
            "Stale",
            &format!("last report older than {days}"),
            standing(Standing::Stale),
            &standings(&[Standing::Stale]),
        ),
        line(
            "Silent",
            "expected, but never reported",
            standing(Standing::Silent),
            &standings(&[Standing::Silent]),
        ),
    ];
    let oddities = [
        (
            "Clock ahead",
            "the last report carries a time in the future",
            population.future_reports,
            Filter {
                future: true,
                ..base.clone()
            },
        ),
        (
            "Not on the list",
            "reported without being expected; counted",
            population.unlisted,
            Filter {
                unlisted: true,
                ..base.clone()
            },
        ),
        (
            "Suspected duplicates",
            "perhaps the same machine twice; counted",
            population.suspected_duplicates,
            Filter {
                duplicates: true,
                ..base.clone()
            },
        ),
        (
            "Left out",
            "obsolete or decommissioned; not counted",
            population.left_out,
            Filter {
                left_out: true,
                ..base.clone()
            },
        ),
    ];
    for (label, meaning, n, filter) in oddities {
        // Without a list everybody is unlisted, and saying so again helps nobody.
        if n > 0 && !(filter.unlisted && population.lists.is_empty()) {
            lines.push(line(label, meaning, n, &filter));
        }
    }
    lines
}
