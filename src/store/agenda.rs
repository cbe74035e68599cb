//! The local agenda: hours that sedi publish, and the requests that hold them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{IntakeTransaction, Store, StoreError};
use crate::domain::agenda::{Agenda, OFFERED, Slot, SlotId};
use crate::domain::ids::{ActorId, RequestId, SedeCode};

struct SlotRow {
    id: Uuid,
    sede: String,
    starts_at: DateTime<Utc>,
    minutes: i16,
    place: String,
    case_id: Option<Uuid>,
}

impl TryFrom<SlotRow> for Slot {
    type Error = StoreError;

    fn try_from(row: SlotRow) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::corrupt("agenda_slot", column, row.id);
        Ok(Self {
            id: SlotId(row.id),
            sede: SedeCode::parse(&row.sede).map_err(|_| corrupt("sede"))?,
            starts_at: row.starts_at,
            minutes: u16::try_from(row.minutes).map_err(|_| corrupt("minutes"))?,
            place: row.place,
            taken_by: row.case_id.map(RequestId),
        })
    }
}

/// Which hours of a sede to list.
#[derive(Debug, Clone)]
pub struct SlotFilter {
    pub sede: SedeCode,
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    /// Only those nobody holds.
    pub free: bool,
}

/// What became of an hour that was to be withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withdrawn {
    Done,
    /// A request holds it.
    Taken,
    /// The sede has no such hour.
    Unknown,
}

impl Store {
    /// Hours of a sede, the next first; at most a thousand.
    pub async fn slots(&self, filter: &SlotFilter) -> Result<Vec<Slot>, StoreError> {
        let rows = sqlx::query_as!(
            SlotRow,
            r#"
            select id, sede, starts_at, minutes, place, case_id from agenda_slot
            where sede = $1 and starts_at >= $2 and starts_at < $3 and (not $4 or case_id is null)
            order by starts_at, place
            limit 1000
            "#,
            filter.sede.as_str(),
            filter.from,
            filter.to,
            filter.free
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(Slot::try_from).collect()
    }

    /// Publishes hours, all or none; answers how many are new. One that is there already stays as it is.
    pub async fn publish_slots(&self, slots: &[Slot], by: &ActorId) -> Result<u64, StoreError> {
        let done = sqlx::query!(
            r#"
            insert into agenda_slot (id, sede, starts_at, minutes, place, published_by)
            select t.*, $6 from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::smallint[], $5::text[]) as t
            on conflict (sede, starts_at, place) do nothing
            "#,
            &slots.iter().map(|slot| slot.id.0).collect::<Vec<_>>(),
            &slots.iter().map(|slot| slot.sede.to_string()).collect::<Vec<_>>(),
            &slots.iter().map(|slot| slot.starts_at).collect::<Vec<_>>(),
            &slots
                .iter()
                .map(|slot| super::intake::to_i16(slot.minutes))
                .collect::<Vec<_>>(),
            &slots.iter().map(|slot| slot.place.clone()).collect::<Vec<_>>(),
            by.as_str()
        )
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected())
    }

    /// Takes back an hour nobody holds.
    pub async fn withdraw_slot(&self, sede: &SedeCode, id: SlotId) -> Result<Withdrawn, StoreError> {
        let gone = sqlx::query!(
            "delete from agenda_slot where id = $1 and sede = $2 and case_id is null",
            id.0,
            sede.as_str()
        )
        .execute(&self.pool)
        .await?;
        if gone.rows_affected() == 1 {
            return Ok(Withdrawn::Done);
        }
        let there = sqlx::query_scalar!(
            r#"select exists (select from agenda_slot where id = $1 and sede = $2) as "there!""#,
            id.0,
            sede.as_str()
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(if there {
            Withdrawn::Taken
        } else {
            Withdrawn::Unknown
        })
    }
}

