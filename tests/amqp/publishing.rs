//! What becomes of a message: confirmed, unroutable, refused, lost, and never anything else than was told.

use lapin::types::AMQPValue;
use rstest::rstest;
use usciere::amqp::{Lost, Outgoing, Published, Publishing};
use usciere::config::amqp::QueueType;
use usciere::domain::ids::MessageId;

use super::harness::{Outsider, Place, amqp_url, next, until};
use super::proxy::Proxy;

fn unroutable() -> Published {
    Published::Unroutable {
        code: 312,
        text: "NO_ROUTE".to_owned(),
    }
}

#[tokio::test]
async fn a_message_arrives_with_the_properties_of_the_contract() {
    let place = Place::new(&amqp_url().await);
    let broker = place.broker().await;
    let message = Outgoing {
        causation_id: Some(MessageId::parse("cause-1").unwrap()),
        request: Some("0199c0de-0000-7000-8000-000000000001".parse().unwrap()),
        case_seq: Some(3),
        ..place.message("m-1")
    };
    assert_eq!(
        broker.publisher().publish(vec![message.clone()]).await,
        [Published::Confirmed]
    );
    let mut consumer = broker.consume(&place.sede_queue(), 10).await;
    let delivery = next(&mut consumer).await;
    assert_eq!(delivery.body, &*message.body);
    assert_eq!(delivery.routing_key, place.sede_queue());
    let properties = serde_json::json!({
        "properties": delivery.properties, "headers": delivery.properties.headers,
    });
    insta::assert_json_snapshot!(properties, { ".properties.timestamp" => "[seconds]" });
    broker.close().await;
}

/// lapin gives a returned message to whichever confirm comes next: with many in flight the wrong ones would be
/// taken for sent. Quorum queues confirm late and several at once, which is where it shows.
#[rstest]
#[case::quorum(QueueType::Quorum)]
#[case::classic(QueueType::Classic)]
#[tokio::test]
async fn among_many_in_flight_exactly_the_unroutable_ones_are_told(#[case] queue_type: QueueType) {
    let mut place = Place::new(&amqp_url().await);
    place.settings.queue_type = queue_type;
    let broker = place.broker().await;
    let messages: Vec<_> = (0..1_200)
        .map(|at| {
            let mut message = place.message(&format!("m-{at}"));
            if at % 7 == 3 {
                "sede.nowhere".clone_into(&mut message.routing_key);
            }
            message
        })
        .collect();
    let expected: Vec<_> = (0..1_200)
        .map(|at| {
            if at % 7 == 3 {
                unroutable()
            } else {
                Published::Confirmed
            }
        })
        .collect();
    let publisher = broker.publisher();
    for _ in 0..3 {
        assert_eq!(publisher.publish(messages.clone()).await, expected);
    }
    broker.close().await;
}

#[tokio::test]
async fn a_full_queue_refuses_and_others_do_not_suffer() {
    let place = Place::new(&amqp_url().await);
    let outsider = Outsider::new(&amqp_url().await).await;
    let arguments = [
        ("x-max-length", AMQPValue::LongInt(2)),
        ("x-overflow", AMQPValue::LongString("reject-publish".into())),
    ];
    outsider.declare(&place.sede_queue(), &arguments).await;
    let broker = place.broker_without_topology().await;
    broker.declare(&place.topology()).await.unwrap();
    let other = Outgoing {
        exchange: place.command("c").exchange,
        routing_key: place.command("c").routing_key,
        ..place.message("m-5")
    };
    let messages = vec![
        place.message("m-1"),
        place.message("m-2"),
        place.message("m-3"),
        other,
        place.message("m-4"),
    ];
    let outcomes = broker.publisher().publish(messages).await;
    assert_eq!(
        outcomes,
        [
            Published::Confirmed,
            Published::Confirmed,
            Published::Refused,
            Published::Confirmed,
            Published::Refused
        ]
    );
    broker.close().await;
}

#[tokio::test]
async fn a_missing_exchange_costs_what_was_in_flight_and_heals() {
    let place = Place::new(&amqp_url().await);
    let broker = place.broker_without_topology().await;
    let publisher = broker.publisher();
    let outcomes = publisher
        .publish(vec![place.message("m-1"), place.message("m-2")])
        .await;
    assert!(
        outcomes.iter().all(
            |outcome| matches!(outcome, Published::Lost(Lost::Objected(why)) if why.starts_with("404 "))
        ),
        "{outcomes:?}"
    );
    broker.declare(&place.topology()).await.unwrap();
    assert_eq!(
        publisher.publish(vec![place.message("m-1")]).await,
        [Published::Confirmed]
    );
    broker.close().await;
}

