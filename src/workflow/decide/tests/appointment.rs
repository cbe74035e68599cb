//! The three ways to an appointment.

use super::*;

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
        "sede:appointment.booked portal:appointment.booked mail:appointment_booked"
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
