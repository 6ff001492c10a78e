//! Tokens for programs, and what one of them sent set aside.

use askama::Template;

use super::{
    Layout,
    text::{Moment, counted, number},
    words,
};
use crate::{
    domain::time::Timestamp,
    store::{
        quarantine::PREVIEWED,
        quarantine_model::{Preview, Quarantine, Span},
        tokens::{Purpose, Token},
    },
};

/// A token, dressed.
#[derive(Clone, Debug)]
pub struct TokenRow {
    /// Public id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// What it may do.
    pub purpose: &'static str,
    /// For which sites.
    pub sites: String,
    /// From where.
    pub from: String,
    /// When it ends.
    pub expires: Option<Moment>,
    /// Whether it still holds, in a word.
    pub state: &'static str,
    /// It still holds.
    pub holds: bool,
    /// When it was last used.
    pub used: Option<Moment>,
    /// From which address that was.
    pub used_from: Option<String>,
    /// Clients whose report in force came with it.
    pub clients: String,
    /// When it was made.
    pub made: Moment,
    /// By whom.
    pub by: String,
}

impl TokenRow {
    fn new(token: &Token, clients: i64, now: Timestamp) -> Self {
        let state = if token.revoked_at.is_some() {
            "Revoked"
        } else if token.is_expired(now) {
            "Expired"
        } else {
            "In use"
        };
        let networks: Vec<String> = token.networks.iter().map(ToString::to_string).collect();
        Self {
            id: token.id.clone(),
            name: token.name.clone(),
            purpose: token.purpose.code(),
            sites: match token.sites.limit() {
                Some(codes) => codes.join(", "),
                None => "all".to_owned(),
            },
            from: if networks.is_empty() {
                "anywhere".to_owned()
            } else {
                networks.join(", ")
            },
            expires: token.expires_at.map(|at| Moment::new(at, now)),
            state,
            holds: state == "In use",
            used: token.last_used_at.map(|at| Moment::new(at, now)),
            used_from: token.last_used_from.clone(),
            clients: number(clients),
            made: Moment::new(token.created_at, now),
            by: token.created_by.clone(),
        }
    }
}

/// A quarantine, dressed.
#[derive(Clone, Debug)]
pub struct QuarantineRow {
    /// Its id.
    pub id: String,
    /// The token it is about.
    pub token: String,
    /// Which reports, in words.
    pub span: String,
    /// Why.
    pub why: String,
    /// When it was said, and by whom.
    pub made: Moment,
    /// By whom.
    pub by: String,
    /// How it stands, in a sentence.
    pub state: String,
    /// It can be lifted.
    pub in_force: bool,
}

impl QuarantineRow {
    fn new(quarantine: &Quarantine, now: Timestamp) -> Self {
        let left = (quarantine.clients - quarantine.judged).max(0);
        let state = match (&quarantine.lifted, quarantine.working) {
            (lifted, true) => format!(
                "{}: {} being judged anew, {} done.",
                if lifted.is_some() {
                    "Being lifted"
                } else {
                    "Being carried out"
                },
                counted(left, "client is", "clients are"),
                number(quarantine.judged)
            ),
            (None, false) => format!(
                "In force: {} judged anew, {} otherwise than before.",
                counted(quarantine.judged, "client was", "clients were"),
                counted(quarantine.changed, "stands", "stand")
            ),
            (Some((at, by, why)), false) => {
                format!("Lifted {} by {by}: {why}", Moment::new(*at, now).relative)
            }
        };
        Self {
            id: quarantine.id.clone(),
            token: quarantine.span.token.clone(),
            span: said(&quarantine.span, now),
            why: quarantine.why.clone(),
            made: Moment::new(quarantine.created_at, now),
            by: quarantine.created_by.clone(),
            state,
            in_force: quarantine.lifted.is_none(),
        }
    }
}

fn said(span: &Span, now: Timestamp) -> String {
    let until = Moment::new(span.until, now).absolute;
    if span.since.0 == 0 {
        format!("Everything until {until}")
    } else {
        format!("From {} to {until}", Moment::new(span.since, now).absolute)
    }
}

/// The page of all tokens.
#[derive(Debug, Template)]
#[template(path = "tokens.html", whitespace = "minimize")]
pub struct TokensPage {
    /// The frame.
    pub layout: Layout,
    /// The newest first.
    pub tokens: Vec<TokenRow>,
    /// The newest first.
    pub quarantines: Vec<QuarantineRow>,
    /// What tokens can be for: code, and in words.
    pub purposes: Vec<(&'static str, &'static str)>,
    /// The text of a token that was just made.
    pub made: Option<String>,
}

