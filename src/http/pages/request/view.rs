//! What the page of a request says.

use askama::Template;
use chrono::{DateTime, Utc};

use super::address;
use super::filled::KeptFile;
use crate::documents::size;
use crate::domain::attachment::StoredAttachment;
use crate::domain::case::Appointment;
use crate::domain::command::{CommandKind, Role};
use crate::domain::event::{EventKind, Side};
use crate::http::api::requests::detail::{Passage, RequestDetail};
use crate::http::api::requests::thread::{Communication, Happening};
use crate::http::pages::Portal;
use crate::http::pages::chrome::{Chrome, Menu};
use crate::http::pages::forms::FormErrors;
use crate::http::pages::history::search::{ADDRESS, Search};
use crate::http::pages::moments::{day, machine, moment};
use crate::http::pages::viewer::Viewer;
use crate::workflow::Offer;

/// What was just tried and did not come about: shown beside the request as it stands now, with nothing lost.
#[derive(Default)]
pub(super) struct Attempt {
    pub(super) errors: FormErrors,
    /// Why, above everything else.
    pub(super) alert: String,
    /// The text of the message that was not sent.
    pub(super) text: String,
    /// Files that were brought with it.
    pub(super) files: Vec<KeptFile>,
    pub(super) attached: Vec<KeptFile>,
}

/// A name and a value.
struct Fact {
    name: &'static str,
    value: String,
    /// The list of those like it; empty where there is none.
    href: String,
}

/// A file to fetch.
struct File {
    href: String,
    name: String,
    size: String,
}

/// A text with its files.
struct Text {
    said: String,
    notes: String,
    files: Vec<File>,
}

/// What may be done, or why it may not.
struct Act {
    allowed: bool,
    /// Why not, and from when; empty where it is allowed.
    why: String,
}

/// One communication of the thread.
struct Entry {
    protocol: String,
    at: String,
    machine_at: String,
    what: &'static str,
    author: String,
    of_sede: bool,
    texts: Vec<String>,
    remarks: Vec<String>,
    files: Vec<File>,
}

/// One step of the request.
struct Step {
    at: String,
    machine_at: String,
    what: String,
    state: String,
    sede: String,
}

#[derive(Template)]
#[template(path = "http/pages/request.html", whitespace = "minimize")]
pub(super) struct RequestPage {
    chrome: Chrome,
    address: String,
    operator: Fact,
    details: Vec<Fact>,
    citizen: Vec<Fact>,
    question: Text,
    /// Missing until the sede answers.
    answer: Option<Text>,
    first_solicit: String,
    second_solicit: String,
    solicit: Act,
    booking: Vec<Fact>,
    book: Act,
    /// Whether the date of the appointment is known, so that a calendar can keep it.
    dated: bool,
    notice: &'static str,
    left: String,
    message: Act,
    attach: Act,
    thread: Vec<Entry>,
    steps: Vec<Step>,
    attempt: Attempt,
    /// New with every page: a form sent twice is one command.
    keys: [String; 3],
    limits: String,
}

impl RequestPage {
    pub(super) fn new(portal: &Portal, viewer: &Viewer, detail: &RequestDetail, attempt: Attempt) -> Self {
        let api = &portal.api;
        let errors = attempt.errors.clone();
        let id = detail.line.request_id;
        let thread = detail.thread.iter();
        Self {
            chrome: Chrome::of(portal, viewer, Menu::History, "Dettaglio richiesta selezionata")
                .below(ADDRESS, "Storico richieste")
                .with_errors(errors),
            address: address(id),
            operator: operator(detail),
            details: details(detail),
            citizen: citizen(detail),
            question: Text::of(&detail.question),
            answer: detail.answer.as_ref().map(Text::of),
            first_solicit: detail.solicits.first.as_ref().map_or_else(not_sent, day),
            second_solicit: detail.solicits.second.as_ref().map_or_else(not_sent, day),
            solicit: act(&detail.allowed, CommandKind::Solicit),
            booking: booking(detail),
            book: act(&detail.allowed, CommandKind::Book),
            dated: super::appointment::date(detail).is_some(),
            notice: detail.conversation.notice,
            left: left(detail),
            message: act(&detail.allowed, CommandKind::Message),
            attach: act(&detail.allowed, CommandKind::Attach),
            thread: thread.map(|one| Entry::new(one, detail)).collect(),
            steps: detail.history.iter().map(Step::new).collect(),
            attempt,
            keys: [(); 3].map(|()| api.clock.new_id().to_string()),
            limits: limits(api.limits.attachments.file),
        }
    }
}

