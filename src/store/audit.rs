//! The audit: rows written with what they tell of, chained a moment later, walked by whoever doubts them.
//!
//! Chaining waits for nobody: rows that are in no chain yet stand in `audit_pending`, so one whose transaction commits
//! late is chained late, and never missed. One node at a time chains, by a lock that its transaction holds.

mod reading;
mod sealing;

use sqlx::{Postgres, Transaction};

use super::{Store, StoreError};
use crate::domain::audit::{AuditEntry, Standing};

pub use reading::{AuditFilter, AuditReading, Walked};
pub use sealing::Sealed;

/// Writes entries within a transaction.
pub(super) async fn insert(
    transaction: &mut Transaction<'static, Postgres>,
    entries: &[AuditEntry],
) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let column = |value: fn(&AuditEntry) -> Option<String>| entries.iter().map(value).collect::<Vec<_>>();
    sqlx::query!(
        r#"
        with written as (
            insert into audit (actor, capacity, patronato, office, sede, action, outcome, code, requests, persons,
                               correlation)
            select unnest($1::text[]), unnest($2::text[]), unnest($3::text[]), unnest($4::text[]),
                   unnest($5::text[]), unnest($6::text[]), unnest($7::text[]), unnest($8::text[]),
                   unnest($9::text[])::uuid[], unnest($10::text[])::text[], unnest($11::text[])
            returning id, at
        )
        insert into audit_pending (first, ids, at)
        select min(id), array_agg(id order by id), min(at) from written
        "#,
        &column(|e| e.actor.as_ref().map(ToString::to_string)) as _,
        &column(|e| Some(e.standing.as_str().to_owned())) as _,
        &column(|e| patronato(&e.standing)) as _,
        &column(|e| office(&e.standing)) as _,
        &column(|e| sede(&e.standing)) as _,
        &column(|e| Some(e.action.to_string())) as _,
        &column(|e| Some(e.outcome.as_str().to_owned())) as _,
        &column(|e| e.code.clone()) as _,
        // Lists of different lengths do not make an array of arrays.
        &column(|e| Some(array(e.requests.iter().map(ToString::to_string)))) as _,
        &column(|e| Some(array(e.persons.iter().map(ToString::to_string)))) as _,
        &column(|e| e.correlation.clone()) as _
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

impl Store {
    /// Writes one entry by itself: of a question, or of an attempt that changed nothing.
    pub async fn record(&self, entries: &[AuditEntry]) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin().await?;
        insert(&mut transaction, entries).await?;
        Ok(transaction.commit().await?)
    }
}

fn patronato(standing: &Standing) -> Option<String> {
    match standing {
        Standing::Patronato { patronato, .. } => Some(patronato.to_string()),
        Standing::Sede(_)
        | Standing::Manager
        | Standing::Administrator
        | Standing::Engine
        | Standing::Nobody => None,
    }
}

fn office(standing: &Standing) -> Option<String> {
    match standing {
        Standing::Patronato { office, .. } => office.as_ref().map(ToString::to_string),
        Standing::Sede(_)
        | Standing::Manager
        | Standing::Administrator
        | Standing::Engine
        | Standing::Nobody => None,
    }
}

fn sede(standing: &Standing) -> Option<String> {
    match standing {
        Standing::Sede(sede) => Some(sede.to_string()),
        Standing::Patronato { .. }
        | Standing::Manager
        | Standing::Administrator
        | Standing::Engine
        | Standing::Nobody => None,
    }
}

/// An array as PostgreSQL reads it from text.
fn array(items: impl Iterator<Item = String>) -> String {
    let quoted: Vec<String> = items
        .map(|item| format!("\"{}\"", item.replace('\\', r"\\").replace('"', "\\\"")))
        .collect();
    format!("{{{}}}", quoted.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_keep_what_looks_like_their_own_signs() {
        let items = ["a,b", r#"c"d\e"#, "{}"].map(str::to_owned);
        assert_eq!(array(items.into_iter()), r#"{"a,b","c\"d\\e","{}"}"#);
        assert_eq!(array(std::iter::empty()), "{}");
    }
}
