//! Searches people keep under a name: each person's own.

use uuid::Uuid;

use super::{Store, StoreError};
use crate::domain::ids::{ActorId, PatronatoCode};
use crate::domain::saved_filter::{FilterName, MOST_SAVED, SavedFilter, SavedFilterId};

/// What became of a search that was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saving {
    Saved,
    /// There are as many as there may be.
    Full,
}

struct Row {
    id: Uuid,
    name: String,
    query: String,
}

impl TryFrom<Row> for SavedFilter {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let corrupt = |_| StoreError::corrupt("saved_filter", "name", row.id);
        Ok(Self {
            id: SavedFilterId(row.id),
            name: FilterName::parse(&row.name).map_err(corrupt)?,
            query: row.query,
        })
    }
}

impl Store {
    /// The searches a person keeps, by name.
    pub async fn saved_filters(
        &self,
        patronato: &PatronatoCode,
        operator: &ActorId,
    ) -> Result<Vec<SavedFilter>, StoreError> {
        let rows = sqlx::query_as!(
            Row,
            "select id, name, query from saved_filter where patronato = $1 and operator_id = $2 order by name",
            patronato.as_str(),
            operator.as_str()
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(SavedFilter::try_from).collect()
    }

    /// Keeps a search; one of that name is replaced.
    pub async fn save_filter(
        &self,
        patronato: &PatronatoCode,
        operator: &ActorId,
        filter: &SavedFilter,
    ) -> Result<Saving, StoreError> {
        let done = sqlx::query!(
            r#"
            insert into saved_filter (id, patronato, operator_id, name, query)
            select $1, $2, $3, $4, $5
            where (select count(*) from saved_filter
                   where patronato = $2 and operator_id = $3 and name <> $4) < $6
            on conflict (patronato, operator_id, name) do update set query = excluded.query, saved_at = now()
            "#,
            filter.id.0,
            patronato.as_str(),
            operator.as_str(),
            filter.name.as_str(),
            filter.query,
            i64::try_from(MOST_SAVED).unwrap_or(i64::MAX)
        )
        .execute(&self.pool)
        .await?;
        Ok(if done.rows_affected() == 1 {
            Saving::Saved
        } else {
            Saving::Full
        })
    }

    /// Forgets a search of a person; `false`: there was none.
    pub async fn forget_filter(
        &self,
        patronato: &PatronatoCode,
        operator: &ActorId,
        id: SavedFilterId,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query!(
            "delete from saved_filter where id = $1 and patronato = $2 and operator_id = $3",
            id.0,
            patronato.as_str(),
            operator.as_str()
        )
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }
}
