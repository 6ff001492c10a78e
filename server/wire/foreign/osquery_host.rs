//! What osquery said of one host, put together: the latest snapshot of every query, and what changes left standing.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{
    super::document::{Document, Os},
    Piece, Refused, Source,
    lines::{Span, refused, some_of},
    moment, naming,
    osquery::Timed,
    osquery_draft::Draft,
    osquery_rows::Fact,
};

/// Most facts of one host.
const MAX_FACTS: usize = 50_000;

/// One host.
#[derive(Default)]
pub(super) struct Host {
    name: Option<String>,
    uuid: Option<String>,
    span: Option<Span>,
    /// By query; only the latest counts.
    snapshots: BTreeMap<String, (Option<i64>, Vec<Fact>)>,
    /// What single rows said.
    rows: Told,
    facts: usize,
    beyond: u64,
    other_keys: u64,
    gone: u64,
}

impl Host {
    /// A host by its identifier, which is a name or a UUID.
    pub(super) fn called(identifier: Option<&str>) -> Self {
        let mut host = Self::default();
        if let Some(identifier) = identifier {
            if is_uuid(identifier) {
                host.uuid = naming::plain(identifier);
            } else {
                host.name = naming::device(identifier);
            }
        }
        host
    }

    /// A name beside the identifier.
    pub(super) fn also_called(&mut self, name: &str) {
        if self.name.is_none() {
            self.name = naming::device(name);
        }
    }

    fn reach(&mut self, span: Span) {
        let known = self.span.get_or_insert(span);
        known.reach(span.first);
        known.reach(span.last);
    }

    /// A full answer to a query, which replaces an earlier one to the same query.
    pub(super) fn snapshot(
        &mut self,
        query: &str,
        time: Option<i64>,
        span: Span,
        mut facts: Vec<Fact>,
    ) {
        self.reach(span);
        let query: String = query.chars().take(256).collect();
        if self
            .snapshots
            .get(&query)
            .is_some_and(|(known, _)| *known > time)
        {
            return;
        }
        if let Some((_, old)) = self.snapshots.remove(&query) {
            self.facts = self.facts.saturating_sub(old.len());
        }
        let room = MAX_FACTS.saturating_sub(self.facts);
        self.beyond += facts.len().saturating_sub(room) as u64;
        facts.truncate(room);
        self.facts += facts.len();
        self.snapshots.insert(query, (time, facts));
    }

    /// One row.
    pub(super) fn learn(&mut self, fact: Fact, time: Option<i64>, span: Span) {
        self.reach(span);
        if self.facts == MAX_FACTS {
            self.beyond += 1;
        } else if !self.rows.learn((time, fact)) {
            self.other_keys += 1;
        } else {
            self.facts = self.rows.list.len();
        }
    }

    /// A row that is in the answer no longer. Whether its value is gone, or only the answer, is not known.
    pub(super) fn forget(&mut self, fact: &Fact, span: Span) {
        self.reach(span);
        let Some(about) = about(fact) else {
            return;
        };
        if self.rows.forget(&about, fact) {
            self.gone += 1;
        }
    }

