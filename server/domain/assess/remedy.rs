//! What the fix of each reason does to the facts. A reason that is not named here has to be looked at again, and
//! nothing is promised about it.

use super::{
    dotnet,
    finding::Dword,
    os::System,
    os_check::SCHANNEL_2008,
    os_table::Kind as Edition,
    policy::Policy,
    prospect::{Edit, Kind},
    reasons::code,
    update::{EIGHT, SEVEN},
    wsus,
};
use crate::domain::{
    facts::{Facts, FileVersion, Files, Key, KeyReading, RegData, RegType, RegValue},
    time::HOUR,
    verdict::CheckResult,
};

/// TLS 1.1 and 1.2.
const PROTOCOLS: u32 = 0xA00;
/// A suite that every Windows since 10 has.
const SUITE: &str = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";

/// What settles an open check, and what that does to the facts.
pub(super) fn remedy(
    check: &CheckResult,
    facts: &Facts,
    system: &System,
    policy: &Policy,
) -> (Kind, Vec<Edit>) {
    let winhttp = || {
        views(system, Key::WinHttpNative, Key::WinHttpWow64)
            .map(|key| dword(key, "DefaultSecureProtocols", PROTOCOLS))
            .collect::<Vec<_>>()
    };
    let dotnet = || {
        views(system, Key::NetV4Native, Key::NetV4Wow64)
            .flat_map(|key| {
                ["SystemDefaultTlsVersions", "SchUseStrongCrypto"].map(|name| dword(key, name, 1))
            })
            .collect::<Vec<_>>()
    };
    match check.reason {
        code::WINHTTP_BIT
        | code::WINHTTP_DEFAULT
        | code::WINHTTP_WOW_BIT
        | code::WINHTTP_WOW_DEFAULT
        | code::WINHTTP_TYPE => (Kind::Change, winhttp()),
        code::SCHANNEL_DISABLED
        | code::SCHANNEL_BY_DEFAULT
        | code::SCHANNEL_NOT_ENABLED
        | code::NET_DEFAULT_LACKS
        | code::NET_DISABLED => (Kind::Change, switched_on(Key::Tls12Client)),
        code::SERVER_DISABLED | code::SERVER_BY_DEFAULT | code::SERVER_NOT_ENABLED => {
            (Kind::Change, switched_on(Key::Tls12Server))
        }
        // Both sides give this reason.
        code::SCHANNEL_TYPE => (Kind::Change, switched_on(side(check))),
        code::NET_WEAK | code::NET_VALUES_MISSING | code::NET_TYPE => (Kind::Change, dotnet()),
        code::NET_NOT_STRONG => {
            let mut edits = dotnet();
            edits.extend(switched_on(Key::Tls12Client));
            (Kind::Change, edits)
        }
        code::NET_VERSION_MISSING | code::NET_VERSION_OLD => match framework(system, policy) {
            Some(release) => (Kind::Change, vec![release]),
            None => (Kind::NoWay, Vec::new()),
        },
        code::UPDATE_SERVICE_PACK => {
            let mut edits = vec![Edit::Build(7601)];
            edits.extend(winhttp_update(SEVEN));
            (Kind::Change, edits)
        }
        code::UPDATE_FILE_OLD => match (system.family(), system.kind) {
            (Some((6, 1)), _) => (Kind::Change, winhttp_update(SEVEN)),
            (Some((6, 2)), Some(Edition::Server)) => (Kind::Change, winhttp_update(EIGHT)),
            // Whether there is such an update for Windows 8 itself is not documented.
            _ => (Kind::Reading, winhttp_update(EIGHT)),
        },
        code::OS_UPDATE_MISSING => (
            Kind::Change,
            vec![Edit::Update(4_019_276), file("schannel.dll", SCHANNEL_2008)],
        ),
        code::UPDATE_MISSING => (Kind::Change, vec![Edit::Update(4_467_770)]),
        code::WSUS_OLD => match wsus_update(system) {
            Some(edits) => (Kind::Change, edits),
            None => (Kind::NoWay, Vec::new()),
        },
        code::OS_NOT_USABLE
        | code::OS_WITHOUT_TLS12
        | code::OS_WINHTTP_UNDOCUMENTED
        | code::UPDATE_UNDOCUMENTED => (Kind::NoWay, Vec::new()),
        _ => reading(check, facts, system, policy, &winhttp, &dotnet),
    }
}

