//! What the summary of a request says: the detail of and the history of R-104, in the order of the page.
//!
//! A patronato's summary holds what a patronato may know. A sede's holds its internal notes too, marked as such.

mod sections;
mod timeline;

use chrono::{DateTime, Utc};

use super::moment::Moment;
use crate::domain::event::Side;
use crate::domain::protocol::ProtocolNumber;
use crate::domain::registers::Registers;
use crate::domain::request::{HistoryEntry, Request};
use crate::workflow::Registry;

/// What a summary is made with beside the request.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// What the service calls itself.
    pub brand: &'a str,
    pub registers: &'a Registers,
    pub workflows: &'a Registry,
    pub printed_at: DateTime<Utc>,
}

/// A request on paper.
#[derive(Debug, Clone)]
pub struct Summary {
    pub(super) brand: String,
    pub(super) protocol: ProtocolNumber,
    pub(super) opened_at: Moment,
    pub(super) printed_at: Moment,
    /// The state as the manual calls it.
    pub(super) state: String,
    /// Whether something in it is not for the patronato.
    pub(super) internal: bool,
    pub(super) sections: Vec<Section>,
}

impl Summary {
    /// `history`: every event of the request, oldest first.
    pub fn new(
        request: &Request,
        history: &[HistoryEntry],
        reader: Side,
        surroundings: Surroundings<'_>,
    ) -> Self {
        let entries = timeline::entries(request, history, reader, surroundings);
        let internal = entries.iter().any(|entry| entry.hand == Hand::Internal);
        let state = surroundings
            .workflows
            .get(&request.case.workflow)
            .and_then(|workflow| workflow.state_label(&request.case.state))
            .map_or_else(|| request.case.state.to_string(), str::to_owned);
        Self {
            brand: surroundings.brand.to_owned(),
            protocol: request.protocol.clone(),
            opened_at: Moment::new(request.opened_at),
            printed_at: Moment::new(surroundings.printed_at),
            sections: sections::sections(request, history, &state, entries, surroundings),
            state,
            internal,
        }
    }

    /// Of the whole paper.
    pub(super) fn title(&self) -> String {
        format!("Riepilogo della richiesta {}", self.protocol)
    }

    /// What every page says at its foot.
    pub(super) fn foot(&self) -> String {
        format!(
            "Protocollo {} · aperta il {}",
            self.protocol,
            self.opened_at.day()
        )
    }

    /// A file to save it under: no slash, nothing personal.
    pub fn file_name(&self, extension: &str) -> String {
        format!("{}.{extension}", self.protocol.to_string().replace('/', "-"))
    }
}

/// The warning of a paper that holds internal notes.
pub(super) const INTERNAL: &str = "Copia a uso interno: contiene note non visibili al patronato";

/// A part of the paper with a heading.
#[derive(Debug, Clone)]
pub(super) struct Section {
    pub(super) heading: &'static str,
    pub(super) content: Content,
}

#[derive(Debug, Clone)]
pub(super) enum Content {
    Blocks(Vec<Block>),
    Timeline(Vec<Entry>),
}

/// What sections and entries are made of.
#[derive(Debug, Clone)]
pub(super) enum Block {
    /// Names and values.
    Facts(Vec<Fact>),
    /// What somebody wrote.
    Text(String),
    /// What the paper itself says.
    Remark(String),
    Files(Vec<File>),
}

#[derive(Debug, Clone)]
pub(super) struct Fact {
    pub(super) name: &'static str,
    pub(super) value: String,
}

#[derive(Debug, Clone)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) size: String,
}

/// One entry of the history.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) hand: Hand,
    pub(super) what: String,
    pub(super) at: Moment,
    pub(super) who: String,
    pub(super) blocks: Vec<Block>,
}

/// Whose doing an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hand {
    Patronato,
    Sede,
    /// For the sede's eyes only.
    Internal,
    Engine,
}
