//! Errands of the command line: done, or refused at once and in plain words.

use rstest::rstest;
use usciere::amqp::{BrokerError, Exchange, Published, Session};

use super::harness::{PATIENCE, Place, amqp_url};

#[tokio::test]
async fn what_passes_an_exchange_can_be_listened_to_without_taking_it() {
    let place = Place::new(&amqp_url().await);
    let session = Session::open(&place.settings, "test").await.unwrap();
    assert_eq!(session.declare(&place.topology()).await.unwrap(), []);
    assert_eq!(session.diff(&place.topology()).await.unwrap(), []);
    let key = place.sede_queue();
    let mut heard = session
        .listen(&[(Exchange::Sedi, &key), (Exchange::Events, "portal.#")])
        .await
        .unwrap();
    assert_eq!(
        session.publish(&[place.message("m-1")]).await.unwrap(),
        [Published::Confirmed]
    );
    let delivery = tokio::time::timeout(PATIENCE, heard.recv())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(delivery.properties.message_id.as_deref(), Some("m-1"));
    let status = session.queue_status(&key).await.unwrap().unwrap();
    assert_eq!(status.messages, 1, "it is still the sede's");
    session.close().await;
}

#[rstest]
#[case::nobody_there(
    "amqp://guest:segreto@127.0.0.1:1/%2f",
    "cannot reach the broker at 127.0.0.1:1"
)]
#[case::no_address("amqp:segreto", "amqp.url is no valid address of a broker")]
#[tokio::test]
async fn what_is_wrong_is_said_without_the_password(#[case] url: &str, #[case] said: &str) {
    let error = Session::open(&Place::new(url).settings, "test")
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), said);
    assert!(!format!("{error:?}").contains("segreto"));
}

#[rstest]
#[case::password("segreto", "/%2f")]
#[case::virtual_host("guest", "/there-is-none")]
#[tokio::test]
async fn a_refusal_is_told_from_silence(#[case] password: &str, #[case] vhost: &str) {
    let mut url = url::Url::parse(&amqp_url().await).unwrap();
    if password != "guest" {
        url.set_password(Some(password)).unwrap();
    }
    if vhost != "/%2f" {
        url.set_path(vhost);
    }
    let error = Session::open(&Place::new(url.as_str()).settings, "test")
        .await
        .unwrap_err();
    assert!(matches!(error, BrokerError::Refused { .. }), "{error:?}");
    assert!(!format!("{error:?}").contains("segreto"));
}
