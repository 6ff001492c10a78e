//! Lists of installed updates: `wmic qfe` and PowerShell's `Get-HotFix`, as a table, as CSV, as a list or as JSON.
//!
//! They come from `Win32_QuickFixEngineering`, which says neither how many updates there are nor whether somebody
//! filtered it, and which does not name what a later rollup brought. So a number in it is evidence, and a number
//! missing from it is none: every such list counts as cut.

use std::collections::HashMap;

use super::{
    super::document::Document,
    Overview, Piece, Sink, Source, Unreadable,
    fixed_width::Columns,
    hotfix_json, hotfix_pending, hotfix_rows,
    lines::{Span, lines, refused},
    naming,
    updates::{NEVER_COMPLETE, Updates},
};

/// Columns by which a row names its machine, the surest first. `Node` and `PSComputerName` are what somebody asked
/// for, which may be an alias.
pub(super) const DEVICE: &[&str] = &["CSName", "Source", "__SERVER", "PSComputerName", "Node"];
/// The column with the number.
pub(super) const NUMBER: &str = "HotFixID";
/// Most machines in one file.
const MAX_DEVICES: usize = 20_000;

/// How the rows are written.
pub(super) enum Form {
    /// In columns below a heading.
    Table,
    /// With separators; the line of the heading.
    Csv,
    /// A line for each property: `HotFixID=KB…`, `HotFixID : KB…`.
    Pairs,
}

/// Whether a file is such a list, or its opposite, a list of updates that are missing.
pub fn recognises(name: &str, head: &str) -> bool {
    hotfix_pending::recognises(name, head) || form(head).is_some() || hotfix_json::recognises(head)
}

/// Reads the file.
///
/// # Errors
/// It lists updates that are missing or waiting, or no update at all.
pub fn read(source: &Source<'_>, sink: &mut Sink<'_>) -> Result<Overview, Unreadable> {
    if hotfix_pending::recognises(source.name, source.text) {
        return Err(Unreadable(hotfix_pending::REFUSED.to_owned()));
    }
    let mut found = Found::default();
    if hotfix_json::recognises(source.text) {
        hotfix_json::read(source.text, &mut found)?;
        return found.hand_out(source, sink);
    }
    match form(source.text) {
        Some(Form::Table) => read_table(source.text, &mut found),
        Some(Form::Csv) => hotfix_rows::read_csv(source.text, &mut found)?,
        Some(Form::Pairs) => hotfix_rows::read_pairs(source.text, &mut found),
        None => {
            return Err(Unreadable(
                "No column or line HotFixID is found. Send the output of \"wmic qfe\" or of Get-HotFix."
                    .to_owned(),
            ));
        }
    }
    found.hand_out(source, sink)
}

/// How the rows of a text are written, by the first line that names the number.
fn form(text: &str) -> Option<Form> {
    lines(text).take(300).find_map(|line| {
        let line = line.text.trim();
        if line.len() > 4_096 {
            return None;
        }
        let lower = line.to_ascii_lowercase();
        let at = lower.find("hotfixid")?;
        if at == 0 {
            let behind = line.get(NUMBER.len()..)?.trim_start();
            if behind.starts_with(['=', ':']) {
                return Some(Form::Pairs);
            }
        }
        let cells = |separators: &[char]| -> Vec<String> {
            lower
                .split(separators)
                .map(|cell| cell.trim().trim_matches('"').to_owned())
                .collect()
        };
        let own = |cells: &[String]| {
            let has = |wanted: &str| cells.iter().any(|cell| cell == wanted);
            // A table of CMPivot or of the site's database has the same column, beside others.
            has("hotfixid")
                && !has("device")
                && (cells.len() == 1
                    || has("installedon")
                    || has("installedby")
                    || has("description")
                    || DEVICE.iter().any(|name| has(&name.to_ascii_lowercase())))
        };
        if line.contains([',', ';', '\t']) {
            let separated = cells(&[',', ';', '\t']);
            return own(&separated).then_some(Form::Csv);
        }
        if line.starts_with('"') {
            return own(&cells(&[','])).then_some(Form::Csv);
        }
        own(&cells(&[' '])).then_some(Form::Table)
    })
}

/// A row: what it calls its machine, and its number.
pub(super) struct Row<'r> {
    pub(super) line: u64,
    pub(super) device: Option<&'r str>,
    pub(super) number: &'r str,
}

