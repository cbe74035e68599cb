use chrono::NaiveDate;
use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::domain::codice_fiscale::CodiceFiscale;
use crate::domain::practice::{HolderRole, PracticeNumber};

const BIANCHI: &str = "BNCMRA50A01H501U";
/// The same code with a letter for its last digit: another person's, or the same one's written otherwise.
const OMOCODIA: &str = "BNCMRA50A01H50MM";
const OTHER: &str = "DLCCHR14A41Z129M";

fn born() -> NaiveDate {
    NaiveDate::from_ymd_opt(1950, 1, 1).unwrap()
}

fn citizen(id: &str, code: Option<&str>) -> Citizen {
    Citizen {
        person_id: id.parse().unwrap(),
        codice_fiscale: code.map(|code| CodiceFiscale::parse(code).unwrap()),
        family_name: "De Niccolò".to_owned(),
        given_name: "Mario".to_owned(),
        born_on: born(),
        birth_place: "ROMA".to_owned(),
        address: "Via Esempio 1".to_owned(),
        cap: None,
        comune_istat: None,
    }
}

fn by_code(code: &str) -> CitizenQuery {
    CitizenQuery {
        codice_fiscale: Some(CodiceFiscale::parse(code).unwrap()),
        ..CitizenQuery::default()
    }
}

fn by_name(family: &str, given: &str) -> CitizenQuery {
    CitizenQuery {
        family_name: Some(Personal(family.to_owned())),
        given_name: Some(Personal(given.to_owned())),
        born_on: Some(born()),
        ..CitizenQuery::default()
    }
}

fn choosing(query: CitizenQuery, person: &str) -> CitizenQuery {
    CitizenQuery {
        person_id: Some(person.parse().unwrap()),
        ..query
    }
}

fn people() -> Vec<Citizen> {
    vec![citizen("p1", Some(BIANCHI)), citizen("p2", Some(OMOCODIA))]
}

#[rstest]
#[case::its_code(&people()[..1], by_code(BIANCHI), "p1")]
#[case::another_form_of_its_code(&people()[..1], by_code(OMOCODIA), "p1")]
#[case::its_name(&people()[..1], by_name("de niccolo'", "MARIO"), "p1")]
#[case::chosen_among_one_code(&people(), choosing(by_code(BIANCHI), "p2"), "p2")]
#[case::chosen_among_homonyms(&people(), choosing(by_name("De Niccolò", "Mario"), "p1"), "p1")]
#[case::no_code_at_all(&[citizen("p3", None)], by_name("De Niccolò", "Mario"), "p3")]
fn r_040_r_043_one_person_is_meant(
    #[case] found: &[Citizen],
    #[case] query: CitizenQuery,
    #[case] person: &str,
) {
    assert_eq!(identify(found, &query).unwrap().person_id.as_str(), person);
}

#[rstest]
#[case::nobody(&[], by_code(BIANCHI), RefusalCode::CitizenUnknown)]
#[case::a_register_that_answers_beside_the_point(&people(), by_code(OTHER), RefusalCode::CitizenUnknown)]
#[case::code_and_name_disagree(
    &people()[..1], CitizenQuery { family_name: Some(Personal("Verdi".to_owned())), ..by_code(BIANCHI) },
    RefusalCode::CitizenUnknown)]
#[case::chosen_from_elsewhere(&people(), choosing(by_code(BIANCHI), "p9"), RefusalCode::CitizenUnknown)]
#[case::one_code(&people(), by_code(BIANCHI), RefusalCode::CitizenAmbiguous)]
#[case::homonyms(&people(), by_name("De Niccolò", "Mario"), RefusalCode::CitizenAmbiguous)]
#[case::nothing_asked(&people(), CitizenQuery::default(), RefusalCode::InvalidBody)]
#[case::half_a_name(
    &people(), CitizenQuery { born_on: None, ..by_name("De Niccolò", "Mario") }, RefusalCode::InvalidBody)]
#[case::only_an_id(&people(), choosing(CitizenQuery::default(), "p1"), RefusalCode::InvalidBody)]
fn r_041_r_042_r_043_nobody_is_meant(
    #[case] found: &[Citizen],
    #[case] query: CitizenQuery,
    #[case] code: RefusalCode,
) {
    let refusal = identify(found, &query).unwrap_err();
    assert_eq!(refusal.code, code);
    let listed = if code == RefusalCode::CitizenAmbiguous {
        2
    } else {
        0
    };
    assert_eq!(refusal.candidates.len(), listed);
}

#[test]
fn r_044_an_ambiguity_says_the_manuals_words() {
    let refusal = identify(&people(), &by_code(BIANCHI)).unwrap_err();
    assert_eq!(
        refusal.message,
        "SONO STATI TROVATI PIÙ UTENTI CON LO STESSO CODICE FISCALE. SELEZIONARE UN UTENTE PER PROCEDERE CON LA \
         RICHIESTA:"
    );
}

#[test]
fn r_045_r_046_a_choice_shows_what_tells_one_from_another() {
    let refusal = identify(&people(), &by_code(BIANCHI)).unwrap_err();
    let [first, _] = refusal.candidates.as_slice() else {
        panic!("two to choose from")
    };
    assert_eq!(
        (first.family_name.as_str(), first.given_name.as_str()),
        ("De Niccolò", "Mario")
    );
    let code = first.codice_fiscale.as_ref().map(CodiceFiscale::as_str);
    assert_eq!(code, Some(BIANCHI));
    assert_eq!((first.born_on, first.birth_place.as_str()), (born(), "ROMA"));
    assert_eq!(
        (first.address.as_str(), first.person_id.as_str()),
        ("Via Esempio 1", "p1")
    );
    assert_eq!(refusal.fields[0].pointer, "/citizen/person_id");
}

