//! Every Windows release the rules know, as data: builds, what TLS 1.2 needs there, end of support.
//!
//! A new release is one line. Builds that are not listed are judged by their family (see
//! [`super::os`]), with a warning. Dates come from a third-party list that links to Microsoft's pages.

use crate::domain::facts::OsVersion;

/// How a system stands to TLS 1.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    /// Cannot (unless an update for Server 2008 SP2 or Embedded 2009 says otherwise: then B).
    A,
    /// Can, but has it off by default.
    B,
    /// On by default.
    C,
}

/// Which edition family of a build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Workstation.
    Client,
    /// Server or domain controller.
    Server,
    /// Windows Embedded Standard 2009 and POSReady 2009; later embedded systems are like their parent.
    Embedded,
}

impl Kind {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Embedded => "embedded",
        }
    }

    pub(super) fn from_code(code: &str) -> Option<Self> {
        [Self::Client, Self::Server, Self::Embedded]
            .into_iter()
            .find(|known| known.code() == code)
    }
}

/// One release.
#[derive(Clone, Copy, Debug)]
pub(super) struct Release {
    pub(super) major: u32,
    pub(super) minor: u32,
    /// First and last build number under this name.
    pub(super) builds: (u32, u32),
    pub(super) kind: Kind,
    pub(super) name: &'static str,
    pub(super) group: Group,
    /// WinHTTP's protocols when `DefaultSecureProtocols` is absent; 0: not documented as a set.
    pub(super) winhttp_default: u32,
    /// Exists for 64-bit processors only.
    pub(super) only_64_bit: bool,
    /// General end of support.
    pub(super) end: Option<&'static str>,
    /// End of support of Enterprise and Education editions, where different.
    pub(super) end_enterprise: Option<&'static str>,
    /// End of support of the long-term channel of this build.
    pub(super) end_ltsc: Option<&'static str>,
    /// End of paid extended security updates.
    pub(super) end_paid: Option<&'static str>,
}

macro_rules! date {
    (-) => {
        None
    };
    ($date:literal) => {
        Some($date)
    };
}

macro_rules! releases {
    ($($major:literal $minor:literal [$first:literal-$last:literal] $kind:ident $group:ident $winhttp:literal $wide:ident
        $end:tt $enterprise:tt $ltsc:tt $paid:tt $name:literal;)*) => {
        &[$(Release {
            major: $major,
            minor: $minor,
            builds: ($first, $last),
            kind: Kind::$kind,
            name: $name,
            group: Group::$group,
            winhttp_default: $winhttp,
            only_64_bit: releases!(@$wide),
            end: date!($end),
            end_enterprise: date!($enterprise),
            end_ltsc: date!($ltsc),
            end_paid: date!($paid),
        },)*]
    };
    (@any) => { false };
    (@x64) => { true };
}

