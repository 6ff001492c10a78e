//! What would happen to whom, and what a board asks for: tables and properties.

use cutover::domain::{
    audit::argument,
    cutover::{
        criteria::{Criterion, Facts, Limit, Mark, Observed, Recommendation, Systems, hold},
        scope::Scope,
        tally::{Run, Tally},
        whatif::{Because, Fate, Known, Membership, judge},
    },
    forecast::day_named,
    time::Timestamp,
    verdict::{Impact, Standing},
};
use proptest::prelude::*;

/// A client that is safe.
pub fn ready(name: &str) -> Known {
    Known {
        id: format!("id-of-{name}"),
        name: name.to_owned(),
        site: "P01".to_owned(),
        os_key: "10.0.19045-client".to_owned(),
        owner: None,
        standing: Standing::Ready,
        verdict: Some(Standing::Ready),
        impact: None,
        reasons: Vec::new(),
        membership: Membership::Named,
        expected: true,
        fresh: true,
        future: false,
        duplicate: false,
        judged: true,
        seen_using_old: false,
        suspected: false,
        way: None,
        collected_at: Some(1),
        received_at: Some(1),
        evidence: "00".to_owned(),
        exception: None,
    }
}

fn silent(name: &str) -> Known {
    Known {
        standing: Standing::Silent,
        verdict: None,
        fresh: false,
        collected_at: None,
        received_at: None,
        evidence: String::new(),
        ..ready(name)
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn every_way_not_to_be_ready_has_its_answer() {
    let of = |standing, verdict| Known {
        standing,
        verdict,
        ..ready("PC-1")
    };
    let blocking = |impact| Known {
        impact,
        ..of(Standing::Blocking, Some(Standing::Blocking))
    };
    let old = |verdict| Known {
        fresh: false,
        ..of(Standing::Stale, Some(verdict))
    };
    for (known, fate, because) in [
        (ready("PC-1"), Fate::Safe, Because::Ready),
        (
            blocking(Some(Impact::Orphan)),
            Fate::WillLose,
            Because::Blocks,
        ),
        (blocking(None), Fate::WillLose, Because::Blocks),
        (
            blocking(Some(Impact::Partial)),
            Fate::MayLose,
            Because::BlocksInPart,
        ),
        (
            blocking(Some(Impact::Degraded)),
            Fate::MayLose,
            Because::BlocksInPart,
        ),
        (
            of(Standing::Undetermined, Some(Standing::Undetermined)),
            Fate::CannotSay,
            Because::Undetermined,
        ),
        (
            of(Standing::Conflict, Some(Standing::Ready)),
            Fate::MayLose,
            Because::SeenUsingOld,
        ),
        (
            of(Standing::RestartPending, Some(Standing::RestartPending)),
            Fate::MayLose,
            Because::RestartPending,
        ),
        (old(Standing::Ready), Fate::CannotSay, Because::Old),
        (old(Standing::Undetermined), Fate::CannotSay, Because::Old),
        (old(Standing::Blocking), Fate::MayLose, Because::OldAndBad),
        (
            old(Standing::RestartPending),
            Fate::MayLose,
            Because::OldAndBad,
        ),
        (silent("PC-1"), Fate::CannotSay, Because::Silent),
        // Configured well, or not known to be, and seen.
        (
            Known {
                seen_using_old: true,
                ..ready("PC-1")
            },
            Fate::MayLose,
            Because::SeenUsingOld,
        ),
        (
            Known {
                seen_using_old: true,
                ..of(Standing::Undetermined, Some(Standing::Undetermined))
            },
            Fate::MayLose,
            Because::SeenUsingOld,
        ),
        (
            Known {
                seen_using_old: true,
                ..old(Standing::Ready)
            },
            Fate::MayLose,
            Because::SeenUsingOld,
        ),
        // The days of the scope are fewer than those of the server.
        (
            Known {
                fresh: false,
                ..ready("PC-1")
            },
            Fate::CannotSay,
            Because::Old,
        ),
        (
            Known {
                fresh: false,
                ..blocking(Some(Impact::Orphan))
            },
            Fate::MayLose,
            Because::OldAndBad,
        ),
        (
            Known {
                future: true,
                ..ready("PC-1")
            },
            Fate::CannotSay,
            Because::FutureReport,
        ),
        (
            Known {
                duplicate: true,
                ..ready("PC-1")
            },
            Fate::CannotSay,
            Because::Duplicate,
        ),
        (
            Known {
                judged: false,
                ..ready("PC-1")
            },
            Fate::CannotSay,
            Because::OtherRules,
        ),
        (
            Known {
                membership: Membership::Unplaced,
                ..blocking(None)
            },
            Fate::MayLose,
            Because::Unplaced,
        ),
        (
            Known {
                membership: Membership::Unplaced,
                ..silent("PC-1")
            },
            Fate::CannotSay,
            Because::Unplaced,
        ),
        (
            Known {
                membership: Membership::LeftOutHeard,
                ..blocking(None)
            },
            Fate::MayLose,
            Because::LeftOutHeard,
        ),
        // A verdict that is missing is no good one.
        (
            Known {
                verdict: None,
                ..ready("PC-1")
            },
            Fate::CannotSay,
            Because::Silent,
        ),
    ] {
        let found = judge(&known);
        assert_eq!((found.fate, found.because), (fate, because), "{known:?}");
        // With an exception it is accepted, and what it would be stays beside it.
        let excepted = judge(&Known {
            exception: Some("e".to_owned()),
            ..known.clone()
        });
        assert_eq!(excepted.without, fate);
        assert_eq!(
            excepted.fate,
            if fate == Fate::Safe {
                Fate::Safe
            } else {
                Fate::Accepted
            }
        );
    }
}

fn scope() -> Scope {
    Scope {
        id: "s".to_owned(),
        name: "Site P01".to_owned(),
        sites: vec!["P01".to_owned()],
        protocols: vec!["tls1.0".to_owned()],
        planned: Some("2027-03-12".to_owned()),
        freshness_days: 14,
        ..Scope::default()
    }
}

fn ran<'k>(clients: impl IntoIterator<Item = &'k Known>) -> (Tally, String) {
    let mut run = Run::new(&scope(), "rules");
    for client in clients {
        run.take(client);
    }
    run.end()
}

fn any_client() -> impl Strategy<Value = Known> {
    (
        0_u32..40,
        prop::sample::select(Standing::ALL.to_vec()),
        prop::option::of(prop::sample::select(Standing::ALL.to_vec())),
        prop::option::of(prop::sample::select(Impact::ALL.to_vec())),
        any::<[bool; 6]>(),
        prop::option::of(Just("e-1".to_owned())),
        prop::sample::select(vec![
            Membership::Named,
            Membership::Unplaced,
            Membership::LeftOutHeard,
        ]),
    )
        .prop_map(
            |(
                n,
                standing,
                verdict,
                impact,
                [expected, fresh, future, duplicate, judged, seen_using_old],
                exception,
                membership,
            )| Known {
                standing,
                verdict,
                impact,
                expected,
                fresh,
                future,
                duplicate,
                judged,
                seen_using_old,
                exception,
                membership,
                ..ready(&format!("PC-{n}"))
            },
        )
}

proptest! {
    #[test]
    fn safe_is_only_who_is_ready_fresh_and_certain(known in any_client()) {
        let safe = judge(&known).fate == Fate::Safe;
        let certain = known.standing == Standing::Ready && known.verdict.is_some() && known.fresh && known.judged
            && !known.future && !known.duplicate && !known.seen_using_old && known.membership == Membership::Named;
        prop_assert_eq!(safe, certain);
    }

    #[test]
    fn a_silent_client_only_widens_the_range(clients in prop::collection::vec(any_client(), 0..30)) {
        let (before, hash) = ran(&clients);
        let more = silent("PC-NEVER");
        let (after, other) = ran(clients.iter().chain([&more]));
        prop_assert_eq!(after.fates.least(), before.fates.least());
        prop_assert_eq!(after.fates.most(), before.fates.most() + 1);
        prop_assert_eq!(after.fates.of(Fate::Safe), before.fates.of(Fate::Safe));
        prop_assert_ne!(hash, other);
    }

    #[test]
    fn order_never_matters_and_the_same_inputs_give_the_same_bytes(
        (clients, shuffled) in prop::collection::vec(any_client(), 0..30)
            .prop_flat_map(|clients| (Just(clients.clone()), Just(clients).prop_shuffle()))
    ) {
        let (one, hash) = ran(&clients);
        let (other, again) = ran(&shuffled);
        prop_assert_eq!(&hash, &again);
        prop_assert_eq!(one.json().to_string(), other.json().to_string());
        prop_assert_eq!(Tally::read(&one.json()), one);
    }

    #[test]
    fn an_exception_moves_no_standing_and_makes_nobody_safe(known in any_client()) {
        let bare = Known { exception: None, ..known.clone() };
        let excepted = Known { exception: Some("e-2".to_owned()), ..known };
        let (without, with) = (judge(&bare), judge(&excepted));
        prop_assert_eq!(without.fate, with.without);
        prop_assert_eq!(without.because, with.because);
        prop_assert_eq!(with.fate == Fate::Safe, without.fate == Fate::Safe);
        prop_assert_eq!(&excepted.line(with)["standing"], &bare.line(without)["standing"]);
        let (tally, _) = ran([&excepted]);
        let (plain, _) = ran([&bare]);
        prop_assert_eq!(tally.without, plain.fates);
    }
}

fn marked() -> Vec<Mark> {
    let asked = Criterion::ALL
        .into_iter()
        .filter(|one| one.asks().is_some());
    asked
        .map(|criterion| Mark {
            criterion,
            note: "done".to_owned(),
            link: String::new(),
            on: "2027-03-01".to_owned(),
            by: "ada".to_owned(),
            at: Timestamp(0),
        })
        .collect()
}

#[test]
fn all_are_asked_and_what_nobody_knows_is_not_met() {
    let nothing = hold(&Facts::default());
    assert_eq!(nothing.len(), 11);
    assert!(nothing.iter().all(|held| !held.met), "{nothing:?}");
    let marks = marked();
    let clients: Vec<Known> = (0..100).map(|n| ready(&format!("PC-{n}"))).collect();
    let seen = |legacy, whole| Observed {
        legacy,
        covers: "30 of 30 days.".to_owned(),
        whole,
    };
    let met = |clients: &[Known], observed: Option<&Observed>, exceptions, ending| {
        let (tally, _) = ran(clients);
        let held = hold(&Facts {
            tally: Some(&tally),
            observed,
            exceptions,
            ending,
            planned: Some("2027-03-01"),
            limits: &[],
            marks: &marks,
            ..Facts::default()
        });
        let open: Vec<&str> = held
            .iter()
            .filter(|held| !held.met)
            .map(|held| held.criterion.code())
            .collect();
        assert_eq!(Recommendation::of(&held).go, open.is_empty());
        open.join(",")
    };
    let whole = seen(0, true);
    assert_eq!(met(&clients, Some(&whole), 0, Some(0)), "");
    assert_eq!(met(&clients, None, 0, Some(0)), "observed");
    assert_eq!(met(&clients, Some(&seen(0, false)), 0, Some(0)), "observed");
    assert_eq!(met(&clients, Some(&seen(1, true)), 0, Some(0)), "observed");
    assert_eq!(met(&clients, Some(&whole), 2, None), "exceptions");
    assert_eq!(met(&clients, Some(&whole), 0, None), "");
    assert_eq!(met(&clients, Some(&whole), 2, Some(1)), "exceptions");
    assert_eq!(
        met(&[], Some(&whole), 0, Some(0)),
        "blockers,coverage,silent,suspicious,exceptions"
    );
    let mut some = clients.clone();
    some[0] = silent("PC-0");
    assert_eq!(met(&some, Some(&whole), 0, Some(0)), "silent");
    some[0] = Known {
        suspected: true,
        ..ready("PC-0")
    };
    assert_eq!(met(&some, Some(&whole), 0, Some(0)), "suspicious");
    some[0] = silent("PC-0");
    some[1] = silent("PC-1");
    some[2] = silent("PC-2");
    assert_eq!(met(&some, Some(&whole), 0, Some(0)), "coverage,silent");
    let unlisted: Vec<Known> = clients
        .iter()
        .map(|one| Known {
            expected: false,
            ..one.clone()
        })
        .collect();
    assert_eq!(met(&unlisted, Some(&whole), 0, Some(0)), "coverage,silent");
    // Whoever is on no list has to be told of, too.
    some = clients.clone();
    for one in &mut some[0..3] {
        one.expected = false;
        one.standing = Standing::Undetermined;
    }
    assert_eq!(met(&some, Some(&whole), 0, Some(0)), "coverage");
}

/// Whoever is ready talks to somebody, and loses contact with that.
#[test]
fn nobody_is_safe_behind_a_management_point_that_is_not_ready() {
    let behind = |way| {
        judge(&Known {
            way,
            ..ready("PC-1")
        })
    };
    assert_eq!(behind(None).fate, Fate::Safe);
    for standing in Standing::ALL {
        let found = behind(Some(standing));
        let fails = matches!(
            standing,
            Standing::Blocking | Standing::Conflict | Standing::RestartPending
        );
        let wanted = if fails {
            Fate::MayLose
        } else {
            Fate::CannotSay
        };
        assert_eq!(
            (found.fate, found.because),
            (wanted, Because::ManagementPoint)
        );
        // It makes nobody better off.
        let blocks = Known {
            standing: Standing::Blocking,
            verdict: Some(Standing::Blocking),
            impact: Some(Impact::Orphan),
            way: Some(standing),
            ..ready("PC-2")
        };
        assert_eq!(judge(&blocks).fate, Fate::WillLose);
    }
    let (_, hash) = ran(&[ready("PC-1")]);
    let (_, other) = ran(&[Known {
        way: Some(Standing::Silent),
        ..ready("PC-1")
    }]);
    assert_ne!(hash, other, "it is one of the inputs");
}

/// Invented clients are ready, and on no list.
#[test]
fn nobody_on_no_list_makes_the_coverage_better() {
    let expected = (0..30).map(|n| ready(&format!("PC-{n}")));
    let lost = (0..3).map(|n| Known {
        standing: Standing::Undetermined,
        verdict: Some(Standing::Undetermined),
        membership: Membership::Unplaced,
        expected: false,
        ..ready(&format!("LOST-{n}"))
    });
    let invented = (0..400).map(|n| Known {
        expected: false,
        ..ready(&format!("NEW-{n}"))
    });
    let covered = |clients: Vec<Known>| {
        let (tally, _) = ran(&clients);
        let held = hold(&Facts {
            tally: Some(&tally),
            ..Facts::default()
        });
        let of_it = held
            .into_iter()
            .find(|held| held.criterion == Criterion::Coverage);
        of_it.and_then(|held| held.figure)
    };
    let honest: Vec<Known> = expected.chain(lost).collect();
    assert_eq!(covered(honest.clone()), Some(9_000));
    assert_eq!(
        covered(honest.into_iter().chain(invented).collect()),
        Some(9_000)
    );
}

#[test]
fn a_go_by_a_loosened_limit_is_called_so() {
    let blocks = Known {
        standing: Standing::Blocking,
        verdict: Some(Standing::Blocking),
        impact: Some(Impact::Orphan),
        ..ready("PC-0")
    };
    let mut clients: Vec<Known> = (1..100).map(|n| ready(&format!("PC-{n}"))).collect();
    clients.push(blocks);
    let (tally, _) = ran(&clients);
    let limit = |criterion, limit| Limit {
        criterion,
        limit,
        by: "ada".to_owned(),
        at: Timestamp(0),
        why: "because".to_owned(),
    };
    let says = |limits: &[Limit]| {
        let held = hold(&Facts {
            tally: Some(&tally),
            limits,
            ..Facts::default()
        });
        let wanted = [Criterion::Blockers, Criterion::Silent];
        let loosened = held
            .iter()
            .filter(|one| wanted.contains(&one.criterion) && one.is_loosened());
        loosened.count()
    };
    assert_eq!(says(&[]), 0, "it is not met");
    assert_eq!(says(&[limit(Criterion::Blockers, 5)]), 1);
    assert_eq!(
        says(&[limit(Criterion::Silent, 5)]),
        0,
        "the usual limit is kept, too"
    );
    let go = |loosened| Recommendation {
        go: true,
        open: 0,
        loosened,
    };
    assert_eq!(go(0).says(), "Go: all 11 criteria are met.");
    assert_eq!(
        go(2).says(),
        "Go: all 11 criteria are met, 2 of them only by a limit that somebody loosened."
    );
}

/// What was done wears out, and what site systems report nobody says away.
#[test]
fn what_people_say_holds_for_a_while_and_against_no_report() {
    let today = day_named("2026-11-27").expect("a day");
    let mark = |criterion, on: &str| Mark {
        criterion,
        note: "Seen and timed".to_owned(),
        link: String::new(),
        on: on.to_owned(),
        by: "ada".to_owned(),
        at: Timestamp(0),
    };
    let met = |criterion, on: &str, systems| {
        let held = hold(&Facts {
            marks: &[mark(criterion, on)],
            today,
            planned: Some("2027-03-12"),
            systems,
            ..Facts::default()
        });
        let of_it = held.into_iter().find(|held| held.criterion == criterion);
        of_it
            .map(|held| (held.met, held.says))
            .expect("it is asked")
    };
    let none = Systems::default();
    for (criterion, on, wanted) in [
        (Criterion::Rehearsal, "2026-11-27", true),
        (Criterion::Rehearsal, "2026-05-31", true),
        (Criterion::Rehearsal, "2026-05-30", false),
        (Criterion::Rollback, "2020-01-01", false),
        (Criterion::SiteSystems, "2020-01-01", false),
        (Criterion::Rehearsal, "no day", false),
        // These say what will be on the planned day, or what there is.
        (Criterion::Freeze, "2027-03-12", true),
        (Criterion::Freeze, "2027-03-13", false),
        (Criterion::RepairPath, "2020-01-01", true),
    ] {
        assert_eq!(met(criterion, on, none).0, wanted, "{criterion:?} {on}");
    }
    let systems = |known, not_ready| Systems { known, not_ready };
    let asked = |systems| met(Criterion::SiteSystems, "2026-11-01", systems);
    assert!(asked(systems(15, 0)).0);
    let (is_met, says) = asked(systems(15, 1));
    assert!(
        !is_met && says.contains("1 of 15 that report are not ready"),
        "{says}"
    );
    let unplanned = hold(&Facts {
        marks: &[mark(Criterion::Freeze, "2027-03-12")],
        today,
        ..Facts::default()
    });
    let freeze = unplanned
        .iter()
        .find(|held| held.criterion == Criterion::Freeze)
        .expect("it is asked");
    assert!(
        !freeze.met && freeze.says.contains("No day is planned"),
        "{freeze:?}"
    );
    // It is about the site systems alone.
    assert!(met(Criterion::Rehearsal, "2026-11-01", systems(15, 1)).0);
}

#[test]
fn a_run_that_did_not_look_at_suspicions_meets_nothing_by_it() {
    let (tally, _) = ran(&[ready("PC-1")]);
    let mut kept = tally.json();
    assert_eq!(Tally::read(&kept), tally);
    kept.as_object_mut().expect("an object").remove("suspected");
    let old = Tally::read(&kept);
    let held = hold(&Facts {
        tally: Some(&old),
        ..Facts::default()
    });
    let held = held
        .iter()
        .find(|held| held.criterion == Criterion::Suspicious)
        .expect("it is asked");
    assert_eq!((held.figure, held.met), (None, false));
    // One that may belong to the scope is not ready, whatever turned it before.
    let (tally, _) = ran(&[Known {
        suspected: true,
        membership: Membership::Unplaced,
        ..ready("PC-1")
    }]);
    assert_eq!(tally.suspected, Some(0));
}

#[test]
fn a_sentence_is_one_in_any_script() {
    for sentence in [
        "The line is drained by hand",
        "Линия опорожняется вручную",
        "工場の担当者が当日の夜に手作業で全台を確認します",
        "เจ้าหน้าที่จะตรวจสอบเครื่องทั้งหมดด้วยตนเอง",
    ] {
        assert_eq!(argument(sentence), Ok(()), "{sentence}");
    }
    for none in [
        "確認します",
        "好好好好好好好好好好好好好好好好好好好好",
        "................................",
    ] {
        assert!(argument(none).is_err(), "{none}");
    }
}
