//! Which client a report or a list row is about.
//!
//! Matching goes from the strongest id to the weakest: ConfigMgr GUID, resource id with its site, FQDN, and a
//! bare name only where the client in hand is known by nothing better, or where a file or a list says it. A name and an
//! FQDN find a client of that name that lacks only the FQDN, where it is the only counted one: device lists often have
//! none. A weaker id never overrules a stronger one that disagrees: such a record is a client of its own and a *suspected
//! duplicate*, never silently merged.
//!
//! What remains: of two machines with one name in two domains only one is known, by its name without domain, and the
//! other one reports. It is taken for the known one until that one reports too; its page says how it was found.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::model::Listing;
use crate::domain::identity::ClientIds;

/// Our id of a client.
pub type ClientId = Uuid;

/// The idents a client can be *found* by, strongest first.
pub fn matching_idents(ids: &ClientIds) -> Vec<String> {
    let mut idents = Vec::with_capacity(4);
    if let Some(guid) = &ids.sms_guid {
        idents.push(format!("g:{guid}"));
    }
    if let (Some(resource), Some(site)) = (ids.resource_id, &ids.site_code) {
        idents.push(format!("r:{site}/{resource}"));
    }
    if let Some(fqdn) = &ids.fqdn {
        idents.push(format!("f:{fqdn}"));
    }
    if let Some(name) = &ids.name {
        idents.push(format!("n:{}", name.to_lowercase()));
    }
    idents
}

/// Every ident to remember: those of [`matching_idents`], and the hardware ids that only raise a suspicion.
pub fn all_idents(ids: &ClientIds) -> Vec<String> {
    let mut idents = matching_idents(ids);
    if let Some(smbios) = &ids.smbios_guid {
        idents.push(format!("s:{smbios}"));
    }
    if let Some(serial) = &ids.serial_number {
        idents.push(format!("x:{}", serial.to_lowercase()));
    }
    // For searching only: a resource id alone names no machine.
    if let Some(resource) = ids.resource_id {
        idents.push(format!("i:{resource}"));
    }
    idents
}

/// The id a new client gets: made from its strongest ident, so that two servers that meet the same new machine
/// at the same moment give it the same id.
pub fn derived_id(ids: &ClientIds) -> Option<ClientId> {
    let strongest = matching_idents(ids).into_iter().next()?;
    let digest = Sha256::digest(strongest.as_bytes());
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&digest[..16]);
    Some(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

/// What is known of a client that shares an ident with the record in hand.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The client.
    pub id: ClientId,
    /// Its ids.
    pub ids: ClientIds,
    /// How it stands to the expected lists.
    pub listing: Listing,
}

/// Whom a record is about, and whom it may also be.
#[derive(Debug, PartialEq, Eq)]
pub struct Resolution {
    /// The client.
    pub id: ClientId,
    /// Not known before.
    pub new: bool,
    /// Other clients that may be the same machine, and what they share.
    pub suspects: Vec<(ClientId, &'static str)>,
    /// It was found by its name alone, and one of both lacked this FQDN.
    pub by_name: Option<String>,
}

impl Resolution {
    /// What is remembered of how the client was found. Nobody is ever looked up by it.
    pub fn witness(&self) -> Option<String> {
        self.by_name.as_ref().map(|fqdn| format!("{BY_NAME}{fqdn}"))
    }
}

/// How an ident begins that says only that its client was found by its name.
pub const BY_NAME: &str = "w:";

/// What `ids` belong to, which decides how much a bare name may mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// A report that a machine sent about itself: a bare name in it never names a client that has better ids, for
    /// another machine of that name could clear it.
    Report,
    /// A row of a file that somebody brought, or dropped on a share: of a tool that asked many devices, and often has
    /// nothing but their names. How far it is believed is another question.
    File,
    /// A row of the expected list, which changes no verdict.
    List {
        /// It is counted, and no other row of the list has its name.
        alone: bool,
    },
}

