//! Papers of a made-up request with everything a request can have.

mod reading;

use chrono::{DateTime, Utc};
use proptest::prelude::*;

use super::*;
use crate::domain::attachment::{MediaType, Sha256Hex, StoredAttachment};
use crate::domain::case::{Appointment, Continuation, Facts};
use crate::domain::command::Personal;
use crate::domain::event::{Actor, Claim, Event, EventKind, Side};
use crate::domain::ids::Source;
use crate::domain::registers::Registers;
use crate::domain::request::{Details, HistoryEntry, RecordedEvent, Request, testing};
use crate::workflow::Registry;

const NOTE: &str = "Sentito il collega della linea estero";

fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn said(text: &str) -> Personal {
    Personal(text.to_owned())
}

fn request() -> Request {
    let mut request = testing::request();
    request.version = 8;
    request.case.state = "chiuso_da_funzionario".parse().unwrap();
    request.case.facts = Facts {
        first_solicit: Some("2020-11-06".parse().unwrap()),
        appointment: Appointment::Confirmed,
        appointment_enabled: true,
        ..request.case.facts
    };
    request
}

fn entry(seq: u32, at: &str, actor: Actor, event: Option<Event>, details: Details) -> HistoryEntry {
    HistoryEntry {
        request: request().case.id,
        seq,
        kind: event.as_ref().map_or(EventKind::Submitted, Event::kind),
        actor,
        event: RecordedEvent {
            event,
            state: "assegnato_sede".parse().unwrap(),
            sede: "230001".parse().unwrap(),
        },
        details,
        source: Source::Engine,
        caused_by: None,
        at: moment(at),
    }
}

fn operator() -> Actor {
    Actor::Operator {
        id: "op1".parse().unwrap(),
        patronato: "inca".parse().unwrap(),
        office: "INCA-RM-001".parse().unwrap(),
    }
}

fn officer() -> Actor {
    Actor::Officer {
        id: "uff7".parse().unwrap(),
        sede: "230001".parse().unwrap(),
    }
}

fn nothing() -> Details {
    Details::default()
}

fn by_operator() -> Details {
    Details {
        name: Some(said("Mario Rossi")),
        ..nothing()
    }
}

fn by_officer() -> Details {
    Details {
        name: Some(said("Anna Verdi")),
        ..nothing()
    }
}

fn opening(text: &str) -> Details {
    Details {
        text: Some(said(text)),
        notes: Some(said("Il richiedente è residente all'estero")),
        attachments: vec![StoredAttachment {
            name: "pensione.pdf".to_owned(),
            sha256: Sha256Hex::of(b"%PDF-1.7"),
            size: 1_234_567,
            media_type: MediaType::of_name("pensione.pdf").unwrap(),
        }],
        ..by_operator()
    }
}

/// Opened with this text, then one of each kind of event a reader could mistake.
fn history(text: &str) -> Vec<HistoryEntry> {
    let assigned = Event::Assigned {
        sede: "230001".parse().unwrap(),
    };
    let transferred = Event::Transferred {
        sede: "230001".parse().unwrap(),
    };
    let moved = Details {
        reason: Some(said("Carichi di lavoro")),
        ..by_officer()
    };
    let taken = Event::Taken {
        officer: "uff7".parse().unwrap(),
        claim: Claim::IfFree,
    };
    let note = Details {
        text: Some(said(NOTE)),
        ..by_officer()
    };
    let replied = Event::Replied {
        continuation: Continuation::Allowed,
    };
    let answer = Details {
        text: Some(said(
            "La domanda è in lavorazione.\n\nLa liquidazione è prevista a gennaio.",
        )),
        ..by_officer()
    };
    let met = Details {
        at: Some("2020-11-20T10:00:00+01:00".parse().unwrap()),
        place: Some(said("Sportello 3, primo piano")),
        ..by_officer()
    };
    let elapsed = Event::Elapsed { days: 16 };
    let events = [
        ("2020-10-21T15:04:13Z", operator(), None, opening(text)),
        ("2020-10-21T15:04:13Z", Actor::Engine, Some(assigned), nothing()),
        ("2020-10-22T08:00:00Z", officer(), Some(transferred), moved),
        ("2020-10-22T09:00:00Z", officer(), Some(taken), by_officer()),
        ("2020-10-22T09:10:00Z", officer(), Some(Event::Noted), note),
        ("2020-11-06T00:01:00Z", Actor::Engine, Some(elapsed), nothing()),
        (
            "2020-11-06T10:00:00Z",
            operator(),
            Some(Event::Solicited),
            by_operator(),
        ),
        ("2020-11-10T10:00:00Z", officer(), Some(replied), answer),
        (
            "2020-11-12T10:00:00Z",
            officer(),
            Some(Event::AppointmentConfirmed),
            met,
        ),
    ];
    let entries = (1..).zip(events);
    entries
        .map(|(seq, (at, actor, event, details))| entry(seq, at, actor, event, details))
        .collect()
}

