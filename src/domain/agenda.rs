//! Appointments by the hour: which hours a sede publishes, who holds which, and what a booking makes of them. Pure;
//! whoever asks brings the hours as they stand, and keeps what changed, in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::calendar::{TimeZone, rome_date};
use super::ids::{RequestId, SedeCode};
use super::refusal::{Reason, Refusal, RefusalCode};

/// Which hour.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct SlotId(pub Uuid);

/// One hour at one counter of a sede.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    pub id: SlotId,
    pub sede: SedeCode,
    pub starts_at: DateTime<Utc>,
    pub minutes: u16,
    /// Counter or room.
    pub place: String,
    /// The request that holds it.
    pub taken_by: Option<RequestId>,
}

/// The hours that matter to a batch, and what became of them in it.
#[derive(Debug, Default)]
pub struct Agenda {
    slots: BTreeMap<SlotId, Slot>,
    /// The hours that were looked for: of others nothing is known here.
    asked: BTreeSet<(SedeCode, DateTime<Utc>)>,
    /// Sedi that publish hours, with the next free ones; everybody else takes any hour as a wish.
    next_free: BTreeMap<SedeCode, Vec<Slot>>,
    changed: BTreeSet<SlotId>,
}

/// Nothing is known of this hour: it was not looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotLookedFor;

/// How many other hours a refusal offers.
pub const OFFERED: usize = 5;

impl Agenda {
    pub fn new(
        asked: impl IntoIterator<Item = (SedeCode, DateTime<Utc>)>,
        slots: impl IntoIterator<Item = Slot>,
        next_free: BTreeMap<SedeCode, Vec<Slot>>,
    ) -> Self {
        Self {
            slots: slots.into_iter().map(|slot| (slot.id, slot)).collect(),
            asked: asked.into_iter().collect(),
            next_free,
            changed: BTreeSet::new(),
        }
    }

    /// Takes an hour for a request; where the sede publishes none, any hour is a wish and nothing is taken.
    pub fn book(
        &mut self,
        request: RequestId,
        sede: &SedeCode,
        at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Result<(), Refusal>, NotLookedFor> {
        if !self.asked.contains(&(sede.clone(), at)) {
            return Err(NotLookedFor);
        }
        if !self.next_free.contains_key(sede) {
            return Ok(Ok(()));
        }
        let hour = (at > now).then(|| self.free_at(sede, at)).flatten();
        Ok(match hour {
            Some(id) => {
                self.release(request);
                self.give(id, Some(request));
                Ok(())
            }
            None => Err(self.not_free(sede, at)),
        })
    }

    /// The sede fixed an appointment: the request holds that hour if it is published and free, and no other.
    pub fn confirm(
        &mut self,
        request: RequestId,
        sede: &SedeCode,
        at: DateTime<Utc>,
    ) -> Result<(), NotLookedFor> {
        if !self.asked.contains(&(sede.clone(), at)) {
            return Err(NotLookedFor);
        }
        let holds = |slot: &Slot| slot.taken_by == Some(request);
        if self
            .slots
            .values()
            .any(|slot| holds(slot) && slot.starts_at == at)
        {
            return Ok(());
        }
        self.release(request);
        if let Some(id) = self.free_at(sede, at) {
            self.give(id, Some(request));
        }
        Ok(())
    }

    /// The request holds no hour any more.
    pub fn release(&mut self, request: RequestId) {
        let held: Vec<SlotId> = self
            .slots
            .values()
            .filter(|slot| slot.taken_by == Some(request))
            .map(|slot| slot.id)
            .collect();
        for id in held {
            self.give(id, None);
        }
    }

    /// What has to be written, as (hour, who holds it now).
    pub fn changes(&self) -> Vec<(SlotId, Option<RequestId>)> {
        let changed = self.changed.iter().filter_map(|id| self.slots.get(id));
        changed.map(|slot| (slot.id, slot.taken_by)).collect()
    }

    fn free_at(&self, sede: &SedeCode, at: DateTime<Utc>) -> Option<SlotId> {
        let mut slots = self.slots.values();
        let free = slots.find(|slot| slot.sede == *sede && slot.starts_at == at && slot.taken_by.is_none());
        free.map(|slot| slot.id)
    }

    fn give(&mut self, id: SlotId, request: Option<RequestId>) {
        if let Some(slot) = self.slots.get_mut(&id) {
            slot.taken_by = request;
            self.changed.insert(id);
        }
    }

    /// "L'orario non è disponibile", with the next ones that are.
    fn not_free(&self, sede: &SedeCode, at: DateTime<Utc>) -> Refusal {
        let taken = |slot: &Slot| {
            self.slots
                .get(&slot.id)
                .is_some_and(|slot| slot.taken_by.is_some())
        };
        let mut hours: Vec<DateTime<Utc>> = self
            .next_free
            .get(sede)
            .into_iter()
            .flatten()
            .filter(|slot| !taken(slot))
            .map(|slot| slot.starts_at)
            .collect();
        hours.dedup();
        hours.truncate(OFFERED);
        let wanted = italian(at);
        let message = if hours.is_empty() {
            format!("L'orario {wanted} non è disponibile e al momento non ce ne sono altri liberi.")
        } else {
            let others: Vec<String> = hours.iter().map(|hour| italian(*hour)).collect();
            format!(
                "L'orario {wanted} non è disponibile. Sono liberi: {}.",
                others.join("; ")
            )
        };
        let reason = |at: DateTime<Utc>, holds: bool| Reason {
            condition: "slot_free".to_owned(),
            holds,
            message: format!(
                "{}: {}",
                italian(at),
                if holds { "libero" } else { "non disponibile" }
            ),
            available_from: holds.then(|| rome_date(at)),
        };
        let mut refusal = Refusal::new(RefusalCode::StateConflict, message).at("/slot");
        refusal.why.push(reason(at, false));
        refusal
            .why
            .extend(hours.into_iter().map(|hour| reason(hour, true)));
        refusal
    }
}

/// "26/11/2026 alle 10:30", as clocks in Rome show it.
fn italian(at: DateTime<Utc>) -> String {
    TimeZone::default()
        .local(at)
        .format("%d/%m/%Y alle %H:%M")
        .to_string()
}

#[cfg(test)]
mod tests;
