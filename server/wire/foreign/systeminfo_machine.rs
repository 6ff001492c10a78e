//! One machine's lines in the output of `systeminfo`: what is told by labels, by the shape of values, by their order.

use super::{
    systeminfo_labels::{self as labels, Field},
    updates,
};

/// Most lines of one machine that are kept; a real one has some forty.
pub(super) const MAX_ITEMS: usize = 400;
/// Most entries under one line.
pub(super) const MAX_ENTRIES: usize = 6_000;

/// What was printed on one line, or stood in one cell, and the `[01]: …` entries under it.
#[derive(Debug, Default)]
pub(super) struct Item<'t> {
    pub(super) label: &'t str,
    pub(super) value: &'t str,
    pub(super) entries: Vec<&'t str>,
    /// The number of entries, also of those beyond [`MAX_ENTRIES`].
    pub(super) count: usize,
    /// An entry stops in the middle.
    pub(super) broken: bool,
}

/// One machine's lines.
#[derive(Debug, Default)]
pub(super) struct Machine<'t> {
    pub(super) items: Vec<Item<'t>>,
    pub(super) left_out: usize,
}

/// Label and value of a line that begins at its left edge.
pub(super) fn listed(line: &str) -> Option<(&str, &str)> {
    if line.starts_with(|c: char| c.is_whitespace() || c == '[') {
        return None;
    }
    let (label, value) = line.split_once([':', '：'])?;
    Some((label.trim(), value.trim()))
}

impl<'t> Item<'t> {
    /// A line or cell that says this, before its entries.
    pub(super) fn of(label: &'t str, value: &'t str) -> Self {
        Self {
            label,
            value,
            ..Self::default()
        }
    }

    /// `[01]: KB4343909`; French puts a blank before the colon.
    pub(super) fn entry(&mut self, text: &'t str) {
        self.entry_behind_bracket(text.strip_prefix('[').unwrap_or(text));
    }

    /// The same without its first bracket.
    pub(super) fn entry_behind_bracket(&mut self, text: &'t str) {
        let said = text
            .split_once(']')
            .filter(|(number, _)| {
                !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
            })
            .and_then(|(_, rest)| rest.trim_start().strip_prefix([':', '：']))
            .map(str::trim)
            .filter(|said| !said.is_empty());
        match said {
            None => self.broken = true,
            Some(said) => {
                self.count += 1;
                if self.entries.len() < MAX_ENTRIES {
                    self.entries.push(said);
                }
            }
        }
    }
}

impl<'t> Machine<'t> {
    pub(super) fn has_version(&self) -> bool {
        self.version().is_some()
    }

    pub(super) fn says_something(&self) -> bool {
        self.has_version() || self.hotfixes().is_some()
    }

    /// The line with the version, by its shape.
    pub(super) fn version(&self) -> Option<(usize, &'t str)> {
        self.items
            .iter()
            .enumerate()
            .find(|(_, item)| is_version(item.value))
            .map(|(at, item)| (at, item.value))
    }

    pub(super) fn labelled(&self, field: Field) -> Option<&Item<'t>> {
        self.items
            .iter()
            .find(|item| labels::field(item.label) == Some(field))
    }

    pub(super) fn hotfixes(&self) -> Option<&Item<'t>> {
        self.labelled(Field::Hotfixes).or_else(|| {
            self.items
                .iter()
                .find(|item| item.entries.iter().any(|entry| updates::is_numbered(entry)))
        })
    }

    /// Lines behind the last one that has entries.
    pub(super) fn since_last_list(&self) -> usize {
        self.items
            .iter()
            .rev()
            .take_while(|item| item.entries.is_empty() && !item.broken)
            .count()
    }

    /// The value so many lines behind the version, when the order is the usual one: the eleventh line behind it says
    /// the type of the system, in English everywhere.
    pub(super) fn behind_version(&self, lines: usize) -> Option<&'t str> {
        let (at, _) = self.version()?;
        self.items
            .get(at + 11)
            .filter(|item| is_system_type(item.value))?;
        self.items.get(at + lines).map(|item| item.value)
    }

    pub(super) fn shown(&self) -> String {
        self.items
            .iter()
            .take(60)
            .map(|item| format!("{}: {}\n", item.label, item.value))
            .collect()
    }
}

/// `6.1.7601 Service Pack 1 Build 7601`: the last number says the build once more.
pub(super) fn is_version(value: &str) -> bool {
    let mut words = value.split_whitespace();
    let (Some(first), Some(last)) = (words.next(), words.next_back()) else {
        return false;
    };
    version_numbers(first).is_some_and(|[_, _, build]| build == last)
}

/// Three numbers of a Windows version, as written.
fn version_numbers(text: &str) -> Option<[&str; 3]> {
    let mut parts = text.split('.');
    let numbers = [parts.next()?, parts.next()?, parts.next()?];
    let plain = numbers
        .iter()
        .all(|part| (1..=6).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()));
    (plain && parts.next().is_none() && matches!(numbers[0], "5" | "6" | "10")).then_some(numbers)
}

/// `x64-based PC`, `X86-based PC`, `ARM64-based PC`: not translated.
pub(super) fn is_system_type(value: &str) -> bool {
    let value = value.trim().to_ascii_lowercase();
    value.ends_with("-based pc") && value.len() < 40
}
