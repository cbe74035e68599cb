//! Queues that people hold: what is for them waits, everything else goes on, and nothing changes its order.

use serde_json::json;
use usciere::domain::pause::QueueName;
use usciere::lifecycle::readiness::{Part, Reason, Status};

use crate::world::{SEDE, World, by_officer, by_operator, request, with};

const INTAKE: &str = "usciere.intake";

fn queue(name: &str) -> QueueName {
    name.parse().unwrap()
}

impl World {
    async fn pause(&self, name: &str) {
        let store = &self.node().store;
        store
            .pause_queue(&queue(name), "anna", None, Some("prova"))
            .await
            .unwrap();
        self.until("every node knows of it", async || {
            self.nodes().all(|node| node.held.borrow().hold(name))
        })
        .await;
    }

    async fn resume(&self, name: &str) {
        assert!(self.node().store.resume_queue(&queue(name)).await.unwrap());
    }

    async fn unsent(&self, destination: &str) -> i64 {
        self.count(&format!(
            "select count(*) from outbox where destination = '{destination}'"
        ))
        .await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_sede_gets_nothing_until_it_is_let_go_and_then_all_in_order() {
    let mut world = World::start().await;
    world.add_node().await;
    let sede = format!("sede.{SEDE}");
    let id = world.submit().await;
    assert_eq!(world.next(&sede).await.case_seq(), Some(1));

    world.pause(&sede).await;
    world.days_later(15);
    world.send("portal.inca.request.solicit", &by_operator(id)).await;
    assert_eq!(world.next("portal.inca").await.kind, "request.solicited");
    let file = json!({"attachments": [{"name": "a.txt", "content_base64": "Y2lhbw=="}]});
    for _ in 0..3 {
        world
            .send("portal.inca.request.attach", &with(by_operator(id), file.clone()))
            .await;
        assert_eq!(world.next("portal.inca").await.kind, "attachment.added");
    }
    let elsewhere = json!({"sede": "230001"});
    world
        .send("portal.inca.request.submit", &with(request(), elsewhere))
        .await;
    assert_eq!(world.next("sede.230001").await.kind, "request.assigned");
    assert_eq!(world.depth(&sede).await, 0);
    assert_eq!(world.unsent(&sede).await, 4);

    world.resume(&sede).await;
    for seq in 2..=5 {
        assert_eq!(world.next(&sede).await.case_seq(), Some(seq));
    }
    world.settle().await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_wait_at_the_broker_while_the_intake_is_held() {
    let mut world = World::start().await;
    let id = world.submit().await;
    let part = async || {
        let report = world.node().readiness.report();
        (report.ready, report.parts[&Part::BrokerConsuming])
    };
    world.pause(INTAKE).await;
    world
        .until("readiness says so and stays green", async || {
            part().await == (true, Status::degraded(Reason::Paused))
        })
        .await;
    let reply = with(by_officer(id), json!({"text": "Accolta."}));
    world.send(&format!("sede.{SEDE}.request.reply"), &reply).await;
    for _ in 0..20 {
        world.send("portal.inca.request.submit", &request()).await;
    }
    world
        .until("all of them wait", async || world.depth(INTAKE).await == 21)
        .await;
    assert_eq!(world.count("select count(*) from cases").await, 1);

    world.resume(INTAKE).await;
    // Of different requests there is no order.
    let mut told = std::collections::BTreeMap::new();
    for _ in 0..21 {
        *told.entry(world.next("portal.inca").await.kind).or_insert(0) += 1;
    }
    assert_eq!(
        told,
        [
            ("request.accepted".to_owned(), 20),
            ("request.replied".to_owned(), 1)
        ]
        .into()
    );
    world.settle().await;
    assert_eq!(world.count("select count(*) from cases").await, 21);
    assert_eq!(part().await, (true, Status::Up));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_with_an_end_needs_nobody_to_end_it() {
    let world = World::start().await;
    let sede = format!("sede.{SEDE}");
    let until = usciere::clock::Clock::system().now() + chrono::TimeDelta::seconds(2);
    let store = &world.node().store;
    store
        .pause_queue(&queue(&sede), "anna", Some(until), None)
        .await
        .unwrap();
    let held = store.pauses().await.unwrap();
    assert!(held.pauses.hold(&sede) && held.next_end.is_some());
    world.submit().await;
    assert_eq!(world.next(&sede).await.kind, "request.assigned");
    world
        .until("nothing is held", async || {
            !world.node().held.borrow().hold(&sede)
        })
        .await;
    assert!(!store.resume_queue(&queue(&sede)).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_starts_knows_what_is_held() {
    let mut world = World::empty().await;
    let sede = format!("sede.{SEDE}");
    let store = usciere::node::store(&world.config, &world.config.node.name()).unwrap();
    store
        .pause_queue(&queue(&sede), "anna", None, None)
        .await
        .unwrap();
    world.add_node().await;
    world.submit().await;
    assert_eq!((world.depth(&sede).await, world.unsent(&sede).await), (0, 1));
    world.resume(&sede).await;
    assert_eq!(world.next(&sede).await.case_seq(), Some(1));
}
