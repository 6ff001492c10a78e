//! The calls that read.

use super::{
    super::{
        api::{ListAnswer, RejectList},
        audit::AuditAnswer,
        changes::ChangesAnswer,
        client_json, collection, cutover, exceptions,
        feeds::FeedList,
        fixes_json::FixesAnswer,
        gate::GateAnswer,
        media,
        observed_json::ObservedAnswer,
        sightings::SightingList,
        summary_json::SummaryAnswer,
        suspicions::SuspicionList,
        trend_json::{RegressedAnswer, TrendAnswer},
    },
    call::{Call, Content, Shape, Tag, Who},
    params::{self, BLOCKERS_STANDING, EXCEPTIONS, FILTERS, GATE, LIST, OS, SITE, STANDING, TREND},
};

fn of_a_list() -> Vec<Content> {
    vec![
        Content::Json(Shape::of::<ListAnswer>()),
        Content::Text(
            media::CSV,
            "The whole list as a table: a line for each client, with a heading. The fields are those of `Field`, and new ones are only ever added at the end. Times are in UTC. What a spreadsheet would run has an apostrophe in front.",
        ),
        Content::Text(
            media::NDJSON,
            "The whole list, one `Client` as JSON on each line; with `fields` only those, with `cursors` one more, `cursor`.",
        ),
        Content::Text(
            media::TEXT,
            "One id of each client (see `ids`) on each line, in the order of the list. The first line begins with `#` and says how many have none and are left out, as the header `X-Left-Out` does. Resource ids are unique only within a site, so clients of several sites are refused with 422 unless `site` is named.",
        ),
        Content::Bytes(
            collection::POWERSHELL,
            "A script for the cmdlets of Configuration Manager that makes the direct members of a device collection this list: it shows what it would do, and does it with `-Apply`. It takes clients of one site, as `format=ids` does; `X-Left-Out` says how many have no resource id.",
        ),
        Content::Bytes(
            media::XLSX,
            "The whole list as an Excel workbook: the table of CSV, with real numbers and times. A list of more than 1,048,575 clients is refused.",
        ),
    ]
}

fn changes() -> Call {
    Call::get("/api/v1/blockers/changes", "listChanges", "What happened to the list of blockers")
        .says("Who came into the list of blockers, changed in it or left it, and why: each change once, in order. It is the list of `GET /api/v1/blockers` without filters. To follow it, ask once without `cursor`, then fetch the whole list, and then go on with `next_cursor`; the order matters. Put each `client` that was added or changed in the place of what you have under its `id`, known or not, and take out each that was cleared, known or not: then you have what the list has, in the fields that a change tells. Keep `next_cursor` together with that; whoever starts again from an older one gets the same changes again, which is harmless. Changes that were not taken over for 90 days, unless the setting `keep_changes` says otherwise, are let go of.")
        .takes([params::CHANGES_CURSOR, params::LIMIT])
        .json::<ChangesAnswer>(200, "The changes, and where to go on.")
        .polled()
        .error(400, "`cursor` is none of this feed.")
        .error(410, "What follows `cursor` is not kept any more. Start anew: without `cursor`, and with the whole list.")
}

fn cutovers() -> Vec<Call> {
    vec![
        Call::get("/api/v1/scopes", "listScopes", "What cutover decisions are about")
            .says("Each scope names site systems, the clients that are taken to depend on them, and a planned day. Scopes are made on the page `/cutover`.")
            .json::<cutover::api::ScopeList>(200, "The scopes, by name.")
            .error(422, "A parameter was given; this call takes none.")
            .polled(),
        Call::get("/api/v1/scopes/{id}/what-if", "getWhatIf", "What would happen if a scope were switched off now")
            .says("Looks at everybody in the scope now, so a large scope takes its time, and keeps nothing. Clients of unknown site that are not ready are counted as if they might belong to it.")
            .named(params::SCOPE)
            .json::<cutover::api::WhatIf>(200, "What would happen.")
            .error(422, "A parameter was given; this call takes none.")
            .polled(),
        Call::get("/api/v1/decisions", "listDecisions", "What was decided")
            .says("Decisions, a page at a time; `next_cursor` leads to older ones.")
            .takes([params::CURSOR, params::LIMIT])
            .json::<cutover::decisions_api::DecisionList>(200, "The decisions, newest first.")
            .error(400, "`cursor` is none of this list.")
            .polled(),
        Call::get("/api/v1/decisions/{number}", "getDecision", "One decision")
            .says("What was frozen beside the lines of the clients. The whole signed record is downloaded from its page, and `cutover verify` checks it offline.")
            .named(params::DECISION)
            .json::<cutover::decisions_api::OneDecision>(200, "The decision.")
            .error(422, "A parameter was given; this call takes none.")
            .polled(),
        Call::get("/api/v1/decisions/{number}/after", "getAfter", "Who has stopped since a decision")
            .says("Watches the clients of a record against themselves: those that were heard lately when it was decided, and whether they were heard since the protocols were switched off. Nobody is called stopped before it was to be heard again, so early answers say that nobody knows yet. Everybody in the record is looked at, so a large one takes its time.")
            .named(params::DECISION)
            .json::<cutover::after::AfterAnswer>(200, "Who has stopped.")
            .error(422, "A parameter was given; this call takes none.")
            .polled(),
    ]
}

