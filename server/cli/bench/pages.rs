//! How long pages, lists and exports take, as their reader sees it on a kept connection.

use std::time::Instant;

use futures::StreamExt as _;
use reqwest::{Client, header};

use super::{Error, child::Child};
use crate::{
    clock,
    domain::verdict::Standing,
    store::{Store, model::Filter},
};

/// Requests behind each figure.
const REQUESTS: usize = 50;

/// Times of one address.
pub(super) struct Times {
    pub(super) median_ms: f64,
    pub(super) worst_ms: f64,
}

/// A whole export.
pub(super) struct Export {
    pub(super) rows: usize,
    pub(super) rows_per_second: f64,
    pub(super) mb_per_second: f64,
    pub(super) first_byte_ms: f64,
    /// Megabytes by which the server's peak memory grew meanwhile.
    pub(super) grown_mb: f64,
}

fn failed(what: impl ToString) -> Error {
    Error::Failed(format!(
        "a page could not be measured: {}",
        what.to_string()
    ))
}

fn client(child: &Child) -> Result<Client, Error> {
    let mut plan = super::Plan::new(
        child.address(),
        super::Fleet::new(1, 1),
        crate::domain::time::Timestamp(0),
    );
    plan.trust = super::Trust::File(child.certificate());
    let (client, _) = super::super::load::connect(&plan, "summary").map_err(failed)?;
    Ok(client)
}

