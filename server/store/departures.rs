//! Who leaves the count, or the site where it was counted, by a list: told by client, and added up over lists, so that neither an
//! exchange of names nor many small steps hide what one step would not.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{
    ESTATE,
    db::Conn,
    error::Result,
    identify::{self, ClientId},
    known::{IdRow, unpacked_roles},
    leavers::{How, Leavers, Stand},
    rows::Rows,
    system_roles::{self, RolesOf},
};
use crate::domain::{
    access::Sites,
    assess::carries_contact,
    time::{DAY, Timestamp},
};

/// Who may leave the count by an upload: counted now, and named by the list before it, or marked by it.
const MAY_LEAVE: &str = "SELECT m.client_id, c.site, c.roles || COALESCE(m.roles, '') AS roles
FROM members m JOIN clients c ON c.estate = m.estate AND c.id = m.client_id
WHERE m.estate = $1 AND m.list_name = $2 AND (m.list_id <> $3 OR m.listing <> 'expected')
  AND c.listing NOT IN ('obsolete', 'decommissioned')";
const STILL: &str = "WITH v (client_id) AS ({rows})
SELECT c.id FROM v CROSS JOIN clients c
WHERE c.estate = $1 AND c.id = v.client_id AND c.listing NOT IN ('obsolete', 'decommissioned')";
const FORGET_OLD: &str = "DELETE FROM departures WHERE estate = $1 AND at <= $2";
const LATELY: &str = "SELECT site, CAST(COALESCE(SUM(gone), 0) AS BIGINT) AS gone,
  CAST(COALESCE(SUM(moved), 0) AS BIGINT) AS moved
FROM departures WHERE estate = $1 GROUP BY site";
const NOTE: &str = "WITH v (site, gone, moved) AS ({rows})
INSERT INTO departures (estate, at, site, gone, moved) SELECT $1, $2, site, gone, moved FROM v WHERE TRUE
ON CONFLICT (estate, at, site) DO UPDATE SET
  gone = departures.gone + excluded.gone, moved = departures.moved + excluded.moved
RETURNING site, gone, moved";
const FORGET_SITES: &str = "WITH v (site) AS ({rows})
DELETE FROM departures WHERE estate = $1 AND site IN (SELECT site FROM v) RETURNING site, gone, moved";

/// For so long those count along who left without being asked about.
const LATELY_FOR: i64 = 30 * DAY;
/// One part in so many may leave without being asked about.
const PART: i64 = 20;
/// So many may leave a site in that time, however small it is: else each machine that a small site gives back is asked about.
const OF_A_SITE: i64 = 1;
/// So many sites are named in a sentence.
const NAMED: usize = 5;

#[derive(sqlx::FromRow)]
struct Counted {
    client_id: Vec<u8>,
    site: String,
    roles: String,
}

#[derive(sqlx::FromRow)]
struct Lately {
    site: String,
    gone: i64,
    moved: i64,
}

/// A client whose site a list changes, or that has none, and is given its first by somebody who is limited to sites.
#[derive(Clone, Debug)]
pub(super) struct Moved {
    /// Where it was counted; empty: at no known site.
    pub(super) from: String,
    /// What the list says.
    pub(super) to: String,
    /// The clients of a site hang on it.
    pub(super) contact: bool,
}

/// A client that may leave the count.
pub(super) struct MayGo {
    /// Where it is counted.
    site: String,
    /// The clients of a site hang on it.
    contact: bool,
}

/// What happens at one site.
#[derive(Clone, Copy, Debug, Default)]
struct AtSite {
    before: i64,
    gone: i64,
    moved: i64,
    lately: i64,
}

impl AtSite {
    const fn leave(self) -> i64 {
        self.gone + self.moved
    }

    const fn shrinks(self) -> bool {
        let all = self.leave() + self.lately;
        self.leave() > 0 && all > OF_A_SITE && is_more_than_a_part(all, self.before + self.lately)
    }
}

