//! `usciere queue pause` and `resume`.

use super::{QueuePauseArgs, QueueResumeArgs};
use crate::admin::queues::{self, Held};
use crate::amqp::Topology;
use crate::cli::exit::{Exit, Failure};
use crate::cli::session::Session;
use crate::cli::{reach, who};
use crate::clock::Clock;
use crate::domain::pause::Pause;

pub(super) async fn pause(args: QueuePauseArgs, session: &mut Session) -> Result<Exit, Failure> {
    let (config, store) = reach::database(session).await?;
    let topology = Topology::wanted(&config.amqp, &store.load_registers().await?);
    // Pauses are dated by the machine, never by a clock that development moved.
    let now = Clock::system().now();
    let until = match args.until {
        Some(until) => Some(
            until
                .from(now)
                .ok_or_else(|| Failure::usage("--until is too far away"))?,
        ),
        None => None,
    };
    let pause = Pause {
        by: who::user(),
        since: now,
        until,
        note: args.note.map(|note| note.trim().to_owned()),
    };
    let queue = &args.queue;
    who::note(&store, "queue pause", queue.to_string()).await?;
    match queues::pause(&store, &topology, queue, pause).await? {
        Held::Held => {
            session.printer.say(format!("{queue} is paused"));
            Ok(Exit::Ok)
        }
        Held::Unknown => Err(Failure::not_found(format!("there is no queue {queue} to pause"))
            .fix("look for it with `usciere queue list`")),
        Held::AlreadyOver => Err(Failure::usage("--until lies in the past")),
    }
}

pub(super) async fn resume(args: &QueueResumeArgs, session: &mut Session) -> Result<Exit, Failure> {
    let (_, store) = reach::database(session).await?;
    let queue = &args.queue;
    who::note(&store, "queue resume", queue.to_string()).await?;
    if store.resume_queue(queue).await? {
        session.printer.say(format!("{queue} goes on"));
        Ok(Exit::Ok)
    } else {
        Err(Failure::new(Exit::Conflict, format!("{queue} is not paused")))
    }
}
