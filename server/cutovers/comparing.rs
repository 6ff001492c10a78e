//! What stands in a kept run, page by page, and what moved between two runs or since a record was frozen.

use std::{
    collections::HashMap,
    io::{BufRead as _, BufReader, Read},
};

use serde_json::Value;

use crate::domain::cutover::{
    difference::{Difference, Who},
    whatif::{Because, Fate},
};

/// Names that are shown of each side of a difference; how many there are is said beside.
pub const SHOWN: usize = 200;

/// A client of a kept run that is not safe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// Our id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Site code.
    pub site: String,
    /// OS key.
    pub os_key: String,
    /// What would happen to it.
    pub fate: Fate,
    /// Why.
    pub because: Because,
    /// Owner.
    pub owner: Option<String>,
}

/// Which of them are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Of this fate.
    pub fate: Option<Fate>,
    /// Of this site; the empty text: not known.
    pub site: Option<String>,
    /// Of this OS version.
    pub os: Option<String>,
    /// For this reason.
    pub because: Option<Because>,
    /// So many are passed over.
    pub after: usize,
}

/// Each leftover of a kept run, one at a time.
///
/// # Errors
/// The run cannot be read.
pub fn leftovers(body: &[u8], mut each: impl FnMut(Leftover)) -> Result<(), String> {
    let lines = zstd::Decoder::new(body).map_err(|error| error.to_string())?;
    for line in BufReader::new(lines).lines() {
        let line = line.map_err(|error| error.to_string())?;
        let value: Value = serde_json::from_str(&line).map_err(|error| error.to_string())?;
        let text = |place: usize| value[place].as_str().unwrap_or_default().to_owned();
        each(Leftover {
            id: text(0),
            name: text(1),
            site: text(2),
            os_key: text(3),
            fate: Fate::from_code(&text(4)).unwrap_or(Fate::CannotSay),
            because: Because::from_code(&text(5)).unwrap_or(Because::Undetermined),
            owner: value[6].as_str().map(str::to_owned),
        });
    }
    Ok(())
}

/// A page of the leftovers that are wanted, and how many there are.
///
/// # Errors
/// The run cannot be read.
pub fn page(body: &[u8], wanted: &Wanted, length: usize) -> Result<(Vec<Leftover>, usize), String> {
    let mut found = Vec::new();
    let mut total = 0_usize;
    leftovers(body, |one| {
        let is_wanted = wanted.fate.is_none_or(|fate| fate == one.fate)
            && wanted.site.as_ref().is_none_or(|site| *site == one.site)
            && wanted.os.as_ref().is_none_or(|os| *os == one.os_key)
            && wanted.because.is_none_or(|because| because == one.because);
        if !is_wanted {
            return;
        }
        if total >= wanted.after && found.len() < length {
            found.push(one);
        }
        total += 1;
    })?;
    Ok((found, total))
}

/// Who is left over, by id: what a later moment is compared with. Some 100 bytes for each.
#[derive(Debug, Default)]
pub struct Before(HashMap<String, (String, String)>);

impl Before {
    /// From a kept run.
    ///
    /// # Errors
    /// The run cannot be read.
    pub fn of_run(body: &[u8]) -> Result<Self, String> {
        let mut known = HashMap::new();
        leftovers(body, |one| {
            known.insert(one.id, (one.name, one.site));
        })?;
        Ok(Self(known))
    }

    /// From the lines of a record.
    ///
    /// # Errors
    /// The record cannot be read.
    pub fn of_record(lines: impl Read) -> Result<Self, String> {
        let mut known = HashMap::new();
        for line in BufReader::new(lines).lines() {
            let line = line.map_err(|error| error.to_string())?;
            let value: Value = serde_json::from_str(&line).map_err(|error| error.to_string())?;
            let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
            if text("fate") != Fate::Safe.code() {
                known.insert(text("id"), (text("name"), text("site")));
            }
        }
        Ok(Self(known))
    }

    /// Takes a leftover of the later moment out; whoever was not in is new.
    pub fn meet(&mut self, id: &str, name: &str, site: &str, difference: &mut Difference) {
        if self.0.remove(id).is_some() {
            return;
        }
        difference.more_count += 1;
        if difference.more.len() < SHOWN {
            difference.more.push(Who {
                id: id.to_owned(),
                name: name.to_owned(),
                site: site.to_owned(),
            });
        }
    }

    /// Whoever is still in is left over no more.
    pub fn end(self, difference: &mut Difference) {
        difference.fewer_count = self.0.len();
        let each = self.0.into_iter();
        let mut gone: Vec<Who> = each
            .map(|(id, (name, site))| Who { id, name, site })
            .collect();
        gone.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        gone.truncate(SHOWN);
        difference.fewer = gone;
        difference
            .more
            .sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    }
}

/// What moved from one kept run to a later one.
///
/// # Errors
/// One of them cannot be read.
pub fn between(earlier: &[u8], later: &[u8]) -> Result<Difference, String> {
    let mut before = Before::of_run(earlier)?;
    let mut difference = Difference::default();
    leftovers(later, |one| {
        before.meet(&one.id, &one.name, &one.site, &mut difference);
    })?;
    before.end(&mut difference);
    Ok(difference)
}
