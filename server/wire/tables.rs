//! The lists of a report beside the registry: hotfixes, files, cipher suites, software, roles, addresses.

use super::{
    fields::{
        Path, Problems, check_id, check_text, not_cut, optional_id, quoted, without_controls,
    },
    raw::{Facet, Scalar},
    shapes::{Many, Pairs},
};
use crate::domain::facts::{Contradicted, FileVersion, Files, Software};

/// Most hotfixes in one report.
pub const MAX_HOTFIXES: usize = 5_000;
/// Most files in one report.
pub const MAX_FILES: usize = 2_000;
/// Most facts of one report that its source told in two ways.
pub const MAX_CONTRADICTED: usize = 5_000;
/// Most cipher suites in one report.
pub const MAX_SUITES: usize = 500;
/// Most installed products in one report.
pub const MAX_SOFTWARE: usize = 5_000;
/// Most site system roles of one client.
pub const MAX_ROLES: usize = 64;
/// Most addresses of one client.
pub const MAX_ADDRESSES: usize = 256;

pub(super) type RawHotfixes<'a> = Many<Scalar<'a>, MAX_HOTFIXES>;
pub(super) type RawContradicted<'a> = Many<Scalar<'a>, MAX_CONTRADICTED>;
pub(super) type RawFiles<'a> = Pairs<'a, Scalar<'a>, MAX_FILES>;
pub(super) type RawSuites<'a> = Many<Scalar<'a>, MAX_SUITES>;
pub(super) type RawSoftware<'a> = Many<Scalar<'a>, MAX_SOFTWARE>;
pub(super) type RawRoles<'a> = Many<Scalar<'a>, MAX_ROLES>;
pub(super) type RawAddresses<'a> = Many<Scalar<'a>, MAX_ADDRESSES>;

/// Facts that the source told in two ways; what is not judged is passed over.
pub(super) fn contradicted(raw: &RawContradicted<'_>) -> Vec<Contradicted> {
    let items = raw.items.iter().flatten();
    let mut facts: Vec<Contradicted> = Vec::new();
    for fact in items.filter_map(|item| Contradicted::from_code(item.text()?)) {
        if !facts.contains(&fact) {
            facts.push(fact);
        }
    }
    facts
}

/// KB numbers, sorted, each once. Entries that name no update (`File 1`, `N/A`) are passed over.
pub(super) fn hotfixes(
    raw: &RawHotfixes<'_>,
    at: Path<'_>,
    problems: &mut Problems,
) -> Option<Vec<u32>> {
    let mut numbers = Vec::new();
    for (index, item) in raw.items.as_ref()?.iter().enumerate() {
        let indexed = at.index(index);
        let here = if raw.unwrapped { at } else { indexed };
        match item.facet(Facet::HotFixId).unwrap_or(item) {
            Scalar::Text(text) => {
                problems.take(here, not_cut(text));
                numbers.extend(kb_number(text));
            }
            Scalar::Whole(number) => numbers.extend(kb_number(&number.to_string())),
            _ => {}
        }
    }
    numbers.sort_unstable();
    numbers.dedup();
    Some(numbers)
}

/// `KB3140245`, `kb893803v2 - Update`, `Q147222`, `940157`.
pub(super) fn kb_number(text: &str) -> Option<u32> {
    let text = text.trim();
    let rest = match text.get(..2) {
        Some(head) if head.eq_ignore_ascii_case("KB") => &text[2..],
        _ => text.strip_prefix(['Q', 'q']).unwrap_or(text),
    };
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    let (digits, tail) = rest.split_at(end);
    let tail_fits = !tail.starts_with(|c: char| c.is_alphanumeric() || c == '.')
        || tail.starts_with(['v', 'V']);
    ((5..=9).contains(&digits.len()) && tail_fits)
        .then(|| digits.parse().ok())
        .flatten()
}

/// The files that the rules know. Copies outside System32 (SysWOW64, WinSxS) neither help nor hide it.
pub(super) fn files(raw: &RawFiles<'_>, at: Path<'_>, problems: &mut Problems) -> Option<Files> {
    let listed = raw.0.as_ref()?;
    let mut files = Files::default();
    for (index, (path, version)) in listed.iter().enumerate() {
        let slot = match known_file(path) {
            Some(Known::Winhttp) => &mut files.winhttp,
            Some(Known::Webio) => &mut files.webio,
            Some(Known::Schannel) => &mut files.schannel,
            Some(Known::WsusService) => &mut files.wsus_service,
            None => continue,
        };
        let here = at.field(path);
        if listed[..index]
            .iter()
            .any(|(earlier, _)| earlier.eq_ignore_ascii_case(path))
        {
            problems.add(
                here,
                "this file is given twice (names compare without case); send it once",
            );
            continue;
        }
        if let Some(version) = problems.maybe(here, file_version(version)) {
            // Two spellings of one place: the older version is believed.
            *slot = Some(slot.map_or(version, |known| known.min(version)));
        }
    }
    Some(files)
}

enum Known {
    Winhttp,
    Webio,
    Schannel,
    WsusService,
}

fn known_file(path: &str) -> Option<Known> {
    let mut parts = path.trim().rsplit(['\\', '/']);
    let name = parts.next().unwrap_or_default();
    // A 32-bit collector sees the real System32 under the name Sysnative.
    let in_system32 = parts.next().is_none_or(|folder| {
        folder.eq_ignore_ascii_case("System32") || folder.eq_ignore_ascii_case("Sysnative")
    });
    let is = |known: &str| known.eq_ignore_ascii_case(name);
    if is("WsusService.exe") {
        Some(Known::WsusService)
    } else if !in_system32 {
        None
    } else if is("winhttp.dll") {
        Some(Known::Winhttp)
    } else if is("webio.dll") {
        Some(Known::Webio)
    } else if is("schannel.dll") {
        Some(Known::Schannel)
    } else {
        None
    }
}

