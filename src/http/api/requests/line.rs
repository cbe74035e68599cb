//! A request as a line of a list.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::calendar::rome_date;
use crate::domain::case::{Appointment, StateName, WorkflowRef};
use crate::domain::codice_fiscale::CodiceFiscale;
use crate::domain::command::{Personal, Role};
use crate::domain::event::Side;
use crate::domain::ids::{ActorId, OfficeCode, PatronatoCode, RequestId, SedeCode, TopicCode};
use crate::domain::protocol::ProtocolNumber;
use crate::domain::registers::{Registers, Sede};
use crate::http::api::Shared;
use crate::store::Listed;
use crate::workflow::Registry;

/// The labels people read, as of one moment.
pub(in crate::http) struct Names {
    pub(in crate::http) registers: Arc<Registers>,
    pub(in crate::http) workflows: Arc<Registry>,
}

impl Names {
    pub(in crate::http) fn of(api: &Shared) -> Self {
        Self {
            registers: api.registers.borrow().clone(),
            workflows: api.workflows.borrow().clone(),
        }
    }

    pub(in crate::http) fn state(&self, workflow: &WorkflowRef, state: &StateName) -> String {
        let workflow = self.workflows.get(workflow);
        let label = workflow.and_then(|workflow| workflow.state_label(state));
        label.map_or_else(|| state.to_string(), ToOwned::to_owned)
    }

    /// Every state a request can be in, each once, in the order of the files.
    pub(in crate::http) fn states(&self) -> Vec<(StateName, String)> {
        let mut states: Vec<(StateName, String)> = Vec::new();
        for state in self.workflows.iter().flat_map(|workflow| workflow.states()) {
            if !states.iter().any(|(name, _)| name == state.name()) {
                states.push((state.name().clone(), state.label().to_owned()));
            }
        }
        states
    }

    pub(in crate::http) fn topic(&self, code: &TopicCode) -> String {
        let topic = self.registers.topic(code);
        topic.map_or_else(|| code.to_string(), |topic| topic.label.clone())
    }

    /// "Agenzia di inoltro": `LANCIANO-230001`.
    pub(in crate::http) fn sede(&self, code: &SedeCode) -> String {
        self.registers
            .sede(code)
            .map_or_else(|| code.to_string(), Sede::label)
    }
}

/// Who sent a request.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct Sender {
    pub(in crate::http) id: ActorId,
    pub(in crate::http) name: Personal,
}

/// A request in a list.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct RequestLine {
    pub(in crate::http) request_id: RequestId,
    pub(in crate::http) protocol_number: ProtocolNumber,
    pub(in crate::http) opened_at: DateTime<Utc>,
    /// "Data richiesta": the day in Italy.
    pub(in crate::http) opened_on: NaiveDate,
    pub(in crate::http) state: StateName,
    /// "Stato richiesta".
    pub(in crate::http) state_label: String,
    pub(in crate::http) topic: TopicCode,
    /// "Oggetto".
    pub(in crate::http) topic_label: String,
    pub(in crate::http) sede: SedeCode,
    pub(in crate::http) sede_label: String,
    pub(in crate::http) patronato: PatronatoCode,
    pub(in crate::http) office: OfficeCode,
    pub(in crate::http) role: Role,
    pub(in crate::http) operator: Sender,
    /// Enough to recognise it: `BNC************U`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) codice_fiscale: Option<String>,
    /// Since when an answer is waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) awaiting_since: Option<NaiveDate>,
    pub(in crate::http) overdue: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) first_solicit: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) second_solicit: Option<NaiveDate>,
    pub(in crate::http) appointment: Appointment,
    /// How many files it has.
    pub(in crate::http) attachments: u32,
    /// Something in it is new to you.
    pub(in crate::http) unread: bool,
    /// Who of the sede took it in charge last; told to sedi only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) officer: Option<ActorId>,
}

impl RequestLine {
    pub(in crate::http) fn new(listed: &Listed, names: &Names, side: Side) -> Self {
        let request = &listed.request;
        let (case, facts) = (&request.case, &request.case.facts);
        let code = request
            .citizen
            .as_ref()
            .and_then(|citizen| citizen.codice_fiscale.as_ref());
        let charge = facts.charge.as_ref().filter(|_| side == Side::Sede);
        Self {
            request_id: case.id,
            protocol_number: request.protocol.clone(),
            opened_at: request.opened_at,
            opened_on: rome_date(request.opened_at),
            state: case.state.clone(),
            state_label: names.state(&case.workflow, &case.state),
            topic: request.topic.clone(),
            topic_label: names.topic(&request.topic),
            sede: case.sede.clone(),
            sede_label: names.sede(&case.sede),
            patronato: case.patronato.clone(),
            office: case.office.clone(),
            role: request.role,
            operator: Sender {
                id: request.sender.id.clone(),
                name: request.sender.name.clone(),
            },
            codice_fiscale: code.map(CodiceFiscale::masked),
            awaiting_since: facts.awaiting_since,
            overdue: facts.overdue,
            first_solicit: facts.first_solicit,
            second_solicit: facts.second_solicit,
            appointment: facts.appointment,
            attachments: listed.attachments,
            unread: listed.unread,
            officer: charge.map(|charge| charge.officer.clone()),
        }
    }
}
