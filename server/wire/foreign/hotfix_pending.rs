//! Lists of updates that are *not* installed: they look like lists of installed ones and mean the opposite.

use super::{lines::lines, updates::is_numbered};

/// Why such a file is not read.
pub(super) const REFUSED: &str = "This is a list of updates that are missing or wait to be installed, not of those that are installed, so nothing of it was taken. Send the output of \"wmic qfe\" or of Get-HotFix instead.";

/// Columns and properties that only such lists have.
const OPPOSITE: &[&str] = &[
    "severity",
    "msrcseverity",
    "isinstalled",
    "isdownloaded",
    "ishidden",
    "ismandatory",
    "rebootrequired",
    "maxdownloadsize",
];
/// Columns with the number of an update, in lists of either kind.
const NUMBERS: &[&str] = &[
    "kb",
    "kbs",
    "kbarticle",
    "kbarticleid",
    "kbarticleids",
    "kbnumber",
    "hotfixid",
    "article",
];
/// What lists of installed updates have and the others do not.
const INSTALLED: &[&str] = &["installedon", "installedby", "servicepackineffect"];

/// Whether a file, by its beginning, is such a list.
pub(super) fn recognises(name: &str, head: &str) -> bool {
    let (mut rows, mut titles, mut numbered) = (0_u32, 0_u32, false);
    let mut words = Words::default();
    for line in lines(head).take(200) {
        let text = line.text.trim();
        if text.is_empty() || text.len() > 16 * 1024 {
            continue;
        }
        rows += 1;
        titles += u32::from(is_titled(text));
        numbered |= text
            .split([' ', ',', ';', '\t', '"', ':'])
            .find(|word| !word.is_empty())
            .is_some_and(is_numbered);
        if rows <= 40 {
            words.look(text);
        }
    }
    if words.has(Word::Installed) || rows == 0 {
        return false;
    }
    let by_rows = titles * 3 >= rows * 2 && titles > 0;
    let own = words.has(Word::Own);
    let by_words =
        words.has(Word::Number) && (words.has(Word::Opposite) || (words.has(Word::Title) && !own));
    let by_name = numbered && !own && named_so(name);
    by_rows || by_words || by_name
}

/// `KB4461532: Security Update for …`.
fn is_titled(line: &str) -> bool {
    line.split_once(':').is_some_and(|(number, title)| {
        number.len() <= 12 && is_numbered(number) && title.trim().contains(' ')
    })
}

fn named_so(name: &str) -> bool {
    let name = name.to_lowercase();
    let stem = name
        .rsplit_once('.')
        .map_or(name.as_str(), |(stem, _)| stem);
    stem.ends_with("_updates")
        || stem.ends_with("-updates")
        || ["updates_optional", "missing", "pending", "needed"]
            .iter()
            .any(|word| stem.contains(word))
}

/// What the names of columns and properties tell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Number,
    /// `HotFixID`, which is what the list of installed ones calls it.
    Own,
    Title,
    Opposite,
    Installed,
}

#[derive(Default)]
struct Words(Vec<Word>);

impl Words {
    fn has(&self, word: Word) -> bool {
        self.0.contains(&word)
    }

    fn look(&mut self, line: &str) {
        // A property of a list, or the names of columns.
        let names: Vec<&str> = match line.split_once([':', '=']) {
            Some((key, _)) if !key.trim().contains([' ', ',', ';', '\t', '"']) => vec![key],
            _ => line.split([' ', ',', ';', '\t', '"']).take(200).collect(),
        };
        for name in names {
            let name = name.trim().to_ascii_lowercase();
            let is = |list: &[&str]| list.contains(&name.as_str());
            for (word, said) in [
                (Word::Number, is(NUMBERS)),
                (Word::Own, name == "hotfixid"),
                (Word::Title, name == "title"),
                (Word::Opposite, is(OPPOSITE)),
                (Word::Installed, is(INSTALLED)),
            ] {
                if said && !self.has(word) {
                    self.0.push(word);
                }
            }
        }
    }
}
