//! Sessions of the pages, and sign-ins on their way to the identity provider and back.

use std::time::Duration;

use sqlx::postgres::types::PgInterval;
use sqlx::types::Json;

use super::{Store, StoreError};
use crate::domain::command::Role;
use crate::domain::person::Person;
use crate::domain::session::{Memory, PendingSignIn, Session, SessionKey};

/// How often the use of a session is written down.
const NOTED_EVERY: Duration = Duration::from_mins(1);

/// What makes a browser ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedBy {
    Person,
    /// The page by itself, or the server of a session that is over.
    Page,
}

impl Store {
    /// Begins a session; those nobody can come back to go.
    pub async fn open_session(&self, key: SessionKey, session: &Session) -> Result<(), StoreError> {
        sqlx::query!("delete from session where seen_at < now() - interval '12 hours'")
            .execute(&self.pool)
            .await?;
        sqlx::query!(
            "insert into session (token_hash, person, acting, memory) values ($1, $2, $3, $4)",
            &key.0,
            Json(&session.person) as _,
            session.acting.map(Role::as_str),
            Json(&session.memory) as _
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The session of a token, unless it lay idle for too long. Its use is noted now and then, not at every call, and
    /// only that of a person: a page that asks by itself keeps no session alive.
    pub async fn session(
        &self,
        key: SessionKey,
        idle: Duration,
        by: AskedBy,
    ) -> Result<Option<Session>, StoreError> {
        let found = sqlx::query!(
            r#"
            select person as "person: Json<Person>", acting, memory as "memory: Json<Memory>",
                   seen_at < now() - $3::interval as "to_note!"
            from session where token_hash = $1 and seen_at > now() - $2::interval
            "#,
            &key.0,
            interval(idle),
            interval(NOTED_EVERY)
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = found else { return Ok(None) };
        if row.to_note && by == AskedBy::Person {
            sqlx::query!("update session set seen_at = now() where token_hash = $1", &key.0)
                .execute(&self.pool)
                .await?;
        }
        Ok(Some(Session {
            person: row.person.0,
            acting: row.acting.as_deref().and_then(Role::from_word),
            memory: row.memory.0,
        }))
    }

    /// Whose session ran out a short time ago. Enough to keep what he or she was writing; nothing is shown for it.
    pub async fn lapsed_session(&self, key: SessionKey) -> Result<Option<Session>, StoreError> {
        self.session(key, Duration::from_hours(12), AskedBy::Page).await
    }

    pub async fn keep_session(&self, key: SessionKey, session: &Session) -> Result<(), StoreError> {
        sqlx::query!(
            "update session set acting = $2, memory = $3, seen_at = now() where token_hash = $1",
            &key.0,
            session.acting.map(Role::as_str),
            Json(&session.memory) as _
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    pub async fn close_session(&self, key: SessionKey) -> Result<(), StoreError> {
        sqlx::query!("delete from session where token_hash = $1", &key.0)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Notes a sign-in that goes to the provider; those that never came back go.
    pub async fn begin_sign_in(
        &self,
        state: SessionKey,
        browser: SessionKey,
        pending: &PendingSignIn,
    ) -> Result<(), StoreError> {
        sqlx::query!("delete from sign_in where created_at < now() - interval '1 hour'")
            .execute(&self.pool)
            .await?;
        sqlx::query!(
            "insert into sign_in (state_hash, browser_hash, nonce, verifier, place) values ($1, $2, $3, $4, $5)",
            &state.0,
            &browser.0,
            pending.nonce,
            pending.verifier,
            pending.place
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The sign-in that came back to the browser it left from; a second time there is none.
    pub async fn end_sign_in(
        &self,
        state: SessionKey,
        browser: SessionKey,
        patience: Duration,
    ) -> Result<Option<PendingSignIn>, StoreError> {
        Ok(sqlx::query_as!(
            PendingSignIn,
            "delete from sign_in where state_hash = $1 and browser_hash = $2 and created_at > now() - $3::interval \
             returning nonce, verifier, place",
            &state.0,
            &browser.0,
            interval(patience)
        )
        .fetch_optional(&self.pool)
        .await?)
    }
}

fn interval(duration: Duration) -> PgInterval {
    PgInterval {
        months: 0,
        days: 0,
        microseconds: i64::try_from(duration.as_micros()).unwrap_or(i64::MAX),
    }
}