/// What somebody answers for.
fn excepted() -> Call {
    Call::get("/api/v1/exceptions", "listExceptions", "What somebody answers for")
        .says("Exceptions, the latest request first: for which client, why, what is done instead, who answers for it and until when, who asked and who decided. An exception never moves a standing and makes nobody ready. It is in force while it is `active`, and lapses when the verdict, the reasons or the OS version of its client change.")
        .takes(EXCEPTIONS)
        .json::<exceptions::ListAnswer>(200, "A page of the list.")
        .polled()
        .error(400, "`cursor` is none of this list.")
}

/// What was seen beside what is configured.
fn observed() -> Call {
    Call::get("/api/v1/observations", "listObservations", "What was seen on the wire")
        .says("Clients with what logs say that they used, beside how they stand, by name; and the boxes, what the logs cover, and which connections may be anybody's. Who is configured well and was surely seen using TLS 1.1 or earlier since it has been stands in `conflict`, at most some minutes after the log came in, and until a report that comes 30 days after it was last seen so; it counts as ready in the boxes here, which tell what is configured. The usual 30 days are told as they were worked out at `as_of`, some minutes ago at most; other windows, and what a limited token asks, are worked out for the answer. Nothing that was seen makes anybody ready, and what was not seen proves nothing.")
        .takes(params::OBSERVED)
        .takes([params::CURSOR, params::LIMIT])
        .json::<ObservedAnswer>(200, "A page of the list, and what the whole covers.")
        .polled()
        .error(400, "`cursor` is none of this list.")
}

/// What honest machines seldom do.
fn suspicions() -> Call {
    Call::get("/api/v1/suspicions", "listSuspicions", "Reports that honest machines seldom send")
        .says("What reports did that honest machines seldom do, the latest first: other hardware or an older Windows under the same ids, a turn to ready by another sender, many addresses within a day, a clock that went back or runs ahead, a client that is not ready and names another site or its first one, a client that was not ready and cannot be judged any more, many clients that one sender turned ready within an hour. Never a verdict by itself, and nobody becomes ready by it. Those that are about a sender (`burst`) are of the whole estate, and are left out for whoever sees some sites only.")
        .takes(params::SUSPICIONS)
        .json::<SuspicionList>(200, "A page of the list.")
        .polled()
        .error(400, "`cursor` is none of this list.")
}

/// Whose handshakes failed.
fn sightings() -> Call {
    Call::get("/api/v1/sightings", "listSightings", "Handshakes that failed")
        .says("Addresses of the networks in the setting `sightings_from` whose TLS handshakes with this server failed, with what they offered; the latest first. It is evidence to look at and never a verdict: an address can be a scanner, a gateway with many machines behind it, or another machine tomorrow. 10,000 are kept; the oldest go first.")
        .takes([params::SIGHTINGS_CURSOR, params::LIMIT])
        .json::<SightingList>(200, "A page of the list.")
        .polled()
        .error(400, "`cursor` is none of this list.")
}

/// Who changed what.
fn audit() -> Call {
    Call::get("/api/v1/audit", "listAudit", "Who changed what")
        .says("The audit log, the newest first: every change that somebody made, with who, from where, what it was and is, and why. It is for people who have signed in as auditors or administrators and see all sites; a token of any purpose is refused with 403. Reports of clients are not in it.")
        .of(Tag::Reading, Who::PeopleOnly)
        .takes(params::AUDIT)
        .takes([params::AUDIT_CURSOR, params::LIMIT])
        .json::<AuditAnswer>(200, "A page of the log.")
        .polled()
        .error(400, "`cursor` is none of this list.")
}

