//! `usciere dead export`: dead letters whole, one JSON object a line, to be worked on elsewhere.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::Value;

use super::{DeadExportArgs, select};
use crate::cli::cells::count;
use crate::cli::exit::{Exit, Failure};
use crate::cli::reach;
use crate::cli::session::Session;
use crate::cli::who;
use crate::store::{DeadLetter, DeadLetterSummary};

/// Read from the database at once.
const BATCH: usize = 100;

/// A dead letter with every byte that came.
#[derive(Debug, Serialize)]
struct Exported {
    #[serde(flatten)]
    letter: DeadLetterSummary,
    properties: Value,
    headers: Value,
    body_base64: String,
}

impl From<DeadLetter> for Exported {
    fn from(letter: DeadLetter) -> Self {
        Self {
            letter: letter.summary,
            properties: letter.properties,
            headers: letter.headers,
            body_base64: STANDARD.encode(&letter.body),
        }
    }
}

pub(super) async fn run(args: &DeadExportArgs, session: &mut Session) -> Result<Exit, Failure> {
    let (_, store) = reach::database(session).await?;
    let ids = select::ids(&args.which, &store).await?;
    for batch in ids.chunks(BATCH) {
        who::note_letters(&store, "dead export", batch).await?;
        for letter in store.dead_letters(batch).await? {
            let mut line = serde_json::to_vec(&Exported::from(letter)).map_err(anyhow::Error::from)?;
            line.push(b'\n');
            session.printer.bytes(&line)?;
        }
    }
    let letters = count(ids.len(), "dead letter", "dead letters");
    session
        .printer
        .say(format!("{letters} exported; they may hold personal data"));
    Ok(Exit::Ok)
}