fn summary(text: &str, reader: Side) -> Summary {
    let surroundings = Surroundings {
        brand: "Scrivi alla sede",
        registers: &Registers::default(),
        workflows: &Registry::default(),
        printed_at: moment("2020-11-15T12:00:00Z"),
    };
    Summary::new(&request(), &history(text), reader, surroundings)
}

#[test]
fn r_105_the_page_of_a_patronato_says_everything_but_the_sedes_own_business() {
    let page = html(&summary("A che punto è la <pratica> & perché?", Side::Patronato)).unwrap();
    for hidden in [
        NOTE,
        "Carichi di lavoro",
        "Presa in carico",
        "Nota interna",
        "uso interno",
    ] {
        assert!(!page.html.contains(hidden), "{hidden}");
    }
    insta::assert_snapshot!(page.html);
    assert!(!page.content_security_policy.contains("unsafe"));
}

#[test]
fn r_105_the_page_of_a_sede_marks_its_internal_notes() {
    let page = html(&summary("A che punto è?", Side::Sede)).unwrap().html;
    for shown in [
        NOTE,
        "Carichi di lavoro",
        "Presa in carico",
        "Nota interna, non visibile",
        "uso interno",
    ] {
        assert!(page.contains(shown), "{shown}");
    }
}

#[test]
fn the_policy_lets_in_the_style_of_the_page_and_no_other() {
    use base64::Engine as _;
    use sha2::Digest as _;
    let page = html(&summary("Buongiorno", Side::Patronato)).unwrap();
    let style = page
        .html
        .split("<style>")
        .nth(1)
        .unwrap()
        .split("</style>")
        .next()
        .unwrap();
    let digest = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(style));
    assert!(
        page.content_security_policy
            .contains(&format!("style-src 'sha256-{digest}'"))
    );
    assert!(!page.html.contains("style=") && !page.html.contains("<script"));
}

#[test]
fn a_file_name_names_nobody_and_has_no_slash() {
    let name = summary("", Side::Patronato).file_name("pdf");
    assert_eq!(name, "INPS.7013.21-10-2020.0000123.pdf");
}

/// krilla itself refuses what is not fit for PDF/A-2a and PDF/UA-1: a glyph missing, a text without meaning.
#[test]
fn hostile_text_is_printed_by_the_same_standards() {
    let planes: String = (0..0x1_1000_u32)
        .filter_map(|code| char::from_u32(code * 16 % 0x11_0000))
        .collect();
    let texts = [
        String::new(),
        "x".repeat(4_000),
        "مرحبا بالعالم، كيف الحال؟ שלום עולם 1234 abc".repeat(20),
        "😀👩‍👩‍👧‍👦🇮🇹✈️ 漢字 हिन्दी ไทย".repeat(20),
        format!("{}Z\u{301}\u{302}\u{303}", "z\u{300}\u{301}\u{302}".repeat(300)),
        "\u{1}\u{7f}\u{9b}\u{202e}evil\u{2066}\n\n\n\r\t\u{feff}".to_owned(),
        "\n".repeat(4_000),
        planes,
    ];
    for text in texts {
        let pdf = pdf(&summary(&text, Side::Sede)).unwrap_or_else(|error| panic!("{error:?}"));
        assert!(pdf.starts_with(b"%PDF-1.7"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_printed(text in any::<String>(), words in "[\\PC\n]{0,400}") {
        let said = text + &words;
        prop_assert!(pdf(&summary(&said, Side::Patronato)).is_ok());
    }
}
