//! What the relay needs: leases on buckets, rows to publish, confirmation, backing off.
//!
//! A lease has a fence that grows with every change of hands, and every confirmation names it: a node that was
//! stopped and resumed can at worst publish twice under the same message id, never mark what is no longer its own.

mod waiting;

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{NewOutboxRow, Store, StoreError};
use crate::domain::ids::{NodeName, RequestId};

pub use waiting::{BackOff, WaitingFor};

/// Messages read at once.
pub const LOOK: usize = 500;

/// A bucket in this node's hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BucketLease {
    pub bucket: u16,
    pub fence: i64,
}

/// The buckets in this node's hands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leases {
    /// Its share.
    pub kept: Vec<BucketLease>,
    /// What other nodes are to have: to be let go of as soon as nothing of theirs is under way.
    pub surplus: Vec<BucketLease>,
}

/// A message waiting to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    pub id: i64,
    pub bucket: u16,
    pub exchange: String,
    pub routing_key: String,
    pub destination: String,
    pub request: Option<RequestId>,
    pub case_seq: Option<u32>,
    pub message_id: Uuid,
    pub kind: String,
    pub causation_id: Option<String>,
    pub trace_parent: Option<String>,
    pub body: Bytes,
    pub created_at: DateTime<Utc>,
}

impl OutboxRow {
    /// A row that was just committed, as it would be read back.
    pub fn committed(id: i64, row: NewOutboxRow, now: DateTime<Utc>) -> Self {
        Self {
            id,
            bucket: row.bucket,
            exchange: row.exchange,
            routing_key: row.routing_key,
            destination: row.destination,
            request: row.request,
            case_seq: row.case_seq,
            message_id: row.message_id,
            kind: row.kind.to_owned(),
            causation_id: row.causation_id,
            trace_parent: row.trace_parent,
            body: row.body,
            created_at: now,
        }
    }
}

/// How much waits to be published.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OutboxState {
    pub unsent: i64,
    /// Whether `unsent` was counted; otherwise it is an estimate.
    pub exact: bool,
    pub oldest: Option<Duration>,
}

/// Unsent messages that are counted; how many more there are is estimated, for this is asked every second.
const COUNTED: i64 = 10_000;

impl Store {
    /// Renews this node's leases; takes over what nobody holds, up to `share`.
    pub async fn hold_buckets(
        &self,
        node: &NodeName,
        buckets: u16,
        share: u16,
        lease: Duration,
    ) -> Result<Leases, StoreError> {
        let rows = sqlx::query!(
            r#"
            with mine as (
                select bucket, row_number() over (order by bucket) as place
                from relay_lease where node = $1 and until > now()
            ),
            kept as (
                update relay_lease as l
                set until = now() + make_interval(secs => $3)
                from mine where l.bucket = mine.bucket and l.node = $1
                returning l.bucket, l.fence, mine.place <= $2 as kept
            ),
            free as (
                select bucket from relay_lease
                where until <= now()
                limit greatest($2 - (select count(*) from mine), 0)
                for update skip locked
            ),
            taken as (
                update relay_lease as l
                set node = $1, fence = l.fence + 1, until = now() + make_interval(secs => $3)
                from free where l.bucket = free.bucket
                returning l.bucket, l.fence
            )
            select bucket as "bucket!", fence as "fence!", kept as "kept!" from kept
            union all
            select bucket, fence, true from taken
            "#,
            node.as_str(),
            i64::from(share),
            lease.as_secs_f64()
        )
        .fetch_all(&self.pool)
        .await?;
        if rows.is_empty() && share > 0 {
            self.create_buckets(buckets).await?;
        }
        let mut leases = Leases::default();
        for row in rows {
            let lease = BucketLease {
                bucket: u16::try_from(row.bucket).unwrap_or(0),
                fence: row.fence,
            };
            let side = if row.kept {
                &mut leases.kept
            } else {
                &mut leases.surplus
            };
            side.push(lease);
        }
        Ok(leases)
    }

