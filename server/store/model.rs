//! What the store hands out: plain structs that pages and the API dress, with no database in them.

use std::collections::BTreeMap;

pub use super::filter::{Excepted, Filter, Freshness, Order};
use super::incoming::Said;
use crate::domain::{
    access::Sites,
    exceptions::Kind,
    identity::ClientIds,
    lists::ListOrigin,
    plan::Signature,
    time::Timestamp,
    verdict::{Impact, Standing},
};

/// How a client stands to the expected lists, all of them together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// At least one list expects it.
    Expected,
    /// Reported without being on a list (or there is no list).
    Unlisted,
    /// Every list that names it marks it obsolete or decommissioned; left out of the population.
    Obsolete,
    /// The same, and one of them says decommissioned.
    Decommissioned,
    /// Marked obsolete or decommissioned, yet reported since: counted again.
    Returned,
}

impl Listing {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Expected => "expected",
            Self::Unlisted => "unlisted",
            Self::Obsolete => "obsolete",
            Self::Decommissioned => "decommissioned",
            Self::Returned => "returned",
        }
    }

    /// The listing a code names.
    pub fn from_code(code: &str) -> Option<Self> {
        [
            Self::Expected,
            Self::Unlisted,
            Self::Obsolete,
            Self::Decommissioned,
            Self::Returned,
        ]
        .into_iter()
        .find(|known| known.code() == code)
    }

    /// Whether such a client is counted in the population.
    pub const fn is_counted(self) -> bool {
        !matches!(self, Self::Obsolete | Self::Decommissioned)
    }
}

/// One line of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientRow {
    /// Our id: 32 hexadecimal digits in UUID form; stable for ever.
    pub id: String,
    /// Every id it is known by.
    pub ids: ClientIds,
    /// Name to show.
    pub name: String,
    /// What it is put in order by: the name in lower case.
    pub sort_key: String,
    /// OS key; `unknown` for a silent client whose list row named no OS.
    pub os_key: String,
    /// Standing now, time included.
    pub standing: Standing,
    /// What the last report was judged as, whatever time has passed; `None`: never reported.
    pub verdict: Option<Standing>,
    /// Impact of that verdict when it was blocking.
    pub impact: Option<Impact>,
    /// Reason code of the check that decided that verdict.
    pub deciding: Option<String>,
    /// Bits of every failed or unknown check's reason, see [`crate::domain::assess`].
    pub reasons: i64,
    /// Number of warnings in that verdict.
    pub warnings: i64,
    /// When the facts were read that the verdict rests on: of several sources the oldest one.
    pub collected_at: Option<Timestamp>,
    /// When the last report came in.
    pub received_at: Option<Timestamp>,
    /// Since when the verdict has been what it is.
    pub since: Option<Timestamp>,
    /// Ruleset of the verdict.
    pub ruleset: Option<String>,
    /// How it stands to the expected list.
    pub listing: Listing,
    /// Owner from the list.
    pub owner: Option<String>,
    /// Roles, comma separated in the database; empty for a plain client.
    pub roles: Vec<String>,
    /// Last contact in ConfigMgr as the list gave it.
    pub last_contact: Option<String>,
    /// Suspected to be a second record of a machine that is also counted under another id.
    pub duplicate: bool,
    /// The last report said it was collected more than five minutes after it came in.
    pub future: bool,
    /// The exception in force.
    pub exception: Option<InForce>,
    /// What its verdict rests on.
    pub rests_on: RestsOn,
}

/// What a client's verdict rests on, for whoever holds on to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RestsOn {
    /// Hash of the facts; `None`: it never reported, or nobody asked.
    pub facts: Option<Vec<u8>>,
    /// Since when reports say that it is ready, and none in between that it is not.
    pub well_since: Option<Timestamp>,
}

/// An exception that is in force for a client. The client stands as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    /// Our id of it.
    pub id: String,
    /// What kind of an answer it is.
    pub kind: Kind,
    /// When it ends.
    pub until: Timestamp,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListPage {
    /// The rows, in the order that was asked for.
    pub items: Vec<ClientRow>,
    /// Where the next page starts; `None`: this was the last.
    pub next_cursor: Option<String>,
    /// How many rows the whole list has; exact.
    pub total: i64,
}

