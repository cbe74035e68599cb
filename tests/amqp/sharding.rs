//! An intake of several queues: the commands of one request share one, and changing the number loses none.

use std::num::NonZeroU16;

use usciere::amqp::topology::shards::intake_queues;
use usciere::amqp::{Broker, Published, QueueStatus};
use usciere::domain::ids::RequestId;
use uuid::Uuid;

use super::harness::{Place, amqp_url};

const REQUESTS: u128 = 60;

fn shards(place: &mut Place, number: u16) {
    place.settings.intake_shards = NonZeroU16::new(number).unwrap();
}

/// Publishes commands of so many requests, each with a follow-up.
async fn publish(broker: &Broker, place: &Place, mark: &str) {
    let commands = (0..REQUESTS * 2).map(|number| {
        let mut command = place.command(&format!("{mark}-{number}"));
        command.request = Some(RequestId(Uuid::from_u128(number % REQUESTS)));
        command
    });
    let published = broker.publisher().publish(commands.collect()).await;
    assert!(published.iter().all(|one| *one == Published::Confirmed));
}

async fn depths(broker: &Broker, place: &Place) -> Vec<u32> {
    let mut depths = Vec::new();
    for queue in intake_queues(&place.settings) {
        let status = broker.queue_status(&queue).await.unwrap();
        depths.push(status.map_or(0, |QueueStatus { messages, .. }| messages));
    }
    depths
}

#[tokio::test]
async fn every_command_has_one_queue_whatever_the_number_of_shards_becomes() {
    let mut place = Place::new(&amqp_url().await);
    let one = place.broker().await;
    publish(&one, &place, "one").await;
    let all = u32::try_from(REQUESTS * 2).unwrap();
    assert_eq!(depths(&one, &place).await, [all]);
    assert_eq!(one.shards_left_over().await.unwrap(), [""; 0]);
    one.close().await;

    shards(&mut place, 4);
    let four = place.broker().await;
    publish(&four, &place, "four").await;
    let spread = depths(&four, &place).await;
    assert_eq!(spread[0], all, "nothing more came to the one queue");
    assert_eq!(spread[1..].iter().sum::<u32>(), all);
    assert!(
        spread[1..].iter().all(|depth| *depth > 0 && depth % 2 == 0),
        "{spread:?}"
    );
    four.close().await;

    shards(&mut place, 2);
    let two = place.broker().await;
    publish(&two, &place, "two").await;
    let fewer = depths(&two, &place).await;
    assert_eq!(fewer.iter().sum::<u32>() - spread[..3].iter().sum::<u32>(), all);
    let left: Vec<String> = [3, 4]
        .map(|number| format!("{}.{number}", place.intake_queue()))
        .into();
    assert_eq!(two.shards_left_over().await.unwrap(), left);
    for (queue, before) in left.iter().zip(&spread[3..]) {
        let status = two.queue_status(queue).await.unwrap().unwrap();
        assert_eq!(
            status.messages, *before,
            "{queue} gets nothing more and keeps what it has"
        );
    }
    two.close().await;

    shards(&mut place, 1);
    let again = place.broker().await;
    publish(&again, &place, "again").await;
    assert_eq!(depths(&again, &place).await, [2 * all]);
    assert_eq!(again.shards_left_over().await.unwrap().len(), 4);
    again.close().await;
}
