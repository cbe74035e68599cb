use super::super::fixtures::released;
use super::*;
use crate::workflow::Registry;
use crate::workflow::definition::{Clause, Rule};
use crate::workflow::vocabulary::{Change, Condition};

#[test]
fn the_released_workflows_keep_every_promise_in_every_situation() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/workflows");
    for workflow in Registry::load(folder.as_ref()).unwrap().iter() {
        let found = explore(workflow);
        assert_eq!((found.broken.len(), found.unused.len()), (0, 0), "{found}");
        assert!(found.situations > 1_000, "{found}");
    }
}

/// The released workflow with one thing wrong that the checks of the file would have refused.
fn damaged(damage: impl Fn(&mut Rule)) -> Exploration {
    let mut workflow = released("richiesta.v1.toml");
    workflow
        .states
        .iter_mut()
        .flat_map(|state| &mut state.rules)
        .for_each(damage);
    explore(&workflow)
}

fn drop_condition(rule: &mut Rule, condition: Condition) {
    rule.when.retain(|clause| *clause != Clause::One(condition));
}

#[track_caller]
fn assert_story(found: &Exploration, promise: &str, story: &str) {
    let broken = found.broken.iter().find(|broken| broken.promise == promise);
    let told = broken.map(|broken| broken.story.join(", "));
    assert_eq!(told.as_deref(), Some(story), "{found}");
}

#[test]
fn an_unbounded_conversation_is_found_with_its_shortest_story() {
    let found = damaged(|rule| drop_condition(rule, Condition::InteractionsLeft));
    assert_story(
        &found,
        "no more interactions than the limit",
        "submitted, replied (allowed), messaged, replied (allowed), messaged, replied (allowed), messaged",
    );
}

#[test]
fn a_double_booking_is_found() {
    let found = damaged(|rule| drop_condition(rule, Condition::NoBooking));
    assert_story(
        &found,
        "there are never two bookings",
        "submitted, replied (barred), booked",
    );
}

#[test]
fn a_clock_that_goes_on_after_the_answer_is_found() {
    let found = damaged(|rule| {
        rule.step.set.retain(|change| *change != Change::StopClock);
    });
    assert_story(
        &found,
        "every request that waits can still be answered",
        "submitted",
    );
    assert!(
        found
            .unused
            .iter()
            .any(|unused| unused == "[state.chiuso_da_funzionario] on.messaged, alternative 1"),
        "{found}"
    );
}

#[test]
fn a_request_nobody_would_miss_is_found() {
    let mut workflow = released("richiesta.v1.toml");
    for state in &mut workflow.states {
        state.timers.clear();
    }
    let found = explore(&workflow);
    assert_story(
        &found,
        "no request waits without a date on which it is noticed",
        "submitted",
    );
}
