//! What a sender that is limited to sites, or to a number of new clients, may not speak of.

use super::{Error, Prepared, Result1, count_refused};
use crate::{
    domain::{identity::ClientIds, time::Timestamp},
    store::{Store, admission::site_refused, incoming::Sender},
    wire::FieldError,
};

/// Takes out what a limited sender may not speak of.
pub(super) async fn admitted(
    store: &Store,
    prepared: Vec<Prepared>,
    results: &mut [Option<Result1>],
    sender: &Sender,
    now: Timestamp,
) -> Result<Vec<Prepared>, Error> {
    if !sender.is_limited() || prepared.is_empty() {
        return Ok(prepared);
    }
    let ids = prepared
        .iter()
        .map(|prepared| prepared.incoming.ids.clone())
        .collect();
    let answers = store.admit(ids, sender, now).await?;
    let mut admitted = Vec::with_capacity(prepared.len());
    for (prepared, answer) in prepared.into_iter().zip(answers) {
        let Some(refusal) = answer else {
            admitted.push(prepared);
            continue;
        };
        count_refused(1);
        results[prepared.index] = Some(Result1::Rejected(vec![FieldError {
            pointer: "/client".to_owned(),
            detail: refusal.words(),
        }]));
    }
    Ok(admitted)
}

/// Why a report is not taken from this sender, whatever is known of its client.
pub(crate) fn refused_site(ids: &ClientIds, sender: &Sender) -> Option<Vec<FieldError>> {
    let detail = site_refused(sender, ids.site_code.as_deref())?;
    Some(vec![FieldError {
        pointer: "/client/site_code".to_owned(),
        detail,
    }])
}