/// The manual's words, with the limit as it is configured.
fn limits(file: u64) -> String {
    const MIB: u64 = 1024 * 1024;
    let weight = if file.is_multiple_of(MIB) {
        format!("{}MB", file / MIB)
    } else {
        size(file)
    };
    format!("Max dimensione {weight} formato gif, jpg, pdf, tiff e txt")
}

fn not_sent() -> String {
    "non inviato".to_owned()
}

pub(super) fn offer(offers: &[Offer], command: CommandKind) -> Option<&Offer> {
    offers.iter().find(|offer| offer.command == command)
}

fn act(offers: &[Offer], command: CommandKind) -> Act {
    match offer(offers, command) {
        Some(offer) => Act {
            allowed: offer.allowed,
            why: offer.message.clone().unwrap_or_default(),
        },
        None => Act {
            allowed: false,
            why: "Questa richiesta non lo prevede.".to_owned(),
        },
    }
}

fn fact(name: &'static str, value: impl Into<String>) -> Fact {
    Fact {
        name,
        value: value.into(),
        href: String::new(),
    }
}

fn operator(detail: &RequestDetail) -> Fact {
    let search = Search {
        operator: Some(detail.line.operator.id.clone()),
        ..Search::default()
    };
    Fact {
        href: search.address(),
        ..fact("Nominativo Operatore", detail.line.operator.name.0.clone())
    }
}

fn details(detail: &RequestDetail) -> Vec<Fact> {
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

fn citizen(detail: &RequestDetail) -> Vec<Fact> {
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

fn booking(detail: &RequestDetail) -> Vec<Fact> {
    let state = match (detail.booking.state, detail.booking.enabled) {
        (Appointment::None, true) => "Abilitato dalla sede, non ancora prenotato",
        (Appointment::None, false) => "Nessuna prenotazione",
        (Appointment::Booked, _) => "Richiesto, in attesa di conferma della sede",
        (Appointment::Confirmed, _) => "Confermato dalla sede",
        (Appointment::Cancelled, _) => "Annullato dalla sede",
    };
    let mut facts = vec![fact("Appuntamento", state)];
    if let Some(at) = super::appointment::date(detail) {
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
pub(super) fn hour(at: &DateTime<Utc>) -> String {
    let shown = moment(at);
    let (date, time) = shown.split_once(' ').unwrap_or((&shown, ""));
    format!("{date}, ore {}", time.get(..5).unwrap_or(time))
}

fn left(detail: &RequestDetail) -> String {
    match detail.conversation.interactions_left {
        _ if detail.conversation.barred => "La sede ha chiuso la conversazione.".to_owned(),
        0 => "Hai usato tutte le interazioni previste.".to_owned(),
        1 => "Puoi ancora inviare 1 messaggio.".to_owned(),
        several => format!("Puoi ancora inviare {several} messaggi."),
    }
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
    fn of(passage: &Passage) -> Self {
        let text = |text: &Option<crate::domain::command::Personal>| {
            text.as_ref().map(|text| text.0.clone()).unwrap_or_default()
        };
        Self {
            said: text(&passage.text),
            notes: text(&passage.notes),
            files: files(&passage.attachments),
        }
    }
}

impl Entry {
    fn new(one: &Communication, detail: &RequestDetail) -> Self {
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
    fn new(one: &Happening) -> Self {
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
