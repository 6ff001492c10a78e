//! What a client is called, and was called before.

use super::{
    ESTATE, Store,
    db::Tx,
    error::Result,
    identify::{self, ClientId},
    model::ClientRow,
    narrowing::Value,
    observed_named::{AT_ONCE, id_of, listed},
};
use crate::domain::access::Sites;

const NAMES: &str = "SELECT id, name, site FROM clients WHERE estate = ? AND id IN (";

/// In order of an expression, and as a range of one: SQLite would rather walk through all idents, which are in order, than
/// look two columns up in the index by client.
const CALLED: &str = "SELECT ident FROM identities
WHERE estate = $1 AND client_id BETWEEN $2 AND $2 AND SUBSTR(ident, 1, 2) IN ('n:', 'f:', 'w:') ORDER BY ident || '' LIMIT 100";

/// What a client was called before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Former {
    /// Names, lower-case.
    pub names: Vec<String>,
    /// Fully qualified names.
    pub fqdns: Vec<String>,
}

#[derive(sqlx::FromRow)]
struct Ident {
    ident: String,
}

#[derive(sqlx::FromRow)]
struct NameRow {
    id: Vec<u8>,
    name: String,
    site: String,
}

impl Store {
    /// What these clients are called, in order of their names; who is gone or may not be seen is left out.
    pub async fn names_of(
        &self,
        ids: &[ClientId],
        sites: &Sites,
    ) -> Result<Vec<(String, ClientId)>> {
        let mut tx = self.db.read().await?;
        let mut names = Vec::new();
        for some in ids.chunks(AT_ONCE) {
            let bytes = some.iter().map(|id| Value::Bytes(identify::bytes(*id)));
            let mut growing = listed(NAMES, [], bytes);
            growing.grouped(")");
            for row in growing.statement(&mut tx).all::<NameRow>().await? {
                if sites.holds(&row.site) {
                    names.push((row.name, id_of(&row.id)?));
                }
            }
        }
        names.sort_unstable();
        Ok(names)
    }
}

/// By which FQDN it was found through its name, and what it was called before.
pub(super) async fn called(
    tx: &mut Tx,
    id: ClientId,
    row: &ClientRow,
) -> Result<(Option<String>, Former)> {
    let idents: Vec<Ident> = tx
        .sql(CALLED)
        .bind(ESTATE)
        .bind(identify::bytes(id))
        .all()
        .await?;
    let mut by_name = None;
    let mut former = Former::default();
    for Ident { ident } in idents {
        if let Some(fqdn) = ident.strip_prefix(identify::BY_NAME) {
            by_name = Some(fqdn.to_owned());
        } else if let Some(name) = ident.strip_prefix("n:") {
            if row.name.to_lowercase() != name {
                former.names.push(name.to_owned());
            }
        } else if let Some(fqdn) = ident.strip_prefix("f:")
            && row.ids.fqdn.as_deref() != Some(fqdn)
        {
            former.fqdns.push(fqdn.to_owned());
        }
    }
    Ok((by_name, former))
}
