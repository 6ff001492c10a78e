//! Whether a limited sender may speak of these clients: only of those of its sites, and only of so many new ones.

use std::collections::HashSet;

use super::{
    ESTATE, Store,
    db::Conn,
    error::Result,
    identify::{self, ClientId, Speaker},
    incoming::Sender,
    known::Known,
};
use crate::domain::{
    access::Sites,
    identity::ClientIds,
    time::{HOUR, Timestamp},
};

const MET: &str = "SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) FROM token_hours
WHERE estate = $1 AND token = $2 AND hour = $3";
const COUNT: &str = "INSERT INTO token_hours (estate, token, hour, n) VALUES ($1, $2, $3, $4)
ON CONFLICT (estate, token, hour) DO UPDATE SET n = token_hours.n + excluded.n";
/// Rows of a list that are looked up at once.
const LOOKED_UP: usize = 1_000;
/// Hours that are over decide nothing any more.
const FORGET: &str = "DELETE FROM token_hours WHERE estate = $1 AND hour < $2";

/// Why a record of a limited sender is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The client it names is of a site that the sender may not speak of.
    OtherSite,
    /// Its token has made enough new clients known in this hour.
    TooManyNew(i64),
}

impl Refusal {
    /// In a sentence, as a record's error.
    pub fn words(&self) -> String {
        match self {
            Self::OtherSite => {
                "this client is known at a site that the token does not hold for".to_owned()
            }
            Self::TooManyNew(limit) => format!(
                "this token may make {limit} new clients known in an hour, and has done so; send it again in the next \
                 hour, or have an administrator raise the limit"
            ),
        }
    }
}

/// Why a record that says this site is not taken from this sender, as a record's error; `None`: it may be.
pub fn site_refused(sender: &Sender, site: Option<&str>) -> Option<String> {
    let codes = sender.sites.limit()?;
    if site.is_some_and(|site| sender.sites.holds(site)) {
        return None;
    }
    let only = codes.join(", ");
    Some(match site {
        Some(site) => format!("the token holds for {only} only, and this record says {site}"),
        None => format!("the token holds for {only} only, so each record has to say its site"),
    })
}

impl Store {
    /// Looks which of these records a limited sender may send; one answer each. New clients count for their hour as soon
    /// as they are let in.
    pub async fn admit(
        &self,
        records: Vec<ClientIds>,
        sender: &Sender,
        now: Timestamp,
    ) -> Result<Vec<Option<Refusal>>> {
        let sender = sender.clone();
        self.writer
            .run(move |conn| Box::pin(async move { admit(conn, &records, &sender, now).await }))
            .await
    }
}

impl Store {
    /// Which of these rows of a list are about clients that are known at none of these sites, but at another; one answer each.
    pub async fn known_elsewhere(&self, rows: Vec<ClientIds>, sites: &Sites) -> Result<Vec<bool>> {
        let mut answers = Vec::with_capacity(rows.len());
        for some in rows.chunks(LOOKED_UP) {
            let (some, sites) = (some.to_vec(), sites.clone());
            let found = self.writer.run(move |conn| {
                Box::pin(async move {
                    let known =
                        Known::find(conn, some.iter().flat_map(identify::all_idents)).await?;
                    Ok(some
                        .iter()
                        .map(|ids| is_elsewhere(&known, ids, &sites))
                        .collect::<Vec<_>>())
                })
            });
            answers.extend(found.await?);
        }
        Ok(answers)
    }
}

fn is_elsewhere(known: &Known, ids: &ClientIds, sites: &Sites) -> bool {
    // As the list itself finds its clients, by a name alone where nothing better is there.
    known
        .resolve(ids, Speaker::List { alone: true })
        .and_then(|found| known.state.get(&found.id))
        .and_then(|state| state.ids.site_code.as_deref())
        .is_some_and(|site| !site.is_empty() && !sites.holds(site))
}

async fn admit(
    conn: &mut Conn,
    records: &[ClientIds],
    sender: &Sender,
    now: Timestamp,
) -> Result<Vec<Option<Refusal>>> {
    let idents = records.iter().flat_map(identify::all_idents);
    let known = Known::find(conn, idents).await?;
    let hour = now.0.div_euclid(HOUR);
    let token = sender.token.to_string();
    let mut room = i64::MAX;
    if sender.new_ids > 0 {
        let met: i64 = conn
            .sql(MET)
            .bind(ESTATE)
            .bind(token.clone())
            .bind(hour)
            .scalar()
            .await?;
        room = sender.new_ids - met;
    }
    let mut new: HashSet<ClientId> = HashSet::new();
    let mut answers = Vec::with_capacity(records.len());
    for ids in records {
        let Some(resolution) = known.resolve(ids, sender.speaker()) else {
            answers.push(None);
            continue;
        };
        let site = known
            .state
            .get(&resolution.id)
            .and_then(|state| state.ids.site_code.as_deref());
        answers.push(if site.is_some_and(|site| !sender.sites.holds(site)) {
            Some(Refusal::OtherSite)
        } else if !resolution.new || new.contains(&resolution.id) {
            None
        } else if room <= 0 {
            Some(Refusal::TooManyNew(sender.new_ids))
        } else {
            room -= 1;
            new.insert(resolution.id);
            None
        });
    }
    if sender.new_ids > 0 && !new.is_empty() {
        let count = i64::try_from(new.len()).unwrap_or(i64::MAX);
        let counted = conn.sql(COUNT).bind(ESTATE).bind(token).bind(hour);
        counted.bind(count).execute().await?;
        conn.sql(FORGET)
            .bind(ESTATE)
            .bind(hour - 24)
            .execute()
            .await?;
    }
    Ok(answers)
}
