use super::super::fixtures::released;
use super::*;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("workflows")
}

#[test]
fn every_scenario_of_the_repository_holds() {
    let report = run_all(&repository()).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(report.failed(), 0, "{report}");
    assert!(report.passed() >= 20, "{report}");
}

#[test]
fn the_rules_of_conversation_and_appointment_all_have_a_scenario() {
    let report = run_all(&repository()).unwrap();
    let covered = |rule: &str| {
        report
            .scenarios
            .iter()
            .any(|outcome| outcome.rules.iter().any(|other| other == rule))
    };
    for rule in [
        "R-063", "R-092", "R-094", "R-098", "R-099", "R-100", "R-101", "R-102", "R-103", "R-112", "R-113",
        "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9", "T10", "T11", "T12", "T13",
    ] {
        assert!(covered(rule), "no scenario for {rule}");
    }
}

fn run_text(text: &str) -> Result<Outcome, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("prova.toml");
    std::fs::write(&path, text).unwrap();
    let registry = Registry::of([released("richiesta.v1.toml")]);
    run_file(&registry, &path).map_err(|problem| problem.message)
}

const GIVEN: &str = r#"title = "prova"
rules = ["R-000"]
workflow = "richiesta"
people.mario = { patronato = "inca", office = "INCA-RM-001" }
people.anna = { sede = "230001" }
given = { on = 2020-10-21, sent_by = "mario", assigned_to = "230001" }
"#;

#[test]
fn a_wrong_expectation_is_a_failure_at_its_line() {
    let text = format!(
        "{GIVEN}\n[[when]]\non = 2020-11-05\nby = \"mario\"\nevent = \"solicited\"\nthen = {{ refused = \"not_yet\", overdue = true, first_solicit = \"none\", cannot = [\"attached\"] }}\n"
    );
    let outcome = run_text(&text).unwrap();
    let failures: Vec<_> = outcome
        .failures
        .iter()
        .map(|failure| failure.message.as_str())
        .collect();
    assert_eq!(
        failures,
        [
            "refused: expected \"not_yet\", found none",
            "overdue: expected true, found false",
            "first_solicit: expected none, found 2020-11-05",
            "cannot: expected attached, found allowed",
        ]
    );
    assert!(
        outcome.failures.iter().all(|failure| failure.line == 8),
        "{:?}",
        outcome.failures
    );
}

#[test]
fn an_unexpected_refusal_is_a_failure() {
    let outcome = run_text(&format!(
        "{GIVEN}\n[[when]]\non = 2020-10-22\nby = \"mario\"\nevent = \"messaged\"\n"
    ))
    .unwrap();
    assert_eq!(
        outcome.failures[0].message,
        "outcome: expected acceptance, found awaiting_reply: Attendi la risposta della sede prima di scrivere ancora."
    );
}

#[test]
fn a_scenario_without_sense_is_a_problem() {
    for (step, message) in [
        (
            "on = 2020-10-20\nby = \"mario\"\nevent = \"noted\"",
            "this step lies before the one above",
        ),
        (
            "on = 2020-10-22\nby = \"luigi\"\nevent = \"noted\"",
            "`luigi` is not among [people]",
        ),
        (
            "on = 2020-10-22\nby = \"anna\"\nevent = \"transferred\"",
            "this event needs `sede`",
        ),
        (
            "on = 2020-10-22\nby = \"anna\"\nevent = \"noted\"\nthen = { stato = \"x\" }",
            "unknown field `stato`",
        ),
    ] {
        let problem = run_text(&format!("{GIVEN}\n[[when]]\n{step}\n")).unwrap_err();
        assert!(problem.starts_with(message), "{problem}");
    }
    assert_eq!(
        run_text(&GIVEN.replace("\"richiesta\"", "\"ricevuta\"")).unwrap_err(),
        "there is no workflow `ricevuta`"
    );
}

#[test]
fn a_folder_without_scenarios_is_a_problem_and_not_a_success() {
    let folder = tempfile::tempdir().unwrap();
    let registry = Registry::of([released("richiesta.v1.toml")]);
    for folder in [folder.path().to_owned(), folder.path().join("nowhere")] {
        assert_eq!(run_folder(&registry, &folder).unwrap_err().into_vec().len(), 1);
    }
}
