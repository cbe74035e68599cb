//! The whole way: from the outbox through the mailer to a server, and what the outbox says afterwards.

use std::collections::BTreeMap;
use std::io::Write;
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::layer::SubscriberExt as _;
use usciere::clock::Clock;
use usciere::config::interval::Interval;
use usciere::config::mail::{MailSettings, SmtpSettings};
use usciere::domain::command::Personal;
use usciere::domain::event::MailKind;
use usciere::mail::samples::send_sample;
use usciere::mail::{Mailer, SendOutcome, caught};
use usciere::store::{MailCounts, MailFilter, MailState, NewMail, Store};

use super::database::TestDatabase;
use super::fake_smtp::{Answer, FakeSmtp, Moment, Privacy, Turn};
use super::{clock, new_mail, node, settings, surroundings};

fn mailer(store: &Store, smtp: &SmtpSettings) -> Mailer {
    let mail = MailSettings::default();
    Mailer::new(store.clone(), node("a"), smtp, &mail, surroundings(), clock()).unwrap()
}

fn open(server: &FakeSmtp) -> SmtpSettings {
    settings(&format!("smtp://{}?tls=none", server.address))
}

async fn queue(store: &Store, count: u128) {
    let mails: Vec<NewMail> = (1..=count).map(new_mail).collect();
    store.queue_mails(&mails).await.unwrap();
}

async fn sweep(mailer: &Mailer) -> u64 {
    mailer.sweep(&CancellationToken::new()).await
}

async fn counts(store: &Store) -> MailCounts {
    store.mail_counts().await.unwrap()
}

async fn make_due(database: &TestDatabase) {
    let due = "update mail_outbox set next_try_at = now() where next_try_at is not null";
    sqlx::query(due).execute(&database.pool).await.unwrap();
}

#[tokio::test]
async fn a_burst_reaches_everyone_once_over_few_connections() {
    let database = TestDatabase::create().await;
    let server = FakeSmtp::start();
    let smtp = SmtpSettings {
        concurrency: NonZeroU16::new(4).unwrap(),
        ..open(&server)
    };
    queue(&database.store, 200).await;
    assert_eq!(sweep(&mailer(&database.store, &smtp)).await, 200);
    let mut tries: BTreeMap<String, u32> = BTreeMap::new();
    for mail in server.seen().mails {
        *tries.entry(mail.to).or_default() += 1;
    }
    assert_eq!(tries.len(), 200);
    assert!(tries.values().all(|&tries| tries == 1));
    assert!(server.most_open() <= 4, "{} connections", server.most_open());
    assert_eq!(counts(&database.store).await.sent_last_day, 200);
}

#[tokio::test]
async fn a_server_that_stalls_one_mail_does_not_hold_the_others() {
    let database = TestDatabase::create().await;
    let server = FakeSmtp::scripted(Privacy::None, |turn| match turn {
        Turn {
            session: 1,
            moment: Moment::EndOfMail,
            ..
        } => Answer::Hold,
        _ => Answer::Usual,
    });
    queue(&database.store, 20).await;
    let sweeping = tokio::spawn({
        let mailer = mailer(&database.store, &open(&server));
        async move { sweep(&mailer).await }
    });
    server.until(|seen| seen.mails.len() == 20).await;
    assert_eq!(server.seen().held.len(), 1, "nineteen went by the one that waits");
    server.release();
    assert_eq!(sweeping.await.unwrap(), 20);
    assert_eq!(counts(&database.store).await.sent_last_day, 20);
}

#[tokio::test]
async fn a_server_that_is_away_costs_a_few_looks_and_no_mail_a_try() {
    let database = TestDatabase::create().await;
    let address = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    queue(&database.store, 100).await;
    let looked = sweep(&mailer(
        &database.store,
        &settings(&format!("smtp://{address}?tls=none")),
    ))
    .await;
    assert!(
        (5..=5 + 16).contains(&looked),
        "{looked} looks at a server that is not there"
    );
    let filter = MailFilter {
        limit: 1_000,
        ..MailFilter::default()
    };
    let mails = database.store.list_mails(&filter).await.unwrap();
    assert!(
        mails
            .iter()
            .all(|mail| mail.state == MailState::Queued && mail.attempts == 0)
    );

    let server = FakeSmtp::start();
    make_due(&database).await;
    assert_eq!(
        sweep(&mailer(&database.store, &open(&server))).await,
        100,
        "nothing is lost"
    );
}

