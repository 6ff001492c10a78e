//! One client at a glance, and everything behind it.

use askama::Template;

use super::{
    Layout, called,
    checks::{CheckView, tally},
    client_words::{Since, ids, since, summary},
    dossier::{Dossier, ListView, SuspectView, dossier},
    exceptions::ClientExceptions,
    home::Counting,
    json, links,
    observed::{LineView, lines, told},
    prospect::{StepView, conclusion, steps},
    rows::{RowView, last_known},
    suspicions::SuspicionRow,
    text::{Moment, counted},
    timeline::{EntryView, entries},
    way::Way,
    words,
};
use crate::{
    domain::{
        assess::{Prospect, ProtocolMask},
        evidence::Chapter,
        observed::{OfClient, Quadrant, Seen},
        verdict::{CheckResult, Standing, Verdict},
    },
    store::model::ClientDetail,
};

/// What the rules say of a client, for its page.
#[derive(Clone, Copy, Debug, Default)]
pub struct Findings<'f> {
    /// What counts about it, judged by today's rules; `None`: it never reported, or cannot be judged.
    pub verdict: Option<&'f Verdict>,
    /// What is known of protocols.
    pub masks: &'f [ProtocolMask],
    /// What would make it ready.
    pub prospect: Option<&'f Prospect>,
    /// What each entry of the page of its history changed.
    pub chapters: &'f [Chapter],
}

/// No more of a report than this is shown on the page; the rest is in the download.
const RAW_SHOWN: usize = 200_000;

/// What was seen on the wire.
#[derive(Clone, Debug)]
pub struct ObservedView {
    /// What it comes to, in a sentence.
    pub says: &'static str,
    /// By system and protocol.
    pub lines: Vec<LineView>,
    /// An old protocol came from an address that it may have had.
    pub suspected: bool,
    /// It stands in conflict: configured well, and seen using an old protocol since.
    pub contradicts: bool,
    /// It stands as ready, and was seen using an old protocol before its report.
    pub before: bool,
}

/// One of several sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceView {
    /// Which program read the facts, as it says itself.
    pub collector: String,
    /// When the facts were read.
    pub collected: Moment,
    /// Who brought them, and how far that is believed.
    pub sender: String,
    /// The facts that rest on it.
    pub decides: Vec<String>,
    /// What it says, laid out.
    pub raw: String,
}

