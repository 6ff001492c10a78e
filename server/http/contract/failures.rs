//! The answers to requests that fail, and the headers that many answers have.

use serde_json::{Value, json};

use super::{
    call::{Call, Who},
    examples,
};
use crate::error::Problem;

/// Statuses that every call of this kind can answer.
pub(super) fn common(call: &Call) -> Vec<u16> {
    let mut statuses = Vec::new();
    if call.path == "/healthz" {
        return statuses;
    }
    statuses.extend([408, 500, 503]);
    if call.who != Who::Anyone {
        statuses.extend([401, 403, 429]);
    }
    if call.negotiates {
        statuses.push(406);
    }
    if !call.params.is_empty() {
        statuses.extend([400, 422]);
    }
    if call.body.is_some() {
        statuses.extend([400, 413, 415, 422]);
    }
    statuses
}

/// Name of the answer with this status.
pub(super) fn name_of(status: u16) -> Option<&'static str> {
    Some(match status {
        400 => "Malformed",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        406 => "NotAcceptable",
        408 => "TooSlow",
        409 => "Conflict",
        410 => "Gone",
        413 => "TooLarge",
        415 => "Unsupported",
        422 => "Invalid",
        429 => "TooManyRequests",
        500 => "Internal",
        503 => "Busy",
        _ => return None,
    })
}

/// The answers to requests that fail in the usual ways.
pub(super) fn problems() -> Value {
    let all = [400, 401, 403, 406, 408, 413, 415, 422, 429, 500, 503];
    let all = all
        .into_iter()
        .filter_map(|status| Some((name_of(status)?.to_owned(), problem(status))));
    Value::Object(all.collect())
}

/// The answer with this status.
pub(super) fn problem(status: u16) -> Value {
    let example = examples::problem(status);
    let says = example.as_ref().map_or("It failed.", Problem::title);
    let mut headers = json!({"X-Request-Id": {"$ref": "#/components/headers/RequestId"}});
    let more = match status {
        401 => Some(("WWW-Authenticate", "How to sign in.")),
        429 | 503 => Some(("Retry-After", "Seconds after which to send it again.")),
        _ => None,
    };
    if let Some((name, says)) = more {
        headers[name] =
            json!({"description": says, "required": true, "schema": {"type": "string"}});
    }
    if status == 429 {
        rate_limit(&mut headers);
    }
    let mut content = json!({"schema": {"$ref": "#/components/schemas/Problem"}});
    if let Some(example) = example {
        content["example"] = example.to_json();
    }
    json!({
        "description": format!("{says}."),
        "headers": headers,
        "content": {"application/problem+json": content},
    })
}

/// Says which headers tell a token what it may ask.
pub(super) fn rate_limit(headers: &mut Value) {
    headers["RateLimit-Policy"] = json!({"$ref": "#/components/headers/RateLimitPolicy"});
    headers["RateLimit"] = json!({"$ref": "#/components/headers/RateLimit"});
}

/// Headers that many answers have.
pub(super) fn headers() -> Value {
    json!({
        "RequestId": {
            "required": true,
            "description": "Names this request in the log of the server: what the request brought under this name, or a new id.",
            "schema": {"type": "string"},
            "example": "0198f3a2-7c11-7d54-9d0e-2f1f3f6f2a10",
        },
        "RateLimitPolicy": {
            "required": false,
            "description": "How many requests (`q`) the token may make in so many seconds (`w`); not there where there is no limit, and for people.",
            "schema": {"type": "string"},
            "example": "\"reading\";q=600;w=60",
        },
        "RateLimit": {
            "required": false,
            "description": "How many of them are left (`r`), and in how many seconds all are there again (`t`).",
            "schema": {"type": "string"},
            "example": "\"reading\";r=599;t=1",
        },
        "ETag": {
            "required": true,
            "description": "Names what the answer says, apart from the moment at which it was made. Send it back as `If-None-Match`.",
            "schema": {"type": "string"},
            "example": "W/\"0123456789abcdef01234567\"",
        },
    })
}
