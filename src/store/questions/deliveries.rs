//! What a sede was sent about a request, for a back-office that misses a number.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Question;
use crate::domain::ids::{RequestId, SedeCode};
use crate::store::StoreError;

/// A numbered message to a sede, as it was sent or waits to be.
#[derive(Debug, Clone)]
pub struct SedeDelivery {
    pub case_seq: u32,
    pub message_id: Uuid,
    pub kind: String,
    pub causation_id: Option<String>,
    /// `None`: it waits in the outbox.
    pub sent_at: Option<DateTime<Utc>>,
    pub body: Vec<u8>,
}

impl Question {
    /// The numbered messages of a request to a sede from a number on, in order.
    pub async fn deliveries(
        &mut self,
        request: RequestId,
        sede: &SedeCode,
        from: u32,
        limit: u16,
    ) -> Result<Vec<SedeDelivery>, StoreError> {
        let rows = sqlx::query!(
            r#"
            select case_seq as "case_seq!", message_id as "message_id!", kind as "kind!", causation_id, sent_at,
                   body as "body!"
            from (
                select case_seq, message_id, kind, causation_id, null::timestamptz as sent_at, body, destination
                from outbox where case_id = $1
                union all
                select case_seq, message_id, kind, causation_id, sent_at, body, destination
                from outbox_sent where case_id = $1
            ) as numbered
            where destination = $2 and case_seq >= $3 and body is not null
            order by case_seq
            limit $4
            "#,
            request.0,
            format!("sede.{sede}"),
            crate::store::intake::to_i32(from),
            i64::from(limit)
        )
        .fetch_all(&mut *self.transaction)
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(SedeDelivery {
                    case_seq: u32::try_from(row.case_seq)
                        .map_err(|_| StoreError::corrupt("outbox_sent", "case_seq", row.message_id))?,
                    message_id: row.message_id,
                    kind: row.kind,
                    causation_id: row.causation_id,
                    sent_at: row.sent_at,
                    body: row.body,
                })
            })
            .collect()
    }
}
