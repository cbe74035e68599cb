//! Every dead-letter reason of CONTRACT.md 1, and every way a message may be right.

mod bodies;
mod cloud_events;
mod identity;
mod properties;
mod refusals;
mod surroundings;

use serde_json::{Value, json};

use super::*;
use crate::amqp::message::{HeaderValue, Headers};
use crate::domain::command::Role;
use crate::domain::refusal::{Refusal, RefusalCode};

const REQUEST: &str = "0199c0de-0000-7000-8000-000000000001";
const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// A message that can be spoilt in one place.
#[derive(Clone)]
struct Sample {
    routing_key: String,
    properties: Properties,
    body: Vec<u8>,
    rules: DecodeRules,
}

impl Sample {
    fn new(routing_key: &str, kind: &str, body: &Value) -> Self {
        let properties = Properties {
            message_id: Some("m-1".to_owned()),
            kind: Some(kind.to_owned()),
            content_type: Some("application/json".to_owned()),
            ..Properties::default()
        };
        let rules = DecodeRules {
            max_body_bytes: 64 * 1024,
            publishers: Publishers::ByRoutingKey,
        };
        Self {
            routing_key: routing_key.to_owned(),
            properties,
            body: body.to_string().into_bytes(),
            rules,
        }
    }

    fn submit() -> Self {
        Self::new("portal.inca.request.submit", "request.submit", &submit_body())
    }

    fn reply() -> Self {
        let body = json!({ "request_id": REQUEST, "officer": officer(), "text": "Risposta" });
        Self::new("sede.230001.request.reply", "request.reply", &body)
    }

    fn cloud_event(event: &Value) -> Self {
        let mut sample = Self::submit().body(&event.to_string());
        sample.properties = Properties {
            content_type: Some("application/cloudevents+json".to_owned()),
            ..Properties::default()
        };
        sample
    }

    fn with(mut self, change: impl FnOnce(&mut Properties)) -> Self {
        change(&mut self.properties);
        self
    }

    fn header(self, name: &str, value: HeaderValue) -> Self {
        self.with(|properties| {
            properties.headers.0.insert(name.to_owned(), value);
        })
    }

    fn body(mut self, body: &str) -> Self {
        self.body = body.as_bytes().to_vec();
        self
    }

