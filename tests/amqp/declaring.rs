//! Declaring what must stand, again and again, without ever taking anything away.

use lapin::types::AMQPValue;
use rstest::rstest;
use usciere::amqp::{BrokerError, Deviation, Finding, Object, QueueStatus, Session};
use usciere::config::amqp::{BrokerUrl, QueueType};
use usciere::domain::ids::SedeCode;

use super::harness::{Outsider, Place, amqp_url};
use super::proxy::Proxy;

#[rstest]
#[case::quorum(QueueType::Quorum)]
#[case::classic(QueueType::Classic)]
#[tokio::test]
async fn declaring_twice_changes_nothing(#[case] queue_type: QueueType) {
    let mut place = Place::new(&amqp_url().await);
    place.settings.queue_type = queue_type;
    let broker = place.broker_without_topology().await;
    let missing = broker.diff(&place.topology()).await.unwrap();
    assert!(
        missing
            .iter()
            .all(|finding| finding.deviation == Deviation::Missing),
        "{missing:?}"
    );
    assert_eq!(
        missing.len(),
        place.topology().exchanges.len() + place.topology().queues.len()
    );
    for _ in 0..2 {
        assert_eq!(broker.declare(&place.topology()).await.unwrap(), []);
        assert_eq!(broker.diff(&place.topology()).await.unwrap(), []);
    }
    broker.close().await;
}

#[tokio::test]
async fn what_stands_otherwise_is_told_and_left_alone() {
    let place = Place::new(&amqp_url().await);
    let outsider = Outsider::new(&amqp_url().await).await;
    outsider
        .declare(&place.intake_queue(), &[("x-max-length", AMQPValue::LongInt(7))])
        .await;
    let broker = place.broker_without_topology().await;
    for findings in [
        broker.declare(&place.topology()).await.unwrap(),
        broker.diff(&place.topology()).await.unwrap(),
    ] {
        let [
            Finding {
                object,
                deviation: Deviation::Different(why),
            },
        ] = &findings[..]
        else {
            panic!("{findings:?}")
        };
        assert_eq!(*object, Object::Queue(place.intake_queue()));
        assert!(why.contains("PRECONDITION_FAILED"), "{why}");
    }
    let empty = QueueStatus {
        messages: 0,
        consumers: 0,
    };
    assert_eq!(
        broker.queue_status(&place.sede_queue()).await.unwrap(),
        Some(empty),
        "the others are there"
    );
    broker.close().await;
}

#[tokio::test]
async fn a_new_sede_gets_its_queue_without_a_restart() {
    let place = Place::new(&amqp_url().await);
    let broker = place.broker().await;
    let sede = SedeCode::parse(&format!("{}-new", place.sede)).unwrap();
    let queue = format!("sede.{sede}");
    assert_eq!(broker.queue_status(&queue).await.unwrap(), None);
    assert_eq!(broker.declare_sede(&sede).await.unwrap(), []);
    let mut message = place.message("m-1");
    message.routing_key.clone_from(&queue);
    broker.publisher().publish(vec![message]).await;
    assert_eq!(
        broker
            .queue_status(&queue)
            .await
            .unwrap()
            .map(|status| status.messages),
        Some(1)
    );
    broker.close().await;
}

#[tokio::test]
async fn a_broker_that_never_answers_a_declaration_is_not_waited_for_without_end() {
    let mut place = Place::new(&amqp_url().await);
    let proxy = Proxy::before(&place.settings.url.0, None).await;
    place.settings.url = BrokerUrl(proxy.url.clone());
    let session = Session::open(&place.settings, "test").await.unwrap();
    assert_eq!(session.queue_status(&place.intake_queue()).await.unwrap(), None);
    proxy.hold();
    // Nothing else is to happen: time goes on to the end of the patience.
    tokio::time::pause();
    let error = session.declare(&place.topology()).await.unwrap_err();
    let BrokerError::Broken(silence) = &error else {
        panic!("{error:?}")
    };
    assert!(silence.to_string().contains("timed out"), "{silence}");
}
