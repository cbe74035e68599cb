//! `usciere dead replay`: works dead letters in this process, and tells what became of each rather than that it was
//! sent somewhere.

mod line;

use std::sync::Arc;

use super::{DeadReplayArgs, select};
use crate::amqp::DecodeRules;
use crate::amqp::replay::{decode_again, replay_id};
use crate::cli::cells::count;
use crate::cli::exit::{Exit, Failure};
use crate::cli::session::Session;
use crate::cli::{reach, who};
use crate::domain::ids::MessageId;
use crate::engine::{Engine, HandleError, Handled, Item};
use crate::node;
use crate::store::{DeadLetter, DeadLetterId, Store};
use line::{Fate, Line};

/// Dead letters worked in one transaction.
const BATCH: usize = 100;

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
    if args.which.ids.is_empty() {
        let letters = count(ids.len(), "dead letter", "dead letters");
        session.printer.confirm(&format!("Work {letters} again?"))?;
    }
    let clock = reach::clock(&config, &store).await?;
    let replay = Replay {
        engine: node::engine_only(&config, &store, clock)
            .await
            .map_err(crate::cli::run::failure)?,
        rules: DecodeRules::from(&config.amqp),
        by: who::user(),
        store,
    };
    let lines = replay.all(&ids, body.as_deref(), session).await?;
    finish(&lines, session)
}

/// What dead letters are worked with.
struct Replay {
    engine: Engine,
    rules: DecodeRules,
    by: String,
    store: Store,
}

impl Replay {
    async fn all(
        &self,
        ids: &[DeadLetterId],
        body: Option<&[u8]>,
        session: &Session,
    ) -> Result<Vec<Line>, Failure> {
        let progress = session
            .printer
            .progress(u64::try_from(ids.len()).unwrap_or(u64::MAX), "replaying");
        let mut lines = Vec::with_capacity(ids.len());
        for batch in ids.chunks(BATCH) {
            let letters = self.store.dead_letters(batch).await?;
            lines.extend(self.batch(&letters, body).await?);
            progress.inc(u64::try_from(batch.len()).unwrap_or_default());
        }
        progress.finish_and_clear();
        Ok(lines)
    }

    /// Works some, and closes those the engine took. A crash in between does no harm: worked again under the same
    /// id, they are recognised.
    async fn batch(&self, letters: &[DeadLetter], body: Option<&[u8]>) -> Result<Vec<Line>, Failure> {
        let mut lines = Vec::with_capacity(letters.len());
        let (mut places, mut items) = (Vec::new(), Vec::new());
        for letter in letters {
            let fate = match (&letter.summary.resolved, decode_again(letter, body, &self.rules)) {
                (Some(resolved), _) => Fate::not_open(resolved),
                (None, Err(rejected)) => Fate::still_dead(rejected.reason, rejected.detail),
                (None, Ok(envelope)) => {
                    places.push(lines.len());
                    // Without its original: what is not taken stays the dead letter it is.
                    items.push(Item::Command {
                        envelope: Arc::new(envelope),
                        original: None,
                    });
                    Fate::Untold
                }
            };
            lines.push(Line::new(letter.summary.id, fate));
        }
        for (place, handled) in places.into_iter().zip(self.handle(&items).await?) {
            lines[place].fate = Fate::of(handled);
        }
        self.close(&mut lines).await?;
        Ok(lines)
    }

    async fn handle(&self, items: &[Item]) -> Result<Vec<Handled>, Failure> {
        if items.is_empty() {
            return Ok(Vec::new());
        }
        self.engine.handle(items).await.map_err(|error| match error {
            HandleError::Store(error) => error.into(),
            HandleError::LookUp(_) => Failure::unavailable("a register does not answer").caused_by(error),
            HandleError::Fault(_) => Failure::from(anyhow::Error::from(error)),
        })
    }

    async fn close(&self, lines: &mut [Line]) -> Result<(), Failure> {
        let taken: Vec<(DeadLetterId, MessageId)> = lines
            .iter()
            .filter(|line| line.fate.is_taken())
            .map(|line| (line.id, replay_id(line.id)))
            .collect();
        self.store.resolve_as_replayed(&taken, &self.by).await?;
        Ok(())
    }
}

fn finish(lines: &[Line], session: &mut Session) -> Result<Exit, Failure> {
    if lines.iter().all(|line| matches!(line.fate, Fate::NotOpen { .. })) {
        let told: Vec<String> = lines.iter().map(Line::told).collect();
        return Err(Failure::new(Exit::Conflict, told.join("; ")).fix(
            "a decision stands: to work it all the same, publish its body (`usciere dead show ID --raw`) anew",
        ));
    }
    session.printer.rows(lines)?;
    let taken = lines.iter().filter(|line| line.fate.is_taken()).count();
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
