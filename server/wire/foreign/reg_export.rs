//! Registry exports: `.reg` files as regedit and `reg export` write them, read as what a machine holds.
//!
//! A `.reg` file is also the usual way to *change* a machine, and the web is full of files that switch TLS 1.2 on.
//! Such a script says what somebody wants, not what is; taken for a reading it would call a machine ready that nobody
//! touched. So a file counts as a reading only when an export can look like it, and is refused as a whole otherwise:
//!
//! - It deletes nothing (`"Name"=-`, `[-KEY]`): no export does.
//! - It has the empty line of an export behind the first line and before each heading.
//! - It holds one key with everything below it: each heading but one has the heading of the key above it. Scripts list
//!   the keys that they set and leave out those between. Several exports may follow each other in one file, each with
//!   its own first line (`type a.reg b.reg`).
//!
//! A file that passes, but in which a hand shows (comments, other spacing, numbers of other than eight small digits, a
//! key that comes twice, a line that cannot be understood, a key missing that every Windows has), may have lost as much as it gained: every key in it is
//! *partial*, so that what it does not list is not known. In a file that is as Windows wrote it, a listed key is
//! complete, and a key below a listed one that is not listed itself is not there, provided that the file goes on behind
//! its place (see `reg_order`): a file can be cut anywhere. Windows ends every key with an empty line, also the last;
//! without it the last key may lack values, and a last line without an end may lack characters. A script for a single key, typed in
//! the spelling of an export, cannot be told from an export of that key; nothing else in the file would clear the
//! machine, and it must be named for the computer that it is not from.
//!
//! Which program wrote a file is unknown, so `process_bits` stays open. A 32-bit one on 64-bit Windows is shown the
//! 32-bit view under the native path, and shown the same once more under `Wow6432Node`. That both paths are there
//! therefore proves nothing, but that they differ does: only when they do for every key that both views have, or within
//! one export as a whole, are the views explicit.
//!
//! Windows writes version 5 as UTF-16LE with a byte order mark and CR LF, `REGEDIT4` in the machine's ANSI code page.

use super::{
    super::{document::Value, fields::check_id},
    Overview, Sink, Source, Unreadable,
    reg_lines::{Item, Lines, Step, header},
    reg_machine::{Machine, Reader, too_many},
    reg_paths::{KeyPath, WOW, below},
    reg_query,
    reg_refused::{Refusals, place},
    reg_sections::{At, Sections},
};
use crate::domain::facts::Key;

/// Lines that are looked through for commands.
const LINES_SEEN: usize = 2_000;

/// Whether this is a `.reg` file, or a batch file with the same facts, which is refused with a sentence of its own.
pub fn recognises(name: &str, head: &str) -> bool {
    let ending = name.len().checked_sub(4).and_then(|at| name.get(at..));
    let named = ending.is_some_and(|ending| ending.eq_ignore_ascii_case(".reg"));
    (named && !reg_query::recognises(name, head))
        || first_line(head).is_some_and(|line| header(line).is_some())
        || changes_by_command(head)
}

/// Reads a `.reg` file into one piece.
///
/// # Errors
/// It is no export: a script that changes a machine, or something else; or nothing names the computer.
pub fn read(source: &Source<'_>, sink: &mut Sink<'_>) -> Result<Overview, Unreadable> {
    if first_line(source.text).is_none_or(|line| header(line).is_none()) {
        return Err(not_an_export(source.text));
    }
    let mut file = File::default();
    for step in Lines::of(source.text) {
        file.take(step)?;
    }
    file.ends();
    file.sections.check()?;
    let cut_down = file.sections.cut_down();
    let certain = file.by_hand.is_none() && !file.refused && cut_down.is_none();
    let mut machine = file.machine;
    if let Some((first, last)) = file.by_hand {
        machine.note(format!(
            "Somebody edited this export (see {}), so only what it lists counts; what it does not list is not known.",
            place(first, last)
        ));
    } else if file.refused {
        machine.note(
            "Some lines could not be understood, so only what could counts; what is not listed is not known.",
        );
    } else if let Some(key) = cut_down {
        machine.note(format!(
            "Every Windows has {key}, but this export does not hold it, so somebody cut it down. Only what it lists counts; what it does not list is not known."
        ));
    }
    let explicit_views = file.sections.into_machine(certain, &mut machine);
    if machine.is_empty() {
        let notes = machine.into_notes().join(" ");
        return Err(Unreadable(
            format!(
                r"The file holds no key that says anything about TLS. Export HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL, HKLM\SOFTWARE\Microsoft\.NETFramework or another key that the rules read. {notes}"
            )
            .trim_end()
            .to_owned(),
        ));
    }
    if !explicit_views && machine.has(|lower| below(lower, WOW)) {
        machine.note(
            "Nothing in the file shows that a 64-bit program wrote it, so the native keys may be copies of those under Wow6432Node.",
        );
    }
    let reader = Reader {
        name: "reg export",
        explicit_views,
        ..Reader::default()
    };
    let piece = machine.piece(source, reader)?;
    file.refusals.tell(sink);
    sink(Ok(piece));
    Ok(Overview::default())
}

