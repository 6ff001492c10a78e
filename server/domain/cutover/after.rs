//! After the switch: who used to check in and has stopped, against the same span of time before the decision; and how
//! right the decision was.

use std::collections::BTreeMap;

use super::whatif::Fate;

/// Share of the baseline that may be missing before going back is due, in hundredths of a percent.
pub const TRIGGER: i64 = 200;
/// The shortest span that says anything, in milliseconds: clients poll once an hour.
pub const SHORTEST: i64 = 2 * super::super::time::HOUR;

/// What became of those of one fate, or of one OS version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Clients in the record.
    pub clients: i64,
    /// Of these, heard within the span before the decision: the baseline.
    pub before: i64,
    /// Of the baseline, heard since the switch.
    pub since: i64,
}

impl Line {
    /// Of the baseline, not heard since.
    pub const fn stopped(&self) -> i64 {
        self.before - self.since
    }
}

/// The watch, added up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watch {
    /// Everybody.
    pub all: Line,
    /// By what was predicted.
    pub by_fate: BTreeMap<Fate, Line>,
    /// By OS key.
    pub by_os: BTreeMap<String, Line>,
}

/// The moments that it is about, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// When it was decided: what was heard before counts as baseline.
    pub decided: i64,
    /// When the protocols were switched off.
    pub switched: i64,
    /// Now.
    pub now: i64,
}

impl Span {
    /// How long it has been switched off.
    pub const fn length(self) -> i64 {
        self.now.saturating_sub(self.switched)
    }
}

impl Watch {
    /// Takes in a client of the record, with when it was last heard then and now. Answers whether it has stopped.
    pub fn take(
        &mut self,
        fate: Fate,
        os_key: &str,
        then: Option<i64>,
        now: Option<i64>,
        span: Span,
    ) -> bool {
        let before = then.is_some_and(|then| then > span.decided.saturating_sub(span.length()));
        let since = before && now.is_some_and(|now| now > span.switched);
        let by_fate = self.by_fate.entry(fate).or_default();
        let by_os = self.by_os.entry(os_key.to_owned()).or_default();
        for line in [&mut self.all, by_fate, by_os] {
            line.clients += 1;
            line.before += i64::from(before);
            line.since += i64::from(since);
        }
        before && !since
    }

    /// Whether going back is due: more of the baseline has stopped than may. `None`: too early to say, or no baseline.
    pub fn is_triggered(&self, span: Span, trigger: i64) -> Option<bool> {
        (span.length() >= SHORTEST && self.all.before > 0)
            .then(|| self.all.stopped() * 10_000 > trigger * self.all.before)
    }
}
