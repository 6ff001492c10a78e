//! CLIXML, PowerShell's `Export-Clixml`: objects with their properties, one after another, innermost first.
//!
//! Nothing in such a file is expanded: no document type is taken, and of entities only the five that XML has itself.

use quick_xml::{
    Reader,
    events::{BytesRef, BytesStart, Event},
};

use super::Unreadable;

/// Deepest nesting of elements.
const MAX_DEPTH: usize = 64;
/// Most properties of one object that are kept, and most bytes of one.
const MAX_PROPERTIES: usize = 200;
const MAX_TEXT: usize = 32 * 1024;

/// A property's value, as far as readers tell them apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Simple {
    /// `<Nil/>`: asked for, and not there.
    Nil,
    Bool(bool),
    /// A number of up to 32 bits.
    Small(i64),
    /// A number of 64 bits.
    Large(i64),
    Text(String),
    /// `<DT>`; with or without an offset.
    Time(String),
}

impl Simple {
    /// As text, numbers too; nothing for nothing.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::Nil | Self::Bool(_) => None,
            Self::Small(number) | Self::Large(number) => Some(number.to_string()),
            Self::Text(text) | Self::Time(text) => {
                let text = text.trim();
                (!text.is_empty()).then(|| text.to_owned())
            }
        }
    }
}

/// An object with the properties that were asked for.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// By what name or key it hangs on the object round it.
    pub(super) label: String,
    properties: Vec<(String, Simple)>,
    /// The key of a dictionary's entry that is being read.
    key: Option<String>,
}

impl Found {
    /// A property; names compare without case.
    pub(super) fn get(&self, name: &str) -> Option<&Simple> {
        self.properties
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// A property as text.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.get(name)?.text()
    }
}

/// Whether a file, by its beginning, is CLIXML.
pub(super) fn is(head: &str) -> bool {
    let head = head.trim_start();
    let start = head.get(..2_048.min(head.len())).unwrap_or(head);
    start.starts_with('<')
        && head.contains("<Objs")
        && head.contains("schemas.microsoft.com/powershell")
}

/// Hands out every object when it ends, with those round it, the outermost first. `wanted` names the properties that
/// are kept.
///
/// # Errors
/// It is no XML, ends too early, is nested too deeply, or tries what such files have no use for.
pub(super) fn each_object(
    text: &str,
    wanted: &dyn Fn(&str) -> bool,
    each: &mut dyn FnMut(&Found, &[Found]),
) -> Result<(), Unreadable> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut walk = Walk {
        wanted,
        each,
        depth: 0,
        around: Vec::new(),
        reading: None,
    };
    loop {
        let event = reader.read_event();
        match event {
            Ok(Event::Start(start)) => walk.start(&start)?,
            Ok(Event::End(end)) => walk.end(end.local_name().as_ref()),
            Ok(Event::Text(text)) => walk.text(&text),
            Ok(Event::CData(text)) => walk.text(&text),
            Ok(Event::GeneralRef(reference)) => {
                let mut place = [0; 4];
                let letter = entity(&reference)?.encode_utf8(&mut place);
                walk.text(letter);
            }
            Ok(Event::DocType(_)) => {
                return Err(Unreadable(
                    "This XML file has a document type, which PowerShell's files never have; nothing of it was taken."
                        .to_owned(),
                ));
            }
            Ok(Event::Eof) if walk.depth == 0 => return Ok(()),
            Ok(Event::Eof) => {
                return Err(Unreadable(
                    "This XML file ends too early: it was probably cut off on the way. Send the whole file."
                        .to_owned(),
                ));
            }
            Ok(_) => {}
            Err(_) => {
                let at = usize::try_from(reader.error_position()).unwrap_or(usize::MAX);
                let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
                let line = before.split(|byte| *byte == b'\n').count();
                return Err(Unreadable(format!(
                    "This is not valid XML at line {line}. Send the file as Export-Clixml wrote it."
                )));
            }
        }
    }
}

