//! When parts of the outside go away, and come back.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lapin::options::QueueDeleteOptions;
use lapin::{Connection, ConnectionProperties};
use url::Url;
use usciere::domain::ids::NodeName;
use usciere::lifecycle::readiness::{Part, Status};

use crate::world::{SEDE, World, by_operator, request, with};

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_intake_queue_turns_readiness_red_and_is_made_again() {
    let world = World::start().await;
    let connection = Connection::connect(&world.config.amqp.url.0, ConnectionProperties::default())
        .await
        .unwrap();
    let channel = connection.create_channel().await.unwrap();
    let readiness = world.node().readiness.clone();
    channel
        .queue_delete("usciere.intake".into(), QueueDeleteOptions::default())
        .await
        .unwrap();
    world
        .until("readiness goes red", async || {
            readiness
                .report()
                .parts
                .get(&Part::BrokerConsuming)
                .is_some_and(|status| *status != Status::Up)
        })
        .await;
    world
        .until("readiness is back", async || readiness.is_ready())
        .await;
    world.send("portal.inca.request.submit", &request()).await;
    assert_eq!(world.next("portal.inca").await.kind, "request.accepted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sede_without_a_queue_backs_off_alone_and_gets_everything_later_in_order() {
    let world = World::start().await;
    let connection = Connection::connect(&world.config.amqp.url.0, ConnectionProperties::default())
        .await
        .unwrap();
    let channel = connection.create_channel().await.unwrap();
    let queue = format!("sede.{SEDE}");
    channel
        .queue_delete(queue.as_str().into(), QueueDeleteOptions::default())
        .await
        .unwrap();
    let id = world.submit().await;
    let file = serde_json::json!({"attachments": [{"name": "a.txt", "content_base64": "Y2lhbw=="}]});
    for _ in 0..3 {
        world
            .send("portal.inca.request.attach", &with(by_operator(id), file.clone()))
            .await;
        assert_eq!(world.next("portal.inca").await.kind, "attachment.added");
    }
    // Its neighbours do not notice.
    let elsewhere = with(request(), serde_json::json!({"sede": "230001"}));
    world.send("portal.inca.request.submit", &elsewhere).await;
    assert_eq!(world.next("sede.230001").await.kind, "request.assigned");
    let waiting = format!("select count(*) from destination_backoff where destination = '{queue}'");
    world
        .until("it backs off", async || world.count(&waiting).await == 1)
        .await;
    assert_eq!(
        world
            .count(&format!(
                "select count(*) from outbox where destination = '{queue}'"
            ))
            .await,
        4
    );

    let topology =
        usciere::amqp::Topology::wanted(&world.config.amqp, &world.node().registers.borrow().clone());
    let broker = usciere::amqp::Broker::start(&world.config.amqp, &world.node().name, world.clock.clone());
    broker.connected().await;
    broker.declare(&topology).await.unwrap();
    broker.close().await;
    for seq in 1..=4 {
        assert_eq!(world.next(&queue).await.case_seq(), Some(seq));
    }
    world.settle().await;
    assert_eq!(world.count(&waiting).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_the_database_cut_are_made_again_and_nothing_is_lost() {
    let world = World::start().await;
    let mut sent = 0;
    for _ in 0..5 {
        for _ in 0..20 {
            world.send("portal.inca.request.submit", &request()).await;
            sent += 1;
        }
        let cut = "select count(pg_terminate_backend(pid)) from pg_stat_activity \
                   where datname = current_database() and pid <> pg_backend_pid() and application_name like 'usciere%'";
        world.count(cut).await;
    }
    let mut numbers = std::collections::BTreeSet::new();
    for _ in 0..sent {
        let accepted = world.next("portal.inca").await;
        assert_eq!(accepted.kind, "request.accepted");
        numbers.insert(accepted.text("protocol_number").to_owned());
    }
    world.settle().await;
    assert_eq!(world.count("select count(*) from cases").await, sent);
    assert_eq!(numbers.len(), usize::try_from(sent).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_stops_in_order_leaves_nothing_behind_for_the_next() {
    let mut world = World::start().await;
    for _ in 0..200 {
        world.send("portal.inca.request.submit", &request()).await;
    }
    world.stop().await;
    let committed = world.count("select count(*) from inbox").await;
    let unsent = world.count("select count(*) from outbox").await;
    assert_eq!(unsent, 0, "what was committed was sent before the end");
    // The broker counts some time after it heard.
    world
        .until("nothing committed comes again", async || {
            i64::from(world.depth("usciere.intake").await) == 200 - committed
        })
        .await;
    world.add_node().await;
    world
        .until("the rest is done", async || {
            world.count("select count(*) from cases").await == 200
        })
        .await;
}

/// Where the broker's management API has something of this world's virtual host, and the login for it.
fn manage(world: &World, server: &Url, path: &str) -> (String, String) {
    let host = world.config.amqp.url.0.rsplit('/').next().unwrap();
    let login = format!("{}:{}", server.username(), server.password().unwrap_or_default());
    let address = format!(
        "http://127.0.0.1:{}/api/{}",
        server.port().unwrap(),
        path.replace("HOST", host)
    );
    (address, format!("Basic {}", STANDARD.encode(login)))
}

/// Nobody takes what a sede gets: its queue grows to its limit, the rest waits, and nobody else notices (M13, B8).
#[tokio::test(flavor = "multi_thread")]
async fn a_sede_that_reads_nothing_holds_up_only_itself() {
    let world = World::start().await;
    let server = crate::services::services().await.management_url().unwrap();
    let queue = format!("sede.{SEDE}");
    let policy = serde_json::json!({
        "pattern": format!("^{}$", queue.replace('.', "\\.")), "apply-to": "queues",
        "definition": {"max-length": 5, "overflow": "reject-publish"},
    });
    let (address, login) = manage(&world, server, "policies/HOST/full");
    ureq::put(&address)
        .header("authorization", &login)
        .send_json(&policy)
        .unwrap();
    let waiting = format!("select count(*) from outbox where destination = '{queue}'");
    world
        .until("its queue is full", async || {
            world.submit().await;
            world.count(&waiting).await >= 5
        })
        .await;
    let held = world.depth(&queue).await;
    for _ in 0..5 {
        let elsewhere = with(request(), serde_json::json!({"sede": "230001"}));
        world.send("portal.inca.request.submit", &elsewhere).await;
        assert_eq!(world.next("sede.230001").await.kind, "request.assigned");
        assert_eq!(world.next("portal.inca").await.kind, "request.accepted");
    }
    assert!(world.count(&waiting).await >= 5, "they still wait");
    assert!(held < 40, "{held} in a queue of five, filled by a few at a time");
    // It reads at last.
    let requests = world
        .count("select count(*) from cases where sede = '701300'")
        .await;
    for _ in 0..requests {
        let message = world.next(&queue).await;
        assert_eq!(
            (message.kind.as_str(), message.case_seq()),
            ("request.assigned", Some(1))
        );
    }
    world.settle().await;
    assert_eq!(world.depth(&queue).await, 0, "each came once");
}

/// A node that was too slow to renew its leases may still mark what it published, until another takes its buckets.
#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_ran_out_is_good_until_somebody_takes_it() {
    let mut world = World::start().await;
    let store = world.node().store.clone();
    world.stop().await;
    let [ours, theirs]: [NodeName; 2] = ["ours", "theirs"].map(|name| name.parse().unwrap());
    let (buckets, hour) = (world.config.relay.buckets.get(), Duration::from_hours(1));
    let leases = store
        .hold_buckets(&ours, buckets, buckets, hour)
        .await
        .unwrap()
        .kept;
    assert_eq!(leases.len(), usize::from(buckets));
    let ids: Vec<i64> = sqlx::query_scalar(
        "insert into outbox (bucket, exchange, routing_key, destination, message_id, kind, body)
         select 0, 'x', 'k', 'q', gen_random_uuid(), 'k', '' from generate_series(1, 2) returning id",
    )
    .fetch_all(&world.pool)
    .await
    .unwrap();
    world.execute("update relay_lease set until = now()").await;
    assert_eq!(store.confirm_sent(&ours, &leases, &ids[..1]).await.unwrap(), 1);
    store.hold_buckets(&theirs, buckets, buckets, hour).await.unwrap();
    assert_eq!(store.confirm_sent(&ours, &leases, &ids[1..]).await.unwrap(), 0);
}
