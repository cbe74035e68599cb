//! The rules of the manual, one test each, named after the requirement of DOMAIN.md.

use super::super::fixtures::*;
use super::super::{open, vocabulary::effect_word};
use super::*;
use crate::domain::refusal::RefusalCode;

fn words(effects: &[Effect]) -> String {
    effects
        .iter()
        .map(|effect| effect_word(*effect))
        .collect::<Vec<_>>()
        .join(" ")
}

fn label(case: &Case) -> &'static str {
    RICHIESTA.state_label(&case.state).unwrap()
}

fn op1() -> Actor {
    operator("op1")
}

fn anna() -> Actor {
    officer("anna", "230001")
}

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
fn t5_a_reply_closes_stops_the_clock_and_is_mailed() {
    let mut story = Story::at_sede();
    let decision = story.then(20, &anna(), &reply());
    assert_eq!(label(&story.case), "Chiuso da Funzionario");
    assert_eq!(words(&decision.effects), "portal:request.replied mail:reply");
    assert_eq!(decision.due_on, None);
    let facts = &story.case.facts;
    assert_eq!(
        (facts.awaiting_since, facts.overdue, facts.elapsed, facts.barred),
        (None, false, 0, false)
    );
    let again = story.refused(21, &anna(), &reply());
    assert_eq!(again.code, RefusalCode::StateConflict);
    assert_eq!(again.message, "La richiesta non attende risposta.");
}

#[test]
fn t12_a_close_bars_the_conversation_and_opens_the_appointment() {
    let mut story = Story::at_sede();
    let decision = story.then(2, &anna(), &Event::Closed);
    assert_eq!(words(&decision.effects), "portal:request.closed mail:closed");
    let refusal = story.refused(3, &op1(), &Event::Messaged);
    assert_eq!(refusal.code, RefusalCode::ConversationClosed);
    story.then(3, &op1(), &Event::Booked);
    assert_eq!(
        story.refused(4, &anna(), &Event::Closed).code,
        RefusalCode::StateConflict
    );
}

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
fn r_101_a_message_waits_for_the_answer() {
    for story in [Story::at_sede(), Story::at_desk()] {
        let refusal = story.refused(30, &op1(), &Event::Messaged);
        assert_eq!(refusal.code, RefusalCode::AwaitingReply);
        assert_eq!(
            refusal.message,
            "Attendi la risposta della sede prima di scrivere ancora."
        );
        assert_eq!(refusal.why[0].condition, "state");
    }
}

#[test]
fn r_102_at_most_two_further_interactions() {
    let mut story = Story::at_sede();
    for turn in 1..=2 {
        story.then(turn * 10, &anna(), &reply());
        let decision = story.then(turn * 10 + 1, &operator("colleague"), &Event::Messaged);
        assert_eq!(
            words(&decision.effects),
            "sede:request.message portal:request.assigned"
        );
        assert_eq!(label(&story.case), "Assegnato a Sede");
        assert_eq!(
            story.case.facts.awaiting_since,
            Some(date("2020-10-21") + chrono::Days::new(turn.unsigned_abs() * 10 + 1))
        );
    }
    assert_eq!(
        story.refused(22, &op1(), &Event::Messaged).code,
        RefusalCode::AwaitingReply
    );
    story.then(30, &anna(), &reply());
    let refusal = story.refused(31, &op1(), &Event::Messaged);
    assert_eq!(refusal.code, RefusalCode::LimitReached);
    assert_eq!(
        refusal.message,
        "Hai usato le 2 interazioni previste: puoi inoltrare una nuova richiesta o prenotare un appuntamento."
    );
}

#[test]
fn r_101_a_desk_that_answered_gets_the_follow_up_back() {
    let mut story = Story::at_desk();
    let carla = officer("carla", "lineainps");
    story.then(1, &carla, &reply());
    let decision = story.then(2, &op1(), &Event::Messaged);
    assert_eq!(label(&story.case), "Inviato a LineaINPS");
    assert_eq!(decision.sede, SedeCode::lineainps());
    story.then(3, &carla, &Event::Assigned { sede: sede("230001") });
}

