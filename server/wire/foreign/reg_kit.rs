//! What `cutover-collect.cmd` writes: the output of `reg query`, with lines between that say what was asked of which
//! view and how it ended.
//!
//! ```text
//! ; cutover-collect 1
//! ; environment
//! COMPUTERNAME=PC-0042
//! ; version
//! Microsoft Windows [Version 10.0.19045.3803]
//! ; views reg
//! ; ask 64 HKLM\SOFTWARE\…\WinHttp
//!     … what reg query printed …
//! ; there
//! ; tree one HKLM\SYSTEM\…\SCHANNEL      the key with everything below it
//! ; value one HKLM\SYSTEM\…\Lsa|Name     one value of a key
//! ; end 17                               how many were asked
//! ```
//!
//! A question ends with `; there`; `; absent` (the list of the keys beside it could be read and does not have it);
//! `; no value` (the key could be read and has no such value); or `; unreadable`. A question without an end, and a
//! file without the last line, were cut off: what is missing then was not asked.

use super::{
    Overview, Sink, Source, Unreadable,
    reg_machine::{Machine, Reader, Reading},
    reg_paths::{KeyPath, Use, at_or_below, below},
    reg_query::{Printed, printed},
    reg_refused::Refusals,
};
use crate::{domain::facts::Key, wire::fields::check_id};

/// The first line, up to the version.
const FIRST: &str = "; cutover-collect ";
/// The version of this format.
const VERSION: &str = "1";

/// Whether this is a file of the kit.
pub(super) fn recognises(head: &str) -> bool {
    head.trim_start_matches('\u{FEFF}').starts_with(FIRST)
}

/// Reads it into one piece.
pub(super) fn read(source: &Source<'_>, sink: &mut Sink<'_>) -> Result<Overview, Unreadable> {
    let mut kit = Kit::default();
    for (number, line) in (1..).zip(source.text.lines()) {
        let line = line.trim_end_matches('\r').trim_start_matches('\u{FEFF}');
        match line.strip_prefix("; ") {
            Some(word) if number == 1 => {
                let version = word.rsplit(' ').next().unwrap_or_default();
                if version != VERSION {
                    return Err(Unreadable(format!(
                        "This file is of another version of cutover-collect.cmd ({}) than the one that is read here ({VERSION}). Take the kit that belongs to this server.",
                        version.chars().take(20).collect::<String>()
                    )));
                }
            }
            Some(word) => kit.word(number, word.trim_end(), line),
            None => kit.line(number, line),
        }
    }
    kit.finish(source, sink)
}

/// What a line belongs to.
#[derive(Debug, Default)]
enum Part {
    #[default]
    Nothing,
    Environment,
    Version,
    Question(Question),
}

#[derive(Debug)]
struct Question {
    line: u64,
    asked: KeyPath,
    in_32_bit_view: bool,
    what: What,
    /// What was printed.
    readings: Vec<(KeyPath, Reading)>,
    /// Lines that were not understood: most often the words of an error.
    odd: Vec<(u64, String, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    Key,
    Tree,
    Value(String),
}

#[derive(Debug, Default)]
struct Kit {
    machine: Machine,
    refusals: Refusals,
    reader: Reader,
    part: Part,
    native_arch: Option<String>,
    process_arch: Option<String>,
    asked: u64,
    complete: bool,
}

impl Kit {
    /// A line of the kit's own.
    fn word(&mut self, number: u64, word: &str, line: &str) {
        let (verb, rest) = word.split_once(' ').unwrap_or((word, ""));
        let question = match (verb, word) {
            ("ask", _) => Some(What::Key),
            ("tree", _) => Some(What::Tree),
            ("value", _) => Some(What::Value(String::new())),
            _ => None,
        };
        if let Some(what) = question {
            self.cut_off();
            self.asked += 1;
            self.part = match Question::read(number, what, rest) {
                Some(question) => Part::Question(question),
                None => {
                    self.not_understood(number, line);
                    Part::Nothing
                }
            };
            return;
        }
        match (verb, word) {
            (_, "there" | "absent" | "no value" | "unreadable") => {
                match std::mem::take(&mut self.part) {
                    Part::Question(question) => self.answer(question, word),
                    _ => self.not_understood(number, line),
                }
            }
            (_, "environment") => self.begin(Part::Environment),
            (_, "version") => self.begin(Part::Version),
            ("views", _) => {
                self.begin(Part::Nothing);
                self.reader.explicit_views = rest == "reg";
            }
            // For people.
            ("clock", _) => self.begin(Part::Nothing),
            ("end", _) => {
                self.begin(Part::Nothing);
                self.complete = rest.parse() == Ok(self.asked);
            }
            _ => self.not_understood(number, line),
        }
    }