    fn bytes(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    fn key(mut self, routing_key: &str) -> Self {
        routing_key.clone_into(&mut self.routing_key);
        self
    }

    fn users(mut self, user: &str, grants: &[&str]) -> Self {
        let grants = grants
            .iter()
            .map(|grant| Grant::try_from((*grant).to_owned()).unwrap())
            .collect();
        self.rules.publishers = Publishers::ByUser([(user.to_owned(), grants)].into());
        self
    }

    fn decode(&self) -> Result<Envelope, Rejected> {
        let raw = RawDelivery {
            routing_key: &self.routing_key,
            properties: &self.properties,
            body: &self.body,
        };
        decode(&raw, &self.rules)
    }

    fn reason(&self) -> DeadLetterReason {
        self.decode().expect_err("it must be rejected").reason
    }

    fn envelope(&self) -> Envelope {
        self.decode().unwrap()
    }

    fn refusal(&self) -> Refusal {
        match self.envelope().content {
            Content::Invalid { refusal, .. } => refusal,
            Content::Command(command) => panic!("not refused: {:?}", command.kind()),
        }
    }
}

fn officer() -> Value {
    json!({ "id": "f1", "name": "Anna Verdi" })
}

fn submit_body() -> Value {
    json!({
        "request_id": REQUEST,
        "role": "operator",
        "patronato": "inca", "office": "INCA-RM-001",
        "operator": { "id": "op1", "name": "Mario Rossi", "email": "op1@inca.example" },
        "citizen": { "codice_fiscale": "BNCMRA50A01H501U", "person_id": null },
        "delegation": true,
        "reason": "status_or_rejection",
        "practice": { "kind": "pension", "number": "030010110000000" },
        "topic": "pensioni-paesi-non-convenzionati",
        "text": "Buongiorno", "notes": null, "sede": null,
        "attachments": [{ "name": "documento.txt", "content_base64": "Y2lhbw==" }]
    })
}

fn edited(edit: impl FnOnce(&mut Value)) -> String {
    let mut body = submit_body();
    edit(&mut body);
    body.to_string()
}

fn nested(levels: usize) -> String {
    let tail = format!(",\"extra\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    let body = submit_body().to_string();
    format!("{}{tail}", &body[..body.len() - 1])
}

#[test]
fn a_good_message_is_a_command_with_its_proof() {
    let envelope = Sample::submit()
        .header("traceparent", HeaderValue::Text(TRACE.to_owned()))
        .envelope();
    assert_eq!(envelope.source.to_string(), "portal.inca");
    assert_eq!(envelope.message_id.as_str(), "m-1");
    assert_eq!(envelope.request_id.unwrap().to_string(), REQUEST);
    assert_eq!(&*envelope.trace_parent.unwrap().0, TRACE);
    let Content::Command(Command::Submit(submit)) = envelope.content else {
        panic!("a submit")
    };
    assert_eq!(submit.role, Role::Operator);
    assert_eq!(submit.attachments.len(), 1);
}

#[test]
fn every_command_of_a_sede_is_read() {
    let by = |more: Value| {
        let mut body = json!({ "request_id": REQUEST, "officer": officer() });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    for (kind, body) in [
        ("request.take", by(json!({}))),
        ("request.release", by(json!({}))),
        ("request.assign", by(json!({ "sede": "230001" }))),
        (
            "request.transfer",
            by(json!({ "sede": "700100", "reason": "competenza" })),
        ),
        (
            "request.reply",
            by(json!({ "text": "Sì", "continuation": "barred" })),
        ),
        ("request.close", by(json!({ "reason": "fine" }))),
        ("request.enable_appointment", by(json!({ "reason": "serve" }))),
        ("request.note", by(json!({ "text": "nota" }))),
        (
            "appointment.confirm",
            by(json!({ "at": "2026-11-24T10:00:00+01:00", "place": "Sportello 3" })),
        ),
        ("appointment.cancel", by(json!({ "reason": "chiuso" }))),
    ] {
        let envelope = Sample::new(&format!("sede.230001.{kind}"), kind, &body).envelope();
        assert_eq!(envelope.kind().as_str(), kind);
        assert!(matches!(envelope.content, Content::Command(_)), "{kind}");
        assert_eq!(envelope.request_id.unwrap().to_string(), REQUEST, "{kind}");
    }
}

#[test]
fn a_submit_without_id_gets_the_same_one_on_every_retry() {
    let sample = Sample::submit().body(&edited(|body| body["request_id"] = Value::Null));
    let id = sample.envelope().request_id.unwrap();
    assert_eq!(sample.envelope().request_id.unwrap(), id);
    let other = sample.with(|properties| properties.message_id = Some("m-2".to_owned()));
    assert_ne!(other.envelope().request_id.unwrap(), id);
}

/// The members a body may leave out, by the schema of its command.
fn optional(kind: CommandKind) -> Vec<String> {
    let schema = crate::schema::Message::Command(kind).schema();
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let members = schema["properties"].as_object().unwrap().keys();
    members
        .filter(|name| !required.contains(&json!(name)))
        .cloned()
        .collect()
}

#[test]
fn an_optional_member_that_is_null_is_not_there() {
    for &kind in CommandKind::ALL {
        let message = crate::schema::Message::Command(kind);
        let validator = jsonschema::draft202012::new(&message.schema()).unwrap();
        for member in optional(kind) {
            let (mut null, mut absent) = (message.example(), message.example());
            null[&member] = Value::Null;
            absent.as_object_mut().unwrap().remove(&member);
            let read = |body: &Value| decode_body(kind, body.to_string().as_bytes()).unwrap();
            assert_eq!(read(&null), read(&absent), "{kind}: {member}");
            assert!(validator.is_valid(&null), "{kind}: {member}");
        }
    }
    assert_eq!(
        optional(CommandKind::Reply),
        ["attachments", "continuation", "text"]
    );
}
