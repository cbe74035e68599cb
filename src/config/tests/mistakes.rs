//! What is said about configurations that are wrong, word by word.

use super::Place;

fn broken(files: &[(&str, &str)], variables: &[(&str, &str)]) -> String {
    Place::new(files, variables).mistakes()
}

#[test]
fn mistakes_of_every_kind_are_reported_together() {
    let text = broken(
        &[
            (
                "config/prod.toml",
                "profile = 'dev'\n[database]\nmax_connections = 0\nurll = 'x'\n",
            ),
            (
                "usciere.toml",
                "[http]\nlisten = 'localhost'\n[relay]\nlease = 5\n[engine]\nbatch = \"many\"\n[clock]\noffset = 'P16D'\n",
            ),
        ],
        &[
            ("USCIERE_AMQP__PREFETCH", "lots"),
            ("USCIERE_AMPQ__URL", "amqp://u:hunter2@mq"),
            ("DATABASE_URL", "mysql://u:hunter2@db/x"),
        ],
    );
    assert!(!text.contains("hunter2"), "{text}");
    insta::assert_snapshot!(text);
}

/// Each broken configuration and what is said about it.
#[test]
fn broken_configurations() {
    let files: [(&str, &str); 22] = [
        ("not TOML", "[http\n[brand]\nname = 1 2\n[log]\nlevel = \"info\n"),
        ("a key twice", "[log]\nlevel = 'info'\nlevel = 'warn'\n"),
        ("a section that is a value", "http = 8080"),
        ("an unknown section", "[webserver]\nport = 1"),
        ("a misspelt key", "[http]\nlisen = '127.0.0.1:1'"),
        ("text for a number", "[database]\nmax_connections = '16'"),
        ("a number for text", "[brand]\nname = 7"),
        ("a number below the range", "[amqp]\nprefetch = -1"),
        ("a number above the range", "[amqp]\nheartbeat_seconds = 70000"),
        ("a fraction", "[engine]\nworkers = 1.5"),
        ("a wrong word", "[log]\nformat = 'xml'"),
        ("a wrong profile", "profile = 'production'"),
        ("a length of time without unit", "[relay]\nlease = '10'"),
        ("a size without unit", "[limits]\nattachment = '6000000'"),
        (
            "a cron line for another program",
            "[jobs.overdue]\ncron = '5 0 * * 1'",
        ),
        (
            "a time zone nobody knows",
            "[jobs.overdue]\ntimezone = 'Europe/Roma'",
        ),
        ("a job nobody knows", "[jobs.overdu]\nenabled = false"),
        (
            "an issuer by name",
            "[auth]\nissuer = 'login'\nalgorithms = ['HS256']",
        ),
        (
            "keys of nobody",
            "[auth]\njwks = 'http://login.example.org/keys'\nalgorithms = []\n[auth.claims]\nid = ''",
        ),
        ("an impossible sender", "[smtp]\nfrom = 'nobody'"),
        ("a grant for nobody", "[amqp.user_map]\nalice = ['portal.INCA']"),
        (
            "values that fit badly together",
            "[relay]\nlease = '1s'\n[limits]\nattachment = '8MiB'\n[retention]\ninbox = '1h'\n[log]\nlevel = 'loud='",
        ),
    ];
    let said: Vec<String> = files
        .iter()
        .map(|(name, text)| format!("# {name}\n{}\n", broken(&[("usciere.toml", text)], &[])))
        .collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn broken_environments() {
    let environments: [(&str, &[(&str, &str)]); 6] = [
        ("no URL", &[("DATABASE_URL", "u:hunter2@db")]),
        (
            "the scheme of something else",
            &[
                ("AMQP_URL", "http://u:hunter2@mq"),
                ("USCIERE_SMTP__URL", "imap://u:hunter2@mail"),
            ],
        ),
        (
            "a secret in a file that is not there",
            &[("USCIERE_AMQP__URL_FILE", "/nonexistent/hunter")],
        ),
        (
            "a secret given twice",
            &[
                ("DATABASE_URL", "postgres://u:hunter2@db/x"),
                ("DATABASE_URL_FILE", "/run/secrets/db"),
            ],
        ),
        (
            "a variable of nothing",
            &[
                ("USCIERE_HTTP_LISTEN", "127.0.0.1:1"),
                ("USCIERE_SMTP__PASSWORD", "hunter2"),
            ],
        ),
        ("true or false", &[("USCIERE_AMQP__TOPOLOGY__MANAGE", "yes")]),
    ];
    let said: Vec<String> = environments
        .iter()
        .map(|(name, variables)| format!("# {name}\n{}\n", broken(&[], variables)))
        .collect();
    let said = said.join("\n");
    assert!(!said.contains("hunter2"), "{said}");
    insta::assert_snapshot!(said);
}

#[test]
fn a_named_file_must_exist() {
    let mut place = Place::new(&[], &[]);
    place.request.file = Some("nowhere.toml".into());
    insta::assert_snapshot!(place.mistakes(), @r"
    the configuration has 1 mistake
      ✘ flag --config nowhere.toml names a file that does not exist or cannot be read
        fix: name an existing TOML file
    ");
}
