//! Whether the broker can spread the intake. A plugin does it; to declare what it brings where it is not enabled costs
//! the whole connection, so it is asked on one of its own.

use lapin::options::ExchangeDeclareOptions;
use lapin::types::FieldTable;
use lapin::{Error, ErrorKind, ExchangeKind};

use super::Topology;
use super::declare::{Deviation, Finding, Object};
use crate::amqp::connection::{answered, goodbye, open};
use crate::amqp::error::{BrokerError, soft_code, told};
use crate::config::amqp::AmqpSettings;

/// What the plugin calls its exchanges.
pub(super) const TYPE: &str = "x-consistent-hash";
/// An exchange of every broker, and of another type: where the type is known, the broker says that the two differ.
const ANOTHER: &str = "amq.fanout";

/// As much of a topology as this broker can do, and what it cannot.
pub(in crate::amqp) async fn feasible(
    settings: &AmqpSettings,
    topology: &Topology,
) -> Result<(Topology, Option<Finding>), BrokerError> {
    let Some(exchange) = topology.spreads_by() else {
        return Ok((topology.clone(), None));
    };
    if is_enabled(settings).await? {
        return Ok((topology.clone(), None));
    }
    let finding = Finding {
        object: Object::Exchange(exchange.name.clone()),
        deviation: Deviation::PluginMissing,
    };
    Ok((topology.clone().gathered(), Some(finding)))
}

async fn is_enabled(settings: &AmqpSettings) -> Result<bool, BrokerError> {
    let connection = open(settings, "usciere: what the broker can do").await?;
    let channel = answered(connection.create_channel()).await?;
    let kind = ExchangeKind::Custom(TYPE.to_owned());
    let options = ExchangeDeclareOptions {
        durable: true,
        ..ExchangeDeclareOptions::default()
    };
    let declaring = channel.exchange_declare(ANOTHER.into(), kind, options, FieldTable::default());
    let enabled = judge(answered(declaring).await);
    goodbye(&connection).await;
    enabled
}

/// RabbitMQ 3 ends the connection over a type it does not know (503), RabbitMQ 4 the channel (406).
fn judge(answer: Result<(), Error>) -> Result<bool, BrokerError> {
    let Err(error) = answer else { return Ok(true) };
    match error.kind() {
        ErrorKind::ProtocolError(_) if told(&error).contains("exchange type") => Ok(false),
        _ if soft_code(&error).is_some() => Ok(true),
        _ => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use lapin::protocol::{AMQPError, AMQPErrorKind, AMQPHardError, AMQPSoftError};

    use super::*;

    fn said(kind: AMQPErrorKind, text: &str) -> Option<bool> {
        let error = AMQPError::new(kind, text.into());
        judge(Err(ErrorKind::ProtocolError(error).into())).ok()
    }

    #[test]
    fn the_broker_says_by_its_error_whether_it_knows_the_type() {
        let (soft, hard) = (
            AMQPErrorKind::Soft(AMQPSoftError::PRECONDITIONFAILED),
            AMQPErrorKind::Hard(AMQPHardError::COMMANDINVALID),
        );
        let unknown = "COMMAND_INVALID - unknown exchange type 'x-consistent-hash'";
        assert_eq!(said(hard, unknown), Some(false));
        let unknown = "PRECONDITION_FAILED - unknown exchange type 'x-consistent-hash'";
        assert_eq!(said(soft.clone(), unknown), Some(false));
        let differs = "PRECONDITION_FAILED - inequivalent arg 'type' for exchange 'amq.fanout'";
        assert_eq!(said(soft, differs), Some(true));
        let away = AMQPErrorKind::Hard(AMQPHardError::CONNECTIONFORCED);
        assert_eq!(
            said(away, "CONNECTION_FORCED - broker forced connection closure"),
            None
        );
    }
}
