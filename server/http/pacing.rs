//! How many requests a token may make, and the headers that say so.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Instant,
};

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, request::Parts},
    middleware::Next,
    response::Response,
};

use crate::{
    domain::pace::{Asked, Pace},
    error::Problem,
};

/// Tokens that are remembered at most. Each is one that an administrator has made.
const REMEMBERED: usize = 4_096;

/// The quota, by a name.
pub const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// What is left of it.
pub const LEFT: HeaderName = HeaderName::from_static("ratelimit");

/// What a token is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Use {
    /// It asks.
    Reading,
    /// It brings reports or files; there the room for bodies and the queue of the writer say when it is too much.
    Sending,
}

impl Use {
    const fn name(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Sending => "sending",
        }
    }
}

/// Who has asked how much lately; of this process alone.
#[derive(Debug)]
pub struct Pacer {
    reading: Option<Pace>,
    sending: Option<Pace>,
    began: Instant,
    paid: Mutex<HashMap<(Use, String), i64>>,
}

/// What the answer to a request is to say.
#[derive(Clone, Copy, Debug)]
struct Said {
    of: Use,
    pace: Pace,
    asked: Asked,
}

/// Where it is written down while the request is answered.
#[derive(Clone, Debug, Default)]
struct Slate(Arc<OnceLock<Said>>);

impl Pacer {
    /// Requests a minute that a token may make to read, and to send; 0: as many as it likes.
    pub fn new(reading: u32, sending: u32) -> Self {
        Self {
            reading: Pace::a_minute(reading),
            sending: Pace::a_minute(sending),
            began: Instant::now(),
            paid: Mutex::default(),
        }
    }

    /// A token makes a request.
    ///
    /// # Errors
    /// It has made too many.
    pub fn ask(&self, parts: &Parts, token: &str, of: Use) -> Result<(), Problem> {
        let pace = match of {
            Use::Reading => self.reading,
            Use::Sending => self.sending,
        };
        let Some(pace) = pace else {
            return Ok(());
        };
        let now = i64::try_from(self.began.elapsed().as_micros()).unwrap_or(i64::MAX / 2);
        let asked = self.counted(pace, token, of, now);
        if let Some(Slate(slate)) = parts.extensions.get::<Slate>() {
            // A request is counted once.
            let _ = slate.set(Said { of, pace, asked });
        }
        if asked.granted {
            Ok(())
        } else {
            Err(Problem::TooManyRequests {
                quota: pace.quota(),
                wait: asked.wait,
            })
        }
    }

    fn counted(&self, pace: Pace, token: &str, of: Use, now: i64) -> Asked {
        let mut all = self.paid.lock().unwrap_or_else(PoisonError::into_inner);
        let who = (of, token.to_owned());
        let asked = pace.ask(all.get(&who).copied(), now);
        if all.len() >= REMEMBERED && !all.contains_key(&who) {
            // Whoever has paid for everything is as good as new.
            all.retain(|_, paid| *paid > now);
            if all.len() >= REMEMBERED {
                all.clear();
            }
        }
        all.insert(who, asked.paid);
        asked
    }
}

/// Puts on each answer what is left for its token.
pub(super) async fn said(mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if !path.starts_with("/api/") && path != "/metrics" {
        return next.run(request).await;
    }
    let slate = Slate::default();
    request.extensions_mut().insert(slate.clone());
    let mut response = next.run(request).await;
    if let Some(said) = slate.0.get() {
        write(response.headers_mut(), said);
    }
    response
}

fn write(headers: &mut HeaderMap, said: &Said) {
    let name = said.of.name();
    let policy = format!("\"{name}\";q={};w=60", said.pace.quota());
    let left = format!("\"{name}\";r={};t={}", said.asked.left, said.asked.full_in);
    for (header, text) in [(POLICY, policy), (LEFT, left)] {
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(header, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_tokens_take_no_more_room_and_do_not_lock_anybody_out() {
        let pacer = Pacer::new(2, 0);
        let pace = Pace::a_minute(2).expect("a limit");
        for n in 0..3 * REMEMBERED {
            assert!(pacer.counted(pace, &n.to_string(), Use::Reading, 0).granted);
        }
        let known = pacer.paid.lock().expect("a lock").len();
        assert!(known <= REMEMBERED, "{known}");
    }

    #[test]
    fn each_token_has_its_own_quota() {
        let pacer = Pacer::new(1, 0);
        let pace = Pace::a_minute(1).expect("a limit");
        assert!(pacer.counted(pace, "a", Use::Reading, 0).granted);
        assert!(!pacer.counted(pace, "a", Use::Reading, 0).granted);
        assert!(pacer.counted(pace, "b", Use::Reading, 0).granted);
        assert!(pacer.counted(pace, "a", Use::Sending, 0).granted);
    }
}
