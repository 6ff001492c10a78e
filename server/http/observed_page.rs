//! What was seen on the wire beside what is configured, for people; small logs may be uploaded there.

use std::collections::BTreeSet;

use axum::{
    extract::{Multipart, RawQuery, State, multipart::MultipartRejection},
    http::HeaderMap,
    response::Response,
};
use sha2::{Digest as _, Sha256};

use super::{
    auth::Person,
    body, form,
    observed::{asked, take},
    pages::{html, layout},
    receiving::{broken, unreadable},
    refused::or_again,
    within::WholeEstate,
};
use crate::{
    clock,
    domain::{
        observed::{Protocol, Seen},
        time::{HOUR, Timestamp},
    },
    error::Problem,
    networks,
    state::App,
    store::observed_model::Window,
    views::{Layout, Nav, observed::ObservedPage, text::counted},
    wire::observed::{Delivery, Filing, Settings, moment_of},
};

/// Clients of a box on one page.
const ROWS: usize = 100;

/// `GET /observed`
pub async fn page(
    State(app): State<App>,
    person: Person,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let asked = asked(query.as_deref())?;
    show(&app, &person, &headers, asked, |_| {}).await
}

async fn show(
    app: &App,
    person: &Person,
    headers: &HeaderMap,
    asked: Window,
    say: impl FnOnce(&mut Layout),
) -> Result<Response, Problem> {
    let limit = asked.quadrant.map_or(0, |_| asked.limit.min(ROWS));
    let window = Window { limit, ..asked };
    let observed = app
        .store()
        .observed(&person.sites, window, clock::now())
        .await?;
    let mut layout = layout(app, Nav::Observed, Some(person), Some(headers));
    say(&mut layout);
    let mut page = ObservedPage::new(layout, &observed);
    if let Some(quadrant) = asked.quadrant {
        page.say_list(quadrant, &observed);
    }
    html(&page)
}

#[derive(Default)]
struct Form {
    file: Option<(String, Vec<u8>)>,
    system: String,
    site: String,
    proxies: String,
    from: String,
    until: String,
    another_system: String,
}

impl Form {
    async fn read(mut parts: Multipart) -> Result<Self, Problem> {
        let mut form = Self::default();
        let mut other = None;
        while let Some(field) = parts.next_field().await.map_err(broken)? {
            let name = field.name().unwrap_or_default().to_owned();
            if name == "file" {
                let called = field.file_name().unwrap_or("file").to_owned();
                let bytes = field.bytes().await.map_err(broken)?;
                form.file = Some((called, bytes.into()));
                continue;
            }
            let text = field.text().await.map_err(broken)?.trim().to_owned();
            match name.as_str() {
                "system" => form.system = text,
                "site" => form.site = text,
                "proxies" => form.proxies = text,
                "from" => form.from = text,
                "until" => form.until = text,
                "another_system" => form.another_system = text,
                name => {
                    // The rest is read all the same: whoever still sends would never read the answer.
                    other.get_or_insert_with(|| form::unknown(name));
                }
            }
        }
        match other {
            Some(other) => Err(other),
            None => Ok(form),
        }
    }

    /// What was typed; a browser gives no file a second time.
    fn fields(&self) -> Vec<(String, String)> {
        [
            ("system", &self.system),
            ("site", &self.site),
            ("proxies", &self.proxies),
            ("from", &self.from),
            ("until", &self.until),
            ("another_system", &self.another_system),
        ]
        .map(|(name, value)| (name.to_owned(), value.clone()))
        .into()
    }

    fn settings(&self, now: Timestamp) -> Result<Settings, Problem> {
        let proxies = networks::parse("Proxies", &self.proxies)
            .map_err(|detail| Problem::invalid("proxies", detail))?;
        let time = |name: &'static str, text: &str| {
            if text.is_empty() {
                return Ok(None);
            }
            let at = moment_of(text);
            at.map(Some).ok_or_else(|| {
                Problem::invalid(name, "is no time; write it like 2026-11-23T08:15:00Z")
            })
        };
        Ok(Settings {
            system: Some(self.system.to_lowercase()).filter(|system| !system.is_empty()),
            proxies,
            latest: now.plus(HOUR),
            span: time("from", &self.from)?.zip(time("until", &self.until)?),
        })
    }
}

