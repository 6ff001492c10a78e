//! What is believed of one host, on its way into a report document.

use super::{
    super::{
        document::{Document, Value},
        registry::{MAX_KEYS, MAX_VALUES},
    },
    lines::some_of,
    moment,
    osquery_rows::Fact,
    updates::{NEVER_COMPLETE, Updates},
};

/// Key, name, what it holds or what cannot be used, and the key's last write.
type Listed = (String, String, Result<Value, String>, Option<i64>);

#[derive(Default)]
pub(super) struct Draft {
    pub(super) since: Option<i64>,
    pub(super) name: Option<String>,
    pub(super) uuid: Option<String>,
    pub(super) serial: Option<String>,
    csname: Option<String>,
    /// Rows name different machines.
    pub(super) several: bool,
    updates: Option<Updates>,
    system: Option<Fact>,
    values: Vec<Listed>,
}

impl Draft {
    pub(super) fn take(&mut self, fact: Fact) {
        match fact {
            Fact::Registry {
                key,
                name,
                value,
                written,
            } => self.values.push((key, name, value, written)),
            Fact::Update { number, device } => {
                self.updates.get_or_insert_default().add(&number);
                if let (Some(known), Some(device)) = (&self.csname, &device) {
                    self.several |= !known.eq_ignore_ascii_case(device);
                }
                self.csname = self.csname.take().or(device);
                if self.name.is_none() {
                    self.name.clone_from(&self.csname);
                }
            }
            system @ Fact::System { .. } => self.system = Some(system),
            Fact::Machine { name, uuid, serial } => {
                self.name = name.or(self.name.take());
                self.uuid = uuid;
                self.serial = serial;
            }
            Fact::OtherKey => {}
        }
    }

    /// Puts everything into the document; a sentence when the machine is none with Windows.
    pub(super) fn write(self, document: &mut Document, notes: &mut Vec<String>) -> Option<String> {
        if let Some(Fact::System {
            caption,
            version,
            build,
            architecture,
            windows,
        }) = self.system
        {
            if !windows {
                return Some(
                    "This host does not run Windows; only Windows clients are read from osquery."
                        .to_owned(),
                );
            }
            document.os.caption = caption;
            document.os.architecture = architecture;
            document.os.version = three_numbers(&version, build.as_deref(), notes);
        }
        if let Some(updates) = self.updates {
            notes.push(NEVER_COMPLETE.to_owned());
            notes.extend(updates.note());
            document.hotfixes = Some(updates.names());
            // A query names the rows it wants, and Windows does not list what later rollups brought.
            document.hotfixes_cut = true;
        }
        let (mut unusable, mut beyond) = (Vec::new(), 0_u64);
        for (key, name, value, written) in self.values {
            match value {
                Ok(value) => {
                    let full = document
                        .registry
                        .iter()
                        .find(|known| known.key.eq_ignore_ascii_case(&key))
                        .map_or(document.registry.len() == MAX_KEYS.min(200), |known| {
                            known.values.len() == MAX_VALUES
                        });
                    if full {
                        beyond += 1;
                        continue;
                    }
                    put(document, &key, &name, value, written);
                }
                Err(what) => unusable.push(what),
            }
        }
        if beyond > 0 {
            notes.push(format!(
                "More values than a report can hold were left out: {beyond}."
            ));
        }
        if !unusable.is_empty() {
            notes.push(format!(
                "These values could not be used and count as not known: {}.",
                some_of(&unusable)
            ));
        }
        None
    }
}

/// Puts a value in, and the key's last write; of several the latest, which is an upper bound in any case.
fn put(document: &mut Document, key: &str, name: &str, value: Value, written: Option<i64>) {
    document.put(key, name, Some(value));
    let known = document
        .registry
        .iter_mut()
        .find(|known| known.key.eq_ignore_ascii_case(key));
    if let (Some(known), Some(written)) = (known, written.and_then(moment::unix)) {
        // RFC 3339 in UTC sorts as time does.
        known.last_write_at = known.last_write_at.take().max(Some(written));
    }
}

/// `10.0.22631`, unless the build beside it says another.
fn three_numbers(version: &str, build: Option<&str>, notes: &mut Vec<String>) -> Option<String> {
    let parts: Vec<&str> = version.split('.').collect();
    let plain = parts.len() == 3
        && parts
            .iter()
            .all(|part| (1..=6).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()));
    if !plain {
        notes.push(format!(
            "The version \"{version}\" was not taken: it has not the three numbers of a Windows version."
        ));
        return None;
    }
    if let Some(build) = build
        && build.bytes().all(|byte| byte.is_ascii_digit())
        && parts.last() != Some(&build)
    {
        notes.push(format!(
            "The version {version} was not taken: the build beside it is {build}."
        ));
        return None;
    }
    Some(version.to_owned())
}
