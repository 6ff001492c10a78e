//! What programs read: summary, lists, refused records.

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use futures::{StreamExt as _, stream};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    auth::Reader,
    contract::said::ErrorPlace,
    export::{ClientJson, PopulationJson},
    media,
    polled::{self, Polled},
    query::ListQuery,
    spreadsheet,
    summary_json::{Beside, SummaryAnswer},
    table, trend,
};
use crate::{
    clock,
    domain::{days::date_of, feeds::day_of, verdict::Standing},
    error::Problem,
    state::App,
    store::model::Filter,
    views::change,
    wire::FieldError,
};

/// Refused records in one answer.
pub(super) const REJECTS: i64 = 100;

/// `GET /summary`: counts by standing, by OS version, by reason, and what they cover.
///
/// With filters: the same of the clients that they describe.
pub async fn summary(
    State(app): State<App>,
    _: Reader,
    headers: HeaderMap,
    query: ListQuery,
) -> Result<Response, Problem> {
    let summary = app
        .store()
        .selection(&query.filter, &app.judge().ruleset, clock::now())
        .await?;
    let week_ago = day_of(summary.as_of) - change::DAYS;
    // Days are kept for the estate; a selection has no numbers of a week ago.
    let then = if query.filter == Filter::default() {
        app.store().systems_of_day(week_ago).await?
    } else {
        None
    };
    let regressed = trend::regressed(&app, &query.filter, summary.as_of).await?;
    let beside = Beside {
        ruleset: &app.judge().ruleset,
        then: then.as_ref(),
        // None: no numbers were kept 7 days ago, so no change is known.
        since: then.as_ref().map(|_| date_of(week_ago)),
        regressed,
    };
    polled::json(&headers, SummaryAnswer::new(summary, beside))
}

/// `GET /clients`: everyone, unless the filter says otherwise.
pub async fn clients(
    State(app): State<App>,
    _: Reader,
    headers: HeaderMap,
    query: ListQuery,
) -> Result<Response, Problem> {
    list(&app, &headers, query, "clients").await.map(vary)
}

/// `GET /blockers`: who is not cleared; the blocking ones, unless the filter names other standings.
pub async fn blockers(
    State(app): State<App>,
    _: Reader,
    headers: HeaderMap,
    mut query: ListQuery,
) -> Result<Response, Problem> {
    if query.standing_given && query.filter.standings.is_empty() {
        query.filter.standings = not_cleared();
    }
    if query.filter.standings.contains(&Standing::Ready) {
        return Err(Problem::invalid(
            "?standing",
            "ready clients are not blockers; ask /api/v1/clients for them",
        ));
    }
    if !query.standing_given {
        query.filter.standings = vec![Standing::Blocking];
    }
    list(&app, &headers, query, "blockers").await.map(vary)
}

/// Every standing that is not cleared: what `standing=all` means in the blocker list.
pub fn not_cleared() -> Vec<Standing> {
    Standing::ALL
        .into_iter()
        .filter(|standing| !standing.is_cleared())
        .collect()
}

/// The forms in which a list comes, the usual one first.
const FORMS: [(Format, &str); 4] = [
    (Format::Json, media::JSON),
    (Format::Csv, media::CSV),
    (Format::Xlsx, media::XLSX),
    (Format::Ndjson, media::NDJSON),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Csv,
    Xlsx,
    Ndjson,
}

fn format(headers: &HeaderMap, query: &ListQuery) -> Result<Format, Problem> {
    match query.format.as_deref() {
        Some("csv") => return Ok(Format::Csv),
        Some("xlsx") => return Ok(Format::Xlsx),
        Some("ndjson") => return Ok(Format::Ndjson),
        Some(_) => return Ok(Format::Json),
        None => {}
    }
    let offered = FORMS.map(|(_, media)| media);
    let wanted = media::best(headers, &offered).and_then(|at| FORMS.get(at));
    wanted.map(|(format, _)| *format).ok_or_else(|| {
        Problem::NotAcceptable(
            "This list comes as application/json, text/csv, application/x-ndjson or an Excel workbook. Name one of them in Accept, or ask with format=json, csv, ndjson or xlsx."
                .to_owned(),
        )
    })
}

/// A page of a list, and what the whole covers.
#[derive(Serialize, ToSchema)]
#[schema(as = ClientList)]
pub(super) struct ListAnswer {
    items: Vec<ClientJson>,
    /// `cursor` of the next page; null: this was the last.
    next_cursor: Option<String>,
    /// Clients in the whole list.
    total: i64,
    /// The moment that the list is of.
    #[schema(format = DateTime)]
    as_of: String,
    /// Name of the rules that verdicts are made with.
    ruleset: String,
    population: PopulationJson,
}

impl Polled for ListAnswer {
    fn moments(&mut self) -> Vec<&mut String> {
        vec![&mut self.as_of]
    }
}

