//! One client as programs read it.

use serde::Serialize;
use serde_json::{Value, json, value::RawValue};

use super::{
    api_client::{Judged, check_json},
    export::ClientJson,
};
use crate::{
    clock,
    domain::{
        assess::{self, Kind, Prospect, ProtocolMask},
        evidence::{Brief, Change, Chapter},
        facts::Facts,
        time::Timestamp,
        verdict::{CheckResult, Impact, Standing, Verdict},
    },
    state::App,
    store::model::{ClientDetail, HistoryRow, ListedAs, Memory, SourceRow, Suspect},
    views::{dossier, links, prospect as words},
};

/// The answer. The fields up to `report` are the contract's; the others came later.
#[derive(Debug, Serialize)]
pub struct Answer {
    #[serde(flatten)]
    client: ClientJson,
    as_of: String,
    judged_by: String,
    checks: Vec<Value>,
    notes: Vec<Value>,
    suspected_duplicates: Vec<Value>,
    more_suspected_duplicates: i64,
    /// Empty where there is one source: the report below.
    sources: Vec<Value>,
    memory: Value,
    lists: Vec<Value>,
    /// What would make it ready; null where nothing is known of it.
    prospect: Option<Value>,
    /// One page, newest first.
    history: Vec<Value>,
    /// `?older=` of the next page.
    history_older: Option<String>,
    report: Option<Box<RawValue>>,
}

/// The checks of a verdict with why each matters and what its bit mask means; the same offline and from the server.
pub fn checks_json(verdict: &Verdict, facts: &Facts) -> Vec<Value> {
    let masks = assess::protocol_masks(facts);
    verdict
        .checks
        .iter()
        .map(|check| explained(check, &masks))
        .collect()
}

fn explained(check: &CheckResult, masks: &[ProtocolMask]) -> Value {
    let mut json = check_json(check);
    if let Some(mask) = masks.iter().find(|mask| mask.check == check.id) {
        json["protocols"] = mask_json(mask);
    }
    if let Some(info) = assess::check_info(check.id) {
        json["why"] = json!(info.why);
    }
    json
}

/// Puts the answer together.
pub fn answer(app: &App, detail: ClientDetail, judged: &Judged, chapters: &[Chapter]) -> Answer {
    let now = clock::now();
    let masks = judged.facts.as_ref().map(assess::protocol_masks);
    let masks = masks.unwrap_or_default();
    let checks = judged.verdict.iter().flat_map(|verdict| &verdict.checks);
    let notes = judged.verdict.iter().flat_map(|verdict| &verdict.notes);
    let sources = detail.sources.iter().zip(&judged.decides);
    let history = detail.history.iter().zip(chapters);
    Answer {
        as_of: now.to_string(),
        judged_by: app.judge().ruleset.to_string(),
        checks: checks.map(|check| explained(check, &masks)).collect(),
        notes: notes
            .map(|note| json!({"code": note.code, "message": note.message}))
            .collect(),
        suspected_duplicates: detail.suspects.iter().map(suspect_json).collect(),
        more_suspected_duplicates: detail.more_suspects,
        sources: sources
            .map(|(source, decides)| source_json(source, decides))
            .collect(),
        memory: memory_json(&detail, now),
        lists: detail.lists.iter().map(list_json).collect(),
        prospect: judged
            .prospect(app)
            .map(|prospect| prospect_json(&prospect, detail.row.standing)),
        history: history
            .map(|(entry, chapter)| entry_json(&detail.row.id, entry, chapter, &detail))
            .collect(),
        history_older: detail.older.clone(),
        report: detail
            .raw
            .as_deref()
            .and_then(|raw| serde_json::from_slice(raw).ok()),
        client: detail.row.into(),
    }
}

fn codes(mask: i64) -> Vec<&'static str> {
    assess::reasons_in(mask).map(|reason| reason.code).collect()
}

fn source_json(source: &SourceRow, decides: &[String]) -> Value {
    json!({
        "collected_at": source.collected_at.to_string(),
        "received_at": source.received_at.to_string(),
        "last_seen_at": source.said.seen_at.to_string(),
        "sent_by": source.sent_by,
        "way": source.way,
        "trust": source.said.trust.code(),
        "decides": decides,
        "report": serde_json::from_slice::<Value>(&source.said.raw).ok(),
    })
}

