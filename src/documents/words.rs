//! The Italian words of papers.

use crate::domain::command::{ContactReason, Role};
use crate::domain::event::{Event, EventKind};

/// As the manual writes them.
pub(super) const fn reason(reason: ContactReason, role: Role) -> &'static str {
    match reason {
        ContactReason::SolicitSubmitted => "Sollecito domanda già presentata",
        ContactReason::StatusOrRejection => "Prestazione in corso o respinta",
        ContactReason::RegulatoryClarification => "Chiarimento normativo",
        ContactReason::AccessRequirements => match role {
            Role::Operator => "Requisiti e modalità di accesso ai servizi",
            Role::RegionalReferent => "Requisiti e Modalità di accesso ai servizi",
        },
    }
}

/// What happened, as the heading of its entry. `solicits`: how many there are with this one.
pub(super) fn happening(
    kind: EventKind,
    event: Option<&Event>,
    destination: &str,
    solicits: usize,
) -> String {
    match kind {
        EventKind::Submitted => "Richiesta inviata".to_owned(),
        EventKind::Assigned => format!("Assegnata a {destination}"),
        EventKind::Transferred => format!("Trasferita a {destination}"),
        EventKind::Taken => "Presa in carico".to_owned(),
        EventKind::Released => "Presa in carico rilasciata".to_owned(),
        EventKind::Replied => "Risposta della sede".to_owned(),
        EventKind::Closed => "Chiusa dalla sede".to_owned(),
        EventKind::Noted => "Nota interna, non visibile al patronato".to_owned(),
        EventKind::Messaged => "Nuovo messaggio del patronato".to_owned(),
        EventKind::Attached => "Allegati aggiunti dal patronato".to_owned(),
        EventKind::Solicited => format!("{solicits}° sollecito"),
        EventKind::Booked => "Appuntamento richiesto".to_owned(),
        EventKind::AppointmentEnabled => "Appuntamento abilitato dalla sede".to_owned(),
        EventKind::AppointmentConfirmed => "Appuntamento confermato".to_owned(),
        EventKind::AppointmentCancelled => "Appuntamento annullato".to_owned(),
        EventKind::Elapsed => match event {
            Some(Event::Elapsed { days }) => format!("Trascorsi {days} giorni senza risposta"),
            Some(_) | None => "Termine trascorso senza risposta".to_owned(),
        },
    }
}

/// The size of a file as the manual shows it: `2 KB`.
pub fn size(bytes: u64) -> String {
    const KB: u64 = 1024;
    if bytes < KB {
        format!("{bytes} byte")
    } else if bytes < KB * KB {
        format!("{} KB", bytes.div_ceil(KB))
    } else {
        // Tenths, rounded up: a file is never shown smaller than it is.
        let tenths = (bytes * 10).div_ceil(KB * KB);
        format!("{},{} MB", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_never_shown_smaller_than_they_are() {
        let shown = [
            0,
            1023,
            1024,
            2047,
            1024 * 1024 - 1,
            1024 * 1024,
            6 * 1024 * 1024 - 1,
        ]
        .map(size);
        let expected = [
            "0 byte",
            "1023 byte",
            "1 KB",
            "2 KB",
            "1024 KB",
            "1,0 MB",
            "6,0 MB",
        ];
        assert_eq!(shown, expected);
    }
}
