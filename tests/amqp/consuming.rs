//! Taking deliveries through every loss of queue, channel and connection.

use std::time::Duration;

use lapin::options::{BasicGetOptions, BasicNackOptions};
use lapin::types::{AMQPValue, FieldArray};
use tokio::time::Instant;
use usciere::amqp::envelope::decode;
use usciere::amqp::{Acked, BrokerState, Consuming, DecodeRules, Published};
use usciere::config::amqp::{BrokerUrl, QueueType};
use usciere::domain::dead_letter::DeadLetterReason as Reason;

use super::harness::{Outsider, PATIENCE, Place, amqp_url, next, until};
use super::proxy::Proxy;

#[tokio::test]
async fn acknowledged_deliveries_are_gone_and_the_others_come_back() {
    let place = Place::new(&amqp_url().await);
    let broker = place.broker().await;
    let messages = (0..500).map(|at| place.message(&format!("m-{at}"))).collect();
    broker.publisher().publish(messages).await;
    let mut consumer = broker.consume(&place.sede_queue(), 500).await;
    let mut receipts = Vec::new();
    for _ in 0..500 {
        receipts.push(next(&mut consumer).await.receipt);
    }
    let kept = receipts.remove(100);
    let last = receipts.pop().unwrap();
    assert_eq!(
        consumer.acker.ack(receipts).await,
        Acked {
            acknowledged: 498,
            stale: 0
        }
    );
    broker.stop_consuming();
    assert_eq!(
        consumer.acker.ack([last]).await,
        Acked {
            acknowledged: 1,
            stale: 0
        },
        "still after the stop"
    );
    while consumer.deliveries.recv().await.is_some() {}
    broker.close().await;
    assert_eq!(
        consumer.acker.ack([kept]).await,
        Acked {
            acknowledged: 0,
            stale: 1
        }
    );

    let broker = place.broker().await;
    let mut consumer = broker.consume(&place.sede_queue(), 10).await;
    let delivery = next(&mut consumer).await;
    assert_eq!(delivery.properties.message_id.as_deref(), Some("m-100"));
    assert!(delivery.redelivered);
    broker.close().await;
}

#[tokio::test]
async fn a_broker_that_thinks_about_a_question_does_not_hold_up_the_end() {
    let mut place = Place::new(&amqp_url().await);
    place.broker().await.close().await;
    let proxy = Proxy::before(&place.settings.url.0, None).await;
    place.settings.url = BrokerUrl(proxy.url.clone());
    let broker = place.broker_without_topology().await;
    proxy.hold();
    let mut consumer = broker.consume(&place.intake_queue(), 10).await;
    // Time goes on only when nothing else happens: by then the question is under way.
    tokio::time::pause();
    tokio::time::sleep(Duration::from_millis(10)).await;
    let asked = Instant::now();
    broker.stop_consuming();
    assert!(consumer.deliveries.recv().await.is_none());
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
}

#[tokio::test]
async fn a_deleted_queue_is_declared_again_and_consumed() {
    let place = Place::new(&amqp_url().await);
    let broker = place.broker().await;
    let mut consumer = broker.consume(&place.intake_queue(), 10).await;
    until(&mut broker.state(), BrokerState::is_up).await;
    Outsider::new(&amqp_url().await)
        .await
        .delete(&place.intake_queue())
        .await;
    let publisher = broker.publisher();
    let taken = async {
        // Until the queue is back, the command goes to the unroutable ones.
        loop {
            publisher.publish(vec![place.command("m-1")]).await;
            if let Ok(delivery) = consumer.deliveries.try_recv() {
                return delivery;
            }
        }
    };
    let delivery = tokio::time::timeout(PATIENCE, taken)
        .await
        .expect("the queue is declared again");
    assert_eq!(delivery.properties.message_id.as_deref(), Some("m-1"));
    broker.close().await;
}

#[tokio::test]
async fn a_deleted_queue_of_others_turns_readiness_red_until_it_is_back() {
    let mut place = Place::new(&amqp_url().await);
    place.settings.topology.manage = false;
    let broker = place.broker().await;
    let _consumer = broker.consume(&place.intake_queue(), 10).await;
    let mut state = broker.state();
    until(&mut state, BrokerState::is_up).await;
    Outsider::new(&amqp_url().await)
        .await
        .delete(&place.intake_queue())
        .await;
    let missing = format!("there is no queue {}", place.intake_queue());
    until(
        &mut state,
        |state| matches!(&state.consuming, Consuming::Down { why, .. } if *why == missing),
    )
    .await;
    broker.declare(&place.topology()).await.unwrap();
    until(&mut state, BrokerState::is_up).await;
    broker.close().await;
}

