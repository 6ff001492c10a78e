//! The facts of one client at one revision: what its registry, files and clocks say, before they are written down.

use super::{
    dice::Ask,
    faults::{DotNet, Fault, Gap, Repair},
    fleet::SimClient,
    identity::{Presence, Role},
    systems::Family,
};
use crate::domain::time::{DAY, HOUR, MINUTE, Timestamp};

/// One registry value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Absent,
    Dword(u32),
    /// 0xFFFFFFFF as a signed reader gives it.
    MinusOne,
    Text(&'static str),
}

/// Two values that belong together: `Enabled` and `DisabledByDefault`, or strong crypto and system default.
pub(super) type Pair = (Value, Value);

const UNSET: Pair = (Value::Absent, Value::Absent);
const SWITCHED_ON: Pair = (Value::Dword(1), Value::Dword(0));
const SWITCHED_OFF: Pair = (Value::Dword(0), Value::Dword(1));
const BOTH_ONE: Pair = (Value::Dword(1), Value::Dword(1));

/// What the collector finds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Condition {
    pub(super) gap: Gap,
    /// `DefaultSecureProtocols`, native and 32-bit view.
    pub(super) winhttp: [Value; 2],
    pub(super) winhttp_written: Timestamp,
    pub(super) tls12_client: Pair,
    pub(super) tls12_server: Pair,
    /// TLS 1.0 and 1.1, client side.
    pub(super) old_client: Pair,
    pub(super) schannel_written: Timestamp,
    /// .NET `Release`; 0: none.
    pub(super) release: u32,
    /// The .NET values, native and 32-bit view.
    pub(super) dotnet: [Pair; 2],
    pub(super) dotnet_written: Timestamp,
    pub(super) has_dotnet35: bool,
    pub(super) fips: bool,
    /// Updates that matter, in the hotfix list.
    pub(super) updates: &'static [u64],
    pub(super) files: Files,
    pub(super) boot: Timestamp,
    pub(super) revision: u64,
}

/// Versions of winhttp.dll and webio.dll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Files {
    NotRead,
    Version(&'static str),
    /// winhttp.dll new, webio.dll old.
    Mixed(&'static str, &'static str),
}

impl Condition {
    pub(super) fn of(client: &SimClient, round: u64) -> Self {
        let revision = client.revision(round);
        let mut found = Self::untouched(client, revision);
        let family = client.system().family;
        if family.needs_update() {
            found.repair(client);
        } else if !family.is_beyond_repair() {
            let is_fixed = revision > client.dice().below(Ask::RepairRound, 3);
            found.slip(client, is_fixed);
        }
        if client.who.role.is_some() {
            found.set_site_system(client);
        }
        found
    }

    /// A healthy machine with nothing set by hand.
    fn untouched(client: &SimClient, revision: u64) -> Self {
        let dice = client.dice();
        let system = client.system();
        // What is no longer heard of lies further back.
        let epoch = match client.presence() {
            Presence::Reporting | Presence::Silent => client.epoch,
            Presence::Stale { .. } | Presence::Replaced => client.epoch.plus(-120 * DAY),
        };
        let first_boot =
            epoch.plus(-2 * DAY - MINUTE * dice.below(Ask::Boot, 28 * 24 * 60).cast_signed());
        let boot = first_boot.plus(HOUR * revision.min(20).cast_signed());
        let back = |n: u64, days: u64| {
            let draw = super::dice::scale(dice.nth(Ask::Written, n), days * 1_440);
            first_boot.plus(-2 * HOUR - MINUTE * draw.cast_signed())
        };
        let upgrades = match system.family {
            Family::Windows7 | Family::Server2008R2 => 850,
            Family::Server2012 | Family::Server2012R2 | Family::Windows81 => 750,
            _ => 600,
        };
        let (inbox, best) = system.dotnet;
        let release = if dice.chance(Ask::DotNetRelease, upgrades) {
            best
        } else {
            inbox
        };
        Self {
            gap: Gap::None,
            winhttp: [Value::Absent; 2],
            winhttp_written: back(0, 60),
            tls12_client: UNSET,
            tls12_server: UNSET,
            old_client: UNSET,
            schannel_written: back(1, 300),
            release,
            dotnet: [UNSET; 2],
            dotnet_written: back(2, 400),
            has_dotnet35: system.family.needs_update() || dice.chance(Ask::DotNet35, 350),
            fips: dice.chance(Ask::Fips, 3),
            updates: &[],
            files: match system.family {
                // Nobody needs to look: the ability is built in.
                Family::Windows10 | Family::Windows11 | Family::ServerModern => Files::NotRead,
                Family::Windows81 | Family::Server2012R2 => Files::Version("6.3.9600.21503"),
                Family::Windows7 | Family::Server2008R2 => Files::Version("6.1.7601.17514"),
                Family::Server2012 => Files::Version("6.2.9200.16384"),
                Family::Server2008 => Files::Version("6.0.6003.20605"),
                Family::Xp | Family::Server2003 => Files::Version("5.1.2600.5512"),
            },
            boot,
            revision,
        }
    }

