//! `usciere audit list`.

use super::AuditListArgs;
use crate::cli::cells::{maybe, moment};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Row;
use crate::cli::reach;
use crate::cli::session::Session;
use crate::domain::audit::Record;
use crate::store::AuditFilter;

pub(super) async fn run(args: AuditListArgs, session: &mut Session) -> Result<Exit, Failure> {
    let (_, store) = reach::database(session).await?;
    let filter = AuditFilter {
        before: args.page.after_number()?,
        limit: args.page.one_more(),
        actor: args.actor,
        patronato: args.patronato,
        sede: args.sede,
        request: args.request,
        person: args.person,
        action: args.action,
        outcome: args.outcome,
        from: args.from,
        to: args.to,
    };
    let mut records = store.list_audit(&filter).await?;
    let more = args.page.cut(&mut records);
    session.printer.rows(&records)?;
    match records.last() {
        None => session.printer.say("nothing fits"),
        Some(last) if more => {
            let id = last.id;
            session.printer.say(format!("there are more: add --after {id}"));
        }
        Some(_) => {}
    }
    Ok(Exit::Ok)
}

impl Row for Record {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "at",
        "actor",
        "capacity",
        "patronato",
        "office",
        "sede",
        "action",
        "outcome",
        "code",
        "requests",
        "persons",
        "correlation",
    ];

    fn cells(&self) -> Vec<String> {
        let requests: Vec<String> = self.requests.iter().map(ToString::to_string).collect();
        vec![
            self.id.to_string(),
            moment(self.at),
            maybe(self.actor.as_ref()),
            self.capacity.clone(),
            maybe(self.patronato.as_ref()),
            maybe(self.office.as_ref()),
            maybe(self.sede.as_ref()),
            self.action.clone(),
            self.outcome.clone(),
            maybe(self.code.as_ref()),
            requests.join(" "),
            self.persons.join(" "),
            maybe(self.correlation.as_ref()),
        ]
    }
}
