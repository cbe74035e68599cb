//! The schemas of the document: what is read as it may be sent, what is written as it is always sent.

use schemars::SchemaGenerator;
use schemars::generate::{Contract, SchemaSettings};
use serde_json::{Map, Value, json};

pub(super) const SCHEMAS: &str = "/components/schemas";

/// JSON Schema as OpenAPI 3.1 has it, each type once.
pub(super) fn generator(contract: Contract) -> SchemaGenerator {
    SchemaSettings::draft2020_12()
        .with(|settings| {
            settings.definitions_path = SCHEMAS.into();
            settings.meta_schema = None;
            settings.contract = contract;
        })
        .into_generator()
}

/// Bodies and parameters of one document with the responses of another. A type that is read and written differently
/// stands there twice, as written with `Written` behind its name.
pub(super) fn joined(mut read: Value, mut written: Value) -> Value {
    let ours = taken(&mut read);
    let theirs = taken(&mut written);
    let differing: Vec<String> = theirs
        .iter()
        .filter(|(name, schema)| ours.get(*name).is_some_and(|other| other != *schema))
        .map(|(name, _)| name.clone())
        .collect();
    // Whoever names one that differs differs as well.
    let differing = closed(differing, &ours, &theirs);
    let theirs = theirs.into_iter().map(|(name, mut schema)| {
        renamed(&mut schema, &differing);
        if differing.contains(&name) {
            (format!("{name}{WRITTEN}"), schema)
        } else {
            (name, schema)
        }
    });
    let all: Map<String, Value> = ours.into_iter().chain(theirs).collect();
    let responses: Vec<(String, String, Value)> = operations(&mut written)
        .map(|(path, method, operation)| {
            let mut responses = operation["responses"].take();
            renamed(&mut responses, &differing);
            (path.to_owned(), method.to_owned(), responses)
        })
        .collect();
    for (path, method, written) in responses {
        read["paths"][&path][&method]["responses"] = written;
    }
    read["components"]["schemas"] = used(all, &read);
    read
}

pub(super) const WRITTEN: &str = "Written";

fn taken(document: &mut Value) -> Map<String, Value> {
    match document.pointer_mut(SCHEMAS).map(Value::take) {
        Some(Value::Object(schemas)) => schemas,
        Some(_) | None => Map::new(),
    }
}

fn closed(mut differing: Vec<String>, ours: &Map<String, Value>, theirs: &Map<String, Value>) -> Vec<String> {
    loop {
        let more: Vec<String> = theirs
            .iter()
            .filter(|(name, _)| ours.contains_key(*name) && !differing.contains(name))
            .filter(|(_, schema)| differing.iter().any(|other| names(schema, &reference(other))))
            .map(|(name, _)| name.clone())
            .collect();
        if more.is_empty() {
            return differing;
        }
        differing.extend(more);
    }
}

fn reference(name: &str) -> String {
    format!("#{SCHEMAS}/{name}")
}

fn names(value: &Value, wanted: &str) -> bool {
    match value {
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| (name == "$ref" && value.as_str() == Some(wanted)) || names(value, wanted)),
        Value::Array(items) => items.iter().any(|item| names(item, wanted)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn renamed(value: &mut Value, differing: &[String]) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let other = value.as_str().filter(|_| name == "$ref");
                let other = other.and_then(|text| differing.iter().find(|name| text == reference(name)));
                match other {
                    Some(other) => *value = json!(reference(&format!("{other}{WRITTEN}"))),
                    None => renamed(value, differing),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| renamed(item, differing)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Only the schemas something names, one through another.
fn used(mut all: Map<String, Value>, document: &Value) -> Value {
    let mut kept = Map::new();
    loop {
        let found = all.keys().find(|name| {
            let wanted = reference(name);
            names(document, &wanted) || kept.values().any(|schema| names(schema, &wanted))
        });
        let Some(name) = found.cloned() else {
            kept.sort_keys();
            return Value::Object(kept);
        };
        if let Some(schema) = all.remove(&name) {
            kept.insert(name, schema);
        }
    }
}

/// Every operation with its path and method.
pub(super) fn operations(document: &mut Value) -> impl Iterator<Item = (&str, &str, &mut Value)> {
    const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];
    let paths = document["paths"].as_object_mut();
    paths.into_iter().flatten().flat_map(|(path, item)| {
        let members = item.as_object_mut().into_iter().flatten();
        members
            .filter(|(method, _)| METHODS.contains(&method.as_str()))
            .map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(schemas: &Value, body: &str, answer: &str) -> Value {
        json!({
            "paths": { "/x": { "post": {
                "requestBody": { "schema": { "$ref": body } },
                "responses": { "200": { "schema": { "$ref": answer } } },
            } } },
            "components": { "schemas": schemas },
        })
    }

    #[test]
    fn a_type_read_and_written_differently_stands_there_twice_and_the_unused_not_at_all() {
        let inner = |required: &[&str]| json!({ "required": required });
        let outer = json!({ "items": { "$ref": "#/components/schemas/Inner" } });
        let schemas = |required| json!({ "Inner": inner(required), "Outer": outer, "Same": {}, "Idle": {} });
        let same = "#/components/schemas/Same";
        let read = document(&schemas(&[]), "#/components/schemas/Inner", same);
        let written = document(&schemas(&["a"]), same, "#/components/schemas/Outer");
        let joined = joined(read, written);
        let names: Vec<_> = joined["components"]["schemas"]
            .as_object()
            .unwrap()
            .keys()
            .collect();
        assert_eq!(names, ["Inner", "InnerWritten", "OuterWritten"]);
        assert_eq!(
            joined["paths"]["/x"]["post"]["responses"]["200"]["schema"]["$ref"],
            "#/components/schemas/OuterWritten"
        );
        assert_eq!(joined["components"]["schemas"]["InnerWritten"], inner(&["a"]));
    }
}
