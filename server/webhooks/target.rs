//! One message to one target: what may be a target, how it is sent, and what came back.

use std::{error::Error as _, net::IpAddr, sync::Arc, time::Duration};

use reqwest::{
    Client, Response, Url,
    header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER, USER_AGENT},
    redirect::Policy,
};

use super::{
    address::{Allowed, Refused},
    names::{Checked, Names},
    settings::WebhookSettings,
    sign,
};
use crate::{
    domain::time::{SECOND, Timestamp},
    store::webhooks::Signing,
};

/// From the first look at a name to the end of the answer.
const PATIENCE: Duration = Duration::from_secs(15);
/// Bytes of an answer that are read.
const READ: usize = 4 << 10;
/// Characters of an answer that are kept.
const KEPT: usize = 200;
/// The longest address.
const LONGEST: usize = 2_000;

/// What a target said to a message, or why none was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The status of its answer; empty: there was none.
    pub status: Option<u16>,
    /// The beginning of its answer, or what went wrong.
    pub words: String,
    /// How long it asks to be left alone, in milliseconds.
    pub patience: Option<i64>,
}

impl Said {
    /// Whether it took the message.
    pub fn taken(&self) -> bool {
        self.status
            .is_some_and(|status| (200..300).contains(&status))
    }

    /// Whether it wants no messages any more.
    pub fn gone(&self) -> bool {
        self.status == Some(410)
    }

    fn nothing(words: String) -> Self {
        Self {
            status: None,
            words,
            patience: None,
        }
    }
}

/// Reads an address that messages may be sent to: HTTPS, or HTTP to a loopback address written out in numbers.
///
/// # Errors
/// One sentence naming what is wrong.
pub fn url(text: &str) -> Result<Url, String> {
    if text.len() > LONGEST {
        return Err(format!(
            "the address has {} characters; {LONGEST} are the most",
            text.len()
        ));
    }
    let url = Url::parse(text).map_err(|error| {
        format!("the address cannot be read ({error}); write it like https://chat.corp.example/hooks/tls")
    })?;
    match url.scheme() {
        "https" => {}
        "http" if literal(&url).is_some_and(|address| address.is_loopback()) => {}
        "http" => {
            return Err(
                "messages name the machines that can be attacked, so they go over HTTPS only; http:// is for a loopback \
                 address written out, such as http://127.0.0.1:8080/"
                    .to_owned(),
            );
        }
        other => return Err(format!("messages go over HTTPS, not over {other}")),
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err("the address names no host".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "the address holds a name or a password, which would be shown; the signature says who sends".to_owned(),
        );
    }
    if url.fragment().is_some() {
        return Err(
            "the address has a part behind #, which is never sent; leave it out".to_owned(),
        );
    }
    Ok(url)
}

/// The address that a URL has in numbers.
fn literal(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    let host = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    host.parse().ok()
}

/// Sends messages. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Courier {
    client: Client,
    allowed: Arc<Allowed>,
}

impl Courier {
    /// One that asks `names` for addresses.
    ///
    /// # Errors
    /// One sentence: the certificates cannot be used.
    pub fn new(settings: WebhookSettings, names: Arc<dyn Names>) -> Result<Self, String> {
        let allowed = Arc::new(settings.allowed);
        let mut builder = Client::builder()
            .dns_resolver(Arc::new(Checked::new(names, Arc::clone(&allowed))))
            // A proxy would look the name up once more, and reach what must not be reached.
            .no_proxy()
            .redirect(Policy::none())
            .referer(false)
            // Each message looks its target up anew.
            .pool_max_idle_per_host(0)
            .http1_only()
            .timeout(PATIENCE);
        if !settings.authorities.is_empty() {
            let certificates = reqwest::Certificate::from_pem_bundle(&settings.authorities)
                .map_err(|error| format!("webhook_ca cannot be used: {error}"))?;
            builder = builder.tls_certs_merge(certificates);
        }
        let client = builder
            .build()
            .map_err(|error| format!("webhooks cannot be sent: {}", told(&error)))?;
        Ok(Self { client, allowed })
    }

