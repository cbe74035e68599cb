//! What was written and what happened, as the reader's side may see it.

use chrono::{DateTime, FixedOffset, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use super::line::Names;
use crate::domain::attachment::StoredAttachment;
use crate::domain::case::StateName;
use crate::domain::command::Personal;
use crate::domain::event::{Actor, EventKind, Side};
use crate::domain::ids::{ActorId, SedeCode};
use crate::domain::request::{HistoryEntry, Request};

/// "Cronologia comunicazioni ed allegati": one communication.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct Communication {
    pub(in crate::http) seq: u32,
    pub(in crate::http) at: DateTime<Utc>,
    pub(in crate::http) kind: EventKind,
    pub(in crate::http) from: Side,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) author: Option<Personal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) text: Option<Personal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) notes: Option<Personal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) reason: Option<Personal>,
    pub(in crate::http) attachments: Vec<StoredAttachment>,
    /// "Non visibile al patronato".
    pub(in crate::http) internal: bool,
    /// The wish for an appointment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) wish: Option<Personal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) slot: Option<DateTime<FixedOffset>>,
    /// When and where an appointment is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) appointment_at: Option<DateTime<FixedOffset>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) place: Option<Personal>,
}

/// One thing that happened, and how it stood after it.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct Happening {
    pub(in crate::http) seq: u32,
    pub(in crate::http) at: DateTime<Utc>,
    pub(in crate::http) event: EventKind,
    /// The side that acted; missing where the engine did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) by: Option<Side>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) actor: Option<ActorId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) name: Option<Personal>,
    pub(in crate::http) state: StateName,
    pub(in crate::http) state_label: String,
    pub(in crate::http) sede: SedeCode,
    pub(in crate::http) sede_label: String,
}

/// Everything somebody wrote or attached, oldest first.
pub(in crate::http) fn communications(history: &[HistoryEntry], reader: Side) -> Vec<Communication> {
    let visible = history.iter().filter(|entry| is_visible(entry, reader));
    visible.filter_map(|entry| communication(entry, reader)).collect()
}

pub(in crate::http) fn happenings(
    request: &Request,
    history: &[HistoryEntry],
    names: &Names,
    reader: Side,
) -> Vec<Happening> {
    let visible = history.iter().filter(|entry| is_visible(entry, reader));
    visible
        .map(|entry| {
            let (by, actor) = actor(&entry.actor);
            Happening {
                seq: entry.seq,
                at: entry.at,
                event: entry.kind,
                by,
                actor,
                name: entry.details.name.clone(),
                state: entry.event.state.clone(),
                state_label: names.state(&request.case.workflow, &entry.event.state),
                sede: entry.event.sede.clone(),
                sede_label: names.sede(&entry.event.sede),
            }
        })
        .collect()
}

fn is_visible(entry: &HistoryEntry, reader: Side) -> bool {
    reader == Side::Sede || !entry.kind.is_internal()
}

fn communication(entry: &HistoryEntry, reader: Side) -> Option<Communication> {
    let details = &entry.details;
    let from = actor(&entry.actor).0?;
    // Why a sede passes a request on is between the sedi.
    let between_sedi = matches!(entry.kind, EventKind::Assigned | EventKind::Transferred);
    let reason = details
        .reason
        .clone()
        .filter(|_| reader == Side::Sede || !between_sedi);
    let says_something = details.text.is_some()
        || details.notes.is_some()
        || reason.is_some()
        || !details.attachments.is_empty()
        || matches!(
            entry.kind,
            EventKind::Solicited | EventKind::Booked | EventKind::AppointmentConfirmed
        );
    says_something.then(|| Communication {
        seq: entry.seq,
        at: entry.at,
        kind: entry.kind,
        from,
        author: details.name.clone(),
        text: details.text.clone(),
        notes: details.notes.clone(),
        reason,
        attachments: details.attachments.clone(),
        internal: entry.kind.is_internal(),
        wish: details.wish.clone(),
        slot: details.slot,
        appointment_at: details.at,
        place: details.place.clone(),
    })
}

fn actor(actor: &Actor) -> (Option<Side>, Option<ActorId>) {
    match actor {
        Actor::Operator { id, .. } => (Some(Side::Patronato), Some(id.clone())),
        Actor::Officer { id, .. } => (Some(Side::Sede), Some(id.clone())),
        Actor::Engine => (None, None),
    }
}
