//! What people ask, asked of a database of many requests; and what a sweep costs that finds nothing due.

use std::time::{Duration, Instant};

use chrono::{NaiveDate, TimeDelta};

use super::BenchError;
use super::load::operator;
use super::report::{Latency, Report};
use crate::clock::Clock;
use crate::domain::calendar::rome_date;
use crate::domain::filter::{DateRange, Grouping, Order, Page, RequestFilter};
use crate::domain::ids::SedeCode;
use crate::domain::person::{Capacity, Person};
use crate::store::{Store, StoreError, Viewer};

/// How often each is asked.
const TIMES: usize = 100;
const PAGE: Page = Page {
    after: None,
    order: Order::NEWEST_FIRST,
    limit: 25,
};

/// Who asks and what.
struct Asking<'a> {
    store: &'a Store,
    office: Viewer,
    sede: Viewer,
    clock: Clock,
}

/// Asks everything, and adds how long it took.
pub(super) async fn ask(store: &Store, report: &mut Report) -> Result<(), BenchError> {
    let asking = Asking {
        store,
        office: Viewer::person(&operator()),
        sede: Viewer::person(&of_sede()),
        clock: Clock::system(),
    };
    let all = RequestFilter::default;
    let answers = [
        ("list of an office", asking.list(&asking.office, all()).await?),
        ("list of a sede", asking.list(&asking.sede, all()).await?),
        (
            "overdue ones of a sede",
            asking.list(&asking.sede, overdue()).await?,
        ),
        ("search by words", asking.list(&asking.office, words()).await?),
        ("one request, its history", asking.one().await?),
        ("recent replies", asking.replies().await?),
        ("year of an office", asking.statistics(&asking.office).await?),
        ("year of a sede", asking.statistics(&asking.sede).await?),
        ("sweep with nothing due", asking.sweep().await?),
    ];
    for (question, latency) in answers {
        report.add(question, "ms at p99", latency.p99);
    }
    Ok(())
}

impl Asking<'_> {
    async fn list(&self, viewer: &Viewer, filter: RequestFilter) -> Result<Latency, StoreError> {
        timed(async || {
            self.store.ask(viewer).await?.requests(&filter, PAGE).await?;
            Ok(())
        })
        .await
    }

    async fn one(&self) -> Result<Latency, StoreError> {
        let filter = RequestFilter::default();
        let listed = self
            .store
            .ask(&self.office)
            .await?
            .requests(&filter, PAGE)
            .await?;
        let Some(first) = listed.last() else {
            return Ok(Latency::default());
        };
        let id = first.request.case.id;
        timed(async || {
            let mut question = self.store.ask(&self.office).await?;
            question.request(id).await?;
            question.history(id).await?;
            Ok(())
        })
        .await
    }

    async fn replies(&self) -> Result<Latency, StoreError> {
        let since = self.clock.now() - TimeDelta::days(3);
        let filter = RequestFilter::default();
        timed(async || {
            self.store
                .ask(&self.office)
                .await?
                .replies(&filter, since, PAGE)
                .await?;
            Ok(())
        })
        .await
    }

    async fn statistics(&self, viewer: &Viewer) -> Result<Latency, StoreError> {
        let today = self.today();
        let dates = DateRange::new(today.checked_sub_days(chrono::Days::new(365)), Some(today));
        let filter = RequestFilter {
            dates: dates.unwrap_or(DateRange::ALL),
            ..RequestFilter::default()
        };
        timed(async || {
            let mut question = self.store.ask(viewer).await?;
            question.statistics(&filter, &[], Some(Grouping::Month)).await?;
            Ok(())
        })
        .await
    }

    /// As the engine looks for them; what it would lock is let go.
    async fn sweep(&self) -> Result<Latency, StoreError> {
        let today = self.today();
        timed(async || {
            self.store.begin_intake().await?.lock_due(today, 1_000).await?;
            Ok(())
        })
        .await
    }

    fn today(&self) -> NaiveDate {
        rome_date(self.clock.now())
    }
}

async fn timed(mut question: impl AsyncFnMut() -> Result<(), StoreError>) -> Result<Latency, StoreError> {
    let mut taken: Vec<Duration> = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let began = Instant::now();
        question().await?;
        taken.push(began.elapsed());
    }
    Ok(Latency::of(taken))
}

fn overdue() -> RequestFilter {
    RequestFilter {
        overdue: Some(true),
        ..RequestFilter::default()
    }
}

fn words() -> RequestFilter {
    RequestFilter {
        text: "requisiti parol77".parse().ok(),
        ..RequestFilter::default()
    }
}

fn of_sede() -> Person {
    Person {
        capacity: Capacity::Sede {
            sede: SedeCode::parse("230001").expect("of the examples"),
        },
        ..operator()
    }
}
