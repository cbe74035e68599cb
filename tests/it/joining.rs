//! Nodes that come while messages are under way: each takes over its share, and nothing is published twice.

use lapin::BasicProperties;
use sqlx::PgPool;
use usciere::clock::Clock;

use crate::outsider::Outsider;
use crate::world::{World, request};

/// What a publisher sends at once.
const SOME: usize = 50;

/// Submits requests until so many nodes share the buckets; answers how many.
async fn submit_until_shared_by(nodes: i64, url: &str, pool: &PgPool, clock: &Clock) -> i64 {
    let outsider = Outsider::connect(url).await;
    let sharing = "select count(distinct node) from relay_lease where until > now()";
    let mut submitted = 0;
    while sqlx::query_scalar::<_, i64>(sharing)
        .fetch_one(pool)
        .await
        .unwrap()
        < nodes
    {
        let messages = (0..SOME).map(|_| {
            let properties = BasicProperties::default()
                .with_message_id(clock.new_id().to_string().into())
                .with_type("request.submit".into())
                .with_content_type("application/json".into())
                .with_delivery_mode(2);
            let body = request().to_string().into_bytes();
            ("portal.inca.request.submit".to_owned(), body, properties)
        });
        outsider.publish_all(messages).await;
        submitted += i64::try_from(SOME).unwrap();
    }
    submitted
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_join_under_load_take_their_share_and_publish_nothing_twice() {
    let mut world = World::start().await;
    let (url, pool, clock) = (
        world.config.amqp.url.0.clone(),
        world.pool.clone(),
        world.clock.clone(),
    );
    let mut submitted = 0;
    for nodes in 2..=3 {
        let submitting = async { submitted += submit_until_shared_by(nodes, &url, &pool, &clock).await };
        world.add_node_during(submitting).await;
    }
    world.settle().await;
    let difference = "select max(count) - min(count) from (
        select count(*) from relay_lease where until > now() group by node) as share";
    world
        .until("the shares are equal", async || {
            world.count(difference).await <= 2
        })
        .await;
    assert_eq!(world.count("select count(*) from cases").await, submitted);
    let sent = "select count(*) from outbox_sent where destination = 'portal.inca'";
    assert_eq!(
        i64::from(world.depth("portal.inca").await),
        world.count(sent).await,
        "each came once"
    );
}
