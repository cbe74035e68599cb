//! Texts people wrote for a request and have not sent: each is its writer's alone, in the office he or she writes from.

use super::drafts::Writer;
use super::{Store, StoreError};
use crate::domain::command::{CommandKind, Personal};
use crate::domain::ids::RequestId;
use crate::domain::person::Person;

impl Store {
    /// Keeps what was written for a request of the writer's office; those nobody touched for a month go.
    pub async fn keep_unsent_text(
        &self,
        person: &Person,
        request: RequestId,
        command: CommandKind,
        text: &Personal,
    ) -> Result<(), StoreError> {
        let Some(writer) = Writer::of(person) else {
            return Ok(());
        };
        sqlx::query!("delete from unsent_text where changed_at < now() - interval '30 days'")
            .execute(&self.pool)
            .await?;
        sqlx::query!(
            r#"
            insert into unsent_text (source, office, person, case_id, command, content)
            select $1, $2, $3, id, $5, $6 from cases where id = $4 and patronato = $7 and office = $2
            on conflict (source, office, person, case_id, command)
                do update set content = excluded.content, changed_at = now()
            "#,
            writer.source,
            writer.office,
            writer.person,
            request.0,
            command.as_str(),
            text.0,
            writer.patronato
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// What a person wrote for a request and has not sent.
    pub async fn unsent_text(
        &self,
        person: &Person,
        request: RequestId,
        command: CommandKind,
    ) -> Result<Option<Personal>, StoreError> {
        let Some(writer) = Writer::of(person) else {
            return Ok(None);
        };
        let text = sqlx::query_scalar!(
            r#"
            select content from unsent_text
            where source = $1 and office = $2 and person = $3 and case_id = $4 and command = $5
            "#,
            writer.source,
            writer.office,
            writer.person,
            request.0,
            command.as_str()
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(text.map(Personal))
    }

    pub async fn drop_unsent_text(
        &self,
        person: &Person,
        request: RequestId,
        command: CommandKind,
    ) -> Result<(), StoreError> {
        let Some(writer) = Writer::of(person) else {
            return Ok(());
        };
        sqlx::query!(
            r#"
            delete from unsent_text
            where source = $1 and office = $2 and person = $3 and case_id = $4 and command = $5
            "#,
            writer.source,
            writer.office,
            writer.person,
            request.0,
            command.as_str()
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}
