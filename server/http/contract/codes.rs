//! The codes that parameters and answers are made of, as schemas: taken from the domain, so that they cannot differ.

use std::{borrow::Cow, collections::BTreeMap};

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        extensions::ExtensionsBuilder,
        schema::{ObjectBuilder, Schema, SchemaType, Type},
    },
};

use super::super::{table, whole};
use crate::{
    domain::{
        assess, changes, evidence, exceptions, feeds, lists::ListOrigin, observed, plan, sightings,
        suspicions, verdict,
    },
    error::Problem,
    store::{id_lists, incoming, model, suspicion_list, upload_model},
    views::words,
    wire::foreign::{format, local_time},
};

/// Codes and what each means, where there are words for it.
type Codes = Vec<(&'static str, &'static str)>;

fn text_of(says: &str, codes: &Codes) -> RefOr<Schema> {
    let mut object = ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::String))
        .description(Some(says))
        .enum_values(Some(codes.iter().map(|(code, _)| *code)));
    let words: serde_json::Map<String, Value> = codes
        .iter()
        .filter(|(_, words)| !words.is_empty())
        .map(|(code, words)| ((*code).to_owned(), json!(words)))
        .collect();
    if !words.is_empty() {
        let words = ExtensionsBuilder::new()
            .add("x-enumDescriptions", Value::Object(words))
            .build();
        object = object.extensions(Some(words));
    }
    object.into()
}

macro_rules! codes {
    ($($(#[doc = $says:literal])+ $name:ident: $codes:expr;)*) => {
        $(
            $(#[doc = $says])+
            #[derive(Debug)]
            pub struct $name;

            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    let says = [$($says.trim()),+].join(" ");
                    text_of(&says, &$codes)
                }
            }

            impl ToSchema for $name {
                fn name() -> Cow<'static, str> {
                    stringify!($name).into()
                }
            }
        )*

        /// The schemas of all codes, by name.
        pub fn all() -> Vec<(String, RefOr<Schema>)> {
            vec![$((stringify!($name).to_owned(), $name::schema())),*]
        }
    };
}

/// Codes that speak for themselves.
fn bare(codes: impl IntoIterator<Item = &'static str>) -> Codes {
    codes.into_iter().map(|code| (code, "")).collect()
}

fn standing_meaning(standing: verdict::Standing) -> &'static str {
    use verdict::Standing;
    match standing {
        Standing::Blocking => "A check failed.",
        Standing::Undetermined => {
            "A needed fact was not collected, could not be read, or is contradicted."
        }
        Standing::Conflict => "Configured well, but seen using TLS 1.0 or 1.1 since it has been.",
        Standing::RestartPending => {
            "Would be ready, but a deciding key was written after the last start of Windows."
        }
        Standing::Stale => "The last report is too old. The last verdict is still shown.",
        Standing::Silent => "On an expected list, and never reported.",
        Standing::Ready => {
            "Everything passed, or passed with warnings. The only one that is cleared."
        }
    }
}

fn standings(wanted: impl Fn(verdict::Standing) -> bool) -> Codes {
    verdict::Standing::ALL
        .into_iter()
        .filter(|standing| wanted(*standing))
        .map(|standing| (standing.code(), standing_meaning(standing)))
        .collect()
}

fn with_all(mut codes: Codes) -> Codes {
    codes.push(("all", "Every one of these."));
    codes
}

/// The states of a fact as changes tell them.
const FACT_STATES: [(&str, &str); 3] = [
    ("value", "It is there."),
    ("absent", "The place was read, and nothing is there."),
    (
        "not_collected",
        "Nobody looked, or what was read does not say.",
    ),
];

