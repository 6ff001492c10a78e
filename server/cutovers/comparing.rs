//! What stands in a kept run, page by page, and what moved between two runs or since a record was frozen.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, HashSet},
    io::{BufRead as _, BufReader, Read},
    ops::ControlFlow,
};

use serde_json::Value;
use uuid::Uuid;

use crate::domain::cutover::{
    difference::{Difference, Who, Worse},
    tally::{Fates, Tally},
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

impl Wanted {
    /// How many a run with these sums has of them; `None`: only its lines tell.
    pub fn known_total(&self, tally: &Tally) -> Option<usize> {
        let unsafe_of = |fates: &Fates| fates.total() - fates.of(Fate::Safe);
        let of_place =
            |places: &BTreeMap<String, Fates>, key: &str| places.get(key).map_or(0, unsafe_of);
        let total = match (self.fate, self.because, &self.site, &self.os) {
            (None, None, None, None) => unsafe_of(&tally.fates),
            (Some(Fate::Safe), None, None, None) => 0,
            (Some(fate), None, None, None) => tally.fates.of(fate),
            (None, Some(because), None, None) => {
                tally.because.get(because.code()).copied().unwrap_or(0)
            }
            (None, None, Some(site), None) => of_place(&tally.by_site, site),
            (None, None, None, Some(os)) => of_place(&tally.by_os, os),
            _ => return None,
        };
        usize::try_from(total).ok()
    }

    /// Whether this one is.
    fn takes(&self, one: &Leftover) -> bool {
        self.fate.is_none_or(|fate| fate == one.fate)
            && self.site.as_ref().is_none_or(|site| *site == one.site)
            && self.os.as_ref().is_none_or(|os| *os == one.os_key)
            && self.because.is_none_or(|because| because == one.because)
    }

    /// Whether everybody is.
    fn is_all(&self) -> bool {
        *self
            == Self {
                after: self.after,
                ..Self::default()
            }
    }
}

/// Lines of a kept run, as they are written, until `each` has had enough.
fn lines(
    body: &[u8],
    mut each: impl FnMut(&str) -> Result<ControlFlow<()>, String>,
) -> Result<(), String> {
    let lines = zstd::Decoder::new(body).map_err(|error| error.to_string())?;
    let mut lines = BufReader::new(lines);
    let mut line = String::new();
    loop {
        line.clear();
        let length = lines
            .read_line(&mut line)
            .map_err(|error| error.to_string())?;
        if length == 0 || each(line.trim_end())?.is_break() {
            return Ok(());
        }
    }
}

/// What stands in a line, in its order.
type Line<'l> = (
    Cow<'l, str>,
    Cow<'l, str>,
    Cow<'l, str>,
    Cow<'l, str>,
    Cow<'l, str>,
    Cow<'l, str>,
    Option<Cow<'l, str>>,
);

impl Leftover {
    fn who(self) -> Who {
        Who {
            id: self.id,
            name: self.name,
            site: self.site,
        }
    }

    fn read(line: &str) -> Result<Self, String> {
        let (id, name, site, os_key, fate, because, owner): Line<'_> =
            serde_json::from_str(line).map_err(|error| error.to_string())?;
        Ok(Self {
            id: id.into_owned(),
            name: name.into_owned(),
            site: site.into_owned(),
            os_key: os_key.into_owned(),
            fate: Fate::from_code(&fate).unwrap_or(Fate::CannotSay),
            because: Because::from_code(&because).unwrap_or(Because::Undetermined),
            owner: owner.map(Cow::into_owned),
        })
    }
}

