//! The feed of the list of blockers, for programs that follow it.

use axum::{
    extract::{FromRequestParts, State},
    http::{HeaderMap, request::Parts},
    response::Response,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    auth::Reader,
    contract::codes,
    export::{OsJson, fixes, reasons},
    polled::{self, Polled},
    query::{DEFAULT_LIMIT, Empty, MAX_LIMIT, Once, each, unknown},
};
use crate::{
    clock,
    domain::{
        changes::Why,
        verdict::{Impact, Standing},
    },
    error::Problem,
    state::App,
    store::changes::{Change, Shown},
    views::words,
    wire::FieldError,
};

/// A place in the feed as it is asked for.
#[derive(Clone, Debug)]
pub struct ChangesQuery {
    cursor: Option<String>,
    limit: usize,
}

impl<S: Send + Sync> FromRequestParts<S> for ChangesQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parse(parts.uri.query().unwrap_or_default()).map_err(Problem::Invalid)
    }
}

fn parse(text: &str) -> Result<ChangesQuery, Vec<FieldError>> {
    let mut query = ChangesQuery {
        cursor: None,
        limit: DEFAULT_LIMIT,
    };
    each(text, Once::default(), Empty::MeansAny, |name, value| {
        apply(&mut query, name, value)
    })?;
    Ok(query)
}

fn apply(query: &mut ChangesQuery, name: &str, value: String) -> Result<(), String> {
    match name {
        "cursor" => query.cursor = Some(value),
        "limit" => {
            query.limit = value
                .parse()
                .ok()
                .filter(|limit| (1..=MAX_LIMIT).contains(limit))
                .ok_or_else(|| format!("must be a number from 1 to {MAX_LIMIT}"))?;
        }
        _ => return Err(unknown(name, &["cursor", "limit"])),
    }
    Ok(())
}

/// What happened to the list of blockers, in order, and where to go on.
#[derive(Serialize, ToSchema)]
#[schema(as = ChangeList)]
pub(super) struct ChangesAnswer {
    /// The oldest first. Of one client they are in the order in which they happened.
    items: Vec<ChangeJson>,
    /// `cursor` of the next request; always there. Keep it only after all of `items` has been taken over.
    next_cursor: String,
    /// Whether there is more already. If not, ask again later with `next_cursor`.
    more: bool,
    /// The moment that the answer is of.
    #[schema(format = DateTime)]
    as_of: String,
    /// Name of the rules that verdicts are made with.
    ruleset: String,
    /// The sites that the caller may see: the list is of these alone. Missing: there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    sites: Option<Vec<String>>,
}

impl Polled for ChangesAnswer {
    fn moments(&mut self) -> Vec<&mut String> {
        vec![&mut self.as_of]
    }
}

/// Something that happened to one client of the list. It never changes.
#[derive(Serialize, ToSchema)]
#[schema(as = Change)]
struct ChangeJson {
    /// Its place in the feed; a later one has a higher number. Some numbers are never given. Whoever may see some sites
    /// only gets numbers made of times, which tell nothing of other sites.
    number: i64,
    /// When, by the clock of the database. It is no order: of two changes the later one may have an earlier time.
    #[schema(format = DateTime)]
    at: String,
    #[schema(value_type = codes::ChangeKind)]
    kind: &'static str,
    /// Why it left the list; null: it did not.
    #[schema(value_type = Option<codes::ClearedWhy>)]
    why: Option<&'static str>,
    /// The same in a sentence for people.
    says: Option<&'static str>,
    /// The fields of `client` that are others than before; empty: nothing was known of it before.
    changed: Vec<&'static str>,
    /// How it stood before; null: nothing was known of it.
    #[schema(value_type = Option<codes::Standing>)]
    from: Option<&'static str>,
    /// How it stood to the expected lists before; null: nothing was known of it.
    #[schema(value_type = Option<codes::Listing>)]
    from_listing: Option<&'static str>,
    client: ChangedClient,
}

/// A client as it was right after a change: fields of `Client`, under the same names.
#[derive(Serialize, ToSchema)]
struct ChangedClient {
    /// Our id. It stays the same for ever.
    #[schema(format = Uuid)]
    id: String,
    /// The name to show.
    name: String,
    /// Site code.
    site_code: Option<String>,
    os: OsJson,
    #[schema(value_type = codes::Standing)]
    standing: &'static str,
    /// Whether it is cleared for the cutover. Only `ready` is; most of those that leave the list are not.
    cleared: bool,
    /// What the last report was judged as, whatever time has passed; null: it never reported.
    #[schema(value_type = Option<codes::Judgement>)]
    verdict: Option<&'static str>,
    /// What it loses, when it blocks.
    #[schema(value_type = Option<codes::Impact>)]
    impact: Option<&'static str>,
    /// Code of the reason that decided the verdict; null: nothing stands against it, or it never reported.
    deciding: Option<String>,
    /// Every reason that stands against it.
    #[schema(value_type = Vec<codes::Reason>)]
    reasons: Vec<&'static str>,
    /// What mends them, each once.
    #[schema(value_type = Vec<codes::Fix>)]
    fixes: Vec<&'static str>,
    /// Since when the verdict has been what it is.
    #[schema(format = DateTime)]
    since: Option<String>,
    /// Name of the rules that the verdict was made with.
    ruleset: Option<String>,
    #[schema(value_type = codes::Listing)]
    listing: &'static str,
    /// Owner, as an expected list gives it.
    owner: Option<String>,
}

impl ChangedClient {
    fn of(id: String, shown: Shown) -> Self {
        Self {
            id,
            name: shown.name,
            site_code: Some(shown.site).filter(|site| !site.is_empty()),
            os: OsJson::of(&shown.os_key),
            standing: shown.standing.code(),
            cleared: shown.standing.is_cleared(),
            verdict: shown.verdict.map(Standing::code),
            impact: shown.impact.map(Impact::code),
            deciding: shown.deciding,
            reasons: reasons(shown.reasons),
            fixes: fixes(shown.reasons),
            since: shown.since.map(|at| at.to_string()),
            ruleset: Some(shown.ruleset).filter(|ruleset| !ruleset.is_empty()),
            listing: shown.listing.code(),
            owner: shown.owner,
        }
    }
}

impl From<Change> for ChangeJson {
    fn from(change: Change) -> Self {
        Self {
            number: change.seq,
            at: change.at.to_string(),
            kind: change.kind.code(),
            why: change.why.map(Why::code),
            says: change.why.map(words::why_cleared),
            changed: change.changed,
            from: change.was.as_ref().map(|was| was.standing.code()),
            from_listing: change.was.as_ref().map(|was| was.listing.code()),
            client: ChangedClient::of(change.client_id, change.is),
        }
    }
}

/// `GET /blockers/changes`: what happened behind a cursor; without one, the cursor of now.
pub async fn list(
    State(app): State<App>,
    reader: Reader,
    headers: HeaderMap,
    query: ChangesQuery,
) -> Result<Response, Problem> {
    let now = clock::now();
    let page = app
        .store()
        .changes(query.cursor.as_deref(), query.limit, &reader.sites, now)
        .await?;
    let answer = ChangesAnswer {
        items: page.items.into_iter().map(ChangeJson::from).collect(),
        next_cursor: page.next_cursor,
        more: page.more,
        as_of: now.to_string(),
        ruleset: app.judge().ruleset.to_string(),
        sites: reader.sites.limit().map(<[String]>::to_vec),
    };
    polled::json(&headers, answer)
}
