//! Bodies that are understood and refused, with every problem and no value.

use super::*;

#[test]
fn a_body_of_the_wrong_shape_is_refused_with_every_problem() {
    let refusal = Sample::submit()
        .body(&edited(|body| {
            body["role"] = json!("boss");
            body["operator"] = json!({ "id": "due parole", "email": 3 });
            body["request_id"] = json!("not-a-uuid");
            body["citizen"]["born_on"] = json!("01/01/1950");
            body["attachments"] = json!([{ "name": "a" }, { "content_base64": "" }]);
            body.as_object_mut().unwrap().remove("topic");
        }))
        .refusal();
    assert_eq!(refusal.code, RefusalCode::InvalidBody);
    insta::assert_json_snapshot!(refusal);
}

#[test]
fn problems_in_flattened_members_keep_their_pointer() {
    for (member, value, pointer) in [
        ("request_id", json!("nope"), "/request_id"),
        ("officer", json!({ "id": "f1" }), "/officer/name"),
        ("officer", json!({ "id": "", "name": "x" }), "/officer/id"),
        ("continuation", json!("forever"), "/continuation"),
    ] {
        let mut body = json!({ "request_id": REQUEST, "officer": officer(), "text": "Risposta" });
        body[member] = value;
        let refusal = Sample::reply().body(&body.to_string()).refusal();
        let pointers: Vec<_> = refusal
            .fields
            .iter()
            .map(|field| field.pointer.as_str())
            .collect();
        assert_eq!(pointers, [pointer]);
    }
}

#[test]
fn what_only_the_types_know_is_told_with_its_pointer() {
    let refusal = Sample::submit()
        .body(&edited(|b| b["citizen"]["codice_fiscale"] = json!("CORTO")))
        .refusal();
    assert_eq!(refusal.fields[0].pointer, "/citizen/codice_fiscale");
}

#[test]
fn what_is_no_address_is_told_with_its_pointer() {
    for text in ["", "Mario Rossi", "op1@inca.example\r\nBcc: altri@altro.example"] {
        let refusal = Sample::submit()
            .body(&edited(|body| body["operator"]["email"] = json!(text)))
            .refusal();
        assert_eq!(refusal.code, RefusalCode::InvalidBody);
        let pointers: Vec<_> = refusal
            .fields
            .iter()
            .map(|field| field.pointer.as_str())
            .collect();
        assert_eq!(pointers, ["/operator/email"], "{text:?}");
    }
    let by = json!({ "request_id": REQUEST, "operator": { "id": "op1", "name": "Mario Rossi", "email": "a@b, c@d" } });
    let solicit = Sample::new("portal.inca.request.solicit", "request.solicit", &by);
    assert_eq!(solicit.refusal().fields[0].pointer, "/operator/email");
}

#[test]
fn no_value_of_a_body_is_repeated_to_anybody() {
    let secret = "SEGRETO-42";
    for member in [
        "role",
        "patronato",
        "office",
        "operator",
        "citizen",
        "delegation",
        "reason",
        "practice",
        "topic",
        "request_id",
    ] {
        for value in [
            json!(secret),
            json!([secret]),
            json!({ "id": secret, "kind": secret }),
        ] {
            let sample = Sample::submit().body(&edited(|body| body[member] = value));
            let told = match sample.decode() {
                Ok(Envelope {
                    content: Content::Invalid { refusal, .. },
                    ..
                }) => serde_json::to_string(&refusal).unwrap(),
                Ok(_) => continue,
                Err(rejected) => rejected.to_string(),
            };
            assert!(!told.contains(secret), "{member}: {told}");
        }
    }
}

#[test]
fn a_list_is_no_object() {
    let refusal = Sample::submit()
        .body(&edited(|body| {
            body["operator"] = json!(["op1", "Mario Rossi", "op1@inca.example"]);
        }))
        .refusal();
    assert_eq!(refusal.fields[0].pointer, "/operator");
    let refusal = Sample::submit()
        .body(&edited(|body| body["role"] = json!({ "operator": null })))
        .refusal();
    assert_eq!(refusal.fields[0].pointer, "/role");
    assert_eq!(Sample::submit().body("[]").refusal().fields[0].pointer, "");
}

#[test]
fn a_refused_body_still_names_its_request() {
    let sample = Sample::reply().body(&json!({ "request_id": REQUEST }).to_string());
    assert_eq!(sample.envelope().request_id.unwrap().to_string(), REQUEST);
}
