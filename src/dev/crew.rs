//! The servers of one data folder, as the guard leads them: up together, down together.

use std::io;
use std::time::Duration;

use tokio::time::sleep;
use url::Url;

use super::broker::{self, Broker};
use super::error::{Service, ServicesError};
use super::folder::Folder;
use super::leftovers;
use super::ports::{BrokerPorts, Ports, is_free};
use super::postgres::{self, Postgres};
use super::process::Process;
use super::programs;
use super::protocol::{Addresses, BrokerAddresses, Keep, Plan};

/// How often a start is tried again when another program took one of its ports.
const ATTEMPTS: usize = 3;
const READY_WITHIN: Duration = Duration::from_secs(90);
/// Helpers of the servers end by themselves shortly after them.
const HELPERS_END_WITHIN: Duration = Duration::from_secs(2);

/// Whatever has been started so far, so that it can be stopped at any moment.
#[derive(Default)]
pub(super) struct Crew {
    folder: Option<Folder>,
    postgres: Option<Process>,
    node: Option<Node>,
    /// Both have answered: from now on somebody's data may depend on an orderly end.
    answered: bool,
}

/// RabbitMQ and the port mapper that it needs.
struct Node {
    mapper: Process,
    server: Option<Process>,
}

impl Crew {
    /// Both servers at once; complete when both have answered a real question.
    pub(super) async fn start(&mut self, plan: &Plan) -> Result<Addresses, ServicesError> {
        let folder = &*self.folder.insert(Folder::open(&plan.folder, plan.keep).await?);
        let programs = programs::find(plan, postgres::data_major(folder))?;
        if !leftovers::clear(&folder.root, Duration::ZERO).await {
            return Err(folder.unusable(&"servers of an earlier start cannot be ended"));
        }
        postgres::forget_killed_server(folder).map_err(|error| folder.unusable(&error))?;
        let mut state = folder.state()?;
        let password = state.password.clone();
        let postgres = async {
            let Some(programs) = programs.postgres else {
                return Ok(None);
            };
            let postgres = Postgres {
                folder,
                programs,
                password: &password,
            };
            postgres.create().await?;
            start_postgres(&postgres, state.ports.postgres, &mut self.postgres)
                .await
                .map(Some)
        };
        let broker = async {
            let Some(programs) = programs.broker else {
                return Ok(None);
            };
            let broker = Broker {
                folder,
                programs,
                password: &password,
            };
            start_broker(&broker, state.ports.broker, &mut self.node)
                .await
                .map(Some)
        };
        let (postgres, broker) = tokio::try_join!(postgres, broker)?;
        state.ports = Ports {
            postgres: postgres.unwrap_or(state.ports.postgres),
            broker: broker.unwrap_or(state.ports.broker),
        };
        folder.save(&state)?;
        self.answered = true;
        Ok(Addresses {
            folder: folder.root.clone(),
            account: folder.account.as_ref().map(|account| account.name.clone()),
            database: postgres
                .map(|port| address("postgres", postgres::NAME, &password, port, postgres::NAME)),
            broker: broker.map(|ports| BrokerAddresses {
                amqp: address("amqp", broker::NAME, &password, ports.amqp, "%2f"),
                management: address("http", broker::NAME, &password, ports.management, ""),
            }),
        })
    }

    /// Comes back when a server has ended although nobody asked it to.
    pub(super) async fn death(&mut self) -> ServicesError {
        let postgres = async {
            match &mut self.postgres {
                Some(process) => death_of(Service::Postgres, process).await,
                None => std::future::pending().await,
            }
        };
        let node = async {
            match &mut self.node {
                Some(Node {
                    mapper,
                    server: Some(server),
                }) => tokio::select! {
                    error = death_of(Service::Broker, server) => error,
                    error = death_of(Service::Broker, mapper) => error,
                },
                Some(Node { server: None, .. }) | None => std::future::pending().await,
            }
        };
        tokio::select! { error = postgres => error, error = node => error }
    }

