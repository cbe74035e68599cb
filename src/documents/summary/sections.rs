//! The sections of a summary, in the order of the manual's detail page (Figures 19 and 30).

use chrono::NaiveDate;

use super::timeline::files;
use super::{Block, Content, Entry, Fact, Section, Surroundings};
use crate::documents::clean::clean;
use crate::documents::moment::Moment;
use crate::documents::words;
use crate::domain::case::Appointment;
use crate::domain::event::EventKind;
use crate::domain::registers::Sede;
use crate::domain::request::{HistoryEntry, IdentifiedCitizen, Request};

pub(super) fn sections(
    request: &Request,
    history: &[HistoryEntry],
    state: &str,
    entries: Vec<Entry>,
    surroundings: Surroundings<'_>,
) -> Vec<Section> {
    let section = |heading, blocks| Section {
        heading,
        content: Content::Blocks(blocks),
    };
    let mut sections = vec![section(
        "Dettagli della richiesta",
        vec![Block::Facts(details(request, state, surroundings))],
    )];
    if let Some(citizen) = &request.citizen {
        sections.push(section(
            "Dati del richiedente",
            vec![Block::Facts(person(citizen))],
        ));
    }
    sections.extend([
        section("Testo e allegati della richiesta", question(history)),
        section("Testo e allegati della risposta", answer(history)),
        section("Sollecito", vec![Block::Facts(solicits(request))]),
        section("Prenotazione appuntamento", appointment(request, history)),
        Section {
            heading: "Cronologia comunicazioni ed allegati",
            content: Content::Timeline(entries),
        },
    ]);
    sections
}

fn fact(name: &'static str, value: impl Into<String>) -> Fact {
    Fact {
        name,
        value: value.into(),
    }
}

///
fn details(request: &Request, state: &str, surroundings: Surroundings<'_>) -> Vec<Fact> {
    let registers = surroundings.registers;
    let case = &request.case;
    let topic = registers
        .topic(&request.topic)
        .map_or_else(|| request.topic.to_string(), |topic| topic.label.clone());
    let patronato = registers.patronato(&case.patronato);
    let office = patronato.and_then(|patronato| patronato.office(&case.office));
    let sede = registers
        .sede(&case.sede)
        .map_or_else(|| case.sede.to_string(), Sede::label);
    let mut facts = vec![
        fact("Numero di protocollo", request.protocol.to_string()),
        fact("Data richiesta", Moment::new(request.opened_at).to_string()),
        fact("Stato richiesta", state),
        fact("Motivo", words::reason(request.reason, request.role)),
        fact("Oggetto", clean(&topic)),
    ];
    if let Some(practice) = &request.practice {
        let reference = format!("{} {}", practice.kind.noun(), practice.number.as_str());
        facts.push(fact("Riferimento pratica", reference));
    }
    facts.extend([
        fact("Agenzia di inoltro", clean(&sede)),
        fact("Nominativo operatore", clean(&request.sender.name.0)),
        fact(
            "Patronato",
            patronato.map_or_else(|| case.patronato.to_string(), |patronato| clean(&patronato.name)),
        ),
        fact(
            "Ufficio del patronato",
            office.map_or_else(|| case.office.to_string(), |office| clean(&office.name)),
        ),
    ]);
    facts
}

fn person(citizen: &IdentifiedCitizen) -> Vec<Fact> {
    let code = citizen.codice_fiscale.as_ref();
    vec![
        fact(
            "Codice fiscale",
            code.map_or("Non indicato", |code| code.as_str()),
        ),
        fact("Cognome", clean(&citizen.family_name.0)),
        fact("Nome", clean(&citizen.given_name.0)),
        fact("Data di nascita", day(citizen.born_on)),
    ]
}

fn question(history: &[HistoryEntry]) -> Vec<Block> {
    let opening = history.iter().find(|entry| entry.kind == EventKind::Submitted);
    let Some(opening) = opening else {
        return vec![Block::Remark("Il testo non è disponibile.".to_owned())];
    };
    let mut blocks = Vec::new();
    blocks.extend(
        opening
            .details
            .text
            .as_ref()
            .map(|text| Block::Text(clean(&text.0))),
    );
    if let Some(notes) = &opening.details.notes {
        blocks.push(Block::Remark("Ulteriori note:".to_owned()));
        blocks.push(Block::Text(clean(&notes.0)));
    }
    blocks.push(files(&opening.details.attachments));
    blocks
}

/// The last answer; those before it stand in the history.
fn answer(history: &[HistoryEntry]) -> Vec<Block> {
    let Some(reply) = history.iter().rfind(|entry| entry.kind == EventKind::Replied) else {
        return vec![Block::Remark("La sede non ha ancora risposto.".to_owned())];
    };
    let mut blocks = vec![Block::Remark(format!("Risposta del {}:", Moment::new(reply.at)))];
    blocks.extend(
        reply
            .details
            .text
            .as_ref()
            .map(|text| Block::Text(clean(&text.0))),
    );
    blocks.push(files(&reply.details.attachments));
    blocks
}

///
fn solicits(request: &Request) -> Vec<Fact> {
    let facts = &request.case.facts;
    let shown = |date: Option<NaiveDate>| date.map_or_else(|| "Non inviato".to_owned(), day);
    vec![
        fact("Data 1° sollecito", shown(facts.first_solicit)),
        fact("Data 2° sollecito", shown(facts.second_solicit)),
    ]
}

fn appointment(request: &Request, history: &[HistoryEntry]) -> Vec<Block> {
    let last = |kind| history.iter().rfind(|entry| entry.kind == kind);
    let on = |entry: &HistoryEntry| Moment::new(entry.at).day();
    match request.case.facts.appointment {
        Appointment::None if request.case.facts.appointment_enabled => {
            vec![Block::Remark(
                "Appuntamento abilitato dalla sede, non ancora prenotato.".to_owned(),
            )]
        }
        Appointment::None => vec![Block::Remark("Nessuna prenotazione.".to_owned())],
        Appointment::Booked => {
            let booking = last(EventKind::Booked);
            let mut facts = vec![fact(
                "Stato",
                booking.map_or_else(
                    || "Richiesto".to_owned(),
                    |entry| format!("Richiesto il {}", on(entry)),
                ),
            )];
            let wish = booking.and_then(|entry| entry.details.wish.as_ref());
            facts.extend(wish.map(|wish| fact("Preferenza", clean(&wish.0))));
            let slot = booking.and_then(|entry| entry.details.slot);
            facts.extend(slot.map(|slot| fact("Data e ora", Moment::new(slot.to_utc()).appointment())));
            vec![Block::Facts(facts)]
        }
        Appointment::Confirmed => {
            let confirmed = last(EventKind::AppointmentConfirmed);
            let mut facts = vec![fact("Stato", "Confermato dalla sede")];
            let at = confirmed.and_then(|entry| entry.details.at);
            facts.extend(at.map(|at| fact("Data e ora", Moment::new(at.to_utc()).appointment())));
            let place = confirmed.and_then(|entry| entry.details.place.as_ref());
            facts.extend(place.map(|place| fact("Luogo", clean(&place.0))));
            vec![Block::Facts(facts)]
        }
        Appointment::Cancelled => {
            let cancelled = last(EventKind::AppointmentCancelled);
            let when = cancelled.map_or_else(String::new, |entry| format!(" il {}", on(entry)));
            vec![Block::Remark(format!("Annullato dalla sede{when}."))]
        }
    }
}

fn day(date: NaiveDate) -> String {
    date.format("%d/%m/%Y").to_string()
}
