//! The program as scripts and people call it.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use usciere::cli::reference;

/// Runs the program in an empty folder with nothing in its environment.
fn usciere(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().expect("a temporary folder");
    in_folder(folder.path(), arguments, variables)
}

fn in_folder(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_usciere"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .envs(variables.iter().copied())
        .output()
        .expect("the program starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).expect("JSON on stdout")
}

#[test]
fn help() {
    let groups = [
        "",
        "run",
        "dev",
        "demo",
        "demo load",
        "send",
        "case",
        "case list",
        "queue",
        "queue pause",
        "dead",
        "dead replay",
        "job",
        "job next",
        "workflow",
        "workflow graph",
        "workflow simulate",
        "mail",
        "import",
        "route",
        "audit",
        "audit list",
        "audit verify",
        "token",
        "token create",
        "db",
        "broker",
        "config",
        "doctor",
        "schema",
        "completions",
        "man",
    ];
    for group in groups {
        let mut arguments: Vec<&str> = group.split_whitespace().collect();
        arguments.push("--help");
        let output = usciere(&arguments, &[]);
        assert_eq!(output.status.code(), Some(0));
        insta::assert_snapshot!(format!("help {group}").trim().replace(' ', "_"), stdout(&output));
    }
}

#[test]
fn the_written_references_are_true() {
    for (page, text) in [
        ("cli", reference::command_line()),
        ("configuration", reference::configuration()),
    ] {
        let file = format!("{}/docs/{page}.md", env!("CARGO_MANIFEST_DIR"));
        let written = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(
            written == text,
            "docs/{page}.md is out of date: usciere schema {page} > docs/{page}.md"
        );
    }
}

#[test]
fn wrong_arguments_end_with_2() {
    for arguments in [
        &[][..],
        &["nonsense"],
        &["route", "--topic", "Not A Code"],
        &["case", "list", "--limit", "0"],
        &["dead", "replay"],
    ] {
        let output = usciere(arguments, &[]);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(stdout(&output), "");
    }
}

#[test]
fn a_production_system_has_no_development_tokens() {
    let arguments = ["token", "create", "--role", "operator", "--profile", "prod"];
    let output = usciere(&arguments, &[]);
    assert_eq!((output.status.code(), stdout(&output)), (Some(4), String::new()));
    insta::assert_snapshot!(stderr(&output));
}

#[test]
fn all_mistakes_of_the_configuration_end_with_78() {
    let variables = [
        ("USCIERE_HTTP__LISTEN", "here"),
        ("USCIERE_CLOCK__OFFSET", "P16D"),
        ("DATABASE_URL", "mysql://u:hunter2@db"),
    ];
    let output = usciere(&["config", "check"], &variables);
    assert_eq!((output.status.code(), stdout(&output)), (Some(78), String::new()));
    assert!(!stderr(&output).contains("hunter2"));
    insta::assert_snapshot!(stderr(&output));

    let output = usciere(&["config", "check", "-o", "json"], &variables);
    assert_eq!(output.status.code(), Some(78));
    let keys: Vec<_> = json(&output)
        .as_array()
        .expect("a list")
        .iter()
        .map(|mistake| mistake["key"].clone())
        .collect();
    assert_eq!(keys, ["http.listen", "database.url", "clock.offset"]);

    let output = usciere(&["doctor", "-o", "jsonl"], &variables);
    assert_eq!(
        (output.status.code(), stdout(&output).lines().count()),
        (Some(1), 3)
    );
}

#[test]
fn where_there_are_no_workflows_no_server_is_started() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = in_folder(folder.path(), &["dev"], &[]);
    assert_eq!((output.status.code(), stdout(&output)), (Some(78), String::new()));
    assert!(!stderr(&output).contains("starting"), "{}", stderr(&output));
    assert!(!folder.path().join("var").exists(), "nothing is left behind");
}

#[test]
fn a_right_configuration_is_said_to_be_so() {
    let output = usciere(
        &["config", "check"],
        &[("USCIERE_PROFILE", "dev"), ("USCIERE_CLOCK__OFFSET", "P16D")],
    );
    assert_eq!((output.status.code(), stdout(&output)), (Some(0), String::new()));
    assert_eq!(
        stderr(&output),
        "no mistakes in the configuration (built-in values only)\n"
    );
}

#[test]
fn the_environment_beats_files_and_flags_beat_both() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(
        folder.path().join("usciere.toml"),
        "[http]\nlisten = \"127.0.0.1:1\"\n",
    )
    .expect("written");
    let show = |flags: &[&str], variables: &[(&str, &str)]| {
        let arguments = [&["config", "show", "http.listen", "-o", "csv"], flags].concat();
        stdout(&in_folder(folder.path(), &arguments, variables))
            .lines()
            .nth(1)
            .expect("a row")
            .to_owned()
    };
    let variable = [("USCIERE_HTTP__LISTEN", "127.0.0.1:2")];
    assert_eq!(show(&[], &[]), "http.listen,127.0.0.1:1,usciere.toml:2");
    assert_eq!(
        show(&[], &variable),
        "http.listen,127.0.0.1:2,USCIERE_HTTP__LISTEN"
    );
    assert_eq!(
        show(&["--set", "http.listen=127.0.0.1:3"], &variable),
        "http.listen,127.0.0.1:3,flag --set http.listen"
    );
}

#[test]
fn the_configuration_in_force_hides_its_secrets() {
    let variables = [
        ("DATABASE_URL", "postgres://u:hunter2@db/x"),
        ("AMQP_URL", "amqp://u:hunter2@mq/%2f"),
        ("USCIERE_SMTP__URL", "smtps://u:hunter2@mail"),
    ];
    for format in ["table", "json", "jsonl", "csv"] {
        let shown = stdout(&usciere(&["config", "show", "-o", format], &variables));
        assert!(shown.contains("***") && !shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn a_key_that_is_not_there_ends_with_5() {
    let output = usciere(&["config", "show", "nowhere", "-o", "json"], &[]);
    assert_eq!(output.status.code(), Some(5));
    let error: serde_json::Value = serde_json::from_str(&stderr(&output)).expect("JSON on stderr");
    assert_eq!(
        (&error["error"], &error["exit_code"]),
        (&"no key begins with nowhere".into(), &5.into())
    );
}

#[test]
fn a_definition_that_is_not_there_ends_with_5_and_a_folder_says_where_it_was_looked_for() {
    for arguments in [
        &["workflow", "check", "nowhere"][..],
        &["workflow", "check", "nowhere.toml"],
        &["workflow", "graph", "nowhere.toml"],
        &["workflow", "test", "nowhere"],
    ] {
        let output = usciere(arguments, &[]);
        assert_eq!(output.status.code(), Some(5), "{arguments:?}");
        assert!(
            stderr(&output).contains("there is no nowhere"),
            "{}",
            stderr(&output)
        );
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = in_folder(folder.path(), &["workflow", "check"], &[]);
    assert_eq!(output.status.code(), Some(1));
    let looked = folder
        .path()
        .canonicalize()
        .expect("it is there")
        .join("workflows");
    let said = stderr(&output);
    assert!(
        said.contains(&looked.display().to_string()) && said.contains("USCIERE_WORKFLOWS__DIR"),
        "{said}"
    );
}

#[test]
fn scripts_and_manual_pages_are_made_for_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(
            stdout(&usciere(&["completions", shell], &[])).contains("broker"),
            "{shell}"
        );
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = in_folder(folder.path(), &["man", "--dir", "pages"], &[]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(folder.path().join("pages/usciere-case-list.1").exists());
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_usciere"))
        .args(["schema", "cli"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));
}
