//! A row of a table into a report document, by what its columns mean.

use super::{
    Unreadable,
    local_time::{Moment, Order},
    mapping::Mapping,
    meaning::Meaning,
    table::{Row, Table},
};
use crate::{
    domain::{facts::OsVersion, identity::ClientIds},
    wire::{
        columns::no_id_column,
        document::{Client, Data, Document, Os, Value},
        fields::{check_id, check_text, dword, not_cut, optional_number},
        machine::{os_version_text, product_type, service_pack},
        population_row::first_of,
        raw::Scalar,
        tables::{MAX_ADDRESSES, MAX_ROLES, file_version, kb_number, role_name},
    },
};

/// A mapping laid over the heading of one table.
#[derive(Clone, Debug)]
pub(super) struct Plan<'m> {
    columns: Vec<(usize, &'m Meaning)>,
    explicit_views: bool,
    collected: Order,
    booted: Order,
    notes: Vec<String>,
}

impl<'m> Plan<'m> {
    /// Finds the columns of a mapping that makes sense in the table.
    ///
    /// # Errors
    /// The mapping makes none, or as [`Self::lay`].
    pub(super) fn new(mapping: &'m Mapping, table: &Table<'_>) -> Result<Self, Unreadable> {
        mapping
            .check()
            .map_err(|wrong| Unreadable(wrong.join(" ")))?;
        Self::lay(mapping, table)
    }

    /// Finds the columns of the mapping in the table.
    ///
    /// # Errors
    /// No column that is there says which device a row is about.
    pub(super) fn lay(mapping: &'m Mapping, table: &Table<'_>) -> Result<Self, Unreadable> {
        let folded = |text: &str| text.trim().to_lowercase();
        let heading: Vec<String> = table.heading().iter().map(|name| folded(name)).collect();
        let mut plan = Self {
            columns: Vec::new(),
            explicit_views: mapping.explicit_views,
            collected: Order::default(),
            booted: Order::default(),
            notes: Vec::new(),
        };
        for column in &mapping.columns {
            if let Some(note) = &column.note {
                plan.notes
                    .push(format!("Column `{}`: {note}", column.heading));
            }
            if column.meaning == Meaning::Ignored {
                continue;
            }
            let wanted = folded(&column.heading);
            let mut places = (0..heading.len()).filter(|at| heading.get(*at) == Some(&wanted));
            match (places.next(), places.next()) {
                (Some(at), None) => plan.columns.push((at, &column.meaning)),
                (None, _) => plan.notes.push(format!(
                    "The table has no column `{}`, which the mapping names; what it would say is not collected.",
                    column.heading
                )),
                (Some(_), Some(_)) => plan.notes.push(format!(
                    "The table has two columns `{}`; neither was read. Name them apart.",
                    column.heading
                )),
            }
        }
        let names = [
            Meaning::Name,
            Meaning::Fqdn,
            Meaning::SmsGuid,
            Meaning::ResourceId,
        ];
        if !names.iter().any(|name| plan.index(name).is_some()) {
            return Err(Unreadable(no_id_column(table.heading())));
        }
        let unread: Vec<String> = table
            .heading()
            .iter()
            .enumerate()
            .filter(|(at, name)| {
                !name.is_empty() && !plan.columns.iter().any(|(known, _)| known == at)
            })
            .map(|(_, name)| format!("`{name}`"))
            .collect();
        if !unread.is_empty() {
            plan.notes
                .push(format!("Columns not read: {}.", unread.join(", ")));
        }
        Ok(plan)
    }

    /// Where a meaning stands.
    pub(super) fn index(&self, meaning: &Meaning) -> Option<usize> {
        let found = self.columns.iter().find(|(_, known)| *known == meaning);
        found.map(|(at, _)| *at)
    }

    /// The cell with a meaning; `None`: no such column, or the cell says nothing.
    pub(super) fn cell<'r>(&self, row: &'r Row<'_>, meaning: &Meaning) -> Option<&'r str> {
        self.index(meaning)
            .map(|at| row.cell(at))
            .filter(|text| !says_nothing(text) && !says_absent(text))
    }

