//! The example registers load without a bad line and show what they were made to show.

use super::*;
use usciere::domain::codice_fiscale::CodiceFiscale;
use usciere::domain::command::{CitizenQuery, Personal, Practice};
use usciere::domain::ids::{LINEAINPS, UNROUTED_DESK};
use usciere::domain::place::Region;
use usciere::domain::practice::PracticeKind;
use usciere::domain::refusal::RefusalCode;
use usciere::domain::registers::{Citizen, SedeKind};
use usciere::registry::{FindCitizens, FindPractices, check_practice, identify};
use usciere::routing::{route, route_referent};

pub(crate) fn by_code(code: &str) -> CitizenQuery {
    CitizenQuery {
        codice_fiscale: Some(CodiceFiscale::parse(code).unwrap()),
        ..CitizenQuery::default()
    }
}

pub(crate) fn by_name(family: &str, given: &str, born_on: &str) -> CitizenQuery {
    CitizenQuery {
        family_name: Some(Personal(family.to_owned())),
        given_name: Some(Personal(given.to_owned())),
        born_on: Some(born_on.parse().unwrap()),
        ..CitizenQuery::default()
    }
}

fn ids(citizens: &[Citizen]) -> Vec<&str> {
    citizens
        .iter()
        .map(|citizen| citizen.person_id.as_str())
        .collect()
}

#[tokio::test]
async fn load_without_a_bad_line_and_a_second_run_changes_nothing() {
    let database = TestDatabase::create().await;
    let store = database.store.clone();
    load_examples(&store).await;
    let version = store.registers_version().await.unwrap();
    for (kind, csv) in EXAMPLES {
        let (report, bad) = load(&store, kind, csv).await.unwrap();
        let untouched = ImportReport {
            unchanged: lines(csv),
            ..ImportReport::default()
        };
        assert_eq!((report, bad), (untouched, Vec::new()), "{kind}");
    }
    assert_eq!(store.registers_version().await.unwrap(), version);
}

#[tokio::test]
async fn route_as_their_readme_says() {
    let database = TestDatabase::create().await;
    let store = database.store.clone();
    load_examples(&store).await;
    let registers = store.load_registers().await.unwrap();
    let cases = [
        ("00071", "058079", "pensioni-paesi-non-convenzionati", "701300"),
        ("00071", "058079", "pin-cittadini", LINEAINPS),
        ("00040", "058117", "naspi", "701300"),
        ("00040", "058117", "pensioni-paesi-convenzionati", "700090"),
        ("00040", "058086", "naspi", "700000"),
        ("00049", "058111", "naspi", "400000"),
        ("00076", "058115", "naspi", UNROUTED_DESK),
        ("66030", "069056", "naspi", "230001"),
        ("66030", "069002", "naspi", "230000"),
        ("66034", "069046", "accertamenti-di-vigilanza", "590000"),
        ("39100", "021008", "naspi", UNROUTED_DESK),
        ("", "", "naspi", UNROUTED_DESK),
    ];
    for (cap, comune, topic, expected) in cases {
        let (cap, comune) = (cap.parse().ok(), comune.parse().ok());
        let routing = route(&registers, cap.as_ref(), comune.as_ref(), &topic.parse().unwrap());
        assert_eq!(
            routing.destination.code().as_str(),
            expected,
            "{:?}",
            routing.explanation
        );
    }
    let sardinia = route_referent(&registers, Region::Sardegna);
    assert_eq!(sardinia.destination.code().as_str(), "cric-sardegna");
    let office = registers.office(&"inca".parse().unwrap(), &"INCA-RM-001".parse().unwrap());
    assert_eq!(office.and_then(|office| office.region), Some(Region::Lazio));
    assert_eq!(
        registers.patronati().filter(|patronato| !patronato.queue).count(),
        1
    );
}

#[tokio::test]
async fn every_used_region_has_a_direction_and_a_cric() {
    let database = TestDatabase::create().await;
    let store = database.store.clone();
    load_examples(&store).await;
    let registers = store.load_registers().await.unwrap();
    for region in registers.sedi().filter_map(|sede| sede.region) {
        for kind in [SedeKind::Regionale, SedeKind::Cric] {
            assert!(
                registers.open_of_region(region, kind).is_some(),
                "{region} {kind}"
            );
        }
    }
    assert_eq!(registers.sedi().filter(|sede| !sede.active).count(), 1);
}

