//! A call of the API: what is asked, who may ask, what is answered. The table of all calls is made of these.

use utoipa::{
    ToSchema,
    openapi::{RefOr, schema::Schema},
};

use super::{super::media, params::Param};

/// Where a reader looks for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// Numbers and lists.
    Reading,
    /// Reports.
    Reports,
    /// Files of any format.
    Uploads,
    /// Expected lists.
    Lists,
    /// For machines that watch machines.
    Health,
    /// This document.
    Contract,
}

impl Tag {
    /// All, in the order of the document.
    pub const ALL: [Self; 6] = [
        Self::Reading,
        Self::Reports,
        Self::Uploads,
        Self::Lists,
        Self::Health,
        Self::Contract,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Reports => "reports",
            Self::Uploads => "uploads",
            Self::Lists => "expected lists",
            Self::Health => "health",
            Self::Contract => "contract",
        }
    }

    /// What its calls are for.
    pub const fn says(self) -> &'static str {
        match self {
            Self::Reading => {
                "Who is ready, who is not, why, and what mends it. Every number is the length of the list with the same filter."
            }
            Self::Reports => {
                "What a collector read on a client. The answer comes after the reports are durable, and sending one twice is harmless."
            }
            Self::Uploads => {
                "Files of any format that is understood: read in the background, shown row by row, and stored when somebody says so."
            }
            Self::Lists => {
                "Who is expected. Without such a list nobody knows who is silent, and silence is not success."
            }
            Self::Health => "For machines that watch machines.",
            Self::Contract => "What this document says, for programs.",
        }
    }
}

/// Who may make a call, beside a person who has signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Everybody, without a token.
    Anyone,
    /// A token for `read`.
    Read,
    /// A token for `ingest` or for `import`.
    Ingest,
    /// A token for `population`.
    Population,
    /// A token for `import`.
    Import,
    /// No token.
    PeopleOnly,
}

impl Who {
    /// The names of the security schemes, any of which is enough.
    pub const fn schemes(self) -> &'static [&'static str] {
        match self {
            Self::Anyone => &[],
            Self::Read => &["readToken", "session"],
            Self::Ingest => &["ingestToken", "importToken", "session"],
            Self::Population => &["populationToken", "session"],
            Self::Import => &["importToken", "session"],
            Self::PeopleOnly => &["session"],
        }
    }
}

/// A schema that answers are held against.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Its name.
    pub name: fn() -> std::borrow::Cow<'static, str>,
    /// Adds it, and whatever it is made of.
    pub collect: fn(&mut Vec<(String, RefOr<Schema>)>),
}

impl Shape {
    /// The shape of a type.
    pub const fn of<T: ToSchema>() -> Self {
        Self {
            name: T::name,
            collect: |all| {
                all.push((T::name().into_owned(), T::schema()));
                T::schemas(all);
            },
        }
    }
}

/// What an answer or a body is, in one media type.
#[derive(Clone, Copy, Debug)]
pub enum Content {
    /// JSON of a shape.
    Json(Shape),
    /// JSON of a schema that has this name.
    Named(&'static str, &'static str),
    /// Any text of a media type, and what it is.
    Text(&'static str, &'static str),
    /// Bytes of a media type, and what they are.
    Bytes(&'static str, &'static str),
}

impl Content {
    /// Its media type.
    pub const fn media(&self) -> &'static str {
        match self {
            Self::Json(_) => media::JSON,
            Self::Named(media, _) | Self::Text(media, _) | Self::Bytes(media, _) => media,
        }
    }
}

/// What is sent with a call.
#[derive(Clone, Debug)]
pub struct Body {
    /// What it is.
    pub says: &'static str,
    /// In which media types.
    pub contents: Vec<Content>,
}

/// A call.
#[derive(Clone, Debug)]
pub struct Call {
    /// Method, in small letters as the document has it.
    pub method: &'static str,
    /// Path, from the root.
    pub path: &'static str,
    /// Stable name, for those who make programs from the document.
    pub id: &'static str,
    /// Where to look for it.
    pub tag: Tag,
    /// A few words.
    pub title: &'static str,
    /// Whole sentences.
    pub says: &'static str,
    /// Who may.
    pub who: Who,
    /// Names in the path.
    pub path_params: Vec<Param>,
    /// Parameters of the address.
    pub params: Vec<Param>,
    /// What is sent.
    pub body: Option<Body>,
    /// Status and meaning of the good answer.
    pub answer: (u16, &'static str),
    /// In which media types it comes.
    pub contents: Vec<Content>,
    /// Header of the good answer and its meaning.
    pub header: Option<(&'static str, &'static str)>,
    /// It has an `ETag`, and 304 is an answer.
    pub polled: bool,
    /// It can be asked for in a media type.
    pub negotiates: bool,
    /// Further statuses that it answers, with their meaning.
    pub errors: Vec<(u16, &'static str)>,
}

impl Call {
    /// A call that reads.
    pub(super) fn get(path: &'static str, id: &'static str, title: &'static str) -> Self {
        Self {
            method: "get",
            path,
            id,
            tag: Tag::Reading,
            title,
            says: "",
            who: Who::Read,
            path_params: Vec::new(),
            params: Vec::new(),
            body: None,
            answer: (200, "What was asked for."),
            contents: Vec::new(),
            header: None,
            polled: false,
            negotiates: true,
            errors: Vec::new(),
        }
    }

    /// A call that changes something.
    pub(super) fn change(
        method: &'static str,
        path: &'static str,
        id: &'static str,
        title: &'static str,
    ) -> Self {
        Self {
            method,
            negotiates: false,
            ..Self::get(path, id, title)
        }
    }

    /// Says more of it.
    pub(super) fn says(self, says: &'static str) -> Self {
        Self { says, ..self }
    }

    /// Where to look for it, and who may.
    pub(super) fn of(self, tag: Tag, who: Who) -> Self {
        Self { tag, who, ..self }
    }

    /// A name in its path.
    pub(super) fn named(mut self, param: Param) -> Self {
        self.path_params.push(param);
        self.error(404, "There is no such thing, or it is not yours to see.")
    }

    /// Parameters of its address.
    pub(super) fn takes(mut self, params: impl IntoIterator<Item = Param>) -> Self {
        self.params.extend(params);
        self
    }

    /// What is sent with it.
    pub(super) fn body(self, says: &'static str, contents: Vec<Content>) -> Self {
        let body = Some(Body { says, contents });
        Self { body, ..self }
    }

    /// The good answer.
    pub(super) fn answers(self, status: u16, says: &'static str, contents: Vec<Content>) -> Self {
        Self {
            answer: (status, says),
            contents,
            ..self
        }
    }

    /// The good answer is JSON of this type.
    pub(super) fn json<T: ToSchema>(self, status: u16, says: &'static str) -> Self {
        self.answers(status, says, vec![Content::Json(Shape::of::<T>())])
    }

    /// A header of the good answer.
    pub(super) fn header(self, name: &'static str, says: &'static str) -> Self {
        let header = Some((name, says));
        Self { header, ..self }
    }

    /// It has an `ETag`.
    pub(super) fn polled(self) -> Self {
        Self {
            polled: true,
            ..self
        }
    }

    /// It has one media type, whatever is asked for.
    pub(super) fn plain(self) -> Self {
        Self {
            negotiates: false,
            ..self
        }
    }

    /// A status that it answers beside those that all calls of its kind do.
    pub(super) fn error(mut self, status: u16, says: &'static str) -> Self {
        self.errors.retain(|(known, _)| *known != status);
        self.errors.push((status, says));
        self
    }
}
