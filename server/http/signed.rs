//! The door for clients that cannot do TLS 1.2: signed reports over plain HTTP, and nothing else.
//!
//! It is off unless somebody opens it, has an address of its own, takes and never tells: an answer says that a report was
//! taken, not how the client stands. Anybody on the way can read a report here and hold it back. Nobody can change one, or make
//! one up for another machine; one that is sent again says what it said, and is no newer for that.

use axum::{
    Extension, Json, Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, header, request::Parts},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Serialize;

use super::{
    body,
    from_where::FromWhere,
    health, ingest, layers,
    pacing::{Pacer, Use},
    pages,
};
use crate::{
    domain::{
        bound::Bound,
        enrolment::{self, Master},
    },
    error::Problem,
    ingest::Result1,
    state::App,
    store::incoming::Sender,
};

/// All feeds of this door together.
const SENDER: &str = "signed reports without TLS";
/// The largest request. A report has some ten kilobytes.
const LARGEST: usize = 1 << 20;
/// Requests a minute of one machine. It has one a day to send.
const OF_A_MACHINE: u32 = 6;
/// Requests a minute of one address, whoever they are of. Many machines can stand behind one.
const OF_AN_ADDRESS: u32 = 300;

/// Whose report it is.
pub const MACHINE: HeaderName = HeaderName::from_static("cutover-machine");
/// The signature, in base64.
pub const SIGNATURE: HeaderName = HeaderName::from_static("cutover-signature");

#[derive(Clone)]
struct SignedDoor {
    app: App,
    master: std::sync::Arc<Master>,
    machines: std::sync::Arc<Pacer>,
    addresses: std::sync::Arc<Pacer>,
}

/// What is answered.
#[derive(Debug, Serialize)]
struct Taken {
    /// It is kept, or was known already.
    taken: bool,
}

/// Everything that is behind this door.
pub fn router(app: App, master: Master) -> Router {
    let door = SignedDoor {
        app: app.clone(),
        master: std::sync::Arc::new(master),
        machines: std::sync::Arc::new(Pacer::new(0, OF_A_MACHINE)),
        addresses: std::sync::Arc::new(Pacer::new(0, OF_AN_ADDRESS)),
    };
    let routes = Router::new()
        .route("/api/v1/reports", post(report))
        .route("/healthz", get(health::healthz))
        .fallback(pages::nothing_here)
        .method_not_allowed_fallback(pages::wrong_method)
        .with_state(door);
    layers::around(routes, app)
}

/// Takes the report of the machine that has signed it.
async fn report(
    State(door): State<SignedDoor>,
    from: Option<Extension<FromWhere>>,
    request: Request,
) -> Result<Response, Problem> {
    let from = from.map(|Extension(FromWhere(from))| from);
    let (parts, body) = request.into_parts();
    match take(&door, &parts, from, body).await {
        Ok(()) => Ok(Json(Taken { taken: true }).into_response()),
        Err((problem, unread)) => {
            if let Some(body) = unread {
                // Whoever still sends would never read the answer.
                body::pass_over(body).await;
            }
            Err(problem)
        }
    }
}

/// The refusal, and the body where nobody has read it.
type Refused = (Problem, Option<Body>);

async fn take(
    door: &SignedDoor,
    parts: &Parts,
    from: Option<std::net::IpAddr>,
    body: Body,
) -> Result<(), Refused> {
    let address = from.map(|from| from.to_string()).unwrap_or_default();
    if let Err(problem) = door.addresses.ask(parts, &address, Use::Sending) {
        return Err((problem, Some(body)));
    }
    let (name, signature) = match said(&parts.headers) {
        Ok(said) => said,
        Err(problem) => return Err((problem, Some(body))),
    };
    let bytes = axum::body::to_bytes(body, LARGEST).await.map_err(|_| {
        let problem = Problem::TooLarge(format!(
            "A signed report may have {} MiB, and has to arrive whole.",
            LARGEST >> 20
        ));
        (problem, None)
    })?;
    let read = |problem: Problem| (problem, None);
    let held = door.app.store().enrolled_key(&name).await;
    let held = held.map_err(|error| read(error.into()))?;
    // Who has no key is not told from who has another one, neither in words nor in time.
    let key = door.master.key_of(&name, held.unwrap_or_default());
    let right = key.has_signed(&name, &bytes, &signature);
    if !right || held.is_none() {
        return Err(read(Problem::Forbidden(
            "This is not signed with the key of an enrolled machine of that name; `cutover enrol` gives it one."
                .to_owned(),
        )));
    }
    door.machines
        .ask(parts, &name, Use::Sending)
        .map_err(read)?;
    let bound = Bound::to([name]).ok_or_else(|| read(Problem::Internal))?;
    let sender = Sender::signed(SENDER).at(from);
    let outcome = ingest::take_of(&door.app, bytes.into(), &sender, Some(bound)).await;
    let outcome = outcome.map_err(read)?;
    let refused = outcome.results.iter().find_map(|result| match result {
        Result1::Rejected(errors) => Some(errors.clone()),
        Result1::Kept { .. } => None,
    });
    match refused {
        Some(errors) => Err(read(Problem::Invalid(errors))),
        None => Ok(()),
    }
}

/// Whose report it says it is, and the signature.
fn said(headers: &HeaderMap) -> Result<(String, Vec<u8>), Problem> {
    if headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|encoding| encoding.as_bytes() != b"identity")
    {
        return Err(Problem::Unsupported(
            "A signed report is sent as it was signed, and not compressed.".to_owned(),
        ));
    }
    ingest::check_reports(headers)?;
    let text = |name: &HeaderName| {
        let mut all = headers.get_all(name).iter();
        let first = all.next().and_then(|value| value.to_str().ok());
        first.filter(|_| all.next().is_none())
    };
    let missing = || {
        Problem::Malformed(
            "Say in the headers Cutover-Machine and Cutover-Signature, once each, whose report this is and with which signature (base64)."
                .to_owned(),
        )
    };
    let name = text(&MACHINE)
        .and_then(enrolment::name)
        .ok_or_else(missing)?;
    let signature = text(&SIGNATURE)
        .and_then(|text| STANDARD.decode(text.trim()).ok())
        .ok_or_else(missing)?;
    Ok((name, signature))
}
