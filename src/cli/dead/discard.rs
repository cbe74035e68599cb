//! `usciere dead discard`.

use serde::Serialize;

use super::{DeadDiscardArgs, select};
use crate::cli::cells::count;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Row;
use crate::cli::session::Session;
use crate::cli::{reach, who};
use crate::store::DeadLetterId;

/// What became of wanting to discard.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum Discarding {
    Discarded,
    /// Somebody decided before.
    NotOpen,
}

impl Discarding {
    const fn shown(self) -> &'static str {
        match self {
            Self::Discarded => "discarded",
            Self::NotOpen => "not open",
        }
    }
}

#[derive(Debug, Serialize)]
struct Line {
    id: DeadLetterId,
    outcome: Discarding,
}

pub(super) async fn run(args: &DeadDiscardArgs, session: &mut Session) -> Result<Exit, Failure> {
    let why = args.why.trim();
    if why.is_empty() {
        return Err(Failure::usage("--why is empty").fix("say why: it is kept with the dead letter"));
    }
    let (_, store) = reach::database(session).await?;
    let ids = select::ids(&args.which, &store).await?;
    if ids.is_empty() {
        session.printer.say("no dead letter waits for a decision");
        return Ok(Exit::Ok);
    }
    let letters = count(ids.len(), "dead letter", "dead letters");
    session.printer.confirm(&format!("Discard {letters}?"))?;
    who::note_letters(&store, "dead discard", &ids).await?;
    let done = store.discard_dead_letters(&ids, &who::user(), why).await?;
    if done.is_empty() {
        return Err(
            Failure::new(Exit::Conflict, "none of them waits for a decision any more")
                .fix("`usciere dead show` tells who decided, and how"),
        );
    }
    let lines: Vec<Line> = ids
        .into_iter()
        .map(|id| Line {
            id,
            outcome: if done.contains(&id) {
                Discarding::Discarded
            } else {
                Discarding::NotOpen
            },
        })
        .collect();
    session.printer.rows(&lines)?;
    Ok(if done.len() == lines.len() {
        Exit::Ok
    } else {
        Exit::Partly
    })
}

impl Row for Line {
    const COLUMNS: &'static [&'static str] = &["id", "outcome"];

    fn cells(&self) -> Vec<String> {
        vec![self.id.to_string(), self.outcome.shown().to_owned()]
    }
}
