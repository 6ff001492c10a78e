//! What the audit log says of a change: who did what to what, from where, and why; and how its entries hang together.

use std::{collections::HashSet, net::IpAddr};

use sha2::{Digest as _, Sha256};

use super::time::Timestamp;

/// Longest text of an entry, in characters; what is longer is cut, and ends in "…".
const LONGEST: usize = 2_000;

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// An account, or a name that somebody tried to sign in with.
    Person(String),
    /// A token, by its id and name.
    Token {
        /// Public id.
        id: String,
        /// What it is called.
        name: String,
    },
    /// A command of this program, run on the database itself.
    CommandLine,
    /// The server by itself.
    Server,
}

impl Actor {
    /// The stable code of what kind it is.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Person(_) => "person",
            Self::Token { .. } => "token",
            Self::CommandLine => "command",
            Self::Server => "server",
        }
    }

    /// What it is called.
    pub fn name(&self) -> String {
        match self {
            Self::Person(name) => name.clone(),
            Self::Token { id, name } => format!("{name} ({id})"),
            Self::CommandLine => "command line".to_owned(),
            Self::Server => "server".to_owned(),
        }
    }
}

/// Who does something, and from which address; made by whoever lets them in, and handed down to what changes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// Who.
    pub by: Actor,
    /// From which address, where they came over the network.
    pub from: Option<IpAddr>,
}

impl Author {
    /// Who came over the network.
    pub const fn new(by: Actor, from: Option<IpAddr>) -> Self {
        Self { by, from }
    }

    /// A command of this program, run on the database itself.
    pub const fn command() -> Self {
        Self::new(Actor::CommandLine, None)
    }

    /// The server by itself.
    pub const fn server() -> Self {
        Self::new(Actor::Server, None)
    }

    /// What they did, as an entry.
    pub fn entry(self, at: Timestamp, deed: &'static str, subject: impl Into<String>) -> Entry {
        Entry::new(at, self.by, deed, subject).from(self.from)
    }

    /// The same, with the reason that was given.
    pub const fn because(self, why: Option<String>) -> Because {
        Because { author: self, why }
    }
}

/// Who does something, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Because {
    /// Who.
    pub author: Author,
    /// Why, in their words; missing where nobody had to say.
    pub why: Option<String>,
}

impl From<Author> for Because {
    fn from(author: Author) -> Self {
        author.because(None)
    }
}

impl Because {
    /// What they did, as an entry.
    pub fn entry(self, at: Timestamp, deed: &'static str, subject: impl Into<String>) -> Entry {
        self.author.entry(at, deed, subject).why(self.why)
    }
}

/// Fewest and most characters of a reason.
pub const REASON: (usize, usize) = (3, 500);

/// A reason as it is kept: without blanks around it.
///
/// # Errors
/// It is too short or too long; the message says so in one sentence.
pub fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    let (least, most) = REASON;
    if (least..=most).contains(&text.chars().count()) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "say why, in {least} to {most} characters; it is kept in the audit log"
    ))
}

/// What a reason is that speaks against advice, in words: on forms and in refusals. See [`argument`].
pub const ARGUMENT: &str = "a sentence of at least 20 characters and 3 different words";

/// Whether a letter is of a script that puts no blanks between words (Thai and its neighbours, Chinese, Japanese); of these each
/// counts as a word.
fn is_without_blanks(sign: char) -> bool {
    sign.is_alphabetic()
        && matches!(sign, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
            | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Whether a reason is an argument: somebody does what something speaks against, and others have to understand later why.
///
/// # Errors
/// It is no sentence; the message says so in one.
pub fn argument(text: &str) -> Result<(), String> {
    let words = text.split(|sign: char| !sign.is_alphanumeric());
    let words = words.filter(|word| word.chars().filter(|sign| sign.is_alphabetic()).count() > 1);
    let mut different: HashSet<String> = words.map(str::to_lowercase).collect();
    different.extend(
        text.chars()
            .filter(|sign| is_without_blanks(*sign))
            .map(String::from),
    );
    if text.trim().chars().count() >= 20 && different.len() >= 3 {
        return Ok(());
    }
    Err(format!(
        "say why in {ARGUMENT}, because something speaks against this"
    ))
}

/// One entry, before it is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Actor,
    /// From which address, where it came over the network.
    pub from: Option<IpAddr>,
    /// What was done: a stable code such as `token.create`.
    pub deed: &'static str,
    /// To what: a name, an id.
    pub subject: String,
    /// What it was before.
    pub old: Option<String>,
    /// What it is now.
    pub new: Option<String>,
    /// Why, in the words of whoever did it.
    pub why: Option<String>,
}

impl Entry {
    /// An entry without the parts that not every deed has.
    pub fn new(at: Timestamp, by: Actor, deed: &'static str, subject: impl Into<String>) -> Self {
        Self {
            at,
            by,
            from: None,
            deed,
            subject: subject.into(),
            old: None,
            new: None,
            why: None,
        }
    }

    /// The same, with the address it came from.
    #[must_use]
    pub fn from(mut self, from: Option<IpAddr>) -> Self {
        self.from = from;
        self
    }

    /// The same, with what it was and what it is.
    #[must_use]
    pub fn change(mut self, old: Option<String>, new: Option<String>) -> Self {
        self.old = old;
        self.new = new;
        self
    }

    /// The same, with the reason that was given.
    #[must_use]
    pub fn why(mut self, why: Option<String>) -> Self {
        self.why = why;
        self
    }

    /// What is written down of it.
    pub fn written(&self) -> Written {
        let cut = |text: &str| {
            // No database keeps a NUL in a text, and no log line should hold a control character.
            let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
            let mut short: String = plain.take(LONGEST).collect();
            if text.chars().count() > LONGEST {
                short.push('…');
            }
            short
        };
        Written {
            at: self.at.0,
            kind: self.by.kind().to_owned(),
            actor: cut(&self.by.name()),
            address: self.from.map(|from| from.to_string()).unwrap_or_default(),
            deed: self.deed.to_owned(),
            subject: cut(&self.subject),
            old: self.old.as_deref().map(cut),
            new: self.new.as_deref().map(cut),
            why: self.why.as_deref().map(cut),
        }
    }
}

/// An entry as it stands in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Milliseconds since 1970 UTC.
    pub at: i64,
    /// Kind of actor, as [`Actor::kind`] says it.
    pub kind: String,
    /// Who.
    pub actor: String,
    /// Address, or empty.
    pub address: String,
    /// What was done.
    pub deed: String,
    /// To what.
    pub subject: String,
    /// What it was.
    pub old: Option<String>,
    /// What it is.
    pub new: Option<String>,
    /// Why.
    pub why: Option<String>,
}

impl Written {
    /// The hash of this entry as number `seq`, behind the entry whose hash is `before`. Every part goes in with its length,
    /// so that no two entries have the same bytes.
    pub fn hash(&self, seq: i64, before: &[u8]) -> Vec<u8> {
        let mut hash = Sha256::new();
        let mut part = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        part(before);
        part(&seq.to_be_bytes());
        part(&self.at.to_be_bytes());
        for text in [
            &self.kind,
            &self.actor,
            &self.address,
            &self.deed,
            &self.subject,
        ] {
            part(text.as_bytes());
        }
        for text in [&self.old, &self.new, &self.why] {
            // A missing text is not an empty one.
            part(&[u8::from(text.is_some())]);
            part(text.as_deref().unwrap_or_default().as_bytes());
        }
        hash.finalize().to_vec()
    }
}
