//! Commands understood before: asked by every batch, and by whoever follows a message.

use std::collections::HashMap;

use sqlx::types::Json;
use sqlx::{Executor, Postgres};

use super::answer::Answer;
use super::intake::{Outcome, SeenMessage};
use super::{Store, StoreError};
use crate::domain::command::BodyHash;
use crate::domain::ids::{MessageId, RequestId, Source};

pub(super) type Seen = HashMap<(Source, MessageId), SeenMessage>;

/// Which of these commands (parallel lists) were understood before.
pub(super) async fn seen<'e>(
    executor: impl Executor<'e, Database = Postgres>,
    sources: &[String],
    messages: &[String],
) -> Result<Seen, StoreError> {
    let rows = sqlx::query!(
        r#"
        select i.source, i.message_id, i.body_sha256, i.case_id, i.outcome, i.answer as "answer: Json<Answer>"
        from unnest($1::text[], $2::text[]) as wanted (source, message_id)
        join inbox as i using (source, message_id)
        "#,
        sources,
        messages
    )
    .fetch_all(executor)
    .await?;
    let mut seen = HashMap::with_capacity(rows.len());
    for row in rows {
        let corrupt = |column| StoreError::corrupt("inbox", column, &row.message_id);
        let source = row.source.parse().map_err(|_| corrupt("source"))?;
        let message = MessageId::parse(&row.message_id).map_err(|_| corrupt("message_id"))?;
        let hash: [u8; 32] = row
            .body_sha256
            .as_slice()
            .try_into()
            .map_err(|_| corrupt("body_sha256"))?;
        let message_seen = SeenMessage {
            body_hash: BodyHash(hash),
            request: row.case_id.map(RequestId),
            outcome: Outcome::from_word(&row.outcome).ok_or_else(|| corrupt("outcome"))?,
            answer: row.answer.map(|answer| answer.0),
        };
        seen.insert((source, message), message_seen);
    }
    Ok(seen)
}

impl Store {
    /// What became of a command; `None` while it is on its way, or was dead-lettered.
    pub async fn outcome_of(
        &self,
        source: &Source,
        message: &MessageId,
    ) -> Result<Option<SeenMessage>, StoreError> {
        let found = seen(&self.pool, &[source.to_string()], &[message.to_string()]).await?;
        Ok(found.into_values().next())
    }
}
