//! A made-up request for tests: the one of the manual's figures.

use super::{IdentifiedCitizen, Request};
use crate::domain::case::{Case, Facts, WorkflowRef};
use crate::domain::command::{ContactReason, Operator, Personal, Practice, Role};
use crate::domain::email::EmailAddress;
use crate::domain::practice::PracticeKind;

/// Of Mario Rossi for Mario Bianchi, waiting at LANCIANO-230001 since 21 October 2020.
pub(crate) fn request() -> Request {
    Request {
        case: Case {
            id: "0199c0de-0000-7000-8000-000000000001".parse().unwrap(),
            workflow: WorkflowRef {
                name: "richiesta".parse().unwrap(),
                version: 1,
            },
            patronato: "inca".parse().unwrap(),
            office: "INCA-RM-001".parse().unwrap(),
            sender: "op1".parse().unwrap(),
            state: "assegnato_sede".parse().unwrap(),
            sede: "230001".parse().unwrap(),
            facts: Facts::opened("2020-10-21".parse().unwrap()),
        },
        role: Role::Operator,
        sender: Operator {
            id: "op1".parse().unwrap(),
            name: Personal("Mario Rossi".to_owned()),
            email: EmailAddress::parse("op1@inca.example").ok(),
        },
        protocol: "INPS.7013.21/10/2020.0000123".parse().unwrap(),
        reason: ContactReason::StatusOrRejection,
        topic: "pensioni-paesi-non-convenzionati".parse().unwrap(),
        practice: Some(Practice {
            kind: PracticeKind::Pension,
            number: "030010110000000".parse().unwrap(),
        }),
        citizen: Some(IdentifiedCitizen {
            person_id: "p-1".parse().unwrap(),
            codice_fiscale: Some("BNCMRA50A01H501U".parse().unwrap()),
            family_name: Personal("Bianchi".to_owned()),
            given_name: Personal("Mario".to_owned()),
            born_on: "1950-01-01".parse().unwrap(),
        }),
        due_on: None,
        sede_seq: [("230001".parse().unwrap(), 2)].into(),
        version: 3,
        opened_at: "2020-10-21T15:04:13Z".parse().unwrap(),
    }
}
