//! Actions, sets of them, and what a client's reasons ask for.

use std::sync::OnceLock;

use crate::domain::assess::{REASONS, ReasonInfo};

/// Code of the restart, which goes with every change.
pub const RESTART: &str = "restart-computer";
const REPLACE: &str = "replace-machine";
const DOTNET: &str = "install-dotnet-48";

/// Actions that only let the next check speak, and what that one will ask for.
const THEN: &[(&str, &[&str])] = &[
    (
        "install-kb4019276",
        &[
            "enable-schannel-tls12-client",
            "install-kb4467770",
            "prove-by-handshake",
        ],
    ),
    ("install-kb4467770", &["prove-by-handshake"]),
];

/// Systems on which an action is not possible, so that only replacing them is left. Windows 8 takes .NET Framework
/// 4.6.1 at most, and Configuration Manager asks for 4.6.2. This holds also when the server's switch for the least
/// .NET release is moved: too careful rather than too hopeful.
const IMPOSSIBLE: &[(&str, &str)] = &[("6.2.9200-client", DOTNET)];

/// What kind of an action it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Changes the machine so that the check passes.
    Mend,
    /// Brings a missing fact, which may show that more is needed.
    Learn,
    /// Another machine or operating system.
    Replace,
    /// The restart that goes with every change.
    Restart,
}

/// One thing to do, as the reasons name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action {
    /// Stable code, such as `set-default-secure-protocols`.
    pub code: &'static str,
    /// Short words.
    pub title: &'static str,
    /// What kind.
    pub kind: Kind,
    /// Bits of the reasons that it mends.
    pub reasons: i64,
    /// Its place in a set.
    bit: u32,
    /// Everything that has to be done where it is asked for, itself included.
    requires: ActionSet,
}

impl Action {
    /// Everything that has to be done where it is asked for, itself included.
    pub const fn requires(&self) -> ActionSet {
        self.requires
    }
}

/// Every action, in the order in which the table of reasons names them.
pub fn actions() -> &'static [Action] {
    static ACTIONS: OnceLock<Vec<Action>> = OnceLock::new();
    ACTIONS.get_or_init(|| {
        let mut all: Vec<Action> = Vec::new();
        for info in REASONS {
            if let Some(known) = all.iter_mut().find(|action| action.code == info.fix) {
                known.reasons |= 1 << info.bit;
            } else {
                let bit = 1 << all.len().min(31);
                all.push(Action {
                    code: info.fix,
                    title: info.fix_title,
                    kind: kind(info.fix),
                    reasons: 1 << info.bit,
                    bit,
                    requires: ActionSet(bit),
                });
            }
        }
        let bit_of = |code: &str| {
            let found = all.iter().find(|action| action.code == code);
            found.map_or(0, |action| action.bit)
        };
        let then: Vec<(u32, u32)> = THEN
            .iter()
            .map(|(first, rest)| (bit_of(first), rest.iter().map(|code| bit_of(code)).sum()))
            .collect();
        for action in &mut all {
            for (first, rest) in &then {
                if action.bit == *first {
                    action.requires.0 |= rest;
                }
            }
        }
        all
    })
}

fn kind(code: &str) -> Kind {
    match code {
        REPLACE => Kind::Replace,
        RESTART => Kind::Restart,
        "prove-by-handshake" => Kind::Learn,
        _ if code.starts_with("collect-") => Kind::Learn,
        _ => Kind::Mend,
    }
}

/// The action a code names.
pub fn action(code: &str) -> Option<&'static Action> {
    actions().iter().find(|action| action.code == code)
}

/// A set of actions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ActionSet(u32);

impl ActionSet {
    /// The set of one.
    pub const fn of(action: &Action) -> Self {
        Self(action.bit)
    }

