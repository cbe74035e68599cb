//! A crowd of made-up requests, for development and measuring: requests that the engine lived through are multiplied
//! where they stand, thousands in one statement.
//!
//! What a copy changes: id, number, office, sede, topic, days, and some words to find it by. Copies come in the order of
//! their opening, up to three years back and more of them lately; few offices, sedi and topics have many. The last
//! twentieth still waits: since earlier days, but not so early that anything falls due which would not.

use chrono::NaiveDate;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use uuid::Uuid;

use super::{Store, StoreError};
use crate::domain::ids::RequestId;

/// Thousands take longer than a question may.
const BEGIN: &str = "begin; set local statement_timeout = '10min'; set local work_mem = '256MB'";
/// The index over all words of all requests: built at once it takes a tenth of what it takes row by row.
const WORDS: &str = "request_digest_document";
/// Under this name its definition is kept while there is none.
const SET_ASIDE: &str = "crowd.words";

/// Which part of a crowd.
#[derive(Debug, Clone, Copy)]
pub struct CrowdPart {
    /// How many there are before it.
    pub after: u32,
    pub count: u32,
    /// Of the whole crowd.
    pub total: u32,
    pub today: NaiveDate,
}

impl Store {
    /// Sets the index of words aside, where the login owns it, until `sort_words_in`: searches are slow meanwhile.
    pub async fn set_words_aside(&self) -> Result<(), StoreError> {
        if !self.rights().await?.owner {
            return Ok(());
        }
        let mut connection = self.unhurried().await?;
        let mut transaction = connection.begin().await?;
        sqlx::query(
            "insert into setting (key, value) select $1, to_jsonb(indexdef) from pg_indexes where indexname = $2
             on conflict (key) do nothing",
        )
        .bind(SET_ASIDE)
        .bind(WORDS)
        .execute(&mut *transaction)
        .await?;
        let drop = AssertSqlSafe(format!("drop index if exists {WORDS}"));
        sqlx::query(drop).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(connection.close().await?)
    }