impl IntakeTransaction {
    /// Locks the hours these bookings want and those these requests hold, in the order of their ids, and looks for
    /// free ones to offer. To be called after the requests are locked.
    pub async fn lock_agenda(
        &mut self,
        wanted: Vec<(SedeCode, DateTime<Utc>)>,
        holders: &[RequestId],
        now: DateTime<Utc>,
    ) -> Result<Agenda, StoreError> {
        if wanted.is_empty() && holders.is_empty() {
            return Ok(Agenda::default());
        }
        let sedi: Vec<String> = wanted.iter().map(|(sede, _)| sede.to_string()).collect();
        let rows = sqlx::query_as!(
            SlotRow,
            r#"
            select id, sede, starts_at, minutes, place, case_id from agenda_slot
            where id in (
                select s.id from agenda_slot as s
                join unnest($1::text[], $2::timestamptz[]) as w (sede, starts_at) using (sede, starts_at)
                union
                select id from agenda_slot where case_id = any($3))
            order by id
            for update
            "#,
            &sedi,
            &wanted.iter().map(|(_, at)| *at).collect::<Vec<_>>(),
            &holders.iter().map(|request| request.0).collect::<Vec<_>>()
        )
        .fetch_all(&mut *self.transaction)
        .await?;
        let slots: Vec<Slot> = rows.into_iter().map(Slot::try_from).collect::<Result<_, _>>()?;
        let next_free = self.next_free(&sedi, now).await?;
        Ok(Agenda::new(wanted, slots, next_free))
    }

    /// The sedi among these that publish hours from now on, each with its next free ones.
    async fn next_free(
        &mut self,
        sedi: &[String],
        now: DateTime<Utc>,
    ) -> Result<BTreeMap<SedeCode, Vec<Slot>>, StoreError> {
        let mut next_free = BTreeMap::new();
        if sedi.is_empty() {
            return Ok(next_free);
        }
        let keeping = sqlx::query_scalar!(
            r#"
            select w.sede as "sede!" from (select distinct unnest($1::text[])) as w (sede)
            where exists (select from agenda_slot as s where s.sede = w.sede and s.starts_at > $2)
            "#,
            sedi,
            now
        )
        .fetch_all(&mut *self.transaction)
        .await?;
        for sede in &keeping {
            let code = SedeCode::parse(sede).map_err(|_| StoreError::corrupt("agenda_slot", "sede", sede))?;
            next_free.insert(code, Vec::new());
        }
        let rows = sqlx::query_as!(
            SlotRow,
            r#"
            select s.id, s.sede, s.starts_at, s.minutes, s.place, s.case_id
            from unnest($1::text[]) as w (sede)
            cross join lateral (
                select * from agenda_slot as a
                where a.sede = w.sede and a.starts_at > $2 and a.case_id is null
                order by a.starts_at limit $3) as s
            order by s.starts_at
            "#,
            &keeping,
            now,
            // Some of them may be taken by the very batch.
            i64::try_from(OFFERED * 4).unwrap_or(i64::MAX)
        )
        .fetch_all(&mut *self.transaction)
        .await?;
        for row in rows {
            let slot = Slot::try_from(row)?;
            next_free.entry(slot.sede.clone()).or_default().push(slot);
        }
        Ok(next_free)
    }

    /// Writes who holds which hour now. Those given back come first: a request may move from one to another.
    pub async fn save_agenda(&mut self, changes: &[(SlotId, Option<RequestId>)]) -> Result<(), StoreError> {
        let freed: Vec<Uuid> = changes.iter().map(|(id, _)| id.0).collect();
        if freed.is_empty() {
            return Ok(());
        }
        sqlx::query!("update agenda_slot set case_id = null where id = any($1)", &freed)
            .execute(&mut *self.transaction)
            .await?;
        let taken = changes
            .iter()
            .filter_map(|(id, request)| Some((id.0, (*request)?.0)));
        let (ids, requests): (Vec<Uuid>, Vec<Uuid>) = taken.unzip();
        sqlx::query!(
            r#"
            update agenda_slot as s set case_id = t.case_id
            from unnest($1::uuid[], $2::uuid[]) as t (id, case_id) where s.id = t.id
            "#,
            &ids,
            &requests
        )
        .execute(&mut *self.transaction)
        .await?;
        Ok(())
    }
}
