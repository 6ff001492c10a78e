//! Whom the rows of an upload are about, looked up without changing anything.

use super::{
    Store,
    db::Conn,
    error::Result,
    identify::{self, ClientId, Speaker},
    known::Known,
};
use crate::domain::identity::ClientIds;

/// Whom a row is about, by what is known now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// This client.
    Known(ClientId, String),
    /// Nobody who is known; it would get this id.
    New(ClientId),
    /// Several clients fit, of these names.
    Several(Vec<String>),
    /// Nothing in it names anybody.
    Nobody,
}

/// Looks clients up without changing anything, on a connection of its own.
#[derive(Debug)]
pub struct Matcher(Conn);

impl Matcher {
    /// Whom these ids name, as somebody who is vouched for may name them. The writer resolves them the same way.
    pub async fn whom(&mut self, ids: &[ClientIds]) -> Result<Vec<Whom>> {
        let idents = ids.iter().flat_map(identify::all_idents).collect();
        let known = Known::find(&mut self.0, idents).await?;
        Ok(ids.iter().map(|ids| whom(&known, ids)).collect())
    }
}

pub(super) fn whom(known: &Known, ids: &ClientIds) -> Whom {
    let Some(resolution) = known.resolve(ids, Speaker::List) else {
        return Whom::Nobody;
    };
    let several = known.several(ids, Speaker::List);
    if !several.is_empty() {
        return Whom::Several(several);
    }
    match known.state.get(&resolution.id) {
        Some(state) => {
            let name = state.ids.display_name();
            Whom::Known(resolution.id, name)
        }
        None => Whom::New(resolution.id),
    }
}

impl Store {
    /// Something to look clients up with.
    pub async fn matcher(&self) -> Result<Matcher> {
        Ok(Matcher(self.db.looking().await?))
    }
}
