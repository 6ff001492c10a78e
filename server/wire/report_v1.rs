//! The report document, version 1: one JSON object into the domain's [`Report`], or every error with its pointer.

use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::{
    fields::{
        FieldError, Path, Problems, number, optional_bool, optional_id, optional_large,
        optional_number, optional_time, quoted,
    },
    nesting,
    raw::Scalar,
    registry::{self, RawRegistry},
    sentence,
    shapes::Object,
    tables::{
        self, RawAddresses, RawFiles, RawHotfixes, RawRoles, RawSoftware, RawSuites, plain_number,
    },
};
use crate::domain::{
    facts::{Bits, Facts, OsFacts, OsVersion, Report},
    identity::ClientIds,
};

/// The version of the report document that is read here.
pub const SCHEMA_VERSION: u32 = 1;

/// Most bytes of one report: 1 MiB.
pub const MAX_RECORD: usize = 1024 * 1024;

/// A report, and what tells whether it says anything new.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// The report as the rules see it.
    pub report: Report,
    /// See [`content_hash`].
    pub content_hash: [u8; 16],
}

#[derive(Deserialize)]
struct RawReport<'a> {
    #[serde(borrow, default)]
    schema_version: Scalar<'a>,
    #[serde(borrow, default)]
    report_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    collected_at: Option<&'a RawValue>,
    #[serde(borrow, default)]
    collector: Object<RawCollector<'a>>,
    #[serde(borrow, default)]
    client: Object<RawClient<'a>>,
    #[serde(borrow, default)]
    os: Object<RawOs<'a>>,
    #[serde(borrow, default)]
    registry: RawRegistry<'a>,
    #[serde(borrow, default)]
    hotfixes: RawHotfixes<'a>,
    #[serde(borrow, default)]
    hotfixes_cut: Scalar<'a>,
    #[serde(borrow, default)]
    files: RawFiles<'a>,
    #[serde(borrow, default)]
    cipher_suites: RawSuites<'a>,
    #[serde(borrow, default)]
    software: RawSoftware<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawCollector<'a> {
    #[serde(borrow)]
    process_bits: Scalar<'a>,
    #[serde(borrow)]
    explicit_views: Scalar<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawClient<'a> {
    #[serde(borrow)]
    sms_guid: Scalar<'a>,
    #[serde(borrow)]
    resource_id: Scalar<'a>,
    #[serde(borrow)]
    site_code: Scalar<'a>,
    #[serde(borrow)]
    name: Scalar<'a>,
    #[serde(borrow)]
    fqdn: Scalar<'a>,
    #[serde(borrow)]
    smbios_guid: Scalar<'a>,
    #[serde(borrow)]
    serial_number: Scalar<'a>,
    #[serde(borrow)]
    ip_addresses: RawAddresses<'a>,
    #[serde(borrow)]
    management_point: Scalar<'a>,
    #[serde(borrow)]
    client_version: Scalar<'a>,
    #[serde(borrow)]
    communication: Scalar<'a>,
    #[serde(borrow)]
    roles: RawRoles<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawOs<'a> {
    #[serde(borrow)]
    platform: Scalar<'a>,
    #[serde(borrow)]
    caption: Scalar<'a>,
    #[serde(borrow)]
    version: Scalar<'a>,
    #[serde(borrow)]
    build: Scalar<'a>,
    #[serde(borrow)]
    registry_build: Scalar<'a>,
    #[serde(borrow)]
    product_type: Scalar<'a>,
    #[serde(borrow)]
    architecture: Scalar<'a>,
    #[serde(borrow)]
    service_pack: Scalar<'a>,
    #[serde(borrow)]
    sku: Scalar<'a>,
    #[serde(borrow)]
    suite_mask: Scalar<'a>,
    #[serde(borrow)]
    last_boot_at: Scalar<'a>,
}

/// Reads one report.
///
/// # Errors
/// Everything that is wrong with it; broken JSON gives the first error alone.
pub fn parse(record: &[u8]) -> Result<Report, Vec<FieldError>> {
    let text = checked(record)?;
    let raw = shape(text)?;
    convert(raw)
}

/// Reads one report and hashes what it says, cheaper than both apart.
///
/// # Errors
/// As [`parse`].
pub fn parse_with_hash(record: &[u8]) -> Result<Parsed, Vec<FieldError>> {
    let text = checked(record)?;
    let raw = shape(text)?;
    let content_hash = hash_without(record, raw.report_id, raw.collected_at);
    convert(raw).map(|report| Parsed {
        report,
        content_hash,
    })
}