    /// Learns from a row how the table writes its times.
    pub(super) fn learn(&mut self, row: &Row<'_>) {
        if let Some(text) = self.cell(row, &Meaning::CollectedAt) {
            self.collected.learn(text);
        }
        if let Some(text) = self.cell(row, &Meaning::LastBoot) {
            self.booted.learn(text);
        }
    }

    /// What people should know about the table as a whole.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = self.notes.clone();
        for (order, what) in [
            (self.collected, Meaning::CollectedAt),
            (self.booted, Meaning::LastBoot),
        ] {
            let title = what.title();
            if order.is_mixed() {
                notes.push(format!(
                    "\"{title}\": some rows write the day first and others the month, so times in which both are possible were not taken. Write them like 2026-11-23T08:15:00Z."
                ));
            } else if order.in_doubt && !order.is_settled() {
                notes.push(format!(
                    "\"{title}\": no row tells whether the day or the month comes first, so these times were not taken. Write them like 2026-11-23T08:15:00Z."
                ));
            }
            if order.zoneless && what == Meaning::CollectedAt {
                notes.push(format!(
                    "\"{title}\": the times have no zone. They were taken for 14 hours earlier than they would be in UTC, the earliest that they can be, so that no device looks fresher than it is."
                ));
            } else if order.zoneless {
                notes.push(format!(
                    "\"{title}\": the times have no zone and were not taken. Write them like 2026-11-23T08:15:00Z."
                ));
            }
        }
        notes
    }

    /// Whom a row is about.
    ///
    /// # Errors
    /// Nothing in it names a device, or a name cannot be one.
    pub(super) fn client(&self, row: &Row<'_>, notes: &mut Vec<String>) -> Result<Client, String> {
        let text = |meaning: Meaning| {
            let Some(text) = self.cell(row, &meaning) else {
                return Ok(None);
            };
            check_id(text).map_err(|detail| format!("{}: {detail}.", meaning.title()))?;
            Ok::<_, String>(Some(text))
        };
        let mut guid = |meaning: Meaning| {
            let given = text(meaning.clone())?;
            let good = given.and_then(guid_of);
            if let (Some(given), None) = (given, &good) {
                notes.push(format!(
                    "{}: `{given}` is no GUID and was left out.",
                    meaning.title()
                ));
            }
            Ok::<_, String>(good)
        };
        let (sms_guid, smbios_guid) = (guid(Meaning::SmsGuid)?, guid(Meaning::SmbiosGuid)?);
        let (mut name, mut domain) = (text(Meaning::Name)?, text(Meaning::Domain)?);
        if let Some((before, behind)) = name.and_then(|name| name.split_once('\\')) {
            name = Some(behind);
            domain = domain.or(Some(before));
        }
        let name = name
            .map(|name| name.trim().trim_end_matches('$'))
            .filter(|name| !name.is_empty());
        let fqdn = text(Meaning::Fqdn)?.map(first_of);
        let dotted = |text: &&str| text.contains('.');
        let resource_id = match text(Meaning::ResourceId)? {
            None => None,
            Some(text) => match text.parse::<i64>() {
                Ok(id) if id > 0 => Some(id),
                _ => return Err(format!("`{text}` is no resource id.")),
            },
        };
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let client = Client {
            sms_guid,
            resource_id,
            site_code: owned(text(Meaning::SiteCode)?.map(first_of)),
            name: owned(name.or(fqdn.filter(|fqdn| !dotted(fqdn)))),
            fqdn: owned(fqdn.filter(dotted).or(name.filter(dotted))),
            domain: owned(domain),
            smbios_guid,
            serial_number: owned(text(Meaning::SerialNumber)?),
            ..Client::default()
        };
        if ids_of(&client).identifies() || client.resource_id.is_some() {
            Ok(client)
        } else {
            Err("This row names no device: its name, fully qualified name, GUID and resource id are all empty."
                .to_owned())
        }
    }

    /// What a row says.
    ///
    /// # Errors
    /// As [`Self::client`].
    pub(super) fn document(
        &self,
        row: &Row<'_>,
        collector: &str,
        notes: &mut Vec<String>,
    ) -> Result<Document, String> {
        let mut document = Document::by(collector);
        document.collector.explicit_views = self.explicit_views;
        document.client = self.client(row, notes)?;
        document.os = self.os(row, notes);
        if let Some(text) = self.cell(row, &Meaning::CollectedAt) {
            let moment = self.collected.read(text);
            if moment == Moment::None {
                notes.push(format!(
                    "The time `{text}` cannot be read and was not taken."
                ));
            }
            document.collected_at = moment.earliest().map(|at| at.to_string());
        }
        let client = &mut document.client;
        if let Some(text) = self.cell(row, &Meaning::ClientVersion) {
            client.client_version = shown(text, notes);
        }
        if let Some(text) = self.cell(row, &Meaning::IpAddresses) {
            let all = list(text, |c| matches!(c, ',' | ';') || c.is_whitespace());
            client.ip_addresses = capped(all, MAX_ADDRESSES, "addresses", notes);
        }
        if let Some(text) = self.cell(row, &Meaning::Roles) {
            let all = list(text, |c| matches!(c, ',' | ';' | '|'));
            let all = all.iter().map(|role| role_name(role)).collect();
            client.roles = capped(all, MAX_ROLES, "roles", notes);
        }
        for (at, meaning) in &self.columns {
            let text = row.cell(*at);
            match meaning {
                Meaning::Registry { key, value } if says_absent(text) => {
                    document.put(key, value, None);
                }
                _ if says_nothing(text) || says_absent(text) => {}
                Meaning::Registry { key, value } => {
                    document.put(key, value, Some(bare(value, text, notes)));
                }
                Meaning::HasUpdate(number) if says_yes(text) => {
                    add_update(&mut document, *number);
                }
                Meaning::Updates => {
                    for number in updates(text, notes) {
                        add_update(&mut document, number);
                    }
                }
                Meaning::FileVersion(name) => {
                    add_file(&mut document, name, text, notes);
                }
                _ => {}
            }
        }
        Ok(document)
    }

    fn os(&self, row: &Row<'_>, notes: &mut Vec<String>) -> Os {
        let cell = |meaning: Meaning| self.cell(row, &meaning);
        let mut number =
            |meaning: Meaning, read: fn(&Scalar<'_>) -> Result<Option<u32>, String>| {
                let found = read(&Scalar::Text(cell(meaning.clone())?.into()));
                match found {
                    Ok(found) => found,
                    Err(detail) => {
                        notes.push(format!("{} was not taken: {detail}.", meaning.title()));
                        None
                    }
                }
            };
        let sku = number(Meaning::OsSku, optional_number);
        let service_pack = number(Meaning::OsServicePack, service_pack);
        let stated =
            number(Meaning::OsProductType, product_type).filter(|kind| (1..=3).contains(kind));
        let build = number(Meaning::OsBuild, optional_number);
        let discovered = cell(Meaning::OsDiscovered).and_then(|text| {
            let text = text.to_lowercase();
            let nt = text.contains("windows");
            match (text.contains("workstation"), text.contains("server")) {
                (true, false) if nt => Some(1),
                (false, true) if nt => Some(3),
                _ => None,
            }
        });
        let product_type = match (stated, discovered) {
            (Some(stated), Some(found)) if (stated == 1) != (found == 1) => {
                notes.push(format!(
                    "The product type is {stated} in one column and {found} by the discovered name in another, so neither was taken."
                ));
                None
            }
            (stated, found) => stated.or(found),
        };
        let booted = cell(Meaning::LastBoot).map(|text| self.booted.read(text));
        Os {
            caption: cell(Meaning::OsCaption).and_then(|text| shown(text, notes)),
            version: cell(Meaning::OsVersion).and_then(|text| version(text, build, notes)),
            product_type,
            architecture: cell(Meaning::OsArchitecture).and_then(|text| shown(text, notes)),
            service_pack,
            sku,
            suite_mask: None,
            last_boot_at: booted.and_then(Moment::exact).map(|at| at.to_string()),
        }
    }
}

