//! The pages of uploads, from nothing sent yet to a receipt.

use cutover::{
    domain::{
        time::{HOUR, MINUTE},
        verdict::Standing,
    },
    store::upload_model::{Counts, RowOutcome, RowStatus, Shown, State, Upload, UploadRow},
    views::{
        Nav,
        upload::{Receipt, UploadPage},
        upload_one::{Alone, Column, FileTold, Reading, UploadOnePage},
    },
};

use super::{
    html, records,
    samples::{layout, now},
};

fn formats() -> Vec<(String, String)> {
    [("table", "Table (CSV)"), ("report", "Reports (JSON)")]
        .map(|(code, title)| (code.to_owned(), title.to_owned()))
        .into()
}

fn upload(state: State, counts: Counts) -> Upload {
    Upload {
        id: "01990000-0000-7000-8000-000000000001".to_owned(),
        created_at: now().plus(-HOUR),
        created_by: "ines.okafor".to_owned(),
        committed_by: matches!(state, State::Committing | State::Done)
            .then(|| "token nightly".to_owned()),
        committed_at: None,
        way: "upload".to_owned(),
        names: String::new(),
        file_hash: (0..32).collect(),
        bytes: 1_204_331,
        options: "{}".to_owned(),
        collected_at: None,
        at_once: false,
        state,
        starts: 1,
        format: "table".to_owned(),
        told: "[]".to_owned(),
        counts,
        problem: (state == State::Cancelled).then(|| "Discarded by <b>ines</b>.".to_owned()),
        token: String::new(),
        about: (state == State::Reading).then_some(8_000),
        completeness: (state != State::Reading).then_some((5_000, 3_100)),
        by_itself: String::new(),
        finished_at: (!state.is_busy() && state != State::Preview).then(|| now().plus(-MINUTE)),
    }
}

const READ: Counts = Counts {
    total: 5_012,
    done: 0,
    found_new: 200,
    found_known: 4_800,
    rejected: 12,
    would_new: 200,
    would_changed: 3_000,
    would_unchanged: 1_790,
    would_late: 10,
    stored_new: 0,
    stored_changed: 0,
    stored_unchanged: 0,
    stored_late: 0,
};

fn receipt(upload: &Upload) -> Receipt {
    let names = ["week <47>.csv", "b.csv", "c.csv", "d.csv"].map(str::to_owned);
    Receipt::new(upload, &names, "Table (CSV)".to_owned(), now())
}

fn files() -> Vec<FileTold> {
    let bad = FileTold {
        name: "broken <script>alert(1)</script>.json".to_owned(),
        problem: Some("This is no JSON: it ends in the middle of a text.".to_owned()),
        ..FileTold::default()
    };
    let good = FileTold {
        name: "week <47>.csv".to_owned(),
        format: "Table (CSV)".to_owned(),
        encoding: "windows-1252".to_owned(),
        notes: vec!["The file does not say its encoding.".to_owned()],
        asked: Some(5_000),
        answered: Some(3_100),
        problem: None,
    };
    vec![good, bad]
}

fn reading() -> Reading {
    let column = |index, heading: &str, meaning: &str, note: &str| Column {
        index,
        heading: heading.to_owned(),
        meaning: meaning.to_owned(),
        note: note.to_owned(),
    };
    Reading {
        formats: formats(),
        mappings: vec!["Ours <bad>".to_owned()],
        table: "week <47>.csv".to_owned(),
        columns: vec![
            column(0, "Device", "name", ""),
            column(
                1,
                "Colour <colour>",
                "ignored",
                "This says nothing that is judged.",
            ),
        ],
        choices: [("ignored", "Not read"), ("name", "Name of the device")]
            .map(|(code, title)| (code.to_owned(), title.to_owned()))
            .into(),
        ..Reading::default()
    }
}

fn rows(outcome: Option<&str>) -> Vec<UploadRow> {
    let row = |n: i64, status, problem: Option<&str>| UploadRow {
        n,
        file_name: "week <47>.csv".to_owned(),
        place: format!("line {}", n + 2),
        status,
        name: if n == 2 {
            String::new()
        } else {
            format!("<b>PC-0042</b>-{n}")
        },
        client: (status == RowStatus::Known)
            .then(|| ("0199-aa".to_owned(), "<b>PC-0042</b>".to_owned())),
        notes: (n == 0)
            .then(|| "Two columns disagree.".to_owned())
            .into_iter()
            .collect(),
        problem: problem.map(str::to_owned),
        forecast: (status == RowStatus::Known).then_some(RowOutcome::Changed),
        by_itself: problem.is_none().then_some(Standing::Undetermined),
        outcome: outcome.filter(|_| problem.is_none()).map(str::to_owned),
        standing: outcome
            .filter(|_| problem.is_none())
            .map(|_| Standing::Blocking),
    };
    vec![
        row(0, RowStatus::Known, None),
        row(1, RowStatus::New, None),
        row(2, RowStatus::Rejected, Some("It names no device <bad>.")),
    ]
}

fn one(state: State, counts: Counts, outcome: Option<&str>) -> String {
    let upload = upload(state, counts);
    let page = UploadOnePage::new(
        layout(Nav::Upload),
        &upload,
        receipt(&upload),
        files(),
        reading(),
    );
    let page = page.with_alone(&Alone {
        standings: vec![
            (Standing::Blocking, 3),
            (Standing::Undetermined, 4_900),
            (Standing::Stale, 97),
        ],
        lacking_view: 4_800,
    });
    let next = (state == State::Preview).then(|| "100".to_owned());
    html(&page.with_rows(&rows(outcome), Shown::All, 0, next))
}

pub fn pages() -> Vec<(&'static str, String)> {
    let storing = Counts {
        done: 1_024,
        stored_new: 24,
        stored_changed: 1_000,
        ..READ
    };
    let stored = Counts {
        done: 5_012,
        stored_new: 200,
        stored_changed: 4_000,
        stored_unchanged: 790,
        stored_late: 10,
        ..READ
    };
    let nothing = Counts {
        found_new: 0,
        found_known: 0,
        total: 12,
        would_new: 0,
        would_changed: 0,
        would_unchanged: 0,
        would_late: 0,
        ..READ
    };
    let receipts = [
        upload(State::Preview, READ),
        upload(State::Done, stored),
        upload(State::Cancelled, READ),
    ];
    let list = |receipts: &[Upload], next: Option<&str>, rejects: &[_]| {
        html(&UploadPage::new(
            layout(Nav::Upload),
            formats(),
            vec!["Ours <bad>".to_owned()],
            receipts.iter().map(receipt).collect(),
            next.map(str::to_owned),
            rejects,
        ))
    };
    vec![
        ("upload", list(&[], None, &[])),
        (
            "upload-receipts",
            list(&receipts, Some("0199"), &[records::reject()]),
        ),
        ("upload-reading", one(State::Reading, READ, None)),
        ("upload-preview", one(State::Preview, READ, None)),
        ("upload-preview-nothing", one(State::Preview, nothing, None)),
        (
            "upload-committing",
            one(State::Committing, storing, Some("changed")),
        ),
        ("upload-done", one(State::Done, stored, Some("new"))),
        ("upload-cancelled", one(State::Cancelled, READ, None)),
    ]
}
