//! A message that ends the process: whoever restarts the nodes, it ends as a dead letter and its neighbours live.

use std::collections::BTreeSet;
use std::path::Path;

use lapin::options::{BasicGetOptions, BasicNackOptions};
use lapin::{Connection, ConnectionProperties};
use sqlx::Row as _;
use usciere::config::amqp::QueueType;
use usciere::config::registry::RegisterSource;

use crate::fake_register::{FakeRegister, Manner, Of};
use crate::program::Program;
use crate::world::{World, request};

const SUBMIT: &str = "portal.inca.request.submit";
/// Stands in the killer's text alone.
const DEADLY: &str = "una parola mortale";

const ENDED: &str = "the process ended 3 times while it was being worked";

/// Two nodes that somebody starts again whenever they end.
struct Watched<'a> {
    world: &'a World,
    log: &'a Path,
    nodes: [Program; 2],
    deaths: u32,
}

impl<'a> Watched<'a> {
    fn start(world: &'a World, log: &'a Path) -> Self {
        Self {
            nodes: [0, 1].map(|number| node(world, log, number)),
            world,
            log,
            deaths: 0,
        }
    }

    /// Starts again what ended, until the condition holds.
    async fn until(&mut self, what: &str, condition: impl AsyncFn() -> bool) {
        let deadline = tokio::time::Instant::now() + 2 * crate::node::PATIENCE;
        while !condition().await {
            assert!(
                tokio::time::Instant::now() < deadline,
                "{what}: waited too long, {} deaths",
                self.deaths,
            );
            for (number, program) in self.nodes.iter_mut().enumerate() {
                if program.has_ended() {
                    self.deaths += 1;
                    *program = node(self.world, self.log, number);
                }
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

fn node(world: &World, log: &Path, number: usize) -> Program {
    let queue_type = world.config.amqp.queue_type.to_string();
    Program::start_with(
        world,
        log,
        &[
            ("FAIL_BODY", DEADLY),
            ("USCIERE_NODE__NAME", &format!("watched-{number}")),
            ("USCIERE_AMQP__QUEUE_TYPE", &queue_type),
        ],
    )
}

fn killer() -> Vec<u8> {
    let mut body = request();
    body["text"] = DEADLY.into();
    body.to_string().into_bytes()
}

async fn send_killer(world: &World) -> Vec<u8> {
    let body = killer();
    let properties = lapin::BasicProperties::default()
        .with_message_id("killer".into())
        .with_type("request.submit".into())
        .with_content_type("application/json".into())
        .with_delivery_mode(2);
    world.publish(SUBMIT, &body, properties).await;
    body
}

async fn send_good(world: &World, count: usize) -> BTreeSet<String> {
    let mut sent = BTreeSet::new();
    for _ in 0..count {
        let body = request();
        sent.insert(body["request_id"].as_str().unwrap().to_owned());
        world.send(SUBMIT, &body).await;
    }
    sent
}

/// One dead letter, the culprit as it came; every good one took effect, and once.
async fn only_one_died(world: &World, culprit: &[u8], detail: &str, good: &BTreeSet<String>) {
    let letters = sqlx::query("select reason, detail, routing_key, body from dead_letter")
        .fetch_all(&world.pool)
        .await
        .unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].get::<String, _>(0), "engine_fault");
    assert_eq!(letters[0].get::<String, _>(1), detail);
    assert_eq!(letters[0].get::<String, _>(2), SUBMIT);
    assert!(letters[0].get::<Vec<u8>, _>(3) == culprit, "kept byte for byte");
    let cases: Vec<uuid::Uuid> = sqlx::query_scalar("select id from cases")
        .fetch_all(&world.pool)
        .await
        .unwrap();
    let cases: BTreeSet<String> = cases.iter().map(ToString::to_string).collect();
    assert_eq!(&cases, good);
    let twice =
        "select count(*) from (select from case_event group by case_id, kind having count(*) > 1) as twice";
    assert_eq!(world.count(twice).await, 0);
    assert_eq!(world.count("select count(*) from delivery_attempt").await, 0);
}

/// One killer between good ones; answers how many processes it took along.
async fn among(queue_type: QueueType, before: usize, after: usize) -> u32 {
    let mut world = World::empty().await;
    world.config.amqp.queue_type = queue_type;
    world.add_node().await;
    world.stop().await; // it declared the queues; from here on only the watched program runs
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut good = send_good(&world, before).await;
    let killer = send_killer(&world).await;
    good.append(&mut send_good(&world, after).await);

    let mut watched = Watched::start(&world, &log);
    let all = i64::try_from(good.len()).unwrap();
    watched
        .until("the killer is kept and the others are done", async || {
            world.count("select count(*) from dead_letter").await == 1
                && world.count("select count(*) from cases").await == all
                && world.count("select count(*) from delivery_attempt").await == 0
        })
        .await;
    only_one_died(&world, &killer, ENDED, &good).await;
    watched.deaths
}

#[tokio::test(flavor = "multi_thread")]
async fn one_killer_among_499_good_ones_dies_alone() {
    let deaths = among(QueueType::Quorum, 250, 249).await;
    println!("one killer among 499 good ones: {deaths} processes ended");
    assert!(
        deaths >= 5,
        "it was worked in a batch twice, and alone three times"
    );
}

/// Classic queues do not count returns: what came back once is suspect.
#[tokio::test(flavor = "multi_thread")]
async fn one_killer_in_a_classic_queue_dies_alone() {
    let deaths = among(QueueType::Classic, 20, 20).await;
    assert!(
        deaths >= 4,
        "it was worked in a batch once, and alone three times"
    );
}

/// The broker itself moves what came back too often: good ones among it get through.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_broker_moved_to_quarantine_is_worked_one_at_a_time() {
    let mut world = World::start().await;
    world.stop().await;
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut good = send_good(&world, 2).await;
    let killer = send_killer(&world).await;
    good.append(&mut send_good(&world, 2).await);
    return_until_moved(&world, 5).await;

    let mut watched = Watched::start(&world, &log);
    watched
        .until("quarantine is empty", async || {
            world.count("select count(*) from dead_letter").await == 1
                && world.count("select count(*) from cases").await == 4
                && world.count("select count(*) from delivery_attempt").await == 0
        })
        .await;
    only_one_died(&world, &killer, ENDED, &good).await;
    assert_eq!(watched.deaths, 3, "every attempt was noted before it was read");
}

/// A rule that panics is no end of anything: its command alone is kept, at the first try.
#[tokio::test(flavor = "multi_thread")]
async fn one_command_that_panics_the_rules_among_98_good_ones_dies_alone() {
    let mut world = World::start().await;
    world.stop().await;
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut good = send_good(&world, 49).await;
    let culprit = send_killer(&world).await;
    good.append(&mut send_good(&world, 49).await);
    let mut program = Program::start_with(&world, &log, &[("FAIL_RULE", DEADLY)]);
    world
        .until("everything is decided", async || {
            world.count("select count(*) from dead_letter").await == 1
                && world.count("select count(*) from cases").await == 98
        })
        .await;
    assert!(!program.has_ended());
    let detail = "a command cannot be decided: a rule panicked";
    only_one_died(&world, &culprit, detail, &good).await;
}

/// What waits for a register is worked without the broker, which counts nothing then.
#[tokio::test(flavor = "multi_thread")]
async fn a_parked_command_that_ends_the_process_dies_alone() {
    let register = FakeRegister::start(Of::Citizens).await;
    let mut world = World::empty().await;
    world.config.registry.citizens.source = RegisterSource::Remote(register.url());
    world.add_node().await;
    register.behave(Manner::Overloaded);
    let mut good = send_good(&world, 5).await;
    let killer = send_killer(&world).await;
    good.append(&mut send_good(&world, 5).await);
    world
        .until("all of them are parked", async || {
            world.count("select count(*) from parked_command").await == 11
        })
        .await;
    world.stop().await;
    register.behave(Manner::Answers);
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut watched = Watched::start(&world, &log);
    watched
        .until("the killer is kept and the others are done", async || {
            // Of a minute; nobody alive holds one for a second.
            world
                .execute(
                    "update parked_command set next_try_at = now() \
                     where next_try_at between now() and now() + interval '59 seconds'",
                )
                .await;
            world.count("select count(*) from dead_letter").await == 1
                && world.count("select count(*) from cases").await == 10
                && world.count("select count(*) from delivery_attempt").await == 0
        })
        .await;
    only_one_died(&world, &killer, ENDED, &good).await;
    assert!(watched.deaths >= 4, "once among others, and alone three times");
    assert_eq!(world.count("select count(*) from parked_command").await, 0);
}

/// Takes and returns what is in the intake until the broker has moved `count` messages.
async fn return_until_moved(world: &World, count: u32) {
    let connection = Connection::connect(&world.config.amqp.url.0, ConnectionProperties::default())
        .await
        .unwrap();
    let channel = connection.create_channel().await.unwrap();
    let back = BasicNackOptions {
        requeue: true,
        multiple: false,
    };
    world
        .until("the broker moves them", async || {
            for _ in 0..count {
                let got = channel
                    .basic_get("usciere.intake".into(), BasicGetOptions::default())
                    .await
                    .unwrap();
                if let Some(message) = got {
                    message.nack(back).await.unwrap();
                }
            }
            world.depth("usciere.intake.quarantine").await == count
        })
        .await;
}
