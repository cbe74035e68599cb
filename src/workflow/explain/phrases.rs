//! The Italian of dates, numbers, actions and conditions, to build sentences from.

use chrono::NaiveDate;

use crate::domain::calendar::DayCount;
use crate::domain::event::EventKind;
use crate::workflow::vocabulary::Condition;

pub(in crate::workflow) fn date(date: NaiveDate) -> String {
    date.format("%d/%m/%Y").to_string()
}

/// "1 giorno", "15 giorni lavorativi".
pub(in crate::workflow) fn days(count: u32, kind: DayCount) -> String {
    let noun = if count == 1 { "giorno" } else { "giorni" };
    match kind {
        DayCount::Calendar => format!("{count} {noun}"),
        DayCount::Working if count == 1 => format!("{count} {noun} lavorativo"),
        DayCount::Working => format!("{count} {noun} lavorativi"),
    }
}

pub(super) fn solicits(count: u8) -> String {
    let noun = if count == 1 { "sollecito" } else { "solleciti" };
    format!("{count} {noun}")
}

pub(super) fn interactions(count: u8) -> String {
    let noun = if count == 1 { "interazione" } else { "interazioni" };
    format!("{count} {noun}")
}

/// What an event does, as in "non è possibile ...".
pub(super) const fn action(event: EventKind) -> &'static str {
    match event {
        EventKind::Submitted => "inviare la richiesta",
        EventKind::Assigned => "assegnare la richiesta",
        EventKind::Transferred => "trasferire la richiesta",
        EventKind::Taken => "prendere in carico la richiesta",
        EventKind::Released => "rilasciare la richiesta",
        EventKind::Replied => "rispondere",
        EventKind::Closed => "chiudere la richiesta",
        EventKind::Noted => "aggiungere una nota",
        EventKind::Messaged => "scrivere un messaggio",
        EventKind::Attached => "allegare documenti",
        EventKind::Solicited => "sollecitare",
        EventKind::Booked => "prenotare un appuntamento",
        EventKind::AppointmentEnabled => "abilitare l'appuntamento",
        EventKind::AppointmentConfirmed => "confermare l'appuntamento",
        EventKind::AppointmentCancelled => "annullare l'appuntamento",
        EventKind::Elapsed => "far scadere l'attesa",
    }
}

/// A condition as one of several ways: "È possibile solo ..., oppure ...".
pub(super) const fn way(condition: Condition) -> &'static str {
    match condition {
        Condition::Awaiting => "se una risposta è attesa",
        Condition::Answered => "dopo la risposta della sede",
        Condition::SolicitsLeft => "se restano solleciti",
        Condition::SolicitOpen => "passati i giorni per il sollecito",
        Condition::InteractionsLeft => "se restano interazioni",
        Condition::ConversationOpen => "se la conversazione è aperta",
        Condition::ConversationOver => "se la conversazione non può continuare",
        Condition::AppointmentOpen => "dopo una lunga attesa senza risposta",
        Condition::AppointmentEnabled => "se la sede ha abilitato l'appuntamento",
        Condition::NoBooking => "se nessun appuntamento è prenotato",
        Condition::AppointmentBooked => "se un appuntamento attende conferma",
        Condition::AppointmentActive => "se un appuntamento è prenotato",
        Condition::OtherSede => "verso un'altra sede",
        Condition::FreeOrMine => "se nessun altro l'ha in carico",
        Condition::Takeover => "indicando il motivo per cui subentri",
        Condition::InMyCharge => "se è in carico a te",
        Condition::AtDesk => "presso uno sportello",
        Condition::ToDesk => "verso uno sportello",
    }
}
