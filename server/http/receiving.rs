//! Files that come in: a form with several of them, or one as the body of a request; and how they are to be read.

use std::collections::BTreeMap;

use axum::{
    body::Body,
    extract::{
        FromRequest as _, Multipart, Request,
        multipart::{Field, MultipartError},
    },
    http::{HeaderMap, header},
};
use sha2::{Digest as _, Sha256};

use super::{auth::Importer, body, query::form_pairs};
use crate::{
    clock,
    domain::time::Timestamp,
    error::Problem,
    state::App,
    store::incoming::Way,
    uploads::{self, Chosen, Sent},
    wire::{
        FieldError,
        foreign::{RAW_KEPT, format::Format, local_time::Dates, mapping::Mapping},
    },
};

/// Files of one upload.
const MOST_FILES: usize = 5_000;
/// Most bytes of a file's name, or of a text that is given beside the files.
const LONGEST: usize = 1_000;

/// What is said beside the files, in the address or in fields of a form.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// How to read them.
    pub chosen: Chosen,
    /// Name of a kept mapping.
    pub mapping: Option<String>,
    /// When the facts were read.
    pub collected_at: Option<Timestamp>,
    /// Store without showing first.
    pub commit: bool,
    /// By which way the files came to whoever sends them, where that is known.
    pub way: Option<Way>,
    /// Which query each file answers, by its place among the files.
    pub queries: BTreeMap<usize, String>,
    /// Name of the only file.
    name: Option<String>,
    errors: Vec<FieldError>,
}

impl Beside {
    /// Notes one of them. Empty ones say nothing.
    pub fn note(&mut self, name: &str, value: &str) {
        let value = value.trim();
        if value.is_empty() {
            return;
        }
        if let Err(detail) = self.take(name, value) {
            self.errors.push(FieldError {
                pointer: format!("?{name}"),
                detail,
            });
        }
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), String> {
        if value.len() > LONGEST || value.chars().any(char::is_control) {
            return Err(format!(
                "must be text without control characters, of at most {LONGEST} bytes"
            ));
        }
        let yes = |value: &str| match value {
            "1" | "true" | "on" => Ok(true),
            "0" | "false" => Ok(false),
            _ => Err("must be true or false".to_owned()),
        };
        if let Some(place) = name.strip_prefix("key-") {
            let place = place
                .parse()
                .map_err(|_| "must be key- and the place of the file, from 0".to_owned())?;
            self.queries.insert(place, value.to_owned());
            return Ok(());
        }
        match name {
            "format" => {
                let known = Format::from_code(value).ok_or_else(|| {
                    let codes = Format::ALL.map(Format::code);
                    format!("no such format; use one of {}", codes.join(", "))
                })?;
                self.chosen.format = Some(known.code().to_owned());
            }
            "collected_at" => {
                let at = time(value)?;
                uploads::check_time(at, clock::now())?;
                self.collected_at = Some(at);
            }
            "device" => self.chosen.device = Some(value.to_owned()),
            "key" => self.chosen.key = Some(value.to_owned()),
            "dates" => {
                let known = Dates::from_code(value).ok_or("must be us, european or iso")?;
                self.chosen.dates = Some(known.code().to_owned());
            }
            "one_run" => self.chosen.one_run = yes(value)?,
            "read_by_64_bit" => self.chosen.read_by_64_bit = yes(value)?,
            "asked" => {
                let asked = value.parse().ok().filter(|asked| *asked > 0);
                self.chosen.asked = Some(asked.ok_or("must be a number of devices")?);
            }
            "mapping" => self.mapping = Some(value.to_owned()),
            "commit" => self.commit = yes(value)?,
            "way" => {
                // What a person or an import sends is an upload, unless it comes from a place that others write to.
                self.way = Some(match value {
                    "upload" => Way::Upload,
                    "share" => Way::Share,
                    _ => return Err("must be upload or share".to_owned()),
                });
            }
            "name" => self.name = Some(value.to_owned()),
            _ => {
                return Err(
                    "is not known here; use format, collected_at, device, key, key-0, key-1 and so on, dates, one_run, read_by_64_bit, asked, mapping, commit, way or name"
                        .to_owned(),
                );
            }
        }
        Ok(())
    }

