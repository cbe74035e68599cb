//! What surrounds a body: tolerated or dead-lettered.

use super::*;

fn nested_header(levels: usize) -> HeaderValue {
    (1..levels).fold(HeaderValue::List(Vec::new()), |inner, _| {
        HeaderValue::List(vec![inner])
    })
}

#[test]
fn what_is_tolerated() {
    let of_type = |text: &str| Sample::submit().with(|p| p.content_type = Some(text.to_owned()));
    let encoded = |text: &str| Sample::submit().with(|p| p.content_encoding = Some(text.to_owned()));
    let version = |value| Sample::submit().header("schema-version", value);
    for (what, sample) in [
        ("charset", of_type("application/json; charset=utf-8")),
        ("quoted charset", of_type("Application/JSON;charset=\"UTF-8\"")),
        ("identity", encoded("identity")),
        ("utf-8 as encoding", encoded("utf-8")),
        ("empty encoding", encoded("")),
        ("version", version(HeaderValue::Integer(1))),
        ("version as text", version(HeaderValue::Text("1".to_owned()))),
        (
            "unknown members",
            Sample::submit().body(&edited(|body| body["new_in_2027"] = json!({ "a": [1, [2]] }))),
        ),
        ("depth 32", Sample::submit().body(&nested(31))),
        (
            "headers nested four deep",
            Sample::submit().header("h", nested_header(4)),
        ),
        (
            "broken trace",
            Sample::submit().header("traceparent", HeaderValue::Text("00-0-0-0".to_owned())),
        ),
    ] {
        let envelope = sample.decode();
        assert!(
            matches!(
                envelope,
                Ok(Envelope {
                    content: Content::Command(_),
                    ..
                })
            ),
            "{what}: {envelope:?}"
        );
    }
}

#[test]
fn every_reason_to_dead_letter_what_surrounds_a_body() {
    use DeadLetterReason as Reason;
    let id = |text: &str| Sample::submit().with(|p| p.message_id = Some(text.to_owned()));
    let of_type = |text: &str| Sample::submit().with(|p| p.content_type = Some(text.to_owned()));
    let encoded = |text: &str| Sample::submit().with(|p| p.content_encoding = Some(text.to_owned()));
    let kind = |text: &str| Sample::submit().with(|p| p.kind = Some(text.to_owned()));
    let version = |value| Sample::submit().header("schema-version", value);
    let many = |count: usize| {
        Sample::submit().with(|p| {
            p.headers = Headers(
                (0..count)
                    .map(|at| (format!("h{at}"), HeaderValue::Integer(1)))
                    .collect(),
            );
        })
    };
    for (what, sample, reason) in [
        (
            "no id",
            Sample::submit().with(|p| p.message_id = None),
            Reason::MissingMessageId,
        ),
        ("empty id", id(""), Reason::MissingMessageId),
        ("id with a space", id("a b"), Reason::MissingMessageId),
        ("id too long", id(&"x".repeat(129)), Reason::MissingMessageId),
        (
            "no content type",
            Sample::submit().with(|p| p.content_type = None),
            Reason::WrongContentType,
        ),
        ("text", of_type("text/plain"), Reason::WrongContentType),
        (
            "another charset",
            of_type("application/json; charset=latin1"),
            Reason::WrongContentType,
        ),
        (
            "another parameter",
            of_type("application/json; profile=x"),
            Reason::WrongContentType,
        ),
        (
            "json of another kind",
            of_type("application/problem+json"),
            Reason::WrongContentType,
        ),
        ("gzip", encoded("gzip"), Reason::WrongContentEncoding),
        ("too many headers", many(129), Reason::TooManyHeaders),
        (
            "headers too large",
            Sample::submit().header("h", HeaderValue::Text("x".repeat(16 * 1024))),
            Reason::TooManyHeaders,
        ),
        (
            "headers too deep",
            Sample::submit().header("h", nested_header(5)),
            Reason::TooManyHeaders,
        ),
        (
            "no type",
            Sample::submit().with(|p| p.kind = None),
            Reason::UnknownType,
        ),
        ("unknown type", kind("request.frobnicate"), Reason::UnknownType),
        ("an event's type", kind("request.accepted"), Reason::UnknownType),
        ("another type", kind("request.message"), Reason::TypeMismatch),
        (
            "a key without command",
            Sample::submit().key("portal.inca"),
            Reason::TypeMismatch,
        ),
        (
            "newer version",
            version(HeaderValue::Integer(2)),
            Reason::SchemaTooNew,
        ),
        (
            "version 0",
            version(HeaderValue::Integer(0)),
            Reason::SchemaTooNew,
        ),
        (
            "version in words",
            version(HeaderValue::Text("uno".to_owned())),
            Reason::SchemaTooNew,
        ),
        (
            "version as a fraction",
            version(HeaderValue::Float(1.0)),
            Reason::SchemaTooNew,
        ),
    ] {
        assert_eq!(sample.reason(), reason, "{what}");
    }
}

#[test]
fn traces_are_continued_only_in_the_w3c_form() {
    for (text, carried) in [
        (TRACE, true),
        (
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-will-be",
            true,
        ),
        (
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            false,
        ),
        ("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false),
        ("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false),
        ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", false),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false),
        ("", false),
    ] {
        let envelope = Sample::submit()
            .header("traceparent", HeaderValue::Text(text.to_owned()))
            .envelope();
        assert_eq!(envelope.trace_parent.is_some(), carried, "{text}");
    }
}

#[test]
fn what_the_guard_could_not_read_is_dead_lettered_with_its_reason() {
    for reason in [DeadLetterReason::TooManyHeaders, DeadLetterReason::InvalidUtf8] {
        let value = HeaderValue::Text(reason.as_str().to_owned());
        assert_eq!(
            Sample::submit().header("x-usciere-unreadable", value).reason(),
            reason
        );
    }
}
