//! Chaining what was written, and dropping what was kept long enough.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{Postgres, Transaction};

use super::write;
use crate::domain::audit::{ChainHash, Expiry, Head, Record};
use crate::store::{Store, StoreError};

/// The rows after which one transaction takes no further batch: short, so that none waits long for the lock.
const ROUND: i64 = 5_000;

/// What one round of chaining came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed {
    /// Rows chained in this round; none where another node is at it.
    pub rows: usize,
    /// Whether more may be waiting.
    pub more: bool,
    /// The last link, where this round made one.
    pub head: Option<Head>,
}

impl Store {
    /// Chains rows that are in no chain yet, unless another node is just doing it.
    pub async fn seal_audit(&self) -> Result<Sealed, StoreError> {
        let nothing = Sealed {
            rows: 0,
            more: false,
            head: None,
        };
        if !self.audit_waits().await? {
            return Ok(nothing);
        }
        let mut transaction = self.pool.begin().await?;
        let mine = sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock(7002, 0) as "mine!""#)
            .fetch_one(&mut *transaction)
            .await?;
        if !mine {
            return Ok(nothing);
        }
        let head = head(&mut transaction).await?;
        let waiting = take(&mut transaction).await?;
        let rows = waiting.iter().map(|batch| batch.ids.len()).sum();
        let head = append(&mut transaction, head, &waiting).await?;
        transaction.commit().await?;
        Ok(Sealed {
            rows,
            more: rows >= usize::try_from(ROUND).unwrap_or(usize::MAX),
            head: Some(head),
        })
    }

