//! Figures against limits, without a server.

use cutover::domain::gate::{Criteria, Criterion, Figures, Limit, hold};
use proptest::prelude::*;

/// Everything fine.
const FINE: Figures = Figures {
    clients: 1_000,
    blocking: 0,
    no_verdict: 0,
    silent: 0,
    restart_pending: 0,
    to_rejudge: 0,
    list_age_days: Some(0),
    stopped_feeds: 0,
    regressed: 0,
    duplicates: 0,
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

#[test]
fn each_criterion_holds_up_to_its_limit_and_not_beyond() {
    let nobody = Figures { clients: 0, ..FINE };
    let share = |no_verdict| Figures { no_verdict, ..FINE };
    let listed = |list_age_days| Figures {
        list_age_days,
        ..FINE
    };
    for (figures, criteria, expected) in [
        (FINE, "", &[][..]),
        (nobody, "", &["clients"]),
        (nobody, "blocking:any", &["clients"]),
        (FINE, "clients:1001", &["clients"]),
        (FINE, "clients:1000", &[]),
        (
            Figures {
                blocking: 1,
                ..FINE
            },
            "",
            &["blocking"],
        ),
        (
            Figures {
                blocking: 1,
                ..FINE
            },
            "blocking:1",
            &[],
        ),
        (
            Figures {
                blocking: 2,
                ..FINE
            },
            "blocking:1",
            &["blocking"],
        ),
        (
            Figures {
                blocking: 2,
                ..FINE
            },
            "blocking:any",
            &[],
        ),
        // 2 % of 1,000.
        (share(20), "", &[]),
        (share(21), "", &["no_verdict"]),
        (share(5), "no_verdict:0.5%", &[]),
        (share(6), "no_verdict:0.5%", &["no_verdict"]),
        (share(6), "no_verdict:0.59%", &["no_verdict"]),
        (share(6), "no_verdict:0.6%", &[]),
        (share(1_000), "no_verdict:100%", &[]),
        (share(1), "no_verdict:0", &["no_verdict"]),
        (Figures { silent: 1, ..FINE }, "", &["silent"]),
        (
            Figures {
                restart_pending: 1,
                ..FINE
            },
            "",
            &["restart_pending"],
        ),
        (
            Figures {
                to_rejudge: 1,
                ..FINE
            },
            "",
            &["to_rejudge"],
        ),
        (listed(Some(30)), "", &[]),
        (listed(Some(31)), "", &["list_age_days"]),
        (listed(None), "", &["list_age_days"]),
        (listed(None), "list_age_days:3650", &["list_age_days"]),
        (listed(None), "list_age_days:any", &[]),
        (
            Figures {
                stopped_feeds: 1,
                ..FINE
            },
            "",
            &["stopped_feeds"],
        ),
        (
            Figures {
                regressed: 1,
                ..FINE
            },
            "",
            &[],
        ),
        (
            Figures {
                regressed: 1,
                ..FINE
            },
            "regressed:0",
            &["regressed"],
        ),
        (
            Figures {
                duplicates: 1,
                ..FINE
            },
            "suspected_duplicates:0",
            &["suspected_duplicates"],
        ),
        // To name one limit leaves the others as they are: silence stays no success.
        (Figures { silent: 1, ..FINE }, "blocking:5", &["silent"]),
        (
            Figures {
                silent: 9,
                no_verdict: 900,
                ..FINE
            },
            " blocking : 5 , regressed:0",
            &["no_verdict", "silent"],
        ),
    ] {
        assert_eq!(
            failed(&figures, criteria),
            expected,
            "{figures:?} {criteria:?}"
        );
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
                blocking,
                no_verdict: silent + other,
                silent,
                restart_pending: restart,
                to_rejudge: rejudge,
                list_age_days,
                stopped_feeds: stopped,
                regressed: back,
                duplicates: back,
            },
        )
}

proptest! {
    /// Nothing that gets worse opens a gate.
    #[test]
    fn what_gets_worse_never_passes_what_failed(figures in figures(), which in 0_usize..7, more in 1_i64..20) {
        let before = failed(&figures, "");
        let mut worse = figures;
        match which {
            0 => worse.blocking += more,
            1 => worse.no_verdict += more,
            2 => { worse.silent += more; worse.no_verdict += more; }
            3 => worse.restart_pending += more,
            4 => worse.to_rejudge += more,
            5 => worse.list_age_days = None,
            _ => worse.stopped_feeds += more,
        }
        let after = failed(&worse, "");
        for code in before {
            prop_assert!(after.contains(&code), "{code} is met now");
        }
    }

    /// Whoever asks about nobody gets no pass, whatever the limits.
    #[test]
    fn nobody_in_scope_never_passes(figures in figures(), limits in prop::collection::vec(prop::option::of(0_u32..100), 10)) {
        let texts: Vec<String> = Criterion::ALL.into_iter().zip(limits)
            .filter_map(|(criterion, limit)| Some(format!("{}:{}", criterion.code(), limit?.max(1))))
            .collect();
        let nobody = Figures { clients: 0, ..figures };
        prop_assert!(failed(&nobody, &texts.join(",")).contains(&"clients"));
    }
}
