use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::*;
use crate::config::auth::AuthSettings;
use crate::domain::command::Personal;
use crate::domain::email::EmailAddress;
use crate::domain::person::Membership;
use crate::domain::place::Region;
use crate::domain::registers::{Office, Patronato, RegisterRows, Registers};
use crate::identity::{Authenticate as _, Authority, Denied};

const HOUR: Duration = Duration::from_hours(1);

fn key() -> DevelopmentKey {
    DevelopmentKey::from_text(&URL_SAFE_NO_PAD.encode([7; SEED])).unwrap()
}

fn registers() -> Registers {
    Registers::new(RegisterRows {
        patronati: vec![Patronato {
            code: "inca".parse().unwrap(),
            name: "PATRONATO INCA".to_owned(),
            queue: true,
            offices: vec![Office {
                code: "INCA-RM-001".parse().unwrap(),
                name: "INCA Roma".to_owned(),
                region: Some(Region::Lazio),
            }],
        }],
        ..RegisterRows::default()
    })
}

fn authority() -> Authority {
    let (_, registers) = watch::channel(Arc::new(registers()));
    Authority::new(&AuthSettings::default(), registers)
        .with_development(&key())
        .unwrap()
}

fn person(capacity: Capacity) -> Person {
    Person {
        id: "op1".parse().unwrap(),
        name: Personal("Mario Rossi".to_owned()),
        email: EmailAddress::parse("op1@inca.example").ok(),
        capacity,
    }
}

fn member(office: &str, roles: &[Role], region: Option<Region>) -> Person {
    person(Capacity::Patronato(Membership {
        patronato: "inca".parse().unwrap(),
        office: office.parse().unwrap(),
        roles: roles.to_vec(),
        region,
    }))
}

#[tokio::test]
async fn everybody_is_read_back_as_issued() {
    let people = [
        member("INCA-RM-001", &[Role::Operator], None),
        member("INCA-RM-001", Role::ALL, Some(Region::Abruzzo)),
        person(Capacity::Sede {
            sede: "lineainps".parse().unwrap(),
        }),
        person(Capacity::Manager),
    ];
    for person in people {
        let issued = key().issue(&person, HOUR).unwrap();
        assert_eq!(authority().authenticate(&issued.token).await, Ok(person));
    }
}

#[tokio::test]
async fn nobody_of_an_unknown_office_enters() {
    let stranger = member("INCA-XX-999", &[Role::Operator], None);
    let issued = key().issue(&stranger, HOUR).unwrap();
    assert_eq!(
        authority().authenticate(&issued.token).await,
        Err(Denied::NoAccess("its office is not in the register"))
    );
}

#[tokio::test]
async fn where_it_is_not_trusted_its_tokens_are_worth_nothing() {
    let (_, registers) = watch::channel(Arc::new(registers()));
    let issued = key().issue(&person(Capacity::Manager), HOUR).unwrap();
    let denied = Authority::new(&AuthSettings::default(), registers)
        .authenticate(&issued.token)
        .await;
    assert_eq!(
        denied,
        Err(Denied::Invalid("it is signed with a key that is not known here"))
    );
}

#[test]
fn a_key_changed_by_hand_is_refused() {
    for broken in ["", "!", "c2hvcnQ"] {
        assert!(DevelopmentKey::from_text(broken).is_err(), "{broken}");
    }
}

proptest::proptest! {
    /// A token with any change in it proves nothing, and nothing it can be panics.
    #[test]
    fn no_damaged_token_is_believed(at in 0_usize..400, with in "[A-Za-z0-9_.=+/ -]{0,4}", cut in 0_usize..3) {
        let token = key().issue(&member("INCA-RM-001", &[Role::Operator], None), HOUR).unwrap().token;
        let at = at.min(token.len());
        let rest = token.get(at + cut.min(token.len() - at)..).unwrap_or_default();
        let damaged = [&token[..at], &with, rest].concat();
        let proven = futures::executor::block_on(authority().authenticate(&damaged));
        // The last character of a signature has bits that mean nothing.
        proptest::prop_assert!(
            proven.is_err() || damaged.get(..damaged.len() - 1) == token.get(..token.len() - 1),
            "{damaged}"
        );
    }

    #[test]
    fn no_text_at_all_is_a_token(text in "(?s).{0,80}|[A-Za-z0-9_-]{0,40}(\\.[A-Za-z0-9_-]{0,40}){0,4}") {
        let proven = futures::executor::block_on(authority().authenticate(&text));
        proptest::prop_assert!(proven.is_err());
    }
}

#[test]
fn nothing_in_the_corpus_of_tokens_is_believed() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/corpus/tokens");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let token = std::fs::read_to_string(&path).unwrap();
        let proven = futures::executor::block_on(authority().authenticate(&token));
        assert!(proven.is_err(), "{}", path.display());
    }
}