/// Decides whom `ids` names among `found` (ident → clients that carry it). `None`: nothing to find it by.
#[expect(clippy::implicit_hasher, reason = "one caller, one map")]
pub fn resolve(
    ids: &ClientIds,
    found: &HashMap<String, Vec<Candidate>>,
    speaker: Speaker,
) -> Option<Resolution> {
    let derived = derived_id(ids)?;
    let chosen = matching_idents(ids).into_iter().find_map(|ident| {
        let only = only(ids, found, &ident, speaker)?;
        Some((only, is_name(&ident)))
    });
    let by_name = chosen
        .filter(|(_, weakest)| *weakest && !only_a_name(ids))
        .and_then(|(known, _)| only_fqdn(ids, &known.ids))
        .map(str::to_owned);
    let chosen = chosen.map(|(known, _)| known.id);
    let known: Vec<&Candidate> = all_idents(ids)
        .iter()
        .filter_map(|ident| found.get(ident))
        .flatten()
        .collect();
    let id = chosen.unwrap_or(derived);
    let new = chosen.is_none() && !known.iter().any(|candidate| candidate.id == derived);
    let mut suspects: Vec<(ClientId, &'static str)> = Vec::new();
    for ident in all_idents(ids) {
        let Some(shares) = suspicion(&ident) else {
            continue;
        };
        for other in found.get(&ident).into_iter().flatten() {
            // Each thing that they share is noted: what somebody has settled was said of what was known then.
            let pair = (other.id, shares);
            if other.id != id && !suspects.contains(&pair) {
                suspects.push(pair);
            }
        }
    }
    Some(Resolution {
        id,
        new,
        suspects,
        by_name,
    })
}

/// The clients that fit `ids` equally well, where [`resolve`] can choose none of them and the ids name nobody by
/// themselves: the strongest of them belongs to several.
#[expect(clippy::implicit_hasher, reason = "one caller, one map")]
pub fn several<'k>(
    ids: &'k ClientIds,
    found: &'k HashMap<String, Vec<Candidate>>,
    speaker: Speaker,
) -> Vec<&'k Candidate> {
    let idents = matching_idents(ids);
    let chosen = idents
        .iter()
        .any(|ident| fitting(ids, found, ident, speaker).count() == 1);
    match idents.first() {
        Some(strongest) if !chosen => fitting(ids, found, strongest, speaker).collect(),
        _ => Vec::new(),
    }
}

/// Two known machines that one row names.
#[derive(Clone, Copy, Debug)]
pub struct Two<'k> {
    /// What the first one was found by, for people.
    pub kind: &'static str,
    /// The machine that has the id.
    pub by_id: &'k Candidate,
    /// The machine that has the name, and another id of that kind.
    pub by_name: &'k Candidate,
}

/// Whether the strongest id leads to one client and the name to another counted one that is known by another id of the
/// same kind. Taking the row for either could clear the wrong one. A client that gets a name that nobody has was renamed.
#[expect(clippy::implicit_hasher, reason = "one caller, one map")]
pub fn two<'k>(
    ids: &'k ClientIds,
    found: &'k HashMap<String, Vec<Candidate>>,
    speaker: Speaker,
) -> Option<Two<'k>> {
    let name = ids.name.as_deref()?;
    let (ident, by_id) = matching_idents(ids).into_iter().find_map(|ident| {
        let only = only(ids, found, &ident, speaker)?;
        Some((ident, only))
    })?;
    let is_called = |known: &Candidate| {
        let called = known.ids.name.as_deref();
        called.is_some_and(|called| called.to_lowercase() == name.to_lowercase())
    };
    if is_called(by_id) {
        return None;
    }
    let kind = match ident.as_bytes().first()? {
        b'g' => "Configuration Manager GUID",
        b'r' => "resource id",
        b'f' => "fully qualified name",
        _ => return None,
    };
    let has_another = |known: &&Candidate| {
        let of_known = matching_idents(&known.ids);
        let mut same_kind = of_known.iter().filter(|own| own.get(..2) == ident.get(..2));
        same_kind.any(|own| *own != ident)
    };
    let by_name = found
        .get(&format!("n:{}", name.to_lowercase()))?
        .iter()
        .filter(|known| known.id != by_id.id && known.listing.is_counted() && is_called(known))
        .find(has_another)?;
    Some(Two {
        kind,
        by_id,
        by_name,
    })
}

/// The one client that is meant by an ident.
fn only<'k>(
    ids: &'k ClientIds,
    found: &'k HashMap<String, Vec<Candidate>>,
    ident: &str,
    speaker: Speaker,
) -> Option<&'k Candidate> {
    let mut fitting = fitting(ids, found, ident, speaker);
    // Two clients that fit equally well: choosing one could clear the wrong machine.
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

