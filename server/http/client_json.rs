//! One client as programs read it.

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

pub use super::client_parts::{CheckJson, checks_json};
use super::{
    api_client::Judged,
    client_parts::{
        BriefJson, ChangeJson, ListedJson, NoteJson, SourceJson, SuspectJson, reason_codes,
    },
    contract::codes,
    export::ClientJson,
    polled::Polled,
};
use crate::{
    clock,
    domain::{
        assess::{self, Kind, Prospect},
        evidence::Chapter,
        time::Timestamp,
        verdict::{Impact, Standing, Verdict},
    },
    state::App,
    store::model::{ClientDetail, HistoryRow, Memory},
    views::{dossier, links, prospect as words},
};

/// One client with every check, who said what, its history, and its report.
// The fields up to `report` are the contract's; the others came later.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClientDetail)]
pub struct Answer {
    #[serde(flatten)]
    client: ClientJson,
    /// The moment that the answer is of.
    #[schema(format = DateTime)]
    as_of: String,
    /// Name of the rules that `checks` are made with.
    judged_by: String,
    /// Every check; none: it never reported.
    checks: Vec<CheckJson>,
    /// Things worth knowing that decide nothing.
    notes: Vec<NoteJson>,
    /// Other records that may be the same machine.
    suspected_duplicates: Vec<SuspectJson>,
    /// How many more of them there are.
    more_suspected_duplicates: i64,
    /// Every source that the verdict rests on; none where there is one only: the report below.
    sources: Vec<SourceJson>,
    memory: MemoryJson,
    /// The expected lists that name it.
    lists: Vec<ListedJson>,
    /// What would make it ready; null: nothing is known of it.
    prospect: Option<ProspectJson>,
    /// One page of its history, the newest first.
    history: Vec<EntryJson>,
    /// `older` of the next page; null: this was the last.
    history_older: Option<String>,
    /// The newest report, as it came; null: it never reported.
    #[schema(value_type = Option<Object>)]
    report: Option<Box<RawValue>>,
}

impl Polled for Answer {
    fn moments(&mut self) -> Vec<&mut String> {
        vec![&mut self.as_of]
    }
}

/// What the whole history of a client says.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Memory)]
struct MemoryJson {
    /// Entries of the history.
    history_entries: i64,
    /// The first report of all.
    #[schema(format = DateTime)]
    first_seen_at: Option<String>,
    /// The first report that was judged blocking.
    #[schema(format = DateTime)]
    first_blocking_at: Option<String>,
    /// The last entry that was judged ready.
    #[schema(format = DateTime)]
    last_ready_from: Option<String>,
    /// The entry that ended that; null: none did.
    #[schema(format = DateTime)]
    last_ready_until: Option<String>,
    /// Since when the verdict has been what it is.
    #[schema(format = DateTime)]
    same_verdict_since: Option<String>,
    /// Whole days since it was last heard of; null: it never was.
    days_silent: Option<i64>,
}

/// What would make a client ready. The facts are judged again as the steps would leave them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Prospect)]
struct ProspectJson {
    /// What to do: changes first, then what has to be read, then what has no way.
    steps: Vec<ProspectStep>,
    /// What it would be then.
    then: ProspectVerdict,
    /// What would still stand against it: codes of `Check.reason`.
    still_open: Vec<&'static str>,
    /// What it would be if everything that has to be read were good; null: nothing has to be read.
    at_best: Option<ProspectVerdict>,
    /// All this in one sentence.
    summary: String,
}

/// One thing to do.
#[derive(Debug, Serialize, ToSchema)]
struct ProspectStep {
    /// What to do, in a sentence.
    action: String,
    #[schema(value_type = codes::StepKind)]
    kind: &'static str,
    /// Codes of the reasons that it settles.
    settles: Vec<&'static str>,
}

/// A verdict as it would be.
#[derive(Debug, Serialize, ToSchema)]
struct ProspectVerdict {
    #[schema(value_type = codes::Judgement)]
    standing: &'static str,
    #[schema(value_type = Option<codes::Impact>)]
    impact: Option<&'static str>,
    #[schema(value_type = Vec<codes::Reason>)]
    reasons: Vec<&'static str>,
    /// Checks that would pass with a warning.
    warnings: u32,
}

/// A report of the history, and what it changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HistoryEntry)]
struct EntryJson {
    /// Names it among the entries of this client.
    entry: String,
    /// Path of the report as it came.
    report_url: String,
    /// When the facts were read.
    #[schema(format = DateTime)]
    collected_at: String,
    /// When the report came in.
    #[schema(format = DateTime)]
    received_at: String,
    /// Id of the report, if its sender gave one.
    report_id: Option<String>,
    #[schema(value_type = codes::Judgement)]
    verdict: &'static str,
    #[schema(value_type = Option<codes::Impact>)]
    impact: Option<&'static str>,
    #[schema(value_type = Vec<codes::Reason>)]
    reasons: Vec<&'static str>,
    /// Name of the rules of that verdict.
    ruleset: String,
    /// It came after a newer report and changed nothing.
    late: bool,
    /// Who sent it: the name of a user or of a token.
    sent_by: String,
    #[schema(value_type = codes::Way)]
    way: String,
    /// The entry that it is compared with; null: there is none.
    compared_with: Option<String>,
    /// Both are by the same source. Where they are not, what one does not read looks like a change.
    same_source: bool,
    /// The facts that changed.
    changes: Vec<ChangeJson>,
    /// How many more did.
    more_changes: usize,
    /// Reasons that came.
    #[schema(value_type = Vec<codes::Reason>)]
    reasons_added: Vec<&'static str>,
    /// Reasons that went.
    #[schema(value_type = Vec<codes::Reason>)]
    reasons_removed: Vec<&'static str>,
    #[schema(value_type = codes::Cause)]
    cause: &'static str,
    /// What today's rules make of this report by itself, where that is something else and only the rules can be why.
    judged_today: Option<BriefJson>,
}

