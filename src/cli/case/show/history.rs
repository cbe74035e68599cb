//! What happened to a request: one line per event.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::cli::cells::{count, moment};
use crate::cli::output::Row;
use crate::domain::case::StateName;
use crate::domain::event::{Actor, Event, EventKind};
use crate::domain::ids::{MessageId, SedeCode};
use crate::domain::request::HistoryEntry;

#[derive(Debug, Serialize)]
pub(super) struct HistoryLine {
    seq: u32,
    at: DateTime<Utc>,
    event: EventKind,
    by: String,
    source: String,
    /// As it was after the event.
    state: StateName,
    state_label: String,
    sede: SedeCode,
    /// What else the rules read of it.
    about: String,
    attachments: usize,
    caused_by: Option<MessageId>,
}

impl HistoryLine {
    pub(super) fn new(entry: &HistoryEntry, state_label: String) -> Self {
        Self {
            seq: entry.seq,
            at: entry.at,
            event: entry.kind,
            by: actor(&entry.actor),
            source: entry.source.to_string(),
            state: entry.event.state.clone(),
            state_label,
            sede: entry.event.sede.clone(),
            about: entry.event.event.as_ref().map(about).unwrap_or_default(),
            attachments: entry.details.attachments.len(),
            caused_by: entry.caused_by.clone(),
        }
    }
}

/// Who acted, as their own system names them.
pub(in crate::cli::case) fn actor(actor: &Actor) -> String {
    match actor {
        Actor::Operator { id, office, .. } => format!("{id} of {office}"),
        Actor::Officer { id, sede } => format!("{id} of {sede}"),
        Actor::Engine => "engine".to_owned(),
    }
}

fn about(event: &Event) -> String {
    match event {
        Event::Assigned { sede } | Event::Transferred { sede } => format!("to {sede}"),
        Event::Replied { continuation } => format!("continuation {continuation}"),
        Event::Elapsed { days } => format!("{days} days"),
        Event::Taken { .. }
        | Event::Released
        | Event::Closed
        | Event::Noted
        | Event::Messaged
        | Event::Attached
        | Event::Solicited
        | Event::Booked
        | Event::AppointmentEnabled
        | Event::AppointmentConfirmed
        | Event::AppointmentCancelled => String::new(),
    }
}

impl Row for HistoryLine {
    const COLUMNS: &'static [&'static str] = &["seq", "at", "event", "by", "state", "sede", "about"];

    fn cells(&self) -> Vec<String> {
        let files = (self.attachments > 0).then(|| count(self.attachments, "file", "files"));
        let about = [Some(self.about.clone()).filter(|about| !about.is_empty()), files];
        vec![
            self.seq.to_string(),
            moment(self.at),
            self.event.to_string(),
            self.by.clone(),
            self.state_label.clone(),
            self.sede.to_string(),
            about.into_iter().flatten().collect::<Vec<_>>().join(", "),
        ]
    }
}
