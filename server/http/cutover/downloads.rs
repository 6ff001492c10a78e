//! What is taken away of a decision: the signed record, the sheet for the board, the entry of a calendar.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};

use super::{
    super::{auth::Person, query::Named},
    decision,
    kept::{leftovers, whole},
    whole_record,
};
use crate::{
    domain::{days::date_of, forecast::day_named, time::Timestamp},
    error::Problem,
    state::App,
    views::{
        Page as _,
        cutover::decision::{Frozen, SheetPage},
    },
};

/// Leftovers on the sheet.
const ON_SHEET: usize = 2_000;

fn attached(name: &str, kind: &'static str, body: Body) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// `GET /cutover/decisions/{number}/record`: the signed file, streamed.
pub async fn record(
    State(app): State<App>,
    person: Person,
    Named(number): Named,
) -> Result<Response, Problem> {
    let (decision, head) = decision(&app, &number, &person.sites).await?;
    whole_record(&head, &person.sites)?;
    let name = format!("decision-{}.ndjson", decision.number);
    let body = whole(&app, decision);
    Ok(attached(&name, "application/x-ndjson", body))
}

/// `GET /cutover/decisions/{number}/sheet`: one file for the board that needs nothing else.
pub async fn sheet(
    State(app): State<App>,
    person: Person,
    Named(number): Named,
) -> Result<Response, Problem> {
    let (decision, head) = decision(&app, &number, &person.sites).await?;
    whole_record(&head, &person.sites)?;
    let (rows, count) = leftovers(&app, decision.number, &head, &person.sites, ON_SHEET).await?;
    let page = SheetPage {
        frozen: Frozen::new(&decision, &head, &person.sites),
        leftovers: rows,
        count,
    };
    let text = page.render().map_err(|error| {
        tracing::error!(%error, "a sheet could not be rendered");
        Problem::Internal
    })?;
    let name = format!("decision-{}.html", decision.number);
    Ok(attached(&name, "text/html; charset=utf-8", text.into()))
}

/// `GET /cutover/decisions/{number}/calendar`: the planned day as an entry of a calendar.
pub async fn calendar(
    State(app): State<App>,
    person: Person,
    Named(number): Named,
) -> Result<Response, Problem> {
    let (decision, head) = decision(&app, &number, &person.sites).await?;
    let day = head["scope"]["planned"].as_str().and_then(day_named);
    let day =
        day.ok_or_else(|| Problem::NotFound("No day was planned in this decision.".to_owned()))?;
    let frozen = Frozen::new(&decision, &head, &person.sites);
    let compact = |day: i64| date_of(day).replace('-', "");
    let mut says = format!(
        "Record {} with hash {}. {}",
        decision.number, decision.hash, frozen.blast.range
    );
    if !frozen.conditions.is_empty() {
        says.push_str(" Conditions: ");
        says.push_str(&frozen.conditions);
    }
    let lines = [
        "BEGIN:VCALENDAR".to_owned(),
        "VERSION:2.0".to_owned(),
        "PRODID:-//cutover//decision//EN".to_owned(),
        "BEGIN:VEVENT".to_owned(),
        format!(
            "UID:decision-{}-{}@cutover",
            decision.number,
            decision.hash.get(..16).unwrap_or_default()
        ),
        format!("DTSTAMP:{}", stamp(Timestamp(decision.decided_at))),
        format!("DTSTART;VALUE=DATE:{}", compact(day)),
        format!("DTEND;VALUE=DATE:{}", compact(day + 1)),
        format!(
            "SUMMARY:{}",
            escaped(&format!("{}: {}", frozen.decided, frozen.name))
        ),
        format!("DESCRIPTION:{}", escaped(&says)),
        // A day without anything to do in it makes nobody busy.
        "TRANSP:TRANSPARENT".to_owned(),
        "END:VEVENT".to_owned(),
        "END:VCALENDAR".to_owned(),
    ];
    let text: String = lines.iter().map(|line| folded(line)).collect();
    let name = format!("decision-{}.ics", decision.number);
    Ok(attached(&name, "text/calendar; charset=utf-8", text.into()))
}

/// The moment as a calendar has it.
fn stamp(at: Timestamp) -> String {
    let whole = Timestamp(at.0 - at.0.rem_euclid(1_000)).to_string();
    let (whole, _) = whole.split_once('.').unwrap_or((&whole, ""));
    format!("{}Z", whole.trim_end_matches('Z').replace(['-', ':'], ""))
}

/// A text as RFC 5545 has it. Nobody can write a line break into what is kept; none gets out either.
fn escaped(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    plain
        .replace('\\', "\\\\")
        .replace(';', "\\;")
        .replace(',', "\\,")
}

/// Lines of at most 75 bytes, as RFC 5545 has them.
fn folded(line: &str) -> String {
    let mut out = String::new();
    let mut length = 0;
    for letter in line.chars() {
        if length + letter.len_utf8() > 73 {
            out.push_str("\r\n ");
            length = 1;
        }
        out.push(letter);
        length += letter.len_utf8();
    }
    out.push_str("\r\n");
    out
}
