//! The pages of the cutover decision: nothing yet, a usual scope, its paper, a run, a decision, and what came after.

use std::collections::HashMap;

use cutover::{
    domain::{
        access::Sites,
        cutover::{
            after::{After, Became, Moments, Past, Stopped, Watch, Watching},
            criteria::{Criterion, Facts, Held, Limit, Mark, Systems, hold},
            difference::{Difference, Who, Worse},
            lately::Lately,
            record::{Decided, Ground},
            scope::Scope,
            tally::{Run, Tally},
            whatif::{Because, Fate, Known, Membership},
        },
        feeds::day_of,
        time::{DAY, HOUR, Timestamp},
        verdict::{Impact, Standing},
    },
    store::{
        cutover::{
            decisions::Decision,
            runs::KeptRun,
            scopes::{Said, SaidOfScope, WatchedSet},
            waiting::Request,
            watched::Watched,
        },
        moves::Stirred,
    },
    views::{
        Layout, Nav, Page as _,
        cutover::{
            after::{AfterPage, Stands},
            decision::{DecisionPage, Frozen, FrozenException, Later},
            lately::Now,
            parts::{Moved, Name},
            run::{Names, RunPage},
            scope::{Board, LeftoverRow, ScopePage},
            scopes::{self, ScopesPage, Waiting},
        },
        refused::Refused,
    },
};
use serde_json::{Value, json};

use super::{
    html,
    samples::{layout, now},
};

fn scope() -> Scope {
    Scope {
        id: "0198f3a2-7c11-7d54-9d0e-2f1f3f6f2a10".to_owned(),
        name: "Site P01 <b>PC-0042".to_owned(),
        sites: vec!["P01".to_owned()],
        roles: vec!["management_point".to_owned()],
        filter: "owner=Finance".to_owned(),
        protocols: vec!["tls1.0".to_owned(), "tls1.1".to_owned()],
        planned: Some("2027-03-12".to_owned()),
        freshness_days: 14,
        two_people: true,
    }
}

fn known(n: usize) -> Known {
    let (standing, verdict) = match n % 5 {
        0 => (Standing::Blocking, Some(Standing::Blocking)),
        1 => (Standing::RestartPending, Some(Standing::RestartPending)),
        2 => (Standing::Silent, None),
        _ => (Standing::Ready, Some(Standing::Ready)),
    };
    Known {
        id: format!("0198f3a2-7c11-7d54-9d0e-{n:012}"),
        name: format!("PC-{n:04}"),
        site: "P01".to_owned(),
        os_key: if n.is_multiple_of(2) {
            "6.1.7601-client"
        } else {
            "10.0.19045-client"
        }
        .to_owned(),
        owner: (n.is_multiple_of(3)).then(|| "Finance <bad>".to_owned()),
        standing,
        verdict,
        impact: (n.is_multiple_of(10)).then_some(Impact::Orphan),
        reasons: Vec::new(),
        membership: Membership::Named,
        expected: true,
        fresh: verdict.is_some(),
        future: false,
        duplicate: false,
        judged: true,
        seen_using_old: false,
        suspected: false,
        way: None,
        collected_at: None,
        received_at: None,
        evidence: String::new(),
        exception: (n == 10).then(|| "e".to_owned()),
    }
}

fn tally() -> Tally {
    let mut run = Run::new(&scope(), "2026.11.1");
    for n in 0..200 {
        run.take(&known(n));
    }
    run.end().0
}

fn leftovers() -> Vec<LeftoverRow> {
    let fates = [
        (Fate::WillLose, Because::Blocks, "Finance <bad>"),
        (Fate::MayLose, Because::RestartPending, ""),
        (Fate::CannotSay, Because::Silent, "Lab"),
    ];
    let row = |(n, (fate, because, owner)): (usize, (Fate, Because, &str))| LeftoverRow {
        name: Name::seen(&known(n).id, &known(n).name, "P01", &Sites::all()),
        fate: fate.words(),
        because: because.words(),
        owner: owner.to_owned(),
        site: "P01".to_owned(),
        os: "Windows 7 SP1".to_owned(),
    };
    fates.into_iter().enumerate().map(row).collect()
}

