//! Reading the audit: listed by what one looks for, or walked link by link.

use chrono::NaiveDate;
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use super::sealing::read_head;
use crate::domain::audit::{AuditOutcome, ChainHash, Expiry, Link, Record, Verdict, Walk};
use crate::domain::ids::{ActorId, PatronatoCode, PersonId, RequestId, SedeCode};
use crate::store::{Store, StoreError};

/// Batches of links read at a time.
const PAGE: i64 = 50;
/// How many rows beside the chain are named.
const NAMED: i64 = 100;

/// Which rows to list; everything given must fit.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    pub actor: Option<ActorId>,
    pub patronato: Option<PatronatoCode>,
    pub sede: Option<SedeCode>,
    pub request: Option<RequestId>,
    pub person: Option<PersonId>,
    /// The action begins so.
    pub action: Option<String>,
    pub outcome: Option<AuditOutcome>,
    /// Days in Italy, both inclusive.
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    /// Only rows with a smaller number (keyset paging, newest first).
    pub before: Option<i64>,
    pub limit: u16,
}

/// The audit as it stands at one moment. Takes as long as it takes: no limit on its questions.
pub struct AuditReading {
    transaction: Transaction<'static, Postgres>,
}

/// What a walk along the whole chain came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walked {
    pub verdict: Verdict,
    /// Rows not chained yet.
    pub waiting: u64,
}

impl Store {
    /// Rows of the audit, the newest first.
    pub async fn list_audit(&self, filter: &AuditFilter) -> Result<Vec<Record>, StoreError> {
        let mut reading = self.begin_reading().await?;
        let rows = sqlx::query_as!(
            Record,
            r#"
            select id, at, actor, capacity, patronato, office, sede, action, outcome, code, requests, persons,
                   correlation
            from audit
            where ($1::text is null or actor = $1)
              and ($2::text is null or patronato = $2)
              and ($3::text is null or sede = $3)
              and ($4::uuid is null or $4 = any(requests))
              and ($5::text is null or $5 = any(persons))
              and ($6::text is null or starts_with(action, $6))
              and ($7::text is null or outcome = $7)
              and ($8::date is null or at >= $8::date at time zone 'Europe/Rome')
              and ($9::date is null or at < ($9::date + 1) at time zone 'Europe/Rome')
              and ($10::bigint is null or id < $10)
            order by id desc
            limit $11
            "#,
            filter.actor.as_ref().map(ActorId::as_str),
            filter.patronato.as_ref().map(PatronatoCode::as_str),
            filter.sede.as_ref().map(SedeCode::as_str),
            filter.request.map(|request| request.0),
            filter.person.as_ref().map(PersonId::as_str),
            filter.action.as_deref(),
            filter.outcome.map(AuditOutcome::as_str),
            filter.from,
            filter.to,
            filter.before,
            i64::from(filter.limit)
        )
        .fetch_all(&mut *reading)
        .await?;
        Ok(rows)
    }

    /// Begins to read the whole audit, as it stands now.
    pub async fn read_audit(&self) -> Result<AuditReading, StoreError> {
        let mut transaction = self
            .pool
            .begin_with("begin isolation level repeatable read read only")
            .await?;
        sqlx::query!(r#"select set_config('statement_timeout', '0', true) as "set?""#)
            .fetch_one(&mut *transaction)
            .await?;
        Ok(AuditReading { transaction })
    }
}

impl AuditReading {
    /// Walks the whole chain; `head` is one that was published before and must still be in it.
    pub async fn walk(mut self, head: Option<ChainHash>) -> Result<Walked, StoreError> {
        let mut walk = Walk::new(self.expiry().await?, head);
        let mut after = 0;
        loop {
            let page = self.page(after).await?;
            let Some((last, _)) = page.last() else { break };
            after = i64::try_from(last.position).unwrap_or(i64::MAX);
            for (link, record) in &page {
                walk.step(link, record.as_ref());
            }
        }
        let verdict = walk.end(self.unchained().await?);
        let waiting = sqlx::query_scalar!(
            r#"select coalesce(sum(cardinality(ids)), 0) as "count!" from audit_pending"#
        )
        .fetch_one(&mut *self.transaction)
        .await?;
        Ok(Walked {
            verdict,
            waiting: u64::try_from(waiting).unwrap_or_default(),
        })
    }

    /// The last time rows were dropped because they had been kept long enough.
    async fn expiry(&mut self) -> Result<Option<Expiry>, StoreError> {
        let row = sqlx::query!(
            "select id, correlation from audit where action = $1 order by id desc limit 1",
            Expiry::ACTION
        )
        .fetch_optional(&mut *self.transaction)
        .await?;
        row.map(|row| {
            let expiry = row.correlation.unwrap_or_default().parse();
            expiry.map_err(|_| StoreError::corrupt("audit", "correlation", row.id))
        })
        .transpose()
    }

    async fn page(&mut self, after: i64) -> Result<Vec<(Link, Option<Record>)>, StoreError> {
        let rows = sqlx::query!(
            r#"
            select c.position - cardinality(c.hashes) + l.place as "position!", l.audit_id as "audit_id!", c.audit_at,
                   l.hash as "hash!", a.actor, a.capacity as "capacity?", a.patronato,
                   a.office, a.sede, a.action as "action?", a.outcome as "outcome?", a.code,
                   a.requests as "requests?: Vec<Uuid>", a.persons as "persons?: Vec<String>", a.correlation
            from (select * from audit_chain where position > $1 order by position limit $2) as c
            cross join unnest(c.audit_ids, c.hashes) with ordinality as l (audit_id, hash, place)
            left join audit as a on a.id = l.audit_id and a.at = c.audit_at
            order by 1
            "#,
            after,
            PAGE
        )
        .fetch_all(&mut *self.transaction)
        .await?;
        let links = rows.into_iter().map(|row| {
            let head = read_head(row.position, &row.hash)?;
            let link = Link {
                position: head.position,
                audit_id: row.audit_id,
                audit_at: row.audit_at,
                hash: head.hash,
            };
            let record = row.capacity.map(|capacity| Record {
                id: row.audit_id,
                at: row.audit_at,
                actor: row.actor,
                capacity,
                patronato: row.patronato,
                office: row.office,
                sede: row.sede,
                action: row.action.unwrap_or_default(),
                outcome: row.outcome.unwrap_or_default(),
                code: row.code,
                requests: row.requests.unwrap_or_default(),
                persons: row.persons.unwrap_or_default(),
                correlation: row.correlation,
            });
            Ok((link, record))
        });
        links.collect()
    }

    /// Rows that neither stand in the chain nor wait for it.
    async fn unchained(&mut self) -> Result<Vec<i64>, StoreError> {
        let ids = sqlx::query_scalar!(
            r#"
            select a.id from audit as a
            where not exists (
                select from audit_chain as c cross join unnest(c.audit_ids) as l (id) where l.id = a.id
            )
            and not exists (
                select from audit_pending as p cross join unnest(p.ids) as l (id) where l.id = a.id
            )
            order by a.id limit $1
            "#,
            NAMED
        )
        .fetch_all(&mut *self.transaction)
        .await?;
        Ok(ids)
    }
}
