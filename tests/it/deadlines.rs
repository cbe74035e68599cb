//! Fifteen days, to the day.

use serde_json::json;

use crate::outsider::Received;
use crate::world::{SEDE, World, by_officer, by_operator, with};

#[tokio::test(flavor = "multi_thread")]
async fn a_solicit_opens_on_day_15_and_there_are_two() {
    let world = World::start().await;
    let id = world.submit().await;
    let queue = format!("sede.{SEDE}");
    world.next(&queue).await;
    let solicit = by_operator(id);
    for (day, from) in [(0, "2026-12-08"), (14, "2026-12-08")] {
        world.days_later(day);
        let answer = world.refused("portal.inca.request.solicit", &solicit).await;
        assert_eq!(
            (answer.text("code"), answer.text("available_from")),
            ("not_yet", from)
        );
        assert!(!answer.body["why"].as_array().unwrap().is_empty());
    }
    world.days_later(15);
    world.send("portal.inca.request.solicit", &solicit).await;
    let told = world.next("portal.inca").await;
    assert_eq!(
        (told.kind.as_str(), &told.body["number"]),
        ("request.solicited", &json!(1))
    );
    assert_eq!(world.next(&queue).await.case_seq(), Some(2));
    // the second counts from the first
    let answer = world.refused("portal.inca.request.solicit", &solicit).await;
    assert_eq!(
        (answer.text("code"), answer.text("available_from")),
        ("not_yet", "2026-12-23")
    );
    world.days_later(30);
    world.send("portal.inca.request.solicit", &solicit).await;
    let told = but_overdue(&world).await;
    assert_eq!(
        (told.kind.as_str(), &told.body["number"]),
        ("request.solicited", &json!(2))
    );
    world.days_later(90);
    world.send("portal.inca.request.solicit", &solicit).await;
    let answer = but_overdue(&world).await;
    assert_eq!(
        (answer.kind.as_str(), answer.text("code")),
        ("command.refused", "limit_reached")
    );
}

/// What the portal is told next, but that the request is overdue: the sweep says so when it comes by.
async fn but_overdue(world: &World) -> Received {
    loop {
        let told = world.next("portal.inca").await;
        if told.kind != "request.overdue" {
            return told;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_longer_than_15_days_is_overdue_once_with_two_schedulers() {
    let mut world = World::start().await;
    world.add_node().await;
    let mut waiting = Vec::new();
    for _ in 0..20 {
        waiting.push(world.submit().await.to_string());
    }
    let answered = world.submit().await;
    let reply = with(by_officer(answered), json!({"text": "Risposta"}));
    world.send(&format!("sede.{SEDE}.request.reply"), &reply).await;
    assert_eq!(world.next("portal.inca").await.kind, "request.replied");

    world.days_later(15);
    let nodes_swept = world.node().engine.sweep(|| false).await.unwrap();
    assert_eq!(nodes_swept.fired, 0);
    world.days_later(16);
    let mut told = Vec::new();
    for _ in &waiting {
        let overdue = world.next("portal.inca").await;
        assert_eq!(overdue.kind, "request.overdue");
        told.push(overdue.text("request_id").to_owned());
    }
    told.sort();
    waiting.sort();
    assert_eq!(told, waiting);
    world.settle().await;
    assert_eq!(world.depth("portal.inca").await, 0);
    assert_eq!(world.count("select count(*) from cases where overdue").await, 20);
    assert_eq!(
        world
            .count("select count(*) from case_event where kind = 'elapsed'")
            .await,
        20
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduler_that_was_down_over_the_day_catches_up() {
    let mut world = World::start().await;
    world.submit().await;
    world.stop().await;
    world.days_later(40);
    world.add_node().await;
    assert_eq!(world.next("portal.inca").await.kind, "request.overdue");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_appointment_opens_on_day_16_or_when_the_sede_opens_it() {
    let world = World::start().await;
    let id = world.submit().await;
    let book = with(by_operator(id), json!({"wish": "di mattina"}));
    world.days_later(15);
    let answer = world.refused("portal.inca.request.book", &book).await;
    assert_eq!(
        (answer.text("code"), answer.text("available_from")),
        ("not_yet", "2026-12-09")
    );
    let enable = with(by_officer(id), json!({"reason": "Serve un colloquio"}));
    world
        .send(&format!("sede.{SEDE}.request.enable_appointment"), &enable)
        .await;
    assert_eq!(world.next("portal.inca").await.kind, "appointment.enabled");
    world.send("portal.inca.request.book", &book).await;
    assert_eq!(world.next("portal.inca").await.kind, "appointment.booked");
}