fn entity(reference: &BytesRef<'_>) -> Result<char, Unreadable> {
    let letter = match &**reference {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "apos" => Some('\''),
        "quot" => Some('"'),
        _ => reference.resolve_char_ref().ok().flatten(),
    };
    letter.ok_or_else(|| {
        Unreadable(
            "This XML file uses an entity of its own, which PowerShell's files never do; nothing of it was taken."
                .to_owned(),
        )
    })
}

struct Walk<'w> {
    wanted: &'w dyn Fn(&str) -> bool,
    each: &'w mut dyn FnMut(&Found, &[Found]),
    depth: usize,
    around: Vec<Found>,
    reading: Option<Reading>,
}

/// A simple value that is being read.
struct Reading {
    name: String,
    kind: String,
    text: String,
}

impl Walk<'_> {
    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), Unreadable> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Unreadable(format!(
                "This XML file is nested more than {MAX_DEPTH} levels deep, the most that is taken. Export it with a smaller -Depth."
            )));
        }
        let tag = start.local_name().into_inner();
        if tag == "En" {
            if let Some(object) = self.around.last_mut() {
                object.key = None;
            }
            return Ok(());
        }
        let simple = is_simple(tag);
        if tag != "Obj" && !simple {
            return Ok(());
        }
        let name = named(start);
        // The value of a dictionary's entry goes by the entry's key.
        let name = match (
            name,
            self.around.last().and_then(|object| object.key.as_ref()),
        ) {
            (Some(name), Some(key)) if name == "Value" => key.clone(),
            (Some(name), _) => name,
            (None, _) => String::new(),
        };
        if tag == "Obj" {
            self.around.push(Found {
                label: name,
                ..Found::default()
            });
        } else if name == "Key" || (self.wanted)(&name) {
            self.reading = Some(Reading {
                name,
                kind: tag.to_owned(),
                text: String::new(),
            });
        }
        Ok(())
    }

    fn text(&mut self, text: &str) {
        if let Some(reading) = &mut self.reading
            && reading.text.len() + text.len() <= MAX_TEXT
        {
            reading.text.push_str(text);
        }
    }

    fn end(&mut self, tag: &str) {
        self.depth = self.depth.saturating_sub(1);
        if tag == "Obj" {
            if let Some(object) = self.around.pop() {
                (self.each)(&object, &self.around);
            }
            return;
        }
        let done = self.reading.take_if(|reading| reading.kind == tag);
        let (Some(reading), Some(object)) = (done, self.around.last_mut()) else {
            return;
        };
        if reading.name == "Key" {
            object.key = Some(reading.text.trim().chars().take(256).collect());
            return;
        }
        let Some(value) = simple(&reading.kind, reading.text) else {
            return;
        };
        // A property may come twice: as PowerShell adapts it and as it was. The first that says something counts.
        let full = object.properties.len() == MAX_PROPERTIES;
        let known = object
            .properties
            .iter_mut()
            .find(|(name, _)| *name == reading.name);
        match known {
            Some((_, before)) if *before == Simple::Nil => *before = value,
            Some(_) => {}
            None if full => {}
            None => object.properties.push((reading.name, value)),
        }
    }
}

fn named(start: &BytesStart<'_>) -> Option<String> {
    const MOST: usize = 16;
    let mut attributes = start.attributes();
    attributes
        .with_checks(false)
        .take(MOST)
        .filter_map(Result::ok)
        .find(|attribute| attribute.key.as_ref() == "N")
        .map(|attribute| attribute.value.chars().take(256).collect())
}

fn is_simple(tag: &str) -> bool {
    [
        "S", "C", "B", "DT", "By", "SB", "U16", "I16", "U32", "I32", "U64", "I64", "Nil", "Version",
    ]
    .contains(&tag)
}

fn simple(kind: &str, text: String) -> Option<Simple> {
    let number = || text.trim().parse::<i64>().ok();
    Some(match kind {
        "Nil" => Simple::Nil,
        "B" => Simple::Bool(text.trim().eq_ignore_ascii_case("true")),
        "By" | "SB" | "U16" | "I16" | "U32" | "I32" => Simple::Small(number()?),
        "U64" | "I64" => Simple::Large(number()?),
        "DT" => Simple::Time(text),
        _ => Simple::Text(text),
    })
}
