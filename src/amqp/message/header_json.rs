//! Header values as JSON. What JSON cannot say is an object with one key that starts with `$`.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::HeaderValue;

impl Serialize for HeaderValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        to_json(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for HeaderValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_json(Value::deserialize(deserializer)?).ok_or_else(|| D::Error::custom("not a header value"))
    }
}

fn to_json(value: &HeaderValue) -> Value {
    match value {
        HeaderValue::Bool(yes) => json!(yes),
        HeaderValue::Integer(number) => json!(number),
        HeaderValue::Float(number) if number.is_finite() => json!(number),
        HeaderValue::Float(number) => json!({ "$float": number.to_string() }),
        HeaderValue::Decimal { scale, value } => json!({ "$decimal": [scale, value] }),
        // PostgreSQL's jsonb takes no NUL.
        HeaderValue::Text(text) if text.contains('\0') => json!({ "$text": STANDARD.encode(text) }),
        HeaderValue::Text(text) => json!(text),
        HeaderValue::Bytes(bytes) => json!({ "$bytes": STANDARD.encode(bytes) }),
        HeaderValue::Timestamp(seconds) => json!({ "$timestamp": seconds }),
        HeaderValue::List(items) => items.iter().map(to_json).collect(),
        HeaderValue::Table(fields) => {
            let table: Value = fields
                .iter()
                .map(|(name, value)| (name.clone(), to_json(value)))
                .collect();
            if fields.keys().any(|name| name.starts_with('$')) {
                json!({ "$table": table })
            } else {
                table
            }
        }
        HeaderValue::Void => Value::Null,
    }
}

fn from_json(value: Value) -> Option<HeaderValue> {
    Some(match value {
        Value::Null => HeaderValue::Void,
        Value::Bool(yes) => HeaderValue::Bool(yes),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => HeaderValue::Integer(integer),
            None => HeaderValue::Float(number.as_f64()?),
        },
        Value::String(text) => HeaderValue::Text(text),
        Value::Array(items) => HeaderValue::List(items.into_iter().map(from_json).collect::<Option<_>>()?),
        Value::Object(fields) => from_object(fields)?,
    })
}

fn from_object(mut fields: Map<String, Value>) -> Option<HeaderValue> {
    let tag = fields.keys().find(|name| name.starts_with('$')).cloned();
    let Some(tag) = tag else {
        return Some(HeaderValue::Table(table(fields)?));
    };
    let content = fields.remove(&tag)?;
    Some(match tag.as_str() {
        "$float" => HeaderValue::Float(content.as_str()?.parse().ok()?),
        "$decimal" => {
            let (scale, value) = serde_json::from_value(content).ok()?;
            HeaderValue::Decimal { scale, value }
        }
        "$text" => HeaderValue::Text(String::from_utf8(STANDARD.decode(content.as_str()?).ok()?).ok()?),
        "$bytes" => HeaderValue::Bytes(STANDARD.decode(content.as_str()?).ok()?),
        "$timestamp" => HeaderValue::Timestamp(content.as_u64()?),
        "$table" => match content {
            Value::Object(inner) => HeaderValue::Table(table(inner)?),
            _ => return None,
        },
        _ => return None,
    })
}

fn table(fields: Map<String, Value>) -> Option<BTreeMap<String, HeaderValue>> {
    fields
        .into_iter()
        .map(|(name, value)| Some((name, from_json(value)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_value() -> impl Strategy<Value = HeaderValue> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(HeaderValue::Bool),
            any::<i64>().prop_map(HeaderValue::Integer),
            any::<f64>().prop_map(HeaderValue::Float),
            (any::<u8>(), any::<u32>()).prop_map(|(scale, value)| HeaderValue::Decimal { scale, value }),
            any::<String>().prop_map(HeaderValue::Text),
            Just(HeaderValue::Text("a\0b".to_owned())),
            any::<Vec<u8>>().prop_map(HeaderValue::Bytes),
            any::<u64>().prop_map(HeaderValue::Timestamp),
            Just(HeaderValue::Void),
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(HeaderValue::List),
                prop::collection::btree_map("\\$?[a-z]{1,3}", inner, 0..4).prop_map(HeaderValue::Table),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_value_survives_json(value in any_value()) {
            let text = serde_json::to_string(&value).unwrap();
            prop_assert!(!text.contains("\\u0000"));
            let back: HeaderValue = serde_json::from_str(&text).unwrap();
            prop_assert!(same(&back, &value), "{text}");
        }
    }

    fn same(left: &HeaderValue, right: &HeaderValue) -> bool {
        to_json(left) == to_json(right)
    }
}
