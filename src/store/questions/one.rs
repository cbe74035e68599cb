//! One request with its history, as its viewer may see it.

use sqlx::QueryBuilder;

use super::Question;
use super::lists::{Listed, ListedRow};
use crate::domain::event::{EventKind, Side};
use crate::domain::filter::RequestFilter;
use crate::domain::ids::RequestId;
use crate::domain::request::HistoryEntry;
use crate::store::StoreError;
use crate::store::rows::HistoryRow;

impl Question {
    /// The request, if the viewer may see it.
    pub async fn request(&mut self, id: RequestId) -> Result<Option<Listed>, StoreError> {
        let mut query = QueryBuilder::new("");
        self.select(&mut query);
        self.tables(&mut query, &RequestFilter::default());
        query.push(" where c.id = ").push_bind(id.0);
        self.within_scope(&mut query, &RequestFilter::default());
        let row: Option<ListedRow> = query
            .build_query_as()
            .fetch_optional(&mut *self.transaction)
            .await?;
        row.map(Listed::try_from).transpose()
    }

    /// What happened to it, oldest first; without the sede's own affairs where a patronato asks.
    pub async fn history(&mut self, id: RequestId) -> Result<Vec<HistoryEntry>, StoreError> {
        let hidden: Vec<String> = match self.reader.as_ref().map(|reader| reader.side) {
            Some(Side::Patronato) => EventKind::ALL
                .iter()
                .filter(|kind| kind.is_internal())
                .map(ToString::to_string)
                .collect(),
            Some(Side::Sede) | None => Vec::new(),
        };
        let rows = sqlx::query_as!(
            HistoryRow,
            "select * from case_event where case_id = $1 and kind <> all($2) order by seq",
            id.0,
            &hidden
        )
        .fetch_all(&mut *self.transaction)
        .await?;
        rows.into_iter().map(HistoryEntry::try_from).collect()
    }
}