    async fn audit_waits(&self) -> Result<bool, StoreError> {
        let waits = sqlx::query_scalar!(r#"select exists (select from audit_pending) as "waits!""#)
            .fetch_one(&self.pool)
            .await?;
        Ok(waits)
    }

    /// Drops the months of the audit that ended longer ago than `kept`, and writes down that it did. Answers how many
    /// partitions went.
    pub async fn expire_audit(&self, kept: Duration) -> Result<u64, StoreError> {
        let mut transaction = self.pool.begin().await?;
        // No link is made meanwhile.
        sqlx::query!(r#"select pg_advisory_xact_lock(7002, 0) as "locked?""#)
            .fetch_one(&mut *transaction)
            .await?;
        let before = sqlx::query_scalar!(
            r#"
            select date_trunc('month', now() - make_interval(secs => $1), 'UTC') as "before!"
            "#,
            kept.as_secs_f64()
        )
        .fetch_one(&mut *transaction)
        .await?;
        let last = last_before(&mut transaction, before).await?;
        let dropped = sqlx::query_scalar!(
            r#"
            select drop_months('audit', make_interval(secs => $1))
                 + drop_months('audit_chain', make_interval(secs => $1)) as "dropped!"
            "#,
            kept.as_secs_f64()
        )
        .fetch_one(&mut *transaction)
        .await?;
        if let Some(head) = last.filter(|_| dropped > 0) {
            write(&mut transaction, &[Expiry { before, head }.entry()]).await?;
        }
        transaction.commit().await?;
        Ok(u64::try_from(dropped).unwrap_or(0))
    }
}

/// The last link made before a time.
async fn last_before(
    transaction: &mut Transaction<'static, Postgres>,
    before: DateTime<Utc>,
) -> Result<Option<Head>, StoreError> {
    let row = sqlx::query!(
        r#"
        select position, hashes[cardinality(hashes)] as "hash!" from audit_chain
        where sealed_at < $1 order by position desc limit 1
        "#,
        before
    )
    .fetch_optional(&mut **transaction)
    .await?;
    row.map(|row| read_head(row.position, &row.hash)).transpose()
}

async fn head(transaction: &mut Transaction<'static, Postgres>) -> Result<Head, StoreError> {
    let row = sqlx::query!(
        r#"select position, hashes[cardinality(hashes)] as "hash!" from audit_chain order by position desc limit 1"#
    )
    .fetch_optional(&mut **transaction)
    .await?;
    let beginning = Head {
        position: 0,
        hash: ChainHash::BEGINNING,
    };
    row.map_or(Ok(beginning), |row| read_head(row.position, &row.hash))
}

pub(super) fn read_head(position: i64, hash: &[u8]) -> Result<Head, StoreError> {
    let corrupt = |column| StoreError::corrupt("audit_chain", column, position);
    Ok(Head {
        position: u64::try_from(position).map_err(|_| corrupt("position"))?,
        hash: ChainHash::try_from(hash).map_err(|_| corrupt("hash"))?,
    })
}

/// What one transaction wrote: the numbers of its rows, in order.
struct Batch {
    at: DateTime<Utc>,
    ids: Vec<i64>,
}

/// Takes the oldest batches that are in no chain yet.
async fn take(transaction: &mut Transaction<'static, Postgres>) -> Result<Vec<Batch>, StoreError> {
    let batches = sqlx::query_as!(
        Batch,
        r#"
        with oldest as (
            select first, sum(cardinality(ids)) over (order by first) - cardinality(ids) as before
            from (select first, ids from audit_pending order by first limit $1) as pending
        ),
        taken as (
            delete from audit_pending where first in (select first from oldest where before < $1)
            returning first, ids, at
        )
        select at, ids from taken order by first
        "#,
        ROUND
    )
    .fetch_all(&mut **transaction)
    .await?;
    Ok(batches)
}

/// The rows of these batches by their numbers: those that nobody removed or changed the time of.
async fn records(
    transaction: &mut Transaction<'static, Postgres>,
    batches: &[Batch],
) -> Result<HashMap<(i64, DateTime<Utc>), Record>, StoreError> {
    let ids: Vec<i64> = batches.iter().flat_map(|batch| &batch.ids).copied().collect();
    let times = || batches.iter().map(|batch| batch.at);
    // Both ends of the time leave one partition or two to look into.
    let records = sqlx::query_as!(
        Record,
        r#"
        select id, at, actor, capacity, patronato, office, sede, action, outcome, code, requests, persons, correlation
        from audit where id = any($1) and at between $2 and $3
        "#,
        &ids,
        times().min().unwrap_or_default(),
        times().max().unwrap_or_default()
    )
    .fetch_all(&mut **transaction)
    .await?;
    Ok(records
        .into_iter()
        .map(|record| ((record.id, record.at), record))
        .collect())
}

/// Links the rows behind the head and answers the new one.
async fn append(
    transaction: &mut Transaction<'static, Postgres>,
    mut head: Head,
    batches: &[Batch],
) -> Result<Head, StoreError> {
    let records = records(transaction, batches).await?;
    let (mut ids, mut hashes) = (Vec::new(), Vec::new());
    let (mut starts, mut ends, mut positions, mut times) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for batch in batches {
        starts.push(count(ids.len() + 1));
        for &id in &batch.ids {
            head.position += 1;
            head.hash = head.hash.next(head.position, records.get(&(id, batch.at)));
            ids.push(id);
            hashes.push(head.hash.as_bytes().to_vec());
        }
        ends.push(count(ids.len()));
        positions.push(i64::try_from(head.position).unwrap_or(i64::MAX));
        times.push(batch.at);
    }
    sqlx::query!(
        r#"
        insert into audit_chain (position, audit_ids, audit_at, hashes, sealed_at)
        select position, ($5::bigint[])[start:stop], audit_at, ($6::bytea[])[start:stop], clock_timestamp()
        from unnest($1::bigint[], $2::timestamptz[], $3::int[], $4::int[]) as t (position, audit_at, start, stop)
        "#,
        &positions,
        &times,
        &starts,
        &ends,
        &ids,
        &hashes
    )
    .execute(&mut **transaction)
    .await?;
    Ok(head)
}

/// A round's rows fit into this many times over.
fn count(rows: usize) -> i32 {
    i32::try_from(rows).unwrap_or(i32::MAX)
}