/// A refusal for what would change a machine; `why` goes into the middle of a sentence.
pub(super) fn script(why: String) -> Unreadable {
    Unreadable(format!(
        "This file would change a machine and does not show what one holds: {why}. Nothing of it was taken. Export the key on the machine itself with regedit or `reg export` and hand in the file as it is."
    ))
}

/// What was seen so far.
#[derive(Default)]
struct File<'t> {
    sections: Sections<'t>,
    machine: Machine,
    refusals: Refusals,
    /// Something could not be understood.
    refused: bool,
    /// The first lines that no program writes.
    by_hand: Option<(u64, u64)>,
    at: At,
    /// The section's path, where one could be read.
    path: Option<KeyPath>,
    /// An empty line came before, perhaps with comments between.
    gap: bool,
    /// So did a second one.
    wide_gap: bool,
    /// The last line, where it has no end and was not taken.
    torn: Option<u64>,
    /// The last line that was not empty.
    line: u64,
}

impl<'t> File<'t> {
    fn take(&mut self, step: Step<'t>) -> Result<(), Unreadable> {
        if step.by_hand {
            self.edited(step.first, step.last);
        }
        let (first, last, raw) = (step.first, step.last, step.raw);
        if !raw.ends_with('\n') && self.tear(&step) {
            return Ok(());
        }
        if step.item != Ok(Item::Blank) {
            self.line = last;
        }
        match step.item {
            Ok(Item::Blank) => {
                self.wide_gap |= self.gap;
                self.gap = true;
            }
            Ok(Item::Comment) => self.edited(first, last),
            Ok(Item::Header { .. }) => {
                self.ends();
                self.sections.begin()?;
                (self.at, self.path) = (None, None);
                (self.gap, self.wide_gap) = (false, false);
            }
            Ok(Item::Heading { deleted: true, .. }) => {
                return Err(script(format!("line {first} deletes a key")));
            }
            Ok(Item::Heading {
                path,
                deleted: false,
            }) => {
                if !self.gap {
                    return Err(script(format!(
                        "line {first} is a heading without an empty line before it, which Windows never writes"
                    )));
                }
                if self.wide_gap {
                    self.edited(first, last);
                }
                (self.gap, self.wide_gap) = (false, false);
                self.heading(first, path, raw)?;
            }
            Ok(Item::Value { value: None, .. }) => {
                return Err(script(format!("line {first} deletes a value")));
            }
            Ok(Item::Value {
                name,
                value: Some(value),
            }) => {
                // Where empty lines stand between values, none of them shows that a key ends.
                if self.gap {
                    self.edited(first, last);
                }
                (self.gap, self.wide_gap) = (false, false);
                self.value((first, last), name, value, raw);
            }
            Err(problem) => {
                self.gap = false;
                self.refuse((first, last), problem.detail, raw);
                if problem.heading {
                    (self.at, self.path) = (None, None);
                }
                if let Some((_, reading)) = self.sections.reading(&self.at) {
                    reading.partial = true;
                    if let Some(name) = problem.name {
                        reading.values.remove(&name.to_lowercase());
                        reading.disputed.insert(name.to_lowercase());
                    }
                }
            }
        }
        Ok(())
    }

    fn heading(&mut self, line: u64, written: &'t str, raw: &str) -> Result<(), Unreadable> {
        let Some(path) = KeyPath::read(written) else {
            (self.at, self.path) = (None, None);
            self.refuse(
                (line, line),
                "This heading names no key: it begins with no root such as HKEY_LOCAL_MACHINE, or it holds a doubled backslash or a control character."
                    .to_owned(),
                raw,
            );
            return Ok(());
        };
        if path.short_root {
            self.edited(line, line);
        }
        if let Some(key) = elsewhere(&path) {
            self.machine.note(format!(
                "{} (line {line}) is a key of one user; Windows reads {} for the whole machine, which this is not.",
                path.shown,
                key.path()
            ));
        }
        let (at, again) = self.sections.enter(line, written, path.clone())?;
        if again {
            self.edited(line, line);
        }
        (self.at, self.path) = (at, Some(path));
        Ok(())
    }

