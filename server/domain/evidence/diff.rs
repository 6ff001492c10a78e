//! What differs between two sets of facts about a client, in words a person can follow.
//!
//! That a place was read and nothing was there, and that nobody looked, are two states, and going from one to the other
//! is a change. Nothing depends on the order in which a report names things, apart from the order of cipher suites,
//! which is a fact of its own.

use std::collections::BTreeSet;

use super::{diff_keys::registry, diff_lists};
use crate::domain::facts::{Bits, Facts, FileVersion, Files, Key};

/// Longer values are cut when they are shown.
const SHOWN: usize = 160;

/// How a fact stands in one report.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Nobody looked, or what was read does not say.
    NotCollected,
    /// The place was read; nothing there.
    Absent,
    /// This is there.
    Value(String),
}

impl State {
    /// The words people read.
    pub fn words(&self) -> &str {
        match self {
            Self::NotCollected => "not collected",
            Self::Absent => "absent",
            Self::Value(text) => text,
        }
    }

    /// The stable code: `value`, `absent` or `not_collected`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotCollected => "not_collected",
            Self::Absent => "absent",
            Self::Value(_) => "value",
        }
    }

    pub(super) fn of<T>(value: Option<T>, shown: impl FnOnce(T) -> String) -> Self {
        value.map_or(Self::NotCollected, |value| Self::Value(shown(value)))
    }
}

/// What a changed fact is about. In this order changes are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Area {
    /// The operating system.
    System,
    /// A registry value.
    Registry,
    /// The list of installed updates.
    Updates,
    /// Versions of files.
    Files,
    /// Cipher suites and their order.
    CipherSuites,
    /// Installed software.
    Software,
    /// The client and how it was read.
    Client,
    /// Last start and last writes.
    Times,
}

impl Area {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Registry => "registry",
            Self::Updates => "updates",
            Self::Files => "files",
            Self::CipherSuites => "cipher_suites",
            Self::Software => "software",
            Self::Client => "client",
            Self::Times => "times",
        }
    }

    /// The words people read.
    pub const fn words(self) -> &'static str {
        match self {
            Self::System => "Windows",
            Self::Registry => "Registry",
            Self::Updates => "Updates",
            Self::Files => "Files",
            Self::CipherSuites => "Cipher suites",
            Self::Software => "Software",
            Self::Client => "Client",
            Self::Times => "Times",
        }
    }
}

/// One fact that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// What it is about.
    pub area: Area,
    /// The fact, such as `DefaultSecureProtocols in HKLM\…`.
    pub fact: String,
    /// What the earlier report says.
    pub before: State,
    /// What the later report says.
    pub after: State,
}

/// Every fact that differs. Empty for equal facts; turned round when the two are.
pub fn diff(before: &Facts, after: &Facts) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut note = |area, fact: String, before: State, after: State| {
        if before != after {
            let (before, after) = brief(before, after);
            changes.push(Change {
                area,
                fact: cut(fact),
                before,
                after,
            });
        }
    };
    let both = [before, after];
    for (area, name, read) in PLAIN {
        let [was, is] = both.map(read);
        note(*area, (*name).to_owned(), was, is);
    }
    for key in Key::ALL {
        registry(both.map(|facts| facts.registry.key(key)), key, &mut note);
    }
    let misspelt = both.map(|facts| facts.registry.misspelt.iter().map(String::as_str).collect());
    members(misspelt, |written| {
        let [was, is] = misspelt_in(both, written);
        note(Area::Registry, format!("misspelt key {written}"), was, is);
    });
    diff_lists::updates(both, &mut note);
    diff_lists::suites(both, &mut note);
    diff_lists::software(both, &mut note);
    changes.sort();
    changes
}

/// Takes a fact with both its states; equal ones are no change.
pub(super) type Note<'n> = dyn FnMut(Area, String, State, State) + 'n;
type Read = fn(&Facts) -> State;