/// What every answer says about what it covers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Population {
    /// The sites that whoever asked may see; the numbers count these alone.
    pub within: Sites,
    /// Everything counted: expected ones, and those that reported without being on the list.
    pub total: i64,
    /// Expected by at least one list.
    pub expected: i64,
    /// Reported without being on the list, or returned after being marked obsolete.
    pub unlisted: i64,
    /// Ever reported.
    pub reported: i64,
    /// Last report within the freshness limit.
    pub fresh: i64,
    /// Marked obsolete or decommissioned by every list that names them; not counted.
    pub left_out: i64,
    /// Counted clients that are suspected second records of a machine.
    pub suspected_duplicates: i64,
    /// Clients whose last report carried a time in the future.
    pub future_reports: i64,
    /// Count of each standing; all seven are there.
    pub standings: BTreeMap<Standing, i64>,
    /// Of those left out, the ones marked decommissioned; the others are obsolete.
    pub decommissioned: i64,
    /// The lists in force by name; none: nobody knows who is missing.
    pub lists: Vec<ListInfo>,
}

impl Population {
    /// The list that was uploaded last.
    pub fn newest_list(&self) -> Option<&ListInfo> {
        self.lists.iter().max_by_key(|list| list.id)
    }
}

/// An expected list in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListInfo {
    /// Number of the upload; a later one has a higher.
    pub id: i64,
    /// What it is called.
    pub name: String,
    /// What it was made from.
    pub kind: ListOrigin,
    /// When it was uploaded.
    pub uploaded_at: Timestamp,
    /// By whom: a user or token name.
    pub uploaded_by: String,
    /// Rows in it, left-out ones included.
    pub rows: i64,
    /// Rows in it that it marks obsolete or decommissioned.
    pub left_out: i64,
}

/// One line of the table by OS version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OsLine {
    /// OS key.
    pub os_key: String,
    /// Counted clients.
    pub total: i64,
    /// Count of each standing that occurs.
    pub standings: BTreeMap<Standing, i64>,
    /// What most clients of this OS fail for.
    pub top_reason: Option<super::tops::TopReason>,
}

impl OsLine {
    /// Count of one standing.
    pub fn of(&self, standing: Standing) -> i64 {
        self.standings.get(&standing).copied().unwrap_or(0)
    }

    /// Silent, stale, undetermined and conflicting.
    pub fn no_verdict(&self) -> i64 {
        self.standings
            .iter()
            .filter(|(standing, _)| standing.is_no_verdict())
            .map(|(_, n)| n)
            .sum()
    }
}

/// One line of "why blocked". A client may stand in several lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReasonLine {
    /// Reason code.
    pub reason: String,
    /// Blocking clients that carry it.
    pub blocking: i64,
    /// Clients that cannot be judged and carry it.
    pub undetermined: i64,
}

/// The first screen, and `GET /api/v1/summary`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// When this was true.
    pub as_of: Timestamp,
    /// The denominator and the standings.
    pub population: Population,
    /// Blocking clients by impact.
    pub impacts: BTreeMap<Impact, i64>,
    /// By OS version, most blocking plus no verdict first.
    pub by_os: Vec<OsLine>,
    /// By site: code (empty: unknown) and count of each standing.
    pub by_site: Vec<(String, BTreeMap<Standing, i64>)>,
    /// Why blocked, most frequent first.
    pub reasons: Vec<ReasonLine>,
    /// Reports not yet judged again by the current ruleset.
    pub to_rejudge: i64,
    /// Of those counted, the clients under an exception in force, by standing. They stand where they stood.
    pub excepted: BTreeMap<Standing, i64>,
    /// How many of these are judged anew because reports about them were set aside, or are not any more.
    pub anew: i64,
}

/// What clients need, by OS version and reasons.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signatures {
    /// Blocking clients.
    pub blocking: Vec<Signature>,
    /// Clients that cannot be judged although they reported.
    pub undetermined: Vec<Signature>,
}