#[test]
fn a_barred_reply_ends_the_conversation() {
    let mut story = Story::at_sede();
    story.then(
        1,
        &anna(),
        &Event::Replied {
            continuation: Continuation::Barred,
        },
    );
    let refusal = story.refused(2, &op1(), &Event::Messaged);
    assert_eq!(refusal.code, RefusalCode::ConversationClosed);
    story.then(2, &op1(), &Event::Booked);
}

#[test]
fn r_063_attachments_may_follow_while_the_request_is_open() {
    let mut story = Story::at_sede();
    let decision = story.then(1, &op1(), &Event::Attached);
    assert_eq!(
        words(&decision.effects),
        "sede:request.attached portal:attachment.added"
    );
    story.then(2, &anna(), &reply());
    assert_eq!(
        story.refused(3, &op1(), &Event::Attached).code,
        RefusalCode::StateConflict
    );
}

#[test]
fn r_100_an_appointment_opens_after_more_than_fifteen_days() {
    let mut story = Story::at_sede();
    let refusal = story.refused(15, &op1(), &Event::Booked);
    assert_eq!(
        (refusal.code, refusal.available_from),
        (RefusalCode::NotYet, Some(date("2020-11-06")))
    );
    assert_eq!(
        refusal.message,
        "Potrai prenotare un appuntamento dal 06/11/2020 (16 giorni dall'inoltro)."
    );
    let decision = story.then(16, &op1(), &Event::Booked);
    assert_eq!(
        words(&decision.effects),
        "sede:appointment.booked portal:appointment.booked"
    );
    assert_eq!(
        story.refused(17, &op1(), &Event::Booked).code,
        RefusalCode::AlreadyBooked
    );
}

#[test]
fn r_100_the_sede_may_enable_an_appointment_at_any_time() {
    let mut story = Story::at_sede();
    let decision = story.then(1, &anna(), &Event::AppointmentEnabled);
    assert_eq!(
        words(&decision.effects),
        "portal:appointment.enabled mail:appointment_enabled"
    );
    story.then(1, &op1(), &Event::Booked);
    let confirmed = story.then(2, &anna(), &Event::AppointmentConfirmed);
    assert_eq!(
        words(&confirmed.effects),
        "portal:appointment.confirmed mail:appointment_confirmed"
    );
    assert_eq!(
        story.refused(2, &anna(), &Event::AppointmentConfirmed).code,
        RefusalCode::StateConflict
    );
    assert_eq!(
        story.refused(2, &op1(), &Event::Booked).code,
        RefusalCode::AlreadyBooked
    );
    let cancelled = story.then(3, &anna(), &Event::AppointmentCancelled);
    assert_eq!(
        words(&cancelled.effects),
        "portal:appointment.cancelled mail:appointment_cancelled"
    );
    assert_eq!(
        story.refused(3, &anna(), &Event::AppointmentCancelled).code,
        RefusalCode::StateConflict
    );
    story.then(4, &op1(), &Event::Booked);
}

#[test]
fn r_100_an_answered_request_with_interactions_left_has_no_appointment() {
    let mut story = Story::at_sede();
    story.then(1, &anna(), &reply());
    let refusal = story.refused(40, &op1(), &Event::Booked);
    assert_eq!(
        (refusal.code, refusal.available_from),
        (RefusalCode::NotYet, None)
    );
    assert_eq!(
        refusal.message,
        "È possibile solo dopo una lunga attesa senza risposta, oppure se la sede ha abilitato l'appuntamento, \
         oppure se la conversazione non può continuare."
    );
}

#[test]
fn r_113_only_the_sender_books() {
    let story = Story::at_sede();
    let refusal = story.refused(30, &operator("colleague"), &Event::Booked);
    assert_eq!(refusal.code, RefusalCode::NotSender);
    assert_eq!(
        refusal.message,
        "Solo chi ha inviato la richiesta può prenotare un appuntamento."
    );
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
fn r_112_the_waiting_runs_over_once_on_day_sixteen() {
    let mut story = Story::at_sede();
    let elapsed = Event::Elapsed { days: 16 };
    let refusal = story.refused(15, &Actor::Engine, &elapsed);
    assert_eq!(
        (refusal.code, refusal.available_from),
        (RefusalCode::NotYet, Some(date("2020-11-06")))
    );
    let decision = story.then(16, &Actor::Engine, &elapsed);
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
