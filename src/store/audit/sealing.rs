//! Chaining what was written, and dropping what was kept long enough.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use super::insert;
use crate::domain::audit::{ChainHash, Expiry, Head, Record};
use crate::store::{Store, StoreError};

/// The rows one transaction chains at most: short, so that none waits long for the lock.
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
        let rows = waiting.len();
        let head = append(&mut transaction, head, waiting).await?;
        transaction.commit().await?;
        Ok(Sealed {
            rows,
            more: rows == usize::try_from(ROUND).unwrap_or(usize::MAX),
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
        "select position, hash from audit_chain where sealed_at < $1 order by position desc limit 1",
        before
    )
    .fetch_optional(&mut **transaction)
    .await?;
    row.map(|row| read_head(row.position, &row.hash)).transpose()
}

async fn head(transaction: &mut Transaction<'static, Postgres>) -> Result<Head, StoreError> {
    let row = sqlx::query!("select position, hash from audit_chain order by position desc limit 1")
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

/// A row that waits: its number and time, and the row itself, unless somebody removed it before it was chained.
struct Waiting {
    id: i64,
    at: DateTime<Utc>,
    record: Option<Record>,
}

async fn take(transaction: &mut Transaction<'static, Postgres>) -> Result<Vec<Waiting>, StoreError> {
    let rows = sqlx::query!(
        r#"
        with taken as (
            delete from audit_pending where id in (select id from audit_pending order by id limit $1)
            returning id, at
        )
        select t.id as "id!", t.at as "at!", a.actor, a.capacity as "capacity?", a.patronato, a.office, a.sede,
               a.action as "action?", a.outcome as "outcome?", a.code, a.requests as "requests?: Vec<Uuid>",
               a.persons as "persons?: Vec<String>", a.correlation
        from taken as t
        left join audit as a on a.id = t.id and a.at = t.at
        order by t.id
        "#,
        ROUND
    )
    .fetch_all(&mut **transaction)
    .await?;
    let waiting = rows.into_iter().map(|row| Waiting {
        id: row.id,
        at: row.at,
        record: record!(row, id, at),
    });
    Ok(waiting.collect())
}

/// Links the rows behind the head and answers the new one.
async fn append(
    transaction: &mut Transaction<'static, Postgres>,
    mut head: Head,
    waiting: Vec<Waiting>,
) -> Result<Head, StoreError> {
    let (mut positions, mut ids, mut times, mut hashes) =
        (Vec::new(), Vec::<i64>::new(), Vec::new(), Vec::new());
    for Waiting { id, at, record } in waiting {
        head.position += 1;
        head.hash = head.hash.next(head.position, record.as_ref());
        positions.push(i64::try_from(head.position).unwrap_or(i64::MAX));
        ids.push(id);
        times.push(at);
        hashes.push(head.hash.as_bytes().to_vec());
    }
    sqlx::query!(
        r#"
        insert into audit_chain (position, audit_id, audit_at, hash, sealed_at)
        select position, audit_id, audit_at, hash, clock_timestamp()
        from unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::bytea[])
             as t (position, audit_id, audit_at, hash)
        "#,
        &positions,
        &ids,
        &times,
        &hashes
    )
    .execute(&mut **transaction)
    .await?;
    Ok(head)
}
