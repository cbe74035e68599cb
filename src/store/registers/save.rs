//! Set-based upserts that leave unchanged rows alone: a second import of the same file writes nothing.
//!
//! `xmax = 0` tells a new row from a changed one. A chunk must not name one key twice (PostgreSQL refuses it);
//! the import sees to that.

use super::import::{PatronatoOffice, RegisterImport, Written};
use crate::domain::codice_fiscale::CodiceFiscale;
use crate::domain::ids::TopicCode;
use crate::domain::place::{Cap, ComuneIstat, Province, Region};
use crate::domain::protocol::ProtocolOffice;
use crate::domain::registers::{Citizen, CompetenceRule, NameKey, PracticeRecord, Sede, Topic};
use crate::store::StoreError;

fn texts<T>(rows: &[T], text: impl Fn(&T) -> &str) -> Vec<String> {
    rows.iter().map(|row| text(row).to_owned()).collect()
}

fn maybe_texts<T>(rows: &[T], text: impl Fn(&T) -> Option<&str>) -> Vec<Option<String>> {
    rows.iter().map(|row| text(row).map(str::to_owned)).collect()
}

fn values<T, V>(rows: &[T], value: impl Fn(&T) -> V) -> Vec<V> {
    rows.iter().map(value).collect()
}

impl RegisterImport {
    pub async fn save_sedi(&mut self, sedi: &[Sede]) -> Result<Written, StoreError> {
        let answers = sqlx::query_scalar!(
            r#"
            insert into sede as there (
                code, name, kind, region, province, address, cap, comune, protocol_code, email, active)
            select * from unnest(
                $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                $8::text[], $9::text[], $10::text[], $11::bool[])
            on conflict on constraint sede_pk do update
            set (name, kind, region, province, address, cap, comune, protocol_code, email, active) =
                (excluded.name, excluded.kind, excluded.region, excluded.province, excluded.address,
                 excluded.cap, excluded.comune, excluded.protocol_code, excluded.email, excluded.active)
            where there is distinct from excluded
            returning there.xmax = 0 as "is_new!"
            "#,
            &texts(sedi, |sede| sede.code.as_str()),
            &texts(sedi, |sede| &sede.name),
            &texts(sedi, |sede| sede.kind.as_str()),
            &maybe_texts(sedi, |sede| sede.region.map(Region::as_str)) as _,
            &maybe_texts(sedi, |sede| sede.province.as_ref().map(Province::as_str)) as _,
            &texts(sedi, |sede| &sede.address),
            &maybe_texts(sedi, |sede| sede.cap.as_ref().map(Cap::as_str)) as _,
            &texts(sedi, |sede| &sede.comune),
            &maybe_texts(sedi, |sede| sede
                .protocol_code
                .as_ref()
                .map(ProtocolOffice::as_str)) as _,
            &maybe_texts(sedi, |sede| sede.email.as_deref()) as _,
            &values(sedi, |sede| sede.active)
        )
        .fetch_all(&mut *self.transaction)
        .await?;
        Ok(Written::of(&answers))
    }

