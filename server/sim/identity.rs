//! Who a client is: names and ids, site, role, and whether anybody has heard of it.

use std::fmt;

use uuid::{Builder, Uuid};

use super::{
    dice::{Ask, Dice, scale},
    fleet::{Fleet, SimClient},
    systems::System,
};
use crate::domain::time::MINUTE;

/// Whether a client is heard of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Reports in every round.
    Reporting,
    /// Reported once, so many days before the first round, and never again.
    Stale {
        /// Age of its only report at the first round.
        days: i64,
    },
    /// On the device list, never heard of.
    Silent,
    /// Its machine was rebuilt and now reports as the next client; this one reported for the last time before.
    Replaced,
}

/// What a site system does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Database,
    ManagementPoint,
    DistributionPoint,
    UpdatePoint,
}

impl Role {
    const CORE: [Self; 4] = [
        Self::Database,
        Self::ManagementPoint,
        Self::DistributionPoint,
        Self::UpdatePoint,
    ];

    pub(super) const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Database => &["site_server", "site_database"],
            Self::ManagementPoint => &["management_point"],
            Self::DistributionPoint => &["distribution_point"],
            Self::UpdatePoint => &["software_update_point"],
        }
    }

    const fn short(self) -> &'static str {
        match self {
            Self::Database => "DB",
            Self::ManagementPoint => "MP",
            Self::DistributionPoint => "DP",
            Self::UpdatePoint => "SUP",
        }
    }
}

/// Everything about a client but its facts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Who {
    pub(super) index: u64,
    /// Whose machine this is: the index itself, or the one before for a rebuilt client.
    pub(super) hardware: u64,
    pub(super) dice: Dice,
    machine: Dice,
    pub(super) site: u64,
    pub(super) role: Option<Role>,
    pub(super) system: &'static System,
    pub(super) presence: Presence,
}

/// One client in so many carries a distribution point beside the core of its site.
const DISTRIBUTION_POINT_EVERY: u64 = 2_000;

/// The role of the client with that number: the first few are the core of each site.
fn role_of(fleet: &Fleet, index: u64) -> Option<Role> {
    let core_sites = match fleet.size {
        0..50 => 0,
        50..500 => 1,
        _ => fleet.sites(),
    };
    if index < core_sites * 4 {
        return usize::try_from(index % 4).ok().map(|kind| Role::CORE[kind]);
    }
    (index % DISTRIBUTION_POINT_EVERY == DISTRIBUTION_POINT_EVERY - 1)
        .then_some(Role::DistributionPoint)
}

impl Who {
    pub(super) fn of(fleet: &Fleet, index: u64) -> Self {
        let dice = fleet.dice(index);
        // Five in a thousand were rebuilt; the machine before must exist, be plain, and not be rebuilt itself.
        let wishes_rebuilt = |at: u64| fleet.dice(at).chance(Ask::Rebuilt, 5);
        let plain = |at: u64| role_of(fleet, at).is_none();
        let rebuilt = index > 0
            && wishes_rebuilt(index)
            && !wishes_rebuilt(index - 1)
            && plain(index)
            && plain(index - 1);
        let replaced = index + 1 < fleet.size
            && wishes_rebuilt(index + 1)
            && !wishes_rebuilt(index)
            && plain(index)
            && plain(index + 1);

        let hardware = if rebuilt { index - 1 } else { index };
        let machine = fleet.dice(hardware);
        let role = role_of(fleet, index);
        let before = System::of(machine);
        let system = match role {
            Some(_) => System::of_site_system(dice),
            None if rebuilt => System::rebuilt(before.is_server()),
            None => before,
        };
        let presence = if replaced {
            Presence::Replaced
        } else if role.is_some() || rebuilt {
            Presence::Reporting
        } else {
            presence_of(dice, system)
        };
        let site = match role {
            Some(_) if index < fleet.sites() * 4 => index / 4,
            _ => machine.below(Ask::Site, fleet.sites()),
        };
        Self {
            index,
            hardware,
            dice,
            machine,
            site,
            role,
            system,
            presence,
        }
    }

