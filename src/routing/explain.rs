//! The way of a request in Italian sentences, for `usciere route` and for those who ask why it lies where it lies.

use std::fmt;

use super::UnroutedReason;
use crate::domain::ids::TopicCode;
use crate::domain::place::{Cap, Region};
use crate::domain::registers::{CompetenceRule, SedeKind};

/// One thing the router found. `Display` is the sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    FirstLevelTopic {
        topic: TopicCode,
    },
    UnknownTopic {
        topic: TopicCode,
    },
    ClosedSede {
        label: String,
    },
    Competent {
        rule: CompetenceRule,
        label: String,
    },
    NoRule {
        cap: Cap,
        reason: UnroutedReason,
    },
    RegionalOffice {
        region: Region,
        kind: SedeKind,
        label: String,
    },
    NoRegionalOffice {
        region: Region,
        kind: SedeKind,
    },
    ChosenBySender {
        label: String,
    },
    Unrouted {
        reason: UnroutedReason,
    },
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FirstLevelTopic { topic } => {
                write!(
                    f,
                    "L'argomento «{topic}» è di primo livello: la richiesta resta a LineaINPS."
                )
            }
            Self::UnknownTopic { topic } => {
                write!(
                    f,
                    "L'argomento «{topic}» non è in catalogo: conta solo la residenza."
                )
            }
            Self::ClosedSede { label } => {
                write!(
                    f,
                    "La sede competente {label} non è attiva: si passa alla regola successiva."
                )
            }
            Self::Competent { rule, label } => competent(f, rule, label),
            Self::NoRule {
                cap,
                reason: UnroutedReason::CapUnknown,
            } => {
                write!(f, "Il CAP {cap} non ha regole di competenza.")
            }
            Self::NoRule {
                cap,
                reason: UnroutedReason::NoRule,
            } => {
                write!(
                    f,
                    "Il CAP {cap} non ha regole per questo comune e questo argomento."
                )
            }
            Self::NoRule { cap, .. } => {
                write!(
                    f,
                    "Il CAP {cap} non ha altre regole per questo comune e questo argomento."
                )
            }
            Self::RegionalOffice { region, kind, label } => {
                write!(f, "{} competente per {region}: {label}.", capitalised(*kind))
            }
            Self::NoRegionalOffice { region, kind } => {
                write!(f, "{} attiva per {region}: nessuna.", capitalised(*kind))
            }
            Self::ChosenBySender { label } => write!(f, "La sede {label} è stata scelta da chi scrive."),
            Self::Unrouted { reason } => {
                write!(
                    f,
                    "{}: la richiesta va allo sportello «da smistare».",
                    cause(*reason)
                )
            }
        }
    }
}

fn competent(f: &mut fmt::Formatter<'_>, rule: &CompetenceRule, label: &str) -> fmt::Result {
    write!(f, "È competente {label}: regola per il CAP {}", rule.cap)?;
    if let Some(comune) = &rule.comune_istat {
        write!(f, ", il comune {comune}")?;
    }
    if let Some(topic) = &rule.topic {
        write!(f, ", l'argomento «{topic}»")?;
    }
    write!(f, " (priorità {}).", rule.priority)
}

const fn capitalised(kind: SedeKind) -> &'static str {
    match kind {
        SedeKind::Cric => "Struttura CRIC",
        SedeKind::Regionale => "Direzione regionale",
        SedeKind::Sede => "Sede",
        SedeKind::Agenzia => "Agenzia",
        SedeKind::Desk => "Postazione",
    }
}

const fn cause(reason: UnroutedReason) -> &'static str {
    match reason {
        UnroutedReason::NoCap => "Del cittadino non è noto il CAP di residenza",
        UnroutedReason::CapUnknown | UnroutedReason::NoRule => "Nessuna regola indica una sede",
        UnroutedReason::SedeClosed => "Nessuna delle sedi competenti è attiva",
        UnroutedReason::NoRegionalOffice => "La regione non ha una struttura attiva",
    }
}
