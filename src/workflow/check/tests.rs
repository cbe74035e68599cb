//! Every kind of mistake, planted one at a time into a sound definition.

use crate::workflow::{Problems, Workflow};

const SOUND: &str = r#"name    = "prova"
version = 1
title   = "Una prova"
initial = "aperta"

[clock]
zone = "Europe/Rome"
days = "calendar"

[limits]
solicits     = 2
interactions = 2

[days]
solicit        = 15
second_solicit = 15
late           = 16

[opening]
set = ["start_clock"]
do  = ["portal:request.accepted", "sede:request.assigned"]

[always]
on.solicited = { by = ["office"], when = ["awaiting", "solicits_left", "solicit_open"], set = ["count_solicit"], do = ["sede:request.solicited"] }
on.noted = { by = ["sede"] }

[state.aperta]
label = "Aperta"
on.assigned = { by = ["engine", "sede"], when = ["other_sede"], set = ["hand_over"], do = ["sede:request.assigned"] }
on.replied = { by = ["sede"], set = ["stop_clock", "bar_if_asked"], to = "risposta", do = ["portal:request.replied"] }
on.closed = { by = ["sede"], set = ["stop_clock"], to = "chiusa", do = ["portal:request.closed"] }
after.late = { set = ["flag_overdue"], do = ["mail:overdue"] }

[state.risposta]
label = "Risposta"
on.messaged = { by = ["office"], when = ["interactions_left"], set = ["start_clock", "count_interaction"], to = "aperta", do = ["sede:request.message"] }
ignore = ["elapsed"]

[state.chiusa]
label = "Chiusa"
final = true
"#;

fn problems_of(text: &str) -> Option<Problems> {
    Workflow::parse("workflows/prova.v1.toml", text).err()
}

#[test]
fn the_sound_definition_has_no_problem() {
    assert_eq!(problems_of(SOUND), None);
}

/// Plants a fault and expects exactly one problem with this message, at the place marked by `at`.
#[track_caller]
fn planted(find: &str, replace: &str, at: &str, message: &str) {
    assert_eq!(
        SOUND.matches(find).count(),
        1,
        "`{find}` must stand once in the sound definition"
    );
    let text = SOUND.replace(find, replace);
    let problems = problems_of(&text)
        .unwrap_or_else(|| panic!("no problem found: {message}"))
        .into_vec();
    let messages: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(messages, [message]);
    let place = text
        .find(at)
        .unwrap_or_else(|| panic!("`{at}` is not in the text"));
    let line = text[..place].matches('\n').count() + 1;
    let column = place - text[..place].rfind('\n').map_or(0, |newline| newline + 1) + 1;
    assert_eq!(
        (problems[0].line, problems[0].column),
        (line, column),
        "{}",
        problems[0]
    );
}

#[test]
fn names_must_agree() {
    planted(
        "name    = \"prova\"",
        "name = \"altra\"",
        "\"altra\"",
        "the file is called prova.v1.toml",
    );
    planted(
        "version = 1",
        "version = 2",
        "2",
        "the file is called prova.v1.toml",
    );
    planted(
        "initial = \"aperta\"",
        "initial = \"apperta\"",
        "\"apperta\"",
        "there is no state `apperta`",
    );
    planted(
        "to = \"risposta\"",
        "to = \"rispostta\"",
        "\"rispostta\"",
        "there is no state `rispostta`",
    );
}

#[test]
fn the_graph_must_be_sound() {
    planted(
        "[state.chiusa]",
        "[state.isola]\nlabel = \"Isola\"\non.replied = { by = [\"sede\"], to = \"chiusa\", do = [\"portal:request.replied\"] }\n[state.chiusa]",
        "isola",
        "state `isola` can never be reached",
    );
    planted(
        "final = true",
        "final = false",
        "chiusa]",
        "state `chiusa` has no way out",
    );
    planted(
        "label = \"Risposta\"",
        "label = \"Risposta\"\nfinal = true",
        "risposta]",
        "state `risposta` is final and has a way out",
    );
    planted(
        "after.late = { set = [\"flag_overdue\"], do = [\"mail:overdue\"] }",
        "after.late = { to = \"risposta\" }\n[state.risposta.after]\nlate = { to = \"aperta\" }",
        "aperta]",
        "timers lead in a circle: aperta, risposta",
    );
}

#[test]
fn somebody_must_be_able_to_send_an_event() {
    planted(
        "on.noted = { by = [\"sede\"] }",
        "on.noted = { by = [] }",
        "noted",
        "nobody may send `noted`",
    );
    planted(
        "on.noted = { by = [\"sede\"] }",
        "on.noted = { by = [\"office\"] }",
        "\"office\"] }\n\n[state.aperta]",
        "`office` has no way to send `noted`",
    );
}

#[test]
fn words_must_fit_their_event() {
    planted(
        "on.noted = { by = [\"sede\"] }",
        "on.noted = { by = [\"sede\"], when = [\"to_desk\"] }",
        "\"to_desk\"",
        "`to_desk` means nothing for `noted`",
    );
    planted(
        "on.noted = { by = [\"sede\"] }",
        "on.noted = { by = [\"sede\"], set = [\"flag_overdue\"] }",
        "\"flag_overdue\"",
        "`flag_overdue` means nothing for `noted`",
    );
    planted(
        "on.noted = { by = [\"sede\"] }",
        "on.noted = { by = [\"sede\"], do = [\"previous-sede:request.revoked\"] }",
        "\"previous-sede",
        "there is no previous sede: the request stays where it is",
    );
    planted(
        "set = [\"start_clock\"]\n",
        "set = [\"start_clock\", \"book\"]\n",
        "\"book\"",
        "`book` means nothing at the opening",
    );
}

