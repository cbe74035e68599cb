//! Who may say what.

use super::*;

#[test]
fn nobody_speaks_for_another() {
    let submit = Sample::submit;
    let asked = |user: &str| submit().with(|p| p.user_id = Some(user.to_owned()));
    for (what, sample) in [
        (
            "another patronato in the body",
            submit().key("portal.acli.request.submit"),
        ),
        (
            "another patronato in a broken body",
            submit().body(&edited(|b| {
                b["patronato"] = json!("acli");
                b["role"] = json!(7);
            })),
        ),
        (
            "a portal command by a sede",
            submit().key("sede.230001.request.submit"),
        ),
        (
            "a sede command by a portal",
            Sample::reply().key("portal.inca.request.reply"),
        ),
        ("a key of nobody", submit().key("somebody.inca.request.submit")),
        ("a code that is none", submit().key("portal.INCA.request.submit")),
        ("an empty key", submit().key("")),
        ("the engine", submit().key("engine.request.submit")),
        ("no user", submit().users("u", &["portal.inca"])),
        ("an unknown user", asked("v").users("u", &["portal.inca"])),
        (
            "another's user",
            asked("u").users("u", &["portal.acli", "sede.*"]),
        ),
    ] {
        assert_eq!(
            sample.reason(),
            DeadLetterReason::PublisherNotAuthorised,
            "{what}"
        );
    }
    for grant in ["portal.inca", "portal.*"] {
        asked("u").users("u", &[grant]).envelope();
    }
}

#[test]
fn a_rejection_says_where_it_came_from_as_far_as_that_is_known() {
    let rejected = Sample::submit().body("{").decode().unwrap_err();
    assert_eq!(rejected.source.unwrap().to_string(), "portal.inca");
    assert_eq!(rejected.message_id.unwrap().as_str(), "m-1");
    let rejected = Sample::submit()
        .key("x")
        .with(|p| p.message_id = None)
        .decode()
        .unwrap_err();
    assert_eq!((rejected.source, rejected.message_id), (None, None));
}

#[test]
fn the_same_body_as_another_command_is_no_repetition() {
    let body = json!({ "request_id": REQUEST, "officer": officer() });
    let taken = |kind: &str| {
        Sample::new(&format!("sede.230001.{kind}"), kind, &body)
            .envelope()
            .body_hash
    };
    assert_eq!(taken("request.take"), taken("request.take"));
    assert_ne!(taken("request.take"), taken("request.release"));
}
