//! One mail and one server: what each misbehaviour of the server means for the mail.

use rstest::rstest;
use usciere::config::interval::Interval;
use usciere::config::mail::SmtpSettings;
use usciere::domain::command::Personal;
use usciere::domain::event::MailKind;
use usciere::domain::ids::RequestId;
use usciere::mail::samples::sample_mail;
use usciere::mail::{Composed, Composer, SendOutcome, Transport, caught};
use usciere::store::ClaimedMail;
use uuid::Uuid;

use super::fake_smtp::{Answer, FakeSmtp, Moment, Privacy, Turn, certificates};
use super::{clock, settings, surroundings};

/// The mail was taken.
fn sent() -> SendOutcome {
    SendOutcome::Sent("250 queued".to_owned())
}

fn composed(recipient: &str, number: u128) -> Composed {
    let mail = ClaimedMail {
        request: Some(RequestId(Uuid::from_u128(number))),
        recipient: Personal(recipient.to_owned()),
        message_id: Uuid::from_u128(number),
        ..sample_mail(MailKind::Reply)
    };
    let sender = SmtpSettings::default().from;
    Composer::new(&sender, surroundings(), clock())
        .unwrap()
        .compose(&mail)
        .unwrap()
}

fn mail() -> Composed {
    composed("op1@inca.example", 1)
}

fn open(server: &FakeSmtp) -> Transport {
    transport(&settings(&format!("smtp://{}?tls=none", server.address)))
}

fn transport(settings: &SmtpSettings) -> Transport {
    Transport::new(settings, clock()).unwrap()
}

/// A transport that waits only a moment, for servers that never answer.
fn impatient(server: &FakeSmtp) -> Transport {
    let settings = settings(&format!("smtp://{}?tls=none", server.address));
    transport(&SmtpSettings {
        timeout: Interval::from_millis(250),
        ..settings
    })
}

/// `answer` at one moment of one session, the usual everywhere else.
fn once(session: usize, moment: Moment, answer: Answer) -> impl Fn(Turn) -> Answer + Send + Sync {
    move |turn| {
        if turn.session == session && turn.moment == moment {
            answer.clone()
        } else {
            Answer::Usual
        }
    }
}

#[tokio::test]
async fn a_mail_arrives_byte_for_byte() {
    let server = FakeSmtp::start();
    assert_eq!(open(&server).send(&mail()).await, sent());
    let seen = server.seen();
    let [received] = &seen.mails[..] else {
        panic!("one mail, not {}", seen.mails.len())
    };
    assert_eq!(received.from, "MAIL FROM:<non-rispondere@usciere.example>");
    assert_eq!(received.to, "RCPT TO:<op1@inca.example>");
    assert_eq!(
        received.data.trim_end(),
        String::from_utf8_lossy(mail().bytes()).trim_end()
    );
}

#[tokio::test]
async fn nobody_listening_is_no_try() {
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    drop(server);
    let outcome = transport(&settings(&format!("smtp://{address}?tls=none")))
        .send(&mail())
        .await;
    assert!(matches!(outcome, SendOutcome::Unavailable(_)), "{outcome:?}");
}

/// The constructor of an outcome.
type Meaning = fn(String) -> SendOutcome;

#[rstest]
#[case::greeting_refused(
    Moment::Greeting,
    Answer::Say("554 no service"),
    SendOutcome::Unavailable,
    "while connecting: permanent error (554): no service"
)]
#[case::greeting_hung_up(
    Moment::Greeting,
    Answer::HangUp,
    SendOutcome::Unavailable,
    "while connecting: response error: incomplete response"
)]
#[case::hello_busy(
    Moment::Hello,
    Answer::SayAndHangUp("421 busy"),
    SendOutcome::Unavailable,
    "while connecting: transient error (421): busy"
)]
#[case::sender_needs_login(
    Moment::From,
    Answer::Say("530 log in first"),
    SendOutcome::Unavailable,
    "before the mail: 530 log in first"
)]
#[case::sender_refused(
    Moment::From,
    Answer::Say("550 no such sender"),
    SendOutcome::Permanent,
    "before the mail: 550 no such sender"
)]
#[case::recipient_greylisted(
    Moment::Recipient,
    Answer::Say("450 greylisted"),
    SendOutcome::Temporary,
    "before the mail: 450 greylisted"
)]
#[case::recipient_unknown(
    Moment::Recipient,
    Answer::Say("550 5.1.1 <op1@inca.example> unknown"),
    SendOutcome::Permanent,
    "before the mail: 550 5.1.1 [address] unknown"
)]
#[case::recipient_shutdown(
    Moment::Recipient,
    Answer::SayAndHangUp("421 shutting down"),
    SendOutcome::Temporary,
    "before the mail: 421 shutting down"
)]
#[case::recipient_hung_up(
    Moment::Recipient,
    Answer::HangUp,
    SendOutcome::Temporary,
    "before the mail: incomplete response"
)]
#[case::data_refused(
    Moment::Data,
    Answer::Say("452 disk full"),
    SendOutcome::Temporary,
    "before the mail: 452 disk full"
)]
#[case::mail_later(
    Moment::EndOfMail,
    Answer::Say("451 try later"),
    SendOutcome::Temporary,
    "after the mail: 451 try later"
)]
#[case::mail_refused(
    Moment::EndOfMail,
    Answer::Say("554 looks like spam"),
    SendOutcome::Permanent,
    "after the mail: 554 looks like spam"
)]
#[case::mail_shutdown(
    Moment::EndOfMail,
    Answer::SayAndHangUp("421 shutting down"),
    SendOutcome::Temporary,
    "after the mail: 421 shutting down"
)]
#[case::mail_hung_up(
    Moment::EndOfMail,
    Answer::HangUp,
    SendOutcome::Unknown,
    "after the mail: incomplete response"
)]
#[case::mail_gibberish(
    Moment::EndOfMail,
    Answer::Say("what?"),
    SendOutcome::Unknown,
    "after the mail: error Tag at: what?"
)]
#[tokio::test]
async fn an_answer_means_what_its_stage_makes_of_it(
    #[case] moment: Moment,
    #[case] answer: Answer,
    #[case] meaning: Meaning,
    #[case] reason: &str,
) {
    let server = FakeSmtp::scripted(Privacy::None, once(1, moment, answer));
    assert_eq!(open(&server).send(&mail()).await, meaning(reason.to_owned()));
}