const fn is_more_than_a_part(n: i64, of: i64) -> bool {
    n.saturating_mul(PART) > of
}

/// Who leaves by a list that is not in force yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Departures {
    gone: Stand,
    moved: Stand,
    /// How many go from one site to another.
    ways: BTreeMap<(String, String), i64>,
    /// Of those that go, from no known site.
    placed: i64,
    /// Called something on which clients of a site hang until now, and by no list any more, nor by what they report.
    stripped: i64,
    sites: BTreeMap<String, AtSite>,
    /// Before, of the sites of whoever sends the list.
    before: i64,
    /// Of these, gone lately without being asked about.
    lately_gone: i64,
    /// And moved.
    lately_moved: i64,
}

/// Those who may leave the count, before it is settled who does.
pub(super) struct MayLeave {
    may_go: HashMap<ClientId, MayGo>,
    /// Whom the list called something on which clients of a site hang, before.
    called: HashSet<ClientId>,
}

impl MayLeave {
    /// Looks who may leave by the upload `list_id` of a list, whose rows are written already. `called`: by which roles the list
    /// called whom before that.
    pub(super) async fn now(
        conn: &mut Conn,
        name: &str,
        list_id: i64,
        called: RolesOf,
    ) -> Result<Self> {
        let rows: Vec<Counted> = conn
            .sql(MAY_LEAVE)
            .bind(ESTATE)
            .bind(name)
            .bind(list_id)
            .all()
            .await?;
        let each = rows.into_iter().filter_map(|row| {
            let id = identify::from_bytes(&row.client_id)?;
            let contact = carries_contact(unpacked_roles(&row.roles));
            let site = row.site;
            Some((id, MayGo { site, contact }))
        });
        Ok(Self {
            may_go: each.collect(),
            called: carrying(called).collect(),
        })
    }

    /// Those who did, now that it is settled.
    async fn who_left(&mut self, conn: &mut Conn) -> Result<HashMap<ClientId, MayGo>> {
        let mut may_go = std::mem::take(&mut self.may_go);
        let rows = Rows::default().bytes(may_go.keys().map(|id| Some(identify::bytes(*id))));
        let still: Vec<IdRow> = conn.many(STILL, &[ESTATE], &rows).await?;
        for row in still {
            if let Some(id) = identify::from_bytes(&row.id) {
                may_go.remove(&id);
            }
        }
        Ok(may_go)
    }
}

impl Departures {
    /// Adds up who left the count, and whose site changed. `before`: how many counted at each site, of those of whoever changes
    /// the list.
    pub(super) async fn of(
        conn: &mut Conn,
        mut may_leave: MayLeave,
        moved: &HashMap<ClientId, Moved>,
        before: &BTreeMap<String, i64>,
        sites: &Sites,
        now: Timestamp,
    ) -> Result<Self> {
        let left = may_leave.who_left(conn).await?;
        let called = may_leave.called;
        let looked_at = left.keys().chain(moved.keys()).chain(&called);
        let looked_at: HashSet<ClientId> = looked_at.copied().collect();
        let leavers = Leavers::look(conn, &looked_at).await?;
        let mut found = Self {
            before: before.values().sum(),
            ..Self::default()
        };
        for (site, n) in before {
            found.sites.entry(site.clone()).or_default().before = *n;
        }
        for (id, gone) in &left {
            let known = moved.get(id).filter(|moved| !moved.from.is_empty());
            let site = known.map_or(&gone.site, |moved| &moved.from);
            let contact = gone.contact || called.contains(id);
            found.gone.add(leavers.leaves(*id, contact));
            found.sites.entry(site.clone()).or_default().gone += 1;
        }
        for (id, moved) in moved {
            let how = leavers.leaves(*id, moved.contact || called.contains(id));
            // Nobody waits for who is ready. And whom a report had taken away, which nobody has looked at, the list takes back.
            let back = leavers.came_from(*id, &moved.to);
            if left.contains_key(id) || how == How::Ready || back {
                continue;
            }
            // Of no known site it counts everywhere, in what may belong there.
            if moved.from.is_empty() {
                found.placed += 1;
            } else {
                found.sites.entry(moved.from.clone()).or_default().moved += 1;
            }
            found.moved.add(how);
            let way = (moved.from.clone(), moved.to.clone());
            *found.ways.entry(way).or_default() += 1;
        }
        let still = called.into_iter().filter(|id| !left.contains_key(id));
        let still: HashSet<ClientId> = still.filter(|id| !leavers.is_judged(*id)).collect();
        let listed: HashSet<ClientId> =
            carrying(system_roles::listed(conn, &still).await?).collect();
        found.stripped = i64::try_from(still.difference(&listed).count()).unwrap_or(i64::MAX);
        found.recall(conn, sites, now).await?;
        Ok(found)
    }

