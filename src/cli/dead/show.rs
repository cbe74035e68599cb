//! `usciere dead show`.

use serde::Serialize;

use super::{DeadShowArgs, select};
use crate::admin::dead_letters::DeadLetterSheet;
use crate::cli::cells::{maybe, moment};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::{Format, Printer, Row};
use crate::cli::reach;
use crate::cli::session::Session;
use crate::cli::who;
use crate::store::Resolved;

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Sheet(DeadLetterSheet);

pub(super) async fn run(args: &DeadShowArgs, session: &mut Session) -> Result<Exit, Failure> {
    let (_, store) = reach::database(session).await?;
    let letter = select::one(&store, args.id).await?;
    if args.raw {
        who::note_letters(&store, "dead show --raw", &[args.id]).await?;
        session.printer.bytes(&letter.body)?;
    } else {
        Sheet(letter.into()).print(&mut session.printer)?;
    }
    Ok(Exit::Ok)
}

impl Sheet {
    fn print(&self, printer: &mut Printer) -> Result<(), Failure> {
        printer.one(self)?;
        if printer.format() != Format::Table {
            return Ok(());
        }
        printer.document(&format!("\nPROPERTIES\n{:#}", self.0.properties))?;
        printer.document(&format!("\nHEADERS\n{:#}", self.0.headers))?;
        match &self.0.body_masked {
            Some(body) => printer.document(&format!("\nBODY (values masked)\n{body:#}"))?,
            None => printer.document("\nBODY\nno JSON: not shown")?,
        }
        printer.say("the body as it came: add --raw; it may hold personal data");
        Ok(())
    }
}

impl Row for Sheet {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "reason",
        "detail",
        "received",
        "source",
        "message_id",
        "routing_key",
        "size",
        "sha256",
        "replay_of",
        "resolution",
    ];

    fn cells(&self) -> Vec<String> {
        let letter = &self.0.letter;
        vec![
            letter.id.to_string(),
            letter.reason.to_string(),
            letter.detail.clone(),
            moment(letter.received_at),
            maybe(letter.source.as_ref()),
            maybe(letter.message_id.as_ref()),
            letter.routing_key.clone(),
            letter.size.to_string(),
            self.0.body_sha256.clone(),
            maybe(letter.replay_of),
            letter.resolved.as_ref().map(decision).unwrap_or_default(),
        ]
    }
}

/// `replayed by anna on 2026-11-23 10:15:32+01:00 as 0199...`
pub(super) fn decision(resolved: &Resolved) -> String {
    let Resolved {
        resolution,
        at,
        by,
        why,
        replayed_as,
        edited_sha256,
    } = resolved;
    let edited = if edited_sha256.is_some() { ", edited" } else { "" };
    let more = match (why, replayed_as) {
        (Some(why), _) => format!(": {why}"),
        (None, Some(id)) => format!(" as {id}{edited}"),
        (None, None) => String::new(),
    };
    format!("{resolution} by {by} on {}{more}", moment(*at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::examples::{dead_letter, every_format, replayed};

    #[test]
    fn headers_are_shown_and_of_the_body_only_keys() {
        let shown = every_format(|printer| Sheet(dead_letter().into()).print(printer));
        assert!(!shown.contains("Rossi"), "{shown}");
        insta::assert_snapshot!(shown);
    }

    #[test]
    fn what_was_decided_is_told() {
        insta::assert_snapshot!(every_format(|printer| Sheet(replayed().into()).print(printer)));
    }
}
