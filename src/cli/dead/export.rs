//! `usciere dead export`: dead letters whole, one JSON object a line, to be worked on elsewhere.

use super::{DeadExportArgs, select};
use crate::admin::dead_letters::exported;
use crate::cli::cells::count;
use crate::cli::exit::{Exit, Failure};
use crate::cli::reach;
use crate::cli::session::Session;
use crate::cli::who;

/// Noted in the audit at once.
const BATCH: usize = 100;

pub(super) async fn run(args: &DeadExportArgs, session: &mut Session) -> Result<Exit, Failure> {
    let (_, store) = reach::database(session).await?;
    let ids = select::ids(&args.which, &store).await?;
    for batch in ids.chunks(BATCH) {
        who::note_letters(&store, "dead export", batch).await?;
        for &id in batch {
            session.printer.bytes(&exported(&store, id).await?)?;
        }
    }
    let letters = count(ids.len(), "dead letter", "dead letters");
    session
        .printer
        .say(format!("{letters} exported; they may hold personal data"));
    Ok(Exit::Ok)
}
