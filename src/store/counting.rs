//! Counts what was opened once, every minute, for figures over many years (migrations 0021, 0024, 0026 and 0030 say how
//! the parts fit together).
//!
//! A span is counted in two steps, so that no batch ever waits for it: first batches are told to note what changes
//! about its requests, and once every transaction that may not have heard of that is over, it is counted and what was
//! noted until then forgotten, both as of one moment.

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};

use super::{Store, StoreError};

/// Spans begin and end at these.
const STEP: TimeDelta = TimeDelta::minutes(1);
/// After the end of a span, until it is counted. Migration 0030 relies on it.
const RIPE: TimeDelta = TimeDelta::minutes(2);
/// Days counted in one transaction.
const PORTION: i32 = 7;
/// Of which millions may have been opened.
const BEGIN: &str = "begin isolation level repeatable read; set local statement_timeout = '5min'";

/// What one run counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FiguresCounted {
    /// Cells that were written.
    pub cells: u64,
    /// There is more that is over and could not be counted yet.
    pub more: bool,
}

/// The span to be counted now: none where both are the same.
struct Portion {
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    /// There is more after it that is over.
    more: bool,
}

impl Store {
    /// Counts what is over and has not been counted, and joins what has changed since to the cells. What
    /// cannot be counted yet, because a transaction is still open, is left to the next run, as is everything once
    /// `enough` says so: asked between two transactions, since none may be dropped half way.
    pub async fn count_figures(
        &self,
        now: DateTime<Utc>,
        enough: impl Fn() -> bool,
    ) -> Result<FiguresCounted, StoreError> {
        let ripe = now - RIPE;
        // Years that no span fits into are far from any clock.
        let ripe = ripe.duration_trunc(STEP).unwrap_or(ripe);
        self.note_changes_before(ripe).await?;
        let mut counted = FiguresCounted::default();
        loop {
            let (portion, cells) = self.count_portion().await?;
            counted.cells += cells;
            if portion.from == portion.until || enough() {
                counted.more = portion.more;
                return Ok(counted);
            }
        }
    }

