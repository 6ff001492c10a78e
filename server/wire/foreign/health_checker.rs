//! CLIXML files of the Exchange HealthChecker, and of `Get-HotFix` and `Win32_OperatingSystem` by `Export-Clixml`.
//!
//! HealthChecker writes raw registry values and flags that it derived from them. Only raw values are facts; where the
//! flags disagree with them, a note says so.

use std::collections::HashMap;

use super::{
    super::document::Document,
    Overview, Piece, Sink, Source, Unreadable,
    clixml::{self, Found},
    health_checker_os as os, health_checker_tls as tls,
    lines::{WHOLE, refused},
    naming,
    updates::{NEVER_COMPLETE, Updates},
};

/// Properties by which an object names its machine, the surest first.
const DEVICE: &[&str] = &["CSName", "__SERVER", "Source", "PSComputerName"];
/// Most machines in one file.
const MAX_MACHINES: usize = 5_000;
/// Most notes on one machine.
const MAX_NOTES: usize = 40;

/// Whether a file is CLIXML.
pub fn recognises(_name: &str, head: &str) -> bool {
    clixml::is(head)
}

/// Reads the file.
///
/// # Errors
/// It is no CLIXML that can be read, or nothing in it is a fact that the rules know.
pub fn read(source: &Source<'_>, sink: &mut Sink<'_>) -> Result<Overview, Unreadable> {
    let mut machines = Machines::default();
    clixml::each_object(source.text, &is_wanted, &mut |object, around| {
        machines.object(object, around);
    })?;
    machines.hand_out(source, sink)
}

fn is_wanted(name: &str) -> bool {
    let is = |list: &[&str]| list.iter().any(|known| known.eq_ignore_ascii_case(name));
    is(DEVICE)
        || is(&["HotFixID", "ServerName", "GenerationTime"])
        || is(tls::WANTED)
        || is(os::WANTED)
}

/// What a file says of one machine.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) document: Document,
    pub(super) notes: Vec<String>,
    updates: Option<Updates>,
    health_checker: bool,
    /// Two objects of the same kind that differ.
    pub(super) contested: bool,
}

impl Draft {
    fn is_empty(&self) -> bool {
        self.document == Document::default() && self.updates.is_none()
    }

    pub(super) fn note(&mut self, note: String) {
        if self.notes.len() < MAX_NOTES && !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Takes over what another draft says of the same machine.
    fn merge(&mut self, other: Self) {
        for key in other.document.registry {
            for (name, value) in key.values {
                tls::put(self, &key.key, &name, value);
            }
        }
        if other.document.os.version.is_some() {
            self.document.os = other.document.os;
        }
        let at = other.document.collected_at;
        // The earlier of two, so that no fact looks fresher than it is.
        self.document.collected_at = match (self.document.collected_at.take(), at) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
        if let Some(updates) = other.updates {
            let mine = self.updates.get_or_insert_default();
            for name in updates.names() {
                mine.add(&name);
            }
        }
        self.health_checker |= other.health_checker;
        self.contested |= other.contested;
        for note in other.notes {
            self.note(note);
        }
    }
}

#[derive(Default)]
struct Machines {
    named: Vec<(String, Draft)>,
    known: HashMap<String, usize>,
    /// What objects said that do not name their machine; the object round them may.
    unnamed: Draft,
    beyond: u64,
}

impl Machines {
    fn object(&mut self, object: &Found, around: &[Found]) {
        let device = DEVICE
            .iter()
            .filter_map(|name| object.text(name))
            .find_map(|name| naming::device(&name));
        if let Some(number) = object.text("HotFixID") {
            if let Some(draft) = self.draft(device.as_deref()) {
                draft.updates.get_or_insert_default().add(&number);
            }
            return;
        }
        if os::is(object) {
            if let Some(draft) = self.draft(device.as_deref()) {
                os::take(object, draft);
            }
            return;
        }
        if tls::take(object, around, &mut self.unnamed) {
            self.unnamed.health_checker = true;
        }
        // Objects further in may name servers that the file is not about.
        let whole = around.len() <= 1
            && (object.label.is_empty() || object.label == "HealthCheckerExchangeServer");
        let server = object.text("ServerName").filter(|_| whole);
        if let Some(server) = server.and_then(|name| naming::device(&name)) {
            self.server(&server, object);
        }
    }

