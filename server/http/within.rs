//! Which sites whoever asks may see. It is known once somebody has said who they are, and asked by all that reads clients:
//! what is read without that is an error of ours, never an answer about everybody.

use axum::{extract::FromRequestParts, http::request::Parts};

use crate::{domain::access::Sites, error::Problem};

/// No further than these sites, whoever asks: an extension for a router that is to show less. It can only take away.
#[derive(Clone, Debug)]
pub struct AtMost(pub Sites);

/// What was found out about whoever asks.
#[derive(Clone, Debug)]
struct Seen(Sites);

/// Notes on the request what its sender may see; answers what that is here.
pub(super) fn note(parts: &mut Parts, sites: &Sites) -> Sites {
    let most = parts.extensions.get::<AtMost>();
    let sites = most.map_or_else(|| sites.clone(), |AtMost(most)| most.and(sites));
    parts.extensions.insert(Seen(sites.clone()));
    sites
}

/// What the sender of a request may see.
///
/// # Errors
/// Nobody has asked who that is.
pub(super) fn of(parts: &Parts) -> Result<Sites, Problem> {
    let seen = parts.extensions.get::<Seen>();
    seen.map(|Seen(sites)| sites.clone()).ok_or_else(|| {
        tracing::error!("clients were to be read for somebody who is not known");
        Problem::Internal
    })
}

/// Refuses whoever may see some sites only.
///
/// # Errors
/// There is a limit.
pub(super) fn whole_estate(sites: &Sites) -> Result<(), Problem> {
    if sites.is_limited() {
        return Err(Problem::Forbidden(
            "This is about the whole estate, and you may see some of its sites only; ask somebody who may see them all."
                .to_owned(),
        ));
    }
    Ok(())
}

/// Whoever asks may see every site. What is of the whole estate, and cannot be told by site, names it in its arguments,
/// behind whom it is for.
#[derive(Clone, Copy, Debug)]
pub struct WholeEstate;

impl<S: Send + Sync> FromRequestParts<S> for WholeEstate {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        whole_estate(&of(parts)?)?;
        Ok(Self)
    }
}