/// A page of the leftovers that are wanted, and how many there are: the sums of the run mostly know, and then nothing is
/// read behind the page.
///
/// # Errors
/// The run cannot be read.
pub fn page(
    body: &[u8],
    tally: &Tally,
    wanted: &Wanted,
    length: usize,
) -> Result<(Vec<Leftover>, usize), String> {
    let known = wanted.known_total(tally);
    let mut found = Vec::new();
    let mut total = 0_usize;
    lines(body, |line| {
        // What is passed over is not looked at.
        if wanted.is_all() && total < wanted.after {
            total += 1;
            return Ok(ControlFlow::Continue(()));
        }
        let one = Leftover::read(line)?;
        if wanted.takes(&one) {
            if total >= wanted.after && found.len() < length {
                found.push(one);
            }
            total += 1;
        }
        Ok(if known.is_some() && found.len() == length {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    })?;
    Ok((found, known.unwrap_or(total)))
}

/// All leftovers that are wanted, one after the other, in the order of the pages.
///
/// # Errors
/// The run cannot be read, or `each` failed.
pub fn each(
    body: &[u8],
    wanted: &Wanted,
    mut each: impl FnMut(Leftover) -> Result<(), String>,
) -> Result<(), String> {
    lines(body, |line| {
        let one = Leftover::read(line)?;
        if wanted.takes(&one) {
            each(one)?;
        }
        Ok(ControlFlow::Continue(()))
    })
}

/// Who was in a record, by id: what a later moment is compared with. Some 100 bytes for each that was left over, and 20 for others.
#[derive(Debug, Default)]
pub struct Before {
    /// Who was not safe, and was not met yet.
    left: HashMap<String, (String, String, Fate)>,
    /// Who was safe, and was not met yet.
    safe: HashSet<Uuid>,
    /// Who was not safe, and was met as safe.
    mended: Vec<Who>,
}

impl Before {
    /// From the lines of a record.
    ///
    /// # Errors
    /// The record cannot be read.
    pub fn of_record(lines: impl Read) -> Result<Self, String> {
        let mut before = Self::default();
        for line in BufReader::new(lines).lines() {
            let line = line.map_err(|error| error.to_string())?;
            let value: Value = serde_json::from_str(&line).map_err(|error| error.to_string())?;
            let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
            let fate = Fate::from_code(&text("fate")).unwrap_or(Fate::CannotSay);
            if fate == Fate::Safe {
                let id = text("id").parse().map_err(|_| "an id".to_owned())?;
                before.safe.insert(id);
            } else {
                before
                    .left
                    .insert(text("id"), (text("name"), text("site"), fate));
            }
        }
        Ok(before)
    }

    /// Takes somebody out whom the later moment has; whoever is not safe then, and was or was not in, is new among the others.
    pub fn meet(&mut self, who: Who, fate: Fate, difference: &mut Difference) {
        if let Ok(id) = who.id.parse() {
            self.safe.remove(&id);
        }
        match (self.left.remove(&who.id), fate) {
            (Some(_), Fate::Safe) => self.mended.push(who),
            (None, Fate::Safe) => {}
            (Some((_, _, was)), fate) => worse(who, was, fate, difference),
            (None, _) => more(who, difference),
        }
    }

    /// Ids of those whom the later moment did not have.
    pub fn missing(&self) -> Vec<String> {
        let safe = self.safe.iter().map(Uuid::to_string);
        self.left.keys().cloned().chain(safe).collect()
    }

    /// One of those stands badly all the same: who was safe is not any more, and who was not safe is not mended.
    pub fn is_bad_elsewhere(&mut self, who: Who, difference: &mut Difference) {
        if self.left.remove(&who.id).is_none() {
            more(who, difference);
        }
    }

    /// Whoever is still in is left over no more.
    pub fn end(self, difference: &mut Difference) {
        let each = self.left.into_iter();
        let mut gone = self.mended;
        gone.extend(each.map(|(id, (name, site, _))| Who { id, name, site }));
        difference.fewer_count = gone.len();
        first(&mut gone, 0);
        difference.fewer = gone;
        ended(difference);
    }
}

/// Notes who is not safe now and was, or was not there.
fn more(who: Who, difference: &mut Difference) {
    difference.more_count += 1;
    difference.more.push(who);
    first(&mut difference.more, 2 * SHOWN);
}

/// Notes who was not safe and still is not, when it is worse now.
fn worse(who: Who, was: Fate, is: Fate, difference: &mut Difference) {
    if is.is_worse_than(was) {
        difference.worse_count += 1;
        let names = difference.worse.get_or_insert_default();
        names.push(Worse { who, was, is });
        first_worse(names, 2 * SHOWN);
    }
}

/// The names that are kept, in order.
fn ended(difference: &mut Difference) {
    first(&mut difference.more, 0);
    if let Some(names) = &mut difference.worse {
        first_worse(names, 0);
    }
}

/// What moved from one kept run to a later one. Of each client of the earlier one its id and fate are held.
///
/// # Errors
/// One of them cannot be read.
pub fn between(earlier: &[u8], later: &[u8]) -> Result<Difference, String> {
    let place = |one: &Leftover| Uuid::parse_str(&one.id).map_err(|error| error.to_string());
    let mut before = HashMap::new();
    lines(earlier, |line| {
        let one = Leftover::read(line)?;
        before.insert(place(&one)?, one.fate);
        Ok(ControlFlow::Continue(()))
    })?;
    let mut difference = Difference::compared();
    lines(later, |line| {
        let one = Leftover::read(line)?;
        let fate = one.fate;
        if let Some(was) = before.remove(&place(&one)?) {
            worse(one.who(), was, fate, &mut difference);
        } else {
            difference.more_count += 1;
            difference.more.push(one.who());
            first(&mut difference.more, 2 * SHOWN);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    difference.fewer_count = before.len();
    if !before.is_empty() {
        lines(earlier, |line| {
            let one = Leftover::read(line)?;
            if before.contains_key(&place(&one)?) {
                difference.fewer.push(one.who());
                first(&mut difference.fewer, 2 * SHOWN);
            }
            Ok(ControlFlow::Continue(()))
        })?;
    }
    first(&mut difference.fewer, 0);
    ended(&mut difference);
    Ok(difference)
}

/// The same of names that got worse.
fn first_worse(names: &mut Vec<Worse>, most: usize) {
    if names.len() > most {
        names.sort_by(|a, b| (&a.who.name, &a.who.id).cmp(&(&b.who.name, &b.who.id)));
        names.truncate(SHOWN);
    }
}

/// Once there are more than `most` names, only the first [`SHOWN`] stay.
fn first(names: &mut Vec<Who>, most: usize) {
    if names.len() > most {
        names.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        names.truncate(SHOWN);
    }
}
