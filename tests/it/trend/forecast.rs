//! A forecast only when the past allows one, and a range that silence only widens.

use std::collections::BTreeMap;

use cutover::domain::{
    forecast::{Confidence, Forecast, NoForecast, Point, day_named, forecast, needed},
    readiness::Readiness,
    verdict::Standing,
};
use proptest::prelude::*;

fn points(left: impl IntoIterator<Item = i64>) -> Vec<Point> {
    left.into_iter()
        .enumerate()
        .map(|(day, left)| Point {
            day: 20_000 + i64::try_from(day).expect("few"),
            left,
            ruleset: "1".to_owned(),
        })
        .collect()
}

#[test]
fn a_steady_pace_ends_on_its_day() {
    // Two a day, 100 left: 50 days more.
    let steady = points((0..50).map(|day| 198 - 2 * day));
    let found = forecast(&steady).expect("a forecast");
    let last = 20_049;
    assert_eq!(found.left, 100);
    assert_eq!((found.middle, found.slow), (last + 50, Some(last + 50)));
    assert!((found.pace - 14.0).abs() < 1e-9);
    assert_eq!(found.confidence, Confidence::Low);
    let long = forecast(&points((0..120).map(|day| 338 - 2 * day))).expect("a forecast");
    assert_eq!(
        long.window,
        (20_030, 20_119),
        "older points are not looked at"
    );
    assert_eq!(long.confidence, Confidence::Moderate);
}

#[test]
fn a_few_odd_days_do_not_move_it() {
    let mut odd = points((0..60).map(|day| 500 - 5 * day));
    for (index, left) in [(7, 0), (30, 5_000), (45, 1)] {
        odd[index].left = left;
    }
    let plain = forecast(&points((0..60).map(|day| 500 - 5 * day))).expect("a forecast");
    let found = forecast(&odd).expect("a forecast");
    assert!((found.middle - plain.middle).abs() <= 2, "{found:?}");
}

#[test]
fn weeks_that_went_backward_leave_the_end_open() {
    let saw = (0..63).map(|day| 1_000 - 4 * day + 60 * ((day / 7) % 3));
    let found = forecast(&points(saw)).expect("a forecast");
    assert_eq!(found.slow, None);
    assert!(found.slow_pace <= 0.0);
}

#[test]
fn who_became_slow_lately_is_not_promised_the_old_pace() {
    // Ten a day for ten weeks, then one a day for two: the last of them fewer than a sixth of all weeks.
    let slower = |a_day: i64| {
        points((0..84).map(move |day| {
            if day < 70 {
                1_000 - 10 * day
            } else {
                310 - a_day * (day - 69)
            }
        }))
    };
    let found = forecast(&slower(1)).expect("a forecast");
    assert!(found.pace > 60.0 && found.slow_lately, "{found:?}");
    assert!((found.slow_pace - 7.0).abs() < 1e-9, "{found:?}");
    assert_eq!(found.slow, Some(20_083 + found.left));
    // Standing still lately has no end.
    let found = forecast(&slower(0)).expect("a forecast");
    assert_eq!((found.slow, found.slow_lately), (None, true));
    assert_eq!(found.confidence, Confidence::Low);
    // Faster lately promises nothing.
    let faster = points((0..84).map(|day| {
        if day < 70 {
            1_000 - day
        } else {
            931 - 10 * (day - 69)
        }
    }));
    let found = forecast(&faster).expect("a forecast");
    assert!(!found.slow_lately && found.slow_pace < 8.0, "{found:?}");
}

#[test]
fn without_a_reason_to_forecast_there_is_none() {
    let falling = |days: i64| points((0..days).map(|day| 1_000 - 3 * day));
    assert_eq!(forecast(&[]), Err(NoForecast::Nothing));
    assert_eq!(forecast(&falling(41)), Err(NoForecast::Young { days: 41 }));
    assert!(forecast(&falling(42)).is_ok());
    assert_eq!(forecast(&points([0; 50])), Err(NoForecast::Done));
    assert_eq!(
        forecast(&points([7; 50])),
        Err(NoForecast::NoProgress {
            before: 7,
            now: 7,
            days: 49
        })
    );
    assert!(matches!(
        forecast(&points((0..50).map(|day| 100 + day))),
        Err(NoForecast::NoProgress { .. })
    ));
    let mut other_rules = falling(80);
    for point in &mut other_rules[50..] {
        "2".clone_into(&mut point.ruleset);
    }
    assert_eq!(
        forecast(&other_rules),
        Err(NoForecast::Rules {
            since: 20_050,
            days: 30
        })
    );
    let mut gaps = falling(60);
    gaps.retain(|point| point.day % 5 != 0);
    assert_eq!(
        forecast(&gaps),
        Err(NoForecast::Gaps {
            missing: 11,
            of: 59
        })
    );
    let crawling = points((0..50).map(|day| 1_000_000 - day / 2));
    assert_eq!(forecast(&crawling), Err(NoForecast::TooSlow));
}

