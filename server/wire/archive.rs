//! Zip archives of files: one entry after another, with bounds on all that an archive can promise.
//!
//! Names of entries are for people and for guessing what a file is; nothing is ever written where they point.

use std::io::{Cursor, Read};

use zip::{CompressionMethod, ZipArchive, result::ZipError};

use super::foreign::{Refused, Unreadable};

/// Most entries of one archive, folders included.
pub const MAX_ENTRIES: usize = 1_000;
/// Most bytes of one entry when it is unpacked.
pub const MAX_ENTRY: u64 = 64 * 1024 * 1024;
/// Most bytes of all entries together when they are unpacked.
pub const MAX_TOTAL: u64 = 64 * 1024 * 1024;
/// Entries below this may be packed as tightly as they like.
const ANY_RATIO: u64 = 4 * 1024 * 1024;
/// Beyond [`ANY_RATIO`], a byte of the archive may become so many.
const MAX_RATIO: u64 = 300;
/// Most characters of an entry's name that are kept.
const MAX_NAME: usize = 256;

/// A file out of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name without folders and without characters that could mislead; for people.
    pub name: String,
    /// Where it stands in the archive, for people: its folders and name, cleaned.
    pub place: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// Whether a file is a zip archive.
pub fn is_zip(file: &[u8]) -> bool {
    matches!(file, [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..])
}

/// Whether an archive holds one file, folders and what macOS adds aside.
pub fn is_lone(file: &[u8]) -> bool {
    if !is_small(file) {
        return false;
    }
    let Ok(archive) = ZipArchive::new(Cursor::new(file)) else {
        return true;
    };
    let count = archive.len();
    let files = (0..count).filter(|index| match archive.by_index_data(*index) {
        Ok(data) => !data.is_dir() && !is_of_macos(&shown(&data.name().unwrap_or_default())),
        Err(_) => true,
    });
    files.take(2).count() < 2
}

/// Hands out the files of an archive in its order, one at a time, so that only one is held; entries that cannot be
/// taken are handed out as refusals. Answers with notes on what was passed over: folders, and what macOS adds.
///
/// # Errors
/// The archive as a whole cannot be read; nothing was handed out.
pub fn for_each_entry(
    file: &[u8],
    mut each: impl FnMut(Result<Entry, Refused>),
) -> Result<Vec<String>, Unreadable> {
    if !is_small(file) {
        return Err(too_many());
    }
    let mut archive = ZipArchive::new(Cursor::new(file)).map_err(|_| {
        Unreadable(
            "This zip archive is damaged or cut off; pack the files again and send the whole archive."
                .to_owned(),
        )
    })?;
    if archive.len() > MAX_ENTRIES {
        return Err(too_many());
    }
    let mut notes = Notes::default();
    if archive.has_duplicate_names() {
        notes.said.push(
            "Several entries of this archive have the same name; only one of each was read. Give every file a name of its own."
                .to_owned(),
        );
    }
    let mut left = MAX_TOTAL;
    for index in 0..archive.len() {
        let (place, name) = match archive.by_index_data(index) {
            Ok(data) => {
                let place = shown(&data.name().unwrap_or_default());
                if data.is_dir() {
                    notes.folders += 1;
                    continue;
                }
                if is_of_macos(&place) {
                    notes.macos += 1;
                    continue;
                }
                let name = place.rsplit('/').next().unwrap_or_default().to_owned();
                (place, name)
            }
            Err(error) => {
                each(Err(refused(
                    &format!("entry {}", index + 1),
                    &cannot(&error),
                )));
                continue;
            }
        };
        match unpack(&mut archive, index, left) {
            Ok(bytes) => {
                left = left.saturating_sub(bytes.len() as u64);
                each(Ok(Entry { name, place, bytes }));
            }
            Err(Wrong::Entry(detail)) => each(Err(refused(&place, &detail))),
            Err(Wrong::Full) => {
                let behind = archive.len() - index;
                each(Err(refused(
                    &place,
                    &format!(
                        "the archive unpacks to more than {} MiB, the most that is taken at once; this entry and what follows it ({behind} in all) were not read. Send them in an archive of their own.",
                        MAX_TOTAL / (1024 * 1024)
                    ),
                )));
                break;
            }
        }
    }
    Ok(notes.sentences())
}

/// Whether the directory is bearable: it is read into memory as a whole, so its size is looked at first.
fn is_small(file: &[u8]) -> bool {
    let headers = file.windows(4).filter(|four| four == b"PK\x01\x02");
    headers.take(2 * MAX_ENTRIES + 1).count() <= 2 * MAX_ENTRIES
}

/// Whether macOS added an entry with this name.
fn is_of_macos(place: &str) -> bool {
    place.split('/').any(|part| part == "__MACOSX") || place.rsplit('/').next() == Some(".DS_Store")
}

enum Wrong {
    Entry(String),
    /// No room is left for all of it.
    Full,
}