    /// Lets go of buckets, as far as they are still this node's: whoever comes next may take them.
    pub async fn let_go(&self, node: &NodeName, leases: &[BucketLease]) -> Result<(), StoreError> {
        let buckets: Vec<i16> = leases.iter().map(|l| super::intake::to_i16(l.bucket)).collect();
        let fences: Vec<i64> = leases.iter().map(|l| l.fence).collect();
        sqlx::query!(
            r#"
            update relay_lease as l set until = now()
            from unnest($2::smallint[], $3::bigint[]) as mine (bucket, fence)
            where l.bucket = mine.bucket and l.fence = mine.fence and l.node = $1
            "#,
            node.as_str(),
            &buckets,
            &fences
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    async fn create_buckets(&self, buckets: u16) -> Result<(), StoreError> {
        sqlx::query!(
            r#"
            insert into relay_lease (bucket, node, fence, until)
            select bucket, '', 0, now() from generate_series(0, $1::int - 1) as bucket
            on conflict do nothing
            "#,
            i32::from(buckets)
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Unsent messages of these buckets, oldest first, [`LOOK`] at most, leaving out some destinations and what is known.
    ///
    /// Never by a cursor: a row of a slow transaction may become visible behind a higher id (measured).
    pub async fn unsent(
        &self,
        buckets: &[u16],
        but_for: &[String],
        known: &[i64],
    ) -> Result<Vec<OutboxRow>, StoreError> {
        let buckets: Vec<i16> = buckets.iter().map(|b| super::intake::to_i16(*b)).collect();
        let rows = sqlx::query!(
            r#"
            select id, bucket, exchange, routing_key, destination, case_id, case_seq, message_id, kind,
                   causation_id, trace_parent, body, created_at
            from outbox
            where bucket = any($1) and destination <> all ($2)
              -- looked up in a hash; an array would be gone through for each row
              and id not in (select unnest($3::bigint[]))
            order by id
            -- said, not asked for: a plan for any number would sort them all
            limit 500
            "#,
            &buckets,
            but_for,
            known
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| OutboxRow {
                id: row.id,
                bucket: u16::try_from(row.bucket).unwrap_or(0),
                exchange: row.exchange,
                routing_key: row.routing_key,
                destination: row.destination,
                request: row.case_id.map(RequestId),
                case_seq: row.case_seq.and_then(|seq| u32::try_from(seq).ok()),
                message_id: row.message_id,
                kind: row.kind,
                causation_id: row.causation_id,
                trace_parent: row.trace_parent,
                body: row.body.into(),
                created_at: row.created_at,
            })
            .collect())
    }

    /// Moves confirmed messages out of the outbox, as far as nobody took the buckets of `leases`; answers how many moved.
    /// A lease that ran out is as good while its fence stands: a node whose renewal came late publishes nothing twice.
    pub async fn confirm_sent(
        &self,
        node: &NodeName,
        leases: &[BucketLease],
        ids: &[i64],
    ) -> Result<u64, StoreError> {
        if ids.is_empty() {
            return Ok(0);
        }
        let buckets: Vec<i16> = leases.iter().map(|l| super::intake::to_i16(l.bucket)).collect();
        let fences: Vec<i64> = leases.iter().map(|l| l.fence).collect();
        let moved = sqlx::query!(
            r#"
            with held as (
                select l.bucket from relay_lease as l
                join unnest($2::smallint[], $3::bigint[]) as mine (bucket, fence) using (bucket, fence)
                where l.node = $1
            ),
            gone as (
                -- by id: the planner would rather go through every id once for each bucket (20 times slower)
                delete from outbox using unnest($4::bigint[]) as sent (number)
                where id = sent.number and bucket = any (array(select bucket from held))
                returning id, destination, case_id, case_seq, message_id, kind, created_at, causation_id, body
            )
            insert into outbox_sent (id, destination, case_id, case_seq, message_id, kind, created_at, causation_id,
                                     body)
            select id, destination, case_id, case_seq, message_id, kind, created_at, causation_id,
                   -- what is numbered can be asked for again
                   case when case_seq is not null then body end
            from gone
            "#,
            node.as_str(),
            &buckets,
            &fences,
            ids
        )
        .execute(&self.pool)
        .await?;
        Ok(moved.rows_affected())
    }

    /// Notes that messages did not get through, and lets their destination wait: 1 s, 2 s, 4 s ... up to `longest`.
    /// Answers how long.
    pub async fn back_off(
        &self,
        destination: &str,
        reason: &str,
        ids: &[i64],
        longest: Duration,
    ) -> Result<Duration, StoreError> {
        let seconds = sqlx::query_scalar!(
            r#"
            with noted as (
                update outbox set attempts = attempts + 1, last_error = $2 where id = any($3)
            )
            insert into destination_backoff as b (destination, attempts, reason, next_try_at)
            values ($1, 1, $2, now() + interval '1 second')
            on conflict (destination) do update
            set attempts = b.attempts + 1, reason = excluded.reason,
                next_try_at = now() + least(make_interval(secs => power(2, least(b.attempts, 20))),
                                            make_interval(secs => $4))
            returning extract(epoch from next_try_at - now())::float8 as "seconds!"
            "#,
            destination,
            reason,
            ids,
            longest.as_secs_f64()
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(Duration::try_from_secs_f64(seconds).unwrap_or(longest))
    }

    /// Forgets the waiting of destinations that took a message again.
    pub async fn end_back_off(&self, destinations: &[String]) -> Result<(), StoreError> {
        if destinations.is_empty() {
            return Ok(());
        }
        sqlx::query!(
            "delete from destination_backoff where destination = any($1)",
            destinations
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Destinations that back off, and for how long yet.
    pub async fn backing_off(&self) -> Result<Vec<(String, Duration)>, StoreError> {
        let rows = sqlx::query!(
            r#"
            select destination, greatest(extract(epoch from next_try_at - now()), 0)::float8 as "seconds!"
            from destination_backoff
            limit 10000
            "#
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| {
                (
                    row.destination,
                    Duration::try_from_secs_f64(row.seconds).unwrap_or_default(),
                )
            })
            .collect())
    }

    /// How much waits, and for how long the message queued first has.
    pub async fn outbox_state(&self) -> Result<OutboxState, StoreError> {
        let row = sqlx::query!(
            r#"
            select count(*) as "counted!",
                   (select extract(epoch from now() - created_at)::float8 from outbox order by id limit 1) as age
            -- by the index, which forgets what is gone once somebody met it there; the table has it until it is vacuumed
            from (select from outbox order by id limit $1::bigint + 1) as first
            "#,
            COUNTED
        )
        .fetch_one(&self.pool)
        .await?;
        let oldest = row
            .age
            .and_then(|age| Duration::try_from_secs_f64(age.max(0.0)).ok());
        let exact = row.counted <= COUNTED;
        let unsent = if exact {
            row.counted
        } else {
            self.estimated_unsent().await?.max(COUNTED)
        };
        Ok(OutboxState {
            unsent,
            exact,
            oldest,
        })
    }

    /// Rows to a page as the last vacuum found them, times the pages there are now.
    async fn estimated_unsent(&self) -> Result<i64, StoreError> {
        let rows = sqlx::query_scalar!(
            r#"
            select (greatest(reltuples, 0) / greatest(relpages, 1) * pg_relation_size(oid)
                    / current_setting('block_size')::integer)::bigint as "rows!"
            from pg_class where oid = 'outbox'::regclass
            "#
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(rows)
    }
}