/// The ids of a client in the spelling that is compared.
pub(super) fn ids_of(client: &Client) -> ClientIds {
    ClientIds {
        sms_guid: client.sms_guid.clone(),
        resource_id: client.resource_id,
        site_code: client.site_code.clone(),
        name: client.name.clone(),
        fqdn: client.fqdn.clone(),
        smbios_guid: client.smbios_guid.clone(),
        serial_number: client.serial_number.clone(),
    }
    .normalised()
}

/// Whether a cell says nothing at all, so that the fact is not collected. `NULL` is what an outer join leaves where
/// there was no row to look at, and what scripts print beside an error; neither says that somebody looked.
pub(super) fn says_nothing(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "",
        "-",
        "--",
        "n/a",
        "#n/a",
        "na",
        "nil",
        "none",
        "null",
        "(null)",
        "<null>",
        "unknown",
        "error",
        "#value!",
        "#ref!",
        "not collected",
    ];
    let text = text.trim();
    if WORDS.iter().any(|word| word.eq_ignore_ascii_case(text)) {
        return true;
    }
    text.split_at_checked(8)
        .is_some_and(|(head, _)| head.eq_ignore_ascii_case("NULL ---"))
}

/// Whether a cell says that somebody looked and nothing was there.
pub(super) fn says_absent(text: &str) -> bool {
    ["not set", "not found", "not present", "<absent>", "absent"]
        .iter()
        .any(|word| word.eq_ignore_ascii_case(text.trim()))
}

