//! What was said about a request, and the steps it took.

use super::facts::hour;
use crate::documents::size;
use crate::domain::attachment::StoredAttachment;
use crate::domain::command::Personal;
use crate::domain::event::{EventKind, Side};
use crate::http::api::requests::detail::{Passage, RequestDetail};
use crate::http::api::requests::thread::{Communication, Happening};
use crate::http::pages::moments::{machine, moment};

/// A file to fetch.
pub(super) struct File {
    pub(super) href: String,
    pub(super) name: String,
    pub(super) size: String,
}

/// A text with its files.
pub(super) struct Text {
    pub(super) said: String,
    pub(super) notes: String,
    pub(super) files: Vec<File>,
}

/// One communication of the thread.
pub(super) struct Entry {
    pub(super) protocol: String,
    pub(super) at: String,
    pub(super) machine_at: String,
    pub(super) what: &'static str,
    pub(super) author: String,
    pub(super) of_sede: bool,
    pub(super) texts: Vec<String>,
    pub(super) remarks: Vec<String>,
    pub(super) files: Vec<File>,
}

/// One step of the request.
pub(super) struct Step {
    pub(super) at: String,
    pub(super) machine_at: String,
    pub(super) what: String,
    pub(super) state: String,
    pub(super) sede: String,
}

impl File {
    fn new(file: &StoredAttachment) -> Self {
        Self {
            href: format!("/allegati/{}", file.sha256),
            name: file.name.clone(),
            size: size(file.size),
        }
    }
}

fn files(files: &[StoredAttachment]) -> Vec<File> {
    files.iter().map(File::new).collect()
}

impl Text {
    pub(super) fn of(passage: &Passage) -> Self {
        let text = |text: &Option<Personal>| text.as_ref().map(|text| text.0.clone()).unwrap_or_default();
        Self {
            said: text(&passage.text),
            notes: text(&passage.notes),
            files: files(&passage.attachments),
        }
    }
}

impl Entry {
    pub(super) fn new(one: &Communication, detail: &RequestDetail) -> Self {
        let of_sede = one.from == Side::Sede;
        let author = one.author.as_ref().map(|name| name.0.clone());
        let author = author.unwrap_or_else(|| {
            if of_sede {
                String::new()
            } else {
                detail.line.operator.name.0.clone()
            }
        });
        let whose = if of_sede { "INPS" } else { "Patronato" };
        let author = if author.is_empty() {
            whose.to_owned()
        } else {
            format!("{author} ({whose})")
        };
        let text = [&one.text, &one.notes, &one.reason]
            .into_iter()
            .flatten()
            .map(|text| text.0.clone());
        let mut remarks = Vec::new();
        remarks.extend(one.wish.as_ref().map(|wish| format!("Preferenza: {}", wish.0)));
        remarks.extend(one.slot.map(|at| format!("Data e ora: {}", hour(&at.to_utc()))));
        remarks.extend(
            one.appointment_at
                .map(|at| format!("Data e ora: {}", hour(&at.to_utc()))),
        );
        remarks.extend(one.place.as_ref().map(|place| format!("Luogo: {}", place.0)));
        Self {
            protocol: detail.line.protocol_number.to_string(),
            at: moment(&one.at),
            machine_at: machine(&one.at),
            what: what(one.kind),
            author,
            of_sede,
            texts: text.collect(),
            remarks,
            files: files(&one.attachments),
        }
    }
}

impl Step {
    pub(super) fn new(one: &Happening) -> Self {
        Self {
            at: moment(&one.at),
            machine_at: machine(&one.at),
            what: what(one.event).to_owned(),
            state: one.state_label.clone(),
            sede: one.sede_label.clone(),
        }
    }
}

/// What happened, in a few words.
pub(in crate::http::pages) const fn what(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Submitted => "Richiesta inviata",
        EventKind::Assigned => "Assegnata alla sede",
        EventKind::Transferred => "Trasferita ad altra sede",
        EventKind::Taken => "Presa in carico",
        EventKind::Released => "Presa in carico rilasciata",
        EventKind::Replied => "Risposta della sede",
        EventKind::Closed => "Chiusa dalla sede",
        EventKind::Noted => "Nota interna",
        EventKind::Messaged => "Nuovo messaggio",
        EventKind::Attached => "Documenti aggiunti",
        EventKind::Solicited => "Sollecito",
        EventKind::Booked => "Appuntamento richiesto",
        EventKind::AppointmentEnabled => "Appuntamento abilitato dalla sede",
        EventKind::AppointmentConfirmed => "Appuntamento confermato dalla sede",
        EventKind::AppointmentCancelled => "Appuntamento annullato dalla sede",
        EventKind::Elapsed => "Superati 15 giorni senza risposta",
    }
}
