//! Appointments by the hour: nobody books what another has, on whichever node; a sede without hours takes a wish.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use usciere::domain::agenda::{Slot, SlotId};
use usciere::domain::ids::{ActorId, SedeCode};
use usciere::store::Withdrawn;
use uuid::Uuid;

use crate::world::{SEDE, World, by_officer, by_operator, with};

const BOOK: &str = "portal.inca.request.book";

/// The day after the tests' now, at nine in Rome and every half hour from there.
fn hour(number: u32) -> DateTime<Utc> {
    "2026-11-24T08:00:00Z".parse::<DateTime<Utc>>().unwrap()
        + TimeDelta::minutes(30) * i32::try_from(number).unwrap()
}

fn slot(number: u32) -> Slot {
    Slot {
        id: SlotId(Uuid::from_u128(u128::from(number) + 1)),
        sede: SedeCode::parse(SEDE).unwrap(),
        starts_at: hour(number),
        minutes: 30,
        place: "Sportello 1".to_owned(),
        taken_by: None,
    }
}

async fn publish(world: &World, hours: u32) {
    let slots: Vec<Slot> = (0..hours).map(slot).collect();
    let by = ActorId::parse("av1").unwrap();
    assert_eq!(
        world.node().store.publish_slots(&slots, &by).await.unwrap(),
        u64::from(hours)
    );
    assert_eq!(world.node().store.publish_slots(&slots, &by).await.unwrap(), 0);
}

/// A request whose appointment its sede has enabled.
async fn enabled(world: &World) -> Uuid {
    let id = world.submit().await;
    let enable = with(by_officer(id), json!({"reason": "Serve un colloquio"}));
    world
        .send(&format!("sede.{SEDE}.request.enable_appointment"), &enable)
        .await;
    assert_eq!(world.next("portal.inca").await.kind, "appointment.enabled");
    id
}

fn booking(id: Uuid, at: DateTime<Utc>) -> Value {
    with(by_operator(id), json!({ "slot": at }))
}

async fn held_hours(world: &World) -> i64 {
    world
        .count("select count(*) from agenda_slot where case_id is not null")
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_is_booked_once_and_free_again_when_it_is_cancelled() {
    let world = World::start().await;
    publish(&world, 3).await;
    let (first, second) = (enabled(&world).await, enabled(&world).await);
    world.send(BOOK, &booking(first, hour(0))).await;
    let booked = world.next("portal.inca").await;
    assert_eq!(
        (booked.kind.as_str(), booked.text("slot")),
        ("appointment.booked", "2026-11-24T08:00:00Z")
    );

    let refused = world.refused(BOOK, &booking(second, hour(0))).await;
    assert_eq!(refused.text("code"), "state_conflict");
    assert_eq!(
        refused.text("message"),
        "L'orario 24/11/2026 alle 09:00 non è disponibile. Sono liberi: 24/11/2026 alle 09:30; 24/11/2026 alle 10:00."
    );
    assert_eq!(refused.body["why"].as_array().unwrap().len(), 3);
    let unpublished = world.refused(BOOK, &booking(second, hour(40))).await;
    assert_eq!(unpublished.text("code"), "state_conflict");
    let id = slot(0).id;
    let sede = SedeCode::parse(SEDE).unwrap();
    let store = &world.node().store;
    assert_eq!(store.withdraw_slot(&sede, id).await.unwrap(), Withdrawn::Taken);

    // Confirmed for another hour, the request holds that one and gives the first back.
    let confirm = with(by_officer(first), json!({"at": hour(2), "place": "Sportello 1"}));
    world
        .send(&format!("sede.{SEDE}.appointment.confirm"), &confirm)
        .await;
    assert_eq!(world.next("portal.inca").await.kind, "appointment.confirmed");
    world.send(BOOK, &booking(second, hour(0))).await;
    assert_eq!(world.next("portal.inca").await.kind, "appointment.booked");
    assert_eq!(held_hours(&world).await, 2);

    for request in [first, second] {
        let cancel = with(by_officer(request), json!({"reason": "Sportello chiuso"}));
        world
            .send(&format!("sede.{SEDE}.appointment.cancel"), &cancel)
            .await;
        assert_eq!(world.next("portal.inca").await.kind, "appointment.cancelled");
    }
    assert_eq!(held_hours(&world).await, 0);
    assert_eq!(store.withdraw_slot(&sede, id).await.unwrap(), Withdrawn::Done);
    assert_eq!(store.withdraw_slot(&sede, id).await.unwrap(), Withdrawn::Unknown);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_racing_for_the_same_hours_never_book_one_twice() {
    const HOURS: u32 = 4;
    const REQUESTS: usize = 16;

    let mut world = World::start().await;
    world.add_node().await;
    publish(&world, HOURS).await;
    let mut requests = Vec::new();
    for _ in 0..REQUESTS {
        requests.push(enabled(&world).await);
    }
    for (number, request) in (0_u32..).zip(&requests) {
        world.send(BOOK, &booking(*request, hour(number % HOURS))).await;
    }
    let mut booked = 0;
    for _ in 0..REQUESTS {
        let answer = world.next("portal.inca").await;
        match answer.kind.as_str() {
            "appointment.booked" => booked += 1,
            "command.refused" => assert_eq!(answer.text("code"), "state_conflict"),
            other => panic!("{other}"),
        }
    }
    assert_eq!(booked, HOURS);
    assert_eq!(held_hours(&world).await, i64::from(HOURS));
    let active = world
        .count("select count(*) from cases where appointment = 'booked'")
        .await;
    assert_eq!(active, i64::from(HOURS));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sede_that_publishes_no_hours_takes_any_as_a_wish() {
    let world = World::start().await;
    let id = enabled(&world).await;
    world.send(BOOK, &booking(id, hour(7))).await;
    assert_eq!(world.next("portal.inca").await.kind, "appointment.booked");
    world
        .until("the sede hears of it", async || {
            world.depth(&format!("sede.{SEDE}")).await == 2
        })
        .await;
}
