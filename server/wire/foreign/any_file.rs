//! The way of any file: opened, decoded, recognised and read into report documents, one a device.
//!
//! Of several files of one call, what is about the same device becomes one document; reports of our own, and those that
//! a script sent, stay what they are. A file that stands alone, with one row a device, passes through without being held.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{
        document::Client,
        records::{Place, for_each_record},
        report_v1, sentence,
    },
    Piece, RAW_KEPT, Refused, Source, Unreadable,
    any_file_key::{Whose, key_for, whose},
    any_file_open::{Content, are_one, bare, for_each_file, missing, open},
    any_file_reader::{about_somebody, by_reader, is_one_a_device},
    any_file_room::narrow,
    format::Format,
    join::Joined,
    lines::WHOLE,
    local_time::Dates,
    mapping::Mapping,
    pivot_guess,
    table::Table,
};

pub use super::any_file_columns::{about, columns, queries};
pub use super::with_time::with_time;

/// What somebody says of the files of one call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The format of all of them; `None`: recognised, file by file.
    pub format: Option<Format>,
    /// What the columns of tables mean; `None`: guessed. Of several tables, for those that have all of its columns.
    pub mapping: Option<Mapping>,
    /// Whom files are about that name no device.
    pub device: Option<String>,
    /// CMPivot's query, or the key that it asked for, of the one file that does not say it.
    pub key: Option<String>,
    /// The query of each result of CMPivot, by the name under which the file is told of.
    pub queries: BTreeMap<String, String>,
    /// In what order dates are written in tables; `None`: as far as they show it themselves.
    pub dates: Option<Dates>,
    /// All files are of one run. Taken, and of no effect: a device may be online for one query and offline for the next.
    pub one_run: bool,
    /// Somebody vouches that 64-bit programs read the registry values, wherever a file does not say itself how it read them.
    pub read_by_64_bit: bool,
}

/// A file as it came.
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    /// Its name, for people and for recognising it; folders do not matter. `-` is no name.
    pub name: &'a str,
    /// What is in it.
    pub bytes: &'a [u8],
}

/// What a file as a whole says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its name; of a file in an archive, `archive.zip/folder/name`.
    pub name: String,
    /// How it was read.
    pub format: Format,
    /// How it was decoded, for people.
    pub encoding: String,
    /// What people should know about it. Whole sentences.
    pub notes: Vec<String>,
    /// Devices that were asked, where the file says so.
    pub asked: Option<u64>,
    /// Devices that answered, where the file says so.
    pub answered: Option<u64>,
    /// What the columns were taken for; only of tables.
    pub mapping: Option<Mapping>,
    /// Which query it is the result of, as far as its rows and its name say; a guess, for people to correct.
    pub query: Option<String>,
}

/// One thing that files say.
#[expect(
    clippy::large_enum_variant,
    reason = "rows are handed on one at a time and never held in a list"
)]
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// What they say of one device.
    Reading {
        /// The file, named as in [`Told::name`]; the first, where several say it together.
        file: String,
        /// The other files that it comes from.
        also: Vec<String>,
        /// Where it stands, for people; with names of files where there are several.
        place: String,
        /// A report document.
        document: Vec<u8>,
        /// Whom it is about; of a report of our own, as far as its ids can be read.
        client: Client,
        /// What people should know about it. Whole sentences.
        notes: Vec<String>,
        /// Facts are in it of which nobody said when they were read: [`with_time`] puts that in. It may have the time
        /// of other facts already, of which then the earlier one stays.
        needs_time: bool,
        /// The cell and the column of a table that say when its facts were read, for people.
        time_from: Option<String>,
        /// It is a report document of our own, as it came.
        own: bool,
        /// Registry values are in it that have two views, and nobody said which of them was read.
        open_view: bool,
        /// For a report of our own, as it came and not looked at: where it stands in its file.
        record: Option<Place>,
    },
    /// Something that could not be understood.
    Refused {
        /// The file, named as in [`Told::name`].
        file: String,
        /// What, and why.
        refused: Refused,
    },
}

/// Reads files and hands out what they say, row by row; when `rows` answers `false` it gets no more.
///
/// For each file, archives opened, comes back what it says as a whole, or why it cannot be read. The latter is a refused
/// row, too, so that nothing is lost. Files behind the row at which somebody stopped are not in the answer.
pub fn read(
    files: &[File<'_>],
    options: &Options,
    rows: &mut dyn FnMut(Row) -> bool,
) -> Vec<Result<Told, (String, Unreadable)>> {
    let mut reader = Reader {
        options,
        out: Out {
            rows,
            stopped: false,
        },
        lone: are_one(files),
        whose: whose(files, options),
        joined: Joined::new(),
        names: Vec::new(),
        told: Vec::new(),
    };
    for file in files {
        reader.file(file);
    }
    reader.finish()
}

/// Where rows go, until somebody stops.
struct Out<'r> {
    rows: &'r mut dyn FnMut(Row) -> bool,
    stopped: bool,
}