    pub async fn save_rules(&mut self, rules: &[CompetenceRule]) -> Result<Written, StoreError> {
        let priority = |rule: &CompetenceRule| i16::try_from(rule.priority).unwrap_or(i16::MAX);
        let answers = sqlx::query_scalar!(
            r#"
            insert into competence as there (cap, comune_istat, topic, sede, priority)
            select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::smallint[])
            on conflict on constraint competence_key do update set sede = excluded.sede
            where there.sede is distinct from excluded.sede
            returning there.xmax = 0 as "is_new!"
            "#,
            &texts(rules, |rule| rule.cap.as_str()),
            &maybe_texts(rules, |rule| rule.comune_istat.as_ref().map(ComuneIstat::as_str)) as _,
            &maybe_texts(rules, |rule| rule.topic.as_ref().map(TopicCode::as_str)) as _,
            &texts(rules, |rule| rule.sede.as_str()),
            &values(rules, priority)
        )
        .fetch_all(&mut *self.transaction)
        .await?;
        Ok(Written::of(&answers))
    }

    pub async fn save_topics(&mut self, topics: &[Topic]) -> Result<Written, StoreError> {
        // unnest flattens arrays of arrays, so the two lists travel as JSON
        let reasons = |topic: &Topic| serde_json::json!(topic.reasons);
        let keywords = |topic: &Topic| serde_json::json!(topic.keywords);
        let answers = sqlx::query_scalar!(
            r#"
            insert into topic as there (code, label, reasons, first_level, keywords)
            select t.code, t.label, array(select jsonb_array_elements_text(t.reasons)), t.first_level,
                   array(select jsonb_array_elements_text(t.keywords))
            from unnest($1::text[], $2::text[], $3::jsonb[], $4::bool[], $5::jsonb[])
                as t (code, label, reasons, first_level, keywords)
            on conflict on constraint topic_pk do update
            set (label, reasons, first_level, keywords) =
                (excluded.label, excluded.reasons, excluded.first_level, excluded.keywords)
            where there is distinct from excluded
            returning there.xmax = 0 as "is_new!"
            "#,
            &texts(topics, |topic| topic.code.as_str()),
            &texts(topics, |topic| &topic.label),
            &values(topics, reasons),
            &values(topics, |topic| topic.first_level),
            &values(topics, keywords)
        )
        .fetch_all(&mut *self.transaction)
        .await?;
        Ok(Written::of(&answers))
    }

    /// Saves offices with their patronati. A line whose patronato alone changed counts as changed.
    pub async fn save_offices(&mut self, lines: &[PatronatoOffice]) -> Result<Written, StoreError> {
        let answers = sqlx::query_scalar!(
            r#"
            with line as (
                select * from unnest($1::text[], $2::text[], $3::bool[], $4::text[], $5::text[], $6::text[])
                    as t (patronato, name, queue, office, office_name, region)
            ), saved_patronato as (
                insert into patronato as there (code, name, queue)
                select distinct patronato, name, queue from line
                on conflict on constraint patronato_pk do update
                set (name, queue) = (excluded.name, excluded.queue)
                where there is distinct from excluded
                returning code, there.xmax = 0 as is_new
            ), saved_office as (
                insert into patronato_office as there (patronato, code, name, region)
                select patronato, office, office_name, region from line
                on conflict on constraint patronato_office_pk do update
                set (name, region) = (excluded.name, excluded.region)
                where there is distinct from excluded
                returning patronato, code, there.xmax = 0 as is_new
            )
            select coalesce(o.is_new, false) as "is_new!"
            from line
            left join saved_office o on o.patronato = line.patronato and o.code = line.office
            left join saved_patronato p on p.code = line.patronato and not p.is_new
            where o.code is not null or p.code is not null
            "#,
            &texts(lines, |line| line.patronato.as_str()),
            &texts(lines, |line| &line.patronato_name),
            &values(lines, |line| line.queue),
            &texts(lines, |line| line.office.code.as_str()),
            &texts(lines, |line| &line.office.name),
            &maybe_texts(lines, |line| line.office.region.map(Region::as_str)) as _
        )
        .fetch_all(&mut *self.transaction)
        .await?;
        Ok(Written::of(&answers))
    }

    pub async fn save_citizens(&mut self, citizens: &[Citizen]) -> Result<Written, StoreError> {
        let base = |citizen: &Citizen| citizen.codice_fiscale.as_ref().map(CodiceFiscale::base);
        let bases = values(citizens, |citizen| {
            base(citizen).map(|base| base.as_str().to_owned())
        });
        let key = |name: &str| NameKey::of(name).as_str().to_owned();
        let answers = sqlx::query_scalar!(
            r#"
            insert into citizen as there (
                person_id, codice_fiscale, cf_base, family_name, given_name, family_key, given_key,
                born_on, birth_place, address, cap, comune_istat)
            select * from unnest(
                $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                $8::date[], $9::text[], $10::text[], $11::text[], $12::text[])
            on conflict on constraint citizen_pk do update
            set (codice_fiscale, cf_base, family_name, given_name, family_key, given_key,
                 born_on, birth_place, address, cap, comune_istat) =
                (excluded.codice_fiscale, excluded.cf_base, excluded.family_name, excluded.given_name,
                 excluded.family_key, excluded.given_key, excluded.born_on, excluded.birth_place,
                 excluded.address, excluded.cap, excluded.comune_istat)
            where there is distinct from excluded
            returning there.xmax = 0 as "is_new!"
            "#,
            &texts(citizens, |citizen| citizen.person_id.as_str()),
            &maybe_texts(citizens, |citizen| citizen
                .codice_fiscale
                .as_ref()
                .map(CodiceFiscale::as_str)) as _,
            &bases as _,
            &texts(citizens, |citizen| &citizen.family_name),
            &texts(citizens, |citizen| &citizen.given_name),
            &values(citizens, |citizen| key(&citizen.family_name)),
            &values(citizens, |citizen| key(&citizen.given_name)),
            &values(citizens, |citizen| citizen.born_on),
            &texts(citizens, |citizen| &citizen.birth_place),
            &texts(citizens, |citizen| &citizen.address),
            &maybe_texts(citizens, |citizen| citizen.cap.as_ref().map(Cap::as_str)) as _,
            &maybe_texts(citizens, |citizen| citizen
                .comune_istat
                .as_ref()
                .map(ComuneIstat::as_str)) as _
        )
        .fetch_all(&mut *self.transaction)
        .await?;
        Ok(Written::of(&answers))
    }

    pub async fn save_practices(&mut self, practices: &[PracticeRecord]) -> Result<Written, StoreError> {
        let answers = sqlx::query_scalar!(
            r#"
            insert into practice as there (kind, number, codice_fiscale, holder_role)
            select * from unnest($1::text[], $2::text[], $3::text[], $4::text[])
            on conflict on constraint practice_pk do update set holder_role = excluded.holder_role
            where there.holder_role is distinct from excluded.holder_role
            returning there.xmax = 0 as "is_new!"
            "#,
            &texts(practices, |practice| practice.kind.as_str()),
            &texts(practices, |practice| practice.number.as_str()),
            &texts(practices, |practice| practice.codice_fiscale.as_str()),
            &texts(practices, |practice| practice.holder_role.as_str())
        )
        .fetch_all(&mut *self.transaction)
        .await?;
        Ok(Written::of(&answers))
    }
}
