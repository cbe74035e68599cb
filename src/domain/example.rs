//! A made-up request that fits the example registers.

use serde_json::{Value, json};

use super::ids::RequestId;

/// What every made-up submission says; what it is about and what it asks is added by whoever sends it.
pub fn submission(request: RequestId) -> Value {
    json!({
        "request_id": request,
        "role": "operator",
        "patronato": "inca",
        "office": "INCA-RM-001",
        "operator": { "id": "op1", "name": "Mario Rossi", "email": "op1@inca.example" },
        "citizen": { "codice_fiscale": "BNCMRA50A01H501U" },
        "delegation": true,
        "topic": "pensioni-paesi-non-convenzionati",
    })
}
