//! One upload: how far it is, what its files say row by row, and what became of it.

use askama::Template;

use super::{
    Layout, links,
    text::{answered, counted, number},
    upload::Receipt,
    words::{self, Badge},
};
use crate::{
    domain::verdict::Standing,
    store::{
        Store,
        upload_model::{Lack, RowOutcome, RowStatus, Shown, State, Upload, UploadRow},
    },
};

/// What a file says of itself.
#[derive(Clone, Debug, Default)]
pub struct FileTold {
    /// Its name.
    pub name: String,
    /// What it was recognised as.
    pub format: String,
    /// How its letters were read.
    pub encoding: String,
    /// Whole sentences.
    pub notes: Vec<String>,
    /// Devices that were asked.
    pub asked: Option<i64>,
    /// Devices that answered.
    pub answered: Option<i64>,
    /// Why it cannot be read.
    pub problem: Option<String>,
}

impl FileTold {
    /// How many of the asked devices answered.
    pub fn coverage(&self) -> Option<String> {
        match (self.asked, self.answered) {
            (Some(asked), Some(told)) => Some(format!("Devices {}.", answered(asked, told))),
            (Some(asked), None) => Some(format!(
                "{} asked; how many answered is not said.",
                counted(asked, "device was", "devices were")
            )),
            (None, Some(answered)) => Some(format!(
                "{} answered; how many were asked is not said.",
                counted(answered, "device", "devices")
            )),
            (None, None) => None,
        }
    }
}

/// A column whose meaning can be chosen.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its place.
    pub index: usize,
    /// As written.
    pub heading: String,
    /// Code of what it means.
    pub meaning: String,
    /// Why it is not read.
    pub note: String,
}

/// Which query a file answers.
#[derive(Clone, Debug)]
pub struct QueryField {
    /// Place of the file.
    pub index: usize,
    /// Its name.
    pub file: String,
    /// The query.
    pub value: String,
    /// Nobody said it yet.
    pub guessed: bool,
}

/// How the files were read, and how else they could be.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// Code and title.
    pub formats: Vec<(String, String)>,
    /// Code of the one that somebody chose; empty: recognised.
    pub format: String,
    /// When the facts were read, where the files do not say it.
    pub collected_at: String,
    /// Whom files are about that name no device.
    pub device: String,
    /// The registry key or query.
    pub key: String,
    /// Code of the order in which dates are written; empty: as the files show it.
    pub dates: String,
    /// Which query each result of CMPivot answers.
    pub queries: Vec<QueryField>,
    /// Somebody vouches that 64-bit programs read the registry values.
    pub read_by_64_bit: bool,
    /// How many devices were asked, where the files do not say it.
    pub asked: String,
    /// Names of kept mappings.
    pub mappings: Vec<String>,
    /// The table whose columns are shown.
    pub table: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// How many are not shown.
    pub hidden_columns: usize,
    /// Code and title of meanings.
    pub choices: Vec<(String, String)>,
}

/// How the rows of an upload stand by themselves.
#[derive(Clone, Debug, Default)]
pub struct Alone {
    /// Every standing, and how many rows have it.
    pub standings: Vec<(Standing, i64)>,
    /// Rows that stay undetermined because nobody says which registry view was read.
    pub lacking_view: i64,
}

/// Some of the rows, as a number that leads to them.
#[derive(Clone, Debug)]
pub struct Part {
    /// `309 undetermined`, `309 rows`.
    pub text: String,
    /// Where they are.
    pub href: String,
}

/// A row, dressed.
#[derive(Clone, Debug)]
pub struct RowView {
    /// CSS class.
    pub code: &'static str,
    /// What it is, or what became of it.
    pub word: &'static str,
    /// The device, as the row has it.
    pub name: String,
    /// The client: its page and name.
    pub client: Option<(String, String)>,
    /// The file.
    pub file: String,
    /// Where it stands there.
    pub place: String,
    /// How the client stood after it; before anything is stored, how the row stands by itself.
    pub standing: Option<Badge>,
    /// Notes.
    pub notes: Vec<String>,
    /// Why it was not taken.
    pub problem: Option<String>,
}

/// A link to some of the rows.
#[derive(Clone, Debug)]
pub struct Tab {
    /// What they are.
    pub label: &'static str,
    /// How many.
    pub text: String,
    /// Where they are.
    pub href: String,
    /// Whether these are shown.
    pub current: bool,
}

/// What is going on, while the server is at work.
#[derive(Clone, Debug)]
pub struct Progress {
    /// For the script: how far it is, in JSON.
    pub url: String,
    /// Rows that are done and all of them, the latter a guess while files are read; `None`: not known yet.
    pub of: Option<(i64, i64)>,
    /// Rows are being stored, not read.
    pub storing: bool,
    /// In words.
    pub words: String,
}

