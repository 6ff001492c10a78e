//! Tables as a way in: what columns mean, what rows say, and what is never made of them.

mod absence;
mod contradictions;
mod join;
mod laws;
mod mapping;
mod samples;
mod table;

use cutover::wire::foreign::{
    Overview, Piece, Refused, Sink, Source, Unreadable, cmpivot, mapping::Mapping, run_scripts,
    wide,
};

/// Everything that one reader said of one file.
#[derive(Debug, Default)]
pub struct Read {
    pub pieces: Vec<Piece>,
    pub refused: Vec<Refused>,
    pub overview: Overview,
}

pub fn source(text: &str) -> Source<'_> {
    Source {
        name: "table.csv",
        text,
        device: None,
    }
}

pub fn collected(
    read: impl FnOnce(&mut Sink<'_>) -> Result<Overview, Unreadable>,
) -> Result<Read, Unreadable> {
    let mut all = Read::default();
    let overview = read(&mut |read| match read {
        Ok(piece) => all.pieces.push(piece),
        Err(refused) => all.refused.push(refused),
    })?;
    all.overview = overview;
    Ok(all)
}

pub fn read_wide(text: &str, mapping: Option<&Mapping>) -> Read {
    collected(|sink| wide::read(&source(text), mapping, sink)).expect("a table")
}

pub fn read_pivot(text: &str, key: Option<&str>) -> Read {
    collected(|sink| cmpivot::read(&source(text), None, key, sink)).expect("a result of CMPivot")
}

pub fn read_scripts(text: &str) -> Read {
    collected(|sink| run_scripts::read(&source(text), None, sink)).expect("results of a script")
}
