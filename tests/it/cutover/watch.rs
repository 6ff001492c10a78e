//! After the switch: who is missed when, whether going back is due, and that no unknown becomes good news.

use cutover::domain::{
    cutover::{
        after::{Became, Moments, Past, Watch, Watching, became},
        whatif::Fate,
    },
    time::HOUR,
};
use proptest::prelude::*;

const DECIDED: i64 = 1_000 * HOUR;
const SWITCHED: i64 = DECIDED + 10 * HOUR;

fn moments(hours: i64) -> Moments {
    Moments {
        decided: DECIDED,
        switched: SWITCHED,
        now: SWITCHED + hours * HOUR,
        freshness_days: 14,
        hours: 26,
    }
}

fn past(heard: Option<i64>) -> Past<'static> {
    Past {
        fate: Fate::Safe,
        os_key: "os",
        fresh: true,
        heard,
    }
}

#[test]
fn nobody_is_missed_before_it_was_to_be_heard_again() {
    let heard = |ago: i64| Some(DECIDED - ago * HOUR);
    for (name, past, seen, hours, wanted) in [
        (
            "heard since",
            past(heard(1)),
            Some(SWITCHED + 1),
            1,
            Became::Heard,
        ),
        (
            "at the very moment of the switch",
            past(heard(1)),
            Some(SWITCHED),
            1,
            Became::Waiting,
        ),
        (
            "daily, and not to be heard yet",
            past(heard(1)),
            None,
            15,
            Became::Waiting,
        ),
        (
            "daily, and missed",
            past(heard(1)),
            None,
            16,
            Became::Stopped,
        ),
        (
            "missed by its last word, not that of the record",
            past(heard(1)),
            Some(SWITCHED - HOUR),
            16,
            Became::Waiting,
        ),
        (
            "an older word than that of the record",
            past(heard(1)),
            Some(0),
            15,
            Became::Waiting,
        ),
        (
            "missed already before",
            past(heard(20)),
            None,
            1,
            Became::StoppedBefore,
        ),
        (
            "rarely, and its report still counts",
            past(heard(100)),
            None,
            200,
            Became::Waiting,
        ),
        (
            "rarely, and its report is too old",
            past(heard(100)),
            None,
            14 * 24,
            Became::Stopped,
        ),
        ("never heard", past(None), None, 500, Became::NotCounted),
        (
            "never heard, and now it is",
            past(None),
            Some(SWITCHED + 1),
            500,
            Became::NotCounted,
        ),
        (
            "not heard lately",
            Past {
                fresh: false,
                ..past(heard(1_000))
            },
            None,
            500,
            Became::NotCounted,
        ),
    ] {
        assert_eq!(became(past, seen, &moments(hours)), wanted, "{name}");
    }
    assert_eq!(moments(5).hours_since(), 5);
}

fn watch(heard: i64, waiting: i64, stopped: i64) -> Watch {
    let mut watch = Watch::default();
    for (n, became) in [
        (heard, Became::Heard),
        (waiting, Became::Waiting),
        (stopped, Became::Stopped),
    ] {
        for _ in 0..n {
            watch.take(past(None), became);
        }
    }
    watch
}

#[test]
fn going_back_is_due_by_share_and_unknown_is_not_good() {
    let trigger = Watching::default().trigger;
    for (heard, waiting, stopped, wanted) in [
        (98, 0, 2, Some(false)),
        (97, 0, 3, Some(true)),
        (97, 1, 2, None),
        (0, 100, 0, None),
        (98, 2, 0, Some(false)),
        // However many are waited for, enough have stopped.
        (0, 97, 3, Some(true)),
        (0, 0, 0, None),
    ] {
        assert_eq!(
            watch(heard, waiting, stopped).is_back_due(trigger),
            wanted,
            "{heard} {waiting} {stopped}"
        );
    }
    assert_eq!(watch(2, 0, 1).all.share(), Some(3_334), "rounded up");
    assert_eq!(watch(0, 0, 0).all.share(), None);
    assert_eq!(watch(3, 1, 2).surprises(), 2);
    let mut watching = Watching::default();
    assert!(watching.set(Watching::TRIGGER, 150) && watching.set(Watching::HOURS, 3));
    assert_eq!((watching.trigger, watching.hours), (150, 3));
    for (code, value) in [
        (Watching::TRIGGER, 10_001),
        (Watching::TRIGGER, -1),
        (Watching::HOURS, 0),
        (Watching::HOURS, 745),
        ("blockers", 1),
    ] {
        assert!(!watching.set(code, value), "{code} {value}");
    }
}

proptest! {
    #[test]
    fn time_and_silence_only_make_it_worse(
        ago in -5_i64 * 24..60 * 24,
        fresh in any::<bool>(),
        since in prop::option::of(-100_i64..600),
        hours in 0_i64..600,
        later in 0_i64..600,
    ) {
        let past = Past { fresh, ..past(Some(DECIDED - ago * HOUR)) };
        let seen = since.map(|since| SWITCHED + since * HOUR);
        let now = became(past, seen, &moments(hours));
        let then = became(past, seen, &moments(hours + later));
        // What was said of it once stays, but waiting, which ends in being missed where nothing is heard.
        prop_assert!(now == then || (now == Became::Waiting && then == Became::Stopped), "{now:?} {then:?}");
        // Nothing that is unknown becomes a word.
        let silent = became(past, None, &moments(hours));
        prop_assert!(silent != Became::Heard || ago * HOUR < DECIDED - SWITCHED);
        if now == Became::Stopped {
            let last = (DECIDED - ago * HOUR).max(seen.unwrap_or(i64::MIN));
            prop_assert!(moments(hours).now - last > 26 * HOUR);
        }
    }
}
