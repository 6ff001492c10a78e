//! A list as an Excel workbook: real types, a frozen header, filters; written row by row into a temporary file, so that
//! memory stays the same whatever the length.

use std::io::{Seek as _, SeekFrom};

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use futures::stream;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet, XlsxError};
use tokio::{io::AsyncReadExt as _, sync::mpsc};

use super::{
    media,
    table::{Cell, Field},
};
use crate::{
    error::Problem,
    store::{lists::Walk, model::ClientRow},
};

/// Rows of a sheet, the header among them; no program that reads workbooks takes more.
const ROWS_AT_MOST: i64 = 1_048_576;

/// The whole list as a workbook; refused when it has more rows than a sheet can hold.
pub async fn answer(
    mut walk: Walk,
    total: i64,
    fields: Vec<&'static Field>,
    name: &str,
) -> Result<Response, Problem> {
    if total >= ROWS_AT_MOST {
        return Err(Problem::invalid(
            "?format",
            "an Excel sheet holds 1,048,575 rows, and this list is longer; narrow it, or take format=csv",
        ));
    }
    let (sender, receiver) = mpsc::channel::<Vec<ClientRow>>(2);
    let writing = tokio::task::spawn_blocking(move || written(receiver, &fields));
    while let Some(rows) = walk.next().await? {
        if sender.send(rows).await.is_err() {
            // The writer has given up; its own answer says why.
            break;
        }
    }
    drop((sender, walk));
    let file = writing
        .await
        .map_err(|_| Problem::Internal)?
        .map_err(|error| {
            tracing::error!(%error, "a workbook could not be written");
            Problem::Internal
        })?;
    let length = file.metadata().map_err(|_| Problem::Internal)?.len();
    let pieces = stream::try_unfold(tokio::fs::File::from_std(file), |mut file| async move {
        let mut piece = vec![0; 64 << 10];
        let read = file.read(&mut piece).await?;
        piece.truncate(read);
        Ok::<_, std::io::Error>((read > 0).then(|| (Bytes::from(piece), file)))
    });
    let mut response = Body::from_stream(pieces).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media::XLSX));
    headers.insert(header::CONTENT_LENGTH, length.into());
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}.xlsx\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// Writes the rows as they come; the file is gone when it is closed.
fn written(
    mut rows: mpsc::Receiver<Vec<ClientRow>>,
    fields: &[&'static Field],
) -> Result<std::fs::File, Box<dyn std::error::Error + Send + Sync>> {
    let mut workbook = Workbook::new();
    let head = Format::new().set_bold();
    let time = Format::new().set_num_format("yyyy-mm-dd hh:mm:ss");
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    sheet.set_name("clients")?;
    sheet.set_freeze_panes(1, 0)?;
    for (column, field) in (0_u16..).zip(fields) {
        sheet.set_column_width(column, field.width)?;
        sheet.write_with_format(0, column, field.name, &head)?;
    }
    let mut line = 0_u32;
    while let Some(rows) = rows.blocking_recv() {
        for row in rows {
            line += 1;
            for (column, field) in (0_u16..).zip(fields) {
                write(sheet, line, column, (field.value)(&row), &time)?;
            }
        }
    }
    if let Some(last) = u16::try_from(fields.len())
        .ok()
        .and_then(|n| n.checked_sub(1))
    {
        sheet.autofilter(0, 0, line, last)?;
    }
    let mut file = tempfile::tempfile()?;
    workbook.save_to_writer(&mut file)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}

/// One cell. No text that is kept comes near the 32,767 characters that a cell can hold; one that did would be an error
/// and not be cut in silence. Words are written as words, so nothing that begins like a formula is ever one.
fn write(
    sheet: &mut Worksheet,
    line: u32,
    column: u16,
    cell: Cell,
    time: &Format,
) -> Result<(), XlsxError> {
    match cell {
        Cell::Text(text) if text.is_empty() => {}
        Cell::Text(text) => {
            sheet.write_string(line, column, text)?;
        }
        // Every id and count is far below 2^53.
        #[expect(
            clippy::cast_precision_loss,
            reason = "a spreadsheet has no other numbers"
        )]
        Cell::Number(number) => {
            sheet.write_number(line, column, number as f64)?;
        }
        Cell::Time(at) => match ExcelDateTime::from_timestamp(at.0.div_euclid(1_000)) {
            Ok(moment) => {
                sheet.write_datetime_with_format(line, column, moment, time)?;
            }
            // Before 1900 or after 9999: no date for a spreadsheet, but still worth saying.
            Err(_) => {
                sheet.write_string(line, column, at.to_string())?;
            }
        },
        Cell::Flag(flag) => {
            sheet.write_boolean(line, column, flag)?;
        }
    }
    Ok(())
}
