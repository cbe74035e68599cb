//! One event put to one request by one actor on one day: whether each condition holds, and from when it would.

use chrono::{DateTime, NaiveDate, Utc};

use super::definition::{Clause, Rule, State, Workflow};
use super::vocabulary::Condition;
use crate::domain::case::{Appointment, Case, Charge};
use crate::domain::event::{Actor, Claim, Event, Party};
use crate::domain::ids::{ActorId, SedeCode};

/// Borrows all it reads: asking costs nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'a> {
    pub workflow: &'a Workflow,
    pub case: &'a Case,
    pub actor: &'a Actor,
    /// `None` while it is only asked what could be done: what the event would carry is then taken as fitting.
    pub event: Option<&'a Event>,
    pub today: NaiveDate,
    pub now: DateTime<Utc>,
}

impl<'a> Question<'a> {
    pub(super) fn new(
        workflow: &'a Workflow,
        case: &'a Case,
        actor: &'a Actor,
        event: Option<&'a Event>,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            workflow,
            case,
            actor,
            event,
            today: workflow.calendar.today(now),
            now,
        }
    }

    pub(super) fn state(&self) -> Option<&'a State> {
        self.workflow.state(&self.case.state)
    }

    pub(super) fn allows(&self, rule: &Rule) -> bool {
        self.is_among(&rule.by) && rule.when.iter().all(|clause| self.meets(clause))
    }

    pub(super) fn meets(&self, clause: &Clause<Condition>) -> bool {
        clause.conditions().any(|condition| self.holds(*condition))
    }

    pub(super) fn is_among(&self, parties: &[Party]) -> bool {
        parties.iter().any(|party| match (party, self.actor) {
            (Party::Office, Actor::Operator { .. })
            | (Party::Sede, Actor::Officer { .. })
            | (Party::Engine, Actor::Engine) => true,
            (Party::Sender, Actor::Operator { id, .. }) => *id == self.case.sender,
            (Party::Office | Party::Sender | Party::Sede | Party::Engine, _) => false,
        })
    }

    pub(super) fn holds(&self, condition: Condition) -> bool {
        let facts = &self.case.facts;
        let limits = self.workflow.limits;
        match condition {
            Condition::Awaiting => facts.awaiting_since.is_some(),
            Condition::Answered => facts.awaiting_since.is_none(),
            Condition::SolicitsLeft => facts.solicits() < limits.solicits,
            Condition::SolicitOpen | Condition::AppointmentOpen => {
                self.opens_on(condition).is_some_and(|date| date <= self.today)
            }
            Condition::InteractionsLeft => facts.interactions < limits.interactions,
            Condition::ConversationOpen => !facts.barred,
            Condition::ConversationOver => {
                facts.barred || (facts.interactions >= limits.interactions && facts.awaiting_since.is_none())
            }
            Condition::AppointmentEnabled => facts.appointment_enabled,
            Condition::NoBooking => !facts.appointment.is_active(),
            Condition::AppointmentBooked => facts.appointment == Appointment::Booked,
            Condition::AppointmentActive => facts.appointment.is_active(),
            Condition::OtherSede => self.destination().is_none_or(|sede| *sede != self.case.sede),
            Condition::FreeOrMine => facts.charge_at(self.now).is_none() || self.is_in_charge(),
            Condition::Takeover => self.takes_over(),
            Condition::InMyCharge => self.is_in_charge(),
            Condition::AtDesk => self.case.sede.is_desk(),
            Condition::ToDesk => self.destination().is_none_or(SedeCode::is_desk),
        }
    }

    /// The date on which time alone makes the condition hold.
    pub(super) fn opens_on(&self, condition: Condition) -> Option<NaiveDate> {
        match condition {
            Condition::SolicitOpen => self.workflow.next_solicit(&self.case.facts),
            Condition::AppointmentOpen => self.workflow.appointment_from(self.case),
            Condition::Awaiting
            | Condition::Answered
            | Condition::SolicitsLeft
            | Condition::InteractionsLeft
            | Condition::ConversationOpen
            | Condition::ConversationOver
            | Condition::AppointmentEnabled
            | Condition::NoBooking
            | Condition::AppointmentBooked
            | Condition::AppointmentActive
            | Condition::OtherSede
            | Condition::FreeOrMine
            | Condition::Takeover
            | Condition::InMyCharge
            | Condition::AtDesk
            | Condition::ToDesk => None,
        }
    }

    fn is_in_charge(&self) -> bool {
        match self.actor {
            Actor::Officer { id, .. } => {
                let charge = self.case.facts.charge_at(self.now);
                charge.is_some_and(|charge| charge.officer == *id)
            }
            Actor::Operator { .. } | Actor::Engine => false,
        }
    }

    fn takes_over(&self) -> bool {
        match self.event {
            Some(Event::Taken { claim, .. }) => *claim == Claim::TakeOver,
            Some(_) => false,
            None => true,
        }
    }

    /// The charge an officer gets by an act of now.
    pub(super) fn charge_of(&self, officer: ActorId) -> Charge {
        let until = self.now + self.workflow.limits.charge;
        Charge { officer, until }
    }

    /// The sede the event would hand the request to.
    fn destination(&self) -> Option<&SedeCode> {
        match self.event? {
            Event::Assigned { sede } | Event::Transferred { sede } => Some(sede),
            Event::Taken { .. }
            | Event::Released
            | Event::Replied { .. }
            | Event::Closed
            | Event::Noted
            | Event::Messaged
            | Event::Attached
            | Event::Solicited
            | Event::Booked
            | Event::AppointmentEnabled
            | Event::AppointmentConfirmed
            | Event::AppointmentCancelled
            | Event::Elapsed { .. } => None,
        }
    }
}
