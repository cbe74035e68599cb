//! Inserts that leave together: gathered while a batch is written down, sent as one statement in one round trip.
//!
//! Each is a common table expression of its own, whole rows as one array per column, so what a batch costs beside its
//! rows is paid once and not once for every table. Which tables those are differs little from batch to batch: the server
//! plans a handful of statements, once for each connection.

use std::fmt::Write as _;

use sqlx::encode::Encode;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArguments, PgConnection};
use sqlx::types::Type;
use sqlx::{Arguments as _, AssertSqlSafe, Connection as _, Postgres};

use super::StoreError;

/// Inserts gathered so far.
#[derive(Default)]
pub(super) struct Writes {
    text: String,
    arguments: PgArguments,
    bound: usize,
    /// What could not be encoded, told when all of it is to leave.
    broken: Option<BoxDynError>,
}

/// One insert that is being put together. Nothing of it is written before [`Insert::done`].
#[must_use]
pub(super) struct Insert<'w> {
    writes: &'w mut Writes,
    name: &'static str,
    table: &'static str,
    columns: String,
    values: String,
}

impl Writes {
    /// Begins an insert into `table`, known to what follows by `name`.
    pub(super) fn insert(&mut self, name: &'static str, table: &'static str) -> Insert<'_> {
        Insert {
            writes: self,
            name,
            table,
            columns: String::new(),
            values: String::new(),
        }
    }

    /// Adds a statement that goes by what earlier ones return.
    pub(super) fn then(&mut self, name: &'static str, statement: &str) {
        let and = if self.text.is_empty() { "with" } else { ",\n" };
        // Writing into a string cannot fail.
        let _ = write!(self.text, "{and} {name} as ({statement})");
    }

    /// Writes everything; answers the ids that the insert of that name returned, in its order.
    pub(super) async fn leave(
        &mut self,
        connection: &mut PgConnection,
        told: Option<&'static str>,
    ) -> Result<Vec<i64>, StoreError> {
        let Self {
            text,
            arguments,
            broken,
            ..
        } = std::mem::take(self);
        if let Some(error) = broken {
            return Err(sqlx::Error::Encode(error).into());
        }
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let answer = told.map_or_else(
            || "select null::bigint where false".to_owned(),
            |name| format!("select id from {name}"),
        );
        // Names and types are ours; every value is bound.
        let statement = AssertSqlSafe(text + "\n" + &answer);
        let ids = sqlx::query_scalar_with(statement, arguments);
        let ids = ids.fetch_all(&mut *connection).await;
        // A large batch is megabytes, and each connection of the pool would keep room for the largest it ever sent.
        connection.shrink_buffers();
        Ok(ids?)
    }
}

impl Insert<'_> {
    /// Adds a column, one value for each row, in order.
    pub(super) fn column<'v, V>(self, name: &str, of: &str, values: V) -> Self
    where
        V: Encode<'v, Postgres> + Type<Postgres>,
    {
        self.made_of(name, of, values, |value| value)
    }

    /// Adds a column that is made of a value for each row.
    pub(super) fn made_of<'v, V>(
        self,
        name: &str,
        of: &str,
        values: V,
        make: impl FnOnce(String) -> String,
    ) -> Self
    where
        V: Encode<'v, Postgres> + Type<Postgres>,
    {
        if let Err(error) = self.writes.arguments.add(values) {
            self.writes.broken.get_or_insert(error);
        }
        self.writes.bound += 1;
        // In the select list arrays are taken apart side by side, in their order; in `from` every row would be formed
        // once more (an eighth of an insert).
        let value = make(format!("unnest(${}::{of}[])", self.writes.bound));
        self.computed(name, &value)
    }

    /// Adds a column the server works out.
    pub(super) fn computed(mut self, name: &str, expression: &str) -> Self {
        let comma = if self.columns.is_empty() { "" } else { ", " };
        // Writing into a string cannot fail.
        let _ = write!(self.columns, "{comma}{name}");
        let _ = write!(self.values, "{comma}{expression}");
        self
    }

    /// With what is to follow the rows: `on conflict`, `returning`.
    pub(super) fn done(self, rest: &str) {
        let Self {
            writes,
            name,
            table,
            columns,
            values,
        } = self;
        writes.then(
            name,
            &format!("insert into {table} ({columns}) select {values} {rest}"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inserts_leave_as_one_statement_with_every_value_bound() {
        let mut writes = Writes::default();
        writes
            .insert("told", "history")
            .column("number", "int", vec![1, 2])
            .computed("at", "now()")
            .done("returning id");
        writes
            .insert("kept", "words")
            .made_of("document", "text", vec!["a b", "c"], |words| {
                format!("f({words})")
            })
            .done("on conflict do nothing");
        writes.then("counted", "insert into counts select count(*) from told");
        assert_eq!(
            writes.text,
            "with told as (insert into history (number, at) select unnest($1::int[]), now() returning id),\n \
             kept as (insert into words (document) select f(unnest($2::text[])) on conflict do nothing),\n \
             counted as (insert into counts select count(*) from told)"
        );
        assert_eq!(writes.arguments.len(), writes.bound);
    }
}