    /// The set these codes name; those that name nothing are left out.
    pub fn of_codes<'c>(codes: impl IntoIterator<Item = &'c str>) -> Self {
        let known = codes.into_iter().filter_map(action);
        known.fold(Self::default(), Self::with)
    }

    /// Every action there is.
    pub fn all() -> Self {
        actions().iter().fold(Self::default(), Self::with)
    }

    /// This set and one more.
    #[must_use]
    pub const fn with(self, action: &Action) -> Self {
        Self(self.0 | action.bit)
    }

    /// This set and the restart.
    #[must_use]
    pub fn with_restart(self) -> Self {
        action(RESTART).map_or(self, |restart| self.with(restart))
    }

    /// Without what only brings facts: what is left mends for certain.
    #[must_use]
    pub fn without_learning(self) -> Self {
        let learning = actions().iter().filter(|action| action.kind == Kind::Learn);
        learning.fold(self, |set, action| Self(set.0 & !action.bit))
    }

    /// Whether an action is in it.
    pub const fn contains(self, action: &Action) -> bool {
        self.0 & action.bit != 0
    }

    /// Whether the two share an action.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether every action is in the other set.
    pub const fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Whether there is nothing in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many.
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether it asks for another machine.
    pub fn replaces(self) -> bool {
        action(REPLACE).is_some_and(|replace| self.contains(replace))
    }

    /// The actions, in the order of the table.
    pub fn iter(self) -> impl Iterator<Item = &'static Action> {
        actions().iter().filter(move |action| self.contains(action))
    }

    /// Their codes.
    pub fn codes(self) -> Vec<&'static str> {
        self.iter().map(|action| action.code).collect()
    }
}

fn requires(info: &ReasonInfo) -> ActionSet {
    action(info.fix).map_or_else(ActionSet::default, |action| action.requires)
}

/// Whether nothing but replacing is left for a client.
fn is_lost(os_key: &str, reasons: i64) -> bool {
    let of = |code: &str| action(code).map_or(0, |action| action.reasons);
    reasons & of(REPLACE) != 0
        || IMPOSSIBLE
            .iter()
            .any(|(os, fix)| *os == os_key && reasons & of(fix) != 0)
}

/// All that has to be done on a client, apart from the restart that goes with it; `None` when there is no reason
/// beside a restart, or one that this version does not know, because then nobody can say.
pub fn needed(os_key: &str, reasons: i64) -> Option<ActionSet> {
    if is_lost(os_key, reasons) {
        return Some(ActionSet::of_codes([REPLACE]));
    }
    let mut left = reasons;
    let mut set = ActionSet::default();
    for info in REASONS.iter().filter(|info| reasons & 1 << info.bit != 0) {
        left &= !(1 << info.bit);
        set.0 |= requires(info).0;
    }
    let restart = ActionSet::default().with_restart();
    set.0 &= !restart.0;
    (left == 0 && !set.is_empty()).then_some(set)
}

/// "These actions and no others": the same question as [`needed`], as masks that a database can ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Only {
    /// Bits of the reasons that these actions mend altogether.
    pub covered: i64,
    /// Bits of which one is enough, because the machine is replaced.
    pub replaced: i64,
    /// Systems with bits that count as "must be replaced" there.
    pub impossible: Vec<(&'static str, i64)>,
    /// Whether replacing is among the actions.
    pub replaces: bool,
}

impl Only {
    /// Clients that need nothing beyond these actions. A pending restart counts as an action here.
    pub fn these(set: ActionSet) -> Self {
        let covered = REASONS
            .iter()
            .filter(|info| requires(info).is_within(set))
            .fold(0, |mask, info| mask | 1 << info.bit);
        let of = |code: &str| action(code).map_or(0, |action| action.reasons);
        Self {
            covered,
            replaced: of(REPLACE),
            impossible: IMPOSSIBLE.iter().map(|(os, fix)| (*os, of(fix))).collect(),
            replaces: set.replaces(),
        }
    }

    /// Whether a client is meant.
    pub fn holds(&self, os_key: &str, reasons: i64) -> bool {
        let lost = reasons & self.replaced != 0
            || self
                .impossible
                .iter()
                .any(|(os, bits)| *os == os_key && reasons & bits != 0);
        if lost {
            self.replaces
        } else {
            reasons != 0 && reasons & !self.covered == 0
        }
    }
}
