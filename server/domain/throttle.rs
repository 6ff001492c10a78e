//! How often somebody may try to sign in. Only whoever fails is slowed: an address, and an address with an account. What
//! fails elsewhere never keeps a person out.

use std::collections::HashMap;

/// Attempts at once from one address.
const AT_ONCE: i64 = 5;
/// After these, one in so many milliseconds.
const EVERY: i64 = 20_000;
/// Failures with one account from one address that cost no pause.
const FREE: u32 = 3;
/// The first pause, in milliseconds; each further failure doubles it.
const PAUSE: i64 = 5_000;
/// The longest pause.
const LONGEST_PAUSE: i64 = 15 * 60_000;
/// A failure is forgotten after this.
const FORGOTTEN: i64 = 60 * 60_000;
/// Addresses, and pairs of address and account, that are remembered at most.
const REMEMBERED: usize = 10_000;

/// A network that attempts come from, and an account, as numbers.
pub type Network = u128;
/// An account that is tried, known or not, as a number.
pub type Tried = u64;

#[derive(Clone, Copy, Debug)]
struct Failed {
    times: u32,
    last: i64,
}

impl Failed {
    /// Until when nothing is tried.
    fn until(self) -> i64 {
        let Some(over) = self.times.checked_sub(FREE) else {
            return self.last;
        };
        // Twelve doublings are above the longest pause, and far from overflowing.
        let pause = PAUSE.saturating_mul(1 << over.min(12));
        self.last + pause.min(LONGEST_PAUSE)
    }
}

/// Who failed lately. Times are milliseconds of any clock that does not go back.
#[derive(Debug, Default)]
pub struct Throttle {
    // Until when all attempts of a network are paid for.
    paid: HashMap<Network, i64>,
    failed: HashMap<(Network, Tried), Failed>,
    told: HashMap<Network, i64>,
}

impl Throttle {
    /// An attempt is made.
    ///
    /// # Errors
    /// Not now: in so many seconds.
    pub fn attempt(&mut self, from: Network, tried: Tried, now: i64) -> Result<(), u32> {
        let paid = self.paid.get(&from).copied().unwrap_or(now).max(now);
        let full = paid + EVERY - AT_ONCE * EVERY;
        let pause = self
            .failed
            .get(&(from, tried))
            .map_or(now, |failed| failed.until());
        let wait = full.max(pause) - now;
        if wait > 0 {
            return Err(u32::try_from(wait.saturating_add(999) / 1_000).unwrap_or(u32::MAX));
        }
        make_room(&mut self.paid, &from, |paid| *paid > now);
        self.paid.insert(from, paid + EVERY);
        Ok(())
    }

    /// The attempt was right: it costs nothing, and what failed before is forgotten.
    pub fn right(&mut self, from: Network, tried: Tried) {
        if let Some(paid) = self.paid.get_mut(&from) {
            *paid -= EVERY;
        }
        self.failed.remove(&(from, tried));
    }

    /// The attempt was never looked at: it costs nothing.
    pub fn not_looked_at(&mut self, from: Network) {
        if let Some(paid) = self.paid.get_mut(&from) {
            *paid -= EVERY;
        }
    }

    /// The attempt was wrong.
    pub fn wrong(&mut self, from: Network, tried: Tried, now: i64) {
        let pair = (from, tried);
        let before = self.failed.get(&pair).copied();
        let times = before
            .filter(|failed| now - failed.last < FORGOTTEN)
            .map_or(0, |failed| failed.times);
        make_room(&mut self.failed, &pair, |failed| {
            now - failed.last < FORGOTTEN
        });
        let times = times.saturating_add(1);
        self.failed.insert(pair, Failed { times, last: now });
    }

    /// Whether it is to be written down that this network was slowed: once a minute.
    pub fn tell(&mut self, from: Network, now: i64) -> bool {
        if self.told.get(&from).is_some_and(|at| now - at < 60_000) {
            return false;
        }
        make_room(&mut self.told, &from, |at| now - *at < 60_000);
        self.told.insert(from, now);
        true
    }
}

