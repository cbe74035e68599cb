//! A made-up request that fits the example registers.

use serde_json::json;

use crate::clock::Clock;
use crate::domain::example;
use crate::domain::ids::RequestId;

pub(super) fn request(clock: &Clock) -> Vec<u8> {
    let mut body = example::submission(RequestId(clock.new_id()));
    body["reason"] = json!("status_or_rejection");
    body["practice"] = json!({"kind": "pension", "number": "030010110000000"});
    body["text"] = json!("Vorrei conoscere lo stato della pratica.");
    body.to_string().into_bytes()
}
