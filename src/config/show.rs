//! The configuration in force, key by key, with secrets masked and where each value was written.

use serde::Serialize;
use serde_json::Value;

use super::Loaded;
use super::secret_url::SecretUrl;

/// One key of the configuration in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    pub key: String,
    /// The value as JSON, its secrets masked.
    pub value: Value,
    pub source: String,
}

impl Loaded {
    /// Every key, in alphabetical order.
    pub fn entries(&self) -> Vec<Entry> {
        let whole = serde_json::to_value(&self.config).expect("a configuration is plain data");
        let mut entries = Vec::new();
        flatten("", &whole, &mut entries);
        entries
            .into_iter()
            .map(|(key, value)| {
                let source = self
                    .origin(&key)
                    .map_or_else(|| "built-in default".to_owned(), |origin| origin.to_string());
                Entry {
                    key,
                    value: masked(value),
                    source,
                }
            })
            .collect()
    }
}

pub(super) fn flatten(prefix: &str, value: &Value, into: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(fields) if !fields.is_empty() || prefix.is_empty() => {
            for (name, field) in fields {
                let key = if prefix.is_empty() {
                    name.clone()
                } else {
                    format!("{prefix}.{name}")
                };
                flatten(&key, field, into);
            }
        }
        _ => into.push((prefix.to_owned(), value.clone())),
    }
}

/// Masks again whatever looks like an address with a password: a section may have forgotten.
fn masked(value: Value) -> Value {
    match value {
        Value::String(text) => match text.parse::<SecretUrl>() {
            Ok(url) if url.has_secret() => Value::String(url.masked()),
            _ => Value::String(text),
        },
        other => other,
    }
}
