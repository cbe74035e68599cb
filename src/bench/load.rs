//! What is sent: made-up requests of some 1.1 kB, spread over the sedi of the registers.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use serde_json::json;
use tokio::time::{MissedTickBehavior, interval};

use super::BenchError;
use crate::amqp::bare::Copies;
use crate::amqp::outgoing::key_of_sede;
use crate::amqp::{Broker, BrokerError, Exchange, Outgoing, Published, Publisher};
use crate::clock::Clock;
use crate::config::amqp::AmqpSettings;
use crate::domain::command::{CommandKind, Personal, Role};
use crate::domain::email::EmailAddress;
use crate::domain::example;
use crate::domain::ids::{ActorId, MessageId, NodeName, OfficeCode, PatronatoCode, RequestId};
use crate::domain::person::{Capacity, Membership, Person};
use crate::domain::registers::{Registers, SedeKind};

const SOURCE: &str = "portal.inca";
/// Where the portal is told of each request.
pub(super) const PORTAL_QUEUE: &str = SOURCE;
/// Fills a body up to what a usual request weighs.
const TEXT: &str = "Si chiedono notizie della pratica indicata, e quali documenti occorrono. ";
const TEXTS: usize = 9;
/// What leaves for each request.
pub(super) const MESSAGES: usize = 2;
/// Published before the first of them must be confirmed.
const WINDOW: usize = 500;
/// Channels that share a steady rate: nobody waits for a confirm before sending the next.
const AT_ONCE: usize = 64;

/// Who sends them.
pub fn operator() -> Person {
    Person {
        id: ActorId::parse("op1").expect("letters and digits"),
        name: Personal("Mario Rossi".to_owned()),
        email: EmailAddress::parse("op1@inca.example").ok(),
        capacity: Capacity::Patronato(Membership {
            patronato: PatronatoCode::parse("inca").expect("of the examples"),
            office: OfficeCode::parse("INCA-RM-001").expect("of the examples"),
            roles: vec![Role::Operator],
            region: None,
        }),
    }
}

/// Which sedi requests are sent to.
#[derive(Debug, Clone)]
pub(super) struct Load {
    queues: Vec<String>,
}

impl Load {
    pub(super) fn new(registers: &Registers) -> Self {
        let sedi = registers
            .sedi()
            .filter(|sede| sede.active && matches!(sede.kind, SedeKind::Sede | SedeKind::Agenzia));
        Self::of(sedi.map(|sede| key_of_sede(&sede.code)).collect())
    }

    pub(super) fn of(queues: Vec<String>) -> Self {
        Self { queues }
    }

    /// The queues of the sedi; their names are their routing keys.
    pub(super) fn queues(&self) -> &[String] {
        &self.queues
    }

    /// Every queue that fills: those of the sedi, and the portal's.
    pub(super) fn all_queues(&self) -> Vec<String> {
        let sedi = self.queues.iter().cloned();
        sedi.chain([PORTAL_QUEUE.to_owned()]).collect()
    }

    /// What the engine sends for the request of this number: to its sede, and to the portal.
    pub(super) fn copies(&self, prefix: &str, number: usize) -> Copies {
        vec![
            (Exchange::Sedi.name(prefix), self.queue(number).to_owned()),
            (
                Exchange::Events.name(prefix),
                format!("{SOURCE}.request.accepted"),
            ),
        ]
    }

    fn queue(&self, number: usize) -> &str {
        &self.queues[number % self.queues.len()]
    }

    pub(super) fn body(&self, number: usize, request: RequestId) -> Vec<u8> {
        let sede = self.queue(number).trim_start_matches("sede.");
        let mut body = example::submission(request);
        body["reason"] = json!("access_requirements");
        body["text"] = json!(TEXT.repeat(TEXTS));
        body["sede"] = json!(sede);
        body.to_string().into_bytes()
    }

    /// Connects as a portal does, with a connection of its own.
    pub(super) async fn driver(
        &self,
        settings: &AmqpSettings,
        node: &NodeName,
    ) -> Result<Driver<'_>, BrokerError> {
        let clock = Clock::system();
        let broker = Broker::reach(settings, node, clock.clone()).await?;
        let publisher = broker.publisher();
        publisher.ready().await;
        Ok(Driver {
            load: self,
            broker,
            publisher,
            clock,
        })
    }
}

/// Publishes as a portal does.
pub(super) struct Driver<'a> {
    load: &'a Load,
    broker: Broker,
    publisher: Publisher,
    clock: Clock,
}

impl Driver<'_> {
    /// Publishes so many as fast as the broker takes them: when each was sent.
    pub(super) async fn send(&self, count: usize) -> Result<BTreeMap<RequestId, Instant>, BenchError> {
        let mut sent = BTreeMap::new();
        while sent.len() < count {
            self.publish((count - sent.len()).min(WINDOW), &mut sent).await?;
        }
        Ok(sent)
    }

    /// Publishes at a steady rate, whatever the broker takes its time for.
    pub(super) async fn send_at(
        &self,
        rate: u32,
        duration: Duration,
    ) -> Result<BTreeMap<RequestId, Instant>, BenchError> {
        let publishers: Vec<Publisher> = (0..AT_ONCE).map(|_| self.broker.publisher()).collect();
        let mut turns = publishers.iter().cycle();
        let mut flying = FuturesUnordered::new();
        let mut sent = BTreeMap::new();
        let mut ticks = interval(Duration::from_secs(1) / rate);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let until = Instant::now() + duration;
        while Instant::now() < until {
            tokio::select! {
                _ = ticks.tick() => if let Some(publisher) = turns.next() {
                    let request = RequestId(self.clock.new_id());
                    let message = self.message(sent.len(), request);
                    sent.insert(request, Instant::now());
                    flying.push(publisher.publish(vec![message]));
                },
                Some(taken) = flying.next() => all_taken(&taken)?,
            }
        }
        while let Some(taken) = flying.next().await {
            all_taken(&taken)?;
        }
        Ok(sent)
    }

    async fn publish(&self, count: usize, sent: &mut BTreeMap<RequestId, Instant>) -> Result<(), BenchError> {
        let messages = (0..count).map(|more| {
            let request = RequestId(self.clock.new_id());
            (request, self.message(sent.len() + more, request))
        });
        let (requests, messages): (Vec<_>, Vec<_>) = messages.unzip();
        let now = Instant::now();
        sent.extend(requests.into_iter().map(|request| (request, now)));
        all_taken(&self.publisher.publish(messages).await)
    }

    fn message(&self, number: usize, request: RequestId) -> Outgoing {
        Outgoing {
            exchange: Exchange::Commands,
            routing_key: format!("{SOURCE}.{}", CommandKind::Submit),
            message_id: MessageId::parse(&request.to_string()).expect("a UUID is visible ASCII"),
            kind: CommandKind::Submit.as_str().into(),
            request: Some(request),
            causation_id: None,
            case_seq: None,
            trace_parent: None,
            at: self.clock.now(),
            body: self.load.body(number, request).into(),
        }
    }

    pub(super) async fn close(self) {
        self.broker.close().await;
    }
}

fn all_taken(published: &[Published]) -> Result<(), BenchError> {
    if published.iter().all(|one| *one == Published::Confirmed) {
        Ok(())
    } else {
        Err(BrokerError::Object("the broker did not take a request".to_owned()).into())
    }
}
