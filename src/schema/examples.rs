//! One example of each message: the request of Mario Bianchi, who does not exist, from opening to appointment.

use serde_json::{Map, Value, json};

use super::Message;
use crate::domain::command::CommandKind;
use crate::domain::event::{PortalEvent, SedeMessage};

const REQUEST: &str = "0199c0de-0000-7000-8000-000000000001";
const PROTOCOL: &str = "INPS.2300.24/11/2026.0000042";

pub(super) fn example(message: Message) -> Value {
    match message {
        Message::Command(kind) if kind.is_of_portal() => of_portal(kind),
        Message::Command(kind) => of_sede(kind),
        Message::ToSede(kind) => to_sede(kind),
        Message::ToPortal(kind) => to_portal(kind),
    }
}

/// A submit as a portal sends it; what later commands leave out is at the end.
fn of_portal(kind: CommandKind) -> Value {
    let by = json!({
        "request_id": REQUEST,
        "operator": { "id": "op1", "name": "Mario Rossi", "email": "op1@inca.example" },
    });
    let more = match kind {
        CommandKind::Submit => json!({
            "role": "operator",
            "patronato": "inca",
            "office": "INCA-RM-001",
            "citizen": { "codice_fiscale": "BNCMRA50A01H501U" },
            "delegation": true,
            "reason": "status_or_rejection",
            "practice": { "kind": "pension", "number": "030010110000000" },
            "topic": "pensioni-paesi-non-convenzionati",
            "text": "Buongiorno, a che punto è la pratica? L'ultimo riscontro è di marzo.",
            "attachments": [{ "name": "documento.txt", "content_base64": "UmljZXZ1dGE=" }],
        }),
        CommandKind::Message => json!({ "text": "Grazie. Serve anche il modulo AP70?", "attachments": [] }),
        CommandKind::Attach => json!({
            "attachments": [{
                "name": "delega.pdf",
                "content_base64": "JVBERi0xLjQKJSVFT0YK",
            }],
        }),
        CommandKind::Book => {
            json!({ "wish": "Di mattina, se possibile", "slot": "2026-12-15T10:00:00+01:00" })
        }
        _ => json!({}),
    };
    with(by, more)
}

fn of_sede(kind: CommandKind) -> Value {
    let by = json!({ "request_id": REQUEST, "officer": { "id": "f-17", "name": "Anna Verdi" } });
    let more = match kind {
        CommandKind::Assign => json!({ "sede": "230001" }),
        CommandKind::Transfer => {
            json!({ "sede": "230001", "reason": "Il richiedente ha cambiato residenza" })
        }
        CommandKind::Reply => json!({
            "text": "La domanda è in lavorazione: la liquidazione è prevista a gennaio.",
            "attachments": [],
            "continuation": "allowed",
        }),
        CommandKind::Close => json!({ "reason": "Occorre un appuntamento" }),
        CommandKind::EnableAppointment => json!({ "reason": "Vanno visti gli originali" }),
        CommandKind::Note => json!({ "text": "Sentito il collega della linea estero" }),
        CommandKind::ConfirmAppointment => {
            json!({ "at": "2026-12-15T10:00:00+01:00", "place": "Sportello 3, primo piano" })
        }
        CommandKind::CancelAppointment => json!({ "reason": "Chiusura straordinaria della sede" }),
        _ => json!({}),
    };
    with(by, more)
}