/// The releases. Columns: version, builds, kind, group, WinHTTP default, width; end of support in
/// general, of Enterprise editions, of the long-term channel, of paid updates; name.
#[rustfmt::skip]
pub(super) const RELEASES: &[Release] = releases! {
    5 1 [2600-2600] Client A 0x0A0 any "2014-04-08" - - - "Windows XP";
    5 1 [2600-2600] Embedded B 0x0A0 any "2019-04-09" - - - "Windows Embedded Standard 2009 / POSReady 2009";
    5 2 [3790-3790] Client A 0x0A0 x64 "2014-04-08" - - - "Windows XP x64";
    5 2 [3790-3790] Server A 0x0A0 any "2015-07-14" - - - "Windows Server 2003";
    6 0 [6000-6000] Client A 0x0A0 any "2017-04-11" - - - "Windows Vista";
    6 0 [6001-6001] Client A 0x0A0 any "2017-04-11" - - - "Windows Vista SP1";
    6 0 [6002-6003] Client A 0x0A0 any "2017-04-11" - - - "Windows Vista SP2";
    6 0 [6001-6001] Server A 0x0A0 any "2020-01-14" - - - "Windows Server 2008";
    6 0 [6002-6003] Server B 0x0A0 any "2020-01-14" - - "2023-01-10" "Windows Server 2008 SP2";
    6 1 [7600-7600] Client B 0x0A0 any "2013-04-09" - - - "Windows 7 without service pack";
    6 1 [7601-7601] Client B 0x0A0 any "2020-01-14" - - "2023-01-10" "Windows 7 SP1";
    6 1 [7600-7600] Server B 0x0A0 x64 "2013-04-09" - - - "Windows Server 2008 R2 without service pack";
    6 1 [7601-7601] Server B 0x0A0 x64 "2020-01-14" - - "2023-01-10" "Windows Server 2008 R2 SP1";
    6 2 [9200-9200] Client C 0x0A0 any "2016-01-12" - - - "Windows 8";
    6 2 [9200-9200] Server C 0x0A0 x64 "2023-10-10" - - "2026-10-13" "Windows Server 2012";
    6 3 [9600-9600] Client C 0xAA0 any "2023-01-10" - - - "Windows 8.1";
    6 3 [9600-9600] Server C 0xAA0 x64 "2023-10-10" - - "2026-10-13" "Windows Server 2012 R2";
    10 0 [10240-10240] Client C 0xAA0 any "2017-05-09" - "2025-10-14" - "Windows 10 1507";
    10 0 [10586-10586] Client C 0xAA0 any "2017-10-10" - - - "Windows 10 1511";
    10 0 [14393-14393] Client C 0xAA0 any "2019-04-09" - "2026-10-13" - "Windows 10 1607";
    10 0 [15063-15063] Client C 0xAA0 any "2019-10-08" - - - "Windows 10 1703";
    10 0 [16299-16299] Client C 0xAA0 any "2020-10-13" - - - "Windows 10 1709";
    10 0 [17134-17134] Client C 0xAA0 any "2021-05-11" - - - "Windows 10 1803";
    10 0 [17763-17763] Client C 0xAA0 any "2021-05-11" - "2029-01-09" - "Windows 10 1809";
    10 0 [18362-18362] Client C 0xAA0 any "2020-12-08" - - - "Windows 10 1903";
    10 0 [18363-18363] Client C 0xAA0 any "2022-05-10" - - - "Windows 10 1909";
    10 0 [19041-19041] Client C 0xAA0 any "2021-12-14" - - - "Windows 10 2004";
    10 0 [19042-19042] Client C 0x800 any "2023-05-09" - - - "Windows 10 20H2";
    10 0 [19043-19043] Client C 0x800 any "2022-12-13" - - - "Windows 10 21H1";
    10 0 [19044-19044] Client C 0x800 any "2024-06-11" - "2027-01-12" - "Windows 10 21H2";
    10 0 [19045-19045] Client C 0x800 any "2025-10-14" - - "2028-10-10" "Windows 10 22H2";
    10 0 [22000-22000] Client C 0x2800 x64 "2024-10-08" - - - "Windows 11 21H2";
    10 0 [22621-22621] Client C 0x2800 x64 "2025-10-14" - - - "Windows 11 22H2";
    10 0 [22631-22631] Client C 0x2800 x64 "2025-11-11" "2026-11-10" - - "Windows 11 23H2";
    10 0 [26100-26100] Client C 0x2800 x64 "2026-10-13" "2027-10-12" "2029-10-09" - "Windows 11 24H2";
    10 0 [26200-26200] Client C 0x2800 x64 "2027-10-12" "2028-10-10" - - "Windows 11 25H2";
    10 0 [28000-28000] Client C 0x2800 x64 "2028-03-14" "2029-03-13" - - "Windows 11 26H1";
    10 0 [14393-14393] Server C 0xAA0 x64 "2027-01-12" - - "2030-01-12" "Windows Server 2016";
    10 0 [16299-16299] Server C 0xAA0 x64 "2019-04-09" - - - "Windows Server 1709";
    10 0 [17134-17134] Server C 0xAA0 x64 "2019-11-12" - - - "Windows Server 1803";
    10 0 [17763-17763] Server C 0x800 x64 "2029-01-09" - - - "Windows Server 2019";
    10 0 [18362-18362] Server C 0xAA0 x64 "2020-12-08" - - - "Windows Server 1903";
    10 0 [18363-18363] Server C 0xAA0 x64 "2021-05-11" - - - "Windows Server 1909";
    10 0 [19041-19041] Server C 0xAA0 x64 "2021-12-14" - - - "Windows Server 2004";
    10 0 [19042-19042] Server C 0xAA0 x64 "2022-08-09" - - - "Windows Server 20H2";
    10 0 [20348-20348] Server C 0 x64 "2031-10-14" - - - "Windows Server 2022";
    10 0 [25398-25398] Server C 0 x64 "2026-05-12" - - - "Windows Server 23H2";
    10 0 [26100-26100] Server C 0 x64 "2034-11-14" - - - "Windows Server 2025";
};

impl Release {
    fn covers(&self, version: OsVersion) -> bool {
        self.major == version.major
            && self.minor == version.minor
            && (self.builds.0..=self.builds.1).contains(&version.build)
    }

    /// The release of a build and kind.
    pub(super) fn find(version: OsVersion, kind: Kind) -> Option<&'static Self> {
        RELEASES
            .iter()
            .find(|release| release.kind == kind && release.covers(version))
    }

    /// All releases that share a build.
    pub(super) fn of_build(version: OsVersion) -> impl Iterator<Item = &'static Self> {
        RELEASES
            .iter()
            .filter(move |release| release.covers(version))
    }
}

/// Whether WinHTTP has TLS 1.2 when `DefaultSecureProtocols` is absent, by version family.
/// `None`: no such family.
pub(super) const fn default_has_tls12(version: OsVersion) -> Option<bool> {
    match (version.major, version.minor) {
        (5, 1 | 2) | (6, 0..=2) => Some(false),
        (6, 3) | (10, 0) => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::os::group_of, *};

    #[test]
    fn releases_agree_with_the_family_rule_and_do_not_overlap() {
        for (at, release) in RELEASES.iter().enumerate() {
            let version = OsVersion {
                major: release.major,
                minor: release.minor,
                build: release.builds.0,
            };
            let same = RELEASES
                .iter()
                .position(|other| other.kind == release.kind && other.covers(version));
            assert_eq!(same, Some(at), "{} is listed once", release.name);
            if release.winhttp_default != 0 {
                let has = release.winhttp_default & 0x800 != 0;
                assert_eq!(default_has_tls12(version), Some(has), "{}", release.name);
            }
            assert_eq!(
                group_of(version, Some(release.kind)),
                Some(release.group),
                "{}",
                release.name
            );
        }
    }
}
