//! A log-linear histogram of times: exact to 1.6 %, whatever their range, in a few kilobytes.

use std::time::Duration;

/// Buckets in every doubling, as a power of two.
const FINENESS: u32 = 6;
const BUCKETS: u64 = 1 << FINENESS;

/// Times in microseconds. The greatest is kept as it is.
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
    sum: u64,
    max: u64,
}

/// Below `BUCKETS` one bucket a microsecond; above, `BUCKETS` for every doubling.
fn bucket(micros: u64) -> usize {
    let doublings = (u64::BITS - micros.leading_zeros()).saturating_sub(FINENESS + 1);
    let index = u64::from(doublings) * BUCKETS + (micros >> doublings);
    usize::try_from(index).unwrap_or(usize::MAX)
}

/// The greatest time that falls into a bucket.
fn upper(index: usize) -> u64 {
    let index = index as u64;
    let doublings = (index / BUCKETS).saturating_sub(1);
    (((index - doublings * BUCKETS) + 1) << doublings) - 1
}

impl Histogram {
    /// Adds one time.
    pub fn record(&mut self, time: Duration) {
        // A day is more than any request may take.
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let micros = micros.min(86_400_000_000);
        let index = bucket(micros);
        if index >= self.counts.len() {
            self.counts.resize(index + 1, 0);
        }
        self.counts[index] += 1;
        self.total += 1;
        self.sum += micros;
        self.max = self.max.max(micros);
    }

    /// Adds everything another one has seen.
    pub fn merge(&mut self, other: &Self) {
        if other.counts.len() > self.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.total += other.total;
        self.sum += other.sum;
        self.max = self.max.max(other.max);
    }

    /// The time that `per_mille` in a thousand did not exceed, in microseconds; 0 when nothing was recorded.
    pub fn per_mille(&self, per_mille: u64) -> u64 {
        let wanted = (self.total * per_mille).div_ceil(1_000).max(1);
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return upper(index).min(self.max);
            }
        }
        self.max
    }

    /// Number of times recorded.
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// The greatest time, in microseconds.
    pub const fn max(&self) -> u64 {
        self.max
    }

    /// The mean, in microseconds.
    pub const fn mean(&self) -> u64 {
        match self.sum.checked_div(self.total) {
            Some(mean) => mean,
            None => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_follow_each_other_and_hold_their_bounds() {
        let mut last = 0;
        for micros in (0..100_000).chain((14..30).map(|n| 7_u64 << n)) {
            let index = bucket(micros);
            let top = upper(index);
            assert!(top >= micros && bucket(top) == index, "{micros}");
            assert!((top - micros) * 64 <= micros.max(1), "{micros}: {top}");
            if micros < 100_000 {
                assert!(index == last || index == last + 1);
                last = index;
            }
        }
    }

    #[test]
    fn percentiles_of_a_known_set() {
        let mut all = Histogram::default();
        assert_eq!(all.per_mille(500), 0);
        let mut half = Histogram::default();
        for millis in 1..=1_000 {
            let times = if millis % 2 == 0 { &mut all } else { &mut half };
            times.record(Duration::from_millis(millis));
        }
        all.merge(&half);
        assert_eq!(all.total(), 1_000);
        assert_eq!(all.max(), 1_000_000);
        assert_eq!(all.mean(), 500_500);
        for (per_mille, exact) in [(500, 500_000), (990, 990_000), (999, 999_000)] {
            let found = all.per_mille(per_mille);
            assert!(found >= exact && found <= exact + exact / 50, "{found}");
        }
        assert_eq!(all.per_mille(1_000), 1_000_000);
    }
}
