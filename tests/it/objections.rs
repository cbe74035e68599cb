//! An exchange that is gone: what is for others goes on, what is for it waits, is said to, and comes once it is back.

use std::collections::HashSet;

use lapin::options::ExchangeDeleteOptions;
use lapin::{Connection, ConnectionProperties};

use crate::world::{SEDE, World, request};

const PORTAL: &str = "portal.inca";
const REQUESTS: u32 = 20;

async fn delete_exchange(world: &World, exchange: &str) {
    let url = &world.config.amqp.url.0;
    let connection = Connection::connect(url, ConnectionProperties::default())
        .await
        .unwrap();
    let channel = connection.create_channel().await.unwrap();
    let options = ExchangeDeleteOptions::default();
    channel.exchange_delete(exchange.into(), options).await.unwrap();
    connection.close(200, "done".into()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_that_is_gone_keeps_nobody_else_waiting() {
    let mut world = World::start().await;
    let sede = format!("sede.{SEDE}");
    delete_exchange(&world, "usciere.events").await;
    for number in 0..REQUESTS {
        let id = format!("00000000-0000-4000-8000-{number:012}");
        world.send_as(&id, "portal.inca.request.submit", &request()).await;
    }
    world
        .until("every request lies in the sede's queue", async || {
            world.depth(&sede).await >= REQUESTS
        })
        .await;
    let waits = "select reason from destination_backoff where destination = 'portal.inca'";
    world
        .until("it is said why the portal waits", async || {
            world.count(&format!("select count(*) from ({waits}) as w")).await == 1
        })
        .await;
    let reason = world.text(waits).await;
    assert!(reason.starts_with("the broker objects: 404 "), "{reason}");
    world
        .until("nothing is left but for the portal", async || {
            let others = "select count(*) from outbox where destination <> 'portal.inca'";
            world.count(others).await == 0
        })
        .await;
    let mut came = HashSet::new();
    while world.depth(&sede).await > 0 {
        came.insert(world.next(&sede).await.message_id);
    }
    assert_eq!(came.len(), usize::try_from(REQUESTS).unwrap());
    let unsent = world.count("select count(*) from outbox").await;
    assert_eq!(unsent, i64::from(REQUESTS));
    // 1 s, 2 s, 4 s: not again and again.
    let attempts = world
        .count("select attempts::bigint from destination_backoff")
        .await;
    assert!(attempts <= 4, "{attempts}");

    world.stop().await;
    world.add_node().await;
    world
        .until("the portal is told of each", async || {
            world.depth(PORTAL).await == REQUESTS
        })
        .await;
    world.stop().await;
}
