//! Parked commands: what waits for a remote register or the store of files. Parked, worked and forgotten in the engine's own transactions,
//! so that a crash leaves each either waiting or done.
//!
//! Waiting runs on the database's clock, as with mails. A claim only spares other nodes the same work: that a command
//! takes effect once is the inbox's doing.

mod claims;

use std::time::Duration;

use uuid::Uuid;

use super::{IntakeTransaction, Store, StoreError};
use crate::domain::command::{BodyHash, CommandKind};
use crate::domain::dependency::Dependency;
use crate::domain::ids::{MessageId, RequestId, Source};
use crate::domain::trace::TraceParent;

/// The number of a parked command: they arrived in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParkedId(i64);

/// A message as it came.
#[derive(Clone, PartialEq, Eq)]
pub struct KeptMessage {
    pub routing_key: String,
    pub properties: serde_json::Value,
    pub headers: serde_json::Value,
    pub body: Vec<u8>,
}

impl std::fmt::Debug for KeptMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeptMessage")
            .field("routing_key", &self.routing_key)
            .finish_non_exhaustive()
    }
}

/// A command to park.
#[derive(Debug, Clone)]
pub struct NewParked {
    pub source: Source,
    pub message_id: MessageId,
    pub body_hash: BodyHash,
    pub kind: CommandKind,
    pub request: RequestId,
    pub trace_parent: Option<TraceParent>,
    pub waits_for: Dependency,
    pub message: KeptMessage,
    /// The command inside a body that wraps it.
    pub command: Option<Vec<u8>>,
}

/// A parked command in this node's hands.
#[derive(Debug, Clone)]
pub struct ParkedCommand {
    pub id: ParkedId,
    pub parked: NewParked,
    /// Work on it was begun before and never ended.
    pub is_suspect: bool,
}

/// A parked command as a batch has to know of it.
#[derive(Debug, Clone)]
pub struct Waiting {
    pub id: ParkedId,
    pub source: Source,
    pub message_id: MessageId,
    pub body_hash: BodyHash,
    pub request: RequestId,
    pub waits_for: Dependency,
}

/// How much waits, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParkedState {
    pub count: u64,
    pub oldest: Option<Duration>,
}

impl IntakeTransaction {
    /// What of these commands, and of these requests, is parked; in order of arrival.
    pub async fn waiting(
        &mut self,
        keys: &[(&Source, &MessageId)],
        requests: &[RequestId],
    ) -> Result<Vec<Waiting>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let sources: Vec<String> = keys.iter().map(|(source, _)| source.to_string()).collect();
        let messages: Vec<String> = keys.iter().map(|(_, message)| message.to_string()).collect();
        let requests: Vec<Uuid> = requests.iter().map(|request| request.0).collect();
        let rows = sqlx::query_as!(
            WaitingRow,
            r#"
            select id as "id!", source as "source!", message_id as "message_id!", body_sha256 as "body_sha256!",
                   case_id as "case_id!", waits_for as "waits_for!"
            from (
                select p.* from parked_command as p where p.case_id = any($3)
                union
                select p.* from unnest($1::text[], $2::text[]) as wanted (source, message_id)
                join parked_command as p using (source, message_id)
            ) as found
            order by id
            "#,
            &sources,
            &messages,
            &requests
        )
        .fetch_all(&mut *self.transaction)
        .await?;
        rows.into_iter().map(Waiting::try_from).collect()
    }

    /// Parks commands. Two nodes that met at the same one: the later is told `Conflict` and starts over.
    pub async fn park(&mut self, commands: &[NewParked]) -> Result<(), StoreError> {
        if commands.is_empty() {
            return Ok(());
        }
        let texts = |text: fn(&NewParked) -> String| commands.iter().map(text).collect::<Vec<_>>();
        sqlx::query!(
            r#"
            insert into parked_command (source, message_id, body_sha256, kind, case_id, trace_parent, waits_for,
                                        routing_key, properties, headers, body, command)
            select source, message_id, body_sha256, kind, case_id, trace_parent, waits_for,
                   routing_key, properties, headers, body, command
            from unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::uuid[], $6::text[], $7::text[],
                        $8::text[], $9::jsonb[], $10::jsonb[], $11::bytea[], $12::bytea[]) with ordinality
                 as t (source, message_id, body_sha256, kind, case_id, trace_parent, waits_for,
                       routing_key, properties, headers, body, command, position)
            order by position
            "#,
            &texts(|c| c.source.to_string()),
            &texts(|c| c.message_id.to_string()),
            &commands.iter().map(|c| c.body_hash.0.to_vec()).collect::<Vec<_>>(),
            &texts(|c| c.kind.to_string()),
            &commands.iter().map(|c| c.request.0).collect::<Vec<_>>(),
            &commands
                .iter()
                .map(|c| c.trace_parent.as_ref().map(|trace| trace.0.to_string()))
                .collect::<Vec<_>>() as _,
            &texts(|c| c.waits_for.to_string()),
            &texts(|c| c.message.routing_key.clone()),
            &commands.iter().map(|c| c.message.properties.clone()).collect::<Vec<_>>(),
            &commands.iter().map(|c| c.message.headers.clone()).collect::<Vec<_>>(),
            &commands.iter().map(|c| c.message.body.clone()).collect::<Vec<_>>(),
            &commands.iter().map(|c| c.command.clone()).collect::<Vec<_>>() as _
        )
        .execute(&mut *self.transaction)
        .await?;
        Ok(())
    }

    /// Forgets parked commands that are decided now.
    pub async fn unpark(&mut self, ids: &[ParkedId]) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
        sqlx::query!("delete from parked_command where id = any($1)", &ids)
            .execute(&mut *self.transaction)
            .await?;
        Ok(())
    }

    /// Commands that were tried and still have to wait: longer each time, up to a minute.
    pub async fn leave_parked(&mut self, tried: &[(ParkedId, Dependency)]) -> Result<(), StoreError> {
        if tried.is_empty() {
            return Ok(());
        }
        let ids: Vec<i64> = tried.iter().map(|(id, _)| id.0).collect();
        let awaited: Vec<String> = tried.iter().map(|(_, awaited)| awaited.to_string()).collect();
        sqlx::query!(
            r#"
            update parked_command as p
            set attempts = attempts + 1, unended = 0, node = null, waits_for = tried.waits_for,
                next_try_at = now() + least(interval '1 second' * 2 ^ least(attempts, 6), interval '1 minute')
            from unnest($1::bigint[], $2::text[]) as tried (id, waits_for)
            where p.id = tried.id
            "#,
            &ids,
            &awaited
        )
        .execute(&mut *self.transaction)
        .await?;
        Ok(())
    }
}

