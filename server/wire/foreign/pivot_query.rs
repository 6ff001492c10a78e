//! What people write down beside a CMPivot result: the query itself, and the line that says how many clients answered.

use super::meaning::machine_key;

/// What the status line of a query says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Status {
    /// Clients that were asked.
    pub(super) asked: u64,
    /// Clients that answered.
    pub(super) answered: u64,
    /// Clients that answered with an error.
    pub(super) failed: u64,
}

/// A query on the registry as somebody typed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Query {
    /// The key that was asked for.
    pub(super) key: String,
    /// Every value of this one key has a row, because nothing in the query leaves any out.
    pub(super) whole: bool,
}

/// Reads `Query completed on 3 of 5 clients (2 clients offline and 0 failure)`.
pub(super) fn status(line: &str) -> Option<Status> {
    const WORDS: &str = "query completed on ";
    let line = without_separators(&line.trim().trim_matches('"').to_ascii_lowercase());
    let rest = line.strip_prefix(WORDS)?;
    let mut words = rest.split(|c: char| !c.is_ascii_alphanumeric());
    let answered = words.next()?.parse().ok()?;
    let asked = match words.next()? {
        "of" => words.next()?.parse().ok()?,
        _ => return None,
    };
    // The number before the word; a line that names no failures says nothing of them.
    let (mut failed, mut before) = (0, None);
    for word in words {
        if word.starts_with("fail") {
            failed = before.unwrap_or(0);
        }
        before = word.parse().ok().or(before);
    }
    (answered <= asked).then_some(Status {
        asked,
        answered,
        failed,
    })
}

/// `3,100` and `3.100` as `3100`: consoles write numbers the way their country does.
fn without_separators(line: &str) -> String {
    let letters: Vec<char> = line.chars().collect();
    let digit = |at: Option<usize>| {
        at.and_then(|at| letters.get(at))
            .is_some_and(char::is_ascii_digit)
    };
    letters
        .iter()
        .enumerate()
        .filter(|(at, letter)| {
            let between = digit(at.checked_sub(1)) && (1..=3).all(|ahead| digit(Some(at + ahead)));
            !(between && matches!(letter, ',' | '.' | '\'' | '\u{a0}' | '\u{202f}'))
        })
        .map(|(_, letter)| *letter)
        .collect()
}

/// Whether a line before the heading is one of the two.
pub(super) fn is_told(line: &str) -> bool {
    const SHOWN: usize = 15;
    let line = line.trim().trim_matches('"');
    let begins = line
        .get(..SHOWN)
        .is_some_and(|head| head.eq_ignore_ascii_case("query completed"));
    begins || call(line).is_some()
}

/// `Registry('hklm:\\…')` with what stands behind it.
fn call(text: &str) -> Option<(&str, &str, &str)> {
    let (entity, rest) = text.split_once('(')?;
    let entity = entity.trim();
    let known = ["Registry", "RegistryKey", "File"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(entity));
    let rest = rest.trim_start();
    let quote = rest
        .chars()
        .next()
        .filter(|c| known && matches!(c, '\'' | '"'))?;
    let (argument, behind) = rest.get(1..)?.split_once(quote)?;
    let behind = behind.trim_start().strip_prefix(')')?;
    Some((entity, argument, behind))
}

/// Reads a query, or a bare key. A bare key does not say what the query left out.
///
/// # Errors
/// It is neither.
pub(super) fn query(text: &str) -> Result<Query, String> {
    let text = text.trim();
    let (entity, path, behind) = call(text).unwrap_or(("", text, ""));
    let key = machine_key(path).ok_or_else(|| {
        format!(
            "`{}` is no key under HKLM. Give the key or the query as it was run, such as Registry('hklm:\\SOFTWARE\\…').",
            path.chars().take(200).collect::<String>()
        )
    })?;
    let wildcard = key.contains(['*', '?', '[']);
    let only_columns = behind.split('|').map(str::trim).all(|step| {
        let verb = step.split_whitespace().next().unwrap_or_default();
        step.is_empty() || verb.eq_ignore_ascii_case("order") || verb.eq_ignore_ascii_case("sort")
    });
    Ok(Query {
        whole: entity.eq_ignore_ascii_case("Registry") && !wildcard && only_columns,
        key,
    })
}
