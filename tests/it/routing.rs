//! Where requests go: sede, desk, override; and from one sede to another.

use serde_json::json;
use usciere::registry::import::{ImportKind, import};

use crate::world::{SEDE, World, by_officer, by_operator, request, with};

const SUBMIT: &str = "portal.inca.request.submit";

#[tokio::test(flavor = "multi_thread")]
async fn a_first_level_topic_waits_at_lineainps_which_answers_or_assigns_it() {
    let world = World::start().await;
    let first_level = json!({"topic": "pin-cittadini", "reason": "access_requirements", "practice": null});
    world.send(SUBMIT, &with(request(), first_level)).await;
    let accepted = world.next("portal.inca").await;
    assert_eq!(accepted.text("state"), "Inviato a LineaINPS");
    assert_eq!(accepted.text("sede"), "lineainps");
    let id = accepted.text("request_id").parse().unwrap();
    let there = world.next("sede.lineainps").await;
    assert_eq!(
        (there.kind.as_str(), there.case_seq()),
        ("request.assigned", Some(1))
    );

    world
        .send(
            "sede.lineainps.request.assign",
            &with(by_officer(id), json!({"sede": "700000"})),
        )
        .await;
    let told = world.next("portal.inca").await;
    assert_eq!(
        (told.kind.as_str(), told.text("state")),
        ("request.assigned", "Assegnato a Sede")
    );
    let assigned = world.next("sede.700000").await;
    assert_eq!(
        (assigned.kind.as_str(), assigned.case_seq()),
        ("request.assigned", Some(1))
    );
    assert_eq!(assigned.text("text"), request()["text"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_rule_routes_waits_on_the_desk_da_smistare() {
    let world = World::start().await;
    let abroad = json!({"citizen": {"codice_fiscale": "GRBPLA47E30A952H"}, "practice": null,
                        "reason": "access_requirements"});
    world.send(SUBMIT, &with(request(), abroad)).await;
    let accepted = world.next("portal.inca").await;
    assert_eq!(
        (accepted.text("state"), accepted.text("sede")),
        ("Inviato a LineaINPS", "da-smistare")
    );
    assert_eq!(world.next("sede.da-smistare").await.kind, "request.assigned");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chosen_sede_replaces_the_proposed_one() {
    let world = World::start().await;
    world
        .send(SUBMIT, &with(request(), json!({"sede": "230001"})))
        .await;
    assert_eq!(world.next("portal.inca").await.text("sede"), "230001");
    assert_eq!(world.next("sede.230001").await.kind, "request.assigned");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_referents_question_goes_to_the_cric_of_the_region() {
    let world = World::start().await;
    let question = json!({
        "role": "regional_referent", "patronato": "inca", "office": "INCA-RM-001", "region": "Lazio",
        "operator": {"id": "rr1", "name": "Sara Blu", "email": "rr1@inca.example"},
        "reason": "regulatory_clarification", "topic": "normativa-previdenziale", "text": "Un chiarimento.",
    });
    world.send(SUBMIT, &question).await;
    let accepted = world.next("portal.inca").await;
    assert_eq!(accepted.kind, "request.accepted", "{:?}", accepted.body);
    let assigned = world.next(&format!("sede.{}", accepted.text("sede"))).await;
    assert!(assigned.body.get("citizen").is_none());
    let kind = format!(
        "select count(*) from sede where code = '{}' and kind = 'cric'",
        accepted.text("sede")
    );
    assert_eq!(world.count(&kind).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_revokes_here_assigns_there_and_lets_the_days_go_on() {
    let world = World::start().await;
    let id = world.submit().await;
    let (here, there) = (format!("sede.{SEDE}"), "sede.700000");
    world.next(&here).await;
    world.days_later(3);
    let transfer = with(
        by_officer(id),
        json!({"sede": "700000", "reason": "Residenza cambiata"}),
    );
    world.send(&format!("{here}.request.transfer"), &transfer).await;

    let revoked = world.next(&here).await;
    assert_eq!(
        (revoked.kind.as_str(), revoked.case_seq()),
        ("request.revoked", Some(2))
    );
    let assigned = world.next(there).await;
    assert_eq!(
        (assigned.kind.as_str(), assigned.case_seq()),
        ("request.assigned", Some(1))
    );
    assert_eq!(assigned.text("awaiting_since"), "2026-11-23");
    assert_eq!(assigned.text("transferred_from"), SEDE);
    let told = world.next("portal.inca").await;
    assert_eq!(
        (told.kind.as_str(), told.text("sede")),
        ("request.transferred", "700000")
    );

    // Back again: the numbers towards the first sede go on where they were.
    let back = with(by_officer(id), json!({"sede": SEDE, "reason": "Errore"}));
    world.send(&format!("{there}.request.transfer"), &back).await;
    let again = world.next(&here).await;
    assert_eq!(
        (again.kind.as_str(), again.case_seq()),
        ("request.assigned", Some(3))
    );
    assert_eq!(world.next("portal.inca").await.kind, "request.transferred");
    assert_eq!(world.next(there).await.kind, "request.revoked");
    // The old holder has no say any more.
    let late = with(by_officer(id), json!({"text": "Tardi"}));
    let answer = world.refused(&format!("{there}.request.reply"), &late).await;
    assert_eq!(answer.kind, "command.refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_sede_gets_its_queue_without_a_restart() {
    let world = World::start().await;
    let csv = "code,name,kind,region,province,address,cap,comune,protocol_code,email,active\n\
               999001,NUOVA,sede,Lazio,RM,Via Nuova 1,00100,ROMA,7999,nuova@sedi.example,true\n";
    import(&world.node().store, ImportKind::Sedi, csv.as_bytes(), |_| ())
        .await
        .unwrap();
    let mut registers = world.node().registers.clone();
    let new = usciere::domain::ids::SedeCode::parse("999001").unwrap();
    registers
        .wait_for(|registers| registers.sede(&new).is_some())
        .await
        .unwrap();
    world
        .send(SUBMIT, &with(request(), json!({"sede": "999001"})))
        .await;
    assert_eq!(world.next("portal.inca").await.text("sede"), "999001");
    assert_eq!(world.next("sede.999001").await.kind, "request.assigned");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patronato_without_a_queue_is_served_all_the_same() {
    let world = World::start().await;
    let body = with(
        request(),
        json!({"patronato": "enasco", "office": "ENASCO-RM-001"}),
    );
    world.send("portal.enasco.request.submit", &body).await;
    assert_eq!(world.next(&format!("sede.{SEDE}")).await.kind, "request.assigned");
    world.settle().await;
    let id: uuid::Uuid = body["request_id"].as_str().unwrap().parse().unwrap();
    let attach = with(
        by_operator(id),
        json!({"attachments": [{"name": "a.txt", "content_base64": "Y2lhbw=="}]}),
    );
    world.send("portal.enasco.request.attach", &attach).await;
    assert_eq!(world.next(&format!("sede.{SEDE}")).await.kind, "request.attached");
}
