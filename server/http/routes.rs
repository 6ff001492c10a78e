//! The one table of routes: which address does what, and who may ask for it. What is not in it is not there, and what has no
//! need cannot be in it.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    handler::Handler,
    http::Method,
    middleware,
    routing::{self, MethodRouter},
};

use super::{
    account, api, api_client, assets, audit, audit_export, authorise, body, changes, contract,
    cutover, enrolled, exception_forms as forms, exceptions, feeds, fixes, gate, health, ingest,
    kit, layers, lists, observed, observed_page, oidc, pages, people, population, query::Nothing,
    saved, second_factor, setup, sightings, sign_in, sites, suspicions, tls_page, tokens, trend,
    trend_api, twins, upload_again, upload_api, uploads, webhooks,
};
use crate::{
    domain::access::{Permission, Role},
    state::App,
    store::tokens::Purpose,
};

/// The body of a form that has no file: a name and a password, or a few words.
const SMALL_FORM: usize = 16 << 10;
/// The body of a form with long reasons, or with a meaning for each column of a table.
const FORM: usize = 256 << 10;

/// What somebody has to be allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: whoever asks.
    Anyone,
    /// To have signed in, with whatever role; also with a one-time password.
    OwnAccount,
    /// To read.
    Read,
    /// To bring in reports, files and lists.
    Feed,
    /// To decide on exceptions and cutovers.
    Decide,
    /// To bring things in, or to decide: to ask for an exception, and to take one back.
    FeedOrDecide,
    /// To read the audit log.
    ReadAudit,
    /// To bring things in, or to look after those who do: what was sent and what was refused.
    FeedOrReadAudit,
    /// To manage people, tokens and webhooks.
    Administer,
}

impl Needs {
    /// Whether a person with this role may.
    pub const fn allow(self, role: Role) -> bool {
        match self {
            Self::Anyone | Self::OwnAccount => true,
            Self::Read => role.may(Permission::Read),
            Self::Feed => role.may(Permission::Feed),
            Self::Decide => role.may(Permission::Decide),
            Self::FeedOrDecide => role.may(Permission::Feed) || role.may(Permission::Decide),
            Self::ReadAudit => role.may(Permission::ReadAudit),
            Self::FeedOrReadAudit => role.may(Permission::Feed) || role.may(Permission::ReadAudit),
            Self::Administer => role.may(Permission::Administer),
        }
    }
}

/// Who may ask for what.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// What a person needs.
    pub needs: Needs,
    /// Tokens for these may, too; the first is named to whoever comes with another.
    pub tokens: &'static [Purpose],
}

/// One method of one address.
#[derive(Clone, Debug)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The address, with names for its parts.
    pub path: &'static str,
    /// Who may.
    pub rule: Rule,
    /// It reads what stands behind the `?` of its address, and refuses by itself what it does not know there. Of all others
    /// nothing may stand there: a filter that is passed over shows the whole as if it were a part.
    pub asks: bool,
    /// What is sent to it can be a file, or many reports.
    pub takes_files: bool,
    handler: MethodRouter<App>,
}

/// The rules of each address, by method.
pub(super) type Rules = HashMap<&'static str, Vec<(Method, Rule)>>;

