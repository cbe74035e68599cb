//! Who calls in these tests: people of the example registers.

use usciere::domain::command::{Personal, Role};
use usciere::domain::email::EmailAddress;
use usciere::domain::person::{Capacity, Membership, Person};
use usciere::domain::place::Region;

/// Mario Rossi, op1 of INCA Roma.
pub(crate) fn operator() -> Person {
    member("op1", "Mario Rossi", "inca", "INCA-RM-001", &[Role::Operator])
}

/// Another operator of the same office.
pub(crate) fn colleague() -> Person {
    member("op2", "Lucia Bruni", "inca", "INCA-RM-001", &[Role::Operator])
}

/// An operator of another office of the same patronato.
pub(crate) fn of_pomezia() -> Person {
    member("op3", "Sara Conti", "inca", "INCA-RM-002", &[Role::Operator])
}

/// The regional referent of Lazio, who is an operator as well.
pub(crate) fn referent() -> Person {
    member("ref1", "Paola Neri", "inca", "INCA-RM-001", Role::ALL)
}

/// Anna Verdi of a sede or desk.
pub(crate) fn officer(sede: &str) -> Person {
    Person {
        id: "av1".parse().unwrap(),
        name: Personal("Anna Verdi".to_owned()),
        email: None,
        capacity: Capacity::Sede {
            sede: sede.parse().unwrap(),
        },
    }
}

/// Who runs the engine.
pub(crate) fn manager() -> Person {
    Person {
        id: "gestore1".parse().unwrap(),
        name: Personal("Luca Gallo".to_owned()),
        email: None,
        capacity: Capacity::Manager,
    }
}

pub(crate) fn member(id: &str, name: &str, patronato: &str, office: &str, roles: &[Role]) -> Person {
    Person {
        id: id.parse().unwrap(),
        name: Personal(name.to_owned()),
        email: EmailAddress::parse(&format!("{id}@{patronato}.example")).ok(),
        capacity: Capacity::Patronato(Membership {
            patronato: patronato.parse().unwrap(),
            office: office.parse().unwrap(),
            roles: roles.to_vec(),
            region: roles.contains(&Role::RegionalReferent).then_some(Region::Lazio),
        }),
    }
}