fn to_sede(kind: SedeMessage) -> Value {
    let operator =
        json!({ "id": "op1", "name": "Mario Rossi", "patronato": "inca", "office": "INCA-RM-001" });
    let about = json!({
        "request_id": REQUEST,
        "protocol_number": PROTOCOL,
        "occurred_at": "2026-11-24T09:30:00Z",
    });
    let more = match kind {
        SedeMessage::RequestAssigned => with(
            due(),
            json!({
                "opened_at": "2026-11-24T09:30:00Z",
                "role": "operator",
                "operator": operator,
                "citizen": {
                    "codice_fiscale": "BNCMRA50A01H501U",
                    "family_name": "Bianchi", "given_name": "Mario", "born_on": "1950-01-01",
                },
                "reason": "status_or_rejection",
                "practice": { "kind": "pension", "number": "030010110000000" },
                "topic": { "code": "pensioni-paesi-non-convenzionati", "label": "Pensioni paesi non convenzionati" },
                "text": "Buongiorno, a che punto è la pratica?",
                "attachments": [attachment()],
                "thread": [],
                "solicits": 0,
            }),
        ),
        SedeMessage::RequestMessage => with(
            due(),
            json!({
                "operator": operator,
                "text": "Grazie. Serve anche il modulo AP70?",
                "attachments": [],
                "interaction": 1,
            }),
        ),
        SedeMessage::RequestAttached => json!({ "operator": operator, "attachments": [attachment()] }),
        SedeMessage::RequestSolicited => with(
            due(),
            json!({ "operator": operator, "number": 1, "solicited_on": "2026-12-09" }),
        ),
        SedeMessage::AppointmentBooked => json!({ "operator": operator, "wish": "Di mattina, se possibile" }),
        SedeMessage::RequestRevoked => json!({ "sede": "700100", "reason": "Competenza del polo estero" }),
    };
    with(about, more)
}

fn to_portal(kind: PortalEvent) -> Value {
    let status = json!({
        "request_id": REQUEST,
        "protocol_number": PROTOCOL,
        "state": "Assegnato a Sede",
        "state_code": "assegnato_sede",
        "sede": "230001",
        "sede_name": "Lanciano",
        "occurred_at": "2026-11-24T09:30:00Z",
    });
    let more = match kind {
        PortalEvent::CommandRefused => return refused(),
        PortalEvent::RequestAccepted | PortalEvent::RequestOverdue => due(),
        PortalEvent::RequestAssigned => json!({}),
        PortalEvent::RequestTransferred => json!({ "transferred_from": "700100" }),
        PortalEvent::RequestReplied => json!({
            "state": "Chiuso da Funzionario",
            "state_code": "chiuso_da_funzionario",
            "officer_name": "Anna Verdi",
            "text": "La domanda è in lavorazione: la liquidazione è prevista a gennaio.",
            "attachments": [attachment()],
            "continuation": "allowed",
            "interactions_left": 2,
        }),
        PortalEvent::RequestClosed => json!({
            "state": "Chiuso da Funzionario",
            "state_code": "chiuso_da_funzionario",
            "reason": "Occorre un appuntamento",
        }),
        PortalEvent::RequestSolicited => with(due(), json!({ "number": 1, "solicited_on": "2026-12-09" })),
        PortalEvent::AttachmentAdded => json!({ "operator_id": "op1", "attachments": [attachment()] }),
        PortalEvent::AppointmentEnabled => json!({ "reason": "Vanno visti gli originali" }),
        PortalEvent::AppointmentBooked => json!({ "operator_id": "op1", "wish": "Di mattina, se possibile" }),
        PortalEvent::AppointmentConfirmed => {
            json!({ "at": "2026-12-15T10:00:00+01:00", "place": "Sportello 3" })
        }
        PortalEvent::AppointmentCancelled => json!({ "reason": "Chiusura straordinaria della sede" }),
    };
    with(status, more)
}

/// The answer to a solicit that comes two days early.
fn refused() -> Value {
    json!({
        "command": "request.solicit",
        "message_id": "inca-2026-000123",
        "request_id": REQUEST,
        "protocol_number": PROTOCOL,
        "code": "not_yet",
        "message": "Il sollecito è possibile dal 9 dicembre 2026.",
        "fields": [],
        "available_from": "2026-12-09",
        "why": [{
            "condition": "waiting",
            "holds": false,
            "message": "13 giorni di attesa su 15",
            "available_from": "2026-12-09",
        }],
    })
}

fn due() -> Value {
    json!({ "awaiting_since": "2026-11-24", "solicit_from": "2026-12-09", "appointment_from": "2026-12-10" })
}

fn attachment() -> Value {
    json!({
        "name": "documento.txt",
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "size": 2048,
        "media_type": "text/plain",
        "href": "https://usciere.example/api/v1/attachments/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    })
}

/// One object of two; the second has the last word.
fn with(first: Value, second: Value) -> Value {
    let members = |value| match value {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    let mut all = members(first);
    all.extend(members(second));
    Value::Object(all)
}
