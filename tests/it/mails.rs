//! What operators read in their mails while a request goes its way, through a real broker and a real node.

use serde_json::json;
use usciere::mail::{CaughtMail, caught};

use crate::world::{SEDE, World, by_officer, by_operator, request, with};

/// In every place where a person writes or is named.
const PERSONAL: [&str; 8] = [
    "bianchi",
    "bncmra50a01h501u",
    "mario",
    "verdi",
    "testo-del-cittadino",
    "note-del-cittadino",
    "testo-della-sede",
    "motivo-della-sede",
];

fn here(kind: &str) -> String {
    format!("sede.{SEDE}.{kind}")
}

fn mails(world: &World) -> Vec<CaughtMail> {
    let usciere::config::mail::SmtpUrl::Files(folder) = &world.config.smtp.url else {
        return Vec::new();
    };
    caught(folder).unwrap()
}

/// The mail about what was just told to the portal, once it is out.
async fn mail_after(world: &World, event: &str, before: usize) -> CaughtMail {
    assert_eq!(world.next("portal.inca").await.kind, event);
    world
        .until("the mail is out", async || mails(world).len() == before + 1)
        .await;
    mails(world).remove(before)
}

/// A property of the event in the calendar file of a mail.
fn calendar(mail: &CaughtMail, name: &str) -> Option<String> {
    let [file] = mail.attachments.as_slice() else {
        return None;
    };
    let lines = file.content.lines();
    let mut values = lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    values.next().map(str::to_owned)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_appointment_comes_into_the_calendar_and_goes_out_of_it_again() {
    let world = World::start().await;
    let id = world.submit().await;
    let enabled = with(by_officer(id), json!({ "reason": "motivo-della-sede" }));
    world.send(&here("request.enable_appointment"), &enabled).await;
    let mail = mail_after(&world, "appointment.enabled", 0).await;
    assert!(mail.subject.contains("Puoi prenotare un appuntamento"));

    let slot = json!({ "slot": "2026-12-09T09:30:00+01:00" });
    world
        .send("portal.inca.request.book", &with(by_operator(id), slot))
        .await;
    let booked = mail_after(&world, "appointment.booked", 1).await;
    assert!(
        booked.text.contains("Quando: 09/12/2026, ore 09:30"),
        "{}",
        booked.text
    );
    assert_eq!(calendar(&booked, "STATUS").as_deref(), Some("TENTATIVE"));
    assert_eq!(calendar(&booked, "DTSTART").as_deref(), Some("20261209T083000Z"));

    let place = json!({ "at": "2026-12-10T11:00:00+01:00", "place": "Via Filippo Re 1, sportello 4" });
    world
        .send(&here("appointment.confirm"), &with(by_officer(id), place))
        .await;
    let confirmed = mail_after(&world, "appointment.confirmed", 2).await;
    assert!(
        confirmed.text.contains("Dove: Via Filippo Re 1, sportello 4"),
        "{}",
        confirmed.text
    );
    assert_eq!(
        calendar(&confirmed, "DTSTART").as_deref(),
        Some("20261210T100000Z")
    );

    let reason = json!({ "reason": "motivo-della-sede" });
    world
        .send(&here("appointment.cancel"), &with(by_officer(id), reason))
        .await;
    let cancelled = mail_after(&world, "appointment.cancelled", 3).await;
    assert_eq!(calendar(&cancelled, "METHOD").as_deref(), Some("CANCEL"));
    assert_eq!(
        calendar(&cancelled, "DTSTART"),
        calendar(&confirmed, "DTSTART"),
        "the date that is called off"
    );
    assert_eq!(calendar(&cancelled, "UID"), calendar(&booked, "UID"));
    let sequences = [&booked, &confirmed, &cancelled]
        .map(|mail| calendar(mail, "SEQUENCE").unwrap().parse::<u32>().unwrap());
    assert!(sequences.is_sorted_by(|one, next| one < next), "{sequences:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_mail_names_anybody_or_repeats_a_text() {
    let world = World::start().await;
    let body = with(
        request(),
        json!({ "text": "testo-del-cittadino", "notes": "note-del-cittadino" }),
    );
    world.send("portal.inca.request.submit", &body).await;
    let accepted = world.next("portal.inca").await;
    let id = accepted.text("request_id").parse().unwrap();
    world.days_later(16);
    world.node().engine.sweep(|| false).await.unwrap();
    let overdue = mail_after(&world, "request.overdue", 0).await;
    for line in [
        "Sollecito, prima data utile: 08/12/2026",
        "Appuntamento, prima data utile: 09/12/2026",
    ] {
        assert!(overdue.text.contains(line), "{}", overdue.text);
    }
    world
        .send(
            "portal.inca.request.book",
            &with(by_operator(id), json!({ "wish": "testo-del-cittadino" })),
        )
        .await;
    mail_after(&world, "appointment.booked", 1).await;
    let reason = json!({ "reason": "motivo-della-sede" });
    let text = json!({ "text": "testo-della-sede" });
    for (number, (command, event, words)) in (2..).zip([
        ("appointment.cancel", "appointment.cancelled", &reason),
        ("request.enable_appointment", "appointment.enabled", &reason),
        ("request.reply", "request.replied", &text),
    ]) {
        world
            .send(&here(command), &with(by_officer(id), words.clone()))
            .await;
        mail_after(&world, event, number).await;
    }
    let message = json!({ "text": "testo-del-cittadino" });
    world
        .send("portal.inca.request.message", &with(by_operator(id), message))
        .await;
    assert_eq!(world.next("portal.inca").await.kind, "request.assigned");
    world
        .send(&here("request.close"), &with(by_officer(id), reason))
        .await;
    mail_after(&world, "request.closed", 5).await;
    let mails = mails(&world);
    assert_eq!(mails.len(), 6);
    for mail in mails {
        assert_eq!(mail.to, ["op1@inca.example"]);
        let everything = format!("{mail:?}").to_lowercase();
        for word in PERSONAL {
            assert!(!everything.contains(word), "{word} in {}", mail.subject);
        }
    }
}
