//! What has to be reached: database and broker, through the parts the engine itself uses.

use std::time::Duration;

use chrono::TimeDelta;

use super::{Finding, files, issuer, smtp};
use crate::amqp::{Broker, BrokerState, Consuming, Deviation, PLUGIN_MISSING, Publishing, Topology};
use crate::clock::Clock;
use crate::config::Config;
use crate::config::mail::SmtpUrl;
use crate::domain::registers::Registers;
use crate::node;
use crate::node::time::{NOTICED, TOO_FAR};
use crate::store::{Rights, Store, StoreError};

/// Longest to wait for the broker to let us in.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn look(config: &Config) -> Vec<Finding> {
    let (mut findings, registers) = database(config).await;
    findings.extend(broker(config, registers.as_ref()).await);
    if let SmtpUrl::Server(server) = &config.smtp.url {
        findings.push(smtp::look(server).await);
    }
    findings.extend(files::look(&config.attachments, config.profile).await);
    findings.push(issuer::look(config).await);
    findings
}

async fn database(config: &Config) -> (Vec<Finding>, Option<Registers>) {
    let away = |error: &dyn std::error::Error| {
        Finding::bad(
            "database",
            format!("{}: {}", config.database.url, chain(error)),
            "start PostgreSQL, or set database.url",
        )
    };
    let store = match node::store(config, &config.node.name()) {
        Ok(store) => store,
        Err(error) => return (vec![away(&error)], None),
    };
    if let Err(error) = store.ping().await {
        return (vec![away(&error)], None);
    }
    let mut findings = vec![Finding::good("database", config.database.url.to_string())];
    let schema = schema(&store).await;
    let current = schema.fix.is_none();
    findings.push(schema);
    if current {
        findings.push(rights(&store, config.profile.is_production()).await);
        findings.push(clock(&store).await);
    }
    let registers = if current {
        load_registers(&store, &mut findings).await
    } else {
        None
    };
    store.close().await;
    (findings, registers)
}

async fn schema(store: &Store) -> Finding {
    match store.schema_status().await {
        Ok(status) if status.is_current() => {
            Finding::good("schema", format!("{} migrations applied", status.applied.len()))
        }
        Ok(status) if status.is_ahead() => Finding::bad(
            "schema",
            "the database was migrated by a newer usciere",
            "run that version, or restore a backup of before",
        ),
        Ok(status) => Finding::bad(
            "schema",
            format!(
                "{} of {} migrations applied",
                status.applied.len(),
                status.known.len()
            ),
            "usciere db migrate",
        ),
        Err(error) => Finding::bad(
            "schema",
            chain(&error),
            "give the user of database.url its rights",
        ),
    }
}

/// As whom the login works: row-level security must bind it, and it must not be able to change what happened.
async fn rights(store: &Store, production: bool) -> Finding {
    const PART: &str = "database rights";
    match store.rights().await {
        Ok(Rights { as_engine: false, .. }) => Finding::bad(
            PART,
            "the login may not work as usciere_engine",
            "as an administrator: grant usciere_engine to the user of database.url",
        ),
        Ok(Rights { superuser, owner, .. }) if production && (superuser || owner) => Finding::warning(
            PART,
            "the login is a superuser or owns the tables: whoever has its password can undo what binds nodes",
            "a login of its own for nodes, see docs/operations.md",
        ),
        Ok(Rights { .. }) => Finding::good(PART, "works as usciere_engine"),
        Err(error) => Finding::bad(PART, chain(&error), "give the user of database.url its rights"),
    }
}

/// How far this machine's clock is from the database's, by which everything is due.
async fn clock(store: &Store) -> Finding {
    const PART: &str = "clock";
    let clock = Clock::system();
    let asked = clock.ask();
    let ahead = match store.time().await {
        Ok(time) => clock.hear(asked, time),
        Err(error) => return Finding::bad(PART, chain(&error), "look at the log of the database"),
    };
    if ahead.abs() <= NOTICED {
        return Finding::good(PART, "as the database's");
    }
    let side = if ahead > TimeDelta::zero() {
        "ahead of"
    } else {
        "behind"
    };
    let message = format!("{} s {side} the database's", ahead.abs().num_seconds());
    let fix = "synchronise the clocks of both machines (chrony, systemd-timesyncd)";
    if ahead.abs() > TOO_FAR {
        Finding::bad(PART, message, fix)
    } else {
        Finding::warning(PART, message, fix)
    }
}

async fn load_registers(store: &Store, findings: &mut Vec<Finding>) -> Option<Registers> {
    match store.load_registers().await {
        Ok(registers) => {
            let (sedi, patronati) = (registers.sedi().count(), registers.patronati().count());
            let topics = registers.topics().count();
            let message = format!("{sedi} sedi, {patronati} patronati, {topics} topics");
            findings.push(if sedi == 0 || patronati == 0 || topics == 0 {
                Finding::warning(
                    "registers",
                    message,
                    "usciere import sedi FILE.csv, and patronati, topics, competence",
                )
            } else {
                Finding::good("registers", message)
            });
            Some(registers)
        }
        Err(error) => {
            findings.push(Finding::bad("registers", chain(&error), registers_fix(&error)));
            None
        }
    }
}