#[tokio::test]
async fn silence_means_what_its_stage_makes_of_it_and_costs_the_connection() {
    let cases = [
        (
            Moment::Greeting,
            SendOutcome::Unavailable("no answer in time while connecting".to_owned()),
        ),
        (
            Moment::Recipient,
            SendOutcome::Temporary("no answer in time before the mail".to_owned()),
        ),
        (
            Moment::EndOfMail,
            SendOutcome::Unknown("no answer in time after the mail".to_owned()),
        ),
    ];
    for (moment, expected) in cases {
        let server = FakeSmtp::scripted(Privacy::None, once(1, moment, Answer::Stall));
        let transport = impatient(&server);
        assert_eq!(transport.send(&mail()).await, expected);
        server.until(|seen| seen.left == [1]).await;
        assert_eq!(transport.send(&composed("op2@inca.example", 2)).await, sent());
        let seen = server.seen();
        assert_eq!(seen.mails.last().unwrap().session, 2, "a new connection");
        assert_eq!(seen.mails.last().unwrap().to, "RCPT TO:<op2@inca.example>");
    }
}

#[tokio::test]
async fn a_connection_serves_many_mails_and_survives_a_no() {
    let server = FakeSmtp::scripted(Privacy::None, |turn| match turn {
        Turn {
            mail: 2,
            moment: Moment::Recipient,
            ..
        } => Answer::Say("550 unknown"),
        _ => Answer::Usual,
    });
    let transport = open(&server);
    assert_eq!(transport.send(&mail()).await, sent());
    assert!(matches!(transport.send(&mail()).await, SendOutcome::Permanent(_)));
    assert_eq!(server.seen().sessions, 1);
    transport.close().await;
    let seen = server.until(|seen| seen.left == [1]).await;
    assert_eq!(seen.commands.last().unwrap().1, "QUIT");
}

#[tokio::test]
async fn a_server_that_takes_its_leave_between_two_mails_costs_nothing() {
    for answer in [Answer::SayAndHangUp("421 too many mails"), Answer::HangUp] {
        for moment in [Moment::Reset, Moment::From] {
            let answer = answer.clone();
            let server = FakeSmtp::scripted(Privacy::None, move |turn| {
                let second = turn.session == 1 && turn.mail == 2;
                if second && turn.moment == moment {
                    answer.clone()
                } else {
                    Answer::Usual
                }
            });
            let transport = open(&server);
            assert_eq!(transport.send(&mail()).await, sent());
            assert_eq!(transport.send(&mail()).await, sent());
            assert_eq!(
                server
                    .seen()
                    .mails
                    .iter()
                    .map(|mail| mail.session)
                    .collect::<Vec<_>>(),
                [1, 2]
            );
        }
    }
}

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

#[tokio::test]
async fn mails_are_caught_as_files_in_the_order_they_came() {
    let folder = tempfile::tempdir().unwrap();
    let files = transport(&settings(&format!(
        "file:{}",
        folder.path().join("mail").display()
    )));
    assert_eq!(files.check().await, Ok(()));
    for number in 1..=20 {
        assert_eq!(
            files
                .send(&composed(&format!("op{number}@inca.example"), number))
                .await,
            SendOutcome::Sent("kept as a file".to_owned())
        );
    }
    let mails = caught(&folder.path().join("mail")).unwrap();
    let recipients: Vec<String> = mails.iter().flat_map(|mail| mail.to.clone()).collect();
    assert_eq!(
        recipients,
        (1..=20)
            .map(|number| format!("op{number}@inca.example"))
            .collect::<Vec<_>>()
    );
    assert!(
        mails
            .iter()
            .all(|mail| mail.file.starts_with("20261123T090000000Z-"))
    );
    assert_eq!(
        mails[0].subject,
        "[Scrivi alla sede] Nuova risposta – prot. INPS.7013.24/02/2021.0000123"
    );
    assert!(
        mails[0]
            .text
            .starts_with("Leggi la risposta: https://usciere.example/richieste/")
    );
    assert!(mails[0].html.contains("<html lang=\"it\">"));
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_to_makes_mails_wait() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("not-a-folder");
    std::fs::write(&file, "").unwrap();
    let files = transport(&settings(&format!("file:{}", file.display())));
    assert!(matches!(files.send(&mail()).await, SendOutcome::Unavailable(_)));
    assert!(files.check().await.is_err());
}
