//! A request from its portal to the queue of its sede.

use serde_json::json;

use crate::world::{SEDE, World, request, with};

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_accepted_numbered_and_lies_once_in_its_sedes_queue() {
    let world = World::start().await;
    let body = request();
    let id = world.send("portal.inca.request.submit", &body).await;

    let accepted = world.next("portal.inca").await;
    assert_eq!(accepted.kind, "request.accepted");
    assert_eq!(accepted.text_header("causation-id"), Some(id));
    assert_eq!(accepted.text("request_id"), body["request_id"]);
    assert_eq!(accepted.text("protocol_number"), "INPS.7013.23/11/2026.0000001");
    assert_eq!(accepted.text("state"), "Assegnato a Sede");
    assert_eq!(accepted.text("sede"), SEDE);
    assert_eq!(accepted.text("solicit_from"), "2026-12-08");
    assert_eq!(accepted.text("appointment_from"), "2026-12-09");

    let assigned = world.next(&format!("sede.{SEDE}")).await;
    assert_eq!(assigned.kind, "request.assigned");
    assert_eq!(assigned.case_seq(), Some(1));
    assert_eq!(assigned.body["citizen"]["codice_fiscale"], "BNCMRA50A01H501U");
    assert_eq!(assigned.text("text"), body["text"]);

    world.settle().await;
    assert_eq!(world.depth("portal.inca").await, 0);
    assert_eq!(world.depth(&format!("sede.{SEDE}")).await, 0);
    assert_eq!(world.count("select count(*) from cases").await, 1);
    assert_eq!(world.count("select count(*) from case_event").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resent_request_gets_the_same_answer_under_the_same_id_and_changes_nothing() {
    let world = World::start().await;
    let body = request();
    world.send_as("m-1", "portal.inca.request.submit", &body).await;
    let first = world.next("portal.inca").await;
    world.send_as("m-1", "portal.inca.request.submit", &body).await;
    let again = world.next("portal.inca").await;
    assert_eq!(again.body, first.body);
    assert_eq!(again.message_id, first.message_id);
    world.settle().await;
    assert_eq!(world.count("select count(*) from cases").await, 1);
    assert_eq!(world.depth(&format!("sede.{SEDE}")).await, 1);
    // Another portal may use the same message id.
    let other = with(request(), json!({"patronato": "acli", "office": "ACLI-RM-001"}));
    world.send_as("m-1", "portal.acli.request.submit", &other).await;
    assert_eq!(world.next("portal.acli").await.kind, "request.accepted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_without_an_id_gets_one_derived_from_source_and_message() {
    let world = World::start().await;
    let mut body = request();
    body.as_object_mut().unwrap().remove("request_id");
    world.send_as("m-2", "portal.inca.request.submit", &body).await;
    let first = world.next("portal.inca").await;
    world.send_as("m-2", "portal.inca.request.submit", &body).await;
    assert_eq!(
        world.next("portal.inca").await.text("request_id"),
        first.text("request_id")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cloud_event_is_taken_as_well_and_its_trace_is_carried_through() {
    let world = World::start().await;
    let event = json!({
        "specversion": "1.0", "id": "ce-1", "source": "/inca", "type": "request.submit",
        "datacontenttype": "application/json", "data": request(),
    });
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let mut headers = lapin::types::FieldTable::default();
    headers.insert(
        "traceparent".into(),
        lapin::types::AMQPValue::LongString(trace.into()),
    );
    let properties = lapin::BasicProperties::default()
        .with_content_type("application/cloudevents+json".into())
        .with_headers(headers);
    world
        .publish(
            "portal.inca.request.submit",
            event.to_string().as_bytes(),
            properties,
        )
        .await;
    let accepted = world.next("portal.inca").await;
    assert_eq!(accepted.text_header("causation-id").as_deref(), Some("ce-1"));
    assert_eq!(accepted.text_header("traceparent").as_deref(), Some(trace));
    let assigned = world.next(&format!("sede.{SEDE}")).await;
    assert_eq!(assigned.text_header("traceparent").as_deref(), Some(trace));
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_of_one_request_are_handled_in_the_order_they_were_sent() {
    let world = World::start().await;
    // The request is not even accepted when its documents follow: they must not overtake it.
    let mut ids = Vec::new();
    for _ in 0..50 {
        let body = request();
        let id: uuid::Uuid = body["request_id"].as_str().unwrap().parse().unwrap();
        world.send("portal.inca.request.submit", &body).await;
        let file = json!({"attachments": [{"name": "nota.txt", "content_base64": "Y2lhbw=="}]});
        world
            .send(
                "portal.inca.request.attach",
                &with(crate::world::by_operator(id), file),
            )
            .await;
        ids.push(id.to_string());
    }
    let queue = format!("sede.{SEDE}");
    let mut last = std::collections::HashMap::new();
    for _ in 0..100 {
        let message = world.next(&queue).await;
        let seq = last.entry(message.text("request_id").to_owned()).or_insert(0);
        *seq += 1;
        assert_eq!(message.case_seq(), Some(*seq));
        assert_eq!(
            message.kind,
            if *seq == 1 {
                "request.assigned"
            } else {
                "request.attached"
            }
        );
    }
    assert!(ids.iter().all(|id| last.get(id) == Some(&2)));
}
