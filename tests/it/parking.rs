//! A remote register goes away: what needs it waits and loses nothing, what does not need it never notices.

use std::time::Duration;

use serde_json::{Value, json};
use usciere::config::registry::RegisterSource;
use usciere::domain::ids::NodeName;
use usciere::lifecycle::readiness::{Overall, Part, Reason, Status};
use uuid::Uuid;

use crate::fake_register::{FakeRegister, Manner, Of};
use crate::program::Program;
use crate::world::{SEDE, World, by_officer, by_operator, request, with};

const SUBMIT: &str = "portal.inca.request.submit";
const PARKED: &str = "select count(*) from parked_command";

/// A node that asks a register elsewhere who citizens are.
async fn world_with(register: &FakeRegister) -> World {
    let mut world = World::empty().await;
    ask_elsewhere(&mut world, register);
    world.add_node().await;
    world
}

fn ask_elsewhere(world: &mut World, register: &FakeRegister) {
    world.config.registry.citizens.source = RegisterSource::Remote(register.url());
}

/// A referent's request needs no citizen.
fn question() -> Value {
    let mut body = with(
        request(),
        json!({
            "role": "regional_referent", "reason": "regulatory_clarification", "region": "Lazio",
            "topic": "normativa-previdenziale", "practice": null, "citizen": null, "delegation": null,
        }),
    );
    if let Some(members) = body.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    body
}

