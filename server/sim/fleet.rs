//! The fleet and one client of it: what a caller may ask, and how the answers follow from the seed.

use super::{
    dice::{Ask, Dice},
    identity::{Presence, Role, Who},
    systems::{Family, System},
};
use crate::domain::time::{DAY, Timestamp};

/// The time the facts lie around unless [`Fleet::anchored`] says otherwise: 2026-11-02T00:00:00Z.
pub const DEFAULT_EPOCH: Timestamp = Timestamp(1_793_577_600_000);

/// How long the facts of an anchored fleet stay the same, so that a second run finds them unchanged.
const ANCHOR: i64 = 28 * DAY;

/// A fleet of `size` clients. Copying it is free; it holds only how the fleet is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Fleet {
    pub(super) seed: u64,
    pub(super) size: u64,
    pub(super) epoch: Timestamp,
    pub(super) exported_at: Timestamp,
    changed_per_million: u64,
}

impl Fleet {
    /// The fleet of that seed and size, of which 2 % change their facts from one round to the next.
    pub const fn new(seed: u64, size: u64) -> Self {
        Self {
            seed,
            size,
            epoch: DEFAULT_EPOCH,
            exported_at: DEFAULT_EPOCH,
            changed_per_million: 20_000,
        }
    }

    /// The same fleet with another share (0 to 1) of clients whose facts change between two rounds.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to 0 … 1,000,000 before"
    )]
    pub fn changing(self, share: f64) -> Self {
        Self {
            changed_per_million: (share.clamp(0.0, 1.0) * 1_000_000.0) as u64,
            ..self
        }
    }

    /// The same fleet with its boots and registry writes before `first`, the time of the first round. The
    /// anchor moves in steps of four weeks, so that fleets of neighbouring days report the same facts.
    #[must_use]
    pub const fn anchored(self, first: Timestamp) -> Self {
        Self {
            epoch: Timestamp(first.0.div_euclid(ANCHOR) * ANCHOR),
            exported_at: first,
            ..self
        }
    }

    /// The same fleet with a device list made at that time; it moves nothing but the list's last contacts.
    #[must_use]
    pub const fn exported(self, exported_at: Timestamp) -> Self {
        Self {
            exported_at,
            ..self
        }
    }

    /// Number of clients, silent ones included.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Number of sites: three, or one for every 50,000 clients up to twenty.
    pub const fn sites(&self) -> u64 {
        match self.size.div_ceil(50_000) {
            0..=3 => 3,
            4..=19 => self.size.div_ceil(50_000),
            _ => 20,
        }
    }

    /// The client with that number, from 0; made from nothing but the seed.
    pub fn client(&self, index: u64) -> SimClient {
        SimClient {
            who: Who::of(self, index),
            epoch: self.epoch,
            changed_per_million: self.changed_per_million,
        }
    }

    /// All clients, in order.
    pub fn clients(&self) -> impl Iterator<Item = SimClient> + use<> {
        let fleet = *self;
        (0..self.size).map(move |index| fleet.client(index))
    }

    pub(super) const fn dice(&self, index: u64) -> Dice {
        Dice::new(self.seed, index)
    }
}

/// One simulated client.
#[derive(Clone, Copy, Debug)]
pub struct SimClient {
    pub(super) who: Who,
    pub(super) epoch: Timestamp,
    changed_per_million: u64,
}

impl SimClient {
    /// Its number in the fleet.
    pub const fn index(&self) -> u64 {
        self.who.index
    }

    /// Whether and for how long it has been heard of.
    pub const fn presence(&self) -> Presence {
        self.who.presence
    }

    /// Which Windows it runs.
    pub const fn family(&self) -> Family {
        self.who.system.family
    }

    /// Its operating system's `major.minor.build`.
    pub const fn os_version(&self) -> &'static str {
        self.who.system.version
    }

    /// Site system roles; empty for a plain client.
    pub fn roles(&self) -> &'static [&'static str] {
        self.who.role.map_or(&[], Role::names)
    }

    /// Whether the machine was set up anew: the name and SMBIOS id of the client before it, under a new GUID.
    pub const fn is_rebuilt(&self) -> bool {
        self.who.hardware != self.who.index
    }

    /// Whether a report arrives in that round. Silent clients never report; stale and replaced ones only once.
    pub const fn reports_in(&self, round: u64) -> bool {
        match self.who.presence {
            Presence::Reporting => true,
            Presence::Stale { .. } | Presence::Replaced => round == 0,
            Presence::Silent => false,
        }
    }

    /// When the report of the round that ends at `at` is made: some hours before, or long ago for a client that
    /// has gone stale.
    pub const fn collected_at(&self, at: Timestamp) -> Timestamp {
        let hours = self.who.hour_lag();
        match self.who.presence {
            Presence::Stale { days } => at.plus(hours - DAY * days),
            Presence::Replaced => at.plus(hours - 6 * DAY),
            Presence::Reporting | Presence::Silent => at.plus(hours),
        }
    }

    /// How often the facts have changed up to that round. Each client has its own phase, so that in every round
    /// the wanted share of the fleet changes, and the answer needs no history.
    pub const fn revision(&self, round: u64) -> u64 {
        let phase = self.who.dice.below(Ask::Phase, 1_000_000);
        round
            .saturating_mul(self.changed_per_million)
            .saturating_add(phase)
            / 1_000_000
    }

    /// The report of one round as JSON.
    pub fn report(&self, at: Timestamp, round: u64) -> Vec<u8> {
        let mut text = Vec::with_capacity(4_096);
        self.write_report(at, round, &mut text);
        text
    }

    pub(super) const fn system(&self) -> &'static System {
        self.who.system
    }

    pub(super) const fn dice(&self) -> Dice {
        self.who.dice
    }
}