/// The facts that are one value each.
const PLAIN: &[(Area, &str, Read)] = &[
    (Area::System, "platform", |facts| {
        State::of(facts.os.platform.clone(), |text| text)
    }),
    (Area::System, "name of Windows", |facts| {
        State::of(facts.os.caption.clone(), |text| text)
    }),
    (Area::System, "Windows version", |facts| {
        State::of(facts.os.version, |version| {
            format!("{}.{}.{}", version.major, version.minor, version.build)
        })
    }),
    (Area::System, "build in the registry", |facts| {
        number(facts.os.registry_build)
    }),
    (Area::System, "product type", |facts| {
        number(facts.os.product_type)
    }),
    (Area::System, "width of Windows", |facts| {
        State::of(facts.os.bits, |bits| match bits {
            Bits::B32 => "32-bit".to_owned(),
            Bits::B64 => "64-bit".to_owned(),
        })
    }),
    (Area::System, "service pack", |facts| {
        number(facts.os.service_pack)
    }),
    (Area::System, "edition (SKU)", |facts| number(facts.os.sku)),
    (Area::System, "suite mask", |facts| {
        number(facts.os.suite_mask)
    }),
    (Area::Files, "winhttp.dll", |facts| {
        file(facts, |files| files.winhttp)
    }),
    (Area::Files, "webio.dll", |facts| {
        file(facts, |files| files.webio)
    }),
    (Area::Files, "schannel.dll", |facts| {
        file(facts, |files| files.schannel)
    }),
    (Area::Files, "WsusService.exe", |facts| {
        file(facts, |files| files.wsus_service)
    }),
    (Area::Client, "width of the collector", |facts| {
        State::of(facts.process_bits, |bits| format!("{bits}-bit"))
    }),
    (Area::Client, "registry views read by name", |facts| {
        State::Value(if facts.explicit_views { "yes" } else { "no" }.to_owned())
    }),
    (Area::Client, "ConfigMgr client version", |facts| {
        State::of(facts.client_version.clone(), |text| text)
    }),
    (Area::Client, "roles", |facts| set(&facts.roles)),
    (Area::Client, "communication", |facts| {
        State::of(facts.communication.clone(), |text| text)
    }),
    (Area::Client, "IP addresses", |facts| {
        set(&facts.ip_addresses)
    }),
    (Area::Client, "management point", |facts| {
        State::of(facts.management_point.clone(), |text| text)
    }),
    (Area::Times, "last start", |facts| {
        State::of(facts.os.last_boot_at, |at| at.to_string())
    }),
];

fn number(value: Option<u32>) -> State {
    State::of(value, |number| number.to_string())
}

fn file(facts: &Facts, read: fn(&Files) -> Option<FileVersion>) -> State {
    State::of(
        facts.files.as_ref().and_then(read),
        |FileVersion([major, minor, build, revision])| {
            format!("{major}.{minor}.{build}.{revision}")
        },
    )
}

/// Names without an order. None at all is what a report says that names none.
fn set(names: &[String]) -> State {
    let names: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    if names.is_empty() {
        return State::Absent;
    }
    let names: Vec<&str> = names.into_iter().collect();
    State::Value(names.join(", "))
}

/// Calls for each name that stands on one side only.
pub(super) fn members<'f>(sides: [BTreeSet<&'f str>; 2], mut each: impl FnMut(&'f str)) {
    let [was, is] = &sides;
    for name in was.symmetric_difference(is) {
        each(name);
    }
}

fn misspelt_in(both: [&Facts; 2], written: &str) -> [State; 2] {
    both.map(|facts| {
        if facts.registry.misspelt.iter().any(|known| known == written) {
            State::Value("there".to_owned())
        } else {
            State::Absent
        }
    })
}

/// Two states that differ, short enough to be shown. Where what tells them apart lies behind that, both say so.
fn brief(before: State, after: State) -> (State, State) {
    let cut = |state| match state {
        State::Value(text) => State::Value(cut(text)),
        other => other,
    };
    let (mut before, mut after) = (cut(before), cut(after));
    if before == after {
        for state in [&mut before, &mut after] {
            if let State::Value(text) = state {
                text.push_str(" (they differ further on)");
            }
        }
    }
    (before, after)
}

/// The first part of a text.
fn cut(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(SHOWN) {
        text.truncate(end);
        text.push('…');
    }
    text
}