/// Hash of a record's bytes without the values of the top-level `report_id` and `collected_at`, so that a
/// machine on which nothing changed hashes equal every day: SHA-256, the first 16 bytes.
///
/// A record that is not a JSON object is hashed whole.
pub fn content_hash(record: &[u8]) -> [u8; 16] {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Stamps<'a> {
        #[serde(borrow)]
        report_id: Option<&'a RawValue>,
        #[serde(borrow)]
        collected_at: Option<&'a RawValue>,
    }
    let stamps: Object<Stamps<'_>> = serde_json::from_slice(record).unwrap_or_default();
    let stamps = stamps.0.unwrap_or_default();
    hash_without(record, stamps.report_id, stamps.collected_at)
}

fn hash_without(record: &[u8], a: Option<&RawValue>, b: Option<&RawValue>) -> [u8; 16] {
    let span = |value: Option<&RawValue>| {
        value.map_or(0..0, |value| {
            let start = value.get().as_ptr() as usize - record.as_ptr() as usize;
            start..start + value.get().len()
        })
    };
    let (mut first, mut second) = (span(a), span(b));
    if first.start > second.start {
        std::mem::swap(&mut first, &mut second);
    }
    let mut hash = Sha256::new();
    hash.update(&record[..first.start]);
    hash.update(&record[first.end..second.start]);
    hash.update(&record[second.end..]);
    let mut short = [0; 16];
    short.copy_from_slice(&hash.finalize()[..16]);
    short
}

/// UTF-8 text of a bearable size and depth that starts like an object.
fn checked(record: &[u8]) -> Result<&str, Vec<FieldError>> {
    let refuse = |detail: String| Err(vec![FieldError::whole(detail)]);
    if record.len() > MAX_RECORD {
        return refuse(format!(
            "this report has {} bytes; the most that is taken is {MAX_RECORD}",
            record.len()
        ));
    }
    let text = match std::str::from_utf8(record) {
        Ok(text) => text,
        Err(error) => {
            return refuse(format!(
                "this is not UTF-8: byte {} does not fit; save the file as UTF-8",
                error.valid_up_to() + 1
            ));
        }
    };
    if let Some(offset) = nesting::too_deep(record) {
        return refuse(format!(
            "the JSON is nested more than {} levels deep, the most that is taken, at byte {}",
            nesting::MAX_DEPTH,
            offset + 1
        ));
    }
    match text.trim_start().as_bytes().first() {
        Some(b'{') => Ok(text),
        None => refuse("this is empty; a report is one JSON object".to_owned()),
        Some(_) => refuse(format!(
            "a report is one JSON object, but this starts with {}",
            quoted(&Scalar::Text(text.trim_start().into()))
        )),
    }
}

/// The record in its raw shape. The quick reading knows no places, so a failed one is repeated.
fn shape(text: &str) -> Result<RawReport<'_>, Vec<FieldError>> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Version<'a> {
        #[serde(borrow)]
        schema_version: Scalar<'a>,
    }
    let error = match serde_json::from_str(text) {
        Ok(raw) => return Ok(raw),
        Err(error) => error,
    };
    // A document of another version may well have another shape: say the version, not the shape.
    if let Ok(Version { schema_version }) = serde_json::from_str(text) {
        check_version(&schema_version)?;
    }
    let mut input = serde_json::Deserializer::from_str(text);
    let located = serde_path_to_error::deserialize::<_, RawReport<'_>>(&mut input)
        .err()
        .map_or_else(
            || FieldError::whole(sentence::json(&error)),
            |error| sentence::located(&error),
        );
    Err(vec![located])
}

fn check_version(version: &Scalar<'_>) -> Result<(), Vec<FieldError>> {
    if number(version) == Ok(SCHEMA_VERSION) {
        return Ok(());
    }
    let detail = if version.is_blank() {
        format!("schema_version is missing; this server reads version {SCHEMA_VERSION}")
    } else {
        format!(
            "schema_version is {}, but this server reads version {SCHEMA_VERSION} only",
            quoted(version)
        )
    };
    Err(vec![FieldError {
        pointer: "/schema_version".to_owned(),
        detail,
    }])
}

