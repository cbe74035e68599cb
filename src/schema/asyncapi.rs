//! The AsyncAPI 3.0 document: channels, operations and messages as the engine sees them (it receives commands and
//! sends messages).

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::channels::{channels, key, operations};
use super::{Message, types};

/// The document of an engine with this prefix.
pub fn asyncapi(prefix: &str) -> Value {
    let mut schemas = Schemas::new();
    let messages: Map<_, _> = Message::all()
        .map(|message| (key(message), describe(message, &mut schemas)))
        .collect();
    json!({
        "asyncapi": "3.0.0",
        "info": info(),
        "defaultContentType": "application/json",
        "servers": {
            "broker": {
                "host": "localhost:5672",
                "protocol": "amqp",
                "protocolVersion": "0-9-1",
                "description": "RabbitMQ 3.10 or later. Each portal and sede has a user of its own; topic permissions \
                                limit it to routing keys with its own prefix, because the routing key is the identity.",
                "security": [{ "$ref": "#/components/securitySchemes/user" }],
            },
        },
        "channels": channels(prefix),
        "operations": operations(),
        "components": {
            "securitySchemes": { "user": { "type": "userPassword" } },
            "messages": messages,
            "schemas": schemas.collected(),
        },
    })
}

fn info() -> Value {
    json!({
        "title": "usciere",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "Carries every request of a patronato to the right INPS sede, and the answer back.\n\n\
            Every message is durable JSON (UTF-8) with the properties `message_id` (required: 1 to 128 visible ASCII \
            characters, the same over a publisher's retries), `type`, `content_type` `application/json`, \
            `delivery_mode` 2 and `timestamp`. A command sent again with the same id and body gets the same outcome \
            and changes nothing. CloudEvents 1.0 in structured JSON are taken as well: `id`, `type` and `data` then \
            stand for message id, type and body. Publish mandatory and with confirms.",
        "license": { "name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0" },
    })
}

fn describe(message: Message, schemas: &mut Schemas) -> Value {
    json!({
        "name": message.kind(),
        "title": message.to_string(),
        "contentType": "application/json",
        "headers": headers(message),
        "payload": schemas.reference(message),
        "correlationId": {
            "description": "The request; also the `correlation_id` property, once it is known.",
            "location": "$message.payload#/request_id",
        },
        "bindings": { "amqp": { "messageType": message.kind(), "bindingVersion": "0.3.0" } },
        "examples": [{ "name": "example", "payload": message.example() }],
    })
}

fn headers(message: Message) -> Value {
    let mut properties = Map::new();
    let mut add = |name: &str, schema: Value| properties.insert(name.to_owned(), schema);
    add(
        "schema-version",
        json!({ "type": "integer", "const": 1, "default": 1, "description": "The form of the body." }),
    );
    add(
        "traceparent",
        json!({ "type": "string", "description": "W3C trace context, passed on to what follows." }),
    );
    let mut required = Vec::new();
    match message {
        Message::Command(_) => {}
        Message::ToSede(_) | Message::ToPortal(_) => {
            let description = "The message id of the command that caused this message.";
            add(
                "causation-id",
                json!({ "type": "string", "description": description }),
            );
        }
    }
    if let Message::ToSede(_) = message {
        let description =
            "1, 2, 3 without a gap per request and sede: what is not one more than the last is a repetition.";
        add(
            "case-seq",
            json!({ "type": "integer", "minimum": 1, "description": description }),
        );
        required.push("case-seq");
    }
    json!({ "type": "object", "properties": properties, "required": required })
}

/// Schemas referred to, each once. What is read and what is written are two contracts of the same types.
pub(super) struct Schemas {
    pub(super) read: SchemaGenerator,
    pub(super) written: SchemaGenerator,
}

impl Schemas {
    pub(super) fn new() -> Self {
        let settings = || {
            SchemaSettings::draft07().with(|settings| {
                settings.definitions_path = "/components/schemas".into();
                settings.meta_schema = None;
            })
        };
        Self {
            read: settings().for_deserialize().into_generator(),
            written: settings().for_serialize().into_generator(),
        }
    }

    pub(super) fn reference(&mut self, message: Message) -> Value {
        let generator = match message {
            Message::Command(_) => &mut self.read,
            Message::ToSede(_) | Message::ToPortal(_) => &mut self.written,
        };
        types::with_type(message, types::Reference(generator)).to_value()
    }

    fn collected(mut self) -> Map<String, Value> {
        let mut all = self.read.take_definitions(true);
        all.extend(self.written.take_definitions(true));
        all
    }
}