    /// Tells whose queries they are, now that the files are known.
    pub fn name_queries(&mut self, names: &[&str]) {
        for (place, query) in std::mem::take(&mut self.queries) {
            match names.get(place) {
                Some(name) => {
                    self.chosen.queries.insert((*name).to_owned(), query);
                }
                None => self.errors.push(FieldError {
                    pointer: format!("?key-{place}"),
                    detail: format!(
                        "there is no such file; {} were sent, and the first has the number 0",
                        names.len()
                    ),
                }),
            }
        }
    }

    /// Fetches the mapping, and says what was wrong.
    ///
    /// # Errors
    /// Everything that was wrong with what was noted.
    pub async fn settled(mut self, app: &App) -> Result<Self, Problem> {
        if let Some(name) = &self.mapping {
            match app.store().mapping(name).await? {
                Some(text) => self.chosen.mapping = Some(kept_mapping(&text)?),
                None => self.errors.push(FieldError {
                    pointer: "?mapping".to_owned(),
                    detail: "no mapping is kept under this name; save one on the page of an upload first".to_owned(),
                }),
            }
        }
        if self.errors.is_empty() {
            Ok(self)
        } else {
            Err(Problem::Invalid(self.errors))
        }
    }
}

fn kept_mapping(text: &str) -> Result<Mapping, Problem> {
    serde_json::from_str(text).map_err(|error| {
        tracing::error!(%error, "a kept mapping can no longer be read");
        Problem::invalid(
            "?mapping",
            "this mapping was kept by another version and can no longer be read; save it again",
        )
    })
}

/// A time as programs write it, or as pages show it: `2026-11-23 08:15 UTC`.
fn time(text: &str) -> Result<Timestamp, String> {
    let plain = text.strip_suffix("UTC").unwrap_or(text).trim_end();
    let iso = match plain.len() {
        16 => format!("{}:00Z", plain.replace(' ', "T")),
        19 => format!("{}Z", plain.replace(' ', "T")),
        _ => plain.to_owned(),
    };
    Timestamp::parse(&iso)
}

/// Whether a request brings a form.
fn is_form(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kind| {
            kind.trim_start()
                .to_ascii_lowercase()
                .starts_with("multipart/")
        })
}

/// Takes an upload from a request and keeps it; answers its id.
///
/// # Errors
/// It cannot be read, says something wrong, or is too large; the store failed.
pub async fn receive(app: &App, importer: &Importer, request: Request) -> Result<String, Problem> {
    let mut beside = Beside::default();
    for (name, value) in form_pairs(request.uri().query().unwrap_or_default()) {
        beside.note(&name, &value);
    }
    let mut files = Files::default();
    if is_form(request.headers()) {
        let parts = Multipart::from_request(request, app);
        let mut parts = parts.await.map_err(|_| unreadable())?;
        while let Some(field) = parts.next_field().await.map_err(broken)? {
            files.field(app, &mut beside, field).await?;
        }
    } else {
        let (parts, body) = request.into_parts();
        // What is wrong with the address need not wait for the body, but many senders only listen behind it.
        files.body(app, &parts.headers, &beside, body).await?;
    }
    if files.unpacked.is_empty() {
        return Err(Problem::invalid(
            "files",
            "No file was chosen. Choose one and send it again.",
        ));
    }
    if let (Some(name), true) = (
        files.damaged.first(),
        files.damaged.len() == files.unpacked.len(),
    ) {
        return Err(Problem::Malformed(format!(
            "{name} looks compressed, but cannot be decompressed; send it again."
        )));
    }
    let names: Vec<&str> = files
        .unpacked
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    beside.name_queries(&names);
    let beside = beside.settled(app).await?;
    let sent = Sent {
        files: files.unpacked,
        file_hash: files.hash.finalize().to_vec(),
        chosen: beside.chosen,
        collected_at: beside.collected_at,
        at_once: beside.commit,
        by: importer.sender.name.to_string(),
        author: importer.author.clone(),
        token: importer.token.clone().unwrap_or_default(),
        way: beside.way.unwrap_or(importer.sender.way).code(),
    };
    let id = uploads::accept(app.store(), sent, clock::now()).await?;
    app.bell().ring();
    drop(files.held);
    Ok(id)
}

