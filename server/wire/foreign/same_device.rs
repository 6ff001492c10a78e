//! Which pieces are about the same device: by the strongest id that they share, and never against one that disagrees.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use super::super::document::{Collector, Document, Key};
use super::{Piece, Refused, table_cells::ids_of};
use crate::domain::identity::ClientIds;

/// Most registry keys, and most files, of one device: all that the rules read, and as many that look like them.
pub(super) const MAX_KEYS: usize = 64;
/// Most values under one key.
pub(super) const MAX_VALUES: usize = 256;
/// Most updates of one device.
pub(super) const MAX_UPDATES: usize = 1_000;
/// Most contradictions about one device.
const MAX_CONTRADICTED: usize = 200;
/// Most notes on one device.
const MAX_NOTES: usize = 50;
/// Most places that are named.
const MAX_PLACES: usize = 3;

/// All pieces with exactly the same ids, or in the end all of one device.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) ids: ClientIds,
    pub(super) domain: Option<String>,
    pub(super) document: Document,
    /// Keys with two views that were read in other ways than those in `document`.
    pub(super) others: Vec<Document>,
    pub(super) places: Places,
    /// The files that they stood in, by number.
    pub(super) files: BTreeSet<usize>,
    pub(super) notes: Vec<String>,
    pub(super) more_notes: usize,
    pub(super) answered: bool,
    /// There was no room for some of its pieces, so what is missing here may have been said.
    pub(super) incomplete: bool,
}

/// Where pieces stood; the first few by name.
#[derive(Debug, Default)]
pub(super) struct Places {
    first: Vec<String>,
    count: usize,
}

impl Places {
    fn add(&mut self, other: Self) {
        self.count += other.count;
        self.first.extend(other.first);
        self.first.truncate(MAX_PLACES);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(super) fn shown(&self) -> String {
        let named = self.first.join(", ");
        match self.count.saturating_sub(self.first.len()) {
            0 => named,
            more => format!("{named} and {more} more"),
        }
    }
}

impl Group {
    pub(super) fn of(piece: Piece) -> Self {
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
            files: BTreeSet::new(),
            notes: piece.notes,
            more_notes: 0,
            answered: piece.answered,
            incomplete: false,
            document: piece.document,
            others: Vec::new(),
        }
    }

    pub(super) fn note(&mut self, notes: impl IntoIterator<Item = String>) {
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

    pub(super) fn absorb(&mut self, other: Self) {
        let between = format!("{} against {}", self.places.shown(), other.places.shown());
        let mut said = self.take(other.document);
        for document in other.others {
            said.extend(self.take(document));
        }
        self.note(other.notes);
        self.note(said.into_iter().map(|said| format!("{between}: {said}")));
        self.more_notes += other.more_notes;
        self.places.add(other.places);
        self.files.extend(other.files);
        self.answered |= other.answered;
        self.incomplete |= other.incomplete;
    }

    /// Takes a document in. Keys with two views stay apart by how they were read, so that nobody's promise is lost.
    fn take(&mut self, mut document: Document) -> Vec<String> {
        let way = |document: &Document| {
            let collector = &document.collector;
            (collector.explicit_views, collector.process_bits)
        };
        self.others.extend(self.document.take_native());
        let native = document.take_native();
        let mut said = self.document.absorb(document);
        if let Some(native) = native {
            let mut known = self.others.iter_mut();
            match known.find(|known| way(known) == way(&native)) {
                Some(known) => said.extend(known.absorb(native)),
                None => self.others.push(native),
            }
        }
        said
    }

    /// What it says: one document for each way in which keys with two views were read, the surest first, and in it
    /// whatever else is known.
    pub(super) fn documents(mut self) -> Vec<Document> {
        if self.others.is_empty() {
            return vec![self.document];
        }
        self.others.sort_by_key(|document| {
            let Collector {
                process_bits,
                explicit_views,
                ..
            } = document.collector;
            Reverse((explicit_views, process_bits == Some(64), process_bits))
        });
        let mut others = self.others.into_iter();
        let mut main = self.document;
        if let Some(surest) = others.next() {
            main.absorb(surest);
        }
        let client = main.client.clone();
        let named = others.map(|mut document| {
            document.client.clone_from(&client);
            document.keep_own_contradictions();
            document
        });
        std::iter::once(main).chain(named).collect()
    }

    /// Everything that says which device it is about.
    pub(super) fn key(&self) -> String {
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
    pub(super) fn is_full(&self, more: &Document) -> bool {
        let has = &self.document;
        let held = |key: &Key| {
            let all = has
                .registry
                .iter()
                .chain(self.others.iter().flat_map(|other| &other.registry));
            all.filter(|known| known.key == key.key)
                .map(|known| known.values.len())
                .max()
        };
        let is_new = |key: &&Key| held(key).is_none();
        let new = more.registry.iter().filter(is_new).count();
        let keys = has.registry.len() + new > MAX_KEYS && new > 0;
        let values = |key: &Key| held(key).unwrap_or(0) + key.values.len() > MAX_VALUES;
        let count = |list: &Option<Vec<String>>| list.as_ref().map_or(0, Vec::len);
        let files = |document: &Document| document.files.as_ref().map_or(0, BTreeMap::len);
        has.contradicted.len() > MAX_CONTRADICTED
            || keys
            || more.registry.iter().any(values)
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

/// Puts groups together by the ids that they share. Beside what is refused, the files that it stood in.
pub(super) fn resolve(groups: Vec<Group>) -> Vec<Result<Group, (BTreeSet<usize>, Refused)>> {
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
                Some(detail) => {
                    let (place, json) = (group.places.shown(), group.document.to_json());
                    Err((group.files, Refused::new(place, detail, &json)))
                }
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
