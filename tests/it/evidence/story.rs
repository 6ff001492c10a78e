//! A history told: who changed, the client, the rules or the source.

use cutover::domain::{
    evidence::{Brief, Cause, Kept, story},
    facts::Facts,
    verdict::Standing,
};

const READY: Brief = Brief {
    standing: Standing::Ready,
    impact: None,
    reasons: 0,
};
const OPEN: Brief = Brief {
    standing: Standing::Undetermined,
    impact: None,
    reasons: 6,
};

fn about(caption: &str) -> Facts {
    let mut facts = Facts::default();
    facts.os.caption = Some(caption.to_owned());
    facts
}

fn kept<'h>(facts: &'h Facts, then: Brief, ruleset: &'h str) -> Kept<'h> {
    Kept {
        facts: Some(facts),
        then,
        ruleset,
        today: Some(then),
        source: ("agent", "token", "report"),
        late: false,
    }
}

#[test]
fn a_client_that_changes_is_told_from_rules_that_change() {
    let (a, b) = (about("a"), about("b"));
    let told = story(&[kept(&b, OPEN, "2"), kept(&a, READY, "2")], "2", 10);
    assert_eq!(told[0].cause, Cause::Client);
    assert_eq!((told[0].came, told[0].gone), (6, 0));
    assert_eq!(told[0].changes.len(), 1);
    assert_eq!(told[1].cause, Cause::First);
    assert_eq!(told[1].changes, []);

    // The rules of today make the same of both, so it was they that changed.
    let before = Kept {
        today: Some(OPEN),
        ..kept(&a, READY, "1")
    };
    let told = story(&[kept(&b, OPEN, "2"), before], "2", 10);
    assert_eq!(told[0].cause, Cause::Rules);
    assert_eq!(told[1].differently_today, Some(OPEN));
    assert_eq!(told[0].differently_today, None);

    let before = kept(&a, READY, "1");
    let told = story(&[kept(&b, OPEN, "2"), before], "2", 10);
    assert_eq!(told[0].cause, Cause::Both);
    assert_eq!(told[1].differently_today, None, "it would still be ready");
}

#[test]
fn another_source_is_no_change_of_the_client() {
    let (a, b) = (about("a"), about("b"));
    let other = Kept {
        source: ("CMPivot", "ines", "upload"),
        ..kept(&b, OPEN, "1")
    };
    let own = kept(&a, READY, "1");
    let told = story(&[own, other, own], "2", 10);
    assert_eq!(told[0].cause, Cause::Source);
    assert_eq!(told[0].compared_with, Some(2), "with its own last word");
    assert!(told[0].same_source);
    assert_eq!(told[0].changes, []);
    assert_eq!(told[1].compared_with, Some(2));
    assert!(!told[1].same_source);
    // What several sources came to together, one report alone does not tell.
    let lone = Kept {
        today: Some(OPEN),
        ..own
    };
    assert_eq!(story(&[lone, other], "2", 10)[0].differently_today, None);
}

#[test]
fn what_came_late_changed_nothing_and_nothing_is_compared_with_it() {
    let (a, b, c) = (about("a"), about("b"), about("c"));
    let late = Kept {
        late: true,
        ..kept(&b, OPEN, "1")
    };
    let told = story(&[kept(&c, READY, "1"), late, kept(&a, READY, "1")], "1", 10);
    assert_eq!(told[0].compared_with, Some(2));
    assert_eq!(told[0].cause, Cause::Nothing);
    assert_eq!(told[1].cause, Cause::Nothing);
    assert_eq!((told[1].came, told[1].gone), (0, 0));
}

#[test]
fn what_can_no_longer_be_read_is_passed_over_and_much_is_cut_with_a_number() {
    let (a, b) = (about("a"), about("b"));
    let mut much = about("x");
    much.os.sku = Some(4);
    much.os.service_pack = Some(1);
    let unreadable = Kept {
        facts: None,
        today: None,
        ..kept(&b, OPEN, "1")
    };
    let told = story(
        &[kept(&much, READY, "1"), unreadable, kept(&a, READY, "1")],
        "1",
        2,
    );
    assert_eq!(told[0].compared_with, Some(2));
    assert_eq!((told[0].changes.len(), told[0].more), (2, 1));
    assert_eq!(told[1].changes, []);
}