#[tokio::test]
async fn people_are_found_in_one_batch_however_they_are_named() {
    let database = TestDatabase::create().await;
    let store = database.store.clone();
    load_examples(&store).await;
    let queries = [
        by_code("BNCMRA50A01H501U"),
        by_code("BNCMRARLALMHRLMB"),
        CitizenQuery::default(),
        by_code("RSSGPP48C19F839Y"),
        by_name("russo", "Giuseppe", "1948-03-19"),
        by_code("FRRNNA52L54F205X"),
        by_code("42856570959"),
        by_name("D’Angelo", "Niccolo'", "1945-12-25"),
        by_name("Nguyên", "thi  mai", "1988-02-29"),
        by_name("Nessuno", "Mai", "1988-02-29"),
    ];
    let found = FindCitizens::find_citizens(&store, &queries).await.unwrap();
    let found: Vec<_> = found
        .iter()
        .map(|citizens| ids(citizens.as_ref().unwrap()))
        .collect();
    let expected: [&[&str]; 10] = [
        &["P000001"],
        &["P000001"],
        &[],
        &["P000002", "P000003"],
        &["P000002", "P000003"],
        &["P000004", "P000005"],
        &["P000006"],
        &["P000010"],
        &["P000009"],
        &[],
    ];
    assert_eq!(found, expected);
}

#[tokio::test]
async fn practices_are_judged_by_their_holders() {
    let database = TestDatabase::create().await;
    let store = database.store.clone();
    load_examples(&store).await;
    let judge = async |code: &str, kind: PracticeKind, number: &str| {
        let query = by_code(code);
        let citizens = store.find_citizens(std::slice::from_ref(&query)).await.unwrap();
        let citizen = identify(citizens[0].as_ref().unwrap(), &query).unwrap();
        let practice = Practice {
            kind,
            number: number.parse().unwrap(),
        };
        let records = store
            .find_practices(std::slice::from_ref(&practice))
            .await
            .unwrap();
        check_practice(records[0].as_ref().unwrap(), &practice, &citizen).map_err(|refusal| refusal.code)
    };
    let (bianchi, guarded) = ("BNCMRA50A01H501U", "SPSNTN89M21H501R");
    assert_eq!(
        judge(bianchi, PracticeKind::Pension, "030010110000000").await,
        Ok(())
    );
    assert_eq!(
        judge(bianchi, PracticeKind::Protocol, "inps.7013.24/02/2021.0000123").await,
        Ok(())
    );
    assert_eq!(
        judge(guarded, PracticeKind::Pension, "030010110000001").await,
        Ok(())
    );
    let not_entitled = Err(RefusalCode::PracticeNotEntitled);
    assert_eq!(
        judge(bianchi, PracticeKind::Pension, "030010110000003").await,
        not_entitled
    );
    let not_linked = Err(RefusalCode::PracticeNotLinked);
    assert_eq!(
        judge(guarded, PracticeKind::Pension, "030010110000000").await,
        not_linked
    );
    assert_eq!(
        judge(bianchi, PracticeKind::Domus, "030010110000000").await,
        not_linked
    );
}

#[tokio::test]
async fn answers_stand_under_their_questions() {
    let database = TestDatabase::create().await;
    let store = database.store.clone();
    load_examples(&store).await;
    let practice = |number: &str| Practice {
        kind: PracticeKind::Pension,
        number: number.parse().unwrap(),
    };
    let asked = [
        practice("0"),
        practice("030010110000001"),
        practice("030010110000000"),
        practice("0"),
    ];
    let found = store.find_practices(&asked).await.unwrap();
    assert_eq!(
        found
            .iter()
            .map(|records| records.as_ref().unwrap().len())
            .collect::<Vec<_>>(),
        [0, 2, 1, 0]
    );
    assert!(store.find_practices(&[]).await.unwrap().is_empty());
    assert!(store.find_citizens(&[]).await.unwrap().is_empty());
}