/// `POST /observed`
pub async fn take_log(
    State(app): State<App>,
    person: Person,
    _: WholeEstate,
    headers: HeaderMap,
    parts: Result<Multipart, MultipartRejection>,
) -> Result<Response, Problem> {
    let mut form = Form::read(parts.map_err(|_| unreadable())?).await?;
    let file = form.file.take();
    let done = match read(&app, &person, &form, file).await {
        Ok(notice) => {
            let asked = asked(None)?;
            show(&app, &person, &headers, asked, |layout| {
                layout.notice = Some(notice);
            })
            .await
        }
        Err(problem) => Err(problem),
    };
    or_again(done, &headers, "log", form.fields(), |refused| async {
        let asked = asked(None)?;
        show(&app, &person, &headers, asked, |layout| {
            layout.refused = Some(refused);
        })
        .await
    })
    .await
}

/// Reads a log and stores what it says; the answer says what came of it.
async fn read(
    app: &App,
    person: &Person,
    form: &Form,
    file: Option<(String, Vec<u8>)>,
) -> Result<String, Problem> {
    let (name, bytes) = file.filter(|(_, bytes)| !bytes.is_empty()).ok_or_else(|| {
        Problem::invalid("file", "No file was chosen. Choose one and send it again.")
    })?;
    let now = clock::now();
    let settings = form.settings(now)?;
    let site = Some(form.site.clone()).filter(|site| !site.is_empty());
    let hash = hex(&Sha256::digest(&bytes));
    let held = body::unpacked(bytes, app.budget()).await?;
    let (bytes, _room) = held.split();
    let one_system = settings.system.is_some() && form.another_system != "1";
    let reading = move || {
        let mut filing = Filing::new(&name, &hash, site, settings);
        if one_system {
            filing = filing.of_one_system();
        }
        let mut all = filing.feed(&bytes)?;
        all.extend(filing.end()?);
        let notes = filing.notes();
        Ok::<_, String>((all, filing.told(), notes))
    };
    let (deliveries, told, notes): (Vec<Delivery>, _, _) = tokio::task::spawn_blocking(reading)
        .await
        .map_err(|_| Problem::Internal)?
        .map_err(|detail| Problem::invalid("file", detail))?;
    let mut known = !deliveries.is_empty();
    let old = old_protocols(&deliveries);
    for delivery in deliveries {
        let checked = delivery.check(now.plus(HOUR)).map_err(Problem::Invalid)?;
        let (name, author) = (person.name.clone(), person.author.clone());
        let taken = take(app, checked, name, author, now).await?;
        known &= taken.is_known_file();
    }
    if known {
        return Ok("This file was read before; nothing changed.".to_owned());
    }
    let lines = i64::try_from(told.lines).unwrap_or(i64::MAX);
    Ok(format!(
        "{} read. {old} {}",
        counted(lines, "line was", "lines were"),
        notes.join(" ")
    ))
}

/// How many connections of a log used old protocols; whose they were stands on the page itself, with the other logs.
fn old_protocols(deliveries: &[Delivery]) -> String {
    let observations = deliveries.iter().flat_map(|each| &each.observations);
    let old: Vec<_> = observations
        .filter(|one| {
            Protocol::from_code(&one.protocol)
                .is_some_and(|protocol| protocol.proves() == Seen::Legacy)
        })
        .collect();
    if old.is_empty() {
        return "None of them tells of TLS 1.0, 1.1 or older.".to_owned();
    }
    let addresses: BTreeSet<&str> = old.iter().map(|one| one.address.as_str()).collect();
    format!(
        "{} of TLS 1.0, 1.1 or older, from {}; the boxes and Ambiguous say whose they were.",
        counted(
            old.iter().map(|one| one.count).sum(),
            "connection tells",
            "connections tell"
        ),
        counted(
            i64::try_from(addresses.len()).unwrap_or(i64::MAX),
            "address",
            "addresses"
        ),
    )
}

/// Bytes as digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