    fn value(&mut self, lines: (u64, u64), name: String, value: Value, raw: &str) {
        let Some(path) = &self.path else {
            self.refuse(
                lines,
                "This value stands under no heading that could be understood, so it belongs to no key."
                    .to_owned(),
                raw,
            );
            return;
        };
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if is("SecureProtocols") && path.lower.ends_with(r"\internet settings") {
            self.machine.note(format!(
                "SecureProtocols in {} (line {}) is the setting of Internet Explorer and WinINet. It is not DefaultSecureProtocols, and nothing follows from it here.",
                path.shown, lines.0
            ));
        }
        let Some((path, reading)) = self.sections.reading(&self.at) else {
            return;
        };
        if let Err(detail) = check_id(&name) {
            reading.partial = true;
            let detail = format!("The name of this value cannot be kept: {detail}.");
            self.refuse(lines, detail, raw);
            return;
        }
        let again = reading.values.contains_key(&name.to_lowercase());
        if !reading.put(name, Some(value)) {
            let note = too_many(&path.shown);
            self.machine.note(note);
        }
        if again {
            self.edited(lines.0, lines.1);
        }
    }

    /// A last line that has no end, of which nobody knows what else it would have said. False: it is to be read all
    /// the same, because it would change a machine.
    fn tear(&mut self, step: &Step<'_>) -> bool {
        match &step.item {
            Ok(Item::Heading { deleted: true, .. } | Item::Value { value: None, .. }) => false,
            // Perhaps half of the end of a line: it ends no key.
            Ok(Item::Blank) => true,
            _ => {
                if step.raw.trim_start().starts_with('[') {
                    (self.at, self.path) = (None, None);
                }
                self.gap = false;
                (self.torn, self.line) = (Some(step.last), step.last);
                true
            }
        }
    }

    /// An export ends here: with an empty line, or it was cut.
    fn ends(&mut self) {
        if self.gap || self.path.is_none() && self.torn.is_none() {
            return;
        }
        if let Some((_, reading)) = self.sections.reading(&self.at) {
            reading.partial = true;
        }
        let line = self.line;
        let lost = match (self.torn, &self.path) {
            (Some(_), Some(path)) => {
                format!(
                    "That line was not taken, and what else {} holds is not known",
                    path.shown
                )
            }
            (Some(_), None) => "That line was not taken".to_owned(),
            (None, Some(path)) => format!("What else {} holds is not known", path.shown),
            (None, None) => return,
        };
        self.machine.note(format!(
            "The export breaks off in line {line}, for no empty line follows, with which regedit and `reg export` end every key. {lost}. Export again and hand in the file as it is, or run cutover-collect.cmd, which marks the end of its file."
        ));
    }

    fn edited(&mut self, first: u64, last: u64) {
        self.by_hand.get_or_insert((first, last));
    }

    fn refuse(&mut self, lines: (u64, u64), detail: String, raw: &str) {
        self.refused = true;
        self.refusals.add(lines.0, lines.1, detail, raw);
    }
}

/// The key of the machine that this key of a user looks like.
fn elsewhere(path: &KeyPath) -> Option<Key> {
    let rest = path.lower.strip_prefix(r"hkcu\").or_else(|| {
        path.lower
            .strip_prefix(r"hku\")?
            .split_once('\\')
            .map(|(_, rest)| rest)
    })?;
    Key::ALL
        .into_iter()
        .find(|key| key.path()[r"HKLM\".len()..].eq_ignore_ascii_case(rest))
}

/// The first line that is not empty.
fn first_line(text: &str) -> Option<&str> {
    text.lines().find(|line| {
        !line
            .trim_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}')
            .is_empty()
    })
}

/// Whether lines of a batch file change the registry.
fn changes_by_command(text: &str) -> bool {
    text.lines().take(LINES_SEEN).any(|line| {
        let mut words = line
            .trim_start()
            .trim_start_matches('@')
            .split_whitespace()
            .map(|word| word.trim_matches('"'));
        let program = words.next().unwrap_or_default();
        let program = program.rsplit('\\').next().unwrap_or_default();
        let does = words.next().unwrap_or_default();
        let is = |word: &str, known: &[&str]| known.iter().any(|k| k.eq_ignore_ascii_case(word));
        is(program, &["reg", "reg.exe"])
            && is(does, &["add", "delete", "import", "restore", "copy"])
    })
}

fn not_an_export(text: &str) -> Unreadable {
    if changes_by_command(text) {
        return Unreadable(
            "This is a batch file with `reg` commands: it changes a machine and does not show what one holds. Nothing of it was taken. Export the keys on the machine itself with `reg export`, or run cutover-collect.cmd there."
                .to_owned(),
        );
    }
    Unreadable(
        "This is no registry export: it does not begin with `Windows Registry Editor Version 5.00` or `REGEDIT4`. Export the key on the machine itself with regedit or `reg export` and hand in the file as it is."
            .to_owned(),
    )
}