impl Store {
    pub async fn parked_state(&self) -> Result<ParkedState, StoreError> {
        let row = sqlx::query!(
            r#"
            select count(*) as "count!", extract(epoch from now() - min(parked_at))::float8 as age
            from parked_command
            "#
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(ParkedState {
            count: u64::try_from(row.count).unwrap_or(0),
            oldest: row
                .age
                .and_then(|age| Duration::try_from_secs_f64(age.max(0.0)).ok()),
        })
    }

    /// What a command waits for, while it is parked.
    pub async fn parked(
        &self,
        source: &Source,
        message: &MessageId,
    ) -> Result<Option<(RequestId, Dependency)>, StoreError> {
        let row = sqlx::query!(
            "select case_id, waits_for from parked_command where source = $1 and message_id = $2",
            source.to_string(),
            message.as_str()
        )
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| Ok((RequestId(row.case_id), dependency(&row.waits_for, message)?)))
            .transpose()
    }
}

struct WaitingRow {
    id: i64,
    source: String,
    message_id: String,
    body_sha256: Vec<u8>,
    case_id: Uuid,
    waits_for: String,
}

impl TryFrom<WaitingRow> for Waiting {
    type Error = StoreError;

    fn try_from(row: WaitingRow) -> Result<Self, StoreError> {
        Ok(Self {
            source: row.source.parse().map_err(|_| corrupt("source", row.id))?,
            message_id: MessageId::parse(&row.message_id).map_err(|_| corrupt("message_id", row.id))?,
            body_hash: hash(&row.body_sha256, row.id)?,
            request: RequestId(row.case_id),
            waits_for: dependency(&row.waits_for, row.id)?,
            id: ParkedId(row.id),
        })
    }
}

fn corrupt(column: &'static str, id: impl std::fmt::Display) -> StoreError {
    StoreError::corrupt("parked_command", column, id)
}

fn hash(bytes: &[u8], id: i64) -> Result<BodyHash, StoreError> {
    let hash = bytes.try_into().map_err(|_| corrupt("body_sha256", id))?;
    Ok(BodyHash(hash))
}

fn dependency(word: &str, id: impl std::fmt::Display) -> Result<Dependency, StoreError> {
    Dependency::from_word(word).ok_or_else(|| corrupt("waits_for", id))
}
