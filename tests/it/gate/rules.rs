//! Figures against limits, without a server.

use cutover::{
    domain::gate::{Criteria, Criterion, Figures, Limit, hold},
    store::model::Filter,
    views::gate::list,
};
use proptest::prelude::*;

/// Everything fine.
const FINE: Figures = Figures {
    clients: 1_000,
    expected: 1_000,
    elsewhere: 0,
    blocking: 0,
    no_verdict: 0,
    silent: 0,
    restart_pending: 0,
    to_rejudge: 0,
    list_age_days: Some(0),
    stopped_feeds: 0,
    unplaced: 0,
    left_out_heard: 0,
    left_out_suspected: 0,
    left_out_unplaced: 0,
    future_reports: 0,
    regressed: 0,
    duplicates: 0,
    blocking_without_exception: 0,
    exceptions_expiring: 0,
    suspicious: 0,
};

fn failed(figures: &Figures, criteria: &str) -> Vec<&'static str> {
    let criteria: Criteria = if criteria.is_empty() {
        Criteria::default()
    } else {
        criteria.parse().expect("criteria")
    };
    hold(figures, &criteria)
        .into_iter()
        .filter(|held| !held.met)
        .map(|held| held.criterion.code())
        .collect()
}

/// Figures as somebody would say them: what is not fine, and how many.
fn figures_of(text: &str) -> Figures {
    let mut figures = FINE;
    for part in text.split_whitespace() {
        let (name, n) = part.split_once('=').expect("a figure");
        let n: i64 = n.parse().unwrap_or(-1);
        match name {
            "clients" => figures.clients = n,
            "expected" => figures.expected = n,
            "elsewhere" => figures.elsewhere = n,
            "blocking" => figures.blocking = n,
            "no_verdict" => figures.no_verdict = n,
            "silent" => figures.silent = n,
            "restart" => figures.restart_pending = n,
            "rejudge" => figures.to_rejudge = n,
            "list" => figures.list_age_days = Some(n).filter(|n| *n >= 0),
            "stopped" => figures.stopped_feeds = n,
            "unplaced" => figures.unplaced = n,
            "left_out" => figures.left_out_heard = n,
            "left_unplaced" => figures.left_out_unplaced = n,
            "left_suspected" => figures.left_out_suspected = n,
            "future" => figures.future_reports = n,
            "regressed" => figures.regressed = n,
            "duplicates" => figures.duplicates = n,
            "bare" => figures.blocking_without_exception = n,
            "expiring" => figures.exceptions_expiring = n,
            "suspicious" => figures.suspicious = n,
            other => panic!("there is no figure {other}"),
        }
    }
    figures
}

/// Figures, criteria, which of them are not met.
const TABLE: &str = "
    |                           |
    clients=0                   |                          | clients
    clients=0                   | blocking:any             | clients
                                | clients:1001             | clients
                                | clients:1000             |
    blocking=1                  |                          | blocking
    blocking=1                  | blocking:1               |
    blocking=2                  | blocking:1               | blocking
    blocking=2                  | blocking:any             |
    suspicious=1                |                          | suspicious
    suspicious=1                | suspicious:1             |
    suspicious=1                | suspicious:any           |
    blocking=2 bare=1           | blocking:any             |
    blocking=2 bare=1           | blocking:any,blocking_without_exception:0 | blocking_without_exception
    blocking=2                  | blocking:any,blocking_without_exception:0 |
    blocking=2                  | blocking_without_exception:0 | blocking
    expiring=3                  |                          |
    expiring=3                  | exceptions_expiring:2    | exceptions_expiring
    no_verdict=20               |                          |
    no_verdict=21               |                          | no_verdict
    clients=9000 no_verdict=21  |                          | no_verdict
    expected=999 no_verdict=20  |                          | no_verdict
    elsewhere=1 no_verdict=20   |                          | no_verdict
    elsewhere=50 no_verdict=19  |                          |
    elsewhere=1001 no_verdict=1 |                          | no_verdict
    expected=0                  |                          |
    expected=0 no_verdict=1     |                          | no_verdict
    no_verdict=5                | no_verdict:0.5%          |
    no_verdict=6                | no_verdict:0.5%          | no_verdict
    no_verdict=6                | no_verdict:0.59%         | no_verdict
    no_verdict=6                | no_verdict:0.6%          |
    no_verdict=1000             | no_verdict:100%          |
    no_verdict=1                | no_verdict:0             | no_verdict
    silent=1                    |                          | silent
    restart=1                   |                          | restart_pending
    rejudge=1                   |                          | to_rejudge
    list=30                     |                          |
    list=31                     |                          | list_age_days
    list=none                   |                          | list_age_days
    list=none                   | list_age_days:3650       | list_age_days
    list=none                   | list_age_days:any        |
    stopped=1                   |                          | stopped_feeds
    unplaced=1                  |                          | unplaced
    unplaced=1                  | unplaced:1               |
    left_out=1                  |                          | left_out_heard
    left_suspected=1            |                          | left_out_heard
    left_suspected=1            | left_out_heard:1         |
    left_unplaced=1             |                          | left_out_heard
    left_suspected=1 left_unplaced=1 | left_out_heard:1    | left_out_heard
    left_out=1 left_suspected=1 | left_out_heard:1         | left_out_heard
    left_out=1 left_suspected=1 | left_out_heard:2         |
    future=1                    |                          | future_reports
    future=1                    | future_reports:0.1%      |
    regressed=1                 |                          |
    regressed=1                 | regressed:0              | regressed
    duplicates=1                | suspected_duplicates:0   | suspected_duplicates
    silent=1                    | blocking:5               | silent
    silent=9 no_verdict=900     | blocking : 5,regressed:0 | no_verdict silent";

