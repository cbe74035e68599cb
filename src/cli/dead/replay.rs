//! `usciere dead replay`: works dead letters in this process, and tells what became of each.

mod line;
mod prospect;

use std::sync::Arc;

use super::{DeadReplayArgs, failure, select};
use crate::admin::dead_letters::{Fate, Replay};
use crate::amqp::DecodeRules;
use crate::cli::cells::count;
use crate::cli::exit::{Exit, Failure};
use crate::cli::session::Session;
use crate::cli::{reach, who};
use crate::node;
use crate::store::DeadLetterId;
use line::Line;
use prospect::Prospect;

pub(super) async fn run(args: &DeadReplayArgs, session: &mut Session) -> Result<Exit, Failure> {
    let body = match (&args.body, args.which.ids.as_slice()) {
        (None, _) => None,
        (Some(file), [_]) => Some(std::fs::read(file).map_err(|error| {
            Failure::usage(format!("{} cannot be read", file.display())).caused_by(error)
        })?),
        (Some(_), _) => return Err(Failure::usage("--body is for one dead letter")),
    };
    let (config, store) = reach::database(session).await?;
    let ids = select::ids(&args.which, &store).await?;
    if ids.is_empty() {
        session.printer.say("no dead letter waits for a decision");
        return Ok(Exit::Ok);
    }
    if args.which.ids.is_empty() && !args.dry_run {
        let letters = count(ids.len(), "dead letter", "dead letters");
        session.printer.confirm(&format!("Work {letters} again?"))?;
    }
    let clock = reach::clock(&config, &store).await?;
    let engine = node::engine_only(&config, &store, clock)
        .await
        .map_err(crate::cli::run::failure)?;
    let replay = Replay::new(Arc::new(engine), DecodeRules::from(&config.amqp));
    if args.dry_run {
        return rehearse(&replay, &ids, body.as_deref(), session).await;
    }
    let total = u64::try_from(ids.len()).unwrap_or(u64::MAX);
    who::note_letters(&store, "dead replay", &ids).await?;
    let progress = session.printer.progress(total, "replaying");
    let replayed = replay
        .work(&ids, body.as_deref(), &who::user(), |done| {
            progress.inc(u64::try_from(done).unwrap_or_default());
        })
        .await
        .map_err(failure)?;
    progress.finish_and_clear();
    let lines: Vec<Line> = replayed.into_iter().map(Line).collect();
    finish(&lines, session)
}

async fn rehearse(
    replay: &Replay,
    ids: &[DeadLetterId],
    body: Option<&[u8]>,
    session: &mut Session,
) -> Result<Exit, Failure> {
    let rehearsed = replay.rehearse(ids, body).await?;
    let readable = rehearsed.iter().filter(|one| one.readable).count();
    let lines: Vec<Prospect> = rehearsed.into_iter().map(Prospect).collect();
    session.printer.rows(&lines)?;
    session.printer.say(format!(
        "{} would be worked, {} would stay as they are; nothing was done",
        count(readable, "dead letter", "dead letters"),
        lines.len() - readable
    ));
    Ok(Exit::Ok)
}

fn finish(lines: &[Line], session: &mut Session) -> Result<Exit, Failure> {
    if lines
        .iter()
        .all(|line| matches!(line.0.fate, Fate::NotOpen { .. }))
    {
        let told: Vec<String> = lines.iter().map(Line::told).collect();
        return Err(Failure::new(Exit::Conflict, told.join("; ")).fix(
            "a decision stands: to work it all the same, publish its body (`usciere dead show ID --raw`) anew",
        ));
    }
    session.printer.rows(lines)?;
    let taken = lines.iter().filter(|line| line.0.fate.is_taken()).count();
    session.printer.say(format!(
        "{} worked, {} left as they are",
        count(taken, "dead letter", "dead letters"),
        lines.len() - taken
    ));
    Ok(if taken == lines.len() {
        Exit::Ok
    } else {
        Exit::Partly
    })
}