fn convert(raw: RawReport<'_>) -> Result<Report, Vec<FieldError>> {
    check_version(&raw.schema_version)?;
    let mut problems = Problems::default();
    let root = Path::Root;

    let report_id = stamp(raw.report_id, root.field("report_id"), &mut problems)
        .and_then(|value| problems.maybe(root.field("report_id"), optional_id(&value)));
    let at = root.field("collected_at");
    let collected_at = stamp(raw.collected_at, at, &mut problems)
        .and_then(|value| problems.take(at, optional_time(&value)));
    if collected_at == Some(None) {
        problems.add(
            at,
            "collected_at is missing; write the time of collection like 2026-11-23T08:15:00Z",
        );
    }

    let mut facts = Facts::default();
    collector(
        &raw.collector.0.unwrap_or_default(),
        &mut facts,
        &mut problems,
    );
    let ids = client(&raw.client.0.unwrap_or_default(), &mut facts, &mut problems);
    facts.os = os(&raw.os.0.unwrap_or_default(), &mut problems);
    facts.registry = registry::read(raw.registry, root.field("registry"), &mut problems);
    let seen = registry::build_number(&facts.registry);
    facts.os.registry_build = doubting(&facts.os, seen);
    facts.hotfixes = tables::hotfixes(&raw.hotfixes);
    facts.hotfixes_cut = problems
        .maybe(root.field("hotfixes_cut"), optional_bool(&raw.hotfixes_cut))
        .unwrap_or(false);
    facts.files = tables::files(&raw.files, root.field("files"), &mut problems);
    let at = root.field("cipher_suites");
    facts.cipher_suites = tables::cipher_suites(&raw.cipher_suites, at, &mut problems);
    facts.software = tables::software(&raw.software, root.field("software"), &mut problems);

    problems.or(Report {
        report_id,
        collected_at: collected_at.flatten().unwrap_or_default(),
        ids,
        facts,
    })
}

/// A value that was only cut out of the record so far, for the hash.
fn stamp<'a>(
    raw: Option<&'a RawValue>,
    at: Path<'_>,
    problems: &mut Problems,
) -> Option<Scalar<'a>> {
    match raw {
        None => Some(Scalar::Null),
        Some(raw) => problems.take(
            at,
            serde_json::from_str(raw.get()).map_err(|error| sentence::json(&error)),
        ),
    }
}

fn collector(raw: &RawCollector<'_>, facts: &mut Facts, problems: &mut Problems) {
    let root = Path::Root;
    let here = root.field("collector");
    let at = here.field("process_bits");
    facts.process_bits = problems.maybe(at, optional_number(&raw.process_bits));
    if facts
        .process_bits
        .is_some_and(|bits| bits != 32 && bits != 64)
    {
        problems.add(
            at,
            "process_bits is 32 or 64: the width of the process that read the registry",
        );
    }
    facts.explicit_views = problems
        .maybe(
            here.field("explicit_views"),
            optional_bool(&raw.explicit_views),
        )
        .unwrap_or(false);
}

fn client(raw: &RawClient<'_>, facts: &mut Facts, problems: &mut Problems) -> ClientIds {
    let root = Path::Root;
    let here = root.field("client");
    let before = problems.count();
    let mut id = |name: &str, value| problems.maybe(here.field(name), optional_id(value));
    let ids = ClientIds {
        sms_guid: id("sms_guid", &raw.sms_guid),
        resource_id: None,
        site_code: id("site_code", &raw.site_code),
        name: id("name", &raw.name),
        fqdn: id("fqdn", &raw.fqdn),
        smbios_guid: id("smbios_guid", &raw.smbios_guid),
        serial_number: id("serial_number", &raw.serial_number),
    };
    facts.management_point = id("management_point", &raw.management_point);
    facts.client_version = id("client_version", &raw.client_version);
    facts.communication = id("communication", &raw.communication).map(|text| text.to_lowercase());
    let at = here.field("resource_id");
    let resource_id = problems.maybe(at, optional_large(&raw.resource_id));
    let ids = ClientIds { resource_id, ..ids }.normalised();
    if problems.count() == before && !ids.identifies() {
        problems.add(
            here,
            "no id that a client can be found by; send sms_guid, resource_id with site_code, fqdn or name",
        );
    }
    facts.ip_addresses = tables::addresses(&raw.ip_addresses, here.field("ip_addresses"), problems);
    facts.roles = tables::roles(&raw.roles, here.field("roles"), problems);
    ids
}

