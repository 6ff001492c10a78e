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
    /// Its strongest id is that of one machine, and its name that of another.
    Two {
        /// What the first one was found by, for people.
        kind: &'static str,
        /// The name of the machine that has the id.
        by_id: String,
        /// The name that the row has, and another known machine.
        by_name: String,
    },
    /// Nothing in it names anybody.
    Nobody,
}

impl Whom {
    /// Why a row that could be about several clients is not taken; `None`: it could not.
    pub fn ambiguous(&self) -> Option<String> {
        match self {
            Self::Several(names) => Some(format!(
                "Several known clients fit what this row says of its device ({}), so whom it is about is not known. Add the fully qualified name, the resource id with the site code, or the Configuration Manager GUID.",
                names.join(", ")
            )),
            Self::Two {
                kind,
                by_id,
                by_name,
            } => Some(format!(
                "This row names two known clients: its {kind} is that of {by_id}, and its name is that of {by_name}, which is known by another {kind}. So whom it is about is not known. Correct the name or the {kind}. If {by_id} was renamed to {by_name}, first upload an expected list in which the old record of {by_name} is obsolete, and then send this row again."
            )),
            Self::Known(..) | Self::New(_) | Self::Nobody => None,
        }
    }
}

/// Looks clients up without changing anything, on a connection of its own.
#[derive(Debug)]
pub struct Matcher {
    conn: Conn,
    met: Met,
}

impl Matcher {
    /// Whom these rows are about when `sender` sends them, and what storing them would do. The writer resolves them the
    /// same way. To a sender for some sites clients of others are nobody: what comes of a row about one of them is found out
    /// when it is stored, and not by looking.
    pub async fn look(
        &mut self,
        rows: &[Saying],
        sender: &Sender,
    ) -> Result<Vec<(Whom, RowOutcome)>> {
        let idents = rows.iter().flat_map(|row| identify::all_idents(&row.ids));
        let mut known = Known::find(&mut self.conn, idents).await?;
        if sender.sites.limit().is_some() {
            known = known.in_sight(&sender.sites);
        }
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
    if let Some(two) = known.two(ids, speaker) {
        return Whom::Two {
            kind: two.kind,
            by_id: two.by_id.ids.display_name(),
            by_name: two.by_name.ids.display_name(),
        };
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