#[tokio::test]
async fn a_mail_that_may_have_arrived_comes_again_under_the_same_name() {
    let database = TestDatabase::create().await;
    let server = FakeSmtp::scripted(Privacy::None, |turn| match turn {
        Turn {
            session: 1,
            moment: Moment::EndOfMail,
            ..
        } => Answer::HangUp,
        _ => Answer::Usual,
    });
    queue(&database.store, 1).await;
    let mailer = mailer(&database.store, &open(&server));
    sweep(&mailer).await;
    assert_eq!(counts(&database.store).await.unknown, 1);
    make_due(&database).await;
    sweep(&mailer).await;
    assert_eq!(counts(&database.store).await.sent_last_day, 1);
    let mails = server.seen().mails;
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0].header("Message-ID"), mails[1].header("Message-ID"));
}

#[tokio::test]
async fn answers_decide_about_their_own_mail_only() {
    let database = TestDatabase::create().await;
    let server = FakeSmtp::scripted(Privacy::None, |turn| match (turn.session, turn.moment) {
        (1, Moment::Recipient) => Answer::Say("550 unknown"),
        (2, Moment::Recipient) => Answer::Say("450 later"),
        _ => Answer::Usual,
    });
    let smtp = SmtpSettings {
        concurrency: NonZeroU16::new(1).unwrap(),
        ..open(&server)
    };
    for number in 1..=3 {
        // A mailer of its own, and with it a connection, for each mail.
        database.store.queue_mails(&[new_mail(number)]).await.unwrap();
        sweep(&mailer(&database.store, &smtp)).await;
    }
    let filter = MailFilter {
        limit: 10,
        ..MailFilter::default()
    };
    let states: Vec<(MailState, Option<String>)> = database
        .store
        .list_mails(&filter)
        .await
        .unwrap()
        .into_iter()
        .map(|mail| (mail.state, mail.last_error))
        .collect();
    assert_eq!(
        states,
        [
            (MailState::Sent, None),
            (MailState::Queued, Some("before the mail: 450 later".to_owned())),
            (MailState::Failed, Some("before the mail: 550 unknown".to_owned())),
        ]
    );
}

#[tokio::test]
async fn an_address_that_cannot_be_used_fails_its_mail_alone() {
    let database = TestDatabase::create().await;
    let server = FakeSmtp::start();
    let mut hostile = new_mail(1);
    hostile.to.address = Personal("a@b\r\nBcc: all@evil.example".to_owned());
    database.store.queue_mails(&[hostile, new_mail(2)]).await.unwrap();
    sweep(&mailer(&database.store, &open(&server))).await;
    let counts = counts(&database.store).await;
    assert_eq!((counts.failed, counts.sent_last_day), (1, 1));
    assert_eq!(server.seen().mails[0].to, "RCPT TO:<op2@inca.example>");
}

#[tokio::test]
async fn a_stop_waits_for_the_mail_under_way() {
    let database = TestDatabase::create().await;
    let server = FakeSmtp::scripted(Privacy::None, |turn| match turn.moment {
        Moment::EndOfMail => Answer::Hold,
        _ => Answer::Usual,
    });
    let (shutdown, wake) = (CancellationToken::new(), Arc::new(Notify::new()));
    let running = tokio::spawn({
        let (mailer, shutdown, wake) = (
            mailer(&database.store, &open(&server)),
            shutdown.clone(),
            wake.clone(),
        );
        async move { mailer.run(shutdown, CancellationToken::new(), wake).await }
    });
    queue(&database.store, 1).await;
    wake.notify_one();
    server.until(|seen| seen.held.len() == 1).await;
    shutdown.cancel();
    database.store.queue_mails(&[new_mail(2)]).await.unwrap();
    wake.notify_one();
    server.release();
    running.await.unwrap();
    let counts = counts(&database.store).await;
    // A look for mails that was under way when the stop came may still have found the second.
    assert!(counts.sent_last_day >= 1, "what is under way is finished");
    assert_eq!(
        counts.sent_last_day + counts.queued,
        2,
        "and nothing is left half done"
    );
    let seen = server.until(|seen| seen.left.contains(&1)).await;
    assert!(seen.commands.iter().any(|command| command.1 == "QUIT"));
}

