//! Who holds a request: routing, assigning, transferring, taking in charge; and who may not even know of it.

use chrono::TimeDelta;

use super::*;
use crate::domain::event::Claim;

#[test]
fn r_092_a_request_is_assigned_by_the_router_and_its_sede_is_told_once() {
    let opened = open(&RICHIESTA, &opening(Some("230001")), day(0)).unwrap();
    assert_eq!(label(&opened.case), "Assegnato a Sede");
    assert_eq!(opened.case.sede, sede("230001"));
    assert_eq!(
        words(&opened.effects),
        "portal:request.accepted sede:request.assigned"
    );
    assert_eq!(opened.followed, [Event::Assigned { sede: sede("230001") }]);
    assert_eq!(opened.due_on, Some(date("2020-11-06")));
    assert_eq!(RICHIESTA.solicit_from(&opened.case), Some(date("2020-11-05")));
    assert_eq!(RICHIESTA.appointment_from(&opened.case), Some(date("2020-11-06")));
}

#[test]
fn r_092_an_unrouted_request_waits_on_its_desk_which_is_told() {
    let opened = open(&RICHIESTA, &opening(None), day(0)).unwrap();
    assert_eq!(label(&opened.case), "Inviato a LineaINPS");
    assert_eq!(opened.case.sede, SedeCode::lineainps());
    assert_eq!(
        words(&opened.effects),
        "portal:request.accepted sede:request.assigned"
    );
    assert!(opened.followed.is_empty());
    assert_eq!(opened.due_on, Some(date("2020-11-06")));
}

#[test]
fn t3_the_desk_assigns_and_the_clock_goes_on() {
    let mut story = Story::at_desk();
    let clerk = officer("carla", "lineainps");
    story.then(
        1,
        &clerk,
        &Event::Taken {
            officer: person("carla"),
            claim: Claim::IfFree,
        },
    );
    let decision = story.then(3, &clerk, &Event::Assigned { sede: sede("230001") });
    assert_eq!(
        words(&decision.effects),
        "sede:request.assigned portal:request.assigned"
    );
    assert_eq!(label(&story.case), "Assegnato a Sede");
    assert_eq!(story.case.facts.awaiting_since, Some(date("2020-10-21")));
    assert_eq!(story.case.facts.charge, None);
    assert_eq!(
        story
            .refused(3, &anna(), &Event::Assigned { sede: sede("700100") })
            .code,
        RefusalCode::StateConflict
    );
}

#[test]
fn t4_a_transfer_tells_both_sedi_and_the_portal_and_keeps_the_clock() {
    let mut story = Story::at_sede();
    story.then(
        1,
        &anna(),
        &Event::Taken {
            officer: person("anna"),
            claim: Claim::IfFree,
        },
    );
    assert_eq!(
        story
            .refused(2, &anna(), &Event::Transferred { sede: sede("230001") })
            .code,
        RefusalCode::StateConflict
    );
    let decision = story.then(2, &anna(), &Event::Transferred { sede: sede("700100") });
    assert_eq!(
        words(&decision.effects),
        "sede:request.assigned previous-sede:request.revoked portal:request.transferred"
    );
    assert_eq!(decision.due_on, Some(date("2020-11-06")));
    assert_eq!(story.case.facts.charge, None);
    assert_eq!(story.refused(3, &anna(), &reply()).code, RefusalCode::NotYourSede);
    let back = story.then(
        4,
        &officer("dino", "700100"),
        &Event::Transferred {
            sede: SedeCode::lineainps(),
        },
    );
    assert_eq!(words(&back.effects), words(&decision.effects));
    assert_eq!(label(&story.case), "Inviato a LineaINPS");
}

fn take(id: &str) -> Event {
    Event::Taken {
        officer: person(id),
        claim: Claim::IfFree,
    }
}

fn take_over(id: &str) -> Event {
    Event::Taken {
        officer: person(id),
        claim: Claim::TakeOver,
    }
}

