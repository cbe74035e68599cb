//! Which sede a request goes to, and why. Pure and total: what no rule can route goes to the
//! desk "da smistare", it is never dropped.

mod explain;

use crate::domain::event::words;
use crate::domain::ids::{SedeCode, TopicCode};
use crate::domain::place::{Cap, ComuneIstat, Region};
use crate::domain::refusal::{Refusal, RefusalCode};
use crate::domain::registers::{CompetenceRule, Registers, Sede, SedeKind};

pub use explain::Step;

/// Where a request goes, and the way there in sentences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routing {
    pub destination: Destination,
    pub explanation: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    Sede(SedeCode),
    Desk(Desk),
}

/// A request that stays on a desk until somebody acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Desk {
    /// LineaINPS answers the topic itself.
    FirstLevel,
    /// "Da smistare": parked with an alarm.
    Unrouted(UnroutedReason),
}

words!(
    /// Why no rule could route a request.
    UnroutedReason {
        /// The citizen has no CAP (lives abroad).
        NoCap = "no_cap",
        CapUnknown = "cap_unknown",
        /// The CAP has rules, none for this comune and topic.
        NoRule = "no_rule",
        /// Rules apply, but no sede they name is open.
        SedeClosed = "sede_closed",
        /// The region has neither an open CRIC nor an open direction.
        NoRegionalOffice = "no_regional_office",
    }
);

impl Destination {
    /// The code of the sede or desk, as in its queue.
    pub fn code(&self) -> SedeCode {
        match self {
            Self::Sede(code) => code.clone(),
            Self::Desk(Desk::FirstLevel) => SedeCode::lineainps(),
            Self::Desk(Desk::Unrouted(_)) => SedeCode::unrouted_desk(),
        }
    }
}

/// Routes an operator's request by the citizen's residence and its topic. The most specific rule wins (comune and
/// topic, comune, topic, CAP alone), then the lowest priority number, then the lowest code of sede.
pub fn route(
    registers: &Registers,
    cap: Option<&Cap>,
    comune: Option<&ComuneIstat>,
    topic: &TopicCode,
) -> Routing {
    let mut explanation = Vec::new();
    match registers.topic(topic) {
        Some(known) if known.first_level => {
            explanation.push(Step::FirstLevelTopic { topic: topic.clone() });
            return Routing {
                destination: Destination::Desk(Desk::FirstLevel),
                explanation,
            };
        }
        Some(_) => {}
        None => explanation.push(Step::UnknownTopic { topic: topic.clone() }),
    }
    let found = cap
        .ok_or(UnroutedReason::NoCap)
        .and_then(|cap| competent(registers, cap, comune, topic, &mut explanation));
    conclude(found, explanation)
}

/// Routes a regional referent's request: to the region's CRIC, else to its direction.
pub fn route_referent(registers: &Registers, region: Region) -> Routing {
    let mut explanation = Vec::new();
    for kind in [SedeKind::Cric, SedeKind::Regionale] {
        if let Some(sede) = registers.open_of_region(region, kind) {
            explanation.push(Step::RegionalOffice {
                region,
                kind,
                label: sede.label(),
            });
            return conclude(Ok(sede.code.clone()), explanation);
        }
        explanation.push(Step::NoRegionalOffice { region, kind });
    }
    conclude(Err(UnroutedReason::NoRegionalOffice), explanation)
}

/// Sends a request where its sender wants it; a desk, an unknown or a closed sede is refused.
pub fn route_chosen(registers: &Registers, code: &SedeCode) -> Result<Routing, Refusal> {
    let wanted = registers
        .open_sede(code)
        .filter(|sede| sede.kind != SedeKind::Desk);
    let Some(sede) = wanted else {
        let message = "La sede indicata non esiste o non è attiva.";
        return Err(Refusal::new(RefusalCode::SedeUnknown, message).at("/sede"));
    };
    let explanation = vec![Step::ChosenBySender { label: sede.label() }];
    Ok(conclude(Ok(sede.code.clone()), explanation))
}

/// The sede of the strongest rule that applies and whose sede is open.
fn competent(
    registers: &Registers,
    cap: &Cap,
    comune: Option<&ComuneIstat>,
    topic: &TopicCode,
    explanation: &mut Vec<Step>,
) -> Result<SedeCode, UnroutedReason> {
    let rules = registers.rules(cap);
    let applies = |rule: &&CompetenceRule| {
        rule.comune_istat
            .as_ref()
            .is_none_or(|wanted| Some(wanted) == comune)
            && rule.topic.as_ref().is_none_or(|wanted| wanted == topic)
    };
    let mut reason = if rules.is_empty() {
        UnroutedReason::CapUnknown
    } else {
        UnroutedReason::NoRule
    };
    for rule in rules.iter().filter(applies) {
        match registers
            .open_sede(&rule.sede)
            .filter(|sede| sede.kind != SedeKind::Desk)
        {
            Some(sede) => {
                explanation.push(Step::Competent {
                    rule: rule.clone(),
                    label: sede.label(),
                });
                return Ok(sede.code.clone());
            }
            None => explanation.push(Step::ClosedSede {
                label: label_of(registers, &rule.sede),
            }),
        }
        reason = UnroutedReason::SedeClosed;
    }
    explanation.push(Step::NoRule {
        cap: cap.clone(),
        reason,
    });
    Err(reason)
}

fn label_of(registers: &Registers, code: &SedeCode) -> String {
    registers.sede(code).map_or_else(|| code.to_string(), Sede::label)
}

fn conclude(found: Result<SedeCode, UnroutedReason>, mut explanation: Vec<Step>) -> Routing {
    let destination = match found {
        Ok(code) => Destination::Sede(code),
        Err(reason) => {
            explanation.push(Step::Unrouted { reason });
            Destination::Desk(Desk::Unrouted(reason))
        }
    };
    Routing {
        destination,
        explanation,
    }
}

#[cfg(test)]
mod tests;