/// Before `key` comes in: whoever says nothing any more goes, and if that is not enough, everybody. Whoever has so many
/// addresses gains nothing by it, and nobody is kept out for want of room.
fn make_room<K: std::hash::Hash + Eq, V>(
    map: &mut HashMap<K, V>,
    key: &K,
    still_says_something: impl Fn(&V) -> bool,
) {
    if map.len() >= REMEMBERED && !map.contains_key(key) {
        map.retain(|_, value| still_says_something(value));
        if map.len() >= REMEMBERED {
            map.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tries and fails.
    fn fail(throttle: &mut Throttle, from: Network, tried: Tried, now: i64) -> Result<(), u32> {
        throttle.attempt(from, tried, now)?;
        throttle.wrong(from, tried, now);
        Ok(())
    }

    #[test]
    fn an_address_has_five_attempts_and_then_one_in_twenty_seconds() {
        let mut throttle = Throttle::default();
        // Each with another account, so that no pause of an account is in the way.
        for n in 0..5 {
            assert_eq!(fail(&mut throttle, 1, n, 0), Ok(()), "{n}");
        }
        assert_eq!(fail(&mut throttle, 1, 9, 0), Err(20));
        assert_eq!(fail(&mut throttle, 1, 9, 19_999), Err(1));
        assert_eq!(fail(&mut throttle, 1, 9, 20_000), Ok(()));
        assert_eq!(fail(&mut throttle, 1, 10, 20_000), Err(20));
        assert_eq!(fail(&mut throttle, 2, 9, 20_000), Ok(()), "another address");
    }

    #[test]
    fn who_fails_elsewhere_never_keeps_a_person_out() {
        let mut throttle = Throttle::default();
        for n in 0..1_000 {
            let _ = fail(&mut throttle, 1, 7, n * 100);
        }
        assert!(throttle.attempt(1, 7, 100_000).is_err());
        assert_eq!(throttle.attempt(2, 7, 100_000), Ok(()));
    }

    #[test]
    fn pauses_grow_have_an_end_and_are_forgotten() {
        let mut throttle = Throttle::default();
        let mut now = 0;
        let mut waits = Vec::new();
        for _ in 0..16 {
            while let Err(wait) = throttle.attempt(1, 7, now) {
                now += i64::from(wait) * 1_000;
            }
            throttle.wrong(1, 7, now);
            // The bucket of the address is full again by then.
            let wait = throttle.failed[&(1, 7)].until() - now;
            waits.push(wait / 1_000);
            now += wait.max(100_000);
        }
        assert_eq!(waits[..8], [0, 0, 5, 10, 20, 40, 80, 160]);
        assert_eq!(waits.last(), Some(&900));
        now += FORGOTTEN;
        assert_eq!(fail(&mut throttle, 1, 7, now), Ok(()));
        assert_eq!(throttle.failed[&(1, 7)].times, 1);
        throttle.right(1, 7);
        assert!(throttle.failed.is_empty());
    }

    #[test]
    fn who_signs_in_rightly_is_never_slowed() {
        let mut throttle = Throttle::default();
        for _ in 0..100 {
            assert_eq!(throttle.attempt(1, 7, 0), Ok(()));
            throttle.right(1, 7);
        }
    }

    #[test]
    fn any_number_of_addresses_takes_no_more_room() {
        let mut throttle = Throttle::default();
        for n in 0..3 * REMEMBERED as u128 {
            let _ = fail(&mut throttle, n, 7, 0);
            throttle.tell(n, 0);
        }
        assert!(throttle.paid.len() <= REMEMBERED);
        assert!(throttle.failed.len() <= REMEMBERED);
        assert!(throttle.told.len() <= REMEMBERED);
    }
}
