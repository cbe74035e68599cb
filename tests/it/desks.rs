//! Work at a desk: what no rule routes raises an alarm until somebody assigns it; a charge passes from hand to hand;
//! a note stays in the house.

use serde_json::{Value, json};
use usciere::lifecycle::readiness::{Part, Status};
use uuid::Uuid;

use crate::world::{SEDE, World, by_officer, by_operator, request, with};

const SUBMIT: &str = "portal.inca.request.submit";

fn routing(world: &World) -> Option<Status> {
    world.node().readiness.report().parts.get(&Part::Routing).copied()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_rule_routes_raises_an_alarm_until_its_desk_assigns_it() {
    let world = World::start().await;
    assert_eq!(routing(&world), Some(Status::Up));
    let abroad = json!({"citizen": {"codice_fiscale": "GRBPLA47E30A952H"}, "practice": null,
                        "reason": "access_requirements"});
    world.send(SUBMIT, &with(request(), abroad)).await;
    let id: Uuid = world
        .next("portal.inca")
        .await
        .text("request_id")
        .parse()
        .unwrap();
    world
        .until("the alarm is raised", async || {
            matches!(routing(&world), Some(Status::Degraded { .. }))
        })
        .await;
    assert!(world.node().readiness.report().ready, "the node goes on working");

    let desk = "sede.da-smistare";
    assert_eq!(world.next(desk).await.kind, "request.assigned");
    world
        .send(
            &format!("{desk}.request.note"),
            &with(by_officer(id), json!({"text": "CAP estero"})),
        )
        .await;
    world
        .send(
            &format!("{desk}.request.assign"),
            &with(by_officer(id), json!({"sede": SEDE})),
        )
        .await;
    let told = world.next("portal.inca").await;
    assert_eq!(
        (told.kind.as_str(), told.text("sede")),
        ("request.assigned", SEDE)
    );
    world
        .until("the alarm is over", async || routing(&world) == Some(Status::Up))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lineainps_desk_answers_by_itself() {
    let world = World::start().await;
    let first_level = json!({"topic": "pin-cittadini", "reason": "access_requirements", "practice": null});
    world.send(SUBMIT, &with(request(), first_level)).await;
    let id: Uuid = world
        .next("portal.inca")
        .await
        .text("request_id")
        .parse()
        .unwrap();
    let desk = "sede.lineainps";
    world.next(desk).await;
    world.send(&format!("{desk}.request.take"), &by_officer(id)).await;
    let reply = with(by_officer(id), json!({"text": "Si accede con SPID."}));
    world.send(&format!("{desk}.request.reply"), &reply).await;
    let replied = world.next("portal.inca").await;
    assert_eq!(
        (replied.kind.as_str(), replied.text("state")),
        ("request.replied", "Chiuso da Funzionario")
    );
    // A further message goes back to the desk that answered.
    let message = with(by_operator(id), json!({"text": "E con la CIE?"}));
    world.send("portal.inca.request.message", &message).await;
    assert_eq!(
        world.next("portal.inca").await.text("state"),
        "Inviato a LineaINPS"
    );
    assert_eq!(world.next(desk).await.kind, "request.message");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_colleague_takes_over_with_a_reason_that_both_can_read() {
    let world = World::start().await;
    let id = world.submit().await;
    let take = format!("sede.{SEDE}.request.take");
    let by = |who: &str| json!({ "request_id": id, "officer": {"id": who, "name": who} });
    world.next(&format!("sede.{SEDE}")).await;
    world.send(&take, &by("anna")).await;
    let refused = world.refused(&take, &by("bruno")).await;
    assert_eq!(refused.text("code"), "state_conflict");
    let blank = world
        .refused(&take, &with(by("bruno"), json!({"reason": " "})))
        .await;
    assert_eq!(
        (blank.text("code"), &blank.body["fields"][0]["pointer"]),
        ("text_missing", &Value::from("/reason"))
    );
    world
        .send(&take, &with(by("bruno"), json!({"reason": "Anna è assente"})))
        .await;
    world.settle().await;
    let held = "select count(*) from cases where officer = 'bruno' and charge_until is not null";
    assert_eq!(world.count(held).await, 1);
    let kept = "select count(*) from case_event where kind = 'taken' and event->'event'->>'claim' = 'take_over' \
                and details->>'reason' = 'Anna è assente'";
    assert_eq!(world.count(kept).await, 1);
}

/// Marks that must never leave the house.
const SECRET: &str = "segretissimo";

#[tokio::test(flavor = "multi_thread")]
async fn no_byte_of_a_note_reaches_a_patronato() {
    let world = World::start().await;
    let sede = format!("sede.{SEDE}");
    let id = world.submit().await;
    let note = |number: u32| with(by_officer(id), json!({"text": format!("{SECRET} {number}")}));
    let officers: [(&str, Value); 6] = [
        ("request.take", json!({})),
        (
            "request.transfer",
            json!({"sede": "700000", "reason": "Competenza"}),
        ),
        ("request.reply", json!({"text": "Risposta"})),
        ("request.enable_appointment", json!({"reason": "Colloquio"})),
        (
            "appointment.confirm",
            json!({"at": "2026-12-01T09:00:00Z", "place": "Sportello 1"}),
        ),
        ("request.close", json!({"reason": "Conclusa"})),
    ];
    let mut holder = sede.clone();
    for (number, (command, more)) in (0_u32..).zip(officers) {
        world.send(&format!("{holder}.request.note"), &note(number)).await;
        world
            .send(&format!("{holder}.{command}"), &with(by_officer(id), more))
            .await;
        world.settle().await;
        match command {
            "request.transfer" => "sede.700000".clone_into(&mut holder),
            "request.enable_appointment" => {
                let wish = with(by_operator(id), json!({"wish": "Di mattina"}));
                world.send("portal.inca.request.book", &wish).await;
                world.settle().await;
            }
            _ => {}
        }
    }
    world.send(&format!("{holder}.request.note"), &note(99)).await;
    world.settle().await;
    let notes = format!("select count(*) from case_event where details::text like '%{SECRET}%'");
    assert_eq!(world.count(&notes).await, 7, "they are kept");

    let mut told = 0;
    for queue in ["portal.inca", &sede, "sede.700000"] {
        for _ in 0..world.depth(queue).await {
            let message = world.next(queue).await;
            assert!(
                !message.body.to_string().contains(SECRET),
                "{queue}: {}",
                message.kind
            );
            told += 1;
        }
    }
    assert!(told >= 8, "{told} messages are too few to prove anything");
    let elsewhere = [
        "select count(*) from inbox where answer::text like '%{}%'",
        "select count(*) from mail_outbox where mail_outbox::text like '%{}%'",
    ];
    for query in elsewhere {
        assert_eq!(world.count(&query.replace("{}", SECRET)).await, 0, "{query}");
    }
}
