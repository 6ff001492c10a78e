//! Who is known already: looking clients up by their ids, and remembering new ids and suspicions.

use std::collections::{HashMap, HashSet};

use super::{
    ESTATE,
    db::Conn,
    error::{Error, Result},
    identify::{self, Candidate, ClientId},
    model::Listing,
    rows::Rows,
};
use crate::domain::{
    access::Sites,
    evidence::{Coverage, Trust},
    identity::ClientIds,
    time::Timestamp,
    verdict::Standing,
};

const FIND: &str = include_str!("sql/find_clients.sql");
const IDENTITIES: &str = include_str!("sql/insert_identities.sql");
const SUSPECTS: &str = include_str!("sql/insert_suspects.sql");
const MARK: &str = include_str!("sql/mark_duplicates.sql");

/// A client as found by its idents.
#[derive(Debug, sqlx::FromRow)]
struct Found {
    /// Which idents, by their places in what was asked, with commas between.
    places: String,
    id: Vec<u8>,
    name: String,
    sms_guid: Option<String>,
    resource_id: Option<i64>,
    site: String,
    fqdn: Option<String>,
    smbios_guid: Option<String>,
    serial_number: Option<String>,
    seen_at: Option<i64>,
    content_hash: Option<Vec<u8>>,
    listing: String,
    standing: String,
    verdict: Option<String>,
    stale_at: Option<i64>,
    os_key: String,
    sent_token: String,
    sent_from: String,
    sources: i64,
    touched: i64,
    whole: i64,
    trust: i64,
    roles: String,
}

impl Found {
    fn understood(self) -> Result<(String, ClientId, State)> {
        let broken = |detail: String| Error::Inconsistent {
            table: "clients",
            detail,
        };
        let id = identify::from_bytes(&self.id)
            .ok_or_else(|| broken(format!("an id of {} bytes", self.id.len())))?;
        let listing = Listing::from_code(&self.listing)
            .ok_or_else(|| broken(format!("the listing {:?}", self.listing)))?;
        let state = State {
            ids: ClientIds {
                sms_guid: self.sms_guid,
                resource_id: self.resource_id,
                site_code: Some(self.site).filter(|site| !site.is_empty()),
                name: Some(self.name),
                fqdn: self.fqdn,
                smbios_guid: self.smbios_guid,
                serial_number: self.serial_number,
            },
            listing,
            seen_at: self.seen_at,
            content_hash: self.content_hash,
            standing: Standing::from_code(&self.standing),
            verdict: self.verdict.as_deref().and_then(Standing::from_code),
            stale_at: self.stale_at,
            os_key: self.os_key,
            sent_token: self.sent_token,
            sent_from: self.sent_from,
            sources: self.sources,
            coverage: Coverage {
                touched: self.touched,
                whole: self.whole,
            },
            trust: Trust::from_level(self.trust),
            roles: self.roles,
        };
        Ok((self.places, id, state))
    }
}

/// The FQDN of a client that was found by its name. Also where the report came late: the client must not be taken for
/// another machine of that name afterwards.
const NAME_FULLY: &str = "WITH v (client_id, fqdn) AS ({rows})
UPDATE clients SET fqdn = v.fqdn FROM v
WHERE clients.estate = $1 AND clients.id = v.client_id AND clients.fqdn IS NULL RETURNING clients.id";

/// A client with one column: its id.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct IdRow {
    #[sqlx(rename = "id")]
    pub(super) id: Vec<u8>,
}

#[derive(Debug, sqlx::FromRow)]
pub(super) struct ClientIdRow {
    pub(super) client_id: Vec<u8>,
}

/// What is known about clients that were looked up.
#[derive(Debug, Default)]
pub(super) struct Known {
    by_ident: HashMap<String, Vec<Candidate>>,
    pub(super) state: HashMap<ClientId, State>,
}

