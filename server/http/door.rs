//! The door for people: passwords are checked here, a few at a time, and whoever fails is slowed.

use std::{
    hash::{BuildHasher as _, RandomState},
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use tokio::sync::Semaphore;

use crate::{
    clock,
    domain::{
        audit::{Actor, Entry},
        throttle::{Network, Throttle, Tried},
    },
    error::Problem,
    state::App,
    store::sessions::Checked,
};

/// Hashes under way at once: each takes some 20 MB and 40 ms on purpose, and a storm of them must not take the machine.
const AT_ONCE: usize = 2;
/// So many more wait for their turn; whoever comes then is told to come back.
const WAITING: usize = 16;

/// A hash no password fits, so that an unknown name takes as long as a known one.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$3dOsIFXDHaPVcZCNaDJ8ACZQ7wPS+gmfzPSwXWdMXyM";

/// Who failed lately, and how many passwords are being checked; of this process alone.
#[derive(Debug)]
pub struct Door {
    throttle: Mutex<Throttle>,
    // So that nobody can choose names that meet.
    keys: RandomState,
    began: Instant,
    inside: Semaphore,
    checks: Semaphore,
}

impl Default for Door {
    fn default() -> Self {
        Self {
            throttle: Mutex::default(),
            keys: RandomState::default(),
            began: Instant::now(),
            inside: Semaphore::new(AT_ONCE + WAITING),
            checks: Semaphore::new(AT_ONCE),
        }
    }
}

/// What came of a name and a password.
#[derive(Debug)]
pub enum Tries {
    /// They belong together.
    Right(Checked),
    /// They do not.
    Wrong,
    /// Too many failed from there: nothing was looked at, for so many seconds.
    Slowed(u32),
    /// Too many passwords are being checked.
    Full,
}

/// Who is slowed together: an address, or a network of IPv6, of which everybody has many addresses.
pub(super) fn network(from: Option<IpAddr>) -> Network {
    match from.map(|from| from.to_canonical()) {
        Some(IpAddr::V4(v4)) => Network::from(u32::from(v4)),
        // No IPv4 address is as large, whatever the network.
        Some(IpAddr::V6(v6)) => (u128::from(v6) >> 64 << 64) | 1 << 63,
        None => Network::MAX,
    }
}

/// The same, as it is stored.
pub(super) fn network_text(from: Option<IpAddr>) -> String {
    format!("{:032x}", network(from))
}

impl Door {
    fn now(&self) -> i64 {
        i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX / 2)
    }

    fn throttled<T>(&self, work: impl FnOnce(&mut Throttle, i64) -> T) -> T {
        let now = self.now();
        let mut throttle = self.throttle.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut throttle, now)
    }

    fn tried(&self, name: &str) -> Tried {
        self.keys.hash_one(name)
    }

    /// Somebody is about to try something as `name`; answers for how many seconds not, and has it in the audit log. What comes
    /// of it is to be said by one of the three that follow.
    ///
    /// # Errors
    /// The store failed.
    pub async fn may_try(
        &self,
        app: &App,
        from: Option<IpAddr>,
        name: &str,
    ) -> Result<Option<u32>, Problem> {
        let (net, tried) = (network(from), self.tried(name));
        let Err(wait) = self.throttled(|throttle, now| throttle.attempt(net, tried, now)) else {
            return Ok(None);
        };
        if self.throttled(|throttle, now| throttle.tell(net, now)) {
            let entry = Entry::new(clock::now(), Actor::Server, "session.slowed", "sign-in");
            app.store().note(entry.from(from)).await?;
        }
        Ok(Some(wait))
    }

    /// It was right: it costs nothing, and what failed before is forgotten.
    pub fn was_right(&self, from: Option<IpAddr>, name: &str) {
        let (net, tried) = (network(from), self.tried(name));
        self.throttled(|throttle, _| throttle.right(net, tried));
    }

    /// It was wrong.
    pub fn was_wrong(&self, from: Option<IpAddr>, name: &str) {
        let (net, tried) = (network(from), self.tried(name));
        self.throttled(|throttle, now| throttle.wrong(net, tried, now));
    }

    /// It was never looked at: it costs nothing.
    pub fn not_looked_at(&self, from: Option<IpAddr>) {
        let net = network(from);
        self.throttled(|throttle, _| throttle.not_looked_at(net));
    }

    /// Checks a name and a password. An unknown name costs as much as a wrong password. What came of it is in the audit
    /// log, except where it was right: that is said with what is done then.
    ///
    /// # Errors
    /// The store failed.
    pub async fn check(
        &self,
        app: &App,
        from: Option<IpAddr>,
        name: &str,
        password: String,
    ) -> Result<Tries, Problem> {
        if let Some(wait) = self.may_try(app, from, name).await? {
            return Ok(Tries::Slowed(wait));
        }
        let Ok(_place) = self.inside.try_acquire() else {
            self.not_looked_at(from);
            return Ok(Tries::Full);
        };
        let stored = app.store().password_hash(name).await?;
        let known = stored.is_some();
        let hash = stored
            .as_ref()
            .map_or(NOBODY, |stored| stored.password_hash.as_str());
        let hash = hash.to_owned();
        let right = self.hashing(move || verify(&password, &hash)).await?;
        if let Some(stored) = stored.filter(|_| right) {
            self.was_right(from, name);
            return Ok(Tries::Right(stored));
        }
        self.was_wrong(from, name);
        // Passwords get typed where the name belongs, so only names of accounts are written down.
        let (by, subject) = if known {
            (Actor::Person(name.to_owned()), name)
        } else {
            (Actor::Server, "a name that has no account")
        };
        let entry = Entry::new(clock::now(), by, "session.refused", subject);
        app.store().note(entry.from(from)).await?;
        Ok(Tries::Wrong)
    }

    /// Hashes a password that somebody has chosen, when it is its turn.
    ///
    /// # Errors
    /// Too many are being hashed, or the system gave no random salt.
    pub async fn hash(&self, password: String) -> Result<String, Problem> {
        let _place = self.inside.try_acquire().map_err(|_| Problem::Busy)?;
        let hash = self.hashing(move || hash_password(&password)).await?;
        hash.map_err(|error| {
            tracing::error!(error, "a password could not be kept");
            Problem::Internal
        })
    }

    async fn hashing<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let _turn = self.checks.acquire().await.map_err(|_| Problem::Busy)?;
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|_| Problem::Internal)
    }
}

/// Hashes a password with Argon2id (19 MiB, two passes).
///
/// # Errors
/// The system gave no random salt.
pub fn hash_password(password: &str) -> Result<String, String> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| format!("the password could not be hashed: {error}"))
}

fn verify(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_network_of_ipv6_are_one() {
        let of = |text: &str| network(Some(text.parse().expect("an address")));
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.1"));
        assert_ne!(of("::1"), of("0.0.0.1"));
        assert_ne!(of("::1"), network(None));
    }

    #[test]
    fn a_password_fits_its_own_hash_only_and_none_fits_nobody() {
        let hash = hash_password("brown horse, 4 legs").expect("a hash");
        assert!(verify("brown horse, 4 legs", &hash));
        assert!(!verify("brown horse, 5 legs", &hash));
        assert!(PasswordHash::new(NOBODY).is_ok());
        assert!(!verify("", NOBODY));
    }
}