/// The page of an upload.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a part of the page that is there or not"
)]
#[derive(Debug, Template)]
#[template(path = "upload_one.html", whitespace = "minimize")]
pub struct UploadOnePage {
    /// The frame.
    pub layout: Layout,
    /// The upload.
    pub receipt: Receipt,
    /// What the server is at work on.
    pub progress: Option<Progress>,
    /// It can be stored or discarded.
    pub preview: bool,
    /// Rows that would be stored.
    pub fitting: i64,
    /// `Store 4,988 readings`.
    pub store: String,
    /// What each file says.
    pub files: Vec<FileTold>,
    /// How they were read.
    pub reading: Reading,
    /// How the rows stand by themselves; empty: they were not judged, or are stored.
    pub alone: Vec<Part>,
    /// Rows that wait for a word on which registry view was read.
    pub lacking_view: Option<Part>,
    /// They are several.
    pub lacking_several: bool,
    /// What was chosen was not read yet when somebody wanted to store, so the files were read once more.
    pub once_more: bool,
    /// Nothing of it is stored, so rows are shown by how they stand by themselves.
    pub unstored: bool,
    /// Kinds of rows.
    pub tabs: Vec<Tab>,
    /// The rows.
    pub rows: Vec<RowView>,
    /// The first page of them.
    pub first: Option<String>,
    /// The next page of them.
    pub next: Option<String>,
    /// Where rejected rows can be had.
    pub rejected: Option<String>,
    /// Rows are no longer kept.
    pub gone: bool,
}

impl UploadOnePage {
    /// The page, without rows.
    pub fn new(
        layout: Layout,
        upload: &Upload,
        receipt: Receipt,
        files: Vec<FileTold>,
        reading: Reading,
    ) -> Self {
        let counts = upload.counts;
        let fitting = counts.found_new + counts.found_known;
        let url = format!("/api/v1/uploads/{}", links::encode(&upload.id));
        Self {
            progress: upload.state.is_busy().then(|| Progress {
                of: if upload.state == State::Committing {
                    Some((counts.done, counts.total))
                } else {
                    upload.about.map(|about| (counts.total.min(about), about))
                },
                storing: upload.state == State::Committing,
                words: if upload.state == State::Committing {
                    format!(
                        "{} of {} stored",
                        number(counts.done),
                        counted(counts.total, "row", "rows")
                    )
                } else {
                    format!("{} read", counted(counts.total, "row", "rows"))
                },
                url: url.clone(),
            }),
            preview: upload.state == State::Preview,
            fitting,
            store: format!("Store {}", counted(fitting, "reading", "readings")),
            rejected: (counts.rejected > 0 && !upload.state.is_busy())
                .then(|| format!("{url}/rejected")),
            gone: Store::upload_rows_are_gone(upload.state, upload.finished_at, layout.now),
            tabs: tabs(upload),
            alone: Vec::new(),
            lacking_view: None,
            lacking_several: false,
            once_more: false,
            unstored: counts.done == 0 && !matches!(upload.state, State::Committing | State::Done),
            layout,
            receipt,
            files,
            reading,
            rows: Vec::new(),
            first: None,
            next: None,
        }
    }

    /// With how the rows stand by themselves, while nothing is stored.
    #[must_use]
    pub fn with_alone(mut self, alone: &Alone) -> Self {
        if !self.preview {
            return self;
        }
        let judged = alone.standings.iter().any(|(_, n)| *n > 0);
        let always = [Standing::Blocking, Standing::Ready, Standing::Undetermined];
        let href = |query: String| format!("{}?{query}#rows", self.receipt.href);
        let mut alone_parts: Vec<Part> = Vec::new();
        let others = alone.standings.iter().map(|(standing, _)| *standing);
        let others = others.filter(|standing| !always.contains(standing));
        for standing in always.into_iter().chain(others) {
            let mut counts = alone.standings.iter();
            let n = counts.find(|(known, _)| *known == standing);
            let n = n.map_or(0, |(_, n)| *n);
            if judged && (n > 0 || always.contains(&standing)) {
                alone_parts.push(Part {
                    text: format!("{} {}", number(n), standing.words().to_lowercase()),
                    href: href(format!("by_itself={}", standing.code())),
                });
            }
        }
        self.lacking_view = (alone.lacking_view > 0).then(|| Part {
            text: counted(alone.lacking_view, "row", "rows"),
            href: href("lacks=view".to_owned()),
        });
        self.lacking_several = alone.lacking_view != 1;
        self.alone = alone_parts;
        self
    }