/// To name one limit leaves the others as they are: silence stays no success.
#[test]
fn each_criterion_holds_up_to_its_limit_and_not_beyond() {
    for line in TABLE.lines().skip(1) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [figures, criteria, expected] = cells[..] else {
            panic!("three cells: {line}");
        };
        let expected: Vec<&str> = expected.split_whitespace().collect();
        assert_eq!(failed(&figures_of(figures), criteria), expected, "{line}");
    }
}

#[test]
fn wrong_criteria_are_refused_with_what_is_wanted() {
    let mut told = String::new();
    for text in [
        "blockers:0",
        "blocking",
        "blocking:",
        "blocking:-1",
        "blocking:0.5",
        "blocking:101%",
        "blocking:1.234%",
        "blocking:%",
        "blocking:.5%",
        "blocking:5.%",
        "blocking:٣",
        "blocking:0,blocking:5",
        "blocking:0,",
        "clients:0",
        "clients:any",
        "clients:5%",
        "unplaced:5%",
        "list_age_days:5%",
        "stopped_feeds:many",
        "99999999999999999999:1",
        "blocking:99999999999999999999",
    ] {
        let why = text.parse::<Criteria>().expect_err(text);
        told += &format!("{text}: {why}\n");
    }
    insta::assert_snapshot!(told);
}

#[test]
fn limits_are_written_as_they_are_read() {
    for (share, text) in [
        (0, "0%"),
        (200, "2%"),
        (50, "0.5%"),
        (1, "0.01%"),
        (10_000, "100%"),
        (1_250, "12.5%"),
    ] {
        assert_eq!(Limit::Share(share).to_string(), text);
    }
}

fn figures() -> impl Strategy<Value = Figures> {
    (
        prop::array::uniform8(0_i64..50),
        prop::option::of(0_i64..60),
    )
        .prop_map(
            |(
                [
                    clients,
                    blocking,
                    silent,
                    other,
                    restart,
                    rejudge,
                    stopped,
                    back,
                ],
                list_age_days,
            )| Figures {
                clients,
                expected: clients,
                elsewhere: 0,
                blocking,
                no_verdict: silent + other,
                silent,
                restart_pending: restart,
                to_rejudge: rejudge,
                list_age_days,
                stopped_feeds: stopped,
                unplaced: other,
                left_out_heard: back,
                left_out_suspected: silent,
                left_out_unplaced: stopped,
                future_reports: silent,
                regressed: back,
                duplicates: back,
                blocking_without_exception: blocking,
                suspicious: 0,
                exceptions_expiring: back,
            },
        )
}

/// Whoever is counted is in the list that is named; where no one list has all of them, none is named.
#[test]
fn a_list_is_named_only_where_it_has_everybody_that_was_counted() {
    let named = |left_out_heard, left_out_suspected| {
        let figures = Figures {
            left_out_heard,
            left_out_suspected,
            ..FINE
        };
        list(Criterion::LeftOutHeard, &Filter::default(), &figures)
    };
    let heard = named(1, 0).expect("a list");
    assert_eq!(named(0, 0).as_ref(), Some(&heard));
    assert!(!heard.contains("suspicious="), "{heard}");
    let suspected = named(0, 1).expect("a list");
    assert!(suspected.contains("suspicious="), "{suspected}");
    assert_eq!(named(1, 1), None);
}

proptest! {
    /// Nothing that gets worse opens a gate.
    #[test]
    fn what_gets_worse_never_passes_what_failed(figures in figures(), which in 0_usize..13, more in 1_i64..20) {
        let before = failed(&figures, "");
        let mut worse = figures;
        match which {
            0 => worse.blocking += more,
            1 => worse.no_verdict += more,
            2 => { worse.silent += more; worse.no_verdict += more; }
            3 => worse.restart_pending += more,
            4 => worse.to_rejudge += more,
            5 => worse.list_age_days = None,
            6 => worse.unplaced += more,
            7 => worse.left_out_heard += more,
            11 => worse.left_out_suspected += more,
            8 => worse.future_reports += more,
            9 => worse.suspicious += more,
            // Somebody whom nobody expects, where there is somebody.
            10 => worse.clients += more * i64::from(worse.clients > 0),
            _ => worse.stopped_feeds += more,
        }
        let after = failed(&worse, "");
        for code in before {
            prop_assert!(after.contains(&code), "{code} is met now");
        }
    }

    /// Whoever asks about nobody gets no pass, whatever the limits.
    #[test]
    fn nobody_in_scope_never_passes(figures in figures(), limits in prop::collection::vec(prop::option::of(0_u32..100), 13)) {
        let texts: Vec<String> = Criterion::ALL.into_iter().zip(limits)
            .filter_map(|(criterion, limit)| Some(format!("{}:{}", criterion.code(), limit?.max(1))))
            .collect();
        let nobody = Figures { clients: 0, ..figures };
        prop_assert!(failed(&nobody, &texts.join(",")).contains(&"clients"));
    }
}