    /// Ends everything, whatever state it is in, and gives the folder back.
    pub(super) async fn stop(mut self, keep: Keep) -> io::Result<()> {
        let Some(mut folder) = self.folder else {
            return Ok(());
        };
        folder.mark_stopping()?;
        let (postgres_steps, broker_steps) = match (keep, self.answered) {
            (Keep::Data, true) => (postgres::FAREWELL, broker::FAREWELL),
            (Keep::Data, false) | (Keep::Nothing, _) => (postgres::QUICK_FAREWELL, [].as_slice()),
        };
        let postgres = async {
            if let Some(process) = &mut self.postgres {
                process.stop(postgres_steps).await;
            }
        };
        let node = async {
            if let Some(node) = &mut self.node {
                if let Some(server) = &mut node.server {
                    server.stop(broker_steps).await;
                }
                node.mapper.stop(&[]).await;
            }
        };
        tokio::join!(postgres, node);
        leftovers::clear(&folder.root, HELPERS_END_WITHIN).await;
        folder.close()
    }
}

async fn start_postgres(
    postgres: &Postgres<'_>,
    mut port: u16,
    slot: &mut Option<Process>,
) -> Result<u16, ServicesError> {
    for _ in 1..ATTEMPTS {
        match postgres_on(postgres, port, slot).await {
            Err(_) if !is_free(port) => port = other_ports(postgres.folder)?.postgres,
            outcome => return outcome.map(|()| port),
        }
    }
    postgres_on(postgres, port, slot).await.map(|()| port)
}

async fn postgres_on(
    postgres: &Postgres<'_>,
    port: u16,
    slot: &mut Option<Process>,
) -> Result<(), ServicesError> {
    let process = slot.insert(
        postgres
            .start(port)
            .map_err(|error| not_started(Service::Postgres, &error))?,
    );
    answer_of(Service::Postgres, process, postgres.ready(port)).await
}

async fn start_broker(
    broker: &Broker<'_>,
    mut ports: BrokerPorts,
    slot: &mut Option<Node>,
) -> Result<BrokerPorts, ServicesError> {
    for _ in 1..ATTEMPTS {
        match broker_on(broker, ports, slot).await {
            Ok(()) => return Ok(ports),
            Err(error) => {
                if let Some(node) = slot {
                    node.mapper.stop(&[]).await;
                }
                if ports.all_free() {
                    return Err(error);
                }
                ports = other_ports(broker.folder)?.broker;
            }
        }
    }
    broker_on(broker, ports, slot).await.map(|()| ports)
}

async fn broker_on(
    broker: &Broker<'_>,
    ports: BrokerPorts,
    slot: &mut Option<Node>,
) -> Result<(), ServicesError> {
    let blame = |error: io::Error| not_started(Service::Broker, &error);
    let mapper = broker.start_mapper(ports).map_err(blame)?;
    let node = slot.insert(Node { mapper, server: None });
    answer_of(Service::Broker, &mut node.mapper, broker.mapper_ready(ports)).await?;
    let server = node.server.insert(broker.start(ports).map_err(blame)?);
    answer_of(Service::Broker, server, broker.ready(ports)).await
}

/// Waits for the answer, for the end of the process or for too long, whichever is first.
async fn answer_of(
    service: Service,
    process: &mut Process,
    answer: impl Future<Output = ()>,
) -> Result<(), ServicesError> {
    let problem = tokio::select! {
        () = answer => return Ok(()),
        ended = process.wait() => ended.map_or_else(|error| error.to_string(), |status| format!("ended with {status}")),
        () = sleep(READY_WITHIN) => format!("no answer within {} s", READY_WITHIN.as_secs()),
    };
    // One that is merely slow must not hold the ports and the data that the next attempt needs.
    process.stop(postgres::QUICK_FAREWELL).await;
    Err(ServicesError::Start {
        service,
        problem,
        log: process.last_lines(),
    })
}

async fn death_of(service: Service, process: &mut Process) -> ServicesError {
    let problem = match process.wait().await {
        Ok(status) => format!("ended with {status}"),
        Err(error) => error.to_string(),
    };
    ServicesError::Died {
        service,
        problem,
        log: process.last_lines(),
    }
}

fn not_started(service: Service, error: &io::Error) -> ServicesError {
    ServicesError::Start {
        service,
        problem: error.to_string(),
        log: Vec::new(),
    }
}

fn other_ports(folder: &Folder) -> Result<Ports, ServicesError> {
    Ports::choose().map_err(|error| folder.unusable(&error))
}

fn address(scheme: &str, user: &str, password: &str, port: u16, path: &str) -> Url {
    let text = format!("{scheme}://{user}:{password}@127.0.0.1:{port}/{path}");
    text.parse()
        .expect("names and passwords of our own making need no escaping")
}
