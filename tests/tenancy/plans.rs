//! The indexes questions go by, and those by which nodes look for work.
//!
//! PostgreSQL itself tells how it went about each question (`auto_explain`), as it was asked: with the rights of who
//! asks, with the values at hand, and inside its functions.

use std::io;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::ConnectOptions as _;
use usciere::clock::Clock;
use usciere::domain::filter::{
    BookingRule, Condition, DateRange, Grouping, Order, Page, RequestFilter, Whose,
};
use usciere::domain::person::Person;
use usciere::store::{Store, UnknownOutcome, Viewer};

use crate::database::{self, TestDatabase};
use crate::many::{many, officer, operator, run};

/// From now on PostgreSQL tells those who connect how it goes about each statement.
const TELL: [&str; 4] = [
    "session_preload_libraries = 'auto_explain'",
    "auto_explain.log_min_duration = 0",
    "auto_explain.log_nested_statements = on",
    "auto_explain.log_level = notice",
];

/// What PostgreSQL told since it was last looked at.
#[derive(Clone, Default)]
struct Plans(Arc<Mutex<Vec<u8>>>);

impl io::Write for Plans {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Plans {
    /// Asked on this thread, on connections of a store of its own.
    async fn told(database: &TestDatabase) -> (Self, Store, tracing::subscriber::DefaultGuard) {
        let options = database.pool.connect_options();
        let name = options.get_database().unwrap();
        for setting in TELL {
            run(&database.pool, &format!("alter database {name} set {setting}")).await;
        }
        let plans = Self::default();
        let writer = plans.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter("sqlx::postgres::notice=info")
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        let guard = tracing::subscriber::set_default(subscriber);
        (plans, database::store(options.to_url_lossy().as_str()), guard)
    }

