//! Who asks in these tests.

use usciere::domain::command::{Personal, Role};
use usciere::domain::person::{Capacity, Membership, Person};

pub(crate) fn member(patronato: &str, office: &str) -> Person {
    person(Capacity::Patronato(Membership {
        patronato: patronato.parse().unwrap(),
        office: office.parse().unwrap(),
        roles: vec![Role::Operator],
        region: None,
    }))
}

pub(crate) fn officer(sede: &str) -> Person {
    person(Capacity::Sede {
        sede: sede.parse().unwrap(),
    })
}

/// Who runs the engine and sees no request.
pub(crate) fn manager() -> Person {
    person(Capacity::Manager)
}

fn person(capacity: Capacity) -> Person {
    Person {
        id: "op1".parse().unwrap(),
        name: Personal("Mario Rossi".to_owned()),
        email: None,
        capacity,
    }
}
