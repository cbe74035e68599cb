//! `usciere mail retry`.

use serde::Serialize;

use super::MailRetryArgs;
use crate::cli::cells::{count, maybe};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Row;
use crate::cli::session::Session;
use crate::cli::{reach, who};
use crate::store::{MailId, MailRetry, MailState};

#[derive(Debug, Serialize)]
struct Line {
    id: MailId,
    outcome: &'static str,
    /// How it stands, where that kept it from being queued.
    state: Option<MailState>,
}

pub(super) async fn run(args: &MailRetryArgs, session: &mut Session) -> Result<Exit, Failure> {
    let (_, store) = reach::database(session).await?;
    if args.all {
        session
            .printer
            .confirm("Queue every mail again that was given up?")?;
        who::note(&store, "mail retry", "all".to_owned()).await?;
        let queued = store.retry_given_up_mails().await?;
        let lines: Vec<Line> = queued
            .into_iter()
            .map(|id| Line::new(id, MailRetry::Queued))
            .collect();
        session.printer.rows(&lines)?;
        let mails = count(lines.len(), "mail", "mails");
        session.printer.say(format!("{mails} queued"));
        return Ok(Exit::Ok);
    }
    let mut outcomes = Vec::with_capacity(args.ids.len());
    for &id in &args.ids {
        who::note(&store, "mail retry", format!("mail {id}")).await?;
        outcomes.push((id, store.retry_mail(id).await?));
    }
    if let [(id, outcome)] = outcomes.as_slice() {
        refuse(*id, *outcome)?;
    }
    let exit = exit_of(&outcomes);
    let lines: Vec<Line> = outcomes
        .into_iter()
        .map(|(id, outcome)| Line::new(id, outcome))
        .collect();
    session.printer.rows(&lines)?;
    Ok(exit)
}

/// A single mail that was not queued is a failure of the command.
fn refuse(id: MailId, outcome: MailRetry) -> Result<(), Failure> {
    match outcome {
        MailRetry::Queued => Ok(()),
        MailRetry::NotWaiting(state) => Err(Failure::new(
            Exit::Conflict,
            format!("mail {id} is {state}: it is not sent again"),
        )),
        MailRetry::Missing => {
            Err(Failure::not_found(format!("there is no mail {id}"))
                .fix("look for it with `usciere mail list`"))
        }
    }
}

fn exit_of(outcomes: &[(MailId, MailRetry)]) -> Exit {
    let all_queued = outcomes.iter().all(|(_, outcome)| *outcome == MailRetry::Queued);
    if all_queued { Exit::Ok } else { Exit::Partly }
}

impl Line {
    fn new(id: MailId, outcome: MailRetry) -> Self {
        let (outcome, state) = match outcome {
            MailRetry::Queued => ("queued", None),
            MailRetry::NotWaiting(state) => ("not_queued", Some(state)),
            MailRetry::Missing => ("missing", None),
        };
        Self { id, outcome, state }
    }
}

impl Row for Line {
    const COLUMNS: &'static [&'static str] = &["id", "outcome", "state"];

    fn cells(&self) -> Vec<String> {
        vec![self.id.to_string(), self.outcome.to_owned(), maybe(self.state)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mail_that_cannot_be_queued_fails_and_of_several_some_are_done() {
        let sent = MailRetry::NotWaiting(MailState::Sent);
        assert_eq!(refuse(MailId(1), sent).unwrap_err().exit.code(), 6);
        assert_eq!(refuse(MailId(1), MailRetry::Missing).unwrap_err().exit.code(), 5);
        assert!(refuse(MailId(1), MailRetry::Queued).is_ok());
        let queued = (MailId(1), MailRetry::Queued);
        assert_eq!(exit_of(&[queued]).code(), 0);
        assert_eq!(exit_of(&[queued, (MailId(2), sent)]).code(), 3);
    }
}