/// How a known client stands, as far as writing needs it.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) ids: ClientIds,
    pub(super) listing: Listing,
    pub(super) seen_at: Option<i64>,
    pub(super) content_hash: Option<Vec<u8>>,
    pub(super) standing: Option<Standing>,
    pub(super) verdict: Option<Standing>,
    pub(super) stale_at: Option<i64>,
    pub(super) os_key: String,
    /// With which token, and from where, it was heard last.
    pub(super) sent_token: String,
    pub(super) sent_from: String,
    pub(super) sources: i64,
    pub(super) coverage: Coverage,
    pub(super) trust: Trust,
    /// Site system roles as stored.
    pub(super) roles: String,
}

impl Known {
    /// Looks up which clients carry these idents. Those of one machine should stand together: so many are looked up at
    /// once, and a client is read once for those that are.
    pub(super) async fn find(
        conn: &mut Conn,
        idents: impl IntoIterator<Item = String>,
    ) -> Result<Self> {
        let mut asked = HashSet::new();
        let idents: Vec<String> = idents
            .into_iter()
            .filter(|ident| asked.insert(ident.clone()))
            .collect();
        let rows = Rows::default()
            .int((0..).take(idents.len()).map(Some))
            .text(idents.iter().map(|ident| Some(ident.as_str())));
        let found: Vec<Found> = conn.many(FIND, &[ESTATE], &rows).await?;
        let mut known = Self::default();
        for row in found {
            let (places, id, state) = row.understood()?;
            for place in places.split(',') {
                let ident = place
                    .parse()
                    .ok()
                    .and_then(|place: usize| idents.get(place));
                let Some(ident) = ident else {
                    return Err(Error::Inconsistent {
                        table: "identities",
                        detail: format!("the place {place:?} of an ident that nobody asked for"),
                    });
                };
                let candidate = Candidate {
                    id,
                    ids: state.ids.clone(),
                    listing: state.listing,
                };
                known
                    .by_ident
                    .entry(ident.clone())
                    .or_default()
                    .push(candidate);
            }
            known.state.insert(id, state);
        }
        for candidates in known.by_ident.values_mut() {
            candidates.sort_unstable_by_key(|candidate| candidate.id);
        }
        Ok(known)
    }

    /// Whom these ids name.
    pub(super) fn resolve(
        &self,
        ids: &ClientIds,
        speaker: identify::Speaker,
    ) -> Option<identify::Resolution> {
        identify::resolve(ids, &self.by_ident, speaker)
    }

    /// The same, as somebody sees it who may see these sites: clients that are known at another are not there. Who is at no
    /// known site is.
    pub(super) fn in_sight(&self, sites: &Sites) -> Self {
        let seen = |ids: &ClientIds| {
            let site = ids.site_code.as_deref();
            site.is_none_or(|site| sites.holds(site))
        };
        let by_ident = self.by_ident.iter().map(|(ident, candidates)| {
            let seen = candidates.iter().filter(|one| seen(&one.ids));
            (ident.clone(), seen.cloned().collect())
        });
        let state = self.state.iter().filter(|(_, state)| seen(&state.ids));
        Self {
            by_ident: by_ident.collect(),
            state: state.map(|(id, state)| (*id, state.clone())).collect(),
        }
    }

    /// The names of the clients that these ids fit equally well, where no choice can be made.
    pub(super) fn several(&self, ids: &ClientIds, speaker: identify::Speaker) -> Vec<String> {
        identify::several(ids, &self.by_ident, speaker)
            .into_iter()
            .map(|candidate| candidate.ids.display_name())
            .collect()
    }

    /// The two known machines that these ids name at once, where they do.
    pub(super) fn two<'k>(
        &'k self,
        ids: &'k ClientIds,
        speaker: identify::Speaker,
    ) -> Option<identify::Two<'k>> {
        identify::two(ids, &self.by_ident, speaker)
    }

    /// Whether it is written down already that this client carries this ident.
    pub(super) fn carries(&self, id: ClientId, ident: &str) -> bool {
        let carriers = self.by_ident.get(ident);
        carriers.is_some_and(|carriers| carriers.iter().any(|carrier| carrier.id == id))
    }

    /// The clients that carry an ident, as far as they were looked up.
    pub(super) fn carriers(&self, ident: &str) -> impl Iterator<Item = ClientId> {
        let carriers = self.by_ident.get(ident).into_iter().flatten();
        carriers.map(|carrier| carrier.id)
    }

    /// Whether a client with this id was found.
    pub(super) fn has(&self, id: ClientId) -> bool {
        self.state.contains_key(&id)
    }
}