fn route<H, T>(method: Method, path: &'static str, needs: Needs, handler: H) -> Route
where
    H: Handler<T, App>,
    T: 'static,
{
    let handler = match method {
        Method::POST => routing::post(handler),
        Method::PUT => routing::put(handler),
        Method::DELETE => routing::delete(handler),
        _ => routing::get(handler),
    };
    let rule = Rule { needs, tokens: &[] };
    let asks = method != Method::GET;
    Route {
        method,
        path,
        rule,
        // What is sent is read by whoever takes it.
        asks,
        takes_files: false,
        handler,
    }
}

fn get<H, T>(path: &'static str, needs: Needs, handler: H) -> Route
where
    H: Handler<T, App>,
    T: 'static,
{
    route(Method::GET, path, needs, handler)
}

/// A page or call that can be asked about a part.
fn ask<H, T>(path: &'static str, needs: Needs, handler: H) -> Route
where
    H: Handler<T, App>,
    T: 'static,
{
    Route {
        asks: true,
        ..get(path, needs, handler)
    }
}

fn post<H, T>(path: &'static str, needs: Needs, handler: H) -> Route
where
    H: Handler<T, App>,
    T: 'static,
{
    route(Method::POST, path, needs, handler)
}

impl Route {
    /// The same, also for tokens for these.
    fn or(mut self, tokens: &'static [Purpose]) -> Self {
        self.rule.tokens = tokens;
        self
    }

    /// The same, with room for files.
    fn with_files(mut self) -> Self {
        self.takes_files = true;
        self
    }
}

/// Every route, in the order a stranger would browse them.
pub fn table() -> Vec<Route> {
    let mut table = pages();
    table.extend(cutovers());
    table.extend(people());
    table.extend(api());
    table
}

/// Pages, for people.
fn pages() -> Vec<Route> {
    use Needs::{Administer, Decide, Feed, FeedOrDecide, FeedOrReadAudit, Read, ReadAudit};
    const ASK: &str = "/exceptions/new";
    const ASK_FOR_ONE: &str = "/clients/{id}/exceptions";
    vec![
        ask("/", Read, pages::home),
        get("/os/{key}", Read, pages::os),
        ask("/sites", Read, sites::page),
        get("/sites/{site}", Read, pages::site),
        get("/roles/{role}", Read, pages::role),
        ask("/blockers", Read, pages::blockers),
        ask("/fixes", Read, fixes::page),
        get("/fixes/{code}", Read, fixes::one),
        get("/fixes/{code}/{file}", Read, fixes::file),
        ask("/clients", Read, pages::clients),
        ask("/clients/{id}", Read, pages::client),
        post("/clients/{id}/two-machines", Feed, twins::two_machines),
        post(ASK_FOR_ONE, FeedOrDecide, forms::ask_for_one),
        ask("/exceptions", Read, exceptions::page),
        ask(ASK, FeedOrDecide, exceptions::form),
        post(ASK, FeedOrDecide, forms::ask_for_all),
        post("/exceptions/decide", Decide, forms::decide),
        get("/exceptions/{id}", Read, exceptions::one),
        post("/exceptions/{id}/approve", Decide, forms::approve),
        post("/exceptions/{id}/reject", Decide, forms::reject),
        // One's own; those of others are for who decides.
        post("/exceptions/{id}/withdraw", FeedOrDecide, forms::withdraw),
        get("/views", Read, saved::list),
        post("/views", Read, saved::save),
        // One's own; those of others are for who administrates.
        post("/views/{view}/delete", Read, saved::delete),
        ask("/upload", FeedOrReadAudit, uploads::form),
        post("/upload", Feed, uploads::take).with_files(),
        ask("/uploads/{id}", FeedOrReadAudit, uploads::one),
        post("/uploads/{id}/commit", Feed, upload_again::commit),
        post("/uploads/{id}/cancel", Feed, uploads::cancel),
        post("/uploads/{id}/again", Feed, upload_again::again),
        post("/uploads/{id}/vouch", Feed, upload_again::vouch),
        get("/population", Read, population::form),
        post("/population", Feed, population::replace).with_files(),
        post("/population/withdraw", Feed, lists::withdraw_form),
        get("/feeds", Read, feeds::page),
        get("/webhooks", Administer, webhooks::page),
        ask("/audit", ReadAudit, audit::page),
        ask("/audit/log.csv", ReadAudit, audit_export::csv),
        ask("/audit/log.ndjson", ReadAudit, audit_export::ndjson),
        get("/tls", Read, tls_page::page),
        ask("/sightings", Read, sightings::page),
        ask("/suspicions", Read, suspicions::page),
        post("/suspicions/close", FeedOrDecide, suspicions::close),
        ask("/observed", Read, observed_page::page),
        post("/observed", Feed, observed_page::take_log).with_files(),
        ask("/trend", Read, trend::page),
        get("/trend/{day}", Read, trend::day),
        get("/feeding", Read, kit::feeding),
        get("/kit/{name}", Read, kit::file),
        get("/method", Read, pages::method),
        get("/api", Read, contract::page),
        get("/components", Read, pages::components),
    ]
}

/// The decision whether the old protocols may be switched off.
fn cutovers() -> Vec<Route> {
    use Needs::{Decide, FeedOrDecide, Read};
    use cutover::{after, calendar, decisions, downloads, forms, names, pages, said};
    const ONE: &str = "/cutover/{scope}";
    const DECISION: &str = "/cutover/decisions/{number}";
    const AFTER: &str = "/cutover/decisions/{number}/after";
    const SWITCHED: &str = "/cutover/decisions/{number}/switched";
    const RECORD: &str = "/cutover/decisions/{number}/record";
    const SHEET: &str = "/cutover/decisions/{number}/sheet";
    const CALENDAR: &str = "/cutover/decisions/{number}/calendar";
    vec![
        ask("/cutover", Read, pages::list),
        post("/cutover", FeedOrDecide, forms::add),
        get(ONE, Read, pages::one),
        post(ONE, Decide, forms::change),
        post("/cutover/{scope}/remove", Decide, forms::remove),
        post("/cutover/{scope}/run", FeedOrDecide, forms::run),
        post("/cutover/{scope}/limits", Decide, said::limits),
        post("/cutover/{scope}/say", FeedOrDecide, said::say),
        post("/cutover/{scope}/decide", Decide, said::decide),
        ask("/cutover/{scope}/what-if/{run}", Read, pages::run),
        ask("/cutover/{scope}/what-if/{run}/names.csv", Read, names::csv),
        ask(DECISION, Read, decisions::one),
        get(AFTER, Read, after::page),
        post(SWITCHED, FeedOrDecide, after::switched),
        get(RECORD, Read, downloads::record),
        get(SHEET, Read, downloads::sheet),
        get(CALENDAR, Read, calendar::calendar),
        get("/board/{scope}", Read, pages::paper),
    ]
}

/// Accounts, and the way in.
fn people() -> Vec<Route> {
    use Needs::{Administer, Anyone, OwnAccount, ReadAudit};
    const FACTOR: &str = "/account/second-factor";
    vec![
        get("/people", Administer, people::list),
        post("/people", Administer, people::add),
        get("/people/{person}", Administer, people::one),
        post("/people/{person}/role", Administer, people::set_role),
        post("/people/{person}/disable", Administer, people::disable),
        post("/people/{person}/enable", Administer, people::enable),
        post("/people/{person}/password", Administer, people::password),
        post(
            "/people/{person}/second-factor",
            Administer,
            people::reset_factor,
        ),
        post("/people/{person}/remove", Administer, people::remove),
        get("/tokens", Administer, tokens::list),
        post("/tokens", Administer, tokens::make),
        get("/tokens/{token}", Administer, tokens::one),
        post("/tokens/{token}/revoke", Administer, tokens::revoke),
        post("/tokens/{token}/quarantine", Administer, tokens::quarantine),
        post("/tokens/{token}/lift", Administer, tokens::lift),
        ask("/enrolled", ReadAudit, enrolled::page),
        get("/enrolled/{machine}", ReadAudit, enrolled::one),
        post("/enrolled/{machine}/revoke", Administer, enrolled::revoke),
        get("/account", OwnAccount, account::page),
        post("/account/password", OwnAccount, account::password),
        post(
            "/account/sessions/end-others",
            OwnAccount,
            account::end_others,
        ),
        post("/account/sessions/{session}/end", OwnAccount, account::end),
        get(FACTOR, OwnAccount, second_factor::page),
        post(FACTOR, OwnAccount, second_factor::begin),
        post(
            "/account/second-factor/confirm",
            OwnAccount,
            second_factor::confirm,
        ),
        post(
            "/account/second-factor/remove",
            OwnAccount,
            second_factor::remove,
        ),
        ask("/sign-in", Anyone, sign_in::form),
        post("/sign-in", Anyone, sign_in::sign_in),
        get("/sign-in/code", Anyone, second_factor::code_form),
        post("/sign-in/code", Anyone, second_factor::code),
        ask("/sign-in/oidc", Anyone, oidc::begin),
        ask("/sign-in/oidc/return", Anyone, oidc::finish),
        post("/sign-out", Anyone, sign_in::sign_out),
        ask("/setup", Anyone, setup::form),
        post("/setup", Anyone, setup::set_up),
        ask("/static/{file}", Anyone, assets::file),
        ask("/favicon.ico", Anyone, assets::favicon),
    ]
}

/// For programs, and for machines that watch machines.
fn api() -> Vec<Route> {
    use Needs::{Anyone, Feed, FeedOrReadAudit, Read, ReadAudit};
    const READ: &[Purpose] = &[Purpose::Read];
    const IMPORT: &[Purpose] = &[Purpose::Import];
    const POPULATION: &[Purpose] = &[Purpose::Population];
    const SENDING: &[Purpose] = &[Purpose::Ingest, Purpose::Import];
    const LISTS: &str = "/api/v1/population";
    const OBSERVED: &str = "/api/v1/observations";
    const UPLOADS: &str = "/api/v1/uploads";
    const WHAT_IF: &str = "/api/v1/scopes/{id}/what-if";
    const DECISION: &str = "/api/v1/decisions/{number}";
    const AFTER: &str = "/api/v1/decisions/{number}/after";
    const ENTRY: &str = "/api/v1/clients/{id}/reports/{entry}";
    vec![
        post("/api/v1/reports", Feed, ingest::reports)
            .or(SENDING)
            .with_files(),
        route(Method::PUT, LISTS, Feed, ingest::population)
            .or(POPULATION)
            .with_files(),
        route(Method::DELETE, LISTS, Feed, lists::withdraw).or(POPULATION),
        ask("/api/v1/summary", Read, api::summary).or(READ),
        ask("/api/v1/clients", Read, api::clients).or(READ),
        ask("/api/v1/clients/{id}", Read, api_client::client).or(READ),
        ask("/api/v1/clients/{id}/raw", Read, api_client::raw).or(READ),
        ask(ENTRY, Read, api_client::report).or(READ),
        ask("/api/v1/blockers", Read, api::blockers).or(READ),
        ask("/api/v1/blockers/changes", Read, changes::list).or(READ),
        ask("/api/v1/exceptions", Read, exceptions::list).or(READ),
        ask("/api/v1/fixes", Read, fixes::api).or(READ),
        ask("/api/v1/gate", Read, gate::answer).or(READ),
        ask("/api/v1/feeds", Read, feeds::list).or(READ),
        ask("/api/v1/trend", Read, trend_api::list).or(READ),
        ask("/api/v1/regressed", Read, trend_api::who_was_ready).or(READ),
        ask("/api/v1/rejects", FeedOrReadAudit, api::rejects).or(READ),
        ask("/api/v1/audit", ReadAudit, audit::list),
        ask("/api/v1/sightings", Read, sightings::list).or(READ),
        ask("/api/v1/suspicions", Read, suspicions::list).or(READ),
        ask(OBSERVED, Read, observed::list).or(READ),
        post(OBSERVED, Feed, observed::add).or(IMPORT).with_files(),
        ask("/api/v1/scopes", Read, cutover::api::scopes).or(READ),
        ask(WHAT_IF, Read, cutover::api::what_if).or(READ),
        ask("/api/v1/decisions", Read, cutover::decisions_api::decisions).or(READ),
        ask(DECISION, Read, cutover::decisions_api::decision).or(READ),
        ask(AFTER, Read, cutover::after::api).or(READ),
        ask("/api/v1/openapi.json", Anyone, contract::document),
        ask(UPLOADS, FeedOrReadAudit, upload_api::list).or(IMPORT),
        post(UPLOADS, Feed, upload_api::add).or(IMPORT).with_files(),
        ask("/api/v1/uploads/{id}", FeedOrReadAudit, upload_api::one).or(IMPORT),
        ask(
            "/api/v1/uploads/{id}/rows",
            FeedOrReadAudit,
            upload_api::rows,
        )
        .or(IMPORT),
        post("/api/v1/uploads/{id}/commit", Feed, upload_api::commit).or(IMPORT),
        post("/api/v1/uploads/{id}/cancel", Feed, upload_api::cancel).or(IMPORT),
        ask(
            "/api/v1/uploads/{id}/rejected",
            FeedOrReadAudit,
            upload_api::rejected,
        )
        .or(IMPORT),
        ask("/healthz", Anyone, health::healthz),
        ask("/readyz", Anyone, health::readyz),
        ask("/metrics", Read, health::metrics).or(READ),
    ]
}

/// The server's routes, each behind its rule, and what surrounds every request.
pub fn router(app: App) -> Router {
    let mut rules = Rules::default();
    let mut routes = Router::new();
    for route in table() {
        // Whoever has not signed in yet cannot fill our memory.
        let limit = match route.rule.needs {
            Needs::Anyone | Needs::OwnAccount | Needs::Administer => SMALL_FORM,
            _ if route.takes_files => body::LARGEST,
            _ => FORM,
        };
        let of_path = rules.entry(route.path).or_default();
        of_path.push((route.method, route.rule));
        let mut handler = route.handler.layer(DefaultBodyLimit::max(limit));
        if !route.asks {
            handler = handler.route_layer(middleware::from_extractor::<Nothing>());
        }
        routes = routes.route(route.path, handler);
    }
    let guard = (app.clone(), Arc::new(rules));
    let routes = routes
        .route_layer(middleware::from_fn_with_state(guard, authorise::authorise))
        .fallback(pages::nothing_here)
        .method_not_allowed_fallback(pages::wrong_method)
        .with_state(app.clone());
    layers::around(routes, app)
}
