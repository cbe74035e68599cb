//! A sweep among others: what it cannot decide, commands that come in meanwhile, a node that ends.

use chrono::TimeDelta;
use usciere::engine::Swept;

use crate::overdue::{DUE, multiply, quiet_node};
use crate::world::World;

/// More of them than a small chunk takes.
const BROKEN: u64 = 150;
const SOUND: u64 = 2_250;

#[tokio::test(flavor = "multi_thread")]
async fn timers_that_cannot_be_decided_are_told_once_and_keep_no_other_waiting() {
    let mut world = World::start().await;
    world.submit().await;
    world.stop().await;
    multiply(&world, 600).await;
    // First in line, and waiting for nothing.
    world
        .execute(
            "update cases set awaiting_since = null, due_on = '2026-01-01'
             where id in (select id from cases where due_on = '2026-03-29' limit 150)",
        )
        .await;
    world
        .execute("delete from cases where protocol_sequence < 1000; truncate case_event, outbox, mail_outbox")
        .await;
    world.clock.set_offset(TimeDelta::days(300));
    let (node, shutdown) = quiet_node(&world.config, &world.clock, "a").await;

    let ends_soon = node.engine.sweep(|| true).await.unwrap();
    assert_eq!(
        (ends_soon.fired, ends_soon.failed),
        (0, 50),
        "no more than it had begun"
    );

    let everything = Swept {
        fired: SOUND,
        failed: BROKEN,
    };
    assert_eq!(node.engine.sweep(|| false).await.unwrap(), everything);
    let told = world
        .count("select count(*) from outbox where kind = 'request.overdue'")
        .await;
    assert_eq!(u64::try_from(told).unwrap(), SOUND);

    let nothing_new = Swept {
        fired: 0,
        failed: BROKEN,
    };
    assert_eq!(node.engine.sweep(|| false).await.unwrap(), nothing_new);
    drop(node);
    shutdown.ask();
    shutdown.finished(usciere::lifecycle::GRACE).await;
}

/// How many transactions fired the timers of these quarters of what `multiply` made.
async fn chunks(world: &World, quarters: std::ops::Range<u32>) -> i64 {
    let sequences = quarters.start * 600..quarters.end * 600;
    world
        .count(&format!(
            "select count(distinct xmin::text) from cases
             where overdue and protocol_sequence - 1001 between {} and {}",
            sequences.start,
            sequences.end - 1
        ))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_goes_in_small_steps_as_long_as_commands_come_in() {
    let mut world = World::start().await;
    world.submit().await;
    world.stop().await;
    multiply(&world, 600).await;
    world
        .execute("delete from cases where protocol_sequence < 1000; truncate case_event, outbox, mail_outbox")
        .await;
    let (node, shutdown) = quiet_node(&world.config, &world.clock, "a").await;
    let base = world.clock.now();
    let fires_until = async |due: &str, stops: &dyn Fn() -> bool| {
        let due: chrono::NaiveDate = due.parse().unwrap();
        let noon = due.and_hms_opt(12, 0, 0).unwrap().and_utc();
        world.clock.set_offset(noon - base);
        node.engine.sweep(stops).await.unwrap().fired
    };

    let command = || {
        let comes_in = world.execute("select nextval('audit_id_seq')");
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(comes_in));
        false
    };
    assert_eq!(fires_until(DUE[1], &command).await, 1_200);
    assert_eq!(chunks(&world, 0..2).await, 24, "fifty at a time");

    assert!(fires_until(DUE[3], &|| false).await >= 1_200);
    let hurried = chunks(&world, 2..4).await;
    assert!(
        (10..16).contains(&hurried),
        "{hurried} steps, ten of them to see that nobody waits"
    );
    drop(node);
    shutdown.ask();
    shutdown.finished(usciere::lifecycle::GRACE).await;
}

/// What a sweep makes way for.
#[tokio::test(flavor = "multi_thread")]
async fn commands_are_noticed_whichever_node_handles_them_and_a_sweep_is_none() {
    let world = World::start().await;
    let store = world.node().store.clone();
    let before = store.commands_so_far().await.unwrap();
    world.submit().await;
    let after = store.commands_so_far().await.unwrap();
    assert!(after > before, "{before} {after}");

    world.clock.set_offset(TimeDelta::days(20));
    let swept = world.node().engine.sweep(|| false).await.unwrap();
    assert_eq!(swept.fired, 1);
    assert_eq!(store.commands_so_far().await.unwrap(), after);
}