/// Machines that are new in the same batch do not find each other in the database; this finds them.
#[derive(Debug, Default)]
pub(super) struct Met(HashMap<String, ClientId>);

impl Met {
    /// Notes a client and answers who was met before with an id that raises a suspicion.
    pub(super) fn note(
        &mut self,
        ids: &ClientIds,
        id: ClientId,
    ) -> Vec<(ClientId, ClientId, &'static str)> {
        identify::all_idents(ids)
            .into_iter()
            .filter_map(|ident| {
                let shares = identify::suspicion(&ident)?;
                let other = *self.0.entry(ident).or_insert(id);
                (other != id).then_some((id, other, shares))
            })
            .collect()
    }
}

/// Roles as stored: `,role,role,`, so that one can be looked for whole.
pub(super) fn packed_roles(roles: &[String]) -> String {
    if roles.is_empty() {
        String::new()
    } else {
        format!(",{},", roles.join(","))
    }
}

/// The single roles of what [`packed_roles`] made.
pub(super) fn unpacked_roles(packed: &str) -> impl Iterator<Item = &str> {
    packed.split(',').filter(|role| !role.is_empty())
}

/// Writes down by which ids clients are known.
pub(super) async fn insert_identities(conn: &mut Conn, fresh: &[(String, ClientId)]) -> Result<()> {
    let rows = Rows::default()
        .text(fresh.iter().map(|(ident, _)| Some(ident.as_str())))
        .bytes(fresh.iter().map(|(_, id)| Some(identify::bytes(*id))));
    let _: Vec<ClientIdRow> = conn.many(IDENTITIES, &[ESTATE], &rows).await?;
    Ok(())
}

/// Writes down how clients are called fully that were found by their names.
pub(super) async fn name_fully(conn: &mut Conn, named: &[(ClientId, String)]) -> Result<()> {
    if named.is_empty() {
        return Ok(());
    }
    let rows = Rows::default()
        .bytes(named.iter().map(|(id, _)| Some(identify::bytes(*id))))
        .text(named.iter().map(|(_, fqdn)| Some(fqdn.as_str())));
    let _: Vec<IdRow> = conn.many(NAME_FULLY, &[ESTATE], &rows).await?;
    Ok(())
}

/// Writes down pairs of records that may be one machine, both ways, and marks both.
pub(super) async fn insert_suspects(
    conn: &mut Conn,
    suspects: &[(ClientId, ClientId, &'static str)],
    now: Timestamp,
) -> Result<()> {
    if suspects.is_empty() {
        return Ok(());
    }
    let pairs: HashSet<(ClientId, ClientId, &str)> = suspects
        .iter()
        .flat_map(|&(a, b, shares)| [(a, b, shares), (b, a, shares)])
        .collect();
    let rows = Rows::default()
        .bytes(pairs.iter().map(|(a, _, _)| Some(identify::bytes(*a))))
        .bytes(pairs.iter().map(|(_, b, _)| Some(identify::bytes(*b))))
        .text(pairs.iter().map(|(_, _, shares)| Some(*shares)));
    let _: Vec<ClientIdRow> = conn.many(SUSPECTS, &[ESTATE, now.0], &rows).await?;
    let clients: HashSet<ClientId> = pairs.iter().map(|(a, _, _)| *a).collect();
    let rows = Rows::default().bytes(clients.into_iter().map(|id| Some(identify::bytes(id))));
    let _: Vec<IdRow> = conn.many(MARK, &[ESTATE], &rows).await?;
    Ok(())
}
