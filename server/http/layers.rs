//! What surrounds every request, outermost first, a sentence each.

use std::{borrow::Cow, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, Uri, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
};
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    csrf::CsrfLayer,
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    set_header::SetResponseHeaderLayer,
    trace::TraceLayer,
};

use super::{from_where, manners, pacing, pages};
use crate::{error::Problem, state::App};

/// A request, body included, may take this long until its answer starts.
const WHOLE_REQUEST: Duration = Duration::from_secs(60);

/// The same for what only somebody who has signed in can ask for, and what takes its time with a large fleet: an
/// expected list of some hundred thousand rows, a workbook of as many.
const LONG_WORK: Duration = Duration::from_secs(15 * 60);

/// Nothing inline, nothing from elsewhere; each line opens one thing.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Puts the layers around the routes.
pub(super) fn around(routes: Router, app: App) -> Router {
    let constant = |name: &'static str, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )
    };
    let hsts = app.secure_cookies().then(|| {
        SetResponseHeaderLayer::if_not_present(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        )
    });
    // As one stack, from the outermost in: layered one by one, each would box and clone all those within for each request.
    let stack = ServiceBuilder::new()
        .layer(middleware::from_fn(manners::plain_id))
        .layer(middleware::from_fn(manners::named))
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(PropagateRequestIdLayer::x_request_id())
        // One line a request; never bodies, tokens or addresses of clients.
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .layer(tower::util::option_layer(hsts))
        .layer(constant("cache-control", "no-store"))
        .layer(constant("cross-origin-resource-policy", "same-origin"))
        .layer(constant("cross-origin-opener-policy", "same-origin"))
        .layer(constant("referrer-policy", "same-origin"))
        .layer(constant("x-content-type-options", "nosniff"))
        .layer(constant("content-security-policy", POLICY))
        // What is left of a token's quota stands on every answer to it.
        .layer(middleware::from_fn(pacing::said))
        // A bug in one request is the end of that request only.
        .layer(CatchPanicLayer::custom(|_| {
            tracing::error!("a request panicked");
            Problem::Internal.into_response()
        }))
        // Answers are compressed when that is asked for.
        .layer(CompressionLayer::new())
        // An answer comes in a form that was asked for.
        .layer(middleware::from_fn(manners::acceptable))
        // What is said of an upload is said once.
        .layer(middleware::from_fn(manners::said_once))
        // A problem becomes a page for whoever wants to read one.
        .layer(middleware::from_fn_with_state(app.clone(), dress))
        // No other site can make a signed-in browser change anything.
        .layer(CsrfLayer::new().with_rejection_response(|_| {
            Problem::Forbidden("This was sent by a page of another site.".to_owned())
                .into_response()
        }))
        // Where it comes from, for whoever limits or notes that.
        .layer(middleware::from_fn_with_state(app, from_where::note))
        // A request that does not get on is given up.
        .layer(middleware::from_fn(in_time));
    // OPTIONS says what a route takes.
    Router::new()
        .fallback_service(routes.layer(stack))
        .layer(middleware::from_fn(manners::options))
}

fn span(request: &axum::http::Request<axum::body::Body>) -> tracing::Span {
    let id = request
        .headers()
        .get("x-request-id")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    // The path without its query: a query can carry names that people look for.
    let path = without_secrets(request.uri().path());
    tracing::info_span!("request", method = %request.method(), path = &*path, id)
}

/// What our tokens begin with; nothing else does.
pub(super) const TOKEN: &str = "cut_";

/// A path in which no token stands: somebody pastes one where its id belongs.
pub(super) fn without_secrets(path: &str) -> Cow<'_, str> {
    if !path.contains(TOKEN) {
        return Cow::Borrowed(path);
    }
    let parts = path.split('/').map(|part| match part.split_once(TOKEN) {
        Some((before, _)) => format!("{before}{TOKEN}…"),
        None => part.to_owned(),
    });
    Cow::Owned(parts.collect::<Vec<_>>().join("/"))
}

/// How long a request may take. What a stranger can send is never given the long limit: a body that does not get on must
/// not hold a connection, so a workbook is one only when it is fetched, and a list only where it is replaced.
fn limit(method: &Method, uri: &Uri) -> Duration {
    let replaces = method == Method::PUT && uri.path() == "/api/v1/population"
        || method == Method::POST && uri.path() == "/population";
    let fetches = method == Method::GET
        && matches!(uri.path(), "/api/v1/clients" | "/api/v1/blockers")
        && uri
            .query()
            .is_some_and(|query| query.split('&').any(|pair| pair == "format=xlsx"));
    if replaces || fetches {
        LONG_WORK
    } else {
        WHOLE_REQUEST
    }
}

async fn in_time(request: Request, next: Next) -> Response {
    let limit = limit(request.method(), request.uri());
    tokio::time::timeout(limit, next.run(request))
        .await
        .unwrap_or_else(|_| Problem::TooSlow.into_response())
}

async fn dress(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let programs = path.starts_with("/api/") || path == "/metrics" || path == "/readyz";
    let reads_pages = request
        .headers()
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    let address = request
        .uri()
        .path_and_query()
        .map_or_else(|| "/".to_owned(), ToString::to_string);
    let id = request
        .headers()
        .get("x-request-id")
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let response = next.run(request).await;
    if programs || !reads_pages {
        return response;
    }
    match response.extensions().get::<Problem>().cloned() {
        Some(Problem::Unauthorized) => pages::to_sign_in(&address),
        Some(problem) => {
            let mut page = pages::problem(&app, &problem, id.as_deref());
            for name in [header::ALLOW, header::RETRY_AFTER] {
                if let Some(value) = response.headers().get(&name) {
                    page.headers_mut().insert(name, value.clone());
                }
            }
            page
        }
        None => response,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_in_a_path_is_not_told() {
        for (path, told) in [
            ("/clients/PC-1", "/clients/PC-1"),
            ("/tokens/cut_read_0011_abc/revoke", "/tokens/cut_…/revoke"),
            ("/x-cut_read_0011_abc", "/x-cut_…"),
            ("/a/cut_ingest_1/cut_read_2", "/a/cut_…/cut_…"),
            ("/clients/shortcut", "/clients/shortcut"),
        ] {
            assert_eq!(without_secrets(path), told);
        }
    }

    #[test]
    fn only_long_work_may_take_long() {
        for (method, uri, long) in [
            (Method::PUT, "/api/v1/population?list=a", true),
            (Method::POST, "/population", true),
            (Method::GET, "/api/v1/clients?os=a&format=xlsx", true),
            (Method::GET, "/api/v1/blockers?format=csv", false),
            (Method::POST, "/sign-in?format=xlsx", false),
            (Method::POST, "/api/v1/reports?format=xlsx", false),
            (Method::GET, "/population", false),
        ] {
            let uri: Uri = uri.parse().expect("an address");
            assert_eq!(limit(&method, &uri) == LONG_WORK, long, "{method} {uri}");
        }
    }
}
