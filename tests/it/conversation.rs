//! Reply, further messages, notes, taking in charge, appointments.

use serde_json::json;

use crate::world::{SEDE, World, by_officer, by_operator, with};

fn here(command: &str) -> String {
    format!("sede.{SEDE}.{command}")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_sede_did_is_not_told_to_it_when_it_says_so_twice() {
    let world = World::start().await;
    let id = world.submit().await;
    let queue = format!("sede.{SEDE}");
    world.next(&queue).await;
    let reply = with(by_officer(id), json!({"text": "Ecco."}));
    for _ in 0..2 {
        world.send_as("m-1", &here("request.reply"), &reply).await;
        world.settle().await;
    }
    assert_eq!(world.depth(&queue).await, 0);
    // A refusal is the sede's own, and comes again under its id.
    world.send_as("m-2", &here("request.reply"), &reply).await;
    let refusal = world.next(&queue).await;
    world.send_as("m-2", &here("request.reply"), &reply).await;
    assert_eq!(world.next(&queue).await.message_id, refusal.message_id);
    // The same words as another command are not the same message.
    world.send_as("m-1", &here("request.note"), &reply).await;
    world.settle().await;
    let kept = "select count(*) from dead_letter where reason = 'message_id_reused'";
    assert_eq!(world.count(kept).await, 1);
    assert_eq!(
        world
            .count("select count(*) from case_event where kind = 'replied'")
            .await,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_answer_two_more_messages_and_then_the_appointment() {
    let world = World::start().await;
    let id = world.submit().await;
    let queue = format!("sede.{SEDE}");
    world.next(&queue).await;
    let message = with(by_operator(id), json!({"text": "E allora?"}));
    let reply = with(by_officer(id), json!({"text": "Ecco."}));
    let book = with(by_operator(id), json!({"wish": "di mattina"}));

    // not before the sede has answered
    assert_eq!(
        world
            .refused("portal.inca.request.message", &message)
            .await
            .text("code"),
        "awaiting_reply"
    );
    for interaction in 1..=2 {
        world.send(&here("request.reply"), &reply).await;
        let replied = world.next("portal.inca").await;
        assert_eq!(
            (replied.kind.as_str(), replied.text("state")),
            ("request.replied", "Chiuso da Funzionario")
        );
        assert_eq!(replied.body["interactions_left"], 3 - interaction);
        // answered twice: a conflict, told to the sede
        assert_eq!(
            world.refused(&here("request.reply"), &reply).await.text("code"),
            "state_conflict"
        );
        world.send("portal.inca.request.message", &message).await;
        let told = world.next("portal.inca").await;
        assert_eq!(
            (told.kind.as_str(), told.text("state")),
            ("request.assigned", "Assegnato a Sede")
        );
        let further = world.next(&queue).await;
        assert_eq!(further.kind, "request.message");
        assert_eq!(further.case_seq(), Some(1 + interaction));
        assert_eq!(further.body["interaction"], interaction);
    }
    // still waiting, and neither time nor sede opened the appointment
    assert_eq!(
        world
            .refused("portal.inca.request.book", &book)
            .await
            .text("code"),
        "not_yet"
    );
    world.send(&here("request.reply"), &reply).await;
    assert_eq!(world.next("portal.inca").await.body["interactions_left"], 0);
    // the third is refused; R-100: the conversation cannot go on, so the appointment opens
    assert_eq!(
        world
            .refused("portal.inca.request.message", &message)
            .await
            .text("code"),
        "limit_reached"
    );
    let nothing = with(by_operator(id), json!({"wish": " \u{200b}", "slot": null}));
    let refused = world.refused("portal.inca.request.book", &nothing).await;
    assert_eq!(
        (refused.text("code"), &refused.body["fields"][0]["pointer"]),
        ("invalid_body", &json!("/wish"))
    );
    world.send("portal.inca.request.book", &book).await;
    assert_eq!(world.next("portal.inca").await.kind, "appointment.booked");
    assert_eq!(world.next(&queue).await.kind, "appointment.booked");
    assert_eq!(
        world
            .refused("portal.inca.request.book", &book)
            .await
            .text("code"),
        "already_booked"
    );
    let yesterday = with(
        by_officer(id),
        json!({"at": "2026-11-22T10:30:00+01:00", "place": "Sportello 4"}),
    );
    let refused = world.refused(&here("appointment.confirm"), &yesterday).await;
    assert_eq!(
        (refused.text("code"), &refused.body["fields"][0]["pointer"]),
        ("invalid_body", &json!("/at"))
    );
    let confirm = with(
        by_officer(id),
        json!({"at": "2026-12-01T10:30:00+01:00", "place": "Sportello 4"}),
    );
    world.send(&here("appointment.confirm"), &confirm).await;
    assert_eq!(world.next("portal.inca").await.kind, "appointment.confirmed");
    let cancel = with(by_officer(id), json!({"reason": "Sciopero"}));
    world.send(&here("appointment.cancel"), &cancel).await;
    assert_eq!(world.next("portal.inca").await.kind, "appointment.cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_barred_conversation_is_closed_to_messages_and_open_to_an_appointment() {
    let world = World::start().await;
    let id = world.submit().await;
    let barred = with(
        by_officer(id),
        json!({"text": "Non si può.", "continuation": "barred"}),
    );
    world.send(&here("request.reply"), &barred).await;
    assert_eq!(world.next("portal.inca").await.kind, "request.replied");
    let message = with(by_operator(id), json!({"text": "Ma perché?"}));
    assert_eq!(
        world
            .refused("portal.inca.request.message", &message)
            .await
            .text("code"),
        "conversation_closed"
    );
    world
        .send(
            "portal.inca.request.book",
            &with(by_operator(id), json!({"wish": "presto"})),
        )
        .await;
    assert_eq!(world.next("portal.inca").await.kind, "appointment.booked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_reaches_no_patronato_by_any_way() {
    let world = World::start().await;
    let id = world.submit().await;
    world.next(&format!("sede.{SEDE}")).await;
    let secret = "SEGRETO-INTERNO";
    world
        .send(
            &here("request.note"),
            &with(by_officer(id), json!({"text": secret})),
        )
        .await;
    world
        .send(
            &here("request.transfer"),
            &with(by_officer(id), json!({"sede": "700000", "reason": "x"})),
        )
        .await;
    world
        .send(
            "sede.700000.request.reply",
            &with(by_officer(id), json!({"text": "Risposta"})),
        )
        .await;
    for kind in ["request.transferred", "request.replied"] {
        let told = world.next("portal.inca").await;
        assert_eq!(told.kind, kind);
        assert!(!told.body.to_string().contains(secret));
    }
    world.settle().await;
    assert_eq!(world.depth("portal.inca").await, 0);
    world
        .until("the mail is out", async || mails(&world).len() == 1)
        .await;
    assert!(!mails(&world)[0].contains(secret));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_officer_takes_it_in_charge_and_gives_it_back() {
    let world = World::start().await;
    let id = world.submit().await;
    world.next(&format!("sede.{SEDE}")).await;
    let other = json!({"request_id": id, "officer": {"id": "lg2", "name": "Luca Gialli"}});
    world.send(&here("request.take"), &by_officer(id)).await;
    assert_eq!(
        world.refused(&here("request.take"), &other).await.text("code"),
        "state_conflict"
    );
    assert_eq!(
        world.refused(&here("request.release"), &other).await.text("code"),
        "state_conflict"
    );
    world.send(&here("request.release"), &by_officer(id)).await;
    world.send(&here("request.take"), &other).await;
    world.settle().await;
    assert_eq!(
        world
            .count("select count(*) from cases where officer = 'lg2'")
            .await,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_mails_its_operator_once_and_names_nobody() {
    let world = World::start().await;
    let id = world.submit().await;
    let reply = with(
        by_officer(id),
        json!({"text": "La pensione di Mario Bianchi è liquidata."}),
    );
    world.send_as("r-1", &here("request.reply"), &reply).await;
    world.send_as("r-1", &here("request.reply"), &reply).await;
    world.settle().await;
    world
        .until("the mail is out", async || !mails(&world).is_empty())
        .await;
    let mails = mails(&world);
    assert_eq!(mails.len(), 1);
    assert_eq!(world.count("select count(*) from mail_outbox").await, 1);
    let mail = mails[0].to_lowercase();
    assert!(mail.contains("auto-submitted: auto-generated") && mail.contains("op1@inca.example"));
    for personal in ["bianchi", "bncmra", "liquidata", "anna verdi"] {
        assert!(!mail.contains(personal), "{personal}");
    }
}

fn mails(world: &World) -> Vec<String> {
    let usciere::config::mail::SmtpUrl::Files(folder) = &world.config.smtp.url else {
        return Vec::new();
    };
    let Ok(files) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    files
        .filter_map(|file| {
            let path = file.ok()?.path();
            (path.extension()? == "eml").then(|| std::fs::read_to_string(path).ok())?
        })
        .collect()
}
