//! Who writes about whom in made-up requests; all of them stand in the example registers.

use serde_json::{Value, json};

use crate::domain::ids::RequestId;

/// Operators with their patronato and office.
const OPERATORS: [[&str; 4]; 4] = [
    ["op1", "Mario Rossi", "inca", "INCA-RM-001"],
    ["op2", "Lucia Neri", "inca", "INCA-RM-001"],
    ["op7", "Paola Galli", "acli", "ACLI-MI-001"],
    ["op9", "Carlo Fontana", "inas", "INAS-RM-001"],
];
const CITIZENS: [&str; 4] = [
    "BNCMRA50A01H501U",
    "DNGNCL45T25E435G",
    "SPSNTN89M21H501R",
    "GRBPLA47E30A952H",
];
const TOPICS: [&str; 4] = [
    "pensione-di-vecchiaia",
    "invalidita-civile",
    "naspi",
    "pensioni-paesi-non-convenzionati",
];

/// The patronato that sends the request of this number.
pub(super) fn patronato(number: usize) -> &'static str {
    OPERATORS[number % OPERATORS.len()][2]
}

/// Who sends it, as its commands name him or her.
pub(super) fn operator(number: usize) -> Value {
    let [id, name, ..] = OPERATORS[number % OPERATORS.len()];
    json!({ "id": id, "name": name, "email": format!("{id}@patronato.example") })
}

pub(super) fn office(number: usize) -> &'static str {
    OPERATORS[number % OPERATORS.len()][3]
}

pub(super) fn officer() -> Value {
    json!({ "id": "av1", "name": "Anna Verdi" })
}

/// The body of the submission of this number.
pub(super) fn submission(number: usize, id: RequestId) -> Value {
    json!({
        "request_id": id,
        "role": "operator",
        "patronato": patronato(number),
        "office": office(number),
        "operator": operator(number),
        "citizen": { "codice_fiscale": CITIZENS[number % CITIZENS.len()] },
        "delegation": true,
        "reason": "access_requirements",
        "topic": TOPICS[(number / 3) % TOPICS.len()],
        "text": "Si chiedono i requisiti e le modalità per accedere alla prestazione.",
    })
}
