//! Figures that were counted before say what counting the requests themselves says, whatever happened to them since.

use std::time::Duration;

use chrono::{DateTime, Days, Months, NaiveDate, Utc};
use sqlx::postgres::PgPool;
use usciere::clock::Clock;
use usciere::domain::calendar::rome_date;
use usciere::domain::filter::{BookingRule, Condition, DateRange, Figure, Grouping, RequestFilter, Whose};
use usciere::store::{StatisticsLine, Store, Viewer};

use crate::database::TestDatabase;
use crate::people::{member, officer};

/// Requests opened over more than a year until now; everything about them is drawn by lot.
const OPENED: &str = "
    insert into cases (id, workflow, workflow_version, state, patronato, office, role, sender, sender_name, sede,
        protocol_office, protocol_on, protocol_year, protocol_sequence, reason, topic, awaiting_since, sede_seq,
        version, opened_at, changed_at)
    select gen_random_uuid(), 'richiesta', 1, 'assegnato_sede', 'inca', 'OF-' || lot % 3, 'operator', 'op1',
        'Mario Rossi', 'sede-' || lot / 3 % 3, '7013', opened_at::date, extract(year from opened_at),
        $1::int * 1000 + n, 'access_requirements', 'topic-' || lot / 9 % 3, opened_at::date,
        '{}', 1, opened_at, now()
    from generate_series(1, $2) as n
    cross join lateral (select abs(hashtext('opened' || $1::int || n)) as lot) as l
    cross join lateral (select now() - make_interval(mins => lot % 600000) as opened_at) as o";

/// What happens to a tenth of them each.
const HAPPENED: [&str; 8] = [
    "awaiting_since = null, overdue = false, interactions = (interactions + 1) % 4",
    "awaiting_since = opened_at::date + lot % 40",
    "overdue = awaiting_since is not null",
    "first_solicit = opened_at::date + 16 + lot % 9, second_solicit = case when lot % 2 = 0 then opened_at::date + 31 end",
    "sede = 'sede-' || lot / 10 % 3",
    "appointment = (array['booked', 'confirmed', 'none'])[1 + lot / 10 % 3]",
    "appointment_enabled = not appointment_enabled",
    "barred = not barred, awaiting_since = null",
];
const REPLIED: &str = "
    insert into reply (case_id, seq, patronato, office, sender, sede, topic, at, days)
    select id, $1, patronato, office, sender, sede, topic, least(opened_at + make_interval(days => lot / 10 % 20), now()),
        case when lot % 7 > 0 then lot / 10 % 20 end
    from cases cross join lateral (select abs(hashtext('replied' || $1::int || id::text)) as lot) as l
    where lot % 10 = 0";

const PATIENCE: Duration = Duration::from_mins(1);
const LOOK: Duration = Duration::from_millis(10);

struct Lot {
    database: TestDatabase,
    /// Nothing more ripens while a test goes on.
    now: DateTime<Utc>,
}

impl Lot {
    async fn open(&self, round: i32, count: i32) {
        let opened = sqlx::query(OPENED).bind(round).bind(count);
        opened.execute(&self.database.pool).await.unwrap();
    }

    async fn happen(&self, round: i32) {
        for (number, change) in HAPPENED.iter().enumerate() {
            let update = format!(
                "update cases as c set {change} from (
                     select id, abs(hashtext('{number}' || {round} || id::text)) as lot from cases) as l
                 where l.id = c.id and lot % 10 = 1"
            );
            sqlx::raw_sql(sqlx::AssertSqlSafe(update))
                .execute(&self.database.pool)
                .await
                .unwrap();
        }
        let replied = sqlx::query(REPLIED).bind(round);
        replied.execute(&self.database.pool).await.unwrap();
    }

    /// Counts what can be counted; whether that was all.
    async fn count(&self) -> bool {
        let counted = self.database.store.count_figures(self.now, || false).await;
        !counted.unwrap().more
    }

    /// Other tests have transactions open in the same cluster.
    async fn count_all(&self) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while !self.count().await {
            assert!(tokio::time::Instant::now() < deadline, "nothing is counted");
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Every figure of every question is that of the list it opens.
    async fn agree(&self) {
        for (viewer, filter) in questions(rome_date(Clock::system().now())) {
            for by in [None].into_iter().chain(Grouping::ALL.iter().copied().map(Some)) {
                agree(&self.database.store, &viewer, &filter, by).await;
            }
        }
        replies_agree(&self.database).await;
    }
}

