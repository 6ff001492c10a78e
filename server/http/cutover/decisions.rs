//! The page of a frozen decision, with what has changed since.

use axum::{
    extract::{RawQuery, State},
    http::HeaderMap,
    response::Response,
};
use serde_json::Value;

use super::{
    super::{
        auth::Person,
        pages::{html, layout},
        query::{Empty, Named, Once, each, unknown, yes},
    },
    base, decision,
    kept::leftovers,
    whole_record,
};
use crate::{
    clock,
    cutovers::since::{self, Compared},
    domain::{access::Sites, cutover::record::Decided},
    error::Problem,
    state::App,
    store::cutover::decisions::Decision,
    views::{
        Nav,
        cutover::{
            decision::{DecisionPage, Frozen, Later},
            lately::Now,
            parts::Moved,
        },
        links::encode,
        text::Moment,
    },
};

/// Up to so many clients a page compares by itself; more take their time, and somebody has to ask.
const COMPARED: u64 = 20_000;
/// Leftovers on the page.
const ON_PAGE: usize = 100;

/// Whether an address asks for the comparison.
fn compares(query: Option<&str>) -> Result<bool, Problem> {
    let mut asked = false;
    each(
        query.unwrap_or_default(),
        Once::default(),
        Empty::MeansAny,
        |name, value| {
            if name != "compare" {
                return Err(unknown(name, &["compare"]));
            }
            asked = yes(&value)?;
            Ok(())
        },
    )
    .map_err(Problem::Invalid)?;
    Ok(asked)
}

/// `GET /cutover/decisions/{number}`; `?compare=1` compares large ones, too.
pub async fn one(
    State(app): State<App>,
    person: Person,
    Named(number): Named,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (decision, head) = decision(&app, &number, &person.sites).await?;
    let large = head["lines"]["count"].as_u64().unwrap_or(u64::MAX) > COMPARED;
    let asked = compares(query.as_deref())?;
    let compare_url =
        (large && !asked).then(|| format!("/cutover/decisions/{}?compare=1", decision.number));
    let (moved, unmoved, withdrawn) = if compare_url.is_some() {
        (
            None,
            format!(
                "This record has more than {} clients, so they are compared only when somebody asks; that takes a while.",
                crate::views::text::number(i64::try_from(COMPARED).unwrap_or(i64::MAX))
            ),
            false,
        )
    } else {
        compared(&app, &decision, &head, &person.sites).await?
    };
    let own_key = app.signer().public().unwrap_or_else(|error| {
        tracing::error!(error, "the key for decisions is not available");
        "not available".to_owned()
    });
    let left = leftovers(&app, decision.number, &head, &person.sites, ON_PAGE).await?;
    let newest = app.store().decisions(&decision.scope, i64::MAX, 1).await?;
    let later = newest
        .first()
        .filter(|one| one.number > decision.number && one.is_seen(&person.sites))
        .map(Later::new);
    let layout = layout(&app, Nav::Cutover, Some(&person), Some(&headers));
    let watched = app.store().decisions_watched(&person.sites).await?;
    let since = watched
        .contains_key(&decision.number)
        .then(|| Now::new(&decision, &watched, layout.now));
    html(&DecisionPage {
        since,
        later,
        frozen: Frozen::new(&decision, &head, &layout.sites),
        layout,
        moved,
        unmoved,
        withdrawn,
        scope_url: format!("/cutover/{}", encode(&decision.scope)),
        compare_url,
        own_key,
        leftovers: left.0,
        leftover_count: left.1,
        whole: whole_record(&head, &person.sites).is_ok(),
    })
}

/// Who is not safe now and was then, the other way round, and who got worse, of the clients that the scope was about then; and
/// what would be recommended now, in words; and whether a decision to switch off would not be recommended now, or nobody knows.
async fn compared(
    app: &App,
    decision: &Decision,
    head: &Value,
    sites: &Sites,
) -> Result<(Option<Moved>, String, bool), Problem> {
    let now = clock::now();
    let (store, judge) = (app.store(), app.judge());
    let compared = since::compared(store, judge, decision, head, sites, base, now);
    let Some(Compared {
        difference,
        recommended,
    }) = compared.await?
    else {
        return Ok((
            None,
            "The scope is not there any more, or was about sites that you may not see, so nothing is compared."
                .to_owned(),
            true,
        ));
    };
    let switches = Decided::from_code(&decision.decided) != Some(Decided::NoGo);
    let withdrawn = switches && recommended.is_some_and(|now| !now.go);
    let at = Moment::new(now, now).absolute;
    let criteria = match recommended {
        Some(recommended) => format!("By the criteria now: {}", recommended.says()),
        None => "The scope has become another one since; compared are the clients that it was about then."
            .to_owned(),
    };
    if difference.is_nothing() {
        return Ok((
            None,
            format!(
                "Nothing: the same clients are not safe, and none of them is worse off, as of {at}. {criteria}"
            ),
            withdrawn,
        ));
    }
    Ok((
        Some(Moved::new(&difference, sites)),
        format!(
            "The record itself has not moved. This compares it with the clients and the rules as they were at {at}. {criteria}"
        ),
        withdrawn,
    ))
}
