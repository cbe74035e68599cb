//! A crowd of made-up requests, for development and measuring: requests that the engine lived through are multiplied
//! where they stand, thousands in one statement.
//!
//! What a copy changes: id, number, sede, days, and some words to find it by. Most are settled and lie up to three
//! years back, more of them lately; few sedi have many. A copy that still waits keeps its days, so that nothing
//! falls due which would not.

use uuid::Uuid;

use super::{Store, StoreError};
use crate::domain::ids::RequestId;

/// Thousands take longer than a question may.
const BEGIN: &str = "begin; set local statement_timeout = '10min'";

impl Store {
    /// Adds `count` copies of these requests, with their histories, in one transaction.
    pub async fn multiply(&self, seeds: &[RequestId], count: i32) -> Result<(), StoreError> {
        let seeds: Vec<Uuid> = seeds.iter().map(|seed| seed.0).collect();
        let mut transaction = self.pool.begin_with(BEGIN).await?;
        sqlx::query!(
            r#"
            with seeds as (
                -- twenty are settled for each that waits
                select array_agg(c.id) as ids
                from cases as c
                cross join generate_series(1, case when c.awaiting_since is null then 20 else 1 end)
                where c.id = any($1)
            ),
            places as (
                select array_agg(code order by md5(code)) as sedi
                from sede where active and kind in ('sede', 'agenzia')
            ),
            chosen as materialized (
                select n, ids[1 + floor(random() * cardinality(ids))::int] as seed,
                       sedi[1 + floor(power(random(), 3) * cardinality(sedi))::int] as place,
                       floor(power(random(), 2) * 1095)::int as days
                from generate_series(1, $2::int) as n, seeds, places
            ),
            moved as (
                select chosen.n, c.*, c.sede in ('lineainps', 'da-smistare') as at_desk, place,
                       case when c.awaiting_since is null then days else 0 end as ago
                from chosen join cases as c on c.id = chosen.seed
            ),
            placed as materialized (
                select m.*, case when at_desk then m.sede else place end as new_sede,
                       case when at_desk then protocol_office else coalesce(s.protocol_code, protocol_office) end
                           as new_office,
                       protocol_on - ago as new_on, extract(year from protocol_on - ago)::smallint as new_year,
                       opened_at - make_interval(days => ago) as new_opened,
                       (lpad(to_hex((extract(epoch from opened_at - make_interval(days => ago)) * 1000)::bigint), 12, '0')
                           || '7' || substr(md5(random()::text), 1, 3)
                           || '8' || substr(md5(random()::text), 1, 15))::uuid as new_id
                from moved as m left join sede as s on s.code = place
            ),
            drawn as (
                insert into protocol_register as r (office, year, last)
                select new_office, new_year, count(*) from placed group by 1, 2 order by 1, 2
                on conflict (office, year) do update set last = r.last + excluded.last
                returning office, year, last
            ),
            copied as materialized (
                select p.*, d.last + 1 - row_number() over (partition by new_office, new_year order by n) as new_sequence
                from placed as p join drawn as d on d.office = p.new_office and d.year = p.new_year
            ),
            opened as (
                insert into cases
                select new_id, workflow, workflow_version, state, patronato, office, role, sender, sender_name,
                       sender_email, new_sede, new_office, new_on, new_year, new_sequence, reason, topic,
                       practice_kind, practice_number, person_id, codice_fiscale, family_name, given_name, born_on,
                       awaiting_since, elapsed, overdue, first_solicit - ago, second_solicit - ago, interactions,
                       barred, appointment_enabled, appointment, officer, charge_until, due_on,
                       replace(sede_seq::text, sede, new_sede)::jsonb, version, new_opened,
                       changed_at - make_interval(days => ago)
                from copied
            ),
            happened as (
                insert into case_event (case_id, seq, kind, actor, event, details, source, caused_by, at)
                select new_id, e.seq, e.kind, replace(e.actor::text, '"' || sede || '"', '"' || new_sede || '"')::jsonb,
                       replace(e.event::text, '"' || sede || '"', '"' || new_sede || '"')::jsonb, e.details,
                       case when e.source = 'sede.' || sede then 'sede.' || new_sede else e.source end,
                       md5(e.caused_by || new_id), e.at - make_interval(days => ago)
                from copied join case_event as e on e.case_id = copied.id
            ),
            understood as (
                insert into inbox (month, source, message_id, body_sha256, received_at, case_id, outcome)
                select date_trunc('month', e.at)::date, case when e.source = 'sede.' || sede then 'sede.' || new_sede
                                                             else e.source end,
                       md5(e.caused_by || new_id), sha256(e.caused_by::bytea), e.at, new_id, 'done'
                from copied join case_event as e on e.case_id = copied.id
                where ago = 0 and e.seq = 1
            ),
            found as (
                insert into request_digest (case_id, patronato, office, document, attachments, office_news, sede_news)
                select new_id, d.patronato, d.office,
                       ts_delete(d.document, array['@' || sede, lpad(protocol_sequence::text, 7, '0'),
                                                   protocol_sequence::text, protocol_office])
                       || array_to_tsvector(array['@' || new_sede, lpad(new_sequence::text, 7, '0'),
                                                  new_sequence::text, lower(new_office)])
                       || array_to_tsvector(array(select 'parol' || floor(power(random(), 2) * 20000)
                                                  from generate_series(1, 12) where new_id is not null)),
                       d.attachments, d.office_news, d.sede_news
                from copied join request_digest as d on d.case_id = copied.id
            )
            insert into reply (case_id, seq, patronato, office, sender, sede, topic, at, days)
            select new_id, r.seq, r.patronato, r.office, r.sender, new_sede, r.topic,
                   r.at - make_interval(days => ago), r.days
            from copied join reply as r on r.case_id = copied.id
            "#,
            &seeds,
            count
        )
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }
}
