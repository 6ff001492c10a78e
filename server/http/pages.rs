//! What people read: extract, one call, dress.

use axum::{
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse as _, Response},
};

use super::{
    api, api_client, assets,
    auth::Person,
    exceptions,
    query::{DEFAULT_LIMIT, ListQuery, Named},
    suspicions, timeline, trend,
};
use crate::{
    clock,
    cutovers::systems,
    domain::{
        access::{Permission, Sites},
        assess::{self, AbsentPolicy, DotnetPolicy},
        cutover::scope::Scope,
        exceptions::may_ask,
        feeds::day_of,
        time::DAY,
    },
    error::Problem,
    state::App,
    store::model::Filter,
    views::{
        Layout, May, Nav, Page, change,
        client::{ClientPage, Findings},
        columns::Shown,
        components::ComponentsPage,
        exceptions::ClientExceptions,
        form::Choices,
        home::{Counting, HomePage},
        links::{ListKind, NO_SITE},
        list::ClientsPage,
        method::MethodPage,
        place::{Place, PlacePage},
        problem::ProblemPage,
        refused::Refused,
        way::Way,
    },
};

/// Rows of the list of an OS version, site or role that its own page shows.
const PLACE_ROWS: usize = 25;

/// So many days back the page of a client says what was seen of it.
const OBSERVED_DAYS: i64 = 30;

/// How whoever asks reaches this server, such as `https://cutover.corp.example`; `None`: the request does not say.
pub fn own_address(app: &App, headers: &HeaderMap) -> Option<String> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let scheme = if app.secure_cookies() {
        "https"
    } else {
        "http"
    };
    Some(format!("{scheme}://{host}"))
}

/// The frame of a page.
pub fn layout(app: &App, nav: Nav, person: Option<&Person>, headers: Option<&HeaderMap>) -> Layout {
    let address = headers.and_then(|headers| own_address(app, headers));
    Layout {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        signed_in: person.map(|person| person.name.clone()),
        may: person.map_or_else(May::default, |person| May::of(person.role)),
        sites: person
            .map(|person| person.sites.clone())
            .unwrap_or_default(),
        nav,
        now: clock::now(),
        css_url: assets::css_url(),
        js_url: assets::js_url(),
        icon_url: assets::icon_url(),
        address: address.unwrap_or_else(|| "https://127.0.0.1:8443".to_owned()),
        signed_http: app.signed_http(),
        notice: None,
        refused: None,
    }
}

/// Renders a page.
pub fn html(page: &impl Page) -> Result<Response, Problem> {
    page.render()
        .map(|text| Html(text).into_response())
        .map_err(|error| {
            tracing::error!(%error, "a page could not be rendered");
            Problem::Internal
        })
}

/// What the numbers of a page rest on.
pub fn counting(app: &App) -> Counting {
    let judge = app.judge();
    let mut policy = Vec::new();
    if judge.policy.dotnet == DotnetPolicy::Warn {
        policy.push(
            "Failed .NET settings of a client count as warnings, not as blocking.".to_owned(),
        );
    }
    if judge.policy.group_b_schannel_absent == AbsentPolicy::Warn {
        policy.push(
            "On Windows 7 and Server 2008 a missing DisabledByDefault=0 counts as a warning (sources disagree)."
                .to_owned(),
        );
    }
    if judge.policy.min_dotnet_release != 394_802 {
        policy.push(format!(
            "The lowest .NET release that passes is {}.",
            judge.policy.min_dotnet_release
        ));
    }
    if let Some(suites) = &judge.policy.server_suites {
        policy.push(format!(
            "The site servers accept these TLS 1.2 suites: {}.",
            suites.join(", ")
        ));
    }
    Counting {
        freshness_days: judge.freshness_ms / DAY,
        ruleset: judge.ruleset.to_string(),
        policy,
    }
}

/// `/`
pub async fn home(
    State(app): State<App>,
    person: Person,
    headers: HeaderMap,
    query: ListQuery,
) -> Result<Response, Problem> {
    let filter = query.filter;
    let now = clock::now();
    let store = app.store();
    let summary = store.selection(&filter, &app.judge().ruleset, now).await?;
    let roles = store.by_role(&filter, now).await?;
    let feeds = store.feeds(&filter.within, now).await?;
    let choices = choices(&app, &filter.within).await?;
    let layout = layout(&app, Nav::Overview, Some(&person), Some(&headers));
    let whole = filter.is_everybody();
    let mut page = HomePage::new(layout, &summary, &counting(&app), &filter);
    page.say_choices(&filter, &choices, &roles);
    page.say_feeds(&feeds);
    // What follows is of the estate; a selection has its own trend on the page for it.
    if whole {
        let regressed = trend::regressed(&app, &filter, summary.as_of).await?;
        page.say_attention(&summary, &feeds, regressed);
        page.say_systems(&roles);
        page.say_decisions(store.decisions_watched(&filter.within).await?.values());
        page.say_requests(store.requests_waiting(&filter.within).await?.len());
        page.say_exceptions(&store.exception_pile(&filter.within, now).await?);
        page.say_suspicions(store.open_suspicions(&filter.within).await?);
        if person.may(Permission::Administer) && !filter.within.is_limited() {
            page.say_webhooks(&store.webhooks().await?);
        }
        super::tls_page::say_doors(&app, &mut page, now).await?;
        let week_ago = day_of(summary.as_of) - change::DAYS;
        let then = store.systems_of_day(week_ago, &filter.within).await?;
        page.say_changes(&summary, week_ago, then.as_ref());
        if !page.empty {
            page.trend = Some(trend::section(&app, &summary, &feeds, &filter.within).await?);
        }
    }
    html(&page)
}

