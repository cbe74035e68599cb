//! `usciere mail test`: does the mail server take our mails?

use serde::Serialize;

use super::{MailTestArgs, surroundings};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Row;
use crate::cli::session::Session;
use crate::clock::Clock;
use crate::domain::command::Personal;
use crate::domain::event::MailKind;
use crate::mail::SendOutcome;
use crate::mail::samples::send_sample;

#[derive(Debug, Serialize)]
struct Line {
    template: MailKind,
    outcome: &'static str,
    answer: String,
}

pub(super) async fn run(args: MailTestArgs, session: &mut Session) -> Result<Exit, Failure> {
    let config = session.load(None)?.config;
    let surroundings = surroundings(&config);
    let recipient = Personal(args.to);
    let outcome = send_sample(
        &config.smtp,
        surroundings,
        &Clock::system(),
        args.template,
        recipient,
    )
    .await
    .map_err(|error| {
        Failure::usage(error.to_string()).fix("look at --to, and at [smtp] in the configuration")
    })?;
    let line = Line {
        template: args.template,
        outcome: "sent",
        answer: judge(outcome)?,
    };
    session.printer.one(&line)?;
    Ok(Exit::Ok)
}

/// What the server answered to a mail it took.
fn judge(outcome: SendOutcome) -> Result<String, Failure> {
    match outcome {
        SendOutcome::Sent(answer) => Ok(answer),
        SendOutcome::Unavailable(reason) => Err(Failure::unavailable(format!("no mail server: {reason}"))
            .fix("look at smtp.url, or ask `usciere doctor`")),
        SendOutcome::Temporary(reason) => {
            Err(Failure::unavailable(format!("not taken now: {reason}")).fix("try again later"))
        }
        SendOutcome::Permanent(reason) => {
            Err(Failure::new(Exit::Failed, format!("refused: {reason}")).fix("look at --to and at smtp.from"))
        }
        SendOutcome::Unknown(reason) => Err(Failure::unavailable(format!(
            "perhaps taken, perhaps not: {reason}"
        ))),
    }
}

impl Row for Line {
    const COLUMNS: &'static [&'static str] = &["template", "outcome", "answer"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.template.to_string(),
            self.outcome.to_owned(),
            self.answer.clone(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_said_decides_the_exit_code() {
        let said = || "450 later".to_owned();
        assert_eq!(judge(SendOutcome::Sent(said())).unwrap(), "450 later");
        let code = |outcome| judge(outcome).unwrap_err().exit.code();
        assert_eq!(code(SendOutcome::Unavailable(said())), 69);
        assert_eq!(code(SendOutcome::Temporary(said())), 69);
        assert_eq!(code(SendOutcome::Permanent(said())), 1);
        assert_eq!(code(SendOutcome::Unknown(said())), 69);
    }
}
