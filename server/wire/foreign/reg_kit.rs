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
    reg_paths::{KeyPath, Use, below},
    reg_question::{Question, What},
    reg_refused::Refusals,
};
use crate::domain::facts::Key;

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
            if let Some(question) = Question::read(number, what, rest) {
                self.part = Part::Question(question);
            } else {
                self.not_understood(number, line);
            }
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
        let line = question.line;
        let printed = !question.readings.is_empty();
        let mut told = Reading {
            exists: true,
            partial: true,
            line,
            ..Reading::default()
        };
        match (end, &question.what) {
            ("absent" | "no value", _) if printed => {
                let detail = format!(
                    "The answer about {} contradicts itself: it ends with `; {end}` but something was printed. It counts as not read.",
                    question.asked.shown
                );
                self.refusals.add(line, line, detail, "");
            }
            ("there", What::Value(name)) => {
                let name = name.clone();
                self.one_value(question, &name, told);
            }
            ("there", _) => self.whole_key(question, told),
            ("absent", what) => {
                (told.exists, told.partial) = (false, false);
                self.add(&question.asked, told);
                if *what == What::Tree {
                    self.missing_below(&question.asked, &[], line);
                }
            }
            ("no value", What::Value(name)) => {
                told.put(name.clone(), None);
                self.add(&question.asked, told);
            }
            _ => self.not_read(&question),
        }
    }

    fn not_read(&mut self, question: &Question) {
        let words: Vec<&str> = question
            .odd
            .iter()
            .map(|(_, _, text)| text.as_str())
            .collect();
        let shown: String = words.join(" ").chars().take(500).collect();
        let detail = format!(
            "{} could not be read on this machine, so it counts as not read. Run the kit as an administrator or as the system account, and see what reg.exe said: {}",
            question.asked.shown,
            if shown.is_empty() { "nothing" } else { &shown }
        );
        let line = question.line;
        self.refusals.add(line, line, detail, &words.join("\n"));
    }

    fn odd(&mut self, odd: Vec<(u64, String, String)>) {
        for (number, detail, text) in odd {
            self.refusals.add(number, number, detail, &text);
        }
    }

    /// Only the value that was asked for; it must have been printed.
    fn one_value(&mut self, question: Question, name: &str, mut told: Reading) {
        self.odd(question.odd);
        let asked = question.asked;
        let found = question
            .readings
            .into_iter()
            .filter(|(path, reading)| {
                path.lower == asked.lower && !reading.disputed.contains(&name.to_lowercase())
            })
            .find_map(|(_, mut reading)| reading.values.remove(&name.to_lowercase()));
        if let Some((name, value)) = found {
            told.put(name, value);
            self.add(&asked, told);
            return;
        }
        let detail = format!(
            "{name} in {} is said to be there, but it was not printed; it counts as not read.",
            asked.shown
        );
        self.refusals.add(question.line, question.line, detail, "");
    }

    /// A key, or a tree; complete when everything that was printed was understood.
    fn whole_key(&mut self, question: Question, told: Reading) {
        let plain = question.odd.is_empty();
        self.odd(question.odd);
        let (asked, is_tree) = (question.asked, question.what == What::Tree);
        let mut listed = vec![asked.lower.clone()];
        let mut here = Reading {
            partial: !plain,
            ..told
        };
        for (path, mut reading) in question.readings {
            if path.lower == asked.lower {
                // Listed once; should it come again, only the first counts and nothing is missing.
                here.partial |= reading.partial || !here.values.is_empty();
                if here.values.is_empty() {
                    here.values = reading.values;
                    here.disputed = reading.disputed;
                }
                continue;
            }
            listed.push(path.lower.clone());
            // Without its tree, a key below is only named.
            reading.partial |= !plain || !is_tree;
            self.add(&path, reading);
        }
        self.add(&asked, here);
        if plain && is_tree {
            self.missing_below(&asked, &listed, question.line);
        }
    }

    fn add(&mut self, path: &KeyPath, reading: Reading) {
        let wanted = path.wanted();
        if wanted != Use::Nobody {
            self.machine.add(path, wanted, reading);
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

/// `Microsoft Windows [Version 10.0.19045.3803]`, in any language: the first three numbers.
fn version(text: &str) -> Option<String> {
    let numbers = text
        .split(|c: char| !(c.is_ascii_digit() || c == '.'))
        .find(|word| {
            word.split('.').count() >= 3 && word.split('.').all(|part| !part.is_empty())
        })?;
    let mut parts = numbers.split('.');
    let (major, minor, build) = (parts.next()?, parts.next()?, parts.next()?);
    Some(format!("{major}.{minor}.{build}"))
}
