//! Which Windows this is: name, width, and the group that says how it stands to TLS 1.2.

use super::os_table::{Group, Kind, Release};
use crate::domain::facts::{Bits, Facts, Key, OsFacts, OsVersion, Reading, RegData};

/// Name and key of an operating system, for grouping and for people. Comes from version, build and
/// product type; never from the caption, which lies and is localised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OsIdentity {
    /// Stable and safe in URLs, such as `10.0.19045-client`, `6.1.7601-server` or `unknown`.
    pub key: String,
    /// The name people know, such as `Windows 10 22H2`.
    pub label: String,
    /// End of support, `2025-10-14`; paid extensions not counted. `None`: not known.
    pub end_of_support: Option<&'static str>,
}

/// Enterprise, Education and multi-session editions, which are served longer.
const ENTERPRISE_SKUS: &[u32] = &[4, 27, 72, 84, 121, 122, 175, 188];
/// Editions of the long-term channel.
const LONG_TERM_SKUS: &[u32] = &[125, 126, 129, 191];
/// Windows 10/11 Enterprise multi-session, a client that may call itself a server.
const MULTI_SESSION_SKU: u32 = 175;
/// Suite mask bit of embedded systems.
const EMBEDDED_SUITE: u32 = 0x40;

/// What kind of system sent the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Platform {
    Windows,
    MacOs,
    /// A Windows device under on-premises mobile device management.
    WindowsMdm,
    Other,
}

impl Platform {
    fn of(os: &OsFacts) -> Self {
        match os.platform.as_deref() {
            None | Some("" | "windows") => Self::Windows,
            Some("macos") => Self::MacOs,
            Some("windows_mdm") => Self::WindowsMdm,
            Some(_) => Self::Other,
        }
    }

    /// Key and label of a system that is not a Windows client.
    const fn identity(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Windows => None,
            Self::MacOs => Some(("macos", "macOS")),
            Self::WindowsMdm => Some(("windows-mdm", "Windows under on-premises MDM")),
            Self::Other => Some(("other", "Not Windows")),
        }
    }
}

/// Key and label where the version is missing or contradictory.
const UNKNOWN: (&str, &str) = ("unknown", "Unknown Windows version");

/// The operating system as the rules see it.
#[derive(Clone, Debug)]
pub(super) struct System {
    pub(super) platform: Platform,
    /// `None`: missing, or two sources contradict each other.
    pub(super) version: Option<OsVersion>,
    /// Why there is no version: the build the registry names, or the one that 6.2 cannot have.
    pub(super) contradiction: Option<(OsVersion, u32)>,
    /// `None`: product type missing or out of range.
    pub(super) kind: Option<Kind>,
    pub(super) release: Option<&'static Release>,
    /// From the version alone; `None`: every rule that needs it cannot decide.
    pub(super) group: Option<Group>,
    pub(super) bits: Option<Bits>,
    pub(super) native_view: NativeView,
}

/// Whether the collector's reading of native `HKLM\SOFTWARE` keys can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NativeView {
    /// Read by a 64-bit process, through explicit views, or on 32-bit Windows.
    Trusted,
    /// Read by a 32-bit process that was shown the redirected copy.
    Redirected,
    /// The report does not say how it was read.
    Unstated,
}

impl System {
    /// Takes the system out of the facts.
    pub(super) fn of(facts: &Facts) -> Self {
        let os = &facts.os;
        let contradiction = os
            .version
            .and_then(|version| contradicting_build(facts, version).map(|build| (version, build)));
        let version = os.version.filter(|_| contradiction.is_none());
        let kind = kind_of(os, version);
        let release = version
            .zip(kind)
            .and_then(|(version, kind)| Release::find(version, kind));
        let bits = if release.is_some_and(|release| release.only_64_bit) {
            Some(Bits::B64)
        } else {
            os.bits
        };
        Self {
            platform: Platform::of(os),
            version,
            contradiction,
            kind,
            release,
            group: version.and_then(|version| {
                release.map_or_else(|| group_of(version, kind), |release| Some(release.group))
            }),
            bits,
            native_view: native_view(facts, bits),
        }
    }

    pub(super) fn family(&self) -> Option<(u32, u32)> {
        self.version.map(|version| (version.major, version.minor))
    }

    /// Whether the reading of one native key can be believed. Of several sources one may be in doubt.
    pub(super) fn native_view_of(&self, facts: &Facts, key: Key) -> NativeView {
        let doubted = facts.registry.unproven.contains(&key) && !self.is_32_bit();
        if doubted && self.native_view == NativeView::Trusted {
            NativeView::Unstated
        } else {
            self.native_view
        }
    }

    pub(super) fn is_32_bit(&self) -> bool {
        self.bits == Some(Bits::B32)
    }

    /// The name people know.
    pub(super) fn label(&self) -> String {
        if let Some((_, label)) = self.platform.identity() {
            return label.to_owned();
        }
        match (self.release, self.version) {
            (Some(release), _) => release.name.to_owned(),
            (None, Some(version)) => unlisted(version, self.kind),
            (None, None) => UNKNOWN.1.to_owned(),
        }
    }
}

/// A build that shows the reported version to be wrong: another one in the registry, or 6.2 with a build
/// that 6.2 never had (Windows tells 6.2 to programs without the right manifest).
fn contradicting_build(facts: &Facts, version: OsVersion) -> Option<u32> {
    if (version.major, version.minor) == (6, 2) && version.build != 9200 {
        return Some(version.build);
    }
    let listed = match facts
        .registry
        .value(Key::CurrentVersion, "CurrentBuildNumber")
    {
        Reading::Value(value) => match &value.data {
            RegData::Number(build) => Some(*build),
            RegData::Text(text) => text.trim().parse().ok(),
            _ => None,
        },
        _ => None,
    };
    [facts.os.registry_build, listed]
        .into_iter()
        .flatten()
        .find(|build| *build != version.build)
}

