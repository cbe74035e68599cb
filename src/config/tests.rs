//! Loading as a whole: what wins over what, and what is said about what is wrong.

mod mistakes;

use std::path::Path;

use super::*;

/// A working folder and an environment, made for one test.
struct Place {
    folder: tempfile::TempDir,
    request: Request,
}

impl Place {
    fn new(files: &[(&str, &str)], variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let environment = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let request = Request {
            folder: folder.path().to_owned(),
            environment,
            ..Request::default()
        };
        Self { folder, request }
    }

    fn load(&self) -> Loaded {
        load(&self.request).unwrap_or_else(|mistakes| panic!("{mistakes}"))
    }

    fn mistakes(&self) -> String {
        let text = load(&self.request).expect_err("there are mistakes").to_string();
        text.replace(&self.folder.path().display().to_string(), "FOLDER")
    }
}

fn listen(files: &[(&str, &str)], variables: &[(&str, &str)], flags: &[(&str, &str)]) -> (u16, String) {
    let mut place = Place::new(files, variables);
    place.request.flags = flags
        .iter()
        .map(|(key, value)| (format!("--set {key}"), (*key).to_owned(), (*value).to_owned()))
        .collect();
    let loaded = place.load();
    (
        loaded.config.http.listen.port(),
        loaded.origin("http.listen").unwrap().to_string(),
    )
}

#[test]
fn every_later_place_beats_the_earlier_ones() {
    let files = [
        ("config/default.toml", "[http]\nlisten = '127.0.0.1:1'"),
        ("config/prod.toml", "[http]\nlisten = '127.0.0.1:2'"),
        ("usciere.toml", "\n[http]\n# mine\nlisten = '127.0.0.1:3'"),
    ];
    let variable = [("USCIERE_HTTP__LISTEN", "127.0.0.1:4")];
    let flag = [("http.listen", "127.0.0.1:5")];
    assert_eq!(listen(&[], &[], &[]), (8080, "built-in default".to_owned()));
    assert_eq!(
        listen(&files[..1], &[], &[]),
        (1, "config/default.toml:2".to_owned())
    );
    assert_eq!(
        listen(&files[..2], &[], &[]),
        (2, "config/prod.toml:2".to_owned())
    );
    assert_eq!(listen(&files, &[], &[]), (3, "usciere.toml:4".to_owned()));
    assert_eq!(
        listen(&files, &variable, &[]),
        (4, "USCIERE_HTTP__LISTEN".to_owned())
    );
    assert_eq!(
        listen(&files, &variable, &flag),
        (5, "flag --set http.listen".to_owned())
    );
}

#[test]
fn the_profile_chooses_its_file_and_the_strongest_voice_chooses_the_profile() {
    let files = [
        ("usciere.toml", "profile = 'test'"),
        ("config/dev.toml", "log.level = 'trace'"),
    ];
    assert_eq!(Place::new(&[], &[]).load().config.profile, Profile::Prod);
    assert_eq!(Place::new(&files, &[]).load().config.profile, Profile::Test);
    let mut place = Place::new(&files, &[("USCIERE_PROFILE", "dev")]);
    assert_eq!(place.load().config.log.level, "trace");
    place.request.profile = Some(Profile::Prod);
    assert_eq!(place.load().config.profile, Profile::Prod);
}

#[test]
fn a_command_has_a_usual_profile_unless_another_is_asked_for() {
    let mut place = Place::new(&[], &[]);
    place.request.usual_profile = Some(Profile::Dev);
    assert_eq!(place.load().config.profile, Profile::Dev);
    let mut place = Place::new(&[], &[("USCIERE_PROFILE", "test")]);
    place.request.usual_profile = Some(Profile::Dev);
    assert_eq!(place.load().config.profile, Profile::Test);
}

#[test]
fn a_named_file_stands_in_for_usciere_toml() {
    let mut place = Place::new(
        &[
            ("usciere.toml", "brand.name = 'A'"),
            ("other.toml", "brand.name = 'B'"),
        ],
        &[],
    );
    place.request.file = Some("other.toml".into());
    let loaded = place.load();
    assert_eq!(loaded.config.brand.name, "B");
    assert_eq!(loaded.files().collect::<Vec<_>>(), [Path::new("other.toml")]);
}

#[test]
fn variables_other_tools_agree_on_are_taken_and_ours_beat_them() {
    let url = |variables: &[(&str, &str)]| {
        Place::new(
            &[("usciere.toml", "database.url = 'postgres://file/db'")],
            variables,
        )
        .load()
        .config
        .database
        .url
    };
    assert_eq!(
        url(&[("DATABASE_URL", "postgres://adopted/db")]).host(),
        Some("adopted")
    );
    let both = [
        ("DATABASE_URL", "postgres://adopted/db"),
        ("USCIERE_DATABASE__URL", "postgres://ours/db"),
    ];
    assert_eq!(url(&both).host(), Some("ours"));
    assert_eq!(
        url(&[("DATABASE_URL", "")]).host(),
        Some("file"),
        "an empty variable is unset"
    );
    let amqp = Place::new(&[], &[("AMQP_URL", "amqp://adopted/%2f")])
        .load()
        .config
        .amqp
        .url;
    assert_eq!(amqp.0, "amqp://adopted/%2f");
}

