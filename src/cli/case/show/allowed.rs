//! What is allowed now, asked of the same table as the engine asks.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::cli::cells::maybe;
use crate::cli::output::Row;
use crate::domain::case::Case;
use crate::domain::event::{Actor, Party};
use crate::domain::ids::ActorId;
use crate::workflow::{Offer, Workflow, offers};

/// Whether somebody may do something now.
#[derive(Debug, Serialize)]
pub(super) struct Allowed {
    by: Party,
    #[serde(flatten)]
    offer: Offer,
}

/// What the office, the sender and the sede may do. The sender's own lines are those that differ from a colleague's.
pub(super) fn of_everyone(workflow: &Workflow, case: &Case, now: DateTime<Utc>) -> Vec<Allowed> {
    let ask = |actor: &Actor| offers(workflow, case, actor, now);
    let colleagues = ask(&operator(case, colleague_of(&case.sender)));
    let senders = ask(&operator(case, case.sender.clone()))
        .into_iter()
        .filter(|offer| !colleagues.contains(offer))
        .collect();
    let sedes = ask(&Actor::Officer {
        id: case
            .facts
            .charge_at(now)
            .map_or_else(anyone, |charge| charge.officer.clone()),
        sede: case.sede.clone(),
    });
    [
        (Party::Office, colleagues),
        (Party::Sender, senders),
        (Party::Sede, sedes),
    ]
    .into_iter()
    .flat_map(|(by, offers): (Party, Vec<Offer>)| offers.into_iter().map(move |offer| Allowed { by, offer }))
    .collect()
}

fn operator(case: &Case, id: ActorId) -> Actor {
    Actor::Operator {
        id,
        patronato: case.patronato.clone(),
        office: case.office.clone(),
    }
}

fn anyone() -> ActorId {
    ActorId::parse("anyone").expect("visible ASCII characters")
}

/// Somebody of the same office who did not send the request.
fn colleague_of(sender: &ActorId) -> ActorId {
    if *sender == anyone() {
        ActorId::parse("another").expect("visible ASCII characters")
    } else {
        anyone()
    }
}

impl Row for Allowed {
    const COLUMNS: &'static [&'static str] = &["by", "command", "allowed", "from", "why_not"];

    fn cells(&self) -> Vec<String> {
        let offer = &self.offer;
        vec![
            self.by.to_string(),
            offer.command.to_string(),
            if offer.allowed { "yes" } else { "no" }.to_owned(),
            maybe(offer.available_from),
            maybe(offer.message.as_ref()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::examples::{flows, moment, waiting};
    use crate::domain::command::CommandKind;

    #[test]
    fn only_the_sender_books() {
        let mut case = waiting().case;
        let now = moment("2020-11-10T08:00:00Z");
        for sender in ["op1", "anyone"] {
            case.sender = sender.parse().unwrap();
            let flows = flows();
            let allowed = of_everyone(flows.workflow(&case.workflow).unwrap(), &case, now);
            let booking: Vec<_> = allowed
                .iter()
                .filter(|allowed| allowed.offer.command == CommandKind::Book)
                .map(|allowed| (allowed.by, allowed.offer.allowed))
                .collect();
            assert_eq!(booking, [(Party::Office, false), (Party::Sender, true)]);
        }
    }
}
