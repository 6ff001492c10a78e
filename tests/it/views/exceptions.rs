//! The pages of exceptions, in every state worth looking at.

use cutover::{
    domain::{
        exceptions::{Kind, State},
        time::{DAY, HOUR},
        verdict::Standing,
    },
    store::{
        exception_list::{Exception, ExceptionPage, Pile, Which},
        model::{Excepted, Filter, ListPage},
    },
    views::{
        Nav,
        exceptions::{AskForAll, ExceptionsPage, May, Offered, OneException},
        exceptions_words,
    },
};

use super::{html, records, samples};

fn exception(state: State) -> Exception {
    let now = samples::now();
    let decided = !matches!(state, State::Requested | State::Withdrawn);
    Exception {
        id: "0190a5d2c1e37b1f8f00a1b2c3d4e5f6".to_owned(),
        client_id: "01990000-0000-7000-8000-000000000001".to_owned(),
        name: "WARD-7 <b>".to_owned(),
        site: "P01".to_owned(),
        standing: Some(Standing::Blocking),
        roles: vec![
            "management_point".to_owned(),
            "distribution_point".to_owned(),
        ],
        kind: Kind::Mitigated,
        state,
        reason:
            "An infusion pump that its maker does not let anybody change before the contract ends."
                .to_owned(),
        control: "A management point of its own, in a network of its own.".to_owned(),
        owner: "Medical engineering".to_owned(),
        until: now.plus(20 * DAY),
        verdict: Some(Standing::Blocking),
        reasons: 1,
        os_key: "6.1.7601-client".to_owned(),
        requested_by: "ines.okafor".to_owned(),
        requested_at: now.plus(-9 * DAY),
        decided_by: decided.then(|| "b.lindqvist".to_owned()),
        decided_at: decided.then(|| now.plus(-8 * DAY)),
        note: decided.then(|| "Looked at on the ward.".to_owned()),
        ended_at: (!state.is_open()).then(|| now.plus(-HOUR)),
        ended_by: (!state.is_open()).then(|| "server".to_owned()),
        ended_note: (!state.is_open()).then(|| "verdict blocking → ready".to_owned()),
    }
}

fn list(states: &[State], which: &Which, pile: &Pile, reader: &str) -> String {
    let page = ExceptionPage {
        items: states.iter().map(|state| exception(*state)).collect(),
        next_cursor: (states.len() > 3).then(|| "0190a5d2c1e37b1f8f00a1b2c3d4e5f6".to_owned()),
        total: i64::try_from(states.len()).expect("few"),
    };
    let offered = Offered {
        owners: vec!["Medical engineering".to_owned()],
        sites: vec!["P01".to_owned(), String::new()],
        further_sites: 0,
    };
    html(&ExceptionsPage::new(
        samples::layout(Nav::Exceptions),
        which,
        &page,
        (pile, 55),
        &offered,
        (reader, true),
    ))
}

/// The list with all states, of requests, and of nothing; one in each state; and the form for several.
pub fn pages() -> Vec<(&'static str, String)> {
    let pile = Pile {
        total: 20,
        active: 15,
        blocking: 12,
        soon: 3,
        oldest: Some(samples::now().plus(-90 * DAY).0),
        lapsed: 1,
        unowned: 2,
        requested: 4,
        waiting: 1,
    };
    let waiting = Which {
        state: Some(State::Requested),
        ..Which::default()
    };
    let one = |state, reader: &str, decide| {
        let may = May {
            decide,
            withdraw: true,
        };
        let layout = samples::layout(Nav::Exceptions);
        html(&OneException::new(layout, &exception(state), reader, may))
    };
    let clients = ListPage {
        items: vec![records::row(
            "WARD-7",
            "6.1.7601-client",
            Standing::Blocking,
        )],
        next_cursor: None,
        total: 1_412,
    };
    let layout = || samples::layout(Nav::Exceptions);
    vec![
        (
            "exceptions",
            list(&State::ALL, &Which::default(), &pile, "otto"),
        ),
        (
            "exceptions-waiting",
            list(&[State::Requested], &waiting, &pile, "otto"),
        ),
        (
            "exceptions-none",
            list(&[], &Which::default(), &Pile::default(), "otto"),
        ),
        ("exception-requested", one(State::Requested, "otto", true)),
        ("exception-own", one(State::Requested, "ines.okafor", false)),
        ("exception-lapsed", one(State::Lapsed, "otto", true)),
        ("exceptions-new", html(&AskForAll::new(layout(), &clients))),
    ]
}

#[test]
fn numbers_before_and_after_exceptions_stand_side_by_side() {
    let said = |blocking, of_them, others, base: &Filter| -> String {
        let under_one = [(Standing::Blocking, of_them), (Standing::Silent, others)].into();
        let pieces = exceptions_words::excepted(blocking, &under_one, base);
        pieces.into_iter().map(|piece| piece.text).collect()
    };
    let whole = Filter::default();
    assert_eq!(
        said(55, 12, 0, &whole),
        "55 block, 12 of them under an exception, 43 not."
    );
    assert_eq!(said(55, 0, 0, &whole), "");
    assert_eq!(
        said(1, 1, 0, &whole),
        "1 blocks, 1 of them under an exception, 0 not."
    );
    assert_eq!(
        said(55, 12, 2, &whole),
        "55 block, 12 of them under an exception, 43 not. 2 clients that are not cleared in another way are under an exception, too."
    );
    let under_one = Filter {
        excepted: Some(Excepted::Yes),
        ..Filter::default()
    };
    assert_eq!(said(12, 12, 0, &under_one), "");
}
