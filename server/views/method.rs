//! How this is counted: every word, rule, reason and fix behind the numbers, to print and to argue with.

use askama::Template;

use super::{
    Layout,
    checks::Source,
    home::Counting,
    links, rule,
    text::{Moment, number},
    words::{self, Badge},
};
use crate::{
    domain::{
        assess::{self, AbsentPolicy, Policy},
        cutover::criteria::Criterion,
        time::Timestamp,
        verdict::{Impact, Standing},
    },
    store::model::{Filter, ListInfo, Population},
};

/// One expected list in force.
#[derive(Clone, Debug)]
pub struct ListLine {
    /// Its name.
    pub name: String,
    /// What it was made from.
    pub kind: &'static str,
    /// When it was uploaded.
    pub uploaded: Moment,
    /// By whom.
    pub by: String,
    /// Rows in it.
    pub rows: String,
    /// Rows that it marks obsolete or decommissioned.
    pub left_out: String,
}

/// One check.
#[derive(Clone, Debug)]
pub struct CheckLine {
    /// Its id, and after `check-` its anchor.
    pub id: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// What it looks at.
    pub looks_at: &'static str,
    /// What passes.
    pub rule: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// On whose word.
    pub sources: Vec<Source>,
    /// Of site systems only.
    pub site_systems: bool,
}

