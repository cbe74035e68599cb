//! One request whole: what its detail page shows.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;

use super::line::{Names, RequestLine};
use super::side;
use super::thread::{Communication, Happening, communications, happenings};
use crate::domain::attachment::StoredAttachment;
use crate::domain::case::Appointment;
use crate::domain::command::{ContactReason, Personal};
use crate::domain::event::EventKind;
use crate::domain::person::Person;
use crate::domain::practice::{PracticeKind, PracticeNumber};
use crate::domain::request::{Delegation, HistoryEntry, IdentifiedCitizen, Request};
use crate::http::api::Shared;
use crate::store::Listed;
use crate::workflow::{Offer, Workflow, offers};

/// R-103, as the manual writes it.
const CONVERSATION: &str = "Una volta ricevuta risposta dall'Istituto, è possibile continuare la conversazione con un \
                            massimo di 2 ulteriori interazioni. Se hai bisogno di maggiori approfondimenti dovrai \
                            inoltrare una nuova richiesta";

/// A request with its thread, its history and what is allowed now.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct RequestDetail {
    #[serde(flatten)]
    pub(in crate::http) line: RequestLine,
    pub(in crate::http) reason: ContactReason,
    /// "Riferimento pratica".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) practice: Option<PracticeReference>,
    /// "Dati del richiedente"; missing where a referent writes on the patronato's own behalf.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) citizen: Option<IdentifiedCitizen>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) delegation: Option<Delegation>,
    /// What was asked, and with which files.
    pub(in crate::http) question: Passage,
    /// The last answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) answer: Option<Passage>,
    pub(in crate::http) solicits: Solicits,
    pub(in crate::http) conversation: Conversation,
    pub(in crate::http) booking: Booking,
    pub(in crate::http) thread: Vec<Communication>,
    pub(in crate::http) history: Vec<Happening>,
    /// What you may do now and, where not, why and from when.
    pub(in crate::http) allowed: Vec<Offer>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct PracticeReference {
    pub(in crate::http) kind: PracticeKind,
    /// "Numero pensione".
    pub(in crate::http) label: &'static str,
    pub(in crate::http) number: PracticeNumber,
}

/// A text with its files.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct Passage {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) text: Option<Personal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) notes: Option<Personal>,
    pub(in crate::http) attachments: Vec<StoredAttachment>,
}

/// "Sollecito".
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct Solicits {
    /// "Data 1° sollecito".
    pub(in crate::http) first: Option<NaiveDate>,
    /// "Data 2° sollecito".
    pub(in crate::http) second: Option<NaiveDate>,
    /// From when the next one may be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) from: Option<NaiveDate>,
}

/// Whether one may go on writing.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct Conversation {
    /// The sentence that stands above it.
    pub(in crate::http) notice: &'static str,
    /// Further messages written.
    pub(in crate::http) interactions: u8,
    /// Further messages still possible.
    pub(in crate::http) interactions_left: u8,
    /// The sede ended it.
    pub(in crate::http) barred: bool,
}

/// "Prenotazione appuntamento".
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct Booking {
    pub(in crate::http) state: Appointment,
    /// The sede opened it.
    pub(in crate::http) enabled: bool,
    /// From when waiting alone opens it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) from: Option<NaiveDate>,
}

impl RequestDetail {
    pub(in crate::http) fn new(
        api: &Shared,
        person: &Person,
        listed: &Listed,
        history: &[HistoryEntry],
    ) -> Self {
        let request = &listed.request;
        let (case, facts) = (&request.case, &request.case.facts);
        let (names, reader) = (Names::of(api), side(person));
        let workflows = api.workflows.borrow().clone();
        let workflow = workflows.get(&case.workflow).map(AsRef::as_ref);
        let first = history.iter().find(|entry| entry.kind == EventKind::Submitted);
        Self {
            line: RequestLine::new(listed, &names, reader),
            reason: request.reason,
            practice: practice(request),
            citizen: request.citizen.clone(),
            delegation: first.and_then(|entry| entry.details.delegation.clone()),
            question: first.map_or_else(Passage::nothing, Passage::of),
            answer: history.iter().rev().find_map(answer),
            solicits: Solicits {
                first: facts.first_solicit,
                second: facts.second_solicit,
                from: workflow.and_then(|workflow| workflow.solicit_from(case)),
            },
            conversation: Conversation {
                notice: CONVERSATION,
                interactions: facts.interactions,
                interactions_left: workflow.map_or(0, |workflow| workflow.interactions_left(facts)),
                barred: facts.barred,
            },
            booking: Booking {
                state: facts.appointment,
                enabled: facts.appointment_enabled,
                from: workflow.and_then(|workflow| workflow.appointment_from(case)),
            },
            thread: communications(history, reader),
            history: happenings(request, history, &names, reader),
            allowed: workflow.map_or_else(Vec::new, |workflow| allowed(api, person, workflow, request)),
        }
    }
}

fn allowed(api: &Shared, person: &Person, workflow: &Workflow, request: &Request) -> Vec<Offer> {
    let actor = person.actor();
    actor.map_or_else(Vec::new, |actor| {
        offers(workflow, &request.case, &actor, api.clock.now())
    })
}

fn practice(request: &Request) -> Option<PracticeReference> {
    request.practice.as_ref().map(|practice| PracticeReference {
        kind: practice.kind,
        label: practice.kind.noun(),
        number: practice.number.clone(),
    })
}

fn answer(entry: &HistoryEntry) -> Option<Passage> {
    let is_answer = matches!(entry.kind, EventKind::Replied | EventKind::Closed);
    is_answer.then(|| Passage {
        text: entry
            .details
            .text
            .clone()
            .or_else(|| entry.details.reason.clone()),
        ..Passage::of(entry)
    })
}

impl Passage {
    const fn nothing() -> Self {
        Self {
            text: None,
            notes: None,
            attachments: Vec::new(),
        }
    }

    fn of(entry: &HistoryEntry) -> Self {
        Self {
            text: entry.details.text.clone(),
            notes: entry.details.notes.clone(),
            attachments: entry.details.attachments.clone(),
        }
    }
}
