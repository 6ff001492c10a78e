//! One HTTP client for the whole run: builds the requests and reads from the answers what the run needs to know.

use std::{error::Error as _, net::IpAddr, time::Duration};

use bytes::Bytes;
use reqwest::{
    Client, Response, StatusCode, Url,
    header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER},
};
use serde::Deserialize;

use super::{
    plan::{LoadError, Plan, Secret, Trust},
    tls,
};

/// What became of a request.
#[derive(Debug)]
pub(super) enum Answer {
    /// Taken, and durable.
    Taken(Counts, Bytes),
    /// Too busy; come again after that time.
    Busy(Duration),
    /// The reports are at fault.
    Rejected(String),
    /// The server is at fault; trying again may help.
    Failed(String),
    /// The settings are at fault: no other report will fare better.
    Hopeless(String),
    /// Nothing came back.
    Silence(String),
}

/// The counts of a batch answer.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct Counts {
    #[serde(default)]
    pub(super) received: u64,
    #[serde(default)]
    pub(super) stored: u64,
    #[serde(default)]
    pub(super) unchanged: u64,
    #[serde(default)]
    pub(super) rejected: u64,
}

#[derive(Deserialize)]
struct Problem {
    #[serde(default)]
    detail: String,
}

/// Sends bodies to one server.
#[derive(Clone, Debug)]
pub(super) struct Sender {
    client: Client,
    url: Url,
}

/// The full address of one call, after a look at whether this server may be called like that.
fn address(plan: &Plan, call: &str) -> Result<Url, LoadError> {
    let bad = || LoadError::Address(plan.server.clone());
    let mut url = Url::parse(&plan.server).map_err(|_| bad())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad());
    }
    let host = url.host_str().ok_or_else(bad)?;
    if plan.trust == Trust::Anything && !is_this_machine(host) {
        return Err(LoadError::InsecureRemote(host.to_owned()));
    }
    url.path_segments_mut()
        .map_err(|()| bad())?
        .pop_if_empty()
        .extend(["api", "v1", call]);
    Ok(url)
}

fn client(plan: &Plan, headers: HeaderMap, limit: Duration) -> Result<Client, LoadError> {
    Client::builder()
        .tls_backend_preconfigured(tls::config(&plan.trust)?)
        .default_headers(headers)
        .http1_only()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(if plan.new_connection { 0 } else { usize::MAX })
        .timeout(limit)
        .build()
        .map_err(|e| LoadError::Setup(told(&e)))
}

/// A client with the plan's trust and token, and the address of a call, for commands that send one thing.
///
/// # Errors
/// The address, the certificate or the token cannot be used.
pub fn connect(plan: &Plan, call: &str) -> Result<(Client, Url), LoadError> {
    let mut headers = HeaderMap::new();
    if let Some(token) = &plan.token {
        headers.insert(AUTHORIZATION, bearer(token)?);
    }
    let client = client(plan, headers, Duration::from_mins(5))?;
    Ok((client, address(plan, call)?))
}

/// Replaces the device list; gives back what the server says about it.
pub(super) async fn put_population(
    plan: &Plan,
    token: &Secret,
    csv: Vec<u8>,
) -> Result<serde_json::Value, LoadError> {
    let failed = |e: reqwest::Error| LoadError::Population(told(&e));
    let headers = HeaderMap::from_iter([
        (AUTHORIZATION, bearer(token)?),
        (
            CONTENT_TYPE,
            HeaderValue::from_static("text/csv; charset=utf-8"),
        ),
    ]);
    let url = address(plan, "population")?;
    let request = client(plan, headers, Duration::from_mins(10))?
        .put(url)
        .body(csv);
    let response = request.send().await.map_err(failed)?;
    let status = response.status();
    let body = response.bytes().await.map_err(failed)?;
    if !status.is_success() {
        return Err(LoadError::Population(problem(status, &body)));
    }
    Ok(serde_json::from_slice(&body).unwrap_or_default())
}

