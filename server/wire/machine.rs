//! What a report says about itself and its machine: the `collector`, `client` and `os` objects.

use serde::Deserialize;

use super::{
    fields::{
        Path, Problems, optional_bool, optional_id, optional_large, optional_number, optional_time,
        quoted,
    },
    raw::Scalar,
    tables::{self, RawAddresses, RawRoles, plain_number},
};
use crate::domain::{
    facts::{Bits, Facts, OsFacts, OsVersion},
    identity::{ClientIds, check_site},
};

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RawCollector<'a> {
    #[serde(borrow)]
    process_bits: Scalar<'a>,
    #[serde(borrow)]
    explicit_views: Scalar<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RawClient<'a> {
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
pub(super) struct RawOs<'a> {
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

pub(super) fn collector(raw: &RawCollector<'_>, facts: &mut Facts, problems: &mut Problems) {
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

pub(super) fn client(raw: &RawClient<'_>, facts: &mut Facts, problems: &mut Problems) -> ClientIds {
    let root = Path::Root;
    let here = root.field("client");
    let before = problems.count();
    let mut id = |name: &str, value| problems.maybe(here.field(name), optional_id(value));
    let ids = ClientIds {
        sms_guid: id("sms_guid", &raw.sms_guid),
        resource_id: None,
        site_code: None,
        name: id("name", &raw.name),
        fqdn: id("fqdn", &raw.fqdn),
        smbios_guid: id("smbios_guid", &raw.smbios_guid),
        serial_number: id("serial_number", &raw.serial_number),
    };
    facts.management_point = id("management_point", &raw.management_point);
    facts.client_version = id("client_version", &raw.client_version);
    facts.communication = id("communication", &raw.communication).map(|text| text.to_lowercase());
    let site_code = problems.maybe(here.field("site_code"), site_code(&raw.site_code));
    let at = here.field("resource_id");
    let resource_id = problems.maybe(at, optional_large(&raw.resource_id));
    let ids = ClientIds {
        resource_id,
        site_code,
        ..ids
    }
    .normalised();
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

fn site_code(value: &Scalar<'_>) -> Result<Option<String>, String> {
    value
        .text()
        .map_or(Ok(()), |text| check_site(text.trim()))?;
    optional_id(value)
}

/// `partial`: the version may be missing.
pub(super) fn os(raw: &RawOs<'_>, partial: bool, problems: &mut Problems) -> OsFacts {
    let root = Path::Root;
    let here = root.field("os");
    let mut whole = |name: &str, value| problems.maybe(here.field(name), optional_number(value));
    let build = whole("build", &raw.build);
    let registry_build = whole("registry_build", &raw.registry_build);
    let (sku, suite_mask) = (whole("sku", &raw.sku), whole("suite_mask", &raw.suite_mask));
    let service_pack = problems.maybe(here.field("service_pack"), service_pack(&raw.service_pack));
    let product_type = problems.maybe(here.field("product_type"), product_type(&raw.product_type));
    let version = if partial && raw.version.is_blank() {
        None
    } else {
        problems.take(here.field("version"), os_version(&raw.version, build))
    };
    let other_build = build.filter(|build| version.is_none_or(|v| v.build != *build));
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
pub(super) fn doubting(os: &OsFacts, seen: Option<u32>) -> Option<u32> {
    let told = os.version.map(|version| version.build);
    match (os.registry_build, seen) {
        (Some(stated), Some(seen)) if Some(stated) == told => Some(seen),
        (stated, seen) => stated.or(seen),
    }
}

/// `10.0.19045`, also with a fourth number or words behind it; `10.0` with the build number beside it.
fn os_version(value: &Scalar<'_>, build: Option<u32>) -> Result<OsVersion, String> {
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

/// See [`os_version`].
pub(super) fn os_version_text(text: &str, build: Option<u32>) -> Option<OsVersion> {
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

/// `1` or `Service Pack 1`.
pub(super) fn service_pack(value: &Scalar<'_>) -> Result<Option<u32>, String> {
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

/// The number, or a word for it.
pub(super) fn product_type(value: &Scalar<'_>) -> Result<Option<u32>, String> {
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
        None => optional_number(value).map_err(|_| {
            format!(
                "{} is not a product type; write 1 (workstation), 2 (domain controller) or 3 (server)",
                quoted(value)
            )
        }),
    }
}

/// Localised text such as `64-bit`, `64 Bits`, `x64-based PC`: the digits tell.
pub(super) fn bits(architecture: &Scalar<'_>) -> Option<Bits> {
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
