//! `usciere mail test` against a mail server.

use std::process::{Command, Output};

use serde_json::{Value, json};

use super::fake_smtp::{Answer, FakeSmtp, Moment, Privacy};

fn test_mail(url: &str, to: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_usciere"))
        .args([
            "mail",
            "test",
            "--to",
            to,
            "--template",
            "appointment_confirmed",
            "-o",
            "json",
        ])
        .args(["--profile", "test", "--set"])
        .arg(format!("smtp.url={url}"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_clear()
        .output()
        .unwrap()
}

fn talk(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const TO: &str = "gestore@usciere.example";

#[test]
fn a_test_mail_tells_what_the_server_said() {
    let server = FakeSmtp::start();
    let sent = test_mail(&format!("smtp://{}?tls=none", server.address), TO);
    let line: Value = serde_json::from_slice(&sent.stdout).unwrap_or_else(|_| panic!("{}", talk(&sent)));
    assert_eq!(
        line,
        json!({ "template": "appointment_confirmed", "outcome": "sent", "answer": "250 queued" })
    );
    let mail = server.seen().mails.remove(0);
    assert_eq!(mail.to, "RCPT TO:<gestore@usciere.example>");
    assert!(mail.data.contains("text/calendar"));
}

#[test]
fn a_test_mail_that_is_not_taken_ends_with_a_code() {
    let refusing = FakeSmtp::scripted(Privacy::None, |turn| match turn.moment {
        Moment::Recipient => Answer::Say("550 no such user"),
        _ => Answer::Usual,
    });
    let refused = test_mail(&format!("smtp://{}?tls=none", refusing.address), TO);
    assert_eq!(refused.status.code(), Some(1));
    assert!(talk(&refused).contains("550 no such user"), "{}", talk(&refused));

    let away = test_mail("smtp://127.0.0.1:1?tls=none", TO);
    assert_eq!(away.status.code(), Some(69), "{}", talk(&away));
    let nobody = test_mail("smtp://127.0.0.1:1?tls=none", "nobody");
    assert_eq!(nobody.status.code(), Some(2), "{}", talk(&nobody));
}