/// All 128 forms of one code.
fn every_form(code: &str) -> Vec<CodiceFiscale> {
    const PLACES: [usize; 7] = [14, 13, 12, 10, 9, 7, 6];
    let form = |chosen: usize| {
        let mut bytes = code.as_bytes()[..15].to_vec();
        for (bit, place) in PLACES
            .iter()
            .enumerate()
            .filter(|(bit, _)| chosen >> bit & 1 == 1)
        {
            debug_assert!(bit < PLACES.len());
            bytes[*place] = b"LMNPQRSTUV"[usize::from(bytes[*place] - b'0')];
        }
        let body = String::from_utf8(bytes).unwrap();
        ('A'..='Z')
            .find_map(|check| CodiceFiscale::parse(&format!("{body}{check}")).ok())
            .unwrap()
    };
    (0..128).map(form).collect()
}

#[test]
fn r_043_all_128_forms_find_the_person_and_only_its_own_form_the_practice() {
    let person = &people()[..1];
    let forms = every_form(BIANCHI);
    assert_eq!(forms.len(), 128);
    for form in &forms {
        let query = by_code(form.as_str());
        assert_eq!(identify(person, &query).unwrap().person_id.as_str(), "p1");
        let of_this_form = [record(PracticeKind::Domus, form.as_str(), HolderRole::Titolare)];
        let allowed = check_practice(&of_this_form, &practice(PracticeKind::Domus), &person[0]).is_ok();
        assert_eq!(allowed, form.as_str() == BIANCHI);
    }
}

fn practice(kind: PracticeKind) -> Practice {
    Practice {
        kind,
        number: PracticeNumber::parse("030010110000000").unwrap(),
    }
}

fn record(kind: PracticeKind, code: &str, holder_role: HolderRole) -> PracticeRecord {
    let codice_fiscale = CodiceFiscale::parse(code).unwrap();
    PracticeRecord {
        kind,
        number: practice(kind).number,
        codice_fiscale,
        holder_role,
    }
}

#[rstest]
#[case(
    PracticeKind::Protocol,
    "Numero di protocollo non corretto o non associato al codice fiscale"
)]
#[case(
    PracticeKind::Domus,
    "Numero Domus non corretto o non associato al codice fiscale"
)]
#[case(
    PracticeKind::Pension,
    "Numero pensione non corretto o non associato al codice fiscale"
)]
#[case(
    PracticeKind::Rdc,
    "Numero domanda RDC non corretto o non associato al codice fiscale"
)]
#[case(
    PracticeKind::Rem,
    "Numero domanda REM non corretto o non associato al codice fiscale"
)]
fn r_055_r_056_a_practice_of_others_is_not_linked(#[case] kind: PracticeKind, #[case] message: &str) {
    let another_kind = PracticeKind::ALL.iter().find(|other| **other != kind).unwrap();
    let records = [
        record(kind, OTHER, HolderRole::Titolare),
        record(kind, OMOCODIA, HolderRole::Titolare),
        record(*another_kind, BIANCHI, HolderRole::Titolare),
    ];
    let refusal = check_practice(&records, &practice(kind), &people()[0]).unwrap_err();
    assert_eq!(
        (refusal.code, refusal.message.as_str()),
        (RefusalCode::PracticeNotLinked, message)
    );
    let nameless = citizen("p3", None);
    assert!(check_practice(&records, &practice(kind), &nameless).is_err());
}

#[test]
fn r_057_of_a_pension_only_others_may_not_ask() {
    for role in HolderRole::ALL {
        for kind in PracticeKind::ALL {
            let records = [record(*kind, BIANCHI, *role)];
            let refused = *kind == PracticeKind::Pension && *role == HolderRole::Altro;
            let answer = check_practice(&records, &practice(*kind), &people()[0]);
            assert_eq!(answer.is_err(), refused, "{kind} {role}");
        }
    }
}

#[test]
fn r_057_a_refusal_of_a_pension_is_figure_11() {
    let records = [record(PracticeKind::Pension, BIANCHI, HolderRole::Altro)];
    let refusal = check_practice(&records, &practice(PracticeKind::Pension), &people()[0]).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::PracticeNotEntitled);
    assert_eq!(
        refusal.message,
        "Per il codice fiscale inserito, associato al numero della pensione indicata, non può essere richiesta \
         alcuna informazione in quanto si riferisce a soggetto diverso da: Titolare, Amministratore di sostegno, \
         Tutore."
    );
}

proptest! {
    #[test]
    fn whoever_is_identified_was_found_and_fits(
        ids in prop::collection::btree_set("p[0-4]", 0..5), chosen in prop::option::of("p[0-4]"), named in any::<bool>()
    ) {
        let found: Vec<Citizen> = ids.iter().map(|id| citizen(id, Some(BIANCHI))).collect();
        let query = if named { by_name("De Niccolò", "Mario") } else { by_code(OMOCODIA) };
        let query = CitizenQuery { person_id: chosen.as_ref().map(|id| id.parse().unwrap()), ..query };
        match identify(&found, &query) {
            Ok(citizen) => {
                prop_assert!(ids.contains(citizen.person_id.as_str()));
                prop_assert!(chosen.is_none_or(|id| id == citizen.person_id.as_str()));
            }
            Err(refusal) => prop_assert!(!refusal.message.contains("Niccol") && !refusal.message.contains("BNC")),
        }
    }
}