/// What has to be read, and what it would say at best; empty: that cannot be told.
fn reading(
    check: &CheckResult,
    facts: &Facts,
    system: &System,
    policy: &Policy,
    winhttp: &dyn Fn() -> Vec<Edit>,
    dotnet: &dyn Fn() -> Vec<Edit>,
) -> (Kind, Vec<Edit>) {
    let at_best = match check.reason {
        code::WINHTTP_NOT_COLLECTED => winhttp(),
        code::WINHTTP_VIEW | code::NET_VIEW => vec![Edit::BothViews],
        code::SCHANNEL_NOT_COLLECTED => switched_on(side(check)),
        code::NET_NOT_COLLECTED => dotnet(),
        code::NET_VERSION_UNKNOWN => framework(system, policy).into_iter().collect(),
        code::UPDATE_NOT_PROVEN => match system.version.map(|v| (v.major, v.minor, v.build)) {
            Some((6, 1, 7601)) => winhttp_update(SEVEN),
            Some((6, 2, 9200)) => winhttp_update(EIGHT),
            Some((6, 0, _) | (5, 1, _)) => vec![Edit::Update(4_467_770)],
            _ => Vec::new(),
        },
        code::OS_UPDATE_NOT_PROVEN => {
            vec![Edit::Update(4_019_276), file("schannel.dll", SCHANNEL_2008)]
        }
        code::WSUS_UNKNOWN => match wsus_update(system) {
            Some(edits) => edits,
            None => return (Kind::NoWay, Vec::new()),
        },
        code::CIPHER_NONE | code::CIPHER_NOT_SHARED if facts.cipher_suites.is_some() => {
            let accepted = policy.server_suites.as_ref().and_then(|list| list.first());
            vec![Edit::Suite(
                accepted.map_or_else(|| SUITE.to_owned(), Clone::clone),
            )]
        }
        _ => Vec::new(),
    };
    (Kind::Reading, at_best)
}

/// The registry views that mean something on this system.
fn views(system: &System, native: Key, wow64: Key) -> impl Iterator<Item = Key> + use<> {
    let both = !system.is_32_bit();
    [Some(native), both.then_some(wow64)].into_iter().flatten()
}

fn side(check: &CheckResult) -> Key {
    if check.id == super::schannel::SERVER {
        Key::Tls12Server
    } else {
        Key::Tls12Client
    }
}

const fn dword(key: Key, name: &'static str, number: u32) -> Edit {
    Edit::Dword { key, name, number }
}

const fn file(name: &'static str, at_least: FileVersion) -> Edit {
    Edit::File { name, at_least }
}

fn switched_on(key: Key) -> Vec<Edit> {
    vec![dword(key, "Enabled", 1), dword(key, "DisabledByDefault", 0)]
}

fn winhttp_update(least: FileVersion) -> Vec<Edit> {
    vec![
        Edit::Update(3_140_245),
        file("winhttp.dll", least),
        file("webio.dll", least),
    ]
}

fn wsus_update(system: &System) -> Option<Vec<Edit>> {
    let (least, kb) = match system.family()? {
        (6, 2) => wsus::TWELVE,
        (6, 3) => wsus::TWELVE_R2,
        _ => return None,
    };
    Some(vec![Edit::Update(kb), file("WsusService.exe", least)])
}

