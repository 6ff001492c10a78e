//! Whom the names in logs and leases mean.

use std::collections::{BTreeSet, HashMap};

use super::{
    db::Tx,
    error::{Error, Result},
    identify::{self, ClientId},
    narrowing::{Growing, Value, text},
};
use crate::domain::observed::{Evidence, Named};

/// Addresses, names or ids in one statement.
pub(super) const AT_ONCE: usize = 1_024;
/// How an ident begins that is our own id of a client.
pub(super) const CLIENT: &str = "c:";

const IDENTS: &str = "SELECT ident, client_id FROM identities WHERE estate = ? AND ident IN (";
const CALLED: &str = "SELECT id, sort_key, fqdn FROM clients WHERE estate = ? AND sort_key IN (";

#[derive(sqlx::FromRow)]
pub(super) struct IdentRow {
    pub(super) ident: String,
    pub(super) client_id: Vec<u8>,
}

#[derive(sqlx::FromRow)]
struct CalledRow {
    id: Vec<u8>,
    sort_key: String,
    fqdn: Option<String>,
}

pub(super) fn id_of(bytes: &[u8]) -> Result<ClientId> {
    identify::from_bytes(bytes).ok_or_else(|| Error::Inconsistent {
        table: "clients",
        detail: format!("an id of {} bytes", bytes.len()),
    })
}

/// A statement that ends in a list of these values.
pub(super) fn listed(
    start: &'static str,
    before: impl IntoIterator<Item = i64>,
    values: impl ExactSizeIterator<Item = Value> + Clone,
) -> Growing {
    let mut growing = Growing::starting(start);
    growing.and("", before.into_iter().map(Value::Int));
    enumerate(&mut growing, values);
    growing
}

pub(super) fn texts(values: &[String]) -> impl ExactSizeIterator<Item = Value> + Clone {
    values.iter().map(|value| text(value))
}

/// As many values as one of a few lengths, so that few statements are prepared; what stands there twice means nothing else.
pub(super) fn padded(
    values: impl ExactSizeIterator<Item = Value> + Clone,
) -> impl Iterator<Item = Value> {
    let length = values.len().next_power_of_two();
    values.cycle().take(length)
}

/// A list of values.
pub(super) fn enumerate(
    growing: &mut Growing,
    values: impl ExactSizeIterator<Item = Value> + Clone,
) {
    for (index, value) in padded(values).enumerate() {
        growing.and(if index == 0 { "?" } else { ", ?" }, [value]);
    }
}

/// Whom the idents of some evidence name.
pub(super) async fn named(tx: &mut Tx, evidence: &Evidence) -> Result<Named<ClientId>> {
    let mut named: Named<ClientId> = HashMap::new();
    let mut idents: BTreeSet<String> = BTreeSet::new();
    for lease in &evidence.leases {
        match lease.ident.strip_prefix(CLIENT) {
            Some(id) => {
                if let Ok(id) = id.parse() {
                    named.insert(lease.ident.clone(), vec![id]);
                }
            }
            None => {
                idents.insert(lease.ident.clone());
            }
        }
    }
    let machines = evidence.observations.iter().map(|seen| &seen.machine);
    idents.extend(machines.filter(|name| !name.is_empty()).cloned());
    let idents: Vec<String> = idents.into_iter().collect();
    for some in idents.chunks(AT_ONCE) {
        let mut growing = listed(IDENTS, [], texts(some));
        growing.grouped(")");
        let rows: Vec<IdentRow> = growing.statement(tx).all().await?;
        for row in rows {
            let clients = named.entry(row.ident).or_default();
            clients.push(id_of(&row.client_id)?);
        }
    }
    // A list often has no FQDN; then the only client of that name is meant.
    let unknown: Vec<(&String, String)> = idents
        .iter()
        .filter(|ident| !named.contains_key(*ident))
        .filter_map(|ident| Some((ident, bare(ident)?)))
        .collect();
    let wanted: BTreeSet<String> = unknown.iter().map(|(_, name)| name.clone()).collect();
    let wanted: Vec<String> = wanted.into_iter().collect();
    let mut called: HashMap<String, Vec<CalledRow>> = HashMap::new();
    for some in wanted.chunks(AT_ONCE) {
        let mut growing = listed(CALLED, [], texts(some));
        growing.grouped(")");
        let rows: Vec<CalledRow> = growing.statement(tx).all().await?;
        for row in rows {
            called.entry(row.sort_key.clone()).or_default().push(row);
        }
    }
    for (ident, name) in unknown {
        if let Some([client]) = called.get(&name).map(Vec::as_slice)
            && client.fqdn.is_none()
        {
            named.insert(ident.clone(), vec![id_of(&client.id)?]);
        }
    }
    Ok(named)
}

/// The first part of an FQDN that is an ident.
pub(super) fn bare(ident: &str) -> Option<String> {
    let fqdn = ident.strip_prefix("f:")?;
    Some(fqdn.split('.').next().unwrap_or_default().to_lowercase())
}
