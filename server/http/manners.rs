//! What a good server of HTTP does by itself: OPTIONS, formats that nobody asked for, ids of requests.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use super::{
    layers::TOKEN,
    media,
    query::{Once, form_pairs},
};
use crate::error::Problem;

/// Most letters of a request's id that somebody else has chosen.
const LONGEST_ID: usize = 128;

/// Whether a page of our own led the browser here, as after a form. What a page tells of what has just been done stands in its
/// address, and whoever sends somebody a link could say anything there. Where a browser does not say it, nothing is told.
pub(super) fn led_by_us(headers: &HeaderMap) -> bool {
    let from = headers.get("sec-fetch-site");
    from.is_some_and(|from| from == "same-origin")
}

/// Says as a header by which name this server was asked, also where HTTP/2 says it in the address: there is one place to look then.
pub(super) async fn named(mut request: Request, next: Next) -> Response {
    let authority = request.uri().authority().map(Authority::as_str);
    let name = authority.and_then(|name| HeaderValue::from_str(name).ok());
    if let Some(name) = name
        && !request.headers().contains_key(header::HOST)
    {
        request.headers_mut().insert(header::HOST, name);
    }
    next.run(request).await
}

/// Answers OPTIONS where a route is, and names it where a method is wrong. It stands outside of the routes, which say
/// only at the very end what they take.
pub(super) async fn options(request: Request, next: Next) -> Response {
    let asks = request.method() == Method::OPTIONS;
    let mut response = next.run(request).await;
    if response.status() != StatusCode::METHOD_NOT_ALLOWED {
        return response;
    }
    let allowed = allowed(response.headers());
    if asks {
        *response.status_mut() = StatusCode::NO_CONTENT;
        *response.body_mut() = Body::empty();
        for name in [
            header::CONTENT_TYPE,
            header::CONTENT_LENGTH,
            header::CONTENT_ENCODING,
        ] {
            response.headers_mut().remove(name);
        }
    }
    if let Some(allowed) = allowed {
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    response
}

/// The methods of a route, OPTIONS among them.
fn allowed(headers: &HeaderMap) -> Option<HeaderValue> {
    let methods = headers.get(header::ALLOW)?.to_str().ok()?;
    let methods = methods.split(',').map(str::trim);
    let methods = methods.filter(|method| !method.is_empty());
    let methods: Vec<&str> = methods.chain(["OPTIONS"]).collect();
    HeaderValue::from_str(&methods.join(", ")).ok()
}

/// An answer to a program that reads comes only in a form that it takes. What changes something is answered as it is:
/// it has happened. A form that the address names is meant, whatever `Accept` says.
pub(super) async fn acceptable(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let names_it = request.uri().query().is_some_and(|query| {
        let mut pairs = query.split('&');
        pairs.any(|pair| pair.starts_with("format=") && pair != "format=")
    });
    if !reads || names_it || !path.starts_with("/api/") {
        return next.run(request).await;
    }
    let mut wanted = HeaderMap::new();
    for value in request.headers().get_all(header::ACCEPT) {
        wanted.append(header::ACCEPT, value.clone());
    }
    let response = next.run(request).await;
    let kind = response.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next());
    match kind {
        Some(kind)
            if response.status() == StatusCode::OK && media::best(&wanted, &[kind]).is_none() =>
        {
            Problem::NotAcceptable(format!(
                "This answer comes as {kind}. Name that in Accept, or leave Accept out."
            ))
            .into_response()
        }
        _ => response,
    }
}

/// What is said of an upload in the address is said once: of two values one would be dropped in silence.
pub(super) async fn said_once(request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with("/api/v1/uploads") {
        return next.run(request).await;
    }
    let query = request.uri().query().unwrap_or_default();
    let mut once = Once::default();
    let twice = form_pairs(query)
        .into_iter()
        .find_map(|(name, _)| once.check(&name).err().map(|detail| (name, detail)));
    match twice {
        Some((name, detail)) => Problem::invalid(&format!("?{name}"), detail).into_response(),
        None => next.run(request).await,
    }
}

/// Forgets an id of a request that is too long, or holds what does not belong into a log.
pub(super) async fn plain_id(mut request: Request, next: Next) -> Response {
    const NAME: HeaderName = HeaderName::from_static("x-request-id");
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let mut given = request.headers().get_all(NAME).iter();
    let plain = given.next().is_none_or(|id| {
        let id = id.as_bytes();
        let token = id.windows(TOKEN.len()).any(|part| part == TOKEN.as_bytes());
        !id.is_empty() && id.len() <= LONGEST_ID && id.iter().all(fits) && !token
    });
    if !plain || given.next().is_some() {
        request.headers_mut().remove(NAME);
    }
    next.run(request).await
}
