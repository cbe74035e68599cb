//! One mail and one server: what each misbehaviour of the server means for the mail.

use rstest::rstest;
use usciere::config::interval::Interval;
use usciere::config::mail::SmtpSettings;
use usciere::domain::command::Personal;
use usciere::domain::event::MailKind;
use usciere::domain::ids::RequestId;
use usciere::mail::samples::sample_mail;
use usciere::mail::{Composed, Composer, SendOutcome, Transport};
use usciere::store::ClaimedMail;
use uuid::Uuid;

use super::fake_smtp::{Answer, FakeSmtp, Moment, Privacy, Turn};
use super::{clock, settings, surroundings};

/// The mail was taken.
pub(super) fn sent() -> SendOutcome {
    SendOutcome::Sent("250 queued".to_owned())
}

pub(super) fn composed(recipient: &str, number: u128) -> Composed {
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

pub(super) fn mail() -> Composed {
    composed("op1@inca.example", 1)
}

pub(super) fn open(server: &FakeSmtp) -> Transport {
    transport(&settings(&format!("smtp://{}?tls=none", server.address)))
}

pub(super) fn transport(settings: &SmtpSettings) -> Transport {
    Transport::new(settings, clock()).unwrap()
}

/// A transport that waits only a moment, for servers that never answer.
pub(super) fn impatient(server: &FakeSmtp) -> Transport {
    let settings = settings(&format!("smtp://{}?tls=none", server.address));
    transport(&SmtpSettings {
        timeout: Interval::from_millis(250),
        ..settings
    })
}

/// `answer` at one moment of one session, the usual everywhere else.
pub(super) fn once(session: usize, moment: Moment, answer: Answer) -> impl Fn(Turn) -> Answer + Send + Sync {
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
