//! What `reg query` prints, kept in a file: a key's full path, then its values, each behind four blanks.
//!
//! The text does not say what was asked: one value, one key, or a whole tree, of which view, and whether something
//! could not be read. So every key in it is *partial*, and a key without values says only that it is there. `/reg:32`
//! prints the path of the native view; where one value is printed twice with different data, it counts as not read.
//! The output of `cutover-collect.cmd` says all that and has a reader of its own.

use super::{
    super::{document::Value, fields::check_id},
    Overview, Sink, Source, Unreadable, reg_kit,
    reg_machine::{Machine, Reader, Reading},
    reg_paths::{KeyPath, Use},
    reg_refused::Refusals,
    reg_values,
};

/// A line of what `reg query` prints.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Printed<'t> {
    /// Nothing, or what it prints beside the facts.
    Nothing,
    /// A key.
    Key(&'t str),
    /// A value.
    Value(&'t str, Value),
}

/// Whether this is what `reg query` prints, or what `cutover-collect.cmd` writes.
pub fn recognises(_name: &str, head: &str) -> bool {
    if reg_kit::recognises(head) {
        return true;
    }
    let mut keys = 0;
    let mut nothing_else = true;
    for line in head.lines() {
        match printed(line.trim_end_matches('\r')) {
            Ok(Printed::Key(_)) => keys += 1,
            Ok(Printed::Value(..)) if keys > 0 => return true,
            Ok(Printed::Nothing) => {}
            _ => nothing_else = false,
        }
    }
    // Keys alone.
    keys > 0 && nothing_else
}

/// Reads it into one piece.
///
/// # Errors
/// Nothing in it says anything about TLS, or nothing names the computer.
pub fn read(source: &Source<'_>, sink: &mut Sink<'_>) -> Result<Overview, Unreadable> {
    if reg_kit::recognises(source.text) {
        return reg_kit::read(source, sink);
    }
    let mut machine = Machine::default();
    let mut refusals = Refusals::default();
    let mut at: Option<(KeyPath, Use)> = None;
    for (number, line) in (1..).zip(source.text.lines()) {
        let line = line.trim_end_matches('\r');
        match printed(line) {
            Ok(Printed::Nothing) => {}
            Ok(Printed::Key(written)) => {
                at = KeyPath::read(written).map(|path| {
                    let wanted = path.wanted();
                    (path, wanted)
                });
                match &at {
                    Some((path, wanted)) if *wanted != Use::Nobody => {
                        machine.add(path, *wanted, seen(number));
                    }
                    Some(_) => {}
                    None => refusals.add(
                        number,
                        number,
                        "This line begins like a key but names none.".to_owned(),
                        line,
                    ),
                }
            }
            Ok(Printed::Value(name, value)) => match (&at, check_id(name)) {
                (Some((path, wanted)), Ok(())) => {
                    if *wanted != Use::Nobody {
                        let mut reading = seen(number);
                        reading.put(name.to_owned(), Some(value));
                        machine.add(path, *wanted, reading);
                    }
                }
                (Some(_), Err(detail)) => {
                    let detail = format!("The name of this value cannot be kept: {detail}.");
                    refusals.add(number, number, detail, line);
                }
                (None, _) => refusals.add(
                    number,
                    number,
                    "This value stands below no key, so it belongs to none.".to_owned(),
                    line,
                ),
            },
            Err(detail) => refusals.add(number, number, detail, line),
        }
    }
    if machine.is_empty() {
        return Err(Unreadable(
            "The text holds no key that says anything about TLS. Run cutover-collect.cmd on the machine and hand in the file that it writes."
                .to_owned(),
        ));
    }
    machine.note(
        "`reg query` does not say what it was asked, so only what it printed counts; what it did not print is not known. cutover-collect.cmd says both.",
    );
    let reader = Reader {
        name: "reg query",
        ..Reader::default()
    };
    let piece = machine.piece(source, reader)?;
    refusals.tell(sink);
    sink(Ok(piece));
    Ok(Overview::default())
}

/// A key that is there, of which nothing more is known.
fn seen(line: u64) -> Reading {
    Reading {
        exists: true,
        partial: true,
        line,
        ..Reading::default()
    }
}

/// Reads a line. Names and data may hold blanks, so the type with its four blanks or tabs on both sides tells where
/// the name ends; a line in which two places look like that is not believed.
pub(super) fn printed(line: &str) -> Result<Printed<'_>, String> {
    let trimmed = line.trim();
    if trimmed.is_empty()
        || trimmed.starts_with("! REG.EXE VERSION")
        || trimmed.starts_with("End of search:")
        || is_command(trimmed)
    {
        return Ok(Printed::Nothing);
    }
    if line.starts_with("HKEY_") {
        return Ok(Printed::Key(trimmed));
    }
    let Some(rest) = line
        .strip_prefix("    ")
        .or_else(|| line.strip_prefix('\t'))
    else {
        return Err(
            "This line is neither a key nor a value, so what it says is not known. If it is an error of `reg query`, ask again and hand in the new output."
                .to_owned(),
        );
    };
    let mut types = types(rest);
    let Some((name, kind, data)) = types.next() else {
        return Err(
            "This line has no registry type such as REG_DWORD, so it is no value.".to_owned(),
        );
    };
    if types.next().is_some() {
        return Err(
            "This line holds two registry types, so where the name of the value ends is in doubt."
                .to_owned(),
        );
    }
    match reg_values::from_query(kind, data) {
        Some(value) => Ok(Printed::Value(name, value)),
        None => Err(format!(
            "What stands behind {kind} is not what `reg query` prints for this type."
        )),
    }
}

/// Each place where a type stands: what comes before it, the type, and what comes behind.
fn types(line: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    line.match_indices("REG_").filter_map(|(at, _)| {
        let (before, rest) = line.split_at_checked(at)?;
        let name = before
            .strip_suffix("    ")
            .or_else(|| before.strip_suffix('\t'))?;
        let end = rest
            .find(|c: char| !(c.is_ascii_uppercase() || c == '_'))
            .unwrap_or(rest.len());
        let (kind, behind) = rest.split_at_checked(end)?;
        let data = behind
            .strip_prefix("    ")
            .or_else(|| behind.strip_prefix('\t'));
        match data {
            Some(data) => Some((name, kind, data)),
            None => behind.trim().is_empty().then_some((name, kind, "")),
        }
    })
}

/// The command itself, behind the prompt of a console from which the text was copied.
fn is_command(line: &str) -> bool {
    let typed = line.split_once('>').map_or(line, |(_, typed)| typed);
    let mut words = typed.split_whitespace().map(|word| word.trim_matches('"'));
    let program = words.next().unwrap_or_default();
    let program = program.rsplit('\\').next().unwrap_or_default();
    ["reg", "reg.exe"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(program))
        && words
            .next()
            .is_some_and(|does| does.eq_ignore_ascii_case("query"))
}
