//! What a batch writes down of each command: who did it, and what he was told.

use super::Batch;
use crate::domain::audit::AuditEntry;
use crate::domain::command::Envelope;
use crate::domain::ids::RequestId;
use crate::domain::refusal::RefusalCode;
use crate::store::{Answer, InboxRow, Outcome, SeenMessage};

impl Batch<'_> {
    /// Who did it, or tried to, to which request and whose; never what was said.
    pub(super) fn audit(
        &mut self,
        envelope: &Envelope,
        request: Option<RequestId>,
        refused: Option<RefusalCode>,
    ) {
        let case = request.and_then(|id| self.ledger.requests.get(&id));
        let citizen = case.and_then(|case| case.citizen.as_ref());
        let persons = citizen
            .filter(|_| refused.is_none())
            .map(|citizen| citizen.person_id.clone());
        let persons = persons.into_iter().collect();
        self.audit
            .push(AuditEntry::of_command(envelope, request, persons, refused));
    }

    pub(super) fn remember(
        &mut self,
        envelope: &Envelope,
        request: Option<RequestId>,
        outcome: Outcome,
        answer: Option<Answer>,
    ) {
        let key = (envelope.source.clone(), envelope.message_id.clone());
        let body_hash = envelope.body_hash;
        let seen = SeenMessage {
            body_hash,
            request,
            outcome,
            answer: answer.clone(),
        };
        self.earlier.insert(key, seen);
        self.inbox.push(InboxRow {
            source: envelope.source.clone(),
            message_id: envelope.message_id.clone(),
            body_hash,
            request,
            outcome,
            answer,
        });
    }
}