#[test]
fn a_date_asks_for_a_pace() {
    let by = day_named("2027-03-01").expect("a day");
    let asked = needed(140, by - 70, by).expect("days left");
    assert_eq!(asked.days, 70);
    assert!((asked.pace - 14.0).abs() < 1e-9);
    assert_eq!(needed(140, by, by), None);
    for text in [
        "",
        "2027",
        "2027-13-01",
        "2027-02-30",
        "2027-3-01 ",
        "２０２７-1",
        "2027-03-01T",
    ] {
        assert_eq!(day_named(text), None, "{text}");
    }
}

fn any_point() -> impl Strategy<Value = Point> {
    (0..150_i64, 0..5_000_i64, 0..20_u8).prop_map(|(day, left, rules)| Point {
        day: 20_000 + day,
        left,
        ruleset: if rules == 0 { "2" } else { "1" }.to_owned(),
    })
}

fn falling_points() -> impl Strategy<Value = Vec<Point>> {
    (prop::collection::vec(-30..60_i64, 42..130), 1..4_000_i64).prop_map(|(steps, end)| {
        let mut left = end;
        let mut all: Vec<i64> = steps
            .iter()
            .rev()
            .map(|step| {
                left = (left + step).max(0);
                left
            })
            .collect();
        all.reverse();
        points(all)
    })
}

fn sound(points: &[Point], found: &Forecast) {
    let today = points.iter().map(|point| point.day).max().expect("points");
    assert!(found.middle > today && found.pace > 0.0);
    assert!(found.slow_pace <= found.pace);
    assert!(found.slow.is_none_or(|slow| slow >= found.middle));
    assert!(found.window.1 - found.window.0 + 1 >= 42);
    let left = |day| {
        points
            .iter()
            .rev()
            .find(|p| p.day == day)
            .expect("a point")
            .left
    };
    assert!(left(found.window.1) < left(found.window.0), "net progress");
    let rules: Vec<&str> = points
        .iter()
        .filter(|p| p.day >= found.window.0)
        .map(|p| p.ruleset.as_str())
        .collect();
    assert!(rules.iter().all(|one| *one == rules[0]), "the same rules");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_was_a_forecast_is_sound(mut points in prop::collection::vec(any_point(), 0..200)) {
        points.sort_by_key(|point| point.day);
        points.dedup_by_key(|point| point.day);
        if let Ok(found) = forecast(&points) {
            sound(&points, &found);
        }
    }

    #[test]
    fn a_falling_line_is_sound_and_more_left_never_ends_earlier(points in falling_points(), more in 1..500_i64) {
        if let Ok(found) = forecast(&points) {
            sound(&points, &found);
            let mut raised = points.clone();
            for point in &mut raised {
                point.left += more;
            }
            if let Ok(later) = forecast(&raised) {
                prop_assert!(later.middle >= found.middle);
            }
        }
    }

    #[test]
    fn silence_only_widens_the_range(counts in prop::array::uniform7(0..100_000_i64), silent in 1..1_000_i64) {
        let before: BTreeMap<Standing, i64> = Standing::ALL.into_iter().zip(counts).collect();
        let mut after = before.clone();
        *after.entry(Standing::Silent).or_insert(0) += silent;
        let (narrow, wide) = (Readiness::of(&before), Readiness::of(&after));
        prop_assert!(0 <= narrow.least && narrow.least <= narrow.most && narrow.most <= narrow.total);
        prop_assert_eq!(narrow.total, counts.iter().sum::<i64>());
        prop_assert_eq!(wide.least, narrow.least);
        prop_assert_eq!(wide.gap(), narrow.gap() + silent);
        // The shares: the lower one falls, the upper one rises. As products, so that nothing is rounded.
        prop_assert!(wide.least * narrow.total <= narrow.least * wide.total);
        prop_assert!(wide.most * narrow.total >= narrow.most * wide.total);
    }

    #[test]
    fn only_ready_is_ready(counts in prop::array::uniform7(0..100_000_i64)) {
        let standings: BTreeMap<Standing, i64> = Standing::ALL.into_iter().zip(counts).collect();
        let range = Readiness::of(&standings);
        prop_assert_eq!(range.least, standings[&Standing::Ready]);
        let never = standings[&Standing::Blocking] + standings[&Standing::RestartPending];
        prop_assert_eq!(range.most, range.total - never);
    }
}
