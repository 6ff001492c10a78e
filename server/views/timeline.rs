//! A client's history on its page: what each report changed, and whether the client, the rules or the source did.

use super::{
    links,
    rows::reasons,
    text::{Moment, counted},
    words::{self, Badge},
};
use crate::{
    domain::{
        evidence::{Area, Brief, Cause, Change, Chapter},
        time::Timestamp,
    },
    store::model::{ClientDetail, HistoryRow},
};

/// Lines of changed facts that an entry shows before it says how many more there are.
const SHOWN: usize = 12;
/// Names that one line joins.
const JOINED: usize = 8;

/// Facts that went the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeView {
    /// What they are about.
    pub area: &'static str,
    /// The fact, or several.
    pub fact: String,
    /// What it was.
    pub before: String,
    /// What it is.
    pub after: String,
}

/// One entry of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryView {
    /// When the facts were read.
    pub collected: Moment,
    /// When they came in.
    pub received: Moment,
    /// The verdict then.
    pub badge: Badge,
    /// Its impact.
    pub impact: Option<&'static str>,
    /// Reasons that came.
    pub came: Vec<&'static str>,
    /// Reasons that went.
    pub gone: Vec<&'static str>,
    /// Reasons that it has, where nothing is before it.
    pub reasons: Vec<&'static str>,
    /// Why the verdict is another one, in a sentence.
    pub cause: Option<&'static str>,
    /// What today's rules would make of it, where that is something else.
    pub today: Option<String>,
    /// The facts that changed.
    pub changes: Vec<ChangeView>,
    /// `and 12 more facts`.
    pub more: Option<String>,
    /// What it is compared with, where that does not go without saying.
    pub compared: Option<String>,
    /// Ruleset, sender and report id in small print.
    pub fine_print: String,
    /// The report as a file.
    pub report_url: String,
    /// It came after a newer one.
    pub late: bool,
    /// It counts no more.
    pub aside: bool,
}

/// The entries of one page of a history.
pub fn entries(client: &ClientDetail, chapters: &[Chapter], now: Timestamp) -> Vec<EntryView> {
    let entries = client.history.iter().zip(chapters);
    entries
        .map(|(entry, chapter)| EntryView::new(client, entry, chapter, now))
        .collect()
}

impl EntryView {
    fn new(client: &ClientDetail, entry: &HistoryRow, chapter: &Chapter, now: Timestamp) -> Self {
        let mut fine_print = format!(
            "ruleset {}, sent by {} ({})",
            entry.ruleset,
            entry.sent_by,
            words::way(&entry.way)
        );
        if let Some(id) = &entry.report_id {
            fine_print.push_str(", report ");
            fine_print.push_str(id);
        }
        let mut changes = joined(&chapter.changes);
        let hidden = changes.len().saturating_sub(SHOWN);
        changes.truncate(SHOWN);
        let more = hidden + chapter.more;
        let first = chapter.cause == Cause::First;
        let titles = |mask| reasons(mask, None).0;
        Self {
            collected: Moment::new(entry.collected_at, now),
            received: Moment::new(entry.received_at, now),
            badge: words::standing(entry.verdict),
            impact: entry.impact.map(words::impact),
            came: if first {
                Vec::new()
            } else {
                titles(chapter.came)
            },
            gone: titles(chapter.gone),
            reasons: if first || entry.late || entry.aside {
                titles(entry.reasons)
            } else {
                Vec::new()
            },
            cause: cause(chapter.cause),
            today: chapter.differently_today.as_ref().map(today),
            more: (more > 0).then(|| {
                format!(
                    "and {} changed",
                    counted(
                        i64::try_from(more).unwrap_or(i64::MAX),
                        "more fact",
                        "more facts"
                    )
                )
            }),
            compared: compared(client, chapter, now),
            changes,
            fine_print,
            report_url: links::report_url(&client.row.id, &entry.entry),
            late: entry.late,
            aside: entry.aside,
        }
    }
}

const fn cause(cause: Cause) -> Option<&'static str> {
    match cause {
        Cause::First | Cause::Nothing => None,
        Cause::Client => Some("The client changed."),
        Cause::Rules => Some(
            "Our rules changed, not the client: today’s rules make the same of this report and the one before.",
        ),
        Cause::Both => Some("The client changed, and so did our rules."),
        Cause::Source => Some(
            "Another source spoke, so other things are known; that is no change of the client.",
        ),
    }
}

fn today(brief: &Brief) -> String {
    let word = words::standing(brief.standing).word.to_lowercase();
    let impact = brief
        .impact
        .map(|impact| format!(" ({})", words::impact(impact)));
    let titles = reasons(brief.reasons, None).0;
    let why = if titles.is_empty() {
        String::new()
    } else {
        format!(": {}", titles.join("; "))
    };
    format!(
        "This report would be judged differently today: {word}{}{why}.",
        impact.unwrap_or_default()
    )
}

fn compared(client: &ClientDetail, chapter: &Chapter, now: Timestamp) -> Option<String> {
    let at = chapter.compared_with?;
    let other = client.history.iter().chain(&client.before).nth(at)?;
    let when = Moment::new(other.collected_at, now).absolute;
    if chapter.same_source {
        return None;
    }
    Some(format!(
        "Compared with the report of another source, read {when}: what one of them does not read is not collected there."
    ))
}

/// Names of updates and cipher suites that went the same way are one line.
fn joined(changes: &[Change]) -> Vec<ChangeView> {
    let mut lines: Vec<(&Change, Vec<&str>)> = Vec::new();
    for change in changes {
        let listed = matches!(change.area, Area::Updates | Area::CipherSuites);
        let known = lines.iter_mut().find(|(first, _)| {
            listed
                && first.area == change.area
                && first.before == change.before
                && first.after == change.after
        });
        match known {
            Some((_, facts)) => facts.push(&change.fact),
            None => lines.push((change, vec![&change.fact])),
        }
    }
    lines
        .into_iter()
        .map(|(change, facts)| {
            let hidden = facts.len().saturating_sub(JOINED);
            let shown: Vec<&str> = facts.iter().take(JOINED).copied().collect();
            let mut fact = shown.join(", ");
            if hidden > 0 {
                fact.push_str(&format!(" and {hidden} more"));
            }
            ChangeView {
                area: change.area.words(),
                fact,
                before: change.before.words().to_owned(),
                after: change.after.words().to_owned(),
            }
        })
        .collect()
}
