//! Requests being written at the pages: each is its writer's alone, in the office he or she writes from.

use sqlx::types::Json;

use super::{Store, StoreError};
use crate::domain::draft::{Draft, DraftId, KeptDraft};
use crate::domain::ids::RequestId;
use crate::domain::person::{Capacity, Person};

/// What names the writer in a row.
pub(super) struct Writer {
    pub(super) patronato: String,
    pub(super) source: String,
    pub(super) office: String,
    pub(super) person: String,
}

impl Writer {
    pub(super) fn of(person: &Person) -> Option<Self> {
        match &person.capacity {
            Capacity::Patronato(member) => Some(Self {
                patronato: member.patronato.to_string(),
                source: format!("portal.{}", member.patronato),
                office: member.office.to_string(),
                person: person.id.to_string(),
            }),
            Capacity::Sede { .. } | Capacity::Manager => None,
        }
    }
}

impl Store {
    /// Keeps a new draft; those nobody touched for a month go.
    pub async fn begin_draft(&self, person: &Person, id: DraftId, draft: &Draft) -> Result<(), StoreError> {
        let Some(writer) = Writer::of(person) else {
            return Ok(());
        };
        sqlx::query!("delete from draft where changed_at < now() - interval '30 days'")
            .execute(&self.pool)
            .await?;
        sqlx::query!(
            "insert into draft (id, source, office, person, role, content) values ($1, $2, $3, $4, $5, $6)",
            id.0,
            writer.source,
            writer.office,
            writer.person,
            draft.role.as_str(),
            Json(draft) as _
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// A draft of this person.
    pub async fn draft(&self, person: &Person, id: DraftId) -> Result<Option<KeptDraft>, StoreError> {
        let Some(writer) = Writer::of(person) else {
            return Ok(None);
        };
        let row = sqlx::query!(
            r#"
            select content as "content: Json<Draft>", changed_at, request_id
            from draft where id = $1 and source = $2 and office = $3 and person = $4
            "#,
            id.0,
            writer.source,
            writer.office,
            writer.person
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| KeptDraft {
            id,
            draft: row.content.0,
            changed_at: row.changed_at,
            request: row.request_id.map(RequestId),
        }))
    }

    /// The drafts of a person in a role that are still to be sent, the latest first.
    pub async fn drafts(
        &self,
        person: &Person,
        role: crate::domain::command::Role,
    ) -> Result<Vec<KeptDraft>, StoreError> {
        let Some(writer) = Writer::of(person) else {
            return Ok(Vec::new());
        };
        let rows = sqlx::query!(
            r#"
            select id, content as "content: Json<Draft>", changed_at
            from draft
            where source = $1 and office = $2 and person = $3 and role = $4 and request_id is null
            order by changed_at desc limit 20
            "#,
            writer.source,
            writer.office,
            writer.person,
            role.as_str()
        )
        .fetch_all(&self.pool)
        .await?;
        let kept = rows.into_iter().map(|row| KeptDraft {
            id: DraftId(row.id),
            draft: row.content.0,
            changed_at: row.changed_at,
            request: None,
        });
        Ok(kept.collect())
    }

    /// Keeps what was written; a draft that was sent stays as it was sent.
    pub async fn keep_draft(&self, person: &Person, id: DraftId, draft: &Draft) -> Result<(), StoreError> {
        let Some(writer) = Writer::of(person) else {
            return Ok(());
        };
        sqlx::query!(
            r#"
            update draft set content = $5, changed_at = now()
            where id = $1 and source = $2 and office = $3 and person = $4 and request_id is null
            "#,
            id.0,
            writer.source,
            writer.office,
            writer.person,
            Json(draft) as _
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Notes what a draft became.
    pub async fn sent_draft(&self, id: DraftId, request: RequestId) -> Result<(), StoreError> {
        sqlx::query!("update draft set request_id = $2 where id = $1", id.0, request.0)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    pub async fn drop_draft(&self, person: &Person, id: DraftId) -> Result<(), StoreError> {
        let Some(writer) = Writer::of(person) else {
            return Ok(());
        };
        sqlx::query!(
            r#"
            delete from draft
            where id = $1 and source = $2 and office = $3 and person = $4 and request_id is null
            "#,
            id.0,
            writer.source,
            writer.office,
            writer.person
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}
