//! Pieces of one upload that are about the same device, made one.
//!
//! Pieces belong together when they share an id and no other id of theirs disagrees. Everything is decided at the end,
//! so the order of rows and of files never matters. Held is one document for each device, however many rows it has.

use std::collections::{BTreeMap, HashMap};

use super::{Overview, Piece, Refused, Sink, table_cells::ids_of};
use crate::{
    domain::identity::ClientIds,
    wire::document::{Document, Key},
};

/// Most registry keys, and most files, of one device.
const MAX_KEYS: usize = 64;
/// Most values under one key.
const MAX_VALUES: usize = 256;
/// Most updates of one device.
const MAX_UPDATES: usize = 1_000;
/// Most notes on one device.
const MAX_NOTES: usize = 50;
/// Most places that are named.
const MAX_PLACES: usize = 3;

/// Joins pieces of one or several files of one upload.
#[derive(Debug, Default)]
pub struct Joined {
    one_run: bool,
    groups: Vec<Group>,
    /// Groups by everything that says which device they are about.
    known: HashMap<String, usize>,
    queries: Vec<Overview>,
    /// Fewest devices that a source reached of those that answer for every device.
    reached: Option<u64>,
    /// Since the last file ended, a piece answered for its device.
    answering: bool,
}

/// All pieces with exactly the same ids, or in the end all of one device.
#[derive(Debug, Default)]
struct Group {
    ids: ClientIds,
    domain: Option<String>,
    document: Document,
    places: Places,
    notes: Vec<String>,
    more_notes: usize,
    answered: bool,
}

/// Where pieces stood; the first few by name.
#[derive(Debug, Default)]
struct Places {
    first: Vec<String>,
    count: usize,
}

impl Places {
    fn add(&mut self, other: Self) {
        self.count += other.count;
        self.first.extend(other.first);
        self.first.truncate(MAX_PLACES);
    }

    fn shown(&self) -> String {
        let named = self.first.join(", ");
        match self.count.saturating_sub(self.first.len()) {
            0 => named,
            more => format!("{named} and {more} more"),
        }
    }
}

impl Group {
    fn of(piece: Piece) -> Self {
        Self {
            ids: ids_of(&piece.document.client),
            // CORP and corp.example are taken for the same domain.
            domain: piece
                .document
                .client
                .domain
                .as_deref()
                .and_then(|domain| domain.split('.').next())
                .map(str::to_lowercase),
            places: Places {
                first: vec![piece.place],
                count: 1,
            },
            notes: piece.notes,
            more_notes: 0,
            answered: piece.answered,
            document: piece.document,
        }
    }

    fn note(&mut self, notes: impl IntoIterator<Item = String>) {
        for note in notes {
            if self.notes.contains(&note) {
                continue;
            }
            if self.notes.len() < MAX_NOTES {
                self.notes.push(note);
            } else {
                self.more_notes += 1;
            }
        }
    }

    fn absorb(&mut self, other: Self) {
        let between = format!("{} against {}", self.places.shown(), other.places.shown());
        let said = self.document.absorb(other.document);
        self.note(other.notes);
        self.note(said.into_iter().map(|said| format!("{between}: {said}")));
        self.more_notes += other.more_notes;
        self.places.add(other.places);
        self.answered |= other.answered;
    }

    /// Everything that says which device it is about.
    fn key(&self) -> String {
        let ids = &self.ids;
        let lower = |text: &Option<String>| text.as_deref().unwrap_or_default().to_lowercase();
        [
            lower(&ids.sms_guid),
            ids.resource_id.map(|id| id.to_string()).unwrap_or_default(),
            lower(&ids.site_code),
            lower(&ids.fqdn),
            lower(&ids.name),
            lower(&ids.smbios_guid),
            lower(&ids.serial_number),
            lower(&self.domain),
        ]
        .join("\u{1F}")
    }

    /// Whether there is no room for what another piece says.
    fn is_full(&self, more: &Document) -> bool {
        let has = &self.document;
        let keys = has.registry.len() + more.registry.len() > MAX_KEYS
            && more
                .registry
                .iter()
                .any(|key| !has.registry.iter().any(|known| known.key == key.key));
        let values = |key: &Key| {
            let known = has.registry.iter().find(|known| known.key == key.key);
            known.map_or(0, |known| known.values.len()) + key.values.len() > MAX_VALUES
        };
        let count = |list: &Option<Vec<String>>| list.as_ref().map_or(0, Vec::len);
        let files = |document: &Document| document.files.as_ref().map_or(0, BTreeMap::len);
        keys || more.registry.iter().any(values)
            || count(&has.hotfixes) + count(&more.hotfixes) > MAX_UPDATES
            || files(has) + files(more) > MAX_KEYS
    }
}

/// Ids, the strongest first.
#[derive(Clone, Copy, Debug)]
enum Level {
    Guid,
    Resource,
    Fqdn,
    Name,
}

