//! What the format means, where the checks have nothing to say.

use crate::domain::calendar::DayCount;
use crate::domain::case::StateName;
use crate::domain::event::{EventKind, Party};
use crate::workflow::definition::Clause;
use crate::workflow::vocabulary::Condition;
use crate::workflow::{Fingerprint, Workflow};

const TEXT: &str = r#"
name    = "prova"
version = 7
title   = "Una prova"
initial = "aperta"
clock   = { zone = "Europe/Rome", days = "working" }
limits  = { charge_minutes = 30 }
days    = { late = 16, appointment = 16 }

[opening]
set = ["start_clock"]
do  = ["portal:request.accepted", "sede:request.assigned"]

[always]
on.noted = { by = ["sede"] }
on.taken = { by = ["sede"], when = ["free_or_mine"], set = ["take_charge"] }
on.booked = { by = ["sender"], when = ["no_booking", { any = ["appointment_open", "appointment_enabled"] }], set = ["book"], do = ["sede:appointment.booked"] }
after.late = { set = ["flag_overdue"], do = ["mail:overdue"] }
after."3d" = { do = ["sede:request.solicited"] }
ignore = ["elapsed", "released"]

[state.aperta]
label = "Aperta"
on.assigned = { by = ["engine"], when = ["other_sede"], set = ["hand_over"], do = ["sede:request.assigned"] }
on.replied = { by = ["sede"], set = ["stop_clock"], to = "chiusa", do = ["portal:request.replied"] }
on.noted = { by = ["sede"], when = ["in_my_charge"] }
after."16d" = { do = ["portal:request.overdue"] }

[state.chiusa]
label  = "Chiusa"
final  = true
ignore = ["noted"]
"#;

fn workflow() -> Workflow {
    Workflow::parse("prova", TEXT).unwrap_or_else(|problems| panic!("{problems}"))
}

fn state(workflow: &Workflow, name: &str) -> crate::workflow::State {
    workflow.state(&StateName::parse(name).unwrap()).unwrap().clone()
}

#[test]
fn a_state_keeps_its_own_rule_and_takes_the_rest_from_always() {
    let workflow = workflow();
    let open = state(&workflow, "aperta");
    let noted: Vec<_> = open.ways(EventKind::Noted).collect();
    assert_eq!(noted.len(), 1);
    assert_eq!(noted[0].when, [Clause::One(Condition::InMyCharge)]);
    assert_eq!(open.ways(EventKind::Taken).count(), 1);
    assert_eq!(open.ignored, [EventKind::Elapsed, EventKind::Released]);
}

#[test]
fn a_state_may_ignore_what_always_has_a_rule_for() {
    let closed = state(&workflow(), "chiusa");
    assert_eq!(closed.ways(EventKind::Noted).count(), 0);
    assert!(closed.ignored.contains(&EventKind::Noted));
    assert!(closed.terminal);
}

#[test]
fn timers_stand_in_order_and_a_state_keeps_its_own_of_a_day() {
    let open = state(&workflow(), "aperta");
    let days: Vec<_> = open
        .timers
        .iter()
        .map(|timer| (timer.days, timer.always))
        .collect();
    assert_eq!(days, [(3, true), (16, false)]);
}

#[test]
fn one_of_several_conditions_is_a_group() {
    let workflow = workflow();
    let booked = state(&workflow, "aperta");
    let booked = booked.ways(EventKind::Booked).next().unwrap();
    assert_eq!(booked.by, [Party::Sender]);
    assert_eq!(
        booked.when,
        [
            Clause::One(Condition::NoBooking),
            Clause::Any(vec![Condition::AppointmentOpen, Condition::AppointmentEnabled]),
        ]
    );
}

#[test]
fn the_workflow_knows_what_its_file_says() {
    let workflow = workflow();
    assert_eq!(workflow.reference().to_string(), "prova.v7");
    assert_eq!(workflow.title(), "Una prova");
    assert_eq!(workflow.calendar().days, DayCount::Working);
    assert_eq!(workflow.fingerprint(), Fingerprint::of(TEXT));
    assert_ne!(
        workflow.fingerprint(),
        Fingerprint::of(&TEXT.replace("version = 7", "version = 8"))
    );
    assert_eq!(
        Fingerprint::of("").to_string(),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
}

#[test]
fn nonsense_never_panics() {
    for text in [
        "",
        "\u{0}",
        "[",
        "state = 1",
        "[state]\nx = 2",
        "on = 3",
        "name = []",
        "[state.\"\"]",
        "[days]\nx = -1",
        "è = è",
    ] {
        assert!(Workflow::parse("prova", text).is_err(), "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn a_damaged_file_is_refused_or_read_but_never_panics(at in 0..TEXT.len(), with in "\\PC{0,3}", length in 0..20_usize) {
        let start = TEXT.floor_char_boundary(at);
        let end = TEXT.floor_char_boundary((start + length).min(TEXT.len()));
        let text = format!("{}{with}{}", &TEXT[..start], &TEXT[end..]);
        if let Err(problems) = Workflow::parse("prova", &text) {
            proptest::prop_assert!(!problems.to_string().is_empty());
        }
    }
}

/// The TOML blocks of docs/workflows.md that hold all of `words`.
fn documented(words: &[&str]) -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/workflows.md");
    let text = std::fs::read_to_string(path).unwrap();
    let blocks = text
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next());
    let fitting = blocks.filter(|block| words.iter().all(|word| block.contains(word)));
    fitting
        .map(|block| block.lines().map(str::trim_start).collect::<Vec<_>>().join("\n"))
        .collect()
}

#[test]
fn the_changes_told_in_the_documentation_work() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/workflows/richiesta.v1.toml");
    let text = std::fs::read_to_string(path)
        .unwrap()
        .replace("version = 1", "version = 2");

    let days = documented(&["[days]", "second_solicit"]);
    let (before, after) = (text.find("[days]").unwrap(), text.find("# L'invio.").unwrap());
    let longer = format!("{}{days}\n{}", &text[..before], &text[after..]);
    let workflow =
        Workflow::parse("richiesta.v2.toml", &longer).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(workflow.thresholds.appointment, Some(21));

    let state = documented(&["[state.in_attesa_documenti]"]);
    let way = "on.noted = { by = [\"sede\"], to = \"in_attesa_documenti\" }\n";
    let more = text.replace(
        "label = \"Assegnato a Sede\"\n",
        &format!("label = \"Assegnato a Sede\"\n{way}"),
    );
    let more = format!("{more}\n{state}");
    let workflow =
        Workflow::parse("richiesta.v2.toml", &more).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(workflow.states().count(), 4);
}
