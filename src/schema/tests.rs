//! The descriptions are valid by their own standards, and the engine agrees with them.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::*;
use crate::amqp::envelope::decode;
use crate::amqp::{DecodeRules, Properties, Publishers, RawDelivery};
use crate::domain::command::Content;

/// From the npm package `@asyncapi/specs` (see tests/data/README.md).
const ASYNCAPI_SCHEMA: &str = include_str!("../../tests/data/asyncapi-3.0.0.schema.json");

fn routing_key(message: Message) -> String {
    match message {
        Message::Command(kind) if kind.is_of_portal() => format!("portal.inca.{kind}"),
        Message::Command(kind) => format!("sede.230001.{kind}"),
        Message::ToSede(_) | Message::ToPortal(_) => unreachable!("only commands come in"),
    }
}

#[test]
fn names_are_unique_and_lead_back() {
    let unique: BTreeSet<_> = names().into_iter().collect();
    assert_eq!(unique.len(), names().len());
    assert_eq!(names().len(), 15 + 6 + 13);
    for message in Message::all() {
        assert_eq!(Message::by_name(&message.to_string()), Some(message));
    }
    assert_eq!(Message::by_name("request.frobnicate"), None);
}

#[test]
fn every_schema_is_valid_and_takes_its_example() {
    for message in Message::all() {
        let schema = message.schema();
        jsonschema::draft202012::meta::validate(&schema).unwrap_or_else(|error| panic!("{message}: {error}"));
        let validator = jsonschema::draft202012::options()
            .should_validate_formats(true)
            .build(&schema)
            .unwrap();
        let problems: Vec<_> = validator
            .iter_errors(&message.example())
            .map(|error| error.to_string())
            .collect();
        assert!(problems.is_empty(), "{message}: {problems:?}");
        assert!(
            !validator.is_valid(&json!({})),
            "{message} has something it cannot do without"
        );
    }
}

#[test]
fn the_engine_takes_the_examples_of_commands() {
    for message in Message::all().filter(|message| matches!(message, Message::Command(_))) {
        let properties = Properties {
            message_id: Some("example".to_owned()),
            kind: Some(message.kind().to_owned()),
            content_type: Some("application/json".to_owned()),
            ..Properties::default()
        };
        let body = message.example().to_string();
        let key = routing_key(message);
        let raw = RawDelivery {
            routing_key: &key,
            properties: &properties,
            body: body.as_bytes(),
        };
        let rules = DecodeRules {
            max_body_bytes: 10_000,
            publishers: Publishers::ByRoutingKey,
        };
        let envelope = decode(&raw, &rules).unwrap_or_else(|rejected| panic!("{message}: {rejected}"));
        assert!(
            matches!(envelope.content, Content::Command(_)),
            "{message}: {envelope:?}"
        );
    }
}

/// Reads a body into its type and writes it again.
struct RoundTrip(Value);

impl types::ForType for RoundTrip {
    type Output = Value;

    fn run<T: Serialize + DeserializeOwned + JsonSchema>(self) -> Value {
        serde_json::to_value(serde_json::from_value::<T>(self.0).unwrap()).unwrap()
    }
}

#[test]
fn the_examples_of_outgoing_messages_are_what_the_engine_writes() {
    for message in Message::all().filter(|message| !matches!(message, Message::Command(_))) {
        let written = types::with_type(message, RoundTrip(message.example()));
        assert_eq!(written, message.example(), "{message}");
    }
}

#[test]
fn the_asyncapi_document_is_valid() {
    let schema = serde_json::from_str(ASYNCAPI_SCHEMA).unwrap();
    let validator = jsonschema::draft7::new(&schema).unwrap();
    let document = asyncapi("usciere");
    let problems: Vec<_> = validator
        .iter_errors(&document)
        .map(|error| format!("{}: {}", error.instance_path(), error.kind().keyword()))
        .collect();
    assert!(problems.is_empty(), "{problems:#?}");

    let mut wrong = document;
    wrong["operations"]["tellSedi"]["action"] = json!("shout");
    assert!(!validator.is_valid(&wrong), "the official schema does look at it");
}

#[test]
fn every_reference_of_the_document_leads_somewhere() {
    testing::every_reference_leads_somewhere(&asyncapi("usciere"));
}

#[test]
fn what_is_read_and_what_is_written_never_mean_two_things_by_one_name() {
    let mut schemas = asyncapi::Schemas::new();
    for message in Message::all() {
        schemas.reference(message);
    }
    for (name, read) in schemas.read.definitions() {
        if let Some(written) = schemas.written.definitions().get(name) {
            assert_eq!(read, written, "{name}");
        }
    }
}

#[test]
fn the_document_is_as_it_was() {
    insta::assert_json_snapshot!("asyncapi", asyncapi("usciere"));
}

#[test]
fn the_schema_of_a_submit_is_as_it_was() {
    insta::assert_json_snapshot!("request.submit", Message::Command(CommandKind::Submit).schema());
}
