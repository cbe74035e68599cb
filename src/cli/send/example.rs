//! A made-up request that fits the example registers.

use serde_json::json;

use crate::clock::Clock;

pub(super) fn request(clock: &Clock) -> Vec<u8> {
    let body = json!({
        "request_id": clock.new_id(),
        "role": "operator",
        "patronato": "inca",
        "office": "INCA-RM-001",
        "operator": {"id": "op1", "name": "Mario Rossi", "email": "op1@inca.example"},
        "citizen": {"codice_fiscale": "BNCMRA50A01H501U"},
        "delegation": true,
        "reason": "status_or_rejection",
        "practice": {"kind": "pension", "number": "030010110000000"},
        "topic": "pensioni-paesi-non-convenzionati",
        "text": "Vorrei conoscere lo stato della pratica.",
    });
    body.to_string().into_bytes()
}