/// One entry of a client's history: a report that changed something, or one that came late.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRow {
    /// Names this entry among those of the client, in addresses.
    pub entry: String,
    /// The earlier of when the facts were read and when they came in: orders entries.
    pub seen_at: Timestamp,
    /// When the facts were read.
    pub collected_at: Timestamp,
    /// When the report came in.
    pub received_at: Timestamp,
    /// The report's id, if the sender gave one.
    pub report_id: Option<String>,
    /// Verdict at that time.
    pub verdict: Standing,
    /// Its impact.
    pub impact: Option<Impact>,
    /// Its reason bits.
    pub reasons: i64,
    /// Ruleset of that verdict.
    pub ruleset: String,
    /// It came after a newer report and changed nothing.
    pub late: bool,
    /// It is set aside with others that its token sent, and counts no more.
    pub aside: bool,
    /// Name of the token or user that sent it.
    pub sent_by: String,
    /// By which way: see [`super::incoming::Way`].
    pub way: String,
    /// The report as it came.
    pub raw: Vec<u8>,
}

/// What a client's whole history says, beside the entries themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// How many entries there are.
    pub entries: i64,
    /// The first report of all.
    pub first_seen: Option<Timestamp>,
    /// The first report that was judged blocking.
    pub first_blocking: Option<Timestamp>,
    /// The last entry that was judged ready.
    pub ready_from: Option<Timestamp>,
    /// The entry that ended that; `None`: none did.
    pub ready_until: Option<Timestamp>,
}

/// What one expected list says of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedAs {
    /// Name of the list.
    pub list: String,
    /// What the list was made from.
    pub kind: ListOrigin,
    /// Expected, obsolete or decommissioned.
    pub listing: Listing,
    /// Owner, if it names one.
    pub owner: Option<String>,
    /// Last contact, as it gives it.
    pub last_contact: Option<String>,
    /// When the upload that names the client came in.
    pub uploaded_at: Timestamp,
    /// By whom.
    pub uploaded_by: String,
}

/// Another record that may be the same machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspect {
    /// The other record.
    pub row: ClientRow,
    /// What they share: `smbios`, `name`, `fqdn`, `serial`.
    pub shares: Vec<String>,
    /// Since when this is suspected.
    pub since: Timestamp,
}

/// Everything about one client, apart from its checks (those are judged from `raw`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientDetail {
    /// The list line.
    pub row: ClientRow,
    /// When what the verdict rests on becomes too old; `None`: never reported.
    pub stale_at: Option<Timestamp>,
    /// The newest report, as it came (JSON bytes); `None`: never reported.
    pub raw: Option<Vec<u8>>,
    /// Every source that still has something to say, newest first, where there are several; else empty.
    pub sources: Vec<SourceRow>,
    /// One page of the history, newest first.
    pub history: Vec<HistoryRow>,
    /// What came before that page, newest first: to compare with, not to show.
    pub before: Vec<HistoryRow>,
    /// Where the next page of the history starts; `None`: this was the last.
    pub older: Option<String>,
    /// What the whole history says.
    pub memory: Memory,
    /// Which expected lists name it, and as what.
    pub lists: Vec<ListedAs>,
    /// Suspected duplicates; no more than [`super::dossier::SUSPECTS_SHOWN`].
    pub suspects: Vec<Suspect>,
    /// How many more there are.
    pub more_suspects: i64,
    /// Records that somebody said are other machines.
    pub settled: Vec<super::twins::Settled>,
    /// The FQDN that it got because it was the only one of its name.
    pub by_name: Option<String>,
    /// Names and FQDNs that it had besides those of the list line.
    pub former: super::called::Former,
}

/// One of several sources about a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRow {
    /// What it said, and when.
    pub said: Said,
    /// When the facts were read.
    pub collected_at: Timestamp,
    /// When they came in: the newest source's last time, others' first.
    pub received_at: Timestamp,
    /// Name of the token or user that sent it.
    pub sent_by: String,
    /// By which way: see [`super::incoming::Way`].
    pub way: String,
}

/// A record that was refused, kept for inspection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectRow {
    /// Our id of the refusal.
    pub id: String,
    /// When.
    pub received_at: Timestamp,
    /// Sender: name of the token or user.
    pub sent_by: String,
    /// Place in the request, from 0.
    pub index: i64,
    /// One sentence per problem: JSON pointer and detail.
    pub errors: Vec<(String, String)>,
    /// The first part of what came, made printable.
    pub excerpt: String,
    /// Length of the whole record in bytes.
    pub length: i64,
}
