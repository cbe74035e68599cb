//! From lapin's delivery to our own.

use std::collections::BTreeMap;

use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable, ShortString};

use super::{Delivery, Receipt};
use crate::amqp::budget::Budget;
use crate::amqp::message::{HeaderValue, Headers, Properties};

pub(in crate::amqp) fn delivery(
    mut raw: lapin::message::Delivery,
    generation: u64,
    budget: &Budget,
) -> Delivery {
    // It grew frame by frame, to up to twice what it holds.
    raw.data.shrink_to_fit();
    let properties = properties(&raw.properties);
    let delivery_count = match properties.headers.get("x-delivery-count") {
        Some(HeaderValue::Integer(count)) => u32::try_from(*count).ok(),
        Some(_) | None => None,
    };
    Delivery {
        hold: budget.hold(raw.data.len()),
        routing_key: raw.routing_key.into(),
        properties,
        body: raw.data,
        redelivered: raw.redelivered,
        delivery_count,
        receipt: Receipt {
            generation,
            tag: raw.delivery_tag,
        },
    }
}

fn properties(raw: &BasicProperties) -> Properties {
    let text = |value: &Option<ShortString>| value.as_ref().map(|value| value.as_str().to_owned());
    Properties {
        message_id: text(raw.message_id()),
        kind: text(raw.kind()),
        content_type: text(raw.content_type()),
        content_encoding: text(raw.content_encoding()),
        user_id: text(raw.user_id()),
        correlation_id: text(raw.correlation_id()),
        reply_to: text(raw.reply_to()),
        app_id: text(raw.app_id()),
        cluster_id: text(raw.cluster_id()),
        expiration: text(raw.expiration()),
        timestamp: *raw.timestamp(),
        delivery_mode: *raw.delivery_mode(),
        priority: *raw.priority(),
        headers: Headers(raw.headers().as_ref().map(fields).unwrap_or_default()),
    }
}

/// Not deep: the guard lets no bottomless table through.
fn fields(table: &FieldTable) -> BTreeMap<String, HeaderValue> {
    table
        .inner()
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), header(value)))
        .collect()
}

fn header(value: &AMQPValue) -> HeaderValue {
    match value {
        AMQPValue::Boolean(yes) => HeaderValue::Bool(*yes),
        AMQPValue::ShortShortInt(number) => HeaderValue::Integer((*number).into()),
        AMQPValue::ShortShortUInt(number) => HeaderValue::Integer((*number).into()),
        AMQPValue::ShortInt(number) => HeaderValue::Integer((*number).into()),
        AMQPValue::ShortUInt(number) => HeaderValue::Integer((*number).into()),
        AMQPValue::LongInt(number) => HeaderValue::Integer((*number).into()),
        AMQPValue::LongUInt(number) => HeaderValue::Integer((*number).into()),
        AMQPValue::LongLongInt(number) => HeaderValue::Integer(*number),
        AMQPValue::Float(number) => HeaderValue::Float((*number).into()),
        AMQPValue::Double(number) => HeaderValue::Float(*number),
        AMQPValue::DecimalValue(decimal) => HeaderValue::Decimal {
            scale: decimal.scale,
            value: decimal.value,
        },
        AMQPValue::ShortString(text) => HeaderValue::Text(text.as_str().to_owned()),
        AMQPValue::LongString(bytes) => match std::str::from_utf8(bytes.as_bytes()) {
            Ok(text) => HeaderValue::Text(text.to_owned()),
            Err(_) => HeaderValue::Bytes(bytes.as_bytes().to_vec()),
        },
        AMQPValue::ByteArray(bytes) => HeaderValue::Bytes(bytes.as_slice().to_vec()),
        AMQPValue::Timestamp(seconds) => HeaderValue::Timestamp(*seconds),
        AMQPValue::Void => HeaderValue::Void,
        AMQPValue::FieldArray(items) => HeaderValue::List(items.as_slice().iter().map(header).collect()),
        AMQPValue::FieldTable(table) => HeaderValue::Table(fields(table)),
    }
}
