//! The output of `systeminfo`, as a list or as CSV, in any language, of one machine or of several.

use super::{
    super::document::Document,
    Overview, Piece, Sink, Source, Unreadable,
    lines::{Span, lines, refused},
    naming, systeminfo_csv,
    systeminfo_dates::{self, Boot},
    systeminfo_labels::{self as labels, Field},
    systeminfo_machine::{
        Item, MAX_ENTRIES, MAX_ITEMS, Machine, is_system_type, is_version, listed,
    },
    updates::Updates,
};

/// What reports of this reader say of their collector.
const COLLECTOR: &str = "systeminfo";
/// Whether a file is such an output. The line with the version has the same shape in all languages.
pub fn recognises(_name: &str, head: &str) -> bool {
    let (mut host, mut more) = (false, false);
    for (label, value) in lines(head).take(3_000).filter_map(|line| listed(line.text)) {
        match labels::field(label) {
            Some(Field::Host) => host = true,
            Some(Field::OsVersion | Field::Hotfixes) => more = true,
            _ => {}
        }
        if is_version(value) || (host && more) {
            return true;
        }
    }
    systeminfo_csv::is_table(head) || systeminfo_csv::recognises(head)
}

/// Reads the file.
///
/// # Errors
/// It is the form with columns (`/fo table`), or no machine is found in it.
pub fn read(source: &Source<'_>, sink: &mut Sink<'_>) -> Result<Overview, Unreadable> {
    if systeminfo_csv::is_table(source.text) {
        return Err(Unreadable(
            "This is the output of systeminfo as a table, in which long values are cut. Run systeminfo without /fo, or with /fo csv."
                .to_owned(),
        ));
    }
    let mut found = 0_u64;
    let mut each = |machine: &Machine<'_>, span: Span| {
        found += 1;
        sink(match piece(source, machine, span) {
            Ok(piece) => Ok(piece),
            Err(detail) => Err(refused(span.place(), detail, &machine.shown())),
        });
    };
    if systeminfo_csv::recognises(source.text) {
        systeminfo_csv::read(source.text, &mut each)?;
    } else {
        read_list(source.text, &mut each);
    }
    if found == 0 {
        return Err(Unreadable(
            "No machine is found in this output of systeminfo: no line says a Windows version such as \"6.1.7601 Service Pack 1 Build 7601\", and none lists updates. Send the whole output."
                .to_owned(),
        ));
    }
    Ok(Overview::default())
}

fn read_list(text: &str, each: &mut dyn FnMut(&Machine<'_>, Span)) {
    let mut machine = Machine::default();
    let mut span: Option<Span> = None;
    let mut starts: Vec<u64> = Vec::new();
    for line in lines(text) {
        if let Some((label, value)) = listed(line.text) {
            let again = labels::field(label) == Some(Field::Host)
                && (machine.has_version() || machine.labelled(Field::Host).is_some());
            let unlabelled = is_version(value) && machine.has_version();
            if again || unlabelled {
                // The host's name and the system's stand before the version.
                let keep = if again {
                    0
                } else {
                    machine.since_last_list().min(2)
                };
                let rest = machine.items.split_off(machine.items.len() - keep);
                let rest_starts = starts.split_off(starts.len().saturating_sub(keep));
                if let (Some(span), Some(next)) = (&mut span, rest_starts.first()) {
                    span.last = next - 1;
                }
                flush(&machine, span, each);
                span = None;
                for start in &rest_starts {
                    reach(&mut span, *start);
                }
                machine = Machine {
                    items: rest,
                    left_out: 0,
                };
                starts = rest_starts;
            }
            if machine.items.len() == MAX_ITEMS {
                machine.left_out += 1;
            } else {
                machine.items.push(Item {
                    label,
                    value,
                    ..Item::default()
                });
                starts.push(line.number);
            }
            reach(&mut span, line.number);
        } else if line.text.trim_start().starts_with('[')
            && let Some(item) = machine.items.last_mut()
        {
            item.entry(line.text.trim());
            reach(&mut span, line.number);
        }
    }
    flush(&machine, span, each);
}

fn flush(machine: &Machine<'_>, span: Option<Span>, each: &mut dyn FnMut(&Machine<'_>, Span)) {
    if let Some(span) = span
        && machine.says_something()
    {
        each(machine, span);
    }
}

