//! PostgreSQL, the only truth. (Minimal: the engine's store takes its place.)

mod error;
mod registers;

use sqlx::PgPool;

pub use error::StoreError;
pub use registers::{PatronatoOffice, RegisterImport, Written};

/// The database, shared by everything in one node.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) pool: PgPool,
}
