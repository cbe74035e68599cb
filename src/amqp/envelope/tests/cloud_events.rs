//! The same commands as CloudEvents.

use super::*;

fn event(edit: impl FnOnce(&mut Value)) -> Sample {
    let mut event = json!({
        "specversion": "1.0", "id": "m-9", "source": "/inca", "type": "request.submit",
        "datacontenttype": "application/json", "time": "2026-11-23T10:00:00Z", "data": submit_body(),
    });
    edit(&mut event);
    Sample::cloud_event(&event)
}

#[test]
fn a_cloud_event_brings_id_type_and_body() {
    let envelope = event(|_| {}).envelope();
    assert_eq!(envelope.message_id.as_str(), "m-9");
    assert!(matches!(envelope.content, Content::Command(Command::Submit(_))));
    let later = event(|event| event["time"] = json!("2026-11-24T10:00:00Z")).envelope();
    assert_eq!(
        later.body_hash, envelope.body_hash,
        "a retry may carry another time"
    );
}

#[test]
fn a_cloud_event_brings_its_trace_in_the_place_of_the_header() {
    const HEADER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const ATTRIBUTE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let trace = |attribute: Value| {
        let event = event(|event| event["traceparent"] = attribute);
        let event = event.header("traceparent", HeaderValue::Text(HEADER.to_owned()));
        let trace = event.envelope().trace_parent;
        trace.map(|trace| trace.0.into_string())
    };
    assert_eq!(trace(json!(ATTRIBUTE)).as_deref(), Some(ATTRIBUTE));
    for none in [Value::Null, json!(7), json!("00-0-0-0")] {
        assert_eq!(trace(none).as_deref(), Some(HEADER));
    }
}

#[test]
fn a_cloud_event_is_checked_like_a_message() {
    use DeadLetterReason as Reason;
    let deep = |levels: usize| {
        event(|event| {
            event["data"]["extra"] =
                serde_json::from_str(&format!("{}{}", "[".repeat(levels), "]".repeat(levels))).unwrap();
        })
    };
    assert!(matches!(deep(31).envelope().content, Content::Command(_)));
    for (what, sample, reason) in [
        (
            "no id",
            event(|e| e["id"] = Value::Null),
            Reason::MissingMessageId,
        ),
        (
            "a number as id",
            event(|e| e["id"] = json!(9)),
            Reason::MissingMessageId,
        ),
        ("no type", event(|e| e["type"] = Value::Null), Reason::UnknownType),
        (
            "another type",
            event(|e| e["type"] = json!("request.solicit")),
            Reason::TypeMismatch,
        ),
        (
            "another version",
            event(|e| e["specversion"] = json!("0.3")),
            Reason::WrongContentType,
        ),
        (
            "xml inside",
            event(|e| e["datacontenttype"] = json!("text/xml")),
            Reason::WrongContentType,
        ),
        (
            "base64 inside",
            event(|e| e["data_base64"] = json!("e30=")),
            Reason::WrongContentEncoding,
        ),
        (
            "no object",
            Sample::cloud_event(&json!(["1.0"])),
            Reason::WrongContentType,
        ),
        ("33 levels of data", deep(32), Reason::TooDeep),
        ("NUL", event(|e| e["subject"] = json!("\0")), Reason::NulInText),
    ] {
        assert_eq!(sample.reason(), reason, "{what}");
    }
    assert!(!event(|e| e["data"] = Value::Null).refusal().fields.is_empty());
}
