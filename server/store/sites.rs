//! Which sites are offered for choice: all, as long as they are few.

use super::{Store, error::Result, narrowing::Growing};
use crate::domain::access::Sites;

/// Sites that occur, with how many counted clients of each are not ready.
const WITH_LEFT: &str = "SELECT site, CAST(SUM(CASE WHEN standing = 'ready' OR listing IN ('obsolete', 'decommissioned') THEN 0
  ELSE n END) AS BIGINT) AS remaining FROM counts WHERE estate = ? AND kind = 'client'";
const EACH: &str = " GROUP BY site HAVING SUM(n) > 0 ORDER BY site";

/// So many sites are offered for choice, or shown beside other numbers, at most. Nobody finds one in a longer list, and a page
/// with thousands of them takes as long as all else together.
pub const OFFERED: usize = 40;

#[derive(sqlx::FromRow)]
struct WithLeft {
    site: String,
    remaining: i64,
}

/// Sites to choose from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SitesOffered {
    /// Their codes; the empty one for clients without a known site. In order, or those with most clients left first where not all
    /// are offered.
    pub codes: Vec<String>,
    /// How many further ones there are.
    pub further: usize,
}

impl Store {
    /// The sites that are offered to somebody who may see these.
    pub async fn sites_offered(&self, within: &Sites) -> Result<SitesOffered> {
        let mut tx = self.db.read().await?;
        let mut growing = Growing::starting(WITH_LEFT);
        growing.one_of(" AND site IN (", within);
        growing.grouped(EACH);
        let mut all: Vec<WithLeft> = growing.statement(&mut tx).all().await?;
        let further = all.len().saturating_sub(OFFERED);
        if further > 0 {
            all.sort_by_key(|one| std::cmp::Reverse(one.remaining));
            all.truncate(OFFERED);
        }
        Ok(SitesOffered {
            codes: all.into_iter().map(|one| one.site).collect(),
            further,
        })
    }
}
