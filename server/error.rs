//! Every way a request can fail: one status, one plain sentence, one shape (RFC 9457).

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::{store, wire::FieldError};

/// A failed request. What a person or program is told never contains the cause inside; that is logged once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// 400: the request cannot be read at all.
    Malformed(String),
    /// 401: nobody signed in, or a token that does not hold.
    Unauthorized,
    /// 401: a token that was right, and has ended.
    Expired,
    /// 403: signed in, but not for this.
    Forbidden(String),
    /// 404: no such thing.
    NotFound(String),
    /// 405: the path is there, but not for this method.
    MethodNotAllowed,
    /// 409: needs a confirmation.
    NeedsConfirmation(String),
    /// 409: not in the state it is in.
    Conflict(String),
    /// 410: it was there, and is kept no more.
    Gone(String),
    /// 406: none of the formats asked for.
    NotAcceptable(String),
    /// 413: larger than the limit it names.
    TooLarge(String),
    /// 415: a media type or encoding we do not take.
    Unsupported(String),
    /// 422: understood, but wrong; each error has its place.
    Invalid(Vec<FieldError>),
    /// 429: too many attempts to sign in.
    TooManyAttempts,
    /// 429: a token has made too many requests.
    TooManyRequests {
        /// So many are allowed a minute.
        quota: u32,
        /// Seconds after which there is room for another.
        wait: u32,
    },
    /// 503: too busy; nothing was kept, sending again is harmless.
    Busy,
    /// 503: the database is away or cannot write; nothing was kept, sending again is harmless.
    Unavailable,
    /// 408: it took too long to arrive.
    TooSlow,
    /// 500: our fault; the log has the cause.
    Internal,
}

/// The body of a problem.
#[derive(Debug, Serialize)]
pub struct ProblemBody<'p> {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    detail: &'p str,
    #[serde(skip_serializing_if = "<[FieldError]>::is_empty")]
    errors: &'p [FieldError],
}