#[test]
fn a_variable_is_read_as_the_kind_of_value_its_key_has() {
    let loaded = Place::new(
        &[],
        &[
            ("USCIERE_NODE__NAME", "42"),
            ("USCIERE_ENGINE__BATCH", "7"),
            ("USCIERE_AMQP__REQUIRE_USER_ID", "true"),
            ("USCIERE_AMQP__PREFIX", "true"),
            ("USCIERE_JOBS__OVERDUE__CRON", "0 0 6 * * MON"),
            ("USCIERE_SMTP__CA_FILE", "ca.pem"),
        ],
    )
    .load();
    assert_eq!(loaded.config.node.name().as_str(), "42");
    assert_eq!(loaded.config.engine.batch.get(), 7);
    assert!(loaded.config.amqp.require_user_id);
    assert_eq!(loaded.config.amqp.prefix, "true");
    assert_eq!(loaded.config.smtp.ca_file.as_deref(), Some(Path::new("ca.pem")));
}

#[test]
fn a_secret_is_read_from_a_file() {
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "postgres://u:hunter2@db/usciere\n").unwrap();
    let name = secret.path().display().to_string();
    for variable in ["USCIERE_DATABASE__URL_FILE", "DATABASE_URL_FILE"] {
        let loaded = Place::new(&[], &[(variable, &name)]).load();
        assert_eq!(
            loaded.config.database.url.expose(),
            "postgres://u:hunter2@db/usciere"
        );
        assert_eq!(
            loaded.origin("database.url").unwrap().to_string(),
            format!("{variable} ({name})")
        );
    }
}

#[test]
fn what_is_shown_hides_secrets() {
    let secrets = [
        (
            "DATABASE_URL",
            "postgres://u:hunter2@db/usciere?sslpassword=hunter2",
        ),
        ("AMQP_URL", "amqp://u:hunter2@mq/%2f"),
        ("USCIERE_SMTP__URL", "smtp://u:hunter2@mail.example"),
    ];
    let loaded = Place::new(&[], &secrets).load();
    let shown = format!(
        "{:?} {}",
        loaded.config,
        serde_json::to_string(&loaded.entries()).unwrap()
    );
    assert!(!shown.contains("hunter2"), "{shown}");
    let entry = loaded
        .entries()
        .into_iter()
        .find(|entry| entry.key == "amqp.url")
        .unwrap();
    assert_eq!(
        (entry.value, entry.source),
        ("amqp://u:***@mq/%2f".into(), "AMQP_URL".to_owned())
    );
}

#[test]
fn the_built_in_file_says_what_the_program_does() {
    let built_in: Config = toml::from_str(DEFAULTS).unwrap();
    let by_program = Config {
        jobs: built_in.jobs.clone(),
        ..Config::default()
    };
    assert_eq!(built_in, by_program);
}

/// Keys a file can have that have no default value: they stand in the built-in file as comments.
const OPTIONAL: [&str; 1] = ["smtp.ca_file"];

#[test]
fn every_key_stands_in_the_built_in_file_under_a_comment() {
    let mut of_program = Vec::new();
    show::flatten(
        "",
        &serde_json::to_value(Config::default()).unwrap(),
        &mut of_program,
    );
    let documented = reference::keys(DEFAULTS);
    for (key, _) in of_program.iter().filter(|(key, _)| key != "jobs") {
        assert!(
            documented.iter().any(|entry| entry.key == *key),
            "{key} is missing"
        );
    }
    for entry in &documented {
        assert!(!entry.meaning.is_empty(), "{} has no comment", entry.key);
        let known = of_program.iter().any(|(key, _)| *key == entry.key);
        assert!(
            known || OPTIONAL.contains(&entry.key.as_str()) || entry.key.starts_with("jobs."),
            "{} is no key",
            entry.key
        );
    }
}

#[test]
fn the_example_for_production_is_right() {
    let example = include_str!("../../config/production.example.toml");
    let secrets = [
        ("DATABASE_URL", "postgres://u:p@db.internal/usciere"),
        ("AMQP_URL", "amqps://u:p@broker.internal/%2f"),
        ("USCIERE_SMTP__URL", "smtps://u:p@mail.internal"),
    ];
    let loaded = Place::new(&[("config/prod.toml", example)], &secrets).load();
    assert!(loaded.config.amqp.require_user_id);
    assert_eq!(loaded.config.profile, Profile::Prod);
}

proptest::proptest! {
    /// Damaged files end in mistakes with a place, never in a panic.
    #[test]
    fn whatever_stands_in_a_file_is_read_or_reported(
        at in 0_usize..DEFAULTS.len(),
        length in 0_usize..30,
        with in "(?s)[\\[\\]{}\"'=.,0-9a-z# \n\u{0}-\u{ff}]{0,12}",
    ) {
        let cut = |at: usize| (0..=at).rev().find(|at| DEFAULTS.is_char_boundary(*at)).unwrap_or(0);
        let (from, to) = (cut(at), cut((at + length).min(DEFAULTS.len())));
        let text = [&DEFAULTS[..from], &with, &DEFAULTS[to..]].concat();
        let place = Place::new(&[("usciere.toml", &text)], &[]);
        if let Err(mistakes) = load(&place.request) {
            proptest::prop_assert!(!mistakes.0.is_empty());
            for mistake in mistakes.0 {
                proptest::prop_assert!(mistake.origin.is_some(), "{}", mistake.problem);
                proptest::prop_assert!(!mistake.fix.is_empty());
            }
        }
    }
}

#[test]
fn the_corpus_of_files_is_read_or_reported() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/corpus/configuration");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let loaded = load(&Place::new(&[("usciere.toml", &text)], &[]).request);
        assert_eq!(
            loaded.is_ok(),
            path.ends_with("empty.toml"),
            "{}: {:?}",
            path.display(),
            loaded.err()
        );
    }
}
