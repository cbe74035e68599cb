//! A dead letter read once more as a delivery, under a message id of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::envelope::{DecodeRules, RawDelivery, Rejected, decode};
use super::message::{Headers, Properties};
use crate::domain::command::Envelope;
use crate::domain::dead_letter::DeadLetterReason;
use crate::domain::ids::{MessageId, RequestId, derived_uuid};
use crate::store::{DeadLetter, DeadLetterId};

/// The message id a dead letter is worked again under: the same however often it is tried, so that it takes effect
/// once.
pub fn replay_id(id: DeadLetterId) -> MessageId {
    let derived = derived_uuid(&["replay", &id.to_string()]);
    MessageId::parse(&derived.to_string()).expect("a UUID is visible ASCII")
}

/// Reads a dead letter again, by today's rules; `body` in place of its own where given.
pub fn decode_again(
    letter: &DeadLetter,
    body: Option<&[u8]>,
    rules: &DecodeRules,
) -> Result<Envelope, Rejected> {
    let fault = |detail: &str| Rejected {
        reason: DeadLetterReason::EngineFault,
        detail: detail.to_owned(),
        source: None,
        message_id: None,
    };
    let id = replay_id(letter.summary.id);
    let mut properties =
        properties(letter).ok_or_else(|| fault("its properties were not kept as they came"))?;
    properties.message_id = Some(id.to_string());
    let delivery = RawDelivery {
        routing_key: &letter.summary.routing_key,
        properties: &properties,
        body: body.unwrap_or(&letter.body),
    };
    match catch_unwind(AssertUnwindSafe(|| decode(&delivery, rules))) {
        Ok(envelope) => Ok(renamed(envelope?, id)),
        Err(_) => Err(fault("reading it panicked")),
    }
}

fn properties(letter: &DeadLetter) -> Option<Properties> {
    let mut properties: Properties = serde_json::from_value(letter.properties.clone()).ok()?;
    properties.headers = serde_json::from_value::<Headers>(letter.headers.clone()).ok()?;
    Some(properties)
}

/// A cloud event brings its id in the body; it too is worked under the new one.
fn renamed(mut envelope: Envelope, id: MessageId) -> Envelope {
    let derived = RequestId::derive(&envelope.source, &envelope.message_id);
    if envelope.request_id == Some(derived) {
        envelope.request_id = Some(RequestId::derive(&envelope.source, &id));
    }
    envelope.message_id = id;
    envelope
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::amqp::Publishers;
    use crate::domain::command::Content;
    use crate::store::DeadLetterSummary;

    const RULES: DecodeRules = DecodeRules {
        max_body_bytes: 10_000,
        publishers: Publishers::ByRoutingKey,
    };

    fn letter(properties: serde_json::Value, body: &str) -> DeadLetter {
        DeadLetter {
            summary: DeadLetterSummary {
                id: DeadLetterId(17),
                reason: DeadLetterReason::MissingMessageId,
                detail: String::new(),
                source: Some("portal.inca".to_owned()),
                message_id: None,
                routing_key: "portal.inca.request.solicit".to_owned(),
                size: 0,
                received_at: chrono::DateTime::UNIX_EPOCH,
                replay_of: None,
                resolved: None,
            },
            properties,
            headers: json!({ "schema-version": 1 }),
            body: body.into(),
        }
    }

    fn solicit() -> String {
        json!({
            "request_id": "0199c0de-0000-7000-8000-000000000001",
            "operator": { "id": "op1", "name": "Mario Rossi" },
        })
        .to_string()
    }

    #[test]
    fn what_lacked_an_id_gets_one_that_stays_the_same() {
        let properties = json!({ "type": "request.solicit", "content_type": "application/json" });
        let letter = letter(properties, &solicit());
        let envelope = decode_again(&letter, None, &RULES).unwrap();
        assert!(matches!(envelope.content, Content::Command(_)));
        assert_eq!(envelope.message_id, replay_id(DeadLetterId(17)));
        assert_eq!(decode_again(&letter, None, &RULES), Ok(envelope));
        assert_ne!(replay_id(DeadLetterId(17)), replay_id(DeadLetterId(18)));
    }

    #[test]
    fn a_cloud_event_is_worked_under_the_new_id() {
        let event = json!({
            "specversion": "1.0", "id": "m-1", "source": "/inca", "type": "request.solicit",
            "data": serde_json::from_str::<serde_json::Value>(&solicit()).unwrap(),
        });
        let properties = json!({ "content_type": "application/cloudevents+json" });
        let envelope = decode_again(&letter(properties, &event.to_string()), None, &RULES).unwrap();
        assert_eq!(envelope.message_id, replay_id(DeadLetterId(17)));
        assert_eq!(
            envelope.request_id.unwrap().to_string(),
            "0199c0de-0000-7000-8000-000000000001"
        );
    }

    #[test]
    fn another_body_may_take_the_place_of_a_broken_one() {
        let properties = json!({ "type": "request.solicit", "content_type": "application/json" });
        let letter = letter(properties, "{");
        let again = decode_again(&letter, None, &RULES).unwrap_err();
        assert_eq!(again.reason, DeadLetterReason::InvalidJson);
        assert!(decode_again(&letter, Some(solicit().as_bytes()), &RULES).is_ok());
    }

    #[test]
    fn properties_of_another_shape_are_our_fault() {
        let again = decode_again(&letter(json!({ "timestamp": "now" }), &solicit()), None, &RULES);
        assert_eq!(again.unwrap_err().reason, DeadLetterReason::EngineFault);
    }
}
