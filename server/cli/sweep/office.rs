//! The talk with the server about one file: bring it, wait until it is dealt with, ask what was refused.

use std::{ffi::OsStr, time::Duration};

use reqwest::{Client, RequestBuilder, Response, StatusCode, Url, header::RETRY_AFTER};
use serde::{Deserialize, de::DeserializeOwned};
use tokio::time::{Instant, sleep};

use super::{
    super::load::{distrust, problem, retry_after, told, unreached},
    names::harmless,
    parcel::Parcel,
};
use crate::domain::time::Timestamp;

/// How often a server that is busy or away is asked for one file before the next one has its turn.
const TRIES: u32 = 5;
/// How long a file may be with the server.
const PATIENCE: Duration = Duration::from_mins(30);
/// First and longest wait before the server is asked again how far it is.
const POLLS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));
/// Bytes of an answer; more is none of cutover.
const MOST_ANSWER: usize = 4 * 1024 * 1024;
/// Refused records whose reasons are fetched.
const MOST_REASONS: &str = "100";
/// Characters of a reason that are kept.
const MOST_REASON: usize = 1_000;

/// What became of the records in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Those that were taken.
    pub stored: Stored,
    /// Refused. Without this number nobody knows whether everything was taken, so it has to be there.
    pub rejected: u64,
}

/// What became of the records that were taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Stored {
    /// Clients that were not known.
    #[serde(default)]
    pub new: u64,
    /// Clients with other facts than before.
    #[serde(default)]
    pub changed: u64,
    /// Clients with the same facts as before.
    #[serde(default)]
    pub unchanged: u64,
    /// Older than what is known; kept in the history.
    #[serde(default)]
    pub late: u64,
}

/// How it ended for a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Everything was taken.
    Done(Counts),
    /// Some records were refused; why, one line each.
    Partly(Counts, Vec<String>),
    /// Nothing of it was taken, for this reason.
    Refused(String),
    /// The server could not, for this reason; the file is brought again later.
    Later(String),
}

/// Why no other file will fare better, in one sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hopeless(pub String);

/// Why one request brought nothing.
enum Trouble {
    Refused(StatusCode, String),
    Later(String, Option<Duration>),
    /// An answer that is none of cutover, to this file. Asking again at once brings the same one; the next file may fare
    /// better.
    Strange(String),
    Hopeless(String),
}

#[derive(Deserialize)]
struct Upload {
    id: Id,
    state: String,
    problem: Option<String>,
    stored: Option<Stored>,
    rejected: Option<u64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Text(String),
    Number(u64),
}

#[derive(Deserialize)]
struct Rows {
    items: Vec<Row>,
    next_cursor: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Row {
    place: Option<String>,
    problem: Option<String>,
}

/// The place where files are handed in.
#[derive(Clone, Debug)]
pub struct Office {
    client: Client,
    uploads: Url,
    read_by_64_bit: bool,
}

impl Office {
    /// `uploads` is the address of that call; `read_by_64_bit`: whoever runs the sweep vouches for it.
    pub const fn new(client: Client, uploads: Url, read_by_64_bit: bool) -> Self {
        Self {
            client,
            uploads,
            read_by_64_bit,
        }
    }

    /// Brings a file and waits for its end. Bringing it twice is harmless: the server knows the same facts again.
    ///
    /// # Errors
    /// The settings are at fault, and no other file will fare better.
    pub async fn bring(
        &self,
        name: &OsStr,
        parcel: &Parcel,
        collected_at: Timestamp,
    ) -> Result<Fate, Hopeless> {
        match self.through(name, parcel, collected_at).await {
            Ok(fate) => Ok(fate),
            Err(Trouble::Refused(_, why)) => Ok(Fate::Refused(why)),
            Err(Trouble::Later(why, _) | Trouble::Strange(why)) => Ok(Fate::Later(why)),
            Err(Trouble::Hopeless(why)) => Err(Hopeless(why)),
        }
    }

    async fn through(
        &self,
        name: &OsStr,
        parcel: &Parcel,
        collected_at: Timestamp,
    ) -> Result<Fate, Trouble> {
        let mut url = self.uploads.clone();
        url.query_pairs_mut()
            .append_pair("name", &name.to_string_lossy())
            .append_pair("collected_at", &collected_at.to_string())
            .append_pair("commit", "true")
            // Whoever may write to the share wrote it; the server may believe it less than what a person brings.
            .append_pair("way", "share");
        if self.read_by_64_bit {
            url.query_pairs_mut().append_pair("read_by_64_bit", "true");
        }
        let request = || {
            self.client
                .post(url.clone())
                .header("content-type", "application/octet-stream")
                .body(parcel.bytes.clone())
        };
        let mut upload: Upload = patiently(request).await.map_err(nowhere)?;
        let place = self.place(&upload.id)?;
        let until = Instant::now() + PATIENCE;
        let (mut pause, longest) = POLLS;
        while matches!(upload.state.as_str(), "reading" | "preview" | "committing") {
            if Instant::now() > until {
                return Err(later(format!(
                    "the server has not finished it after {} minutes",
                    PATIENCE.as_secs() / 60
                )));
            }
            sleep(pause).await;
            pause = (pause * 2).min(longest);
            upload = patiently(|| self.client.get(place.clone()))
                .await
                .map_err(forgotten)?;
        }
        let why = || upload.problem.as_deref().unwrap_or("it gave no reason");
        match upload.state.as_str() {
            "done" => {
                let (Some(stored), Some(rejected)) = (upload.stored, upload.rejected) else {
                    return Err(foreign(
                        "it says done and not how many records it stored and refused",
                    ));
                };
                let counts = Counts { stored, rejected };
                if rejected == 0 {
                    return Ok(Fate::Done(counts));
                }
                let reasons = self.reasons(&place, rejected).await?;
                Ok(Fate::Partly(counts, reasons))
            }
            "failed" => Ok(Fate::Refused(harmless(why(), MOST_REASON))),
            "cancelled" => Ok(Fate::Refused(
                "somebody cancelled it on the server, and nothing of it was stored".to_owned(),
            )),
            other => Err(foreign(&format!(
                "the state {} is none that is known",
                harmless(other, 40)
            ))),
        }
    }

