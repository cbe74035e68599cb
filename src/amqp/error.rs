//! What can go wrong with the broker, by what the caller can do about it. No message carries a password.

use lapin::protocol::AMQPErrorKind;
use lapin::{Error, ErrorKind};

/// A failure of the broker or of the way to it.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// The address itself is wrong: configuration.
    #[error("amqp.url is no valid address of a broker")]
    Address,
    /// Nobody answers: wait, or look at the address.
    #[error("cannot reach the broker at {address}")]
    Unreachable {
        address: String,
        #[source]
        source: Error,
    },
    /// The broker answers and says no: user, password or virtual host.
    #[error("the broker at {address} refuses the user or the virtual host")]
    Refused {
        address: String,
        #[source]
        source: Error,
    },
    /// No answer in time.
    #[error("the broker at {address} does not answer")]
    Silent { address: String },
    /// There is no connection just now.
    #[error("not connected to the broker")]
    NotConnected,
    /// Something asked for does not exist (404), differs (406) or is not allowed (403).
    #[error("the broker objects: {0}")]
    Object(String),
    /// The connection or channel broke.
    #[error("the connection to the broker broke")]
    Broken(#[source] Error),
}

/// The broker's reply code of a soft error: one that ends a channel and leaves the connection alone.
pub(super) fn soft_code(error: &Error) -> Option<u16> {
    match error.kind() {
        ErrorKind::ProtocolError(error) => match error.kind() {
            AMQPErrorKind::Soft(_) => Some(error.get_id()),
            AMQPErrorKind::Hard(_) => None,
        },
        _ => None,
    }
}

/// What the broker itself said, where it said something.
pub(super) fn told(error: &Error) -> String {
    match error.kind() {
        ErrorKind::ProtocolError(error) => error.get_message().to_string(),
        _ => error.to_string(),
    }
}

/// The object is not there.
pub(super) const NOT_FOUND: u16 = 404;

impl From<Error> for BrokerError {
    fn from(error: Error) -> Self {
        if soft_code(&error).is_some() {
            Self::Object(told(&error))
        } else {
            Self::Broken(error)
        }
    }
}
