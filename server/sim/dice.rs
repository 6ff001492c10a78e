//! Draws that depend only on a seed, a client and a question, never on the order in which they are made.

/// What is drawn. Each question has its own stream of chance.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ask {
    System,
    Silence,
    StaleDays,
    Rebuilt,
    Site,
    Chassis,
    SmsGuid,
    SmbiosGuid,
    Serial,
    Address,
    Language,
    Owner,
    Hour,
    Phase,
    Repair,
    RepairRound,
    KbEvidence,
    WhichHive,
    Protocols,
    DotNet,
    DotNetRelease,
    DotNet35,
    Fault,
    Gap,
    Hardening,
    Fips,
    Boot,
    Written,
    HotfixCount,
    Hotfixes,
    Agent,
    Software,
    SiteSystem,
    ReportId,
    Obsolete,
    Leftover,
    Decommissioned,
    LastContact,
}

/// One client's chances.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dice(u64);

/// Steele and Vigna's finaliser: every bit of the input moves every bit of the result.
const fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

impl Dice {
    pub(super) const fn new(seed: u64, index: u64) -> Self {
        Self(mix(mix(seed.wrapping_add(STEP)) ^ index.wrapping_mul(STEP)))
    }

    /// 64 even bits.
    pub(super) const fn roll(self, ask: Ask) -> u64 {
        self.nth(ask, 0)
    }

    /// 64 more even bits for the same question.
    pub(super) const fn nth(self, ask: Ask, n: u64) -> u64 {
        let question = (ask as u64 + 1).wrapping_mul(STEP);
        mix(mix(self.0 ^ question).wrapping_add(n.wrapping_mul(STEP)))
    }

    /// An even number from 0 to `bound - 1`; `bound` is below 2^32.
    pub(super) const fn below(self, ask: Ask, bound: u64) -> u64 {
        scale(self.roll(ask), bound)
    }

    /// True with a chance of `per_mille` in a thousand.
    pub(super) const fn chance(self, ask: Ask, per_mille: u64) -> bool {
        self.below(ask, 1_000) < per_mille
    }

    /// One of the choices, in proportion to its weight; `last` when the weights run out.
    pub(super) fn weighted<T: Copy>(
        self,
        ask: Ask,
        total: u64,
        choices: &[(u64, T)],
        last: T,
    ) -> T {
        let mut left = self.below(ask, total);
        for &(weight, choice) in choices {
            if left < weight {
                return choice;
            }
            left -= weight;
        }
        last
    }
}

/// Maps 64 even bits to 0 … `bound - 1`; `bound` is below 2^32.
pub(super) const fn scale(bits: u64, bound: u64) -> u64 {
    ((bits >> 32) * bound) >> 32
}
