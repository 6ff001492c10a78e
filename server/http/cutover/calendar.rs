//! The planned day of a scope as an entry of a calendar.
//!
//! All records of a scope give one entry, that of its newest: a calendar knows it by its `UID`, and puts the one with the higher
//! `SEQUENCE` in the place of the other (RFC 5545, 3.8.4.7 and 3.8.7.4).

use axum::{extract::State, http::HeaderMap, response::Response};
use serde_json::Value;

use super::{
    super::{auth::Person, pages::own_address, query::Named},
    decision,
    downloads::attached,
};
use crate::{
    domain::{cutover::record::Decided, days::date_of, forecast::day_named, time::Timestamp},
    error::Problem,
    state::App,
    store::cutover::decisions::Decision,
    views::cutover::decision::Frozen,
};

fn planned(head: &Value) -> Option<i64> {
    head["scope"]["planned"].as_str().and_then(day_named)
}

/// `GET /cutover/decisions/{number}/calendar`
pub async fn calendar(
    State(app): State<App>,
    person: Person,
    Named(number): Named,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (asked, head) = decision(&app, &number, &person.sites).await?;
    let newest = app.store().decisions(&asked.scope, i64::MAX, 1).await?;
    let later = newest.first().filter(|one| one.number > asked.number);
    let own = planned(&head);
    let name = format!("decision-{}.ics", asked.number);
    let lines = match later {
        // What it says is nobody's to see who may see some sites only; that the day does not stand by this record is.
        Some(later) if !later.is_seen(&person.sites) => {
            let says = format!("{}: a later decision was made", asked.name);
            let why = "Ask somebody who may see more sites.".to_owned();
            Entry::new(later, own, &says, why).map(Entry::cancelled)
        }
        Some(later) => {
            let (later, head) = decision(&app, &later.number.to_string(), &person.sites).await?;
            match planned(&head) {
                Some(day) => Entry::of(&later, &head, Some(day), &person),
                // The day that was planned before is planned no more.
                None => Entry::of(&later, &head, own, &person).map(Entry::cancelled),
            }
        }
        None => Entry::of(&asked, &head, own, &person),
    };
    let entry = lines
        .ok_or_else(|| Problem::NotFound("No day was planned in this decision.".to_owned()))?;
    let text: String = entry
        .lines(own_address(&app, &headers))
        .iter()
        .map(|line| folded(line))
        .collect();
    Ok(attached(&name, "text/calendar; charset=utf-8", text.into()))
}

/// What an entry says.
struct Entry {
    scope: String,
    number: i64,
    at: Timestamp,
    day: i64,
    is_cancelled: bool,
    summary: String,
    says: String,
}

impl Entry {
    /// By a decision; `None`: it has no day.
    fn new(decision: &Decision, day: Option<i64>, summary: &str, says: String) -> Option<Self> {
        Some(Self {
            scope: decision.scope.clone(),
            number: decision.number,
            at: Timestamp(decision.decided_at),
            day: day?,
            is_cancelled: Decided::from_code(&decision.decided)
                .is_none_or(|decided| decided == Decided::NoGo),
            summary: summary.to_owned(),
            says,
        })
    }

    /// With what was frozen.
    fn of(decision: &Decision, head: &Value, day: Option<i64>, person: &Person) -> Option<Self> {
        let frozen = Frozen::new(decision, head, &person.sites);
        let mut says = format!(
            "Record {} with hash {}. {}",
            decision.number, decision.hash, frozen.blast.range
        );
        if !frozen.conditions.is_empty() {
            says.push_str(" Conditions: ");
            says.push_str(&frozen.conditions);
        }
        let summary = format!("{}: {}", frozen.decided, frozen.name);
        Self::new(decision, day, &summary, says)
    }

    /// The day does not stand any more.
    fn cancelled(self) -> Self {
        Self {
            is_cancelled: true,
            ..self
        }
    }

    fn lines(&self, address: Option<String>) -> Vec<String> {
        let compact = |day: i64| date_of(day).replace('-', "");
        let mut lines = vec![
            "BEGIN:VCALENDAR".to_owned(),
            "VERSION:2.0".to_owned(),
            "PRODID:-//cutover//decision//EN".to_owned(),
            "BEGIN:VEVENT".to_owned(),
            format!("UID:scope-{}@cutover", self.scope),
            format!("SEQUENCE:{}", self.number),
            format!("DTSTAMP:{}", stamp(self.at)),
            format!("DTSTART;VALUE=DATE:{}", compact(self.day)),
            format!("DTEND;VALUE=DATE:{}", compact(self.day + 1)),
            format!("SUMMARY:{}", escaped(&self.summary)),
            format!("DESCRIPTION:{}", escaped(&self.says)),
            if self.is_cancelled {
                "STATUS:CANCELLED".to_owned()
            } else {
                "STATUS:CONFIRMED".to_owned()
            },
        ];
        lines.extend(
            address.map(|address| format!("URL:{address}/cutover/decisions/{}", self.number)),
        );
        lines.extend([
            // A day without anything to do in it makes nobody busy.
            "TRANSP:TRANSPARENT".to_owned(),
            "END:VEVENT".to_owned(),
            "END:VCALENDAR".to_owned(),
        ]);
        lines
    }
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