fn rules() -> [BookingRule; 1] {
    [BookingRule {
        workflow: "richiesta.v1".parse().unwrap(),
        waiting_since: rome_date(Clock::system().now()).checked_sub_days(Days::new(200)),
        interactions: 2,
    }]
}

fn questions(today: NaiveDate) -> Vec<(Viewer, RequestFilter)> {
    let year = DateRange::new(today.checked_sub_days(Days::new(365)), Some(today)).unwrap();
    let quarter = DateRange::new(
        today.checked_sub_months(Months::new(5)),
        today.checked_sub_months(Months::new(2)),
    )
    .unwrap();
    let mut questions = Vec::new();
    for dates in [DateRange::ALL, year, quarter] {
        let office = member("inca", "OF-1");
        let sede = officer("sede-1");
        let of = |filter: RequestFilter| RequestFilter { dates, ..filter };
        let topic = RequestFilter {
            topic: "topic-1".parse().ok(),
            ..RequestFilter::default()
        };
        questions.extend([
            (Viewer::Administrator, of(RequestFilter::default())),
            (Viewer::Administrator, of(topic)),
            (
                Viewer::person(&office),
                of(RequestFilter::of(&office, Whose::Office).unwrap()),
            ),
            (
                Viewer::person(&sede),
                of(RequestFilter::of(&sede, Whose::Sede).unwrap()),
            ),
        ]);
    }
    questions
}

async fn agree(store: &Store, viewer: &Viewer, filter: &RequestFilter, by: Option<Grouping>) {
    let rules = rules();
    let mut question = store.ask(viewer).await.unwrap();
    let statistics = question.statistics(filter, &rules, by).await.unwrap();
    for (key, line) in &statistics {
        let Some(group) = group(filter, by, key) else {
            continue;
        };
        for figure in Figure::ALL {
            let list = RequestFilter {
                condition: Some(Condition::of(*figure, &rules)),
                ..group.clone()
            };
            let counted = question.count(&list, 100_000).await.unwrap();
            let told = line.counts.get(*figure);
            assert_eq!(told, counted.count, "{figure} of {key:?} by {by:?} of {filter:?}");
        }
    }
    // Nothing is left out of the groups.
    let whole = question.statistics(filter, &rules, None).await.unwrap();
    for figure in Figure::ALL {
        let sum: u64 = statistics.values().map(|line| line.counts.get(*figure)).sum();
        assert_eq!(
            sum,
            whole[""].counts.get(*figure),
            "{figure} by {by:?} of {filter:?}"
        );
    }
}

/// The requests a line is about; `None` where it has nothing in common with the filter's days.
fn group(filter: &RequestFilter, by: Option<Grouping>, key: &str) -> Option<RequestFilter> {
    let mut group = filter.clone();
    match by {
        None => {}
        Some(Grouping::Topic) => group.topic = key.parse().ok(),
        Some(Grouping::Patronato) => group.patronato = key.parse().ok(),
        Some(Grouping::Sede) => group.sede = key.parse().ok(),
        Some(Grouping::Office) => {
            let (patronato, office) = key.split_once(' ').unwrap();
            group.patronato = patronato.parse().ok();
            group.office = office.parse().ok();
        }
        Some(Grouping::Month) => {
            let first: NaiveDate = format!("{key}-01").parse().unwrap();
            let last = first + Months::new(1) - Days::new(1);
            let from = filter.dates.from().map_or(first, |from| from.max(first));
            let to = filter.dates.to().map_or(last, |to| to.min(last));
            group.dates = DateRange::new(Some(from), Some(to)).ok()?;
        }
    }
    Some(group)
}

/// Reply times are what PostgreSQL makes of the replies themselves.
async fn replies_agree(database: &TestDatabase) {
    let counted: Vec<(String, i64, f64, f64)> = sqlx::query_as(
        "select sede, count(days), percentile_cont(0.5) within group (order by days),
                percentile_cont(0.9) within group (order by days)
         from reply where days is not null group by 1",
    )
    .fetch_all(&database.pool)
    .await
    .unwrap();
    assert_eq!(counted.len(), 3);
    let mut question = database.store.ask(&Viewer::Administrator).await.unwrap();
    let (all, rules) = (RequestFilter::default(), rules());
    let statistics = question.statistics(&all, &rules, Some(Grouping::Sede));
    let statistics = statistics.await.unwrap();
    for (sede, replies, median, ninetieth) in counted {
        let StatisticsLine {
            reply_times: told, ..
        } = statistics[&sede];
        assert_eq!(told.replies, u64::try_from(replies).unwrap());
        for (told, counted) in [(told.median, median), (told.ninetieth, ninetieth)] {
            assert!(
                (told.unwrap() - counted).abs() < 1e-9,
                "{sede}: {told:?} {counted}"
            );
        }
    }
}

