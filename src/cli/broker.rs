//! `usciere broker`: exchanges, queues and bindings.

use clap::{Args, Subcommand};
use serde::Serialize;

use super::exit::{Exit, Failure};
use super::output::Row;
use super::reach;
use super::session::Session;
use crate::amqp::topology::{Binding, Destination};
use crate::amqp::{Broker, Deviation, Finding, Object, PLUGIN_MISSING, Topology};

/// Compare the broker with what the engine needs, and declare it
#[derive(Debug, Args)]
pub struct BrokerArgs {
    #[command(subcommand)]
    pub command: BrokerCommand,
}

#[derive(Debug, Subcommand)]
pub enum BrokerCommand {
    /// Declare exchanges, queues and bindings that are missing; never deletes
    ///
    /// What exists with other properties is left alone, and the exit code is 3.
    Declare,
    /// List what is missing or declared otherwise; the exit code is 1 if anything is
    ///
    /// AMQP cannot be asked for bindings: every declaration makes them again.
    Diff,
}

/// How one object stands after the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    /// It was missing and has been made.
    Declared,
    There,
    /// A binding: made again, whether or not it was there.
    Bound,
    Missing,
    Differs,
    Forbidden,
    /// The broker lacks the plugin for it.
    PluginMissing,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct ObjectRow {
    kind: &'static str,
    name: String,
    state: State,
    /// In the broker's words.
    reason: Option<String>,
}

impl Row for ObjectRow {
    const COLUMNS: &'static [&'static str] = &["kind", "name", "state", "reason"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.kind.to_owned(),
            self.name.clone(),
            self.state.as_str().to_owned(),
            self.reason.clone().unwrap_or_default(),
        ]
    }
}

impl State {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::There => "there",
            Self::Bound => "bound",
            Self::Missing => "missing",
            Self::Differs => "differs",
            Self::Forbidden => "forbidden",
            Self::PluginMissing => "plugin_missing",
        }
    }

    const fn is_wrong(self) -> bool {
        match self {
            Self::Declared | Self::There | Self::Bound => false,
            Self::Missing | Self::Differs | Self::Forbidden | Self::PluginMissing => true,
        }
    }
}

impl ObjectRow {
    fn new(object: &Object, state: State) -> Self {
        let kind = match object {
            Object::Exchange(_) => "exchange",
            Object::Queue(_) => "queue",
            Object::Binding(_) => "binding",
        };
        Self {
            kind,
            name: object.name(),
            state,
            reason: None,
        }
    }

    fn deviating(finding: &Finding) -> Self {
        let (state, reason) = match &finding.deviation {
            Deviation::Missing => (State::Missing, None),
            Deviation::Different(why) => (State::Differs, Some(why.clone())),
            Deviation::Forbidden(why) => (State::Forbidden, Some(why.clone())),
            Deviation::PluginMissing => (State::PluginMissing, Some(PLUGIN_MISSING.to_owned())),
        };
        Self {
            reason,
            ..Self::new(&finding.object, state)
        }
    }
}

pub async fn run(args: BrokerArgs, session: &mut Session) -> Result<Exit, Failure> {
    let (config, store) = reach::database(session).await?;
    let registers = store.load_registers().await?;
    store.close().await;
    if registers.patronati().next().is_none() {
        session
            .printer
            .say("the registers are empty: only the engine's own queues and the two desks are looked at");
    }
    let topology = Topology::wanted(&config.amqp, &registers);
    let broker = reach::broker(&config).await?;
    let ended = match args.command {
        BrokerCommand::Declare => declare(&broker, &topology, session).await,
        BrokerCommand::Diff => diff(&broker, &topology, session).await,
    };
    broker.close().await;
    ended
}

async fn declare(broker: &Broker, topology: &Topology, session: &mut Session) -> Result<Exit, Failure> {
    let before = broker.diff(topology).await?;
    let after = broker.declare(topology).await?;
    let rows = outcome(topology, &before, &after);
    session.printer.rows(&rows)?;
    let count = |wanted: State| rows.iter().filter(|row| row.state == wanted).count();
    let wrong = rows.iter().filter(|row| row.state.is_wrong()).count();
    session.printer.say(format!(
        "{} declared, {} there already, {} bindings made, {wrong} not as wanted",
        count(State::Declared),
        count(State::There),
        count(State::Bound),
    ));
    Ok(if wrong == 0 { Exit::Ok } else { Exit::Partly })
}

