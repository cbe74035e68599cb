//! A body without what it says: its keys show what is wrong, its values are people's.

use serde_json::Value;

const MASK: &str = "***";

/// The body as JSON with every text and number masked; `None` where it cannot be read as JSON.
pub(super) fn masked(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body).ok().map(mask)
}

fn mask(value: Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) => value,
        // Eleven digits may be a provisional codice fiscale.
        Value::Number(_) | Value::String(_) => Value::from(MASK),
        Value::Array(items) => items.into_iter().map(mask).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(key, value)| (key, mask(value)))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_stay_and_values_go() {
        let body =
            br#"{"citizen": {"codice_fiscale": "BNCMRA50A01H501U", "n": 12345678901}, "delegation": true,
                        "sede": null, "attachments": [{"name": "a.pdf"}]}"#;
        assert_eq!(
            masked(body).unwrap(),
            json!({
                "citizen": { "codice_fiscale": "***", "n": "***" },
                "delegation": true,
                "sede": null,
                "attachments": [{ "name": "***" }],
            })
        );
    }

    #[test]
    fn what_is_no_json_is_not_shown() {
        assert_eq!(masked(b"{\"text\": \"Buongiorno"), None);
        assert_eq!(masked(b"\xff"), None);
        assert_eq!(masked("[".repeat(100_000).as_bytes()), None);
    }
}