/// Addresses of the API with a read token, and pages as the signed-in administrator.
#[expect(clippy::too_many_lines, reason = "a list of what is measured")]
pub(super) async fn measure(
    child: &Child,
    read: &str,
    password: &str,
) -> Result<Vec<(String, Times)>, Error> {
    let client = client(child)?;
    let address = child.address();
    let bearer = format!("Bearer {read}");
    let list = first_of(&client, &address, "/api/v1/blockers", &bearer).await?;
    let ready = first_of(&client, &address, "/api/v1/clients?standing=ready", &bearer).await?;
    let ready = ready["items"][0]["id"].as_str().unwrap_or_default();
    let id = list["items"][0]["id"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let os = list["items"][0]["os"]["key"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let site = list["items"][0]["site_code"]
        .as_str()
        .unwrap_or("none")
        .to_owned();
    let reason = list["items"][0]["reasons"][0]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let fix = list["items"][0]["fixes"][0]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let name = list["items"][0]["name"].as_str().unwrap_or_default();
    // The end of a name is in few, its beginning in many.
    let half = name.len() / 2;
    let (common, rare) = name.split_at_checked(half).unwrap_or_default();
    let mut all = Vec::new();
    for (name, path) in [
        ("GET /api/v1/summary", "/api/v1/summary".to_owned()),
        (
            "GET /api/v1/blockers, 100 rows",
            "/api/v1/blockers".to_owned(),
        ),
        (
            "… its last page",
            last_page(&client, &address, &bearer).await?,
        ),
        (
            "GET /api/v1/clients, 100 rows",
            "/api/v1/clients".to_owned(),
        ),
        ("… of one OS version", format!("/api/v1/clients?os={os}")),
        (
            "… of one OS version and site",
            format!("/api/v1/clients?os={os}&site={site}"),
        ),
        (
            "… the verdict that has stood longest first",
            "/api/v1/clients?sort=since".to_owned(),
        ),
        (
            "… found by a part of few names",
            format!("/api/v1/clients?q={rare}"),
        ),
        (
            "… found by a part of many names",
            format!("/api/v1/clients?q={common}"),
        ),
        ("GET /api/v1/clients/{id}", format!("/api/v1/clients/{id}")),
    ] {
        let request = || {
            client
                .get(format!("{address}{path}"))
                .header(header::AUTHORIZATION, &bearer)
        };
        all.push((name.to_owned(), timed(request).await?));
    }
    let cookie = sign_in(&client, &address, password).await?;
    let started = Instant::now();
    let (scope, run) = what_if(&client, &address, &cookie).await?;
    let took = started.elapsed().as_secs_f64() * 1e3;
    all.push((
        "what-if of everybody, once".to_owned(),
        Times {
            median_ms: took,
            worst_ms: took,
        },
    ));
    for (name, path) in [
        ("page /cutover", "/cutover".to_owned()),
        ("page /cutover/{scope}", format!("/cutover/{scope}")),
        ("page /board/{scope}", format!("/board/{scope}")),
        ("page /cutover/{scope}/what-if/{run}", run.clone()),
        ("… of one fate", format!("{run}?fate=may_lose")),
        ("page /observed", "/observed".to_owned()),
        ("… of one box", "/observed?box=not_ready_nothing".to_owned()),
        ("page /exceptions", "/exceptions".to_owned()),
        ("page /sightings", "/sightings".to_owned()),
        ("page /tls", "/tls".to_owned()),
        ("page /audit", "/audit".to_owned()),
        ("page /tokens", "/tokens".to_owned()),
        ("page /people", "/people".to_owned()),
        ("page /webhooks", "/webhooks".to_owned()),
        ("page /account", "/account".to_owned()),
        ("page /api", "/api".to_owned()),
        ("page /", "/".to_owned()),
        ("… of one site", format!("/?site={site}")),
        ("… of one reason", format!("/?reason={reason}")),
        ("… of one role", "/?role=management_point".to_owned()),
        ("page /blockers", "/blockers".to_owned()),
        ("page /clients", "/clients".to_owned()),
        ("… of one fix", format!("/clients?fix={fix}")),
        ("… of one role", "/clients?role=management_point".to_owned()),
        ("… suspected duplicates", "/clients?duplicates=1".to_owned()),
        (
            "… of worse standing than before",
            "/clients?regressed=1".to_owned(),
        ),
        (
            "… unchanged for 60 days",
            "/clients?unchanged=60".to_owned(),
        ),
        ("page /os/{key}", format!("/os/{os}")),
        ("page /sites/{code}", format!("/sites/{site}")),
        ("page /roles/{role}", "/roles/management_point".to_owned()),
        ("page /trend", "/trend".to_owned()),
        ("page /fixes", "/fixes".to_owned()),
        ("page /fixes/{code}", format!("/fixes/{fix}")),
        ("page /clients/{id}", format!("/clients/{id}")),
        ("… of a ready one", format!("/clients/{ready}")),
        ("page /feeds", "/feeds".to_owned()),
        ("page /population", "/population".to_owned()),
        ("page /upload", "/upload".to_owned()),
        ("page /method", "/method".to_owned()),
        ("page /feeding", "/feeding".to_owned()),
        ("page /views", "/views".to_owned()),
    ] {
        let request = || {
            client
                .get(format!("{address}{path}"))
                .header(header::COOKIE, &cookie)
        };
        all.push((name.to_owned(), timed(request).await?));
    }
    Ok(all)
}

/// A list of one client.
async fn first_of(
    client: &Client,
    address: &str,
    path: &str,
    bearer: &str,
) -> Result<serde_json::Value, Error> {
    let sign = if path.contains('?') { '&' } else { '?' };
    let answer = client
        .get(format!("{address}{path}{sign}limit=1"))
        .header(header::AUTHORIZATION, bearer)
        .send()
        .await
        .map_err(failed)?;
    answer.json().await.map_err(failed)
}

/// Where the last 100 blockers begin.
async fn last_page(client: &Client, address: &str, bearer: &str) -> Result<String, Error> {
    let lines = client
        .get(format!(
            "{address}/api/v1/blockers?format=csv&fields=id&cursors=1"
        ))
        .header(header::AUTHORIZATION, bearer)
        .send()
        .await
        .map_err(failed)?
        .text()
        .await
        .map_err(failed)?;
    let before = lines.lines().skip(1).collect::<Vec<_>>();
    let row = before.len().checked_sub(101).and_then(|at| before.get(at));
    let cursor = row.and_then(|row| row.split(',').nth(1));
    // Fewer than 101: the first page is the last one.
    Ok(cursor.map_or_else(
        || "/api/v1/blockers".to_owned(),
        |cursor| format!("/api/v1/blockers?cursor={cursor}"),
    ))
}

/// A scope of everybody and its first run: the id of the one, the path of the other.
async fn what_if(client: &Client, address: &str, cookie: &str) -> Result<(String, String), Error> {
    let post = async |path: &str, form: String| {
        let answer = client
            .post(format!("{address}{path}"))
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ORIGIN, address)
            .body(form)
            .send()
            .await
            .map_err(failed)?;
        let location = answer.headers().get(header::LOCATION);
        let location = location.and_then(|value| value.to_str().ok());
        let status = answer.status();
        location
            .map(str::to_owned)
            .ok_or_else(|| failed(format!("a form was answered with {status}")))
    };
    // A database may be measured more than once, and names of scopes are taken once.
    let form = format!(
        "name=Everybody+{}&tls10=1&tls11=1&planned=&freshness_days=14",
        clock::now().0
    );
    let scope = post("/cutover", form).await?;
    let run = post(&format!("{scope}/run"), String::new()).await?;
    let id = scope.rsplit('/').next().unwrap_or_default().to_owned();
    Ok((id, run))
}

async fn sign_in(client: &Client, address: &str, password: &str) -> Result<String, Error> {
    // The client follows no redirects: the cookie is on the redirect itself.
    let response = client
        .post(format!("{address}/sign-in"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(format!("user=admin&password={password}&next=/healthz"))
        .send()
        .await
        .map_err(failed)?;
    response
        .headers()
        .get(header::SET_COOKIE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(str::to_owned)
        .ok_or_else(|| failed("signing in gave no cookie"))
}

async fn timed(request: impl Fn() -> reqwest::RequestBuilder) -> Result<Times, Error> {
    let mut times = Vec::with_capacity(REQUESTS);
    for _ in 0..REQUESTS {
        let start = Instant::now();
        let response = request().send().await.map_err(failed)?;
        let status = response.status();
        let body = response.bytes().await.map_err(failed)?;
        if !status.is_success() || body.is_empty() {
            return Err(failed(format!("the answer was {status}")));
        }
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(Times {
        median_ms: times[REQUESTS / 2],
        worst_ms: times[REQUESTS - 1],
    })
}

/// The same rows as those of the blockers, read from the store and let go of: neither written as text nor sent. Rows a
/// second.
#[expect(clippy::cast_precision_loss, reason = "shown without decimals")]
pub(super) async fn bare(store: &Store) -> Result<f64, Error> {
    let filter = Filter {
        standings: vec![Standing::Blocking],
        ..Filter::default()
    };
    let start = Instant::now();
    let mut walk = store.walk(filter, clock::now()).await?;
    let mut rows = 0_usize;
    while let Some(portion) = walk.next().await? {
        rows += portion.len();
    }
    Ok(rows as f64 / start.elapsed().as_secs_f64())
}

/// A whole list as CSV: `clients` or `blockers`.
#[expect(clippy::cast_precision_loss, reason = "shown without decimals")]
pub(super) async fn export(child: &Child, read: &str, list: &str) -> Result<Export, Error> {
    let before = child.peak_mb()?;
    let start = Instant::now();
    let response = client(child)?
        .get(format!("{}/api/v1/{list}?format=csv", child.address()))
        .header(header::AUTHORIZATION, format!("Bearer {read}"))
        .send()
        .await
        .map_err(failed)?;
    let mut body = response.bytes_stream();
    let mut first_byte_ms = None;
    let (mut bytes, mut rows) = (0_usize, 0_usize);
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(failed)?;
        first_byte_ms.get_or_insert_with(|| start.elapsed().as_secs_f64() * 1e3);
        bytes += piece.len();
        rows += piece.split(|byte| *byte == b'\n').count() - 1;
    }
    let seconds = start.elapsed().as_secs_f64();
    // One line is the heading.
    let rows = rows.saturating_sub(1);
    Ok(Export {
        rows,
        grown_mb: child.peak_mb()? - before,
        rows_per_second: rows as f64 / seconds,
        mb_per_second: bytes as f64 / 1e6 / seconds,
        first_byte_ms: first_byte_ms.unwrap_or_default(),
    })
}
