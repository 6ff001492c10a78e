//! What a source speaks of, in two numbers: tells without reading a source again whether a newer one leaves nothing of it.

use super::keys::{JUDGED, is_redirected, is_sure, is_whole, says_anything};
use crate::domain::facts::{Contradicted, Facts};

/// Of a fact that is never told in two ways: the more careful one of two is taken.
const NEVER: &str = "never told in two ways";

/// Which facts a source speaks of, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Facts it says anything about.
    pub touched: i64,
    /// Facts about which it says everything, so that an older source has nothing to add.
    pub whole: i64,
}

impl Coverage {
    /// What a source with these facts speaks of.
    pub fn of(facts: &Facts) -> Self {
        let mut coverage = Self::default();
        let mut bit = 0;
        let mut fact = |said: bool, everything: bool| {
            coverage.touched |= i64::from(said) << bit;
            coverage.whole |= i64::from(everything) << bit;
            bit += 1;
        };
        let sure = is_sure(facts);
        // What was told in two ways is spoken of, though nothing is known of it.
        let doubted = |code: &str| {
            let is = |fact: &Contradicted| matches!(fact, Contradicted::Other(name) if name.starts_with(code));
            facts.contradicted.iter().any(is)
        };
        for (key, names) in JUDGED {
            let reading = facts.registry.key(key);
            let said = reading.is_some_and(|reading| says_anything(reading, names))
                || facts
                    .contradicted
                    .iter()
                    .any(|fact| fact.key() == Some(key));
            let everything = reading.is_some_and(is_whole);
            if is_redirected(key) {
                // A reading in doubt leaves everything of one that is not; the other way round it leaves nothing.
                fact(said && sure, everything && sure);
                fact(said && !sure, everything);
            } else {
                fact(said, everything);
            }
        }
        let os = &facts.os;
        let has_version = os.version.is_some();
        // A build number alone is what a version says as well.
        fact(
            !has_version && os.registry_build.is_some(),
            has_version || os.registry_build.is_some(),
        );
        let files = facts.files.clone().unwrap_or_default();
        for (said, code) in [
            (has_version, "os.version"),
            (os.platform.is_some(), NEVER),
            (os.product_type.is_some(), "os.product_type"),
            (os.bits.is_some(), "os.architecture"),
            (os.service_pack.is_some(), "os.service_pack"),
            (os.sku.is_some(), "os.sku"),
            (os.suite_mask.is_some(), "os.suite_mask"),
            (os.last_boot_at.is_some(), NEVER),
            (files.winhttp.is_some(), "file:"),
            (files.webio.is_some(), "file:"),
            (files.schannel.is_some(), "file:"),
            (files.wsus_service.is_some(), "file:"),
            (facts.cipher_suites.is_some(), "cipher_suites"),
            (facts.software.is_some(), "software"),
            (!facts.roles.is_empty(), NEVER),
        ] {
            fact(said || doubted(code), said);
        }
        let listed = facts.hotfixes.is_some();
        fact(listed || doubted("hotfix:"), listed && !facts.hotfixes_cut);
        // What may have been read later than it says is outdated by nothing that this number could tell of: it has to be
        // read again, and its time looked at.
        fact(facts.time_open, false);
        coverage
    }

    /// Whether a newer source with this coverage leaves nothing for an older one to say.
    pub const fn supersedes(self, older: Self) -> bool {
        older.touched & !self.whole == 0
    }
}