fn reach(span: &mut Option<Span>, line: u64) {
    span.get_or_insert(Span::at(line)).reach(line);
}

fn piece(source: &Source<'_>, machine: &Machine<'_>, span: Span) -> Result<Piece, String> {
    if !machine.says_something() {
        return Err(
            "Neither a version of Windows nor a list of updates is found here; send the output as systeminfo writes it."
                .to_owned(),
        );
    }
    let mut document = Document::by(COLLECTOR);
    let mut notes = Vec::new();
    name(source, machine, &mut document, &mut notes)?;
    system(machine, &mut document, &mut notes);
    start(machine, &mut document, &mut notes);
    hotfixes(machine, &mut document, &mut notes);
    if machine.left_out > 0 {
        notes.push(format!(
            "More than {MAX_ITEMS} lines seem to belong to this machine; {} were left out.",
            machine.left_out
        ));
    }
    Ok(Piece {
        place: span.place(),
        document,
        notes,
        answered: false,
        raw: None,
    })
}

fn name(
    source: &Source<'_>,
    machine: &Machine<'_>,
    document: &mut Document,
    notes: &mut Vec<String>,
) -> Result<(), String> {
    let version_at = machine.version().map(|(at, _)| at);
    let by_order = || {
        let at = version_at?.checked_sub(2)?;
        machine.items.get(at).map(|item| item.value)
    };
    let said = machine
        .labelled(Field::Host)
        .map(|item| item.value)
        .or_else(by_order);
    match said.and_then(naming::device) {
        Some(host) => document.client = naming::client(&host),
        None if said.is_some_and(|said| !said.is_empty()) => {
            return Err(
                "The host name is none that a machine can have; send the output as systeminfo writes it."
                    .to_owned(),
            );
        }
        None => {
            let (client, note) = naming::given(source);
            if client.name.is_none() && client.fqdn.is_none() {
                return Err("No line says the host name; send the whole output.".to_owned());
            }
            document.client = client;
            notes.extend(note);
        }
    }
    let before_logon_server = || {
        let at = machine
            .items
            .iter()
            .position(|item| item.value.starts_with(r"\\"))?;
        machine.items.get(at.checked_sub(1)?)
    };
    let domain = machine
        .labelled(Field::Domain)
        .or_else(before_logon_server)
        .map(|item| item.value)
        .filter(|domain| naming::is_dns(domain));
    if let (Some(domain), Some(host), None) = (domain, &document.client.name, &document.client.fqdn)
    {
        document.client.fqdn = naming::plain(&format!("{host}.{domain}"));
    }
    Ok(())
}

fn system(machine: &Machine<'_>, document: &mut Document, notes: &mut Vec<String>) {
    let os = &mut document.os;
    if let Some((at, value)) = machine.version() {
        os.version = value.split_whitespace().next().map(str::to_owned);
        os.service_pack = service_pack(value);
        os.caption = at
            .checked_sub(1)
            .and_then(|at| machine.items.get(at))
            .and_then(|item| naming::plain(item.value));
    } else if let Some(item) = machine.labelled(Field::OsVersion) {
        notes.push(format!(
            "The OS version \"{}\" was not taken: it is no version of Windows, or its two build numbers differ.",
            shortened(item.value)
        ));
    }
    let configuration = machine
        .labelled(Field::Configuration)
        .map(|item| item.value)
        .or_else(|| machine.behind_version(2));
    os.product_type = configuration.and_then(labels::product_type);
    if let Some(said) = configuration
        && os.product_type.is_none()
        && !said.is_empty()
    {
        notes.push(format!(
            "Whether this is a workstation or a server was not understood: \"{}\".",
            shortened(said)
        ));
    }
    os.architecture = machine
        .items
        .iter()
        .find(|item| is_system_type(item.value))
        .map(|item| item.value.trim().to_owned());
}

