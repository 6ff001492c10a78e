//! The lines of a `.reg` file: headings, values, comments, each with its place in the file.
//!
//! One pass from top to bottom. Only texts and `hex:` data go over several lines; how far ahead is looked for the end
//! of a text is bounded, and nothing is looked at twice that could start such a search again.

use super::{super::document::Value, reg_data};

/// Most bytes of a text that goes over several lines.
const LONGEST_TEXT: usize = 64 * 1024;

/// What a place in the file says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Item<'t> {
    /// The first line of an export; `wide`: version 5, whose `hex(…)` texts are UTF-16.
    Header { wide: bool },
    /// Nothing.
    Blank,
    /// `; …`.
    Comment,
    /// `[KEY]`, or `[-KEY]`.
    Heading { path: &'t str, deleted: bool },
    /// `"Name"=…`; no value: `"Name"=-`.
    Value { name: String, value: Option<Value> },
}

/// Why a place could not be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// What is wrong.
    pub(super) detail: String,
    /// The value that it is about, when that much could be read.
    pub(super) name: Option<String>,
    /// It was meant to be a heading, so that what follows belongs nowhere.
    pub(super) heading: bool,
}

/// One place in the file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step<'t> {
    /// Its first line, from 1.
    pub(super) first: u64,
    /// Its last line.
    pub(super) last: u64,
    /// What stands there.
    pub(super) raw: &'t str,
    /// It is not spelt as Windows spells it.
    pub(super) by_hand: bool,
    /// What it says.
    pub(super) item: Result<Item<'t>, Problem>,
}

/// Goes through a file.
#[derive(Clone, Debug)]
pub(super) struct Lines<'t> {
    rest: &'t str,
    /// Lines taken so far.
    line: u64,
    /// The texts of `hex(…)` are UTF-16.
    wide: bool,
}

impl<'t> Lines<'t> {
    /// From the top.
    pub(super) const fn of(text: &'t str) -> Self {
        Self {
            rest: text,
            line: 0,
            wide: true,
        }
    }

    /// The next line without its end, of which there may be `CR LF`, `LF` and `CR CR LF`.
    fn line(&mut self) -> Option<&'t str> {
        if self.rest.is_empty() {
            return None;
        }
        self.line += 1;
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.rest = rest;
        Some(line.trim_end_matches('\r'))
    }

    fn heading(line: &'t str, by_hand: &mut bool) -> Result<Item<'t>, Problem> {
        let wrong = |detail: &str| Problem {
            detail: detail.to_owned(),
            name: None,
            heading: true,
        };
        let inside = line.strip_prefix('[').unwrap_or(line);
        let (path, tail) = inside
            .rsplit_once(']')
            .ok_or_else(|| wrong("This heading has no closing bracket, so what follows belongs to no key. Send the file as regedit wrote it."))?;
        let tail = tail.trim();
        if !(tail.is_empty() || tail.starts_with(';')) {
            return Err(wrong(
                "There is text behind this heading, so the key is in doubt. Send the file as regedit wrote it.",
            ));
        }
        if path
            .split_once(']')
            .is_some_and(|(_, behind)| behind.trim_start().starts_with(';'))
        {
            return Err(wrong(
                "The comment behind this heading holds a bracket, so the key is in doubt. Take the comment away.",
            ));
        }
        *by_hand |= !tail.is_empty();
        let (path, deleted) = match path.strip_prefix('-') {
            Some(path) => (path, true),
            None => (path, false),
        };
        Ok(Item::Heading { path, deleted })
    }

    /// `"Name"=…` or `@=…`; takes further lines where the data go on.
    fn value(
        &mut self,
        line: &'t str,
        from: &'t str,
        by_hand: &mut bool,
    ) -> Result<Item<'t>, Problem> {
        let named = match line.strip_prefix('"') {
            Some(quoted) => reg_data::quoted(quoted),
            None => line.strip_prefix('@').map(|rest| (String::new(), rest)),
        };
        let Some((name, rest)) = named else {
            return Err(plain(
                "The name of this value is not closed by a quotation mark.",
            ));
        };
        let trimmed = rest.trim_start();
        let Some(data) = trimmed.strip_prefix('=') else {
            return Err(plain(
                "Behind the name of a value comes an equals sign; here it does not.",
            ));
        };
        let spelt = data.trim_start();
        *by_hand |= trimmed.len() != rest.len() || spelt.len() != data.len();
        let about = |detail: String| Problem {
            detail,
            name: Some(name.clone()),
            heading: false,
        };
        let value = if let Some(text) = spelt.strip_prefix('"') {
            self.text(text, from, by_hand).map_err(about)?
        } else if let Some(rest) = spelt.strip_prefix('-') {
            *by_hand |= nothing_behind(rest).map_err(about)?;
            return Ok(Item::Value { name, value: None });
        } else {
            let (kind, rest) = spelt.split_once(':').ok_or_else(|| {
                about("These data are neither a text, nor `dword:`, nor `hex:`.".to_owned())
            })?;
            let plain_kind = kind.trim();
            *by_hand |= plain_kind != kind || kind.bytes().any(|byte| byte.is_ascii_uppercase());
            if plain_kind.eq_ignore_ascii_case("dword") {
                let (value, spelt_by_hand) = reg_data::dword(rest).map_err(about)?;
                *by_hand |= spelt_by_hand;
                value
            } else {
                let kind = reg_data::hex_kind(plain_kind).map_err(about)?;
                let mut bytes = Vec::new();
                self.hex(rest, &mut bytes, by_hand).map_err(about)?;
                super::reg_values::from_bytes(kind, &bytes, self.wide)
            }
        };
        Ok(Item::Value {
            name,
            value: Some(value),
        })
    }

    /// The text behind an opening quotation mark; `from`: what is left of the file from this line on.
    fn text(&mut self, line: &'t str, from: &'t str, by_hand: &mut bool) -> Result<Value, String> {
        if let Some((text, rest)) = reg_data::quoted(line) {
            *by_hand |= nothing_behind(rest)?;
            return Ok(super::reg_values::text(text));
        }
        // A text with line ends in it, which regedit writes as they are.
        const NOT_CLOSED: &str = "This text is not closed by a quotation mark.";
        let offset = (line.as_ptr() as usize).saturating_sub(from.as_ptr() as usize);
        let tail = from.get(offset..).unwrap_or_default();
        let window = tail
            .get(..tail.floor_char_boundary(LONGEST_TEXT))
            .unwrap_or(tail);
        let (text, rest) = reg_data::quoted(window).ok_or_else(|| NOT_CLOSED.to_owned())?;
        let used = window.len() - rest.len();
        let behind = tail.get(used..).and_then(|rest| rest.lines().next());
        nothing_behind(behind.unwrap_or_default()).map_err(|_| NOT_CLOSED.to_owned())?;
        let inside = window.get(..used).unwrap_or_default();
        for _ in inside.matches('\n') {
            self.line();
        }
        Ok(super::reg_values::text(text.replace('\r', "")))
    }

    /// Bytes as hexadecimal pairs, over as many lines as end in a backslash.
    fn hex(
        &mut self,
        line: &'t str,
        bytes: &mut Vec<u8>,
        by_hand: &mut bool,
    ) -> Result<(), String> {
        let mut line = line;
        loop {
            let (data, comment) = line
                .split_once(';')
                .map_or((line, false), |(d, _)| (d, true));
            *by_hand |= comment;
            let data = data.trim();
            let goes_on = data.strip_suffix('\\');
            reg_data::hex(goes_on.unwrap_or(data), bytes)?;
            if goes_on.is_none() {
                return Ok(());
            }
            loop {
                let mut ahead = self.clone();
                let next = ahead.line().map(str::trim).unwrap_or_default();
                let ends = ahead.line == self.line || next.starts_with(['[', '"', '@']);
                if ends {
                    return Err(
                        "These data end in a backslash, which says that they go on, but they do not."
                            .to_owned(),
                    );
                }
                *self = ahead;
                line = next;
                if !next.is_empty() {
                    break;
                }
                // Files that passed through too many hands have an empty line behind every line.
                *by_hand = true;
            }
        }
    }
}