/// What programs read.
pub(super) fn calls() -> Vec<Call> {
    let mut calls = vec![
        Call::get("/api/v1/summary", "getSummary", "Counts of everybody, or of a selection")
            .says("Counts by standing, OS version, site and reason, and what they cover. With filters: the same of the clients that they describe.")
            .takes([STANDING])
            .takes(FILTERS)
            .json::<SummaryAnswer>(200, "The counts.")
            .polled(),
        Call::get("/api/v1/blockers", "listBlockers", "Who is not cleared")
            .says("The blocking clients, or those of other standings that are not cleared. Ready clients are never among them. `population` says what the list does not cover: an empty list beside many silent clients is no good news.")
            .takes([BLOCKERS_STANDING])
            .takes(FILTERS)
            .takes(LIST)
            .answers(200, "A page of the list, or the whole list as a table.", of_a_list())
            .header("X-Total-Count", "Clients in the whole list, those before a cursor among them.")
            .polled()
            .error(400, "`cursor` is none of this list."),
        changes(),
        excepted(),
        Call::get("/api/v1/clients", "listClients", "Everybody")
            .says("Every client that is counted, unless the filters say otherwise.")
            .takes([STANDING])
            .takes(FILTERS)
            .takes(LIST)
            .answers(200, "A page of the list, or the whole list as a table.", of_a_list())
            .header("X-Total-Count", "Clients in the whole list, those before a cursor among them.")
            .polled()
            .error(400, "`cursor` is none of this list."),
        Call::get("/api/v1/clients/{id}", "getClient", "One client")
            .says("One client with every check, what was found and what was expected, who said it, what would make it ready, and a page of its history.")
            .named(params::CLIENT)
            .takes([params::OLDER])
            .json::<client_json::Answer>(200, "The client.")
            .polled(),
        Call::get("/api/v1/clients/{id}/raw", "getClientReport", "The newest report of a client")
            .says("The report as it came, to the byte.")
            .named(params::CLIENT)
            .answers(200, "The report.", vec![Content::Named(media::JSON, "ReportAsItCame")])
            .header("Content-Disposition", "Names the file `report.json`.")
            .polled()
            .error(404, "There is no such client, or it has never reported."),
        Call::get("/api/v1/clients/{id}/reports/{entry}", "getHistoryReport", "A report of a client's history")
            .says("The report as it came, to the byte.")
            .named(params::CLIENT)
            .named(params::ENTRY)
            .answers(200, "The report.", vec![Content::Named(media::JSON, "ReportAsItCame")])
            .header("Content-Disposition", "Names the file `report.json`.")
            .polled()
            .error(404, "There is no such report of this client."),
        Call::get("/api/v1/fixes", "getFixPlan", "What to do first")
            .says("The best set of actions of each size, exactly, with the number of clients that need nothing beyond it; and what makes undetermined clients judgeable.")
            .takes([OS, SITE])
            .json::<FixesAnswer>(200, "The plan.")
            .polled(),
        Call::get("/api/v1/gate", "askGate", "Whether a pipeline may go on")
            .says("Holds the figures of a scope against limits, and says of each whether it is kept. The answer is 200 whether it passes or not: look at `pass`. A scope without clients never passes, and what nobody knows is not met. Clients that are not ready and whose site or OS version is not known may belong to a scope that names one, so they close it. An empty parameter is refused here: a variable that was not set would ask about everybody.")
            .takes(GATE)
            .json::<GateAnswer>(200, "What was found.")
            .polled(),
        Call::get("/api/v1/trend", "getTrend", "What the numbers were")
            .says("A line a day. Days without numbers are left out, never made up. A forecast comes with it, or the reason why there is none.")
            .takes(TREND)
            .answers(
                200,
                "The days.",
                vec![
                    Content::Json(Shape::of::<TrendAnswer>()),
                    Content::Text(media::CSV, "A line a day, with a heading. Times are in UTC."),
                ],
            )
            .polled(),
        Call::get("/api/v1/regressed", "listRegressed", "Who was ready and is not any more")
            .says("Clients that were ready in the last 30 days and are not any more, under the same rules, the latest first, with the reasons that came up. 1,000 at most; `total` says how many there are, and `GET /api/v1/clients?regressed=1` has all.")
            .json::<RegressedAnswer>(200, "The clients.")
            .error(422, "A parameter was given; this call takes none.")
            .polled(),
        Call::get("/api/v1/feeds", "listFeeds", "Who feeds the server")
            .says("Who sent reports about which site, when last, and who has stopped; those that stopped come first.")
            .json::<FeedList>(200, "The feeds.")
            .error(422, "A parameter was given; this call takes none.")
            .polled(),
        observed(),
        Call::get("/api/v1/rejects", "listRejects", "Records that were refused")
            .says("The latest 100 records that were refused, with the reasons. They are kept for 30 days.")
            .json::<RejectList>(200, "The records, the latest first.")
            .error(422, "A parameter was given; this call takes none.")
            .polled(),
        sightings(),
        suspicions(),
        audit(),
    ];
    calls.extend(cutovers());
    calls
}

/// What machines that watch machines read, and this document itself.
pub(super) fn of_itself() -> Vec<Call> {
    vec![
        Call::get("/healthz", "isAlive", "The process lives")
            .of(Tag::Health, Who::Anyone)
            .plain()
            .answers(200, "It does.", vec![Content::Text("text/plain", "`ok`")]),
        Call::get("/readyz", "isReady", "The server can take reports")
            .says("The database answers, and there is room for reports.")
            .of(Tag::Health, Who::Anyone)
            .plain()
            .answers(200, "It can.", vec![Content::Text("text/plain", "`ready`")])
            .error(503, "It cannot: the database is away, or too much is waiting to be written."),
        Call::get("/metrics", "getMetrics", "Figures for Prometheus")
            .of(Tag::Health, Who::Read)
            .plain()
            .answers(
                200,
                "The figures.",
                vec![Content::Text("text/plain", "Prometheus text, version 0.0.4.")],
            ),
        Call::get("/api/v1/openapi.json", "getContract", "This document")
            .says("The whole API as OpenAPI 3.1. It says nothing of any client, so it takes no token.")
            .of(Tag::Contract, Who::Anyone)
            .answers(200, "The document.", vec![Content::Named(media::JSON, "OpenApi")])
            .polled(),
    ]
}
