//! What is known of site systems beside what they report: what lists in force call them, and which roles they had before a report
//! that nobody has looked at.

use std::collections::{HashMap, HashSet};

use super::{
    ESTATE,
    db::{Conn, Tx},
    error::Result,
    identify::{self, ClientId},
    known::unpacked_roles,
    rows::Rows,
};

/// Read by the index of those rows that have roles.
const LISTED: &str = "SELECT client_id, COALESCE(site, '') AS site, roles FROM members
WHERE estate = $1 AND roles <> '' AND listing = 'expected'";
const DROPPED: &str = "SELECT client_id, '' AS site, was AS roles FROM suspicions
WHERE estate = $1 AND closed_at IS NULL AND kind = 'roles'";
/// The sites that site systems left by what they said themselves, which nobody has looked at; none: no known one.
const LEFT: &str = "SELECT s.client_id, s.was AS site, '' AS roles FROM suspicions s
JOIN clients c ON c.estate = s.estate AND c.id = s.client_id
WHERE s.estate = $1 AND s.closed_at IS NULL AND s.kind = 'site' AND (c.roles <> '' OR c.id IN (
  SELECT client_id FROM members WHERE estate = $1 AND roles <> '' AND listing = 'expected'
  UNION SELECT client_id FROM suspicions WHERE estate = $1 AND closed_at IS NULL AND kind = 'roles'))";
const LISTED_OF: &str = "WITH v (client_id) AS ({rows})
SELECT m.client_id, COALESCE(m.site, '') AS site, m.roles FROM v CROSS JOIN members m
WHERE m.estate = $1 AND m.client_id = v.client_id AND m.roles <> '' AND m.listing = 'expected'";
const DROPPED_OF: &str = "WITH v (client_id) AS ({rows})
SELECT s.client_id, '' AS site, s.was AS roles FROM v CROSS JOIN suspicions s
WHERE s.estate = $1 AND s.client_id = v.client_id AND s.closed_at IS NULL AND s.kind = 'roles'";
const CALLED: &str = "SELECT client_id, COALESCE(site, '') AS site, roles FROM members
WHERE estate = $1 AND list_name = $2 AND roles <> '' AND listing = 'expected'";
/// Those of either, for a condition about clients.
pub(super) const EITHER: &str =
    "SELECT client_id FROM members WHERE estate = ? AND roles <> '' AND listing = 'expected'
  UNION SELECT client_id FROM suspicions WHERE estate = ? AND closed_at IS NULL AND kind = 'roles'";

/// Those that report a role, those that a list in force calls site systems, and those whose report dropped the role, as long as
/// nobody has looked at that.
const SITE_SYSTEMS: &str =
    "SELECT name, site, listing FROM clients WHERE estate = $1 AND roles <> '' AND sort_key >= ''
UNION SELECT c.name, c.site, c.listing FROM (
  SELECT client_id FROM members WHERE estate = $1 AND roles <> '' AND listing = 'expected'
  UNION SELECT client_id FROM suspicions WHERE estate = $1 AND closed_at IS NULL AND kind = 'roles') s
CROSS JOIN clients c WHERE c.estate = $1 AND c.id = s.client_id";

#[derive(sqlx::FromRow)]
struct Row {
    client_id: Vec<u8>,
    site: String,
    roles: String,
}

/// A machine that is known as a site system.
#[derive(sqlx::FromRow)]
pub(super) struct SiteSystem {
    pub(super) name: String,
    pub(super) site: String,
    pub(super) listing: String,
}

/// All that are known as site systems, whoever says so.
pub(super) async fn site_systems(tx: &mut Tx) -> Result<Vec<SiteSystem>> {
    tx.sql(SITE_SYSTEMS).bind(ESTATE).all().await
}

/// What is known of one of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToldRoles {
    /// Roles, in the spelling of reports.
    pub roles: Vec<String>,
    /// The sites where lists expect it, and those that it left by what it said, which nobody has looked at.
    pub sites: Vec<String>,
    /// It was at no known site before it named one, and nobody has looked at that: it may stand at any.
    pub anywhere: bool,
    /// A report dropped the role, and nobody has looked at that.
    pub dropped: bool,
}

impl ToldRoles {
    fn add<'r>(&mut self, roles: impl Iterator<Item = &'r str>) {
        for role in roles {
            if !self.roles.iter().any(|known| known == role) {
                self.roles.push(role.to_owned());
            }
        }
    }
}

/// Everything of this kind that is known.
pub(super) async fn told(tx: &mut Tx) -> Result<HashMap<ClientId, ToldRoles>> {
    let mut told: HashMap<ClientId, ToldRoles> = HashMap::new();
    let listed: Vec<Row> = tx.sql(LISTED).bind(ESTATE).all().await?;
    for row in listed {
        let Some(id) = identify::from_bytes(&row.client_id) else {
            continue;
        };
        let of = told.entry(id).or_default();
        of.add(unpacked_roles(&row.roles));
        if !row.site.is_empty() && !of.sites.contains(&row.site) {
            of.sites.push(row.site);
        }
    }
    let left: Vec<Row> = tx.sql(LEFT).bind(ESTATE).all().await?;
    for row in left {
        let Some(id) = identify::from_bytes(&row.client_id) else {
            continue;
        };
        let of = told.entry(id).or_default();
        if row.site.is_empty() {
            of.anywhere = true;
        } else if !of.sites.contains(&row.site) {
            of.sites.push(row.site);
        }
    }
    let dropped: Vec<Row> = tx.sql(DROPPED).bind(ESTATE).all().await?;
    for row in dropped {
        let Some(id) = identify::from_bytes(&row.client_id) else {
            continue;
        };
        let of = told.entry(id).or_default();
        of.add(unpacked_roles(&row.roles).map(str::trim));
        of.dropped = true;
    }
    Ok(told)
}

/// Roles of some clients.
pub(super) type RolesOf = HashMap<ClientId, Vec<String>>;

fn by_client(rows: Vec<Row>) -> RolesOf {
    let mut roles_of = RolesOf::new();
    for row in rows {
        if let Some(id) = identify::from_bytes(&row.client_id) {
            let roles = unpacked_roles(&row.roles).map(|role| role.trim().to_owned());
            roles_of.entry(id).or_default().extend(roles);
        }
    }
    roles_of
}

async fn of(
    conn: &mut Conn,
    statement: &'static str,
    clients: &HashSet<ClientId>,
) -> Result<RolesOf> {
    if clients.is_empty() {
        return Ok(RolesOf::new());
    }
    let rows = Rows::default().bytes(clients.iter().map(|id| Some(identify::bytes(*id))));
    conn.many(statement, &[ESTATE], &rows).await.map(by_client)
}

/// The roles by which lists in force call some clients.
pub(super) async fn listed(conn: &mut Conn, clients: &HashSet<ClientId>) -> Result<RolesOf> {
    of(conn, LISTED_OF, clients).await
}

/// The roles that some clients had before a report dropped them, which nobody has looked at.
pub(super) async fn before_drops(conn: &mut Conn, clients: &HashSet<ClientId>) -> Result<RolesOf> {
    of(conn, DROPPED_OF, clients).await
}

/// The roles by which one list calls its clients.
pub(super) async fn called(conn: &mut Conn, list: &str) -> Result<RolesOf> {
    let rows = conn.sql(CALLED).bind(ESTATE).bind(list.to_owned());
    rows.all().await.map(by_client)
}
