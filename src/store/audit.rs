//! The audit: rows written with what they tell of, chained a moment later, walked by whoever doubts them.
//!
//! Chaining waits for nobody: rows that are in no chain yet stand in `audit_pending`, so one whose transaction commits
//! late is chained late, and never missed. One node at a time chains, by a lock that its transaction holds.

mod reading;
mod sealing;

use sqlx::postgres::PgConnection;

use super::intake::column;
use super::writes::Writes;
use super::{Store, StoreError};
use crate::domain::audit::{AuditEntry, Standing};

pub use reading::{AuditFilter, AuditReading, Walked};
pub use sealing::Sealed;

/// Writes entries by themselves.
async fn write(connection: &mut PgConnection, entries: &[AuditEntry]) -> Result<(), StoreError> {
    let mut writes = Writes::default();
    insert(&mut writes, entries);
    writes.leave(connection, None).await?;
    Ok(())
}

/// Adds entries to what leaves.
pub(super) fn insert(writes: &mut Writes, entries: &[AuditEntry]) {
    if entries.is_empty() {
        return;
    }
    let audited = writes.insert("audited", "audit");
    audited
        .column(
            "actor",
            "text",
            column(entries, |e| e.actor.as_ref().map(ToString::to_string)),
        )
        .column("capacity", "text", column(entries, |e| e.standing.as_str()))
        .column("patronato", "text", column(entries, |e| patronato(&e.standing)))
        .column("office", "text", column(entries, |e| office(&e.standing)))
        .column("sede", "text", column(entries, |e| sede(&e.standing)))
        .column("action", "text", column(entries, |e| e.action.to_string()))
        .column("outcome", "text", column(entries, |e| e.outcome.as_str()))
        .column("code", "text", column(entries, |e| e.code.as_deref()))
        // Lists of different lengths do not make an array of arrays.
        .made_of(
            "requests",
            "text",
            column(entries, |e| array(e.requests.iter().map(ToString::to_string))),
            |text| text + "::uuid[]",
        )
        .made_of(
            "persons",
            "text",
            column(entries, |e| array(e.persons.iter().map(ToString::to_string))),
            |text| text + "::text[]",
        )
        .column(
            "correlation",
            "text",
            column(entries, |e| e.correlation.as_deref()),
        )
        .done("returning id, at");
    writes.then(
        "to_be_chained",
        "insert into audit_pending (first, ids, at) select min(id), array_agg(id order by id), min(at) from audited",
    );
}

impl Store {
    /// A number that grows with every command, whichever node handles it, and with every question that is written down.
    pub async fn commands_so_far(&self) -> Result<i64, StoreError> {
        let drawn = sqlx::query_scalar!(
            r#"select case when is_called then last_value else 0 end as "drawn!" from audit_id_seq"#
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(drawn)
    }

    /// Writes one entry by itself: of a question, or of an attempt that changed nothing.
    pub async fn record(&self, entries: &[AuditEntry]) -> Result<(), StoreError> {
        write(&mut *self.pool.acquire().await?, entries).await
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
