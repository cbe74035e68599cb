//! Fifteen days: solicits and overdue.

use super::*;

#[test]
fn r_099_a_solicit_opens_on_the_fifteenth_day() {
    let mut story = Story::at_sede();
    let refusal = story.refused(14, &op1(), &Event::Solicited);
    assert_eq!(refusal.code, RefusalCode::NotYet);
    assert_eq!(refusal.available_from, Some(date("2020-11-05")));
    assert_eq!(
        refusal.message,
        "Potrai sollecitare dal 05/11/2020 (15 giorni dall'inoltro)."
    );
    let why: Vec<_> = refusal
        .why
        .iter()
        .map(|why| (why.condition.as_str(), why.holds, why.message.as_str()))
        .collect();
    assert_eq!(
        why,
        [
            ("awaiting", true, "In attesa di risposta dal 21/10/2020"),
            ("solicits_left", true, "0 solleciti su 2"),
            ("solicit_open", false, "14 giorni di attesa su 15"),
        ]
    );
    let decision = story.then(15, &operator("colleague"), &Event::Solicited);
    assert_eq!(
        words(&decision.effects),
        "sede:request.solicited portal:request.solicited"
    );
    assert_eq!(story.case.facts.first_solicit, Some(date("2020-11-05")));
    assert_eq!(story.case.facts.awaiting_since, Some(date("2020-10-21")));
}

#[test]
fn r_098_a_second_solicit_opens_fifteen_days_after_the_first_and_is_the_last() {
    let mut story = Story::at_sede();
    story.then(17, &op1(), &Event::Solicited);
    let refusal = story.refused(31, &op1(), &Event::Solicited);
    assert_eq!(
        (refusal.code, refusal.available_from),
        (RefusalCode::NotYet, Some(date("2020-11-22")))
    );
    assert_eq!(
        refusal.message,
        "Potrai sollecitare di nuovo dal 22/11/2020 (15 giorni dal primo sollecito)."
    );
    story.then(32, &op1(), &Event::Solicited);
    assert_eq!(story.case.facts.second_solicit, Some(date("2020-11-22")));
    let refusal = story.refused(99, &op1(), &Event::Solicited);
    assert_eq!(
        (refusal.code, refusal.available_from),
        (RefusalCode::LimitReached, None)
    );
    assert_eq!(refusal.message, "Hai già inviato 2 solleciti.");
}

#[test]
fn r_099_nothing_to_solicit_once_answered_and_a_follow_up_starts_a_new_clock() {
    let mut story = Story::at_sede();
    story.then(16, &op1(), &Event::Solicited);
    story.then(20, &anna(), &reply());
    assert_eq!(
        story.refused(21, &op1(), &Event::Solicited).code,
        RefusalCode::StateConflict
    );
    story.then(40, &op1(), &Event::Messaged);
    let refusal = story.refused(54, &op1(), &Event::Solicited);
    assert_eq!(refusal.available_from, Some(date("2020-12-15")));
    assert_eq!(
        refusal.message,
        "Potrai sollecitare dal 15/12/2020 (15 giorni dall'ultimo messaggio)."
    );
    story.then(55, &op1(), &Event::Solicited);
}

#[test]
fn r_112_the_waiting_runs_over_once_on_day_sixteen() {
    let mut story = Story::at_sede();
    let elapsed = Event::Elapsed { days: 16 };
    let refusal = story.refused(15, &Actor::Engine, &elapsed);
    assert_eq!(
        (refusal.code, refusal.available_from),
        (RefusalCode::NotYet, Some(date("2020-11-06")))
    );
    assert_eq!(RICHIESTA.due_timer(&story.case, day(15)), None);
    assert_eq!(RICHIESTA.due_timer(&story.case, day(90)), Some(16));
    let decision = story.then(16, &Actor::Engine, &elapsed);
    assert_eq!(RICHIESTA.due_timer(&story.case, day(90)), None);
    assert_eq!(words(&decision.effects), "portal:request.overdue mail:overdue");
    assert_eq!(decision.due_on, None);
    assert_eq!((story.case.facts.overdue, story.case.facts.elapsed), (true, 16));
    assert_eq!(
        story.refused(17, &Actor::Engine, &elapsed).code,
        RefusalCode::StateConflict
    );
    assert_eq!(
        story.refused(17, &anna(), &elapsed).code,
        RefusalCode::StateConflict
    );
}

#[test]
fn r_112_an_answered_request_never_runs_over() {
    let mut story = Story::at_sede();
    story.then(16, &anna(), &reply());
    let before = story.case.clone();
    let decision = story.then(16, &Actor::Engine, &Event::Elapsed { days: 16 });
    assert!(decision.ignored && decision.effects.is_empty());
    assert_eq!(story.case, before);
}

#[test]
fn a_timer_of_an_older_clock_does_not_fire_on_the_new_one() {
    let mut story = Story::at_sede();
    story.then(10, &anna(), &reply());
    let reopened = story.then(12, &op1(), &Event::Messaged);
    assert_eq!(reopened.due_on, Some(date("2020-11-18")));
    assert_eq!(
        story
            .refused(16, &Actor::Engine, &Event::Elapsed { days: 16 })
            .code,
        RefusalCode::NotYet
    );
    story.then(28, &Actor::Engine, &Event::Elapsed { days: 16 });
}
