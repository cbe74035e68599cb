//! What each format looks like, byte by byte.

use std::sync::{Arc, Mutex};

use super::*;

#[derive(Serialize)]
struct Sede {
    code: &'static str,
    name: &'static str,
    waiting: u32,
}

impl Row for Sede {
    const COLUMNS: &'static [&'static str] = &["code", "name", "waiting_days"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.code.to_owned(),
            self.name.to_owned(),
            self.waiting.to_string(),
        ]
    }
}

const SEDI: [Sede; 2] = [
    Sede {
        code: "230001",
        name: "Lanciano",
        waiting: 3,
    },
    Sede {
        code: "700700",
        name: "=Roma, \"EUR\"\n",
        waiting: 16,
    },
];

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn printed(manner: Manner, print: impl FnOnce(&mut Printer)) -> (String, String) {
    let (out, talk) = (Buffer::default(), Buffer::default());
    print(&mut Printer::into_writers(
        manner,
        Box::new(out.clone()),
        Box::new(talk.clone()),
    ));
    (out.text(), talk.text())
}

fn rows_in(format: Format) -> String {
    printed(
        Manner {
            format,
            ..Manner::default()
        },
        |printer| printer.rows(&SEDI).unwrap(),
    )
    .0
}

#[test]
fn rows_in_every_format() {
    insta::assert_snapshot!(rows_in(Format::Table), @r#"
    CODE    NAME           WAITING DAYS
    230001  Lanciano       3
    700700  =Roma, "EUR"   16
    "#);
    insta::assert_snapshot!(rows_in(Format::Jsonl), @r#"
    {"code":"230001","name":"Lanciano","waiting":3}
    {"code":"700700","name":"=Roma, \"EUR\"\n","waiting":16}
    "#);
    insta::assert_snapshot!(rows_in(Format::Csv), @r#"
    code,name,waiting_days
    230001,Lanciano,3
    700700,"'=Roma, ""EUR""
    ",16
    "#);
    let parsed: serde_json::Value = serde_json::from_str(&rows_in(Format::Json)).unwrap();
    assert_eq!(parsed[1]["waiting"], 16);
}

#[test]
fn no_rows_are_an_empty_list_or_a_header_alone() {
    let empty = |format| {
        printed(
            Manner {
                format,
                ..Manner::default()
            },
            |printer| printer.rows::<Sede>(&[]).unwrap(),
        )
        .0
    };
    assert_eq!(empty(Format::Json), "[]\n");
    assert_eq!(empty(Format::Jsonl), "");
    assert_eq!(empty(Format::Csv), "code,name,waiting_days\n");
}

#[test]
fn talk_goes_to_stderr_and_is_silent_when_asked() {
    let speak = |quiet| {
        printed(
            Manner {
                quiet,
                ..Manner::default()
            },
            |printer| {
                printer.say("working");
                printer.failure(&Failure::usage("wrong"));
            },
        )
    };
    assert_eq!(
        speak(false),
        (String::new(), "working\nerror: wrong\n".to_owned())
    );
    assert_eq!(speak(true), (String::new(), "error: wrong\n".to_owned()));
}

#[test]
fn off_a_terminal_a_question_needs_yes() {
    let ask = |yes| {
        let mut answer = None;
        printed(
            Manner {
                yes,
                ..Manner::default()
            },
            |printer| answer = Some(printer.confirm("Discard 3 messages?")),
        );
        answer.unwrap()
    };
    assert!(ask(true).is_ok());
    assert_eq!(ask(false).unwrap_err().exit.code(), 2);
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    assert!(heard(Err(io::ErrorKind::BrokenPipe.into())).is_ok());
    assert!(heard(Err(io::ErrorKind::StorageFull.into())).is_err());
}
