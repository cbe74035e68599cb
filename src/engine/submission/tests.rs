use rstest::rstest;
use serde_json::{Value, json};

use super::*;
use crate::domain::attachment::AttachmentLimits;
use crate::domain::codice_fiscale::CodiceFiscale;
use crate::domain::practice::{HolderRole, PracticeKind};
use crate::domain::registers::{Office, Patronato, PracticeRecord, RegisterRows, Sede, SedeKind, Topic};

const MARIO: &str = "BNCMRA50A01H501U";

fn limits() -> Limits {
    Limits {
        text: 40,
        attachments: AttachmentLimits::default(),
    }
}

fn submission(change: Value) -> Submit {
    let mut body = json!({
        "role": "operator", "patronato": "inca", "office": "INCA-RM-001",
        "operator": {"id": "op1", "name": "Mario Rossi"},
        "citizen": {"codice_fiscale": MARIO}, "delegation": true,
        "reason": "status_or_rejection", "practice": {"kind": "domus", "number": "77"},
        "topic": "naspi", "text": "A che punto è?",
    });
    let members = body.as_object_mut().unwrap();
    let Value::Object(change) = change else {
        panic!("members to change")
    };
    members.extend(change);
    serde_json::from_value(body).unwrap()
}

fn referent(reason: &str) -> Submit {
    submission(json!({
        "role": "regional_referent", "reason": reason, "topic": "norme", "region": "Lazio",
        "citizen": null, "delegation": null, "practice": null,
    }))
}

fn registers() -> Registers {
    let sede = |code: &str, kind| Sede {
        region: Some(Region::Lazio),
        ..Sede::named(code.parse().unwrap(), code.to_uppercase(), kind)
    };
    let topic = |code: &str, reasons: &[ContactReason]| Topic {
        code: code.parse().unwrap(),
        label: code.to_uppercase(),
        reasons: reasons.to_vec(),
        first_level: false,
        keywords: Vec::new(),
    };
    let office = Office {
        code: "INCA-RM-001".parse().unwrap(),
        name: "Roma".to_owned(),
        region: Some(Region::Lazio),
    };
    Registers::new(RegisterRows {
        sedi: vec![sede("roma", SedeKind::Sede), sede("cric-lazio", SedeKind::Cric)],
        topics: vec![
            topic(
                "naspi",
                &[
                    ContactReason::SolicitSubmitted,
                    ContactReason::StatusOrRejection,
                    ContactReason::AccessRequirements,
                ],
            ),
            topic(
                "norme",
                &[
                    ContactReason::RegulatoryClarification,
                    ContactReason::AccessRequirements,
                ],
            ),
        ],
        patronati: vec![Patronato {
            code: "inca".parse().unwrap(),
            name: "INCA".to_owned(),
            queue: true,
            offices: vec![office],
        }],
        ..RegisterRows::default()
    })
}

fn found() -> Found {
    let code = CodiceFiscale::parse(MARIO).unwrap();
    Found {
        citizens: vec![Citizen {
            person_id: "P1".parse().unwrap(),
            codice_fiscale: Some(code.clone()),
            family_name: "BIANCHI".to_owned(),
            given_name: "MARIO".to_owned(),
            born_on: "1950-01-01".parse().unwrap(),
            birth_place: "ROMA".to_owned(),
            address: "Via Roma 1".to_owned(),
            cap: None,
            comune_istat: None,
        }],
        practices: vec![PracticeRecord {
            kind: PracticeKind::Domus,
            number: "77".parse().unwrap(),
            codice_fiscale: code,
            holder_role: HolderRole::Titolare,
        }],
        attachments: Ok(Vec::new()),
        missing: None,
    }
}

fn judged(submit: &Submit) -> Result<Accepted, Refusal> {
    judge(submit, &found(), &registers(), &limits())
}

fn code(submit: &Submit) -> Option<RefusalCode> {
    judged(submit).err().map(|refusal| refusal.code)
}

#[rstest]
#[case::declared(json!({"delegation": true}), None)]
#[case::not_declared(json!({"delegation": false}), Some(RefusalCode::DelegationMissing))]
#[case::not_said(json!({"delegation": null}), Some(RefusalCode::DelegationMissing))]
fn r_047_the_delegation_is_declared(#[case] change: Value, #[case] refused: Option<RefusalCode>) {
    assert_eq!(code(&submission(change)), refused);
}