/// The bits of a mask, by name.
fn mask_json(mask: &ProtocolMask) -> Value {
    let bits = mask.mask.bits;
    json!({
        "origin": if mask.by_default { "default" } else { "value" },
        "decimal": mask.mask.number,
        "hex": format!("0x{:08X}", mask.mask.number),
        "bits": bits.map(|bit| json!({"bit": bit.bit, "protocol": bit.name, "on": bit.on})),
        "on": mask.mask.on().collect::<Vec<_>>(),
        "off": mask.mask.off().collect::<Vec<_>>(),
        "unknown_bits": mask.mask.unknown_bits().collect::<Vec<_>>(),
        "tls12": mask.mask.has_tls12(),
    })
}

fn suspect_json(suspect: &Suspect) -> Value {
    let row = &suspect.row;
    json!({
        "id": row.id,
        "name": row.name,
        "shares": suspect.shares.first(),
        "shared": suspect.shares,
        "since": suspect.since.to_string(),
        "standing": row.standing.code(),
        "listing": row.listing.code(),
        "received_at": row.received_at.map(|at| at.to_string()),
        "sms_guid": row.ids.sms_guid,
        "smbios_guid": row.ids.smbios_guid,
        "serial_number": row.ids.serial_number,
        "fqdn": row.ids.fqdn,
    })
}

fn list_json(list: &ListedAs) -> Value {
    json!({
        "list": list.list,
        "kind": list.kind.code(),
        "listing": list.listing.code(),
        "owner": list.owner,
        "last_contact": list.last_contact,
        "uploaded_at": list.uploaded_at.to_string(),
        "uploaded_by": list.uploaded_by,
    })
}

fn memory_json(detail: &ClientDetail, now: Timestamp) -> Value {
    let Memory {
        entries,
        first_seen,
        first_blocking,
        ready_from,
        ready_until,
    } = detail.memory;
    let text = |at: Option<Timestamp>| at.map(|at| at.to_string());
    json!({
        "history_entries": entries,
        "first_seen_at": text(first_seen),
        "first_blocking_at": text(first_blocking),
        "last_ready_from": text(ready_from),
        "last_ready_until": text(ready_until),
        "same_verdict_since": text(detail.row.since),
        "days_silent": dossier::days_silent(&detail.row, now),
    })
}

fn verdict_json(verdict: &Verdict) -> Value {
    json!({
        "standing": verdict.standing.code(),
        "impact": verdict.impact.map(Impact::code),
        "reasons": codes(assess::reason_mask(verdict)),
        "warnings": verdict.warnings,
    })
}

fn prospect_json(prospect: &Prospect, standing: Standing) -> Value {
    let step = |kind: Kind| prospect.steps.iter().filter(move |step| step.kind == kind);
    let steps: Vec<Value> = [Kind::Change, Kind::Reading, Kind::NoWay]
        .into_iter()
        .flat_map(step)
        .map(|step| json!({"action": step.action, "kind": step.kind.code(), "settles": step.settles}))
        .collect();
    json!({
        "steps": steps,
        "then": verdict_json(&prospect.after),
        "still_open": prospect.still_open().map(|check| check.reason).collect::<Vec<_>>(),
        "at_best": prospect.at_best.as_ref().map(verdict_json),
        "summary": words::conclusion(prospect, standing),
    })
}

fn brief_json(brief: &Brief) -> Value {
    json!({
        "verdict": brief.standing.code(),
        "impact": brief.impact.map(Impact::code),
        "reasons": codes(brief.reasons),
    })
}

fn change_json(change: &Change) -> Value {
    let state = |state: &crate::domain::evidence::State| json!({"state": state.code(), "text": state.words()});
    json!({
        "area": change.area.code(),
        "fact": change.fact,
        "before": state(&change.before),
        "after": state(&change.after),
    })
}

fn entry_json(id: &str, entry: &HistoryRow, chapter: &Chapter, detail: &ClientDetail) -> Value {
    let compared = chapter
        .compared_with
        .and_then(|at| detail.history.iter().chain(&detail.before).nth(at));
    json!({
        "entry": entry.entry,
        "report_url": links::report_url(id, &entry.entry),
        "collected_at": entry.collected_at.to_string(),
        "received_at": entry.received_at.to_string(),
        "report_id": entry.report_id,
        "verdict": entry.verdict.code(),
        "impact": entry.impact.map(Impact::code),
        "reasons": codes(entry.reasons),
        "ruleset": entry.ruleset,
        "late": entry.late,
        "sent_by": entry.sent_by,
        "way": entry.way,
        "compared_with": compared.map(|entry| &entry.entry),
        "same_source": chapter.same_source,
        "changes": chapter.changes.iter().map(change_json).collect::<Vec<_>>(),
        "more_changes": chapter.more,
        "reasons_added": codes(chapter.came),
        "reasons_removed": codes(chapter.gone),
        "cause": chapter.cause.code(),
        "judged_today": chapter.differently_today.as_ref().map(brief_json),
    })
}
