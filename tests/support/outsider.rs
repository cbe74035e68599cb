//! A client of the broker that is not the engine's: publishes as portals and sedi do, and gets what they are told.

use lapin::options::{
    BasicAckOptions, BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties};
use serde_json::Value;

pub(crate) struct Outsider {
    channel: Channel,
    _connection: Connection,
}

/// A message as a portal or sede receives it.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) kind: String,
    pub(crate) message_id: String,
    pub(crate) headers: FieldTable,
    pub(crate) body: Value,
}

impl Received {
    pub(crate) fn case_seq(&self) -> Option<i64> {
        self.headers
            .inner()
            .get("case-seq")
            .and_then(|value| match value {
                AMQPValue::LongInt(n) => Some(i64::from(*n)),
                AMQPValue::LongLongInt(n) => Some(*n),
                AMQPValue::LongUInt(n) => Some(i64::from(*n)),
                _ => None,
            })
    }

    pub(crate) fn text_header(&self, name: &str) -> Option<String> {
        let value = self.headers.inner().get(name)?.as_long_string()?;
        Some(value.to_string())
    }

    /// The message that caused this one.
    pub(crate) fn causation_id(&self) -> String {
        self.text_header("causation-id").unwrap_or_default()
    }

    pub(crate) fn text(&self, field: &str) -> &str {
        self.body.get(field).and_then(Value::as_str).unwrap_or_default()
    }
}

impl Outsider {
    pub(crate) async fn connect(url: &str) -> Self {
        let connection = Connection::connect(url, ConnectionProperties::default())
            .await
            .unwrap();
        let channel = connection.create_channel().await.unwrap();
        channel
            .confirm_select(ConfirmSelectOptions::default())
            .await
            .unwrap();
        Self {
            channel,
            _connection: connection,
        }
    }

    /// Publishes a command; its kind stands in the routing key.
    pub(crate) async fn send(&self, message_id: &str, key: &str, body: &Value) {
        let kind = key.splitn(3, '.').nth(2).unwrap();
        let properties = BasicProperties::default()
            .with_message_id(message_id.into())
            .with_type(kind.into())
            .with_content_type("application/json".into())
            .with_delivery_mode(2);
        self.publish(key, body.to_string().as_bytes(), properties).await;
    }

    /// Publishes whatever it is told to, and waits until the broker has it.
    #[expect(clippy::disallowed_methods, reason = "a foreign client, not the engine")]
    pub(crate) async fn publish(&self, key: &str, body: &[u8], properties: BasicProperties) {
        let options = BasicPublishOptions {
            mandatory: true,
            ..BasicPublishOptions::default()
        };
        let sent =
            self.channel
                .basic_publish("usciere.commands".into(), key.into(), options, body, properties);
        let confirmation = sent.await.unwrap().await.unwrap();
        assert!(
            matches!(confirmation, Confirmation::Ack(None)),
            "{confirmation:?}"
        );
    }

    /// The next message of a queue, if there is one.
    pub(crate) async fn get(&self, queue: &str) -> Option<Received> {
        let options = BasicGetOptions::default();
        let message = self.channel.basic_get(queue.into(), options).await.unwrap()?;
        message.ack(BasicAckOptions::default()).await.unwrap();
        let properties = &message.delivery.properties;
        let text = |value: &Option<ShortString>| value.as_ref().map(ToString::to_string).unwrap_or_default();
        Some(Received {
            kind: text(properties.kind()),
            message_id: text(properties.message_id()),
            headers: properties.headers().clone().unwrap_or_default(),
            body: serde_json::from_slice(&message.delivery.data).unwrap(),
        })
    }

    /// How many messages a queue holds.
    pub(crate) async fn depth(&self, queue: &str) -> u32 {
        let options = QueueDeclareOptions {
            passive: true,
            ..QueueDeclareOptions::default()
        };
        self.channel
            .queue_declare(queue.into(), options, FieldTable::default())
            .await
            .unwrap()
            .message_count()
    }
}
