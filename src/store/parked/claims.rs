//! Taking parked commands whose time has come.

use std::time::Duration;

use uuid::Uuid;

use super::{KeptMessage, NewParked, ParkedCommand, ParkedId, corrupt, dependency, hash};
use crate::domain::command::CommandKind;
use crate::domain::dependency::Dependency;
use crate::domain::ids::{MessageId, NodeName, RequestId};
use crate::domain::trace::TraceParent;
use crate::store::{Store, StoreError};

/// Commands looked at for one claim, and bytes of bodies taken: what a node has in memory of them at once.
const MOST_COMMANDS: i64 = 200;
const MOST_BYTES: i64 = 16 << 20;

impl Store {
    /// Takes commands that are due and do not wait for what is `away`, with all that is parked of the same
    /// requests, in order of arrival. Other nodes leave them alone until the lease ends.
    pub async fn claim_parked(
        &self,
        node: &NodeName,
        away: &[Dependency],
        lease: Duration,
    ) -> Result<Vec<ParkedCommand>, StoreError> {
        let away: Vec<String> = away.iter().map(ToString::to_string).collect();
        let rows = sqlx::query_as!(
            ParkedRow,
            r#"
            with due as materialized (
                select id, case_id, next_try_at, octet_length(body) as size
                from parked_command
                where next_try_at <= now() and waits_for <> all($1)
                order by next_try_at, id
                limit $2
                for update skip locked
            ),
            counted as (
                select case_id, size, sum(size) over (order by next_try_at, id) as total from due
            ),
            taken as (
                select distinct case_id from counted where total - size < $3
            )
            update parked_command as p
            set next_try_at = now() + make_interval(secs => $4), unended = unended + 1,
                node = $5, taken_at = now()
            from taken
            where p.case_id = taken.case_id
            returning p.id, p.source, p.message_id, p.body_sha256, p.kind, p.case_id, p.trace_parent, p.waits_for,
                      p.routing_key, p.properties, p.headers, p.body, p.command, p.unended
            "#,
            &away,
            MOST_COMMANDS,
            MOST_BYTES,
            lease.as_secs_f64(),
            node.as_str()
        )
        .fetch_all(&self.pool)
        .await?;
        let mut commands = rows
            .into_iter()
            .map(ParkedCommand::try_from)
            .collect::<Result<Vec<_>, _>>()?;
        commands.sort_unstable_by_key(|command| command.id);
        Ok(commands)
    }
}

struct ParkedRow {
    id: i64,
    source: String,
    message_id: String,
    body_sha256: Vec<u8>,
    kind: String,
    case_id: Uuid,
    trace_parent: Option<String>,
    waits_for: String,
    routing_key: String,
    properties: serde_json::Value,
    headers: serde_json::Value,
    body: Vec<u8>,
    command: Option<Vec<u8>>,
    unended: i32,
}

impl TryFrom<ParkedRow> for ParkedCommand {
    type Error = StoreError;

    fn try_from(row: ParkedRow) -> Result<Self, StoreError> {
        let id = row.id;
        Ok(Self {
            id: ParkedId(id),
            is_suspect: row.unended > 1,
            parked: NewParked {
                source: row.source.parse().map_err(|_| corrupt("source", id))?,
                message_id: MessageId::parse(&row.message_id).map_err(|_| corrupt("message_id", id))?,
                body_hash: hash(&row.body_sha256, id)?,
                kind: CommandKind::from_word(&row.kind).ok_or_else(|| corrupt("kind", id))?,
                request: RequestId(row.case_id),
                trace_parent: row.trace_parent.map(|trace| TraceParent(trace.into())),
                waits_for: dependency(&row.waits_for, id)?,
                message: KeptMessage {
                    routing_key: row.routing_key,
                    properties: row.properties,
                    headers: row.headers,
                    body: row.body,
                },
                command: row.command,
            },
        })
    }
}