async fn diff(broker: &Broker, topology: &Topology, session: &mut Session) -> Result<Exit, Failure> {
    let findings = broker.diff(topology).await?;
    let rows: Vec<ObjectRow> = findings.iter().map(ObjectRow::deviating).collect();
    session.printer.findings(&rows)?;
    if rows.is_empty() {
        let (exchanges, queues) = (topology.exchanges.len(), topology.queues.len());
        session.printer.say(format!(
            "all {exchanges} exchanges and {queues} queues are as wanted; bindings cannot be asked for"
        ));
        return Ok(Exit::Ok);
    }
    session.printer.say(
        "what is missing is made by `usciere broker declare`; what differs is left alone: docs/operations.md",
    );
    Ok(Exit::Failed)
}

/// Every object of the topology, as the declaration left it.
fn outcome(topology: &Topology, before: &[Finding], after: &[Finding]) -> Vec<ObjectRow> {
    let of = |object: Object, otherwise: State| {
        let found = |findings: &'_ [Finding]| findings.iter().position(|finding| finding.object == object);
        match (found(before), found(after)) {
            (_, Some(at)) => ObjectRow::deviating(&after[at]),
            (Some(_), None) => ObjectRow::new(&object, State::Declared),
            (None, None) => ObjectRow::new(&object, otherwise),
        }
    };
    let exchanges = topology
        .exchanges
        .iter()
        .map(|one| Object::Exchange(one.name.clone()));
    let queues = topology.queues.iter().map(|one| Object::Queue(one.name.clone()));
    exchanges
        .chain(queues)
        .map(|object| of(object, State::There))
        .chain(topology.bindings.iter().map(|binding| {
            let state = if ends_in_nothing(binding, after) {
                State::Missing
            } else {
                State::Bound
            };
            of(Object::Binding(binding.clone()), state)
        }))
        .collect()
}

/// Whether one of its ends could not be made.
fn ends_in_nothing(binding: &Binding, after: &[Finding]) -> bool {
    let to = match &binding.to {
        Destination::Queue(name) => Object::Queue(name.clone()),
        Destination::Exchange(name) => Object::Exchange(name.clone()),
    };
    let ends = [Object::Exchange(binding.exchange.clone()), to];
    after.iter().any(|finding| match finding.deviation {
        Deviation::Missing | Deviation::PluginMissing => ends.contains(&finding.object),
        Deviation::Different(_) | Deviation::Forbidden(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::amqp::QueueType;

    fn finding(object: Object, deviation: Deviation) -> Finding {
        Finding { object, deviation }
    }

    #[test]
    fn every_object_is_told_as_the_declaration_left_it() {
        let topology = Topology::of("usciere", QueueType::Quorum, std::num::NonZeroU16::MIN, [], []);
        let queue = |name: &str| Object::Queue(name.to_owned());
        let differs = "PRECONDITION_FAILED - inequivalent arg 'x-queue-type'";
        let before = [
            finding(queue("usciere.intake"), Deviation::Different(differs.to_owned())),
            finding(queue("sede.lineainps"), Deviation::Missing),
            finding(queue("sede.da-smistare"), Deviation::Missing),
        ];
        let after = [
            finding(queue("usciere.intake"), Deviation::Different(differs.to_owned())),
            finding(
                queue("sede.da-smistare"),
                Deviation::Forbidden("ACCESS_REFUSED".to_owned()),
            ),
        ];
        let told: Vec<String> = outcome(&topology, &before, &after)
            .iter()
            .map(|row| row.cells().join(" | "))
            .collect();
        insta::assert_snapshot!(told.join("\n"));
    }

    #[test]
    fn without_the_plugin_nothing_leads_to_the_shards() {
        let two = std::num::NonZeroU16::new(2).unwrap();
        let topology = Topology::of("usciere", QueueType::Quorum, two, [], []);
        let exchange = Object::Exchange("usciere.intake.shards".to_owned());
        let lacking = [finding(exchange, Deviation::PluginMissing)];
        let rows = outcome(&topology, &lacking, &lacking);
        let wrong = rows.iter().filter(|row| row.state.is_wrong());
        let told: Vec<String> = wrong
            .map(|row| format!("{} {}", row.name, row.state.as_str()))
            .collect();
        insta::assert_snapshot!(told.join("\n"), @r"
        usciere.intake.shards plugin_missing
        usciere.intake.shards --1--> usciere.intake.1 missing
        usciere.intake.shards --1--> usciere.intake.2 missing
        usciere.commands --#--> usciere.intake.shards missing
        ");
    }

    #[test]
    fn findings_are_sentences() {
        let queue = Object::Queue("sede.230001".to_owned());
        assert_eq!(
            finding(queue, Deviation::Missing).to_string(),
            "queue sede.230001 is missing"
        );
    }
}
