//! A body into its records: one object, a JSON list, or one object on each line; found, not read.

use std::fmt;

use serde::{
    Deserializer,
    de::{Error, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    fields::{FieldError, quoted},
    nesting::{End, end_of_value},
    raw::Scalar,
    sentence,
};

/// Most records in one body.
pub const MAX_RECORDS: usize = 20_000;

/// How the records of a body are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One object.
    Single,
    /// A JSON list.
    Array,
    /// One object after another, usually one on each line.
    Lines,
}

/// A record that is no object, and the bytes that were there instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut<'b> {
    /// What is wrong; names the line.
    pub error: FieldError,
    /// What came.
    pub bytes: &'b [u8],
}

/// Where a record stands in its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The first record has 0.
    pub index: usize,
    /// The line on which it begins, from 1; only for [`Shape::Lines`].
    pub line: Option<u64>,
}

impl Place {
    /// Puts the line number, if there is one, in front of what is wrong with the record.
    pub fn name_line(self, errors: &mut [FieldError]) {
        if let Some(line) = self.line {
            for error in errors {
                error.detail.insert_str(0, &format!("line {line}: "));
            }
        }
    }
}

/// Why a body as a whole is refused: no record of it is taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Nothing but white space.
    #[error(
        "the body is empty; send one report, a JSON list of reports, or one report on each line"
    )]
    Empty,
    /// Something in front of the JSON, or no JSON at all.
    #[error("{0}")]
    NotJson(String),
    /// A list that is broken somewhere, or text that belongs to no record.
    #[error("nothing was taken: {detail}")]
    Broken {
        /// From 1; 0 when not known.
        line: usize,
        /// From 1; 0 when not known.
        column: usize,
        /// What is wrong, with the line and column.
        detail: String,
    },
    /// More than [`MAX_RECORDS`].
    #[error(
        "the body holds more than {MAX_RECORDS} records, the most that is taken at once; send it in parts"
    )]
    TooMany,
}

/// Calls `each` with every record of a body that [`to_utf8`](super::to_utf8) has decoded.
///
/// A list is checked to its end before the first call. Lines stand for themselves: one that is no object is
/// handed over as an error and the others go on. What is inside an object is for the report's reader to
/// judge.
///
/// # Errors
/// The body as a whole is refused; `each` was not called.
pub fn for_each_record<'b>(
    body: &'b [u8],
    mut each: impl FnMut(Place, Result<&'b [u8], Cut<'b>>),
) -> Result<Shape, BodyError> {
    let start = body.iter().position(|byte| !byte.is_ascii_whitespace());
    let start = start.ok_or(BodyError::Empty)?;
    match body[start] {
        b'[' => {
            for (index, record) in elements(body)?.into_iter().enumerate() {
                each(Place { index, line: None }, Ok(record));
            }
            Ok(Shape::Array)
        }
        b'{' => {
            let Some(records) = objects(body, start)? else {
                let place = Place {
                    index: 0,
                    line: None,
                };
                each(place, Ok(body[start..].trim_ascii_end()));
                return Ok(Shape::Single);
            };
            for (index, (line, record)) in records.into_iter().enumerate() {
                let line = Some(line);
                each(Place { index, line }, record);
            }
            Ok(Shape::Lines)
        }
        _ => Err(not_json(&body[start..])),
    }
}

/// The elements of a list, when all of it is JSON.
fn elements(body: &[u8]) -> Result<Vec<&[u8]>, BodyError> {
    struct Elements;
    impl<'de> Visitor<'de> for Elements {
        type Value = Option<Vec<&'de [u8]>>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of reports")
        }
        fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<Self::Value, S::Error> {
            let mut found = Vec::new();
            while let Some(record) = seq.next_element::<&RawValue>()? {
                if found.len() == MAX_RECORDS {
                    return Err(S::Error::custom(TOO_MANY));
                }
                found.push(record.get().as_bytes());
            }
            Ok(Some(found))
        }
    }
    const TOO_MANY: &str = "too many records";
    let mut input = serde_json::Deserializer::from_slice(body);
    let read = input.deserialize_seq(Elements).and_then(|found| {
        input.end()?;
        Ok(found)
    });
    match read {
        Ok(found) => Ok(found.unwrap_or_default()),
        Err(error) if error.is_data() && error.to_string().starts_with(TOO_MANY) => {
            Err(BodyError::TooMany)
        }
        Err(error) => Err(BodyError::Broken {
            line: error.line(),
            column: error.column(),
            detail: sentence::json(&error),
        }),
    }
}

type Lines<'b> = Vec<(u64, Result<&'b [u8], Cut<'b>>)>;