codes! {
    /// Where configured and observed meet.
    ObservedBox: bare(observed::Quadrant::ALL.map(observed::Quadrant::code));
    /// With which protocol a connection was made.
    ObservedProtocol: bare(observed::Protocol::ALL.map(observed::Protocol::code));
    /// Why nobody knows whose a connection was.
    ObservedDoubt: observed::Doubt::ALL.map(|doubt| (doubt.code(), doubt.words())).into();
    /// The one word for a client. The first that holds decides, and over the population they always add up.
    Standing: standings(|_| true);
    /// A standing to filter by.
    StandingFilter: with_all(standings(|_| true));
    /// A standing to filter those by who are not cleared.
    BlockerFilter: with_all(standings(|standing| !standing.is_cleared()));
    /// What a report by itself was judged as. Time and other reports make a standing of it.
    Judgement: standings(|standing| {
        use verdict::Standing::{Blocking, Conflict, Ready, RestartPending, Undetermined};
        matches!(standing, Blocking | Undetermined | Conflict | RestartPending | Ready)
    });
    /// How clients stand to exceptions in force.
    Excepted: model::Excepted::ALL.map(|one| (one.code(), words::excepted(one))).to_vec();
    /// What kind of an answer an exception is.
    ExceptionKind: exceptions::Kind::ALL.map(|one| (one.code(), words::exception_kind(one))).to_vec();
    /// How far an exception has come. Only `active` is in force.
    ExceptionState: exceptions::State::ALL.map(|one| (one.code(), words::exception_means(one))).to_vec();
    /// What a blocking client loses at the cutover; the worst comes first.
    Impact: verdict::Impact::ALL.map(|impact| (impact.code(), impact.words())).to_vec();
    /// What a check says.
    Outcome: {
        use verdict::Outcome::{Fail, NotApplicable, Pass, Unknown, Warn};
        [Pass, Warn, Fail, Unknown, NotApplicable]
            .map(|outcome| (outcome.code(), outcome.words()))
            .to_vec()
    };
    /// Why a check failed, could not be decided, or waits for a restart.
    Reason: assess::REASONS.iter().map(|reason| (reason.code, reason.title)).collect();
    /// What mends a reason.
    Fix: plan::actions().iter().map(|action| (action.code, action.title)).collect();
    /// How old the knowledge about a client is. These three share no client and leave nobody out.
    Freshness: bare(model::Freshness::ALL.map(model::Freshness::code));
    /// How a client stands to all expected lists together.
    Listing: {
        use model::Listing::{Decommissioned, Expected, Obsolete, Returned, Unlisted};
        vec![
            (Expected.code(), "At least one list expects it."),
            (Unlisted.code(), "It reported without being on a list."),
            (Obsolete.code(), "Every list that names it marks it obsolete; not counted."),
            (Decommissioned.code(), "The same, and one of them says decommissioned; not counted."),
            (Returned.code(), "Marked obsolete or decommissioned, and reported since; counted again."),
        ]
    };
    /// What happened to a client of the list of blockers.
    ChangeKind: changes::Kind::ALL.map(|kind| (kind.code(), words::change_kind(kind))).to_vec();
    /// Why a client left the list of blockers. Only `fixed` says that something was mended.
    ClearedWhy: changes::Why::ALL.map(|why| (why.code(), words::why_cleared(why))).to_vec();
    /// What an expected list was made from.
    ListKind: {
        use ListOrigin::{AdComputers, Devices, Names};
        vec![
            (Devices.code(), "Devices with columns, as Configuration Manager exports them."),
            (AdComputers.code(), "Computer accounts of Active Directory; a disabled one is decommissioned."),
            (Names.code(), "One name a line."),
        ]
    };
    /// Whether a feed can be relied on.
    FeedState: {
        use feeds::FeedState::{Ended, Speaking, Stopped};
        vec![
            (Stopped.code(), "It should have spoken by now."),
            (Speaking.code(), "It spoke lately, or is not known to be regular."),
            (Ended.code(), "It has been silent for so long that nobody waits for it."),
        ]
    };
    /// Why a TLS handshake failed.
    HandshakeFailure: sightings::Failure::ALL
        .map(|failure| (failure.code(), words::failure(failure)))
        .to_vec();
    /// What is odd about reports.
    SuspicionKind: suspicions::Kind::ALL.map(|kind| (kind.code(), kind.words())).to_vec();
    /// Whether somebody has looked at a suspicion.
    SuspicionState: bare(suspicion_list::State::ALL.map(suspicion_list::State::code));
    /// By which way a report came in.
    Way: {
        use incoming::Way::{Command, Report, Share, Upload};
        vec![
            (Report.code(), "POST /api/v1/reports."),
            (Upload.code(), "A file, through a page or POST /api/v1/uploads."),
            (Command.code(), "`cutover import`, straight into the database."),
            (Share.code(), "A file from a share, brought by `cutover sweep`."),
        ]
    };
    /// By which way an upload came to whoever sends it.
    UploadWay: bare([incoming::Way::Upload.code(), incoming::Way::Share.code()]);
    /// How far a source is believed. A lower one can add a failure, and never take away one that a higher one found.
    Trust: [evidence::Trust::Signed, evidence::Trust::Claimed, evidence::Trust::Proven, evidence::Trust::Vouched]
        .map(|trust| (trust.code(), trust.words()))
        .to_vec();
    /// How a fact stands in one report. Absent and not collected are never confused.
    FactState: FACT_STATES.to_vec();
    /// What a changed fact is about.
    FactArea: {
        use evidence::Area::{CipherSuites, Client, Files, Registry, Software, System, Times, Updates};
        [System, Registry, Updates, Files, CipherSuites, Software, Client, Times]
            .map(|area| (area.code(), area.words()))
            .to_vec()
    };
    /// Why a verdict is another one than that before it.
    Cause: {
        use evidence::Cause::{Both, Client, First, Nothing, Rules, Source};
        vec![
            (First.code(), "There is nothing before it."),
            (Nothing.code(), "It is the same verdict."),
            (Client.code(), "The client changed."),
            (Rules.code(), "The rules changed; today's would make the same of both reports."),
            (Both.code(), "The client changed, and so did the rules."),
            (Source.code(), "Another source spoke, so that more or other things are known."),
        ]
    };
    /// What a step does that would make a client ready.
    StepKind: vec![
        (assess::Kind::Change.code(), "It changes the machine, and its result is known."),
        (assess::Kind::Reading.code(), "Something has to be read, and what it will say is not known."),
        (assess::Kind::NoWay.code(), "The rules know no way to settle it on this machine."),
    ];
    /// Where a bit mask of protocols comes from.
    MaskOrigin: vec![
        ("value", "It stands in the registry."),
        ("default", "The value is absent, and this is the default of that Windows."),
    ];
    /// The order of a list.
    Order: {
        use model::Order::{Name, NameDown, Since, SinceDown};
        vec![
            (Name.code(), "By name."),
            (NameDown.code(), "By name, from the end."),
            (Since.code(), "The verdict that has stood longest first; clients without one come last."),
            (SinceDown.code(), "The newest verdict first; clients without one come last."),
        ]
    };
    /// A field of a list as a table or as lines of JSON. `os_key` is in tables only; `cleared`, `verdict`, `ruleset` and
    /// `future_report` are in lines of JSON only.
    Field: bare(table::choices());
    /// The form in which a list comes.
    ListFormat: bare(whole::codes());
    /// The id of which a list of ids is made.
    IdKind: vec![
        (id_lists::IdKind::ResourceId.code(), "Configuration Manager's resource id; of one site only."),
        (id_lists::IdKind::SmsGuid.code(), "The GUID of the Configuration Manager client, as `GUID:…`."),
        (id_lists::IdKind::Name.code(), "The name to show. Everybody has one; two clients may have the same."),
        (id_lists::IdKind::Fqdn.code(), "Fully qualified domain name."),
        (id_lists::IdKind::Id.code(), "Our id. Everybody has one."),
    ];
    /// The form in which a trend comes.
    TrendFormat: bare(["json", "csv"]);
    /// What became of one report of a request.
    RecordStatus: vec![
        ("stored", "It says something new, and is durable."),
        ("unchanged", "The same facts as before; only the times moved."),
        ("rejected", "It was not taken; `problem` says why."),
    ];
    /// How far an upload has come.
    UploadState: {
        use upload_model::State::{Cancelled, Committing, Done, Failed, Preview, Reading};
        vec![
            (Reading.code(), "The files are being read."),
            (Preview.code(), "What they say can be looked at; nothing is stored."),
            (Committing.code(), "It is being stored."),
            (Done.code(), "Everything that could be stored is."),
            (Cancelled.code(), "Somebody did not want it, or nobody decided in time."),
            (Failed.code(), "It could not be read or stored."),
        ]
    };
    /// What a row of an upload is, before anything is stored.
    RowStatus: bare(upload_model::RowStatus::ALL.map(upload_model::RowStatus::code));
    /// What storing a row does.
    RowOutcome: vec![
        ("new", "The first that is heard of this client."),
        ("changed", "It says something new of a known client."),
        ("unchanged", "Known already."),
        ("late", "Older than what is known; in the history only."),
    ];
    /// Which rows of an upload are meant: by what they are, or by what storing them does.
    RowFilter: bare(["new", "known", "rejected", "changed", "unchanged", "late"]);
    /// What a row lacks that somebody may vouch for.
    RowLack: vec![(
        upload_model::Lack::View.code(),
        "A word on which registry view was read; `read_by_64_bit` gives it.",
    )];
    /// A format of files.
    FileFormat: bare(format::Format::ALL.map(format::Format::code));
    /// The order in which dates are written.
    DateOrder: bare(local_time::Dates::ALL.map(local_time::Dates::code));
    /// What kind of a problem it is.
    ProblemType: Problem::examples().iter().map(|problem| (problem.kind(), problem.title())).collect();
}

