//! What the registers say of sedi, competence, topics, patronati, citizens and practices.
//!
//! [`Registers`] is the part every request is routed by: an immutable snapshot shared behind an `Arc`. Citizens and
//! practices are many and personal; they are asked for one batch at a time (`registry`).

mod name;
mod people;
mod search;
mod snapshot;

use super::command::ContactReason;
use super::event::words;
use super::ids::{OfficeCode, PatronatoCode, SedeCode, TopicCode};
use super::place::{Cap, ComuneIstat, Province, Region};
use super::protocol::ProtocolOffice;

pub use name::{MAX_NAME, NameKey};
pub use people::{Citizen, PracticeRecord};
pub use search::{SedeSearch, search_topics};
pub use snapshot::{RegisterRows, Registers, RegistersVersion};

words!(
    /// The registers a deployer may keep elsewhere.
    RegisterName {
        Citizens = "citizens",
        Practices = "practices",
    }
);

words!(
    /// What an INPS structure is.
    SedeKind {
        Sede = "sede",
        Agenzia = "agenzia",
        /// The regional direction.
        Regionale = "regionale",
        /// The regional structure that answers the referents.
        Cric = "cric",
        /// A desk without territory: `lineainps`, `da-smistare`.
        Desk = "desk",
    }
);

/// An INPS structure that requests can lie at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sede {
    pub code: SedeCode,
    pub name: String,
    pub kind: SedeKind,
    pub region: Option<Region>,
    pub province: Option<Province>,
    pub address: String,
    pub cap: Option<Cap>,
    /// The name of the comune it stands in.
    pub comune: String,
    /// Its own code in protocol numbers; without one it uses LineaINPS's.
    pub protocol_code: Option<ProtocolOffice>,
    pub email: Option<String>,
    pub active: bool,
}

impl Sede {
    /// An open one of which nothing else is known.
    pub const fn named(code: SedeCode, name: String, kind: SedeKind) -> Self {
        Self {
            code,
            name,
            kind,
            region: None,
            province: None,
            address: String::new(),
            cap: None,
            comune: String::new(),
            protocol_code: None,
            email: None,
            active: true,
        }
    }

    /// As lists and details show it: `LANCIANO-230001`, `SARDEGNA` for a regional one.
    pub fn label(&self) -> String {
        match self.kind {
            SedeKind::Sede | SedeKind::Agenzia => format!("{}-{}", self.name, self.code),
            SedeKind::Regionale | SedeKind::Cric | SedeKind::Desk => self.name.clone(),
        }
    }
}

/// Which sede is competent for whom: for a CAP, and where given for one comune or one topic only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompetenceRule {
    pub cap: Cap,
    pub comune_istat: Option<ComuneIstat>,
    pub topic: Option<TopicCode>,
    pub sede: SedeCode,
    /// Among equally specific rules the lowest number is the strongest.
    pub priority: u16,
}

/// What a request can be about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    pub code: TopicCode,
    pub label: String,
    /// The reasons it may be chosen for.
    pub reasons: Vec<ContactReason>,
    /// Whether LineaINPS itself answers it: the router leaves it on that desk.
    pub first_level: bool,
    pub keywords: Vec<String>,
}

impl Topic {
    pub fn fits(&self, reason: ContactReason) -> bool {
        self.reasons.contains(&reason)
    }
}

/// A patronato with its offices, by code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patronato {
    pub code: PatronatoCode,
    pub name: String,
    /// Whether it has a queue `portal.<code>`.
    pub queue: bool,
    pub offices: Vec<Office>,
}

impl Patronato {
    pub fn office(&self, code: &OfficeCode) -> Option<&Office> {
        self.offices.iter().find(|office| office.code == *code)
    }
}

/// An office of a patronato.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Office {
    pub code: OfficeCode,
    pub name: String,
    pub region: Option<Region>,
}
