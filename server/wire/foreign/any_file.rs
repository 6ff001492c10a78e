//! Stub until the real one is merged.
#![allow(missing_docs)]
use super::super::{document::Client, records::{Place, for_each_record}, decode, report_v1};
use super::{Refused, Unreadable, format::Format, mapping::Mapping};
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options { pub format: Option<Format>, pub mapping: Option<Mapping>, pub device: Option<String>, pub key: Option<String>, pub one_run: bool }
#[derive(Clone, Copy, Debug)]
pub struct File<'a> { pub name: &'a str, pub bytes: &'a [u8] }
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told { pub name: String, pub format: Format, pub encoding: String, pub notes: Vec<String>, pub asked: Option<u64>, pub answered: Option<u64>, pub mapping: Option<Mapping> }
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    Reading { file: String, also: Vec<String>, place: String, document: Vec<u8>, client: Client, notes: Vec<String>, needs_time: bool, record: Option<Place> },
    Refused { file: String, refused: Refused },
}
pub fn with_time(document: &[u8], _at: &str) -> Vec<u8> { document.to_vec() }
pub fn read(files: &[File<'_>], _options: &Options, rows: &mut dyn FnMut(Row) -> bool) -> Vec<Result<Told, (String, Unreadable)>> {
    files.iter().map(|file| {
        let name = file.name.to_owned();
        let body = decode::to_utf8(file.bytes).map_err(|e| (name.clone(), Unreadable(e.to_string())));
        let read = body.and_then(|body| for_each_record(&body, |place, record| {
            let at = place.line.map_or_else(|| format!("record {}", place.index + 1), |line| format!("line {line}"));
            match record {
                Ok(bytes) => { rows(Row::Reading { file: name.clone(), also: vec![], place: at, document: bytes.to_vec(), client: Client { name: report_v1::parse(bytes).ok().and_then(|r| r.ids.name), ..Client::default() }, notes: vec![], needs_time: false, record: Some(place) }); }
                Err(cut) => { rows(Row::Refused { file: name.clone(), refused: Refused::new(at, cut.error.detail, cut.bytes) }); }
            }
        }).map_err(|e| (name.clone(), Unreadable(e.to_string()))));
        match read {
            Ok(_) => Ok(Told { name, format: Format::Report, encoding: "UTF-8".to_owned(), notes: vec![], asked: None, answered: None, mapping: None }),
            Err((name, why)) => { rows(Row::Refused { file: name.clone(), refused: Refused::new("the whole file".to_owned(), why.0.clone(), file.bytes) }); Err((name, why)) }
        }
    }).collect()
}
