//! The channels of the AsyncAPI document and what the engine does on them.

use serde_json::{Map, Value, json};

use super::Message;

/// Where messages go or come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Channel {
    CommandsOfPortals,
    CommandsOfSedi,
    Sede,
    Portal,
}

impl Channel {
    const ALL: [Self; 4] = [
        Self::CommandsOfPortals,
        Self::CommandsOfSedi,
        Self::Sede,
        Self::Portal,
    ];

    /// What it is called in the document.
    const fn name(self) -> &'static str {
        match self {
            Self::CommandsOfPortals => "commandsOfPortals",
            Self::CommandsOfSedi => "commandsOfSedi",
            Self::Sede => "sede",
            Self::Portal => "portal",
        }
    }

    fn of(message: Message) -> Self {
        match message {
            Message::Command(kind) if kind.is_of_portal() => Self::CommandsOfPortals,
            Message::Command(_) => Self::CommandsOfSedi,
            Message::ToSede(_) => Self::Sede,
            Message::ToPortal(_) => Self::Portal,
        }
    }

    fn messages(self) -> impl Iterator<Item = Message> {
        Message::all().filter(move |message| Self::of(*message) == self)
    }
}

/// All channels of an engine with this prefix.
pub(super) fn channels(prefix: &str) -> Map<String, Value> {
    let entry = |channel: Channel| (channel.name().to_owned(), describe(channel, prefix));
    Channel::ALL.into_iter().map(entry).collect()
}

fn describe(channel: Channel, prefix: &str) -> Value {
    let (address, title, parameters, binding) = match channel {
        Channel::CommandsOfPortals => (
            "portal.{patronato}.{command}",
            "Commands of a portal; the routing key's patronato is its identity",
            json!({ "patronato": patronato(), "command": command() }),
            commands_binding(prefix),
        ),
        Channel::CommandsOfSedi => (
            "sede.{sede}.{command}",
            "Commands of a sede or desk; the routing key's sede is its identity",
            json!({ "sede": sede(), "command": command() }),
            commands_binding(prefix),
        ),
        Channel::Sede => (
            "sede.{sede}",
            "What a sede or desk is sent, in its own queue",
            json!({ "sede": sede() }),
            queue_binding("sede.{sede}"),
        ),
        Channel::Portal => (
            "portal.{patronato}",
            "What a portal is sent, in its own queue; bound with `portal.{patronato}.#`",
            json!({ "patronato": patronato() }),
            queue_binding("portal.{patronato}"),
        ),
    };
    let messages: Map<_, _> = channel
        .messages()
        .map(|message| {
            (
                key(message),
                json!({ "$ref": format!("#/components/messages/{}", key(message)) }),
            )
        })
        .collect();
    json!({
        "address": address,
        "title": title,
        "parameters": parameters,
        "messages": messages,
        "bindings": { "amqp": binding },
    })
}

fn patronato() -> Value {
    json!({ "description": "Code of the patronato: 2 to 32 of a-z, 0-9 and -.", "examples": ["inca"] })
}

fn sede() -> Value {
    json!({
        "description": "Code of the sede: 2 to 32 of a-z, 0-9 and -. The desks are `lineainps` and `da-smistare`.",
        "examples": ["230001", "lineainps"],
    })
}

fn command() -> Value {
    json!({ "description": "The command; the same as the `type` property.", "examples": ["request.submit"] })
}

fn commands_binding(prefix: &str) -> Value {
    json!({
        "is": "routingKey",
        "exchange": { "name": format!("{prefix}.commands"), "type": "topic", "durable": true, "autoDelete": false },
        "bindingVersion": "0.3.0",
    })
}

fn queue_binding(name: &str) -> Value {
    json!({
        "is": "queue",
        "queue": { "name": name, "durable": true, "exclusive": false, "autoDelete": false },
        "bindingVersion": "0.3.0",
    })
}

/// What the engine does: it receives commands and sends the rest.
pub(super) fn operations() -> Value {
    let operation = |channel: Channel, action: &str, summary: &str| {
        let messages: Vec<_> = channel
            .messages()
            .map(|message| json!({ "$ref": format!("#/channels/{}/messages/{}", channel.name(), key(message)) }))
            .collect();
        json!({
            "action": action,
            "channel": { "$ref": format!("#/channels/{}", channel.name()) },
            "summary": summary,
            "messages": messages,
        })
    };
    json!({
        "takeCommandsOfPortals": operation(Channel::CommandsOfPortals, "receive", "Takes what patronati ask for."),
        "takeCommandsOfSedi": operation(Channel::CommandsOfSedi, "receive", "Takes what sedi and desks decide."),
        "tellSedi": operation(Channel::Sede, "send", "Tells a sede what it has to work on, numbered without a gap."),
        "tellPortals": operation(Channel::Portal, "send", "Tells a portal what became of its requests."),
    })
}

/// A message's name in the document: no dots, they would look like paths.
pub(super) fn key(message: Message) -> String {
    message.to_string().replace('.', "_")
}
