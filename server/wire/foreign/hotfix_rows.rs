//! Lists of updates as CSV and as a line for each property.

use super::{
    super::csv_text::{LineCount, sniff, without_preamble},
    Unreadable,
    hotfix_list::{DEVICE, Found, NUMBER, Row},
    lines::lines,
    naming,
    updates::is_numbered,
};

/// The word of a row that is the number of an update, when its columns do not line up with the heading.
pub(super) fn numbered_word(row: &str) -> Option<&str> {
    row.split_whitespace().find(|word| is_numbered(word))
}

/// `wmic qfe get /format:csv` writes no quotation marks; PowerShell's `Export-Csv` and `ConvertTo-Csv` do.
pub(super) fn read_csv(text: &str, found: &mut Found) -> Result<(), Unreadable> {
    let (skipped, body) = without_preamble(text.as_bytes());
    let mut numbers = LineCount::after(skipped);
    let delimiter = heading(body).map_or(b',', sniff);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .has_headers(false)
        .from_reader(body);
    let mut record = csv::StringRecord::new();
    let mut columns: Option<Columns> = None;
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) => {
                return Err(Unreadable(format!(
                    "This list of updates cannot be read as CSV: {error}. Send it as wmic or PowerShell writes it."
                )));
            }
        }
        let from = record.position().map_or(0, csv::Position::byte);
        let line = numbers.at(body, usize::try_from(from).unwrap_or(usize::MAX));
        if let Some(heading) = Columns::of(&record) {
            columns = Some(heading);
            continue;
        }
        let Some(columns) = &columns else {
            continue;
        };
        if record.iter().all(|cell| cell.trim().is_empty())
            || record.get(0).is_some_and(|cell| cell.starts_with("#TYPE"))
        {
            continue;
        }
        // A comma inside a cell without quotation marks moves all cells behind it.
        let whole = record.len() == columns.width;
        let number = Some(columns.number)
            .filter(|_| whole)
            .and_then(|at| record.get(at))
            .map(str::trim)
            .filter(|cell| !cell.is_empty())
            .or_else(|| record.iter().find(|cell| is_numbered(cell)));
        let Some(number) = number else {
            found.passed_over();
            continue;
        };
        let device = columns
            .devices
            .iter()
            .filter(|at| whole || **at == 0)
            .filter_map(|at| record.get(*at))
            .find(|cell| naming::device(cell).is_some());
        found.row(&Row {
            line,
            device,
            number,
        });
    }
}

/// The text from its heading on.
fn heading(body: &[u8]) -> Option<&[u8]> {
    let mut rest = body;
    loop {
        let end = rest.iter().position(|byte| *byte == b'\n');
        let line = &rest[..end.unwrap_or(rest.len())];
        let named = line
            .windows(NUMBER.len())
            .any(|word| word.eq_ignore_ascii_case(NUMBER.as_bytes()));
        if named {
            return Some(line);
        }
        rest = &rest[end? + 1..];
    }
}

struct Columns {
    number: usize,
    /// The columns that name the machine, the surest first.
    devices: Vec<usize>,
    width: usize,
}

impl Columns {
    fn of(record: &csv::StringRecord) -> Option<Self> {
        let at = |name: &str| {
            record
                .iter()
                .take(200)
                .position(|cell| cell.trim().eq_ignore_ascii_case(name))
        };
        Some(Self {
            number: at(NUMBER)?,
            devices: DEVICE.iter().filter_map(|name| at(name)).collect(),
            width: record.len(),
        })
    }
}

/// `wmic qfe list full`, `Get-HotFix | Format-List *`: a property that comes up again begins the next update. Blank
/// lines say nothing: `wmic` leaves one behind every line when its line ends are doubled.
pub(super) fn read_pairs(text: &str, found: &mut Found) {
    let mut entry = Entry::default();
    for line in lines(text) {
        let Some((key, value)) = pair(line.text) else {
            continue;
        };
        if entry
            .keys
            .iter()
            .any(|known| known.eq_ignore_ascii_case(key))
        {
            entry.hand_over(found);
            entry = Entry::default();
        }
        if entry.keys.len() < 100 {
            entry.keys.push(key);
        }
        if entry.line == 0 {
            entry.line = line.number;
        }
        if key.eq_ignore_ascii_case(NUMBER) {
            entry.number = Some(value);
        } else if let Some(rank) = DEVICE
            .iter()
            .position(|name| name.eq_ignore_ascii_case(key))
            && naming::device(value).is_some()
            && entry.device.is_none_or(|(known, _)| rank < known)
        {
            entry.device = Some((rank, value));
        }
    }
    entry.hand_over(found);
}

/// `HotFixID=KB2919355`, `HotFixID            : KB2919355`: a key without blanks.
fn pair(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(['=', ':'])?;
    let key = key.trim();
    let plain = !key.is_empty()
        && key.len() <= 64
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    plain.then(|| (key, value.trim()))
}

#[derive(Default)]
struct Entry<'t> {
    keys: Vec<&'t str>,
    line: u64,
    number: Option<&'t str>,
    device: Option<(usize, &'t str)>,
}

impl Entry<'_> {
    fn hand_over(&self, found: &mut Found) {
        match self.number.filter(|number| !number.is_empty()) {
            Some(number) => found.row(&Row {
                line: self.line,
                device: self.device.map(|(_, name)| name),
                number,
            }),
            None if self.keys.len() > 1 => found.passed_over(),
            None => {}
        }
    }
}
