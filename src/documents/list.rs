//! A list of requests for spreadsheets: the same columns as CSV and as XLSX, a page of lines at a time.

mod csv;
mod figures;
mod xlsx;

use chrono::{DateTime, NaiveDate, Utc};

use super::clean::clean;
use super::words;
use crate::domain::case::{Appointment, Case};
use crate::domain::registers::Registers;
use crate::domain::request::Request;
use crate::workflow::Registry;

pub use csv::{csv_head, csv_lines};
pub use figures::FigureLine;
pub use xlsx::{Spreadsheet, SpreadsheetError};

/// The columns, as the manual calls them where it does.
const COLUMNS: [&str; 19] = [
    "Data richiesta",
    "Numero protocollo",
    "Stato richiesta",
    "Motivo",
    "Oggetto",
    "Codice fiscale",
    "Cognome",
    "Nome",
    "Riferimento pratica",
    "Sede",
    "Patronato",
    "Ufficio",
    "Operatore",
    "In attesa dal",
    "Termine superato",
    "Data 1° sollecito",
    "Data 2° sollecito",
    "Ulteriori interazioni",
    "Appuntamento",
];

/// A line of a list, cell by cell.
pub trait Line {
    /// The names of the columns.
    const COLUMNS: &'static [&'static str];

    fn cells(&self) -> &[Cell];
}

/// What a column holds in one line.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Text(String),
    Day(Option<NaiveDate>),
    Moment(DateTime<Utc>),
    Flag(bool),
    Number(u64),
    /// With a fraction; empty where there is none.
    Measure(Option<f64>),
}

/// One request in the list.
#[derive(Debug, Clone, PartialEq)]
pub struct ListLine([Cell; COLUMNS.len()]);

impl Line for ListLine {
    const COLUMNS: &'static [&'static str] = &COLUMNS;

    fn cells(&self) -> &[Cell] {
        &self.0
    }
}

impl ListLine {
    pub fn new(request: &Request, registers: &Registers, workflows: &Registry) -> Self {
        let Case {
            state,
            sede,
            facts,
            patronato,
            office,
            ..
        } = &request.case;
        let citizen = request.citizen.as_ref();
        let text = |text: &str| Cell::Text(clean(text));
        let state = workflows
            .get(&request.case.workflow)
            .and_then(|workflow| workflow.state_label(state))
            .map_or_else(|| state.to_string(), str::to_owned);
        let topic = registers.topic(&request.topic);
        let practice = request
            .practice
            .as_ref()
            .map(|practice| format!("{} {}", practice.kind.noun(), practice.number.as_str()));
        let code = citizen.and_then(|citizen| citizen.codice_fiscale.as_ref());
        Self([
            Cell::Moment(request.opened_at),
            Cell::Text(request.protocol.to_string()),
            Cell::Text(state),
            Cell::Text(words::reason(request.reason, request.role).to_owned()),
            topic.map_or_else(|| text(request.topic.as_str()), |topic| text(&topic.label)),
            text(code.map_or("", |code| code.as_str())),
            text(citizen.map_or("", |citizen| &citizen.family_name.0)),
            text(citizen.map_or("", |citizen| &citizen.given_name.0)),
            Cell::Text(practice.unwrap_or_default()),
            registers
                .sede(sede)
                .map_or_else(|| text(sede.as_str()), |sede| text(&sede.label())),
            registers
                .patronato(patronato)
                .map_or_else(|| text(patronato.as_str()), |patronato| text(&patronato.name)),
            registers
                .office(patronato, office)
                .map_or_else(|| text(office.as_str()), |office| text(&office.name)),
            text(&request.sender.name.0),
            Cell::Day(facts.awaiting_since),
            Cell::Flag(facts.overdue),
            Cell::Day(facts.first_solicit),
            Cell::Day(facts.second_solicit),
            Cell::Number(facts.interactions.into()),
            Cell::Text(appointment(facts.appointment).to_owned()),
        ])
    }
}

const fn appointment(appointment: Appointment) -> &'static str {
    match appointment {
        Appointment::None => "",
        Appointment::Booked => "Richiesto",
        Appointment::Confirmed => "Confermato",
        Appointment::Cancelled => "Annullato",
    }
}

const fn yes_no(yes: bool) -> &'static str {
    if yes { "sì" } else { "no" }
}
