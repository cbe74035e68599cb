//! Whom the development sign-in offers: made-up people of the offices in the registers.

use super::Portal;
use crate::domain::command::{Personal, Role};
use crate::domain::email::EmailAddress;
use crate::domain::ids::{ActorId, SedeCode};
use crate::domain::person::{Capacity, Membership, Person};
use crate::domain::registers::{Office, Patronato, Registers, SedeKind};

/// People shown together.
pub(super) struct Group {
    pub(super) title: String,
    pub(super) people: Vec<Entry>,
}

/// One button.
pub(super) struct Entry {
    pub(super) word: String,
    pub(super) name: &'static str,
    pub(super) role: String,
}

/// Who works in every office of a patronato.
const STAFF: [(&str, &str, &[Role], &str); 4] = [
    ("op1", "Mario Rossi", &[Role::Operator], "operatore"),
    ("op2", "Giulia Conti", &[Role::Operator], "operatrice"),
    (
        "ref1",
        "Paola Neri",
        &[Role::RegionalReferent],
        "referente regionale",
    ),
    (
        "both1",
        "Franca Villa",
        &[Role::Operator, Role::RegionalReferent],
        "operatrice e referente regionale",
    ),
];

/// Offices and sedi shown; the registers of a real system hold thousands.
const SHOWN: usize = 4;
/// First where they are there: the demonstration's own.
const FIRST: [&str; 2] = ["INCA-RM-001", "INCA-RM-002"];

pub(super) fn groups(portal: &Portal) -> Vec<Group> {
    let registers = portal.api.registers.borrow();
    let mut groups: Vec<Group> = offices(&registers).into_iter().map(of_office).collect();
    groups.extend(of_sedi(&registers));
    groups
}

fn offices(registers: &Registers) -> Vec<(&Patronato, &Office)> {
    let mut all: Vec<_> = registers
        .patronati()
        .flat_map(|patronato| patronato.offices.iter().map(move |office| (patronato, office)))
        .collect();
    all.sort_by_key(|(patronato, office)| {
        let place = FIRST.iter().position(|first| *first == office.code.as_str());
        (
            place.unwrap_or(FIRST.len()),
            patronato.code.clone(),
            office.code.clone(),
        )
    });
    all.truncate(SHOWN);
    all
}

fn of_office((patronato, office): (&Patronato, &Office)) -> Group {
    let entry = |(id, name, _, role): &(&str, &'static str, &[Role], &'static str)| Entry {
        word: format!("{}/{}/{id}", patronato.code, office.code),
        name,
        role: (*role).to_owned(),
    };
    Group {
        title: format!("{} – {}", patronato.name, office.name),
        people: STAFF.iter().map(entry).collect(),
    }
}

fn of_sedi(registers: &Registers) -> Option<Group> {
    let open = registers
        .sedi()
        .filter(|sede| sede.active && sede.kind == SedeKind::Desk);
    let people: Vec<Entry> = open
        .take(SHOWN)
        .map(|sede| Entry {
            word: format!("sede/{}", sede.code),
            name: OFFICER.1,
            role: format!("funzionaria, {}", sede.name),
        })
        .collect();
    (!people.is_empty()).then(|| Group {
        title: "Sedi".to_owned(),
        people,
    })
}

const OFFICER: (&str, &str) = ("uff1", "Anna Verdi");

/// The person of a button.
pub(super) fn find(portal: &Portal, word: &str) -> Option<Person> {
    let registers = portal.api.registers.borrow();
    match word.split('/').collect::<Vec<_>>().as_slice() {
        ["sede", code] => {
            let sede = SedeCode::parse(code)
                .ok()
                .filter(|code| registers.sede(code).is_some())?;
            Some(person(OFFICER.0, OFFICER.1, None, Capacity::Sede { sede }))
        }
        [patronato, office, id] => {
            let patronato = registers
                .patronati()
                .find(|one| one.code.as_str() == *patronato)?;
            let office = patronato
                .offices
                .iter()
                .find(|one| one.code.as_str() == *office)?;
            let (id, name, roles, _) = STAFF.iter().find(|(known, ..)| known == id)?;
            let membership = Membership {
                patronato: patronato.code.clone(),
                office: office.code.clone(),
                roles: roles.to_vec(),
                region: office.region.filter(|_| roles.contains(&Role::RegionalReferent)),
            };
            let email = EmailAddress::parse(&format!("{id}@{}.example", patronato.code)).ok();
            Some(person(id, name, email, Capacity::Patronato(membership)))
        }
        _ => None,
    }
}

fn person(id: &str, name: &str, email: Option<EmailAddress>, capacity: Capacity) -> Person {
    Person {
        id: ActorId::parse(id).expect("ids written above are ids"),
        name: Personal(name.to_owned()),
        email,
        capacity,
    }
}
