//! InSpec's JSON reports: what its tests saw of registry values, not what they thought of them.
//!
//! A passed test proves the value it expected; a failed one tells the value it got. A test that crashed is reported
//! as failed, with an `exception`: that is no evidence of anything, and a skipped one is none either.

use super::{
    super::document::{Document, Key},
    Overview, Piece, Sink, Source, Unreadable,
    inspec_results::{Found, Platform, Reading, walk},
    lines::WHOLE,
    moment, naming, powershell_json,
};

/// Whether a file is such a report.
pub fn recognises(_name: &str, head: &str) -> bool {
    let says = |word: &str| head.contains(word);
    head.trim_start().starts_with('{')
        && says("\"code_desc\"")
        && (says("\"profiles\"") || says("\"controls\"") || says("\"profile_id\""))
        || head.trim_start().starts_with('{')
            && says("\"platform\"")
            && says("\"release\"")
            && says("\"profiles\"")
}

/// Reads the file: one report about one machine.
///
/// # Errors
/// It is no JSON, or nothing in it is evidence about a key that the rules know.
pub fn read(source: &Source<'_>, sink: &mut Sink<'_>) -> Result<Overview, Unreadable> {
    let json = powershell_json::begins(source.text)?;
    let found = walk(json).map_err(|detail| {
        Unreadable(format!(
            "This InSpec report cannot be read: {detail}. Send the whole file that the reporter \"json\" writes."
        ))
    })?;
    if let Some(name) = &found.platform.name
        && !name.to_ascii_lowercase().contains("windows")
    {
        return Err(Unreadable(format!(
            "This InSpec report is about {name}, which is not Windows."
        )));
    }
    sink(Ok(piece(source, &found)?));
    Ok(Overview::default())
}

fn piece(source: &Source<'_>, found: &Found) -> Result<Piece, Unreadable> {
    let mut document = Document::by("InSpec");
    document.collector.version.clone_from(&found.version);
    let mut notes = Vec::new();
    let (client, note) = match found.platform.target.as_deref().and_then(target) {
        Some(name) => (naming::client(&name), None),
        None => naming::given(source),
    };
    document.client = client;
    notes.extend(note);
    document.os.caption = found.platform.name.as_deref().and_then(naming::plain);
    document.os.version = version(&found.platform, &mut notes);
    document.os.architecture = found.platform.arch.as_deref().and_then(naming::plain);
    let used = keys(found, &mut document, &mut notes);
    if used == 0 && document.os.version.is_none() {
        return Err(Unreadable(format!(
            "Nothing in this InSpec report is evidence about a registry key that the rules know. Results in it: {}; crashed or skipped, which proves nothing: {}.",
            found.results, found.no_evidence
        )));
    }
    // The earliest of what was used, so that no fact looks fresher than it is.
    document.collected_at = found
        .since
        .map(|at| at.to_string())
        .and_then(|at| moment::with_offset(&at));
    if found.no_evidence > 0 {
        notes.push(format!(
            "Results that crashed or were skipped are no evidence and were left out: {}.",
            found.no_evidence
        ));
    }
    if found.not_understood > 0 {
        notes.push(format!(
            "Results about keys that the rules know, but from which no value can be told, were left out: {}.",
            found.not_understood
        ));
    }
    Ok(Piece {
        place: WHOLE.to_owned(),
        document,
        notes,
        answered: false,
        raw: None,
    })
}

/// Puts what was read into the document; says how many facts that were.
fn keys(found: &Found, document: &mut Document, notes: &mut Vec<String>) -> usize {
    let mut used = 0;
    for (key, reading) in &found.keys {
        let path = key.path();
        let there = reading.there.is_some() || reading.values.values().any(Reading::is_there);
        if reading.gone && there {
            notes.push(format!(
                "Results contradict each other on whether {path} is there; the key counts as not known."
            ));
            continue;
        }
        if reading.gone {
            document.registry.push(Key {
                key: path.to_owned(),
                ..Key::default()
            });
            used += 1;
            continue;
        }
        for (name, value) in &reading.values {
            match value {
                Reading::Contradictory => notes.push(format!(
                    "Results contradict each other on {name} in {path}; it counts as not known."
                )),
                Reading::Absent => {
                    document.put(path, name, None);
                    used += 1;
                }
                Reading::There(value) => {
                    document.put(path, name, Some(value.clone()));
                    used += 1;
                }
            }
        }
    }
    used
}

/// `6.3.9600`: three numbers, else nothing.
fn version(platform: &Platform, notes: &mut Vec<String>) -> Option<String> {
    let release = platform.release.as_deref()?.trim();
    let parts: Vec<&str> = release.split('.').collect();
    let plain = parts.len() == 3
        && parts
            .iter()
            .all(|part| (1..=6).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()));
    if plain && platform.name.is_some() {
        return Some(release.to_owned());
    }
    notes.push(format!(
        "The release \"{}\" was not taken for the version of Windows: it has not three numbers.",
        release
            .chars()
            .filter(|c| !c.is_control())
            .take(40)
            .collect::<String>()
    ));
    None
}

/// The host of `winrm://user@host:5985`, or a bare name; a UUID names nobody.
fn target(said: &str) -> Option<String> {
    let rest = said.rsplit_once("://").map_or(said, |(_, rest)| rest);
    let rest = rest.split(['/', '?']).next().unwrap_or_default();
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let host = match rest.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => rest,
    };
    let uuid = host.len() == 36 && host.bytes().filter(|byte| *byte == b'-').count() == 4;
    if uuid { None } else { naming::device(host) }
}