    /// The indexes were used, and no table of requests was read from end to end.
    #[track_caller]
    fn went_by(&self, question: &str, indexes: &[&str]) {
        let told = String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap();
        for index in indexes {
            assert!(
                told.contains(&format!(" on {index} ")) || told.contains(&format!(" using {index} on")),
                "{question} went not by {index}:\n{told}"
            );
        }
        // Some are only asked for how they would be done.
        let done = told
            .split("Query Text:")
            .filter(|one| !one.trim_start().starts_with("explain "));
        let told: String = done.collect();
        for table in ["cases", "request_digest", "reply"] {
            assert!(
                !told.contains(&format!("Seq Scan on {table}")),
                "{question}:\n{told}"
            );
        }
    }
}

/// Filters of both sides with the index meant for each.
fn lists() -> Vec<(Person, RequestFilter, &'static str)> {
    let of = |person: Person, whose, index, change: &dyn Fn(&mut RequestFilter)| {
        let mut filter = RequestFilter::of(&person, whose).unwrap();
        change(&mut filter);
        (person, filter, index)
    };
    let overdue = |filter: &mut RequestFilter| filter.condition = Some(Condition::Overdue);
    let solicited = |filter: &mut RequestFilter| filter.condition = Some(Condition::FirstSolicit);
    let state = |filter: &mut RequestFilter| filter.state = Some("inviato_lineainps".parse().unwrap());
    let days = |filter: &mut RequestFilter| {
        filter.dates = DateRange::new("2025-03-01".parse().ok(), "2025-03-31".parse().ok()).unwrap();
    };
    let unread = |filter: &mut RequestFilter| filter.unread = Some(true);
    let words = |filter: &mut RequestFilter| filter.text = Some("numero 1201".parse().unwrap());
    let code = |filter: &mut RequestFilter| filter.codice_fiscale = Some("BNCMRA50A01H501U".parse().unwrap());
    let number = |filter: &mut RequestFilter| {
        filter.protocol = Some("INPS.7013.01/01/2026.0000401".parse().unwrap());
    };
    let (office, sede) = (Whose::Office, Whose::Sede);
    vec![
        of(operator(), office, "cases_of_office", &|_| {}),
        of(operator(), Whose::Mine, "cases_of_office", &|_| {}),
        of(operator(), office, "cases_of_office", &days),
        of(operator(), office, "cases_of_office", &unread),
        of(operator(), office, "cases_overdue_of_office", &overdue),
        of(operator(), office, "cases_solicited_of_office", &solicited),
        of(operator(), office, "cases_of_codice_fiscale", &code),
        of(operator(), office, "cases_protocol", &number),
        of(operator(), office, "request_digest_document", &words),
        of(officer(), sede, "cases_of_sede", &|_| {}),
        of(officer(), Whose::Mine, "cases_of_officer", &|_| {}),
        of(officer(), sede, "cases_of_sede", &state),
        of(officer(), sede, "cases_of_sede", &days),
        of(officer(), sede, "cases_overdue_of_sede", &overdue),
        of(officer(), sede, "cases_solicited_of_sede", &solicited),
        of(officer(), sede, "request_digest_document", &words),
    ]
}

#[tokio::test]
async fn questions_go_by_the_indexes_meant_for_them() {
    let database = many(60_000, 100).await;
    let (plans, store, _guard) = Plans::told(&database).await;
    lists_go_by_indexes(&plans, &store).await;
    figures_go_by_indexes(&plans, &store).await;
    replies_and_exports_go_by_indexes(&plans, &store).await;
    count_all(&database).await;
    what_was_counted_is_not_counted_again(&plans, &store).await;
    fill_queues(&database).await;
    nodes_look_for_work_by_indexes(&plans, &store).await;
}

const PAGE: Page = Page {
    after: None,
    order: Order::NEWEST_FIRST,
    limit: 51,
};

async fn lists_go_by_indexes(plans: &Plans, store: &Store) {
    for (person, filter, index) in lists() {
        let mut question = store.ask(&Viewer::person(&person)).await.unwrap();
        let found = question.requests(&filter, PAGE).await.unwrap();
        plans.went_by(&format!("a list of {filter:?}"), &[index]);
        let mut question = store.ask(&Viewer::person(&person)).await.unwrap();
        let counted = question.count(&filter, 10_000).await.unwrap();
        plans.went_by(&format!("the count of {filter:?}"), &[index]);
        assert_eq!(found.len() as u64, counted.count.min(51));
    }
}

async fn figures_go_by_indexes(plans: &Plans, store: &Store) {
    let rules = [BookingRule {
        workflow: "richiesta.v1".parse().unwrap(),
        waiting_since: NaiveDate::from_ymd_opt(2026, 1, 2),
        interactions: 2,
    }];
    for (person, whose, indexes) in [
        (
            operator(),
            Whose::Office,
            ["cases_of_office", "cases_solicited_of_office", "reply_of_office"],
        ),
        (
            operator(),
            Whose::Mine,
            ["cases_of_office", "cases_solicited_of_office", "reply_of_office"],
        ),
        (
            officer(),
            Whose::Sede,
            ["cases_of_sede", "cases_solicited_of_sede", "reply_of_sede"],
        ),
    ] {
        let filter = RequestFilter::of(&person, whose).unwrap();
        let mut question = store.ask(&Viewer::person(&person)).await.unwrap();
        question.statistics(&filter, &rules, None).await.unwrap();
        plans.went_by(&format!("the figures of {filter:?}"), &indexes);
    }
}

async fn replies_and_exports_go_by_indexes(plans: &Plans, store: &Store) {
    let filter = RequestFilter::of(&operator(), Whose::Mine).unwrap();
    let mut question = store.ask(&Viewer::person(&operator())).await.unwrap();
    let since: DateTime<Utc> = "2025-12-01T00:00:00Z".parse().unwrap();
    question.replies(&filter, since, PAGE).await.unwrap();
    plans.went_by("recent replies", &["reply_of_office", "cases_pk"]);
    let filter = RequestFilter::of(&officer(), Whose::Sede).unwrap();
    let mut question = store.ask(&Viewer::person(&officer())).await.unwrap();
    question.replies(&filter, since, PAGE).await.unwrap();
    plans.went_by("recent replies of a sede", &["reply_of_sede", "cases_pk"]);

    let mut question = store.ask(&Viewer::Administrator).await.unwrap();
    let all = RequestFilter::default();
    question.requests(&all, PAGE).await.unwrap();
    plans.went_by("a list of everything", &["cases_by_opening"]);
    let filter = RequestFilter::of(&operator(), Whose::Office).unwrap();
    let mut pages = store.every_request(Viewer::person(&operator()), filter, Order::default(), 500);
    assert_eq!(pages.next().await.unwrap().unwrap().len(), 500);
    plans.went_by("an export", &["cases_of_office"]);
}

async fn count_all(database: &TestDatabase) {
    while database
        .store
        .count_figures(Clock::system().now(), || false)
        .await
        .unwrap()
        .more
    {
        // other tests have transactions open in the same cluster
        tokio::task::yield_now().await;
    }
    for table in ["statistics_cell", "statistics_reply_cell"] {
        run(&database.pool, &format!("vacuum analyze {table}")).await;
    }
}

async fn what_was_counted_is_not_counted_again(plans: &Plans, store: &Store) {
    let everything = RequestFilter::default();
    let of = |person: &Person, whose| RequestFilter::of(person, whose).unwrap();
    let own: &[&str] = &["statistics_cell_key", "statistics_reply_cell_key"];
    // Of all cells most are read, in whatever order.
    let all: &[&str] = &["cases_by_opening"];
    for (viewer, filter, by, indexes) in [
        (Viewer::Administrator, everything.clone(), None, all),
        (
            Viewer::Administrator,
            everything.clone(),
            Some(Grouping::Sede),
            all,
        ),
        (Viewer::Administrator, everything, Some(Grouping::Office), all),
        (
            Viewer::person(&operator()),
            of(&operator(), Whose::Office),
            None,
            own,
        ),
        (
            Viewer::person(&officer()),
            of(&officer(), Whose::Sede),
            Some(Grouping::Month),
            own,
        ),
    ] {
        let mut question = store.ask(&viewer).await.unwrap();
        let told = question.statistics(&filter, &[], by).await.unwrap();
        let replies: u64 = told.values().map(|line| line.reply_times.replies).sum();
        assert!(replies > 100, "{replies}");
        plans.went_by(&format!("figures of {filter:?} by {by:?}"), indexes);
    }
}

async fn fill_queues(database: &TestDatabase) {
    for waiting in [
        "insert into outbox (bucket, exchange, routing_key, destination, message_id, kind, body)
         select n % 64, 'x', 'k', 'q' || n % 50, gen_random_uuid(), 'k', '' from generate_series(1, 20000) as n",
        "insert into mail_outbox (dedup_key, case_id, kind, recipient, params, message_id, state, next_try_at, sent_at,
                                  patronato, operator_id)
         select n, gen_random_uuid(), 'k', 'r', '{}', gen_random_uuid(), 'sent', null, now(), 'inca', 'op1'
         from generate_series(1, 20000) as n",
    ] {
        run(&database.pool, waiting).await;
    }
    for table in ["outbox", "mail_outbox"] {
        run(&database.pool, &format!("vacuum analyze {table}")).await;
    }
}