async fn lot() -> Lot {
    Lot {
        database: TestDatabase::create().await,
        now: Clock::system().now(),
    }
}

async fn rows(pool: &PgPool, of: &'static str) -> i64 {
    sqlx::query_scalar(of).fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn figures_agree_with_the_lists_they_open_whatever_happens() {
    let lot = lot().await;
    lot.open(0, 400).await;
    lot.happen(0).await;
    lot.count_all().await;
    lot.agree().await;
    for round in 1..=3 {
        // some of them under days that were counted long ago
        lot.open(round, 40).await;
        lot.happen(round).await;
        if round % 2 == 1 {
            let noted = rows(&lot.database.pool, "select count(*) from statistics_change").await;
            assert!(noted > 0, "changes are told by what was noted");
        }
        lot.agree().await;
        lot.count_all().await;
        lot.agree().await;
    }
    let pool = &lot.database.pool;
    let young = "select count(*) from statistics_state where counted_before > now() - interval '10 minutes'";
    assert_eq!(rows(pool, young).await, 1, "minutes are left to count anew");
    assert_eq!(rows(pool, "select count(*) from statistics_change").await, 0);
    assert_eq!(rows(pool, "select count(*) from statistics_late_reply").await, 0);
    assert_eq!(
        rows(pool, "select count(*) from statistics_cell where requests <= 0").await,
        0
    );
}

/// A batch that began before it could hear that changes are noted has not noted its own.
#[tokio::test]
async fn no_day_is_counted_while_a_batch_may_not_have_noted_what_it_changes() {
    let lot = lot().await;
    lot.open(0, 100).await;
    let mut slow = lot.database.pool.begin().await.unwrap();
    let change = "update cases set awaiting_since = null, sede = 'sede-0' where sede <> 'sede-0'";
    let changed = sqlx::query(change).execute(&mut *slow).await.unwrap();
    assert!(changed.rows_affected() > 10);
    assert!(!lot.count().await, "its days are left for later");
    lot.agree_before_replies().await;
    slow.commit().await.unwrap();
    lot.count_all().await;
    lot.agree_before_replies().await;

    // From now on a slow batch holds nobody up: it notes what it changes.
    let mut slow = lot.database.pool.begin().await.unwrap();
    let change = "update cases set sede = 'sede-1' where sede = 'sede-0'";
    sqlx::query(change).execute(&mut *slow).await.unwrap();
    assert!(lot.count().await);
    lot.agree_before_replies().await;
    slow.commit().await.unwrap();
    lot.agree_before_replies().await;
}

impl Lot {
    async fn agree_before_replies(&self) {
        let all = RequestFilter::default();
        for by in [None, Some(Grouping::Sede), Some(Grouping::Month)] {
            agree(&self.database.store, &Viewer::Administrator, &all, by).await;
        }
    }
}

/// With no request to begin at, days would be counted from the first there is in calendars, a transaction for each week.
#[tokio::test]
async fn an_empty_database_has_no_days_to_count() {
    let lot = lot().await;
    let told = "
        create sequence portion;
        create function tell() returns trigger language plpgsql security definer as
            $$ begin perform nextval('public.portion'); return new; end $$;
        create trigger tell before update of counted_before on statistics_state for each row execute function tell()";
    let pool = &lot.database.pool;
    sqlx::raw_sql(told).execute(pool).await.unwrap();
    let portions = "select case when is_called then last_value else 0 end from portion";
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let mut before = 0;
    // Other tests have transactions open in the same cluster: then a run finds nothing it may count.
    while !lot.count().await {
        let told = rows(pool, portions).await;
        assert!(told - before <= 2, "{} portions in one run", told - before);
        before = told;
        assert!(tokio::time::Instant::now() < deadline, "nothing is counted");
        tokio::time::sleep(LOOK).await;
    }
    let told = rows(pool, portions).await - before;
    assert!((1..=2).contains(&told), "counted in {told} portions");
}
