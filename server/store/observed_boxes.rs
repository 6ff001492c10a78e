//! The boxes and their lists by what was worked out in the background: counts that move with the clients, and an index for
//! each list.

use std::collections::BTreeSet;

use super::{
    cutover::walk::WINDOW,
    db::Tx,
    error::Result,
    identify::{self, ClientId},
    model::{Filter, Order},
    narrowing::{Growing, Lead, Value, pieces, text},
    observed_covered::SystemRow,
    observed_digest::{self, Digest, seen_of},
    observed_evidence::Looking,
    observed_model::{Observed, Window},
    observed_read::{ClientRow, behind, by_standing, dressed, standing_of, unseen},
};
use crate::domain::{
    access::Sites,
    observed::{Quadrant, Seen},
    time::{HOUR, Timestamp},
    verdict::Standing,
};

const COUNTS: &str = "SELECT standing, detail AS seen, CAST(SUM(n) AS BIGINT) AS n FROM counts
WHERE estate = ? AND kind = 'seen' AND listing <> 'obsolete' AND listing <> 'decommissioned'
GROUP BY standing, detail";
/// That something was seen is said, because the index holds only those.
const LISTED: &str = "SELECT id, name, sort_key, site, listing, standing, seen FROM clients
WHERE estate = ? AND seen <> '' AND seen = ? AND standing = ? AND (sort_key, id) > (?, ?)
  AND listing <> 'obsolete' AND listing <> 'decommissioned'
ORDER BY sort_key, id LIMIT ?";
const LEGACY: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM clients WHERE estate = ?";

/// Where nobody has looked for so long, no server does: then what was worked out last is no answer. A server looks every few
/// minutes, and seldom only where a look takes minutes.
const HOLDS: i64 = HOUR;

#[derive(sqlx::FromRow)]
struct CountRow {
    standing: String,
    seen: String,
    n: i64,
}

/// What was worked out last, where it is an answer: to somebody who may see everything, about the usual window, and after
/// everything that came in, no longer ago than [`HOLDS`]. `None`: one has to look.
pub(super) async fn looked(
    tx: &mut Tx,
    sites: &Sites,
    days: i64,
    now: Timestamp,
) -> Result<Option<Digest>> {
    if sites.is_limited() || days != WINDOW {
        return Ok(None);
    }
    let kept = observed_digest::kept(tx).await?;
    Ok(kept.filter(|digest| (0..=HOLDS).contains(&now.since(digest.as_of))))
}

/// What was seen, and a page of a box.
pub(super) async fn observed(
    tx: &mut Tx,
    looking: &Looking,
    asked: Window,
    digest: Digest,
    systems: Vec<SystemRow>,
    without: Vec<String>,
) -> Result<Observed> {
    let everywhere = Sites::all();
    let mut boxes = by_standing(tx, &everywhere).await?;
    for row in Growing::starting(COUNTS)
        .statement(tx)
        .all::<CountRow>()
        .await?
    {
        let ready = standing_of(&row.standing)?.is_configured_well();
        *boxes.entry(Quadrant::of(ready, Seen::Nothing)).or_default() -= row.n;
        *boxes
            .entry(Quadrant::of(ready, seen_of(&row.seen)?))
            .or_default() += row.n;
    }
    let total = if let Some(quadrant) = asked.quadrant {
        boxes.get(&quadrant).copied().unwrap_or_default()
    } else {
        let seen = boxes.iter().filter(|(one, _)| one.seen != Seen::Nothing);
        seen.map(|(_, n)| n).sum()
    };
    let after = behind(tx, &everywhere, asked).await?;
    let wanted = asked.limit + 1;
    let page = match asked.quadrant {
        _ if asked.limit == 0 => Vec::new(),
        Some(quadrant) if quadrant.seen == Seen::Nothing => {
            let nothing = |row: &ClientRow| Ok(row.seen()? == Seen::Nothing);
            unseen(tx, &everywhere, quadrant, nothing, after, wanted).await?
        }
        quadrant => listed(tx, quadrant, &after, wanted).await?,
    };
    let (clients, more) = dressed(tx, looking, page, asked.limit).await?;
    Ok(Observed {
        as_of: digest.as_of,
        days: asked.days,
        boxes,
        clients,
        total,
        more,
        ambiguous: digest.doubts,
        systems: systems.into_iter().map(|row| row.told(None)).collect(),
        without,
    })
}

/// The first clients behind a place of which something was seen, of one box or of all: the merge of what each part of the index
/// has next.
async fn listed(
    tx: &mut Tx,
    quadrant: Option<Quadrant>,
    after: &(String, ClientId),
    wanted: usize,
) -> Result<Vec<(ClientId, Seen)>> {
    let mut found: BTreeSet<((String, ClientId), Seen)> = BTreeSet::new();
    for seen in Seen::ALL {
        for standing in Standing::ALL {
            let one = Quadrant::of(standing.is_configured_well(), seen);
            if seen == Seen::Nothing || quadrant.is_some_and(|quadrant| quadrant != one) {
                continue;
            }
            let mut growing = Growing::starting(LISTED);
            growing.and(
                "",
                [
                    text(seen.code()),
                    text(standing.code()),
                    text(&after.0),
                    Value::Bytes(identify::bytes(after.1)),
                    Value::Int(i64::try_from(wanted).unwrap_or(i64::MAX)),
                ],
            );
            for row in growing.statement(tx).all::<ClientRow>().await? {
                found.insert((row.place()?, seen));
            }
        }
    }
    let first = found.into_iter().take(wanted);
    Ok(first.map(|((_, id), seen)| (id, seen)).collect())
}

/// How many clients that a filter describes used TLS 1.1 or earlier.
pub(super) async fn legacy(tx: &mut Tx, scope: &Filter, now: Timestamp) -> Result<i64> {
    let mut sum = 0;
    for piece in pieces(scope, Order::Name) {
        let mut growing = Growing::starting(LEGACY);
        growing.seen_old();
        growing.narrow(scope, piece, Lead::Either, now);
        sum += growing.statement(tx).scalar::<i64>().await?;
    }
    Ok(sum)
}
