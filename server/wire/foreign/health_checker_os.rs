//! `Win32_OperatingSystem` as CLIXML.

use super::{
    clixml::{Found, Simple},
    health_checker::Draft,
    moment, naming,
};

/// Properties that are read.
pub(super) const WANTED: &[&str] = &[
    "Version",
    "BuildNumber",
    "ProductType",
    "Caption",
    "OSArchitecture",
    "ServicePackMajorVersion",
    "OperatingSystemSKU",
    "SuiteMask",
    "OSProductSuite",
    "LastBootUpTime",
    "LocalDateTime",
];

/// Whether an object is one.
pub(super) fn is(object: &Found) -> bool {
    let has = |name: &str| object.text(name).is_some();
    has("BuildNumber") && has("Version") && (has("ProductType") || has("LastBootUpTime"))
}

/// Takes what it says.
pub(super) fn take(object: &Found, draft: &mut Draft) {
    let number = |name: &str| -> Option<u32> { object.text(name)?.trim().parse().ok() };
    let before = draft.document.os.clone();
    let boot = time(object, "LastBootUpTime", draft);
    let read_at = time(object, "LocalDateTime", draft);
    let version = version(object, draft);
    let os = &mut draft.document.os;
    os.version = version;
    os.caption = object.text("Caption").and_then(|text| naming::plain(&text));
    os.architecture = object
        .text("OSArchitecture")
        .and_then(|text| naming::plain(&text));
    os.product_type = number("ProductType").filter(|kind| (1..=3).contains(kind));
    os.service_pack = number("ServicePackMajorVersion");
    os.sku = number("OperatingSystemSKU");
    os.suite_mask = number("SuiteMask").or_else(|| number("OSProductSuite"));
    os.last_boot_at = boot;
    if before != super::super::document::Os::default() && before != draft.document.os {
        draft.contested = true;
    }
    if read_at.is_some() {
        draft.document.collected_at = read_at;
    }
}

/// `10.0.17763`, unless the build beside it says another.
fn version(object: &Found, draft: &mut Draft) -> Option<String> {
    let (version, build) = (object.text("Version")?, object.text("BuildNumber")?);
    let parts: Vec<&str> = version.split('.').collect();
    let plain = parts.len() == 3
        && parts
            .iter()
            .all(|part| (1..=6).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()));
    if plain && parts.last() == Some(&build.as_str()) {
        return Some(version);
    }
    let shown = |text: &str| {
        text.chars()
            .filter(|c| !c.is_control())
            .take(40)
            .collect::<String>()
    };
    draft.note(format!(
        "The version \"{}\" was not taken: it is no version of Windows, or the build beside it, \"{}\", is another.",
        shown(&version),
        shown(&build)
    ));
    None
}

/// A time with its offset, as WMI or as .NET writes it; one without an offset is left out, with a note.
pub(super) fn time(object: &Found, name: &str, draft: &mut Draft) -> Option<String> {
    let value = object.get(name)?;
    let text = value.text()?;
    let at = match value {
        Simple::Time(text) => moment::with_offset(text),
        _ => moment::cim(&text),
    };
    if at.is_none() {
        draft.note(format!(
            "{name} was left out: it is no time with an offset from UTC."
        ));
    }
    at
}
