//! Who asks over HTTP, and what of the database such a person may see.
//!
//! A person is proven once, at the border (a bearer token, a session of the pages), and never taken from a body.

use serde::{Deserialize, Serialize};

use super::command::{Officer, Operator, Personal, Role};
use super::email::EmailAddress;
use super::event::Actor;
use super::ids::{ActorId, OfficeCode, PatronatoCode, SedeCode, Source};
use super::place::Region;

/// A person whose identity was proven.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub id: ActorId,
    pub name: Personal,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<EmailAddress>,
    pub capacity: Capacity,
}

/// In which capacity a person acts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "capacity", rename_all = "snake_case")]
pub enum Capacity {
    /// Writes for a patronato, from one of its offices.
    Patronato(Membership),
    /// Answers for a sede or a desk.
    Sede { sede: SedeCode },
    /// Runs the engine: dead letters, queues, jobs, mails; reads no request.
    Manager,
}

/// A person's place in a patronato, and the roles he or she may take there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    pub patronato: PatronatoCode,
    pub office: OfficeCode,
    /// Never empty.
    pub roles: Vec<Role>,
    /// The region of a regional referent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
}

impl Membership {
    pub fn may_act_as(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

/// Which rows of requests a question may see; PostgreSQL enforces it as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The requests of one office of a patronato.
    Office {
        patronato: PatronatoCode,
        office: OfficeCode,
    },
    /// The requests a sede or desk holds or held.
    Sede(SedeCode),
    /// None at all.
    Nothing,
}

impl Person {
    /// What this person may see of requests.
    pub fn scope(&self) -> Scope {
        match &self.capacity {
            Capacity::Patronato(member) => Scope::Office {
                patronato: member.patronato.clone(),
                office: member.office.clone(),
            },
            Capacity::Sede { sede } => Scope::Sede(sede.clone()),
            Capacity::Manager => Scope::Nothing,
        }
    }

    /// The identity this person's commands carry, as a routing key would; managers send none.
    pub fn source(&self) -> Option<Source> {
        match &self.capacity {
            Capacity::Patronato(member) => Some(Source::Portal(member.patronato.clone())),
            Capacity::Sede { sede } => Some(Source::Sede(sede.clone())),
            Capacity::Manager => None,
        }
    }

    /// This person as the rules see whoever acts; managers do not act on requests.
    pub fn actor(&self) -> Option<Actor> {
        match &self.capacity {
            Capacity::Patronato(member) => Some(Actor::Operator {
                id: self.id.clone(),
                patronato: member.patronato.clone(),
                office: member.office.clone(),
            }),
            Capacity::Sede { sede } => Some(Actor::Officer {
                id: self.id.clone(),
                sede: sede.clone(),
            }),
            Capacity::Manager => None,
        }
    }

    pub fn as_operator(&self) -> Operator {
        Operator {
            id: self.id.clone(),
            name: self.name.clone(),
            email: self.email.clone(),
        }
    }

    pub fn as_officer(&self) -> Officer {
        Officer {
            id: self.id.clone(),
            name: self.name.clone(),
        }
    }
}
