//! A row of the outbox as a message, and what became of a message in words.

use crate::amqp::{Exchange, Lost, Outgoing, Published};
use crate::domain::ids::MessageId;
use crate::domain::trace::TraceParent;
use crate::store::OutboxRow;

pub(super) fn why(outcome: &Published) -> String {
    match outcome {
        Published::Unroutable { code, text } => format!("unroutable: {code} {text}"),
        Published::Refused => "the queue is full".to_owned(),
        Published::Lost(Lost::Objected(why)) => format!("the broker objects: {why}"),
        Published::Confirmed
        | Published::Lost(Lost::Blocked | Lost::NotConnected | Lost::Broken(_) | Lost::Silent) => {
            String::new()
        }
    }
}

/// The row as a message; `None` for a row no version of usciere wrote.
pub(super) fn outgoing(row: &OutboxRow) -> Option<Outgoing> {
    Some(Outgoing {
        exchange: Exchange::from_word(&row.exchange)?,
        routing_key: row.routing_key.clone(),
        message_id: MessageId::parse(&row.message_id.to_string()).ok()?,
        kind: row.kind.clone().into(),
        request: row.request,
        causation_id: row
            .causation_id
            .as_deref()
            .and_then(|id| MessageId::parse(id).ok()),
        case_seq: row.case_seq,
        trace_parent: row.trace_parent.as_deref().map(|trace| TraceParent(trace.into())),
        at: row.created_at,
        body: row.body.clone(),
    })
}
