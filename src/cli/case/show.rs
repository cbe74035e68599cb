//! `usciere case show`: a request as it stands, what is allowed now and why not, and what happened.

mod allowed;
mod facts;
mod history;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::flows::Flows;
use crate::cli::exit::Failure;
use crate::cli::output::{Format, Printer, Row};
use crate::domain::registers::Registers;
use crate::domain::request::{HistoryEntry, Request};
use allowed::Allowed;
use facts::FactSheet;
use history::HistoryLine;

pub(super) use history::actor;

/// Everything about a request but people's names and texts.
#[derive(Debug, Serialize)]
pub(super) struct Sheet {
    #[serde(flatten)]
    facts: FactSheet,
    allowed: Vec<Allowed>,
    history: Vec<HistoryLine>,
}

impl Sheet {
    pub(super) fn new(
        request: &Request,
        history: &[HistoryEntry],
        flows: &Flows,
        registers: &Registers,
        now: DateTime<Utc>,
    ) -> Self {
        let workflow = flows.workflow(&request.case.workflow);
        Self {
            facts: FactSheet::new(request, flows, registers),
            allowed: workflow
                .map(|workflow| allowed::of_everyone(workflow, &request.case, now))
                .unwrap_or_default(),
            history: history
                .iter()
                .map(|entry| {
                    HistoryLine::new(entry, flows.label_of(&request.case.workflow, &entry.event.state))
                })
                .collect(),
        }
    }

    /// Three tables for people, one object for machines. CSV has room for the facts alone.
    pub(super) fn print(&self, printer: &mut Printer) -> Result<(), Failure> {
        match printer.format() {
            Format::Json | Format::Jsonl => printer.one(self),
            Format::Csv => printer.one(&self.facts),
            Format::Table => {
                printer.one(&self.facts)?;
                printer.document("")?;
                printer.rows(&self.allowed)?;
                printer.document("")?;
                printer.rows(&self.history)
            }
        }
    }
}

impl Row for Sheet {
    const COLUMNS: &'static [&'static str] = FactSheet::COLUMNS;

    fn cells(&self) -> Vec<String> {
        self.facts.cells()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::examples::{answered, every_format, flows, happened, moment, printed, waiting};

    fn sheet() -> Sheet {
        let now = moment("2020-11-10T08:00:00Z");
        Sheet::new(&waiting(), &happened(), &flows(), &Registers::default(), now)
    }

    #[test]
    fn a_request_is_shown_with_what_is_allowed_and_why_not() {
        insta::assert_snapshot!(every_format(|printer| sheet().print(printer)));
    }

    #[test]
    fn a_referents_request_has_no_citizen() {
        let now = moment("2020-11-10T08:00:00Z");
        let sheet = Sheet::new(&answered(), &[], &flows(), &Registers::default(), now);
        insta::assert_snapshot!(printed(Format::Table, |printer| sheet.print(printer)));
    }

    #[test]
    fn nobodys_name_address_number_or_text_is_in_it() {
        let shown = printed(Format::Json, |printer| sheet().print(printer))
            + &every_format(|printer| sheet().print(printer));
        for secret in [
            "Rossi",
            "op1@",
            "Bianchi",
            "BNCMRA",
            "1950",
            "03001011",
            "p-1",
            "Buongiorno",
            "pensione.pdf",
        ] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
}