/// What the filter form offers.
async fn choices(app: &App, within: &Sites) -> Result<Choices, Problem> {
    let (os, _, roles) = app.store().occurring(within).await?;
    let sites = app.store().sites_offered(within).await?;
    let owners = app.store().owners(within).await?;
    Ok(Choices {
        os,
        sites: sites.codes,
        further_sites: sites.further,
        roles,
        owners,
    })
}

/// `/os/{key}`
pub async fn os(
    State(app): State<App>,
    person: Person,
    Named(key): Named,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    place(&app, &person, &headers, Place::Os(key)).await
}

/// `/sites/{code}`; `none` for clients without a known site.
pub async fn site(
    State(app): State<App>,
    person: Person,
    Named(code): Named,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let code = if code == NO_SITE { String::new() } else { code };
    place(&app, &person, &headers, Place::Site(code)).await
}

/// `/roles/{role}`
pub async fn role(
    State(app): State<App>,
    person: Person,
    Named(role): Named,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    place(&app, &person, &headers, Place::Role(role.to_lowercase())).await
}

async fn place(
    app: &App,
    person: &Person,
    headers: &HeaderMap,
    place: Place,
) -> Result<Response, Problem> {
    let now = clock::now();
    let filter = Filter {
        within: person.sites.clone(),
        ..place.filter()
    };
    let summary = app
        .store()
        .selection(&filter, &app.judge().ruleset, now)
        .await?;
    if summary.population.total == 0 {
        return Err(Problem::NotFound(
            "No counted client belongs to this OS version, site or role.".to_owned(),
        ));
    }
    let rows = app.store().list(&filter, None, PLACE_ROWS, now).await?;
    let layout = layout(app, Nav::Overview, Some(person), Some(headers));
    let mut page = PlacePage::new(layout, &place, &summary, &rows);
    let week_ago = day_of(summary.as_of) - change::DAYS;
    let of = match &place {
        Place::Site(code) => Sites::only([code.clone()]),
        Place::Os(_) | Place::Role(_) => person.sites.clone(),
    };
    let then = app.store().systems_of_day(week_ago, &of).await?;
    page.say_change(&place, &summary, week_ago, then.as_ref());
    if let Place::Site(code) = &place {
        page.way = way(app, code).await?;
    }
    html(&page)
}

/// `/blockers`
pub async fn blockers(
    State(app): State<App>,
    person: Person,
    headers: HeaderMap,
    query: ListQuery,
) -> Result<Response, Problem> {
    let query = ListQuery {
        filter: api::blockers_filter(query.clone()),
        ..query
    };
    list(&app, &person, &headers, ListKind::Blockers, query).await
}

/// `/clients`
pub async fn clients(
    State(app): State<App>,
    person: Person,
    headers: HeaderMap,
    query: ListQuery,
) -> Result<Response, Problem> {
    list(&app, &person, &headers, ListKind::Clients, query).await
}

async fn list(
    app: &App,
    person: &Person,
    headers: &HeaderMap,
    kind: ListKind,
    query: ListQuery,
) -> Result<Response, Problem> {
    let limit = query.limit.clamp(1, DEFAULT_LIMIT);
    let page = app
        .store()
        .list_by(
            &query.filter,
            query.order,
            query.cursor.as_deref(),
            limit,
            clock::now(),
        )
        .await?;
    let shown = Shown {
        order: query.order,
        columns: query.columns.unwrap_or_else(|| Shown::default().columns),
    };
    let nav = match kind {
        ListKind::Blockers => Nav::Blockers,
        ListKind::Clients => Nav::Clients,
    };
    let layout = layout(app, nav, Some(person), Some(headers));
    let choices = choices(app, &query.filter.within).await?;
    let mut list = ClientsPage::new(
        layout,
        kind,
        &query.filter,
        &shown,
        &page,
        query.before,
        &choices,
    );
    if kind == ListKind::Blockers {
        list.excepted = exceptions::side_by_side(app, &query.filter).await?;
    }
    if !may_ask(person.role) {
        list.ask_url = None;
    }
    html(&list)
}

