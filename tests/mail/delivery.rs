//! Mails where their readers want them: at once, later, once a day, never.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::json;
use tokio_util::sync::CancellationToken;
use usciere::clock::Clock;
use usciere::config::mail::MailSettings;
use usciere::domain::ids::{ActorId, PatronatoCode};
use usciere::domain::mail::preferences::MailPreferences;
use usciere::mail::{CaughtMail, Mailer, queue_digests};
use usciere::store::{MailFilter, MailState, MailSummary, NewMail, Store};
use uuid::Uuid;

use super::database::TestDatabase;
use super::fake_smtp::{FakeSmtp, Received};
use super::{new_mail, node, settings, surroundings};

/// A database, a mail server and an engine clock that stands at ten on a Monday morning in Italy.
struct Scene {
    database: TestDatabase,
    server: FakeSmtp,
    clock: Clock,
    mailer: Mailer,
}

impl Scene {
    async fn set() -> Self {
        let database = TestDatabase::create().await;
        let server = FakeSmtp::start();
        let clock = Clock::fixed("2026-11-23T09:00:00Z".parse::<DateTime<Utc>>().unwrap());
        let mailer = Mailer::new(
            database.store.clone(),
            node("a"),
            &settings(&format!("smtp://{}?tls=none", server.address)),
            &MailSettings::default(),
            surroundings(),
            clock.clone(),
        )
        .unwrap();
        Self {
            database,
            server,
            clock,
            mailer,
        }
    }

    fn store(&self) -> &Store {
        &self.database.store
    }

    /// What an operator wants.
    async fn wants(&self, operator: &str, wishes: serde_json::Value) {
        let wishes: MailPreferences = serde_json::from_value(wishes).unwrap();
        let (patronato, operator) = (patronato(), ActorId::parse(operator).unwrap());
        self.store()
            .save_mail_preferences(&patronato, &operator, &wishes)
            .await
            .unwrap();
    }

    async fn queue(&self, mails: &[NewMail]) {
        self.store().queue_mails(mails).await.unwrap();
    }

    /// Sends what is due; answers how many mails the server has.
    async fn sweep(&self) -> usize {
        self.mailer.sweep(&CancellationToken::new()).await;
        self.server.seen().mails.len()
    }

    fn later(&self, hours: i64) -> DateTime<Utc> {
        self.clock.set_offset(TimeDelta::hours(hours));
        self.clock.now()
    }

    async fn digest(&self) -> u64 {
        queue_digests(self.store(), self.clock.now(), &CancellationToken::new())
            .await
            .unwrap()
    }

    async fn states(&self) -> Vec<MailState> {
        let mails = all(self.store()).await;
        mails.iter().map(|mail| mail.state).collect()
    }
}

fn patronato() -> PatronatoCode {
    PatronatoCode::parse("inca").unwrap()
}

/// Every mail, oldest first.
async fn all(store: &Store) -> Vec<MailSummary> {
    let filter = MailFilter {
        limit: 1_000,
        ..MailFilter::default()
    };
    let mut mails = store.list_mails(&filter).await.unwrap();
    mails.reverse();
    mails
}

fn read(mail: &Received) -> CaughtMail {
    CaughtMail::read(String::new(), mail.data.as_bytes())
}

/// The mail about another request, to the same operator.
fn to_op1(number: u128) -> NewMail {
    let mut mail = new_mail(number);
    mail.to = new_mail(1).to;
    mail.params.protocol_number = Some(format!("INPS.7013.23/11/2026.{number:07}"));
    mail
}

#[tokio::test]
async fn a_mail_waits_for_the_quiet_to_end_and_is_not_lost() {
    let scene = Scene::set().await;
    scene
        .wants(
            "op1",
            json!({ "quiet_hours": { "from": "09:30", "to": "13:00" } }),
        )
        .await;
    scene.queue(&[new_mail(1), new_mail(2)]).await;
    assert_eq!(scene.sweep().await, 1, "only op1 wants quiet");
    let waiting = all(scene.store()).await.remove(0);
    let end = "2026-11-23T12:00:00Z".parse::<DateTime<Utc>>().unwrap();
    assert_eq!(
        (waiting.state, waiting.attempts, waiting.deliver_at),
        (MailState::Deferred, 0, Some(end))
    );
    assert_eq!(scene.store().mail_counts().await.unwrap().later, 1);

    let before = scene.later(2);
    assert_eq!(scene.store().release_mails(before).await.unwrap(), 0);
    let after = scene.later(3);
    assert_eq!(scene.store().release_mails(after).await.unwrap(), 1);
    assert_eq!(scene.sweep().await, 2);
    assert_eq!(scene.states().await, [MailState::Sent, MailState::Sent]);
}

