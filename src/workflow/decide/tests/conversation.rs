//! Answers, further messages, documents, the end of a conversation.

use super::*;

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
    assert_eq!(RICHIESTA.interactions_left(&story.case.facts), 2);
    story.then(
        1,
        &anna(),
        &Event::Replied {
            continuation: Continuation::Barred,
        },
    );
    let refusal = story.refused(2, &op1(), &Event::Messaged);
    assert_eq!(refusal.code, RefusalCode::ConversationClosed);
    assert_eq!(RICHIESTA.interactions_left(&story.case.facts), 0);
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
