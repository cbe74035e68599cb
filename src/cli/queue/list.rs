//! `usciere queue list`: what the broker holds, and what still waits on our side of it.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::admin::queues::{self, QueueLine, QueuesError};
use crate::amqp::Topology;
use crate::cli::cells::{count, flag, maybe, moment, since};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Row;
use crate::cli::reach;
use crate::cli::session::Session;
use crate::clock::Clock;
use crate::domain::pause::Pause;

#[derive(Debug, Serialize)]
struct Line {
    #[serde(flatten)]
    queue: QueueLine,
    #[serde(skip)]
    now: DateTime<Utc>,
}

pub(super) async fn run(session: &mut Session) -> Result<Exit, Failure> {
    let (config, store) = reach::database(session).await?;
    let topology = Topology::wanted(&config.amqp, &store.load_registers().await?);
    let broker = reach::broker(&config).await?;
    let listed = queues::list(&broker, &store, &topology).await;
    broker.close().await;
    let now = Clock::system().now();
    let lines: Vec<Line> = listed
        .map_err(failure)?
        .into_iter()
        .map(|queue| Line { queue, now })
        .collect();
    session.printer.rows(&lines)?;
    session.printer.say(summary(&lines));
    Ok(Exit::Ok)
}

fn failure(error: QueuesError) -> Failure {
    match error {
        QueuesError::Store(error) => error.into(),
        QueuesError::Broker(_) => Failure::unavailable("the broker cannot be asked").caused_by(error),
    }
}

fn summary(lines: &[Line]) -> String {
    let unsent: u64 = lines.iter().map(|line| line.queue.unsent).sum();
    let missing = lines.iter().filter(|line| !line.queue.declared).count();
    let oldest = lines
        .iter()
        .filter_map(|line| Some((line.queue.oldest_unsent?, line.now)))
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

/// `by anna until 2026-11-23 18:00:00+01:00: manutenzione`
fn held(pause: &Pause) -> String {
    let until = pause.until.map(|until| format!(" until {}", moment(until)));
    let note = pause.note.as_ref().map(|note| format!(": {note}"));
    format!("by {}{}{}", pause.by, maybe(until), maybe(note))
}

impl Row for Line {
    const COLUMNS: &'static [&'static str] = &[
        "queue",
        "messages",
        "consumers",
        "unsent",
        "oldest_unsent",
        "paused",
        "trouble",
    ];

    fn cells(&self) -> Vec<String> {
        let queue = &self.queue;
        let trouble = match &queue.back_off {
            Some(back_off) => {
                let for_long = since(back_off.since, self.now);
                format!("refused for {for_long}: {}", back_off.reason)
            }
            None => flag(!queue.declared, "missing"),
        };
        vec![
            queue.queue.clone(),
            maybe(queue.messages),
            maybe(queue.consumers),
            queue.unsent.to_string(),
            maybe(queue.oldest_unsent.map(|at| since(at, self.now))),
            maybe(queue.paused.as_ref().map(held)),
            trouble,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::queues::testing;
    use crate::cli::examples::{every_format, moment};

    fn example() -> Vec<Line> {
        let now = moment("2026-11-23T09:00:00Z");
        testing::example()
            .into_iter()
            .map(|queue| Line { queue, now })
            .collect()
    }

    #[test]
    fn queues_stand_beside_what_waits_for_them() {
        insta::assert_snapshot!(every_format(|printer| printer.rows(&example())));
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