impl Level {
    const ALL: [Self; 4] = [Self::Guid, Self::Resource, Self::Fqdn, Self::Name];

    fn value(self, ids: &ClientIds) -> Option<String> {
        match self {
            Self::Guid => ids.sms_guid.clone(),
            Self::Resource => ids.resource_id.map(|id| id.to_string()),
            Self::Fqdn => ids.fqdn.clone(),
            Self::Name => ids.name.as_ref().map(|name| name.to_lowercase()),
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Guid => "GUID",
            Self::Resource => "resource id",
            Self::Fqdn => "fully qualified name",
            Self::Name => "name",
        }
    }

    /// Whether a stronger id tells the device apart.
    fn has_stronger(self, ids: &ClientIds) -> bool {
        Self::ALL
            .into_iter()
            .take(self as usize)
            .any(|level| level.value(ids).is_some())
    }
}

impl Joined {
    /// Nothing yet.
    ///
    /// `one_run`: somebody vouches that all files come from one run: the same collection, one query straight after the
    /// other, and the devices that answered one were reached by the others. CMPivot itself does not say so. Without
    /// it, a value that has no row is taken for absent only when all clients that were asked answered that very query.
    pub fn new(one_run: bool) -> Self {
        Self {
            one_run,
            ..Self::default()
        }
    }

    /// Takes a piece. Complete reports, and pieces for which there is no room, go straight on.
    pub fn add(&mut self, piece: Piece, sink: &mut Sink<'_>) {
        if piece.raw.is_some() {
            return sink(Ok(piece));
        }
        self.answering |= piece.answered;
        let group = Group::of(piece);
        let at = *self.known.entry(group.key()).or_insert(self.groups.len());
        let has = self.groups.get_mut(at);
        let full = match &has {
            Some(has) => has.is_full(&group.document),
            None => Group::default().is_full(&group.document),
        };
        if full {
            return sink(Err(Refused::new(
                group.places.shown(),
                format!(
                    "The upload says more of this device than is taken: at most {MAX_KEYS} registry keys with {MAX_VALUES} values each, {MAX_KEYS} files and {MAX_UPDATES} updates."
                ),
                &group.document.to_json(),
            )));
        }
        match has {
            Some(has) => has.absorb(group),
            None => self.groups.push(group),
        }
    }

    /// Ends a file: what it says as a whole.
    pub fn file(&mut self, overview: &Overview) {
        if std::mem::take(&mut self.answering)
            && let Some(answered) = overview.answered
        {
            self.reached = Some(self.reached.map_or(answered, |known| known.max(answered)));
        }
        if !overview.covered.is_empty() {
            self.queries.push(Overview {
                notes: Vec::new(),
                ..overview.clone()
            });
        }
    }

    /// Hands out one piece for each device, in the order in which they first came up; what people should know about
    /// the upload comes back.
    pub fn finish(self, sink: &mut Sink<'_>) -> Vec<String> {
        let (covered, notes) = self.covered();
        for read in resolve(self.groups) {
            match read {
                Ok(group) if !group.ids.identifies() => sink(Err(Refused::new(
                    group.places.shown(),
                    "Nothing here names a device: a resource id says which only together with a site code. Send a table with names, or with the site code, in the same upload.",
                    &group.document.to_json(),
                ))),
                Ok(mut group) => {
                    if group.answered {
                        conclude(&mut group, &covered);
                    }
                    if group.more_notes > 0 {
                        group
                            .notes
                            .push(format!("There are {} more notes.", group.more_notes));
                    }
                    sink(Ok(Piece {
                        place: group.places.shown(),
                        document: group.document,
                        notes: group.notes,
                        answered: group.answered,
                        raw: None,
                    }));
                }
                Err(refused) => sink(Err(refused)),
            }
        }
        notes
    }

    /// Keys of which a missing value is absent, on every device that answered.
    fn covered(&self) -> (Vec<String>, Vec<String>) {
        let (mut covered, mut notes) = (Vec::new(), Vec::new());
        for query in &self.queries {
            let all = query.asked.is_some() && query.asked == query.answered;
            let fewer = match (query.answered, self.reached) {
                (Some(answered), Some(reached)) => answered < reached,
                _ => false,
            };
            let keys = query.covered.join(", ");
            if fewer {
                notes.push(format!(
                    "Fewer devices answered the query on {keys} than another one of this upload, so values without a row are not collected, not absent."
                ));
            } else if all || self.one_run {
                covered.extend(query.covered.iter().cloned());
            } else {
                notes.push(format!(
                    "Whether every device was reached by the query on {keys} is not known, so values without a row are not collected, not absent. Keep the line \"Query completed on … of … clients\" above the heading, and ask devices that are online."
                ));
            }
        }
        covered.sort_unstable();
        covered.dedup();
        (covered, notes)
    }
}