impl<'t> Iterator for Lines<'t> {
    type Item = Step<'t>;

    fn next(&mut self) -> Option<Step<'t>> {
        let from = self.rest;
        let line = self.line()?;
        let first = self.line;
        let line = if first == 1 || line.starts_with('\u{FEFF}') {
            line.trim_start_matches('\u{FEFF}')
        } else {
            line
        };
        let trimmed = line.trim_start();
        let mut by_hand = trimmed.len() != line.len() && !trimmed.is_empty();
        let header = header(trimmed);
        let item = if let Some(wide) = header {
            self.wide = wide;
            Ok(Item::Header { wide })
        } else {
            match trimmed.chars().next() {
                None => Ok(Item::Blank),
                Some(';') => Ok(Item::Comment),
                Some('[') => Self::heading(trimmed, &mut by_hand),
                Some('"' | '@') => self.value(trimmed, from, &mut by_hand),
                Some(_) => Err(plain(
                    "This line is neither a heading in brackets, nor a value, nor a comment.",
                )),
            }
        };
        let taken = from.len() - self.rest.len();
        Some(Step {
            first,
            last: self.line,
            raw: from.get(..taken).unwrap_or(from),
            by_hand,
            item,
        })
    }
}

/// Whether a line is the first of an export; true: of version 5.
pub(super) fn header(line: &str) -> Option<bool> {
    let line = line.trim_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}');
    if line.eq_ignore_ascii_case("Windows Registry Editor Version 5.00") {
        Some(true)
    } else if line.eq_ignore_ascii_case("REGEDIT4") {
        Some(false)
    } else {
        None
    }
}

fn plain(detail: &str) -> Problem {
    Problem {
        detail: detail.to_owned(),
        name: None,
        heading: false,
    }
}

/// What comes behind data: nothing, or a comment, which no program writes (then true).
fn nothing_behind(rest: &str) -> Result<bool, String> {
    let rest = rest.trim();
    if rest.is_empty() || rest.starts_with(';') {
        Ok(!rest.is_empty())
    } else {
        Err("There is something behind these data that does not belong there.".to_owned())
    }
}
