//! One import is one transaction: nobody sees half of it, and a broken one leaves nothing behind.

use std::collections::BTreeSet;
use std::ops::AddAssign;

use sqlx::{Postgres, Transaction};

use super::super::{Store, StoreError};
use crate::domain::ids::{PatronatoCode, SedeCode, TopicCode};
use crate::domain::registers::Office;

/// How many rows an upsert really wrote; the rest were there already, word for word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    pub inserted: u64,
    pub changed: u64,
}

impl AddAssign for Written {
    fn add_assign(&mut self, other: Self) {
        self.inserted += other.inserted;
        self.changed += other.changed;
    }
}

impl Written {
    /// From what each written row answered: whether it was new.
    pub(super) fn of(answers: &[bool]) -> Self {
        let inserted = answers.iter().map(|new| u64::from(*new)).sum();
        let changed = answers.iter().map(|new| u64::from(!*new)).sum();
        Self { inserted, changed }
    }

    pub const fn is_nothing(self) -> bool {
        self.inserted == 0 && self.changed == 0
    }
}

/// An office with what is known of its patronato: a line of the patronati's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatronatoOffice {
    pub patronato: PatronatoCode,
    pub patronato_name: String,
    pub queue: bool,
    pub office: Office,
}

/// An import under way. Dropped without [`RegisterImport::commit`], it never happened.
#[derive(Debug)]
pub struct RegisterImport {
    pub(super) transaction: Transaction<'static, Postgres>,
}

impl Store {
    /// Opens an import. One runs at a time; a second one waits as long as the lock timeout lets it.
    pub async fn begin_import(&self) -> Result<RegisterImport, StoreError> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query!("select pg_advisory_xact_lock(hashtext('usciere_import'))")
            .execute(&mut *transaction)
            .await?;
        Ok(RegisterImport { transaction })
    }
}

impl RegisterImport {
    /// For each key the line of the file that had it first, itself included; remembers them for the next call.
    pub async fn first_lines(&mut self, keys: &[String], lines: &[i64]) -> Result<Vec<i64>, StoreError> {
        sqlx::query!(
            r#"
            insert into import_line (key, line)
            select t.key, min(t.line) from unnest($1::text[], $2::bigint[]) as t (key, line)
            group by t.key
            on conflict do nothing
            "#,
            keys,
            lines
        )
        .execute(&mut *self.transaction)
        .await?;
        let first = sqlx::query_scalar!(
            r#"
            -- lateral: the table has no statistics while it fills, and a join would read it all
            select l.line
            from unnest($1::text[]) with ordinality as t (key, place)
            cross join lateral (
                select line from import_line where import = pg_current_xact_id() and import_line.key = t.key
                limit 1
            ) l
            order by t.place
            "#,
            keys
        )
        .fetch_all(&mut *self.transaction)
        .await?;
        Ok(first)
    }

    /// Those of the codes that are sedi.
    pub async fn known_sedi(&mut self, codes: &[SedeCode]) -> Result<BTreeSet<String>, StoreError> {
        let codes: Vec<String> = codes.iter().map(ToString::to_string).collect();
        let known = sqlx::query_scalar!("select code from sede where code = any($1)", &codes)
            .fetch_all(&mut *self.transaction)
            .await?;
        Ok(known.into_iter().collect())
    }

    /// Those of the codes that are topics.
    pub async fn known_topics(&mut self, codes: &[TopicCode]) -> Result<BTreeSet<String>, StoreError> {
        let codes: Vec<String> = codes.iter().map(ToString::to_string).collect();
        let known = sqlx::query_scalar!("select code from topic where code = any($1)", &codes)
            .fetch_all(&mut *self.transaction)
            .await?;
        Ok(known.into_iter().collect())
    }

    /// Ends the import as if it had never been.
    pub async fn abandon(self) -> Result<(), StoreError> {
        Ok(self.transaction.rollback().await?)
    }

    /// Ends the import; where nodes keep a snapshot of what it changed, they are told to take a new one.
    pub async fn commit(mut self, snapshot_changed: bool) -> Result<(), StoreError> {
        sqlx::query!("delete from import_line where import = pg_current_xact_id()")
            .execute(&mut *self.transaction)
            .await?;
        if snapshot_changed {
            sqlx::query!(
                r#"
                with bumped as (update registers_version set version = version + 1 returning version)
                select pg_notify('usciere_registers', '') from bumped
                "#
            )
            .execute(&mut *self.transaction)
            .await?;
        }
        self.transaction.commit().await?;
        Ok(())
    }
}