#[tokio::test]
async fn a_mail_nobody_wants_is_not_sent() {
    let scene = Scene::set().await;
    scene
        .wants("op1", json!({ "events": { "reply": "never" } }))
        .await;
    scene.queue(&[new_mail(1)]).await;
    assert_eq!(scene.sweep().await, 0);
    assert_eq!(scene.states().await, [MailState::Dropped]);
}

#[tokio::test]
async fn one_mail_a_day_tells_everything_of_it() {
    let scene = Scene::set().await;
    scene
        .wants(
            "op1",
            json!({ "events": { "reply": "daily" }, "digest_hour": 12 }),
        )
        .await;
    let mails: Vec<NewMail> = (1..=40).map(to_op1).collect();
    scene.queue(&mails).await;
    assert_eq!(
        scene.sweep().await,
        0,
        "forty mails are held, though sixteen are taken up at a time"
    );
    assert_eq!(scene.digest().await, 0, "not before noon");

    scene.later(2);
    assert_eq!(scene.digest().await, 1);
    assert_eq!(scene.sweep().await, 1);
    let digest = read(&scene.server.seen().mails[0]);
    assert_eq!(
        digest.subject,
        "[Scrivi alla sede] Riepilogo del 23/11/2026: 40 avvisi"
    );
    assert!(
        digest
            .text
            .starts_with("Apri le tue richieste: https://usciere.example/richieste\n")
    );
    for number in 1..=40 {
        let line = format!("Nuova risposta – prot. INPS.7013.23/11/2026.{number:07}\n");
        assert_eq!(digest.text.matches(&line).count(), 1, "{line}");
        let target = format!("https://usciere.example/richieste/{}", Uuid::from_u128(number));
        assert!(digest.text.contains(&target) && digest.html.contains(&target));
    }
    let told = all(scene.store()).await;
    assert!(told[..40].iter().all(|mail| mail.state == MailState::Told));

    // What happens after noon is for tomorrow.
    scene.queue(&[to_op1(41)]).await;
    scene.sweep().await;
    assert_eq!(scene.digest().await, 0, "one a day");
    let held = all(scene.store()).await.pop().unwrap();
    assert_eq!(held.digest_on, NaiveDate::from_ymd_opt(2026, 11, 24));
    scene.later(26);
    assert_eq!(scene.digest().await, 1);
    assert_eq!(scene.sweep().await, 2);
}

#[tokio::test]
async fn digests_made_by_many_at_once_are_one() {
    let scene = Scene::set().await;
    for operator in ["op1", "op2", "op3"] {
        scene
            .wants(operator, json!({ "events": { "reply": "daily" } }))
            .await;
    }
    scene
        .queue(&[new_mail(1), new_mail(2), new_mail(3), to_op1(4)])
        .await;
    scene.sweep().await;
    let tomorrow = scene.later(24);
    let runs = (0..4).map(|_| {
        let store = scene.store().clone();
        tokio::spawn(async move {
            queue_digests(&store, tomorrow, &CancellationToken::new())
                .await
                .unwrap()
        })
    });
    let made: u64 = futures::future::join_all(runs)
        .await
        .into_iter()
        .map(Result::unwrap)
        .sum();
    assert_eq!(made, 3, "one for each person");
    assert_eq!(scene.sweep().await, 3);
    let mails = scene.server.seen().mails;
    let entries: usize = mails
        .iter()
        .map(|mail| read(mail).text.matches("Nuova risposta").count())
        .sum();
    assert_eq!(entries, 4, "each event in one of them");
}

