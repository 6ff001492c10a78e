//! The report document, version 1, as we write it ourselves: what a foreign file says of one device.
//!
//! Readers of foreign files do not make facts. They write this document, which is then read, judged, kept and shown
//! like every other report: one way through the house, and a stored reading can be judged again by later rules.
//! Beyond what agents send it may say less: `os.version` may be missing, and a key may be `partial`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::domain::{evidence::is_redirected, facts, identity::ClientIds};

/// What a file says of one device. Everything that the file does not say stays `None`, empty or unlisted, which
/// means "not collected"; see each field for how "asked for, and not there" is said.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says a thing of its own, as in JSON"
)]
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Document {
    /// Always [`super::report_v1::SCHEMA_VERSION`]; set by [`Document::by`].
    schema_version: u32,
    /// Always: a file says a part of what can be known.
    partial: bool,
    /// RFC 3339 with offset. `None`: the file does not say when its facts were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collected_at: Option<String>,
    /// That time was written without a zone; see [`crate::domain::facts::Facts::time_open`].
    #[serde(skip_serializing_if = "is_false")]
    pub time_open: bool,
    /// Where a table says that time, for people: the cell and its column.
    #[serde(skip)]
    pub time_from: Option<String>,
    /// How the facts were read.
    pub collector: Collector,
    /// Whom they are about.
    pub client: Client,
    /// The operating system.
    pub os: Os,
    /// Registry keys that were looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub registry: Vec<Key>,
    /// Updates by number (`KB3140245`). `None`: not read; empty: read, none there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hotfixes: Option<Vec<String>>,
    /// The list of updates is known to be incomplete, so that a number missing from it proves nothing.
    #[serde(skip_serializing_if = "is_false")]
    pub hotfixes_cut: bool,
    /// Version by file, such as `System32\winhttp.dll`. `None`: not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<BTreeMap<String, String>>,
    /// Cipher suites in order. `None`: not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cipher_suites: Option<Vec<String>>,
    /// Installed products. `None`: not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software: Option<Vec<Product>>,
    /// Facts that two sources told differently, so that a third one cannot bring them back; see [`Self::absorb`].
    #[serde(serialize_with = "facts_of", skip_serializing_if = "names_no_fact")]
    pub(super) contradicted: BTreeSet<String>,
    /// Of the sources that were joined, some said when their facts were read and some did not.
    #[serde(skip)]
    pub(super) undated: bool,
}

/// How facts were read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Collector {
    /// Such as `reg export` or `CMPivot`.
    pub name: String,
    /// Its version, where the file says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// 32 or 64; `None`: the file does not say which process read the registry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process_bits: Option<u32>,
    /// The native and the 32-bit view were each asked for by name, whatever process did it.
    #[serde(skip_serializing_if = "is_false")]
    pub explicit_views: bool,
}

/// Whom a document is about: at least one of these.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Client {
    /// ConfigMgr client GUID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sms_guid: Option<String>,
    /// ConfigMgr resource id; identifies only together with the site code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<i64>,
    /// ConfigMgr site code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site_code: Option<String>,
    /// NetBIOS name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Fully qualified name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fqdn: Option<String>,
    /// Domain or workgroup: no id, never written; only tells two devices of one name apart.
    #[serde(skip)]
    pub domain: Option<String>,
    /// SMBIOS UUID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smbios_guid: Option<String>,
    /// Serial number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial_number: Option<String>,
    /// ConfigMgr client version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_version: Option<String>,
    /// Addresses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ip_addresses: Vec<String>,
    /// Site system roles.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
}

/// The operating system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Os {
    /// For display only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// `major.minor.build`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// 1 workstation, 2 domain controller, 3 server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_type: Option<u32>,
    /// `32-bit`, `64-bit`, `x64-based PC` and the like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// Service pack number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_pack: Option<u32>,
    /// `OperatingSystemSKU`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sku: Option<u32>,
    /// `SuiteMask`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suite_mask: Option<u32>,
    /// RFC 3339 with offset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_boot_at: Option<String>,
}

/// A registry key that was looked at.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Key {
    /// `HKLM\…`.
    pub key: String,
    /// Whether it is there.
    pub exists: bool,
    /// RFC 3339 with offset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_write_at: Option<String>,
    /// Only the listed values were asked for; the others were not. Without this, a value that is not listed is absent.
    #[serde(skip_serializing_if = "is_false")]
    pub partial: bool,
    /// Values by name. `None` inside: asked for, and not there.
    pub values: BTreeMap<String, Option<Value>>,
}