    fn begin(&mut self, part: Part) {
        self.cut_off();
        self.part = part;
    }

    /// A question that never got an end.
    fn cut_off(&mut self) {
        if let Part::Question(question) = std::mem::take(&mut self.part) {
            self.refusals.add(
                question.line,
                question.line,
                "The answer to this question has no end, so it was cut off; the key counts as not read. Collect again."
                    .to_owned(),
                &question.asked.shown,
            );
        }
    }

    fn not_understood(&mut self, number: u64, line: &str) {
        self.refusals.add(
            number,
            number,
            "This line is not one that cutover-collect.cmd writes here.".to_owned(),
            line,
        );
    }

    /// A line that another program printed.
    fn line(&mut self, number: u64, line: &str) {
        let text = line.trim();
        match &mut self.part {
            Part::Question(question) => question.line(number, line),
            _ if text.is_empty() => {}
            Part::Environment => {
                let (name, value) = text.split_once('=').unwrap_or((text, ""));
                let value = Some(value.to_owned()).filter(|value| !value.is_empty());
                match name.to_ascii_uppercase().as_str() {
                    "COMPUTERNAME" => self.reader.told_name = value,
                    "PROCESSOR_ARCHITECTURE" => self.process_arch = value,
                    "PROCESSOR_ARCHITEW6432" => self.native_arch = value,
                    // USERDNSDOMAIN is the domain of who ran the script, so it is for people; the rest is nobody's.
                    _ => {}
                }
            }
            Part::Version => {
                if self.reader.told_version.is_none() {
                    self.reader.told_version = version(text);
                }
            }
            Part::Nothing => self.not_understood(number, line),
        }
    }