fn says_yes(text: &str) -> bool {
    [
        "1",
        "true",
        "yes",
        "y",
        "x",
        "installed",
        "present",
        "wahr",
        "ja",
        "vrai",
        "oui",
    ]
    .iter()
    .any(|word| word.eq_ignore_ascii_case(text))
}

/// Data of a source without types. `-1` may be 0xFFFFFFFF from a reader of signed numbers, or the sign of some scripts
/// for absent: it stays a text, which decides nothing.
pub(super) fn bare(name: &str, text: &str, notes: &mut Vec<String>) -> Value {
    let text = text.trim();
    if text == "-1" {
        notes.push(format!(
            "{name} is -1, which may mean 0xFFFFFFFF or that the value is absent. It was taken for neither; write 4294967295 or Not Set."
        ));
        return Value::Bare(Data::Text("-1 (0xFFFFFFFF or absent)".to_owned()));
    }
    if let Some(number) = dword(&Scalar::Text(text.into())) {
        return Value::Bare(Data::Number(u64::from(number)));
    }
    if let Err(detail) = not_cut(text).and_then(|()| check_text(text)) {
        notes.push(format!("{name} is there, but cannot be read: {detail}."));
        let start: String = text.chars().take(64).collect();
        return Value::Bare(Data::Text(format!("unreadable: {start}")));
    }
    Value::Bare(Data::Text(text.to_owned()))
}

/// Adds an update that is there; a table never shows that it lists all of them.
fn add_update(document: &mut Document, number: u32) {
    let name = format!("KB{number}");
    let list = document.hotfixes.get_or_insert_default();
    if !list.contains(&name) {
        list.push(name);
    }
    document.hotfixes_cut = true;
}

/// Adds the version of a file, when it is one.
pub(super) fn add_file(document: &mut Document, path: &str, text: &str, notes: &mut Vec<String>) {
    match file_version(&Scalar::Text(text.into())) {
        Ok(Some(_)) => {
            let files = document.files.get_or_insert_default();
            files.insert(path.to_owned(), text.to_owned());
        }
        Ok(None) => {}
        Err(detail) => notes.push(format!("The version of {path} was not taken: {detail}.")),
    }
}

