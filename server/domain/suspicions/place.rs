//! Who is not ready and is taken to another site, and who may say that nothing is behind it.

use super::{Found, Kind};
use crate::domain::{access::Sites, evidence::Trust};

/// How a client stood to sites before a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'k> {
    /// It was known at this one.
    At(&'k str),
    /// It had reported, and its site was not known: it counts as one that may belong anywhere. `claimed`: all that is known of it
    /// was claimed, as the report is.
    Nowhere {
        /// See above.
        claimed: bool,
    },
    /// Nobody had heard it. What it says first is no contradiction.
    Unheard,
}

/// Who says that a client is of a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mover {
    /// How far that is believed.
    pub trust: Trust,
    /// It came with a token, and not by a person.
    pub by_token: bool,
}

/// What is odd about a report that names a site: by it a client would leave the site that waits for it, or blocks elsewhere from
/// now on. `stays_ready`: it was ready until now, and is with this report. Such a client holds nobody up. `listed`: a list in
/// force names this site.
pub fn other_site(
    was: Place<'_>,
    became: Option<&str>,
    stays_ready: bool,
    by: Mover,
    listed: bool,
) -> Option<Found> {
    let became = became.filter(|site| !site.is_empty())?;
    let claims = matches!(by.trust, Trust::Signed | Trust::Claimed);
    let imports = by.trust == Trust::Vouched && by.by_token;
    let (was, odd) = match was {
        Place::At(site) => (
            site,
            !site.eq_ignore_ascii_case(became) && (claims || imports),
        ),
        // Files of a fleet are often uploaded before its clients report where they are: what they say then is believed where
        // a list knows the site.
        Place::Nowhere { claimed } => ("", claims && (claimed || !listed)),
        Place::Unheard => return None,
    };
    (odd && !stays_ready).then(|| Found {
        kind: Kind::Site,
        was: was.to_owned(),
        became: became.to_owned(),
    })
}

/// Whether somebody with these sites may close a suspicion about a client that is known at `site` now. That it went to another
/// site is for those to close who see both: else whoever waits for it at the one would be overruled by the other.
pub fn may_close(kind: Kind, sites: &Sites, site: &str, was: &str, became: &str) -> bool {
    match kind {
        Kind::Burst => !sites.is_limited(),
        Kind::Site => [site, was, became].iter().all(|site| sites.holds(site)),
        _ => sites.holds(site),
    }
}