    /// Adds who left lately.
    async fn recall(&mut self, conn: &mut Conn, sites: &Sites, now: Timestamp) -> Result<()> {
        conn.sql(FORGET_OLD)
            .bind(ESTATE)
            .bind(now.plus(-LATELY_FOR).0)
            .execute()
            .await?;
        let lately: Vec<Lately> = conn.sql(LATELY).bind(ESTATE).all().await?;
        for row in lately.into_iter().filter(|row| sites.holds(&row.site)) {
            self.lately_gone += row.gone;
            self.lately_moved += row.moved;
            self.sites.entry(row.site).or_default().lately = row.gone + row.moved;
        }
        Ok(())
    }

    /// How many are no longer counted.
    pub(super) const fn leaving(&self) -> i64 {
        self.gone.all
    }

    /// How many are not ready and are counted at another site.
    pub(super) const fn moving(&self) -> i64 {
        self.moved.all
    }

    /// How many left lately without being asked about.
    pub(super) const fn lately(&self) -> i64 {
        self.lately_gone + self.lately_moved
    }

    /// The blockers that would no longer be counted.
    pub(super) const fn hidden(&self) -> i64 {
        self.gone.blockers()
    }

    /// The blockers that would be counted at another site.
    pub(super) const fn taken_elsewhere(&self) -> i64 {
        self.moved.blockers()
    }

    const fn shrinks_in_all(&self) -> bool {
        self.gone.all > 0
            && is_more_than_a_part(
                self.gone.all + self.lately_gone,
                self.before + self.lately_gone,
            )
    }

    /// Whether more than a twentieth leaves, of all or of one site.
    pub(super) fn shrinks(&self) -> bool {
        self.shrinks_in_all() || self.sites.values().any(|site| site.shrinks())
    }

    /// What would happen, in words that go on after "With this list". `always`: also where nothing has to be asked.
    pub(super) fn words(&self, always: bool) -> Option<String> {
        let (before, leaving, hidden) = (self.before, self.gone.all, self.hidden());
        let shrinks = self.shrinks();
        let mut parts = Vec::new();
        if hidden > 0 {
            parts.push(format!(
                "{} would no longer be counted, because every list that names them marks them obsolete or decommissioned",
                self.gone.told_blockers()
            ));
            if shrinks && hidden < leaving {
                parts.push(format!(
                    "of {before} clients {leaving} would no longer be{}",
                    self.gone.told()
                ));
            }
        } else if leaving > 0 && shrinks || always {
            parts.push(format!(
                "{leaving} of {before} clients would no longer be counted{}",
                self.gone.told()
            ));
        }
        let asked = self.taken_elsewhere() > 0 || self.placed > 0;
        if asked || self.moving() > 0 && (shrinks || always) {
            let who = match (self.moving(), self.moved.suspected) {
                (1, 0) => "1 client that is not ready".to_owned(),
                (1, _) => "1 client that is not surely ready".to_owned(),
                (n, 0) => format!("{n} clients that are not ready"),
                (n, _) => format!("{n} clients that are not surely ready"),
            };
            parts.push(format!(
                "{who}{} would be counted at another site: {}",
                self.moved.told(),
                self.told_ways()
            ));
        }
        if shrinks && !self.shrinks_in_all() {
            parts.extend(self.told_sites());
        }
        if self.stripped > 0 {
            parts.push(format!(
                "{} no longer be called a management point, site server or database, and no report says so",
                if self.stripped == 1 {
                    "1 machine would".to_owned()
                } else {
                    format!("{} machines would", self.stripped)
                }
            ));
        }
        if parts.is_empty() {
            return None;
        }
        if self.lately() > 0 && self.needs_number() {
            parts.push(format!(
                "{} went so in the last 30 days, which nobody was asked about and which counts along",
                clients(self.lately())
            ));
        }
        Some(parts.join("; "))
    }

