//! Exceptions: their list, the page of one, and the forms that ask for them.

use askama::Template;

use super::{
    Layout, exceptions_words,
    form::{Choice, Flag, choices_of},
    headline::Piece,
    links::{self, NO_SITE},
    sites::further_sites,
    text::{Moment, clients, counted, number},
    words::{self, Badge},
};
use crate::{
    domain::{
        assess,
        days::date_of,
        exceptions::{Kind, LONGEST, State, TOGETHER},
        time::{DAY, Timestamp},
        verdict::Standing,
    },
    store::{
        exception_list::{Exception, ExceptionPage, Pile, Which},
        identify::ClientId,
        model::{ClientRow, ListPage},
    },
};

/// The last day on which something holds that ends then.
pub fn last_day(until: Timestamp) -> String {
    date_of(until.plus(-1).0.div_euclid(DAY))
}

/// An exception, dressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExceptionRow {
    /// Our id of it.
    pub id: String,
    /// Its page.
    pub href: String,
    /// Name of the client.
    pub client: String,
    /// The page of the client.
    pub client_href: String,
    /// Where the client stands.
    pub standing: Option<Badge>,
    /// That it is a site system, with its roles; empty: it is none.
    pub system: String,
    /// How far it has come.
    pub state: &'static str,
    /// What that means.
    pub means: &'static str,
    /// What kind it is.
    pub kind: &'static str,
    /// Why.
    pub reason: String,
    /// What is done instead.
    pub control: String,
    /// Who answers for it.
    pub owner: String,
    /// Its last day.
    pub until: String,
    /// Who asked.
    pub requested_by: String,
    /// When.
    pub requested: Moment,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When.
    pub decided: Option<Moment>,
    /// What was said to it.
    pub note: Option<String>,
    /// When it ended.
    pub ended: Option<Moment>,
    /// Who ended it.
    pub ended_by: String,
    /// Why; empty: nobody wrote it down.
    pub ended_note: String,
    /// What it was asked for.
    pub evidence: String,
    /// Whoever reads this has asked for it.
    pub own: bool,
}

impl ExceptionRow {
    /// Dresses one for `reader`.
    pub fn new(exception: &Exception, reader: &str, now: Timestamp) -> Self {
        let moment = |at: Timestamp| Moment::new(at, now);
        Self {
            id: exception.id.clone(),
            href: links::exception_url(&exception.id),
            client: exception.name.clone(),
            client_href: links::client_url(&exception.client_id),
            standing: exception.standing.map(words::standing),
            system: system(&exception.roles),
            state: words::exception_state(exception.state),
            means: words::exception_means(exception.state),
            kind: words::exception_kind(exception.kind),
            reason: exception.reason.clone(),
            control: exception.control.clone(),
            owner: exception.owner.clone(),
            until: last_day(exception.until),
            requested_by: exception.requested_by.clone(),
            requested: moment(exception.requested_at),
            decided_by: exception.decided_by.clone(),
            decided: exception.decided_at.map(moment),
            note: exception.note.clone(),
            ended: exception.ended_at.map(moment),
            ended_by: exception.ended_by.clone().unwrap_or_default(),
            ended_note: exception.ended_note.clone().unwrap_or_default(),
            evidence: evidence(exception),
            own: exception.requested_by == reader,
        }
    }
}

/// That a client is a site system: whoever answers for it answers for those who depend on it, too.
fn system(roles: &[String]) -> String {
    if roles.is_empty() {
        return String::new();
    }
    format!("Site system: {}", words::roles(roles))
}

/// What was known of the client when it was asked for.
fn evidence(exception: &Exception) -> String {
    let verdict = exception
        .verdict
        .map_or("never reported", |verdict| words::standing(verdict).word);
    let reasons: Vec<&str> = assess::reasons_in(exception.reasons)
        .map(|reason| reason.title)
        .collect();
    let os = assess::os_label(&exception.os_key);
    if reasons.is_empty() {
        format!("{verdict}, {os}")
    } else {
        format!("{verdict}, {os}: {}", reasons.join("; "))
    }
}

/// A tab of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tab {
    /// The list.
    pub href: String,
    /// What it says.
    pub label: &'static str,
    /// Whether the reader is there.
    pub current: bool,
}

/// What the filters of the list offer.
#[derive(Clone, Debug, Default)]
pub struct Offered {
    /// Owners that exceptions name.
    pub owners: Vec<String>,
    /// Sites that occur.
    pub sites: Vec<String>,
    /// How many further ones there are.
    pub further_sites: usize,
}