fn kind_of(os: &OsFacts, version: Option<OsVersion>) -> Option<Kind> {
    let family = version.map(|version| (version.major, version.minor));
    let embedded = os.suite_mask.is_some_and(|mask| mask & EMBEDDED_SUITE != 0);
    match os.product_type? {
        1 if embedded && family == Some((5, 1)) => Some(Kind::Embedded),
        1 => Some(Kind::Client),
        2 | 3 if os.sku == Some(MULTI_SESSION_SKU) => Some(Kind::Client),
        2 | 3 => Some(Kind::Server),
        _ => None,
    }
}

/// From the version alone; the kind matters only where one version has both (5.1 embedded, 6.0 server).
pub(super) fn group_of(version: OsVersion, kind: Option<Kind>) -> Option<Group> {
    match (version.major, version.minor) {
        (10, 0) | (6, 2 | 3) => Some(Group::C),
        (6, 1) => Some(Group::B),
        (6, 0) => match kind? {
            Kind::Server if version.build >= 6002 => Some(Group::B),
            _ => Some(Group::A),
        },
        (5, 1) => match kind? {
            Kind::Embedded => Some(Group::B),
            _ => Some(Group::A),
        },
        (5, 2) => Some(Group::A),
        _ => None,
    }
}

/// We take a report that does not state the collector's bitness for unproven on 64-bit Windows, because
/// a 32-bit reader sees the `Wow6432Node` copy under the native path and nothing else would tell.
fn native_view(facts: &Facts, bits: Option<Bits>) -> NativeView {
    if facts.explicit_views || bits == Some(Bits::B32) {
        return NativeView::Trusted;
    }
    match facts.process_bits {
        Some(64) => NativeView::Trusted,
        Some(_) => NativeView::Redirected,
        None => NativeView::Unstated,
    }
}

/// Name and key of an operating system.
pub fn os_identity(os: &OsFacts) -> OsIdentity {
    let fixed = |(key, label): (&str, &str)| OsIdentity {
        key: key.to_owned(),
        label: label.to_owned(),
        end_of_support: None,
    };
    if let Some(identity) = Platform::of(os).identity() {
        return fixed(identity);
    }
    let version = os.version.filter(|version| {
        let impossible = (version.major, version.minor) == (6, 2) && version.build != 9200;
        !impossible && os.registry_build.is_none_or(|build| build == version.build)
    });
    let Some(version) = version else {
        return fixed(UNKNOWN);
    };
    // A build that only clients or only servers have belongs to their line, also where nobody said which it is. The
    // rules still ask for the kind; this is the name.
    let kind = kind_of(os, Some(version)).or_else(|| only_kind(version));
    let OsVersion {
        major,
        minor,
        build,
    } = version;
    let key = match kind {
        Some(kind) => format!("{major}.{minor}.{build}-{}", kind.code()),
        None => format!("{major}.{minor}.{build}"),
    };
    let release = kind.and_then(|kind| Release::find(version, kind));
    OsIdentity {
        label: release.map_or_else(
            || unlisted(version, kind),
            |release| release.name.to_owned(),
        ),
        end_of_support: release.and_then(|release| end_of_support(release, os.sku)),
        key,
    }
}

/// The kind of a build that one kind alone has.
fn only_kind(version: OsVersion) -> Option<Kind> {
    let mut kinds = Release::of_build(version).map(|release| release.kind);
    let first = kinds.next()?;
    kinds.all(|kind| kind == first).then_some(first)
}

/// The label of a key that [`os_identity`] or [`super::os_family_key`] made.
pub fn os_label(key: &str) -> String {
    if let Some(label) = super::os_family::label(key) {
        return label;
    }
    for platform in [Platform::MacOs, Platform::WindowsMdm, Platform::Other] {
        if let Some((_, label)) = platform.identity().filter(|(known, _)| *known == key) {
            return label.to_owned();
        }
    }
    let (numbers, kind) = match key.split_once('-') {
        Some((numbers, kind)) => (numbers, Kind::from_code(kind)),
        None => (key, None),
    };
    let mut parts = numbers.split('.').map(str::parse::<u32>);
    let (Some(Ok(major)), Some(Ok(minor)), Some(Ok(build)), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return UNKNOWN.1.to_owned();
    };
    let version = OsVersion {
        major,
        minor,
        build,
    };
    kind.and_then(|kind| Release::find(version, kind))
        .map_or_else(
            || unlisted(version, kind),
            |release| release.name.to_owned(),
        )
}

/// What to call a build that has no line in the table, or two of them because the kind is unknown.
fn unlisted(version: OsVersion, kind: Option<Kind>) -> String {
    let OsVersion {
        major,
        minor,
        build,
    } = version;
    if kind.is_none() {
        let names: Vec<&str> = Release::of_build(version)
            .map(|release| release.name)
            .collect();
        if !names.is_empty() {
            return names.join(" or ");
        }
    }
    let family = if kind == Some(Kind::Server) {
        "Windows Server"
    } else {
        "Windows"
    };
    format!("{family} (unlisted build {major}.{minor}.{build})")
}

/// The date that fits the edition.
pub(super) fn end_of_support(release: &Release, sku: Option<u32>) -> Option<&'static str> {
    let edition = |skus: &[u32]| sku.is_some_and(|sku| skus.contains(&sku));
    if edition(LONG_TERM_SKUS) && release.end_ltsc.is_some() {
        release.end_ltsc
    } else if edition(ENTERPRISE_SKUS) && release.end_enterprise.is_some() {
        release.end_enterprise
    } else {
        release.end
    }
}
