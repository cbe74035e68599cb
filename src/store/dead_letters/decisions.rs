//! What people decide about dead letters. The first decision stands.

use super::DeadLetterId;
use crate::domain::ids::MessageId;
use crate::store::{Store, StoreError};

impl Store {
    /// Gives open dead letters up, with a reason; answers which. The others were no longer open.
    pub async fn discard_dead_letters(
        &self,
        ids: &[DeadLetterId],
        by: &str,
        why: &str,
    ) -> Result<Vec<DeadLetterId>, StoreError> {
        let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
        let done = sqlx::query_scalar!(
            r#"
            update dead_letter
            set resolution = 'discarded', resolved_at = now(), resolved_by = $2, resolved_why = $3
            where id = any($1) and resolution is null
            returning id
            "#,
            &ids,
            by,
            why
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(done.into_iter().map(DeadLetterId).collect())
    }

    /// Marks open dead letters as replayed, each under its new message id, with the edited copy where it was one;
    /// answers which. The others were no longer open.
    pub async fn resolve_as_replayed(
        &self,
        replayed: &[(DeadLetterId, MessageId)],
        edited: Option<&[u8]>,
        by: &str,
    ) -> Result<Vec<DeadLetterId>, StoreError> {
        let ids: Vec<i64> = replayed.iter().map(|(id, _)| id.0).collect();
        let messages: Vec<String> = replayed.iter().map(|(_, message)| message.to_string()).collect();
        let done = sqlx::query_scalar!(
            r#"
            update dead_letter as d
            set resolution = 'replayed', resolved_at = now(), resolved_by = $3, replayed_as = r.message_id,
                replayed_body = $4
            from unnest($1::bigint[], $2::text[]) as r (id, message_id)
            where d.id = r.id and d.resolution is null
            returning d.id
            "#,
            &ids,
            &messages,
            by,
            edited
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(done.into_iter().map(DeadLetterId).collect())
    }
}
