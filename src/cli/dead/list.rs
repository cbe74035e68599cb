//! `usciere dead list`.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::DeadListArgs;
use crate::cli::cells::{maybe, since};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Row;
use crate::cli::reach;
use crate::cli::session::Session;
use crate::clock::Clock;
use crate::store::{DeadLetterFilter, DeadLetterSummary};

#[derive(Debug, Serialize)]
struct Line {
    #[serde(flatten)]
    letter: DeadLetterSummary,
    #[serde(skip)]
    now: DateTime<Utc>,
}

pub(super) async fn run(args: &DeadListArgs, session: &mut Session) -> Result<Exit, Failure> {
    let (_, store) = reach::database(session).await?;
    let filter = DeadLetterFilter {
        matching: args.filter.matching(),
        resolved: args.all,
        before: args.page.after_number()?,
        limit: args.page.one_more(),
    };
    let mut letters = store.list_dead_letters(&filter).await?;
    let more = args.page.cut(&mut letters);
    // Letters are dated by the machine, never by a clock that development moved.
    let now = Clock::system().now();
    let lines: Vec<Line> = letters.into_iter().map(|letter| Line { letter, now }).collect();
    session.printer.rows(&lines)?;
    match lines.last() {
        None => session.printer.say("no dead letter waits for a decision"),
        Some(last) if more => {
            let id = last.letter.id;
            session.printer.say(format!("there are more: add --after {id}"));
        }
        Some(_) => {}
    }
    Ok(Exit::Ok)
}

impl Row for Line {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "reason",
        "age",
        "source",
        "message_id",
        "routing_key",
        "size",
        "resolution",
    ];

    fn cells(&self) -> Vec<String> {
        let letter = &self.letter;
        vec![
            letter.id.to_string(),
            letter.reason.to_string(),
            since(letter.received_at, self.now),
            maybe(letter.source.as_ref()),
            maybe(letter.message_id.as_ref()),
            letter.routing_key.clone(),
            letter.size.to_string(),
            maybe(letter.resolved.as_ref().map(|resolved| resolved.resolution)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::examples::{dead_letter, every_format, moment, replayed};

    #[test]
    fn a_list_says_what_came_when_from_whom() {
        let now = moment("2026-11-23T09:15:00Z");
        let lines = [dead_letter(), replayed()].map(|letter| Line {
            letter: letter.summary,
            now,
        });
        insta::assert_snapshot!(every_format(|printer| printer.rows(&lines)));
    }
}