async fn list(
    app: &App,
    headers: &HeaderMap,
    query: ListQuery,
    name: &str,
) -> Result<Response, Problem> {
    let format = format(headers, &query)?;
    if !query.fields.is_empty() && !matches!(format, Format::Csv | Format::Xlsx) {
        return Err(Problem::invalid(
            "?fields",
            "chooses the columns of format=csv and format=xlsx; JSON always has all fields",
        ));
    }
    if format != Format::Json {
        return stream_whole(app, query, format, name).await;
    }
    let now = clock::now();
    let page = app
        .store()
        .list_by(
            &query.filter,
            query.order,
            query.cursor.as_deref(),
            query.limit,
            now,
        )
        .await?;
    let population = app.store().population(now).await?;
    let answer = ListAnswer {
        items: page.items.into_iter().map(ClientJson::from).collect(),
        next_cursor: page.next_cursor,
        total: page.total,
        as_of: now.to_string(),
        ruleset: app.judge().ruleset.to_string(),
        population: population.into(),
    };
    polled::json(headers, answer)
}

/// The same address answers in several forms.
fn vary(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("accept"));
    response
}

/// The whole list from one snapshot, a piece at a time: constant memory, whatever its length.
async fn stream_whole(
    app: &App,
    query: ListQuery,
    format: Format,
    name: &str,
) -> Result<Response, Problem> {
    let walk = app
        .store()
        .walk_by(query.filter, query.order, clock::now())
        .await?;
    let fields = table::chosen(&query.fields);
    if format == Format::Xlsx {
        return spreadsheet::answer(walk, fields, name).await;
    }
    let mut start = Vec::new();
    if format == Format::Csv {
        if query.bom {
            start.extend_from_slice("\u{FEFF}".as_bytes());
        }
        start.extend(table::csv_header(&fields).map_err(|_| Problem::Internal)?);
    }
    let rows = stream::unfold((walk, fields), move |(mut walk, fields)| async move {
        let piece = match walk.next().await {
            Ok(None) => return None,
            Ok(Some(rows)) => written(rows, &fields, format),
            Err(error) => {
                tracing::error!(%error, "an export broke off");
                Err(std::io::Error::other("the export broke off"))
            }
        };
        Some((piece, (walk, fields)))
    })
    // The compressing layer asks once more after the end.
    .fuse();
    let whole = stream::once(async move { Ok(Bytes::from(start)) }).chain(rows);
    let (kind, ending) = if format == Format::Csv {
        ("text/csv; charset=utf-8; header=present", "csv")
    } else {
        ("application/x-ndjson", "ndjson")
    };
    let mut response = Body::from_stream(whole).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}.{ending}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

fn written(
    rows: Vec<crate::store::model::ClientRow>,
    fields: &[&'static table::Field],
    format: Format,
) -> Result<Bytes, std::io::Error> {
    let mut out = Vec::with_capacity(rows.len() * 400);
    for row in rows {
        if format == Format::Csv {
            out.extend(table::csv_line(&row, fields).map_err(std::io::Error::other)?);
        } else {
            serde_json::to_writer(&mut out, &ClientJson::from(row))?;
            out.push(b'\n');
        }
    }
    Ok(out.into())
}

/// The latest refused records.
#[derive(Serialize, ToSchema)]
pub(super) struct RejectList {
    items: Vec<Reject>,
}

impl Polled for RejectList {
    fn moments(&mut self) -> Vec<&mut String> {
        Vec::new()
    }
}

/// A record that was refused.
#[derive(Serialize, ToSchema)]
struct Reject {
    /// Our id of the refusal.
    id: String,
    /// When it came in.
    #[schema(format = DateTime)]
    received_at: String,
    /// Who sent it: the name of a user or of a token.
    sent_by: String,
    /// Its place in the request, from 0.
    index: i64,
    /// Its length in bytes.
    length: i64,
    /// What is wrong with it.
    #[schema(value_type = Vec<ErrorPlace>)]
    errors: Vec<FieldError>,
    /// Its beginning, made printable.
    excerpt: String,
}

/// `GET /rejects`: the latest refused records.
pub async fn rejects(
    State(app): State<App>,
    _: Reader,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let rows = app.store().rejects(REJECTS).await?;
    let items = rows.into_iter().map(|row| Reject {
        id: row.id,
        received_at: row.received_at.to_string(),
        sent_by: row.sent_by,
        index: row.index,
        length: row.length,
        errors: row
            .errors
            .into_iter()
            .map(|(pointer, detail)| FieldError { pointer, detail })
            .collect(),
        excerpt: row.excerpt,
    });
    let items = items.collect();
    polled::json(&headers, RejectList { items })
}

/// The filter of a page, for its downloads.
pub fn blockers_filter(mut query: ListQuery) -> Filter {
    if !query.standing_given {
        query.filter.standings = vec![Standing::Blocking];
    } else if query.filter.standings.is_empty() {
        query.filter.standings = not_cleared();
    }
    query.filter
}
