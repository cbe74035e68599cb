//! `usciere queue list`: what the broker holds, and what still waits on our side of it.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;

use crate::amqp::{Broker, BrokerError, QueueStatus, Topology};
use crate::cli::cells::{count, flag, maybe, since};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Row;
use crate::cli::reach;
use crate::cli::session::Session;
use crate::clock::Clock;
use crate::node;
use crate::store::{BackOff, ParkedState, WaitingFor};

/// Queues asked about at once, each on a channel of its own.
const AT_ONCE: usize = 16;

#[derive(Debug, Serialize)]
struct Line {
    queue: String,
    /// Whether the broker has it.
    declared: bool,
    /// Ready to be delivered.
    messages: Option<u32>,
    consumers: Option<u32>,
    /// Still in the outbox.
    unsent: u64,
    oldest_unsent: Option<DateTime<Utc>>,
    back_off: Option<BackOff>,
    #[serde(skip)]
    now: DateTime<Utc>,
}

pub(super) async fn run(session: &mut Session) -> Result<Exit, Failure> {
    let (config, store) = reach::database(session).await?;
    let topology = node::topology(&config.amqp, &store.load_registers().await?);
    let waiting = store.waiting_messages().await?;
    let broker = reach::broker(&config).await?;
    let asked = ask(&broker, &topology).await;
    broker.close().await;
    let statuses =
        asked.map_err(|error| Failure::unavailable("the broker cannot be asked").caused_by(error))?;
    let lines = lines(statuses, waiting, Clock::system().now());
    session.printer.rows(&lines)?;
    session.printer.say(summary(&lines));
    if let Some(parked) = parked(store.parked_state().await?) {
        session.printer.say(parked);
    }
    Ok(Exit::Ok)
}

/// What was taken from the intake and waits for a register; nothing where nothing does.
fn parked(state: ParkedState) -> Option<String> {
    let oldest = TimeDelta::from_std(state.oldest?).ok()?;
    let now = Clock::system().now();
    let commands = count(
        usize::try_from(state.count).ok()?,
        "command waits",
        "commands wait",
    );
    let age = since(now - oldest, now);
    Some(format!("parked: {commands} for a register, the oldest for {age}"))
}

type Status = (String, Option<QueueStatus>);

/// How full every queue is, in the order of the topology.
async fn ask(broker: &Broker, topology: &Topology) -> Result<Vec<Status>, BrokerError> {
    let names: Vec<String> = topology.queues.iter().map(|queue| queue.name.clone()).collect();
    stream::iter(names)
        .map(|name| async move {
            let status = broker.queue_status(&name).await?;
            Ok((name, status))
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await
}

/// One line per queue; destinations that messages wait for and that are no queue of the registers come last.
fn lines(statuses: Vec<Status>, waiting: Vec<WaitingFor>, now: DateTime<Utc>) -> Vec<Line> {
    let mut waiting: BTreeMap<String, WaitingFor> = waiting
        .into_iter()
        .map(|waiting| (waiting.destination.clone(), waiting))
        .collect();
    let mut lines: Vec<Line> = statuses
        .into_iter()
        .map(|(queue, status)| {
            let waiting = waiting.remove(&queue);
            Line::new(queue, status, waiting, now)
        })
        .collect();
    lines.extend(
        waiting
            .into_iter()
            .map(|(queue, waiting)| Line::new(queue, None, Some(waiting), now)),
    );
    lines
}

fn summary(lines: &[Line]) -> String {
    let unsent: u64 = lines.iter().map(|line| line.unsent).sum();
    let missing = lines.iter().filter(|line| !line.declared).count();
    let oldest = lines
        .iter()
        .filter_map(|line| Some((line.oldest_unsent?, line.now)))
        .min();
    let outbox = match oldest {
        Some((at, now)) => format!("outbox: {unsent} unsent, the oldest for {}", since(at, now)),
        None => "outbox: nothing waits".to_owned(),
    };
    if missing == 0 {
        outbox
    } else {
        let queues = count(missing, "queue is", "queues are");
        format!("{outbox}\n{queues} missing at the broker\n  fix: run `usciere broker declare`")
    }
}

impl Line {
    fn new(
        queue: String,
        status: Option<QueueStatus>,
        waiting: Option<WaitingFor>,
        now: DateTime<Utc>,
    ) -> Self {
        let (unsent, oldest_unsent, back_off) = waiting.map_or((0, None, None), |waiting| {
            (waiting.unsent, waiting.oldest, waiting.back_off)
        });
        Self {
            queue,
            declared: status.is_some(),
            messages: status.map(|status| status.messages),
            consumers: status.map(|status| status.consumers),
            unsent,
            oldest_unsent,
            back_off,
            now,
        }
    }
}

impl Row for Line {
    const COLUMNS: &'static [&'static str] = &[
        "queue",
        "messages",
        "consumers",
        "unsent",
        "oldest_unsent",
        "trouble",
    ];

    fn cells(&self) -> Vec<String> {
        let trouble = match &self.back_off {
            Some(back_off) => {
                let for_long = since(back_off.since, self.now);
                format!("refused for {for_long}: {}", back_off.reason)
            }
            None => flag(!self.declared, "missing"),
        };
        vec![
            self.queue.clone(),
            maybe(self.messages),
            maybe(self.consumers),
            self.unsent.to_string(),
            maybe(self.oldest_unsent.map(|at| since(at, self.now))),
            trouble,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::examples::{every_format, moment};

    fn example() -> Vec<Line> {
        let status = |messages, consumers| Some(QueueStatus { messages, consumers });
        let statuses = vec![
            ("usciere.intake".to_owned(), status(0, 2)),
            ("sede.230001".to_owned(), status(12, 0)),
            ("portal.inca".to_owned(), None),
        ];
        let waiting = vec![
            WaitingFor {
                destination: "portal.gone".to_owned(),
                unsent: 1,
                oldest: Some(moment("2026-11-23T08:00:00Z")),
                back_off: None,
            },
            WaitingFor {
                destination: "sede.230001".to_owned(),
                unsent: 3,
                oldest: Some(moment("2026-11-23T08:59:15Z")),
                back_off: Some(BackOff {
                    reason: "the queue is full".to_owned(),
                    since: moment("2026-11-23T08:58:00Z"),
                    next_try_at: moment("2026-11-23T09:00:10Z"),
                }),
            },
        ];
        lines(statuses, waiting, moment("2026-11-23T09:00:00Z"))
    }

    #[test]
    fn queues_stand_beside_what_waits_for_them() {
        insta::assert_snapshot!(every_format(|printer| printer.rows(&example())));
    }

    #[test]
    fn parked_commands_are_told_where_there_are_any() {
        let state = |count, oldest| ParkedState { count, oldest };
        assert_eq!(parked(state(0, None)), None);
        assert_eq!(
            parked(state(2, Some(std::time::Duration::from_mins(3)))).as_deref(),
            Some("parked: 2 commands wait for a register, the oldest for 3 min")
        );
    }

    #[test]
    fn the_summary_names_the_oldest_and_what_is_missing() {
        insta::assert_snapshot!(summary(&example()), @r"
        outbox: 4 unsent, the oldest for 60 min
        2 queues are missing at the broker
          fix: run `usciere broker declare`
        ");
        assert_eq!(summary(&[]), "outbox: nothing waits");
    }
}