/// What nodes look at again and again costs by what there is to do.
async fn nodes_look_for_work_by_indexes(plans: &Plans, store: &Store) {
    let today = NaiveDate::from_ymd_opt(2026, 11, 27).unwrap();
    let mut sweep = store.begin_intake().await.unwrap();
    assert!(sweep.lock_due(today, 1_000, &[]).await.unwrap().is_empty());
    plans.went_by("the sweep", &["cases_due"]);
    store.waiting_unrouted().await.unwrap();
    plans.went_by("what no rule could route", &["cases_unrouted"]);
    assert_eq!(store.unsent(&[7], &[], &[]).await.unwrap().len(), 313);
    plans.went_by("the relay", &["outbox_pk"]);
    let hour = std::time::Duration::from_hours(1);
    let unasked = store.has_waited(&[7], &["q7".to_owned()], hour).await;
    assert!(!unasked.unwrap(), "they have just come in");
    assert!(
        store
            .has_waited(&[7], &[], std::time::Duration::ZERO)
            .await
            .unwrap()
    );
    plans.went_by("whether the relay overlooked something", &["outbox_pk"]);
    let state = store.outbox_state().await.unwrap();
    assert_eq!((state.unsent, state.exact), (20_000, false));
    plans.went_by("the oldest unsent message", &["outbox_pk"]);
    let node = "test-0".parse().unwrap();
    let mails = store.claim_mails(&node, 16, hour, UnknownOutcome::Repeat, hour);
    assert!(mails.await.unwrap().is_empty());
    plans.went_by("the mailer", &["mail_outbox_due"]);
}
