//! A node as tests start one: with every role, the example registers and a clock of the test's own.

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use usciere::clock::Clock;
use usciere::config::Config;
use usciere::config::amqp::BrokerUrl;
use usciere::config::attachments::AttachmentsUrl;
use usciere::config::mail::SmtpUrl;
use usciere::config::profile::Profile;
use usciere::dev::examples;
use usciere::lifecycle::Shutdown;
use usciere::lifecycle::readiness::{Part, Readiness};
use usciere::node::{self, Node, NodeOptions, Role};
use usciere::telemetry::metrics::Exporter;

use crate::services::fresh;

/// Longest any condition is waited for: far above what it takes, only to end a test that hangs.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A clock that stands at 23 November 2026 until it is moved.
pub(crate) fn clock() -> Clock {
    Clock::fixed("2026-11-23T09:00:00Z".parse::<DateTime<Utc>>().unwrap())
}

/// A configuration with a database and a virtual host nobody else has, files in `folder`, and the example registers.
pub(crate) async fn configuration(folder: &Path) -> Config {
    let (database, broker) = fresh().await;
    let mut config = Config {
        profile: Profile::Test,
        ..Config::default()
    };
    config.database.url = database.as_str().parse().unwrap();
    config.amqp.url = BrokerUrl(broker.to_string());
    config.http.listen = "127.0.0.1:0".parse().unwrap();
    config.smtp.url = SmtpUrl::Files(folder.join("mail"));
    config.attachments.url = AttachmentsUrl::Folder(folder.join("attachments"));
    let store = node::store(&config, &config.node.name()).unwrap();
    store.migrate().await.unwrap();
    examples::load(&store).await.unwrap();
    store.close().await;
    config
}

/// For what only tests look at.
pub(crate) async fn pool(config: &Config) -> PgPool {
    PgPool::connect(config.database.url.expose()).await.unwrap()
}

/// A node that is ready.
pub(crate) async fn start(config: &Config, clock: &Clock) -> (Node, Shutdown) {
    let shutdown = Shutdown::new();
    let readiness = Readiness::expecting(Part::ALL);
    let options = NodeOptions {
        config,
        roles: &Role::ALL,
        clock: clock.clone(),
        shutdown: &shutdown,
        readiness: readiness.clone(),
    };
    let node = Node::start(options, Exporter::detached()).await.unwrap();
    tokio::time::timeout(PATIENCE, readiness.ready())
        .await
        .expect("the node becomes ready");
    (node, shutdown)
}