    /// Whether somebody has to say the number, and why.
    pub(super) fn needs_number(&self) -> bool {
        self.shrinks() || self.taken_elsewhere() > 0 || self.placed > 0
    }

    fn told_ways(&self) -> String {
        let each = self
            .ways
            .iter()
            .map(|((from, to), n)| format!("{n} from {} to {to}", whose(from)));
        few(each.collect())
    }

    fn told_sites(&self) -> Option<String> {
        let shrinking = self.sites.iter().filter(|(_, site)| site.shrinks());
        let told: Vec<String> = shrinking
            .map(|(code, site)| {
                format!(
                    "{} of the {} of {}",
                    site.leave(),
                    clients(site.before),
                    whose(code)
                )
            })
            .collect();
        (!told.is_empty())
            .then(|| format!("more than a twentieth would leave a site: {}", few(told)))
    }

    /// Writes down who left, to count along next time; or forgets it, where somebody has confirmed the number.
    pub(super) async fn note(
        &self,
        conn: &mut Conn,
        confirmed: bool,
        now: Timestamp,
    ) -> Result<()> {
        let among = |wanted: fn(&AtSite) -> bool| -> Vec<(&String, &AtSite)> {
            self.sites.iter().filter(|(_, of)| wanted(of)).collect()
        };
        if confirmed {
            let asked = among(|of| of.lately > 0);
            let rows = Rows::default().text(asked.iter().map(|(site, _)| Some(site.as_str())));
            let _: Vec<Lately> = conn.many(FORGET_SITES, &[ESTATE], &rows).await?;
        } else {
            let left = among(|of| of.leave() > 0);
            let rows = Rows::default()
                .text(left.iter().map(|(site, _)| Some(site.as_str())))
                .int(left.iter().map(|(_, of)| Some(of.gone)))
                .int(left.iter().map(|(_, of)| Some(of.moved)));
            let _: Vec<Lately> = conn.many(NOTE, &[ESTATE, now.0], &rows).await?;
        }
        Ok(())
    }
}

/// Of some clients those on which clients of a site hang.
fn carrying(roles: RolesOf) -> impl Iterator<Item = ClientId> {
    let carries = |roles: &Vec<String>| carries_contact(roles.iter().map(String::as_str));
    roles
        .into_iter()
        .filter(move |(_, roles)| carries(roles))
        .map(|(id, _)| id)
}

/// How a site is called.
const fn whose(code: &str) -> &str {
    if code.is_empty() {
        "no known site"
    } else {
        code
    }
}

fn clients(n: i64) -> String {
    if n == 1 {
        "1 client".to_owned()
    } else {
        format!("{n} clients")
    }
}

/// The first of them, and how many more there are.
fn few(mut told: Vec<String>) -> String {
    let more = told.len().saturating_sub(NAMED);
    told.truncate(NAMED);
    let told = told.join(", ");
    if more > 0 {
        format!("{told}, and {more} more")
    } else {
        told
    }
}
