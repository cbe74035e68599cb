//! What the page of a request says.

mod facts;
mod thread;

use askama::Template;

use super::address;
use super::filled::KeptFile;
use super::unsent::THERE_AGAIN;
use crate::documents::size;
use crate::domain::command::CommandKind;
use crate::http::api::requests::detail::RequestDetail;
use crate::http::pages::Portal;
use crate::http::pages::chrome::{Chrome, Menu};
use crate::http::pages::forms::FormErrors;
use crate::http::pages::history::search::ADDRESS;
use crate::http::pages::moments::day;
use crate::http::pages::viewer::Viewer;
use crate::workflow::Offer;
use facts::{Fact, booking, citizen, details, operator};
use thread::{Entry, Step, Text};

pub(super) use facts::hour;
pub(in crate::http::pages) use thread::what;

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

impl Attempt {
    /// A message one was writing when one left; nothing where it is empty.
    pub(super) fn not_sent(text: String) -> Self {
        Self {
            alert: if text.is_empty() { "" } else { THERE_AGAIN }.to_owned(),
            text,
            ..Self::default()
        }
    }
}

/// What may be done, or why it may not.
struct Act {
    allowed: bool,
    /// Why not, and from when; empty where it is allowed.
    why: String,
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

fn left(detail: &RequestDetail) -> String {
    match detail.conversation.interactions_left {
        _ if detail.conversation.barred => "La sede ha chiuso la conversazione.".to_owned(),
        0 => "Hai usato tutte le interazioni previste.".to_owned(),
        1 => "Puoi ancora inviare 1 messaggio.".to_owned(),
        several => format!("Puoi ancora inviare {several} messaggi."),
    }
}
