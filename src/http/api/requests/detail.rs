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
pub(in crate::http::api) struct RequestDetail {
    #[serde(flatten)]
    line: RequestLine,
    reason: ContactReason,
    /// "Riferimento pratica".
    #[serde(skip_serializing_if = "Option::is_none")]
    practice: Option<PracticeReference>,
    /// "Dati del richiedente"; missing where a referent writes on the patronato's own behalf.
    #[serde(skip_serializing_if = "Option::is_none")]
    citizen: Option<IdentifiedCitizen>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delegation: Option<Delegation>,
    /// What was asked, and with which files.
    question: Passage,
    /// The last answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Passage>,
    solicits: Solicits,
    conversation: Conversation,
    booking: Booking,
    thread: Vec<Communication>,
    history: Vec<Happening>,
    /// What you may do now and, where not, why and from when.
    allowed: Vec<Offer>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct PracticeReference {
    kind: PracticeKind,
    /// "Numero pensione".
    label: &'static str,
    number: PracticeNumber,
}

/// A text with its files.
#[derive(Debug, Serialize, JsonSchema)]
struct Passage {
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Personal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<Personal>,
    attachments: Vec<StoredAttachment>,
}

/// "Sollecito".
#[derive(Debug, Serialize, JsonSchema)]
struct Solicits {
    /// "Data 1° sollecito".
    first: Option<NaiveDate>,
    /// "Data 2° sollecito".
    second: Option<NaiveDate>,
    /// From when the next one may be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<NaiveDate>,
}

/// Whether one may go on writing.
#[derive(Debug, Serialize, JsonSchema)]
struct Conversation {
    /// The sentence that stands above it.
    notice: &'static str,
    /// Further messages written.
    interactions: u8,
    /// Further messages still possible.
    interactions_left: u8,
    /// The sede ended it.
    barred: bool,
}

/// "Prenotazione appuntamento".
#[derive(Debug, Serialize, JsonSchema)]
struct Booking {
    state: Appointment,
    /// The sede opened it.
    enabled: bool,
    /// From when waiting alone opens it.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<NaiveDate>,
}

impl RequestDetail {
    pub(in crate::http::api) fn new(
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