fn service_pack(version: &str) -> Option<u32> {
    let (_, rest) = version.split_once("Service Pack ")?;
    rest.split_whitespace().next()?.parse().ok()
}

fn start(machine: &Machine<'_>, document: &mut Document, notes: &mut Vec<String>) {
    let value = |field, lines| {
        machine
            .labelled(field)
            .map(|item| item.value)
            .or_else(|| machine.behind_version(lines))
    };
    // Windows XP and Server 2003 say how long the system has been up, which tells no time.
    let Some(boot) = value(Field::BootTime, 8).filter(|boot| boot.contains(':')) else {
        return;
    };
    let zone = machine
        .items
        .iter()
        .map(|item| item.value)
        .find(|value| systeminfo_dates::is_zone(value));
    match systeminfo_dates::boot(boot, value(Field::InstallDate, 7), zone) {
        Boot::At(at) => {
            document.os.last_boot_at = Some(at);
            notes.push(
                "The last start is given by the local clock; it was taken as if summer time had been in force, so it may be an hour early."
                    .to_owned(),
            );
        }
        Boot::Ambiguous => notes.push(format!(
            "The last start, \"{}\", may be one of two days, so it was left out.",
            shortened(boot)
        )),
        Boot::NoZone => notes.push(format!(
            "The last start, \"{}\", was left out: the file does not state the time zone.",
            shortened(boot)
        )),
    }
}

fn hotfixes(machine: &Machine<'_>, document: &mut Document, notes: &mut Vec<String>) {
    let Some(item) = machine.hotfixes() else {
        return;
    };
    let declared = first_number(item.value);
    let listed = item.count;
    let mut updates = Updates::default();
    for entry in &item.entries {
        updates.add(entry);
    }
    let nothing = listed == 0 && !item.broken;
    if nothing && declared.is_none() && !labels::is_not_applicable(item.value) {
        notes.push(format!(
            "The line on updates, \"{}\", was not understood; the list counts as not read.",
            shortened(item.value)
        ));
        return;
    }
    let complaint = match declared {
        Some(declared) if declared > listed => Some(format!(
            "The file declares {declared} updates and lists {listed}: the list was cut, so an update that is missing from it proves nothing."
        )),
        Some(declared) if declared < listed => Some(format!(
            "The file declares {declared} updates but lists {listed}; the list counts as incomplete."
        )),
        None if listed > 0 => Some(
            "The file does not say how many updates there are; the list counts as incomplete."
                .to_owned(),
        ),
        _ if item.broken => Some(
            "An entry of the list of updates stops in the middle; the list counts as cut."
                .to_owned(),
        ),
        _ if listed > item.entries.len() => Some(format!(
            "Only the first {MAX_ENTRIES} entries of the list of updates were read; it counts as cut."
        )),
        _ => None,
    };
    document.hotfixes = Some(updates.names());
    document.hotfixes_cut = complaint.is_some() || updates.too_many;
    notes.extend(complaint);
    notes.extend(updates.note());
}

/// The first number of a sentence such as `263 Hotfix(e) installiert.` or `安装了 1 个修补程序。`
fn first_number(value: &str) -> Option<usize> {
    let from = value.find(|c: char| c.is_ascii_digit())?;
    let digits = value.get(from..)?;
    let end = digits
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(digits.len());
    digits.get(..end)?.parse().ok()
}

fn shortened(value: &str) -> String {
    value
        .chars()
        .map(|c| if c.is_control() { '\u{FFFD}' } else { c })
        .take(80)
        .collect()
}
