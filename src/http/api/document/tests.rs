//! The document is valid by its own standard and says everything about every route.

use std::collections::BTreeSet;

use super::schemas::operations;
use super::*;
use crate::schema::testing;

/// From the Python package `openapi-spec-validator` (see tests/data/README.md).
const OPENAPI_SCHEMA: &str = include_str!("../../../../tests/data/openapi-3.1.schema.json");

#[test]
fn the_document_is_valid() {
    let schema = serde_json::from_str(OPENAPI_SCHEMA).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let document = openapi();
    let problems: Vec<_> = validator
        .iter_errors(&document)
        .map(|error| format!("{}: {}", error.instance_path(), error.kind().keyword()))
        .collect();
    assert!(problems.is_empty(), "{problems:#?}");

    let mut wrong = document;
    wrong["paths"]["/api/v1/requests"]["post"]["responses"] = serde_json::json!([]);
    assert!(!validator.is_valid(&wrong), "the official schema does look at it");
}

#[test]
fn every_schema_in_it_is_valid() {
    for (name, schema) in openapi()["components"]["schemas"].as_object().unwrap() {
        jsonschema::draft202012::meta::validate(schema).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn every_operation_says_what_it_is_for_and_what_it_answers() {
    let mut document = openapi();
    let tags: BTreeSet<String> = TAGS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations(&mut document) {
        let place = format!("{method} {path}");
        let text = |name: &str| operation[name].as_str().unwrap_or_default();
        assert!(!text("summary").is_empty(), "{place} has no summary");
        assert!(
            ids.insert(text("operationId").to_owned()),
            "{place} has no name of its own"
        );
        let tag = operation["tags"][0].as_str().unwrap_or_default();
        assert!(tags.contains(tag), "{place} has no tag");
        let responses = operation["responses"].as_object().unwrap();
        assert!(
            responses.keys().any(|status| status.starts_with('2')),
            "{place} succeeds with nothing"
        );
        assert!(
            !path.starts_with(super::super::ROOT)
                || (responses.contains_key("401") && responses.contains_key("503")),
            "{place} never fails"
        );
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(
                parameter["schema"].is_object() || parameter["schema"].is_boolean(),
                "{place}: {parameter}"
            );
        }
    }
    assert!(ids.len() > 15);
}

#[test]
fn every_reference_leads_somewhere() {
    testing::every_reference_leads_somewhere(&openapi());
}

/// Every content with an example: where it stands, its schema, the example.
fn examples(document: &mut Value) -> Vec<(String, Value, Value)> {
    let mut found = Vec::new();
    let mut look = |place: &str, holder: &Value| {
        for (kind, content) in holder["content"].as_object().into_iter().flatten() {
            if let Some(example) = content.get("example") {
                let place = format!("{place} {kind}");
                found.push((place, content["schema"].clone(), example.clone()));
            }
        }
    };
    for (name, shared) in document["components"]["responses"].as_object().unwrap() {
        look(name, shared);
    }
    for (path, method, operation) in operations(document) {
        look(&format!("{method} {path}"), &operation["requestBody"]);
        for (status, response) in operation["responses"].as_object().unwrap() {
            look(&format!("{method} {path} {status}"), response);
        }
    }
    found
}

#[test]
fn every_answer_in_json_has_an_example_and_all_examples_fit_their_schemas() {
    let mut document = openapi();
    let schemas = document["components"].clone();
    for (place, mut schema, example) in examples(&mut document) {
        schema["components"] = schemas.clone();
        let validator = jsonschema::draft202012::options()
            .should_validate_formats(true)
            .build(&schema)
            .unwrap();
        let problems: Vec<_> = validator
            .iter_errors(&example)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(problems.is_empty(), "{place}: {problems:?}\n{example:#}");
    }
    for (path, method, operation) in operations(&mut document) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            for (kind, content) in response["content"].as_object().into_iter().flatten() {
                assert!(
                    !kind.ends_with("json") || content.get("example").is_some(),
                    "{method} {path} {status} {kind}"
                );
            }
        }
    }
}