fn moved() -> Moved {
    let who = |n: usize| Who {
        id: known(n).id,
        name: known(n).name,
        site: if n == 3 { "" } else { "P01" }.to_owned(),
    };
    let difference = Difference {
        more: vec![who(1), who(3)],
        more_count: 2,
        fewer: (4..9).map(who).collect(),
        fewer_count: 11,
        worse: Some(vec![Worse {
            who: who(9),
            was: Fate::Accepted,
            is: Fate::WillLose,
        }]),
        worse_count: 1,
    };
    Moved::new(&difference, &Sites::only(["P01".to_owned()]))
}

/// A run that was kept before anybody was compared by how badly they stand says nothing of it.
#[test]
fn nothing_is_said_of_what_was_not_compared() {
    let compared = Difference::compared();
    let of_before = Difference {
        worse: None,
        ..Difference::compared()
    };
    let everywhere = Sites::all();
    let says = |difference| Moved::new(difference, &everywhere).nobody;
    assert_eq!(
        says(&compared),
        "Nobody became safe or stopped being so, and nobody is worse off."
    );
    assert_eq!(says(&of_before), "Nobody became safe or stopped being so.");
    assert_eq!(moved().nobody, "");
}

fn said() -> SaidOfScope {
    let at = now().plus(-2 * DAY);
    let mark = |criterion, note: &str| Mark {
        criterion,
        note: note.to_owned(),
        link: "https://wiki.corp.example/tls".to_owned(),
        on: "2026-11-20".to_owned(),
        by: "ada.lind".to_owned(),
        at,
    };
    SaidOfScope {
        limits: vec![Limit {
            criterion: Criterion::Coverage,
            limit: 9_750,
            by: "ada.lind".to_owned(),
            at,
            why: "Half of the lab <is> away".to_owned(),
        }],
        marks: vec![
            mark(
                Criterion::Rehearsal,
                "Three hours on Friday; two clients fell out and came back.",
            ),
            mark(
                Criterion::Rollback,
                "Registry back by group policy, restart IIS: 20 minutes; tried on Friday.",
            ),
        ],
        request: Some(Said {
            kind: "request".to_owned(),
            holds: true,
            note: String::new(),
            link: String::new(),
            about: String::new(),
            marked_by: "otto".to_owned(),
            marked_at: at.0,
        }),
        watched: vec![WatchedSet {
            code: Watching::HOURS.to_owned(),
            by: "ada.lind".to_owned(),
            at,
            why: "They report at night".to_owned(),
        }],
        ..SaidOfScope::default()
    }
}

fn kept() -> KeptRun {
    KeptRun {
        id: "0198f3a2-7c11-7d54-9d0e-2f1f3f6f2a11".to_owned(),
        scope: scope().id,
        made_by: "ada.lind".to_owned(),
        made_at: now().plus(-2 * HOUR).0,
        input_hash: "9f86d081884c7d65".to_owned(),
        summary: String::new(),
        moved: String::new(),
    }
}

fn exceptions() -> Value {
    json!([{
        "client": known(10).id, "name": "PC-0010", "site": "P01", "owner": "Lab", "reason": "Drives the mill",
        "control": "Own network", "expires_at": "2027-06-01T00:00:00Z", "approved_by": "ada.lind",
    }])
}

fn held(tally: Option<&Tally>, said: &SaidOfScope) -> Vec<Held> {
    hold(&Facts {
        tally,
        observed: None,
        systems: Systems {
            known: 15,
            not_ready: 2,
        },
        today: day_of(now()),
        planned: None,
        exceptions: 1,
        ending: Some(0),
        limits: &said.limits,
        marks: &said.marks,
    })
}

fn decision() -> Decision {
    Decision {
        number: 7,
        scope: scope().id,
        name: scope().name,
        sites: "P01".to_owned(),
        decided: Decided::Conditions.code().to_owned(),
        decided_by: "ada.lind".to_owned(),
        decided_at: now().plus(-DAY).0,
        overruled: true,
        loosened: false,
        alone: true,
        head: String::new(),
        foot: String::new(),
        hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
    }
}

fn head(tally: &Tally) -> Value {
    let criteria: Vec<Value> = held(Some(tally), &said()).iter().map(Held::json).collect();
    json!({
        "scope": scope().whole(), "dependence": scope().dependence(),
        "beside": ["Of 15 site systems of this scope that report, 2 are <b>not</b> ready."], "ruleset": "2026.11.1",
        "input_hash": "9f86d081884c7d65", "tally": tally.json(), "criteria": criteria,
        "recommendation": {"go": false, "open": 7, "says": "No-go: 7 of 10 criteria are not met."},
        "exceptions": exceptions(), "lines": {"count": 200}, "before": "", "key": "00ff",
        "decision": {
            "decided": "go_with_conditions", "by": "ada.lind", "at": "2026-11-22T08:15:00Z",
            "why": "The plant closes <script>alert(1)</script>", "conditions": "PC-0000 is scrapped first.",
            "overruled": true, "requested_by": "otto",
        },
    })
}