impl TokensPage {
    /// The page; `resting` says of how many clients each token sent the report in force.
    pub fn new(
        layout: Layout,
        tokens: &[Token],
        resting: &[(String, i64)],
        quarantines: &[Quarantine],
        made: Option<String>,
    ) -> Self {
        let now = layout.now;
        let clients = |token: &Token| {
            let found = resting.iter().find(|(id, _)| *id == token.id);
            found.map_or(0, |(_, n)| *n)
        };
        Self {
            tokens: tokens
                .iter()
                .map(|token| TokenRow::new(token, clients(token), now))
                .collect(),
            quarantines: quarantines
                .iter()
                .map(|quarantine| QuarantineRow::new(quarantine, now))
                .collect(),
            purposes: Purpose::ALL
                .into_iter()
                .map(|purpose| (purpose.code(), purpose_words(purpose)))
                .collect(),
            made,
            layout,
        }
    }
}

const fn purpose_words(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Ingest => "Send reports, and read nothing",
        Purpose::Read => "Read, and change nothing",
        Purpose::Population => "Replace expected lists",
        Purpose::Import => "Bring in files that its holder vouches for",
    }
}

/// What a quarantine would do, dressed.
#[derive(Clone, Debug)]
pub struct PreviewBox {
    /// In sentences.
    pub sentences: Vec<String>,
    /// How many clients would go from where to where.
    pub changes: Vec<(String, String)>,
    /// Repeated in the form that carries it out.
    pub since: String,
    /// The same.
    pub until: String,
    /// The same.
    pub why: String,
}

/// The page of one token.
#[derive(Debug, Template)]
#[template(path = "token.html", whitespace = "minimize")]
pub struct TokenPage {
    /// The frame.
    pub layout: Layout,
    /// The token.
    pub token: TokenRow,
    /// Its quarantines, newest first.
    pub quarantines: Vec<QuarantineRow>,
    /// What setting its reports aside would do, when somebody asked.
    pub preview: Option<PreviewBox>,
    /// What revoking it would do, when somebody asked.
    pub revoking: Option<String>,
}

impl TokenPage {
    /// The page.
    pub fn new(layout: Layout, token: &Token, quarantines: &[Quarantine]) -> Self {
        let now = layout.now;
        Self {
            token: TokenRow::new(token, 0, now),
            quarantines: quarantines
                .iter()
                .filter(|quarantine| quarantine.span.token == token.id)
                .map(|quarantine| QuarantineRow::new(quarantine, now))
                .collect(),
            preview: None,
            revoking: None,
            layout,
        }
    }

    /// Adds what revoking it would do; the report in force of so many clients came with it.
    pub fn ask_to_revoke(&mut self, clients: i64) {
        let resting = match clients {
            0 => String::new(),
            n => format!(
                " The report in force of {} came with it; it stays, and grows old when no other comes.",
                counted(n, "client", "clients")
            ),
        };
        self.revoking = Some(format!(
            "Whoever uses this token is refused within seconds, and it cannot be taken back: another token has to be made and handed out.{resting}"
        ));
    }

    /// Adds what setting a span aside would do.
    pub fn say_preview(&mut self, preview: &Preview, span: &Span, why: &str) {
        let otherwise: i64 = preview.changes.values().sum();
        let mut sentences = vec![format!(
            "{} about {} would be set aside, and {} otherwise.",
            counted(preview.reports, "kept report", "kept reports"),
            counted(preview.clients, "client", "clients"),
            counted(otherwise, "client would stand", "clients would stand")
        )];
        if preview.judged < preview.clients {
            sentences.push(format!(
                "This was looked at for the first {} clients only; there may be more among the others.",
                number(i64::try_from(PREVIEWED).unwrap_or(i64::MAX).min(preview.judged))
            ));
        }
        let changes = preview.changes.iter().map(|((from, to), n)| {
            let to = to.map_or_else(
                || "not known any more".to_owned(),
                |to| words::standing(to).word.to_owned(),
            );
            let from = words::standing(*from).word;
            (format!("{from} → {to}"), number(*n))
        });
        self.preview = Some(PreviewBox {
            sentences,
            changes: changes.collect(),
            since: if span.since.0 == 0 {
                String::new()
            } else {
                span.since.to_string()
            },
            until: span.until.to_string(),
            why: why.to_owned(),
        });
    }
}
