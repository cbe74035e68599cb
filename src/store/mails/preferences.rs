//! What people want of mails, as they said it last.

use uuid::Uuid;

use crate::domain::ids::{ActorId, PatronatoCode};
use crate::domain::mail::preferences::{Deliveries, MailPreferences};
use crate::store::{Store, StoreError};

/// Preferences this program cannot read, because a newer one wrote them, count as none: better a mail too many.
pub(super) fn read_preferences(stored: Option<serde_json::Value>) -> MailPreferences {
    stored
        .and_then(|stored| serde_json::from_value(stored).ok())
        .unwrap_or_default()
}

impl Store {
    /// The preferences of a person; the default for who never chose.
    pub async fn mail_preferences(
        &self,
        patronato: &PatronatoCode,
        operator: &ActorId,
    ) -> Result<MailPreferences, StoreError> {
        let stored = sqlx::query_scalar!(
            "select preferences from mail_preference where patronato = $1 and operator_id = $2",
            patronato.as_str(),
            operator.as_str()
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(read_preferences(stored))
    }

    /// Keeps the preferences of a person. Mails that wait because of the old ones are decided anew.
    pub async fn save_mail_preferences(
        &self,
        patronato: &PatronatoCode,
        operator: &ActorId,
        preferences: &MailPreferences,
    ) -> Result<(), StoreError> {
        let preferences =
            serde_json::to_value(preferences).expect("a struct of words and numbers is always JSON");
        sqlx::query!(
            r#"
            with kept as (
                insert into mail_preference (patronato, operator_id, preferences)
                values ($1, $2, $3)
                on conflict (patronato, operator_id)
                    do update set preferences = excluded.preferences, changed_at = now()
                returning pg_notify('usciere_mails', '')
            )
            update mail_outbox
            set state = 'queued', deliver_at = null, digest_on = null, next_try_at = now(), queued_at = now()
            from kept
            where patronato = $1 and operator_id = $2 and state in ('deferred', 'held')
            "#,
            patronato.as_str(),
            operator.as_str(),
            preferences
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Ends all mails to whoever got the mail with this token. `false`: no mail has it.
    pub async fn unsubscribe(&self, token: Uuid) -> Result<bool, StoreError> {
        let row = sqlx::query!(
            "select patronato, operator_id from mail_outbox where unsubscribe = $1",
            token
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else {
            return Ok(false);
        };
        let corrupt = |column| move |_| StoreError::corrupt("mail_outbox", column, token);
        let patronato = PatronatoCode::parse(&row.patronato).map_err(corrupt("patronato"))?;
        let operator = ActorId::parse(&row.operator_id).map_err(corrupt("operator_id"))?;
        let preferences = MailPreferences {
            events: Deliveries::never(),
            ..self.mail_preferences(&patronato, &operator).await?
        };
        self.save_mail_preferences(&patronato, &operator, &preferences)
            .await?;
        Ok(true)
    }
}
