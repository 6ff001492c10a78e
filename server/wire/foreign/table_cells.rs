//! A row of a table into a report document, by what its columns mean.

use super::super::{
    columns::no_id_column,
    document::{Client, Document, Os},
    fields::{check_id, optional_number},
    machine::{product_type, service_pack},
    population_row::first_of,
    raw::Scalar,
    tables::{MAX_ADDRESSES, MAX_ROLES, role_name},
};
use super::{
    Unreadable,
    cell_text::{
        add_file, add_update, bare, capped, guid_of, list, says_absent, says_nothing, says_yes,
        shown, updates, version,
    },
    kit_columns::{Inventory, asked},
    local_time::{Moment, Order},
    mapping::Mapping,
    meaning::Meaning,
    reading_time::Times,
    table::{Row, Table},
};
use crate::domain::identity::ClientIds;

/// A mapping laid over the heading of one table.
#[derive(Clone, Debug)]
pub(super) struct Plan<'m> {
    columns: Vec<(usize, &'m Meaning)>,
    explicit_views: bool,
    /// Columns that a joined query asked every device for, so that an empty cell of a device that answered says absent.
    asked: Vec<usize>,
    inventory: Inventory,
    times: Times,
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
            asked: asked(&heading),
            inventory: Inventory::of(&heading),
            times: Times::default(),
            booted: Order::default(),
            notes: Vec::new(),
        };
        plan.booted.prefer(mapping.dates);
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
            if column.meaning == Meaning::CollectedAt {
                for at in places
                    .clone()
                    .filter(|at| !plan.times.has(*at))
                    .collect::<Vec<_>>()
                {
                    plan.times.add(at, &column.heading);
                }
                if places.next().is_some() {
                    continue;
                }
            }
            match (places.next(), places.next()) {
                (Some(at), None) => plan.columns.push((at, &column.meaning)),
                (None, _) => plan.notes.push(format!(
                    "The table has no column `{}`, to which a meaning was given, so what it would say counts as not collected. Choose the meanings again for this table.",
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
        // The order of columns leaves no trace in documents.
        plan.columns.sort_by_key(|(_, meaning)| *meaning);
        let taken: Vec<usize> = plan.columns.iter().map(|(at, _)| *at).collect();
        plan.times.prefer(mapping.dates);
        plan.times.settle(table, |at| taken.contains(&at));
        let is_read =
            |at: usize| taken.contains(&at) || plan.times.has(at) || plan.inventory.stands_at(at);
        let unread: Vec<String> = table
            .heading()
            .iter()
            .enumerate()
            .filter(|(at, name)| !name.is_empty() && !is_read(*at))
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

    /// Whether a cell is missing whose emptiness would say that nothing is there: the file was cut, or put together by
    /// hand. `open`: no line break follows the row, so its last cell may have been cut too.
    pub(super) fn is_cut(&self, row: &Row<'_>, open: bool) -> bool {
        self.asked.iter().any(|at| {
            *at >= row.width() || open && *at + 1 == row.width() && row.cell(*at).is_empty()
        })
    }

    /// Learns from a row how the table writes its times, and whether it is of the kit's class.
    pub(super) fn learn(&mut self, row: &Row<'_>) {
        self.times.learn(row);
        self.inventory.learn(row);
        if let Some(text) = self.cell(row, &Meaning::LastBoot) {
            self.booted.learn(text);
        }
    }

    /// What people should know about the table as a whole.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = self.notes.clone();
        notes.extend(self.inventory.note());
        let collected = self
            .times
            .orders()
            .map(|order| (order, Meaning::CollectedAt));
        for (order, what) in collected.chain([(self.booted, Meaning::LastBoot)]) {
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
                    "\"{title}\": the times have no zone. They were taken for 14 hours earlier than they would be in UTC, the earliest that they can be, so that no pending restart passes for done. Times like 2026-11-23T08:15:00Z are taken as they are."
                ));
            }
        }
        notes
    }

    /// Whether no column says when rows were read.
    pub(super) const fn has_no_time(&self) -> bool {
        self.times.is_empty()
    }

    /// When the facts of a row were read; `None`: the table says it of no row.
    ///
    /// # Errors
    /// The table says it, but not usably of this row.
    pub(super) fn read_at(&self, row: &Row<'_>, document: &mut Document) -> Result<(), String> {
        if let Some(read) = self.times.of(row)? {
            document.collected_at = Some(read.at.to_string());
            document.time_open = read.open;
            document.time_from = Some(read.from);
        }
        Ok(())
    }

    /// Whether somebody vouches that values were read from the view that they are under.
    pub(super) const fn vouches_for_views(&self) -> bool {
        self.explicit_views
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
                _ => {
                    return Err(format!(
                        "`{text}` is no resource id. A resource id is a whole number above 0, such as 16777220; correct it, or leave the column out."
                    ));
                }
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
            Err("This row names no device: its name, fully qualified name, GUID and resource id are all empty. Fill one of them in, or leave the row out."
                .to_owned())
        }
    }

    /// What a row says.
    ///
    /// # Errors
    /// As [`Self::client`] and [`Self::read_at`].
    pub(super) fn document(
        &self,
        row: &Row<'_>,
        collector: &str,
        notes: &mut Vec<String>,
    ) -> Result<Document, String> {
        let mut document = Document::by(collector);
        document.collector.explicit_views = self.explicit_views || self.inventory.has(row);
        document.client = self.client(row, notes)?;
        document.os = self.os(row, notes);
        self.read_at(row, &mut document)?;
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
        let answered = self.cell(row, &Meaning::OsVersion).is_some();
        for (at, meaning) in &self.columns {
            let text = row.cell(*at);
            match meaning {
                Meaning::Registry { key, value }
                    if answered && text.trim().is_empty() && self.asked.contains(at) =>
                {
                    document.put(key, value, None);
                }
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
                    "The product type is {stated} in one column and {found} by the discovered name in another, so neither was taken. Leave out the column that is wrong."
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
            // A start that looks later than it was would hide a pending restart.
            last_boot_at: booted.and_then(Moment::earliest).map(|at| at.to_string()),
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