    /// How a question ended.
    fn answer(&mut self, question: Question, end: &str) {
        let Question {
            line,
            asked,
            what,
            readings,
            odd,
            ..
        } = question;
        let wanted = asked.wanted();
        let plain = odd.is_empty();
        let mut told = Reading {
            exists: true,
            partial: true,
            line,
            ..Reading::default()
        };
        let end = match end {
            // What is said not to be there was not printed either.
            "absent" | "no value" if !readings.is_empty() => "unreadable",
            end => end,
        };
        match (end, &what) {
            ("there", _) => {}
            ("absent", _) => {
                told.exists = false;
                told.partial = false;
                self.machine.add(&asked, wanted, told);
                if what == What::Tree {
                    self.missing_below(&asked, &[], line);
                }
                return;
            }
            ("no value", What::Value(name)) => {
                told.put(name.clone(), None);
                self.machine.add(&asked, wanted, told);
                return;
            }
            _ => {
                let words: Vec<&str> = odd.iter().map(|(_, _, text)| text.as_str()).collect();
                self.refusals.add(
                    line,
                    line,
                    format!(
                        "{} could not be read on this machine, so it counts as not read. Run the kit as an administrator or as the system account, and see what reg.exe said: {}",
                        asked.shown,
                        if words.is_empty() { "nothing".to_owned() } else { words.join(" ").chars().take(500).collect() }
                    ),
                    &words.join("\n"),
                );
                return;
            }
        }
        for (number, detail, text) in odd {
            self.refusals.add(number, number, detail, &text);
        }
        if let What::Value(name) = &what {
            // Only the value that was asked for; it must have been printed.
            let lower = name.to_lowercase();
            let found = readings
                .into_iter()
                .filter(|(path, _)| path.lower == asked.lower)
                .find_map(|(_, mut reading)| reading.values.remove(&lower));
            match found {
                Some((name, value)) => {
                    told.put(name, value);
                    self.machine.add(&asked, wanted, told);
                }
                None => self.refusals.add(
                    line,
                    line,
                    format!("{name} in {} is said to be there, but it was not printed; it counts as not read.", asked.shown),
                    "",
                ),
            }
            return;
        }
        let mut listed = vec![asked.lower.clone()];
        let mut here = Reading {
            partial: !plain,
            ..told
        };
        for (path, mut reading) in readings {
            if path.lower == asked.lower {
                here.partial |= reading.partial;
                here.values.append(&mut reading.values);
                continue;
            }
            listed.push(path.lower.clone());
            // Without its tree, a key below is only named.
            reading.partial |= !plain || what != What::Tree;
            let wanted = path.wanted();
            if wanted != Use::Nobody {
                self.machine.add(&path, wanted, reading);
            }
        }
        if wanted != Use::Nobody {
            self.machine.add(&asked, wanted, here);
        }
        if plain && what == What::Tree {
            self.missing_below(&asked, &listed, line);
        }
    }

    /// Keys of the rules that a whole tree does not hold.
    fn missing_below(&mut self, top: &KeyPath, listed: &[String], line: u64) {
        for key in Key::ALL {
            let Some(path) = KeyPath::read(key.path()) else {
                continue;
            };
            if below(&path.lower, &top.lower) && !listed.contains(&path.lower) {
                let reading = Reading {
                    line,
                    ..Reading::default()
                };
                self.machine.add(&path, Use::Rules(key), reading);
            }
        }
    }

    fn finish(mut self, source: &Source<'_>, sink: &mut Sink<'_>) -> Result<Overview, Unreadable> {
        self.cut_off();
        if !self.complete {
            self.machine.note(
                "The file does not end as cutover-collect.cmd ends it, so it was cut off or put together; what it does not hold is not known. Collect again.",
            );
        }
        if self.machine.is_empty() {
            return Err(Unreadable(
                "The file holds no answer of the registry: every question failed or was cut off. Run cutover-collect.cmd as an administrator or as the system account, and see in the file what reg.exe said."
                    .to_owned(),
            ));
        }
        let bits = |architecture: &Option<String>| match architecture.as_deref() {
            Some(text) if text.contains("64") => Some(64),
            Some(text) if text.contains("86") => Some(32),
            _ => None,
        };
        let reader = Reader {
            name: "cutover-collect.cmd",
            version: Some(VERSION.to_owned()),
            process_bits: bits(&self.process_arch),
            architecture: self.native_arch.or(self.process_arch),
            ..self.reader
        };
        let piece = self.machine.piece(source, reader)?;
        self.refusals.tell(sink);
        sink(Ok(piece));
        Ok(Overview::default())
    }
}

impl Question {
    /// `64 HKLM\…`, for one value with its name behind a bar.
    fn read(line: u64, what: What, rest: &str) -> Option<Self> {
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

    fn line(&mut self, number: u64, line: &str) {
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

/// `Microsoft Windows [Version 10.0.19045.3803]`, in any language: the first three numbers.
fn version(text: &str) -> Option<String> {
    let numbers = text
        .split(|c: char| !(c.is_ascii_digit() || c == '.'))
        .find(|word| word.split('.').count() >= 3 && word.split('.').all(|part| !part.is_empty()))?;
    let mut parts = numbers.split('.');
    let (major, minor, build) = (parts.next()?, parts.next()?, parts.next()?);
    Some(format!("{major}.{minor}.{build}"))
}