/// The updates that a cell lists. Anything beside the numbers may well say that one of them is missing, so then none
/// is taken.
fn updates(text: &str, notes: &mut Vec<String>) -> Vec<u32> {
    const TYPES: &[&str] = &["", "- update", "- security update", "- hotfix"];
    let mut found = Vec::new();
    for part in text.split([',', ';', '|', '\n']).map(str::trim) {
        let mut words = part.split_whitespace().map(kb_number);
        let first = words.next().flatten();
        let rest = part
            .split_once(char::is_whitespace)
            .map_or("", |(_, rest)| rest.trim());
        let only_type = TYPES.iter().any(|kind| kind.eq_ignore_ascii_case(rest));
        let numbers: Option<Vec<u32>> = part.split_whitespace().map(kb_number).collect();
        match (first, numbers) {
            (Some(first), _) if only_type => found.push(first),
            (Some(_), Some(numbers)) => found.extend(numbers),
            _ if part.is_empty() => {}
            _ => {
                let shown: String = part.chars().take(64).collect();
                notes.push(format!(
                    "`{shown}` is not just the number of an update, so this list was not read."
                ));
                return Vec::new();
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// `10.0.19045`, `10.0 (19045)`, or `10.0` with the build in a column of its own.
fn version(text: &str, build: Option<u32>, notes: &mut Vec<String>) -> Option<String> {
    let (short, behind) = text.split_once('(').unwrap_or((text, ""));
    let behind = behind.trim_end_matches(')').trim().parse().ok();
    let Some(version) = os_version_text(short, behind.or(build)) else {
        notes.push(format!(
            "The Windows version `{text}` was not taken: it has no three numbers such as 10.0.19045."
        ));
        return None;
    };
    if let Some(other) = build.filter(|build| *build != version.build) {
        notes.push(format!(
            "The Windows version is {text} but the build beside it is {other}, so neither was taken."
        ));
        return None;
    }
    let OsVersion {
        major,
        minor,
        build,
    } = version;
    Some(format!("{major}.{minor}.{build}"))
}

/// A text for display, when it can be one.
fn shown(text: &str, notes: &mut Vec<String>) -> Option<String> {
    match check_id(text) {
        Ok(()) => Some(text.to_owned()),
        Err(detail) => {
            notes.push(format!("A cell was not taken: {detail}."));
            None
        }
    }
}

fn list(text: &str, separates: impl Fn(char) -> bool) -> Vec<String> {
    let parts = text.split(separates).map(str::trim);
    let mut found: Vec<String> = Vec::new();
    for part in parts
        .filter(|part| !part.is_empty() && check_id(part).is_ok())
        .take(1_000)
    {
        if !found.iter().any(|known| known == part) {
            found.push(part.to_owned());
        }
    }
    found
}

fn capped(mut all: Vec<String>, most: usize, what: &str, notes: &mut Vec<String>) -> Vec<String> {
    if all.len() > most {
        all.truncate(most);
        notes.push(format!(
            "More than {most} {what} are listed; only the first {most} were taken."
        ));
    }
    all
}

/// A GUID in the spelling that is compared; the one of zeros, which means none, is none.
fn guid_of(text: &str) -> Option<String> {
    let upper = text.to_ascii_uppercase();
    let bare = upper.strip_prefix("GUID:").unwrap_or(&upper);
    let bare = bare.trim_matches(|c| c == '{' || c == '}');
    let lengths = [8, 4, 4, 4, 12];
    let parts: Vec<&str> = bare.split('-').collect();
    let fits = parts.len() == lengths.len()
        && parts.iter().zip(lengths).all(|(part, length)| {
            part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit())
        });
    let some = bare.bytes().any(|byte| byte != b'0' && byte != b'-');
    (fits && some).then(|| bare.to_owned())
}