/// One dispute.
#[derive(Clone, Debug)]
pub struct DisputeLine {
    /// What it is about.
    pub question: &'static str,
    /// What is said.
    pub sides: &'static str,
    /// How the rules decide.
    pub decision: &'static str,
    /// Anchors and titles of the checks that it bears on.
    pub checks: Vec<(String, &'static str)>,
    /// The switch that decides otherwise; empty: none.
    pub switch: &'static str,
}

/// One switch of the rules.
#[derive(Clone, Debug)]
pub struct SwitchLine {
    /// Its name, as in the settings.
    pub name: &'static str,
    /// What it decides.
    pub decides: &'static str,
    /// How it stands.
    pub in_force: String,
    /// How it stands when nobody says otherwise.
    pub default: String,
    /// It is not at its default.
    pub moved: bool,
}

/// One standing.
#[derive(Clone, Copy, Debug)]
pub struct StandingLine {
    /// Shape and word.
    pub badge: Badge,
    /// When it holds.
    pub meaning: &'static str,
    /// Cleared for the cutover.
    pub cleared: bool,
}

/// One reason.
#[derive(Clone, Debug)]
pub struct ReasonRow {
    /// Short words.
    pub title: &'static str,
    /// Stable code.
    pub code: &'static str,
    /// What the check looks at.
    pub check: &'static str,
    /// How bad.
    pub impact: &'static str,
    /// What mends it.
    pub fix: &'static str,
    /// Everybody who carries it and is not cleared.
    pub href: String,
}

/// One criterion of a cutover.
#[derive(Clone, Debug)]
pub struct CriterionLine {
    /// Stable code.
    pub code: &'static str,
    /// Short words.
    pub title: &'static str,
    /// What it counts, and when it is met.
    pub meaning: &'static str,
    /// What a person has to say; empty: it is computed.
    pub asks: &'static str,
    /// The limit that goes without saying.
    pub usual: String,
}

impl CriterionLine {
    fn new(criterion: Criterion) -> Self {
        Self {
            code: criterion.code(),
            title: criterion.title(),
            meaning: criterion.meaning(),
            asks: criterion.asks().unwrap_or_default(),
            usual: match (criterion, criterion.asks()) {
                (_, Some(_)) => "a person says so".to_owned(),
                (Criterion::Coverage, None) => {
                    format!("at least {}", criterion.figure(criterion.usual()))
                }
                _ => format!("at most {}", criterion.figure(criterion.usual())),
            },
        }
    }
}

/// The page on method.
#[derive(Debug, Template)]
#[template(path = "method.html", whitespace = "minimize")]
pub struct MethodPage {
    /// The frame.
    pub layout: Layout,
    /// What is counted now, in one sentence.
    pub rule: String,
    /// Freshness, ruleset and switches.
    pub counting: Counting,
    /// Name of the rules without switches.
    pub version: &'static str,
    /// The lists that say who is expected.
    pub lists: Vec<ListLine>,
    /// Every switch.
    pub switches: Vec<SwitchLine>,
    /// Every check.
    pub checks: Vec<CheckLine>,
    /// Every dispute.
    pub disputes: Vec<DisputeLine>,
    /// Standings in the order in which they are decided.
    pub standings: Vec<StandingLine>,
    /// Impacts: short words and meaning.
    pub impacts: Vec<(&'static str, &'static str)>,
    /// Reasons.
    pub reasons: Vec<ReasonRow>,
    /// Criteria of a cutover.
    pub criteria: Vec<CriterionLine>,
}

/// The order in which standings are decided; the first that holds counts.
const ORDER: [Standing; 7] = [
    Standing::Silent,
    Standing::Stale,
    Standing::Blocking,
    Standing::Undetermined,
    Standing::Conflict,
    Standing::RestartPending,
    Standing::Ready,
];

impl MethodPage {
    /// The page.
    pub fn new(
        layout: Layout,
        counting: &Counting,
        policy: &Policy,
        population: &Population,
    ) -> Self {
        let now = layout.now;
        let lists = population.lists.iter().map(|list| ListLine::new(list, now));
        Self {
            version: assess::RULESET,
            lists: lists.collect(),
            switches: switches(counting, policy),
            checks: assess::CHECKS.iter().map(CheckLine::new).collect(),
            disputes: assess::DISPUTES.iter().map(DisputeLine::new).collect(),
            layout,
            rule: rule::denominator(population),
            counting: counting.clone(),
            standings: ORDER
                .map(|standing| StandingLine {
                    badge: words::standing(standing),
                    meaning: words::standing_meaning(standing),
                    cleared: standing.is_cleared(),
                })
                .into(),
            impacts: Impact::ALL
                .map(|impact| (words::impact(impact), words::impact_meaning(impact)))
                .into(),
            reasons: assess::REASONS.iter().map(ReasonRow::new).collect(),
            criteria: Criterion::ALL.map(CriterionLine::new).into(),
        }
    }
}

impl ListLine {
    fn new(list: &ListInfo, now: Timestamp) -> Self {
        Self {
            name: list.name.clone(),
            kind: words::list_kind(list.kind),
            uploaded: Moment::new(list.uploaded_at, now),
            by: list.uploaded_by.clone(),
            rows: number(list.rows),
            left_out: number(list.left_out),
        }
    }
}

impl CheckLine {
    fn new(info: &assess::CheckInfo) -> Self {
        Self {
            id: info.id,
            title: words::check(info.id),
            looks_at: info.looks_at,
            rule: info.rule,
            why: info.why,
            sources: info.sources.iter().map(|text| Source::new(text)).collect(),
            site_systems: info.site_systems,
        }
    }
}

impl DisputeLine {
    fn new(dispute: &assess::Dispute) -> Self {
        let link = |id: &&'static str| (format!("#check-{id}"), words::check(id));
        Self {
            question: dispute.question,
            sides: dispute.sides,
            decision: dispute.decision,
            checks: dispute.checks.iter().map(link).collect(),
            switch: dispute.switch,
        }
    }
}

/// Every switch, how it stands, and how it stands by default.
fn switches(counting: &Counting, policy: &Policy) -> Vec<SwitchLine> {
    let standard = Policy::default();
    let line = |name, decides, in_force: String, default: String| SwitchLine {
        moved: in_force != default,
        name,
        decides,
        in_force,
        default,
    };
    let dotnet = |policy: &Policy| {
        match policy.dotnet {
            assess::DotnetPolicy::Block => "block",
            assess::DotnetPolicy::Warn => "warn",
        }
        .to_owned()
    };
    let absent = |policy: &Policy| {
        match policy.group_b_schannel_absent {
            AbsentPolicy::Fail => "fail",
            AbsentPolicy::Warn => "warn",
        }
        .to_owned()
    };
    let suites = |policy: &Policy| {
        let names = policy.server_suites.as_ref();
        names.map_or_else(|| "not known".to_owned(), |names| names.join(", "))
    };
    let release = |policy: &Policy| policy.min_dotnet_release.to_string();
    vec![
        line(
            "freshness_days",
            "For how many days a report counts.",
            counting.freshness_days.to_string(),
            "14".to_owned(),
        ),
        line(
            "dotnet",
            "Whether failed .NET checks of a client block, or only warn. Site systems are never let off.",
            dotnet(policy),
            dotnet(&standard),
        ),
        line(
            "group_b_schannel_absent",
            "Whether a missing DisabledByDefault=0 fails on Windows 7, Server 2008 R2 and Server 2008 SP2, or only warns.",
            absent(policy),
            absent(&standard),
        ),
        line(
            "min_dotnet_release",
            "The lowest Release of .NET Framework that passes.",
            release(policy),
            release(&standard),
        ),
        line(
            "server_suites",
            "The TLS 1.2 cipher suites that the site servers accept.",
            suites(policy),
            suites(&standard),
        ),
    ]
}

impl ReasonRow {
    fn new(info: &'static assess::ReasonInfo) -> Self {
        let standing = if info.impact.is_some() {
            Standing::Blocking
        } else {
            Standing::Undetermined
        };
        Self {
            title: info.title,
            code: info.code,
            check: words::check(info.check),
            impact: info.impact.map_or("Leaves it undecided", words::impact),
            fix: info.fix_title,
            href: links::list_url(&Filter {
                standings: vec![standing],
                reason: Some(info.code.to_owned()),
                ..Filter::default()
            }),
        }
    }
}