    /// The object that HealthChecker writes for a server ends: everything since the last one is about this server.
    fn server(&mut self, server: &str, object: &Found) {
        let at = os::time(object, "GenerationTime", &mut self.unnamed);
        let mut draft = std::mem::take(&mut self.unnamed);
        if draft.is_empty() {
            return;
        }
        if let Some(at) = at {
            draft.document.collected_at.get_or_insert(at);
        }
        let short = server.split('.').next().unwrap_or(server);
        let known = self.known.get(&short.to_lowercase()).copied();
        if naming::is_dns(server)
            && let Some((name, _)) = known.and_then(|at| self.named.get_mut(at))
        {
            // The same machine by its short name: the full one identifies it better.
            server.clone_into(name);
        }
        match self.draft(Some(server)) {
            Some(known) => known.merge(draft),
            None => self.beyond += 1,
        }
    }

    fn draft(&mut self, device: Option<&str>) -> Option<&mut Draft> {
        let Some(device) = device else {
            return Some(&mut self.unnamed);
        };
        let key = device.split('.').next().unwrap_or(device).to_lowercase();
        let at = match self.known.get(&key) {
            Some(at) => *at,
            None if self.named.len() == MAX_MACHINES => {
                self.beyond += 1;
                return None;
            }
            None => {
                self.named.push((device.to_owned(), Draft::default()));
                self.known.insert(key, self.named.len() - 1);
                self.named.len() - 1
            }
        };
        self.named.get_mut(at).map(|(_, draft)| draft)
    }

    fn hand_out(
        mut self,
        source: &Source<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<Overview, Unreadable> {
        let mut drafts: Vec<(Option<String>, Draft)> = Vec::new();
        if !self.unnamed.is_empty() || self.unnamed.contested {
            match self.named.as_mut_slice() {
                // One machine is named, so the file is about that one.
                [(_, only)] => only.merge(std::mem::take(&mut self.unnamed)),
                _ => drafts.push((None, std::mem::take(&mut self.unnamed))),
            }
        }
        let several = !self.named.is_empty();
        drafts.extend(
            self.named
                .into_iter()
                .map(|(name, draft)| (Some(name), draft)),
        );
        if drafts.is_empty() {
            return Err(Unreadable(
                "No facts are found in this CLIXML file: no TLS settings of HealthChecker, no updates and no operating system. Export the result of HealthChecker, of Get-HotFix or of Win32_OperatingSystem."
                    .to_owned(),
            ));
        }
        for (name, draft) in drafts {
            sink(match (&name, several && source.device.is_none()) {
                (None, true) => Err(refused(
                    WHOLE.to_owned(),
                    "Parts of this file do not say which of its machines they are about; export a file for each machine.",
                    "",
                )),
                _ => piece(source, name.as_deref(), draft),
            });
        }
        let mut overview = Overview::default();
        if self.beyond > 0 {
            overview.notes.push(format!(
                "More than {MAX_MACHINES} machines are in this file, the most that is taken; {} objects of others were left out. Send it in parts.",
                self.beyond
            ));
        }
        Ok(overview)
    }
}

fn piece(
    source: &Source<'_>,
    name: Option<&str>,
    mut draft: Draft,
) -> Result<Piece, super::Refused> {
    if draft.contested {
        return Err(refused(
            WHOLE.to_owned(),
            format!(
                "Two parts of this file say different things of one machine{}; export a file for each machine, once.",
                name.map(|name| format!(" ({name})")).unwrap_or_default()
            ),
            "",
        ));
    }
    let facts = std::mem::take(&mut draft.document);
    let mut document = Document::by(if draft.health_checker {
        "Exchange HealthChecker"
    } else {
        "CLIXML"
    });
    document.collected_at = facts.collected_at;
    document.os = facts.os;
    document.registry = facts.registry;
    let (client, note) = match name {
        Some(name) => (naming::client(name), None),
        None => naming::given(source),
    };
    document.client = client;
    if let Some(note) = note {
        draft.note(note);
    }
    if let Some(updates) = draft.updates.take() {
        document.hotfixes = Some(updates.names());
        // Windows' own list says neither how many there are nor what later rollups brought.
        document.hotfixes_cut = true;
        draft.note(NEVER_COMPLETE.to_owned());
        if let Some(note) = updates.note() {
            draft.note(note);
        }
    }
    Ok(Piece {
        place: WHOLE.to_owned(),
        document,
        notes: draft.notes,
        answered: false,
        raw: None,
    })
}
