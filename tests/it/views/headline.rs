//! The sentence in large type, in every variant.

use std::collections::BTreeMap;

use cutover::{
    domain::verdict::Impact,
    store::model::{Filter, Summary},
    views::headline::{Headline, State},
};

use super::samples::{counted, nothing, usual};

fn says(summary: &Summary) -> (State, String) {
    let headline = Headline::of(summary, &Filter::default());
    (headline.state, headline.text())
}

fn unlisted(counts: [i64; 7]) -> Summary {
    let mut summary = counted(counts);
    summary.population.lists.clear();
    summary.population.unlisted = summary.population.total;
    summary.population.expected = 0;
    summary
}

#[test]
fn the_usual_sentence_names_every_kind_of_trouble_and_what_it_is_out_of() {
    let summary = counted([214, 60, 2, 0, 131, 198, 7_807]);
    assert_eq!(
        says(&summary),
        (
            State::NotReady,
            "Not ready: 605 of 8,412 expected clients. 214 would be orphaned and 391 cannot be judged."
                .to_owned()
        )
    );
    assert_eq!(
        says(&usual()).1,
        "Not ready: 694 of 8,424 clients (8,412 expected, 12 not on the list). 214 would be orphaned, 9 would lose \
         their 32-bit programs, 28 would lose their .NET parts, 391 cannot be judged and 52 wait for a restart."
    );
}

#[test]
fn one_is_singular() {
    assert_eq!(
        says(&counted([1, 1, 0, 1, 0, 0, 7])).1,
        "Not ready: 3 of 10 expected clients. 1 would be orphaned, 1 cannot be judged and 1 waits for a restart."
    );
    assert_eq!(
        says(&counted([0, 0, 0, 1, 0, 0, 0])).1,
        "Not ready: 1 of 1 expected client. 1 waits for a restart."
    );
}

#[test]
fn blocking_without_a_named_impact_is_not_forgotten() {
    let mut summary = counted([5, 0, 0, 0, 0, 0, 5]);
    summary.impacts = BTreeMap::from([(Impact::Degraded, 3)]);
    assert_eq!(
        says(&summary).1,
        "Not ready: 5 of 10 expected clients. 3 would lose their .NET parts and 2 would block in another way."
    );
}

#[test]
fn silence_is_never_success() {
    assert_eq!(
        says(&nothing()),
        (State::Nothing, "Nothing reported yet.".to_owned())
    );
    assert_eq!(
        says(&counted([0, 0, 0, 0, 0, 8_412, 0])),
        (
            State::NotReady,
            "Not ready: none of the 8,412 expected clients has reported.".to_owned()
        )
    );
    assert_eq!(
        says(&counted([0, 0, 0, 0, 0, 1, 0])).1,
        "Not ready: the one expected client has never reported."
    );
    assert_eq!(
        says(&counted([0, 0, 0, 0, 0, 1, 8_411])).1,
        "Not ready: 1 of 8,412 expected clients. 1 cannot be judged."
    );
}

#[test]
fn without_a_list_nothing_is_called_complete() {
    assert_eq!(
        says(&unlisted([3, 0, 0, 0, 0, 0, 297])).1,
        "Not ready: 3 of 300 clients that reported. 3 would be orphaned. There is no expected list, so nothing can \
         be called complete."
    );
    assert_eq!(
        says(&unlisted([0, 0, 0, 0, 0, 0, 300])),
        (
            State::Incomplete,
            "Not complete: all 300 clients that reported are ready, but there is no expected list, so nothing \
             can be called complete."
                .to_owned()
        )
    );
    assert_eq!(
        says(&unlisted([0, 0, 0, 0, 0, 0, 1])).1,
        "Not complete: the one client that reported is ready, but there is no expected list, so nothing can \
         be called complete."
    );
}

#[test]
fn ready_is_said_only_when_all_expected_clients_are() {
    assert_eq!(
        says(&counted([0, 0, 0, 0, 0, 0, 8_412])),
        (
            State::Ready,
            "Ready: all 8,412 expected clients are cleared for the cutover.".to_owned()
        )
    );
    assert_eq!(
        says(&counted([0, 0, 0, 0, 0, 0, 1])).1,
        "Ready: the one expected client is cleared for the cutover."
    );
    let mut summary = counted([0, 0, 0, 0, 0, 0, 10]);
    summary.population.expected = 8;
    summary.population.unlisted = 2;
    assert_eq!(
        says(&summary).1,
        "Ready: all 10 clients (8 expected, 2 not on the list) are cleared for the cutover."
    );
}

#[test]
fn a_list_without_anybody_is_nothing_to_judge() {
    let mut summary = counted([0; 7]);
    assert_eq!(
        says(&summary),
        (
            State::Nothing,
            "Nothing to judge: the expected list is empty.".to_owned()
        )
    );
    summary.population.left_out = 57;
    assert_eq!(
        says(&summary).1,
        "Nothing to judge: 57 clients on the expected list, all left out as obsolete or decommissioned."
    );
}

#[test]
fn every_number_leads_to_its_list() {
    let hrefs: Vec<String> = Headline::of(&usual(), &Filter::default())
        .pieces
        .into_iter()
        .filter_map(|piece| piece.href)
        .collect();
    assert_eq!(
        hrefs,
        [
            "/blockers?standing=blocking,undetermined,conflict,restart_pending,stale,silent",
            "/blockers?standing=blocking&impact=orphan",
            "/blockers?standing=blocking&impact=partial",
            "/blockers?standing=blocking&impact=degraded",
            "/blockers?standing=undetermined,conflict,stale,silent",
            "/blockers?standing=restart_pending",
        ]
    );
}

#[test]
fn a_selection_never_says_that_the_estate_is_ready() {
    let base = Filter {
        site: Some("P01".to_owned()),
        ..Filter::default()
    };
    let says = |counts| {
        let headline = Headline::of(&counted(counts), &base);
        (headline.state, headline.text())
    };
    assert_eq!(
        says([0, 0, 0, 0, 0, 0, 12]),
        (
            State::Incomplete,
            "In this selection: all 12 clients are ready.".to_owned()
        )
    );
    assert_eq!(
        says([0, 0, 0, 0, 0, 0, 0]).1,
        "In this selection: nobody. Take a filter back to see more."
    );
    let (state, text) = says([3, 0, 0, 1, 0, 2, 4]);
    assert_eq!(state, State::NotReady);
    assert!(
        text.starts_with("In this selection: 6 of 10 clients are not ready. "),
        "{text}"
    );
}
