//! The report document, version 1: one JSON object into the domain's [`Report`], or every error with its pointer.

use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::{
    document::Client,
    fields::{
        FieldError, Path, Problems, number, optional_bool, optional_id, optional_time, quoted,
    },
    machine::{self, RawClient, RawCollector, RawOs},
    nesting,
    raw::Scalar,
    registry::{self, RawRegistry},
    sentence,
    shapes::Object,
    tables::{self, RawContradicted, RawFiles, RawHotfixes, RawSoftware, RawSuites},
};
use crate::domain::facts::{Facts, Report};

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
    /// It says a part of what can be known, such as a file of updates does; then even the Windows version may be missing.
    #[serde(borrow, default)]
    partial: Scalar<'a>,
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
    time_open: Scalar<'a>,
    #[serde(borrow, default)]
    hotfixes_cut: Scalar<'a>,
    #[serde(borrow, default)]
    contradicted: RawContradicted<'a>,
    #[serde(borrow, default)]
    files: RawFiles<'a>,
    #[serde(borrow, default)]
    cipher_suites: RawSuites<'a>,
    #[serde(borrow, default)]
    software: RawSoftware<'a>,
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

/// Whom a record is about, as far as it says so in a way that can be read; the rest of it is not looked at.
pub(super) fn whom(record: &[u8]) -> Client {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Whom<'a> {
        #[serde(borrow)]
        client: Object<RawClient<'a>>,
    }
    let whom: Object<Whom<'_>> = serde_json::from_slice(record).unwrap_or_default();
    let raw = whom.0.unwrap_or_default().client.0.unwrap_or_default();
    machine::client(&raw, &mut Facts::default(), &mut Problems::default()).into()
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
    machine::collector(
        &raw.collector.0.unwrap_or_default(),
        &mut facts,
        &mut problems,
    );
    let ids = machine::client(&raw.client.0.unwrap_or_default(), &mut facts, &mut problems);
    let partial = problems
        .maybe(root.field("partial"), optional_bool(&raw.partial))
        .unwrap_or(false);
    facts.os = machine::os(&raw.os.0.unwrap_or_default(), partial, &mut problems);
    facts.registry = registry::read(raw.registry, root.field("registry"), &mut problems);
    let seen = registry::build_number(&facts.registry);
    facts.os.registry_build = machine::doubting(&facts.os, seen);
    facts.hotfixes = tables::hotfixes(&raw.hotfixes, root.field("hotfixes"), &mut problems);
    facts.time_open = problems
        .maybe(root.field("time_open"), optional_bool(&raw.time_open))
        .unwrap_or(false);
    facts.hotfixes_cut = problems
        .maybe(root.field("hotfixes_cut"), optional_bool(&raw.hotfixes_cut))
        .unwrap_or(false);
    facts.contradicted = tables::contradicted(&raw.contradicted);
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
