//! Questions are asked in a transaction that sees only what the asking person may see: PostgreSQL's row-level
//! security reads the scope from settings of the transaction. Without them no row is visible.

use sqlx::{Postgres, Transaction};

use super::{Store, StoreError};
use crate::domain::person::Scope;

impl Store {
    /// A read-only transaction under a scope. Committing or dropping it is the same.
    pub(super) async fn begin_question(
        &self,
        scope: &Scope,
    ) -> Result<Transaction<'static, Postgres>, StoreError> {
        let mut transaction = self.pool.begin_with("begin read only").await?;
        let (patronato, office, sede) = match scope {
            Scope::Office { patronato, office } => (patronato.as_str(), office.as_str(), ""),
            Scope::Sede(sede) => ("", "", sede.as_str()),
            Scope::Nothing => ("", "", ""),
        };
        sqlx::query(
            "select set_config('usciere.patronato', $1, true), set_config('usciere.office', $2, true), \
             set_config('usciere.sede', $3, true)",
        )
        .bind(patronato)
        .bind(office)
        .bind(sede)
        .execute(&mut *transaction)
        .await?;
        Ok(transaction)
    }
}