/// The page of one client.
#[derive(Debug, Template)]
#[template(path = "client.html", whitespace = "minimize")]
pub struct ClientPage {
    /// The frame.
    pub layout: Layout,
    /// The list line.
    pub row: RowView,
    /// One or two sentences: how it stands and what decided that.
    pub summary: Vec<String>,
    /// The check that decided.
    pub deciding: Option<CheckView>,
    /// What was last known, when the standing hides it.
    pub last_known: Option<String>,
    /// Since when it is as it is.
    pub since: Vec<Since>,
    /// When the last report came in.
    pub received: Option<Moment>,
    /// What would make it ready, in order.
    pub steps: Vec<StepView>,
    /// What all steps come to.
    pub conclusion: String,
    /// Every check, failed ones first.
    pub checks: Vec<CheckView>,
    /// `2 fail, 1 unknown, 8 pass`.
    pub tally: String,
    /// Things worth knowing that decide nothing.
    pub notes: Vec<String>,
    /// Every id, with its name.
    pub ids: Vec<(&'static str, String)>,
    /// How it stands to the expected list.
    pub listing: &'static str,
    /// Who says what, where there are several sources; else empty.
    pub sources: Vec<SourceView>,
    /// Which lists name it, and as what.
    pub lists: Vec<ListView>,
    /// What speaks for "retired" or for "chase", where it does not speak itself.
    pub dossier: Option<Dossier>,
    /// Suspected duplicates.
    pub suspects: Vec<SuspectView>,
    /// `and 3 more records`.
    pub more_suspects: Option<String>,
    /// Where it is said that another record is another machine.
    pub two_machines_url: String,
    /// How it was found by its name, what it was called before, and from which records it was told apart.
    pub called: Vec<String>,
    /// It is ready, and site systems of its site that it depends on are not.
    pub way: Option<Way>,
    /// What was seen of it on the wire; none: nothing was.
    pub observed: Option<ObservedView>,
    /// What reports of it did that honest machines seldom do.
    pub suspicions: Vec<SuspicionRow>,
    /// Where all of them are.
    pub suspicions_url: String,
    /// What somebody answers for; `None`: not asked for.
    pub exceptions: Option<ClientExceptions>,
    /// One page of the history, newest first.
    pub history: Vec<EntryView>,
    /// The page behind it.
    pub older_url: Option<String>,
    /// Entries of the whole history, in words.
    pub entries: String,
    /// The report as it came, laid out.
    pub raw: Option<String>,
    /// Only the beginning of it is shown.
    pub raw_cut: bool,
    /// The report as a file.
    pub raw_url: String,
    /// Ruleset of the verdict on this page.
    pub ruleset: String,
}

impl ClientPage {
    /// The page of a client.
    pub fn new(
        layout: Layout,
        client: &ClientDetail,
        findings: Findings<'_>,
        counting: &Counting,
    ) -> Self {
        let Findings {
            verdict,
            masks,
            prospect,
            chapters,
        } = findings;
        let row = &client.row;
        let now = layout.now;
        let mut checks: Vec<&CheckResult> =
            verdict.map_or_else(Vec::new, |verdict| verdict.checks.iter().collect());
        checks.sort_by_key(|check| std::cmp::Reverse(check.outcome));
        let deciding = verdict.and_then(|verdict| verdict.deciding);
        let raw = client.raw.as_deref().map(json::pretty);
        let raw_cut = raw
            .as_deref()
            .is_some_and(|text| json::cut(text, RAW_SHOWN).1);
        Self {
            row: RowView::new(row, now),
            summary: summary(row, &checks, deciding, counting, now),
            deciding: checks
                .iter()
                .map(|check| CheckView::new(check, deciding, masks))
                .find(|check| check.deciding),
            last_known: match row.standing {
                Standing::Stale | Standing::Conflict => {
                    row.verdict.map(|v| last_known(v, row.impact))
                }
                _ => None,
            },
            since: since(client, now),
            received: row.received_at.map(|at| Moment::new(at, now)),
            steps: steps(row, prospect, counting),
            conclusion: prospect
                .map_or_else(String::new, |prospect| conclusion(prospect, row.standing)),
            tally: tally(&checks),
            checks: checks
                .into_iter()
                .map(|check| CheckView::new(check, deciding, masks))
                .collect(),
            notes: verdict.map_or_else(Vec::new, |verdict| {
                verdict
                    .notes
                    .iter()
                    .map(|note| note.message.clone())
                    .collect()
            }),
            ids: ids(row),
            listing: words::listing(row.listing),
            sources: Vec::new(),
            lists: client
                .lists
                .iter()
                .map(|listed| ListView::new(listed, now))
                .collect(),
            dossier: dossier(client, now),
            suspects: client
                .suspects
                .iter()
                .map(|suspect| SuspectView::new(row, suspect, now))
                .collect(),
            more_suspects: (client.more_suspects > 0).then(|| {
                format!(
                    "and {}",
                    counted(client.more_suspects, "more record", "more records")
                )
            }),
            two_machines_url: links::two_machines_url(&row.id),
            called: called::sentences(client),
            observed: None,
            way: None,
            suspicions: Vec::new(),
            suspicions_url: format!("{}?state=any&client={}", links::SUSPICIONS, row.id),
            exceptions: None,
            history: entries(client, chapters, now),
            older_url: client
                .older
                .as_deref()
                .map(|entry| links::older_url(&row.id, entry)),
            entries: counted(client.memory.entries, "entry", "entries"),
            raw: raw.map(|text| json::cut(&text, RAW_SHOWN).0.to_owned()),
            raw_cut,
            raw_url: links::raw_url(&row.id),
            ruleset: counting.ruleset.clone(),
            layout,
        }
    }
}

impl ClientPage {
    /// Adds what was seen on the wire.
    pub fn say_observed(&mut self, standing: Standing, seen: &OfClient) {
        self.observed = Some(ObservedView {
            says: told(Quadrant::of(standing.is_configured_well(), seen.seen)).1,
            lines: lines(seen, self.layout.now),
            suspected: seen.suspected,
            contradicts: standing == Standing::Conflict,
            before: standing == Standing::Ready && seen.seen == Seen::Legacy,
        });
    }

    /// Adds who says what. `decides`: for each source, the facts that rest on it.
    pub fn say_sources(&mut self, client: &ClientDetail, decides: &[Vec<String>]) {
        let now = self.layout.now;
        self.sources = client
            .sources
            .iter()
            .zip(decides)
            .map(|(source, decides)| {
                let raw = json::pretty(&source.said.raw);
                SourceView {
                    collector: json::text_at(&source.said.raw, "/collector/name")
                        .unwrap_or_else(|| "a collector without a name".to_owned()),
                    collected: Moment::new(source.collected_at, now),
                    sender: format!("{}, {}", source.sent_by, source.said.trust.words()),
                    decides: decides.clone(),
                    raw: json::cut(&raw, RAW_SHOWN).0.to_owned(),
                }
            })
            .collect();
    }
}