    /// What it all comes to.
    pub(super) fn piece(mut self, source: &Source<'_>) -> Result<Piece, Refused> {
        let place = self
            .span
            .map_or_else(|| super::lines::WHOLE.to_owned(), Span::place);
        let mut all = std::mem::take(&mut self.rows);
        for (_, (time, list)) in std::mem::take(&mut self.snapshots) {
            for fact in list {
                if !all.learn((time, fact)) {
                    self.other_keys += 1;
                }
            }
        }
        let mut draft = Draft::default();
        for (time, fact) in all.list.into_iter().flatten() {
            // The oldest of what is believed, so that no fact looks fresher than it is.
            draft.since = match (draft.since, time) {
                (Some(known), Some(time)) => Some(known.min(time)),
                (known, time) => known.or(time),
            };
            draft.take(fact);
        }
        if draft.several || all.contested.iter().any(|about| about == MACHINE) {
            return Err(refused(
                place,
                "This file speaks of several machines, and its rows do not say which of them they are about. Send a file for each, or osquery's log with hostIdentifier.",
                "",
            ));
        }
        let logged = self.name.is_some() || self.uuid.is_some();
        let name = self.name.or(draft.name.take());
        let mut notes = Vec::new();
        let mut document = Document::by("osquery");
        document.client = match name {
            Some(name) => naming::client(&name),
            None if logged && source.device.is_none() => {
                return Err(refused(
                    place,
                    "The log calls this host by a UUID only. Add its name as a decoration (SELECT hostname, computer_name FROM system_info), or run osquery with --host_identifier=hostname.",
                    self.uuid.as_deref().unwrap_or_default(),
                ));
            }
            None => {
                let (client, note) = naming::given(source);
                notes.extend(note);
                client
            }
        };
        document.client.smbios_guid = draft.uuid.take();
        document.client.serial_number = draft.serial.take();
        document.collected_at = draft.since.and_then(moment::unix);
        if let Some(platform) = draft.write(&mut document, &mut notes) {
            return Err(refused(place, platform, ""));
        }
        let nothing = document.registry.is_empty()
            && document.hotfixes.is_none()
            && document.os == Os::default();
        if nothing && all.contested.is_empty() {
            return Err(refused(
                place,
                "No fact about this host is in the file. A query that finds nothing returns no row; that proves nothing.",
                "",
            ));
        }
        if !all.contested.is_empty() {
            let mut told: Vec<String> = all.contested.into_iter().collect();
            told.sort_unstable();
            notes.push(format!(
                "Told twice with different data, so not known: {}.",
                some_of(&told)
            ));
        }
        let mut counted = |count: u64, what: &str| {
            if count > 0 {
                notes.push(format!("{what}: {count}."));
            }
        };
        counted(
            self.other_keys,
            "Rows of registry keys that no rule reads were left out",
        );
        counted(
            self.gone,
            "Rows that a later line of the log takes back count as not known",
        );
        counted(
            self.beyond,
            "More rows than a report can hold were left out",
        );
        Ok(Piece {
            place,
            document,
            notes,
            answered: false,
            raw: None,
        })
    }
}

/// Facts by what they are about: later ones replace earlier ones, and two of one time that differ are no fact.
#[derive(Default)]
struct Told {
    list: Vec<Option<Timed>>,
    known: HashMap<String, usize>,
    contested: HashSet<String>,
}

impl Told {
    /// Says whether it is a fact that is read.
    fn learn(&mut self, timed: Timed) -> bool {
        let Some(about) = about(&timed.1) else {
            return false;
        };
        let Some(at) = self.known.get(&about).copied() else {
            self.known.insert(about, self.list.len());
            self.list.push(Some(timed));
            return true;
        };
        match self.list.get_mut(at) {
            Some(Some(known)) if known.0 == timed.0 && known.1 != timed.1 => {
                self.contested.insert(about);
                self.list[at] = None;
            }
            Some(Some(known)) if known.0 <= timed.0 => *known = timed,
            Some(empty @ None) if !self.contested.contains(&about) => *empty = Some(timed),
            _ => {}
        }
        true
    }

    fn forget(&mut self, about: &str, fact: &Fact) -> bool {
        let slot = self
            .known
            .get(about)
            .and_then(|at| self.list.get_mut(*at))
            .filter(|slot| slot.as_ref().is_some_and(|(_, known)| known == fact));
        slot.is_some_and(|slot| slot.take().is_some())
    }
}

/// What [`about`] calls the machine itself.
const MACHINE: &str = "the machine";

/// What a fact is about; of two facts about the same the later is believed.
fn about(fact: &Fact) -> Option<String> {
    Some(match fact {
        Fact::Registry { key, name, .. } => {
            format!("{} in {}", name.to_lowercase(), key.to_lowercase())
        }
        Fact::OtherKey => return None,
        Fact::Update { number, .. } => number.to_lowercase(),
        Fact::System { .. } => "the version of the system".to_owned(),
        Fact::Machine { .. } => MACHINE.to_owned(),
    })
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
