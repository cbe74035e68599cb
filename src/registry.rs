//! The registers of citizens and practices, as ports: the store's own tables, or a deployer's remote service.
//!
//! A register is asked for a whole batch at once and answers question by question. A remote one that is away, or
//! talks nonsense, parks what waits for it ([`NoAnswer`]): it never loses or refuses a request, and never holds up
//! another. What answers mean is judged here, purely: [`identify`], [`check_practice`].

pub mod import;
mod judge;
pub mod remote;

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::watch;

use crate::domain::command::{CitizenQuery, Practice};
use crate::domain::event::words;
use crate::domain::registers::{Citizen, PracticeRecord, RegisterName};
use crate::store::{Store, StoreError};

pub use judge::{check_practice, choice, fitting, identify, nobody};

words!(
    /// Why a remote register has no answer.
    Trouble {
        /// Away, overloaded or too slow.
        Unavailable = "unavailable",
        /// It answers what cannot be: somebody has to look.
        Faulty = "faulty",
    }
);

/// A question a remote register has not answered. It may later: nothing was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the register of {register} is {trouble}")]
pub struct NoAnswer {
    pub register: RegisterName,
    pub trouble: Trouble,
}

/// What a register says to one question: everything that fits, nothing when nothing does.
pub type Answer<T> = Result<Vec<T>, NoAnswer>;

/// How a remote register stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Up,
    /// Not asked until it answers a question of no one.
    Away(Trouble),
}

/// Finds people. An error is our own database's: then the whole batch waits.
pub trait FindCitizens: Send + Sync {
    /// For each query all who may be meant.
    fn find_citizens<'a>(
        &'a self,
        queries: &'a [CitizenQuery],
    ) -> BoxFuture<'a, Result<Vec<Answer<Citizen>>, StoreError>>;

    /// How it stands; a register in our own database stands as that does.
    fn standing(&self) -> Option<watch::Receiver<Standing>> {
        None
    }
}

/// Finds who has to do with a practice. An error is our own database's: then the whole batch waits.
pub trait FindPractices: Send + Sync {
    /// For each practice all its records.
    fn find_practices<'a>(
        &'a self,
        practices: &'a [Practice],
    ) -> BoxFuture<'a, Result<Vec<Answer<PracticeRecord>>, StoreError>>;

    /// How it stands; a register in our own database stands as that does.
    fn standing(&self) -> Option<watch::Receiver<Standing>> {
        None
    }
}

pub type CitizenRegister = Arc<dyn FindCitizens>;
pub type PracticeRegister = Arc<dyn FindPractices>;

/// Both registers, as an engine and its API ask them.
#[derive(Clone)]
pub struct PeopleRegisters {
    pub citizens: CitizenRegister,
    pub practices: PracticeRegister,
}

impl PeopleRegisters {
    /// The tables of our own database.
    pub fn local(store: &Store) -> Self {
        Self {
            citizens: Arc::new(store.clone()),
            practices: Arc::new(store.clone()),
        }
    }

    /// How each stands that is elsewhere.
    pub fn standings(&self) -> Vec<(RegisterName, watch::Receiver<Standing>)> {
        let both = [
            (RegisterName::Citizens, self.citizens.standing()),
            (RegisterName::Practices, self.practices.standing()),
        ];
        both.into_iter()
            .filter_map(|(name, standing)| Some((name, standing?)))
            .collect()
    }

    /// Those that are away now.
    pub fn away(&self) -> Vec<RegisterName> {
        self.standings()
            .into_iter()
            .filter(|(_, standing)| *standing.borrow() != Standing::Up)
            .map(|(name, _)| name)
            .collect()
    }
}

impl FindCitizens for Store {
    fn find_citizens<'a>(
        &'a self,
        queries: &'a [CitizenQuery],
    ) -> BoxFuture<'a, Result<Vec<Answer<Citizen>>, StoreError>> {
        async { Ok(self.citizens(queries).await?.into_iter().map(Ok).collect()) }.boxed()
    }
}

impl FindPractices for Store {
    fn find_practices<'a>(
        &'a self,
        practices: &'a [Practice],
    ) -> BoxFuture<'a, Result<Vec<Answer<PracticeRecord>>, StoreError>> {
        async { Ok(self.practices(practices).await?.into_iter().map(Ok).collect()) }.boxed()
    }
}