/// Files as they come in, unpacked.
#[derive(Default)]
struct Files {
    unpacked: Vec<(String, Vec<u8>)>,
    bytes: usize,
    /// The names of those that are compressed and damaged, of which only the beginning is kept.
    damaged: Vec<String>,
    hash: Sha256,
    // Keeps the room of all of them reserved until they are kept.
    held: Vec<Box<dyn Send>>,
}

impl Files {
    async fn field(
        &mut self,
        app: &App,
        beside: &mut Beside,
        field: Field<'_>,
    ) -> Result<(), Problem> {
        let Some(file) = field.file_name().map(str::to_owned) else {
            let name = field.name().unwrap_or_default().to_owned();
            let value = field.text().await.map_err(broken)?;
            beside.note(&name, &value);
            return Ok(());
        };
        let bytes = field.bytes().await.map_err(broken)?;
        if file.is_empty() && bytes.is_empty() {
            return Ok(());
        }
        self.add(app, &file, bytes.into()).await
    }

    async fn body(
        &mut self,
        app: &App,
        headers: &HeaderMap,
        beside: &Beside,
        body: Body,
    ) -> Result<(), Problem> {
        let held = body::read(headers, body, app.budget()).await?;
        let (bytes, room) = held.split();
        self.held.push(Box::new(room));
        if bytes.is_empty() {
            return Ok(());
        }
        let name = beside.name.clone().unwrap_or_else(|| "upload".to_owned());
        self.add(app, &name, bytes).await
    }

    async fn add(&mut self, app: &App, name: &str, bytes: Vec<u8>) -> Result<(), Problem> {
        if self.unpacked.len() >= MOST_FILES {
            return Err(Problem::TooLarge(format!(
                "An upload may have {MOST_FILES} files; send them in several uploads, or packed into a zip archive."
            )));
        }
        self.hash.update(&bytes);
        let beginning = bytes.get(..RAW_KEPT).unwrap_or(&bytes).to_vec();
        let bytes = match body::unpacked(bytes, app.budget()).await {
            Ok(held) => {
                let (bytes, room) = held.split();
                self.held.push(Box::new(room));
                bytes
            }
            // The others go on; whoever reads the files refuses what is compressed.
            Err(Problem::Malformed(_)) => {
                self.damaged.push(shown(name));
                beginning
            }
            Err(other) => return Err(other),
        };
        self.bytes += bytes.len();
        if self.bytes > body::LARGEST {
            return Err(Problem::TooLarge(format!(
                "The files of an upload may have {} MiB together after decompression; send them in several uploads.",
                body::LARGEST >> 20
            )));
        }
        self.unpacked.push((shown(name), bytes));
        Ok(())
    }
}

/// A file's name without folders, control characters and the ending that said how it was packed.
fn shown(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let lower = name.to_ascii_lowercase();
    let packed = [".gz", ".zst"]
        .iter()
        .find(|ending| lower.ends_with(**ending));
    let end = name.len() - packed.map_or(0, |ending| ending.len());
    let mut short: String = name
        .get(..end)
        .unwrap_or(name)
        .replace(char::is_control, "·");
    while short.len() > LONGEST {
        short.pop();
    }
    if short.trim().is_empty() {
        "upload".clone_into(&mut short);
    }
    short
}

/// Why a form broke off.
pub fn broken(error: MultipartError) -> Problem {
    if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
        Problem::TooLarge(format!(
            "An upload may have {} MiB; send the files in several uploads.",
            body::LARGEST >> 20
        ))
    } else {
        unreadable()
    }
}

/// A form that is none.
pub fn unreadable() -> Problem {
    Problem::Malformed(
        "The upload cannot be read; choose the files again and send them.".to_owned(),
    )
}
