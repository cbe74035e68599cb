//! Who has read what: one mark per person and request, up to the last event there was.

use super::Reader;
use crate::domain::ids::RequestId;
use crate::domain::person::Person;
use crate::store::{Store, StoreError};

impl Store {
    /// Notes that a person has read a request as it stands. Whether he or she may see it was asked before.
    pub async fn mark_read(&self, person: &Person, request: RequestId) -> Result<(), StoreError> {
        let Some(reader) = Reader::of(person) else {
            return Ok(());
        };
        sqlx::query!(
            r#"
            insert into read_mark (source, reader, case_id, seq)
            select $1, $2, id, version from cases where id = $3
            on conflict (source, reader, case_id) do update set seq = excluded.seq, read_at = now()
            "#,
            reader.source.to_string(),
            reader.id.as_str(),
            request.0
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Makes a request unread again for a person.
    pub async fn mark_unread(&self, person: &Person, request: RequestId) -> Result<(), StoreError> {
        let Some(reader) = Reader::of(person) else {
            return Ok(());
        };
        sqlx::query!(
            "delete from read_mark where source = $1 and reader = $2 and case_id = $3",
            reader.source.to_string(),
            reader.id.as_str(),
            request.0
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}