/// The list of exceptions.
#[derive(Debug, Template)]
#[template(path = "exceptions.html", whitespace = "minimize")]
pub struct ExceptionsPage {
    /// The frame.
    pub layout: Layout,
    /// How many.
    pub range: String,
    /// How the pile is.
    pub pile: Vec<Piece>,
    /// By state.
    pub tabs: Vec<Tab>,
    /// The state asked for, to be kept.
    pub state: &'static str,
    /// Kinds.
    pub kinds: Vec<Choice>,
    /// Owners.
    pub owners: Vec<Choice>,
    /// Sites.
    pub sites: Vec<Choice>,
    /// That there are more, where they are not all offered.
    pub further_sites: Option<String>,
    /// Yes/no filters.
    pub flags: Vec<Flag>,
    /// The rows.
    pub rows: Vec<ExceptionRow>,
    /// Whether the reader can decide on what is listed.
    pub deciding: bool,
    /// The next page.
    pub next: Option<String>,
    /// What has just been done with several at once.
    pub told: Vec<Piece>,
}

/// Address of a list of exceptions.
fn list_url(which: &Which, cursor: Option<&str>) -> String {
    let site = which.site.as_deref();
    let pairs = [
        ("state", which.state.map(State::code)),
        ("kind", which.kind.map(Kind::code)),
        ("owner", which.owner.as_deref()),
        (
            "site",
            site.map(|code| if code.is_empty() { NO_SITE } else { code }),
        ),
        ("soon", which.soon.then_some("1")),
        ("waiting", which.waiting.then_some("1")),
        ("lapsed_lately", which.lately.then_some("1")),
        ("unowned", which.unowned.then_some("1")),
        ("cursor", cursor),
    ];
    let query: Vec<String> = pairs
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", links::encode(value?))))
        .collect();
    if query.is_empty() {
        "/exceptions".to_owned()
    } else {
        format!("/exceptions?{}", query.join("&"))
    }
}

/// The yes/no filters of the list.
fn flags(which: &Which) -> Vec<Flag> {
    [
        ("soon", "In force, over within 30 days", which.soon),
        ("waiting", "Waiting longer than 7 days", which.waiting),
        ("lapsed_lately", "Lapsed in the last 30 days", which.lately),
        ("unowned", "Owner on no expected list", which.unowned),
    ]
    .map(|(name, label, chosen)| Flag {
        name,
        label,
        chosen,
    })
    .into()
}

impl ExceptionsPage {
    /// The page as `reader` sees it; of `blocking` clients altogether.
    pub fn new(
        layout: Layout,
        which: &Which,
        page: &ExceptionPage,
        (pile, blocking): (&Pile, i64),
        offered: &Offered,
        (reader, decides): (&str, bool),
    ) -> Self {
        let tab = |state: Option<State>| Tab {
            href: list_url(
                &Which {
                    state,
                    ..Which::default()
                },
                None,
            ),
            label: state.map_or("All", words::exception_state),
            current: which.state == state,
        };
        let now = layout.now;
        Self {
            range: counted(page.total, "exception", "exceptions"),
            pile: exceptions_words::pile(pile, blocking, now),
            tabs: [None]
                .into_iter()
                .chain(State::ALL.map(Some))
                .map(tab)
                .collect(),
            state: which.state.map_or("", State::code),
            kinds: Kind::ALL
                .into_iter()
                .map(|kind| Choice {
                    value: kind.code().to_owned(),
                    label: words::exception_kind(kind).to_owned(),
                    chosen: which.kind == Some(kind),
                })
                .collect(),
            owners: choices_of(&offered.owners, which.owner.as_deref(), |owner| {
                (owner.to_owned(), owner.to_owned())
            }),
            further_sites: further_sites(offered.further_sites),
            sites: choices_of(&offered.sites, which.site.as_deref(), |code| {
                let value = if code.is_empty() { NO_SITE } else { code };
                (value.to_owned(), words::site(code))
            }),
            flags: flags(which),
            rows: page
                .items
                .iter()
                .map(|exception| ExceptionRow::new(exception, reader, now))
                .collect(),
            deciding: decides
                && page
                    .items
                    .iter()
                    .any(|one| one.requested_by != reader && one.state == State::Requested)
                && page.items.iter().all(|one| one.state == State::Requested),
            next: page
                .next_cursor
                .as_deref()
                .map(|cursor| list_url(which, Some(cursor))),
            told: Vec::new(),
            layout,
        }
    }
}

/// What whoever reads a page of an exception may do.
#[derive(Clone, Copy, Debug, Default)]
pub struct May {
    /// Approve and reject it.
    pub decide: bool,
    /// Take it back.
    pub withdraw: bool,
}

/// The page of one exception.
#[derive(Debug, Template)]
#[template(path = "exception.html", whitespace = "minimize")]
pub struct OneException {
    /// The frame.
    pub layout: Layout,
    /// It.
    pub row: ExceptionRow,
    /// Whether the forms are shown.
    pub can_decide: bool,
    /// The same for taking it back.
    pub can_withdraw: bool,
    /// Why not.
    pub cannot: &'static str,
    /// Where it is approved.
    pub approve_url: String,
    /// Where it is rejected.
    pub reject_url: String,
    /// Where it is taken back.
    pub withdraw_url: String,
}

