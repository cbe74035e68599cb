//! Chaining what was written, and dropping what was kept long enough.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use super::insert;
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
        let rows = waiting.iter().map(|batch| batch.rows.len()).sum();
        let head = append(&mut transaction, head, waiting).await?;
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
            insert(&mut transaction, &[Expiry { before, head }.entry()]).await?;
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

/// What one transaction wrote: each row with its number, unless somebody removed it before it was chained.
struct Batch {
    first: i64,
    at: DateTime<Utc>,
    rows: Vec<(i64, Option<Record>)>,
}

async fn take(transaction: &mut Transaction<'static, Postgres>) -> Result<Vec<Batch>, StoreError> {
    let rows = sqlx::query!(
        r#"
        with oldest as (
            select first, sum(cardinality(ids)) over (order by first) - cardinality(ids) as before
            from (select first, ids from audit_pending order by first limit $1) as pending
        ),
        taken as (
            delete from audit_pending where first in (select first from oldest where before < $1)
            returning first, ids, at
        )
        select t.first as "first!", t.at as "at!", u.id as "id!", a.actor, a.capacity as "capacity?", a.patronato,
               a.office, a.sede, a.action as "action?", a.outcome as "outcome?", a.code,
               a.requests as "requests?: Vec<Uuid>", a.persons as "persons?: Vec<String>", a.correlation
        from taken as t
        cross join unnest(t.ids) as u (id)
        left join audit as a on a.id = u.id and a.at = t.at
        order by t.first, u.id
        "#,
        ROUND
    )
    .fetch_all(&mut **transaction)
    .await?;
    let mut batches: Vec<Batch> = Vec::new();
    for row in rows {
        if batches.last().is_none_or(|batch| batch.first != row.first) {
            batches.push(Batch {
                first: row.first,
                at: row.at,
                rows: Vec::new(),
            });
        }
        if let Some(batch) = batches.last_mut() {
            batch.rows.push((row.id, record!(row, id, at)));
        }
    }
    Ok(batches)
}

/// Links the rows behind the head and answers the new one.
async fn append(
    transaction: &mut Transaction<'static, Postgres>,
    mut head: Head,
    batches: Vec<Batch>,
) -> Result<Head, StoreError> {
    let (mut firsts, mut times) = (Vec::<i64>::new(), Vec::new());
    let (mut positions, mut ids, mut hashes) = (Vec::new(), Vec::<i64>::new(), Vec::new());
    for batch in batches {
        for (id, record) in batch.rows {
            head.position += 1;
            head.hash = head.hash.next(head.position, record.as_ref());
            firsts.push(batch.first);
            times.push(batch.at);
            positions.push(i64::try_from(head.position).unwrap_or(i64::MAX));
            ids.push(id);
            hashes.push(head.hash.as_bytes().to_vec());
        }
    }
    sqlx::query!(
        r#"
        insert into audit_chain (position, audit_ids, audit_at, hashes, sealed_at)
        select max(position), array_agg(audit_id order by position), audit_at, array_agg(hash order by position),
               clock_timestamp()
        from unnest($1::bigint[], $2::timestamptz[], $3::bigint[], $4::bigint[], $5::bytea[])
             as t (batch, audit_at, position, audit_id, hash)
        group by batch, audit_at
        "#,
        &firsts,
        &times,
        &positions,
        &ids,
        &hashes
    )
    .execute(&mut **transaction)
    .await?;
    Ok(head)
}
