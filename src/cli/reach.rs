//! The database and the broker as a single command reaches them: at once, or with the reason why not.

use super::exit::{Exit, Failure};
use super::session::Session;
use crate::amqp::{Broker, BrokerError};
use crate::clock::Clock;
use crate::config::{Config, Profile};
use crate::node;
use crate::store::{SchemaStatus, Store};

/// The database, whatever its schema.
pub async fn any_database(config: &Config) -> Result<Store, Failure> {
    let store = node::store(config, &config.node.name())?;
    store.reach().await.map_err(|error| {
        Failure::unavailable(format!(
            "the database cannot be reached at {}",
            config.database.url
        ))
        .caused_by(error)
        .fix("start PostgreSQL, or set database.url; `usciere doctor` looks closer")
    })?;
    Ok(store)
}

/// The database, once its schema is known to be this program's.
pub async fn store(config: &Config) -> Result<Store, Failure> {
    let store = any_database(config).await?;
    let status = store.schema_status().await?;
    if status.is_current() {
        Ok(store)
    } else {
        Err(unfit(&status))
    }
}

/// The configuration, and the database it names.
pub async fn database(session: &Session) -> Result<(Config, Store), Failure> {
    database_as(session, None).await
}

/// As [`database`], of another kind of system where nobody says which.
pub async fn database_as(session: &Session, usual: Option<Profile>) -> Result<(Config, Store), Failure> {
    let config = session.load(usual)?.config;
    let store = store(&config).await?;
    Ok((config, store))
}

/// The engine's notion of now: the machine's, moved as the configuration or a development system says.
pub async fn clock(config: &Config, store: &Store) -> Result<Clock, Failure> {
    let clock = Clock::system();
    clock.set_offset(config.clock.offset.get());
    clock.hear(clock.ask(), store.time().await?);
    if !config.profile.is_production()
        && let Some(offset) = store.clock_offset().await?
    {
        clock.set_offset(offset);
    }
    Ok(clock)
}

/// Why the schema of a database is not this program's.
pub fn unfit(status: &SchemaStatus) -> Failure {
    if status.is_ahead() {
        return Failure::new(Exit::Failed, "the database was migrated by a newer usciere")
            .fix("run that version, or restore a backup of before");
    }
    let (applied, known) = (status.applied.len(), status.known.len());
    let what = format!("the schema of the database is not current: {applied} of {known} migrations applied");
    Failure::new(Exit::Failed, what).fix("usciere db migrate")
}

/// The broker, connected.
pub async fn broker(config: &Config) -> Result<Broker, Failure> {
    Ok(Broker::reach(&config.amqp, &config.node.name(), Clock::system()).await?)
}

impl From<BrokerError> for Failure {
    fn from(error: BrokerError) -> Self {
        match error {
            BrokerError::Address => Self::new(Exit::Configuration, error.to_string())
                .fix("set amqp.url to amqp://user:password@host:port/vhost"),
            BrokerError::Object(_) => Self::new(Exit::Failed, error.to_string()),
            BrokerError::Refused { .. } => Self::unavailable("the broker does not let us in")
                .caused_by(error)
                .fix("correct user, password and virtual host in amqp.url"),
            BrokerError::Unreachable { .. }
            | BrokerError::Silent { .. }
            | BrokerError::NotConnected
            | BrokerError::Broken(_) => Self::unavailable("the broker cannot be reached")
                .caused_by(error)
                .fix("start RabbitMQ, or set amqp.url; `usciere doctor` looks closer"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(known: i64, applied: i64) -> SchemaStatus {
        SchemaStatus {
            known: (1..=known).map(|version| (version, "x".to_owned())).collect(),
            applied: (1..=applied).collect(),
        }
    }

    #[test]
    fn an_unfit_schema_has_a_way_out() {
        assert!(unfit(&status(3, 1)).to_string().contains("usciere db migrate"));
        assert!(unfit(&status(3, 4)).to_string().contains("newer usciere"));
    }

    #[test]
    fn an_address_is_configuration_and_a_silent_broker_is_unavailable() {
        let silent = BrokerError::Silent {
            address: "127.0.0.1:5672".to_owned(),
        };
        assert_eq!(Failure::from(silent).exit, Exit::Unavailable);
        assert_eq!(Failure::from(BrokerError::Address).exit, Exit::Configuration);
        assert_eq!(
            Failure::from(BrokerError::Object("no".to_owned())).exit,
            Exit::Failed
        );
    }
}
