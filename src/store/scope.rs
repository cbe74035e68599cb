//! As whom the database is asked.
//!
//! Nodes and the command line work as `usciere_engine`. Questions of people are asked as `usciere_question`, in a
//! transaction that sees only what the asking person may see: row-level security reads the scope from settings of the
//! transaction, and without them no row is visible. Both roles own nothing and bypass nothing, so this holds whoever
//! the login is.

use futures::future::BoxFuture;
use sqlx::{PgConnection, Postgres, Transaction};

use super::{Store, StoreError};
use crate::domain::person::Scope;

/// Puts a new connection into the engine's role, where the login may take it. Before the first migration there is
/// none; `usciere doctor` tells where the login lacks it.
pub(super) fn as_engine(connection: &mut PgConnection) -> BoxFuture<'_, Result<(), sqlx::Error>> {
    Box::pin(async move {
        sqlx::query(
            "select set_config('role', rolname, false) from pg_roles \
             where rolname = 'usciere_engine' and pg_has_role(session_user, oid, 'member')",
        )
        .execute(connection)
        .await?;
        Ok(())
    })
}

/// As whom the database is asked, and what this login could do beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rights {
    /// Whether the engine's role is taken.
    pub as_engine: bool,
    /// Whether the login bypasses row-level security, or could.
    pub superuser: bool,
    /// Whether the login owns the tables.
    pub owner: bool,
}

impl Store {
    /// Begins to answer people, in one round trip. All answers are of one moment, each with a plan for the values at hand: an office of ten requests and a
    /// sede of a million go different ways, and so do filters that are set and those that are not.
    pub(super) async fn begin_reading(&self) -> Result<Transaction<'static, Postgres>, StoreError> {
        const BEGIN: &str = "begin isolation level repeatable read read only; \
                             set local plan_cache_mode = force_custom_plan";
        Ok(self.pool.begin_with(BEGIN).await?)
    }

    /// A read-only transaction under a scope. Committing or dropping it is the same.
    pub(super) async fn begin_question(
        &self,
        scope: &Scope,
    ) -> Result<Transaction<'static, Postgres>, StoreError> {
        let mut transaction = self.begin_reading().await?;
        let (patronato, office, sede) = match scope {
            Scope::Office { patronato, office } => (patronato.as_str(), office.as_str(), ""),
            Scope::Sede(sede) => ("", "", sede.as_str()),
            Scope::Nothing => ("", "", ""),
        };
        sqlx::query!(
            r#"
            select set_config('role', 'usciere_question', true) as "role?",
                   set_config('usciere.patronato', $1, true) as "patronato?",
                   set_config('usciere.office', $2, true) as "office?",
                   set_config('usciere.sede', $3, true) as "sede?"
            "#,
            patronato,
            office,
            sede
        )
        .fetch_one(&mut *transaction)
        .await?;
        Ok(transaction)
    }

    /// As whom this login asks.
    pub async fn rights(&self) -> Result<Rights, StoreError> {
        let rights = sqlx::query_as!(
            Rights,
            r#"
            select current_user = 'usciere_engine' as "as_engine!",
                   (select rolsuper or rolbypassrls from pg_roles where rolname = session_user) as "superuser!",
                   (select pg_has_role(session_user, relowner, 'member') from pg_class
                    where oid = to_regclass('cases')) as "owner!"
            "#
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(rights)
    }
}
