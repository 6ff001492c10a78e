//! What logs cover: which systems have some of a window, and which site systems are known without any.

use std::collections::{BTreeSet, HashSet};

use super::{
    ESTATE, db::Tx, error::Result, model::Listing, observed_model::SystemSeen, system_roles,
};
use crate::domain::{
    access::Sites,
    time::{DAY, Timestamp},
};

const SYSTEMS: &str = "SELECT s.system, s.site, s.legacy,
  CAST((SELECT COUNT(DISTINCT h.hour / 24) FROM observed_hours h
    WHERE h.estate = s.estate AND h.system = s.system AND h.hour >= $2 AND h.told > 0) AS BIGINT) AS days,
  CAST((SELECT COALESCE(SUM(h.lines), 0) FROM observed_hours h
    WHERE h.estate = s.estate AND h.system = s.system AND h.hour >= $2) AS BIGINT) AS lines
FROM observed_systems s WHERE s.estate = $1 ORDER BY s.system";
/// A system of which logs came in.
#[derive(sqlx::FromRow)]
pub(super) struct SystemRow {
    pub(super) system: String,
    site: String,
    legacy: i64,
    days: i64,
    lines: i64,
}

impl SystemRow {
    /// As it is told; `legacy` is the number of clients that used an old protocol with it.
    pub(super) fn told(self, legacy: Option<i64>) -> SystemSeen {
        SystemSeen {
            legacy: legacy.unwrap_or(self.legacy),
            system: self.system,
            days: self.days,
            lines: self.lines,
        }
    }
}

/// The first day of a window.
pub(super) fn first_day(days: i64, now: Timestamp) -> i64 {
    now.0.div_euclid(DAY) - days + 1
}

/// Systems that may be heard; `None`: all.
pub(super) fn visible(sites: &Sites, systems: &[SystemRow]) -> Option<HashSet<String>> {
    let names = systems.iter().map(|row| row.system.clone());
    sites.is_limited().then(|| names.collect())
}

/// Systems of some sites with logs, and the site systems without any of this window.
pub(super) async fn covered(
    tx: &mut Tx,
    from: i64,
    of_site: impl Fn(&str) -> bool,
) -> Result<(Vec<SystemRow>, Vec<String>)> {
    let systems: Vec<SystemRow> = tx.sql(SYSTEMS).bind(ESTATE).bind(from * 24).all().await?;
    let systems: Vec<SystemRow> = systems
        .into_iter()
        .filter(|row| of_site(&row.site))
        .collect();
    let rows = system_roles::site_systems(tx).await?;
    let known = rows.into_iter().filter(|row| {
        of_site(&row.site) && Listing::from_code(&row.listing).is_some_and(Listing::is_counted)
    });
    let mut without: BTreeSet<String> = known.map(|row| row.name.to_lowercase()).collect();
    for row in systems.iter().filter(|row| row.days > 0) {
        let short = row.system.split('.').next().unwrap_or_default();
        without.remove(&row.system);
        without.remove(short);
    }
    Ok((systems, without.into_iter().collect()))
}
