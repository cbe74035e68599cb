//! What tests of commands share: made-up requests, and what a printer printed.

use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use serde_json::json;

use super::case::Flows;
use super::exit::Failure;
use super::output::{Format, Manner, Printer};
use crate::domain::attachment::{MediaType, Sha256Hex, StoredAttachment};
use crate::domain::case::{Appointment, Charge, Facts};
use crate::domain::command::{ContactReason, Personal, Role};
use crate::domain::dead_letter::DeadLetterReason;
use crate::domain::event::{Actor, Event, EventKind, MailKind};
use crate::domain::ids::{SedeCode, Source};
use crate::domain::request::{Details, HistoryEntry, RecordedEvent, Request, testing};
use crate::store::{
    DeadLetter, DeadLetterId, DeadLetterSummary, JobCause, JobResult, JobRow, JobRunRow, MailId, MailState,
    MailSummary, Resolution, Resolved,
};
use crate::workflow::Registry;

/// What was printed on stdout as table, line of JSON and CSV.
pub(super) fn every_format(print: impl Fn(&mut Printer) -> Result<(), Failure>) -> String {
    [Format::Table, Format::Jsonl, Format::Csv]
        .map(|format| printed(format, &print))
        .join("\n")
}

/// What was printed on stdout.
pub(super) fn printed(format: Format, print: impl Fn(&mut Printer) -> Result<(), Failure>) -> String {
    let out = Buffer::default();
    let manner = Manner {
        format,
        ..Manner::default()
    };
    let mut printer = Printer::into_writers(manner, Box::new(out.clone()), Box::new(io::sink()));
    print(&mut printer).unwrap();
    let bytes = out.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The workflows as released.
pub(super) fn flows() -> Flows {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("workflows");
    Flows::of(Registry::load(&folder).unwrap())
}

pub(super) fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// At a sede since the day of the manual's example, overdue, solicited once.
pub(super) fn waiting() -> Request {
    let mut request = testing::request();
    request.opened_at = moment("2020-10-21T13:04:13Z");
    request.case.facts = Facts {
        elapsed: 16,
        overdue: true,
        first_solicit: Some("2020-11-06".parse().unwrap()),
        charge: Some(Charge {
            officer: "uff7".parse().unwrap(),
            until: moment("2020-11-10T08:20:00Z"),
        }),
        ..request.case.facts
    };
    request
}

/// Of a referent, answered, with an appointment.
pub(super) fn answered() -> Request {
    let mut request = waiting();
    request.case.id = "0199c0de-0000-7000-8000-000000000002".parse().unwrap();
    request.case.state = "chiuso_da_funzionario".parse().unwrap();
    request.case.workflow.name = "quesito".parse().unwrap();
    request.case.sede = "lineainps".parse().unwrap();
    request.case.facts = Facts {
        awaiting_since: None,
        interactions: 2,
        barred: true,
        appointment_enabled: true,
        appointment: Appointment::Booked,
        ..Facts::opened("2020-10-20".parse().unwrap())
    };
    request.role = Role::RegionalReferent;
    request.reason = ContactReason::RegulatoryClarification;
    request.protocol = "INPS.CCBFF.20/10/2020.0000007".parse().unwrap();
    (request.practice, request.citizen) = (None, None);
    request.opened_at = moment("2020-10-20T08:00:00Z");
    request
}

/// The history of [`waiting`].
pub(super) fn happened() -> Vec<HistoryEntry> {
    let entry = |seq, at: &str, actor, event: Option<Event>, message: Option<&str>| HistoryEntry {
        request: waiting().case.id,
        seq,
        kind: event.as_ref().map_or(EventKind::Submitted, Event::kind),
        actor,
        event: RecordedEvent {
            event,
            state: "assegnato_sede".parse().unwrap(),
            sede: "230001".parse().unwrap(),
        },
        details: Details::default(),
        source: Source::Engine,
        caused_by: message.map(|id| id.parse().unwrap()),
        at: moment(at),
    };
    let operator = Actor::Operator {
        id: "op1".parse().unwrap(),
        patronato: "inca".parse().unwrap(),
        office: "INCA-RM-001".parse().unwrap(),
    };
    let assigned = Event::Assigned {
        sede: "230001".parse().unwrap(),
    };
    let mut opened = entry(1, "2020-10-21T13:04:13Z", operator, None, Some("m-1"));
    opened.source = Source::Portal("inca".parse().unwrap());
    opened.event.state = "inviato_lineainps".parse().unwrap();
    opened.event.sede = SedeCode::lineainps();
    opened.details = Details {
        name: Some(Personal("Mario Rossi".to_owned())),
        text: Some(Personal("Buongiorno, a che punto è?".to_owned())),
        attachments: vec![StoredAttachment {
            name: "pensione.pdf".to_owned(),
            sha256: Sha256Hex::of(b"%PDF-1.7"),
            size: 8,
            media_type: MediaType::of_name("pensione.pdf").unwrap(),
        }],
        ..Details::default()
    };
    vec![
        opened,
        entry(
            2,
            "2020-10-21T13:04:13Z",
            Actor::Engine,
            Some(assigned),
            Some("m-1"),
        ),
        entry(
            3,
            "2020-11-06T00:01:00Z",
            Actor::Engine,
            Some(Event::Elapsed { days: 16 }),
            None,
        ),
    ]
}

/// A message without a type that waits for a decision.
pub(super) fn dead_letter() -> DeadLetter {
    let body = r#"{"operator":{"name":"Mario Rossi"},"sede":null}"#;
    DeadLetter {
        summary: DeadLetterSummary {
            id: DeadLetterId(17),
            reason: DeadLetterReason::UnknownType,
            detail: "the type property is missing".to_owned(),
            source: Some("portal.inca".to_owned()),
            message_id: Some("m-1".to_owned()),
            routing_key: "portal.inca.request.submit".to_owned(),
            size: 47,
            received_at: moment("2026-11-23T09:00:00Z"),
            replay_of: None,
            resolved: None,
        },
        properties: json!({ "message_id": "m-1", "content_type": "application/json" }),
        headers: json!({ "schema-version": 1 }),
        body: body.into(),
    }
}

/// One that is no JSON and was worked again.
pub(super) fn replayed() -> DeadLetter {
    let letter = dead_letter();
    DeadLetter {
        summary: DeadLetterSummary {
            id: DeadLetterId(9),
            reason: DeadLetterReason::InvalidJson,
            source: None,
            message_id: None,
            size: 1,
            replay_of: Some(DeadLetterId(3)),
            resolved: Some(Resolved {
                resolution: Resolution::Replayed,
                at: moment("2026-11-23T09:12:00Z"),
                by: "anna".to_owned(),
                why: None,
                replayed_as: Some("3d3f6b1e-8f8a-5d51-9b4e-000000000009".to_owned()),
                edited_sha256: None,
            }),
            ..letter.summary
        },
        body: b"{".into(),
        ..letter
    }
}

/// A mail that waits for its third try.
pub(super) fn mail() -> MailSummary {
    MailSummary {
        id: MailId(12),
        request_id: Some(waiting().case.id),
        kind: MailKind::Overdue,
        recipient: Personal("op1@inca.example".to_owned()),
        protocol_number: waiting().protocol.to_string(),
        message_id: uuid::Uuid::from_u128(8),
        state: MailState::Queued,
        attempts: 2,
        next_try_at: Some(moment("2020-10-22T10:02:00Z")),
        deliver_at: None,
        digest_on: None,
        last_error: Some("450 try later".to_owned()),
        created_at: moment("2020-10-22T10:00:00Z"),
        sent_at: None,
    }
}

/// A job at half past two, Italian time.
pub(super) fn job() -> JobRow {
    JobRow {
        name: "janitor".parse().unwrap(),
        cron: "0 30 2 * * *".to_owned(),
        timezone: "Europe/Rome".to_owned(),
        enabled: true,
        paused: false,
        paused_by: None,
        paused_at: None,
        note: None,
        last_run: None,
    }
}

/// A run of [`job`] that was done.
pub(super) fn job_run() -> JobRunRow {
    JobRunRow {
        job: job().name,
        scheduled_for: "2026-11-23T02:30:00".parse().unwrap(),
        timezone: job().timezone,
        cause: JobCause::Schedule,
        asked_by: None,
        node: Some("rome-1".to_owned()),
        attempt: 1,
        started_at: Some(moment("2026-11-23T01:30:00.2Z")),
        finished_at: Some(moment("2026-11-23T01:30:01.4Z")),
        late_by_ms: 200,
        result: Some(JobResult::Done),
        report: Some(json!({ "worked": 3, "note": "2 left" })),
    }
}
