//! Who holds a request: routing, assigning, transferring, taking in charge; and who may not even know of it.

use super::*;

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
        },
    );
    let decision = story.then(3, &clerk, &Event::Assigned { sede: sede("230001") });
    assert_eq!(
        words(&decision.effects),
        "sede:request.assigned portal:request.assigned"
    );
    assert_eq!(label(&story.case), "Assegnato a Sede");
    assert_eq!(story.case.facts.awaiting_since, Some(date("2020-10-21")));
    assert_eq!(story.case.facts.officer, None);
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
    assert_eq!(story.case.facts.officer, None);
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

#[test]
fn a_request_in_charge_of_one_officer_is_not_taken_by_another() {
    let mut story = Story::at_sede();
    let take = |id: &str| Event::Taken { officer: person(id) };
    story.then(1, &anna(), &take("anna"));
    story.then(1, &anna(), &take("anna"));
    let bruno = officer("bruno", "230001");
    assert_eq!(
        story.refused(1, &bruno, &take("bruno")).code,
        RefusalCode::StateConflict
    );
    assert_eq!(
        story.refused(1, &bruno, &Event::Released).code,
        RefusalCode::StateConflict
    );
    story.then(2, &anna(), &Event::Released);
    story.then(2, &bruno, &take("bruno"));
    assert_eq!(story.case.facts.officer, Some(person("bruno")));
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