/// The site systems that the clients of a site depend on and that do not count as ready, by the rule by which cutovers are decided. Of
/// a site that nobody knows nothing is said.
async fn way(app: &App, site: &str) -> Result<Option<Way>, Problem> {
    if site.is_empty() {
        return Ok(None);
    }
    let judge = app.judge();
    let scope = Scope {
        sites: vec![site.to_owned()],
        freshness_days: judge.freshness_ms / DAY,
        ..Scope::default()
    };
    let systems = systems::of(app.store(), &scope, &judge.ruleset, clock::now()).await?;
    Ok(Way::new(systems.carriers(), systems.carriers_known()))
}

/// `/clients/{id}`
pub async fn client(
    State(app): State<App>,
    person: Person,
    Named(id): Named,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let older = api_client::older(query.as_deref())?;
    one_client(&app, &person, &id, &headers, older.as_deref(), None).await
}

/// The page of a client, with a form that was refused.
pub(super) async fn client_again(
    app: &App,
    person: &Person,
    id: &str,
    headers: &HeaderMap,
    refused: Refused,
) -> Result<Response, Problem> {
    one_client(app, person, id, headers, None, Some(refused)).await
}

async fn one_client(
    app: &App,
    person: &Person,
    id: &str,
    headers: &HeaderMap,
    older: Option<&str>,
    refused: Option<Refused>,
) -> Result<Response, Problem> {
    let detail = api_client::detail(app, id, older, &person.sites).await?;
    let chapters = timeline::told(app.judge(), &detail).await?;
    let judged = api_client::judged(app, &detail)?;
    let masks = judged.facts.as_ref().map(assess::protocol_masks);
    let prospect = judged.prospect(app);
    let findings = Findings {
        verdict: judged.verdict.as_ref(),
        masks: masks.as_deref().unwrap_or_default(),
        prospect: prospect.as_ref(),
        chapters: &chapters,
    };
    let mut layout = layout(app, Nav::Clients, Some(person), Some(headers));
    layout.refused = refused;
    let mut page = ClientPage::new(layout, &detail, findings, &counting(app));
    page.say_sources(&detail, &judged.decides);
    let now = clock::now();
    let seen = app
        .store()
        .observed_of(id, &person.sites, OBSERVED_DAYS, now)
        .await?;
    if let Some(seen) = seen {
        page.say_observed(detail.row.standing, &seen);
    }
    if detail.row.standing.is_cleared() {
        let site = detail.row.ids.site_code.as_deref().unwrap_or_default();
        page.way = way(app, site).await?;
    }
    let known = exceptions::of_client(app, &detail.row.id, person).await?;
    page.suspicions = suspicions::of_client(app, &detail.row.id).await?;
    page.exceptions = Some(ClientExceptions::new(
        &detail.row,
        &known,
        may_ask(person.role),
        page.layout.now,
    ));
    html(&page)
}

/// `/method`
pub async fn method(
    State(app): State<App>,
    person: Person,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let population = app.store().population(&person.sites, clock::now()).await?;
    let layout = layout(&app, Nav::Method, Some(&person), Some(&headers));
    let policy = &app.judge().policy;
    html(&MethodPage::new(
        layout,
        &counting(&app),
        policy,
        &population,
    ))
}

/// `/components`
pub async fn components(
    State(app): State<App>,
    person: Person,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let layout = layout(&app, Nav::None, Some(&person), Some(&headers));
    html(&ComponentsPage::new(layout))
}

/// Sends a person who has not signed in to where that is done, and back afterwards.
pub fn to_sign_in(address: &str) -> Response {
    let next = crate::views::links::encode(address);
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(value) = HeaderValue::from_str(&format!("/sign-in?next={next}")) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    response
}

/// A problem as a page.
pub fn problem(app: &App, problem: &Problem, request_id: Option<&str>) -> Response {
    let layout = layout(app, Nav::None, None, None);
    let errors: Vec<(String, String)> = problem
        .errors()
        .iter()
        .map(|error| (error.pointer.clone(), error.detail.clone()))
        .collect();
    let status = problem.status();
    let page = ProblemPage::new(
        layout,
        status.as_u16(),
        problem.title(),
        &problem.detail(),
        &errors,
        request_id,
    );
    match html(&page) {
        Ok(page) => (status, page).into_response(),
        Err(_) => status.into_response(),
    }
}

/// Whatever has no route.
pub async fn nothing_here() -> Problem {
    Problem::NotFound("There is nothing at this address.".to_owned())
}

/// A route, but not for this method.
pub async fn wrong_method() -> Problem {
    Problem::MethodNotAllowed
}
