//! What people ask, asked of a database of many requests, by the office and the sede that have most of them and by
//! whoever looks after all. The office is not the one whose requests were measured before: none
//! opens tens of thousands in minutes.

use std::time::{Duration, Instant};

use chrono::{Days, NaiveDate, TimeDelta};

use super::load::operator;
use super::report::{Latency, Report};
use super::{BenchError, whole};
use crate::clock::Clock;
use crate::domain::calendar::rome_date;
use crate::domain::filter::{DateRange, Figure, Grouping, Order, Page, RequestFilter, Whose};
use crate::domain::person::{Capacity, Membership, Person, Scope};
use crate::store::{Store, StoreError, Viewer};

/// How often each is asked.
const TIMES: usize = 100;
const PAGE: Page = Page {
    after: None,
    order: Order::NEWEST_FIRST,
    limit: 25,
};
/// A page of an export.
const EXPORTED: u16 = 500;

/// What is to be reached, at p99.
const QUICK: f64 = 20.0;
const YEAR: f64 = 100.0;
const NOTHING_DUE: f64 = 1.0;

/// Who asks.
struct Asking<'a> {
    store: &'a Store,
    office: Person,
    sede: Person,
    clock: Clock,
}

/// Asks everything, and adds how long it took.
pub(super) async fn ask(store: &Store, report: &mut Report) -> Result<(), BenchError> {
    let asking = Asking::of_the_busiest(store).await?;
    // As a node does every minute.
    store.count_figures(asking.clock.now(), || false).await?;
    let (office, sede) = (
        usual(&asking.office, Whose::Office),
        usual(&asking.sede, Whose::Sede),
    );
    let (by_office, by_sede) = (Viewer::person(&asking.office), Viewer::person(&asking.sede));
    let all = RequestFilter::default();
    for (question, aim, latency) in [
        (
            "list of an office",
            QUICK,
            asking.list(&by_office, &office).await?,
        ),
        ("list of a sede", QUICK, asking.list(&by_sede, &sede).await?),
        (
            "list over all",
            QUICK,
            asking.list(&Viewer::Administrator, &all).await?,
        ),
        (
            "overdue ones of a sede",
            QUICK,
            asking.list(&by_sede, &overdue(&sede)).await?,
        ),
        (
            "search by words, an office",
            QUICK,
            asking.list(&by_office, &words(&office)).await?,
        ),
        (
            "search by words, a sede",
            QUICK,
            asking.list(&by_sede, &words(&sede)).await?,
        ),
        (
            "export's first page",
            QUICK,
            asking.export(&by_office, &office).await?,
        ),
        (
            "one request, its history",
            QUICK,
            asking.one(&by_office, &office).await?,
        ),
        (
            "recent replies, an office",
            QUICK,
            asking.replies(&by_office, &office).await?,
        ),
        ("recent replies, one's own", QUICK, asking.own_replies().await?),
        (
            "year of an office by month",
            YEAR,
            asking.year(&by_office, &office, Grouping::Month).await?,
        ),
        (
            "year of a sede by month",
            YEAR,
            asking.year(&by_sede, &sede, Grouping::Month).await?,
        ),
        (
            "year of all by month",
            YEAR,
            asking.year(&Viewer::Administrator, &all, Grouping::Month).await?,
        ),
        (
            "year of all by topic",
            YEAR,
            asking.year(&Viewer::Administrator, &all, Grouping::Topic).await?,
        ),
        (
            "year of all by office",
            YEAR,
            asking
                .year(&Viewer::Administrator, &all, Grouping::Office)
                .await?,
        ),
        ("sweep with nothing due", NOTHING_DUE, asking.sweep().await?),
    ] {
        report.aim(question, "ms at p99", aim, latency.p99);
    }
    // Years count these one by one.
    let uncounted = store.uncounted_requests().await?;
    report.add("opened since figures were counted", "requests", whole(uncounted));
    Ok(())
}

impl<'a> Asking<'a> {
    async fn of_the_busiest(store: &'a Store) -> Result<Self, StoreError> {
        let mut office = operator();
        let measured = office_key(&office);
        if let Some((patronato, code)) = busiest(store, Grouping::Office, measured.as_deref())
            .await?
            .as_deref()
            .and_then(|key| key.split_once(' '))
            && let (Ok(patronato), Ok(code)) = (patronato.parse(), code.parse())
        {
            office.capacity = Capacity::Patronato(Membership {
                patronato,
                office: code,
                roles: Vec::new(),
                region: None,
            });
        }
        let mut sede = operator();
        if let Some(Ok(code)) = busiest(store, Grouping::Sede, None).await?.map(|key| key.parse()) {
            sede.capacity = Capacity::Sede { sede: code };
        }
        Ok(Self {
            store,
            office,
            sede,
            clock: Clock::system(),
        })
    }

