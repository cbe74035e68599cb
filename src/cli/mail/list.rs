//! `usciere mail list`.

use serde::Serialize;

use super::MailListArgs;
use crate::admin::mails::MailLine;
use crate::cli::cells::{maybe, moment};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Row;
use crate::cli::reach;
use crate::cli::session::Session;
use crate::store::{MailFilter, MailState, MailSummary};

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Line(MailLine);

pub(super) async fn run(args: &MailListArgs, session: &mut Session) -> Result<Exit, Failure> {
    let (_, store) = reach::database(session).await?;
    let states = match (args.failed, args.state) {
        (true, _) => vec![MailState::Failed, MailState::Unknown],
        (false, state) => state.into_iter().collect(),
    };
    let filter = MailFilter {
        states,
        request: None,
        before: args.page.after_number()?,
        limit: args.page.one_more(),
    };
    let mut mails = store.list_mails(&filter).await?;
    let more = args.page.cut(&mut mails);
    let lines: Vec<Line> = mails.into_iter().map(|mail| Line(mail.into())).collect();
    session.printer.rows(&lines)?;
    match lines.last() {
        None => session.printer.say("no mail fits"),
        Some(last) if more => {
            let id = last.0.mail.id;
            session.printer.say(format!("there are more: add --after {id}"));
        }
        Some(_) => {}
    }
    Ok(Exit::Ok)
}

/// When something is done about it next: a try, the end of the quiet, the digest of a day.
fn next(mail: &MailSummary) -> Option<String> {
    let later = mail.next_try_at.or(mail.deliver_at).map(moment);
    let digest = mail.digest_on.filter(|_| mail.state == MailState::Held);
    later.or_else(|| digest.map(|day| day.to_string()))
}

impl Row for Line {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "created",
        "kind",
        "state",
        "protocol_number",
        "recipient",
        "tries",
        "sent",
        "next",
        "last_error",
    ];

    fn cells(&self) -> Vec<String> {
        let mail = &self.0.mail;
        vec![
            mail.id.to_string(),
            moment(mail.created_at),
            mail.kind.to_string(),
            mail.state.to_string(),
            mail.protocol_number.clone(),
            self.0.recipient.clone(),
            mail.attempts.to_string(),
            maybe(mail.sent_at.map(moment)),
            maybe(next(mail)),
            maybe(mail.last_error.as_ref()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::examples::{every_format, mail};
    use crate::store::MailId;

    #[test]
    fn a_list_says_how_each_mail_stands_and_to_nobody() {
        let failed = MailSummary {
            id: MailId(13),
            state: MailState::Failed,
            next_try_at: None,
            last_error: Some("550 no such user".to_owned()),
            ..mail()
        };
        let shown =
            every_format(|printer| printer.rows(&[mail(), failed.clone()].map(|mail| Line(mail.into()))));
        assert!(!shown.contains("op1@"), "{shown}");
        insta::assert_snapshot!(shown);
    }
}