#[test]
fn what_is_promised_must_be_guarded() {
    planted(
        "on.noted = { by = [\"sede\"] }",
        "on.booked = { by = [\"sender\"], set = [\"book\"], do = [\"sede:appointment.booked\"] }",
        "\"book\"",
        "`book` without `no_booking`",
    );
    planted(
        "\"awaiting\", \"solicits_left\", \"solicit_open\"], set",
        "\"awaiting\", { any = [\"solicits_left\", \"solicit_open\"] }], set",
        "\"count_solicit\"",
        "`count_solicit` without `solicits_left`",
    );
}

#[test]
fn nobody_may_be_left_untold() {
    planted(
        "do = [\"portal:request.replied\"]",
        "do = [\"mail:reply\"]",
        "replied",
        "nobody is told: `do` lacks \"portal:request.replied\"",
    );
    planted(
        "do  = [\"portal:request.accepted\", \"sede:request.assigned\"]",
        "do  = [\"sede:request.assigned\"]",
        "\"aperta\"",
        "nobody is told: `do` lacks \"portal:request.accepted\"",
    );
}

#[test]
fn no_alternative_may_be_idle() {
    planted(
        "on.noted = { by = [\"sede\"] }",
        "on.noted = [{ by = [\"sede\"] }, { by = [\"sede\"], when = [\"awaiting\"] }]",
        "{ by = [\"sede\"], when = [\"awaiting\"] }",
        "this way of `noted` is never taken: an earlier one always is",
    );
    planted(
        "ignore = [\"elapsed\"]",
        "ignore = [\"messaged\"]",
        "\"messaged\"",
        "`messaged` is both ignored and given a rule",
    );
}

#[test]
fn the_engine_must_be_able_to_route() {
    planted(
        "by = [\"engine\", \"sede\"]",
        "by = [\"sede\"]",
        "\"aperta\"",
        "the engine cannot route a request out of this state",
    );
}

#[test]
fn limits_and_days_must_be_read_counted_and_there() {
    planted(
        "solicits     = 2\n",
        "",
        "\"solicits_left\"",
        "`solicits_left` reads a limit that is not there",
    );
    planted(
        "set = [\"count_solicit\"], ",
        "",
        "\"solicits_left\"",
        "`solicits_left` is read and nothing ever counts it",
    );
    planted(
        "when = [\"interactions_left\"], set = [\"start_clock\", \"count_interaction\"]",
        "set = [\"start_clock\"]",
        "2\n\n[days]",
        "nothing reads the limit `interactions`",
    );
    planted(
        "second_solicit = 15\n",
        "",
        "\"solicit_open\"",
        "`solicit_open` reads `days.second_solicit`, which is not there",
    );
    planted(
        "[days]",
        "[days]\nlatte = 3",
        "latte",
        "nothing reads `days.latte`",
    );
}

#[test]
fn the_clock_must_start_and_stop() {
    planted(
        "set = [\"stop_clock\", \"bar_if_asked\"]",
        "set = [\"stop_clock\", \"start_clock\"]",
        "\"stop_clock\", \"start_clock\"",
        "the clock is both started and stopped",
    );
    planted(
        "after.late = { set = [\"flag_overdue\"]",
        "after.late = { set = [\"start_clock\"]",
        "\"start_clock\"], do = [\"mail:overdue\"]",
        "a timer cannot set `start_clock`",
    );
    planted(
        "after.late = ",
        "after.\"16d\" = { do = [\"mail:closed\"] }\nafter.late = ",
        "late = {",
        "a second timer on day 16",
    );
    let never_stopped = SOUND.replace("\"stop_clock\"", "\"release_charge\"");
    let messages: Vec<String> = problems_of(&never_stopped)
        .unwrap()
        .into_vec()
        .into_iter()
        .map(|problem| problem.message)
        .collect();
    assert_eq!(messages, ["the clock is started and never stopped"]);
}

#[test]
fn a_file_full_of_mistakes_is_told_all_of_them() {
    let text = SOUND
        .replace("zone = \"Europe/Rome\"", "zone = \"Europe/Roma\"")
        .replace("solicits     = 2", "solicits     = 3\nmessages = 1")
        .replace("set = [\"count_solicit\"]", "set = [\"count_solict\"]")
        .replace("on.replied", "on.replyed")
        .replace(
            "by = [\"engine\", \"sede\"]",
            "by = [\"motore\", \"sede\", \"sede\"]",
        )
        .replace("\"mail:overdue\"", "\"mail:overdu\"")
        .replace("label = \"Risposta\"\n", "")
        .replace("when = [\"interactions_left\"]", "wenn = [\"interactions_left\"]")
        .replace("after.late", "after.lat")
        .replace("to = \"chiusa\"", "to = 7")
        .replace("title   = \"Una prova\"\n", "");
    insta::assert_snapshot!(problems_of(&text).unwrap().to_string());
}

#[test]
fn broken_syntax_and_double_definitions_have_a_place_too() {
    let text = SOUND
        .replace("label = \"Aperta\"", "label = \"Aperta")
        .replace("final = true", "final = true\nfinal = true");
    insta::assert_snapshot!(problems_of(&text).unwrap().to_string());
}
