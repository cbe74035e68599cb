//! `usciere demo traffic`: requests at a steady rate through the broker; every second one is answered as by its sede.

use std::collections::VecDeque;
use std::time::Duration;

use serde::Serialize;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::people::patronato;
use super::story::body;
use super::{DemoTrafficArgs, made_up};
use crate::amqp::{Broker, Exchange, Outgoing, Published, Publisher};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Row;
use crate::cli::reach;
use crate::cli::session::Session;
use crate::clock::Clock;
use crate::domain::command::CommandKind;
use crate::domain::ids::{MessageId, RequestId};
use crate::store::Store;

/// How many requests are published before the first of them is answered.
const PATIENCE: usize = 20;

#[derive(Debug, Default, Serialize)]
struct Sent {
    submitted: u64,
    replied: u64,
    /// Not confirmed by the broker.
    failed: u64,
}

impl Row for Sent {
    const COLUMNS: &'static [&'static str] = &["submitted", "replied", "failed"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.submitted.to_string(),
            self.replied.to_string(),
            self.failed.to_string(),
        ]
    }
}

pub(super) async fn run(args: &DemoTrafficArgs, session: &mut Session) -> Result<Exit, Failure> {
    let (config, store) = made_up(session).await?;
    let broker = reach::broker(&config).await?;
    let publisher = broker.publisher();
    publisher.ready().await;
    let mut traffic = Traffic {
        store,
        publisher,
        clock: Clock::system(),
        unanswered: VecDeque::new(),
        sent: Sent::default(),
    };
    let until = args.duration.map(|duration| Instant::now() + duration.get());
    let mut ticks = interval(Duration::from_secs(1) / args.rate);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    while until.is_none_or(|until| Instant::now() < until) {
        tokio::select! {
            _ = ticks.tick() => traffic.step().await?,
            _ = tokio::signal::ctrl_c() => break,
        }
    }
    Broker::close(&broker).await;
    session.printer.one(&traffic.sent)?;
    Ok(if traffic.sent.failed == 0 {
        Exit::Ok
    } else {
        Exit::Partly
    })
}

struct Traffic {
    store: Store,
    publisher: Publisher,
    clock: Clock,
    unanswered: VecDeque<RequestId>,
    sent: Sent,
}

impl Traffic {
    async fn step(&mut self) -> Result<(), Failure> {
        let number = usize::try_from(self.sent.submitted).unwrap_or_default();
        let request = RequestId(self.clock.new_id());
        let source = format!("portal.{}", patronato(number));
        if self.publish(&source, CommandKind::Submit, number, request).await {
            self.sent.submitted += 1;
            if number.is_multiple_of(2) {
                self.unanswered.push_back(request);
            }
        }
        if self.unanswered.len() > PATIENCE
            && let Some(request) = self.unanswered.pop_front()
            && let Some(found) = self.store.request(request).await?
        {
            let source = format!("sede.{}", found.case.sede);
            let replied = self.publish(&source, CommandKind::Reply, number, request).await;
            self.sent.replied += u64::from(replied);
        }
        Ok(())
    }

    async fn publish(&mut self, source: &str, kind: CommandKind, number: usize, request: RequestId) -> bool {
        let outgoing = Outgoing {
            exchange: Exchange::Commands,
            routing_key: format!("{source}.{kind}"),
            message_id: MessageId::parse(&self.clock.new_id().to_string()).expect("a UUID is visible ASCII"),
            kind: kind.as_str().into(),
            request: None,
            causation_id: None,
            case_seq: None,
            trace_parent: None,
            at: self.clock.now(),
            body: body(kind, number, request).to_string().into(),
        };
        let confirmed = matches!(
            self.publisher.publish(vec![outgoing]).await.pop(),
            Some(Published::Confirmed)
        );
        self.sent.failed += u64::from(!confirmed);
        confirmed
    }
}