/// Updates by machine, in the order in which machines come up.
#[derive(Default)]
pub(super) struct Found {
    devices: Vec<Device>,
    known: HashMap<String, usize>,
    /// Lines that belong to the list and name no number.
    numberless: u64,
    /// Rows for which the limit of machines left no room.
    beyond: u64,
}

struct Device {
    name: Option<String>,
    span: Span,
    updates: Updates,
}

impl Found {
    pub(super) fn row(&mut self, row: &Row<'_>) {
        let name = row.device.and_then(naming::device);
        let key = name.as_deref().unwrap_or_default().to_lowercase();
        let at = match self.known.get(&key) {
            Some(at) => *at,
            None if self.devices.len() == MAX_DEVICES => {
                self.beyond += 1;
                return;
            }
            None => {
                self.devices.push(Device {
                    name,
                    span: Span::at(row.line),
                    updates: Updates::default(),
                });
                self.known.insert(key, self.devices.len() - 1);
                self.devices.len() - 1
            }
        };
        if let Some(device) = self.devices.get_mut(at) {
            device.span.reach(row.line);
            if !device.updates.add(row.number) {
                self.numberless += 1;
            }
        }
    }

    /// A line that does not fit the list.
    pub(super) const fn passed_over(&mut self) {
        self.numberless += 1;
    }

    fn hand_out(self, source: &Source<'_>, sink: &mut Sink<'_>) -> Result<Overview, Unreadable> {
        if self.devices.iter().all(|device| device.updates.is_empty()) {
            return Err(Unreadable(
                "This list of updates names none. That does not prove that there are none: a filter or a missing right empties it as well. Send the whole list, or the file versions of winhttp.dll and webio.dll."
                    .to_owned(),
            ));
        }
        let mut overview = Overview {
            notes: vec![NEVER_COMPLETE.to_owned()],
            ..Overview::default()
        };
        if self.numberless > 0 {
            overview.notes.push(format!(
                "Lines that name no update by number were passed over: {}.",
                self.numberless
            ));
        }
        if self.beyond > 0 {
            overview.notes.push(format!(
                "More than {MAX_DEVICES} machines are in this file, the most that is taken; {} rows of others were left out. Send it in parts.",
                self.beyond
            ));
        }
        let several = self.devices.len() > 1;
        for device in self.devices {
            let (client, note) = match &device.name {
                Some(name) => (naming::client(name), None),
                // Beside named machines, a row without a name is nobody's.
                None if several && source.device.is_none() => {
                    sink(Err(refused(
                        device.span.place(),
                        "These rows do not say which machine they are about, while others do; keep the column CSName, Source or PSComputerName.",
                        &device.updates.names().join("\n"),
                    )));
                    continue;
                }
                None => naming::given(source),
            };
            let mut document = Document::by("list of updates");
            document.client = client;
            document.hotfixes = Some(device.updates.names());
            document.hotfixes_cut = true;
            let mut notes: Vec<String> = note.into_iter().collect();
            notes.extend(device.updates.note());
            sink(Ok(Piece {
                place: device.span.place(),
                document,
                notes,
                answered: false,
                raw: None,
            }));
        }
        Ok(overview)
    }
}

fn read_table(text: &str, found: &mut Found) {
    let mut columns: Option<Columns<'_>> = None;
    for line in lines(text) {
        let row = line.text;
        let bare = row.trim();
        if bare.is_empty() || bare.bytes().all(|byte| matches!(byte, b'-' | b' ')) {
            continue;
        }
        let heading = Columns::of(if row.len() > 4_096 { "" } else { row });
        if heading.has(NUMBER) {
            columns = Some(heading);
            continue;
        }
        // Whatever stands in front of the heading: prompts, commands.
        let Some(columns) = &columns else {
            continue;
        };
        let number = columns
            .cell(row, NUMBER)
            .filter(|cell| !cell.is_empty())
            .or_else(|| hotfix_rows::numbered_word(row));
        let Some(number) = number else {
            found.passed_over();
            continue;
        };
        let device = DEVICE
            .iter()
            .filter_map(|name| columns.cell(row, name))
            .find(|cell| naming::device(cell).is_some());
        found.row(&Row {
            line: line.number,
            device,
            number,
        });
    }
}