impl OneException {
    /// The page as `reader` sees it.
    pub fn new(layout: Layout, exception: &Exception, reader: &str, may: May) -> Self {
        let row = ExceptionRow::new(exception, reader, layout.now);
        let waits = exception.state == State::Requested;
        Self {
            can_decide: waits && may.decide,
            can_withdraw: exception.state.is_open() && may.withdraw,
            cannot: match (waits, may.decide, row.own) {
                (true, false, true) => "You asked for it, so somebody else has to decide.",
                (true, false, false) => "It waits for somebody who may decide.",
                _ => "",
            },
            approve_url: format!("{}/approve", row.href),
            reject_url: format!("{}/reject", row.href),
            withdraw_url: format!("{}/withdraw", row.href),
            row,
            layout,
        }
    }
}

/// What the form that asks needs to know.
#[derive(Clone, Debug)]
pub struct AskForm {
    /// Kinds.
    pub kinds: [(&'static str, &'static str); 3],
    /// Who is offered as owner.
    pub owner: String,
    /// The earliest last day.
    pub first_day: String,
    /// The latest.
    pub last_day: String,
}

impl AskForm {
    fn new(owner: Option<&str>, now: Timestamp) -> Self {
        Self {
            kinds: Kind::ALL.map(|kind| (kind.code(), words::exception_kind(kind))),
            owner: owner.unwrap_or_default().to_owned(),
            first_day: last_day(now.plus(DAY)),
            last_day: last_day(Timestamp(now.plus(LONGEST * DAY).0.div_euclid(DAY) * DAY)),
        }
    }
}

/// Exceptions on the page of a client.
#[derive(Clone, Debug)]
pub struct ClientExceptions {
    /// The latest first.
    pub rows: Vec<ExceptionRow>,
    /// Whether one can be asked for.
    pub can_ask: bool,
    /// Why not; empty: nothing to say.
    pub cannot: &'static str,
    /// Where it is asked for.
    pub ask_url: String,
    /// What the form needs.
    pub form: AskForm,
}

impl ClientExceptions {
    /// Those of a client; `may_ask`: the reader's role does.
    pub fn new(row: &ClientRow, known: &[Exception], may_ask: bool, now: Timestamp) -> Self {
        let open = known.iter().any(|exception| exception.state.is_open());
        let cannot = if row.standing == Standing::Ready {
            "It is ready, so nobody has to answer for it."
        } else if !row.listing.is_counted() {
            "The expected lists leave it out, so it is not counted."
        } else {
            ""
        };
        Self {
            rows: known
                .iter()
                .map(|exception| ExceptionRow::new(exception, "", now))
                .collect(),
            can_ask: may_ask && !open && cannot.is_empty(),
            cannot,
            ask_url: format!("{}/exceptions", links::client_url(&row.id)),
            form: AskForm::new(row.owner.as_deref(), now),
        }
    }
}

/// The form that asks for all clients of a list.
#[derive(Debug, Template)]
#[template(path = "exception_new.html", whitespace = "minimize")]
pub struct AskForAll {
    /// The frame.
    pub layout: Layout,
    /// How many.
    pub range: String,
    /// How many there is no room for.
    pub rest: Option<String>,
    /// Names, and their pages.
    pub names: Vec<(String, String)>,
    /// Their ids, with commas between.
    pub ids: String,
    /// What the form needs.
    pub form: AskForm,
}

impl AskForAll {
    /// The form for the first clients of a list.
    pub fn new(layout: Layout, page: &ListPage) -> Self {
        let here = i64::try_from(page.items.len()).unwrap_or(i64::MAX);
        let more = page.total.saturating_sub(here);
        let ids: Vec<&str> = page.items.iter().map(|row| row.id.as_str()).collect();
        Self {
            range: clients(here),
            rest: (more > 0).then(|| {
                format!(
                    "The list has {}. {} at once is the most, so {} left out here; narrow the list, or ask for the others afterwards.",
                    clients(page.total),
                    number(i64::try_from(TOGETHER).unwrap_or(i64::MAX)),
                    counted(more, "is", "are")
                )
            }),
            names: page
                .items
                .iter()
                .map(|row| (row.name.clone(), links::client_url(&row.id)))
                .collect(),
            ids: ids.join(","),
            form: AskForm::new(None, layout.now),
            layout,
        }
    }

    /// The same form again, for the same clients.
    pub fn again(layout: Layout, names: Vec<(String, ClientId)>) -> Self {
        let ids: Vec<String> = names.iter().map(|(_, id)| id.to_string()).collect();
        Self {
            range: clients(i64::try_from(names.len()).unwrap_or(i64::MAX)),
            rest: None,
            names: names
                .into_iter()
                .map(|(name, id)| (name, links::client_url(&id.to_string())))
                .collect(),
            ids: ids.join(","),
            form: AskForm::new(None, layout.now),
            layout,
        }
    }
}
