//! The snapshot requests are routed by, arranged for look-ups: rules by CAP, the strongest first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use super::{CompetenceRule, Office, Patronato, Sede, SedeKind, Topic};
use crate::domain::ids::{LINEAINPS, OfficeCode, PatronatoCode, SedeCode, TopicCode, UNROUTED_DESK};
use crate::domain::place::{Cap, Region};
use crate::domain::protocol::ProtocolOffice;

/// The protocol office of the manual's own examples, used until the registers name one for LineaINPS.
const FALLBACK_OFFICE: &str = "CCBFF";

/// Counts up with every import that changed something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct RegistersVersion(pub i64);

/// The registers as they come from the store.
#[derive(Debug, Clone, Default)]
pub struct RegisterRows {
    pub version: RegistersVersion,
    pub sedi: Vec<Sede>,
    pub rules: Vec<CompetenceRule>,
    pub topics: Vec<Topic>,
    pub patronati: Vec<Patronato>,
}

/// An immutable snapshot of sedi, competence, topics and patronati. Both desks are always in it, and open.
#[derive(Debug, Clone)]
pub struct Registers {
    version: RegistersVersion,
    sedi: BTreeMap<SedeCode, Sede>,
    rules: HashMap<Cap, Vec<CompetenceRule>>,
    topics: BTreeMap<TopicCode, Topic>,
    patronati: BTreeMap<PatronatoCode, Patronato>,
    protocol_office: ProtocolOffice,
}

impl Registers {
    pub fn new(rows: RegisterRows) -> Self {
        let mut sedi: BTreeMap<_, _> = rows
            .sedi
            .into_iter()
            .map(|sede| (sede.code.clone(), sede))
            .collect();
        open_desk(&mut sedi, SedeCode::lineainps(), "LineaINPS");
        open_desk(&mut sedi, SedeCode::unrouted_desk(), "Da smistare");
        let protocol_office = sedi
            .get(&SedeCode::lineainps())
            .and_then(|desk| desk.protocol_code.clone())
            .unwrap_or_else(|| ProtocolOffice::parse(FALLBACK_OFFICE).expect("five capitals"));
        let mut rules: HashMap<Cap, Vec<CompetenceRule>> = HashMap::new();
        for rule in rows.rules {
            rules.entry(rule.cap.clone()).or_default().push(rule);
        }
        for of_one_cap in rules.values_mut() {
            of_one_cap.sort_by(|one, other| strength(one).cmp(&strength(other)));
        }
        Self {
            version: rows.version,
            sedi,
            rules,
            topics: rows
                .topics
                .into_iter()
                .map(|topic| (topic.code.clone(), topic))
                .collect(),
            patronati: rows
                .patronati
                .into_iter()
                .map(|one| (one.code.clone(), one))
                .collect(),
            protocol_office,
        }
    }

    pub const fn version(&self) -> RegistersVersion {
        self.version
    }

    pub fn sede(&self, code: &SedeCode) -> Option<&Sede> {
        self.sedi.get(code)
    }

    /// A sede or desk requests can be sent to now.
    pub fn open_sede(&self, code: &SedeCode) -> Option<&Sede> {
        self.sede(code).filter(|sede| sede.active)
    }

    /// All sedi and desks, closed ones too, by code.
    pub fn sedi(&self) -> impl Iterator<Item = &Sede> {
        self.sedi.values()
    }

    /// The office a sede's protocol numbers carry: its own, else that of LineaINPS, which every request passes.
    pub fn protocol_office(&self, code: &SedeCode) -> &ProtocolOffice {
        let own = self.sede(code).and_then(|sede| sede.protocol_code.as_ref());
        own.unwrap_or(&self.protocol_office)
    }

    /// The open structure of a kind in a region; the lowest code where there are several.
    pub fn open_of_region(&self, region: Region, kind: SedeKind) -> Option<&Sede> {
        self.sedi()
            .find(|sede| sede.active && sede.kind == kind && sede.region == Some(region))
    }

    /// The rules of a CAP, the strongest first.
    pub fn rules(&self, cap: &Cap) -> &[CompetenceRule] {
        self.rules.get(cap).map_or(&[], Vec::as_slice)
    }

    pub fn topic(&self, code: &TopicCode) -> Option<&Topic> {
        self.topics.get(code)
    }

    /// The whole catalogue, by code.
    pub fn topics(&self) -> impl Iterator<Item = &Topic> {
        self.topics.values()
    }

    pub fn patronato(&self, code: &PatronatoCode) -> Option<&Patronato> {
        self.patronati.get(code)
    }

    /// All patronati, by code.
    pub fn patronati(&self) -> impl Iterator<Item = &Patronato> {
        self.patronati.values()
    }

    pub fn office(&self, patronato: &PatronatoCode, office: &OfficeCode) -> Option<&Office> {
        self.patronato(patronato)?.office(office)
    }
}

impl Default for Registers {
    /// Only the two desks.
    fn default() -> Self {
        Self::new(RegisterRows::default())
    }
}

/// How rules of one CAP are ordered: comune and topic over comune over topic over the CAP alone, then by priority;
/// the rest makes the order the same on every node.
fn strength(rule: &CompetenceRule) -> impl Ord + '_ {
    let specific = (rule.comune_istat.is_some(), rule.topic.is_some());
    (
        Reverse(specific),
        rule.priority,
        &rule.sede,
        &rule.comune_istat,
        &rule.topic,
    )
}

/// Makes sure a desk is there and open: without it requests would have nowhere to wait.
fn open_desk(sedi: &mut BTreeMap<SedeCode, Sede>, code: SedeCode, name: &str) {
    debug_assert!(
        matches!(code.as_str(), LINEAINPS | UNROUTED_DESK),
        "one of the two desks"
    );
    let new = sedi.entry(code.clone());
    let desk = new.or_insert_with(|| Sede::named(code, name.to_owned(), SedeKind::Desk));
    desk.kind = SedeKind::Desk;
    desk.active = true;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_desks_are_there_and_open_whatever_the_rows_say() {
        let registers = Registers::default();
        let mut closed = registers.sede(&SedeCode::lineainps()).unwrap().clone();
        closed.active = false;
        closed.kind = SedeKind::Sede;
        closed.protocol_code = Some(ProtocolOffice::parse("LINEA").unwrap());
        let registers = Registers::new(RegisterRows {
            sedi: vec![closed],
            ..RegisterRows::default()
        });
        for desk in [SedeCode::lineainps(), SedeCode::unrouted_desk()] {
            assert_eq!(
                registers.open_sede(&desk).map(|sede| sede.kind),
                Some(SedeKind::Desk)
            );
            assert_eq!(registers.protocol_office(&desk).as_str(), "LINEA");
        }
    }

    #[test]
    fn every_sede_has_a_protocol_office() {
        let unknown = SedeCode::parse("230001").unwrap();
        assert_eq!(Registers::default().protocol_office(&unknown).as_str(), "CCBFF");
    }
}
