//! From rows that were looked at to reports: judged, and stored portion by portion.

use std::sync::Arc;

use super::{
    Bell, completeness,
    reading::in_words,
    told::{Chosen, told_of},
};
use crate::{
    clock,
    domain::access::Sites,
    ingest::{self, Judge},
    store::{
        self, Store,
        admission::Refusal,
        incoming::{Incoming, Sender, Way},
        upload_commit::Portion,
        upload_model::Upload,
    },
    wire::FieldError,
};

/// Rows that are stored in one transaction.
pub const PORTION: i64 = 512;
/// Attempts at a portion that lost a deadlock against another server.
const ATTEMPTS: usize = 5;

/// Who answers for an upload. A way that is not known is believed least.
pub(super) fn sender(who: &str, upload: &Upload) -> Sender {
    Sender::brought(who, Way::from_code(&upload.way).unwrap_or(Way::Share))
        .with_token(&upload.token)
}

/// The same, held to the sites that its token holds for. A token that is gone from the list holds for none.
pub(super) async fn limited(
    store: &Store,
    who: &str,
    upload: &Upload,
) -> Result<Sender, store::Error> {
    let mut sender = sender(who, upload);
    if !upload.token.is_empty() {
        let token = store.token_by_id(&upload.token).await?;
        sender.sites = token.map_or_else(|| Sites::only([]), |token| token.sites);
    }
    Ok(sender)
}

/// Stores what is left of an upload.
///
/// # Errors
/// The store failed; what was stored before stays.
pub(super) async fn commit(
    store: &Store,
    judge: &Judge,
    upload: &Upload,
    bell: &Bell,
) -> Result<(), store::Error> {
    let who = upload.committed_by.as_ref().unwrap_or(&upload.created_by);
    let sender = limited(store, who, upload).await?;
    // One time for all of it, so that a portion that is stored once more after a kill is the same to the byte.
    let received_at = upload.committed_at.unwrap_or(upload.created_at);
    let mut from = upload.counts.done;
    loop {
        let waiting = store.waiting_upload_rows(&upload.id, from, PORTION).await?;
        let Some(last) = waiting.last().map(|row| row.n) else {
            let (chosen, told) = (Chosen::of(&upload.options), told_of(&upload.told));
            let complete = completeness::of(store, &upload.id, &chosen, &told).await?;
            let finished = store.finish_upload(upload.id.clone(), from, complete, clock::now());
            return finished.await.map(drop);
        };
        let (numbers, documents): (Vec<i64>, Vec<Vec<u8>>) =
            waiting.into_iter().map(|row| (row.n, row.document)).unzip();
        let judged = ingest::judged(judge, documents, received_at, &sender).await?;
        let mut portion = Portion {
            upload: upload.id.clone(),
            from,
            to: last + 1,
            reports: Vec::with_capacity(numbers.len()),
            refused: Vec::new(),
        };
        let mut refusals = refusals(store, &judged, &sender).await?.into_iter();
        for (n, judged) in numbers.into_iter().zip(judged) {
            match judged {
                Ok(report) => match refusals.next().flatten() {
                    Some(refusal) => portion.refused.push((n, refusal.words())),
                    None => portion.reports.push((n, report)),
                },
                Err(errors) => portion.refused.push((n, in_words(&errors))),
            }
        }
        if !store_all(store, portion).await? {
            // Cancelled between two portions, or somebody else stores it.
            return Ok(());
        }
        from = last + 1;
        bell.has_moved();
    }
}

/// For each report that could be read: why a limited sender may not send it.
async fn refusals(
    store: &Store,
    judged: &[Result<Incoming, Vec<FieldError>>],
    sender: &Sender,
) -> Result<Vec<Option<Refusal>>, store::Error> {
    if !sender.is_limited() {
        return Ok(Vec::new());
    }
    let ids = judged.iter().flatten().map(|report| report.ids.clone());
    store.admit(ids.collect(), sender, clock::now()).await
}

/// Stores a portion; where the database refuses what stands in it, row by row. Answers false when it is wanted no more.
async fn store_all(store: &Store, portion: Portion) -> Result<bool, store::Error> {
    let portion = Arc::new(portion);
    match try_store(store, Arc::clone(&portion)).await {
        Err(error) if error.blames_the_data() => {
            tracing::warn!(%error, "a row of an upload cannot be stored; storing each alone");
        }
        other => return other,
    }
    let mut from = portion.from;
    let refused = portion.refused.clone();
    for (n, report) in &portion.reports {
        let one = |reports: Vec<(i64, Incoming)>, refused: Vec<(i64, String)>| Portion {
            upload: portion.upload.clone(),
            from,
            to: n + 1,
            reports,
            refused,
        };
        let alone = Arc::new(one(vec![(*n, report.clone())], Vec::new()));
        let wanted = match try_store(store, alone).await {
            Err(error) if error.blames_the_data() => {
                let why =
                    "The database refuses what stands in this row; the server's log has the cause.";
                let instead = one(Vec::new(), vec![(*n, why.to_owned())]);
                try_store(store, Arc::new(instead)).await?
            }
            other => other?,
        };
        if !wanted {
            return Ok(false);
        }
        from = n + 1;
    }
    let rest = Portion {
        upload: portion.upload.clone(),
        from,
        to: portion.to,
        reports: Vec::new(),
        refused,
    };
    try_store(store, Arc::new(rest)).await
}

async fn try_store(store: &Store, portion: Arc<Portion>) -> Result<bool, store::Error> {
    let mut attempt = 1;
    let kept = loop {
        let stored = store
            .store_portion(Arc::clone(&portion), clock::now(), attempt > 1)
            .await;
        match stored {
            Err(error) if error.is_deadlock() && attempt < ATTEMPTS => attempt += 1,
            other => break other?,
        }
    };
    let Some(kept) = kept else {
        return Ok(false);
    };
    for kept in kept {
        ingest::count_kept(kept);
    }
    Ok(true)
}
