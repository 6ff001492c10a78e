//! Looks at what reports will need shortly before the writer does, on connections of its own.
//!
//! In a large fleet nearly every report is about a client that nobody has asked about for a day, so its pages are on
//! the disk and not in memory. The one writer would wait for them one after the other. Here several connections wait
//! for them at the same time, while the writer writes the group before. What is found is thrown away: the writer
//! reads it again, from memory, in its own transaction. So nothing depends on this, and any error only costs time.

use futures::future::join_all;

use super::{
    ESTATE,
    db::{Conn, Db},
    error::Result,
    identify,
    incoming::Incoming,
    known::Known,
    rows::Rows,
};

/// Connections that look ahead: as many reads as an ordinary disk does at the same time without being slower.
const LOOKERS: usize = 4;
/// Below this size the whole file is in memory anyway, and looking ahead is only work: 256 MiB.
const WORTH_IT: u64 = 256 << 20;

const HISTORY: &str = "WITH v (client_id) AS ({rows})
SELECT h.client_id AS id FROM v CROSS JOIN history h WHERE h.estate = $1 AND h.client_id = v.client_id LIMIT 1";

/// Idents and hashes of facts, for each connection.
pub(super) type Wanted = Vec<Vec<(String, [u8; 16])>>;

/// The connections, and whether the database is large enough for them.
pub(super) struct Ahead {
    db: Db,
    conns: Vec<Option<Conn>>,
    /// Groups until the size is looked at again.
    pause: u32,
    worth_it: bool,
}

impl Ahead {
    pub(super) fn new(db: Db) -> Self {
        Self {
            db,
            conns: (0..LOOKERS).map(|_| None).collect(),
            pause: 0,
            worth_it: false,
        }
    }

    /// What these reports need; nothing where the database is small.
    pub(super) fn wanted<'r>(&mut self, reports: impl Iterator<Item = &'r Incoming>) -> Wanted {
        let mut parts = vec![Vec::new(); LOOKERS];
        if self.is_worth_it() {
            for (index, report) in reports.enumerate() {
                if let Some(ident) = identify::matching_idents(&report.ids).into_iter().next() {
                    parts[index % LOOKERS].push((ident, report.content_hash));
                }
            }
        }
        parts
    }

    /// Brings it into memory.
    pub(super) async fn look(&mut self, parts: Wanted) {
        let db = &self.db;
        let looks = self
            .conns
            .iter_mut()
            .zip(parts)
            .filter(|(_, part)| !part.is_empty())
            .map(async |(conn, part)| {
                if let Err(error) = look(db, conn, part).await {
                    tracing::debug!(%error, "looking ahead failed; the writer reads for itself");
                    *conn = None;
                }
            });
        join_all(looks).await;
    }

    fn is_worth_it(&mut self) -> bool {
        if self.pause == 0 {
            self.pause = 1_000;
            let size = self.db.file().and_then(|file| file.metadata().ok());
            self.worth_it = size.is_some_and(|size| size.len() >= WORTH_IT);
        }
        self.pause -= 1;
        self.worth_it
    }
}

async fn look(db: &Db, conn: &mut Option<Conn>, part: Vec<(String, [u8; 16])>) -> Result<()> {
    if conn.is_none() {
        *conn = Some(db.looking().await?);
    }
    let Some(open) = conn else {
        return Ok(());
    };
    let (idents, hashes): (Vec<String>, Vec<[u8; 16]>) = part.into_iter().unzip();
    let found = Known::find(open, idents).await?;
    // New facts get a row in the history; the same facts again do not.
    let changed = found.state.iter().filter(|(_, state)| {
        let hash = state.content_hash.as_deref();
        !hashes.iter().any(|known| hash == Some(&known[..]))
    });
    let rows = Rows::default().bytes(changed.map(|(id, _)| Some(identify::bytes(*id))));
    let _: Vec<super::known::IdRow> = open.many(HISTORY, &[ESTATE], &rows).await?;
    Ok(())
}
