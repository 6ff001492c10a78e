//! One page of a client's history, unpacked, compared and judged by today's rules.

use crate::{
    domain::{
        assess,
        evidence::{Brief, Chapter, Kept, story},
        facts::Facts,
        verdict::Verdict,
    },
    error::Problem,
    ingest::Judge,
    store::model::{ClientDetail, HistoryRow},
    views::json,
};

/// Changed facts of one report that an answer shows.
const CHANGES: usize = 60;

/// A report of the page, read again.
struct Reread {
    facts: Option<Facts>,
    today: Option<Brief>,
    collector: String,
}

/// What each entry of the page changed, in its order. Reading a page of large reports takes a while, so it is not done
/// on the thread of the request.
pub async fn told(judge: &Judge, detail: &ClientDetail) -> Result<Vec<Chapter>, Problem> {
    let judge = judge.clone();
    let shown = detail.history.len();
    let entries: Vec<HistoryRow> = detail
        .history
        .iter()
        .chain(&detail.before)
        .cloned()
        .collect();
    tokio::task::spawn_blocking(move || {
        let read: Vec<Reread> = entries.iter().map(|entry| reread(&judge, entry)).collect();
        let kept: Vec<Kept<'_>> = entries
            .iter()
            .zip(&read)
            .map(|(entry, read)| kept(entry, read))
            .collect();
        let mut chapters = story(&kept, &judge.ruleset, CHANGES);
        chapters.truncate(shown);
        chapters
    })
    .await
    .map_err(|_| Problem::Internal)
}

fn reread(judge: &Judge, entry: &HistoryRow) -> Reread {
    let collector = json::text_at(&entry.raw, "/collector/name").unwrap_or_default();
    match judge.judge_raw(&entry.raw) {
        Ok((report, verdict)) => Reread {
            facts: Some(report.facts),
            today: Some(brief(&verdict)),
            collector,
        },
        Err(errors) => {
            let why = errors.first().map(|error| error.detail.as_str());
            tracing::warn!(why, "a stored report can no longer be read");
            Reread {
                facts: None,
                today: None,
                collector,
            }
        }
    }
}

fn brief(verdict: &Verdict) -> Brief {
    Brief {
        standing: verdict.standing,
        impact: verdict.impact,
        reasons: assess::reason_mask(verdict),
    }
}

fn kept<'h>(entry: &'h HistoryRow, read: &'h Reread) -> Kept<'h> {
    Kept {
        facts: read.facts.as_ref(),
        then: Brief {
            standing: entry.verdict,
            impact: entry.impact,
            reasons: entry.reasons,
        },
        ruleset: &entry.ruleset,
        today: read.today,
        source: (&read.collector, &entry.sent_by, &entry.way),
        // Neither one that came late nor one that is set aside changes anything.
        late: entry.late || entry.aside,
    }
}