/// Puts the answer together.
pub fn answer(app: &App, detail: ClientDetail, judged: &Judged, chapters: &[Chapter]) -> Answer {
    let now = clock::now();
    let checks = judged.verdict.as_ref().zip(judged.facts.as_ref());
    let notes = judged.verdict.iter().flat_map(|verdict| &verdict.notes);
    let sources = detail.sources.iter().zip(&judged.decides);
    let history = detail.history.iter().zip(chapters);
    Answer {
        as_of: now.to_string(),
        judged_by: app.judge().ruleset.to_string(),
        checks: checks
            .map(|(verdict, facts)| checks_json(verdict, facts))
            .unwrap_or_default(),
        notes: notes.map(NoteJson::from).collect(),
        suspected_duplicates: detail.suspects.iter().map(SuspectJson::from).collect(),
        more_suspected_duplicates: detail.more_suspects,
        sources: sources
            .map(|(source, decides)| SourceJson::of(source, decides))
            .collect(),
        memory: MemoryJson::of(&detail, now),
        lists: detail.lists.iter().map(ListedJson::from).collect(),
        prospect: judged
            .prospect(app)
            .map(|prospect| ProspectJson::of(&prospect, detail.row.standing)),
        history: history
            .map(|(entry, chapter)| EntryJson::of(&detail.row.id, entry, chapter, &detail))
            .collect(),
        history_older: detail.older.clone(),
        report: detail
            .raw
            .as_deref()
            .and_then(|raw| serde_json::from_slice(raw).ok()),
        client: detail.row.into(),
    }
}

impl MemoryJson {
    fn of(detail: &ClientDetail, now: Timestamp) -> Self {
        let Memory {
            entries,
            first_seen,
            first_blocking,
            ready_from,
            ready_until,
        } = detail.memory;
        let text = |at: Option<Timestamp>| at.map(|at| at.to_string());
        Self {
            history_entries: entries,
            first_seen_at: text(first_seen),
            first_blocking_at: text(first_blocking),
            last_ready_from: text(ready_from),
            last_ready_until: text(ready_until),
            same_verdict_since: text(detail.row.since),
            days_silent: dossier::days_silent(&detail.row, now),
        }
    }
}

impl From<&Verdict> for ProspectVerdict {
    fn from(verdict: &Verdict) -> Self {
        Self {
            standing: verdict.standing.code(),
            impact: verdict.impact.map(Impact::code),
            reasons: reason_codes(assess::reason_mask(verdict)),
            warnings: verdict.warnings,
        }
    }
}

impl ProspectJson {
    fn of(prospect: &Prospect, standing: Standing) -> Self {
        let step = |kind: Kind| prospect.steps.iter().filter(move |step| step.kind == kind);
        let steps = [Kind::Change, Kind::Reading, Kind::NoWay].into_iter();
        let steps = steps.flat_map(step).map(|step| ProspectStep {
            action: step.action.clone(),
            kind: step.kind.code(),
            settles: step.settles.clone(),
        });
        Self {
            steps: steps.collect(),
            then: (&prospect.after).into(),
            still_open: prospect.still_open().map(|check| check.reason).collect(),
            at_best: prospect.at_best.as_ref().map(ProspectVerdict::from),
            summary: words::conclusion(prospect, standing),
        }
    }
}

impl EntryJson {
    fn of(id: &str, entry: &HistoryRow, chapter: &Chapter, detail: &ClientDetail) -> Self {
        let compared = chapter
            .compared_with
            .and_then(|at| detail.history.iter().chain(&detail.before).nth(at));
        Self {
            entry: entry.entry.clone(),
            report_url: links::report_url(id, &entry.entry),
            collected_at: entry.collected_at.to_string(),
            received_at: entry.received_at.to_string(),
            report_id: entry.report_id.clone(),
            verdict: entry.verdict.code(),
            impact: entry.impact.map(Impact::code),
            reasons: reason_codes(entry.reasons),
            ruleset: entry.ruleset.clone(),
            late: entry.late,
            sent_by: entry.sent_by.clone(),
            way: entry.way.clone(),
            compared_with: compared.map(|entry| entry.entry.clone()),
            same_source: chapter.same_source,
            changes: chapter.changes.iter().map(ChangeJson::from).collect(),
            more_changes: chapter.more,
            reasons_added: reason_codes(chapter.came),
            reasons_removed: reason_codes(chapter.gone),
            cause: chapter.cause.code(),
            judged_today: chapter.differently_today.as_ref().map(BriefJson::from),
        }
    }
}
