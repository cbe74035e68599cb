//! Mails from the outbox to a real mail server, and what becomes of them when it misbehaves (RELIABILITY 3, S1-S6).

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/database.rs"]
mod database;
#[path = "support/fake_smtp.rs"]
mod fake_smtp;
#[path = "support/services.rs"]
mod services;

#[path = "mail/command.rs"]
mod command;
#[path = "mail/delivery.rs"]
mod delivery;
#[path = "mail/files.rs"]
mod files;
#[path = "mail/lists.rs"]
mod lists;
#[path = "mail/outbox.rs"]
mod outbox;
#[path = "mail/privacy.rs"]
mod privacy;
#[path = "mail/sending.rs"]
mod sending;
#[path = "mail/transport.rs"]
mod transport;
#[path = "mail/tries.rs"]
mod tries;

use chrono::{DateTime, NaiveDate, Utc};
use url::Url;
use usciere::clock::Clock;
use usciere::config::interval::Interval;
use usciere::config::mail::SmtpSettings;
use usciere::domain::command::Personal;
use usciere::domain::event::MailKind;
use usciere::domain::ids::{ActorId, NodeName, PatronatoCode, RequestId};
use usciere::domain::mail::{Addressee, MailDetail, MailParams};
use usciere::mail::Surroundings;
use usciere::store::NewMail;
use uuid::Uuid;

/// A day on which nothing special happens.
fn clock() -> Clock {
    Clock::fixed("2026-11-23T09:00:00Z".parse::<DateTime<Utc>>().unwrap())
}

fn surroundings() -> Surroundings {
    Surroundings {
        service: "Scrivi alla sede".to_owned(),
        base_url: Url::parse("https://usciere.example/").unwrap(),
    }
}

fn settings(url: &str) -> SmtpSettings {
    SmtpSettings {
        url: url.parse().unwrap(),
        timeout: Interval::from_secs(10),
        ..SmtpSettings::default()
    }
}

fn node(name: &str) -> NodeName {
    NodeName::parse(name).unwrap()
}

fn params() -> MailParams {
    MailParams {
        protocol_number: Some("INPS.7013.24/02/2021.0000123".to_owned()),
        topic_label: "Pensioni".to_owned(),
        sede_name: Some("Agenzia di Pomezia".to_owned()),
        happened_on: NaiveDate::from_ymd_opt(2021, 2, 24).unwrap(),
        detail: MailDetail::Nothing,
    }
}

/// An operator of a patronato.
fn operator(id: &str) -> Addressee {
    Addressee {
        patronato: PatronatoCode::parse("inca").unwrap(),
        operator: ActorId::parse(id).unwrap(),
        address: Personal(format!("{id}@inca.example")),
    }
}

/// The mail about the first event of request `number`.
fn new_mail(number: u128) -> NewMail {
    let request = RequestId(Uuid::from_u128(number));
    NewMail::new(
        request,
        1,
        MailKind::Reply,
        &operator(&format!("op{number}")),
        params(),
    )
}
