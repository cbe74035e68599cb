//! What is said to a server only in private: encryption, logins, authorities.

use usciere::config::mail::SmtpSettings;
use usciere::mail::{SendOutcome, Transport};

use super::fake_smtp::{Answer, FakeSmtp, Moment, Privacy, Turn, certificates};
use super::transport::{impatient, mail, once, open, sent, transport};
use super::{clock, settings};

#[tokio::test]
async fn nothing_is_sent_to_a_server_without_starttls() {
    let server = FakeSmtp::start();
    let outcome = transport(&settings(&format!("smtp://{}", server.address)))
        .send(&mail())
        .await;
    let reason = "while connecting: the server offers no STARTTLS, and nothing is sent without";
    assert_eq!(outcome, SendOutcome::Unavailable(reason.to_owned()));
    let seen = server.until(|seen| seen.left == [1]).await;
    assert!(
        seen.commands
            .iter()
            .all(|(_, command)| command.starts_with("EHLO")),
        "{:?}",
        seen.commands
    );
}

fn private(privacy: Privacy, server: &FakeSmtp, login: &str) -> SmtpSettings {
    let scheme = if privacy == Privacy::Tls { "smtps" } else { "smtp" };
    let settings = settings(&format!("{scheme}://{login}localhost:{}", server.address.port()));
    SmtpSettings {
        ca_file: Some(certificates().join("ca.pem")),
        ..settings
    }
}

#[tokio::test]
async fn tls_keeps_the_mail_private_from_an_authority_we_trust() {
    for privacy in [Privacy::StartTls, Privacy::Tls] {
        let server = FakeSmtp::scripted(privacy, |_| Answer::Usual);
        let trusting = private(privacy, &server, "");
        assert_eq!(transport(&trusting).send(&mail()).await, sent());
        assert!(server.seen().mails[0].encrypted);

        let wary = SmtpSettings {
            ca_file: None,
            ..trusting
        };
        let outcome = transport(&wary).send(&mail()).await;
        assert!(
            matches!(&outcome, SendOutcome::Unavailable(why) if why.contains("certificate")),
            "{outcome:?}"
        );
        assert_eq!(server.seen().mails.len(), 1);
    }
}

#[tokio::test]
async fn a_login_is_given_after_tls_and_its_refusal_concerns_no_mail() {
    let refusing = |turn: Turn| match turn.moment {
        Moment::Login => Answer::Say("535 5.7.8 wrong"),
        _ => Answer::Usual,
    };
    let server = FakeSmtp::scripted(Privacy::StartTls, refusing);
    let outcome = transport(&private(Privacy::StartTls, &server, "usciere:hunter2@"))
        .send(&mail())
        .await;
    assert!(
        matches!(&outcome, SendOutcome::Unavailable(why) if why.contains("535")),
        "{outcome:?}"
    );

    let server = FakeSmtp::scripted(Privacy::StartTls, |_| Answer::Usual);
    let outcome = transport(&private(Privacy::StartTls, &server, "usciere:hunter2@"))
        .send(&mail())
        .await;
    assert_eq!(outcome, sent());
    let verbs: Vec<String> = server
        .seen()
        .commands
        .iter()
        .map(|(_, line)| line.split(' ').next().unwrap().to_owned())
        .collect();
    assert_eq!(
        verbs,
        ["EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"]
    );
}

#[tokio::test]
async fn a_check_sends_no_mail() {
    let server = FakeSmtp::start();
    assert_eq!(open(&server).check().await, Ok(()));
    assert!(server.seen().mails.is_empty());
    let silent = FakeSmtp::scripted(Privacy::None, once(1, Moment::Greeting, Answer::Stall));
    assert_eq!(
        impatient(&silent).check().await,
        Err("no answer in time while connecting".to_owned())
    );
}

#[test]
fn authorities_that_cannot_be_read_are_a_mistake_of_the_configuration() {
    for (file, why) in [
        ("missing.pem", "cannot be read"),
        ("server.key", "holds no certificate"),
    ] {
        let settings = SmtpSettings {
            ca_file: Some(certificates().join(file)),
            ..settings("smtp://localhost")
        };
        let error = Transport::new(&settings, clock()).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}