fn after(stopped: i64, waiting: i64, switched_by: Option<&str>) -> After {
    let mut watch = Watch::default();
    for (n, became) in [
        (90, Became::Heard),
        (waiting, Became::Waiting),
        (stopped, Became::Stopped),
        (3, Became::NotCounted),
    ] {
        for n in 0..n {
            let past = Past {
                fate: if n % 2 == 0 {
                    Fate::Safe
                } else {
                    Fate::WillLose
                },
                os_key: "6.1.7601-client",
                fresh: true,
                heard: None,
            };
            watch.take(past, became);
        }
    }
    let one = |n: i64| Stopped {
        id: known(0).id,
        name: format!("PC-{n:04}"),
        site: "P01".to_owned(),
        os_key: "6.1.7601-client".to_owned(),
        fate: Fate::Safe,
        last: now().plus(-30 * HOUR).0,
    };
    After {
        moments: Moments {
            decided: decision().decided_at,
            switched: now().plus(-6 * HOUR).0,
            now: now().0,
            freshness_days: 14,
            hours: 26,
        },
        switched_by: switched_by.map(str::to_owned),
        switched_why: switched_by
            .map_or_else(String::new, |_| "The <b>night</b> was free".to_owned()),
        early_days: switched_by.map_or(0, |_| 107),
        watching: Watching::default(),
        watch,
        stopped: (0..stopped).map(one).collect(),
    }
}

fn watched() -> Watched {
    Watched {
        number: 7,
        name: scope().name,
        scope: scope().id,
        decided: decision().decided,
        ground: Ground::Overruled,
        decided_at: Timestamp(decision().decided_at),
        looked_at: Some(now().plus(-HOUR)),
        found: Some(Lately {
            more: 3,
            fewer: 11,
            worse: 1,
            was_recommended: true,
            recommended: Some(false),
            stopped: 8,
            baseline: 102,
            back_due: Some(true),
            switched: true,
            early_days: 0,
        }),
    }
}

fn request(by: &str) -> Request {
    Request {
        scope: scope().id,
        name: scope().name,
        sites: "P01".to_owned(),
        marked_by: by.to_owned(),
        marked_at: now().plus(-3 * HOUR).0,
    }
}

/// A form that was refused.
fn refused(mut frame: Layout) -> Layout {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    frame.refused = Some(Refused::new(
        "limits",
        vec![
            pair("criterion", "silent"),
            pair("limit", "many <b>"),
            pair("why", "So it was agreed"),
        ],
        vec![pair("limit", "is a number from 0")],
    ));
    frame
}