/// What was asked of a device that answered, and has no row, is not there.
fn conclude(group: &mut Group, covered: &[String]) {
    let mut gone = Vec::new();
    for path in covered {
        let position = |document: &Document| {
            let mut keys = document.registry.iter();
            keys.position(|known| known.key.eq_ignore_ascii_case(path))
        };
        let at = position(&group.document);
        let known = at.and_then(|at| group.document.registry.get(at));
        // A key with rows has no others; one without has none at all.
        let asked = Key {
            partial: false,
            ..known.cloned().unwrap_or_else(|| Key {
                key: path.clone(),
                ..Key::default()
            })
        };
        let mut whole = Document::default();
        whole.collector.clone_from(&group.document.collector);
        whole.registry.push(asked);
        let said = group.document.absorb(whole);
        group.note(said);
        if at.is_none() && position(&group.document).is_some() {
            gone.push(path.as_str());
        }
    }
    if !gone.is_empty() {
        let keys = gone.join(", ");
        group.note([format!(
            "This device answered in the same run and has no row for {keys}, so these values were taken for absent."
        )]);
    }
}

/// Puts groups together by the ids that they share.
fn resolve(groups: Vec<Group>) -> Vec<Result<Group, Refused>> {
    // Slots that were put into another are empty.
    let mut slots: Vec<Option<Group>> = groups.into_iter().map(Some).collect();
    let mut refused: Vec<Option<String>> = slots.iter().map(|_| None).collect();
    for level in Level::ALL {
        let mut buckets: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, slot) in slots.iter().enumerate() {
            let free = refused.get(at).is_some_and(Option::is_none);
            let value = slot.as_ref().and_then(|group| level.value(&group.ids));
            if let Some(value) = value.filter(|_| free) {
                buckets.entry(value).or_default().push(at);
            }
        }
        for (value, members) in buckets.into_iter().filter(|(_, members)| members.len() > 1) {
            let ids = members.iter().filter_map(|at| slots.get(*at)?.as_ref());
            match agreed(ids) {
                Some((ids, domain)) => merge(&mut slots, &members, &ids, domain.as_ref()),
                None => {
                    for at in members {
                        let stands = slots
                            .get(at)
                            .and_then(Option::as_ref)
                            .is_some_and(|group| level.has_stronger(&group.ids));
                        if let (false, Some(slot)) = (stands, refused.get_mut(at)) {
                            *slot = Some(format!(
                                "The {} {value} stands for more than one device in this upload: other ids beside it disagree. Send a column that tells them apart, such as SMS_Unique_Identifier0.",
                                level.title()
                            ));
                        }
                    }
                }
            }
        }
    }
    slots
        .into_iter()
        .zip(refused)
        .filter_map(|(group, refused)| {
            let group = group?;
            Some(match refused {
                None => Ok(group),
                Some(detail) => Err(Refused::new(
                    group.places.shown(),
                    detail,
                    &group.document.to_json(),
                )),
            })
        })
        .collect()
}

/// Joins some groups into the first of them.
fn merge(slots: &mut [Option<Group>], members: &[usize], ids: &ClientIds, domain: Option<&String>) {
    let mut taken = members
        .iter()
        .filter_map(|at| slots.get_mut(*at)?.take())
        .collect::<Vec<_>>()
        .into_iter();
    let Some(mut first) = taken.next() else {
        return;
    };
    for other in taken {
        first.absorb(other);
    }
    first.ids.clone_from(ids);
    first.domain = domain.cloned();
    if let Some(slot) = members.first().and_then(|at| slots.get_mut(*at)) {
        *slot = Some(first);
    }
}

/// The ids of all groups together; `None`: two of them disagree somewhere.
fn agreed<'g>(groups: impl Iterator<Item = &'g Group>) -> Option<(ClientIds, Option<String>)> {
    let mut all = ClientIds::default();
    let mut domain = None;
    for group in groups {
        let ids = &group.ids;
        let texts = [
            (&mut all.sms_guid, &ids.sms_guid),
            (&mut all.site_code, &ids.site_code),
            (&mut all.fqdn, &ids.fqdn),
            (&mut all.name, &ids.name),
            (&mut all.smbios_guid, &ids.smbios_guid),
            (&mut all.serial_number, &ids.serial_number),
            (&mut domain, &group.domain),
        ];
        for (known, more) in texts {
            match (known.as_ref(), more) {
                (_, None) => {}
                (None, Some(more)) => *known = Some(more.clone()),
                (Some(known), Some(more)) if known.to_lowercase() == more.to_lowercase() => {}
                (Some(_), Some(_)) => return None,
            }
        }
        match (all.resource_id, ids.resource_id) {
            (Some(known), Some(more)) if known != more => return None,
            (known, more) => all.resource_id = known.or(more),
        }
    }
    Some((all, domain))
}