    /// Requests that have not been counted.
    pub async fn uncounted_requests(&self) -> Result<u64, StoreError> {
        let count = sqlx::query_scalar!(
            r#"select count(*) as "count!" from cases where opened_at >= (select counted_before from statistics_state)"#
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// From now on batches note what happens to requests opened before then.
    async fn note_changes_before(&self, then: DateTime<Utc>) -> Result<(), StoreError> {
        // Never later than the machine's clock says: the triggers know no other.
        sqlx::query!(
            r#"
            update statistics_state set noted_before = ripe.until, noted_since = null
            from (
                select least($1, date_trunc('minute', now() - interval '2 minutes')) as until
            ) as ripe
            where noted_before < ripe.until
            "#,
            then
        )
        .execute(&self.pool)
        .await?;
        // Every transaction that did not see that has a lower number than this.
        sqlx::query!(
            "update statistics_state set noted_since = pg_snapshot_xmax(pg_current_snapshot())::text::bigint
             where noted_since is null and counted_before < noted_before"
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    async fn count_portion(&self) -> Result<(Portion, u64), StoreError> {
        let mut transaction = self.pool.begin_with(BEGIN).await?;
        let portion = sqlx::query_as!(
            Portion,
            r#"
            select counted_before as "from!", until as "until!", until < noted_before as "more!"
            from statistics_state
            cross join lateral (
                select case when noted_since <= pg_snapshot_xmin(pg_current_snapshot())::text::bigint
                            then least(noted_before, make_interval(days => $1) + greatest(counted_before, coalesce(
                                (select date_trunc('hour', min(opened_at)) from cases), noted_before)))
                            else counted_before end as until
            ) as reached
            for update of statistics_state
            "#,
            PORTION
        )
        .fetch_one(&mut *transaction)
        .await?;
        let cells = count_requests(&mut transaction, &portion).await?
            + count_replies(&mut transaction, &portion).await?;
        sqlx::query!("delete from statistics_cell where requests = 0")
            .execute(&mut *transaction)
            .await?;
        sqlx::query!("update statistics_state set counted_before = $1", portion.until)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok((portion, cells))
    }
}

/// The requests of this span as they are now, and what changed about those before.
async fn count_requests(
    transaction: &mut sqlx::Transaction<'static, sqlx::Postgres>,
    portion: &Portion,
) -> Result<u64, StoreError> {
    let cells = sqlx::query!(
        r#"
        with portion as (
            select $1::timestamptz as from, $2::timestamptz as until
        ),
        counted_anyway as (
            delete from statistics_change using portion where opened_at >= portion.from and opened_at < until
        ),
        changed as (
            delete from statistics_change using portion where opened_at < portion.from
            returning requests, opened_at, patronato, office, sede, topic, workflow, workflow_version, awaiting_since,
                      overdue, first_solicit, second_solicit, interactions, barred, appointment_enabled, appointment
        ),
        opened as (
            select 1::smallint, opened_at, patronato, office, sede, topic, workflow, workflow_version, awaiting_since,
                   overdue, first_solicit, second_solicit, interactions, barred, appointment_enabled, appointment
            from cases, portion where opened_at >= portion.from and opened_at < until
        ),
        -- what makes no difference any more is left out: who has booked may not book, who may book because the sede
        -- said so may whatever else holds
        versions as (
            select requests, (opened_at at time zone 'Europe/Rome')::date as opened_on, patronato, office, sede, topic,
                   overdue, first_solicit, second_solicit,
                   case when settled or barred then case when awaiting_since is not null then date '1900-01-01' end
                        else awaiting_since end as awaiting_since,
                   case when not settled then workflow end as workflow,
                   case when not settled then workflow_version end as workflow_version,
                   case when not settled then barred end as barred,
                   case when not settled and not barred and awaiting_since is null then interactions end
                       as interactions,
                   appointment_enabled and not booked as appointment_enabled,
                   case when booked then 'booked' else 'none' end as appointment
            from (select * from changed union all select * from opened) as version
            cross join lateral (select appointment in ('booked', 'confirmed') as booked) as b
            cross join lateral (select booked or appointment_enabled as settled) as s
        )
        insert into statistics_cell as s (
            level, basis, day, patronato, office, sede, topic, workflow, workflow_version, awaiting_since, overdue,
            interactions, barred, appointment_enabled, appointment, requests)
        select level, basis, date_trunc(unit, t.day)::date, case when place = 'office' then v.patronato end,
               case when place = 'office' then v.office end, case when place = 'sede' then v.sede end,
               case when place = 'topic' then v.topic end,
               t.workflow, t.workflow_version, t.awaiting_since, t.overdue, t.interactions, t.barred,
               t.appointment_enabled, t.appointment, sum(v.requests)
        from versions as v
        cross join (values ('topic', 'topic', 'day'), ('office', 'office', 'month'), ('office_day', 'office', 'day'),
                           ('sede', 'sede', 'month'), ('sede_day', 'sede', 'day')) as levels (level, place, unit)
        cross join lateral (
            select 'opened' as basis, opened_on as day, workflow, workflow_version, awaiting_since, overdue,
                   interactions, barred, appointment_enabled, appointment
            union all
            select 'first_solicit', first_solicit, null, null, null, null, null, null, null, null
            where first_solicit is not null
            union all
            select 'second_solicit', second_solicit, null, null, null, null, null, null, null, null
            where second_solicit is not null
        ) as t
        group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
        having sum(v.requests) <> 0
        on conflict on constraint statistics_cell_key do update set requests = s.requests + excluded.requests
        "#,
        portion.from,
        portion.until
    )
    .execute(&mut **transaction)
    .await?;
    Ok(cells.rows_affected())
}

/// The replies of this span, and those that came in late under one before.
async fn count_replies(
    transaction: &mut sqlx::Transaction<'static, sqlx::Postgres>,
    portion: &Portion,
) -> Result<u64, StoreError> {
    let cells = sqlx::query!(
        r#"
        with portion as (
            select $1::timestamptz as from, $2::timestamptz as until
        ),
        counted_anyway as (
            delete from statistics_late_reply using portion where at >= portion.from and at < until
        ),
        late as (
            delete from statistics_late_reply using portion where at < portion.from
            returning patronato, office, sede, topic, at, days
        ),
        given as (
            select patronato, office, sede, topic, at, days from reply, portion
            where at >= portion.from and at < until and days is not null
        )
        insert into statistics_reply_cell as s (level, day, patronato, office, sede, topic, days, replies)
        select level, date_trunc(unit, at at time zone 'Europe/Rome')::date,
               case when place = 'office' then patronato end, case when place = 'office' then office end,
               case when place = 'sede' then sede end, case when place = 'topic' then topic end, days, count(*)
        from (select * from late union all select * from given) as r
        cross join (values ('topic', 'topic', 'day'), ('office', 'office', 'month'), ('office_day', 'office', 'day'),
                           ('sede', 'sede', 'month'), ('sede_day', 'sede', 'day')) as levels (level, place, unit)
        group by 1, 2, 3, 4, 5, 6, 7
        on conflict on constraint statistics_reply_cell_key do update set replies = s.replies + excluded.replies
        "#,
        portion.from,
        portion.until
    )
    .execute(&mut **transaction)
    .await?;
    Ok(cells.rows_affected())
}