#[rstest]
#[case("solicit_submitted", true, false)]
#[case("status_or_rejection", true, false)]
#[case("access_requirements", true, true)]
#[case("regulatory_clarification", false, true)]
fn r_052_r_053_each_role_has_its_reasons(
    #[case] reason: &str,
    #[case] of_operators: bool,
    #[case] of_referents: bool,
) {
    let refused = |allowed: bool| (!allowed).then_some(RefusalCode::ReasonNotAllowed);
    assert_eq!(
        code(&submission(json!({ "reason": reason }))),
        refused(of_operators)
    );
    assert_eq!(code(&referent(reason)), refused(of_referents));
}

#[rstest]
#[case("solicit_submitted", Some(RefusalCode::PracticeRequired))]
#[case("status_or_rejection", Some(RefusalCode::PracticeRequired))]
#[case("access_requirements", None)]
fn r_054_the_first_two_reasons_need_a_practice(#[case] reason: &str, #[case] refused: Option<RefusalCode>) {
    assert_eq!(
        code(&submission(json!({ "reason": reason, "practice": null }))),
        refused
    );
}

#[test]
fn r_055_r_056_a_practice_of_any_kind_is_checked_also_where_none_was_needed() {
    for kind in PracticeKind::ALL {
        let practice = json!({ "kind": kind, "number": "78" });
        let submit = submission(json!({ "reason": "access_requirements", "practice": practice }));
        assert_eq!(code(&submit), Some(RefusalCode::PracticeNotLinked), "{kind}");
    }
}

#[test]
fn r_058_a_referent_has_neither_citizen_nor_delegation_nor_practice() {
    let accepted = judged(&referent("regulatory_clarification")).unwrap();
    assert!(accepted.citizen.is_none());
    assert_eq!(accepted.workflow.as_str(), "quesito");
}

#[rstest]
#[case::unknown(json!({"topic": "boh"}), Some(RefusalCode::TopicUnknown))]
#[case::of_other_reasons(json!({"topic": "norme"}), Some(RefusalCode::TopicNotForReason))]
#[case::right(json!({"topic": "naspi"}), None)]
fn r_059_the_topic_is_one_of_the_reasons(#[case] change: Value, #[case] refused: Option<RefusalCode>) {
    assert_eq!(code(&submission(change)), refused);
}

#[rstest]
#[case::missing(json!({"text": null}), Some(RefusalCode::TextMissing))]
#[case::blank(json!({"text": "  \n"}), Some(RefusalCode::TextMissing))]
#[case::invisible(json!({"text": "\u{200b}\u{feff} \u{2060}"}), Some(RefusalCode::TextMissing))]
#[case::full(json!({"text": "è".repeat(40)}), None)]
#[case::too_long(json!({"text": "è".repeat(41)}), Some(RefusalCode::TextTooLong))]
#[case::notes_too_long(json!({"notes": "x".repeat(41)}), Some(RefusalCode::TextTooLong))]
#[case::no_notes(json!({"notes": null}), None)]
fn r_061_r_062_text_is_required_and_notes_are_not(
    #[case] change: Value,
    #[case] refused: Option<RefusalCode>,
) {
    assert_eq!(code(&submission(change)), refused);
}

#[rstest]
#[case::nobody(json!({"citizen": null}), RefusalCode::InvalidBody)]
#[case::half_a_name(json!({"citizen": {"family_name": "Bianchi"}}), RefusalCode::InvalidBody)]
#[case::somebody_else(json!({"citizen": {"codice_fiscale": MARIO, "given_name": "Anna"}}), RefusalCode::CitizenUnknown)]
fn r_040_r_042_an_operator_names_the_citizen(#[case] change: Value, #[case] refused: RefusalCode) {
    assert_eq!(code(&submission(change)), Some(refused));
}

#[test]
fn r_073_r_074_the_proposed_sede_gives_way_to_the_chosen_one() {
    let goes_to = |submit: &Submit| judged(submit).unwrap().routing.destination.code().to_string();
    assert_eq!(
        goes_to(&submission(json!({}))),
        "da-smistare",
        "a residence abroad"
    );
    assert_eq!(goes_to(&submission(json!({"sede": "roma"}))), "roma");
    assert_eq!(goes_to(&referent("regulatory_clarification")), "cric-lazio");
    let mut elsewhere = referent("regulatory_clarification");
    elsewhere.sede = Some("roma".parse().unwrap());
    assert_eq!(goes_to(&elsewhere), "roma");
    assert_eq!(
        code(&submission(json!({"sede": "lineainps"}))),
        Some(RefusalCode::SedeUnknown)
    );
}