impl Sender {
    pub(super) fn new(plan: &Plan) -> Result<Self, LoadError> {
        let kind = if plan.batch == 1 {
            "application/json"
        } else {
            "application/x-ndjson"
        };
        let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))]);
        if let Some(token) = &plan.token {
            headers.insert(AUTHORIZATION, bearer(token)?);
        }
        if let Some(encoding) = plan.encoding.header() {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        Ok(Self {
            url: address(plan, "reports")?,
            client: client(plan, headers, Duration::from_mins(1))?,
        })
    }

    /// Opens a connection and leaves it for the requests to come. A failure is met again by the first request.
    pub(super) async fn warm(&self) {
        let mut url = self.url.clone();
        url.set_path("/healthz");
        if let Ok(answer) = self.client.get(url).send().await {
            drop(answer.bytes().await);
        }
    }

    /// Sends reports and waits for the answer.
    pub(super) async fn send(&self, body: Bytes) -> Answer {
        let request = self.client.post(self.url.clone()).body(body);
        match request.send().await {
            Ok(response) => read(response).await,
            Err(e) => {
                let why = told(&e);
                match super::unreached::distrust(&why) {
                    Some(hopeless) => Answer::Hopeless(hopeless),
                    None => Answer::Silence(why),
                }
            }
        }
    }
}

fn bearer(token: &Secret) -> Result<HeaderValue, LoadError> {
    let mut value =
        HeaderValue::from_str(&format!("Bearer {}", token.0)).map_err(|_| LoadError::BadToken)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Whether a host name or address can only mean this machine.
fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

async fn read(response: Response) -> Answer {
    let status = response.status();
    let wait = response.headers().get(RETRY_AFTER).cloned();
    // The body is read in any case, so that the connection can be used again.
    let body = match response.bytes().await {
        Ok(body) => body,
        Err(e) => return Answer::Silence(told(&e)),
    };
    match status {
        StatusCode::OK => match serde_json::from_slice(&body) {
            Ok(counts) => Answer::Taken(counts, body),
            Err(e) => Answer::Hopeless(format!(
                "the answer to POST /api/v1/reports is not the one agreed on: {e}"
            )),
        },
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
            Answer::Busy(retry_after(wait.as_ref()))
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Answer::Hopeless(format!(
            "the server refuses the token ({}); make one with `cutover token create --purpose ingest`",
            problem(status, &body)
        )),
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => Answer::Hopeless(format!(
            "the server takes no reports there ({status}); check the address"
        )),
        _ if status.is_client_error() => Answer::Rejected(problem(status, &body)),
        _ => Answer::Failed(problem(status, &body)),
    }
}

/// Seconds to wait; a date or nothing means one.
pub fn retry_after(header: Option<&HeaderValue>) -> Duration {
    let seconds = header
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or(1);
    Duration::from_secs(seconds).clamp(Duration::from_millis(20), Duration::from_mins(5))
}

/// What the server says is wrong, with the status.
pub fn problem(status: StatusCode, body: &[u8]) -> String {
    match serde_json::from_slice::<Problem>(body) {
        Ok(Problem { detail }) if !detail.is_empty() => format!("{status}: {detail}"),
        _ => status.to_string(),
    }
}

/// An error with its causes, without the address it already names.
pub fn told(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        let words = deeper.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = deeper.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_this_machine() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.8.8.8", "[::1]"] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in ["localhost.example", "10.0.0.1", "0.0.0.0", "mp01", "[::2]"] {
            assert!(!is_this_machine(host), "{host}");
        }
    }

    #[test]
    fn a_wait_is_read_or_taken_as_a_second() {
        let seconds = |text| retry_after(Some(&HeaderValue::from_static(text))).as_secs();
        assert_eq!(seconds("3"), 3);
        assert_eq!(seconds("0"), 0); // a moment all the same
        assert_eq!(seconds("86400"), 300);
        assert_eq!(seconds("Wed, 21 Oct 2026 07:28:00 GMT"), 1);
        assert_eq!(retry_after(None).as_secs(), 1);
    }
}
