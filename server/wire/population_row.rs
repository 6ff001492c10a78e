//! One row of a device list: cells into an expected client, or a sentence about what is wrong with it.

use super::{
    columns::Column,
    fields::{check_id, optional_large, quoted},
    machine::os_version_text,
    population::{PopulationRow, RowError},
    raw::Scalar,
    tables::role_name,
};
use crate::domain::{
    facts::OsVersion,
    identity::{ClientIds, check_site},
    lists::ListOrigin,
};

/// What became of a row.
pub(super) enum Row {
    Good(Box<PopulationRow>),
    Bad(RowError),
}

/// The cells of one row that mean something; blank ones and `NULL` are left out.
pub(super) struct Cells {
    line: u64,
    kind: ListOrigin,
    found: Vec<(Column, String)>,
    wrong: Option<String>,
}

impl Cells {
    pub(super) fn new(line: u64, kind: ListOrigin) -> Self {
        Self {
            line,
            kind,
            found: Vec::new(),
            wrong: None,
        }
    }

    /// Notes why the row cannot be taken; the first reason stands.
    pub(super) fn refuse(&mut self, detail: String) {
        self.wrong.get_or_insert(detail);
    }

    /// Whether anything is read from this column.
    fn reads(&self, column: Column) -> bool {
        match column {
            Column::AdMark => false,
            Column::Enabled => self.kind == ListOrigin::AdComputers,
            _ => true,
        }
    }

    /// A cell of a CSV file.
    pub(super) fn put_bytes(&mut self, column: Column, cell: &[u8]) {
        if !self.reads(column) {
            return;
        }
        match std::str::from_utf8(cell) {
            Ok(text) => self.put(column, text),
            Err(_) => self.refuse(
                "this row holds text that is not UTF-8; save the list as CSV UTF-8".to_owned(),
            ),
        }
    }

    /// A value of a JSON object.
    pub(super) fn put_value(&mut self, column: Column, value: &Scalar<'_>) {
        if !self.reads(column) {
            return;
        }
        match value {
            Scalar::Null => {}
            Scalar::Text(text) => self.put(column, text),
            Scalar::Bool(_) | Scalar::Whole(_) | Scalar::Large(_) | Scalar::Fraction(_) => {
                self.put(column, &value.to_string());
            }
            Scalar::List { items, cut: false }
                if items.iter().all(|item| item.text().is_some()) =>
            {
                let texts: Vec<&str> = items.iter().filter_map(Scalar::text).collect();
                self.put(column, &texts.join(";"));
            }
            other => self.refuse(format!("{} stands where a text is expected", quoted(other))),
        }
    }

    /// Of several columns for the same thing the first filled one counts.
    fn put(&mut self, column: Column, text: &str) {
        let text = text.trim();
        let blank = text.is_empty() || text.eq_ignore_ascii_case("NULL");
        if !blank && self.get(column).is_none() {
            self.found.push((column, text.to_owned()));
        }
    }

    fn get(&self, wanted: Column) -> Option<&str> {
        self.found
            .iter()
            .find_map(|(column, text)| (*column == wanted).then_some(text.as_str()))
    }

    /// The row as an expected client.
    pub(super) fn read(self) -> Row {
        let line = self.line;
        match self.client() {
            Ok(row) => Row::Good(Box::new(row)),
            Err(detail) => Row::Bad(RowError { line, detail }),
        }
    }

    fn client(&self) -> Result<PopulationRow, String> {
        if let Some(wrong) = &self.wrong {
            return Err(wrong.clone());
        }
        let text = |column| {
            let text = self.get(column);
            if let Some(text) = text {
                check_id(text).map_err(|detail| format!("{column:?}: {detail}"))?;
            }
            Ok::<_, String>(text.map(str::to_owned))
        };
        let ids = ClientIds {
            sms_guid: text(Column::SmsGuid)?,
            resource_id: self.resource_id()?,
            site_code: self.site_code()?,
            name: text(Column::Name)?,
            fqdn: text(Column::Fqdn)?.map(|names| first_of(&names).to_owned()),
            smbios_guid: text(Column::SmbiosGuid)?,
            serial_number: text(Column::SerialNumber)?,
        }
        .normalised();
        if !ids.identifies() {
            return Err(
                "this row names no client: its name, FQDN, client GUID and resource id with site code are all empty"
                    .to_owned(),
            );
        }
        let roles = self.get(Column::Roles).unwrap_or_default();
        let roles = roles.split([';', ',', '|']).map(role_name);
        Ok(PopulationRow {
            ids,
            domain: text(Column::Domain)?,
            os_caption: text(Column::Os)?,
            os_version: self.os_version(),
            last_contact: text(Column::LastContact)?,
            obsolete: self.flag(Column::Obsolete)? == Some(true),
            decommissioned: self.flag(Column::Decommissioned)? == Some(true)
                || self.is_disabled()?,
            owner: text(Column::Owner)?,
            roles: roles.filter(|role| !role.is_empty()).collect(),
            line: self.line,
        })
    }

    fn site_code(&self) -> Result<Option<String>, String> {
        let Some(sites) = self.get(Column::SiteCode) else {
            return Ok(None);
        };
        let site = first_of(sites);
        let checked = check_site(site).and_then(|()| check_id(sites));
        checked.map_err(|detail| format!("{:?}: {detail}", Column::SiteCode))?;
        Ok(Some(site.to_owned()))
    }

    fn resource_id(&self) -> Result<Option<i64>, String> {
        let text = self.get(Column::ResourceId).unwrap_or_default();
        optional_large(&Scalar::Text(text.into())).map_err(|detail| format!("ResourceId: {detail}"))
    }

    /// For display only, so a version that cannot be read is left out.
    fn os_version(&self) -> Option<OsVersion> {
        let build = self.get(Column::OsBuild).and_then(|text| text.parse().ok());
        let text = self.get(Column::OsVersion)?;
        // Active Directory writes `10.0 (19045)`.
        let (short, behind) = text.split_once('(').unwrap_or((text, ""));
        let behind = behind.trim_end_matches(')').trim().parse().ok();
        os_version_text(short, behind.or(build))
    }

    /// A computer account that may not sign in any more. Other lists may mean anything by `Enabled`, so there it is not
    /// read and hides nobody.
    fn is_disabled(&self) -> Result<bool, String> {
        Ok(self.flag(Column::Enabled)? == Some(false))
    }

    /// Yes or no; `None`: the cell is empty.
    fn flag(&self, column: Column) -> Result<Option<bool>, String> {
        const YES: &[&str] = &[
            "1",
            "true",
            "yes",
            "y",
            "t",
            "wahr",
            "ja",
            "vrai",
            "oui",
            "verdadero",
            "sí",
            "si",
            "vero",
        ];
        const NO: &[&str] = &[
            "0", "false", "no", "n", "f", "falsch", "nein", "faux", "non", "falso",
        ];
        let Some(text) = self.get(column) else {
            return Ok(None);
        };
        let word = text.to_lowercase();
        if YES.contains(&word.as_str()) {
            Ok(Some(true))
        } else if NO.contains(&word.as_str()) {
            Ok(Some(false))
        } else {
            Err(format!(
                "{column:?}: {} is neither yes nor no; write 1 or 0",
                quoted(&Scalar::Text(text.into()))
            ))
        }
    }
}

/// Configuration Manager lists several sites or names in one cell.
pub(super) fn first_of(text: &str) -> &str {
    text.split([',', ';']).next().unwrap_or(text).trim()
}