#[expect(
    clippy::too_many_lines,
    reason = "every page of the cutover, one after the other"
)]
pub fn pages() -> Vec<(&'static str, String)> {
    let tally = tally();
    let (nothing, said) = (SaidOfScope::default(), said());
    let kept = kept();
    let decisions = [decision()];
    let (watched, unwatched) = (HashMap::from([(7, watched())]), HashMap::new());
    let frame = || layout(Nav::Cutover);
    let shown = |frame: Layout, run: bool, paper: bool| {
        let scope = scope();
        let said = if run { &said } else { &nothing };
        let held = held(run.then_some(&tally), said);
        html(&ScopePage::new(
            frame,
            Board {
                scope: &scope,
                run: run.then_some((&kept, &tally)),
                leftovers: if run {
                    (leftovers(), 120)
                } else {
                    (Vec::new(), 0)
                },
                moved: run.then(moved),
                held: &held,
                said,
                runs: if run {
                    std::slice::from_ref(&kept)
                } else {
                    &[]
                },
                decisions: if run { &decisions } else { &[] },
                watched: &watched,
                stirred: run.then_some(Stirred {
                    clients: 14,
                    more: false,
                    exceptions: 0,
                }),
                excepted: if run {
                    FrozenException::all(&exceptions(), &Sites::all())
                } else {
                    Vec::new()
                },
                outlook: vec!["None: there are too few days.".to_owned()],
                first: if run {
                    ""
                } else {
                    "Nobody has asked for a decision. Somebody else has to ask first, and then you can decide."
                },
                bound: if run {
                    "This scope takes two people, and you set what is watched for after the switch. So somebody else decides to switch off."
                        .to_owned()
                } else {
                    String::new()
                },
                nobody: if run {
                    Vec::new()
                } else {
                    vec![
                        "No client of site P01 is known, so nobody of it is in this scope."
                            .to_owned(),
                    ]
                },
                may_edit: true,
                may_decide: true,
            },
            paper,
        ))
    };
    let board = |run, paper| shown(frame(), run, paper);
    let head = head(&tally);
    let names = Names {
        rows: leftovers(),
        shown: "1 to 3 of 120 that are not safe.".to_owned(),
        csv: "/cutover/x/what-if/y/names.csv?fate=cannot_say".to_owned(),
        next: Some("/cutover/x/what-if/y?after=3".to_owned()),
    };
    let everywhere = Sites::all();
    let stands = Stands {
        sites: &everywhere,
        later: None,
        watched: watched.get(&7),
    };
    let told = |after: &After| {
        html(&AfterPage::new(
            frame(),
            &decision(),
            &head,
            after,
            &stands,
            true,
        ))
    };
    vec![
        (
            "cutover-none",
            html(&ScopesPage::new(
                frame(),
                &[],
                Waiting {
                    requests: &[],
                    exceptions: 0,
                },
                scopes::Decided {
                    rows: &[],
                    older: false,
                    newest: true,
                    watched: &unwatched,
                    of_scopes: &HashMap::new(),
                },
                scopes::ScopeForm::empty(14),
                true,
            )),
        ),
        (
            "cutover-some",
            html(&ScopesPage::new(
                frame(),
                &[scope()],
                Waiting {
                    requests: &[request("otto"), request("ines.okafor")],
                    exceptions: 2,
                },
                scopes::Decided {
                    rows: &decisions,
                    older: true,
                    newest: false,
                    watched: &watched,
                    of_scopes: &HashMap::from([(scope().id, decision())]),
                },
                scopes::ScopeForm::empty(14),
                false,
            )),
        ),
        ("cutover-scope-new", board(false, false)),
        ("cutover-scope", board(true, false)),
        (
            "cutover-scope-refused",
            shown(refused(frame()), true, false),
        ),
        ("cutover-board", board(true, true)),
        (
            "cutover-run",
            html(&RunPage::new(
                frame(),
                &scope(),
                &kept,
                &tally,
                Some(moved()),
                names,
            )),
        ),
        (
            "cutover-decision",
            html(&DecisionPage {
                since: Some(Now::new(&decision(), &watched, now())),
                later: Some(Later::new(&Decision {
                    number: 8,
                    ..decision()
                })),
                layout: frame(),
                frozen: Frozen::new(&decision(), &head, &Sites::all()),
                moved: Some(moved()),
                unmoved: "The record itself has not moved.".to_owned(),
                withdrawn: true,
                scope_url: "/cutover/x".to_owned(),
                compare_url: None,
                own_key: "00ff".to_owned(),
                leftovers: leftovers(),
                leftover_count: 120,
                whole: true,
            }),
        ),
        ("cutover-after-early", told(&after(0, 50, None))),
        ("cutover-after-well", told(&after(1, 0, Some("otto")))),
        ("cutover-after-back", told(&after(8, 4, Some("otto")))),
    ]
}

/// What is taken away needs nothing else, and runs nothing.
#[test]
fn the_sheet_for_the_board_needs_nothing_else() {
    use cutover::views::cutover::decision::SheetPage;
    let head = head(&tally());
    let sheet = SheetPage {
        frozen: Frozen::new(&decision(), &head, &Sites::all()),
        leftovers: leftovers(),
        count: 120,
    };
    let text = sheet.render().expect("a sheet");
    for bad in [
        "<script",
        "href=",
        "src=",
        "url(",
        "<b>PC-0042",
        "<bad>",
        "@import",
    ] {
        assert!(!text.contains(bad), "{bad}: {text}");
    }
    for wanted in [
        "<html lang=",
        "<title>",
        "<main>",
        "@media print",
        "scope=\"col\"",
        "PC-0010",
        "Drives the mill",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    insta::assert_snapshot!(text);
}
