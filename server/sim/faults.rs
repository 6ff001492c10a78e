//! What can be wrong with a client: the repair states of old systems, and the rare slips on new ones.

use super::{
    dice::{Ask, Dice},
    systems::Family,
};

/// How far an old system (7, 2008 R2, 2012) has been brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Repair {
    Nothing,
    UpdateOnly,
    OneHive,
    RestartPending,
    Complete,
}

impl Repair {
    const STEPS: [Self; 5] = [
        Self::Nothing,
        Self::UpdateOnly,
        Self::OneHive,
        Self::RestartPending,
        Self::Complete,
    ];

    /// Where the client stands after so many changes: each brings it one step on.
    pub(super) fn of(dice: Dice, revision: u64) -> Self {
        let first: usize =
            dice.weighted(Ask::Repair, 100, &[(40, 0), (20, 1), (10, 2), (10, 3)], 4);
        let step = first.saturating_add(usize::try_from(revision).unwrap_or(usize::MAX));
        Self::STEPS.get(step).copied().unwrap_or(Self::Complete)
    }
}

/// Something odd about the protocol settings of a system that needs none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// Good values although none are needed: a hardening policy.
    Hardened,
    /// `Enabled` is 0xFFFFFFFF, as older texts ask.
    EnabledAllBits,
    /// `DefaultSecureProtocols` is 0x0A0 in both views.
    OldBits,
    /// The same in the 32-bit view alone.
    OldBitsWow64,
    /// The value is text: somebody forgot the type.
    TextBits,
    /// TLS 1.3 alone.
    OnlyTls13,
    /// 2048 typed into a hexadecimal box.
    HexSlip,
    /// Every bit set.
    AllBits,
    /// TLS 1.2 switched off.
    Off,
    /// TLS 1.2 not offered by default.
    NotOffered,
    /// `Enabled` is text.
    TextEnabled,
}

impl Fault {
    pub(super) fn of(dice: Dice, family: Family) -> Self {
        let all_bits = if matches!(family, Family::Windows10) {
            200
        } else {
            0
        };
        dice.weighted(
            Ask::Fault,
            10_000,
            &[
                (all_bits, Self::EnabledAllBits),
                (30, Self::OldBits),
                (12, Self::OldBitsWow64),
                (15, Self::TextBits),
                (4, Self::OnlyTls13),
                (4, Self::HexSlip),
                (6, Self::AllBits),
                (10, Self::Off),
                (8, Self::NotOffered),
                (4, Self::TextEnabled),
                (400, Self::Hardened),
            ],
            Self::None,
        )
    }
}

/// How the .NET values are set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DotNet {
    /// Both values in all views.
    Both,
    /// Nothing set: the defaults of the version.
    Unset,
    /// Both values, 64-bit view only.
    NativeOnly,
    /// Strong crypto alone.
    StrongOnly,
    /// Strong crypto switched off.
    StrongOff,
}

impl DotNet {
    pub(super) fn of(dice: Dice) -> Self {
        dice.weighted(
            Ask::DotNet,
            1_000,
            &[
                (90, Self::Unset),
                (25, Self::NativeOnly),
                (15, Self::StrongOnly),
                (6, Self::StrongOff),
            ],
            Self::Both,
        )
    }
}

/// What the collector could not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gap {
    None,
    Hotfixes,
    Suites,
    Software,
    DotNet,
    WinHttp,
    /// A 32-bit collector on a 64-bit system.
    Redirected,
}

impl Gap {
    pub(super) fn of(dice: Dice) -> Self {
        dice.weighted(
            Ask::Gap,
            10_000,
            &[
                (90, Self::Hotfixes),
                (60, Self::Suites),
                (40, Self::Software),
                (35, Self::DotNet),
                (35, Self::WinHttp),
                (15, Self::Redirected),
            ],
            Self::None,
        )
    }
}