impl Problem {
    /// Status, type and title.
    const fn parts(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Malformed(_) => (
                StatusCode::BAD_REQUEST,
                "urn:cutover:problem:malformed",
                "The request cannot be read",
            ),
            Self::Unauthorized | Self::Expired => (
                StatusCode::UNAUTHORIZED,
                "urn:cutover:problem:unauthorized",
                "Sign in first",
            ),
            Self::Forbidden(_) => (
                StatusCode::FORBIDDEN,
                "urn:cutover:problem:forbidden",
                "Not allowed",
            ),
            Self::NotFound(_) => (
                StatusCode::NOT_FOUND,
                "urn:cutover:problem:not-found",
                "Not found",
            ),
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                "urn:cutover:problem:method-not-allowed",
                "Method not allowed",
            ),
            Self::NeedsConfirmation(_) => (
                StatusCode::CONFLICT,
                "urn:cutover:problem:needs-confirmation",
                "This needs a confirmation",
            ),
            Self::Conflict(_) => (
                StatusCode::CONFLICT,
                "urn:cutover:problem:conflict",
                "Not possible any more",
            ),
            Self::Gone(_) => (
                StatusCode::GONE,
                "urn:cutover:problem:gone",
                "Not kept any more",
            ),
            Self::NotAcceptable(_) => (
                StatusCode::NOT_ACCEPTABLE,
                "urn:cutover:problem:not-acceptable",
                "No such format",
            ),
            Self::TooLarge(_) => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "urn:cutover:problem:too-large",
                "Too large",
            ),
            Self::Unsupported(_) => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "urn:cutover:problem:unsupported",
                "Not a type we take",
            ),
            Self::Invalid(_) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "urn:cutover:problem:invalid",
                "Something in it is wrong",
            ),
            Self::TooManyAttempts => (
                StatusCode::TOO_MANY_REQUESTS,
                "urn:cutover:problem:too-many-attempts",
                "Too many attempts",
            ),
            Self::TooManyRequests { .. } => (
                StatusCode::TOO_MANY_REQUESTS,
                "urn:cutover:problem:too-many-requests",
                "Too many requests",
            ),
            Self::Busy => (
                StatusCode::SERVICE_UNAVAILABLE,
                "urn:cutover:problem:busy",
                "Too busy",
            ),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "urn:cutover:problem:unavailable",
                "Not available now",
            ),
            Self::TooSlow => (
                StatusCode::REQUEST_TIMEOUT,
                "urn:cutover:problem:too-slow",
                "It took too long",
            ),
            Self::Internal => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "urn:cutover:problem:internal",
                "Something went wrong here",
            ),
        }
    }

    /// One of each kind, for those who describe them all.
    pub fn examples() -> Vec<Self> {
        let some = String::new;
        vec![
            Self::Malformed(some()),
            Self::Unauthorized,
            Self::Forbidden(some()),
            Self::NotFound(some()),
            Self::MethodNotAllowed,
            Self::NotAcceptable(some()),
            Self::TooSlow,
            Self::NeedsConfirmation(some()),
            Self::Conflict(some()),
            Self::Gone(some()),
            Self::TooLarge(some()),
            Self::Unsupported(some()),
            Self::Invalid(Vec::new()),
            Self::TooManyAttempts,
            Self::TooManyRequests { quota: 0, wait: 0 },
            Self::Internal,
            Self::Busy,
            Self::Unavailable,
        ]
    }

    /// The `type` of its body.
    pub const fn kind(&self) -> &'static str {
        self.parts().1
    }

    /// The status.
    pub const fn status(&self) -> StatusCode {
        self.parts().0
    }

    /// A few words.
    pub const fn title(&self) -> &'static str {
        self.parts().2
    }

    /// The sentence a person can act on.
    pub fn detail(&self) -> String {
        match self {
            Self::Malformed(detail)
            | Self::Forbidden(detail)
            | Self::NotFound(detail)
            | Self::NeedsConfirmation(detail)
            | Self::Conflict(detail)
            | Self::Gone(detail)
            | Self::NotAcceptable(detail)
            | Self::TooLarge(detail)
            | Self::Unsupported(detail) => detail.clone(),
            Self::Unauthorized => {
                "Send a token as `Authorization: Bearer …`, or sign in on the page.".to_owned()
            }
            Self::Expired => {
                "This token has expired. Ask an administrator for another one.".to_owned()
            }
            Self::MethodNotAllowed => "This address does not take this method; the header Allow names those that it takes.".to_owned(),
            Self::Invalid(errors) => match errors.as_slice() {
                [one] if one.pointer.is_empty() => one.detail.clone(),
                [one] => format!("{}: {}", one.pointer, one.detail),
                many => format!("{} errors; each names its place.", many.len()),
            },
            Self::TooManyAttempts => "Wait a minute, then try again.".to_owned(),
            Self::TooManyRequests { quota, .. } => format!(
                "This token may make {quota} requests a minute. Send it again after the time in Retry-After; the header RateLimit says how many are left."
            ),
            Self::Busy => {
                "Too much is waiting to be written, or too many lists are being taken away at once. Nothing of this request was acknowledged; send it again after the time in Retry-After. Sending a report twice is harmless.".to_owned()
            }
            Self::Unavailable => {
                "The database cannot be reached or cannot write at the moment; the server's log has the cause. Nothing of this request was acknowledged; send it again after the time in Retry-After. Sending a report twice is harmless.".to_owned()
            }
            Self::TooSlow => "The request did not arrive in time; send it again.".to_owned(),
            Self::Internal => {
                "The request could not be carried out and nothing of it was acknowledged. The server's log has the cause; send it again later.".to_owned()
            }
        }
    }

    /// The errors and their places.
    pub fn errors(&self) -> &[FieldError] {
        match self {
            Self::Invalid(errors) => errors,
            _ => &[],
        }
    }

    /// A single error at a place.
    pub fn invalid(pointer: &str, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError {
            pointer: pointer.to_owned(),
            detail: detail.into(),
        }])
    }

    /// The JSON body, for a record inside a larger answer.
    pub fn to_json(&self) -> serde_json::Value {
        let (status, kind, title) = self.parts();
        let detail = self.detail();
        let body = ProblemBody {
            kind,
            title,
            status: status.as_u16(),
            detail: &detail,
            errors: self.errors(),
        };
        serde_json::to_value(body).unwrap_or(serde_json::Value::Null)
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Busy => Self::Busy,
            store::Error::Input(detail) => Self::Malformed(detail),
            store::Error::Gone(detail) => Self::Gone(detail),
            store::Error::NeedsConfirmation(detail, _) => Self::NeedsConfirmation(detail),
            store::Error::Refused(_) => Self::invalid(
                "",
                "the database refuses what stands in this record; the server's log has the cause",
            ),
            refused if refused.blames_the_data() => {
                tracing::warn!(error = %refused, "the database refuses what stands in a request");
                Self::Malformed(
                    "The request holds something that the database refuses, such as a NUL character."
                        .to_owned(),
                )
            }
            passing if passing.may_pass() => {
                tracing::error!(error = %passing, "the database is not available");
                Self::Unavailable
            }
            other => {
                tracing::error!(error = %other, "a request failed inside");
                Self::Internal
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, kind, title) = self.parts();
        let detail = self.detail();
        let body = ProblemBody {
            kind,
            title,
            status: status.as_u16(),
            detail: &detail,
            errors: self.errors(),
        };
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match &self {
            Self::Busy | Self::Unavailable => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
            }
            Self::TooManyRequests { wait, .. } => {
                headers.insert(header::RETRY_AFTER, (*wait).into());
            }
            Self::TooManyAttempts => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
            }
            Self::Unauthorized | Self::Expired => {
                headers.insert(
                    header::WWW_AUTHENTICATE,
                    HeaderValue::from_static("Bearer realm=\"cutover\""),
                );
            }
            _ => {}
        }
        // For the layer that dresses problems as pages.
        response.extensions_mut().insert(self);
        response
    }
}