/// A registry value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// With the type that the source states.
    Typed {
        /// `REG_DWORD` and the like.
        r#type: &'static str,
        /// Data.
        data: Data,
    },
    /// From a source without types: a number in decimal or `0x…` text, or text.
    Bare(Data),
}

/// Data of a registry value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Data {
    /// `REG_DWORD`, `REG_QWORD`.
    Number(u64),
    /// Text, or bytes as hex.
    Text(String),
    /// `REG_MULTI_SZ`.
    Texts(Vec<String>),
}

/// An installed product.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Product {
    /// Name as listed.
    pub name: String,
    /// Version as listed.
    pub version: String,
}

impl Document {
    /// A document of the collector with this name.
    pub fn by(collector: &str) -> Self {
        Self {
            schema_version: super::report_v1::SCHEMA_VERSION,
            partial: true,
            collector: Collector {
                name: collector.to_owned(),
                ..Collector::default()
            },
            ..Self::default()
        }
    }

    /// Puts a reading of a value into a key, which is made (existing, partial) when it is not listed yet.
    /// `None`: asked for, and not there.
    pub fn put(&mut self, key: &str, name: &str, value: Option<Value>) {
        let at = self
            .registry
            .iter()
            .position(|known| known.key.eq_ignore_ascii_case(key));
        let at = at.unwrap_or_else(|| {
            self.registry.push(Key {
                key: key.to_owned(),
                exists: true,
                partial: true,
                ..Key::default()
            });
            self.registry.len() - 1
        });
        let entry = &mut self.registry[at];
        entry.exists = true;
        entry.values.insert(name.to_owned(), value);
    }

    /// Whether a key is in it that 32-bit programs are shown another copy of, so that it matters how it was read.
    pub(super) fn reads_native(&self) -> bool {
        self.registry.iter().any(|key| is_native(&key.key))
    }

    /// Whether it matters for what is in it which registry view was read, and nobody said it.
    pub fn leaves_view_open(&self) -> bool {
        let Collector {
            process_bits,
            explicit_views,
            ..
        } = self.collector;
        process_bits.is_none() && !explicit_views && self.reads_native()
    }

    /// Takes those keys out, into a document that says how they were read; `None`: there are none.
    pub(super) fn take_native(&mut self) -> Option<Self> {
        let keys: Vec<Key> = self
            .registry
            .extract_if(.., |key| is_native(&key.key))
            .collect();
        (!keys.is_empty()).then(|| Self {
            schema_version: self.schema_version,
            partial: self.partial,
            collected_at: self.collected_at.clone(),
            time_open: self.time_open,
            collector: self.collector.clone(),
            registry: keys,
            contradicted: self.contradicted.clone(),
            undated: self.undated,
            ..Self::default()
        })
    }

    /// Leaves out contradictions about other facts than those of [`Self::take_native`].
    pub(super) fn keep_own_contradictions(&mut self) {
        self.contradicted.retain(|mark| {
            let fact = facts::Contradicted::from_code(mark);
            fact.and_then(|fact| fact.key()).is_some_and(is_redirected)
        });
    }

    /// Whether facts are in it of which nobody said when they were read.
    pub const fn needs_time(&self) -> bool {
        self.undated || self.collected_at.is_none()
    }

    /// The document as JSON.
    pub fn to_json(&self) -> Vec<u8> {
        // Nothing in here can fail to be written: no maps with keys that are no text, no foreign writers.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// Whether a mark names a fact that a report can have.
fn is_fact(mark: &str) -> bool {
    facts::Contradicted::from_code(mark).is_some()
}

fn names_no_fact(marks: &BTreeSet<String>) -> bool {
    !marks.iter().any(|mark| is_fact(mark))
}

fn facts_of<S: serde::Serializer>(marks: &BTreeSet<String>, to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(marks.iter().filter(|mark| is_fact(mark)))
}

fn is_native(path: &str) -> bool {
    facts::Key::from_path(path).is_some_and(is_redirected)
}

impl From<ClientIds> for Client {
    fn from(ids: ClientIds) -> Self {
        Self {
            sms_guid: ids.sms_guid,
            resource_id: ids.resource_id,
            site_code: ids.site_code,
            name: ids.name,
            fqdn: ids.fqdn,
            smbios_guid: ids.smbios_guid,
            serial_number: ids.serial_number,
            ..Self::default()
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a function of a reference"
)]
const fn is_false(flag: &bool) -> bool {
    !*flag
}
