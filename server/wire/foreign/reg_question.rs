//! One question of the kit for cmd: which key of which view, and what `reg query` printed for it.

use super::{
    super::fields::check_id,
    reg_machine::Reading,
    reg_paths::{KeyPath, at_or_below},
    reg_query::{Printed, printed},
};

/// A question of the kit, and what was printed for it.
#[derive(Debug)]
pub(super) struct Question {
    /// Where it stands.
    pub(super) line: u64,
    /// The key that was asked for.
    pub(super) asked: KeyPath,
    in_32_bit_view: bool,
    /// What of it.
    pub(super) what: What,
    /// What was printed, key by key.
    pub(super) readings: Vec<(KeyPath, Reading)>,
    /// Lines that were not understood: most often the words of an error.
    pub(super) odd: Vec<(u64, String, String)>,
}

/// What of a key was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Its values.
    Key,
    /// Everything below it as well.
    Tree,
    /// One value.
    Value(String),
}

impl Question {
    /// `64 HKLM\…`, for one value with its name behind a bar.
    pub(super) fn read(line: u64, what: What, rest: &str) -> Option<Self> {
        let (view, path) = rest.split_once(' ')?;
        let in_32_bit_view = match view {
            "32" => true,
            "64" | "one" => false,
            _ => return None,
        };
        let (what, path) = match what {
            What::Value(_) => {
                let (path, name) = path.split_once('|')?;
                check_id(name).ok()?;
                (What::Value(name.to_owned()), path)
            }
            other => (other, path),
        };
        let asked = in_view(KeyPath::read(path.trim())?, in_32_bit_view);
        Some(Self {
            line,
            asked,
            in_32_bit_view,
            what,
            readings: Vec::new(),
            odd: Vec::new(),
        })
    }

    /// Takes a line that `reg query` printed.
    pub(super) fn line(&mut self, number: u64, line: &str) {
        let mut odd = |detail: String| self.odd.push((number, detail, line.to_owned()));
        match printed(line) {
            Ok(Printed::Nothing) => {}
            Ok(Printed::Key(written)) => {
                let path = KeyPath::read(written).map(|path| in_view(path, self.in_32_bit_view));
                match path.filter(|path| at_or_below(&path.lower, &self.asked.lower)) {
                    Some(path) => self.readings.push((
                        path,
                        Reading {
                            exists: true,
                            line: number,
                            ..Reading::default()
                        },
                    )),
                    None => odd("This key was not asked for here.".to_owned()),
                }
            }
            Ok(Printed::Value(name, value)) => match (self.readings.last_mut(), check_id(name)) {
                (Some((_, reading)), Ok(())) => {
                    let again = reading.values.contains_key(&name.to_lowercase());
                    if again || !reading.put(name.to_owned(), Some(value)) {
                        reading.partial = true;
                        odd("This value is listed twice, or is one too many.".to_owned());
                    }
                }
                (Some(_), Err(detail)) => {
                    odd(format!("The name of this value cannot be kept: {detail}."));
                }
                (None, _) => odd("This value stands below no key.".to_owned()),
            },
            Err(detail) => odd(detail),
        }
    }
}

fn in_view(path: KeyPath, in_32_bit_view: bool) -> KeyPath {
    if in_32_bit_view {
        path.in_32_bit_view()
    } else {
        path
    }
}
