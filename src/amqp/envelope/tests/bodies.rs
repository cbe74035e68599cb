//! Bodies that cannot be read.

use super::*;

#[test]
fn every_reason_to_dead_letter_a_body() {
    use DeadLetterReason as Reason;
    let submit = Sample::submit;
    let spoilt = |from: &str, to: &str| submit().body(&submit_body().to_string().replace(from, to));
    for (what, sample, reason) in [
        (
            "too large",
            submit().body(&edited(|body| body["text"] = json!("x".repeat(64 * 1024)))),
            Reason::TooLarge,
        ),
        (
            "latin1",
            submit().bytes(b"{\"text\":\"perch\xe9\"}"),
            Reason::InvalidUtf8,
        ),
        (
            "byte order mark",
            submit().bytes(b"\xef\xbb\xbf{}"),
            Reason::InvalidUtf8,
        ),
        ("utf-16", submit().bytes(b"\xff\xfe{\0}\0"), Reason::InvalidUtf8),
        ("empty", submit().body(""), Reason::InvalidJson),
        ("cut off", submit().body("{\"role\":"), Reason::InvalidJson),
        ("two documents", submit().body("{} {}"), Reason::InvalidJson),
        ("not a number", submit().body("{\"a\":NaN}"), Reason::InvalidJson),
        (
            "a number without bounds",
            submit().body("{\"a\":1e999}"),
            Reason::InvalidJson,
        ),
        (
            "a trailing comma",
            submit().body("{\"a\":1,}"),
            Reason::InvalidJson,
        ),
        (
            "lone surrogate",
            spoilt("Buongiorno", "\\ud800"),
            Reason::InvalidJson,
        ),
        (
            "lone surrogate in a name",
            submit().body("{\"\\udc00\":1}"),
            Reason::InvalidJson,
        ),
        (
            "a raw control character",
            spoilt("Buongiorno", "a\u{1}b"),
            Reason::InvalidJson,
        ),
        ("NUL", spoilt("Buongiorno", "a\0b"), Reason::NulInText),
        (
            "escaped NUL",
            spoilt("Buongiorno", "a\\u0000b"),
            Reason::NulInText,
        ),
        (
            "escaped NUL in a name",
            submit().body("{\"a\\u0000\":1}"),
            Reason::NulInText,
        ),
        ("33 levels", submit().body(&nested(32)), Reason::TooDeep),
        (
            "10,000 levels",
            submit().body(&"[".repeat(10_000)),
            Reason::TooDeep,
        ),
        (
            "10,000 objects",
            submit().body(&"{\"a\":".repeat(10_000)),
            Reason::TooDeep,
        ),
        (
            "duplicate key",
            submit().body(&nested(1).replace("\"extra\"", "\"role\"")),
            Reason::DuplicateKey,
        ),
        (
            "duplicate key by escape",
            submit().body("{\"a\":1,\"\\u0061\":2}"),
            Reason::DuplicateKey,
        ),
        (
            "duplicate key inside",
            submit().body("{\"o\":[{\"a\":1,\"b\":2,\"a\":3}]}"),
            Reason::DuplicateKey,
        ),
    ] {
        assert_eq!(sample.reason(), reason, "{what}");
    }
}

#[test]
fn the_body_decoder_serves_other_doors_too() {
    let good = submit_body().to_string();
    assert!(decode_body(CommandKind::Submit, good.as_bytes()).is_ok());
    assert!(matches!(
        decode_body(CommandKind::Reply, good.as_bytes()),
        Err(BodyFault::Refused(_))
    ));
    assert!(matches!(
        decode_body(CommandKind::Submit, b"{\"a\":1,\"a\":2}"),
        Err(BodyFault::Unreadable(Fault {
            reason: DeadLetterReason::DuplicateKey,
            ..
        }))
    ));
}
