//! What a request is, as names and values.

use chrono::{DateTime, Utc};

use crate::domain::case::Appointment;
use crate::domain::command::Role;
use crate::domain::event::EventKind;
use crate::http::api::requests::detail::RequestDetail;
use crate::http::pages::history::search::Search;
use crate::http::pages::moments::{day, moment};

/// A name and a value.
pub(super) struct Fact {
    pub(super) name: &'static str,
    pub(super) value: String,
    /// The list of those like it; empty where there is none.
    pub(super) href: String,
}

fn fact(name: &'static str, value: impl Into<String>) -> Fact {
    Fact {
        name,
        value: value.into(),
        href: String::new(),
    }
}

pub(super) fn operator(detail: &RequestDetail) -> Fact {
    let search = Search {
        operator: Some(detail.line.operator.id.clone()),
        ..Search::default()
    };
    Fact {
        href: search.address(),
        ..fact("Nominativo Operatore", detail.line.operator.name.0.clone())
    }
}

pub(super) fn details(detail: &RequestDetail) -> Vec<Fact> {
    let line = &detail.line;
    let mut facts = vec![fact("Oggetto", line.topic_label.clone())];
    if let Some(practice) = &detail.practice {
        facts.push(fact(
            "Riferimento pratica",
            format!("{} {}", practice.label, practice.number.as_str()),
        ));
    } else if line.role == Role::Operator {
        facts.push(fact("Riferimento pratica", "non richiesto"));
    }
    facts.extend([
        fact("Data richiesta", day(&line.opened_on)),
        fact("Numero di protocollo", line.protocol_number.to_string()),
        fact("Agenzia di inoltro", line.sede_label.clone()),
        fact("Stato richiesta", line.state_label.clone()),
    ]);
    if let Some(since) = &line.awaiting_since {
        let over = if line.overdue { " (oltre 15 giorni)" } else { "" };
        facts.push(fact("In attesa di risposta dal", format!("{}{over}", day(since))));
    }
    facts
}

pub(super) fn citizen(detail: &RequestDetail) -> Vec<Fact> {
    let Some(citizen) = &detail.citizen else {
        return Vec::new();
    };
    let code = citizen.codice_fiscale.as_ref();
    vec![
        fact(
            "Codice fiscale",
            code.map_or("non indicato", |code| code.as_str()),
        ),
        fact("Cognome", citizen.family_name.0.clone()),
        fact("Nome", citizen.given_name.0.clone()),
        fact("Data di nascita", day(&citizen.born_on)),
    ]
}

pub(super) fn booking(detail: &RequestDetail) -> Vec<Fact> {
    let state = match (detail.booking.state, detail.booking.enabled) {
        (Appointment::None, true) => "Abilitato dalla sede, non ancora prenotato",
        (Appointment::None, false) => "Nessuna prenotazione",
        (Appointment::Booked, _) => "Richiesto, in attesa di conferma della sede",
        (Appointment::Confirmed, _) => "Confermato dalla sede",
        (Appointment::Cancelled, _) => "Annullato dalla sede",
    };
    let mut facts = vec![fact("Appuntamento", state)];
    if let Some(at) = crate::http::pages::request::appointment::date(detail) {
        facts.push(fact("Data e ora", hour(&at)));
    }
    let confirmed = detail
        .thread
        .iter()
        .rfind(|one| one.kind == EventKind::AppointmentConfirmed);
    let place = confirmed.and_then(|one| one.place.clone());
    if let Some(place) = place.filter(|_| detail.booking.state == Appointment::Confirmed) {
        facts.push(fact("Luogo", place.0));
    }
    facts
}

/// `26/11/2026, ore 10:30`
pub(in crate::http::pages::request) fn hour(at: &DateTime<Utc>) -> String {
    let shown = moment(at);
    let (date, time) = shown.split_once(' ').unwrap_or((&shown, ""));
    format!("{date}, ore {}", time.get(..5).unwrap_or(time))
}
