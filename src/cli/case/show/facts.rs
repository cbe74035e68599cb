//! How a request stands.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use crate::cli::case::flows::Flows;
use crate::cli::cells::{maybe, moment};
use crate::cli::output::Row;
use crate::domain::case::{Appointment, StateName};
use crate::domain::codice_fiscale::CodiceFiscale;
use crate::domain::command::{ContactReason, Role};
use crate::domain::ids::{ActorId, OfficeCode, PatronatoCode, RequestId, SedeCode, TopicCode};
use crate::domain::practice::PracticeKind;
use crate::domain::protocol::ProtocolNumber;
use crate::domain::registers::{Registers, Sede};
use crate::domain::request::Request;

#[derive(Debug, Serialize)]
pub(super) struct FactSheet {
    request_id: RequestId,
    protocol_number: ProtocolNumber,
    workflow: String,
    state: StateName,
    state_label: String,
    sede: SedeCode,
    sede_label: String,
    patronato: PatronatoCode,
    office: OfficeCode,
    role: Role,
    sender: ActorId,
    /// Enough to recognise it; the whole is not for a terminal.
    codice_fiscale: Option<String>,
    reason: ContactReason,
    practice: Option<PracticeKind>,
    topic: TopicCode,
    topic_label: Option<String>,
    opened_at: DateTime<Utc>,
    awaiting_since: Option<NaiveDate>,
    overdue: bool,
    next_deadline: Option<NaiveDate>,
    first_solicit: Option<NaiveDate>,
    second_solicit: Option<NaiveDate>,
    solicit_from: Option<NaiveDate>,
    interactions: u8,
    interactions_left: Option<u8>,
    conversation_barred: bool,
    appointment: Appointment,
    appointment_enabled: bool,
    appointment_from: Option<NaiveDate>,
    officer: Option<ActorId>,
    in_charge_until: Option<DateTime<Utc>>,
    events: u32,
    /// The last number given to each sede that held it.
    case_seq: BTreeMap<SedeCode, u32>,
}

impl FactSheet {
    pub(super) fn new(request: &Request, flows: &Flows, registers: &Registers) -> Self {
        let (case, facts) = (&request.case, &request.case.facts);
        let workflow = flows.workflow(&case.workflow);
        let code = request
            .citizen
            .as_ref()
            .and_then(|citizen| citizen.codice_fiscale.as_ref());
        Self {
            request_id: case.id,
            protocol_number: request.protocol.clone(),
            workflow: case.workflow.to_string(),
            state: case.state.clone(),
            state_label: flows.label(case),
            sede: case.sede.clone(),
            sede_label: registers
                .sede(&case.sede)
                .map_or_else(|| case.sede.to_string(), Sede::label),
            patronato: case.patronato.clone(),
            office: case.office.clone(),
            role: request.role,
            sender: case.sender.clone(),
            codice_fiscale: code.map(CodiceFiscale::masked),
            reason: request.reason,
            practice: request.practice.as_ref().map(|practice| practice.kind),
            topic: request.topic.clone(),
            topic_label: registers.topic(&request.topic).map(|topic| topic.label.clone()),
            opened_at: request.opened_at,
            awaiting_since: facts.awaiting_since,
            overdue: facts.overdue,
            next_deadline: request.due_on,
            first_solicit: facts.first_solicit,
            second_solicit: facts.second_solicit,
            solicit_from: workflow.and_then(|workflow| workflow.solicit_from(case)),
            interactions: facts.interactions,
            interactions_left: workflow.map(|workflow| workflow.interactions_left(facts)),
            conversation_barred: facts.barred,
            appointment: facts.appointment,
            appointment_enabled: facts.appointment_enabled,
            appointment_from: workflow.and_then(|workflow| workflow.appointment_from(case)),
            officer: facts.charge.as_ref().map(|charge| charge.officer.clone()),
            in_charge_until: facts.charge.as_ref().map(|charge| charge.until),
            events: request.version,
            case_seq: request.sede_seq.clone(),
        }
    }

    fn case_seq(&self) -> String {
        let pairs = self.case_seq.iter().map(|(sede, seq)| format!("{sede}: {seq}"));
        pairs.collect::<Vec<_>>().join(", ")
    }
}

const fn yes_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

impl Row for FactSheet {
    const COLUMNS: &'static [&'static str] = &[
        "protocol_number",
        "request_id",
        "workflow",
        "state",
        "sede",
        "patronato",
        "office",
        "role",
        "sender",
        "codice_fiscale",
        "reason",
        "practice",
        "topic",
        "opened",
        "awaiting_since",
        "overdue",
        "next_deadline",
        "first_solicit",
        "second_solicit",
        "solicit_from",
        "interactions",
        "interactions_left",
        "conversation_barred",
        "appointment",
        "appointment_enabled",
        "appointment_from",
        "officer",
        "in_charge_until",
        "events",
        "case_seq",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.protocol_number.to_string(),
            self.request_id.to_string(),
            self.workflow.clone(),
            self.state_label.clone(),
            self.sede_label.clone(),
            self.patronato.to_string(),
            self.office.to_string(),
            self.role.to_string(),
            self.sender.to_string(),
            maybe(self.codice_fiscale.as_ref()),
            self.reason.to_string(),
            maybe(self.practice),
            self.topic_label.clone().unwrap_or_else(|| self.topic.to_string()),
            moment(self.opened_at),
            maybe(self.awaiting_since),
            yes_no(self.overdue).to_owned(),
            maybe(self.next_deadline),
            maybe(self.first_solicit),
            maybe(self.second_solicit),
            maybe(self.solicit_from),
            self.interactions.to_string(),
            maybe(self.interactions_left),
            yes_no(self.conversation_barred).to_owned(),
            self.appointment.to_string(),
            yes_no(self.appointment_enabled).to_owned(),
            maybe(self.appointment_from),
            maybe(self.officer.as_ref()),
            self.in_charge_until.map_or_else(String::new, moment),
            self.events.to_string(),
            self.case_seq(),
        ]
    }
}