    /// How long before the end of a round the client reports, as a span to add (so never positive).
    pub(super) const fn hour_lag(&self) -> i64 {
        -MINUTE * self.dice.below(Ask::Hour, 8 * 60).cast_signed()
    }

    pub(super) fn sms_guid(&self) -> Uuid {
        random_uuid(self.dice, Ask::SmsGuid)
    }

    pub(super) fn smbios_guid(&self) -> Uuid {
        random_uuid(self.machine, Ask::SmbiosGuid)
    }

    pub(super) const fn resource_id(&self) -> u64 {
        16_777_220 + self.index
    }

    pub(super) const fn site_number(&self) -> u64 {
        self.site + 1
    }

    /// The serial number's digits, as hex.
    pub(super) const fn serial(&self) -> u64 {
        self.machine.roll(Ask::Serial) >> 36
    }

    /// The last three parts of an address in 10.0.0.0/8: one site, one block.
    pub(super) const fn address(&self) -> (u64, u64, u64) {
        let bits = self.machine.roll(Ask::Address);
        (
            self.site * 12 + scale(bits, 12),
            scale(bits << 16, 256),
            scale(bits << 32, 253) + 1,
        )
    }

    /// What the machine is called: by its kind and number, or by what it does for its site.
    pub(super) fn name(&self) -> Name {
        Name {
            prefix: if self.role.is_some() {
                ""
            } else if self.system.is_server() {
                "SRV-"
            } else if self.machine.chance(Ask::Chassis, 420) {
                "LT-"
            } else {
                "PC-"
            },
            role: self.role.map(|role| (self.site_number(), role.short())),
            number: self.hardware,
        }
    }

    /// The domain of the client's site.
    pub(super) const fn domain(&self) -> &'static str {
        match self.site % 3 {
            0 => "emea.corp.example",
            1 => "amer.corp.example",
            _ => "apac.corp.example",
        }
    }
}

fn presence_of(dice: Dice, system: &System) -> Presence {
    let (silent, stale) = if system.family.is_old() {
        (140, 30)
    } else {
        (36, 7)
    };
    let draw = dice.below(Ask::Silence, 1_000);
    if draw < silent {
        Presence::Silent
    } else if draw < silent + stale {
        Presence::Stale {
            days: 16 + dice.below(Ask::StaleDays, 75).cast_signed(),
        }
    } else {
        Presence::Reporting
    }
}

fn random_uuid(dice: Dice, ask: Ask) -> Uuid {
    let high = u128::from(dice.nth(ask, 0));
    let low = u128::from(dice.nth(ask, 1));
    Builder::from_random_bytes((high << 64 | low).to_be_bytes()).into_uuid()
}

/// A machine name such as `PC-004213` or `P01-MP-000001`, written without allocating.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name {
    prefix: &'static str,
    role: Option<(u64, &'static str)>,
    number: u64,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.role {
            Some((site, role)) => write!(f, "P{site:02}-{role}-{:06}", self.number),
            None => write!(f, "{}{:06}", self.prefix, self.number),
        }
    }
}

impl SimClient {
    /// The NetBIOS name.
    pub fn name(&self) -> String {
        self.who.name().to_string()
    }

    /// The fully qualified name, lower-case.
    pub fn fqdn(&self) -> String {
        format!("{}.{}", self.name().to_ascii_lowercase(), self.who.domain())
    }

    /// The ConfigMgr client GUID, upper-case without prefix.
    pub fn sms_guid(&self) -> String {
        let mut text = Uuid::encode_buffer();
        self.who
            .sms_guid()
            .hyphenated()
            .encode_upper(&mut text)
            .to_owned()
    }

    /// The SMBIOS id, upper-case; a rebuilt client shares it with the one before.
    pub fn smbios_guid(&self) -> String {
        let mut text = Uuid::encode_buffer();
        self.who
            .smbios_guid()
            .hyphenated()
            .encode_upper(&mut text)
            .to_owned()
    }

    /// The site code, such as `P01`.
    pub fn site_code(&self) -> String {
        format!("P{:02}", self.who.site_number())
    }

    /// The ConfigMgr resource id.
    pub const fn resource_id(&self) -> u64 {
        self.who.resource_id()
    }
}
