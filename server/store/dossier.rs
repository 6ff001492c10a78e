//! Who names a client, and whom it may also be.

use super::{
    ESTATE,
    db::Tx,
    error::{Error, Result},
    identify,
    lists::StoredClient,
    model::{ListedAs, Listing, Suspect},
    narrowing::{Growing, Value},
};
use crate::domain::{access::Sites, lists::ListOrigin, time::Timestamp};

const SUSPECTS: &str = "SELECT c.id, c.name, c.sort_key, c.sms_guid, c.resource_id, c.site, c.fqdn, c.smbios_guid,
  c.serial_number, c.roles, c.owner, c.last_contact, c.listing, c.os_key, c.standing, c.verdict, c.impact, c.deciding,
  c.reasons, c.warnings, c.ruleset, c.verdict_since, c.collected_at, c.received_at, c.stale_at, c.future, c.duplicate,
  s.shares, s.since AS suspect_since
FROM suspects s JOIN clients c ON c.estate = s.estate AND c.id = s.other_id
WHERE s.estate = ? AND s.client_id = ? AND s.settled_at IS NULL";
const IN_ORDER: &str = " ORDER BY c.sort_key, c.id, s.shares LIMIT ?";
const HOW_MANY: &str = "SELECT CAST(COUNT(DISTINCT s.other_id) AS BIGINT)
FROM suspects s JOIN clients c ON c.estate = s.estate AND c.id = s.other_id
WHERE s.estate = ? AND s.client_id = ? AND s.settled_at IS NULL";
const LISTS: &str =
    "SELECT m.list_name, m.listing, m.owner, m.last_contact, l.kind, l.uploaded_at, l.uploaded_by
FROM members m JOIN lists l ON l.estate = m.estate AND l.id = m.list_id
WHERE m.estate = $1 AND m.client_id = $2 ORDER BY m.list_name";

/// Suspected duplicates that one answer shows.
pub const SUSPECTS_SHOWN: usize = 20;
/// Ids that two records can share.
const SHARED: usize = 4;

#[derive(sqlx::FromRow)]
struct StoredSuspect {
    #[sqlx(flatten)]
    client: StoredClient,
    shares: String,
    suspect_since: i64,
}

#[derive(sqlx::FromRow)]
struct StoredMember {
    list_name: String,
    listing: String,
    owner: Option<String>,
    last_contact: Option<String>,
    kind: String,
    uploaded_at: i64,
    uploaded_by: String,
}

/// The first records that may be the same machine, and how many more there are, of those that may be seen.
pub(super) async fn suspects(
    tx: &mut Tx,
    id: identify::ClientId,
    within: &Sites,
    now: Timestamp,
) -> Result<(Vec<Suspect>, i64)> {
    let most = i64::try_from(SUSPECTS_SHOWN * SHARED).unwrap_or(i64::MAX);
    let of_this = |start: &'static str| {
        let mut growing = Growing::starting(start);
        growing.and("", [Value::Bytes(identify::bytes(id))]);
        growing.one_of(" AND c.site IN (", within);
        growing
    };
    let mut first = of_this(SUSPECTS);
    first.and(IN_ORDER, [Value::Int(most)]);
    let rows: Vec<StoredSuspect> = first.statement(tx).all().await?;
    let mut suspects: Vec<Suspect> = Vec::new();
    for row in rows {
        let client = row.client.into_row(now)?;
        let since = Timestamp(row.suspect_since);
        match suspects.last_mut().filter(|last| last.row.id == client.id) {
            Some(last) => {
                last.shares.push(row.shares);
                last.since = last.since.min(since);
            }
            None => suspects.push(Suspect {
                row: client,
                shares: vec![row.shares],
                since,
            }),
        }
    }
    suspects.truncate(SUSPECTS_SHOWN);
    let all: i64 = of_this(HOW_MANY).statement(tx).scalar().await?;
    let shown = i64::try_from(suspects.len()).unwrap_or(i64::MAX);
    Ok((suspects, (all - shown).max(0)))
}

/// Every expected list that names a client, by name.
pub(super) async fn lists(tx: &mut Tx, id: identify::ClientId) -> Result<Vec<ListedAs>> {
    let rows: Vec<StoredMember> = tx
        .sql(LISTS)
        .bind(ESTATE)
        .bind(identify::bytes(id))
        .all()
        .await?;
    rows.into_iter()
        .map(|row| {
            let broken = |what: &str| Error::Inconsistent {
                table: "members",
                detail: format!("{what} in the list {:?}", row.list_name),
            };
            Ok(ListedAs {
                kind: ListOrigin::from_code(&row.kind).ok_or_else(|| broken("the kind"))?,
                listing: Listing::from_code(&row.listing).ok_or_else(|| broken("the listing"))?,
                list: row.list_name,
                owner: row.owner,
                last_contact: row.last_contact,
                uploaded_at: Timestamp(row.uploaded_at),
                uploaded_by: row.uploaded_by,
            })
        })
        .collect()
}