fn unpack(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    index: usize,
    left: u64,
) -> Result<Vec<u8>, Wrong> {
    let entry = |detail: &str| Wrong::Entry(detail.to_owned());
    let data = archive
        .by_index_data(index)
        .map_err(|error| Wrong::Entry(cannot(&error)))?;
    if data.encrypted() {
        return Err(entry(
            "this entry is encrypted; pack it again without a password",
        ));
    }
    if data.is_symlink() {
        return Err(entry(
            "this entry is a link, not a file; pack the file itself",
        ));
    }
    if !matches!(
        data.compression(),
        CompressionMethod::Stored | CompressionMethod::Deflated
    ) {
        return Err(entry(
            "this entry is packed by a method that is not taken; pack it with the usual one (Deflate), as Windows does",
        ));
    }
    let packed = data.compressed_size();
    let densest = packed.saturating_mul(MAX_RATIO).max(ANY_RATIO);
    let most = MAX_ENTRY.min(left).min(densest);
    let reader = archive
        .by_index(index)
        .map_err(|error| Wrong::Entry(cannot(&error)))?;
    // What the directory says of the size is a promise; what comes out is counted.
    let mut bytes = Vec::new();
    reader.take(most + 1).read_to_end(&mut bytes).map_err(|_| {
        entry("this entry is damaged: what it unpacks to does not fit its check sum; pack it again")
    })?;
    let came = bytes.len() as u64;
    if came > most {
        return Err(if most == densest {
            Wrong::Entry(format!(
                "this entry unpacks to more than {MAX_RATIO} times its size, which text does not do; send it unpacked"
            ))
        } else if most == MAX_ENTRY && left >= MAX_ENTRY {
            Wrong::Entry(format!(
                "this entry unpacks to more than {} MiB, the most that is taken; send it in parts",
                MAX_ENTRY / (1024 * 1024)
            ))
        } else {
            Wrong::Full
        });
    }
    match packed_again(&bytes) {
        Some(kind) => Err(Wrong::Entry(format!(
            "this entry is itself packed ({kind}); archives inside archives are not opened: send it on its own, unpacked"
        ))),
        None => Ok(bytes),
    }
}

/// What a packed file begins with.
fn packed_again(bytes: &[u8]) -> Option<&'static str> {
    const KINDS: &[(&[u8], &str)] = &[
        (b"PK\x03\x04", "zip, or an Office document"),
        (b"PK\x05\x06", "zip"),
        (b"\x1F\x8B", "gzip"),
        (b"\x28\xB5\x2F\xFD", "zstd"),
        (b"7z\xBC\xAF\x27\x1C", "7-Zip"),
        (b"Rar!\x1A\x07", "RAR"),
        (b"MSCF", "a cabinet"),
        (b"BZh", "bzip2"),
        (b"\xFD7zXZ\0", "xz"),
    ];
    KINDS
        .iter()
        .find_map(|(start, kind)| bytes.starts_with(start).then_some(*kind))
}

fn too_many() -> Unreadable {
    Unreadable(format!(
        "This zip archive has more than {MAX_ENTRIES} entries, the most that is taken; send it in parts."
    ))
}

fn cannot(error: &ZipError) -> String {
    match error {
        ZipError::UnsupportedArchive(what) if *what == ZipError::PASSWORD_REQUIRED => {
            "this entry is encrypted; pack it again without a password".to_owned()
        }
        ZipError::UnsupportedArchive(_) | ZipError::CompressionMethodNotSupported(_) => {
            "this entry is packed by a method that is not taken; pack it with the usual one (Deflate), as Windows does"
                .to_owned()
        }
        _ => "this entry is damaged; pack the files again".to_owned(),
    }
}

fn refused(place: &str, detail: &str) -> Refused {
    Refused {
        place: place.to_owned(),
        detail: detail.to_owned(),
        raw: Vec::new(),
    }
}

#[derive(Default)]
struct Notes {
    said: Vec<String>,
    folders: usize,
    macos: usize,
}

impl Notes {
    fn sentences(mut self) -> Vec<String> {
        if self.folders > 0 {
            self.said.push(format!(
                "Entries that are folders and hold nothing themselves were passed over: {}.",
                self.folders
            ));
        }
        if self.macos > 0 {
            self.said.push(format!(
                "Entries that macOS adds to archives were passed over: {}.",
                self.macos
            ));
        }
        self.said
    }
}

/// A name for people: folders by `/`, without control characters and without the marks that turn the direction of
/// writing, which make a name look like another.
fn shown(name: &str) -> String {
    let clean: String = name
        .chars()
        .map(|c| if c == '\\' { '/' } else { c })
        .filter(|c| !c.is_control() && !is_direction(*c))
        .take(MAX_NAME)
        .collect();
    let parts: Vec<&str> = clean
        .split('/')
        .map(str::trim)
        .filter(|part| !part.is_empty() && *part != "." && *part != "..")
        .collect();
    if parts.is_empty() {
        "an entry without a name".to_owned()
    } else {
        parts.join("/")
    }
}

const fn is_direction(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}