fn registers_fix(error: &StoreError) -> &'static str {
    match error {
        StoreError::Corrupt { .. } => "import that register again",
        StoreError::Unavailable(_)
        | StoreError::Conflict(_)
        | StoreError::Locked(_)
        | StoreError::Unfit(_)
        | StoreError::Data { .. }
        | StoreError::Schema(_)
        | StoreError::Other(_) => "look at the log of the database",
    }
}

async fn broker(config: &Config, registers: Option<&Registers>) -> Vec<Finding> {
    let broker = Broker::start(&config.amqp, &config.node.name(), Clock::system());
    let mut states = broker.state();
    // One expression: the state is locked for as long as the answer lives.
    let state = match tokio::time::timeout(PATIENCE, states.wait_for(settled)).await {
        Ok(Ok(state)) => Some(state.clone()),
        Ok(Err(_)) | Err(_) => None,
    };
    let address = config.amqp.url.to_string();
    let mut findings = vec![reached(&address, state.as_ref())];
    if findings[0].fix.is_none() {
        findings.extend(declared(&broker, config, registers).await);
        findings.extend(left_over(&broker).await);
    }
    broker.close().await;
    findings
}

/// Both ways are open, or one of them was refused.
fn settled(state: &BrokerState) -> bool {
    state.is_up() || fault(state).is_some()
}

fn fault(state: &BrokerState) -> Option<&str> {
    const NOT_YET: &str = "not connected yet";
    match (&state.consuming, &state.publishing) {
        (Consuming::Down { why, .. }, _)
        | (_, Publishing::Down { why, .. } | Publishing::Blocked { why, .. })
            if why != NOT_YET =>
        {
            Some(why)
        }
        _ => None,
    }
}

fn reached(address: &str, state: Option<&BrokerState>) -> Finding {
    let fix = "start RabbitMQ, or set amqp.url";
    match state {
        Some(state) if state.is_up() => Finding::good("broker", address),
        Some(state) => match (&state.publishing, fault(state)) {
            (Publishing::Blocked { why, .. }, _) => Finding::warning(
                "broker",
                format!("{address} takes no messages: {why}"),
                "free memory or disk on the broker; messages wait in the outbox until then",
            ),
            (Publishing::Up | Publishing::Down { .. }, why) => Finding::bad(
                "broker",
                format!("{address}: {}", why.unwrap_or("no connection")),
                fix,
            ),
        },
        None => Finding::bad("broker", format!("{address} does not answer"), fix),
    }
}

/// Whether exchanges, queues and bindings are as the registers ask for.
async fn declared(broker: &Broker, config: &Config, registers: Option<&Registers>) -> Option<Finding> {
    let topology = Topology::wanted(&config.amqp, registers?);
    Some(match broker.diff(&topology).await {
        Ok(deviations)
            if deviations
                .iter()
                .any(|one| one.deviation == Deviation::PluginMissing) =>
        {
            Finding::bad("topology", "the broker cannot spread the intake", PLUGIN_MISSING)
        }
        Ok(deviations) => match deviations.first() {
            None => Finding::good(
                "topology",
                format!(
                    "{} exchanges, {} queues as declared",
                    topology.exchanges.len(),
                    topology.queues.len()
                ),
            ),
            Some(first) => Finding::warning(
                "topology",
                format!(
                    "{} objects are not as wanted, the first: {}",
                    deviations.len(),
                    first.object
                ),
                "usciere broker diff, then usciere broker declare",
            ),
        },
        Err(error) => Finding::bad(
            "topology",
            chain(&error),
            "give the user of amqp.url its rights on the virtual host",
        ),
    })
}

/// Shards of the intake that nothing leads to any more, if there are any.
async fn left_over(broker: &Broker) -> Option<Finding> {
    let queues = broker.shards_left_over().await.ok()?;
    let (first, last) = (queues.first()?, queues.last()?);
    let mut waiting = 0;
    for queue in queues {
        waiting += broker
            .queue_status(queue)
            .await
            .ok()?
            .map_or(0, |status| status.messages);
    }
    Some(Finding::warning(
        "topology",
        format!("{first} to {last} are of a larger amqp.intake_shards; {waiting} commands wait there"),
        "nodes work them off; once they are empty: rabbitmqctl delete_queue, the last one first",
    ))
}

/// An error with its causes, on one line. Some errors already say what caused them.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let why = cause.to_string();
        if !text.contains(&why) {
            text = format!("{text}: {why}");
        }
        source = cause.source();
    }
    crate::telemetry::redact::one_line(&text)
}
