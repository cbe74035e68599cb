//! Remote registers, against a real HTTP server that behaves as servers do.

use std::time::Duration;

use rstest::rstest;
use tokio::sync::watch;
use usciere::domain::command::{CitizenQuery, Practice};
use usciere::domain::practice::PracticeKind;
use usciere::domain::registers::{Citizen, RegisterName};
use usciere::registry::remote::{RemoteCitizens, RemoteOptions, RemotePractices};
use usciere::registry::{Answer, FindCitizens, FindPractices, NoAnswer, Standing, Trouble};

use crate::examples::{by_code, by_name};
use crate::fake_register::{FakeRegister, Manner, Of};
use crate::{TestDatabase, load_examples};

fn options(register: &FakeRegister) -> RemoteOptions {
    RemoteOptions {
        url: register.url(),
        timeout: Duration::from_secs(1),
        token: Some("sesamo".to_owned()),
    }
}

const MARIO: &str = "BNCMRA50A01H501U";
const RUSSO: &str = "RSSGPP48C19F839Y";

async fn ask(register: &RemoteCitizens, queries: &[CitizenQuery]) -> Vec<Answer<Citizen>> {
    register.find_citizens(queries).await.unwrap()
}

async fn becomes(standing: &mut watch::Receiver<Standing>, wanted: Standing) {
    standing.wait_for(|now| *now == wanted).await.unwrap();
}

#[tokio::test]
async fn it_answers_what_the_local_one_does() {
    let database = TestDatabase::create().await;
    load_examples(&database.store).await;
    let (citizens, practices) = (
        FakeRegister::start(Of::Citizens).await,
        FakeRegister::start(Of::Practices).await,
    );
    let queries = [
        by_code(MARIO),
        CitizenQuery::default(),
        by_code("BNCMRARLALMHRLMB"),
        by_code(RUSSO),
        by_name("russo", "Giuseppe", "1948-03-19"),
        by_name("D’Angelo", "Niccolo'", "1945-12-25"),
        by_name("Nessuno", "Mai", "1988-02-29"),
    ];
    let remote = RemoteCitizens::new(&options(&citizens)).unwrap();
    let local = database.store.find_citizens(&queries).await.unwrap();
    assert_eq!(ask(&remote, &queries).await, local);
    assert_eq!(citizens.authorization().as_deref(), Some("Bearer sesamo"));
    let practice = |number: &str| Practice {
        kind: PracticeKind::Pension,
        number: number.parse().unwrap(),
    };
    let asked = ["030010110000000", "0", "030010110000001"].map(practice);
    let remote = RemotePractices::new(&options(&practices)).unwrap();
    let local = database.store.find_practices(&asked).await.unwrap();
    assert_eq!(remote.find_practices(&asked).await.unwrap(), local);
}

#[tokio::test]
async fn hundreds_are_asked_for_at_once_and_answered_in_order() {
    let register = FakeRegister::start(Of::Citizens).await;
    let remote = RemoteCitizens::new(&options(&register)).unwrap();
    let queries: Vec<_> = (0..250)
        .map(|number| by_code(if number % 3 == 0 { MARIO } else { RUSSO }))
        .collect();
    for (number, answer) in ask(&remote, &queries).await.into_iter().enumerate() {
        assert_eq!(answer.unwrap().len(), if number % 3 == 0 { 1 } else { 2 });
    }
}

#[rstest]
#[case::silent(Manner::Silent, Trouble::Unavailable)]
#[case::overloaded(Manner::Overloaded, Trouble::Unavailable)]
#[case::broken(Manner::Broken, Trouble::Faulty)]
#[case::nonsense(Manner::Nonsense, Trouble::Faulty)]
#[tokio::test]
async fn one_that_does_not_answer_is_asked_no_more_until_it_does(
    #[case] manner: Manner,
    #[case] trouble: Trouble,
) {
    let register = FakeRegister::start(Of::Citizens).await;
    let remote = RemoteCitizens::new(&options(&register)).unwrap();
    let mut standing = remote.standing().unwrap();
    let waits = Err(NoAnswer {
        register: RegisterName::Citizens,
        trouble,
    });
    register.behave(manner);
    let queries = [by_code(MARIO), by_code(RUSSO)];
    assert_eq!(ask(&remote, &queries).await, [waits.clone(), waits.clone()]);
    becomes(&mut standing, Standing::Away(trouble)).await;
    let asked = register.asked();
    for _ in 0..1_000 {
        assert_eq!(ask(&remote, &queries[..1]).await, std::slice::from_ref(&waits));
    }
    assert_eq!(register.asked(), asked, "an outage costs nothing");
    register.behave(Manner::Answers);
    becomes(&mut standing, Standing::Up).await;
    assert_eq!(ask(&remote, &queries[..1]).await[0].as_ref().unwrap().len(), 1);
}

#[tokio::test]
async fn one_that_is_not_there_is_noticed_when_it_is() {
    let mut register = FakeRegister::start(Of::Citizens).await;
    let remote = RemoteCitizens::new(&options(&register)).unwrap();
    let mut standing = remote.standing().unwrap();
    register.close().await;
    assert!(ask(&remote, &[by_code(MARIO)]).await[0].is_err());
    assert_eq!(
        *standing.borrow_and_update(),
        Standing::Away(Trouble::Unavailable)
    );
    register.open().await;
    becomes(&mut standing, Standing::Up).await;
    assert!(ask(&remote, &[by_code(MARIO)]).await[0].is_ok());
}

#[rstest]
#[case::breaks_down(Manner::ChokesOn(RUSSO), Trouble::Faulty)]
#[case::has_an_error(Manner::DoesNotKnowYet(RUSSO), Trouble::Unavailable)]
#[tokio::test]
async fn a_question_it_cannot_cope_with_does_not_harm_the_others(
    #[case] manner: Manner,
    #[case] trouble: Trouble,
) {
    let register = FakeRegister::start(Of::Citizens).await;
    let remote = RemoteCitizens::new(&options(&register)).unwrap();
    register.behave(manner);
    let queries: Vec<_> = (0..40)
        .map(|number| by_code(if number == 17 { RUSSO } else { MARIO }))
        .collect();
    for (number, answer) in ask(&remote, &queries).await.into_iter().enumerate() {
        match answer {
            Ok(citizens) => assert_eq!((citizens.len(), number == 17), (1, false)),
            Err(missing) => assert_eq!((missing.trouble, number), (trouble, 17)),
        }
    }
    assert_eq!(*remote.standing().unwrap().borrow(), Standing::Up);
}

#[tokio::test]
async fn answers_about_somebody_else_are_not_believed() {
    let register = FakeRegister::start(Of::Citizens).await;
    let remote = RemoteCitizens::new(&options(&register)).unwrap();
    register.behave(Manner::Gossips);
    for query in [by_code(MARIO), by_name("Bianchi", "Mario", "1950-01-01")] {
        let answers = ask(&remote, &[query]).await;
        assert_eq!(answers[0].as_ref().unwrap_err().trouble, Trouble::Faulty);
    }
}

#[test]
fn a_token_no_header_can_carry_is_found_at_the_start() {
    let options = RemoteOptions {
        url: "http://127.0.0.1:1/".parse().unwrap(),
        timeout: Duration::from_secs(1),
        token: Some("a\nb".to_owned()),
    };
    assert!(RemoteCitizens::new(&options).is_err());
}