    /// The address of one upload.
    fn place(&self, id: &Id) -> Result<Url, Trouble> {
        let id = match id {
            Id::Text(text) => text.clone(),
            Id::Number(number) => number.to_string(),
        };
        // A path of dots would be another address.
        if id.is_empty() || id.chars().all(|c| c == '.') {
            return Err(foreign("the upload has no usable id"));
        }
        let mut url = self.uploads.clone();
        url.path_segments_mut()
            .map_err(|()| foreign("the upload has no address"))?
            .push(&id);
        Ok(url)
    }

    /// Why records were refused. The file was dealt with, so that reasons are missing is no reason to send it again.
    async fn reasons(&self, place: &Url, rejected: u64) -> Result<Vec<String>, Trouble> {
        let mut url = place.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.push("rows");
        }
        url.query_pairs_mut()
            .append_pair("status", "rejected")
            .append_pair("limit", MOST_REASONS);
        let rows: Rows = match patiently(|| self.client.get(url.clone())).await {
            Ok(rows) => rows,
            Err(
                Trouble::Refused(_, why)
                | Trouble::Later(why, _)
                | Trouble::Strange(why)
                | Trouble::Hopeless(why),
            ) => {
                return Ok(vec![format!("the reasons could not be fetched: {why}")]);
            }
        };
        let more = rows.next_cursor.is_some_and(|cursor| !cursor.is_null());
        let mut reasons: Vec<String> = rows
            .items
            .into_iter()
            .map(|row| {
                let place = row.place.unwrap_or_default();
                let problem = row.problem.unwrap_or_default();
                harmless(&format!("{place}: {problem}"), MOST_REASON)
            })
            .collect();
        let listed = u64::try_from(reasons.len()).unwrap_or(u64::MAX);
        if more || listed < rejected {
            reasons.push(format!(
                "… {listed} of {rejected} refused records are listed here; the server shows the others"
            ));
        }
        Ok(reasons)
    }
}

/// Asks until there is an answer that another try does not change, or has been asked often enough.
async fn patiently<T: DeserializeOwned>(
    request: impl Fn() -> RequestBuilder,
) -> Result<T, Trouble> {
    let mut wait = Duration::from_secs(1);
    let mut tries = 1;
    loop {
        match ask(request()).await {
            Err(Trouble::Later(_, told)) if tries < TRIES => {
                sleep(told.unwrap_or(wait)).await;
                wait *= 2;
                tries += 1;
            }
            other => return other,
        }
    }
}

async fn ask<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, Trouble> {
    let away = |error: &reqwest::Error| {
        let why = told(error);
        match distrust(&why) {
            Some(hopeless) => Trouble::Hopeless(hopeless),
            None => later(unreached(error)),
        }
    };
    let response = request.send().await.map_err(|error| away(&error))?;
    let status = response.status();
    let wait = response
        .headers()
        .get(RETRY_AFTER)
        .map(|header| retry_after(Some(header)));
    let body = whole(response).await.map_err(|error| away(&error))?;
    let Some(body) = body else {
        return Err(foreign("the answer is longer than any"));
    };
    if status.is_success() {
        return serde_json::from_slice(&body)
            .map_err(|error| foreign(&harmless(&error.to_string(), 200)));
    }
    let why = harmless(&problem(status, &body), MOST_REASON);
    Err(match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Trouble::Hopeless(format!(
            "the server refuses the token ({why}); make one with `cutover token create --purpose import` and give it \
             with --token or CUTOVER_TOKEN"
        )),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
            Trouble::Later(format!("the server is busy ({why})"), wait)
        }
        _ if status.is_server_error() => {
            Trouble::Later(format!("the server is at fault ({why})"), wait)
        }
        _ if status.is_client_error() => Trouble::Refused(status, why),
        // Another address answers every file alike.
        _ => Trouble::Hopeless(format!(
            "the server answered {status} and takes no files there; check the address"
        )),
    })
}

/// The body of an answer; `None`: it is too long.
async fn whole(mut response: Response) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await? {
        if body.len() + piece.len() > MOST_ANSWER {
            return Ok(None);
        }
        body.extend_from_slice(&piece);
    }
    Ok(Some(body))
}

/// Where files are handed in, these two mean the address and never the file.
fn nowhere(trouble: Trouble) -> Trouble {
    match trouble {
        Trouble::Refused(StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED, why) => {
            Trouble::Hopeless(format!(
                "the server takes no files there ({why}); check the address, and that the server is as new as this \
                 program"
            ))
        }
        other => other,
    }
}

/// A server that does not know an upload any more has to get the file again.
fn forgotten(trouble: Trouble) -> Trouble {
    match trouble {
        Trouble::Refused(_, why) => {
            later(format!("the server does not say what became of it ({why})"))
        }
        other => other,
    }
}

fn foreign(what: &str) -> Trouble {
    Trouble::Strange(format!(
        "the server's answer about this file is none that is known here ({what}); check the address, and that server and \
         program are of the same version"
    ))
}

const fn later(why: String) -> Trouble {
    Trouble::Later(why, None)
}
