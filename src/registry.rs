//! The registers of citizens and practices, as ports: the store's own tables, or a deployer's remote service.
//!
//! A register is asked for a whole batch at once. One that is away parks what waits for it ([`RegisterError`]);
//! it never loses or refuses a request. What its answers mean is judged here, purely: [`identify`], [`check_practice`].

pub mod import;
mod judge;

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;

use crate::domain::command::{CitizenQuery, Practice};
use crate::domain::registers::{Citizen, PracticeRecord};
use crate::store::{Store, StoreError};

pub use judge::{check_practice, identify};

/// Why a register did not answer.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// Away or overloaded: ask again later.
    #[error("the register of {0} is not available")]
    Unavailable(&'static str, #[source] Box<dyn std::error::Error + Send + Sync>),
    /// It answered what cannot be: asking again will not help, somebody has to look.
    #[error("the register of {0} answers wrongly")]
    Faulty(&'static str, #[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Finds people. For each query all who may be meant, none when it names nobody.
pub trait FindCitizens: Send + Sync {
    fn find_citizens<'a>(
        &'a self,
        queries: &'a [CitizenQuery],
    ) -> BoxFuture<'a, Result<Vec<Vec<Citizen>>, RegisterError>>;
}

/// Finds who has to do with a practice. For each practice all its records, none when it is unknown.
pub trait FindPractices: Send + Sync {
    fn find_practices<'a>(
        &'a self,
        practices: &'a [Practice],
    ) -> BoxFuture<'a, Result<Vec<Vec<PracticeRecord>>, RegisterError>>;
}

pub type CitizenRegister = Arc<dyn FindCitizens>;
pub type PracticeRegister = Arc<dyn FindPractices>;

impl FindCitizens for Store {
    fn find_citizens<'a>(
        &'a self,
        queries: &'a [CitizenQuery],
    ) -> BoxFuture<'a, Result<Vec<Vec<Citizen>>, RegisterError>> {
        async {
            Self::citizens(self, queries)
                .await
                .map_err(|error| of_store("citizens", error))
        }
        .boxed()
    }
}

impl FindPractices for Store {
    fn find_practices<'a>(
        &'a self,
        practices: &'a [Practice],
    ) -> BoxFuture<'a, Result<Vec<Vec<PracticeRecord>>, RegisterError>> {
        async {
            Self::practices(self, practices)
                .await
                .map_err(|error| of_store("practices", error))
        }
        .boxed()
    }
}

fn of_store(register: &'static str, error: StoreError) -> RegisterError {
    if error.is_passing() {
        RegisterError::Unavailable(register, error.into())
    } else {
        RegisterError::Faulty(register, error.into())
    }
}