/// Who has it in charge that many minutes after day 1.
fn in_charge(story: &Story, minutes: i64) -> Option<&str> {
    let now = day(1) + TimeDelta::minutes(minutes);
    story
        .case
        .facts
        .charge_at(now)
        .map(|charge| charge.officer.as_str())
}

fn minutes_later(story: &Story, minutes: i64, actor: &Actor, event: &Event) -> Result<Decision, Refusal> {
    decide(
        &RICHIESTA,
        &story.case,
        event,
        actor,
        day(1) + TimeDelta::minutes(minutes),
    )
}

#[test]
fn a_request_in_charge_of_one_officer_is_not_taken_by_another_without_a_reason() {
    let mut story = Story::at_sede();
    story.then(1, &anna(), &take("anna"));
    story.then(1, &anna(), &take("anna"));
    let bruno = officer("bruno", "230001");
    let refusal = story.refused(1, &bruno, &take("bruno"));
    assert_eq!(refusal.code, RefusalCode::StateConflict);
    assert_eq!(
        refusal.message,
        "La richiesta è in carico a un altro funzionario: per subentrare indica il motivo."
    );
    assert_eq!(
        story.refused(1, &bruno, &Event::Released).code,
        RefusalCode::StateConflict
    );
    story.then(1, &bruno, &take_over("bruno"));
    assert_eq!(in_charge(&story, 0), Some("bruno"));
    assert_eq!(
        story.refused(1, &anna(), &Event::Released).code,
        RefusalCode::StateConflict
    );
    story.then(1, &bruno, &Event::Released);
    assert_eq!(in_charge(&story, 0), None);
}

#[test]
fn a_charge_runs_out_unless_its_officer_acts() {
    let mut story = Story::at_sede();
    let bruno = officer("bruno", "230001");
    story.then(1, &anna(), &take("anna"));
    assert_eq!(
        (in_charge(&story, 19), in_charge(&story, 20)),
        (Some("anna"), None)
    );
    assert!(minutes_later(&story, 19, &bruno, &take("bruno")).is_err());
    let taken = minutes_later(&story, 20, &bruno, &take("bruno")).unwrap();
    assert_eq!(taken.facts.charge.unwrap().officer, person("bruno"));

    let noted = minutes_later(&story, 19, &anna(), &Event::Noted).unwrap();
    story.case = noted.applied_to(story.case);
    assert_eq!(
        (in_charge(&story, 38), in_charge(&story, 39)),
        (Some("anna"), None)
    );
    // What a colleague does is no act of hers.
    let noted = minutes_later(&story, 30, &bruno, &Event::Noted).unwrap();
    story.case = noted.applied_to(story.case);
    assert_eq!(
        (in_charge(&story, 38), in_charge(&story, 39)),
        (Some("anna"), None)
    );
    // Too late to prolong: acting does not take.
    let noted = minutes_later(&story, 39, &anna(), &Event::Noted).unwrap();
    assert_eq!(noted.facts.charge, None);
}

#[test]
fn r_094_strangers_learn_nothing() {
    let story = Story::at_sede();
    for stranger in [
        operator_of("op1", "acli", "INCA-RM-001"),
        operator_of("op1", "inca", "INCA-RM-002"),
    ] {
        let refusal = story.refused(30, &stranger, &Event::Solicited);
        assert_eq!(refusal.code, RefusalCode::RequestUnknown);
        assert!(refusal.why.is_empty());
    }
    assert_eq!(
        story.refused(1, &officer("x", "700100"), &reply()).code,
        RefusalCode::NotYourSede
    );
    assert_eq!(
        story.refused(1, &anna(), &Event::Solicited).code,
        RefusalCode::StateConflict
    );
    assert_eq!(
        story.refused(1, &op1(), &reply()).code,
        RefusalCode::StateConflict
    );
}

#[test]
fn notes_change_nothing_and_leave_nothing() {
    let mut story = Story::at_sede();
    for number in [1, 2] {
        let before = story.case.clone();
        let decision = story.then(number, &anna(), &Event::Noted);
        assert!(decision.effects.is_empty() && !decision.ignored);
        assert_eq!(story.case, before);
        if number == 1 {
            story.then(1, &anna(), &reply());
        }
    }
}
