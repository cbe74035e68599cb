//! How a submission opens a request: where it lies first, and what its history begins with.

use chrono::{DateTime, Utc};

use super::submission::Accepted;
use crate::domain::attachment::StoredAttachment;
use crate::domain::command::Submit;
use crate::domain::ids::{ActorId, RequestId, SedeCode};
use crate::domain::request::{Delegation, Details};
use crate::routing::{Desk, Destination};
use crate::workflow::Opening;

/// The version of the declaration's text an operator accepts today.
const DELEGATION_TEXT: u16 = 1;

/// The opening as the rules see it: first at LineaINPS or the desk that has to route it.
pub(super) fn opening(id: RequestId, submit: &Submit, accepted: &Accepted) -> Opening {
    let (desk, assign_to) = match &accepted.routing.destination {
        Destination::Sede(sede) => (SedeCode::lineainps(), Some(sede.clone())),
        Destination::Desk(Desk::FirstLevel) => (SedeCode::lineainps(), None),
        Destination::Desk(Desk::Unrouted(_)) => (SedeCode::unrouted_desk(), None),
    };
    Opening {
        id,
        patronato: submit.patronato.clone(),
        office: submit.office.clone(),
        sender: ActorId::clone(&submit.operator.id),
        desk,
        assign_to,
    }
}

/// What travels with the opening of a request.
pub(super) fn opening_details(
    submit: &Submit,
    accepted: &Accepted,
    attachments: Vec<StoredAttachment>,
    now: DateTime<Utc>,
) -> Details {
    Details {
        name: Some(submit.operator.name.clone()),
        text: submit.text.clone(),
        notes: submit.notes.clone(),
        attachments,
        delegation: accepted.citizen.is_some().then_some(Delegation {
            declared_at: now,
            text_version: DELEGATION_TEXT,
        }),
        routing: accepted
            .routing
            .explanation
            .iter()
            .map(ToString::to_string)
            .collect(),
        ..Details::default()
    }
}