/// The newest .NET Framework that this Windows takes, where that is new enough.
fn framework(system: &System, policy: &Policy) -> Option<Edit> {
    let version = system.version?;
    let release = match (version.major, version.minor, version.build) {
        (6, 0, 6002 | 6003) if system.kind == Some(Edition::Server) => dotnet::RELEASE_462,
        (6, 2, _) if system.kind != Some(Edition::Server) => return None,
        (10, 0, 10_240 | 10_586) => dotnet::RELEASE_462,
        (10, 0, 19_044..) => dotnet::RELEASE_481,
        (6, 1, 7601) | (6, 2 | 3, _) | (10, 0, _) => dotnet::RELEASE_48,
        _ => return None,
    };
    let enough = release >= policy.min_dotnet_release;
    enough.then(|| dword(Key::NdpV4Full, "Release", release))
}

/// Makes the facts what they would be. Without `forced`, only where somebody looked.
pub(super) fn apply(edit: &Edit, facts: &mut Facts, forced: bool) {
    match edit {
        Edit::Dword { key, name, number } => {
            let read = Dword::read(&facts.registry, *key, name);
            if forced || read != Dword::NotCollected {
                write(facts.registry.key_mut(*key), name, *number);
            }
        }
        Edit::Update(kb) => {
            if forced && facts.hotfixes.is_none() {
                facts.hotfixes = Some(Vec::new());
                facts.hotfixes_cut = true;
            }
            if let Some(list) = &mut facts.hotfixes
                && let Err(at) = list.binary_search(kb)
            {
                list.insert(at, *kb);
            }
        }
        Edit::File { name, at_least } => {
            if forced && facts.files.is_none() {
                facts.files = Some(Files::default());
            }
            let file = facts.files.as_mut().and_then(|files| match *name {
                "winhttp.dll" => Some(&mut files.winhttp),
                "webio.dll" => Some(&mut files.webio),
                "schannel.dll" => Some(&mut files.schannel),
                "WsusService.exe" => Some(&mut files.wsus_service),
                _ => None,
            });
            if let Some(file) = file
                && (forced || file.is_some())
            {
                *file = Some(file.map_or(*at_least, |known| known.max(*at_least)));
            }
        }
        Edit::Build(build) => raise(facts, *build),
        Edit::Suite(name) => {
            if let Some(list) = &mut facts.cipher_suites
                && !list.contains(name)
            {
                list.push(name.clone());
            }
        }
        Edit::BothViews => facts.explicit_views = true,
        Edit::Restart => restart(facts),
    }
}

fn write(reading: &mut KeyReading, name: &str, number: u32) {
    reading.exists = true;
    reading
        .absent
        .retain(|absent| !absent.eq_ignore_ascii_case(name));
    let value = RegValue {
        kind: Some(RegType::Dword),
        data: RegData::Number(number),
    };
    let known = reading
        .values
        .iter_mut()
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    match known {
        Some((_, known)) => *known = value,
        None => reading.values.push((name.to_owned(), value)),
    }
}

fn raise(facts: &mut Facts, build: u32) {
    if let Some(version) = &mut facts.os.version {
        version.build = build;
    }
    if let Some(known) = &mut facts.os.registry_build {
        *known = build;
    }
    let registry = &facts.registry;
    if registry.key(Key::CurrentVersion).is_some() {
        let values = &mut facts.registry.key_mut(Key::CurrentVersion).values;
        let known = values
            .iter_mut()
            .find(|(name, _)| name.eq_ignore_ascii_case("CurrentBuildNumber"));
        if let Some((_, value)) = known {
            value.data = RegData::Text(build.to_string());
        }
    }
}

/// After a start that is later than everything that was written.
fn restart(facts: &mut Facts) {
    let Some(boot) = facts.os.last_boot_at else {
        return;
    };
    let written = Key::ALL
        .into_iter()
        .filter_map(|key| facts.registry.key(key)?.last_write_at)
        .max();
    if let Some(written) = written.filter(|written| *written > boot) {
        facts.os.last_boot_at = Some(written.plus(HOUR));
    }
}