fn os(raw: &RawOs<'_>, problems: &mut Problems) -> OsFacts {
    let root = Path::Root;
    let here = root.field("os");
    let mut whole = |name: &str, value| problems.maybe(here.field(name), optional_number(value));
    let build = whole("build", &raw.build);
    let registry_build = whole("registry_build", &raw.registry_build);
    let (sku, suite_mask) = (whole("sku", &raw.sku), whole("suite_mask", &raw.suite_mask));
    let service_pack = problems.maybe(here.field("service_pack"), service_pack(&raw.service_pack));
    let product_type = problems.maybe(here.field("product_type"), product_type(&raw.product_type));
    let version = problems.take(here.field("version"), os_version(&raw.version, build));
    let other_build = build.filter(|build| version.is_some_and(|v| v.build != *build));
    OsFacts {
        platform: problems
            .maybe(here.field("platform"), optional_id(&raw.platform))
            .map(|text| text.to_lowercase()),
        caption: problems.maybe(here.field("caption"), optional_id(&raw.caption)),
        version,
        registry_build: other_build.or(registry_build),
        product_type,
        bits: bits(&raw.architecture),
        service_pack,
        sku,
        suite_mask,
        last_boot_at: problems.maybe(here.field("last_boot_at"), optional_time(&raw.last_boot_at)),
    }
}

/// Of two further build numbers the one that contradicts the version, so that a lie is not overlooked.
fn doubting(os: &OsFacts, seen: Option<u32>) -> Option<u32> {
    let told = os.version.map(|version| version.build);
    match (os.registry_build, seen) {
        (Some(stated), Some(seen)) if Some(stated) == told => Some(seen),
        (stated, seen) => stated.or(seen),
    }
}

/// `10.0.19045`, also with a fourth number or words behind it; `10.0` with the build number beside it.
pub(super) fn os_version(value: &Scalar<'_>, build: Option<u32>) -> Result<OsVersion, String> {
    if value.is_blank() {
        return Err("os.version is missing; write it like 10.0.19045".to_owned());
    }
    value
        .text()
        .and_then(|text| os_version_text(text, build))
        .ok_or_else(|| {
            format!(
                "{} is not a Windows version; write major.minor.build such as 10.0.19045",
                quoted(value)
            )
        })
}

fn os_version_text(text: &str, build: Option<u32>) -> Option<OsVersion> {
    let leading = text.split_whitespace().next()?;
    let mut parts = leading.split('.');
    let major = parts.next().and_then(plain_number)?;
    let minor = parts.next().and_then(plain_number)?;
    let build = match parts.next() {
        Some(part) => plain_number(part)?,
        None => build?,
    };
    Some(OsVersion {
        major,
        minor,
        build,
    })
}

fn service_pack(value: &Scalar<'_>) -> Result<Option<u32>, String> {
    const WORDS: &str = "Service Pack ";
    if let Some((head, tail)) = value
        .text()
        .and_then(|text| text.trim().split_at_checked(WORDS.len()))
        && head.eq_ignore_ascii_case(WORDS)
        && let Some(number) = plain_number(tail)
    {
        return Ok(Some(number));
    }
    optional_number(value)
}

fn product_type(value: &Scalar<'_>) -> Result<Option<u32>, String> {
    const WORDS: &[(&str, u32)] = &[
        ("workstation", 1),
        ("winnt", 1),
        ("domaincontroller", 2),
        ("lanmannt", 2),
        ("server", 3),
        ("servernt", 3),
    ];
    let word = value
        .text()
        .map(|text| text.replace([' ', '_'], "").to_lowercase());
    match WORDS
        .iter()
        .find(|(name, _)| word.as_deref() == Some(*name))
    {
        Some((_, number)) => Ok(Some(*number)),
        None => optional_number(value),
    }
}

/// Localised text such as `64-bit`, `64 Bits`, `x64-based PC`: the digits tell.
fn bits(architecture: &Scalar<'_>) -> Option<Bits> {
    let text = match architecture {
        Scalar::Text(text) => text.as_ref(),
        Scalar::Whole(64) => "64",
        Scalar::Whole(32) => "32",
        _ => return None,
    };
    if text.contains("64") {
        Some(Bits::B64)
    } else if text.contains("32") || text.contains("86") {
        Some(Bits::B32)
    } else {
        None
    }
}
