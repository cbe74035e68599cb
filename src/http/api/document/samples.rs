//! An example of every answer, made from the schema of its type: whatever the type says, its example shows.

use serde_json::{Map, Value, json};

use super::schemas::{SCHEMAS, WRITTEN, operations};

/// One value of each type that is a word of its own, from one made-up request.
const WORDS: [(&str, &str); 21] = [
    ("ActorId", "op1"),
    ("Cap", "00071"),
    ("CodiceFiscale", "BNCMRA50A01H501U"),
    ("Cursor", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
    ("EmailAddress", "op1@inca.example"),
    ("JobName", "overdue"),
    ("MessageId", "0199c0de-0000-7000-8000-00000000000a"),
    ("OfficeCode", "INCA-RM-001"),
    ("PatronatoCode", "inca"),
    ("PersonId", "P000001"),
    ("PracticeNumber", "030010110000000"),
    ("ProtocolNumber", "INPS.7013.23/11/2026.0000123"),
    ("ProtocolOffice", "7013"),
    ("Province", "RM"),
    ("RequestId", "0199c0de-0000-7000-8000-000000000001"),
    ("SearchText", "pensione"),
    ("SedeCode", "701300"),
    (
        "Sha256Hex",
        "b133a0c0e9bee3be20163d2ad31d6248db292aa6dcb1ee087a2aa50e0fc75ae2",
    ),
    ("StateName", "assegnato_sede"),
    ("TopicCode", "pensioni-paesi-non-convenzionati"),
    ("WorkflowName", "richiesta"),
];

/// Texts by the name of their field.
const TEXTS: [(&str, &str); 14] = [
    ("address", "Via Pontina Km 28.400"),
    ("birth_place", "ROMA"),
    ("comune", "POMEZIA"),
    ("family_name", "BIANCHI"),
    ("from", "20:00"),
    ("given_name", "MARIO"),
    ("operator_name", "Mario Rossi"),
    ("protocol_number", "INPS.7013.23/11/2026.0000123"),
    ("queue", "sede.701300"),
    ("sede_label", "POMEZIA-701300"),
    ("state_label", "Assegnato a Sede"),
    ("text", "Vorrei conoscere lo stato della pratica."),
    ("to", "07:30"),
    ("topic_label", "PENSIONI PAESI NON CONVENZIONATI"),
];

/// Deeper than any type nests; one that contains itself ends here.
const DEEPEST: u8 = 12;

/// Puts an example beside the schema of each answer in JSON that has none.
pub(super) fn add(document: &mut Value) {
    let schemas = document.pointer(SCHEMAS).cloned().unwrap_or_default();
    for (_, _, operation) in operations(document) {
        let responses = operation["responses"].as_object_mut().into_iter().flatten();
        for (_, response) in responses {
            let contents = response.get_mut("content").and_then(Value::as_object_mut);
            for (kind, content) in contents.into_iter().flatten() {
                if kind.ends_with("json") && content.get("example").is_none() {
                    content["example"] = sample("", &content["schema"], &schemas, 0);
                }
            }
        }
    }
}

/// A value that fits a schema; `field` is where it stands.
fn sample(field: &str, schema: &Value, schemas: &Value, depth: u8) -> Value {
    if depth > DEEPEST {
        return Value::Null;
    }
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        let word = named(&WORDS, name.trim_end_matches(WRITTEN));
        return word.map_or_else(
            || {
                with_members(
                    schema,
                    sample(field, &schemas[name], schemas, depth + 1),
                    schemas,
                    depth,
                )
            },
            |word| json!(word),
        );
    }
    // What only describes another type anew.
    if let (Value::Null, Some([only])) = (&schema["type"], schema["allOf"].as_array().map(Vec::as_slice)) {
        return sample(field, only, schemas, depth + 1);
    }
    let given = [&schema["const"], &schema["enum"][0], &schema["examples"][0]];
    if let Some(given) = given.into_iter().find(|given| !given.is_null()) {
        return given.clone();
    }
    for choice in ["anyOf", "oneOf"] {
        if let Some(first) = schema[choice]
            .as_array()
            .and_then(|all| all.iter().find(|one| one["type"] != "null"))
        {
            return with_members(schema, sample(field, first, schemas, depth + 1), schemas, depth);
        }
    }
    match kind(schema) {
        Some("object") => with_members(schema, json!({}), schemas, depth),
        Some("array") => json!([sample(field, &schema["items"], schemas, depth + 1)]),
        Some("integer") => json!(schema["minimum"].as_i64().unwrap_or(0).max(1)),
        Some("number") => json!(6.5),
        Some("boolean") => json!(true),
        Some("string") => json!(text(field, schema)),
        Some(_) | None => json!({}),
    }
}

/// The type that is not null.
fn kind(schema: &Value) -> Option<&str> {
    match &schema["type"] {
        Value::String(kind) => Some(kind),
        Value::Array(kinds) => kinds
            .iter()
            .filter_map(Value::as_str)
            .find(|kind| *kind != "null"),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    }
}

/// A value with the members its own schema, and those it is put together from, say.
fn with_members(schema: &Value, value: Value, schemas: &Value, depth: u8) -> Value {
    let Value::Object(mut members) = value else {
        return value;
    };
    let parts = schema["allOf"].as_array().into_iter().flatten();
    for part in parts {
        if let Value::Object(more) = sample("", part, schemas, depth + 1) {
            members.extend(more);
        }
    }
    let properties: Map<String, Value> = schema["properties"].as_object().cloned().unwrap_or_default();
    for (name, property) in &properties {
        members.insert(name.clone(), sample(name, property, schemas, depth + 1));
    }
    Value::Object(members)
}

fn text<'a>(field: &'a str, schema: &Value) -> &'a str {
    match schema["format"].as_str() {
        Some("date") => "2026-12-08",
        Some("date-time") => "2026-11-23T09:00:00Z",
        Some("uuid") => "0199c0de-0000-7000-8000-000000000002",
        Some("uri") => "https://usciere.example/",
        Some(_) | None => named(&TEXTS, field).unwrap_or(if field.is_empty() { "testo" } else { field }),
    }
}

fn named(table: &[(&str, &'static str)], wanted: &str) -> Option<&'static str> {
    let found = table.iter().find(|(name, _)| *name == wanted);
    found.map(|(_, value)| *value)
}