/// The four numbers a version text starts with, as in `6.1.7601.24000 (win7sp1_ldr.180101-0000)`.
pub(super) fn file_version(value: &Scalar<'_>) -> Result<Option<FileVersion>, String> {
    if value.is_blank() {
        return Ok(None);
    }
    let wrong = || {
        format!(
            "{} is not a file version; write four numbers such as 6.1.7601.24000",
            quoted(value)
        )
    };
    let text = value.text().ok_or_else(wrong)?.trim();
    let end = text
        .find(|c: char| c.is_whitespace() || c == '(')
        .unwrap_or(text.len());
    let mut numbers = [0; 4];
    let mut parts = text[..end].split('.');
    for number in &mut numbers {
        *number = parts.next().and_then(plain_number).ok_or_else(wrong)?;
    }
    if parts.next().is_some() {
        return Err(wrong());
    }
    Ok(Some(FileVersion(numbers)))
}

/// Digits and nothing else, within 32 bits.
pub(super) fn plain_number(text: &str) -> Option<u32> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// Suite names in the order offered, upper-case; also from `Get-TlsCipherSuite` objects or one comma list.
pub(super) fn cipher_suites(
    raw: &RawSuites<'_>,
    at: Path<'_>,
    problems: &mut Problems,
) -> Option<Vec<String>> {
    let items = raw.items.as_ref()?;
    let mut names: Vec<String> = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let indexed = at.index(index);
        let here = if raw.unwrapped { at } else { indexed };
        let Some(text) = item.facet(Facet::Name).unwrap_or(item).text() else {
            problems.add(
                here,
                format!("{} is not the name of a cipher suite", quoted(item)),
            );
            continue;
        };
        for name in text.split(',') {
            let name = name.trim();
            if problems.take(here, check_id(name)).is_some() && !name.is_empty() {
                names.push(name.to_ascii_uppercase());
            }
        }
    }
    if names.len() > MAX_SUITES {
        problems.add(
            at,
            format!("more than {MAX_SUITES} cipher suites, the most that is taken"),
        );
    }
    Some(names)
}

/// Installed products. Entries without a name, which Windows has many of, are passed over.
pub(super) fn software(
    raw: &RawSoftware<'_>,
    at: Path<'_>,
    problems: &mut Problems,
) -> Option<Vec<Software>> {
    let items = raw.items.as_ref()?;
    let mut products = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let indexed = at.index(index);
        let here = if raw.unwrapped { at } else { indexed };
        let (name, version) = match item {
            Scalar::Object(_) => (
                first(item, [Facet::Name, Facet::DisplayName]),
                first(item, [Facet::Version, Facet::DisplayVersion]),
            ),
            Scalar::Text(_) => (Some(item), None),
            other => {
                problems.add(
                    here,
                    format!(
                        "{} is not a product; write {{\"name\": …, \"version\": …}}",
                        quoted(other)
                    ),
                );
                continue;
            }
        };
        let name = problems.take(here.field("name"), product_text(name));
        let version = problems.take(here.field("version"), product_text(version));
        if let (Some(name), Some(version)) = (name, version)
            && !name.is_empty()
        {
            products.push(Software { name, version });
        }
    }
    Some(products)
}

fn first<'s, 'a>(item: &'s Scalar<'a>, facets: [Facet; 2]) -> Option<&'s Scalar<'a>> {
    facets
        .into_iter()
        .filter_map(|facet| item.facet(facet))
        .find(|value| !value.is_blank())
}

fn product_text(value: Option<&Scalar<'_>>) -> Result<String, String> {
    match value {
        None => Ok(String::new()),
        Some(Scalar::Text(text)) => {
            not_cut(text)?;
            check_text(text)?;
            Ok(without_controls(text).into_owned())
        }
        Some(value @ (Scalar::Whole(_) | Scalar::Large(_) | Scalar::Fraction(_))) => {
            Ok(value.to_string())
        }
        Some(other) => Err(format!("{} is not a text", quoted(other))),
    }
}

/// Site system roles in one spelling: `SMS Management Point` is `management_point`.
pub(super) fn roles(raw: &RawRoles<'_>, at: Path<'_>, problems: &mut Problems) -> Vec<String> {
    let mut roles: Vec<String> = Vec::new();
    for name in ids(raw.items.as_deref(), raw.unwrapped, at, problems) {
        let role = role_name(&name);
        if !role.is_empty() && !roles.contains(&role) {
            roles.push(role);
        }
    }
    roles
}

/// One role in the spelling that is compared.
pub(super) fn role_name(name: &str) -> String {
    let role = name.trim().to_lowercase().replace([' ', '-'], "_");
    role.strip_prefix("sms_").unwrap_or(&role).to_owned()
}

/// Addresses as reported.
pub(super) fn addresses(
    raw: &RawAddresses<'_>,
    at: Path<'_>,
    problems: &mut Problems,
) -> Vec<String> {
    ids(raw.items.as_deref(), raw.unwrapped, at, problems)
}

fn ids(
    items: Option<&[Scalar<'_>]>,
    unwrapped: bool,
    at: Path<'_>,
    problems: &mut Problems,
) -> Vec<String> {
    let mut found = Vec::new();
    for (index, item) in items.unwrap_or_default().iter().enumerate() {
        let indexed = at.index(index);
        let here = if unwrapped { at } else { indexed };
        found.extend(problems.maybe(here, optional_id(item)));
    }
    found
}
