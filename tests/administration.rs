//! The administrator's commands as they are typed, against a real database and a real broker: the schema, the
//! registers, the topology, the definitions. Each test is a transcript.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use lapin::options::{QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::FieldTable;
use lapin::{Connection, ConnectionProperties};
use tempfile::TempDir;
use url::Url;

#[path = "support/services.rs"]
mod services;

/// A terminal in a folder of its own, and what was typed and printed in it.
struct Terminal {
    folder: TempDir,
    variables: Vec<(&'static str, String)>,
    transcript: String,
}

impl Terminal {
    fn open(variables: &[(&'static str, &str)]) -> Self {
        let variables = variables
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        Self {
            folder: TempDir::new().unwrap(),
            variables,
            transcript: String::new(),
        }
    }

    /// With a database and a virtual host that nobody else has.
    async fn connected() -> (Self, Url) {
        let (database, broker) = services::fresh().await;
        let variables = [("DATABASE_URL", database.as_str()), ("AMQP_URL", broker.as_str())];
        (Self::open(&variables), broker)
    }

    fn file(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// A command line whose words hold no spaces; answers what it printed on stdout.
    fn type_in(&mut self, line: &str) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_usciere"))
            .args(line.split(' '))
            .current_dir(self.folder.path())
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .output()
            .unwrap();
        let (out, talk) = (
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        );
        let code = output.status.code().unwrap();
        let talk: String = talk.lines().fold(String::new(), |mut all, line| {
            writeln!(all, "! {line}").unwrap();
            all
        });
        writeln!(self.transcript, "$ usciere {line}\n{out}{talk}= {code}\n").unwrap();
        out
    }
}

fn examples() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/config/examples"))
}

#[tokio::test]
async fn the_schema_is_brought_up_to_date_once() {
    let (mut terminal, _) = Terminal::connected().await;
    for line in [
        "db status",
        "route --region Lazio",
        "db migrate",
        "db migrate",
        "db status",
        "db migrate -o json",
    ] {
        terminal.type_in(line);
    }
    insta::assert_snapshot!(terminal.transcript);
}

#[tokio::test]
async fn registers_are_imported_and_requests_find_their_way() {
    let (mut terminal, _) = Terminal::connected().await;
    terminal.type_in("db migrate -q");
    for register in [
        "sedi",
        "topics",
        "competence",
        "patronati",
        "citizens",
        "practices",
    ] {
        let name = format!("{register}.csv");
        std::fs::copy(examples().join(&name), terminal.folder.path().join(&name)).unwrap();
        terminal.type_in(&format!("import {register} {name}"));
    }
    terminal.type_in("import citizens citizens.csv -o csv");
    terminal.file(
        "broken.csv",
        "code,label,reasons,first_level,keywords\n\
         naspi,NASPI,access_requirements,no,\n\
         naspi,NASPI,access_requirements,no,\n\
         un-altro,Un altro argomento,access_requirements,forse,\n\
         nuovo,Nuovo,access_requirements,no,a|b\n",
    );
    for line in [
        "import topics broken.csv --check",
        "import topics broken.csv -q -o json",
        "import topics broken.csv -q",
        "import sedi broken.csv",
        "import sedi nowhere.csv",
        "route --cap 00071 --comune 058079 --topic pensioni-paesi-non-convenzionati",
        "route --cap 39100 --topic naspi -o json",
        "route --region lazio -o csv",
        "route --topic pin-cittadini",
    ] {
        terminal.type_in(line);
    }
    let workflows = concat!(env!("CARGO_MANIFEST_DIR"), "/workflows/richiesta.v1.toml");
    let drawn = terminal.type_in(&format!("workflow graph {workflows} --counts"));
    assert!(drawn.contains("Assegnato a Sede<br>0 richieste"), "{drawn}");
    let typed = terminal
        .transcript
        .split_once("$ usciere workflow graph")
        .unwrap()
        .0;
    insta::assert_snapshot!(typed);
}

#[tokio::test]
async fn the_topology_is_declared_and_never_deleted() {
    let (mut terminal, broker) = Terminal::connected().await;
    terminal.type_in("db migrate -q");
    terminal.type_in("broker diff");
    terminal.type_in("broker declare");
    terminal.type_in("broker diff");
    let connection = Connection::connect(broker.as_str(), ConnectionProperties::default())
        .await
        .unwrap();
    let channel = connection.create_channel().await.unwrap();
    for queue in ["sede.lineainps", "sede.da-smistare"] {
        channel
            .queue_delete(queue.into(), QueueDeleteOptions::default())
            .await
            .unwrap();
    }
    let classic = QueueDeclareOptions::durable();
    channel
        .queue_declare("sede.lineainps".into(), classic, FieldTable::default())
        .await
        .unwrap();
    terminal.type_in("broker diff");
    terminal.type_in("broker declare -o csv");
    terminal.type_in("broker diff -o json");
    // How the broker says it depends on its version.
    let words = r#"(PRECONDITION_FAILED - inequivalent arg 'x-queue-type')[^",\n]*"#;
    insta::with_settings!({ filters => vec![(words, "$1 ...")] }, {
        insta::assert_snapshot!(terminal.transcript);
    });
}

#[test]
fn what_is_away_ends_with_69() {
    // Nobody listens on port 1.
    let mut terminal = Terminal::open(&[("DATABASE_URL", "postgres://usciere:segreto@127.0.0.1:1/usciere")]);
    terminal.file("sedi.csv", "");
    for line in [
        "db status",
        "db migrate",
        "import sedi sedi.csv",
        "route --region Lazio",
        "broker diff",
    ] {
        terminal.type_in(line);
    }
    assert!(!terminal.transcript.contains("segreto"));
    insta::with_settings!({ filters => vec![(r"\(os error \d+\)", "(os error)")] }, {
        insta::assert_snapshot!(terminal.transcript);
    });
}

#[test]
fn definitions_are_checked_compared_and_tested_without_any_service() {
    let mut terminal = Terminal::open(&[]);
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("workflows");
    let folder = terminal.folder.path().join("workflows");
    let scenarios = "scenari/richiesta";
    std::fs::create_dir_all(folder.join(scenarios)).unwrap();
    let sollecito = format!("{scenarios}/sollecito.toml");
    for file in [
        "richiesta.v1.toml",
        "quesito.v1.toml",
        "released.toml",
        &sollecito,
    ] {
        std::fs::copy(home.join(file), folder.join(file)).unwrap();
    }
    terminal.type_in("workflow list -o csv");
    terminal.type_in("workflow check --thorough");
    terminal.type_in("workflow test");
    let released = std::fs::read_to_string(folder.join("richiesta.v1.toml")).unwrap();
    let next = released
        .replace("version = 1", "version = 2")
        .replace("solicit        = 15", "solicit        = 20");
    terminal.file(
        "workflows/richiesta.v2.toml",
        &next.replace("label = \"Assegnato a Sede\"", "lable = \"Assegnato a Sede\""),
    );
    terminal.type_in("workflow check workflows/richiesta.v2.toml");
    terminal.type_in("workflow check -o json");
    terminal.file("workflows/richiesta.v2.toml", &next);
    terminal.type_in("workflow check");
    terminal.type_in("workflow diff richiesta.v1 richiesta");
    terminal.type_in("workflow diff richiesta.v2 workflows/richiesta.v2.toml");
    terminal.type_in("workflow graph appello");
    terminal.file(
        &format!("workflows/{sollecito}"),
        &std::fs::read_to_string(home.join(&sollecito))
            .unwrap()
            .replace("refused = \"not_yet\"", "refused = \"limit_reached\""),
    );
    terminal.type_in(&format!("workflow test workflows/{sollecito}"));
    terminal.file(
        "workflows/richiesta.v1.toml",
        &next.replace("version = 2", "version = 1"),
    );
    terminal.type_in("workflow list");
    insta::assert_snapshot!(terminal.transcript);
}