    /// 7, 2008 R2 and 2012: as far as somebody has brought them.
    fn repair(&mut self, client: &SimClient) {
        let dice = client.dice();
        let system = client.system();
        let state = if system.build == "7600" {
            Repair::Nothing // no update applies without the service pack
        } else {
            Repair::of(dice, self.revision)
        };
        self.gap = match Gap::of(dice) {
            gap @ (Gap::Hotfixes | Gap::Software | Gap::Redirected) => gap,
            _ => Gap::None,
        };
        let (new, old) = match system.family {
            Family::Server2012 => ("6.2.9200.23547", "6.2.9200.16384"),
            _ => ("6.1.7601.24545", "6.1.7601.17514"),
        };
        if state >= Repair::UpdateOnly {
            // Seen by its number, by the files of a later rollup, or by both; now and then half undone.
            match dice.below(Ask::KbEvidence, 100) {
                0..55 => (self.updates, self.files) = (&[3_140_245], Files::Version(new)),
                55..75 => self.files = Files::Version(new),
                75..92 => (self.updates, self.files) = (&[3_140_245], Files::NotRead),
                92..98 => self.files = Files::NotRead,
                _ => (self.updates, self.files) = (&[3_140_245], Files::Mixed(new, old)),
            }
        }
        if state < Repair::OneHive {
            return;
        }
        let bits = Value::Dword([0xAA0, 0xA00, 0xA80, 0x800][Self::pick(client)]);
        self.winhttp = [bits; 2];
        if state == Repair::OneHive && system.bits == 64 {
            let other = usize::from(dice.chance(Ask::WhichHive, 600));
            self.winhttp[other] = Value::Absent;
        }
        if system.family.off_by_default() || dice.chance(Ask::Protocols, 300) {
            self.tls12_client = SWITCHED_ON;
        }
        self.release = system.dotnet.1;
        self.dotnet = [BOTH_ONE; 2];
        if state == Repair::RestartPending {
            self.winhttp_written = self.boot.plus(40 * MINUTE);
        }
    }

    /// One of four spellings of the same thing.
    fn pick(client: &SimClient) -> usize {
        let draw = client.dice().nth(Ask::Protocols, 1);
        usize::try_from(draw >> 62).unwrap_or(0)
    }

    /// Newer systems: fine by default, unless somebody turned a knob.
    fn slip(&mut self, client: &SimClient, is_fixed: bool) {
        let dice = client.dice();
        let fault = Fault::of(dice, client.system().family);
        let is_harmless = matches!(fault, Fault::Hardened | Fault::EnabledAllBits);
        let dotnet = if is_fixed {
            DotNet::Both
        } else {
            DotNet::of(dice)
        };
        if !is_fixed {
            self.gap = Gap::of(dice);
        }
        if dice.chance(Ask::Hardening, 120) {
            self.old_client = SWITCHED_OFF;
        }
        if is_harmless || !is_fixed {
            self.apply(fault, Self::pick(client));
        }
        self.dotnet = match dotnet {
            DotNet::Both => [BOTH_ONE; 2],
            DotNet::Unset => [UNSET; 2],
            DotNet::NativeOnly => [BOTH_ONE, UNSET],
            DotNet::StrongOnly => [(Value::Dword(1), Value::Absent); 2],
            DotNet::StrongOff => [(Value::Dword(0), Value::Absent); 2],
        };
        if client.system().family == Family::Server2008 {
            self.updates = &[4_019_276];
            self.tls12_client = SWITCHED_ON;
        }
    }

    fn apply(&mut self, fault: Fault, choice: usize) {
        match fault {
            Fault::None => {}
            Fault::Hardened => {
                self.winhttp = [Value::Dword([0x800, 0xA00, 0xAA0, 0x2800][choice]); 2];
                self.tls12_client = SWITCHED_ON;
            }
            Fault::EnabledAllBits => {
                let all = [Value::Dword(u32::MAX), Value::MinusOne][choice % 2];
                self.tls12_client = (all, Value::Dword(0));
            }
            Fault::OldBits => self.winhttp = [Value::Dword(0xA0); 2],
            Fault::OldBitsWow64 => self.winhttp = [Value::Absent, Value::Dword(0xA0)],
            Fault::TextBits => self.winhttp = [Value::Text("2720"), Value::Absent],
            Fault::OnlyTls13 => self.winhttp = [Value::Dword(0x2000); 2],
            Fault::HexSlip => self.winhttp = [Value::Dword(0x2048); 2],
            Fault::AllBits => self.winhttp = [Value::Dword(u32::MAX); 2],
            Fault::Off => self.tls12_client = SWITCHED_OFF,
            Fault::NotOffered => self.tls12_client = BOTH_ONE,
            Fault::TextEnabled => self.tls12_client = (Value::Text("1"), Value::Absent),
        }
    }

    /// Site systems are looked after, but a few carry the slip that stops the whole change.
    fn set_site_system(&mut self, client: &SimClient) {
        let dice = client.dice();
        self.gap = Gap::None;
        self.tls12_server = if dice.chance(Ask::SiteSystem, 60) {
            SWITCHED_OFF
        } else {
            SWITCHED_ON
        };
        self.release = client.system().dotnet.1;
        let is_update_point = client.who.role == Some(Role::UpdatePoint);
        if is_update_point && client.family() == Family::Server2012R2 {
            self.updates = if self.revision > 0 { &[4_022_720] } else { &[] };
        }
    }
}