/// Clients by standing; all seven are there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Standings(BTreeMap<&'static str, i64>);

impl Standings {
    /// The counts of these, nought where there is none.
    pub fn of(counts: &BTreeMap<verdict::Standing, i64>) -> Self {
        Self::some(counts, verdict::Standing::ALL)
    }

    /// The counts of some standings only.
    pub fn some(
        counts: &BTreeMap<verdict::Standing, i64>,
        wanted: impl IntoIterator<Item = verdict::Standing>,
    ) -> Self {
        let of = |standing| counts.get(&standing).copied().unwrap_or(0);
        let codes = wanted.into_iter().map(|one| (one.code(), of(one)));
        Self(codes.collect())
    }
}

/// Blocking clients by what they lose; all three are there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Impacts(BTreeMap<&'static str, i64>);

impl Impacts {
    /// The counts of these, nought where there is none.
    pub fn of(counts: &BTreeMap<verdict::Impact, i64>) -> Self {
        let of = |impact| counts.get(&impact).copied().unwrap_or(0);
        Self(verdict::Impact::ALL.map(|one| (one.code(), of(one))).into())
    }
}

/// Clients by standing. Of a reason only `blocking` and `undetermined` are there, for nobody else carries one.
#[derive(Debug)]
pub struct DayStandings;

fn counts_of(says: &str, codes: &Codes, all: bool) -> RefOr<Schema> {
    let mut object = ObjectBuilder::new().description(Some(says));
    for (code, words) in codes {
        let count = ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::Integer))
            .minimum(Some(0))
            .description(Some(*words));
        object = object.property(*code, count);
        if all {
            object = object.required(*code);
        }
    }
    object.into()
}

macro_rules! counts {
    ($($name:ident, $says:literal, $codes:expr, $all:literal;)*) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                counts_of($says, &$codes, $all)
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }
        }
    )*};
}

counts! {
    Standings, "Clients by standing; all seven are there.", standings(|_| true), true;
    Impacts, "Blocking clients by what they lose; all three are there.",
        verdict::Impact::ALL.map(|impact| (impact.code(), impact.words())).to_vec(), true;
    DayStandings,
        "Clients by standing. Of a reason only `blocking` and `undetermined` are there, for nobody else carries one.",
        standings(|_| true), false;
}