#[tokio::test]
async fn a_digest_killed_in_the_middle_is_made_whole_by_the_next_run() {
    let scene = Scene::set().await;
    scene
        .wants("op1", json!({ "events": { "reply": "daily" } }))
        .await;
    scene.queue(&[to_op1(1), to_op1(2)]).await;
    scene.sweep().await;
    let tomorrow = scene.later(24);

    // Somebody holds one of the rows, so that the run stands in the middle of its transaction.
    let mut holder = scene.database.pool.begin().await.unwrap();
    sqlx::query("select from mail_outbox where id = 2 for update")
        .execute(&mut *holder)
        .await
        .unwrap();
    let run = tokio::spawn({
        let store = scene.store().clone();
        async move { queue_digests(&store, tomorrow, &CancellationToken::new()).await }
    });
    let waiting = "select exists (select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database())";
    while !sqlx::query_scalar::<_, bool>(waiting)
        .fetch_one(&scene.database.pool)
        .await
        .unwrap()
    {
        tokio::task::yield_now().await;
    }
    run.abort();
    assert!(run.await.unwrap_err().is_cancelled());
    holder.rollback().await.unwrap();

    assert_eq!(scene.digest().await, 1);
    assert_eq!(scene.digest().await, 0);
    assert_eq!(scene.sweep().await, 1);
    let digest = read(&scene.server.seen().mails[0]);
    assert_eq!(digest.text.matches("Nuova risposta").count(), 2);
}

#[tokio::test]
async fn a_digest_is_quiet_when_its_reader_is() {
    let scene = Scene::set().await;
    // Saturday.
    scene.later(5 * 24);
    scene
        .wants(
            "op1",
            json!({ "events": { "reply": "daily" }, "quiet_weekends": true }),
        )
        .await;
    scene.queue(&[to_op1(1)]).await;
    scene.sweep().await;
    for day in 5..=6 {
        scene.later(day * 24);
        assert_eq!(scene.digest().await, 0);
    }
    scene.later(7 * 24);
    assert_eq!(scene.digest().await, 1, "one on Monday for all of it");
}

#[tokio::test]
async fn who_chooses_anew_gets_what_waited() {
    let scene = Scene::set().await;
    scene
        .wants("op1", json!({ "events": { "reply": "daily" } }))
        .await;
    scene
        .wants(
            "op2",
            json!({ "quiet_hours": { "from": "08:00", "to": "20:00" } }),
        )
        .await;
    scene.queue(&[new_mail(1), new_mail(2)]).await;
    assert_eq!(scene.sweep().await, 0);
    scene.wants("op1", json!({})).await;
    scene
        .wants("op2", json!({ "events": { "reply": "never" } }))
        .await;
    assert_eq!(scene.sweep().await, 1);
    assert_eq!(scene.states().await, [MailState::Sent, MailState::Dropped]);
}

#[tokio::test]
async fn one_click_in_a_mail_program_ends_all_mails() {
    let scene = Scene::set().await;
    scene.wants("op1", json!({ "quiet_weekends": true })).await;
    scene.queue(&[new_mail(1)]).await;
    scene.sweep().await;
    let mail = read(&scene.server.seen().mails[0]);
    assert_eq!(
        mail.headers["List-Unsubscribe-Post"],
        "List-Unsubscribe=One-Click"
    );
    let header = &mail.headers["List-Unsubscribe"];
    let (_, rest) = header.split_once("/api/v1/unsubscribe/").unwrap();
    let token: Uuid = rest[..36].parse().unwrap();
    assert!(scene.store().unsubscribe(token).await.unwrap());
    assert!(scene.store().unsubscribe(token).await.unwrap(), "twice is once");
    assert!(!scene.store().unsubscribe(Uuid::from_u128(7)).await.unwrap());

    scene.queue(&[to_op1(2), new_mail(3)]).await;
    assert_eq!(scene.sweep().await, 2, "others still get theirs");
    let kept = scene
        .store()
        .mail_preferences(&patronato(), &ActorId::parse("op1").unwrap())
        .await
        .unwrap();
    assert!(kept.quiet_weekends, "the rest stays as it was chosen");
}