#[tokio::test]
async fn a_broken_connection_is_rebuilt_and_old_receipts_are_stale() {
    let mut place = Place::new(&amqp_url().await);
    let proxy = Proxy::before(&amqp_url().await, None).await;
    place.settings.url.0.clone_from(&proxy.url);
    let broker = place.broker().await;
    broker.publisher().publish(vec![place.message("m-1")]).await;
    let mut consumer = broker.consume(&place.sede_queue(), 10).await;
    let before = next(&mut consumer).await;
    let mut state = broker.state();
    proxy.cut();
    let again = next(&mut consumer).await;
    assert_eq!(again.properties.message_id, before.properties.message_id);
    assert!(again.redelivered);
    assert_eq!(
        consumer.acker.ack([before.receipt]).await,
        Acked {
            acknowledged: 0,
            stale: 1
        }
    );
    assert_eq!(
        consumer.acker.ack([again.receipt]).await,
        Acked {
            acknowledged: 1,
            stale: 0
        }
    );
    until(&mut state, BrokerState::is_up).await;
    broker.close().await;
}

#[tokio::test]
async fn what_is_delivered_too_often_goes_to_quarantine_and_keeps_its_identity() {
    let mut place = Place::new(&amqp_url().await);
    place.settings.queue_type = QueueType::Quorum;
    let broker = place.broker().await;
    assert_eq!(
        broker.publisher().publish(vec![place.command("killer")]).await,
        [Published::Confirmed]
    );
    let outsider = Outsider::new(&amqp_url().await).await;
    let requeue = BasicNackOptions {
        requeue: true,
        multiple: false,
    };
    let mut returned = 0;
    while returned < 11 {
        let got = outsider
            .channel
            .basic_get(place.intake_queue().as_str().into(), BasicGetOptions::default())
            .await
            .unwrap();
        if let Some(message) = got {
            message.nack(requeue).await.unwrap();
            returned += 1;
        }
    }
    let quarantine = format!("{}.quarantine", place.intake_queue());
    let mut consumer = broker.consume(&quarantine, 1).await;
    let delivery = next(&mut consumer).await;
    assert_eq!(delivery.properties.message_id.as_deref(), Some("killer"));
    assert_eq!(delivery.routing_key, place.command("killer").routing_key);
    broker.close().await;
}

/// Without the guard the first of these breaks every connection that consumes it, and the second, deep enough,
/// aborts the process.
#[tokio::test]
async fn messages_nobody_can_read_are_dead_lettered_and_their_neighbours_live() {
    let place = Place::new(&amqp_url().await);
    let broker = place.broker().await;
    let proxy = Proxy::before(
        &amqp_url().await,
        Some((
            b"no-text-at-all",
            b"no\xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff\xfe",
        )),
    )
    .await;
    let outsider = Outsider::new(&proxy.url).await;
    let nested = (0..12).fold(FieldArray::default(), |inner, _| {
        FieldArray::from(vec![AMQPValue::FieldArray(inner)])
    });
    let key = place.command("x").routing_key;
    let plain = lapin::BasicProperties::default().with_message_id("m-1".into());
    let deep = [("h".into(), AMQPValue::FieldArray(nested))]
        .into_iter()
        .collect::<std::collections::BTreeMap<_, _>>();
    for (routing_key, properties) in [
        (
            key.clone(),
            plain.clone().with_message_id("no-text-at-all".into()),
        ),
        (key.clone(), plain.clone().with_headers(deep.into())),
        (
            format!("portal.no-text-at-all.{}", place.patronato),
            plain
                .clone()
                .with_type("request.submit".into())
                .with_content_type("application/json".into()),
        ),
        (key.clone(), plain.clone()),
    ] {
        outsider
            .publish(&place.settings.prefix, &routing_key, properties)
            .await;
    }
    let mut consumer = broker.consume(&place.intake_queue(), 10).await;
    let rules = DecodeRules::from(&place.settings);
    let mut reasons = Vec::new();
    for _ in 0..4 {
        let delivery = next(&mut consumer).await;
        reasons.push(decode(&delivery.raw(), &rules).unwrap_err().reason);
        consumer.acker.ack([delivery.receipt]).await;
    }
    assert_eq!(
        reasons,
        [
            Reason::InvalidUtf8,
            Reason::TooManyHeaders,
            Reason::PublisherNotAuthorised,
            Reason::WrongContentType
        ]
    );
    broker.close().await;
}
