//! A database whose host goes without a word while it commits: nobody waits without end, and nothing is done twice.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use usciere::amqp::envelope::{RawDelivery, decode};
use usciere::amqp::{DecodeRules, Properties};
use usciere::engine::{Door, Handled, Item};

use crate::node::{self, PATIENCE};
use crate::proxy::{Proxy, Swallow};
use crate::world::request;

/// Longer than anybody waits for a silent database.
const SILENCE: Duration = Duration::from_secs(121);

fn submission(rules: &DecodeRules) -> Item {
    let properties = Properties {
        message_id: Some("m-1".to_owned()),
        kind: Some("request.submit".to_owned()),
        content_type: Some("application/json".to_owned()),
        ..Properties::default()
    };
    let body = request().to_string();
    let delivery = RawDelivery {
        routing_key: "portal.inca.request.submit",
        properties: &properties,
        body: body.as_bytes(),
    };
    Item::Command {
        envelope: Arc::new(decode(&delivery, rules).unwrap()),
        original: None,
    }
}

#[tokio::test]
async fn a_database_that_vanishes_while_it_commits_is_given_up_and_the_inbox_decides() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = node::configuration(folder.path()).await;
    let pool = node::pool(&config).await;
    let mut url: url::Url = config.database.url.expose().parse().unwrap();
    let host = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    let (_address, service) = watch::channel(host);
    let proxy = Proxy::before(service).await;
    url.set_host(Some("127.0.0.1")).unwrap();
    url.set_port(Some(proxy.port)).unwrap();
    config.database.url = url.as_str().parse().unwrap();
    let store = usciere::node::store(&config, &config.node.name()).unwrap();
    let engine = usciere::node::engine_only(&config, &store, node::clock())
        .await
        .unwrap();
    let (workers, closing) = (TaskTracker::new(), CancellationToken::new());
    let door = Door::open(&Arc::new(engine), 1, 10, &workers, &closing);

    proxy.swallow_answers_to(b"COMMIT\0", Swallow::Hold);
    let item = submission(&DecodeRules::from(&config.amqp));
    let asking = tokio::spawn(async move { door.ask(item).await });
    while proxy.swallowed() == 0 {
        tokio::task::yield_now().await;
    }
    // New connections lead to a host that answers; the old one stays silent for ever.
    proxy.mend();
    tokio::time::pause();
    tokio::time::sleep(SILENCE).await;
    tokio::time::resume();

    let handled = tokio::time::timeout(PATIENCE, asking).await.expect("an answer");
    let handled = handled.unwrap().unwrap();
    assert!(matches!(handled, Handled::Repeated { .. }), "{handled:?}");
    let cases: i64 = sqlx::query_scalar("select count(*) from cases")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(cases, 1);
}