#[tokio::test]
async fn a_mail_still_in_hand_when_the_stop_is_cut_short_waits_for_no_lease() {
    let database = TestDatabase::create().await;
    let stalling = FakeSmtp::scripted(Privacy::None, |turn| match turn.moment {
        Moment::EndOfMail => Answer::Hold,
        _ => Answer::Usual,
    });
    let (stop, cut) = (CancellationToken::new(), CancellationToken::new());
    let running = tokio::spawn({
        let (mailer, stop, cut) = (
            mailer(&database.store, &open(&stalling)),
            stop.clone(),
            cut.clone(),
        );
        async move { mailer.run(stop, cut, Arc::new(Notify::new())).await }
    });
    queue(&database.store, 1).await;
    stalling.until(|seen| seen.held.len() == 1).await;
    stop.cancel();
    cut.cancel();
    running.await.unwrap();
    let server = FakeSmtp::start();
    assert_eq!(sweep(&mailer(&database.store, &open(&server))).await, 1);
    assert_eq!(counts(&database.store).await.sent_last_day, 1);
    let tried = stalling.seen().held.len() + server.seen().mails.len();
    assert_eq!(tried, 2, "once by each");
}

#[tokio::test]
async fn mails_wait_on_the_machines_clock_whatever_the_engine_believes() {
    let database = TestDatabase::create().await;
    let server = FakeSmtp::scripted(Privacy::None, |turn| match turn.moment {
        Moment::Recipient => Answer::Say("450 later"),
        _ => Answer::Usual,
    });
    queue(&database.store, 1).await;
    let moved = Clock::system();
    moved.set_offset(chrono::TimeDelta::days(16));
    let mail = MailSettings::default();
    let mailer = Mailer::new(
        database.store.clone(),
        node("a"),
        &open(&server),
        &mail,
        surroundings(),
        moved,
    )
    .unwrap();
    assert_eq!(sweep(&mailer).await, 1);
    assert_eq!(
        sweep(&mailer).await,
        0,
        "sixteen days ahead it still waits its minute, and is not given up"
    );
    assert_eq!(counts(&database.store).await.queued, 1);
}

#[tokio::test]
async fn mails_are_caught_in_a_folder() {
    let database = TestDatabase::create().await;
    let folder = tempfile::tempdir().unwrap();
    queue(&database.store, 3).await;
    let mailer = mailer(
        &database.store,
        &settings(&format!("file:{}", folder.path().display())),
    );
    assert_eq!(sweep(&mailer).await, 3);
    assert_eq!(caught(folder.path()).unwrap().len(), 3);
    let sample = send_sample(
        &settings(&format!("file:{}", folder.path().display())),
        surroundings(),
        &clock(),
        MailKind::Overdue,
        Personal("me@inca.example".to_owned()),
    )
    .await;
    assert!(matches!(sample.unwrap(), SendOutcome::Sent(_)));
    let mails = caught(folder.path()).unwrap();
    assert!(
        mails
            .iter()
            .any(|mail| mail.to == ["me@inca.example"] && mail.subject.contains("senza risposta"))
    );
}

/// Collects what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_address_is_ever_logged() {
    let log = Log::default();
    let listening = || {
        let written = log.clone();
        let layer = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_writer(move || written.clone());
        tracing::Dispatch::new(tracing_subscriber::registry().with(layer))
    };
    // With only one subscriber, tracing asks the thread that first passes a log line whether anybody listens, and the
    // threads of other tests say no for all.
    let (ours, _second) = (listening(), listening());
    let _logging = tracing::dispatcher::set_default(&ours);

    let database = TestDatabase::create().await;
    let server = FakeSmtp::scripted(Privacy::None, |turn| match (turn.session, turn.moment) {
        (1, Moment::Recipient) => Answer::Say("550 5.1.1 <op1@inca.example>: op1 is unknown"),
        (2, Moment::Recipient) => Answer::Say("450 op2@inca.example: later"),
        (3, Moment::EndOfMail) => Answer::HangUp,
        (4.., Moment::Greeting) => Answer::SayAndHangUp("421 busy, op4@inca.example"),
        _ => Answer::Usual,
    });
    let smtp = SmtpSettings {
        timeout: Interval::from_secs(5),
        ..open(&server)
    };
    for number in 1..=9 {
        database.store.queue_mails(&[new_mail(number)]).await.unwrap();
        sweep(&mailer(&database.store, &smtp)).await;
    }
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(
        log.contains("mail failed") && log.contains("waits for another try"),
        "{log}"
    );
    assert!(!log.contains("inca.example") && !log.contains("op1"), "{log}");
    let errors: Vec<Option<String>> = sqlx::query_scalar("select last_error from mail_outbox")
        .fetch_all(&database.pool)
        .await
        .unwrap();
    assert!(
        errors
            .iter()
            .flatten()
            .all(|error| !error.contains("inca.example")),
        "{errors:?}"
    );
}
