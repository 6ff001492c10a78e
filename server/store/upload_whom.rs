//! Whom the rows of an upload are about, looked up without changing anything.

use super::{
    Store,
    db::Conn,
    error::Result,
    forecast::{Met, Saying, forecast},
    identify::{self, ClientId, Speaker},
    incoming::Sender,
    known::Known,
    upload_model::RowOutcome,
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
pub struct Matcher {
    conn: Conn,
    met: Met,
}

impl Matcher {
    /// Whom these rows are about when `sender` sends them, and what storing them would do. The writer resolves them the
    /// same way.
    pub async fn look(
        &mut self,
        rows: &[Saying],
        sender: &Sender,
    ) -> Result<Vec<(Whom, RowOutcome)>> {
        let idents = rows.iter().flat_map(|row| identify::all_idents(&row.ids));
        let known = Known::find(&mut self.conn, idents).await?;
        let whom: Vec<Whom> = rows
            .iter()
            .map(|row| whom(&known, &row.ids, sender.speaker()))
            .collect();
        let both: Vec<(&Saying, &Whom)> = rows.iter().zip(&whom).collect();
        let (conn, met) = (&mut self.conn, &mut self.met);
        let outcomes = forecast(conn, &known, met, &both, sender.trust).await?;
        Ok(whom.into_iter().zip(outcomes).collect())
    }
}

pub(super) fn whom(known: &Known, ids: &ClientIds, speaker: Speaker) -> Whom {
    let Some(resolution) = known.resolve(ids, speaker) else {
        return Whom::Nobody;
    };
    let several = known.several(ids, speaker);
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
        Ok(Matcher {
            conn: self.db.looking().await?,
            met: Met::new(),
        })
    }
}