    /// With the rows of one page; `from` is where it begins, `next` where the following one does.
    #[must_use]
    pub fn with_rows(
        mut self,
        rows: &[UploadRow],
        shown: Shown,
        from: i64,
        next: Option<String>,
    ) -> Self {
        let (name, code) = match shown {
            Shown::All => ("status", ""),
            Shown::Status(status) => ("status", status.code()),
            Shown::Outcome(outcome) => ("status", outcome.code()),
            Shown::ByItself(standing) => ("by_itself", standing.code()),
            Shown::Lacking(lack) => ("lacks", lack.code()),
        };
        let url = |cursor: &str| {
            let cursor = links::encode(cursor);
            format!("{}?{name}={code}&cursor={cursor}", self.receipt.href)
        };
        self.next = next.map(|next| url(&next));
        self.first = (from > 0).then(|| url("0"));
        let unstored = self.unstored;
        self.rows = rows.iter().map(|row| RowView::new(row, unstored)).collect();
        for tab in &mut self.tabs {
            let of_it = tab.href.rsplit_once("status=").map_or("", |(_, code)| code);
            tab.current = name == "status" && of_it == code;
        }
        if let Some(label) = listed(shown) {
            self.tabs.push(Tab {
                label,
                text: String::new(),
                href: format!("{}?{name}={code}", self.receipt.href),
                current: true,
            });
        }
        self
    }
}

fn tabs(upload: &Upload) -> Vec<Tab> {
    let counts = upload.counts;
    let url = links::upload_url(&upload.id);
    let stored = matches!(upload.state, State::Done | State::Committing) || counts.done > 0;
    let mut kinds = vec![
        ("All rows", counts.total, ""),
        ("New devices", counts.found_new, "new"),
        ("Known clients", counts.found_known, "known"),
        ("Refused", counts.rejected, "rejected"),
    ];
    if upload.state == State::Preview {
        kinds.extend([
            ("Would say something new", counts.would_changed, "changed"),
            ("Unchanged", counts.would_unchanged, "unchanged"),
            ("Older than what is known", counts.would_late, "late"),
        ]);
    }
    if stored {
        kinds.extend([
            ("Said something new", counts.stored_changed, "changed"),
            ("Unchanged", counts.stored_unchanged, "unchanged"),
            ("Late", counts.stored_late, "late"),
        ]);
    }
    kinds
        .into_iter()
        .filter(|(_, n, status)| *n > 0 || status.is_empty())
        .map(|(label, n, status)| Tab {
            label,
            text: number(n),
            href: format!("{url}?status={status}"),
            current: false,
        })
        .collect()
}

/// What a list is of that no tab leads to.
const fn listed(shown: Shown) -> Option<&'static str> {
    match shown {
        Shown::ByItself(standing) => Some(match standing {
            Standing::Blocking => "Blocking by themselves",
            Standing::Undetermined => "Undetermined by themselves",
            Standing::Conflict => "In conflict by themselves",
            Standing::RestartPending => "Restart pending by themselves",
            Standing::Stale => "Stale by themselves",
            Standing::Silent => "Silent by themselves",
            Standing::Ready => "Ready by themselves",
        }),
        Shown::Lacking(Lack::View) => Some("Waiting for a word on 64-bit programs"),
        Shown::All | Shown::Status(_) | Shown::Outcome(_) => None,
    }
}

impl RowView {
    fn new(row: &UploadRow, unstored: bool) -> Self {
        let (code, word) = match (row.status, row.outcome.as_deref()) {
            (RowStatus::Rejected, _) => ("rejected", "Refused"),
            (_, Some("new")) => ("new", "Stored, new client"),
            (_, Some("changed")) => ("changed", "Stored"),
            (_, Some("unchanged")) => ("unchanged", "Unchanged"),
            (_, Some(_)) => ("late", "Late, in the history only"),
            (status, None) => match (row.forecast, status) {
                (Some(RowOutcome::Unchanged), _) => ("unchanged", "Unchanged"),
                (Some(RowOutcome::Late), _) => ("late", "Older than what is known"),
                (Some(RowOutcome::Changed), _) => ("changed", "Would say something new"),
                (_, RowStatus::New) => ("new", "New device"),
                _ => ("known", "Known client"),
            },
        };
        Self {
            code,
            word,
            name: if row.name.is_empty() {
                "not known".to_owned()
            } else {
                row.name.clone()
            },
            client: row
                .client
                .as_ref()
                .map(|(id, name)| (links::client_url(id), name.clone())),
            file: row.file_name.clone(),
            // Of several files each place names its own.
            place: row.place.replace(&format!(" of {}", row.file_name), ""),
            standing: row
                .standing
                .or(row.by_itself.filter(|_| unstored))
                .map(words::standing),
            notes: row.notes.clone(),
            problem: row.problem.clone(),
        }
    }
}