    /// Builds the index of words again, if it was set aside by this process or one that did not live to do so.
    pub async fn sort_words_in(&self) -> Result<(), StoreError> {
        if !self.rights().await?.owner {
            return Ok(());
        }
        let mut connection = self.unhurried().await?;
        let mut transaction = connection.begin().await?;
        let definition: Option<String> =
            sqlx::query_scalar("delete from setting where key = $1 returning value #>> '{}'")
                .bind(SET_ASIDE)
                .fetch_optional(&mut *transaction)
                .await?;
        if let Some(definition) = definition {
            sqlx::query("set local maintenance_work_mem = '512MB'")
                .execute(&mut *transaction)
                .await?;
            sqlx::query(AssertSqlSafe(definition))
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(connection.close().await?)
    }

    /// Tells the planner what there is now, where the login may.
    pub async fn look_through_crowd(&self) -> Result<(), StoreError> {
        let mut connection = self.unhurried().await?;
        let tables =
            "cases, case_event, request_digest, reply, inbox, statistics_cell, statistics_reply_cell";
        sqlx::query(AssertSqlSafe(format!("vacuum analyze {tables}")))
            .execute(&mut connection)
            .await?;
        Ok(connection.close().await?)
    }

    /// A connection with the login's own rights, that may take its time.
    async fn unhurried(&self) -> Result<PgConnection, StoreError> {
        let mut connection = PgConnection::connect_with(&self.pool.connect_options()).await?;
        sqlx::query("set statement_timeout = 0")
            .execute(&mut connection)
            .await?;
        Ok(connection)
    }

    /// Adds copies of these requests, with their histories, in one transaction.
    #[expect(clippy::too_many_lines, reason = "one statement")]
    pub async fn multiply(&self, seeds: &[RequestId], part: CrowdPart) -> Result<(), StoreError> {
        let seeds: Vec<Uuid> = seeds.iter().map(|seed| seed.0).collect();
        let mut transaction = self.pool.begin_with(BEGIN).await?;
        sqlx::query!(
            r#"
            with seeds as (
                select array_agg(id) filter (where awaiting_since is null) as settled,
                       array_agg(id) filter (where awaiting_since is not null) as waiting
                from cases where id = any($1)
            ),
            places as (
                select array_agg(code order by md5(code)) as sedi
                from sede where active and kind in ('sede', 'agenzia')
            ),
            subjects as (
                select array_agg(code order by md5(code)) as topics from topic
            ),
            drawn_by_lot as (
                select n, ($2::int + n)::float8 / $4::int / 0.95 as place_in_time, random() as seed, random() as sede,
                       random() as topic, random() as office
                from generate_series(1, $3::int) as n
            ),
            chosen as materialized (
                select n,
                       case when place_in_time < 1 and settled is not null or waiting is null
                            then settled[1 + floor(seed * cardinality(settled))::int]
                            else waiting[1 + floor(seed * cardinality(waiting))::int] end as seed,
                       case when place_in_time < 1 and settled is not null or waiting is null
                            then floor(power(greatest(1 - place_in_time, 0), 1.5) * 1095)::int end as settled_ago,
                       -- the last twentieth, from 1 to 0
                       greatest(least((1 / 0.95 - place_in_time) / (1 / 0.95 - 1), 1), 0) as waits,
                       sedi[1 + floor(power(sede, 2) * cardinality(sedi))::int] as place,
                       topics[1 + floor(power(topic, 2) * cardinality(topics))::int] as new_topic,
                       lpad((1 + floor(power(office, 3) * 200))::text, 3, '0') as office_number
                from drawn_by_lot, seeds, places, subjects
            ),
            placed as materialized (
                select chosen.*, ago, c.id as old_id, c.sede as old_sede,
                       case when at_desk then c.sede else place end as new_sede,
                       case when at_desk then protocol_office else coalesce(s.protocol_code, protocol_office) end
                           as new_protocol,
                       regexp_replace(c.office, '[0-9]+$', office_number) as new_office,
                       protocol_on - ago as new_on, extract(year from protocol_on - ago)::smallint as new_year,
                       opened_at - make_interval(days => ago) as new_opened,
                       (lpad(to_hex((extract(epoch from opened_at - make_interval(days => ago)) * 1000)::bigint), 12, '0')
                           || '7' || substr(md5(random()::text), 1, 3)
                           || '8' || substr(md5(random()::text), 1, 15))::uuid as new_id
                from chosen
                join cases as c on c.id = chosen.seed
                cross join lateral (
                    select coalesce(settled_ago, floor(waits * greatest(c.due_on - $5::date - 1, 0))::int) as ago
                ) as days
                cross join lateral (select c.sede in ('lineainps', 'da-smistare') as at_desk) as desk
                left join sede as s on s.code = place
            ),
            drawn as (
                insert into protocol_register as r (office, year, last)
                select new_protocol, new_year, count(*) from placed group by 1, 2 order by 1, 2
                on conflict (office, year) do update set last = r.last + excluded.last
                returning office, year, last
            ),
            copied as materialized (
                select p.*, d.last + 1 - row_number() over (partition by new_protocol, new_year order by n) as new_sequence
                from placed as p join drawn as d on d.office = p.new_protocol and d.year = p.new_year
                order by n
            ),
            opened as (
                insert into cases
                select new_id, workflow, workflow_version, state, patronato, new_office, role, sender, sender_name,
                       sender_email, new_sede, new_protocol, new_on, new_year, new_sequence, reason, new_topic,
                       practice_kind, practice_number, person_id, codice_fiscale, family_name, given_name, born_on,
                       awaiting_since - ago, elapsed, overdue, first_solicit - ago, second_solicit - ago, interactions,
                       barred, appointment_enabled, appointment, officer, charge_until, due_on - ago,
                       replace(sede_seq::text, sede, new_sede)::jsonb, version, new_opened,
                       changed_at - make_interval(days => ago)
                from copied join cases as c on c.id = old_id
                order by n
            ),
            -- as they would have happened at each sede: once for all copies that lie there
            told as materialized (
                select e.case_id as old_id, c.new_sede, e.seq, e.kind, e.details, e.caused_by, e.at,
                       replace(e.actor::text, '"' || old_sede || '"', '"' || new_sede || '"')::jsonb as actor,
                       replace(e.event::text, '"' || old_sede || '"', '"' || new_sede || '"')::jsonb as event,
                       case when e.source = 'sede.' || old_sede then 'sede.' || new_sede else e.source end as source
                from (select distinct old_id, old_sede, new_sede from copied) as c
                join case_event as e on e.case_id = c.old_id
            ),
            happened as (
                insert into case_event (case_id, seq, kind, actor, event, details, source, caused_by, at)
                select new_id, seq, kind, actor, event, details, source, md5(caused_by || new_id),
                       at - make_interval(days => ago)
                from copied join told using (old_id, new_sede)
                order by n, seq
            ),
            understood as (
                insert into inbox (month, source, message_id, body_sha256, received_at, case_id, outcome)
                select date_trunc('month', at)::date, source, md5(caused_by || new_id), sha256(caused_by::bytea), at,
                       new_id, 'done'
                from copied join told using (old_id, new_sede)
                where ago = 0 and seq = 1
            ),
            words as materialized (
                select d.case_id as old_id, attachments, office_news, sede_news,
                       ts_delete(document, array['@' || sede, '@' || c.patronato || '/' || c.office,
                                                 lpad(protocol_sequence::text, 7, '0'), protocol_sequence::text,
                                                 lower(protocol_office)] || month_words(opened_at)) as document
                from request_digest as d join cases as c on c.id = d.case_id
                where d.case_id = any($1)
            ),
            found as (
                insert into request_digest (case_id, patronato, office, document, attachments, office_news, sede_news)
                select new_id, patronato, new_office,
                       w.document || array_to_tsvector(
                           array['@' || new_sede, '@' || patronato || '/' || new_office,
                                 lpad(new_sequence::text, 7, '0'), new_sequence::text, lower(new_protocol)]
                           || month_words(new_opened) || array(select 'parol' || floor(power(random(), 2) * 20000)
                                    from generate_series(1, 12) where new_id is not null)),
                       attachments, office_news, sede_news
                from copied join words as w using (old_id) join cases as c on c.id = old_id
                order by n
            )
            insert into reply (case_id, seq, patronato, office, sender, sede, topic, at, days)
            select new_id, r.seq, r.patronato, new_office, r.sender, new_sede, new_topic,
                   r.at - make_interval(days => ago), r.days
            from copied join reply as r on r.case_id = old_id
            order by n
            "#,
            &seeds,
            part.after.cast_signed(),
            part.count.cast_signed(),
            part.total.cast_signed(),
            part.today
        )
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }
}