async fn parked(world: &World, count: i64) {
    world
        .until("commands are parked", async || world.count(PARKED).await == count)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_parks_what_needs_the_register_and_nothing_else() {
    let register = FakeRegister::start(Of::Citizens).await;
    let world = world_with(&register).await;
    let before = world.submit().await;
    register.behave(Manner::Overloaded);

    let mut waiting = Vec::new();
    for _ in 0..20 {
        waiting.push(world.send(SUBMIT, &request()).await);
    }
    parked(&world, 20).await;
    assert_eq!(world.depth("usciere.intake").await, 0, "they are acknowledged");
    let readiness = world.node().readiness.clone();
    world
        .until("it is said", async || {
            readiness.report().status == Overall::Degraded
        })
        .await;
    let report = readiness.report();
    assert!(report.ready);
    assert_eq!(
        report.parts[&Part::CitizensRegister],
        Status::degraded(Reason::Unreachable)
    );

    // Its neighbours do not notice.
    world.send(SUBMIT, &question()).await;
    assert_eq!(world.next("portal.inca").await.kind, "request.accepted");
    let reply = with(by_officer(before), json!({"text": "Risposta"}));
    world.send(&format!("sede.{SEDE}.request.reply"), &reply).await;
    assert_eq!(world.next("portal.inca").await.kind, "request.replied");
    assert_eq!(world.count(PARKED).await, 20);

    register.behave(Manner::Answers);
    let mut answered = Vec::new();
    for _ in 0..20 {
        let accepted = world.next("portal.inca").await;
        assert_eq!(accepted.kind, "request.accepted");
        answered.push(accepted.text_header("causation-id").unwrap());
    }
    answered.sort_unstable();
    waiting.sort_unstable();
    assert_eq!(answered, waiting);
    world.settle().await;
    assert_eq!(world.count(PARKED).await, 0);
    assert_eq!(world.count("select count(*) from cases").await, 22);
    assert_eq!(world.depth("portal.inca").await, 0, "each is told once");
    world
        .until("readiness is whole again", async || {
            readiness.report().status == Overall::Up
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_register_that_talks_nonsense_refuses_nobody() {
    let register = FakeRegister::start(Of::Citizens).await;
    let world = world_with(&register).await;
    register.behave(Manner::Nonsense);
    world.send(SUBMIT, &request()).await;
    parked(&world, 1).await;
    let readiness = world.node().readiness.clone();
    world
        .until("it is said what is wrong", async || {
            readiness.report().parts[&Part::CitizensRegister] == Status::degraded(Reason::Faulty)
        })
        .await;
    register.behave(Manner::Answers);
    assert_eq!(world.next("portal.inca").await.kind, "request.accepted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_command_waits_behind_its_request() {
    let register = FakeRegister::start(Of::Citizens).await;
    let world = world_with(&register).await;
    register.behave(Manner::Overloaded);
    let body = request();
    let id: Uuid = body["request_id"].as_str().unwrap().parse().unwrap();
    world.send(SUBMIT, &body).await;
    parked(&world, 1).await;
    for count in 2..=4 {
        let file = json!({"attachments": [{"name": format!("{count}.txt"), "content_base64": "Y2lhbw=="}]});
        world
            .send("portal.inca.request.attach", &with(by_operator(id), file))
            .await;
        parked(&world, count).await;
    }
    register.behave(Manner::Answers);
    assert_eq!(world.next("portal.inca").await.kind, "request.accepted");
    for number in 2..=4 {
        let added = world.next("portal.inca").await;
        assert_eq!(added.kind, "attachment.added", "{:?}", added.body);
        assert_eq!(added.body["attachments"][0]["name"], format!("{number}.txt"));
    }
    for seq in 1..=4 {
        assert_eq!(world.next(&format!("sede.{SEDE}")).await.case_seq(), Some(seq));
    }
    world.settle().await;
    assert_eq!(world.count(PARKED).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_command_is_recognised_when_it_comes_again() {
    let register = FakeRegister::start(Of::Citizens).await;
    let world = world_with(&register).await;
    register.behave(Manner::Overloaded);
    let body = request();
    for _ in 0..3 {
        world.send_as("m-1", SUBMIT, &body).await;
    }
    world
        .send_as("m-1", SUBMIT, &with(body.clone(), json!({"text": "Altro"})))
        .await;
    world
        .until("the other body is kept", async || {
            world
                .count("select count(*) from dead_letter where reason = 'message_id_reused'")
                .await
                == 1
        })
        .await;
    assert_eq!(world.count(PARKED).await, 1);
    register.behave(Manner::Answers);
    let accepted = world.next("portal.inca").await;
    world.send_as("m-1", SUBMIT, &body).await;
    let again = world.next("portal.inca").await;
    assert_eq!(
        (again.message_id, again.body),
        (accepted.message_id, accepted.body)
    );
    assert_eq!(world.count("select count(*) from cases").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_after_parking_is_told_to_portal_and_operator() {
    let register = FakeRegister::start(Of::Citizens).await;
    let world = world_with(&register).await;
    register.behave(Manner::Overloaded);
    let unknown = with(
        request(),
        json!({"citizen": {"family_name": "Nessuno", "given_name": "Mai", "born_on": "1960-01-01"}}),
    );
    let id = world.send(SUBMIT, &unknown).await;
    // As a cloud event: its command is inside.
    let event = json!({
        "specversion": "1.0", "id": "e-1", "source": "/inca", "type": "request.submit", "data": request(),
    });
    let properties = lapin::BasicProperties::default()
        .with_content_type("application/cloudevents+json".into())
        .with_delivery_mode(2);
    world
        .publish(SUBMIT, event.to_string().as_bytes(), properties)
        .await;
    parked(&world, 2).await;
    register.behave(Manner::Answers);
    let mut told = [world.next("portal.inca").await, world.next("portal.inca").await];
    told.sort_by(|a, b| a.kind.cmp(&b.kind));
    let [refused, accepted] = told;
    assert_eq!(
        (refused.kind.as_str(), refused.text("code")),
        ("command.refused", "citizen_unknown")
    );
    assert_eq!(refused.text_header("causation-id"), Some(id));
    assert_eq!(accepted.kind, "request.accepted");
    assert_eq!(accepted.text_header("causation-id").as_deref(), Some("e-1"));
    let mailed = "select count(*) from mail_outbox where kind = 'refused' and recipient = 'op1@inca.example'";
    assert_eq!(world.count(mailed).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_the_register_cannot_cope_with_waits_alone() {
    let register = FakeRegister::start(Of::Citizens).await;
    let world = world_with(&register).await;
    register.behave(Manner::ChokesOn("RSSGPP48C19F839Y"));
    let difficult = with(
        request(),
        json!({"citizen": {"codice_fiscale": "RSSGPP48C19F839Y", "person_id": "P000002"},
               "reason": "access_requirements", "practice": null}),
    );
    let last = world.send(SUBMIT, &difficult).await;
    for _ in 0..10 {
        world.send(SUBMIT, &request()).await;
    }
    for _ in 0..10 {
        assert_eq!(world.next("portal.inca").await.kind, "request.accepted");
    }
    parked(&world, 1).await;
    register.behave(Manner::Answers);
    let answer = world.next("portal.inca").await;
    assert_eq!(answer.text_header("causation-id"), Some(last));
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_nodes_lose_no_parked_command_and_work_none_twice() {
    let register = FakeRegister::start(Of::Citizens).await;
    let mut world = world_with(&register).await;
    world.stop().await; // its node declared the topology; from here on only the program runs
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    register.behave(Manner::Overloaded);
    let mut sent = 0;
    for round in 0..3 {
        let program = Program::start(&world, &log);
        for _ in 0..60 {
            world.send(SUBMIT, &request()).await;
            sent += 1;
        }
        // Some of what just came, and maybe some that came before.
        let enough = sent - 60 + 20 + 10 * round;
        world
            .until("some are parked", async || world.count(PARKED).await >= enough)
            .await;
        program.kill();
    }
    let program = Program::start(&world, &log);
    parked(&world, sent).await;
    register.behave(Manner::Answers);
    world
        .until("some are decided", async || {
            world.count("select count(*) from cases").await > 0
        })
        .await;
    program.kill();
    // What it had in hand is given back by the end of its lease.
    let _program = Program::start(&world, &log);
    sqlx::query("update parked_command set next_try_at = now()")
        .execute(&world.pool)
        .await
        .unwrap();
    world
        .until("all is decided and told", async || {
            world.count(PARKED).await == 0 && world.count("select count(*) from outbox").await == 0
        })
        .await;
    assert_eq!(world.count("select count(*) from cases").await, sent);
    assert_eq!(
        world
            .count("select max(protocol_sequence)::bigint from cases")
            .await,
        sent
    );
    let twice =
        "select count(*) from (select 1 from case_event group by case_id, kind having count(*) > 1) as twice";
    assert_eq!(world.count(twice).await, 0);
    assert_eq!(world.count("select count(*) from dead_letter").await, 0);
}

/// Another node took it up and died over it: nobody waits for the end of that node's lease.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_node_had_of_the_parked_is_worked_by_another() {
    let register = FakeRegister::start(Of::Citizens).await;
    let world = world_with(&register).await;
    register.behave(Manner::Overloaded);
    world.send(SUBMIT, &request()).await;
    parked(&world, 1).await;
    let store = &world.node().store;
    let dead: NodeName = "dead".parse().unwrap();
    store.sign_of_life(&dead, &["intake"]).await.unwrap();
    world
        .until("it is taken up", async || {
            world
                .execute("update parked_command set next_try_at = now()")
                .await;
            let lease = Duration::from_hours(1);
            !store.claim_parked(&dead, &[], lease).await.unwrap().is_empty()
        })
        .await;
    world
        .execute(
            "update node set seen_at = seen_at - interval '1 minute' where name = 'dead';
             update parked_command set taken_at = taken_at - interval '1 minute'",
        )
        .await;
    register.behave(Manner::Answers);
    assert_eq!(world.next("portal.inca").await.kind, "request.accepted");
    world.settle().await;
    assert_eq!(world.count(PARKED).await, 0);
}
