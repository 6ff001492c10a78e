//! How fast somebody may ask: so many times a minute, evenly or all at once. The clock is the caller's.
//!
//! The generic cell rate algorithm: one number is remembered, the moment at which everything asked so far would be paid for
//! if it had come evenly. It is a bucket of tokens that is filled drop by drop, without anybody who fills it.

/// Microseconds of the window that the quota is for.
const WINDOW: i64 = 60_000_000;
/// Microseconds of a second.
const SECOND: i64 = 1_000_000;

/// The largest quota: there is no smaller interval than a microsecond.
pub const MOST: u32 = 1_000_000;

/// A quota a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    quota: u32,
}

/// What became of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// It may be answered.
    pub granted: bool,
    /// Questions that may follow at once.
    pub left: u32,
    /// Seconds until the whole quota is there again.
    pub full_in: u32,
    /// Seconds after which to ask again; 0 when this one may be answered.
    pub wait: u32,
    /// What to remember of whoever asked: microseconds by the caller's clock. Once that time is there it can be forgotten.
    pub paid: i64,
}

impl Pace {
    /// So many a minute; `None`: as many as one likes.
    pub fn a_minute(quota: u32) -> Option<Self> {
        (quota > 0).then(|| Self {
            quota: quota.min(MOST),
        })
    }

    /// How many a minute.
    pub const fn quota(self) -> u32 {
        self.quota
    }

    /// Somebody asks at `now`, of whom `paid` was remembered.
    pub fn ask(self, paid: Option<i64>, now: i64) -> Asked {
        let quota = i64::from(self.quota);
        let interval = WINDOW / quota;
        let window = interval * quota;
        // Of a clock that was set back nothing is believed that could never have come to be.
        let before = paid.unwrap_or(now).clamp(now, now.saturating_add(window));
        let after = before.saturating_add(interval);
        let over = after.saturating_sub(now).saturating_sub(window);
        let granted = over <= 0;
        let paid = if granted { after } else { before };
        let ahead = paid - now;
        Asked {
            granted,
            left: seconds((window - ahead) / interval),
            full_in: seconds(whole(ahead)),
            wait: if granted {
                0
            } else {
                seconds(whole(over)).max(1)
            },
            paid,
        }
    }
}

/// Whole seconds, rounded up.
const fn whole(micros: i64) -> i64 {
    micros.saturating_add(SECOND - 1).div_euclid(SECOND)
}

fn seconds(number: i64) -> u32 {
    u32::try_from(number.max(0)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nought_is_no_limit() {
        assert_eq!(Pace::a_minute(0), None);
    }

    #[test]
    fn a_whole_quota_may_come_at_once_and_then_one_at_a_time() {
        let pace = Pace::a_minute(60).expect("a limit");
        let mut paid = None;
        for left in (0..60).rev() {
            let asked = pace.ask(paid, 0);
            assert_eq!((asked.granted, asked.left, asked.wait), (true, left, 0));
            paid = Some(asked.paid);
        }
        let asked = pace.ask(paid, 0);
        assert_eq!(
            (asked.granted, asked.left, asked.wait, asked.full_in),
            (false, 0, 1, 60)
        );
        assert_eq!(Some(asked.paid), paid, "what is refused costs nothing");
        assert!(pace.ask(paid, SECOND).granted);
        assert!(!pace.ask(paid, SECOND - 1).granted);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        /// In no minute more than two quotas are answered (one saved up, one that came meanwhile), nobody who keeps to the
        /// pace is ever refused, and whoever waits as long as he is told is answered.
        #[test]
        fn nobody_gets_more_and_nobody_less(quota in 1_u32..2_000, steps in proptest::collection::vec(0_i64..3_000_000, 1..400)) {
            let pace = Pace::a_minute(quota).expect("a limit");
            let (mut now, mut paid, mut granted) = (0_i64, None, Vec::new());
            for step in steps {
                now += step;
                let asked = pace.ask(paid, now);
                prop_assert!(asked.left < quota);
                prop_assert!(asked.full_in <= 60);
                if asked.granted {
                    granted.push(now);
                    paid = Some(asked.paid);
                } else {
                    prop_assert!(asked.wait >= 1);
                    prop_assert!(pace.ask(paid, now + i64::from(asked.wait) * SECOND).granted);
                }
                let lately = granted.iter().filter(|at| **at > now - WINDOW).count();
                prop_assert!(lately <= 2 * quota as usize);
            }
            let even = WINDOW / i64::from(quota) + 1;
            let mut paid = None;
            for n in 0..i64::from(quota.min(500)) {
                let asked = pace.ask(paid, n * even);
                prop_assert!(asked.granted);
                paid = Some(asked.paid);
            }
        }

        /// Whatever is remembered and whatever the clock says, there is an answer.
        #[test]
        fn no_clock_is_too_wrong(quota in 1_u32..=MOST, paid: Option<i64>, now in i64::MIN / 2..i64::MAX / 2) {
            let asked = Pace::a_minute(quota).expect("a limit").ask(paid, now);
            prop_assert!(asked.full_in <= 61);
        }
    }
}
