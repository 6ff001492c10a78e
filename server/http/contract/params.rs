//! Every parameter of an address: its name, what it means, what it takes. The filters stand here once.

/// A parameter.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Its name.
    pub name: &'static str,
    /// What it means.
    pub says: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// A value that can be tried; empty: none that does everywhere.
    pub example: &'static str,
}

/// What a parameter takes.
#[derive(Clone, Copy, Debug)]
pub enum Takes {
    /// One of the codes of this name, and which of them goes without saying; empty: none.
    One(&'static str, &'static str),
    /// Several of the codes of this name, with commas between.
    Several(&'static str),
    /// Words.
    Text,
    /// The name of a list that has to be there.
    NeededList,
    /// The name of a list, and which one is meant without it.
    ListOr(&'static str),
    /// Words without control characters.
    Plain,
    /// The same, and what goes without saying.
    PlainOr(&'static str),
    /// `1` or `0`; `0` goes without saying.
    Flag,
    /// A whole number from, to, and which goes without saying.
    Number(i64, i64, Option<i64>),
    /// A day, such as `2027-03-01`.
    Day,
    /// A moment with its zone.
    Moment,
    /// A UUID.
    Id,
    /// 48 hexadecimal digits.
    Entry,
}

pub(super) const fn param(
    name: &'static str,
    takes: Takes,
    example: &'static str,
    says: &'static str,
) -> Param {
    Param {
        name,
        says,
        takes,
        example,
    }
}

use Takes::{Day, Entry, Flag, Id, ListOr, NeededList, Number, One, Several, Text};

/// `site`, which the trend and the fix plan take, too.
pub const SITE: Param = param(
    "site",
    Text,
    "P01",
    "Only clients of the site with this code. `none`: clients whose site is not known.",
);
/// `os`, which the trend and the fix plan take, too.
pub const OS: Param = param(
    "os",
    Text,
    "6.1.7601-client",
    "Only clients of this OS version: a `key` of `OsVersion`, as the summary lists them.",
);

/// `standing` of those that are not cleared.
pub const BLOCKERS_STANDING: Param = param(
    "standing",
    Several("BlockerFilter"),
    "blocking,undetermined",
    "Only clients of these standings. Without it: `blocking`. With `all` among them: everybody who is not cleared.",
);

/// `standing` of anybody.
pub const STANDING: Param = param(
    "standing",
    Several("StandingFilter"),
    "blocking,undetermined",
    "Only clients of these standings. Without it, and with `all` among them: every standing.",
);

/// `role`, which the gate takes, too.
const ROLE: Param = param(
    "role",
    Text,
    "management_point",
    "Only site systems with this role.",
);
/// `owner`, which the gate takes, too.
const OWNER: Param = param(
    "owner",
    Text,
    "Finance",
    "Only clients of this owner, as an expected list gives it, to the letter.",
);

/// What a gate is asked with.
pub const GATE: [Param; 5] = [
    SITE,
    OS,
    ROLE,
    OWNER,
    param(
        "criteria",
        Text,
        "blocking:0,no_verdict:2%,regressed:0",
        "Limits in place of the usual ones, with commas between; the others stay. A number is the most that may be there, `2%` a share of the expected clients in scope, and `any` drops the criterion. Usual: `clients:1` (the least), `blocking:0`, `no_verdict:2%`, `silent:0`, `restart_pending:0`, `to_rejudge:0`, `list_age_days:30`, `stopped_feeds:0`, `unplaced:0`, `left_out_heard:0`, `future_reports:0`, `regressed:any`, `suspected_duplicates:any`, `blocking_without_exception:any`, `exceptions_expiring:any`, `suspicious:0`.",
    ),
];

/// Which clients are meant, beside their standing. Each one narrows; without any, everybody who is counted is meant.
pub const FILTERS: [Param; 18] = [
    param(
        "impact",
        One("Impact", ""),
        "orphan",
        "Only blocking clients that lose this.",
    ),
    OS,
    SITE,
    ROLE,
    param(
        "reason",
        Several("Reason"),
        "winhttp.default_without_tls12",
        "Only clients that carry this reason; of several, all of them.",
    ),
    param(
        "fix",
        One("Fix", ""),
        "set-default-secure-protocols",
        "Only clients that need this fix, whatever else they need.",
    ),
    param(
        "only_fixes",
        Several("Fix"),
        "install-kb3140245,set-default-secure-protocols,enable-schannel-tls12-client,set-dotnet-tls-values,restart-computer",
        "Only clients that need nothing beyond these fixes. Name `restart-computer` too, unless a pending restart is to count as one thing more.",
    ),
    OWNER,
    param(
        "freshness",
        One("Freshness", ""),
        "fresh",
        "Only clients of which the knowledge is so old.",
    ),
    param(
        "q",
        Text,
        "WIN7",
        "Part of a name, beginning of an FQDN, or a whole id (GUID, resource id, SMBIOS id, serial number).",
    ),
    param(
        "duplicates",
        Flag,
        "1",
        "Only clients that may be second records of a machine.",
    ),
    param(
        "left_out",
        Flag,
        "1",
        "Clients that are not counted (obsolete, decommissioned) instead of those that are.",
    ),
    param(
        "unlisted",
        Flag,
        "1",
        "Only clients that report without being on an expected list.",
    ),
    param(
        "future",
        Flag,
        "1",
        "Only clients whose last report carried a time in the future.",
    ),
    param(
        "regressed",
        Flag,
        "1",
        "Only clients that were ready in the last 30 days and are not any more, under the same rules.",
    ),
    param(
        "suspicious",
        Flag,
        "1",
        "Only clients that a report turned ready about which a suspicion is open (by itself, or among many that one sender turned), and those whose verdict a report took away.",
    ),
    param(
        "unchanged",
        Number(1, 3_650, None),
        "60",
        "Only clients that have not been ready for so many days, without any change.",
    ),
    param(
        "excepted",
        One("Excepted", ""),
        "no",
        "Only clients under an exception in force, or only those under none. An exception moves no standing.",
    ),
];

/// Which exceptions are meant.
pub const EXCEPTIONS: [Param; 10] = [
    param(
        "state",
        One("ExceptionState", ""),
        "active",
        "Only exceptions that have come so far.",
    ),
    param(
        "kind",
        One("ExceptionKind", ""),
        "grace",
        "Only exceptions of this kind.",
    ),
    param(
        "owner",
        Text,
        "Finance",
        "Only exceptions that this owner answers for, to the letter.",
    ),
    param(
        "site",
        Text,
        "P01",
        "Only exceptions of clients of the site with this code. `none`: of clients whose site is not known.",
    ),
    param(
        "soon",
        Flag,
        "1",
        "Only exceptions in force that are over within 30 days.",
    ),
    param(
        "waiting",
        Flag,
        "1",
        "Only requests that have waited longer than 7 days.",
    ),
    param(
        "lapsed_lately",
        Flag,
        "1",
        "Only exceptions that lapsed in the last 30 days.",
    ),
    param(
        "unowned",
        Flag,
        "1",
        "Only open exceptions whose owner is none of those that expected lists name.",
    ),
    CURSOR,
    LIMIT,
];

/// `cursor`
pub const CURSOR: Param = param(
    "cursor",
    Text,
    "",
    "Where to go on: `next_cursor` of the page before. It is a place in an order, so give it with the same filters and the same order; another order is refused.",
);
/// `cursor` of a list of clients
pub const LIST_CURSOR: Param = param(
    "cursor",
    Text,
    "",
    "Where to go on: `next_cursor` of the page before, or, of CSV and NDJSON, the cursor of the last row that has arrived (see `cursors`). It is a place in an order, so give it with the same filters and the same order; another order is refused. CSV has no heading then, so that it can be put behind what is there.",
);
/// `cursor` of the list of sightings
pub const SIGHTINGS_CURSOR: Param = param(
    "cursor",
    Text,
    "",
    "Where to go on: `next_cursor` of the page before.",
);
/// `limit`
pub const LIMIT: Param = param("limit", Number(1, 1_000, Some(100)), "2", "Rows of a page.");

/// What is asked of observations.
pub const OBSERVED: [Param; 2] = [
    param(
        "days",
        Number(1, 400, Some(30)),
        "30",
        "How many days to go back, today among them.",
    ),
    param(
        "box",
        One("ObservedBox", ""),
        "ready_legacy",
        "Only clients of this box. Without it: every client of which anything was seen.",
    ),
];

/// `cursor` of the feed of changes
pub const CHANGES_CURSOR: Param = param(
    "cursor",
    Text,
    "",
    "Where to go on: `next_cursor` of the answer before. Without it the answer has no changes, and the cursor of this moment.",
);

/// How a list of clients is cut, put in order, and sent.
pub const LIST: [Param; 8] = [
    param(
        "sort",
        One("Order", "name"),
        "-since",
        "The order of the list.",
    ),
    LIST_CURSOR,
    LIMIT,
    param(
        "format",
        One("ListFormat", "json"),
        "json",
        "The form, whatever `Accept` says. All but `json` give the whole list at once, without `limit`.",
    ),
    param(
        "fields",
        Several("Field"),
        "",
        "What `format=csv`, `xlsx` and `ndjson` hold, in this order. Without it: everything. Pages of JSON always have all fields.",
    ),
    param(
        "cursors",
        Flag,
        "",
        "Puts a field `cursor` at the end of each row of CSV and NDJSON. It leads on right behind that row, when a download has broken off.",
    ),
    param(
        "ids",
        One("IdKind", "resource_id"),
        "",
        "Which id `format=ids` holds.",
    ),
    param(
        "bom",
        Flag,
        "1",
        "Puts a byte-order mark before CSV, for spreadsheets that take it for another encoding otherwise.",
    ),
];

/// Parameters of lists that only pages look at; an address of a page is good for the API, too.
pub const PAGES_ONLY: [&str; 2] = ["columns", "before"];

/// How a trend is asked for.
pub const TREND: [Param; 7] = [
    param(
        "days",
        Number(2, 3_650, Some(90)),
        "30",
        "How many days to go back, today among them.",
    ),
    SITE,
    OS,
    param(
        "reason",
        One("Reason", ""),
        "winhttp.default_without_tls12",
        "Only clients that carry this reason. Then there are only two standings, and no forecast.",
    ),
    param(
        "standing",
        One("Standing", ""),
        "blocking",
        "The line that the page draws; the answer has every standing, whatever this says.",
    ),
    param(
        "by",
        Day,
        "2030-03-01",
        "A day on which all should be ready; `needed_a_week` of the forecast is the pace that this takes.",
    ),
    param(
        "format",
        One("TrendFormat", "json"),
        "json",
        "The form, whatever `Accept` says.",
    ),
];

/// `id` in the path of a client.
pub const CLIENT: Param = param("id", Id, "", "Our id of the client.");
/// `entry` in the path of a report.
pub const ENTRY: Param = param("entry", Entry, "", "`entry` of the client's history.");
/// `older`
pub const OLDER: Param = param(
    "older",
    Entry,
    "",
    "Where the history goes on: `history_older` of the page before.",
);

/// `id` in the path of a scope.
pub const SCOPE: Param = param("id", Id, "", "Our id of the scope.");
/// `number` in the path of a decision.
pub const DECISION: Param = param(
    "number",
    Number(1, 9_007_199_254_740_991, None),
    "1",
    "Number of the decision.",
);

/// `list`
pub const LIST_NAME: Param = param(
    "list",
    ListOr("default"),
    "default",
    "Name of the list, at most 64 letters. Case and blanks around it do not count.",
);
/// `list`, where it has to be said.
pub const LIST_NAME_NEEDED: Param = param("list", NeededList, "default", "Name of the list.");
/// `confirm`
pub const CONFIRM: Param = param(
    "confirm",
    Flag,
    "1",
    "Do it although clients are counted no more. Without it such a change is refused with 409 and a sentence that says how many.",
);

/// `confirm_shrink`
pub const CONFIRM_SHRINK: Param = param(
    "confirm_shrink",
    Number(0, 9_007_199_254_740_991, None),
    "",
    "Do it although more than a twentieth of the clients, of all or of one site, go, or blockers are counted at another site: so many, exactly. The refusal (409) says how many. Together with `why`.",
);
/// `why`
pub const WHY: Param = param(
    "why",
    Text,
    "",
    "Why, in 3 to 500 characters, for the audit log. Needed where `confirm_shrink` is.",
);

/// How the audit log is narrowed.
pub const AUDIT: [Param; 5] = [
    param(
        "who",
        Text,
        "admin",
        "Only what somebody did whose name holds this: an account, a token, `command line`, or `server`.",
    ),
    param(
        "deed",
        Text,
        "list",
        "Only what was done under this code, such as `token.create`, or under any that begins so: `token`.",
    ),
    param(
        "subject",
        Text,
        "default",
        "Only what was done to something whose name holds this.",
    ),
    param("from", Day, "2026-11-01", "Only from this day on, in UTC."),
    param(
        "to",
        Day,
        "2026-11-30",
        "Only up to this day, which counts, in UTC.",
    ),
];
/// `cursor` of the audit log
pub const AUDIT_CURSOR: Param = param(
    "cursor",
    Text,
    "",
    "Where to go on: `next_cursor` of the page before.",
);

pub use super::params_suspicions::SUSPICIONS;
pub use super::params_uploads::{BY_ITSELF, FILES, LACKS, ROWS, UPLOAD, UPLOAD_WAY, WAIT};

/// The names of every parameter of a list, the filters first.
pub fn names_of_lists() -> Vec<&'static str> {
    let known = [STANDING].into_iter().chain(FILTERS).chain(LIST);
    known.map(|param| param.name).chain(PAGES_ONLY).collect()
}