/// The objects of a body that starts with one; `None` when it is only one.
fn objects(body: &[u8], start: usize) -> Result<Option<Lines<'_>>, BodyError> {
    match end_of_value(body, start) {
        End::At(end) if body[end..].trim_ascii().is_empty() => Ok(None),
        End::At(end) if body[start..end].contains(&b'\n') => {
            one_after_another(body, start).map(Some)
        }
        End::At(_) => lines(body).map(Some),
        // Unfinished: lines, if another object begins at the beginning of a line; else one that was cut.
        End::Missing => {
            let rest = &body[start..];
            if rest.windows(2).any(|pair| pair == b"\n{") {
                lines(body).map(Some)
            } else {
                Ok(None)
            }
        }
    }
}

/// Each line for itself, blank ones left out.
fn lines(body: &[u8]) -> Result<Lines<'_>, BodyError> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(body.split(|byte| *byte == b'\n')) {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        if found.len() == MAX_RECORDS {
            return Err(BodyError::TooMany);
        }
        found.push((number, one_object(line, number)));
    }
    Ok(found)
}

fn one_object(line: &[u8], number: u64) -> Result<&[u8], Cut<'_>> {
    let wrong = |what: String| {
        Err(Cut {
            error: FieldError::whole(format!("line {number}: {what}")),
            bytes: line,
        })
    };
    if line.first() != Some(&b'{') {
        return wrong(format!(
            "a report is one JSON object, but this starts with {}",
            beginning(line)
        ));
    }
    match end_of_value(line, 0) {
        End::At(end) if end == line.len() => Ok(line),
        End::At(end) => wrong(format!(
            "there is more text behind the object, from column {}: {}; one object on each line",
            end + 1,
            beginning(line[end..].trim_ascii_start())
        )),
        End::Missing => wrong(
            "the object ends too early; it was probably cut off on the way: send the whole line"
                .to_owned(),
        ),
    }
}

/// Objects over several lines each, with nothing but white space between them.
fn one_after_another(body: &[u8], mut start: usize) -> Result<Lines<'_>, BodyError> {
    let mut found = Vec::new();
    let (mut line, mut counted) = (1, 0);
    loop {
        line += body[counted..start].split(|byte| *byte == b'\n').count() - 1;
        counted = start;
        if found.len() == MAX_RECORDS {
            return Err(BodyError::TooMany);
        }
        let number = u64::try_from(line).unwrap_or(u64::MAX);
        let end = match end_of_value(body, start) {
            _ if body[start] != b'{' => {
                let before = &body[..start];
                let column = start
                    - before
                        .iter()
                        .rposition(|b| *b == b'\n')
                        .map_or(0, |at| at + 1)
                    + 1;
                return Err(BodyError::Broken {
                    line,
                    column,
                    detail: format!(
                        "after an object another one is expected at line {line} column {column}, found {}",
                        beginning(&body[start..])
                    ),
                });
            }
            End::At(end) => {
                found.push((number, Ok(&body[start..end])));
                end
            }
            End::Missing => {
                let detail = format!(
                    "line {number}: the object that begins here ends too early; it was probably cut off on the way"
                );
                let cut = Cut {
                    error: FieldError::whole(detail),
                    bytes: &body[start..],
                };
                found.push((number, Err(cut)));
                body.len()
            }
        };
        match body[end..]
            .iter()
            .position(|byte| !byte.is_ascii_whitespace())
        {
            Some(blank) => start = end + blank,
            None => return Ok(found),
        }
    }
}

/// What a body is that does not start like JSON.
fn not_json(body: &[u8]) -> BodyError {
    let starts = beginning(body);
    BodyError::NotJson(if body[0] == b'<' {
        format!(
            "this is XML or HTML, not JSON: it starts with {starts}; use ConvertTo-Json, not Export-Clixml"
        )
    } else if body.starts_with(b"Windows Registry Editor") || body.starts_with(b"REGEDIT4") {
        "this is a registry export (.reg), not JSON; send what the collector writes".to_owned()
    } else if body.windows(2).any(|pair| matches!(pair, b"\n{" | b"\n[")) {
        format!(
            "there is text before the JSON: {starts}; send warnings elsewhere, in PowerShell with 3>$null or $WarningPreference = 'SilentlyContinue'"
        )
    } else {
        format!(
            "this is not JSON: it starts with {starts}; a report starts with {{, a list of reports with ["
        )
    })
}

/// The first words of something, for a message.
fn beginning(text: &[u8]) -> String {
    const SHOWN: usize = 40;
    let line = text
        .split(|byte| matches!(byte, b'\n' | b'\r'))
        .next()
        .unwrap_or_default();
    let text = String::from_utf8_lossy(&line[..line.len().min(SHOWN)]);
    let text = text.trim_end_matches('\u{FFFD}').to_owned();
    quoted(&Scalar::Text(text.into()))
}