    async fn list(&self, viewer: &Viewer, filter: &RequestFilter) -> Result<Latency, StoreError> {
        timed(async || {
            let mut question = self.store.ask(viewer).await?;
            question.page(filter, PAGE).await?;
            Ok(())
        })
        .await
    }

    async fn export(&self, viewer: &Viewer, filter: &RequestFilter) -> Result<Latency, StoreError> {
        timed(async || {
            let mut pages =
                self.store
                    .every_request(viewer.clone(), filter.clone(), Order::default(), EXPORTED);
            pages.next().await?;
            Ok(())
        })
        .await
    }

    async fn one(&self, viewer: &Viewer, filter: &RequestFilter) -> Result<Latency, StoreError> {
        let listed = self.store.ask(viewer).await?.requests(filter, PAGE).await?;
        let Some(last) = listed.last() else {
            return Ok(Latency::default());
        };
        let id = last.request.case.id;
        timed(async || {
            let mut question = self.store.ask(viewer).await?;
            question.request(id).await?;
            question.history(id).await?;
            Ok(())
        })
        .await
    }

    async fn own_replies(&self) -> Result<Latency, StoreError> {
        let own = usual(&self.office, Whose::Mine);
        self.replies(&Viewer::person(&self.office), &own).await
    }

    async fn replies(&self, viewer: &Viewer, filter: &RequestFilter) -> Result<Latency, StoreError> {
        let since = self.clock.now() - TimeDelta::days(3);
        timed(async || {
            let mut question = self.store.ask(viewer).await?;
            question.replies(filter, since, PAGE).await?;
            Ok(())
        })
        .await
    }

    async fn year(
        &self,
        viewer: &Viewer,
        filter: &RequestFilter,
        by: Grouping,
    ) -> Result<Latency, StoreError> {
        let today = self.today();
        let dates = DateRange::new(today.checked_sub_days(Days::new(365)), Some(today));
        let filter = RequestFilter {
            dates: dates.unwrap_or(DateRange::ALL),
            ..filter.clone()
        };
        timed(async || {
            let mut question = self.store.ask(viewer).await?;
            question.statistics(&filter, &[], Some(by)).await?;
            Ok(())
        })
        .await
    }

    /// As the engine looks for them; what it would lock is let go.
    async fn sweep(&self) -> Result<Latency, StoreError> {
        let today = self.today();
        timed(async || {
            self.store
                .begin_intake()
                .await?
                .lock_due(today, 1_000, &[])
                .await?;
            Ok(())
        })
        .await
    }

    fn today(&self) -> NaiveDate {
        rome_date(self.clock.now())
    }
}

/// The office of somebody, as figures name it.
fn office_key(person: &Person) -> Option<String> {
    match person.scope() {
        Scope::Office { patronato, office } => Some(format!("{patronato} {office}")),
        Scope::Sede(_) | Scope::Nothing => None,
    }
}

/// The group with most requests, but for one.
async fn busiest(store: &Store, by: Grouping, but_for: Option<&str>) -> Result<Option<String>, StoreError> {
    let mut question = store.ask(&Viewer::Administrator).await?;
    let groups = question
        .statistics(&RequestFilter::default(), &[], Some(by))
        .await?;
    let most = groups
        .into_iter()
        .filter(|(key, _)| Some(key.as_str()) != but_for)
        .max_by_key(|(_, line)| line.counts.get(Figure::Open) + line.counts.get(Figure::Closed));
    Ok(most.map(|(key, _)| key))
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

/// What a person sees who asks for no more.
fn usual(person: &Person, whose: Whose) -> RequestFilter {
    RequestFilter::of(person, whose).unwrap_or_default()
}

fn overdue(filter: &RequestFilter) -> RequestFilter {
    RequestFilter {
        overdue: Some(true),
        ..filter.clone()
    }
}

fn words(filter: &RequestFilter) -> RequestFilter {
    RequestFilter {
        text: "requisiti parol77".parse().ok(),
        ..filter.clone()
    }
}
