//! The page about the API: made from the same document that programs read, so that both say the same.

use askama::Template;
use serde_json::Value;

use super::{
    Layout,
    api_document::Reader,
    recipes::{Recipe, recipes},
};

/// Words, piece by piece; the flagged ones are code.
pub type Prose = Vec<(bool, String)>;

/// Takes a text apart at its backticks.
pub(super) fn prose(text: &str) -> Prose {
    let pieces = text.split('`').enumerate();
    let pieces = pieces.filter(|(_, piece)| !piece.is_empty());
    pieces
        .map(|(at, piece)| (at % 2 == 1, piece.to_owned()))
        .collect()
}

/// A row of parameters or fields.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// What it takes or holds.
    pub kind: Kind,
    /// What it means.
    pub says: Prose,
    /// It has to be there, or always is.
    pub needed: bool,
    /// What goes without saying; empty: nothing does.
    pub usual: String,
}

/// What a value is, in words.
#[derive(Clone, Debug, Default)]
pub struct Kind {
    /// Such as `number from 1 to 1000`.
    pub words: String,
    /// The schema that it leads to; empty: none.
    pub schema: String,
    /// Words behind the link, such as `, or null`.
    pub behind: String,
}

/// A named code and what it means.
#[derive(Clone, Debug)]
pub struct Code {
    /// The code.
    pub code: String,
    /// What it means; empty: it speaks for itself.
    pub says: Prose,
}

/// One form in which an answer or a body comes.
#[derive(Clone, Debug)]
pub struct Form {
    /// Its media type.
    pub media: String,
    /// What it holds.
    pub kind: Kind,
    /// What it is, where no schema says so.
    pub says: Prose,
    /// An example; empty: none.
    pub example: String,
    /// The example was cut.
    pub cut: bool,
}

/// A status and what it means.
#[derive(Clone, Debug)]
pub struct Status {
    /// The number.
    pub code: String,
    /// What it means.
    pub says: Prose,
}

/// One call.
#[derive(Clone, Debug)]
pub struct CallRow {
    /// Its name, and where it stands on the page.
    pub id: String,
    /// In capital letters.
    pub method: String,
    /// Its path.
    pub path: String,
    /// A few words.
    pub title: String,
    /// Whole sentences; empty: none.
    pub says: Prose,
    /// Who may.
    pub who: String,
    /// What stands in the address.
    pub params: Vec<Row>,
    /// What is sent with it; empty: nothing.
    pub body_says: Prose,
    /// In which forms.
    pub bodies: Vec<Form>,
    /// The good answer.
    pub answer: Status,
    /// In which forms.
    pub forms: Vec<Form>,
    /// Every other answer.
    pub others: Vec<Status>,
    /// A command that can be tried.
    pub command: String,
}

/// Calls of one kind.
#[derive(Clone, Debug)]
pub struct Group {
    /// Where it stands on the page.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The same as a heading.
    pub title: String,
    /// What they are for.
    pub says: Prose,
    /// The calls.
    pub calls: Vec<CallRow>,
}

/// A schema.
#[derive(Clone, Debug)]
pub struct SchemaRow {
    /// Its name.
    pub name: String,
    /// What it is.
    pub says: Prose,
    /// Its fields.
    pub fields: Vec<Row>,
    /// Its codes.
    pub codes: Vec<Code>,
}

/// The page.
#[derive(Template)]
#[template(path = "api.html")]
pub struct ApiPage {
    layout: Layout,
    about: Vec<(String, Prose)>,
    groups: Vec<Group>,
    recipes: Vec<Recipe>,
    schemas: Vec<SchemaRow>,
}

impl ApiPage {
    /// Makes it from the document.
    pub fn new(layout: Layout, document: &Value) -> Self {
        let reader = Reader {
            document,
            address: &layout.address,
        };
        Self {
            about: paragraphs(document["info"]["description"].as_str().unwrap_or_default()),
            groups: reader.groups(),
            recipes: recipes(document),
            schemas: reader.schemas(),
            layout,
        }
    }
}

/// Paragraphs that begin with a few words in bold: those words, and the rest.
fn paragraphs(markdown: &str) -> Vec<(String, Prose)> {
    let blocks = markdown.split("\n\n").map(str::trim);
    blocks
        .filter(|block| !block.is_empty())
        .map(|block| {
            let bold = block.strip_prefix("**");
            match bold.and_then(|rest| rest.split_once("**")) {
                Some((head, rest)) => (head.to_owned(), prose(rest.trim())),
                None => (String::new(), prose(block)),
            }
        })
        .collect()
}
