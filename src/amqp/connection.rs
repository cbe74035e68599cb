//! Opening a connection: heartbeat, name and time limits, without lapin's own recovery (RELIABILITY.md F8).

use std::time::Duration;

use lapin::uri::AMQPUri;
use lapin::{Connection, ConnectionProperties, Error, ErrorKind};

use super::budget::Budget;
use super::error::BrokerError;
use super::guard;
use crate::config::amqp::AmqpSettings;

/// From the first packet to an open virtual host.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);

/// lapin waits for ever for the answer of a broker whose connection broke at that moment.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Longest a broker may think: one whose connection lives may still not answer, for a queue without a leader.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// The broker's answer, if it comes in time.
pub(super) async fn answered<T>(answer: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    match tokio::time::timeout(ANSWER_TIMEOUT, answer).await {
        Ok(answer) => answer,
        Err(_) => Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()),
    }
}

/// Closes a connection; whether the broker said goodbye, too.
pub(super) async fn goodbye(connection: &Connection) -> bool {
    let closed = connection.close(200, "bye".into());
    tokio::time::timeout(CLOSE_TIMEOUT, closed).await.is_ok()
}

/// Opens a connection that shows itself to operators of the broker as `name`.
pub(super) async fn open(settings: &AmqpSettings, name: &str) -> Result<Connection, BrokerError> {
    open_within(settings, name, Budget::unlimited()).await
}

/// Opens a connection that holds no more than a budget of what it receives.
pub(super) async fn open_within(
    settings: &AmqpSettings,
    name: &str,
    budget: Budget,
) -> Result<Connection, BrokerError> {
    let mut uri: AMQPUri = settings.url.0.parse().map_err(|_| BrokerError::Address)?;
    uri.query.heartbeat.get_or_insert(settings.heartbeat_seconds);
    let address = format!(
        "{}:{}{}",
        uri.authority.host,
        uri.authority.port,
        shown(&uri.vhost)
    );
    let properties = ConnectionProperties::default().with_connection_name(name.into());
    let opening = guard::connect(uri, properties, budget);
    match tokio::time::timeout(OPEN_TIMEOUT, opening).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(source)) if is_refusal(&source) => Err(BrokerError::Refused { address, source }),
        Ok(Err(source)) => Err(BrokerError::Unreachable { address, source }),
        Err(_) => Err(BrokerError::Silent { address }),
    }
}

fn shown(vhost: &str) -> String {
    if vhost == "/" {
        String::new()
    } else {
        format!(" ({vhost})")
    }
}

/// Whether the broker itself said no: no such path, access refused or not allowed (402, 403, 530).
fn is_refusal(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::ProtocolError(error) => matches!(error.get_id(), 402 | 403 | 530),
        _ => false,
    }
}
