//! What commands reach: the database with the schema this program knows, and the broker. Both or exit code 69.

use std::time::Duration;

use super::exit::{Exit, Failure};
use super::session::Session;
use crate::amqp::{Broker, BrokerState, Consuming};
use crate::clock::Clock;
use crate::config::Config;
use crate::node;
use crate::store::Store;

/// Longest to wait for the broker where it neither answers nor refuses.
const BROKER_PATIENCE: Duration = Duration::from_secs(15);

/// The configuration, and the database it names.
pub async fn database(session: &Session) -> Result<(Config, Store), Failure> {
    let config = session.load(None)?.config;
    let store = node::store(&config, &config.node.name())?;
    let schema = store.schema_status().await?;
    if schema.is_current() {
        return Ok((config, store));
    }
    let failure = if schema.is_ahead() {
        Failure::new(Exit::Failed, "the database is of a newer usciere").fix("use that version's program")
    } else {
        Failure::new(Exit::Failed, "the database has not the schema of this usciere")
            .fix("run `usciere db migrate`")
    };
    Err(failure)
}

/// The engine's notion of now: the machine's, moved as the configuration or a development system says.
pub async fn clock(config: &Config, store: &Store) -> Result<Clock, Failure> {
    let clock = Clock::system();
    clock.set_offset(config.clock.offset.get());
    if !config.profile.is_production()
        && let Some(offset) = store.clock_offset().await?
    {
        clock.set_offset(offset);
    }
    Ok(clock)
}

/// A way to the broker that stands. The first failed try is the answer: a person waits for it.
pub async fn broker(config: &Config) -> Result<Broker, Failure> {
    let broker = Broker::start(&config.amqp, &config.node.name(), Clock::system());
    let mut state = broker.state();
    let at_first = state.borrow().consuming.clone();
    let told = state.wait_for(|state| state.consuming == Consuming::Up || state.consuming != at_first);
    let consuming = match tokio::time::timeout(BROKER_PATIENCE, told).await {
        Ok(Ok(state)) => BrokerState::clone(&state).consuming,
        Ok(Err(_)) | Err(_) => at_first,
    };
    match consuming {
        Consuming::Up => Ok(broker),
        Consuming::Down { why, .. } => {
            broker.close().await;
            Err(Failure::unavailable(format!("the broker cannot be used: {why}"))
                .fix("start RabbitMQ, or set amqp.url (`usciere config show amqp.url`)"))
        }
    }
}