impl Out<'_> {
    fn row(&mut self, row: Row) {
        if !self.stopped {
            self.stopped = !(self.rows)(row);
        }
    }

    fn refuse(&mut self, file: &str, refused: Refused) {
        let file = file.to_owned();
        self.row(Row::Refused { file, refused });
    }

    fn piece(&mut self, file: &str, also: Vec<String>, read: Result<Piece, Refused>) {
        match read {
            Err(refused) => self.refuse(file, refused),
            Ok(piece) => {
                // A whole report has its time; it would not have been taken without.
                let needs_time = piece.raw.is_none() && piece.document.needs_time();
                let own = piece.raw.is_some();
                let open_view = piece.raw.is_none() && piece.document.leaves_view_open();
                let document = piece.raw.unwrap_or_else(|| piece.document.to_json());
                self.row(Row::Reading {
                    file: file.to_owned(),
                    also,
                    place: piece.place,
                    document,
                    client: piece.document.client,
                    notes: piece.notes,
                    needs_time,
                    time_from: piece.document.time_from,
                    own,
                    open_view,
                    record: None,
                });
            }
        }
    }
}

struct Reader<'o, 'r> {
    options: &'o Options,
    out: Out<'r>,
    /// There is one file only.
    lone: bool,
    whose: Whose,
    joined: Joined,
    /// Of the files that ended in `joined`.
    names: Vec<String>,
    told: Vec<Result<Told, (String, Unreadable)>>,
}

impl Reader<'_, '_> {
    fn file(&mut self, file: &File<'_>) {
        let before = self.told.len();
        let notes = for_each_file(file, &mut |name, bytes| {
            if self.out.stopped {
                return;
            }
            match bytes {
                Ok(bytes) => self.bytes(name, bytes),
                Err(refused) => {
                    let why = Unreadable(sentence::whole(&refused.detail));
                    self.told.push(Err((name.to_owned(), why)));
                    self.out.refuse(file.name, refused);
                }
            }
        });
        match notes {
            Err(unreadable) => self.unreadable(file.name, unreadable, file.bytes),
            Ok(notes) if notes.is_empty() => {}
            Ok(mut notes) => {
                let mut within = self.told.iter_mut().skip(before).flatten();
                if let Some(first) = within.next() {
                    first.notes.append(&mut notes);
                } else if !self.out.stopped {
                    notes.insert(0, "No file in this archive could be read.".to_owned());
                    self.unreadable(file.name, Unreadable(notes.join(" ")), file.bytes);
                }
            }
        }
    }

    fn bytes(&mut self, name: &str, bytes: &[u8]) {
        let opened = match open(name, bytes, self.options) {
            Ok(opened) => opened,
            Err(unreadable) => return self.unreadable(name, unreadable, bytes),
        };
        let told = Told {
            name: name.to_owned(),
            format: opened.format,
            encoding: opened.encoding.to_owned(),
            notes: opened.notes,
            asked: None,
            answered: None,
            mapping: None,
            query: None,
        };
        let read = match opened.content {
            Content::Records(records) => self.records(name, &records).map(|()| told),
            Content::Text(text) => self.text(told, &text),
        };
        match read {
            Ok(told) => self.told.push(Ok(told)),
            Err(unreadable) => self.unreadable(name, unreadable, bytes),
        }
    }

    fn unreadable(&mut self, name: &str, unreadable: Unreadable, bytes: &[u8]) {
        let head = bytes.get(..RAW_KEPT).unwrap_or(bytes);
        let refused = Refused::new(WHOLE.to_owned(), unreadable.0.as_str(), head);
        self.told.push(Err((name.to_owned(), unreadable)));
        self.out.refuse(name, refused);
    }