#[tokio::test]
async fn a_broken_connection_loses_what_was_in_flight_and_comes_back() {
    let mut place = Place::new(&amqp_url().await);
    let proxy = Proxy::before(&amqp_url().await, None).await;
    place.settings.url.0.clone_from(&proxy.url);
    let broker = place.broker().await;
    let publisher = broker.publisher();
    assert_eq!(
        publisher.publish(vec![place.message("m-1")]).await,
        [Published::Confirmed]
    );
    proxy.hold();
    let sending = tokio::spawn(async move {
        let lost = publisher.publish(vec![place.message("m-2")]).await;
        (publisher, place, lost)
    });
    tokio::task::yield_now().await;
    proxy.cut();
    let (publisher, place, lost) = sending.await.unwrap();
    assert!(matches!(lost[..], [Published::Lost(_)]), "{lost:?}");
    proxy.release();
    publisher.ready().await;
    until(&mut broker.state(), usciere::amqp::BrokerState::is_up).await;
    assert_eq!(
        publisher.publish(vec![place.message("m-2")]).await,
        [Published::Confirmed]
    );
    broker.close().await;
}

#[tokio::test]
async fn a_broker_that_does_not_confirm_is_not_waited_for_for_ever() {
    let mut place = Place::new(&amqp_url().await);
    let proxy = Proxy::before(&amqp_url().await, None).await;
    place.settings.url.0.clone_from(&proxy.url);
    place.settings.confirm_timeout_seconds = 1;
    let broker = place.broker().await;
    let publisher = broker.publisher();
    assert_eq!(
        publisher.publish(vec![place.message("m-1")]).await,
        [Published::Confirmed]
    );
    proxy.hold();
    assert_eq!(
        publisher.publish(vec![place.message("m-2")]).await,
        [Published::Lost(Lost::Silent)]
    );
    proxy.release();
    assert_eq!(
        publisher.publish(vec![place.message("m-2")]).await,
        [Published::Confirmed]
    );
    broker.close().await;
}

/// With one connection for both, even acks would be stuck (RELIABILITY.md F5).
#[tokio::test]
async fn a_broker_in_alarm_gets_nothing_while_consuming_goes_on() {
    let mut place = Place::new(&amqp_url().await);
    let proxy = Proxy::before(&amqp_url().await, None).await;
    place.settings.url.0.clone_from(&proxy.url);
    let broker = place.broker().await;
    let publisher = broker.publisher();
    publisher
        .publish(vec![place.message("m-1"), place.message("m-2")])
        .await;
    let mut state = broker.state();
    proxy.alarm(true);
    until(&mut state, |state| {
        matches!(state.publishing, Publishing::Blocked { .. })
    })
    .await;
    assert_eq!(
        publisher.publish(vec![place.message("m-3")]).await,
        [Published::Lost(Lost::Blocked)]
    );
    let mut consumer = broker.consume(&place.sede_queue(), 1).await;
    for _ in 0..2 {
        let receipt = next(&mut consumer).await.receipt;
        assert_eq!(consumer.acker.ack([receipt]).await.acknowledged, 1);
    }
    proxy.alarm(false);
    publisher.ready().await;
    assert_eq!(
        publisher.publish(vec![place.message("m-3")]).await,
        [Published::Confirmed]
    );
    broker.close().await;
}

#[tokio::test]
async fn without_a_connection_nothing_hangs() {
    let broker_url = "amqp://guest:guest@127.0.0.1:1/%2f";
    let place = Place::new(broker_url);
    let node = usciere::domain::ids::NodeName::parse("test").unwrap();
    let broker = usciere::amqp::Broker::start(&place.settings, &node, usciere::clock::Clock::system());
    let outcomes = broker.publisher().publish(vec![place.message("m-1")]).await;
    assert_eq!(outcomes, [Published::Lost(Lost::NotConnected)]);
    assert!(broker.queue_status("x").await.is_err());
    broker.close().await;
}