    /// Sends one message and waits for what the target says.
    pub async fn send(&self, signing: &Signing, id: &str, body: &str, now: Timestamp) -> Said {
        // It was looked at when it was made; the database may have been changed by hand since.
        let url = match url(&signing.url) {
            Ok(url) => url,
            Err(why) => return Said::nothing(format!("not sent: {why}")),
        };
        // An address in numbers is never asked for as a name.
        if let Some(Err(refused)) = literal(&url).map(|address| self.allowed.check(address)) {
            return Said::nothing(format!("not sent: {refused}"));
        }
        let secrets: Vec<_> = signing.secrets.iter().collect();
        let seconds = sign::seconds(now);
        let sent = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("cutover/", env!("CARGO_PKG_VERSION")))
            .header("webhook-id", id)
            .header("webhook-timestamp", seconds)
            .header(
                "webhook-signature",
                sign::signature(&secrets, id, seconds, body),
            )
            .body(body.to_owned())
            .send()
            .await;
        match sent {
            Ok(answer) => said(answer, now).await,
            Err(error) => Said::nothing(unsent(&error)),
        }
    }
}

async fn said(mut answer: Response, now: Timestamp) -> Said {
    let status = answer.status();
    let patience = patience(answer.headers(), now);
    let mut read = Vec::new();
    // Whatever the rest is, and if it never ends, what it answered is known.
    while read.len() < READ {
        let Ok(Some(part)) = answer.chunk().await else {
            break;
        };
        let room = READ - read.len();
        read.extend(part.iter().take(room));
    }
    let begun = printable(&String::from_utf8_lossy(&read));
    let words = if status.is_redirection() {
        "it sent us elsewhere, and redirects are not followed; give the new address to a new webhook".to_owned()
    } else {
        begun
    };
    Said {
        status: Some(status.as_u16()),
        words,
        patience,
    }
}

/// The first characters of an answer that can be shown, in one line.
fn printable(text: &str) -> String {
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    // Marks that turn the direction of writing would reach beyond their cell.
    let harmless = |c: &char| !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.trim()
        .chars()
        .map(shown)
        .filter(harmless)
        .take(KEPT)
        .collect()
}

/// How long a target asks to be left alone: in seconds, or until a time.
fn patience(headers: &HeaderMap, now: Timestamp) -> Option<i64> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(i64::from(seconds) * SECOND);
    }
    let at = jiff::fmt::rfc2822::parse(text).ok()?;
    let at = Timestamp(at.timestamp().as_millisecond());
    Some(at.since(now).max(0))
}

/// Why a message got no answer, with what to look at. It never names the whole address, whose path can be a secret.
fn unsent(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    while let Some(deeper) = cause {
        if let Some(refused) = deeper.downcast_ref::<Refused>() {
            return format!("not sent: {refused}");
        }
        cause = deeper.source();
    }
    let why = told(error);
    let lower = why.to_ascii_lowercase();
    if error.is_timeout() {
        format!("no answer within {} seconds", PATIENCE.as_secs())
    } else if lower.contains("invalid peer certificate") {
        format!(
            "its certificate is not trusted here ({why}); the setting --webhook-ca (CUTOVER_WEBHOOK_CA) of the server names \
             the certificates of your own authorities"
        )
    } else if lower.contains("connection refused") {
        "nothing listens there; check the address and that the program runs".to_owned()
    } else if lower.contains("dns error") || lower.contains("lookup") {
        format!("its name is not known here ({why})")
    } else {
        why
    }
}

/// The words of an error and of what caused it, without the address.
fn told(error: &reqwest::Error) -> String {
    let mut words = Vec::new();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        let text = deeper.to_string();
        if !words.contains(&text) {
            words.push(text);
        }
        cause = deeper.source();
    }
    if words.is_empty() {
        return "the message could not be sent".to_owned();
    }
    printable(&words.join(": "))
}