/// The clients that carry an ident and may be meant by it.
fn fitting<'k>(
    ids: &'k ClientIds,
    found: &'k HashMap<String, Vec<Candidate>>,
    ident: &str,
    speaker: Speaker,
) -> impl Iterator<Item = &'k Candidate> {
    let weakest = is_name(ident);
    let carriers = || found.get(ident).into_iter().flatten();
    let counted = carriers().filter(|known| known.listing.is_counted());
    let counted = counted.count();
    // A record that a list gave up is not meant by its name while another one is counted. A list says itself which
    // of its rows it gives up.
    let passes_over = weakest && counted > 0 && !matches!(speaker, Speaker::List { .. });
    let bare = only_a_name(ids);
    carriers().filter(move |known| {
        let is_meant = !weakest
            || only_a_name(&known.ids)
            || (bare && speaker != Speaker::Report)
            || (counted == 1 && completes(ids, known, speaker));
        is_meant && !contradicts(ids, &known.ids) && (!passes_over || known.listing.is_counted())
    })
}

/// Whether two records of one name are one machine of which one record lacks the FQDN. The caller has seen that no other
/// counted client has the name.
fn completes(ids: &ClientIds, known: &Candidate, speaker: Speaker) -> bool {
    let may = match speaker {
        // What a machine says of itself completes only what a list waits for.
        // Without its FQDN it says nothing but a name of the machine that sends it.
        Speaker::Report => ids.fqdn.is_some() && known.listing == Listing::Expected,
        Speaker::File if ids.fqdn.is_some() => known.listing == Listing::Expected,
        Speaker::File => known.listing.is_counted(),
        Speaker::List { alone } => alone && known.listing.is_counted(),
    };
    let (Some(fqdn), Some(name)) = (only_fqdn(ids, &known.ids), &ids.name) else {
        return false;
    };
    let host = fqdn.split('.').next().unwrap_or(fqdn);
    let name = name.to_lowercase();
    // A NetBIOS name ends after fifteen characters.
    let same_host = host == name || (name.chars().count() == 15 && host.starts_with(&name));
    let differ = |x: Option<&str>, y: Option<&str>| matches!((x, y), (Some(x), Some(y)) if !x.eq_ignore_ascii_case(y));
    may && same_host
        && !matches!((ids.resource_id, known.ids.resource_id), (Some(x), Some(y)) if x != y)
        && !differ(
            ids.serial_number.as_deref(),
            known.ids.serial_number.as_deref(),
        )
}

/// The FQDN, where exactly one of two records has one.
fn only_fqdn<'i>(a: &'i ClientIds, b: &'i ClientIds) -> Option<&'i str> {
    match (a.fqdn.as_deref(), b.fqdn.as_deref()) {
        (Some(fqdn), None) | (None, Some(fqdn)) => Some(fqdn),
        _ => None,
    }
}

fn is_name(ident: &str) -> bool {
    ident.starts_with("n:")
}

/// What two records share when both carry this ident; `None`: sharing it means nothing.
pub fn suspicion(ident: &str) -> Option<&'static str> {
    match ident.as_bytes().first()? {
        b's' => Some("smbios"),
        b'x' => Some("serial"),
        b'f' => Some("fqdn"),
        b'r' => Some("resource_id"),
        b'n' => Some("name"),
        _ => None,
    }
}

/// A stronger id is known on both sides and differs.
fn contradicts(a: &ClientIds, b: &ClientIds) -> bool {
    let differ =
        |x: &Option<String>, y: &Option<String>| matches!((x, y), (Some(x), Some(y)) if x != y);
    if a.sms_guid.is_some() && a.sms_guid == b.sms_guid {
        return false;
    }
    differ(&a.sms_guid, &b.sms_guid)
        || (a.site_code == b.site_code
            && a.site_code.is_some()
            && matches!((a.resource_id, b.resource_id), (Some(x), Some(y)) if x != y))
        || differ(&a.smbios_guid, &b.smbios_guid)
}

fn only_a_name(ids: &ClientIds) -> bool {
    // A resource id names a machine only beside its site.
    let resource = ids.resource_id.is_some() && ids.site_code.is_some();
    ids.sms_guid.is_none() && !resource && ids.fqdn.is_none()
}

/// An id as it is stored.
pub fn bytes(id: ClientId) -> Vec<u8> {
    id.as_bytes().to_vec()
}

/// Reads an id back from its sixteen bytes.
pub fn from_bytes(bytes: &[u8]) -> Option<ClientId> {
    Uuid::from_slice(bytes).ok()
}
