//! An intake of several queues: everything takes effect once and in order, and fewer of them lose nothing.

use std::num::NonZeroU16;

use lapin::BasicProperties;
use lapin::options::QueueDeleteOptions;
use serde_json::{Value, json};
use usciere::amqp::Topology;
use usciere::amqp::topology::shards::intake_queues;
use usciere::domain::pause::QueueName;

use crate::world::{World, by_officer, request, with};

type Message = (String, Vec<u8>, BasicProperties);

const SUBMIT: &str = "portal.inca.request.submit";

/// As a publisher that names the request in every command's `correlation_id`.
fn message(key: &str, body: &Value) -> Message {
    let kind = key.splitn(3, '.').nth(2).unwrap();
    let properties = BasicProperties::default()
        .with_message_id(usciere::clock::Clock::system().new_id().to_string().into())
        .with_type(kind.into())
        .with_correlation_id(body["request_id"].as_str().unwrap().into())
        .with_content_type("application/json".into())
        .with_delivery_mode(2);
    (key.to_owned(), body.to_string().into_bytes(), properties)
}

/// A request, taken in charge and noted upon before anybody was told of it: a shard keeps the order.
fn conversation() -> [Message; 3] {
    let body = with(request(), json!({"sede": "230001"}));
    let id = body["request_id"].as_str().unwrap().parse().unwrap();
    let note = with(by_officer(id), json!({"text": "Da sentire la banca."}));
    [
        message(SUBMIT, &body),
        message("sede.230001.request.take", &by_officer(id)),
        message("sede.230001.request.note", &note),
    ]
}

impl World {
    fn spread_over(&mut self, shards: u16) {
        self.config.amqp.intake_shards = NonZeroU16::new(shards).unwrap();
    }

    async fn until_taken(&self, commands: i64) {
        self.until("every command is taken", async || {
            self.count("select count(*) from inbox").await == commands
        })
        .await;
    }

    /// How many requests went which way.
    async fn histories(&self) -> String {
        self.text(
            "select string_agg(n || ' x ' || way, '; ' order by way) from (
                 select count(*) as n, way from (
                     select string_agg(kind, ' ' order by seq) as way from case_event group by case_id
                 ) as one group by way
             ) as all_of_them",
        )
        .await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_requests_over_four_shards_take_effect_once_and_in_order() {
    let mut world = World::empty().await;
    world.spread_over(4);
    world.add_node().await;
    world.publish_all((0..1_000).flat_map(|_| conversation())).await;
    world.until_taken(3_000).await;
    assert_eq!(world.histories().await, "1000 x submitted assigned taken noted");
    let lost =
        "select (select count(*) from dead_letter) + (select count(*) from inbox where outcome <> 'done')";
    assert_eq!(world.count(lost).await, 0);
    for queue in intake_queues(&world.config.amqp) {
        assert_eq!(world.depth(&queue).await, 0, "{queue}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fewer_shards_lose_nothing_and_the_rest_may_be_deleted_when_it_is_empty() {
    let mut world = World::empty().await;
    world.spread_over(4);
    let intake: QueueName = "usciere.intake".parse().unwrap();
    let store = usciere::node::store(&world.config, &world.config.node.name()).unwrap();
    store.pause_queue(&intake, "anna", None, None).await.unwrap();
    world.add_node().await;
    let shards: Vec<String> = intake_queues(&world.config.amqp).split_off(1);
    world.publish_all((0..40).flat_map(|_| conversation())).await;
    let mut waiting = 0;
    for shard in &shards {
        waiting += world.depth(shard).await;
    }
    assert_eq!(waiting, 120, "who holds the intake holds its shards");
    world.stop().await;

    world.spread_over(1);
    world.add_node().await;
    world.publish_all((0..10).flat_map(|_| conversation())).await;
    assert_eq!(world.depth("usciere.intake").await, 30);
    assert!(store.resume_queue(&intake).await.unwrap());
    world.until_taken(150).await;
    assert_eq!(world.histories().await, "50 x submitted assigned taken noted");

    let connection =
        lapin::Connection::connect(&world.config.amqp.url.0, lapin::ConnectionProperties::default())
            .await
            .unwrap();
    let channel = connection.create_channel().await.unwrap();
    for shard in shards.iter().rev() {
        let options = QueueDeleteOptions::default();
        channel
            .queue_delete(shard.as_str().into(), options)
            .await
            .unwrap();
    }
    world.publish_all(conversation()).await;
    world.until_taken(153).await;
    world
        .until("the node is ready", async || world.node().readiness.is_ready())
        .await;
    let registers = world.node().registers.borrow().clone();
    let topology = Topology::wanted(&world.config.amqp, &registers);
    for shard in &shards {
        assert!(topology.queues.iter().all(|queue| queue.name != *shard));
        let gone = channel_without(&connection, shard).await;
        assert!(gone, "{shard} is not made again");
    }
    world.stop().await;
}

async fn channel_without(connection: &lapin::Connection, queue: &str) -> bool {
    let channel = connection.create_channel().await.unwrap();
    let passive = lapin::options::QueueDeclareOptions {
        passive: true,
        ..Default::default()
    };
    let looked = channel.queue_declare(queue.into(), passive, lapin::types::FieldTable::default());
    looked.await.is_err()
}