    /// Reports of our own, which pass as they are.
    fn records(&mut self, name: &str, body: &[u8]) -> Result<(), Unreadable> {
        let out = &mut self.out;
        let read = for_each_record(body, |record, bytes| {
            if out.stopped {
                return;
            }
            let place = match record.line {
                Some(line) => format!("line {line}"),
                None => format!("record {}", record.index + 1),
            };
            match bytes {
                Ok(bytes) => out.row(Row::Reading {
                    file: name.to_owned(),
                    also: Vec::new(),
                    place,
                    document: bytes.to_vec(),
                    client: report_v1::whom(bytes),
                    notes: Vec::new(),
                    needs_time: false,
                    time_from: None,
                    own: true,
                    open_view: false,
                    record: Some(record),
                }),
                Err(cut) => out.refuse(name, Refused::new(place, cut.error.detail, cut.bytes)),
            }
        });
        read.map(|_| ())
            .map_err(|error| Unreadable(sentence::whole(&error.to_string())))
    }

    /// A file of others.
    fn text(&mut self, mut told: Told, text: &str) -> Result<Told, Unreadable> {
        let (lone, name) = (self.lone, told.name.clone());
        if told.format.is_table() {
            told.mapping = self.mapping(text, &mut told.notes);
            if let (Some(mapping), Some(dates)) = (&mut told.mapping, self.options.dates) {
                mapping.dates = Some(dates);
            }
        }
        let vouched = self.options.read_by_64_bit;
        // The word is about the upload: what the columns mean stays as it is.
        let mapping = told.mapping.clone().map(|mapping| Mapping {
            explicit_views: mapping.explicit_views || vouched,
            ..mapping
        });
        let mapping = mapping.as_ref();
        let passes = lone && is_one_a_device(told.format, mapping);
        let is_table = told.format.is_table();
        let source = Source {
            name: bare(&name),
            text,
            device: self.options.device.as_deref(),
        };
        let key = self.options.key.as_deref();
        let own = self.options.queries.get(&name).map(String::as_str);
        let key = match (told.format, own) {
            (Format::CmPivot, Some(own)) => Some(own),
            (Format::CmPivot, None) => key_for(text, self.whose, key).map_err(Unreadable)?,
            _ => None,
        };
        if told.format == Format::CmPivot {
            told.query = pivot_guess::guess(bare(&name), text);
        }
        let Self { out, joined, .. } = self;
        let mut sink = |read: Result<Piece, Refused>| {
            if out.stopped {
                return;
            }
            let read = read.map(|mut piece| {
                if vouched && piece.raw.is_none() && piece.document.leaves_view_open() {
                    piece.document.collector.explicit_views = true;
                }
                piece
            });
            match read.and_then(about_somebody) {
                Ok(mut piece) if !passes && piece.raw.is_none() => {
                    if !lone {
                        piece.place = format!("{} of {name}", piece.place);
                    }
                    if !is_table {
                        narrow(&mut piece);
                    }
                    joined.add(piece, &mut |read| out.piece(&name, Vec::new(), read));
                }
                read => out.piece(&name, Vec::new(), read),
            }
        };
        let read = by_reader(told.format, &source, mapping, key, &mut sink);
        // Also of a file that cannot be read to its end: what it said before is there.
        self.joined.file();
        self.names.push(name);
        let overview = read?;
        told.notes.extend(overview.notes);
        told.asked = overview.asked;
        told.answered = overview.answered;
        Ok(told)
    }

    /// What the columns of a table are taken for; `None`: it has no heading, which its reader says.
    fn mapping(&self, text: &str, notes: &mut Vec<String>) -> Option<Mapping> {
        let table = Table::open(text).ok()?;
        if let Some(given) = &self.options.mapping {
            let lacks = missing(given, table.heading());
            if self.lone || lacks.is_empty() {
                return Some(given.clone());
            }
            notes.push(format!(
                "This table does not have all columns that the chosen meanings name ({} {} missing), so what its columns mean was guessed. Upload it alone to choose it.",
                lacks.join(", "),
                if lacks.len() == 1 { "is" } else { "are" }
            ));
        }
        let mut guessed = Mapping::guess(table.heading());
        // The promise is about registry values of all files, whatever their columns are called.
        let given = self.options.mapping.as_ref();
        guessed.explicit_views = given.is_some_and(|given| given.explicit_views);
        Some(guessed)
    }

    fn finish(self) -> Vec<Result<Told, (String, Unreadable)>> {
        let Self {
            mut out,
            joined,
            names,
            told,
            ..
        } = self;
        if out.stopped {
            return told;
        }
        let name = |at: usize| names.get(at).cloned().unwrap_or_default();
        joined.finish_by_file(&mut |files: &BTreeSet<usize>, read| {
            let mut files = files.iter().map(|at| name(*at));
            let first = files.next().unwrap_or_default();
            out.piece(&first, files.collect(), read);
        });
        told
    }
}
